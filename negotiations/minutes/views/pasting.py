"""Minutes written elsewhere: pasted or chosen as a file, looked at piece by piece, and taken in whole or not at all."""

from __future__ import annotations

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
from negotiations.minutes.pasting import parts_there, require_can, take_in
from negotiations.minutes.pasting_forms import PasteMinutesForm, PiecesForm, counted_words
from negotiations.models import Negotiation
from negotiations.permissions import can_edit, visible_negotiations
from negotiations.sitting.views.attendance import crumbs_of


@require_http_methods(["GET", "HEAD", "POST"])
def minutes_paste(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Take in minutes written elsewhere: the text, then where each piece of it goes, then all of it or nothing."""
    shown: Negotiation = get_object_or_404(visible_negotiations(request.access).select_related("round"), pk=pk)
    request.access.require(can_edit(request.access))
    shown.county = request.county
    with leading_back(_tab(request, shown)):
        require_can(shown)
    if request.method != "POST":
        return _text_page(request, shown, PasteMinutesForm(access=request.access))
    if request.POST.get("step") == "text":
        return _text_page(request, shown, PasteMinutesForm(initial=request.POST.dict(), access=request.access))
    if "p0_place" in request.POST:
        return _take_in(request, shown)
    form = PasteMinutesForm(request.POST, request.FILES, access=request.access)
    if not form.is_valid():
        return _text_page(request, shown, form, status=422)
    text = form.cleaned_data["minutes"]
    pieces = PiecesForm(access=request.access, parts=parts_there(shown), text=text)
    return _pieces_page(request, shown, pieces)


def _tab(request: CountyRequest, shown: Negotiation) -> str:
    return reverse("negotiation_minutes", args=[request.county.slug, shown.pk])


def _take_in(request: CountyRequest, shown: Negotiation) -> HttpResponse:
    text = PasteMinutesForm(request.POST, access=request.access)
    if not text.is_valid():
        return _text_page(request, shown, text, status=422)
    pieces = PiecesForm(
        request.POST, access=request.access, parts=parts_there(shown), text=text.cleaned_data["minutes"]
    )
    status = 422
    if pieces.is_valid():
        try:
            taken = take_in(shown, pieces.placed(), by=request.user)
        except ValidationError as refusal:
            pieces.add_error(None, refusal)
        except NotAllowedNow as refusal:
            pieces.add_error(None, str(refusal))
            status = 409
        else:
            messages.success(
                request,
                counted_words(taken.new, taken.texts, taken.left_out)
                if taken.new or taken.texts
                else _("All of it was there already. Nothing was changed."),
            )
            return redirect(_tab(request, shown))
    return _pieces_page(request, shown, pieces, status=status)


def _text_page(
    request: CountyRequest, shown: Negotiation, form: PasteMinutesForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "title": _("Bring in minutes written elsewhere"),
        "form": form,
        "submit": _("See where each piece goes"),
        "back": _tab(request, shown),
        "crumbs": [*crumbs_of(request.county.slug, shown)[:-1], (_tab(request, shown), shown.title)],
    }
    return render(request, "negotiations/minutes_paste.html", context, status=status)


def _pieces_page(request: CountyRequest, shown: Negotiation, form: PiecesForm, *, status: int = 200) -> HttpResponse:
    context = {
        "title": _("Check where each piece goes"),
        "form": form,
        "pieces": form.shown,
        "is_held": shown.state == Negotiation.State.HELD,
        "back": _tab(request, shown),
        "crumbs": [*crumbs_of(request.county.slug, shown)[:-1], (_tab(request, shown), shown.title)],
    }
    return render(request, "negotiations/minutes_paste_pieces.html", context, status=status)
