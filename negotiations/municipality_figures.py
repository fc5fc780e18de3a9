"""A municipality's figures beside the county's and the country's: read once, shown as a table and had as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from indicators.figures import (
    Direction,
    Figure,
    Measure,
    Origin,
    country_and_ended,
    read_figures,
    rounded,
    sparkline_points,
    status_text,
)
from municipalities.catalogue.keeping import MOST_IN_SET, set_shown
from municipalities.models import County, Municipality
from municipalities.tables import SORT, Column, Kind, Table

# The box of a spark line, as the template draws it.
SPARK_WIDTH, SPARK_HEIGHT = 104, 28
BY_THEME = "teema"


@dataclass(frozen=True)
class FigureRow:
    """A figure of a municipality with its line, and the county's and the country's figure beside it."""

    figure: Figure
    county: Figure
    # None where the country has no area to read.
    country: Figure | None
    # The points of a polyline; empty for fewer than two years, which make no line.
    line: str
    # The place in the order of themes, and of the set.
    place: tuple[int, int]

    @property
    def end(self) -> list[str]:
        """Where the line ends: x and y."""
        return self.line.split()[-1].split(",")

    @property
    def measure(self) -> Measure:
        """What the figures are of."""
        return self.figure.measure

    @property
    def status(self) -> str:
        """What kind of a figure it is, or why there is none."""
        return _("the county’s") if self.figure.is_of_county else status_text(self.figure)

    @property
    def direction(self) -> str:
        """Which way it went, with the years that were taken together for that; empty where it was not compared."""
        if self.figure.change is None:
            return ""
        words, pooled = str(self.figure.direction.label), self.figure.pooled
        if pooled is None or self.figure.direction == Direction.UNKNOWN:
            return words
        years = _("(years %(first)s–%(last)s together)") % {"first": pooled.first_year, "last": pooled.last_year}
        return f"{words} {years}"


@dataclass(frozen=True)
class MunicipalityFigures:
    """The figures of a municipality in the order of themes, and where those shown came from."""

    rows: list[FigureRow]
    origins: list[Origin]

    @property
    def first_of_themes(self) -> list[FigureRow]:
        """The first figure of each theme."""
        return [next(rows) for _theme, rows in groupby(self.rows, key=lambda row: row.measure.theme)]

    @property
    def has_country(self) -> bool:
        """Whether the country can be shown beside."""
        return any(row.country is not None for row in self.rows)


def read_municipality(
    county: County, shown: Municipality, every: Sequence[Municipality], *, today: date
) -> MunicipalityFigures:
    """Read the figures of a municipality; `every` one of the county is needed to compute the county's."""
    chosen = set_shown(county)
    if chosen is None:
        return MunicipalityFigures([], [])
    areas = [row.area for row in every]
    country, ended = country_and_ended()
    figures = read_figures(
        chosen.in_order(),
        [county.area, *areas, *([country] if country else [])],
        year=today.year,
        language=get_language() or "fi",
        baseline=county.baseline_year,
        ended=ended,
    )
    themes: dict[str, int] = {}
    rows = []
    for number, measure in enumerate(figures.measures):
        figure = figures.at(measure, shown.area, county.area)
        series = figures.series(measure, county.area if figure.is_of_county else shown.area)
        rows.append(
            FigureRow(
                figure,
                figures.of_county(measure, county.area, areas),
                figures.of(measure, country) if country else None,
                sparkline_points(series, SPARK_WIDTH, SPARK_HEIGHT, margin=4),
                (themes.setdefault(measure.theme, len(themes)), number),
            )
        )
    rows.sort(key=lambda row: row.place)
    beside = [figure for row in rows for figure in (row.figure, row.county, row.country) if figure is not None]
    used = {figure.origin for figure in beside}
    return MunicipalityFigures(rows, [origin for origin in figures.origins() if origin in used])


def table_of(request: HttpRequest, found: MunicipalityFigures, *, name: str, county: County) -> Table[FigureRow]:
    """Return the figures as a list that sorts and is had as a file."""
    table: Table[FigureRow] = Table(
        request,
        found.rows,
        _columns(has_baseline=county.baseline_year is not None, has_country=found.has_country),
        name=name,
        sort=BY_THEME,
        per_page=MOST_IN_SET,
    )
    return table


def grouped(table: Table[FigureRow]) -> list[tuple[str, list[FigureRow]]]:
    """Return the rows of the page by theme where they are in that order, else all under no name."""
    if table.sort.removeprefix("-") != BY_THEME:
        return [("", list(table.rows))]
    return [(theme, list(rows)) for theme, rows in groupby(table.rows, key=lambda row: row.measure.theme)]


def theme_url(table: Table[FigureRow]) -> str:
    """Return the address of the list by theme; empty where it is so already."""
    return "" if table.sort.removeprefix("-") == BY_THEME else table.url(**{SORT: BY_THEME})


def _columns(*, has_baseline: bool, has_country: bool) -> tuple[Column[FigureRow], ...]:
    def number(row: FigureRow, value: float | None) -> float | int | None:
        decimals = row.measure.decimals
        if value is None:
            return None
        return rounded(value, decimals) if decimals else int(rounded(value, 0))

    def county(row: FigureRow) -> float | int | None:
        return number(row, row.county.value)

    def country(row: FigureRow) -> float | int | None:
        return number(row, row.country.value if row.country else None)

    def value(row: FigureRow) -> float | int | None:
        return number(row, row.figure.value)

    def change(row: FigureRow) -> float | int | None:
        return number(row, row.figure.change)

    def since_baseline(row: FigureRow) -> float | int | None:
        return number(row, row.figure.baseline_change)

    def text(key: str, label: str, of: str) -> Column[FigureRow]:
        return Column(key, label, lambda row: getattr(row, of), shown=False)

    def year(row: FigureRow) -> int | None:
        return row.figure.year

    figures = Kind.NUMBER
    return (
        Column(BY_THEME, _("Theme"), lambda row: row.measure.theme, order=lambda row: row.place, shown=False),
        Column("tunnusluku", _("Indicator"), lambda row: row.measure.name, order=lambda row: row.measure.name),
        Column("luku", _("Figure"), value, order=value, kind=figures),
        Column("yksikko", _("Unit"), lambda row: row.measure.unit_label, shown=False),
        Column("vuosi", _("Year"), year, order=year),
        text("tila", _("Status"), "status"),
        Column("edellinen", _("Previous year"), lambda row: row.figure.previous_year, kind=figures, shown=False),
        Column("muutos", _("Change"), change, order=change, kind=figures),
        text("suunta", _("Direction"), "direction"),
        Column("lahtovuosi", _("Baseline year"), lambda row: row.figure.baseline_year, kind=figures, shown=False),
        Column(
            "lahtovuodesta",
            _("From the baseline year"),
            since_baseline,
            order=since_baseline if has_baseline else None,
            kind=figures,
            shown=has_baseline,
        ),
        Column("kulku", _("Course"), lambda row: None, exported=False),
        Column("alue", _("County"), county, order=county, kind=figures),
        Column(
            "maa",
            _("Whole country"),
            country,
            order=country if has_country else None,
            kind=figures,
            shown=has_country,
        ),
        Column("lahde", _("Source"), lambda row: row.figure.origin.name if row.figure.origin else None, shown=False),
        Column(
            "haettu",
            _("Retrieved on"),
            lambda row: row.figure.origin.retrieved_on if row.figure.origin else None,
            kind=Kind.DAY,
            shown=False,
        ),
    )
