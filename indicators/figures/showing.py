"""Writing figures: numbers as a language writes them, spark lines, and the file that travels with a document."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal

from django.utils import formats, translation
from django.utils.translation import gettext as _

from indicators.figures.reading import Combining, Figure, Status
from indicators.figures.rules import rounded

MINUS = "\N{MINUS SIGN}"


def format_value(value: float | None, decimals: int, language: str) -> str:
    """Return the number as the language writes it: "1 234,5" and "−0,3" in Finnish; "–" where there is none."""
    if value is None:
        return "–"
    number = Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    with translation.override(language):
        text = formats.number_format(abs(number), decimal_pos=decimals, use_l10n=True, force_grouping=True)
    return f"{MINUS}{text}" if number < 0 else text


def format_change(value: float | None, decimals: int, language: str) -> str:
    """Return a change with its sign: "+1,2", "−0,3", "0,0"."""
    text = format_value(value, decimals, language)
    return f"+{text}" if value is not None and rounded(value, decimals) > 0 else text


def sparkline_points(values: Sequence[tuple[int, float]], width: float, height: float, *, margin: float = 2) -> str:
    """Return the points of a polyline through years and values, for an SVG of this size; empty for less than two.

    The line fills the height between the least and the greatest value, so that it shows a course, not a level.
    """
    if len(values) < 2:
        return ""
    years, figures = [year for year, _value in values], [value for _year, value in values]
    least, range_of_values = min(figures), max(figures) - min(figures)
    first, range_of_years = min(years), max(years) - min(years)

    def place(year: int, value: float) -> str:
        across = (year - first) / range_of_years if range_of_years else 0.5
        up = (value - least) / range_of_values if range_of_values else 0.5
        return f"{margin + across * (width - 2 * margin):.1f},{height - margin - up * (height - 2 * margin):.1f}"

    return " ".join(place(year, value) for year, value in values)


def figures_csv(figures: Iterable[Figure], language: str) -> bytes:
    """Return figures as the CSV that Finnish spreadsheets open: semicolon, byte order mark, decimal comma, CRLF.

    A text that a spreadsheet would take for a formula is led by an apostrophe.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
    with translation.override(language):
        writer.writerow(
            [
                _("Indicator"),
                _("Sotkanet id"),
                _("Area"),
                _("Year"),
                _("Value"),
                _("Unit"),
                _("Status"),
                _("Source"),
                _("Retrieved on"),
            ]
        )
        for figure in figures:
            measure, origin = figure.measure, figure.origin
            writer.writerow(
                [
                    _harmless(measure.name),
                    measure.sotkanet_id or "",
                    _harmless(figure.area),
                    figure.year or "",
                    "" if figure.value is None else _plain_number(figure.value, measure.decimals),
                    _harmless(measure.unit_label),
                    status_text(figure),
                    _harmless(origin.name) if origin else "",
                    origin.retrieved_on.isoformat() if origin else "",
                ]
            )
    return file.getvalue().encode("utf-8-sig")


def status_text(figure: Figure) -> str:
    """Return in the language in use what kind of a figure this is, or why there is none."""
    if figure.value is None:
        if figure.is_computed and figure.measure.combining == Combining.NONE:
            return str(Combining.NONE.label)
        return str(Status(figure.status).label)
    return _("computed") if figure.is_computed else str(Status.OK.label)


def _plain_number(value: float, decimals: int) -> str:
    number = Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return f"{number:f}".replace(".", ",")


def _harmless(text: str) -> str:
    """Return the text so that no spreadsheet runs it as a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text
