"""The fields of a rule of slots: weeks, times and exceptions as people write them, read and written out again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities import timewords
from municipalities.forms import DAY_FORMATS
from negotiations.planning.slots.rules import (
    EARLIEST,
    LATEST,
    MOST_EXCEPTIONS,
    DayException,
    ExceptionKind,
    Hours,
    IsoWeek,
    RuleError,
    hours_words,
)

KINDS = (
    ("", gettext_lazy("Choose")),
    (ExceptionKind.SWAP.value, gettext_lazy("Moved day")),
    (ExceptionKind.ADD.value, gettext_lazy("Added day")),
    (ExceptionKind.HOURS.value, gettext_lazy("Other times")),
    (ExceptionKind.OFF.value, gettext_lazy("Day off")),
)
WEEK = re.compile(r"(?:[^\W\d]+\.?\s*)?(\d{1,2})(?:\s*[/.]\s*(\d{4}))?")
ISO_WEEK = re.compile(r"(\d{4})-W(\d{1,2})", re.IGNORECASE)
SPAN = re.compile(r"(?:klo|kl\.?)?\s*(\d{1,2})(?:[.:](\d{2}))?(?:\s*[-–—]\s*(\d{1,2})(?:[.:](\d{2}))?)?", re.IGNORECASE)
ROW = re.compile(r"-(\d{1,3})-")


class Written(forms.TextInput):
    """A text whose value is something else: `write` makes the text of it."""

    def __init__(self, write: Callable[[Any], str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.write = write

    def format_value(self, value: Any) -> str | None:
        """Return the text of a value."""
        return value if isinstance(value, str) or value is None else self.write(value)


class WrittenField(forms.CharField):
    """A field in which something is written: read into a value by `read`, and written out again by `write`."""

    def __init__(self, read: Callable[[str], Any], write: Callable[[Any], str], **kwargs: Any) -> None:
        super().__init__(widget=Written(write), max_length=400, **kwargs)
        self.read, self.write = read, write

    def prepare_value(self, value: Any) -> Any:
        """Return the text of a value."""
        return value if isinstance(value, str) or value is None else self.write(value)

    def clean(self, value: Any) -> Any:
        """Return the value that the text tells of. Raises ValidationError with the words of the rule."""
        text = super().clean(value)
        try:
            return self.read(text)
        except RuleError as error:
            raise ValidationError(error.words) from error


def read_week(text: str) -> IsoWeek | int | None:
    """Read "35/2023", "vko 35/2023" or "2023-W35"; the number alone where no year is given, none of nothing."""
    if not text:
        return None
    if found := ISO_WEEK.fullmatch(text):
        return IsoWeek(int(found[1]), int(found[2]))
    if found := WEEK.fullmatch(text):
        return IsoWeek(int(found[2]), int(found[1])) if found[2] else int(found[1])
    raise RuleError("weeks", _("Give the week and the year, for example 35/2026."))


def read_weeks(text: str) -> tuple[IsoWeek | int, ...]:
    """Read weeks separated by commas."""
    pieces = [piece.strip() for piece in re.split(r"[,;]", text)]
    return tuple(week for piece in pieces if (week := read_week(piece)) is not None)


def write_week(value: IsoWeek | int) -> str:
    """Write a week: "35/2023"."""
    return value.words if isinstance(value, IsoWeek) else str(value)


@dataclass(frozen=True)
class Start:
    """A start without an end, as "on some Thursdays at 9": the end is the usual one."""

    starts: time


def read_hours(text: str) -> tuple[Hours | Start, ...]:
    """Read "8.15–12.00", several separated by commas; a start alone is told as one."""
    spans: list[Hours | Start] = []
    for piece in re.split(r"[,;]", text):
        if not piece.strip():
            continue
        found = SPAN.fullmatch(piece.strip())
        if not found:
            raise RuleError("hours", _("Give the start and the end, for example 8.15–12.00."))
        try:
            starts = time(int(found[1]), int(found[2] or 0))
            ends = time(int(found[3]), int(found[4] or 0)) if found[3] else None
        except ValueError as error:
            raise RuleError("hours", _("There is no such time of the day. Give it as 8.15–12.00.")) from error
        spans.append(Hours(starts, ends) if ends else Start(starts))
    return tuple(spans)


def write_hours(value: Sequence[Hours]) -> str:
    """Write times of a day: "8.15–12.00, 13.00–16.00"."""
    return ", ".join(hours_words(span) for span in value)


def whole_hours(value: Sequence[Hours | Start], usual: Sequence[Hours]) -> tuple[Hours, ...]:
    """Return the times with the usual end where only a start is told, in order. Raises RuleError where none is."""
    whole = []
    for span in value:
        if isinstance(span, Start):
            if len(usual) != 1:
                raise RuleError("hours", _("Give the end too, for example 8.15–12.00."))
            span = Hours(span.starts, usual[0].ends)
        whole.append(span)
    return tuple(sorted(whole))


class RowsInput(forms.Widget):
    """Exceptions, a row each. What is sent is a list of rows; a text is the exceptions as they are stored."""

    NAMES: ClassVar[tuple[str, ...]] = ("kind", "day", "instead", "hours", "reason")

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        """Return the rows that were sent, in order; empty ones too, so that they keep their places."""
        if isinstance(data.get(name), str):
            return data[name]
        numbers = {int(found[1]) for key in data if key.startswith(name) and (found := ROW.match(key[len(name) :]))}
        return [
            {part: str(data.get(f"{name}-{number}-{part}", "")).strip() for part in self.NAMES}
            for number in sorted(numbers)
        ]

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        """Rows may be none at all."""
        return False

    def format_value(self, value: Any) -> str | None:
        """Tell the exceptions in words, a line each; what is stored as text stays so."""
        if isinstance(value, str) or value is None:
            return value
        return "\n".join(exception_words(one) for one in value)

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        """Return the id of what surrounds the rows."""
        return id_


class OneOf(forms.RadioSelect):
    """A choice; whoever is led to it from what is wrong comes to its first button."""

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        """Return the id of a button, of the first one where none is told."""
        return super().id_for_label(id_, index if index is not None or not id_ else "0")


class SomeOf(forms.CheckboxSelectMultiple):
    """Things to tick; whoever is led to them from what is wrong comes to the first."""

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        """Return the id of a box, of the first one where none is told."""
        return super().id_for_label(id_, index if index is not None or not id_ else "0")


class ExceptionsField(forms.Field):
    """The exceptions of a rule. `usual` are the times of the rule, whose end a row may leave out.

    While one is still writing (`is_draft`) rows that are not whole are left out, and not complained of.
    """

    # Where the times of the rule are wrong themselves, that is enough to complain of.
    usual: Sequence[Hours] = (Hours(EARLIEST, LATEST),)
    is_draft = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=RowsInput(), required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return the exceptions as they are stored, for a form that is filled in anew."""
        return value if isinstance(value, str | list) else json.dumps([one.to_json() for one in value or ()])

    def clean(self, value: Any) -> tuple[DayException, ...]:
        """Return the exceptions. Raises ValidationError that tells of each row what is wrong in it."""
        if isinstance(value, str):
            return stored_exceptions(value)
        found, wrong = [], []
        for number, row in enumerate(value or (), start=1):
            if not any(row.values()) or (self.is_draft and not _is_whole(row)):
                continue
            try:
                found.append(self._read(row))
            except RuleError as error:
                wrong.append(_("Row %(number)s: %(words)s") % {"number": number, "words": error.words})
        if len(found) + len(wrong) > MOST_EXCEPTIONS:
            wrong = [_("Give at most %(most)s exceptions.") % {"most": MOST_EXCEPTIONS}]
        if wrong:
            raise ValidationError([ValidationError(words) for words in wrong])
        return tuple(sorted(found, key=lambda one: (one.day, one.kind.value)))

    def _read(self, row: Mapping[str, str]) -> DayException:
        if "\x00" in "".join(row.values()):
            raise RuleError("exceptions", _("Write the row again: it has a character that cannot be saved."))
        try:
            kind = ExceptionKind(row["kind"])
        except ValueError as error:
            raise RuleError("exceptions", _("Choose what is different on the day.")) from error
        day = _day(row["day"])
        if day is None:
            raise RuleError("exceptions", _("Give the day as day.month.year, for example 26.9.2024."))
        return DayException(
            kind=kind,
            day=day,
            instead=_day(row["instead"]),
            hours=whole_hours(read_hours(row["hours"]), self.usual),
            reason=row["reason"],
        )


