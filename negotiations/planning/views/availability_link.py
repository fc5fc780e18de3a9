"""The page behind the link of a party that is asked which times suit it. Nobody has to sign in."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from django_scopes import scope

from municipalities import limits, timewords
from municipalities.access import typed_in
from municipalities.moves import NotAllowedNow
from municipalities.views.without_account import GUESSES, show, speak, without_account
from negotiations.models import AvailabilityRequest
from negotiations.planning.availability import answering, asking
from negotiations.planning.availability.answering import AskedSlot
from negotiations.planning.availability.people import whom_to_call
from negotiations.planning.availability.reading import name_of
from negotiations.planning.forms.availability import AnswerForm, filled

# The button that fills the form for who has no scripts: all slots suit, or those left open.
FILL, EVERYTHING = "tayta", "kaikki"
# After an answer the page says so; with scripts off too, and without a cookie.
DONE = "tallennettu"


@without_account
@require_http_methods(["GET", "HEAD", "POST"])
def availability_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show a party the times that it is asked about and take its answer, which it may change until the last day."""
    return _respond(request, token)


def _respond(request: HttpRequest, token: str) -> HttpResponse:
    if limits.is_used_up(request, "availability_link", GUESSES):
        return _closed(request, "guessed", 429)
    found = asking.find(token)
    if found is None:
        limits.count(request, "availability_link", GUESSES)
        return _closed(request, "unknown", 404)
    speak(request, asking.language_of(found))
    with scope(county=found.county):
        if found.inquiry.answer_by < timezone.localdate():
            everything = answering.read_sheet(found, after=None)
            return _page(request, found, everything, status=409 if request.method == "POST" else 200)
        sheet = answering.read_sheet(found, after=timezone.now())
        if not sheet:
            return _page(request, found, sheet, status=409 if request.method == "POST" else 200)
        if request.method != "POST":
            return _page(request, found, sheet, form=AnswerForm(sheet=sheet, initial={"note": found.note}))
        if FILL in request.POST:
            initial = filled(request.POST, sheet, everything=request.POST[FILL] == EVERYTHING)
            return _page(request, found, sheet, form=AnswerForm(sheet=sheet, initial=initial), is_filled=True)
        return _answered(request, found, sheet)


def _answered(request: HttpRequest, found: AvailabilityRequest, sheet: Sequence[AskedSlot]) -> HttpResponse:
    form = AnswerForm(request.POST, sheet=sheet)
    if not form.is_valid():
        return _page(request, found, sheet, form=form, status=422)
    try:
        answering.answer(found, form.answers, form.cleaned_data["note"], seen=request.POST.get("seen"))
    except AvailabilityRequest.DoesNotExist:
        # Withdrawn by a moment before.
        return _closed(request, "unknown", 404)
    except NotAllowedNow as refusal:
        # The last day ended, the times were changed or somebody else answered, by a moment before.
        form.add_error(None, str(refusal))
        return _page(request, found, sheet, form=form, seen=getattr(refusal, "seen", ""), status=409)
    return redirect(f"{request.path}?{_query(request)}")


def _query(request: HttpRequest) -> str:
    asked = request.GET.copy()
    asked[DONE] = "1"
    return asked.urlencode()


def _page(
    request: HttpRequest,
    found: AvailabilityRequest,
    sheet: Sequence[AskedSlot],
    *,
    form: AnswerForm | None = None,
    seen: str = "",
    is_filled: bool = False,
    status: int = 200,
) -> HttpResponse:
    """Show the form; or, once the last day has passed, what was answered and whom to call.

    `seen` tells of what answer the form is made: by default the one that it was made of, where it was sent.
    """
    context = {
        "party": name_of(found),
        "asked": found,
        "round": found.inquiry.round,
        "inquiry": found.inquiry,
        "sheet": sheet,
        "form": form,
        "seen": seen or request.POST.get("seen") or answering.seen_of(found),
        "open": sum(asked.suits is None for asked in sheet),
        "is_over": found.inquiry.answer_by < timezone.localdate(),
        "times": _span(sheet),
        "is_done": DONE in request.GET and found.answered_at is not None and request.method != "POST",
        "is_filled": is_filled,
        "called": whom_to_call(found.inquiry.round),
        "typed": typed_in(request) if form is None else [],
    }
    return show(request, "negotiations/availability_link.html", context, status)


def _span(sheet: Sequence[AskedSlot]) -> str:
    """Return between which days the times are, with the year."""
    days = [timezone.localdate(asked.slot.starts_at) for asked in sheet]
    return timewords.days(days[0], days[-1]) if days else ""


def _closed(request: HttpRequest, kind: str, status: int) -> HttpResponse:
    """Say plainly why there is nothing behind the link, and give back what was typed."""
    context = {"kind": kind, "typed": typed_in(request)}
    return show(request, "negotiations/availability_link_closed.html", context, status)
