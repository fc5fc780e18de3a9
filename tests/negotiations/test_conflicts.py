"""What is in the way of a negotiation at its time: the rules on plain values, and read from the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from municipalities.models import County, Municipality, Sector
from negotiations.demo.building import moment
from negotiations.models import (
    Attendance,
    AvailabilityAnswer,
    AvailabilityInquiry,
    AvailabilityRequest,
    CoreGroup,
    Negotiation,
    Party,
    PlacementWish,
    Round,
    Slot,
)
from negotiations.planning.availability import Availability, Suits
from negotiations.planning.conflicts import Kind, Meeting, Situation, Weight, conflicts, of_placing, read
from negotiations.planning.conflicts.rules import between, overlap
from negotiations.planning.timing import Precision, Timing
from negotiations.planning.wishes import Wish
from negotiations.sitting.conduct import cancel
from tests.factories import (
    BOTH,
    Basis,
    make_held,
    make_municipality,
    make_negotiation,
    make_organisation,
    make_person,
    make_round,
)

State, Mode = Negotiation.State, Negotiation.Mode
ROUND = 1
THURSDAY = date(2024, 9, 26)
NAMES = {"m1": "Hankasalmi", "m2": "Joutsa", "m3": "Luhanka", "o1": "Seurakunta", "p1": "Aino Aalto", "g1": "Ydinryhmä"}


def at(hour: float, until: float, day: date = THURSDAY) -> Timing:
    """Return a time of a day, in hours."""
    start = moment(day, 0)
    return Timing(Precision.MINUTE, day, day, start + timedelta(hours=hour), start + timedelta(hours=until))


def on(day: date = THURSDAY, last: date | None = None) -> Timing:
    """Return a time known to the day."""
    return Timing(Precision.DAY, day, last or day)


def meeting(pk: int, timing: Timing, *parties: str, **fields: Any) -> Meeting:
    """Return a negotiation of the round."""
    values: dict[str, Any] = {"title": f"Neuvottelu {pk}", "round": ROUND, "parties": frozenset({"c", *parties})}
    return Meeting(pk, timing=timing, **(values | fields))


def situation(*meetings: Meeting, **fields: Any) -> Situation:
    """Return a round with these negotiations."""
    values: dict[str, Any] = {"names": NAMES, "form": Round.Form.GROUPS}
    return Situation(
        ROUND,
        starts_on=date(2024, 9, 1),
        ends_on=date(2024, 12, 31),
        meetings={one.id: one for one in meetings},
        **(values | fields),
    )


def kinds(*meetings: Meeting, **fields: Any) -> list[Kind]:
    """Return the kinds of what is in the way in a round with these negotiations."""
    return [conflict.kind for conflict in conflicts(situation(*meetings, **fields))]


# --- Two at the same time -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (at(8, 12), at(8, 12), True),
        (at(8, 12), at(12, 15), False),
        (at(12, 15), at(8, 12), False),
        (at(8, 12), at(11.5, 13), True),
        (at(8, 12), at(9, 10), True),
        (at(8, 12), at(8, 12, date(2024, 9, 27)), False),
        (at(8, 12), on(), False),
    ],
    ids=["identical", "touching", "touching backwards", "overlapping", "inside", "another day", "day only"],
)
def test_times_that_touch_do_not_overlap_and_identical_ones_do(one: Timing, other: Timing, expected: bool) -> None:
    assert overlap(one, other) is expected


times = st.builds(lambda start, length: at(start / 4, (start + length) / 4), st.integers(0, 80), st.integers(1, 15))


@given(times, times)
def test_overlapping_goes_both_ways_and_is_what_is_left_in_common(one: Timing, other: Timing) -> None:
    assert overlap(one, other) == overlap(other, one)
    assert one.starts_at
    assert one.ends_at
    assert other.starts_at
    assert other.ends_at
    common = min(one.ends_at, other.ends_at) - max(one.starts_at, other.starts_at)
    assert overlap(one, other) == (common > timedelta(0))


SAME_TIME = [
    ({"parties": frozenset({"c", "m1"})}, Kind.PARTY, Weight.BLOCKING),
    ({"parties": frozenset({"c", "o1"})}, Kind.PARTY, Weight.BLOCKING),
    ({"persons": frozenset({"p1"})}, Kind.PERSON, Weight.BLOCKING),
    ({"core_groups": frozenset({"g1"})}, Kind.CORE_GROUP, Weight.BLOCKING),
    ({"mode": Mode.ON_SITE, "place": "Kunnantalo"}, Kind.ROOM, Weight.BLOCKING),
    ({"officials": ("Anna Aho", "Esa Elo")}, Kind.OFFICIAL, Weight.WARNING),
]


@pytest.mark.parametrize(("fields", "kind", "weight"), SAME_TIME)
def test_what_two_negotiations_have_in_common_at_the_same_time(
    fields: Mapping[str, Any], kind: Kind, weight: Weight
) -> None:
    one, other = meeting(1, at(8, 12), **fields), meeting(2, at(11, 14), **fields)
    (found,) = conflicts(situation(one, other))
    assert (found.kind, found.weight, found.negotiations) == (kind, weight, (1, 2))
    # Neither where one ends as the other begins, nor on another day, nor once one of them is not held at all.
    assert kinds(one, replace(other, timing=at(12, 14))) == []
    assert kinds(one, replace(other, timing=at(8, 12, date(2024, 9, 27)))) == []
    assert kinds(one) == []


def test_the_county_itself_is_in_all_of_them() -> None:
    assert kinds(meeting(1, at(8, 12), "m1"), meeting(2, at(8, 12), "m2")) == []


def test_a_place_is_the_same_however_it_is_written_but_only_where_people_come_to_it() -> None:
    one = meeting(1, at(8, 12), mode=Mode.ON_SITE, place="Kunnantalo, sali 2")
    other = meeting(2, at(8, 12), mode=Mode.HYBRID, place=" kunnantalo,  SALI 2")
    assert kinds(one, other) == [Kind.ROOM]
    assert kinds(one, replace(other, mode=Mode.REMOTE)) == []
    # A place has been written, so that people come to it, though nobody has said how the negotiation is held.
    assert kinds(one, replace(other, mode=Mode.UNKNOWN)) == [Kind.ROOM]
    assert kinds(replace(one, place=""), replace(other, place=" ")) == []


def test_who_chairs_one_cannot_keep_the_minutes_of_another() -> None:
    one, other = meeting(1, at(8, 12), officials=("Anna Aho",)), meeting(2, at(8, 12), officials=("", "anna  aho"))
    with translation.override("fi"):
        (found,) = conflicts(situation(one, other))
    assert found.words == (
        "Sama puheenjohtaja tai sihteeri (Anna Aho) samaan aikaan: "
        "”Neuvottelu 1”, to\N{NO-BREAK SPACE}26.9.2024 klo\N{NO-BREAK SPACE}8.00–12.00, vko\N{NO-BREAK SPACE}39; "
        "”Neuvottelu 2”, to\N{NO-BREAK SPACE}26.9.2024 klo\N{NO-BREAK SPACE}8.00–12.00, vko\N{NO-BREAK SPACE}39. "
        "Siirrä toinen tai valitse toinen puheenjohtaja tai sihteeri."
    )


def test_one_conflict_tells_all_who_are_in_both_in_their_order() -> None:
    one, other = meeting(1, at(8, 12), "m3", "m1"), meeting(2, at(8, 12), "m1", "m3", "m2")
    with translation.override("fi"):
        (found,) = conflicts(situation(one, other))
    assert found.words.startswith("Hankasalmi, Luhanka: kaksi neuvottelua samaan aikaan: ")
    assert found.words.endswith(" Siirrä toinen.")


def test_of_many_names_the_first_ones_are_told_and_how_many_there_are_besides() -> None:
    keys = [f"m{number}" for number in range(10, 22)]
    names = {key: f"Kunta {key}" for key in keys}
    meetings = [meeting(1, at(8, 12), *keys), meeting(2, at(8, 12), *keys)]
    with translation.override("fi"):
        (found,) = conflicts(situation(*meetings, names=names))
    assert found.words.startswith("Kunta m10, Kunta m11, Kunta m12, Kunta m13 ja 8 muuta: kaksi neuvottelua")


def test_what_can_still_be_moved_is_named_and_what_is_over_is_left_alone() -> None:
    held = meeting(1, at(8, 12), "m1", state=State.HELD)
    planned = meeting(2, at(8, 12), "m1")
    with translation.override("fi"):
        (found,) = conflicts(situation(held, planned))
    assert found.words.endswith("Siirrä ”Neuvottelu 2”.")
    assert kinds(held, replace(planned, state=State.HELD)) == []
    assert kinds(meeting(1, at(8, 12, date(2024, 12, 6)), state=State.HELD)) == []
    assert kinds(meeting(1, at(8, 12, date(2024, 12, 6)), state=State.CONVENED)) == [Kind.HOLIDAY]


def test_negotiations_of_other_rounds_count_and_are_named_with_their_round() -> None:
    own = meeting(1, at(8, 12), "m1")
    other = meeting(2, at(8, 12), "m1", title="Hankasalmi", round=7, round_name="Hyte 2024")
    outside = meeting(3, at(8, 12), "m1", round=None)
    with translation.override("fi"):
        first, second = conflicts(situation(own, other, outside))
    assert (first.negotiations, second.negotiations) == ((1, 2), (1, 3))
    assert "”Hankasalmi” (Hyte 2024), to" in first.words
    # What others have between themselves is told on their own boards.
    assert kinds(other, outside) == []


# --- On the same day ------------------------------------------------------------------------------------------


def test_where_only_the_day_is_known_it_is_told_that_the_day_is_the_same() -> None:
    one, other = meeting(1, at(8, 12), "m1", "m2"), meeting(2, on(), "m2", "m3")
    with translation.override("fi"):
        (found,) = conflicts(situation(one, other))
    assert (found.kind, found.weight) == (Kind.SAME_DAY, Weight.WARNING)
    assert found.words.startswith("Joutsa: kaksi neuvottelua samana päivänä, eikä kaikkia kellonaikoja tiedetä:")
    assert kinds(replace(one, timing=on()), other) == [Kind.SAME_DAY]
    assert kinds(one, replace(other, timing=on(date(2024, 9, 27)))) == []
    # One of several days, or a month, is not known to be that day.
    assert kinds(one, replace(other, timing=on(THURSDAY, date(2024, 9, 27)))) == []
    assert kinds(one, replace(other, timing=Timing.in_months(THURSDAY, THURSDAY))) == []
    assert kinds(one, replace(other, parties=frozenset({"c", "m3"}))) == []


def test_a_core_group_needs_time_between_two_places() -> None:
    fields = {"core_groups": frozenset({"g1"}), "mode": Mode.ON_SITE}
    one = meeting(1, at(8, 12), place="Hankasalmi", **fields)
    other = meeting(2, at(13, 15), place="Pihtipudas", **fields)
    assert kinds(one, other) == kinds(other, one) == [Kind.CORE_GROUP_SITES]
    assert kinds(one, replace(other, timing=at(14, 16))) == []
    assert kinds(one, replace(other, timing=at(13.99, 16))) == [Kind.CORE_GROUP_SITES]
    assert kinds(one, replace(other, place="HANKASALMI")) == []
    assert kinds(one, replace(other, mode=Mode.REMOTE)) == []
    assert kinds(one, replace(other, core_groups=frozenset())) == []
    # Whose clock time is not known is not told twice over.
    assert kinds(one, replace(other, timing=on())) == [Kind.CORE_GROUP_SITES]
    assert kinds(one, replace(other, timing=at(11, 13))) == [Kind.CORE_GROUP]


# --- One of them alone ----------------------------------------------------------------------------------------


def test_what_the_parties_have_answered_counts_for_the_slot_in_which_the_negotiation_is() -> None:
    answers = {
        ("m1", 5): Suits.NO,
        ("m2", 5): Suits.IF_NEED_BE,
        ("m3", 5): Suits.NO,
        ("c", 5): Suits.NO,
        ("m1", 6): Suits.YES,
    }
    known = Availability(answers, frozenset({"m1", "m2", "m3", "c"}))
    there = meeting(1, at(8, 12), "m1", "m2", slot=5)
    with translation.override("fi"):
        found = conflicts(situation(there, availability=known, names=NAMES | {"c": "Keski-Suomi"}))
    assert [conflict.kind for conflict in found] == [Kind.DOES_NOT_SUIT, Kind.IF_NEED_BE]
    assert {conflict.weight for conflict in found} == {Weight.WARNING}
    assert found[0].words.startswith("Aika ei sovi: Hankasalmi, Keski-Suomi (”Neuvottelu 1”, to")
    assert found[1].words.startswith("Aika sopii vain tarvittaessa: Joutsa (")
    assert kinds(replace(there, slot=6), availability=known) == []
    assert kinds(replace(there, slot=None), availability=known) == []


def test_a_holiday_is_named_in_the_language_in_use() -> None:
    there = situation(meeting(1, at(8, 12, date(2024, 12, 6))), meeting(2, on(date(2024, 12, 26))))
    with translation.override("fi"):
        words = [conflict.words for conflict in conflicts(there)]
    assert [text.partition(":")[0] for text in words] == ["Pyhäpäivä (itsenäisyyspäivä)", "Pyhäpäivä (tapaninpäivä)"]
    with translation.override("sv"):
        assert conflicts(there)[0].words.startswith("Helgdag (självständighetsdagen):")


@pytest.mark.parametrize(
    ("timing", "is_outside"),
    [
        (at(8, 12, date(2024, 8, 31)), True),
        (at(8, 12, date(2024, 9, 1)), False),
        (on(date(2024, 12, 31)), False),
        (on(date(2025, 1, 2)), True),
        (on(date(2024, 8, 30), date(2024, 9, 2)), False),
        (Timing.in_months(date(2025, 2, 1), date(2025, 3, 1)), True),
    ],
)
def test_a_time_outside_the_days_of_the_round(timing: Timing, is_outside: bool) -> None:
    assert kinds(meeting(1, timing)) == ([Kind.OUTSIDE_ROUND] if is_outside else [])


def test_a_wish_that_is_not_met() -> None:
    wish = Wish(date(2024, 10, 1), date(2024, 10, 31), frozenset({2, 3}), "mieluiten aamupäivällä")
    assert kinds(meeting(1, at(8, 12, date(2024, 10, 2)), wish=wish)) == []
    with translation.override("fi"):
        (found,) = conflicts(situation(meeting(1, at(8, 12, date(2024, 10, 3)), wish=wish)))
    assert found.kind == Kind.WISH
    assert "Toive: 1.10.–31.10.2024; tiistai, keskiviikko; mieluiten aamupäivällä." in found.words
    assert kinds(meeting(1, at(8, 12, date(2024, 11, 5)), wish=wish)) == [Kind.WISH]
    # Of a month nobody can tell, unless it is another one altogether.
    assert kinds(meeting(1, Timing.in_months(date(2024, 9, 1), date(2024, 12, 1)), wish=wish)) == []
    assert kinds(meeting(1, Timing.in_months(date(2024, 11, 1), date(2024, 11, 1)), wish=wish)) == [Kind.WISH]


# --- Twice in a round -----------------------------------------------------------------------------------------


def test_a_municipality_is_in_a_round_once_for_each_duty() -> None:
    bases = frozenset({Basis.WELFARE.value})
    one, other = (
        meeting(1, at(8, 12), "m1", "m2", bases=bases),
        meeting(2, at(8, 12, date(2024, 10, 3)), "m1", "m2", "o1", bases=frozenset(Basis.values)),
    )
    with translation.override("fi"):
        (found,) = conflicts(situation(one, other))
    assert (found.kind, found.weight, found.negotiations) == (Kind.TWICE, Weight.WARNING, (1, 2))
    assert found.words.startswith("Hankasalmi, Joutsa: kierroksessa useammin kuin kerran")
    assert "(6–7 §): ”Neuvottelu 1”, ”Neuvottelu 2”." in found.words
    assert kinds(one, replace(other, bases=frozenset({Basis.COOPERATION.value}))) == []
    assert kinds(one, other, form=Round.Form.THEMES) == []
    assert kinds(one, replace(other, has_topic=True)) == []
    assert kinds(one, replace(other, round=7)) == []
    assert kinds(one, replace(other, parties=frozenset({"c", "o1"}))) == []
    held = State.HELD
    assert kinds(replace(one, state=held), other) == [Kind.TWICE]
    assert kinds(replace(one, state=held), replace(other, state=held)) == []


# --- What a placing would cause -------------------------------------------------------------------------------

SLOTS = {5: at(8, 12), 6: at(8, 12, date(2024, 9, 27)), 7: at(8, 12, date(2024, 12, 6))}


def test_what_a_placing_would_cause_is_told_before_it_is_made() -> None:
    unplaced = meeting(1, Timing.in_months(THURSDAY, THURSDAY), "m1")
    there = situation(unplaced, meeting(2, at(9, 10), "m1"), slots=SLOTS)
    assert [conflict.kind for conflict in of_placing(there, 1, 5)] == [Kind.PARTY]
    assert of_placing(there, 1, 6) == []
    assert [conflict.kind for conflict in of_placing(there, 1, 7)] == [Kind.HOLIDAY]
    for negotiation, slot in ((1, 99), (99, 5)):
        with pytest.raises(KeyError):
            of_placing(there, negotiation, slot)


def test_a_negotiation_takes_the_mode_of_its_slots_along() -> None:
    unplaced = meeting(1, Timing.in_months(THURSDAY, THURSDAY), place="Kunnantalo")
    there = situation(unplaced, meeting(2, at(9, 10), place="Kunnantalo", mode=Mode.ON_SITE), slots=SLOTS)
    assert of_placing(replace(there, mode=Mode.REMOTE), 1, 5) == []
    assert [conflict.kind for conflict in of_placing(replace(there, mode=Mode.HYBRID), 1, 5)] == [Kind.ROOM]


parties = st.frozensets(st.sampled_from(["m1", "m2", "m3", "o1"])).map(lambda keys: keys | {"c"})
meetings = st.builds(
    lambda timing, keys, people, groups, mode, place, round_: {
        "timing": timing,
        "parties": keys,
        "persons": people,
        "core_groups": groups,
        "mode": mode,
        "place": place,
        "round": round_,
    },
    st.one_of(times, st.just(on()), st.just(Timing.in_months(THURSDAY, THURSDAY))),
    parties,
    st.frozensets(st.just("p1")),
    st.frozensets(st.just("g1")),
    st.sampled_from(Mode.values),
    st.sampled_from(["", "Kunnantalo", "Kirjasto"]),
    st.sampled_from([ROUND, 7]),
)


@given(st.lists(meetings, max_size=6), meetings)
def test_what_a_placing_would_cause_is_what_is_in_the_way_once_it_is_made(
    others: list[dict[str, Any]], mine: dict[str, Any]
) -> None:
    rows = [meeting(pk, **fields) for pk, fields in enumerate(others, start=2)]
    there = situation(meeting(1, **mine | {"round": ROUND}), *rows, slots=SLOTS)
    for slot in SLOTS:
        told = {(conflict.kind, conflict.negotiations) for conflict in of_placing(there, 1, slot)}
        after = conflicts(there.moved(1, slot))
        assert told == {(found.kind, found.negotiations) for found in after if 1 in found.negotiations}


@given(st.lists(meetings, max_size=6))
def test_the_blocking_come_first_and_the_order_is_always_the_same(rows: list[dict[str, Any]]) -> None:
    given_ = [meeting(pk, **fields) for pk, fields in enumerate(rows, start=1)]
    found = conflicts(situation(*given_))
    assert [conflict.weight for conflict in found] == sorted(conflict.weight for conflict in found)
    told = [(conflict.kind, conflict.negotiations) for conflict in found]
    backwards = conflicts(situation(*reversed(given_)))
    assert told == [(conflict.kind, conflict.negotiations) for conflict in backwards]
    for one in given_:
        for other in given_:
            same = {(kind, frozenset(keys)) for kind, keys in between(one, other)}
            assert same == {(kind, frozenset(keys)) for kind, keys in between(other, one)}


# --- As it is in the database ---------------------------------------------------------------------------------


@pytest.fixture
def round_(in_scope: County) -> Round:
    """A round with two slots: a Thursday and a Friday."""
    made = make_round(in_scope, starts_on=date(2024, 9, 1), ends_on=date(2024, 11, 30))
    for day in (THURSDAY, date(2024, 9, 27)):
        Slot.objects.create(county=in_scope, round=made, starts_at=moment(day, 8, 15), ends_at=moment(day, 12))
    return made


def found_in(round_: Round) -> list[tuple[Kind, tuple[int, ...]]]:
    """Return what is in the way in a round, read from the database."""
    return [(conflict.kind, conflict.negotiations) for conflict in conflicts(read(round_))]


def test_read_with_everything_that_matters(
    round_: Round, hankasalmi: Municipality, joutsa: Municipality, in_scope: County
) -> None:
    organisation, person = make_organisation(in_scope), make_person(in_scope, "Aino Aalto")
    slot = Slot.objects.filter(round=round_)[0]
    one = make_negotiation(
        round_,
        [hankasalmi],
        bases=BOTH,
        slot=slot,
        mode=Mode.ON_SITE,
        place="Kunnantalo",
        chair="Anna Aho",
        topic_kind=Negotiation.Topic.THEME,
        topic="Lapset",
    )
    Party.objects.create(county=in_scope, negotiation=one, organisation=organisation)
    Attendance.objects.create(
        county=in_scope, negotiation=one, sector=Sector.COUNTY, person=person, name="Aino Aalto", status="invited"
    )
    group = CoreGroup.objects.create(county=in_scope, round=round_, name="Ydinryhmä", sector=Sector.COUNTY, size=10)
    group.negotiations.add(one)
    PlacementWish.objects.create(county=in_scope, negotiation=one, weekdays=[4], note="aamulla")
    inquiry = AvailabilityInquiry.objects.create(county=in_scope, round=round_, answer_by=date(2024, 6, 1))
    asked = AvailabilityRequest.objects.create(
        county=in_scope, inquiry=inquiry, municipality=hankasalmi, delete_after=date(2024, 12, 31)
    )
    AvailabilityAnswer.objects.create(county=in_scope, request=asked, slot=slot, suits=Suits.NO)
    there = read(round_)
    assert there.meetings == {
        one.pk: Meeting(
            one.pk,
            "Hankasalmi",
            Timing.in_slot(slot),
            State.PLANNED,
            round_.pk,
            "Kierros",
            slot.pk,
            frozenset({"c", f"m{hankasalmi.pk}", f"o{organisation.pk}"}),
            frozenset({f"p{person.pk}"}),
            frozenset({f"g{group.pk}"}),
            Mode.ON_SITE,
            "Kunnantalo",
            ("Anna Aho",),
            frozenset(Basis.values),
            True,
            Wish(weekdays=frozenset({4}), note="aamulla"),
        )
    }
    assert there.names == {
        f"m{hankasalmi.pk}": "Hankasalmi",
        f"o{organisation.pk}": "Hankasalmen seurakunta",
        "c": "Keski-Suomen hyvinvointialue",
        f"p{person.pk}": "Aino Aalto",
        f"g{group.pk}": "Ydinryhmä",
    }
    assert next(iter(there.slots.values())) == Timing.in_slot(slot)
    assert there.in_use == {slot.pk: one.pk}
    assert found_in(round_) == [(Kind.DOES_NOT_SUIT, (one.pk,))]


def test_negotiations_of_other_rounds_and_of_none_are_read_where_the_days_meet(
    round_: Round, hankasalmi: Municipality, in_scope: County
) -> None:
    own = make_negotiation(round_, [hankasalmi])
    # The round's own may be outside its days, and then whatever is on that day matters too.
    late = make_negotiation(round_, [hankasalmi], bases=[Basis.COOPERATION], day=date(2025, 3, 6))
    elsewhere = make_round(in_scope, name="Toinen", starts_on=date(2024, 1, 1), ends_on=date(2025, 12, 31))
    same_time = make_negotiation(elsewhere, [hankasalmi])
    on_late = make_negotiation(elsewhere, [hankasalmi], day=date(2025, 3, 6))
    free = make_negotiation(elsewhere, [hankasalmi], day=date(2024, 11, 20))
    Negotiation.objects.filter(pk=free.pk).update(round=None)
    far = make_negotiation(elsewhere, [hankasalmi], day=date(2025, 6, 5))
    month = make_negotiation(elsewhere, [hankasalmi], day=date(2024, 10, 1))
    span = Timing.in_months(date(2024, 10, 1), date(2024, 10, 1))
    span.put_on(month)
    month.save()
    assert set(read(round_).meetings) == {own.pk, late.pk, same_time.pk, on_late.pk, free.pk}
    assert (far.pk in read(elsewhere).meetings, month.pk in read(elsewhere).meetings) == (True, True)
    assert found_in(round_) == [
        (Kind.PARTY, (own.pk, same_time.pk)),
        (Kind.PARTY, (late.pk, on_late.pk)),
        (Kind.OUTSIDE_ROUND, (late.pk,)),
    ]


def test_cancelled_negotiations_never_conflict(round_: Round, hankasalmi: Municipality) -> None:
    one, other = make_negotiation(round_, [hankasalmi]), make_negotiation(round_, [hankasalmi])
    assert (Kind.PARTY, (one.pk, other.pk)) in found_in(round_)
    cancel(other, reason="Liian vähän osallistujia.", by=None)
    assert found_in(round_) == []


def test_who_was_absent_and_who_stayed_away_is_not_in_two_places(
    round_: Round, hankasalmi: Municipality, joutsa: Municipality, in_scope: County
) -> None:
    person = make_person(in_scope, "Aino Aalto")
    one, other = make_negotiation(round_, [hankasalmi]), make_negotiation(round_, [joutsa])
    rows = [
        Attendance.objects.create(
            county=in_scope, negotiation=row, sector=Sector.COUNTY, person=person, name="Aino Aalto", status="present"
        )
        for row in (one, other)
    ]
    assert found_in(round_) == [(Kind.PERSON, (one.pk, other.pk))]
    Attendance.objects.filter(pk=rows[0].pk).update(status="absent")
    assert found_in(round_) == []


def test_who_stayed_away_negotiates_again(round_: Round, hankasalmi: Municipality, joutsa: Municipality) -> None:
    past = make_held(round_, [hankasalmi, joutsa], day=date(2024, 9, 26))
    again = make_negotiation(round_, [hankasalmi], day=date(2024, 10, 3))
    assert found_in(round_) == [(Kind.TWICE, (past.pk, again.pk))]
    party = Party.objects.get(negotiation=past, municipality=hankasalmi)
    Party.objects.filter(pk=party.pk).update(participation=Party.Participation.STAYED_AWAY)
    assert found_in(round_) == []


def test_a_later_answer_is_seen_the_next_time(round_: Round, hankasalmi: Municipality, in_scope: County) -> None:
    slot = Slot.objects.filter(round=round_)[0]
    one = make_negotiation(round_, [hankasalmi], slot=slot)
    inquiry = AvailabilityInquiry.objects.create(county=in_scope, round=round_, answer_by=date(2024, 6, 1))
    asked = AvailabilityRequest.objects.create(
        county=in_scope, inquiry=inquiry, municipality=hankasalmi, delete_after=date(2024, 12, 31)
    )
    answer = AvailabilityAnswer.objects.create(county=in_scope, request=asked, slot=slot, suits=Suits.YES)
    assert found_in(round_) == []
    AvailabilityAnswer.objects.filter(pk=answer.pk).update(suits=Suits.IF_NEED_BE)
    assert found_in(round_) == [(Kind.IF_NEED_BE, (one.pk,))]


@pytest.mark.parametrize("count", [1, 3])
def test_reading_takes_as_many_queries_however_much_there_is(
    count: int, round_: Round, keski_suomi: County, django_assert_num_queries: Callable[..., Any]
) -> None:
    group = CoreGroup.objects.create(county=keski_suomi, round=round_, name="Ydinryhmä", sector=Sector.COUNTY, size=3)
    inquiry = AvailabilityInquiry.objects.create(county=keski_suomi, round=round_, answer_by=date(2024, 6, 1))
    for number in range(count):
        town = make_municipality(keski_suomi, f"9{number}", f"Kunta {number}")
        made = make_negotiation(round_, [town], bases=BOTH)
        group.negotiations.add(made)
        PlacementWish.objects.create(county=keski_suomi, negotiation=made, note="aamulla")
        AvailabilityRequest.objects.create(
            county=keski_suomi, inquiry=inquiry, municipality=town, delete_after=date(2024, 12, 31)
        )
    with CaptureQueriesContext(connection) as queries:
        there = read(round_)
        conflicts(there)
    assert len(there.meetings) == count
    assert len(queries) == 7
    with django_assert_num_queries(4):
        read(round_, Availability())
