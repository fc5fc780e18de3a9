"""A municipality card as text to be worked on: a Word file, and what is put on the clipboard.

One structure for all three, fit to be pasted into the wide welfare report (laaja hyvinvointikertomus): headings,
paragraphs, lists and one small table of figures.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from docx.shared import Pt

from municipalities import timewords, word
from municipalities.cards.content import CardContent, ContactLine, FigureLine, PlanLine
from municipalities.cards.paper import (
    beside_words,
    change_words,
    cited_sources,
    direction_word,
    plan_title,
    pooled_words,
    proposals_by_priority,
    title_of,
    value_words,
)

# The columns of the table after the first, which has the rest of the page.
WIDTHS = (2.0, 1.7, 3.7, 3.0, 2.0)

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the card's own."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; line breaks inside it are kept."""

    text: str
    is_small: bool = False


@dataclass(frozen=True)
class Items:
    """A list. What stands before the colon of an item is told apart, where there is something."""

    items: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Figures:
    """The table of figures: the first column names what the row is of."""

    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    # The same as sentences, for where there are no tables.
    lines: Sequence[str]


Block = Heading | Paragraph | Items | Figures


def _in_its_language(
    write: Callable[Concatenate[CardContent, P], R],
) -> Callable[Concatenate[CardContent, P], R]:
    """Have a card written in the language it was written in, whatever the page's is."""

    @wraps(write)
    def written(content: CardContent, *arguments: P.args, **named: P.kwargs) -> R:
        with translation.override(content.language):
            return write(content, *arguments, **named)

    return written


# --- The structure ------------------------------------------------------------------------------------------------


@_in_its_language
def blocks_of(content: CardContent) -> list[Block]:
    """Return what a card says, in order."""
    return [Heading(1, title_of(content)), *_figures(content), *_texts(content), *_facts(content)]


def _figures(content: CardContent) -> Iterator[Block]:
    if not content.figures:
        return
    yield Heading(2, _("Figures"))
    if content.shown:
        yield _table(content)
    commented = [line for line in content.figures if line.comment and not line.left_out_reason]
    if commented:
        yield Heading(3, _("What the municipality says of the figures"))
        yield Items([(line.name, line.comment) for line in commented])
    if content.left_out:
        yield Heading(3, _("Left out by the municipality"))
        yield Items([(line.name, line.left_out_reason) for line in content.left_out])


def _table(content: CardContent) -> Figures:
    has_country = any(line.country for line in content.shown)
    headings = [_("Indicator"), _("Figure"), _("Year"), _("Change of the figure"), _("County")]
    return Figures(
        caption=_("Figures of the municipality, the county and the whole country"),
        headings=[*headings, *([_("Whole country")] if has_country else [])],
        rows=[
            [
                _named(line),
                value_words(line),
                _year(line),
                _change(line),
                beside_words(line, line.county),
                *([beside_words(line, line.country)] if has_country else []),
            ]
            for line in content.shown
        ],
        lines=[_sentence(line) for line in content.shown],
    )


def _named(line: FigureLine) -> str:
    marked = line.is_example or any(beside.is_example for beside in (line.county, line.country) if beside)
    return f"{line.name} ({_('example')})" if marked else line.name


def _year(line: FigureLine) -> str:
    return ", ".join([str(line.year or "–"), *([_("the county’s")] if line.is_of_county else [])])


def _change(line: FigureLine) -> str:
    if line.change is None or line.previous_year is None:
        return "–"
    since = f"{change_words(line, line.change)} {_('since the year')} {line.previous_year}"
    return " ".join(filter(None, [", ".join(filter(None, [since, direction_word(line)])), pooled_words(line)]))


def _sentence(line: FigureLine) -> str:
    parts = [f"{value_words(line)} ({_year(line)})"]
    if line.change is not None:
        parts.append(_change(line))
    for name, beside in ((_("County"), line.county), (_("Whole country"), line.country)):
        if beside is not None:
            parts.append(f"{name.lower()} {beside_words(line, beside)}")
    return f"{_named(line)}: {'; '.join(parts)}"


def _texts(content: CardContent) -> Iterator[Block]:
    if content.features:
        yield Heading(2, _("Special features of the municipality"))
        yield from (Paragraph(block) for block in _paragraphs(content.features))
    if any(texts for _name, texts in content.swot):
        yield Heading(2, _("SWOT from the viewpoint of promoting welfare"))
        for name, texts in content.swot:
            if texts:
                yield Heading(3, capfirst(name))
                yield Items([("", text) for text in texts])
    if content.proposals:
        yield Heading(2, _("The municipality’s proposals for highlights"))
        groups = proposals_by_priority(content)
        for priority, proposals in groups:
            if priority or len(groups) > 1:
                yield Heading(3, priority or _("Of no priority"))
            yield Items([("", proposal.text) for proposal in proposals])


