"""The material of a negotiation: its highlights, and what is suggested for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from municipalities.access import CountyRequest
from municipalities.models import Priority
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from municipalities.views.undoing import offer_undo, undo_offered, undone
from negotiations.models import DismissedSuggestion, Highlight, Negotiation
from negotiations.permissions import can_edit, visible_negotiations
from negotiations.planning.forms.highlights import HighlightForm
from negotiations.planning.highlights import keeping, rules
from negotiations.planning.highlights.keeping import OfPriority, RemovedHighlight, by_priority, highlights_of
from negotiations.planning.highlights.suggesting import (
    Suggestion,
    municipalities_in,
    priorities_on,
    proposals_of,
    suggestions_by_rule,
)
from negotiations.planning.negotiations import with_parties
from negotiations.planning.views.material import confirmed_content, material_papers
from negotiations.planning.views.negotiations import crumbs_of, editable, negotiation_context

# In the address: the suggestion that is edited before it is taken.
SUGGESTION = "ehdotus"


@dataclass(frozen=True)
class Section:
    """A priority on the page: its highlights, and what can be taken besides."""

    of: OfPriority
    suggestions: list[Suggestion]
    proposals: list[Suggestion]

    @property
    def place(self) -> str:
        """Where it is on the page."""
        return _place(self.of.priority.pk if self.of.priority else None)


def _place(priority_id: int | None) -> str:
    return f"painopiste-{priority_id or 'muut'}"


@require_safe
def negotiation_material(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show the highlights of a negotiation by priority; to the county, also what it could take as more of them."""
    context = negotiation_context(request, pk, tab="material")
    shown: Negotiation = context["negotiation"]
    highlights, priorities = highlights_of(shown), priorities_on(shown)
    context |= {"language": shown.language, "has_highlights": bool(highlights), "has_priorities": bool(priorities)}
    context["papers"] = material_papers(request.access, shown)
    if not context["can_edit"]:
        # Until the material is confirmed the highlights are the county's own draft, and after it what was confirmed.
        context["confirmed"] = confirmed_content(context["papers"])
        return render(request, "negotiations/negotiation_material.html", context)
    made = _suggestions(request, shown, priorities)
    dismissed = set(DismissedSuggestion.objects.filter(negotiation=shown).values_list("suggestion", flat=True))
    taken = {row.suggestion for row in highlights if row.suggestion}
    left = [one for one in made if one.key not in taken and one.key not in dismissed]
    context |= {
        "sections": _sections(by_priority(highlights, priorities), left),
        "dismissed": [one for one in made if one.key in dismissed and one.key not in taken],
        "has_municipalities": bool(municipalities_in(shown)),
        "rule": {
            "oldest": rules.OLDEST,
            "span": rules.SPAN,
            "most": rules.MOST_OF_KIND,
            "people": rules.FEWEST_PEOPLE,
        },
        "undo": undo_offered(request),
    }
    return render(request, "negotiations/negotiation_material.html", context)


def _suggestions(request: CountyRequest, shown: Negotiation, priorities: Sequence[Priority]) -> list[Suggestion]:
    return [*suggestions_by_rule(shown, request.county, priorities), *proposals_of(shown, priorities)]


def _sections(groups: Sequence[OfPriority], left: Sequence[Suggestion]) -> list[Section]:
    """Put what is left to be taken beside the highlights of its priority; what is of none comes last."""
    if any(one.priority is None for one in left) and all(group.priority for group in groups):
        groups = [*groups, OfPriority(None, [])]
    sections = []
    for group in groups:
        here = [one for one in left if one.priority == group.priority]
        proposals = [one for one in here if one.municipality]
        sections.append(Section(group, [one for one in here if not one.municipality], proposals))
    return sections


def _page(county: str, pk: int, place: str = "") -> str:
    return reverse("negotiation_material", args=[county, pk]) + (f"#{place}" if place else "")


def _with_parties(request: CountyRequest, pk: int) -> Negotiation:
    """Return a negotiation to be changed, with its parties: 404 for one not known of, 403 where one may not."""
    rows = visible_negotiations(request.access).select_related("round").prefetch_related(with_parties())
    shown: Negotiation = get_object_or_404(rows, pk=pk)
    request.access.require(can_edit(request.access))
    return shown


def _named(request: CountyRequest, shown: Negotiation, key: str) -> Suggestion:
    """Return the suggestion of a key. Raises Http404 where it is not made: the figures or a card have changed."""
    for one in _suggestions(request, shown, priorities_on(shown)):
        if one.key == key:
            return one
    raise Http404


# --- Suggestions --------------------------------------------------------------------------------------------------


