"""What has happened to a card, or to a year of cards, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from municipalities.cards.overseeing import events_of
from municipalities.documents.history import Happened
from municipalities.models import Card, CardApproval, CardYear, Event, Municipality

Payload = Mapping[str, Any]
# What a person does by a link, whom the log has no user for.
BY_LINK = frozenset({"approved", "returned"})


def _approval(payload: Payload) -> str:
    chosen = {
        CardApproval.NONE: _("%(who)s chose that nobody approves the card."),
        CardApproval.SELF: _("%(who)s chose that the one who fills the card approves it."),
        CardApproval.LINK: _("%(who)s chose that another person approves the card by a link."),
    }
    return chosen[CardApproval(payload["approval"])] % payload


# The verb, as events.record was given it → what to say.
OF_CARD: dict[str, Callable[[Payload], str]] = {
    "started": lambda payload: (
        (
            _("%(who)s began the card with the texts of the year before.")
            if "carried_from" in payload
            else _("%(who)s began the card.")
        )
        % payload
    ),
    "sent": lambda payload: (
        (
            _("%(who)s sent the card to the county.")
            if payload.get("version") == 1
            else _("%(who)s sent the card to the county again: version %(version)s.")
        )
        % payload
    ),
    "withdrawn": lambda payload: _("%(who)s took the card back to be changed.") % payload,
    "returned": lambda payload: _("%(who)s returned the card to be mended.") % payload,
    "approved": lambda payload: _("%(who)s approved the card.") % payload,
    "approval_chosen": _approval,
    "approver_changed": lambda payload: _("%(who)s changed the approver.") % payload,
    "approval_asked": lambda payload: _("%(who)s sent the approver a new link.") % payload,
    "reminded": lambda payload: _("%(who)s reminded the municipality of the card.") % payload,
}
OF_YEAR: dict[str, Callable[[Payload], str]] = {
    "begun": lambda payload: _("%(who)s opened the cards of the year.") % payload,
    "changed": lambda payload: _("%(who)s changed: %(fields)s.") % payload,
    "locked": lambda payload: _("%(who)s locked the cards of the year.") % payload,
    "unlocked": lambda payload: _("%(who)s opened the cards of the year again.") % payload,
    "reminded": lambda payload: (
        ngettext(
            "%(who)s reminded %(count)s municipality: %(names)s.",
            "%(who)s reminded %(count)s municipalities: %(names)s.",
            payload["count"],
        )
        % payload
    ),
    "bundled": lambda payload: _("%(who)s had the PDFs of the cards made.") % payload,
}


def log_of_card(card: Card) -> list[Happened]:
    """Return what has happened to a card, reminders of it too, in order. One query."""
    of_card = Q(subject=card._meta.label_lower, subject_id=card.pk)
    reminders = Q(
        subject=CardYear._meta.label_lower,
        subject_id=card.card_year_id,
        verb="reminded",
        payload__municipalities__contains=[card.municipality_id],
    )
    events = Event.objects.filter(of_card | reminders).select_related("user").order_by("at", "id")
    return [
        Happened(event.at, OF_CARD[event.verb](event.payload | {"who": _who(event)}))
        for event in events
        if event.verb in OF_CARD
    ]


def log_of_year(
    card_year: CardYear, *, municipalities: Iterable[Municipality] | None = None, events: Iterable[Event] | None = None
) -> list[Happened]:
    """Return what has happened to a year of cards, in order.

    No query where the county's municipalities and the year's events (overseeing.Overview) are given; two without.
    """
    if municipalities is None:
        municipalities = Municipality.objects.filter(county=card_year.county_id).select_related("area")
    names = {place.pk: str(place) for place in municipalities}
    told = events_of(card_year) if events is None else events
    return [Happened(event.at, OF_YEAR[event.verb](_told(event, names))) for event in told if event.verb in OF_YEAR]


def _told(event: Event, names: Mapping[int, str]) -> dict[str, Any]:
    payload = event.payload
    fields = {field.name: str(field.verbose_name) for field in CardYear._meta.fields}
    reminded = [names[pk] for pk in payload.get("municipalities", ()) if pk in names]
    return payload | {
        "who": _who(event),
        "count": len(payload.get("municipalities", ())),
        "names": ", ".join(reminded),
        "fields": ", ".join(fields[name] for name in payload.get("fields", ()) if name in fields),
    }


def _who(event: Event) -> str:
    if event.user is not None:
        return str(event.user)
    return _("The approver") if event.verb in BY_LINK else _("The system")
