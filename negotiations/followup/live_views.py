"""The pages of a sitting: the secretary's, on which everything is written while it is said, and the room's."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from municipalities.access import CountyRequest
from municipalities.forms import digest_of
from municipalities.moves import NotAllowedNow
from municipalities.saving import Field, Outcome, Sent, sent_in, told
from municipalities.tokens import new_token
from municipalities.views.moving import leading_back
from municipalities.views.undoing import undo_offered
from negotiations.followup.live_figures import read_item_figures
from negotiations.followup.live_forms import LiveMeasureForm
from negotiations.followup.live_page import CLOSING, ITEM, OPENING, Sitting, Stop, read_sitting, with_agenda
from negotiations.models import AgendaItem, Measure, MeasureStatus, Negotiation, PartPresence
from negotiations.permissions import can_edit, visible_negotiations
from negotiations.planning.negotiations import parties_of, with_parties
from negotiations.sitting.live_attendance import panel
from negotiations.sitting.live_state import heard, version_of
from negotiations.sitting.live_writing import FIELD, MOST_FIELDS, save_texts

# What is drawn anew in the page when it has changed: the name of the piece and its template.
PIECES = {
    "now": "negotiations/live_now.html",
    "agenda": "negotiations/live_agenda.html",
    "measures": "negotiations/live_measures.html",
}
# What is written at each kind of place, in order: the attribute, its label, a hint, and how many lines it has.
TEXTS = {
    ITEM: (
        ("discussion", gettext_lazy("Discussion"), "", 7),
        ("agreed", gettext_lazy("What was agreed"), "", 5),
        (
            "dissent",
            gettext_lazy("Dissent"),
            gettext_lazy("Who disagreed and how, if somebody asked for it to be entered."),
            2,
        ),
    ),
    OPENING: (("opening", gettext_lazy("How the part was opened"), "", 5),),
    CLOSING: (("closing", gettext_lazy("How the part was closed"), "", 5),),
}
# The token of the forms in a piece is another each time.
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"')


@dataclass
class Written:
    """What was sent and could not be saved, to be shown again."""

    sent: Mapping[str, Sent] = field(default_factory=dict)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    measure: LiveMeasureForm | None = None


@dataclass(frozen=True)
class Text:
    """A text of the place that is shown, with how many lines it has at first."""

    field: Field
    rows: int
    is_closed: bool


@dataclass(frozen=True)
class Piece:
    """A piece of the page as HTML, which its template has made safe, and by what it is known again."""

    html: str
    hash: str


def _of(request: CountyRequest, pk: int) -> Negotiation:
    """Return a negotiation of which the user keeps the sitting: 404 where they may not know of it, 403 otherwise."""
    negotiation: Negotiation = get_object_or_404(
        visible_negotiations(request.access)
        .select_related("round", "item_at_hand")
        .prefetch_related(*with_agenda(), with_parties()),
        pk=pk,
    )
    request.access.require(can_edit(request.access))
    return negotiation


def sitting_of(request: CountyRequest, pk: int) -> Sitting:
    """Return the sitting of a negotiation as it is now: 404 where one may not know of it, 403 where not keep it."""
    return read_sitting(_of(request, pk), request.county)


def _stop(request: CountyRequest, sitting: Sitting) -> Stop:
    """Return the place that the address names, or where the sitting is. Raises Http404 for one that there is not."""
    asked = request.GET
    if "kohta" in asked or "osa" in asked:
        kind = ITEM if "kohta" in asked else CLOSING if asked.get("vaihe") == "paatos" else OPENING
        number = asked.get("kohta", asked.get("osa", ""))
        known = number.isascii() and number.isdigit() and len(number) < 19
        found = sitting.find(kind, int(number)) if known else None
    else:
        found = sitting.here
    if found is None:
        raise Http404
    return found


def _url(request: CountyRequest, name: str, pk: int) -> str:
    return reverse(name, args=[request.county.slug, pk])


@require_safe
def live(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show the secretary's page: the agenda, the item that is dealt with, and who is there."""
    sitting = sitting_of(request, pk)
    with leading_back(_url(request, "negotiation", pk)):
        _require_begun(sitting)
    return _page(request, sitting, _stop(request, sitting), Written())


