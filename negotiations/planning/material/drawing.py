"""The small charts of the first page: the municipalities together, the whole county, and each municipality by name."""

from __future__ import annotations

from django.utils.translation import gettext as _

from indicators.charts import GREY, INK, LINE_HEIGHT, PALE, SEMIBOLD, SMALL, Canvas, text_width
from indicators.figures import format_value
from municipalities.colours import WHITE, mixed, palette
from negotiations.planning.material.context import BAR_ROW, CHART_PIXELS, HighlightFigure, heading_lines

# Of the width of a chart, at most so much for names.
MOST_FOR_NAMES = 0.46
THICKNESS = 8


def group_chart(figure: HighlightFigure, *, colour: str, language: str) -> str:
    """Return a bar chart as SVG, its values beside the bars; the county in grey. In the language in use.

    The municipalities are in the order of their names: they are never ranked. Bars start from zero.
    """
    canvas = Canvas(language, is_example=figure.is_example, width=CHART_PIXELS)
    own = palette(colour).text
    inks = {"group": own, "county": PALE, "municipality": mixed(own, WHITE, 0.4)}
    written = {
        name: format_value(value, figure.decimals, language) if value is not None else _("no figure")
        for _kind, name, value in figure.bars
    }
    names = max(text_width(name, SMALL) * SEMIBOLD for _kind, name, _value in figure.bars)
    left = round(min(names, CHART_PIXELS * MOST_FOR_NAMES) + 8)
    values = [value for _kind, _name, value in figure.bars if value is not None]
    least, greatest = min([0.0, *values]), max([0.0, *values])
    right = max(text_width(text, SMALL) * SEMIBOLD for text in written.values()) + 8
    scale = (CHART_PIXELS - left - right) / ((greatest - least) or 1.0)
    zero = left - least * scale

    y = float(canvas.top)
    lines = heading_lines(figure)
    canvas.text(lines, 0, y + LINE_HEIGHT * len(lines) / 2, size=SMALL, bold=True)
    y += LINE_HEIGHT * len(lines) + 4
    top = y
    for kind, name, value in figure.bars:
        middle = y + BAR_ROW / 2
        is_group = kind == "group"
        ink = GREY if kind == "county" else INK
        canvas.text([name], 0, middle, size=SMALL, bold=is_group, ink=ink)
        end = zero if value is None else zero + value * scale
        if value is not None:
            canvas.bar(min(zero, end), middle - THICKNESS / 2, max(zero, end), THICKNESS, inks[kind])
        canvas.text([written[name]], max(zero, end) + 5, middle, size=SMALL, bold=is_group, ink=ink)
        y += BAR_ROW
    canvas.rule((zero, top), (zero, y), PALE)
    described = "; ".join(f"{name} {written[name]}" for _kind, name, _value in figure.bars)
    return canvas.svg(height=y + 2, title=figure.heading, description=described)
