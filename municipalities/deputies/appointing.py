"""Naming a deputy of a municipality, and ending it. A deputy is an editor of the municipality with a last day.

Whether the person has an account is told to nobody: the answer is the same, and the letter alone differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities import letters, timewords
from municipalities.access import Access
from municipalities.events import record
from municipalities.models import County, Membership, Municipality, User
from municipalities.moves import NotAllowedNow

Role = Membership.Role


class Standing(StrEnum):
    """Where a deputy's days are, seen from today. In the order in which they are listed."""

    PRESENT = "present"
    COMING = "coming"
    PAST = "past"


@dataclass(frozen=True)
class Days:
    """From the first day to the last, both included."""

    starts_on: date
    ends_on: date


def year_from(day: date) -> date:
    """Return the last day of a year that begins on a day: the longest that somebody may be a deputy at a time."""
    try:
        return day.replace(year=day.year + 1) - timedelta(days=1)
    except ValueError:  # the year after has no 29th of February
        return date(day.year + 1, 2, 28)


def check_days(days: Days, *, today: date) -> None:
    """Raise ValidationError, by the name of the field, unless these can be the days of a deputy."""
    if days.ends_on < today:
        raise ValidationError({"ends_on": _("The last day has passed already. Give one to come.")})
    if days.ends_on < days.starts_on:
        raise ValidationError({"ends_on": _("The last day is before the first one. Correct either.")})
    if days.starts_on.year > today.year + 1 or days.ends_on > year_from(days.starts_on):
        raise ValidationError({"ends_on": _("Give at most a year at a time. It can be continued later.")})


def municipalities_of(access: Access) -> QuerySet[Municipality]:
    """Return the municipalities that the user may name deputies for: of the county, all for its coordinator."""
    rows = Municipality.objects.filter(county=access.county).select_related("area").order_by("area__order")
    return rows if access.is_coordinator else rows.filter(pk__in=access.lasting_ids)


def deputies_of(access: Access, *, today: date | None = None) -> QuerySet[Membership]:
    """Return the deputies that the user may see and end, with `standing` (0 present, 1 coming, 2 past)."""
    today = today or timezone.localdate()
    rows: QuerySet[Membership] = Membership.objects.filter(
        role=Role.MUNICIPAL_EDITOR, county=access.county, ends_on__isnull=False
    )
    if not access.is_coordinator:
        rows = rows.filter(municipality__in=access.lasting_ids)
    standing = Case(
        When(ends_on__lt=today, then=Value(2)),
        When(starts_on__gt=today, then=Value(1)),
        default=Value(0),
        output_field=IntegerField(),
    )
    return rows.annotate(standing=standing).select_related("user", "municipality__area", "given_by")


def standing_of(membership: Membership, *, today: date | None = None) -> Standing:
    """Return where a deputy's days are."""
    today = today or timezone.localdate()
    if membership.ends_on is not None and membership.ends_on < today:
        return Standing.PAST
    is_coming = membership.starts_on is not None and membership.starts_on > today
    return Standing.COMING if is_coming else Standing.PRESENT


@transaction.atomic
def appoint(municipality: Municipality, *, email: str, name: str, days: Days, by: User) -> Membership:
    """Name a person, known by their e-mail, a deputy of a municipality of a county; write to them.

    Where there is no account with the address one is made, without a password, in the name given and in the language
    of who names: the letter leads to setting one. Raises ValidationError by the name of the field where the days
    cannot be, the person names themselves, edits for the municipality anyhow, or is or will be its deputy already.
    """
    from municipalities.tasks import send_deputy_letter

    check_days(days, today=timezone.localdate())
    email = email.strip().lower()
    if email == by.email.lower():
        raise ValidationError({"email": _("You cannot be your own deputy. Give another person's address.")})
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        user = User.objects.create_user(email, name=name.strip(), language=by.language)
    # Two who name the same person at the same moment: the second one finds the row of the first.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    place = {"user": user, "role": Role.MUNICIPAL_EDITOR, "county": municipality.county, "municipality": municipality}
    row: Membership | None = Membership.objects.filter(**place, organisation=None).first()
    if row is not None:
        _refuse_double(row, email)
    row = row or Membership(**place)
    row.starts_on, row.ends_on, row.given_by = days.starts_on, days.ends_on, by
    row.save()
    record(row, "deputy_named", by=by, **_facts(row))
    letters.post(send_deputy_letter, _county_id(row), row.pk)
    return row


