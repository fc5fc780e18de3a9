"""The rule of a round's slots as plain values: weeks, weekdays, times of the day, and what differs from them.

A county says "weeks 35-48, Thursdays and Fridays 8.15-12.00, week 42 off, Wednesday 1.11. instead of Thursday 2.11.,
on some Thursdays from 9". Public holidays are left out, unless a day was named on purpose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities import timewords
from negotiations.models import Negotiation
from negotiations.planning.slots.public_holidays import holiday_name, is_public_holiday

MONDAY, SUNDAY = 1, 7
FIRST_YEAR, LAST_YEAR = 2000, 2100
# Clocks are put forward and back at three and four at night: between these, every time comes once a day.
EARLIEST, LATEST = time(6), time(22)
# More than a round can ever use, and a page still shows them.
MOST_SLOTS, MOST_WEEKS, MOST_EXCEPTIONS, MOST_HOURS = 400, 120, 100, 8
LONGEST_REASON = 200
# A day named further from the weeks of the rule than this has a wrong year.
FURTHEST = timedelta(weeks=26)


class RuleError(ValueError):
    """A rule that makes no sense: the field, its row if it has rows, and words that tell the mend.

    As text it names the field too: "Weeks: the last week is before the first one. Correct either."
    """

    def __init__(self, field: str, words: str, *, row: int | None = None) -> None:
        super().__init__(field, words)
        self.field, self.words, self.row = field, words, row

    def __str__(self) -> str:
        name = {
            "weekdays": _("Weekdays"),
            "hours": _("Times of the day"),
            "weeks_off": _("Weeks off"),
            "exceptions": _("Exceptions"),
            "mode": _("Mode"),
        }.get(self.field, _("Weeks"))
        return f"{name}: {self.words}"


@dataclass(frozen=True, order=True)
class IsoWeek:
    """A week of the ISO calendar, with its year: the week 1 of 2027 begins on 4.1.2027, week 53 of 2026 before it."""

    year: int
    number: int

    def __post_init__(self) -> None:
        """Raise RuleError for a week that the year has not."""
        if not FIRST_YEAR <= self.year <= LAST_YEAR:
            raise RuleError("weeks", _("Give the year with four digits, for example 35/2026."))
        last = date(self.year, 12, 28).isocalendar().week
        if not 1 <= self.number <= last:
            raise RuleError(
                "weeks",
                _("There is no week %(week)s in %(year)s, whose weeks are 1–%(last)s. Correct the week.")
                % {"week": self.number, "year": self.year, "last": last},
            )

    @classmethod
    def of(cls, day: date) -> IsoWeek:
        """Return the week that a day is in."""
        year, number, _weekday = day.isocalendar()
        return cls(year, number)

    @classmethod
    def parse(cls, text: str) -> IsoWeek:
        """Read "2023-W35". Raises ValueError for anything else."""
        year, _separator, number = text.partition("-W")
        return cls(int(year), int(number))

    @property
    def monday(self) -> date:
        """The first day of the week."""
        return date.fromisocalendar(self.year, self.number, MONDAY)

    def day(self, weekday: int) -> date:
        """Return the day of the week with this ISO number (Monday is 1)."""
        return date.fromisocalendar(self.year, self.number, weekday)

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02}"

    @property
    def words(self) -> str:
        """The week as people write it: "35/2023"."""
        return f"{self.number}/{self.year}"


def weeks_between(first: IsoWeek, last: IsoWeek) -> Iterator[IsoWeek]:
    """Give the weeks from the first to the last, both included, over the ends of years."""
    monday = first.monday
    while monday <= last.monday:
        yield IsoWeek.of(monday)
        monday += timedelta(weeks=1)


@dataclass(frozen=True, order=True)
class Hours:
    """A time of the day, from and to, by the clock on the wall."""

    starts: time
    ends: time

    def __post_init__(self) -> None:
        """Raise RuleError for an end before the start, and for times of the night."""
        if self.ends <= self.starts:
            raise RuleError("hours", _("The end must be after the start."))
        if self.starts < EARLIEST or self.ends > LATEST:
            raise RuleError("hours", _("Give times between 6 and 22, for example 8.15–12.00."))

    def __str__(self) -> str:
        return f"{self.starts:%H:%M}-{self.ends:%H:%M}"


class ExceptionKind(StrEnum):
    """How a single day differs from the rule."""

    SWAP = "swap"
    ADD = "add"
    HOURS = "hours"
    OFF = "off"


@dataclass(frozen=True)
class DayException:
    """A day that differs: swapped for another, added, at other times, or off; and why, where that is told.

    `instead` is the day that a swapped one is moved to. `hours` of none are those of the rule.
    """

    kind: ExceptionKind
    day: date
    instead: date | None = None
    hours: tuple[Hours, ...] = ()
    reason: str = ""

    def __post_init__(self) -> None:
        """Raise RuleError where the kind asks for what is not there."""
        words = {"day": timewords.day(self.day)}
        if self.kind == ExceptionKind.SWAP and self.instead is None:
            raise _wrong(_("Give the day to which %(day)s is moved.") % words)
        if self.kind == ExceptionKind.SWAP and self.instead == self.day:
            raise _wrong(_("%(day)s is moved to itself. Give another day, or remove the row.") % words)
        if self.kind == ExceptionKind.HOURS and not self.hours:
            raise _wrong(_("Give the times of %(day)s.") % words)
        if self.kind == ExceptionKind.OFF and self.hours:
            raise _wrong(_("%(day)s is a day off and has no times. Remove the times of the row.") % words)
        if self.kind != ExceptionKind.SWAP and self.instead is not None:
            raise _wrong(_("A day to move to is given for %(day)s, which is not moved. Remove one of the two.") % words)
        if len(self.reason) > LONGEST_REASON:
            raise _wrong(_("Shorten the reason of %(day)s to %(most)s characters.") % {**words, "most": LONGEST_REASON})
        _require_apart(self.hours, "exceptions")

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> DayException:
        """Read an exception as it is stored.

        Raises ValueError, KeyError, TypeError or AttributeError for what is none.
        """
        reason = data.get("reason", "")
        if "\x00" in reason:
            raise ValueError("A reason has a character that cannot be saved.")
        # Half a character, which JSON can escape, cannot be saved either.
        reason.encode()
        return cls(
            kind=ExceptionKind(data["kind"]),
            day=date.fromisoformat(data["day"]),
            instead=date.fromisoformat(data["instead"]) if data.get("instead") else None,
            hours=_hours(data.get("hours", ())),
            reason=reason,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the exception as it is stored: only what it has."""
        data: dict[str, Any] = {"kind": self.kind.value, "day": self.day.isoformat()}
        if self.instead:
            data["instead"] = self.instead.isoformat()
        if self.hours:
            data["hours"] = _hours_to_json(self.hours)
        if self.reason:
            data["reason"] = self.reason
        return data

    def __str__(self) -> str:
        hours = " ".join(str(span) for span in self.hours)
        return f"{self.kind} {self.day} {self.instead or ''} {hours} {self.reason}"


