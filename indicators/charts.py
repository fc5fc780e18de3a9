"""Charts as SVG text, for a page and a PDF alike: one Vega-Lite specification each, drawn by vl-convert.

The county's colour for what is looked at, grey for what it is compared with, names and values beside what they name
instead of legends. The same input gives the same bytes. Places are measured here with the font's own widths, so that
nothing is clipped or overlaps. Nothing in the SVG needs an inline style, which the content security policy forbids.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.sax.saxutils import escape, unescape

import vl_convert
from django.conf import settings
from django.contrib.staticfiles import finders
from django.utils import translation
from django.utils.translation import gettext as _

from indicators.figures import format_value

# A column of an A4 page, 16 cm, at 96 px an inch.
WIDTH = 605
FONT = "Source Sans 3"
FONT_STACK = "Source Sans 3, Source Sans Pro, Arial, sans-serif"
# Its weights that charts are written in: of the first one the widths are known.
FONT_FILES = {
    400: "source-sans-3/source-sans-3-latin-400-normal.woff",
    600: "source-sans-3/source-sans-3-latin-600-normal.woff",
}
# Semibold letters of this font are wider than regular ones by less than this.
SEMIBOLD = 1.06
SIZE, SMALL = 13.0, 11.5
LINE_HEIGHT = 15.5
INK, GREY, PALE, FAINT = "#1a1a1a", "#5c5c5c", "#8a8a8a", "#e2e2e2"
# Pinned, so that a newer vl-convert draws the same.
VEGA_LITE = "6.1"
BAR_THICKNESS = 13
PANELS_ABREAST = 3
# More years than this between two figures break the line: what happened in between is not known.
LONGEST_GAP = 3


@dataclass(frozen=True)
class Bar:
    """A named figure; without a value the note says why ("too few cases")."""

    label: str
    value: float | None
    note: str = ""


@dataclass(frozen=True)
class Line:
    """A named series of years and values; the main one is drawn in the county's colour."""

    label: str
    values: tuple[tuple[int, float], ...]
    is_main: bool = False


def comparison_chart(
    bars: Sequence[Bar],
    *,
    reference: Bar | None,
    colour: str,
    decimals: int,
    language: str,
    title: str,
    is_example: bool = False,
) -> str:
    """Return a bar chart of municipalities or groups, in the order given, against a line for the county's figure.

    The order must not be that of the values: no league tables. Bars start from zero.
    """
    texts = {bar: bar.note if bar.value is None else format_value(bar.value, decimals, language) for bar in bars}
    label_room = round(min(218.0, max((text_width(bar.label) for bar in bars), default=0)) + 14)
    value_room = round(
        max((text_width(texts[bar]) * SEMIBOLD for bar in bars if bar.value is not None), default=0) + 12
    )
    across = WIDTH - label_room - value_room
    compared = reference if reference is not None and reference.value is not None else None
    values = [bar.value for bar in [*bars, *([compared] if compared else [])] if bar.value is not None]
    scale = across / (max([*values, 0.0]) or 1.0)

    canvas = Canvas(language, is_example=is_example)
    top = float(canvas.top + (24 if compared else 4))
    line_at = label_room + (compared.value or 0.0) * scale if compared else None
    breaks: list[tuple[float, float]] = []
    y = top
    for bar in bars:
        label = wrap(bar.label, label_room - 14)
        height = 10 + LINE_HEIGHT * len(label)
        middle = y + height / 2
        canvas.text(label, 0, middle)
        if bar.value is None:
            canvas.text([texts[bar]], label_room + 8, middle, ink=GREY)
        else:
            canvas.bar(label_room, middle - BAR_THICKNESS / 2, label_room + bar.value * scale, BAR_THICKNESS, colour)
            canvas.text([texts[bar]], WIDTH, middle, align="right", bold=True)
        # The line of the county gives way to words that stand in the place of a bar.
        if bar.value is None and line_at is not None and label_room + text_width(texts[bar]) + 14 > line_at:
            breaks.append((y, y + height))
        y += height
    canvas.rule((label_room, top - 2), (label_room, y + 2), PALE)
    if compared is not None and line_at is not None:
        named = f"{compared.label} {format_value(compared.value, decimals, language)}"
        half = text_width(named) * SEMIBOLD / 2
        starts, ends = [top - 4, *(end for _start, end in breaks)], [*(start for start, _end in breaks), y]
        for start, end in zip(starts, ends, strict=True):
            if end > start:
                canvas.rule((line_at, start), (line_at, end), INK, dashed=True)
        canvas.text([named], min(max(line_at, half), WIDTH - half), top - 13, align="center", bold=True, ink=GREY)
    described = [f"{bar.label} {texts[bar]}" for bar in bars]
    if compared is not None:
        described.append(f"{compared.label} {format_value(compared.value, decimals, language)}")
    return canvas.svg(height=y + 4, title=title, description="; ".join(described))


