"""Versions of minutes: what was sent to be checked, and each change after that, frozen with its SHA-256.

A mark is of exactly one version. It holds while only typos are mended after it; a change of matter begins anew. What a
version tells is its content (minutes.context): all that is printed, without the state, the marks and the signatures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities.documents.kinds import canonical
from municipalities.moves import NotAllowedNow
from negotiations.minutes.differences import Change, difference
from negotiations.models import Minutes, MinutesVersion

__all__ = [
    "BEGINS",
    "Change",
    "Changed",
    "content_hash",
    "difference",
    "history",
    "latest",
    "make",
    "require_latest",
    "valid_from",
]

Kind = MinutesVersion.Kind
# The kinds of versions with which marks begin anew.
BEGINS = frozenset({Kind.SENT, Kind.MATTER})


def content_hash(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a content, written one way however it came about, in hexadecimal."""
    return hashlib.sha256(canonical(content)).hexdigest()


def latest(minutes: Minutes) -> MinutesVersion | None:
    """Return the version that was made last; none of minutes that have never been sent. One query."""
    version: MinutesVersion | None = MinutesVersion.objects.filter(minutes=minutes).order_by("-number").first()
    return version


def valid_from(minutes: Minutes) -> MinutesVersion | None:
    """Return the first version of which a mark still holds: none after it changed a matter. One query."""
    version: MinutesVersion | None = (
        MinutesVersion.objects.filter(minutes=minutes, kind__in=BEGINS).order_by("-number").first()
    )
    return version


def make(
    minutes: Minutes, content: Mapping[str, Any], *, kind: Kind, reason: str = "", at: datetime | None = None
) -> MinutesVersion:
    """Freeze a content as the next version. To be called with the minutes locked, so that no two get one number."""
    last = MinutesVersion.objects.filter(minutes=minutes).aggregate(last=Max("number"))["last"] or 0
    version: MinutesVersion = MinutesVersion.objects.create(
        county_id=minutes.county_id,
        minutes=minutes,
        number=last + 1,
        kind=kind,
        content=content,
        sha256=content_hash(content),
        reason=reason,
        made_at=at or timezone.now(),
    )
    return version


def require_latest(version: MinutesVersion | None, seen: int | None) -> None:
    """Raise NotAllowedNow where a later version has been made than the one that was seen."""
    if seen is not None and version is not None and seen != version.number:
        raise NotAllowedNow(
            _(
                "The minutes were changed meanwhile: you read version %(seen)s, and now there is version %(now)s. Read"
                " what has changed, and mark them then."
            )
            % {"seen": seen, "now": version.number}
        )


@dataclass(frozen=True)
class Changed:
    """A version, with what it changed of the one before it; nothing of the first."""

    version: MinutesVersion
    before: MinutesVersion | None
    changes: Sequence[Change]


def history(minutes: Minutes) -> list[Changed]:
    """Return the versions of minutes, the latest first, each with what it changed. One query."""
    versions = list(MinutesVersion.objects.filter(minutes=minutes).order_by("number"))
    told = [
        Changed(version, before, difference(before.content, version.content) if before else [])
        for before, version in zip([None, *versions], versions, strict=False)
    ]
    return told[::-1]
