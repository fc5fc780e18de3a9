"""What the figures say: the latest value, its change and how it compares, as typed results without further queries.

`read_figures` reads everything once; all else is arithmetic on what it read. Three rules run through it:

- What is shown adds up: changes and differences are those of the figures as shown, rounded to the decimals shown.
- Real and illustrative figures are never compared with each other, joined into one line or averaged together.
- Municipalities are never ranked: a spread gives the least and the greatest figure, not whose they are.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from math import fsum

from django.db import models
from django.utils import formats, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indicators.models import Area, ImportRun, Indicator, IndicatorSet, IndicatorValue

POPULATION = 127
# Demographic and economic dependency ratio: dependents per 100 others, so that the others' number is
# population / (1 + ratio / 100). By that the ratio of a group is exact, where a mean of ratios would be wrong.
DEPENDENCY_RATIOS = frozenset({761, 182})
# A change of less than two in a hundred of what it is compared with is not called better or worse (our proposal).
NOTICEABLE = 0.02
MINUS = "\N{MINUS SIGN}"

Status = IndicatorValue.Status


class Direction(models.TextChoices):
    """Which way a figure went, or differs, judged by the indicator's polarity."""

    BETTER = "better", gettext_lazy("better")
    WORSE = "worse", gettext_lazy("worse")
    SAME = "same", gettext_lazy("same")
    # Nothing to compare with, or neither way is better.
    UNKNOWN = "unknown", gettext_lazy("cannot be said")


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
            date=f"{self.retrieved_on.day}.{self.retrieved_on.month}.{self.retrieved_on.year}",
        )


@dataclass(frozen=True)
class Point:
    """One year of a series: a value, or a status that says why there is none."""

    year: int
    value: float | None
    status: str
    origin: Origin
    counted: int = 1

    @property
    def is_example(self) -> bool:
        """Whether the value is illustrative."""
        return self.origin.is_example


