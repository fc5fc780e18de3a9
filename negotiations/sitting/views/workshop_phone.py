"""The pages of the phones in a workshop. Nobody signs in, no cookie is set, nothing of who or which phone is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_scopes import scope

from municipalities import limits
from municipalities.access import typed_in
from municipalities.moves import NotAllowedNow
from municipalities.views.without_account import LANGUAGE, show, speak, without_account
from negotiations.models import ThemeColumn, WorkshopGroup, WorkshopNote
from negotiations.sitting.workshop_day import posting
from negotiations.sitting.workshop_day.board import themes_of
from negotiations.sitting.workshop_day.opening import CODE_LENGTH, find_open
from negotiations.sitting.workshop_day.posting import NoSuchToken, OpenNoMore

# Wrong codes from one address. A whole room has one address and its phones may each mistype a few times; who guesses
# goes on for years to find an open code among 17 million.
WRONG_CODES = "100/10m/ip"
CODE, TAKEN_BACK, SENT = "koodi", "otettu", "lahetetty"


# --- Joining ----------------------------------------------------------------------------------------------------


@without_account
@require_http_methods(["GET", "HEAD", "POST"])
def workshop_join(request: HttpRequest) -> HttpResponse:
    """Ask for the code that is on the wall, and then for the group. The QR code on the wall leads past the first."""
    # Who has opened the address without a code is asked for it in the browser's language.
    if request.method == "POST":
        typed = request.POST.get(CODE, "")
    elif CODE in request.GET:
        typed = request.GET[CODE]
    else:
        return _ask_code(request)
    if limits.is_used_up(request, "workshop_join", WRONG_CODES):
        return _ask_code(
            request,
            typed,
            _("There have been too many attempts in a short time. Wait a few minutes and try again."),
            429,
        )
    workshop = find_open(typed, timezone.now())
    if workshop is None:
        # The right ones are not counted: the whole room joins from one address.
        limits.count(request, "workshop_join", WRONG_CODES)
        error = _("No workshop is open with this code. Check the code on the wall and type it again.")
        return _ask_code(request, typed, error if typed.strip() else _("Type the code that is on the wall."), 422)
    if request.method == "POST":
        asked = {CODE: workshop.code, **_language(request)}
        return redirect(f"{reverse('workshop_join')}?{urlencode(asked)}")
    speak(request, workshop.negotiation.language)
    with scope(county=workshop.county):
        groups = [
            (group.name, reverse("workshop_phone", args=[posting.token_of(group, workshop.code or "")]))
            for group in WorkshopGroup.objects.filter(workshop=workshop).order_by("position")
        ]
        context = {
            "groups": groups,
            "workshop": workshop,
            "query": _query(request),
            "county_name": workshop.county,
            "joined_code": workshop.code,
        }
        return show(request, "workshop/groups.html", context)


def _ask_code(request: HttpRequest, typed: str = "", error: str = "", status: int = 200) -> HttpResponse:
    # In the language that was chosen, or that of the phone.
    speak(request, translation.get_language() or "fi")
    context = {"typed_code": typed[:40], "error": error, "length": CODE_LENGTH}
    return show(request, "workshop/join.html", context, status)


def _language(request: HttpRequest) -> dict[str, str]:
    return {LANGUAGE: request.GET[LANGUAGE]} if request.GET.get(LANGUAGE) else {}


def _query(request: HttpRequest, **more: Any) -> str:
    """Return what addresses of the same phone carry along: the language that was chosen there."""
    asked = {**_language(request), **more}
    return f"?{urlencode(asked)}" if asked else ""


# --- Behind the token -------------------------------------------------------------------------------------------


def _refused(request: HttpRequest, error: NoSuchToken | OpenNoMore) -> HttpResponse:
    """Say plainly why the address of a phone is good no more; what was typed is given back."""
    group = error.group if isinstance(error, OpenNoMore) else None
    if group is not None:
        speak(request, group.workshop.negotiation.language)
    status = 404 if isinstance(error, NoSuchToken) else 410
    if _is_json(request):
        return JsonResponse({"message": _closed_words(status)}, status=status)
    context = {
        "words": _closed_words(status),
        "typed": typed_in(request),
        "is_unknown": status == 404,
        # Another language is chosen where a page can be opened: notes are only sent to this address.
        "here": reverse("workshop_join"),
    }
    return show(request, "workshop/closed.html", context, status)


def _closed_words(status: int) -> str:
    if status == 404:
        return _("We do not know this address. Join the workshop again with the code that is on the wall.")
    return _("The workshop is closed, or it has a new code. If it goes on, join it again with the code on the wall.")


def _is_json(request: HttpRequest) -> bool:
    return request.content_type == "application/json" or "application/json" in request.headers.get("Accept", "")


@without_account
@require_safe
def workshop_phone(request: HttpRequest, token: str) -> HttpResponse:
    """Show a group the themes with their columns, a field for a note under each, and its own notes."""
    try:
        group = posting.enter(token, posting.watched())
    except (NoSuchToken, OpenNoMore) as error:
        return _refused(request, error)
    speak(request, group.workshop.negotiation.language)
    with scope(county=group.county_id):
        return _page(request, group, token)


@dataclass
class Field:
    """A column on a group's page: the group's notes in it, and the field for another one."""

    column: ThemeColumn
    notes: list[WorkshopNote]
    # The column whose note could not be taken, with why and with its text.
    failed: InitVar[int | None]
    why: InitVar[str]
    sent: InitVar[str]
    error: str = ""
    text: str = ""
    # By which a plain form's note is known again: see posting.of_form.
    key: UUID = field(default_factory=uuid4)

    def __post_init__(self, failed: int | None, why: str, sent: str) -> None:
        if self.column.pk == failed:
            self.error, self.text = why, sent


def _page(request: HttpRequest, group: WorkshopGroup, token: str, error: str = "", status: int = 200) -> HttpResponse:
    notes: dict[int, list[WorkshopNote]] = {}
    for note in posting.notes_of(group):
        notes.setdefault(note.column_id, []).append(note)
    failed = posting.read_id(request.POST.get("column")) if error else None
    sent = request.POST.get("text", "")
    themes = [
        (theme, [Field(column, notes.get(column.pk, []), failed, error, sent) for column in theme.columns.all()])
        for theme in themes_of(group.workshop.negotiation.round_id)
    ]
    known = {one.column.pk for _theme, fields in themes for one in fields}
    context = {
        "group": group,
        "title": group.workshop.negotiation.title,
        "content_language": group.workshop.negotiation.language,
        "themes": themes,
        "token": token,
        "here": reverse("workshop_phone", args=[token]),
        "query": _query(request),
        "most": posting.MOST_CHARACTERS,
        # Of a column that is not shown, as it has been removed meanwhile.
        "error": error if error and failed not in known else "",
        "has_errors": bool(error),
        "text": sent,
        "taken_back": posting.read_id(request.GET.get(TAKEN_BACK)),
        "is_sent": SENT in request.GET,
        "etag": posting.digest(group),
    }
    return show(request, "workshop/phone.html", context, status)


@without_account
@require_safe
def workshop_phone_state(request: HttpRequest, token: str) -> HttpResponseBase:
    """Answer with the notes of the group as they are now, or 304 where they are as the phone has them."""
    try:
        group = posting.enter(token, posting.watched())
    except (NoSuchToken, OpenNoMore) as error:
        return _refused(request, error)
    etag = quote_etag(posting.digest(group))
    unchanged: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        return unchanged
    with scope(county=group.county_id):
        notes = [{"id": note.pk, "column": note.column_id, "text": note.text} for note in posting.notes_of(group)]
    return JsonResponse(
        {"group": group.name, "notes": notes},
        headers={"ETag": etag, "Cache-Control": "private, no-cache"},
    )


# --- Notes ------------------------------------------------------------------------------------------------------


@without_account
@require_POST
def workshop_post(request: HttpRequest, token: str) -> HttpResponse:
    """Take a note: as JSON ({key, column, text}) from a script, or from a plain form. Sent again, it is had once.

    One query, no session and no event: eighty phones post at once. An address without a token of ours costs none.
    """
    is_json = request.content_type == "application/json"
    try:
        posted = posting.read_posted(_body(request) if is_json else request.POST.dict())
        pk, is_new = posting.post(token, posted if is_json else posting.of_form(posted))
    except (NoSuchToken, OpenNoMore) as error:
        return _refused(request, error)
    except ValidationError as refusal:
        return _not_taken(request, token, refusal)
    if is_json:
        return JsonResponse({"id": pk}, status=201 if is_new else 200)
    return redirect(f"{_phone(request, token, **{SENT: 1})}#sarake-{posted.column}")


def _body(request: HttpRequest) -> dict[str, Any]:
    """Return what was sent as JSON; nothing where it is none."""
    try:
        sent = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return sent if isinstance(sent, dict) else {}


def _not_taken(request: HttpRequest, token: str, refusal: ValidationError) -> HttpResponse:
    """Say what is wrong with a note, and give it back."""
    try:
        group = posting.enter(token, posting.watched())
    except (NoSuchToken, OpenNoMore) as error:
        return _refused(request, error)
    speak(request, group.workshop.negotiation.language)
    words = " ".join(refusal.messages)
    if _is_json(request):
        return JsonResponse({"message": words}, status=422)
    with scope(county=group.county_id):
        return _page(request, group, token, words, 422)


def _phone(request: HttpRequest, token: str, **more: Any) -> str:
    return reverse("workshop_phone", args=[token]) + _query(request, **more)


@without_account
@require_POST
def workshop_take_back(request: HttpRequest, token: str, pk: int) -> HttpResponse:
    """Take back a note of the group, or show it again."""
    is_put_back = request.POST.get("do") == "put_back"
    change: Callable[..., WorkshopNote] = posting.put_back if is_put_back else posting.take_back
    try:
        group = posting.enter(token)
    except (NoSuchToken, OpenNoMore) as error:
        return _refused(request, error)
    speak(request, group.workshop.negotiation.language)
    with scope(county=group.county_id):
        try:
            note = change(group, min(pk, 10**posting.ID_DIGITS))
        except NotAllowedNow as refusal:
            if _is_json(request):
                return JsonResponse({"message": str(refusal)}, status=409)
            group = posting.enter(token, posting.watched())
            return _page(request, group, token, str(refusal), 409)
    if _is_json(request):
        return JsonResponse({"id": note.pk})
    more = {} if is_put_back else {TAKEN_BACK: note.pk}
    return redirect(f"{_phone(request, token, **more)}#sarake-{note.column_id}")
