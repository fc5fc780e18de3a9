"""The pages on which measures are entered, changed and removed."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from municipalities.access import CountyRequest
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from municipalities.views.undoing import offer_undo, undone
from negotiations.followup import measures
from negotiations.followup.forms import MeasureForm, MeasuresForm
from negotiations.minutes.views.writing import keeping_text
from negotiations.models import Measure, Negotiation, Round
from negotiations.permissions import can_edit, visible_measures, visible_negotiations, visible_rounds
from negotiations.planning.negotiations import parties_of, with_parties

Origin = Negotiation | Round


def _negotiation(request: CountyRequest, pk: int) -> Negotiation:
    negotiation: Negotiation = get_object_or_404(
        visible_negotiations(request.access).select_related("round").prefetch_related(with_parties(), "parts"), pk=pk
    )
    request.access.require(can_edit(request.access))
    return negotiation


def _round(request: CountyRequest, pk: int) -> Round:
    round_: Round = get_object_or_404(visible_rounds(request.access), pk=pk)
    request.access.require(can_edit(request.access))
    return round_


def _measure(request: CountyRequest, pk: int) -> tuple[Measure, Origin]:
    """Return a measure that the user may change, and what it was agreed in."""
    measure: Measure = get_object_or_404(
        visible_measures(request.access).select_related("round", "municipality__area", "organisation"), pk=pk
    )
    request.access.require(can_edit(request.access))
    if measure.negotiation_id:
        return measure, _negotiation(request, measure.negotiation_id)
    return measure, _round(request, measure.round_id or 0)


def _back(request: CountyRequest, of: Origin) -> str:
    """Return the page that one came from: of the item that is being written, or where the measures are listed."""
    item = request.GET.get("kohta", "")
    known = item.isascii() and item.isdecimal() and len(item) < 19
    if "istunto" in request.GET and known and isinstance(of, Negotiation):
        return reverse("live", args=[request.county.slug, of.pk]) + f"?kohta={item}"
    if "kirjoitus" in request.GET and known and isinstance(of, Negotiation):
        return reverse("minutes_item", args=[request.county.slug, int(item)])
    if isinstance(of, Negotiation):
        return reverse("negotiation_minutes", args=[request.county.slug, of.pk])
    return reverse("measures", args=[request.county.slug]) + "?" + urlencode({"kierros": of.pk})


def _lead(of: Origin) -> str:
    """Return of what the measures are: they never lose their context."""
    if isinstance(of, Round):
        return _("Of the whole round: %(round)s") % {"round": of.name}
    parties = ", ".join(party.name for party in parties_of(of))
    return of.title if parties == of.title else f"{of.title} ({parties})"


def _add(request: CountyRequest, of: Origin) -> HttpResponse:
    back = _back(request, of)
    item = request.GET.get("kohta", "")
    with leading_back(back):
        if isinstance(of, Negotiation) and request.method != "POST":
            measures.require_agreeing(of)
        return edit(
            request,
            partial(MeasuresForm, of=of, initial={"agenda_item": item if item.isdecimal() else None}),
            save=keeping_text(
                lambda form: measures.add_measures(
                    form.agreed(),
                    of=of,
                    item=form.cleaned_data.get("agenda_item"),
                    priority=form.cleaned_data["priority"],
                    by=request.user,
                )
            ),
            title=_("Add measures"),
            back=back,
            done=lambda added: (
                ngettext("%(count)s measure was added.", "%(count)s measures were added.", len(added))
                % {"count": len(added)}
            ),
            context={"lead": _lead(of), "crumbs": [(back, str(of))]},
        )


@require_http_methods(["GET", "HEAD", "POST"])
def measures_add(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Enter measures agreed in a negotiation."""
    return _add(request, _negotiation(request, pk))


@require_http_methods(["GET", "HEAD", "POST"])
def round_measures_add(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Enter measures of a whole round."""
    return _add(request, _round(request, pk))


@require_http_methods(["GET", "HEAD", "POST"])
def measure_edit(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Change a measure."""
    measure, of = _measure(request, pk)
    back = _back(request, of)
    with leading_back(back):
        if isinstance(of, Negotiation) and request.method != "POST":
            measures.require_agreeing(of)
        return edit(
            request,
            partial(MeasureForm, of=of),
            row=measure,
            save=keeping_text(
                lambda form: measures.change_measure(
                    form.save(commit=False), fields=form.changed_names, by=request.user
                )
            ),
            title=_("Edit the measure"),
            back=back,
            done=_("The measure was saved."),
            context={"lead": _lead(of), "crumbs": [(back, str(of))]},
        )


@require_POST
def measure_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove a measure; the page that follows offers to bring it back."""
    measure, of = _measure(request, pk)
    back = _back(request, of)
    with leading_back(back):
        values = measures.remove_measure(measure, by=request.user)
    undo = "measures_undo" if isinstance(of, Negotiation) else "round_measures_undo"
    offer_undo(
        request,
        words=_("The measure was removed: %(text)s") % {"text": Truncator(measure.text).chars(80)},
        url=reverse(undo, args=[county, of.pk]),
        values=values,
    )
    return redirect(back)


def _undo(request: CountyRequest, of: Origin) -> HttpResponse:
    back = _back(request, of)
    with leading_back(back):
        measures.bring_back(of, undone(request), by=request.user)
    return redirect(back)


@require_POST
def measures_undo(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Bring back a measure that was removed from a negotiation."""
    return _undo(request, _negotiation(request, pk))


@require_POST
def round_measures_undo(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Bring back a measure that was removed from a round."""
    return _undo(request, _round(request, pk))
