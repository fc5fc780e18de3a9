"""The imports of figures: when, from where, how far, and what was left out and why."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from indicators.batches import goes_on
from indicators.models import ImportPart, ImportRun, Rejection
from indicators.spreadsheets.planning import source_of
from municipalities.access import CountyRequest
from municipalities.models import County, Event
from municipalities.tables import Choice, Column, Kind, Search, Table

COUNTS: tuple[tuple[str, Any, str], ...] = (
    ("luettu", gettext_lazy("Read"), "rows_read"),
    ("uusia", gettext_lazy("New"), "rows_added"),
    ("muuttuneita", gettext_lazy("Changed"), "rows_changed"),
    ("ennallaan", gettext_lazy("Unchanged"), "rows_unchanged"),
    ("hylatty", gettext_lazy("Left out"), "rows_rejected"),
)


def _count(key: str, label: Any, field: str) -> Column[Any]:
    return Column(key, label, lambda row: getattr(row, field), order=field, kind=Kind.NUMBER)


RUN_COLUMNS: tuple[Column[ImportRun], ...] = (
    Column("alkoi", gettext_lazy("Begun"), lambda row: row.started_at, order="started_at", kind=Kind.MOMENT),
    Column("lahde", gettext_lazy("Source"), str, order="source"),
    Column("tila", gettext_lazy("State"), lambda row: row.get_state_display(), order=("state", "-pk"), kind=Kind.STATE),
    Column("paattyi", gettext_lazy("Ended"), lambda row: row.finished_at, kind=Kind.MOMENT, shown=False),
    Column("haettu", gettext_lazy("Retrieved on"), lambda row: row.retrieved_on, kind=Kind.DAY, shown=False),
    *(_count(*named) for named in COUNTS),
)
RUN_FILTERS = (
    Choice[ImportRun]("lahde", gettext_lazy("Source"), ImportRun.Source.choices, by="source"),
    Choice[ImportRun]("tila", gettext_lazy("State"), ImportRun.State.choices, by="state"),
)
PART_COLUMNS: tuple[Column[ImportPart], ...] = (
    Column("tunnusluku", gettext_lazy("Indicator"), lambda row: row.indicator.name, order="indicator__name_fi"),
    Column("numero", gettext_lazy("Sotkanet's id"), lambda row: row.indicator.sotkanet_id, shown=False),
    Column("koodi", gettext_lazy("Statistics Finland's code"), lambda row: row.indicator.statfin_code, shown=False),
    Column("tila", gettext_lazy("State"), lambda row: row.get_state_display(), order=("state", "pk"), kind=Kind.STATE),
    Column("syy", gettext_lazy("Reason"), lambda row: row.reason, shown=False),
    *(_count(*named) for named in COUNTS),
    Column("pois", gettext_lazy("What was left out"), lambda row: _left_out(row), shown=False),
)
PART_FILTERS = (
    Search[ImportPart](by=("indicator__name_fi", "indicator__name_sv", "indicator__name_en")),
    Choice[ImportPart]("tila", gettext_lazy("State"), ImportPart.State.choices, by="state"),
)


def _left_out(part: ImportPart) -> str:
    return "; ".join(f"{row.what}: {row.rows}" for row in part.rejections.all())


def _runs(county: County) -> QuerySet[ImportRun]:
    """National imports and those of the county's own, each with how many of its parts there are and have ended."""
    ended = Count("parts", filter=~Q(parts__state=ImportPart.State.WAITING))
    seen = ImportRun.objects.filter(Q(owner=None) | Q(owner=county.area_id))
    return seen.annotate(parts_all=Count("parts"), parts_ended=ended)


@require_safe
def imports(request: CountyRequest, county: str) -> HttpResponse:
    """List the imports of figures, the latest first."""
    request.access.require(request.access.is_coordinator)
    table: Table[ImportRun] = Table(
        request, _runs(request.county), RUN_COLUMNS, name=_("Imports of figures"), filters=RUN_FILTERS, sort="-alkoi"
    )
    if answer := table.file():
        return answer
    return render(request, "municipalities/imports.html", {"table": table, "going": goes_on()})


@require_safe
def import_run(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show an import, indicator by indicator. Asked by htmx, give only how far it is."""
    request.access.require(request.access.is_coordinator)
    run = get_object_or_404(_runs(request.county), pk=pk)
    going = goes_on()
    how_far = {"run": run, "going": going, "running": going and run.state == ImportRun.State.RUNNING}
    if request.headers.get("HX-Request"):
        return render(request, "municipalities/import_progress.html", how_far)
    parts = ImportPart.objects.filter(run=run).select_related("indicator")
    table: Table[ImportPart] = Table(
        request,
        parts.prefetch_related(Prefetch("rejections", Rejection.objects.order_by("reason", "what"))),
        PART_COLUMNS,
        name=_("Indicators of the import"),
        filters=PART_FILTERS,
        sort="tunnusluku",
    )
    if answer := table.file():
        return answer
    context = {**how_far, "table": table, **(_brought(run) if run.source == ImportRun.Source.SPREADSHEET else {})}
    return render(request, "municipalities/import.html", context)


def _brought(run: ImportRun) -> dict[str, Any]:
    """Tell of a spreadsheet where its figures come from and who brought them."""
    event = Event.objects.filter(verb="figures_imported", payload__run=run.pk).select_related("user").first()
    return {"source": source_of(run), "brought_by": event.user if event else None}