def _refuse_double(row: Membership, email: str) -> None:
    values = {"email": email, "municipality": row.municipality}
    if row.ends_on is None:
        raise ValidationError(
            {
                "email": _("%(email)s is an editor of the municipality already (%(municipality)s), without a last day.")
                % values
            }
        )
    if standing_of(row) != Standing.PAST:
        raise ValidationError(
            {
                "email": _(
                    "%(email)s is a deputy already (%(municipality)s, %(days)s). End that first if the days are to be"
                    " others."
                )
                % (values | {"days": timewords.days(row.starts_on or row.ends_on, row.ends_on)})
            }
        )


@transaction.atomic
def end(membership: Membership, *, by: User) -> dict[str, Any]:
    """End a deputy's days now; return what brings them back (see `restore`).

    Yesterday becomes the last day; of one whose first day was not before today nothing is left but the log. Raises
    NotAllowedNow where the days have passed anyhow.
    """
    row: Membership | None = (
        Membership.objects.select_for_update(of=("self",)).filter(pk=membership.pk, ends_on__isnull=False).first()
    )
    if row is None or standing_of(row) == Standing.PAST:
        raise NotAllowedNow(_("The deputy's days have ended already."))
    values = _facts(row)
    today = timezone.localdate()
    record(row, "deputy_ended", by=by, **values)
    if row.starts_on is not None and row.starts_on >= today:
        row.delete()
    else:
        row.ends_on = today - timedelta(days=1)
        row.save(update_fields=["ends_on"])
    return values


@transaction.atomic
def restore(county: County, values: dict[str, Any], *, by: User) -> Membership:
    """Bring back a deputy whose days were ended, as they were. No letter is sent: nothing has changed for them.

    Raises NotAllowedNow where the days have passed meanwhile, or the person has been named anew.
    """
    place = {
        "user_id": values["deputy"],
        "role": Role.MUNICIPAL_EDITOR,
        "county": county,
        "municipality_id": values["municipality"],
    }
    row: Membership = Membership.objects.select_for_update(of=("self",)).filter(
        **place, organisation=None
    ).first() or Membership(**place)
    last = date.fromisoformat(values["ends_on"])
    is_named_anew = row.pk and (row.ends_on is None or standing_of(row) != Standing.PAST)
    if is_named_anew or last < timezone.localdate():
        raise NotAllowedNow(_("This can be undone no more. Add it again by hand."))
    row.starts_on = date.fromisoformat(values["starts_on"]) if values["starts_on"] else None
    row.ends_on, row.given_by_id = last, values["given_by"]
    row.save()
    record(row, "deputy_restored", by=by, **_facts(row))
    return row


@transaction.atomic
def write_again(membership: Membership, *, by: User) -> None:
    """Send the deputy their letter again. Raises NotAllowedNow where their days have ended."""
    from municipalities.tasks import send_deputy_letter

    if standing_of(membership) == Standing.PAST:
        raise NotAllowedNow(_("The deputy's days have ended already."))
    record(membership, "deputy_written", by=by, deputy=membership.user_id)
    letters.post(send_deputy_letter, _county_id(membership), membership.pk)


def _county_id(row: Membership) -> int:
    county_id = row.county_id
    if county_id is None:
        raise ValueError("a deputy is of a county")
    return county_id


def _facts(row: Membership) -> dict[str, Any]:
    return {
        "deputy": row.user_id,
        "municipality": row.municipality_id,
        "starts_on": row.starts_on.isoformat() if row.starts_on else None,
        "ends_on": row.ends_on.isoformat() if row.ends_on else None,
        "given_by": row.given_by_id,
    }
