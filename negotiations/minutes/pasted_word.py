"""Minutes in a Word file, as text: headings marked with "#", lists with "- ", tables row by row.

What is read is what one sees in the file: text that has been inserted while changes are tracked, in text boxes and in
content controls too, and not what has been deleted. Headings of the pages, footnotes and comments are not read.
"""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from docx import Document
from docx.opc.exceptions import OpcError
from docx.oxml.ns import qn

MOST_BYTES = 5 * 1024 * 1024
# What the file may be unpacked to, and its text alone: a hundred pages are some two megabytes.
MOST_UNPACKED = 60 * 1024 * 1024
MOST_TEXT = 15 * 1024 * 1024
MOST_PARTS = 2000
HEADING = re.compile(r"^(?:heading|otsikko|rubrik)\s*(\d)$", re.IGNORECASE)
# A line all in bold is a heading where the file has no headings of its own.
MOST_BOLD = 120

P, TBL, TR, TC = qn("w:p"), qn("w:tbl"), qn("w:tr"), qn("w:tc")
# What stands in the file without being seen in it, or is there a second time.
UNSEEN = {
    qn("w:del"),
    qn("w:moveFrom"),
    qn("w:instrText"),
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
}


def text_of(content: bytes) -> str:
    """Return the text of a Word file, its headings and lists marked.

    Raises ValidationError, saying what to do, for what is no such file, is broken, or is far too large.
    """
    _judge(content)
    try:
        document = Document(io.BytesIO(content))
        styles = {style.style_id: style.name or "" for style in document.styles}
        lines = list(_lines(document.element.body, styles))
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError) as error:
        raise _broken() from error
    except (OpcError, SyntaxError, LookupError, ValueError, AttributeError, TypeError) as error:
        raise _broken() from error
    has_headings = any(line.depth for line in lines)
    written = [line.written(with_bold=not has_headings) for line in lines]
    if not any(line.strip() for line in written):
        raise ValidationError(_("There is no text in the file. Choose another file."))
    return "\n".join(written)


def _judge(content: bytes) -> None:
    if len(content) > MOST_BYTES:
        raise ValidationError(_("The file is larger than 5 MB. Take the pictures out of it, or paste the text."))
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise ValidationError(
            _("The file is in an old Word format, or opens only with a password. Save it as .docx without one.")
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, OSError) as error:
        raise ValidationError(_("The file is not a Word file. Save it as .docx and choose it again.")) from error
    text = sum(part.file_size for part in parts if part.filename.lower().endswith(".xml"))
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED or text > MOST_TEXT:
        raise ValidationError(_("The file unpacks to far too much. Paste the text instead."))
    if "word/document.xml" not in {part.filename for part in parts}:
        raise ValidationError(_("The file is not a Word file. Save it as .docx and choose it again."))


def _broken() -> ValidationError:
    return ValidationError(_("The file is broken and does not open. Save it again and try once more."))


class _Line:
    """A line of the file: its words, how low a heading it is (nought: none), and whether it is of a list or in bold."""

    def __init__(self, words: str, *, depth: int = 0, is_listed: bool = False, is_bold: bool = False) -> None:
        self.words, self.depth, self.is_listed, self.is_bold = words, depth, is_listed, is_bold

    def written(self, *, with_bold: bool) -> str:
        """Write the line with its mark."""
        words = self.words.strip()
        if not words:
            return ""
        depth = self.depth or (1 if with_bold and self.is_bold else 0)
        if depth:
            return f"{'#' * depth} {words}"
        # What happens to begin with the mark of a heading is not one.
        return f"- {words}" if self.is_listed or words.startswith("#") else words


def _lines(element: Any, styles: dict[str, str]) -> Iterator[_Line]:
    """Go through the file from top to bottom, into whatever holds paragraphs."""
    for child in element:
        if child.tag in UNSEEN:
            continue
        if child.tag == P:
            yield from _paragraph(child, styles)
        elif child.tag == TBL:
            yield from _table(child, styles)
        elif len(child) and child.tag != qn("w:sectPr"):
            yield from _lines(child, styles)


def _table(table: Any, styles: dict[str, str]) -> Iterator[_Line]:
    for row in table.iter(TR):
        if _nearest(row, TBL) is not table:
            continue
        cells = []
        for cell in row.iter(TC):
            if _nearest(cell, TBL) is table:
                words = " ".join(line.words.strip() for line in _lines(cell, styles) if line.words.strip())
                cells.append(words)
        if any(cells):
            yield _Line(" | ".join(cells))


def _nearest(element: Any, tag: str) -> Any:
    return next(element.iterancestors(tag), None)


def _paragraph(paragraph: Any, styles: dict[str, str]) -> Iterator[_Line]:
    """Return the lines of a paragraph: it may be broken into several. Those of its text boxes come after it."""
    words, boxes = _words(paragraph)
    style, is_numbered = _style(paragraph, styles)
    heading = HEADING.match(style)
    depth = min(int(heading[1]) or 1, 6) if heading else 0
    is_listed = not heading and (is_numbered or style.casefold().startswith("list "))
    is_bold = 0 < len(words.strip()) <= MOST_BOLD and _is_bold(paragraph)
    for number, line in enumerate(words.split("\n")):
        # A heading broken in two is a heading in two lines no more than a list is two of its items.
        yield _Line(line, depth=depth if number == 0 else 0, is_listed=is_listed and number == 0, is_bold=is_bold)
    for box in boxes:
        yield from _lines(box, styles)


def _words(paragraph: Any) -> tuple[str, list[Any]]:
    words: list[str] = []
    boxes: list[Any] = []

    def go(element: Any) -> None:
        for child in element:
            if child.tag in UNSEEN or child.tag == qn("w:pPr"):
                continue
            if child.tag == qn("w:txbxContent"):
                boxes.append(child)
            elif child.tag == qn("w:t"):
                words.append(child.text or "")
            elif child.tag in {qn("w:tab"), qn("w:ptab")}:
                words.append("\t")
            elif child.tag in {qn("w:br"), qn("w:cr")}:
                words.append("\n")
            elif child.tag == qn("w:noBreakHyphen"):
                words.append("-")
            else:
                go(child)

    go(paragraph)
    # Whatever divides lines elsewhere divides them here too.
    return "\n".join("".join(words).replace("\x00", "").splitlines()), boxes


def _style(paragraph: Any, styles: dict[str, str]) -> tuple[str, bool]:
    """Return the name of a paragraph's style, and whether it is numbered or has a bullet."""
    style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
    name = styles.get(style.get(qn("w:val"), ""), "") if style is not None else ""
    number = paragraph.find(f"{qn('w:pPr')}/{qn('w:numPr')}/{qn('w:numId')}")
    return name, number is not None and number.get(qn("w:val")) != "0"


def _is_bold(paragraph: Any) -> bool:
    """Whether every word of a paragraph is in bold."""
    runs = [run for run in paragraph.iter(qn("w:r")) if any((text.text or "").strip() for text in run.iter(qn("w:t")))]
    return bool(runs) and all(_run_is_bold(run) for run in runs)


def _run_is_bold(run: Any) -> bool:
    bold = run.find(f"{qn('w:rPr')}/{qn('w:b')}")
    return bold is not None and bold.get(qn("w:val"), "1") not in {"0", "false", "off"}
