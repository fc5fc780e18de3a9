"""The round of 2023 planned by hand in the browser: from the rule of its times to 22 negotiations in their places.

One Thursday begins at 9; one negotiation is postponed, one cancelled, one held: the duty follows.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import Locator, Page, ViewportSize, expect

from negotiations.models import Negotiation, Round
from tests.pages.conftest import WIDE, Contexts, Site
from tests.pages.journeys import Hand, Keyboard, Mouse, Walker

HOME = "/keski-suomi/"
# Tall enough for the whole board: what is dragged need not be scrolled to.
TALL = ViewportSize(width=1440, height=3600)
NAME = "Käsin suunniteltu 2023"
MENU = "Päävalikko"


@pytest.fixture
def without_the_plan(contexts: Contexts, site: Site) -> None:
    """The demo has the plan of 6.9.2023 already, at these very times: it makes room, and so does who came before."""
    with scopes_disabled():
        Negotiation.objects.filter(round__county__slug="keski-suomi", round__year=2023).delete()
        Round.objects.filter(county__slug="keski-suomi", year=2023).delete()


# With the mouse on a screen so tall that what is dragged need not be scrolled to. By keyboard, on one as people have,
# only where HYTE_EVERY_PAGE is set: tests/pages/test_board.py has what the keyboard does there each time.
HANDS: dict[str, Hand] = {"mouse": Mouse(TALL)}
if os.environ.get("HYTE_EVERY_PAGE"):
    HANDS["keyboard"] = Keyboard(WIDE)


@pytest.mark.usefixtures("without_the_plan")
@pytest.mark.parametrize("hand", HANDS.values(), ids=HANDS)
def test_the_round_of_2023_is_planned_by_hand(hand: Hand, page_of: Callable[..., Page]) -> None:
    """26 times, 22 municipalities, 4 to spare, as in the plan of 6.9.2023: by mouse and form, and by keyboard alone."""
    you = Walker(page_of("coordinator", HOME), hand, "planning")
    _open_the_round(you)
    _give_the_rule(you)
    _make_the_negotiations(you)
    _place_all(you)
    _undo_and_do_again(you)
    _postpone_one(you)
    _cancel_one(you)
    _hold_one(you)
    _read_the_duty(you)


def _board(you: Walker) -> None:
    you.follow("Kierrokset", you.page.get_by_role("navigation", name=MENU))
    you.follow(NAME)
    you.follow("Aikataulu")
    you.follow("Suunnittelutaulu")


def _negotiation(you: Walker, title: str) -> None:
    you.follow("Kierrokset", you.page.get_by_role("navigation", name=MENU))
    you.follow(NAME)
    you.follow(title)


def _open_the_round(you: Walker) -> None:
    you.follow("Kierrokset", you.page.get_by_role("navigation", name=MENU))
    you.follow("Perusta kierros")
    you.tick("Jokainen kunta erikseen…")
    you.write("Vuosi", "2023")
    you.write("Nimi", NAME)
    you.tick("Laki hyvinvointialueesta 611/2021, 14 §…")
    you.write("Alkaa", "2023-08-31")
    you.write("Päättyy", "2023-12-01")
    you.press("Perusta kierros")
    you.reads(f"Kierros ”{NAME}” perustettiin.")


def _give_the_rule(you: Walker) -> None:
    """What the calendar would be is seen as one writes."""
    _board(you)
    you.reads("Kierroksella ei ole vielä aikoja.")
    you.follow("Tee ajat")
    you.write("Ensimmäinen viikko", "35/2023")
    you.write("Viimeinen viikko", "48/2023")
    for day in ("Maanantai", "Tiistai", "Keskiviikko"):
        you.untick(day)
    for day in ("Torstai", "Perjantai"):
        you.tick(day)
    you.write("Kellonajat", "8.15–12.00")
    you.write("Viikot, joilla ei neuvotella", "42")
    rows = you.main.locator("[data-row]")
    _exception(
        you, rows.nth(0), "Siirretty päivä", "2023-11-02", instead="2023-11-01", reason="Ohjelman loppuseminaari"
    )
    add = you.find("button", "Lisää rivi")
    you.hand.reach(add)
    you.hand.press(add)
    expect(rows).to_have_count(2)
    _exception(you, rows.nth(1), "Toinen kellonaika", "2023-09-14", hours="9", reason="Kuntajohdon keskustelutilaisuus")
    you.tick("Etäyhteydellä")
    preview = you.main.locator("[data-preview-here]")
    expect(preview).to_contain_text("26 aikaa, 22 kuntaa, 4 varalla")
    expect(preview).to_contain_text("Kuntajohdon keskustelutilaisuus")
    you.press("Tallenna sääntö")
    you.reads("26 aikaa")


def _exception(
    you: Walker, row: Locator, kind: str, day: str, *, instead: str = "", hours: str = "", reason: str
) -> None:
    you.hand.choose(row.get_by_label("Miten päivä poikkeaa"), kind)
    you.hand.write(row.get_by_label("Päivä", exact=True), day)
    if instead:
        you.hand.write(row.get_by_label("Siirretään päivälle"), instead)
    if hours:
        you.hand.write(row.get_by_label("Kellonaika, jos ei tavallinen"), hours)
    you.hand.write(row.get_by_label("Syy"), reason)


def _make_the_negotiations(you: Walker) -> None:
    _board(you)
    you.follow("Perusta neuvottelut")
    you.press("Perusta 22 neuvottelua")
    you.reads("22 neuvottelua perustettiin.")
    _board(you)
    you.reads("26 aikaa · 22 neuvottelua", "22 ilman aikaa")


def _card(you: Walker, title: str) -> Locator:
    return you.main.locator(f'[data-card][data-title="{title}"]')


def _titles(you: Walker) -> list[str]:
    return [str(card.get_attribute("data-title")) for card in you.main.locator('[data-place=""] [data-card]').all()]


def _free(you: Walker) -> Locator:
    """The first place in which nothing is."""
    return you.main.locator("[data-place]:not([data-place='']):not(:has([data-card]))").first


def _stands_in(you: Walker, title: str, slot: str) -> None:
    expect(you.main.locator(f'[data-place="{slot}"] [data-card][data-title="{title}"]')).to_be_visible()


def _place_all(you: Walker) -> None:
    """In the order of the alphabet, as in the demo: each to the first free place."""
    titles = _titles(you)
    assert len(titles) == 22
    for number, title in enumerate(titles):
        place = _free(you)
        slot = str(place.get_attribute("data-place"))
        if isinstance(you.hand, Keyboard):
            _by_keyboard(you, _card(you, title), place)
        elif number < 15:
            _drag(you.page, _card(you, title), place)
        else:
            _by_form(you, title, place)
        _stands_in(you, title, slot)
    you.reads("22 sijoitettu", "4 varalla")
    later = you.main.locator('[data-place][data-when*="14.9."]')
    expect(later).to_contain_text("klo 9.00–12.00")
    for week in ("vko 42", "vko 44"):
        row = you.main.locator(".board-week").filter(has_text=week)
        expect(row).to_contain_text("ei aikoja" if week == "vko 42" else "ke 1.11.")


def _drag(page: Page, card: Locator, place: Locator) -> None:
    card.scroll_into_view_if_needed()
    start, end = card.bounding_box(), place.bounding_box()
    assert start and end
    page.mouse.move(start["x"] + 12, start["y"] + 12)
    page.mouse.down()
    page.mouse.move(start["x"] + 40, start["y"] + 40, steps=2)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=4)
    page.mouse.up()


def _by_keyboard(you: Walker, card: Locator, place: Locator) -> None:
    """Chosen, carried by the arrows, placed. The focus then is on the next one without a time."""
    keyboard, target = you.page.keyboard, place.locator("[data-target]")
    you.hand.reach(card.locator("[data-choose]"))
    keyboard.press("Enter")
    for _step in range(30):
        keyboard.press("ArrowRight")
        if target.evaluate("at => at === document.activeElement"):
            break
    keyboard.press("Enter")


def _by_form(you: Walker, title: str, place: Locator) -> None:
    """As without scripts: the link of a free time leads to a form."""
    with you.leaving():
        you.page.goto(you.page.url.split("/keski-suomi")[0] + str(place.locator("a").get_attribute("href")))
    you.choose("Neuvottelu", title)
    you.press("Anna aika")


def _undo_and_do_again(you: Walker) -> None:
    """Two change places, and back."""
    first, second = _card(you, "Hankasalmi"), _card(you, "Joutsa")
    places = [card.locator("xpath=ancestor::*[@data-place]") for card in (first, second)]
    slots = [str(place.get_attribute("data-place")) for place in places]
    if isinstance(you.hand, Keyboard):
        you.page.reload()
        you.hand.reach(first.locator("[data-choose]"))
        for key in ("Enter", "ArrowRight", "Enter"):
            you.page.keyboard.press(key)
    else:
        _drag(you.page, first, you.main.locator(f'[data-place="{slots[1]}"]'))
    _stands_in(you, "Hankasalmi", slots[1])
    _stands_in(you, "Joutsa", slots[0])
    you.page.keyboard.press("Control+z")
    _stands_in(you, "Hankasalmi", slots[0])
    _stands_in(you, "Joutsa", slots[1])


def _postpone_one(you: Walker) -> None:
    """Invited once, it is fixed on the board: another time is given with the reason."""
    _negotiation(you, "Multia")
    you.press("Kutsu osapuolet")
    _board(you)
    expect(_card(you, "Multia")).not_to_have_attribute("data-movable", re.compile(".*"))
    if isinstance(you.hand, Keyboard):
        _negotiation(you, "Multia")
        you.follow("Siirrä neuvottelu")
    else:
        you.follow("Siirrä toiseen aikaan: Multia")
    you.tick("Päivä ja kellonaika")
    spare = you.field("Kierroksen vapaa aika")
    you.hand.choose(spare, spare.locator("option").all_inner_texts()[1])
    you.write("Miksi neuvottelu siirretään?", "Kunnanhallitus kokoontuu samaan aikaan.")
    you.press("Siirrä neuvottelu")
    you.reads("Multia")
    _board(you)
    you.reads("22 sijoitettu", "4 varalla")


def _cancel_one(you: Walker) -> None:
    _negotiation(you, "Kinnula")
    you.follow("Peru neuvottelu")
    you.write("Miksi neuvottelu perutaan?", "Neuvotellaan Viitasaaren kanssa yhdessä.")
    you.press("Peru neuvottelu")
    _board(you)
    you.reads("21 sijoitettu", "5 varalla")


def _hold_one(you: Walker) -> None:
    _negotiation(you, "Hankasalmi")
    you.press("Kutsu osapuolet")
    you.follow("Merkitse pidetyksi")
    you.press("Merkitse pidetyksi")
    you.reads("Pidetty")


def _read_the_duty(you: Walker) -> None:
    """Held with one, cancelled with another; the rest are planned of the past, of which nobody has said what became."""
    you.page.goto(you.page.url.split("/keski-suomi")[0] + "/keski-suomi/velvoite/?vuosi=2023")
    you.look()
    row = you.main.get_by_role("row").filter(has=you.page.get_by_role("rowheader", name="Hankasalmi"))
    expect(row).to_contain_text("Neuvoteltu")
    row = you.main.get_by_role("row").filter(has=you.page.get_by_role("rowheader", name="Kinnula"))
    expect(row).to_contain_text("Puuttuu")
