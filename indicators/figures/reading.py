"""What the figures say: the latest value, its change and how it compares, as typed results without further queries.

`read_figures` reads everything once; all else is arithmetic on what it read. Four rules run through it:

- What is shown adds up: changes and differences are those of the figures as shown, rounded to the decimals shown.
- Real and illustrative figures are never compared with each other, joined into one line or averaged together.
- Small numbers say nothing: what chance may have done is called neither better nor worse, nor the same.
- Municipalities are never ranked: a spread gives the least and the greatest figure, not whose they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from math import fsum

from django.db import models
from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.utils import translation
from django.utils.translation import gettext_lazy

from indicators.figures.rules import (
    PEOPLE_PER,
    SHARE_COUNTED,
    Direction,
    Pooled,
    Sample,
    change_between,
    combined_dependency_ratio,
    judged,
    judged_together,
    nearest,
    weighted_mean,
)
from indicators.models import Area, ImportRun, Indicator, IndicatorValue

POPULATION = 127
# Demographic and economic dependency ratio: dependents per 100 others, so that the others' number is
# population / (1 + ratio / 100). By that the ratio of a group is exact, where a mean of ratios would be wrong.
DEPENDENCY_RATIOS = frozenset({761, 182})

Status = IndicatorValue.Status


class Combining(models.TextChoices):
    """How the figures of several areas become one, where no source gives one."""

    MEAN = "mean", gettext_lazy("mean weighted by population")
    SUM = "sum", gettext_lazy("sum")
    DEPENDENCY = "dependency", gettext_lazy("calculated from populations")
    NONE = "none", gettext_lazy("not combined")


@dataclass(frozen=True)
class Measure:
    """An indicator as it is shown, in one language."""

    id: int
    sotkanet_id: int | None
    name: str
    theme: str
    unit: str
    unit_label: str
    decimals: int
    polarity: str
    survey: str
    producer: str

    @property
    def combining(self) -> Combining:
        """How figures of areas are combined: shares and rates by a mean, numbers by a sum, the rest not at all."""
        if self.sotkanet_id in DEPENDENCY_RATIOS:
            return Combining.DEPENDENCY
        if self.unit == Indicator.Unit.COUNT:
            return Combining.SUM
        if self.unit in RATES:
            return Combining.MEAN
        return Combining.NONE


# Euros and litres of the catalogue are per inhabitant.
RATES = frozenset(
    {
        Indicator.Unit.PERCENT,
        Indicator.Unit.PER_1000,
        Indicator.Unit.PER_10000,
        Indicator.Unit.PER_100000,
        Indicator.Unit.EURO,
        Indicator.Unit.LITRE,
    }
)


@dataclass(frozen=True)
class Origin:
    """Where figures came from. Whatever shows a figure shows this; an example must be marked as one."""

    name: str
    retrieved_on: date
    is_example: bool
    licence: str
    citation: str

    def cite(self, measure: Measure) -> str:
        """Return the citation of an indicator's figures, in the form its source asks for."""
        return self.citation.format(
            title=measure.name.rstrip("."),
            number=measure.sotkanet_id or "",
            date=self._day,
        )

    @property
    def line(self) -> str:
        """The source in short, as a list of sources has it: its name, the day it was read, and its licence."""
        return " ".join(part for part in (f"{self.name}, {self._day}.", self.licence) if part)

    @property
    def _day(self) -> str:
        return f"{self.retrieved_on.day}.{self.retrieved_on.month}.{self.retrieved_on.year}"


@dataclass(frozen=True)
class Point:
    """One year of a series: a value, or a status that says why there is none.

    `exposure` is the number of people it rests on, in the unit's hundreds or thousands, where its source tells.
    """

    year: int
    value: float | None
    status: str
    origin: Origin
    counted: int = 1
    exposure: float | None = None
    is_computed: bool = False

    @property
    def is_example(self) -> bool:
        """Whether the value is illustrative."""
        return self.origin.is_example


