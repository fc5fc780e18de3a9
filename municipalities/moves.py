"""One door per state: what every function that moves something from a state to another shares.

A move locks the row, refuses a wrong source state, saves and appends an event; what follows is queued on commit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import models
from django.utils.translation import gettext as _

M = TypeVar("M", bound=models.Model)


class NotAllowedNow(Exception):
    """The move is legal in general but not from the present state. Shown as a conflict, never as "forbidden"."""


def locked(row: M, *, stays: bool = False) -> M:
    """Return the row as it is now in the database, locked until the transaction ends.

    One that is not going to be removed (`stays`) is locked so that others can save rows that refer to it meanwhile.
    Where they wait for it, holding what is waited for here, both would wait in vain.
    """
    manager: Any = type(row)._default_manager
    fresh: M = manager.select_for_update(of=("self",), no_key=stays).get(pk=row.pk)
    return fresh


def require_state(row: Any, moves: Mapping[str, tuple[frozenset[Any], Any]], move: str) -> Any:
    """Return the state that the move leads to.

    Raises NotAllowedNow, naming the present state, unless the table allows the move from it.
    """
    sources, target = moves[move]
    if row.state not in sources:
        raise NotAllowedNow(
            _("This cannot be done now, because the state is “%(state)s”. Open the page again to see how things stand.")
            % {"state": row.get_state_display()}
        )
    return target
