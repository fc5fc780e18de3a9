"""What moderators do to the notes of a workshop: group, hide, mark as key findings, tie to priorities; each undone.

A change names what it changes and leaves the rest of a note alone, on rows that are locked: two moderators at once
never undo each other's work without seeing it. A key finding is told in minutes and summary as an Observation; a note
that is hidden is told nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import Priority, User
from municipalities.moves import NotAllowedNow, locked
from negotiations.models import Measure, NoteHeading, Observation, ThemeColumn, Workshop, WorkshopNote
from negotiations.sitting.workshop import last_positions, locked_columns
from negotiations.workshop_words import told

Hidden = WorkshopNote.Hidden
TITLE_LENGTH = 120
# How many notes may be changed at once.
MOST_AT_ONCE = 500


# --- The rule ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """The finding that a note has been marked as: its text, which may have been mended since, and its place."""

    text: str
    # Nought: after the others of its column.
    position: int = 0


@dataclass(frozen=True)
class Place:
    """How a note stands on the board. Ids of its column, heading and priority."""

    column: int
    heading: int | None = None
    hidden: str = Hidden.NO
    priority: int | None = None
    finding: Finding | None = None


@dataclass(frozen=True)
class MoveTo:
    """Move notes under a heading, or into a column under none."""

    column: int
    heading: int | None = None


@dataclass(frozen=True)
class SetKey:
    """Mark notes as key findings, or as such no more."""

    is_key: bool


@dataclass(frozen=True)
class SetHidden:
    """Hide notes, or show them again."""

    is_hidden: bool


@dataclass(frozen=True)
class SetPriority:
    """Tie notes to a priority, or to none."""

    priority: int | None


Change = MoveTo | SetKey | SetHidden | SetPriority


def changed(now: Place, text: str, change: Change) -> Place:
    """Return how a note of this text stands after a change; as it stands now where the change does not concern it.

    A hidden note is no key finding and becomes none; what its group has taken back is shown again by nobody else.
    """
    if now.hidden == Hidden.BY_GROUP:
        return now
    match change:
        case MoveTo(column=column, heading=heading):
            return replace(now, column=column, heading=heading)
        case SetPriority(priority=priority):
            return replace(now, priority=priority)
        case SetHidden(is_hidden=True):
            return replace(now, hidden=Hidden.BY_COUNTY.value, finding=None)
        case SetHidden():
            return replace(now, hidden=Hidden.NO.value)
        case SetKey(is_key=False):
            return replace(now, finding=None)
        case _:
            return replace(now, finding=now.finding or Finding(text)) if not now.hidden else now


@dataclass(frozen=True)
class Changed:
    """A note that was changed: how it stood before, and how after."""

    note: int
    before: Place
    after: Place

    def to_json(self) -> dict[str, Any]:
        """Return what an undoing carries along."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Changed:
        """Return the change that was carried along."""
        return cls(data["note"], _place_from(data["before"]), _place_from(data["after"]))


def _place_from(data: dict[str, Any]) -> Place:
    finding = data["finding"]
    return Place(**{**data, "finding": Finding(**finding) if finding else None})


def taken_back(now: Place, done: Changed) -> Place | None:
    """Return how a note stands once a change is undone; None where somebody has changed the same thing since."""
    names = [name for name in asdict(done.before) if getattr(done.before, name) != getattr(done.after, name)]
    if any(not _same(getattr(now, name), getattr(done.after, name)) for name in names):
        return None
    return replace(now, **{name: getattr(done.before, name) for name in names})


def _same(now: Any, then: Any) -> bool:
    # A finding that has been mended or moved since is still the one that was marked.
    return bool(now == then or (isinstance(now, Finding) and isinstance(then, Finding)))


# --- Changing ---------------------------------------------------------------------------------------------------


@transaction.atomic
def change_notes(
    workshop: Workshop, notes: Sequence[int], change: Change, *, by: User | None, at: datetime | None = None
) -> list[Changed]:
    """Change notes of a workshop. Returns those that it changed, which `undo` needs.

    Raises ValidationError for none and for too many; NotAllowedNow where the column, the heading or the priority is
    there no more, and where none of the notes is of the workshop.
    """
    if not notes:
        raise ValidationError(_("Choose at least one note."))
    if len(notes) > MOST_AT_ONCE:
        raise ValidationError(_("Choose at most %(most)s notes at a time.") % {"most": MOST_AT_ONCE})
    # Whoever else changes notes of the workshop waits; phones post meanwhile.
    workshop = locked(workshop, stays=True)
    _require_there(workshop, change)
    rows = _locked_notes(workshop, notes)
    if not rows:
        raise NotAllowedNow(_("The notes are not of this workshop."))
    done = []
    for row in rows:
        now = _place_of(row)
        wanted = changed(now, row.text, change)
        if wanted != now:
            done.append(Changed(row.pk, now, _become(workshop, row, now, wanted, at)))
    _tell(workshop, _code_of(change), done, by=by, at=at)
    return done


