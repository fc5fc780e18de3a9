"""An agenda begun: from a template, with what is open from last time; and what is open taken along afterwards."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from municipalities.models import User
from municipalities.moves import NotAllowedNow, locked
from negotiations.models import AgendaAttachment, AgendaItem, AgendaTemplate, Part
from negotiations.planning.negotiations import require_open
from negotiations.sitting.agenda import add_items, changed, place_item
from negotiations.sitting.agenda_templates import Matter, matters_of, usual_items
from negotiations.sitting.brought import FromBefore, OpenItem, read_from_before

# The item under which it is gone through what was agreed and what has become of it, in the negotiation's language.
PROMISES: dict[str, Matter] = {
    "fi": Matter(
        "Mitä lupasimme – mitä tapahtui",
        "Käydään läpi edellisissä neuvotteluissa sovitut toimenpiteet, jotka ovat vielä avoinna: sekä kuntien että "
        "hyvinvointialueen ja muiden toimijoiden.",
    ),
    "sv": Matter(
        "Vad vi lovade – vad som hände",
        "Vi går igenom de åtgärder från tidigare förhandlingar som ännu är öppna: såväl kommunernas som "
        "välfärdsområdets och andra aktörers.",
    ),
}


@dataclass(frozen=True)
class TakenAlong:
    """How much came to an agenda from the negotiations before."""

    measures: int
    items: int


def fill_with_usual(part: Part, *, by: User | None) -> list[AgendaItem]:
    """Begin an empty agenda with the usual items. Raises NotAllowedNow where it is locked, or not empty."""
    return _begin(part, None, by=by)


def begin_from(part: Part, template: AgendaTemplate, *, by: User | None) -> list[AgendaItem]:
    """Begin an empty agenda from a template of the county.

    Raises NotAllowedNow where it is locked, or not empty, and where the template is of another duty.
    """
    if template.legal_basis != part.legal_basis:
        raise NotAllowedNow(_("The template is for another legal basis. Choose one for this part."))
    return _begin(part, matters_of(template), by=by)


@transaction.atomic
def _begin(part: Part, matters: Sequence[Matter] | None, *, by: User | None) -> list[AgendaItem]:
    """Put the matters, or the usual ones, on an empty agenda after what is open from last time for this part."""
    part.negotiation = locked(part.negotiation)
    if matters is None:
        matters = usual_items(part.negotiation.language, part.basis)
    if part.items.exists():
        raise NotAllowedNow(_("The agenda has items already. The usual ones are a base for an empty agenda."))
    found = _open_here(part)
    # What is not public comes by itself only where all have been there: else it is for the coordinator to choose.
    measures = [one.measure.pk for one in found.measures_left if one.part_id == part.pk and not one.is_strange]
    deferred = [one for one in found.items if one.part_id == part.pk and one.comes_by_itself]
    first = [PROMISES.get(part.negotiation.language, PROMISES["fi"])] if measures else []
    added = add_items(part, [*first, *(_matter_of(one) for one in deferred), *matters], by=by)
    if measures:
        added[0].measures_followed.set(measures)
    _go_on(deferred, added[len(first) :])
    return added


@transaction.atomic
def take_along(
    part: Part, *, measures: Collection[int] = (), items: Collection[int] = (), by: User | None
) -> TakenAlong:
    """Take to a part of an agenda what is open from last time, of these ids: the rest is left out.

    Measures come under the item that goes through them, which is made first of all where there is none; items put off
    come to the end. Raises NotAllowedNow where the agenda is locked, and ValidationError where it is full.
    """
    part.negotiation = locked(part.negotiation)
    require_open(part.negotiation)
    found = _open_here(part)
    wanted = [one.measure.pk for one in found.measures_left if one.part_id == part.pk and one.measure.pk in measures]
    deferred = [one for one in found.items if one.part_id == part.pk and one.item.pk in items]
    if wanted:
        following = _following_item(part, by=by)
        following.measures_followed.add(*wanted)
        changed(part, by=by, what="measures_taken", items=[following.pk], measures=wanted)
    if deferred:
        _go_on(deferred, add_items(part, [_matter_of(one) for one in deferred], by=by, what="taken"))
    return TakenAlong(len(wanted), len(deferred))


def _open_here(part: Part) -> FromBefore:
    return read_from_before(part.negotiation, list(part.negotiation.parts.all()))


def _following_item(part: Part, *, by: User | None) -> AgendaItem:
    """Return the item of a part that goes through what was agreed before; made as the first one where there is none."""
    items = list(AgendaItem.objects.filter(part=part).prefetch_related("measures_followed").order_by("position"))
    names = {matter.title for matter in PROMISES.values()}
    following = [item for item in items if item.measures_followed.all()] or [i for i in items if i.title in names]
    if following:
        return following[0]
    (made,) = add_items(part, [PROMISES.get(part.negotiation.language, PROMISES["fi"])], by=by)
    return place_item(made, by=by, number=1)


def _matter_of(open_: OpenItem) -> Matter:
    item = open_.item
    return Matter(item.title, item.background, item.presenter, item.planned_minutes)


def _go_on(deferred: Sequence[OpenItem], added: Sequence[AgendaItem]) -> None:
    """Have new items go on with those that were put off: what was linked and attached comes along."""
    for open_, item in zip(deferred, added, strict=False):
        item.deferred_from, item.secrecy_ground = open_.item, open_.item.secrecy_ground
        item.save(update_fields=["deferred_from", "secrecy_ground"])
        item.indicators.set(open_.item.indicators.all())
        item.measures_followed.set(open_.item.measures_followed.all())
        # Of an item that is public what is not stays where it was, where somebody here is new to it.
        rows = [
            row
            for row in open_.item.attachments.order_by("position")
            if not (open_.is_new_to_some and item.is_public and row.secrecy_ground)
        ]
        AgendaAttachment.objects.bulk_create(
            AgendaAttachment(
                county_id=item.county_id,
                item=item,
                position=position,
                title=row.title,
                file_id=row.file_id,
                secrecy_ground=row.secrecy_ground,
            )
            for position, row in enumerate(rows, start=1)
        )
