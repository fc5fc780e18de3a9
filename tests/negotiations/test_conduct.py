"""The state of a negotiation: every state x every move, and what each move asks and leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from municipalities.models import County, Event, Municipality, User
from municipalities.moves import NotAllowedNow
from negotiations.demo.building import moment
from negotiations.log import log_of
from negotiations.minutes.checking import open_minutes
from negotiations.models import Cancellation, LegalBasis, Negotiation, Part, Party, Postponement, Round, Slot
from negotiations.planning.negotiations import remove
from negotiations.planning.timing import Precision, Timing
from negotiations.sitting.conduct import MOVES, cancel, convene, hold, postpone, reinstate, take_back
from tests.factories import BOTH, make_held, make_negotiation, make_round
from tests.negotiations.test_negotiations import ClientFor, slot_of, text_of, url

State = Negotiation.State
ANOTHER = Timing(Precision.DAY, date(2024, 11, 5), date(2024, 11, 5))


def reach(state: State, negotiation: Negotiation, by: User) -> Negotiation:
    """Take a planned negotiation to a state through its moves."""
    if state in {State.CONVENED, State.HELD}:
        negotiation = convene(negotiation, by=by)
    if state == State.HELD:
        negotiation = hold(negotiation, by=by)
    if state == State.CANCELLED:
        negotiation = cancel(negotiation, reason="Sairastuminen", by=by)
    return negotiation


DO: dict[str, Callable[[Negotiation, User], Negotiation]] = {
    "convene": lambda negotiation, by: convene(negotiation, by=by),
    "hold": lambda negotiation, by: hold(negotiation, by=by),
    "postpone": lambda negotiation, by: postpone(negotiation, timing=ANOTHER, reason="Lumipyry", by=by),
    "cancel": lambda negotiation, by: cancel(negotiation, reason="Lumipyry", by=by),
    "reinstate": lambda negotiation, by: reinstate(negotiation, by=by),
    "take_back": lambda negotiation, by: take_back(negotiation, by=by),
}
# What the browser sends to make each move.
SENT: dict[str, dict[str, str]] = {
    "hold": {"day": "26.9.2024", "starts": "8.15", "ends": "12.00"},
    "postpone": {"reason": "Lumipyry", "known": "day", "day": "5.11.2024"},
    "cancel": {"reason": "Lumipyry"},
}


def test_every_move_is_in_the_table() -> None:
    """The table below tries every move there is."""
    assert set(DO) == set(MOVES)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("move", list(MOVES))
def test_state_and_move(in_scope: County, coordinator: User, hankasalmi: Municipality, state: State, move: str) -> None:
    """A legal move leads where the table says and leaves an event; another is refused and changes nothing."""
    negotiation = reach(state, make_negotiation(make_round(in_scope), [hankasalmi]), coordinator)
    events = Event.objects.count()
    sources, target = MOVES[move]
    if state in sources:
        assert DO[move](negotiation, coordinator).state == target
        assert Negotiation.objects.get().state == target
        assert Event.objects.count() == events + 1
    else:
        with pytest.raises(NotAllowedNow):
            DO[move](negotiation, coordinator)
        assert Negotiation.objects.get().state == state
        assert Event.objects.count() == events


def test_a_negotiation_known_to_the_month_cannot_be_convened(in_scope: County, hankasalmi: Municipality) -> None:
    """Its day must be known first."""
    negotiation = make_negotiation(
        make_round(in_scope),
        [hankasalmi],
        precision=Negotiation.Precision.MONTH,
        earliest=date(2023, 3, 1),
        latest=date(2023, 4, 30),
        starts_at=None,
        ends_at=None,
    )
    with pytest.raises(NotAllowedNow):
        convene(negotiation, by=None)


@pytest.mark.parametrize("lacking", ["parties", "parts"])
def test_nobody_is_invited_to_nothing(in_scope: County, hankasalmi: Municipality, lacking: str) -> None:
    """A negotiation has a legal basis and someone to negotiate with."""
    members = [] if lacking == "parties" else [hankasalmi]
    bases = () if lacking == "parts" else (LegalBasis.WELFARE,)
    with pytest.raises(NotAllowedNow):
        convene(make_negotiation(make_round(in_scope), members, bases=bases), by=None)


def test_who_stayed_away_has_not_taken_part(in_scope: County, hankasalmi: Municipality, joutsa: Municipality) -> None:
    """The municipality that came took part; the one that did not is marked so."""
    negotiation = convene(make_negotiation(make_round(in_scope), [hankasalmi, joutsa]), by=None)
    hold(negotiation, by=None, stayed_away=[negotiation.parties.get(municipality=joutsa)])
    participation = dict(Party.objects.values_list("municipality__area__name_fi", "participation"))
    assert participation == {None: "took_part", "Hankasalmi": "took_part", "Joutsa": "stayed_away"}


def test_a_part_that_was_not_dealt_with_discharges_nothing(in_scope: County, hankasalmi: Municipality) -> None:
    """Only the duty that was dealt with counts."""
    negotiation = convene(make_negotiation(make_round(in_scope), [hankasalmi], bases=BOTH), by=None)
    hold(negotiation, by=None, not_dealt_with=[negotiation.parts.get(legal_basis=LegalBasis.COOPERATION)])
    assert dict(Part.objects.values_list("legal_basis", "dealt_with")) == {
        LegalBasis.COOPERATION: False,
        LegalBasis.WELFARE: True,
    }


def test_a_negotiation_of_nothing_or_with_nobody_was_not_held(in_scope: County, hankasalmi: Municipality) -> None:
    """It is to be cancelled instead, and nothing is changed by the refusal."""
    negotiation = convene(make_negotiation(make_round(in_scope), [hankasalmi]), by=None)
    with pytest.raises(NotAllowedNow):
        hold(negotiation, by=None, not_dealt_with=list(negotiation.parts.all()))
    with pytest.raises(NotAllowedNow):
        hold(negotiation, by=None, stayed_away=list(negotiation.parties.exclude(municipality=None)))
    assert set(Party.objects.values_list("participation", flat=True)) == {"invited"}


def test_cancelling_asks_for_a_reason_and_frees_the_slot(in_scope: County, hankasalmi: Municipality) -> None:
    """Another negotiation can take the time."""
    round_ = make_round(in_scope)
    negotiation = make_negotiation(round_, [hankasalmi])
    assert negotiation.starts_at is not None and negotiation.ends_at is not None
    slot = Slot.objects.create(
        county=in_scope, round=round_, starts_at=negotiation.starts_at, ends_at=negotiation.ends_at
    )
    negotiation.slot = slot
    negotiation.save()
    with pytest.raises(NotAllowedNow):
        cancel(negotiation, reason=" ", by=None)
    cancel(negotiation, reason="Ei päätösvaltainen", by=None)
    assert make_negotiation(round_, [hankasalmi], slot=slot).slot == slot


def test_history_is_entered_with_its_own_time(in_scope: County, coordinator: User, hankasalmi: Municipality) -> None:
    """`at` is when it happened; when it was recorded is kept too."""
    negotiation = make_held(make_round(in_scope), [hankasalmi], by=coordinator)
    event = Event.objects.get(verb="held", subject_id=negotiation.pk)
    assert event.user == coordinator
    assert event.subject == "negotiations.negotiation"


# --- Back, and to another time --------------------------------------------------------------------------------


@pytest.fixture
def round_(in_scope: County) -> Round:
    """A round of autumn 2024."""
    return make_round(in_scope)


@pytest.fixture
def client(coordinator: User, client_for: ClientFor) -> Client:
    """The coordinator's."""
    return client_for(coordinator)