def line_chart(
    lines: Sequence[Line],
    *,
    colour: str,
    decimals: int,
    language: str,
    title: str,
    is_example: bool = False,
    height: float = 180,
    width: float = WIDTH,
) -> str:
    """Return a chart of one to four lines over years, each named at its end with its latest value.

    For more lines see panel_chart. Raises ValueError when no line has a value.
    """
    # The main line last, so that it lies on top.
    lines = sorted((line for line in lines if line.values), key=lambda line: line.is_main)
    frame = Frame.around(lines, decimals, language)
    canvas = Canvas(language, is_example=is_example, width=width)
    names = [f"{line.label} {format_value(line.values[-1][1], decimals, language)}" for line in lines]
    name_room = round(min(224.0, width * 0.45, max(text_width(name) * SEMIBOLD for name in names)) + 26)
    wrapped = [wrap(name, name_room - 26) for name in names]
    tick_room = round(max(text_width(text, SMALL) for _tick, text in frame.ticks) + 10)
    frame = frame.placed(tick_room, canvas.top + 10, width - tick_room - name_room, height)
    canvas.axes(frame)
    ends = [frame.place(*line.values[-1]) for line in lines]
    places = spread_out(
        [y for _x, y in ends],
        [LINE_HEIGHT * len(name) for name in wrapped],
        top=frame.top - 8,
        bottom=frame.bottom + 8,
    )
    for line, name, (x, y), place in zip(lines, wrapped, ends, places, strict=True):
        ink = colour if line.is_main else PALE
        canvas.line(frame, line, ink, thick=line.is_main)
        # From the line's end to its name, which may have had to make room for another.
        canvas.rule((x + 5, y), (width - name_room + 20, place), PALE)
        canvas.text(name, width - name_room + 24, place, bold=line.is_main, ink=colour if line.is_main else GREY)
    described = "; ".join(_course(line, decimals, language) for line in reversed(lines))
    return canvas.svg(height=frame.bottom + 26, title=title, description=described)


def panel_chart(
    lines: Sequence[Line],
    *,
    reference: Line,
    colour: str,
    decimals: int,
    language: str,
    title: str,
    is_example: bool = False,
    height: float = 84,
    width: float = WIDTH,
    abreast: int = PANELS_ABREAST,
) -> str:
    """Return small charts side by side on one scale, in the order given: one line each, with the county's in grey.

    For groups or municipalities, which would be a tangle in one chart. Raises ValueError when no line has a value.
    """
    frame = Frame.around([*lines, reference], decimals, language)
    canvas = Canvas(language, is_example=is_example, width=width)
    tick_room = round(max(text_width(text, SMALL) for _tick, text in frame.ticks) + 10)
    value_room = round(
        max(text_width(format_value(value, decimals, language)) * SEMIBOLD for value in frame.latest) + 12
    )
    gap = 18
    each_width = (width - gap * (abreast - 1)) / abreast
    y = float(canvas.top + 4)
    for start in range(0, len(lines), abreast):
        row = lines[start : start + abreast]
        headings = [wrap(line.label, each_width) for line in row]
        top = y + LINE_HEIGHT * max(len(heading) for heading in headings) + 10
        for column, (line, heading) in enumerate(zip(row, headings, strict=True)):
            left = column * (each_width + gap)
            canvas.text(heading, left, y + LINE_HEIGHT * len(heading) / 2, bold=True)
            panel = frame.placed(left + tick_room, top, each_width - tick_room - value_room, height)
            canvas.axes(panel)
            drawn = [(reference, PALE, GREY, False), (line, colour, colour, True)]
            drawn = [item for item in drawn if item[0].values]
            ends = [panel.place(*item[0].values[-1]) for item in drawn]
            places = spread_out(
                [end[1] for end in ends], [LINE_HEIGHT] * len(ends), top=top - 8, bottom=top + height + 8
            )
            for (each, ink, text_ink, thick), end, place in zip(drawn, ends, places, strict=True):
                canvas.line(panel, each, ink, thick=thick)
                value = format_value(each.values[-1][1], decimals, language)
                canvas.text([value], max(end[0], panel.left + panel.width - 4) + 10, place, bold=thick, ink=text_ink)
        y = top + height + 40
    canvas.rule((0, y + 2), (22, y + 2), PALE)
    canvas.text([reference.label], 28, y + 2, ink=GREY)
    described = "; ".join(_course(line, decimals, language) for line in [*lines, reference])
    return canvas.svg(height=y + 14, title=title, description=described)


