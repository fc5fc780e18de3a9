"""Calendars: files compared byte for byte, checked against RFC 5545, and read back by another library."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical
from hypothesis import given
from hypothesis import strategies as st
from ical.calendar import Calendar
from ical.calendar_stream import IcsCalendarStream

from negotiations.planning.calendars.composing import Meeting, Method, Sender, Stage, compose
from negotiations.planning.timing import Precision, Timing

GOLDEN = Path(__file__).parent / "golden"
HELSINKI = ZoneInfo("Europe/Helsinki")
SITE = "https://hyte.example.fi/keski-suomi"
SENDER = Sender("Keski-Suomen hyvinvointialue", "hyte@hyte.example.fi")
WELFARE, COOPERATION = "6–7 § (laki 612/2021)", "14 § (laki 611/2021)"


def clock(day: date, hour: int, minute: int = 0) -> datetime:
    """Return a moment on Finland's clocks."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=HELSINKI)


def at(day: date, starts: int, ends: int) -> Timing:
    """Return a time of whole hours."""
    return Timing(Precision.MINUTE, day, day, clock(day, starts), clock(day, ends))


PLANNED = Meeting(
    uid=UUID("6d0c1a5e-54b5-4f2e-9f6d-0e6f6a1f7c01"),
    sequence=1,
    changed_at=datetime(2026, 6, 15, 9, 30, 12, 345678, tzinfo=UTC),
    state="planned",
    timing=at(date(2026, 9, 24), 9, 12),
    title="Joutsa, Luhanka; Äänekoski ja pohjoisen Keski-Suomen kunnat yhdessä sekä Pihtipudas",
    word="hyte-neuvottelu",
    mode="remote",
    place="",
    link="https://teams.example.fi/l/meetup-join/19%3ameeting_Zm9v/0?context=%7b%22Tid%22%3a%22a1%22,%22b%22%7d",
    bases=[WELFARE, COOPERATION],
    parties=["Keski-Suomen hyvinvointialue", "Joutsa", "Luhanka", "Pihtipudas", "Äänekoski", "Hyvän Mielen ry"],
    address=f"{SITE}/neuvottelut/12345/",
    language="fi",
)
MOVED = replace(
    PLANNED,
    sequence=3,
    changed_at=datetime(2026, 8, 20, 6, 0, tzinfo=UTC),
    state="convened",
    timing=at(date(2026, 10, 29), 13, 16),
    mode="hybrid",
    place="Jyväskylä, Hannikaisenkatu 39 (sali Ä)",
)
CANCELLED = replace(MOVED, sequence=4, changed_at=datetime(2026, 9, 1, 5, 4, 3, tzinfo=UTC), state="cancelled")
OTHER_CANCELLED = replace(CANCELLED, uid=UUID("6d0c1a5e-54b5-4f2e-9f6d-0e6f6a1f7c05"))
DAY = replace(
    PLANNED,
    uid=UUID("6d0c1a5e-54b5-4f2e-9f6d-0e6f6a1f7c02"),
    sequence=0,
    timing=Timing(Precision.DAY, date(2026, 12, 31), date(2026, 12, 31)),
    title="Alueneuvottelu",
    mode="",
    link="",
    bases=[COOPERATION],
    parties=["Keski-Suomen hyvinvointialue"],
)
DAYS = replace(
    DAY,
    uid=UUID("6d0c1a5e-54b5-4f2e-9f6d-0e6f6a1f7c03"),
    timing=Timing(Precision.DAY, date(2026, 2, 27), date(2026, 3, 2)),
    language="sv",
    title="Karstula – Kyyjärvi",
    word="förhandling",
)
MONTH = replace(
    DAY,
    uid=UUID("6d0c1a5e-54b5-4f2e-9f6d-0e6f6a1f7c04"),
    timing=Timing(Precision.MONTH, date(2026, 11, 1), date(2026, 11, 30)),
)


