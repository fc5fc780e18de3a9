"""Moves on the planning board: who may be moved where, what was seen, changing places, undoing, and two at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from municipalities.models import County, Event, Municipality, User
from municipalities.moves import NotAllowedNow
from negotiations.demo.building import moment
from negotiations.log import log_of
from negotiations.minutes.checking import open_minutes
from negotiations.models import Negotiation, Round, Slot
from negotiations.planning.board import Was, place, place_all, take_back, take_off
from negotiations.planning.timing import Timing
from negotiations.sitting.conduct import cancel, convene, hold
from tests.factories import make_municipality, make_negotiation, make_round

State, Mode = Negotiation.State, Negotiation.Mode
FIRST = date(2024, 9, 5)
MONTHS = Timing.in_months(date(2024, 9, 1), date(2024, 12, 1))


@dataclass(frozen=True)
class Laid:
    """A round with four weekly slots, and what is on its board."""

    round: Round
    slots: list[Slot]
    # In the first slot, in the second one, and without a time.
    first: Negotiation
    second: Negotiation
    loose: Negotiation


def make_slots(round_: Round, count: int, *, first: date = FIRST) -> list[Slot]:
    """Make morning slots, a week from each other."""
    days = [first + timedelta(weeks=number) for number in range(count)]
    return [
        Slot.objects.create(
            county_id=round_.county_id, round=round_, starts_at=moment(day, 8, 15), ends_at=moment(day, 12)
        )
        for day in days
    ]


def make_unplaced(round_: Round, municipality: Municipality, **fields: Any) -> Negotiation:
    """Make a planned negotiation of which only the months of the round are known."""
    values: dict[str, Any] = {
        "precision": MONTHS.precision,
        "earliest": MONTHS.earliest,
        "latest": MONTHS.latest,
        "starts_at": None,
        "ends_at": None,
        "mode": Mode.UNKNOWN,
    }
    return make_negotiation(round_, [municipality], items=0, **(values | fields))


def make_in(round_: Round, municipality: Municipality, slot: Slot) -> Negotiation:
    """Make a planned negotiation that is in a slot."""
    return make_negotiation(round_, [municipality], items=0, slot=slot, day=Timing.in_slot(slot).earliest)


@pytest.fixture
def laid(in_scope: County, hankasalmi: Municipality, joutsa: Municipality, luhanka: Municipality) -> Laid:
    """A board with two placed and one without a time."""
    round_ = make_round(in_scope, form=Round.Form.MUNICIPALITIES)
    slots = make_slots(round_, 4)
    return Laid(
        round_,
        slots,
        make_in(round_, hankasalmi, slots[0]),
        make_in(round_, joutsa, slots[1]),
        make_unplaced(round_, luhanka),
    )


def at(negotiation: Negotiation) -> tuple[int | None, Timing]:
    """Return the slot and the time that a negotiation has in the database."""
    row = Negotiation.objects.get(pk=negotiation.pk)
    return row.slot_id, Timing.of(row)


def in_(slot: Slot) -> tuple[int, Timing]:
    """Return what `at` gives for a negotiation in the slot."""
    return slot.pk, Timing.in_slot(slot)


def refused(words: str) -> AbstractContextManager[object]:
    """Expect a refusal that says this."""
    return pytest.raises(NotAllowedNow, match=words)


def events(negotiation: Negotiation) -> list[str]:
    """Return what has happened to a negotiation."""
    rows = Event.objects.filter(subject="negotiations.negotiation", subject_id=negotiation.pk)
    return list(rows.order_by("pk").values_list("verb", flat=True))


# --- Placed and taken off -------------------------------------------------------------------------------------


def test_a_negotiation_is_given_a_slot_and_taken_off_it(laid: Laid, coordinator: User) -> None:
    """It has the slot's time, then only the months of the round; the log tells both."""
    move = place(laid.loose, laid.slots[2], expected=None, by=coordinator)
    assert at(laid.loose) == in_(laid.slots[2])
    assert (move.swapped, move.negotiation.slot_id) == (None, laid.slots[2].pk)
    take_off(laid.loose, expected=laid.slots[2].pk, by=coordinator)
    assert at(laid.loose) == (None, MONTHS)
    assert events(laid.loose) == ["placed", "taken_off"]
    placed, off = (happened.words for happened in log_of([laid.loose]))
    assert "syys–joulukuu 2024 ja on nyt to\N{NO-BREAK SPACE}19.9.2024" in placed
    assert "otti neuvottelun pois ajaltaan" in off
    assert "19.9.2024" in off


