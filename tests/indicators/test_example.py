"""Illustrative figures: repeatable, plausible, only where no real figure is, and marked."""

from __future__ import annotations

import pytest

from indicators.example import LEVELS, THEMES, Level, illustrate, is_suppressed, level_in, load_example_values, years_of
from indicators.importing import Row, write_values
from indicators.loading import load_values
from indicators.models import Area, ImportRun, Indicator, IndicatorValue

FIGURES = ("indicator__sotkanet_id", "area__code", "year", "value", "status")


@pytest.fixture
def loaded(county: Area) -> Area:
    """Keski-Suomi with its real and illustrative figures."""
    load_values()
    load_example_values([county])
    return county


def test_the_rule_is_repeatable_and_plausible() -> None:
    level = Level(14.0, 20.5)
    made = [illustrate(328, level, "179", 2023, 145_000, most=100.0) for _time in range(2)]
    assert made[0] == made[1]
    assert made[0] != illustrate(328, level, "410", 2023, 18_000, most=100.0)
    assert 0.5 < made[0] / level_in(level, 2023) < 1.6
    assert illustrate(1, Level(99.9, 99.9), "179", 2020, 100, most=100.0) <= 100.0


def test_years_of_registers_and_surveys() -> None:
    assert years_of("school") == (2019, 2021, 2023, 2025)
    assert years_of("adult") == (2020, 2022, 2024)
    assert years_of("") == tuple(range(2019, 2026))


def test_only_small_places_and_few_cases_are_suppressed() -> None:
    places = [(str(code), year) for code in range(60) for year in (2019, 2021, 2023)]
    few = [is_suppressed(328, code, year, 900, few_cases=True) for code, year in places]
    assert 0.2 < sum(few) / len(few) < 0.5
    assert not any(is_suppressed(328, code, year, 2_000, few_cases=True) for code, year in places)
    assert not any(is_suppressed(328, code, year, 900, few_cases=False) for code, year in places)


@pytest.mark.django_db
@pytest.mark.usefixtures("reference")
def test_every_indicator_of_the_priorities_has_a_level() -> None:
    assert set(LEVELS) == set(Indicator.objects.filter(theme__in=THEMES).values_list("sotkanet_id", flat=True))


@pytest.mark.django_db
def test_loading_again_changes_nothing(loaded: Area) -> None:
    before = list(IndicatorValue.objects.order_by("pk").values_list("pk", *FIGURES))
    tally = load_example_values([loaded])
    assert not tally.wrote and tally.unchanged > 1000
    assert list(IndicatorValue.objects.order_by("pk").values_list("pk", *FIGURES)) == before


@pytest.mark.django_db
def test_none_where_a_real_figure_is_at_hand(loaded: Area) -> None:
    example = IndicatorValue.objects.filter(run__source=ImportRun.Source.EXAMPLE)
    assert set(example.values_list("indicator__theme", flat=True)) == set(THEMES)
    # Divorces: real figures of 2019. Hospital care of minors: real ones only until 2011.
    assert not example.filter(indicator__sotkanet_id=304).exists()
    assert example.filter(indicator__sotkanet_id=4).exists()
    assert example.order_by("year").values_list("year", flat=True)[0] == 2019
    assert ImportRun.objects.get(source="example").label == "Esimerkkiaineisto"


@pytest.mark.django_db
def test_adult_surveys_are_known_by_county_only(loaded: Area) -> None:
    adult = IndicatorValue.objects.filter(indicator__survey=Indicator.Survey.ADULT)
    assert set(adult.values_list("area__kind", flat=True)) == {Area.Kind.COUNTY}


@pytest.mark.django_db
def test_gaps_are_of_small_municipalities_only(loaded: Area) -> None:
    gaps = IndicatorValue.objects.filter(status="suppressed").values_list("area__code", flat=True)
    small = set(
        IndicatorValue.objects.filter(indicator__sotkanet_id=127, year=2022, value__lt=2000).values_list(
            "area__code", flat=True
        )
    )
    assert gaps and set(gaps) <= small


@pytest.mark.django_db
def test_the_county_s_figure_is_among_those_of_its_municipalities(loaded: Area) -> None:
    of_county = IndicatorValue.objects.get(indicator__sotkanet_id=3959, area=loaded, year=2024)
    others = IndicatorValue.objects.filter(indicator__sotkanet_id=3959, area__parent=loaded, year=2024)
    values = [other.value for other in others if other.value is not None]
    assert of_county.value is not None and min(values) < of_county.value < max(values)


@pytest.mark.django_db
def test_they_give_way_when_real_figures_come(loaded: Area) -> None:
    indicator = Indicator.objects.get(sotkanet_id=328)
    area = Area.objects.get(kind="municipality", code="179")
    real = ImportRun.objects.create(source="sotkanet", label="later", retrieved_on="2026-12-01")
    write_values(real, [Row(indicator.pk, area.pk, 2023, 21.0)])
    load_example_values([loaded])
    assert list(IndicatorValue.objects.filter(indicator=indicator).values_list("value", "year")) == [(21.0, 2023)]
