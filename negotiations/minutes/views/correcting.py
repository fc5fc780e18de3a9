"""Correcting checked minutes: beginning the document, its corrections one by one, and removing it."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from municipalities.access import CountyRequest
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from municipalities.views.undoing import offer_undo, undone
from negotiations.minutes import correcting
from negotiations.minutes.checking_forms import EntryForm
from negotiations.minutes.views.tab import crumbs_of, movable, tab_of
from negotiations.minutes.writing import require_draft
from negotiations.models import CorrectionEntry, Minutes
from negotiations.permissions import can_move_minutes, visible_minutes

METHODS = ["GET", "HEAD", "POST"]


def _list_of(request: CountyRequest, minutes: Minutes) -> str:
    return f"{tab_of(request, minutes)}#poytakirja-{minutes.pk}"


@require_POST
def minutes_correct(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Begin a document that corrects checked minutes."""
    minutes = movable(request, pk)
    with leading_back(tab_of(request, minutes)):
        correction = correcting.begin(minutes, by=request.user)
    messages.success(request, _("The correction was begun. Write what is to be read instead of what."))
    return redirect(_list_of(request, correction))


@require_POST
def minutes_correction_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove a correction that was begun in vain."""
    minutes = movable(request, pk)
    with leading_back(tab_of(request, minutes)):
        correcting.drop(minutes, by=request.user)
    messages.success(request, _("The correction was removed. The minutes are as they were."))
    return redirect(tab_of(request, minutes))


def _entry(request: CountyRequest, pk: int) -> CorrectionEntry:
    entry: CorrectionEntry = get_object_or_404(
        CorrectionEntry.objects.filter(minutes__in=visible_minutes(request.access)).select_related(
            "minutes__negotiation"
        ),
        pk=pk,
    )
    request.access.require(can_move_minutes(request.access, entry.minutes))
    return entry


@require_http_methods(METHODS)
def minutes_entry_add(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Add a correction to a correcting document."""
    minutes = movable(request, pk)
    back = _list_of(request, minutes)
    if request.method != "POST":
        with leading_back(back):
            correcting.require_correction(minutes)
    new = partial(EntryForm, instance=CorrectionEntry(county_id=minutes.county_id, minutes=minutes))
    return edit(
        request,
        new,
        under=minutes,
        save=lambda form: correcting.add_entry(form.save(commit=False), by=request.user),
        title=_("Add a correction"),
        back=back,
        done=_("The correction was saved."),
        context=crumbs_of(request, minutes),
    )


@require_http_methods(METHODS)
def minutes_entry(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Change a correction."""
    entry = _entry(request, pk)
    back = _list_of(request, entry.minutes)
    if request.method != "POST":
        with leading_back(back):
            require_draft(entry.minutes)
    return edit(
        request,
        EntryForm,
        row=entry,
        under=entry.minutes,
        save=lambda form: correcting.change_entry(form.save(commit=False), fields=form.changed_names, by=request.user),
        title=_("Correction %(number)s") % {"number": entry.position},
        back=back,
        done=_("The correction was saved."),
        context=crumbs_of(request, entry.minutes),
    )


@require_POST
def minutes_entry_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove a correction; the page that follows offers to bring it back."""
    entry = _entry(request, pk)
    minutes = entry.minutes
    with leading_back(_list_of(request, minutes)):
        kept = correcting.remove_entry(entry, by=request.user)
    offer_undo(
        request,
        words=_("The correction was removed: %(place)s.") % {"place": kept["place"]},
        url=reverse("minutes_entry_undo", args=[county, minutes.pk]),
        values=kept,
    )
    return redirect(tab_of(request, minutes))


@require_POST
def minutes_entry_undo(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Bring back a correction that was removed, where it was."""
    minutes = movable(request, pk)
    back = _list_of(request, minutes)
    with leading_back(back):
        correcting.restore_entry(minutes, undone(request), by=request.user)
    return redirect(back)
