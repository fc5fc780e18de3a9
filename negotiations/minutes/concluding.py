"""The end of a negotiation day: what was opened is closed, the negotiation has been held, and its minutes begin."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from municipalities.models import User
from municipalities.moves import NotAllowedNow, locked, require_state
from negotiations.minutes.checking import open_minutes
from negotiations.models import Minutes, Negotiation, Party
from negotiations.sitting.attending import count_who_left
from negotiations.sitting.conduct import MOVES, hold
from negotiations.sitting.live import close_part, is_open


@transaction.atomic
def conclude(
    negotiation: Negotiation, *, stayed_away: Collection[Party], by: User | None, at: datetime | None = None
) -> list[Minutes]:
    """End the day: close the part that is open, mark the negotiation as held, and begin its minutes.

    A part that was never opened was not dealt with, and discharges no duty. What was written stays, and is the draft.
    Raises NotAllowedNow unless the negotiation is convened, its day has come, a part was opened and a party came.
    """
    negotiation = locked(negotiation, stays=True)
    require_state(negotiation, MOVES, "hold")
    parts = list(negotiation.parts.order_by("position"))
    if all(part.opened_at is None for part in parts):
        raise NotAllowedNow(
            _(
                "No part has been opened, so that nothing was dealt with. Open the part that was dealt with first,"
                " or cancel the negotiation, with the reason."
            )
        )
    for part in parts:
        if is_open(part):
            close_part(part, by=by, at=at)
    # Who left before the end was absent when the last part was closed, but took part.
    count_who_left(negotiation, by=by, at=at)
    never_opened = [part for part in parts if part.opened_at is None]
    # Read anew: the item at hand has been put down with its part.
    negotiation = hold(negotiation, by=by, at=at, stayed_away=stayed_away, not_dealt_with=never_opened)
    return open_minutes(negotiation, by=by, at=at)
