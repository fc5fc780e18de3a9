"""Papers made of minutes beside the whole: the public variant, an excerpt of one item, the list of attachments."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from municipalities.access import Access
from municipalities.documents import request_document, request_unchanged, stamp
from municipalities.events import record
from municipalities.models import County, Document, User
from municipalities.moves import NotAllowedNow, locked
from negotiations.minutes import composing
from negotiations.minutes.composing import stem_of
from negotiations.minutes.context import MinutesContext
from negotiations.minutes.publicity import public_of
from negotiations.minutes.reading import title_of
from negotiations.minutes.sources import SOURCES
from negotiations.models import AgendaItem, Minutes, MinutesPaper
from negotiations.permissions import minutes_read_whole, visible_minutes

Kind = MinutesPaper.Kind
State = Minutes.State

# The kinds of documents. The public variant is of the same kind as the whole: where nothing is left out, they are one.
DOCUMENT_KINDS: dict[str, str] = {
    Kind.PUBLIC: composing.KIND,
    Kind.EXCERPT: "minutes_excerpt",
    Kind.ATTACHMENTS: "minutes_attachments",
}


def visible_wholes_and_publics(access: Access) -> QuerySet[Document]:
    """Return the documents of minutes that the user may read: whole ones for the parties, public ones for all.

    A public variant is for others from the moment when the minutes are published (621/1999, 6 §).
    """
    papers = MinutesPaper.objects.filter(kind=Kind.PUBLIC, minutes__in=visible_minutes(access))
    if not access.is_coordinator:
        papers = papers.filter(minutes__state=State.PUBLISHED)
    whole = minutes_read_whole(access).order_by().filter(document__isnull=False).values("document")
    documents: QuerySet[Document] = Document.objects.filter(pk__in=whole.union(papers.order_by().values("document")))
    return documents


def visible_papers(access: Access) -> QuerySet[Document]:
    """Return the excerpts and lists of attachments that the user may read: those of minutes that they read whole."""
    papers = MinutesPaper.objects.filter(minutes__in=minutes_read_whole(access)).exclude(kind=Kind.PUBLIC)
    documents: QuerySet[Document] = Document.objects.filter(pk__in=papers.order_by().values("document"))
    return documents


@transaction.atomic
def request_public(minutes: Minutes, *, by: User | None, at: datetime | None = None) -> Document:
    """Have the public variant printed: without the items and attachments that are not public (621/1999, 24 §).

    Before the minutes are checked it is marked as a draft, for the coordinator to look at.
    """
    return _request(locked(minutes), Kind.PUBLIC, None, by=by, at=at)


@transaction.atomic
def request_excerpt(minutes: Minutes, item: AgendaItem, *, by: User | None, at: datetime | None = None) -> Document:
    """Have an excerpt of one item printed, to be certified by hand.

    Raises NotAllowedNow unless the minutes have been checked: what may still change cannot be certified.
    """
    minutes = locked(minutes)
    if composing.is_draft(minutes):
        raise NotAllowedNow(_("An excerpt can be made once the minutes have been checked."))
    return _request(minutes, Kind.EXCERPT, item, by=by, at=at)


@transaction.atomic
def request_attachment_list(minutes: Minutes, *, by: User | None, at: datetime | None = None) -> Document:
    """Have the list of attachments printed, by item. Raises NotAllowedNow where there are none."""
    minutes = locked(minutes)
    if not minutes.attachments.exists():
        raise NotAllowedNow(_("The minutes have no attachments."))
    return _request(minutes, Kind.ATTACHMENTS, None, by=by, at=at)


def _request(
    minutes: Minutes, kind: Kind, item: AgendaItem | None, *, by: User | None, at: datetime | None
) -> Document:
    at = at or timezone.now()
    variant = composing.DRAFT if composing.is_draft(minutes) else composing.FINAL
    ids = {"minutes": minutes.pk, "negotiation": minutes.negotiation_id, "county": minutes.county_id}
    rows = stamp(SOURCES, ids, variant=variant, on=timezone.localdate(at))
    paper = MinutesPaper.objects.filter(minutes=minutes, kind=kind, item=item).first()
    if unchanged := request_unchanged(paper.document_id if paper else None, stamp=rows, by=by):
        return unchanged
    whole = composing.compose(minutes)
    context = told(whole, kind, item)
    title, file_name = named(minutes, context, kind)
    document = request_document(
        county=minutes.county,
        kind=DOCUMENT_KINDS[kind],
        context=context,
        language=context.language,
        variant=variant,
        title=title,
        file_name=file_name,
        by=by,
        at=at,
        stamp=rows,
    )
    MinutesPaper.objects.update_or_create(
        minutes=minutes, kind=kind, item=item, defaults={"county_id": minutes.county_id, "document": document}
    )
    record(minutes, "paper_requested", by=by, at=at, kind=kind.value, item=item.pk if item else None)
    return document


def told(context: MinutesContext, kind: Kind, item: AgendaItem | None = None) -> MinutesContext:
    """Return what a paper tells of the minutes.

    Raises NotAllowedNow where the item is not in them: it was added to the agenda after they were checked.
    """
    if kind == Kind.PUBLIC:
        return public_of(context)
    if kind == Kind.ATTACHMENTS or item is None:
        return context
    parts = [
        replace(part, items=[each for each in part.items if each.id == item.pk])
        for part in context.parts
        if any(each.id == item.pk for each in part.items)
    ]
    if not parts:
        raise NotAllowedNow(_("The item is not in these minutes."))
    return replace(
        context,
        parts=parts,
        enclosures=[enclosure for enclosure in context.enclosures if enclosure.item == item.pk],
        # An excerpt tells of one item alone.
        present=[],
        absent=[],
        not_recorded=[],
        further_measures=[],
        findings=[],
    )


def named(minutes: Minutes, context: MinutesContext, kind: Kind) -> tuple[str, str]:
    """Return the title of a paper and the name of its file. Titles of items are not told: one may not be public."""
    whole = title_of(minutes)
    if kind == Kind.PUBLIC and not context.is_public_variant:
        return whole[:300], f"{stem_of(minutes, context)}.pdf"
    with translation.override(context.language):
        label = {
            Kind.PUBLIC: _("Public variant"),
            Kind.EXCERPT: _("Excerpt"),
            Kind.ATTACHMENTS: _("List of attachments"),
        }[kind]
    title, after = f"{label}: {whole}", ""
    if kind == Kind.EXCERPT:
        [part] = context.parts
        [item] = part.items
        title += f", {County.Numbering(context.numbering).of(item.number)}"
        # Each part is numbered from one.
        if minutes.part is None:
            title += f" ({part.sections})"
            after = part.legal_basis[:8].replace("/", "-")
        after = f"{after} {item.number}"
    return title[:300], f"{stem_of(minutes, context, before=label, after=after)}.pdf"
