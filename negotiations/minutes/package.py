"""A package of minutes for a case management system: the PDF, the files attached, and what is known of them.

A zip file with

    <name>.pdf                the minutes, whole or in the public variant
    liitteet/01-<name>.<ext>  the files attached, by their number in the minutes
    metadata.xml              what is known of them, for a system to read in
    metadata.json             the same for those who read JSON

Both tell the same. Names of elements are those of Dublin Core (namespace http://purl.org/dc/terms/) where it has one:

    title, alternative (the subject), identifier (the SHA-256 of the content, as "sha256:…"), type, language (fi, sv),
    created (the day of the negotiation), dateAccepted (the day when the last checker marked it), issued (published),
    creator (the county), contributor (each party), isPartOf (the round), replaces is not used: minutes are never
    replaced; `isVersionOf` names the minutes that a correction corrects.

and else those of SÄHKE2 (the National Archives' regulation AL/9815/07.01.01.00/2008) and JHS 143 in plain letters, in
the namespace urn:hyte:poytakirja:1:

    Asiatunnus         the case number of the county's diary
    Asiakirjatyyppi    "pöytäkirja", or "oikaisu" for one that corrects others
    Julkisuusluokka    "Julkinen" or "Osittain salassapidettävä", of this package's variant
    Salassapitoperuste each ground in law, once
    Tila               "tarkastettu" or "julkaistu"
    Versio             the number of the version that was checked
    Tarkastaja, Allekirjoittaja  party or role, name, day (attribute `pvm`)
    Tiedosto           each file: attributes nimi, koko (bytes), sha256, tyyppi (media type); Nimeke, and of an
                       attachment its number (attribute `liite`), Julkisuusluokka and Salassapitoperuste
    Liite              an attachment without a file, or left out of this variant: number, Nimeke where it is public

The public variant has nothing of what is not public but numbers and grounds. The same minutes give the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from xml.etree import ElementTree as ET

from django.db.models import Sum
from django.utils.text import slugify
from django.utils.translation import gettext as _

from municipalities.documents import open_document
from municipalities.exporting import UNWRITABLE
from municipalities.models import Document
from municipalities.moves import NotAllowedNow
from negotiations.minutes.composing import compose, is_draft, stem_of
from negotiations.minutes.context import Enclosure, MinutesContext
from negotiations.minutes.publicity import has_secrets, public_of
from negotiations.models import AttachedFile, Minutes, MinutesAttachment, MinutesPaper

MEDIA_TYPE = "application/zip"
DCTERMS = "http://purl.org/dc/terms/"
OWN = "urn:hyte:poytakirja:1"
PUBLIC, PARTLY_SECRET = "Julkinen", "Osittain salassapidettävä"
NOT_PUBLIC = "Salassapidettävä"
# Zip files hold local times; one of no place and no moment, so that the same content is the same file.
MOMENT = (1980, 1, 1, 0, 0, 0)
# What is put together in memory, of attachments.
MOST_BYTES = 200 * 1024 * 1024


@dataclass(frozen=True)
class File:
    """A file of the package."""

    path: str
    title: str
    media_type: str
    content: bytes
    # The number of the attachment; 0 for the minutes themselves.
    number: int = 0
    secrecy_ground: str = ""

    @property
    def sha256(self) -> str:
        """The SHA-256 of the content, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


def package_of(minutes: Minutes, *, public: bool) -> tuple[str, bytes]:
    """Return the package's file name and content; the public variant, or the whole.

    Raises NotAllowedNow until the minutes have been checked and their PDF is ready.
    """
    if is_draft(minutes):
        raise NotAllowedNow(_("The package can be made once the minutes have been checked."))
    whole = compose(minutes)
    told = public_of(whole) if public else whole
    files = [_paper(minutes, told, public=public), *_attached(minutes, told)]
    known = metadata(minutes, told, files, is_partly_secret=not public and has_secrets(whole))
    stem = stem_of(minutes, told, before=_("public") if public else "")
    return f"{stem}.zip", zipped(files, known)


def _paper(minutes: Minutes, told: MinutesContext, *, public: bool) -> File:
    document: Document | None = minutes.document
    if public:
        paper = MinutesPaper.objects.filter(minutes=minutes, kind=MinutesPaper.Kind.PUBLIC).first()
        document = paper.document if paper else None
    if document is None or document.variant != "final":
        raise NotAllowedNow(
            _("The public variant has not been made. Make it first.")
            if public
            else _("The PDF of the minutes has not been made since they were checked. Make it first.")
        )
    stored = open_document(document)
    with stored.file:
        content = stored.file.read()
    return File(f"{stem_of(minutes, told)}.pdf", document.title, stored.content_type, content)


