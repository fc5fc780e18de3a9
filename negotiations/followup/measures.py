"""What was agreed to be done: by whom, by when. Of a negotiation, under an item or of all of it, or of a whole round.

Measures of a negotiation are part of its minutes and closed with them: what the checkers read is what stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from indicators.models import Indicator
from municipalities.catalogue.keeping import indicators_for
from municipalities.events import record
from municipalities.models import County, Municipality, Organisation, Priority, Sector, User
from municipalities.moves import NotAllowedNow, locked
from negotiations.minutes.writing import draft, minutes_of, require_draft, why_closed
from negotiations.models import AgendaItem, Measure, Negotiation, Round

# In which states of a negotiation something can have been agreed.
AGREEING = frozenset({Negotiation.State.CONVENED, Negotiation.State.HELD})
RESPONSIBLE_LENGTH = 200


@dataclass(frozen=True)
class Owner:
    """Who answers for a measure: a sector, and a municipality or an organisation of it where one is known."""

    sector: Sector
    municipality: Municipality | None = None
    organisation: Organisation | None = None

    def name_in(self, county: County) -> str:
        """Return the owner's name; of the other sectors, the sector's."""
        if self.municipality or self.organisation:
            return str(self.municipality or self.organisation)
        return str(county) if self.sector == Sector.COUNTY else str(self.sector.label).capitalize()

    def responsible(self, county: County, unit: str = "") -> str:
        """Return who is responsible, in words: the owner, and the unit or the role where one is given."""
        unit = unit.strip()
        return unit if self.is_named_in(unit, county) else ", ".join(filter(None, [self.name_in(county), unit]))

    def is_named_in(self, words: str, county: County) -> bool:
        """Whether the words name the owner, whatever the case ending: "Hankasalmen nuorisopalvelut"."""
        name = self.name_in(county).lower()
        known = [name[: max(4, len(name) - 2)]]
        if self.sector == Sector.COUNTY:
            known += ["hyvinvointialue", "välfärdsområde", *filter(None, [county.short_name.lower()])]
        return any(one in words.lower() for one in known)

    def unit_in(self, county: County, responsible: str) -> str:
        """Return the unit or the role from the words of who is responsible, without the owner's name before it."""
        name = self.name_in(county)
        return "" if responsible == name else responsible.removeprefix(f"{name}, ")


@dataclass(frozen=True)
class Agreed:
    """A measure that is to be entered."""

    text: str
    owner: Owner
    unit: str = ""
    due_on: date | None = None
    due_text: str = ""
    priority: Priority | None = None
    # By which it is followed.
    indicator: Indicator | None = None


def require_agreeing(negotiation: Negotiation) -> None:
    """Raise NotAllowedNow unless something can have been agreed, and can still be entered in some of the minutes."""
    if negotiation.state not in AGREEING:
        raise NotAllowedNow(_("Measures are entered once the negotiation has been called and they have been agreed."))
    minutes = [row for row in negotiation.minutes.all() if row.corrects_id is None]
    if minutes and all(why_closed(one) for one in minutes):
        require_draft(minutes[0])


def require_open(negotiation: Negotiation, item: AgendaItem | None) -> None:
    """Lock the minutes that tell a measure, if they have been begun.

    Raises NotAllowedNow unless the negotiation has been called or held and the minutes, once begun, are a draft.
    """
    require_agreeing(negotiation)
    minutes = minutes_of(negotiation, item.part if item else None)
    if minutes is not None:
        draft(minutes)


