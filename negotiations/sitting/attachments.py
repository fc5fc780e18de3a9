"""What is attached to the items of an agenda: a title, the file where there is one, the ground where it is not public.

Attached, changed and removed as long as the agenda is open. A file stays as it came: another one takes its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from municipalities.models import User
from municipalities.moves import NotAllowedNow, locked
from negotiations.models import AgendaAttachment, AgendaItem, AttachedFile, Part
from negotiations.planning.negotiations import ASIDE, require_open
from negotiations.sitting.agenda import changed
from negotiations.sitting.files import store_file

MOST_ATTACHMENTS = 30


def _open(item: AgendaItem) -> Part:
    part = item.part
    part.negotiation = locked(part.negotiation)
    require_open(part.negotiation)
    return part


@transaction.atomic
def add_attachment(
    item: AgendaItem, title: str, *, upload: UploadedFile | None = None, secrecy_ground: str = "", by: User | None
) -> AgendaAttachment:
    """Attach something after what is attached already.

    Raises NotAllowedNow where the agenda is locked, ValidationError for a file that cannot be attached and for more
    attachments than an item can have.
    """
    part = _open(item)
    order = _order(item)
    if len(order) >= MOST_ATTACHMENTS:
        raise ValidationError(_("An item can have %(most)s attachments at most.") % {"most": MOST_ATTACHMENTS})
    _number(item, order)
    attachment: AgendaAttachment = AgendaAttachment.objects.create(
        county_id=item.county_id,
        item=item,
        position=len(order) + 1,
        title=title,
        file=store_file(item.county_id, upload) if upload else None,
        secrecy_ground=secrecy_ground,
    )
    changed(part, by=by, what="attached", items=[item.pk])
    return attachment


@transaction.atomic
def change_attachment(
    attachment: AgendaAttachment,
    *,
    fields: Sequence[str],
    upload: UploadedFile | None = None,
    without_file: bool = False,
    by: User | None,
) -> AgendaAttachment:
    """Save a changed title or ground, and put another file in place of the former, or none.

    Raises NotAllowedNow where the agenda is locked, ValidationError for a file that cannot be attached.
    """
    part = _open(attachment.item)
    if upload:
        attachment.file = store_file(attachment.county_id, upload)
    elif without_file:
        attachment.file = None
    attachment.save(update_fields=["title", "secrecy_ground", "file"])
    if fields:
        changed(part, by=by, what="attachment_changed", items=[attachment.item_id])
    return attachment


@transaction.atomic
def move_attachment(attachment: AgendaAttachment, *, steps: int, by: User | None) -> AgendaAttachment:
    """Move an attachment so many places down its item, or up; at the end it stays."""
    part = _open(attachment.item)
    order = _order(attachment.item)
    if attachment.pk not in order:
        raise NotAllowedNow(_("Somebody has removed the attachment meanwhile."))
    was = order.index(attachment.pk)
    place = min(max(was + steps, 0), len(order) - 1)
    if place != was:
        order.insert(place, order.pop(was))
        _number(attachment.item, order)
        changed(part, by=by, what="attachment_changed", items=[attachment.item_id])
    return attachment


@transaction.atomic
def remove_attachment(attachment: AgendaAttachment, *, by: User | None) -> dict[str, Any]:
    """Remove an attachment and return what `restore_attachment` needs. Raises NotAllowedNow where it is locked."""
    part = _open(attachment.item)
    attachment = locked(attachment)
    kept = {
        "position": attachment.position,
        "title": attachment.title,
        "file": attachment.file_id,
        "secrecy_ground": attachment.secrecy_ground,
    }
    attachment.delete()
    _number(attachment.item, _order(attachment.item))
    changed(part, by=by, what="attachment_removed", items=[attachment.item_id])
    return kept


@transaction.atomic
def restore_attachment(item: AgendaItem, kept: Mapping[str, Any], *, by: User | None) -> AgendaAttachment:
    """Bring back an attachment that was removed, where it was. Raises NotAllowedNow where the agenda is locked."""
    part = _open(item)
    order = _order(item)
    if len(order) >= MOST_ATTACHMENTS or (kept["file"] and not AttachedFile.objects.filter(pk=kept["file"]).exists()):
        raise NotAllowedNow(_("This can be undone no more. Add it again by hand."))
    attachment: AgendaAttachment = AgendaAttachment.objects.create(
        county_id=item.county_id,
        item=item,
        position=ASIDE,
        title=kept["title"],
        file_id=kept["file"],
        secrecy_ground=kept["secrecy_ground"],
    )
    order.insert(int(kept["position"]) - 1, attachment.pk)
    _number(item, order)
    changed(part, by=by, what="attached", items=[item.pk])
    attachment.refresh_from_db()
    return attachment


def _order(item: AgendaItem) -> list[int]:
    return list(AgendaAttachment.objects.filter(item=item).order_by("position").values_list("pk", flat=True))


def _number(item: AgendaItem, order: Sequence[int]) -> None:
    # Two may not have one number even for a moment, so that all are put aside first.
    AgendaAttachment.objects.filter(item=item).update(position=F("position") + ASIDE)
    AgendaAttachment.objects.bulk_update(
        [AgendaAttachment(pk=pk, position=number) for number, pk in enumerate(order, 1)], ["position"]
    )
