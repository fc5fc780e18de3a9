"""The page of quick minutes."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from municipalities.access import CountyRequest
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from negotiations.followup.quick_forms import QuickMinutesForm
from negotiations.followup.quick_minutes import require_unminuted, write_quick_minutes
from negotiations.models import Negotiation
from negotiations.permissions import can_edit, visible_negotiations
from negotiations.planning.negotiations import with_parties


@require_http_methods(["GET", "HEAD", "POST"])
def quick_minutes(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Enter the essentials of a negotiation that was minuted elsewhere."""
    negotiation: Negotiation = get_object_or_404(
        visible_negotiations(request.access)
        .select_related("round", "county__area")
        .prefetch_related(with_parties(), "parts"),
        pk=pk,
    )
    request.access.require(can_edit(request.access))
    back = reverse("negotiation_minutes", args=[county, pk])
    if request.method != "POST":
        with leading_back(back):
            require_unminuted(negotiation)
    return edit(
        request,
        QuickMinutesForm,
        row=negotiation,
        save=lambda form: write_quick_minutes(negotiation, form.quick(), by=request.user),
        title=_("Quick minutes"),
        back=back,
        done=_("The minutes were entered. Look them over, and send them for checking."),
        template="negotiations/quick_minutes.html",
        submit=_("Save the minutes"),
        context={"negotiation": negotiation},
    )