def _require_begun(sitting: Sitting) -> None:
    """Raise NotAllowedNow where there is no sitting yet, or none any more that could be looked at."""
    is_over = sitting.negotiation.state == Negotiation.State.HELD and sitting.states
    if sitting.closed and not is_over:
        raise NotAllowedNow(sitting.closed)


def item_page(request: CountyRequest, item: AgendaItem, written: Written, *, status: int) -> HttpResponse:
    """Show the page again at an item, with what was sent and could not be accepted."""
    sitting = sitting_of(request, item.part.negotiation_id)
    stop = sitting.find(ITEM, item.pk)
    if stop is None:
        raise Http404
    return _page(request, sitting, stop, written, status=status)


def _page(request: CountyRequest, sitting: Sitting, stop: Stop, written: Written, *, status: int = 200) -> HttpResponse:
    context = page_context(request, sitting, stop, written)
    context |= {
        "pieces": _pieces(request, context),
        "undo": undo_offered(request),
        "has_written": bool(written.sent),
    }
    return render(request, "negotiations/live.html", context, status=status)


def page_context(request: CountyRequest, sitting: Sitting, stop: Stop, written: Written) -> dict[str, Any]:
    """Return what the page and its pieces show. The number of queries does not depend on how much that is."""
    negotiation, item = sitting.negotiation, stop.item
    closed = sitting.closed_of(stop.part)
    fields = _fields(stop, written, is_closed=bool(closed))
    names = {row.field.name for row in fields}
    context: dict[str, Any] = {
        "negotiation": negotiation,
        "sitting": sitting,
        "stop": stop,
        "part": sitting.of(stop),
        "shown": sitting.shown(stop),
        "closed": closed,
        "place": stop.url.partition("?")[2],
        **_ways(sitting, stop, closed),
        "fields": fields,
        "typed": [one.value for name, one in written.sent.items() if name not in names and one.value.strip()],
        "panel": panel(negotiation, list(sitting.states.values())),
        "from": f"?istunto=1&kohta={item.pk}" if item else "",
        "may_edit": not closed,
    }
    if item is None:
        context["present"] = _present_in(stop)
    else:
        indicators = list(item.indicators.all())
        negotiating = [party.municipality for party in parties_of(negotiation) if party.municipality]
        context |= {
            "measures": measures_of(item),
            "attachments": list(item.attachments.select_related("file").defer("file__content")),
            "followed": _followed(item, negotiation),
            "told_states": MeasureStatus.State.choices,
            "told_on": min(timezone.localdate(), negotiation.latest),
            "figures": read_item_figures(indicators, negotiating, request.county, today=timezone.localdate()),
            "measure_form": None if closed else written.measure or measure_form(request, negotiation),
        }
    return context


def _followed(item: AgendaItem, negotiation: Negotiation) -> list[tuple[Measure, MeasureStatus | None]]:
    """Return the measures gone through under an item, each with what this sitting has told of it. Two queries."""
    told = Prefetch("statuses", MeasureStatus.objects.filter(negotiation=negotiation), to_attr="told_here")
    rows: Any = item.measures_followed.select_related("priority", "indicator").prefetch_related(told)
    return [(row, row.told_here[0] if row.told_here else None) for row in rows]


def _ways(sitting: Sitting, stop: Stop, closed: str) -> dict[str, Any]:
    """Return where one goes from a place, and by what names."""
    former, following, part = sitting.before(stop), sitting.after(stop), sitting.of(stop)
    shown = sitting.shown(stop)
    is_move = not closed and bool(
        (stop.kind == OPENING and stop.part.opened_at is None)
        or (stop.kind == CLOSING and part.is_open)
        or (stop.item is not None and part.is_open and not (shown and shown.is_at_hand))
    )
    return {
        "former": former,
        "former_name": _("Previous"),
        "following": following,
        "following_name": _("Next item") if following and following.is_item else _("Onward"),
        # Where something is to be done first, that is the one primary button.
        "is_following_primary": not is_move,
        "may_take_back": sitting.is_going_on
        and ((stop.kind == CLOSING and stop.part.closed_at is not None) or (stop.kind == OPENING and part.is_open)),
        "keys": _keys(stop, is_closed=bool(closed), is_move=is_move),
    }


