"""The one door to the state of a negotiation: convene, hold, postpone, cancel; and back where that was a mistake."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities import timewords
from municipalities.events import record
from municipalities.models import User
from municipalities.moves import NotAllowedNow, locked, require_state
from negotiations.models import Cancellation, Minutes, Negotiation, Part, Party, Postponement, Slot
from negotiations.planning.negotiations import lacking, set_time, slot_at
from negotiations.planning.timing import Timing

State = Negotiation.State

MOVES: dict[str, tuple[frozenset[State], State]] = {
    "convene": (frozenset({State.PLANNED}), State.CONVENED),
    "hold": (frozenset({State.CONVENED}), State.HELD),
    "postpone": (frozenset({State.PLANNED, State.CONVENED}), State.PLANNED),
    "cancel": (frozenset({State.PLANNED, State.CONVENED}), State.CANCELLED),
    "reinstate": (frozenset({State.CANCELLED}), State.PLANNED),
    "take_back": (frozenset({State.HELD}), State.CONVENED),
}


def _today(at: datetime | None) -> date:
    return timezone.localdate(at) if at else timezone.localdate()


@transaction.atomic
def convene(negotiation: Negotiation, *, by: User | None, at: datetime | None = None) -> Negotiation:
    """Mark the parties as invited to the negotiation.

    Raises NotAllowedNow unless it is planned, its day is known, and it has a part and, besides the county, a party.
    """
    negotiation = locked(negotiation)
    target = require_state(negotiation, MOVES, "convene")
    if lacks := lacking(negotiation, list(negotiation.parts.all()), negotiation.parties.all()):
        raise NotAllowedNow(lacks[0].words)
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
    timing: Timing | None = None,
    stayed_away: Collection[Party] = (),
    not_dealt_with: Collection[Part] = (),
) -> Negotiation:
    """Mark the negotiation as held: when (as planned unless told), who took part, which of its duties was dealt with.

    A party that stayed away has not taken part; a part that was not dealt with discharges no duty.
    Raises NotAllowedNow unless the negotiation is convened, its day has come, no part is open in a sitting, and at
    least one part was dealt with and one party came.
    """
    negotiation = locked(negotiation)
    target = require_state(negotiation, MOVES, "hold")
    timing = timing or Timing.of(negotiation)
    if timing.earliest > _today(at):
        raise NotAllowedNow(
            _("The negotiation is on %(day)s. It can be marked as held once that day has come.")
            % {"day": timewords.day(timing.earliest)}
        )
    away, skipped = {party.pk for party in stayed_away}, {part.pk for part in not_dealt_with}
    parties, parts = list(negotiation.parties.all()), list(negotiation.parts.all())
    if any(part.opened_at and part.closed_at is None for part in parts):
        raise NotAllowedNow(
            _("The sitting is going on: a part is open. End the day there, so that its end is recorded.")
        )
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
    if timing != Timing.of(negotiation):
        set_time(negotiation, timing)
    negotiation.state = target
    negotiation.save(update_fields=["state", "slot", "precision", "earliest", "latest", "starts_at", "ends_at"])
    record(
        negotiation,
        "held",
        by=by,
        at=at,
        timing=timing.to_json(),
        stayed_away=sorted(away),
        not_dealt_with=sorted(skipped),
    )
    return negotiation


@transaction.atomic
def postpone(
    negotiation: Negotiation,
    *,
    timing: Timing,
    reason: str,
    slot: Slot | None = None,
    by: User | None,
    at: datetime | None = None,
) -> Negotiation:
    """Put the negotiation off to another time, with the reason. It is planned again: the parties are invited anew.

    The former time is kept with the reason, and its slot is free again. Raises NotAllowedNow once it has been held or
    cancelled, where no reason is given, and where the time would be the same; ValidationError where the slot has been
    taken.
    """
    negotiation = locked(negotiation)
    target = require_state(negotiation, MOVES, "postpone")
    if not reason.strip():
        raise NotAllowedNow(_("Give the reason why the negotiation is postponed."))
    former = Timing.of(negotiation)
    if timing == former:
        raise NotAllowedNow(_("The negotiation is at that time already. Give another time."))
    postponement = Postponement(county_id=negotiation.county_id, negotiation=negotiation, reason=reason.strip())
    former.put_on(postponement)
    postponement.save()
    set_time(negotiation, timing, slot=slot)
    negotiation.state = target
    negotiation.save(update_fields=["state", "slot", "precision", "earliest", "latest", "starts_at", "ends_at"])
    record(
        negotiation,
        "postponed",
        by=by,
        at=at,
        postponement=postponement.pk,
        former=former.to_json(),
        now=timing.to_json(),
    )
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
    kept = Cancellation.objects.create(
        county_id=negotiation.county_id, negotiation=negotiation, reason=negotiation.state_reason
    )
    record(negotiation, "cancelled", by=by, at=at, cancellation=kept.pk)
    return negotiation


@transaction.atomic
def reinstate(negotiation: Negotiation, *, by: User | None, at: datetime | None = None) -> Negotiation:
    """Take a cancelled negotiation back to planned, in the slot of its time if that is still free.

    Its time stays, though another may have been given the slot meanwhile: then it has none.
    Raises NotAllowedNow unless it is cancelled.
    """
    negotiation = locked(negotiation)
    negotiation.state = require_state(negotiation, MOVES, "reinstate")
    negotiation.state_reason = ""
    negotiation.slot = slot_at(Timing.of(negotiation), negotiation)
    negotiation.save(update_fields=["state", "state_reason", "slot"])
    record(negotiation, "reinstated", by=by, at=at)
    return negotiation


@transaction.atomic
def take_back(negotiation: Negotiation, *, by: User | None, at: datetime | None = None) -> Negotiation:
    """Take back "held", marked by mistake: the parties are invited again, and nothing has been dealt with.

    Raises NotAllowedNow unless it is held, and once its minutes have been begun.
    """
    negotiation = locked(negotiation)
    target = require_state(negotiation, MOVES, "take_back")
    if Minutes.objects.filter(negotiation=negotiation).exists():
        raise NotAllowedNow(_("The minutes have been begun, so that “held” can no longer be taken back."))
    Party.objects.filter(negotiation=negotiation).update(participation=Party.Participation.INVITED)
    Part.objects.filter(negotiation=negotiation).update(dealt_with=False)
    negotiation.state = target
    negotiation.save(update_fields=["state"])
    record(negotiation, "taken_back", by=by, at=at)
    return negotiation
