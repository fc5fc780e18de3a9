"""Typesetting of the minutes and the summary: texts that people wrote, dates, times, measures and charts.

What a person typed is printed as it should be set: "7 §", "klo 8.15–12.00" and "2022–2025" stay on one line, with the
dash of a range. Nothing of it is read as markup. All is in the language in use, which is the document's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django import template
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from indicators.charts import Bar, Line, comparison_chart, line_chart
from indicators.figures import Direction, format_change, format_value
from indicators.models import IndicatorValue
from municipalities import timewords
from municipalities.models import County
from negotiations.minutes import words
from negotiations.minutes.context import MinutesContext
from negotiations.models import LegalBasis, MinutesCheck, Negotiation
from negotiations.reporting.summary import Shown, Value, When

register = template.Library()
for _words in (
    words.act_of,
    words.negotiation_of,
    words.measure_state,
    words.signer_word,
    words.way_word,
    words.signers,
    words.enclosed,
    words.place_of_item,
    words.presence_words,
    words.joined,
):
    register.filter(_words)

NBSP = "\N{NO-BREAK SPACE}"

# Ranges that a person typed with a hyphen: of dates, hours, years and sections. A case number is left as it is.
_DAY = r"\d{1,2}\.\d{1,2}\.(?:\d{4})?"
_RANGES = re.compile(
    rf"(?<![\w./-])(?:(?P<day>{_DAY})\s?[-–]\s?(?P<to_day>\d{{1,2}}\.\d{{1,2}}\.\d{{4}})"
    r"|(?P<hour>\d{1,2}[.:]\d{2})\s?[-–]\s?(?P<to_hour>\d{1,2}[.:]\d{2})"
    r"|(?P<year>(?:19|20)\d{2})\s?[-–]\s?(?P<to_year>(?:19|20)\d{2})"
    r"|(?P<section>\d+)\s?[-–]\s?(?P<to_section>\d+)(?=\s?§))(?![\w/-])"
)
_SECTION = re.compile(rf"\b\d+(?:–\d+)?\s?§(?::\w+)?(?:\s\d+{NBSP}?\s?(?:mom\.?|momenti\w+))?")
# A number and what it counts, a word and the number it announces.
_GLUED = re.compile(
    r"(?<=\d) (?=%|€|\d{3}(?!\d)|km\b|mom\b|momen)|(?<=\bklo) (?=\d)|(?<=\bvko) (?=\d)|(?<=\bn\.) (?=\d)"
)
_KEPT = re.compile(rf"\d+(?:–\d+)?{NBSP}§(?::\w+)?|\d[\d.:]*–\d(?:[\d.:]*\d)?")


# Whatever tells when it was, as exactly as it is known.
Timed = MinutesContext | When


def set_text(text: str) -> str:
    """Return the text with the dashes and the spaces that its numbers need."""

    def dashed(found: re.Match[str]) -> str:
        first, last = (part for part in found.groups() if part is not None)
        return f"{first}–{last}"

    text = _RANGES.sub(dashed, text)
    text = _SECTION.sub(lambda found: re.sub(r"\s?§", f"{NBSP}§", found[0]), text)
    return _GLUED.sub(NBSP, text)


@register.filter
def typeset(text: object) -> SafeString:
    """Set a line of text: `{{ item.title|typeset }}`. Ranges and sections are kept on one line."""
    escaped = str(conditional_escape(set_text(str(text))))
    return mark_safe(_KEPT.sub(r'<span class="nowrap">\g<0></span>', escaped))  # noqa: S308 - escaped above


@register.filter
def paragraphs(text: object) -> SafeString:
    """Set a text of several paragraphs, which are parted by empty lines; other line breaks are kept."""
    return format_html_join("\n", "<p>{}</p>", ((block,) for block in _blocks(text)))


@register.simple_tag
def said(text: str, label: str, at: datetime | None = None) -> SafeString:
    """Set what minutes say under a label, such as "Discussion", with the time of day where one is given."""
    first, *rest = _blocks(text) or [SafeString("")]
    if at is not None:
        first = format_html("{}. {}", at_clock(at), first)
    return format_html(
        '<div class="said"><p class="hanging"><span class="label">{}</span> {}</p>{}</div>',
        label,
        first,
        format_html_join("\n", "<p>{}</p>", ((block,) for block in rest)),
    )


def _blocks(text: object) -> list[SafeString]:
    """Return the paragraphs of a text, set."""
    blocks = [block.strip() for block in re.split(r"\n\s*\n", str(text).replace("\r\n", "\n")) if block.strip()]
    return [mark_safe("<br>".join(typeset(line) for line in block.split("\n"))) for block in blocks]  # noqa: S308


def _kept(text: str) -> SafeString:
    return format_html('<span class="nowrap">{}</span>', text)


# --- Times --------------------------------------------------------------------------------------------------


@register.filter
def on_day(value: date) -> SafeString:
    """Write a date: "26.9.2024"."""
    return _kept(timewords.day(value, weekday=False))


@register.filter
def at_clock(value: datetime) -> SafeString:
    """Write a time of day where a sentence begins: "Klo 8.15"."""
    return _kept(capfirst(timewords.at_clock(value)))


@register.filter
def when(timed: Timed) -> SafeString:
    """Write when something was, as exactly as it is known, with its hours: "26.9.2024 klo 8.15–12.00"."""
    if timed.starts_at and timed.ends_at:
        day, hours = timewords.day(timed.starts_at, weekday=False), timewords.hours(timed.starts_at, timed.ends_at)
        return format_html("{} {}", _kept(day), _kept(hours))
    return day_of(timed)


@register.filter
def day_of(timed: Timed) -> SafeString:
    """Write the day of something, or the months it is known to: never a day that nobody has told."""
    if timed.precision == Negotiation.Precision.MONTH:
        return _kept(timewords.months(timed.earliest, timed.latest))
    return _kept(timewords.days(timed.earliest, timed.latest))


@register.filter
def row_day(row: Any) -> SafeString:
    """Write the day of a row of the table of participants."""
    return day_of(row.when)


@register.simple_tag
def years_of(priority: Any) -> SafeString:
    """Write the years a priority is in force: "2022–2025"."""
    first, last = priority.starts_on.year, priority.ends_on.year
    return _kept(f"{first}" if first == last else f"{first}–{last}")


@register.simple_tag
def days_between(first: date, last: date) -> SafeString:
    """Write a span of days: "26.9.–20.11.2024"."""
    return _kept(timewords.days(first, last))


# --- Laws ---------------------------------------------------------------------------------------------------


@register.filter
def sections_of(basis: str) -> SafeString:
    """Write a legal basis as its sections and act: "14 §, 611/2021"."""
    known = LegalBasis(basis)
    return _kept(f"{set_text(known.sections)}, {known.value.split('-')[0]}")


# --- States in words ----------------------------------------------------------------------------------------


@register.filter
def mode_word(mode: str) -> str:
    """Say how a negotiation was held: "on site", "remotely"."""
    return str(Negotiation.Mode(mode).label)


@register.filter
def state_word(state: str) -> str:
    """Say the state of a negotiation."""
    return str(Negotiation.State(state).label)


@register.filter
def outcome_word(outcome: str) -> str:
    """Say what a checker's mark is."""
    return str(MinutesCheck.Outcome(outcome).label)


