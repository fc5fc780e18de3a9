"""Who checks the minutes: added, named and taken off while the minutes are a draft, replaced until they are checked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import User
from municipalities.moves import NotAllowedNow, locked
from negotiations.minutes import links
from negotiations.minutes.checking import parties_that_check
from negotiations.minutes.writing import draft
from negotiations.models import CheckerReplacement, Minutes, MinutesCheck, Party

State = Minutes.State
Outcome = MinutesCheck.Outcome


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
    _set_email(check, check.email)
    check.save()
    record(minutes, "checker_added", by=by, at=at, check=check.pk)
    return check


@transaction.atomic
def name_checker(
    check: MinutesCheck, *, fields: Sequence[str], by: User | None, at: datetime | None = None
) -> MinutesCheck:
    """Save who a party's checker is and where the link is sent. Raises NotAllowedNow unless the minutes are a draft."""
    minutes = draft(check.minutes)
    if fields:
        _set_email(check, check.email)
        check.save(update_fields=[*fields, "delete_after"])
        record(minutes, "checker_named", by=by, at=at, check=check.pk)
    return check


@transaction.atomic
def remove_checker(check: MinutesCheck, *, by: User | None, at: datetime | None = None) -> None:
    """Take a checker off the minutes.

    Raises NotAllowedNow unless they are a draft, and for one who has made remarks, which stay with the minutes.
    """
    minutes = draft(check.minutes)
    if check.remarks.exists():
        raise NotAllowedNow(
            _(
                "This checker has made remarks, which stay with the minutes. Replace the checker instead, with the"
                " reason."
            )
        )
    record(minutes, "checker_removed", by=by, at=at, check=check.pk)
    check.delete()


def require_replaceable(minutes: Minutes) -> None:
    """Raise NotAllowedNow once the minutes have been checked."""
    if minutes.state not in {State.DRAFT, State.CHECKING}:
        raise NotAllowedNow(_("The minutes have been checked, so that their checkers never change any more."))


@transaction.atomic
def replace_checker(
    check: MinutesCheck,
    *,
    name: str,
    role: str,
    email: str = "",
    reason: str,
    by: User | None,
    at: datetime | None = None,
) -> MinutesCheck:
    """Put another checker of the same party in the place of one who cannot check, with the reason.

    The former's mark counts no more and their link opens nothing; the new one gets a link where there is an address.
    What the former remarked stays, to be decided on. Raises NotAllowedNow without a reason and without a name or role,
    and once the minutes have been checked.
    """
    minutes = locked(check.minutes)
    require_replaceable(minutes)
    check = locked(check)
    if not reason.strip():
        raise NotAllowedNow(_("Give the reason why the checker is replaced."))
    if not (name.strip() or role.strip()):
        raise NotAllowedNow(_("Give the name or the role of the new checker."))
    CheckerReplacement.objects.create(
        county_id=check.county_id,
        check_row=check,
        name=check.name,
        role=check.role,
        reason=reason.strip(),
        replaced_at=at or timezone.now(),
    )
    check.name, check.role = name.strip(), role.strip()
    check.outcome, check.marked_on, check.version, check.reminded_at = Outcome.WAITING, None, None, None
    _set_email(check, email.strip())
    check.save()
    record(minutes, "checker_replaced", by=by, at=at, check=check.pk)
    check.minutes = minutes
    # The former's link is closed by it in any case.
    links.ask(check, by=by)
    return check


def _set_email(check: MinutesCheck, email: str) -> None:
    """Set where the link is sent, and until when the address is kept."""
    until = max(filter(None, [timezone.localdate(), check.minutes.check_by]))
    check.email = email
    check.delete_after = links.contacts_go(check.minutes.county, until) if email else None
