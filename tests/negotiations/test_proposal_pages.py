"""The page of the proposal: what it shows, taking it into use, taking it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from municipalities.models import County, Event, Municipality, User
from negotiations.demo.building import moment
from negotiations.models import (
    AvailabilityAnswer,
    AvailabilityInquiry,
    AvailabilityRequest,
    Negotiation,
    Round,
    Slot,
)
from negotiations.planning.availability import Suits
from negotiations.planning.rounds import fill
from negotiations.planning.views.proposal import first_day
from negotiations.planning.wishes import Wish, set_wish
from negotiations.sitting.conduct import convene
from tests.factories import make_municipality, make_negotiation, make_round

DAYS = (date(2024, 9, 26), date(2024, 9, 27), date(2024, 10, 3), date(2024, 10, 4))


def url(name: str, pk: int) -> str:
    """Return an address of the county."""
    return reverse(name, args=["keski-suomi", pk])


@pytest.fixture
def client(coordinator: User) -> Client:
    """The coordinator's."""
    signed_in = Client()
    signed_in.force_login(coordinator)
    return signed_in


def add_slots(round_: Round, *days: date) -> list[Slot]:
    """Give a round a slot on each day."""
    return [
        Slot.objects.create(
            county_id=round_.county_id, round=round_, starts_at=moment(day, 8, 15), ends_at=moment(day, 12)
        )
        for day in days
    ]


@pytest.fixture
def round_(
    in_scope: County, hankasalmi: Municipality, joutsa: Municipality, luhanka: Municipality, coordinator: User
) -> Round:
    """A past round of three municipalities with four slots; nothing has been placed."""
    made = make_round(in_scope, form=Round.Form.MUNICIPALITIES)
    add_slots(made, *DAYS)
    fill(made, by=coordinator)
    return made


def rows_of(round_: Round) -> dict[str, Negotiation]:
    """Return the negotiations of a round by title."""
    return {row.title: row for row in Negotiation.objects.filter(round=round_).select_related("slot")}


def days_of(round_: Round) -> dict[str, date | None]:
    """Return on which day each negotiation has a slot."""
    return {
        title: timezone.localdate(row.slot.starts_at) if row.slot else None for title, row in rows_of(round_).items()
    }


def answer(round_: Round, of: Municipality, **said: str) -> None:
    """Have a municipality answer of slots, by their order: s0="no"."""
    inquiry, _made = AvailabilityInquiry.objects.get_or_create(
        county_id=round_.county_id, round=round_, defaults={"answer_by": date(2024, 6, 1)}
    )
    asked, _made = AvailabilityRequest.objects.get_or_create(
        county_id=round_.county_id, inquiry=inquiry, municipality=of, defaults={"delete_after": date(2024, 12, 31)}
    )
    slots = list(Slot.objects.filter(round=round_).order_by("starts_at"))
    for name, suits in said.items():
        AvailabilityAnswer.objects.create(
            county_id=round_.county_id, request=asked, slot=slots[int(name[1:])], suits=Suits(suits)
        )


def use(client: Client, round_: Round, **options: Any) -> Any:
    """Take into use the proposal that the page shows now."""
    address = url("round_proposal", round_.pk)
    seal = client.get(address).context["proposal"].seal
    return client.post(address, {"seal": seal}, **options)


# --- Shown ----------------------------------------------------------------------------------------------------


def test_the_proposal_is_shown_by_date_with_how_each_suits_and_the_rest_with_why(
    round_: Round, hankasalmi: Municipality, joutsa: Municipality, coordinator: User, client: Client
) -> None:
    """Nothing is placed by looking."""
    answer(round_, hankasalmi, s0="no", s1="if_need_be", s2="yes", s3="yes")
    answer(round_, joutsa, s0="no", s1="no", s2="no", s3="no")
    set_wish(rows_of(round_)["Luhanka"], Wish(weekdays=frozenset({5})), by=coordinator)
    response = client.get(url("round_proposal", round_.pk))
    page = " ".join(response.content.decode().replace("\N{NO-BREAK SPACE}", " ").split())
    assert response.status_code == 200
    assert "Ajan saa 2 neuvottelua, ilman jää 1. Vapaaksi jää 2 aikaa." in page
    shown = [(row.title, row.timing.earliest, row.notes) for row in response.context["placed"]]
    assert shown == [
        ("Luhanka", date(2024, 9, 27), ("sopivuutta ei ole kysytty", "toiveen mukainen")),
        ("Hankasalmi", date(2024, 10, 3), ("sopii kaikille",)),
    ]
    assert "Yksikään 4 mahdollisesta ajasta ei sovi: Joutsa." in page
    ways = f'<a href="{url("round_availability", round_.pk)}">Kysy osapuolilta uudelleen'
    assert ways in page
    assert f'<a href="{url("round_slots", round_.pk)}">Lisää aikoja' in page
    assert set(days_of(round_).values()) == {None}
    # The board leads here.
    assert f'href="{url("round_proposal", round_.pk)}"' in client.get(url("round_board", round_.pk)).content.decode()