@register.filter
def direction_word(direction: str) -> str:
    """Say whether a change is for the better."""
    return str(Direction(direction).label)


# --- Measures and numbers -----------------------------------------------------------------------------------


@register.filter
def deadline(measure: Any) -> SafeString:
    """Write a measure's deadline: in its own words where it has them, else as a date; "no deadline" without either."""
    if measure.due_text:
        return typeset(measure.due_text)
    return on_day(measure.due_on) if measure.due_on else typeset(_("no deadline"))


@register.filter
def item_number(number: int, numbering: str) -> str:
    """Write the number of an agenda item as the county numbers them: "3 §" or "3."."""
    return County.Numbering(numbering).of(number)


@register.filter
def count(value: int) -> str:
    """Write a count with its thousands apart: "22 667"."""
    return format_value(value, 0, _language())


@register.filter
def number(value: float | None, decimals: int) -> str:
    """Write a number with so many decimals."""
    return format_value(value, int(decimals), _language())


@register.filter
def change(value: float | None, decimals: int) -> str:
    """Write a change with its sign."""
    return format_change(value, int(decimals), _language())


@register.filter
def absolute(value: int) -> int:
    """Return the size of a difference, whichever way it goes."""
    return abs(value)


@register.filter
def times(value: int) -> str:
    """Write how many times, in words where people would: "six times"."""
    words = {2: _("twice"), 3: _("three times"), 4: _("four times"), 5: _("five times"), 6: _("six times")}
    return words.get(value) or ngettext("%(count)d time", "%(count)d times", value) % {"count": value}


