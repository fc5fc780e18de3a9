"""Rounds, and of one round its timetable and its groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, Prefetch, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from municipalities.access import CountyRequest
from municipalities.models import Municipality, MunicipalityGroup
from municipalities.tables import Choice, Column, Kind, Search, Table
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from negotiations.models import LegalBasis, Negotiation, Round, RoundStage, Slot, Summary
from negotiations.permissions import can_edit, can_read_rounds, visible_negotiations, visible_rounds, visible_summaries
from negotiations.planning.forms.rounds import FillForm, NewRoundForm, RoundSettingsForm
from negotiations.planning.groups import Strays, division_in, listed_in, only_lists
from negotiations.planning.progress import How, Step, steps_of
from negotiations.planning.rounds import (
    change_round,
    fill,
    fill_plan,
    in_the_way,
    open_round,
    remove_round,
    why_not_removed,
)
from negotiations.planning.slots.calendars import slot_notes

# A round and the steps it has taken.
Listed = tuple[Round, list[Step]]


def _past(step: int) -> Callable[[Listed], int | None]:
    """Return how many negotiations of a round are past the step; None where only the plan is known."""
    return lambda row: None if row[1][step].how == How.UNKNOWN else row[1][step].done


COLUMNS: tuple[Column[Listed], ...] = (
    Column("nimi", gettext_lazy("Round"), lambda row: row[0].name, order="name"),
    # Rounds of a year the latest first, those that begin on the same day by their names.
    Column(
        "vuosi",
        gettext_lazy("Year"),
        lambda row: row[0].year,
        order=("year", "starts_on", "-name"),
        kind=Kind.NUMBER,
    ),
    Column(
        "muoto",
        gettext_lazy("Form"),
        lambda row: row[0].get_form_display(),
        order=("form", "-year"),
        kind=Kind.STATE,
    ),
    Column(
        "peruste",
        gettext_lazy("Legal bases"),
        lambda row: ", ".join(str(basis.label) for basis in row[0].bases),
        shown=False,
    ),
    Column("alkaa", gettext_lazy("First day"), lambda row: row[0].starts_on, order="starts_on", kind=Kind.DAY),
    Column("paattyy", gettext_lazy("Last day"), lambda row: row[0].ends_on, kind=Kind.DAY, shown=False),
    Column("suunnitelma", gettext_lazy("Known only as planned on"), lambda row: row[0].plan_as_of, shown=False),
    Column("neuvotteluja", gettext_lazy("Negotiations in all"), lambda row: row[1][0].total, shown=False),
    Column("ajankohta", gettext_lazy("With a date"), _past(0), kind=Kind.NUMBER, shown=False),
    Column("kutsuttu", gettext_lazy("Invited"), _past(1), kind=Kind.NUMBER, shown=False),
    Column("pidetty", gettext_lazy("Held"), _past(2), kind=Kind.NUMBER, shown=False),
    Column("tarkastettu", gettext_lazy("Minutes checked"), _past(3), kind=Kind.NUMBER, shown=False),
    Column("yhteenveto", gettext_lazy("Summary"), lambda row: row[1][4].words, kind=Kind.STATE, shown=False),
)
FILTERS = (
    Search[Round](by=("name", "year")),
    Choice[Round]("muoto", gettext_lazy("Form"), Round.Form.choices, by="form"),
    Choice[Round](
        "peruste", gettext_lazy("Legal basis"), LegalBasis.choices, by=lambda value: Q(legal_bases__contains=[value])
    ),
)


@require_safe
def rounds(request: CountyRequest, county: str) -> HttpResponse:
    """List the rounds, the latest first, with how far each is."""
    request.access.require(can_read_rounds(request.access))
    table: Table[Listed] = Table(
        request,
        visible_rounds(request.access),
        COLUMNS,
        name=_("Rounds of negotiations"),
        filters=FILTERS,
        sort="-vuosi",
        compose=_with_steps,
    )
    context = {"table": table, "can_edit": can_edit(request.access)}
    return table.file() or render(request, "negotiations/rounds.html", context)


def _with_steps(rows: list[Round]) -> list[Listed]:
    steps = steps_of(rows)
    return [(round_, steps[round_.pk]) for round_ in rows]


def round_context(request: CountyRequest, pk: int, *, tab: str) -> dict[str, Any]:
    """Return what every page of a round shows above its tabs. Raises Http404 for a round one may not know of."""
    seen = visible_summaries(request.access).filter(round=OuterRef("pk"))
    # With its summary, of which the steps tell to everybody, and the link to it only to those who may read it.
    rounds = visible_rounds(request.access).select_related("summary").annotate(summary_is_seen=Exists(seen))
    round_: Any = get_object_or_404(rounds, pk=pk)
    summary: Summary | None = getattr(round_, "summary", None)
    steps = steps_of([round_], summaries=[summary] if summary else [])[round_.pk]
    may_edit = can_edit(request.access)
    return {
        "round": round_,
        "steps": steps,
        "summary": summary if round_.summary_is_seen else None,
        "tab": tab,
        "can_edit": may_edit,
        "next_move": next_move(round_, steps, summary) if may_edit else None,
    }


@dataclass(frozen=True)
class SlotUse:
    """A slot, and the negotiation that has it: only for those who may know of it."""

    slot: Slot
    is_used: bool
    negotiation: Negotiation | None
    # Why the slot differs from the usual ones of the rule, with its reason.
    note: str = ""

    @property
    def words(self) -> str:
        """What has it: the title of a negotiation, or only whether it is free."""
        return self.negotiation.title if self.negotiation else _("in use") if self.is_used else _("free")


SLOT_COLUMNS: tuple[Column[SlotUse], ...] = (
    Column("alkaa", gettext_lazy("Begins at"), lambda row: row.slot.starts_at, kind=Kind.MOMENT),
    Column("paattyy", gettext_lazy("Ends at"), lambda row: row.slot.ends_at, kind=Kind.MOMENT),
    Column("viikko", gettext_lazy("Week"), lambda row: timezone.localdate(row.slot.starts_at).isocalendar().week),
    Column("neuvottelu", gettext_lazy("Negotiation"), lambda row: row.words),
    Column("poikkeus", gettext_lazy("Exception"), lambda row: row.note),
)


@require_safe
def round_schedule(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show the round's slots, free and used; where there are none but stages, lead to these."""
    context = round_context(request, pk, tab="schedule")
    round_ = context["round"]
    seen = {row.slot_id: row for row in visible_negotiations(request.access).filter(round=round_, slot__isnull=False)}
    used = set(Negotiation.objects.filter(round=round_, slot__isnull=False).values_list("slot_id", flat=True))
    notes = slot_notes(round_)
    slots = [
        SlotUse(slot, slot.pk in used, seen.get(slot.pk), notes.get(timezone.localdate(slot.starts_at), ""))
        for slot in Slot.objects.filter(round=round_)
    ]
    table = Table(request, slots, SLOT_COLUMNS, name=_("Times of %(round)s") % {"round": round_.name})
    context |= {
        "table": table,
        "slots": slots,
        "used": len(used),
        "free": len(slots) - len(used),
        "has_to_place": bool(slots) and _has_to_place(round_),
        "has_stages": not slots and RoundStage.objects.filter(round=round_).exists(),
    }
    return table.file() or render(request, "negotiations/round_schedule.html", context)


