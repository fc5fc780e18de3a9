"""THL's Sotkanet, over its REST interface 1.1: the one place that knows how it speaks.

Its manners: it wants to know who asks (User-Agent), takes one indicator a call and years as repeated parameters, leaves
missing figures out, and now and then answers with an error, with a page of HTML or with half an answer. What may be
better the next time is asked again, a few times, waiting longer each time; what will not, is not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

import httpx
import stamina
from django.utils.translation import gettext as _

BASE_URL = "https://sotkanet.fi/rest/1.1"
USER_AGENT = "Hyte/1 (negotiations of wellbeing services counties; scheduled batches)"
GENDERS = ("total", "male", "female")
ATTEMPTS = 8
# Seconds. A slow answer is as often as not an answer.
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
PATIENCE = 30.0
LANGUAGES = ("fi", "sv", "en")
# What is told of an indicator beside its names, as Sotkanet and Indicator both call it.
TEXTS = ("description", "interpretation", "limits")
# Characters: no text of Sotkanet's comes near, and a page that is none of its texts is not kept whole.
LONGEST_TEXT = 10_000


Json = TypeVar("Json", list[Any], dict[str, Any])


class SotkanetError(Exception):
    """Sotkanet did not give what was asked; the text says why, for people."""


class _Passing(SotkanetError):
    """What may be better the next time."""


class Region(NamedTuple):
    """A region as Sotkanet lists it: its own id, and the code that is unique within its category."""

    id: int
    category: str
    code: str


class Observation(NamedTuple):
    """A figure of a region, year and gender."""

    region: int
    year: int
    gender: str
    value: float
    absolute: float | None


@dataclass(frozen=True)
class Description:
    """What an indicator is, as Sotkanet tells: its names, how its figures are written, and what is told of it.

    The texts are plain, by their kind (TEXTS) and language; one that Sotkanet does not have is empty.
    """

    id: int
    names: dict[str, str]
    producer: str
    unit: str
    decimals: int
    texts: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What came of one indicator: figures, and rows that could not be read, as they were."""

    observations: list[Observation]
    unreadable: list[str]