@register.filter
def observed(text: str, times: int) -> SafeString:
    """Set an observation, with the number of negotiations that made it where it was more than one."""
    if times == 1:
        return typeset(text)
    where = _("in %(count)s negotiations") % {"count": times}
    return typeset(f"{text} ({where})")


@register.filter
def listed(names: Iterable[str]) -> SafeString:
    """Write names as a sentence does: "Jyväskylä ja Muurame"."""
    *rest, last = [str(conditional_escape(name)) for name in names] or [""]
    conjunction = _("and")
    text = f"{', '.join(rest)} {conjunction} {last}" if rest else last
    return mark_safe(text)  # noqa: S308 - each name is escaped above


@register.simple_tag
def cell(value: Value, shown: Shown, year: int | None) -> SafeString:
    """Write a figure in a table whose row is of `year`: another year is told, and why there is no figure."""
    if value.value is None:
        if value.status == IndicatorValue.Status.SUPPRESSED:
            return format_html('<abbr title="{}">··</abbr>', _("not published: too few cases"))
        return format_html('<abbr title="{}">–</abbr>', _("no figure"))
    written = format_value(value.value, shown.measure.decimals, _language())
    if value.year == year:
        return format_html("{}", written)
    return format_html('{} <span class="of-year">({})</span>', written, value.year)


@register.simple_tag
def spread_of(shown: Shown) -> SafeString:
    """Write the least and the greatest figure between municipalities, with the year where it is another."""
    if shown.spread is None:
        return format_html('<abbr title="{}">–</abbr>', _("no figures of municipalities"))
    least, greatest = (
        format_value(value, shown.measure.decimals, _language())
        for value in (shown.spread.least, shown.spread.greatest)
    )
    if shown.spread.year == shown.county.year:
        return format_html("{}–{}", least, greatest)
    return format_html('{}–{} <span class="of-year">({})</span>', least, greatest, shown.spread.year)


@register.simple_tag
def change_of(shown: Shown) -> SafeString:
    """Write the county's change since its figure before, whether it is for the better, and since when."""
    county = shown.county
    if county.change is None or county.previous_year is None:
        return format_html('<abbr title="{}">–</abbr>', _("nothing to compare with"))
    written = format_change(county.change, shown.measure.decimals, _language())
    judged = "" if county.direction == Direction.UNKNOWN else f", {Direction(county.direction).label}"
    return format_html(
        '{}<span class="of-year">{} {}{}</span>', written, _("since the year"), county.previous_year, judged
    )


# --- Charts -------------------------------------------------------------------------------------------------


@register.simple_tag
def chart(shown: Shown, compared: str, meta: Any) -> SafeString:
    """Draw an indicator: its groups or municipalities beside the county, or the county over the years.

    Groups stand in the order of the negotiations and municipalities in that of their names: never of the figures.
    """
    style = {
        "colour": meta.colour,
        "decimals": shown.measure.decimals,
        "language": meta.language,
        "title": shown.measure.name,
        "is_example": shown.is_example,
    }
    if compared == "years":
        lines = [Line(meta.county, tuple(shown.county_line), is_main=True)]
        if shown.country_line:
            lines.append(Line(_("Whole country"), tuple(shown.country_line)))
        svg = line_chart(lines, **style)
    else:
        areas = shown.groups if compared == "groups" else shown.municipalities
        bars = [
            Bar(area.area, area.value) if area.year == shown.county.year else Bar(area.area, None, _("no figure"))
            for area in areas
        ]
        svg = comparison_chart(bars, reference=Bar(_("Whole county"), shown.county.value), **style)
    return mark_safe(svg)  # noqa: S308 - charts.py escapes what it writes


def _language() -> str:
    return get_language() or "fi"
