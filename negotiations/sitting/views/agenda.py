"""The agenda of a negotiation with what was discussed and agreed, and the page on which it is made."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Sum
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from municipalities.access import CountyRequest
from municipalities.models import County
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from municipalities.views.undoing import offer_undo, undo_offered, undone
from negotiations.models import AgendaItem, Attendance, Measure, Negotiation, Part
from negotiations.permissions import can_edit, parts_told, visible_measures, visible_negotiations
from negotiations.planning.negotiations import lock_of, require_open, states_of_minutes
from negotiations.planning.views.negotiations import crumbs_of, editable, negotiation_context
from negotiations.sitting import agenda as rules
from negotiations.sitting.forms.agenda import ItemForm, ItemsForm


@dataclass(frozen=True)
class ItemShown:
    """An agenda item, its number as the county writes it, and the measures agreed under it."""

    item: AgendaItem
    number: str
    measures: list[Measure]


@dataclass(frozen=True)
class PartShown:
    """A part of the negotiation with its items."""

    part: Part
    items: list[ItemShown]
    # Whether what was discussed and agreed may be read too: not while the minutes are a draft of the county's.
    is_told: bool


@dataclass(frozen=True)
class PartEdited:
    """A part on the page where the agenda is made: its items, and the form with which to add more."""

    part: Part
    items: list[ItemShown]
    form: ItemsForm


def _items(county: County, parts: list[Part]) -> dict[int, list[tuple[AgendaItem, str]]]:
    """Return the items of each part with their numbers, which come from their order. One query."""
    by_part: dict[int, list[tuple[AgendaItem, str]]] = defaultdict(list)
    numbering = County.Numbering(county.item_numbering)
    for item in AgendaItem.objects.filter(part__in=parts):
        rows = by_part[item.part_id]
        rows.append((item, numbering.of(len(rows) + 1)))
    return by_part


@require_safe
def negotiation(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show a negotiation: who, when, on what law; the agenda, and what was discussed and agreed."""
    context = negotiation_context(request, pk, tab="agenda")
    by_item: dict[int | None, list[Measure]] = defaultdict(list)
    measures = visible_measures(request.access).select_related("priority", "municipality__area", "organisation")
    for measure in measures.filter(negotiation=context["negotiation"]):
        by_item[measure.agenda_item_id].append(measure)
    by_part = _items(request.county, context["parts"])
    told = parts_told(request.access, context["negotiation"])
    present = Attendance.objects.filter(negotiation=context["negotiation"], status=Attendance.Status.PRESENT)
    context |= {
        "agenda": [
            PartShown(
                part, [ItemShown(item, number, by_item[item.pk]) for item, number in by_part[part.pk]], part.pk in told
            )
            for part in context["parts"]
        ],
        "further_measures": by_item[None],
        "present": present.aggregate(total=Sum("count"))["total"] or 0,
    }
    return render(request, "negotiations/negotiation.html", context)


# --- Making the agenda ----------------------------------------------------------------------------------------


def _page_of(county: str, negotiation: Negotiation) -> str:
    return reverse("negotiation_agenda", args=[county, negotiation.pk])


def _back_to(here: str, item_id: int, button: str) -> str:
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
    by_part = _items(request.county, parts)
    rows = []
    for part in parts:
        form = (
            bound[1] if bound and bound[0] == part.pk else ItemsForm(access=request.access, auto_id=f"id_{part.pk}_%s")
        )
        rows.append(PartEdited(part, [ItemShown(item, number, []) for item, number in by_part[part.pk]], form))
    focus = request.GET.get("kohta", "")
    return {
        "negotiation": shown,
        "crumbs": crumbs_of(request.county.slug, shown),
        "parts": rows,
        "lock": lock_of(shown, states_of_minutes(shown)),
        "form": bound[1] if bound else None,
        "undo": undo_offered(request),
        # The button that was pressed has the focus again: a keyboard goes on from there.
        "focused": int(focus) if focus.isascii() and focus.isdigit() and len(focus) <= 18 else 0,
        "direction": request.GET.get("suunta", ""),
    }


def _part(request: CountyRequest, negotiation: Negotiation) -> Part:
    wanted = request.POST.get("part", "")
    if not wanted.isascii() or not wanted.isdigit() or len(wanted) > 18:
        raise Http404
    return get_object_or_404(Part.objects.select_related("negotiation"), pk=int(wanted), negotiation=negotiation)


def _item(request: CountyRequest, pk: int) -> AgendaItem:
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
            with leading_back(_page_of(county, shown)):
                added = rules.add_items(part, [(title, "") for title in form.cleaned_data["titles"]], by=request.user)
        except ValidationError as refusal:
            form.add_error("titles", refusal)
    if not form.is_valid():
        page = _making(request, shown, bound=(part.pk, form))
        return render(request, "negotiations/negotiation_agenda.html", page, status=422)
    messages.success(request, _added(len(added)))
    return redirect(f"{_page_of(county, shown)}#osa-{part.pk}")


@require_POST
def agenda_usual(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Put the usual items on the empty agenda of a part."""
    shown = editable(request, pk)
    part = _part(request, shown)
    with leading_back(_page_of(county, shown)):
        added = rules.fill_with_usual(part, by=request.user)
    messages.success(request, _added(len(added)))
    return redirect(f"{_page_of(county, shown)}#osa-{part.pk}")


def _added(count: int) -> str:
    return ngettext("%(count)s item was added.", "%(count)s items were added.", count) % {"count": count}


@require_http_methods(["GET", "HEAD", "POST"])
def agenda_item_edit(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Edit the matter of an item and its background."""
    item = _item(request, pk)
    shown = item.part.negotiation
    here = _page_of(county, shown)
    with leading_back(here):
        require_open(shown)
    return edit(
        request,
        ItemForm,
        save=lambda form: rules.change_item(form.save(commit=False), fields=form.changed_names, by=request.user),
        row=item,
        title=_("Edit the item"),
        back=here,
        done=_("The item was saved."),
        then=_back_to(here, pk, "muokkaa"),
        context={"crumbs": [*crumbs_of(county, shown), (here, _("Agenda"))]},
    )


@require_POST
def agenda_item_move(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Move an item a step up or down, or to the place of a number."""
    item = _item(request, pk)
    here = _page_of(county, item.part.negotiation)
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
    return redirect(_back_to(here, pk, direction) if direction else f"{here}#kohta-{pk}")


@require_POST
def agenda_item_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove an item; the page that follows offers it back."""
    item = _item(request, pk)
    shown = item.part.negotiation
    here = _page_of(county, shown)
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
    here = _page_of(county, shown)
    with leading_back(here):
        kept = undone(request)
        part: Part = get_object_or_404(Part.objects.select_related("negotiation"), pk=kept["part"], negotiation=shown)
        item = rules.restore_item(part, kept, by=request.user)
    messages.success(request, _("“%(title)s” is on the agenda again.") % {"title": item.title})
    return redirect(_back_to(here, item.pk, "muokkaa"))
