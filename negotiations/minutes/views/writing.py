"""Writing the minutes: a page for each part and for each of its items, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from municipalities.access import CountyRequest
from municipalities.models import County
from municipalities.moves import NotAllowedNow
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from municipalities.views.undoing import undo_offered
from negotiations.minutes import writing
from negotiations.minutes.composing import parts_with_minutes
from negotiations.minutes.forms import ItemMinutesForm, PartMinutesForm
from negotiations.minutes.views.tab import tab_of
from negotiations.models import AgendaItem, Measure, MeasureStatus, Negotiation, Part
from negotiations.permissions import can_edit, visible_negotiations

TEMPLATE = "negotiations/minutes_write.html"


@dataclass(frozen=True)
class Step:
    """A page of the writing: of a part's opening and closing, or of an item."""

    label: str
    url: str
    is_part: bool
    is_written: bool
    is_here: bool


def steps_of(request: CountyRequest, negotiation: Negotiation, here: Part | AgendaItem) -> list[Step]:
    """Return the pages of the writing, in the order of the sitting. Five queries, however many there are."""
    numbering = County.Numbering(request.county.item_numbering)
    parts = parts_with_minutes(negotiation)
    items = list(AgendaItem.objects.filter(part__in=parts))
    measured = set(Measure.objects.filter(agenda_item__in=items).values_list("agenda_item_id", flat=True))
    told = MeasureStatus.objects.filter(negotiation=negotiation, measure__followed_in__in=items)
    gone_through = set(told.values_list("measure__followed_in", flat=True))
    steps = []
    for part in parts:
        name = _("Opening and closing") + (f", {part.basis.sections}" if len(parts) > 1 else "")
        written = bool(part.opening or part.closing or part.opened_at)
        url = reverse("minutes_part", args=[request.county.slug, part.pk])
        steps.append(Step(name, url, True, written, part == here))
        for item in items:
            if item.part_id == part.pk:
                entered = item.discussion or item.agreed or item.dissent or item.is_deferred
                written = bool(entered) or item.pk in measured | gone_through
                url = reverse("minutes_item", args=[request.county.slug, item.pk])
                steps.append(Step(f"{numbering.of(item.position)} {item.title}", url, False, written, item == here))
    return steps


def _next(steps: list[Step]) -> Step | None:
    """Return the page after the one that is here; none after the last."""
    for before, after in pairwise(steps):
        if before.is_here:
            return after
    return None


def keeping_text(save: Callable[[Any], object]) -> Callable[[Any], object]:
    """Have a refusal shown beside what was typed, which stays on the page: the minutes may be sent while one writes."""

    def saved(form: Any) -> object:
        try:
            return save(form)
        except NotAllowedNow as refusal:
            raise ValidationError(str(refusal)) from refusal

    return saved


def _write(
    request: CountyRequest,
    row: Part | AgendaItem,
    part: Part,
    form_class: type[PartMinutesForm] | type[ItemMinutesForm],
    save: Callable[[Any], object],
    *,
    title: str,
    context: dict[str, Any],
) -> HttpResponse:
    negotiation = part.negotiation
    back = tab_of(request, negotiation)
    if request.method != "POST":
        with leading_back(back):
            _require_open(part)
    steps = steps_of(request, negotiation, row)
    following = _next(steps)
    onward = following.url if following else back
    return edit(
        request,
        form_class,
        row=row,
        # The minutes first, as whoever moves them does.
        under=writing.minutes_of(negotiation, part) if request.method == "POST" else None,
        save=keeping_text(save),
        title=title,
        back=back,
        then=onward if "next" in request.POST else request.path,
        done=_("The text was saved."),
        template=TEMPLATE,
        context={
            "negotiation": negotiation,
            "part": part,
            "steps": steps,
            "following": following,
            "undo": undo_offered(request) if request.method != "POST" else None,
            **context,
        },
    )


def _require_open(part: Part) -> None:
    """Raise NotAllowedNow where the text cannot be changed: it is of no use to begin."""
    minutes = writing.minutes_of(part.negotiation, part)
    if minutes is None:
        raise NotAllowedNow(_("The minutes have not been begun. Begin them first."))
    writing.require_draft(minutes)


@require_http_methods(["GET", "HEAD", "POST"])
def minutes_part(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Write how a part was opened and closed."""
    part: Part = get_object_or_404(
        Part.objects.filter(negotiation__in=visible_negotiations(request.access)).select_related("negotiation__round"),
        pk=pk,
    )
    request.access.require(can_edit(request.access))
    return _write(
        request,
        part,
        part,
        PartMinutesForm,
        lambda form: writing.write_part(form.save(commit=False), fields=form.changed_names, by=request.user),
        title=_("Opening and closing, %(part)s") % {"part": part.basis.sections},
        context={},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def minutes_item(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Write what was discussed and agreed under an item."""
    item: AgendaItem = get_object_or_404(
        AgendaItem.objects.filter(part__negotiation__in=visible_negotiations(request.access)).select_related(
            "part__negotiation__round"
        ),
        pk=pk,
    )
    request.access.require(can_edit(request.access))
    number = County.Numbering(request.county.item_numbering).of(item.position)
    measures = Measure.objects.filter(agenda_item=item).select_related(
        "priority", "indicator", "municipality__area", "organisation"
    )
    return _write(
        request,
        item,
        item.part,
        ItemMinutesForm,
        lambda form: writing.write_item(form.save(commit=False), fields=form.changed_names, by=request.user),
        title=f"{number} {item.title}",
        context={"item": item, "measures": list(measures), "returning": f"?kohta={pk}&kirjoitus=1"},
    )
