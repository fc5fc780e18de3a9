"""The figures of an item of the agenda, as the sitting looks at them: of its municipalities, beside the county's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import get_language

from indicators.figures import Figure, country_and_ended, read_figures, sparkline_points
from indicators.models import Indicator
from municipalities.models import County, Municipality

# The box of a spark line, as the templates draw it.
SPARK_WIDTH, SPARK_HEIGHT = 104, 28


@dataclass(frozen=True)
class ItemFigure:
    """An indicator of an item: the figure that is looked at first, its line, and those beside it, each with its name.

    Of one municipality its own figure is first; of several the county's, and theirs are beside it.
    """

    name: str
    whose: str
    figure: Figure
    line: str
    beside: Sequence[tuple[str, Figure]]

    @property
    def end(self) -> list[str]:
        """Where the line ends: x and y. The line has points."""
        return self.line.split()[-1].split(",")


def read_item_figures(
    indicators: Sequence[Indicator], negotiating: Sequence[Municipality], county: County, *, today: date
) -> list[ItemFigure]:
    """Read the figures of these indicators. None for no indicators, else at most seven queries, however many."""
    if not indicators:
        return []
    areas = [row.area for row in Municipality.objects.filter(county=county).select_related("area")]
    country, ended = country_and_ended()
    figures = read_figures(
        indicators,
        [county.area, *areas, *([country] if country else [])],
        year=today.year,
        language=get_language() or "fi",
        ended=ended,
    )
    shown = []
    for measure in figures.measures:
        of_county = figures.of_county(measure, county.area, areas)
        beside = [(str(county), of_county)] if of_county.value is not None else []
        if len(negotiating) == 1:
            (municipality,) = negotiating
            figure = figures.at(measure, municipality.area, county.area)
            whose, area = (str(county), county.area) if figure.is_of_county else (str(municipality), municipality.area)
            series = figures.series(measure, area)
            if figure.is_of_county:
                beside = []
        else:
            figure, whose = of_county, str(county)
            series = figures.county_series(measure, county.area, areas)
            beside = [(str(one), figures.of(measure, one.area)) for one in negotiating]
        of_country = figures.of(measure, country) if country else None
        if country is not None and of_country is not None and of_country.value is not None:
            beside.append((country.name, of_country))
        line = sparkline_points(series, SPARK_WIDTH, SPARK_HEIGHT, margin=4)
        shown.append(ItemFigure(measure.name, whose, figure, line, beside))
    return shown
