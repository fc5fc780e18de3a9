"""Following up: whether the duty has been met, what was agreed, and the negotiations as one list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from municipalities import timewords
from municipalities.access import Access, CountyRequest
from municipalities.models import Municipality, Priority, Sector
from municipalities.tables import Choice, Column, Kind, Search, Table
from municipalities.views.undoing import undo_offered
from negotiations.followup import duty as duties
from negotiations.followup.agreed import is_countys_own, is_overdue, listed, origin_url
from negotiations.followup.duty import NAMES_SHOWN, Coverage, Duty, Evidence, Others, Period, Position, Standing
from negotiations.models import LegalBasis, Measure, Minutes, Negotiation, Round
from negotiations.permissions import (
    can_edit,
    can_read_duty,
    can_read_rounds,
    visible_minutes,
    visible_negotiations,
    visible_rounds,
)
from negotiations.sitting.views.rounds import parties_of, with_parties

# --- The duty -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """The municipalities that stand in one way, as the home page tells them."""

    standing: Standing
    names: list[str]

    @property
    def shown(self) -> str:
        """The first names."""
        return ", ".join(self.names[:NAMES_SHOWN])

    @property
    def more(self) -> int:
        """How many names are left out."""
        return max(len(self.names) - NAMES_SHOWN, 0)


@dataclass(frozen=True)
class CoverageShown:
    """How the duty of one legal basis stands, as the home page and the head of the table tell it."""

    coverage: Coverage
    period: str
    lines: list[Line]


def coverages_shown(duty: Duty) -> list[CoverageShown]:
    """Return the duty as a page tells it: of each basis how many have been met, and who have not and why."""
    return [
        CoverageShown(
            coverage,
            period_words(coverage),
            [
                Line(standing, [str(municipality) for municipality in duty.named(coverage, standing)])
                # The most urgent first.
                for standing in sorted(Standing, key=duties.ORDER.index, reverse=True)
                if standing != Standing.DONE and coverage.count(standing)
            ],
        )
        for coverage in duty.coverages
    ]


def period_words(coverage: Coverage) -> str:
    """Say in what time the duty is to be met."""
    period: Period = coverage.period
    if coverage.basis == LegalBasis.WELFARE:
        return _("year %(year)s") % {"year": period.starts_on.year}
    return _("council term %(days)s") % {"days": timewords.days(period.starts_on, period.ends_on)}


@dataclass(frozen=True)
class Standpoint:
    """A cell of the table: how the duty stands, by what negotiation, and with what other actors."""

    position: Position
    others: Others | None

    @property
    def decisive(self) -> Evidence | None:
        """The negotiation by which it stands so."""
        return self.position.decisive

    @property
    def day(self) -> date | None:
        """The day by which it sorts."""
        decisive = self.position.decisive
        shows = {Standing.DONE, Standing.PLANNED}
        return decisive.sitting.latest if decisive and decisive.standing in shows else None


@dataclass(frozen=True)
class DutyRow:
    """A municipality in the table of the duty, with how each basis stands."""

    municipality: Municipality
    cells: tuple[Standpoint, ...]


class YearChoice(Choice[Any]):
    """The year of the table. The rows are read for it, so that it narrows nothing; there is always one."""

    def field(self) -> forms.Field:
        """Return the field, in which a year is always chosen: the first one unless another is."""
        return forms.ChoiceField(
            label=str(self.label), required=False, choices=[(str(v), str(w)) for v, w in self.choices]
        )


@require_safe
def duty(request: CountyRequest, county: str) -> HttpResponse:
    """Show how the duty to negotiate stands, municipality by municipality, in the year that the address tells."""
    access, today = request.access, timezone.localdate()
    access.require(can_read_duty(access))
    years = duties.years(today=today)
    asked = request.GET.get("vuosi", "")
    year = int(asked) if asked in map(str, years) else today.year
    covers_all = can_edit(access)
    towards = (
        None if covers_all else list(duties.municipalities_of(request.county).filter(pk__in=access.municipality_ids))
    )
    found = duties.read(request.county, today=today, year=year, towards=towards, with_others=True)
    rows = [
        DutyRow(
            municipality,
            tuple(_standpoint(coverage, coverage.of(municipality.pk)) for coverage in found.coverages),
        )
        for municipality in found.municipalities
    ]
    table = Table(
        request,
        rows,
        _duty_columns(found),
        name=_("Duty to negotiate %(year)s") % {"year": year},
        filters=_duty_filters(found, years, this_year=today.year),
        sort="kunta",
    )
    context = {
        "table": table,
        "year": year,
        "shown": coverages_shown(found),
        "covers_all": covers_all,
        "term_unknown": len(found.coverages) < len(LegalBasis),
    }
    return table.file() or render(request, "negotiations/duty.html", context)


def _standpoint(coverage: Coverage, position: Position) -> Standpoint:
    decisive = position.decisive
    # 612/2021 § 7: together with other actors, so who they were is told with the negotiation that met the duty.
    tells = coverage.basis == LegalBasis.WELFARE and decisive is not None and decisive.standing == Standing.DONE
    return Standpoint(position, coverage.others.get(decisive.sitting.negotiation) if tells and decisive else None)


def _duty_columns(found: Duty) -> tuple[Column[DutyRow], ...]:
    columns: list[Column[DutyRow]] = [
        Column(
            "kunta",
            _("Municipality"),
            lambda row: str(row.municipality),
            order=lambda row: row.municipality.area.order,
        )
    ]
    for place, coverage in enumerate(found.coverages):
        key, label = ("kausi", "14 §") if coverage.basis == LegalBasis.COOPERATION else ("vuosittain", "6–7 §")
        columns += [
            Column(
                key,
                f"{label}, {period_words(coverage)}",
                lambda row, place=place: capfirst(row.cells[place].position.standing.words),  # type: ignore[misc]
                order=lambda row, place=place: _duty_order(row.cells[place]),  # type: ignore[misc]
                kind=Kind.STATE,
            ),
            Column(
                f"{key}-paiva",
                f"{label}: {_('day')}",
                lambda row, place=place: row.cells[place].day,  # type: ignore[misc]
                kind=Kind.DAY,
                shown=False,
            ),
            Column(
                f"{key}-peruste",
                f"{label}: {_('reason')}",
                lambda row, place=place: row.cells[place].position.reason,  # type: ignore[misc]
                shown=False,
            ),
            Column(
                f"{key}-neuvottelu",
                f"{label}: {_('negotiation')}",
                lambda row, place=place: _evidence_title(row.cells[place]),  # type: ignore[misc]
                shown=False,
            ),
        ]
    return tuple(columns)


def _duty_order(cell: Standpoint) -> tuple[int, date]:
    """What is worst comes first, and of what was done the oldest."""
    return -duties.ORDER.index(cell.position.standing), cell.day or date.min


def _evidence_title(cell: Standpoint) -> str:
    return cell.decisive.sitting.title if cell.decisive else ""


def _duty_filters(found: Duty, years: list[int], *, this_year: int) -> tuple[Choice[DutyRow], ...]:
    ordered = [this_year, *(year for year in years if year != this_year)]
    standings = Choice[DutyRow](
        "tilanne",
        _("State"),
        [(standing.value, standing.words) for standing in Standing],
        of=lambda row, value: any(cell.position.standing == value for cell in row.cells),
    )
    year = YearChoice("vuosi", _("Year"), [(str(year), str(year)) for year in ordered], of=lambda row, value: True)
    return (year, standings)


# --- What was agreed ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MeasureRow:
    """A measure in the list of what was agreed."""

    measure: Measure
    # Where it was agreed, if the user may open that page.
    url: str
    parties: str
    # The parties that the title of the negotiation does not name.
    besides: str
    is_overdue: bool
    is_countys_own: bool


# Who promised: the county itself, a municipality, or somebody else.
PROMISED = {
    "alue": Q(responsible_sector=Sector.COUNTY),
    "kunnat": Q(responsible_sector=Sector.MUNICIPALITY),
    "muut": ~Q(responsible_sector__in=[Sector.COUNTY, Sector.MUNICIPALITY]),
}

MEASURE_COLUMNS: tuple[Column[MeasureRow], ...] = (
    Column("toimenpide", gettext_lazy("Measure"), lambda row: row.measure.text, order="text"),
    Column(
        "painopiste",
        gettext_lazy("Priority"),
        lambda row: str(row.measure.priority or ""),
        order=("priority__starts_on", "priority__position"),
        shown=False,
    ),
    Column("vastuutaho", gettext_lazy("Responsible"), lambda row: row.measure.responsible, order="responsible"),
    Column(
        "sektori",
        gettext_lazy("Sector"),
        lambda row: row.measure.get_responsible_sector_display(),
        order="responsible_sector",
        kind=Kind.STATE,
        shown=False,
    ),
    Column("kunta", gettext_lazy("Municipality"), lambda row: str(row.measure.municipality or ""), shown=False),
    Column("maarapaiva", gettext_lazy("Deadline"), lambda row: row.measure.due_on, order="due_on", kind=Kind.DAY),
    Column("maaraaika", gettext_lazy("Due in words"), lambda row: row.measure.due_text, shown=False),
    Column("myohassa", gettext_lazy("Deadline has passed"), lambda row: row.is_overdue, shown=False),
    Column(
        "neuvottelu",
        gettext_lazy("Where agreed"),
        lambda row: str(row.measure.negotiation or row.measure.round),
        order=("negotiation__earliest", "negotiation__starts_at", "round__year"),
        kind=Kind.DAY,
    ),
    Column(
        "sovittu",
        gettext_lazy("Agreed on"),
        lambda row: row.measure.negotiation.earliest if row.measure.negotiation else None,
        kind=Kind.DAY,
        shown=False,
    ),
    Column("osapuolet", gettext_lazy("Parties"), lambda row: row.parties, shown=False),
    Column("kierros", gettext_lazy("Round"), lambda row: str(row.measure.round or ""), shown=False),
)


@require_safe
def measures(request: CountyRequest, county: str) -> HttpResponse:
    """List what has been agreed, as far as the user may know of it: by whom, by when, where it was agreed."""
    access, today = request.access, timezone.localdate()
    source = listed(access).select_related("municipality__area")
    table = Table(
        request,
        source,
        MEASURE_COLUMNS,
        name=_("What has been agreed"),
        filters=_measure_filters(request, today),
        sort="-neuvottelu",
        compose=lambda rows: _measure_rows(access, rows, today),
    )
    context = {
        "table": table,
        "promised": _promised(source, table),
        # Those of a whole round are entered here; those of a negotiation with its minutes.
        "round_chosen": table.chosen.get("kierros") if can_edit(access) else None,
        "undo": undo_offered(request) if can_edit(access) else None,
    }
    return table.file() or render(request, "negotiations/measures.html", context)


def _measure_filters(request: CountyRequest, today: date) -> tuple[Search[Any] | Choice[Any], ...]:
    rounds = visible_rounds(request.access).order_by("-year", "name")
    municipalities = Municipality.objects.filter(county=request.county).select_related("area").order_by("area__order")
    due = {
        "mennyt": Q(due_on__lt=today),
        "tulossa": Q(due_on__gte=today),
        "ei": Q(due_on=None),
    }
    kept: tuple[Search[Any] | Choice[Any], ...] = (
        Search(by=("text", "responsible")),
        Choice(
            "lupaaja",
            _("Who promised"),
            [
                ("alue", _("The county itself")),
                ("kunnat", _("Municipalities")),
                ("muut", _("Others")),
            ],
            by=lambda value: PROMISED[value],
        ),
        Choice("painopiste", _("Priority"), _priorities(), by="priority"),
        Choice("sektori", _("Responsible sector"), Sector.choices, by="responsible_sector"),
        Choice("kunta", _("Municipality"), [(row.pk, str(row)) for row in municipalities], by="municipality"),
        Choice(
            "aika",
            _("Deadline"),
            [("mennyt", _("has passed")), ("tulossa", _("is ahead")), ("ei", _("has not been given"))],
            by=lambda value: due[value],
        ),
    )
    found = [(row.pk, row.name) for row in rounds]
    of_round = Choice[Any]("kierros", _("Round"), found, by=lambda value: _of_round(int(value)))
    return (*kept, of_round) if found else kept


def _priorities() -> list[tuple[int, str]]:
    """Return the county's priorities; those of one name are told apart by their years."""
    rows = list(Priority.objects.all())
    times = Counter(row.name for row in rows)
    return [
        (row.pk, row.name if times[row.name] == 1 else f"{row.name} ({row.starts_on.year}–{row.ends_on.year})")
        for row in rows
    ]


