"""What happened to a document, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from municipalities.models import Document, Event


@dataclass(frozen=True)
class Happened:
    """One thing that happened: when, and what, as a sentence. `who` did it, where the sentence does not say so."""

    at: datetime
    words: str
    who: str = ""


def _ready(payload: Mapping[str, Any]) -> str:
    pages = payload.get("pages") or 0
    return ngettext("The document was ready: %(count)s page.", "The document was ready: %(count)s pages.", pages) % {
        "count": pages
    }


# The verb, as events.record was given it → what to say.
WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "requested": lambda payload: _("%(who)s ordered the document.") % {"who": payload["who"]},
    "started": lambda payload: _("The system began to make the document."),
    "crashed": lambda payload: _("Making the document was broken off by an error."),
    "requeued": lambda payload: _("Making the document was interrupted. It was put back into the queue by itself."),
    "ready": _ready,
    "failed": lambda payload: _("The document could not be made."),
    "retried": lambda payload: _("%(who)s had the document made again.") % {"who": payload["who"]},
}


def history_of(document: Document) -> list[Happened]:
    """Return what happened to a document, in order. One query."""
    events = Event.objects.filter(subject=document._meta.label_lower, subject_id=document.pk).select_related("user")
    return [
        Happened(event.at, WORDS[event.verb](event.payload | {"who": str(event.user or _("The system"))}))
        for event in events.order_by("at", "id")
        if event.verb in WORDS
    ]
