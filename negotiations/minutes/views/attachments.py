"""The attachments that minutes name: added, renamed, put in order and removed while the minutes are a draft."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from municipalities.access import CountyRequest
from municipalities.moves import NotAllowedNow
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from municipalities.views.undoing import offer_undo, undone
from negotiations.minutes import attachments
from negotiations.minutes.attachment_forms import AttachmentForm
from negotiations.minutes.forms import AttachmentsForm
from negotiations.minutes.views.tab import movable, tab_of
from negotiations.minutes.writing import require_draft
from negotiations.models import AttachedFile, Minutes, MinutesAttachment
from negotiations.permissions import can_move_minutes, visible_attachments, visible_minutes
from negotiations.sitting.files import file_response


def _attachment(request: CountyRequest, pk: int) -> MinutesAttachment:
    """Return an attachment of minutes that the user may change."""
    attachment: MinutesAttachment = get_object_or_404(
        MinutesAttachment.objects.filter(minutes__in=visible_minutes(request.access)).select_related(
            "minutes__negotiation"
        ),
        pk=pk,
    )
    request.access.require(can_move_minutes(request.access, attachment.minutes))
    return attachment


def _list_of(request: CountyRequest, minutes: Minutes) -> str:
    """Return the address of the list of the attachments, on the tab."""
    return f"{tab_of(request, minutes)}#liitteet-{minutes.pk}"


def _crumbs(request: CountyRequest, minutes: Minutes) -> dict[str, object]:
    return {"crumbs": [(tab_of(request, minutes), minutes.negotiation.title)], "lead": minutes.negotiation.title}


@require_http_methods(["GET", "HEAD", "POST"])
def minutes_attachments_add(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Add attachments, one a line."""
    minutes = movable(request, pk)
    back = _list_of(request, minutes)
    with leading_back(back):
        require_draft(minutes)

    def done(added: list[MinutesAttachment]) -> str:
        return ngettext("%(count)s attachment was added.", "%(count)s attachments were added.", len(added)) % {
            "count": len(added)
        }

    return edit(
        request,
        AttachmentsForm,
        save=lambda form: attachments.add_attachments(minutes, form.cleaned_data["titles"], by=request.user),
        title=_("List attachments without a file"),
        back=back,
        done=done,
        context=_crumbs(request, minutes),
    )


def _keeping(save: Callable[[Any], object]) -> Callable[[Any], object]:
    """Have a refusal shown beside what was chosen and typed: the minutes may have been sent while one writes."""

    def saved(form: Any) -> object:
        try:
            return save(form)
        except NotAllowedNow as refusal:
            raise ValidationError(str(refusal)) from refusal

    return saved


@require_http_methods(["GET", "HEAD", "POST"])
def minutes_attachment_new(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Attach something to the minutes: a title, the file, the item, the ground where it is not public."""
    minutes = movable(request, pk)
    back = _list_of(request, minutes)
    with leading_back(back):
        require_draft(minutes)
    return edit(
        request,
        partial(AttachmentForm, minutes=minutes),
        save=_keeping(
            lambda form: attachments.attach(
                minutes,
                form.cleaned_data["title"],
                upload=form.cleaned_data["upload"],
                item=form.cleaned_data["item"],
                secrecy_ground=form.cleaned_data["secrecy_ground"],
                by=request.user,
            )
        ),
        title=_("Attach to the minutes"),
        back=back,
        done=_("The attachment was saved."),
        submit=_("Attach"),
        context=_crumbs(request, minutes),
    )


@require_safe
def minutes_attachment_file(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Give the file of an attachment to those who may read it; one that is not public only to the parties."""
    attachment = get_object_or_404(visible_attachments(request.access).filter(file__isnull=False), pk=pk)
    return file_response(AttachedFile.objects.get(pk=attachment.file_id or 0))


@require_http_methods(["GET", "HEAD", "POST"])
def minutes_attachment(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Change an attachment: its title, its file, its item and its ground for secrecy."""
    attachment = _attachment(request, pk)
    back = _list_of(request, attachment.minutes)
    with leading_back(back):
        require_draft(attachment.minutes)
    return edit(
        request,
        partial(AttachmentForm, minutes=attachment.minutes),
        row=attachment,
        under=attachment.minutes,
        save=_keeping(
            lambda form: attachments.change_attachment(
                form.save(commit=False),
                upload=form.cleaned_data["upload"],
                without_file=form.cleaned_data.get("without_file", False),
                by=request.user,
            )
        ),
        title=_("Attachment %(number)s") % {"number": attachment.position},
        back=back,
        done=_("The attachment was saved."),
        context=_crumbs(request, attachment.minutes),
    )


@require_POST
def minutes_attachment_move(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Move an attachment one place up, or down."""
    attachment = _attachment(request, pk)
    back = _list_of(request, attachment.minutes)
    with leading_back(back):
        attachments.move_attachment(attachment, up=request.POST.get("direction") != "down", by=request.user)
    return redirect(back)


@require_POST
def minutes_attachment_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove an attachment; the page that follows offers to bring it back."""
    attachment = _attachment(request, pk)
    minutes = attachment.minutes
    with leading_back(_list_of(request, minutes)):
        values = attachments.remove_attachment(attachment, by=request.user)
    offer_undo(
        request,
        words=_("The attachment was removed: %(title)s.") % {"title": values["title"]},
        url=reverse("minutes_attachments_undo", args=[county, minutes.pk]),
        values=values,
    )
    return redirect(tab_of(request, minutes))


@require_POST
def minutes_attachments_undo(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Bring back an attachment that was removed, in its place."""
    minutes = movable(request, pk)
    back = _list_of(request, minutes)
    with leading_back(back):
        attachments.restore_attachment(minutes, undone(request), by=request.user)
    return redirect(back)