@pytest.mark.parametrize(
    ("own", "of_rule", "then"),
    [
        (Mode.UNKNOWN, "hybrid", Mode.HYBRID),
        (Mode.ON_SITE, "hybrid", Mode.ON_SITE),
        (Mode.UNKNOWN, "", Mode.UNKNOWN),
    ],
)
def test_the_mode_of_the_rule_is_taken_where_its_own_is_not_known(
    own: str, of_rule: str, then: str, laid: Laid, coordinator: User
) -> None:
    """And given back with an undo."""
    laid.round.slot_rule = {"mode": of_rule} if of_rule else None
    laid.round.save()
    Negotiation.objects.filter(pk=laid.loose.pk).update(mode=own)
    move = place(laid.loose, laid.slots[2], expected=None, by=coordinator)
    assert Negotiation.objects.get(pk=laid.loose.pk).mode == then
    take_back(move.back, by=coordinator)
    assert Negotiation.objects.get(pk=laid.loose.pk).mode == own


def test_a_time_of_its_own_is_left_for_a_slot_and_comes_back_with_an_undo(laid: Laid, coordinator: User) -> None:
    """To the minute; also a day alone can be taken off."""
    own = Timing.at_clock(date(2024, 10, 16), time(13), time(15))
    own.put_on(laid.loose)
    laid.loose.save()
    move = place(laid.loose, laid.slots[2], expected=None, by=coordinator)
    assert at(laid.loose) == in_(laid.slots[2])
    again = take_back(move.back, by=coordinator)
    assert at(laid.loose) == (None, own)
    take_back(again, by=coordinator)
    assert at(laid.loose) == in_(laid.slots[2])
    take_off(laid.loose, expected=laid.slots[2].pk, by=coordinator)
    Timing("day", FIRST, FIRST).put_on(laid.loose)
    laid.loose.slot = None
    laid.loose.save()
    take_off(laid.loose, expected=None, by=coordinator)
    assert at(laid.loose) == (None, MONTHS)


def _convened(negotiation: Negotiation, by: User) -> None:
    convene(negotiation, by=by)


def _held(negotiation: Negotiation, by: User) -> None:
    convene(negotiation, by=by)
    hold(negotiation, by=by)


def _cancelled(negotiation: Negotiation, by: User) -> None:
    cancel(negotiation, reason="Ei ehditä.", by=by)


FIXED = [
    (_convened, "on jo kutsuttu osapuolet"),
    (_held, "on pidetty"),
    (_cancelled, "on peruttu"),
]
MOVES: dict[str, Callable[[Laid, User], object]] = {
    "place": lambda laid, by: place(laid.first, laid.slots[2], expected=at(laid.first)[0], by=by),
    "swap onto it": lambda laid, by: place(
        laid.second, laid.slots[0], expected=laid.slots[1].pk, occupant=laid.first.pk, by=by
    ),
    "take_off": lambda laid, by: take_off(laid.first, expected=at(laid.first)[0], by=by),
    "place_all": lambda laid, by: place_all(laid.round, {laid.first.pk: laid.slots[2].pk}, by=by),
}


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize(("reach", "words"), FIXED)
def test_only_what_is_planned_moves(
    move: str, reach: Callable[[Negotiation, User], None], words: str, laid: Laid, coordinator: User
) -> None:
    """Every other state is refused by every move, in words, and nothing changes."""
    reach(laid.first, coordinator)
    before = [at(row) for row in (laid.first, laid.second, laid.loose)]
    with refused(words):
        MOVES[move](laid, coordinator)
    assert [at(row) for row in (laid.first, laid.second, laid.loose)] == before
    assert not {"placed", "taken_off"} & {*events(laid.first), *events(laid.second)}


@pytest.mark.parametrize("move", MOVES)
def test_nothing_moves_where_only_a_plan_is_known(move: str, laid: Laid, coordinator: User) -> None:
    """The board is there to be read."""
    Round.objects.filter(pk=laid.round.pk).update(plan_as_of=date(2024, 8, 15))
    with refused("tiedetään vain suunnitelma"):
        MOVES[move](laid, coordinator)
    assert at(laid.first) == in_(laid.slots[0])


def test_minutes_that_are_being_checked_hold_the_negotiation(laid: Laid, coordinator: User) -> None:
    """As its other details: nothing changes under the eyes of the checkers."""
    _held(laid.first, coordinator)
    open_minutes(laid.first, by=coordinator)
    with pytest.raises(NotAllowedNow):
        take_off(laid.first, expected=laid.slots[0].pk, by=coordinator)


