"""Statistics Finland's PxWeb, its interface 1 and json-stat2: the one place that knows how it speaks.

Its manners: a table tells of itself (GET) which variables it has and which values these take; a question (POST) names
some of them, and is refused when it asks for too much. Codes of variables change with the table and the year
("alue_23_20260101"), so they are looked for by what they are called. 30 questions in 10 seconds are allowed. What may
be better the next time is asked again, a few times, waiting longer each time; what will not, is not.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from types import TracebackType
from typing import Any, NamedTuple, Self

import httpx
import stamina
from django.utils.translation import gettext as _

BASE_URL = "https://pxdata.stat.fi/PxWeb/api/v1/fi/StatFin"
USER_AGENT = "Hyte/1 (negotiations of wellbeing services counties; scheduled batches)"
TOTAL, MALE, FEMALE = "total", "male", "female"
ATTEMPTS = 8
# Seconds. A slow answer is as often as not an answer.
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
PATIENCE = 60.0
# Cells in one question: PxWeb answers 403 beyond its limit, which installations set, often to 100,000.
CELLS = 50_000
# 30 in 10 seconds are allowed. Some are left: what is sent evenly may arrive in a bunch.
CALLS, WINDOW = 25, 10.0

# What variables are called in the three languages that a table may be asked in; the first is told to people.
AREA_NAMES = ("Alue", "Område", "Region", "Area")
AGE_NAMES = ("Ikä", "Ålder", "Age")
SEX_NAMES = ("Sukupuoli", "Kön", "Sex", "Gender")
YEAR_NAMES = ("Vuosi", "År", "Year")
CONTENTS_NAMES = ("Tiedot", "Uppgifter", "Information", "Contents")
POPULATION_NAMES = ("Väestö", "Befolkning", "Population")
TOTAL_NAMES = ("Yhteensä", "Totalt", "Total", "Sammanlagt")
SEX_VALUES = {
    TOTAL: TOTAL_NAMES,
    MALE: ("Miehet", "Män", "Men", "Males"),
    FEMALE: ("Naiset", "Kvinnor", "Women", "Females"),
}
# The mark of what may not be told; all others say that there is nothing.
WITHHELD = "..."


class PxWebError(Exception):
    """The table did not give what was asked, or is not as it is expected; the text says why, for people."""


class _Passing(PxWebError):
    """What may be better the next time."""


class Cell(NamedTuple):
    """People of an area, year and gender, of one of the ages asked for; one without a value may say why."""

    area: str
    year: int
    gender: str
    value: int | None
    is_secret: bool = False
    # What stands in the place of a number of people and is none, as it came.
    unreadable: str = ""


@dataclass(frozen=True)
class Table:
    """A table of people by area, age, sex and year: the codes of its variables and of their values.

    `ages` gives the code of each one-year age from 0; the last, `oldest`, is of all who are older too.
    """

    path: str
    area: str
    age: str
    sex: str
    year: str
    areas: tuple[str, ...]
    ages: Mapping[int, str]
    all_ages: str | None
    sexes: Mapping[str, str]
    years: Mapping[int, str]
    # The one value to ask of each variable besides: what is counted, mostly.
    others: Mapping[str, str]

    @property
    def oldest(self) -> int:
        """The age of the last class, which has no upper end."""
        return max(self.ages)

    def ages_between(self, first: int, last: int | None) -> list[str]:
        """Return the codes of these ages, both included; all from the first without a last.

        Everybody is one code where the table has one for them. Raises PxWebError for ages that it does not tell apart.
        """
        if first == 0 and last is None and self.all_ages is not None:
            return [self.all_ages]
        # Of the last class it is not known how many are of which age.
        if first > self.oldest or (last is not None and last >= self.oldest):
            raise PxWebError(
                _("The table does not have the ages %(ages)s.") % {"ages": f"{first}–{'' if last is None else last}"}
            )
        return [self.ages[age] for age in range(first, (self.oldest if last is None else last) + 1)]


class Pace:
    """So many calls in any stretch of so many seconds, and no more: who is too early waits. For several threads."""

    def __init__(
        self,
        calls: int = CALLS,
        window: float = WINDOW,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._window, self._clock, self._sleep = window, clock, sleep
        self._latest: deque[float] = deque(maxlen=calls)
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when one more call may be made, and count it."""
        with self._lock:
            if len(self._latest) == self._latest.maxlen:
                pause = self._latest[0] + self._window - self._clock()
                if pause > 0:
                    self._sleep(pause)
            self._latest.append(self._clock())


