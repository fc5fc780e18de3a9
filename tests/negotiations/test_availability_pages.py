"""The coordinator's pages of suitable times: asking, how it stands, and one party."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_scopes import scopes_disabled
from pytest_django import Settings

from municipalities.models import County, Event, Municipality, User
from negotiations.models import AvailabilityInquiry, AvailabilityRequest, Round, Slot
from negotiations.planning.availability import COUNTY, Suits, asking, key_of, read
from negotiations.planning.availability.answering import answer
from negotiations.planning.tasks import send_availability_letter
from tests.factories import make_negotiation, make_organisation, make_round
from tests.negotiations.asked import (
    ADDRESS,
    NO,
    YES,
    answers_of,
    ask,
    asked,
    backdate,
    chosen_in,
    coming,
    field,
    mailed,
    make_slots,
    path,
    place,
    round_,
    slots,
    url,
    written,
)

__all__ = ["asked", "path", "round_", "slots"]

ClientFor = Callable[[User | None], Client]


@pytest.fixture(autouse=True)
def _uncounted(settings: Settings) -> None:
    """Nothing has been counted yet."""
    settings.CACHES = {"default": {**settings.CACHES["default"], "KEY_PREFIX": uuid4().hex}}


@pytest.fixture
def client(coordinator: User, client_for: ClientFor) -> Client:
    """The coordinator's client."""
    return client_for(coordinator)


def test_what_the_coordinator_is_shown_before_anybody_is_asked(round_: Round, client: Client) -> None:
    """What to do first: times, then asking; nothing of a plan of the past."""
    page = client.get(url("round_availability", round_)).content.decode()
    assert "Tee ajat" in page and "Kysy, mitkä ajat sopivat" not in page
    assert client.get(url("round_availability_ask", round_)).status_code == 409
    noon = timezone.localtime().replace(hour=12)
    Slot.objects.create(
        county=round_.county, round=round_, starts_at=noon + timedelta(hours=1), ends_at=noon + timedelta(hours=2)
    )
    with patch("django.utils.timezone.now", return_value=noon):
        # Of the times of the day itself nobody can be asked any more.
        page = client.get(url("round_availability", round_)).content.decode()
        assert "Tee ajat" in page and "Kysy, mitkä ajat sopivat" not in page
    make_slots(round_)
    page = client.get(url("round_availability", round_)).content.decode()
    assert "Kysy, mitkä ajat sopivat" in page
    assert client.get(url("round_availability_ask", round_)).status_code == 200
    Round.objects.update(plan_as_of=coming(-100))
    page = client.get(url("round_availability", round_)).content.decode()
    assert "vain suunnitelma" in page and "Kysy, mitkä" not in page
    assert client.get(url("round_availability_ask", round_)).status_code == 409


def form_of(round_: Round, *places: Municipality, **more: str) -> dict[str, str]:
    """Return what the form of asking is sent with."""
    data = {"answer_by": coming(14).isoformat(), "message": "Hei"}
    for place_ in places:
        key = key_of(place_.pk, None)
        data |= {f"kysy_{key}": "on", f"nimi_{key}": "Maija", f"osoite_{key}": ADDRESS}
    return data | more


