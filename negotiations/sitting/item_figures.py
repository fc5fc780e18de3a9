"""The figures beside the items of an agenda: of each linked indicator, the latest of the municipalities there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from indicators.figures import Figure, Measure, read_figures
from indicators.models import Area, Indicator

# Of more municipalities than these one figure is shown of them all together.
MOST_APART = 6


@dataclass(frozen=True)
class LinkedIndicator:
    """An indicator linked to an item: of what it is, and its figures where any are known."""

    measure: Measure
    figures: tuple[Figure, ...]

    @property
    def is_example(self) -> bool:
        """Whether a figure is illustrative: to be marked as such."""
        return any(figure.is_example for figure in self.figures)


def linked_indicators(
    indicators: Iterable[Indicator],
    municipalities: Sequence[Area],
    county: Area,
    *,
    year: int,
    language: str,
    together: str,
) -> dict[int, LinkedIndicator]:
    """Return what is shown of each indicator, by its id. No query without indicators, at most four otherwise.

    Each municipality's own figure, or the county's of a survey that has none of it; of many municipalities one figure,
    named `together`. They are in the order of the names: municipalities are never ranked.
    """
    chosen = list({indicator.pk: indicator for indicator in indicators}.values())
    if not chosen:
        return {}
    read = read_figures(chosen, [county, *municipalities], year=year, language=language, latest=3)
    shown = {}
    for measure in read.measures:
        found = (
            [read.at(measure, area, county) for area in municipalities]
            if len(municipalities) <= MOST_APART
            else [read.of_group(measure, municipalities, together)]
        )
        # The county's, in place of several municipalities', is told once.
        own = [figure for figure in found if figure.value is not None and not figure.is_of_county]
        theirs = [figure for figure in found if figure.value is not None and figure.is_of_county][:1]
        shown[measure.id] = LinkedIndicator(measure, (*own, *theirs))
    return shown
