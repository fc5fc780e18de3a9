"""What the pages of a sitting show: its parts and items in order, what is at hand, and where one goes from here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from django.db.models import Prefetch
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities.models import County
from negotiations.models import AgendaItem, Measure, Negotiation, Part
from negotiations.sitting.live import is_open, used
from negotiations.sitting.live_writing import states_for, states_of, why_closed

# What an item is: at hand, deferred, dealt with, or nothing of these yet.
AT_HAND, DEFERRED, DONE, WAITING = "at_hand", "deferred", "done", "waiting"
OPENING, ITEM, CLOSING = "opening", "item", "closing"


@dataclass(frozen=True)
class Stop:
    """A place of the sitting at which one writes: how a part was opened, an item, or how the part was closed."""

    kind: str
    part: Part
    label: str
    url: str
    item: AgendaItem | None = None

    @property
    def key(self) -> tuple[str, int]:
        """What tells the place from all others."""
        return self.kind, self.item.pk if self.item else self.part.pk


@dataclass(frozen=True)
class ItemShown:
    """An item in the list of the agenda, with the seconds it has taken by now."""

    stop: Stop
    item: AgendaItem
    number: str
    used: int
    state: str

    @property
    def minutes(self) -> int:
        """The time used, in whole minutes that have been begun."""
        return -(-self.used // 60)

    @property
    def is_over(self) -> bool:
        """Whether it has taken longer than planned."""
        return self.item.planned_minutes is not None and self.used > self.item.planned_minutes * 60

    @property
    def is_at_hand(self) -> bool:
        """Whether it is being dealt with now."""
        return self.state == AT_HAND


@dataclass(frozen=True)
class PartShown:
    """A part in the list of the agenda."""

    part: Part
    opening: Stop
    items: Sequence[ItemShown]
    closing: Stop

    @property
    def is_open(self) -> bool:
        """Whether it has been opened and not closed."""
        return is_open(self.part)

    @property
    def planned(self) -> int:
        """The planned time of its items together, in minutes; those without one count as nothing."""
        return sum(one.item.planned_minutes or 0 for one in self.items)

    @property
    def minutes(self) -> int:
        """The time its items have taken together, in whole minutes that have been begun."""
        return -(-sum(one.used for one in self.items) // 60)


@dataclass(frozen=True)
class Step:
    """Where one goes next: a link, or a button by which an item is taken to hand on the way."""

    label: str
    url: str
    takes: bool = False
    is_item: bool = False


@dataclass(frozen=True)
class Sitting:
    """A sitting as it is at a moment."""

    negotiation: Negotiation
    parts: Sequence[PartShown]
    states: Mapping[int | None, str]
    now: datetime

    @property
    def items(self) -> Iterator[ItemShown]:
        """The items of all parts, in order."""
        return (item for part in self.parts for item in part.items)

    @property
    def stops(self) -> Iterator[Stop]:
        """All places at which one writes, in order."""
        for part in self.parts:
            yield part.opening
            yield from (item.stop for item in part.items)
            yield part.closing

    @property
    def at_hand(self) -> ItemShown | None:
        """The item that is being dealt with."""
        return next((item for item in self.items if item.is_at_hand), None)

    @property
    def open_part(self) -> PartShown | None:
        """The part that is open."""
        return next((part for part in self.parts if part.is_open), None)

    @property
    def is_going_on(self) -> bool:
        """Whether the day has not been ended yet."""
        return self.negotiation.state == Negotiation.State.CONVENED

    @property
    def closed(self) -> str:
        """Why nothing of it can be written; nothing where something can. The words of the page."""
        return self.closed_of(None)

    def closed_of(self, part: Part | None) -> str:
        """Say why nothing can be written of a part, or of any; nothing where it can."""
        if part is None:
            reasons = [self.closed_of(one.part) for one in self.parts]
            if reasons and not all(reasons):
                return ""
        states = states_for(self.states, part.pk if part else None)
        return why_closed(self.negotiation, states, today=timezone.localdate(self.now))

    def shown(self, stop: Stop) -> ItemShown | None:
        """Return the item of a place."""
        return next((item for item in self.items if item.stop.key == stop.key), None)

    def of(self, stop: Stop) -> PartShown:
        """Return the part of a place."""
        return next(part for part in self.parts if part.part.pk == stop.part.pk)

    def find(self, kind: str, pk: int) -> Stop | None:
        """Return the place that an address names; None where the sitting has it no more."""
        return next((stop for stop in self.stops if stop.key == (kind, pk)), None)

    @property
    def here(self) -> Stop | None:
        """Where one is when the address names no place: at the item at hand, or where the sitting goes on."""
        if at_hand := self.at_hand:
            return at_hand.stop
        if part := self.open_part:
            waiting = (item for item in part.items if item.state == WAITING)
            return next((item.stop for item in waiting), part.closing)
        not_opened = (part for part in self.parts if part.part.opened_at is None)
        return next((part.opening for part in not_opened), self.parts[0].opening if self.parts else None)

    def after(self, stop: Stop) -> Step | None:
        """Return where one goes from a place; None from the last one."""
        return self._step(next((after for before, after in pairwise(self.stops) if before.key == stop.key), None), stop)

    def before(self, stop: Stop) -> Step | None:
        """Return where one came from; None at the first one."""
        return self._step(next((before for before, after in pairwise(self.stops) if after.key == stop.key), None), stop)

    def _step(self, to: Stop | None, here: Stop) -> Step | None:
        """Return the way to a place. Who follows the sitting takes the item to hand; who looks elsewhere only looks."""
        if to is None:
            return None
        at_hand = self.at_hand
        follows = at_hand is None or at_hand.stop.key == here.key
        takes = bool(to.item) and follows and self.of(to).is_open and not self.closed_of(to.part)
        if takes and to.item is not None:
            county = self.negotiation.county.slug
            return Step(to.label, reverse("live_item", args=[county, to.item.pk]), takes=True, is_item=True)
        return Step(to.label, to.url, is_item=to.item is not None)


def with_agenda() -> Sequence[str | Prefetch]:
    """Return what of a negotiation is read along for its sitting. Two queries."""
    items = AgendaItem.objects.order_by("position")
    return (Prefetch("parts", Part.objects.order_by("position")), Prefetch("parts__items", items))


def read_sitting(negotiation: Negotiation, county: County, *, now: datetime | None = None) -> Sitting:
    """Return a sitting as it is now, of a negotiation read with its agenda. Two queries, however long the agenda is."""
    now = now or timezone.now()
    negotiation.county = county
    measured = set(
        Measure.objects.filter(negotiation=negotiation, agenda_item__isnull=False).values_list(
            "agenda_item_id", flat=True
        )
    )
    numbering = County.Numbering(county.item_numbering)
    parts = []
    for part in negotiation.parts.all():
        part.negotiation = negotiation
        url = reverse("live", args=[county.slug, negotiation.pk])
        opening = Stop(OPENING, part, _("Opening"), f"{url}?osa={part.pk}")
        closing = Stop(CLOSING, part, _("Closing"), f"{url}?osa={part.pk}&vaihe=paatos")
        items = []
        for number, item in enumerate(part.items.all(), start=1):
            item.part = part
            name = numbering.of(number)
            stop = Stop(ITEM, part, f"{name} {item.title}", f"{url}?kohta={item.pk}", item)
            state = state_of(item, negotiation, is_measured=item.pk in measured)
            items.append(ItemShown(stop, item, name, used(item, negotiation, now), state))
        parts.append(PartShown(part, opening, items, closing))
    return Sitting(negotiation, parts, states_of(negotiation), now)


def state_of(item: AgendaItem, negotiation: Negotiation, *, is_measured: bool) -> str:
    """Return what an item is in the list: what is at hand is that before anything else. Pure."""
    if negotiation.item_at_hand_id == item.pk:
        return AT_HAND
    if item.is_deferred:
        return DEFERRED
    is_dealt_with = item.used_seconds or item.discussion or item.agreed or item.dissent or is_measured
    return DONE if is_dealt_with else WAITING