@transaction.atomic
def undo(workshop: Workshop, done: Sequence[Changed], *, by: User | None, at: datetime | None = None) -> list[Changed]:
    """Undo changes. Returns what undoes that again.

    Raises NotAllowedNow where somebody has changed the same things since, or what the notes were under is no more:
    nothing is undone then.
    """
    workshop = locked(workshop, stays=True)
    rows = {row.pk: row for row in _locked_notes(workshop, [one.note for one in done])}
    back = []
    for one in done:
        now = _place_of(rows[one.note]) if one.note in rows else None
        wanted = taken_back(now, one) if now else None
        if now is None or wanted is None:
            raise NotAllowedNow(_("Somebody else has changed the same notes meanwhile, so this can be undone no more."))
        _require_there(workshop, MoveTo(wanted.column, wanted.heading))
        _require_there(workshop, SetPriority(wanted.priority))
        if wanted != now:
            back.append(Changed(one.note, now, _become(workshop, rows[one.note], now, wanted, at)))
    _tell(workshop, "undone", back, by=by, at=at)
    return back


def _locked_notes(workshop: Workshop, notes: Sequence[int]) -> list[WorkshopNote]:
    """Return notes, locked with their findings: these before any column, as who edits a finding on its page does."""
    findings = Observation.objects.filter(note__workshop=workshop, note__in=notes).order_by("pk")
    list(findings.select_for_update(of=("self",), no_key=True))
    rows = WorkshopNote.objects.select_for_update(no_key=True, of=("self",)).filter(workshop=workshop, pk__in=notes)
    return list(rows.select_related("observation", "group").order_by("pk"))


def _place_of(note: WorkshopNote) -> Place:
    found = note.observation
    finding = Finding(found.text, found.position) if found else None
    return Place(note.column_id, note.heading_id, note.hidden, note.priority_id, finding)


def _become(workshop: Workshop, note: WorkshopNote, now: Place, wanted: Place, at: datetime | None) -> Place:
    """Make a note stand as wanted, and its finding with it. Returns how it stands then."""
    note.column_id, note.heading_id, note.priority_id = wanted.column, wanted.heading, wanted.priority
    note.hidden, note.changed_at = wanted.hidden, at or timezone.now()
    finding = note.observation
    if finding is not None and wanted.finding is None:
        note.observation = None
        finding.delete()
    elif finding is None and wanted.finding is not None:
        note.observation = _find(workshop, note, wanted.finding)
    elif finding is not None and (now.column, now.priority) != (wanted.column, wanted.priority):
        finding.priority_id = wanted.priority
        if now.column != wanted.column:
            finding.column_id, finding.position = wanted.column, _next_position(wanted.column)
        finding.save(update_fields=["priority", "column", "position"])
    note.save(update_fields=["column", "heading", "priority", "hidden", "observation", "changed_at"])
    return _place_of(note)


def _find(workshop: Workshop, note: WorkshopNote, finding: Finding) -> Observation:
    row: Observation = Observation.objects.create(
        county_id=workshop.county_id,
        column_id=note.column_id,
        negotiation_id=workshop.negotiation_id,
        position=finding.position or _next_position(note.column_id),
        text=finding.text,
        group_name=note.group.name if note.group else "",
        priority_id=note.priority_id,
    )
    return row


def _next_position(column: int) -> int:
    """Return the place after the last finding of a column, which is locked until the transaction ends."""
    columns = list(locked_columns().filter(pk=column))
    return last_positions(columns).get(column, 0) + 1


def columns_of(workshop: Workshop) -> Any:
    """Return the columns of the round's themes: where the notes of a workshop can be."""
    return ThemeColumn.objects.filter(theme__round__negotiations=workshop.negotiation_id)


def _require_there(workshop: Workshop, change: Change) -> None:
    """Raise NotAllowedNow where what notes are moved to or tied to is not there, or not of this workshop."""
    there = True
    if isinstance(change, MoveTo):
        # A column that has notes already is there, also where the negotiation has changed its round since.
        there = (
            columns_of(workshop).filter(pk=change.column).exists()
            or WorkshopNote.objects.filter(workshop=workshop, column=change.column).exists()
        )
        if there and change.heading is not None:
            headings = NoteHeading.objects.filter(workshop=workshop, column=change.column, pk=change.heading)
            there = headings.exists()
    elif isinstance(change, SetPriority) and change.priority is not None:
        there = Priority.objects.filter(pk=change.priority).exists()
    if not there:
        raise NotAllowedNow(_("What you chose has been removed meanwhile. Open the page again."))


def _code_of(change: Change) -> str:
    match change:
        case MoveTo():
            return "moved"
        case SetPriority():
            return "priority"
        case SetHidden(is_hidden=is_hidden):
            return "hidden" if is_hidden else "shown"
        case SetKey(is_key=is_key):
            return "key" if is_key else "not_key"


