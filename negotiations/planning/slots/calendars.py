"""The calendar that a rule gives, laid out in months and weeks, with what is left out and why, in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from municipalities import timewords
from negotiations.models import Round
from negotiations.planning.slots.changing import rule_of
from negotiations.planning.slots.public_holidays import holiday_name
from negotiations.planning.slots.rules import (
    IsoWeek,
    RuleDay,
    SlotRule,
    Why,
    days_of,
    hours_words,
    spans_of,
    weeks_between,
)

THURSDAY = 4
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class TimeShown:
    """A time of a day: "8.15–12.00", and whether it is new to the round."""

    words: str
    is_new: bool


@dataclass(frozen=True)
class DayShown:
    """A day of the calendar: "to 31.8.", its times, none where it is left out, and why it differs from the usual."""

    day: date
    words: str
    times: tuple[TimeShown, ...]
    note: str


@dataclass(frozen=True)
class WeekShown:
    """A week of the calendar. One without days is off."""

    week: IsoWeek
    days: tuple[DayShown, ...]


@dataclass(frozen=True)
class MonthShown:
    """The weeks whose Thursday is in a month, as the ISO calendar gives weeks to years."""

    words: str
    weeks: tuple[WeekShown, ...]


def calendar_of(rule: SlotRule, zone: ZoneInfo, *, new: Collection[Span] = ()) -> list[MonthShown]:
    """Return the calendar of a rule; `new` are the times that the round did not have before."""
    by_week: dict[IsoWeek, list[DayShown]] = {week: [] for week in weeks_between(rule.first_week, rule.last_week)}
    for day in days_of(rule):
        times = tuple(
            TimeShown(hours_words(hours), span in new)
            for hours, span in zip(day.hours, spans_of(day, zone), strict=True)
        )
        shown = DayShown(day.day, timewords.day_of_year(day.day), times, note_of(day))
        by_week.setdefault(IsoWeek.of(day.day), []).append(shown)
    weeks = [WeekShown(week, tuple(days)) for week, days in sorted(by_week.items())]
    return [
        MonthShown(f"{MONTHS[month]} {year}", tuple(of_month))
        for (year, month), of_month in groupby(weeks, key=lambda one: _month_of(one.week))
    ]


def left_out(rule: SlotRule) -> list[str]:
    """Name the days left out and why, in order: "ke 6.12. itsenäisyyspäivä jää pois"."""
    return [f"{timewords.day_of_year(day.day)} {note_of(day)}" for day in days_of(rule) if not day.hours]


def note_of(day: RuleDay) -> str:
    """Say why a day differs from the usual ones; nothing of a usual day."""
    holiday = holiday_name(day.day)
    if day.why == Why.HOLIDAY:
        return _("%(holiday)s is left out") % {"holiday": holiday}
    words = {
        Why.USUAL: "",
        Why.OFF: _("is left out"),
        Why.OTHER_HOURS: _("other times than usual"),
        Why.ADDED: _("added day"),
        Why.SWAPPED_HERE: _("instead of %(day)s") % {"day": timewords.day_of_year(day.other) if day.other else ""},
        Why.SWAPPED_AWAY: _("moved to %(day)s") % {"day": timewords.day_of_year(day.other) if day.other else ""},
    }[day.why]
    if day.hours and holiday:
        # A day named on purpose stays, and one should know what day it is.
        words = _("%(what)s, though it is a public holiday: %(holiday)s") % {"what": words, "holiday": holiday}
    # Of two days swapped the one with the times tells the reason.
    return f"{words}: {day.reason}" if day.reason and day.why != Why.SWAPPED_AWAY else words


def slot_notes(round_: Round) -> Mapping[date, str]:
    """Return for the days of a round whose times differ from the usual ones why they do."""
    try:
        rule = rule_of(round_)
    except ValueError:
        # What cannot be read explains nothing; the page of the rule tells of it.
        return {}
    return {day.day: words for day in days_of(rule) if day.hours and (words := note_of(day))} if rule else {}


def slots_changed_words(payload: Mapping[str, Any]) -> str:
    """Tell from the log how a round's slots were changed: what they were, and what became of negotiations."""
    was = ngettext("%(count)s time", "%(count)s times", payload["former"]) % {"count": payload["former"]}
    if "former_first" in payload:
        days = [date.fromisoformat(payload[key]) for key in ("former_first", "former_last")]
        was = f"{was} ({timewords.days(*days)})"
    words = [
        _(
            "%(who)s changed the rule of the times: there were %(was)s, %(added)s added, %(removed)s removed,"
            " %(total)s now."
        )
        % {**payload, "was": was}
    ]
    if payload["take"] or payload["off"] or payload["keep"]:
        words.append(became_words(keep=payload["keep"], take=payload["take"], off=payload["off"]))
    if payload.get("mode"):
        words.append(_("How the negotiations are held was changed."))
    if payload["answers"]:
        words.append(lost_answers_words(payload["answers"]))
    return " ".join(words)


def became_words(*, keep: int, take: int, off: int) -> str:
    """Say what became of the negotiations whose slots went."""
    words = _("Negotiations: %(keep)s kept their time, %(take)s took a new one, %(off)s are off the calendar.")
    return words % {"keep": keep, "take": take, "off": off}


def lost_answers_words(count: int) -> str:
    """Say how many answers about suitable times went with their slots."""
    return ngettext(
        "%(count)s answer about suitable times was lost.", "%(count)s answers about suitable times were lost.", count
    ) % {"count": count}


def _month_of(week: IsoWeek) -> tuple[int, int]:
    thursday = week.day(THURSDAY)
    return thursday.year, thursday.month