def _has_to_place(round_: Round) -> bool:
    """Whether a planned negotiation of the round has no time yet."""
    return Negotiation.objects.filter(
        round=round_, slot=None, state=Negotiation.State.PLANNED, precision=Negotiation.Precision.MONTH
    ).exists()


@require_safe
def round_groups(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show the municipality groups of the round's year, and each one's negotiation for those who may know of it."""
    context = round_context(request, pk, tab="groups")
    round_ = context["round"]
    by_name = Municipality.objects.filter(county=request.county).select_related("area").order_by("area__order")
    municipalities = list(by_name)
    negotiations = visible_negotiations(request.access).filter(round=round_)
    groups: list[Any] = list(
        MunicipalityGroup.objects.filter(year=round_.year).prefetch_related(
            Prefetch("municipalities", Municipality.objects.only("pk"), to_attr="members"),
            Prefetch("negotiations", negotiations, to_attr="negotiations_here"),
        )
    )
    context["groups"] = [_group_shown(group, municipalities) for group in groups]
    if context["can_edit"]:
        division = division_in([(group.pk, group.name, group.members) for group in groups])
        plan = fill_plan(round_, rows=municipalities, division=division)
        context |= {"missing": plan.missing, **stray_names(plan.strays, plan.municipalities)}
    return render(request, "negotiations/round_groups.html", context)


@dataclass(frozen=True)
class GroupShown:
    """A group of the round's year: its name, who is in it, and its negotiations of the round.

    Where the name only lists the municipalities, they are in its order, and the page tells them once.
    """

    name: str
    only_lists: bool
    municipalities: list[Municipality]
    negotiations: list[Negotiation]


def _group_shown(group: Any, municipalities: Sequence[Municipality]) -> GroupShown:
    members = {row.pk for row in group.members}
    own = [row for row in municipalities if row.pk in members]
    lists = only_lists(group.name, (str(row) for row in own))
    if lists:
        order = listed_in(group.name)
        own.sort(key=lambda row: order.index(str(row).casefold()))
    return GroupShown(group.name, lists, own, group.negotiations_here)


# --- Making and changing a round ------------------------------------------------------------------------------


class RoundMove(StrEnum):
    """What a coordinator does next with a round."""

    FILL = "fill"
    SUMMARISE = "summarise"


def next_move(round_: Round, steps: Sequence[Step], summary: Summary | None) -> RoundMove | None:
    """Return what takes the round on from where it is: fill it when it is empty, sum it up when all has been held."""
    if steps[0].total == 0:
        return RoundMove.FILL
    if summary is None and round_.plan_as_of is None and steps[2].how == How.DONE:
        return RoundMove.SUMMARISE
    return None


@require_http_methods(["GET", "HEAD", "POST"])
def round_new(request: CountyRequest, county: str) -> HttpResponse:
    """Make a round from a template."""
    request.access.require(can_edit(request.access))
    back = reverse("rounds", args=[county])
    return edit(
        request,
        NewRoundForm,
        save=lambda form: open_round(form.save(commit=False), by=request.user),
        title=_("New round"),
        back=back,
        then=lambda saved: reverse("round", args=[county, saved.pk]),
        done=lambda saved: _("The round “%(name)s” was made.") % {"name": saved.name},
        submit=_("Make the round"),
        context={
            "crumbs": [(back, _("Rounds"))],
            "lead": _("Choose how the county negotiates. Everything can be changed later."),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def round_edit(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show and change the settings of a round, and remove one in which nothing has been made yet."""
    context = round_context(request, pk, tab="settings")
    request.access.require(can_edit(request.access))
    shown: Round = context["round"]
    things = in_the_way(shown)
    here = reverse("round_edit", args=[county, pk])
    return edit(
        request,
        RoundSettingsForm,
        row=shown,
        save=lambda form: change_round(form.save(commit=False), fields=form.changed_names, by=request.user),
        title=_("Settings of the round"),
        back=reverse("round", args=[county, pk]),
        then=here,
        done=_("The settings of the round were saved."),
        template="negotiations/round_form_settings.html",
        context=context | {"why_not_removed": why_not_removed(things) if things else ""},
    )


@require_POST
def round_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove a round in which nothing has been made yet."""
    shown: Round = get_object_or_404(visible_rounds(request.access), pk=pk)
    request.access.require(can_edit(request.access))
    with leading_back(reverse("round_edit", args=[county, pk])):
        remove_round(shown, by=request.user)
    messages.success(request, _("The round “%(name)s” was removed.") % {"name": shown.name})
    return redirect("rounds", county)


@require_http_methods(["GET", "HEAD", "POST"])
def round_fill(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show which negotiations the round's form asks for and lacks, and make them."""
    shown: Round = get_object_or_404(visible_rounds(request.access), pk=pk)
    request.access.require(can_edit(request.access))
    by_theme = shown.form == Round.Form.THEMES
    plan = fill_plan(shown)
    back = reverse("round", args=[county, pk])

    def save(form: FillForm) -> Sequence[Negotiation]:
        return fill(shown, themes=form.cleaned_data.get("themes", ()), by=request.user)

    count = len(plan.missing)
    return edit(
        request,
        partial(FillForm, by_theme=by_theme, doubtful=plan.is_doubtful),
        save=save,
        title=_("Make the negotiations of the round"),
        back=back,
        done=lambda made: (
            ngettext("%(count)s negotiation was made.", "%(count)s negotiations were made.", len(made))
            % {"count": len(made)}
            if made
            else _("Nothing was made: the round has its negotiations already.")
        ),
        submit=_("Make the negotiations")
        if by_theme
        else ngettext("Make %(count)s negotiation", "Make %(count)s negotiations", count) % {"count": count},
        template="negotiations/round_form_fill.html",
        context={
            "crumbs": [(reverse("rounds", args=[county]), _("Rounds")), (back, shown.name)],
            "round": shown,
            "by_theme": by_theme,
            "plan": plan,
            "rows": [(sitting.title, plan.names(sitting)) for sitting in plan.missing],
            "groups_url": reverse("groups", args=[county, shown.year]),
            "needs_groups": shown.form == Round.Form.GROUPS and not plan.group_count,
            **stray_names(plan.strays, plan.municipalities),
        },
    )


def stray_names(strays: Strays, municipalities: Mapping[int, str]) -> dict[str, list[str]]:
    """Name the municipalities in no group and those in several, for a template."""
    return {
        "in_none": [municipalities[pk] for pk in strays.none],
        "in_several": [municipalities[pk] for pk in strays.several],
    }
