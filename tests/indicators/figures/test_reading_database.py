"""Figures read from the database: which rows are read, and what they come to by SQL written by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import date

import pytest
from django.db import connection

from indicators.example import load_example_values
from indicators.figures import Direction, Figures, Measure, difference, read_figures
from indicators.loading import load_round_set, load_values
from indicators.models import Area, ImportRun, Indicator, IndicatorSet, IndicatorSetItem, IndicatorValue

Queries = Callable[[int], AbstractContextManager[object]]


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
    with django_assert_num_queries(4):
        read = read_figures(indicator_set.in_order(), [county, *areas], year=2024, language="fi")
    with django_assert_num_queries(0):
        for measure in read.measures:
            whole = read.of_county(measure, county, areas)
            for each in areas:
                difference(read.of(measure, each), whole)
            read.spread(measure, areas)
            read.county_series(measure, county, areas)
        read.origins()


# --- Which rows are read ----------------------------------------------------------------------------------------------


def put(number: int, area: Area, by_year: dict[int, float | None], *, gender: str = "total") -> None:
    """Write an indicator's figures of an area; None is one left unpublished."""
    run, _new = ImportRun.objects.get_or_create(
        source="sotkanet", label="try", defaults={"retrieved_on": date(2026, 1, 1)}
    )
    IndicatorValue.objects.bulk_create(
        IndicatorValue(
            indicator=Indicator.objects.get(sotkanet_id=number),
            area=area,
            run=run,
            year=year,
            gender=gender,
            value=value,
            status="suppressed" if value is None else "ok",
        )
        for year, value in by_year.items()
    )


def indicators(*numbers: int) -> list[Indicator]:
    """Return indicators by Sotkanet's ids, in this order."""
    found = Indicator.objects.in_bulk(numbers, field_name="sotkanet_id")
    return [found[number] for number in numbers]


@pytest.mark.django_db
def test_men_and_women_are_read_apart_and_weighed_by_their_own_number(municipalities: list[Area]) -> None:
    one, other = municipalities[:2]
    for gender, rates, people in (
        ("total", (10.0, 20.0), (1000, 1000)),
        ("male", (12.0, 24.0), (300, 100)),
        ("female", (8.0, 16.0), (700, 900)),
    ):
        for each, rate, number in zip((one, other), rates, people, strict=True):
            put(181, each, {2020: rate}, gender=gender)
            put(127, each, {2020: number}, gender=gender)
    found = {}
    for gender in ("total", "male", "female"):
        read = read_figures(indicators(181, 127), [one, other], year=2024, language="fi", gender=gender)
        unemployment, population = read.measures
        group = read.of_group(unemployment, [one, other], "Ryhmä").value
        found[gender] = read.of(unemployment, one).value, group, read.of_group(population, [one, other], "Ryhmä").value
    assert found == {
        "total": (10.0, 15.0, 2000.0),
        "male": (12.0, 15.0, 400.0),  # (12 x 300 + 24 x 100) / 400
        "female": (8.0, 12.5, 1600.0),  # (8 x 700 + 16 x 900) / 1,600
    }


@pytest.mark.django_db
@pytest.mark.parametrize("since", [None, 2010, 2018])
def test_the_baseline_year_is_read_though_it_is_earlier(municipalities: list[Area], since: int | None) -> None:
    put(181, municipalities[0], {2009: 30.0, 2012: 20.0, 2018: 10.0, 2019: 11.0, 2020: 15.0})
    read = read_figures(indicators(181), municipalities[:1], year=2020, language="fi", since=since, baseline=2012)
    figure = read.of(read.measures[0], municipalities[0])
    assert (figure.baseline_year, figure.baseline_value, figure.baseline_change) == (2012, 20.0, -5.0)
    assert (figure.previous_year, figure.change) == (2019, 4.0)
    assert figure.baseline_direction == Direction.BETTER
    expected = {None: [2009, 2012, 2018, 2019, 2020], 2010: [2012, 2018, 2019, 2020], 2018: [2012, 2018, 2019, 2020]}
    assert [year for year, _value in read.series(read.measures[0], municipalities[0])] == expected[since]
    without = read_figures(indicators(181), municipalities[:1], year=2020, language="fi", since=since, baseline=2011)
    assert without.of(without.measures[0], municipalities[0]).baseline_year is None


