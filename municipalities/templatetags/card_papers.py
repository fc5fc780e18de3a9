"""Municipality cards on paper and on the clipboard: figures as they are written, spark lines, shapes of a direction."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from indicators.figures import rounded, sparkline_points
from municipalities.cards import paper, word
from municipalities.cards.content import Beside, CardContent, FigureLine
from municipalities.colours import palette

register = template.Library()

register.filter("value_words", paper.value_words)
register.filter("change_words", paper.change_words)
register.filter("direction_word", paper.direction_word)
register.filter("baseline_word", paper.baseline_word)
register.filter("pooled_words", paper.pooled_words)
register.filter("plan_title", paper.plan_title)

# The box of a spark line, in points of the page.
WIDTH, HEIGHT = 58, 15
# The same letter as the text has none of these; a picture has, and can say what it shows.
UP, DOWN, LEVEL = "0.5,6.5 3.5,0.5 6.5,6.5", "0.5,0.5 6.5,0.5 3.5,6.5", "0.5,0.5 6.5,3.5 0.5,6.5"


@register.simple_tag
def spark(line: FigureLine, colour: str) -> SafeString:
    """Draw the course of a figure over the years; nothing for less than two."""
    points = sparkline_points(line.series, WIDTH, HEIGHT, margin=2.5)
    if not points:
        return SafeString("")
    across, down = points.split()[-1].split(",")
    first, last = line.series[0], line.series[-1]
    told = _("Course from %(first)s to %(last)s") % {"first": first[0], "last": last[0]}
    drawn = format_html(
        '<polyline points="{}" fill="none" stroke="{}" stroke-width="1" stroke-linejoin="round"/>'
        '<circle cx="{}" cy="{}" r="1.6" fill="{}"/>',
        points,
        palette(colour).text,
        across,
        down,
        palette(colour).text,
    )
    return _svg(WIDTH, HEIGHT, told, drawn, "spark")


@register.simple_tag
def shape(line: FigureLine) -> SafeString:
    """Draw which way a figure went, in a shape that is told apart without its colour."""
    change = rounded(line.change, line.decimals) if line.change is not None else 0
    points, told = (UP, _("rose")) if change > 0 else (DOWN, _("fell")) if change < 0 else (LEVEL, _("stayed the same"))
    return _svg(7, 7, told, format_html('<polygon points="{}" fill="#1a1a1a"/>', points), "shape")


@register.simple_tag
def beside(line: FigureLine, other: Beside | None) -> SafeString:
    """Write the county's or the country's figure, with its year where that is another, and whether it is an example."""
    if other is None:
        return format_html('<abbr title="{}">–</abbr>', _("no figure"))
    words, _space, year = paper.beside_words(line, other).partition(" (")
    told = format_html('<span class="of-year">{}</span>', year.removesuffix(")")) if year else ""
    marked = other.is_example and not line.is_example
    example = format_html(' <span class="example">{}</span>', _("example")) if marked else ""
    return format_html('<span class="nowrap">{}</span>{}{}', words, example, told)


@register.filter
def clipboard_html(content: CardContent) -> SafeString:
    """Write a card as it is put on the clipboard for a word processor."""
    return word.card_html(content)


@register.filter
def clipboard_text(content: CardContent) -> str:
    """Write a card as it is put on the clipboard for anything else."""
    return word.card_text(content)


def _svg(width: float, height: float, told: str, drawn: SafeString, name: str) -> SafeString:
    return format_html(
        '<svg class="{}" xmlns="http://www.w3.org/2000/svg" width="{}pt" height="{}pt" viewBox="0 0 {} {}">'
        "<title>{}</title>{}</svg>",
        name,
        width,
        height,
        width,
        height,
        told,
        drawn,
    )