def on(number: int, timing: Timing) -> Meeting:
    """Return a negotiation that was held at a time."""
    uid = UUID(f"6d0c1a5e-54b5-4f2e-9f6d-0e6f6a1f7d{number:02}")
    return replace(MOVED, uid=uid, state="held", timing=timing, title=f"Ryhmä {number}", mode="on_site", link="")


# The clocks are put back at four in the night of Sunday 29.10.2023 and of Sunday 25.10.2026.
OVER_THE_END_OF_SUMMER = [
    on(1, at(date(2023, 10, 26), 9, 12)),
    on(2, at(date(2023, 10, 29), 1, 6)),
    on(3, at(date(2023, 11, 2), 9, 12)),
    on(4, at(date(2026, 10, 22), 9, 12)),
    on(5, at(date(2026, 10, 25), 2, 5)),
    on(6, at(date(2026, 10, 29), 9, 12)),
    # In the hour that comes twice: from its first half past three to its second one.
    on(
        7,
        Timing(
            Precision.MINUTE,
            date(2026, 10, 25),
            date(2026, 10, 25),
            clock(date(2026, 10, 25), 3, 30),
            clock(date(2026, 10, 25), 3, 30).replace(fold=1),
        ),
    ),
]
STAGES = [
    Stage(
        uid=f"round-7-stage-{number}.keski-suomi@hyte",
        sequence=number,
        changed_at=datetime(2026, 3, 1, 10, tzinfo=UTC),
        name=name,
        body=body,
        description=description,
        earliest=earliest,
        latest=latest,
        done_on=done_on,
        round="Hyte-neuvottelut 2026",
        address=f"{SITE}/kierrokset/7/vuosikello/",
        language="fi",
    )
    for number, name, body, description, earliest, latest, done_on in (
        (1, "Kuntien raportit", "kunnat", "Raportit toimitetaan.", date(2026, 3, 1), date(2026, 4, 30), None),
        (2, "Aikataulu ja muoto", "aluehallitus", "", date(2026, 5, 19), date(2026, 5, 19), date(2026, 5, 19)),
        (3, "Johtajafoorumi", "", "", date(2026, 12, 31), date(2026, 12, 31), None),
    )
]


def of(*happenings: Meeting | Stage, language: str = "fi", method: Method = Method.PUBLISH) -> bytes:
    """Return the file of them."""
    return compose(happenings, sender=SENDER, language=language, method=method)


def subscribed(*happenings: Meeting | Stage) -> bytes:
    """Return the calendar of them that is subscribed to."""
    return compose(
        happenings,
        sender=SENDER,
        language="fi",
        name="Neuvottelut: Joutsa",
        uid="calendar-5.keski-suomi@hyte",
    )


FILES: dict[str, Callable[[], bytes]] = {
    "planned_remote": lambda: of(PLANNED),
    "moved": lambda: of(MOVED),
    "cancelled": lambda: of(CANCELLED, method=Method.CANCEL),
    "day_only": lambda: of(DAY, DAYS),
    "end_of_summer_time": lambda: of(*OVER_THE_END_OF_SUMMER),
    "with_stages": lambda: subscribed(*STAGES, PLANNED, OTHER_CANCELLED, MONTH),
}


# --- Checked against RFC 5545 ---------------------------------------------------------------------------------

LINE = re.compile(r"(?P<name>[A-Za-z0-9-]+)(?P<params>(?:;[A-Za-z0-9-]+=(?:\"[^\"]*\"|[^\";:,]*))*):(?P<value>.*)")
PARAM = re.compile(r";([A-Za-z0-9-]+)=(\"[^\"]*\"|[^\";:,]*)")
REQUIRED = {"UID", "DTSTAMP", "DTSTART", "DTEND", "SEQUENCE", "STATUS", "SUMMARY", "ORGANIZER", "URL", "TRANSP"}
ONCE = {*REQUIRED, "LAST-MODIFIED", "CLASS", "DESCRIPTION", "LOCATION"}

