"""The real figures: complete, loadable again, and never displaced by illustrative ones."""

from __future__ import annotations

import csv
from datetime import date

import pytest

from indicators.importing import Row, write_values
from indicators.loading import DATA, ROUND_INDICATORS, load_catalogue, load_indicator_sets, load_round_set, load_values
from indicators.models import Area, ImportRun, Indicator, IndicatorSet, IndicatorValue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]


def value(number: int, code: str, year: int) -> IndicatorValue:
    """Return a municipality's figure."""
    return IndicatorValue.objects.get(indicator__sotkanet_id=number, area__code=code, year=year)


def run(source: str, label: str = "try") -> ImportRun:
    """Return a run to write figures with."""
    return ImportRun.objects.create(source=source, label=label, retrieved_on=date(2026, 1, 1))


def test_all_figures_of_the_file_are_loaded_once() -> None:
    first, second = load_values(), load_values()
    with (DATA / "values.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert (first.added, first.changed, first.unchanged) == (len(rows), 0, 0)
    assert (second.added, second.changed, second.unchanged) == (0, 0, len(rows))
    assert IndicatorValue.objects.count() == len(rows) == 3135
    written = ImportRun.objects.get()
    assert (written.rows_added, written.rows_changed) == (len(rows), 0)
    assert written.licence == "CC BY 4.0"
    assert "22.11.2026" in written.label and written.retrieved_on == date(2026, 11, 22)


def test_figures_looked_up_by_hand() -> None:
    load_values()
    assert value(127, "179", 2022).value == 145887
    assert value(181, "179", 2019).value == 11.8
    assert value(761, "410", 2019).value is not None
    assert IndicatorValue.objects.filter(indicator__sotkanet_id=1275, year=2019).count() == 15
    population = IndicatorValue.objects.filter(indicator__sotkanet_id=127)
    assert population.values("area").distinct().count() == 28
    assert set(population.values_list("year", flat=True)) == set(range(2000, 2023))


def test_only_what_differs_is_written() -> None:
    load_values()
    IndicatorValue.objects.filter(pk=value(181, "179", 2019).pk).update(value=99.0)
    tally = load_values()
    assert (tally.added, tally.changed) == (0, 1)
    assert value(181, "179", 2019).value == 11.8
    assert ImportRun.objects.get().rows_changed == 1


def test_an_illustrative_figure_never_takes_the_place_of_a_real_one() -> None:
    indicator = Indicator.objects.get(sotkanet_id=328)
    area = Area.objects.get(kind="municipality", code="179")
    write_values(run("sotkanet"), [Row(indicator.pk, area.pk, 2021, 20.0)])
    tally = write_values(run("example"), [Row(indicator.pk, area.pk, 2021, 1.0), Row(indicator.pk, area.pk, 2023, 2.0)])
    assert (tally.added, tally.changed, tally.unchanged) == (1, 0, 1)
    assert value(328, "179", 2021).value == 20.0


def test_a_real_figure_takes_the_place_of_an_illustrative_one() -> None:
    indicator = Indicator.objects.get(sotkanet_id=328)
    area = Area.objects.get(kind="municipality", code="179")
    write_values(run("example"), [Row(indicator.pk, area.pk, 2021, 1.0)])
    tally = write_values(run("sotkanet"), [Row(indicator.pk, area.pk, 2021, 20.0)])
    assert (tally.added, tally.changed) == (0, 1)
    assert value(328, "179", 2021).run.source == "sotkanet"


def test_a_gap_is_stored_as_a_status_without_a_value() -> None:
    indicator = Indicator.objects.get(sotkanet_id=328)
    area = Area.objects.get(kind="municipality", code="265")
    write_values(run("example"), [Row(indicator.pk, area.pk, 2021, None, status="suppressed")])
    assert (value(328, "265", 2021).value, value(328, "265", 2021).status) == (None, "suppressed")


def test_what_was_edited_in_the_catalogue_stays() -> None:
    Indicator.objects.filter(sotkanet_id=761).update(polarity="lower", name_fi="Vanha nimi")
    tally = load_catalogue()
    assert (tally.added, tally.changed) == (0, 1)
    indicator = Indicator.objects.get(sotkanet_id=761)
    assert (indicator.polarity, indicator.name_fi) == ("lower", "Huoltosuhde, demografinen")


def test_the_set_of_a_county_is_made_once_and_then_its_own(county: Area) -> None:
    made = load_round_set(county)
    assert [item.indicator.sotkanet_id for item in made.items.select_related("indicator")] == list(ROUND_INDICATORS)
    made.items.filter(position=1).delete()
    again = load_round_set(county)
    assert again == made
    assert again.items.count() == len(ROUND_INDICATORS) - 1


def national() -> list[IndicatorSet]:
    """Return the national sets, in the order in which they were made."""
    return list(IndicatorSet.objects.filter(owner=None).order_by("pk"))


def test_national_sets_tell_what_they_rest_on_and_do_not_pass_for_a_list_of_thl_s() -> None:
    with (DATA / "set_indicators.csv").open(encoding="utf-8") as file:
        rows = [(row["set"], int(row["sotkanet_id"])) for row in csv.DictReader(file)]
    outcomes, report = national()
    for one, key in ((outcomes, "hyte"), (report, "report")):
        items = one.items.select_related("indicator")
        assert [item.indicator.sotkanet_id for item in items] == [number for set_, number in rows if set_ == key]
        assert [item.position for item in items] == list(range(1, len(items) + 1))
        assert "ehdotuksemme" in one.name and "Oma ehdotuksemme" in one.basis
        assert "https://thl.fi/" in one.basis
    # The one that is shown to a county without a set of its own: the latest.
    assert report.version >= outcomes.version and report.items.count() > 30


def test_a_national_set_that_is_there_is_history() -> None:
    """Its indicators stay as they were; what it is said to rest on is brought up to date."""
    outcomes, report = national()
    outcomes.items.filter(position=1).delete()
    IndicatorSet.objects.filter(pk=report.pk).update(basis="Muuta.")
    tally = load_indicator_sets()
    assert (tally.added, tally.changed, tally.unchanged) == (0, 1, 1)
    assert national() == [outcomes, report]
    assert outcomes.items.order_by("position")[0].position == 2
    report.refresh_from_db()
    assert report.basis.startswith("Oma ehdotuksemme")
    assert not load_indicator_sets().wrote


def test_a_county_s_set_of_the_same_name_is_another(county: Area) -> None:
    report = national()[-1]
    own = IndicatorSet.objects.create(owner=county, name=report.name, version=report.version, basis="Oma.")
    assert not load_indicator_sets().wrote
    own.refresh_from_db()
    assert (own.basis, own.items.count()) == ("Oma.", 0)
