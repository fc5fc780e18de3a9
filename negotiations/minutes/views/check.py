"""The pages of a checker of minutes who is signed in, and the letters that a coordinator sends."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from municipalities import limits
from municipalities.access import CountyRequest
from municipalities.moves import NotAllowedNow
from municipalities.views.moving import leading_back
from negotiations.minutes import links, reminding
from negotiations.minutes.reviewing import Place
from negotiations.minutes.views import review
from negotiations.minutes.views.review import Ways
from negotiations.minutes.views.tab import tab_of
from negotiations.models import Minutes, MinutesCheck, MinutesRemark, MinutesSignature
from negotiations.permissions import can_mark, can_move_minutes, visible_minutes

# For which of several parties one checks: an id, in the address.
PARTY = "tarkastaja"
MOST_DIGITS = 18
# Letters to checkers and signers that one user has sent.
SENT = "60/h/user"


def _check(request: CountyRequest, pk: int) -> MinutesCheck:
    """Return whose mark the user makes: one that waits, where there is one. 404 for minutes not to be known of.

    403 where none of the checkers is the user's to mark for.
    """
    minutes: Minutes = get_object_or_404(visible_minutes(request.access).select_related("negotiation", "part"), pk=pk)
    minutes.county = minutes.negotiation.county = request.county
    checks = minutes.checks.select_related("party__municipality__area", "party__organisation").order_by("pk")
    own = [check for check in checks if can_mark(request.access, check)]
    request.access.require(bool(own))
    chosen = request.GET.get(PARTY, "")
    if chosen:
        found = next((check for check in own if str(check.pk) == chosen), None)
        if found is None:
            raise Http404
    else:
        found = next((check for check in own if check.outcome == MinutesCheck.Outcome.WAITING), own[0])
    found.minutes = minutes
    found.county = found.party.county = request.county
    return found


def _ways(request: CountyRequest, check: MinutesCheck) -> Ways:
    args = [request.county.slug, check.minutes_id]

    def remark(place: Place) -> str:
        return reverse("minutes_check_remark", args=[*args, place.key])

    def withdraw(row: MinutesRemark) -> str:
        return reverse("minutes_check_withdraw", args=[*args, row.pk])

    return Ways(
        page=reverse("minutes_check", args=args),
        remark=remark,
        withdraw=withdraw,
        show=partial(_show, check),
        by=request.user,
        query=f"{PARTY}={check.pk}" if PARTY in request.GET else "",
    )


def _show(
    check: MinutesCheck, request: HttpRequest, template: str, context: Mapping[str, Any], status: int
) -> HttpResponse:
    own = {
        "base_page": "negotiations/minutes_check_inside.html",
        "is_signed_in": True,
        "tab_url": reverse("negotiation_minutes", args=[check.county.slug, check.minutes.negotiation_id]),
    }
    return render(request, template, {**context, **own}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def minutes_check(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show the minutes to an editor of a party that checks them, and take the mark."""
    check = _check(request, pk)
    return review.page(request, check, _ways(request, check))


@require_http_methods(["GET", "HEAD", "POST"])
def minutes_check_remark(request: CountyRequest, county: str, pk: int, key: str) -> HttpResponse:
    """Take a remark on an item, on a part, or on the whole."""
    check = _check(request, pk)
    return review.remark(request, check, _ways(request, check), key)


@require_POST
def minutes_check_withdraw(request: CountyRequest, county: str, pk: int, remark: int) -> HttpResponse:
    """Take back a remark that the secretary has not decided on yet."""
    check = _check(request, pk)
    return review.withdraw(request, check, _ways(request, check), remark)


# --- Letters ------------------------------------------------------------------------------------------------------


def _asked(request: CountyRequest, model: type[MinutesCheck | MinutesSignature], pk: int) -> Any:
    """Return a checker or a signer of minutes that the user may move."""
    row: Any = get_object_or_404(
        model._default_manager.filter(minutes__in=visible_minutes(request.access)).select_related("minutes"), pk=pk
    )
    request.access.require(can_move_minutes(request.access, row.minutes))
    return row


def _count_letter(request: CountyRequest) -> None:
    if not limits.count(request, "minutes_letter", SENT):
        raise NotAllowedNow(_("You have sent many letters in a short time. Continue in an hour."))


@require_POST
def minutes_checker_link(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Send a checker a new link; the former one is good no more."""
    check: MinutesCheck = _asked(request, MinutesCheck, pk)
    back = f"{tab_of(request, check.minutes)}#tarkastajat-{check.minutes_id}"
    with leading_back(back):
        _count_letter(request)
        links.send_again(check, by=request.user)
    words = _("A link to check the minutes is on its way to %(email)s. The former link is good no more.")
    messages.success(request, words % {"email": check.email})
    return redirect(back)


@require_POST
def minutes_checker_remind(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remind a checker who has not marked the minutes."""
    check: MinutesCheck = _asked(request, MinutesCheck, pk)
    back = f"{tab_of(request, check.minutes)}#tarkastajat-{check.minutes_id}"
    with leading_back(back):
        _count_letter(request)
        reminding.remind(check, by=request.user)
    messages.success(request, _("A reminder is on its way to %(email)s.") % {"email": check.email})
    return redirect(back)


@require_POST
def minutes_signature_link(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Send the chair or the secretary a new link to sign; the former one is good no more."""
    signature: MinutesSignature = _asked(request, MinutesSignature, pk)
    back = f"{tab_of(request, signature.minutes)}#allekirjoitukset-{signature.minutes_id}"
    with leading_back(back):
        _count_letter(request)
        links.send_again(signature, by=request.user)
    words = _("A link to sign the minutes is on its way to %(email)s. The former link is good no more.")
    messages.success(request, words % {"email": signature.email})
    return redirect(back)