def _course(line: Line, decimals: int, language: str) -> str:
    """Return a line in words and numbers, for who cannot see it."""
    return f"{line.label} " + ", ".join(
        f"{year}: {format_value(value, decimals, language)}" for year, value in line.values
    )


# --- Measuring and placing --------------------------------------------------------------------------------------------


def _font_file(weight: int) -> Path | None:
    """Return where the font is, with static files collected or not; None where it is not installed."""
    name = FONT_FILES[weight]
    found = Path(finders.find(name) or Path(settings.STATIC_ROOT) / name)
    return found if found.exists() else None


@cache
def _widths() -> dict[str, float]:
    """Return the width of each letter of the font, in parts of its size; nothing when the font is not installed."""
    found = _font_file(400)
    if found is None:
        return {}
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    with TTFont(found, lazy=True) as font:
        em, advances = font["head"].unitsPerEm, font["hmtx"]
        return {chr(code): advances[name][0] / em for code, name in font.getBestCmap().items()}


def text_width(text: str, size: float = SIZE) -> float:
    """Return the width in pixels of a line of regular text."""
    widths = _widths()
    return size * sum(widths.get(letter, 0.55) for letter in text)


def wrap(text: str, width: float) -> list[str]:
    """Return the text broken at spaces into lines no wider than this, if its words allow it."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width(longer) * SEMIBOLD > width + 8:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def axis_ticks(least: float, greatest: float) -> list[float]:
    """Return three to six round numbers that hold the values between the first and the last of them."""
    if greatest - least < 1e-9:
        room = abs(least) / 10 if abs(least) > 1e-6 else 1.0
        least, greatest = least - room, greatest + room
    rough = (greatest - least) / 4
    power = 10.0 ** len(str(int(rough))) / 10 if rough >= 1 else 10.0 ** -_leading_zeros(rough)
    step = next(step for step in (power, 2 * power, 2.5 * power, 5 * power, 10 * power) if step >= rough)
    first, last = int(least // step), int(-(-greatest // step))
    return [round(number * step, 10) for number in range(first, max(last, first + 2) + 1)]


def _leading_zeros(value: float) -> int:
    """Return which decimal of a number below one is its first that is not zero: 2 for 0.05."""
    place = 1
    while value * 10**place < 1:
        place += 1
    return place


def thin_out(years: Sequence[int], width: float, room: float) -> list[int]:
    """Return the years that can be written under the axis, the last one always, so that each has its room."""
    if len(years) < 2:
        return list(years)
    per_year = width / (years[-1] - years[0])
    shown: list[int] = []
    for year in reversed(years):
        if not shown or (shown[-1] - year) * per_year >= room:
            shown.append(year)
    return shown[::-1]


def spread_out(centres: Sequence[float], heights: Sequence[float], *, top: float, bottom: float) -> list[float]:
    """Return places for labels of these heights, near these places, in the same order, none over another.

    When they do not fit between top and bottom they run over the bottom.
    """
    order = sorted(range(len(centres)), key=lambda index: centres[index])
    places = [0.0] * len(centres)
    edge = top
    for index in order:
        places[index] = max(centres[index], edge + heights[index] / 2)
        edge = places[index] + heights[index] / 2
    edge = max(bottom, top + sum(heights))
    for index in reversed(order):
        places[index] = min(places[index], edge - heights[index] / 2)
        edge = places[index] - heights[index] / 2
    return places


def pieces(values: Sequence[tuple[int, float]]) -> list[list[tuple[int, float]]]:
    """Return the series cut where too many years lie between two figures."""
    cut: list[list[tuple[int, float]]] = []
    for year, value in values:
        if cut and year - cut[-1][-1][0] <= LONGEST_GAP:
            cut[-1].append((year, value))
        else:
            cut.append([(year, value)])
    return cut


# --- Drawing ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Frame:
    """The scales of a line chart, and where on the picture it stands (in pixels)."""

    years: tuple[int, ...]
    ticks: tuple[tuple[float, str], ...]
    latest: tuple[float, ...]
    left: float = 0
    top: float = 0
    width: float = 0
    height: float = 0

    @classmethod
    def around(cls, lines: Sequence[Line], decimals: int, language: str) -> Frame:
        """Return scales that hold all the lines. Raises ValueError when none has a value."""
        figures = [value for line in lines for _year, value in line.values]
        if not figures:
            raise ValueError("A chart needs at least one value.")
        ticks = axis_ticks(min(figures), max(figures))
        places = next((n for n in range(4) if all(abs(tick - round(tick, n)) < 1e-9 for tick in ticks)), decimals)
        return cls(
            years=tuple(sorted({year for line in lines for year, _value in line.values})),
            ticks=tuple((tick, format_value(tick, places, language)) for tick in ticks),
            latest=tuple(line.values[-1][1] for line in lines if line.values),
        )

    def placed(self, left: float, top: float, width: float, height: float) -> Frame:
        """Return the same scales at this place."""
        return replace(self, left=left, top=top, width=width, height=height)

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.top + self.height

    def across(self, year: int) -> float:
        """Return where the year stands."""
        first, last = self.years[0], self.years[-1]
        return self.left + self.width * ((year - first) / (last - first) if last > first else 0.5)

    def place(self, year: int, value: float) -> tuple[float, float]:
        """Return where the year's value stands."""
        least, greatest = self.ticks[0][0], self.ticks[-1][0]
        return self.across(year), self.bottom - self.height * (value - least) / (greatest - least)


