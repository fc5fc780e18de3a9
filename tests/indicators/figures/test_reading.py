"""Figures of areas, alone and together, and of municipalities that have merged: on figures in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from random import Random

import pytest
from django.utils import translation
from hypothesis import assume, given
from hypothesis import strategies as st

from indicators.figures import (
    Direction,
    Figure,
    Figures,
    Measure,
    Point,
    combined_dependency_ratio,
    difference,
    figures_csv,
)
from indicators.figures.reading import continued
from indicators.models import Area
from tests.indicators.figures.made import MADE_UP, MEASURE, REAL, Series, area, figures_of

COUNT = replace(MEASURE, unit="COUNT", decimals=0)
DEPENDENCY = replace(MEASURE, sotkanet_id=761, unit="RATIO")

# --- Combining, on figures in memory ----------------------------------------------------------------------------------


def test_a_group_is_weighted_by_population() -> None:
    read = figures_of({1: [(2019, 10.0, "ok", REAL)], 2: [(2019, 20.0, "ok", REAL)]}, {1: 3000, 2: 1000})
    group = read.of_group(MEASURE, [area(1), area(2)], "Ryhmä")
    assert (group.value, group.year, group.is_computed, group.counted, group.areas) == (12.5, 2019, True, 2, 2)
    assert group.origin == REAL


def test_a_mean_needs_half_of_the_people() -> None:
    series: dict[int, Series] = {
        1: [(2019, 10.0, "ok", REAL), (2021, None, "suppressed", REAL)],
        2: [(2019, 20.0, "ok", REAL), (2021, 30.0, "ok", REAL)],
    }
    both = [area(1), area(2)]
    few = figures_of(series, {1: 3000, 2: 1000}).of_group(MEASURE, both, "Ryhmä")
    assert (few.year, few.value) == (2019, 12.5)
    many = figures_of(series, {1: 1000, 2: 3000}).of_group(MEASURE, both, "Ryhmä")
    assert (many.year, many.value, many.counted, many.previous_year) == (2021, 30.0, 1, 2019)


def test_nothing_is_said_of_a_group_of_nobody() -> None:
    read = figures_of({1: [(2019, 10.0, "ok", REAL)]}, {1: 0})
    assert read.of_group(MEASURE, [area(1)], "Ryhmä").value is None
    assert read.of_group(MEASURE, [], "Ryhmä").status == "missing"


def test_real_and_illustrative_figures_are_never_mixed() -> None:
    read = figures_of(
        {1: [(2011, 5.0, "ok", REAL), (2019, 10.0, "ok", MADE_UP)], 2: [(2019, 20.0, "ok", REAL)]}, {1: 3000, 2: 1000}
    )
    of_one = read.of(MEASURE, area(1))
    assert (of_one.value, of_one.is_example, of_one.previous_year, of_one.change) == (10.0, True, None, None)
    assert read.series(MEASURE, area(1)) == ((2019, 10.0),)
    assert read.of_group(MEASURE, [area(1), area(2)], "Ryhmä").year == 2011
    assert read.spread(MEASURE, [area(1), area(2)]) is None
    assert difference(of_one, read.of(MEASURE, area(2))) is None


def test_numbers_are_added_up_only_when_none_is_missing() -> None:
    count = replace(MEASURE, unit="COUNT", decimals=0)
    read = figures_of(
        {1: [(2019, 10.0, "ok", REAL), (2020, 11.0, "ok", REAL)], 2: [(2019, 20.0, "ok", REAL)]},
        {1: 1000, 2: 1000},
        count,
    )
    group = read.of_group(count, [area(1), area(2)], "Ryhmä")
    assert (group.year, group.value) == (2019, 30.0)


def test_what_cannot_be_combined_is_left_out() -> None:
    index = replace(MEASURE, unit="INDEX")
    read = figures_of({1: [(2019, 10.0, "ok", REAL)]}, {1: 1000}, index)
    group = read.of_group(index, [area(1)], "Ryhmä")
    assert (group.value, group.year) == (None, None)
    with translation.override("en"):
        assert b"not combined" in figures_csv([group], "en")


def test_a_suppressed_year_is_the_latest_and_has_no_change() -> None:
    read = figures_of({1: [(2021, 10.0, "ok", REAL), (2023, None, "suppressed", REAL)]}, {1: 1000})
    figure = read.of(MEASURE, area(1))
    assert (figure.year, figure.value, figure.status) == (2023, None, "suppressed")
    assert (figure.previous_year, figure.previous_value, figure.change) == (2021, 10.0, None)
    assert figure.direction == Direction.UNKNOWN


def test_a_county_s_own_figure_comes_before_a_computed_one() -> None:
    county = Area(pk=9, kind=Area.Kind.COUNTY, code="99", name_fi="Alue")
    series: dict[int, Series] = {
        1: [(2019, 10.0, "ok", REAL)],
        9: [(2019, 11.0, "ok", REAL)],
    }
    own = figures_of(series, {1: 1000}).of_county(MEASURE, county, [area(1)])
    assert (own.value, own.is_computed) == (11.0, False)
    computed = figures_of({1: series[1]}, {1: 1000}).of_county(MEASURE, county, [area(1)])
    assert (computed.value, computed.is_computed, computed.area) == (10.0, True, "Alue")
    real = figures_of({1: series[1], 9: [(2023, 50.0, "ok", MADE_UP)]}, {1: 1000}).of_county(MEASURE, county, [area(1)])
    assert (real.value, real.is_example) == (10.0, False)


def test_difference_of_a_group_from_the_county() -> None:
    whole = Figure(MEASURE, "Alue", 2019, 11.34, "ok", origin=REAL)
    group = Figure(MEASURE, "Ryhmä", 2019, 9.86, "ok", is_computed=True, origin=REAL)
    found = difference(group, whole)
    assert found is not None
    assert (found.value, found.direction) == (-1.4, Direction.BETTER)
    assert difference(replace(group, year=2018), whole) is None
    assert difference(replace(group, value=None), whole) is None
    count = replace(MEASURE, unit="COUNT")
    assert difference(replace(group, measure=count), replace(whole, measure=count)) is None


def test_a_spread_names_nobody() -> None:
    read = figures_of({1: [(2019, 10.0, "ok", REAL)], 2: [(2019, 20.0, "ok", REAL)]}, {1: 1, 2: 1})
    spread = read.spread(MEASURE, [area(1), area(2), area(3)])
    assert spread is not None
    assert (spread.least, spread.greatest, spread.counted, spread.areas) == (10.0, 20.0, 2, 3)
    assert "Kunta" not in repr(spread)
    assert read.spread(MEASURE, [area(1)]) is None


@given(
    st.dictionaries(st.integers(1, 12), st.tuples(st.floats(0, 100), st.integers(1, 200_000)), min_size=1, max_size=12)
)
def test_a_group_lies_within_its_spread(by_area: dict[int, tuple[float, int]]) -> None:
    assume(len(by_area) > 1)
    read = figures_of(
        {pk: [(2019, value, "ok", REAL)] for pk, (value, _people) in by_area.items()},
        {pk: float(people) for pk, (_value, people) in by_area.items()},
    )
    areas = [area(pk) for pk in by_area]
    group, spread = read.of_group(MEASURE, areas, "Ryhmä"), read.spread(MEASURE, areas)
    assert group.value is not None and spread is not None
    assert spread.least <= group.value <= spread.greatest


by_areas = st.dictionaries(
    st.integers(1, 12), st.tuples(st.floats(0, 100), st.integers(1, 200_000)), min_size=1, max_size=12
)


def one_year(by_area: dict[int, tuple[float, int]], measure: Measure) -> Figures:
    """Return figures of 2019 by area: the value and the people."""
    series: dict[int, Series] = {pk: [(2019, value, "ok", REAL)] for pk, (value, _people) in by_area.items()}
    return figures_of(series, {pk: float(people) for pk, (_value, people) in by_area.items()}, measure)


@pytest.mark.parametrize("measure", [MEASURE, COUNT, DEPENDENCY], ids=["mean", "sum", "dependency"])
@given(value=st.floats(0, 100), people=st.integers(1, 200_000))
def test_a_group_of_one_is_that_one(measure: Measure, value: float, people: int) -> None:
    read = one_year({1: (value, people)}, measure)
    group, alone = read.of_group(measure, [area(1)], "Ryhmä"), read.of(measure, area(1))
    assert (
        (group.value, group.year, group.exposure)
        == (alone.value, alone.year, alone.exposure)
        == (
            value,
            2019,
            alone.exposure,
        )
    )


@pytest.mark.parametrize("measure", [MEASURE, COUNT, DEPENDENCY], ids=["mean", "sum", "dependency"])
@given(by_area=by_areas, random=st.randoms())
def test_the_order_of_areas_does_not_matter(
    measure: Measure, by_area: dict[int, tuple[float, int]], random: Random
) -> None:
    areas = [area(pk) for pk in by_area]
    shuffled = list(areas)
    random.shuffle(shuffled)
    read = one_year(by_area, measure)
    assert read.of_group(measure, areas, "Ryhmä") == read.of_group(measure, shuffled, "Ryhmä")


@given(by_areas, st.sets(st.integers(1, 12)))
def test_a_mean_is_given_exactly_when_half_of_the_people_are_there(
    by_area: dict[int, tuple[float, int]], lacking: set[int]
) -> None:
    whole = one_year(by_area, MEASURE)
    read = replace(whole, _points={key: told for key, told in whole._points.items() if key[1] not in lacking})
    there = sum(people for pk, (_value, people) in by_area.items() if pk not in lacking)
    everybody = sum(people for _value, people in by_area.values())
    group = read.of_group(MEASURE, [area(pk) for pk in by_area], "Ryhmä")
    assert (group.value is not None) == (there * 2 >= everybody)


@given(st.dictionaries(st.integers(1, 12), st.tuples(st.integers(0, 10**9), st.integers(1, 200_000)), min_size=1))
def test_a_sum_is_exact(by_area: dict[int, tuple[int, int]]) -> None:
    read = one_year({pk: (float(number), people) for pk, (number, people) in by_area.items()}, COUNT)
    group = read.of_group(COUNT, [area(pk) for pk in by_area], "Ryhmä")
    assert group.value == sum(number for number, _people in by_area.values())


# --- Municipalities that have merged ----------------------------------------------------------------------------------


def gone(number: int, *, until: int = 2020) -> Area:
    """Return a municipality that ended with a year."""
    ended = area(number)
    ended.valid_to = date(until, 12, 31)
    return ended


def by_year(points: tuple[Point, ...]) -> dict[int, float | None]:
    """Return the values of a series."""
    return {point.year: point.value for point in points}


parts = st.dictionaries(st.integers(2010, 2020), st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=1)
people = st.integers(1, 100_000)


def merged(told: dict[int, tuple[int, int]], own: int, former: int, measure: Measure) -> tuple[Point, ...]:
    """Return the series of municipality 1, into which 2 has merged at the end of 2020, of figures of both."""
    series: dict[int, Series] = {
        1: [(year, float(pair[0]), "ok", REAL) for year, pair in sorted(told.items())],
        2: [(year, float(pair[1]), "ok", REAL) for year, pair in sorted(told.items())],
    }
    read = figures_of(series, {1: float(own), 2: float(former)}, measure)
    return continued(read, measure, area(1), [gone(2)])


@given(parts, people, people)
def test_a_number_under_the_present_code_is_the_sum_of_the_parts(
    told: dict[int, tuple[int, int]], own: int, former: int
) -> None:
    points = merged(told, own, former, COUNT)
    assert by_year(points) == {year: sum(pair) for year, pair in told.items()}
    assert [point.year for point in points] == sorted(told)
    assert all(point.is_computed and point.status == "ok" for point in points)


@given(parts, people, people)
def test_a_rate_under_the_present_code_is_the_mean_of_the_parts(
    told: dict[int, tuple[int, int]], own: int, former: int
) -> None:
    found = by_year(merged(told, own, former, MEASURE))
    assert set(found) == set(told)
    for year, (rest, other) in told.items():
        value = found[year]
        assert value is not None and min(rest, other) <= value <= max(rest, other)
        assert value == pytest.approx((rest * own + other * former) / (own + former))


@given(parts, people, people)
def test_a_dependency_ratio_under_the_present_code_is_that_of_all_people(
    told: dict[int, tuple[int, int]], own: int, former: int
) -> None:
    for year, value in by_year(merged(told, own, former, DEPENDENCY)).items():
        assert value == combined_dependency_ratio([float(ratio) for ratio in told[year]], [float(own), float(former)])


def test_years_that_the_source_has_recomputed_are_as_they_are() -> None:
    read = figures_of(
        {
            1: [(2018, 8.0, "ok", REAL), (2019, 10.0, "ok", REAL), (2021, 30.0, "ok", REAL)],
            2: [(2019, 20.0, "ok", REAL)],
        },
        {1: 3000, 2: 1000},
    )
    points = continued(read, MEASURE, area(1), [gone(2)])
    assert by_year(points) == {2018: 8.0, 2019: 12.5, 2021: 30.0}
    assert [point.is_computed for point in points] == [False, True, False]


@pytest.mark.parametrize("measure", [MEASURE, COUNT, DEPENDENCY], ids=["mean", "sum", "dependency"])
@pytest.mark.parametrize("populations", [{1: 3000.0}, {2: 1000.0}, {}])
def test_without_the_people_of_both_the_year_is_a_gap(measure: Measure, populations: dict[int, float]) -> None:
    series: dict[int, Series] = {
        1: [(2019, 10.0, "ok", REAL), (2021, 30.0, "ok", REAL)],
        2: [(2019, 20.0, "ok", REAL)],
    }
    points = continued(figures_of(series, populations, measure), measure, area(1), [gone(2)])
    assert by_year(points) == {2019: None, 2021: 30.0}
    assert points[0].status == "missing"


@pytest.mark.parametrize(
    ("measure", "rest", "former"),
    [
        (replace(MEASURE, unit="INDEX"), (10.0, "ok", REAL), (20.0, "ok", REAL)),  # cannot be combined
        (MEASURE, (10.0, "ok", REAL), (20.0, "ok", MADE_UP)),  # never mixed
        (MEASURE, (None, "suppressed", REAL), (20.0, "ok", REAL)),  # of fewer than half of the people
        (COUNT, (10.0, "ok", REAL), (None, "suppressed", REAL)),  # a part of a sum is no sum
    ],
)
def test_what_cannot_be_put_together_is_a_gap(
    measure: Measure, rest: tuple[float | None, str, object], former: tuple[float | None, str, object]
) -> None:
    read = figures_of({1: [(2019, *rest)], 2: [(2019, *former)]}, {1: 3000, 2: 1000}, measure)  # type: ignore[list-item]
    (point,) = continued(read, measure, area(1), [gone(2)])
    assert (point.year, point.value, point.status) == (2019, None, "missing")


def test_a_former_municipality_counts_for_nothing_after_its_end() -> None:
    series: dict[int, Series] = {
        1: [(2020, 10.0, "ok", REAL), (2021, 11.0, "ok", REAL)],
        2: [(2020, 30.0, "ok", REAL), (2021, 99.0, "ok", REAL), (2022, 99.0, "ok", REAL)],
    }
    points = continued(figures_of(series, {1: 1000, 2: 1000}), MEASURE, area(1), [gone(2, until=2020)])
    assert by_year(points) == {2020: 20.0, 2021: 11.0}


def test_a_merger_by_way_of_another() -> None:
    # 3 ended into 2 with 2016, and 2 into 1 with 2020.
    series: dict[int, Series] = {
        1: [(2016, 1.0, "ok", REAL), (2018, 2.0, "ok", REAL), (2022, 4.0, "ok", REAL)],
        2: [(2016, 10.0, "ok", REAL), (2018, 20.0, "ok", REAL)],
        3: [(2016, 100.0, "ok", REAL), (2018, 900.0, "ok", REAL)],
    }
    former = [gone(2, until=2020), gone(3, until=2016)]
    alike = {1: 1000.0, 2: 1000.0, 3: 1000.0}
    summed = continued(figures_of(series, alike, COUNT), COUNT, area(1), former)
    assert by_year(summed) == {2016: 111.0, 2018: 22.0, 2022: 4.0}
    mean = continued(figures_of(series, alike), MEASURE, area(1), former)
    assert by_year(mean) == pytest.approx({2016: 37.0, 2018: 11.0, 2022: 4.0})
