"""Entering who took part: people by name, and head counts by sector.

The arithmetic is in sitting/attendance.py. What the checkers of the minutes read is what stays: once minutes have been
sent for checking, their participants are changed only by taking them back to a draft, and once they have been checked
never. A head count of nought means that nobody of the sector came; no head count means that nobody counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities import timewords
from municipalities.events import record
from municipalities.models import Sector, User
from municipalities.moves import NotAllowedNow, locked
from negotiations.models import Attendance, Minutes, Negotiation, PartPresence, Round
from negotiations.sitting.entries import Entered, Entry, Manner, Presence
from negotiations.sitting.substitutes import listed, release, require_can, send_away, why_not

Status = Attendance.Status
# How many lines of a list are taken at a time; the preview has seven fields a line.
MOST_LINES = 120


# --- Whether it can be changed ----------------------------------------------------------------------------------


def why_closed(negotiation: Negotiation, minutes: Iterable[str]) -> str:
    """Say why the participants cannot be changed now, and who can open them; nothing where they can be.

    `minutes` are the states of the negotiation's minutes.
    """
    states = set(minutes)
    if negotiation.state == Negotiation.State.CANCELLED:
        return _("The negotiation was cancelled, so it has no participants.")
    if Minutes.State.PUBLISHED in states:
        return _("The minutes have been published, so the participants can no longer be changed.")
    if Minutes.State.CHECKED in states:
        return _("The minutes have been checked, so the participants can no longer be changed.")
    if Minutes.State.CHECKING in states:
        return _(
            "The minutes have been sent for checking, so the participants cannot be changed."
            " A coordinator can open them by taking the minutes back to a draft."
        )
    return ""


def why_not_yet(negotiation: Negotiation, at: datetime | None = None) -> str:
    """Say why nobody can be present yet; nothing from the day of the negotiation on."""
    if negotiation.earliest <= timezone.localdate(at):
        return ""
    if negotiation.precision == Negotiation.Precision.MONTH:
        return _("The negotiation has not been held yet, so nobody can be marked as present.")
    return _("The negotiation is on %(day)s. Nobody can be marked as present before it.") % {
        "day": timewords.day(negotiation.earliest)
    }


def opened(negotiation: Negotiation) -> Negotiation:
    """Return the negotiation locked, to have its participants changed.

    Raises NotAllowedNow, with the reason and who can open it, unless they can be changed.
    """
    negotiation = locked(negotiation)
    minutes = Minutes.objects.select_for_update().filter(negotiation=negotiation).order_by("pk")
    if reason := why_closed(negotiation, [row.state for row in minutes]):
        raise NotAllowedNow(reason)
    return negotiation


def _require_come(negotiation: Negotiation, at: datetime | None) -> None:
    if reason := why_not_yet(negotiation, at):
        raise ValidationError(reason)


# --- People by name ---------------------------------------------------------------------------------------------


def why_not_marked(words: str, manner: Manner, *, is_walk_in: bool) -> str:
    """Say why one cannot be marked so; nothing where they can be. Who came uninvited cannot be waiting to come."""
    if is_walk_in and manner == Manner.INVITED:
        return _("%(who)s came without an invitation, so cannot be marked as invited. Choose another state.") % {
            "who": words
        }
    return ""


@transaction.atomic
def add_people(
    negotiation: Negotiation, entries: Sequence[Entry], *, by: User | None, at: datetime | None = None
) -> list[Attendance]:
    """Enter people: all of them or none. One whom somebody substitutes becomes absent.

    Raises NotAllowedNow where the list is closed; ValidationError for somebody who is in it already, for an entry with
    neither a name nor a role, for somebody present before the day has come, for an uninvited one who did not come, and
    for a substitute who cannot be one (sitting.substitutes).
    """
    negotiation = opened(negotiation)
    _require_new(negotiation, entries)
    if any(entry.status == Status.PRESENT for entry in entries):
        _require_come(negotiation, at)
    links = [entry for entry in entries if entry.substitutes or entry.substituted_by]
    _require_links(negotiation, links)
    rows = Attendance.objects.bulk_create(
        Attendance(
            county_id=negotiation.county_id,
            negotiation=negotiation,
            sector=entry.sector,
            status=entry.status,
            person=entry.person,
            name=entry.name,
            role=entry.role,
            organisation_name=entry.organisation_name,
            municipality=entry.municipality,
            is_remote=entry.is_remote and entry.status == Status.PRESENT,
            is_walk_in=entry.is_walk_in,
            substitutes_id=entry.substitutes,
        )
        for entry in entries
    )
    send_away([entry.substitutes for entry in links if entry.substitutes])
    for row, entry in zip(rows, entries, strict=True):
        if entry.substituted_by:
            Attendance.objects.filter(pk=entry.substituted_by).update(substitutes=row)
    _put_presences(negotiation, rows, entries)
    if rows:
        record(negotiation, "people_added", by=by, at=at, count=len(rows), **_told(entries))
    return rows


def _require_new(negotiation: Negotiation, entries: Iterable[Entry]) -> None:
    entered = Entered.of(negotiation)
    for entry in entries:
        if not entry.words:
            raise ValidationError(_("Give a name or a role."))
        if again := entered.again(entry):
            raise ValidationError(again)
        manner = Manner.REMOTE if entry.is_remote else Manner(entry.status)
        if wrong := why_not_marked(entry.words, manner, is_walk_in=entry.is_walk_in):
            raise ValidationError(wrong)


def _require_links(negotiation: Negotiation, entries: Sequence[Entry]) -> None:
    """Refuse substitutes who cannot be such, also those entered together: each is looked at with those before."""
    if not entries:
        return
    rows = listed(negotiation)
    taken: set[int] = set()
    for entry in entries:
        if entry.substitutes:
            require_can(rows, entry.substitutes)
            if entry.substitutes in taken:
                raise ValidationError(
                    _("%(who)s can have one substitute only.") % {"who": rows[entry.substitutes].words}
                )
            taken.add(entry.substitutes)


def _put_presences(negotiation: Negotiation, rows: Sequence[Attendance], entries: Sequence[Entry]) -> None:
    """Bring back that those who come back were present in parts, where the parts are still there."""
    if not any(entry.presences for entry in entries):
        return
    parts = set(negotiation.parts.values_list("pk", flat=True))
    PartPresence.objects.bulk_create(
        PartPresence(
            county_id=negotiation.county_id,
            part_id=presence.part,
            attendance=row,
            at_opening=presence.at_opening,
            at_closing=presence.at_closing,
        )
        for row, entry in zip(rows, entries, strict=True)
        for presence in entry.presences
        if presence.part in parts
    )


def _told(entries: Iterable[Entry]) -> dict[str, int]:
    """Return what an event tells besides how many were added: who came uninvited, and in the place of others."""
    told = {
        "walk_ins": sum(entry.is_walk_in for entry in entries),
        "substitutes": sum(entry.substitutes is not None for entry in entries),
    }
    return {key: count for key, count in told.items() if count}


@transaction.atomic
def change_person(
    row: Attendance, *, fields: Sequence[str], by: User | None, at: datetime | None = None
) -> list[Attendance]:
    """Save a participant that has been changed. One whom they substitute becomes absent.

    Returns those who are substitutes no more, as the one whose place they took came: see `mark`. Raises NotAllowedNow
    where the list is closed; ValidationError for somebody present before the day has come, for one who came uninvited
    and is marked as invited, and for a substitute who cannot be one (sitting.substitutes).
    """
    negotiation = opened(row.negotiation)
    if row.status == Status.PRESENT and "status" in fields:
        _require_come(negotiation, at)
    row.is_remote = row.is_remote and row.status == Status.PRESENT
    if wrong := why_not_marked(str(row), Manner.of(row), is_walk_in=row.is_walk_in):
        raise ValidationError(wrong)
    if "substitutes" in fields and row.substitutes_id:
        require_can(listed(negotiation), row.substitutes_id, row.pk)
    row.save()
    if "substitutes" in fields and row.substitutes_id:
        send_away([row.substitutes_id])
    released = release([row.pk]) if "status" in fields and row.status != Status.ABSENT else []
    if fields:
        record(negotiation, "person_changed", by=by, at=at, attendance=row.pk)
    if released:
        record(negotiation, "substitutes_released", by=by, at=at, count=len(released))
    return released


@dataclass(frozen=True)
class Marked:
    """What came of marking people: how many changed, and who are substitutes no more."""

    count: int
    released: tuple[str, ...] = ()


def released_words(released: Iterable[str]) -> str:
    """Say of whom it was released to be a substitute, so that their own state is looked at; nothing of nobody."""
    names = ", ".join(released)
    words = _("No longer a substitute, as the one who was away came after all: %(names)s. Check whether they stayed.")
    return words % {"names": names} if names else ""


@transaction.atomic
def mark(
    negotiation: Negotiation, manners: Mapping[int, str], *, by: User | None, at: datetime | None = None
) -> Marked:
    """Mark people, by the ids of their rows, as present, present remotely, absent or invited.

    Where somebody is not away in whose place another came, that other is a substitute no more, but stays in the list
    as marked. Somebody whom another has removed meanwhile stays removed. Raises NotAllowedNow where the list is closed,
    ValidationError for somebody present before the day has come, and for an uninvited one marked as invited.
    """
    negotiation = opened(negotiation)
    rows = Attendance.objects.filter(negotiation=negotiation, is_head_count=False, pk__in=manners)
    wanted = {pk: Manner(manner) for pk, manner in manners.items()}
    changed = [row for row in rows if Manner.of(row) != wanted[row.pk]]
    for row in changed:
        manner = wanted[row.pk]
        if wrong := why_not_marked(str(row), manner, is_walk_in=row.is_walk_in):
            raise ValidationError(wrong)
        row.status, row.is_remote = manner.status, manner == Manner.REMOTE
    sums = Counter(str(Manner.of(row)) for row in changed)
    if any(row.status == Status.PRESENT for row in changed):
        _require_come(negotiation, at)
    Attendance.objects.bulk_update(changed, ["status", "is_remote"])
    not_away = [row.pk for row in changed if row.status != Status.ABSENT]
    released = release(not_away) if not_away else []
    if changed:
        record(negotiation, "people_marked", by=by, at=at, **sums)
    if released:
        record(negotiation, "substitutes_released", by=by, at=at, count=len(released))
    return Marked(len(changed), tuple(str(row) for row in released))


@transaction.atomic
def never_came(row: Attendance, *, by: User | None, at: datetime | None = None) -> Attendance:
    """Mark somebody as absent who had been marked as present by mistake: they were in no part either.

    Raises NotAllowedNow where the list is closed.
    """
    negotiation = opened(row.negotiation)
    row.status, row.is_remote = Status.ABSENT, False
    row.save(update_fields=["status", "is_remote"])
    PartPresence.objects.filter(attendance=row).delete()
    record(negotiation, "people_marked", by=by, at=at, **{Manner.ABSENT.value: 1})
    return row


@transaction.atomic
def count_who_left(negotiation: Negotiation, *, by: User | None, at: datetime | None = None) -> int:
    """Mark as present those who were there when a part was opened or closed, and have left since. Returns how many.

    While the sitting goes on, who has left is absent, so that a part tells who was there when it was closed. At the end
    of the day they are among those who took part. Raises NotAllowedNow where the list is closed.
    """
    negotiation = opened(negotiation)
    were_here = PartPresence.objects.filter(part__negotiation=negotiation).values("attendance")
    left = Attendance.objects.filter(negotiation=negotiation, status=Status.ABSENT, pk__in=were_here)
    count = left.update(status=Status.PRESENT)
    if count:
        record(negotiation, "people_marked", by=by, at=at, **{Manner.PRESENT.value: count})
    return count


def entry_of(row: Attendance) -> Entry:
    """Return a row of the list as an entry, to be put in again."""
    return Entry(
        sector=row.sector,
        name=row.name,
        role=row.role,
        organisation_name=row.organisation_name,
        municipality=row.municipality,
        person=row.person,
        status=row.status,
        is_remote=row.is_remote,
        is_walk_in=row.is_walk_in,
        substitutes=row.substitutes_id,
    )


@transaction.atomic
def remove_person(row: Attendance, *, by: User | None, at: datetime | None = None) -> Entry:
    """Remove somebody from the list. Raises NotAllowedNow where the list is closed.

    Returns what brings them back: also in whose place they came, who came in theirs, and in which parts they were.
    """
    negotiation = opened(row.negotiation)
    substitute = Attendance.objects.filter(substitutes=row).values_list("pk", flat=True).first()
    presences = PartPresence.objects.filter(attendance=row).values_list("part_id", "at_opening", "at_closing")
    entry = replace(
        entry_of(row), substituted_by=substitute, presences=tuple(Presence(*presence) for presence in presences)
    )
    row.delete()
    record(negotiation, "person_removed", by=by, at=at)
    return entry


@transaction.atomic
def restore_person(
    negotiation: Negotiation, entry: Entry, *, by: User | None, at: datetime | None = None
) -> Attendance:
    """Bring back somebody who was removed. What has changed meanwhile of substitutes stays as it is now.

    Raises what `add_people` does.
    """
    rows = listed(opened(negotiation))
    substitutes = entry.substitutes
    if substitutes and why_not(rows, substitutes):
        substitutes = None
    by_other = entry.substituted_by
    if by_other and (by_other not in rows or rows[by_other].substitutes is not None or substitutes):
        by_other = None
    back = replace(entry, substitutes=substitutes, substituted_by=by_other)
    return add_people(negotiation, [back], by=by, at=at)[0]


# --- Head counts ------------------------------------------------------------------------------------------------

Counts = Mapping[str, int | None]


@transaction.atomic
def set_head_counts(negotiation: Negotiation, counts: Counts, *, by: User | None, at: datetime | None = None) -> int:
    """Save the head counts of these sectors, None for not counted; the others stay. Returns how many changed.

    Raises NotAllowedNow where the participants are closed, ValidationError before the day has come.
    """
    return _write(opened(negotiation), _heads([negotiation]), counts, by=by, at=at)


@transaction.atomic
def set_head_counts_of_round(
    round_: Round, counts: Mapping[int, Counts], *, by: User | None, at: datetime | None = None
) -> int:
    """Save head counts of several negotiations of the round, by their ids: all or none. Returns how many changed.

    Raises NotAllowedNow, naming the negotiation, where the participants of one are closed; ValidationError where the
    day of one has not come.
    """
    rows = list(Negotiation.objects.select_for_update(of=("self",)).filter(round=round_, pk__in=counts).order_by("pk"))
    states: dict[int, list[str]] = {row.pk: [] for row in rows}
    minutes = Minutes.objects.select_for_update().filter(negotiation__in=rows).order_by("pk")
    for negotiation, state in minutes.values_list("negotiation_id", "state"):
        states[negotiation].append(state)
    heads = _heads(rows)
    changed = 0
    for row in rows:
        if reason := why_closed(row, states[row.pk]):
            raise NotAllowedNow(f"{row.title}: {reason}")
        changed += _write(row, heads, counts[row.pk], by=by, at=at)
    return changed


def _heads(negotiations: Iterable[Negotiation]) -> dict[tuple[int, str], Attendance]:
    rows = Attendance.objects.filter(negotiation__in=negotiations, is_head_count=True)
    return {(row.negotiation_id, row.sector): row for row in rows}


def _write(
    negotiation: Negotiation,
    heads: Mapping[tuple[int, str], Attendance],
    counts: Counts,
    *,
    by: User | None,
    at: datetime | None,
) -> int:
    told: dict[str, list[int | None]] = {}
    for sector, count in counts.items():
        row = heads.get((negotiation.pk, sector))
        was = row.count if row else None
        if was == count:
            continue
        told[sector] = [was, count]
        if count is None:
            if row:
                row.delete()
        elif row is None:
            Attendance.objects.create(
                county_id=negotiation.county_id,
                negotiation=negotiation,
                sector=Sector(sector),
                is_head_count=True,
                count=count,
            )
        else:
            row.count = count
            row.save(update_fields=["count"])
    if any(now is not None for _was, now in told.values()):
        _require_come(negotiation, at)
    if told:
        record(negotiation, "head_counts_changed", by=by, at=at, changes=told)
    return len(told)
