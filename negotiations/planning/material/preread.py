"""The material of a negotiation as a document: read, made as a draft to look at, and frozen when it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.text import slugify
from django.utils.translation import gettext as _

from indicators.figures import read_figures
from indicators.models import Indicator
from municipalities.access import Access
from municipalities.cards import visibility
from municipalities.cards.content import CardContent, thaw
from municipalities.cards.paper import cited_sources
from municipalities.documents import request_document
from municipalities.documents import thaw as thaw_document
from municipalities.events import record
from municipalities.models import CardVersion, Document, Municipality, User
from municipalities.moves import NotAllowedNow, locked
from negotiations.models import Highlight, Negotiation, PreRead, PreReadCard
from negotiations.permissions import visible_negotiations
from negotiations.planning.highlights.suggesting import figures_of, municipalities_in, year_of
from negotiations.planning.material.context import (
    ROOMS,
    SECOND_PAGE,
    Digest,
    HighlightFigure,
    HighlightLine,
    PlaceFigure,
    PreReadContext,
    PriorityPart,
    Room,
    Source,
    Town,
    cited,
    first_lines,
    second_page_height,
    shortened,
)
from negotiations.planning.negotiations import parties_of, with_parties
from negotiations.planning.timing import Timing

KIND = "pre_read"
DRAFT, FINAL = "draft", "final"


# --- Who may see it -----------------------------------------------------------------------------------------------


def visible_pre_reads(access: Access) -> QuerySet[PreRead]:
    """Material that was sent: for those who may see its negotiation."""
    sent: QuerySet[PreRead] = PreRead.objects.all()
    if access.is_coordinator:
        return sent
    return sent.filter(negotiation__in=visible_negotiations(access).order_by().values("pk"))


def visible_material(access: Access) -> QuerySet[Document]:
    """Documents of material: all for the coordinator, for others what was sent to negotiations that they may see."""
    documents: QuerySet[Document] = Document.objects.filter(kind=KIND)
    if access.is_coordinator:
        return documents
    return documents.filter(pk__in=visible_pre_reads(access).order_by().values("document"))


def drafts_of(negotiation: Negotiation) -> QuerySet[Document]:
    """Return the drafts that were made of a negotiation's material, the latest first."""
    drafts: QuerySet[Document] = Document.objects.filter(
        kind=KIND, variant=DRAFT, context__doc__negotiation_id=negotiation.pk
    )
    return drafts.order_by("-queued_at", "-pk")


# --- Reading ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CardsThere:
    """The last sent version of each municipality's card, and the municipalities that have sent none."""

    versions: tuple[CardVersion, ...]
    without: tuple[Municipality, ...]


def cards_for(negotiation: Negotiation) -> CardsThere:
    """Return the last final versions of the cards of a negotiation's year. Its parties have been fetched; one query.

    What waits for an approval, or was returned to be mended, is not for the other parties to read.
    """
    members = municipalities_in(negotiation)
    sent = CardVersion.objects.filter(
        visibility.FINAL, card__card_year__year=year_of(negotiation), card__municipality__in=members
    )
    rows = sent.select_related("card").order_by("card_id", "-number").distinct("card_id")
    latest = {row.card.municipality_id: row for row in rows}
    return CardsThere(
        tuple(latest[row.pk] for row in members if row.pk in latest),
        tuple(row for row in members if row.pk not in latest),
    )


def read_material(pk: int) -> Negotiation:
    """Return a negotiation with all that its material is read from."""
    negotiation: Negotiation = (
        Negotiation.objects.select_related("county__area", "round").prefetch_related(with_parties(), "parts").get(pk=pk)
    )
    return negotiation


