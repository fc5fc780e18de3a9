"""A workshop on its day, for the coordinators: opened and closed, its groups, and the board with its moderation."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

import qrcode
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from qrcode.image.svg import SvgPathImage

from municipalities.access import CountyRequest
from municipalities.models import Priority
from municipalities.moves import NotAllowedNow
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from municipalities.views.undoing import offer_undo, undo_offered, undo_token, undone
from negotiations.models import Negotiation, NoteHeading, Workshop
from negotiations.permissions import can_edit, visible_negotiations
from negotiations.sitting.forms.workshop_day import GroupsForm, HeadingForm, OpenForm
from negotiations.sitting.workshop_day import board, grouping
from negotiations.sitting.workshop_day.opening import (
    close_workshop,
    is_taking_notes,
    open_workshop,
    reopen_workshop,
    save_groups,
    why_not_open,
)
from negotiations.sitting.workshop_day.posting import read_id, tidy

T = TypeVar("T")
# In the address of the board: shown on the wall, without what changes it.
PRESENTED = "esitys"
# What is chosen to tie notes to no priority.
NO_PRIORITY = "none"


# --- What the pages share ---------------------------------------------------------------------------------------


def _negotiation(request: CountyRequest, pk: int) -> Negotiation:
    """Return a negotiation whose workshop the user may run: 404 for one they may not know of, 403 for others."""
    rows = visible_negotiations(request.access).select_related("round")
    shown: Negotiation = get_object_or_404(rows, pk=pk)
    request.access.require(can_edit(request.access))
    return shown


def _workshop(request: CountyRequest, pk: int) -> Workshop:
    """Return the workshop of a negotiation; 404 where it has not been opened."""
    negotiation = _negotiation(request, pk)
    row: Workshop = get_object_or_404(Workshop, negotiation=negotiation)
    row.negotiation = negotiation
    return row


def _tab(county: str, pk: int) -> str:
    return reverse("negotiation_workshop", args=[county, pk]) + "#tyopaja"


def board_address(county: str, pk: int, place: str = "") -> str:
    """Return the address of the board of a negotiation, at a note or a column."""
    return reverse("workshop_board", args=[county, pk]) + (f"#{place}" if place else "")


def _crumbs(county: str, shown: Negotiation) -> list[tuple[str, str]]:
    crumbs = [(_tab(county, shown.pk), shown.title)]
    if shown.round is None:
        return crumbs
    return [
        (reverse("rounds", args=[county]), _("Rounds")),
        (reverse("round", args=[county, shown.round.pk]), shown.round.name),
        *crumbs,
    ]


def invitation(workshop: Workshop) -> dict[str, Any]:
    """Return what groups join by, for a page: the code, the address to type, and both as a QR code."""
    address = settings.SITE_URL + reverse("workshop_join")
    picture = qrcode.make(f"{address}?koodi={workshop.code}", image_factory=SvgPathImage, border=2).to_string()
    return {
        "code": workshop.code,
        "address": address,
        "short_address": address.partition("://")[2].rstrip("/"),
        "qr": "data:image/svg+xml;base64," + base64.b64encode(picture).decode(),
    }


def on_the_tab(request: CountyRequest, negotiation: Negotiation, themes: list[Any]) -> dict[str, Any]:
    """Return what the Workshop tab shows of the day to those who run it; nothing to others. At most four queries."""
    if not can_edit(request.access):
        return {}
    workshop: Workshop | None = Workshop.objects.filter(negotiation=negotiation).first()
    if workshop is None:
        why = why_not_open(negotiation, timezone.localdate())
        # Of what is past, or has no themes, the tab tells the rest: nothing can be waited for.
        is_ahead = negotiation.state in {Negotiation.State.PLANNED, Negotiation.State.CONVENED} and bool(themes)
        only_plan = negotiation.round is not None and negotiation.round.plan_as_of is not None
        return {"why_not_open": why, "can_open": not only_plan and (is_ahead or not why)}
    workshop.negotiation = negotiation
    now = timezone.now()
    is_open = is_taking_notes(workshop, now)
    why = "" if is_open else why_not_open(negotiation, timezone.localdate(now))
    return {
        "workshop": workshop,
        "is_taking_notes": is_open,
        "why_not_open": why,
        "tally": board.read_tally(workshop, themes),
    } | ({"invitation": invitation(workshop)} if is_open else {})


# --- Opening and closing ----------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def workshop_open(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Open the workshop of a negotiation with its groups."""
    shown = _negotiation(request, pk)
    back = _tab(county, pk)
    with leading_back(back):
        if Workshop.objects.filter(negotiation=shown).exists():
            raise NotAllowedNow(_("The workshop has been opened already. Open the page again to see its code."))
        if words := why_not_open(shown, timezone.localdate()):
            raise NotAllowedNow(words)
    return edit(
        request,
        OpenForm,
        save=lambda form: open_workshop(shown, form.group_names, by=request.user),
        title=_("Open the workshop"),
        submit=_("Open the workshop"),
        back=back,
        done=_("The workshop is open. Show the code to the groups."),
        context={
            "crumbs": _crumbs(county, shown),
            "lead": _(
                "The groups join from a phone with a code. They need no account, and nobody sees who wrote what."
            ),
        },
        language=shown.language,
    )