def _of_round(pk: int) -> Q:
    return Q(round=pk) | Q(negotiation__round=pk)


def _measure_rows(access: Access, rows: list[Measure], today: date) -> Iterable[MeasureRow]:
    """Return the rows of the list, with the parties of the negotiations they were agreed in."""
    negotiations = {row.negotiation_id for row in rows if row.negotiation_id}
    with_names = Negotiation.objects.filter(pk__in=negotiations).prefetch_related(with_parties())
    parties: dict[int | None, list[str]] = {row.pk: [party.name for party in parties_of(row)] for row in with_names}
    return [
        MeasureRow(
            row,
            origin_url(access, row),
            ", ".join(parties.get(row.negotiation_id, [])),
            besides(row.negotiation, parties.get(row.negotiation_id, [])),
            is_overdue(row, today=today),
            is_countys_own(row),
        )
        for row in rows
    ]


def besides(negotiation: Negotiation | None, names: Iterable[str]) -> str:
    """Return the parties that the title does not name: titles often are their municipalities."""
    return ", ".join(name for name in names if negotiation is None or name not in negotiation.title)


@dataclass(frozen=True)
class Promised:
    """A tab of the list: whose promises, how many, and where."""

    name: str
    count: int
    url: str
    is_here: bool


def _promised(source: QuerySet[Measure], table: Table[MeasureRow]) -> list[Promised]:
    """Return the tabs: all, what the county itself promised, the municipalities, the others. One query."""
    counts = source.order_by().aggregate(
        all=Count("pk"), **{key: Count("pk", filter=condition) for key, condition in PROMISED.items()}
    )
    names = {"": _("All"), "alue": _("The county itself"), "kunnat": _("Municipalities"), "muut": _("Others")}
    here = table.chosen.get("lupaaja", "")
    return [
        Promised(name, counts[key or "all"], table.url(lupaaja=key), is_here=key == here) for key, name in names.items()
    ]


