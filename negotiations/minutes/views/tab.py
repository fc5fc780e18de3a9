"""The minutes of a negotiation, and their moves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from municipalities.access import CountyRequest
from municipalities.views.moving import leading_back
from municipalities.views.undoing import undo_offered
from negotiations.minutes import checking
from negotiations.minutes.checkers import parties_without_checker
from negotiations.minutes.composing import parts_with_minutes, request_minutes_document
from negotiations.minutes.forms import MarkForm, SendForCheckingForm
from negotiations.minutes.writing import why_closed
from negotiations.models import AgendaItem, Measure, Minutes, MinutesCheck, Negotiation, Part
from negotiations.permissions import (
    can_edit,
    can_mark,
    can_move_minutes,
    visible_minutes,
    visible_negotiations,
)
from negotiations.planning.views.negotiations import negotiation_context

State = Minutes.State
TEMPLATE = "negotiations/negotiation_minutes.html"


@dataclass(frozen=True)
class CheckShown:
    """A checker's mark, and whether this user may make it."""

    check: MinutesCheck
    may_mark: bool


@dataclass(frozen=True)
class ItemShown:
    """An item as it has been minuted, with the measures agreed under it."""

    item: AgendaItem
    measures: list[Measure]

    @property
    def is_minuted(self) -> bool:
        """Whether anything has been written of it."""
        return bool(self.item.discussion or self.item.agreed or self.item.dissent or self.measures)


@dataclass(frozen=True)
class PartShown:
    """A part as it has been minuted."""

    part: Part
    items: list[ItemShown]


@dataclass(frozen=True)
class MinutesShown:
    """Minutes with their text and checkers, and what this user may do to them."""

    minutes: Minutes
    parts: list[PartShown]
    further_measures: list[Measure]
    # Whether what was agreed under no item is told in these minutes.
    tells_further: bool
    checks: list[CheckShown]
    may_move: bool
    # Why the text cannot be changed now; empty for a draft.
    closed: str
    form: SendForCheckingForm | None
    can_add_checker: bool
    # The date by which to check has passed, and the county has set that silence then is a mark.
    may_enter_silence: bool

    @property
    def may_write(self) -> bool:
        """Whether this user may change the text now."""
        return self.may_move and not self.closed

    @property
    def is_to_mark(self) -> bool:
        """Whether this user has a mark to make."""
        return any(shown.may_mark for shown in self.checks)

    @property
    def waiting_for(self) -> list[MinutesCheck]:
        """The checkers who have not marked the minutes."""
        return [shown.check for shown in self.checks if shown.check.outcome == MinutesCheck.Outcome.WAITING]

    @property
    def items(self) -> list[ItemShown]:
        """The items of the parts that were dealt with, in order."""
        return [item for shown in self.parts if shown.part.dealt_with for item in shown.items]

    @property
    def minuted(self) -> int:
        """How many of the items have been minuted."""
        return sum(item.is_minuted for item in self.items)

    @property
    def unwritten(self) -> int:
        """Of how many items nothing has been written."""
        return len(self.items) - self.minuted

    @property
    def first_empty(self) -> AgendaItem | None:
        """The first item of which nothing has been written."""
        return next((shown.item for shown in self.items if not shown.is_minuted), None)


