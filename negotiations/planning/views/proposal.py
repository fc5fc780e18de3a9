"""The proposal for the times of a round: shown, taken into use as it was shown, taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from municipalities.access import CountyRequest
from municipalities.moves import NotAllowedNow
from municipalities.views.moving import leading_back
from municipalities.views.undoing import offer_undo, undone
from negotiations.models import Negotiation, Round
from negotiations.permissions import can_edit, visible_rounds
from negotiations.planning.board import Was, lock_of_board, place_all, take_back
from negotiations.planning.board_shown import brief
from negotiations.planning.conflicts import Situation, read
from negotiations.planning.proposal import Mend, Placed, Proposal, Unplaced, propose
from negotiations.planning.timing import Timing
from negotiations.planning.views.rounds import round_context


@dataclass(frozen=True)
class PlacedShown:
    """A line of the proposal: when, which negotiation, how it suits, what to think of."""

    timing: Timing
    negotiation: int
    title: str
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Way:
    """Something that can be done about a negotiation without a time, and where."""

    words: str
    url: str


@dataclass(frozen=True)
class UnplacedShown:
    """A negotiation for which there is no time: why, and what can be done."""

    negotiation: int
    title: str
    reasons: tuple[str, ...]
    ways: tuple[Way, ...]


def first_day(round_: Round, today: date) -> date | None:
    """Return the first day that can be proposed: tomorrow; any where the whole round is past and is being recorded."""
    return today + timedelta(days=1) if round_.ends_on >= today else None


@require_http_methods(["GET", "HEAD", "POST"])
def round_proposal(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show a proposal for the negotiations that have no time; or take into use the one that was shown.

    Where things have changed since it was shown, nothing is placed and a new one is shown, with 409.
    """
    context = round_context(request, pk, tab="schedule")
    request.access.require(can_edit(request.access))
    round_: Round = context["round"]
    with leading_back(reverse("round_board", args=[county, pk])):
        if reason := lock_of_board(round_):
            raise NotAllowedNow(reason)
    situation, made = _proposed(round_)
    refused = ""
    if request.method == "POST":
        try:
            return _taken_into_use(request, round_, made)
        except NotAllowedNow as refusal:
            refused = str(refusal)
            situation, made = _proposed(round_)
    context |= {
        "page": "board",
        "refused": refused,
        "proposal": made,
        "placed": [_placed(situation, one) for one in made.placed],
        "unplaced": [_unplaced(request, situation, one) for one in made.unplaced],
        "wanted": len(made.placed) + len(made.unplaced),
        "has_negotiations": bool(situation.own),
    }
    return render(request, "negotiations/round_proposal.html", context, status=409 if refused else 200)


def _proposed(round_: Round) -> tuple[Situation, Proposal]:
    situation = read(round_)
    return situation, propose(situation, earliest=first_day(round_, timezone.localdate()))


def _placed(situation: Situation, one: Placed) -> PlacedShown:
    return PlacedShown(
        situation.slots[one.slot],
        one.negotiation,
        situation.meetings[one.negotiation].title,
        one.notes,
        tuple(dict.fromkeys(brief(warning.kind) for warning in one.warnings)),
    )


def _unplaced(request: CountyRequest, situation: Situation, one: Unplaced) -> UnplacedShown:
    county, round_ = request.county.slug, situation.round
    places: Mapping[Mend, tuple[str, int]] = {
        Mend.WISH: ("negotiation_wish", one.negotiation),
        Mend.TIME: ("negotiation_edit", one.negotiation),
        Mend.ANSWERS: ("round_availability", round_),
        Mend.BOARD: ("round_board", round_),
        Mend.SLOTS: ("round_slots", round_),
    }
    return UnplacedShown(
        one.negotiation,
        situation.meetings[one.negotiation].title,
        tuple(reason.words for reason in one.reasons),
        tuple(Way(mend.words, reverse(places[mend][0], args=[county, places[mend][1]])) for mend in one.mends),
    )


def _taken_into_use(request: CountyRequest, round_: Round, made: Proposal) -> HttpResponse:
    """Place what was shown. Raises NotAllowedNow where it is no longer what would be proposed, or cannot be placed."""
    if not made.placed or request.POST.get("seal") != made.seal:
        raise NotAllowedNow(
            _("Something has changed since you opened the page, so nothing was placed. Here is a new proposal.")
        )
    before = {row.pk: row for row in Negotiation.objects.filter(round=round_, pk__in=made.placements)}
    placed = place_all(round_, made.placements, by=request.user)
    back = [
        Was(row.pk, None, Timing.of(before[row.pk]), before[row.pk].mode, row.slot_id, Timing.of(row)) for row in placed
    ]
    words = ngettext(
        "%(count)s negotiation was given a time as proposed.",
        "%(count)s negotiations were given a time as proposed.",
        len(placed),
    ) % {"count": len(placed)}
    messages.success(request, words)
    offer_undo(
        request,
        words=_("Take back the whole proposal?"),
        url=reverse("round_proposal_undo", args=[request.county.slug, round_.pk]),
        values={"back": [was.to_json() for was in back]},
    )
    return redirect("round_board", county=request.county.slug, pk=round_.pk)


@require_POST
def round_proposal_undo(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Take back a proposal: those that are still where it put them; what has been moved since stays."""
    round_: Round = get_object_or_404(visible_rounds(request.access), pk=pk)
    request.access.require(can_edit(request.access))
    here = reverse("round_board", args=[county, pk])
    with leading_back(here):
        back = [Was.from_json(row) for row in undone(request)["back"]]
        still = _still_there(round_, back)
        if not still:
            raise NotAllowedNow(
                _("Every negotiation of the proposal has been moved or convened since, so there is nothing to undo.")
            )
        take_back(still, by=request.user)
    words = ngettext(
        "The time of %(count)s negotiation was taken back.",
        "The times of %(count)s negotiations were taken back.",
        len(still),
    ) % {"count": len(still)}
    messages.success(request, words)
    if left := len(back) - len(still):
        words = ngettext(
            "%(count)s negotiation had been moved or convened since, and stays.",
            "%(count)s negotiations had been moved or convened since, and stay.",
            left,
        ) % {"count": left}
        messages.info(request, words)
    return redirect(here)


def _still_there(round_: Round, back: list[Was]) -> list[Was]:
    """Return those that are planned and where they were put."""
    rows: dict[int, Any] = {
        row.pk: row
        for row in Negotiation.objects.filter(
            round=round_, state=Negotiation.State.PLANNED, pk__in=[was.negotiation for was in back]
        )
    }
    return [
        was
        for was in back
        if was.negotiation in rows
        and rows[was.negotiation].slot_id == was.slot
        and Timing.of(rows[was.negotiation]) == was.timing
    ]
