"""What a card says, typed: what is frozen when it is sent, compared with other years, and made into papers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import cached_property
from pydantic import TypeAdapter

from indicators.figures import Figure, status_text
from municipalities.cards.figures import CardFigures, FigureRow
from municipalities.documents.kinds import canonical
from municipalities.models import Card, CardContact, CardEntry, CardFigure, CardPlan, CardVersion

Section = CardEntry.Section
# The four lists in the order in which they are read.
SWOT = (Section.STRENGTH, Section.WEAKNESS, Section.OPPORTUNITY, Section.THREAT)


@dataclass(frozen=True)
class Beside:
    """The figure of the county or of the whole country beside a municipality's."""

    value: float
    year: int
    is_computed: bool
    is_example: bool


@dataclass(frozen=True)
class FigureLine:
    """A figure of a card, with what the municipality says of it. `status` tells in words why there is no value."""

    indicator_id: int
    name: str
    theme: str
    unit: str
    unit_label: str
    decimals: int
    value: float | None
    year: int | None
    status: str
    # The county's figure stands in for the municipality's, which has none.
    is_of_county: bool
    is_example: bool
    previous_year: int | None
    change: float | None
    # A Direction, by its code.
    direction: str
    # The years that were taken together for the direction, where one year rests on too few people.
    pooled: tuple[int, int] | None
    baseline_year: int | None
    baseline_change: float | None
    baseline_direction: str
    series: tuple[tuple[int, float], ...]
    county: Beside | None
    country: Beside | None
    source: str
    retrieved_on: date | None
    # One of the ten to fifteen figures that are shown at once; the rest are folded.
    is_shown: bool
    comment: str
    left_out_reason: str


@dataclass(frozen=True)
class Proposal:
    """A highlight that the municipality proposes, and the priority it is of (empty for none)."""

    text: str
    priority: str
    priority_id: int | None


@dataclass(frozen=True)
class PlanLine:
    """A plan or report. Dates as 2025, 2025-05 or 2025-05-12; empty where they are not known."""

    kind: str
    kind_label: str
    name: str
    approved: str
    delivered: str
    address: str


@dataclass(frozen=True)
class ContactLine:
    """Whom to ask. Without e-mail and phone, which are not kept for ever."""

    name: str
    role: str


@dataclass(frozen=True)
class CardContent:
    """A card as it was sent."""

    municipality: str
    code: str
    county: str
    year: int
    population: int
    set_name: str
    figures: tuple[FigureLine, ...]
    # Citations of the sources of the figures.
    sources: tuple[str, ...]
    features: str
    strengths: tuple[str, ...]
    weaknesses: tuple[str, ...]
    opportunities: tuple[str, ...]
    threats: tuple[str, ...]
    proposals: tuple[Proposal, ...]
    plans: tuple[PlanLine, ...]
    contacts: tuple[ContactLine, ...]
    language: str

    @property
    def shown(self) -> list[FigureLine]:
        """The figures that are shown at once, without those the municipality has left out."""
        return [line for line in self.figures if line.is_shown and not line.left_out_reason]

    @property
    def folded(self) -> list[FigureLine]:
        """The rest of the figures that have something to show."""
        return [
            line for line in self.figures if not line.is_shown and not line.left_out_reason and line.value is not None
        ]

    @property
    def left_out(self) -> list[FigureLine]:
        """The figures that the municipality has left out, each with its reason."""
        return [line for line in self.figures if line.left_out_reason]

    @property
    def swot(self) -> list[tuple[str, tuple[str, ...]]]:
        """The four lists with their names, in the language in use."""
        lists = (self.strengths, self.weaknesses, self.opportunities, self.threats)
        return [(str(section.label), lines) for section, lines in zip(SWOT, lists, strict=True)]

    @property
    def has_country(self) -> bool:
        """Whether the whole country can be shown beside any figure."""
        return any(line.country for line in self.figures)

    @property
    def has_examples(self) -> bool:
        """Whether some figures are illustrative, which is told wherever they are shown."""
        return any(line.is_example for line in self.figures)


@dataclass(frozen=True)
class CardRows:
    """The rows of a card, read once: what its page, its progress and its content are made of."""

    card: Card
    entries: Sequence[CardEntry]
    words: Mapping[int, CardFigure]
    plans: Sequence[CardPlan]
    contacts: Sequence[CardContact]

    def of(self, section: Section) -> list[CardEntry]:
        """Return the texts of a section, in order."""
        return [entry for entry in self.entries if entry.section == section]

    @cached_property
    def features(self) -> CardEntry | None:
        """The special features, where somebody has begun them."""
        return next(iter(self.of(Section.FEATURES)), None)


