"""The figures of a card: the year's set, read for one municipality; ten to fifteen are shown, the rest folded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TypeVar

from indicators.figures import Figure, Measure, country_and_ended, read_figures
from municipalities.models import CardYear, Municipality

T = TypeVar("T", bound=Hashable)
# Ten to fifteen are shown (domain: "What the card holds").
MOST_SHOWN = 12
# For the spark line, the direction and several years taken together.
YEARS_READ = 8


@dataclass(frozen=True)
class FigureRow:
    """A figure of the card, with the county's and the country's beside it and its course."""

    figure: Figure
    county: Figure
    country: Figure | None
    series: tuple[tuple[int, float], ...]
    is_shown: bool = False

    @property
    def measure(self) -> Measure:
        """What the figure is of."""
        return self.figure.measure


@dataclass(frozen=True)
class CardFigures:
    """The figures of a card in the order of themes."""

    rows: tuple[FigureRow, ...]
    set_name: str
    citations: tuple[str, ...]


def read_card_figures(
    card_year: CardYear, municipality: Municipality, every: Sequence[Municipality], *, language: str
) -> CardFigures:
    """Read the figures of the year's set for one municipality, up to the year of the card. Five queries at most.

    The county's figure is its source's own, or computed of `every` municipality of it.
    """
    county = card_year.county
    areas = [row.area for row in every]
    country, ended = country_and_ended()
    figures = read_figures(
        card_year.indicator_set.in_order(),
        [county.area, *areas, *([country] if country else [])],
        year=card_year.year,
        language=language,
        latest=YEARS_READ,
        baseline=county.baseline_year,
        ended=ended,
    )
    rows = []
    for measure in figures.measures:
        figure = figures.at(measure, municipality.area, county.area)
        area = county.area if figure.is_of_county else municipality.area
        beside = figures.of(measure, country) if country else None
        rows.append(
            FigureRow(
                figure, figures.of_county(measure, county.area, areas), beside, tuple(figures.series(measure, area))
            )
        )
    themes = {theme: place for place, theme in enumerate(dict.fromkeys(row.measure.theme for row in rows))}
    rows.sort(key=lambda row: themes[row.measure.theme])
    shown = chosen([(row.measure.id, row.measure.theme, row.figure) for row in rows])
    marked = tuple(replace(row, is_shown=row.measure.id in shown) for row in rows)
    return CardFigures(marked, str(card_year.indicator_set), _citations(marked))


def chosen(figures: Sequence[tuple[T, str, Figure]], *, most: int = MOST_SHOWN) -> frozenset[T]:
    """Return which of the figures, each given with its key and theme, are shown at once.

    As many of each theme as of the others while they last; of a theme first those of the municipality itself, then
    those that are the county's, in the order of the set. One without a value is never among them.
    """
    by_theme: dict[str, list[T]] = defaultdict(list)
    for of_county in (False, True):
        for key, theme, figure in figures:
            if figure.value is not None and figure.is_of_county == of_county:
                by_theme[theme].append(key)
    in_turn = [key for keys in zip_longest(*by_theme.values()) for key in keys if key is not None]
    return frozenset(in_turn[:most])


def _citations(rows: Sequence[FigureRow]) -> tuple[str, ...]:
    """Return one line a source."""
    lines: dict[str, None] = {}
    for row in rows:
        for figure in (row.figure, row.county, row.country):
            if figure is not None and figure.value is not None and figure.origin is not None:
                lines[figure.origin.line] = None
    return tuple(lines)