@require_POST
def workshop_close(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Close the workshop: phones post no more."""
    workshop = _workshop(request, pk)
    with leading_back(_tab(county, pk)):
        close_workshop(workshop, by=request.user)
    messages.success(request, _("The workshop was closed. The notes stay on the board."))
    return redirect(_tab(county, pk))


@require_POST
def workshop_reopen(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Open the workshop again, with a new code."""
    workshop = _workshop(request, pk)
    with leading_back(_tab(county, pk)):
        reopen_workshop(workshop, by=request.user)
    messages.success(request, _("The workshop is open again. The code is a new one: the former is good no more."))
    return redirect(_tab(county, pk))


@require_http_methods(["GET", "HEAD", "POST"])
def workshop_groups(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Rename the groups of a workshop, add others, leave out those that have posted nothing."""
    workshop = _workshop(request, pk)
    return edit(
        request,
        GroupsForm,
        row=workshop,
        save=lambda form: save_groups(workshop, form.names, form.cleaned_data["more"], by=request.user),
        title=_("Groups of the workshop"),
        back=_tab(county, pk),
        done=_("The groups were saved."),
        context={"crumbs": _crumbs(county, workshop.negotiation)},
    )


# --- The board --------------------------------------------------------------------------------------------------


@require_safe
def workshop_board(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show the board: themes, columns, headings and notes; on the wall without what changes it."""
    shown = _negotiation(request, pk)
    workshop: Workshop | None = board.watched(Workshop.objects.filter(negotiation=shown)).first()
    if workshop is None:
        messages.info(request, _("The workshop has not been opened yet, so it has no board."))
        return redirect(_tab(county, pk))
    workshop.negotiation = shown
    is_presented = PRESENTED in request.GET
    context = _board_context(request, workshop, is_presented=is_presented)
    is_open = is_taking_notes(workshop, timezone.now())
    context |= {
        "negotiation": shown,
        "etag": _etag(request, workshop, is_presented=is_presented),
        "undo": None if is_presented else undo_offered(request),
        "is_taking_notes": is_open,
    } | ({"invitation": invitation(workshop)} if is_open else {})
    template = "negotiations/workshop_wall.html" if is_presented else "negotiations/workshop_board.html"
    return render(request, template, context)


@require_safe
def workshop_board_state(request: CountyRequest, county: str, pk: int) -> HttpResponseBase:
    """Answer with the columns of the board as they are now, or 304 where they are as the page has them."""
    rows = Workshop.objects.filter(negotiation__in=visible_negotiations(request.access), negotiation=pk)
    workshop: Workshop = get_object_or_404(board.watched(rows).select_related("negotiation"))
    request.access.require(can_edit(request.access))
    is_presented = PRESENTED in request.GET
    etag = quote_etag(_etag(request, workshop, is_presented=is_presented))
    unchanged: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        return unchanged
    context = _board_context(request, workshop, is_presented=is_presented)
    columns = {
        str(column.column.pk): render_to_string("negotiations/workshop_column.html", context | {"shown": column})
        for theme in context["themes"]
        for column in theme.columns
    }
    return JsonResponse(
        {"columns": columns, "count": context["count_words"]},
        headers={"ETag": etag, "Cache-Control": "private, no-cache"},
    )


def _etag(request: CountyRequest, workshop: Workshop, *, is_presented: bool) -> str:
    return board.digest(workshop, is_presented, translation.get_language())


def _board_context(request: CountyRequest, workshop: Workshop, *, is_presented: bool) -> dict[str, Any]:
    """Return what the board is drawn of. Five queries; on the wall four."""
    themes = board.read_board(workshop)
    count = sum(theme.count for theme in themes)
    return {
        "county": request.county,
        "workshop": workshop,
        "themes": themes,
        "is_presented": is_presented,
        "language": workshop.negotiation.language,
        "priorities": [] if is_presented else _priorities(workshop.negotiation),
        "count_words": _count_words(count),
    }


def _count_words(count: int) -> str:
    return ngettext("%(count)s note", "%(count)s notes", count) % {"count": count}


def _priorities(negotiation: Negotiation) -> list[Priority]:
    rows = Priority.objects.filter(starts_on__lte=negotiation.latest, ends_on__gte=negotiation.earliest)
    return list(rows.order_by("position", "name"))


# --- Moderation -------------------------------------------------------------------------------------------------


def _wants_json(request: CountyRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _answered(
    request: CountyRequest, here: str, do: Callable[[], T], tell: Callable[[T], HttpResponse]
) -> HttpResponse:
    """Do what was asked, and tell it; or why it was not done, to the board's script or on a page of its own."""
    try:
        return tell(do())
    except (NotAllowedNow, ValidationError) as refusal:
        words = " ".join(refusal.messages) if isinstance(refusal, ValidationError) else str(refusal)
        status = 422 if isinstance(refusal, ValidationError) else 409
        if _wants_json(request):
            return JsonResponse({"message": words}, status=status)
        if status == 422:
            messages.error(request, words)
            return redirect(here)
        with leading_back(here):
            raise


@require_POST
def workshop_notes(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Change notes: those chosen (`note`, several) or the one whose button was pressed (`one`)."""
    workshop = _workshop(request, pk)
    notes = _chosen(request)
    here = board_address(county, pk, f"lappu-{notes[0]}" if notes else "")

    def do() -> tuple[grouping.Change, list[grouping.Changed]]:
        change = _read_change(request)
        return change, grouping.change_notes(workshop, notes, change, by=request.user)

    def tell(result: tuple[grouping.Change, list[grouping.Changed]]) -> HttpResponse:
        return _told(request, workshop, grouping.told_change(*result), result[1], here)

    return _answered(request, here, do, tell)


def _chosen(request: CountyRequest) -> list[int]:
    """Return the notes that were chosen: the one whose button was pressed, or all that are ticked."""
    one = request.POST.get("do", "").partition(":")[2]
    chosen = [one] if one else request.POST.getlist("note")
    return [note for note in map(read_id, dict.fromkeys(chosen)) if note is not None]


def _read_change(request: CountyRequest) -> grouping.Change:
    """Read what is to be done. Raises ValidationError for nothing chosen, Http404 for what no form of ours sends."""
    sent = request.POST
    match do := sent.get("do", "").partition(":")[0]:
        case "key" | "not_key":
            return grouping.SetKey(is_key=do == "key")
        case "hide" | "show":
            return grouping.SetHidden(is_hidden=do == "hide")
        case "priority":
            if not (chosen := sent.get("priority", "")):
                raise ValidationError(_("Choose the priority first."))
            return grouping.SetPriority(None if chosen == NO_PRIORITY else read_id(chosen))
        case "move":
            column, _dot, heading = sent.get("place", "").partition(".")
            if not column:
                raise ValidationError(_("Choose first where the notes are moved."))
            number, under = read_id(column), read_id(heading)
            if number is not None and (under is not None or not heading):
                return grouping.MoveTo(number, under)
    raise Http404


def _told(
    request: CountyRequest, workshop: Workshop, words: str, done: list[grouping.Changed], here: str
) -> HttpResponse:
    """Tell what was done, and offer to undo it."""
    url = reverse("workshop_notes_undo", args=[request.county.slug, workshop.negotiation_id])
    values = {"done": [one.to_json() for one in done]}
    if _wants_json(request):
        token = undo_token(request, url=url, values=values) if done else ""
        return JsonResponse({"message": words, "undo": token})
    if done:
        offer_undo(request, words=words, url=url, values=values)
    else:
        messages.info(request, words)
    return redirect(here)


@require_POST
def workshop_notes_undo(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Undo a change to notes; that can be undone, too."""
    workshop = _workshop(request, pk)
    here = board_address(county, pk)

    def do() -> list[grouping.Changed]:
        done = [grouping.Changed.from_json(one) for one in undone(request)["done"]]
        return grouping.undo(workshop, done, by=request.user)

    def tell(back: list[grouping.Changed]) -> HttpResponse:
        place = f"lappu-{back[0].note}" if back else ""
        return _told(request, workshop, _("The change was undone."), back, board_address(county, pk, place))

    return _answered(request, here, do, tell)


# --- Headings ---------------------------------------------------------------------------------------------------


@require_POST
def workshop_heading_new(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Add a heading to a column of the board."""
    workshop = _workshop(request, pk)
    column, title = _new_heading(request)
    here = board_address(county, pk, f"sarake-{column}")

    def tell(heading: NoteHeading) -> HttpResponse:
        words = _("The heading “%(heading)s” was added.") % {"heading": heading.title}
        if _wants_json(request):
            return JsonResponse({"message": words, "undo": ""})
        messages.success(request, words)
        return redirect(here)

    return _answered(request, here, lambda: grouping.add_heading(workshop, column, title, by=request.user), tell)


def _new_heading(request: CountyRequest) -> tuple[int, str]:
    """Return the column and the title of a new heading.

    The fields of all columns are sent. Where Enter was pressed in one, the button is that of the first column.
    """
    typed = {
        column: title
        for name, value in request.POST.items()
        if (column := read_id(name.removeprefix("title_"))) is not None and (title := tidy(str(value)))
    }
    pressed = read_id(request.POST.get("column")) or 0
    column = pressed if pressed in typed else next(iter(typed), pressed)
    return column, typed.get(column, "")


def _heading(request: CountyRequest, pk: int) -> NoteHeading:
    rows = NoteHeading.objects.filter(workshop__negotiation__in=visible_negotiations(request.access))
    heading: NoteHeading = get_object_or_404(rows.select_related("workshop__negotiation__round"), pk=pk)
    request.access.require(can_edit(request.access))
    return heading


@require_http_methods(["GET", "HEAD", "POST"])
def workshop_heading(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Rename a heading of the board."""
    heading = _heading(request, pk)
    negotiation = heading.workshop.negotiation
    back = board_address(county, negotiation.pk, f"sarake-{heading.column_id}")
    return edit(
        request,
        HeadingForm,
        row=heading,
        save=lambda form: grouping.rename_heading(form.save(commit=False), by=request.user),
        title=_("Rename the heading"),
        back=back,
        done=_("The heading was saved."),
        context={"crumbs": [*_crumbs(county, negotiation), (back, _("Board of the workshop"))]},
    )


@require_POST
def workshop_heading_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove a heading; its notes stay, and the page that follows offers it back."""
    heading = _heading(request, pk)
    negotiation = heading.workshop.negotiation_id
    removed = grouping.remove_heading(heading, by=request.user)
    offer_undo(
        request,
        words=_("The heading “%(heading)s” was removed. Its notes stayed in the column.") % {"heading": removed.title},
        url=reverse("workshop_heading_restore", args=[county, negotiation]),
        values=asdict(removed),
    )
    return redirect(board_address(county, negotiation, f"sarake-{removed.column}"))


@require_POST
def workshop_heading_restore(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Bring back a heading that was removed, with its notes."""
    workshop = _workshop(request, pk)
    here = board_address(county, pk)

    def do() -> NoteHeading:
        return grouping.restore_heading(workshop, grouping.RemovedHeading(**undone(request)), by=request.user)

    return _answered(
        request, here, do, lambda heading: redirect(board_address(county, pk, f"sarake-{heading.column_id}"))
    )
