"""Attached files: what they are is told by their content, and they are given out only to be saved."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pikepdf
import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from docx import Document as WordDocument
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from PIL import Image
from pptx import Presentation

from municipalities.models import County, Municipality
from negotiations.models import AgendaItem, AttachedFile, MinutesAttachment
from negotiations.sitting import files
from negotiations.sitting.files import CSV, DOCX, JPEG, KINDS, ODT, PDF, PNG, PPTX, TEXT, XLSX, judge
from negotiations.tasks import purge_unattached_files
from tests.factories import make_held, make_round

ODT_TYPE = "application/vnd.oasis.opendocument.text"


def pdf() -> bytes:
    """Return a PDF of one empty page."""
    out = io.BytesIO()
    document = pikepdf.new()
    document.add_blank_page()
    document.save(out)
    return out.getvalue()


def picture(kind: str) -> bytes:
    """Return a picture of 40 x 30 pixels."""
    out = io.BytesIO()
    Image.linear_gradient("L").resize((40, 30)).save(out, kind)
    return out.getvalue()


def office(make: Callable[[], object]) -> bytes:
    """Return an office document made by its library."""
    out = io.BytesIO()
    make().save(out)  # type: ignore[attr-defined]
    return out.getvalue()


def zipped(**parts: bytes) -> bytes:
    """Return a zip of parts, by their names with two underscores for a slash."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def with_part(content: bytes, name: str, added: bytes) -> bytes:
    """Return a zip with one more part."""
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a") as packed:
        packed.writestr(name, added)
    return out.getvalue()


def refusal(name: str, content: bytes) -> str:
    """Return the words with which a file is refused."""
    with pytest.raises(ValidationError) as refused:
        judge(name, content)
    return str(refused.value.messages[0])


SAMPLES = {
    PDF: pdf,
    DOCX: lambda: office(WordDocument),
    XLSX: lambda: office(Workbook),
    PPTX: lambda: office(Presentation),
    ODT: lambda: zipped(mimetype=ODT_TYPE.encode(), **{"content.xml": b"<office/>"}),
    PNG: lambda: picture("PNG"),
    JPEG: lambda: picture("JPEG"),
}


@pytest.mark.parametrize("kind", SAMPLES, ids=lambda kind: kind.ending)
def test_the_content_tells_what_a_file_is(kind: files.FileKind) -> None:
    """A wrong ending is mended, whatever it is."""
    content = SAMPLES[kind]()
    assert judge(f"Liite 1.{kind.ending.upper()}", content) == (f"Liite 1.{kind.ending}", kind)
    assert judge("ohjelma.exe", content) == (f"ohjelma.{kind.ending}", kind)
    assert judge("ilman päätettä", content) == (f"ilman päätettä.{kind.ending}", kind)


def test_plain_text_is_told_by_the_end_of_its_name() -> None:
    """UTF-8, or as Excel in Finland saves it; a page or a script is neither."""
    assert judge("luvut.csv", "kunta;väkiluku\r\nHankasalmi;4 700\r\n".encode())[1] is CSV
    assert judge("luvut.CSV", "kunta;väkiluku\r\nHankasalmi;4700\r\n".encode("cp1252"))[1] is CSV
    assert judge("muistio.txt", "\ufeffÄäni\n".encode())[1] is TEXT
    for name in ("sivu.html", "kuva.svg", "skripti.js", "muistio", "makro.vbs"):
        assert "ei voi liittää" in refusal(name, b"<script>alert(1)</script>")
    assert "ei voi liittää" in refusal("muistio.txt", b"MZ\x90\x00\x03")
    assert "ei voi liittää" in refusal("muistio.csv", "a;b".encode("utf-16"))


