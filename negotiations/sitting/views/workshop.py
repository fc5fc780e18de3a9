"""Workshops: the themes of a round, and what was found, in a negotiation or in the whole round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from municipalities.access import CountyRequest
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from municipalities.views.undoing import offer_undo, undo_offered, undone
from negotiations.models import FeedbackNote, Negotiation, Observation, Round, ThemeColumn, WorkshopTheme
from negotiations.permissions import can_edit, visible_negotiations, visible_rounds
from negotiations.planning.views.negotiations import negotiation_context
from negotiations.planning.views.rounds import round_context
from negotiations.sitting.forms.workshop import FindingForm, FindingsForm, ThemeForm
from negotiations.sitting.views.workshop_day import on_the_tab
from negotiations.sitting.workshop import (
    USUAL_THEMES,
    RemovedFinding,
    RemovedTheme,
    add_findings,
    add_theme,
    add_usual_themes,
    change_finding,
    change_theme,
    move_finding,
    move_theme,
    remove_finding,
    remove_theme,
    restore_finding,
    restore_theme,
    usual_left,
)

# In the address: the page is shown with what changes it.
EDITING = "muokkaa"


# --- Shown ------------------------------------------------------------------------------------------------------


def _themes(round_id: int, found: QuerySet[Observation]) -> list[WorkshopTheme]:
    """Return the themes of a round with their columns and these findings. Three queries."""
    columns = ThemeColumn.objects.prefetch_related(Prefetch("observations", found))
    return list(WorkshopTheme.objects.filter(round_id=round_id).prefetch_related(Prefetch("columns", columns)))


@require_safe
def negotiation_workshop(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show the themes of the round's workshops, and under their columns what this negotiation found."""
    context = negotiation_context(request, pk, tab="workshop")
    shown: Negotiation = context["negotiation"]
    found = Observation.objects.filter(negotiation=shown).select_related("priority")
    themes = _themes(shown.round_id, found) if shown.round_id else []
    context |= {
        "themes": themes,
        "has_findings": any(column.observations.all() for theme in themes for column in theme.columns.all()),
    } | _editing(request)
    context |= on_the_tab(request, shown, themes)
    return render(request, "negotiations/negotiation_workshop.html", context)


