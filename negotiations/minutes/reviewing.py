"""What a checker of minutes has before them: the version to read, their remarks by item, and what has changed.

All is read from the version, not from the rows of the sitting: what is marked is exactly what was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import County, User
from municipalities.moves import NotAllowedNow, locked
from negotiations.minutes import links, remarks, versions
from negotiations.minutes.amending import item_in, latest_or_first, part_in
from negotiations.minutes.checking import settle
from negotiations.minutes.context import Item, MinutesContext, PartMinuted, Standing, with_standing
from negotiations.minutes.differences import Change, plain
from negotiations.models import AgendaItem, Minutes, MinutesCheck, MinutesRemark, MinutesVersion, Part

Field = MinutesRemark.Field
# The texts of an item and of a part for which other words can be proposed.
OF_ITEM = (Field.BACKGROUND, Field.DISCUSSION, Field.AGREED, Field.DISSENT)
OF_PART = (Field.OPENING, Field.CLOSING)
ITEM, PART, WHOLE = "kohta", "osa", "yleista"
MOST_DIGITS = 18


@dataclass(frozen=True)
class Place:
    """Where in the minutes a remark is made: an item, a part, or the whole. Known by its `key`, as in an address."""

    kind: str
    pk: int = 0

    @property
    def key(self) -> str:
        """The place in an address: "kohta-12", "osa-3", "yleista"."""
        return f"{self.kind}-{self.pk}" if self.pk else self.kind

    @classmethod
    def of(cls, key: str) -> Place | None:
        """Return the place of a key; None for what is no key of one."""
        if key == WHOLE:
            return cls(WHOLE)
        kind, _dash, number = key.partition("-")
        if kind not in {ITEM, PART} or not (number.isascii() and number.isdigit() and len(number) <= MOST_DIGITS):
            return None
        return cls(kind, int(number)) if int(number) else None

    @property
    def fields(self) -> Sequence[Field]:
        """The texts at the place for which other words can be proposed."""
        return {ITEM: OF_ITEM, PART: OF_PART}.get(self.kind, ())


def place_of(remark: MinutesRemark) -> Place:
    """Return where a remark was made."""
    if remark.item_id:
        return Place(ITEM, remark.item_id)
    return Place(PART, remark.part_id) if remark.part_id else Place(WHOLE)


def texts_at(content: Mapping[str, Any], place: Place) -> dict[Field, str] | None:
    """Return the texts of a version's content at a place, by their field; None where it has no such place."""
    if place.kind == WHOLE:
        return {}
    row = (part_in if place.kind == PART else item_in)(content, place.pk)
    return None if row is None else {name: row.get(name.value, "") for name in place.fields}


@dataclass(frozen=True)
class ItemSheet:
    """An item as it stands in the version, with the checker's remarks on it."""

    item: Item
    remarks: Sequence[MinutesRemark] = ()

    @property
    def place(self) -> Place:
        """Where a remark on it is made."""
        return Place(ITEM, self.item.id)


@dataclass(frozen=True)
class PartSheet:
    """A part as it stands in the version, with the checker's remarks on its opening and closing."""

    part: PartMinuted
    items: Sequence[ItemSheet]
    remarks: Sequence[MinutesRemark] = ()

    @property
    def place(self) -> Place:
        """Where a remark on it is made."""
        return Place(PART, self.part.id)


@dataclass(frozen=True)
class Sheet:
    """What a checker has before them."""

    check: MinutesCheck
    version: MinutesVersion
    doc: MinutesContext
    parts: Sequence[PartSheet]
    # Their remarks on the whole, and on what is not in the minutes any more.
    remarks: Sequence[MinutesRemark] = ()
    # The version that was marked before, where the mark is void, and what has changed since.
    marked: MinutesVersion | None = None
    changes: Sequence[Change] = field(default_factory=list)
    all_remarks: Sequence[MinutesRemark] = ()

    @property
    def open_remarks(self) -> int:
        """How many remarks of the checker wait for the secretary."""
        return sum(remark.state == MinutesRemark.State.OPEN for remark in self.all_remarks)


def read_document(minutes: Minutes, version: MinutesVersion) -> MinutesContext:
    """Return a version as it is read, without the marks and signatures. No query."""
    standing = Standing(minutes.state, [], minutes.check_by, [], version.number, version.sha256)
    return with_standing(version.content, standing)


