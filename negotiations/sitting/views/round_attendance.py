"""Who took part in a round: head counts of all its negotiations, core groups, and what the source states."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from django import forms
from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.forms import BoundField
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject, cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from municipalities.access import CountyRequest
from municipalities.models import Sector
from municipalities.tables import PAGE, Column, Kind, Search, Table
from municipalities.timewords import NON_BREAKING
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from municipalities.views.undoing import offer_undo, undo_offered, undone
from negotiations.models import Attendance, CoreGroup, Minutes, Negotiation, Round, StatedFigure
from negotiations.permissions import can_edit, visible_negotiations, visible_rounds
from negotiations.planning.timing import Timing
from negotiations.planning.views.rounds import round_context
from negotiations.sitting.attendance import (
    SECTOR_NAMES,
    Comparison,
    Counted,
    ImpossibleAttendance,
    SectorTotals,
    compare,
)
from negotiations.sitting.attendance import (
    round_attendance as totalled,
)
from negotiations.sitting.attending import set_head_counts_of_round, why_closed, why_not_yet
from negotiations.sitting.core_groups import remove_core_group, remove_figure, save_core_group, save_figure
from negotiations.sitting.forms.round_attendance import CoreGroupForm, GridForm, StatedFigureForm
from negotiations.sitting.views.rounds import core_groups_of, counted, stated_figures_of, totals_of

TEMPLATE = "negotiations/round_attendance.html"
# Each negotiation has a field for every sector; a request may hold a thousand.
PER_PAGE = 50
# The fields of a negotiation, by its number: see GridForm.
FIELD = re.compile(r"n([0-9]{1,18})_[a-z_]+")
SEARCHED = (
    "title",
    "parties__municipality__area__name_fi",
    "parties__municipality__area__name_sv",
    "parties__organisation__name",
)
# The sectors in the address. Here each has a column of its own.
KEYS: dict[str, str] = {
    Sector.COUNTY: "alue",
    Sector.MUNICIPALITY: "kunnat",
    Sector.PUBLIC: "julkiset",
    Sector.COMPANY: "yritykset",
    Sector.ORGANISATION: "jarjestot",
    Sector.PARISH: "seurakunnat",
    Sector.ORGANISATION_OR_PARISH: "jarjestot-ja-seurakunnat",
    Sector.INFLUENCING: "vaikuttamiselimet",
    Sector.OTHER: "muut",
}


@dataclass(frozen=True)
class Cell:
    """How many of a sector were in a negotiation: those by name, all of them, and the head count's field.

    The total is None where nobody was counted; a field is only where the head count can be changed.
    """

    name: str
    named: int
    total: int | None
    field: BoundField | None


@dataclass(frozen=True)
class GridRow:
    """A negotiation in the grid with all who attended, and why its counts cannot be changed where they cannot."""

    negotiation: Negotiation
    cells: list[Cell]
    total: int | None
    closed: str


@dataclass(frozen=True)
class Present:
    """Who were present: as arithmetic takes them, and by negotiation and sector those by name and the head counts.

    `remotely` is how many of those by name were so remotely, by negotiation.
    """

    people: list[Counted]
    named: dict[tuple[int, str], int]
    heads: dict[tuple[int, str], int]
    remotely: dict[int, int]

    @cached_property
    def sums(self) -> SectorTotals:
        """How many there were in all the negotiations."""
        return totalled(self.people).totals

    def of(self, negotiation: int, sector: str) -> int | None:
        """Return how many of a sector attended; None where nobody was counted."""
        return _sum([self.named.get((negotiation, sector)), self.heads.get((negotiation, sector))])

    def total(self, negotiation: int) -> int | None:
        """Return how many attended; None where nobody was counted."""
        return _sum([self.of(negotiation, sector) for sector in SECTOR_NAMES])


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


@dataclass(frozen=True)
class Compared:
    """A figure that the source states, beside ours."""

    figure: StatedFigure
    comparison: Comparison


# --- The grid ---------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def round_attendance(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show how many took part, by negotiation and sector; for the coordinator, to be changed in one grid."""
    if request.method == "POST":
        return _save(request, pk)
    context = round_context(request, pk, tab="attendance")
    present = _present(_negotiations(request, pk))
    table = _table(request, context["round"], present)
    return table.file() or render(request, TEMPLATE, _page(request, context, table, present))