# --- Negotiations as one list ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class NegotiationRow:
    """A negotiation in the list of all of them."""

    negotiation: Negotiation
    parties: str
    # The parties that its title does not name.
    besides: str
    minutes: list[Minutes]


NEGOTIATION_COLUMNS: tuple[Column[NegotiationRow], ...] = (
    Column("neuvottelu", gettext_lazy("Negotiation"), lambda row: row.negotiation.title, order="title"),
    Column(
        "aika",
        gettext_lazy("Time"),
        lambda row: row.negotiation.starts_at or row.negotiation.earliest,
        order=("earliest", "starts_at"),
        kind=Kind.MOMENT,
    ),
    Column("viimeistaan", gettext_lazy("Latest day"), lambda row: row.negotiation.latest, shown=False),
    Column("osapuolet", gettext_lazy("Parties"), lambda row: row.parties, shown=False),
    Column(
        "kierros",
        gettext_lazy("Round"),
        lambda row: str(row.negotiation.round or ""),
        order=("round__year", "round__name"),
    ),
    Column(
        "perusteet",
        gettext_lazy("Legal bases"),
        lambda row: ", ".join(part.basis.sections for part in row.negotiation.parts.all()),
        shown=False,
    ),
    Column(
        "tila",
        gettext_lazy("State"),
        lambda row: row.negotiation.get_state_display(),
        order="state",
        kind=Kind.STATE,
    ),
    Column(
        "poytakirja",
        gettext_lazy("Minutes"),
        lambda row: ", ".join(minutes.get_state_display() for minutes in row.minutes),
    ),
)


