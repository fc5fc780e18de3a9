"""The one door to the state of minutes: draft, being checked, checked, published."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import County, User
from municipalities.moves import NotAllowedNow, locked, require_state
from negotiations.minutes.composing import request_minutes_document
from negotiations.models import Minutes, MinutesCheck, Negotiation, Part, Party

State = Minutes.State

MOVES: dict[str, tuple[frozenset[State], State]] = {
    "send_for_checking": (frozenset({State.DRAFT}), State.CHECKING),
    "return_to_draft": (frozenset({State.CHECKING, State.CHECKED}), State.DRAFT),
    "mark": (frozenset({State.CHECKING}), State.CHECKED),
    "publish": (frozenset({State.CHECKED}), State.PUBLISHED),
}


def _day(at: datetime | None) -> date:
    return timezone.localdate(at) if at else timezone.localdate()


@transaction.atomic
def open_minutes(negotiation: Negotiation, *, by: User | None, at: datetime | None = None) -> list[Minutes]:
    """Begin the minutes of a negotiation that has been held: one for all, or one per duty, as the county has set.

    Every municipality that took part has a checker. Repeatable: minutes that exist are left as they are.
    Raises NotAllowedNow unless the negotiation has been held.
    """
    negotiation = locked(negotiation)
    if negotiation.state != Negotiation.State.HELD:
        raise NotAllowedNow(_("Minutes are written once the negotiation has been held."))
    existing = list(Minutes.objects.filter(negotiation=negotiation))
    if existing:
        return existing
    parts: list[Part | None] = [None]
    if negotiation.county.minutes_form == County.MinutesForm.TWO:
        parts = [part for part in negotiation.parts.all() if part.dealt_with]
    checkers = [
        party
        for party in negotiation.parties.all()
        if party.municipality_id and party.participation == Party.Participation.TOOK_PART
    ]
    opened = []
    for part in parts:
        minutes = Minutes.objects.create(county_id=negotiation.county_id, negotiation=negotiation, part=part)
        MinutesCheck.objects.bulk_create(
            MinutesCheck(county_id=negotiation.county_id, minutes=minutes, party=party) for party in checkers
        )
        record(minutes, "opened", by=by, at=at)
        opened.append(minutes)
    return opened


@transaction.atomic
def send_for_checking(minutes: Minutes, *, check_by: date, by: User | None, at: datetime | None = None) -> Minutes:
    """Send a draft to its checkers, who have until the date to mark it.

    Raises NotAllowedNow unless it is a draft, and where the date has passed already when it is sent.
    """
    minutes = locked(minutes)
    target = require_state(minutes, MOVES, "send_for_checking")
    if check_by < _day(at):
        raise NotAllowedNow(_("The date by which to check has passed. Give a later one."))
    minutes.state, minutes.check_by = target, check_by
    minutes.save(update_fields=["state", "check_by"])
    record(minutes, "sent_for_checking", by=by, at=at, check_by=check_by.isoformat())
    request_minutes_document(minutes, by=by, at=at)
    return minutes


@transaction.atomic
def return_to_draft(minutes: Minutes, *, by: User | None, at: datetime | None = None) -> Minutes:
    """Take minutes back to mend a matter; marks given to the former text do not count for the new one.

    Raises NotAllowedNow for a draft, and for minutes that are published.
    """
    minutes = locked(minutes)
    minutes.state = require_state(minutes, MOVES, "return_to_draft")
    minutes.save(update_fields=["state"])
    MinutesCheck.objects.filter(minutes=minutes).update(outcome=MinutesCheck.Outcome.WAITING, marked_on=None)
    record(minutes, "returned_to_draft", by=by, at=at)
    return minutes


@transaction.atomic
def mark(
    check: MinutesCheck,
    *,
    by: User | None,
    at: datetime | None = None,
    outcome: MinutesCheck.Outcome = MinutesCheck.Outcome.APPROVED,
) -> Minutes:
    """Enter a checker's mark; the last one makes the minutes checked and their final document.

    Raises NotAllowedNow unless the minutes are being checked and this checker has not marked them yet.
    """
    if outcome == MinutesCheck.Outcome.WAITING:
        raise ValueError("A mark cannot be “waiting”.")
    minutes = locked(check.minutes)
    target = require_state(minutes, MOVES, "mark")
    check = locked(check)
    if check.outcome != MinutesCheck.Outcome.WAITING:
        raise NotAllowedNow(_("This checker has marked the minutes already."))
    check.outcome, check.marked_on = outcome, _day(at)
    check.save(update_fields=["outcome", "marked_on"])
    record(minutes, "marked", by=by, at=at, check=check.pk, outcome=outcome.value)
    if not minutes.checks.filter(outcome=MinutesCheck.Outcome.WAITING).exists():
        minutes.state = target
        minutes.save(update_fields=["state"])
        record(minutes, "checked", by=by, at=at)
        request_minutes_document(minutes, by=by, at=at)
    return minutes


@transaction.atomic
def publish(minutes: Minutes, *, by: User | None, at: datetime | None = None) -> Minutes:
    """Publish minutes that have been checked (621/1999, 6 §: public once checked and confirmed).

    Raises NotAllowedNow unless they are checked.
    """
    minutes = locked(minutes)
    minutes.state = require_state(minutes, MOVES, "publish")
    minutes.published_on = _day(at)
    minutes.save(update_fields=["state", "published_on"])
    record(minutes, "published", by=by, at=at)
    return minutes
