"""Word files: what all of them have in common. Pages, styles of headings, a language and a title, lists and tables."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from docx import Document as new_document
from docx.document import Document as WordDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Length, Pt, RGBColor
from docx.table import _Row
from docx.text.paragraph import Paragraph

from municipalities.colours import palette
from municipalities.exporting import UNWRITABLE

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
# Word knows a language by its country too.
LOCALES = {"fi": "fi-FI", "sv": "sv-FI", "en": "en-GB"}
# The page between its margins, in centimetres.
PAGE_WIDTH = 17.0


def begin(*, title: str, author: str, language: str, colour: str) -> WordDocument:
    """Begin a document in a language, its headings in the county's colour, given as #rrggbb."""
    document = new_document()
    properties = document.core_properties
    properties.title = clean(title)
    properties.author = clean(author)
    properties.comments = ""
    locale = LOCALES.get(language, language)
    properties.language = locale
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2)
    section.top_margin = section.bottom_margin = Cm(2)
    defaults = document.styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    spoken = defaults.find(qn("w:lang"))
    for kind in ("w:val", "w:eastAsia"):
        spoken.set(qn(kind), locale)
    document.styles["Normal"].font.size = Pt(11)
    # As the headings are; the template's own text is of a wider letter.
    document.styles["Normal"].font.name = "Calibri"
    ink = RGBColor.from_string(palette(colour).text.lstrip("#").upper())
    document.styles["Normal"].paragraph_format.space_after = Pt(6)
    for level, (before, after) in enumerate(((0, 4), (14, 3), (11, 2), (8, 2)), start=1):
        style = document.styles[f"Heading {level}"]
        style.font.color.rgb = ink
        # A heading belongs to what follows it, and stands apart from what it ends.
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
    return document


def add_item(document: WordDocument, before: str, text: str) -> Paragraph:
    """Add an item of a list. What stands before its colon is told apart, where there is something."""
    paragraph = document.add_paragraph(style="List Bullet")
    if before:
        paragraph.add_run(clean(f"{before}: " if text else before)).bold = bool(text)
    paragraph.add_run(clean(text))
    return paragraph


def add_table(
    document: WordDocument,
    *,
    caption: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[float],
    are_numbers: bool = True,
) -> None:
    """Add a table whose heading is repeated on each page; a row is not divided between pages.

    `widths` are those of the columns after the first, in centimetres: the first has the rest of the page. Those
    columns are set to the right where they are numbers.
    """
    table = document.add_table(rows=1, cols=len(headings), style="Table Grid")
    table.autofit = False
    for name, text in (("w:tblCaption", caption), ("w:tblDescription", ", ".join(headings))):
        described = OxmlElement(name)
        described.set(qn("w:val"), clean(text))
        table._tbl.tblPr.append(described)
    all_widths = [Cm(width) for width in (PAGE_WIDTH - sum(widths), *widths)]
    for column, width in zip(table.columns, all_widths, strict=True):
        column.width = width
    head = table.rows[0]
    # Word repeats it on each page, and reads it to those who listen.
    head._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    _fill(head, headings, all_widths, is_bold=True, are_numbers=are_numbers)
    for texts in rows:
        row = table.add_row()
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        _fill(row, texts, all_widths, are_numbers=are_numbers)
    document.add_paragraph()


def _fill(
    row: _Row, texts: Sequence[str], widths: Sequence[Length], *, is_bold: bool = False, are_numbers: bool
) -> None:
    for number, (cell, text, width) in enumerate(zip(row.cells, texts, widths, strict=True)):
        cell.width = width
        paragraph = cell.paragraphs[0]
        paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(1.5)
        run = paragraph.add_run(clean(text))
        run.font.size, run.bold = Pt(9.5), is_bold
        if number and are_numbers:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def add_field(paragraph: Paragraph, code: str) -> None:
    """Add what Word counts itself, such as "PAGE" and "NUMPAGES"."""
    for kind in ("begin", "", "end"):
        run = paragraph.add_run()
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.set(qn("xml:space"), "preserve")
            mark.text = f" {code} "
        run._r.append(mark)


def saved(document: WordDocument) -> bytes:
    """Return the document as a file."""
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def clean(text: str) -> str:
    """Return the text without what XML cannot hold."""
    return UNWRITABLE.sub("", text)
