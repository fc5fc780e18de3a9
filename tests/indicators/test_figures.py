"""What the figures say: the rules on numbers, then figures read from the database, checked by hand."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date

import pytest
from django.template import Context, Template
from django.utils import translation
from hypothesis import assume, given
from hypothesis import strategies as st

from indicators.example import load_example_values
from indicators.figures import (
    Direction,
    Figure,
    Figures,
    Measure,
    Origin,
    Point,
    change_between,
    combined_dependency_ratio,
    difference,
    direction_of,
    figures_csv,
    format_change,
    format_value,
    nearest,
    read_figures,
    rounded,
    sparkline_points,
    weighted_mean,
)
from indicators.loading import load_round_set, load_values
from indicators.models import Area, ImportRun, Indicator, IndicatorSet, IndicatorSetItem, IndicatorValue

NBSP = "\N{NO-BREAK SPACE}"
Queries = Callable[[int], AbstractContextManager[object]]

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


# --- Showing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "decimals", "language", "expected"),
    [
        (1234567.0, 0, "fi", f"1{NBSP}234{NBSP}567"),
        (1234.56, 1, "fi", f"1{NBSP}234,6"),
        (-0.25, 1, "fi", "−0,3"),
        (-0.04, 1, "fi", "0,0"),
        (0.05, 1, "fi", "0,1"),
        (11.8, 1, "sv", "11,8"),
        (1234.5, 1, "en", "1,234.5"),
        (None, 1, "fi", "–"),
    ],
)
def test_numbers_as_the_language_writes_them(value: float | None, decimals: int, language: str, expected: str) -> None:
    assert format_value(value, decimals, language) == expected


def test_a_change_has_its_sign() -> None:
    shown = [format_change(value, 1, "fi") for value in (1.25, -1.25, 0.0, 0.04, None)]
    assert shown == ["+1,3", "−1,3", "0,0", "0,0", "–"]


@given(
    st.dictionaries(st.integers(2000, 2030), values, min_size=2, max_size=25), st.integers(20, 300), st.integers(10, 90)
)
def test_a_spark_line_stays_inside_its_picture(by_year: dict[int, float], width: int, height: int) -> None:
    points = [pair.split(",") for pair in sparkline_points(sorted(by_year.items()), width, height).split(" ")]
    assert len(points) == len(by_year)
    across = [float(x) for x, _y in points]
    assert across == sorted(across)
    assert all(0 <= float(x) <= width and 0 <= float(y) <= height for x, y in points)


def test_spark_line_by_hand() -> None:
    assert sparkline_points([(2019, 1.0), (2021, 3.0)], 100, 20) == "2.0,18.0 98.0,2.0"
    assert sparkline_points([(2019, 5.0), (2020, 5.0)], 100, 20) == "2.0,10.0 98.0,10.0"
    assert sparkline_points([(2019, 1.0)], 100, 20) == ""


MEASURE = Measure(1, 181, "Työttömät, % työvoimasta", "Väestö ja elinolot", "PERCENT", "%", 1, "lower", "", "TEM")
REAL = Origin("Sotkanet", date(2026, 11, 22), False, "CC BY 4.0", "Sotkanet. {title} (ind. {number}). Viitattu {date}.")
MADE_UP = Origin("Esimerkkiaineisto", date(2026, 11, 22), True, "", "Esimerkki.")


def test_csv_is_of_the_finnish_dialect() -> None:
    figure = Figure(MEASURE, "Jyväskylä", 2019, -1234.25, "ok", origin=REAL)
    content = figures_csv([figure], "fi")
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\r\n") and content.count(b"\r\n") == 2
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert rows[1][:6] == ["Työttömät, % työvoimasta", "181", "Jyväskylä", "2019", "-1234,3", "%"]
    assert rows[1][7:] == ["Sotkanet", "2026-11-22"]
    assert len(rows[0]) == len(rows[1]) == 9


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "\t=1", "  =cmd|' /C calc'!A0"])
def test_csv_runs_no_formulas(text: str) -> None:
    content = figures_csv([Figure(replace(MEASURE, name=text), text, origin=REAL)], "fi").decode("utf-8-sig")
    row = list(csv.reader(io.StringIO(content), delimiter=";"))[1]
    assert (row[0], row[2]) == (f"'{text}", f"'{text}")


def test_csv_tells_what_is_missing_and_what_is_made_up() -> None:
    figures = [
        Figure(MEASURE, "Kivijärvi", 2023, None, "suppressed", origin=MADE_UP),
        Figure(MEASURE, "Ryhmä", 2023, 1.0, "ok", is_computed=True, origin=REAL),
    ]
    rows = list(csv.reader(io.StringIO(figures_csv(figures, "en").decode("utf-8-sig")), delimiter=";"))
    assert rows[1][3:] == ["2023", "", "%", "suppressed: too few cases", "Esimerkkiaineisto", "2026-11-22"]
    assert rows[2][6] == "computed"


@pytest.mark.parametrize(
    ("language", "expected"), [("fi", "1\N{NO-BREAK SPACE}234,6 −0,3 12,0 +1,0"), ("en", "1,234.6 −0.3 12.0 +1.0")]
)
def test_figures_in_templates_are_in_the_language_in_use(language: str, expected: str) -> None:
    template = Template(
        "{% load figures %}{{ figure|shown }} {{ figure|shown_change }} {{ twelve|number:1 }} {{ one|change:1 }}"
    )
    figure = Figure(MEASURE, "Jyväskylä", 2019, 1234.56, "ok", change=-0.3, origin=REAL)
    with translation.override(language):
        assert template.render(Context({"figure": figure, "twelve": 12, "one": 1.0})) == expected
    with translation.override("en"):
        gap = Figure(MEASURE, "Kivijärvi", 2023, None, "suppressed", origin=REAL)
        rendered = template.render(Context({"figure": gap, "twelve": None, "one": None}))
        assert rendered == "suppressed: too few cases – – –"


def test_citation_in_the_form_that_the_source_asks_for() -> None:
    assert REAL.cite(MEASURE) == "Sotkanet. Työttömät, % työvoimasta (ind. 181). Viitattu 22.11.2026."


# --- Combining, on figures in memory ----------------------------------------------------------------------------------


def area(number: int) -> Area:
    """Return an area that is in no database."""
    return Area(pk=number, kind=Area.Kind.MUNICIPALITY, code=f"{number:03d}", name_fi=f"Kunta {number}")


def figures_of(
    points: dict[int, list[tuple[int, float | None, str, Origin]]],
    populations: dict[int, float],
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


def test_a_group_is_weighted_by_population() -> None:
    read = figures_of({1: [(2019, 10.0, "ok", REAL)], 2: [(2019, 20.0, "ok", REAL)]}, {1: 3000, 2: 1000})
    group = read.of_group(MEASURE, [area(1), area(2)], "Ryhmä")
    assert (group.value, group.year, group.is_computed, group.counted, group.areas) == (12.5, 2019, True, 2, 2)
    assert group.origin == REAL


def test_a_mean_needs_half_of_the_people() -> None:
    series: dict[int, list[tuple[int, float | None, str, Origin]]] = {
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
    series: dict[int, list[tuple[int, float | None, str, Origin]]] = {
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


# --- Reading from the database ----------------------------------------------------------------------------------------


@pytest.fixture
def indicator_set(county: Area) -> IndicatorSet:
    """The demo's set of Keski-Suomi with its real and illustrative figures."""
    load_values()
    load_example_values([county])
    return load_round_set(county)


