"""What is wished of the time of a negotiation: told, changed, taken away."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from municipalities.access import CountyRequest
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from negotiations.models import Negotiation, Slot
from negotiations.planning.forms.wishes import WishForm
from negotiations.planning.views.negotiations import crumbs_of, editable
from negotiations.planning.wishes import Wish, require_planned, set_wish


@require_http_methods(["GET", "HEAD", "POST"])
def negotiation_wish(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Enter when a negotiation should be, as its parties have wished; emptied, there is no wish."""
    shown = editable(request, pk)
    here = reverse("negotiation", args=[county, pk])
    if request.method != "POST":
        with leading_back(here):
            require_planned(shown)

    def save(form: WishForm) -> Wish:
        set_wish(shown, form.wish, by=request.user)
        _warn_of_slots(request, shown, form.wish)
        return form.wish

    return edit(
        request,
        WishForm,
        row=shown,
        save=save,
        title=_("Wish for the time"),
        back=here,
        done=lambda wish: _("There is no wish for the time now.") if wish.is_empty else _("The wish was saved."),
        context={
            "crumbs": crumbs_of(county, shown),
            "lead": _("%(title)s. Enter what the parties have wished: the board and the proposal take it into account.")
            % {"title": shown.title},
        },
    )


def _warn_of_slots(request: CountyRequest, negotiation: Negotiation, wish: Wish) -> None:
    """Say so where no time of the round is as wished: more times may be needed, or it is a slip."""
    if not wish.binds or negotiation.round_id is None:
        return
    starts = Slot.objects.filter(round_id=negotiation.round_id).values_list("starts_at", flat=True)
    days = {timezone.localdate(start) for start in starts}
    if days and not any(wish.allows(day) for day in days):
        messages.warning(request, _("None of the times of the round is as wished: %(wish)s.") % {"wish": wish.words})
