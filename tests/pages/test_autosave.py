"""Fields that save themselves, and lists put in order, on the page of a card: nothing typed is lost or overwritten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.db import OperationalError
from django.utils import timezone, translation
from django.utils.translation import gettext
from django_scopes import scope, scopes_disabled
from playwright.sync_api import Dialog, Locator, Page, Route, expect

from municipalities.cards import keeping, lifecycle
from municipalities.cards.saving import FEATURES, Sent, save_fields
from municipalities.models import Card, CardEntry, CardPlan, User
from tests.pages.conftest import NARROW, ROLES, WIDE, Site
from tests.pages.test_browser import findings

SAVE = "**/tallenna/"
Section = CardEntry.Section


def the_card() -> Card:
    """Return the editor's card of the present year: a draft, with last year's texts."""
    with scopes_disabled():
        card: Card = Card.objects.select_related("county", "card_year").get(
            municipality__area__code="172", card_year__year=timezone.localdate().year
        )
    return card


def stored(**of: Any) -> list[str]:
    """Return the texts of a section as the database has them."""
    with scopes_disabled():
        return list(CardEntry.objects.filter(card=the_card(), **of).order_by("position").values_list("text", flat=True))


def features() -> str:
    """Return the special features as the database has them."""
    return stored(section=Section.FEATURES)[0]


def save_as_another(name: str, value: str) -> None:
    """Save a field as somebody else would, who has seen what is there."""
    card = the_card()
    with scope(county=card.county):
        by = User.objects.get(email=ROLES["coordinator"])
        (outcome,) = save_fields(card, {name: Sent(value, None)}, by=by).values()
    assert outcome.is_saved


@pytest.fixture
def card_page(page_of: Callable[..., Page]) -> Callable[..., Page]:
    """Return a page of the card; what the browser asks before leaving is answered: leave."""

    def open_(**options: Any) -> Page:
        page = page_of("editor", f"/keski-suomi/kuntakortit/{timezone.localdate().year}/kunnat/172/", **options)
        page.on("dialog", leave)
        return page

    def leave(dialog: Dialog) -> None:
        dialog.accept()

    return open_


def in_finnish(words: str) -> str:
    """Return words of the server as the page shows them."""
    with translation.override("fi"):
        return gettext(words)


def field(page: Page, name: str = FEATURES) -> Locator:
    """Return a field by its name."""
    return page.locator(f'[name="{name}"]')


def write(page: Page, text: str, name: str = FEATURES) -> None:
    """Write a text into a field and leave the field: it is sent at once."""
    field(page, name).fill(text)
    field(page, name).blur()


def quiet(page: Page) -> Locator:
    """Return the line that tells when it was saved."""
    return page.locator("[data-autosave-state] [role=status]")


def loud(page: Page) -> Locator:
    """Return the line that tells that it was not."""
    return page.locator("[data-autosave-state] [role=alert]")


def expect_saved(page: Page) -> None:
    """Wait until everything is saved, and see that the tab keeps nothing more."""
    expect(page.locator("[data-autosave-state][data-unsaved]")).to_have_count(0)
    assert kept(page) == []
    expect(quiet(page)).to_contain_text("Tallennettu klo")
    expect(loud(page)).to_be_empty()


def kept(page: Page) -> list[str]:
    """Return the names of the fields of which the tab keeps a text."""
    keys: list[str] = page.evaluate("Object.keys(sessionStorage)")
    return [key.rpartition(":")[2] for key in keys if key.startswith("hyte-autosave:")]


def try_again(page: Page) -> None:
    """Let the page know that the connection is back: it tries at once."""
    page.evaluate("dispatchEvent(new Event('online'))")


def test_what_is_written_is_saved_and_the_page_says_so(card_page: Callable[..., Page]) -> None:
    """While one is still in the field, and without its text being touched; leaving the field tidies it."""
    page = card_page()
    expect(page.get_by_role("button", name="Tallenna", exact=True)).to_have_count(0)
    field(page).fill("Kunta järven rannalla. ")
    expect_saved(page)
    assert features() == "Kunta järven rannalla."
    expect(field(page)).to_have_value("Kunta järven rannalla. ")
    expect(field(page)).to_be_focused()
    field(page).press_sequentially("Kesällä väkiluku kaksinkertaistuu.")
    plan = field(page, f"plan-{_plan().pk}-approved")
    plan.fill("toukokuu 2026")
    plan.press("Enter")
    expect_saved(page)
    assert features() == "Kunta järven rannalla. Kesällä väkiluku kaksinkertaistuu."
    plan.blur()
    expect(plan).to_have_value("5/2026")
    page.reload()
    expect(plan).to_have_value("5/2026")


def _plan() -> CardPlan:
    with scopes_disabled():
        plan: CardPlan = CardPlan.objects.filter(card=the_card(), kind=CardPlan.Kind.YEARLY)[0]
    return plan


def test_a_connection_lost_in_mid_sentence_loses_nothing(card_page: Callable[..., Page]) -> None:
    """The page shouts, keeps the text, and saves it when the connection is back, without a press."""
    page = card_page()
    page.context.set_offline(True)
    write(page, "Alku ennen katkosta")
    expect(loud(page)).to_contain_text("Ei yhteyttä")
    field(page).press_sequentially(" ja loppu sen aikana")
    page.locator("button[name=do][value='add:strength']").click()
    # A form is not sent into nothing either: the page with the text stays.
    expect(field(page)).to_have_value("Alku ennen katkosta ja loppu sen aikana")
    page.context.set_offline(False)
    expect_saved(page)
    assert features() == "Alku ennen katkosta ja loppu sen aikana"


def test_a_reload_without_a_connection_keeps_the_text(card_page: Callable[..., Page]) -> None:
    """It stands in its field again and is sent by itself, with what was seen: what another saved is not overwritten."""
    page = card_page()
    page.route(SAVE, lambda route: route.abort())
    write(page, "Ei vielä perillä")
    expect(loud(page)).to_contain_text("Ei yhteyttä")
    page.reload()
    expect(field(page)).to_have_value("Ei vielä perillä")
    expect(loud(page)).to_contain_text("Ei yhteyttä")
    page.unroute(SAVE)
    try_again(page)
    expect_saved(page)
    assert features() == "Ei vielä perillä"
    page.route(SAVE, lambda route: route.abort())
    write(page, "Oma jatko")
    expect(loud(page)).to_contain_text("Ei yhteyttä")
    save_as_another(FEATURES, "Toisen jatko")
    page.unroute(SAVE)
    page.reload()
    expect(page.locator(".conflict")).to_contain_text("Toisen jatko")
    expect(field(page)).to_have_value("Oma jatko")
    assert features() == "Toisen jatko"


def test_an_answer_that_was_lost_is_no_conflict_with_oneself(card_page: Callable[..., Page]) -> None:
    """The server has the first half, of which the page never heard."""
    page = card_page()

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(SAVE, lose)
    write(page, "Ensimmäinen puoli")
    expect(loud(page)).to_contain_text("Ei yhteyttä")
    assert features() == "Ensimmäinen puoli"
    page.unroute(SAVE)
    field(page).press_sequentially(" ja toinen puoli")
    try_again(page)
    expect_saved(page)
    expect(page.locator(".conflict")).to_have_count(0)
    assert features() == "Ensimmäinen puoli ja toinen puoli"


def test_an_error_of_the_server_shouts_and_is_tried_again(card_page: Callable[..., Page]) -> None:
    """The database is away; what is written goes on being kept."""
    page = card_page()
    with patch("municipalities.cards.views.card.save_fields", side_effect=OperationalError("the connection is lost")):
        write(page, "Kirjoitettu katkoksen aikana")
        expect(loud(page)).to_contain_text("Tallennus ei onnistunut")
        expect(field(page)).to_have_value("Kirjoitettu katkoksen aikana")
    try_again(page)
    expect_saved(page)
    assert features() == "Kirjoitettu katkoksen aikana"


def test_two_editors_see_both_texts_and_each_way_settles_them(card_page: Callable[..., Page]) -> None:
    """One keeps the own text, takes the other's, or puts them together; the choice stands the tests of all pages."""
    first, second = card_page(), card_page(bypass_csp=True)
    write(first, "Ensimmäisen teksti")
    expect_saved(first)
    write(second, "Toisen teksti")
    conflict = second.locator(".conflict")
    expect(conflict).to_contain_text("Ensimmäisen teksti")
    expect(field(second)).to_have_value("Toisen teksti")
    expect(loud(second)).to_contain_text("Joku muu on muuttanut samaa tekstiä")
    expect(second.get_by_role("group", name="Oma tekstisi on yllä kentässä")).to_be_visible()
    described = (field(second).get_attribute("aria-describedby") or "").split()
    assert f"{FEATURES}_contested" in described
    for size in (NARROW, WIDE):
        second.set_viewport_size(size)
        assert second.evaluate("document.scrollingElement.scrollWidth") <= size["width"]
        assert findings(second) == []
    # Written meanwhile, and of another field: neither is lost, and the other field is saved.
    field(second).fill("Toisen parempi teksti")
    write(second, "2025", f"plan-{_plan().pk}-name")
    second.get_by_role("button", name="Pidä oma teksti").click()
    expect(field(second)).to_be_focused()
    expect_saved(second)
    assert features() == "Toisen parempi teksti"
    write(first, "Ensimmäisen toinen teksti")
    expect(first.locator(".conflict")).to_contain_text("Toisen parempi teksti")
    first.get_by_role("button", name="Ota toisen teksti").click()
    expect_saved(first)
    expect(field(first)).to_have_value("Toisen parempi teksti")
    save_as_another(FEATURES, "Kolmannen teksti")
    write(second, "Toisen uusi teksti")
    second.get_by_role("button", name="Yhdistä").click()
    expect_saved(second)
    assert features() == "Kolmannen teksti\n\nToisen uusi teksti"
    expect(conflict).to_have_count(0)