def measure_of(read: Figures, number: int) -> Measure:
    """Return an indicator of the set by Sotkanet's id."""
    return next(measure for measure in read.measures if measure.sotkanet_id == number)


@pytest.mark.django_db
def test_the_county_s_unemployment_computed_a_second_way(
    indicator_set: IndicatorSet, county: Area, municipalities: list[Area]
) -> None:
    read = read_figures(indicator_set.in_order(), [county, *municipalities], year=2024, language="fi")
    figure = read.of_county(measure_of(read, 181), county, municipalities)
    pairs = [
        (
            IndicatorValue.objects.get(indicator__sotkanet_id=181, area=each, year=2019).value or 0,
            IndicatorValue.objects.get(indicator__sotkanet_id=127, area=each, year=2019).value or 0,
        )
        for each in municipalities
    ]
    expected = sum(rate * people for rate, people in pairs) / sum(people for _rate, people in pairs)
    assert figure.value == pytest.approx(expected)
    assert (figure.year, figure.is_computed, figure.is_example, figure.counted) == (2019, True, False, 22)
    assert (figure.previous_year, figure.direction) == (2011, Direction.BETTER)


@pytest.mark.django_db
def test_a_real_figure_is_not_marked_and_an_illustrative_one_is(
    indicator_set: IndicatorSet, county: Area, municipalities: list[Area]
) -> None:
    read = read_figures(indicator_set.in_order(), [county, *municipalities], year=2024, language="fi")
    for measure in read.measures:
        illustrative = measure.theme != "Väestö ja elinolot"
        assert read.of_county(measure, county, municipalities).is_example == illustrative
    assert [origin.is_example for origin in read.origins()] == [False, True]
    assert read.of_county(measure_of(read, 4284), county, municipalities).is_computed is False
    assert read.of(measure_of(read, 4284), municipalities[0]).status == "missing"


