"""The attendance report of Microsoft Teams: read as it comes, one row for each who was there.

The report is UTF-16 with tabs between, in three numbered sections ("1. Summary", "2. Participants", "3. In-Meeting
Activities") whose headings are in the language of whoever fetched it; older ones are one table, UTF-8 with commas or
tabs, either of the participants or of each joining and leaving. The same person may be in it several times. Addresses
are used to find people in the register, and go no further.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MOST_BYTES = 2 * 1024 * 1024
# How many people of a report are taken at a time: each has up to four fields in the preview, and a request a thousand.
MOST_PEOPLE = 200
# A report of a long day has this many lines at most, with everyone coming and going.
MOST_ROWS = 20_000
LONGEST_NAME, LONGEST_ORGANISATION = 150, 200

# The headings of the columns that are read, in English, Finnish and Swedish, in lower case and without "(UTC)".
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "full name", "nimi", "koko nimi", "namn", "fullständigt namn"),
    "email": ("email", "e-mail", "sähköposti", "sähköpostiosoite", "e-post", "e-postadress"),
    "upn": (
        "participant id (upn)",
        "user principal name",
        "osallistujan tunnus (upn)",
        "osallistujatunnus (upn)",
        "osallistujan tunniste (upn)",
        "deltagar-id (upn)",
        "deltagarens id (upn)",
    ),
    "role": ("role", "rooli", "roll"),
    "duration": (
        "in-meeting duration",
        "duration",
        "kesto kokouksessa",
        "kokouksessa oltu aika",
        "kokouksen kesto",
        "kesto",
        "tid i mötet",
        "varaktighet i mötet",
        "mötets längd",
        "varaktighet",
    ),
    "joined": (
        "first join",
        "first join time",
        "join time",
        "ensimmäinen liittyminen",
        "liittyi ensimmäisen kerran",
        "liittymisaika",
        "första anslutning",
        "anslöt första gången",
        "anslutningstid",
    ),
    "left": (
        "last leave",
        "last leave time",
        "leave time",
        "viimeinen poistuminen",
        "poistui viimeisen kerran",
        "poistumisaika",
        "lämnade senast",
        "senaste utträde",
        "sista utträde",
        "utträdestid",
    ),
    "action": ("user action", "käyttäjän toiminto", "käyttäjän toimi", "användaråtgärd", "användaraktivitet"),
    "moment": ("timestamp", "aikaleima", "tidsstämpel"),
}
# The columns of the report as Teams orders them.
IN_ORDER = ("name", "joined", "left", "duration", "email", "upn", "role")
_KEYS = {heading: key for key, headings in COLUMNS.items() for heading in headings}
# A line that begins a section: its number, a full stop, a word.
SECTION = re.compile(r"(\d)\.\s+\D")
# What Teams puts after the name of one who is no user of the organisation.
GUEST = re.compile(
    r"\s*\((?:guest|unverified|external|vieras|vahvistamaton|ulkoinen|gäst|overifierad|extern)\)\s*$", re.IGNORECASE
)
ORGANISATION = re.compile(r"^(?P<name>[^()]+?)\s*[(\[](?P<organisation>[^()\[\]]+)[)\]]\s*$")
PHONE = re.compile(r"^[+\d][\d\s()*.\-]{4,}$")
BOT = re.compile(
    r"\b(?:bot|botti|notetaker|note taker|recorder|recording|tallennin|tallennus|inspelning|transcri\w+|copilot"
    r"|read\.ai|otter\.ai|fireflies\S*|fathom|tactiq|read ai|meeting assistant)\b",
    re.IGNORECASE,
)
JOINED = re.compile(r"^(?:joined|liitty|anslut|anslöt)", re.IGNORECASE)
# "1h 5m 3s", "1 t 5 min 3 s", "1 tim 5 min", "65 min"; and "1:05:03".
_UNITS = (
    (re.compile(r"(\d+)\s*(?:h|t|tim|tuntia?|timm(?:e|ar)|hours?)\b", re.IGNORECASE), 3600),
    (re.compile(r"(\d+)\s*(?:m|min|minuuttia?|minut(?:er)?|minutes?)\b", re.IGNORECASE), 60),
    (re.compile(r"(\d+)\s*(?:s|sek|sekuntia?|sekund(?:er)?|seconds?)\b", re.IGNORECASE), 1),
)
_CLOCK = re.compile(r"^(\d{1,3}):(\d{2})(?::(\d{2}))?$")
_MOMENT = re.compile(
    r"(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})\D+?(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?\s*(am|pm|ap|ip|fm|em)?",
    re.IGNORECASE,
)


class LeftOut(StrEnum):
    """Why a row of the report is proposed to be left out."""

    PHONE = "phone"
    BOT = "bot"
    SHORT = "short"


@dataclass(frozen=True)
class Joined:
    """Somebody of the report. `seconds` is how long they were in the meeting, None where the report does not tell.

    `rows` is on how many lines of the report they were. The addresses are those by which the register is asked.
    """

    name: str
    organisation: str = ""
    seconds: int | None = None
    rows: int = 1
    is_guest: bool = False
    addresses: frozenset[str] = field(default_factory=frozenset)

    @property
    def minutes(self) -> int | None:
        """For how many whole minutes they were in the meeting."""
        return None if self.seconds is None else self.seconds // 60

    def left_out(self, least_minutes: int) -> LeftOut | None:
        """Return why they are proposed to be left out; None for one who took part."""
        if PHONE.match(self.name):
            return LeftOut.PHONE
        if BOT.search(self.name):
            return LeftOut.BOT
        return LeftOut.SHORT if self.seconds is not None and self.seconds < least_minutes * 60 else None


def read_report(content: bytes) -> list[Joined]:
    """Read a report: those who were in the meeting, in the order of the report, each once.

    Raises ValidationError, saying what to do, for what is not such a report, is empty, or is too large.
    """
    if len(content) > MOST_BYTES:
        raise ValidationError(_("The file is larger than 2 MB. Choose the attendance report of one meeting."))
    found = _merged(_people(_table(_rows(_text(content)))))
    if not found:
        raise ValidationError(_("There is nobody in the report. Check that you chose the report of the right meeting."))
    if len(found) > MOST_PEOPLE:
        raise ValidationError(
            _("There are %(count)s people in the report. At most %(most)s can be brought in at a time.")
            % {"count": len(found), "most": MOST_PEOPLE}
        )
    return found


def _not_a_report() -> ValidationError:
    return ValidationError(
        _(
            "The file is not an attendance report of Teams. In Teams, open the meeting, choose “Attendance” and"
            " “Download”, and choose the .csv file that it gives."
        )
    )


def _text(content: bytes) -> str:
    """Decode the report, by the mark at its beginning where there is one."""
    if content.startswith((b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0")):
        raise _not_a_report()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif content[1:2] == b"\x00":
        encodings = ["utf-16-le"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise _not_a_report()


def _rows(text: str) -> list[list[str]]:
    """Divide the report into its cells, by whichever divides its headings: a tab, a semicolon or a comma."""
    heads = [line for line in text.splitlines()[:200] if line.strip()]
    try:
        best = max("\t;,", key=lambda mark: max(map(_known, csv.reader(heads, delimiter=mark)), default=0))
        read = csv.reader(io.StringIO(text, newline=""), delimiter=best)
        rows = [[" ".join(cell.split()) for cell in row] for row in read]
    except csv.Error as error:
        raise _not_a_report() from error
    if len(rows) > MOST_ROWS:
        raise ValidationError(_("The report has too many lines. Choose the attendance report of one meeting."))
    return rows


def _key(heading: str) -> str:
    return _KEYS.get(heading.replace("(UTC)", "").strip().strip("\ufeff").casefold(), "")


def _known(row: Sequence[str]) -> int:
    """Return how many of the cells are headings that are known; none unless one of them is of a name."""
    keys = {_key(cell) for cell in row} - {""}
    return len(keys) if "name" in keys and len(keys) > 1 else 0


@dataclass(frozen=True)
class _Table:
    """The participants as the report has them: what each column is, and the lines below."""

    keys: Sequence[str]
    rows: Sequence[Sequence[str]]


def _table(rows: Sequence[Sequence[str]]) -> _Table:
    """Find the participants: below the first line of headings that are known, to the next section."""
    start = next((number for number, row in enumerate(rows) if _known(row)), None)
    if start is None:
        raise _not_a_report()
    below: list[Sequence[str]] = []
    for row in rows[start + 1 :]:
        if row and SECTION.match(row[0]) and not any(row[1:]):
            break
        if any(row):
            below.append(row)
    keys = [_key(cell) for cell in rows[start]]
    # In a language whose headings are not all known the columns stand where they stand in the others.
    if len(keys) == len(IN_ORDER):
        keys = [key or usual for key, usual in zip(keys, IN_ORDER, strict=True)]
    return _Table(keys, below)


def _people(table: _Table) -> list[Joined]:
    if "action" in table.keys and "moment" in table.keys:
        return _of_comings(table)
    return [_joined(told) for told in map(_Told(table.keys), table.rows) if told.get("name")]


@dataclass(frozen=True)
class _Told:
    """Makes of a line what its known columns tell."""

    keys: Sequence[str]

    def __call__(self, row: Sequence[str]) -> dict[str, str]:
        """Return the cells by what they are; of two columns that are the same, the first that tells something."""
        told: dict[str, str] = {}
        for key, cell in zip(self.keys, row, strict=False):
            if key and cell and key not in told:
                told[key] = cell
        return told


def _joined(told: Mapping[str, str]) -> Joined:
    name, is_guest = told["name"], False
    while match := GUEST.search(name):
        name, is_guest = name[: match.start()].strip(), True
    organisation = ""
    if match := ORGANISATION.match(name):
        name, organisation = match["name"], match["organisation"].strip()
    seconds = seconds_of(told.get("duration", ""))
    if seconds is None and (begun := moment_of(told.get("joined", ""))) and (ended := moment_of(told.get("left", ""))):
        seconds = max(0, int((ended - begun).total_seconds()))
    addresses = {told[key].casefold() for key in ("email", "upn") if "@" in told.get(key, "")}
    return Joined(
        name=(name or told["name"])[:LONGEST_NAME].strip(),
        organisation=organisation[:LONGEST_ORGANISATION].strip(),
        seconds=seconds,
        is_guest=is_guest,
        addresses=frozenset(addresses),
    )


def _of_comings(table: _Table) -> list[Joined]:
    """Return those of a report that has a line for each coming and going, with how long they were there.

    One who did not leave was there to the last moment that the report tells.
    """
    lines = [told for told in map(_Told(table.keys), table.rows) if told.get("name")]
    moments = [moment for told in lines if (moment := moment_of(told.get("moment", "")))]
    end = max(moments, default=None)
    came: dict[str, datetime] = {}
    spent: dict[str, timedelta] = {}
    first: dict[str, Joined] = {}
    counts: dict[str, int] = {}
    for told in lines:
        who = told["name"]
        first.setdefault(who, _joined(told))
        counts[who] = counts.get(who, 0) + 1
        moment = moment_of(told.get("moment", ""))
        if moment is None:
            continue
        if JOINED.match(told.get("action", "")):
            came.setdefault(who, moment)
        elif who in came:
            spent[who] = spent.get(who, timedelta()) + max(moment - came.pop(who), timedelta())
    for who, since in came.items():
        spent[who] = spent.get(who, timedelta()) + max((end or since) - since, timedelta())
    return [
        replace(one, rows=counts[who], seconds=int(spent[who].total_seconds()) if who in spent else None)
        for who, one in first.items()
    ]


def _merged(people: Iterable[Joined]) -> list[Joined]:
    """Put together the lines of the same person: of one address, or of one name where no address tells otherwise."""
    found: list[Joined] = []
    # Where those of an address and of a name are: each line is compared with these alone, however long the report.
    by_address: dict[str, int] = {}
    by_name: dict[str, list[int]] = {}
    for one in people:
        namesakes = by_name.setdefault(one.name.casefold(), [])
        maybe = sorted({*namesakes, *(by_address[address] for address in one.addresses & by_address.keys())})
        place = next((number for number in maybe if _same(one, found[number])), None)
        here = len(found) if place is None else place
        for address in one.addresses:
            by_address[address] = min(here, by_address.get(address, here))
        if place is None:
            namesakes.append(here)
            found.append(one)
            continue
        other = found[place]
        known = [joined.seconds for joined in (other, one) if joined.seconds is not None]
        found[place] = replace(
            other,
            organisation=other.organisation or one.organisation,
            seconds=sum(known) if known else None,
            rows=other.rows + one.rows,
            is_guest=other.is_guest and one.is_guest,
            addresses=other.addresses | one.addresses,
        )
    return found


def _same(one: Joined, other: Joined) -> bool:
    if one.addresses & other.addresses:
        return True
    is_namesake = one.name.casefold() == other.name.casefold()
    return (
        is_namesake
        and not (one.addresses and other.addresses)
        and (
            not one.organisation
            or not other.organisation
            or one.organisation.casefold() == other.organisation.casefold()
        )
    )


def seconds_of(words: str) -> int | None:
    """Return how many seconds a duration is, as Teams writes it; None where it is none."""
    if clock := _CLOCK.match(words.strip()):
        return int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3] or 0)
    found = [(match, seconds) for unit, seconds in _UNITS if (match := unit.search(words))]
    return sum(int(match[1][:6]) * seconds for match, seconds in found) if found else None


def moment_of(words: str) -> datetime | None:
    """Return a moment as Teams writes it in some language; None where it is none.

    Which is the day and which the month may remain unknown: moments of one meeting are compared with each other only.
    """
    match = _MOMENT.search(words)
    if match is None:
        return None
    first, second, third = int(match[1]), int(match[2]), int(match[3])
    year, month, day = (first, second, third) if first > 31 else (third, second, first)
    if month > 12:
        month, day = day, month
    hour = int(match[4])
    half = (match[7] or "").casefold()
    if half in {"pm", "ip", "em"} and hour < 12:
        hour += 12
    elif half in {"am", "ap", "fm"} and hour == 12:
        hour = 0
    try:
        return datetime(year if year > 99 else 2000 + year, month, day, hour, int(match[5]), int(match[6] or 0))  # noqa: DTZ001
    except ValueError:
        return None