def test_a_refused_value_says_why_below_its_field(card_page: Callable[..., Page]) -> None:
    """The text stays, the field is told to be wrong, and it is saved when it is mended; others are saved meanwhile."""
    page = card_page()
    name = f"plan-{_plan().pk}-approved"
    write(page, "keväällä", name)
    refusal = page.locator(f"[id='{name}_refused']")
    expect(refusal).to_have_text(in_finnish("Write the date as 12.5.2026, 5/2026 or 2026."))
    expect(field(page, name)).to_have_attribute("aria-invalid", "true")
    assert f"{name}_refused" in (field(page, name).get_attribute("aria-describedby") or "").split()
    expect(loud(page)).to_contain_text("Kaikki ei tallentunut")
    with page.expect_response(SAVE):
        write(page, "Muu tallentuu")
    assert features() == "Muu tallentuu"
    page.get_by_role("button", name="Siirry kenttään").click()
    expect(field(page, name)).to_be_focused()
    expect(field(page, name)).to_have_value("keväällä")
    field(page, name).fill("4/2026")
    field(page, name).blur()
    expect_saved(page)
    expect(refusal).to_have_count(0)
    expect(field(page, name)).not_to_have_attribute("aria-invalid", "true")


def test_a_card_sent_meanwhile_by_another_shouts_and_keeps_the_text(card_page: Callable[..., Page]) -> None:
    """Nothing more is sent; when the card can be changed again, what was kept is saved."""
    page = card_page()
    card = the_card()
    with scope(county=card.county):
        lifecycle.send(card, by=None)
    try:
        write(page, "Liian myöhään kirjoitettu")
        expect(loud(page)).to_have_text(
            in_finnish("The card has been sent. Take it back first if you want to change it.")
        )
        expect(field(page)).to_have_value("Liian myöhään kirjoitettu")
        assert features() != "Liian myöhään kirjoitettu"
    finally:
        with scope(county=card.county):
            lifecycle.withdraw(card, by=None)
    page.reload()
    expect_saved(page)
    assert features() == "Liian myöhään kirjoitettu"


