"""The page behind the link of a party that is asked which times suit it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from hyte.logs import WithoutSecrets
from municipalities.models import County, Event, Municipality, User
from negotiations.models import AvailabilityInquiry, AvailabilityRequest, Round, Slot
from negotiations.planning.availability import Suits, asking
from negotiations.planning.availability.answering import answer
from tests.factories import make_negotiation, make_round
from tests.negotiations.asked import (
    MAYBE,
    NO,
    YES,
    answers_of,
    asked,
    chosen_in,
    coming,
    field,
    make_slots,
    path,
    place,
    round_,
    slots,
    written,
)

__all__ = ["asked", "path", "round_", "slots"]

ClientFor = Callable[[User | None], Client]


@pytest.fixture(autouse=True)
def _uncounted(settings: Settings) -> None:
    """Nothing has been counted yet."""
    settings.CACHES = {"default": {**settings.CACHES["default"], "KEY_PREFIX": uuid4().hex}}


def test_a_party_answers_by_its_link_and_changes_the_answer(
    path: str, asked: AvailabilityRequest, slots: list[Slot]
) -> None:
    """Without signing in, without a cookie; nothing is chosen at first, and a part of the times will do."""
    client = Client(enforce_csrf_checks=True)
    response = client.get(path)
    page = response.content.decode()
    assert response.status_code == 200 and not response.cookies
    for words in ("Mitkä ajat sopivat?", "Hankasalmi", "Kierros 2027", "Tervetuloa.", written(coming(14))):
        assert words in page
    assert chosen_in(page) == {}
    assert page.count('type="radio"') == 9 and "3 aikaa on auki." in page
    # As a browser sends a form of a page without a referrer.
    data = {field(slots[0]): YES, field(slots[1]): NO, "note": "Vain aamut"}
    done = client.post(path, data, headers={"origin": "null"}, follow=True)
    page = done.content.decode()
    assert done.redirect_chain[0][1] == 302 and not done.cookies
    assert "Vastauksesi on tallennettu" in page and "1 aika jäi auki" in page
    assert chosen_in(page) == {field(slots[0]): YES, field(slots[1]): NO} and "Vain aamut" in page
    assert answers_of(asked) == {slots[0].pk: YES, slots[1].pk: NO}
    client.post(path, {field(slots[2]): MAYBE})
    assert answers_of(asked) == {slots[2].pk: MAYBE}
    asked.refresh_from_db()
    assert asked.note == "" and asked.entered_by is None
    assert Event.objects.filter(verb="availability_answered", user=None).count() == 2


@pytest.mark.parametrize("status", [200, 404])
def test_the_page_tells_its_address_to_nobody(status: int, path: str) -> None:
    """Nor is it kept or found by search engines."""
    response = Client().get(path if status == 200 else path.replace(path.split("/")[2], "arvaus"))
    assert response.status_code == status
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize(
    ("how", "expected"), [("kaikki", [YES, YES, YES]), ("loput", [NO, YES, YES]), ("\x00", [NO, YES, YES])]
)
def test_a_button_fills_the_form_and_saves_nothing(
    how: str, expected: list[str], path: str, asked: AvailabilityRequest, slots: list[Slot]
) -> None:
    """What was typed stays. With scripts the page does the same by itself."""
    data = {field(slots[0]): NO, field(slots[1]): "ehkä", "note": "Huomio", "tayta": how}
    response = Client().post(path, data)
    page = response.content.decode()
    assert response.status_code == 200
    assert chosen_in(page) == dict(zip([field(slot) for slot in slots], expected, strict=True))
    assert "Huomio" in page and "merkitty sopiviksi" in page
    assert answers_of(asked) == {}


def test_what_cannot_be_taken_is_shown_again_with_what_was_chosen(
    path: str, asked: AvailabilityRequest, round_: Round, slots: list[Slot]
) -> None:
    """Slots of other rounds, slots that are none, answers that are none, too long a note, and an empty answer."""
    (other,) = make_slots(make_round(round_.county, name="Toinen"), 1)
    good = {field(slots[0]): YES, "note": "Kirjoitettu"}
    for wrong, words in (
        ({field(other): YES}, "Osasta ajoista ei enää kysytä."),
        ({"aika_999999999999999999999": YES}, "Osasta ajoista ei enää kysytä."),
        ({"aika_\x00": "\x00"}, "Osasta ajoista ei enää kysytä."),
        ({field(slots[1]): "ehkä"}, "Valitse jokin kolmesta vastauksesta."),
        ({field(slots[1]): "\x00"}, "Valitse jokin kolmesta vastauksesta."),
        ({"note": "a\x00b"}, 'aria-invalid="true"'),
        ({"note": "x" * 2001}, "Lyhennä"),
    ):
        response = Client().post(path, good | wrong)
        page = response.content.decode()
        assert response.status_code == 422, wrong
        assert words in page, wrong
        assert chosen_in(page) == {field(slots[0]): YES}
        assert "Kirjoitettu" in page or "note" in wrong
    response = Client().post(path, {"note": "  "})
    assert response.status_code == 422 and "Valitse ainakin yhdestä ajasta" in response.content.decode()
    assert answers_of(asked) == {}
    # Sent twice, the last one counts; a note alone says something too.
    Client().post(path, {field(slots[0]): [YES, NO]})
    assert answers_of(asked) == {slots[0].pk: NO}
    assert Client().post(path, {"note": "Emme pääse mihinkään"}).status_code == 302
    assert answers_of(asked) == {}


def seen_in(page: str) -> str:
    """Return what a page tells of the answer that its form is made of."""
    found = re.search(r'name="seen" value="([^"]+)"', page)
    assert found
    return found[1]


def test_two_answer_for_a_party_at_once(
    path: str, asked: AvailabilityRequest, slots: list[Slot], coordinator: User
) -> None:
    """The second is told of the first and loses nothing; sent again it counts. A button pressed twice is one answer."""
    first, second = field(slots[0]), field(slots[1])
    seen = seen_in(Client().get(path).content.decode())
    mine = {first: YES, "note": "Kirjoitettu", "seen": seen}
    assert [Client().post(path, mine).status_code for _press in range(2)] == [302, 302]
    other = {second: NO, "note": "Toisen oma", "seen": seen}
    refused = Client().post(path, other)
    page = refused.content.decode()
    assert refused.status_code == 409 and "Vastaus on annettu sen jälkeen, kun avasit sivun" in page
    assert chosen_in(page) == {second: NO} and "Toisen oma" in page
    assert answers_of(asked) == {slots[0].pk: YES}
    filled = Client().post(path, other | {"tayta": "loput"}).content.decode()
    assert seen_in(filled) == seen != seen_in(page)
    assert Client().post(path, other | {"seen": seen_in(page)}).status_code == 302
    assert answers_of(asked) == {slots[1].pk: NO}
    # What somebody has made up is no answer that was seen.
    assert Client().post(path, mine | {"seen": "\x00"}).status_code == 409
    answer(asked, {slots[2].pk: Suits.IF_NEED_BE}, "", by=coordinator)
    assert Client().post(path, mine | {"seen": seen_in(page)}).status_code == 409
    assert answers_of(asked) == {slots[2].pk: MAYBE}


def test_times_that_come_and_go_meanwhile(
    path: str, asked: AvailabilityRequest, round_: Round, slots: list[Slot]
) -> None:
    """One that has gone is gone, and an answer that still has it is shown again; one that has come is marked as new."""
    Client().post(path, {field(slot): YES for slot in slots})
    slots[2].delete()
    (newest,) = make_slots(round_, 1, first=50)
    page = Client().get(path).content.decode()
    assert page.count("uusi aika") == 1
    assert chosen_in(page) == {field(slots[0]): YES, field(slots[1]): YES}
    gone = {field(slots[0]): NO, f"aika_{slots[2].pk or 0}": YES}
    response = Client().post(path, gone)
    assert response.status_code == 422
    assert chosen_in(response.content.decode()) == {field(slots[0]): NO}
    assert Client().post(path, {field(slots[0]): NO, field(newest): MAYBE}).status_code == 302
    assert answers_of(asked) == {slots[0].pk: NO, newest.pk: MAYBE}
    assert "uusi aika" not in Client().get(path).content.decode()


def test_the_times_of_ones_own_negotiation_are_told(
    path: str, round_: Round, slots: list[Slot], hankasalmi: Municipality, joutsa: Municipality
) -> None:
    """Not those of others."""
    for municipality, slot in ((hankasalmi, slots[0]), (joutsa, slots[1])):
        place(make_negotiation(round_, [municipality], title=f"Neuvottelu {municipality}"), slot)
    page = Client().get(path).content.decode()
    assert "Neuvottelusi on tässä ajassa: Neuvottelu Hankasalmi" in page
    assert "Neuvottelu Joutsa" not in page


def test_after_the_last_day_the_page_shows_what_was_answered_and_whom_to_call(
    path: str, asked: AvailabilityRequest, slots: list[Slot]
) -> None:
    """There is no form, and what is sent all the same is given back. On the last day itself it is taken."""
    AvailabilityInquiry.objects.update(answer_by=coming(0))
    assert Client().post(path, {field(slots[0]): NO, "note": "Huomio"}).status_code == 302
    AvailabilityInquiry.objects.update(answer_by=coming(-1))
    page = Client().get(path).content.decode()
    assert "<form" not in page
    for words in ("Vastausaika päättyi", "Ei sovi", "Huomio", "coordinator@example.fi"):
        assert words.casefold() in page.casefold()
    late = Client().post(path, {field(slots[0]): YES, "note": "Myöhässä mutta kirjoitettu"})
    assert late.status_code == 409 and "Myöhässä mutta kirjoitettu" in late.content.decode()
    assert answers_of(asked) == {slots[0].pk: NO}


def test_the_day_may_end_while_one_answers(path: str, asked: AvailabilityRequest, slots: list[Slot]) -> None:
    """The form is there, and by the time it is saved it is too late: nothing is lost."""
    with patch("negotiations.planning.views.availability_link.timezone.localdate", return_value=coming(-1)):
        AvailabilityInquiry.objects.update(answer_by=coming(-1))
        response = Client().post(path, {field(slots[0]): YES, "note": "Kirjoitettu"})
    assert response.status_code == 409
    assert "Kirjoitettu" in response.content.decode()
    assert answers_of(asked) == {}


def test_without_times_to_come_there_is_nothing_to_answer(path: str, slots: list[Slot]) -> None:
    """And the page says so."""
    Slot.objects.all().delete()
    page = Client().get(path)
    assert page.status_code == 200 and "<form" not in page.content.decode()
    assert "ei ole aikoja" in page.content.decode()
    assert Client().post(path, {"note": "Silti kirjoitettu"}).status_code == 409


def test_a_link_ends_with_a_newer_one_and_with_the_party(
    path: str, asked: AvailabilityRequest, slots: list[Slot], coordinator: User
) -> None:
    """404 for the page and for what is sent; what was typed is given back."""
    asking.send_again(asked, name="", email="uusi@example.fi", by=coordinator)
    for ask_ in (Client().get(path), Client().post(path, {field(slots[0]): YES, "note": "Kirjoitettu jo"})):
        assert ask_.status_code == 404
        assert "käytä sen linkkiä" in ask_.content.decode()
    assert "Kirjoitettu jo" in ask_.content.decode()
    assert answers_of(asked) == {}


def test_a_party_taken_away_by_a_moment_before(path: str, asked: AvailabilityRequest, slots: list[Slot]) -> None:
    """Found, and gone by the time its answer is saved."""
    with patch(
        "negotiations.planning.views.availability_link.answering.answer", side_effect=AvailabilityRequest.DoesNotExist
    ):
        response = Client().post(path, {field(slots[0]): YES, "note": "Kirjoitettu jo"})
    assert response.status_code == 404 and "Kirjoitettu jo" in response.content.decode()


def test_unknown_tokens_are_404_and_guessing_is_cut_short(path: str) -> None:
    """For the address that guesses; others are let in."""
    with patch("negotiations.planning.views.availability_link.GUESSES", "3/m/ip"):
        guesser = Client(REMOTE_ADDR="198.51.100.1")
        for _time in range(3):
            assert guesser.get(reverse("availability_link", args=[uuid4().hex])).status_code == 404
        assert guesser.get(path).status_code == 429
        assert Client(REMOTE_ADDR="198.51.100.2").get(path).status_code == 200
    assert Client().get("/sopivat-ajat/").status_code in {302, 404}


@pytest.mark.parametrize("token", ["%00", "%ED%A0%80", "a" * 5000, "å", "..%2F..", "' OR 1=1 --"])
@pytest.mark.django_db
def test_whatever_stands_in_the_place_of_a_token_is_unknown(token: str) -> None:
    """And nothing breaks, whatever is sent to it."""
    for data in ({}, {"aika_1": "\x00", "note": "\x00", "tayta": "x" * 5000}):
        assert Client().post(f"/sopivat-ajat/{token}/", data).status_code == 404
    assert Client().get(f"/sopivat-ajat/{token}/?kieli=%00").status_code == 404


def test_the_token_is_left_out_of_the_logs(path: str) -> None:
    """Also where something else is told of the address."""
    for message, args in ((f"GET {path} 404", ()), ("Not Found: %s", (path,)), (f"https://x.fi{path}?kieli=sv", ())):
        record = logging.LogRecord("django.request", logging.WARNING, "", 1, message, args, None)
        assert WithoutSecrets().filter(record)
        assert path.split("/")[2] not in record.getMessage() and "/sopivat-ajat/…" in record.getMessage()


def test_the_page_speaks_the_language_of_the_party(path: str, hankasalmi: Municipality) -> None:
    """Unless another is asked for."""
    Municipality.objects.filter(pk=hankasalmi.pk).update(language_status="sv")
    County.objects.update(languages=["fi", "sv"])
    assert "Vilka tider passar?" in Client(headers={"accept-language": "fi"}).get(path).content.decode()
    assert "Mitkä ajat sopivat?" in Client().get(path, {"kieli": "fi"}).content.decode()
    assert Client().get(path, {"kieli": "\x00"}).status_code == 200


def test_the_link_page_costs_the_same_with_one_slot_and_with_many(
    path: str, asked: AvailabilityRequest, round_: Round, slots: list[Slot]
) -> None:
    """However many have been answered."""
    counts = []
    for number in range(2):
        answer(asked, {slot.pk: Suits.YES for slot in Slot.objects.filter(round=round_)}, "")
        with CaptureQueriesContext(connection) as queries:
            assert Client().get(path).status_code == 200
        counts.append(len(queries))
        make_slots(round_, 20, first=60 + 20 * number)
    assert counts[0] == counts[1] <= 8
