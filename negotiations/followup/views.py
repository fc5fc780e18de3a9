"""Following up: what was agreed, and the negotiations as one list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from municipalities.access import Access, CountyRequest
from municipalities.models import Municipality, Priority, Sector
from municipalities.tables import Choice, Column, Kind, Search, Table
from municipalities.views.undoing import undo_offered
from negotiations.followup.agreed import is_countys_own, is_overdue, listed, origin_url
from negotiations.followup.duty import years as years_of
from negotiations.models import LegalBasis, Measure, MeasureStatus, Minutes, Negotiation, Round
from negotiations.permissions import (
    can_edit,
    can_read_rounds,
    visible_minutes,
    visible_negotiations,
    visible_rounds,
)
from negotiations.sitting.brought import OPEN
from negotiations.sitting.views.rounds import parties_of, with_parties

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

    @property
    def state(self) -> str:
        """What was last told of it, in words; empty where nothing has been told."""
        latest: str | None = self.measure.latest_state  # type: ignore[attr-defined]
        return str(MeasureStatus.State(latest).label) if latest else ""


# Who promised: the county itself, a municipality, or somebody else.
PROMISED = {
    "alue": Q(responsible_sector=Sector.COUNTY),
    "kunnat": Q(responsible_sector=Sector.MUNICIPALITY),
    "muut": ~Q(responsible_sector__in=[Sector.COUNTY, Sector.MUNICIPALITY]),
}

# What has become of it: open is what is neither done nor given up, as far as has been told.
STATE_CONDITIONS = {
    "avoin": Q(latest_state=None) | Q(latest_state__in=OPEN),
    **{state.value: Q(latest_state=state) for state in MeasureStatus.State},
}
_STATES = [
    ("avoin", gettext_lazy("Still open")),
    *((state.value, state.label) for state in MeasureStatus.State),
]

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
    Column("tilanne", gettext_lazy("What has become of it"), lambda row: row.state, kind=Kind.STATE, shown=False),
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
        "promising": _promising(request, table.chosen.get("kunta", "")),
    }
    return table.file() or render(request, "negotiations/measures.html", context)


def _promising(request: CountyRequest, chosen: str) -> list[Municipality]:
    """Return whose promises of both sides the list leads to: the municipality chosen in it, and the user's own."""
    wanted = {*request.access.municipality_ids, *([int(chosen)] if chosen else [])}
    rows = Municipality.objects.filter(county=request.county, pk__in=wanted)
    return list(rows.select_related("area").order_by("area__order")) if wanted else []


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
        Choice("tilanne", _("What has become of it"), _STATES, by=lambda value: STATE_CONDITIONS[value]),
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
            with_parties(),
            "parts",
            Prefetch("minutes", visible_minutes(access).filter(corrects=None).select_related("document")),
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
    years = [(year, str(year)) for year in years_of(today=today)]
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
