"""The planning board of a round: negotiations are given the round's slots, change places, and give their slots back.

Every move locks the negotiations and then the slots that it touches, each in the order of their ids, so that two
coordinators never give one slot twice and never wait for each other for good. With a move comes what it was made on
(`expected`: the slot that the negotiation was seen in; `occupant`: who was seen in the slot): what has changed
meanwhile is refused. Only what is planned moves here; what has been convened is postponed, on its own page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from municipalities.events import record_with
from municipalities.models import User
from municipalities.moves import NotAllowedNow
from negotiations.models import Minutes, Negotiation, Round, Slot
from negotiations.planning.availability import Availability
from negotiations.planning.conflicts import Conflict, Weight, conflicts, read
from negotiations.planning.negotiations import lock_of
from negotiations.planning.rounds import whole_months
from negotiations.planning.slots import mode_of
from negotiations.planning.timing import Precision, Timing

State = Negotiation.State
# What a move on the board may change of a negotiation.
FIELDS = ("slot", "precision", "earliest", "latest", "starts_at", "ends_at", "mode")


@dataclass(frozen=True)
class Was:
    """Where a negotiation was before a move, and where the move put it: what is needed to take the move back."""

    negotiation: int
    former_slot: int | None
    former: Timing
    former_mode: str
    slot: int | None
    timing: Timing

    def to_json(self) -> dict[str, Any]:
        """Write it for the token of an undo."""
        return {
            "negotiation": self.negotiation,
            "former_slot": self.former_slot,
            "former": self.former.to_json(),
            "former_mode": self.former_mode,
            "slot": self.slot,
            "timing": self.timing.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Was:
        """Read what `to_json` has written."""
        return cls(
            data["negotiation"],
            data["former_slot"],
            Timing.from_json(data["former"]),
            data["former_mode"],
            data["slot"],
            Timing.from_json(data["timing"]),
        )


@dataclass(frozen=True)
class Move:
    """What a move has done: the negotiation moved, the one it changed places with, and how to take both back."""

    negotiation: Negotiation
    swapped: Negotiation | None
    back: tuple[Was, ...]


@dataclass(frozen=True)
class _Target:
    """Where a negotiation is to be: in a slot of the round with its time, or in none at a time of its own."""

    slot: Slot | None
    timing: Timing
    mode: str


def lock_of_board(round_: Round) -> str:
    """Return why nothing can be moved on the board of a round, in words; nothing where it can."""
    if round_.plan_as_of is None:
        return ""
    return _("All that is known of this round is a plan, so that nothing is moved on its board.")


def why_fixed(negotiation: Negotiation) -> str:
    """Return why a negotiation stays where it is on the board, in words; nothing where it can be moved."""
    title = {"title": negotiation.title}
    if negotiation.state == State.CONVENED:
        return _("The parties have been invited to “%(title)s”. Postpone it on its own page.") % title
    if negotiation.state == State.HELD:
        return _("“%(title)s” has been held, so its time stays as it was.") % title
    if negotiation.state == State.CANCELLED:
        return _("“%(title)s” was cancelled. Take it back to planned on its own page first.") % title
    return ""


def off_board(round_: Round) -> Timing:
    """Return the time of a negotiation that has no slot: only the months of the round are known."""
    return Timing.in_months(*whole_months(round_.starts_on, round_.ends_on))


@transaction.atomic
def place(
    negotiation: Negotiation,
    slot: Slot,
    *,
    expected: int | None,
    occupant: int | None = None,
    by: User | None,
    at: datetime | None = None,
) -> Move:
    """Give a planned negotiation a slot of its round. One seen in the slot (`occupant`) changes places with it.

    `expected` is the id of the slot in which the negotiation was seen, None where it had none. Where its own mode is
    not known yet it takes that of the round's rule. Raises NotAllowedNow where only a plan is known of the round, where
    either negotiation is not planned, where the slot is of another round or another negotiation has it, where things
    are not as they were seen, and where a blocking conflict would follow.
    """
    rows = _locked_negotiations({negotiation.pk} | ({occupant} if occupant else set()))
    moved = _found(rows, negotiation.pk, title=negotiation.title)
    round_ = _movable([moved, *(row for row in rows.values() if row is not moved)])
    slots = _locked_slots({slot.pk} | ({moved.slot_id} if moved.slot_id else set()))
    if slot.pk not in slots:
        raise NotAllowedNow(_("The time is no longer among the times of the round. Choose another one."))
    if slots[slot.pk].round_id != round_.pk:
        raise NotAllowedNow(_("The time chosen is of another round. Choose a time of this round."))
    _require_seen(moved, expected)
    if moved.slot_id == slot.pk:
        raise NotAllowedNow(_("The negotiation is at that time already. Give another time."))
    there = Negotiation.objects.filter(slot=slot).first()
    if there is not None and there.pk != occupant:
        raise NotAllowedNow(
            _("“%(title)s” has been given this time meanwhile. Choose another one.") % {"title": there.title}
        )
    if there is None and occupant:
        raise NotAllowedNow(_("The negotiation that you saw at this time has been moved meanwhile. Look again."))
    targets = {moved.pk: _Target(slots[slot.pk], Timing.in_slot(slots[slot.pk]), moved.mode or mode_of(round_))}
    swapped = rows[there.pk] if there is not None else None
    if swapped is not None:
        former = slots.get(moved.slot_id) if moved.slot_id else None
        mode = swapped.mode or (mode_of(round_) if former else "")
        targets[swapped.pk] = _Target(former, Timing.of(moved), mode)
    back = _put(round_, rows, targets, by=by, at=at)
    return Move(moved, swapped, back)


@transaction.atomic
def take_off(negotiation: Negotiation, *, expected: int | None, by: User | None, at: datetime | None = None) -> Move:
    """Take a planned negotiation off its time: it has no slot, and only the months of its round are known.

    Raises NotAllowedNow where it is not planned, has no time to begin with, is not where it was seen, and where only a
    plan is known of the round.
    """
    rows = _locked_negotiations({negotiation.pk})
    moved = _found(rows, negotiation.pk, title=negotiation.title)
    round_ = _movable([moved])
    _require_seen(moved, expected)
    if moved.slot_id is None and moved.precision == Precision.MONTH:
        raise NotAllowedNow(_("“%(title)s” has no time yet.") % {"title": moved.title})
    targets = {moved.pk: _Target(None, off_board(round_), moved.mode)}
    return Move(moved, None, _put(round_, rows, targets, by=by, at=at, checked=False))


@transaction.atomic
def place_all(
    round_: Round, placements: Mapping[int, int], *, by: User | None, at: datetime | None = None
) -> list[Negotiation]:
    """Give many negotiations of a round a slot each, by their ids: all or nothing. Returns them in order of time.

    Those named have no time yet, or are in that very slot already. Raises NotAllowedNow, naming the first in the way,
    where one is not planned, has been given another time meanwhile, where a slot is not the round's or has been taken,
    and where a blocking conflict would follow.
    """
    rows = _locked_negotiations(placements)
    slots = _locked_slots(placements.values())
    if not placements:
        return []
    if len(slots) < len(placements) or any(slot.round_id != round_.pk for slot in slots.values()):
        raise NotAllowedNow(_("The times of the round have changed meanwhile. Nothing was placed. Look again."))
    if len(rows) < len(placements) or any(row.round_id != round_.pk for row in rows.values()):
        raise NotAllowedNow(_("The negotiations of the round have changed meanwhile. Nothing was placed. Look again."))
    _movable(list(rows.values()))
    for pk, row in rows.items():
        if row.slot_id != placements[pk] and (row.slot_id or row.starts_at):
            raise NotAllowedNow(
                _("“%(title)s” has been given a time meanwhile: %(when)s. Nothing was placed. Look again.")
                % {"title": row.title, "when": Timing.of(row).words}
            )
    there = Negotiation.objects.filter(slot__in=slots).exclude(pk__in=rows).order_by("slot__starts_at").first()
    if there is not None:
        raise NotAllowedNow(
            _("“%(title)s” has been given a time meanwhile: %(when)s. Nothing was placed. Look again.")
            % {"title": there.title, "when": Timing.of(there).words}
        )
    own = mode_of(round_)
    targets = {
        pk: _Target(slots[placements[pk]], Timing.in_slot(slots[placements[pk]]), row.mode or own)
        for pk, row in rows.items()
        if row.slot_id != placements[pk]
    }
    _put(round_, rows, targets, by=by, at=at)
    return sorted(rows.values(), key=lambda row: (row.earliest, row.pk))


@transaction.atomic
def take_back(back: Sequence[Was], *, by: User | None, at: datetime | None = None) -> tuple[Was, ...]:
    """Take a move back: put each negotiation where it was before it. Returns what takes this back in turn.

    Raises NotAllowedNow where one of them has changed since, where a slot has been taken or is there no more, and where
    a blocking conflict would follow.
    """
    rows = _locked_negotiations({was.negotiation for was in back})
    wanted = {was.former_slot for was in back if was.former_slot is not None}
    slots = _locked_slots(wanted)
    if len(rows) < len(back):
        raise NotAllowedNow(_("The negotiation has been removed meanwhile, so the move cannot be undone."))
    round_ = _movable(list(rows.values()))
    for was in back:
        row = rows[was.negotiation]
        if row.slot_id != was.slot or Timing.of(row) != was.timing:
            raise NotAllowedNow(
                _("“%(title)s” has been moved again meanwhile, so the move cannot be undone.") % {"title": row.title}
            )
    there = Negotiation.objects.filter(slot__in=wanted).exclude(pk__in=rows).first()
    if there is not None:
        raise NotAllowedNow(
            _("“%(title)s” has been given the former time meanwhile, so the move cannot be undone.")
            % {"title": there.title}
        )
    targets = {}
    for was in back:
        slot = slots.get(was.former_slot) if was.former_slot is not None else None
        if was.former_slot is not None and (slot is None or slot.round_id != round_.pk):
            raise NotAllowedNow(_("The former time is no longer among the times of the round. Choose another one."))
        # The rule may have given the slot another hour meanwhile.
        targets[was.negotiation] = _Target(slot, Timing.in_slot(slot) if slot else was.former, was.former_mode)
    return _put(round_, rows, targets, by=by, at=at)


# --- Locked, judged, saved ------------------------------------------------------------------------------------


def _locked_negotiations(pks: Collection[int]) -> dict[int, Negotiation]:
    """Lock negotiations in the order of their ids. What else moves a negotiation locks it before its slot, too."""
    rows = Negotiation.objects.select_for_update(of=("self",)).select_related("round").filter(pk__in=pks)
    return {row.pk: row for row in rows.order_by("pk")}


def _locked_slots(pks: Iterable[int]) -> dict[int, Slot]:
    rows = Slot.objects.select_for_update(of=("self",)).filter(pk__in=set(pks))
    return {row.pk: row for row in rows.order_by("pk")}


def _found(rows: Mapping[int, Negotiation], pk: int, *, title: str) -> Negotiation:
    if pk not in rows:
        raise NotAllowedNow(_("“%(title)s” has been removed meanwhile.") % {"title": title})
    return rows[pk]


def _movable(rows: Sequence[Negotiation]) -> Round:
    """Return the round of negotiations that can be moved on its board; raise NotAllowedNow, saying why one cannot."""
    round_ = rows[0].round
    if round_ is None or any(row.round_id != round_.pk for row in rows):
        raise NotAllowedNow(_("The negotiation is of no round, or of another one, so it has no place on this board."))
    if reason := lock_of_board(round_):
        raise NotAllowedNow(reason)
    minutes: dict[int, list[str]] = defaultdict(list)
    for pk, state in Minutes.objects.filter(negotiation__in=rows).values_list("negotiation_id", "state"):
        minutes[pk].append(state)
    for row in rows:
        if reason := why_fixed(row) or lock_of(row, minutes[row.pk]):
            raise NotAllowedNow(reason)
    return round_


def _require_seen(row: Negotiation, expected: int | None) -> None:
    """Raise NotAllowedNow where a negotiation is not in the slot in which whoever moves it saw it."""
    if row.slot_id == expected:
        return
    if row.slot_id is None and row.precision == Precision.MONTH:
        raise NotAllowedNow(
            _("“%(title)s” has been taken off its time meanwhile. Look again before you move it.")
            % {"title": row.title}
        )
    raise NotAllowedNow(
        _("“%(title)s” has been moved meanwhile: it is now %(when)s. Look again before you move it.")
        % {"title": row.title, "when": Timing.of(row).words}
    )


def _put(
    round_: Round,
    rows: Mapping[int, Negotiation],
    targets: Mapping[int, _Target],
    *,
    by: User | None,
    at: datetime | None,
    checked: bool = True,
) -> tuple[Was, ...]:
    """Give locked negotiations their targets and save them, and record it; return how to take it back.

    Raises NotAllowedNow where one of them is then in a blocking conflict.
    """
    if not targets:
        return ()
    moved = [rows[pk] for pk in targets]
    before = {row.pk: (row.slot_id, Timing.of(row), row.mode) for row in moved}
    if sum(row.slot_id is not None for row in moved) and len(moved) > 1:
        # No two may have one slot even for a moment.
        Negotiation.objects.filter(pk__in=targets).update(slot=None)
    for row in moved:
        target = targets[row.pk]
        row.slot, row.mode = target.slot, target.mode
        target.timing.put_on(row)
    Negotiation.objects.bulk_update(moved, FIELDS)
    if checked:
        _refuse_blocking(round_, set(targets))
    back = tuple(
        Was(row.pk, slot, timing, mode, row.slot_id, Timing.of(row))
        for row, (slot, timing, mode) in ((row, before[row.pk]) for row in moved)
    )
    for verb, is_placed in (("placed", True), ("taken_off", False)):
        told = [
            (rows[was.negotiation], {"former": was.former.to_json(), "now": was.timing.to_json()})
            for was in back
            if (was.timing.precision != Precision.MONTH) == is_placed
        ]
        if told:
            record_with(told, verb, by=by, at=at)
    return back


def _refuse_blocking(round_: Round, moved: Collection[int]) -> None:
    """Raise NotAllowedNow where a negotiation that has been moved is in a blocking conflict where it is now."""
    # What the parties have answered never blocks, and need not be read.
    found = blocking(conflicts(read(round_, Availability())), moved)
    if found:
        raise NotAllowedNow(" ".join(dict.fromkeys(conflict.words for conflict in found)))


def blocking(found: Iterable[Conflict], concerned: Collection[int]) -> list[Conflict]:
    """Return the blocking ones of some conflicts in which one of these negotiations is."""
    return [
        conflict
        for conflict in found
        if conflict.weight == Weight.BLOCKING and not set(concerned).isdisjoint(conflict.negotiations)
    ]
