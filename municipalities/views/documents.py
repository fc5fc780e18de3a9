"""Documents: the list, one of them, its file, and another try where making it failed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from municipalities.access import Access, CountyRequest
from municipalities.documents import (
    PURPOSE,
    open_document,
    record_download,
    retention_days,
    step_label,
    visible_documents,
)
from municipalities.documents import retry as try_again
from municipalities.documents.history import history_of
from municipalities.models import Document
from municipalities.models.places import LANGUAGES
from municipalities.tables import Choice, Column, Kind, Search, Table

UNFINISHED = frozenset({Document.State.QUEUED, Document.State.RENDERING})

COLUMNS: tuple[Column[Document], ...] = (
    Column("asiakirja", gettext_lazy("Document"), lambda row: row.title, order="title"),
    Column("tilattu", gettext_lazy("Ordered"), lambda row: row.queued_at, order="queued_at", kind=Kind.MOMENT),
    Column(
        "tila",
        gettext_lazy("State and file"),
        lambda row: row.get_state_display(),
        order=("state", "-queued_at"),
        kind=Kind.STATE,
    ),
    Column("valmis", gettext_lazy("Ready"), lambda row: row.ready_at, kind=Kind.MOMENT, shown=False),
    Column("luonnos", gettext_lazy("A draft"), lambda row: row.variant == "draft", shown=False),
    Column("kieli", gettext_lazy("Language"), lambda row: row.language, shown=False),
    Column("sivuja", gettext_lazy("Pages"), lambda row: row.pages, kind=Kind.NUMBER, shown=False),
    Column("koko", gettext_lazy("Size, bytes"), lambda row: row.size, kind=Kind.NUMBER, shown=False),
    Column("tiedosto", gettext_lazy("File name"), lambda row: row.file_name, shown=False),
    Column("tiiviste", gettext_lazy("SHA-256 of the file"), lambda row: row.sha256, shown=False),
)
FILTERS = (
    Search[Document](by=("title",)),
    Choice[Document]("tila", gettext_lazy("State"), Document.State.choices, by="state"),
    Choice[Document]("kieli", gettext_lazy("Language"), LANGUAGES, by="language"),
)


def can_retry(access: Access) -> bool:
    """Have a failed document made again: the coordinator."""
    return access.is_coordinator


def _show(document: Document) -> Document:
    """Tell what the worker is doing, in words, for the templates."""
    document.step_words = step_label(document) if document.state in UNFINISHED else ""  # type: ignore[attr-defined]
    return document


def _about_downloads(request: CountyRequest) -> dict[str, Any]:
    """Tell why downloads are recorded, and for how long: in years where the days are whole years."""
    days = retention_days(request.county)
    return {"purpose": PURPOSE, "retention_days": days, "retention_years": 0 if days % 365 else days // 365}


@require_safe
def documents(request: CountyRequest, county: str) -> HttpResponse:
    """List the documents, the latest first, with how far the unfinished ones are."""
    table: Table[Document] = Table(
        request,
        visible_documents(request.access).defer("context"),
        COLUMNS,
        name=_("Documents"),
        filters=FILTERS,
        sort="-tilattu",
        compose=lambda rows: [_show(document) for document in rows],
    )
    if answer := table.file():
        return answer
    context = {
        "table": table,
        "running": any(document.state in UNFINISHED for document in table.rows),
        "can_retry": can_retry(request.access),
        **_about_downloads(request),
    }
    return render(request, "municipalities/documents.html", context)


@require_safe
def document(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show a document and how far it is. Asked by htmx, give only the part that changes."""
    row = _show(get_object_or_404(visible_documents(request.access).defer("context"), pk=pk))
    context = {
        "document": row,
        "running": row.state in UNFINISHED,
        "can_retry": can_retry(request.access),
        **_about_downloads(request),
    }
    if request.headers.get("HX-Request"):
        part = "row" if request.GET.get("osa") == "rivi" else "panel"
        return render(request, f"municipalities/document_{part}.html", context)
    # Who did what is the county's own to know.
    context["log"] = history_of(row) if can_retry(request.access) else []
    return render(request, "municipalities/document.html", context)


@require_safe
def download(request: CountyRequest, county: str, pk: int) -> HttpResponse | FileResponse:
    """Send the PDF and log who took it; what the browser has already is neither sent nor logged again."""
    row = get_object_or_404(visible_documents(request.access).defer("context"), pk=pk)
    stored = open_document(row)
    if _has_it(request, stored.etag):
        stored.file.close()
        answer: HttpResponse | FileResponse = HttpResponseNotModified()
    else:
        if request.method == "GET":
            record_download(row, user=request.user)
        answer = FileResponse(
            stored.file, as_attachment=True, filename=stored.file_name, content_type=stored.content_type
        )
    answer["ETag"] = stored.etag
    # Kept by the browser alone, and asked about each time: who may see a document can change.
    answer["Cache-Control"] = "private, no-cache"
    return answer


def _has_it(request: HttpRequest, etag: str) -> bool:
    return etag in parse_etags(request.headers.get("If-None-Match", ""))


@require_POST
def retry(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Have a document that failed made again."""
    row = get_object_or_404(visible_documents(request.access).defer("context"), pk=pk)
    request.access.require(can_retry(request.access))
    try_again(row, by=request.user)
    messages.success(request, _("“%(title)s” is being made again.") % {"title": row.title})
    return redirect("document", county=county, pk=pk)
