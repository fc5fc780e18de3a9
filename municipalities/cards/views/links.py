"""The page behind the link of an approver, who has no account; and sending the link again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_scopes import scope

from municipalities import limits
from municipalities.access import CountyRequest, typed_in
from municipalities.cards import links
from municipalities.cards.content import thaw
from municipalities.cards.lifecycle import last_version
from municipalities.cards.link_forms import AgainForm, ApproveForm, MendForm
from municipalities.cards.links import Standing
from municipalities.cards.permissions import can_fill
from municipalities.cards.views.card import address, find
from municipalities.models import CardLink
from municipalities.moves import NotAllowedNow
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from municipalities.views.without_account import GUESSES, show, speak, without_account

# Letters that one user has sent.
SENT_AGAIN = "20/h/user"
STATUSES = {Standing.USED: 200, Standing.EXPIRED: 410, Standing.PAST: 410}


@without_account
@require_http_methods(["GET", "HEAD", "POST"])
def card_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show an approver the card as it was sent, and take their answer. Nobody has to sign in."""
    return _answer(request, token)


def _answer(request: HttpRequest, token: str) -> HttpResponse:
    if limits.is_used_up(request, "card_link", GUESSES):
        return _closed(request, "guessed", 429)
    link = links.find(token)
    if link is None:
        limits.count(request, "card_link", GUESSES)
        return _closed(request, "unknown", 404)
    speak(request, links.language_of(link))
    with scope(county=link.county):
        standing = links.standing_of(link)
        if standing != Standing.OPEN:
            return _closed(request, standing.value, STATUSES[standing], link=link, typed=typed_in(request))
        if request.method == "POST":
            return _answered(request, link)
        return _page(request, link, ApproveForm(initial={"approver": link.version.card.approver_name}), MendForm())


def _answered(request: HttpRequest, link: CardLink) -> HttpResponse:
    """Take what was sent: an approval, or the card back with a note."""
    is_return = request.POST.get("answer") == "return"
    initial = {"approver": link.version.card.approver_name}
    approving = ApproveForm(initial=initial) if is_return else ApproveForm(request.POST)
    mending = MendForm(request.POST) if is_return else MendForm()
    form = mending if is_return else approving
    if not form.is_valid():
        return _page(request, link, approving, mending, status=422)
    try:
        if is_return:
            links.return_by_link(link, note=form.cleaned_data["note"])
        else:
            links.approve_by_link(link, approver=form.cleaned_data["approver"])
    except NotAllowedNow:
        # Somebody was faster by a moment.
        fresh = CardLink.objects.select_related(*links.READ_WITH).get(pk=link.pk)
        standing = links.standing_of(fresh)
        kind = standing.value if standing in STATUSES else Standing.PAST.value
        return _closed(request, kind, 409, link=fresh, typed=typed_in(request))
    return redirect(request.get_full_path())


def _page(
    request: HttpRequest, link: CardLink, approving: ApproveForm, mending: MendForm, *, status: int = 200
) -> HttpResponse:
    version = link.version
    content = thaw(version)
    context = {
        "title": _("Municipality card %(year)s: %(municipality)s")
        % {"year": version.card.card_year.year, "municipality": version.card.municipality},
        "content": content,
        "has_examples": content.has_examples,
        "version": version,
        "link": link,
        "approving": approving,
        "mending": mending,
        # What the summary of errors is about.
        "form": mending if mending.is_bound else approving,
    }
    return show(request, "municipalities/card_link.html", context, status)


def _closed(
    request: HttpRequest, kind: str, status: int, *, link: CardLink | None = None, typed: list[str] | None = None
) -> HttpResponse:
    """Say plainly why there is nothing to do behind the link."""
    context: dict[str, Any] = {"kind": kind, "link": link, "typed": typed or []}
    if link is not None:
        context |= {"card": link.version.card, "is_approved": link.version.approved_at is not None}
    return show(request, "municipalities/card_link_closed.html", context, status)


@require_http_methods(["GET", "HEAD", "POST"])
def card_link_again(request: CountyRequest, county: str, year: int, code: str) -> HttpResponse:
    """Send the link again, to the approver or to another one; the former link is good no more."""
    found = find(request, year, code)
    request.access.require(can_fill(request.access, found.municipality))
    if found.card is None:
        raise Http404
    card = found.card
    back = f"{address(request, found)}#laheta"

    def send(name: str, email: str) -> str:
        if not limits.count(request, "card_link_again", SENT_AGAIN):
            raise NotAllowedNow(_("You have sent many letters in a short time. Continue in an hour."))
        links.ask_again(card, name=name, email=email, by=request.user)
        words = _("A link to approve the card is on its way to %(email)s. The former link is good no more.")
        return words % {"email": email}

    if request.method == "POST" and "approver_email" not in request.POST and card.approver_email:
        # The button on the card: the same again, in one press.
        with leading_back(back):
            messages.success(request, send(card.approver_name, card.approver_email))
        return redirect(back)

    def save(form: AgainForm) -> str:
        return send(form.cleaned_data["approver_name"], form.cleaned_data["approver_email"])

    version = last_version(card)
    last = links.latest_link(version) if version else None
    return edit(
        request,
        AgainForm,
        row=card,
        save=save,
        title=_("Send the link to approve the card"),
        back=back,
        done=str,
        submit=_("Send the link"),
        template="municipalities/card_link_again.html",
        context={
            "crumbs": [(back, str(card))],
            "last": last,
            "is_last_valid": last is not None and last.used_at is None and last.expires_at > timezone.now(),
        },
    )
