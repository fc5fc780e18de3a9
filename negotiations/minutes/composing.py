"""The minutes of a negotiation as a document: the frozen context it is printed from, and its request.

Neither 611/2021 nor 612/2021 fixes the form of the minutes: their name and numbering are settings of the county. Each
part of a combined negotiation discharges one duty and stands on its own: its opening, its items from 1 §, its closing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.text import slugify
from django.utils.translation import gettext as _

from municipalities.documents import request_document, request_unchanged, stamp
from municipalities.models import Document, User
from negotiations.minutes.context import MinutesContext, content_of, with_standing
from negotiations.minutes.reading import from_rows, parts_with_minutes, read_standing, standing_of, title_of
from negotiations.minutes.sources import SOURCES
from negotiations.minutes.versions import content_hash
from negotiations.models import Minutes, MinutesVersion

__all__ = [
    "DRAFT",
    "FINAL",
    "KIND",
    "MinutesContext",
    "compose",
    "content_of",
    "context_of",
    "is_draft",
    "parts_with_minutes",
    "request_minutes_document",
    "stem_of",
    "title_of",
]

KIND = "minutes"
DRAFT, FINAL = "draft", "final"


def compose(minutes: Minutes) -> MinutesContext:
    """Return what the minutes tell: a draft from the rows as they are, and after that the latest version as it is.

    In a number of queries that does not depend on how much is told.
    """
    if minutes.state != Minutes.State.DRAFT:
        version = MinutesVersion.objects.filter(minutes=minutes).order_by("-number").first()
        if version is not None:
            return context_of(version.content, minutes)
    return from_rows(minutes)


def context_of(content: Mapping[str, Any], minutes: Minutes) -> MinutesContext:
    """Return a version's content with how it stands with the minutes now: their state, marks and signatures.

    The version that it is of is found by the content. Raises ValueError where the content cannot be read.
    """
    read_standing(minutes)
    return with_standing(content, standing_of(minutes, sha256=content_hash(content)))


def is_draft(minutes: Minutes) -> bool:
    """Whether the minutes are still to be checked: a draft is not public, and says that it is one."""
    return minutes.state in {Minutes.State.DRAFT, Minutes.State.CHECKING}


def stem_of(minutes: Minutes, context: MinutesContext, *, before: str = "", after: str = "") -> str:
    """Return the name of a file without its ending: plain letters, what it is, of whom, and the day.

    `before` tells what kind of paper it is, `after` what part of the minutes.
    """
    with translation.override(context.language):
        words = [before, _("Correction") if minutes.corrects_id else "", context.name, context.subject]
    basis = minutes.part.legal_basis[:8].replace("/", "-") if minutes.part else ""
    words += [f"{context.earliest:%Y-%m-%d}", basis, after]
    return slugify(" ".join(filter(None, words)))[:180].strip("-")


@transaction.atomic
def request_minutes_document(minutes: Minutes, *, by: User | None, at: datetime | None = None) -> Document:
    """Have the minutes printed as they are now, and let them point at their document."""
    at = at or timezone.now()
    variant = DRAFT if is_draft(minutes) else FINAL
    # Before anything is read: what changes meanwhile is then seen the next time.
    ids = {"minutes": minutes.pk, "negotiation": minutes.negotiation_id, "county": minutes.county_id}
    rows = stamp(SOURCES, ids, variant=variant, on=timezone.localdate(at))
    if unchanged := request_unchanged(minutes.document_id, stamp=rows, by=by):
        return unchanged
    context = compose(minutes)
    document = request_document(
        county=minutes.county,
        kind=KIND,
        context=context,
        language=context.language,
        variant=variant,
        title=title_of(minutes)[:300],
        file_name=f"{stem_of(minutes, context)}.pdf",
        by=by,
        at=at,
        stamp=rows,
    )
    minutes.document = document
    minutes.save(update_fields=["document"])
    return document
