"""Attendance beside the live view: pressed, typed and counted, each sent by itself and answered with the panel."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404, HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from municipalities.access import CountyRequest
from municipalities.moves import NotAllowedNow
from negotiations.models import Attendance, Minutes, Negotiation
from negotiations.permissions import can_edit, visible_negotiations
from negotiations.sitting.attending import add_people, mark, never_came, released_words, set_head_counts
from negotiations.sitting.entries import Manner
from negotiations.sitting.forms.attendance import CountsForm
from negotiations.sitting.forms.live_attendance import SubstituteForm, WalkInForm
from negotiations.sitting.live_attendance import Panel, Refused, panel
from negotiations.sitting.people import suggested

PANEL = "negotiations/live_attendance.html"
# What a script sends along: it is answered with the panel alone, or with nothing where the panel has not changed.
HEADER = "Live-Panel"
MARK = re.compile(r"([0-9]{1,18})-(present|remote|absent|never)")
NEVER = "never"
LONGEST_ASKED = 100
NOT_TYPED = {"csrfmiddlewaretoken", "do", "seen"}
# Fields of the forms, told apart where all of them are on one page.
WALK_IN, SUBSTITUTE = "walk_in", "substitute"


@require_http_methods(["GET", "HEAD", "POST"])
def live_attendance(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Answer with the panel as it is now; or change one thing in it and answer with what came of it.

    A form sent without a script is answered with the way back to the live view; what could not be accepted is shown on
    a page of its own, with all that was typed. `nimi` asks for names of the register.
    """
    shown: Negotiation = get_object_or_404(visible_negotiations(request.access), pk=pk)
    request.access.require(can_edit(request.access))
    if request.method == "POST":
        return _changed(request, shown)
    if "nimi" in request.GET:
        return JsonResponse({"people": suggested(request.GET["nimi"].replace("\0", "")[:LONGEST_ASKED])})
    drawn = _panel(shown)
    etag = f'"{drawn.digest}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers={"ETag": etag})
    answer = _drawn(request, shown, drawn)
    answer["ETag"] = etag
    return answer


def _panel(shown: Negotiation, **told: Any) -> Panel:
    return panel(shown, Minutes.objects.filter(negotiation=shown).values_list("state", flat=True), **told)


def _drawn(request: CountyRequest, shown: Negotiation, drawn: Panel, *, status: int = 200) -> HttpResponse:
    """Draw the panel: alone for a script, else on a page of its own."""
    template = PANEL if HEADER in request.headers else "negotiations/live_attendance_page.html"
    answer = render(request, template, {"panel": drawn, "negotiation": shown}, status=status)
    answer["Cache-Control"] = "private, no-cache"
    return answer


def _changed(request: CountyRequest, shown: Negotiation) -> HttpResponse:
    """Change one thing, and answer with what came of it."""
    action = ACTIONS.get(request.POST.get("do", "mark"))
    if action is None:
        raise Http404
    try:
        # What is wrong is found after some of it has been done: none of it stays.
        with transaction.atomic():
            said = action(request, shown)
    except _Wrong as wrong:
        return _refused(request, shown, wrong.words)
    except ValidationError as refusal:
        return _refused(request, shown, {"": " ".join(refusal.messages)})
    except NotAllowedNow as refusal:
        return _refused(request, shown, {"": str(refusal)}, status=409)
    except IntegrityError:
        words = _("Somebody else saved something at the same moment. Check the page and save again.")
        return _refused(request, shown, {"": words}, status=409)
    if HEADER in request.headers:
        return _drawn(request, shown, _panel(shown, said=said))
    messages.success(request, said)
    return redirect(back_to(request, shown))


def back_to(request: CountyRequest, shown: Negotiation) -> str:
    """Return where one goes on who sent a form without a script."""
    return reverse("live", args=[request.county.slug, shown.pk]) + "#lasnaolo"


class _Wrong(Exception):
    """What was sent cannot be accepted: the words by the names of the fields."""

    def __init__(self, form: forms.BaseForm) -> None:
        super().__init__()
        self.words: dict[str, str] = {}
        for name, errors in form.errors.items():
            told = " ".join(map(str, errors))
            if name in form.fields:
                self.words[form.add_prefix(name)] = f"{form.fields[name].label}: {told}"
            else:
                self.words[""] = told


def _refused(request: CountyRequest, shown: Negotiation, words: dict[str, str], *, status: int = 422) -> HttpResponse:
    typed = {name: str(value) for name, value in request.POST.items() if name not in NOT_TYPED}
    shown.refresh_from_db()
    return _drawn(request, shown, _panel(shown, refused=Refused(words, typed)), status=status)


# --- What can be changed ----------------------------------------------------------------------------------------


def _mark(request: CountyRequest, shown: Negotiation) -> str:
    found = MARK.fullmatch(request.POST.get("mark", ""))
    if found is None:
        raise ValidationError(_("Choose one of the states."))
    who = get_object_or_404(Attendance, negotiation=shown, is_head_count=False, pk=int(found[1]))
    if found[2] == NEVER:
        never_came(who, by=request.user)
        return _("%(who)s: was not present.") % {"who": who}
    manner = Manner(found[2])
    marked = mark(shown, {who.pk: manner}, by=request.user)
    told = _("%(who)s: %(state)s.") % {"who": who, "state": manner.label}
    return f"{told} {released_words(marked.released)}".strip()


def _mark_everyone(request: CountyRequest, shown: Negotiation) -> str:
    manner = request.POST.get("manner", "")
    if manner not in {Manner.PRESENT, Manner.REMOTE}:
        raise ValidationError(_("Choose one of the states."))
    invited = Attendance.objects.filter(negotiation=shown, is_head_count=False, status=Attendance.Status.INVITED)
    marked = mark(shown, dict.fromkeys(invited.values_list("pk", flat=True), manner), by=request.user)
    return _("Marked: %(count)s.") % {"count": marked.count}


def _add(request: CountyRequest, shown: Negotiation, form: WalkInForm | SubstituteForm) -> str:
    if not form.is_valid():
        raise _Wrong(form)
    (row,) = add_people(shown, [form.entry()], by=request.user)
    return _("%(who)s was added.") % {"who": row}


def _walk_in(request: CountyRequest, shown: Negotiation) -> str:
    return _add(request, shown, WalkInForm(request.POST, access=request.access, prefix=WALK_IN))


def _substitute(request: CountyRequest, shown: Negotiation) -> str:
    form = SubstituteForm(request.POST, access=request.access, negotiation=shown, prefix=SUBSTITUTE)
    return _add(request, shown, form)


def _count(request: CountyRequest, shown: Negotiation) -> str:
    form = CountsForm(request.POST, access=request.access, instance=shown)
    if not form.is_valid():
        raise _Wrong(form)
    changed = set_head_counts(shown, form.counts, by=request.user)
    return _("The head counts were saved.") if changed else _("Nothing was changed.")


ACTIONS: dict[str, Callable[[CountyRequest, Negotiation], str]] = {
    "mark": _mark,
    "everyone": _mark_everyone,
    "walk-in": _walk_in,
    "substitute": _substitute,
    "counts": _count,
}
