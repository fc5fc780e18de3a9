"""The page of a negotiation, on the highest floor that it shows, and the moves of its minutes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from municipalities.access import CountyRequest
from municipalities.views.moving import leading_back
from negotiations.log import log_of
from negotiations.minutes import checking
from negotiations.minutes.composing import request_minutes_document
from negotiations.minutes.forms import MarkForm, SendForCheckingForm
from negotiations.models import AgendaItem, Attendance, Measure, Minutes, MinutesCheck, Negotiation, Part, Party
from negotiations.permissions import (
    can_edit,
    can_mark,
    can_move_minutes,
    visible_minutes,
    visible_negotiations,
)
from negotiations.sitting.attendance import SECTOR_NAMES
from negotiations.sitting.views import parties_of, with_parties

State = Minutes.State
# What is proposed for checking; any day can be given.
USUAL_TIME = timedelta(days=14)


@dataclass(frozen=True)
class SectorShown:
    """Who of a sector attended: people by name or role, and how many are known by number alone."""

    name: str | Promise
    people: list[Attendance]
    head_count: int

    @property
    def total(self) -> int:
        """How many attended."""
        return len(self.people) + self.head_count


@dataclass(frozen=True)
class ItemShown:
    """An agenda item with the measures agreed under it."""

    item: AgendaItem
    measures: list[Measure]


@dataclass(frozen=True)
class PartShown:
    """A part of the negotiation with its items."""

    part: Part
    items: list[ItemShown]


@dataclass(frozen=True)
class CheckShown:
    """A checker's mark, and whether this user may make it."""

    check: MinutesCheck
    may_mark: bool


@dataclass(frozen=True)
class MinutesShown:
    """Minutes with their checkers and what this user may do to them."""

    minutes: Minutes
    checks: list[CheckShown]
    may_move: bool
    form: SendForCheckingForm | None
    # The date by which to check has passed, so that silence may be entered as a mark.
    is_late: bool

    @property
    def waiting_for(self) -> list[MinutesCheck]:
        """The checkers who have not marked the minutes."""
        return [shown.check for shown in self.checks if shown.check.outcome == MinutesCheck.Outcome.WAITING]


