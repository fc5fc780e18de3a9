"""The stages of a round's year: as a list, as a wheel, and the decision that approved the timetable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from municipalities import timewords
from municipalities.access import CountyRequest
from municipalities.tables import Column, Kind, Table
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from municipalities.views.undoing import offer_undo, undo_offered, undone
from negotiations.models import Round, RoundStage
from negotiations.permissions import can_edit, visible_rounds
from negotiations.planning.forms.stages import ApprovalForm, StageForm, TemplateForm
from negotiations.planning.stages.approving import (
    Approval,
    approve,
    changes_since_approval,
    remove_approval,
    restore_approval,
)
from negotiations.planning.stages.keeping import (
    RemovedStage,
    add_from_template,
    add_stage,
    change_stage,
    mark_done,
    move_stage,
    remove_stage,
    restore_stage,
    take_back_added,
    take_back_done,
    templates_of,
)
from negotiations.planning.stages.standing import Stage, Standing, stages_of
from negotiations.planning.stages.templates import Template, left_of
from negotiations.planning.views.rounds import round_context
from negotiations.planning.wheel import Mark, Wheel, wheel_of

# --- Shown ------------------------------------------------------------------------------------------------------

COLUMNS: tuple[Column[Stage], ...] = (
    Column("numero", gettext_lazy("No."), lambda stage: stage.number, kind=Kind.NUMBER),
    Column("vaihe", gettext_lazy("Stage"), lambda stage: stage.name),
    Column("vastuutaho", gettext_lazy("Responsible body"), lambda stage: stage.body),
    Column("milloin", gettext_lazy("When"), lambda stage: stage.when),
    Column("alkaa", gettext_lazy("First day"), lambda stage: stage.earliest, kind=Kind.DAY),
    Column("paattyy", gettext_lazy("Last day"), lambda stage: stage.latest, kind=Kind.DAY),
    Column("tila", gettext_lazy("State"), lambda stage: stage.standing.words),
    Column("tehty", gettext_lazy("Done on"), lambda stage: stage.done_on, kind=Kind.DAY),
    Column("kuvaus", gettext_lazy("Description"), lambda stage: stage.description),
)


@require_safe
def round_year(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show the stages of a round's year as a list and as a wheel, and the decision on its timetable."""
    context = round_context(request, pk, tab="schedule")
    shown: Round = context["round"]
    today = timezone.localdate()
    stages = stages_of(shown, today=today)
    table = Table(request, stages, COLUMNS, name=_("Stages of %(round)s") % {"round": shown.name})
    names = {stage.pk: stage.name for stage in stages if stage.pk is not None}
    context |= {
        "table": table,
        "stages": stages,
        "late": [stage for stage in stages if stage.is_late],
        "wheel": _wheel(stages, shown, today) if stages else None,
        "legend": _legend(stages),
        "approval": Approval.of(shown),
        "changes": changes_since_approval(shown, names),
        "undo": undo_offered(request) if context["can_edit"] else None,
    }
    return table.file() or render(request, "negotiations/round_year.html", context)


def _wheel(stages: Sequence[Stage], shown: Round, today: date) -> Wheel:
    """Return the wheel of the stages that have a date."""
    marks = [
        Mark(
            stage.number,
            stage.earliest,
            stage.latest,
            stage.standing.value,
            f"{stage.number}. {stage.name}, {stage.when}: {stage.standing.words}",
        )
        for stage in stages
        if stage.earliest is not None and stage.latest is not None
    ]
    return wheel_of(marks, shown.year, today=today)


def _legend(stages: Sequence[Stage]) -> list[Standing]:
    """Return the states that the wheel shows, each once, in the order of their kind."""
    shown = {stage.standing for stage in stages if stage.earliest is not None}
    return [standing for standing in Standing if standing in shown]


# --- Where one is -----------------------------------------------------------------------------------------------


def _year(county: str, pk: int, stage: int | None = None) -> str:
    """Return the address of the page, at a stage where one is given."""
    return reverse("round_year", args=[county, pk]) + (f"#vaihe-{stage}" if stage else "")


def _round(request: CountyRequest, pk: int) -> Round:
    """Return the round, to be changed."""
    shown: Round = get_object_or_404(visible_rounds(request.access), pk=pk)
    request.access.require(can_edit(request.access))
    return shown


