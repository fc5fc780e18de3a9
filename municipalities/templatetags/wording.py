"""Dates, numbers and states as pages write them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.forms import BoundField
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import get_language

from municipalities import timewords

register = template.Library()

# Around a dash, so that a browser does not break a span of hours in two. Fonts of documents may not know it.
JOINER = "\N{WORD JOINER}"

register.filter("day", timewords.day)
register.filter("long_day", timewords.long_day)
register.filter("week", timewords.week)
register.filter("moment", timewords.moment)
register.filter("partial", timewords.partial)

# State → how it looks. The word always stands beside it, and each tone has a shape of its own.
TONES = {
    **dict.fromkeys(("planned", "draft", "queued", "invited", "waiting"), "waiting"),
    **dict.fromkeys(("convened", "checking", "rendering", "on_agenda", "running", "open"), "going"),
    **dict.fromkeys(
        (
            "held",
            "checked",
            "published",
            "ready",
            "noted",
            "took_part",
            "approved",
            "silent",
            "done",
            "sent",
            "accepted",
        ),
        "done",
    ),
    **dict.fromkeys(("failed", "stayed_away", "incomplete", "returned"), "failed"),
    **dict.fromkeys(("cancelled", "locked", "not_started", "rejected"), "ended"),
}


@register.filter
def iso_day(value: str) -> str:
    """Write with its weekday a date that has come as 2026-12-16."""
    return timewords.day(date.fromisoformat(value))


@register.filter
def plain_day(value: date) -> str:
    """Write a date without its weekday: 26.9.2024."""
    return timewords.day(value, weekday=False)


@register.simple_tag
def days(earliest: date, latest: date) -> str:
    """Write a span as it is known: "26.9.–20.11.2024", or "maalis–huhtikuu 2023" where whole months are known."""
    return timewords.span(earliest, latest)


@register.simple_tag
def hours(starts_at: datetime, ends_at: datetime) -> str:
    """Write a span of a day: "klo 8.15–12.00"."""
    return unbroken(timewords.hours(starts_at, ends_at))


def unbroken(span: str) -> str:
    """Return a span that stays on one line at its dash."""
    return span.replace("–", f"{JOINER}–{JOINER}")


@register.filter
def year(value: int) -> str:
    """Write a year, which never takes a separator of thousands."""
    return str(value)


@register.filter
def file_size(size: int) -> str:
    """Write the size of a file: 156 kt, 1,2 Mt."""
    kilo, mega = ("kt", "Mt") if (get_language() or "fi").startswith("fi") else ("kB", "MB")
    if size < 1_000_000:
        return f"{number_format(max(1, round(size / 1000)), 0)}\N{NO-BREAK SPACE}{kilo}"
    return f"{number_format(size / 1_000_000, 1)}\N{NO-BREAK SPACE}{mega}"


@register.simple_tag
def state(row: Any, field: str = "state") -> SafeString:
    """Show the state of a row: a word, a colour and a shape."""
    return tone_label(TONES[getattr(row, field)], getattr(row, f"get_{field}_display")())


@register.simple_tag
def tone_label(tone: str, words: str) -> SafeString:
    """Show words in one of the tones: waiting, going, done, failed, ended."""
    return format_html('<span class="state state--{}">{}</span>', tone, capfirst(words))


@register.filter
def conflict(field: BoundField) -> object | None:
    """Return what somebody else has saved in a field meanwhile, where there is such a thing."""
    found: dict[str, object] = getattr(field.form, "conflicts", {})
    return found.get(field.name)


@register.filter
def described(field: BoundField, look: str = "hds-text-input__input") -> BoundField:
    """Give a field's widget what the design system and assistive technology ask for."""
    widget = field.field.widget
    widget.attrs["class"] = look
    # What is asked stands in the label; a placeholder vanishes when one types.
    widget.attrs.pop("placeholder", None)
    told = [f"{field.auto_id}_hint"] if field.help_text else []
    if field.errors:
        widget.attrs["aria-invalid"] = "true"
        told.append(f"{field.auto_id}_error")
    if conflict(field):
        told.append(f"{field.auto_id}_theirs")
    if told:
        widget.attrs["aria-describedby"] = " ".join(told)
    return field
