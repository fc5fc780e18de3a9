"""Rules on plain numbers: stated plainly, tried on any numbers."""

from __future__ import annotations

from math import fsum, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicators.figures import (
    Direction,
    Sample,
    change_between,
    combined_dependency_ratio,
    direction_of,
    judged,
    judged_together,
    nearest,
    pooled_sample,
    rounded,
    weighted_mean,
)
from indicators.figures.rules import PEOPLE_PER, chance_between, pooled_years
from indicators.models import Indicator

values = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)
weights = st.floats(min_value=0, max_value=1e7, allow_nan=False).map(lambda weight: 0.0 if weight < 1e-3 else weight)
weighted = st.lists(st.tuples(values, weights), min_size=1, max_size=30)


# --- Rules on plain numbers -------------------------------------------------------------------------------------------


@given(weighted)
def test_a_weighted_mean_lies_between_the_least_and_the_greatest(pairs: list[tuple[float, float]]) -> None:
    numbers, loads = [value for value, _weight in pairs], [weight for _value, weight in pairs]
    mean = weighted_mean(numbers, loads)
    counted = [value for value, weight in pairs if weight > 0]
    assert mean is None if not counted else mean is not None and min(counted) <= mean <= max(counted)


@given(values, st.lists(weights, min_size=1, max_size=30))
def test_a_weighted_mean_of_one_value_is_that_value(value: float, loads: list[float]) -> None:
    assert weighted_mean([value] * len(loads), loads) == (value if any(loads) else None)


@given(weighted, values)
def test_what_weighs_nothing_does_not_count(pairs: list[tuple[float, float]], stray: float) -> None:
    numbers, loads = [value for value, _weight in pairs], [weight for _value, weight in pairs]
    assert weighted_mean([*numbers, stray], [*loads, 0.0]) == weighted_mean(numbers, loads)


@given(weighted, st.sampled_from([0.5, 2.0, 1024.0]))
def test_only_the_proportions_of_weights_matter(pairs: list[tuple[float, float]], times: float) -> None:
    numbers, loads = [value for value, _weight in pairs], [weight for _value, weight in pairs]
    assert weighted_mean(numbers, [load * times for load in loads]) == weighted_mean(numbers, loads)


def test_weighted_mean_by_hand() -> None:
    assert weighted_mean([10.0, 20.0], [3, 1]) == 12.5
    assert weighted_mean([], []) is None
    with pytest.raises(ValueError, match="negative"):
        weighted_mean([1.0], [-1.0])
    with pytest.raises(ValueError, match="argument 2"):
        weighted_mean([1.0, 2.0], [1.0])


@given(st.lists(st.tuples(st.integers(1, 10_000), st.integers(0, 10_000)), min_size=1, max_size=10))
def test_a_dependency_ratio_of_several_is_that_of_all_their_people(people: list[tuple[int, int]]) -> None:
    ratios = [100 * dependents / others for others, dependents in people]
    populations = [float(others + dependents) for others, dependents in people]
    expected = 100 * sum(dependents for _o, dependents in people) / sum(others for others, _d in people)
    assert combined_dependency_ratio(ratios, populations) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(values, values, st.integers(0, 3))
def test_a_change_shown_is_that_of_the_figures_shown(before: float, now: float, decimals: int) -> None:
    change = change_between(before, now, decimals)
    assert round(rounded(before, decimals) + change - rounded(now, decimals), decimals) == 0


def test_rounding_is_half_away_from_zero() -> None:
    assert [rounded(value, 1) for value in (0.25, 0.35, -0.25, 2.675)] == [0.3, 0.4, -0.3, 2.7]
    assert rounded(2.675, 2) == 2.68
    assert rounded(0.5, 0) == 1


@pytest.mark.parametrize(
    ("change", "polarity", "expected"),
    [
        (1.0, "higher", Direction.BETTER),
        (-1.0, "higher", Direction.WORSE),
        (1.0, "lower", Direction.WORSE),
        (-1.0, "lower", Direction.BETTER),
        (0.0, "lower", Direction.SAME),
        (0.1, "lower", Direction.SAME),  # one in a hundred is not noticeable
        (1.0, "neutral", Direction.UNKNOWN),
        (None, "higher", Direction.UNKNOWN),
    ],
)
def test_direction(change: float | None, polarity: str, expected: Direction) -> None:
    assert direction_of(change, 10.0, polarity) == expected


@given(values, values)
def test_opposite_polarities_see_opposite_directions(change: float, reference: float) -> None:
    opposite = {Direction.BETTER: Direction.WORSE, Direction.WORSE: Direction.BETTER, Direction.SAME: Direction.SAME}
    assert opposite[direction_of(change, reference, "higher")] == direction_of(change, reference, "lower")


def test_direction_needs_something_to_compare_with() -> None:
    assert direction_of(1.0, None, "higher") == Direction.UNKNOWN