def compose(negotiation: Negotiation, cards: CardsThere) -> PreReadContext:
    """Read everything that the material tells, in its negotiation's language; as many queries for much as for little.

    The negotiation must have been read by `read_material`.
    """
    with translation.override(negotiation.language):
        highlights = list(
            Highlight.objects.filter(negotiation=negotiation).select_related("priority").order_by("position", "pk")
        )
        priorities = _priorities(highlights)
        members = municipalities_in(negotiation)
        contents = [(version, thaw(version)) for version in cards.versions]
        sources = cited(
            [
                *(each for _version, content in contents for each in cited_sources(content)),
                *_sources_of(negotiation, priorities),
            ]
        )
        expected = (
            _("Read the highlights before the negotiation. It takes about ten minutes."),
            _(
                "Think of your own municipality or organisation: which of the highlights do you recognise, and what is"
                " missing?"
            ),
            _("Choose one thing that you can promise to do, and one that you need from the others."),
        )
        return PreReadContext(
            negotiation_id=negotiation.pk,
            title=negotiation.title,
            round_name=negotiation.round.name if negotiation.round else "",
            language=negotiation.language,
            when=Timing.of(negotiation).words,
            place=negotiation.place,
            mode=str(Negotiation.Mode(negotiation.mode).label) if negotiation.mode else "",
            legal_bases=tuple(part.legal_basis for part in negotiation.parts.all()),
            municipalities=tuple(Town(row.area.name_in(negotiation.language), row.population) for row in members),
            others=sum(party.municipality_id is None for party in parties_of(negotiation)),
            priorities=priorities,
            digests=_digests(contents, expected, sources),
            without_card=tuple(row.area.name_in(negotiation.language) for row in cards.without),
            expected=expected,
            sources=sources,
        )


def _priorities(highlights: list[Highlight]) -> tuple[PriorityPart, ...]:
    """Return the highlights by priority, in the order of the priorities; those of none last."""
    rows = {highlight.priority_id: highlight.priority for highlight in highlights}
    ordered = sorted(
        rows.items(), key=lambda item: (item[1] is None, (item[1].position, item[1].pk) if item[1] else (0, 0))
    )
    return tuple(
        PriorityPart(
            name=priority.name if priority else "",
            highlights=tuple(_highlight(row) for row in highlights if row.priority_id == key),
        )
        for key, priority in ordered
    )


def _highlight(row: Highlight) -> HighlightLine:
    figures = tuple(
        HighlightFigure(
            indicator=behind.indicator,
            name=behind.name,
            unit_label=behind.unit_label,
            decimals=behind.decimals,
            year=behind.year,
            first_year=behind.first_year,
            group=behind.group,
            county=behind.county,
            municipalities=tuple(PlaceFigure(place.name, place.value) for place in behind.municipalities),
            is_example=behind.is_example,
        )
        for behind in figures_of(row)
    )
    return HighlightLine(row.kind, str(row.get_kind_display()), " ".join(row.text.split()), figures)


def _digests(
    contents: list[tuple[CardVersion, CardContent]], expected: tuple[str, ...], sources: tuple[Source, ...]
) -> tuple[Digest, ...]:
    """Return the digests, all as long as they can be so that the second page holds them."""
    digests: tuple[Digest, ...] = ()
    for room in ROOMS:
        digests = tuple(_digest(version, content, room) for version, content in contents)
        if second_page_height(digests, expected, sources) <= SECOND_PAGE:
            break
    return digests


def _digest(version: CardVersion, content: CardContent, room: Room) -> Digest:
    """Return a card in short: its features up to a whole sentence, and the first lines of its lists."""
    swot = tuple(
        (name, first_lines(texts, most=room.lines, letters=room.letters)) for name, texts in content.swot if texts
    )
    proposals = first_lines(
        [proposal.text for proposal in content.proposals], most=room.proposals, letters=room.letters * 2
    )
    lines = sum(len(texts) for _name, texts in content.swot) + len(content.proposals)
    return Digest(
        municipality=content.municipality,
        population=content.population,
        year=content.year,
        version=version.number,
        features=shortened(content.features, room.features),
        swot=swot,
        proposals=proposals,
        more=lines - sum(len(texts) for _name, texts in swot) - len(proposals),
    )


