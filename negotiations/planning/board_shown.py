"""What the planning board of a round shows: weeks, the times in them, the negotiations as cards, and how a time suits.

Drawn from plain values: the round's situation (negotiations.planning.conflicts), and a few details that it lacks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from municipalities import timewords
from municipalities.models import Municipality
from negotiations.models import Negotiation, Round
from negotiations.planning.availability import COUNTY, Availability, Suits
from negotiations.planning.conflicts import (
    Conflict,
    Kind,
    Situation,
    Weight,
    conflicts,
    of_placing,
)
from negotiations.planning.conflicts.words import some_of
from negotiations.planning.groups import Division, listed_in, only_lists
from negotiations.planning.timing import Precision, Timing

State = Negotiation.State
# So many weeks without a time are shown one by one between weeks that have some; more are left out.
EMPTY_WEEKS_SHOWN = 3
# What the answers of the parties say already, and is not said twice on a card.
OF_ANSWERS = {Kind.DOES_NOT_SUIT, Kind.IF_NEED_BE}


class Tone(StrEnum):
    """How a time suits a negotiation, the best first."""

    YES = "yes"
    UNKNOWN = "unknown"
    IF_NEED_BE = "if_need_be"
    NO = "no"
    BLOCKED = "blocked"

    @property
    def words(self) -> str:
        """The tone in a word or two; empty where nothing is known."""
        return {
            Tone.YES: _("suits"),
            Tone.UNKNOWN: "",
            Tone.IF_NEED_BE: _("if need be"),
            Tone.NO: _("does not suit"),
            Tone.BLOCKED: _("not possible"),
        }[self]


@dataclass(frozen=True)
class Fit:
    """How a time suits a negotiation: the tone, and in words why."""

    tone: Tone
    words: str


# --- How a time suits -----------------------------------------------------------------------------------------


def answers_fit(availability: Availability, parties: Iterable[str], slot: int, names: Mapping[str, str]) -> Fit:
    """Return what the parties that were asked have said of a slot. Of parties that were not asked nothing is said."""
    asked = [key for key in names if key in availability.asked and key in set(parties)]
    if not asked:
        return Fit(Tone.UNKNOWN, "")
    said = {key: availability.of(key, slot) for key in asked}
    against = [names[key] for key in asked if said[key] == Suits.NO]
    if_need_be = [names[key] for key in asked if said[key] == Suits.IF_NEED_BE]
    told = []
    if against:
        told.append(_("does not suit: %(who)s") % {"who": some_of(against)})
    if if_need_be:
        told.append(_("if need be: %(who)s") % {"who": some_of(if_need_be)})
    if all(said[key] == Suits.YES for key in asked):
        return Fit(Tone.YES, _("suits everyone"))
    if (answered := sum(key in availability.answered for key in asked)) < len(asked):
        told.append(_answered_of(answered, len(asked)))
    tone = Tone.NO if against else Tone.IF_NEED_BE if if_need_be else Tone.UNKNOWN
    return Fit(tone, "; ".join(told))


def answered_words(availability: Availability, parties: Iterable[str]) -> str:
    """Return how many of the parties asked have answered, for a negotiation that has no time yet."""
    asked = availability.asked.intersection(parties)
    if not asked:
        return ""
    answered = len(asked & availability.answered)
    if answered == len(asked):
        return _("all have answered")
    return _answered_of(answered, len(asked))


def _answered_of(answered: int, asked: int) -> str:
    """Say how many have answered, where somebody has not: of a single one in words."""
    if asked == 1:
        return _("no answer")
    return _("%(answered)s/%(asked)s answered") % {"answered": answered, "asked": asked}


def fit(situation: Situation, negotiation: int, slot: int) -> Fit:
    """Return how a slot would suit a negotiation, whoever has the slot now: what was answered, and what is in the way.

    Raises KeyError for ids that are not in the situation.
    """
    meeting = situation.meetings[negotiation]
    by_answers = answers_fit(situation.availability, meeting.parties, slot, situation.names)
    found = [conflict for conflict in of_placing(situation, negotiation, slot) if conflict.kind not in OF_ANSWERS]
    blocking = [conflict.words for conflict in found if conflict.weight == Weight.BLOCKING]
    if blocking:
        return Fit(Tone.BLOCKED, " ".join(dict.fromkeys(blocking)))
    warnings = [brief(conflict.kind) for conflict in found if conflict.kind != Kind.TWICE]
    tone = by_answers.tone
    if warnings and tone in {Tone.YES, Tone.UNKNOWN}:
        tone = Tone.IF_NEED_BE
    return Fit(tone, "; ".join(part for part in (by_answers.words, *dict.fromkeys(warnings)) if part))


def brief(kind: Kind) -> str:
    """Return what a conflict is about in a few words, for a card; the whole is told in the list of conflicts."""
    return {
        Kind.PARTY: _("a party in two negotiations at once"),
        Kind.PERSON: _("a person in two negotiations at once"),
        Kind.ROOM: _("another negotiation in the same place"),
        Kind.CORE_GROUP: _("the core group in two negotiations at once"),
        Kind.CORE_GROUP_SITES: _("the core group in two places on the same day"),
        Kind.OFFICIAL: _("chair or secretary in two negotiations at once"),
        Kind.SAME_DAY: _("another negotiation of a party on the same day"),
        Kind.TWICE: _("a municipality in the round more than once"),
        Kind.DOES_NOT_SUIT: _("does not suit everyone"),
        Kind.IF_NEED_BE: _("suits only if need be"),
        Kind.WISH: _("not as wished"),
        Kind.HOLIDAY: _("a public holiday"),
        Kind.OUTSIDE_ROUND: _("outside the days of the round"),
    }[kind]


# --- What is shown --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Remark:
    """What is in the way of one negotiation, in a few words for its card."""

    is_blocking: bool
    words: str


@dataclass(frozen=True)
class Card:
    """A negotiation on the board."""

    id: int
    title: str
    state: str
    # Its municipalities, where the title does not tell them; the theme or the service it is about.
    about: str
    wish: str
    fit: Fit
    remarks: tuple[Remark, ...]
    timing: Timing
    slot: int | None

    def get_state_display(self) -> str:
        """The state in a word."""
        return str(State(self.state).label)

    @property
    def can_move(self) -> bool:
        """Whether it is planned, and so is moved on the board."""
        return self.state == State.PLANNED

    @property
    def is_convened(self) -> bool:
        """Whether it is moved by postponing, as its parties have been invited."""
        return self.state == State.CONVENED

    @property
    def is_unplaced(self) -> bool:
        """Whether its day is not known yet."""
        return self.slot is None and self.timing.precision == Precision.MONTH

    @property
    def when(self) -> str:
        """Its time on the board: "to 31.8. klo 8.15–12.00"; the day alone where the hour is not known."""
        return clock_words(self.timing)


@dataclass(frozen=True)
class Place:
    """A line of a week: one of the round's slots, with its card or free; or a negotiation at a time of its own."""

    slot: int | None
    timing: Timing
    card: Card | None

    @property
    def when(self) -> str:
        """The time: "to 31.8. klo 8.15–12.00"."""
        return clock_words(self.timing)


