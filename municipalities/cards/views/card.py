"""The card: filled on one long page whose fields save themselves, read as it was sent, and moved on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from municipalities.access import CountyRequest
from municipalities.cards import keeping, lifecycle
from municipalities.cards.comparing import compare
from municipalities.cards.content import (
    SWOT,
    Section,
    content_of,
    read_rows,
    thaw,
)
from municipalities.cards.figures import read_card_figures
from municipalities.cards.forms import ApprovalForm, ReturnForm
from municipalities.cards.history import log_of_card
from municipalities.cards.lifecycle import Standing, standing_of
from municipalities.cards.permissions import can_fill, can_know, can_oversee, can_read_draft
from municipalities.cards.progress import Part, progress_of
from municipalities.cards.saving import (
    FEATURES,
    FIELD,
    MOST_FIELDS,
    save_fields,
)
from municipalities.cards.views.fields import Fields, contact_list, entry_list, figure_fields, plan_list
from municipalities.cards.visibility import visible_versions
from municipalities.models import (
    Card,
    CardApproval,
    CardContact,
    CardVersion,
    CardYear,
    Municipality,
    Priority,
)
from municipalities.moves import NotAllowedNow
from municipalities.saving import sent_in, told
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from municipalities.views.undoing import offer_undo, undo_offered, undone

# In the address: shows the draft as it will read.
PREVIEW = "nayta"


@dataclass(frozen=True)
class Found:
    """What an address is of: a municipality of the county, its card of the year if there is one, and the year."""

    municipality: Municipality
    every: Sequence[Municipality]
    card_year: CardYear | None
    card: Card | None
    year: int

    @property
    def args(self) -> list[Any]:
        """What the addresses of the card are made of, besides its county."""
        return [self.year, self.municipality.area.code]


def find(request: CountyRequest, year: int, code: str) -> Found:
    """Return what the address is of. Two queries, three where the card has not been begun.

    Raises Http404 for a municipality that the county does not have, and for one whose card the user may not know of.
    """
    every = list(Municipality.objects.filter(county=request.county).select_related("area").order_by("area__order"))
    municipality = next((row for row in every if row.area.code == code), None)
    if municipality is None or not can_know(request.access, municipality):
        raise Http404
    municipality.county = request.county
    card: Card | None = (
        Card.objects.filter(card_year__year=year, municipality=municipality)
        .select_related("card_year__indicator_set", "edited_by")
        .first()
    )
    if card is None:
        card_year = CardYear.objects.filter(year=year).select_related("indicator_set").first()
    else:
        card.municipality, card.county, card_year = municipality, request.county, card.card_year
    if card_year is not None:
        card_year.county = request.county
    return Found(municipality, every, card_year, card, year)


def address(request: CountyRequest, found: Found, name: str = "card", *more: Any) -> str:
    """Return the address of the card, or of something that is done to it."""
    return reverse(name, args=[request.county.slug, *found.args, *more])


def _card_to_fill(request: CountyRequest, year: int, code: str) -> tuple[Found, Card]:
    """Return a card that the user fills. 404 where there is none, 403 where another fills it."""
    found = find(request, year, code)
    request.access.require(can_fill(request.access, found.municipality))
    if found.card is None:
        raise Http404
    return found, found.card


# --- What the page shows ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Versions:
    """The versions that were sent of a municipality's cards: this year's, and the last of the year before."""

    of_card: list[CardVersion]
    of_last_year: CardVersion | None
    # Of which there is something to read, the latest first; the year shown among them.
    years: list[int]

    @property
    def last(self) -> CardVersion | None:
        """The version that was sent last."""
        return self.of_card[0] if self.of_card else None


def _versions(request: CountyRequest, found: Found) -> Versions:
    """Read what the user may read of what was sent. One query; without the contents."""
    rows = list(
        visible_versions(request.access)
        .filter(card__municipality=found.municipality)
        .select_related("card__card_year", "sent_by")
        .defer("content")
        .order_by("-card__card_year__year", "-number")
    )
    return Versions(
        [row for row in rows if row.card.card_year.year == found.year],
        next((row for row in rows if row.card.card_year.year < found.year), None),
        sorted({found.year, *(row.card.card_year.year for row in rows)}, reverse=True),
    )


def _page(request: CountyRequest, found: Found) -> dict[str, Any]:
    """Return what every page of a card shows first."""
    access = request.access
    standing = standing_of(found.card) if found.card else None
    return {
        "municipality": found.municipality,
        "card": found.card,
        "card_year": found.card_year,
        "year": found.year,
        "standing": standing,
        "may_fill": can_fill(access, found.municipality),
        "may_read_draft": can_read_draft(access, found.municipality),
        "may_oversee": can_oversee(access),
        # A note and a log are between the municipality and the county.
        "may_follow": can_read_draft(access, found.municipality) or can_oversee(access),
    }


@require_safe
def card(request: CountyRequest, county: str, year: int, code: str) -> HttpResponse:
    """Show the card: to fill, to read as it was sent, or how far it is while it is a draft."""
    found = find(request, year, code)
    return _shown(request, found, Fields())


def _shown(request: CountyRequest, found: Found, fields: Fields, *, status: int = 200) -> HttpResponse:
    context = _page(request, found)
    if found.card is None or found.card_year is None:
        context["earlier"] = (
            keeping.earlier_card(found.card_year, found.municipality)
            if found.card_year and context["may_fill"]
            else None
        )
        return render(request, "municipalities/card_start.html", context)
    standing: Standing = context["standing"]
    versions = _versions(request, found)
    context["versions"] = versions
    if context["may_read_draft"] and standing.is_writable:
        return _to_fill(request, found, found.card, fields, context, status)
    version = versions.last
    rows = read_rows(found.card) if context["may_oversee"] and standing.is_writable else None
    context |= {
        "version": version,
        "content": thaw(CardVersion.objects.get(pk=version.pk)) if version else None,
        "progress": progress_of(rows) if rows else None,
        "approves_self": found.card.approval == CardApproval.SELF,
        "approves_by_link": found.card.approval == CardApproval.LINK,
        "log": log_of_card(found.card) if context["may_follow"] else [],
        # Living, and not in what was sent: they are deleted when their time comes.
        "reachable": [
            row
            for row in (CardContact.objects.filter(card=found.card) if context["may_follow"] and version else ())
            if row.email or row.phone
        ],
    }
    return render(request, "municipalities/card.html", context, status=status)


def _to_fill(
    request: CountyRequest, found: Found, card: Card, fields: Fields, context: dict[str, Any], status: int
) -> HttpResponse:
    rows = read_rows(card)
    language = get_language() or "fi"
    figures = read_card_figures(card.card_year, found.municipality, found.every, language=language)
    content = content_of(rows, figures, language=language)
    progress = progress_of(rows)
    if not context["may_fill"] or PREVIEW in request.GET:
        context |= {"content": content, "progress": None, "version": None, "is_preview": True}
        return render(request, "municipalities/card.html", context, status=status)
    priorities = [("", _("No priority"))]
    priorities += [(str(row.pk), row.name) for row in Priority.objects.filter(starts_on__year__lte=found.year)]
    of_figures = figure_fields(content, rows, fields)
    context |= {
        "content": content,
        "progress": progress,
        "sections": [(part, standing, f"#{part.value}") for part, standing in progress.parts],
        "shown_figures": [row for row in of_figures if row.line.is_shown],
        "folded_figures": [row for row in of_figures if not row.line.is_shown],
        "features": fields.of(
            FEATURES,
            rows.features,
            "text",
            _("Special features of the municipality"),
            is_long=True,
            hint=_("What should one know of the municipality to understand its figures and its welfare work?"),
        ),
        "features_carried": bool(rows.features and rows.features.is_carried),
        "swot": [entry_list(rows, section, fields, ()) for section in SWOT],
        "proposals": entry_list(rows, Section.PROPOSAL, fields, priorities),
        "plans": plan_list(rows.plans, fields),
        "contacts": contact_list(rows.contacts, fields),
        "save_url": address(request, found, "card_save"),
        "undo": undo_offered(request),
        "typed": fields.left_over,
        "problems": [outcome for outcome in fields.outcomes.values() if not outcome.is_saved],
    }
    return render(request, "municipalities/card_fill.html", context, status=status)


# --- Saving -------------------------------------------------------------------------------------------------------


@require_POST
def card_save(request: CountyRequest, county: str, year: int, code: str) -> HttpResponse:
    """Save the fields that were sent, each by itself, and then do what the button says.

    Asked for JSON, tells what became of each field; a page gets the card again, at the place where things went on.
    """
    found, of = _card_to_fill(request, year, code)
    is_script = "application/json" in request.headers.get("Accept", "")
    do = request.POST.get("do", "save")
    # What is removed need not be mended first.
    gone = f"{do.removeprefix('remove:')}-" if do.startswith("remove:") else None
    sent = {
        name: one for name, one in sent_in(request.POST, FIELD).items() if gone is None or not name.startswith(gone)
    }
    if len(sent) > MOST_FIELDS:
        return HttpResponse(status=413)
    try:
        outcomes = save_fields(of, sent, by=request.user) if sent else {}
        failed = {name: outcome for name, outcome in outcomes.items() if not outcome.is_saved}
        anchor = "" if failed and not is_script else _do(request, found, of, do)
    except NotAllowedNow as refusal:
        if is_script:
            return JsonResponse({"message": str(refusal)}, status=409)
        refusal.back = address(request, found)  # type: ignore[attr-defined]
        raise
    except LookupError as gone:
        if is_script:
            return JsonResponse({"message": _("This is no longer on the card. Open the page again.")}, status=409)
        raise Http404 from gone
    if is_script:
        return JsonResponse(told(outcomes))
    if failed:
        status = 409 if any(outcome.theirs is not None for outcome in failed.values()) else 422
        return _shown(request, find(request, year, code), Fields(sent, failed), status=status)
    if do == "save":
        messages.success(request, _("Saved."))
        anchor = request.POST.get("section", "")
    return redirect(address(request, found) + (f"#{anchor}" if re.fullmatch(r"[a-z0-9_-]{1,60}", anchor) else ""))


def _do(request: CountyRequest, found: Found, of: Card, do: str) -> str:
    """Do what a button of the page says, and return the place of the page where one goes on.

    Raises LookupError for what is no longer on the card, and NotAllowedNow.
    """
    verb, __, what = do.partition(":")
    if verb == "add":
        line = keeping.add_line(of, what, by=request.user)
        first = {"plan": "kind", "contact": "role"}.get(what, "text")
        return f"{keeping.LISTS[what][0]}-{line.pk}-{first}"
    if verb in {"up", "down"}:
        keeping.move_line(of, what, by=request.user, down=verb == "down")
        return f"line-{what}"
    if verb == "order":
        keeping.order_lines(of, request.POST.get("lines", "").split(","), by=request.user)
        return ""
    if verb == "looked":
        return _look_through(request, found, of, what)
    if verb == "remove":
        removed = keeping.remove_line(of, what, by=request.user)
        offer_undo(
            request, words=_("The line was removed."), url=address(request, found, "card_restore"), values=removed
        )
        return _section_of(removed)
    return ""


def _look_through(request: CountyRequest, found: Found, of: Card, what: str) -> str:
    """Mark a section, or all of them, as looked through; which can be undone."""
    parts = [part for part in Part.values if part not in of.looked_through] if what == "all" else [what]
    keeping.look_through(of, parts, by=request.user)
    words = _("All sections were marked as done.")
    if what != "all":
        words = _("“%(section)s” was marked as done.") % {"section": Part(what).label}
    undo = address(request, found, "card_restore")
    offer_undo(request, words=words, url=undo, values={"kind": "looked", "parts": parts})
    return what if what != "all" else "laheta"


def _section_of(removed: Mapping[str, Any]) -> str:
    """Return the section of the page in which a line was."""
    if removed["kind"] != "entry":
        return str(Part.PLANS if removed["kind"] == "plan" else Part.CONTACTS)
    return str(Part.PROPOSALS if removed["line"]["section"] == Section.PROPOSAL else Part.SWOT)


@require_POST
def card_restore(request: CountyRequest, county: str, year: int, code: str) -> HttpResponse:
    """Bring a removed line back, or take back that a section was marked as done."""
    found, of = _card_to_fill(request, year, code)
    with leading_back(address(request, found)):
        values = undone(request)
        if values["kind"] == "looked":
            keeping.look_again(of, values["parts"], by=request.user)
            return redirect(f"{address(request, found)}#{values['parts'][0] if values['parts'] else 'laheta'}")
        line = keeping.restore_line(of, values, by=request.user)
    kind = next(kind for kind, model in keeping.MODELS.items() if isinstance(line, model))
    return redirect(f"{address(request, found)}#line-{kind}-{line.pk}")


# --- Moves --------------------------------------------------------------------------------------------------------


@require_POST
def card_start(request: CountyRequest, county: str, year: int, code: str) -> HttpResponse:
    """Begin the card, with last year's texts or empty."""
    found = find(request, year, code)
    request.access.require(can_fill(request.access, found.municipality))
    if found.card_year is None:
        raise Http404
    with leading_back(address(request, found)):
        keeping.start(found.card_year, found.municipality, by=request.user, carry=request.POST.get("carry", "1") == "1")
    return redirect(address(request, found))