class Canvas:
    """What is to be drawn, in pixels from the upper left corner, gathered into few layers of one specification."""

    def __init__(self, language: str, *, is_example: bool, width: float = WIDTH) -> None:
        self.language, self.is_example, self.width = language, is_example, round(width)
        self.top = 22 if is_example else 0
        self.described = ""
        self._bars: list[dict[str, Any]] = []
        self._rules: dict[bool, list[dict[str, Any]]] = {False: [], True: []}
        self._lines: list[dict[str, Any]] = []
        self._dots: list[dict[str, Any]] = []
        self._texts: dict[tuple[str, float, int], list[dict[str, Any]]] = {}
        if is_example:
            self.text([example_note(language)], 0, 9, size=SMALL, bold=True, ink=GREY)

    def bar(self, x: float, y: float, x2: float, thickness: float, ink: str) -> None:
        """Add a filled bar from x to x2."""
        self._bars.append(_rounded({"x": x, "x2": x2, "y": y, "y2": y + thickness, "ink": ink}))

    def rule(self, start: tuple[float, float], end: tuple[float, float], ink: str, *, dashed: bool = False) -> None:
        """Add a thin straight line; a dashed one lies over bars."""
        row = {"x": start[0], "y": start[1], "x2": end[0], "y2": end[1], "ink": ink}
        self._rules[dashed].append(_rounded(row))

    def text(
        self,
        lines: Sequence[str],
        x: float,
        y: float,
        *,
        align: str = "left",
        size: float = SIZE,
        bold: bool = False,
        ink: str = INK,
    ) -> None:
        """Add a text of one or more lines, its middle at y."""
        # Vega puts the first of several lines in the middle.
        row = {"x": x, "y": y - LINE_HEIGHT * (len(lines) - 1) / 2, "text": "\n".join(lines), "ink": ink}
        self._texts.setdefault((align, size, 600 if bold else 400), []).append(_rounded(row))

    def line(self, frame: Frame, line: Line, ink: str, *, thick: bool) -> None:
        """Add a series with a dot for each value, cut where it is not known for long."""
        for piece in pieces(line.values):
            number = len(self._lines)
            for year, value in piece:
                x, y = frame.place(year, value)
                row = {"x": x, "y": y, "ink": ink, "width": 2.8 if thick else 1.6, "size": 34 if thick else 16}
                self._lines.append(_rounded({**row, "line": number, "order": year}))
                self._dots.append(_rounded(row))

    def axes(self, frame: Frame) -> None:
        """Add horizontal lines with their values, and the years that there are figures of."""
        for tick, text in frame.ticks:
            y = frame.place(frame.years[0], tick)[1]
            self.rule((frame.left, y), (frame.left + frame.width, y), FAINT)
            self.text([text], frame.left - 8, y, align="right", size=SMALL, ink=GREY)
        for year in thin_out(frame.years, frame.width, text_width("2000", SMALL) + 12):
            self.text([str(year)], frame.across(year), frame.bottom + 16, align="center", size=SMALL, ink=GREY)

    def svg(self, *, height: float, title: str, description: str) -> str:
        """Return the picture; its description is led by what kind of figures these are."""
        chart = {
            "$schema": f"https://vega.github.io/schema/vega-lite/v{VEGA_LITE}.0.json",
            "config": {"aria": False, "view": {"stroke": None}},
            "width": self.width,
            "height": round(height),
            "padding": 0,
            "autosize": {"type": "none"},
            "background": "transparent",
            "layer": self._layers(),
        }
        drawn = vl_convert.vegalite_to_svg(chart, vl_version=VEGA_LITE)
        note = f"{example_note(self.language)}. " if self.is_example else ""
        return accessible(drawn, title=title, description=note + description)

    def _layers(self) -> list[Layer]:
        layers = []
        if self._rules[False]:
            layers.append(_ruled(self._rules[False], width=1, dash=[1, 0]))
        if self._bars:
            layers.append(_layer(self._bars, {"type": "rect"}, _SPAN))
        if self._rules[True]:
            # A pale edge, so that the line is seen on dark bars too.
            edge = [{**row, "ink": "#ffffff"} for row in self._rules[True]]
            layers.append(_ruled(edge, width=3.5, dash=[1, 0]))
            layers.append(_ruled(self._rules[True], width=1.5, dash=[4, 3]))
        if self._lines:
            line = {"type": "line", "strokeCap": "round", "strokeJoin": "round"}
            drawn = {
                "detail": {"field": "line", "type": "nominal"},
                "order": {"field": "order", "type": "quantitative"},
                "strokeWidth": {"field": "width", "scale": None, "type": "quantitative"},
            }
            layers.append(_layer(self._lines, line, drawn))
            size = {"size": {"field": "size", "scale": None, "type": "quantitative"}}
            layers.append(_layer(self._dots, {"type": "circle", "opacity": 1}, size))
        for (align, size_, weight), rows in self._texts.items():
            text = {
                "type": "text",
                "align": align,
                "baseline": "middle",
                "font": FONT,
                "fontSize": size_,
                "fontWeight": weight,
                "lineBreak": "\n",
                "lineHeight": LINE_HEIGHT,
            }
            layers.append(_layer(rows, text, {"text": {"field": "text", "type": "nominal"}}))
        return layers