@dataclass(frozen=True)
class Week:
    """An ISO week with its places in order of time; one without any stands between weeks that have some."""

    monday: date
    places: tuple[Place, ...]

    @property
    def key(self) -> str:
        """What tells the week in the page."""
        year, week, _day = self.monday.isocalendar()
        return f"{year}-{week:02}"

    @property
    def label(self) -> str:
        """The week in words: "vko 35, 28.8.–3.9."."""
        return timewords.days_of_week(self.monday)


@dataclass(frozen=True)
class Counts:
    """How many times and negotiations there are, and how they meet."""

    slots: int
    negotiations: int
    placed: int
    at_own_time: int
    unplaced: int
    cancelled: int
    free: int

    @property
    def spare(self) -> int:
        """How many times are left when all have one; less than none where there are too few."""
        return self.free - self.unplaced

    @property
    def words(self) -> list[str]:
        """The counts in words, as they stand after each other at the top of the board."""
        told = [
            ngettext("%(count)s time", "%(count)s times", self.slots) % {"count": self.slots},
            ngettext("%(count)s negotiation", "%(count)s negotiations", self.negotiations)
            % {"count": self.negotiations},
            _("%(count)s in a time") % {"count": self.placed},
        ]
        if self.at_own_time:
            told.append(_("%(count)s at a time of its own") % {"count": self.at_own_time})
        told.append(_("%(count)s without a time") % {"count": self.unplaced})
        if self.cancelled:
            told.append(_("%(count)s cancelled") % {"count": self.cancelled})
        if self.spare >= 0:
            told.append(_("%(count)s to spare") % {"count": self.spare})
        else:
            told.append(
                ngettext("%(count)s time too few", "%(count)s times too few", -self.spare) % {"count": -self.spare}
            )
        return told


