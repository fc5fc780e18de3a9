"""Keeping a county's own indicators and sets. National ones are the installation's, and another county's unknown.

A set that something uses is history: it is not changed, but copied into a new version.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import models, transaction
from django.db.models import F, ProtectedError, Q, QuerySet
from django.utils.translation import gettext as _

from indicators.models import FormerValue, Indicator, IndicatorSet, IndicatorSetItem, IndicatorValue
from municipalities.events import record_in
from municipalities.models import County, User
from municipalities.moves import NotAllowedNow, locked

# Two indicators of a set may not have one position even for a moment: they are put aside by this while they move.
ASIDE = 10_000
# As many as a page and a paper can show, and fewer than that.
MOST_IN_SET = 500


def indicators_for(county: County) -> QuerySet[Indicator]:
    """Return the indicators that a county can use: the national ones and its own."""
    return Indicator.objects.filter(Q(owner=None) | Q(owner=county.area_id))


def sets_for(county: County) -> QuerySet[IndicatorSet]:
    """Return the sets that a county can use: the national ones and its own."""
    return IndicatorSet.objects.filter(Q(owner=None) | Q(owner=county.area_id))


def set_shown(county: County) -> IndicatorSet | None:
    """Return the indicators that a county shows first; see `first_of`. One query."""
    return first_of(sets_for(county), county)


def first_of(sets: Iterable[IndicatorSet], county: County) -> IndicatorSet | None:
    """Return of the sets that a county can use the one it shows first.

    That which it has chosen, else its own latest, else a national one.
    """
    rows = list(sets)
    if chosen := next((one for one in rows if one.pk == county.indicator_set_id), None):
        return chosen
    own = [one for one in rows if is_own(one, county)]
    return max(own or rows, key=lambda one: (one.version, one.pk), default=None)


def is_own(row: Indicator | IndicatorSet, county: County) -> bool:
    """Whether the county keeps it, and not the installation's administrator."""
    return row.owner_id == county.area_id


# --- Indicators ---------------------------------------------------------------------------------------------------


def has_figures(indicator: Indicator) -> bool:
    """Whether it has or has had figures, which its unit and decimals say how to read."""
    return any(model.objects.filter(indicator=indicator).exists() for model in (IndicatorValue, FormerValue))


@transaction.atomic
def save_indicator(indicator: Indicator, *, county: County, fields: Sequence[str], by: User) -> Indicator:
    """Save an indicator of the county's own, new or changed in these fields."""
    verb = "changed" if indicator.pk else "added"
    indicator.owner = county.area
    indicator.save()
    if verb == "added" or fields:
        changes = {"fields": sorted(fields)} if verb == "changed" else {}
        record_in(county, indicator, verb, by=by, **changes)
    return indicator


@transaction.atomic
def remove_indicator(indicator: Indicator, *, county: County, by: User) -> None:
    """Remove an indicator of the county's own. Raises NotAllowedNow where it has figures, or is in a set."""
    indicator = locked(indicator)
    named = {"name": indicator.name}
    if has_figures(indicator):
        raise NotAllowedNow(_("“%(name)s” has figures, so it stays in the catalogue.") % named)
    if IndicatorSetItem.objects.filter(indicator=indicator).exists():
        raise NotAllowedNow(_("“%(name)s” is in a set. Take it out of the set first.") % named)
    record_in(county, indicator, "removed", by=by)
    try:
        indicator.delete()
    except ProtectedError as used:
        raise NotAllowedNow(_("“%(name)s” has been in an import, so it stays in the catalogue.") % named) from used


# --- Sets ---------------------------------------------------------------------------------------------------------


def _users() -> Iterator[tuple[type[models.Model], str]]:
    """Give each model whose rows use sets, with the field that they do it by.

    A set's own items do not count, nor does a county that shows it first: what it shows follows its changes.
    """
    for relation in IndicatorSet._meta.get_fields(include_hidden=True):
        model: Any = relation.related_model
        if relation.auto_created and relation.one_to_many and model not in (IndicatorSetItem, County):
            yield model, relation.field.name  # type: ignore[union-attr]


def is_used(chosen: IndicatorSet) -> bool:
    """Whether anything of any county uses the set, a round for one."""
    return any(model._base_manager.filter(**{field: chosen}).exists() for model, field in _users())


def users_of(sets: Iterable[IndicatorSet], county: County) -> dict[int, list[str]]:
    """Return what of the county uses each of the sets, by name. As many queries as there are kinds of users."""
    found: dict[int, list[str]] = defaultdict(list)
    ids = [one.pk for one in sets]
    for model, field in _users():
        rows = model._base_manager.filter(**{f"{field}__in": ids, "county": county})
        for row in rows.order_by("pk"):
            found[getattr(row, f"{field}_id")].append(str(row))
    return dict(found)


@transaction.atomic
def save_set(chosen: IndicatorSet, *, county: County, fields: Sequence[str], by: User) -> IndicatorSet:
    """Save a set of the county's own, new or changed in these fields. Raises NotAllowedNow where it is in use."""
    is_new = chosen.pk is None
    if not is_new:
        _open(chosen)
    chosen.owner = county.area
    chosen.save()
    if is_new:
        record_in(county, chosen, "added", by=by)
    elif fields:
        record_in(county, chosen, "changed", by=by, fields=sorted(fields))
    return chosen


