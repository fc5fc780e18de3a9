"""One door for every change of a field of a card, whether an autosave or a form brings it.

A field has an address, such as `entry-12-text`; how it is settled with what another has changed is told in
municipalities.saving.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import dates, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities.cards.lifecycle import writable
from municipalities.cards.progress import Part
from municipalities.forms import digest_of
from municipalities.models import (
    Card,
    CardContact,
    CardEntry,
    CardFigure,
    CardPlan,
    Priority,
    User,
)
from municipalities.saving import Outcome, Sent, changed_by_another, plain, refused, stored

FIELD = re.compile(r"^(entry|figure|plan|contact)-(\d{1,18})-([a-z_]+)\Z|^features-text\Z")
FEATURES = "features-text"
# More than a page of fields; who sends more is no page of ours.
MOST_FIELDS = 600


class PartialDateField(forms.CharField):
    """A date that may be known only to the month or the year; kept as 2026, 2026-05 or 2026-05-12."""

    def clean(self, value: Any) -> str:
        """Return the date as it is kept."""
        return partial_date(str(super().clean(value) or ""))


def partial_date(text: str) -> str:
    """Return a date written as 12.5.2026, 5/2026, toukokuu 2026, 2026 or 2026-05-12 as it is kept.

    Raises ValidationError that says how to write it.
    """
    text = text.strip().lower()
    if not text:
        return ""
    numbers = {str(name).lower(): number for number, name in dates.MONTHS.items()}
    word, __, year_after = text.rpartition(" ")
    if word in numbers:
        text = f"{numbers[word]}/{year_after}"
    for pattern in (
        r"(?P<y>\d{4})",
        r"(?P<y>\d{4})-(?P<m>\d{1,2})",
        r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})",
        r"(?P<m>\d{1,2})[/.] ?(?P<y>\d{4})",
        r"(?P<d>\d{1,2})\. ?(?P<m>\d{1,2})\. ?(?P<y>\d{4})",
    ):
        if found := re.fullmatch(pattern, text, re.ASCII):
            parts = {key: int(number) for key, number in found.groupdict().items()}
            try:
                date(parts["y"], parts.get("m", 1), parts.get("d", 1))
            except ValueError:
                break
            if not 1990 <= parts["y"] <= 2100:
                break
            kept = f"{parts['y']}"
            if "m" in parts:
                kept += f"-{parts['m']:02d}"
            return f"{kept}-{parts['d']:02d}" if "d" in parts else kept
    raise ValidationError(_("Write the date as 12.5.2026, 5/2026 or 2026."))


def written_date(kept: str) -> str:
    """Return a kept date as its field shows it: 12.5.2026, 5/2026 or 2026."""
    parts = [str(int(part)) for part in reversed(kept.split("-"))] if kept else []
    return "/".join(parts) if len(parts) == 2 else ".".join(parts)


_TOO_LONG = {"max_length": gettext_lazy("Shorten this: at most %(limit_value)s characters, now %(show_value)s.")}


def _text(most: int) -> forms.CharField:
    return forms.CharField(required=False, max_length=most, error_messages=_TOO_LONG)


MODELS: dict[str, type[models.Model]] = {
    "entry": CardEntry,
    "figure": CardFigure,
    "plan": CardPlan,
    "contact": CardContact,
}
FIELDS: dict[tuple[str, str], forms.Field] = {
    ("entry", "text"): _text(8000),
    ("figure", "comment"): _text(2000),
    ("figure", "left_out_reason"): _text(300),
    ("plan", "kind"): forms.ChoiceField(
        choices=CardPlan.Kind.choices, error_messages={"required": gettext_lazy("Choose the kind of the plan.")}
    ),
    ("plan", "name"): _text(200),
    ("plan", "approved"): PartialDateField(required=False, max_length=40, error_messages=_TOO_LONG),
    ("plan", "delivered"): PartialDateField(required=False, max_length=40, error_messages=_TOO_LONG),
    ("plan", "address"): forms.URLField(
        required=False,
        max_length=500,
        assume_scheme="https",
        error_messages={
            **_TOO_LONG,
            "invalid": gettext_lazy("Write the address as on the web: https://www.example.fi/plan."),
        },
    ),
    ("contact", "name"): _text(150),
    ("contact", "role"): _text(150),
    ("contact", "email"): forms.EmailField(
        required=False,
        max_length=254,
        error_messages={**_TOO_LONG, "invalid": gettext_lazy("Write the e-mail address as name@example.fi.")},
    ),
    ("contact", "phone"): _text(40),
}


def shown_value(row: models.Model | None, attribute: str) -> str:
    """Return what a field of a row shows; empty for a row that there is not yet."""
    if row is None:
        return ""
    if attribute == "priority":
        return str(getattr(row, "priority_id", None) or "")
    value = str(getattr(row, attribute))
    return written_date(value) if isinstance(row, CardPlan) and attribute in {"approved", "delivered"} else value


def seen_in(row: models.Model | None, attribute: str) -> str:
    """Return the digest of what a field shows now."""
    return digest_of(shown_value(row, attribute))


@transaction.atomic
def save_fields(card: Card, sent: Mapping[str, Sent], *, by: User) -> dict[str, Outcome]:
    """Save what was sent for fields of a card, each by itself: one that is refused or clashes leaves the others saved.

    A field that the card does not have any more is answered as refused. Raises NotAllowedNow when the card cannot be
    changed.
    """
    card = writable(card)
    addresses = {name: found for name in sent if (found := FIELD.match(name))}
    rows = _rows(card, addresses.values())
    outcomes: dict[str, Outcome] = {}
    # By kind and key: a row that is not saved yet cannot be a key itself.
    changed: dict[tuple[str, int | None], list[str]] = {}
    for name, found in addresses.items():
        kind, pk, attribute = ("entry", None, "text") if name == FEATURES else (found[1], int(found[2]), found[3])
        row = rows.get((kind, pk))
        outcomes[name] = _settle(card, kind, row, attribute, sent[name])
        if outcomes[name].is_saved and not outcomes[name].is_merged and row is not None and _differs(row, attribute):
            changed.setdefault((kind, pk), []).append(attribute)
    for key, attributes in changed.items():
        _store(rows[key], attributes)
    if changed:
        _note(card, [rows[key] for key in changed], by)
    return outcomes


def _rows(card: Card, addresses: Iterable[re.Match[str]]) -> dict[tuple[str, int | None], models.Model]:
    """Return the rows that fields are of, by kind and key; rows of the first word on them are not saved yet."""
    wanted: dict[str, set[int]] = {}
    rows: dict[tuple[str, int | None], models.Model] = {}
    for found in addresses:
        if found[1]:
            wanted.setdefault(found[1], set()).add(int(found[2]))
        elif ("entry", None) not in rows:
            section = CardEntry.Section.FEATURES
            features = CardEntry.objects.filter(card=card, section=section).first()
            rows["entry", None] = features or CardEntry(county_id=card.county_id, card=card, section=section)
    for kind, keys in wanted.items():
        manager: Any = MODELS[kind]._default_manager
        key = "indicator_id" if kind == "figure" else "pk"
        for row in manager.filter(card=card, **{f"{key}__in": keys}):
            rows[kind, getattr(row, key)] = row
    on_card = wanted.get("figure", set()) - {pk for kind, pk in rows if kind == "figure" and pk}
    if on_card:
        in_set = card.card_year.indicator_set.items.filter(indicator__in=on_card).values_list("indicator", flat=True)
        for pk in in_set:
            rows["figure", pk] = CardFigure(county_id=card.county_id, card=card, indicator_id=pk)
    for row in rows.values():
        # What they were, to know what is to be stored.
        row._before = {field.attname: getattr(row, field.attname) for field in row._meta.fields}  # type: ignore[attr-defined]
    return rows


def _settle(card: Card, kind: str, row: models.Model | None, attribute: str, sent: Sent) -> Outcome:
    """Put a value into its row, unless it is refused or another has changed the field since it was seen."""
    is_priority = (
        kind == "entry" and attribute == "priority" and getattr(row, "section", "") == CardEntry.Section.PROPOSAL
    )
    if row is None or not (is_priority or (kind, attribute) in FIELDS):
        words = _(
            "This is no longer on the card: somebody has removed it. Your text is still here: copy it if you need it."
        )
        return refused("", words)
    now = shown_value(row, attribute)
    try:
        cleaned: Any = _priority(sent.value) if is_priority else FIELDS[kind, attribute].clean(plain(sent.value))
    except ValidationError as refusal:
        return refused(now, " ".join(refusal.messages))
    mine = written_date(cleaned) if isinstance(FIELDS.get((kind, attribute)), PartialDateField) else cleaned
    if clash := changed_by_another(sent, now=now, mine=mine):
        return clash
    setattr(row, "priority_id" if is_priority else attribute, (cleaned or None) if is_priority else cleaned)
    return stored(shown_value(row, attribute))


def _priority(value: str) -> int | str:
    if not value:
        return ""
    known = value.isascii() and value.isdigit() and len(value) < 19 and Priority.objects.filter(pk=int(value)).exists()
    if not known:
        raise ValidationError(_("Choose one of the county's priorities."))
    return int(value)


def _differs(row: models.Model, attribute: str) -> bool:
    name = "priority_id" if attribute == "priority" else attribute
    return bool(row._before[name] != getattr(row, name))  # type: ignore[attr-defined]


def _store(row: models.Model, attributes: list[str]) -> None:
    if row.pk is None:
        row.save()
        return
    if isinstance(row, CardEntry) and row.is_carried:
        row.is_carried = False
        attributes = [*attributes, "is_carried"]
    row.save(update_fields=attributes)


def _note(card: Card, changed: Iterable[models.Model], by: User) -> None:
    """Note who changed the card and when. Lines of last year that somebody mends have been looked through."""
    mended = {
        part.value
        for row in changed
        for model, part in ((CardPlan, Part.PLANS), (CardContact, Part.CONTACTS))
        if isinstance(row, model)
    }
    card.looked_through = sorted({*card.looked_through, *mended})
    card.edited_at, card.edited_by = timezone.now(), by
    card.save(update_fields=["looked_through", "edited_at", "edited_by"])


__all__ = [
    "FEATURES",
    "FIELD",
    "MODELS",
    "MOST_FIELDS",
    "Outcome",
    "Sent",
    "partial_date",
    "save_fields",
    "seen_in",
    "shown_value",
    "written_date",
]
