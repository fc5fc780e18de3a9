"""The one door to the state of a negotiation: convene, hold, cancel."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import User
from municipalities.moves import NotAllowedNow, locked, require_state
from negotiations.models import Negotiation, Part, Party

State = Negotiation.State

MOVES: dict[str, tuple[frozenset[State], State]] = {
    "convene": (frozenset({State.PLANNED}), State.CONVENED),
    "hold": (frozenset({State.CONVENED}), State.HELD),
    "cancel": (frozenset({State.PLANNED, State.CONVENED}), State.CANCELLED),
}


@transaction.atomic
def convene(negotiation: Negotiation, *, by: User | None, at: datetime | None = None) -> Negotiation:
    """Mark the parties as invited to the negotiation.

    Raises NotAllowedNow unless it is planned, its day is known, and it has a part and, besides the county, a party.
    """
    negotiation = locked(negotiation)
    target = require_state(negotiation, MOVES, "convene")
    if negotiation.precision == Negotiation.Precision.MONTH:
        raise NotAllowedNow(
            _("The day of the negotiation is not known yet. Give its date before you invite the parties.")
        )
    if not negotiation.parts.exists():
        raise NotAllowedNow(
            _("The negotiation has no legal basis yet. Choose at least one before you invite the parties.")
        )
    if not any(not party.is_county for party in negotiation.parties.all()):
        raise NotAllowedNow(_("The negotiation has no parties yet. Add at least one municipality or organisation."))
    negotiation.state = target
    negotiation.save(update_fields=["state"])
    record(negotiation, "convened", by=by, at=at)
    return negotiation


@transaction.atomic
def hold(
    negotiation: Negotiation,
    *,
    by: User | None,
    at: datetime | None = None,
    stayed_away: Collection[Party] = (),
    not_dealt_with: Collection[Part] = (),
) -> Negotiation:
    """Mark the negotiation as held: who took part, and which of its duties was dealt with.

    A party that stayed away has not taken part; a part that was not dealt with discharges no duty.
    Raises NotAllowedNow unless the negotiation is convened and at least one part was dealt with and one party came.
    """
    negotiation = locked(negotiation)
    target = require_state(negotiation, MOVES, "hold")
    away, skipped = {party.pk for party in stayed_away}, {part.pk for part in not_dealt_with}
    parties, parts = list(negotiation.parties.all()), list(negotiation.parts.all())
    if all(part.pk in skipped for part in parts):
        raise NotAllowedNow(_("Nothing was dealt with. Cancel the negotiation instead, with the reason."))
    if all(party.pk in away for party in parties if not party.is_county):
        raise NotAllowedNow(_("Nobody but the county took part. Cancel the negotiation instead, with the reason."))
    for party in parties:
        party.participation = Party.Participation.STAYED_AWAY if party.pk in away else Party.Participation.TOOK_PART
    Party.objects.bulk_update(parties, ["participation"])
    for part in parts:
        part.dealt_with = part.pk not in skipped
    Part.objects.bulk_update(parts, ["dealt_with"])
    negotiation.state = target
    negotiation.save(update_fields=["state"])
    record(negotiation, "held", by=by, at=at, stayed_away=sorted(away), not_dealt_with=sorted(skipped))
    return negotiation


@transaction.atomic
def cancel(negotiation: Negotiation, *, reason: str, by: User | None, at: datetime | None = None) -> Negotiation:
    """Cancel the negotiation, with the reason; it discharges no duty, and its slot is free again.

    Raises NotAllowedNow once it has been held, and where no reason is given.
    """
    negotiation = locked(negotiation)
    target = require_state(negotiation, MOVES, "cancel")
    if not reason.strip():
        raise NotAllowedNow(_("Give the reason why the negotiation is cancelled."))
    negotiation.state, negotiation.state_reason, negotiation.slot = target, reason.strip(), None
    negotiation.save(update_fields=["state", "state_reason", "slot"])
    record(negotiation, "cancelled", by=by, at=at)
    return negotiation
