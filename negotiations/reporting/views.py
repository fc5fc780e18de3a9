"""Summaries: what the board reads, and the moves that bring one to the board."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from municipalities import timewords
from municipalities.access import CountyRequest
from municipalities.documents.kinds import thaw
from municipalities.models import Document
from municipalities.moves import NotAllowedNow
from municipalities.tables import Choice, Column, Kind, Search, Table
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from negotiations.log import log_of
from negotiations.models import FeedbackNote, Negotiation, Round, Summary, SummaryHandling
from negotiations.permissions import can_edit, can_move_summary, visible_rounds, visible_summaries
from negotiations.planning.progress import summary_step
from negotiations.reporting import board
from negotiations.reporting.forms import (
    AgendaForm,
    FeedbackForm,
    FeedbackNoteForm,
    NoteForm,
    PublishForm,
    SummaryTextForm,
)
from negotiations.reporting.summary import SummaryContext, compose, request_summary_document
from negotiations.reporting.writing import add_feedback, change_feedback, remove_feedback, write
from negotiations.sitting.attendance import ImpossibleAttendance

State = Summary.State


@dataclass(frozen=True)
class Stage:
    """A state of the chain draft → ready → on the agenda → noted, as the page draws it."""

    name: str
    words: str
    how: str
    is_here: bool


@dataclass(frozen=True)
class Handled:
    """A body's meeting: when the summary was on its agenda, and the section under which it was noted, if it was."""

    body: str
    on: date
    section: str


# A summary and the meetings that have or had it.
Listed = tuple[Summary, list[Handled]]

COLUMNS: tuple[Column[Listed], ...] = (
    Column("kierros", gettext_lazy("Round"), lambda row: row[0].round.name, order="round__name"),
    Column("vuosi", gettext_lazy("Year"), lambda row: row[0].round.year, order=("round__year", "pk"), kind=Kind.NUMBER),
    Column(
        "tila",
        gettext_lazy("State"),
        lambda row: row[0].get_state_display(),
        order=("state", "round__year"),
        kind=Kind.STATE,
    ),
    Column("asianumero", gettext_lazy("Case number"), lambda row: row[0].case_number, shown=False),
    Column("jaadytetty", gettext_lazy("Frozen"), lambda row: row[0].frozen_at, kind=Kind.DAY, shown=False),
    Column("kasitelty", gettext_lazy("On the agenda and noted"), lambda row: _meetings(row[1]), shown=False),
    Column("julkaistu", gettext_lazy("Published"), lambda row: row[0].published_on, kind=Kind.DAY, shown=False),
)
FILTERS = (
    Search[Summary](by=("round__name", "case_number")),
    Choice[Summary]("tila", gettext_lazy("State"), State.choices, by="state"),
)


def _meetings(meetings: list[Handled]) -> str:
    """Tell in one cell of a file where and when a summary was on an agenda, and under which section it was noted."""
    told = [
        f"{meeting.body} {_written(meeting.on)}" + (f", {meeting.section} §" if meeting.section else "")
        for meeting in meetings
    ]
    return "; ".join(told)


@require_safe
def summaries(request: CountyRequest, county: str) -> HttpResponse:
    """List the summaries that one may read, the latest first."""
    table: Table[Listed] = Table(
        request,
        with_handlings(request),
        COLUMNS,
        name=_("Summaries"),
        filters=FILTERS,
        sort="-vuosi",
        compose=lambda rows: [(summary, handled(summary)) for summary in rows],
    )
    return table.file() or render(
        request, "negotiations/summaries.html", {"table": table, "unpublished": _unpublished(request)}
    )


def _unpublished(request: CountyRequest) -> list[tuple[Round, str]]:
    """Return the rounds whose summary one may not read yet, though their pages tell how far it is, and how far."""
    rows = (
        Summary.objects.filter(round__in=visible_rounds(request.access), published_on=None)
        .exclude(state=State.DRAFT)
        .exclude(pk__in=visible_summaries(request.access).values("pk"))
        .select_related("round")
        .prefetch_related("handlings")
    )
    return [(row.round, summary_step(row).words) for row in rows]


def with_handlings(request: CountyRequest) -> Any:
    """Return the visible summaries with all that a list of them shows."""
    return (
        visible_summaries(request.access)
        .select_related("round", "document")
        .defer("document__context")
        .prefetch_related("handlings")
        .order_by("-round__year", "-pk")
    )


def handled(summary: Summary) -> list[Handled]:
    """Return the meetings that have or had the summary, in order of time."""
    noted = {(row.body, row.on): row.section for row in summary.handlings.all() if row.act == SummaryHandling.Act.NOTED}
    meetings = {(row.body, row.on) for row in summary.handlings.all()}
    return [
        Handled(body, on, noted.get((body, on), ""))
        for body, on in sorted(meetings, key=lambda meeting: (meeting[1], meeting[0]))
    ]


