"""A municipality card as a document: the frozen context it is printed from, its request, and its figures as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.db.models import QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone, translation
from django.utils.text import capfirst, slugify
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from indicators.figures import Direction, format_change, format_value, rounded
from municipalities.access import Access
from municipalities.cards.content import Beside, CardContent, FigureLine, PlanLine, Proposal, thaw
from municipalities.cards.visibility import is_final, visible_versions
from municipalities.documents import Attachment, request_document
from municipalities.exporting import Cell, Sheet, as_csv
from municipalities.models import CardPlan, CardVersion, Document, User

KIND = "card"
DRAFT, FINAL = "draft", "final"
# Two long lists abreast leave no room on a page for each other; so many letters make half a page in a quadrant.
LONG_QUADRANT = 1_900
ABREAST = 3
# What a document of a card is made from is a version, which is frozen; by it the document is for the same eyes.
STAMP = "card-version-"
SIGNS = {"PERCENT": "%", "EURO": "€"}
# Beside the county's figure "weaker" would be read as weaker than the county.
WAYS: dict[str, Callable[[], str]] = {
    Direction.BETTER.value: lambda: _("improved"),
    Direction.WORSE.value: lambda: _("worsened"),
    Direction.SAME.value: lambda: _("unchanged"),
}


@dataclass(frozen=True)
class CardPaper:
    """Everything a printed card tells: what was sent, and what became of it."""

    content: CardContent
    number: int
    sent_on: date
    approved_on: date | None
    approver: str
    is_final: bool

    @property
    def themes(self) -> list[tuple[str, list[FigureLine]]]:
        """The figures shown, by theme."""
        return [(theme, list(lines)) for theme, lines in groupby(self.content.shown, key=lambda line: line.theme)]

    @property
    def has_country(self) -> bool:
        """Whether the whole country can be shown beside any figure."""
        return any(line.country for line in self.content.shown)

    @property
    def baseline_year(self) -> int | None:
        """The year from which the change is told as well, where there is one."""
        years = (line.baseline_year for line in self.content.shown if line.baseline_change is not None)
        return next(years, None)

    @property
    def columns(self) -> int:
        """How many columns the table of figures has."""
        return 5 + self.has_country + (self.baseline_year is not None)

    @property
    def commented(self) -> list[FigureLine]:
        """The figures that the municipality has something to say of, folded ones too."""
        return [line for line in self.content.figures if line.comment and not line.left_out_reason]

    @property
    def has_examples(self) -> bool:
        """Whether any figure printed, or in the file, is illustrative."""
        return any(is_example(line) for line in self.content.figures)

    @property
    def proposals(self) -> list[list[tuple[str, list[Proposal]]]]:
        """The proposals for highlights by priority, three abreast; those of none come last, under no name."""
        groups = proposals_by_priority(self.content)
        # Four are two and two rather than three and one.
        most = 2 if len(groups) in (2, 4) else ABREAST
        return [groups[first : first + most] for first in range(0, len(groups), most)]

    @property
    def has_priorities(self) -> bool:
        """Whether any proposal is of a priority."""
        return any(proposal.priority for proposal in self.content.proposals)

    @property
    def swot_pairs(self) -> list[list[tuple[str, tuple[str, ...]]]]:
        """The four lists with their names, two abreast; none where nothing has been written in any."""
        four = self.content.swot
        return [four[:2], four[2:]] if any(texts for _name, texts in four) else []

    @property
    def is_swot_long(self) -> bool:
        """Whether the lists of the SWOT are too long for quadrants that are not divided between pages."""
        return any(_is_long(texts, LONG_QUADRANT) for _name, texts in self.content.swot)

    @property
    def are_proposals_long(self) -> bool:
        """Whether the proposals are too long to stand abreast."""
        return any(
            _is_long([proposal.text for proposal in proposals], LONG_QUADRANT // 2)
            for row in self.proposals
            for _name, proposals in row
        )

    @property
    def sources(self) -> list[tuple[str, bool]]:
        """The citations of the sources, each with whether its figures are illustrative."""
        return cited_sources(self.content)


def _is_long(texts: Iterable[str], limit: int) -> bool:
    # Each line of a list takes room for some letters more than it has.
    return sum(len(text) + 40 for text in texts) > limit


def plan_title(plan: PlanLine) -> str:
    """Return how a plan is called: its kind and its own name, which may tell its kind already."""
    if not plan.name:
        return capfirst(plan.kind_label)
    if plan.kind == CardPlan.Kind.OTHER or plan.kind_label.casefold() in plan.name.casefold():
        return plan.name
    # Most are told apart by their period alone.
    return f"{capfirst(plan.kind_label)}{'' if plan.name[0].isdigit() else ':'} {plan.name}"


def proposals_by_priority(content: CardContent) -> list[tuple[str, list[Proposal]]]:
    """Return the proposals for highlights by priority, in the order of the first of each; those of none come last."""
    names = sorted(dict.fromkeys(proposal.priority for proposal in content.proposals), key=lambda name: not name)
    return [(name, [proposal for proposal in content.proposals if proposal.priority == name]) for name in names]


def cited_sources(content: CardContent) -> list[tuple[str, bool]]:
    """Return the citations of a card's sources, each with whether its figures are illustrative."""
    examples = tuple({line.source for line in content.figures if line.is_example and line.source})
    return [(citation, bool(examples) and citation.startswith(examples)) for citation in content.sources]


