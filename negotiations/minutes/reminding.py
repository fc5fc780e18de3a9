"""Reminding those who have not checked minutes: by beat once, some days before the last day, or by the coordinator."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities.models import County, User
from municipalities.moves import NotAllowedNow
from negotiations.minutes import links
from negotiations.minutes.versions import BEGINS
from negotiations.models import Minutes, MinutesCheck, MinutesLink, MinutesVersion

# Who had a letter less than this ago is not reminded again.
REST = timedelta(hours=1)


def is_due(*, check_by: date, remind_days: int, asked_on: date | None, today: date) -> bool:
    """Return whether a checker who has not marked the minutes is reminded on a day.

    From so many days before the last day to the last day itself; not on the day when they were asked. Nought days:
    never.
    """
    return (
        remind_days > 0
        and check_by - timedelta(days=remind_days) <= today <= check_by
        and (asked_on is None or asked_on < today)
    )


def remind_due(county: County, *, today: date | None = None) -> int:
    """Remind the checkers whose last day draws near, each once in a time of checking; return how many.

    Only those who have an e-mail address and have not marked the minutes. Repeatable; inside the county's scope.
    """
    today = today or timezone.localdate()
    if not county.remind_days:
        return 0
    rows = (
        MinutesCheck.objects.filter(
            outcome=MinutesCheck.Outcome.WAITING,
            minutes__state=Minutes.State.CHECKING,
            minutes__check_by__range=(today, today + timedelta(days=county.remind_days)),
        )
        .exclude(email="")
        .select_related("minutes")
        .annotate(asked_at=Max("links__asked_at"))
        .order_by("pk")
    )
    reminded = 0
    for row in rows:
        asked_on = timezone.localdate(row.asked_at) if row.asked_at else None
        check_by = row.minutes.check_by
        if check_by and is_due(check_by=check_by, remind_days=county.remind_days, asked_on=asked_on, today=today):
            # The checker may just have marked the minutes, or another worker have reminded them.
            with suppress(NotAllowedNow):
                _remind(row, by=None)
                reminded += 1
    return reminded


def remind(check: MinutesCheck, *, by: User) -> MinutesLink:
    """Remind a checker now, by the coordinator, however often they have been reminded, but not twice in an hour.

    Raises NotAllowedNow where the checker is not waited for, has no e-mail address, or has just had a letter.
    """
    return _remind(check, by=by)


@transaction.atomic
def _remind(check: MinutesCheck, *, by: User | None) -> MinutesLink:
    """Queue a reminder with a new link. `by` None: by beat, once in a time of checking."""
    row = links.expected(check)
    now = timezone.now()
    if by is None and _has_been_reminded(row):
        raise NotAllowedNow(_("This checker has been reminded already."))
    if by is not None and row.links.filter(Q(asked_at__gt=now - REST) | Q(sent_at__gt=now - REST)).exists():
        raise NotAllowedNow(_("This checker has had a letter less than an hour ago. Wait a while before you remind."))
    return links.remind(row, by=by)


def _has_been_reminded(check: MinutesCheck) -> bool:
    """Whether the checker has been reminded since the minutes were last sent for checking, or to be checked anew.

    A change of matter gives a later day, and another reminder before it. One query.
    """
    if check.reminded_at is None:
        return False
    sent = MinutesVersion.objects.filter(minutes=check.minutes_id, kind__in=BEGINS)
    sent_at = sent.aggregate(at=Max("made_at"))["at"]
    return sent_at is None or sent_at <= check.reminded_at
