"""When a negotiation is, as exactly as it is known: to the minute, to the day, or only to months."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities import timewords
from negotiations.models import Negotiation, Postponement, Slot

Precision = Negotiation.Precision


@dataclass(frozen=True)
class Timing:
    """A time of a negotiation. `starts_at` and `ends_at` are known only to the minute."""

    precision: str
    earliest: date
    latest: date
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    @classmethod
    def of(cls, row: Negotiation | Postponement) -> Timing:
        """Return the time that a row has."""
        return cls(row.precision, row.earliest, row.latest, row.starts_at, row.ends_at)

    @classmethod
    def in_slot(cls, slot: Slot) -> Timing:
        """Return the time of a slot."""
        day = timezone.localdate(slot.starts_at)
        return cls(Precision.MINUTE, day, day, slot.starts_at, slot.ends_at)

    @classmethod
    def at_clock(cls, day: date, starts: time, ends: time) -> Timing:
        """Return a time known to the minute. Raises ValidationError for a clock time that the day has not, or twice."""
        return cls(Precision.MINUTE, day, day, local_moment(day, starts), local_moment(day, ends))

    @classmethod
    def in_months(cls, first: date, last: date) -> Timing:
        """Return a time known only to whole months, from that of the first day to that of the last."""
        end = last.replace(day=monthrange(last.year, last.month)[1])
        return cls(Precision.MONTH, first.replace(day=1), end)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Timing:
        """Read a time as an event's payload keeps it."""
        starts, ends = data.get("starts_at"), data.get("ends_at")
        return cls(
            data["precision"],
            date.fromisoformat(data["earliest"]),
            date.fromisoformat(data["latest"]),
            datetime.fromisoformat(starts) if starts else None,
            datetime.fromisoformat(ends) if ends else None,
        )

    def to_json(self) -> dict[str, str]:
        """Return the time as an event's payload keeps it."""
        data = {
            "precision": str(self.precision),
            "earliest": self.earliest.isoformat(),
            "latest": self.latest.isoformat(),
        }
        if self.starts_at and self.ends_at:
            data |= {"starts_at": self.starts_at.isoformat(), "ends_at": self.ends_at.isoformat()}
        return data

    def put_on(self, row: Negotiation | Postponement) -> None:
        """Give a row this time; it is not saved."""
        row.precision, row.earliest, row.latest = self.precision, self.earliest, self.latest
        row.starts_at, row.ends_at = self.starts_at, self.ends_at

    @property
    def words(self) -> str:
        """Write the time: "to 26.9.2024 klo 8.15–12.00, vko 39", or "maalis–huhtikuu 2023"."""
        if self.starts_at and self.ends_at:
            return timewords.sitting(self.starts_at, self.ends_at)
        if self.precision == Precision.MONTH:
            return timewords.months(self.earliest, self.latest)
        if self.earliest == self.latest:
            return f"{timewords.day(self.earliest)}, {timewords.week(self.earliest)}"
        return timewords.days(self.earliest, self.latest)


def local_moment(day: date, clock: time) -> datetime:
    """Return the moment at which clocks show this time on the day.

    Raises ValidationError for a time that daylight saving skips in spring, and for one that comes twice in autumn.
    """
    zone = timezone.get_default_timezone()
    moment = datetime.combine(day, clock, zone)
    words = {"day": timewords.day(day), "clock": timewords.clock(moment)}
    if moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment.replace(tzinfo=None):
        raise ValidationError(
            _(
                "There is no %(clock)s on %(day)s: the clocks are put forward an hour that night."
                " Give a time before 3 or from 4 on."
            )
            % words
        )
    if moment.utcoffset() != moment.replace(fold=1).utcoffset():
        raise ValidationError(
            _(
                "%(clock)s comes twice on %(day)s: the clocks are put back an hour that night."
                " Give a time before 3 or from 4 on."
            )
            % words
        )
    return moment