@dataclass(frozen=True)
class InTheWay:
    """A conflict in the list, with the cards that it leads to."""

    conflict: Conflict
    cards: tuple[Card, ...]

    @property
    def is_blocking(self) -> bool:
        """Whether it has to be mended."""
        return self.conflict.weight == Weight.BLOCKING


@dataclass(frozen=True)
class Board:
    """The board as it is shown."""

    weeks: tuple[Week, ...]
    unplaced: tuple[Card, ...]
    # Cancelled before they had a day.
    set_aside: tuple[Card, ...]
    conflicts: tuple[InTheWay, ...]
    counts: Counts

    @cached_property
    def cards(self) -> Mapping[int, Card]:
        """All cards by their ids."""
        placed = (place.card for week in self.weeks for place in week.places if place.card is not None)
        return {card.id: card for card in (*placed, *self.unplaced, *self.set_aside)}

    @property
    def blocking(self) -> int:
        """How many conflicts have to be mended."""
        return sum(row.is_blocking for row in self.conflicts)


def clock_words(timing: Timing) -> str:
    """Write the time of a place, whose week tells the year: "to 31.8. klo 8.15–12.00"."""
    if timing.starts_at and timing.ends_at:
        return f"{timewords.day_of_year(timing.earliest)} {timewords.hours(timing.starts_at, timing.ends_at)}"
    if timing.earliest == timing.latest:
        return timewords.day_of_year(timing.earliest)
    return timing.words


@dataclass(frozen=True)
class Row:
    """What the situation does not tell of a negotiation of the round; also of those that were cancelled."""

    id: int
    title: str
    state: str
    timing: Timing
    topic_kind: str = ""
    topic: str = ""


def draw(situation: Situation, rows: Sequence[Row]) -> Board:
    """Return the board of a round."""
    found = conflicts(situation)
    remarks: dict[int, dict[str, Remark]] = defaultdict(dict)
    for conflict in found:
        if conflict.kind not in OF_ANSWERS:
            for pk in conflict.negotiations:
                words = brief(conflict.kind)
                remarks[pk][words] = Remark(conflict.weight == Weight.BLOCKING, words)
    cards = [_card(situation, row, tuple(remarks[row.id].values())) for row in rows]
    by_slot = {card.slot: card for card in cards if card.slot is not None}
    places = [Place(pk, timing, by_slot.get(pk)) for pk, timing in situation.slots.items()]
    own = [card for card in cards if card.slot is None and card.timing.precision != Precision.MONTH]
    places += [Place(None, card.timing, card) for card in own]
    months = [card for card in cards if card.is_unplaced]
    by_id = {card.id: card for card in cards}
    listed = [InTheWay(conflict, tuple(by_id[pk] for pk in conflict.negotiations if pk in by_id)) for conflict in found]
    counts = Counts(
        slots=len(situation.slots),
        negotiations=sum(card.state != State.CANCELLED for card in cards),
        placed=len(by_slot),
        at_own_time=sum(card.state != State.CANCELLED for card in own),
        unplaced=sum(card.state != State.CANCELLED for card in months),
        cancelled=sum(card.state == State.CANCELLED for card in cards),
        free=len(situation.slots) - len(by_slot),
    )
    return Board(
        tuple(weeks(places)),
        tuple(card for card in months if card.state != State.CANCELLED),
        tuple(card for card in months if card.state == State.CANCELLED),
        tuple(row for row in listed if row.cards),
        counts,
    )


