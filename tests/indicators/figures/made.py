"""Figures in memory, of areas that are in no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from indicators.figures import Figures, Measure, Origin, Point
from indicators.models import Area

Series = Sequence[tuple[int, float | None, str, Origin]]

MEASURE = Measure(1, 181, "Työttömät, % työvoimasta", "Väestö ja elinolot", "PERCENT", "%", 1, "lower", "", "TEM")
REAL = Origin("Sotkanet", date(2026, 11, 22), False, "CC BY 4.0", "Sotkanet. {title} (ind. {number}). Viitattu {date}.")
MADE_UP = Origin("Esimerkkiaineisto", date(2026, 11, 22), True, "", "Esimerkki.")


def area(number: int) -> Area:
    """Return an area that is in no database."""
    return Area(pk=number, kind=Area.Kind.MUNICIPALITY, code=f"{number:03d}", name_fi=f"Kunta {number}")


def figures_of(
    points: Mapping[int, Series],
    populations: Mapping[int, float],
    measure: Measure = MEASURE,
) -> Figures:
    """Return figures by area: year, value, status and origin."""
    return Figures(
        measures=(measure,),
        year=2024,
        language="fi",
        _points={(measure.id, pk): tuple(Point(*point) for point in series) for pk, series in points.items()},
        _populations={pk: {2020: people} for pk, people in populations.items()},
    )
