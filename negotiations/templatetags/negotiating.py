"""Times and legal bases of negotiations, and the way round the site for those who take part in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.dates import MONTHS, MONTHS_3
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from indicators.figures import Direction, Figure
from indicators.templatetags.figures import shown
from municipalities import timewords
from municipalities.access import Access
from municipalities.models import County
from municipalities.templatetags.wording import unbroken
from negotiations.models import LegalBasis, MeasureStatus, Negotiation, Postponement, Round
from negotiations.planning.stages.approving import Approval
from negotiations.planning.timing import Timing
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
        """Whether the page shown is under this link: it is named, or what it is of (the edit of a round)."""
        return self.current in self.pages or self.current.split("_")[0] in self.pages


@register.simple_tag(takes_context=True)
def main_menu(context: Context) -> list[Link]:
    """Return the main menu of the user in the county."""
    access: Access | None = context.get("access")
    request = context.get("request")
    if access is None or request is None:
        return []
    # A page that no link is of, such as an error, is under none of them.
    current = (request.resolver_match.url_name if request.resolver_match else "") or ""
    names = _menu_of(access)
    return [
        Link(str(PAGES[name][0]), reverse(name, args=[access.county.slug]), _pages_under(name, names), current)
        for name in names
    ]


def _pages_under(name: str, names: tuple[str, ...]) -> frozenset[str]:
    """Return the names of the addresses under a link. Cards are under the municipalities where they have no link."""
    pages = {name, *PAGES[name][1]}
    if name == "municipalities" and CARDS not in names:
        pages |= {CARDS, *PAGES[CARDS][1]}
    return frozenset(pages)


CARDS = "cards_now"
# What the menu can lead to: its name there, and the pages under it besides itself.
PAGES: dict[str, tuple[Promise, tuple[str, ...]]] = {
    "county_home": (gettext_lazy("Home"), ("duty",)),
    CARDS: (gettext_lazy("Municipality card"), ("cards", "card")),
    "rounds": (gettext_lazy("Rounds"), ("round", "groups")),
    "negotiations": (gettext_lazy("Negotiations"), ("negotiation", "minutes", "quick_minutes", "agenda")),
    "municipalities": (gettext_lazy("Municipalities"), ("municipality",)),
    "figures": (gettext_lazy("Indicators"), ("indicator", "catalogue", "indicator_sets", "imports", "import_run")),
    "register": (gettext_lazy("Participants"), ("person", "organisations", "organisation")),
    "measures": (gettext_lazy("What has been agreed"), ("measure", "promises")),
    "summaries": (gettext_lazy("Summaries"), ("summary",)),
    "documents": (gettext_lazy("Documents"), ("document",)),
}
OF_COORDINATOR = tuple(name for name in PAGES if name != CARDS)
OF_MUNICIPALITIES = ("county_home", CARDS, "negotiations", "measures", "municipalities", "figures", "summaries")
OF_BOARD = ("county_home", "summaries", "measures", "municipalities", "figures")


def _menu_of(access: Access) -> tuple[str, ...]:
    """Return what the user's menu leads to: of several roles that of the one who has most to do."""
    if access.is_coordinator:
        return OF_COORDINATOR
    return OF_MUNICIPALITIES if access.is_municipal else OF_BOARD


@register.filter
def when(row: Negotiation | Postponement) -> str:
    """Write when a negotiation is or was, or was to be, as exactly as it is known."""
    words = Timing.of(row).words
    return unbroken(words) if row.starts_at else words


@register.filter
def measure_state(value: str) -> str:
    """Tell what has become of a measure, by the code that is kept of it."""
    return str(MeasureStatus.State(value).label)


@register.filter
def topic(row: Negotiation) -> str:
    """Tell the theme or the service that a negotiation is about: "Teema: Lapset"; "Teema" where its title tells it."""
    if not row.topic_kind:
        return ""
    kind = capfirst(row.get_topic_kind_display())
    return kind if row.topic.casefold() == row.title.casefold() else f"{kind}: {row.topic}"


@register.filter
def approval(row: Round) -> str:
    """Tell the decision that approved the timetable and form of a round; nothing where none has been recorded."""
    decision = Approval.of(row)
    return decision.words if decision else ""


@register.filter
def short_month(value: date) -> str:
    """Write a month where there is little room: "tammi", "jan"."""
    if (get_language() or "fi").startswith("fi"):
        return str(MONTHS[value.month]).removesuffix("kuu")
    return str(MONTHS_3[value.month])


@register.filter
def month_of_year(value: date) -> str:
    """Write the month of a day: "tammikuu 2027"."""
    return timewords.months(value, value)


@register.filter
def item_number(position: int, county: County) -> str:
    """Write the number of an agenda item as the county numbers them: "3 §" or "3."."""
    return County.Numbering(county.item_numbering).of(position)


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
