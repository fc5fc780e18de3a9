"""The highlights of a negotiation as they are kept: taken from suggestions, written, edited, ordered and removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import Priority, User
from municipalities.moves import NotAllowedNow, locked
from negotiations.models import DismissedSuggestion, Highlight, Negotiation
from negotiations.planning.highlights.suggesting import Suggestion, stored


@dataclass(frozen=True)
class OfPriority:
    """The highlights of one priority, in their order; of no priority where that is None."""

    priority: Priority | None
    highlights: list[Highlight]


def highlights_of(negotiation: Negotiation) -> list[Highlight]:
    """Return the highlights of a negotiation in their order, with their priorities. One query."""
    return list(Highlight.objects.filter(negotiation=negotiation).select_related("priority").order_by("position", "pk"))


def by_priority(highlights: Sequence[Highlight], priorities: Sequence[Priority] = ()) -> list[OfPriority]:
    """Return highlights by priority, in the priorities' order, those of none last.

    Priorities given are there though they have no highlight; of the others only those that have one. No query.
    """
    known = {priority.pk: priority for priority in priorities}
    others = {row.priority.pk: row.priority for row in highlights if row.priority and row.priority.pk not in known}
    order = [*known.values(), *sorted(others.values(), key=lambda row: (row.starts_on, row.position, row.pk))]
    found = [OfPriority(each, [row for row in highlights if row.priority_id == each.pk]) for each in order]
    rest = [row for row in highlights if row.priority_id is None]
    return [*found, OfPriority(None, rest)] if rest else found


# --- Suggestions --------------------------------------------------------------------------------------------------


@transaction.atomic
def take(
    negotiation: Negotiation,
    suggestion: Suggestion,
    *,
    text: str = "",
    priority: Priority | None = None,
    by: User | None,
    at: datetime | None = None,
) -> Highlight:
    """Take a suggestion as a highlight with the figures behind it: as it is, or with the text and priority given.

    One that had been dismissed is so no more. Raises NotAllowedNow where it has been taken already.
    """
    negotiation = locked(negotiation)
    if Highlight.objects.filter(negotiation=negotiation, suggestion=suggestion.key).exists():
        raise NotAllowedNow(_("This suggestion has been taken already. Open the page again to see it."))
    DismissedSuggestion.objects.filter(negotiation=negotiation, suggestion=suggestion.key).delete()
    row = Highlight(
        county_id=negotiation.county_id,
        negotiation=negotiation,
        priority=priority if text else suggestion.priority,
        kind=suggestion.kind,
        text=text or suggestion.text,
        position=_last(negotiation) + 1,
        suggestion=suggestion.key,
        figures=stored(suggestion.figures),
    )
    row.save()
    record(negotiation, "highlight_taken", by=by, at=at, highlight=row.pk, suggestion=suggestion.key)
    return row


@transaction.atomic
def dismiss(negotiation: Negotiation, key: str, *, by: User | None, at: datetime | None = None) -> bool:
    """Leave a suggestion out of those made for a negotiation. Returns whether it was among them till now."""
    negotiation = locked(negotiation)
    _row, new = DismissedSuggestion.objects.get_or_create(
        negotiation=negotiation, suggestion=key, defaults={"county_id": negotiation.county_id}
    )
    if new:
        record(negotiation, "suggestion_dismissed", by=by, at=at, suggestion=key)
    return bool(new)


@transaction.atomic
def recall(negotiation: Negotiation, key: str, *, by: User | None, at: datetime | None = None) -> bool:
    """Call a dismissed suggestion back. Returns whether it had been dismissed."""
    negotiation = locked(negotiation)
    gone, _each = DismissedSuggestion.objects.filter(negotiation=negotiation, suggestion=key).delete()
    if gone:
        record(negotiation, "suggestion_recalled", by=by, at=at, suggestion=key)
    return bool(gone)


# --- Highlights ---------------------------------------------------------------------------------------------------


@transaction.atomic
def add(negotiation: Negotiation, row: Highlight, *, by: User | None, at: datetime | None = None) -> Highlight:
    """Add a highlight that the county has written, after the others."""
    negotiation = locked(negotiation)
    row.county_id, row.negotiation = negotiation.county_id, negotiation
    row.kind, row.position = Highlight.Kind.OWN, _last(negotiation) + 1
    row.save()
    record(negotiation, "highlight_added", by=by, at=at, highlight=row.pk)
    return row


@transaction.atomic
def change(row: Highlight, *, fields: Sequence[str], by: User | None, at: datetime | None = None) -> Highlight:
    """Save a highlight that has been edited; one moved to another priority comes last in it."""
    # The row is locked already: to wait for the negotiation now could be to wait for who waits for the row.
    if "priority" in fields:
        row.position = _last(row.negotiation) + 1
    row.save()
    if fields:
        record(row.negotiation, "highlight_changed", by=by, at=at, highlight=row.pk)
    return row


@transaction.atomic
def move(row: Highlight, *, up: bool, by: User | None, at: datetime | None = None) -> bool:
    """Move a highlight before the one above it in its priority, or after the one below. Tells if there was one."""
    negotiation = locked(row.negotiation)
    order = list(Highlight.objects.filter(negotiation=negotiation).order_by("position", "pk"))
    beside = [one for one in order if one.priority_id == row.priority_id]
    # Equal rows are the same row: one that somebody has removed meanwhile is not there.
    if row not in beside or not 0 <= (place := beside.index(row) + (-1 if up else 1)) < len(beside):
        return False
    neighbour = beside[place]
    order.remove(row)
    order.insert(order.index(neighbour) + (0 if up else 1), row)
    for position, one in enumerate(order, 1):
        one.position = position
    Highlight.objects.bulk_update(order, ["position"])
    record(negotiation, "highlight_moved", by=by, at=at, highlight=row.pk)
    return True


@dataclass(frozen=True)
class RemovedHighlight:
    """What brings a highlight back."""

    priority: int | None
    kind: str
    text: str
    position: int
    suggestion: str
    figures: list[dict[str, Any]]


@transaction.atomic
def remove(row: Highlight, *, by: User | None, at: datetime | None = None) -> RemovedHighlight:
    """Remove a highlight. Returns what brings it back. A suggestion that it was taken from is made again."""
    negotiation = locked(row.negotiation)
    removed = RemovedHighlight(row.priority_id, row.kind, row.text, row.position, row.suggestion, row.figures)
    record(negotiation, "highlight_removed", by=by, at=at, highlight=row.pk)
    row.delete()
    return removed


@transaction.atomic
def restore(
    negotiation: Negotiation, removed: RemovedHighlight, *, by: User | None, at: datetime | None = None
) -> Highlight:
    """Bring back a highlight that was removed, to its place.

    Raises NotAllowedNow where its priority is there no more, or its suggestion has been taken again.
    """
    negotiation = locked(negotiation)
    priority = Priority.objects.filter(pk=removed.priority or 0).first()
    again = Highlight.objects.filter(negotiation=negotiation, suggestion=removed.suggestion).exclude(suggestion="")
    if (removed.priority and priority is None) or again.exists():
        raise NotAllowedNow(_("This can be undone no more. Add it again by hand."))
    Highlight.objects.filter(negotiation=negotiation, position__gte=removed.position).update(position=F("position") + 1)
    row: Highlight = Highlight.objects.create(
        county_id=negotiation.county_id,
        negotiation=negotiation,
        priority=priority,
        kind=removed.kind,
        text=removed.text,
        position=removed.position,
        suggestion=removed.suggestion,
        figures=removed.figures,
    )
    record(negotiation, "highlight_restored", by=by, at=at, highlight=row.pk)
    return row


def _last(negotiation: Negotiation) -> int:
    return Highlight.objects.filter(negotiation=negotiation).aggregate(last=Max("position"))["last"] or 0
