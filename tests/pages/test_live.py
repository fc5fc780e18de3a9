"""The sitting in a real browser: by keyboard through a part, two who write the same text, a connection that is lost.

Each test has a sitting of its own, today.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone
from django_scopes import scope, scopes_disabled
from playwright.sync_api import Dialog, Locator, Page, expect

from municipalities.models import County, Municipality, User
from municipalities.saving import Sent
from negotiations.minutes.checking import send_for_checking
from negotiations.minutes.concluding import conclude
from negotiations.models import AgendaItem, Measure, Minutes, Negotiation, Part, Round
from negotiations.sitting import live as rules
from negotiations.sitting.conduct import convene
from negotiations.sitting.live_writing import save_texts
from tests.factories import BOTH, make_negotiation, make_round
from tests.negotiations.test_checking import later
from tests.pages.conftest import ROLES, Contexts, Site

ADDRESS = "/keski-suomi/neuvottelut/{pk}/istunto/"


@pytest.fixture
def negotiation(contexts: Contexts, site: Site) -> Iterator[Negotiation]:
    """A sitting of both duties today, two items each, to which the parties have been invited."""
    county = County.objects.select_related("area").get(slug="keski-suomi")
    today = timezone.localdate()
    with scope(county=county):
        round_ = make_round(county, year=today.year, name=f"Istunto {Round.objects.count()}", legal_bases=list(BOTH))
        places = list(Municipality.objects.filter(county=county)[:1])
        row = convene(make_negotiation(round_, places, bases=BOTH, day=today), by=None)
        row.county = county
        yield row


@pytest.fixture
def sitting(page_of: Callable[..., Page], negotiation: Negotiation) -> Callable[..., Page]:
    """Return the secretary's page, at a place; what the browser asks before leaving is answered: leave."""

    def open_(place: str = "", **options: Any) -> Page:
        page = page_of("coordinator", ADDRESS.format(pk=negotiation.pk) + place, **options)
        page.on("dialog", leave)
        return page

    def leave(dialog: Dialog) -> None:
        dialog.accept()

    return open_


def first_item(negotiation: Negotiation) -> AgendaItem:
    """Return the first item of the first part, as it is now."""
    return AgendaItem.objects.filter(part__negotiation=negotiation).order_by("part__position", "position")[0]


def first_part(negotiation: Negotiation) -> Part:
    """Return the first part as it is now."""
    return Part.objects.select_related("negotiation").filter(negotiation=negotiation).order_by("position")[0]


def text(page: Page, end: str) -> Locator:
    """Return a text of the place by the end of its name."""
    return page.locator(f"textarea[name$='-{end}']")


def add(page: Page, end: str, words: str) -> None:
    """Write at the end of a text, key by key."""
    text(page, end).focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(words)


def loud(page: Page) -> Locator:
    """Return the line that shouts."""
    return page.locator("[data-autosave-state] [role=alert]")


def expect_saved(page: Page) -> None:
    """Wait until everything is saved."""
    expect(page.locator("[data-autosave-state][data-unsaved]")).to_have_count(0)
    expect(page.locator("[data-autosave-state] [role=status]")).to_contain_text("Tallennettu klo")
    expect(loud(page)).to_be_empty()


def look(page: Page) -> None:
    """Let the page look at once whether others have changed anything."""
    page.evaluate("dispatchEvent(new Event('online'))")


def test_a_part_by_keyboard_alone(sitting: Callable[..., Page], negotiation: Negotiation) -> None:
    """Opened, two items discussed, agreed and a measure entered, closed: nothing but keys."""
    page = sitting()
    keys = page.keyboard
    keys.press("Alt+KeyO")
    expect(page.get_by_text("Osa avattiin klo")).to_be_visible()
    expect(text(page, "opening")).to_be_focused()
    keys.press("Alt+KeyN")
    expect(page.get_by_role("heading", name="Asia 1")).to_be_in_viewport()
    expect(text(page, "discussion")).to_be_focused()
    text(page, "discussion").fill("")
    keys.type("Puhuttiin yhdestä.")
    keys.press("Alt+KeyS")
    expect(text(page, "agreed")).to_be_focused()
    text(page, "agreed").fill("")
    keys.type("Sovittiin yhdestä.")
    keys.press("Alt+KeyR")
    keys.type("Kunta toista mieltä.")
    keys.press("Alt+KeyT")
    keys.type("Perustetaan ryhmä.")
    keys.press("Tab")
    keys.type("Keski-Suomen hyv")
    keys.press("Alt+KeyT")
    keys.press("Enter")
    expect(page.locator(".measure")).to_contain_text("Perustetaan ryhmä.")
    expect(text(page, "text")).to_be_focused()
    expect(text(page, "text")).to_have_value("")
    keys.type("Kutsutaan järjestöt.")
    keys.press("Enter")
    expect(page.locator(".measure")).to_have_count(2)
    keys.press("Alt+KeyN")
    expect(page.get_by_role("heading", name="Asia 2")).to_be_visible()
    keys.press("Alt+KeyP")
    expect(page.get_by_role("heading", name="Asia 1")).to_be_visible()
    keys.press("Alt+KeyN")
    expect(page.get_by_role("heading", name="Asia 2")).to_be_visible()
    keys.press("Alt+KeyL")
    assert page.evaluate("Boolean(document.activeElement.closest('[data-live-panel]'))")
    keys.press("Alt+KeyN")
    expect(page.get_by_role("heading", name="Päättäminen")).to_be_visible()
    keys.press("Alt+KeyO")
    expect(page.get_by_text("Osa päätettiin klo")).to_be_visible()
    item = first_item(negotiation)
    assert (item.discussion, item.agreed) == ("Puhuttiin yhdestä.", "Sovittiin yhdestä.")
    assert item.dissent == "Kunta toista mieltä."
    assert list(Measure.objects.filter(agenda_item=item).values_list("text", flat=True)) == [
        "Perustetaan ryhmä.",
        "Kutsutaan järjestöt.",
    ]
    part = first_part(negotiation)
    assert part.opened_at and part.closed_at


