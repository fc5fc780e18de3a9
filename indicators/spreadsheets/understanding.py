"""What a file of figures means: which indicators and areas it speaks of, or what is wrong with a row."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from indicators.models import Area, Indicator, IndicatorValue
from indicators.spreadsheets.cells import read_cell
from indicators.spreadsheets.reading import COLUMNS, YEAR, Entry, Read, same

Gender = IndicatorValue.Gender

FIRST_YEAR = 1990
WHOLE_COUNTRY = ("suomi", "finland")
GENDERS: dict[str, str] = {
    **dict.fromkeys(
        ("", "kaikki", "molemmat", "yhteensä", "alla", "båda", "totalt", "both", "all", "total"), Gender.TOTAL
    ),
    **dict.fromkeys(("mies", "miehet", "pojat", "man", "män", "pojkar", "men", "male", "boys"), Gender.MALE),
    **dict.fromkeys(
        ("nainen", "naiset", "tytöt", "kvinna", "kvinnor", "flickor", "women", "female", "girls"), Gender.FEMALE
    ),
}

# "Hankasalmi (077)", "077 Hankasalmi".
NAME_AND_CODE = re.compile(r"(?P<name>.+?) \((?P<code>[0-9]{1,3})\)|(?P<code2>[0-9]{3}) (?P<name2>.+)")


@dataclass(frozen=True)
class Known:
    """The indicators that a county owns and the areas that its figures may be of, with what they are called."""

    owner: Area
    indicators: Mapping[int, Indicator]
    areas: Mapping[int, Area]
    last_year: int

    @classmethod
    def of(cls, owner: Area, *, today: date | None = None) -> Known:
        """Return what a county may bring: of itself, its municipalities, those merged into them, and the country.

        Two queries, however many there are.
        """
        municipality = Q(kind=Area.Kind.MUNICIPALITY)
        own = Q(parent=owner) | Q(merged_into__parent=owner) | Q(merged_into__merged_into__parent=owner)
        areas = Area.objects.filter((municipality & own) | Q(pk=owner.pk) | Q(kind=Area.Kind.COUNTRY))
        return cls(
            owner,
            {row.pk: row for row in Indicator.objects.filter(owner=owner).order_by("name_fi", "pk")},
            {row.pk: row for row in areas.order_by("order", "code")},
            (today or timezone.localdate()).year + 1,
        )

    @cached_property
    def indicators_by_name(self) -> dict[str, list[Indicator]]:
        """The indicators by each of their names."""
        found: dict[str, list[Indicator]] = defaultdict(list)
        for row in self.indicators.values():
            for name in _names(row):
                found[name].append(row)
        return dict(found)

    @cached_property
    def areas_by_name(self) -> dict[str, Area]:
        """The areas by each of their names; one that has ended gives way to one that is of the same name today."""
        found: dict[str, Area] = {}
        for row in sorted(self.areas.values(), key=lambda area: area.valid_to is None):
            country = WHOLE_COUNTRY if row.kind == Area.Kind.COUNTRY else ()
            for name in (*_names(row), *country):
                found[name] = row
        return found

    @cached_property
    def areas_by_code(self) -> dict[str, Area]:
        """The municipalities by their three digits."""
        return {row.code: row for row in self.areas.values() if row.kind == Area.Kind.MUNICIPALITY}

    @property
    def municipalities(self) -> list[Area]:
        """The county's municipalities of today."""
        return [row for row in self.areas.values() if row.kind == Area.Kind.MUNICIPALITY and row.merged_into_id is None]


def _names(row: Area | Indicator) -> set[str]:
    """Return what an area or an indicator is called in any language, as names are compared."""
    return {same(name) for name in (row.name_fi, row.name_sv, row.name_en) if name}


class Taken(NamedTuple):
    """A figure as it was understood, by its place in the file."""

    row: int
    column: str
    indicator_id: int
    area_id: int
    year: int
    gender: str
    value: float | None
    status: str
    is_empty: bool

    @property
    def key(self) -> tuple[int, int, str, int]:
        """What it is a figure of; a figure is given once."""
        return self.indicator_id, self.area_id, self.gender, self.year


@dataclass(frozen=True)
class Wrong:
    """A row, or a cell of a wide one, that cannot be taken in: what stands there, and what to do in words."""

    row: int
    column: str
    what: str
    words: tuple[str, ...]
    # How many figures: a wide row that is wrong as a whole keeps out all of its years.
    figures: int = 1