def test_nearest_year() -> None:
    assert nearest({2000: 1.0, 2010: 2.0}, 2004) == 1.0
    assert nearest({2000: 1.0, 2010: 2.0}, 2005) == 1.0
    assert nearest({2000: 1.0, 2010: 2.0}, 2023) == 2.0
    assert nearest({}, 2023) is None


# --- What may be said of few people -----------------------------------------------------------------------------------

SAID = {Direction.BETTER, Direction.WORSE}
OPPOSITE = {
    Direction.BETTER: Direction.WORSE,
    Direction.WORSE: Direction.BETTER,
    Direction.SAME: Direction.SAME,
    Direction.UNKNOWN: Direction.UNKNOWN,
}

percents = st.integers(0, 1000).map(lambda tenths: tenths / 10)
exposures = st.floats(min_value=0.01, max_value=1e4)
samples = st.builds(Sample, percents, exposures)
units = st.sampled_from(sorted(PEOPLE_PER))
polarities = st.sampled_from(["higher", "lower"])


def shown(one: Sample, other: Sample) -> float:
    """Return the change shown from the other to the one."""
    return change_between(other.value, one.value, 1)


@given(samples, samples, units, st.sampled_from(["higher", "lower", "neutral"]))
def test_no_change_is_never_better_or_worse(one: Sample, other: Sample, unit: str, polarity: str) -> None:
    assert judged(0.0, one, other, unit=unit, polarity=polarity) not in SAID


@given(samples, samples, units)
def test_opposite_polarities_judge_oppositely(one: Sample, other: Sample, unit: str) -> None:
    higher, lower = (judged(shown(one, other), one, other, unit=unit, polarity=each) for each in ("higher", "lower"))
    assert OPPOSITE[higher] == lower


@given(samples, samples, units)
def test_where_neither_way_is_better_nothing_is_said(one: Sample, other: Sample, unit: str) -> None:
    assert judged(shown(one, other), one, other, unit=unit, polarity="neutral") == Direction.UNKNOWN


@given(samples, samples, units, polarities, st.integers(2, 1000))
def test_more_people_never_take_back_what_was_said(
    one: Sample, other: Sample, unit: str, polarity: str, times: int
) -> None:
    more = [Sample(each.value, (each.exposure or 0) * times) for each in (one, other)]
    said = judged(shown(one, other), one, other, unit=unit, polarity=polarity)
    if said in SAID:
        assert judged(shown(one, other), *more, unit=unit, polarity=polarity) == said


@given(samples, samples, polarities)
def test_better_and_worse_pass_the_test_of_two_shares(one: Sample, other: Sample, polarity: str) -> None:
    if judged(shown(one, other), one, other, unit="PERCENT", polarity=polarity) not in SAID:
        return
    number, before = 100 * (one.exposure or 0), 100 * (other.exposure or 0)
    share = (one.value / 100 * number + other.value / 100 * before) / (number + before)
    error = sqrt(share * (1 - share) * (1 / number + 1 / before))
    assert abs(one.value - other.value) / 100 > 1.96 * error * (1 - 1e-6)


@given(percents, percents, st.floats(1e-6, 0.01), st.floats(1e-6, 0.01), polarities)
def test_of_one_person_nothing_is_better_or_worse(
    value: float, before: float, people: float, people_before: float, polarity: str
) -> None:
    one, other = Sample(value, people), Sample(before, people_before)
    assert judged(shown(one, other), one, other, unit="PERCENT", polarity=polarity) not in SAID


@given(percents, percents, st.sampled_from([None, 0.0]), exposures, units, polarities, st.booleans())
def test_with_unknown_people_only_the_change_counts(
    value: float, before: float, unknown: float | None, known: float, unit: str, polarity: str, swapped: bool
) -> None:
    one, other = Sample(value, known if swapped else unknown), Sample(before, unknown if swapped else known)
    change = shown(one, other)
    assert chance_between(one, other, unit) is None
    assert judged(change, one, other, unit=unit, polarity=polarity) == direction_of(change, before, polarity)


@pytest.mark.parametrize("unit", sorted(set(Indicator.Unit.values) - set(PEOPLE_PER)))
def test_what_is_no_rate_is_judged_by_its_change(unit: str) -> None:
    one, other = Sample(10.0, 0.01), Sample(5.0, 0.01)
    assert judged(5.0, one, other, unit=unit, polarity="higher") == Direction.BETTER


def test_judged_by_hand() -> None:
    # Of 1,000 people each, 10 % and 14 %: 1.96 standard errors are 2.85 percentage points; of 400 each, 4.50.
    many, few = (Sample(14.0, 10), Sample(10.0, 10)), (Sample(14.0, 4), Sample(10.0, 4))
    assert chance_between(*many, "PERCENT") == pytest.approx(2.8476, abs=1e-3)
    assert judged(4.0, *many, unit="PERCENT", polarity="lower") == Direction.WORSE
    assert judged(4.0, *few, unit="PERCENT", polarity="lower") == Direction.UNKNOWN
    # "The same" only of so many that a tenth of ten would have been seen.
    assert judged(0.0, Sample(10.0, 10), Sample(10.0, 10), unit="PERCENT", polarity="lower") == Direction.UNKNOWN
    assert judged(0.0, Sample(10.0, 100), Sample(10.0, 100), unit="PERCENT", polarity="lower") == Direction.SAME
    assert judged(None, *many, unit="PERCENT", polarity="lower") == Direction.UNKNOWN
    assert judged(4.0, None, many[1], unit="PERCENT", polarity="lower") == Direction.UNKNOWN