@dataclass(frozen=True)
class Figure:
    """The latest figure of an indicator in an area, or in several together, with what it was before.

    Without a value, `status` says why (missing, suppressed); `year` is then the year that has none, or None.
    `counted` of `areas` had a figure to be combined.
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


# --- Rules on plain numbers -------------------------------------------------------------------------------------------


def rounded(value: float, decimals: int) -> float:
    """Return the value as it is shown: rounded half away from zero, as people round."""
    return float(Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP))


def weighted_mean(values: Sequence[float], weights: Sequence[float]) -> float | None:
    """Return the mean of the values, each counted by its weight; None when the weights come to nothing.

    Raises ValueError for a negative weight and for lists of different lengths.
    """
    pairs = list(zip(values, weights, strict=True))
    if any(weight < 0 for weight in weights):
        raise ValueError("A weight is negative.")
    counted = [(value, weight) for value, weight in pairs if weight > 0]
    whole = fsum(weight for _value, weight in counted)
    if not whole:
        return None
    mean = fsum(value * (weight / whole) for value, weight in counted)
    # Floating point may land a hair outside of what was averaged.
    least, greatest = min(value for value, _weight in counted), max(value for value, _weight in counted)
    return min(max(mean, least), greatest)


def combined_dependency_ratio(ratios: Sequence[float], populations: Sequence[float]) -> float | None:
    """Return the ratio of dependents per 100 others in several populations together; None for nobody."""
    others = [population / (1 + ratio / 100) for ratio, population in zip(ratios, populations, strict=True)]
    return weighted_mean(ratios, others)


def change_between(before: float, now: float, decimals: int) -> float:
    """Return the change of a figure as shown: the difference of the rounded figures."""
    return rounded(rounded(now, decimals) - rounded(before, decimals), decimals)


def direction_of(change: float | None, reference: float | None, polarity: str) -> Direction:
    """Return whether a change from the reference is for the better.

    A change too small to notice is none; nothing can be said where neither way is better or nothing is compared.
    """
    if change is None or reference is None or polarity == Indicator.Polarity.NEUTRAL:
        return Direction.UNKNOWN
    if abs(change) < NOTICEABLE * abs(reference) or change == 0:
        return Direction.SAME
    return Direction.BETTER if (change > 0) == (polarity == Indicator.Polarity.HIGHER) else Direction.WORSE


def nearest(by_year: Mapping[int, float], year: int) -> float | None:
    """Return the figure of the year nearest to this one, of the earlier where two are as near."""
    if not by_year:
        return None
    return by_year[min(by_year, key=lambda other: (abs(other - year), other))]


# --- Reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figures:
    """All figures of a set of indicators in some areas up to a year, as they were read."""

    measures: tuple[Measure, ...]
    year: int
    language: str
    _points: dict[tuple[int, int], tuple[Point, ...]] = field(repr=False)
    _populations: dict[int, dict[int, float]] = field(repr=False)
    # What has been computed of them: a chapter asks for the same combination for a figure, its line and its change.
    _combined: dict[tuple[int, tuple[int, ...]], tuple[Point, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _weights: dict[tuple[int, int], float] = field(default_factory=dict, init=False, repr=False, compare=False)

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
            value = self._combine(measure, year, areas, parts)
            if value is not None and len({point.is_example for _area, point in parts}) == 1:
                combined.append(Point(year, value, Status.OK, _latest_origin(p for _a, p in parts), len(parts)))
        return tuple(combined)

    def _combine(
        self, measure: Measure, year: int, areas: Sequence[Area], parts: Sequence[tuple[Area, Point]]
    ) -> float | None:
        values = [point.value for _area, point in parts if point.value is not None]
        if measure.combining == Combining.SUM:
            return fsum(values) if len(parts) == len(areas) else None
        weights = {area.pk: self._weight(area.pk, year) for area in areas}
        own = [weights[area.pk] for area, _point in parts]
        if sum(own) * 2 < sum(weights.values()):
            return None
        if measure.combining == Combining.DEPENDENCY:
            return combined_dependency_ratio(values, own)
        return weighted_mean(values, own)

    def _weight(self, area_id: int, year: int) -> float:
        """Return how many people an area counts for in a year."""
        if (area_id, year) not in self._weights:
            self._weights[area_id, year] = nearest(self._populations.get(area_id, {}), year) or 0.0
        return self._weights[area_id, year]

    def of(self, measure: Measure, area: Area) -> Figure:
        """Return the latest figure of an area, as its source gives it."""
        return _figure(measure, area.name_in(self.language), self.points(measure, area), areas=1, is_computed=False)

    def of_group(self, measure: Measure, areas: Sequence[Area], name: str) -> Figure:
        """Return the latest figure of several areas together, computed."""
        points = self.combined_points(measure, areas)
        return _figure(measure, name, points, areas=len(areas), is_computed=True)

    def of_county(self, measure: Measure, county: Area, municipalities: Sequence[Area]) -> Figure:
        """Return the county's figure: its source's own, unless one computed of its municipalities is newer.

        A real figure always comes before an illustrative one.
        """
        given, computed = (
            self.of(measure, county),
            self.of_group(measure, municipalities, county.name_in(self.language)),
        )
        if given.value is None:
            return computed if computed.value is not None else given
        if computed.value is None:
            return given
        if given.is_example != computed.is_example:
            return computed if given.is_example else given
        return given if (given.year or 0) >= (computed.year or 0) else computed

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


def read_figures(
    indicator_set: IndicatorSet,
    areas: Sequence[Area],
    *,
    year: int,
    language: str,
    populations: Mapping[int, float] | None = None,
) -> Figures:
    """Read the set's figures of these areas up to and including a year, in four queries however many there are.

    The weights of means are the areas' populations by year (Sotkanet's indicator 127); `populations` gives one by area
    id for areas that have none.
    """
    items = indicator_set.items.select_related("indicator").order_by("position")
    with translation.override(language):
        measures = tuple(_measure(item.indicator, language) for item in items)
    population = Indicator.objects.filter(sotkanet_id=POPULATION).values_list("pk", flat=True).first()
    wanted = {measure.id for measure in measures}
    rows = list(
        IndicatorValue.objects.filter(
            indicator__in=wanted | ({population} if population else set()),
            area__in=[area.pk for area in areas],
            gender=IndicatorValue.Gender.TOTAL,
            year__lte=year,
        )
        .order_by("year")
        .values_list("indicator_id", "area_id", "year", "value", "status", "run_id")
    )
    runs = ImportRun.objects.in_bulk({row[5] for row in rows})
    read = {item.indicator_id: item.indicator for item in items}
    origins: dict[tuple[int, date], Origin] = {}
    points: dict[tuple[int, int], list[Point]] = defaultdict(list)
    by_area: dict[int, dict[int, float]] = {pk: {year: value} for pk, value in (populations or {}).items()}
    read_populations: dict[int, dict[int, float]] = defaultdict(dict)
    for indicator_id, area_id, of_year, value, status, run_id in rows:
        if indicator_id == population and value is not None:
            read_populations[area_id][of_year] = value
        if indicator_id in wanted:
            day = _retrieved(runs[run_id], read[indicator_id], of_year)
            if (run_id, day) not in origins:
                with translation.override(language):
                    origins[run_id, day] = _origin(runs[run_id], day)
            points[indicator_id, area_id].append(Point(of_year, value, status, origins[run_id, day]))
    return Figures(
        measures=measures,
        year=year,
        language=language,
        _points={key: tuple(series) for key, series in points.items()},
        _populations={**by_area, **read_populations},
    )


def difference(figure: Figure, reference: Figure) -> Difference | None:
    """Return how a figure differs from another, such as a group's from its county's.

    None unless both are there, of the same year, and both real or both illustrative; and none for numbers of people or
    things, by which a part always differs from the whole.
    """
    if figure.value is None or reference.value is None or figure.measure.combining == Combining.SUM:
        return None
    if figure.year != reference.year or figure.is_example != reference.is_example:
        return None
    value = change_between(reference.value, figure.value, figure.measure.decimals)
    return Difference(value, direction_of(value, reference.value, figure.measure.polarity))


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
    if run.source != ImportRun.Source.SOTKANET or indicator.read_on is None:
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


def _figure(measure: Measure, area: str, points: Sequence[Point], *, areas: int, is_computed: bool) -> Figure:
    """Return what the series says: its last point, and the change since the last value of its kind before."""
    if not points:
        return Figure(measure, area, areas=areas, is_computed=is_computed)
    last = points[-1]
    before = next((p for p in points[-2::-1] if p.value is not None and p.is_example == last.is_example), None)
    change = None
    if before is not None and before.value is not None and last.value is not None:
        change = change_between(before.value, last.value, measure.decimals)
    return Figure(
        measure=measure,
        area=area,
        year=last.year,
        value=last.value,
        status=last.status,
        previous_year=before.year if before else None,
        previous_value=before.value if before else None,
        change=change,
        direction=direction_of(change, before.value if before else None, measure.polarity),
        is_computed=is_computed,
        counted=last.counted if last.value is not None else 0,
        areas=areas,
        origin=last.origin,
    )


def _line(points: Sequence[Point]) -> tuple[tuple[int, float], ...]:
    values = [point for point in points if point.value is not None]
    if not values:
        return ()
    kind = values[-1].is_example
    return tuple((point.year, point.value) for point in values if point.is_example == kind and point.value is not None)


# --- Showing ----------------------------------------------------------------------------------------------------------


def format_value(value: float | None, decimals: int, language: str) -> str:
    """Return the number as the language writes it: "1 234,5" and "−0,3" in Finnish; "–" where there is none."""
    if value is None:
        return "–"
    number = Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    with translation.override(language):
        text = formats.number_format(abs(number), decimal_pos=decimals, use_l10n=True, force_grouping=True)
    return f"{MINUS}{text}" if number < 0 else text


def format_change(value: float | None, decimals: int, language: str) -> str:
    """Return a change with its sign: "+1,2", "−0,3", "0,0"."""
    text = format_value(value, decimals, language)
    return f"+{text}" if value is not None and rounded(value, decimals) > 0 else text


def sparkline_points(values: Sequence[tuple[int, float]], width: float, height: float, *, margin: float = 2) -> str:
    """Return the points of a polyline through years and values, for an SVG of this size; empty for less than two.

    The line fills the height between the least and the greatest value, so that it shows a course, not a level.
    """
    if len(values) < 2:
        return ""
    years, figures = [year for year, _value in values], [value for _year, value in values]
    least, range_of_values = min(figures), max(figures) - min(figures)
    first, range_of_years = min(years), max(years) - min(years)

    def place(year: int, value: float) -> str:
        across = (year - first) / range_of_years if range_of_years else 0.5
        up = (value - least) / range_of_values if range_of_values else 0.5
        return f"{margin + across * (width - 2 * margin):.1f},{height - margin - up * (height - 2 * margin):.1f}"

    return " ".join(place(year, value) for year, value in values)


def figures_csv(figures: Iterable[Figure], language: str) -> bytes:
    """Return figures as the CSV that Finnish spreadsheets open: semicolon, byte order mark, decimal comma, CRLF.

    A text that a spreadsheet would take for a formula is led by an apostrophe.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
    with translation.override(language):
        writer.writerow(
            [
                _("Indicator"),
                _("Sotkanet id"),
                _("Area"),
                _("Year"),
                _("Value"),
                _("Unit"),
                _("Status"),
                _("Source"),
                _("Retrieved on"),
            ]
        )
        for figure in figures:
            measure, origin = figure.measure, figure.origin
            writer.writerow(
                [
                    _harmless(measure.name),
                    measure.sotkanet_id or "",
                    _harmless(figure.area),
                    figure.year or "",
                    "" if figure.value is None else _plain_number(figure.value, measure.decimals),
                    _harmless(measure.unit_label),
                    status_text(figure),
                    _harmless(origin.name) if origin else "",
                    origin.retrieved_on.isoformat() if origin else "",
                ]
            )
    return file.getvalue().encode("utf-8-sig")


def status_text(figure: Figure) -> str:
    """Return in the language in use what kind of a figure this is, or why there is none."""
    if figure.value is None:
        if figure.is_computed and figure.measure.combining == Combining.NONE:
            return str(Combining.NONE.label)
        return str(Status(figure.status).label)
    return _("computed") if figure.is_computed else str(Status.OK.label)


def _plain_number(value: float, decimals: int) -> str:
    number = Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return f"{number:f}".replace(".", ",")


def _harmless(text: str) -> str:
    """Return the text so that no spreadsheet runs it as a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text
