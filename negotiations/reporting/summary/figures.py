"""The figures of the municipalities in a summary: typed values to be frozen, and their reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from indicators.figures import Direction, Figure, Figures, Measure, Origin, Spread, read_figures
from indicators.models import Area
from municipalities.models import Municipality
from negotiations.models import Round


@dataclass(frozen=True)
class Value:
    """A figure of one area, or of several together. `origin` is its place among the sources."""

    area: str
    year: int | None
    value: float | None
    status: str
    previous_year: int | None
    previous_value: float | None
    change: float | None
    direction: str
    is_computed: bool
    counted: int
    areas: int
    origin: int | None


@dataclass(frozen=True)
class Shown:
    """An indicator in all areas of the round: the country, the county, the groups and the municipalities."""

    measure: Measure
    is_example: bool
    country: Value
    county: Value
    groups: list[Value]
    municipalities: list[Value]
    spread: Spread | None
    county_line: list[tuple[int, float]]
    country_line: list[tuple[int, float]]


@dataclass(frozen=True)
class FigureChapter:
    """The figures shown beside the round, up to a year, and where they came from."""

    year: int
    set_name: str
    indicators: list[Shown]
    sources: list[Origin]

    @property
    def has_examples(self) -> bool:
        """Whether any figure is illustrative: said on the first page, and marked wherever one is printed."""
        return any(shown.is_example for shown in self.indicators)

    @property
    def has_country(self) -> bool:
        """Whether the whole country can be shown for comparison."""
        return any(shown.country.value is not None for shown in self.indicators)

    @property
    def citations(self) -> list[str]:
        """The sources in the form each asks for: one of every indicator shown, one of the examples together."""
        cited: dict[str, None] = {}
        for shown in self.indicators:
            for value in (shown.county, *shown.municipalities):
                if value.origin is not None:
                    cited[self.sources[value.origin].cite(shown.measure)] = None
        return list(cited)

    def figures(self) -> list[Figure]:
        """All figures, typed as they were read: what travels as a file with the document."""
        return [
            _figure_of(value, shown.measure, self.sources)
            for shown in self.indicators
            for value in (shown.country, shown.county, *shown.groups, *shown.municipalities)
            if value is not shown.country or value.value is not None
        ]


def figure_chapter(
    round_: Round, groups: Sequence[tuple[str, list[Area]]], municipalities: Sequence[Municipality], *, year: int
) -> FigureChapter | None:
    """Read the figures that the county shows beside the round, up to a year, in a constant number of queries.

    `groups` are the names of the negotiations held, with the areas of their municipalities. None where the county has
    chosen no indicators, or there are no figures of them.
    """
    if round_.indicator_set is None or not municipalities:
        return None
    country = Area.objects.filter(kind=Area.Kind.COUNTRY).first()
    county = round_.county.area
    areas = [municipality.area for municipality in municipalities]
    figures = read_figures(
        round_.indicator_set.in_order(),
        [*areas, county, *([country] if country else [])],
        year=year,
        language=round_.language,
        populations={municipality.area_id: municipality.population for municipality in municipalities},
    )
    sources = list(figures.origins())
    if not sources:
        return None
    return FigureChapter(
        year=year,
        set_name=round_.indicator_set.name,
        indicators=[
            shown
            for measure in figures.measures
            if (shown := _shown(measure, figures, country, county, areas, groups, sources)) is not None
        ],
        sources=sources,
    )


def _shown(
    measure: Measure,
    figures: Figures,
    country: Area | None,
    county: Area,
    areas: Sequence[Area],
    groups: Sequence[tuple[str, list[Area]]],
    sources: Sequence[Origin],
) -> Shown | None:
    """An indicator in all areas; None where no area has a figure of it."""
    of_county = figures.of_county(measure, county, areas)
    of_country = figures.of(measure, country) if country else Figure(measure, "")
    of_areas = [figures.of(measure, area) for area in areas]
    of_groups = [figures.of_group(measure, members, name) for name, members in groups]
    every = [of_county, of_country, *of_areas, *of_groups]
    if all(figure.value is None for figure in every):
        return None
    return Shown(
        measure=measure,
        is_example=any(figure.is_example for figure in every),
        country=_value(of_country, sources),
        county=_value(of_county, sources),
        groups=[_value(figure, sources) for figure in of_groups],
        municipalities=[_value(figure, sources) for figure in of_areas],
        spread=figures.spread(measure, areas),
        county_line=list(figures.county_series(measure, county, areas)),
        country_line=list(figures.series(measure, country)) if country else [],
    )


def _value(figure: Figure, sources: Sequence[Origin]) -> Value:
    return Value(
        area=figure.area,
        year=figure.year,
        value=figure.value,
        status=figure.status,
        previous_year=figure.previous_year,
        previous_value=figure.previous_value,
        change=figure.change,
        direction=figure.direction,
        is_computed=figure.is_computed,
        counted=figure.counted,
        areas=figure.areas,
        origin=sources.index(figure.origin) if figure.origin else None,
    )


def _figure_of(value: Value, measure: Measure, sources: Sequence[Origin]) -> Figure:
    return Figure(
        measure=measure,
        area=value.area,
        year=value.year,
        value=value.value,
        status=value.status,
        previous_year=value.previous_year,
        previous_value=value.previous_value,
        change=value.change,
        direction=Direction(value.direction),
        is_computed=value.is_computed,
        counted=value.counted,
        areas=value.areas,
        origin=None if value.origin is None else sources[value.origin],
    )
