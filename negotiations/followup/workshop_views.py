"""What came of a note of a workshop: a measure, with who answers for it and by when."""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from municipalities.access import CountyRequest
from municipalities.moves import NotAllowedNow, locked
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from municipalities.views.undoing import offer_undo, undone
from negotiations.followup import measures
from negotiations.followup.forms import MeasuresForm
from negotiations.models import Measure, Negotiation, WorkshopNote
from negotiations.permissions import can_edit, visible_negotiations
from negotiations.planning.negotiations import with_parties
from negotiations.sitting.views.workshop_day import board_address
from negotiations.sitting.workshop_day.grouping import tie_measure


def _note(request: CountyRequest, pk: int) -> tuple[WorkshopNote, Negotiation]:
    """Return a note of which the user may make a measure, and the negotiation of its workshop."""
    rows = WorkshopNote.objects.filter(workshop__negotiation__in=visible_negotiations(request.access))
    note: WorkshopNote = get_object_or_404(rows.select_related("workshop", "group", "priority"), pk=pk)
    request.access.require(can_edit(request.access))
    negotiations = Negotiation.objects.select_related("round").prefetch_related(with_parties(), "parts")
    return note, negotiations.get(pk=note.workshop.negotiation_id)


@require_http_methods(["GET", "HEAD", "POST"])
def workshop_measure(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Enter the measure that came of a note; its text and its priority are there already."""
    note, negotiation = _note(request, pk)
    back = board_address(county, negotiation.pk, f"lappu-{pk}")
    with leading_back(back):
        if note.measure_id is not None and request.method != "POST":
            raise NotAllowedNow(_("A measure has been made of the note already."))
        if request.method != "POST":
            measures.require_agreeing(negotiation)
        return edit(
            request,
            partial(
                MeasuresForm,
                of=negotiation,
                # A list has one measure a line; the note is one.
                initial={"texts": " ".join(note.text.split()), "priority": note.priority_id},
            ),
            save=lambda form: _make(request, note, negotiation, form),
            title=_("Make a measure of the note"),
            submit=_("Make the measure"),
            back=back,
            done=_("The measure was entered. It is told in the minutes and followed up."),
            context={
                "lead": _("Note of %(group)s: %(text)s")
                % {"group": note.group.name, "text": Truncator(note.text).chars(200)}
                if note.group
                else note.text,
                "crumbs": [(back, _("Board of the workshop"))],
            },
        )


@transaction.atomic
def _make(request: CountyRequest, note: WorkshopNote, negotiation: Negotiation, form: MeasuresForm) -> list[Measure]:
    added = measures.add_measures(
        form.agreed(),
        of=negotiation,
        item=form.cleaned_data.get("agenda_item"),
        priority=form.cleaned_data["priority"],
        by=request.user,
    )
    tie_measure(note, added[0], by=request.user)
    offer_undo(
        request,
        words=_("A measure was made of the note: %(text)s") % {"text": Truncator(added[0].text).chars(80)},
        url=reverse("workshop_measure_undo", args=[request.county.slug, note.pk]),
        values={"measures": [measure.pk for measure in added]},
    )
    return added


@require_POST
def workshop_measure_undo(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove the measure that was made of a note, with those entered along with it."""
    note, negotiation = _note(request, pk)
    back = board_address(county, negotiation.pk, f"lappu-{pk}")
    with leading_back(back), transaction.atomic():
        wanted = undone(request)["measures"]
        # In the order in which the measure was made, and before the note, which the measure lets go of.
        locked(negotiation, stays=True)
        locked(note.workshop, stays=True)
        rows = list(Measure.objects.filter(negotiation=negotiation, pk__in=wanted))
        if not rows or note.measure_id not in {row.pk for row in rows}:
            raise NotAllowedNow(_("This can be undone no more."))
        for row in rows:
            measures.remove_measure(row, by=request.user)
        # The row is there no more, and its note is free of it: the boards look again.
        note.refresh_from_db()
        tie_measure(note, None, by=request.user)
    return redirect(back)