def test_slots_of_another_round_and_slots_that_are_gone(laid: Laid, keski_suomi: County, coordinator: User) -> None:
    """Neither is given."""
    other = make_slots(make_round(keski_suomi, name="Toinen"), 1)[0]
    with refused("toisen kierroksen"):
        place(laid.loose, other, expected=None, by=coordinator)
    gone = laid.slots[3]
    Slot.objects.filter(pk=gone.pk).delete()
    with refused("ei ole enää kierroksen aikojen joukossa"):
        place(laid.loose, gone, expected=None, by=coordinator)
    with refused("ei ole vielä aikaa"):
        take_off(laid.loose, expected=None, by=coordinator)
    with refused("on jo siihen aikaan"):
        place(laid.first, laid.slots[0], expected=laid.slots[0].pk, by=coordinator)
    assert at(laid.loose) == (None, MONTHS)


def test_a_blocking_conflict_is_refused_and_a_warning_is_not(
    laid: Laid, hankasalmi: Municipality, coordinator: User
) -> None:
    """A municipality cannot be in two negotiations at once, also when the other has a time outside the slots."""
    day = Timing.in_slot(laid.slots[2]).earliest
    make_negotiation(laid.round, [hankasalmi], items=0, day=day, title="Omalla ajalla")
    with refused(r"Hankasalmi.*samaan aikaan.*Omalla ajalla"):
        place(laid.first, laid.slots[2], expected=laid.slots[0].pk, by=coordinator)
    assert at(laid.first) == in_(laid.slots[0])
    # That it is in the round twice is something to think of, and does not keep it from being moved.
    place(laid.first, laid.slots[3], expected=laid.slots[0].pk, by=coordinator)
    assert at(laid.first) == in_(laid.slots[3])


# --- What was seen --------------------------------------------------------------------------------------------


def test_what_has_changed_since_it_was_seen_is_refused(laid: Laid, coordinator: User) -> None:
    """The card elsewhere, off its time, or removed; the place taken, changed hands, or left."""
    with refused(r"”Hankasalmi” on sillä välin siirretty: aika on nyt to\s5\.9\.2024"):
        place(laid.first, laid.slots[2], expected=laid.slots[3].pk, by=coordinator)
    with refused("”Luhanka” on sillä välin otettu pois ajaltaan"):
        place(laid.loose, laid.slots[2], expected=laid.slots[3].pk, by=coordinator)
    with refused("on sillä välin annettu neuvottelulle ”Joutsa”"):
        place(laid.loose, laid.slots[1], expected=None, by=coordinator)
    with refused("on sillä välin annettu neuvottelulle ”Joutsa”"):
        place(laid.loose, laid.slots[1], expected=None, occupant=laid.first.pk, by=coordinator)
    with refused("jonka näit tässä ajassa, on sillä välin siirretty"):
        place(laid.loose, laid.slots[2], expected=None, occupant=laid.first.pk, by=coordinator)
    with refused("on sillä välin siirretty: aika on nyt"):
        take_off(laid.first, expected=None, by=coordinator)
    row = Negotiation.objects.get(pk=laid.loose.pk)
    Negotiation.objects.get(pk=laid.loose.pk).delete()
    with refused("on sillä välin poistettu"):
        place(row, laid.slots[2], expected=None, by=coordinator)


# --- Changing places ------------------------------------------------------------------------------------------


def test_two_change_places(laid: Laid, coordinator: User) -> None:
    """Dropped on each other, both planned; undone, and that undone in turn."""
    move = place(laid.first, laid.slots[1], expected=laid.slots[0].pk, occupant=laid.second.pk, by=coordinator)
    assert move.swapped == laid.second
    assert (at(laid.first), at(laid.second)) == (in_(laid.slots[1]), in_(laid.slots[0]))
    again = take_back(move.back, by=coordinator)
    assert (at(laid.first), at(laid.second)) == (in_(laid.slots[0]), in_(laid.slots[1]))
    take_back(again, by=coordinator)
    assert (at(laid.first), at(laid.second)) == (in_(laid.slots[1]), in_(laid.slots[0]))
    assert events(laid.second) == ["placed"] * 3


def test_one_without_a_time_changes_places_too(laid: Laid, coordinator: User) -> None:
    """The one that had the slot is then without a time, and told so in its log."""
    move = place(laid.loose, laid.slots[0], expected=None, occupant=laid.first.pk, by=coordinator)
    assert (at(laid.loose), at(laid.first)) == (in_(laid.slots[0]), (None, MONTHS))
    assert events(laid.first) == ["taken_off"]
    take_back(move.back, by=coordinator)
    assert (at(laid.loose), at(laid.first)) == ((None, MONTHS), in_(laid.slots[0]))