def _tell(
    workshop: Workshop, what: str, done: Sequence[Changed], *, by: User | None, at: datetime | None = None
) -> None:
    if done:
        touch(workshop, at)
        notes = [one.note for one in done]
        record(workshop.negotiation, "workshop_notes_changed", by=by, at=at, what=what, count=len(notes), notes=notes)


def touch(workshop: Workshop, at: datetime | None = None) -> None:
    """Have the boards and the phones of a workshop look at it again."""
    Workshop.objects.filter(pk=workshop.pk).update(changed_at=at or timezone.now())


def told_change(change: Change, done: Sequence[Changed]) -> str:
    """Tell in words what a change did."""
    return told(_code_of(change), len(done)) if done else _("Nothing changed: the notes are so already.")


# --- Measures ---------------------------------------------------------------------------------------------------


@transaction.atomic
def tie_measure(note: WorkshopNote, measure: Measure | None, *, by: User | None, at: datetime | None = None) -> None:
    """Have a note remember the measure that came of it; or none. Raises NotAllowedNow where it has another, or none."""
    workshop = locked(note.workshop, stays=True)
    row = locked(note)
    if row.hidden:
        raise NotAllowedNow(_("The note has been hidden. Show it again before you make a measure of it."))
    if measure is not None and row.measure_id is not None:
        raise NotAllowedNow(_("A measure has been made of the note already."))
    row.measure, row.changed_at = measure, at or timezone.now()
    row.save(update_fields=["measure", "changed_at"])
    touch(workshop, at)
    if measure is not None:
        record(workshop.negotiation, "workshop_notes_changed", by=by, at=at, what="measure", count=1, notes=[note.pk])


# --- Headings ---------------------------------------------------------------------------------------------------


@transaction.atomic
def add_heading(
    workshop: Workshop, column: int, title: str, *, by: User | None, at: datetime | None = None
) -> NoteHeading:
    """Add a heading to a column, after the others. Raises ValidationError without a title and for one that is there."""
    workshop = locked(workshop, stays=True)
    _require_there(workshop, MoveTo(column))
    title = _title(workshop, column, title)
    headings = NoteHeading.objects.filter(workshop=workshop, column=column)
    last = headings.aggregate(last=Max("position"))["last"] or 0
    heading: NoteHeading = NoteHeading.objects.create(
        county_id=workshop.county_id, workshop=workshop, column_id=column, position=last + 1, title=title
    )
    return _heading_done(heading, "added", by=by, at=at)


def _title(workshop: Workshop, column: int, title: str, but: int | None = None) -> str:
    title = title.strip()
    if not title:
        raise ValidationError(_("Write the heading."))
    if len(title) > TITLE_LENGTH:
        raise ValidationError(_("The heading has at most %(most)s characters.") % {"most": TITLE_LENGTH})
    same = NoteHeading.objects.filter(workshop=workshop, column=column, title__iexact=title)
    if same.exclude(pk__in=[but] if but else []).exists():
        raise ValidationError(_("The column has the heading “%(heading)s” already.") % {"heading": title})
    return title


def _heading_done(heading: NoteHeading, what: str, *, by: User | None, at: datetime | None) -> NoteHeading:
    touch(heading.workshop, at)
    negotiation = heading.workshop.negotiation
    record(negotiation, "workshop_heading_changed", by=by, at=at, what=what, heading=heading.pk)
    return heading


@transaction.atomic
def rename_heading(heading: NoteHeading, *, by: User | None, at: datetime | None = None) -> NoteHeading:
    """Save the new title of a heading, which it holds already. Raises ValidationError for one that is there."""
    locked(heading.workshop, stays=True)
    heading.title = _title(heading.workshop, heading.column_id, heading.title, heading.pk)
    heading.save(update_fields=["title"])
    return _heading_done(heading, "renamed", by=by, at=at)


@dataclass(frozen=True)
class RemovedHeading:
    """What brings a heading back, with the notes that were under it."""

    column: int
    title: str
    position: int
    notes: list[int]


@transaction.atomic
def remove_heading(heading: NoteHeading, *, by: User | None, at: datetime | None = None) -> RemovedHeading:
    """Remove a heading; its notes stay in the column. Returns what brings it back."""
    locked(heading.workshop, stays=True)
    heading = locked(heading)
    notes = list(WorkshopNote.objects.filter(heading=heading).order_by("pk").values_list("pk", flat=True))
    removed = RemovedHeading(heading.column_id, heading.title, heading.position, notes)
    _heading_done(heading, "removed", by=by, at=at)
    heading.delete()
    return removed


@transaction.atomic
def restore_heading(
    workshop: Workshop, removed: RemovedHeading, *, by: User | None, at: datetime | None = None
) -> NoteHeading:
    """Bring back a heading, with those of its notes that are still in the column under no other one."""
    heading = add_heading(workshop, removed.column, removed.title, by=by, at=at)
    heading.position = removed.position
    heading.save(update_fields=["position"])
    WorkshopNote.objects.filter(workshop=workshop, column=removed.column, heading=None, pk__in=removed.notes).update(
        heading=heading, changed_at=at or timezone.now()
    )
    return heading