def understand(read: Read, known: Known, chosen: Indicator | None = None) -> tuple[list[Taken], list[Wrong]]:
    """Return the figures that can be understood, and what is wrong with the others. At most one query.

    `chosen` is the indicator of a file that names none. Raises ValidationError where neither tells the indicator.
    """
    if chosen is None and not read.names_indicators:
        raise ValidationError(
            _("The file does not tell the indicator. Choose it here, or add the column “%(heading)s”.")
            % {"heading": COLUMNS[0].heading}
        )
    strange = {entry.indicator for entry in read.entries if same(entry.indicator) not in known.indicators_by_name}
    national = _national(strange - {""})
    taken: list[Taken] = []
    wrong: list[Wrong] = []
    for _row, of_row in groupby(read.entries, key=lambda entry: entry.row):
        entries = list(of_row)
        first, words = entries[0], list[str]()
        indicator = _understood(words, _indicator, first, known, chosen, national)
        area = _understood(words, _area, first, known)
        gender = _understood(words, _gender, first)
        if read.is_wide and words:
            wrong.append(Wrong(first.row, "", _what(first, is_wide=True), tuple(words), len(entries)))
            continue
        for entry in entries:
            of_cell = list(words)
            year = _understood(of_cell, _year, entry, known)
            unit = indicator.unit if indicator else ""
            said = _understood(of_cell, read_cell, entry.cell, read.dialect, unit) if indicator else None
            if indicator is None or area is None or year is None or gender is None or said is None:
                wrong.append(Wrong(entry.row, entry.column, _what(entry), tuple(of_cell)))
                continue
            taken.append(
                Taken(
                    entry.row,
                    entry.column,
                    indicator.pk,
                    area.pk,
                    year,
                    gender,
                    said.value,
                    said.status,
                    said.is_empty,
                )
            )
    return taken, wrong


def _understood(words: list[str], judge: Any, *args: Any) -> Any:
    """Return what a judge says, or None after adding to the words why it refuses."""
    try:
        return judge(*args)
    except ValidationError as refusal:
        words.extend(refusal.messages)
        return None


def _what(entry: Entry, *, is_wide: bool = False) -> str:
    said = (entry.indicator, entry.area or entry.code, "" if is_wide else entry.year, entry.gender)
    return ", ".join(text for text in said if text)


def _national(names: Collection[str]) -> set[str]:
    """Return which of the names are those of national indicators."""
    if not names:
        return set()
    found = Indicator.objects.filter(
        Q(name_fi__in=names) | Q(name_sv__in=names) | Q(name_en__in=names), owner=None
    ).values_list("name_fi", "name_sv", "name_en")
    return {same(name) for row in found for name in row if name}


def _indicator(entry: Entry, known: Known, chosen: Indicator | None, national: Collection[str]) -> Indicator:
    name = entry.indicator
    if not name:
        if chosen is not None:
            return chosen
        raise ValidationError(_("“%(heading)s” is missing.") % {"heading": COLUMNS[0].heading})
    found = known.indicators_by_name.get(same(name), [])
    if chosen is not None and chosen in found:
        return chosen
    if not found and same(name) in national:
        raise ValidationError(
            _("“%(name)s” is a national indicator, whose figures come from its source. Leave the row out.")
            % {"name": name}
        )
    if not found:
        raise ValidationError(
            _("“%(name)s” is not one of the county's own indicators. Correct the name, or make the indicator first.")
            % {"name": name}
        )
    if chosen is not None:
        raise ValidationError(
            _("The row is of “%(name)s”, but “%(chosen)s” was chosen. Choose no indicator, or correct the row.")
            % {"name": name, "chosen": chosen.name}
        )
    if len(found) > 1:
        raise ValidationError(
            _("There are several indicators called “%(name)s”. Rename them so that they can be told apart.")
            % {"name": name}
        )
    return found[0]


def _area(entry: Entry, known: Known) -> Area:
    name, code = entry.area, entry.code
    if match := NAME_AND_CODE.fullmatch(name):
        name, code = match["name"] or match["name2"], code or match["code"] or match["code2"]
    elif name.isascii() and name.isdigit():
        name, code = "", code or name
    if not name and not code:
        raise ValidationError(_("“%(heading)s” is missing.") % {"heading": COLUMNS[2].heading})
    by_name = known.areas_by_name.get(same(name)) if name else None
    # Spreadsheets drop the noughts that codes begin with.
    by_code = known.areas_by_code.get(code.zfill(3)) if code else None
    if (name and by_name is None) or (code and by_code is None):
        raise ValidationError(
            _(
                "“%(name)s” is not a municipality of this county, the county itself or the whole country."
                " Correct the name or the code."
            )
            % {"name": name if name and by_name is None else code}
        )
    if by_code is not None and name and same(name) not in _names(by_code):
        raise ValidationError(
            _("The code %(code)s is that of %(name)s. Correct the code or the name.")
            % {"code": by_code.code, "name": by_code.name}
        )
    return by_code or by_name  # type: ignore[return-value]


def _year(entry: Entry, known: Known) -> int:
    if not entry.year:
        raise ValidationError(_("“%(heading)s” is missing.") % {"heading": COLUMNS[3].heading})
    if not YEAR.fullmatch(entry.year) or not FIRST_YEAR <= int(entry.year) <= known.last_year:
        raise ValidationError(
            _("“%(year)s” is not a year between %(first)s and %(last)s.")
            % {"year": entry.year[:60], "first": FIRST_YEAR, "last": known.last_year}
        )
    return int(entry.year)


def _gender(entry: Entry) -> str:
    gender = GENDERS.get(same(entry.gender))
    if gender is None:
        raise ValidationError(
            _("“%(gender)s” is not a gender. Use one of these: %(genders)s.")
            % {"gender": entry.gender[:60], "genders": ", ".join(str(choice.label) for choice in Gender)}
        )
    return gender
