"""The card's pages: what each role sees, filling without scripts, and what differs between versions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from municipalities.cards import keeping, lifecycle
from municipalities.cards.content import Section, content_of, freeze, read_rows, thaw
from municipalities.cards.figures import chosen, read_card_figures
from municipalities.cards.saving import FEATURES, Sent, save_fields
from municipalities.forms import digest_of
from municipalities.models import (
    Card,
    CardApproval,
    CardEntry,
    CardPlan,
    CardVersion,
    CardYear,
    County,
    Municipality,
    User,
)
from tests.municipalities.cards.overseen import open_cards, write_card
from tests.municipalities.cards.sample import SMALL

ClientFor = Callable[[User | None], Client]
TEXT = "Pieni kunta järven rannalla."


@pytest.fixture
def card_year(in_scope: County, coordinator: User) -> CardYear:
    """An open year."""
    return open_cards(in_scope, by=coordinator)


@pytest.fixture
def card(card_year: CardYear, hankasalmi: Municipality, editor: User) -> Card:
    """A draft with something in it."""
    return write_card(card_year, hankasalmi, by=editor)


def url(name: str = "card", *more: Any, code: str = "077", year: int = 2026) -> str:
    """Return an address of the card."""
    return reverse(name, args=["keski-suomi", year, code, *more])


def shown(client: Client, *args: Any, **more: Any) -> str:
    """Return the page of the card."""
    response = client.get(url(*args, **more))
    assert response.status_code == 200
    return response.content.decode()


def test_a_draft_is_read_in_the_municipality_alone(
    card: Card, client_for: ClientFor, editor: User, reader: User, coordinator: User, board_member: User
) -> None:
    """The county sees how far it is, and the texts from sending on; a board member what is final."""
    assert TEXT in shown(client_for(editor))
    assert TEXT in shown(client_for(reader)) and "<textarea" not in shown(client_for(reader))
    of_coordinator = shown(client_for(coordinator))
    assert TEXT not in of_coordinator and "Erityispiirteet" in of_coordinator
    assert TEXT not in shown(client_for(board_member))
    lifecycle.send(card, by=editor)
    for user in (editor, reader, coordinator, board_member):
        assert TEXT in shown(client_for(user)), user
    lifecycle.withdraw(card, by=editor)
    save_fields(card, {FEATURES: Sent("Salainen luonnos", None)}, by=editor)
    assert "Salainen" not in shown(client_for(coordinator)) and TEXT in shown(client_for(coordinator))
    # What was final when it was sent stays so, whatever is chosen for the next version.
    Card.objects.filter(pk=card.pk).update(approval=CardApproval.SELF)
    assert TEXT in shown(client_for(board_member))
    lifecycle.send(card, by=editor)
    assert "Salainen" not in shown(client_for(board_member)) and "Salainen" in shown(client_for(coordinator))
    lifecycle.return_(card, note="Vain kunnalle.", by=coordinator)
    assert "Vain kunnalle." not in shown(client_for(board_member)) and "Vain kunnalle." in shown(client_for(editor))


def test_only_ones_own_card_is_known(
    card: Card, client_for: ClientFor, second_editor: User, outsider: User, mantsala: Municipality
) -> None:
    """Another municipality's card is not there, and another county's page neither."""
    assert client_for(second_editor).get(url()).status_code == 404
    assert client_for(outsider).get(url()).status_code == 404
    assert client_for(second_editor).get(url(code="505")).status_code == 404
    assert client_for(second_editor).get(url(code="999")).status_code == 404


def test_a_card_is_begun_with_last_years_texts_in_one_press(
    card: Card, in_scope: County, client_for: ClientFor, editor: User, coordinator: User
) -> None:
    """The page says from when they are, and that the county has not opened a year."""
    client = client_for(editor)
    assert "ei ole vielä avannut" in shown(client, year=2027)
    open_cards(in_scope, by=coordinator, year=2027)
    assert "Aloita vuoden 2026 teksteistä" in shown(client, year=2027)
    assert client.post(url("card_start", year=2027), {"carry": "1"}).status_code == 302
    assert TEXT in shown(client, year=2027)
    assert client.post(url("card_start", year=2028)).status_code == 404


def fields_of(page: str) -> dict[str, str]:
    """Return the digests that the page's forms carry along."""

    return dict(re.findall(r'name="seen:([a-z0-9_-]+)"\s+value="([0-9a-f]+)"', page))