class PxWeb:
    """A client of the interface. To be closed."""

    def __init__(
        self,
        base_url: str = BASE_URL,
        *,
        first_wait: float = FIRST_WAIT,
        patience: float = PATIENCE,
        pace: Pace | None = None,
    ) -> None:
        self._first_wait = first_wait
        self._pace = pace or Pace()
        self._http = httpx.Client(
            base_url=base_url.rstrip("/") + "/",
            headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
            timeout=patience,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def table(self, path: str) -> Table:
        """Return what a table has, such as "vaerak/11re.px". Raises PxWebError, naming what it lacks."""
        return read_table(path, self._ask(path, None))

    def cells(self, table: Table, *, areas: Sequence[str], ages: Sequence[str], years: Sequence[int]) -> Iterator[Cell]:
        """Ask for the people of these areas, ages and years, by sex, in as many questions as it takes.

        Areas and ages are the table's codes. Raises PxWebError.
        """
        genders = {code: gender for gender, code in table.sexes.items()}
        year_of = {table.years[year]: year for year in years}
        whole: dict[str, Sequence[str]] = {
            table.area: areas,
            table.age: ages,
            table.sex: list(genders),
            table.year: list(year_of),
            **{variable: [code] for variable, code in table.others.items()},
        }
        for question in pieces(whole, CELLS):
            cube = read_cube(self._ask(table.path, question), question)
            for codes in product(*question.values()):
                area, _age, sex, year, *_others = codes
                yield _cell(area, year_of[year], genders[sex], *cube.at(codes))

    def _ask(self, path: str, question: Mapping[str, Sequence[str]] | None) -> dict[str, Any]:
        try:
            for attempt in stamina.retry_context(
                on=_Passing, attempts=ATTEMPTS, timeout=None, wait_initial=self._first_wait, wait_max=LONGEST_WAIT
            ):
                with attempt:
                    return self._ask_once(path, question)
        except _Passing as error:
            raise PxWebError(_("Asked %(times)d times: %(error)s") % {"times": ATTEMPTS, "error": error}) from error
        raise AssertionError("a retry either returns or raises")

    def _ask_once(self, path: str, question: Mapping[str, Sequence[str]] | None) -> dict[str, Any]:
        self._pace.wait()
        try:
            response = self._http.get(path) if question is None else self._http.post(path, json=_worded(question))
        except httpx.TimeoutException as error:
            raise _Passing(_("Statistics Finland does not answer in time.")) from error
        except httpx.TransportError as error:
            raise _Passing(
                _("The answer broke off, or no connection can be made (%(error)s).") % {"error": error}
            ) from error
        if response.status_code >= 500 or response.status_code == 429:
            raise _Passing(
                _("Statistics Finland answers with the error %(status)d.") % {"status": response.status_code}
            )
        if response.status_code != 200:
            raise PxWebError(
                _("Statistics Finland refuses the question “%(path)s” with the error %(status)d.")
                % {"path": path, "status": response.status_code}
            )
        try:
            answer = response.json()
        except ValueError as error:
            raise _Passing(
                _("Statistics Finland answers with something else than figures, such as a page about a break.")
            ) from error
        if not isinstance(answer, dict):
            raise PxWebError(_("The answer is not as it used to be: it has another form."))
        return answer


def _worded(question: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    return {
        "query": [
            {"code": variable, "selection": {"filter": "item", "values": list(codes)}}
            for variable, codes in question.items()
        ],
        "response": {"format": "json-stat2"},
    }


def pieces(question: Mapping[str, Sequence[str]], limit: int) -> list[dict[str, Sequence[str]]]:
    """Cut a question (codes by variable) into some that have no more cells than the limit each; together they are it.

    The longest list is halved until it fits.
    """
    if prod(len(codes) for codes in question.values()) <= limit:
        return [dict(question)]
    longest = max(question, key=lambda variable: len(question[variable]))
    codes = question[longest]
    middle = len(codes) // 2
    return [piece for half in (codes[:middle], codes[middle:]) for piece in pieces({**question, longest: half}, limit)]


# --- What a table tells of itself -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Variable:
    code: str
    text: str
    values: tuple[tuple[str, str], ...]
    can_be_left_out: bool
    is_time: bool

    def is_called(self, names: Iterable[str]) -> bool:
        return _is_called(self.text, names)

    def one(self, names: Sequence[str]) -> str | None:
        """Return the code of the value that is called so, if there is exactly one."""
        found = [code for code, text in self.values if _is_called(text, names)]
        return found[0] if len(found) == 1 else None


def _is_called(text: str, names: Iterable[str]) -> bool:
    """Return whether one of the names is among the words: "Ikäluokat yhteensä", "Väestö 31.12."."""
    words = {word.strip(",.:;()").casefold() for word in text.split()}
    return any(name.casefold() in words for name in names)


def read_table(path: str, told: Mapping[str, Any]) -> Table:
    """Return a table by what it tells of itself. Raises PxWebError, naming what it lacks."""
    try:
        variables = [
            _Variable(
                code=str(row["code"]),
                text=str(row["text"]),
                values=tuple(zip(map(str, row["values"]), map(str, row["valueTexts"]), strict=True)),
                can_be_left_out=bool(row.get("elimination")),
                is_time=bool(row.get("time")),
            )
            for row in told["variables"]
        ]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _changed(error) from error
    area, age, sex = (_find(variables, names) for names in (AREA_NAMES, AGE_NAMES, SEX_NAMES))
    year = next((variable for variable in variables if variable.is_time), None) or _find(variables, YEAR_NAMES)
    sexes = {gender: sex.one(names) for gender, names in SEX_VALUES.items()}
    if sexes[MALE] is None or sexes[FEMALE] is None:
        raise PxWebError(_("The table does not tell men and women apart."))
    return Table(
        path=path,
        area=area.code,
        age=age.code,
        sex=sex.code,
        year=year.code,
        areas=tuple(code for code, _text in area.values),
        ages=_ages(age),
        all_ages=age.one(TOTAL_NAMES),
        sexes={gender: code for gender, code in sexes.items() if code is not None},
        # A star after the year says that its figures are not final.
        years={int(match[1]): code for code, text in year.values if (match := re.fullmatch(r"(\d{4})\*?", text))},
        others=_others([variable for variable in variables if variable not in (area, age, sex, year)]),
    )


def _find(variables: Sequence[_Variable], names: Sequence[str]) -> _Variable:
    found = [variable for variable in variables if variable.is_called(names)]
    if len(found) == 1:
        return found[0]
    words = (
        _("The table has several variables called “%(name)s”: %(found)s.")
        if found
        else _("The table has no variable called “%(name)s”: it has %(found)s.")
    )
    raise PxWebError(
        words % {"name": names[0], "found": ", ".join(variable.text for variable in found or variables) or "–"}
    )


def _ages(variable: _Variable) -> dict[int, str]:
    """Return the codes of the one-year ages, from 0 to the last, which is of the older too: none may be missing."""
    single: dict[int, str] = {}
    open_ended: dict[int, str] = {}
    for code, text in variable.values:
        if match := re.fullmatch(r"(\d{1,3})\s*(-|–|\+)?", text.strip()):
            (open_ended if match[2] else single)[int(match[1])] = code
    oldest = max(open_ended, default=max(single, default=0) + 1)
    missing = [str(age) for age in range(oldest) if age not in single]
    if oldest not in open_ended:
        missing.append(f"{oldest}–")
    if missing:
        raise PxWebError(_("The table does not have the ages %(ages)s.") % {"ages": ", ".join(missing[:10])})
    return {**{age: single[age] for age in range(oldest)}, oldest: open_ended[oldest]}


def _others(variables: Sequence[_Variable]) -> dict[str, str]:
    """Return what to ask of the variables besides; those that PxWeb adds up by itself are left out."""
    asked: dict[str, str] = {}
    for variable in variables:
        if len(variable.values) == 1:
            asked[variable.code] = variable.values[0][0]
        elif variable.is_called(CONTENTS_NAMES) and (code := variable.one(POPULATION_NAMES)) is not None:
            asked[variable.code] = code
        elif not variable.can_be_left_out or variable.is_called(CONTENTS_NAMES):
            words = _("Which value of the table's variable “%(name)s” is asked for cannot be told: it has %(found)s.")
            texts = ", ".join(text for _code, text in variable.values[:10])
            raise PxWebError(words % {"name": variable.text, "found": texts or "–"})
    return asked


# --- json-stat2 -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cube:
    """An answer: where each code of each variable of the question lies, and what lies there."""

    _offsets: tuple[Mapping[str, int], ...]
    _values: Mapping[int, Any]
    _marks: Mapping[int, str]

    def at(self, codes: Sequence[str]) -> tuple[Any, str]:
        """Return the value at these codes, one of each variable in the question's order, and its mark."""
        place = sum(offsets[code] for offsets, code in zip(self._offsets, codes, strict=True))
        return self._values.get(place), self._marks.get(place) or ""


def read_cube(answer: Mapping[str, Any], question: Mapping[str, Sequence[str]]) -> Cube:
    """Return an answer in json-stat2 as it lies in the question's order. Raises PxWebError unless it answers that.

    The values lie row by row, the last variable changing first; they, as the marks, come as a list or by place, and
    the places of codes as a list or by code.
    """
    try:
        names, sizes = list(answer["id"]), [int(size) for size in answer["size"]]
        strides = {name: prod(sizes[at + 1 :]) for at, name in enumerate(names)}
        positions = {name: _positions(answer["dimension"][name]["category"]) for name in names}
        if [len(positions[name]) for name in names] != sizes:
            raise ValueError("size")
        if any(size != 1 for name, size in zip(names, sizes, strict=True) if name not in question):
            raise ValueError("id")
        offsets = tuple(
            {code: positions[variable][code] * strides[variable] for code in codes}
            for variable, codes in question.items()
        )
        value = answer["value"]
        if isinstance(value, list) and len(value) != prod(sizes):
            raise ValueError("value")
        return Cube(offsets, _by_place(value), _by_place(answer.get("status") or {}))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise _changed(error) from error


def _positions(category: Mapping[str, Any]) -> dict[str, int]:
    index = category.get("index")
    if index is None:
        # Left out where there is only one.
        (only,) = category["label"]
        return {str(only): 0}
    codes = {str(code): at for at, code in enumerate(index)} if isinstance(index, list) else dict(index)
    if sorted(codes.values()) != list(range(len(codes))):
        raise ValueError("index")
    return codes


def _by_place(given: Any) -> dict[int, Any]:
    if isinstance(given, list):
        return dict(enumerate(given))
    return {int(place): value for place, value in given.items()}


def _cell(area: str, year: int, gender: str, value: Any, mark: str) -> Cell:
    if value is None:
        return Cell(area, year, gender, None, is_secret=mark == WITHHELD)
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 and value % 1 == 0:
        return Cell(area, year, gender, int(value))
    return Cell(area, year, gender, None, unreadable=str(value)[:40])


def _changed(error: Exception) -> PxWebError:
    return PxWebError(_("The table's answer is not as it used to be (%(error)s).") % {"error": repr(error)})