def test_the_form_of_asking_has_every_party_and_its_address(
    round_: Round, slots: list[Slot], hankasalmi: Municipality, joutsa: Municipality, client: Client
) -> None:
    """One ticked needs an address; one that is not is left out, whatever stands in its row."""
    page = client.get(url("round_availability_ask", round_)).content.decode()
    for words in ("Hankasalmi", "Joutsa", "Hyvinvointialueen ydinryhmä", 'value="coordinator@example.fi"'):
        assert words in page
    key = key_of(joutsa.pk, None)
    wrong = form_of(round_, hankasalmi, **{f"kysy_{key}": "on", f"osoite_{key}": ""})
    response = client.post(url("round_availability_ask", round_), wrong)
    assert response.status_code == 422
    assert "Joutsa, sähköpostiosoite: Kirjoita osoite, tai poista osapuolen valinta." in response.content.decode()
    assert not AvailabilityRequest.objects.exists()
    right = form_of(round_, hankasalmi, **{f"osoite_{key}": "ei osoite"})
    done = client.post(url("round_availability_ask", round_), right, follow=True)
    page = done.content.decode()
    assert done.redirect_chain == [(url("round_availability", round_), 302)]
    assert "Kysyttiin 1 osapuolelta. Viestit ovat matkalla." in page
    assert "0 / 1 vastannut" in page and f"viimeistään {weekday(14)}" in page.replace("\xa0", " ")
    row = AvailabilityRequest.objects.get()
    assert (row.municipality, row.name, row.email) == (hankasalmi, "Maija", ADDRESS)
    # Of the rest one can still be asked, and the day and the message are at hand.
    page = client.get(url("round_availability_ask", round_)).content.decode()
    assert f"kysy_{key_of(hankasalmi.pk, None)}" not in page and f"kysy_{key}" in page and ">\nHei</textarea>" in page
    assert client.post(url("round_availability_ask", round_), form_of(round_, hankasalmi)).status_code == 422


def weekday(days: int) -> str:
    """Write a day to come with its weekday."""
    day = coming(days)
    return f"{('ma', 'ti', 'ke', 'to', 'pe', 'la', 'su')[day.weekday()]} {written(day)}"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"answer_by": ""}, "Valitse viimeinen vastauspäivä."),
        ({"answer_by": "elokuussa"}, "esimerkiksi 28.8.2026"),
        ({"answer_by": "yesterday"}, "on jo mennyt"),
        ({"answer_by": "9999-12-31"}, "Ajoista viimeinen on"),
        ({"message": "x" * 2001}, "Lyhennä"),
        ({"message": "a\x00b"}, 'aria-invalid="true"'),
        ({"kysy": ""}, "Valitse ainakin yksi"),
        ({"osoite": "ei osoite"}, "Tarkista osoite"),
        ({"nimi": "x" * 151}, "Lyhennä"),
    ],
)
def test_what_the_form_of_asking_refuses(
    values: dict[str, str],
    words: str,
    round_: Round,
    slots: list[Slot],
    hankasalmi: Municipality,
    client: Client,
) -> None:
    """In words, with nothing asked."""
    key = key_of(hankasalmi.pk, None)
    data = form_of(round_, hankasalmi)
    for name, value in values.items():
        if name == "kysy":
            del data[f"kysy_{key}"]
        else:
            data[name if name in data else f"{name}_{key}"] = coming(-1).isoformat() if value == "yesterday" else value
    response = client.post(url("round_availability_ask", round_), data)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not AvailabilityRequest.objects.exists()


def test_two_coordinators_ask_the_same_party_at_once(
    round_: Round, slots: list[Slot], hankasalmi: Municipality, coordinator: User, client: Client
) -> None:
    """The second is told so, and no second letter goes."""
    real = asking.ask

    def slow(*args: object, **kwargs: object) -> list[AvailabilityRequest]:
        real(round_, coming(14), "", [(key_of(hankasalmi.pk, None), "", ADDRESS)], by=None)
        return real(*args, **kwargs)  # type: ignore[arg-type]

    with patch("negotiations.planning.views.availability.asking.ask", slow):
        response = client.post(url("round_availability_ask", round_), form_of(round_, hankasalmi))
    assert response.status_code == 409
    assert "on jo kysytty" in response.content.decode()


def test_what_is_left_as_it_was_offered_is_asked_with(
    round_: Round, slots: list[Slot], joutsa: Municipality, client: Client
) -> None:
    """The last day that the form had when it was opened, yesterday perhaps; and no message."""
    left = {"answer_by": coming(13).isoformat(), "message": ""}
    data = form_of(round_, joutsa) | left | {f"initial-{name}": value for name, value in left.items()}
    assert client.post(url("round_availability_ask", round_), data).status_code == 302
    inquiry = AvailabilityInquiry.objects.get()
    assert (inquiry.answer_by, inquiry.message) == (coming(13), "")


