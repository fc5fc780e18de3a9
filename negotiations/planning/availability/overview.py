"""How an inquiry of suitable times stands, for the coordinator: by party, by slot, and what has come to clash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import groupby

from django.db.models import Max, Q
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from municipalities import timewords
from municipalities.models import Event
from negotiations.models import (
    AvailabilityAnswer,
    AvailabilityInquiry,
    AvailabilityRequest,
    Negotiation,
    Party,
    Round,
    Slot,
)
from negotiations.planning.availability.reading import COUNTY, Availability, Suits, key_of, name_of

# A letter that has not gone in this time: the mail server is away, or has refused the address.
SENDING = timedelta(minutes=10)


@dataclass(frozen=True)
class Placed:
    """A negotiation that has been given a slot: its parties by their keys. The core group is in every one."""

    negotiation: int
    title: str
    slot: int
    parties: frozenset[str]


def unsuitable(placed: Iterable[Placed], availability: Availability) -> list[tuple[Placed, str]]:
    """Return which negotiations are in a slot that does not suit a party of theirs, and the key of each such party."""
    return [
        (one, key)
        for one in placed
        for key in sorted(one.parties | {COUNTY})
        if availability.of(key, one.slot) == Suits.NO
    ]


@dataclass(frozen=True)
class Cell:
    """What a party answered on a slot; `is_own` where a negotiation of the party's own has been given the slot."""

    slot: Slot
    suits: Suits | None
    is_own: bool
    # Whether no other slot of the round is on the same day.
    is_alone: bool

    @property
    def code(self) -> str:
        """The answer, for its looks: a value of Suits, or none."""
        return self.suits.value if self.suits else "none"

    @property
    def sign(self) -> str:
        """The answer in one sign."""
        return SIGNS[self.suits]

    @property
    def words(self) -> str:
        """The answer in words."""
        said = str(self.suits.label) if self.suits else _("no answer")
        return _("%(answer)s, the party's negotiation is at this time") % {"answer": said} if self.is_own else said

    @property
    def time(self) -> str:
        """The slot in short, where its cell stands alone: "3.9.", or "3.9. 8.15" where its day has several."""
        starts = timezone.localtime(self.slot.starts_at)
        day = f"{starts.day}.{starts.month}."
        return day if self.is_alone else f"{day} {timewords.clock(starts)}"


SIGNS: Mapping[Suits | None, str] = {Suits.YES: "✓", Suits.IF_NEED_BE: "~", Suits.NO: "✕", None: "·"}


@dataclass(frozen=True)
class PartyRow:
    """A party that was asked, and its answer on each of the slots of the round, in order."""

    request: AvailabilityRequest
    name: str
    cells: Sequence[Cell]
    now: datetime

    @property
    def is_answered(self) -> bool:
        """Whether it has answered, of some slots at least."""
        return self.request.answered_at is not None

    @property
    def is_unsent(self) -> bool:
        """Whether the letter with the link has not gone in good time: it needs a look.

        Of one that has answered too, where the link was sent again afterwards.
        """
        row = self.request
        begun = max(moment for moment in (row.asked_at, row.reminded_at) if moment)
        is_waited_for = row.answered_at is None or row.asked_at > row.answered_at
        return bool(row.email) and row.sent_at is None and is_waited_for and self.now - begun > SENDING

    @property
    def open(self) -> int:
        """How many of the slots to come are without an answer."""
        return sum(cell.suits is None and cell.slot.starts_at > self.now for cell in self.cells)

    @property
    def suitable(self) -> int:
        """How many of the slots suit."""
        return self._count(Suits.YES)

    @property
    def if_need_be(self) -> int:
        """How many of the slots will do if need be."""
        return self._count(Suits.IF_NEED_BE)

    @property
    def unsuitable(self) -> int:
        """How many of the slots do not suit."""
        return self._count(Suits.NO)

    def _count(self, suits: Suits) -> int:
        return sum(cell.suits == suits for cell in self.cells)

    @property
    def tone(self) -> str:
        """How the row's state looks."""
        if self.is_answered:
            return "going" if self.open else "done"
        return "failed" if self.is_unsent else "waiting"

    @property
    def words(self) -> str:
        """The row's state in words."""
        if self.is_answered:
            return _("answered in part") if self.open else _("answered")
        return _("the letter has not gone") if self.is_unsent else _("no answer yet")

    @property
    def since(self) -> str:
        """When and how it came to that state, in words."""
        row = self.request
        if row.answered_at is not None:
            words = _("%(moment)s, entered by %(name)s") if row.entered_by else _("%(moment)s, by the link")
            told = words % {"moment": timewords.moment(row.answered_at), "name": row.entered_by}
            return f"{told}. {self._unsent_words}" if self.is_unsent else told
        if self.is_unsent:
            return _("Check the address and send the link again.")
        if not row.email:
            return ""
        if row.reminded_at is not None and row.reminded_at > row.asked_at:
            return _("reminded %(moment)s") % {"moment": timewords.moment(row.reminded_at)}
        return _("asked %(moment)s") % {"moment": timewords.moment(row.asked_at)}

    @property
    def _unsent_words(self) -> str:
        unsent = capfirst(_("the letter has not gone"))
        mend = _("Check the address and send the link again.")
        return f"{unsent}. {mend}"