def test_a_postponed_negotiation_is_planned_again(round_: Round, hankasalmi: Municipality) -> None:
    """Its former time and the reason are kept, its slot is free, and the parties are to be invited anew."""
    slot, later_slot = slot_of(round_), slot_of(round_, date(2024, 11, 7))
    timing = Timing.in_slot(slot)
    row = make_negotiation(round_, [hankasalmi], slot=slot, day=timing.earliest)
    moved = postpone(
        convene(row, by=None), timing=Timing.in_slot(later_slot), slot=later_slot, reason=" Flunssa ", by=None
    )
    assert (moved.state, moved.slot, moved.starts_at) == (State.PLANNED, later_slot, later_slot.starts_at)
    kept = Postponement.objects.get()
    assert (kept.reason, Timing.of(kept)) == ("Flunssa", timing)
    assert Slot.objects.filter(negotiation=None).get() == slot
    months = Timing.in_months(date(2024, 10, 1), date(2024, 12, 1))
    assert Timing.of(postpone(moved, timing=months, reason="Aikaa ei löydy", by=None)) == months
    assert Slot.objects.filter(negotiation=None).count() == 2
    payload = Event.objects.filter(verb="postponed").latest("pk").payload
    assert Timing.from_json(payload["now"]) == months
    assert "Flunssa" not in str(payload)