def _attached(minutes: Minutes, told: MinutesContext) -> Iterator[File]:
    """Give the files of the attachments that this variant tells, in their order."""
    numbers = {each.number for each in told.enclosures if each.file_name and not each.is_withheld}
    rows = MinutesAttachment.objects.filter(minutes=minutes, position__in=numbers, file__isnull=False)
    if (rows.aggregate(size=Sum("file__size"))["size"] or 0) > MOST_BYTES:
        raise NotAllowedNow(_("The attachments are too large for one package. Move them to the system one by one."))
    grounds = {each.number: each.secrecy_ground for each in told.enclosures}
    for row in rows.order_by("position"):
        file = AttachedFile.objects.get(pk=row.file_id or 0)
        path = f"liitteet/{row.position:02d}-{safe_name(file.name)}"
        yield File(path, row.title, file.media_type, bytes(file.content), row.position, grounds[row.position])


def safe_name(name: str) -> str:
    """Return a file name of plain small letters, digits and dashes, that ends as it did."""
    stem, _dot, ending = name.rpartition(".")
    return f"{slugify(stem)[:80].strip('-') or 'liite'}.{slugify(ending)[:8] or 'bin'}"


# --- What is known of it ----------------------------------------------------------------------------------------


def metadata(
    minutes: Minutes, told: MinutesContext, files: Sequence[File], *, is_partly_secret: bool
) -> dict[str, Any]:
    """Return what is known of the minutes and of each file, as plain data; see the head of this module."""
    marked = [mark.marked_on for mark in told.marks if mark.marked_on]
    sent = {file.number for file in files}
    return {
        "title": files[0].title,
        "alternative": told.subject,
        "identifier": f"sha256:{told.sha256}" if told.sha256 else "",
        "type": "oikaisu" if told.corrects else "pöytäkirja",
        "language": told.language,
        "created": _iso(told.earliest),
        "dateAccepted": _iso(max(marked, default=None)),
        "issued": _iso(minutes.published_on),
        "creator": told.county,
        "contributor": told.parties,
        "isPartOf": told.round_name,
        "isVersionOf": _corrected(told),
        "caseNumber": told.case_number,
        "state": "julkaistu" if minutes.state == Minutes.State.PUBLISHED else "tarkastettu",
        "version": told.version,
        "legalBasis": [part.legal_basis for part in told.parts],
        "publicity": {
            "class": PARTLY_SECRET if is_partly_secret else PUBLIC,
            "grounds": _grounds(told) if is_partly_secret else [],
            "leftOut": _grounds(told) if told.is_public_variant else [],
        },
        "checkers": [
            {
                "party": mark.party,
                "name": mark.name,
                "role": mark.role,
                "outcome": mark.outcome,
                "on": _iso(mark.marked_on),
            }
            for mark in told.marks
        ],
        "signatories": [
            {"role": signature.role, "name": signature.name, "way": signature.way, "on": _iso(signature.signed_on)}
            for signature in told.signatures
        ],
        "files": [
            {
                "path": file.path,
                "title": file.title,
                "attachment": file.number,
                "mediaType": file.media_type,
                "size": len(file.content),
                "sha256": file.sha256,
                "publicity": _publicity(file, told, is_partly_secret=is_partly_secret),
            }
            for file in files
        ],
        "attachmentsWithoutFile": [_left(each) for each in told.enclosures if each.number not in sent],
    }


def _publicity(file: File, told: MinutesContext, *, is_partly_secret: bool) -> dict[str, Any]:
    """Return whether a file is public: the whole minutes have in them what is not public of items and attachments."""
    if is_partly_secret and not file.number:
        return {"class": PARTLY_SECRET, "ground": "; ".join(_grounds(told))}
    return {"class": NOT_PUBLIC if file.secrecy_ground else PUBLIC, "ground": file.secrecy_ground}


def _corrected(told: MinutesContext) -> str:
    if told.corrects is None:
        return ""
    return f"{told.corrects.title} (sha256:{told.corrects.sha256})" if told.corrects.sha256 else told.corrects.title


