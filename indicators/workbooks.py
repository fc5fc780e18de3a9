"""Uploaded spreadsheets, opened so that a hostile file does no harm, and what becomes of their rows.

An xlsx file is a zip. It is looked at before anything is unpacked, read only so far as it may be long, and only what
its cells show is taken: formulas are never run.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from io import BytesIO
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MOST_BYTES = 2 * 1024 * 1024
# What the content of a workbook may be unpacked, which a bomb is far beyond.
MOST_UNPACKED = 40 * 1024 * 1024
MOST_PARTS = 300
FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
# Signs of a number format that are only written beside the number.
LITERAL = re.compile(r'"[^"]*"|\\.')


class Outcome(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    WRONG = "wrong"


class Percent(float):
    """A number that its cell shows with a percent sign, as it is shown: 12.5 for 12.5 %, which the file holds as 0.125.

    The spreadsheet's own arithmetic is undone in decimals, so that 0.07 is 7 and not 7.000000000000001.
    """


class Uncomputed(str):
    """A formula whose result the file does not hold: the program that wrote it has never computed it."""


@dataclass(frozen=True)
class Sheet:
    """The first sheet of a workbook: its name, its lines, and the names of the sheets that were not read."""

    name: str
    lines: list[list[Any]]
    unread: tuple[str, ...] = ()


def content_of(file: BinaryIO, size: int) -> bytes:
    """Return an uploaded file; raises ValidationError, saying what to do, for one that is too large."""
    too_large = ValidationError(_("The file is larger than 2 MB. Divide it into several files."))
    if size > MOST_BYTES:
        raise too_large
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise too_large
    return content


def looks_like_workbook(content: bytes) -> bool:
    """Return whether a file begins as every xlsx file does, whatever its name says."""
    return content.startswith(b"PK\x03\x04")


def read_workbook(content: bytes, *, most_rows: int, most_columns: int) -> Sheet:
    """Return the first sheet of an xlsx file, whatever its name says, up to so many rows and columns.

    A cell is a text, a number, a bool, a date, `Percent`, `Uncomputed` or None. Raises ValidationError, saying what
    to do, for what is no workbook, is broken, or unpacks to too much.
    """
    # Takes a while to load, and every start of a process would wait for it.
    from openpyxl import load_workbook

    _look_inside(content)
    try:
        book = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheet, *others = book.worksheets
        # What the file claims of its size is not believed.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_row=most_rows, max_col=most_columns)
        lines = [[_shown(cell) for cell in row] for row in rows]
        _mark_uncomputed(content, lines, most_rows, most_columns)
        return Sheet(str(sheet.title), lines, tuple(str(other.title) for other in others if _is_seen(other)))
    except Exception as error:
        # A broken or hostile file can fail anywhere inside the library; for the user it is one and the same.
        raise ValidationError(_("The file could not be read. Save it again as an Excel workbook (.xlsx).")) from error


def _look_inside(content: bytes) -> None:
    no_workbook = ValidationError(_("The file is not an Excel workbook (.xlsx). Save it as one and try again."))
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise no_workbook from error
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise no_workbook
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise ValidationError(_("The file unpacks to far too much. Copy the rows into a new workbook and try again."))


def _shown(cell: Any) -> Any:
    value = cell.value
    if isinstance(value, int | float) and not isinstance(value, bool) and "%" in LITERAL.sub("", cell.number_format):
        return Percent(Decimal(repr(value)).scaleb(2))
    return value


def _is_seen(sheet: Any) -> bool:
    sheet.reset_dimensions()
    return sheet.sheet_state == "visible" and any(
        value is not None for row in sheet.iter_rows(max_row=5, max_col=5, values_only=True) for value in row
    )


def _mark_uncomputed(content: bytes, lines: list[list[Any]], most_rows: int, most_columns: int) -> None:
    """Put `Uncomputed` where a cell looks empty and is a formula. Reads again only a file that has formulas."""
    with zipfile.ZipFile(BytesIO(content)) as packed:
        sheets = [part for part in packed.infolist() if part.filename.startswith("xl/worksheets/")]
        if not any(FORMULA.search(packed.read(part)) for part in sheets):
            return
    from openpyxl import load_workbook

    book = load_workbook(BytesIO(content), read_only=True, keep_links=False)
    sheet = book.worksheets[0]
    sheet.reset_dimensions()
    rows: Iterable[Any] = sheet.iter_rows(max_row=most_rows, max_col=most_columns)
    for line, row in zip(lines, rows, strict=False):
        for place, cell in enumerate(row[: len(line)]):
            if line[place] is None and cell.data_type == "f":
                line[place] = Uncomputed(cell.value)


def text_of(value: Any) -> str:
    """Return a cell as one line of text, without what cannot be printed or stored; empty for what has no value."""
    if value is None or isinstance(value, Uncomputed):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = "".join(" " if not char.isprintable() else char for char in str(value))
    # A surrogate alone is no character and could not be stored.
    return " ".join(text.encode("utf-8", "ignore").decode().split())
