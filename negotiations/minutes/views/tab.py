"""The minutes of a negotiation, and their moves."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from municipalities.access import CountyRequest
from municipalities.moves import NotAllowedNow, locked
from municipalities.views.moving import leading_back
from municipalities.views.undoing import undo_offered
from negotiations.minutes import checking, versions
from negotiations.minutes.composing import request_minutes_document
from negotiations.minutes.forms import MarkForm, SendForCheckingForm
from negotiations.minutes.views.shown_reading import names_of, rows_of, shown_of
from negotiations.models import Minutes, MinutesCheck, Negotiation
from negotiations.permissions import (
    can_edit,
    can_mark,
    can_move_minutes,
    minutes_read_whole,
    visible_minutes,
    visible_negotiations,
)
from negotiations.planning.views.negotiations import negotiation_context

State = Minutes.State
TEMPLATE = "negotiations/negotiation_minutes.html"


@require_safe
def negotiation_minutes(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show the minutes of a negotiation, who has checked them, and what can be done with them now."""
    return render(request, TEMPLATE, _page(request, pk))


def _page(request: CountyRequest, pk: int, *, bound: tuple[int, SendForCheckingForm] | None = None) -> dict[str, Any]:
    """Return what the page shows. `bound` is a form that was sent and could not be accepted, by its minutes' id."""
    context = negotiation_context(request, pk, tab="minutes")
    shown: Negotiation = context["negotiation"]
    rows = rows_of(request.access, shown, request.county)
    context |= {
        "minutes_name": request.county.minutes_name_in(shown.language),
        "minutes": shown_of(request.access, rows, bound=bound),
        "form_with_errors": bound[1] if bound else None,
        "undo": undo_offered(request) if context["can_edit"] else None,
    }
    return context


@require_safe
def minutes_versions(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show the versions of minutes with their SHA-256, and what each changed of the one before."""
    minutes: Minutes = get_object_or_404(
        minutes_read_whole(request.access).select_related("negotiation__round", "part"), pk=pk
    )
    told = versions.history(minutes)
    marks = MinutesCheck.objects.filter(minutes=minutes, version__isnull=False).select_related(
        "party__municipality__area", "party__organisation", "party__county__area"
    )
    by_version: dict[int, list[MinutesCheck]] = {}
    for check in marks.order_by("pk"):
        by_version.setdefault(check.version_id or 0, []).append(check)
    context = {
        "negotiation": minutes.negotiation,
        "minutes": minutes,
        "name": names_of([minutes], request.county, minutes.negotiation)[minutes.pk],
        "versions": [(changed, by_version.get(changed.version.pk, [])) for changed in told],
        "back": tab_of(request, minutes),
    }
    return render(request, "negotiations/minutes_versions.html", context)


# --- Moves ------------------------------------------------------------------------------------------------------


def movable(request: CountyRequest, pk: int) -> Minutes:
    """Return minutes that the user may move: 404 for those they may not know of, 403 for those they may not move."""
    minutes: Minutes = get_object_or_404(visible_minutes(request.access).select_related("negotiation", "part"), pk=pk)
    request.access.require(can_move_minutes(request.access, minutes))
    return minutes


def tab_of(request: CountyRequest, minutes: Minutes | Negotiation) -> str:
    """Return the address of the tab that shows these minutes, or the minutes of this negotiation."""
    pk = minutes.negotiation_id if isinstance(minutes, Minutes) else minutes.pk
    return reverse("negotiation_minutes", args=[request.county.slug, pk])


def crumbs_of(request: CountyRequest, minutes: Minutes) -> dict[str, object]:
    """Return what a page under the minutes says of where one is."""
    return {"crumbs": [(tab_of(request, minutes), minutes.negotiation.title)], "lead": minutes.negotiation.title}


@require_POST
def minutes_open(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Begin the minutes of a negotiation that has been held."""
    negotiation: Negotiation = get_object_or_404(visible_negotiations(request.access), pk=pk)
    request.access.require(can_edit(request.access))
    back = tab_of(request, negotiation)
    with leading_back(back):
        checking.open_minutes(negotiation, by=request.user)
    messages.success(request, _("The minutes were begun. Write what was discussed and agreed."))
    return redirect(back)


@require_POST
def minutes_render(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Have the minutes made into a PDF as they are now."""
    minutes = movable(request, pk)
    with leading_back(tab_of(request, minutes)), transaction.atomic():
        # As they are now: else a draft could be printed over what has just been sent or published.
        document = request_minutes_document(locked(minutes), by=request.user)
    messages.success(request, _("The PDF of the minutes has been ordered."))
    return redirect("document", county=county, pk=document.pk)


@require_POST
def minutes_send(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Send a draft to its checkers."""
    minutes = movable(request, pk)
    form = SendForCheckingForm(request.POST, auto_id=f"id_{pk}_%s")
    if not form.is_valid():
        page = _page(request, minutes.negotiation_id, bound=(pk, form))
        return render(request, TEMPLATE, page, status=422)
    with leading_back(tab_of(request, minutes)):
        checking.send_for_checking(minutes, check_by=form.cleaned_data["check_by"], by=request.user)
    messages.success(request, _("The minutes have been sent for checking."))
    return redirect(tab_of(request, minutes))


@require_POST
def minutes_return(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Take minutes that are being checked back to a draft."""
    minutes = movable(request, pk)
    with leading_back(tab_of(request, minutes)):
        checking.return_to_draft(minutes, by=request.user)
    messages.success(request, _("The minutes are a draft again. The marks of checking were cleared."))
    return redirect(tab_of(request, minutes))


@require_POST
def minutes_mark(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Enter a checker's mark of the version that was on the page."""
    minutes: Minutes = get_object_or_404(visible_minutes(request.access), pk=pk)
    form = MarkForm(request.POST)
    wanted = form.cleaned_data["check"] if form.is_valid() else None
    check = get_object_or_404(minutes.checks.select_related("party", "minutes"), pk=wanted)
    request.access.require(can_mark(request.access, check))
    outcome = MinutesCheck.Outcome(form.cleaned_data["outcome"])
    # Silence is entered by the county, once the date it gave has passed; nobody is silent about themselves.
    request.access.require(outcome == MinutesCheck.Outcome.APPROVED or can_edit(request.access))
    seen = form.cleaned_data["version"]
    with leading_back(tab_of(request, minutes)):
        if outcome == MinutesCheck.Outcome.APPROVED and seen is None and versions.latest(minutes) is not None:
            raise NotAllowedNow(_("It is not known which version was read. Open the page again, and mark it there."))
        moved = checking.mark(check, by=request.user, outcome=outcome, version=seen)
    if moved.state == State.CHECKED:
        messages.success(request, _("The mark was saved. Everyone has now checked the minutes."))
    else:
        messages.success(request, _("The mark was saved."))
    return redirect(tab_of(request, minutes))


@require_POST
def minutes_publish(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Publish checked minutes."""
    minutes = movable(request, pk)
    with leading_back(tab_of(request, minutes)):
        checking.publish(minutes, by=request.user)
    messages.success(request, _("The minutes were published."))
    return redirect(tab_of(request, minutes))
