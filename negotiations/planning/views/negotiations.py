"""One negotiation: what all its pages show first, making and changing it, its parties, and its log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from municipalities import timewords
from municipalities.access import CountyRequest
from municipalities.models import Municipality, MunicipalityGroup
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from negotiations.log import log_of
from negotiations.models import Minutes, MinutesCheck, Negotiation, Party, PlacementWish, Postponement, Round, Slot
from negotiations.permissions import (
    can_edit,
    can_mark,
    marks_awaited,
    visible_minutes,
    visible_negotiations,
    visible_rounds,
)
from negotiations.planning import negotiations as rules
from negotiations.planning.forms.negotiations import NegotiationForm
from negotiations.planning.forms.parties import PartiesForm
from negotiations.planning.negotiations import Lacks, lacking, lock_of, lock_of_parties, parties_of, with_parties
from negotiations.planning.timing import Timing
from negotiations.planning.wishes import Wish

State = Negotiation.State


@dataclass(frozen=True)
class Move:
    """Something that can be done to a negotiation now: a link to where it is done, or a button that does it."""

    label: str
    url: str
    is_post: bool = False


# --- What every page of a negotiation shows -------------------------------------------------------------------


def negotiation_context(request: CountyRequest, pk: int, *, tab: str) -> dict[str, Any]:
    """Return what every page of a negotiation shows above its tabs. Raises Http404 for one that one may not know of.

    Its parties (but the county) and parts have been fetched with it; five queries, however many there are.
    `next_move` is the one thing that takes it on (the page's primary button), `not_yet` says what that waits for,
    `moves` are the other things that can be done, and `lock` says why details and agenda cannot be changed.
    """
    access = request.access
    shown: Negotiation = get_object_or_404(
        visible_negotiations(access)
        .select_related("round", "group", "slot", "wish")
        .prefetch_related(with_parties(), "parts", Prefetch("postponements", Postponement.objects.order_by("-pk"))),
        pk=pk,
    )
    parties = parties_of(shown)
    may_edit = can_edit(access)
    # Of a round known only as a plan nobody here knows what became of it: nothing is moved on.
    only_plan = shown.round is not None and shown.round.plan_as_of is not None
    states = list(visible_minutes(access).filter(negotiation=shown, corrects=None).values_list("state", flat=True))
    context: dict[str, Any] = {
        "negotiation": shown,
        "parties": parties,
        "parts": list(shown.parts.all()),
        "postponements": list(shown.postponements.all()),
        "stayed_away": [party for party in parties if party.participation == Party.Participation.STAYED_AWAY],
        "parties_there": [party for party in parties if party.participation != Party.Participation.STAYED_AWAY],
        "can_edit": may_edit,
        "next_move": None,
        "not_yet": [],
        "moves": [],
        "lock": lock_of(shown, states) if may_edit else "",
        "wish": _wish_of(shown) if may_edit else "",
        "tab": tab,
    }
    if may_edit:
        lacks = lacking(shown, context["parts"], parties) if shown.state == State.PLANNED else []
        if not only_plan:
            context["next_move"] = _next_move(request, shown, states, lacks, tab=tab)
            context["not_yet"] = _not_yet(shown, lacks)
        context["moves"] = _moves(request, shown, states, only_plan=only_plan)
    elif Minutes.State.CHECKING in states and tab != "minutes":
        context["next_move"] = _next_of_checker(request, shown)
    return context


def _wish_of(negotiation: Negotiation) -> str:
    """Return what is wished of the time of a planned negotiation, in words; nothing where nothing is."""
    row: PlacementWish | None = getattr(negotiation, "wish", None)
    return Wish.of(row).words if row is not None and negotiation.state == State.PLANNED else ""


def _next_of_checker(request: CountyRequest, negotiation: Negotiation) -> Move | None:
    """Return what a municipality does next: mark the minutes, where its mark is what they wait for."""
    awaited = marks_awaited(request.access).filter(minutes__negotiation=negotiation)
    check = next((check for check in awaited if can_mark(request.access, check)), None)
    if check is None or check.minutes.check_by is None:
        return None
    url = reverse("negotiation_minutes", args=[request.county.slug, negotiation.pk])
    return Move(_("Check the minutes by %(day)s") % {"day": timewords.day(check.minutes.check_by)}, url)


def _next_move(
    request: CountyRequest, negotiation: Negotiation, minutes: Sequence[str], lacks: Sequence[Lacks], *, tab: str
) -> Move | None:
    """Return what the coordinator does next; nothing where it waits for a day, or the tab is the place to do it."""

    def to(name: str) -> str:
        return reverse(name, args=[request.county.slug, negotiation.pk])

    if negotiation.state == State.PLANNED:
        mends = {
            Lacks.DAY: Move(_("Give the day"), to("negotiation_edit") + "#id_known"),
            Lacks.PARTS: Move(_("Choose the legal bases"), to("negotiation_edit") + "#id_bases"),
            Lacks.PARTIES: Move(_("Add the parties"), to("negotiation_parties")),
        }
        return mends[lacks[0]] if lacks else Move(_("Invite the parties"), to("negotiation_convene"), is_post=True)
    if negotiation.state == State.CONVENED and negotiation.earliest <= timezone.localdate():
        return _moves_of_day(negotiation, to("live"), to("negotiation_hold"))[0]
    if negotiation.state == State.HELD and tab != "minutes":
        return _next_of_minutes(to("negotiation_minutes"), minutes)
    return None


def _moves_of_day(negotiation: Negotiation, live: str, hold: str) -> tuple[Move, Move]:
    """Return what is done once the day has come, what comes first before the other.

    On the day itself, and wherever the sitting has begun, that is the sitting; afterwards it is marked as held.
    """
    has_begun = any(part.opened_at for part in negotiation.parts.all())
    sitting = Move(_("Go on with the sitting") if has_begun else _("Open the sitting"), live)
    held = Move(_("Mark as held"), hold)
    return (sitting, held) if has_begun or negotiation.latest >= timezone.localdate() else (held, sitting)


def _next_of_minutes(url: str, states: Sequence[str]) -> Move | None:
    if not states:
        return Move(_("Begin the minutes"), url)
    if Minutes.State.DRAFT in states:
        return Move(_("Go on with the minutes"), url)
    if Minutes.State.CHECKED in states:
        return Move(_("Go to publish the minutes"), url)
    if Minutes.State.CHECKING in states:
        return Move(_("See who has checked the minutes"), url)
    return None


def _not_yet(negotiation: Negotiation, lacks: Sequence[Lacks]) -> list[str]:
    """Return why the move that comes next cannot be made now: what is missing, or what it waits for."""
    if negotiation.state == State.CONVENED and negotiation.earliest > timezone.localdate():
        return [
            _("The negotiation is on %(day)s. It can be marked as held once that day has come.")
            % {"day": timewords.day(negotiation.earliest)}
        ]
    return [lack.words for lack in lacks]


def _moves(request: CountyRequest, negotiation: Negotiation, minutes: Sequence[str], *, only_plan: bool) -> list[Move]:
    """Return the other things that the coordinator can do now."""

    def to(name: str) -> str:
        return reverse(name, args=[request.county.slug, negotiation.pk])

    moves = []
    if not lock_of(negotiation, minutes):
        moves.append(Move(_("Edit the details"), to("negotiation_edit")))
    if not lock_of_parties(negotiation):
        moves.append(Move(_("Choose the parties"), to("negotiation_parties")))
    if only_plan:
        return moves
    if negotiation.state == State.CONVENED and negotiation.earliest <= timezone.localdate():
        moves.insert(0, _moves_of_day(negotiation, to("live"), to("negotiation_hold"))[1])
    if negotiation.state in {State.PLANNED, State.CONVENED}:
        moves += [
            Move(_("Postpone the negotiation"), to("negotiation_postpone")),
            Move(_("Cancel the negotiation"), to("negotiation_cancel")),
        ]
    if negotiation.state == State.PLANNED:
        moves += [
            Move(_("Wish for the time"), to("negotiation_wish")),
            Move(_("Remove the negotiation"), to("negotiation_remove")),
        ]
    if negotiation.state == State.HELD and not minutes:
        moves.append(Move(_("Take back “held”"), to("negotiation_take_back"), is_post=True))
    if negotiation.state == State.CANCELLED:
        moves.append(Move(_("Take back to planned"), to("negotiation_reinstate"), is_post=True))
    return moves


def editable(request: CountyRequest, pk: int) -> Negotiation:
    """Return a negotiation that the user may change: 404 for one they may not know of, 403 where they may not."""
    shown: Negotiation = get_object_or_404(visible_negotiations(request.access).select_related("round"), pk=pk)
    request.access.require(can_edit(request.access))
    return shown


def crumbs_of(county: str, negotiation: Negotiation) -> list[tuple[str, str]]:
    """Return the way to a negotiation, for the pages under it."""
    crumbs = _crumbs_of_round(county, negotiation.round)
    return [*crumbs, (reverse("negotiation", args=[county, negotiation.pk]), negotiation.title)]


def _crumbs_of_round(county: str, round_: Round | None) -> list[tuple[str, str]]:
    if round_ is None:
        return [(reverse("negotiations", args=[county]), _("Negotiations"))]
    return [
        (reverse("rounds", args=[county]), _("Rounds")),
        (reverse("round", args=[county, round_.pk]), round_.name),
    ]


# --- Making, changing, removing -------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def negotiation_new(request: CountyRequest, county: str) -> HttpResponse:
    """Make a negotiation: inside the round that the address names, or outside any. It may name a slot and a group."""
    request.access.require(can_edit(request.access))
    round_ = _named(request, "kierros", visible_rounds(request.access))
    slot = _named(request, "aika", Slot.objects.filter(round=round_)) if round_ else None
    group = _named(request, "ryhma", MunicipalityGroup.objects.all())
    initial: dict[str, Any] = {}
    if round_ is not None:
        initial |= {"round": round_.pk, "bases": round_.legal_bases, "language": round_.language}
        if round_.form == Round.Form.THEMES:
            initial["topic_kind"] = Negotiation.Topic.THEME.value
    if slot is not None:
        initial["slot"] = slot.pk
    if group is not None:
        initial |= {"group": group.pk, "title": group.name}

    def save(form: NegotiationForm) -> Negotiation:
        made = rules.plan(
            form.save(commit=False),
            timing=form.found,
            bases=form.legal_bases or [],
            slot=form.slot_chosen,
            by=request.user,
        )
        _warn_of_round(request, made)
        return made

    return edit(
        request,
        NegotiationForm,
        save=save,
        title=_("New negotiation"),
        back=reverse("round", args=[county, round_.pk]) if round_ else reverse("negotiations", args=[county]),
        done=lambda made: _("The negotiation was made: %(when)s.") % {"when": Timing.of(made).words},
        then=lambda made: reverse("negotiation", args=[county, made.pk]),
        template="negotiations/negotiation_form.html",
        submit=_("Make the negotiation"),
        context={"crumbs": _crumbs_of_round(county, round_)},
        initial=initial,
    )


def _named(request: CountyRequest, name: str, rows: Any) -> Any:
    """Return the row that the address names, if it names one. Raises Http404 where there is no such row."""
    wanted = request.GET.get(name, "")
    if not wanted:
        return None
    if not wanted.isascii() or not wanted.isdigit() or len(wanted) > 18:
        raise Http404
    return get_object_or_404(rows, pk=int(wanted))


def _warn_of_round(request: CountyRequest, negotiation: Negotiation) -> None:
    """Say so where the time is outside the span of the round: it may be meant, or a slip."""
    round_ = negotiation.round
    if round_ is not None and (negotiation.latest < round_.starts_on or negotiation.earliest > round_.ends_on):
        messages.warning(
            request,
            _("The time is outside the round, which is %(days)s.")
            % {"days": timewords.days(round_.starts_on, round_.ends_on)},
        )


@require_http_methods(["GET", "HEAD", "POST"])
def negotiation_edit(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Change the details of a negotiation, and its time while nobody has been invited to it."""
    shown = editable(request, pk)
    here = reverse("negotiation", args=[county, pk])
    with leading_back(here):
        rules.require_open(shown)

    def save(form: NegotiationForm) -> Negotiation:
        saved = rules.change(
            form.save(commit=False),
            fields=form.changed_codes,
            timing=form.timing,
            bases=form.legal_bases,
            slot=form.slot_chosen,
            by=request.user,
        )
        if form.timing is not None and form.timing != form.former:
            _warn_of_round(request, saved)
        return saved

    return edit(
        request,
        NegotiationForm,
        save=save,
        row=shown,
        title=_("Edit the negotiation"),
        back=here,
        done=_("The negotiation was saved."),
        template="negotiations/negotiation_form.html",
        context={"crumbs": crumbs_of(county, shown), "negotiation": shown},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def negotiation_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove a negotiation made by mistake: first say what goes with it, or why it cannot be removed."""
    shown = editable(request, pk)
    here = reverse("negotiation", args=[county, pk])
    if request.method == "POST":
        with leading_back(here):
            rules.remove(shown, by=request.user)
        messages.success(request, _("“%(title)s” was removed.") % {"title": shown.title})
        if shown.round_id is None:
            return redirect("negotiations", county=county)
        return redirect("round", county=county, pk=shown.round_id)
    context = {
        "negotiation": shown,
        "crumbs": crumbs_of(county, shown),
        "hanging": rules.hanging_on(shown),
        "is_planned": shown.state == State.PLANNED,
        "items": sum(part.items.count() for part in shown.parts.all()),
        "back": here,
    }
    return render(request, "negotiations/negotiation_remove.html", context)


# --- Parties --------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def negotiation_parties(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Choose who takes part: municipalities one by one or by group, organisations of the register, and new ones."""
    shown = editable(request, pk)
    here = reverse("negotiation", args=[county, pk])
    parties = list(Party.objects.filter(negotiation=shown))
    year = shown.round.year if shown.round else shown.earliest.year
    members = Prefetch("municipalities", Municipality.objects.only("pk"))
    groups = list(MunicipalityGroup.objects.filter(year=year).order_by("position", "name").prefetch_related(members))

    def context(form: PartiesForm) -> Mapping[str, Any]:
        return {
            "negotiation": shown,
            "crumbs": crumbs_of(county, shown),
            # What was sent all the same is given back, below why it was refused.
            "lock": "" if form.is_bound else lock_of_parties(shown),
            "towns": list(form.towns(groups)),
            "others": list(form.others()),
        }

    template = "negotiations/negotiation_parties.html"
    if request.method == "POST" and (wanted := request.POST.get("group")):
        # Without JavaScript a group is ticked by the server; nothing is saved yet.
        data = request.POST.copy()
        ids = {str(row.pk) for group in groups if str(group.pk) == wanted for row in group.municipalities.all()}
        data.setlist("municipalities", sorted(ids | set(data.getlist("municipalities"))))
        form = PartiesForm(data, access=request.access, negotiation=shown, parties=parties)
        page = {"form": form, "title": _("Parties of the negotiation"), "back": here, "submit": _("Save the parties")}
        return render(request, template, page | {"is_unsaved": True} | dict(context(form)))

    def save(form: PartiesForm) -> tuple[int, int]:
        return rules.set_parties(
            shown,
            municipalities=list(form.cleaned_data["municipalities"]),
            organisations=list(form.cleaned_data["organisations"]),
            new=form.new,
            seen=form.shown,
            by=request.user,
        )

    return edit(
        request,
        PartiesForm,
        save=save,
        title=_("Parties of the negotiation"),
        back=here,
        done=lambda counts: _parties_saved(*counts),
        template=template,
        submit=_("Save the parties"),
        context=context,
        negotiation=shown,
        parties=parties,
    )


def _parties_saved(added: int, removed: int) -> str:
    if not added and not removed:
        return _("The parties are as they were.")
    return _("The parties were saved: %(added)s added, %(removed)s removed.") % {"added": added, "removed": removed}


# --- What has happened ----------------------------------------------------------------------------------------


@require_safe
def negotiation_log(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Tell what has happened to a negotiation and its minutes, in plain words."""
    context = negotiation_context(request, pk, tab="log")
    checks = MinutesCheck.objects.select_related(
        "party__municipality__area", "party__organisation", "party__county__area"
    )
    minutes = list(
        visible_minutes(request.access)
        .filter(negotiation=context["negotiation"])
        .prefetch_related(Prefetch("checks", checks))
    )
    checkers = {check.pk: check.party.name for row in minutes for check in row.checks.all()}
    context["log"] = log_of([context["negotiation"], *minutes], checkers)
    return render(request, "negotiations/negotiation_log.html", context)