@require_POST
def card_send(request: CountyRequest, county: str, year: int, code: str) -> HttpResponse:
    """Send the card to the county; where the one who fills it approves it too, that is done in one press."""
    found, of = _card_to_fill(request, year, code)
    with leading_back(address(request, found)):
        lifecycle.send(of, by=request.user)
    if of.approval == CardApproval.LINK:
        messages.success(request, _("The card was sent, and the approver gets a link by e-mail."))
    else:
        messages.success(request, _("The card was sent to the county."))
    return redirect(address(request, found))


@require_POST
def card_withdraw(request: CountyRequest, county: str, year: int, code: str) -> HttpResponse:
    """Take the card back to be changed."""
    found, of = _card_to_fill(request, year, code)
    with leading_back(address(request, found)):
        lifecycle.withdraw(of, by=request.user)
    messages.success(
        request,
        _("You can change the card again. The county reads the version that was sent until you send a new one."),
    )
    return redirect(address(request, found))


@require_POST
def card_approve(request: CountyRequest, county: str, year: int, code: str) -> HttpResponse:
    """Approve the card as the one who fills it."""
    found, of = _card_to_fill(request, year, code)
    request.access.require(of.approval == CardApproval.SELF)
    with leading_back(address(request, found)):
        version = _read_version(request, of)
        lifecycle.approve(of, by=request.user, version=version, approver=str(request.user))
    messages.success(request, _("The card was approved."))
    return redirect(address(request, found))


