"""The proposal of times: that it is right whatever the round, that it is the best, and that what it says is true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from municipalities.models import County, MunicipalityGroup, User
from negotiations.demo.building import moment
from negotiations.demo.keski_suomi_2024 import GROUPS
from negotiations.models import Negotiation, Round, Slot
from negotiations.planning.availability import Availability, Suits
from negotiations.planning.conflicts import Kind, Meeting, Situation, Weight, conflicts, of_placing, read
from negotiations.planning.proposal import Mend, Proposal, Reason, Why, propose
from negotiations.planning.proposal.matching import best, competing
from negotiations.planning.rounds import fill
from negotiations.planning.timing import Precision, Timing
from negotiations.planning.wishes import Wish, set_wish
from tests.factories import make_municipality, make_round

State, Mode = Negotiation.State, Negotiation.Mode
ROUND = 1
FIRST = date(2024, 9, 2)  # A Monday.
SEASON = Timing(Precision.MONTH, date(2024, 9, 1), date(2024, 12, 31))
TOWNS = ("m1", "m2", "m3")
NAMES = {"m1": "Keuruu", "m2": "Multia", "m3": "Jämsä", "o1": "Seurakunta", "c": "Keski-Suomi"}


def slot_on(day: date, hour: int = 8) -> Timing:
    """Return the time of a slot."""
    return Timing(Precision.MINUTE, day, day, moment(day, hour), moment(day, hour + 3))


def days_on(*offsets: int) -> dict[int, Timing]:
    """Return slots on days counted from the first Monday; their ids are 100 and on."""
    return {100 + number: slot_on(FIRST + timedelta(days=offset)) for number, offset in enumerate(offsets)}


def meeting(pk: int, *parties: str, **fields: Any) -> Meeting:
    """Return a negotiation of the round that has no time yet."""
    values: dict[str, Any] = {
        "title": f"N{pk}",
        "round": ROUND,
        "timing": SEASON,
        "parties": frozenset({"c", *parties}),
    }
    return Meeting(pk, **(values | fields))


def situation(*meetings: Meeting, slots: Mapping[int, Timing], **fields: Any) -> Situation:
    """Return a round with these negotiations and slots."""
    values: dict[str, Any] = {"names": NAMES, "form": Round.Form.MUNICIPALITIES, "slots": slots}
    span = (date(2024, 9, 1), date(2024, 12, 31))
    return Situation(
        ROUND,
        starts_on=span[0],
        ends_on=span[1],
        meetings={one.id: one for one in meetings},
        **(values | fields),
    )


def answers(**of: Mapping[int, str]) -> Availability:
    """Return what parties answered of which slots."""
    return Availability(
        {(key, slot): Suits(suits) for key, row in of.items() for slot, suits in row.items()}, frozenset(of)
    )


@pytest.fixture(autouse=True, scope="module")
def solver_loaded() -> None:
    """Load what takes a moment to load, before hypothesis looks at how long an example takes."""
    assert best([1], [1], {1: {1: 0}}) == {1: 1}


# --- Whatever the round ---------------------------------------------------------------------------------------

wishes = st.builds(
    lambda first, length, weekdays: Wish(
        None if first is None else FIRST + timedelta(days=first),
        None if first is None or length is None else FIRST + timedelta(days=first + length),
        weekdays,
    ),
    st.one_of(st.none(), st.integers(0, 12)),
    st.one_of(st.none(), st.integers(0, 9)),
    st.frozensets(st.integers(1, 5), max_size=3),
)
keys = st.frozensets(st.sampled_from([*TOWNS, "o1"]), max_size=2).map(lambda some: some | {"c"})


@st.composite
def rounds(draw: st.DrawFn) -> Situation:
    """Make a small round: slots, negotiations to be placed and fixed ones, wishes, answers."""
    # Sometimes two on a day.
    drawn = draw(st.sets(st.tuples(st.integers(0, 13), st.sampled_from([8, 8, 12])), min_size=1, max_size=5))
    slots = {100 + n: slot_on(FIRST + timedelta(days=day), hour) for n, (day, hour) in enumerate(sorted(drawn))}
    rows = [
        meeting(
            pk,
            timing=draw(st.sampled_from([SEASON, SEASON, Timing(Precision.DAY, FIRST, FIRST + timedelta(days=6))])),
            parties=draw(keys),
            wish=draw(st.one_of(st.none(), wishes)),
            core_groups=draw(st.frozensets(st.just("g1"))),
        )
        for pk in range(1, draw(st.integers(0, 4)) + 1)
    ]
    for pk, slot in enumerate(draw(st.lists(st.sampled_from(sorted(slots)), unique=True)), start=10):
        state = draw(st.sampled_from([State.PLANNED, State.CONVENED, State.HELD]))
        if draw(st.booleans()):
            rows.append(meeting(pk, slot=slot, timing=slots[slot], parties=draw(keys), state=state))
        else:
            # At a time of its own, or of another round: beside a slot.
            around = draw(st.sampled_from([slot_on(slots[slot].earliest, 10), slot_on(slots[slot].earliest, 12)]))
            groups = draw(st.frozensets(st.just("g1")))
            rows.append(
                meeting(pk, timing=around, parties=draw(keys), round=draw(st.sampled_from([1, 2])), core_groups=groups)
            )
    usual = ["yes", "if_need_be", "no", "no", ""]
    said = {
        (key, slot): Suits(suits)
        for key in [*TOWNS, "c"]
        for slot, suits in zip(slots, draw(st.lists(st.sampled_from(usual), max_size=len(slots))), strict=False)
        if suits
    }
    asked = draw(st.frozensets(st.sampled_from([*TOWNS, "c"]))) | {key for key, _slot in said}
    return situation(*rows, slots=slots, availability=Availability(said, asked))


def is_unplaced(one: Meeting) -> bool:
    """Whether a negotiation of the strategy waits for a slot."""
    return one.round == ROUND and one.slot is None and one.timing.starts_at is None


def may_have(there: Situation, pk: int, slot: int) -> bool:
    """Whether the rules let a negotiation have a slot that nobody has: told anew, from the conflicts."""
    day, one = there.slots[slot].earliest, there.meetings[pk]
    if not one.timing.earliest <= day <= one.timing.latest or (one.wish and not one.wish.allows(day)):
        return False
    if slot in {other.slot for other in there.meetings.values()}:
        return False
    found = of_placing(there, pk, slot)
    return not any(hit.weight == Weight.BLOCKING or hit.kind == Kind.DOES_NOT_SUIT for hit in found)


def every_way(there: Situation) -> Iterator[dict[int, int]]:
    """Give every way in which the rules let the negotiations be placed, each in a slot of its own."""
    waiting = [one.id for one in there.meetings.values() if is_unplaced(one)]
    choices = [[None, *(slot for slot in there.slots if may_have(there, pk, slot))] for pk in waiting]
    for chosen in product(*choices):
        used = [slot for slot in chosen if slot is not None]
        if len(used) == len(set(used)):
            yield {pk: slot for pk, slot in zip(waiting, chosen, strict=True) if slot is not None}


def value_of(there: Situation, way: Mapping[int, int]) -> tuple[int, ...]:
    """Return what is judged by, the best first: how many, how well they suit, how early. Told anew."""
    rank = {slot: place for place, slot in enumerate(sorted(there.slots))}
    waiting = {one.id for one in there.meetings.values() if is_unplaced(one)}
    cost = 0
    for pk, slot in way.items():
        fixed = replace(there, meetings={i: one for i, one in there.meetings.items() if i == pk or i not in waiting})
        found = of_placing(fixed, pk, slot)
        answer_kinds = {Kind.DOES_NOT_SUIT, Kind.IF_NEED_BE, Kind.WISH}
        cost += 256 * sum(hit.kind not in answer_kinds for hit in found)
        for key in there.meetings[pk].parties & there.availability.asked:
            cost += {Suits.YES: 0, None: 1, Suits.IF_NEED_BE: 2}[there.availability.of(key, slot)]
    return -len(way), cost, sum(rank[slot] for slot in way.values())


@given(rounds())
def test_every_negotiation_placed_is_where_it_may_be_and_nothing_else_moves(there: Situation) -> None:
    made = propose(there)
    placed = made.placements
    assert len(set(placed.values())) == len(placed)
    assert all(is_unplaced(there.meetings[pk]) and may_have(there, pk, slot) for pk, slot in placed.items())
    # Each is placed or told why not; whatever has a time is in neither.
    told = [one.negotiation for one in made.unplaced]
    assert sorted([*placed, *told]) == [pk for pk, one in sorted(there.meetings.items()) if is_unplaced(one)]
    assert all(one.reasons for one in made.unplaced)
    after = there
    for pk, slot in placed.items():
        after = after.moved(pk, slot)
    blocked = {
        pk for found in conflicts(after) if found.weight == Weight.BLOCKING for pk in found.negotiations if pk in placed
    }
    assert not blocked
    # None of those left over could be added as things then are.
    assert not any(may_have(after, pk, slot) for pk in told for slot in there.slots)
    assert made.spare == len(there.slots) - len({one.slot for one in after.meetings.values() if one.slot})


@given(rounds())
def test_it_is_the_best_of_all_ways(there: Situation) -> None:
    assert value_of(there, propose(there).placements) == min(value_of(there, way) for way in every_way(there))


@given(rounds())
def test_the_same_round_gives_the_same_proposal(there: Situation) -> None:
    made = propose(there)
    backwards = replace(
        there,
        meetings={pk: there.meetings[pk] for pk in reversed(list(there.meetings))},
        slots={pk: there.slots[pk] for pk in reversed(list(there.slots))},
    )
    again = propose(backwards)
    assert (made, made.seal) == (again, again.seal)


def is_true(there: Situation, pk: int, made: Proposal, reason: Reason) -> bool:
    """Whether what a reason claims is so, told anew from the round."""
    one, slots = there.meetings[pk], there.slots
    wish = one.wish or Wish()
    known = {slot for slot in slots if one.timing.earliest <= slots[slot].earliest <= one.timing.latest}
    days = {slot for slot in slots if wish.allows_days(slots[slot].earliest)}
    weekdays = {slot for slot in slots if wish.allows_weekday(slots[slot].earliest)}
    wanted = known & days & weekdays
    refused = {
        slot: {key for key in one.parties if there.availability.of(key, slot) == Suits.NO} for slot in reason.slots
    }
    if reason.why == Why.NO_SLOTS:
        return not slots
    if reason.why in {Why.KNOWN_DAYS, Why.WISHED_DAYS, Why.WISHED_WEEKDAYS}:
        left = {Why.KNOWN_DAYS: known, Why.WISHED_DAYS: days, Why.WISHED_WEEKDAYS: weekdays}[reason.why]
        return bool(slots) and not left
    if reason.why == Why.TOGETHER:
        return bool(known and days and weekdays) and not wanted
    if reason.why == Why.REFUSED:
        return set(reason.slots) == wanted and all(set(reason.parties) <= keys for keys in refused.values())
    if reason.why == Why.NOT_IN_COMMON:
        everyone = set().union(*refused.values())
        nobody_alone = all(any(key not in keys for keys in refused.values()) for key in everyone)
        return set(reason.slots) == wanted and all(refused.values()) and nobody_alone
    if reason.why == Why.IN_USE:
        return all(not may_have(there, pk, slot) and not refused[slot] and slot in wanted for slot in reason.slots)
    # Competing, or too few slots: all that any of them can have are these, one fewer than they are.
    can = {slot for rival in reason.negotiations for slot in slots if may_have(there, rival, slot)}
    free = set(slots) - {other.slot for other in there.meetings.values()}
    waiting = sum(is_unplaced(other) for other in there.meetings.values())
    enough = reason.why == Why.COMPETING or (set(reason.slots) == free and waiting > len(free))
    return pk in reason.negotiations and can == set(reason.slots) and len(can) < len(reason.negotiations) and enough


@given(rounds())
def test_what_is_said_of_those_left_over_is_true(there: Situation) -> None:
    made = propose(there)
    for one in made.unplaced:
        for reason in one.reasons:
            assert is_true(there, one.negotiation, made, reason), reason
            assert reason.words
            assert reason.mends


costs = st.dictionaries(
    st.integers(1, 5), st.dictionaries(st.integers(1, 5), st.integers(0, 1023), max_size=5), max_size=5
)


@given(costs)
def test_slots_go_in_the_order_of_the_negotiations_where_that_costs_nothing(table: dict[int, dict[int, int]]) -> None:
    slots = [1, 2, 3, 4, 5]
    found = best(sorted(table), slots, table)
    for one, other in product(table, table):
        mine, its = found.get(one), found.get(other)
        if one >= other or its is None or its not in table[one]:
            continue
        if mine is None:
            assert table[one][its] != table[other][its]
        elif its < mine and mine in table[other]:
            assert table[one][its] + table[other][mine] != table[one][mine] + table[other][its]


@given(costs)
def test_those_who_compete_are_one_more_than_all_slots_that_any_of_them_can_have(
    table: dict[int, dict[int, int]],
) -> None:
    found = best(sorted(table), [1, 2, 3, 4, 5], table)
    for one in table.keys() - found.keys():
        rivals, slots = competing(table, found, one)
        assert one in rivals
        assert set(slots) == {slot for rival in rivals for slot in table[rival]}
        assert len(rivals) == len(set(rivals)) == len(slots) + 1


def test_they_are_found_however_long_the_chain() -> None:
    chain = {1: {1: 0}, 2: {1: 0, 2: 0}, 3: {2: 0, 3: 0}, 4: {3: 0}, 5: {4: 0}}
    found = best([1, 2, 3, 4, 5], [1, 2, 3, 4], chain)
    assert found == {1: 1, 2: 2, 3: 3, 5: 4}
    assert competing(chain, found, 4) == ([4, 3, 2, 1], [3, 2, 1])


# --- What it says ---------------------------------------------------------------------------------------------


def said_of(there: Situation, pk: int, **options: Any) -> list[str]:
    """Return in Finnish why a negotiation was not placed."""
    with translation.override("fi"):
        (found,) = [one for one in propose(there, **options).unplaced if one.negotiation == pk]
    return [reason.words.replace("\N{NO-BREAK SPACE}", " ") for reason in found.reasons]


def notes_of(there: Situation, pk: int) -> list[str]:
    """Return in Finnish how the slot of a negotiation suits."""
    with translation.override("fi"):
        (found,) = [one for one in propose(there).placed if one.negotiation == pk]
    return list(found.notes)


def test_without_slots_it_says_so() -> None:
    assert said_of(situation(meeting(1), slots={}), 1) == ["Kierroksella ei ole vielä aikoja."]
    past = situation(meeting(1), slots=days_on(0, 1))
    assert said_of(past, 1, earliest=date(2024, 10, 1)) == ["Kierroksen ajat ovat jo menneet."]
    assert propose(situation(slots={})) == Proposal((), (), 0)


def test_past_slots_are_not_proposed() -> None:
    there = situation(meeting(1), slots=days_on(0, 1, 2))
    assert propose(there, earliest=FIRST + timedelta(days=1)).placements == {1: 101}


def test_a_day_or_months_that_are_known_already_are_kept_to() -> None:
    slots = days_on(0, 1, 30)
    known = Timing(Precision.DAY, FIRST + timedelta(days=1), FIRST + timedelta(days=1))
    assert propose(situation(meeting(1, timing=known), slots=slots)).placements == {1: 101}
    later = Timing.in_months(date(2024, 10, 1), date(2024, 10, 1))
    assert propose(situation(meeting(1, timing=later), slots=slots)).placements == {1: 102}
    words = said_of(situation(meeting(1, timing=later), slots=days_on(0, 1)), 1)
    assert words == ["Neuvottelun ajaksi on merkitty lokakuu 2024, eikä kierroksella ole silloin aikoja."]


def test_a_wish_without_slots() -> None:
    slots = days_on(0, 1, 2)
    late = Wish(earliest=date(2024, 10, 1))
    assert said_of(situation(meeting(1, wish=late), slots=slots), 1) == [
        "Toivottuina päivinä ei ole aikoja: aikaisintaan 1.10.2024."
    ]
    fridays = Wish(weekdays=frozenset({4, 5}))
    assert said_of(situation(meeting(1, wish=fridays), slots=slots), 1) == [
        "Toivottuina viikonpäivinä ei ole aikoja: torstai, perjantai."
    ]
    monday_later = Wish(earliest=FIRST + timedelta(days=1), weekdays=frozenset({1}))
    assert said_of(situation(meeting(1, wish=monday_later), slots=slots), 1) == [
        "Mikään kierroksen aika ei täytä näitä kaikkia: aikaisintaan 3.9.2024; maanantai."
    ]


def test_where_only_the_times_as_wished_are_past_that_is_said() -> None:
    """The round had times then: it would be untrue that it has none, and nothing more."""
    slots, tomorrow = days_on(0, 1, 3), FIRST + timedelta(days=1)
    past = "Silloin olleet ajat ovat jo menneet."
    early = meeting(1, wish=Wish(latest=FIRST))
    assert said_of(situation(early, slots=slots), 1, earliest=tomorrow) == [
        f"Toivottuina päivinä ei ole aikoja: viimeistään 2.9.2024. {past}"
    ]
    mondays = meeting(1, wish=Wish(weekdays=frozenset({1})))
    assert said_of(situation(mondays, slots=slots), 1, earliest=tomorrow) == [
        f"Toivottuina viikonpäivinä ei ole aikoja: maanantai. {past}"
    ]
    known = meeting(1, timing=Timing(Precision.DAY, FIRST, FIRST))
    (words,) = said_of(situation(known, slots=slots), 1, earliest=tomorrow)
    assert words.endswith(past)


def test_what_does_not_suit_is_counted_by_party_and_the_nearest_is_named() -> None:
    slots = days_on(*range(5), *range(7, 12))
    some, rest = dict.fromkeys(range(100, 105), "no"), dict.fromkeys(range(104, 110), "no")
    there = situation(meeting(1, "m1", "m2"), slots=slots, availability=answers(m1=some, m2=rest))
    # Who is the most against comes first. On Monday the first only one is, and nobody has that time.
    assert said_of(there, 1) == [
        "Ei sovi: Multia (6 aikaa), Keuruu (5 aikaa). Yksikään 10 mahdollisesta ajasta ei sovi kaikille."
        " Saatavilla olevista ajoista vähiten esteitä on ma 2.9.2024 klo 8.00–11.00, vko 36: ei sovi Keuruu."
    ]
    alone = replace(there, availability=answers(m1=dict.fromkeys(slots, "no"), m2=rest))
    assert said_of(alone, 1) == [
        "Yksikään 10 mahdollisesta ajasta ei sovi: Keuruu."
        " Saatavilla olevista ajoista vähiten esteitä on ma 2.9.2024 klo 8.00–11.00, vko 36: ei sovi Keuruu."
    ]
    assert propose(alone).unplaced[0].mends == [Mend.ANSWERS, Mend.SLOTS]
    # A time that cannot be had is not recommended: one that is in use, is proposed to another, or is blocked.
    others = [
        meeting(10, slot=100, timing=slots[100]),
        meeting(2, wish=Wish(latest=FIRST + timedelta(days=1))),
        meeting(11, "m1", round=2, timing=slot_on(FIRST + timedelta(days=2), 10)),
    ]
    assert said_of(replace(there, meetings={**there.meetings, **{one.id: one for one in others}}), 1)[0].endswith(
        "Saatavilla olevista ajoista vähiten esteitä on to 5.9.2024 klo 8.00–11.00, vko 36: ei sovi Keuruu."
    )
    one = situation(meeting(1, "m1"), slots=days_on(0), availability=answers(m1={100: "no"}))
    assert said_of(one, 1) == ["Ainoa mahdollinen aika ei sovi: Keuruu."]


def test_what_is_in_use_is_told_with_who_has_it() -> None:
    slots = days_on(0, 1)
    first = meeting(10, "m3", slot=100, timing=slots[100], title="Jämsä")
    elsewhere = meeting(11, "m1", timing=slot_on(FIRST + timedelta(days=1), 10), round=2, round_name="Muu", title="X")
    there = situation(meeting(1, "m1"), first, elsewhere, slots=slots)
    assert said_of(there, 1) == [
        "Mitään sopivista 2 ajasta ei voi saada: ma 2.9.2024 klo 8.00–11.00, vko 36 (”Jämsä”);"
        " ti 3.9.2024 klo 8.00–11.00, vko 36 (Keuruu: samaan aikaan neuvottelussa ”X” (Muu))."
    ]
    assert propose(there).unplaced[0].mends == [Mend.BOARD, Mend.SLOTS]


def test_who_got_the_only_slot_is_named() -> None:
    monday = Wish(weekdays=frozenset({1}))
    there = situation(
        meeting(1, title="Keuruu", wish=monday), meeting(2, title="Multia", wish=monday), slots=days_on(0, 1)
    )
    assert propose(there).placements == {1: 100}
    assert said_of(there, 2) == [
        "Ainoa vapaa sopiva aika (ma 2.9.2024 klo 8.00–11.00, vko 36) meni neuvottelulle ”Keuruu”, jolle mikään muu"
        " vapaa aika ei käy."
    ]
    three = situation(
        *(meeting(pk, wish=Wish(latest=FIRST + timedelta(days=1))) for pk in (1, 2, 3)), slots=days_on(0, 1, 2)
    )
    assert said_of(three, 3) == [
        "Näille 3 neuvottelulle käyvät vain samat 2 vapaata aikaa (ma 2.9.2024 klo 8.00–11.00, vko 36;"
        " ti 3.9.2024 klo 8.00–11.00, vko 36). Muut ovat ”N1”, ”N2”."
    ]


def test_more_negotiations_than_slots() -> None:
    there = situation(*(meeting(pk) for pk in range(1, 9)), slots=days_on(*range(5)))
    assert propose(there).placements == {pk: 99 + pk for pk in range(1, 6)}
    words = ["Neuvotteluja on enemmän kuin aikoja: ilman aikaa 8 neuvottelua, vapaita aikoja 5."]
    assert [said_of(there, pk) for pk in (6, 7, 8)] == [words] * 3


def test_what_is_placed_gives_way_where_another_has_no_other() -> None:
    # The first could have either; only together do both get a slot.
    there = situation(meeting(1), meeting(2, wish=Wish(latest=FIRST)), slots=days_on(0, 1))
    assert propose(there).placements == {1: 101, 2: 100}


def test_suiting_comes_before_unknown_and_that_before_if_need_be_and_then_the_earliest() -> None:
    slots = days_on(0, 1, 2)
    said = answers(m1={100: "if_need_be", 102: "yes"})
    there = situation(meeting(1, "m1"), slots=slots, availability=said)
    assert propose(there).placements == {1: 102}
    assert propose(replace(there, availability=answers(m1={100: "if_need_be", 102: "no"}))).placements == {1: 101}
    assert propose(replace(there, availability=answers(m1={}))).placements == {1: 100}
    # A holiday comes last, whatever is said of the others.
    november = {100: slot_on(date(2024, 12, 6)), 101: slot_on(date(2024, 12, 9))}
    best_last = answers(m1={100: "yes", 101: "if_need_be"})
    assert propose(situation(meeting(1, "m1"), slots=november, availability=best_last)).placements == {1: 101}


def test_how_a_slot_suits_is_told() -> None:
    slots = days_on(0)

    def notes(said: Availability, **fields: Any) -> list[str]:
        return notes_of(situation(meeting(1, "m1", "m2", **fields), slots=slots, availability=said), 1)

    assert notes(answers(m1={100: "yes"}, m2={100: "yes"})) == ["sopii kaikille"]
    assert notes(answers(m1={100: "yes"})) == ["sopii kaikille, joilta on kysytty"]
    assert notes(answers(m1={100: "if_need_be"}, m2={})) == ["tarvittaessa: Keuruu", "ei vastausta: Multia"]
    assert notes(Availability()) == ["sopivuutta ei ole kysytty"]
    assert notes(answers(m1={}, c={100: "if_need_be"})) == ["tarvittaessa: Keski-Suomi", "ei vastausta: Keuruu"]
    assert notes(Availability(), wish=Wish(weekdays=frozenset({1}))) == [
        "sopivuutta ei ole kysytty",
        "toiveen mukainen",
    ]
    # Words alone are for people: nobody can tell whether they are met.
    assert notes(Availability(), wish=Wish(note="aamulla")) == ["sopivuutta ei ole kysytty"]


def test_what_there_is_to_think_of_is_told_too_and_the_seal_tells_when_it_changes() -> None:
    there = situation(meeting(1, "m1"), slots={100: slot_on(date(2024, 12, 6))})
    made = propose(there)
    assert [found.kind for found in made.placed[0].warnings] == [Kind.HOLIDAY]
    assert made.seal != propose(replace(there, availability=answers(m1={100: "if_need_be"}))).seal
    assert made.seal != propose(replace(there, slots={100: slot_on(date(2024, 12, 9))})).seal


# --- Keski-Suomi 2024 -----------------------------------------------------------------------------------------


@pytest.fixture
def groups_of_2024(in_scope: County) -> Round:
    """The six groups of seed 001 with a negotiation each, and a slot on each of the days on which they were."""
    round_ = make_round(in_scope, starts_on=date(2024, 9, 1), ends_on=date(2024, 11, 30))
    code = 900
    for position, (day, towns, _counts) in enumerate(GROUPS, start=1):
        group = MunicipalityGroup.objects.create(county=in_scope, year=2024, name=", ".join(towns), position=position)
        for name in towns:
            group.municipalities.add(make_municipality(in_scope, str(code), name))
            code += 1
        Slot.objects.create(county=in_scope, round=round_, starts_at=moment(day, 9), ends_at=moment(day, 12))
    fill(round_, by=None)
    return round_


def test_the_groups_of_2024_with_three_wishes_that_cannot_be_met(groups_of_2024: Round, coordinator: User) -> None:
    round_ = groups_of_2024
    rows = {row.title: row for row in Negotiation.objects.filter(round=round_)}
    assert [len(rows), Slot.objects.filter(round=round_).count()] == [6, 6]
    jyvaskyla, kinnula, joutsa = (
        rows[name] for name in ("Jyväskylä, Muurame", "Kinnula, Pihtipudas, Viitasaari", "Joutsa, Luhanka, Toivakka")
    )
    # Days, weekdays, and both at once, none of which the times of that autumn meet.
    set_wish(jyvaskyla, Wish(date(2024, 10, 1), date(2024, 10, 20)), by=coordinator)
    set_wish(kinnula, Wish(weekdays=frozenset({1, 5})), by=coordinator)
    set_wish(joutsa, Wish(date(2024, 11, 1), None, frozenset({4})), by=coordinator)
    there = read(round_)
    with translation.override("fi"):
        made = propose(there)
    assert {there.meetings[pk].title: there.slots[slot].earliest for pk, slot in made.placements.items()} == {
        "Hankasalmi, Laukaa, Konnevesi, Äänekoski": date(2024, 9, 26),
        "Jämsä, Keuruu, Multia, Petäjävesi, Uurainen": date(2024, 10, 30),
        "Kannonkoski, Karstula, Kivijärvi, Kyyjärvi, Saarijärvi": date(2024, 11, 12),
    }
    assert made.spare == 3
    assert {
        there.meetings[one.negotiation].title: [reason.words for reason in one.reasons] for one in made.unplaced
    } == {
        "Jyväskylä, Muurame": ["Toivottuina päivinä ei ole aikoja: 1.10.–20.10.2024."],
        "Kinnula, Pihtipudas, Viitasaari": ["Toivottuina viikonpäivinä ei ole aikoja: maanantai, perjantai."],
        "Joutsa, Luhanka, Toivakka": [
            "Mikään kierroksen aika ei täytä näitä kaikkia: aikaisintaan 1.11.2024; torstai."
        ],
    }
    # With the wishes gone all six are placed, each where it was that autumn.
    for row in (jyvaskyla, kinnula, joutsa):
        set_wish(row, Wish(), by=coordinator)
    there = read(round_)
    assert [there.slots[slot].earliest for slot in propose(there).placements.values()] == [day for day, *_ in GROUPS]
