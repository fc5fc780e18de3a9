"""The page behind the personal link of a checker, or of the chair or secretary who signs. Nobody has to sign in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_scopes import scope

from municipalities import limits
from municipalities.access import typed_in
from municipalities.moves import NotAllowedNow
from municipalities.views.without_account import GUESSES, LANGUAGE, show, speak, without_account
from negotiations.minutes import links, reviewing, signing, versions
from negotiations.minutes.composing import context_of
from negotiations.minutes.links import Standing
from negotiations.minutes.reviewing import Place
from negotiations.minutes.views import review
from negotiations.minutes.views.review import Ways
from negotiations.models import MinutesCheck, MinutesLink, MinutesRemark, MinutesSignature, MinutesVersion

STATUSES = {Standing.OPEN: 200, Standing.DONE: 200, Standing.EXPIRED: 410, Standing.PAST: 410}
Act = Callable[[HttpRequest, MinutesCheck, Ways], HttpResponse]


@without_account
@require_http_methods(["GET", "HEAD", "POST"])
def minutes_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show the minutes to their checker or signer, and take the mark or the signature."""
    return _respond(request, token, review.page)


@without_account
@require_http_methods(["GET", "HEAD", "POST"])
def minutes_link_remark(request: HttpRequest, token: str, key: str) -> HttpResponse:
    """Take a checker's remark on an item, on a part, or on the whole."""

    def act(request: HttpRequest, check: MinutesCheck, ways: Ways) -> HttpResponse:
        return review.remark(request, check, ways, key)

    return _respond(request, token, act)


@without_account
@require_http_methods(["POST"])
def minutes_link_withdraw(request: HttpRequest, token: str, remark: int) -> HttpResponse:
    """Take back a remark that the secretary has not decided on yet."""

    def act(request: HttpRequest, check: MinutesCheck, ways: Ways) -> HttpResponse:
        return review.withdraw(request, check, ways, remark)

    return _respond(request, token, act)


def _respond(request: HttpRequest, token: str, act: Act) -> HttpResponse:
    if limits.is_used_up(request, "minutes_link", GUESSES):
        return _closed(request, "guessed", 429)
    link = links.find(token)
    if link is None:
        limits.count(request, "minutes_link", GUESSES)
        return _closed(request, "unknown", 404)
    speak(request, links.language_of(link))
    with scope(county=link.county):
        _hand_on(link)
        standing, row = links.standing_of(link), links.asked_of(link)
        if isinstance(row, MinutesSignature):
            return _to_sign(request, link, row, token, standing, act)
        ways = _ways(request, token)
        if standing == Standing.OPEN:
            try:
                return act(request, row, ways)
            except Http404:
                # The link is known, what is asked for below it is not: the minutes have no such item.
                return _closed(request, "lost", 404, link=link, page_url=ways.to(ways.page))
        if standing == Standing.DONE:
            status = 409 if request.method == "POST" else 200
            return review.closed(request, row, ways, status=status)
        return _closed(request, standing.value, STATUSES[standing], link=link)


def _hand_on(link: MinutesLink) -> None:
    """Let the rows that were read with a link know its county: no page reads it again."""
    row = links.asked_of(link)
    row.county = row.minutes.county = row.minutes.negotiation.county = link.county
    if isinstance(row, MinutesCheck):
        row.party.county = link.county


def _ways(request: HttpRequest, token: str) -> Ways:
    def remark(place: Place) -> str:
        return reverse("minutes_link_remark", args=[token, place.key])

    def withdraw(row: MinutesRemark) -> str:
        return reverse("minutes_link_withdraw", args=[token, row.pk])

    language = request.GET.get(LANGUAGE, "")
    return Ways(
        page=reverse("minutes_link", args=[token]),
        remark=remark,
        withdraw=withdraw,
        show=_show,
        query=f"{LANGUAGE}={language}" if language in dict(settings.LANGUAGES) else "",
    )


def _show(request: HttpRequest, template: str, context: Mapping[str, Any], status: int) -> HttpResponse:
    own = {"base_page": "negotiations/minutes_check_outside.html", "is_signed_in": False}
    return show(request, template, {**context, **own}, status)


# --- Signing ------------------------------------------------------------------------------------------------------


def _to_sign(
    request: HttpRequest, link: MinutesLink, signature: MinutesSignature, token: str, standing: Standing, act: Act
) -> HttpResponse:
    """Show the checked minutes to their chair or secretary, and take the signature."""
    if act is not review.page:
        return _closed(request, "lost", 404, link=link, page_url=reverse("minutes_link", args=[token]))
    if standing == Standing.DONE:
        return _closed(request, "signed", 409 if request.method == "POST" else 200, link=link)
    version = versions.latest(signature.minutes)
    if standing != Standing.OPEN or version is None:
        return _closed(request, standing.value, STATUSES[standing], link=link)
    if request.method != "POST":
        return _sign_page(request, link, signature, version)
    if reviewing.version_of(signature.minutes, request.POST.get("version", "")) != version:
        refused = _("It is not known which version you read. Read this one.")
        return _sign_page(request, link, signature, version, refused=refused, status=422)
    try:
        signing.sign(signature, way=MinutesSignature.Way.LINK, by=None)
    except NotAllowedNow as refusal:
        # Somebody was faster by a moment.
        return _sign_page(request, link, signature, version, refused=str(refusal), status=409)
    return redirect(request.get_full_path())


def _sign_page(
    request: HttpRequest,
    link: MinutesLink,
    signature: MinutesSignature,
    version: MinutesVersion,
    *,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    doc = context_of(version.content, signature.minutes)
    context = {
        "signature": signature,
        "minutes": signature.minutes,
        "negotiation": signature.minutes.negotiation,
        "of_county": link.county,
        "version": version,
        "doc": doc,
        "parts": reviewing.sheets_of(doc),
        "refused": refused,
        "form": None,
    }
    return _show(request, "negotiations/minutes_sign.html", context, status)


def _closed(
    request: HttpRequest, kind: str, status: int, *, link: MinutesLink | None = None, page_url: str = ""
) -> HttpResponse:
    """Say plainly why there is nothing to do behind the link, and give back what was typed."""
    context: dict[str, Any] = {"kind": kind, "link": link, "page_url": page_url, "typed": typed_in(request)}
    if link is not None:
        row = links.asked_of(link)
        context |= {
            "minutes": row.minutes,
            "negotiation": row.minutes.negotiation,
            "of_county": link.county,
            "signature": link.signature,
        }
    return show(request, "negotiations/minutes_link_closed.html", context, status)
