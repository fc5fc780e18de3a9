"""The letter to a deputy: what they have been given, and how to get in."""

from __future__ import annotations

from datetime import timedelta

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from municipalities import letters, timewords
from municipalities.deputies.appointing import Standing, standing_of
from municipalities.models import County, Membership, User


def password_address(user: User) -> str:
    """Return the address by which a user sets a password, as the letter of "forgotten password" has it."""
    path = reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)},
    )
    return f"{settings.SITE_URL}{path}"


def send_letter(county: County, membership_id: int) -> int:
    """Write to a deputy and send it; return how many were sent. Inside the county's scope, in a worker.

    Nothing is sent to one whose days have been ended meanwhile. Raises OSError while the mail server is away.
    """
    row: Membership | None = (
        Membership.objects.filter(pk=membership_id, county=county, ends_on__isnull=False)
        .select_related("user", "municipality__area", "given_by")
        .first()
    )
    if row is None or row.ends_on is None or standing_of(row) == Standing.PAST:
        return 0
    user = row.user
    with translation.override(user.language):
        return letters.send(
            to=[user.email],
            subject=_("You are a deputy in Hyte: %(municipality)s") % {"municipality": row.municipality},
            template="letters/deputy.txt",
            context={
                "municipality": str(row.municipality),
                "county_name": str(county),
                "days": timewords.days(row.starts_on or row.ends_on, row.ends_on),
                "given_by": str(row.given_by or ""),
                "email": user.email,
                "is_coming": standing_of(row) == Standing.COMING,
                "password_url": "" if user.has_usable_password() else password_address(user),
                "password_days": timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT).days,
                "forgotten_url": settings.SITE_URL + reverse("account_reset_password"),
            },
            language=user.language,
        )
