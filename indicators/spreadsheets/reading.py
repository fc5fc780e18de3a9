"""A file of figures, xlsx or csv, long or wide: what stands where in it."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import StringIO
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indicators.spreadsheets.cells import Dialect
from indicators.workbooks import Uncomputed, looks_like_workbook, read_workbook, text_of

MOST_FIGURES = 20_000
MOST_COLUMNS = 100
# Above the headings there may be a title and an explanation.
HEADINGS_WITHIN = 10


@dataclass(frozen=True)
class Column:
    """A column of the long layout: its heading, and the headings that are understood as it."""

    key: str
    heading: str | Promise
    also: tuple[str, ...]


COLUMNS = (
    Column(
        "indicator",
        gettext_lazy("Indicator"),
        ("tunnusluku", "indikaattori", "mittari", "indikator", "nyckeltal", "indicator"),
    ),
    Column(
        "code", gettext_lazy("Code"), ("koodi", "kuntakoodi", "aluekoodi", "kuntanumero", "kod", "kommunkod", "code")
    ),
    Column(
        "area",
        gettext_lazy("Area"),
        ("alue", "kunta", "alue tai kunta", "kunta tai alue", "område", "kommun", "area", "municipality"),
    ),
    Column("year", gettext_lazy("Year"), ("vuosi", "år", "year")),
    Column("gender", gettext_lazy("Gender"), ("sukupuoli", "kön", "gender", "sex")),
    Column("value", gettext_lazy("Value"), ("arvo", "luku", "värde", "value", "figure")),
)
LONG = {"year", "value"}
YEAR = re.compile(r"(?:19|20)[0-9]{2}")


def same(name: str) -> str:
    """Return a name as it is compared: letter case and spaces tell nothing apart."""
    return " ".join(name.split()).casefold()


@dataclass(frozen=True)
class Entry:
    """A figure as it stands in the file: its row, the column of its value, and what is said of it."""

    row: int
    column: str
    cell: Any
    indicator: str = ""
    code: str = ""
    area: str = ""
    year: str = ""
    gender: str = ""


@dataclass(frozen=True)
class Read:
    """A file that has been read, and what of it was not."""

    entries: tuple[Entry, ...]
    dialect: Dialect
    is_wide: bool
    names_indicators: bool
    unread_columns: tuple[str, ...] = ()
    unread_sheets: tuple[str, ...] = ()


def read_file(content: bytes) -> Read:
    """Return the figures of an uploaded xlsx or csv file as they stand in it, whatever its name says.

    Raises ValidationError, saying what to do, for what is neither, has no headings, no rows, or too many figures.
    """
    if looks_like_workbook(content):
        most = MOST_FIGURES + HEADINGS_WITHIN + 1
        sheet = read_workbook(content, most_rows=most, most_columns=MOST_COLUMNS + 1)
        return replace(_read_lines(sheet.lines, Dialect.WORKBOOK), unread_sheets=sheet.unread)
    lines, dialect = _split(_decoded(content))
    return _read_lines(lines, dialect)


def _decoded(content: bytes) -> str:
    """Return the text of a csv file: UTF-8, with or without a byte order mark, else as Windows writes it in Finland."""
    no_spreadsheet = ValidationError(_("The file is neither an Excel workbook (.xlsx) nor a csv file. Choose another."))
    if b"\x00" in content or not content.strip():
        raise no_spreadsheet
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise no_spreadsheet


def _split(text: str) -> tuple[list[list[str]], Dialect]:
    """Return the lines of a csv file, parted by the mark by which its headings are found, and what that mark tells."""
    for mark, dialect in ((";", Dialect.SEMICOLON), (",", Dialect.COMMA)):
        try:
            lines = list(csv.reader(StringIO(text, newline=""), delimiter=mark, strict=True))
        except csv.Error:
            continue
        if _headings_at(lines) is not None:
            return lines, dialect
    raise _no_headings()


def _no_headings() -> ValidationError:
    return ValidationError(
        _(
            "No headings were found in the first ten rows. Use these: %(headings)s. Or have a column for the area and"
            " one for each year. In a csv file, part the columns by semicolons or by commas."
        )
        % {"headings": ", ".join(str(column.heading) for column in COLUMNS)}
    )


def _headings(line: Sequence[Any]) -> dict[str, int]:
    """Return the places of the known columns, by their key; those of years by the year."""
    places: dict[str, int] = {}
    for place, cell in enumerate(line):
        heading = same(text_of(cell)).rstrip(":*").strip()
        for column in COLUMNS:
            if heading in column.also and column.key not in places:
                places[column.key] = place
    return places


def _years(line: Sequence[Any]) -> dict[int, str]:
    """Return the years that head columns, by the place of the column."""
    texts = {place: text_of(cell) for place, cell in enumerate(line)}
    return {place: text for place, text in texts.items() if YEAR.fullmatch(text)}


def _headings_at(lines: Sequence[Sequence[Any]]) -> int | None:
    for number, line in enumerate(lines[:HEADINGS_WITHIN]):
        places = _headings(line)
        if places.keys() & {"area", "code"} and (places.keys() >= LONG or _years(line)):
            return number
    return None


def _read_lines(lines: Sequence[Sequence[Any]], dialect: Dialect) -> Read:
    # Takes a while to load, and every start of a process would wait for it.
    from openpyxl.utils import get_column_letter

    at = _headings_at(lines)
    if at is None:
        raise _no_headings()
    if len(lines[at]) > MOST_COLUMNS and any(text_of(cell) for cell in lines[at][MOST_COLUMNS:]):
        raise ValidationError(_("There are more than %(most)s columns. Divide the file.") % {"most": MOST_COLUMNS})
    places, years = _headings(lines[at]), _years(lines[at])
    is_wide = not places.keys() >= LONG
    known = {*places.values(), *(years if is_wide else ())}
    entries: list[Entry] = []
    for number, line in enumerate(lines[at + 1 :], at + 2):
        if not any(_is_filled(line[place]) for place in known if place < len(line)):
            continue
        said = {key: text_of(line[place]) if place < len(line) else "" for key, place in places.items()}
        said.pop("value", None)
        for place, year in ({places["value"]: said["year"]} if not is_wide else years).items():
            cell = line[place] if place < len(line) else None
            entries.append(Entry(number, get_column_letter(place + 1), cell, **{**said, "year": year}))
        if len(entries) > MOST_FIGURES:
            raise ValidationError(_("There are more than %(most)s figures. Divide the file.") % {"most": MOST_FIGURES})
    if not entries:
        raise ValidationError(_("The file has no rows below its headings."))
    unread = [text for place, cell in enumerate(lines[at]) if place not in known and (text := text_of(cell))]
    return Read(tuple(entries), dialect, is_wide, "indicator" in places, tuple(unread))


def _is_filled(cell: Any) -> bool:
    return isinstance(cell, Uncomputed) or bool(text_of(cell))


def headings() -> list[str]:
    """Return the headings of the long layout in the language in use."""
    return [str(column.heading) for column in COLUMNS]
