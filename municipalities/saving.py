"""Fields that save themselves, one by one: what every page with such fields shares.

With a value comes what the field was when it was seen: what another has changed meanwhile is never overwritten, but
given back to be settled. The same value sent twice is saved once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from municipalities import timewords
from municipalities.forms import digest_of


@dataclass(frozen=True)
class Sent:
    """A value that was sent for a field, and the digest of what was seen in it; None where nothing is known."""

    value: str
    seen: str | None


@dataclass(frozen=True)
class Outcome:
    """What became of a field: saved, refused with the reason, or changed by another meanwhile.

    `seen` is the digest of what is stored now, to be sent with the next change; `value` is what is stored, as the
    field shows it. `is_merged` tells that only the other had changed it: theirs stays, to be shown.
    """

    value: str
    seen: str
    error: str = ""
    theirs: str | None = None
    is_merged: bool = False

    @property
    def is_saved(self) -> bool:
        """Whether what was sent is stored."""
        return not self.error and self.theirs is None

    def to_json(self) -> dict[str, Any]:
        """Return what autosave.js is told of the field."""
        return {
            "seen": self.seen,
            "value": self.value,
            "error": self.error,
            "theirs": self.theirs,
            "merged": self.is_merged,
        }


@dataclass(frozen=True)
class Field:
    """A field as its page shows it: what is stored, or what was sent and could not be."""

    name: str
    label: str
    value: str
    seen: str
    error: str = ""
    theirs: str | None = None
    hint: str = ""
    is_long: bool = False
    kind: str = "text"
    choices: Sequence[tuple[str, str]] = ()

    @property
    def told_by(self) -> str:
        """The ids of what describes the field."""
        told = [
            (self.hint, "hint"),
            (self.error, "error"),
            (self.theirs is not None, "clash"),
            (self.theirs is not None, "theirs"),
        ]
        return " ".join(f"{self.name}_{suffix}" for there, suffix in told if there)


def plain(value: str) -> str:
    """Return a text as it is stored: a browser sends a line's end as two characters."""
    return value.replace("\r\n", "\n")


def changed_by_another(sent: Sent, *, now: str, mine: str) -> Outcome | None:
    """Return what becomes of a value whose field another has changed since it was seen; None where nobody has.

    `now` is what the field shows now, `mine` what it would show with the value. Where only the other has changed it,
    theirs stays; where both have, both are to be shown.
    """
    if sent.seen is None or digest_of(now) in {sent.seen, digest_of(mine)}:
        return None
    if digest_of(plain(sent.value)) == sent.seen:
        return Outcome(now, digest_of(now), is_merged=True)
    return Outcome(now, digest_of(now), theirs=now)


def refused(now: str, words: str) -> Outcome:
    """Return what becomes of a value that cannot be accepted: what is stored stays."""
    return Outcome(now, digest_of(now), error=words)


def stored(now: str) -> Outcome:
    """Return what becomes of a value that was stored, as the field shows it."""
    return Outcome(now, digest_of(now))


def sent_in(data: QueryDict, address: re.Pattern[str]) -> dict[str, Sent]:
    """Return the fields that were sent, by their addresses: those whose names match; the rest is left out."""
    return {
        name: Sent(str(data[name]), str(data[f"seen:{name}"]) if f"seen:{name}" in data else None)
        for name in data
        if address.match(name)
    }


def told(outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """Return the answer to autosave.js: when it was, and what became of each field."""
    return {
        "at": timewords.clock(timezone.now()),
        "fields": {name: outcome.to_json() for name, outcome in outcomes.items()},
    }
