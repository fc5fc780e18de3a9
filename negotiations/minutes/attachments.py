"""What the minutes name as attached: numbered from one, in an order of one's own, with the file where there is one.

Changed while the minutes are a draft. A file stays as it came: another one takes its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import User
from municipalities.moves import NotAllowedNow
from negotiations.minutes.writing import draft
from negotiations.models import AgendaAttachment, AgendaItem, AttachedFile, Minutes, MinutesAttachment
from negotiations.sitting.files import store_file

MOST_ATTACHMENTS = 200


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
def attach(
    minutes: Minutes,
    title: str,
    *,
    upload: UploadedFile | None = None,
    item: AgendaItem | None = None,
    secrecy_ground: str = "",
    by: User | None,
    at: datetime | None = None,
) -> MinutesAttachment:
    """Attach something at the end: its title, the file, the item it belongs to, the ground where it is not public.

    Raises NotAllowedNow unless the minutes are a draft, ValidationError for a file that cannot be attached and for
    more attachments than minutes can have.
    """
    minutes = draft(minutes)
    last = _after(list(minutes.attachments.all()))
    if last >= MOST_ATTACHMENTS:
        raise ValidationError(_("Minutes can have %(most)s attachments at most.") % {"most": MOST_ATTACHMENTS})
    attachment: MinutesAttachment = MinutesAttachment.objects.create(
        county_id=minutes.county_id,
        minutes=minutes,
        position=last + 1,
        title=title,
        item=item,
        secrecy_ground=secrecy_ground,
        file=store_file(minutes.county_id, upload) if upload else None,
    )
    record(minutes, "attachments_changed", by=by, at=at)
    return attachment


@transaction.atomic
def change_attachment(
    attachment: MinutesAttachment,
    *,
    upload: UploadedFile | None = None,
    without_file: bool = False,
    by: User | None,
    at: datetime | None = None,
) -> MinutesAttachment:
    """Save the title, item and ground of an attachment, and put another file in place of the former, or none.

    Raises NotAllowedNow unless the minutes are a draft, ValidationError for a file that cannot be attached.
    """
    minutes = draft(attachment.minutes)
    if upload:
        attachment.file = store_file(attachment.county_id, upload)
    elif without_file:
        attachment.file = None
    attachment.save(update_fields=["title", "item", "secrecy_ground", "file"])
    record(minutes, "attachments_changed", by=by, at=at)
    return attachment


@transaction.atomic
def copy_agenda_attachments(minutes: Minutes) -> list[MinutesAttachment]:
    """Attach to minutes that are begun what was attached to the items of the agenda, in its order.

    Of minutes of one part, to the items of that part. Repeatable: minutes that have attachments are left as they are.
    """
    rows = AgendaAttachment.objects.filter(item__part__negotiation=minutes.negotiation_id)
    if minutes.part_id:
        rows = rows.filter(item__part=minutes.part_id)
    if minutes.corrects_id or minutes.attachments.exists():
        return []
    order = ("item__part__position", "item__position", "position")
    return MinutesAttachment.objects.bulk_create(
        MinutesAttachment(
            county_id=minutes.county_id,
            minutes=minutes,
            position=number,
            title=row.title,
            item_id=row.item_id,
            file_id=row.file_id,
            secrecy_ground=row.secrecy_ground,
        )
        for number, row in enumerate(rows.order_by(*order)[:MOST_ATTACHMENTS], start=1)
    )


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
def remove_attachment(attachment: MinutesAttachment, *, by: User | None, at: datetime | None = None) -> dict[str, Any]:
    """Remove an attachment, and return what `restore_attachment` needs; those after it are numbered anew.

    Raises NotAllowedNow unless the minutes are a draft.
    """
    minutes = draft(attachment.minutes)
    kept = {
        "number": attachment.position,
        "title": attachment.title,
        "item": attachment.item_id,
        "file": attachment.file_id,
        "secrecy_ground": attachment.secrecy_ground,
    }
    attachment.delete()
    _number(list(minutes.attachments.order_by("position")))
    record(minutes, "attachments_changed", by=by, at=at)
    return kept


@transaction.atomic
def restore_attachment(
    minutes: Minutes, kept: Mapping[str, Any], *, by: User | None, at: datetime | None = None
) -> MinutesAttachment:
    """Bring back an attachment that was removed, in its place.

    Raises NotAllowedNow unless the minutes are a draft, and where its file or its item is there no more.
    """
    minutes = draft(minutes)
    gone = (kept["file"] and not AttachedFile.objects.filter(pk=kept["file"]).exists()) or (
        kept["item"] and not AgendaItem.objects.filter(pk=kept["item"]).exists()
    )
    if gone:
        raise NotAllowedNow(_("This can be undone no more. Add it again by hand."))
    [attachment] = add_attachments(minutes, [kept["title"]], number=kept["number"], by=by, at=at)
    attachment.item_id, attachment.file_id = kept["item"], kept["file"]
    attachment.secrecy_ground = kept["secrecy_ground"]
    attachment.save(update_fields=["item", "file", "secrecy_ground"])
    return attachment


def _after(rows: Sequence[MinutesAttachment]) -> int:
    return max((row.position for row in rows), default=0)


def _number(rows: Sequence[MinutesAttachment]) -> None:
    """Number the rows from one, in this order. In two steps, as no two may have the same number for a moment."""
    beyond = max(_after(rows), len(rows))
    for first in (beyond + 1, 1):
        for position, row in enumerate(rows, start=first):
            row.position = position
        MinutesAttachment.objects.bulk_update(rows, ["position"])
