"""Changing the rule of the slots: told before it is done, no negotiation moved silently, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from municipalities.models import County, Event, Municipality, User
from municipalities.moves import NotAllowedNow
from negotiations.log import log_of
from negotiations.models import (
    AvailabilityAnswer,
    AvailabilityInquiry,
    AvailabilityRequest,
    Negotiation,
    Round,
    Slot,
)
from negotiations.planning.slots import (
    Choice,
    DayException,
    ExceptionKind,
    Hours,
    IsoWeek,
    SlotRule,
    change_rule,
    effect_of,
    make_slots,
    read,
    rule_of,
    slot_times,
)
from negotiations.planning.slots.changing import Sitting, Span, Standing, moved_days
from negotiations.planning.slots.needs import Need, balance_words, need_of, outside
from negotiations.planning.timing import Timing
from negotiations.sitting.conduct import cancel, convene
from tests.factories import make_held, make_negotiation, make_round

HELSINKI = ZoneInfo("Europe/Helsinki")
State = Negotiation.State
# Thursdays of four weeks: 5.9., 12.9., 19.9. and 26.9.2024.
RULE = SlotRule(IsoWeek(2024, 36), IsoWeek(2024, 39), (4,), (Hours(time(8, 15), time(12)),))
NINE = Hours(time(9), time(12))


def at(day: int, starts: time = time(8, 15), ends: time = time(12)) -> Span:
    """Return a morning of September 2024."""
    on = date(2024, 9, day)
    return datetime.combine(on, starts, HELSINKI), datetime.combine(on, ends, HELSINKI)


def without(day: int) -> SlotRule:
    """Return the rule with a day off."""
    return replace(RULE, exceptions=(DayException(ExceptionKind.OFF, date(2024, 9, day)),))


def from_nine(day: int) -> SlotRule:
    """Return the rule with a day that starts at nine."""
    return replace(RULE, exceptions=(DayException(ExceptionKind.HOURS, date(2024, 9, day), hours=(NINE,)),))


@pytest.fixture
def round_(in_scope: County) -> Round:
    """A round with the four Thursdays."""
    row = make_round(in_scope, slot_rule=RULE.to_json(), form=Round.Form.MUNICIPALITIES)
    make_slots(row)
    return row


def rule_now(round_: Round) -> SlotRule:
    """Return the rule that the round has in the database."""
    rule = rule_of(Round.objects.get(pk=round_.pk))
    assert rule is not None
    return rule


def in_slot(round_: Round, day: int, municipalities: Sequence[Municipality], **fields: Any) -> Negotiation:
    """Make a planned negotiation in the slot of a day."""
    slot = Slot.objects.get(round=round_, starts_at=at(day)[0])
    return make_negotiation(round_, municipalities, slot=slot, day=date(2024, 9, day), **fields)


# --- What a change would do: plain values ---------------------------------------------------------------------


def standing(*sittings: Sitting, slots: Sequence[Span] = (), answers: dict[int, int] | None = None) -> Standing:
    """Return what a round has: slots numbered from 1."""
    return Standing(dict(enumerate(slots, start=1)), sittings, answers or {})


def sitting(pk: int, slot: int | None, state: str = State.PLANNED, span: Span | None = None) -> Sitting:
    """Return a negotiation."""
    return Sitting(pk, f"Neuvottelu {pk}", state, slot, span)


def test_slots_that_stay_keep_what_they_have() -> None:
    """Only what comes and goes is told."""
    slots = [at(5), at(12), at(19)]
    effect = effect_of(standing(sitting(1, 1), slots=slots, answers={1: 2, 2: 3}), [at(5), at(19), at(26)])
    assert (effect.added, effect.removed) == ([at(26)], {2: at(12)})
    assert (effect.affected, effect.lost_answers) == ([], 3)


def test_a_slot_at_another_hour_is_another_slot() -> None:
    """Whoever said that 8.15 suits has not said so of 9; the negotiation may take the new time of its day."""
    effect = effect_of(standing(sitting(1, 1), slots=[at(5)], answers={1: 4}), [at(5, time(9))])
    (one,) = effect.affected
    assert (one.new, one.choices, effect.lost_answers) == (
        at(5, time(9)),
        (Choice.KEEP, Choice.TAKE, Choice.OFF),
        4,
    )


@pytest.mark.parametrize(
    "times",
    [
        [at(12)],
        [at(5, time(9), time(10)), at(5, time(10), time(11))],
    ],
)
def test_a_new_time_is_offered_only_where_it_is_plain_which_one(times: list[Span]) -> None:
    """None on the day, or two of them: nobody can tell."""
    (one,) = effect_of(standing(sitting(1, 1), slots=[at(5)]), times).affected
    assert one.new is None and one.choices == (Choice.KEEP, Choice.OFF)


def moved(to: int, *, hours: tuple[Hours, ...] = ()) -> SlotRule:
    """Return the rule with Thursday 12.9. moved to another day of September 2024."""
    swap = DayException(ExceptionKind.SWAP, date(2024, 9, 12), date(2024, 9, to), hours)
    return replace(RULE, exceptions=(swap,))


@pytest.mark.parametrize(
    ("former", "rule", "day", "new"),
    [
        # Moved, moved elsewhere, moved back, moved and at another time; and a day that another one's move leaves alone.
        (RULE, moved(11), 12, at(11)),
        (moved(11), moved(13), 11, at(13)),
        (moved(11), RULE, 11, at(12)),
        (None, moved(11, hours=(NINE,)), 12, at(11, time(9))),
        (RULE, replace(moved(11), weeks_off=(IsoWeek(2024, 36),)), 5, None),
    ],
)
def test_a_negotiation_can_go_with_its_day(former: SlotRule | None, rule: SlotRule, day: int, new: Span | None) -> None:
    """As Thursday 2.11.2023 was moved to Wednesday."""
    times = slot_times(rule, HELSINKI)
    (one,) = effect_of(standing(sitting(1, 1), slots=[at(day)]), times, moved_days(former, rule)).affected
    assert one.new == new
    assert (Choice.TAKE in one.choices) == (new is not None)


def test_of_two_times_of_a_moved_day_each_goes_to_its_own() -> None:
    """Nobody has to be asked which is which."""
    both = (Hours(time(8, 15), time(12)), Hours(time(13), time(16)))
    rule = replace(moved(11), hours=both)
    slots = [at(12), at(12, time(13), time(16))]
    effect = effect_of(
        standing(sitting(1, 1), sitting(2, 2), slots=slots), slot_times(rule, HELSINKI), moved_days(RULE, rule)
    )
    assert [one.new for one in effect.affected] == [at(11), at(11, time(13), time(16))]


def test_a_slot_that_is_taken_is_not_offered() -> None:
    """Two mornings of a day, of which one stays with its negotiation."""
    slots = [at(5, time(8), time(9)), at(5, time(10), time(12))]
    affected = effect_of(standing(sitting(1, 1), sitting(2, 2), slots=slots), [slots[1]]).affected
    assert [(one.sitting.pk, one.new) for one in affected] == [(1, None)]


@pytest.mark.parametrize("state", [State.CONVENED, State.HELD])
def test_what_has_been_invited_or_held_keeps_its_time_unasked(state: str) -> None:
    """It is listed, and there is nothing to choose."""
    effect = effect_of(standing(sitting(1, 1, state), slots=[at(5)]), [at(5, time(9))])
    (one,) = effect.affected
    assert one.choices == (Choice.KEEP,) and effect.to_ask == [] and effect.wrong({}) == {}


def test_each_planned_one_is_asked_and_two_cannot_take_one_time() -> None:
    """What is missing and what is wrong is said of each, by its name."""
    slots = [at(5, time(8), time(9)), at(5, time(9), time(10))]
    effect = effect_of(standing(sitting(1, 1), sitting(2, 2), slots=slots), [at(5, time(10), time(12))])
    assert effect.wrong({}) == {
        1: "Valitse, mitä neuvottelulle Neuvottelu 1 tehdään.",
        2: "Valitse, mitä neuvottelulle Neuvottelu 2 tehdään.",
    }
    assert set(effect.wrong({1: Choice.TAKE, 2: Choice.TAKE})) == {1, 2}
    assert effect.wrong({1: Choice.TAKE, 2: Choice.KEEP}) == {}
    gone = effect_of(standing(sitting(1, 1), slots=[at(5)]), [at(12)])
    assert list(gone.wrong({1: Choice.TAKE})) == [1]


def test_one_outside_the_slots_gets_the_slot_of_its_own_time() -> None:
    """As one that kept its time when the slot went, and the slot comes back. Of two, the first."""
    one, other = sitting(1, None, State.CONVENED, at(5)), sitting(2, None, span=at(5))
    effect = effect_of(standing(one, other), [at(5), at(12)])
    assert effect.returning == {1: at(5)} and effect.affected == []


spans = st.builds(
    lambda day, hour, length: at(day, time(hour), time(hour + length)),
    st.integers(1, 10),
    st.integers(8, 14),
    st.integers(1, 2),
)


@settings(deadline=None)
@given(st.lists(spans, unique=True, max_size=6), st.lists(spans, unique=True, max_size=6), st.data())
def test_nothing_is_lost_and_nothing_is_given_twice(had: list[Span], times: list[Span], data: st.DataObject) -> None:
    """Slots that stay, come and go are all of them; whoever is affected had a slot that goes; no slot has two."""
    slots = dict(enumerate(had, start=1))
    states = data.draw(st.lists(st.sampled_from([State.PLANNED, State.CONVENED, State.HELD]), max_size=len(had)))
    there = [sitting(pk, pk, state, slots[pk]) for pk, state in enumerate(states, start=1)]
    effect = effect_of(Standing(slots, there, dict.fromkeys(slots, 1)), times)
    assert set(had) - set(effect.removed.values()) | set(effect.added) == set(times)
    assert {one.sitting.pk for one in effect.affected} == {one.pk for one in there if one.slot in effect.removed}
    assert effect.lost_answers == len(effect.removed)
    stays = {slots[one.pk] for one in there} - set(effect.removed.values())
    for one in effect.affected:
        assert one.new is None or (one.new in times and one.new not in stays)
        assert one.new is None or one.new[0].date() == one.former[0].date()


# --- Done -----------------------------------------------------------------------------------------------------


def test_slots_come_and_go_with_the_rule(round_: Round, coordinator: User) -> None:
    """The slots that stay are the same rows; the log tells how many there were."""
    kept = Slot.objects.get(starts_at=at(5)[0]).pk
    done = change_rule(round_, replace(without(12), last_week=IsoWeek(2024, 40)), choices={}, by=coordinator)
    assert (done.added, done.removed, done.total) == (1, 1, 4)
    assert [row.starts_at.date() for row in Slot.objects.all()] == [
        date(2024, 9, 5),
        date(2024, 9, 19),
        date(2024, 9, 26),
        date(2024, 10, 3),
    ]
    assert Slot.objects.get(starts_at=at(5)[0]).pk == kept
    assert rule_now(round_).last_week == IsoWeek(2024, 40)
    assert log_of([round_])[-1].words == (
        "Coordinator muutti aikojen sääntöä: ennen 4 aikaa (5.9.–26.9.2024), lisätty 1, poistettu 1, nyt 4."
    )


def test_the_same_rule_again_changes_nothing(round_: Round, coordinator: User) -> None:
    """Nothing is told either."""
    assert change_rule(round_, RULE, choices={}, by=coordinator).added == 0
    assert not Event.objects.filter(verb="slots_changed").exists()
    # A reason or a mode is a change, though no slot is.
    change_rule(round_, replace(RULE, mode="remote"), choices={}, by=coordinator)
    assert Event.objects.get(verb="slots_changed").payload["added"] == 0


def test_nothing_is_saved_before_all_is_answered(
    round_: Round, coordinator: User, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    """Two lose their slots, one is answered: all stays as it was."""
    first, second = in_slot(round_, 12, [hankasalmi]), in_slot(round_, 19, [joutsa])
    rule = replace(RULE, last_week=IsoWeek(2024, 36))
    with pytest.raises(NotAllowedNow, match="mitä neuvottelulle Joutsa tehdään"):
        change_rule(round_, rule, choices={first.pk: Choice.KEEP}, by=coordinator)
    assert rule_now(round_) == RULE
    assert Slot.objects.count() == 4
    assert Negotiation.objects.get(pk=second.pk).slot is not None
    assert not Event.objects.filter(verb="slots_changed").exists()


def test_one_keeps_its_time(round_: Round, coordinator: User, hankasalmi: Municipality) -> None:
    """It is in no slot any more; its time is its own. When the slot comes back it is in it again."""
    one = in_slot(round_, 12, [hankasalmi])
    was = Timing.of(one)
    change_rule(round_, without(12), choices={one.pk: Choice.KEEP}, by=coordinator)
    one.refresh_from_db()
    assert one.slot is None and Timing.of(one) == was
    assert not Event.objects.filter(subject_id=one.pk, verb="changed").exists()
    done = change_rule(round_, RULE, choices={}, by=coordinator)
    back = Negotiation.objects.get(pk=one.pk)
    assert done.returned == 1 and back.slot is not None and Timing.of(back) == was


def test_one_takes_the_new_time_of_its_day(round_: Round, coordinator: User, hankasalmi: Municipality) -> None:
    """The log of the negotiation tells from what to what; that of the round how many."""
    one = in_slot(round_, 12, [hankasalmi])
    change_rule(round_, from_nine(12), choices={one.pk: Choice.TAKE}, by=coordinator)
    one.refresh_from_db()
    assert one.slot is not None and one.slot.starts_at == one.starts_at == at(12, time(9))[0]
    assert one.ends_at == at(12)[1]
    assert "to\N{NO-BREAK SPACE}12.9.2024 klo\N{NO-BREAK SPACE}8.15–12.00" in log_of([one])[-1].words
    assert "ja nyt se on to\N{NO-BREAK SPACE}12.9.2024 klo\N{NO-BREAK SPACE}9.00–12.00" in log_of([one])[-1].words
    assert "Neuvotteluista 0 piti aikansa, 1 sai uuden ajan ja 0 otettiin pois" in log_of([round_])[-1].words


def test_one_goes_with_its_day_and_back_again(round_: Round, coordinator: User, hankasalmi: Municipality) -> None:
    """The rule that the round has tells which day the moved one was."""
    row = in_slot(round_, 12, [hankasalmi])
    for rule, day in ((moved(11), 11), (moved(13), 13), (RULE, 12)):
        change_rule(round_, rule, choices={row.pk: Choice.TAKE}, by=coordinator)
        row.refresh_from_db()
        assert (row.starts_at, row.earliest, row.slot and row.slot.starts_at) == (
            at(day)[0],
            date(2024, 9, day),
            at(day)[0],
        )


def test_one_goes_off_the_calendar(round_: Round, coordinator: User, hankasalmi: Municipality) -> None:
    """Of its time only the months of the round are known."""
    one = in_slot(round_, 12, [hankasalmi])
    change_rule(round_, without(12), choices={one.pk: Choice.OFF}, by=coordinator)
    one.refresh_from_db()
    assert one.slot is None
    assert Timing.of(one) == Timing.in_months(round_.starts_on, round_.ends_on)


def test_what_has_been_invited_or_held_keeps_its_time(
    round_: Round, coordinator: User, hankasalmi: Municipality, joutsa: Municipality, luhanka: Municipality
) -> None:
    """Whatever is chosen for it. A cancelled one has no slot, and is not asked of."""
    convened = convene(in_slot(round_, 12, [hankasalmi]), by=coordinator)
    slot = Slot.objects.get(starts_at=at(19)[0])
    held = make_held(round_, [joutsa], slot=slot, day=date(2024, 9, 19))
    cancel(in_slot(round_, 26, [luhanka]), reason="Ei tarvita", by=coordinator)
    rule = replace(RULE, last_week=IsoWeek(2024, 36))
    done = change_rule(round_, rule, choices={convened.pk: Choice.OFF, held.pk: Choice.OFF}, by=coordinator)
    for one, day in ((convened, 12), (held, 19)):
        one.refresh_from_db()
        assert one.slot is None and (one.starts_at, one.ends_at) == at(day)
    assert done.choices == {Choice.KEEP: 2}
    assert Slot.objects.count() == 1


def test_answers_go_with_their_slots(round_: Round, coordinator: User, hankasalmi: Municipality) -> None:
    """And it is said how many; those of slots that stay, stay."""
    inquiry = AvailabilityInquiry.objects.create(county=round_.county, round=round_, answer_by=date(2024, 8, 1))
    request = AvailabilityRequest.objects.create(
        county=round_.county, inquiry=inquiry, municipality=hankasalmi, delete_after=date(2025, 1, 1)
    )
    for slot in Slot.objects.all():
        AvailabilityAnswer.objects.create(county=round_.county, request=request, slot=slot, suits="yes")
    done = change_rule(round_, without(12), choices={}, by=coordinator)
    assert done.lost_answers == 1 and AvailabilityAnswer.objects.count() == 3
    assert log_of([round_])[-1].words.endswith("1 vastaus sopivista ajoista poistui.")


def test_a_plan_of_the_past_may_be_mended_too(round_: Round, coordinator: User) -> None:
    """Its rule is a source's, and sources are read again."""
    Round.objects.filter(pk=round_.pk).update(plan_as_of=date(2024, 8, 1))
    assert change_rule(round_, without(12), choices={}, by=coordinator).removed == 1


