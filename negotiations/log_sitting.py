"""What happened in a sitting, in plain words: parts opened and closed, items taken to hand, texts written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from negotiations.log_minutes import place_in_minutes
from negotiations.models import LegalBasis

Payload = Mapping[str, Any]


def _opened(payload: Payload, checkers: Mapping[int, str]) -> str:
    """Tell that a part was opened, and how many were present then."""
    words = ngettext(
        "%(who)s opened the part %(basis)s: %(count)s was present.",
        "%(who)s opened the part %(basis)s: %(count)s were present.",
        payload["present"],
    )
    return words % {"who": payload["who"], "basis": _sections(payload), "count": payload["present"]}


def _closed(payload: Payload, checkers: Mapping[int, str]) -> str:
    """Tell that a part was closed, and how many were present then."""
    words = ngettext(
        "%(who)s closed the part %(basis)s: %(count)s was present.",
        "%(who)s closed the part %(basis)s: %(count)s were present.",
        payload["present"],
    )
    return words % {"who": payload["who"], "basis": _sections(payload), "count": payload["present"]}


def _sections(payload: Payload) -> str:
    return str(LegalBasis(payload["basis"]).sections)


# What is told of the sitting itself.
SITTING: dict[str, Callable[[Payload, Mapping[int, str]], str]] = {
    "part_opened": _opened,
    "part_closed": _closed,
    "part_reopened": lambda payload, checkers: (
        _("%(who)s took back that the part %(basis)s was closed: it goes on.")
        % {"who": payload["who"], "basis": _sections(payload)}
    ),
    "part_unopened": lambda payload, checkers: (
        _("%(who)s took back that the part %(basis)s was opened.")
        % {"who": payload["who"], "basis": _sections(payload)}
    ),
    "item_taken": lambda payload, checkers: (
        _("%(who)s took an item to hand (%(basis)s).") % {"who": payload["who"], "basis": _sections(payload)}
    ),
    "text_changed": lambda payload, checkers: (
        _("%(who)s wrote in the sitting: %(place)s.") % {"who": payload["who"], "place": place_in_minutes(payload)}
    ),
}