def test_what_there_is_to_think_of_is_beside_the_time(round_: Round, client: Client) -> None:
    """A public holiday is proposed where there is no other."""
    Slot.objects.filter(round=round_).delete()
    add_slots(round_, date(2024, 11, 2))
    (row,) = client.get(url("round_proposal", round_.pk)).context["placed"]
    assert row.warnings == ("pyhäpäivä",)


def test_a_wish_that_is_in_the_way_leads_to_the_wish(round_: Round, coordinator: User, client: Client) -> None:
    """With the negotiation's own page at its name."""
    row = rows_of(round_)["Luhanka"]
    set_wish(row, Wish(date(2024, 12, 1)), by=coordinator)
    page = client.get(url("round_proposal", round_.pk)).content.decode()
    assert "Toivottuina päivinä ei ole aikoja: aikaisintaan 1.12.2024." in page
    assert f'<a href="{url("negotiation_wish", row.pk)}">Muuta toivetta<span class="visually-hidden">: Luhanka' in page


def test_where_there_is_nothing_to_propose_it_says_so(round_: Round, in_scope: County, client: Client) -> None:
    """Each time with the way on, and without a button."""
    empty = make_round(in_scope, name="Tyhjä")
    page = client.get(url("round_proposal", empty.pk)).content.decode()
    assert "Kierroksella ei ole vielä neuvotteluja." in page
    assert f'href="{url("round_fill", empty.pk)}"' in page
    use(client, round_)
    page = client.get(url("round_proposal", round_.pk)).content.decode()
    assert "Kierroksen jokaisella suunnitellulla neuvottelulla on aika." in page
    assert "Ota ehdotus käyttöön" not in page
    Slot.objects.filter(round=round_, negotiation=None).delete()
    without = make_negotiation(round_, [], slot=None, precision="month", starts_at=None, ends_at=None)
    page = client.get(url("round_proposal", round_.pk)).content.decode()
    assert "Ota ehdotus käyttöön" not in page
    assert without.title in page


def test_times_from_tomorrow_on_are_proposed_unless_the_whole_round_is_past(round_: Round) -> None:
    """What was long ago is proposed only where it is being recorded."""
    assert first_day(round_, date(2024, 12, 2)) is None
    assert first_day(round_, date(2024, 12, 1)) == date(2024, 12, 2)
    assert first_day(round_, date(2024, 9, 26)) == date(2024, 9, 27)


def test_a_round_known_only_as_a_plan_is_refused(round_: Round, client: Client) -> None:
    """Nothing is moved in it."""
    Round.objects.filter(pk=round_.pk).update(plan_as_of=date(2024, 8, 15))
    for response in (client.get(url("round_proposal", round_.pk)), client.post(url("round_proposal", round_.pk))):
        assert response.status_code == 409
        assert url("round_board", round_.pk) in response.content.decode()
    assert set(days_of(round_).values()) == {None}


# --- Taken into use -------------------------------------------------------------------------------------------


def test_the_proposal_is_taken_into_use_as_it_was_shown(round_: Round, client: Client, coordinator: User) -> None:
    """Each gets its slot and its time, and each move is in the log of its negotiation."""
    response = use(client, round_, follow=True)
    assert response.redirect_chain == [(url("round_board", round_.pk), 302)]
    assert "3 neuvottelua sai ehdotetun ajan." in response.content.decode()
    assert days_of(round_) == {"Hankasalmi": DAYS[0], "Joutsa": DAYS[1], "Luhanka": DAYS[2]}
    for row in rows_of(round_).values():
        assert row.slot is not None
        assert (row.precision, row.starts_at, row.state) == ("minute", row.slot.starts_at, "planned")
        placed = Event.objects.get(subject_id=row.pk, verb="placed")
        assert placed.user == coordinator


def test_what_has_a_time_stays(round_: Round, client: Client) -> None:
    """A placed one, and one at a time of its own."""
    rows, slots = rows_of(round_), list(Slot.objects.filter(round=round_))
    fixed = rows["Luhanka"]
    fixed.slot, fixed.precision = slots[0], "minute"
    fixed.starts_at, fixed.ends_at = slots[0].starts_at, slots[0].ends_at
    fixed.earliest = fixed.latest = DAYS[0]
    fixed.save()
    own = rows["Joutsa"]
    own.precision, own.starts_at, own.ends_at = "minute", moment(DAYS[1], 13), moment(DAYS[1], 15)
    own.earliest = own.latest = DAYS[1]
    own.save()
    use(client, round_)
    assert days_of(round_) == {"Hankasalmi": DAYS[1], "Joutsa": None, "Luhanka": DAYS[0]}
    own.refresh_from_db()
    assert own.starts_at == moment(DAYS[1], 13)


