"""What the board of a workshop shows: themes, columns, headings and notes; and how many notes there are of whom."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, DecimalField, Prefetch, Q, QuerySet, Sum
from django.db.models.functions import Extract
from django.utils.translation import gettext as _

from negotiations.models import NoteHeading, ThemeColumn, Workshop, WorkshopGroup, WorkshopNote, WorkshopTheme

Hidden = WorkshopNote.Hidden


# --- Whether anything has changed -------------------------------------------------------------------------------


def watched(workshops: QuerySet[Workshop]) -> QuerySet[Workshop]:
    """Return workshops with what tells whether something on their boards has changed, in the same query.

    Each change of a note moves the sum of their times on, to the microsecond, whichever of two at the same moment is
    seen first. A measure or a finding that is removed elsewhere leaves its note without it.
    """
    return workshops.annotate(
        posted=Count("notes"),
        moved=Sum(Extract("notes__changed_at", "epoch", output_field=DecimalField())),
        findings=Count("notes__observation"),
        measures=Count("notes__measure"),
    )


def digest(workshop: Any, *also: object) -> str:
    """Return what changes whenever something on the board does, of a workshop that is `watched`."""
    seen = (
        workshop.pk,
        workshop.changed_at.timestamp(),
        workshop.posted,
        workshop.moved,
        workshop.findings,
        workshop.measures,
        *also,
    )
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:32]


# --- The board --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Heap:
    """Notes under a heading; under none where it is None."""

    heading: NoteHeading | None
    notes: list[WorkshopNote]


@dataclass(frozen=True)
class BoardColumn:
    """A column with its notes: those that are shown in heaps, those that the county has hidden, those taken back."""

    column: ThemeColumn
    heaps: list[Heap]
    hidden: list[WorkshopNote]
    taken_back: int

    @property
    def count(self) -> int:
        """How many notes are shown."""
        return sum(len(heap.notes) for heap in self.heaps)


@dataclass(frozen=True)
class BoardTheme:
    """A theme with its columns."""

    theme: WorkshopTheme
    columns: list[BoardColumn]

    @property
    def count(self) -> int:
        """How many notes are shown."""
        return sum(column.count for column in self.columns)


def arrange(
    columns: Iterable[ThemeColumn], headings: Iterable[NoteHeading], notes: Iterable[WorkshopNote]
) -> list[BoardColumn]:
    """Put each note into its column, under its heading. A heading of another column than the note's counts for none."""
    of_column: dict[int, list[NoteHeading]] = defaultdict(list)
    for heading in headings:
        of_column[heading.column_id].append(heading)
    in_column: dict[int, list[WorkshopNote]] = defaultdict(list)
    for note in notes:
        in_column[note.column_id].append(note)
    return [_column(column, of_column[column.pk], in_column[column.pk]) for column in columns]


def _column(column: ThemeColumn, headings: Sequence[NoteHeading], notes: Sequence[WorkshopNote]) -> BoardColumn:
    known = {heading.pk for heading in headings}
    heaps: dict[int | None, list[WorkshopNote]] = {None: [], **{heading.pk: [] for heading in headings}}
    for note in notes:
        if not note.hidden:
            heaps[note.heading_id if note.heading_id in known else None].append(note)
    return BoardColumn(
        column,
        # What has been arranged comes first, so that new notes at the end move nothing.
        [*(Heap(heading, heaps[heading.pk]) for heading in headings), Heap(None, heaps[None])],
        [note for note in notes if note.hidden == Hidden.BY_COUNTY],
        sum(note.hidden == Hidden.BY_GROUP for note in notes),
    )


def read_board(workshop: Workshop) -> list[BoardTheme]:
    """Return the board of a workshop: the round's themes, and others under which it has notes. Four queries."""
    headings = list(NoteHeading.objects.filter(workshop=workshop))
    notes = list(WorkshopNote.objects.filter(workshop=workshop).select_related("group", "priority").order_by("pk"))
    return [
        BoardTheme(theme, arrange(theme.columns.all(), headings, notes))
        for theme in themes_of(workshop.negotiation.round_id, {note.column_id for note in notes})
    ]


