"""Minutes written elsewhere, taken in: each piece put where it belongs, all of them or none.

Nothing that has been written is lost: what comes goes after what is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import County, User
from municipalities.moves import NotAllowedNow, locked
from negotiations.minutes.checking import open_minutes
from negotiations.minutes.pasted_text import Kind, Piece, Text
from negotiations.models import AgendaItem, Minutes, Negotiation, Part
from negotiations.sitting.agenda import renumber
from negotiations.sitting.agenda_templates import MOST_ITEMS
from negotiations.sitting.live_writing import (
    LONGEST,
    day_of,
    locked_minutes,
    require_writable,
    states_of,
    why_closed,
)

State = Negotiation.State
MOST_PIECES = 200
OUT = "out"


# --- Where the pieces go ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Where a piece goes: `what` is opening, closing, item or new; `pk` that of the part, or of the item."""

    what: str
    pk: int

    @property
    def key(self) -> str:
        """The place as it is sent."""
        return f"{self.what}-{self.pk}"


@dataclass(frozen=True)
class PartThere:
    """A part of the negotiation with its items, as far as placing goes. Pure."""

    pk: int
    basis: str
    sections: str
    items: tuple[tuple[int, int, str], ...]


def parts_there(negotiation: Negotiation) -> list[PartThere]:
    """Return the parts that minutes can tell of, with their items. Two queries."""
    parts = list(Part.objects.filter(negotiation=negotiation).order_by("position"))
    if negotiation.state == State.HELD:
        parts = [part for part in parts if part.dealt_with]
    items: dict[int, list[tuple[int, int, str]]] = {part.pk: [] for part in parts}
    rows = AgendaItem.objects.filter(part__in=items).order_by("position")
    for part, pk, position, title in rows.values_list("part_id", "pk", "position", "title"):
        items[part].append((pk, position, title))
    return [PartThere(part.pk, part.legal_basis, part.basis.sections, tuple(items[part.pk])) for part in parts]


def propose(pieces: Sequence[Piece], parts: Sequence[PartThere]) -> list[Place | None]:
    """Propose where each piece goes; None for what is left out unless one chooses otherwise.

    The heading of a part tells the part; without one a number that begins again does, as each part is numbered from
    one. An item of the same title is the same item, and each is met once.
    """
    if not parts:
        return [None for _piece in pieces]
    proposed: list[Place | None] = []
    taken: set[int] = set()
    here, last = 0, 0
    for piece in pieces:
        told = next((number for number, part in enumerate(parts) if piece.basis and part.basis == piece.basis), None)
        begins = here + 1 < len(parts) and told is None and _begins_anew(piece, last, proposed)
        if begins or (told is not None and told != here):
            here, last = (here + 1 if told is None else told), 0
        last = piece.number if piece.number is not None else last
        part = parts[here]
        if piece.kind == Kind.BEFORE:
            proposed.append(None)
        elif piece.kind in {Kind.OPENING, Kind.CLOSING}:
            proposed.append(Place(piece.kind.value, part.pk))
        else:
            title = _plain(piece.title)
            same = next((pk for pk, other in _titles(parts[here]) if pk not in taken and other == title), None)
            taken |= {same} if same else set()
            proposed.append(Place("item", same) if same else Place("new", part.pk))
    return proposed


def _begins_anew(piece: Piece, last: int, proposed: Sequence[Place | None]) -> bool:
    """Whether a piece is the first one of another part: its number begins again, or it opens what has been closed."""
    if piece.number is not None and piece.number < last:
        return True
    before = next((place for place in reversed(proposed) if place), None)
    return piece.kind == Kind.OPENING and before is not None and before.what == "closing"


def _titles(part: PartThere) -> list[tuple[int, str]]:
    """Return the items of a part with their plain titles."""
    return [(pk, _plain(title)) for pk, _position, title in part.items]


def _plain(title: str) -> str:
    return " ".join(title.casefold().split()).strip(".: ")


# --- Saved ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Placed:
    """A piece with where it goes, and its title where it becomes a new item."""

    piece: Piece
    place: Place | None
    title: str = ""


@dataclass(frozen=True)
class Taken:
    """What came of it: how many items are new, how many texts went to what was there, how many pieces were left out."""

    new: int
    texts: int
    left_out: int


def why_not(negotiation: Negotiation, states: Mapping[int | None, str], at: datetime | None = None) -> str:
    """Say why minutes cannot be taken in now; nothing where they can.

    They can on the day of a negotiation that has been convened, and once it has been held while its minutes are a
    draft, or have not been begun. `states` are those of the minutes by part (sitting.live_writing.states_of).
    """
    if negotiation.state == State.HELD and not states:
        return ""
    if Minutes.State.DRAFT in states.values() and negotiation.state == State.HELD:
        return ""
    return why_closed(negotiation, list(states.values()), today=day_of(at))


def require_can(negotiation: Negotiation, at: datetime | None = None) -> None:
    """Raise NotAllowedNow, with the reason, where minutes cannot be taken in now. One query."""
    if reason := why_not(negotiation, states_of(negotiation), at):
        raise NotAllowedNow(reason)


