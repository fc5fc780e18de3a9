"""Illustrative figures, made up by a rule, where the demo has no real figure for an indicator of the priorities.

They describe no place. Their import has the source EXAMPLE, by which everything that shows one must say so. The rule
is seeded: the same municipalities and populations always give the same figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from django.db import transaction

from indicators.figures import POPULATION
from indicators.importing import Row, Tally, add_to_run
from indicators.models import Area, ImportRun, Indicator, IndicatorValue

THEMES = ("Mielen hyvinvointi", "Arjen turvallisuus", "Liikunnallinen elämäntapa")
FIRST_YEAR, LAST_YEAR = 2019, 2025
LABEL = "Esimerkkiaineisto"
CITATION = (
    "Esimerkkiaineisto: säännöllä tehtyjä lukuja järjestelmän esittelyyn. Luvut eivät kuvaa mitään kuntaa eikä aluetta."
)
RULE_MADE_ON = date(2026, 11, 22)
SEED = "hyte-esimerkki-1"

# Sotkanet publishes no figure of a municipality that rests on fewer than five cases.
SMALL_POPULATION = 2_000
SUPPRESSED_SHARE = 0.35


@dataclass(frozen=True)
class Level:
    """The level of an indicator in the first and the last year, in its own unit; whether it counts rare cases."""

    first: float
    last: float
    rare: bool = False


# The order of magnitude of each is that of the country's real figures; nothing else about them is.
LEVELS: dict[int, Level] = {
    # Mielen hyvinvointi
    328: Level(14.0, 20.5),
    292: Level(9.5, 11.0),
    1514: Level(5.8, 8.4),
    4284: Level(9.5, 12.2),
    4286: Level(9.0, 9.8),
    4354: Level(12.5, 17.5),
    690: Level(12.5, 13.1),
    2355: Level(8.6, 12.4),
    4: Level(7.0, 8.1, rare=True),
    304: Level(14.0, 12.8, rare=True),
    4270: Level(56.0, 51.0),
    4272: Level(54.0, 52.5),
    # Arjen turvallisuus
    3113: Level(6.2, 6.9),
    3957: Level(590.0, 560.0),
    3959: Level(445.0, 425.0),
    699: Level(0.6, 0.5, rare=True),
    333: Level(9.2, 12.9),
    332: Level(60.0, 57.5),
    331: Level(8.2, 7.1),
    289: Level(10.2, 8.6),
    288: Level(6.6, 4.2),
    4411: Level(31.0, 28.5),
    2459: Level(8.3, 7.1),
    1270: Level(2.3, 2.0, rare=True),
    1086: Level(7.6, 10.3),
    191: Level(1.5, 1.7, rare=True),
    # Liikunnallinen elämäntapa
    3905: Level(25.5, 21.8),
    4445: Level(21.0, 22.6),
    4447: Level(26.0, 25.2),
    3906: Level(18.0, 20.1),
    4459: Level(26.0, 28.8),
    4460: Level(26.4, 29.3),
    683: Level(13.3, 14.4),
}


def years_of(survey: str) -> tuple[int, ...]:
    """Return the years in which figures of this kind come out."""
    first = {
        Indicator.Survey.SCHOOL: FIRST_YEAR,  # every second year: 2019, 2021, …
        Indicator.Survey.ADULT: FIRST_YEAR + 1,  # 2020, 2022, 2024
    }.get(Indicator.Survey(survey))
    return tuple(range(FIRST_YEAR, LAST_YEAR + 1)) if first is None else tuple(range(first, LAST_YEAR + 1, 2))


def level_in(level: Level, year: int) -> float:
    """Return the level on the straight line between the first and the last year."""
    return level.first + (level.last - level.first) * (year - FIRST_YEAR) / (LAST_YEAR - FIRST_YEAR)


def illustrate(number: int, level: Level, code: str, year: int, population: float, *, most: float | None) -> float:
    """Return the made-up figure of a place: the level, the place's own leaning, and chance.

    Chance is the greater the fewer the people. `most` is the greatest possible value (100 for a percentage).
    """
    leaning = Random(f"{SEED}/{number}/{code}").gauss(0, 0.11)  # noqa: S311 - repeatable on purpose, no secret
    wobble = min(0.12, 0.03 * (20_000 / max(population, 1)) ** 0.5)
    chance = Random(f"{SEED}/{number}/{code}/{year}").gauss(0, wobble)  # noqa: S311 - as above
    value = level_in(level, year) * max(0.3, 1 + leaning + chance)
    return round(value if most is None else min(value, most), 1)


def is_suppressed(number: int, code: str, year: int, population: float, *, few_cases: bool) -> bool:
    """Return whether the place is so small that the figure is sometimes left unpublished, and this one is."""
    draw = Random(f"{SEED}/suppressed/{number}/{code}/{year}").random()  # noqa: S311 - as above
    return few_cases and population < SMALL_POPULATION and draw < SUPPRESSED_SHARE


def illustrate_county(
    indicator: Indicator, county: Area, municipalities: Sequence[Area], populations: dict[int, float]
) -> Iterable[Row]:
    """Return the made-up figures of one indicator in a county and its municipalities.

    An adult survey has figures of the county only (as it has in truth); of others the county's figure is the mean of
    its municipalities' weighted by population, the unpublished ones included.
    """
    number = indicator.sotkanet_id
    if number is None:
        return
    level = LEVELS[number]
    most = 100.0 if indicator.unit == Indicator.Unit.PERCENT else None
    whole = sum(populations[area.pk] for area in municipalities)
    for year in years_of(indicator.survey):
        if indicator.survey == Indicator.Survey.ADULT:
            yield Row(indicator.pk, county.pk, year, illustrate(number, level, county.code, year, whole, most=most))
            continue
        mean = 0.0
        for area in municipalities:
            people = populations[area.pk]
            value = illustrate(number, level, area.code, year, people, most=most)
            mean += value * people / whole
            few_cases = level.rare or indicator.survey == Indicator.Survey.SCHOOL
            if is_suppressed(number, area.code, year, people, few_cases=few_cases):
                yield Row(indicator.pk, area.pk, year, None, status=IndicatorValue.Status.SUPPRESSED)
            else:
                yield Row(indicator.pk, area.pk, year, value)
        yield Row(indicator.pk, county.pk, year, round(mean, 1))


@transaction.atomic
def load_example_values(counties: Sequence[Area]) -> Tally:
    """Load illustrative figures for these counties (areas) and their municipalities.

    Only for indicators of the three priorities without any real figure there since 2019; figures made up earlier for an
    indicator that has real ones by now are removed. The populations (load_values) must be there: raises KeyError for a
    municipality without.
    """
    run, _new = ImportRun.objects.get_or_create(
        source=ImportRun.Source.EXAMPLE,
        label=LABEL,
        defaults={"retrieved_on": RULE_MADE_ON, "citation": CITATION},
    )
    latest = (
        IndicatorValue.objects.filter(indicator__sotkanet_id=POPULATION, status=IndicatorValue.Status.OK)
        .order_by("area_id", "-year")
        .distinct("area_id")
    )
    populations = {figure.area_id: figure.value for figure in latest if figure.value is not None}
    indicators = list(Indicator.objects.filter(owner=None, theme__in=THEMES, sotkanet_id__in=LEVELS).order_by("pk"))
    rows: list[Row] = []
    for county in counties:
        municipalities = list(county.children.filter(kind=Area.Kind.MUNICIPALITY, merged_into=None).order_by("code"))
        here = [county.pk, *(area.pk for area in municipalities)]
        real = set(
            IndicatorValue.objects.filter(area__in=here, year__gte=FIRST_YEAR)
            .exclude(run__source=ImportRun.Source.EXAMPLE)
            .values_list("indicator_id", flat=True)
        )
        IndicatorValue.objects.filter(run=run, area__in=here, indicator__in=real).delete()
        for indicator in indicators:
            if indicator.pk not in real:
                rows.extend(illustrate_county(indicator, county, municipalities, populations))
    return add_to_run(run, rows)