def _keys(stop: Stop, *, is_closed: bool, is_move: bool) -> list[tuple[str, str]]:
    """Return the keys of the page and what each does, in the order in which they are told."""
    keys = [("N", _("next item")), ("P", _("previous item"))]
    of_move = {ITEM: _("take to hand"), OPENING: _("open the part"), CLOSING: _("close the part")}
    of_text = {OPENING: _("opening words"), CLOSING: _("closing words")}
    if not is_closed and stop.item:
        keys += [("K", _("discussion")), ("S", _("agreed")), ("R", _("dissent")), ("T", _("measure"))]
    elif not is_closed:
        keys += [("K", of_text[stop.kind])]
    if is_move:
        keys += [("O", of_move[stop.kind])]
    return [*keys, ("L", _("who is present")), ("A", _("agenda"))]


def _present_in(stop: Stop) -> dict[str, int | None]:
    """Return how many were present when the part was opened, and when it was closed; None before that. One query."""
    rows = list(PartPresence.objects.filter(part=stop.part).select_related("attendance"))
    return {
        "opening": sum(row.attendance.count for row in rows if row.at_opening) if stop.part.opened_at else None,
        "closing": sum(row.attendance.count for row in rows if row.at_closing) if stop.part.closed_at else None,
    }


def measures_of(item: AgendaItem) -> list[Measure]:
    """Return the measures that were agreed under an item, with all that a list of them shows. One query."""
    return list(Measure.objects.filter(agenda_item=item).select_related("priority", "indicator"))


def measure_form(request: CountyRequest, negotiation: Negotiation, data: Any = None) -> LiveMeasureForm:
    """Return the form by which a measure is entered quickly: a new one, or one that was sent."""
    return LiveMeasureForm(data, access=request.access, of=negotiation, initial={"key": new_token()[:20]})


def _pieces(request: CountyRequest, context: Mapping[str, Any]) -> dict[str, Piece]:
    return {key: _piece(request, template, context) for key, template in PIECES.items()}


def _piece(request: CountyRequest, template: str, context: Mapping[str, Any]) -> Piece:
    html = render_to_string(template, dict(context), request)
    return Piece(html, sha256(TOKEN.sub("", html).encode()).hexdigest()[:16])


def _fields(stop: Stop, written: Written, *, is_closed: bool) -> list[Text]:
    """Return the texts of a place: what is stored, or what was sent and could not be."""
    row, kind = (stop.item, "item") if stop.item else (stop.part, "part")
    texts = []
    for attribute, label, hint, rows in TEXTS[stop.kind]:
        name, value = f"{kind}-{row.pk}-{attribute}", str(getattr(row, attribute))
        sent, outcome = written.sent.get(name), written.outcomes.get(name)
        seen = outcome.seen if outcome else digest_of(value)
        shown = sent.value if sent and outcome else value
        error, theirs = (outcome.error, outcome.theirs) if outcome else ("", None)
        one = Field(name, str(label), shown, seen, error=error, theirs=theirs, hint=str(hint), is_long=True)
        texts.append(Text(one, rows, is_closed=is_closed))
    return texts


# --- Asked every few seconds --------------------------------------------------------------------------------------


