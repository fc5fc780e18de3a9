"""Which of a round's free slots each of its negotiations can have, and how well each suits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from negotiations.models import Negotiation
from negotiations.planning.availability import Suits
from negotiations.planning.conflicts import Kind, Meeting, Situation, Weight
from negotiations.planning.conflicts.rules import alone, between
from negotiations.planning.timing import Timing

State = Negotiation.State

# What speaks against a slot, from one party that comes only if need be to a public holiday. A warning weighs more than
# what any number of parties say: the sum of those is cut before it.
UNKNOWN, IF_NEED_BE, WARNING = 1, 2, 256
MOST_WARNINGS = 3
# Judged apart: what the parties answered and what is wished are no warnings here, but count for themselves.
OF_ANSWERS = {Kind.DOES_NOT_SUIT, Kind.IF_NEED_BE, Kind.WISH}


def is_to_be_placed(situation: Situation, meeting: Meeting) -> bool:
    """Whether a proposal gives a time to a negotiation: planned, in no slot, and no clock time agreed otherwise."""
    is_own = meeting.round == situation.round and meeting.state == State.PLANNED
    return is_own and meeting.slot is None and meeting.timing.starts_at is None


@dataclass(frozen=True)
class Ground:
    """What a proposal is made on: the round as it stands, and the first day that can be proposed (None: any)."""

    situation: Situation
    earliest: date | None = None

    @cached_property
    def wanted(self) -> Sequence[Meeting]:
        """The negotiations to be placed, in the order in which they were made."""
        own = (meeting for meeting in self.situation.own if is_to_be_placed(self.situation, meeting))
        return sorted(own, key=lambda meeting: meeting.id)

    @cached_property
    def slots(self) -> Mapping[int, Timing]:
        """The slots that are not past, in order of time."""
        timed = [(timing.starts_at, slot) for slot, timing in self.situation.slots.items() if timing.starts_at]
        rows = {slot: self.situation.slots[slot] for _starts, slot in sorted(timed)}
        return {slot: timing for slot, timing in rows.items() if not self.earliest or timing.earliest >= self.earliest}

    @cached_property
    def free(self) -> Sequence[int]:
        """Those of them that no negotiation has, in order of time."""
        return [slot for slot in self.slots if slot not in self.situation.in_use]

    @cached_property
    def fixed(self) -> Mapping[date, Sequence[Meeting]]:
        """What stays where it is, by day: all but what is to be placed."""
        moving = {meeting.id for meeting in self.wanted}
        days: dict[date, list[Meeting]] = defaultdict(list)
        for day, meetings in self.situation.by_day.items():
            days[day] = [meeting for meeting in meetings if meeting.id not in moving]
        return days

    # --- What keeps a negotiation from a slot -----------------------------------------------------------------

    def in_known_days(self, meeting: Meeting, slots: Iterable[int]) -> list[int]:
        """Return those of the slots that are on the days, or in the months, that are known of a negotiation."""
        first, last = meeting.timing.earliest, meeting.timing.latest
        return [slot for slot in slots if first <= self.slots[slot].earliest <= last]

    def on_wished_days(self, meeting: Meeting, slots: Iterable[int]) -> list[int]:
        """Return those of the slots that are neither too early nor too late for what is wished."""
        wish = meeting.wish
        return [slot for slot in slots if wish is None or wish.allows_days(self.slots[slot].earliest)]

    def on_wished_weekdays(self, meeting: Meeting, slots: Iterable[int]) -> list[int]:
        """Return those of the slots that are on the weekdays wished."""
        wish = meeting.wish
        return [slot for slot in slots if wish is None or wish.allows_weekday(self.slots[slot].earliest)]

    def as_wished(self, meeting: Meeting, slots: Iterable[int]) -> list[int]:
        """Return those of the slots that are on days known or wished."""
        known = self.in_known_days(meeting, slots)
        return self.on_wished_weekdays(meeting, self.on_wished_days(meeting, known))

    def refusing(self, meeting: Meeting, slot: int) -> frozenset[str]:
        """Return the parties that have answered that a slot does not suit them."""
        answers = self.situation.availability
        return frozenset(key for key in meeting.parties if answers.of(key, slot) == Suits.NO)

    def suiting(self, meeting: Meeting, slots: Iterable[int]) -> list[int]:
        """Return those of the slots that no party has refused."""
        return [slot for slot in slots if not self.refusing(meeting, slot)]

    def in_the_way(self, meeting: Meeting, slot: int) -> list[tuple[Meeting, frozenset[str]]]:
        """Return the fixed negotiations that block a slot for this one, and who would be in both."""
        there = self.situation.in_slot(meeting.id, slot)
        found = []
        for other in self.fixed.get(self.slots[slot].earliest, ()):
            who = [keys for kind, keys in between(there, other) if kind.weight == Weight.BLOCKING]
            if who:
                found.append((other, frozenset(key for keys in who for key in keys)))
        return found

    # --- How well it suits ------------------------------------------------------------------------------------

    @cached_property
    def costs(self) -> Mapping[int, Mapping[int, int]]:
        """What speaks against each free slot that a negotiation can have, by negotiation and slot."""
        return {
            meeting.id: {
                slot: self.cost(meeting, slot)
                for slot in self.suiting(meeting, self.as_wished(meeting, self.free))
                if not self.in_the_way(meeting, slot)
            }
            for meeting in self.wanted
        }

    def cost(self, meeting: Meeting, slot: int) -> int:
        """Return how much speaks against a slot: warnings first, then who comes only if need be, then who is silent."""
        answers = self.situation.availability
        said = [answers.of(key, slot) for key in meeting.parties & answers.asked]
        of_answers = IF_NEED_BE * said.count(Suits.IF_NEED_BE) + UNKNOWN * said.count(None)
        there = self.situation.in_slot(meeting.id, slot)
        warnings = sum(kind not in OF_ANSWERS for kind, _keys in alone(self.situation, there))
        for other in self.fixed.get(self.slots[slot].earliest, ()):
            warnings += sum(kind.weight == Weight.WARNING for kind, _keys in between(there, other))
        return WARNING * min(warnings, MOST_WARNINGS) + min(of_answers, WARNING - 1)
