"""Secret addresses from which calendars are subscribed to: made, revoked, and read by whoever has one.

The token is in the address alone and is kept as its SHA-256. What the calendar holds is judged anew each time it is
read, by what its maker may see then: one who has no role any more has no calendars either.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled

from municipalities.access import Access, access_of
from municipalities.events import record
from municipalities.models import County, Municipality, User
from municipalities.moves import NotAllowedNow, locked
from municipalities.tokens import hash_of
from negotiations.models import CalendarFeed, Negotiation, Round
from negotiations.permissions import visible_negotiations, visible_rounds
from negotiations.planning.calendars import composing, reading

Kind = CalendarFeed.Kind
# Calendars ask every hour or more often; that they do is worth a write this often.
NOTED = timedelta(hours=1)
# How long it is remembered since when a calendar has been what it is; one not read for so long is new again.
REMEMBERED = timedelta(days=90)


# --- Making and revoking ------------------------------------------------------------------------------------------


def new_seed() -> str:
    """Return what a form is sent with, so that the same form sent twice makes one address."""
    return secrets.token_hex(15)


def token_of(seed: str, *, county: County, user: User, choice: str) -> str:
    """Return the token of the address that a form makes: of its seed, its county, who sent it and what was chosen.

    Nobody can tell it from them without the site's key.
    """
    return salted_hmac("hyte.calendars", f"{county.pk} {user.pk} {choice} {seed}", algorithm="sha256").hexdigest()


@transaction.atomic
def make(
    county: County,
    kind: str,
    *,
    token: str,
    by: User,
    municipality: Municipality | None = None,
    round_: Round | None = None,
    at: datetime | None = None,
) -> CalendarFeed:
    """Make a secret address, which opens with the token; the same one again where the same form was sent twice.

    Raises NotAllowedNow where it has been revoked meanwhile.
    """
    feed, is_new = CalendarFeed.objects.get_or_create(
        token_hash=hash_of(token),
        defaults={
            "county": county,
            "kind": kind,
            "user": by,
            "municipality": municipality,
            "round": round_,
            "made_at": at or timezone.now(),
        },
    )
    if is_new:
        record(feed, "made", by=by, at=at)
    elif feed.revoked_at is not None:
        raise NotAllowedNow(_("This address has been taken out of use. Open the page again to make a new one."))
    made: CalendarFeed = feed
    return made


@transaction.atomic
def revoke(feed: CalendarFeed, *, by: User, at: datetime | None = None) -> CalendarFeed:
    """Take an address out of use, for good: whoever has it gets nothing more. Raises NotAllowedNow the second time."""
    feed = locked(feed)
    if feed.revoked_at is not None:
        raise NotAllowedNow(_("The address has been taken out of use already."))
    feed.revoked_at = at or timezone.now()
    feed.save(update_fields=["revoked_at"])
    record(feed, "revoked", by=by, at=at)
    return feed


def address_of(token: str) -> str:
    """Return the whole address that a token opens."""
    return settings.SITE_URL + reverse("calendar_feed", args=[token])


# --- Reading ------------------------------------------------------------------------------------------------------


def find(token: str) -> CalendarFeed | None:
    """Return what a token was made for, revoked or not, of whichever county. Outside any scope. One query."""
    with scopes_disabled():
        feed: CalendarFeed | None = (
            CalendarFeed.objects.filter(token_hash=hash_of(token))
            .select_related("county__area", "user", "municipality__area", "round")
            .first()
        )
    return feed


def access_to(feed: CalendarFeed) -> Access | None:
    """Return what the maker of an address is in its county today; None for nobody, and for a revoked address."""
    if feed.revoked_at is not None or not feed.user.is_active:
        return None
    try:
        return access_of(feed.user, feed.county.slug)
    except Http404:
        return None


def negotiations_in(feed: CalendarFeed, access: Access) -> QuerySet[Negotiation] | None:
    """Return the negotiations of a calendar, as its maker may see them now; None where they may not have it."""
    seen = visible_negotiations(access)
    if feed.round is not None:
        # All of it, of whatever year: a round ends by itself.
        return seen.filter(round=feed.round) if visible_rounds(access).filter(pk=feed.round.pk).exists() else None
    seen = reading.window_of(seen)
    if feed.kind == Kind.COUNTY:
        return seen if access.is_coordinator else None
    if feed.municipality is not None:
        may = feed.municipality.pk in access.municipality_ids or access.is_coordinator
        return seen.filter(parties__municipality=feed.municipality) if may else None
    return seen if access.is_coordinator or access.is_municipal else None


def name_of(feed: CalendarFeed) -> str:
    """Return the name that the calendar has in the list of those who subscribe to it."""
    if feed.kind == Kind.ROUND:
        return str(feed.round)
    whose = str(feed.municipality if feed.kind == Kind.MUNICIPALITY else feed.county)
    what = _("My negotiations") if feed.kind == Kind.OWN else _("Negotiations")
    return f"{what}: {whose}"


def content_of(feed: CalendarFeed) -> bytes | None:
    """Return the calendar as it is now; None where the address opens nothing. Inside the county's scope.

    At most seven queries, however many negotiations there are.
    """
    access = access_to(feed)
    rows = negotiations_in(feed, access) if access else None
    if rows is None:
        return None
    stages = reading.stages_of(feed.county, feed.round) if feed.round else []
    with translation.override(feed.user.language):
        return composing.compose(
            [*stages, *reading.meetings_of(feed.county, rows)],
            sender=reading.sender_of(feed.county),
            language=feed.user.language,
            name=name_of(feed),
            uid=f"calendar-{feed.pk}.{feed.county.slug}@hyte",
        )


def unchanged_since(feed: CalendarFeed, etag: str) -> int:
    """Return since when the calendar has been what it is now, as seconds of the epoch, by its ETag.

    The rows themselves do not tell: a negotiation that was removed, or that the maker may not see any more, leaves
    nothing behind. Where it is not remembered, since now, which only makes the calendar be sent once more.
    """
    key = f"calendar-feed:{feed.pk}"
    remembered = cache.get(key)
    if remembered is not None and remembered[0] == etag:
        return int(remembered[1])
    # Never the same as before, should it change twice in a second.
    now = max(int(timezone.now().timestamp()), int(remembered[1]) + 1 if remembered else 0)
    cache.set(key, (etag, now), REMEMBERED.total_seconds())
    return now


def note_reading(feed: CalendarFeed) -> None:
    """Note that the calendar has been read, at most once an hour."""
    now = timezone.now()
    stale = Q(read_at=None) | Q(read_at__lt=now - NOTED)
    if feed.read_at is None or feed.read_at < now - NOTED:
        CalendarFeed.objects.filter(stale, pk=feed.pk).update(read_at=now)
