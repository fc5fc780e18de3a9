"""The settings of a year of cards: which indicators are on them, and by when they are to be sent."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import Card, CardVersion, CardYear, County, User
from municipalities.moves import NotAllowedNow, locked


def latest_year(years: Sequence[CardYear]) -> CardYear | None:
    """Return of a county's years the one that is at hand: the latest."""
    return max(years, key=lambda row: row.year, default=None)


def years_of(county: County) -> list[CardYear]:
    """Return a county's years of cards, the latest first. One query."""
    rows: list[CardYear] = list(CardYear.objects.select_related("indicator_set").order_by("-year"))
    for row in rows:
        row.county = county
    return rows


def proposed_year(years: Sequence[CardYear], *, this_year: int) -> int:
    """Return the year that is begun next unless told otherwise: this one, or the one after those there are."""
    latest = latest_year(years)
    return this_year if latest is None or latest.year < this_year else latest.year + 1


def set_is_fixed(card_year: CardYear) -> bool:
    """Whether the indicators of a year stay as they are: a card has been sent with their figures. One query."""
    return bool(CardVersion.objects.filter(card__card_year=card_year).exists())


@transaction.atomic
def change_year(card_year: CardYear, *, fields: Sequence[str], by: User) -> CardYear:
    """Save a year of which these fields have been changed.

    Raises NotAllowedNow when the year is locked, and for other indicators once a card of the year has been sent.
    """
    now = locked(card_year)
    # A card that is just being sent is sent with the indicators that there were; those after it have the new ones.
    list(Card.objects.filter(card_year=now).select_for_update(of=("self",)).order_by("pk").values("pk"))
    if now.is_locked:
        raise NotAllowedNow(_("The cards of the year are locked. Open them first."))
    if now.indicator_set_id != card_year.indicator_set_id and set_is_fixed(card_year):
        raise NotAllowedNow(why_fixed())
    card_year.save(update_fields=["indicator_set", "due_on"])
    if fields:
        record(card_year, "changed", by=by, fields=sorted(fields))
    return card_year


def why_fixed() -> str:
    """Say why a year's indicators cannot be changed any more."""
    return _("A card of the year has been sent with these indicators, so they stay: the cards are to be comparable.")
