"""The times in which a round's negotiations can be held, from a rule rather than from a typed list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from negotiations.models import Round, Slot

MONDAY, SUNDAY = 1, 7


@dataclass(frozen=True)
class SlotRule:
    """One slot on each given weekday of the weeks, at the same wall-clock time, with exceptions.

    Weeks are ISO weeks and weekdays ISO weekdays (Monday is 1). A county says "weeks 35-48, Thursdays and Fridays
    8.15-12.00, week 42 off, week 44 on Wednesday and Friday, on some Thursdays from 9".
    """

    year: int
    first_week: int
    last_week: int
    weekdays: tuple[int, ...]
    starts: time
    ends: time
    weeks_off: tuple[int, ...] = ()
    #: Weeks with other weekdays than the usual.
    weekdays_of_week: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    #: Days that start later (or earlier) than the usual.
    starts_on_day: Mapping[date, time] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse, with a message that names the field, a rule that makes no sense."""
        weeks_in_year = date(self.year, 12, 28).isocalendar().week
        if not 1 <= self.first_week <= self.last_week <= weeks_in_year:
            raise ValueError(
                _("Weeks: give them between 1 and %(last)s, the first one before the last one.")
                % {"last": weeks_in_year}
            )
        for days in (self.weekdays, *self.weekdays_of_week.values()):
            if not all(MONDAY <= day <= SUNDAY for day in days):
                raise ValueError(_("Weekdays: give them between 1 (Monday) and 7 (Sunday)."))
        for start in (self.starts, *self.starts_on_day.values()):
            if start >= self.ends:
                raise ValueError(_("Times: the end must be after the start."))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SlotRule:
        """Read a rule as it is stored with a round."""
        return cls(
            year=data["year"],
            first_week=data["first_week"],
            last_week=data["last_week"],
            weekdays=tuple(data["weekdays"]),
            starts=time.fromisoformat(data["starts"]),
            ends=time.fromisoformat(data["ends"]),
            weeks_off=tuple(data.get("weeks_off", ())),
            weekdays_of_week={int(week): tuple(days) for week, days in data.get("weekdays_of_week", {}).items()},
            starts_on_day={
                date.fromisoformat(day): time.fromisoformat(start)
                for day, start in data.get("starts_on_day", {}).items()
            },
        )

    def to_json(self) -> dict[str, Any]:
        """Return the rule as it is stored with a round."""
        return {
            "year": self.year,
            "first_week": self.first_week,
            "last_week": self.last_week,
            "weekdays": list(self.weekdays),
            "starts": self.starts.isoformat("minutes"),
            "ends": self.ends.isoformat("minutes"),
            "weeks_off": list(self.weeks_off),
            "weekdays_of_week": {str(week): list(days) for week, days in self.weekdays_of_week.items()},
            "starts_on_day": {day.isoformat(): start.isoformat("minutes") for day, start in self.starts_on_day.items()},
        }


def slot_times(rule: SlotRule, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """Return the start and end of every slot of a rule, in order of time.

    Times are wall-clock times of the zone, so that 8.15 stays 8.15 over the end of daylight saving.
    """
    times = []
    for week in range(rule.first_week, rule.last_week + 1):
        if week in rule.weeks_off:
            continue
        for weekday in sorted(set(rule.weekdays_of_week.get(week, rule.weekdays))):
            day = date.fromisocalendar(rule.year, week, weekday)
            start = rule.starts_on_day.get(day, rule.starts)
            times.append((datetime.combine(day, start, zone), datetime.combine(day, rule.ends, zone)))
    return times


@transaction.atomic
def make_slots(round_: Round) -> Sequence[Slot]:
    """Make the slots of the round's rule that it does not have yet. Repeatable; slots in use are left alone."""
    if not round_.slot_rule:
        return []
    zone = timezone.get_default_timezone()
    if not isinstance(zone, ZoneInfo):
        raise TypeError("The time zone of the settings must be a named one.")
    Slot.objects.bulk_create(
        [
            Slot(county_id=round_.county_id, round=round_, starts_at=starts, ends_at=ends)
            for starts, ends in slot_times(SlotRule.from_json(round_.slot_rule), zone)
        ],
        ignore_conflicts=True,
    )
    return list(Slot.objects.filter(round=round_))