def _left(enclosure: Enclosure) -> dict[str, Any]:
    return {
        "attachment": enclosure.number,
        "title": enclosure.title,
        "publicity": {
            "class": NOT_PUBLIC if enclosure.secrecy_ground else PUBLIC,
            "ground": enclosure.secrecy_ground,
        },
    }


def _grounds(told: MinutesContext) -> list[str]:
    """Return the grounds for secrecy of items and attachments, each once."""
    grounds = [
        *(item.secrecy_ground for part in told.parts for item in part.items),
        *(enclosure.secrecy_ground for enclosure in told.enclosures),
    ]
    return sorted({ground for ground in grounds if ground})


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


# --- The files --------------------------------------------------------------------------------------------------


def zipped(files: Sequence[File], known: Mapping[str, Any]) -> bytes:
    """Return the package: the same bytes for the same content."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for path, content in (
            *((file.path, file.content) for file in files),
            ("metadata.xml", as_xml(known)),
            ("metadata.json", as_json(known)),
        ):
            entry = zipfile.ZipInfo(path, MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            # Read by all, written by the owner; told alike whatever system this is.
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            package.writestr(entry, content)
    return out.getvalue()


def as_json(known: Mapping[str, Any]) -> bytes:
    """Return the metadata as JSON, in UTF-8."""
    return (json.dumps(known, ensure_ascii=False, indent=2) + "\n").encode()


def as_xml(known: Mapping[str, Any]) -> bytes:
    """Return the metadata as XML, in UTF-8."""
    ET.register_namespace("dcterms", DCTERMS)
    ET.register_namespace("", OWN)
    root = ET.Element(f"{{{OWN}}}Poytakirja")
    for name in ("title", "alternative", "identifier", "type", "language", "created", "dateAccepted", "issued"):
        _add(root, DCTERMS, name, known[name])
    _add(root, DCTERMS, "creator", known["creator"])
    for party in known["contributor"]:
        _add(root, DCTERMS, "contributor", party)
    _add(root, DCTERMS, "isPartOf", known["isPartOf"])
    _add(root, DCTERMS, "isVersionOf", known["isVersionOf"])
    _add(root, OWN, "Asiatunnus", known["caseNumber"])
    _add(root, OWN, "Asiakirjatyyppi", known["type"])
    _add(root, OWN, "Tila", known["state"])
    _add(root, OWN, "Versio", str(known["version"] or ""))
    for basis in known["legalBasis"]:
        _add(root, OWN, "Oikeusperuste", basis)
    _add(root, OWN, "Julkisuusluokka", known["publicity"]["class"])
    for ground in (*known["publicity"]["grounds"], *known["publicity"]["leftOut"]):
        _add(root, OWN, "Salassapitoperuste", ground)
    for checker in known["checkers"]:
        who = ", ".join(filter(None, [checker["party"], checker["name"], checker["role"]]))
        _add(root, OWN, "Tarkastaja", who, pvm=checker["on"], tulos=checker["outcome"])
    for signatory in known["signatories"]:
        _add(root, OWN, "Allekirjoittaja", signatory["name"], rooli=signatory["role"], pvm=signatory["on"])
    for file in known["files"]:
        number = {"liite": str(file["attachment"])} if file["attachment"] else {}
        element = _add(
            root,
            OWN,
            "Tiedosto",
            nimi=file["path"],
            tyyppi=file["mediaType"],
            koko=str(file["size"]),
            sha256=file["sha256"],
            **number,
        )
        _describe(element, file)
    for left in known["attachmentsWithoutFile"]:
        _describe(_add(root, OWN, "Liite", liite=str(left["attachment"])), left)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _describe(element: ET.Element, of: Mapping[str, Any]) -> None:
    _add(element, OWN, "Nimeke", of["title"])
    _add(element, OWN, "Julkisuusluokka", of["publicity"]["class"])
    _add(element, OWN, "Salassapitoperuste", of["publicity"]["ground"])


def _add(parent: ET.Element, namespace: str, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    """Add an element, unless its text is empty: what is not known is left out. What XML cannot hold goes."""
    element = ET.Element(
        f"{{{namespace}}}{name}", {key: UNWRITABLE.sub("", value) for key, value in attributes.items()}
    )
    if text != "":
        element.text = UNWRITABLE.sub("", text) if text is not None else None
        parent.append(element)
    return element
