"""The planning board in a real browser: dragged, by keyboard, undone, two coordinators at once, and its looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from django_scopes import scope
from playwright.sync_api import Locator, Page, expect

from municipalities.models import County, Municipality
from negotiations.models import Negotiation, Round, Slot
from negotiations.planning.board import place
from negotiations.sitting.conduct import convene
from tests.factories import make_round
from tests.negotiations.test_board_moves import make_in, make_slots, make_unplaced
from tests.pages.conftest import NARROW, Contexts, Site
from tests.pages.test_browser import findings

COUNTY = "keski-suomi"
# So high that a drag needs no scrolling.
LARGE = {"width": 1440, "height": 1800}
# Within this the second coordinator sees a change.
SOON = 5_000


@dataclass(frozen=True)
class Laid:
    """A round with six weekly slots: two negotiations placed, one invited, one without a time."""

    round: Round
    slots: list[Slot]
    first: Negotiation
    second: Negotiation
    invited: Negotiation
    loose: Negotiation

    @property
    def path(self) -> str:
        """The address of the board."""
        return f"/{COUNTY}/kierrokset/{self.round.pk}/taulu/"


@pytest.fixture
def laid(contexts: Contexts, site: Site) -> Iterator[Laid]:
    """A round of its own in the demo."""
    county = County.objects.get(slug=COUNTY)
    with scope(county=county):
        one, two, three, four = Municipality.objects.filter(county=county).order_by("area__order")[:4]
        number = Round.objects.filter(name__startswith="Taululla").count()
        # Each on days of its own, and far from those of the demo: none is in another's way.
        starts_on = date(2040, 1, 5) + timedelta(weeks=20 * number)
        round_ = make_round(
            county,
            name=f"Taululla {number}",
            form=Round.Form.MUNICIPALITIES,
            year=starts_on.year,
            starts_on=starts_on,
            ends_on=starts_on + timedelta(days=90),
        )
        slots = make_slots(round_, 6, first=starts_on)
        first, second, invited = (
            make_in(round_, place_, slot) for place_, slot in zip((one, two, three), slots, strict=False)
        )
        convene(invited, by=None)
        yield Laid(round_, slots, first, second, invited, make_unplaced(round_, four))


def card(page: Page, row: Negotiation) -> Locator:
    """Return the card of a negotiation."""
    return page.locator(f"[data-card='{row.pk}']")


def in_place(page: Page, slot: Slot | None) -> Locator:
    """Return the place of a slot; of none, the list of those without a time."""
    return page.locator(f"[data-place='{slot.pk if slot else ''}']")


def is_at(page: Page, row: Negotiation, slot: Slot | None) -> None:
    """Expect a negotiation in a slot: on the page and in the database."""
    expect(in_place(page, slot).locator(f"[data-card='{row.pk}']")).to_have_count(1)
    assert Negotiation.objects.get(pk=row.pk).slot_id == (slot.pk if slot else None)


def told(page: Page) -> Locator:
    """Return where the page says quietly what was done."""
    return page.locator("[data-quiet]")


def drag(page: Page, what: Locator, where: Locator) -> None:
    """Drag with the mouse, from one middle to another."""
    where.scroll_into_view_if_needed()
    start, end = what.bounding_box(), where.bounding_box()
    assert start is not None and end is not None
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=8)
    page.mouse.up()


def test_dragged_onto_a_free_time_onto_another_and_back(laid: Laid, page_of: Callable[..., Page]) -> None:
    """A free time is taken, two change places, what is invited stays; every move is undone, the last first."""
    page = page_of("coordinator", laid.path)
    page.set_viewport_size(LARGE)  # type: ignore[arg-type]
    drag(page, card(page, laid.loose), in_place(page, laid.slots[3]))
    expect(told(page)).to_contain_text("aika on nyt")
    is_at(page, laid.loose, laid.slots[3])
    drag(page, card(page, laid.first), in_place(page, laid.slots[1]))
    expect(told(page)).to_contain_text("vaihtoi sen kanssa paikkaa")
    is_at(page, laid.first, laid.slots[1])
    is_at(page, laid.second, laid.slots[0])
    drag(page, card(page, laid.first), in_place(page, laid.slots[2]))
    expect(page.locator("[data-loud]")).to_contain_text("on jo kutsuttu osapuolet")
    is_at(page, laid.first, laid.slots[1])
    page.locator("[data-take-back]").click()
    expect(told(page)).to_have_text("Siirto kumottiin.")
    is_at(page, laid.first, laid.slots[0])
    page.keyboard.press("Control+z")
    is_at(page, laid.loose, None)
    expect(page.locator("[data-take-back]")).to_be_hidden()


def test_by_keyboard_alone(laid: Laid, page_of: Callable[..., Page]) -> None:
    """Chosen, carried with the arrow keys, placed; the focus stays with it; given up; taken off."""
    page = page_of("coordinator", laid.path)
    choice = card(page, laid.loose).locator("[data-choose]")
    choice.focus()
    page.keyboard.press("Space")
    expect(told(page)).to_contain_text(f"Valittu: {laid.loose.title}.")
    page.keyboard.press("Escape")
    expect(told(page)).to_have_text("Mitään ei siirretty.")
    expect(choice).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(in_place(page, laid.slots[3]).locator("[data-target]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(told(page)).to_contain_text("aika on nyt")
    is_at(page, laid.loose, laid.slots[3])
    expect(choice).to_be_focused()
    page.keyboard.press("Delete")
    expect(told(page)).to_contain_text("otettiin pois ajaltaan")
    is_at(page, laid.loose, None)


def test_a_second_coordinator_sees_it_soon_and_is_refused_on_the_same_time(
    laid: Laid, page_of: Callable[..., Page]
) -> None:
    """What the other moves is told and drawn within seconds; what was seen otherwise is refused in words."""
    page = page_of("coordinator", laid.path)
    page.set_viewport_size(LARGE)  # type: ignore[arg-type]
    page.clock.install()
    page.reload()
    choice = card(page, laid.first).locator("[data-choose]")
    choice.focus()
    # The other is faster, and this page has not asked yet.
    place(laid.loose, laid.slots[4], expected=None, by=None)
    page.keyboard.press("Enter")
    drag(page, card(page, laid.first), in_place(page, laid.slots[4]))
    page.clock.run_for(100)
    expect(page.locator("[data-loud]")).to_contain_text(f"annettu neuvottelulle ”{laid.loose.title}”")
    is_at(page, laid.first, laid.slots[0])
    is_at(page, laid.loose, laid.slots[4])
    choice.focus()
    place(laid.second, laid.slots[5], expected=laid.slots[1].pk, by=None)
    page.clock.run_for(SOON)
    is_at(page, laid.second, laid.slots[5])
    expect(told(page)).to_contain_text(f"Taulu päivittyi: {laid.second.title} siirrettiin: ")
    expect(choice).to_be_focused()


def test_nothing_moves_while_the_connection_is_away(laid: Laid, page_of: Callable[..., Page]) -> None:
    """It is said loudly, and again when it has returned."""
    page = page_of("coordinator", laid.path)
    page.set_viewport_size(LARGE)  # type: ignore[arg-type]
    page.context.set_offline(True)
    expect(page.locator("[data-loud]")).to_contain_text("Ei yhteyttä.")
    drag(page, card(page, laid.first), in_place(page, laid.slots[3]))
    is_at(page, laid.first, laid.slots[0])
    page.context.set_offline(False)
    expect(told(page)).to_have_text("Yhteys palasi.")
    expect(page.locator("[data-loud]")).to_have_text("")


@pytest.mark.parametrize("size", [LARGE, NARROW], ids=["1440", "320"])
def test_axe_finds_nothing_while_a_card_is_chosen(
    size: dict[str, int], laid: Laid, page_of: Callable[..., Page]
) -> None:
    """Nor scrolls anything sideways. On a narrow screen the plain form opens, and leads back to the board."""
    page = page_of("coordinator", laid.path, bypass_csp=True)
    page.set_viewport_size(size)  # type: ignore[arg-type]
    assert page.evaluate("document.scrollingElement.scrollWidth") <= size["width"]
    assert findings(page) == []
    card(page, laid.loose).locator("[data-choose]").click()
    if size == NARROW:
        page.locator("select[name=slot]").select_option(str(laid.slots[3].pk))
        page.locator("main button[type=submit]").click()
        expect(page.locator("main [role=status]").first).to_contain_text("aika on nyt")
        is_at(page, laid.loose, laid.slots[3])
    else:
        expect(page.locator(".board-unplaced__here")).to_be_hidden()
        expect(told(page)).to_contain_text("Valittu")
    assert findings(page) == []