def _sources_of(negotiation: Negotiation, priorities: tuple[PriorityPart, ...]) -> list[tuple[str, bool]]:
    """Return the sources of the figures that the highlights rest on, which need not be on the cards."""
    ids = {figure.indicator for part in priorities for figure in part.figures}
    if not ids:
        return []
    figures = read_figures(
        list(Indicator.objects.filter(pk__in=ids)),
        [negotiation.county.area, *(row.area for row in municipalities_in(negotiation))],
        year=year_of(negotiation),
        language=negotiation.language,
        latest=1,
    )
    return [(origin.line, origin.is_example) for origin in figures.origins()]


# --- Making and sending -------------------------------------------------------------------------------------------


@transaction.atomic
def request_pre_read(negotiation: Negotiation, *, by: User | None, at: datetime | None = None) -> Document:
    """Have the material made as it is now, marked as a draft, for looking at. Nobody but the county sees it.

    Raises NotAllowedNow where there is nothing to tell.
    """
    negotiation = read_material(negotiation.pk)
    cards = cards_for(negotiation)
    return _request(compose(negotiation, cards), negotiation, variant=DRAFT, by=by, at=at)


@transaction.atomic
def send_material(negotiation: Negotiation, *, by: User | None, at: datetime | None = None) -> PreRead:
    """Freeze the material of a negotiation as it is now, with the last sent version of each municipality's card.

    From then on those who may see the negotiation may see it. Nothing is mailed. Raises NotAllowedNow for a negotiation
    that was cancelled, where there is nothing to tell, and where nothing has changed since it was sent.
    """
    if locked(negotiation).state == Negotiation.State.CANCELLED:
        raise NotAllowedNow(_("The negotiation was cancelled. Take it back to planned first."))
    negotiation = read_material(negotiation.pk)
    cards = cards_for(negotiation)
    context = compose(negotiation, cards)
    former = last_sent(negotiation)
    if former is not None and thaw_document(former.document).doc == context:
        raise NotAllowedNow(_("Nothing has changed since the material was confirmed, so there is nothing to confirm."))
    document = _request(context, negotiation, variant=FINAL, by=by, at=at)
    sent: PreRead = PreRead.objects.create(
        county_id=negotiation.county_id,
        negotiation=negotiation,
        number=former.number + 1 if former else 1,
        document=document,
        sent_at=at or timezone.now(),
        sent_by=by,
    )
    PreReadCard.objects.bulk_create(
        PreReadCard(county_id=negotiation.county_id, pre_read=sent, version=version) for version in cards.versions
    )
    record(
        negotiation,
        "material_sent",
        by=by,
        at=at,
        number=sent.number,
        document=document.pk,
        versions=[version.pk for version in cards.versions],
    )
    return sent


def last_sent(negotiation: Negotiation) -> PreRead | None:
    """Return the material that was sent last, if any, with its document."""
    sent = PreRead.objects.filter(negotiation=negotiation).select_related("document").order_by("-number")
    found: PreRead | None = sent.first()
    return found


def _request(
    context: PreReadContext, negotiation: Negotiation, *, variant: str, by: User | None, at: datetime | None
) -> Document:
    if not context.priorities and not context.digests:
        raise NotAllowedNow(
            _("There is nothing in the material yet. Write a highlight, or wait until a municipality sends its card.")
        )
    with translation.override(context.language):
        title = _("Highlights of the negotiation: %(title)s") % {"title": context.title}
        stem = _("Highlights")
    return request_document(
        county=negotiation.county,
        kind=KIND,
        context=context,
        language=context.language,
        variant=variant,
        title=title[:300],
        file_name=f"{slugify(f'{stem} {context.title} {negotiation.earliest:%Y-%m-%d}')[:180]}.pdf",
        by=by,
        at=at,
    )