Property = tuple[str, dict[str, str], str]


def lines_of(content: bytes) -> list[Property]:
    """Return the properties of a file. Fails where a line is not as RFC 5545, 3.1 wants it."""
    assert content.endswith(b"\r\n")
    raw = content.removesuffix(b"\r\n").split(b"\r\n")
    assert b"\n" not in b"".join(raw) and b"\r" not in b"".join(raw)
    for octets in raw:
        assert 0 < len(octets) <= 75, octets
        # Folded between characters, not within one: some programs unfold only after they have decoded.
        octets.decode()
    unfolded = content.decode().replace("\r\n ", "")
    found: list[Property] = []
    for line in unfolded.removesuffix("\r\n").split("\r\n"):
        match = LINE.fullmatch(line)
        assert match, line
        assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f]", line), line
        params = {name.upper(): value.strip('"') for name, value in PARAM.findall(match["params"])}
        found.append((match["name"].upper(), params, match["value"]))
    return found


def check(content: bytes) -> dict[str, list[Property]]:
    """Check a calendar; return the properties of its events by their UIDs. Fails where something is amiss."""
    stack: list[str] = []
    of_calendar: list[Property] = []
    events: list[list[Property]] = []
    zones: list[str] = []
    used: set[str] = set()
    for name, params, value in lines_of(content):
        used |= {params["TZID"]} if "TZID" in params else set()
        if name == "BEGIN":
            stack.append(value)
            events += [[]] if value == "VEVENT" else []
        elif name == "END":
            assert stack.pop() == value
        elif stack == ["VCALENDAR"]:
            # 3.4: the properties of the calendar come before its components.
            assert not events and not zones, name
            of_calendar.append((name, params, value))
        elif stack == ["VCALENDAR", "VTIMEZONE"] and name == "TZID":
            zones.append(value)
        elif stack[-1] == "VEVENT":
            events[-1].append((name, params, value))
    assert stack == []
    names = [name for name, _params, _value in of_calendar]
    assert {name: names.count(name) for name in ("VERSION", "PRODID", "METHOD", "CALSCALE")} == dict.fromkeys(
        ("VERSION", "PRODID", "METHOD", "CALSCALE"), 1
    )
    assert ("VERSION", {}, "2.0") in of_calendar
    # One description of each zone that is used, and of no other.
    assert len(zones) == len(set(zones)) and set(zones) == used
    by_uid: dict[str, list[Property]] = {}
    for event in events:
        check_event(event)
        uid = value_of(event, "UID")
        assert uid not in by_uid
        by_uid[uid] = event
    return by_uid


def value_of(event: Sequence[Property], name: str) -> str:
    """Return the value of the only property of the name."""
    (value,) = [value for other, _params, value in event if other == name]
    return value


def check_event(event: Sequence[Property]) -> None:
    """Check what an event must have once, its times and its texts."""
    names = [name for name, _params, _value in event]
    assert set(names) >= REQUIRED
    assert all(names.count(name) <= 1 for name in ONCE)
    assert re.fullmatch(r"\d{8}T\d{6}Z", value_of(event, "DTSTAMP"))
    assert value_of(event, "LAST-MODIFIED") == value_of(event, "DTSTAMP")
    assert value_of(event, "STATUS") in {"TENTATIVE", "CONFIRMED", "CANCELLED"}
    assert value_of(event, "TRANSP") in {"OPAQUE", "TRANSPARENT"}
    assert value_of(event, "SEQUENCE").isdigit()
    starts, ends = (moment_of(event, name) for name in ("DTSTART", "DTEND"))
    assert isinstance(starts, datetime) == isinstance(ends, datetime)
    assert ends > starts
    for name, _params, value in event:
        if name in {"SUMMARY", "DESCRIPTION", "LOCATION", "CATEGORIES"}:
            # 3.3.11: what stands between values has to be escaped inside one.
            assert not re.search(r"(?<!\\)(?:\\\\)*[;,]", value), value


