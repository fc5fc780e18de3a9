"""The moves of a negotiation: inviting, holding, postponing, cancelling, and back where that was a mistake."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from municipalities.access import CountyRequest
from municipalities.moves import require_state
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from negotiations.models import Negotiation, Slot
from negotiations.planning.timing import Timing
from negotiations.planning.views.negotiations import crumbs_of, editable
from negotiations.sitting import conduct
from negotiations.sitting.forms.conduct import CancelForm, HoldForm, PostponeForm


def _at(request: CountyRequest, county: str, pk: int, move: str) -> tuple[Negotiation, str]:
    """Return a negotiation that can be moved so now, and its address; otherwise say why it cannot."""
    shown, here = editable(request, pk), reverse("negotiation", args=[county, pk])
    with leading_back(here):
        require_state(shown, conduct.MOVES, move)
    return shown, here


@require_POST
def negotiation_convene(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Mark the parties as invited."""
    shown, here = _at(request, county, pk, "convene")
    with leading_back(here):
        conduct.convene(shown, by=request.user)
    messages.success(request, _("The parties are now marked as invited: %(when)s.") % {"when": Timing.of(shown).words})
    return redirect(here)


@require_http_methods(["GET", "HEAD", "POST"])
def negotiation_hold(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Mark a negotiation as held: when, who stayed away, what was not dealt with."""
    shown, here = _at(request, county, pk, "hold")

    def save(form: HoldForm) -> Negotiation:
        return conduct.hold(
            form.negotiation,
            timing=form.timing,
            stayed_away=list(form.cleaned_data["stayed_away"]),
            not_dealt_with=list(form.cleaned_data.get("not_dealt_with", ())),
            by=request.user,
        )

    return edit(
        request,
        HoldForm,
        save=save,
        row=shown,
        title=_("Mark the negotiation as held"),
        back=here,
        done=_("The negotiation is marked as held. Its minutes can now be begun."),
        submit=_("Mark as held"),
        template="negotiations/negotiation_form.html",
        context={"crumbs": crumbs_of(county, shown), "lead": shown.title},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def negotiation_postpone(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Put a negotiation off to another time, or to one not known yet."""
    shown, here = _at(request, county, pk, "postpone")

    def save(form: PostponeForm) -> Negotiation:
        return conduct.postpone(
            form.negotiation,
            timing=form.found,
            slot=form.slot_chosen,
            reason=form.cleaned_data["reason"],
            by=request.user,
        )

    lead = _("%(title)s is now %(when)s.") % {"title": shown.title, "when": Timing.of(shown).words}
    if shown.state == Negotiation.State.CONVENED:
        lead += " " + _("Once postponed it is planned again, and the parties are to be invited anew.")
    return edit(
        request,
        PostponeForm,
        save=save,
        row=shown,
        title=_("Postpone the negotiation"),
        back=here,
        done=lambda moved: _("The negotiation was postponed: %(when)s.") % {"when": Timing.of(moved).words},
        submit=_("Postpone the negotiation"),
        template="negotiations/negotiation_form.html",
        context={"crumbs": crumbs_of(county, shown), "lead": lead},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def negotiation_cancel(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Cancel a negotiation, with the reason."""
    shown, here = _at(request, county, pk, "cancel")
    return edit(
        request,
        CancelForm,
        save=lambda form: conduct.cancel(form.negotiation, reason=form.cleaned_data["reason"], by=request.user),
        row=shown,
        title=_("Cancel the negotiation"),
        back=here,
        done=_("The negotiation was cancelled."),
        submit=_("Cancel the negotiation"),
        context={
            "crumbs": crumbs_of(county, shown),
            "lead": _("%(title)s is now %(when)s.") % {"title": shown.title, "when": Timing.of(shown).words}
            + " "
            + _("A cancelled negotiation does not discharge the duty to negotiate.")
            + " "
            + _("You can take it back to planned later."),
        },
    )


@require_POST
def negotiation_reinstate(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Take a cancelled negotiation back to planned."""
    shown, here = _at(request, county, pk, "reinstate")
    with leading_back(here):
        moved = conduct.reinstate(shown, by=request.user)
    messages.success(request, _("The negotiation is planned again."))
    of_round = Slot.objects.filter(round=moved.round) if moved.round else Slot.objects.none()
    if moved.slot_id is None and moved.starts_at and of_round.filter(starts_at=moved.starts_at).exists():
        messages.warning(
            request, _("Another negotiation has been given its time meanwhile. Give it another time: edit the details.")
        )
    return redirect(here)


@require_POST
def negotiation_take_back(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Take back "held", marked by mistake."""
    shown, here = _at(request, county, pk, "take_back")
    with leading_back(here):
        conduct.take_back(shown, by=request.user)
    messages.success(request, _("“Held” was taken back. The parties are invited, as before."))
    return redirect(here)