def _facts(content: CardContent) -> Iterator[Block]:
    if content.plans:
        yield Heading(2, _("Plans and reports"))
        yield Items([(plan_title(plan), plan_dates(plan)) for plan in content.plans])
    if content.contacts:
        yield Heading(2, _("Contacts"))
        yield Items([("", _contact(contact)) for contact in content.contacts])
    if content.sources:
        yield Heading(2, _("Sources of the figures"))
        for citation, is_example in cited_sources(content):
            yield Paragraph(f"{citation} ({_('example')})" if is_example else citation, is_small=True)


def plan_dates(plan: PlanLine) -> str:
    """Say when a plan was approved and delivered, and where it can be read, as far as that is known."""
    told = []
    if plan.approved:
        told.append(_("approved in the municipality %(when)s") % {"when": timewords.partial_in(plan.approved)})
    if plan.delivered:
        told.append(_("delivered to the county %(when)s") % {"when": timewords.partial_in(plan.delivered)})
    return ", ".join([*told, *([plan.address] if plan.address else [])])


def _contact(contact: ContactLine) -> str:
    return ", ".join(filter(None, [contact.name, contact.role]))


def _paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text, which are parted by empty lines."""
    blocks = re.split(r"\n\s*\n", text.replace("\r\n", "\n"))
    return [block.strip() for block in blocks if block.strip()]


# --- The clipboard ------------------------------------------------------------------------------------------------


@_in_its_language
def card_text(content: CardContent) -> str:
    """Return a card as plain text: headings on lines of their own, lists with dashes, figures as sentences."""
    written = []
    for block in blocks_of(content):
        match block:
            case Heading(level, text):
                written.append(text.upper() if level == 1 else text)
            case Paragraph(text):
                written.append(text)
            case Items(items):
                written.append("\n".join(f"– {_joined(before, text)}" for before, text in items))
            case Figures(lines=lines):
                written.append("\n".join(f"– {line}" for line in lines))
    return "\n\n".join(written) + "\n"


def _joined(before: str, text: str) -> str:
    return ": ".join(filter(None, [before, text]))


@_in_its_language
def card_html(content: CardContent) -> SafeString:
    """Return a card as HTML that a word processor pastes with its own styles of headings, lists and tables."""
    return format_html(
        '<div lang="{}">{}</div>',
        content.language,
        format_html_join("\n", "{}", ((_html(b),) for b in blocks_of(content))),
    )


def _html(block: Block) -> SafeString:
    match block:
        # Inside a report the card is a chapter of it, not its title.
        case Heading(level, text):
            return format_html("<h{}>{}</h{}>", level + 1, text, level + 1)
        case Paragraph(text):
            return format_html("<p>{}</p>", _lines(text))
        case Items(items):
            return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((_item(*item),) for item in items)))
        case Figures(caption, headings, rows):
            head = format_html_join("", '<th scope="col">{}</th>', ((heading,) for heading in headings))
            body = format_html_join(
                "",
                '<tr><th scope="row">{}</th>{}</tr>',
                ((row[0], format_html_join("", "<td>{}</td>", ((cell,) for cell in row[1:]))) for row in rows),
            )
            return format_html(
                "<table><caption>{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", caption, head, body
            )


def _lines(text: str) -> SafeString:
    return format_html_join(SafeString("<br>"), "{}", ((line,) for line in text.split("\n")))


def _item(before: str, text: str) -> SafeString:
    if not before:
        return _lines(text)
    return format_html("<strong>{}:</strong> {}", before, _lines(text)) if text else format_html("{}", before)


# --- Word ---------------------------------------------------------------------------------------------------------


@_in_its_language
def card_docx(content: CardContent, *, colour: str) -> bytes:
    """Return a card as a Word file, its headings in the county's colour, given as #rrggbb.

    With styles of headings and lists, a table whose heading is repeated on each page, a language and a title.
    """
    document = word.begin(
        title=title_of(content), author=content.municipality, language=content.language, colour=colour
    )
    for block in blocks_of(content):
        match block:
            case Heading(level, text):
                document.add_heading(word.clean(text), level)
            case Paragraph(text, is_small):
                run = document.add_paragraph().add_run(word.clean(text))
                if is_small:
                    run.font.size = Pt(9)
            case Items(items):
                for before, text in items:
                    word.add_item(document, before, text)
            case Figures(caption, headings, rows):
                beside = WIDTHS[: len(headings) - 1]
                word.add_table(document, caption=caption, headings=headings, rows=rows, widths=beside)
    return word.saved(document)
