"""Minutes in a Word file: headings, lists, tables and whatever else holds text; and files that are refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from docx import Document
from docx.document import Document as Made
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from negotiations.minutes import pasted_word
from negotiations.minutes.pasted_text import Kind, read
from negotiations.minutes.pasted_word import text_of


def saved(document: Made) -> bytes:
    """Return a document as a file."""
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def made(*paragraphs: tuple[str, str]) -> bytes:
    """Return a file of paragraphs, each with its style."""
    document = Document()
    for words, style in paragraphs:
        document.add_paragraph(words, style=style)
    return saved(document)


def test_headings_lists_and_tables_are_marked() -> None:
    """What one sees from top to bottom; the title of the document is no heading of an item."""
    document = Document()
    document.add_heading("Neuvottelupöytäkirja", 0)
    document.add_heading("14 §:n neuvottelu", 1)
    document.add_heading("3 § Nuorten palvelut", 2)
    document.add_paragraph("Puhuttiin.\nToinen rivi.")
    document.add_paragraph("yksi", style="List Bullet")
    document.add_paragraph("kaksi", style="List Number")
    table = document.add_table(rows=2, cols=2)
    for number, cell in enumerate(table._cells):
        cell.text = f"solu {number}"
    inner = table.cell(1, 1).add_table(rows=1, cols=1)
    inner.cell(0, 0).text = "sisällä"
    document.add_heading("Päätös", 3)
    document.add_paragraph("# ei otsikko")
    assert text_of(saved(document)).splitlines() == [
        "Neuvottelupöytäkirja",
        "# 14 §:n neuvottelu",
        "## 3 § Nuorten palvelut",
        "Puhuttiin.",
        "Toinen rivi.",
        "- yksi",
        "- kaksi",
        "solu 0 | solu 1",
        "solu 2 | solu 3 sisällä",
        "### Päätös",
        "- # ei otsikko",
    ]
    before, item = read(text_of(saved(document)))
    assert (before.kind, before.text, item.title) == (Kind.BEFORE, "Neuvottelupöytäkirja", "Nuorten palvelut")


def test_a_file_without_headings_has_its_lines_in_bold() -> None:
    """A whole line in bold is a heading then; where there are headings it is text."""
    document = Document()
    document.add_paragraph().add_run("Nuorten palvelut").bold = True
    document.add_paragraph("Puhuttiin ").add_run("paljon").bold = True
    assert text_of(saved(document)) == "# Nuorten palvelut\nPuhuttiin paljon"
    document.add_heading("Otsikko", 1)
    assert text_of(saved(document)).splitlines()[0] == "Nuorten palvelut"


def test_what_is_seen_is_read_and_what_is_deleted_is_not() -> None:
    """Text inserted while changes are tracked, in a content control, in a link and in a text box."""
    document = Document()
    paragraph = document.add_paragraph("Alku ")
    w = nsdecls("w")
    for xml in (
        f"<w:ins {w} w:id='1' w:author='x'><w:r><w:t>lisätty </w:t></w:r></w:ins>",
        f"<w:del {w} w:id='2' w:author='x'><w:r><w:delText>poistettu</w:delText></w:r></w:del>",
        f"<w:moveFrom {w} w:id='3' w:author='x'><w:r><w:t>siirretty</w:t></w:r></w:moveFrom>",
        f"<w:sdt {w}><w:sdtContent><w:r><w:t>valittu </w:t></w:r></w:sdtContent></w:sdt>",
        f"<w:hyperlink {w}><w:r><w:t>linkki</w:t></w:r></w:hyperlink>",
        f"<w:r {w}><w:pict><w:txbxContent><w:p><w:r><w:t>laatikossa</w:t></w:r></w:p></w:txbxContent></w:pict></w:r>",
    ):
        paragraph._p.append(parse_xml(xml))
    block = parse_xml(f"<w:sdt {w}><w:sdtContent><w:p><w:r><w:t>lohkossa</w:t></w:r></w:p></w:sdtContent></w:sdt>")
    paragraph._p.addnext(block)
    assert text_of(saved(document)).splitlines() == ["Alku lisätty valittu linkki", "laatikossa", "lohkossa"]


def _zip(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return file.getvalue()


def _bomb() -> bytes:
    return _zip({"word/document.xml": b" " * (pasted_word.MOST_TEXT + 1)})


def _many() -> bytes:
    return _zip({f"word/{number}.xml": b"" for number in range(pasted_word.MOST_PARTS + 1)})


def _entities() -> bytes:
    """Return a file whose text doubles with each entity."""
    entities = "".join(f'<!ENTITY a{n} "&a{n - 1};&a{n - 1};">' for n in range(1, 40))
    head = f'<!DOCTYPE x [<!ENTITY a0 "aa">{entities}]>'
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = f'<w:document xmlns:w="{word}"><w:body><w:p><w:r><w:t>&a39;</w:t></w:r></w:p></w:body></w:document>'
    with zipfile.ZipFile(io.BytesIO(made(("teksti", "Normal")))) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    return _zip(parts | {"word/document.xml": (head + body).encode()})


def _damaged(at: int = 30, *, flags: bool = False) -> bytes:
    """Return a file whose text is damaged, or that says of its parts that they are locked with a password."""
    content = bytearray(made(("teksti", "Normal")))
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts = packed.infolist()
    for part in parts:
        start = part.header_offset + at + len(part.filename)
        if flags:
            content[part.header_offset + 6] |= 1
        elif part.filename == "word/document.xml":
            content[start : start + part.compress_size] = b"\xff" * part.compress_size
    if flags:
        place = content.find(b"PK\x01\x02")
        while place >= 0:
            content[place + 8] |= 1
            place = content.find(b"PK\x01\x02", place + 4)
    return bytes(content)


def _without_body() -> bytes:
    """Return a file whose main part has no body."""
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    with zipfile.ZipFile(io.BytesIO(made(("teksti", "Normal")))) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    return _zip(parts | {"word/document.xml": f'<w:document xmlns:w="{word}"/>'.encode()})


@pytest.mark.parametrize(
    "content",
    [
        _damaged,
        lambda: _damaged(flags=True),
        _without_body,
        lambda: b"",
        lambda: b"teksti",
        lambda: b"\xd0\xcf\x11\xe0vanha",
        lambda: b"PK\x03\x04rikki",
        lambda: _zip({"a.txt": b"a"}),
        lambda: _zip({"word/document.xml": b"<a/>"}),
        lambda: made(),
        lambda: made(("   ", "Normal")),
        lambda: b"PK\x03\x04" + b"x" * pasted_word.MOST_BYTES,
        _bomb,
        _many,
        _entities,
    ],
)
def test_what_cannot_be_read_is_refused_in_words(content: Callable[[], bytes]) -> None:
    """Other files, broken ones, empty ones, and those that unpack to far too much."""
    with pytest.raises(ValidationError) as refusal:
        text_of(content())
    assert len(refusal.value.messages[0]) > 20