def _stage(request: CountyRequest, pk: int) -> RoundStage:
    """Return the stage, to be changed."""
    rows = RoundStage.objects.filter(round__in=visible_rounds(request.access)).select_related("round")
    stage: RoundStage = get_object_or_404(rows, pk=pk)
    request.access.require(can_edit(request.access))
    return stage


def _crumbs(county: str, shown: Round) -> list[tuple[str, str]]:
    return [
        (reverse("rounds", args=[county]), _("Rounds")),
        (reverse("round", args=[county, shown.pk]), shown.name),
        (_year(county, shown.pk), _("Stages of the year")),
    ]


# --- Stages -----------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def round_stage_new(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Add a stage to a round's year."""
    shown = _round(request, pk)
    return edit(
        request,
        partial(StageForm, round_=shown),
        save=lambda form: add_stage(shown, form.save(commit=False), form.when, by=request.user),
        title=_("Add a stage"),
        submit=_("Add the stage"),
        back=_year(county, pk),
        then=lambda stage: _year(county, pk, stage.pk),
        done=lambda stage: _("The stage “%(name)s” was added.") % {"name": stage.name},
        template="negotiations/round_year_stage.html",
        context={"crumbs": _crumbs(county, shown)},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def round_stage(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Change a stage: what, by whom, when, and the day on which it was done."""
    stage = _stage(request, pk)
    return edit(
        request,
        partial(StageForm, round_=stage.round),
        row=stage,
        under=stage.round,
        save=lambda form: change_stage(form.save(commit=False), form.when, fields=form.changed_codes, by=request.user),
        title=_("Edit the stage"),
        back=_year(county, stage.round_id, pk),
        done=_("The stage was saved."),
        template="negotiations/round_year_stage.html",
        context={"crumbs": _crumbs(county, stage.round), "stage": stage},
    )


@require_POST
def round_stage_done(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Mark a stage as done today, or as it was before its mark was taken back; the page that follows takes it back."""
    stage = _stage(request, pk)
    with leading_back(_year(county, stage.round_id, pk)):
        on = date.fromisoformat(undone(request)["on"]) if "token" in request.POST else None
        done = mark_done(stage, by=request.user, on=on)
    assert done.done_on is not None  # noqa: S101 - for the type checker
    offer_undo(
        request,
        words=_("“%(name)s” was marked as done on %(day)s.")
        % {"name": done.name, "day": timewords.day(done.done_on, weekday=False)},
        url=reverse("round_stage_not_done", args=[county, pk]),
        values={},
    )
    return redirect(_year(county, stage.round_id))


@require_POST
def round_stage_not_done(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Take back the mark that a stage is done; the page that follows offers it back with its day."""
    stage = _stage(request, pk)
    with leading_back(_year(county, stage.round_id)):
        done_on = take_back_done(stage, by=request.user)
    if done_on:
        offer_undo(
            request,
            words=_("The mark of “%(name)s” was taken back.") % {"name": stage.name},
            url=reverse("round_stage_done", args=[county, pk]),
            values={"on": done_on.isoformat()},
        )
    return redirect(_year(county, stage.round_id))


@require_POST
def round_stage_move(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Have a stage change places with the one before it or after it, of the same days."""
    stage = _stage(request, pk)
    with leading_back(_year(county, stage.round_id)):
        move_stage(stage, up=request.POST.get("suunta") == "ylos", by=request.user)
    return redirect(_year(county, stage.round_id, pk))


@require_POST
def round_stage_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove a stage; the page that follows offers it back."""
    stage = _stage(request, pk)
    with leading_back(_year(county, stage.round_id)):
        removed = remove_stage(stage, by=request.user)
    offer_undo(
        request,
        words=_("The stage “%(name)s” was removed.") % {"name": removed.name},
        url=reverse("round_stage_restore", args=[county, stage.round_id]),
        values=asdict(removed),
    )
    return redirect(_year(county, stage.round_id))


@require_POST
def round_stage_restore(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Bring back a stage that was removed."""
    shown = _round(request, pk)
    with leading_back(_year(county, pk)):
        stage = restore_stage(shown, RemovedStage(**undone(request)), by=request.user)
    messages.success(request, _("“%(name)s” is among the stages again.") % {"name": stage.name})
    return redirect(_year(county, pk, stage.pk))


# --- From a template --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Preview:
    """What a template would add to a round: of each stage its name and body in the round's language, and its days."""

    template: Template
    stages: Sequence[tuple[str, str, str]]

    @property
    def is_whole(self) -> bool:
        """Whether the round has none of them yet."""
        return len(self.stages) == len(self.template.stages)


def _previews(shown: Round, templates: Sequence[Template]) -> list[Preview]:
    """Return what each template would add. One query."""
    names = list(RoundStage.objects.filter(round=shown).values_list("name", flat=True))
    return [Preview(template, _in_words(template, names, shown)) for template in templates]


def _in_words(template: Template, names: Sequence[str], shown: Round) -> list[tuple[str, str, str]]:
    told = []
    for usual in left_of(template, names, shown.language):
        span = usual.span(shown.year)
        with translation.override(shown.language):
            name, body = str(usual.name), str(usual.body)
        told.append((name, body, timewords.span(*span) if span else ""))
    return told


@require_http_methods(["GET", "HEAD", "POST"])
def round_stages_template(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show the templates with what each would add, and add what the round does not have by name."""
    shown = _round(request, pk)
    templates = templates_of(shown)

    def save(form: TemplateForm) -> list[RoundStage]:
        made = add_from_template(shown, form.chosen[form.cleaned_data["template"]], by=request.user)
        if made:
            offer_undo(
                request,
                words=_("Added from the template: %(names)s.") % {"names": ", ".join(stage.name for stage in made)},
                url=reverse("round_stages_take_back", args=[county, pk]),
                values={"stages": [stage.pk for stage in made]},
            )
        return made

    return edit(
        request,
        partial(TemplateForm, templates=templates),
        save=save,
        title=_("Stages from a template"),
        submit=_("Add the stages"),
        back=_year(county, pk),
        done=lambda made: (
            ngettext("%(count)s stage was added.", "%(count)s stages were added.", len(made)) % {"count": len(made)}
            if made
            else _("Nothing was added: the round has these stages already.")
        ),
        template="negotiations/round_year_template.html",
        context={
            "crumbs": _crumbs(county, shown),
            "lead": _("Choose what is nearest to your year. Everything can be changed later."),
            "round": shown,
            "previews": _previews(shown, templates),
        },
    )


@require_POST
def round_stages_take_back(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove the stages that were just added from a template."""
    shown = _round(request, pk)
    with leading_back(_year(county, pk)):
        gone = take_back_added(shown, undone(request)["stages"], by=request.user)
    words = ngettext("%(count)s stage was removed.", "%(count)s stages were removed.", len(gone))
    messages.success(request, words % {"count": len(gone)})
    return redirect(_year(county, pk))


# --- The decision on the timetable ------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def round_approval(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Record the decision that approved the timetable and the form, or change what was recorded."""
    shown = _round(request, pk)

    def save(form: ApprovalForm) -> Round:
        data = form.cleaned_data
        approval = Approval(data["approved_by"], data["approved_on"], data["approved_section"])
        return approve(shown, approval, by=request.user)

    return edit(
        request,
        ApprovalForm,
        row=shown,
        save=save,
        title=_("Approval of the timetable and the form"),
        back=_year(county, pk),
        done=_("The approval was recorded."),
        template="negotiations/round_year_approval.html",
        context={
            "crumbs": _crumbs(county, shown),
            "lead": _("The decision by which the county approved the timetable, representation and form of the round."),
            "round": shown,
        },
    )


@require_POST
def round_approval_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Take away a decision that was recorded by mistake; the page that follows offers it back."""
    shown = _round(request, pk)
    with leading_back(_year(county, pk)):
        had = remove_approval(shown, by=request.user)
    offer_undo(
        request,
        words=_("The approval was removed."),
        url=reverse("round_approval_restore", args=[county, pk]),
        values={"body": had.by, "on": had.on.isoformat(), "section": had.section},
    )
    return redirect(_year(county, pk))


@require_POST
def round_approval_restore(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Bring back a decision that was taken away."""
    shown = _round(request, pk)
    with leading_back(_year(county, pk)):
        values = undone(request)
        approval = Approval(values["body"], date.fromisoformat(values["on"]), values["section"])
        restore_approval(shown, approval, by=request.user)
    messages.success(request, _("The approval was brought back."))
    return redirect(_year(county, pk))
