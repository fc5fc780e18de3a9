"""Dates and times as they are written where one plans: "to 26.9.2024 klo 8.15–12.00, vko 39".

In the language in use. A time known only to a month is written as the month, never as its first day.
"""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone
from django.utils.dates import MONTHS, WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import get_language

NON_BREAKING = "\N{NO-BREAK SPACE}"


def _language() -> str:
    return (get_language() or "fi")[:2]


def day(value: date, *, weekday: bool = True) -> str:
    """Return a date with its weekday: "to 26.9.2024"."""
    value = _date(value)
    if _language() == "en":
        written = f"{value.day} {MONTHS[value.month]} {value.year}"
    else:
        written = f"{value.day}.{value.month}.{value.year}"
    return f"{WEEKDAYS_ABBR[value.weekday()]}{NON_BREAKING}{written}" if weekday else written


def long_day(value: date) -> str:
    """Return a date with the whole weekday and the week: "torstai 26.9.2024, vko 39"."""
    value = _date(value)
    return f"{WEEKDAYS[value.weekday()]} {day(value, weekday=False)}, {week(value)}"


def week(value: date) -> str:
    """Return the number of the ISO week: "vko 39"."""
    word = {"sv": "v.", "en": "week"}.get(_language(), "vko")
    return f"{word}{NON_BREAKING}{_date(value).isocalendar().week}"


def clock(value: datetime) -> str:
    """Return a time of day: "8.15", in English "8:15"."""
    value = timezone.localtime(value)
    return f"{value.hour}{':' if _language() == 'en' else '.'}{value.minute:02}"


def hours(starts_at: datetime, ends_at: datetime) -> str:
    """Return a span of a day: "klo 8.15–12.00"."""
    span = f"{clock(starts_at)}–{clock(ends_at)}"
    word = {"sv": "kl.", "en": ""}.get(_language(), "klo")
    return f"{word}{NON_BREAKING}{span}" if word else span


def at_clock(value: datetime) -> str:
    """Return a time of day as it stands in a sentence: "klo 8.15"."""
    word = {"sv": "kl.", "en": "at"}.get(_language(), "klo")
    return f"{word}{NON_BREAKING}{clock(value)}"


def moment(value: datetime) -> str:
    """Return a day and a time of day: "26.9.2024 klo 8.15"."""
    return f"{day(timezone.localtime(value), weekday=False)} {at_clock(value)}"


def sitting(starts_at: datetime, ends_at: datetime) -> str:
    """Return a time known to the minute: "to 26.9.2024 klo 8.15–12.00, vko 39"."""
    separator = ", " if _language() == "en" else " "
    local = timezone.localtime(starts_at).date()
    return f"{day(local)}{separator}{hours(starts_at, ends_at)}, {week(local)}"


def days(earliest: date, latest: date) -> str:
    """Return a span of days, without repeating what both share: "26.9.–20.11.2024"."""
    if earliest == latest:
        return day(earliest, weekday=False)
    if _language() == "en":
        return f"{day(earliest, weekday=False)} – {day(latest, weekday=False)}"
    if earliest.year == latest.year:
        return f"{earliest.day}.{earliest.month}.–{day(latest, weekday=False)}"
    return f"{day(earliest, weekday=False)}–{day(latest, weekday=False)}"


def day_of_year(value: date) -> str:
    """Return a date with its weekday where the year is plain from what is around it: "to 26.9."."""
    value = _date(value)
    written = f"{value.day} {MONTHS[value.month]}" if _language() == "en" else f"{value.day}.{value.month}."
    return f"{WEEKDAYS_ABBR[value.weekday()]}{NON_BREAKING}{written}"


def days_of_week(monday: date) -> str:
    """Return a week with its days, where the year is plain from what is around it: "vko 35, 28.8.–3.9."."""
    sunday = date.fromordinal(monday.toordinal() + 6)
    if _language() == "en":
        span = f"{monday.day} {MONTHS[monday.month]} – {sunday.day} {MONTHS[sunday.month]}"
    else:
        span = f"{monday.day}.{monday.month}.–{sunday.day}.{sunday.month}."
    return f"{week(monday)}, {span}"


def months(earliest: date, latest: date) -> str:
    """Return a span of months: "maaliskuu 2023", "maalis–huhtikuu 2023", "joulukuu 2023 – tammikuu 2024".

    A whole year is known no better than that: "vuonna 2023".
    """
    if (earliest.year, earliest.month) == (latest.year, latest.month - 11):
        word = {"sv": "år ", "en": ""}.get(_language(), "vuonna ")
        return f"{word}{latest.year}"
    first, last = str(MONTHS[earliest.month]), str(MONTHS[latest.month])
    if (earliest.year, earliest.month) == (latest.year, latest.month):
        return f"{last} {latest.year}"
    if earliest.year != latest.year:
        return f"{first} {earliest.year} – {last} {latest.year}"
    # Finnish names of months share their ending, which is said once.
    return f"{first.removesuffix('kuu') if _language() == 'fi' else first}–{last} {latest.year}"


def whole_months(earliest: date, latest: date) -> bool:
    """Return whether a span of days is whole months, and so known no better than that."""
    after = date.fromordinal(latest.toordinal() + 1)
    return earliest.day == 1 and after.day == 1


def span(earliest: date, latest: date) -> str:
    """Return a span as it is known: whole months as months, anything else as days."""
    return months(earliest, latest) if whole_months(earliest, latest) else days(earliest, latest)


def partial(value: str) -> str:
    """Return a date known to the year, the month or the day: "2025", "toukokuu 2025", "12.5.2025".

    From "2025", "2025-05" or "2025-05-12"; one that is no date is left as it is.
    """
    try:
        match [int(part) for part in value.split("-")]:
            case [year, month]:
                return f"{MONTHS[month]} {year}"
            case [year, month, number]:
                return day(date(year, month, number), weekday=False)
    except (ValueError, KeyError):
        pass
    return value


def partial_in(value: str) -> str:
    """Return the same in a sentence: "vuonna 2025", "toukokuussa 2025", "12.5.2025"."""
    year, month, number = [*value.split("-"), "", ""][:3]
    if number or not year.isdigit():
        return partial(value)
    lead = {
        ("fi", False): "vuonna ",
        ("sv", False): "år ",
        ("sv", True): "i ",
        ("en", False): "in ",
        ("en", True): "in ",
    }
    words = partial(value)
    if _language() == "fi" and month:
        # The names of the months are inflected alike: maaliskuu, maaliskuussa.
        words = words.replace("kuu ", "kuussa ", 1)
    return f"{lead.get((_language(), bool(month)), '')}{words}"


def _date(value: date) -> date:
    return timezone.localtime(value).date() if isinstance(value, datetime) and timezone.is_aware(value) else value