@require_safe
def summary(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show a summary: the brief first, where it is in its chain, and what can be done with it now."""
    return render(request, "negotiations/summary.html", _page(request, pk))


def _page(request: CountyRequest, pk: int, **bound: forms.Form) -> dict[str, Any]:
    """Return what the page shows. `bound` are forms that were sent and could not be accepted, by their name."""
    shown: Summary = get_object_or_404(
        visible_summaries(request.access).select_related("round", "document").prefetch_related("handlings"), pk=pk
    )
    meetings = handled(shown)
    may_move = can_move_summary(request.access, shown)
    brief, missing = brief_of(shown)
    context: dict[str, Any] = {
        "summary": shown,
        "document": shown.document,
        "brief": brief,
        "missing": missing,
        "chain": _chain(shown),
        "handled": meetings,
        "may_move": may_move,
        "may_read_round": visible_rounds(request.access).filter(pk=shown.round_id).exists(),
        "log": log_of([shown]) if may_move else [],
        "form_with_errors": next(iter(bound.values()), None),
    }
    if may_move:
        unheld = _unheld(shown) if shown.state == State.DRAFT else 0
        context |= {
            "agenda_form": bound.get("agenda_form") or AgendaForm(prefix="agenda", auto_id="%s"),
            "note_form": bound.get("note_form") or NoteForm(prefix="note", auto_id="%s", initial=_waiting(meetings)),
            "publish_form": bound.get("publish_form")
            or PublishForm(prefix="publish", auto_id="%s", initial={"on": timezone.localdate()}),
            "unheld": unheld,
            "tells_unwritten": shown.state == State.DRAFT,
            # A summary is not to be frozen before all has been held, and the board's own headings are written.
            "write_first": bool(unheld) or brief is None or not (brief.notes.agreed and brief.notes.board),
        }
    return context


def _unheld(shown: Summary) -> int:
    """Return how many negotiations of the round are still to be held."""
    ahead = [Negotiation.State.PLANNED, Negotiation.State.CONVENED]
    return Negotiation.objects.filter(round_id=shown.round_id, state__in=ahead).count()


def brief_of(shown: Summary) -> tuple[SummaryContext | None, str]:
    """Return what the brief tells: as it was frozen once the summary is frozen, as things stand while it is a draft.

    Where it cannot be put together yet, say why instead.
    """
    if shown.state != State.DRAFT and shown.document is not None:
        try:
            frozen: SummaryContext = thaw(shown.document).doc
        except TypeError:  # frozen by a version of the site whose form can no longer be read
            return None, _("Read the brief in the PDF.")
        return frozen, ""
    try:
        return compose(shown, on=timezone.localdate()), ""
    except (NotAllowedNow, ImpossibleAttendance) as refusal:
        return None, str(refusal)


def _chain(shown: Summary) -> list[Stage]:
    order = [State.DRAFT, State.READY, State.ON_AGENDA, State.NOTED]
    here = order.index(State(shown.state))
    dates: dict[State, date | None] = {State.READY: timezone.localdate(shown.frozen_at) if shown.frozen_at else None}
    for row in shown.handlings.all():
        state = State.NOTED if row.act == SummaryHandling.Act.NOTED else State.ON_AGENDA
        dates.setdefault(state, row.on)
    return [
        Stage(
            name=str(state.label),
            words=_written(dates.get(state)) if place <= here else "",
            how="done" if place <= here else "ahead",
            is_here=place == here,
        )
        for place, state in enumerate(order)
    ]


def _written(day: date | None) -> str:
    return timewords.day(day, weekday=False) if day else ""


def _waiting(meetings: list[Handled]) -> dict[str, Any]:
    """Return the first meeting that has the summary on its agenda and has not noted it, to save typing."""
    for meeting in meetings:
        if not meeting.section:
            return {"body": meeting.body, "on": meeting.on if meeting.on <= timezone.localdate() else None}
    return {}


# --- Moves ------------------------------------------------------------------------------------------------------


def _movable(request: CountyRequest, pk: int) -> Summary:
    """Return a summary that the user may move: 404 for those they may not know of, 403 for those they may not move."""
    shown: Summary = get_object_or_404(visible_summaries(request.access).select_related("round"), pk=pk)
    request.access.require(can_move_summary(request.access, shown))
    return shown


def _move(request: CountyRequest, county: str, pk: int, move: Callable[[Summary], object], done: str) -> HttpResponse:
    shown = _movable(request, pk)
    here = reverse("summary", args=[county, pk])
    with leading_back(here):
        move(shown)
    messages.success(request, done)
    return redirect(here)


def _refused(request: CountyRequest, pk: int, **bound: forms.Form) -> HttpResponse:
    return render(request, "negotiations/summary.html", _page(request, pk, **bound), status=422)


@require_POST
def summary_render(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Have a draft of the summary made into a PDF as things stand."""
    shown = _movable(request, pk)
    with leading_back(reverse("summary", args=[county, pk])):
        if shown.state != State.DRAFT:
            raise NotAllowedNow(_("The summary has been frozen: its final PDF is the one that counts."))
        document: Document = request_summary_document(shown, variant="draft", by=request.user)
    messages.success(request, _("The PDF of the draft has been ordered."))
    return redirect("document", county=county, pk=document.pk)


@require_POST
def summary_freeze(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Freeze the summary and have its final document made."""
    done = _("The summary has been frozen. Its final PDF has been ordered.")
    return _move(request, county, pk, lambda shown: board.freeze(shown, by=request.user), done)


@require_POST
def summary_reopen(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Take a frozen summary back to a draft."""
    done = _("The summary is a draft again.")
    return _move(request, county, pk, lambda shown: board.reopen(shown, by=request.user), done)


@require_POST
def summary_put_on_agenda(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Put the summary on the agenda of a meeting."""
    _movable(request, pk)
    form = AgendaForm(request.POST, prefix="agenda", auto_id="%s")
    if not form.is_valid():
        return _refused(request, pk, agenda_form=form)
    done = _("The summary has been put on the agenda. The members of the board can now read it.")
    return _move(
        request, county, pk, lambda shown: board.put_on_agenda(shown, **form.cleaned_data, by=request.user), done
    )


@require_POST
def summary_note(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Enter that a body has noted the summary."""
    _movable(request, pk)
    form = NoteForm(request.POST, prefix="note", auto_id="%s")
    if not form.is_valid():
        return _refused(request, pk, note_form=form)
    done = _("It has been entered that the body has noted the summary.")
    return _move(request, county, pk, lambda shown: board.note(shown, **form.cleaned_data, by=request.user), done)


@require_POST
def summary_publish(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Publish the summary."""
    _movable(request, pk)
    form = PublishForm(request.POST, prefix="publish", auto_id="%s")
    if not form.is_valid():
        return _refused(request, pk, publish_form=form)
    done = _("The summary has been published.")
    return _move(request, county, pk, lambda shown: board.publish(shown, **form.cleaned_data, by=request.user), done)


# --- Writing ----------------------------------------------------------------------------------------------------


@require_POST
def summary_open(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Begin the summary of a round."""
    round_: Round = get_object_or_404(visible_rounds(request.access), pk=pk)
    request.access.require(can_edit(request.access))
    opened = board.open_summary(round_, by=request.user)
    messages.success(request, _("The summary has been begun. Write its texts; the numbers come by themselves."))
    return redirect("summary", county=county, pk=opened.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def summary_write(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Write the texts of a summary that is a draft."""
    shown = _movable(request, pk)
    here = reverse("summary", args=[county, pk])
    if request.method != "POST" and shown.state != State.DRAFT:
        messages.info(request, _("The summary has been frozen. Take it back to a draft before you change its text."))
        return redirect(here)
    return edit(
        request,
        SummaryTextForm,
        row=shown,
        save=lambda form: write(shown, form.texts(), case_number=form.cleaned_data["case_number"], by=request.user),
        title=_("Texts of the summary"),
        back=here,
        done=_("The texts were saved."),
        context={
            "crumbs": [(reverse("summaries", args=[county]), _("Summaries")), (here, shown.round.name)],
            "lead": _("One paragraph or one thing a line. Participants, figures and measures come by themselves."),
        },
    )


def _feedback_page(county: str, round_id: int) -> str:
    return reverse("round_workshops", args=[county, round_id]) + "#palaute"


@require_http_methods(["GET", "HEAD", "POST"])
def feedback_new(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Add what was said of a round afterwards."""
    round_: Round = get_object_or_404(visible_rounds(request.access), pk=pk)
    request.access.require(can_edit(request.access))
    return edit(
        request,
        FeedbackForm,
        save=lambda form: add_feedback(round_, by=request.user, **form.cleaned_data),
        title=_("Add feedback"),
        back=_feedback_page(county, pk),
        done=_("The feedback was saved."),
        context={"crumbs": _round_crumbs(county, round_)},
    )


def _note(request: CountyRequest, pk: int) -> FeedbackNote:
    visible = FeedbackNote.objects.filter(round__in=visible_rounds(request.access))
    note: FeedbackNote = get_object_or_404(visible.select_related("round"), pk=pk)
    request.access.require(can_edit(request.access))
    return note


@require_http_methods(["GET", "HEAD", "POST"])
def feedback_edit(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Edit one thing that was said."""
    note = _note(request, pk)
    return edit(
        request,
        FeedbackNoteForm,
        row=note,
        save=lambda form: change_feedback(form.save(commit=False), by=request.user),
        title=_("Edit the feedback"),
        back=_feedback_page(county, note.round_id),
        done=_("The feedback was saved."),
        context={"crumbs": _round_crumbs(county, note.round)},
    )


@require_POST
def feedback_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove one thing that was said."""
    note = _note(request, pk)
    remove_feedback(note, by=request.user)
    messages.success(request, _("The feedback was removed."))
    return redirect(_feedback_page(county, note.round_id))


def _round_crumbs(county: str, round_: Round) -> list[tuple[str, str]]:
    return [(reverse("rounds", args=[county]), _("Rounds")), (reverse("round", args=[county, round_.pk]), round_.name)]
