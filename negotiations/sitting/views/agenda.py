"""The agenda of a negotiation with what was discussed and agreed, and the page on which it is made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from municipalities.access import Access, CountyRequest
from municipalities.models import County
from municipalities.views.moving import leading_back
from municipalities.views.undoing import offer_undo, undo_offered, undone
from negotiations.models import AgendaAttachment, AgendaItem, AgendaTemplate, Attendance, Measure, Negotiation, Part
from negotiations.permissions import can_edit, parts_told, visible_measures, visible_negotiations, visible_statuses
from negotiations.planning.negotiations import lock_of, states_of_minutes
from negotiations.planning.views.negotiations import crumbs_of, editable, negotiation_context
from negotiations.sitting import agenda as rules
from negotiations.sitting.agenda_templates import suitable
from negotiations.sitting.beginning import begin_from, fill_with_usual, take_along
from negotiations.sitting.brought import OpenItem, OpenMeasure, read_from_before, with_latest_state
from negotiations.sitting.forms.agenda import ItemsForm
from negotiations.sitting.item_figures import LinkedIndicator, linked_indicators
from negotiations.sitting.planned_time import PlannedTime, duration, plan_of


@dataclass(frozen=True)
class ItemShown:
    """An agenda item, its number as the county writes it, the measures agreed under it, and what is linked with it."""

    item: AgendaItem
    number: str
    measures: list[Measure]
    indicators: list[LinkedIndicator] = field(default_factory=list)

    @property
    def planned(self) -> str:
        """The planned time in words; empty where none is planned."""
        return duration(self.item.planned_minutes) if self.item.planned_minutes else ""


@dataclass(frozen=True)
class PartShown:
    """A part of the negotiation with its items."""

    part: Part
    items: list[ItemShown]
    # Whether what was discussed and agreed may be read too: not while the minutes are a draft of the county's.
    is_told: bool
    time: PlannedTime


@dataclass(frozen=True)
class PartEdited:
    """A part on the page where the agenda is made: its items, and the form with which to add more."""

    part: Part
    items: list[ItemShown]
    form: ItemsForm
    time: PlannedTime
    # What an empty agenda can be begun from, besides the usual items.
    templates: list[AgendaTemplate]
    # What is open from last time, belongs to this part and is not on it.
    open_measures: list[OpenMeasure]
    open_items: list[OpenItem]

    @property
    def open_to_all(self) -> list[OpenMeasure]:
        """The open measures of which all who negotiate here may know: those that are taken along together."""
        return [one for one in self.open_measures if not one.is_strange]


def _items(access: Access, parts: Sequence[Part]) -> dict[int, list[tuple[AgendaItem, str]]]:
    """Return the items of each part with their numbers, which come from their order, and what is linked with them.

    Four queries. Of the measures agreed before only those that the user may know of.
    """
    by_part: dict[int, list[tuple[AgendaItem, str]]] = defaultdict(list)
    numbering = County.Numbering(access.county.item_numbering)
    known = with_latest_state(visible_measures(access), among=visible_statuses(access))
    followed = known.select_related("negotiation", "round").order_by("position")
    attachments: QuerySet[AgendaAttachment] = AgendaAttachment.objects.select_related("file").defer("file__content")
    rows = (
        AgendaItem.objects.filter(part__in=parts)
        .select_related("deferred_from__part__negotiation")
        .prefetch_related(
            "indicators",
            Prefetch("measures_followed", followed),
            Prefetch("attachments", attachments.order_by("position")),
        )
    )
    for item in rows:
        found = by_part[item.part_id]
        found.append((item, numbering.of(len(found) + 1)))
    return by_part


@require_safe
def negotiation(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show a negotiation: who, when, on what law; the agenda, and what was discussed and agreed."""
    context = negotiation_context(request, pk, tab="agenda")
    shown, parties = context["negotiation"], context["parties"]
    by_item: dict[int | None, list[Measure]] = defaultdict(list)
    measures = visible_measures(request.access).select_related("priority", "municipality__area", "organisation")
    for measure in measures.filter(negotiation=shown):
        by_item[measure.agenda_item_id].append(measure)
    by_part = _items(request.access, context["parts"])
    told = parts_told(request.access, shown)
    present = Attendance.objects.filter(negotiation=shown, status=Attendance.Status.PRESENT)
    municipalities = [party.municipality for party in parties if party.municipality]
    figures = linked_indicators(
        (one for items in by_part.values() for item, _number in items for one in item.indicators.all()),
        [municipality.area for municipality in municipalities],
        request.county.area,
        year=timezone.localdate().year,
        language=get_language() or "fi",
        together=_("The municipalities together"),
    )
    plan = plan_of(shown, _minutes(context["parts"], by_part))
    context |= {
        "agenda": [
            PartShown(
                part,
                [
                    ItemShown(item, number, by_item[item.pk], [figures[one.pk] for one in item.indicators.all()])
                    for item, number in by_part[part.pk]
                ],
                part.pk in told,
                plan.by_part[part.pk],
            )
            for part in context["parts"]
        ],
        "plan": plan,
        "further_measures": by_item[None],
        "present": present.aggregate(total=Sum("count"))["total"] or 0,
        # Whose promises the user may look at: all, or those of their own municipality.
        "promising": [
            municipality
            for municipality in municipalities
            if context["can_edit"] or municipality.pk in request.access.municipality_ids
        ],
    }
    return render(request, "negotiations/negotiation.html", context)