@pytest.mark.django_db
def test_nothing_earlier_than_asked_for(municipalities: list[Area]) -> None:
    put(181, municipalities[0], {2009: 30.0, 2018: 10.0, 2019: 11.0})
    read = read_figures(indicators(181), municipalities[:1], year=2024, language="fi", since=2019)
    figure = read.of(read.measures[0], municipalities[0])
    assert (figure.year, figure.previous_year, figure.change) == (2019, None, None)


@pytest.mark.django_db
def test_the_figure_as_it_was_in_a_year(municipalities: list[Area]) -> None:
    put(181, municipalities[0], {2016: 12.0, 2018: 10.0, 2019: None, 2020: 15.0})
    read = read_figures(indicators(181), municipalities[:1], year=2024, language="fi")
    rate = read.measures[0]
    told = {year: read.of(rate, municipalities[0], year=year) for year in (2015, 2016, 2017, 2018, 2019, 2030)}
    assert {year: (figure.year, figure.value, figure.previous_value) for year, figure in told.items()} == {
        2015: (None, None, None),
        2016: (2016, 12.0, None),
        2017: (2016, 12.0, None),
        2018: (2018, 10.0, 12.0),
        2019: (2019, None, 10.0),
        2030: (2020, 15.0, 10.0),
    }
    assert told[2019].status == "suppressed"


@pytest.mark.django_db
def test_a_survey_only_of_the_county_is_shown_at_its_municipalities(county: Area, municipalities: list[Area]) -> None:
    alone, unpublished, own = municipalities[:3]
    for number in (4284, 181):
        put(number, county, {2020: 12.0, 2022: 13.0})
        put(number, unpublished, {2022: None})
        put(number, own, {2022: 20.0})
    read = read_figures(indicators(4284, 181), [county, *municipalities], year=2024, language="fi")
    survey, register = read.measures
    assert (survey.survey, register.survey) == ("adult", "")
    shown = read.at(survey, alone, county)
    assert (shown.value, shown.year, shown.area, shown.is_of_county) == (13.0, 2022, county.name_in("fi"), True)
    for measure in (survey, register):
        left_out = read.at(measure, unpublished, county)
        assert (left_out.value, left_out.status, left_out.is_of_county) == (None, "suppressed", False)
        assert (read.at(measure, own, county).value, read.at(measure, own, county).is_of_county) == (20.0, False)
    nothing = read.at(register, alone, county)
    assert (nothing.value, nothing.status, nothing.is_of_county) == (None, "missing", False)


@pytest.mark.django_db
def test_mantyharju_goes_on_with_pertunmaa(reference: None) -> None:
    mantyharju = Area.objects.get(kind=Area.Kind.MUNICIPALITY, code="507")
    pertunmaa = Area.objects.get(kind=Area.Kind.MUNICIPALITY, code="588")
    mikkeli = Area.objects.get(kind=Area.Kind.MUNICIPALITY, code="491")
    assert pertunmaa.merged_into == mantyharju and pertunmaa.valid_to == date(2024, 12, 31)
    put(127, mantyharju, {2022: 6000, 2023: 6000, 2024: 6000, 2025: 7500})
    put(127, pertunmaa, {2022: 2000, 2023: 2000, 2024: 2000, 2025: 9999})
    put(127, mikkeli, {2022: 8000, 2023: 8000, 2024: 8000, 2025: 7500})
    put(181, mantyharju, {2022: 9.0, 2023: 10.0, 2024: 11.0, 2025: 8.0})
    put(181, pertunmaa, {2023: 14.0, 2024: 15.0, 2025: 99.0})
    put(181, mikkeli, {2022: 20.0, 2023: 20.0, 2024: 20.0, 2025: 20.0})
    read = read_figures(indicators(127, 181), [mantyharju, mikkeli], year=2025, language="fi")
    population, rate = read.measures
    assert dict(read.series(population, mantyharju)) == {2022: 8000, 2023: 8000, 2024: 8000, 2025: 7500}
    # Recomputed, then (10 x 6,000 + 14 x 2,000) / 8,000 and so on, then the present municipality's own.
    assert dict(read.series(rate, mantyharju)) == {2022: 9.0, 2023: 11.0, 2024: 12.0, 2025: 8.0}
    latest = read.of(rate, mantyharju)
    assert (latest.value, latest.previous_value, latest.change, latest.is_computed) == (8.0, 12.0, -4.0, False)
    assert read.of(rate, mantyharju, year=2024).is_computed
    # In a mean it weighs with the people of both: (11 + 20) / 2, (12 + 20) / 2.
    assert read.weight(mantyharju, 2024) == 8000
    group = dict(read.group_series(rate, [mantyharju, mikkeli]))
    assert group == {2022: 14.5, 2023: 15.5, 2024: 16.0, 2025: 14.0}