def read_sheet(check: MinutesCheck) -> Sheet | None:
    """Return what a checker has before them; None where the minutes have no version yet.

    As many queries however long the minutes are. The checker's minutes must have been read with them.
    """
    minutes = check.minutes
    version = _version_to_read(minutes)
    if version is None:
        return None
    own = list(
        MinutesRemark.objects.filter(check_row=check, check_row__minutes=minutes)
        .select_related("version")
        .defer("version__content")
        .order_by("pk")
    )
    own = _of_this_checker(check, own)
    doc = read_document(minutes, version)
    titles = titles_of(doc)
    by_place: dict[Place, list[MinutesRemark]] = {}
    for remark in own:
        place = place_of(remark)
        remark.where = titles.get(place, "")  # type: ignore[attr-defined]
        by_place.setdefault(place, []).append(remark)
    parts = sheets_of(doc, by_place)
    marked = _marked_before(check, version)
    return Sheet(
        check=check,
        version=version,
        doc=doc,
        parts=parts,
        remarks=[remark for left in by_place.values() for remark in left],
        marked=marked,
        changes=versions.difference(marked.content, version.content) if marked else [],
        all_remarks=own,
    )


def titles_of(doc: MinutesContext) -> dict[Place, str]:
    """Return what the places of minutes are called: an item by its number and title, a part by its sections."""
    numbering = County.Numbering(doc.numbering)
    found = {Place(PART, part.id): part.sections for part in doc.parts}
    for part in doc.parts:
        found |= {Place(ITEM, item.id): f"{numbering.of(item.number)} {item.title}" for item in part.items}
    return found


def _version_to_read(minutes: Minutes) -> MinutesVersion | None:
    """Return the version that is read. Minutes sent before there were versions get theirs when they are first read."""
    version = versions.latest(minutes)
    if version is None and minutes.state == Minutes.State.CHECKING:
        with transaction.atomic():
            version = latest_or_first(locked(minutes))
    return version


def sheets_of(doc: MinutesContext, by_place: dict[Place, list[MinutesRemark]] | None = None) -> list[PartSheet]:
    """Return the parts of minutes with the remarks on them, which are taken out of `by_place`.

    A document that corrects others has none: it names its parts, and tells what is corrected in them.
    """
    if doc.corrects is not None:
        return []
    found = {} if by_place is None else by_place
    return [
        PartSheet(
            part,
            [ItemSheet(item, found.pop(Place(ITEM, item.id), ())) for item in part.items],
            found.pop(Place(PART, part.id), ()),
        )
        for part in doc.parts
    ]


def _of_this_checker(check: MinutesCheck, own: Iterable[MinutesRemark]) -> list[MinutesRemark]:
    """Leave out the remarks that one made who has been replaced: they were theirs. One query."""
    last = check.replacements.order_by("-replaced_at").values_list("replaced_at", flat=True).first()
    return [remark for remark in own if last is None or remark.made_at >= last]


def own_remark(check: MinutesCheck, pk: int) -> MinutesRemark | None:
    """Return a remark of the checker's; None for one that is another's, also of one whom they have replaced."""
    found = list(check.remarks.filter(pk=pk).select_related("version"))
    return next(iter(_of_this_checker(check, found)), None)


def _marked_before(check: MinutesCheck, version: MinutesVersion) -> MinutesVersion | None:
    """Return the former version that the checker had marked, where the mark is void."""
    if check.outcome != MinutesCheck.Outcome.WAITING:
        return None
    event = links.last_marked(check)
    number = event.payload.get("version") if event else None
    if not isinstance(number, int) or number >= version.number:
        return None
    found: MinutesVersion | None = MinutesVersion.objects.filter(minutes=check.minutes_id, number=number).first()
    return found


def version_of(minutes: Minutes, seen: str) -> MinutesVersion | None:
    """Return the version that a form says was seen; None where it says none that there is. One query at most."""
    if not (seen.isascii() and seen.isdigit() and len(seen) <= 4):
        return None
    found: MinutesVersion | None = MinutesVersion.objects.filter(minutes=minutes, number=int(seen)).first()
    return found


# --- Remarks ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """What a checker says at a place: a comment, and the texts that are to be other, by their field."""

    comment: str
    proposed: Mapping[Field, str]