@dataclass(frozen=True)
class SlotRule:
    """Slots on the weekdays of the weeks at the times of the day, with exceptions; ISO weekdays, Monday is 1.

    The mode is that of a negotiation placed in a slot, where its own is not known.
    """

    first_week: IsoWeek
    last_week: IsoWeek
    weekdays: tuple[int, ...]
    hours: tuple[Hours, ...]
    weeks_off: tuple[IsoWeek, ...] = ()
    exceptions: tuple[DayException, ...] = ()
    mode: str = Negotiation.Mode.UNKNOWN

    def __post_init__(self) -> None:
        """Raise RuleError, with a message that names the field and the mend, for a rule that makes no sense."""
        self._require_weeks()
        if not self.weekdays:
            raise RuleError("weekdays", _("Choose at least one."))
        if not all(MONDAY <= day <= SUNDAY for day in self.weekdays):
            raise RuleError("weekdays", _("Give them between 1 (Monday) and 7 (Sunday)."))
        if not self.hours:
            raise RuleError("hours", _("Give at least one time of the day."))
        if len(self.hours) > MOST_HOURS:
            raise RuleError("hours", _("Give at most %(most)s times of the day.") % {"most": MOST_HOURS})
        _require_apart(self.hours, "hours")
        if self.mode not in Negotiation.Mode.values:
            raise RuleError("mode", _("Choose one of those offered."))
        self._require_exceptions()
        count = sum(len(day.hours) for day in days_of(self))
        if not count:
            raise RuleError(
                "weeks_off",
                _("The rule gives no times: every day of it is off. Take back a week or a day that is off."),
            )
        if count > MOST_SLOTS:
            raise RuleError(
                "weekdays",
                _(
                    "The rule gives %(count)s times, and a round has at most %(most)s."
                    " Leave out weeks, weekdays or times."
                )
                % {"count": count, "most": MOST_SLOTS},
            )

    def _require_weeks(self) -> None:
        if self.last_week < self.first_week:
            raise RuleError("last_week", _("The last week is before the first one. Correct either."))
        # Counted by days: listing the weeks of a century would take its time.
        if (self.last_week.monday - self.first_week.monday).days // 7 >= MOST_WEEKS:
            raise RuleError(
                "last_week",
                _("There are more than %(most)s weeks. Check the years of the weeks.") % {"most": MOST_WEEKS},
            )
        for week in self.weeks_off:
            if not self.first_week <= week <= self.last_week:
                raise RuleError(
                    "weeks_off",
                    _("Week %(week)s is not between the first and the last week. Remove it, or correct it.")
                    % {"week": week.words},
                )

    def _require_exceptions(self) -> None:
        if len(self.exceptions) > MOST_EXCEPTIONS:
            raise RuleError("exceptions", _("Give at most %(most)s exceptions.") % {"most": MOST_EXCEPTIONS})
        named = Counter(day for one in self.exceptions for day in (one.day, one.instead) if day)
        usual = set(_usual_days(self))
        for row, one in enumerate(self.exceptions):
            for day in (one.day, one.instead):
                if day and named[day] > 1:
                    raise _wrong(
                        _("%(day)s is there twice. Put what is to be done on that day on one row.")
                        % {"day": timewords.day(day)},
                        row,
                    )
            self._require_sense(one, usual, row)

    def _require_sense(self, one: DayException, usual: set[date], row: int) -> None:
        """Raise RuleError for an exception that changes nothing, or something that is not in the rule."""
        words = {"day": timewords.day(one.day), "holiday": holiday_name(one.day)}
        if one.kind != ExceptionKind.ADD and one.day not in usual:
            raise _wrong(
                _(
                    "%(day)s is no day of the rule, so it can be neither moved, changed nor left out."
                    " Correct the day, or remove the row."
                )
                % words,
                row,
            )
        if one.kind == ExceptionKind.HOURS and is_public_holiday(one.day):
            raise _wrong(
                _(
                    "%(day)s is a public holiday (%(holiday)s) and left out. Choose “Added day”,"
                    " if a negotiation is to be held on it."
                )
                % words,
                row,
            )
        new = one.day if one.kind == ExceptionKind.ADD else one.instead
        if new is None:
            return
        words = {"day": timewords.day(new)}
        if new in usual and not is_public_holiday(new):
            raise _wrong(
                _(
                    "%(day)s is a day of the rule already. Choose another day; or “Other times”,"
                    " if its times are to be changed."
                )
                % words,
                row,
            )
        if not self.first_week.monday - FURTHEST <= new <= self.last_week.day(SUNDAY) + FURTHEST:
            raise _wrong(
                _("%(day)s is more than half a year from the weeks of the rule. Check its year.") % words,
                row,
            )

    @property
    def moves(self) -> Mapping[date, date]:
        """The days that are moved, and the day to which each is."""
        return {one.day: one.instead for one in self.exceptions if one.instead}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SlotRule:
        """Read a rule as it is stored with a round. Raises ValueError for what is no rule."""
        try:
            return cls(
                first_week=IsoWeek.parse(data["first_week"]),
                last_week=IsoWeek.parse(data["last_week"]),
                weekdays=tuple(data["weekdays"]),
                hours=_hours(data["hours"]),
                weeks_off=tuple(IsoWeek.parse(week) for week in data.get("weeks_off", ())),
                exceptions=tuple(DayException.from_json(one) for one in data.get("exceptions", ())),
                mode=data.get("mode", ""),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"Not a rule of slots: {error!r}") from error

    def to_json(self) -> dict[str, Any]:
        """Return the rule as it is stored with a round."""
        return {
            "first_week": str(self.first_week),
            "last_week": str(self.last_week),
            "weekdays": list(self.weekdays),
            "hours": _hours_to_json(self.hours),
            "weeks_off": [str(week) for week in self.weeks_off],
            "exceptions": [one.to_json() for one in self.exceptions],
            "mode": str(self.mode),
        }