@dataclass(frozen=True)
class Clash:
    """A negotiation in a slot that does not suit a party of its; `has_changed` where the answer came afterwards."""

    placed: Placed
    slot: Slot
    row: PartyRow
    has_changed: bool


@dataclass(frozen=True)
class SlotRow:
    """A slot, how many it suits, and the negotiation that has been given it."""

    slot: Slot
    suits: int
    if_need_be: int
    not_suits: int
    unknown: int
    negotiation: Placed | None
    is_past: bool

    @property
    def starts(self) -> datetime:
        """When the slot begins, on the clocks of Finland."""
        return timezone.localtime(self.slot.starts_at)

    @property
    def clock(self) -> str:
        """The time of day when the slot begins: "8.15"."""
        return timewords.clock(self.slot.starts_at)


@dataclass(frozen=True)
class Week:
    """A week in which there are slots: its name, and those slots in order."""

    name: str
    slots: Sequence[SlotRow]


@dataclass(frozen=True)
class Overview:
    """The inquiry of a round as it stands. The inquiry is None where nobody has been asked."""

    inquiry: AvailabilityInquiry | None
    parties: Sequence[PartyRow]
    slots: Sequence[SlotRow]
    clashes: Sequence[Clash]

    @property
    def answered(self) -> int:
        """How many of the parties have answered."""
        return sum(row.is_answered for row in self.parties)

    @property
    def unanswered(self) -> int:
        """How many of the parties have not."""
        return len(self.parties) - self.answered

    @property
    def clashing(self) -> int:
        """How many negotiations are in a slot that does not suit a party of theirs."""
        return len({clash.placed.negotiation for clash in self.clashes})

    @cached_property
    def weeks(self) -> list[Week]:
        """The weeks of the slots, in order."""
        grouped = groupby(self.slots, key=lambda row: row.starts.isocalendar()[:2])
        return [Week(timewords.week(rows[0].starts), rows) for rows in (list(group) for _week, group in grouped)]