def test_where_something_has_changed_nothing_is_placed_and_a_new_one_is_shown(
    round_: Round, hankasalmi: Municipality, client: Client
) -> None:
    """With 409 and in words; the new one can be taken into use as it is."""
    address = url("round_proposal", round_.pk)
    seal = client.get(address).context["proposal"].seal
    # The same times, but one of them suits less well than the page said.
    answer(round_, hankasalmi, s0="if_need_be", s1="no", s2="no", s3="no")
    refused = client.post(address, {"seal": seal})
    assert refused.status_code == 409
    page = refused.content.decode()
    assert "Jokin on muuttunut sen jälkeen, kun avasit sivun, joten mitään ei sijoitettu." in page
    assert "tarvittaessa: Hankasalmi" in page
    assert set(days_of(round_).values()) == {None}
    assert client.post(address, {"seal": refused.context["proposal"].seal}).status_code == 302
    assert days_of(round_)["Hankasalmi"] == DAYS[0]


@pytest.mark.parametrize("sent", [{}, {"seal": ""}, {"seal": "x" * 9000}, {"seal": "a\x00b"}, {"seal": ["1", "2"]}])
def test_a_form_that_somebody_has_tampered_with_places_nothing(
    sent: dict[str, Any], round_: Round, client: Client
) -> None:
    """Whatever it says."""
    assert client.post(url("round_proposal", round_.pk), sent).status_code == 409
    assert set(days_of(round_).values()) == {None}


def test_a_second_press_does_nothing_more(round_: Round, client: Client) -> None:
    """The page then has nothing to propose."""
    address = url("round_proposal", round_.pk)
    seal = client.get(address).context["proposal"].seal
    assert client.post(address, {"seal": seal}).status_code == 302
    assert client.post(address, {"seal": seal}).status_code == 409
    assert Event.objects.filter(verb="placed").count() == 3


# --- Taken back -----------------------------------------------------------------------------------------------


def undo(client: Client, response: Any) -> Any:
    """Press the button that the page after taking into use offers."""
    offered = response.context["undo"]
    return client.post(offered.url, {"token": offered.token}, follow=True)


def test_the_whole_proposal_is_taken_back(round_: Round, client: Client) -> None:
    """Each is as it was before, also one of which only the day was known."""
    by_day = rows_of(round_)["Joutsa"]
    by_day.precision, by_day.earliest, by_day.latest = "day", DAYS[3], DAYS[3]
    by_day.save()
    former = {row.pk: (row.precision, row.earliest, row.latest, row.mode) for row in rows_of(round_).values()}
    response = use(client, round_, follow=True)
    assert days_of(round_)["Joutsa"] == DAYS[3]
    page = undo(client, response).content.decode()
    assert "3 neuvottelun ajat peruttiin." in page
    assert set(days_of(round_).values()) == {None}
    now = {row.pk: (row.precision, row.earliest, row.latest, row.mode) for row in rows_of(round_).values()}
    assert now == former


def test_what_has_been_moved_or_convened_since_stays(round_: Round, client: Client, coordinator: User) -> None:
    """The rest is taken back, and it is told how many were left."""
    response = use(client, round_, follow=True)
    convene(rows_of(round_)["Hankasalmi"], by=coordinator)
    moved, spare = rows_of(round_)["Joutsa"], Slot.objects.get(round=round_, negotiation=None)
    client.post(
        url("round_board_place", round_.pk), {"negotiation": moved.pk, "slot": spare.pk, "expected": moved.slot_id}
    )
    assert days_of(round_)["Joutsa"] == DAYS[3]
    page = undo(client, response).content.decode()
    assert "1 neuvottelun aika peruttiin." in page
    assert "2 neuvottelua on sen jälkeen siirretty tai kutsuttu koolle" in page
    assert days_of(round_) == {"Hankasalmi": DAYS[0], "Joutsa": DAYS[3], "Luhanka": None}
    again = undo(client, response)
    assert again.status_code == 409
    assert "peruttavaa ei ole" in again.content.decode()


def test_an_undo_of_another_round_is_refused(round_: Round, in_scope: County, client: Client) -> None:
    """What it takes back is signed for its own address."""
    offered = use(client, round_, follow=True).context["undo"]
    other = make_round(in_scope, name="Toinen")
    assert client.post(url("round_proposal_undo", other.pk), {"token": offered.token}).status_code == 409
    assert None not in days_of(round_).values()


# --- Its cost -------------------------------------------------------------------------------------------------


def test_three_times_as_much_costs_as_many_queries(
    round_: Round, keski_suomi: County, hankasalmi: Municipality, client: Client, client_for: Callable[..., Client]
) -> None:
    """And no more than a list may."""
    answer(round_, hankasalmi, s0="no")
    address = url("round_proposal", round_.pk)
    client.get(address)

    def cost() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            response = client.get(address)
        assert response.status_code == 200
        return len(queries), len(response.content)

    few, short = cost()
    for number in range(6):
        town = make_municipality(keski_suomi, f"8{number:02d}", f"Kunta {number}")
        add_slots(round_, DAYS[-1] + timedelta(days=7 * (number + 1)))
        answer(round_, town, **{f"s{n}": "yes" if n % 2 else "no" for n in range(4)})
    fill(round_, by=None)
    many, long = cost()
    assert long > short
    assert many == few <= 12
