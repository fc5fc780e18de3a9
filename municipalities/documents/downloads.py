"""Taking a document, and the log of who took which and when.

Each download is logged so that it can be told who has had a paper that was not public yet, and to whom a paper went
that later turns out to be wrong (Act on Information Management in Public Administration, 906/2019, 17 §). The log
holds the user, the document and the time, nothing else. It is kept for the days that the county has set
(`County.download_retention_days`, two years unless changed) and then deleted, every night.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO

from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_scopes import scope

from municipalities.documents.lifecycle import lose
from municipalities.documents.storage import is_stored, path_of
from municipalities.models import County, Document, Download, User
from municipalities.moves import NotAllowedNow

# Shown on the page that lists documents, with the days of the county.
PURPOSE = gettext_lazy(
    "Each download is recorded: who, which document and when. The purpose is to be able to tell who has received a "
    "document that is not public yet (Act on Information Management in Public Administration 906/2019, section 17)."
)


CONTENT_TYPE = "application/pdf"


@dataclass(frozen=True)
class StoredFile:
    """A document's file, open, and what an answer needs to tell of it. Whoever asked for it closes it."""

    file: BinaryIO
    content_type: str
    file_name: str
    size: int
    # Strong, in the form of the header: the same bytes have the same one.
    etag: str


def open_document(document: Document) -> StoredFile:
    """Open the file of a ready document.

    Raises NotAllowedNow when it is not ready. A file that has been lost makes the document a failed one, which can
    be retried.
    """
    _require_ready(document)
    if not is_stored(document):
        lose(document)
        raise NotAllowedNow(_("The file of the document is not in its place. Have the document made again."))
    return StoredFile(
        file=path_of(document).open("rb"),
        content_type=CONTENT_TYPE,
        file_name=document.file_name,
        size=document.size or 0,
        etag=f'"{document.sha256}"',
    )


def _require_ready(document: Document) -> None:
    if document.state != Document.State.READY:
        raise NotAllowedNow(_("The document is not ready yet."))


def record_download(document: Document, *, user: User) -> Download:
    """Log that the user took the document. Raises NotAllowedNow unless it is ready."""
    _require_ready(document)
    download: Download = Download.objects.create(county_id=document.county_id, document=document, user=user)
    return download


def retention_days(county: County) -> int:
    """Return for how many days the county keeps its log of downloads."""
    return county.download_retention_days


def purge_downloads() -> int:
    """Delete each county's log of downloads beyond the days it has set. Returns how many rows went."""
    gone = 0
    for county in County.objects.all():
        with scope(county=county):
            old = Download.objects.filter(at__lt=Now() - timedelta(days=retention_days(county)))
            gone += old.delete()[0]
    return gone