def test_a_form_saves_without_scripts_and_puts_both_texts_beside(
    card: Card, client_for: ClientFor, editor: User
) -> None:
    """Nothing typed is lost: the other's text stands below mine, and sent again mine is saved."""
    client = client_for(editor)
    seen = fields_of(shown(client))[FEATURES]
    save_fields(card, {FEATURES: Sent("Toisen teksti", None)}, by=editor)
    sent = {FEATURES: "Minun tekstini", f"seen:{FEATURES}": seen, "do": "save", "section": "features"}
    response = client.post(url("card_save"), sent)
    page = response.content.decode()
    assert response.status_code == 409
    assert "Minun tekstini" in page and "Toisen teksti" in page
    again = client.post(url("card_save"), sent | {f"seen:{FEATURES}": fields_of(page)[FEATURES]})
    assert again.status_code == 302 and again["Location"].endswith("#features")
    assert CardEntry.objects.get(card=card).text == "Minun tekstini"


def test_a_refused_field_is_shown_with_what_was_typed(card: Card, client_for: ClientFor, editor: User) -> None:
    """And the rest of the form is saved."""
    plan = CardPlan.objects.filter(card=card)[0]
    name = f"plan-{plan.pk}"
    response = client_for(editor).post(
        url("card_save"), {f"{name}-approved": "ensi keväänä", f"{name}-name": "2025–2028", "do": "add:plan"}
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert "ensi keväänä" in page and "12.5.2026" in page
    assert CardPlan.objects.get(pk=plan.pk).name == "2025–2028"
    assert CardPlan.objects.filter(card=card).count() == 2  # no line before what is typed can be saved


def test_buttons_save_and_do(card: Card, client_for: ClientFor, editor: User) -> None:
    """Add, move, remove and bring back, each with what was typed meanwhile."""
    client = client_for(editor)
    for text in ("yksi", "kaksi"):
        client.post(url("card_save"), {"do": "add:strength"})
        line = CardEntry.objects.filter(card=card, section=Section.STRENGTH).latest("pk")
        client.post(url("card_save"), {f"entry-{line.pk}-text": text, "do": f"up:entry-{line.pk}"})
    assert [entry.text for entry in read_rows(card).of(Section.STRENGTH)] == ["kaksi", "yksi"]
    client.post(url("card_save"), {"do": f"remove:entry-{line.pk}"})
    assert [entry.text for entry in read_rows(card).of(Section.STRENGTH)] == ["yksi"]
    token = client.session["undo"]["token"]
    assert "Rivi poistettiin" in shown(client)
    client.post(url("card_restore"), {"token": token})
    assert [entry.text for entry in read_rows(card).of(Section.STRENGTH)] == ["kaksi", "yksi"]
    client.post(url("card_save"), {"do": "looked:all"})
    card.refresh_from_db()
    assert len(card.looked_through) == 6


@pytest.mark.parametrize("do", ["remove:entry-1", "remove:figure-1", "add:secret", "looked:x", "up:", "order:", "x"])
def test_a_button_that_the_page_does_not_have_does_nothing(
    card: Card, client_for: ClientFor, editor: User, do: str
) -> None:
    """404 where what it names is not there; no page answers 500."""
    before = CardEntry.objects.count()
    response = client_for(editor).post(url("card_save"), {"do": do, "section": "//evil.example"})
    assert response.status_code in {302, 404}
    assert "evil" not in response.headers.get("Location", "")
    assert CardEntry.objects.count() == before


def test_a_script_is_told_what_became_of_each_field(card: Card, client_for: ClientFor, editor: User) -> None:
    """Saved with the digest for the next time, refused with words, or another's text."""
    plan = CardPlan.objects.filter(card=card)[0]
    sent = {
        FEATURES: "Minun",
        f"seen:{FEATURES}": digest_of("jotain muuta"),
        f"plan-{plan.pk}-name": "2025–2028",
        f"seen:plan-{plan.pk}-name": digest_of(""),
        f"plan-{plan.pk}-approved": "pian",
    }
    client = client_for(editor)
    response = client.post(url("card_save"), sent, headers={"Accept": "application/json"})
    assert response.status_code == 200
    told = json.loads(response.content)["fields"]
    assert told[FEATURES]["theirs"] == TEXT and told[FEATURES]["seen"] == digest_of(TEXT)
    assert told[f"plan-{plan.pk}-name"] == {
        "seen": digest_of("2025–2028"),
        "value": "2025–2028",
        "error": "",
        "theirs": None,
        "merged": False,
    }
    assert "12.5.2026" in told[f"plan-{plan.pk}-approved"]["error"]
    lifecycle.send(card, by=editor)
    late = client.post(url("card_save"), {FEATURES: "Myöhässä"}, headers={"Accept": "application/json"})
    assert late.status_code == 409 and "lähetetty" in json.loads(late.content)["message"]


def test_what_was_returned_says_what_to_mend(
    card: Card, client_for: ClientFor, editor: User, coordinator: User
) -> None:
    """The note stands on the card until it is sent again, and the editor approves what they filled."""
    Card.objects.filter(pk=card.pk).update(approval=CardApproval.SELF)
    client, of_county = client_for(editor), client_for(coordinator)
    client.post(url("card_send"))
    assert of_county.post(url("card_return"), {"note": ""}).status_code == 422
    of_county.post(url("card_return"), {"note": "Täydennä uhat."})
    assert "Täydennä uhat." in shown(client)
    client.post(url("card_send"))
    old, new = CardVersion.objects.order_by("number")
    assert client.post(url("card_approve"), {"version": old.pk}).status_code == 409
    assert client.post(url("card_approve"), {"version": new.pk}).status_code == 302
    card.refresh_from_db()
    new.refresh_from_db()
    assert card.state == Card.State.APPROVED and new.approver == "Editor"


def test_versions_are_compared_with_the_one_before_and_with_last_year(
    card: Card, in_scope: County, client_for: ClientFor, editor: User, coordinator: User, hankasalmi: Municipality
) -> None:
    """Word by word."""
    lifecycle.send(card, by=editor)
    following = keeping.start(open_cards(in_scope, by=coordinator, year=2027), hankasalmi, by=editor)
    first = lifecycle.send(following, by=editor)
    lifecycle.withdraw(following, by=editor)
    save_fields(following, {FEATURES: Sent("Pieni kunta joen rannalla.", None)}, by=editor)
    second = lifecycle.send(following, by=editor)
    client = client_for(coordinator)
    page = shown(client, "card_compare", second.pk, year=2027)
    assert "<del>järven</del><ins>joen</ins>" in page
    assert "samanlaiset" in shown(client, "card_compare", first.pk, year=2027)  # beside last year's
    response = client.get(url("card_compare", second.pk, year=2027) + "?vuosi=edellinen")
    assert "<ins>joen</ins>" in response.content.decode()
    assert client.get(url("card_compare", second.pk, year=2026)).status_code == 404


def test_another_who_approves_is_named_with_an_address(card: Card, client_for: ClientFor, editor: User) -> None:
    """Nobody needs one."""
    client = client_for(editor)
    sent = {"approval": "link", "approver_name": "Kunnanjohtaja", "approver_email": ""}
    assert client.post(url("card_approval"), sent).status_code == 422
    assert client.post(url("card_approval"), sent | {"approver_email": "kj@example.fi"}).status_code == 302
    card.refresh_from_db()
    assert (card.approval, card.approver_email) == (CardApproval.LINK, "kj@example.fi")


@pytest.mark.parametrize("lines", [1, 3])
def test_the_page_costs_the_same_whatever_is_on_it(card: Card, client_for: ClientFor, editor: User, lines: int) -> None:
    """At most 15 queries."""
    for name in ("strength", "threat", "proposal", "plan", "contact"):
        for _line in range(lines):
            keeping.add_line(card, name, by=editor)
    for _number in range(lines):
        lifecycle.send(card, by=editor)
        lifecycle.withdraw(card, by=editor)
    client = client_for(editor)
    shown(client)
    with CaptureQueriesContext(connection) as queries:
        shown(client)
    assert len(queries) <= 15


def test_what_is_frozen_thaws_into_the_same(card: Card, editor: User) -> None:
    """The digest is of the content."""
    version = lifecycle.send(card, by=editor)
    content = thaw(version)
    assert freeze(content) == (version.content, version.sha256)
    figures = read_card_figures(card.card_year, card.municipality, [card.municipality], language="fi")
    assert content_of(read_rows(card), figures, language="fi").features == content.features
    assert freeze(SMALL)[0]["municipality"] == SMALL.municipality


def test_ten_to_fifteen_figures_are_shown_of_every_theme_as_many() -> None:
    """One's own before the county's in place of them, in the order of the set; never one without a value."""
    rows = [
        (f"{theme}{number}", theme, make_figure(value, of_county))
        for theme in "ABC"
        for number, (value, of_county) in enumerate([(None, False), (1.0, True), (2.0, False), (3.0, False)])
    ]
    assert chosen(rows, most=6) == {"A2", "B2", "C2", "A3", "B3", "C3"}
    assert chosen(rows) == {f"{theme}{number}" for theme in "ABC" for number in (1, 2, 3)}
    assert len(chosen([(n, "A", make_figure(1.0, False)) for n in range(30)])) == 12


def make_figure(value: float | None, of_county: bool) -> Any:
    """Return a figure of no indicator in particular."""

    return SimpleNamespace(value=value, is_of_county=of_county)


def test_what_was_marked_as_done_is_undone(card: Card, client_for: ClientFor, editor: User) -> None:
    """One section, or all that were marked at once; those marked before stay so."""
    client = client_for(editor)
    client.post(url("card_save"), {"do": "looked:plans"})
    client.post(url("card_save"), {"do": "looked:all"})
    client.post(url("card_restore"), {"token": client.session["undo"]["token"]})
    card.refresh_from_db()
    assert card.looked_through == ["plans"]


def test_a_line_is_brought_back_once(card: Card, client_for: ClientFor, editor: User) -> None:
    """A second press says so, and doubles nothing."""
    client = client_for(editor)
    line: Any = keeping.add_line(card, "threat", by=editor, text="Uhka")
    client.post(url("card_save"), {"do": f"remove:entry-{line.pk}", f"entry-{line.pk}-text": "x" * 9000})
    token = client.session["undo"]["token"]
    assert [client.post(url("card_restore"), {"token": token}).status_code for _press in range(2)] == [302, 409]
    assert [entry.text for entry in read_rows(card).of(Section.THREAT)] == ["Uhka"]


def test_text_of_a_line_that_another_has_removed_is_given_back(card: Card, client_for: ClientFor, editor: User) -> None:
    """Without scripts too: it has no field on the page any more."""
    line: Any = keeping.add_line(card, "threat", by=editor, text="Uhka")
    keeping.remove_line(card, f"entry-{line.pk}", by=editor)
    response = client_for(editor).post(url("card_save"), {f"entry-{line.pk}-text": "Kirjoitin tämän.", "do": "save"})
    assert response.status_code == 422 and "Kirjoitin tämän." in response.content.decode()


def test_contacts_are_reached_from_the_county_and_are_not_in_what_was_sent(
    card: Card, client_for: ClientFor, editor: User, coordinator: User, board_member: User
) -> None:
    """They are the living ones, which go when their time comes."""
    contact = card.contacts.get()
    save_fields(card, {f"contact-{contact.pk}-email": Sent("hyte@hankasalmi.example", None)}, by=editor)
    assert "hyte@hankasalmi.example" not in shown(client_for(coordinator))
    version = lifecycle.send(card, by=editor)
    assert "hyte@hankasalmi.example" in shown(client_for(coordinator))
    assert "hyte@hankasalmi.example" not in shown(client_for(board_member))
    assert "hyte@hankasalmi.example" not in json.dumps(version.content)


def test_a_draft_is_looked_at_as_it_will_read(card: Card, client_for: ClientFor, editor: User) -> None:
    """With what it would be copied as, and no fields."""
    page = client_for(editor).get(url() + "?nayta=1").content.decode()
    assert TEXT in page and "<textarea" not in page and "card-copy-text" in page


def test_the_years_of_a_card_lead_to_each_other(
    card: Card, in_scope: County, client_for: ClientFor, editor: User, coordinator: User
) -> None:
    """Those that were sent, and the one shown."""
    lifecycle.send(card, by=editor)
    open_cards(in_scope, by=coordinator, year=2027)
    client = client_for(editor)
    client.post(url("card_start", year=2027))
    assert url(year=2026) in shown(client, year=2027)


@pytest.mark.parametrize("do", ["remove:entry-" + "9" * 5000, "order:strength", "looked:all"])
def test_odd_keys_are_no_keys(card: Card, client_for: ClientFor, editor: User, do: str) -> None:
    """However long; nor is a priority given to what is no proposal."""
    line: Any = keeping.add_line(card, "threat", by=editor, text="Uhka")
    sent = {"do": do, "lines": "entry-" + "9" * 5000, f"entry-{line.pk}-priority": "1", f"{FEATURES}\n": "x"}
    response = client_for(editor).post(url("card_save"), sent)
    assert response.status_code in {302, 404, 422}