@dataclass(frozen=True)
class Figure:
    """The latest figure of an indicator in an area, or in several together, with what it was before.

    Without a value, `status` says why (missing, suppressed); `year` is then the year that has none, or None.
    `counted` of `areas` had a figure to be combined. `direction` is judged by the change from the figure before, or by
    the `pooled` years where that one rests on too few people. `is_of_county` tells that the figure is the county's,
    shown in place of the municipality's, for which there is none.
    """

    measure: Measure
    area: str
    year: int | None = None
    value: float | None = None
    status: str = Status.MISSING
    previous_year: int | None = None
    previous_value: float | None = None
    change: float | None = None
    direction: Direction = Direction.UNKNOWN
    is_computed: bool = False
    counted: int = 0
    areas: int = 1
    origin: Origin | None = None
    baseline_year: int | None = None
    baseline_value: float | None = None
    baseline_change: float | None = None
    baseline_direction: Direction = Direction.UNKNOWN
    pooled: Pooled | None = None
    exposure: float | None = None
    is_of_county: bool = False

    @property
    def sample(self) -> Sample | None:
        """The figure and what it rests on, for judging; None without a value."""
        return None if self.value is None else Sample(self.value, self.exposure)

    @property
    def is_example(self) -> bool:
        """Whether the figure is illustrative: to be marked as such wherever it is shown."""
        return self.origin is not None and self.origin.is_example


@dataclass(frozen=True)
class Spread:
    """The least and the greatest figure among areas in one year; whose they are is left out on purpose."""

    year: int
    least: float
    greatest: float
    counted: int
    areas: int
    is_example: bool


@dataclass(frozen=True)
class Difference:
    """How much a figure differs from another of the same year, and whether that is better or worse."""

    value: float
    direction: Direction