# --- Undone ---------------------------------------------------------------------------------------------------


def test_an_undo_is_refused_once_things_have_moved_on(laid: Laid, coordinator: User) -> None:
    """The negotiation again elsewhere, its former slot taken or gone, or itself convened."""
    move = place(laid.first, laid.slots[2], expected=laid.slots[0].pk, by=coordinator)
    other = place(laid.loose, laid.slots[0], expected=None, by=coordinator)
    with refused("Entinen aika on sillä välin annettu neuvottelulle ”Luhanka”"):
        take_back(move.back, by=coordinator)
    take_back(other.back, by=coordinator)
    place(laid.first, laid.slots[3], expected=laid.slots[2].pk, by=coordinator)
    with refused("on sillä välin siirretty uudelleen"):
        take_back(move.back, by=coordinator)
    last = place(laid.first, laid.slots[2], expected=laid.slots[3].pk, by=coordinator)
    Slot.objects.filter(pk=laid.slots[3].pk).delete()
    with refused("Entinen aika ei ole enää"):
        take_back(last.back, by=coordinator)
    convene(laid.first, by=coordinator)
    with refused("on jo kutsuttu osapuolet"):
        take_back(move.back, by=coordinator)
    laid.loose.delete()
    with refused("on sillä välin poistettu"):
        take_back(other.back, by=coordinator)


@given(
    st.builds(
        Was,
        st.integers(1),
        st.none() | st.integers(1),
        st.sampled_from([MONTHS, Timing("day", FIRST, FIRST)]),
        st.sampled_from(Mode.values),
        st.none() | st.integers(1),
        st.just(Timing("minute", FIRST, FIRST, moment(FIRST, 8, 15), moment(FIRST, 12))),
    )
)
def test_what_an_undo_needs_survives_its_token(was: Was) -> None:
    """Written and read, it is the same."""
    assert Was.from_json(was.to_json()) == was


# --- Many at once ---------------------------------------------------------------------------------------------


def test_many_are_placed_all_or_none(laid: Laid, keski_suomi: County, coordinator: User) -> None:
    """In order of time; a slot taken or another time meanwhile, and nothing is placed."""
    more = make_unplaced(laid.round, make_municipality(keski_suomi, "249", "Keuruu"))
    wanted = {more.pk: laid.slots[3].pk, laid.loose.pk: laid.slots[1].pk}
    with refused("”Joutsa” on sillä välin annettu aika"):
        place_all(laid.round, wanted, by=coordinator)
    assert at(more) == at(laid.loose) == (None, MONTHS)
    wanted[laid.loose.pk] = laid.slots[2].pk
    with refused("”Hankasalmi” on sillä välin annettu aika"):
        place_all(laid.round, wanted | {laid.first.pk: laid.slots[1].pk}, by=coordinator)
    # One that is where it is to be stays there, and nothing is told of it.
    placed = place_all(laid.round, wanted | {laid.first.pk: laid.slots[0].pk}, by=coordinator)
    assert placed == [laid.first, laid.loose, more]
    assert (at(laid.loose), at(more)) == (in_(laid.slots[2]), in_(laid.slots[3]))
    assert (events(laid.first), events(more)) == ([], ["placed"])
    assert place_all(laid.round, {}, by=coordinator) == []


def test_many_are_placed_only_in_their_own_round(laid: Laid, keski_suomi: County, coordinator: User) -> None:
    """Each in a slot of its own: not two in one, none in that of toisen kierroksen, none of toisen kierroksen."""
    other = make_round(keski_suomi, name="Toinen")
    theirs = make_slots(other, 1)[0]
    stranger = make_unplaced(other, make_municipality(keski_suomi, "249", "Keuruu"))
    more = make_unplaced(laid.round, make_municipality(keski_suomi, "256", "Kinnula"))
    for wanted in (
        {laid.loose.pk: theirs.pk},
        {laid.loose.pk: laid.slots[2].pk, more.pk: laid.slots[2].pk},
        {laid.loose.pk: laid.slots[2].pk, more.pk: 0},
        {laid.loose.pk: laid.slots[2].pk, stranger.pk: laid.slots[3].pk},
        {laid.loose.pk: laid.slots[2].pk, 0: laid.slots[3].pk},
    ):
        with refused("ovat sillä välin muuttuneet"):
            place_all(laid.round, wanted, by=coordinator)
    assert at(laid.loose) == at(more) == (None, MONTHS)


