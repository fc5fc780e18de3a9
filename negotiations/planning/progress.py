"""How far a round is: planned, invited, negotiated, minuted, summed up. Derived each time, stored nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Count, Exists, OuterRef, Q, prefetch_related_objects
from django.utils.translation import gettext as _

from negotiations.models import Minutes, Negotiation, Round, Summary, SummaryHandling

State = Negotiation.State


class How(StrEnum):
    """Whether a step is ahead, under way or done."""

    AHEAD = "ahead"
    GOING = "going"
    DONE = "done"
    # The round is known only as a plan: what became of it is not known here.
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Step:
    """A step of a round: so many of its negotiations are past it, or of the bodies that are to note its summary."""

    name: str
    done: int
    total: int
    how: How
    words: str


@dataclass(frozen=True)
class Counts:
    """Of the negotiations of a round that were not cancelled, how many are how far."""

    total: int = 0
    dated: int = 0
    invited: int = 0
    held: int = 0
    checked: int = 0


def steps(counts: Counts, summary: Summary | None, *, only_plan: bool) -> list[Step]:
    """Return the five steps of a round in order."""
    counted = [
        (_("Planning"), counts.dated),
        (_("Invitations"), counts.invited),
        (_("Negotiations"), counts.held),
        (_("Minutes"), counts.checked),
    ]
    rows = []
    for place, (name, done) in enumerate(counted):
        if only_plan and place > 0:
            rows.append(Step(name, 0, counts.total, How.UNKNOWN, _("not known")))
            continue
        how = How.AHEAD if not done else How.DONE if done == counts.total else How.GOING
        rows.append(Step(name, done, counts.total, how, f"{done} / {counts.total}"))
    if summary is not None:
        rows.append(summary_step(summary))
    else:
        unknown = How.UNKNOWN if only_plan else How.AHEAD
        rows.append(Step(_("Summary"), 0, 0, unknown, _("not known") if only_plan else _("not begun")))
    return rows


def summary_step(summary: Summary) -> Step:
    """Return how far a summary is. It is done once every body that has had it on its agenda has noted it."""
    name, words = _("Summary"), summary.get_state_display()
    if summary.state in {Summary.State.DRAFT, Summary.State.READY}:
        return Step(name, 0, 0, How.AHEAD if summary.state == Summary.State.DRAFT else How.GOING, words)
    handlings = summary.handlings.all()
    bodies = {row.body for row in handlings}
    noted = {row.body for row in handlings if row.act == SummaryHandling.Act.NOTED}
    if noted and noted != bodies:
        words = _("%(noted)s / %(bodies)s have noted it") % {"noted": len(noted), "bodies": len(bodies)}
    return Step(name, len(noted), len(bodies), How.DONE if noted == bodies else How.GOING, words)


def steps_of(rounds: Iterable[Round], *, summaries: Iterable[Summary] | None = None) -> dict[int, list[Step]]:
    """Return the steps of each round by its id, in three queries however many there are.

    In two, where the summaries of the rounds are at hand already.
    """
    rounds = list(rounds)
    minutes = Minutes.objects.filter(negotiation=OuterRef("pk"), corrects=None)
    unfinished = minutes.filter(state__in=[Minutes.State.DRAFT, Minutes.State.CHECKING])
    rows = (
        Negotiation.objects.filter(round__in=rounds)
        .exclude(state=State.CANCELLED)
        .annotate(minuted=Exists(minutes), unfinished=Exists(unfinished))
        .order_by()
        .values("round_id")
        .annotate(
            total=Count("pk"),
            dated=Count("pk", filter=~Q(precision=Negotiation.Precision.MONTH)),
            invited=Count("pk", filter=Q(state__in=[State.CONVENED, State.HELD])),
            held=Count("pk", filter=Q(state=State.HELD)),
            checked=Count("pk", filter=Q(minuted=True, unfinished=False)),
        )
    )
    counts = {
        row["round_id"]: Counts(row["total"], row["dated"], row["invited"], row["held"], row["checked"]) for row in rows
    }
    if summaries is None:
        summaries = Summary.objects.filter(round__in=rounds)
    summed_up = {summary.round_id: summary for summary in summaries}
    prefetch_related_objects(list(summed_up.values()), "handlings")
    return {
        round_.pk: steps(
            counts.get(round_.pk, Counts()), summed_up.get(round_.pk), only_plan=round_.plan_as_of is not None
        )
        for round_ in rounds
    }