@transaction.atomic
def take_in(
    negotiation: Negotiation, placed: Sequence[Placed], *, by: User | None, at: datetime | None = None
) -> Taken:
    """Take in the pieces, each where it goes: all of them or none. Begins the minutes of what has been held.

    Text that stands word for word in its place already is not put there again. Raises NotAllowedNow where one of the
    parts cannot be written now; ValidationError where a place is there no more, a text would grow too long, or the
    agenda.
    """
    negotiation = locked(negotiation, stays=True)
    require_can(negotiation, at)
    if negotiation.state == State.HELD and not Minutes.objects.filter(negotiation=negotiation).exists():
        open_minutes(negotiation, by=by, at=at)
    # Before the parts and the items, as whoever writes or mends minutes does.
    locked_minutes(negotiation)
    there = _There.of(negotiation, [one.place for one in placed if one.place])
    for part in sorted({there.part_of(one.place) for one in placed if one.place}):
        require_writable(negotiation, part, today=day_of(at))
    new = texts = 0
    for one in placed:
        if one.place is None:
            continue
        if one.place.what == "new":
            there.begin(one.place, one, negotiation.county)
            new += 1
        else:
            texts += there.put(one.place, one.piece)
    there.save()
    left_out = sum(one.place is None for one in placed)
    if new or texts:
        record(negotiation, "minutes_pasted", by=by, at=at or timezone.now(), new=new, texts=texts, left_out=left_out)
    return Taken(new, texts, left_out)


class _There:
    """The rows that pieces go to, locked, and how they change."""

    def __init__(self, parts: dict[int, Part], items: dict[int, AgendaItem]) -> None:
        self.parts, self.items = parts, items
        self.changed: dict[tuple[str, int], set[str]] = {}
        self.last: dict[int, int] = {}

    @classmethod
    def of(cls, negotiation: Negotiation, places: Sequence[Place]) -> _There:
        """Return those of a negotiation. Raises ValidationError where one is there no more, or not to be written."""
        parts = Part.objects.filter(negotiation=negotiation).select_for_update(no_key=True).order_by("pk").in_bulk()
        items = AgendaItem.objects.filter(part__negotiation=negotiation).select_for_update(of=("self",), no_key=True)
        there = cls(parts, items.order_by("pk").in_bulk())
        for place in places:
            known = there.items if place.what == "item" else there.parts
            if place.pk not in known:
                raise ValidationError(_("The agenda has been changed meanwhile. Look again at where each piece goes."))
            part = there.parts[there.part_of(place)]
            if negotiation.state == State.HELD and not part.dealt_with:
                raise ValidationError(
                    _("%(part)s was not dealt with, so it has no minutes. Choose another place.")
                    % {"part": part.basis.sections}
                )
        return there

    def part_of(self, place: Place) -> int:
        """Return the part of a place."""
        return self.items[place.pk].part_id if place.what == "item" else place.pk

    def begin(self, place: Place, one: Placed, county: County) -> None:
        """Begin a new item at the end of its part."""
        part = self.parts[place.pk]
        if part.pk not in self.last:
            self.last[part.pk] = renumber(part)
        self.last[part.pk] += 1
        if self.last[part.pk] > MOST_ITEMS:
            raise ValidationError(_("A part can have %(most)s items at most.") % {"most": MOST_ITEMS})
        title = one.title.strip() or one.piece.title
        if not title:
            raise ValidationError(_("Give the new item a title."))
        item = AgendaItem(county=county, part=part, position=self.last[part.pk], title=title)
        for text, words in one.piece.texts.items():
            setattr(item, text.value, _joined("", words, title))
        item.save()

    def put(self, place: Place, piece: Piece) -> int:
        """Put the texts of a piece after what is there. Returns how many texts changed."""
        if place.what == "item":
            item = self.items[place.pk]
            # What is of no item has one text: it is what was said.
            texts = dict(piece.texts) if piece.kind == Kind.ITEM else {Text.DISCUSSION: piece.text}
            if piece.kind == Kind.ITEM and _plain(piece.title) != _plain(item.title):
                # The heading is not the item's own: it begins the text, so that it is not lost.
                first = next(iter(texts), Text.DISCUSSION)
                texts[first] = "\n".join(filter(None, [piece.title, texts.get(first, "")]))
            return sum(self._add(item, "item", text.value, words, item.title) for text, words in texts.items())
        part = self.parts[place.pk]
        words = piece.text if piece.kind != Kind.ITEM else "\n".join(filter(None, [piece.title, piece.text]))
        return int(self._add(part, "part", place.what, words, part.basis.sections))

    def _add(self, row: AgendaItem | Part, kind: str, name: str, words: str, where: str) -> bool:
        before = getattr(row, name)
        after = _joined(before, words, where)
        if after == before:
            return False
        setattr(row, name, after)
        self.changed.setdefault((kind, row.pk), set()).add(name)
        return True

    def save(self) -> None:
        """Save what has changed."""
        for (kind, pk), names in self.changed.items():
            row: AgendaItem | Part = self.items[pk] if kind == "item" else self.parts[pk]
            row.save(update_fields=sorted(names))


def _joined(before: str, words: str, where: str) -> str:
    """Put words after what is there, unless they stand there already. Raises ValidationError for too long a text."""
    if not words or f"\n{words}\n" in f"\n{before}\n":
        return before
    after = f"{before}\n\n{words}" if before else words
    if len(after) > LONGEST:
        raise ValidationError(
            _("The text of “%(where)s” would be longer than %(most)s characters. Divide it into several items.")
            % {"where": where, "most": LONGEST}
        )
    return after
