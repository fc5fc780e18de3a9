"""Begins a card, carries last year's forward, and adds, removes and orders its lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled

from municipalities.cards.lifecycle import writable
from municipalities.cards.progress import Part
from municipalities.cards.saving import MODELS
from municipalities.events import record
from municipalities.models import (
    Card,
    CardApproval,
    CardContact,
    CardEntry,
    CardFigure,
    CardPlan,
    CardYear,
    County,
    Municipality,
    Priority,
    User,
)
from municipalities.moves import NotAllowedNow

Section = CardEntry.Section
# What a section may have at most: as much as a page and a paper can show.
MOST_LINES = 60
# The lists that lines are added to, with what they are made of.
LISTS: dict[str, tuple[str, dict[str, str]]] = {
    **{section.value: ("entry", {"section": section.value}) for section in Section if section != Section.FEATURES},
    "plan": ("plan", {}),
    "contact": ("contact", {}),
}


def earlier_card(card_year: CardYear, municipality: Municipality) -> Card | None:
    """Return the municipality's latest card of an earlier year, which can be carried forward. One query."""
    card: Card | None = (
        Card.objects.filter(municipality=municipality, card_year__year__lt=card_year.year)
        .select_related("card_year")
        .order_by("-card_year__year")
        .first()
    )
    return card


@transaction.atomic
def start(
    card_year: CardYear,
    municipality: Municipality,
    *,
    by: User | None,
    carry: bool = True,
    at: Any = None,
) -> Card:
    """Begin a municipality's card, with what its latest card said if that is to be carried forward.

    Texts, plans and contacts come along, and the reasons for which figures are left out; what was said of last year's
    figures does not, nor the dates of the last yearly report. Repeatable: a card that exists is left as it is.
    Raises NotAllowedNow when the year is locked.
    """
    card_year = CardYear.objects.select_for_update(of=("self",)).select_related("county").get(pk=card_year.pk)
    existing: Card | None = Card.objects.filter(card_year=card_year, municipality=municipality).first()
    if existing:
        return existing
    if card_year.is_locked:
        raise NotAllowedNow(_("The cards of the year are locked. The county's coordinator can open them."))
    former = earlier_card(card_year, municipality) if carry else None
    county = card_year.county
    approval: dict[str, Any] = {"approval": county.card_approval}
    if former:
        approval = {name: getattr(former, name) for name in ("approval", "approver_name", "approver_email")}
        if former.approval == CardApproval.LINK and not former.approver_email:
            # The address has gone with the other contact details.
            approval["approval"] = county.card_approval
    moment = at or timezone.now()
    card: Card = Card.objects.create(
        county=county,
        card_year=card_year,
        municipality=municipality,
        carried_from=former,
        started_at=moment,
        edited_at=moment,
        edited_by=by,
        **approval,
    )
    if former:
        _carry(former, card)
    else:
        for position, kind in enumerate((CardPlan.Kind.WIDE, CardPlan.Kind.YEARLY)):
            CardPlan.objects.create(county=county, card=card, kind=kind, position=position)
        CardContact.objects.create(county=county, card=card, delete_after=contacts_go(county, card_year.year))
    record(card, "started", by=by, at=at, **({"carried_from": former.pk} if former else {}))
    return card


def contacts_go(county: County, year: int) -> date:
    """Return the day after which the contact details on a year's card are deleted."""
    return date(year, 12, 31) + timedelta(days=county.contact_retention_days)


def purge_card_contacts(today: date | None = None) -> int:
    """Delete how to reach the contacts and approvers on cards whose day has passed, in every county; return how many.

    Names and roles stay on the cards.
    """
    today = today or timezone.localdate()
    with scopes_disabled():
        reachable = CardContact.objects.exclude(email="", phone="")
        gone: int = reachable.filter(delete_after__lt=today).update(email="", phone="")
        for card in Card.objects.exclude(approver_email="").select_related("county", "card_year"):
            if contacts_go(card.county, card.card_year.year) < today:
                gone += Card.objects.filter(pk=card.pk).update(approver_email="")
    return gone


