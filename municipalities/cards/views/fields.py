"""The fields of the page on which a card is filled: what is stored, or what was sent and could not be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from municipalities.cards.content import CardContent, CardRows, FigureLine, Section
from municipalities.cards.saving import seen_in, shown_value
from municipalities.models import CardContact, CardPlan
from municipalities.saving import Field, Outcome, Sent


@dataclass(frozen=True)
class Line:
    """A line of a list: its address and its fields."""

    name: str
    fields: list[Field]
    is_carried: bool = False

    @property
    def words(self) -> str:
        """The first of its texts, shortened: what buttons name the line by."""
        return next((one.value for one in self.fields if one.value and not one.choices), "")[:60]


@dataclass(frozen=True)
class LineList:
    """A list of lines that are added, removed and ordered."""

    name: str
    label: str
    lines: list[Line]
    add: str


@dataclass(frozen=True)
class FigureFields:
    """A figure of the card with the fields for what the municipality says of it."""

    line: FigureLine
    comment: Field
    left_out: Field


@dataclass
class Fields:
    """Makes the fields of the page; what was sent and not stored is shown in place of what is stored."""

    sent: Mapping[str, Sent] = field(default_factory=dict)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)

    shown: set[str] = field(default_factory=set)

    @property
    def left_over(self) -> list[str]:
        """The texts that were not stored and have no field on the page any more: somebody has removed the line."""
        return [
            self.sent[name].value
            for name, outcome in self.outcomes.items()
            if not outcome.is_saved and name not in self.shown and self.sent[name].value.strip()
        ]

    def of(self, name: str, row: Any, attribute: str, label: str, **looks: Any) -> Field:
        """Return a field of a row."""
        self.shown.add(name)
        outcome = self.outcomes.get(name)
        value, seen = shown_value(row, attribute), seen_in(row, attribute)
        if outcome is None or outcome.is_saved:
            return Field(name, label, value, seen, **looks)
        # Sent again, the text shown is saved: what the other wrote has been seen.
        typed = self.sent[name].value
        return Field(name, label, typed, seen, error=outcome.error, theirs=outcome.theirs, **looks)


def figure_fields(content: CardContent, rows: CardRows, fields: Fields) -> list[FigureFields]:
    """Return the figures of the card, each with its fields."""
    shown = []
    for line in content.figures:
        words, name = rows.words.get(line.indicator_id), f"figure-{line.indicator_id}"
        shown.append(
            FigureFields(
                line,
                fields.of(f"{name}-comment", words, "comment", _("Comment"), is_long=True),
                fields.of(
                    f"{name}-left_out_reason",
                    words,
                    "left_out_reason",
                    _("Leave the figure out of the card"),
                    hint=_("Write the reason. An empty field keeps the figure on the card."),
                ),
            )
        )
    return shown


def entry_list(rows: CardRows, section: Section, fields: Fields, priorities: Sequence[tuple[str, str]]) -> LineList:
    """Return a list of texts: one of the SWOT, or the proposals."""
    is_proposal = section == Section.PROPOSAL
    lines = []
    for number, entry in enumerate(rows.of(section), start=1):
        name = f"entry-{entry.pk}"
        words = _("Proposal %(number)s") if is_proposal else _("%(list)s, line %(number)s")
        label = capfirst(words % {"list": section.label, "number": number})
        of_line = [fields.of(f"{name}-text", entry, "text", label, is_long=True)]
        if is_proposal:
            of_line.append(
                fields.of(f"{name}-priority", entry, "priority", _("Priority"), kind="choice", choices=priorities)
            )
        lines.append(Line(name, of_line, entry.is_carried))
    add = _("Add a proposal") if is_proposal else _("Add a line")
    return LineList(section.value, str(section.label), lines, add)


def plan_list(plans: Sequence[CardPlan], fields: Fields) -> LineList:
    """Return the plans and reports."""
    kinds = [(str(value), str(label)) for value, label in CardPlan.Kind.choices]
    as_known = _("As it is known: 12.5.2026, 5/2026 or 2026")
    lines = []
    for plan in plans:
        name = f"plan-{plan.pk}"
        lines.append(
            Line(
                name,
                [
                    fields.of(f"{name}-kind", plan, "kind", _("Plan or report"), kind="choice", choices=kinds),
                    fields.of(f"{name}-name", plan, "name", _("Name and period")),
                    fields.of(f"{name}-approved", plan, "approved", _("Approved in the municipality"), hint=as_known),
                    fields.of(f"{name}-delivered", plan, "delivered", _("Delivered to the county"), hint=as_known),
                    fields.of(f"{name}-address", plan, "address", _("Address on the web"), kind="url"),
                ],
            )
        )
    return LineList("plan", _("Plans and reports"), lines, _("Add a plan or a report"))


def contact_list(contacts: Sequence[CardContact], fields: Fields) -> LineList:
    """Return the contacts."""
    lines = []
    for contact in contacts:
        name = f"contact-{contact.pk}"
        lines.append(
            Line(
                name,
                [
                    fields.of(f"{name}-role", contact, "role", _("Role")),
                    fields.of(f"{name}-name", contact, "name", _("Name")),
                    fields.of(f"{name}-email", contact, "email", _("E-mail"), kind="email"),
                    fields.of(f"{name}-phone", contact, "phone", _("Phone"), kind="tel"),
                ],
            )
        )
    return LineList("contact", _("Contacts"), lines, _("Add a contact"))