def test_a_text_whose_field_is_gone_can_be_copied(card_page: Callable[..., Page]) -> None:
    """Another has removed the line meanwhile: the text is shown until it is discarded."""
    page = card_page()
    card = the_card()
    with scope(county=card.county):
        line = keeping.add_line(card, "threat", by=User.objects.get(email=ROLES["editor"]))
    page.reload()
    page.route(SAVE, lambda route: route.abort())
    write(page, "Poistetun rivin teksti", f"entry-{line.pk}-text")
    expect(loud(page)).to_contain_text("Ei yhteyttä")
    with scope(county=card.county):
        keeping.remove_line(card, f"entry-{line.pk}", by=User.objects.get(email=ROLES["editor"]))
    page.reload()
    expect(page.locator(".draft")).to_contain_text("Poistetun rivin teksti")
    page.get_by_role("button", name="Hylkää tekstit").click()
    expect(page.locator(".draft")).to_have_count(0)
    assert kept(page) == []


def test_a_session_that_ended_meanwhile_is_told_and_saving_goes_on_after_it(
    card_page: Callable[..., Page], site: Site
) -> None:
    """Also with the new token that comes with signing in again."""
    page = card_page()
    page.context.clear_cookies()
    write(page, "Kirjoitettu uloskirjautuneena")
    expect(loud(page)).to_contain_text("Kirjaudu uudelleen")
    session = {"name": settings.SESSION_COOKIE_NAME, "value": site.cookies["editor"], "url": site.url}
    page.context.add_cookies([session])  # type: ignore[list-item]
    try_again(page)
    expect_saved(page)
    assert features() == "Kirjoitettu uloskirjautuneena"


