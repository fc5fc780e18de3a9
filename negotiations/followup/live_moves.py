"""What is done in a sitting: parts opened and closed, items taken to hand, measures entered, the day ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from municipalities import timewords
from municipalities.access import CountyRequest
from municipalities.moves import NotAllowedNow, require_state
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from negotiations.followup import live_views as shown
from negotiations.followup.live_forms import EndForm, LiveMeasureForm
from negotiations.followup.measures import add_measures
from negotiations.minutes.concluding import conclude
from negotiations.models import AgendaItem, Attendance, Part
from negotiations.permissions import can_edit, visible_negotiations
from negotiations.planning.views.negotiations import crumbs_of, editable
from negotiations.sitting import conduct
from negotiations.sitting import live as rules
from negotiations.sitting.agenda import defer_item, undefer_item

# For how long the same sending of a measure is known again, in seconds.
SAME_MEASURE = 600


def _part(request: CountyRequest, pk: int) -> Part:
    part: Part = get_object_or_404(
        Part.objects.filter(negotiation__in=visible_negotiations(request.access)).select_related("negotiation"), pk=pk
    )
    request.access.require(can_edit(request.access))
    return part


def _item(request: CountyRequest, pk: int) -> AgendaItem:
    item: AgendaItem = get_object_or_404(
        AgendaItem.objects.filter(part__negotiation__in=visible_negotiations(request.access)).select_related(
            "part__negotiation__item_at_hand"
        ),
        pk=pk,
    )
    request.access.require(can_edit(request.access))
    return item


def _page_of(request: CountyRequest, negotiation_pk: int, query: str = "") -> str:
    return reverse("live", args=[request.county.slug, negotiation_pk]) + query


# --- Parts --------------------------------------------------------------------------------------------------------


@require_POST
def live_part_open(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Open a part, and go on to its first item."""
    part = _part(request, pk)
    back = _page_of(request, part.negotiation_id, f"?osa={pk}")
    with leading_back(back):
        part = rules.open_part(part, by=request.user)
    if part.opened_at:
        messages.success(request, _("The part was opened at %(clock)s.") % {"clock": timewords.clock(part.opened_at)})
    return redirect(f"{back}#part-{pk}-opening")


