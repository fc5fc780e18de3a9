"""The figures of a card on the page: `{{ line|line_value }}`, `{{ line|line_change }}`, `{{ line|spark }}`."""

from __future__ import annotations

from django import template

from indicators.figures import sparkline_points
from municipalities.cards import paper, word
from municipalities.cards.content import Beside, FigureLine
from municipalities.cards.progress import Standing

register = template.Library()

# The box of a spark line, as the templates draw it.
SPARK_WIDTH, SPARK_HEIGHT = 104, 28
# How a section's standing looks; the word always stands beside it.
TONES = {Standing.EMPTY: "waiting", Standing.CARRIED: "going", Standing.STARTED: "going", Standing.DONE: "done"}

register.filter("line_direction", paper.direction_word)
register.filter("plan_title", paper.plan_title)
register.filter("plan_dates", word.plan_dates)


@register.filter
def line_value(line: FigureLine) -> str:
    """Write a figure with the sign of its unit, or in words why there is none."""
    return line.status if line.value is None else paper.value_words(line)


@register.filter
def beside_value(line: FigureLine, where: str) -> str:
    """Write the figure of the county or of the country ("county", "country") beside a municipality's."""
    other: Beside | None = getattr(line, where)
    return paper.beside_words(line, other, always_without_year=True)


@register.filter
def line_change(line: FigureLine) -> str:
    """Write how much a figure has changed from the one before."""
    if line.change is None:
        return "–"
    return paper.change_words(line, line.change)


@register.filter
def line_shape(line: FigureLine) -> str:
    """Show which way a figure went, for those who see it; the sign of the change says the same."""
    change = line.change or 0
    return "▲" if change > 0 else "▼" if change < 0 else "►"


@register.filter
def spark(line: FigureLine) -> str:
    """Return the points of the line through a figure's years; empty for less than two."""
    return sparkline_points(line.series, SPARK_WIDTH, SPARK_HEIGHT, margin=4)


@register.filter
def spark_end(line: FigureLine) -> list[str]:
    """Return where the line ends: x and y."""
    return spark(line).split()[-1].split(",")


@register.filter
def standing_tone(standing: Standing) -> str:
    """Return the tone of a section's standing."""
    return TONES[standing]