@pytest.mark.parametrize("kind", [kind for kind in SAMPLES if kind != PDF], ids=lambda kind: kind.ending)
def test_half_a_file_is_refused(kind: files.FileKind) -> None:
    """It begins as one of its kind, and does not open."""
    content = SAMPLES[kind]()
    assert refusal(f"a.{kind.ending}", content[: len(content) // 2]).startswith("Tiedosto on rikki")


def test_what_lies_of_itself_is_refused() -> None:
    """A first line that promises, a zip that is no document, a document without the part that it names."""
    assert refusal("a.pdf", b"%PDF-1.7 this is not one").startswith("Tiedosto on rikki")
    assert "ei voi liittää" in refusal("a.docx", zipped(virus=b"x"))
    types = (
        b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override '
        b'PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        b'wordprocessingml.document.main+xml"/></Types>'
    )
    assert "ei voi liittää" in refusal("a.docx", zipped(**{"[Content_Types].xml": types}))
    assert refusal("a.docx", zipped(**{"[Content_Types].xml": b"<Types"})).startswith("Tiedosto on rikki")
    bomb = b'<!DOCTYPE a [<!ENTITY b "bbbb">]><Types>&b;</Types>'
    assert refusal("a.docx", zipped(**{"[Content_Types].xml": bomb})).startswith("Tiedosto on rikki")
    assert "ei voi liittää" in refusal("a.odt", zipped(mimetype=b"application/zip", **{"content.xml": b""}))


def test_what_is_damaged_inside_is_refused_in_words() -> None:
    """Wherever the damage is, and whatever the list of the parts is called or says."""
    content = bytearray(office(WordDocument))
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        part = packed.getinfo("word/document.xml")
    start = part.header_offset + 30 + len(part.filename)
    content[start : start + part.compress_size] = b"\xff" * part.compress_size
    assert refusal("a.docx", bytes(content)).startswith("Tiedosto on rikki")
    locked = bytearray(office(WordDocument))
    for sign, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.find(sign) + flags] |= 1
    assert refusal("a.docx", bytes(locked)).startswith("Tiedosto on rikki")
    assert "ei voi liittää" in refusal("a.docx", zipped(**{"[content_types].xml": b"<Types/>"}))
    strange = b'<?xml version="1.0" encoding="no-such"?><Types/>'
    assert refusal("a.docx", zipped(**{"[Content_Types].xml": strange})).startswith("Tiedosto on rikki")
    long = b"<Types>" + b" " * files.MOST_TYPES + b"</Types>"
    assert refusal("a.docx", zipped(**{"[Content_Types].xml": long})).startswith("Tiedosto on rikki")


def test_macros_are_refused() -> None:
    """Of Word, Excel and OpenDocument alike."""
    for kind, part in ((DOCX, "word/vbaProject.bin"), (XLSX, "xl/vbaProject.bin"), (ODT, "Basic/script-lc.xml")):
        assert "makroja" in refusal(f"a.{kind.ending}", with_part(SAMPLES[kind](), part, b"x"))


def test_a_password_and_an_old_format_are_refused() -> None:
    """Nobody could read them with what they have."""
    out = io.BytesIO()
    document = pikepdf.new()
    document.add_blank_page()
    document.save(out, encryption=pikepdf.Encryption(owner="a", user="b"))
    assert "salasanalla" in refusal("a.pdf", out.getvalue())
    assert "vanhaa Office-muotoa" in refusal("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 512)


def test_bombs_are_refused_before_they_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """By what they say they unpack to, by their parts, by their pixels."""
    monkeypatch.setattr(files, "MOST_UNPACKED", 1000)
    assert "purkautuu" in refusal("a.docx", zipped(a=b"0" * 2000))
    monkeypatch.setattr(files, "MOST_PARTS", 1)
    assert "purkautuu" in refusal("a.docx", zipped(a=b"", b=b""))
    monkeypatch.setattr(files, "MOST_PIXELS", 100)
    assert "40 × 30" in refusal("a.png", picture("PNG"))


def test_an_empty_and_a_large_file_are_refused(in_scope: County, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is kept of them."""
    monkeypatch.setattr(files, "MOST_BYTES", 100)
    for content, words in ((b"", "tyhjä"), (b"a" * 101, "suurempi kuin 10 Mt")):
        with pytest.raises(ValidationError) as refused:
            files.store_file(in_scope.pk, SimpleUploadedFile("a.txt", content))
        assert words in refused.value.messages[0]
    understated = SimpleUploadedFile("a.txt", b"a" * 101)
    understated.size = 5
    with pytest.raises(ValidationError):
        files.store_file(in_scope.pk, understated)
    assert not AttachedFile.objects.exists()


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\Maija\\Liite.PDF", "Liite.pdf"),
        ("a\x00b\r\nSet-Cookie: x.pdf", "a b Set-Cookie x.pdf"),
        ("\u202eexe.pdf", "exe.pdf"),
        ("A\u0308a\u0308ni.pdf", "Ääni.pdf"),
        ("  .pdf", "liite.pdf"),
        ("", "liite.pdf"),
        ("....", "liite.pdf"),
        ("v1.2.pdf", "v1.2.pdf"),
        ("v1.2", "v1.2.pdf"),
        ("Kokous 12.3.2026", "Kokous 12.3.2026.pdf"),
        ("ilman päätettä", "ilman päätettä.pdf"),
        ("pdf", "pdf.pdf"),
        (f"{'ä' * 300}.pdf", f"{'ä' * 196}.pdf"),
    ],
)
def test_names_are_cleaned(name: str, clean: str) -> None:
    """No folders, no signs that cannot be seen, no longer than fits."""
    assert files.clean_name(name, PDF) == clean


@given(st.text(), st.sampled_from(KINDS))
def test_any_name_becomes_a_safe_one(name: str, kind: files.FileKind) -> None:
    """Whatever comes."""
    clean = files.clean_name(name, kind)
    assert len(clean) <= files.MOST_NAME
    assert clean.rpartition(".")[2] in (kind.ending, *kind.also)
    assert clean.isprintable()
    assert not set(clean) & set('/\\<>:"|?*\x00')
    assert files.clean_name(clean, kind) == clean


def test_a_file_is_kept_as_it_came_and_once(in_scope: County) -> None:
    """Its bytes, its size and its SHA-256; the same one again is the same row."""
    content = pdf()
    first = files.store_file(in_scope.pk, SimpleUploadedFile("Liite.pdf", content, "text/html"))
    assert (first.media_type, first.size, bytes(first.content)) == ("application/pdf", len(content), content)
    assert files.store_file(in_scope.pk, SimpleUploadedFile("Liite.pdf", content)).pk == first.pk
    assert files.store_file(in_scope.pk, SimpleUploadedFile("Toinen.pdf", content)).pk != first.pk


def test_a_file_is_given_out_only_to_be_saved(in_scope: County) -> None:
    """As an attachment of its own kind that no browser opens as a page."""
    row = files.store_file(in_scope.pk, SimpleUploadedFile("Pöytä “1”.txt", b"<script>alert(1)</script>"))
    answer = files.file_response(AttachedFile.objects.get(pk=row.pk))
    assert answer.content == b"<script>alert(1)</script>"
    assert answer["Content-Type"] == "text/plain"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''P%C3%B6yt%C3%A4")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "private" in answer["Cache-Control"]


def test_a_file_that_is_attached_to_nothing_goes(in_scope: County, hankasalmi: Municipality) -> None:
    """A day later; one that an agenda or minutes have stays."""
    from negotiations.minutes.attachments import attach
    from negotiations.minutes.checking import open_minutes
    from negotiations.sitting.agenda import add_items, remove_item, restore_item
    from negotiations.sitting.attachments import add_attachment, remove_attachment

    held = make_held(make_round(in_scope), [hankasalmi])
    item = AgendaItem.objects.filter(part__negotiation=held).earliest("position")
    of_agenda, left = (
        add_attachment(item, name, upload=SimpleUploadedFile(name, name.encode()), by=None)
        for name in ("asia.txt", "poistettu.txt")
    )
    (minutes,) = open_minutes(held, by=None)
    MinutesAttachment.objects.all().delete()
    of_minutes = attach(minutes, "Liite", upload=SimpleUploadedFile("liite.txt", b"liite"), by=None)
    remove_attachment(left, by=None)
    kept = remove_item(add_items(item.part, [("Poistettava asia", "")], by=None)[0], by=None)
    kept["attachments"] = [["Poistettu", left.file_id, ""], ["Asia", of_agenda.file_id, ""]]
    assert files.purge_unattached() == 0
    later = timezone.now() + files.UNATTACHED_FOR + timedelta(minutes=1)
    assert files.purge_unattached(later) == 1
    assert set(AttachedFile.objects.values_list("pk", flat=True)) == {of_agenda.file_id, of_minutes.file_id}
    # An item that is brought back has what there is.
    again = restore_item(item.part, kept, by=None)
    assert [row.file_id for row in again.attachments.all()] == [None, of_agenda.file_id]
    assert purge_unattached_files.name in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
