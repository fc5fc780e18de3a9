"""What would become of each figure, and writing all of them or none."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from indicators.importing import WRITERS, Row, write_values
from indicators.models import Area, ImportPart, ImportRun, Indicator, IndicatorValue
from indicators.spreadsheets.understanding import Known, Taken, Wrong
from indicators.workbooks import Outcome

# From nought to a hundred, and nothing else.
OF_A_HUNDRED = {Indicator.Unit.PERCENT, Indicator.Unit.SCORE}


@dataclass(frozen=True)
class Planned:
    """A figure with what becomes of it. `before` is what it is now, None where there is none."""

    taken: Taken
    indicator: Indicator
    area: Area
    outcome: Outcome
    before: tuple[float | None, str] | None = None
    # An empty cell of a year that is not filled in yet: nothing is there, and nothing is written.
    is_left: bool = False


@dataclass(frozen=True)
class Plan:
    """All figures of a file: those that can be taken in, those that cannot, and how many become what."""

    planned: tuple[Planned, ...]
    wrong: tuple[Wrong, ...]
    counts: Mapping[Outcome, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many figures the file has."""
        return sum(self.counts.values())

    @property
    def changes_nothing(self) -> bool:
        """Whether every figure is there already."""
        return self.total == self.counts.get(Outcome.SAME, 0)

    @property
    def is_sound(self) -> bool:
        """Whether it can be saved: something would change, and nothing is wrong."""
        return not self.counts.get(Outcome.WRONG) and not self.changes_nothing

    @property
    def digest(self) -> str:
        """What was shown, in short: another one when anything else would become of any figure."""
        shown = [(row.outcome.value, row.before, row.is_left) for row in self.planned]
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


def plan(known: Known, taken: Sequence[Taken], wrong: Iterable[Wrong] = ()) -> Plan:
    """Tell what would become of each figure against those that are there. One query, however many figures."""
    present = _present(known, taken)
    filled = {(row.indicator_id, row.year) for row in taken if not row.is_empty}
    seen: dict[tuple[int, int, str, int], Taken] = {}
    planned: list[Planned] = []
    refused: list[Wrong] = list(wrong)
    for row in taken:
        indicator, area = known.indicators.get(row.indicator_id), known.areas.get(row.area_id)
        if indicator is None or area is None:
            refused.append(Wrong(row.row, row.column, "", (_("The indicator or the area is no longer there."),)))
            continue
        words = [*_absurd(row, indicator)]
        if other := seen.get(row.key):
            words.append(_twice(row, other))
        seen.setdefault(row.key, row)
        if words:
            refused.append(Wrong(row.row, row.column, f"{indicator}, {area}, {row.year}", tuple(words)))
            continue
        before, is_example = present.get(row.key, (None, False))
        is_left = row.is_empty and before is None and (row.indicator_id, row.year) not in filled
        # The figures of an example always give way to real ones.
        is_same = is_left or (before == (row.value, row.status) and not is_example)
        outcome = Outcome.SAME if is_same else Outcome.NEW if before is None else Outcome.CHANGED
        planned.append(Planned(row, indicator, area, outcome, before, is_left))
    counts = Counter(row.outcome for row in planned)
    counts[Outcome.WRONG] = sum(row.figures for row in refused)
    return Plan(tuple(planned), tuple(sorted(refused, key=lambda one: (one.row, one.column))), counts)


def _present(
    known: Known, taken: Iterable[Taken]
) -> dict[tuple[int, int, str, int], tuple[tuple[float | None, str], bool]]:
    rows = IndicatorValue.objects.filter(
        indicator__in={row.indicator_id for row in taken} & known.indicators.keys(),
        area__in=known.areas,
    ).values_list("indicator_id", "area_id", "gender", "year", "value", "status", "run__source")
    return {
        (indicator, area, gender, year): ((value, status), source == ImportRun.Source.EXAMPLE)
        for indicator, area, gender, year, value, status, source in rows
    }


def _absurd(row: Taken, indicator: Indicator) -> Iterator[str]:
    if row.value is not None and indicator.unit in OF_A_HUNDRED and not 0 <= row.value <= 100:
        yield _("The number must be between 0 and 100, as the indicator is in: %(unit)s. Correct it.") % {
            "unit": indicator.get_unit_display()
        }


def _twice(row: Taken, other: Taken) -> str:
    if row.row == other.row:
        words = _("Columns %(other)s and %(column)s give the same figure. Keep one of them.")
    else:
        words = _("Rows %(other_row)s and %(row)s give the same figure. Keep one of them.")
    return words % {"row": row.row, "other_row": other.row, "column": row.column, "other": other.column}


# --- Saving ------------------------------------------------------------------------------------------------------


# What a citation is filled in with later: the indicator's name and the day of its figures.
BEFORE, AFTER = "{title}. ", ". {date}."


def citation_of(source: str) -> str:
    """Return the form of citation of figures from a source that somebody has told in their own words.

    Nothing in their words is filled in.
    """
    return f"{BEFORE}{source.rstrip('.').replace('{', '{{').replace('}', '}}')}{AFTER}"


def source_of(run: ImportRun) -> str:
    """Return the words in which the source of a spreadsheet's figures was told."""
    words = run.citation.removeprefix(BEFORE).removesuffix(AFTER)
    return words.replace("{{", "{").replace("}}", "}")


class Changed(Exception):
    """Something else than was shown would become of the figures."""


@transaction.atomic
def save(
    owner: Area, taken: Sequence[Taken], shown: str, *, label: str, retrieved_on: date, citation: str
) -> tuple[ImportRun, Plan]:
    """Write all figures of a preview, or none; `shown` is the digest of the plan that was shown.

    Returns the import and the plan that was carried out. Raises Changed when the plan is no longer the one shown.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WRITERS])
    # Their units may not change between being looked at and being written by.
    list(Indicator.objects.select_for_update().filter(owner=owner).order_by("pk").values_list("pk"))
    now = plan(Known.of(owner), taken)
    if not now.is_sound or now.digest != shown:
        raise Changed
    run = ImportRun.objects.create(
        owner=owner,
        source=ImportRun.Source.SPREADSHEET,
        label=label,
        retrieved_on=retrieved_on,
        citation=citation,
        state=ImportRun.State.DONE,
        finished_at=timezone.now(),
        **_tally(now.planned),
    )
    tally = write_values(
        run,
        [
            Row(of.indicator_id, of.area_id, of.year, of.value, None, of.status, of.gender)
            for row in now.planned
            if not row.is_left
            for of in [row.taken]
        ],
    )
    if (tally.added, tally.changed) != (now.counts[Outcome.NEW], now.counts[Outcome.CHANGED]):
        raise Changed
    by_indicator: dict[int, list[Planned]] = defaultdict(list)
    for row in now.planned:
        by_indicator[row.taken.indicator_id].append(row)
    ImportPart.objects.bulk_create(
        ImportPart(
            run=run,
            indicator_id=pk,
            first_year=min(row.taken.year for row in rows),
            last_year=max(row.taken.year for row in rows),
            state=ImportPart.State.DONE,
            finished_at=run.finished_at,
            **_tally(rows),
        )
        for pk, rows in by_indicator.items()
    )
    return run, now


def _tally(rows: Sequence[Planned]) -> dict[str, int]:
    counts = Counter(row.outcome for row in rows)
    return {
        "rows_read": len(rows),
        "rows_added": counts[Outcome.NEW],
        "rows_changed": counts[Outcome.CHANGED],
        "rows_unchanged": counts[Outcome.SAME],
    }