def _save(request: CountyRequest, pk: int) -> HttpResponse:
    """Save the head counts that were sent, of whichever negotiations they are."""
    shown = _round(request, pk)
    sent = _sent(request, pk)

    def page(form: forms.BaseForm) -> dict[str, Any]:
        context = round_context(request, pk, tab="attendance")
        present = _present(_negotiations(request, pk))
        return _page(request, context, _table(request, shown, present), present, cast("GridForm", form), sent)

    return edit(
        request,
        GridForm,
        row=shown,
        save=lambda form: set_head_counts_of_round(shown, form.counts, by=request.user),
        title="",
        back=request.get_full_path(),
        done=lambda count: _("The head counts were saved.") if count else _("Nothing was changed."),
        template=TEMPLATE,
        context=page,
        negotiations=sent,
    )


def _round(request: CountyRequest, pk: int) -> Round:
    """Return the round, to be changed."""
    shown: Round = get_object_or_404(visible_rounds(request.access), pk=pk)
    request.access.require(can_edit(request.access))
    return shown


def _negotiations(request: CountyRequest, pk: int) -> QuerySet[Negotiation]:
    return visible_negotiations(request.access).filter(round=pk)


def _sent(request: CountyRequest, pk: int) -> list[Negotiation]:
    """Return the negotiations whose fields were sent, as they were on the page.

    Which are on a page of the list may have changed since it was shown: it may be sorted by what others count, too.
    """
    asked = dict.fromkeys(int(field[1]) for name in request.POST if (field := FIELD.fullmatch(name)))
    found = _negotiations(request, pk).in_bulk(asked)
    return [found[key] for key in asked if key in found]


def _closed(negotiations: Sequence[Negotiation]) -> dict[int, str]:
    """Return why head counts cannot be entered, by negotiation; nothing where they can."""
    states: dict[int, list[str]] = {row.pk: [] for row in negotiations}
    for negotiation, state in Minutes.objects.filter(negotiation__in=states).values_list("negotiation_id", "state"):
        states[negotiation].append(state)
    return {row.pk: why_closed(row, states[row.pk]) or why_not_yet(row) for row in negotiations}


def _present(negotiations: QuerySet[Negotiation]) -> Present:
    """Return who were present in the negotiations. One query."""
    present = Present([], {}, {}, {})
    rows = Attendance.objects.filter(negotiation__in=negotiations, status=Attendance.Status.PRESENT).order_by()
    fields = ("negotiation_id", "sector", "count", "person_id", "is_head_count", "is_remote")
    for negotiation, sector, count, person, is_head_count, is_remote in rows.values_list(*fields):
        present.people.append(Counted(negotiation, sector, count, person))
        by_place = present.heads if is_head_count else present.named
        by_place[negotiation, sector] = by_place.get((negotiation, sector), 0) + count
        if is_remote:
            present.remotely[negotiation] = present.remotely.get(negotiation, 0) + count
    return present


# --- The grid as a list -----------------------------------------------------------------------------------------


def _table(request: CountyRequest, shown: Round, present: Present) -> Table[Negotiation]:
    """Return the list of the negotiations that one may know of, with how many attended each."""
    table: Table[Negotiation] = Table(
        request,
        _negotiations(request, shown.pk),
        _columns(present),
        name=f"{_('Participants')} {shown.year}",
        filters=[Search[Negotiation](by=SEARCHED)],
        sort="aika",
        per_page=PER_PAGE,
    )
    if not can_edit(request.access):
        table.leave_out(_uncounted(present))
    return table


def _columns(present: Present) -> list[Column[Negotiation]]:
    return [
        Column("neuvottelu", gettext_lazy("Negotiation"), lambda row: row.title, order="title"),
        Column("aika", gettext_lazy("Time"), _time, order=("earliest", "starts_at"), kind=Kind.MOMENT),
        Column("paiva", gettext_lazy("Day"), _day, kind=Kind.DAY, shown=False),
        Column("tila", gettext_lazy("State"), lambda row: row.get_state_display(), kind=Kind.STATE, shown=False),
        *(_sector_column(sector, present) for sector in SECTOR_NAMES),
        Column(
            "yhteensa",
            gettext_lazy("In all"),
            lambda row: present.total(row.pk),
            order=_attended(Q()),
            kind=Kind.NUMBER,
        ),
    ]


def _sector_column(sector: str, present: Present) -> Column[Negotiation]:
    return Column(
        KEYS[sector],
        SECTOR_NAMES[sector],
        lambda row: present.of(row.pk, sector),
        order=_attended(Q(sector=sector)),
        kind=Kind.NUMBER,
    )


def _attended(whose: Q) -> Subquery:
    """Return how many of these were present, to sort by; nothing where nobody was counted, which is not nought."""

    def order() -> Subquery:
        present = Attendance.objects.filter(whose, negotiation=OuterRef("pk"), status=Attendance.Status.PRESENT)
        return Subquery(present.order_by().values("negotiation").annotate(sum=Sum("count")).values("sum"))

    # Put together only when asked for: of ten columns the list is sorted by one at most.
    return cast("Subquery", SimpleLazyObject(order))


