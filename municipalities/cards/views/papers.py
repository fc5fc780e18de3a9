"""A version of a card as a document and as a Word file."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.views.decorators.http import require_POST, require_safe

from municipalities.access import CountyRequest
from municipalities.cards.content import thaw
from municipalities.cards.paper import request_card_document, title_of
from municipalities.cards.visibility import visible_versions
from municipalities.cards.word import card_docx
from municipalities.models import CardVersion
from municipalities.word import MEDIA_TYPE


def _version(request: CountyRequest, pk: int) -> CardVersion:
    """Return a version that the user may read. Raises Http404 for any other."""
    version: CardVersion = get_object_or_404(
        visible_versions(request.access).select_related("card", "county__area"), pk=pk
    )
    return version


@require_POST
def card_paper(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Have a version printed, and lead to the page of its document."""
    document = request_card_document(_version(request, pk), by=request.user)
    return redirect("document", county=county, pk=document.pk)


@require_safe
def card_word(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Send a version as a Word file, to be worked on."""
    content = thaw(_version(request, pk))
    answer = HttpResponse(card_docx(content, colour=request.county.colour), content_type=MEDIA_TYPE)
    name = f"{slugify(title_of(content))[:180]}.docx"
    answer["Content-Disposition"] = content_disposition_header(True, name) or ""
    return answer
