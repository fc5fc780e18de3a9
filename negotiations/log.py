"""What happened to negotiations, minutes and summaries, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from municipalities import timewords
from municipalities.models import Event

Payload = Mapping[str, Any]


@dataclass(frozen=True)
class Happened:
    """One thing that happened: when, what, and by whom."""

    at: datetime
    words: str
    who: str


def _day(payload: Payload, key: str) -> str:
    return timewords.day(date.fromisoformat(payload[key]), weekday=False)


def _marked(payload: Payload, checkers: Mapping[int, str]) -> str:
    checker = checkers.get(payload["check"], _("A checker"))
    if payload["outcome"] == "silent":
        return _("%(checker)s made no remarks by the date.") % {"checker": checker}
    return _("%(checker)s marked the minutes as checked.") % {"checker": checker}


# Subject and verb, as events.record was given them → what to say. Checkers are told by the id of their mark.
WORDS: dict[tuple[str, str], Callable[[Payload, Mapping[int, str]], str]] = {
    ("negotiations.negotiation", "convened"): lambda payload, checkers: _("The parties were invited."),
    ("negotiations.negotiation", "held"): lambda payload, checkers: _("The negotiation was held."),
    ("negotiations.negotiation", "cancelled"): lambda payload, checkers: _("The negotiation was cancelled."),
    ("negotiations.minutes", "opened"): lambda payload, checkers: _("The minutes were begun."),
    ("negotiations.minutes", "sent_for_checking"): lambda payload, checkers: (
        _("The minutes were sent for checking, to be checked by %(day)s.") % {"day": _day(payload, "check_by")}
    ),
    ("negotiations.minutes", "returned_to_draft"): lambda payload, checkers: _(
        "The minutes were taken back to a draft, and the marks of checking were cleared."
    ),
    ("negotiations.minutes", "marked"): _marked,
    ("negotiations.minutes", "checked"): lambda payload, checkers: _("The minutes were checked by all."),
    ("negotiations.minutes", "published"): lambda payload, checkers: _("The minutes were published."),
    ("negotiations.summary", "opened"): lambda payload, checkers: _("The summary was begun."),
    ("negotiations.summary", "frozen"): lambda payload, checkers: _(
        "The summary was frozen and its final document was ordered."
    ),
    ("negotiations.summary", "reopened"): lambda payload, checkers: _("The summary was taken back to a draft."),
    ("negotiations.summary", "put_on_agenda"): lambda payload, checkers: (
        _("The summary was put on the agenda of the meeting of %(day)s.") % {"day": _day(payload, "on")}
    ),
    ("negotiations.summary", "noted"): lambda payload, checkers: (
        _("The summary was noted in the meeting of %(day)s, section %(section)s.")
        % {"day": _day(payload, "on"), "section": payload["section"]}
    ),
    ("negotiations.summary", "published"): lambda payload, checkers: (
        _("The summary was published on %(day)s.") % {"day": _day(payload, "on")}
    ),
}


def log_of(rows: Iterable[models.Model], checkers: Mapping[int, str] | None = None) -> list[Happened]:
    """Return what happened to these rows, in order. One query."""
    wanted = Q(pk__in=[])
    for row in rows:
        wanted |= Q(subject=row._meta.label_lower, subject_id=row.pk)
    return [
        Happened(event.at, WORDS[event.subject, event.verb](event.payload, checkers or {}), str(event.user or ""))
        for event in Event.objects.filter(wanted).select_related("user").order_by("at", "id")
        if (event.subject, event.verb) in WORDS
    ]