def test_a_blocking_conflict_of_one_stops_them_all(
    laid: Laid, luhanka: Municipality, keski_suomi: County, coordinator: User
) -> None:
    """None of them is placed."""
    more = make_unplaced(laid.round, make_municipality(keski_suomi, "249", "Keuruu"))
    make_negotiation(laid.round, [luhanka], items=0, day=Timing.in_slot(laid.slots[2]).earliest, title="Omalla ajalla")
    with refused("Omalla ajalla"):
        place_all(laid.round, {laid.loose.pk: laid.slots[2].pk, more.pk: laid.slots[3].pk}, by=coordinator)
    assert at(laid.loose) == at(more) == (None, MONTHS)


def test_one_or_three_take_as_many_queries(laid: Laid, keski_suomi: County, coordinator: User) -> None:
    """However many are placed at once."""
    slots = make_slots(laid.round, 4, first=FIRST + timedelta(weeks=8))
    rows = [make_unplaced(laid.round, make_municipality(keski_suomi, f"90{n}", f"Kunta {n}")) for n in range(4)]
    counts = []
    for few in (rows[:1], rows[1:]):
        wanted = {row.pk: slots.pop().pk for row in few}
        with CaptureQueriesContext(connection) as captured:
            place_all(laid.round, wanted, by=coordinator)
        counts.append(len(captured))
    assert counts[0] == counts[1]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4)), min_size=1, max_size=8))
def test_whatever_is_moved_no_slot_is_given_twice_and_all_can_be_undone(
    laid: Laid, coordinator: User, moves: list[tuple[int, int]]
) -> None:
    """Cards dropped here and there, on each other and off; then every move undone, the last first."""
    rows = [laid.first, laid.second, laid.loose]
    before = [at(row) for row in rows]
    done = []
    for who, where in moves:
        row = rows[who]
        seen = at(row)[0]
        slot = laid.slots[where] if where < len(laid.slots) else None
        there = Negotiation.objects.filter(slot=slot).first() if slot else None
        if (slot.pk if slot else None) == seen:
            continue
        move = (
            place(row, slot, expected=seen, occupant=there.pk if there else None, by=coordinator)
            if slot
            else take_off(row, expected=seen, by=coordinator)
        )
        done.append(move.back)
        held = [at(one)[0] for one in rows if at(one)[0] is not None]
        assert len(held) == len(set(held))
        for one in rows:
            slot_id, timing = at(one)
            assert timing == (MONTHS if slot_id is None else Timing.in_slot(Slot.objects.get(pk=slot_id)))
    for back in reversed(done):
        take_back(back, by=coordinator)
    assert [at(row) for row in rows] == before


# --- Two at once ----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_who_want_one_slot_at_once(keski_suomi: County) -> None:
    """One gets it, the other is told who has it: never both, and nobody waits for ever."""
    with scope(county=keski_suomi):
        round_ = make_round(keski_suomi)
        slot = make_slots(round_, 1)[0]
        rows = [make_unplaced(round_, make_municipality(keski_suomi, f"90{n}", f"Kunta {n}")) for n in range(2)]
    moves = [partial(place, row, slot, expected=None, by=None) for row in rows]
    outcomes = at_once(keski_suomi, moves)
    assert sorted(outcomes) == ["done", "refused"]
    with scope(county=keski_suomi):
        assert Negotiation.objects.filter(slot=slot).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_change_the_same_places_at_once(keski_suomi: County) -> None:
    """One drops the first on the second, the other the second on the first: both are the same change, made once."""
    with scope(county=keski_suomi):
        round_ = make_round(keski_suomi)
        slots = make_slots(round_, 2)
        one, two = (make_in(round_, make_municipality(keski_suomi, f"90{n}", f"Kunta {n}"), slots[n]) for n in range(2))
    first, second = slots
    outcomes = at_once(
        keski_suomi,
        [
            lambda: place(one, second, expected=first.pk, occupant=two.pk, by=None),
            lambda: place(two, first, expected=second.pk, occupant=one.pk, by=None),
        ],
    )
    assert sorted(outcomes) == ["done", "refused"]
    with scope(county=keski_suomi):
        assert (at(one), at(two)) == (in_(second), in_(first))


def at_once(county: County, moves: Sequence[Callable[[], object]]) -> list[str]:
    """Make moves in threads of their own that begin together; return whether each was done or refused."""
    ready, outcomes = threading.Barrier(len(moves)), []

    def run(move: Callable[[], object]) -> None:
        try:
            with scope(county=county):
                ready.wait(timeout=10)
                try:
                    move()
                    outcomes.append("done")
                except NotAllowedNow:
                    outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(move,)) for move in moves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in threads)
    return outcomes
