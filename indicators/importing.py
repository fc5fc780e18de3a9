"""Figures into the database in bulk: copied beside the table, then merged into it, only what differs.

The keys of the values have no constraint in the database (a bulk write is five times slower with one): they are proved
here, before anything is written. One import writes at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import Error, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from indicators.models import Area, FormerValue, ImportRun, Indicator, IndicatorValue

# Any number that nothing else takes: the lock of those who write figures.
WRITERS = 611_612
# For the joins of the merge; the rows of a whole country take a few times this otherwise, on disk.
WORK_MEMORY = "64MB"
# The rows were given twice: by an insert and another, or by an update and another.
TWICE = {"23505", "21000"}


@dataclass(frozen=True)
class Tally:
    """How many rows a load added, changed and left as they were."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.added + other.added, self.changed + other.changed, self.unchanged + other.unchanged)

    @property
    def read(self) -> int:
        """How many rows there were to load."""
        return self.added + self.changed + self.unchanged

    @property
    def wrote(self) -> bool:
        """Whether anything was written."""
        return bool(self.added or self.changed)


class Row(NamedTuple):
    """One figure to be loaded; without a value its status says why."""

    indicator_id: int
    area_id: int
    year: int
    value: float | None
    absolute: float | None = None
    status: str = IndicatorValue.Status.OK
    gender: str = IndicatorValue.Gender.TOTAL


class ImpossibleRows(ValueError):
    """The rows cannot be figures: of an indicator or area that is not there, or one figure given twice."""


@transaction.atomic
def write_values(run: ImportRun, rows: Iterable[Row]) -> Tally:
    """Write the figures of an import: all of them, or none when ImpossibleRows is raised.

    A row that is there already as it should be is not written, and goes on pointing at the import that brought it. A
    figure that is revised keeps what it was (FormerValue). Illustrative figures never take the place of real ones;
    real ones always take theirs, and then nothing is kept. `rows` may be a generator: they are never all in memory.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WRITERS])
        cursor.execute(f"SET LOCAL work_mem = '{WORK_MEMORY}'")
        cursor.execute(
            "CREATE TEMPORARY TABLE staged (indicator_id bigint, area_id bigint, year smallint,"
            " value double precision, absolute double precision, status text, gender text) ON COMMIT DROP"
        )
        read = 0
        with cursor.copy("COPY staged FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["int8", "int8", "int2", "float8", "float8", "text", "text"])
            for row in rows:
                copy.write_row(row)
                read += 1
        cursor.execute("ANALYZE staged")
        for column, model in (("indicator_id", Indicator), ("area_id", Area)):
            cursor.execute(
                f"SELECT min({column}) FROM (SELECT DISTINCT {column} FROM staged) s WHERE NOT EXISTS"  # noqa: S608
                f" (SELECT FROM {_table(model)} known WHERE known.id = s.{column})"
            )
            (unknown,) = cursor.fetchone()
            if unknown is not None:
                raise ImpossibleRows(
                    _("There is no %(kind)s with the id %(id)d.") % {"kind": model._meta.verbose_name, "id": unknown}
                )
        try:
            cursor.execute(
                MERGE,
                {
                    "run": run.pk,
                    "illustrative": run.source == ImportRun.Source.EXAMPLE,
                    "examples": list(
                        ImportRun.objects.filter(source=ImportRun.Source.EXAMPLE).values_list("pk", flat=True)
                    ),
                },
            )
        except Error as error:
            if getattr(error.__cause__, "sqlstate", "") in TWICE:
                raise ImpossibleRows(_("A figure is given twice.")) from error
            raise
        added, changed = cursor.fetchone()
        cursor.execute("DROP TABLE staged")
    return Tally(added, changed, read - added - changed)


def add_to_run(run: ImportRun, rows: Sequence[Row]) -> Tally:
    """Write the figures of a file that is loaded again and again under one run; count them when anything was new."""
    tally = write_values(run, rows)
    if tally.wrote or run.state != ImportRun.State.DONE:
        run.state = ImportRun.State.DONE
        run.rows_read, run.rows_unchanged = len(rows), tally.unchanged
        run.rows_added += tally.added
        run.rows_changed += tally.changed
        run.finished_at = timezone.now()
        run.save(update_fields=["state", "finished_at", "rows_read", "rows_added", "rows_changed", "rows_unchanged"])
    return tally


def _table(model: type[Indicator | Area | IndicatorValue | FormerValue]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


# What is unchanged is not even locked: a statement that inserts or else updates would write to each such row.
MERGE = f"""
    WITH written AS (
        MERGE INTO {_table(IndicatorValue)} AS present
        USING staged ON (present.indicator_id, present.area_id, present.gender, present.year)
                      = (staged.indicator_id, staged.area_id, staged.gender, staged.year)
        WHEN MATCHED AND (
            CASE WHEN %(illustrative)s
            THEN present.run_id = ANY(%(examples)s)
                 AND (present.value, present.absolute, present.status)
                     IS DISTINCT FROM (staged.value, staged.absolute, staged.status)
            ELSE present.run_id = ANY(%(examples)s)
                 OR (present.value, present.absolute, present.status)
                    IS DISTINCT FROM (staged.value, staged.absolute, staged.status)
            END)
        THEN UPDATE SET run_id = %(run)s, value = staged.value, absolute = staged.absolute, status = staged.status
        WHEN NOT MATCHED
        THEN INSERT (indicator_id, area_id, run_id, year, gender, value, absolute, status)
             VALUES (staged.indicator_id, staged.area_id, %(run)s, staged.year, staged.gender, staged.value,
                     staged.absolute, staged.status)
        RETURNING merge_action() AS action, present.indicator_id, present.area_id, present.year, present.gender,
                  old.value, old.absolute, old.status, old.run_id
    ), kept AS (
        INSERT INTO {_table(FormerValue)}
               (indicator_id, area_id, year, gender, value, absolute, status, run_id, replaced_by_id)
        SELECT indicator_id, area_id, year, gender, value, absolute, status, run_id, %(run)s
        FROM written WHERE action = 'UPDATE' AND run_id <> ALL(%(examples)s)
    )
    SELECT count(*) FILTER (WHERE action = 'INSERT'), count(*) FILTER (WHERE action = 'UPDATE') FROM written
"""  # noqa: S608 - the names of our own tables
