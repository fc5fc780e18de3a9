"""Putting demo content into rows: what every part of the demo shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from municipalities.models import County, Municipality, Organisation, Person, Priority, Sector
from negotiations.models import AgendaItem, Attendance, LegalBasis, Minutes, Negotiation, Part, Party


@dataclass(frozen=True)
class Item:
    """An agenda item as the content modules write it."""

    title: str
    background: str = ""
    discussion: str = ""
    agreed: str = ""
    dissent: str = ""
    presenter: str = ""
    planned_minutes: int | None = None


@dataclass(frozen=True)
class PartText:
    """A part of a negotiation as the content modules write it."""

    basis: LegalBasis
    items: Sequence[Item]
    opening: str = ""
    closing: str = ""


def moment(day: date, hour: int, minute: int = 0) -> datetime:
    """Return a wall-clock time of the county."""
    return timezone.make_aware(datetime.combine(day, time(hour, minute)))


def weekday_near(day: date) -> date:
    """Return the day, or the Monday after it when it falls on a weekend."""
    return day + timedelta(days=(7 - day.weekday()) if day.weekday() > 4 else 0)


def weekday_before(day: date) -> date:
    """Return the day, or the Friday before it when it falls on a weekend."""
    return day - timedelta(days=max(day.weekday() - 4, 0))


def municipalities_of(county: County) -> dict[str, Municipality]:
    """Return the county's municipalities by their Finnish name."""
    rows = Municipality.objects.filter(county=county).select_related("area")
    return {municipality.area.name_fi: municipality for municipality in rows}


def organisation(county: County, name: str, sector: Sector) -> Organisation:
    """Return the county's organisation of this name, made if it is not there."""
    row: Organisation = Organisation.objects.get_or_create(county=county, name=name, defaults={"sector": sector})[0]
    return row


def add_parties(
    negotiation: Negotiation, municipalities: Sequence[Municipality], organisations: Sequence[Organisation] = ()
) -> None:
    """Add the county itself, the municipalities and the organisations as parties."""
    rows = [Party(county_id=negotiation.county_id, negotiation=negotiation)]
    rows += [
        Party(county_id=negotiation.county_id, negotiation=negotiation, municipality=municipality)
        for municipality in municipalities
    ]
    rows += [
        Party(county_id=negotiation.county_id, negotiation=negotiation, organisation=organisation_)
        for organisation_ in organisations
    ]
    Party.objects.bulk_create(rows)


def add_parts(negotiation: Negotiation, texts: Sequence[PartText]) -> list[Part]:
    """Add the parts with their agenda, each numbered from 1 §."""
    parts: list[Part] = Part.objects.bulk_create(
        Part(
            county_id=negotiation.county_id,
            negotiation=negotiation,
            position=position,
            legal_basis=text.basis,
            opening=text.opening,
            closing=text.closing,
        )
        for position, text in enumerate(texts, start=1)
    )
    AgendaItem.objects.bulk_create(
        AgendaItem(
            county_id=negotiation.county_id,
            part=part,
            position=number,
            title=item.title,
            background=item.background,
            discussion=item.discussion,
            agreed=item.agreed,
            dissent=item.dissent,
            presenter=item.presenter,
            planned_minutes=item.planned_minutes,
        )
        for part, text in zip(parts, texts, strict=True)
        for number, item in enumerate(text.items, start=1)
    )
    return parts


def add_head_counts(negotiation: Negotiation, counts: dict[Sector, int]) -> None:
    """Add attendances of which only the number is known."""
    Attendance.objects.bulk_create(
        Attendance(
            county_id=negotiation.county_id, negotiation=negotiation, sector=sector, is_head_count=True, count=count
        )
        for sector, count in counts.items()
    )


def add_attendance(
    negotiation: Negotiation,
    *,
    sector: Sector,
    place: str,
    role: str,
    municipality: Municipality | None = None,
    organisation_: Organisation | None = None,
    status: Attendance.Status = Attendance.Status.PRESENT,
) -> Attendance:
    """Add one person, who in the demo is a role: "Hankasalmi, hyvinvointikoordinaattori"."""
    person = Person.objects.get_or_create(
        county_id=negotiation.county_id,
        name=f"{place}, {role}",
        defaults={
            "role": role,
            "sector": sector,
            "municipality": municipality,
            "organisation": organisation_,
        },
    )[0]
    row: Attendance = Attendance.objects.create(
        county_id=negotiation.county_id,
        negotiation=negotiation,
        person=person,
        sector=sector,
        status=status,
        name="",
        role=role[:1].upper() + role[1:],
        organisation_name=place,
        municipality=municipality,
    )
    return row


def name_checkers(minutes: Minutes) -> None:
    """Name the checker of each party, who in the demo is a role."""
    for check in minutes.checks.select_related("party__municipality__area"):
        check.role = f"{check.party.name}, hyvinvointikoordinaattori"
        check.save(update_fields=["role"])


def priorities_of(county: County, *, starts_on: date, ends_on: date, origin: str) -> list[Priority]:
    """Return the county's three priorities of a term, made if they are not there."""
    names = ("Mielen hyvinvointi", "Arjen turvallisuus", "Liikunnallinen elämäntapa")
    return [
        Priority.objects.get_or_create(
            county=county,
            name=name,
            starts_on=starts_on,
            defaults={"position": position, "ends_on": ends_on, "origin": origin},
        )[0]
        for position, name in enumerate(names, start=1)
    ]
