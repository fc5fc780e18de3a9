"""An attendance report of Teams: chosen, looked at row by row, and saved all or nothing."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from municipalities.access import CountyRequest
from municipalities.moves import NotAllowedNow
from municipalities.views.moving import leading_back
from negotiations.models import Minutes, Negotiation
from negotiations.permissions import can_edit, visible_negotiations
from negotiations.sitting.attending import why_closed, why_not_yet
from negotiations.sitting.forms.teams import TeamsForm, TeamsRowsForm
from negotiations.sitting.teams_matching import Planned, bring_in, plan, seal, unseal
from negotiations.sitting.views.attendance import crumbs_of, tab_of


@require_http_methods(["GET", "HEAD", "POST"])
def negotiation_teams(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Bring in a report: choose the file, look at what becomes of each row, then save all of it or nothing."""
    shown: Negotiation = get_object_or_404(visible_negotiations(request.access).select_related("round"), pk=pk)
    request.access.require(can_edit(request.access))
    states = Minutes.objects.filter(negotiation=shown).values_list("state", flat=True)
    if reason := why_closed(shown, states) or why_not_yet(shown):
        with leading_back(tab_of(county, pk)):
            raise NotAllowedNow(reason)
    if request.method != "POST":
        return _file_page(request, shown, TeamsForm(access=request.access))
    if "sealed" in request.POST:
        return _save(request, shown)
    form = TeamsForm(request.POST, request.FILES, access=request.access)
    if not form.is_valid():
        return _file_page(request, shown, form, status=422)
    planned = plan(shown, request.county, form.cleaned_data["file"], least_minutes=form.cleaned_data["least_minutes"])
    sealed = seal(shown, request.user, planned)
    rows = TeamsRowsForm(access=request.access, planned=planned, initial={"sealed": sealed})
    return _rows_page(request, shown, rows, planned)


def _save(request: CountyRequest, shown: Negotiation) -> HttpResponse:
    county, back = request.county.slug, tab_of(request.county.slug, shown.pk)
    try:
        planned = unseal(shown, request.user, request.POST["sealed"])
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return redirect(reverse("negotiation_teams", args=[county, shown.pk]))
    rows = TeamsRowsForm(request.POST, access=request.access, planned=planned)
    if not rows.is_valid():
        return _rows_page(request, shown, rows, planned, status=422)
    try:
        with leading_back(back):
            brought = bring_in(shown, rows.decisions(), by=request.user)
    except ValidationError as refusal:
        rows.add_error(None, refusal)
        return _rows_page(request, shown, rows, planned, status=422)
    messages.success(
        request,
        _("%(read)s rows were read: %(matched)s were in the list, %(new)s were added, %(left_out)s were left out.")
        % {"read": brought.read, "matched": brought.matched, "new": brought.new, "left_out": brought.left_out},
    )
    return redirect(back)


def _file_page(request: CountyRequest, shown: Negotiation, form: TeamsForm, *, status: int = 200) -> HttpResponse:
    context = {
        "title": _("Bring in from Teams"),
        "form": form,
        "submit": _("See the rows"),
        "back": tab_of(request.county.slug, shown.pk),
        "crumbs": crumbs_of(request.county.slug, shown),
    }
    return render(request, "parts/edit_page.html", context, status=status)


def _rows_page(
    request: CountyRequest,
    shown: Negotiation,
    form: TeamsRowsForm,
    planned: Sequence[Planned],
    *,
    status: int = 200,
) -> HttpResponse:
    left_out = sum(row.left_out is not None for row in planned)
    matched = sum(row.match is not None and row.left_out is None for row in planned)
    context = {
        "title": _("Check the people of the report"),
        "form": form,
        "read": len(planned),
        "matched": matched,
        "new": len(planned) - matched - left_out,
        "left_out": left_out,
        "lines": sum(row.rows for row in planned),
        "again": reverse("negotiation_teams", args=[request.county.slug, shown.pk]),
        "back": tab_of(request.county.slug, shown.pk),
        "crumbs": crumbs_of(request.county.slug, shown),
    }
    return render(request, "negotiations/negotiation_teams.html", context, status=status)