def _time(row: Negotiation) -> str:
    return Timing.of(row).words.replace(NON_BREAKING, " ")


def _day(row: Negotiation) -> date | None:
    """Return the day, where it is known: a month is never told as its first day."""
    return row.earliest if row.earliest == row.latest else None


def _uncounted(present: Present) -> set[str]:
    """Return the columns of the sectors of which nobody was present."""
    return {KEYS[sector] for sector in SECTOR_NAMES if not present.sums.of({sector})}


# --- The page ---------------------------------------------------------------------------------------------------


def _page(
    request: CountyRequest,
    context: dict[str, Any],
    table: Table[Negotiation],
    present: Present,
    form: GridForm | None = None,
    sent: Sequence[Negotiation] = (),
) -> dict[str, Any]:
    """Return what the page shows. A form that was refused is shown with all that was sent in it."""
    shown: Round = context["round"]
    sees_all = can_edit(request.access)
    negotiations = list(dict.fromkeys([*table.rows, *sent]))
    closed = _closed(negotiations) if sees_all else {row.pk: "" for row in negotiations}
    grid = form
    if sees_all and grid is None:
        open_ones = [row for row in negotiations if not closed[row.pk]]
        grid = GridForm(access=request.access, negotiations=open_ones, now=present.heads)
    # To readers only the sectors that were counted; the one who counts sees a place for each.
    is_open = grid is not None and bool(grid.now)
    if not is_open:
        table.leave_out(_uncounted(present) - {table.sort.removeprefix("-")})
    columns = {column.key for column in table.columns}
    used = [sector for sector in SECTOR_NAMES if KEYS[sector] in columns]
    number = table.page.number
    context |= {
        "table": table,
        "has_negotiations": bool(table.total),
        # What is sent from a page comes back to it.
        "action": table.url(**{PAGE: number if number > 1 else ""}),
        "grid": grid,
        "is_open": is_open,
        # Where nothing can be changed the reasons are told once, else each with its negotiation.
        "closed": [] if is_open else sorted({words for words in closed.values() if words}),
        "rows": [_row(row, used, closed[row.pk], grid, present) for row in negotiations],
        "sees_all": sees_all,
        "columns": [(SECTOR_NAMES[sector], present.sums.of({sector})) for sector in used],
        "listed_total": present.sums.total,
        "listed_remotely": sum(present.remotely.values()),
        "someone": bool(present.people),
        "undo": undo_offered(request) if sees_all else None,
    }
    # The totals of a round are told to those who see all of it: to the others before its summary is theirs to read.
    if sees_all or context["summary"]:
        everyone = present.people if sees_all else counted(shown.negotiations.all())
        context |= _besides(shown, everyone)
    return context


def _row(
    negotiation: Negotiation, sectors: Sequence[str], closed: str, grid: GridForm | None, present: Present
) -> GridRow:
    def cell(sector: str) -> Cell:
        name = f"n{negotiation.pk}_{sector}"
        named = present.named.get((negotiation.pk, sector), 0)
        field = grid[name] if grid is not None and name in grid.fields else None
        return Cell(str(SECTOR_NAMES[sector]), named, present.of(negotiation.pk, sector), field)

    return GridRow(negotiation, [cell(sector) for sector in sectors], present.total(negotiation.pk), closed)


def _besides(shown: Round, people: list[Counted]) -> dict[str, Any]:
    """Return the totals, the core groups and the figures that the source states."""
    groups, figures, attendance = core_groups_of(shown), stated_figures_of(shown), totalled(people)
    found: dict[str, Any] = {
        "groups": groups,
        "stated": [_compared(figure, attendance.totals) for figure in figures],
    }
    try:
        found |= totals_of(people, attendance, groups, figures)
    except ImpossibleAttendance as contradiction:
        found["contradiction"] = str(contradiction)
    return found


def _compared(figure: StatedFigure, sums: SectorTotals) -> Compared:
    return Compared(figure, compare(figure.value, figure.sectors, sums, source=figure.source))


def _tab(county: str, pk: int, part: str) -> str:
    return reverse("round_attendance", args=[county, pk]) + "#" + part


def _crumbs(county: str, shown: Round) -> list[tuple[str, str]]:
    return [
        (reverse("rounds", args=[county]), _("Rounds")),
        (reverse("round", args=[county, shown.pk]), shown.name),
        (reverse("round_attendance", args=[county, shown.pk]), _("Participants")),
    ]


# --- Core groups ------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def round_core_group_new(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Add a core group to a round."""
    shown = _round(request, pk)
    return _core_group(request, shown, None)