# --- Asking for it ------------------------------------------------------------------------------------------------


def paper_of(version: CardVersion) -> CardPaper:
    """Return what is printed of a version, which must have been read with its card. No queries."""
    return CardPaper(
        content=thaw(version),
        number=version.number,
        sent_on=timezone.localdate(version.sent_at),
        approved_on=timezone.localdate(version.approved_at) if version.approved_at else None,
        approver=version.approver,
        is_final=is_final(version),
    )


def title_of(content: CardContent) -> str:
    """Return how a card is called, in its own language: "Kuntakortti 2026: Hankasalmi"."""
    with translation.override(content.language):
        return _("Municipality card %(year)s: %(municipality)s") % {
            "year": content.year,
            "municipality": content.municipality,
        }


def request_card_document(version: CardVersion, *, by: User | None, at: datetime | None = None) -> Document:
    """Have a version of a card printed. One that is not approved yet, where somebody approves, is marked as a draft.

    The same version asked for on the same day is one document. Inside the county's scope.
    """
    paper = paper_of(version)
    title = title_of(paper.content)
    return request_document(
        county=version.county,
        kind=KIND,
        context=paper,
        language=paper.content.language,
        variant=FINAL if paper.is_final else DRAFT,
        title=title[:300],
        file_name=f"{slugify(title)[:180]}.pdf",
        by=by,
        at=at,
        stamp=f"{STAMP}{version.pk}",
    )


def visible_card_documents(access: Access) -> QuerySet[Document]:
    """Return the documents of the versions that somebody may read."""
    stamp = Concat(Value(STAMP), Cast("pk", TextField()), output_field=TextField())
    stamps = visible_versions(access).annotate(stamp=stamp).order_by().values("stamp")
    documents: QuerySet[Document] = Document.objects.filter(kind=KIND, stamp__in=stamps)
    return documents


# --- Figures in words ---------------------------------------------------------------------------------------------


def is_example(line: FigureLine) -> bool:
    """Whether a figure, or one beside it, is illustrative: told wherever it is shown."""
    return line.is_example or any(beside.is_example for beside in (line.county, line.country) if beside)


def value_words(line: FigureLine) -> str:
    """Write a figure with the sign of its unit; other units are told by the indicator's name."""
    return _with_sign(line, format_value(line.value, line.decimals, _language())) if line.value is not None else "–"


