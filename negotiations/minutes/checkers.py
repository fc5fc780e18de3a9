"""Who checks the minutes: added, named and taken off while the minutes are a draft."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import User
from municipalities.moves import NotAllowedNow
from negotiations.minutes.checking import parties_that_check
from negotiations.minutes.writing import draft
from negotiations.models import Minutes, MinutesCheck, Party


def parties_without_checker(minutes: Minutes) -> list[Party]:
    """Return the parties that check the minutes but have no checker in them."""
    have = set(minutes.checks.values_list("party_id", flat=True))
    return [party for party in parties_that_check(minutes.negotiation) if party.pk not in have]


@transaction.atomic
def add_checker(check: MinutesCheck, *, by: User | None, at: datetime | None = None) -> MinutesCheck:
    """Add a checker, not saved yet, to the minutes it names.

    Raises NotAllowedNow unless they are a draft, and where the party has one already or is none that checks.
    """
    minutes = draft(check.minutes)
    if check.party_id not in {party.pk for party in parties_without_checker(minutes)}:
        raise NotAllowedNow(
            _("The party has a checker already, or is not one that checks the minutes. Open the page again.")
        )
    check.save()
    record(minutes, "checker_added", by=by, at=at, check=check.pk)
    return check


@transaction.atomic
def name_checker(
    check: MinutesCheck, *, fields: Sequence[str], by: User | None, at: datetime | None = None
) -> MinutesCheck:
    """Save who a party's checker is. Raises NotAllowedNow unless the minutes are a draft."""
    minutes = draft(check.minutes)
    if fields:
        check.save(update_fields=list(fields))
        record(minutes, "checker_named", by=by, at=at, check=check.pk)
    return check


@transaction.atomic
def remove_checker(check: MinutesCheck, *, by: User | None, at: datetime | None = None) -> None:
    """Take a checker off the minutes. Raises NotAllowedNow unless they are a draft."""
    minutes = draft(check.minutes)
    record(minutes, "checker_removed", by=by, at=at, check=check.pk)
    check.delete()
