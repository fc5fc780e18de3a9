"""What the views that move something from a state to another share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from municipalities.moves import NotAllowedNow


@contextmanager
def leading_back(url: str) -> Iterator[None]:
    """Give the page of a move that cannot be made now the way back to where it was tried."""
    try:
        yield
    except NotAllowedNow as refusal:
        refusal.back = url  # type: ignore[attr-defined]
        raise