class Why(StrEnum):
    """Why a day has times or has none."""

    USUAL = "usual"
    OTHER_HOURS = "other_hours"
    ADDED = "added"
    SWAPPED_HERE = "swapped_here"
    SWAPPED_AWAY = "swapped_away"
    OFF = "off"
    HOLIDAY = "holiday"


@dataclass(frozen=True)
class RuleDay:
    """A day that the rule speaks of: its times, none where it is left out, and why.

    `other` is the day that it was swapped with.
    """

    day: date
    hours: tuple[Hours, ...]
    why: Why
    reason: str = ""
    other: date | None = None


def days_of(rule: SlotRule) -> list[RuleDay]:
    """Return every day that the rule speaks of, in order: those with times, and those left out on purpose.

    Days of the weeks off are not among them.
    """
    hours = tuple(sorted(rule.hours))
    days: dict[date, RuleDay] = {
        day: RuleDay(day, (), Why.HOLIDAY) if is_public_holiday(day) else RuleDay(day, hours, Why.USUAL)
        for day in _usual_days(rule)
    }
    for one in rule.exceptions:
        own = tuple(sorted(one.hours)) or hours
        if one.kind == ExceptionKind.OFF:
            days[one.day] = RuleDay(one.day, (), Why.OFF, one.reason)
        elif one.kind == ExceptionKind.HOURS:
            days[one.day] = RuleDay(one.day, own, Why.OTHER_HOURS, one.reason)
        elif one.kind == ExceptionKind.ADD:
            days[one.day] = RuleDay(one.day, own, Why.ADDED, one.reason)
        elif one.instead:
            days[one.day] = RuleDay(one.day, (), Why.SWAPPED_AWAY, one.reason, one.instead)
            days[one.instead] = RuleDay(one.instead, own, Why.SWAPPED_HERE, one.reason, one.day)
    return [days[day] for day in sorted(days)]