def themes_of(round_id: int | None, columns: set[int] | None = None) -> list[WorkshopTheme]:
    """Return the themes of a round with their columns, and those that have one of these columns. Two queries."""
    wanted = Q(round_id=round_id) if round_id is not None else Q(pk__in=[])
    if columns:
        wanted |= Q(pk__in=ThemeColumn.objects.filter(pk__in=columns).values("theme_id"))
    ordered = ThemeColumn.objects.order_by("position")
    rows = WorkshopTheme.objects.filter(wanted).order_by("position", "pk")
    return list(rows.prefetch_related(Prefetch("columns", ordered)))


# --- How many ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TallyRow:
    """A group, and how many of its notes are under each theme."""

    name: str
    counts: list[int]

    @property
    def total(self) -> int:
        """How many notes the group has posted in all."""
        return sum(self.counts)


@dataclass(frozen=True)
class Tally:
    """How many notes there are by group and theme, hidden ones too; and what became of them."""

    themes: list[str]
    rows: list[TallyRow]
    hidden: int
    taken_back: int
    findings: int
    measures: int

    @property
    def totals(self) -> list[int]:
        """How many notes each theme has."""
        return [sum(row.counts[number] for row in self.rows) for number in range(len(self.themes))]

    @property
    def total(self) -> int:
        """How many notes there are."""
        return sum(row.total for row in self.rows)


@dataclass(frozen=True)
class Counted:
    """A note as it is counted: ids of its group and its theme, whether it is hidden, and what became of it."""

    group: int | None
    theme: int
    hidden: str
    is_finding: bool
    has_measure: bool


def tally(notes: Sequence[Counted], groups: Sequence[tuple[int, str]], themes: Sequence[tuple[int, str]]) -> Tally:
    """Count notes by group and theme, in the order given; a note of no group or of another theme is counted too."""
    by_pair = Counter((note.group, note.theme) for note in notes)
    known_groups, known_themes = {pk for pk, _name in groups}, {pk for pk, _name in themes}
    rows = list(groups)
    of_groups: list[tuple[int | None, str]] = [*rows]
    if any(note.group not in known_groups for note in notes):
        of_groups.append((None, _("No group")))
    of_themes: list[tuple[int | None, str]] = [*themes]
    if any(note.theme not in known_themes for note in notes):
        of_themes.append((None, _("Another theme")))

    def count(group: int | None, theme: int | None) -> int:
        return sum(
            number
            for (of_group, of_theme), number in by_pair.items()
            if (of_group == group if group is not None else of_group not in known_groups)
            and (of_theme == theme if theme is not None else of_theme not in known_themes)
        )

    return Tally(
        [name for _pk, name in of_themes],
        [TallyRow(name, [count(group, theme) for theme, _name in of_themes]) for group, name in of_groups],
        hidden=sum(note.hidden == Hidden.BY_COUNTY for note in notes),
        taken_back=sum(note.hidden == Hidden.BY_GROUP for note in notes),
        findings=sum(note.is_finding for note in notes),
        measures=sum(note.has_measure for note in notes),
    )


def read_tally(workshop: Workshop, themes: Sequence[WorkshopTheme]) -> Tally:
    """Count the notes of a workshop. Two queries."""
    groups = WorkshopGroup.objects.filter(workshop=workshop).order_by("position").values_list("pk", "name")
    rows = WorkshopNote.objects.filter(workshop=workshop).values_list(
        "group_id", "column__theme_id", "hidden", "observation_id", "measure_id"
    )
    notes = [
        Counted(group, theme, hidden, observation is not None, measure is not None)
        for group, theme, hidden, observation, measure in rows
    ]
    return tally(notes, list(groups), [(theme.pk, theme.name) for theme in themes])