def beside_words(line: FigureLine, beside: Beside | None, *, always_without_year: bool = False) -> str:
    """Write the county's or the country's figure, with its year where that is another than the municipality's."""
    if beside is None:
        return "–"
    written = _with_sign(line, format_value(beside.value, line.decimals, _language()))
    return written if always_without_year or beside.year == line.year else f"{written} ({beside.year})"


def change_words(line: FigureLine, change: float | None) -> str:
    """Write a change with its sign; one of a share is in percentage points."""
    written = format_change(change, line.decimals, _language())
    if change is None or line.unit != "PERCENT":
        return written
    return f"{written}\N{NO-BREAK SPACE}{pgettext('percentage points', 'pp')}"


def direction_word(line: FigureLine) -> str:
    """Say whether a figure went the better or the worse way.

    Empty where neither way is better, where there is nothing to compare with, or where it rests on too few people.
    """
    return "" if line.change is None else WAYS.get(line.direction, lambda: "")()


def baseline_word(line: FigureLine) -> str:
    """Say the same of the change since the baseline year."""
    return "" if line.baseline_change is None else WAYS.get(line.baseline_direction, lambda: "")()


def pooled_words(line: FigureLine) -> str:
    """Say which years were taken together for the direction, where one rests on too few people."""
    if line.pooled is None or not direction_word(line):
        return ""
    return _("(years %(first)s–%(last)s together)") % {"first": line.pooled[0], "last": line.pooled[1]}


def _with_sign(line: FigureLine, written: str) -> str:
    sign = SIGNS.get(line.unit, "")
    return f"{written}\N{NO-BREAK SPACE}{sign}" if sign else written


def _language() -> str:
    return get_language() or "fi"


# --- The figures as a file ----------------------------------------------------------------------------------------


def card_attachments(paper: CardPaper) -> list[Attachment]:
    """Return all figures of a card as a file that travels inside it, folded ones too: each with year and source."""
    content = paper.content
    if not content.shown and not content.folded:
        return []
    with translation.override(content.language):
        return [
            Attachment(
                name=f"{slugify(_('figures'))}-{content.year}.csv",
                content=as_csv(figures_sheet(content)),
                media_type="text/csv",
                description=_("The figures of the card: indicator, area, year, value and source"),
            )
        ]


def figures_sheet(content: CardContent) -> Sheet:
    """Return all figures of a card as a table: every year of the municipality, and the latest of the others."""
    headings = [
        _("Theme"),
        _("Indicator"),
        _("Area"),
        _("Year"),
        _("Value"),
        _("Unit"),
        _("Status"),
        _("Source"),
        _("Retrieved on"),
    ]
    return Sheet(
        content.municipality, headings, [row for line in content.figures for row in _rows_of_file(content, line)]
    )


def _rows_of_file(content: CardContent, line: FigureLine) -> Iterator[list[Cell]]:
    def row(area: str, year: int | None, value: float | None, status: str, *, has_source: bool) -> list[Cell]:
        if value is not None:
            value = rounded(value, line.decimals) if line.decimals else int(rounded(value, 0))
        source: list[Cell] = [line.source, line.retrieved_on] if has_source else ["", None]
        return [line.theme, line.name, area, year, value, line.unit_label, status, *source]

    example = _("example")
    area = content.county if line.is_of_county else content.municipality
    if line.left_out_reason:
        # Left out of the card is left out of its file.
        reason = _("left out: %(reason)s") % {"reason": line.left_out_reason}
        yield row(content.municipality, None, None, reason, has_source=False)
        return
    for year, value in line.series:
        if year != line.year:
            yield row(area, year, value, example if line.is_example else "", has_source=True)
    status = ", ".join(filter(None, [line.status, example if line.is_example else ""]))
    yield row(area, line.year, line.value, status, has_source=line.value is not None)
    for name, beside in ((content.county, line.county), (_("Whole country"), line.country)):
        if beside is not None and not (line.is_of_county and beside is line.county):
            told = [_("computed") if beside.is_computed else "", example if beside.is_example else ""]
            yield row(name, beside.year, beside.value, ", ".join(filter(None, told)), has_source=False)