def _carry(former: Card, card: Card) -> None:
    county_id = card.county_id
    CardEntry.objects.bulk_create(
        CardEntry(
            county_id=county_id,
            card=card,
            section=entry.section,
            position=entry.position,
            text=entry.text,
            priority=entry.priority,
            is_carried=True,
        )
        for entry in CardEntry.objects.filter(card=former).exclude(text="").select_related("priority")
    )
    in_set = set(card.card_year.indicator_set.items.values_list("indicator", flat=True))
    CardFigure.objects.bulk_create(
        CardFigure(
            county_id=county_id, card=card, indicator_id=words.indicator_id, left_out_reason=words.left_out_reason
        )
        for words in CardFigure.objects.filter(card=former, indicator__in=in_set).exclude(left_out_reason="")
    )
    is_yearly = CardPlan.Kind.YEARLY
    CardPlan.objects.bulk_create(
        CardPlan(
            county_id=county_id,
            card=card,
            kind=plan.kind,
            position=plan.position,
            **({} if plan.kind == is_yearly else _values(plan, "name", "approved", "delivered", "address")),
        )
        for plan in CardPlan.objects.filter(card=former)
    )
    CardContact.objects.bulk_create(
        CardContact(
            county_id=county_id,
            card=card,
            delete_after=contacts_go(card.county, card.card_year.year),
            **_values(contact, "position", "name", "role", "email", "phone"),
        )
        for contact in CardContact.objects.filter(card=former)
    )