# A layer as Vega-Lite's schema has it. Plain data: Altair checks all of it against the schema each time, which takes
# several times as long as the drawing, and from chart to chart only the rows differ.
Layer = dict[str, Any]


def _place(axis: str) -> Layer:
    """Return a coordinate that is in pixels already: the scale leaves it as it is."""
    scale = {"domain": [0, 1000], "nice": False, "range": [0, 1000], "zero": False}
    return {"axis": None, "field": axis, "scale": scale, "type": "quantitative"}


_SPAN: Layer = {"x2": {"field": "x2"}, "y2": {"field": "y2"}}


def _layer(rows: list[dict[str, Any]], mark: Layer, encoding: Layer) -> Layer:
    """Return a layer of marks at the rows' places and in their inks."""
    ink = {"field": "ink", "scale": None, "type": "nominal"}
    encoded = {"color": ink, "x": _place("x"), "y": _place("y"), **encoding}
    return {"data": {"values": rows}, "mark": mark, "encoding": encoded}


def _ruled(rows: list[dict[str, Any]], *, width: float, dash: list[int]) -> Layer:
    return _layer(rows, {"type": "rule", "strokeDash": dash, "strokeWidth": width}, _SPAN)


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with its places to a tenth of a pixel, which is finer than anyone sees."""
    return {name: round(value, 1) if isinstance(value, float) else value for name, value in row.items()}


def example_note(language: str) -> str:
    """Return what is written on a chart of illustrative figures."""
    with translation.override(language):
        return _("Example data, not real figures")


def accessible(svg: str, *, title: str, description: str) -> str:
    """Return the SVG as a picture with a title and a description, its ids its own among several on a page."""
    mark = hashlib.sha256(f"{title}\0{description}\0{svg}".encode()).hexdigest()[:10]
    svg = re.sub(r'(\bid="|url\(#)', rf"\g<1>c{mark}-", svg)
    svg = svg.replace(f'font-family="{FONT}"', f'font-family="{FONT_STACK}"')
    opening = re.match(r"<svg\b([^>]*)>", svg)
    if opening is None:
        raise ValueError("What was drawn is not an SVG.")
    # What Vega tells of its marks to screen readers and style sheets; the picture is read by its title and description.
    body = re.sub(r' (?:class|role|aria-[a-z]+)="[^"]*"', "", svg[opening.end() :])
    size = re.search(r'\bviewBox="[^"]*"', opening[1])
    extent = re.search(r'\bwidth="([^"]*)" height="([^"]*)"', opening[1])
    if size is None or extent is None:
        raise ValueError("The SVG has no size.")
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" width="{extent[1]}" height="{extent[2]}" {size[0]} '
        f'role="img" aria-labelledby="c{mark}-title c{mark}-desc">'
        f'<title id="c{mark}-title">{escape(title)}</title><desc id="c{mark}-desc">{escape(description)}</desc>'
    )
    return head + body


# --- As files ---------------------------------------------------------------------------------------------------------


def as_file(svg: str) -> str:
    """Return the SVG with those letters of its font inside that it is written in: it looks the same anywhere."""
    letters = "".join(sorted(set(unescape(re.sub(r"<[^>]*>", "", svg)))))
    faces = []
    for weight in FONT_FILES:
        if f'font-weight="{weight}"' not in svg and weight != min(FONT_FILES):
            continue
        if (content := _letters(weight, letters)) is not None:
            source = f"url(data:font/woff;base64,{b64encode(content).decode()}) format('woff')"
            faces.append(f"@font-face{{font-family:'{FONT}';font-weight:{weight};src:{source}}}")
    svg = _quoted(svg)
    end = svg.index(">", svg.index("<svg")) + 1
    return f"{svg[:end]}<style>{''.join(faces)}</style>{svg[end:]}" if faces else svg


def as_png(svg: str, *, scale: float = 2) -> bytes:
    """Return the picture as PNG on white, so many pixels to each of the SVG's."""
    _register_fonts()
    svg = _quoted(svg)
    end = svg.index(">", svg.index("<svg")) + 1
    white = '<rect width="100%" height="100%" fill="#ffffff"/>'
    return vl_convert.svg_to_png(f"{svg[:end]}{white}{svg[end:]}", scale=scale)


