"""What the log tells of checking, signing and correcting minutes: the kind of event → who did what, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from municipalities import timewords
from municipalities.models import County, Event
from negotiations.models import LegalBasis, MinutesSignature, MinutesVersion

Payload = Mapping[str, Any]
Words = Callable[[Payload, Mapping[int, str]], str]


def place_in_minutes(payload: Payload) -> str:
    """Name an item by its number, or the opening and closing of a part; nothing for the minutes as a whole."""
    if payload.get("whole"):
        return ""
    place = _("opening and closing")
    if "number" in payload:
        place = County.Numbering(payload["numbering"]).of(payload["number"])
    return f"{place}, {LegalBasis(payload['part']).sections}" if payload.get("part") else place


def _amended(payload: Payload, checkers: Mapping[int, str]) -> str:
    told = {"who": payload["who"], "version": payload["version"], "place": place_in_minutes(payload)}
    if payload["kind"] == MinutesVersion.Kind.TYPO:
        return _("%(who)s: version %(version)s, a typo mended: %(place)s.") % told
    return _("%(who)s: version %(version)s, a matter changed: %(place)s.") % told


def _voided(payload: Payload, checkers: Mapping[int, str]) -> str:
    count = len(payload["checks"])
    return ngettext(
        "%(count)s mark of checking became void, as a matter was changed.",
        "%(count)s marks of checking became void, as a matter was changed.",
        count,
    ) % {"count": count}


def _checker(payload: Payload, checkers: Mapping[int, str]) -> str:
    return checkers.get(payload["check"], _("A checker"))


def _remark_made(payload: Payload, checkers: Mapping[int, str]) -> str:
    told = {
        "checker": _checker(payload, checkers),
        "version": payload["version"],
        "place": place_in_minutes(payload) or _("the whole"),
    }
    return _("%(checker)s made a remark on version %(version)s: %(place)s.") % told


def _remark_accepted(payload: Payload, checkers: Mapping[int, str]) -> str:
    told = {
        "who": payload["who"],
        "checker": _checker(payload, checkers),
        "place": place_in_minutes(payload) or _("the whole"),
    }
    if payload["version"] and not payload["as_proposed"]:
        return _("%(who)s accepted a remark with other wording (%(checker)s): %(place)s.") % told
    return _("%(who)s accepted a remark (%(checker)s): %(place)s.") % told


def _remark_rejected(payload: Payload, checkers: Mapping[int, str]) -> str:
    return _("%(who)s rejected a remark (%(checker)s): %(place)s.") % {
        "who": payload["who"],
        "checker": _checker(payload, checkers),
        "place": place_in_minutes(payload) or _("the whole"),
    }


def _role(payload: Payload) -> str:
    return str(MinutesSignature.Role(payload["role"]).label)


def _signed(payload: Payload, checkers: Mapping[int, str]) -> str:
    return _("Signature of the %(role)s: %(day)s, %(way)s.") % {
        "role": _role(payload),
        "day": timewords.day(date.fromisoformat(payload["on"])),
        "way": MinutesSignature.Way(payload["way"]).label,
    }


def _marked(payload: Payload, checkers: Mapping[int, str]) -> str:
    checker = _checker(payload, checkers)
    if payload["outcome"] == "silent":
        words = _("%(checker)s made no remarks by the date.") % {"checker": checker}
    else:
        words = _("%(checker)s marked the minutes as checked.") % {"checker": checker}
    if not payload.get("version"):
        # A mark from before there were versions.
        return words
    return f"{words.removesuffix('.')} ({_('version %(number)s') % {'number': payload['version']}})."


def name_reasons(events: Sequence[Event]) -> None:
    """Put into the payloads why a text of minutes was mended, where that was said. One query, none for no events."""
    if not events:
        return
    wanted = {event.subject_id for event in events}
    rows = MinutesVersion.objects.filter(minutes__in=wanted).values_list("minutes_id", "number", "reason")
    reasons = {(minutes, number): reason for minutes, number, reason in rows}
    for event in events:
        reason = reasons.get((event.subject_id, event.payload["version"]), "").rstrip(".")
        event.payload = event.payload | {"names": [reason] if reason else []}


CHECKING: dict[str, Words] = {
    "marked": _marked,
    "amended": _amended,
    "marks_voided": _voided,
    "remark_made": _remark_made,
    "remark_accepted": _remark_accepted,
    "remark_rejected": _remark_rejected,
    "checker_replaced": lambda payload, checkers: (
        _("%(who)s replaced a checker: %(checker)s.") % {"who": payload["who"], "checker": _checker(payload, checkers)}
    ),
    "signed": _signed,
    "signature_taken_back": lambda payload, checkers: (
        _("%(who)s took back an entered signature: %(role)s.") % {"who": payload["who"], "role": _role(payload)}
    ),
    "signer_named": lambda payload, checkers: (
        _("%(who)s told who signs: %(role)s.") % {"who": payload["who"], "role": _role(payload)}
    ),
    "correction_begun": lambda payload, checkers: (
        _("%(who)s began a correction of the minutes.") % {"who": payload["who"]}
    ),
    "correction_dropped": lambda payload, checkers: (
        _("%(who)s removed a correction that was begun in vain.") % {"who": payload["who"]}
    ),
    "entries_changed": lambda payload, checkers: _("%(who)s changed what is corrected.") % {"who": payload["who"]},
}
