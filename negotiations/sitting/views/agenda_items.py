"""One item of an agenda: its planned fields, what is linked with it, and what is attached to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from municipalities.access import CountyRequest
from municipalities.moves import NotAllowedNow
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from municipalities.views.undoing import offer_undo, undo_offered, undone
from negotiations.models import AgendaAttachment, AgendaItem
from negotiations.permissions import can_edit, visible_negotiations
from negotiations.planning.negotiations import require_open
from negotiations.planning.views.negotiations import crumbs_of
from negotiations.sitting import agenda as rules
from negotiations.sitting import attachments
from negotiations.sitting.files import file_response
from negotiations.sitting.forms.agenda import AttachmentForm, ItemForm
from negotiations.sitting.views.agenda import back_to, item_of, page_of

UPLOADED = frozenset({"upload", "without_file"})


@require_http_methods(["GET", "HEAD", "POST"])
def agenda_item_edit(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Edit an item: matter, background, presenter, time, ground for secrecy, indicators and earlier measures."""
    item = item_of(request, pk)
    shown = item.part.negotiation
    here = page_of(county, shown)
    with leading_back(here):
        require_open(shown)
    return edit(
        request,
        ItemForm,
        save=lambda form: rules.change_item(
            form.save(commit=False),
            fields=form.changed_names,
            indicators=form.cleaned_data["indicators"],
            measures=form.cleaned_data["measures_followed"],
            by=request.user,
        ),
        row=item,
        under=shown,
        title=_("Edit the item"),
        back=here,
        done=_("The item was saved."),
        then=back_to(here, pk, "muokkaa"),
        template="negotiations/agenda_item.html",
        context={
            "crumbs": [*crumbs_of(county, shown), (here, _("Agenda"))],
            "item": item,
            "attachments": item.attachments.select_related("file").defer("file__content").order_by("position"),
            "undo": undo_offered(request) if request.method != "POST" else None,
        },
    )


# --- What is attached -----------------------------------------------------------------------------------------


def _attachment(request: CountyRequest, pk: int) -> AgendaAttachment:
    """Return an attachment that the user may change: 404 for one they may not know of, 403 where they may not."""
    row: AgendaAttachment = get_object_or_404(
        AgendaAttachment.objects.select_related("item__part__negotiation__round", "file").defer("file__content"),
        pk=pk,
        item__part__negotiation__in=visible_negotiations(request.access),
    )
    request.access.require(can_edit(request.access))
    return row


def _list_of(county: str, item: AgendaItem) -> str:
    return reverse("agenda_item_edit", args=[county, item.pk]) + "#liitteet"


def _under(county: str, item: AgendaItem) -> dict[str, Any]:
    negotiation = item.part.negotiation
    crumbs = [
        *crumbs_of(county, negotiation),
        (page_of(county, negotiation), _("Agenda")),
        (reverse("agenda_item_edit", args=[county, item.pk]), item.title),
    ]
    return {"crumbs": crumbs, "lead": item.title}


def _keeping(save: Callable[[Any], object]) -> Callable[[Any], object]:
    """Have a refusal shown beside what was chosen and typed: the agenda may be locked while one writes."""

    def saved(form: Any) -> object:
        try:
            return save(form)
        except NotAllowedNow as refusal:
            raise ValidationError(str(refusal)) from refusal

    return saved


@require_http_methods(["GET", "HEAD", "POST"])
def agenda_attachment_new(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Attach something to an item: a title, the file where there is one, the ground where it is not public."""
    item = item_of(request, pk)
    with leading_back(page_of(county, item.part.negotiation)):
        require_open(item.part.negotiation)
    return edit(
        request,
        AttachmentForm,
        save=_keeping(
            lambda form: attachments.add_attachment(
                item,
                form.cleaned_data["title"],
                upload=form.cleaned_data["upload"],
                secrecy_ground=form.cleaned_data["secrecy_ground"],
                by=request.user,
            )
        ),
        under=item.part.negotiation,
        title=_("Attach to the item"),
        back=_list_of(county, item),
        done=_("The attachment was saved."),
        submit=_("Attach"),
        context=_under(county, item),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def agenda_attachment(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Change an attachment: its title, its ground for secrecy, and its file."""
    row = _attachment(request, pk)
    with leading_back(page_of(county, row.item.part.negotiation)):
        require_open(row.item.part.negotiation)
    return edit(
        request,
        AttachmentForm,
        save=_keeping(
            lambda form: attachments.change_attachment(
                form.save(commit=False),
                fields=form.changed_names,
                upload=form.cleaned_data["upload"],
                without_file=form.cleaned_data.get("without_file", False),
                by=request.user,
            )
        ),
        row=row,
        under=row.item.part.negotiation,
        title=_("Edit the attachment"),
        back=_list_of(county, row.item),
        done=_("The attachment was saved."),
        context=_under(county, row.item),
    )


@require_POST
def agenda_attachment_move(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Move an attachment a place up or down."""
    row = _attachment(request, pk)
    direction = request.POST.get("direction", "")
    if direction not in {"up", "down"}:
        raise Http404
    with leading_back(page_of(county, row.item.part.negotiation)):
        attachments.move_attachment(row, steps=1 if direction == "down" else -1, by=request.user)
    return redirect(_list_of(county, row.item))


@require_POST
def agenda_attachment_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove an attachment; the page that follows offers it back."""
    row = _attachment(request, pk)
    item = row.item
    with leading_back(page_of(county, item.part.negotiation)):
        kept = attachments.remove_attachment(row, by=request.user)
    offer_undo(
        request,
        words=_("The attachment was removed: %(title)s.") % {"title": row.title},
        url=reverse("agenda_attachment_restore", args=[county, item.pk]),
        values=kept,
    )
    # Without a place on the page: the offer to undo stands first.
    return redirect(reverse("agenda_item_edit", args=[county, item.pk]))


@require_POST
def agenda_attachment_restore(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Bring back an attachment that was removed."""
    item = item_of(request, pk)
    with leading_back(page_of(county, item.part.negotiation)):
        attachments.restore_attachment(item, undone(request), by=request.user)
    return redirect(_list_of(county, item))


@require_safe
def agenda_attachment_file(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Give the file of an attachment to those who may see the negotiation: the coordinator and the parties.

    One that is not public too: its parties are who it is for. Everybody else is answered 404.
    """
    row: AgendaAttachment = get_object_or_404(
        AgendaAttachment.objects.select_related("file"),
        pk=pk,
        item__part__negotiation__in=visible_negotiations(request.access),
    )
    if row.file is None:
        raise Http404
    return file_response(row.file)
