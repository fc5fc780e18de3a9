"""Entering the signatures of the chair and the secretary, and who signs."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from municipalities.access import CountyRequest
from municipalities.moves import NotAllowedNow, require_state
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from negotiations.minutes import signing
from negotiations.minutes.checking import MOVES
from negotiations.minutes.checking_forms import ROLE_OF, SignerForm, SignForm
from negotiations.minutes.views.tab import crumbs_of, movable, tab_of
from negotiations.models import Minutes, MinutesSignature
from negotiations.permissions import can_move_minutes, visible_minutes

METHODS = ["GET", "HEAD", "POST"]


def _role(code: str) -> MinutesSignature.Role:
    """Return whose signature an address is of. 404 for any other word."""
    if code not in ROLE_OF:
        raise Http404
    return ROLE_OF[code]


@require_http_methods(METHODS)
def minutes_sign(request: CountyRequest, county: str, pk: int, role: str) -> HttpResponse:
    """Enter how and when the chair or the secretary signed; who signs may do it here themselves."""
    wanted = _role(role)
    minutes: Minutes = get_object_or_404(visible_minutes(request.access).select_related("negotiation", "part"), pk=pk)
    found = next(one for one in signing.signatures_of(minutes) if one.role == wanted)
    may_enter, is_own = can_move_minutes(request.access, minutes), signing.is_of(found, request.user)
    request.access.require(may_enter or is_own)
    back = f"{tab_of(request, minutes)}#allekirjoitukset-{minutes.pk}"
    if request.method != "POST":
        with leading_back(back):
            require_state(minutes, MOVES, "sign")
            if found.signed_on is not None:
                raise NotAllowedNow(_("The minutes have been signed already."))

    def form(*args: Any, **kwargs: Any) -> SignForm:
        first = minutes.negotiation.earliest
        return SignForm(*args, is_own=is_own, may_enter=may_enter, first_day=first, **kwargs)

    def save(sent: SignForm) -> MinutesSignature:
        row = signing.signature_of(minutes, wanted)
        return signing.sign(
            row, way=MinutesSignature.Way(sent.cleaned_data["way"]), signed_on=sent.day, by=request.user
        )

    return edit(
        request,
        form,
        save=save,
        title=_("Signature: %(role)s") % {"role": f"{wanted.label}{', ' if found.name else ''}{found.name}"},
        back=back,
        done=_("The signature was saved."),
        under=minutes,
        context=crumbs_of(request, minutes),
    )


@require_http_methods(METHODS)
def minutes_signer(request: CountyRequest, county: str, pk: int, role: str) -> HttpResponse:
    """Say who signs as the chair or the secretary, and where the link is sent."""
    wanted = _role(role)
    minutes = movable(request, pk)
    back = f"{tab_of(request, minutes)}#allekirjoitukset-{minutes.pk}"
    with leading_back(back):
        if minutes.state == Minutes.State.PUBLISHED:
            raise NotAllowedNow(_("The minutes have been published, so that nothing in them can be changed any more."))
        row = signing.signature_of(minutes, wanted)
        if row.signed_on is not None and request.method != "POST":
            raise NotAllowedNow(_("The minutes have been signed already."))
    return edit(
        request,
        SignerForm,
        row=row,
        under=minutes,
        save=lambda form: signing.name_signer(form.save(commit=False), fields=form.changed_names, by=request.user),
        title=_("Who signs: %(role)s") % {"role": wanted.label},
        back=back,
        done=_("Who signs was saved."),
        context=crumbs_of(request, minutes),
    )


@require_POST
def minutes_sign_back(request: CountyRequest, county: str, pk: int, role: str) -> HttpResponse:
    """Take back a signature that was entered by mistake."""
    wanted = _role(role)
    minutes = movable(request, pk)
    back = f"{tab_of(request, minutes)}#allekirjoitukset-{minutes.pk}"
    with leading_back(back):
        signing.take_back(signing.signature_of(minutes, wanted), by=request.user)
    messages.success(request, _("The signature was taken back."))
    return redirect(back)
