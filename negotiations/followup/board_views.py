"""The board on which a round is planned. Here, above planning, as it shows the duty that the plan would leave."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from municipalities.access import CountyRequest
from municipalities.models import Event
from municipalities.moves import NotAllowedNow
from municipalities.views.moving import leading_back
from municipalities.views.undoing import offer_undo, undo_offered, undo_token, undone
from negotiations.followup.board_forms import OFF, PlacingForm
from negotiations.followup.duty import Leaves, of_plan
from negotiations.models import Negotiation, Round, Slot
from negotiations.permissions import can_edit, visible_rounds
from negotiations.planning.board import Move, Was, lock_of_board, place, take_back, take_off, why_fixed
from negotiations.planning.board_shown import draw, fit, groups_beside, municipality_names, read_details
from negotiations.planning.conflicts import read
from negotiations.planning.groups import division_of, strays
from negotiations.planning.timing import Precision, Timing
from negotiations.planning.views.rounds import round_context, stray_names

# So many of the county's latest events tell whether anything may have changed: of two that are written at the same
# time the one with the smaller number may be committed later, so that the last number alone would not do.
EVENTS_LOOKED_AT = 50
DIGEST = "Board-Digest"
# The pieces of the board that are no weeks.
BESIDE = ("top", "duty", "conflicts", "side")
# What a planner need not do anything about is told as a number.
SETTLED = {Leaves.HELD, Leaves.DATED, Leaves.MERGED}


def _round(request: CountyRequest, pk: int) -> Round:
    """Return a round whose board the user may use: 404 for one they may not know of, 403 where they may not plan."""
    round_: Round = get_object_or_404(visible_rounds(request.access).select_related("term"), pk=pk)
    request.access.require(can_edit(request.access))
    return _of_county(request, round_)


def _of_county(request: CountyRequest, round_: Round) -> Round:
    """Give a round its county, which is at hand."""
    round_.county = request.county
    return round_


@require_safe
def round_board(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show the board: weeks and times, the negotiations as cards, what is in the way, what the plan leaves missing."""
    context = round_context(request, pk, tab="schedule")
    request.access.require(can_edit(request.access))
    round_ = _of_county(request, context["round"])
    drawn = _drawn(request, round_)
    context |= {
        "page": "board",
        "pieces": {piece.key: piece for piece in drawn.pieces if piece.key in BESIDE},
        "weeks": [piece for piece in drawn.pieces if piece.key not in BESIDE],
        "digest": drawn.digest,
        "lock": lock_of_board(round_),
        "undo": undo_offered(request),
    }
    return render(request, "negotiations/round_board.html", context)


