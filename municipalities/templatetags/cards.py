"""Writing the figures of a card in templates: `{{ line|line_value }}`, `{{ line|line_change }}`, `{{ line|spark }}`."""

from __future__ import annotations

from django import template
from django.utils.translation import get_language

from indicators.figures import Direction, format_change, format_value, sparkline_points
from municipalities.cards.content import Beside, FigureLine
from municipalities.cards.progress import Standing

register = template.Library()

SIGNS = {"PERCENT": "%", "EURO": "€"}
# The box of a spark line, as the templates draw it.
SPARK_WIDTH, SPARK_HEIGHT = 104, 28
# How a section's standing looks; the word always stands beside it.
TONES = {Standing.EMPTY: "waiting", Standing.CARRIED: "going", Standing.STARTED: "going", Standing.DONE: "done"}


@register.filter
def line_value(line: FigureLine) -> str:
    """Write a figure with the sign of its unit, or in words why there is none."""
    return line.status if line.value is None else _signed(line, line.value)


@register.filter
def beside_value(line: FigureLine, where: str) -> str:
    """Write the figure of the county or of the country ("county", "country") beside a municipality's."""
    beside: Beside | None = getattr(line, where)
    return "–" if beside is None else _signed(line, beside.value)


@register.filter
def line_change(line: FigureLine) -> str:
    """Write how much a figure has changed from the one before, with a shape that shows which way."""
    if line.change is None:
        return "–"
    shape = "▲" if line.change > 0 else "▼" if line.change < 0 else "►"
    return f"{shape}\N{NO-BREAK SPACE}{format_change(line.change, line.decimals, get_language() or 'fi')}"


@register.filter
def line_direction(line: FigureLine) -> str:
    """Say whether a figure went the better or the worse way; nothing where that cannot be said."""
    return "" if line.direction == Direction.UNKNOWN else str(Direction(line.direction).label)


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


def _signed(line: FigureLine, value: float) -> str:
    sign = SIGNS.get(line.unit, "")
    text = format_value(value, line.decimals, get_language() or "fi")
    return f"{text}\N{NO-BREAK SPACE}{sign}" if sign else text