# --- Reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figures:
    """All figures of a set of indicators in some areas up to a year, as they were read."""

    measures: tuple[Measure, ...]
    year: int
    language: str
    _points: dict[tuple[int, int], tuple[Point, ...]] = field(repr=False)
    _populations: dict[int, dict[int, float]] = field(repr=False)
    # The year with which the latest figures are compared besides those before them.
    baseline: int | None = None
    # What has been computed of them: a chapter asks for the same combination for a figure, its line and its change.
    _combined: dict[tuple[int, tuple[int, ...]], tuple[Point, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _weights: dict[tuple[int, int], float] = field(default_factory=dict, init=False, repr=False, compare=False)
    _exposures: dict[tuple[int, int], dict[int, float]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def points(self, measure: Measure, area: Area) -> tuple[Point, ...]:
        """Return the years of an area in order, with those that have a status in place of a value."""
        return self._points.get((measure.id, area.pk), ())

    def combined_points(self, measure: Measure, areas: Sequence[Area]) -> tuple[Point, ...]:
        """Return the years of several areas together, computed.

        A mean is given for a year in which the areas with a figure hold at least half of the people; a sum only when no
        area lacks one. Real and illustrative figures of one year are not mixed: then there is no point.
        """
        if measure.combining == Combining.NONE or not areas:
            return ()
        key = measure.id, tuple(area.pk for area in areas)
        if key not in self._combined:
            self._combined[key] = self._combine_years(measure, areas)
        return self._combined[key]

    def _combine_years(self, measure: Measure, areas: Sequence[Area]) -> tuple[Point, ...]:
        by_year: dict[int, list[tuple[Area, Point]]] = defaultdict(list)
        for area in areas:
            for point in self.points(measure, area):
                if point.value is not None:
                    by_year[point.year].append((area, point))
        combined = []
        for year, parts in sorted(by_year.items()):
            weights = {area.pk: self.weight(area, year) for area in areas}
            value = combined_value(
                measure,
                [point.value for _area, point in parts if point.value is not None],
                [weights[area.pk] for area, _point in parts],
                areas=len(areas),
                people=sum(weights.values()),
            )
            if value is not None and len({point.is_example for _area, point in parts}) == 1:
                exposures = [self._exposure(measure, area, point) for area, point in parts]
                known = [exposure for exposure in exposures if exposure is not None]
                combined.append(
                    Point(
                        year,
                        value,
                        Status.OK,
                        _latest_origin(point for _area, point in parts),
                        len(parts),
                        fsum(known) if len(known) == len(parts) else None,
                        is_computed=True,
                    )
                )
        return tuple(combined)

    def weight(self, area: Area, year: int) -> float:
        """Return how many people an area counts for in a year: of the nearest year known; 0 where none is."""
        if (area.pk, year) not in self._weights:
            self._weights[area.pk, year] = nearest(self._populations.get(area.pk, {}), year) or 0.0
        return self._weights[area.pk, year]

    def _exposure(self, measure: Measure, area: Area, point: Point) -> float | None:
        """Return how many people a rate rests on: by its source, as in the nearest year, or by a cautious guess."""
        people = PEOPLE_PER.get(measure.unit)
        if people is None or point.exposure is not None:
            return point.exposure
        key = measure.id, area.pk
        if key not in self._exposures:
            told = self.points(measure, area)
            self._exposures[key] = {each.year: each.exposure for each in told if each.exposure is not None}
        if (known := nearest(self._exposures[key], point.year)) is not None:
            return known
        return self.weight(area, point.year) * SHARE_COUNTED.get(measure.survey, 1.0) / people or None

    def of(self, measure: Measure, area: Area, *, year: int | None = None) -> Figure:
        """Return the latest figure of an area, or that of the latest year up to `year`, as its source gives it."""
        points = [
            replace(point, exposure=self._exposure(measure, area, point))
            for point in self.points(measure, area)
            if year is None or point.year <= year
        ]
        return self._figure(measure, area.name_in(self.language), points, areas=1)

    def of_group(self, measure: Measure, areas: Sequence[Area], name: str, *, year: int | None = None) -> Figure:
        """Return the latest figure of several areas together, computed."""
        points = [point for point in self.combined_points(measure, areas) if year is None or point.year <= year]
        return replace(self._figure(measure, name, points, areas=len(areas)), is_computed=True)

    def of_county(
        self, measure: Measure, county: Area, municipalities: Sequence[Area], *, year: int | None = None
    ) -> Figure:
        """Return the county's or the country's figure: its source's own, unless one computed is newer.

        A real figure always comes before an illustrative one.
        """
        given = self.of(measure, county, year=year)
        computed = self.of_group(measure, municipalities, county.name_in(self.language), year=year)
        if given.value is None:
            return computed if computed.value is not None else given
        if computed.value is None:
            return given
        if given.is_example != computed.is_example:
            return computed if given.is_example else given
        return given if (given.year or 0) >= (computed.year or 0) else computed

    def at(self, measure: Measure, area: Area, county: Area) -> Figure:
        """Return what is shown at a municipality: its own figure, or the county's of a survey that has none of it.

        Only where the municipality has no row at all: a figure left unpublished is told as such.
        """
        own = self.of(measure, area)
        if own.value is not None or own.year is not None or measure.survey == Indicator.Survey.NONE:
            return own
        theirs = self.of(measure, county)
        return own if theirs.value is None else replace(theirs, is_of_county=True)

    def series(self, measure: Measure, area: Area) -> tuple[tuple[int, float], ...]:
        """Return year and value of an area for a line; of one kind, that of the latest figure."""
        return _line(self.points(measure, area))

    def group_series(self, measure: Measure, areas: Sequence[Area]) -> tuple[tuple[int, float], ...]:
        """Return year and value of several areas together for a line."""
        return _line(self.combined_points(measure, areas))

    def county_series(
        self, measure: Measure, county: Area, municipalities: Sequence[Area]
    ) -> tuple[tuple[int, float], ...]:
        """Return year and value of the county for a line: of the source's own figures, or computed ones."""
        if self.of_county(measure, county, municipalities).is_computed:
            return self.group_series(measure, municipalities)
        return self.series(measure, county)

    def spread(self, measure: Measure, areas: Sequence[Area]) -> Spread | None:
        """Return the least and the greatest figure of the latest year in which at least half of the areas have one."""
        by_year: dict[int, list[Point]] = defaultdict(list)
        for area in areas:
            for point in self.points(measure, area):
                if point.value is not None:
                    by_year[point.year].append(point)
        for year, points in sorted(by_year.items(), reverse=True):
            if len(points) > 1 and len(points) * 2 >= len(areas) and len({p.is_example for p in points}) == 1:
                values = [point.value for point in points if point.value is not None]
                return Spread(year, min(values), max(values), len(points), len(areas), points[0].is_example)
        return None

    def origins(self) -> tuple[Origin, ...]:
        """Return the sources of the figures read, real ones first."""
        found = {point.origin for points in self._points.values() for point in points}
        return tuple(sorted(found, key=lambda origin: (origin.is_example, origin.name, origin.retrieved_on)))

    def _figure(self, measure: Measure, area: str, points: Sequence[Point], *, areas: int) -> Figure:
        """Return what the series says: its last point, and how it went since the figure before and the baseline."""
        if not points:
            return Figure(measure, area, areas=areas)
        last = points[-1]
        kin = [point for point in points if point.value is not None and point.is_example == last.is_example]
        before = next((point for point in reversed(kin) if point.year < last.year), None)
        change, direction = _compared(measure, last, before)
        pooled = None
        if direction == Direction.UNKNOWN and change is not None and measure.polarity != Indicator.Polarity.NEUTRAL:
            samples = {point.year: sample for point in kin if (sample := _sample(point)) is not None}
            direction, pooled = judged_together(
                samples, unit=measure.unit, decimals=measure.decimals, polarity=measure.polarity
            )
        start = next((point for point in kin if point.year == self.baseline and point.year < last.year), None)
        baseline_change, baseline_direction = _compared(measure, last, start)
        return Figure(
            measure=measure,
            area=area,
            year=last.year,
            value=last.value,
            status=last.status,
            previous_year=before.year if before else None,
            previous_value=before.value if before else None,
            change=change,
            direction=direction,
            is_computed=last.is_computed,
            counted=last.counted if last.value is not None else 0,
            areas=areas,
            origin=last.origin,
            baseline_year=start.year if start else None,
            baseline_value=start.value if start else None,
            baseline_change=baseline_change,
            baseline_direction=baseline_direction,
            pooled=pooled,
            exposure=last.exposure,
        )


def read_figures(
    indicators: Sequence[Indicator],
    areas: Sequence[Area],
    *,
    year: int,
    language: str,
    since: int | None = None,
    latest: int | None = None,
    gender: str = IndicatorValue.Gender.TOTAL,
    baseline: int | None = None,
    populations: Mapping[int, float] | None = None,
    ended: Sequence[Area] | None = None,
) -> Figures:
    """Read the figures of these areas from `since` up to and including a year, in at most four queries.

    The weights of means are the areas' populations by year (Sotkanet's indicator 127); `populations` gives one by area
    id for areas that have none. Municipalities that have merged into one of the areas are read too, of `ended` where
    they have been read already: a history goes on under the present code (see `continued`). `latest` leaves of each
    series only so many years from its end: what a table of latest figures and their directions needs. The baseline year
    is read though it is earlier.
    """
    with translation.override(language):
        measures = tuple(_measure(indicator, language) for indicator in indicators)
    if not measures:
        return Figures((), year, language, {}, {}, baseline)
    measured = {measure.id: measure for measure in measures}
    # The weights are read along; where they are none of the indicators, they are what is none of them.
    population = next((indicator.pk for indicator in indicators if indicator.sotkanet_id == POPULATION), None)
    wanted = models.Q(indicator__in=measured)
    if population is None:
        weights = models.Q(pk__in=measured) | models.Q(sotkanet_id=POPULATION)
        wanted = models.Q(indicator__in=Indicator.objects.filter(weights).order_by().values("pk"))
    former = _former_areas(areas, areas_that_ended() if ended is None else ended)
    kept = models.Q(year__lte=year)
    if since is not None:
        kept &= models.Q(year__gte=since) | models.Q(year=baseline)
    found = IndicatorValue.objects.filter(
        kept,
        wanted,
        area__in=[*(area.pk for area in areas), *(area.pk for group in former.values() for area in group)],
        gender=gender,
    )
    if latest is not None:
        place = Window(RowNumber(), partition_by=["indicator_id", "area_id"], order_by=F("year").desc())
        weighing = ~models.Q(indicator__in=measured) if population is None else models.Q(indicator=population)
        found = found.annotate(place=place).filter(models.Q(place__lte=latest) | models.Q(year=baseline) | weighing)
    rows = list(
        found.order_by("year").values_list("indicator_id", "area_id", "year", "value", "absolute", "status", "run_id")
    )
    runs = ImportRun.objects.in_bulk({row[6] for row in rows})
    read = {indicator.pk: indicator for indicator in indicators}
    origins: dict[tuple[int, date], Origin] = {}
    points: dict[tuple[int, int], list[Point]] = defaultdict(list)
    read_populations: dict[int, dict[int, float]] = defaultdict(dict)
    for indicator_id, area_id, of_year, value, absolute, status, run_id in rows:
        if (indicator_id == population or indicator_id not in measured) and value is not None:
            read_populations[area_id][of_year] = value
        if indicator_id in measured:
            day = _retrieved(runs[run_id], read[indicator_id], of_year)
            if (run_id, day) not in origins:
                with translation.override(language):
                    origins[run_id, day] = _origin(runs[run_id], day)
            exposure = absolute / value if absolute and value and measured[indicator_id].unit in PEOPLE_PER else None
            points[indicator_id, area_id].append(Point(of_year, value, status, origins[run_id, day], exposure=exposure))
    by_area: dict[int, dict[int, float]] = {pk: {year: value} for pk, value in (populations or {}).items()}
    figures = Figures(
        measures=measures,
        year=year,
        language=language,
        baseline=baseline,
        _points={key: tuple(series) for key, series in points.items()},
        _populations={**by_area, **read_populations},
    )
    for area_id, gone in former.items():
        area = next(area for area in areas if area.pk == area_id)
        for measure in measures:
            if any(figures.points(measure, each) for each in gone):
                series = continued(figures, measure, area, gone)
                if latest is not None and measure.id != population:
                    # Of an earlier year only some of the parts may have been read.
                    series = tuple(point for point in series if point in series[-latest:] or point.year == baseline)
                figures._points[measure.id, area_id] = series
    # Only now: to put the parts together, the present municipality weighed as the rest of it.
    for area_id in former.keys() & read_populations.keys():
        figures._populations[area_id] = _people_together(read_populations, area_id, former[area_id])
    figures._weights.clear()
    return figures


def continued(figures: Figures, measure: Measure, area: Area, former: Sequence[Area]) -> tuple[Point, ...]:
    """Return an area's series under its present code, with the figures of municipalities that have merged into it.

    Where a source tells of a former municipality in a year before its end, its figure of the present one is that of the
    rest: the two are put together as those of a group are, or the year is a gap where that cannot be done. Other years
    are as they are: the source has already recomputed them under the present division, as Sotkanet does.
    """
    apart: dict[int, list[tuple[Area, Point]]] = defaultdict(list)
    for each in former:
        for point in figures.points(measure, each):
            if each.valid_to is None or point.year <= each.valid_to.year:
                apart[point.year].append((each, point))
    own = {point.year: point for point in figures.points(measure, area)}
    series = {year: point for year, point in own.items() if year not in apart}
    for year, told in apart.items():
        parts = [*([(area, own[year])] if year in own else []), *told]
        valued = [(each, point) for each, point in parts if point.value is not None]
        there = [area, *(each for each in former if each.valid_to is None or year <= each.valid_to.year)]
        weights = {each.pk: figures.weight(each, year) for each in there}
        alike = len({point.is_example for _each, point in parts}) == 1
        value = None
        if alike and valued and measure.combining != Combining.NONE and all(weights.values()):
            value = combined_value(
                measure,
                [point.value for _each, point in valued if point.value is not None],
                [weights[each.pk] for each, _point in valued],
                areas=len(there),
                people=sum(weights.values()),
            )
        status = Status.OK if value is not None else Status.MISSING
        origin = _latest_origin(point for _each, point in parts)
        series[year] = Point(year, value, status, origin, is_computed=True)
    return tuple(series[year] for year in sorted(series))


def _people_together(
    populations: Mapping[int, Mapping[int, float]], area_id: int, former: Sequence[Area]
) -> dict[int, float]:
    """Return an area's people by year with those of the municipalities that have merged into it, as in `continued`.

    A year in which somebody's are not known is left out, for the nearest year to stand in.
    """
    people = dict(populations[area_id])
    for year in {year for each in former for year in populations.get(each.pk, {})}:
        there = [each.pk for each in former if each.valid_to is None or year <= each.valid_to.year]
        if not any(year in populations.get(pk, {}) for pk in there):
            continue
        parts = [populations.get(pk, {}).get(year) for pk in (area_id, *there)]
        known = [part for part in parts if part is not None]
        people.pop(year, None)
        if len(known) == len(parts):
            people[year] = fsum(known)
    return people or dict(populations[area_id])


def combined_value(
    measure: Measure, values: Sequence[float], weights: Sequence[float], *, areas: int, people: float
) -> float | None:
    """Return the figure of several areas together, of those values that there are of `areas` with so many `people`.

    A sum wants all of them; a mean those of at least half of the people. None otherwise.
    """
    if measure.combining == Combining.SUM:
        return fsum(values) if len(values) == areas else None
    if measure.combining == Combining.NONE or sum(weights) * 2 < people:
        return None
    if measure.combining == Combining.DEPENDENCY:
        return combined_dependency_ratio(values, weights)
    return weighted_mean(values, weights)


def difference(figure: Figure, reference: Figure) -> Difference | None:
    """Return how a figure differs from another, such as a group's from its county's.

    None unless both are there, of the same year, and both real or both illustrative; and none for numbers of people or
    things, by which a part always differs from the whole.
    """
    if figure.value is None or reference.value is None or figure.measure.combining == Combining.SUM:
        return None
    if figure.year != reference.year or figure.is_example != reference.is_example:
        return None
    measure = figure.measure
    value = change_between(reference.value, figure.value, measure.decimals)
    return Difference(
        value, judged(value, figure.sample, reference.sample, unit=measure.unit, polarity=measure.polarity)
    )


def areas_that_ended() -> list[Area]:
    """Return the areas that have merged into others. One query."""
    return list(Area.objects.filter(merged_into__isnull=False).order_by("code"))


def country_and_ended() -> tuple[Area | None, list[Area]]:
    """Return the whole country, and the areas that have merged into others. One query for both."""
    found = Area.objects.filter(models.Q(kind=Area.Kind.COUNTRY) | models.Q(merged_into__isnull=False)).order_by("code")
    country = next((area for area in found if area.kind == Area.Kind.COUNTRY), None)
    return country, [area for area in found if area.merged_into_id is not None]


def _former_areas(areas: Sequence[Area], ended: Sequence[Area]) -> dict[int, list[Area]]:
    """Return by each area's id those of the ended that have merged into it, also by way of another."""
    into: dict[int, list[Area]] = defaultdict(list)
    for gone in ended:
        into[gone.merged_into_id].append(gone)  # type: ignore[index]

    def all_of(pk: int) -> list[Area]:
        return [each for gone in into.get(pk, []) for each in (gone, *all_of(gone.pk))]

    return {area.pk: all_of(area.pk) for area in areas if area.pk in into}


def _compared(measure: Measure, last: Point, before: Point | None) -> tuple[float | None, Direction]:
    """Return the change since a former point, and whether it is for the better."""
    if before is None or before.value is None or last.value is None:
        return None, Direction.UNKNOWN
    change = change_between(before.value, last.value, measure.decimals)
    return change, judged(change, _sample(last), _sample(before), unit=measure.unit, polarity=measure.polarity)


def _sample(point: Point) -> Sample | None:
    return None if point.value is None else Sample(point.value, point.exposure)


def _measure(indicator: Indicator, language: str) -> Measure:
    return Measure(
        id=indicator.pk,
        sotkanet_id=indicator.sotkanet_id,
        name=indicator.name_in(language),
        theme=indicator.theme,
        unit=indicator.unit,
        unit_label=str(indicator.get_unit_display()),
        decimals=indicator.decimals,
        polarity=indicator.polarity,
        survey=indicator.survey,
        producer=indicator.producer,
    )


def _retrieved(run: ImportRun, indicator: Indicator, year: int) -> date:
    """Return the day on which the source was last seen to give a figure that this run brought."""
    if run.source in (ImportRun.Source.EXAMPLE, ImportRun.Source.SPREADSHEET) or indicator.read_on is None:
        return run.retrieved_on
    if indicator.read_from is None or indicator.read_to is None or not indicator.read_from <= year <= indicator.read_to:
        return run.retrieved_on
    return max(run.retrieved_on, indicator.read_on)


def _origin(run: ImportRun, retrieved_on: date) -> Origin:
    return Origin(
        name=str(run.get_source_display()),
        retrieved_on=retrieved_on,
        is_example=run.source == ImportRun.Source.EXAMPLE,
        licence=run.licence,
        citation=run.citation,
    )


def _latest_origin(points: Iterable[Point]) -> Origin:
    return max((point.origin for point in points), key=lambda origin: (origin.retrieved_on, origin.name))


def _line(points: Sequence[Point]) -> tuple[tuple[int, float], ...]:
    values = [point for point in points if point.value is not None]
    if not values:
        return ()
    kind = values[-1].is_example
    return tuple((point.year, point.value) for point in values if point.is_example == kind and point.value is not None)