@require_safe
def round_workshops(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show what the workshops of the round found by theme, and what was said of the round afterwards."""
    context = round_context(request, pk, tab="workshops")
    shown: Round = context["round"]
    # Of the whole round, or of a negotiation that the reader may know of.
    seen = Q(negotiation=None) | Q(negotiation__in=visible_negotiations(request.access))
    themes = _themes(shown.pk, Observation.objects.filter(seen).select_related("negotiation", "priority"))
    context |= {
        "themes": themes,
        "feedback": list(FeedbackNote.objects.filter(round=shown)),
        "usual": usual_left(shown, themes) if can_edit(request.access) else [],
    } | _editing(request)
    return render(request, "negotiations/round_workshops.html", context)


def _editing(request: CountyRequest) -> dict[str, Any]:
    may_edit = can_edit(request.access)
    return {
        "can_edit": may_edit,
        "editing": may_edit and EDITING in request.GET,
        "undo": undo_offered(request) if may_edit else None,
    }


def _of_round(county: str, pk: int, place: str = "", *, editing: bool = False) -> str:
    return _address(reverse("round_workshops", args=[county, pk]), place, editing=editing)


def _of_negotiation(county: str, pk: int, place: str = "", *, editing: bool = False) -> str:
    return _address(reverse("negotiation_workshop", args=[county, pk]), place, editing=editing)


def _address(page: str, place: str, *, editing: bool) -> str:
    return page + (f"?{EDITING}=1" if editing else "") + (f"#{place}" if place else "")


def _round(request: CountyRequest, pk: int) -> Round:
    """Return the round, to be changed."""
    shown: Round = get_object_or_404(visible_rounds(request.access), pk=pk)
    request.access.require(can_edit(request.access))
    return shown


def _round_crumbs(county: str, shown: Round) -> list[tuple[str, str]]:
    return [
        (reverse("rounds", args=[county]), _("Rounds")),
        (reverse("round", args=[county, shown.pk]), shown.name),
        (reverse("round_workshops", args=[county, shown.pk]), _("Workshops and feedback")),
    ]


# --- Themes -----------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def round_theme_new(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Add a theme to the workshops of a round."""
    shown = _round(request, pk)
    return edit(
        request,
        ThemeForm,
        save=lambda form: add_theme(
            shown,
            form.cleaned_data["name"],
            [title for title in form.titles if title],
            key_message=form.cleaned_data["key_message"],
            by=request.user,
        ),
        title=_("Add a theme"),
        back=_of_round(county, pk),
        then=lambda theme: _of_round(county, pk, f"teema-{theme.pk}"),
        done=_("The theme was saved."),
        context={"crumbs": _round_crumbs(county, shown)},
    )


@require_POST
def round_themes_usual(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Add the themes that workshops usually have, those chosen or all."""
    shown = _round(request, pk)
    chosen = request.POST.getlist("theme") or [usual.key for usual in USUAL_THEMES]
    added = add_usual_themes(shown, chosen, by=request.user)
    messages.success(
        request,
        ngettext("%(count)s theme was added.", "%(count)s themes were added.", len(added)) % {"count": len(added)}
        if added
        else _("The round has these themes already."),
    )
    return redirect(_of_round(county, pk))


def _theme(request: CountyRequest, pk: int) -> WorkshopTheme:
    rows = WorkshopTheme.objects.filter(round__in=visible_rounds(request.access)).select_related("round")
    theme: WorkshopTheme = get_object_or_404(rows, pk=pk)
    request.access.require(can_edit(request.access))
    return theme


@require_http_methods(["GET", "HEAD", "POST"])
def round_theme(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Change a theme: its name, its columns, its key message."""
    theme = _theme(request, pk)
    return edit(
        request,
        ThemeForm,
        row=theme,
        save=lambda form: change_theme(form.save(commit=False), form.titles, by=request.user),
        title=_("Edit the theme"),
        back=_of_round(county, theme.round_id, f"teema-{pk}"),
        done=_("The theme was saved."),
        context={"crumbs": _round_crumbs(county, theme.round)},
    )


@require_POST
def round_theme_move(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Move a theme up or down."""
    theme = _theme(request, pk)
    move_theme(theme, up=request.POST.get("suunta") == "ylos", by=request.user)
    return redirect(_of_round(county, theme.round_id, f"teema-{pk}", editing=True))


@require_POST
def round_theme_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove a theme under which nothing was found; the page that follows offers it back."""
    theme = _theme(request, pk)
    with leading_back(_of_round(county, theme.round_id, f"teema-{pk}", editing=True)):
        removed = remove_theme(theme, by=request.user)
    offer_undo(
        request,
        words=_("The theme “%(theme)s” was removed.") % {"theme": removed.name},
        url=reverse("round_theme_restore", args=[county, theme.round_id]),
        values=asdict(removed),
    )
    return redirect(_of_round(county, theme.round_id, editing=True))


@require_POST
def round_theme_restore(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Bring back a theme that was removed."""
    shown = _round(request, pk)
    with leading_back(_of_round(county, pk)):
        theme = restore_theme(shown, RemovedTheme(**undone(request)), by=request.user)
    return redirect(_of_round(county, pk, f"teema-{theme.pk}", editing=True))


# --- What was found ---------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def negotiation_findings(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Add what the workshop of a negotiation found under the columns of a theme."""
    rows = visible_negotiations(request.access).select_related("round")
    shown: Negotiation = get_object_or_404(rows, pk=pk)
    request.access.require(can_edit(request.access))
    if shown.round is None:
        messages.error(request, _("The negotiation is in no round, so it has no workshop themes."))
        return redirect(_of_negotiation(county, pk))
    crumbs = [
        (reverse("rounds", args=[county]), _("Rounds")),
        (reverse("round", args=[county, shown.round.pk]), shown.round.name),
        (_of_negotiation(county, pk), shown.title),
    ]
    return _add(request, shown.round, shown, crumbs=crumbs, page=_of_negotiation(county, pk))


@require_http_methods(["GET", "HEAD", "POST"])
def round_findings(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Add what the workshops of a whole round found under the columns of a theme."""
    shown = _round(request, pk)
    return _add(request, shown, None, crumbs=_round_crumbs(county, shown), page=_of_round(county, pk))


def _add(
    request: CountyRequest,
    round_: Round,
    negotiation: Negotiation | None,
    *,
    crumbs: Sequence[tuple[str, str]],
    page: str,
) -> HttpResponse:
    themes = list(WorkshopTheme.objects.filter(round=round_).prefetch_related("columns"))
    if not themes:
        messages.error(request, _("The round has no workshop themes yet. Add a theme first."))
        return redirect(page)
    wanted = request.GET.get("teema")
    theme = next((theme for theme in themes if str(theme.pk) == wanted), themes[0])
    return edit(
        request,
        FindingsForm,
        save=lambda form: add_findings(
            form.found, round_=round_, negotiation=negotiation, group_name=form.group, by=request.user
        ),
        title=_("Add findings: %(theme)s") % {"theme": theme.name},
        submit=_("Add"),
        back=f"{page}#teema-{theme.pk}",
        done=lambda rows: (
            ngettext("%(count)s finding was added.", "%(count)s findings were added.", len(rows)) % {"count": len(rows)}
        ),
        template="negotiations/negotiation_workshop_add.html",
        context={"crumbs": crumbs, "lead": "" if negotiation else _("Of the whole round.")}
        | {"themes": themes, "chosen": theme},
        columns=list(theme.columns.all()),
        has_groups=negotiation is not None,
    )


def _finding(request: CountyRequest, pk: int) -> Observation:
    rows = Observation.objects.filter(column__theme__round__in=visible_rounds(request.access))
    finding: Observation = get_object_or_404(rows.select_related("column__theme__round", "negotiation"), pk=pk)
    request.access.require(can_edit(request.access))
    return finding


def _where(request: CountyRequest, finding: Observation, place: str) -> str:
    """Return the page on which the finding was being changed: its negotiation's, or its round's."""
    county = request.county.slug
    asked = request.POST.get("sivu") or request.GET.get("sivu")
    if asked == "neuvottelu" and finding.negotiation_id:
        return _of_negotiation(county, finding.negotiation_id, place, editing=True)
    return _of_round(county, finding.column.theme.round_id, place, editing=True)


@require_http_methods(["GET", "HEAD", "POST"])
def round_finding(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Change one thing that was found, or move it to another column."""
    finding = _finding(request, pk)
    round_ = finding.column.theme.round
    return edit(
        request,
        FindingForm,
        row=finding,
        save=lambda form: change_finding(form.save(commit=False), fields=form.changed_names, by=request.user),
        title=_("Edit the finding"),
        back=_where(request, finding, f"havainto-{pk}"),
        done=_("The finding was saved."),
        context={"crumbs": _round_crumbs(county, round_)},
        round_=round_,
    )


@require_POST
def round_finding_move(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Move a finding up or down in its column."""
    finding = _finding(request, pk)
    within = finding.negotiation if request.POST.get("sivu") == "neuvottelu" else None
    move_finding(finding, up=request.POST.get("suunta") == "ylos", within=within, by=request.user)
    return redirect(_where(request, finding, f"havainto-{pk}"))


@require_POST
def round_finding_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove a finding; the page that follows offers it back."""
    finding = _finding(request, pk)
    theme = finding.column.theme
    page = _where(request, finding, f"teema-{theme.pk}")
    removed = remove_finding(finding, by=request.user)
    offer_undo(
        request,
        words=_("The finding was removed: %(text)s") % {"text": removed.text[:80]},
        url=reverse("round_finding_restore", args=[county, theme.round_id]),
        values=asdict(removed) | {"page": request.POST.get("sivu", "")},
    )
    return redirect(page)


@require_POST
def round_finding_restore(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Bring back a finding that was removed."""
    shown = _round(request, pk)
    with leading_back(_of_round(county, pk)):
        values = undone(request)
        page = values.pop("page")
        finding = restore_finding(shown, RemovedFinding(**values), by=request.user)
    place = f"havainto-{finding.pk}"
    if page == "neuvottelu" and finding.negotiation_id:
        return redirect(_of_negotiation(county, finding.negotiation_id, place, editing=True))
    return redirect(_of_round(county, pk, place, editing=True))
