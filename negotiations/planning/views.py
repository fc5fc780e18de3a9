"""Rounds, and of one round its timetable and its groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from municipalities.access import CountyRequest
from municipalities.models import Municipality, MunicipalityGroup
from negotiations.models import Negotiation, Round, RoundStage, Slot, Summary
from negotiations.permissions import can_read_rounds, visible_negotiations, visible_rounds, visible_summaries
from negotiations.planning.progress import steps_of


@require_safe
def rounds(request: CountyRequest, county: str) -> HttpResponse:
    """List the rounds, the latest first, with how far each is."""
    request.access.require(can_read_rounds(request.access))
    rows = list(visible_rounds(request.access).order_by("-year", "-starts_on", "name"))
    steps = steps_of(rows)
    context = {"rounds": [(round_, steps[round_.pk]) for round_ in rows]}
    return render(request, "negotiations/rounds.html", context)


def round_context(request: CountyRequest, pk: int, *, tab: str) -> dict[str, Any]:
    """Return what every page of a round shows above its tabs. Raises Http404 for a round one may not know of."""
    round_: Round = get_object_or_404(visible_rounds(request.access), pk=pk)
    summary: Summary | None = visible_summaries(request.access).filter(round=round_).first()
    return {"round": round_, "steps": steps_of([round_])[round_.pk], "summary": summary, "tab": tab}


@dataclass(frozen=True)
class SlotUse:
    """A slot, and the negotiation that has it: only for those who may know of it."""

    slot: Slot
    is_used: bool
    negotiation: Negotiation | None


@require_safe
def round_schedule(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show the round's slots, free and used, and the stages of its process."""
    context = round_context(request, pk, tab="schedule")
    round_ = context["round"]
    seen = {row.slot_id: row for row in visible_negotiations(request.access).filter(round=round_, slot__isnull=False)}
    used = set(Negotiation.objects.filter(round=round_, slot__isnull=False).values_list("slot_id", flat=True))
    slots = [SlotUse(slot, slot.pk in used, seen.get(slot.pk)) for slot in Slot.objects.filter(round=round_)]
    context |= {
        "slots": slots,
        "used": len(used),
        "free": len(slots) - len(used),
        "stages": list(RoundStage.objects.filter(round=round_)),
    }
    return render(request, "negotiations/round_schedule.html", context)


@require_safe
def round_groups(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show the municipality groups of the round's year, and each one's negotiation for those who may know of it."""
    context = round_context(request, pk, tab="groups")
    round_ = context["round"]
    by_name = Municipality.objects.select_related("area").order_by("area__order")
    groups = MunicipalityGroup.objects.filter(year=round_.year).prefetch_related(
        Prefetch("municipalities", by_name),
        Prefetch(
            "negotiations", visible_negotiations(request.access).filter(round=round_), to_attr="negotiations_here"
        ),
    )
    context["groups"] = list(groups)
    return render(request, "negotiations/round_groups.html", context)
