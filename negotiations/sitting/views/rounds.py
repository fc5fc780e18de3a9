"""Of one round, its negotiations with who attended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import OuterRef, Prefetch, Q, Subquery, Sum, Value, prefetch_related_objects
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from municipalities import tables
from municipalities.access import CountyRequest
from municipalities.models import Sector
from municipalities.tables import Choice, Kind, Search, Table
from municipalities.templatetags.wording import JOINER
from municipalities.timewords import NON_BREAKING
from negotiations.models import (
    Attendance,
    CoreGroup,
    Minutes,
    Negotiation,
    Part,
    Party,
    Round,
    StatedFigure,
)
from negotiations.permissions import can_edit, visible_minutes, visible_negotiations
from negotiations.planning.negotiations import parties_of, with_parties
from negotiations.planning.views.rounds import round_context
from negotiations.sitting.attendance import (
    ALWAYS_SHOWN,
    SHOWN_IF_COUNTED,
    Column,
    Comparison,
    CoreGroupCount,
    Counted,
    ImpossibleAttendance,
    Persons,
    RoundAttendance,
    SectorTotals,
    compare,
    persons,
    round_attendance,
)
from negotiations.templatetags.negotiating import when


@dataclass(frozen=True)
class Row:
    """A negotiation in the table of a round."""

    negotiation: Negotiation
    # Only in the file.
    parties: list[Party]
    # Each with whether it was left out of a negotiation that was held, and so counts for no duty.
    parts: list[tuple[Part, bool]]
    minutes: list[Minutes]
    # By column of the table; None where nobody was counted, which is not the same as nobody came.
    attended: list[tuple[Column, int | None]]


@dataclass(frozen=True)
class ColumnTotal:
    """A column's total of a round, and what can be said of persons."""

    column: Column
    total: int
    persons: Persons


def counted(negotiations: Iterable[Negotiation]) -> list[Counted]:
    """Return who were present in the negotiations, as the arithmetic of attendance takes them. One query."""
    rows = Attendance.objects.filter(negotiation__in=negotiations, status=Attendance.Status.PRESENT).order_by()
    return [
        Counted(negotiation, sector, count, person)
        for negotiation, sector, count, person in rows.values_list("negotiation_id", "sector", "count", "person_id")
    ]


# --- The table of negotiations ----------------------------------------------------------------------------------

BEFORE: tuple[tables.Column[Row], ...] = (
    tables.Column("neuvottelu", gettext_lazy("Negotiation"), lambda row: row.negotiation.title, order="title"),
    tables.Column(
        "aika",
        gettext_lazy("Time and mode"),
        lambda row: _time(row),
        order=("earliest", "starts_at"),
        kind=Kind.MOMENT,
        exported=False,
    ),
    tables.Column("ryhma", gettext_lazy("Municipality group"), lambda row: _group(row), shown=False),
    tables.Column("aihe", gettext_lazy("Theme or service"), lambda row: row.negotiation.topic, shown=False),
    tables.Column("osapuolet", gettext_lazy("Parties"), lambda row: ", ".join(map(str, row.parties)), shown=False),
    tables.Column("ajankohta", gettext_lazy("Time"), lambda row: _time(row), shown=False),
    tables.Column("alkaa", gettext_lazy("Starts"), lambda row: _start(row.negotiation), shown=False),
    tables.Column("paattyy", gettext_lazy("Ends"), lambda row: row.negotiation.ends_at, shown=False),
    tables.Column(
        "tapa",
        gettext_lazy("Mode"),
        lambda row: _known(row.negotiation.mode, row.negotiation.get_mode_display()),
        kind=Kind.STATE,
        shown=False,
    ),
    tables.Column("paikka", gettext_lazy("Place"), lambda row: row.negotiation.place, shown=False),
    tables.Column("perusteet", gettext_lazy("Legal bases"), lambda row: _parts(row), shown=False),
    tables.Column(
        "tila",
        gettext_lazy("State"),
        lambda row: row.negotiation.get_state_display(),
        order=("state", "earliest", "starts_at"),
        kind=Kind.STATE,
    ),
)
AFTER: tuple[tables.Column[Row], ...] = (
    tables.Column("poytakirja", gettext_lazy("Minutes"), lambda row: _minutes(row)),
)
SEARCHED = (
    "title",
    "place",
    "group__name",
    "topic",
    "parties__municipality__area__name_fi",
    "parties__municipality__area__name_sv",
    "parties__organisation__name",
)