def moment_of(event: Sequence[Property], name: str) -> date | datetime:
    """Return a day, or a moment in UTC, as the property tells it."""
    ((params, value),) = [(params, value) for other, params, value in event if other == name]
    if params.get("VALUE") == "DATE":
        assert re.fullmatch(r"\d{8}", value) and "TZID" not in params
        return datetime.strptime(value, "%Y%m%d").date()  # noqa: DTZ007 # a day has no zone
    if value.endswith("Z"):
        assert "TZID" not in params
        return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    local = datetime.strptime(value, "%Y%m%dT%H%M%S")  # noqa: DTZ007 # its zone follows
    return local.replace(tzinfo=ZoneInfo(params["TZID"])).astimezone(UTC)


def read_back(content: bytes) -> Calendar:
    """Return what another library reads."""
    return IcsCalendarStream.calendar_from_ics(content.decode())


def instants(timing: Timing) -> tuple[date | datetime, date | datetime]:
    """Return when something begins and ends: in UTC, or in days of which the last one is not in it any more."""
    if timing.starts_at and timing.ends_at:
        return timing.starts_at.astimezone(UTC), timing.ends_at.astimezone(UTC)
    return timing.earliest, timing.latest + timedelta(days=1)


def in_utc(value: date | datetime) -> date | datetime:
    """Return a moment in UTC; a day as it is."""
    return value.astimezone(UTC) if isinstance(value, datetime) else value


@pytest.mark.parametrize("name", list(FILES))
def test_files_are_as_they_were(name: str) -> None:
    """Byte for byte. Where a change is meant, HYTE_GOLDEN=write writes them anew, to be read before they are kept."""
    content, path = FILES[name](), GOLDEN / f"{name}.ics"
    if os.environ.get("HYTE_GOLDEN") == "write":
        path.write_bytes(content)
    assert content == path.read_bytes()
    check(content)


HELD_IN: dict[str, list[Meeting]] = {
    "planned_remote": [PLANNED],
    "moved": [MOVED],
    "cancelled": [CANCELLED],
    "day_only": [DAY, DAYS],
    "end_of_summer_time": OVER_THE_END_OF_SUMMER,
    "with_stages": [PLANNED, OTHER_CANCELLED],
}


@pytest.mark.parametrize("name", list(FILES))
def test_another_library_reads_the_same_instants(name: str) -> None:
    """With the same words, and the own checker does too."""
    content, meetings = (GOLDEN / f"{name}.ics").read_bytes(), HELD_IN[name]
    stages = STAGES if name == "with_stages" else []
    read, checked = {event.uid: event for event in read_back(content).events}, check(content)
    assert set(read) == set(checked) == {f"{one.uid}@hyte" for one in meetings} | {one.uid for one in stages}
    for meeting in meetings:
        event, own = read[f"{meeting.uid}@hyte"], checked[f"{meeting.uid}@hyte"]
        assert event.dtstart is not None and event.dtend is not None
        assert (in_utc(event.dtstart), in_utc(event.dtend)) == instants(meeting.timing)
        assert (moment_of(own, "DTSTART"), moment_of(own, "DTEND")) == instants(meeting.timing)
        assert event.sequence == meeting.sequence
        assert event.summary is not None and meeting.title in event.summary
        assert event.description is not None and f": {', '.join(meeting.parties)}\n" in event.description
        assert str(event.url) == meeting.address
        assert event.dtstamp == meeting.changed_at.replace(microsecond=0)
    for stage in stages:
        event = read[stage.uid]
        assert (event.dtstart, event.dtend) == (stage.earliest, stage.latest + timedelta(days=1))
        assert value_of(checked[stage.uid], "TRANSP") == "TRANSPARENT"