def test_asking_more_does_not_put_back_what_another_changed(
    asked: AvailabilityRequest, round_: Round, joutsa: Municipality, luhanka: Municipality, client: Client
) -> None:
    """The last day and the message are moved by another while the form is open; what is written in it counts."""
    here = url("round_availability_ask", round_)
    page = client.get(here).content.decode()
    at_first = dict(re.findall(r'<input type="hidden" name="(initial-\w+)" value="([^"]*)"', page))
    assert at_first == {"initial-answer_by": coming(14).isoformat(), "initial-message": "Tervetuloa."}
    AvailabilityInquiry.objects.update(answer_by=coming(20), message="Uusi")
    same = {"answer_by": coming(14).isoformat(), "message": "Tervetuloa."}
    assert client.post(here, form_of(round_, joutsa) | at_first | same).status_code == 302
    inquiry = AvailabilityInquiry.objects.get()
    assert (inquiry.answer_by, inquiry.message) == (coming(20), "Uusi")
    other = {"answer_by": coming(10).isoformat(), "message": "Oma"}
    assert client.post(here, form_of(round_, luhanka) | at_first | other).status_code == 302
    inquiry.refresh_from_db()
    assert (inquiry.answer_by, inquiry.message) == (coming(10), "Oma")


def test_the_page_tells_who_has_answered_what(
    round_: Round, slots: list[Slot], hankasalmi: Municipality, joutsa: Municipality, client: Client
) -> None:
    """By party and by slot, with words beside the signs; and as a file."""
    first, _second = ask(round_, hankasalmi, joutsa)
    place(make_negotiation(round_, [hankasalmi]), slots[0])
    answer(first, {slots[0].pk: Suits.NO, slots[1].pk: Suits.IF_NEED_BE}, "Maanantait eivät käy")
    page = client.get(url("round_availability", round_)).content.decode()
    for words in (
        "1 / 2 vastannut",
        "Muistuta 1 vastaamatonta",
        "Vastannut osaan",
        "Ei vielä vastausta",
        "Maanantait eivät käy",
        "ei sovi, osapuolen neuvottelu on tässä ajassa",
        "ei sovi, mutta neuvottelu on sijoitettu siihen.",
        "0 / 1 / 1",
    ):
        assert words in page, words
    rows = client.get(url("round_availability", round_), {"vie": "csv"}).content.decode("utf-8-sig").splitlines()
    assert len(rows) == 3
    assert rows[1].startswith('"Hankasalmi";') and rows[1].endswith('"ei sovi";"tarvittaessa";""')


def test_the_page_costs_the_same_for_one_party_and_for_three(
    round_: Round,
    slots: list[Slot],
    hankasalmi: Municipality,
    joutsa: Municipality,
    luhanka: Municipality,
    client: Client,
) -> None:
    """At most twelve queries."""
    counts = []
    for places in ([hankasalmi], [joutsa, luhanka]):
        for number, row in enumerate(ask(round_, *places)):
            negotiation = make_negotiation(round_, [places[number]])
            place(negotiation, make_slots(round_, 1, first=60 + negotiation.pk % 100)[0])
            answer(row, {slots[0].pk: Suits.NO, negotiation.slot_id: Suits.NO}, "Huomio")  # type: ignore[dict-item]
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url("round_availability", round_)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12, counts


def test_reminding_tells_how_many(
    asked: AvailabilityRequest, round_: Round, joutsa: Municipality, client: Client, mailoutbox: list[EmailMessage]
) -> None:
    """And why nobody was reminded, when nobody was."""
    remind = url("round_availability_remind", round_)
    assert "1 on saanut viestin alle vuorokausi sitten" in client.post(remind, follow=True).content.decode()
    backdate(asked)
    page = client.post(remind, follow=True).content.decode()
    assert "1 osapuolta muistutetaan." in page and "muistutettu" in page
    send_availability_letter(asked.county_id, asked.pk)
    assert len(mailoutbox) == 1
    AvailabilityInquiry.objects.update(answer_by=coming(-1))
    response = client.post(remind)
    assert response.status_code == 409
    assert url("round_availability", round_) in response.content.decode()
    assert "Muistuta" not in client.get(url("round_availability", round_)).content.decode()


