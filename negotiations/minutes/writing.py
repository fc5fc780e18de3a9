"""Writing the minutes: what was said and agreed under each item, the words of each part, and when it can be written.

The text is open while the minutes are a draft. Once they are being checked, what the checkers read is what stays: a
text is mended as a version of its own (minutes.amending), or the minutes are taken back to a draft, which clears the
marks. Once they have been checked they never change: a document of its own corrects them (minutes.correcting).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import User
from municipalities.moves import NotAllowedNow, locked
from negotiations.minutes.composing import parts_with_minutes
from negotiations.models import AgendaItem, Minutes, Negotiation, Part

State = Minutes.State


def why_closed(minutes: Minutes) -> str:
    """Say why the minutes cannot be changed freely now, and what can be done instead; nothing for a draft."""
    if minutes.state == State.CHECKING:
        return _(
            "The minutes are being checked. You can mend a text of theirs, which makes a new version; to change"
            " anything else, take them back to a draft first."
        )
    if minutes.state == State.CHECKED:
        return _("The minutes have been checked and never change any more. What is wrong in them is corrected apart.")
    if minutes.state == State.PUBLISHED:
        return _("The minutes have been published and never change any more. What is wrong in them is corrected apart.")
    return ""


def require_draft(minutes: Minutes) -> None:
    """Raise NotAllowedNow, with what can be done instead, unless the minutes are a draft."""
    if reason := why_closed(minutes):
        raise NotAllowedNow(reason)


def draft(minutes: Minutes) -> Minutes:
    """Return the minutes locked, to be changed. Raises NotAllowedNow, with what can be done instead, unless a draft."""
    minutes = locked(minutes)
    require_draft(minutes)
    return minutes


def minutes_of(negotiation: Negotiation, part: Part | None) -> Minutes | None:
    """Return the minutes that tell of a part, or of what was agreed under no part; none where they are not begun.

    Where each part has minutes of its own, what belongs to none is told in those of the last one. Documents that
    correct minutes tell nothing of their own.
    """
    begun = {minutes.part_id: minutes for minutes in Minutes.objects.filter(negotiation=negotiation, corrects=None)}
    if None in begun:
        return begun[None]
    if part is None:
        with_minutes = parts_with_minutes(negotiation)
        part = with_minutes[-1] if with_minutes else None
    return begun.get(part.pk) if part else None


def draft_of(part: Part) -> Minutes:
    """Return the minutes of a part, locked, to be changed.

    Raises NotAllowedNow where they have not been begun, and unless they are a draft.
    """
    minutes = minutes_of(part.negotiation, part)
    if minutes is None:
        raise NotAllowedNow(_("The minutes have not been begun. Begin them first."))
    return draft(minutes)


@transaction.atomic
def write_item(item: AgendaItem, *, fields: Sequence[str], by: User | None, at: datetime | None = None) -> AgendaItem:
    """Save what the minutes say of an item: these of its fields, which hold their new texts already.

    Raises NotAllowedNow unless its minutes are a draft.
    """
    minutes = draft_of(item.part)
    if fields:
        item.save(update_fields=list(fields))
        _record(minutes, item.part, by=by, at=at, item=item.pk, number=item.position)
    return item


@transaction.atomic
def write_part(part: Part, *, fields: Sequence[str], by: User | None, at: datetime | None = None) -> Part:
    """Save how a part was opened and closed: these of its fields, which hold their new values already.

    Raises NotAllowedNow unless its minutes are a draft.
    """
    minutes = draft_of(part)
    if fields:
        part.save(update_fields=list(fields))
        _record(minutes, part, by=by, at=at)
    return part


def _record(minutes: Minutes, part: Part, *, by: User | None, at: datetime | None, **told: int) -> None:
    """Append that a text was changed. The part is told where the minutes have several."""
    several = minutes.part_id is None and part.negotiation.parts.count() > 1
    record(
        minutes,
        "text_changed",
        by=by,
        at=at,
        numbering=minutes.county.item_numbering,
        part=part.legal_basis if several else "",
        **told,
    )