def _is_whole(row: Mapping[str, str]) -> bool:
    """Return whether a row has what its kind asks for."""
    asked = {ExceptionKind.SWAP.value: row["instead"], ExceptionKind.HOURS.value: row["hours"]}
    return bool(row["kind"] and row["day"] and asked.get(row["kind"], "-"))


def _day(text: str) -> date | None:
    """Read a day; none of nothing. Raises RuleError for what is no day."""
    if not text:
        return None
    for format_ in DAY_FORMATS:
        try:
            return datetime.strptime(text, format_).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise RuleError("exceptions", _("Give the day as day.month.year, for example 26.9.2024."))


def stored_exceptions(text: str) -> tuple[DayException, ...]:
    """Read exceptions as they are stored. Raises ValidationError for what somebody has tampered with."""
    try:
        return tuple(DayException.from_json(one) for one in json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValidationError(_("The exceptions cannot be read. Open the page again.")) from error


def exception_words(one: DayException) -> str:
    """Write an exception: "Siirretty päivä: to 2.11.2023 → ke 1.11.2023, 9.00–12.00. Syy."."""
    words = f"{dict(KINDS)[one.kind.value]}: {timewords.day(one.day)}"
    if one.instead:
        words += f" → {timewords.day(one.instead)}"
    if one.hours:
        words += f", {write_hours(one.hours)}"
    return f"{words}. {one.reason}" if one.reason else words