def slot_times(rule: SlotRule, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """Return the start and end of every slot of a rule, in order of time.

    Times are wall-clock times of the zone, so that 8.15 stays 8.15 over the end of daylight saving.
    """
    return [span for day in days_of(rule) for span in spans_of(day, zone)]


def spans_of(day: RuleDay, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """Return the start and end of every slot of a day."""
    return [
        (datetime.combine(day.day, span.starts, zone), datetime.combine(day.day, span.ends, zone)) for span in day.hours
    ]


def _usual_days(rule: SlotRule) -> list[date]:
    """Return the days that the rule names without its exceptions, public holidays too."""
    return [
        week.day(weekday)
        for week in weeks_between(rule.first_week, rule.last_week)
        if week not in rule.weeks_off
        for weekday in sorted(set(rule.weekdays))
    ]


def _wrong(words: str, row: int | None = None) -> RuleError:
    return RuleError("exceptions", words, row=row)


def _require_apart(hours: Sequence[Hours], field: str) -> None:
    """Raise RuleError for times of a day that overlap: nobody is in two negotiations at once."""
    for earlier, later in pairwise(sorted(hours)):
        if later.starts < earlier.ends:
            raise RuleError(
                field,
                _("%(one)s and %(other)s overlap. Correct either.")
                % {"one": hours_words(earlier), "other": hours_words(later)},
            )


def hours_words(span: Hours) -> str:
    """Write a time of the day: "8.15–12.00"."""
    zone = timezone.get_default_timezone()
    starts, ends = (datetime.combine(date(2000, 1, 3), clock, zone) for clock in (span.starts, span.ends))
    return f"{timewords.clock(starts)}–{timewords.clock(ends)}"


def _hours(data: Sequence[Sequence[str]]) -> tuple[Hours, ...]:
    return tuple(Hours(time.fromisoformat(starts), time.fromisoformat(ends)) for starts, ends in data)


def _hours_to_json(hours: Sequence[Hours]) -> list[list[str]]:
    return [[span.starts.isoformat("minutes"), span.ends.isoformat("minutes")] for span in hours]
