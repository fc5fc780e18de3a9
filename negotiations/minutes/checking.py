"""The one door to the state of minutes: draft, being checked, checked, published."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import County, User
from municipalities.moves import NotAllowedNow, locked, require_state
from negotiations.minutes.composing import parts_with_minutes, request_minutes_document
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

    Every party that checks has a checker. Repeatable: minutes that exist are left as they are.
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
        parts = [*parts_with_minutes(negotiation)]
    checkers = parties_that_check(negotiation)
    opened = []
    for part in parts:
        minutes = Minutes.objects.create(county_id=negotiation.county_id, negotiation=negotiation, part=part)
        MinutesCheck.objects.bulk_create(
            MinutesCheck(county_id=negotiation.county_id, minutes=minutes, party=party) for party in checkers
        )
        record(minutes, "opened", by=by, at=at)
        opened.append(minutes)
    return opened


def parties_that_check(negotiation: Negotiation) -> list[Party]:
    """Return the parties that have a checker: municipalities that took part, and the county where it has set so.

    Organisations have none. Where no municipality took part the county checks: somebody must.
    """
    came = [
        party
        for party in negotiation.parties.select_related("municipality__area", "county__area").order_by("id")
        if party.participation == Party.Participation.TOOK_PART and party.organisation_id is None
    ]
    municipalities = [party for party in came if party.municipality_id]
    everyone = negotiation.county.minutes_checkers == County.Checkers.PARTIES
    return came if everyone or not municipalities else municipalities


@transaction.atomic
def send_for_checking(minutes: Minutes, *, check_by: date, by: User | None, at: datetime | None = None) -> Minutes:
    """Send a draft to its checkers, who have until the date to mark it.

    Raises NotAllowedNow unless it is a draft with a checker, and where the date has passed already when it is sent.
    """
    minutes = locked(minutes)
    target = require_state(minutes, MOVES, "send_for_checking")
    if not minutes.checks.exists():
        raise NotAllowedNow(_("The minutes have no checker. Add at least one, and send them then."))
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

    Raises NotAllowedNow unless the minutes are being checked and this checker has not marked them yet. Silence is a
    mark only where the county has set so, and once the date has passed.
    """
    if outcome == MinutesCheck.Outcome.WAITING:
        raise ValueError("A mark cannot be “waiting”.")
    minutes = locked(check.minutes)
    target = require_state(minutes, MOVES, "mark")
    check = locked(check)
    if check.outcome != MinutesCheck.Outcome.WAITING:
        raise NotAllowedNow(_("This checker has marked the minutes already."))
    if outcome == MinutesCheck.Outcome.SILENT:
        _require_silence_counts(minutes, _day(at))
    check.outcome, check.marked_on = outcome, _day(at)
    check.save(update_fields=["outcome", "marked_on"])
    record(minutes, "marked", by=by, at=at, check=check.pk, outcome=outcome.value)
    if not minutes.checks.filter(outcome=MinutesCheck.Outcome.WAITING).exists():
        minutes.state = target
        minutes.save(update_fields=["state"])
        record(minutes, "checked", by=by, at=at)
        request_minutes_document(minutes, by=by, at=at)
    return minutes


def _require_silence_counts(minutes: Minutes, day: date) -> None:
    if not minutes.county.silence_is_checking:
        raise NotAllowedNow(
            _(
                "In this county the minutes are checked only when everyone has marked them: silence is not enough."
                " Ask the checker for the mark, or enter it when it has come otherwise."
            )
        )
    if minutes.check_by is None or minutes.check_by >= day:
        raise NotAllowedNow(
            _("The checkers still have time to mark the minutes. Enter silence once the date has passed.")
        )


def mark_the_silent(county: County, *, at: datetime | None = None) -> int:
    """Mark for the checkers who made no remarks by the date, where the county has set that this means checked.

    Repeatable, and each mark is made on its own: one that somebody makes at the same moment is left as it is.
    Returns how many marks were made.
    """
    if not county.silence_is_checking:
        return 0
    waiting = MinutesCheck.objects.filter(
        minutes__state=State.CHECKING, minutes__check_by__lt=_day(at), outcome=MinutesCheck.Outcome.WAITING
    )
    made = 0
    for check in waiting.select_related("minutes").order_by("minutes_id", "id"):
        # The minutes may have been taken back meanwhile, or the checker may just have marked them.
        with suppress(NotAllowedNow):
            mark(check, by=None, at=at, outcome=MinutesCheck.Outcome.SILENT)
            made += 1
    return made


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