# The columns of attendances in the address, by the last sector of each.
ALL_COLUMNS = (*ALWAYS_SHOWN, *SHOWN_IF_COUNTED)
SECTOR_KEYS = {
    Sector.ORGANISATION_OR_PARISH: "jarjestot",
    Sector.MUNICIPALITY: "kunnat",
    Sector.COUNTY: "alue",
    Sector.PUBLIC: "julkiset",
    Sector.COMPANY: "yritykset",
    Sector.INFLUENCING: "vaikuttamiselimet",
    Sector.OTHER: "muut",
}


def _time(row: Row) -> str:
    """Return the time in words, without the signs that keep it on one line."""
    return when(row.negotiation).replace(JOINER, "").replace(NON_BREAKING, " ")


def _known(value: str, words: str) -> str:
    return words if value else ""


def _start(negotiation: Negotiation) -> date | datetime | None:
    """Return when a negotiation starts, as far as it is known: a month is never told as its first day."""
    if negotiation.starts_at:
        return negotiation.starts_at
    return negotiation.earliest if negotiation.earliest == negotiation.latest else None


def _group(row: Row) -> str:
    return str(row.negotiation.group or "")


def _parts(row: Row) -> str:
    told = [
        f"{part.basis.label} ({_('not dealt with')})" if left_out else str(part.basis.label)
        for part, left_out in row.parts
    ]
    return ", ".join(told)


def _minutes(row: Row) -> str:
    told = [
        f"{minutes.part}: {minutes.get_state_display()}" if minutes.part_id else capfirst(minutes.get_state_display())
        for minutes in row.minutes
    ]
    return ", ".join(told)


def _attendances(column: Column) -> tables.Column[Row]:
    """Return the column of a round's table for the attendances of these sectors."""

    def order() -> Subquery:
        present = Attendance.objects.filter(negotiation=OuterRef("pk"), status=Attendance.Status.PRESENT).order_by()
        sums = present.values("negotiation")
        return Subquery(sums.annotate(sum=Coalesce(Sum("count", filter=Q(sector__in=column.sectors)), 0)).values("sum"))

    return tables.Column(
        SECTOR_KEYS[Sector(column.sectors[-1])],
        column.name,
        lambda row: dict(row.attended).get(column),
        # In a negotiation in which nobody was counted there is nothing to sort by, which is not nought.
        # Put together only when asked for: of seven columns the table is sorted by one at most.
        order=cast("Subquery", SimpleLazyObject(order)),
        kind=Kind.NUMBER,
    )


def _filters(shown: Round) -> list[tables.Filter]:
    filters: list[tables.Filter] = [
        Search[Negotiation](by=SEARCHED),
        Choice[Negotiation]("tila", gettext_lazy("State"), Negotiation.State.choices, by="state"),
    ]
    if len(shown.bases) > 1:
        bases = [(basis.value, basis.label) for basis in shown.bases]
        filters.append(Choice[Negotiation]("peruste", gettext_lazy("Legal basis"), bases, by="parts__legal_basis"))
    return filters


def _table(request: CountyRequest, shown: Round) -> tuple[Table[Row], list[Counted], RoundAttendance, SectorTotals]:
    """Return the table of the round's negotiations, who were present in them, and how many.

    Last how many were present in those that the filters leave, on all pages.
    """
    negotiations = visible_negotiations(request.access).filter(round=shown)
    minutes = (
        visible_minutes(request.access)
        .filter(corrects=None)
        .select_related("document", "part")
        .defer("document__context")
    )
    fetched: list[str | Prefetch[Any]] = [
        Prefetch("parts", to_attr="parts_there"),
        Prefetch("minutes", minutes, to_attr="minutes_seen"),
    ]
    table: Table[Row] = Table(
        request,
        negotiations.select_related("group").prefetch_related(*fetched),
        [*BEFORE, *map(_attendances, ALL_COLUMNS), *AFTER],
        name=f"{_('Negotiations')} {shown.year}",
        filters=_filters(shown),
        sort="aika",
        compose=lambda rows: compose(rows),
    )
    present = Attendance.objects.filter(negotiation__in=negotiations, status=Attendance.Status.PRESENT).order_by()
    left = Q(negotiation__in=table.matching.order_by().values("pk")) if table.is_filtered else Value(True)
    rows = present.annotate(is_left=left).values_list("negotiation_id", "sector", "count", "person_id", "is_left")
    people, listed = [], []
    for negotiation, sector, count, person, is_left in rows:
        people.append(Counted(negotiation, sector, count, person))
        if is_left:
            listed.append(people[-1])
    attendance = round_attendance(people)
    # Where nobody was counted, no columns for it; else those of the sectors that were.
    in_use = attendance.columns if people else ()
    table.leave_out(SECTOR_KEYS[Sector(column.sectors[-1])] for column in ALL_COLUMNS if column not in in_use)

    def compose(rows: list[Negotiation]) -> list[Row]:
        if table.is_file:
            prefetch_related_objects(rows, with_parties())
        return [_row(negotiation, attendance, with_parties=table.is_file) for negotiation in rows]

    sums = round_attendance(listed).totals if table.is_filtered else attendance.totals
    return table, people, attendance, sums