@require_safe
def negotiation(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show a negotiation: who, when, on what law; who attended; the agenda, what was agreed, and the minutes."""
    return render(request, "negotiations/negotiation.html", _page(request, pk))


def _page(request: CountyRequest, pk: int, *, bound: tuple[int, SendForCheckingForm] | None = None) -> dict[str, Any]:
    """Return what the page shows. `bound` is a form that was sent and could not be accepted, by its minutes' id."""
    access = request.access
    measures = Measure.objects.select_related("priority", "municipality__area", "organisation")
    checks = MinutesCheck.objects.select_related(
        "party__municipality__area", "party__organisation", "party__county__area"
    )
    shown: Negotiation = get_object_or_404(
        visible_negotiations(access)
        .select_related("round", "group")
        .prefetch_related(
            with_parties(),
            "parts__items",
            "attendances",
            Prefetch("measures", measures),
            Prefetch(
                "minutes",
                visible_minutes(access)
                .select_related("document", "part", "negotiation")
                .prefetch_related("attachments", Prefetch("checks", checks)),
            ),
        ),
        pk=pk,
    )
    minutes = [_minutes(request, row, bound) for row in shown.minutes.all()]
    parties = parties_of(shown)
    checkers = {shown_check.check.pk: shown_check.check.party.name for row in minutes for shown_check in row.checks}
    people = list(shown.attendances.all())
    by_item: dict[int | None, list[Measure]] = defaultdict(list)
    for measure in shown.measures.all():
        by_item[measure.agenda_item_id].append(measure)
    return {
        "negotiation": shown,
        "parties": parties,
        "stayed_away": [party for party in parties if party.participation == Party.Participation.STAYED_AWAY],
        "sectors": _sectors(people),
        "absent": [row for row in people if row.status == Attendance.Status.ABSENT],
        "present": sum(row.count for row in people if row.status == Attendance.Status.PRESENT),
        "parts": [
            PartShown(part, [ItemShown(item, by_item[item.pk]) for item in part.items.all()])
            for part in shown.parts.all()
        ],
        "further_measures": by_item[None],
        "minutes": minutes,
        "form_with_errors": bound[1] if bound else None,
        "log": log_of([shown, *(row.minutes for row in minutes)], checkers),
        "can_edit": can_edit(access),
    }


def _minutes(request: CountyRequest, row: Minutes, bound: tuple[int, SendForCheckingForm] | None) -> MinutesShown:
    may_move = can_move_minutes(request.access, row)
    form = None
    if may_move and row.state == State.DRAFT:
        form = (
            bound[1]
            if bound and bound[0] == row.pk
            else SendForCheckingForm(auto_id=f"id_{row.pk}_%s", initial={"check_by": timezone.localdate() + USUAL_TIME})
        )
    return MinutesShown(
        minutes=row,
        checks=[
            CheckShown(
                check,
                row.state == State.CHECKING
                and check.outcome == MinutesCheck.Outcome.WAITING
                and can_mark(request.access, check),
            )
            for check in row.checks.all()
        ],
        may_move=may_move,
        form=form,
        is_late=row.check_by is not None and row.check_by < timezone.localdate(),
    )


def _sectors(people: list[Attendance]) -> list[SectorShown]:
    here = [row for row in people if row.status == Attendance.Status.PRESENT]
    shown = []
    for sector, name in SECTOR_NAMES.items():
        rows = [row for row in here if row.sector == sector]
        if rows:
            named = [row for row in rows if not row.is_head_count]
            shown.append(SectorShown(name, named, sum(row.count for row in rows if row.is_head_count)))
    return shown


# --- Moves ------------------------------------------------------------------------------------------------------


def _movable(request: CountyRequest, pk: int) -> Minutes:
    """Return minutes that the user may move: 404 for those they may not know of, 403 for those they may not move."""
    minutes: Minutes = get_object_or_404(visible_minutes(request.access).select_related("negotiation"), pk=pk)
    request.access.require(can_move_minutes(request.access, minutes))
    return minutes


def _page_of(county: str, minutes: Minutes) -> str:
    return reverse("negotiation", args=[county, minutes.negotiation_id]) + "#poytakirjat"


@require_POST
def minutes_render(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Have the minutes made into a PDF as they are now."""
    minutes = _movable(request, pk)
    with leading_back(_page_of(county, minutes)):
        document = request_minutes_document(minutes, by=request.user)
    messages.success(request, _("The PDF of the minutes has been ordered."))
    return redirect("document", county=county, pk=document.pk)


@require_POST
def minutes_send(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Send a draft to its checkers."""
    minutes = _movable(request, pk)
    form = SendForCheckingForm(request.POST, auto_id=f"id_{pk}_%s")
    if not form.is_valid():
        page = _page(request, minutes.negotiation_id, bound=(pk, form))
        return render(request, "negotiations/negotiation.html", page, status=422)
    with leading_back(_page_of(county, minutes)):
        checking.send_for_checking(minutes, check_by=form.cleaned_data["check_by"], by=request.user)
    messages.success(request, _("The minutes have been sent for checking."))
    return redirect(_page_of(county, minutes))


@require_POST
def minutes_return(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Take minutes back to a draft."""
    minutes = _movable(request, pk)
    with leading_back(_page_of(county, minutes)):
        checking.return_to_draft(minutes, by=request.user)
    messages.success(request, _("The minutes are a draft again. The marks of checking were cleared."))
    return redirect(_page_of(county, minutes))


@require_POST
def minutes_mark(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Enter a checker's mark."""
    minutes: Minutes = get_object_or_404(visible_minutes(request.access), pk=pk)
    form = MarkForm(request.POST)
    wanted = form.cleaned_data["check"] if form.is_valid() else None
    check = get_object_or_404(minutes.checks.select_related("party", "minutes"), pk=wanted)
    request.access.require(can_mark(request.access, check))
    outcome = MinutesCheck.Outcome(form.cleaned_data["outcome"])
    # Silence is entered by the county, once the date it gave has passed; nobody is silent about themselves.
    request.access.require(outcome == MinutesCheck.Outcome.APPROVED or can_edit(request.access))
    with leading_back(_page_of(county, minutes)):
        moved = checking.mark(check, by=request.user, outcome=outcome)
    if moved.state == State.CHECKED:
        messages.success(request, _("The mark was saved. Everyone has now checked the minutes."))
    else:
        messages.success(request, _("The mark was saved."))
    return redirect(_page_of(county, minutes))


@require_POST
def minutes_publish(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Publish checked minutes."""
    minutes = _movable(request, pk)
    with leading_back(_page_of(county, minutes)):
        checking.publish(minutes, by=request.user)
    messages.success(request, _("The minutes were published."))
    return redirect(_page_of(county, minutes))