def test_two_who_write_the_same_item(sitting: Callable[..., Page], negotiation: Negotiation) -> None:
    """Each is told that the other writes; what one saves comes to the other; what both change is to be settled."""
    place = f"?kohta={first_item(negotiation).pk}"
    first, second = sitting(place), sitting(place)
    add(first, "agreed", " Lisäys.")
    look(first)
    expect_saved(first)
    look(second)
    # Nobody writes in it there: the new text comes by itself.
    expect(text(second, "agreed")).to_have_value("Sovittiin 1. Lisäys.")
    expect(second.locator("[data-writing$='-agreed']")).not_to_be_empty()
    # While somebody writes, theirs stays, and both are shown.
    add(second, "agreed", " ")
    add(first, "agreed", " Ensimmäisen.")
    expect_saved(first)
    look(second)
    add(second, "agreed", "Toisen.")
    expect(second.locator(".conflict")).to_contain_text("Sovittiin 1. Lisäys. Ensimmäisen.")
    expect(text(second, "agreed")).to_have_value("Sovittiin 1. Lisäys. Toisen.")
    # Another text of the same item is saved meanwhile.
    text(second, "dissent").fill("Toinen kirjasi tämän.")
    second.get_by_role("button", name="Yhdistä").click()
    expect_saved(second)
    item = first_item(negotiation)
    assert item.agreed == "Sovittiin 1. Lisäys. Ensimmäisen.\n\nSovittiin 1. Lisäys. Toisen."
    assert item.dissent == "Toinen kirjasi tämän."


def test_a_connection_lost_while_writing_loses_nothing(sitting: Callable[..., Page], negotiation: Negotiation) -> None:
    """The page shouts and keeps text and measure, goes nowhere with them, and saves by itself when it is back."""
    rules.open_part(first_part(negotiation), by=None)
    item = first_item(negotiation)
    rules.take_item(AgendaItem.objects.select_related("part__negotiation").get(pk=item.pk), by=None)
    page = sitting()
    page.context.set_offline(True)
    text(page, "discussion").fill("Ennen katkosta")
    text(page, "discussion").blur()
    expect(loud(page)).to_contain_text("Ei yhteyttä")
    add(page, "discussion", " ja sen aikana")
    text(page, "text").fill("Toimenpide katkon aikana")
    page.locator("#id_toimenpide-owner").select_option(index=1)
    text(page, "text").press("Enter")
    expect(page.get_by_text("Toimenpidettä ei kirjattu. Se on yhä lomakkeessa")).to_be_visible()
    expect(text(page, "text")).to_have_value("Toimenpide katkon aikana")
    page.keyboard.press("Alt+KeyN")
    expect(text(page, "discussion")).to_have_value("Ennen katkosta ja sen aikana")
    # Another writes another item meanwhile: neither waits for the other.
    other = AgendaItem.objects.filter(part=item.part_id).exclude(pk=item.pk)[0]
    save_texts(negotiation, {f"item-{other.pk}-agreed": Sent("Toisaalla.", None)}, by=None)
    page.context.set_offline(False)
    expect_saved(page)
    assert first_item(negotiation).discussion == "Ennen katkosta ja sen aikana"
    text(page, "text").press("Enter")
    expect(page.locator(".measure")).to_have_count(1)
    assert Measure.objects.get(agenda_item=item).text == "Toimenpide katkon aikana"


def test_checking_that_began_meanwhile_is_told_and_the_text_is_kept(
    sitting: Callable[..., Page], negotiation: Negotiation
) -> None:
    """Also after the page is opened again, where the text can be copied."""
    rules.open_part(first_part(negotiation), by=None)
    page = sitting(f"?kohta={first_item(negotiation).pk}")
    with scopes_disabled():
        by = User.objects.get(email=ROLES["coordinator"])
    conclude(Negotiation.objects.get(pk=negotiation.pk), stayed_away=[], by=by)
    send_for_checking(Minutes.objects.get(negotiation=negotiation), check_by=later(), by=by)
    text(page, "agreed").fill("Kirjoitettu liian myöhään")
    text(page, "agreed").blur()
    expect(loud(page)).to_contain_text("Pöytäkirja on tarkastettavana")
    expect(text(page, "agreed")).to_have_value("Kirjoitettu liian myöhään")
    page.reload()
    expect(page.locator(".draft")).to_contain_text("Kirjoitettu liian myöhään")
    assert first_item(negotiation).agreed == "Sovittiin 1."


def test_the_room_follows(sitting: Callable[..., Page], negotiation: Negotiation) -> None:
    """What the secretary takes to hand, and what is agreed, comes to the wall within seconds."""
    rules.open_part(first_part(negotiation), by=None)
    room = sitting("sali/")
    expect(room.get_by_role("heading", level=2)).to_have_text("Nyt ei käsitellä mitään asiaa")
    item = AgendaItem.objects.select_related("part__negotiation").get(pk=first_item(negotiation).pk)
    rules.take_item(item, by=None)
    expect(room.get_by_role("heading", level=2)).to_contain_text("Asia 1")
    save_texts(negotiation, {f"item-{item.pk}-agreed": Sent("Näin sovittiin.", None)}, by=None)
    expect(room.get_by_text("Näin sovittiin.")).to_be_visible()