def said(seen: Mapping[Field, str], sent: Mapping[Field, str], comment: str) -> Said:
    """Return what is said: a text that was sent as it was seen is no proposal."""
    changed = {name: text for name, text in sent.items() if plain(text) != plain(seen.get(name, ""))}
    return Said(comment.strip(), changed)


def overtaken(seen: Mapping[Field, str], now: Mapping[Field, str], told: Said) -> list[Field]:
    """Return the proposals whose text was changed by somebody else after it was seen, to something else still."""
    return [
        name
        for name, text in told.proposed.items()
        if plain(seen.get(name, "")) != plain(now.get(name, "")) and plain(text) != plain(now.get(name, ""))
    ]


class Overtaken(Exception):
    """The minutes were changed after they were read: what is said is about a text that is not there any more.

    `version` is the latest one; `fields` are the proposals whose texts were changed.
    """

    def __init__(self, version: MinutesVersion, fields: Sequence[Field]) -> None:
        super().__init__(version.number)
        self.version, self.fields = version, fields


@transaction.atomic
def say(
    check: MinutesCheck, place: Place, sent: Mapping[Field, str], comment: str, *, seen: MinutesVersion, by: User | None
) -> list[MinutesRemark]:
    """Make the remarks of a checker at a place, of the version that was seen; return those that were made.

    A remark that the same checker has made already, in the same words, is not made again: a button may be pressed
    twice. Raises Overtaken where a text for which other words are proposed has been changed meanwhile, LookupError
    where the minutes have no such place, and NotAllowedNow unless they are being checked.
    """
    minutes = locked(check.minutes)
    version = versions.latest(minutes)
    if version is None:
        raise NotAllowedNow(_("The minutes have not been sent for checking."))
    before, now = texts_at(seen.content, place), texts_at(version.content, place)
    if before is None or now is None:
        raise LookupError(place.key)
    told = said(before, sent, comment)
    if late := overtaken(before, now, told):
        raise Overtaken(version, late)
    # What has been mended meanwhile just as it is proposed here needs no remark.
    proposed = {name: text for name, text in told.proposed.items() if plain(text) != plain(now[name])}
    where: dict[str, Any] = _rows(minutes, place)
    wanted: list[tuple[Field, str, str | None]] = [(name, "", text) for name, text in proposed.items()]
    if told.comment and len(wanted) == 1:
        # The comment says why.
        wanted = [(wanted[0][0], told.comment, wanted[0][2])]
    elif told.comment:
        wanted.insert(0, (Field.WHOLE, told.comment, None))
    made = []
    for name, text, words in wanted:
        same = MinutesRemark.objects.filter(
            check_row=check,
            version=version,
            field=name,
            text=text,
            proposed=words,
            state=MinutesRemark.State.OPEN,
            item=where.get("item"),
            part=where.get("part"),
        )
        if not same.exists():
            made.append(remarks.remark(check, version, field=name, text=text, proposed=words, by=by, **where))
    return made


@transaction.atomic
def withdraw(remark: MinutesRemark, *, by: User | None) -> None:
    """Take back a remark that has not been decided on: it is as if it had not been made.

    Raises NotAllowedNow unless it is open and the minutes are being checked.
    """
    minutes = locked(remark.check_row.minutes)
    fresh = MinutesRemark.objects.select_for_update(of=("self",)).filter(pk=remark.pk).first()
    if minutes.state != Minutes.State.CHECKING or fresh is None or fresh.state != MinutesRemark.State.OPEN:
        raise NotAllowedNow(_("The remark has been decided on already."))
    record(minutes, "remark_withdrawn", by=by, check=fresh.check_row_id)
    fresh.delete()
    # It may have been the last thing that kept the minutes from being checked.
    settle(minutes, by=by)


def _rows(minutes: Minutes, place: Place) -> dict[str, AgendaItem | Part]:
    """Return the item or the part of a place. Raises LookupError where it is none of this negotiation's."""
    if place.kind == ITEM:
        item = AgendaItem.objects.filter(pk=place.pk, part__negotiation=minutes.negotiation_id).first()
        if item is None:
            raise LookupError(place.key)
        return {"item": item}
    if place.kind == PART:
        part = Part.objects.filter(pk=place.pk, negotiation=minutes.negotiation_id).first()
        if part is None:
            raise LookupError(place.key)
        return {"part": part}
    return {}
