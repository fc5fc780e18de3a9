"""Tables as files: xlsx for spreadsheets, csv for whatever else reads them.

What people have written may begin like a formula, in the hope that somebody's spreadsheet runs it. In neither file can
it become one: in xlsx a text is typed as a text, in csv an apostrophe is put before it.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

# What a column may give for a cell, and what is left of it once it has been made fit for a file.
Cell = str | int | float | Decimal | date | datetime | bool | Promise | None
Plain = str | int | float | Decimal | date | datetime | None

# What XML cannot hold, and so neither can xlsx.
UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# What spreadsheets take for the beginning of a formula, also as the full-width signs of Asian keyboards.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

# Limits of the format and of Excel.
LONGEST_TEXT = 32_767
LONGEST_SHEET_NAME = 31
FIRST_YEAR = 1900
EXACT_DIGITS = 15

NARROWEST, WIDEST = 8, 60
DAY_FORMAT, MOMENT_FORMAT = "d.m.yyyy", "d.m.yyyy h:mm"


@dataclass(frozen=True)
class Sheet:
    """A table to be written: its name, its headings and its rows of as many cells."""

    name: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def plain(value: Cell) -> Plain:
    """Return a cell as both files write it: texts cleaned, moments on the county's clock, booleans in words."""
    if value is None:
        return None
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return timezone.make_naive(value) if timezone.is_aware(value) else value
    if isinstance(value, date | int):
        return value
    if isinstance(value, float | Decimal):
        return value if math.isfinite(value) else None
    return _cleaned(str(value))


def _cleaned(text: str) -> str:
    text = UNWRITABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    # Excel counts in units of UTF-16, of which a character takes at most two.
    if len(text) * 2 > LONGEST_TEXT and len(text.encode("utf-16-le")) // 2 > LONGEST_TEXT:
        text = text.encode("utf-16-le")[: (LONGEST_TEXT - 1) * 2].decode("utf-16-le", "ignore") + "…"
    return text


# --- csv ------------------------------------------------------------------------------------------------------


def as_csv(sheet: Sheet) -> bytes:
    """Write a sheet as Finnish spreadsheets read it: semicolons, decimal commas, a byte order mark, CRLF.

    Every cell stands in quotation marks, so that a spreadsheet that splits at commas begins no cell inside a text.
    """
    file = StringIO()
    writer = csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for row in (sheet.headings, *sheet.rows):
        writer.writerow([_as_text(plain(value)) for value in row])
    return file.getvalue().encode("utf-8-sig")


def _as_text(value: Plain) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA_STARTS) else value
    if isinstance(value, datetime):
        return f"{value.day}.{value.month}.{value.year} {value.hour}.{value.minute:02}"
    if isinstance(value, date):
        return f"{value.day}.{value.month}.{value.year}"
    if isinstance(value, int):
        return str(value)
    # Never as 1E+3, which not everything reads.
    return f"{Decimal(str(value)):f}".replace(".", ",")


# --- xlsx -----------------------------------------------------------------------------------------------------


def as_xlsx(sheet: Sheet) -> bytes:
    """Write a sheet with numbers and dates as such, its headings bold, in sight, and ready to filter by."""
    # Takes a while to load, and every start of a process would wait for it.
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    rows = [[_fitting(plain(value)) for value in row] for row in sheet.rows]
    headings = [_cleaned(heading) for heading in sheet.headings]
    book = Workbook(write_only=True)
    page = book.create_sheet(sheet_name(sheet.name))
    page.freeze_panes = "A2"
    for place, heading in enumerate(headings):
        width = max([len(heading) + 3, *(_width(row[place]) for row in rows)])
        page.column_dimensions[get_column_letter(place + 1)].width = min(max(width + 2, NARROWEST), WIDEST)
    page.auto_filter.ref = f"A1:{get_column_letter(max(len(headings), 1))}{len(rows) + 1}"
    page.append([_xlsx_cell(page, heading, bold=True) for heading in headings])
    for row in rows:
        page.append([None if value is None or value == "" else _xlsx_cell(page, value) for value in row])
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def _fitting(value: Plain) -> Plain:
    """Return a value that Excel can hold: days before its calendar, and numbers longer than its, become texts."""
    if isinstance(value, date) and value.year < FIRST_YEAR:
        return _as_text(value)
    if isinstance(value, int | Decimal) and len(str(abs(value)).replace(".", "").lstrip("0")) > EXACT_DIGITS:
        return _as_text(value)
    return value


def _xlsx_cell(page: object, value: Plain, *, bold: bool = False) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font

    cell = WriteOnlyCell(page, value)
    if isinstance(value, float):
        # The library writes sixteen digits, of which not every number comes back the same.
        cell.value, cell.data_type = repr(value), "n"
    elif isinstance(value, str):
        # The library would take "=…" for a formula and "#N/A" for an error.
        cell.data_type = "s"
        # Stays a text also when somebody opens the cell for editing and leaves it.
        cell.quotePrefix = value.startswith(FORMULA_STARTS)
        if len(value) > WIDEST or "\n" in value:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    elif isinstance(value, datetime):
        cell.number_format = MOMENT_FORMAT
    elif isinstance(value, date):
        cell.number_format = DAY_FORMAT
    if bold:
        cell.font = Font(bold=True)
    return cell


def _width(value: Plain) -> int:
    return max((len(line) for line in _as_text(value).split("\n")), default=0)


def sheet_name(name: str) -> str:
    """Return a name that Excel accepts for a sheet: short, without its reserved signs, and never empty."""
    words = " ".join(re.sub(r"[\[\]:*?/\\]", " ", _cleaned(name)).split())
    # Cut by units of UTF-16; an apostrophe may stand in the name but not at its ends.
    short = words.encode("utf-16-le")[: LONGEST_SHEET_NAME * 2].decode("utf-16-le", "ignore").strip(" '")
    return short or _("Table")


def file_of(sheet: Sheet, kind: str) -> tuple[bytes, str]:
    """Return the content of a file of the kind, and its media type."""
    write, media_type = KINDS[kind]
    return write(sheet), media_type


KINDS = {
    "xlsx": (as_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "csv": (as_csv, "text/csv; charset=utf-8"),
}