def test_a_button_of_another_form_waits_for_what_is_unsaved(card_page: Callable[..., Page]) -> None:
    """And its own form carries its fields; no question is asked on the way."""
    page = card_page()
    asked: list[str] = []
    page.on("dialog", lambda dialog: asked.append(dialog.type))
    lines = stored(section=Section.STRENGTH)
    name = str(page.locator("[data-order-name=strength] textarea").first.get_attribute("name"))
    field(page).fill("Juuri ennen painallusta")
    field(page, name).fill("Vahvuus juuri ennen painallusta")
    page.locator("button[name=do][value='add:strength']").click()
    expect(page.locator("[data-order-name=strength] > li")).to_have_count(len(lines) + 1)
    assert features() == "Juuri ennen painallusta"
    assert stored(section=Section.STRENGTH) == ["Vahvuus juuri ennen painallusta", *lines[1:], ""]
    assert kept(page) == []
    page.locator("[data-order-name=strength] > li").last.locator("button[value^='remove:']").click()
    expect(page.locator("[data-order-name=strength] > li")).to_have_count(len(lines))
    assert asked == []


def test_lines_are_put_in_order_by_keyboard_and_by_dragging(card_page: Callable[..., Page]) -> None:
    """The button keeps the focus and the new place is said; an order that could not be saved is put back."""
    page = card_page()
    rows = page.locator("[data-order-name=weakness] > li")
    texts = stored(section=Section.WEAKNESS)
    assert len(texts) >= 2
    down = rows.first.locator("button[value^='down:']")
    line = str(down.get_attribute("value")).removeprefix("down:")
    down = page.locator(f"button[value='down:{line}']")
    with page.expect_response(SAVE) as response:
        down.press("Enter")
    assert response.value.ok
    expect(down).to_be_focused()
    state = page.locator("[data-order-name=weakness] + .order-state")
    expect(state).to_have_text(f"Siirretty kohtaan 2 / {len(texts)}")
    moved = [texts[1], texts[0], *texts[2:]]
    assert stored(section=Section.WEAKNESS) == moved
    with page.expect_response(SAVE):
        page.locator(f"[data-line='{line}'] [data-handle]").drag_to(rows.first, target_position={"x": 9, "y": 3})
    expect(rows.first).to_have_attribute("data-line", line)
    expect(page.locator(".making__item--dragged")).to_have_count(0)
    assert stored(section=Section.WEAKNESS) == texts
    page.route(SAVE, lambda route: route.abort())
    down.click()
    expect(state).to_contain_text("Järjestystä ei voitu tallentaa")
    expect(rows.first).to_have_attribute("data-line", line)
    page.reload()
    expect(rows.first).to_have_attribute("data-line", line)


def test_a_conflict_holds_up_the_sending_of_the_card_and_nothing_else(card_page: Callable[..., Page]) -> None:
    """A line is added meanwhile; and the page that tells of a conflict to a form sent whole offers the same choice."""
    page = card_page()
    count = len(stored(section=Section.OPPORTUNITY))
    save_as_another(FEATURES, "Toisen teksti sillä välin")
    write(page, "Oma teksti sillä välin")
    expect(page.locator(".conflict")).to_be_visible()
    page.locator("button[name=do][value='add:opportunity']").click()
    expect(page.locator("[data-order-name=opportunity] > li")).to_have_count(count + 1)
    expect(page.locator(".conflict")).to_contain_text("Toisen teksti sillä välin")
    page.locator("form[data-autosave-flush] button").click()
    expect(field(page)).to_be_focused()
    assert the_card().state == Card.State.DRAFT
    # Past the script, as a browser without it sends the form.
    page.evaluate("document.querySelector('[name=features-text]').form.submit()")
    page.wait_for_url(SAVE)
    expect(field(page)).to_have_value("Oma teksti sillä välin")
    expect(page.locator(".conflict")).to_contain_text("Toisen teksti sillä välin")
    page.get_by_role("button", name="Pidä oma teksti").click()
    expect_saved(page)
    assert features() == "Oma teksti sillä välin"