@pytest.mark.django_db
@pytest.mark.parametrize("latest", [1, 2, 3, 10])
def test_of_the_latest_years_of_a_merger_each_is_whole(reference: None, latest: int) -> None:
    mantyharju = Area.objects.get(kind=Area.Kind.MUNICIPALITY, code="507")
    pertunmaa = Area.objects.get(kind=Area.Kind.MUNICIPALITY, code="588")
    for area, people, rate, years in (
        (mantyharju, 1000, 10.0, range(2020, 2026)),
        (pertunmaa, 3000, 50.0, range(2020, 2025)),
    ):
        put(127, area, dict.fromkeys(years, people))
        put(181, area, dict.fromkeys(years, rate))
    read = read_figures(indicators(181), [mantyharju], year=2025, language="fi", latest=latest, baseline=2020)
    whole = {2020: 40.0, 2021: 40.0, 2022: 40.0, 2023: 40.0, 2024: 40.0, 2025: 10.0}
    expected = {year: value for year, value in whole.items() if year > 2025 - latest or year == 2020}
    assert dict(read.series(read.measures[0], mantyharju)) == pytest.approx(expected)


@pytest.mark.django_db
def test_pertunmaa_without_known_people_leaves_a_gap(reference: None) -> None:
    mantyharju = Area.objects.get(kind=Area.Kind.MUNICIPALITY, code="507")
    pertunmaa = Area.objects.get(kind=Area.Kind.MUNICIPALITY, code="588")
    put(127, mantyharju, {2024: 6000})
    put(181, mantyharju, {2024: 11.0})
    put(181, pertunmaa, {2024: 15.0})
    read = read_figures(indicators(181), [mantyharju], year=2025, language="fi")
    figure = read.of(read.measures[0], mantyharju)
    assert (figure.year, figure.value, figure.status) == (2024, None, "missing")


# --- A second way: SQL by hand, on the real figures -------------------------------------------------------------------

GROUP = ("179", "182", "410", "592")


FACTS = """WITH fact AS (
    SELECT i.sotkanet_id AS number, a.code, a.parent_id, v.year, v.value::numeric AS value
    FROM indicators_indicatorvalue v
    JOIN indicators_indicator i ON i.id = v.indicator_id
    JOIN indicators_area a ON a.id = v.area_id AND a.kind = 'municipality'
    WHERE v.gender = 'total' AND v.status = 'ok'
) """


def sql(query: str, *parameters: float | str | list[str]) -> float:
    """Return the one number that a query gives."""
    with connection.cursor() as cursor:
        cursor.execute(FACTS + query, parameters)
        ((number,),) = cursor.fetchall()
    return float(number)


MEAN = """SELECT SUM(f.value * p.value) / SUM(p.value) FROM fact f
    JOIN fact p ON p.number = 127 AND p.code = f.code AND p.year = f.year
    WHERE f.number = %s AND f.year = %s """


def real(numbers: Sequence[int], areas: Sequence[Area], year: int = 2019) -> Figures:
    """Read the demo's real figures, loaded now."""
    load_values()
    return read_figures(indicators(*numbers), areas, year=year, language="fi")


def by_code(areas: Sequence[Area], *codes: str) -> list[Area]:
    """Return the areas of these codes."""
    return [area for area in areas if area.code in codes]


@pytest.mark.django_db
def test_sql_unemployment_of_jyvaskyla_against_the_county(county: Area, municipalities: list[Area]) -> None:
    read = real([181], [county, *municipalities])
    (rate,), (jyvaskyla,) = read.measures, by_code(municipalities, "179")
    own, whole = read.of(rate, jyvaskyla), read.of_county(rate, county, municipalities)
    mean = sql(MEAN + "AND f.parent_id = %s", 181, 2019, county.pk)
    alone = sql("SELECT value FROM fact WHERE number = 181 AND code = '179' AND year = 2019")
    assert whole.value == pytest.approx(mean) and own.value == alone == 11.8
    found = difference(own, whole)
    assert found is not None
    assert found.value == sql("SELECT ROUND(%s::numeric, 1) - ROUND(%s::numeric, 1)", alone, mean)


