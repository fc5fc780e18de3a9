"""With whom a municipality is compared: its group, its county, those of its size, or those that somebody chooses.

Never the best or the worst: municipalities stay in the order of the alphabet or of their size.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from municipalities.models import Municipality

# As many of a municipality's size as one can look through.
OF_A_SIZE = 10


@dataclass(frozen=True)
class Size:
    """A class of municipalities by their inhabitants, from `least` up to but not including `below`."""

    key: str
    label: str | Promise
    least: int
    below: int


SIZES = (
    Size("pienet", gettext_lazy("fewer than 5,000 inhabitants"), 0, 5_000),
    Size("keskikokoiset", gettext_lazy("5,000 to 19,999 inhabitants"), 5_000, 20_000),
    Size("suuret", gettext_lazy("20,000 inhabitants or more"), 20_000, 10**9),
)


def of_size(municipalities: Iterable[Municipality], key: str) -> list[Municipality]:
    """Return those of the size class. Raises KeyError for a class that there is not."""
    size = {size.key: size for size in SIZES}[key]
    return [one for one in municipalities if size.least <= one.population < size.below]


def of_like_size(one: Municipality, every: Iterable[Municipality], *, most: int = OF_A_SIZE) -> list[Municipality]:
    """Return the municipality and those nearest to its size, by how many times as large they are; alphabetically.

    Of two that are as near, the one that comes first in `every`.
    """

    def distance(other: Municipality) -> float:
        return abs(log(max(other.population, 1) / max(one.population, 1)))

    others = sorted((other for other in every if other.pk != one.pk), key=distance)[:most]
    return sorted([one, *others], key=lambda municipality: municipality.area.order)


def by_size(municipalities: Sequence[Municipality]) -> list[Municipality]:
    """Return the municipalities by their inhabitants, the largest first; alphabetically where they are as many."""
    return sorted(municipalities, key=lambda one: (-one.population, one.area.order))
