"""The checkers of minutes: added, named and taken off in a draft, replaced until the minutes have been checked."""

from __future__ import annotations

from functools import partial

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from municipalities.access import CountyRequest
from municipalities.moves import NotAllowedNow
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from municipalities.views.undoing import offer_undo, undone
from negotiations.minutes import checkers
from negotiations.minutes.checking_forms import ReplaceCheckerForm
from negotiations.minutes.forms import CheckerForm, NewCheckerForm
from negotiations.minutes.views.tab import crumbs_of, movable, tab_of
from negotiations.minutes.writing import require_draft
from negotiations.models import MinutesCheck
from negotiations.permissions import can_move_minutes, visible_minutes


def _check(request: CountyRequest, pk: int) -> MinutesCheck:
    """Return a checker of minutes that the user may change."""
    check: MinutesCheck = get_object_or_404(
        MinutesCheck.objects.filter(minutes__in=visible_minutes(request.access)).select_related(
            "minutes__negotiation", "party__municipality__area", "party__organisation", "party__county__area"
        ),
        pk=pk,
    )
    request.access.require(can_move_minutes(request.access, check.minutes))
    return check


@require_http_methods(["GET", "HEAD", "POST"])
def minutes_checker_add(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Add a checker for a party that has none."""
    minutes = movable(request, pk)
    back = tab_of(request, minutes)
    with leading_back(back):
        require_draft(minutes)
        if request.method != "POST" and not checkers.parties_without_checker(minutes):
            raise NotAllowedNow(_("Every party that checks the minutes has a checker already."))
    return edit(
        request,
        partial(NewCheckerForm, minutes=minutes),
        save=lambda form: checkers.add_checker(form.save(commit=False), by=request.user),
        title=_("Add a checker"),
        back=back,
        done=_("The checker was added."),
        context=crumbs_of(request, minutes),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def minutes_checker(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Tell who a party's checker is."""
    check = _check(request, pk)
    back = tab_of(request, check.minutes)
    with leading_back(back):
        require_draft(check.minutes)
    return edit(
        request,
        CheckerForm,
        row=check,
        under=check.minutes,
        save=lambda form: checkers.name_checker(form.save(commit=False), fields=form.changed_names, by=request.user),
        title=_("Checker: %(party)s") % {"party": check.party.name},
        back=back,
        done=_("The checker was saved."),
        context=crumbs_of(request, check.minutes),
    )


@require_POST
def minutes_checker_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Take a checker off the minutes; the page that follows offers to bring them back."""
    check = _check(request, pk)
    back = tab_of(request, check.minutes)
    values = {"party": check.party_id, "name": check.name, "role": check.role, "email": check.email}
    with leading_back(back):
        checkers.remove_checker(check, by=request.user)
    offer_undo(
        request,
        words=_("The checker was taken off: %(party)s.") % {"party": check.party.name},
        url=reverse("minutes_checker_undo", args=[county, check.minutes_id]),
        values=values,
    )
    return redirect(back)


@require_POST
def minutes_checker_undo(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Bring back a checker who was taken off."""
    minutes = movable(request, pk)
    back = tab_of(request, minutes)
    with leading_back(back):
        values = undone(request)
        check = MinutesCheck(
            county_id=minutes.county_id,
            minutes=minutes,
            party_id=values["party"],
            name=values["name"],
            role=values["role"],
            email=values["email"],
        )
        checkers.add_checker(check, by=request.user)
    return redirect(back)


@require_http_methods(["GET", "HEAD", "POST"])
def minutes_checker_replace(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Put another checker of the party in the place of one who cannot check, with the reason."""
    check = _check(request, pk)
    back = tab_of(request, check.minutes)
    if request.method != "POST":
        with leading_back(back):
            checkers.require_replaceable(check.minutes)
    return edit(
        request,
        ReplaceCheckerForm,
        save=lambda form: checkers.replace_checker(check, **form.cleaned_data, by=request.user),
        title=_("Replace the checker: %(party)s") % {"party": check.party.name},
        back=back,
        done=_("The checker was replaced."),
        submit=_("Replace the checker"),
        template="negotiations/minutes_form.html",
        context=crumbs_of(request, check.minutes)
        | {
            "hint": _(
                "The mark of the former checker counts no more, and their link opens nothing. What they have remarked"
                " stays to be decided on."
            )
        },
    )
