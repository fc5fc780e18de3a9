"""What checkers say of the minutes that they check, and what the secretary decides about it.

A remark is of the version that was read: a comment, or other words proposed for one text of it. It is accepted, with
the proposed words or others, or rejected with a reason. Until then the minutes are not checked.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import User
from municipalities.moves import NotAllowedNow, locked, require_state
from negotiations.minutes import versions
from negotiations.minutes.amending import ITEM_TEXTS, PART_TEXTS, item_in, latest_or_first, part_in, replace_texts
from negotiations.minutes.checking import MOVES, settle
from negotiations.minutes.differences import plain
from negotiations.models import AgendaItem, Minutes, MinutesCheck, MinutesRemark, MinutesVersion, Part
from negotiations.sitting.live_writing import LONGEST

State = Minutes.State
Field = MinutesRemark.Field


@transaction.atomic
def remark(
    check: MinutesCheck,
    version: int | MinutesVersion | None,
    *,
    item: AgendaItem | None = None,
    part: Part | None = None,
    field: str = "",
    text: str = "",
    proposed: str | None = None,
    by: User | None,
    at: datetime | None = None,
) -> MinutesRemark:
    """Make a remark as a checker, on the version that was read: its number, or itself; None: the latest.

    An empty `proposed` proposes to leave the text out. Raises NotAllowedNow unless the minutes are being checked, the
    checker has not marked them and the version is the latest; ValidationError for a remark that says nothing, proposes
    what is written already, or is of what the minutes do not tell.
    """
    minutes = locked(check.minutes)
    require_state(minutes, MOVES, "mark")
    check = locked(check)
    if check.outcome != MinutesCheck.Outcome.WAITING:
        raise NotAllowedNow(_("This checker has marked the minutes already, so no remark can be made any more."))
    read = latest_or_first(minutes, at=at)
    versions.require_latest(read, version.number if isinstance(version, MinutesVersion) else version)
    text, proposed = plain(text), None if proposed is None else plain(proposed)
    _require_sense(read, item=item, part=part, field=field, text=text, proposed=proposed)
    made: MinutesRemark = MinutesRemark.objects.create(
        county_id=minutes.county_id,
        version=read,
        check_row=check,
        item=item,
        part=part,
        field=field,
        text=text,
        proposed=proposed,
        made_at=at or timezone.now(),
    )
    record(
        minutes,
        "remark_made",
        by=by,
        at=at,
        check=check.pk,
        remark=made.pk,
        version=read.number,
        **_place(minutes, item, part),
    )
    return made


def _require_sense(
    version: MinutesVersion, *, item: AgendaItem | None, part: Part | None, field: str, text: str, proposed: str | None
) -> None:
    """Raise ValidationError for a remark that says nothing, or is of what the version does not tell."""
    if item is not None and part is not None:
        raise ValueError("A remark is of an item or of a part, not of both.")
    if not text and proposed is None:
        raise ValidationError(_("Write a comment, or propose other words."))
    if max(len(text), len(proposed or "")) > LONGEST:
        raise ValidationError(_("Shorten this: at most %(most)s characters.") % {"most": LONGEST})
    told = None
    if item is not None:
        told = item_in(version.content, item.pk)
    elif part is not None:
        told = part_in(version.content, part.pk)
    if (item or part) and told is None:
        raise ValidationError(_("The minutes do not tell this item."))
    if field and (told is None or field not in (ITEM_TEXTS if item else PART_TEXTS)):
        raise ValidationError(_("The minutes have no such text in this place."))
    if proposed is not None:
        if told is None or not field:
            raise ValidationError(_("Say for which text of which item the words are."))
        if proposed == plain(told[field]):
            raise ValidationError(_("The words you propose are those that are there already. Change them."))


@transaction.atomic
def accept(
    remark: MinutesRemark,
    *,
    kind: MinutesVersion.Kind | None = None,
    wording: str | None = None,
    reason: str = "",
    by: User | None,
    at: datetime | None = None,
) -> MinutesVersion | None:
    """Accept a remark, with the words that it proposes or others (`wording`): a version with them.

    A comment can be accepted as it is: it was taken into account, or the text had been mended already. Then, and in a
    draft, no version is made. Raises NotAllowedNow unless the minutes are a draft or being checked and the remark is
    open; ValueError where a version is to be made and its kind is not told.
    """
    minutes = _decidable(remark)
    remark = _open(remark)
    version = None
    words = remark.proposed if wording is None else plain(wording)
    if words is not None and remark.field and words != text_now(minutes, remark):
        version = _reword(minutes, remark, words, kind=kind, reason=reason, by=by, at=at)
    _decide(remark, MinutesRemark.State.ACCEPTED, reason, at=at)
    record(
        minutes,
        "remark_accepted",
        by=by,
        at=at,
        check=remark.check_row_id,
        remark=remark.pk,
        version=version.number if version else 0,
        as_proposed=remark.proposed is not None and words == plain(remark.proposed),
        **_place(minutes, remark.item, remark.part),
    )
    settle(minutes, by=by, at=at)
    return version


def _reword(
    minutes: Minutes,
    remark: MinutesRemark,
    words: str,
    *,
    kind: MinutesVersion.Kind | None,
    reason: str,
    by: User | None,
    at: datetime | None,
) -> MinutesVersion | None:
    place = remark.item or remark.part
    if place is None:
        raise ValueError("A remark on the whole has no text of its own.")
    if minutes.state == State.DRAFT:
        type(place).objects.filter(pk=place.pk).update(**{remark.field: words})
        return None
    if kind is None:
        raise ValueError("Say whether it is a typo or a matter.")
    return replace_texts(minutes, place, {remark.field: words}, kind=kind, reason=reason, by=by, at=at, remark=remark)


@transaction.atomic
def reject(remark: MinutesRemark, *, reason: str, by: User | None, at: datetime | None = None) -> MinutesRemark:
    """Reject a remark, with a reason that the checker reads.

    Raises NotAllowedNow without a reason, unless the minutes are a draft or being checked, and unless it is open.
    """
    minutes = _decidable(remark)
    remark = _open(remark)
    if not reason.strip():
        raise NotAllowedNow(_("Give the reason why the remark is rejected: the checker reads it."))
    _decide(remark, MinutesRemark.State.REJECTED, reason, at=at)
    record(
        minutes,
        "remark_rejected",
        by=by,
        at=at,
        check=remark.check_row_id,
        remark=remark.pk,
        **_place(minutes, remark.item, remark.part),
    )
    settle(minutes, by=by, at=at)
    return remark


def text_now(minutes: Minutes, remark: MinutesRemark) -> str:
    """Return the text that a remark is of, as it is now; nothing of one that is of no text."""
    place = remark.item or remark.part
    if place is None or not remark.field:
        return ""
    version = None if minutes.state == State.DRAFT else versions.latest(minutes)
    if version is None:
        # Read anew: somebody may have written it since the remark was read.
        return plain(type(place).objects.values_list(remark.field, flat=True).get(pk=place.pk))
    find = item_in if remark.item_id else part_in
    return plain((find(version.content, place.pk) or {}).get(remark.field, ""))


def _decidable(remark: MinutesRemark) -> Minutes:
    """Return the minutes of a remark, locked. Raises NotAllowedNow once they have been checked."""
    minutes = locked(remark.version.minutes)
    if minutes.state not in {State.DRAFT, State.CHECKING}:
        raise NotAllowedNow(_("The minutes have been checked, so remarks on them are decided on no more."))
    return minutes


def _open(remark: MinutesRemark) -> MinutesRemark:
    """Return the remark, locked. The minutes have been locked before. Raises NotAllowedNow unless it is open."""
    fresh: MinutesRemark = (
        MinutesRemark.objects.select_for_update(of=("self",))
        .select_related("item__part__negotiation", "part__negotiation")
        .get(pk=remark.pk)
    )
    if fresh.state != MinutesRemark.State.OPEN:
        raise NotAllowedNow(_("The remark has been decided on already."))
    return fresh


def _decide(remark: MinutesRemark, state: MinutesRemark.State, reason: str, *, at: datetime | None) -> None:
    remark.state, remark.reason, remark.decided_at = state, reason.strip(), at or timezone.now()
    remark.save(update_fields=["state", "reason", "decided_at"])


def _place(minutes: Minutes, item: AgendaItem | None, part: Part | None) -> dict[str, Any]:
    """Return what the log tells of the place: the number of the item, and the part where there are several."""
    of = item.part if item else part
    several = of is not None and minutes.part_id is None and of.negotiation.parts.count() > 1
    told: dict[str, Any] = {
        "numbering": minutes.county.item_numbering,
        "part": of.legal_basis if of and several else "",
    }
    if item is not None:
        told |= {"item": item.pk, "number": item.position}
    elif part is None:
        told["whole"] = True
    return told
