"""What the minutes name as attached: numbered from one, in an order of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import User
from municipalities.moves import NotAllowedNow
from negotiations.minutes.writing import draft
from negotiations.models import Minutes, MinutesAttachment


@transaction.atomic
def add_attachments(
    minutes: Minutes,
    titles: Sequence[str],
    *,
    number: int | None = None,
    by: User | None,
    at: datetime | None = None,
) -> list[MinutesAttachment]:
    """Add attachments at the end, or so that the first of them gets the number.

    Raises NotAllowedNow unless the minutes are a draft.
    """
    minutes = draft(minutes)
    have = list(minutes.attachments.order_by("position"))
    added = [MinutesAttachment(county_id=minutes.county_id, minutes=minutes, title=title) for title in titles]
    place = len(have) if number is None else max(0, min(number - 1, len(have)))
    for offset, attachment in enumerate(added, start=1):
        # Beyond every other until they are numbered anew.
        attachment.position = _after(have) + offset
        attachment.save()
    _number(have[:place] + added + have[place:])
    record(minutes, "attachments_changed", by=by, at=at)
    return added


@transaction.atomic
def rename_attachment(
    attachment: MinutesAttachment, *, by: User | None, at: datetime | None = None
) -> MinutesAttachment:
    """Save the title of an attachment. Raises NotAllowedNow unless the minutes are a draft."""
    minutes = draft(attachment.minutes)
    attachment.save(update_fields=["title"])
    record(minutes, "attachments_changed", by=by, at=at)
    return attachment


@transaction.atomic
def move_attachment(
    attachment: MinutesAttachment, *, up: bool, by: User | None, at: datetime | None = None
) -> MinutesAttachment:
    """Move an attachment one place up or down; the first stays first and the last stays last.

    Raises NotAllowedNow unless the minutes are a draft, and where the attachment is there no more.
    """
    minutes = draft(attachment.minutes)
    rows = list(minutes.attachments.order_by("position"))
    place = next((number for number, row in enumerate(rows) if row.pk == attachment.pk), None)
    if place is None:
        raise NotAllowedNow(_("Somebody has removed the attachment meanwhile."))
    other = place - 1 if up else place + 1
    if 0 <= other < len(rows):
        rows[place], rows[other] = rows[other], rows[place]
        _number(rows)
        record(minutes, "attachments_changed", by=by, at=at)
    return rows[max(0, min(other, len(rows) - 1))]


@transaction.atomic
def remove_attachment(attachment: MinutesAttachment, *, by: User | None, at: datetime | None = None) -> None:
    """Remove an attachment; those after it are numbered anew. Raises NotAllowedNow unless the minutes are a draft."""
    minutes = draft(attachment.minutes)
    attachment.delete()
    _number(list(minutes.attachments.order_by("position")))
    record(minutes, "attachments_changed", by=by, at=at)


def _after(rows: Sequence[MinutesAttachment]) -> int:
    return max((row.position for row in rows), default=0)


def _number(rows: Sequence[MinutesAttachment]) -> None:
    """Number the rows from one, in this order. In two steps, as no two may have the same number for a moment."""
    beyond = max(_after(rows), len(rows))
    for first in (beyond + 1, 1):
        for position, row in enumerate(rows, start=first):
            row.position = position
        MinutesAttachment.objects.bulk_update(rows, ["position"])
