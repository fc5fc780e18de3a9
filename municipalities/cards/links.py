"""Approval by a link: somebody without an account reads a card as it was sent, and approves it or returns it.

The token is made where the letter is written, is in the letter alone, and is kept as its SHA-256. Whoever has it may
answer: it is good for one answer, for thirty days, and for as long as the card stands as it was sent.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_scopes import scope, scopes_disabled

from municipalities import letters, timewords
from municipalities.cards.lifecycle import approve, last_version, return_
from municipalities.events import record
from municipalities.models import Card, CardApproval, CardLink, CardVersion, County, User
from municipalities.moves import NotAllowedNow, locked
from municipalities.tokens import hash_of, new_token

LASTS = timedelta(days=30)
# A version older than this when it is saved is history that is entered: nothing is mailed about the past.
NEWS = timedelta(days=1)
# A letter that no worker has begun by now: its message was lost, or Redis did not take it.
MESSAGE_TRUSTED = timedelta(minutes=5)


class Standing(StrEnum):
    """What a link is good for."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    # The card no longer waits for an answer: taken back, sent anew, answered otherwise, or its year is locked.
    PAST = "past"


def standing_of(link: CardLink) -> Standing:
    """Return what a link is good for now. Its version, card and year must have been read with it. One query."""
    card = link.version.card
    if link.used_at is not None:
        return Standing.USED
    last = last_version(card)
    if card.state != Card.State.SENT or card.card_year.is_locked or last is None or last.pk != link.version_id:
        return Standing.PAST
    return Standing.OPEN if link.expires_at > timezone.now() else Standing.EXPIRED


# What a link is read with: its letter and its page tell of all of it.
READ_WITH = ("county__area", "version__card__card_year", "version__card__municipality__area")


def find(token: str) -> CardLink | None:
    """Return the link of a token, of whichever county; None for an unknown one. Outside any scope."""
    with scopes_disabled():
        link: CardLink | None = CardLink.objects.filter(token_hash=hash_of(token)).select_related(*READ_WITH).first()
    return link


def latest_link(version: CardVersion) -> CardLink | None:
    """Return the link by which a version was last asked to be approved, if any. One query."""
    link: CardLink | None = CardLink.objects.filter(version=version).order_by("-asked_at", "-pk").first()
    return link


# --- Asking -------------------------------------------------------------------------------------------------------


@transaction.atomic
def ask_approval(version: CardVersion, *, by: User | None) -> CardLink | None:
    """Ask the approver named on the card for their approval of a version: queue a letter with a new link.

    The links before it are good no more. To be called with the card locked. None, and no letter, for a version of the
    past: history is entered too, and nobody waits for an answer to it.
    """
    if version.sent_at < timezone.now() - NEWS:
        return None
    return _new_link(version, by=by)


def _new_link(version: CardVersion, *, by: User | None) -> CardLink:
    from municipalities.tasks import send_card_link

    now = timezone.now()
    CardLink.objects.filter(version__card=version.card_id, used_at=None, expires_at__gt=now).update(expires_at=now)
    link: CardLink = CardLink.objects.create(
        county_id=version.county_id, version=version, asked_by=by, asked_at=now, expires_at=now + LASTS
    )
    letters.post(send_card_link, link.county_id, link.pk)
    return link


@transaction.atomic
def ask_again(card: Card, *, name: str, email: str, by: User) -> CardLink:
    """Send a new link to the approver, who may be another than before; the link before is good no more.

    Raises NotAllowedNow unless the card has been sent and waits for an approval by link, in an open year.
    """
    card = locked(card)
    version = last_version(card)
    if card.card_year.is_locked:
        raise NotAllowedNow(_("The cards of the year are locked. The county's coordinator can open them."))
    if card.approval != CardApproval.LINK or card.state != Card.State.SENT or version is None:
        raise NotAllowedNow(_("The card does not wait for an approval by link."))
    if (card.approver_name, card.approver_email) != (name, email):
        card.approver_name, card.approver_email = name, email
        card.save(update_fields=["approver_name", "approver_email"])
        record(card, "approver_changed", by=by)
    record(card, "approval_asked", by=by, version=version.number)
    return _new_link(version, by=by)