def test_changing_costs_the_same_for_one_and_for_three(
    in_scope: County, coordinator: User, hankasalmi: Municipality, joutsa: Municipality, luhanka: Municipality
) -> None:
    """Reading does not grow with the negotiations; saving each that is moved does."""
    round_ = make_round(in_scope, slot_rule=RULE.to_json())
    make_slots(round_)
    counts = []
    for day, municipality in ((5, hankasalmi), (12, joutsa), (19, luhanka)):
        in_slot(round_, day, [municipality])
        with CaptureQueriesContext(connection) as queries:
            read(round_)
        counts.append(len(queries))
    assert counts == [3, 3, 3]
    keep = {one.pk: Choice.KEEP for one in Negotiation.objects.all()}
    with CaptureQueriesContext(connection) as queries:
        change_rule(round_, replace(RULE, weekdays=(5,)), choices=keep, by=coordinator)
    assert len(queries) <= 20


# --- Enough of them -------------------------------------------------------------------------------------------


def test_how_the_times_suffice() -> None:
    """As a coordinator counts: "26 aikaa, 22 kuntaa, 4 varalla"."""
    towns = Need(22, "municipalities")
    assert balance_words(26, towns, 0) == "26 aikaa, 22 kuntaa, 4 varalla"
    assert balance_words(22, towns, 0) == "22 aikaa, 22 kuntaa, ei yhtään varalla"
    assert balance_words(20, towns, 0) == "20 aikaa, 22 kuntaa: 2 aikaa liian vähän"
    assert balance_words(21, towns, 0).endswith("1 aika liian vähän")
    # Three are held at times of their own.
    assert balance_words(20, towns, 3) == "20 aikaa, 22 kuntaa, 1 varalla"
    assert balance_words(6, Need(1, "groups"), 0) == "6 aikaa, 1 kuntaryhmä, 5 varalla"
    assert balance_words(6, Need(2), 0) == "6 aikaa, 2 neuvottelua, 4 varalla"
    assert balance_words(6, Need(0), 0) == "6 aikaa"


