"""An iCalendar of negotiations and of the stages of a round, composed of plain values (RFC 5545, 5546 and 7986).

The same values give the same bytes: the time at which a file is made is nowhere in it. A calendar knows an event by
its UID, which stays whatever is changed, and a newer version of it by a higher SEQUENCE.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from icalendar import (
    Calendar,
    Conference,
    Event,
    Timezone,
    TimezoneDaylight,
    TimezoneStandard,
    vCalAddress,
    vDuration,
    vRecur,
)
from icalendar.enums import CLASS, STATUS, TRANSP

from municipalities import timewords
from negotiations.models import Negotiation
from negotiations.planning.timing import Precision, Timing

State = Negotiation.State
Mode = Negotiation.Mode

TZID = "Europe/Helsinki"
ZONE = ZoneInfo(TZID)
# How often a calendar that is subscribed to is asked to look for changes.
REFRESH = timedelta(hours=1)
# What a text of RFC 5545 may not have in it: control characters other than the tab and the end of a line.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
STATUSES = {
    State.PLANNED: STATUS.TENTATIVE,
    State.CONVENED: STATUS.CONFIRMED,
    State.HELD: STATUS.CONFIRMED,
    State.CANCELLED: STATUS.CANCELLED,
}


class Method(StrEnum):
    """What a calendar is asked to do with the events of a file (RFC 5546, 3.2)."""

    PUBLISH = "PUBLISH"
    CANCEL = "CANCEL"


@dataclass(frozen=True)
class Meeting:
    """A negotiation as a calendar tells of it.

    `sequence` counts what has been changed in it that a calendar shows, `changed_at` is when that was last. `word` is
    what the county calls a negotiation; `bases` and `parties` are their names, in the negotiation's language.
    `plan_as_of` is the day of the plan where only a plan is known of its round.
    """

    uid: UUID
    sequence: int
    changed_at: datetime
    state: str
    timing: Timing
    title: str
    word: str
    mode: str
    place: str
    link: str
    bases: Sequence[str]
    parties: Sequence[str]
    address: str
    language: str
    plan_as_of: date | None = None

    @property
    def has_day(self) -> bool:
        """Whether its day is known: one that is known only to the month is in no calendar yet."""
        return self.timing.precision != Precision.MONTH


@dataclass(frozen=True)
class Stage:
    """A stage of a round as a calendar tells of it: days on which nobody is kept from anything else."""

    uid: str
    sequence: int
    changed_at: datetime
    name: str
    body: str
    description: str
    earliest: date
    latest: date
    done_on: date | None
    round: str
    address: str
    language: str


@dataclass(frozen=True)
class Sender:
    """Who publishes the events: the county, with the address from which the site sends its letters.

    RFC 5546 asks for an ORGANIZER. No person's address is ever there.
    """

    name: str
    email: str


def compose(
    happenings: Iterable[Meeting | Stage],
    *,
    sender: Sender,
    language: str,
    method: Method = Method.PUBLISH,
    name: str = "",
    uid: str = "",
) -> bytes:
    """Return the calendar as bytes, its lines folded and ended as RFC 5545 wants them.

    One with a name is subscribed to: it has an own `uid`, and asks to be read again after a while. Negotiations whose
    day is not known are left out.
    """
    events = [
        _event(happening, sender) for happening in happenings if isinstance(happening, Stage) or happening.has_day
    ]
    calendar = Calendar.new(
        prodid=f"-//Hyte//Hyte//{language.upper()}",
        calscale="GREGORIAN",
        method=method.value,
        name=_line(name) or None,
        refresh_interval=REFRESH if name else None,
    )
    # In place of the one that the library makes up, another each time.
    calendar.uid = uid or None
    if name:
        # RFC 7986, 5.7: the value type has to be told. Outlook reads the older name of the same.
        calendar["REFRESH-INTERVAL"].params["VALUE"] = "DURATION"
        calendar.add("X-PUBLISHED-TTL", vDuration(REFRESH))
    if any(isinstance(event.start, datetime) for event in events):
        calendar.add_component(_finnish_time())
    for event in events:
        calendar.add_component(event)
    return calendar.to_ical()


def _event(happening: Meeting | Stage, sender: Sender) -> Event:
    with translation.override(happening.language):
        event = _of_meeting(happening) if isinstance(happening, Meeting) else _of_stage(happening)
    organizer = vCalAddress(f"mailto:{sender.email}")
    organizer.params["CN"] = _line(sender.name)
    event.organizer = organizer
    for name in ("SUMMARY", "LOCATION", "DESCRIPTION"):
        if name in event:
            event[name].params["LANGUAGE"] = happening.language
    return event


# --- A negotiation ------------------------------------------------------------------------------------------------


def _of_meeting(meeting: Meeting) -> Event:
    timing, is_cancelled = meeting.timing, meeting.state == State.CANCELLED
    is_timed = timing.starts_at is not None and timing.ends_at is not None
    # Where it has been held or cancelled, nobody is to be led to an empty meeting.
    link = meeting.link if meeting.state in {State.PLANNED, State.CONVENED} else ""
    return Event.new(
        uid=f"{meeting.uid}@hyte",
        sequence=meeting.sequence,
        stamp=meeting.changed_at,
        last_modified=meeting.changed_at,
        start=_moment(timing.starts_at) if timing.starts_at and is_timed else timing.earliest,
        # The end of a day is the next one: it is not in the event any more.
        end=_moment(timing.ends_at) if timing.ends_at and is_timed else timing.latest + timedelta(days=1),
        summary=_line(_summary(meeting)),
        location=_line(_location(meeting)) or None,
        description=_text(_description(meeting, link)),
        url=meeting.address,
        conferences=[Conference(link, feature="VIDEO", label=_("Remote connection"))] if link else None,
        status=STATUSES[State(meeting.state)],
        # Where the hours are not known, the whole day is not taken.
        transparency=TRANSP.OPAQUE if is_timed and not is_cancelled else TRANSP.TRANSPARENT,
        # The negotiations are an authority's statutory work, and no secret.
        classification=CLASS.PUBLIC,
        categories=[_line(capfirst(meeting.word))],
    )


def _moment(value: datetime) -> datetime:
    """Return the moment in Finland's time; of the hour that comes twice in autumn, the second one in UTC.

    A local time that occurs twice means the first of the two (RFC 5545, 3.3.5).
    """
    local = value.astimezone(ZONE)
    return local.astimezone(UTC) if local.fold else local


def _summary(meeting: Meeting) -> str:
    """Return the title, after what it is a negotiation of where the title does not tell: "Hyte-neuvottelu: Joutsa"."""
    kind = meeting.word.rsplit("-", 1)[-1]
    title = meeting.title
    if kind.casefold() not in title.casefold():
        title = f"{capfirst(meeting.word)}: {title}"
    # Not every calendar shows by itself that an event has been cancelled.
    return _("Cancelled: %(title)s") % {"title": title} if meeting.state == State.CANCELLED else title


def _location(meeting: Meeting) -> str:
    if meeting.mode == Mode.REMOTE:
        return _("Remote connection")
    if meeting.mode == Mode.HYBRID:
        return (
            _("%(place)s, and remotely") % {"place": meeting.place}
            if meeting.place
            else capfirst(str(Mode.HYBRID.label))
        )
    return meeting.place


def _description(meeting: Meeting, link: str) -> str:
    lines = []
    if meeting.plan_as_of is not None and meeting.state != State.CANCELLED:
        words = _("The negotiation is in the plan of %(day)s. Whether it was held cannot be seen here.")
        lines.append(words % {"day": timewords.day(meeting.plan_as_of, weekday=False)})
    elif meeting.state == State.PLANNED:
        lines.append(_("Planned. The parties have not been invited yet, and the time may change."))
    if meeting.state == State.CANCELLED:
        lines.append(_("The negotiation was cancelled."))
    elif meeting.timing.starts_at is None and meeting.state != State.HELD and meeting.plan_as_of is None:
        lines.append(_("The time of day is not known yet."))
    for label, words in (
        (_("Legal bases"), "; ".join(meeting.bases)),
        (_("Parties"), ", ".join(meeting.parties)),
        # Not every calendar shows where a conference is.
        (_("Remote connection"), link),
        (_("Agenda and other details"), meeting.address),
    ):
        if words:
            lines.append(f"{label}: {words}")
    return "\n".join(lines)


# --- A stage ------------------------------------------------------------------------------------------------------


def _of_stage(stage: Stage) -> Event:
    lines = [
        _("Round: %(round)s") % {"round": stage.round},
        _("Done on %(day)s.") % {"day": timewords.day(stage.done_on, weekday=False)} if stage.done_on else "",
        stage.description,
        _("Stages of the round: %(address)s") % {"address": stage.address},
    ]
    return Event.new(
        uid=stage.uid,
        sequence=stage.sequence,
        stamp=stage.changed_at,
        last_modified=stage.changed_at,
        start=stage.earliest,
        end=stage.latest + timedelta(days=1),
        summary=_line(f"{stage.name} ({stage.body})" if stage.body else stage.name),
        description=_text("\n".join(line for line in lines if line)),
        url=stage.address,
        status=STATUS.CONFIRMED,
        transparency=TRANSP.TRANSPARENT,
        classification=CLASS.PUBLIC,
        categories=[_("Timetable of the year")],
    )


# --- What both share ----------------------------------------------------------------------------------------------


def _text(text: str) -> str:
    """Return a text without what a calendar may not have in it, its lines ended in one way."""
    return CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _line(text: str) -> str:
    """Return a text as one line."""
    return " ".join(CONTROL.sub(" ", text).split())


def _finnish_time() -> Timezone:
    """Return the rules of Finland's clocks, which have been these since 1997 (directive 2000/84/EC).

    As rules and not as dates, which `Timezone.from_tzid` would give: Outlook reads no dates in them ([MS-STANOICAL],
    2.2.47), and would be an hour wrong in summer. A test compares them with the database of time zones, year by year.
    """
    zone = Timezone()
    zone.add("TZID", TZID)
    winter, summer = timedelta(hours=2), timedelta(hours=3)
    for kind, name, begins, month, before, after in (
        (TimezoneDaylight, "EEST", datetime(1997, 3, 30, 3), 3, winter, summer),  # noqa: DTZ001 # on the wall's clock
        (TimezoneStandard, "EET", datetime(1996, 10, 27, 4), 10, summer, winter),  # noqa: DTZ001
    ):
        part = kind()
        part.DTSTART, part.TZOFFSETFROM, part.TZOFFSETTO = begins, before, after
        part.add("TZNAME", name)
        part.add("RRULE", vRecur(freq="YEARLY", bymonth=month, byday="-1SU"))
        zone.add_component(part)
    return zone
