"""The marks of PDF/A-3a and PDF/UA-1 in one file, and the check of a file before anybody gets it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import pikepdf
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from municipalities.documents.failures import Failure

PDFA = "http://www.aiim.org/pdfa/ns/id/"
PDFUA = "http://www.aiim.org/pdfua/ns/id/"

# ISO 14289-1, 5: the identification. ISO 19005-3, 6.6.2.3: a schema that PDF/A does not know is described in an
# extension schema. Both count only inside the one rdf:RDF of the packet, where WeasyPrint cannot put them.
_IDENTIFICATION = b"""<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">\
<pdfuaid:part>1</pdfuaid:part></rdf:Description>\
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" \
xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">\
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">\
<pdfaSchema:schema>PDF/UA Universal Accessibility Schema</pdfaSchema:schema>\
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>\
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>\
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">\
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>\
<pdfaProperty:category>internal</pdfaProperty:category>\
<pdfaProperty:description>Indicates which part of ISO 14289 is followed</pdfaProperty:description>\
</rdf:li></rdf:Seq></pdfaSchema:property>\
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"""

_HEADING = re.compile(r"^/H([1-6])$")


def mark(content: bytes) -> bytes:
    """Return the PDF/A file with the identification of PDF/UA-1, and its tables and attachments in order.

    The same bytes come of the same bytes.
    """
    with pikepdf.open(io.BytesIO(content)) as pdf:
        packet = pdf.Root.Metadata.read_bytes()
        before, end, after = packet.partition(b"</rdf:RDF>")
        if not end or b"</rdf:RDF>" in after:
            raise ValueError("The file's metadata does not hold exactly one rdf:RDF.")
        # Not compressed: it is read by programs that know no PDF.
        pdf.Root.Metadata.write(before + _IDENTIFICATION + end + after)
        for element, ancestors in _elements(pdf):
            if element.get("/S") == "/TH":
                _set_scope(element, column="/THead" in ancestors)
        if "/AF" in pdf.Root:
            # WeasyPrint lists each attached file twice.
            pdf.Root.AF = pikepdf.Array(list({file.objgen: file for file in pdf.Root.AF}.values()))
        marked = io.BytesIO()
        pdf.save(marked, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        return marked.getvalue()


def _set_scope(heading: pikepdf.Object, *, column: bool) -> None:
    """Say of a heading whether it heads its column or its row: what screen readers read out in the cells.

    Headings in thead head columns and others rows, which is how the templates set their tables (scope in the HTML).
    """
    scope = pikepdf.Name("/Column" if column else "/Row")
    if "/A" not in heading:
        heading.A = pikepdf.Dictionary(O=pikepdf.Name("/Table"))
    heading.A.Scope = scope


@dataclass(frozen=True)
class Checked:
    """What the check has found in a file that passed."""

    pages: int


def check(content: bytes, *, title: str, language: str) -> Checked:
    """Read a finished file again and make sure it is what we promise. Raises Failure that lists what is wrong."""
    faults: tuple[str | Promise, ...]
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            faults = tuple(_faults(pdf, title=title, language=language))
            pages = len(pdf.pages)
    except (pikepdf.PdfError, AttributeError, KeyError, ElementTree.ParseError) as error:
        faults = (f"{type(error).__name__}: {error}",)
    if faults:
        raise Failure(
            "check",
            _(
                "The finished file did not pass the check of accessibility and archival form: %(faults)s. The "
                "administrator has to have the page template mended; then have the document made again."
            ),
            faults=faults,
        )
    return Checked(pages)


def _faults(pdf: pikepdf.Pdf, *, title: str, language: str) -> Iterator[str | Promise]:
    root = pdf.Root
    if not len(pdf.pages):
        yield _("no pages")
    metadata = ElementTree.fromstring(root.Metadata.read_bytes())  # noqa: S314 - written by ourselves
    if _property(metadata, f"{{{PDFA}}}part") != "3" or _property(metadata, f"{{{PDFA}}}conformance") != "A":
        yield _("no mark of PDF/A-3a")
    if _property(metadata, f"{{{PDFUA}}}part") != "1":
        yield _("no mark of PDF/UA-1")
    if not _flag(root, "/MarkInfo", "/Marked") or "/StructTreeRoot" not in root:
        yield _("no tags")
    if str(root.get("/Lang", "")) != language:
        yield _("no language")
    if str(pdf.docinfo.get("/Title", "")) != title or not _flag(root, "/ViewerPreferences", "/DisplayDocTitle"):
        yield _("no title")
    level = 0
    for element, _ancestors in _elements(pdf):
        kind = str(element.get("/S", ""))
        if match := _HEADING.match(kind):
            number = int(match[1])
            if number > level + 1 or (number == 1 and level):
                yield format_lazy(_("a heading of level {number} after level {level}"), number=number, level=level)
            if not element.get("/K"):
                yield _("a heading without text")
            level = number
        elif kind == "/Figure" and not str(element.get("/Alt", "")).strip():
            yield _("a picture without a description")
    if not level:
        yield _("no headings")


def _flag(root: pikepdf.Object, group: str, name: str) -> bool:
    return group in root and bool(root[group].get(name, False))


def _property(metadata: ElementTree.Element, name: str) -> str | None:
    """Return an XMP property, written as an attribute or as an element."""
    for element in metadata.iter():
        if name in element.attrib:
            return element.attrib[name]
        if element.tag == name:
            return element.text
    return None


def _elements(pdf: pikepdf.Pdf) -> Iterator[tuple[pikepdf.Object, tuple[str, ...]]]:
    """Yield the structure elements in reading order, each with the kinds of its ancestors, outermost first."""
    waiting: list[tuple[pikepdf.Object, tuple[str, ...]]] = [(pdf.Root.StructTreeRoot, ())]
    while waiting:
        element, ancestors = waiting.pop()
        if "/S" in element:
            yield element, ancestors
            ancestors = (*ancestors, str(element.S))
        kids: Any = element.get("/K", pikepdf.Array())
        for kid in reversed(list(kids) if isinstance(kids, pikepdf.Array) else [kids]):
            # Beside elements there are numbers of marked content, and references to annotations.
            if isinstance(kid, pikepdf.Dictionary) and kid.get("/Type") not in ("/OBJR", "/MCR"):
                waiting.append((kid, ancestors))