def _read_version(request: CountyRequest, of: Card) -> CardVersion:
    """Return the version that somebody has read and judges: that of the page the button was on."""
    pk = request.POST.get("version", "")
    version = CardVersion.objects.filter(card=of, pk=int(pk)).first() if keeping.is_key(pk) else None
    if version is None:
        raise NotAllowedNow(_("The card has been sent again since. Read the newest version first."))
    return version


@require_http_methods(["GET", "HEAD", "POST"])
def card_return(request: CountyRequest, county: str, year: int, code: str) -> HttpResponse:
    """Return a sent card with a note of what is to be mended."""
    found = find(request, year, code)
    request.access.require(can_oversee(request.access))
    if found.card is None:
        raise Http404
    of = found.card

    def save(form: Any) -> Card:
        return lifecycle.return_(of, note=form.cleaned_data["note"], by=request.user)

    return edit(
        request,
        ReturnForm,
        save=save,
        title=_("Return the card of %(municipality)s") % {"municipality": found.municipality},
        back=address(request, found),
        done=_("The card was returned with your note."),
        submit=_("Return the card"),
        context={"crumbs": [(address(request, found), str(of))]},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def card_approval(request: CountyRequest, county: str, year: int, code: str) -> HttpResponse:
    """Choose who approves the card."""
    found, of = _card_to_fill(request, year, code)

    def save(form: Any) -> None:
        keeping.set_approval(
            of,
            approval=form.cleaned_data["approval"],
            name=form.cleaned_data["approver_name"],
            email=form.cleaned_data["approver_email"],
            by=request.user,
        )

    return edit(
        request,
        ApprovalForm,
        save=save,
        row=of,
        title=_("Who approves the card"),
        back=f"{address(request, found)}#laheta",
        done=_("Saved."),
        context={"crumbs": [(address(request, found), str(of))]},
    )


@require_safe
def card_compare(request: CountyRequest, county: str, year: int, code: str, pk: int) -> HttpResponse:
    """Show what differs between a version and the one before it, or the last of the year before."""
    found = find(request, year, code)
    versions = _versions(request, found)
    version = next((row for row in versions.of_card if row.pk == pk), None)
    if version is None or found.card is None:
        raise Http404
    former = next((row for row in versions.of_card if row.number < version.number), None)
    if request.GET.get("vuosi") == "edellinen" or former is None:
        former = versions.of_last_year
    if former is None:
        raise Http404
    contents = CardVersion.objects.in_bulk([version.pk, former.pk])
    before, now = thaw(contents[former.pk]), thaw(contents[version.pk])
    return render(
        request,
        "municipalities/card_compare.html",
        {
            **_page(request, found),
            "version": version,
            "former": former,
            "versions": versions,
            "comparison": compare(before, now),
            "has_earlier": any(row.number < version.number for row in versions.of_card),
        },
    )
