"""What the parties have wished of the time of a negotiation: between two days, on some weekdays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from municipalities import timewords
from municipalities.events import record
from municipalities.models import User
from municipalities.moves import NotAllowedNow, locked
from negotiations.models import Negotiation, PlacementWish
from negotiations.planning.timing import Precision, Timing

EVERY_DAY = range(1, 8)


@dataclass(frozen=True)
class Wish:
    """When a negotiation should be. Weekdays are ISO weekdays (Monday is 1); none: any of them."""

    earliest: date | None = None
    latest: date | None = None
    weekdays: frozenset[int] = frozenset()
    note: str = ""

    @classmethod
    def of(cls, row: PlacementWish) -> Wish:
        """Return the wish that a row keeps."""
        return cls(row.earliest, row.latest, frozenset(row.weekdays), row.note)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is wished, not even in words."""
        return self == Wish()

    @property
    def binds(self) -> bool:
        """Whether it rules out any days: words alone are for people."""
        return bool(self.earliest or self.latest or (self.weekdays and self.weekdays != frozenset(EVERY_DAY)))

    def allows_days(self, day: date) -> bool:
        """Whether the day is neither too early nor too late."""
        return (self.earliest is None or day >= self.earliest) and (self.latest is None or day <= self.latest)

    def allows_weekday(self, day: date) -> bool:
        """Whether the day is on one of the weekdays wished."""
        return not self.weekdays or day.isoweekday() in self.weekdays

    def allows(self, day: date) -> bool:
        """Whether the day is as wished."""
        return self.allows_days(day) and self.allows_weekday(day)

    def is_missed_by(self, timing: Timing) -> bool:
        """Whether a time is certainly not as wished, as far as the time is known."""
        if self.earliest is not None and timing.latest < self.earliest:
            return True
        if self.latest is not None and timing.earliest > self.latest:
            return True
        is_one_day = timing.precision != Precision.MONTH and timing.earliest == timing.latest
        return is_one_day and not self.allows(timing.earliest)

    @property
    def days_words(self) -> str:
        """Write between which days: "aikaisintaan 1.10.2024", "1.–15.10.2024"; empty where none are wished."""
        if self.earliest and self.latest:
            return timewords.days(self.earliest, self.latest)
        if self.earliest:
            return _("not before %(day)s") % {"day": timewords.day(self.earliest, weekday=False)}
        if self.latest:
            return _("not after %(day)s") % {"day": timewords.day(self.latest, weekday=False)}
        return ""

    @property
    def weekdays_words(self) -> str:
        """Write the weekdays: "maanantai, tiistai"; empty where any will do."""
        return weekdays_words(sorted(self.weekdays))

    @property
    def words(self) -> str:
        """Write the wish on a line: "aikaisintaan 1.10.2024; maanantai, tiistai; mieluiten aamupäivällä"."""
        return "; ".join(part for part in (self.days_words, self.weekdays_words, self.note) if part)


def weekdays_words(weekdays: Sequence[int]) -> str:
    """Write weekdays, by their ISO numbers, with their whole names."""
    return ", ".join(str(WEEKDAYS[day - 1]) for day in weekdays)


@transaction.atomic
def set_wish(negotiation: Negotiation, wish: Wish, *, by: User | None, at: datetime | None = None) -> None:
    """Keep what is wished of the time of a planned negotiation; an empty wish takes away what there was.

    Raises NotAllowedNow once the parties have been invited, or it has been cancelled.
    """
    negotiation = locked(negotiation)
    require_planned(negotiation)
    former = PlacementWish.objects.filter(negotiation=negotiation).first()
    if (Wish.of(former) if former else Wish()) == wish:
        return
    if wish.is_empty:
        PlacementWish.objects.filter(negotiation=negotiation).delete()
    else:
        PlacementWish.objects.update_or_create(
            negotiation=negotiation,
            defaults={
                "county_id": negotiation.county_id,
                "earliest": wish.earliest,
                "latest": wish.latest,
                "weekdays": sorted(wish.weekdays),
                "note": wish.note,
            },
        )
    record(negotiation, "wish_changed", by=by, at=at, removed=wish.is_empty)


def require_planned(negotiation: Negotiation) -> None:
    """Raise NotAllowedNow where a wish for the time comes too late."""
    if negotiation.state != Negotiation.State.PLANNED:
        raise NotAllowedNow(
            _("A wish for the time can be changed only while the negotiation is planned. Its state is “%(state)s”.")
            % {"state": negotiation.get_state_display()}
        )
