"""The rules: what is in the way between two negotiations, and what speaks against the time of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import combinations

from negotiations.models import Round
from negotiations.planning.availability import Suits
from negotiations.planning.conflicts.values import Conflict, Found, Kind, Meeting, Situation, Weight
from negotiations.planning.conflicts.words import say_both, say_one, say_twice
from negotiations.planning.slots.public_holidays import holiday_name
from negotiations.planning.timing import Timing

# Less than this between two places, and a core group can hardly be in both on a day: the way, and unpacking.
BETWEEN_SITES = timedelta(hours=2)


def conflicts(situation: Situation) -> list[Conflict]:
    """Return everything in the way in a round as it stands, the blocking ones first, then in order of time.

    What is merely less than good, as a time that suits if need be, comes after all else.

    What has been held already is told only where it is in the way of something that can still be moved.
    """
    rows: list[tuple[date, Conflict]] = []
    for day, meetings in situation.by_day.items():
        for one, other in combinations(meetings, 2):
            if situation.round in {one.round, other.round} and (one.can_move or other.can_move):
                rows += [(day, say_both(situation, one, other, found)) for found in between(one, other)]
    for meeting in situation.own:
        if meeting.can_move:
            rows += [
                (meeting.timing.earliest, say_one(situation, meeting, found)) for found in alone(situation, meeting)
            ]
    rows += [(situation.starts_on, conflict) for conflict in _twice(situation)]
    return [conflict for _day, conflict in sorted(rows, key=_by_weight_and_time)]


def _by_weight_and_time(row: tuple[date, Conflict]) -> tuple[object, ...]:
    day, conflict = row
    kinds = list(Kind)
    lightest = conflict.kind == Kind.IF_NEED_BE
    return (conflict.weight != Weight.BLOCKING, lightest, day, kinds.index(conflict.kind), conflict.negotiations)


def of_placing(situation: Situation, negotiation: int, slot: int) -> list[Conflict]:
    """Return what would be in the way of a negotiation in a slot of the round, the blocking first.

    Whether another negotiation has the slot is not told here. Raises KeyError for ids that are not in the situation.
    """
    meeting = situation.in_slot(negotiation, slot)
    found = [
        say_both(situation, meeting, other, what)
        for other in neighbours(situation, meeting)
        for what in between(meeting, other)
    ]
    found += [say_one(situation, meeting, what) for what in alone(situation, meeting)]
    return sorted(found, key=lambda conflict: conflict.weight != Weight.BLOCKING)


def neighbours(situation: Situation, meeting: Meeting) -> Iterator[Meeting]:
    """Give the other negotiations of a negotiation's day."""
    if meeting.day is None:
        return
    for other in situation.by_day.get(meeting.day, ()):
        if other.id != meeting.id:
            yield other


def overlap(one: Timing, other: Timing) -> bool:
    """Whether two times are known to overlap. Those that only touch (until 12.00, from 12.00) do not."""
    if not (one.starts_at and one.ends_at and other.starts_at and other.ends_at):
        return False
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def between(one: Meeting, other: Meeting) -> Iterator[Found]:
    """Give what is in the way between two negotiations of the same day."""
    if overlap(one.timing, other.timing):
        yield from _shared(one, other)
        return
    core_groups = one.core_groups & other.core_groups
    if _on_two_sites(one, other):
        yield Kind.CORE_GROUP_SITES, tuple(core_groups)
        core_groups = frozenset()
    if not (one.timing.starts_at and other.timing.starts_at):
        keys = (one.invited & other.invited) | (one.persons & other.persons) | core_groups
        rooms = [one.place] if one.room and one.room == other.room else []
        if keys or rooms:
            yield Kind.SAME_DAY, (*keys, *rooms)


def _shared(one: Meeting, other: Meeting) -> Iterator[Found]:
    """Give who and what two negotiations have in common."""
    if parties := one.invited & other.invited:
        yield Kind.PARTY, tuple(parties)
    if persons := one.persons & other.persons:
        yield Kind.PERSON, tuple(persons)
    if one.room and one.room == other.room:
        yield Kind.ROOM, (one.place,)
    if core_groups := one.core_groups & other.core_groups:
        yield Kind.CORE_GROUP, tuple(core_groups)
    if one.officials and other.officials and (both := one.official_keys.keys() & other.official_keys.keys()):
        yield Kind.OFFICIAL, tuple(one.official_keys[key] for key in sorted(both))


def _on_two_sites(one: Meeting, other: Meeting) -> bool:
    """Whether a core group would have to go from one place to another on a day with little time between."""
    if not (one.room and other.room) or one.room == other.room or not one.core_groups & other.core_groups:
        return False
    first, second = sorted((one.timing, other.timing), key=lambda timing: (timing.starts_at is None, timing.starts_at))
    if not (first.ends_at and second.starts_at):
        return True
    return second.starts_at - first.ends_at < BETWEEN_SITES


def alone(situation: Situation, meeting: Meeting) -> Iterator[Found]:
    """Give what speaks against the time of one negotiation of the round, whatever the others do."""
    if meeting.slot is not None:
        said = {key: situation.availability.of(key, meeting.slot) for key in meeting.parties}
        for kind, suits in ((Kind.DOES_NOT_SUIT, Suits.NO), (Kind.IF_NEED_BE, Suits.IF_NEED_BE)):
            if keys := tuple(key for key, answer in said.items() if answer == suits):
                yield kind, keys
    if meeting.wish is not None and meeting.wish.is_missed_by(meeting.timing):
        yield Kind.WISH, ()
    if meeting.day is not None and (name := holiday_name(meeting.day)):
        yield Kind.HOLIDAY, (name,)
    if meeting.timing.latest < situation.starts_on or meeting.timing.earliest > situation.ends_on:
        yield Kind.OUTSIDE_ROUND, ()


def _twice(situation: Situation) -> Iterator[Conflict]:
    """Give the municipalities that negotiate more than once in the round for the same duty.

    In a round by theme each is meant to be in all of them, and so in negotiations about a theme or a service.
    """
    if situation.form == Round.Form.THEMES:
        return
    places: dict[tuple[str, str], list[Meeting]] = defaultdict(list)
    for meeting in situation.own:
        if not meeting.has_topic:
            for key in meeting.parties:
                if key.startswith("m"):
                    for basis in meeting.bases:
                        places[key, basis].append(meeting)
    # Those that meet in the same negotiations are told together.
    alike: dict[tuple[int, ...], tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for (key, basis), meetings in places.items():
        if len(meetings) > 1 and any(meeting.can_move for meeting in meetings):
            who, bases = alike[tuple(sorted(meeting.id for meeting in meetings))]
            who.add(key)
            bases.add(basis)
    for ids, (who, bases) in alike.items():
        yield say_twice(situation, ids, who, bases)