@require_safe
def round_board_state(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Answer with the board as it is now, in pieces; or with nothing (204) where it is as the digest `d` tells."""
    round_ = _round(request, pk)
    seen_events, _dot, seen_content = request.GET.get("d", "").partition(".")
    events = _events()
    if seen_events == events:
        return HttpResponse(status=204)
    drawn = _drawn(request, round_, events=events)
    if drawn.content == seen_content:
        return HttpResponse(status=204, headers={DIGEST: drawn.digest})
    pieces = [[piece.key, piece.hash, piece.html] for piece in drawn.pieces]
    return JsonResponse({"pieces": pieces}, headers={DIGEST: drawn.digest})


def _events() -> str:
    """Return what changes whenever something happens in the county. One query."""
    latest = Event.objects.order_by("-pk").values_list("pk", flat=True)[:EVENTS_LOOKED_AT]
    return _hash(",".join(map(str, latest)))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Piece:
    """A piece of the board as HTML, which the template has made safe; a week, or one of those beside the weeks."""

    key: str
    html: str
    hash: str


@dataclass(frozen=True)
class Drawn:
    """The board in pieces; and what had happened in the county before it was read, as a hash."""

    pieces: tuple[Piece, ...]
    events: str

    @property
    def content(self) -> str:
        """What changes whenever something that is shown does."""
        return _hash("".join(piece.key + piece.hash for piece in self.pieces))

    @property
    def digest(self) -> str:
        """What the page tells has been seen."""
        return f"{self.events}.{self.content}"


def _drawn(request: CountyRequest, round_: Round, *, events: str = "") -> Drawn:
    """Return the board as it is now."""
    # First of all: what happens while the board is read is then asked for once more.
    events = events or _events()
    situation, details = read(round_), read_details(round_)
    shown = draw(situation, details.rows)
    division, names = division_of(round_.year), municipality_names(request.county.pk)
    context: dict[str, Any] = {
        "county": request.county,
        "round": round_,
        "board": shown,
        "lock": lock_of_board(round_),
        "was_asked": bool(situation.availability.asked),
        "duties": [
            (duty, [line for line in duty.lines if line.leaves not in SETTLED])
            for duty in of_plan(round_, today=timezone.localdate())
        ],
        "groups": groups_beside(division, names, details.groups, shown),
        "groups_url": reverse("groups", args=[request.county.slug, round_.year]),
    }
    if division.names:
        context |= stray_names(strays(division, names), names)
    pieces = [_piece(key, f"negotiations/round_board_{key}.html", context) for key in BESIDE]
    pieces += [_piece(week.key, "negotiations/round_board_week.html", context | {"week": week}) for week in shown.weeks]
    return Drawn(tuple(pieces), events)


def _piece(key: str, template: str, context: dict[str, Any]) -> Piece:
    html = render_to_string(template, context)
    return Piece(key, html, _hash(html))


@require_safe
def round_board_fits(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Tell how each time of the round would suit a negotiation (`kortti`): a tone and words, by the id of the time."""
    round_ = _round(request, pk)
    wanted, situation = _id(request.GET.get("kortti", "")), read(round_)
    if wanted is None or wanted not in situation.meetings or situation.meetings[wanted].round != round_.pk:
        raise Http404
    fits = {slot: fit(situation, wanted, slot) for slot in situation.slots}
    return JsonResponse({"fits": {slot: [found.tone, found.tone.words, found.words] for slot, found in fits.items()}})


# --- Moving ---------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def round_board_place(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Give a negotiation a time, or take it off its time: for the board's script, and with a plain form.

    The form is of one negotiation (`kortti`) with the free times, or of one time (`aika`) with those that have none.
    """
    round_ = _round(request, pk)
    here = reverse("round_board", args=[county, pk])
    if _wants_json(request):
        return _answer_move(request, round_)
    with leading_back(here):
        if reason := lock_of_board(round_):
            raise NotAllowedNow(reason)
        if request.method == "POST" and request.POST.get("negotiation") and request.POST.get("slot"):
            move, words = _moved(request, round_)
            offer_undo(request, words=words, url=_undo_url(request, round_), values=_values(move.back))
            return redirect(f"{here}#kortti-{move.negotiation.pk}")
        return _placing_page(request, round_)


def _placing_page(request: CountyRequest, round_: Round) -> HttpResponse:
    """Show the plain form; with 422 where something was not chosen."""
    sent = request.POST if request.method == "POST" else None
    card, time = _id((sent or request.GET).get("negotiation" if sent else "kortti", "")), None
    if card is None:
        time = _id((sent or request.GET).get("slot" if sent else "aika", ""))
    here = reverse("round_board", args=[request.county.slug, round_.pk])
    if card is None and time is None:
        return redirect(here)
    situation = read(round_)
    if card is not None:
        negotiation: Negotiation = get_object_or_404(Negotiation.objects.filter(round=round_), pk=card)
        if reason := why_fixed(negotiation):
            raise NotAllowedNow(reason)
        form = PlacingForm(sent, access=request.access, situation=situation, negotiation=card)
        title, what = negotiation.title, _now(negotiation)
        nothing = not form.has_choices
    else:
        slot: Slot = get_object_or_404(Slot.objects.filter(round=round_), pk=time)
        if slot.pk in situation.in_use:
            title = situation.meetings[situation.in_use[slot.pk]].title
            raise NotAllowedNow(
                _("“%(title)s” has been given this time meanwhile. Choose another one.") % {"title": title}
            )
        form = PlacingForm(sent, access=request.access, situation=situation, slot=slot.pk)
        title, what = Timing.in_slot(slot).words, ""
        nothing = not form.has_choices
    context = {
        "round": round_,
        "form": form,
        "title": title,
        "what": what,
        "nothing": nothing,
        "of_card": card is not None,
        "back": here,
        "submit": _("Give the time"),
        "action": reverse("round_board_place", args=[request.county.slug, round_.pk]),
    }
    status = 200 if sent is None or form.is_valid() else 422
    return render(request, "negotiations/round_board_place.html", context, status=status)


def _now(negotiation: Negotiation) -> str:
    if negotiation.slot_id is None and negotiation.precision == Precision.MONTH:
        return _("It has no time yet.")
    return _("It is now %(when)s.") % {"when": Timing.of(negotiation).words}


def _answer_move(request: CountyRequest, round_: Round) -> HttpResponse:
    """Answer the board's script: what was done and how to undo it, or why it was not done (409)."""
    if request.method != "POST":
        raise Http404
    try:
        move, words = _moved(request, round_)
    except NotAllowedNow as refusal:
        return JsonResponse({"message": str(refusal)}, status=409)
    token = undo_token(request, url=_undo_url(request, round_), values=_values(move.back))
    return JsonResponse({"message": words, "undo": token})


def _moved(request: CountyRequest, round_: Round) -> tuple[Move, str]:
    """Make the move that was sent, and tell it in words. Raises Http404 for what is not of the round, NotAllowedNow."""
    sent = request.POST
    negotiation: Negotiation = get_object_or_404(
        Negotiation.objects.filter(round=round_), pk=_id(sent.get("negotiation", ""))
    )
    expected, by = _id(sent.get("expected", "")), request.user
    if sent.get("slot") == OFF:
        move = take_off(negotiation, expected=expected, by=by)
        return move, _("“%(title)s” was taken off its time.") % {"title": move.negotiation.title}
    slot: Slot = get_object_or_404(Slot.objects.filter(round=round_), pk=_id(sent.get("slot", "")))
    move = place(negotiation, slot, expected=expected, occupant=_id(sent.get("occupant", "")), by=by)
    words = _("“%(title)s” is now %(when)s.") % {
        "title": move.negotiation.title,
        "when": Timing.of(move.negotiation).words,
    }
    if move.swapped is None:
        return move, words
    other = {"title": move.swapped.title, "when": Timing.of(move.swapped).words}
    if move.swapped.slot_id is None and move.swapped.precision == Precision.MONTH:
        swapped = _("“%(title)s” changed places with it and has no time now.") % other
    else:
        swapped = _("“%(title)s” changed places with it: %(when)s.") % other
    return move, f"{words} {swapped}"


@require_POST
def round_board_undo(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Take a move back."""
    round_ = _round(request, pk)
    here = reverse("round_board", args=[county, pk])
    by_script = _wants_json(request)
    try:
        with leading_back(here):
            back = [Was.from_json(row) for row in undone(request)["back"]]
            again = take_back(back, by=request.user)
    except NotAllowedNow as refusal:
        if by_script:
            return JsonResponse({"message": str(refusal)}, status=409)
        raise
    words = _("The move was undone.")
    if by_script:
        return JsonResponse({"message": words})
    # Undoing can be undone, too.
    offer_undo(request, words=words, url=_undo_url(request, round_), values=_values(again))
    return redirect(here)


def _undo_url(request: CountyRequest, round_: Round) -> str:
    return reverse("round_board_undo", args=[request.county.slug, round_.pk])


def _values(back: tuple[Was, ...]) -> dict[str, Any]:
    return {"back": [was.to_json() for was in back]}


def _wants_json(request: CountyRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _id(text: str) -> int | None:
    """Read an id that was sent; None for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
