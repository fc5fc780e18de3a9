"""People by age and sex, from Statistics Finland: which ages are added up, and the batch that brings them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from indicators.batches import State, alone, begin, close, failing, settle
from indicators.importing import Row, write_values
from indicators.loading import bring_up_to_date
from indicators.models import Area, ImportPart, ImportRun, Indicator, IndicatorValue, Rejection
from indicators.pxweb import FEMALE, MALE, TOTAL, Cell, PxWeb, PxWebError, Table

# Statistics Finland's table of people by one-year age, sex and area, at the end of the year.
TABLE = "vaerak/11re"
THEME = "Väestö ja elinolot"
PRODUCER = "Tilastokeskus"
# The reference that the statistics on the population structure ask for, filled in by figures.Origin.cite(). What is
# added up of its figures says so (CC BY 4.0, section 3: indicate if the material was modified).
CITATION = (
    "Suomen virallinen tilasto (SVT): Väestörakenne [verkkojulkaisu]. ISSN=1797-5379. Helsinki: Tilastokeskus "
    "[viitattu: {date}]. Saantitapa: https://stat.fi/tilasto/vaerak. "
    "{title}, laskettu taulukon 11re yksivuotisista ikäluokista."
)
GENDERS = (TOTAL, MALE, FEMALE)
# Kinds of areas by the letters before their code. Regions, sub-regional units and others are not asked for.
KINDS: dict[str, tuple[str, ...]] = {
    "KU": (Area.Kind.MUNICIPALITY,),
    "HVA": (Area.Kind.COUNTY, Area.Kind.CITY_ORGANISER, Area.Kind.AUTONOMOUS),
}
WHOLE_COUNTRY, COUNTRY_CODE = "SSS", "358"

Status = IndicatorValue.Status


class Ages(NamedTuple):
    """Ages from the first to the last, both included; without a last, all from the first."""

    first: int
    last: int | None

    @property
    def code(self) -> str:
        """What the indicator of these ages is known by: the table and what is picked from it."""
        if self == EVERYBODY:
            return f"{TABLE}:SSS"
        return f"{TABLE}:{self.first}-{'' if self.last is None else self.last}"

    def names(self) -> tuple[str, str, str]:
        """Return what the number of these people is called in Finnish, Swedish and English."""
        if self == EVERYBODY:
            return "Väkiluku, kaikki ikäluokat", "Folkmängd, alla åldrar", "Population, all ages"
        if self.last is None:
            return (
                f"{self.first} vuotta täyttäneet, lukumäärä",
                f"{self.first} år och äldre, antal",
                f"People aged {self.first} and over, number",
            )
        span = f"{self.first}–{self.last}"
        return f"{span}-vuotiaat, lukumäärä", f"{span}-åringar, antal", f"People aged {span}, number"


EVERYBODY = Ages(0, None)
# As services are arranged: before school, comprehensive school, the young, working age, and the old by need of care.
CLASSES = (EVERYBODY, Ages(0, 6), Ages(7, 15), Ages(16, 24), Ages(25, 64), Ages(65, 74), Ages(75, 84), Ages(85, None))
BY_CODE = {ages.code: ages for ages in CLASSES}


def load_indicators() -> list[Indicator]:
    """Return the indicators of these ages; those that are not there are made, the others let be."""
    rows: list[dict[str, Any]] = []
    for ages in CLASSES:
        name_fi, name_sv, name_en = ages.names()
        rows.append(
            {
                "statfin_code": ages.code,
                "name_fi": name_fi,
                "name_sv": name_sv,
                "name_en": name_en,
                "description_fi": "Alueella vuoden lopussa (31.12.) vakinaisesti asuneet, Tilastokeskuksen mukaan.",
                "description_sv": "Fast bosatta i området i slutet av året (31.12) enligt Statistikcentralen.",
                "description_en": "People who lived in the area permanently at the end of the year (31 December), "
                "according to Statistics Finland.",
                "theme": THEME,
                "unit": Indicator.Unit.COUNT,
                "decimals": 0,
                "polarity": Indicator.Polarity.NEUTRAL,
                "producer": PRODUCER,
            }
        )
    bring_up_to_date(Indicator.objects, ["statfin_code"], rows, once=set(rows[0]) - {"statfin_code"})
    return list(Indicator.objects.filter(statfin_code__in=BY_CODE).order_by("pk"))


def plan(*, years: range) -> ImportRun:
    """Return a new run, with a part for each of the age classes."""
    return begin(ImportRun.Source.STATFIN, citation=CITATION, indicators=load_indicators(), years=years)


def carry_out(run: ImportRun, source: PxWeb, *, told: Callable[[ImportPart], None] = lambda part: None) -> ImportRun:
    """Read and write every part of the run that is not done yet; each is told of when it has ended.

    A part that fails says why and leaves the others alone. Raises PxWebError when not even the table can be had, and
    ImportGoingOn when another import is at it.
    """
    with alone():
        table = source.table(f"{TABLE}.px")
        areas = areas_of(table.areas)
        if not areas:
            raise PxWebError(_("The table has no areas that are known here."))
        for part in run.parts.exclude(state=State.DONE).select_related("indicator", "run").order_by("indicator_id"):
            with failing(part):
                sums = _ask(source, table, list(areas), part)
                with transaction.atomic():
                    _write(part, sums, areas)
            told(part)
        return close(run)


def areas_of(codes: Iterable[str]) -> dict[str, int | None]:
    """Return the areas known here by the table's codes, None for one that is not known; other kinds are left out."""
    places = {
        (kind, code): pk for kind, code, pk in Area.objects.filter(valid_to=None).values_list("kind", "code", "pk")
    }
    found: dict[str, int | None] = {}
    for code in codes:
        if code == WHOLE_COUNTRY:
            found[code] = places.get((Area.Kind.COUNTRY, COUNTRY_CODE))
        elif (match := re.fullmatch(r"([A-Z]+)(\d+)", code)) and match[1] in KINDS:
            known = (places.get((kind, match[2])) for kind in KINDS[match[1]])
            found[code] = next((pk for pk in known if pk is not None), None)
    return found