def test_a_move_keeps_the_uid_and_raises_the_sequence() -> None:
    """So that a calendar moves what it has, and does not put another beside it."""
    (planned,), (moved,), (cancelled,) = (
        check((GOLDEN / f"{name}.ics").read_bytes()).values() for name in ("planned_remote", "moved", "cancelled")
    )
    assert len({value_of(event, "UID") for event in (planned, moved, cancelled)}) == 1
    assert [value_of(event, "SEQUENCE") for event in (planned, moved, cancelled)] == ["1", "3", "4"]
    assert [value_of(event, "STATUS") for event in (planned, moved, cancelled)] == [
        "TENTATIVE",
        "CONFIRMED",
        "CANCELLED",
    ]
    assert b"\r\nMETHOD:CANCEL\r\n" in (GOLDEN / "cancelled.ics").read_bytes()


def test_the_same_hours_before_and_after_the_clocks_are_put_back() -> None:
    """Nine in the morning is nine by the wall's clock, an hour later by Greenwich's; the night's hours are counted."""
    checked = check((GOLDEN / "end_of_summer_time.ics").read_bytes())
    starts = {uid[:-5][-2:]: moment_of(event, "DTSTART") for uid, event in checked.items()}
    lasts = {uid[:-5][-2:]: moment_of(event, "DTEND") - moment_of(event, "DTSTART") for uid, event in checked.items()}
    assert starts["01"] == datetime(2023, 10, 26, 6, tzinfo=UTC)
    assert starts["03"] == datetime(2023, 11, 2, 7, tzinfo=UTC)
    assert starts["04"] == datetime(2026, 10, 22, 6, tzinfo=UTC)
    assert starts["06"] == datetime(2026, 10, 29, 7, tzinfo=UTC)
    # From one to six, and from two to five, over a night an hour longer.
    assert (lasts["02"], lasts["05"], lasts["07"]) == (timedelta(hours=6), timedelta(hours=4), timedelta(hours=1))


def test_the_rules_of_the_clocks_are_those_of_the_database_of_time_zones() -> None:
    """Read from the file by a third library, through forty years: on each month's days and around each change."""
    zone = tzical(StringIO((GOLDEN / "moved.ics").read_bytes().decode())).get("Europe/Helsinki")
    moments = [
        datetime(year, month, day, 12, tzinfo=UTC)
        for year in range(1997, 2038)
        for month in range(1, 13)
        for day in (1, 15)
    ]
    for year in (2023, 2024, 2026, 2027, 2037):
        for month in (3, 10):
            change = max(day for day in range(25, 32) if date(year, month, day).weekday() == 6)
            moments += [datetime(year, month, change, hour, 59, 59, tzinfo=UTC) for hour in (0, 1, 2)]
    wrong = [
        moment for moment in moments if moment.astimezone(zone).utcoffset() != moment.astimezone(HELSINKI).utcoffset()
    ]
    assert wrong == []


def test_one_known_to_the_month_is_in_no_calendar() -> None:
    """And nothing but the calendar's own lines is left, without a zone that nothing uses."""
    content = subscribed(MONTH)
    assert check(content) == {}
    assert b"VTIMEZONE" not in content
    assert not MONTH.has_day and DAY.has_day


def test_a_calendar_that_is_subscribed_to_tells_its_name_and_when_to_ask_again() -> None:
    """By the names of the standard and by the older ones."""
    properties = lines_of(subscribed())
    for expected in (
        ("NAME", {}, "Neuvottelut: Joutsa"),
        ("X-WR-CALNAME", {}, "Neuvottelut: Joutsa"),
        ("REFRESH-INTERVAL", {"VALUE": "DURATION"}, "PT1H"),
        ("X-PUBLISHED-TTL", {}, "PT1H"),
        ("UID", {}, "calendar-5.keski-suomi@hyte"),
    ):
        assert expected in properties
    assert not {"NAME", "UID", "REFRESH-INTERVAL"} & {name for name, _params, _value in lines_of(of())}


