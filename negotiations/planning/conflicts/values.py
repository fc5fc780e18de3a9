"""What conflicts are judged by: negotiations, a round as it stands, and what is found in the way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import cached_property

from negotiations.models import Negotiation
from negotiations.planning.availability import COUNTY, Availability
from negotiations.planning.timing import Precision, Timing
from negotiations.planning.wishes import Wish

Mode, State = Negotiation.Mode, Negotiation.State


class Weight(StrEnum):
    """Whether a conflict makes a placing impossible, or is something to think of."""

    BLOCKING = "blocking"
    WARNING = "warning"


class Kind(StrEnum):
    """What a conflict is about."""

    PARTY = "party"
    PERSON = "person"
    ROOM = "room"
    CORE_GROUP = "core_group"
    CORE_GROUP_SITES = "core_group_sites"
    # Chair or secretary, which are known only as written.
    OFFICIAL = "official"
    # Of one of them only the day is known, so nobody can tell whether they overlap.
    SAME_DAY = "same_day"
    # A municipality in two negotiations of the round for the same duty.
    TWICE = "twice"
    DOES_NOT_SUIT = "does_not_suit"
    IF_NEED_BE = "if_need_be"
    WISH = "wish"
    HOLIDAY = "holiday"
    OUTSIDE_ROUND = "outside_round"

    @property
    def weight(self) -> Weight:
        """Whether it blocks."""
        blocking = {Kind.PARTY, Kind.PERSON, Kind.ROOM, Kind.CORE_GROUP}
        return Weight.BLOCKING if self in blocking else Weight.WARNING


@dataclass(frozen=True)
class Meeting:
    """A negotiation, as far as others can be in its way. Parties, persons and core groups are told by keys.

    Keys are those of availability ("m1", "o2", "c" for the county itself), "p3" for a person, "g4" for a core group.
    A party that stayed away, and a person who was absent, are not here.
    """

    id: int
    title: str
    timing: Timing
    state: str = State.PLANNED
    round: int | None = None
    round_name: str = ""
    slot: int | None = None
    parties: frozenset[str] = frozenset()
    persons: frozenset[str] = frozenset()
    core_groups: frozenset[str] = frozenset()
    mode: str = Mode.UNKNOWN
    place: str = ""
    # Chair and secretary, as written.
    officials: tuple[str, ...] = ()
    bases: frozenset[str] = frozenset()
    has_topic: bool = False
    wish: Wish | None = None

    @cached_property
    def invited(self) -> frozenset[str]:
        """The parties but the county, which is in all of them."""
        return self.parties - {COUNTY}

    @cached_property
    def room(self) -> str:
        """The place where people come to, told alike however it was written; empty where nobody comes anywhere.

        Where the mode is not known yet, a place that has been written is one to come to.
        """
        return "" if self.mode == Mode.REMOTE else _alike(self.place)

    @cached_property
    def official_keys(self) -> Mapping[str, str]:
        """Chair and secretary, told alike however they were written, and as written."""
        return {_alike(name): name for name in self.officials if name.strip()}

    @cached_property
    def day(self) -> date | None:
        """The day, where it is known to the day."""
        is_known = self.timing.precision != Precision.MONTH and self.timing.earliest == self.timing.latest
        return self.timing.earliest if is_known else None

    @property
    def can_move(self) -> bool:
        """Whether its time can still change."""
        return self.state in {State.PLANNED, State.CONVENED}


def _alike(text: str) -> str:
    """Return a text without case and spaces."""
    return "".join(text.split()).casefold()


@dataclass(frozen=True)
class Situation:
    """A round as it stands: its negotiations, those of the county at the same time, its slots, and what was answered.

    Cancelled negotiations are not here. `names` are by key, in the order in which they are told. `mode` is that of the
    rule of the slots, which a negotiation takes along from its slot unless it has one of its own.
    """

    round: int
    form: str
    starts_on: date
    ends_on: date
    meetings: Mapping[int, Meeting] = field(default_factory=dict)
    slots: Mapping[int, Timing] = field(default_factory=dict)
    availability: Availability = field(default_factory=Availability)
    names: Mapping[str, str] = field(default_factory=dict)
    mode: str = Mode.UNKNOWN

    @cached_property
    def own(self) -> Sequence[Meeting]:
        """The negotiations of the round."""
        return tuple(meeting for meeting in self.meetings.values() if meeting.round == self.round)

    @cached_property
    def by_day(self) -> Mapping[date, Sequence[Meeting]]:
        """The negotiations of each day, where the day is known."""
        days: dict[date, list[Meeting]] = defaultdict(list)
        for meeting in self.meetings.values():
            if meeting.day is not None:
                days[meeting.day].append(meeting)
        return days

    @cached_property
    def in_use(self) -> Mapping[int, int]:
        """The slots that negotiations have, and which has each."""
        return {meeting.slot: meeting.id for meeting in self.own if meeting.slot is not None}

    @cached_property
    def _order(self) -> Mapping[str, int]:
        return {key: place for place, key in enumerate(self.names)}

    def names_of(self, keys: Iterable[str]) -> list[str]:
        """Return the names of parties, persons or core groups, in their order."""
        return [self.names.get(key, key) for key in self.in_order(keys)]

    def in_order(self, keys: Iterable[str]) -> list[str]:
        """Return keys in the order in which their names are told."""
        order = self._order
        return sorted(keys, key=lambda key: (order.get(key, len(order)), key))

    def moved(self, negotiation: int, slot: int) -> Situation:
        """Return how it would stand with a negotiation in another slot. Raises KeyError for one that is not here."""
        return replace(self, meetings={**self.meetings, negotiation: self.in_slot(negotiation, slot)})

    def in_slot(self, negotiation: int, slot: int) -> Meeting:
        """Return a negotiation as it would be in a slot of the round. Raises KeyError for one that is not here."""
        meeting = self.meetings[negotiation]
        return replace(meeting, slot=slot, timing=self.slots[slot], mode=meeting.mode or self.mode)


@dataclass(frozen=True)
class Conflict:
    """Something in the way: which negotiations it concerns, and in words what it is and how to mend it."""

    kind: Kind
    weight: Weight
    negotiations: tuple[int, ...]
    words: str


# What is found, before it is put into words: the kind, and the keys or names of those concerned.
Found = tuple[Kind, tuple[str, ...]]