def _values(row: models.Model, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


# --- Lines --------------------------------------------------------------------------------------------------------


def _touched(card: Card, by: User, *fields: str) -> None:
    """Save these fields of a card, and that it has been changed, when and by whom."""
    card.edited_at, card.edited_by = timezone.now(), by
    card.save(update_fields=[*fields, "edited_at", "edited_by"])


def _list_of(row: models.Model) -> models.QuerySet[Any]:
    """Return the list that a line is in, in order."""
    manager: Any = type(row)._default_manager
    lines = manager.filter(card=row.card_id)  # type: ignore[attr-defined]
    if isinstance(row, CardEntry):
        lines = lines.filter(section=row.section)
    ordered: models.QuerySet[Any] = lines.order_by("position", "id")
    return ordered


@transaction.atomic
def add_line(card: Card, name: str, *, by: User, text: str = "") -> models.Model:
    """Add an empty line, or one with a text, at the end of a list of the card.

    Raises NotAllowedNow when the card cannot be changed or the list is full, and LookupError for no list of ours.
    """
    kind, values = LISTS[name]
    card = writable(card)
    more: dict[str, Any] = dict(values)
    if kind == "contact":
        more["delete_after"] = contacts_go(card.county, card.card_year.year)
    if kind == "entry":
        more["text"] = text
    line = MODELS[kind](county_id=card.county_id, card=card, **more)
    there = _list_of(line).aggregate(last=Max("position"), count=models.Count("pk"))
    if there["count"] >= MOST_LINES:
        raise NotAllowedNow(_("There are %(most)s lines already. Put some of them together.") % {"most": MOST_LINES})
    line.position = 0 if there["last"] is None else there["last"] + 1  # type: ignore[attr-defined]
    line.save()
    _touched(card, by)
    return line


def is_key(text: str) -> bool:
    """Whether a text that was sent can be the key of a row."""
    return text.isascii() and text.isdigit() and len(text) < 19


def line_of(card: Card, name: str) -> models.Model:
    """Return the line of an address such as `entry-12`. Raises LookupError where the card has none."""
    kind, __, pk = name.partition("-")
    manager: Any = MODELS[kind]._default_manager if kind in MODELS and kind != "figure" else None
    row = manager.filter(card=card, pk=int(pk)).first() if manager and is_key(pk) else None
    if row is None or getattr(row, "section", "") == Section.FEATURES:
        raise LookupError(name)
    line: models.Model = row
    return line


@transaction.atomic
def remove_line(card: Card, name: str, *, by: User) -> dict[str, Any]:
    """Remove a line and return what it needs to be brought back. Raises as `add_line` and `line_of` do."""
    card = writable(card)
    line = line_of(card, name)
    kept = {
        field.attname: getattr(line, field.attname)
        for field in line._meta.fields
        if field.name not in {"county", "card", "delete_after"}
    }
    line.delete()
    _touched(card, by)
    return {"kind": name.partition("-")[0], "line": kept}


@transaction.atomic
def restore_line(card: Card, removed: Mapping[str, Any], *, by: User) -> models.Model:
    """Bring a removed line back. Raises NotAllowedNow when the card cannot be changed, or the line is back already."""
    card = writable(card)
    kind, kept = removed["kind"], dict(removed["line"])
    manager: Any = MODELS[kind]._default_manager
    if manager.filter(pk=kept["id"]).exists():
        raise NotAllowedNow(_("The line has been brought back already."))
    if kept.get("priority_id") and not Priority.objects.filter(pk=kept["priority_id"]).exists():
        kept["priority_id"] = None
    if kind == "contact":
        kept["delete_after"] = contacts_go(card.county, card.card_year.year)
    line = MODELS[kind](county_id=card.county_id, card=card, **kept)
    line.save(force_insert=True)
    _touched(card, by)
    return line


@transaction.atomic
def move_line(card: Card, name: str, *, by: User, down: bool) -> models.Model:
    """Move a line a step up or down in its list. Raises as `remove_line` does."""
    card = writable(card)
    line = line_of(card, name)
    lines = list(_list_of(line))
    place = lines.index(line)
    other = place + (1 if down else -1)
    if 0 <= other < len(lines):
        lines[place], lines[other] = lines[other], lines[place]
        _number(lines)
        _touched(card, by)
    return line


@transaction.atomic
def order_lines(card: Card, names: Sequence[str], *, by: User) -> None:
    """Put the lines of one list into this order. Lines not named keep their order, after the others.

    Raises as `remove_line` does, and LookupError where the lines are of several lists.
    """
    card = writable(card)
    named = [line_of(card, name) for name in dict.fromkeys(names)]
    if not named:
        return
    lines = list(_list_of(named[0]))
    if any(line not in lines for line in named):
        raise LookupError(names)
    _number([*named, *(line for line in lines if line not in named)])
    _touched(card, by)


def _number(lines: Sequence[Any]) -> None:
    for position, line in enumerate(lines):
        line.position = position
    type(lines[0])._default_manager.bulk_update(lines, ["position"])


@transaction.atomic
def look_through(card: Card, parts: Sequence[str], *, by: User) -> None:
    """Note that sections have been looked through and need no change. Raises NotAllowedNow, and LookupError."""
    if not set(parts) <= set(Part.values):
        raise LookupError(parts)
    card = writable(card)
    card.looked_through = sorted({*card.looked_through, *parts})
    _touched(card, by, "looked_through")


@transaction.atomic
def look_again(card: Card, parts: Sequence[str], *, by: User) -> None:
    """Take back that sections have been looked through. Raises NotAllowedNow when the card cannot be changed."""
    card = writable(card)
    card.looked_through = sorted(set(card.looked_through) - set(parts))
    _touched(card, by, "looked_through")


@transaction.atomic
def set_approval(card: Card, *, approval: str, name: str, email: str, by: User) -> None:
    """Choose who approves the card. Raises NotAllowedNow when the card cannot be changed."""
    card = writable(card)
    card.approval, card.approver_name, card.approver_email = approval, name, email
    if approval != CardApproval.LINK:
        card.approver_name = card.approver_email = ""
    card.save(update_fields=["approval", "approver_name", "approver_email"])
    record(card, "approval_chosen", by=by, approval=approval)
