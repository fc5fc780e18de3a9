"""Mending the text of minutes while they are being checked: each time a new version, beside which the old one stays.

A typo mended keeps the marks; a change of matter voids them, and the checkers are told and have time to read it. What
is not a text of an item or of a part is mended in a draft: the minutes are taken back for that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import User
from municipalities.moves import NotAllowedNow, locked, require_state
from negotiations.minutes import links, versions
from negotiations.minutes.checking import MOVES, freeze, void_marks
from negotiations.minutes.composing import request_minutes_document
from negotiations.minutes.differences import plain
from negotiations.models import AgendaItem, Minutes, MinutesRemark, MinutesVersion, Part

Kind = MinutesVersion.Kind
# The texts that are mended one by one.
ITEM_TEXTS = ("title", "background", "discussion", "agreed", "dissent")
PART_TEXTS = ("opening", "closing")


def item_in(content: Mapping[str, Any], pk: int) -> dict[str, Any] | None:
    """Return an item of a content by its id; none where it is not told there."""
    return next((item for part in content["parts"] for item in part["items"] if item["id"] == pk), None)


def part_in(content: Mapping[str, Any], pk: int) -> dict[str, Any] | None:
    """Return a part of a content by its id; none where it is not told there.

    A document that corrects others names its parts, and tells nothing of them that could be mended.
    """
    if content.get("corrects"):
        return None
    return next((part for part in content["parts"] if part["id"] == pk), None)


def with_texts(place: dict[str, Any], fields: Mapping[str, str], allowed: Sequence[str]) -> dict[str, str]:
    """Put these texts into an item or a part of a content; return those that changed.

    Raises ValueError for a text that is not one to be mended so.
    """
    if unknown := set(fields) - set(allowed):
        raise ValueError(f"No text of minutes: {', '.join(sorted(unknown))}")
    changed = {name: plain(text) for name, text in fields.items() if plain(text) != plain(place[name])}
    place.update(changed)
    return changed


def time_to_check(check_by: date | None, *, kind: Kind, day: date, days: int) -> date | None:
    """Return by when to check after a change: one of a matter gives at least as long as the county gives (days)."""
    if kind != Kind.MATTER:
        return check_by
    return max(check_by or day, day + timedelta(days=days))


def latest_or_first(minutes: Minutes, *, at: datetime | None = None) -> MinutesVersion:
    """Return the latest version; of minutes sent before there were any, the first one, made of what was sent."""
    return versions.latest(minutes) or freeze(minutes, at=at)


@transaction.atomic
def amend_item(
    item: AgendaItem,
    fields: Mapping[str, str],
    *,
    kind: Kind,
    reason: str = "",
    by: User | None,
    at: datetime | None = None,
) -> MinutesVersion:
    """Mend texts of an item: a version with exactly these texts replaced.

    Raises NotAllowedNow unless the minutes that tell the item are being checked, and where nothing would change.
    """
    return _amend(_told_in(item.part), item, fields, kind=kind, reason=reason, by=by, at=at)


@transaction.atomic
def amend_part(
    part: Part,
    fields: Mapping[str, str],
    *,
    kind: Kind,
    reason: str = "",
    by: User | None,
    at: datetime | None = None,
) -> MinutesVersion:
    """Mend how a part was opened or closed: a version with exactly these texts replaced.

    Raises NotAllowedNow unless the minutes that tell the part are being checked, and where nothing would change.
    """
    return _amend(_told_in(part), part, fields, kind=kind, reason=reason, by=by, at=at)


def _told_in(part: Part) -> Minutes:
    from negotiations.minutes.writing import minutes_of

    minutes = minutes_of(part.negotiation, part)
    if minutes is None:
        raise NotAllowedNow(_("The minutes have not been begun. Begin them first."))
    return minutes


def _amend(
    minutes: Minutes,
    place: AgendaItem | Part,
    fields: Mapping[str, str],
    *,
    kind: Kind,
    reason: str,
    by: User | None,
    at: datetime | None,
) -> MinutesVersion:
    minutes = locked(minutes)
    require_state(minutes, MOVES, "amend")
    return replace_texts(minutes, place, fields, kind=kind, reason=reason, by=by, at=at)


def replace_texts(
    minutes: Minutes,
    place: AgendaItem | Part,
    fields: Mapping[str, str],
    *,
    kind: Kind,
    reason: str,
    by: User | None,
    at: datetime | None,
    remark: MinutesRemark | None = None,
) -> MinutesVersion:
    """Make the version with these texts replaced, and all that follows from it. With the minutes locked, being checked.

    Raises NotAllowedNow where nothing would change.
    """
    if kind not in {Kind.TYPO, Kind.MATTER}:
        raise ValueError(f"No kind of change: {kind}")
    content = deepcopy(latest_or_first(minutes, at=at).content)
    is_item = isinstance(place, AgendaItem)
    told = item_in(content, place.pk) if is_item else part_in(content, place.pk)
    if told is None:
        raise NotAllowedNow(_("The minutes do not tell this item. Open the page again to see how things stand."))
    changed = with_texts(told, fields, ITEM_TEXTS if is_item else PART_TEXTS)
    if not changed:
        raise NotAllowedNow(_("The text is as it was: nothing would be changed."))
    if changed.get("title") == "":
        raise NotAllowedNow(_("An item has a title. Give it."))
    version = versions.make(minutes, content, kind=kind, reason=reason.strip(), at=at)
    # Lists, searches and the next negotiation read the rows: they say the same.
    type(place).objects.filter(pk=place.pk).update(**changed)
    _record(minutes, place, version, by=by, at=at, remark=remark)
    if kind == Kind.MATTER:
        _begin_anew(minutes, by=by, at=at)
    request_minutes_document(Minutes.objects.get(pk=minutes.pk), by=by, at=at)
    minutes.refresh_from_db()
    return version


def _record(
    minutes: Minutes,
    place: AgendaItem | Part,
    version: MinutesVersion,
    *,
    by: User | None,
    at: datetime | None,
    remark: MinutesRemark | None,
) -> None:
    part = place.part if isinstance(place, AgendaItem) else place
    several = minutes.part_id is None and part.negotiation.parts.count() > 1
    told: dict[str, Any] = {"item": place.pk, "number": place.position} if isinstance(place, AgendaItem) else {}
    if remark is not None:
        told["remark"] = remark.pk
    record(
        minutes,
        "amended",
        by=by,
        at=at,
        version=version.number,
        kind=version.kind,
        numbering=minutes.county.item_numbering,
        part=part.legal_basis if several else "",
        **told,
    )


def _begin_anew(minutes: Minutes, *, by: User | None, at: datetime | None) -> None:
    """Void the marks, give the checkers time, and tell those who had marked: it is another text now."""
    day = timezone.localdate(at) if at else timezone.localdate()
    check_by = time_to_check(minutes.check_by, kind=Kind.MATTER, day=day, days=minutes.county.check_days)
    if check_by != minutes.check_by:
        minutes.check_by = check_by
        minutes.save(update_fields=["check_by"])
    voided = void_marks(minutes)
    if voided:
        record(minutes, "marks_voided", by=by, at=at, checks=[check.pk for check in voided])
    links.tell_changed(voided, by=by)