def test_a_whole_day_takes_nobodys_time() -> None:
    """Nor does what was cancelled."""
    shown = {uid: value_of(event, "TRANSP") for uid, event in check(of(MOVED, DAY, OTHER_CANCELLED)).items()}
    assert [shown[f"{one.uid}@hyte"] for one in (MOVED, DAY, OTHER_CANCELLED)] == [
        "OPAQUE",
        "TRANSPARENT",
        "TRANSPARENT",
    ]


@pytest.mark.parametrize(
    ("state", "leads"), [("planned", True), ("convened", True), ("held", False), ("cancelled", False)]
)
def test_nobody_is_led_to_a_meeting_that_is_over(state: str, leads: bool) -> None:
    """The link of the meeting is there until it has been held or cancelled."""
    (event,) = check(of(replace(PLANNED, state=state))).values()
    assert ("CONFERENCE" in {name for name, _params, _value in event}) is leads
    assert ("teams.example.fi" in value_of(event, "DESCRIPTION")) is leads


def test_words_are_in_the_language_of_the_negotiation() -> None:
    """Whatever the reader's own is."""
    (event,) = check(of(DAYS, language="fi")).values()
    assert value_of(event, "SUMMARY") == "Förhandling: Karstula – Kyyjärvi"
    assert ("SUMMARY", {"LANGUAGE": "sv"}, "Förhandling: Karstula – Kyyjärvi") in event
    assert "Klockslaget är inte känt ännu." in value_of(event, "DESCRIPTION")


def test_of_a_round_known_only_as_a_plan_nothing_more_is_promised() -> None:
    """Nor is it said that anybody is still to be invited."""
    (event,) = check(of(replace(DAY, plan_as_of=date(2023, 5, 4)))).values()
    told = value_of(event, "DESCRIPTION")
    assert told.startswith("Neuvottelu on 4.5.2023 päivätyssä suunnitelmassa. Täältä ei näe\\, pidettiinkö se.")
    assert "kutsuttu" not in told and "ei ole vielä tiedossa" not in told
    assert value_of(event, "STATUS") == "TENTATIVE"


@pytest.mark.parametrize(
    ("mode", "place", "expected"),
    [
        ("remote", "", "Etäyhteys"),
        ("remote", "Kokoustila", "Etäyhteys"),
        ("on_site", "Kokoustila", "Kokoustila"),
        ("hybrid", "Kokoustila", "Kokoustila, myös etäyhteydellä"),
        ("hybrid", "", "Paikan päällä ja etäyhteydellä"),
        ("", "", None),
    ],
)
def test_place(mode: str, place: str, expected: str | None) -> None:
    """What is not known is left out."""
    (event,) = read_back(of(replace(PLANNED, mode=mode, place=place))).events
    assert event.location == expected


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)


@given(title=TEXT, place=TEXT, party=TEXT, name=TEXT)
def test_whatever_is_written_stays_in_its_place(title: str, place: str, party: str, name: str) -> None:
    """No text becomes a property of its own, breaks a line, or is lost but for control characters."""
    meeting = replace(MOVED, title=title, place=place, parties=[party], mode="on_site")
    content = compose([meeting], sender=Sender(name, "hyte@example.fi"), language="fi", name=name, uid="a@hyte")
    (event,) = check(content).values()
    (read,) = read_back(content).events
    kept = " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", title).split())
    assert read.summary is not None and read.summary.endswith(kept)
    assert value_of(event, "UID") == f"{meeting.uid}@hyte"


def test_nobodys_address_is_in_a_calendar() -> None:
    """The only one is that of the site's letters, as RFC 5546 asks for an organizer."""
    for name in FILES:
        addresses = set(re.findall(r"[\w.+-]+@[\w.-]+", (GOLDEN / f"{name}.ics").read_bytes().decode()))
        assert {address for address in addresses if not address.endswith("@hyte")} <= {"hyte@hyte.example.fi"}
