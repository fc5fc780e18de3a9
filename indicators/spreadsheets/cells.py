"""What a cell of a spreadsheet says of a figure: a number, or a mark for why there is none. Never a guess or a zero.

How numbers are written is told by the file, not by the single cell:

- csv with semicolons (`SEMICOLON`, as Finnish Excel writes it): the comma is the decimal mark, so "1,234" is 1.234;
  thousands are parted by spaces. A point is an error.
- csv with commas (`COMMA`, as English Excel writes it): the point is the decimal mark; a comma, which such a file holds
  only inside quotation marks, parts thousands, so "1,234" is 1234. A comma anywhere else, as in "12,5", is an error.
- a workbook (`WORKBOOK`): numbers are numbers. Of texts, both marks are understood where they can mean one thing only:
  "12,5" and "12.5" are 12.5 and "1.234,5" is 1234.5, but "1,234" and "1.234" are errors.

In all of them a space (also a narrow or unbreakable one) may part groups of three digits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time
from enum import Enum
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from indicators.models import Indicator, IndicatorValue
from indicators.workbooks import Percent, Uncomputed, text_of

Status, Unit = IndicatorValue.Status, Indicator.Unit

# Whole numbers beyond it are not exact in what figures are kept in; no figure of a municipality is near.
LARGEST = 1e15
# How much of a cell is told of in words.
LONGEST_TOLD = 60

# As people write them, and as Excel writes #N/A in Finnish and in Swedish.
MISSING = {"", "-", "–", "—", "−", "n/a", "nd", "#n/a", "#puuttuu!", "#saknas!"}
SUPPRESSED = {"..", "...", "…", "*"}
FEWER_THAN = re.compile(r"< ?[0-9]{1,3}")
UNITS: dict[str, frozenset[str]] = {
    Unit.PERCENT: frozenset({"%", "prosenttia", "procent", "percent"}),
    Unit.PER_1000: frozenset({"‰"}),
    Unit.EURO: frozenset({"€", "eur", "euro", "euroa"}),
    Unit.LITRE: frozenset({"l", "litraa", "liter", "litres"}),
    Unit.COUNT: frozenset({"kpl", "hlö", "henkilöä", "st", "personer", "people"}),
}

SIGNED = re.compile(r"(?P<sign>[-−–+]?)(?P<digits>[0-9](?:[0-9 .,]*[0-9])?) ?(?P<unit>[^0-9 .,].*)?")
SPACED = r"[1-9][0-9]{0,2}(?: [0-9]{3})+"


class Dialect(Enum):
    """How a file writes its numbers: its decimal marks, each with the pattern of a whole number before it."""

    SEMICOLON = ((",", rf"[0-9]+|{SPACED}"),)
    COMMA = ((".", rf"[0-9]+|{SPACED}|[1-9][0-9]{{0,2}}(?:,[0-9]{{3}})+"),)
    WORKBOOK = (
        (",", rf"[0-9]+|{SPACED}|[1-9][0-9]{{0,2}}(?:\.[0-9]{{3}})+"),
        (".", rf"[0-9]+|{SPACED}|[1-9][0-9]{{0,2}}(?:,[0-9]{{3}})+"),
    )

    def read(self, digits: str) -> set[float]:
        """Return every number that these digits, marks and spaces can be."""
        found = set()
        for mark, whole in self.value:
            if match := re.fullmatch(rf"({whole})(?:{re.escape(mark)}([0-9]+))?", digits):
                before, after = match.groups()
                found.add(float(f"{re.sub('[ .,]', '', before)}.{after or 0}"))
        return found


@dataclass(frozen=True)
class Said:
    """What a cell says: a number, or the status that tells why there is none."""

    value: float | None
    status: str = Status.OK
    is_empty: bool = False


def read_cell(cell: Any, dialect: Dialect, unit: str) -> Said:
    """Return what a cell says of a figure of this unit.

    Raises ValidationError, saying what to do, for what is neither a number nor a mark, or can be two numbers.
    """
    if isinstance(cell, Uncomputed):
        raise ValidationError(
            _("The cell has a formula whose result is not in the file. Open the file in Excel and save it again.")
        )
    if isinstance(cell, date | time):
        raise ValidationError(
            _("The spreadsheet has made a date of the cell. Format it as a number and write the figure again.")
        )
    if isinstance(cell, Percent) and unit != Unit.PERCENT:
        raise _wrong_unit(f"{cell:g} %", unit)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return Said(_sized(cell))
    # An apostrophe keeps a spreadsheet from computing what follows, in files that people and programs write.
    text = text_of(cell).removeprefix("'").strip()
    word = text.casefold()
    if word in MISSING:
        return Said(None, Status.MISSING, is_empty=not text)
    if word in SUPPRESSED or FEWER_THAN.fullmatch(word):
        return Said(None, Status.SUPPRESSED)
    return Said(_number(text, dialect, unit))


def _number(text: str, dialect: Dialect, unit: str) -> float:
    match = SIGNED.fullmatch(text)
    found = dialect.read(match["digits"]) if match else set()
    if match is None or not found:
        raise _no_number(text, dialect)
    if len(found) > 1:
        few, many = sorted(found)
        raise ValidationError(
            _("“%(cell)s” can be %(few)s or %(many)s. Make the cell a number in the spreadsheet.")
            % {"cell": _told(text), "few": number_format(few, 3), "many": number_format(many, 0)}
        )
    written = (match["unit"] or "").casefold().rstrip(".")
    if written and written not in UNITS.get(unit, ()):
        if any(written in known for known in UNITS.values()):
            raise _wrong_unit(text, unit)
        raise _no_number(text, dialect)
    value = found.pop()
    # Nought has no sign.
    return _sized(-value if match["sign"] in {"-", "−", "–"} and value else value)


def _sized(value: float) -> float:
    # Of what is not a number no comparison holds.
    if not -LARGEST <= value <= LARGEST:
        raise ValidationError(_("The number is too large for a figure. Correct it."))
    return float(value)


def _no_number(text: str, dialect: Dialect) -> ValidationError:
    if dialect is Dialect.SEMICOLON and Dialect.COMMA.read(text):
        words = _("“%(cell)s” has a point, but the decimal mark of this file is the comma. Write it with a comma.")
    elif dialect is Dialect.COMMA and Dialect.SEMICOLON.read(text):
        words = _("“%(cell)s” has a comma, but the decimal mark of this file is the point. Write it with a point.")
    else:
        words = _("“%(cell)s” is not a number. Write a number, “-” for a missing figure or “..” for a suppressed one.")
    return ValidationError(words % {"cell": _told(text)})


def _wrong_unit(text: str, unit: str) -> ValidationError:
    return ValidationError(
        _("“%(cell)s” has another unit than the indicator, which is in: %(unit)s. Write the number in that unit.")
        % {"cell": _told(text), "unit": Unit(unit).label}
    )


def _told(text: str) -> str:
    return text if len(text) <= LONGEST_TOLD else f"{text[: LONGEST_TOLD - 1]}…"
