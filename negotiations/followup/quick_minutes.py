"""Quick minutes: the essentials of a negotiation that was minuted elsewhere, entered in one go or not at all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from django.db import transaction
from django.db.models import Max
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import User
from municipalities.moves import NotAllowedNow, locked
from negotiations.followup.measures import Agreed, add_measures
from negotiations.minutes.attachments import add_attachments
from negotiations.minutes.checking import open_minutes
from negotiations.minutes.composing import parts_with_minutes
from negotiations.models import AgendaItem, Minutes, Negotiation, Part, Party
from negotiations.planning.negotiations import Lacks, lacking, set_time
from negotiations.planning.timing import Precision, Timing
from negotiations.sitting.attending import set_head_counts
from negotiations.sitting.conduct import convene, hold

State = Negotiation.State


@dataclass(frozen=True)
class QuickMinutes:
    """What is entered. The time and who stayed away are asked of a negotiation that is not yet marked as held."""

    # By sector; none where nobody counted.
    head_counts: Mapping[str, int | None]
    # What was agreed in each part, by its id; of one that is not among them nothing was dealt with.
    agreed: Mapping[int, str]
    measures: Sequence[Agreed]
    attachment: str
    case_number: str
    timing: Timing | None = None
    stayed_away: Collection[Party] = ()


def require_unminuted(negotiation: Negotiation) -> None:
    """Raise NotAllowedNow, with the mend, where quick minutes cannot be entered."""
    if Minutes.objects.filter(negotiation=negotiation).exists():
        raise NotAllowedNow(_("The minutes of the negotiation have been begun already. Go on with them instead."))
    if negotiation.state == State.CANCELLED:
        raise NotAllowedNow(_("The negotiation was cancelled. Take it back to planned first."))
    if negotiation.state == State.HELD:
        return
    lacks = lacking(negotiation, list(negotiation.parts.all()), negotiation.parties.all())
    # The day is asked now.
    for lack in lacks:
        if lack != Lacks.DAY:
            raise NotAllowedNow(lack.words)


@transaction.atomic
def write_quick_minutes(negotiation: Negotiation, quick: QuickMinutes, *, by: User | None) -> list[Minutes]:
    """Mark the negotiation as held if it is not, count who came, enter what was agreed, and begin the minutes.

    All of it or nothing. Raises NotAllowedNow where any of it is refused, and where the minutes have been begun.
    """
    negotiation = locked(negotiation)
    require_unminuted(negotiation)
    if negotiation.state != State.HELD:
        negotiation = _hold(negotiation, quick, by=by)
    if quick.case_number:
        negotiation.case_number = quick.case_number
        negotiation.save(update_fields=["case_number"])
    set_head_counts(negotiation, quick.head_counts, by=by)
    items = _enter(negotiation, quick.agreed)
    opened = open_minutes(negotiation, by=by)
    if quick.measures:
        add_measures(quick.measures, of=negotiation, item=items[0] if len(items) == 1 else None, by=by)
    for minutes in opened:
        if quick.attachment:
            add_attachments(minutes, [quick.attachment], by=by)
        record(minutes, "entered_quickly", by=by)
    return opened


def _hold(negotiation: Negotiation, quick: QuickMinutes, *, by: User | None) -> Negotiation:
    """Mark the negotiation as held at the time that was given; one that was only planned is convened first."""
    timing = quick.timing or Timing.of(negotiation)
    at = min(timing.ends_at or _noon(timing), timezone.now())
    if negotiation.state == State.PLANNED:
        if negotiation.precision == Precision.MONTH:
            set_time(negotiation, timing)
            negotiation.save()
        negotiation = convene(negotiation, by=by, at=at)
    skipped = [part for part in negotiation.parts.all() if part.pk not in quick.agreed]
    return hold(negotiation, by=by, at=at, timing=timing, stayed_away=quick.stayed_away, not_dealt_with=skipped)


def _noon(timing: Timing) -> datetime:
    return timezone.make_aware(datetime.combine(timing.earliest, time(12)))


def _enter(negotiation: Negotiation, agreed: Mapping[int, str]) -> list[AgendaItem]:
    """Enter what was agreed in each part that was dealt with: into its only item, or into one more."""
    # Read anew: which parts were dealt with may just have been settled.
    parts = parts_with_minutes(Negotiation.objects.prefetch_related("parts__items").get(pk=negotiation.pk))
    return [_into(part, agreed[part.pk], negotiation.language) for part in parts if agreed.get(part.pk)]


def _into(part: Part, text: str, language: str) -> AgendaItem:
    items = list(part.items.all())
    if len(items) == 1 and not items[0].agreed:
        (item,) = items
        item.agreed = text
        item.save(update_fields=["agreed"])
        return item
    with translation.override(language):
        title = _("What was agreed")
    last = part.items.aggregate(last=Max("position"))["last"] or 0
    new: AgendaItem = AgendaItem.objects.create(
        county_id=part.county_id, part=part, position=last + 1, title=title, agreed=text
    )
    return new
