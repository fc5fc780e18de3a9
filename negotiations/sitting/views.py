"""Of one round, its negotiations with who attended, and what its workshops found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Prefetch, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from municipalities.access import CountyRequest
from negotiations.models import (
    Attendance,
    CoreGroup,
    FeedbackNote,
    Minutes,
    Negotiation,
    Observation,
    Part,
    Party,
    Round,
    StatedFigure,
    ThemeColumn,
    WorkshopTheme,
)
from negotiations.permissions import can_edit, visible_minutes, visible_negotiations
from negotiations.planning.views import round_context
from negotiations.sitting.attendance import (
    Column,
    Comparison,
    CoreGroupCount,
    Counted,
    ImpossibleAttendance,
    Persons,
    RoundAttendance,
    compare,
    persons,
    round_attendance,
)


@dataclass(frozen=True)
class Row:
    """A negotiation in the table of a round."""

    negotiation: Negotiation
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
    rows = Attendance.objects.filter(negotiation__in=list(negotiations), status=Attendance.Status.PRESENT)
    return [
        Counted(negotiation, sector, count, person)
        for negotiation, sector, count, person in rows.values_list("negotiation_id", "sector", "count", "person_id")
    ]


def parties_of(negotiation: Negotiation) -> list[Party]:
    """Return the parties but the county itself: municipalities in the order of their names, then the others."""
    others = [party for party in negotiation.parties.all() if not party.is_county]
    return sorted(
        others,
        key=lambda party: (
            (0, party.municipality.area.order) if party.municipality else (1, str(party.organisation).lower())
        ),
    )


def with_parties() -> Prefetch:
    """Fetch the parties of negotiations with what their names are made of."""
    return Prefetch("parties", Party.objects.select_related("municipality__area", "organisation", "county__area"))


@require_safe
def round_(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show a round: its negotiations by date, who attended them, and the source's totals beside ours."""
    context = round_context(request, pk, tab="negotiations")
    shown: Round = context["round"]
    negotiations = list(
        visible_negotiations(request.access)
        .filter(round=shown)
        .select_related("group")
        .prefetch_related(
            with_parties(),
            "parts",
            Prefetch("minutes", visible_minutes(request.access).select_related("document")),
        )
    )
    people = counted(negotiations)
    attendance = round_attendance(people)
    context |= {
        "rows": [_row(negotiation, attendance) for negotiation in negotiations],
        "columns": attendance.columns,
        "sees_all": can_edit(request.access),
        "any_attended": bool(people),
        # The legal basis is told row by row only where it is not the same for all.
        "combines": len(shown.bases) > 1,
    }
    # The totals of a round are told to those who see all of it: to the others before its summary is theirs to read.
    if people and (can_edit(request.access) or context["summary"]):
        try:
            context |= _totals(shown, people if can_edit(request.access) else counted(shown.negotiations.all()))
        except ImpossibleAttendance as contradiction:
            context["contradiction"] = str(contradiction)
    return render(request, "negotiations/round.html", context)


def _row(negotiation: Negotiation, attendance: RoundAttendance) -> Row:
    totals = attendance.of(negotiation.pk)
    held = negotiation.state == Negotiation.State.HELD
    return Row(
        negotiation=negotiation,
        parties=parties_of(negotiation),
        parts=[(part, held and not part.dealt_with) for part in negotiation.parts.all()],
        minutes=list(negotiation.minutes.all()),
        attended=[(column, totals.of(column.sectors) if totals else None) for column in attendance.columns],
    )


def _totals(shown: Round, people: list[Counted]) -> dict[str, object]:
    attendance = round_attendance(people)
    groups = [
        CoreGroupCount(
            group.name,
            group.sector,
            group.size,
            frozenset(negotiation.pk for negotiation in group.negotiations.all()),
            group.approximate,
        )
        for group in CoreGroup.objects.filter(round=shown).prefetch_related("negotiations")
    ]
    comparisons: list[Comparison] = [
        compare(stated.value, stated.sectors, attendance.totals, source=stated.source)
        for stated in StatedFigure.objects.filter(round=shown)
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


@require_safe
def round_workshops(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show what the workshops of the round found by theme, and what was said of the round afterwards."""
    context = round_context(request, pk, tab="workshops")
    shown: Round = context["round"]
    # Of the whole round, or of a negotiation that the reader may know of.
    seen = Q(negotiation=None) | Q(negotiation__in=visible_negotiations(request.access))
    observations = Observation.objects.filter(seen).select_related("negotiation")
    context |= {
        "themes": list(
            WorkshopTheme.objects.filter(round=shown).prefetch_related(
                Prefetch("columns", ThemeColumn.objects.prefetch_related(Prefetch("observations", observations)))
            )
        ),
        "feedback": list(FeedbackNote.objects.filter(round=shown)),
    }
    return render(request, "negotiations/round_workshops.html", context)
