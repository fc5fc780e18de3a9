"""Pages that compose all floors: home by role, and one municipality."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from municipalities.access import CountyRequest
from municipalities.cards.overseeing import glance, with_latest_card
from municipalities.models import Download, Municipality, MunicipalityGroup
from negotiations import waiting
from negotiations.followup import duty
from negotiations.followup.agreed import is_overdue, listed, origin_url
from negotiations.followup.duty_views import coverages_shown
from negotiations.models import Party, Summary
from negotiations.municipality_figures import grouped, read_municipality, table_of, theme_url
from negotiations.permissions import (
    visible_measures,
    visible_negotiations,
    visible_summaries,
)
from negotiations.planning.progress import steps_of
from negotiations.reporting.views import brief_of, handled, with_handlings
from negotiations.search import search as search_county

State = Summary.State

# How many of each the home page shows; the rest is a click away.
ROUNDS_SHOWN = 3
TASKS_SHOWN = 10
MEASURES_SHOWN = 3
FIGURES_SHOWN = 4


@require_safe
def county_home(request: CountyRequest, county: str) -> HttpResponse:
    """Show what each role needs first. Who has several roles gets the one that has most to do."""
    if request.access.is_coordinator:
        return _coordinator_home(request)
    if request.access.is_municipal:
        return _municipal_home(request)
    return _board_home(request)


def _coordinator_home(request: CountyRequest) -> HttpResponse:
    access, today = request.access, timezone.localdate()
    desk = waiting.desk(access, today=today)
    rounds = desk.rounds[:ROUNDS_SHOWN]
    steps = steps_of(rounds, summaries=desk.summaries)
    context = {
        "today": today,
        "tasks": desk.tasks[:TASKS_SHOWN],
        "further_tasks": desk.tasks[TASKS_SHOWN:],
        "coming": desk.coming,
        "rounds": [(round_, steps[round_.pk]) for round_ in rounds],
        "duty": coverages_shown(desk.duty),
        "cards": glance(request.county.pk),
    }
    return render(request, "negotiations/home_coordinator.html", context)


def _municipal_home(request: CountyRequest) -> HttpResponse:
    access, today = request.access, timezone.localdate()
    municipalities = list(with_latest_card(duty.municipalities_of(request.county)))
    own = [row for row in municipalities if row.pk in access.municipality_ids]
    if not own:  # the municipality has gone over to another county since
        return _board_home(request)
    first = own[0]
    found = duty.read(request.county, today=today, towards=own)
    figures = read_municipality(request.county, first, municipalities, today=today)
    coming = waiting.coming(access, today=today)
    measures = list(
        listed(access)
        .filter(municipality__in=own)
        .order_by(F("due_on").asc(nulls_last=True), "-negotiation__earliest", "position", "pk")
    )
    context = {
        "today": today,
        "own": own,
        "municipality": first,
        "next": coming[0] if coming else None,
        "later": coming[1:],
        "checks": waiting.to_check(access),
        "measures": [
            (measure, origin_url(access, measure), is_overdue(measure, today=today))
            for measure in measures[:MEASURES_SHOWN]
        ],
        "measures_total": len(measures),
        "duty": [
            (row, [(c, c.period_words, position) for c in found.coverages if (position := c.find(row.pk))])
            for row in own
        ],
        "figures": figures.first_of_themes[:FIGURES_SHOWN],
        "summaries": list(visible_summaries(access).select_related("round").order_by("-round__year")[:3]),
    }
    return render(request, "negotiations/home_municipal.html", context)


def _board_home(request: CountyRequest) -> HttpResponse:
    summaries = list(with_handlings(request))
    taken = set(
        Download.objects.filter(
            user=request.user, document__in=[row.document_id for row in summaries if row.document_id]
        ).values_list("document", flat=True)
    )
    # New is what this user has not taken yet; a draft has nothing to take.
    rows = [
        (row, handled(row), row.document_id is not None and row.state != State.DRAFT and row.document_id not in taken)
        for row in summaries
    ]
    context: dict[str, Any] = {
        "latest": rows[0] if rows else None,
        "earlier": rows[1:],
        "news": sum(is_new for _summary, _handled, is_new in rows),
        "today": timezone.localdate(),
        "brief": brief_of(rows[0][0])[0] if rows else None,
    }
    return render(request, "negotiations/home_board.html", context)


@require_safe
def help_(request: CountyRequest, county: str) -> HttpResponse:
    """Tell the user what they do here in the course of a year, in each of their roles."""
    return render(request, "help/help.html")


@require_safe
def search(request: CountyRequest, county: str) -> HttpResponse:
    """Show what the user may know of that has the words they typed."""
    return render(
        request, "negotiations/search.html", {"found": search_county(request.access, request.GET.get("q", ""))}
    )


@require_safe
def municipality(request: CountyRequest, county: str, code: str) -> HttpResponse:
    """Show a municipality: its figures beside the county's, its groups, negotiations and measures."""
    access = request.access
    shown: Municipality = get_object_or_404(
        Municipality.objects.select_related("area"), county=request.county, area__code=code
    )
    negotiations = visible_negotiations(access)
    every = list(duty.municipalities_of(request.county))
    found = read_municipality(request.county, shown, every, today=timezone.localdate())
    name = _("Figures of %(area)s") % {"area": shown}
    table = table_of(request, found, name=name, county=request.county)
    if answer := table.file():
        return answer
    by_name = Municipality.objects.select_related("area").order_by("area__order")
    context: dict[str, Any] = {
        "municipality": shown,
        "is_own": shown.pk in access.municipality_ids,
        "table": table,
        "themes": grouped(table) if found.rows else [],
        "theme_url": theme_url(table),
        "baseline": request.county.baseline_year,
        "has_country": found.has_country,
        "span": 6 + (request.county.baseline_year is not None) + found.has_country,
        "origins": found.origins,
        "has_examples": any(origin.is_example for origin in found.origins),
        "groups": list(
            MunicipalityGroup.objects.filter(municipalities=shown)
            .order_by("-year", "position")
            .prefetch_related(Prefetch("municipalities", by_name))
        ),
        "parties": list(
            Party.objects.filter(municipality=shown, negotiation__in=negotiations)
            .select_related("negotiation__round")
            .prefetch_related("negotiation__parts")
            .order_by("-negotiation__earliest", "-negotiation__starts_at")
        ),
        "measures": list(
            visible_measures(access)
            .filter(municipality=shown)
            .select_related("priority", "indicator", "negotiation", "round")
            .order_by("-negotiation__earliest", "position", "pk")
        ),
    }
    return render(request, "negotiations/municipality.html", context)