def read_overview(round_: Round, *, now: datetime) -> Overview:
    """Return how the inquiry of a round stands. Seven queries at most, however many parties and slots."""
    inquiry: AvailabilityInquiry | None = AvailabilityInquiry.objects.filter(round=round_).first()
    slots = list(Slot.objects.filter(round=round_).order_by("starts_at", "pk"))
    if inquiry is None:
        return Overview(None, [], [_slot_row(slot, Availability(), None, now=now) for slot in slots], [])
    requests = list(
        AvailabilityRequest.objects.filter(inquiry=inquiry)
        .select_related("municipality__area", "organisation", "county__area", "entered_by")
        # Municipalities first, then organisations, the county's core group last: nulls come after the others.
        .order_by("municipality__area__order", "organisation__name", "pk")
    )
    keys = {row.pk: key_of(row.municipality_id, row.organisation_id) for row in requests}
    rows = AvailabilityAnswer.objects.filter(request__inquiry=inquiry).values_list("request_id", "slot_id", "suits")
    availability = Availability(
        {(keys[request], slot): Suits(suits) for request, slot, suits in rows if request in keys},
        frozenset(keys.values()),
        frozenset(keys[row.pk] for row in requests if row.answered_at),
        inquiry.answer_by,
    )
    placed = _placed(round_)
    per_day = Counter(map(_day_of, slots))
    parties = {
        key: PartyRow(
            row,
            name_of(row),
            [
                Cell(slot, availability.of(key, slot.pk), _is_of(placed.get(slot.pk), key), per_day[_day_of(slot)] == 1)
                for slot in slots
            ],
            now,
        )
        for row in requests
        for key in (keys[row.pk],)
    }
    return Overview(
        inquiry,
        list(parties.values()),
        [_slot_row(slot, availability, placed.get(slot.pk), now=now) for slot in slots],
        _clashes(parties, placed, [slot for slot in slots if slot.starts_at > now], availability),
    )


def _day_of(slot: Slot) -> date:
    return timezone.localdate(slot.starts_at)


def _is_of(placed: Placed | None, key: str) -> bool:
    return placed is not None and key != COUNTY and key in placed.parties


def _clashes(
    parties: Mapping[str, PartyRow], placed: Mapping[int, Placed], slots: Iterable[Slot], availability: Availability
) -> list[Clash]:
    """Return what clashes in the slots to come, in their order. One query, and only where something does."""
    by_id = {slot.pk: slot for slot in slots}
    found = unsuitable((placed[pk] for pk in by_id if pk in placed), availability)
    since = _placed_at([one.negotiation for one, _key in found]) if found else {}
    return [
        Clash(
            one, by_id[one.slot], parties[key], _is_later(parties[key].request.answered_at, since.get(one.negotiation))
        )
        for one, key in found
    ]


def _is_later(answered_at: datetime | None, placed_at: datetime | None) -> bool:
    return answered_at is not None and placed_at is not None and answered_at > placed_at


def _placed_at(negotiations: Sequence[int]) -> dict[int, datetime]:
    """Return when each negotiation got the time that it has, as far as its events tell."""
    placing = Q(verb__in=["created", "placed", "postponed"]) | Q(verb="changed", payload__fields__contains=["time"])
    events = Event.objects.filter(placing, subject=Negotiation._meta.label_lower, subject_id__in=negotiations)
    return dict(events.order_by().values("subject_id").annotate(last=Max("at")).values_list("subject_id", "last"))


def _slot_row(slot: Slot, availability: Availability, placed: Placed | None, *, now: datetime) -> SlotRow:
    said = [availability.of(key, slot.pk) for key in availability.asked]
    counts: Mapping[Suits | None, int] = {suits: said.count(suits) for suits in (*Suits, None)}
    return SlotRow(
        slot,
        counts[Suits.YES],
        counts[Suits.IF_NEED_BE],
        counts[Suits.NO],
        counts[None],
        placed,
        slot.starts_at <= now,
    )


def _placed(round_: Round) -> dict[int, Placed]:
    """Return the negotiations of a round that have a slot and are still to be held, by the slot. Two queries."""
    still = Negotiation.objects.filter(
        round=round_, slot__isnull=False, state__in=[Negotiation.State.PLANNED, Negotiation.State.CONVENED]
    )
    rows = list(still.values_list("pk", "title", "slot_id"))
    parties: dict[int, set[str]] = {pk: set() for pk, _title, _slot in rows}
    for negotiation, municipality, organisation in Party.objects.filter(negotiation__in=list(parties)).values_list(
        "negotiation_id", "municipality_id", "organisation_id"
    ):
        parties[negotiation].add(key_of(municipality, organisation))
    return {slot: Placed(pk, title, slot, frozenset(parties[pk])) for pk, title, slot in rows}
