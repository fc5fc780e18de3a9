"""Correcting checked minutes: they never change, so a document of its own says what was wrong and what is to be read.

It refers to the minutes that it corrects, is checked by the same parties, signed and published as they were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import User
from municipalities.moves import NotAllowedNow, locked
from negotiations.minutes import links
from negotiations.minutes.checking import name_signers
from negotiations.minutes.writing import draft, require_draft
from negotiations.models import CorrectionEntry, Minutes, MinutesCheck

State = Minutes.State
CORRECTED = frozenset({State.CHECKED, State.PUBLISHED})
# So many corrections one document holds: beyond that the minutes were of another negotiation.
MOST_ENTRIES = 200


def why_not_corrected(minutes: Minutes) -> str:
    """Say why minutes cannot be corrected by a document of its own now; nothing where they can. At most one query."""
    if minutes.corrects_id:
        return _("This document is itself a correction. Correct the minutes that it corrects once more instead.")
    if minutes.state not in CORRECTED:
        return _("The minutes have not been checked yet: mend the minutes themselves.")
    if Minutes.objects.filter(corrects=minutes).exclude(state__in=CORRECTED).exists():
        return _("A correction of these minutes is still being made. Finish it, or remove it, first.")
    return ""


@transaction.atomic
def begin(minutes: Minutes, *, by: User | None, at: datetime | None = None) -> Minutes:
    """Begin a document that corrects checked minutes, with the same checkers and signers.

    Raises NotAllowedNow unless the minutes have been checked, and while another correction of them is being made.
    """
    # The negotiation first, as whoever changes its participants does: the new document refers to it.
    locked(minutes.negotiation, stays=True)
    minutes = locked(minutes)
    if reason := why_not_corrected(minutes):
        raise NotAllowedNow(reason)
    correction: Minutes = Minutes.objects.create(
        county_id=minutes.county_id, negotiation=minutes.negotiation, part=minutes.part, corrects=minutes
    )
    today = timezone.localdate()
    MinutesCheck.objects.bulk_create(
        MinutesCheck(
            county_id=minutes.county_id,
            minutes=correction,
            party_id=check.party_id,
            name=check.name,
            role=check.role,
            email=check.email,
            delete_after=links.contacts_go(minutes.county, today) if check.email else None,
        )
        for check in minutes.checks.order_by("pk")
    )
    name_signers(correction)
    for former in minutes.signatures.all():
        new = correction.signatures.get(role=former.role)
        new.email = former.email
        new.delete_after = links.contacts_go(minutes.county, today) if former.email else None
        new.save(update_fields=["email", "delete_after"])
    record(minutes, "correction_begun", by=by, at=at, correction=correction.pk)
    record(correction, "opened", by=by, at=at, corrects=minutes.pk)
    return correction


@transaction.atomic
def drop(correction: Minutes, *, by: User | None, at: datetime | None = None) -> Minutes:
    """Remove a correction that was begun in vain; return the minutes that it was to correct.

    Raises NotAllowedNow for minutes that correct none, and once the correction has been sent for checking.
    """
    corrected = correction.corrects
    if corrected is None:
        raise NotAllowedNow(_("These minutes correct no others, and are not removed."))
    corrected = locked(corrected)
    correction = draft(correction)
    if correction.versions.exists():
        raise NotAllowedNow(_("The correction has been sent for checking already, so it is not removed any more."))
    record(corrected, "correction_dropped", by=by, at=at, correction=correction.pk)
    correction.delete()
    return corrected


# --- What is corrected ------------------------------------------------------------------------------------------


def require_correction(minutes: Minutes) -> None:
    """Raise NotAllowedNow unless the minutes correct others, and are a draft."""
    require_draft(minutes)
    if minutes.corrects_id is None:
        raise NotAllowedNow(_("These minutes correct no others: write what is to be read into them."))


def _correction(minutes: Minutes) -> Minutes:
    """Return a correcting document, locked, to be written. Raises NotAllowedNow unless it is one, and a draft."""
    minutes = locked(minutes)
    require_correction(minutes)
    return minutes


@transaction.atomic
def add_entry(
    entry: CorrectionEntry, *, number: int | None = None, by: User | None, at: datetime | None = None
) -> CorrectionEntry:
    """Add a correction, not saved yet, at the end, or with this number. Raises NotAllowedNow unless in a draft."""
    minutes = _correction(entry.minutes)
    have = list(minutes.entries.order_by("position"))
    if len(have) >= MOST_ENTRIES:
        raise NotAllowedNow(_("One document holds at most %(most)s corrections.") % {"most": MOST_ENTRIES})
    place = len(have) if number is None else max(0, min(number - 1, len(have)))
    entry.position = (minutes.entries.aggregate(last=Max("position"))["last"] or 0) + 1
    entry.save()
    _number([*have[:place], entry, *have[place:]])
    record(minutes, "entries_changed", by=by, at=at)
    return entry


@transaction.atomic
def change_entry(
    entry: CorrectionEntry, *, fields: Sequence[str], by: User | None, at: datetime | None = None
) -> CorrectionEntry:
    """Save these fields of a correction, which hold their new values. Raises NotAllowedNow unless in a draft."""
    minutes = _correction(entry.minutes)
    if fields:
        entry.save(update_fields=list(fields))
        record(minutes, "entries_changed", by=by, at=at)
    return entry


@transaction.atomic
def remove_entry(entry: CorrectionEntry, *, by: User | None, at: datetime | None = None) -> dict[str, Any]:
    """Remove a correction; return what brings it back. Raises NotAllowedNow unless in a draft."""
    minutes = _correction(entry.minutes)
    kept = {"number": entry.position, **{name: getattr(entry, name) for name in ("place", "was", "now", "reason")}}
    entry.delete()
    _number(list(minutes.entries.order_by("position")))
    record(minutes, "entries_changed", by=by, at=at)
    return kept


def restore_entry(
    minutes: Minutes, kept: Mapping[str, Any], *, by: User | None, at: datetime | None = None
) -> CorrectionEntry:
    """Bring back a correction that was removed, where it was. Raises NotAllowedNow unless in a draft."""
    fields = {name: kept[name] for name in ("place", "was", "now", "reason")}
    entry = CorrectionEntry(county_id=minutes.county_id, minutes=minutes, **fields)
    return add_entry(entry, number=kept["number"], by=by, at=at)


def _number(rows: Sequence[CorrectionEntry]) -> None:
    """Number the rows from one, in this order. In two steps, as no two may have the same number for a moment."""
    beyond = max([row.position for row in rows], default=0) + len(rows)
    for first in (beyond + 1, 1):
        for position, row in enumerate(rows, start=first):
            row.position = position
        CorrectionEntry.objects.bulk_update(rows, ["position"])
