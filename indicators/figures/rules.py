"""Rules on plain numbers: rounding, means, changes, and what may be said of them where they rest on few people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from math import fsum, sqrt

from django.db import models
from django.utils.translation import gettext_lazy

from indicators.models import Indicator

# A change of less than two in a hundred of what it is compared with is not called better or worse (our proposal).
NOTICEABLE = 0.02
# Chance moves nineteen figures of twenty by less than so many standard errors.
CERTAIN = 1.96
# "No change" is said only where a change of a tenth could not be chance: else it cannot be said (our proposal).
TELLING = 0.1
# Of a small municipality the latest figures are taken together, and so are those before them: at least two and at most
# three of each, of at most five years (our proposal: the survey of schools is made every second year).
POOLED_MOST, POOLED_LEAST, POOLED_YEARS = 3, 2, 5

# How many people a rate is told of.
PEOPLE_PER: dict[str, int] = {
    Indicator.Unit.PERCENT: 100,
    Indicator.Unit.PER_1000: 1_000,
    Indicator.Unit.PER_10000: 10_000,
    Indicator.Unit.PER_100000: 100_000,
}
# Which share of an area's people a figure rests on where its source does not tell. Cautious guesses of ours: an age
# class of registers is often a tenth, those who answer the survey of schools (classes 8 and 9) and of adults far fewer.
SHARE_COUNTED: dict[str, float] = {
    Indicator.Survey.NONE: 0.1,
    Indicator.Survey.SCHOOL: 0.015,
    Indicator.Survey.ADULT: 0.005,
}


class Direction(models.TextChoices):
    """Which way a figure went, or differs, judged by the indicator's polarity."""

    BETTER = "better", gettext_lazy("better")
    WORSE = "worse", gettext_lazy("worse")
    SAME = "same", gettext_lazy("same")
    # Nothing to compare with, too few people to tell it from chance, or neither way is better.
    UNKNOWN = "unknown", gettext_lazy("cannot be said")


@dataclass(frozen=True)
class Sample:
    """A figure and the number of people it rests on, in hundreds, thousands … as the unit counts them.

    A rate times its `exposure` is the number of cases. None where it is not a rate, or not known.
    """

    value: float
    exposure: float | None = None


@dataclass(frozen=True)
class Pooled:
    """Several years together: what is said of a small municipality rests on them."""

    first_year: int
    last_year: int
    value: float
    before_first_year: int
    before_last_year: int
    before_value: float


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
    """Return whether a change from the reference is for the better, whatever the number of people.

    A change too small to notice is none; nothing can be said where neither way is better or nothing is compared.
    """
    if change is None or reference is None or polarity == Indicator.Polarity.NEUTRAL:
        return Direction.UNKNOWN
    if abs(change) < NOTICEABLE * abs(reference) or change == 0:
        return Direction.SAME
    return Direction.BETTER if (change > 0) == (polarity == Indicator.Polarity.HIGHER) else Direction.WORSE


def chance_between(one: Sample, other: Sample, unit: str) -> float | None:
    """Return how far apart chance alone may set two rates; None where they are no rates, or rest on unknown numbers.

    Cases are taken to come independently: the standard error of the difference between two binomial shares with one
    common share, times CERTAIN.
    """
    people = PEOPLE_PER.get(unit)
    if people is None or not one.exposure or not other.exposure:
        return None
    both = one.exposure + other.exposure
    common = (one.value * one.exposure + other.value * other.exposure) / both
    # Rates above their own unit are seen (crimes per 1,000 of few people); then cases are rare of none.
    spread = common * max(1 - common / people, 0.0) or common
    return CERTAIN * sqrt(max(spread, 0.0) * (1 / one.exposure + 1 / other.exposure))


def judged(change: float | None, one: Sample | None, other: Sample | None, *, unit: str, polarity: str) -> Direction:
    """Return whether a change from `other` to `one` is for the better, and no chance: small numbers say nothing.

    `change` is the one shown. It is called none only where a change of a tenth would have been seen.
    """
    if one is None or other is None:
        return Direction.UNKNOWN
    direction = direction_of(change, other.value, polarity)
    chance = chance_between(one, other, unit)
    if change is None or direction == Direction.UNKNOWN or chance is None:
        return direction
    if direction != Direction.SAME and abs(change) > chance:
        return direction
    return Direction.SAME if chance <= TELLING * abs(other.value) else Direction.UNKNOWN


def pooled_sample(samples: Sequence[Sample]) -> Sample | None:
    """Return several years' rate together: all their cases per all their people. None where one's are not known."""
    exposures = [sample.exposure for sample in samples if sample.exposure]
    if not samples or len(exposures) != len(samples):
        return None
    value = weighted_mean([sample.value for sample in samples], exposures)
    return None if value is None else Sample(value, fsum(exposures))


def pooled_years(samples: Mapping[int, Sample]) -> tuple[list[int], list[int]] | None:
    """Return the latest years that are taken together, and those before them; None where there are too few."""
    years = sorted(samples, reverse=True)
    late = [year for year in years[:POOLED_MOST] if years[0] - year < POOLED_YEARS]
    rest = years[len(late) :]
    early = [year for year in rest[:POOLED_MOST] if rest[0] - year < POOLED_YEARS and late[-1] - rest[0] < POOLED_YEARS]
    return (late, early) if min(len(late), len(early)) >= POOLED_LEAST else None


def judged_together(
    samples: Mapping[int, Sample], *, unit: str, decimals: int, polarity: str
) -> tuple[Direction, Pooled | None]:
    """Return what the latest years together say against those before them, and which they are."""
    chosen = pooled_years(samples)
    if chosen is None:
        return Direction.UNKNOWN, None
    late, early = chosen
    now, before = pooled_sample([samples[year] for year in late]), pooled_sample([samples[year] for year in early])
    if now is None or before is None:
        return Direction.UNKNOWN, None
    change = change_between(before.value, now.value, decimals)
    direction = judged(change, now, before, unit=unit, polarity=polarity)
    return direction, Pooled(late[-1], late[0], now.value, early[-1], early[0], before.value)


def nearest(by_year: Mapping[int, float], year: int) -> float | None:
    """Return the figure of the year nearest to this one, of the earlier where two are as near."""
    if not by_year:
        return None
    return by_year[min(by_year, key=lambda other: (abs(other - year), other))]