@require_safe
def negotiation_minutes(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show the minutes of a negotiation, who has checked them, and what can be done with them now."""
    return render(request, TEMPLATE, _page(request, pk))


def _page(request: CountyRequest, pk: int, *, bound: tuple[int, SendForCheckingForm] | None = None) -> dict[str, Any]:
    """Return what the page shows. `bound` is a form that was sent and could not be accepted, by its minutes' id."""
    context = negotiation_context(request, pk, tab="minutes")
    shown: Negotiation = context["negotiation"]
    checks = MinutesCheck.objects.select_related(
        "party__municipality__area", "party__organisation", "party__county__area"
    )
    rows = list(
        visible_minutes(request.access)
        .filter(negotiation=shown)
        .select_related("document", "part")
        .defer("document__context")
        .prefetch_related("attachments", Prefetch("checks", checks))
    )
    for row in rows:
        row.negotiation, row.county = shown, request.county
    parts, measures = _written(rows, context["parts"])
    last = [part.pk for part in parts_with_minutes(shown)][-1:]
    context |= {
        "minutes_name": request.county.minutes_name_in(shown.language),
        "minutes": [_minutes(request, row, parts, measures, last, bound) for row in rows],
        "form_with_errors": bound[1] if bound else None,
        "undo": undo_offered(request) if context["can_edit"] else None,
    }
    return context


def _written(rows: list[Minutes], parts: list[Part]) -> tuple[list[PartShown], Mapping[int | None, list[Measure]]]:
    """Return the parts with their items, and all measures by item. Nothing is read of minutes that are not seen."""
    measures: dict[int | None, list[Measure]] = defaultdict(list)
    items: dict[int, list[AgendaItem]] = defaultdict(list)
    if rows:
        agreed = Measure.objects.filter(negotiation=rows[0].negotiation)
        for measure in agreed.select_related("priority", "municipality__area", "organisation"):
            measures[measure.agenda_item_id].append(measure)
        for item in AgendaItem.objects.filter(part__in=parts):
            items[item.part_id].append(item)
    return [
        PartShown(part, [ItemShown(item, measures[item.pk]) for item in items[part.pk]]) for part in parts
    ], measures


def _minutes(
    request: CountyRequest,
    row: Minutes,
    parts: Iterable[PartShown],
    measures: Mapping[int | None, list[Measure]],
    last: list[int],
    bound: tuple[int, SendForCheckingForm] | None,
) -> MinutesShown:
    may_move = can_move_minutes(request.access, row)
    is_draft = row.state == State.DRAFT
    form = None
    if may_move and is_draft:
        proposed = timezone.localdate() + timedelta(days=request.county.check_days)
        form = (
            bound[1]
            if bound and bound[0] == row.pk
            else SendForCheckingForm(auto_id=f"id_{row.pk}_%s", initial={"check_by": proposed})
        )
    tells_further = row.part_id is None or row.part_id in last
    return MinutesShown(
        minutes=row,
        parts=[shown for shown in parts if row.part_id in {None, shown.part.pk}],
        further_measures=measures.get(None, []) if tells_further else [],
        tells_further=tells_further,
        checks=[
            CheckShown(
                check,
                row.state == State.CHECKING
                and check.outcome == MinutesCheck.Outcome.WAITING
                and can_mark(request.access, check),
            )
            for check in row.checks.all()
        ],
        may_move=may_move,
        closed=why_closed(row),
        form=form,
        can_add_checker=may_move and is_draft and bool(parties_without_checker(row)),
        may_enter_silence=(
            may_move
            and request.county.silence_is_checking
            and row.check_by is not None
            and row.check_by < timezone.localdate()
        ),
    )


# --- Moves ------------------------------------------------------------------------------------------------------


def movable(request: CountyRequest, pk: int) -> Minutes:
    """Return minutes that the user may move: 404 for those they may not know of, 403 for those they may not move."""
    minutes: Minutes = get_object_or_404(visible_minutes(request.access).select_related("negotiation", "part"), pk=pk)
    request.access.require(can_move_minutes(request.access, minutes))
    return minutes


def tab_of(request: CountyRequest, minutes: Minutes | Negotiation) -> str:
    """Return the address of the tab that shows these minutes, or the minutes of this negotiation."""
    pk = minutes.negotiation_id if isinstance(minutes, Minutes) else minutes.pk
    return reverse("negotiation_minutes", args=[request.county.slug, pk])


@require_POST
def minutes_open(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Begin the minutes of a negotiation that has been held."""
    negotiation: Negotiation = get_object_or_404(visible_negotiations(request.access), pk=pk)
    request.access.require(can_edit(request.access))
    back = tab_of(request, negotiation)
    with leading_back(back):
        checking.open_minutes(negotiation, by=request.user)
    messages.success(request, _("The minutes were begun. Write what was discussed and agreed."))
    return redirect(back)


@require_POST
def minutes_render(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Have the minutes made into a PDF as they are now."""
    minutes = movable(request, pk)
    with leading_back(tab_of(request, minutes)):
        document = request_minutes_document(minutes, by=request.user)
    messages.success(request, _("The PDF of the minutes has been ordered."))
    return redirect("document", county=county, pk=document.pk)


@require_POST
def minutes_send(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Send a draft to its checkers."""
    minutes = movable(request, pk)
    form = SendForCheckingForm(request.POST, auto_id=f"id_{pk}_%s")
    if not form.is_valid():
        page = _page(request, minutes.negotiation_id, bound=(pk, form))
        return render(request, TEMPLATE, page, status=422)
    with leading_back(tab_of(request, minutes)):
        checking.send_for_checking(minutes, check_by=form.cleaned_data["check_by"], by=request.user)
    messages.success(request, _("The minutes have been sent for checking."))
    return redirect(tab_of(request, minutes))


@require_POST
def minutes_return(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Take minutes back to a draft."""
    minutes = movable(request, pk)
    with leading_back(tab_of(request, minutes)):
        checking.return_to_draft(minutes, by=request.user)
    messages.success(request, _("The minutes are a draft again. The marks of checking were cleared."))
    return redirect(tab_of(request, minutes))


@require_POST
def minutes_mark(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Enter a checker's mark."""
    minutes: Minutes = get_object_or_404(visible_minutes(request.access), pk=pk)
    form = MarkForm(request.POST)
    wanted = form.cleaned_data["check"] if form.is_valid() else None
    check = get_object_or_404(minutes.checks.select_related("party", "minutes"), pk=wanted)
    request.access.require(can_mark(request.access, check))
    outcome = MinutesCheck.Outcome(form.cleaned_data["outcome"])
    # Silence is entered by the county, once the date it gave has passed; nobody is silent about themselves.
    request.access.require(outcome == MinutesCheck.Outcome.APPROVED or can_edit(request.access))
    with leading_back(tab_of(request, minutes)):
        moved = checking.mark(check, by=request.user, outcome=outcome)
    if moved.state == State.CHECKED:
        messages.success(request, _("The mark was saved. Everyone has now checked the minutes."))
    else:
        messages.success(request, _("The mark was saved."))
    return redirect(tab_of(request, minutes))


@require_POST
def minutes_publish(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Publish checked minutes."""
    minutes = movable(request, pk)
    with leading_back(tab_of(request, minutes)):
        checking.publish(minutes, by=request.user)
    messages.success(request, _("The minutes were published."))
    return redirect(tab_of(request, minutes))