@require_safe
def live_state(request: CountyRequest, county: str, pk: int) -> HttpResponseBase:
    """Answer what has changed since the page was drawn: its pieces, the texts of its place, and who writes where.

    With 304 where nothing has. `kirjoitan` is the text in which the one who asks writes now.
    """
    known = get_object_or_404(visible_negotiations(request.access).only("pk", "county_id"), pk=pk)
    request.access.require(can_edit(request.access))
    others = heard(known.pk, request.user, request.GET.get("kirjoitan", ""), now=time.time())
    etag = _etag(version_of(known.pk), "".join(f"{one.field}{one.name}" for one in others), request.GET.urlencode())
    if unchanged := get_conditional_response(request, etag=etag):
        return unchanged
    sitting = sitting_of(request, pk)
    stop = _stop(request, sitting)
    context = page_context(request, sitting, stop, Written())
    at_hand = sitting.at_hand
    return JsonResponse(
        {
            "closed": context["closed"],
            "pieces": {key: [piece.hash, piece.html] for key, piece in _pieces(request, context).items()},
            "texts": {one.field.name: {"value": one.field.value, "seen": one.field.seen} for one in context["fields"]},
            "writing": {one.field: one.name for one in others},
            "atHand": {"label": at_hand.stop.label, "url": at_hand.stop.url} if at_hand else None,
        },
        headers={"ETag": etag},
    )


def _etag(*of: str) -> str:
    """Return the tag of an answer. The language is in the page that asks, and in no other."""
    language = get_language() or ""
    return f'"{sha256("|".join([*of, language]).encode()).hexdigest()[:24]}"'


# --- Saving -------------------------------------------------------------------------------------------------------


@require_POST
def live_save(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Save the texts that were sent, each by itself.

    Asked for JSON, tells what became of each; a page gets the place again, with both texts where two have written.
    """
    negotiation = _of(request, pk)
    is_script = "application/json" in request.headers.get("Accept", "")
    sent = sent_in(request.POST, FIELD)
    if len(sent) > MOST_FIELDS:
        return HttpResponse(status=413)
    try:
        outcomes = save_texts(negotiation, sent, by=request.user)
    except NotAllowedNow as refusal:
        if is_script:
            return JsonResponse({"message": str(refusal)}, status=409)
        refusal.back = _url(request, "negotiation", pk)  # type: ignore[attr-defined]
        raise
    if is_script:
        return JsonResponse(told(outcomes))
    failed = {name: outcome for name, outcome in outcomes.items() if not outcome.is_saved}
    sitting = sitting_of(request, pk)
    stop = _stop(request, sitting)
    if failed:
        status = 409 if any(outcome.theirs is not None for outcome in failed.values()) else 422
        kept = {name: one for name, one in sent.items() if name in failed}
        return _page(request, sitting, stop, Written(kept, failed), status=status)
    messages.success(request, _("Saved."))
    return redirect(stop.url)


# --- For the room -------------------------------------------------------------------------------------------------


@require_safe
def live_room(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show the room what is being dealt with, in large type: nothing of an item that is not public but that it is."""
    sitting = sitting_of(request, pk)
    with leading_back(_url(request, "negotiation", pk)):
        _require_begun(sitting)
    return render(request, "negotiations/live_room.html", _room(request, sitting))


@require_safe
def live_room_state(request: CountyRequest, county: str, pk: int) -> HttpResponseBase:
    """Answer what the room is shown now, as HTML; with 304 where nothing has changed."""
    known = get_object_or_404(visible_negotiations(request.access).only("pk", "county_id"), pk=pk)
    request.access.require(can_edit(request.access))
    etag = _etag(version_of(known.pk))
    if unchanged := get_conditional_response(request, etag=etag):
        return unchanged
    sitting = sitting_of(request, pk)
    response = render(request, "negotiations/live_room_shown.html", _room(request, sitting))
    response.headers["ETag"] = etag
    return response


def _room(request: CountyRequest, sitting: Sitting) -> dict[str, Any]:
    shown = sitting.at_hand
    context: dict[str, Any] = {"negotiation": sitting.negotiation, "sitting": sitting, "shown": shown, "figures": []}
    if shown is not None and shown.item.is_public:
        negotiating = [party.municipality for party in parties_of(sitting.negotiation) if party.municipality]
        indicators = list(shown.item.indicators.all())
        context |= {
            "figures": read_item_figures(indicators, negotiating, request.county, today=timezone.localdate()),
            "measures": measures_of(shown.item),
        }
    return context