def _minutes(parts: Sequence[Part], by_part: dict[int, list[tuple[AgendaItem, str]]]) -> dict[int, list[int | None]]:
    return {part.pk: [item.planned_minutes for item, _number in by_part[part.pk]] for part in parts}


# --- Making the agenda ----------------------------------------------------------------------------------------


def page_of(county: str, negotiation: Negotiation) -> str:
    return reverse("negotiation_agenda", args=[county, negotiation.pk])


def back_to(here: str, item_id: int, button: str) -> str:
    """Return the address on which a button of an item has the focus. A fragment would keep the focus from it."""
    return f"{here}?kohta={item_id}&suunta={button}"


@require_safe
def negotiation_agenda(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show the agenda as it is made: items to add, edit, remove and put in order, part by part."""
    return render(request, "negotiations/negotiation_agenda.html", _making(request, editable(request, pk)))


def _making(
    request: CountyRequest, shown: Negotiation, *, bound: tuple[int, ItemsForm] | None = None
) -> dict[str, Any]:
    """Return what the page shows. `bound` is a form that could not be accepted, by the id of its part."""
    parts = list(shown.parts.all())
    by_part = _items(request.access, parts)
    lock = lock_of(shown, states_of_minutes(shown))
    plan = plan_of(shown, _minutes(parts, by_part))
    templates = list(AgendaTemplate.objects.all())
    from_before = read_from_before(shown, [] if lock else parts)
    rows = []
    for part in parts:
        form = (
            bound[1] if bound and bound[0] == part.pk else ItemsForm(access=request.access, auto_id=f"id_{part.pk}_%s")
        )
        rows.append(
            PartEdited(
                part,
                [ItemShown(item, number, []) for item, number in by_part[part.pk]],
                form,
                plan.by_part[part.pk],
                suitable(templates, part.basis, shown.language),
                [one for one in from_before.measures_left if one.part_id == part.pk],
                [one for one in from_before.items if one.part_id == part.pk],
            )
        )
    focus = request.GET.get("kohta", "")
    return {
        "negotiation": shown,
        "crumbs": crumbs_of(request.county.slug, shown),
        "parts": rows,
        "lock": lock,
        "plan": plan,
        "may_defer": not lock and shown.state in rules.DEFERRING,
        "form": bound[1] if bound else None,
        "undo": undo_offered(request),
        # The button that was pressed has the focus again: a keyboard goes on from there.
        "focused": int(focus) if focus.isascii() and focus.isdigit() and len(focus) <= 18 else 0,
        "direction": request.GET.get("suunta", ""),
    }


def _part(request: CountyRequest, negotiation: Negotiation) -> Part:
    wanted = _number(request.POST.get("part", ""))
    return get_object_or_404(Part.objects.select_related("negotiation"), pk=wanted, negotiation=negotiation)


def item_of(request: CountyRequest, pk: int) -> AgendaItem:
    """Return an item whose agenda the user may change: 404 for one they may not know of, 403 where they may not."""
    item: AgendaItem = get_object_or_404(
        AgendaItem.objects.select_related("part__negotiation__round"),
        pk=pk,
        part__negotiation__in=visible_negotiations(request.access),
    )
    request.access.require(can_edit(request.access))
    return item


@require_POST
def agenda_add(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Add items at the end of a part, one or a whole list."""
    shown = editable(request, pk)
    part = _part(request, shown)
    form = ItemsForm(request.POST, access=request.access, auto_id=f"id_{part.pk}_%s")
    added: list[AgendaItem] = []
    if form.is_valid():
        try:
            with leading_back(page_of(county, shown)):
                added = rules.add_items(part, [(title, "") for title in form.cleaned_data["titles"]], by=request.user)
        except ValidationError as refusal:
            form.add_error("titles", refusal)
    if not form.is_valid():
        page = _making(request, shown, bound=(part.pk, form))
        return render(request, "negotiations/negotiation_agenda.html", page, status=422)
    messages.success(request, _added(len(added)))
    return redirect(f"{page_of(county, shown)}#osa-{part.pk}")


@require_POST
def agenda_usual(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Begin the empty agenda of a part: with the usual items, or with those of a template that is named."""
    shown = editable(request, pk)
    part = _part(request, shown)
    wanted = request.POST.get("template", "")
    here = f"{page_of(county, shown)}#osa-{part.pk}"
    try:
        with leading_back(page_of(county, shown)):
            if wanted:
                template = get_object_or_404(AgendaTemplate, pk=_number(wanted))
                added = begin_from(part, template, by=request.user)
            else:
                added = fill_with_usual(part, by=request.user)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
        return redirect(here)
    if added:
        messages.success(request, _added(len(added)))
    else:
        messages.info(request, _("The template has no items yet. Add some to it first."))
    return redirect(here)


@require_POST
def agenda_take_along(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Take to a part what is open from last time: the measures and the items that are named."""
    shown = editable(request, pk)
    part = _part(request, shown)
    here = f"{page_of(county, shown)}#osa-{part.pk}"
    try:
        with leading_back(page_of(county, shown)):
            taken = take_along(
                part,
                measures=[_number(one) for one in request.POST.getlist("measure")],
                items=[_number(one) for one in request.POST.getlist("item")],
                by=request.user,
            )
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
        return redirect(here)
    told = []
    if taken.measures:
        told.append(
            ngettext(
                "%(count)s measure is now on the agenda to be gone through.",
                "%(count)s measures are now on the agenda to be gone through.",
                taken.measures,
            )
            % {"count": taken.measures}
        )
    if taken.items:
        told.append(_added(taken.items))
    messages.success(request, " ".join(told) or _("It is on the agenda already, or no longer open."))
    return redirect(here)


def _number(wanted: str) -> int:
    """Return an id that was sent. Raises Http404 for what is none."""
    if not wanted.isascii() or not wanted.isdigit() or len(wanted) > 18:
        raise Http404
    return int(wanted)


def _added(count: int) -> str:
    return ngettext("%(count)s item was added.", "%(count)s items were added.", count) % {"count": count}


@require_POST
def agenda_item_move(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Move an item a step up or down, or to the place of a number."""
    item = item_of(request, pk)
    here = page_of(county, item.part.negotiation)
    direction, number = request.POST.get("direction", ""), request.POST.get("number", "")
    with leading_back(here):
        if direction in {"up", "down"}:
            moved = rules.move_item(item, by=request.user, steps=1 if direction == "down" else -1)
        elif number.isascii() and number.isdigit() and len(number) <= 4:
            moved = rules.place_item(item, by=request.user, number=int(number))
        else:
            raise Http404
    place = County.Numbering(request.county.item_numbering).of(moved.position)
    messages.success(request, _("“%(title)s” is now %(number)s") % {"title": moved.title, "number": place})
    return redirect(back_to(here, pk, direction) if direction else f"{here}#kohta-{pk}")


@require_POST
def agenda_item_defer(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Put an item off to the next negotiation, or take that back."""
    item = item_of(request, pk)
    here = page_of(county, item.part.negotiation)
    with leading_back(here):
        if request.POST.get("deferred") == "0":
            rules.undefer_item(item, by=request.user)
            words = _("“%(title)s” is no longer put off.")
        else:
            rules.defer_item(item, by=request.user)
            words = _("“%(title)s” was put off to the next negotiation, whose agenda offers it.")
    messages.success(request, words % {"title": item.title})
    return redirect(back_to(here, pk, "siirto"))


@require_POST
def agenda_item_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove an item; the page that follows offers it back."""
    item = item_of(request, pk)
    shown = item.part.negotiation
    here = page_of(county, shown)
    with leading_back(here):
        kept = rules.remove_item(item, by=request.user)
    offer_undo(
        request,
        words=_("“%(title)s” was removed from the agenda.") % {"title": item.title},
        url=reverse("agenda_restore", args=[county, shown.pk]),
        values=kept,
    )
    return redirect(here)


@require_POST
def agenda_restore(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Bring back an item that was removed."""
    shown = editable(request, pk)
    here = page_of(county, shown)
    with leading_back(here):
        kept = undone(request)
        part: Part = get_object_or_404(Part.objects.select_related("negotiation"), pk=kept["part"], negotiation=shown)
        item = rules.restore_item(part, kept, by=request.user)
    messages.success(request, _("“%(title)s” is on the agenda again.") % {"title": item.title})
    return redirect(back_to(here, item.pk, "muokkaa"))