def read_rows(card: Card) -> CardRows:
    """Read the rows of a card. Four queries."""
    return CardRows(
        card,
        list(CardEntry.objects.filter(card=card).select_related("priority").order_by("section", "position", "id")),
        {row.indicator_id: row for row in CardFigure.objects.filter(card=card)},
        list(CardPlan.objects.filter(card=card)),
        list(CardContact.objects.filter(card=card)),
    )


def content_of(rows: CardRows, figures: CardFigures, *, language: str) -> CardContent:
    """Return what a card says now. No queries beyond those of the rows and figures given."""
    card, municipality = rows.card, rows.card.municipality

    def texts(section: Section) -> tuple[str, ...]:
        return tuple(entry.text.strip() for entry in rows.of(section) if entry.text.strip())

    return CardContent(
        municipality=str(municipality),
        code=municipality.area.code,
        county=str(card.county),
        year=card.card_year.year,
        population=municipality.population,
        set_name=figures.set_name,
        figures=tuple(_line(row, rows.words.get(row.measure.id)) for row in figures.rows),
        sources=tuple(figures.citations),
        features=rows.features.text.strip() if rows.features else "",
        strengths=texts(Section.STRENGTH),
        weaknesses=texts(Section.WEAKNESS),
        opportunities=texts(Section.OPPORTUNITY),
        threats=texts(Section.THREAT),
        proposals=tuple(
            Proposal(entry.text.strip(), str(entry.priority or ""), entry.priority_id)
            for entry in rows.of(Section.PROPOSAL)
            if entry.text.strip()
        ),
        plans=tuple(
            PlanLine(plan.kind, str(plan.get_kind_display()), plan.name, plan.approved, plan.delivered, plan.address)
            for plan in rows.plans
            if plan.name or plan.approved or plan.delivered or plan.address
        ),
        contacts=tuple(ContactLine(row.name, row.role) for row in rows.contacts if row.name or row.role),
        language=language,
    )


def _line(row: FigureRow, words: CardFigure | None) -> FigureLine:
    figure, measure = row.figure, row.figure.measure
    return FigureLine(
        indicator_id=measure.id,
        name=measure.name,
        theme=measure.theme,
        unit=measure.unit,
        unit_label=measure.unit_label,
        decimals=measure.decimals,
        value=figure.value,
        year=figure.year,
        status=status_text(figure),
        is_of_county=figure.is_of_county,
        is_example=figure.is_example,
        previous_year=figure.previous_year,
        change=figure.change,
        direction=str(figure.direction.value),
        pooled=(figure.pooled.first_year, figure.pooled.last_year) if figure.pooled else None,
        baseline_year=figure.baseline_year,
        baseline_change=figure.baseline_change,
        baseline_direction=str(figure.baseline_direction.value),
        series=row.series,
        county=_beside(row.county),
        country=_beside(row.country),
        source=figure.origin.name if figure.origin else "",
        retrieved_on=figure.origin.retrieved_on if figure.origin else None,
        is_shown=row.is_shown,
        comment=words.comment.strip() if words else "",
        left_out_reason=words.left_out_reason.strip() if words else "",
    )


def _beside(figure: Figure | None) -> Beside | None:
    if figure is None or figure.value is None or figure.year is None:
        return None
    return Beside(figure.value, figure.year, figure.is_computed, figure.is_example)


# --- Freezing -----------------------------------------------------------------------------------------------------

_CONTENT: TypeAdapter[CardContent] = TypeAdapter(CardContent)


def freeze(content: CardContent) -> tuple[dict[str, Any], str]:
    """Return a content as JSON data that thaws into the same, and its SHA-256."""
    frozen: dict[str, Any] = _CONTENT.dump_python(content, mode="json")
    return frozen, hashlib.sha256(canonical(frozen)).hexdigest()


def thaw(version: CardVersion) -> CardContent:
    """Return what a version says, typed."""
    return _CONTENT.validate_python(version.content)


def latest_versions(cards: Iterable[Card]) -> dict[int, CardVersion]:
    """Return the last version that was sent of each card, by the card's id. One query."""
    found = CardVersion.objects.filter(card__in=[card.pk for card in cards]).order_by("card_id", "-number")
    return {
        version.card_id: version for version in found.distinct("card_id").select_related("card__municipality__area")
    }
