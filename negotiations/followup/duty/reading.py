"""The rows of which the duty is reckoned, read for a county or for all of them in as many queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import F, Q, QuerySet, Sum
from django_scopes import scopes_disabled

from indicators.models import Area, alphabetical_key
from municipalities.models import CouncilTerm, County, Municipality, Sector
from negotiations.followup.duty.periods import Life, Period, term_at, year_of
from negotiations.followup.duty.rules import Coverage, Others, Participation, Sitting, Standing, coverage
from negotiations.models import Attendance, LegalBasis, Negotiation, Party

SECTORS = list(Sector)


@dataclass(frozen=True)
class Duty:
    """The duty as it stands: of each legal basis whose period is known, towards the municipalities of a county."""

    # Those that existed in one of the periods, by name.
    municipalities: tuple[Municipality, ...]
    coverages: tuple[Coverage, ...]
    # 14 § in each council term that has begun, the latest first; empty unless it was asked for.
    terms: tuple[Coverage, ...] = ()
    # Former municipalities that existed in one of the periods and are not in the register, so that nothing is known
    # of what was negotiated with them.
    outside: tuple[Life, ...] = ()

    def named(self, coverage: Coverage, standing: Standing) -> list[Municipality]:
        """Return the municipalities that stand so, by name."""
        wanted = {position.municipality for position in coverage.positions if position.standing == standing}
        return [municipality for municipality in self.municipalities if municipality.pk in wanted]


def read(
    county: County,
    *,
    today: date,
    year: int | None = None,
    towards: Sequence[Municipality] | None = None,
    with_others: bool = False,
    with_terms: bool = False,
    with_outside: bool = False,
) -> Duty:
    """Read how the duty stands: this year and in the term in force, unless another year is given.

    Towards all municipalities of the county, or towards those that are given, in which case nothing is told of those
    that became part of them. Three queries; two more for the other actors and one more for former municipalities that
    are not in the register. Inside the county's scope.
    """
    year = year or today.year
    municipalities = list(municipalities_of(county) if towards is None else towards)
    terms = county_terms()
    term = term_at(terms, year, today=today)
    begun = [each for each in terms if each.starts_on <= today] if with_terms else []
    sittings = sittings_of(municipalities, [year_of(year), *([term] if term else []), *begun])
    return _reckoned(
        municipalities,
        sittings,
        year=year,
        term=term,
        begun=begun,
        today=today,
        others=_others(_yearly(sittings, year)) if with_others else {},
        outside=_outside([county]) if with_outside else (),
    )


def read_all(counties: Iterable[County], *, year: int, today: date) -> dict[int, Duty]:
    """Read how the duty of each of these counties stands in a year and in its term, by the county's id.

    In as many queries for one county as for all of them. Reads across counties, so that it is for the administrator
    of the installation only; no scope is needed, and one that is in force is left aside.
    """
    counties = list(counties)
    with scopes_disabled():
        rows = Municipality.objects.filter(county__in=counties)
        municipalities = list(rows.select_related("area__merged_into").order_by("area__order"))
        term = term_at(county_terms(), year, today=today)
        sittings = sittings_of(municipalities, [year_of(year), *([term] if term else [])])
        others = _others(_yearly(sittings, year))
        outside = _outside(counties)
    by_county: dict[int | None, list[Municipality]] = defaultdict(list)
    for municipality in municipalities:
        by_county[municipality.county_id].append(municipality)
    of_municipality = {municipality.pk: municipality.county_id for municipality in municipalities}
    rows_of: dict[int | None, list[Sitting]] = defaultdict(list)
    for row in sittings:
        rows_of[of_municipality[row.municipality]].append(row)
    return {
        county.pk: _reckoned(
            by_county[county.pk],
            rows_of[county.pk],
            year=year,
            term=term,
            begun=(),
            today=today,
            others={pk: others[pk] for pk in _yearly(rows_of[county.pk], year)},
            outside=[area for area in outside if area.parent_id == county.area_id],
        )
        for county in counties
    }


def _reckoned(
    municipalities: Sequence[Municipality],
    sittings: Sequence[Sitting],
    *,
    year: int,
    term: Period | None,
    begun: Iterable[Period],
    today: date,
    others: Mapping[int, Others],
    outside: Iterable[Area],
) -> Duty:
    lives = lives_of(municipalities)
    pks = [municipality.pk for municipality in municipalities]

    def covered(basis: LegalBasis, period: Period) -> Coverage:
        return coverage(pks, basis, sittings, period, today=today, others=others, lives=lives)

    coverages = [covered(LegalBasis.COOPERATION, term)] if term else []
    coverages.append(covered(LegalBasis.WELFARE, year_of(year)))
    terms = [covered(LegalBasis.COOPERATION, each) for each in reversed(list(begun))]
    listed = {position.municipality for each in (*coverages, *terms) for position in each.positions}
    periods = [each.period for each in (*coverages, *terms)]
    gone = [life_of(area) for area in outside]
    return Duty(
        tuple(municipality for municipality in municipalities if municipality.pk in listed),
        tuple(coverages),
        tuple(terms),
        tuple(life for life in gone if any(life.within(period) for period in periods)),
    )


def municipalities_of(county: County) -> QuerySet[Municipality]:
    """Return the municipalities with which the county has to negotiate, by name; also former ones of its register."""
    return Municipality.objects.filter(county=county).select_related("area__merged_into").order_by("area__order")


def county_terms() -> list[Period]:
    """Return the terms of the county councils that are known, the first one first."""
    rows = CouncilTerm.objects.filter(body=CouncilTerm.Body.COUNTY).order_by("starts_on")
    return [Period(*days) for days in rows.values_list("starts_on", "ends_on")]


def lives_of(municipalities: Iterable[Municipality]) -> dict[int, Life]:
    """Return from when to when these municipalities exist, and which of them became part of which."""
    rows = list(municipalities)
    by_area = {row.area_id: row.pk for row in rows}
    return {row.pk: life_of(row.area, by_area) for row in rows}


def life_of(area: Area, by_area: Mapping[int, int] | None = None) -> Life:
    """Return from when to when an area exists. `by_area` are ids of municipalities by those of their areas."""
    into = area.merged_into
    return Life(
        name=area.name,
        starts_on=area.valid_from,
        ends_on=area.valid_to,
        successor=(by_area or {}).get(into.pk) if into else None,
        into=into.name if into else "",
    )


def sittings_of(municipalities: Iterable[Municipality], periods: Iterable[Period]) -> list[Sitting]:
    """Read the negotiations of these municipalities that touch one of the periods. One query.

    Only those of the county that a municipality is in: what it negotiated with another one before is that one's.
    """
    within = Q(pk__in=[])
    for period in periods:
        within |= Q(negotiation__latest__gte=period.starts_on, negotiation__earliest__lte=period.ends_on)
    wanted = [municipality.pk for municipality in municipalities]
    rows = Party.objects.filter(within, municipality__in=wanted, county=F("municipality__county")).values_list(
        "negotiation_id",
        "municipality_id",
        "negotiation__parts__legal_basis",
        "negotiation__state",
        "participation",
        "negotiation__parts__dealt_with",
        "negotiation__earliest",
        "negotiation__latest",
        "negotiation__title",
        "negotiation__round__plan_as_of",
        "negotiation__precision",
        "negotiation__round_id",
    )
    # A negotiation without parts is for no duty yet.
    return [Sitting(*row) for row in rows.order_by("pk") if row[2] is not None]


def _yearly(sittings: Iterable[Sitting], year: int) -> set[int]:
    """Return the negotiations that may meet the duty of a year: the law asks of those who else was there."""
    period = year_of(year)
    return {
        row.negotiation
        for row in sittings
        if row.basis == LegalBasis.WELFARE and period.touches(row.earliest, row.latest)
    }


def _others(negotiations: Iterable[int]) -> dict[int, Others]:
    """Read which other actors were invited and came, and how many people of theirs attended. Two queries."""
    wanted = sorted(negotiations)
    invited: dict[int, set[str]] = defaultdict(set)
    came: dict[int, set[str]] = defaultdict(set)
    people: dict[int, dict[str, int]] = defaultdict(dict)
    parties = Party.objects.filter(negotiation__in=wanted, organisation__isnull=False).order_by()
    for negotiation, name, participation in parties.values_list("negotiation", "organisation__name", "participation"):
        invited[negotiation].add(name)
        if participation == Participation.TOOK_PART:
            came[negotiation].add(name)
    present = Attendance.objects.filter(negotiation__in=wanted, status=Attendance.Status.PRESENT)
    rows = (
        present.exclude(sector__in=[Sector.COUNTY, Sector.MUNICIPALITY])
        .order_by()
        .values_list("negotiation", "sector", "organisation_name")
        .annotate(people=Sum("count"))
    )
    for negotiation, sector, name, count in rows:
        people[negotiation][sector] = people[negotiation].get(sector, 0) + count
        if name:
            came[negotiation].add(name)
    return {
        pk: Others(
            tuple(sorted(invited[pk], key=alphabetical_key)),
            tuple(sorted(came[pk], key=alphabetical_key)),
            tuple(sorted(people[pk].items(), key=lambda told: SECTORS.index(Sector(told[0])))),
        )
        for pk in wanted
    }


def _outside(counties: Iterable[County]) -> list[Area]:
    """Read the former municipalities of these counties that are not in the register. One query."""
    areas = [county.area_id for county in counties]
    rows = Area.objects.filter(
        kind=Area.Kind.MUNICIPALITY, parent__in=areas, valid_to__isnull=False, municipality__isnull=True
    )
    return list(rows.select_related("merged_into").order_by("order"))


def years(*, today: date) -> list[int]:
    """Return the years in which there are negotiations, and this one, the latest first."""
    spans = Negotiation.objects.order_by().values_list("earliest__year", "latest__year").distinct()
    return sorted({year for span in spans for year in span} | {today.year}, reverse=True)
