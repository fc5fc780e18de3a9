"""Times and legal bases of negotiations, and the way round the site for those who take part in them."""

from __future__ import annotations

from dataclasses import dataclass

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from indicators.figures import Direction, Figure
from indicators.templatetags.figures import shown
from municipalities import timewords
from municipalities.access import Access
from municipalities.templatetags.wording import unbroken
from negotiations.models import LegalBasis, Negotiation
from negotiations.permissions import can_read_rounds
from negotiations.sitting.attendance import (
    ALWAYS_SHOWN,
    SECTOR_NAMES,
    SHOWN_IF_COUNTED,
    Certainty,
    Comparison,
    Persons,
)

register = template.Library()


@dataclass(frozen=True)
class Link:
    """A link of the main menu. `pages` are the names of the addresses under it."""

    label: str
    url: str
    pages: frozenset[str]
    current: str

    @property
    def is_here(self) -> bool:
        """Whether the page shown is under this link."""
        return self.current in self.pages


@register.simple_tag(takes_context=True)
def main_menu(context: Context) -> list[Link]:
    """Return the main menu of the user in the county."""
    access: Access | None = context.get("access")
    request = context.get("request")
    if access is None or request is None:
        return []
    current = request.resolver_match.url_name if request.resolver_match else ""
    entries = [("county_home", _("Home"), {"county_home"})]
    if can_read_rounds(access):
        rounds = {"rounds", "round", "round_schedule", "round_groups", "round_workshops", "negotiation"}
        entries.append(("rounds", _("Rounds"), rounds))
    entries.append(("summaries", _("Summaries"), {"summaries", "summary"}))
    entries.append(("municipalities", _("Municipalities"), {"municipalities", "municipality"}))
    entries.append(("documents", _("Documents"), {"documents", "document"}))
    return [
        Link(label, reverse(name, args=[access.county.slug]), frozenset(pages), current)
        for name, label, pages in entries
    ]


@register.filter
def when(negotiation: Negotiation) -> str:
    """Write when a negotiation is or was, as exactly as it is known."""
    if negotiation.starts_at and negotiation.ends_at:
        return unbroken(timewords.sitting(negotiation.starts_at, negotiation.ends_at))
    if negotiation.precision == Negotiation.Precision.MONTH:
        return timewords.months(negotiation.earliest, negotiation.latest)
    if negotiation.earliest == negotiation.latest:
        return f"{timewords.day(negotiation.earliest)}, {timewords.week(negotiation.earliest)}"
    return timewords.days(negotiation.earliest, negotiation.latest)


@register.simple_tag
def basis(value: LegalBasis | str) -> SafeString:
    """Show a legal basis as a label: the sections alone, with the act for those who ask."""
    known = LegalBasis(value)
    return format_html(
        '<span class="basis"><span class="visually-hidden">{} </span>{}</span>', _("Legal basis"), known.sections
    )


@register.filter
def sector_names(comparison: Comparison) -> str:
    """Name the sectors that a stated figure is of, together where they are shown together."""
    wanted = set(comparison.sectors)
    for column in (*ALWAYS_SHOWN, *SHOWN_IF_COUNTED):
        if set(column.sectors) == wanted:
            return str(column.name)
    return ", ".join(str(SECTOR_NAMES[sector]) for sector in comparison.sectors)


@register.filter
def persons_words(persons: Persons) -> str:
    """Say how many persons there were, as certainly as it is known."""
    words = {
        Certainty.EXACT: ngettext("%(count)s person", "%(count)s persons", persons.persons),
        Certainty.ABOUT: ngettext("about %(count)s person", "about %(count)s persons", persons.persons),
        Certainty.AT_MOST: ngettext("at most %(count)s person", "at most %(count)s persons", persons.persons),
    }
    return words[persons.certainty] % {"count": persons.persons}


@register.filter
def with_unit(figure: Figure) -> str:
    """Write a figure's value with the sign of its unit; other units are told by the indicator's name."""
    sign = {"PERCENT": "%", "EURO": "€"}.get(figure.measure.unit, "") if figure.value is not None else ""
    return f"{shown(figure)}\N{NO-BREAK SPACE}{sign}" if sign else shown(figure)


@register.filter
def shape(figure: Figure) -> str:
    """Show which way a figure went."""
    change = figure.change or 0
    return "▲" if change > 0 else "▼" if change < 0 else "►"


@register.filter
def direction_word(figure: Figure) -> str:
    """Say whether a figure went the better or the worse way; nothing where neither is better."""
    return "" if figure.direction == Direction.UNKNOWN else str(figure.direction.label)