class Sotkanet:
    """A client of the interface. To be used by several threads, and closed."""

    def __init__(self, base_url: str = BASE_URL, *, first_wait: float = FIRST_WAIT, patience: float = PATIENCE) -> None:
        self._first_wait = first_wait
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

    def regions(self) -> list[Region]:
        """Return the regions that it has figures of. Raises SotkanetError."""
        rows = self._ask("regions", [], list)
        try:
            return [Region(int(row["id"]), str(row["category"]), str(row["code"])) for row in rows]
        except (KeyError, TypeError, ValueError) as error:
            raise SotkanetError(
                _("The list of regions is not as it used to be (%(error)s).") % {"error": repr(error)}
            ) from error

    def describe(self, indicator: int, *, attempts: int | None = None) -> Description:
        """Return what an indicator is. Raises SotkanetError, also for an id that it does not have.

        It is asked at most so many times, as often as anything else unless told.
        """
        told = self._ask(f"indicators/{indicator}", [], dict, attempts)
        try:
            return Description(
                id=int(told["id"]),
                names={language: str(told["title"].get(language) or "") for language in LANGUAGES},
                producer=str(told["organization"]["title"]["fi"]),
                unit=str(told["primaryValueType"]["code"]),
                decimals=int(told["decimals"]),
                texts={kind: _texts(told.get(kind)) for kind in TEXTS},
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            words = _("The description of indicator %(id)d is not as it used to be (%(error)s).")
            raise SotkanetError(words % {"id": indicator, "error": repr(error)}) from error

    def values(self, indicator: int, years: Iterable[int], genders: Iterable[str] = GENDERS) -> Answer:
        """Return the figures of an indicator, none where it has none in these years. Raises SotkanetError."""
        asked = [
            ("indicator", str(indicator)),
            *(("years", str(year)) for year in years),
            *(("genders", gender) for gender in genders),
        ]
        answer = Answer([], [])
        for row in self._ask("json", asked, list):
            observation = _read(row, indicator)
            if observation is None:
                answer.unreadable.append(str(row)[:200])
            else:
                answer.observations.append(observation)
        return answer

    def _ask(
        self, path: str, parameters: list[tuple[str, str]], expected: type[Json], attempts: int | None = None
    ) -> Json:
        attempts = attempts or ATTEMPTS
        try:
            for attempt in stamina.retry_context(
                on=_Passing, attempts=attempts, timeout=None, wait_initial=self._first_wait, wait_max=LONGEST_WAIT
            ):
                with attempt:
                    return self._ask_once(path, parameters, expected)
        except _Passing as error:
            raise SotkanetError(_("Asked %(times)d times: %(error)s") % {"times": attempts, "error": error}) from error
        raise AssertionError("a retry either returns or raises")

    def _ask_once(self, path: str, parameters: list[tuple[str, str]], expected: type[Json]) -> Json:
        try:
            response = self._http.get(path, params=httpx.QueryParams(tuple(parameters)))
        except httpx.TimeoutException as error:
            raise _Passing(_("Sotkanet does not answer in time.")) from error
        except httpx.TransportError as error:
            raise _Passing(
                _("The answer broke off, or no connection can be made (%(error)s).") % {"error": error}
            ) from error
        if response.status_code >= 500 or response.status_code == 429:
            raise _Passing(_("Sotkanet answers with the error %(status)d.") % {"status": response.status_code})
        if response.status_code != 200:
            raise SotkanetError(
                _("Sotkanet refuses the question “%(path)s” with the error %(status)d.")
                % {"path": path, "status": response.status_code}
            )
        try:
            answer = response.json()
        except ValueError as error:
            raise _Passing(
                _("Sotkanet answers with something else than figures, such as a page about a break.")
            ) from error
        if not isinstance(answer, expected):
            raise SotkanetError(_("The answer is not as it used to be: it has another form."))
        return answer


def _texts(told: Any) -> dict[str, str]:
    """Return a text by language as plain text; empty where there is none, or what is there is no text."""
    by_language = told if isinstance(told, Mapping) else {}
    return {
        language: plain_text(text) if isinstance(text := by_language.get(language), str) else ""
        for language in LANGUAGES
    }


def plain_text(html: str) -> str:
    """Return what a piece of HTML says: no tags, entities as characters, paragraphs apart by an empty line.

    What is not for reading (scripts, styles, comments) is left out. The answer is text: where it is shown as HTML, it
    is escaped as any other text is.
    """
    reader = _Reader()
    # NUL is refused by the database, and no text has it.
    reader.feed(html.replace("\0", ""))
    reader.close()
    lines = [" ".join(line.split()) for line in "".join(reader.said).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()[:LONGEST_TEXT].rstrip()


class _Reader(HTMLParser):
    """Gathers what a piece of HTML says, with the breaks that its blocks make."""

    PARAGRAPHS = frozenset({"p", "div", "ul", "ol", "dl", "table", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6"})
    LINES = frozenset({"br", "li", "tr", "dt", "dd"})
    UNREAD = frozenset({"script", "style"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a block, or what is not read."""
        self._break(tag)
        if tag in self.UNREAD:
            self._unread += 1

    def handle_endtag(self, tag: str) -> None:
        """End a block, or what is not read."""
        if tag in self.PARAGRAPHS:
            self._break(tag)
        elif tag in self.UNREAD and self._unread:
            self._unread -= 1

    def handle_data(self, data: str) -> None:
        """Take text; its own line breaks are no more than spaces."""
        if not self._unread:
            self.said.append(re.sub(r"\s+", " ", data))

    def _break(self, tag: str) -> None:
        if tag in self.PARAGRAPHS:
            self.said.append("\n\n")
        elif tag in self.LINES:
            self.said.append("\n")


def _read(row: Any, indicator: int) -> Observation | None:
    """Return what a row says; None where it cannot be read as a figure of this indicator."""
    try:
        if row["indicator"] != indicator or row["gender"] not in GENDERS:
            return None
        region, year, value, absolute = row["region"], row["year"], row["value"], row.get("absValue")
    except (AttributeError, KeyError, TypeError):
        return None
    if not _is_id(region) or not _is_id(year) or not 1900 <= year <= 2100 or not _is_number(value):
        return None
    if absolute is not None and not _is_number(absolute):
        return None
    return Observation(region, year, row["gender"], float(value), None if absolute is None else float(absolute))


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
