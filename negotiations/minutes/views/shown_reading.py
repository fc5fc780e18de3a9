"""Reading what the page of the minutes shows, for all the minutes of a negotiation at once.

It is what their PDF tells: of a draft from the rows as they are, and of what has been sent for checking from its latest
version, which is what is marked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities.access import Access
from municipalities.models import County
from negotiations.minutes import links, signing
from negotiations.minutes.checkers import parties_without_checker
from negotiations.minutes.context import Item, MinutesContext, PartMinuted
from negotiations.minutes.differences import plain, segments_of
from negotiations.minutes.forms import SendForCheckingForm
from negotiations.minutes.reading import parts_with_minutes, several_from_rows
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
    Measure,
    Minutes,
    MinutesCheck,
    MinutesRemark,
    MinutesSignature,
    MinutesVersion,
    Negotiation,
)
from negotiations.permissions import can_mark, can_move_minutes, visible_minutes

State = Minutes.State
Outcome = MinutesCheck.Outcome
# How the one who signs is known in an address.
CODES = {MinutesSignature.Role.CHAIR: "puheenjohtaja", MinutesSignature.Role.SECRETARY: "sihteeri"}


@dataclass(frozen=True)
class _Read:
    """What has been read for all the minutes of a negotiation at once, by the ids of the minutes."""

    latest: Mapping[int, MinutesVersion]
    remarks: Mapping[int, list[MinutesRemark]]
    # What they tell; nothing of a correction, which tells what is corrected and nothing of the sitting.
    told: Mapping[int, MinutesContext]
    # The measures of those that are told from the rows, by item.
    measures: Mapping[int, Mapping[int | None, list[Measure]]]


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
    *,
    bound: tuple[int, SendForCheckingForm] | None = None,
) -> list[MinutesShown]:
    """Return what the page shows of the minutes. As many queries however much they tell."""
    if not rows:
        return []
    read = _read(rows)
    last = [part.pk for part in parts_with_minutes(rows[0].negotiation)][-1:]
    if access.is_coordinator:
        links.attach_latest([check for row in rows for check in row.checks.all()])
        links.attach_latest([signature for row in rows for signature in row.signatures.all()])
    names = names_of(rows, access.county, rows[0].negotiation)
    return [_shown(access, row, rows, names[row.pk], read, last, bound) for row in rows]


def _read(rows: Sequence[Minutes]) -> _Read:
    versions = MinutesVersion.objects.filter(minutes__in=rows).order_by("minutes_id", "-number").distinct("minutes_id")
    latest = {version.minutes_id: version for version in versions}
    remarks: dict[int, list[MinutesRemark]] = defaultdict(list)
    if latest:
        made = MinutesRemark.objects.filter(version__minutes__in=rows).select_related("version").order_by("pk")
        for one in made.defer("version__content"):
            remarks[one.version.minutes_id].append(one)
    telling = [row for row in rows if row.corrects_id is None]
    as_rows = {row.pk for row in telling if row.state == State.DRAFT or row.pk not in latest}
    # Read anew: what the page has in hand has been read for other ends.
    told = several_from_rows(list(Minutes.objects.filter(pk__in=as_rows).order_by("pk")))
    measures = dict.fromkeys(as_rows, _measures(rows[0].negotiation)) if as_rows else {}
    told |= {row.pk: read_document(row, latest[row.pk]) for row in telling if row.pk not in as_rows}
    return _Read(latest, remarks, told, measures)


def _measures(negotiation: Negotiation) -> Mapping[int | None, list[Measure]]:
    """Return the rows of the measures that were agreed, by item."""
    found: dict[int | None, list[Measure]] = defaultdict(list)
    agreed = Measure.objects.filter(negotiation=negotiation).order_by("position", "id")
    for measure in agreed.select_related("priority", "indicator", "municipality__area", "organisation"):
        found[measure.agenda_item_id].append(measure)
    return found


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
    told = read.told.get(row.pk)
    remarks = _remarks(row, read, told)
    by_item = read.measures.get(row.pk)
    tells_further = row.corrects_id is None and (row.part_id is None or row.part_id in last)
    open_by_check: dict[int, int] = defaultdict(int)
    for one in read.remarks.get(row.pk, ()):
        open_by_check[one.check_row_id] += one.state == MinutesRemark.State.OPEN
    return MinutesShown(
        minutes=row,
        name=name,
        parts=[_part(part, by_item, remarks) for part in told.parts] if told else [],
        further_measures=_of_no_item(told, by_item) if told else [],
        findings=told.findings if told else [],
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


def _remarks(row: Minutes, read: _Read, told: MinutesContext | None) -> dict[Place, list[RemarkShown]]:
    parties = {check.pk: check.party.name for check in row.checks.all()}
    found: dict[Place, list[RemarkShown]] = defaultdict(list)
    # The texts of a place as they stand now.
    texts: dict[Place, PartMinuted | Item] = {}
    for part in told.parts if told else ():
        texts |= {("part", part.id): part, **{("item", item.id): item for item in part.items}}
    for one in read.remarks.get(row.pk, ()):
        place = ("item", one.item_id) if one.item_id else ("part", one.part_id) if one.part_id else WHOLE
        now = plain(getattr(texts.get(place), one.field, "")) if one.field else ""
        segments = segments_of(now, one.proposed) if one.proposed is not None else []
        found[place].append(RemarkShown(one, parties.get(one.check_row_id, ""), segments))
    return found


ByItem = Mapping[int | None, list[Measure]]


def _part(part: PartMinuted, by_item: ByItem | None, remarks: dict[Place, list[RemarkShown]]) -> PartShown:
    """Return a part with the remarks on it, which are taken out of `remarks`."""
    items = [
        ItemShown(
            item,
            item.measures if by_item is None else by_item.get(item.id, ()),
            remarks.pop(("item", item.id), ()),
        )
        for item in part.items
    ]
    return PartShown(part, items, remarks.pop(("part", part.id), ()))


def _of_no_item(told: MinutesContext, by_item: ByItem | None) -> Sequence[Any]:
    """Return the measures of the whole negotiation: rows in a draft, where these minutes tell them."""
    if by_item is None or not told.further_measures:
        return told.further_measures
    return by_item.get(None, ())


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