@pytest.mark.django_db
def test_sql_change_from_the_year_before(municipalities: list[Area]) -> None:
    read = real([3195], municipalities, year=2011)
    for code in GROUP:
        figure = read.of(read.measures[0], by_code(municipalities, code)[0])
        change = sql(
            """SELECT ROUND(now.value, 1) - ROUND(before.value, 1) FROM fact now
            JOIN fact before ON before.number = now.number AND before.code = now.code AND before.year = now.year - 1
            WHERE now.number = 3195 AND now.year = 2011 AND now.code = %s""",
            code,
        )
        assert (figure.year, figure.previous_year, figure.change) == (2011, 2010, change)
        assert change != 0


@pytest.mark.django_db
def test_sql_low_income_of_a_municipality_against_its_group(municipalities: list[Area]) -> None:
    read = real([3099], municipalities)
    areas = by_code(municipalities, *GROUP)
    assert len(areas) == len(GROUP)
    group, own = read.of_group(read.measures[0], areas, "Ryhmä"), read.of(read.measures[0], areas[-1])
    mean = sql(MEAN + "AND f.code = ANY(%s)", 3099, 2019, list(GROUP))
    assert group.value == pytest.approx(mean)
    found = difference(own, group)
    assert found is not None
    assert found.value == sql(
        "SELECT ROUND(value, 1) - ROUND(%s::numeric, 1) FROM fact WHERE number = 3099 AND year = 2019 AND code = %s",
        mean,
        areas[-1].code,
    )


@pytest.mark.django_db
def test_sql_people_and_dependents_of_a_group(municipalities: list[Area]) -> None:
    read = real([127, 761], municipalities)
    population, ratio = read.measures
    areas = by_code(municipalities, *GROUP)
    number, before = (
        sql("SELECT SUM(value) FROM fact WHERE number = 127 AND code = ANY(%s) AND year = %s", list(GROUP), year)
        for year in (2019, 2018)
    )
    figure = read.of_group(population, areas, "Ryhmä")
    assert (figure.year, figure.value, figure.previous_value, figure.change) == (2019, number, before, number - before)
    dependents = sql(
        """SELECT 100 * SUM(p.value * r.value / (100 + r.value)) / SUM(p.value * 100 / (100 + r.value)) FROM fact r
        JOIN fact p ON p.number = 127 AND p.code = r.code AND p.year = r.year
        WHERE r.number = 761 AND r.year = 2019 AND r.code = ANY(%s)""",
        list(GROUP),
    )
    assert read.of_group(ratio, areas, "Ryhmä").value == pytest.approx(dependents)
    # A mean of the ratios would have been another figure.
    assert abs(sql(MEAN + "AND f.code = ANY(%s)", 761, 2019, list(GROUP)) - dependents) > 0.01


@pytest.mark.django_db
@pytest.mark.parametrize(("others", "is_given"), [(1_000, True), (10_000, False)])
def test_sql_the_country_is_told_only_by_half_of_its_people(reference: None, others: int, is_given: bool) -> None:
    load_values()
    country = Area.objects.get(kind=Area.Kind.COUNTRY)
    everywhere = list(Area.objects.filter(kind=Area.Kind.MUNICIPALITY, merged_into=None))
    people = {area.pk: float(others) for area in everywhere}
    read = read_figures(indicators(181), [country, *everywhere], year=2019, language="fi", populations=people)
    figure = read.of_county(read.measures[0], country, everywhere)
    known = sql("SELECT SUM(value) FROM fact WHERE number = 127 AND year = 2019")
    count = sql("SELECT COUNT(*) FROM fact WHERE number = 181 AND year = 2019")
    assert (known > (len(everywhere) - count) * others) == is_given
    if is_given:
        assert figure.value == pytest.approx(sql(MEAN, 181, 2019))
        assert (figure.counted, figure.areas) == (28, len(everywhere))
    else:
        assert (figure.value, figure.year) == (None, None)