@dataclass
class Sum:
    """People of some ages together. When one of them is missing, so is the sum."""

    people: int = 0
    status: str = Status.OK
    unreadable: str = ""

    @property
    def value(self) -> int | None:
        """How many there are, if that can be told."""
        return self.people if self.status == Status.OK and not self.unreadable else None

    def add(self, cell: Cell) -> None:
        """Count the people of one more age."""
        if cell.unreadable:
            self.unreadable = cell.unreadable
        elif cell.value is not None:
            self.people += cell.value
        elif cell.is_secret or self.status == Status.SUPPRESSED:
            self.status = Status.SUPPRESSED
        else:
            self.status = Status.MISSING


# By the table's code of the area and year, then by gender.
Sums = dict[tuple[str, int], dict[str, Sum]]


def add_up(cells: Iterable[Cell]) -> Sums:
    """Return the people of all ages of the cells together, by area and year, then gender."""
    sums: Sums = defaultdict(lambda: defaultdict(Sum))
    for cell in cells:
        sums[cell.area, cell.year][cell.gender].add(cell)
    return sums


def objection(by_gender: dict[str, Sum]) -> str:
    """Return what is wrong with an area's sums of a year, in signs that need no language; "" when nothing is."""
    for people in by_gender.values():
        if people.unreadable:
            return repr(people.unreadable)
    if TOTAL in by_gender:
        total, male, female = (by_gender[gender].value for gender in GENDERS)
        if total is not None and male is not None and female is not None and total != male + female:
            return f"{total} ≠ {male} + {female}"
    return ""


def total_of(by_gender: dict[str, Sum]) -> Sum:
    """Return men and women together, as the table gives them or added up."""
    if TOTAL in by_gender:
        return by_gender[TOTAL]
    male, female = by_gender[MALE], by_gender[FEMALE]
    statuses = {male.status, female.status}
    status = next((status for status in (Status.SUPPRESSED, Status.MISSING) if status in statuses), Status.OK)
    return Sum(male.people + female.people, status)


def _ask(source: PxWeb, table: Table, areas: list[str], part: ImportPart) -> Sums:
    ages = BY_CODE[part.indicator.statfin_code]
    years = [year for year in range(part.first_year, part.last_year + 1) if year in table.years]
    if not years:
        words = _("The table has no figures of the years %(first)d–%(last)d.")
        raise PxWebError(words % {"first": part.first_year, "last": part.last_year})
    return add_up(source.cells(table, areas=areas, ages=table.ages_between(ages.first, ages.last), years=years))


def _write(part: ImportPart, sums: Sums, areas: dict[str, int | None]) -> None:
    unknown: Counter[str] = Counter()
    wrong: dict[str, list[str]] = defaultdict(list)
    rows: list[Row] = []
    for (code, year), by_gender in sums.items():
        area = areas[code]
        if area is None:
            unknown[code] += len(GENDERS)
        elif why := objection(by_gender):
            wrong[code].append(f"{year}: {why}")
        else:
            for gender in GENDERS:
                people = total_of(by_gender) if gender == TOTAL else by_gender[gender]
                value = None if people.value is None else float(people.value)
                rows.append(Row(part.indicator_id, area, year, value, None, people.status, gender))
    settle(
        part,
        write_values(part.run, rows),
        {Rejection.Reason.REGION: unknown, Rejection.Reason.VALUE: _named(wrong)},
        read=len(sums) * len(GENDERS),
    )


def _named(wrong: dict[str, list[str]]) -> dict[str, int]:
    """Return each area with what is wrong in which years, and how many rows that is."""
    return {f"{code} {'; '.join(whys)}"[:200]: len(whys) * len(GENDERS) for code, whys in wrong.items()}
