"""Reminding of cards that have not been sent: who is reminded, and the letter to each editor of a municipality."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from municipalities import letters, timewords
from municipalities.cards.content import read_rows
from municipalities.cards.overseeing import DELIVERED, events_of, last_reminders
from municipalities.cards.progress import progress_of
from municipalities.events import record
from municipalities.models import Card, CardYear, County, Event, Membership, Municipality, User
from municipalities.moves import NotAllowedNow, locked

# Who reminds all at once does not write again to those who had a letter less than this ago.
REST = timedelta(days=1)


@dataclass(frozen=True)
class Reminded:
    """Which municipalities were written to, which had a letter lately, and which have nobody to write to."""

    written: Sequence[Municipality]
    lately: Sequence[Municipality]
    nobody: Sequence[Municipality]


def remind_all(card_year: CardYear, municipalities: Iterable[Municipality], *, by: User) -> Reminded:
    """Remind those of the municipalities that have not sent their card, each at most once a day.

    Queues a letter to each of their editors. Raises NotAllowedNow when the year is locked.
    """
    return _remind(card_year, municipalities, by=by, rests=True)


def remind_one(card_year: CardYear, municipality: Municipality, *, by: User) -> Reminded:
    """Remind a municipality, however lately it has been reminded.

    Raises NotAllowedNow when it has sent its card, and when the year is locked.
    """
    reminded = _remind(card_year, [municipality], by=by, rests=False)
    if not reminded.written and not reminded.nobody:
        raise NotAllowedNow(_("%(municipality)s has sent its card already.") % {"municipality": municipality})
    return reminded


@transaction.atomic
def _remind(card_year: CardYear, municipalities: Iterable[Municipality], *, by: User, rests: bool) -> Reminded:
    from municipalities.tasks import send_card_reminders

    # Two who press at once write one letter, not two.
    card_year = locked(card_year)
    if card_year.is_locked:
        raise NotAllowedNow(_("The cards of the year are locked: nobody is reminded of them."))
    now = timezone.now()
    asked = list(municipalities)
    delivered = _delivered(card_year)
    reminders = last_reminders(events_of(card_year)) if rests else {}
    editors = editors_of(card_year.county_id, asked, on=timezone.localdate(now))
    written: list[Municipality] = []
    lately: list[Municipality] = []
    nobody: list[Municipality] = []
    for place in asked:
        if place.pk in delivered:
            continue
        if place.pk not in editors:
            nobody.append(place)
        elif _is_within(reminders.get(place.pk), now):
            lately.append(place)
        else:
            written.append(place)
    if written:
        event = record(card_year, "reminded", by=by, at=now, municipalities=[place.pk for place in written])
        letters.post(send_card_reminders, card_year.county_id, event.pk)
    return Reminded(written, lately, nobody)


def _is_within(at: datetime | None, now: datetime) -> bool:
    return at is not None and now - at < REST


def _delivered(card_year: CardYear) -> set[int]:
    cards = Card.objects.filter(card_year=card_year, state__in=[stage.value for stage in DELIVERED])
    return set(cards.values_list("municipality_id", flat=True))


def editors_of(county_id: int, municipalities: Iterable[Municipality], *, on: date) -> dict[int, list[Membership]]:
    """Return the editors of municipalities on a day, deputies too, by the municipality's id. One query.

    A municipality that has nobody who may sign in is not among them.
    """
    found: dict[int, list[Membership]] = defaultdict(list)
    rows = (
        Membership.objects.in_force(on)
        .filter(
            county=county_id,
            role=Membership.Role.MUNICIPAL_EDITOR,
            municipality__in=[place.pk for place in municipalities],
            user__is_active=True,
        )
        .select_related("user", "municipality__area")
    )
    for row in rows.order_by("pk"):
        if row.municipality is not None:
            found[row.municipality.pk].append(row)
    return dict(found)


# --- In the workers -----------------------------------------------------------------------------------------------


def letters_of(event_id: int) -> list[int]:
    """Return the memberships whose users a reminder goes to, by their ids. Inside the county's scope."""
    event = Event.objects.get(pk=event_id)
    places = Municipality.objects.filter(pk__in=event.payload["municipalities"], county=event.county_id)
    editors = editors_of(event.county_id, places, on=timezone.localdate())
    return [row.pk for rows in editors.values() for row in rows]


def send_reminder(county: County, event_id: int, membership_id: int) -> int:
    """Write to one editor of a municipality; return how many letters were sent. Inside the county's scope.

    Nothing is sent when the card has been sent meanwhile, the year is locked, or the editor is one no more. Raises
    OSError while the mail server is away.
    """
    event = Event.objects.get(pk=event_id)
    card_year: CardYear = CardYear.objects.get(pk=event.subject_id)
    row = (
        Membership.objects.in_force()
        .filter(pk=membership_id, county=county, role=Membership.Role.MUNICIPAL_EDITOR, user__is_active=True)
        .select_related("user", "municipality__area")
        .first()
    )
    if row is None or row.municipality is None or card_year.is_locked:
        return 0
    card: Card | None = Card.objects.filter(card_year=card_year, municipality=row.municipality).first()
    if card is not None and card.state in DELIVERED:
        return 0
    due_on = card_year.due_on
    with translation.override(row.user.language):
        return letters.send(
            to=[row.user.email],
            subject=_("Municipality card %(year)s: %(municipality)s")
            % {"year": card_year.year, "municipality": row.municipality},
            template="letters/card_reminder.txt",
            context={
                "municipality": str(row.municipality),
                "county_name": str(county),
                "year": str(card_year.year),
                "due_on": timewords.day(due_on) if due_on else "",
                "is_late": due_on is not None and due_on < timezone.localdate(),
                "is_begun": card is not None,
                "is_returned": card is not None and card.state == Card.State.RETURNED,
                "unfinished": progress_of(read_rows(card)).unfinished if card else [],
                "url": settings.SITE_URL
                + reverse("card", args=[county.slug, card_year.year, row.municipality.area.code]),
            },
            language=row.user.language,
        )