def test_an_answer_that_came_by_phone_is_entered(
    asked: AvailabilityRequest, round_: Round, slots: list[Slot], coordinator: User, client: Client
) -> None:
    """With the same form; the page says who entered it."""
    here = url("round_availability_answer", asked)
    page = client.get(here).content.decode()
    assert "Vastaus: Hankasalmi" in page and "csrfmiddlewaretoken" in page
    filled = client.post(here, {field(slots[0]): NO, "tayta": "loput"}).content.decode()
    assert chosen_in(filled) == {field(slots[0]): NO, field(slots[1]): YES, field(slots[2]): YES}
    assert client.post(here, {"aika_1": YES}).status_code == 422
    done = client.post(here, {field(slots[0]): NO, field(slots[1]): YES, "note": "Soitti"}, follow=True)
    assert done.redirect_chain == [(url("round_availability", round_), 302)]
    assert "Vastaus tallennettiin: Hankasalmi." in done.content.decode()
    assert "kirjannut Coordinator" in done.content.decode()
    assert answers_of(asked) == {slots[0].pk: NO, slots[1].pk: YES}
    asked.refresh_from_db()
    assert asked.entered_by == coordinator
    AvailabilityInquiry.objects.update(answer_by=coming(-5))
    assert client.post(here, {field(slots[0]): YES}).status_code == 302
    with patch(
        "negotiations.planning.views.availability.answering.answer", side_effect=AvailabilityRequest.DoesNotExist
    ):
        gone = client.post(here, {field(slots[0]): YES, "note": "Kirjoitettu jo"})
    assert gone.status_code == 404 and "Kirjoitettu jo" in gone.content.decode()


def test_an_answer_by_the_link_is_not_overwritten_unseen(
    asked: AvailabilityRequest, slots: list[Slot], client: Client
) -> None:
    """The party answers while the coordinator has the form open."""
    here = url("round_availability_answer", asked)
    page = client.get(here).content.decode()
    answer(asked, {slots[0].pk: Suits.NO}, "Kokous")
    found = re.search(r'name="seen" value="([^"]+)"', page)
    assert found
    sent = {field(slots[0]): YES, "seen": found[1]}
    refused = client.post(here, sent)
    assert refused.status_code == 409 and "Vastaus on annettu sen jälkeen, kun avasit sivun" in refused.content.decode()
    assert answers_of(asked) == {slots[0].pk: NO}
    assert client.post(here, sent | {"seen": refused.context["seen"]}).status_code == 302
    assert answers_of(asked) == {slots[0].pk: YES}


def test_the_link_is_sent_again_to_another(
    asked: AvailabilityRequest, path: str, client: Client, mailoutbox: list[EmailMessage]
) -> None:
    """From its own page; the former link ends, and many letters in a short time are too many."""
    here = url("round_availability_send", asked)
    assert ADDRESS in client.get(here).content.decode()
    assert client.post(here, {"name": "", "email": ""}).status_code == 422
    done = client.post(here, {"name": "Sijainen", "email": "sijainen@example.fi"}, follow=True)
    assert "sijainen@example.fi" in done.content.decode()
    assert Client().get(path).status_code == 404
    mailed(asked, mailoutbox)
    assert mailoutbox[-1].to == ["sijainen@example.fi"]
    with patch("negotiations.planning.views.availability.SENT_AGAIN", "1/h/user"):
        data = {"name": "", "email": "b@example.fi"}
        assert [client.post(here, data).status_code for _time in range(2)] == [302, 409]
    assert Event.objects.filter(verb="availability_sent_again").count() == 2


