"""Negotiations in people's own calendars: one to download, and secret addresses to subscribe to."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, http_date, quote_etag
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_scopes import scope

from municipalities import limits
from municipalities.access import CountyRequest
from municipalities.moves import NotAllowedNow
from municipalities.tables import Column, Kind, Table
from municipalities.views.moving import leading_back
from municipalities.views.without_account import GUESSES, without_account
from negotiations.models import CalendarFeed, Negotiation
from negotiations.permissions import can_subscribe, visible_feeds, visible_negotiations
from negotiations.planning.calendars import composing, feeds, reading
from negotiations.planning.calendars.composing import Method
from negotiations.planning.forms.calendars import CalendarForm

# Addresses that one user has made.
MADE = "30/h/user"
ICALENDAR = "text/calendar; charset=utf-8"


# --- One negotiation ----------------------------------------------------------------------------------------------


@require_safe
def negotiation_calendar(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Give a negotiation as a file for a calendar; one that was cancelled as a file that takes it out of there."""
    rows = visible_negotiations(request.access).filter(pk=pk)
    row: Negotiation = get_object_or_404(rows)
    meetings = reading.meetings_of(request.county, rows)
    if not meetings:
        with leading_back(reverse("negotiation", args=[county, pk])):
            raise NotAllowedNow(_("The day of the negotiation is not known yet, so that no calendar can have it."))
    method = Method.CANCEL if row.state == Negotiation.State.CANCELLED else Method.PUBLISH
    content = composing.compose(
        meetings, sender=reading.sender_of(request.county), language=row.language, method=method
    )
    response = HttpResponse(content, content_type=f"{ICALENDAR}; method={method}")
    name = f"{_('negotiation')}-{row.earliest.isoformat()}.ics"
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


# --- The page of addresses ----------------------------------------------------------------------------------------


def _holds(feed: CalendarFeed) -> str:
    """Say what is in a calendar: "Kunnan neuvottelut: Joutsa"."""
    kind, of = capfirst(feed.get_kind_display()), feed.municipality or feed.round
    return f"{kind}: {of}" if of else kind


COLUMNS: tuple[Column[CalendarFeed], ...] = (
    Column("sisalto", gettext_lazy("What is in the calendar"), _holds, order=("kind", "municipality__area__order")),
    Column("tekija", gettext_lazy("Made by"), lambda row: str(row.user), order="user__name"),
    Column("tehty", gettext_lazy("Made on"), lambda row: row.made_at, order="made_at", kind=Kind.MOMENT),
    Column("luettu", gettext_lazy("Last read"), lambda row: row.read_at, order="read_at", kind=Kind.MOMENT),
)


def _drawn(rows: list[CalendarFeed]) -> list[CalendarFeed]:
    """Tell the template what each calendar holds."""
    for row in rows:
        row.words = _holds(row)  # type: ignore[attr-defined]
    return rows


@require_http_methods(["GET", "HEAD", "POST"])
def calendars(request: CountyRequest, county: str) -> HttpResponse:
    """List the secret addresses in use, and make one: it is shown once, in the answer to the form that made it."""
    request.access.require(can_subscribe(request.access))
    form = _form(request)
    made, status = "", 200
    if request.method == "POST":
        form, status = CalendarForm(request.POST, access=request.access), 422
        if form.is_valid():
            with leading_back(request.path):
                made = _made(request, form)
            form, status = _form(request), 200
    return render(request, "negotiations/calendars.html", _page(request, form, made), status=status)


def _form(request: CountyRequest) -> CalendarForm:
    """Return an empty form; a round's pages lead here with what they would have chosen."""
    return CalendarForm(access=request.access, initial={"holds": request.GET.get("sisalto", "")})


def _made(request: CountyRequest, form: CalendarForm) -> str:
    if not limits.count(request, "calendar_made", MADE):
        raise NotAllowedNow(_("You have made many addresses in a short time. Continue in an hour."))
    choice = form.cleaned_data["holds"]
    token = feeds.token_of(form.token_seed, county=request.county, user=request.user, choice=choice)
    feeds.make(
        request.county, form.kind, token=token, by=request.user, municipality=form.municipality, round_=form.round
    )
    return feeds.address_of(token)


def _page(request: CountyRequest, form: CalendarForm, made: str) -> dict[str, Any]:
    rows = visible_feeds(request.access).select_related("user", "municipality__area", "round")
    table: Table[CalendarFeed] = Table(
        request, rows, COLUMNS, name=_("Addresses in use"), sort="-tehty", compose=_drawn
    )
    if not request.access.is_coordinator:
        table.leave_out(["tekija"])
    return {
        "form": form,
        "made": made,
        # The same address as programs of calendars know it: a phone or a computer opens its own with it.
        "made_webcal": f"webcal:{made.partition(':')[2]}" if made else "",
        "table": table,
        "shows_makers": request.access.is_coordinator,
    }


@require_POST
def calendar_revoke(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Take an address out of use: one's own, or any of the county's by the coordinator. Nobody can take that back."""
    request.access.require(can_subscribe(request.access))
    feed = get_object_or_404(visible_feeds(request.access), pk=pk)
    back = reverse("calendars", args=[county])
    with leading_back(back):
        feeds.revoke(feed, by=request.user)
    messages.success(request, _("The address was taken out of use. Whoever has subscribed to it gets nothing more."))
    return redirect(back)


# --- What is behind an address ------------------------------------------------------------------------------------


@without_account
@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponseBase:
    """Give the calendar of a secret address to whoever has it. Nobody has to sign in, and no session is read."""
    feed = feeds.find(token)
    if feed is None:
        # Only what never was an address is a guess: services that read the calendars of many people from one network
        # address go on asking for revoked ones, and must not be kept from the others.
        is_within = limits.count(request, "calendar_feed", GUESSES)
        return _nothing(404 if is_within else 429)
    with scope(county=feed.county):
        content = feeds.content_of(feed)
        if content is None:
            return _nothing(404)
        feeds.note_reading(feed)
    etag = quote_etag(hashlib.sha256(content).hexdigest())
    changed = feeds.unchanged_since(feed, etag)
    response = HttpResponse(content, content_type=ICALENDAR)
    response.headers["ETag"] = etag
    response.headers["Last-Modified"] = http_date(changed)
    # Kept by whoever asked, who asks each time whether it still is so.
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Language"] = feed.user.language
    response.headers["Content-Disposition"] = 'inline; filename="hyte.ics"'
    return get_conditional_response(request, etag=etag, last_modified=changed, response=response) or response


def _nothing(status: int) -> HttpResponse:
    """Say that there is no calendar, or that too many have been tried; not which of the reasons it is."""
    words = _("There is no calendar at this address. It is wrong, or it has been taken out of use.")
    if status == 429:
        words = _("Too many wrong addresses have been tried from here. Continue in a minute.")
    response = HttpResponse(f"{words}\n", content_type="text/plain; charset=utf-8", status=status)
    response.headers["Cache-Control"] = "private, no-store"
    if status == 429:
        response.headers["Retry-After"] = "60"
    return response