@transaction.atomic
def add_measures(
    agreed: Sequence[Agreed],
    *,
    of: Negotiation | Round,
    item: AgendaItem | None = None,
    priority: Priority | None = None,
    by: User | None,
    at: datetime | None = None,
) -> list[Measure]:
    """Enter measures after those that are there: of a negotiation, under one of its items or of none, or of a round.

    `priority` is that of all those that have none of their own.
    Raises NotAllowedNow where the minutes are closed, and where nothing can have been agreed yet.
    """
    # Locked, so that two who add at once do not give the same positions. What refers to it can be saved meanwhile:
    # a key finding of the workshop, whose note is then tied to the measure.
    of = locked(of, stays=True)
    if isinstance(of, Negotiation):
        require_open(of, item)
        before, round_id, negotiation = Measure.objects.filter(negotiation=of), of.round_id, of
    else:
        before, round_id, negotiation = Measure.objects.filter(round=of, negotiation=None), of.pk, None
    first = (before.aggregate(last=Max("position"))["last"] or 0) + 1
    county = of.county
    rows: list[Measure] = Measure.objects.bulk_create(
        Measure(
            county_id=of.county_id,
            round_id=round_id,
            negotiation=negotiation,
            agenda_item=item,
            priority=one.priority or priority,
            indicator=one.indicator,
            position=position,
            text=one.text,
            responsible_sector=one.owner.sector,
            municipality=one.owner.municipality,
            organisation=one.owner.organisation,
            responsible=one.owner.responsible(county, one.unit)[:RESPONSIBLE_LENGTH],
            due_on=one.due_on,
            due_text=one.due_text,
        )
        for position, one in enumerate(agreed, start=first)
    )
    if rows:
        record(of, "measures_added", by=by, at=at, count=len(rows), measures=[row.pk for row in rows])
    return rows


@transaction.atomic
def change_measure(measure: Measure, *, fields: Sequence[str], by: User | None, at: datetime | None = None) -> Measure:
    """Save these fields of a measure, which hold their new values already.

    Raises NotAllowedNow where the minutes that told it, or are to tell it, are closed.
    """
    _require_open_for(type(measure).objects.select_related("agenda_item__part", "negotiation").get(pk=measure.pk))
    _require_open_for(measure)
    if fields:
        measure.save(update_fields=list(fields))
        record(measure.negotiation or measure.round or measure, "measure_changed", by=by, at=at, measure=measure.pk)
    return measure


@transaction.atomic
def remove_measure(measure: Measure, *, by: User | None, at: datetime | None = None) -> dict[str, Any]:
    """Remove a measure. Raises NotAllowedNow where its minutes are closed.

    Returns what `bring_back` needs.
    """
    measure = locked(measure)
    _require_open_for(measure)
    values = {name: getattr(measure, name) for name in _KEPT} | {
        "due_on": measure.due_on.isoformat() if measure.due_on else None
    }
    record(measure.negotiation or measure.round or measure, "measure_removed", by=by, at=at, measure=measure.pk)
    measure.delete()
    return values


_KEPT = (
    "round_id",
    "negotiation_id",
    "agenda_item_id",
    "priority_id",
    "indicator_id",
    "position",
    "text",
    "responsible_sector",
    "municipality_id",
    "organisation_id",
    "responsible",
    "due_text",
)


@transaction.atomic
def bring_back(of: Negotiation | Round, values: dict[str, Any], *, by: User | None) -> Measure:
    """Enter again, in its place, a measure that was removed from this negotiation or round.

    Raises NotAllowedNow where the minutes are closed by now, and where what it was agreed under is there no more.
    """
    of = locked(of)
    due_on = date.fromisoformat(values["due_on"]) if values["due_on"] else None
    measure = Measure(county_id=of.county_id, **{**values, "due_on": due_on})
    item_is_gone = (
        measure.agenda_item_id is not None and not AgendaItem.objects.filter(pk=measure.agenda_item_id).exists()
    )
    priority_is_gone = measure.priority_id is not None and not Priority.objects.filter(pk=measure.priority_id).exists()
    # Kept before measures were followed by an indicator, it names none.
    indicator = values.get("indicator_id")
    indicator_is_gone = indicator is not None and not indicators_for(of.county).filter(pk=indicator).exists()
    if item_is_gone or priority_is_gone or indicator_is_gone:
        raise NotAllowedNow(_("This can be undone no more. Add it again by hand."))
    _require_open_for(measure)
    measure.save()
    record(of, "measures_added", by=by, count=1, measures=[measure.pk])
    return measure


def _require_open_for(measure: Measure) -> None:
    if measure.negotiation is not None:
        require_open(measure.negotiation, measure.agenda_item)