def weeks(places: Iterable[Place]) -> list[Week]:
    """Put places into weeks, in order; a few weeks without any are shown where they stand between others."""
    by_monday: dict[date, list[Place]] = defaultdict(list)
    for place in places:
        day = place.timing.earliest
        by_monday[day - timedelta(days=day.weekday())].append(place)
    found: list[Week] = []
    for monday in sorted(by_monday):
        if found:
            between = (monday - found[-1].monday).days // 7 - 1
            if between <= EMPTY_WEEKS_SHOWN:
                found += [Week(found[-1].monday + timedelta(weeks=number), ()) for number in range(1, between + 1)]
        found.append(Week(monday, tuple(sorted(by_monday[monday], key=_by_time))))
    return found


def _by_time(place: Place) -> tuple[date, float, int]:
    """Sort by day and time; where the hour is not known, first."""
    starts = place.timing.starts_at
    return place.timing.earliest, starts.timestamp() if starts else 0.0, place.slot or 0


def _card(situation: Situation, row: Row, remarks: tuple[Remark, ...]) -> Card:
    meeting = situation.meetings.get(row.id)
    if meeting is None:
        return Card(row.id, row.title, row.state, _topic(row), "", Fit(Tone.UNKNOWN, ""), (), row.timing, None)
    if meeting.slot is not None:
        suits = answers_fit(situation.availability, meeting.parties, meeting.slot, situation.names)
    else:
        suits = Fit(Tone.UNKNOWN, answered_words(situation.availability, meeting.parties))
    members = situation.names_of(key for key in meeting.parties if key != COUNTY)
    municipalities = situation.names_of(key for key in meeting.parties if key.startswith("m"))
    about = "" if only_lists(row.title, municipalities) else some_of(members)
    return Card(
        row.id,
        row.title,
        row.state,
        "; ".join(part for part in (_topic(row), about) if part),
        meeting.wish.words if meeting.wish and row.state == State.PLANNED else "",
        suits if row.state in {State.PLANNED, State.CONVENED} else Fit(Tone.UNKNOWN, ""),
        remarks,
        meeting.timing,
        meeting.slot,
    )


def _topic(row: Row) -> str:
    """Tell the theme or the service that a negotiation is about, where its title is not that alone."""
    if not row.topic_kind:
        return ""
    kind = capfirst(str(Negotiation.Topic(row.topic_kind).label))
    return kind if row.topic.casefold() == row.title.casefold() else f"{kind}: {row.topic}"


# --- The groups beside ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GroupBeside:
    """A municipality group of the round's year: who is in it, and its negotiation in the round, if there is one."""

    name: str
    members: str
    card: Card | None


def groups_beside(
    division: Division, names: Mapping[int, str], groups_of: Mapping[int, int], board: Board
) -> list[GroupBeside]:
    """Return the groups in their order. `groups_of` tells the group of each negotiation that is of one."""
    members = division.members()
    by_group = {group: board.cards[pk] for pk, group in groups_of.items() if pk in board.cards}
    found = []
    for group, name in division.names.items():
        own = [names[pk] for pk in names if pk in members[group]]
        if only_lists(name, own):
            own.sort(key=lambda municipality: listed_in(name).index(municipality.casefold()))
        found.append(GroupBeside(name, "" if only_lists(name, own) else ", ".join(own), by_group.get(group)))
    return found


# --- As it is in the database ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Details:
    """What the board reads besides the situation: the rows of its cards, and which group each negotiation is of."""

    rows: tuple[Row, ...]
    groups: Mapping[int, int]


def read_details(round_: Round) -> Details:
    """Read the negotiations of a round as the board lists them: by time, then by title. One query."""
    found = list(Negotiation.objects.filter(round=round_).order_by("earliest", "starts_at", "title", "pk"))
    rows = tuple(Row(row.pk, row.title, row.state, Timing.of(row), row.topic_kind, row.topic) for row in found)
    groups = {row.pk: row.group_id for row in found if row.group_id is not None and row.state != State.CANCELLED}
    return Details(rows, groups)


def municipality_names(county_id: int) -> dict[int, str]:
    """Return the municipalities of a county by their ids, in the order of their names. One query."""
    rows = Municipality.objects.filter(county_id=county_id).select_related("area").order_by("area__order")
    return {row.pk: str(row) for row in rows}
