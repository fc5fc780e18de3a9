"""Attached files: taken in by what they are, whatever their name says, and given out only to be saved.

A file is judged by its content: its first bytes, and whether what they promise can be opened. It is kept as it came,
found by nobody but those who may see what it is attached to, and never shown inside a page.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import unicodedata
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import pikepdf
from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import ParseError, fromstring  # type: ignore[import-untyped]
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled
from PIL import Image, ImageFile, UnidentifiedImageError

from negotiations.models import AgendaAttachment, AttachedFile, MinutesAttachment

MOST_BYTES = 10 * 1024 * 1024
# What an office document may be unpacked to, which a bomb is far beyond, and in how many parts.
MOST_UNPACKED = 200 * 1024 * 1024
MOST_PARTS = 5000
# The list of its parts that an office document begins with.
MOST_TYPES = 2 * 1024 * 1024
# A removal can be undone for half a day: a file that is attached to nothing is kept for longer than that.
UNATTACHED_FOR = timedelta(days=1)
# Opening a picture takes three or four bytes a pixel.
MOST_PIXELS = 50_000_000
MOST_NAME = 200


@dataclass(frozen=True)
class FileKind:
    """A kind of file that can be attached: how its name ends, what it may also end with, and its media type."""

    ending: str
    media_type: str
    also: tuple[str, ...] = ()


PDF = FileKind("pdf", "application/pdf")
PNG = FileKind("png", "image/png")
JPEG = FileKind("jpg", "image/jpeg", ("jpeg",))
TEXT = FileKind("txt", "text/plain")
CSV = FileKind("csv", "text/csv")
ODT = FileKind("odt", "application/vnd.oasis.opendocument.text")
_OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX = FileKind("docx", f"{_OFFICE}wordprocessingml.document")
XLSX = FileKind("xlsx", f"{_OFFICE}spreadsheetml.sheet")
PPTX = FileKind("pptx", f"{_OFFICE}presentationml.presentation")
# By the kind that an office document states of its main part; one with macros states another.
_MAIN_PARTS: Mapping[str, FileKind] = {
    f"{_OFFICE}wordprocessingml.document.main+xml": DOCX,
    f"{_OFFICE}spreadsheetml.sheet.main+xml": XLSX,
    f"{_OFFICE}presentationml.presentation.main+xml": PPTX,
}
KINDS = (PDF, DOCX, XLSX, PPTX, ODT, PNG, JPEG, TEXT, CSV)
# For the field of a form: what the browser offers to choose among. What is sent is judged all the same.
ACCEPT = ",".join(f".{ending}" for kind in KINDS for ending in (kind.ending, *kind.also))


def store_file(county_id: int, upload: UploadedFile) -> AttachedFile:
    """Keep an uploaded file as it is, under a clean name. To be called in a transaction, with what it is attached to.

    The same file sent again under the same name is kept once. Raises ValidationError, saying what to do, for a file
    that is empty, larger than 10 MB, of no kind that can be attached, or broken.
    """
    content = _read(upload)
    name, kind = judge(str(upload.name or ""), content)
    sha256 = hashlib.sha256(content).hexdigest()
    # Locked, so that it is not taken for one that is attached to nothing.
    same = AttachedFile.objects.select_for_update(no_key=True).filter(county_id=county_id, sha256=sha256, name=name)
    if (known := same.defer("content").first()) is not None:
        return known
    file: AttachedFile = AttachedFile.objects.create(
        county_id=county_id, name=name, media_type=kind.media_type, size=len(content), sha256=sha256, content=content
    )
    return file


def purge_unattached(now: datetime | None = None) -> int:
    """Delete the files that are attached to nothing any more, in every county; return how many.

    Nobody can see them, and what was in them may have been removed for a reason. One that was added a long time ago and
    removed just now goes too: it is then attached again by hand.
    """
    added_before = (now or timezone.now()) - UNATTACHED_FOR
    gone = 0
    with scopes_disabled():
        kept_by = [Exists(model.objects.filter(file=OuterRef("pk"))) for model in (AgendaAttachment, MinutesAttachment)]
        left = AttachedFile.objects.filter(~kept_by[0], ~kept_by[1], added_at__lt=added_before).only("pk")
        for file in list(left):
            # Somebody may attach the same one at this moment: then it stays.
            with suppress(IntegrityError), transaction.atomic():
                file.delete()
                gone += 1
    return gone


def require_attachable(upload: UploadedFile) -> None:
    """Raise ValidationError, saying what to do, for a file that `store_file` would not keep."""
    judge(str(upload.name or ""), _read(upload))


def file_response(file: AttachedFile) -> HttpResponse:
    """Return the answer that gives a file to be saved. It is for the caller to know that the user may have it."""
    answer = HttpResponse(bytes(file.content), content_type=file.media_type)
    answer["Content-Disposition"] = content_disposition_header(True, file.name) or "attachment"
    # Whatever a browser thinks the content looks like, it is not opened as a page of ours.
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, no-store"
    return answer


def _read(upload: UploadedFile) -> bytes:
    too_large = ValidationError(_("The file is larger than 10 MB. Save it smaller, or attach it in parts."))
    if upload.size is not None and upload.size > MOST_BYTES:
        raise too_large
    upload.seek(0)
    # What the upload says of its size is not believed.
    content: bytes = upload.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise too_large
    return content


def judge(name: str, content: bytes) -> tuple[str, FileKind]:
    """Return the clean name of a file and its kind, which its content tells.

    Only plain text has no sign of its own: there the name must end as one. Raises ValidationError in words.
    """
    if not content:
        raise ValidationError(_("The file is empty. Choose another file."))
    for starts, kind_of in _SIGNS:
        if content.startswith(starts):
            kind = kind_of(content)
            break
    else:
        kind = _text(content, name)
    return clean_name(name, kind), kind


def clean_name(name: str, kind: FileKind) -> str:
    """Return a file name that is safe everywhere: no folders, no signs that cannot be seen, ending as its kind does."""
    last = name.replace("\\", "/").rpartition("/")[2]
    seen = "".join(
        " " if unicodedata.category(sign)[0] in "CZ" or sign in '<>:"|?*' else sign
        for sign in unicodedata.normalize("NFC", last)
    )
    whole = " ".join(seen.split()).strip()
    stem, dot, ending = whole.rpartition(".")
    known = ending.lower() if ending.lower() in (kind.ending, *kind.also) else kind.ending
    # A wrong ending is mended; "v1.2" and "Kokous 12.3.2026" have none.
    if not (dot and ending.isascii() and ending.isalnum() and len(ending) <= 5) or ending.isdigit():
        stem = whole
    stem = stem[: MOST_NAME - len(known) - 1].strip(". ") or _("attachment")
    return f"{stem}.{known}"


def _not_accepted() -> ValidationError:
    return ValidationError(
        _(
            "A file of this kind cannot be attached. Save it as PDF, Word (.docx), Excel (.xlsx), PowerPoint (.pptx),"
            " OpenDocument (.odt), PNG, JPEG, text (.txt) or CSV."
        )
    )


def _broken() -> ValidationError:
    return ValidationError(_("The file is broken and does not open. Save it again and try once more."))


def _pdf(content: bytes) -> FileKind:
    try:
        with pikepdf.open(io.BytesIO(content)) as document:
            has_pages = len(document.pages) > 0
    except pikepdf.PasswordError as error:
        raise ValidationError(_("The PDF opens only with a password. Save it without one.")) from error
    except (pikepdf.PdfError, ValueError, RuntimeError) as error:
        raise _broken() from error
    if not has_pages:
        raise _broken()
    return PDF


def _zipped(content: bytes) -> FileKind:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise ValidationError(_("The file unpacks to far too much. Save it as PDF and attach that."))
            kind = _open_document(packed) or _office(packed)
            # Reads everything through, not more of it than was promised, and compares the checksums.
            if packed.testzip() is not None:
                raise _broken()
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError, EOFError, OSError) as error:
        raise _broken() from error
    except (ParseError, DefusedXmlException, ValueError, LookupError, RuntimeError) as error:
        raise _broken() from error
    if kind is None:
        raise _not_accepted()
    return kind


def _open_document(packed: zipfile.ZipFile) -> FileKind | None:
    names = packed.namelist()
    if "mimetype" not in names or packed.getinfo("mimetype").file_size > 200:
        return None
    if packed.read("mimetype").strip() != ODT.media_type.encode() or "content.xml" not in names:
        return None
    if any(name.startswith(("Basic/", "Scripts/")) for name in names):
        raise _has_macros()
    return ODT


def _office(packed: zipfile.ZipFile) -> FileKind | None:
    names = {name.lower(): name for name in packed.namelist()}
    types_name = names.get("[content_types].xml")
    if types_name is None:
        return None
    if packed.getinfo(types_name).file_size > MOST_TYPES:
        raise _broken()
    if any(name.rpartition("/")[2].startswith("vbaproject") for name in names):
        raise _has_macros()
    types = fromstring(packed.read(types_name))
    for part in types.iter("{http://schemas.openxmlformats.org/package/2006/content-types}Override"):
        kind = _MAIN_PARTS.get(part.get("ContentType", ""))
        if kind is not None and part.get("PartName", "").lstrip("/").lower() in names:
            return kind
    return None


def _has_macros() -> ValidationError:
    return ValidationError(_("The file has macros in it. Save it without macros, or as PDF."))


def _picture(content: bytes) -> FileKind:
    try:
        with warnings.catch_warnings():
            # How large is too large is said below.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            ImageFile.LOAD_TRUNCATED_IMAGES = False
            with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise ValidationError(
                        _("The picture is %(width)s × %(height)s pixels. Save it smaller.")
                        % {"width": picture.width, "height": picture.height}
                    )
                kind = PNG if picture.format == "PNG" else JPEG
                picture.load()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise _broken() from error
    return kind


def _old_office(content: bytes) -> FileKind:
    raise ValidationError(
        _("The file is in an old Office format, or opens only with a password. Save it as .docx, .xlsx, .pptx or PDF.")
    )


_SIGNS: tuple[tuple[bytes, Callable[[bytes], FileKind]], ...] = (
    (b"%PDF-", _pdf),
    (b"PK\x03\x04", _zipped),
    (b"\x89PNG\r\n\x1a\n", _picture),
    (b"\xff\xd8\xff", _picture),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _old_office),
)


def _text(content: bytes, name: str) -> FileKind:
    """Return the kind of a plain text by how its name ends: it has no other sign."""
    ending = name.rpartition(".")[2].lower()
    kind = {"txt": TEXT, "csv": CSV}.get(ending)
    if kind is None:
        raise _not_accepted()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # As Excel in Finland saves a CSV. A few bytes are no letter in it.
        text = content.decode("cp1252", errors="replace")
    if any(sign == "\ufffd" or (unicodedata.category(sign) == "Cc" and sign not in "\t\n\r\f") for sign in text):
        raise _not_accepted()
    return kind