def test_the_last_day_is_moved(asked: AvailabilityRequest, round_: Round, client: Client) -> None:
    """To a day that is to come and before the last of the times; an old one may stay while the message is changed."""
    here = url("round_availability_edit", round_)
    assert client.post(here, {"answer_by": coming(-1).isoformat(), "message": ""}).status_code == 422
    assert client.post(here, {"answer_by": coming(99).isoformat(), "message": ""}).status_code == 422
    long = client.post(here, {"answer_by": coming(20).isoformat(), "message": "x" * 2001})
    assert long.status_code == 422 and "Lyhennä" in long.content.decode()
    done = client.post(here, {"answer_by": coming(20).isoformat(), "message": "Uusi"}, follow=True)
    assert f"Vastauksia otetaan vastaan {weekday(20)} asti." in done.content.decode().replace("\xa0", " ")
    assert Event.objects.get(verb="availability_deadline_changed").payload["now"] == coming(20).isoformat()
    AvailabilityInquiry.objects.update(answer_by=coming(-3))
    assert client.post(here, {"answer_by": coming(-3).isoformat(), "message": "Vielä"}).status_code == 302
    assert AvailabilityInquiry.objects.get().message == "Vielä"


def test_a_party_is_taken_away_and_brought_back(
    asked: AvailabilityRequest, path: str, round_: Round, slots: list[Slot], client: Client
) -> None:
    """By the button on the page that follows; its link opens again, and it can be asked again instead."""
    answer(asked, {slots[0].pk: Suits.YES}, "Huomio")
    page = client.post(url("round_availability_withdraw", asked), follow=True).content.decode()
    assert "Hankasalmi poistettiin kyselystä" in page
    assert Client().get(path).status_code == 404
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token
    page = client.post(url("round_availability_restore", round_), {"token": token[1]}, follow=True).content.decode()
    assert "Hankasalmi on taas kyselyssä" in page
    assert Client().get(path).status_code == 200 and answers_of(asked) == {slots[0].pk: YES}
    assert client.post(url("round_availability_restore", round_), {"token": token[1]}).status_code == 409
    assert client.post(url("round_availability_restore", round_), {"token": "x"}).status_code == 409


NAMES = ("answer", "send", "withdraw")


@pytest.fixture
def elsewhere(keski_uusimaa: County, mantsala: Municipality) -> Iterator[AvailabilityRequest]:
    """A request of the other county."""
    with scopes_disabled():
        other = make_round(keski_uusimaa)
        inquiry = AvailabilityInquiry.objects.create(county=keski_uusimaa, round=other, answer_by=coming(14))
        yield AvailabilityRequest.objects.create(
            county=keski_uusimaa, inquiry=inquiry, municipality=mantsala, delete_after=coming(99)
        )


@pytest.mark.parametrize("name", NAMES)
def test_requests_of_another_county_are_unknown(name: str, elsewhere: AvailabilityRequest, client: Client) -> None:
    """As are ids of none."""
    for pk in (elsewhere.pk, 10**18):
        assert client.post(reverse(f"round_availability_{name}", args=["keski-suomi", pk])).status_code == 404
    assert AvailabilityRequest.objects.filter(pk=elsewhere.pk).count() == 1


def test_an_organisation_and_the_core_group_answer_as_municipalities_do(
    round_: Round, slots: list[Slot], in_scope: County, mailoutbox: list[EmailMessage], client: Client
) -> None:
    """Each by its own link, in the county's language."""
    organisation = make_organisation(in_scope, "Hankasalmen seurakunta")
    rows = asking.ask(round_, coming(14), "", [(f"o{organisation.pk}", "", "s@x.fi"), (COUNTY, "", "c@x.fi")], by=None)
    for row, name in zip(rows, ("Hankasalmen seurakunta", "Hyvinvointialueen ydinryhmä"), strict=True):
        path = reverse("availability_link", args=[mailed(row, mailoutbox)])
        assert name in mailoutbox[-1].subject
        assert name in Client().get(path).content.decode()
        assert Client().post(path, {field(slots[0]): NO}).status_code == 302
    assert read(round_).answered == {f"o{organisation.pk}", COUNTY}
    assert "Hyvinvointialueen ydinryhmä" in client.get(url("round_availability", round_)).content.decode()