def left_unsent() -> list[tuple[int, int]]:
    """Return the links whose letters no worker has begun, with their counties: for the tasks. Outside any scope."""
    now = timezone.now()
    with scopes_disabled():
        found = CardLink.objects.filter(
            token_hash=None,
            sent_at=None,
            asked_at__lt=now - MESSAGE_TRUSTED,
            expires_at__gt=now,
            version__card__state=Card.State.SENT,
        )
        return list(found.values_list("county_id", "pk"))


def send_link(county: County, link_id: int) -> int:
    """Write the letter with the link and send it; return how many were sent. Inside the county's scope, in a worker.

    A message that comes again once the letter has gone sends nothing. Raises OSError while the mail server is away:
    the next attempt has a token of its own. Where the letter had gone all the same, its link is then no longer known.
    """
    with transaction.atomic():
        link: CardLink = (
            CardLink.objects.select_for_update(of=("self",)).select_related(*READ_WITH, "asked_by").get(pk=link_id)
        )
        card = link.version.card
        if link.sent_at is not None or standing_of(link) != Standing.OPEN or not card.approver_email:
            return 0
        token = new_token()
        link.token_hash = hash_of(token)
        link.save(update_fields=["token_hash"])
    # Not while the row is locked: a mail server may take its time, and somebody may send the link again meanwhile.
    language = language_of(link)
    with translation.override(language):
        sent = letters.send(
            to=[card.approver_email],
            subject=_("Approve the municipality card: %(municipality)s %(year)s")
            % {"municipality": card.municipality, "year": card.card_year.year},
            template="letters/card_approval.txt",
            context={
                "municipality": str(card.municipality),
                "county_name": str(county),
                "year": str(card.card_year.year),
                "asked_by": str(link.asked_by or ""),
                "url": settings.SITE_URL + reverse("card_link", args=[token]),
                "valid_until": timewords.moment(link.expires_at),
            },
            language=language,
        )
    if sent:
        CardLink.objects.filter(pk=link.pk, token_hash=link.token_hash).update(sent_at=timezone.now())
    return sent


def language_of(link: CardLink) -> str:
    """Return the language that the card was sent in: the letter and the page behind the link are in it too."""
    language = str(link.version.content.get("language", ""))
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


# --- Answering ----------------------------------------------------------------------------------------------------


def approve_by_link(link: CardLink, *, approver: str) -> None:
    """Approve the version that the link is of; the link is used. `approver` is as it is told on the card.

    Raises NotAllowedNow where the link is good no more.
    """
    with scope(county=link.county), transaction.atomic():
        card, link = _answering(link)
        approve(card, by=None, version=link.version, approver=approver.strip() or card.approver_name)
        _use(link)


def return_by_link(link: CardLink, *, note: str) -> None:
    """Return the card that the link is of, with a note of what to mend; the link is used.

    Raises NotAllowedNow where the link is good no more, and without a note.
    """
    with scope(county=link.county), transaction.atomic():
        card, link = _answering(link)
        return_(card, by=None, version=link.version, note=note)
        _use(link)


def _answering(link: CardLink) -> tuple[Card, CardLink]:
    # The card first, as whoever sends it does: two who wait for each other would wait for ever.
    card = locked(link.version.card)
    fresh = locked(link)
    fresh.version.card = card
    if standing_of(fresh) != Standing.OPEN:
        raise NotAllowedNow(_("The link is good no more. Open it again to see how things stand."))
    return card, fresh


def _use(link: CardLink) -> None:
    link.used_at = timezone.now()
    link.save(update_fields=["used_at"])