def test_what_a_round_needs(
    in_scope: County, round_: Round, coordinator: User, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    """Those there are and those that filling would make; a cancelled one is made again."""
    assert need_of(round_, read(round_).sittings) == Need(2, "municipalities")
    one = in_slot(round_, 12, [hankasalmi])
    assert need_of(round_, read(round_).sittings) == Need(2, "municipalities")
    cancel(one, reason="Ei tarvita", by=coordinator)
    assert need_of(round_, read(round_).sittings) == Need(2, "municipalities")
    for day in (12, 19):
        in_slot(round_, day, [hankasalmi])
    # One is negotiated with twice: it is negotiations that are counted then.
    assert need_of(round_, read(round_).sittings) == Need(3)
    themes = make_round(in_scope, name="Teemat", form=Round.Form.THEMES)
    assert need_of(themes, read(themes).sittings) == Need(0)


def test_only_those_whose_time_is_settled_need_no_slot() -> None:
    """A planned one outside the slots is still to be placed."""
    own = at(3)
    rows = [sitting(1, None, State.CONVENED, own), sitting(2, None, span=own), sitting(3, None, State.HELD)]
    assert outside(rows, [at(5)]) == 1
    assert outside(rows, [own]) == 0


def test_times_of_the_database_are_those_of_the_rule(round_: Round) -> None:
    """The database gives them in UTC: they are the same moments."""
    found = {(row.starts_at, row.ends_at) for row in Slot.objects.all()}
    assert found == set(slot_times(RULE, HELSINKI))
    assert all(start.utcoffset() == timedelta(0) for start, _end in found)