# --- Several years together -------------------------------------------------------------------------------------------

by_years = st.dictionaries(st.integers(2000, 2024), samples, max_size=25)


@given(st.lists(samples, min_size=1, max_size=6))
def test_years_together_are_all_cases_per_all_people(several: list[Sample]) -> None:
    together = pooled_sample(several)
    assert together is not None
    assert min(each.value for each in several) <= together.value <= max(each.value for each in several)
    people = fsum(each.exposure or 0 for each in several)
    assert together.exposure == pytest.approx(people)
    cases = fsum(each.value * (each.exposure or 0) for each in several)
    assert together.value == pytest.approx(cases / people)


@given(st.lists(samples, max_size=5), percents, st.sampled_from([None, 0.0]), st.integers(0, 5))
def test_years_are_not_taken_together_when_the_people_of_one_are_unknown(
    several: list[Sample], value: float, unknown: float | None, place: int
) -> None:
    assert pooled_sample([*several[:place], Sample(value, unknown), *several[place:]]) is None
    assert pooled_sample([]) is None


@given(by_years)
def test_late_and_early_years_are_apart_and_few(by_year: dict[int, Sample]) -> None:
    chosen = pooled_years(by_year)
    if chosen is None:
        return
    late, early = chosen
    assert set(late) | set(early) <= set(by_year)
    assert max(by_year) in late and min(late) > max(early)
    for years in (late, early):
        assert 2 <= len(years) == len(set(years)) <= 3
        assert max(years) - min(years) < 5
    assert min(late) - max(early) < 5
    # No year in between is passed over.
    assert not [year for year in by_year if min(early) < year and year not in late + early]


@pytest.mark.parametrize(
    ("years", "expected"),
    [
        (range(2015, 2025), ([2024, 2023, 2022], [2021, 2020, 2019])),
        ([2023, 2021, 2019, 2017, 2015, 2013], ([2023, 2021, 2019], [2017, 2015, 2013])),
        ([2024, 2023, 2019, 2018], ([2024, 2023], [2019, 2018])),
        ([2024, 2020, 2016, 2012], ([2024, 2020], [2016, 2012])),
        ([2024, 2023, 2018, 2017], None),  # five years between them
        ([2024, 2019, 2018, 2017], None),  # the latest stands alone
        ([2024, 2023, 2022, 2021], None),  # one year before them
        ([2024, 2023, 2022], None),
        ([], None),
    ],
)
def test_years_taken_together_by_hand(years: list[int], expected: tuple[list[int], list[int]] | None) -> None:
    assert pooled_years({year: Sample(10.0, 1.0) for year in years}) == expected


@given(by_years, units, polarities, st.integers(2, 1000))
def test_people_do_not_move_what_years_come_to_together(
    by_year: dict[int, Sample], unit: str, polarity: str, times: int
) -> None:
    more = {year: Sample(each.value, (each.exposure or 0) * times) for year, each in by_year.items()}
    direction, pooled = judged_together(by_year, unit=unit, decimals=1, polarity=polarity)
    _direction, of_more = judged_together(more, unit=unit, decimals=1, polarity=polarity)
    assert (pooled is None) == (of_more is None) == (pooled_years(by_year) is None)
    if pooled is None or of_more is None:
        assert direction == Direction.UNKNOWN
        return
    assert of_more.value == pytest.approx(pooled.value, rel=1e-9, abs=1e-9)
    assert of_more.before_value == pytest.approx(pooled.before_value, rel=1e-9, abs=1e-9)
    assert (of_more.first_year, of_more.last_year) == (pooled.first_year, pooled.last_year)
    assert pooled.before_first_year <= pooled.before_last_year < pooled.first_year <= pooled.last_year


def test_years_together_tell_what_single_years_cannot() -> None:
    by_year = {year: Sample(10.0 if year < 2022 else 14.0, 6) for year in range(2019, 2025)}
    alone = judged(4.0, by_year[2024], by_year[2021], unit="PERCENT", polarity="lower")
    together, pooled = judged_together(by_year, unit="PERCENT", decimals=1, polarity="lower")
    assert (alone, together) == (Direction.WORSE, Direction.WORSE)
    fewer = {year: Sample(each.value, 3) for year, each in by_year.items()}
    alone = judged(4.0, fewer[2024], fewer[2021], unit="PERCENT", polarity="lower")
    together, pooled = judged_together(fewer, unit="PERCENT", decimals=1, polarity="lower")
    assert (alone, together) == (Direction.UNKNOWN, Direction.WORSE)
    assert pooled is not None and (pooled.value, pooled.before_value) == (14.0, 10.0)