@require_safe
def negotiations(request: CountyRequest, county: str) -> HttpResponse:
    """List all negotiations that the user may know of, inside rounds and outside them, the latest first."""
    access = request.access
    access.require(can_read_rounds(access))
    rows = (
        visible_negotiations(access)
        .select_related("round")
        .prefetch_related(
            with_parties(), "parts", Prefetch("minutes", visible_minutes(access).select_related("document"))
        )
    )
    table = Table(
        request,
        rows,
        NEGOTIATION_COLUMNS,
        name=_("Negotiations"),
        filters=_negotiation_filters(access),
        sort="-aika",
        compose=_negotiation_rows,
    )
    context = {"table": table, "sees_all": can_edit(access)}
    return table.file() or render(request, "negotiations/negotiations.html", context)


def _negotiation_rows(rows: list[Negotiation]) -> Iterable[NegotiationRow]:
    named = [(row, [party.name for party in parties_of(row)]) for row in rows]
    return [NegotiationRow(row, ", ".join(names), besides(row, names), list(row.minutes.all())) for row, names in named]


def _negotiation_filters(access: Access) -> tuple[Search[Any] | Choice[Any], ...]:
    today = timezone.localdate()
    rounds: list[tuple[Any, str]] = [
        (row.pk, row.name) for row in Round.objects.filter(visible_negotiations_exist(access)).order_by("-year", "name")
    ]
    years = [(year, str(year)) for year in duties.years(today=today)]
    return (
        Search(by=("title", "purpose", "parties__municipality__area__name_fi", "parties__organisation__name")),
        Choice("vuosi", _("Year"), years, by=lambda value: _of_year(int(value))),
        Choice("tila", _("State"), Negotiation.State.choices, by="state"),
        Choice(
            "kierros",
            _("Round"),
            [("ei", _("outside rounds")), *rounds],
            by=lambda value: Q(round=None) if value == "ei" else Q(round=int(value)),
        ),
        Choice("peruste", _("Legal basis"), LegalBasis.choices, by="parts__legal_basis"),
    )


def visible_negotiations_exist(access: Access) -> Q:
    """Return the condition that a round has a negotiation that the user may know of."""
    return Q(pk__in=visible_negotiations(access).filter(round__isnull=False).order_by().values("round"))


def _of_year(year: int) -> Q:
    return Q(earliest__year__lte=year, latest__year__gte=year)
