"""What is sent of a negotiation's material: made as a draft, confirmed, and had as slides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from municipalities.access import Access, CountyRequest
from municipalities.cards.content import thaw as card_content
from municipalities.documents import thaw
from municipalities.models import Document, Download, Municipality
from municipalities.views.moving import leading_back
from negotiations.models import Negotiation, PreRead, PreReadCard
from negotiations.permissions import can_edit, visible_negotiations
from negotiations.planning.material.context import PreReadContext
from negotiations.planning.material.preread import (
    cards_for,
    drafts_of,
    request_pre_read,
    send_material,
    visible_pre_reads,
)
from negotiations.planning.views.negotiations import editable

# In the address: the slides of the latest draft, and not of what was confirmed.
DRAFT = "luonnos"


@dataclass(frozen=True)
class MaterialPapers:
    """What the tab shows of the papers of a negotiation's material."""

    # The latest first.
    sent: Sequence[PreRead]
    may_send: bool
    draft: Document | None
    # The municipalities that have sent no card.
    without: list[Municipality]
    cards: int

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing for this user to see or do."""
        return not self.sent and not self.may_send


def material_papers(access: Access, negotiation: Negotiation) -> MaterialPapers:
    """Return the papers of a negotiation whose parties have been fetched. Two queries, two more for the county."""
    rows = visible_pre_reads(access).filter(negotiation=negotiation).select_related("document", "sent_by")
    cards_sent = PreReadCard.objects.select_related("version__card__municipality__area").defer("version__content")
    sent = list(rows.prefetch_related(Prefetch("cards", cards_sent)).defer("document__context").order_by("-number"))
    may_send = can_edit(access) and negotiation.state != Negotiation.State.CANCELLED
    if not may_send:
        return MaterialPapers(sent, False, None, [], 0)
    cards = cards_for(negotiation)
    draft = drafts_of(negotiation).defer("context").first()
    return MaterialPapers(sent, True, draft, list(cards.without), len(cards.versions))


def confirmed_content(papers: MaterialPapers) -> PreReadContext | None:
    """Return what was confirmed last, as it was frozen; None before that. One query."""
    if not papers.sent:
        return None
    content: PreReadContext = thaw(Document.objects.get(pk=papers.sent[0].document_id)).doc
    return content


def _tab(county: str, pk: int) -> str:
    return reverse("negotiation_material", args=[county, pk]) + "#paperit"


@require_POST
def pre_read_render(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Have the material made into a draft, to be looked at before it is confirmed."""
    shown = editable(request, pk)
    with leading_back(_tab(county, pk)):
        document = request_pre_read(shown, by=request.user)
    messages.success(request, _("A draft of the material has been ordered."))
    return redirect("document", county=county, pk=document.pk)


@require_POST
def material_send(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Confirm the material: freeze it, and show it to those who may see the negotiation."""
    shown = editable(request, pk)
    with leading_back(_tab(county, pk)):
        sent = send_material(shown, by=request.user)
    messages.success(
        request,
        _("Version %(number)s of the material was confirmed. The parties see it on the page of the negotiation.")
        % {"number": sent.number},
    )
    return redirect(_tab(county, pk))


@require_safe
def material_card(request: CountyRequest, county: str, pk: int, version: int) -> HttpResponse:
    """Show a card as it went with the material, to those who may see the negotiation."""
    shown: Negotiation = get_object_or_404(visible_negotiations(request.access), pk=pk)
    row = (
        PreReadCard.objects.filter(pre_read__in=visible_pre_reads(request.access).filter(negotiation=shown))
        .select_related("version__card__municipality__area", "version__card__card_year")
        .filter(version=version)
        .first()
    )
    if row is None:
        raise Http404
    context = {
        "negotiation": shown,
        "version": row.version,
        "municipality": row.version.card.municipality,
        "content": card_content(row.version),
    }
    return render(request, "negotiations/material_card.html", context)


@require_safe
def material_slides(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Send the slides of what was confirmed last; where nothing has been, or it is asked for, of the latest draft.

    Drafts are the county's alone. Who took them is logged, as for the two pages.
    """
    shown: Negotiation = get_object_or_404(visible_negotiations(request.access), pk=pk)
    document = None
    if DRAFT not in request.GET:
        sent = visible_pre_reads(request.access).filter(negotiation=shown).select_related("document")
        last = sent.order_by("-number").first()
        document = last.document if last else None
    if document is None and can_edit(request.access):
        document = drafts_of(shown).first()
    if document is None:
        raise Http404
    # Takes a while to load, and every start of a process would wait for it.
    from negotiations.planning.material.slides import MEDIA_TYPE, slides_of

    content = slides_of(document)
    if request.method == "GET":
        Download.objects.create(county=request.county, document=document, user=request.user)
    answer = HttpResponse(content, content_type=MEDIA_TYPE)
    name = f"{document.file_name.removesuffix('.pdf')}.pptx"
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return answer