@require_safe
def round_(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show a round: its negotiations by date, who attended them, and the source's totals beside ours."""
    context = round_context(request, pk, tab="negotiations")
    shown: Round = context["round"]
    table, people, attendance, sums = _table(request, shown)
    if answer := table.file():
        return answer
    sees_all = can_edit(request.access)
    context |= {
        "table": table,
        # The totals under the table are of what the table lists, on all its pages.
        "listed_total": sums.total,
        "listed_totals": [(column, sums.of(column.sectors)) for column in attendance.columns] if people else [],
        "lists_all": sees_all and not table.is_filtered,
        "sees_all": sees_all,
        # The legal basis is told row by row only where it is not the same for all.
        "combines": len(shown.bases) > 1,
    }
    # The totals of a round are told to those who see all of it: to the others before its summary is theirs to read.
    if people and (sees_all or context["summary"]):
        try:
            everyone = people if sees_all else counted(shown.negotiations.all())
            groups, figures = core_groups_of(shown), stated_figures_of(shown)
            context |= totals_of(everyone, attendance if sees_all else round_attendance(everyone), groups, figures)
        except ImpossibleAttendance as contradiction:
            context["contradiction"] = str(contradiction)
    return render(request, "negotiations/round.html", context)


def _row(negotiation: Any, attendance: RoundAttendance, *, with_parties: bool) -> Row:
    totals = attendance.of(negotiation.pk)
    held = negotiation.state == Negotiation.State.HELD
    return Row(
        negotiation=negotiation,
        parties=parties_of(negotiation) if with_parties else [],
        parts=[(part, held and not part.dealt_with) for part in negotiation.parts_there],
        minutes=negotiation.minutes_seen,
        attended=[(column, totals.of(column.sectors) if totals else None) for column in attendance.columns],
    )


def core_groups_of(shown: Round) -> list[Any]:
    """Return the core groups of a round by name, each with the ids of what it `attended`. One query."""
    attended = ArrayAgg("negotiations", filter=Q(negotiations__isnull=False), default=Value([]))
    return list(CoreGroup.objects.filter(round=shown).annotate(attended=attended).order_by("name"))


def stated_figures_of(shown: Round) -> list[StatedFigure]:
    """Return the totals that the source of a round states, in the order they were entered. One query."""
    return list(StatedFigure.objects.filter(round=shown).order_by("pk"))


def totals_of(
    people: list[Counted], attendance: RoundAttendance, core_groups: Iterable[Any], figures: Iterable[StatedFigure]
) -> dict[str, object]:
    """Return the totals of a round with what can be said of persons, and the source's own totals. No query.

    Raises ImpossibleAttendance where the numbers contradict each other.
    """
    groups = [
        CoreGroupCount(
            group.name,
            group.sector,
            group.size,
            frozenset(group.attended),
            group.approximate,
        )
        for group in core_groups
    ]
    comparisons: list[Comparison] = [
        compare(stated.value, stated.sectors, attendance.totals, source=stated.source) for stated in figures
    ]
    return {
        "totals": [
            ColumnTotal(column, attendance.totals.of(column.sectors), persons(people, groups, column))
            for column in attendance.columns
        ],
        "total": attendance.totals.total,
        "comparisons": comparisons,
        "core_groups": groups,
    }