def test_postponing_asks_for_a_reason_and_another_time(round_: Round, hankasalmi: Municipality) -> None:
    """Otherwise nothing is changed."""
    row = make_negotiation(round_, [hankasalmi])
    with pytest.raises(NotAllowedNow):
        postpone(row, timing=ANOTHER, reason=" ", by=None)
    with pytest.raises(NotAllowedNow):
        postpone(row, timing=Timing.of(row), reason="Flunssa", by=None)
    assert not Postponement.objects.exists()


def test_a_negotiation_to_come_has_not_been_held(round_: Round, hankasalmi: Municipality) -> None:
    """Not even entered as history; from its day on it can be."""
    tomorrow = timezone.localdate() + timedelta(days=1)
    row = convene(make_negotiation(round_, [hankasalmi], day=tomorrow), by=None)
    with pytest.raises(NotAllowedNow):
        hold(row, by=None)
    assert hold(row, by=None, at=moment(tomorrow, 12)).state == State.HELD


def test_when_it_was_really_held(round_: Round, hankasalmi: Municipality) -> None:
    """Another time than the planned one is kept, and the slot is free."""
    slot = slot_of(round_)
    row = convene(make_negotiation(round_, [hankasalmi], slot=slot, day=date(2024, 10, 3)), by=None)
    held = hold(row, by=None, timing=Timing.at_clock(date(2024, 10, 3), time(9), time(11, 30)))
    held.refresh_from_db()
    assert (held.starts_at, held.slot) == (moment(date(2024, 10, 3), 9), None)
    same = convene(make_negotiation(round_, [hankasalmi], slot=slot, day=date(2024, 10, 3)), by=None)
    assert hold(same, by=None, timing=Timing.in_slot(slot)).slot == slot


def test_a_cancelled_negotiation_comes_back_to_its_slot_if_that_is_free(
    round_: Round, hankasalmi: Municipality
) -> None:
    """Otherwise it has its time, and no slot."""
    slot = slot_of(round_)
    row = make_negotiation(round_, [hankasalmi], slot=slot, day=date(2024, 10, 3))
    back = reinstate(cancel(row, reason="Flunssa", by=None), by=None)
    assert (back.state, back.state_reason, back.slot) == (State.PLANNED, "", slot)
    cancel(back, reason="Flunssa", by=None)
    make_negotiation(round_, [hankasalmi], slot=slot, day=date(2024, 10, 3))
    again = reinstate(back, by=None)
    assert (again.slot, again.starts_at) == (None, slot.starts_at)


