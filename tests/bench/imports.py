"""Figures into the database: an import from parsed rows to committed, beside a bare COPY of the same rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from django.db import connection, transaction

from indicators.importing import Row, Tally, write_values
from indicators.models import Area, ImportRun, Indicator, IndicatorValue
from tests.bench.figures import Figure, Section, timed

LEAST_OF_COPY = 0.4
MOST_MEMORY = 300.0  # MiB
YEARS = range(2003, 2025)
GENDERS = ("total", "male", "female")
COPY = "COPY bare (indicator_id, area_id, year, value, absolute, status, gender, run_id) FROM STDIN (FORMAT binary)"


def measure(*, indicators: int) -> Section:
    """Import the figures of so many indicators: of 308 municipalities, 22 years and 3 genders each."""
    # The real ones: other measurements make municipalities of their own.
    real = Area.objects.filter(kind=Area.Kind.MUNICIPALITY, valid_to=None, code__regex=r"^\d{3}$")
    areas = list(real.order_by("code").values_list("pk", flat=True))
    made = Indicator.objects.bulk_create(
        Indicator(name_fi=f"Mitattu {number}", theme="Mittaus") for number in range(indicators)
    )
    run = ImportRun.objects.create(source=ImportRun.Source.SOTKANET, label="bench", retrieved_on=date(2026, 1, 1))

    def rows() -> Iterator[Row]:
        for indicator in made:
            for area in areas:
                for year in YEARS:
                    for gender in GENDERS:
                        value = float((indicator.pk * 31 + area * 7 + year) % 1009)
                        yield Row(indicator.pk, area, year, value, None, "ok", gender)

    found: list[Tally] = []
    count = indicators * len(areas) * len(YEARS) * len(GENDERS)
    try:
        bare = _bare(rows, run)
        _forget_peak()
        before = _peak()
        first = timed(lambda: found.append(write_values(run, rows())))
        again = timed(lambda: found.append(write_values(run, rows())))
        memory = _peak()
        if found != [Tally(added=count), Tally(unchanged=count)]:
            raise RuntimeError(f"{count} rows were to be added and then left: {found}")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(DISTINCT xmin::text) FROM indicators_indicatorvalue WHERE run_id = %s", [run.pk]
            )
            (writers,) = cursor.fetchone()
    finally:
        IndicatorValue.objects.filter(run=run).delete()
    of = f"{count / first:,.0f} of {count / bare:,.0f} rows/s"
    return Section(
        "imports",
        f"An import of {count:,} figures, from parsed rows to committed",
        [
            Figure("slower than a bare COPY", first / bare, "x", 1 / LEAST_OF_COPY, of, {"bare": bare, "first": first}),
            Figure("again with nothing changed / the first time", again / first, "x", 1.0, f"{again:.1f} s"),
            Figure("rows written by the second time", writers - 1, "", 0),
            Figure(
                "peak memory beyond what there was before", memory - before, "MiB", MOST_MEMORY, f"{before:.0f} before"
            ),
        ],
    )


def _bare(rows: Callable[[], Iterator[Row]], run: ImportRun) -> float:
    """Return how long a COPY takes into an empty copy of the table with the same indexes and constraints."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare (LIKE indicators_indicatorvalue INCLUDING ALL)")

    def copy() -> None:
        with transaction.atomic(), connection.cursor() as cursor, cursor.copy(COPY) as into:
            into.set_types(["int8", "int8", "int2", "float8", "float8", "varchar", "varchar", "int8"])
            for row in rows():
                into.write_row((*row, run.pk))

    try:
        return timed(copy)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE bare")


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak() -> float:
    """Return the most memory this process has had, in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))
