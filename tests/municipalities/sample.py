"""A kind of document for the tests of the pipeline: texts, a table as long as wanted, a picture, attached figures."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from municipalities.access import Access
from municipalities.documents import Attachment, Kind, request_document
from municipalities.models import County, Document, User

TEMPLATES = Path(__file__).parent / "templates"
ASKED_AT = datetime(2024, 12, 16, 9, 30, tzinfo=ZoneInfo("Europe/Helsinki"))


@dataclass(frozen=True)
class Row:
    """A municipality's line."""

    name: str
    population: int
    share: Decimal | None


@dataclass(frozen=True)
class Sample:
    """What a sample document is made from."""

    heading: str
    on: date
    rows: tuple[Row, ...]
    paragraphs: tuple[str, ...] = ()
    # Written into the page as an address.
    picture: str = ""
    stylesheet: str = ""


def figures(sample: Sample) -> list[Attachment]:
    """Return the rows as a CSV for Finnish spreadsheets."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerow(["kunta", "väkiluku"])
    writer.writerows([row.name, row.population] for row in sample.rows)
    return [Attachment("luvut.csv", out.getvalue().encode("utf-8-sig"), "text/csv", "Taulukon luvut")]


def seen_by_coordinators(access: Access) -> object:
    """Return every sample for a coordinator, none for others."""
    documents = Document.objects.filter(kind="sample")
    return documents if access.is_coordinator else documents.none()


KIND = Kind(
    name="sample",
    template="documents/sample.html",
    context_type=Sample,
    stylesheets=(),
    visible_to=seen_by_coordinators,  # type: ignore[arg-type]
    attachments=figures,
)
# The same content in a template with an error in it.
BROKEN = replace(KIND, name="broken", template="documents/sample_broken.html")

NAMES = ("Hankasalmi", "Joutsa", "Jyväskylä", "Jämsä", "Kannonkoski", "Karstula", "Keuruu", "Äänekoski")


def sample(heading: str = "Väestö kunnittain", *, rows: int = 8, paragraphs: Sequence[str] = ()) -> Sample:
    """Return a context with a table of this many rows."""
    return Sample(
        heading=heading,
        on=date(2024, 12, 2),
        rows=tuple(
            Row(NAMES[n % len(NAMES)], 4000 + 37 * n, Decimal(n % 90) / 10 if n % 7 else None) for n in range(rows)
        ),
        paragraphs=tuple(paragraphs),
    )


def request_sample(
    county: County,
    context: Sample,
    *,
    by: User | None = None,
    variant: str = "final",
    language: str = "fi",
    kind: Kind = KIND,
) -> Document:
    """Ask for a sample document. Inside the county's scope."""
    return request_document(
        county=county,
        kind=kind.name,
        context=context,
        language=language,
        variant=variant,
        title=f"Näyteasiakirja: {context.heading}",
        file_name="nayte.pdf",
        by=by,
        at=ASKED_AT,
    )
