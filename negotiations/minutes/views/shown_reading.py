"""Reading what the page of the minutes shows, for all the minutes of a negotiation at once.

A draft is read from the rows; what has been sent for checking from its latest version, which is what is marked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities.access import Access
from municipalities.models import County
from negotiations.minutes import links, signing
from negotiations.minutes.amending import item_in, part_in
from negotiations.minutes.checkers import parties_without_checker
from negotiations.minutes.differences import plain, segments_of
from negotiations.minutes.forms import SendForCheckingForm
from negotiations.minutes.reading import parts_with_minutes
from negotiations.minutes.reviewing import read_document
from negotiations.minutes.views.shown import (
    CheckShown,
    ItemShown,
    MinutesShown,
    PartShown,
    RemarkShown,
    SignatureShown,
)
from negotiations.minutes.writing import why_closed
from negotiations.models import (
    AgendaItem,
    Measure,
    Minutes,
    MinutesCheck,
    MinutesRemark,
    MinutesSignature,
    MinutesVersion,
    Negotiation,
    Part,
)
from negotiations.permissions import can_mark, can_move_minutes, visible_minutes

State = Minutes.State
Outcome = MinutesCheck.Outcome
# How the one who signs is known in an address.
CODES = {MinutesSignature.Role.CHAIR: "puheenjohtaja", MinutesSignature.Role.SECRETARY: "sihteeri"}


@dataclass
class _Read:
    """What has been read for all the minutes of a negotiation at once."""

    parts: list[Part]
    latest: Mapping[int, MinutesVersion]
    remarks: Mapping[int, list[MinutesRemark]]
    items: Mapping[int, list[AgendaItem]] = field(default_factory=dict)
    measures: Mapping[int | None, list[Measure]] = field(default_factory=dict)


def rows_of(access: Access, negotiation: Negotiation, county: County) -> list[Minutes]:
    """Return the minutes that the user may know of with all that is told of them, corrections after the others."""
    checks = MinutesCheck.objects.select_related(
        "party__municipality__area", "party__organisation", "party__county__area", "version"
    ).defer("version__content")
    rows = list(
        visible_minutes(access)
        .filter(negotiation=negotiation)
        .select_related("document", "part")
        .defer("document__context")
        .prefetch_related(
            "attachments",
            "entries",
            Prefetch("checks", checks.prefetch_related("replacements")),
            Prefetch("signatures", MinutesSignature.objects.select_related("version").defer("version__content")),
        )
        .order_by("part__position", "pk")
    )
    rows.sort(key=lambda row: row.corrects_id is not None)
    for row in rows:
        row.negotiation, row.county = negotiation, county
        for check in row.checks.all():
            check.minutes, check.county = row, county
        for signature in row.signatures.all():
            signature.minutes, signature.county = row, county
    return rows


def shown_of(
    access: Access,
    rows: Sequence[Minutes],
    parts: list[Part],
    *,
    bound: tuple[int, SendForCheckingForm] | None = None,
) -> list[MinutesShown]:
    """Return what the page shows of the minutes. As many queries however much they tell."""
    if not rows:
        return []
    read = _read(rows, parts)
    last = [part.pk for part in parts_with_minutes(rows[0].negotiation)][-1:]
    if access.is_coordinator:
        links.attach_latest([check for row in rows for check in row.checks.all()])
        links.attach_latest([signature for row in rows for signature in row.signatures.all()])
    names = names_of(rows, access.county, rows[0].negotiation)
    return [_shown(access, row, rows, names[row.pk], read, last, bound) for row in rows]


def _read(rows: Sequence[Minutes], parts: list[Part]) -> _Read:
    versions = MinutesVersion.objects.filter(minutes__in=rows).order_by("minutes_id", "-number").distinct("minutes_id")
    latest = {version.minutes_id: version for version in versions}
    remarks: dict[int, list[MinutesRemark]] = defaultdict(list)
    if latest:
        made = MinutesRemark.objects.filter(version__minutes__in=rows).select_related("version").order_by("pk")
        for one in made.defer("version__content"):
            remarks[one.version.minutes_id].append(one)
    read = _Read(parts, latest, remarks)
    if any(row.state == State.DRAFT or row.pk not in latest for row in rows):
        measures: dict[int | None, list[Measure]] = defaultdict(list)
        agreed = Measure.objects.filter(negotiation=rows[0].negotiation)
        for measure in agreed.select_related("priority", "indicator", "municipality__area", "organisation"):
            measures[measure.agenda_item_id].append(measure)
        items: dict[int, list[AgendaItem]] = defaultdict(list)
        for item in AgendaItem.objects.filter(part__in=parts):
            items[item.part_id].append(item)
        read.measures, read.items = measures, items
    return read


def _shown(
    access: Access,
    row: Minutes,
    rows: Sequence[Minutes],
    name: str,
    read: _Read,
    last: list[int],
    bound: tuple[int, SendForCheckingForm] | None,
) -> MinutesShown:
    may_move = can_move_minutes(access, row)
    is_draft = row.state == State.DRAFT
    version = None if is_draft else read.latest.get(row.pk)
    remarks = _remarks(row, read, version)
    parts: list[PartShown] = []
    further: Sequence[Any] = []
    # A correction tells what is corrected, and nothing of the sitting.
    if row.corrects_id is None and version is not None:
        parts, further = _frozen(row, version, remarks)
    elif row.corrects_id is None:
        parts = [_of_rows(part, read, remarks) for part in read.parts if row.part_id in {None, part.pk}]
        further = read.measures.get(None, ())
    tells_further = row.corrects_id is None and (row.part_id is None or row.part_id in last)
    open_by_check: dict[int, int] = defaultdict(int)
    for one in read.remarks.get(row.pk, ()):
        open_by_check[one.check_row_id] += one.state == MinutesRemark.State.OPEN
    return MinutesShown(
        minutes=row,
        name=name,
        parts=parts,
        further_measures=further if tells_further or version is not None else [],
        tells_further=tells_further,
        checks=[
            CheckShown(
                check,
                row.state == State.CHECKING and check.outcome == Outcome.WAITING and can_mark(access, check),
                open_by_check[check.pk],
            )
            for check in row.checks.all()
        ],
        may_move=may_move,
        closed=why_closed(row),
        form=_form(row, access.county, bound) if may_move and is_draft else None,
        can_add_checker=may_move and is_draft and bool(parties_without_checker(row)),
        may_enter_silence=(
            may_move
            and access.county.silence_is_checking
            and row.check_by is not None
            and row.check_by < timezone.localdate()
        ),
        version=version,
        versions=read.latest[row.pk].number if row.pk in read.latest else 0,
        # What is of a text that the minutes do not tell any more is told with the whole.
        remarks=[one for left in remarks.values() for one in left],
        signatures=[
            SignatureShown(one, CODES[MinutesSignature.Role(one.role)], signing.is_of(one, access.user))
            for one in signing.signatures_of(row)
        ],
        signs=access.county.signs_minutes,
        silence_counts=access.county.silence_is_checking,
        entries=list(row.entries.all()),
        corrections=[other for other in rows if other.corrects_id == row.pk],
    )


def _form(row: Minutes, county: County, bound: tuple[int, SendForCheckingForm] | None) -> SendForCheckingForm:
    if bound and bound[0] == row.pk:
        return bound[1]
    proposed: date = timezone.localdate() + timedelta(days=county.check_days)
    return SendForCheckingForm(auto_id=f"id_{row.pk}_%s", initial={"check_by": proposed})


Place = tuple[str, int]
WHOLE: Place = ("", 0)


def _remarks(row: Minutes, read: _Read, version: MinutesVersion | None) -> dict[Place, list[RemarkShown]]:
    parties = {check.pk: check.party.name for check in row.checks.all()}
    found: dict[Place, list[RemarkShown]] = defaultdict(list)
    texts = _texts(read, version)
    for one in read.remarks.get(row.pk, ()):
        place = ("item", one.item_id) if one.item_id else ("part", one.part_id) if one.part_id else WHOLE
        now = texts(place, one.field)
        segments = segments_of(now, one.proposed) if one.proposed is not None else []
        found[place].append(RemarkShown(one, parties.get(one.check_row_id, ""), segments))
    return found


def _texts(read: _Read, version: MinutesVersion | None) -> Any:
    """Return a function that gives the text of a place as it stands now."""
    if version is not None:
        content = version.content
        find = {"item": item_in, "part": part_in}
        return lambda place, name: plain((find[place[0]](content, place[1]) or {}).get(name, "")) if place[0] else ""
    rows: dict[Place, Any] = {("part", part.pk): part for part in read.parts}
    rows |= {("item", item.pk): item for items in read.items.values() for item in items}
    return lambda place, name: plain(getattr(rows.get(place), name, "") or "") if name else ""


def _of_rows(part: Part, read: _Read, remarks: dict[Place, list[RemarkShown]]) -> PartShown:
    return PartShown(
        id=part.pk,
        legal_basis=part.legal_basis,
        dealt_with=part.dealt_with,
        opened_at=part.opened_at,
        closed_at=part.closed_at,
        opening=part.opening,
        closing=part.closing,
        remarks=remarks.pop(("part", part.pk), ()),
        items=[
            ItemShown(
                id=item.pk,
                number=item.position,
                title=item.title,
                background=item.background,
                discussion=item.discussion,
                agreed=item.agreed,
                dissent=item.dissent,
                measures=read.measures.get(item.pk, ()),
                presenter=item.presenter,
                is_deferred=item.is_deferred,
                secrecy_ground=item.secrecy_ground,
                remarks=remarks.pop(("item", item.pk), ()),
            )
            for item in read.items.get(part.pk, ())
        ],
    )


def _frozen(
    row: Minutes, version: MinutesVersion, remarks: dict[Place, list[RemarkShown]]
) -> tuple[list[PartShown], Sequence[Any]]:
    told = read_document(row, version)
    parts = [
        PartShown(
            id=part.id,
            legal_basis=part.legal_basis,
            dealt_with=part.dealt_with,
            opened_at=part.opened_at,
            closed_at=part.closed_at,
            opening=part.opening,
            closing=part.closing,
            presence=part.presence,
            remarks=remarks.pop(("part", part.id), ()),
            items=[
                ItemShown(
                    id=item.id,
                    number=item.number,
                    title=item.title,
                    background=item.background,
                    discussion=item.discussion,
                    agreed=item.agreed,
                    dissent=item.dissent,
                    measures=item.measures,
                    presenter=item.presenter,
                    is_deferred=item.is_deferred,
                    secrecy_ground=item.secrecy_ground,
                    followed=item.followed,
                    remarks=remarks.pop(("item", item.id), ()),
                )
                for item in part.items
            ],
        )
        for part in told.parts
    ]
    return parts, told.further_measures


def names_of(rows: Iterable[Minutes], county: County, negotiation: Negotiation) -> dict[int, str]:
    """Return how each document is called on the page: its name, of which part, and that it is a correction."""
    name = county.minutes_name_in(negotiation.language)
    found = {}
    number = 0
    for row in rows:
        own = f"{name}, {row.part.basis.sections}" if row.part else name
        if row.corrects_id:
            number += 1
            own = _("Correction %(number)s: %(name)s") % {"number": number, "name": own}
        found[row.pk] = own
    return found