def _quoted(svg: str) -> str:
    """Return the SVG with the font's name in quotes, as CSS wants a name with a number in it; WeasyPrint takes none."""
    quoted = FONT_STACK.replace(FONT, f"'{FONT}'")
    return svg.replace(f'font-family="{FONT_STACK}"', f'font-family="{quoted}"')


def _letters(weight: int, letters: str) -> bytes | None:
    """Return the font with these letters alone."""
    found = _font_file(weight)
    if found is None:
        return None
    from fontTools.subset import Options, Subsetter  # type: ignore[import-untyped]
    from fontTools.ttLib import TTFont

    with TTFont(found) as font:
        chosen = Subsetter(Options(layout_features=[], notdef_outline=True))
        chosen.populate(text=letters)
        chosen.subset(font)
        font.flavor = "woff"
        file = BytesIO()
        font.save(file)
    return file.getvalue()


@cache
def _register_fonts() -> TemporaryDirectory[str]:
    """Make the font known to what draws PNG, which reads no web fonts and knows its weights by one name.

    The folder stays as long as the process: its files are read whenever something is drawn.
    """
    from fontTools.ttLib import TTFont

    folder = TemporaryDirectory(prefix="hyte-fonts-")
    for weight in FONT_FILES:
        if (found := _font_file(weight)) is not None:
            with TTFont(found) as font:
                font.flavor = None
                for place in (1, 16):
                    font["name"].setName(FONT, place, 3, 1, 0x409)
                font.save(Path(folder.name, f"{weight}.ttf"))
    vl_convert.register_font_directory(folder.name)
    return folder
