"""Papers made of minutes: the public variant, excerpts, the list of attachments, Word, and the package."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from municipalities.access import CountyRequest
from municipalities.events import record
from municipalities.models import Document
from municipalities.views.moving import leading_back
from municipalities.word import MEDIA_TYPE as WORD
from negotiations.minutes import package, papers
from negotiations.minutes.attachment_forms import items_told
from negotiations.minutes.composing import compose, is_draft, stem_of
from negotiations.minutes.publicity import public_of
from negotiations.minutes.reading import title_of
from negotiations.minutes.views.tab import movable, tab_of
from negotiations.minutes.word import minutes_docx
from negotiations.models import AgendaItem, Minutes, MinutesPaper
from negotiations.permissions import reads_whole, visible_minutes

PUBLIC_VARIANT = "julkinen"
# The largest id that PostgreSQL can be asked for.
MOST_DIGITS = 18


@dataclass(frozen=True)
class Excerpt:
    """An item of which an excerpt can be made, and the document where one has been made."""

    item: AgendaItem
    document: Document | None


def page_of(request: CountyRequest, minutes: Minutes) -> str:
    """Return the address of the page of papers."""
    return reverse("minutes_papers", args=[request.county.slug, minutes.pk])


@require_safe
def minutes_papers(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show what can be made of the minutes, and what has been made. A constant number of queries."""
    minutes = movable(request, pk)
    negotiation = minutes.negotiation
    made = {
        (paper.kind, paper.item_id): paper.document
        for paper in MinutesPaper.objects.filter(minutes=minutes).select_related("document").defer("document__context")
    }
    attachments = list(minutes.attachments.all())
    items = [] if minutes.corrects_id else list(items_told(minutes))
    secrets = [item for item in items if item.secrecy_ground]
    return render(
        request,
        "negotiations/minutes_papers_page.html",
        {
            "negotiation": negotiation,
            "minutes": minutes,
            "title": title_of(minutes),
            "back": f"{tab_of(request, minutes)}#poytakirja-{minutes.pk}",
            "is_draft": is_draft(minutes),
            "public": made.get((MinutesPaper.Kind.PUBLIC, None)),
            "attachment_list": made.get((MinutesPaper.Kind.ATTACHMENTS, None)),
            "excerpts": [Excerpt(item, made.get((MinutesPaper.Kind.EXCERPT, item.pk))) for item in items],
            "attachments": attachments,
            "secrets": len(secrets),
            "secret_attachments": sum(
                bool(each.secrecy_ground or each.item_id in {item.pk for item in secrets}) for each in attachments
            ),
            "tells_part": len({item.part_id for item in items}) > 1,
        },
    )


# --- Asked for ------------------------------------------------------------------------------------------------


@require_POST
def minutes_public(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Have the public variant made."""
    minutes = movable(request, pk)
    with leading_back(page_of(request, minutes)):
        document = papers.request_public(minutes, by=request.user)
    return _ordered(request, document)


@require_POST
def minutes_excerpt(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Have an excerpt of one item made."""
    minutes = movable(request, pk)
    asked = request.POST.get("item", "")
    if not (asked.isascii() and asked.isdigit() and len(asked) <= MOST_DIGITS):
        raise Http404
    item = get_object_or_404(items_told(minutes), pk=int(asked))
    with leading_back(page_of(request, minutes)):
        document = papers.request_excerpt(minutes, item, by=request.user)
    return _ordered(request, document)


@require_POST
def minutes_attachment_list(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Have the list of attachments made."""
    minutes = movable(request, pk)
    with leading_back(page_of(request, minutes)):
        document = papers.request_attachment_list(minutes, by=request.user)
    return _ordered(request, document)


def _ordered(request: CountyRequest, document: Document) -> HttpResponse:
    messages.success(request, _("“%(title)s” has been ordered.") % {"title": document.title})
    return redirect("document", county=request.county.slug, pk=document.pk)


# --- Given at once --------------------------------------------------------------------------------------------


@require_safe
def minutes_word(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Send the minutes as a Word file: whole to the parties, in the public variant to others."""
    minutes: Minutes = get_object_or_404(
        visible_minutes(request.access).select_related("negotiation__county__area", "part"), pk=pk
    )
    context = compose(minutes)
    is_public = request.GET.get("versio") == PUBLIC_VARIANT or not reads_whole(request.access, minutes.negotiation)
    if is_public:
        context = public_of(context)
    content = minutes_docx(context, title=title_of(minutes), colour=request.county.colour)
    before = _("public") if context.is_public_variant else ""
    return _file(content, WORD, f"{stem_of(minutes, context, before=before)}.docx")


@require_safe
def minutes_package(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Send the package for the case management system: whole, or the public variant; it is told in the log."""
    minutes = movable(request, pk)
    is_public = request.GET.get("versio") == PUBLIC_VARIANT
    with leading_back(page_of(request, minutes)):
        name, content = package.package_of(minutes, public=is_public)
    if request.method == "GET":
        record(minutes, "package_taken", by=request.user, is_public=is_public)
    return _file(content, package.MEDIA_TYPE, name)


def _file(content: bytes, media_type: str, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=media_type)
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer
