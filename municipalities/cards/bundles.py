"""Many cards as papers in one go: each made as a document of its own, and all had as one file once they are ready."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from zipfile import ZIP_STORED, ZipFile

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from municipalities.cards.content import latest_versions
from municipalities.cards.paper import request_card_document
from municipalities.documents import open_document, record_download
from municipalities.events import record
from municipalities.exporting import Sheet, as_csv
from municipalities.models import (
    Card,
    CardBundle,
    CardBundleItem,
    CardVersion,
    CardYear,
    Document,
    Event,
    Municipality,
    User,
)
from municipalities.moves import NotAllowedNow

State = Document.State
FINISHED = frozenset({State.READY, State.FAILED})
# Larger than this, the file that is put together goes from memory to the disk.
IN_MEMORY = 8_000_000


@transaction.atomic
def make_bundle(card_year: CardYear, municipalities: Iterable[Municipality], *, title: str, by: User) -> CardBundle:
    """Have the cards of these municipalities printed as they were last sent. The year is read with its county.

    Those that have sent none are left out, and remembered. Raises NotAllowedNow when nobody has sent one.
    """
    places = {place.pk: place for place in municipalities}
    cards = Card.objects.filter(card_year=card_year, municipality__in=list(places))
    versions = latest_versions(cards)
    if not versions:
        raise NotAllowedNow(_("Nobody has sent a card yet, so there is nothing to make PDFs of."))
    bundle: CardBundle = CardBundle.objects.create(
        county=card_year.county, card_year=card_year, title=title[:200], asked_by=by
    )
    sent = {version.card.municipality_id: version for version in versions.values()}
    for pk in places:
        if version := sent.get(pk):
            version.county = card_year.county
            CardBundleItem.objects.create(
                county=card_year.county,
                bundle=bundle,
                version=version,
                document=request_card_document(version, by=by),
            )
    left_out = [pk for pk in places if pk not in sent]
    record(card_year, "bundled", by=by, bundle=bundle.pk, left_out=left_out)
    return bundle


@dataclass(frozen=True)
class Paper:
    """A card of a bundle: whose, which version, and how far its document is."""

    municipality: Municipality
    version: CardVersion
    document: Document


@dataclass(frozen=True)
class Contents:
    """A bundle with its cards in alphabetical order, and the municipalities that had sent none when it was made."""

    bundle: CardBundle
    papers: Sequence[Paper]
    left_out: Sequence[Municipality]

    @cached_property
    def ready(self) -> list[Paper]:
        """The cards whose PDF is ready."""
        return [paper for paper in self.papers if paper.document.state == State.READY]

    @cached_property
    def failed(self) -> list[Paper]:
        """The cards of which no PDF could be made."""
        return [paper for paper in self.papers if paper.document.state == State.FAILED]

    @property
    def is_running(self) -> bool:
        """Whether something is still being made."""
        return len(self.ready) + len(self.failed) < len(self.papers)

    @property
    def progress(self) -> int:
        """How much of the bundle is done, per cent. Whole only when all of it is."""
        done = sum(100 if paper.document.state in FINISHED else paper.document.progress for paper in self.papers)
        return min(done // len(self.papers), 99) if self.is_running else 100


def contents_of(bundle: CardBundle) -> Contents:
    """Return what is in a bundle and how far it is. Three queries, however many cards there are."""
    items = (
        CardBundleItem.objects.filter(bundle=bundle)
        .select_related("version__card__municipality__area", "document")
        .defer("version__content", "document__context")
    )
    papers = [Paper(item.version.card.municipality, item.version, item.document) for item in items]
    made = Event.objects.filter(
        subject=CardYear._meta.label_lower,
        subject_id=bundle.card_year_id,
        verb="bundled",
        payload__bundle=bundle.pk,
    ).first()
    left_out = made.payload["left_out"] if made else []
    missing = Municipality.objects.filter(pk__in=left_out).select_related("area").order_by("area__order")
    return Contents(bundle, sorted(papers, key=lambda paper: paper.municipality.area.order), list(missing))


# --- The file -----------------------------------------------------------------------------------------------------


def zipped(contents: Contents, *, by: User) -> IO[bytes]:
    """Return the PDFs that are ready as one zip, with an index of what is in it, and log that the user took them.

    A file that has been lost is left out and named in the index. Whoever asked closes it. Raises NotAllowedNow while
    something is still being made, and when nothing is ready.
    """
    if contents.is_running:
        raise NotAllowedNow(_("The PDFs are still being made."))
    if not contents.ready:
        raise NotAllowedNow(_("None of the PDFs could be made."))
    file: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - whoever asked closes it
    rows: list[list[Any]] = []
    with ZipFile(file, "w", compression=ZIP_STORED) as archive:  # a PDF is compressed already
        for paper in contents.papers:
            name, why = name_of(paper, contents.bundle.card_year.year), ""
            try:
                stored = open_document(paper.document)
            except NotAllowedNow as refusal:
                name, why = "", paper.document.reason or str(refusal)
            else:
                with stored.file:
                    archive.writestr(name, stored.file.read())
                record_download(paper.document, user=by)
            rows.append(_row(paper, name, why))
        rows += [["", str(place), place.area.code, None, None, None, _("not sent")] for place in contents.left_out]
        index = slugify(_("contents")) + ".csv"
        archive.writestr(index, as_csv(Sheet(contents.bundle.title, _headings(), rows)))
    file.seek(0)
    return file


def name_of(paper: Paper, year: int) -> str:
    """Return the name of a card's file: the municipality first, so that they are in alphabetical order."""
    return f"{slugify(str(paper.municipality))}-{slugify(_('Municipality card'))}-{year}.pdf"


def _headings() -> list[str]:
    return [
        _("File"),
        _("Municipality"),
        _("Code"),
        _("Version"),
        _("Sent"),
        _("Approved"),
        _("Remarks"),
    ]


def _row(paper: Paper, name: str, why: str) -> list[Any]:
    approved_at = paper.version.approved_at
    return [
        name,
        str(paper.municipality),
        paper.municipality.area.code,
        paper.version.number,
        timezone.localdate(paper.version.sent_at),
        timezone.localdate(approved_at) if approved_at else None,
        why or (_("draft: not approved yet") if paper.document.variant == "draft" else ""),
    ]