@pytest.mark.django_db
def test_nothing_later_than_the_year_asked_for(indicator_set: IndicatorSet, county: Area) -> None:
    read = read_figures(indicator_set.in_order(), [county], year=2022, language="fi")
    assert read.of(measure_of(read, 3959), county).year == 2022
    assert read.of(measure_of(read, 328), county).year == 2021
    assert max(year for measure in read.measures for year, _value in read.series(measure, county)) == 2022


@pytest.mark.django_db
def test_names_are_in_the_language_asked_for(indicator_set: IndicatorSet, county: Area) -> None:
    read = read_figures(indicator_set.in_order(), [county], year=2024, language="sv")
    assert measure_of(read, 127).name == "Befolkning 31.12"
    assert read.of(read.measures[0], county).area == "Mellersta Finlands välfärdsområde"


@pytest.mark.django_db
def test_areas_without_a_population_take_the_one_given(county: Area, municipalities: list[Area]) -> None:
    rate = Indicator.objects.get(sotkanet_id=181)
    own_set = IndicatorSet.objects.create(owner=county, name="Pieni", version="1")
    IndicatorSetItem.objects.create(indicator_set=own_set, indicator=rate, position=1)
    source = ImportRun.objects.create(source="sotkanet", label="x", retrieved_on=date(2026, 1, 1))
    for each, value in zip(municipalities[:2], (10.0, 20.0), strict=True):
        IndicatorValue.objects.create(indicator=rate, area=each, run=source, year=2020, value=value)
    people = {municipalities[0].pk: 3000, municipalities[1].pk: 1000}
    read = read_figures(own_set.in_order(), municipalities[:2], year=2024, language="fi", populations=people)
    assert read.of_group(read.measures[0], municipalities[:2], "Ryhmä").value == 12.5


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 3, 22])
def test_the_number_of_queries_is_constant(
    indicator_set: IndicatorSet,
    county: Area,
    municipalities: list[Area],
    django_assert_num_queries: Queries,
    number: int,
) -> None:
    areas = municipalities[:number]
    with django_assert_num_queries(5):
        read = read_figures(indicator_set.in_order(), [county, *areas], year=2024, language="fi")
    with django_assert_num_queries(0):
        for measure in read.measures:
            whole = read.of_county(measure, county, areas)
            for each in areas:
                difference(read.of(measure, each), whole)
            read.spread(measure, areas)
            read.county_series(measure, county, areas)
        read.origins()
