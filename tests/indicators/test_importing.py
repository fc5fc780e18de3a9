"""Figures in bulk: only what differs is written, what is revised is kept, and nonsense is refused as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from indicators.importing import ImpossibleRows, Row, Tally, write_values
from indicators.models import Area, FormerValue, ImportRun, Indicator, IndicatorValue
from municipalities.reference import load_reference

pytestmark = pytest.mark.django_db
OK = IndicatorValue.Status.OK


def run(source: str = "sotkanet") -> ImportRun:
    """Return a run to write figures with."""
    return ImportRun.objects.create(source=source, label="try", retrieved_on=date(2026, 1, 1))


@pytest.fixture
def indicator(reference: None) -> Indicator:
    """Any indicator."""
    return Indicator.objects.get(sotkanet_id=328)


@pytest.fixture
def area(reference: None) -> Area:
    """Any municipality."""
    return Area.objects.get(kind="municipality", code="179")


def versions() -> dict[int, str]:
    """Return which transaction wrote each row, and whether one has locked it since."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, xmin::text || '/' || xmax::text FROM indicators_indicatorvalue")
        return dict(cursor.fetchall())


def test_what_is_unchanged_is_neither_written_nor_locked(indicator: Indicator, area: Area) -> None:
    rows = [Row(indicator.pk, area.pk, year, float(year), gender=gender) for year in (2020, 2021) for gender in GENDERS]
    first = run()
    assert write_values(first, rows) == Tally(added=6)
    before = versions()
    assert write_values(run(), rows) == Tally(unchanged=6)
    assert versions() == before
    assert set(IndicatorValue.objects.values_list("run", flat=True)) == {first.pk}


GENDERS = ("total", "male", "female")


def test_a_revised_figure_keeps_what_it_was(indicator: Indicator, area: Area) -> None:
    first, second, third = run(), run(), run()
    write_values(first, [Row(indicator.pk, area.pk, 2021, 20.0, 31.0), Row(indicator.pk, area.pk, 2022, 1.0)])
    assert write_values(second, [Row(indicator.pk, area.pk, 2021, 20.5, 32.0)]) == Tally(changed=1)
    assert write_values(third, [Row(indicator.pk, area.pk, 2021, None, status="suppressed")]) == Tally(changed=1)
    kept = FormerValue.objects.order_by("pk").values_list("value", "absolute", "status", "run", "replaced_by")
    assert list(kept) == [(20.0, 31.0, OK, first.pk, second.pk), (20.5, 32.0, OK, second.pk, third.pk)]
    now = IndicatorValue.objects.get(year=2021)
    assert (now.value, now.status, now.run_id) == (None, "suppressed", third.pk)


def test_illustrative_figures_are_no_history(indicator: Indicator, area: Area) -> None:
    write_values(run("example"), [Row(indicator.pk, area.pk, 2021, 20.0)])
    real = run()
    # The same number from a real source is a real figure.
    assert write_values(real, [Row(indicator.pk, area.pk, 2021, 20.0)]) == Tally(changed=1)
    assert IndicatorValue.objects.get().run == real
    assert not FormerValue.objects.exists()
    assert write_values(run("example"), [Row(indicator.pk, area.pk, 2021, 3.0)]) == Tally(unchanged=1)
    assert IndicatorValue.objects.get().value == 20.0


@pytest.mark.parametrize("what", ["indicator", "area", "twice new", "twice changed"])
def test_nonsense_is_refused_as_a_whole(what: str, indicator: Indicator, area: Area) -> None:
    write_values(run(), [Row(indicator.pk, area.pk, 2021, 20.0)])
    good = Row(indicator.pk, area.pk, 2022, 1.0)
    bad = {
        "indicator": [Row(10**9, area.pk, 2021, 1.0)],
        "area": [Row(indicator.pk, 10**9, 2021, 1.0)],
        "twice new": [Row(indicator.pk, area.pk, 2023, 1.0), Row(indicator.pk, area.pk, 2023, 2.0)],
        "twice changed": [Row(indicator.pk, area.pk, 2021, 1.0), Row(indicator.pk, area.pk, 2021, 2.0)],
    }[what]
    with pytest.raises(ImpossibleRows, match=r"1000000000|kahdesti"):
        write_values(run(), [good, *bad])
    assert list(IndicatorValue.objects.values_list("year", "value")) == [(2021, 20.0)]
    assert write_values(run(), [good]) == Tally(added=1)


def test_a_generator_that_fails_leaves_nothing(indicator: Indicator, area: Area) -> None:
    def rows() -> Iterator[Row]:
        yield Row(indicator.pk, area.pk, 2021, 1.0)
        raise OSError("the file ended")

    with pytest.raises(OSError, match="ended"):
        write_values(run(), rows())
    assert not IndicatorValue.objects.exists()
    assert write_values(run(), [Row(indicator.pk, area.pk, 2021, 1.0)]) == Tally(added=1)


FIGURES = st.dictionaries(
    st.tuples(st.integers(0, 2), st.integers(2019, 2022), st.sampled_from(GENDERS)),
    st.one_of(st.none(), st.floats(-1e6, 1e6, allow_nan=False)),
    max_size=12,
)


class TestAsADictionary(TestCase):
    """Whatever is written in turn, the table ends up as a dictionary would, and the counts say how it got there."""

    @classmethod
    def setUpTestData(cls) -> None:
        """Load the areas and indicators."""
        load_reference()

    @given(st.lists(FIGURES, max_size=4))
    def test_writing_is_updating(self, batches: list[dict[tuple[int, int, str], float | None]]) -> None:
        """Keys stay, values are the last given, each revision is kept."""
        indicator = Indicator.objects.all()[0].pk
        areas = list(Area.objects.filter(kind="municipality").values_list("pk", flat=True)[:3])
        model: dict[tuple[int, int, str], float | None] = {}
        revised = 0
        for batch in batches:
            rows = [
                Row(indicator, areas[place], year, value, status=OK if value is not None else "missing", gender=gender)
                for (place, year, gender), value in batch.items()
            ]
            tally = write_values(run(), rows)
            new = {key for key in batch if key not in model}
            changed = {key for key in batch if key in model and model[key] != batch[key]}
            assert (tally.added, tally.changed, tally.read) == (len(new), len(changed), len(batch))
            revised += len(changed)
            model |= batch
        table = {
            (areas.index(area), year, gender): value
            for area, year, gender, value in IndicatorValue.objects.values_list("area", "year", "gender", "value")
        }
        assert table == model
        assert FormerValue.objects.count() == revised