@require_http_methods(["GET", "HEAD", "POST"])
def round_core_group(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Change a core group."""
    group = _group(request, pk)
    return _core_group(request, group.round, group)


def _core_group(request: CountyRequest, shown: Round, group: CoreGroup | None) -> HttpResponse:
    county = request.county.slug
    return edit(
        request,
        CoreGroupForm,
        row=group,
        save=lambda form: save_core_group(form.save(commit=False), form.cleaned_data["negotiations"], by=request.user),
        title=_("Change the core group") if group else _("Add a core group"),
        back=_tab(county, shown.pk, "ydinryhmat"),
        done=_("The core group was saved."),
        context={
            "crumbs": _crumbs(county, shown),
            "lead": _("The same people who attended several negotiations and are counted in each."),
        },
        round_=shown,
    )


def _group(request: CountyRequest, pk: int) -> CoreGroup:
    rows = CoreGroup.objects.filter(round__in=visible_rounds(request.access)).select_related("round")
    group: CoreGroup = get_object_or_404(rows, pk=pk)
    request.access.require(can_edit(request.access))
    return group


@require_POST
def round_core_group_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove a core group; the page that follows offers it back."""
    group = _group(request, pk)
    values = {
        "name": group.name,
        "sector": group.sector,
        "size": group.size,
        "approximate": group.approximate,
        "negotiations": [negotiation.pk for negotiation in group.negotiations.all()],
    }
    remove_core_group(group, by=request.user)
    offer_undo(
        request,
        words=_("The core group “%(name)s” was removed.") % {"name": group.name},
        url=reverse("round_core_group_restore", args=[county, group.round_id]),
        values=values,
    )
    return redirect(_tab(county, group.round_id, "ydinryhmat"))


@require_POST
def round_core_group_restore(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Bring back a core group that was removed."""
    shown = _round(request, pk)
    back = _tab(county, pk, "ydinryhmat")
    with leading_back(back):
        values = undone(request)
    attended = Negotiation.objects.filter(round=shown, pk__in=values.pop("negotiations"))
    if not CoreGroup.objects.filter(round=shown, name=values["name"]).exists():
        save_core_group(CoreGroup(county_id=shown.county_id, round=shown, **values), list(attended), by=request.user)
    return redirect(back)


# --- What the source states -------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def round_figure_new(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Add a total that the source states."""
    return _stated_figure(request, _round(request, pk), None)


@require_http_methods(["GET", "HEAD", "POST"])
def round_figure(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Change a total that the source states."""
    figure = _figure(request, pk)
    return _stated_figure(request, figure.round, figure)


def _stated_figure(request: CountyRequest, shown: Round, figure: StatedFigure | None) -> HttpResponse:
    county = request.county.slug
    return edit(
        request,
        StatedFigureForm,
        row=figure,
        save=lambda form: save_figure(form.save(commit=False), by=request.user),
        title=_("Change the stated figure") if figure else _("Add a stated figure"),
        back=_tab(county, shown.pk, "luvut"),
        done=_told,
        context={
            "crumbs": _crumbs(county, shown),
            "lead": _(
                "A total that the source states. It is kept beside the computed one, so that a difference shows."
            ),
        },
        round_=shown,
    )


def _told(figure: StatedFigure) -> str:
    """Say that the figure was saved, and at once how it differs from ours."""
    sums = totalled(counted(figure.round.negotiations.all())).totals
    found = _compared(figure, sums).comparison
    if found.differs:
        return _(
            "The figure was saved. The source states %(stated)s, and the sum of the counts is %(computed)s:"
            " both are shown."
        ) % {"stated": figure.value, "computed": found.computed}
    return _("The figure was saved.")


def _figure(request: CountyRequest, pk: int) -> StatedFigure:
    rows = StatedFigure.objects.filter(round__in=visible_rounds(request.access)).select_related("round")
    figure: StatedFigure = get_object_or_404(rows, pk=pk)
    request.access.require(can_edit(request.access))
    return figure


@require_POST
def round_figure_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove a figure; the page that follows offers it back."""
    figure = _figure(request, pk)
    values = {"sectors": figure.sectors, "value": figure.value, "source": figure.source}
    remove_figure(figure, by=request.user)
    offer_undo(
        request,
        words=_("The stated figure %(value)s was removed.") % {"value": figure.value},
        url=reverse("round_figure_restore", args=[county, figure.round_id]),
        values=values,
    )
    return redirect(_tab(county, figure.round_id, "luvut"))


@require_POST
def round_figure_restore(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Bring back a figure that was removed."""
    shown = _round(request, pk)
    back = _tab(county, pk, "luvut")
    with leading_back(back):
        values = undone(request)
    if not StatedFigure.objects.filter(round=shown, sectors=values["sectors"]).exists():
        save_figure(StatedFigure(county_id=shown.county_id, round=shown, **values), by=request.user)
    return redirect(back)
