"""The material of a negotiation as PowerPoint, from the same frozen context as its two pages.

Titles and texts are placeholders of their layouts, so that the outline and screen readers get them; charts are native
and can be edited. Whether texts fit is counted from the widths of letters: the letter is made smaller down to what can
be read from the back of a room, and then the slide is divided.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_TICK_LABEL_POSITION, XL_TICK_MARK
from pptx.enum.lang import MSO_LANGUAGE_ID
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.opc.oxml import serialize_part_xml
from pptx.oxml import parse_xml
from pptx.util import Inches, Pt

from indicators.charts import example_note, text_width
from indicators.figures import format_value
from municipalities.colours import WHITE, mixed, palette
from municipalities.documents import Meta, thaw
from municipalities.models import Document
from negotiations.planning.material.context import Digest, HighlightFigure, PreReadContext, PriorityPart

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
LANGUAGES = {"fi": MSO_LANGUAGE_ID.FINNISH, "sv": MSO_LANGUAGE_ID.SWEDISH, "en": MSO_LANGUAGE_ID.ENGLISH_UK}
TAGS = {"fi": "fi-FI", "sv": "sv-SE", "en": "en-GB"}
LIGHT = "#8a8a8a"
# Layouts of the template that comes with python-pptx, by their places in it.
TITLE_SLIDE, TITLE_AND_TEXT = 0, 1
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
SLIDES = "http://schemas.openxmlformats.org/presentationml/2006/main"
BAND = f"""<p:sp xmlns:p="{SLIDES}" xmlns:a="{DRAWING}">
<p:nvSpPr><p:cNvPr id="90" name=""/><p:cNvSpPr/><p:nvPr userDrawn="1"/></p:nvSpPr>
<p:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{{width}}" cy="{{height}}"/></a:xfrm>
<a:prstGeom prst="rect"><a:avLst/></a:prstGeom><a:solidFill><a:schemeClr val="accent1"/></a:solidFill></p:spPr>
</p:sp>"""


@dataclass(frozen=True)
class Box:
    """A place on a slide, in inches."""

    left: float
    top: float
    width: float
    height: float

    def put(self, shape: Any) -> None:
        """Give a shape this place."""
        shape.left, shape.top = Inches(self.left), Inches(self.top)
        shape.width, shape.height = Inches(self.width), Inches(self.height)


WIDTH, HEIGHT = 13.333, 7.5
HEADING = Box(0.6, 0.4, 12.13, 1.05)
WHOLE = Box(0.6, 1.6, 12.13, 5.2)
BESIDE = Box(0.6, 1.6, 6.5, 5.2)
CHART = Box(7.35, 1.6, 5.38, 5.2)
FRONT = Box(0.9, 1.7, 11.53, 2.3)
UNDER = Box(0.9, 4.2, 11.53, 2.4)
NUMBER = Box(11.73, 6.95, 1.0, 0.35)
# What PowerPoint leaves empty inside a box of text on either side.
INSET = 0.1
TITLE_SIZES = (32, 28, 24, 20, 18)
FRONT_SIZES = (44, 40, 36, 32, 28, 24)
# Smaller cannot be read from the back of a room; a text that does not fit is divided.
TEXT_SIZES = (22, 20, 18, 16)
LINE, AFTER = 1.2, 6.0
# Calibri is narrower than the letters that are measured, its bold ones wider: a little to spare.
SPARE = 1.08


@dataclass(frozen=True)
class Text:
    """A paragraph: what it begins with in bold, and the rest."""

    text: str
    lead: str = ""

    @property
    def whole(self) -> str:
        """Both together."""
        return f"{self.lead} {self.text}".strip()


@dataclass(frozen=True)
class Page:
    """The paragraphs of one slide, and the size of their letters in points."""

    size: int
    texts: tuple[Text, ...]


def slides_of(document: Document) -> bytes:
    """Return the slides of a document of material: of what was frozen, not of what has been written since."""
    frozen = thaw(document)
    with translation.override(document.language):
        return _Deck(frozen.meta, frozen.doc).content()


# --- What fits ------------------------------------------------------------------------------------------------------


def lines_of(text: str, size: float, width: float) -> int:
    """Return how many lines a text takes at this size in points, in so many inches. A longer word is broken."""
    room, used, lines = (width - 2 * INSET) * 72, 0.0, 1
    space = text_width(" ", size)
    for word in text.split():
        long = text_width(word, size) * SPARE
        if used and used + space + long > room:
            lines, used = lines + 1, 0.0
        elif used:
            used += space
        if long > room:
            more = math.ceil(long / room) - 1
            lines, long = lines + more, long - more * room
        used += long
    return lines


def height_of(texts: Sequence[Text], size: float, width: float) -> float:
    """Return how high the paragraphs are at this size, in inches."""
    # A bullet and its space stand before each paragraph.
    inner = width - 0.4
    return sum(lines_of(text.whole, size, inner) * size * LINE + AFTER for text in texts) / 72


def paginate(texts: Sequence[Text], box: Box) -> list[Page]:
    """Return the slides that the paragraphs need: one, or several of letters of one size, as large as fit them all.

    A paragraph that is longer than a slide by itself is divided between words.
    """
    room = box.height - 2 * INSET
    for size in TEXT_SIZES:
        if height_of(texts, size, box.width) <= room:
            return [Page(size, tuple(texts))]
    size = TEXT_SIZES[-1]
    pages: list[list[Text]] = [[]]
    for text in texts:
        for piece in _pieces(text, size, box.width, room):
            if pages[-1] and height_of([*pages[-1], piece], size, box.width) > room:
                pages.append([])
            pages[-1].append(piece)
    fit = next(
        one for one in TEXT_SIZES if all(height_of(page, one, box.width) <= room for page in pages) or one == size
    )
    return [Page(fit, tuple(page)) for page in pages]


def _pieces(text: Text, size: float, width: float, room: float) -> Iterator[Text]:
    """Yield a paragraph in pieces that each fit a slide."""
    words, lead = text.text.split(), text.lead
    while words:
        most = len(words)
        while most > 1 and height_of([Text(" ".join(words[:most]), lead)], size, width) > room:
            most = max(most * 9 // 10, 1) if most > 10 else most - 1
        yield Text(" ".join(words[:most]), lead)
        words, lead = words[most:], ""


def size_for(text: str, box: Box, sizes: Sequence[int]) -> int:
    """Return the largest of the sizes at which a heading fits its box; the smallest where none does."""
    room = (box.height - 2 * INSET) * 72
    return next((size for size in sizes if lines_of(text, size, box.width) * size * LINE <= room), sizes[-1])


# --- Making them ----------------------------------------------------------------------------------------------------


class _Deck:
    """The slides, being made."""

    def __init__(self, meta: Meta, doc: PreReadContext) -> None:
        self.meta, self.doc = meta, doc
        self.colours = palette(meta.colour)
        self.prs = Presentation()
        self.language = LANGUAGES[meta.language]

    def content(self) -> bytes:
        """Return the file."""
        self._set_up()
        self._front()
        for part in self.doc.priorities:
            self._priority(part)
        for digest in self.doc.digests:
            self._municipality(digest)
        self._sources()
        file = io.BytesIO()
        self.prs.save(file)
        return file.getvalue()

    # --- The template ---

    def _set_up(self) -> None:
        """Make the template wide, in the county's colour and the document's language."""
        prs = self.prs
        prs.slide_width, prs.slide_height = Inches(WIDTH), Inches(HEIGHT)
        properties = prs.core_properties
        properties.title, properties.author = self.meta.title, self.meta.county
        properties.language, properties.subject = TAGS[self.meta.language], self.doc.when
        for layout in list(prs.slide_layouts)[2:]:
            prs.slide_layouts.remove(layout)
        master = prs.slide_master
        self._paint(master)
        for holder, boxes in (
            (master, {PP_PLACEHOLDER.TITLE: HEADING, PP_PLACEHOLDER.BODY: WHOLE}),
            (prs.slide_layouts[TITLE_AND_TEXT], {PP_PLACEHOLDER.TITLE: HEADING, PP_PLACEHOLDER.OBJECT: WHOLE}),
            (
                prs.slide_layouts[TITLE_SLIDE],
                {PP_PLACEHOLDER.CENTER_TITLE: FRONT, PP_PLACEHOLDER.SUBTITLE: UNDER},
            ),
        ):
            self._arrange(holder, boxes)
        self._mark(master)

    def _mark(self, master: Any) -> None:
        """Give each slide a band of the county's colour at its top, and titles that stand at the left."""
        master.shapes._spTree.insert(2, parse_xml(BAND.format(width=Inches(WIDTH), height=Inches(0.14))))
        style = master._element.find(f".//{{{SLIDES}}}titleStyle/{{{DRAWING}}}lvl1pPr")
        style.set("algn", "l")
        letters = style.find(f"{{{DRAWING}}}defRPr")
        letters.set("b", "1")
        letters.find(f".//{{{DRAWING}}}schemeClr").set("val", "tx2")

    def _arrange(self, holder: Any, boxes: dict[PP_PLACEHOLDER, Box]) -> None:
        """Put the placeholders of a master or a layout in their places; date and footer, which we do not use, go."""
        for shape in list(holder.placeholders):
            kind = shape.placeholder_format.type
            if kind in boxes:
                boxes[kind].put(shape)
            elif kind == PP_PLACEHOLDER.SLIDE_NUMBER:
                NUMBER.put(shape)
            else:
                shape._element.getparent().remove(shape._element)

    def _paint(self, master: Any) -> None:
        """Give the theme the county's colour: what somebody adds to the slides later has it as well."""
        theme = master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
        tree: Any = parse_xml(theme.blob)
        own = self.colours.text.lstrip("#").upper()
        for name in ("dk2", "accent1", "hlink"):
            for slot in tree.iter(f"{{{DRAWING}}}{name}"):
                for child in list(slot):
                    slot.remove(child)
                slot.append(parse_xml(f'<a:srgbClr xmlns:a="{DRAWING}" val="{own}"/>'))
        theme._blob = serialize_part_xml(tree)

    # --- The slides ---

    def _front(self) -> None:
        """Say what this is: the negotiation, when and where, and who negotiates."""
        doc = self.doc
        slide = self._slide(TITLE_SLIDE, doc.title, FRONT, FRONT_SIZES)
        where = " · ".join(part for part in (doc.when[:1].upper() + doc.when[1:], doc.place, doc.mode) if part)
        untold = [town.name for town in doc.municipalities if town.name not in doc.title]
        names = ", ".join(town.name for town in doc.municipalities) if untold else ""
        texts = [Text(self.meta.county), Text(where), Text(names)]
        texts = [text for text in texts if text.text]
        pages = paginate(texts, UNDER)
        page = pages[0] if len(pages) == 1 else Page(TEXT_SIZES[-1], tuple(texts))
        body = slide.placeholders[1]
        self._write(body, page, is_list=False)
        self._note(slide, _("To be read before the negotiation"))

    def _priority(self, part: PriorityPart) -> None:
        """Show the highlights of a priority, a chart beside those of a slide that one can be made of."""
        name = part.name or _("Other highlights")
        texts = [Text(line.text, f"{line.kind_words[:1].upper()}{line.kind_words[1:]}:") for line in part.highlights]
        figures = part.figures
        pages = paginate(texts, BESIDE if figures else WHOLE)
        charted: set[int] = set()
        for number, page in enumerate(pages):
            slide = self._slide(TITLE_AND_TEXT, self._numbered(name, number, len(pages)), HEADING, TITLE_SIZES)
            body = slide.placeholders[1]
            if figures:
                BESIDE.put(body)
            self._write(body, page)
            # Each slide has one chart, of a figure that is told on it.
            told = [line for line in part.highlights if any(text.text in line.text for text in page.texts)]
            figure = next((one for line in told for one in line.figures if one.indicator not in charted), None)
            if figure is not None:
                charted.add(figure.indicator)
                self._chart(slide, figure)
            self._note(slide, self._source_words())

    def _municipality(self, digest: Digest) -> None:
        """Show a municipality in its own words."""
        texts = [Text(digest.features)] if digest.features else []
        texts += [Text("; ".join(lines), f"{name[:1].upper()}{name[1:]}:") for name, lines in digest.swot]
        if digest.proposals:
            texts.append(Text("; ".join(digest.proposals), _("Proposes for a highlight:")))
        pages = paginate(texts, WHOLE)
        for number, page in enumerate(pages):
            title = self._numbered(digest.municipality, number, len(pages))
            slide = self._slide(TITLE_AND_TEXT, title, HEADING, TITLE_SIZES)
            self._write(slide.placeholders[1], page)
            note = _("Municipality card %(year)s: %(municipality)s") % {
                "year": digest.year,
                "municipality": digest.municipality,
            }
            self._note(slide, note)

    def _sources(self) -> None:
        """Tell where the figures came from, which of them are examples, and how the charts are to be read."""
        example = _("example")
        texts = []
        if self.doc.has_figures:
            texts.append(
                Text(
                    _(
                        "In a chart the first bar is the municipalities together and the grey one the whole county. The"
                        " municipalities are in alphabetical order: they are not ranked."
                    )
                )
            )
        if self.doc.has_examples:
            texts.append(Text(_("This document has example data in it.")))
        texts += [
            Text(f"{source.citation} ({example})" if source.is_example else source.citation)
            for source in self.doc.sources
        ]
        if self.doc.without_card:
            texts.append(Text(f"{_('No card has been sent yet by:')} {', '.join(self.doc.without_card)}."))
        if not texts:
            return
        pages = paginate(texts, WHOLE)
        for number, page in enumerate(pages):
            title = self._numbered(_("Sources"), number, len(pages))
            slide = self._slide(TITLE_AND_TEXT, title, HEADING, TITLE_SIZES)
            self._write(slide.placeholders[1], page)

    def _numbered(self, title: str, number: int, of: int) -> str:
        """Return the title of one of several slides: no two have the same."""
        return title if of == 1 else f"{title} ({number + 1}/{of})"

    def _source_words(self) -> str:
        lines = [source.citation for source in self.doc.sources]
        if self.doc.has_examples:
            lines.insert(0, _("This document has example data in it."))
        return "\n".join([f"{_('Sources')}:", *lines]) if lines else ""

    # --- Their parts ---

    def _slide(self, layout: int, title: str, box: Box, sizes: Sequence[int]) -> Any:
        """Add a slide with its title and its number."""
        slide = self.prs.slides.add_slide(self.prs.slide_layouts[layout])
        paragraph = slide.shapes.title.text_frame.paragraphs[0]
        self._run(paragraph, title, size_for(title, box, sizes), is_bold=True)
        placeholders: Any = self.prs.slide_layouts[TITLE_AND_TEXT].placeholders
        for shape in placeholders:
            if layout == TITLE_AND_TEXT and shape.placeholder_format.type == PP_PLACEHOLDER.SLIDE_NUMBER:
                slide.shapes._spTree.append(deepcopy(shape._element))
        return slide

    def _run(self, paragraph: Any, text: str, size: int, *, is_bold: bool = False) -> None:
        run = paragraph.add_run()
        run.text = text
        run.font.size, run.font.language_id = Pt(size), self.language
        if is_bold:
            run.font.bold = True

    def _write(self, shape: Any, page: Page, *, is_list: bool = True) -> None:
        """Write paragraphs into a placeholder."""
        frame = shape.text_frame
        frame.vertical_anchor = MSO_ANCHOR.TOP
        for number, text in enumerate(page.texts):
            paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
            if not is_list:
                paragraph.alignment = PP_ALIGN.LEFT
            if text.lead:
                self._run(paragraph, f"{text.lead} ", page.size, is_bold=True)
            self._run(paragraph, text.text, page.size)

    def _note(self, slide: Any, text: str) -> None:
        """Write a slide's notes."""
        if not text:
            return
        frame = slide.notes_slide.notes_text_frame
        frame.text = text
        for paragraph in frame.paragraphs:
            for run in paragraph.runs:
                run.font.language_id = self.language

    def _chart(self, slide: Any, figure: HighlightFigure) -> None:
        """Add a native bar chart, its values beside the bars; municipalities in alphabetical order, the county grey."""
        bars = figure.bars
        lacks = _("no figure")
        data = CategoryChartData(number_format=f"#,##0{'.' + '0' * figure.decimals if figure.decimals else ''}")
        data.categories = [name if value is not None else f"{name} ({lacks})" for _kind, name, value in bars]
        data.add_series(figure.name, [value for _kind, _name, value in bars])
        place = (Inches(CHART.left), Inches(CHART.top), Inches(CHART.width), Inches(CHART.height))
        frame = slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, *place, data)
        chart = frame.chart
        # As many bars as a county may have municipalities fit one under another.
        size = max(8, min(14, int(CHART.height * 0.78 * 72 / len(bars) / 1.5)))
        chart.has_legend, chart.font.size = False, Pt(size)
        chart.font.language_id = self.language
        chart.has_title = True
        title = chart.chart_title.text_frame
        self._run(title.paragraphs[0], figure.heading, 14, is_bold=True)
        if figure.is_example:
            self._run(title.add_paragraph(), example_note(self.meta.language), 12)
        categories, values = chart.category_axis, chart.value_axis
        categories.reverse_order = True
        categories.major_tick_mark = XL_TICK_MARK.NONE
        categories.tick_label_position = XL_TICK_LABEL_POSITION.LOW
        categories.format.line.color.rgb = _rgb(LIGHT)
        values.visible, values.has_major_gridlines = False, False
        numbers = [value for _kind, _name, value in bars if value is not None]
        if min(numbers, default=0.0) >= 0:
            values.minimum_scale = 0
        plot = chart.plots[0]
        plot.gap_width, plot.has_data_labels = 60, True
        labels = plot.data_labels
        labels.number_format, labels.number_format_is_linked = data.number_format, False
        labels.position, labels.show_value = XL_LABEL_POSITION.OUTSIDE_END, True
        labels.font.size = Pt(size)
        inks = {"group": self.colours.text, "county": LIGHT, "municipality": mixed(self.colours.text, WHITE, 0.4)}
        for place_, (kind, _name, _value) in enumerate(bars):
            fill = plot.series[0].points[place_].format.fill
            fill.solid()
            fill.fore_color.rgb = _rgb(inks[kind])
        # The number of the slide is read last.
        slide.shapes._spTree.insert(slide.shapes._spTree.index(slide.shapes[2]._element), frame._element)
        named = frame._element.nvGraphicFramePr.cNvPr
        named.set("name", figure.heading)
        named.set("descr", self._described(figure))

    def _described(self, figure: HighlightFigure) -> str:
        """Tell a chart in words and numbers, for who cannot see it."""
        lacks = _("no figure")
        told = [
            f"{name} {lacks if value is None else format_value(value, figure.decimals, self.meta.language)}"
            for _kind, name, value in figure.bars
        ]
        note = f"{example_note(self.meta.language)}. " if figure.is_example else ""
        return f"{note}{figure.heading}: {'; '.join(told)}"


def _rgb(colour: str) -> RGBColor:
    return RGBColor.from_string(colour.lstrip("#").upper())