@transaction.atomic
def copy_set(source: IndicatorSet, into: IndicatorSet, *, county: County, by: User) -> IndicatorSet:
    """Save a new set of the county's own that has the indicators of another, a national one or its own."""
    into.owner = county.area
    into.save()
    IndicatorSetItem.objects.bulk_create(
        IndicatorSetItem(indicator_set=into, indicator_id=pk, position=number)
        for number, pk in enumerate(source.items.order_by("position").values_list("indicator", flat=True), start=1)
    )
    record_in(county, into, "copied", by=by, source=source.pk)
    return into


@transaction.atomic
def remove_set(chosen: IndicatorSet, *, county: County, by: User) -> None:
    """Remove a set of the county's own that nothing uses. Raises NotAllowedNow where something does, or shows it."""
    _open(chosen)
    if County.objects.filter(indicator_set=chosen).exists():
        raise NotAllowedNow(
            _("“%(name)s” is shown first in the county. Choose another set in the settings first.") % {"name": chosen}
        )
    record_in(county, chosen, "removed", by=by)
    chosen.delete()


@transaction.atomic
def add_to_set(chosen: IndicatorSet, indicators: Iterable[Indicator], *, county: County, by: User) -> int:
    """Add indicators to the end of a set; those in it already stay where they are. Returns how many were added.

    Raises NotAllowedNow where the set is in use, or would grow too long, and ValueError for another county's.
    """
    indicators = list(indicators)
    if any(one.owner_id not in (None, county.area_id) for one in indicators):
        raise ValueError("an indicator of another county")
    _open(chosen)
    there = [item.indicator_id for item in chosen.items.order_by("position")]
    new = [one for one in indicators if one.pk not in there]
    if len(there) + len(new) > MOST_IN_SET:
        raise NotAllowedNow(_("A set has at most %(most)s indicators.") % {"most": MOST_IN_SET})
    _number(chosen, there)
    IndicatorSetItem.objects.bulk_create(
        IndicatorSetItem(indicator_set=chosen, indicator=one, position=number)
        for number, one in enumerate(new, start=len(there) + 1)
    )
    if new:
        record_in(county, chosen, "indicators_added", by=by, indicators=[one.pk for one in new])
    return len(new)


@transaction.atomic
def place_item(item: IndicatorSetItem, *, number: int, county: County, by: User) -> int:
    """Move an indicator to the place of this number in its set, or as near as there is; returns its place.

    Raises NotAllowedNow where the set is in use.
    """
    _open(item.indicator_set)
    order = [one.indicator_id for one in item.indicator_set.items.order_by("position")]
    rest = [pk for pk in order if pk != item.indicator_id]
    place = min(max(number - 1, 0), len(rest))
    wanted = [*rest[:place], item.indicator_id, *rest[place:]]
    if wanted != order:
        _number(item.indicator_set, wanted)
        record_in(county, item.indicator_set, "ordered", by=by, indicator=item.indicator_id)
    return place + 1


def number_of(item: IndicatorSetItem) -> int:
    """Return which in its set an indicator is, from 1: positions may have gaps."""
    return IndicatorSetItem.objects.filter(indicator_set=item.indicator_set_id, position__lte=item.position).count()


@transaction.atomic
def remove_item(item: IndicatorSetItem, *, county: County, by: User) -> dict[str, int]:
    """Take an indicator out of its set, and return what brings it back. Raises NotAllowedNow where it is in use."""
    _open(item.indicator_set)
    kept = {"indicator": item.indicator_id, "number": number_of(item)}
    item.delete()
    record_in(county, item.indicator_set, "indicator_removed", by=by, indicator=kept["indicator"])
    return kept


@transaction.atomic
def restore_item(chosen: IndicatorSet, kept: dict[str, int], *, county: County, by: User) -> Indicator:
    """Bring an indicator back to where it was in a set. Raises NotAllowedNow where it is in it again, or gone."""
    indicator = indicators_for(county).filter(pk=kept["indicator"]).first()
    if indicator is None or not add_to_set(chosen, [indicator], county=county, by=by):
        raise NotAllowedNow(_("This can be undone no more. Add it again by hand."))
    place_item(chosen.items.get(indicator=indicator), number=kept["number"], county=county, by=by)
    return indicator


def _open(chosen: IndicatorSet) -> None:
    """Lock the set, and refuse one that something uses."""
    locked(chosen)
    if is_used(chosen):
        raise NotAllowedNow(
            _("“%(name)s” is in use, so it stays as it is. Make a new version of it, and change that.")
            % {"name": chosen}
        )


def _number(chosen: IndicatorSet, order: Sequence[int]) -> None:
    """Give the set's indicators the positions 1, 2, 3 … in this order."""
    items = {item.indicator_id: item for item in chosen.items.all()}
    chosen.items.update(position=F("position") + ASIDE)
    for number, pk in enumerate(order, start=1):
        items[pk].position = number
    IndicatorSetItem.objects.bulk_update(items.values(), ["position"])
