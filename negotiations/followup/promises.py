"""What we promised and what happened: measures of a municipality from both sides, and what has been told of each.

What the county itself promised counts as much as what the municipality did. What is told of a measure is never
changed afterwards: the latest word holds, and the ones before it stay beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities import timewords
from municipalities.access import Access
from municipalities.events import record
from municipalities.models import Municipality, Sector, User
from municipalities.moves import NotAllowedNow, locked
from negotiations.minutes.writing import why_closed
from negotiations.models import AgendaItem, Measure, MeasureStatus, Negotiation, Party
from negotiations.permissions import can_tell, visible_measures, visible_statuses
from negotiations.planning.negotiations import parties_of
from negotiations.sitting.brought import CLOSED, measures_open_for, partners_of
from negotiations.sitting.live_writing import locked_minutes

State = MeasureStatus.State


class Side(StrEnum):
    """Who promised."""

    MUNICIPALITY = "municipality"
    COUNTY = "county"
    OTHERS = "others"

    @classmethod
    def of(cls, sector: str) -> Side:
        """Return the side of a responsible sector."""
        return {Sector.MUNICIPALITY.value: cls.MUNICIPALITY, Sector.COUNTY.value: cls.COUNTY}.get(sector, cls.OTHERS)


@dataclass(frozen=True)
class Promise:
    """A measure with all that has been told of it, the latest first."""

    measure: Measure
    told: tuple[MeasureStatus, ...]
    parties: str
    # Whether the user may tell what has become of it.
    may_tell: bool = False

    @property
    def latest(self) -> MeasureStatus | None:
        """What was told last."""
        return self.told[0] if self.told else None

    @property
    def earlier(self) -> tuple[MeasureStatus, ...]:
        """What was told before that."""
        return self.told[1:]

    @property
    def is_open(self) -> bool:
        """Whether it is neither done nor given up, as far as has been told."""
        return self.latest is None or self.latest.state not in CLOSED

    def is_overdue(self, today: date) -> bool:
        """Whether it is open and its day has passed."""
        return self.is_open and self.measure.due_on is not None and self.measure.due_on < today

    @property
    def side(self) -> Side:
        """Who promised it."""
        return Side.of(self.measure.responsible_sector)


def open_measures(negotiation: Negotiation) -> list[Measure]:
    """Return the measures of earlier negotiations with the same municipalities that are neither done nor given up.

    Of both sides, the latest negotiation first. What is told in this negotiation itself does not close them here. Each
    has `latest_state`, what was last told before it, and its negotiation, priority, indicator and owner.
    """
    return list(measures_open_for(negotiation, partners_of(negotiation)))


@transaction.atomic
def tell_status(
    measure: Measure,
    *,
    state: str,
    note: str,
    negotiation: Negotiation | None = None,
    told_on: date,
    by: User | None,
    at: datetime | None = None,
) -> MeasureStatus:
    """Tell what has become of a measure: in a negotiation, or otherwise.

    In one negotiation it has one status, which is told anew as long as the minutes are a draft. Otherwise each word
    stays, and the same one again the same day adds nothing.
    Raises ValidationError for a day to come and for one before the measure was agreed, NotAllowedNow where the minutes
    of the negotiation are no longer a draft.
    """
    state = State(state)
    today = timezone.localdate(at) if at else timezone.localdate()
    if told_on > today:
        raise ValidationError(_("The day has not come yet. Give today, or a day before it."))
    measure = locked(measure)
    agreed_on = Negotiation.objects.filter(measures=measure).values_list("earliest", flat=True).first()
    if agreed_on is not None and told_on < agreed_on:
        raise ValidationError(
            _("The measure was agreed on %(day)s. Give that day, or one after it.") % {"day": timewords.day(agreed_on)}
        )
    if negotiation is not None:
        _require_open(negotiation, measure)
    row = MeasureStatus.objects.filter(measure=measure, negotiation=negotiation).order_by("-pk").first()
    if row is not None and (row.state, row.note, row.told_on) == (state, note, told_on):
        return row
    if row is None or negotiation is None:
        row = MeasureStatus(county_id=measure.county_id, measure=measure, negotiation=negotiation)
    row.state, row.note, row.told_on = state, note, told_on
    row.save()
    subject = negotiation or measure.negotiation or measure.round or measure
    record(subject, "measure_status_told", by=by, at=at, measure=measure.pk, state=state.value, on=told_on.isoformat())
    return row


def _require_open(negotiation: Negotiation, measure: Measure) -> None:
    """Lock the minutes in which the measure was gone through. Raises NotAllowedNow unless they are a draft.

    Where each part has minutes of its own, those of the parts that go through it; of any where none does.
    """
    if negotiation.state == Negotiation.State.CANCELLED:
        raise NotAllowedNow(_("The negotiation was cancelled. Take it back to planned first."))
    minutes = locked_minutes(negotiation)
    parts = set(
        AgendaItem.objects.filter(part__negotiation=negotiation, measures_followed=measure).values_list(
            "part_id", flat=True
        )
    )
    telling = [one for one in minutes if one.part_id is None or one.part_id in parts]
    if any(map(why_closed, telling)) or (minutes and all(map(why_closed, minutes))):
        raise NotAllowedNow(
            _("The minutes of this negotiation are no longer a draft. Tell what has happened since on its own day.")
        )


# --- Of one municipality --------------------------------------------------------------------------------------


def promises_of(municipality: Municipality, access: Access) -> list[Promise]:
    """Return the measures of a municipality and of those who negotiated with it, as far as the user may know of them.

    The latest negotiation first. Four queries, however many there are.
    """
    theirs = Q(municipality=None) | Q(municipality=municipality)
    with_it = Party.objects.filter(municipality=municipality).values("negotiation")
    held = Negotiation.objects.filter(pk__in=with_it, state=Negotiation.State.HELD)
    in_common = Q(negotiation__in=with_it) | Q(negotiation=None, round__in=held.values("round"))
    measures = visible_measures(access).filter(Q(municipality=municipality) | theirs & in_common)
    rows = _with_told(measures, access).order_by(
        "-negotiation__latest", "-negotiation__starts_at", "negotiation", "round", "position", "pk"
    )
    return promises(rows, access)


def _with_told(measures: QuerySet[Measure], access: Access) -> QuerySet[Measure]:
    told = visible_statuses(access).select_related("negotiation").order_by("-told_on", "-pk")
    return measures.select_related(
        "negotiation", "round", "priority", "indicator", "municipality__area", "organisation"
    ).prefetch_related(
        Prefetch("statuses", told),
        Prefetch("negotiation__parties", Party.objects.select_related("municipality__area", "organisation")),
    )


def _took_part(negotiation: Negotiation) -> list[str]:
    """Return the parties but those that stayed away: they agreed on nothing."""
    stayed_away = Party.Participation.STAYED_AWAY
    return [party.name for party in parties_of(negotiation) if party.participation != stayed_away]


def promises(measures: Iterable[Measure], access: Access) -> list[Promise]:
    """Return measures with what has been told of them, which must have been read with them."""
    return [
        Promise(
            measure,
            tuple(measure.statuses.all()),
            ", ".join(_took_part(measure.negotiation)) if measure.negotiation else "",
            may_tell=can_tell(access, measure),
        )
        for measure in measures
    ]


@dataclass(frozen=True)
class Count:
    """How many measures there are in all, and how many of them are open."""

    open: int
    all: int


def counted(rows: Sequence[Promise]) -> Count:
    """Count measures."""
    return Count(sum(row.is_open for row in rows), len(rows))