@require_POST
def live_part_close(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Close a part."""
    part = _part(request, pk)
    back = _page_of(request, part.negotiation_id, f"?osa={pk}&vaihe=paatos")
    with leading_back(back):
        part = rules.close_part(part, by=request.user)
    if part.closed_at:
        messages.success(request, _("The part was closed at %(clock)s.") % {"clock": timewords.clock(part.closed_at)})
    return redirect(f"{back}#part-{pk}-closing")


@require_POST
def live_part_reopen(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Take back that a part was closed, or opened, which was a mistake."""
    part = _part(request, pk)
    is_closed = part.closed_at is not None
    back = _page_of(request, part.negotiation_id, f"?osa={pk}" + ("&vaihe=paatos" if is_closed else ""))
    with leading_back(back):
        if is_closed:
            rules.reopen_part(part, by=request.user)
        else:
            rules.unopen_part(part, by=request.user)
    messages.success(request, _("The part is open again.") if is_closed else _("The part is as if it was not opened."))
    return redirect(back)


# --- Items --------------------------------------------------------------------------------------------------------


@require_POST
def live_item(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Do to an item what the button says: take it to hand, put it down, put it off to the next negotiation, or not."""
    item = _item(request, pk)
    do = request.POST.get("do", "take")
    back = _page_of(request, item.part.negotiation_id, f"?kohta={pk}")
    moves: dict[str, Callable[[], object]] = {
        "take": lambda: rules.take_item(item, by=request.user),
        "put_down": lambda: rules.put_down(item.part.negotiation, item=item),
        "defer": lambda: defer_item(item, by=request.user),
        "keep": lambda: undefer_item(item, by=request.user),
    }
    if do not in moves:
        raise Http404
    with leading_back(back):
        moves[do]()
    if do == "defer":
        messages.success(request, _("The item is put off to the next negotiation with the same parties."))
    return redirect(f"{back}#item-{pk}-discussion" if do == "take" else back)


# --- Measures -----------------------------------------------------------------------------------------------------


@require_POST
def live_measure(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Enter a measure under an item, and wait for the next one. The same sending twice enters one.

    Asked for JSON, answers with the list of the item's measures; with 422 and what is to be mended, by field.
    """
    item = _item(request, pk)
    is_script = "application/json" in request.headers.get("Accept", "")
    sitting = shown.sitting_of(request, item.part.negotiation_id)
    negotiation = sitting.negotiation
    form = shown.measure_form(request, negotiation, request.POST)
    back = _page_of(request, negotiation.pk, f"?kohta={pk}")
    if form.is_valid():
        try:
            if not _is_same(request, form):
                add_measures([form.agreed()], of=negotiation, item=item, by=request.user)
        except Exception as refusal:
            # Nothing was entered: sent again, it is.
            _forget(request, form)
            if not isinstance(refusal, NotAllowedNow):
                raise
            if is_script:
                return JsonResponse({"message": str(refusal)}, status=409)
            form.add_error(None, str(refusal))
            return _again(request, pk, form, status=409)
        if not is_script:
            return redirect(f"{back}#id_{form.prefix}-text")
        context = {"measures": shown.measures_of(item), "may_edit": True, "from": f"?istunto=1&kohta={pk}"}
        html = render_to_string("negotiations/live_measures.html", context, request)
        return JsonResponse({"measures": html, "said": _("The measure was entered.")})
    if is_script:
        errors = {form.add_prefix(name): " ".join(map(str, words)) for name, words in form.errors.items()}
        return JsonResponse({"errors": errors}, status=422)
    return _again(request, pk, form, status=422)


def _again(request: CountyRequest, pk: int, form: LiveMeasureForm, *, status: int) -> HttpResponse:
    return shown.item_page(request, _item(request, pk), shown.Written(measure=form), status=status)


def _key(request: CountyRequest, form: LiveMeasureForm) -> str:
    return f"sitting:measure:{request.user.pk}:{form.cleaned_data['key']}"


def _is_same(request: CountyRequest, form: LiveMeasureForm) -> bool:
    """Whether this sending has entered its measure already: its answer was lost on the way, and it was sent again."""
    return bool(form.cleaned_data["key"]) and not cache.add(_key(request, form), True, SAME_MEASURE)


def _forget(request: CountyRequest, form: LiveMeasureForm) -> None:
    if form.cleaned_data["key"]:
        cache.delete(_key(request, form))


# --- The end of the day -------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def live_end(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """End the day: say what that does, ask who stayed away, and begin the minutes with what was written."""
    negotiation = editable(request, pk)
    back = _page_of(request, pk)
    with leading_back(back):
        require_state(negotiation, conduct.MOVES, "hold")
    parts = list(negotiation.parts.order_by("position"))
    open_ = [part for part in parts if rules.is_open(part)]
    never = [part for part in parts if part.opened_at is None]

    def save(form: EndForm) -> list[Any]:
        return list(conclude(form.negotiation, stayed_away=list(form.cleaned_data["stayed_away"]), by=request.user))

    return edit(
        request,
        EndForm,
        save=save,
        row=negotiation,
        title=_("End the negotiation day"),
        back=back,
        then=reverse("negotiation_minutes", args=[county, pk]),
        done=_("The negotiation is marked as held. What was written is now a draft of its minutes."),
        submit=_("End the day"),
        template="negotiations/live_end.html",
        context={
            "crumbs": [*crumbs_of(county, negotiation), (back, _("Sitting"))],
            "lead": negotiation.title,
            "open": open_,
            "never": never,
            "attendance": reverse("live_attendance", args=[county, pk]),
            "unmarked": negotiation.attendances.filter(status=Attendance.Status.INVITED).count(),
            "is_any_opened": len(never) < len(parts),
        },
    )
