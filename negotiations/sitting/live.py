"""The sitting as it goes on: parts opened and closed one after the other, and the item that is at hand.

Each part of a combined negotiation discharges one duty (611/2021 § 14; 612/2021 § 6-7) and is opened and closed on its
own: when, and who was present then. One part is open at a time.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import User
from municipalities.moves import NotAllowedNow, locked
from negotiations.models import AgendaItem, Attendance, Negotiation, Part, PartPresence
from negotiations.sitting.live_writing import day_of, require_writable


def used(item: AgendaItem, negotiation: Negotiation, now: datetime) -> int:
    """Return for how many seconds an item has been at hand by now, in all. Pure."""
    seconds = item.used_seconds
    if negotiation.item_at_hand_id == item.pk and negotiation.at_hand_since is not None:
        seconds += max(0, int((now - negotiation.at_hand_since).total_seconds()))
    return seconds


def is_open(part: Part) -> bool:
    """Whether a part has been opened and not closed. Pure."""
    return part.opened_at is not None and part.closed_at is None


def _locked(part: Part, at: datetime | None) -> tuple[Negotiation, Part]:
    """Return the negotiation and the part as they are now, both locked. Raises NotAllowedNow where they are closed."""
    negotiation = locked(part.negotiation, stays=True)
    require_writable(negotiation, part.pk, today=day_of(at))
    fresh = locked(part, stays=True)
    fresh.negotiation = negotiation
    return negotiation, fresh


def _require_no_other_open(part: Part) -> None:
    other = Part.objects.filter(negotiation=part.negotiation, opened_at__isnull=False, closed_at=None).exclude(
        pk=part.pk
    )
    if open_ := other.first():
        raise NotAllowedNow(
            _("“%(part)s” is still open. Close it first: the parts are dealt with one after the other.")
            % {"part": open_.get_legal_basis_display()}
        )


@transaction.atomic
def open_part(part: Part, *, by: User | None, at: datetime | None = None) -> Part:
    """Open a part: the time, and everybody who is marked as present now, head counts too.

    Raises NotAllowedNow before the day, where another part is open, and where this one has been opened before.
    """
    negotiation, part = _locked(part, at)
    if part.opened_at is not None:
        raise NotAllowedNow(_("This part has been opened already."))
    _require_no_other_open(part)
    part.opened_at = at or timezone.now()
    # Opened after the negotiation was marked as held: it was dealt with after all, and counts for its duty.
    part.dealt_with = part.dealt_with or negotiation.state == Negotiation.State.HELD
    part.save(update_fields=["opened_at", "dealt_with"])
    there = _present(negotiation)
    PartPresence.objects.bulk_create(
        PartPresence(county_id=part.county_id, part=part, attendance=row, at_opening=True) for row in there
    )
    record(negotiation, "part_opened", by=by, at=at, basis=part.legal_basis, present=sum(row.count for row in there))
    return part


@transaction.atomic
def close_part(part: Part, *, by: User | None, at: datetime | None = None) -> Part:
    """Close a part that is open: the time, and who is present then. The item at hand is put down with it.

    Raises NotAllowedNow where it is not open, and where the time would be before it was opened.
    """
    negotiation, part = _locked(part, at)
    if part.opened_at is None:
        raise NotAllowedNow(_("This part has not been opened yet. Open it first."))
    if part.closed_at is not None:
        raise NotAllowedNow(_("This part has been closed already."))
    moment = at or timezone.now()
    if moment < part.opened_at:
        raise NotAllowedNow(_("The part was closed before it was opened. Correct one of the times."))
    if negotiation.item_at_hand is not None and negotiation.item_at_hand.part_id == part.pk:
        _put_down(negotiation, moment)
        negotiation.save(update_fields=["item_at_hand", "at_hand_since"])
    part.closed_at = moment
    part.save(update_fields=["closed_at"])
    there = _present(negotiation)
    known = {row.attendance_id: row for row in PartPresence.objects.filter(part=part)}
    stayed = [known[row.pk] for row in there if row.pk in known]
    for row in stayed:
        row.at_closing = True
    PartPresence.objects.bulk_update(stayed, ["at_closing"])
    PartPresence.objects.bulk_create(
        PartPresence(county_id=part.county_id, part=part, attendance=row, at_closing=True)
        for row in there
        if row.pk not in known
    )
    record(negotiation, "part_closed", by=by, at=at, basis=part.legal_basis, present=sum(row.count for row in there))
    return part


@transaction.atomic
def reopen_part(part: Part, *, by: User | None, at: datetime | None = None) -> Part:
    """Take back that a part was closed, which was a mistake: it goes on from when it was opened.

    Raises NotAllowedNow where it is not closed, where another part is open, and once the negotiation has been marked
    as held: who was there when it was closed could not be recorded again.
    """
    negotiation, part = _locked(part, at)
    if part.closed_at is None:
        raise NotAllowedNow(_("This part is not closed."))
    if negotiation.state != Negotiation.State.CONVENED:
        raise NotAllowedNow(
            _("The day has been ended, so the part is not opened again. Correct its times in the minutes.")
        )
    _require_no_other_open(part)
    part.closed_at = None
    part.save(update_fields=["closed_at"])
    PartPresence.objects.filter(part=part, at_opening=False).delete()
    PartPresence.objects.filter(part=part).update(at_closing=False)
    record(negotiation, "part_reopened", by=by, at=at, basis=part.legal_basis)
    return part


@transaction.atomic
def unopen_part(part: Part, *, by: User | None, at: datetime | None = None) -> Part:
    """Take back that a part was opened, which was a mistake: as if it had not been. The time used by items stays.

    Raises NotAllowedNow where it is not open, and once the negotiation has been marked as held.
    """
    negotiation, part = _locked(part, at)
    if not is_open(part):
        raise NotAllowedNow(_("This part is not open."))
    if negotiation.state != Negotiation.State.CONVENED:
        raise NotAllowedNow(_("The negotiation has been marked as held: the part counts as dealt with. Close it."))
    if negotiation.item_at_hand is not None and negotiation.item_at_hand.part_id == part.pk:
        _put_down(negotiation, at or timezone.now())
        negotiation.save(update_fields=["item_at_hand", "at_hand_since"])
    part.opened_at = None
    part.save(update_fields=["opened_at"])
    PartPresence.objects.filter(part=part).delete()
    record(negotiation, "part_unopened", by=by, at=at, basis=part.legal_basis)
    return part


@transaction.atomic
def take_item(item: AgendaItem, *, by: User | None, at: datetime | None = None) -> Negotiation:
    """Make an item the one at hand; the one before it is put down, with the time it took. The same again is nothing.

    Raises NotAllowedNow where its part is not open.
    """
    negotiation, part = _locked(item.part, at)
    if not is_open(part):
        raise NotAllowedNow(
            _("The part of this item is not open. Open the part first: the time and who is present are then recorded.")
        )
    if negotiation.item_at_hand_id == item.pk:
        return negotiation
    moment = at or timezone.now()
    _put_down(negotiation, moment)
    negotiation.item_at_hand, negotiation.at_hand_since = item, moment
    negotiation.save(update_fields=["item_at_hand", "at_hand_since"])
    record(negotiation, "item_taken", by=by, at=at, items=[item.pk], basis=part.legal_basis)
    return negotiation


@transaction.atomic
def put_down(negotiation: Negotiation, *, item: AgendaItem | None = None, at: datetime | None = None) -> Negotiation:
    """Put down the item at hand, as for a break; its time stops. Nothing where none is at hand.

    Nor where another is than the one given: somebody has taken that to hand meanwhile. Raises NotAllowedNow where
    nothing of the sitting can be changed.
    """
    negotiation = locked(negotiation, stays=True)
    if negotiation.item_at_hand is None or item not in {None, negotiation.item_at_hand}:
        return negotiation
    require_writable(negotiation, negotiation.item_at_hand.part_id, today=day_of(at))
    _put_down(negotiation, at or timezone.now())
    negotiation.save(update_fields=["item_at_hand", "at_hand_since"])
    return negotiation


def _put_down(negotiation: Negotiation, moment: datetime) -> None:
    """Add to the item at hand the time it has been so, and put it down; the negotiation is not saved yet."""
    if negotiation.item_at_hand_id is None:
        return
    item = AgendaItem.objects.select_for_update(no_key=True).get(pk=negotiation.item_at_hand_id)
    item.used_seconds = used(item, negotiation, moment)
    item.save(update_fields=["used_seconds"])
    negotiation.item_at_hand = negotiation.at_hand_since = None


def _present(negotiation: Negotiation) -> list[Attendance]:
    """Return who is marked as present, head counts of somebody too. One query."""
    rows = Attendance.objects.filter(negotiation=negotiation, status=Attendance.Status.PRESENT, count__gte=1)
    return list(rows.order_by("pk"))
