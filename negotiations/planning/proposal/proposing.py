"""The proposal: what goes where and how it suits, and what could not be placed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from hashlib import sha256

from django.utils.translation import gettext as _

from negotiations.planning.availability import Suits
from negotiations.planning.conflicts import Conflict, Meeting, Situation, of_placing
from negotiations.planning.conflicts.words import some_of
from negotiations.planning.proposal.matching import best
from negotiations.planning.proposal.possible import OF_ANSWERS, Ground
from negotiations.planning.proposal.reasons import Mend, Reason, reasons


@dataclass(frozen=True)
class Placed:
    """A negotiation and the slot proposed for it: how it suits those who were asked, and what to think of."""

    negotiation: int
    slot: int
    notes: tuple[str, ...]
    warnings: tuple[Conflict, ...]


@dataclass(frozen=True)
class Unplaced:
    """A negotiation for which there is no slot, and why."""

    negotiation: int
    reasons: tuple[Reason, ...]

    @cached_property
    def mends(self) -> Sequence[Mend]:
        """What can be done about it, each once, in the order of what is nearest at hand."""
        found = {mend for reason in self.reasons for mend in reason.mends}
        return [mend for mend in Mend if mend in found]


@dataclass(frozen=True)
class Proposal:
    """Which slot each negotiation is proposed to have, in order of time; which could not be placed; what is left."""

    placed: tuple[Placed, ...]
    unplaced: tuple[Unplaced, ...]
    spare: int

    @property
    def placements(self) -> dict[int, int]:
        """The slots by the ids of the negotiations."""
        return {one.negotiation: one.slot for one in self.placed}

    @cached_property
    def seal(self) -> str:
        """What tells whether another proposal says the same: what goes where, how it suits, and what to think of."""
        told = [
            (one.negotiation, one.slot, one.notes, [warning.words for warning in one.warnings]) for one in self.placed
        ]
        return sha256(repr(told).encode()).hexdigest()[:32]


def propose(situation: Situation, *, earliest: date | None = None) -> Proposal:
    """Propose slots for the negotiations of a round that have no time: as many as can be placed, as well as can be.

    Whatever has a time stays. Only free slots of the round are used, from the day `earliest` on; nothing is placed in
    a blocking conflict, where a party has answered that the time does not suit, or against a wish. Of what is left,
    times that suit come before those of which nothing is known, these before what suits only if need be, and times
    without warnings before all. The same situation gives the same proposal each time.
    """
    ground = Ground(situation, earliest)
    given = best([meeting.id for meeting in ground.wanted], ground.free, ground.costs)
    after = _with_all(situation, given)
    order = {slot: place for place, slot in enumerate(ground.free)}
    return Proposal(
        tuple(_placed(after, pk, slot) for pk, slot in sorted(given.items(), key=lambda row: order[row[1]])),
        tuple(
            Unplaced(meeting.id, tuple(reasons(ground, given, meeting)))
            for meeting in ground.wanted
            if meeting.id not in given
        ),
        len(ground.free) - len(given),
    )


def _with_all(situation: Situation, given: Mapping[int, int]) -> Situation:
    """Return how the round would stand with all of them placed."""
    placed = {pk: situation.in_slot(pk, slot) for pk, slot in given.items()}
    return replace(situation, meetings={**situation.meetings, **placed})


def _placed(after: Situation, negotiation: int, slot: int) -> Placed:
    warnings = tuple(found for found in of_placing(after, negotiation, slot) if found.kind not in OF_ANSWERS)
    return Placed(negotiation, slot, tuple(_notes(after, after.meetings[negotiation], slot)), warnings)


def _notes(situation: Situation, meeting: Meeting, slot: int) -> list[str]:
    """Say how a slot suits those who were asked, and the wish."""
    answers = situation.availability
    asked = meeting.parties & answers.asked
    said = {key: answers.of(key, slot) for key in asked}
    notes = []
    if asked and all(answer == Suits.YES for answer in said.values()):
        notes.append(_("suits all") if asked >= meeting.invited else _("suits all who were asked"))
    for suits, words in ((Suits.IF_NEED_BE, _("if need be: %(who)s")), (None, _("not answered: %(who)s"))):
        if keys := [key for key, answer in said.items() if answer == suits]:
            notes.append(words % {"who": some_of(situation.names_of(keys))})
    if not asked:
        notes.append(_("nobody was asked whether it suits"))
    if meeting.wish is not None and meeting.wish.binds:
        notes.append(_("as wished"))
    return notes