@require_POST
def highlight_take(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Take a suggestion as it is."""
    shown = _with_parties(request, pk)
    suggestion = _named(request, shown, request.POST.get(SUGGESTION, ""))
    if not suggestion.fits:
        messages.warning(request, _("The proposal is longer than a highlight can be. Shorten it first."))
        return redirect(reverse("highlight_new", args=[county, pk]) + f"?{SUGGESTION}={suggestion.key}")
    with leading_back(_page(county, pk)):
        row = keeping.take(shown, suggestion, by=request.user)
    messages.success(request, _("The suggestion was taken as a highlight."))
    return redirect(_page(county, pk, f"nosto-{row.pk}"))


@require_POST
def highlight_dismiss(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Leave a suggestion out; it can be called back."""
    shown = _with_parties(request, pk)
    suggestion = _named(request, shown, request.POST.get(SUGGESTION, ""))
    keeping.dismiss(shown, suggestion.key, by=request.user)
    messages.success(request, _("The suggestion was dismissed. It is below, among those dismissed."))
    return redirect(_page(county, pk, _place(suggestion.priority.pk if suggestion.priority else None)))


@require_POST
def highlight_recall(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Call a dismissed suggestion back."""
    shown = _with_parties(request, pk)
    suggestion = _named(request, shown, request.POST.get(SUGGESTION, ""))
    keeping.recall(shown, suggestion.key, by=request.user)
    messages.success(request, _("The suggestion was called back."))
    return redirect(_page(county, pk, _place(suggestion.priority.pk if suggestion.priority else None)))


# --- Highlights ---------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def highlight_new(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Write a highlight: from nothing, or from the suggestion that the address names."""
    shown = _with_parties(request, pk)
    key = request.GET.get(SUGGESTION, "")
    suggestion = _named(request, shown, key) if key else None
    initial: dict[str, Any] = {"priority": request.GET.get("painopiste") or None}
    if suggestion is not None:
        initial = {"text": suggestion.text, "priority": suggestion.priority and suggestion.priority.pk}

    def save(form: HighlightForm) -> Highlight:
        row = form.save(commit=False)
        if suggestion is None:
            return keeping.add(shown, row, by=request.user)
        return keeping.take(shown, suggestion, text=row.text, priority=row.priority, by=request.user)

    return edit(
        request,
        HighlightForm,
        save=save,
        title=_("Edit and take the suggestion") if suggestion else _("Write a highlight"),
        submit=_("Take as a highlight") if suggestion else _("Add"),
        back=_page(county, pk),
        then=lambda row: _page(county, pk, f"nosto-{row.pk}"),
        done=_("The highlight was saved."),
        context=_crumbs(county, shown),
        initial=initial,
        negotiation=shown,
    )


def _crumbs(county: str, shown: Negotiation) -> Mapping[str, Any]:
    return {"crumbs": [*crumbs_of(county, shown), (_page(county, shown.pk), _("Material"))]}


def _highlight(request: CountyRequest, pk: int) -> Highlight:
    rows = Highlight.objects.filter(negotiation__in=visible_negotiations(request.access))
    row: Highlight = get_object_or_404(rows.select_related("negotiation__round"), pk=pk)
    request.access.require(can_edit(request.access))
    return row


@require_http_methods(["GET", "HEAD", "POST"])
def highlight_edit(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Change what a highlight says, or its priority."""
    row = _highlight(request, pk)
    return edit(
        request,
        HighlightForm,
        row=row,
        save=lambda form: keeping.change(form.save(commit=False), fields=form.changed_names, by=request.user),
        title=_("Edit the highlight"),
        back=_page(county, row.negotiation_id, f"nosto-{pk}"),
        done=_("The highlight was saved."),
        context=_crumbs(county, row.negotiation),
        negotiation=row.negotiation,
    )


@require_POST
def highlight_move(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Move a highlight up or down among those of its priority."""
    row = _highlight(request, pk)
    keeping.move(row, up=request.POST.get("suunta") == "ylos", by=request.user)
    return redirect(_page(county, row.negotiation_id, f"nosto-{pk}"))


@require_POST
def highlight_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove a highlight; the page that follows offers it back."""
    row = _highlight(request, pk)
    removed = keeping.remove(row, by=request.user)
    offer_undo(
        request,
        words=_("The highlight was removed: %(text)s") % {"text": removed.text[:80]},
        url=reverse("highlight_restore", args=[county, row.negotiation_id]),
        values=asdict(removed),
    )
    return redirect(_page(county, row.negotiation_id))


@require_POST
def highlight_restore(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Bring back a highlight that was removed."""
    shown = editable(request, pk)
    with leading_back(_page(county, pk)):
        row = keeping.restore(shown, RemovedHighlight(**undone(request)), by=request.user)
    return redirect(_page(county, pk, f"nosto-{row.pk}"))