def test_why_it_was_cancelled_is_told_also_when_it_has_been_taken_back(
    round_: Round, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    """Each time with its own reason; and what has been called off once is not removed without a trace."""
    row = make_negotiation(round_, [hankasalmi])
    for reason in ("Kunta perui.", "Sali on varattu."):
        cancel(row, reason=reason, by=None)
        reinstate(row, by=None)
    with translation.override("fi"):
        told = [happened.words for happened in log_of([row])]
        assert [words for words in told if "perui neuvottelun" in words] == [
            "Järjestelmä perui neuvottelun: Kunta perui.",
            "Järjestelmä perui neuvottelun: Sali on varattu.",
        ]
        with pytest.raises(NotAllowedNow, match="perumiset"):
            remove(row, by=None)
    payload = Event.objects.filter(verb="cancelled").latest("pk").payload
    assert "Sali" not in str(payload), "an event keeps no texts"
    # Of one that was cancelled before reasons were kept, the reason is not known.
    other = cancel(make_negotiation(round_, [joutsa]), reason="Flunssa", by=None)
    Cancellation.objects.filter(negotiation=other).delete()
    with translation.override("fi"):
        assert log_of([other])[-1].words == "Järjestelmä perui neuvottelun."


def test_held_is_taken_back_until_the_minutes_are_begun(
    round_: Round, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    """The parties are invited again, and no duty is discharged."""
    row = convene(make_negotiation(round_, [hankasalmi, joutsa]), by=None)
    held = hold(row, by=None, stayed_away=[row.parties.get(municipality=joutsa)])
    assert take_back(held, by=None).state == State.CONVENED
    assert set(Party.objects.values_list("participation", flat=True)) == {"invited"}
    assert set(Part.objects.values_list("dealt_with", flat=True)) == {False}
    open_minutes(hold(held, by=None), by=None)
    with pytest.raises(NotAllowedNow):
        take_back(held, by=None)


# --- In the browser -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("move", list(MOVES))
def test_each_move_in_the_browser(
    round_: Round, hankasalmi: Municipality, coordinator: User, client: Client, state: State, move: str
) -> None:
    """It is offered where it is legal, and made; elsewhere it is not offered, and refused with words."""
    row = reach(state, make_negotiation(round_, [hankasalmi]), coordinator)
    address, page = url(f"negotiation_{move}", row.pk), url("negotiation", row.pk)
    sources, target = MOVES[move]
    assert (f'"{address}"' in text_of(client.get(page))) == (state in sources)
    response = client.post(address, SENT.get(move, {}))
    row.refresh_from_db()
    if state in sources:
        assert response.headers["Location"] == page
        assert row.state == target
    else:
        assert response.status_code == 409
        assert page in text_of(response)
        assert row.state == state


def test_holding_in_the_browser(round_: Round, hankasalmi: Municipality, joutsa: Municipality, client: Client) -> None:
    """Who stayed away, and what was not dealt with; and what cannot have been is told at its field."""
    row = convene(make_negotiation(round_, [hankasalmi, joutsa], bases=BOTH), by=None)
    address = url("negotiation_hold", row.pk)
    parties = {party.name: party.pk for party in row.parties.all()}
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    both = [parties["Hankasalmi"], parties["Joutsa"]]
    skipped = row.parts.get(legal_basis=LegalBasis.COOPERATION)
    for wrong, field in (
        ({"day": tomorrow}, "day"),
        ({"day": ""}, "day"),
        ({"ends": ""}, "ends"),
        ({"ends": "8.00"}, "ends"),
        ({"day": "25.10.2026", "starts": "3.30"}, "starts"),
        ({"stayed_away": both}, "stayed_away"),
        ({"stayed_away": [parties[str(round_.county)]]}, "stayed_away"),
        ({"not_dealt_with": [part.pk for part in row.parts.all()]}, "not_dealt_with"),
    ):
        refused = client.post(address, SENT["hold"] | wrong)
        assert refused.status_code == 422
        assert f'id="id_{field}_error"' in text_of(refused)
    client.post(address, SENT["hold"] | {"stayed_away": [parties["Joutsa"]], "not_dealt_with": [skipped.pk]})
    row.refresh_from_db()
    assert row.state == State.HELD
    assert row.parties.get(municipality=joutsa).participation == "stayed_away"
    assert [part.dealt_with for part in row.parts.all()] == [False, True]


def test_a_day_without_clock_times_was_held_on_that_day(
    round_: Round, hankasalmi: Municipality, client: Client
) -> None:
    """Of a negotiation known to some days, the day is told when it was held."""
    days: dict[str, Any] = {"precision": "day", "earliest": date(2024, 10, 1), "latest": date(2024, 10, 9)}
    row = convene(make_negotiation(round_, [hankasalmi], starts_at=None, ends_at=None, **days), by=None)
    client.post(url("negotiation_hold", row.pk), {"day": "4.10.2024"})
    row.refresh_from_db()
    assert (row.state, row.earliest, row.latest) == (State.HELD, date(2024, 10, 4), date(2024, 10, 4))


def test_postponing_in_the_browser(round_: Round, hankasalmi: Municipality, client: Client) -> None:
    """To a free slot, or to some time of the round; the page tells what it was and why."""
    row = convene(make_negotiation(round_, [hankasalmi]), by=None)
    slot = slot_of(round_)
    address = url("negotiation_postpone", row.pk)
    assert "kutsuttava uudelleen" in text_of(client.get(address))
    for wrong, field in (
        ({"reason": " "}, "reason"),
        ({"known": "minute"}, "day"),
        ({"known": "minute", "day": "26.9.2024", "starts": "8.15", "ends": "12.00"}, "known"),
        ({"slot": "0", "known": "minute"}, "slot"),
    ):
        refused = client.post(address, {"reason": "Flunssa"} | wrong)
        assert refused.status_code == 422
        assert f'id="id_{field}_error"' in text_of(refused)
    client.post(address, {"reason": "Flunssa", "known": "minute", "slot": slot.pk})
    row.refresh_from_db()
    assert (row.state, row.slot) == (State.PLANNED, slot)
    page = text_of(client.get(url("negotiation", row.pk))).replace("\N{NO-BREAK SPACE}", " ").replace("\u2060", "")
    assert "piti olla to 26.9.2024 klo 8.15–12.00, vko 39: Flunssa" in page
    client.post(address, {"reason": "Ei löydy aikaa", "known": "unknown"})
    row.refresh_from_db()
    assert (row.precision, row.slot) == ("month", None)
    assert round_.starts_on <= row.latest


def test_a_negotiation_outside_rounds_is_not_postponed_to_sometime(
    round_: Round, hankasalmi: Municipality, client: Client
) -> None:
    """There is no span in which it would be."""
    row = make_negotiation(round_, [hankasalmi])
    Negotiation.objects.filter(pk=row.pk).update(round=None)
    address = url("negotiation_postpone", row.pk)
    assert 'value="unknown"' not in text_of(client.get(address))
    assert client.post(address, {"reason": "Flunssa", "known": "unknown"}).status_code == 422


def test_inviting_says_what_is_missing(round_: Round, client: Client) -> None:
    """On the page before one tries, and to those who try all the same."""
    row = make_negotiation(round_, [], bases=())
    page = text_of(client.get(url("negotiation", row.pk)))
    assert "ei vielä ole lakiperustetta" in page
    assert "ei vielä ole osapuolia" in page
    assert url("negotiation_convene", row.pk) not in page
    assert client.post(url("negotiation_convene", row.pk)).status_code == 409


def test_a_reinstated_negotiation_without_its_slot_is_warned_of(
    round_: Round, hankasalmi: Municipality, client: Client
) -> None:
    """Its time has been given to another."""
    slot = slot_of(round_)
    row = cancel(make_negotiation(round_, [hankasalmi], slot=slot, day=date(2024, 10, 3)), reason="Flunssa", by=None)
    make_negotiation(round_, [hankasalmi], slot=slot, day=date(2024, 10, 3))
    page = text_of(client.post(url("negotiation_reinstate", row.pk), follow=True))
    assert "annettu toiselle neuvottelulle" in page
