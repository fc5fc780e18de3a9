"""The agenda of a negotiation: items added, changed, removed and put in order, each part numbered from one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from indicators.models import Indicator
from municipalities.events import record
from municipalities.models import User
from municipalities.moves import NotAllowedNow, locked
from negotiations.models import AgendaAttachment, AgendaItem, AttachedFile, Measure, Negotiation, Part
from negotiations.planning.negotiations import ASIDE, require_open
from negotiations.sitting.agenda_templates import MOST_ITEMS, Matter

# What of an item is written before the sitting, and what during and after it.
PLANNED_FIELDS = ("title", "background", "presenter", "planned_minutes", "secrecy_ground")
MINUTED_FIELDS = ("discussion", "agreed", "dissent", "used_seconds", "is_deferred", "deferred_from_id")
# In which states of a negotiation it can be decided that an item is put off. Before that it is taken off the agenda.
DEFERRING = frozenset({Negotiation.State.CONVENED, Negotiation.State.HELD})


def _open(part: Part) -> Part:
    """Return the part with its negotiation locked. Raises NotAllowedNow where the agenda cannot be changed now."""
    negotiation = locked(part.negotiation)
    require_open(negotiation)
    part.negotiation = negotiation
    return part


def changed(part: Part, *, by: User | None, what: str, at: datetime | None = None, **ids: Any) -> None:
    """Tell in the log what was done to the agenda of a part."""
    record(part.negotiation, "agenda_changed", by=by, at=at, what=what, basis=part.legal_basis, **ids)


@transaction.atomic
def add_items(
    part: Part,
    items: Sequence[Matter | tuple[str, str]],
    *,
    by: User | None,
    at: datetime | None = None,
    what: str = "added",
) -> list[AgendaItem]:
    """Add items, each a matter and its background or more, at the end of a part.

    Raises NotAllowedNow where the agenda is locked, ValidationError for more than an agenda can hold.
    """
    part = _open(part)
    last = renumber(part)
    if last + len(items) > MOST_ITEMS:
        raise ValidationError(
            _("An agenda can have %(most)s items at most. This one has %(count)s already.")
            % {"most": MOST_ITEMS, "count": last}
        )
    added: list[AgendaItem] = AgendaItem.objects.bulk_create(
        AgendaItem(county_id=part.county_id, part=part, position=number, **Matter(*item)._asdict())
        for number, item in enumerate(items, start=last + 1)
    )
    if added:
        changed(part, by=by, at=at, what=what, items=[item.pk for item in added])
    return added


@transaction.atomic
def change_item(
    item: AgendaItem,
    *,
    fields: Sequence[str],
    indicators: Iterable[Indicator] | None = None,
    measures: Iterable[Measure] | None = None,
    by: User | None,
) -> AgendaItem:
    """Save an item that was changed in its planned fields; its row is locked. What is linked is replaced where given.

    Raises NotAllowedNow where the agenda is locked.
    """
    part = _open(item.part)
    item.save(update_fields=PLANNED_FIELDS)
    if indicators is not None:
        item.indicators.set(indicators)
    if measures is not None:
        item.measures_followed.set(measures)
    if fields:
        changed(part, by=by, what="changed", items=[item.pk])
    return item


@transaction.atomic
def remove_item(item: AgendaItem, *, by: User | None) -> dict[str, Any]:
    """Remove an item and return what `restore_item` needs to bring it back, with what was linked and attached.

    Raises NotAllowedNow where the agenda is locked, for an item under which measures have been agreed, and for one on
    which checkers of the minutes have remarked.
    """
    part = _open(item.part)
    item = locked(item)
    if item.remarks.exists():
        raise NotAllowedNow(
            _("The checkers of the minutes have remarked on this item, so it stays. Its texts can be changed.")
        )
    if count := Measure.objects.filter(agenda_item=item).count():
        raise NotAllowedNow(
            ngettext(
                "%(count)s measure has been agreed under this item. Move or remove it first.",
                "%(count)s measures have been agreed under this item. Move or remove them first.",
                count,
            )
            % {"count": count}
        )
    kept: dict[str, Any] = {name: getattr(item, name) for name in ("position", *PLANNED_FIELDS, *MINUTED_FIELDS)}
    kept |= {
        "part": part.pk,
        "indicators": list(item.indicators.values_list("pk", flat=True)),
        "measures": list(item.measures_followed.values_list("pk", flat=True)),
        "deferred_to": list(item.deferred_to.values_list("pk", flat=True)),
        "attachments": [
            list(row) for row in item.attachments.order_by("position").values_list("title", "file_id", "secrecy_ground")
        ],
    }
    changed(part, by=by, what="removed", items=[item.pk])
    item.delete()
    renumber(part)
    return kept


@transaction.atomic
def restore_item(part: Part, kept: Mapping[str, Any], *, by: User | None) -> AgendaItem:
    """Bring back an item that was removed, where it was. Raises NotAllowedNow where the agenda is locked.

    What it was linked with and is there no more is left out.
    """
    part = _open(part)
    last = renumber(part)
    if last >= MOST_ITEMS:
        raise NotAllowedNow(_("The agenda is full. Remove another item first."))
    values = {name: kept[name] for name in (*PLANNED_FIELDS, *MINUTED_FIELDS) if name in kept}
    origin: Any = values.pop("deferred_from_id", None)
    if origin is not None and AgendaItem.objects.filter(pk=origin).exists():
        values["deferred_from_id"] = origin
    item: AgendaItem = AgendaItem.objects.create(county_id=part.county_id, part=part, position=last + 1, **values)
    item.indicators.set(Indicator.objects.filter(pk__in=kept.get("indicators", ())))
    item.measures_followed.set(Measure.objects.filter(pk__in=kept.get("measures", ())))
    AgendaItem.objects.filter(pk__in=kept.get("deferred_to", ()), deferred_from=None).update(deferred_from=item)
    attached = [list(row) for row in kept.get("attachments", ())]
    named = [file for _title, file, _ground in attached if file]
    files = set(AttachedFile.objects.filter(pk__in=named).values_list("pk", flat=True))
    AgendaAttachment.objects.bulk_create(
        AgendaAttachment(
            county_id=part.county_id,
            item=item,
            position=number,
            title=title,
            file_id=file if file in files else None,
            secrecy_ground=ground,
        )
        for number, (title, file, ground) in enumerate(attached, start=1)
    )
    _put(part, item.pk, int(kept["position"]))
    changed(part, by=by, what="restored", items=[item.pk])
    item.refresh_from_db()
    return item


@transaction.atomic
def move_item(item: AgendaItem, *, by: User | None, steps: int) -> AgendaItem:
    """Move an item so many steps down its part, or up; at the end it stays. Raises NotAllowedNow where it is locked."""
    part = _open(item.part)
    renumber(part)
    item.refresh_from_db(fields=["position"])
    before = item.position
    _put(part, item.pk, before + steps)
    item.refresh_from_db(fields=["position"])
    if item.position != before:
        changed(part, by=by, what="ordered", items=[item.pk])
    return item


@transaction.atomic
def place_item(item: AgendaItem, *, by: User | None, number: int) -> AgendaItem:
    """Move an item to the place of this number in its part. Raises NotAllowedNow where the agenda is locked."""
    return move_item(item, by=by, steps=number - AgendaItem.objects.values_list("position", flat=True).get(pk=item.pk))


# --- Put off to the next negotiation --------------------------------------------------------------------------


@transaction.atomic
def defer_item(item: AgendaItem, *, by: User | None, at: datetime | None = None) -> AgendaItem:
    """Put an item off to the next negotiation. It stays on this agenda: the minutes tell that it was put off.

    To which agenda it comes is not stored: the next one offers it (sitting.brought). Repeatable.
    Raises NotAllowedNow before the parties have been invited, and where the agenda is locked.
    """
    part = _open(item.part)
    if part.negotiation.state not in DEFERRING:
        raise NotAllowedNow(
            _("An item is put off in the negotiation itself. Before the parties are invited, take it off the agenda.")
        )
    return _set_deferred(part, item, True, by=by, at=at)


@transaction.atomic
def undefer_item(item: AgendaItem, *, by: User | None, at: datetime | None = None) -> AgendaItem:
    """Take back that an item was put off. Repeatable.

    Raises NotAllowedNow where the agenda is locked, and where a later agenda has the item already.
    """
    part = _open(item.part)
    taken = AgendaItem.objects.filter(deferred_from=item).exclude(part__negotiation__state=Negotiation.State.CANCELLED)
    later = taken.select_related("part__negotiation").order_by("pk").first()
    if later is not None:
        raise NotAllowedNow(
            _("The item is on the agenda of “%(negotiation)s” already. Take it off that agenda first.")
            % {"negotiation": later.part.negotiation.title}
        )
    return _set_deferred(part, item, False, by=by, at=at)


def _set_deferred(part: Part, item: AgendaItem, value: bool, *, by: User | None, at: datetime | None) -> AgendaItem:
    row = locked(item, stays=True)
    if row.is_deferred != value:
        row.is_deferred = value
        row.save(update_fields=["is_deferred"])
        changed(part, by=by, at=at, what="deferred" if value else "not_deferred", items=[row.pk])
    item.is_deferred = value
    return item


# --- What is attached -----------------------------------------------------------------------------------------


def agenda_attachments(negotiation: Negotiation) -> list[AgendaAttachment]:
    """Return what is attached to the agenda, in the order of the parts, the items and the attachments. One query.

    Each has its item and its file with it; the content of the file is read only where it is asked for.
    """
    return list(
        AgendaAttachment.objects.filter(item__part__negotiation=negotiation)
        .select_related("item__part", "file")
        .defer("file__content")
        .order_by("item__part__position", "item__position", "position")
    )


# --- Numbers --------------------------------------------------------------------------------------------------


def renumber(part: Part) -> int:
    """Number the items of a part 1, 2, 3 … in their order, and return how many there are."""
    ids = list(AgendaItem.objects.filter(part=part).order_by("position").values_list("pk", "position"))
    if [position for _pk, position in ids] != list(range(1, len(ids) + 1)):
        _number(part, [pk for pk, _position in ids])
    return len(ids)


def _put(part: Part, pk: int, number: int) -> None:
    """Put an item to a place; the others keep their order."""
    ids = list(AgendaItem.objects.filter(part=part).order_by("position").values_list("pk", flat=True))
    rest = [one for one in ids if one != pk]
    place = min(max(number - 1, 0), len(rest))
    order = [*rest[:place], pk, *rest[place:]]
    if order != ids:
        _number(part, order)


def _number(part: Part, order: Sequence[int]) -> None:
    # Two items may not have one number even for a moment, so that all are put aside first.
    AgendaItem.objects.filter(part=part).update(position=F("position") + ASIDE)
    AgendaItem.objects.bulk_update([AgendaItem(pk=pk, position=n) for n, pk in enumerate(order, 1)], ["position"])
