"""What waits for somebody: what only they can move on, today's first, then the oldest. Derived from states and days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from municipalities import timewords
from municipalities.access import Access
from municipalities.documents import visible_documents
from municipalities.models import Document
from negotiations.followup import duty as duties
from negotiations.followup.duty import NAMES_SHOWN, Duty, Standing
from negotiations.models import (
    AvailabilityAnswer,
    AvailabilityRequest,
    Minutes,
    MinutesCheck,
    MinutesRemark,
    MinutesSignature,
    Negotiation,
    Round,
    RoundStage,
    Summary,
    SummaryHandling,
)
from negotiations.permissions import (
    can_mark,
    marks_awaited,
    visible_minutes,
    visible_negotiations,
    visible_rounds,
    visible_summaries,
)

# How far ahead "next" looks.
AHEAD = timedelta(weeks=4)
# How long before the end of its period the duty is waited for: later nobody finds a day any more.
PRESSING = timedelta(weeks=13)
WAITING = MinutesCheck.Outcome.WAITING
State = Negotiation.State
AHEAD_OF_HOLDING = frozenset({State.PLANNED, State.CONVENED})


@dataclass(frozen=True)
class Task:
    """Something to be moved on: what to do, of what, since when, and where."""

    act: str
    subject: str
    why: str
    since: date
    url: str
    # To be done today and on no other day: it comes first.
    is_today: bool = False


@dataclass(frozen=True)
class Desk:
    """What a coordinator has before them: what waits, what comes next, the rounds and the duty."""

    tasks: list[Task]
    coming: list[Negotiation]
    # The latest first.
    rounds: list[Round]
    # Each with what bodies have done with it.
    summaries: list[Summary]
    duty: Duty


def desk(access: Access, *, today: date) -> Desk:
    """Return what a coordinator has before them. As many queries however much it is."""
    rounds = _rounds(access, today)
    negotiations = _unfinished(access, today)
    summaries = _summaries(access)
    duty = duties.read(access.county, today=today)
    tasks = [
        *_of_duty(access, duty, today),
        *_of_rounds(access, rounds, today),
        *_of_negotiations(access, negotiations, today),
        *_minutes(access, today),
        *_of_summaries(access, summaries, today),
        *_failed_documents(access),
    ]
    return Desk(
        tasks=sorted(tasks, key=lambda task: (not task.is_today, task.since, task.subject)),
        coming=[row for row in negotiations if row.state in AHEAD_OF_HOLDING and row.latest >= today],
        rounds=rounds,
        summaries=summaries,
        duty=duty,
    )


def to_check(access: Access) -> list[MinutesCheck]:
    """Return the marks that this user can make on minutes that are being checked, the most urgent first."""
    checks = marks_awaited(access).select_related(
        "minutes__negotiation", "minutes__document", "minutes__part", "party__municipality__area"
    )
    return [check for check in checks if can_mark(access, check)]


def coming(access: Access, *, today: date) -> list[Negotiation]:
    """Return the negotiations that are still to be held, the nearest first, each with its legal bases."""
    rows = (
        visible_negotiations(access)
        .filter(
            state__in=AHEAD_OF_HOLDING,
            latest__gte=today,
            # A round known only as a plan is of the past: what became of it is not known here.
            round__plan_as_of=None,
        )
        .annotate(bases=ArrayAgg("parts__legal_basis", filter=Q(parts__isnull=False), order_by="parts__position"))
        .order_by("earliest", "starts_at", "pk")
    )
    return list(rows)


def _of_duty(access: Access, duty: Duty, today: date) -> Iterator[Task]:
    """Yield with whom the duty will not be met as things are, once its period draws to its end."""
    for coverage in duty.coverages:
        ends_on = coverage.period.ends_on
        since = ends_on - PRESSING
        if not since <= today <= ends_on:
            continue
        for standing, act, why in (
            (
                Standing.MISSING,
                _("Agree on a negotiation"),
                _("Nothing is planned with them, and the duty of %(period)s ends on %(day)s."),
            ),
            (
                Standing.STAYED_AWAY,
                _("Agree on a new negotiation"),
                _("Was invited and stayed away. The duty of %(period)s ends on %(day)s."),
            ),
        ):
            names = [str(municipality) for municipality in duty.named(coverage, standing)]
            if names:
                told = {"period": coverage.basis.sections, "day": timewords.day(ends_on, weekday=False)}
                url = reverse("duty", args=[access.county.slug])
                yield Task(act, _names(names), why % told, since, f"{url}?tilanne={standing.value}")


def _names(names: Sequence[str]) -> str:
    shown, more = ", ".join(names[:NAMES_SHOWN]), len(names) - NAMES_SHOWN
    if more <= 0:
        return shown
    words = ngettext("%(names)s and %(more)s more", "%(names)s and %(more)s more", more)
    return words % {"names": shown, "more": more}


def _rounds(access: Access, today: date) -> list[Any]:
    """Return the rounds with what they lack, the latest first."""
    own = Negotiation.objects.filter(round=OuterRef("pk"))
    rows = visible_rounds(access).annotate(
        has_any=Exists(own),
        has_unheld=Exists(own.filter(state__in=AHEAD_OF_HOLDING)),
        has_held=Exists(own.filter(state=State.HELD)),
        has_summary=Exists(Summary.objects.filter(round=OuterRef("pk"))),
        unsuitable=Exists(_unsuitable()),
        answer_by=F("inquiry__answer_by"),
        unanswered=_how_many(AvailabilityRequest.objects.filter(answered_at=None, inquiry__round=OuterRef("pk"))),
        late_since=Subquery(_late(today).values("latest")[:1]),
        late_stages=_how_many(_late(today)),
    )
    return list(rows.order_by("-year", "-starts_on", "name"))


def _unsuitable() -> QuerySet[AvailabilityAnswer]:
    """Return the answers that a time does not suit a party to the negotiation of the round that is in it.

    The county's core group is in every negotiation.
    """
    sitting = "slot__negotiation"
    party = (
        Q(request__municipality=F(f"{sitting}__parties__municipality"))
        | Q(request__organisation=F(f"{sitting}__parties__organisation"))
        | Q(request__municipality=None, request__organisation=None)
    )
    answers: QuerySet[AvailabilityAnswer] = AvailabilityAnswer.objects.filter(
        party,
        suits=AvailabilityAnswer.Suits.NO,
        slot__round=OuterRef("pk"),
        slot__negotiation__state__in=AHEAD_OF_HOLDING,
        slot__starts_at__gt=timezone.now(),
    )
    return answers


def _late(today: date) -> QuerySet[RoundStage]:
    """Return the stages of the round whose time has passed though they have not been done, the oldest first."""
    late: QuerySet[RoundStage] = RoundStage.objects.filter(round=OuterRef("pk"), done_on=None, latest__lt=today)
    return late.order_by("latest", "pk")


def _how_many(rows: QuerySet[Any]) -> Subquery:
    """Count the rows of what the query is of; none where there are none."""
    return Subquery(rows.order_by().annotate(of=OuterRef("pk")).values("of").annotate(n=Count("pk")).values("n"))


def _of_rounds(access: Access, rounds: Iterable[Any], today: date) -> Iterator[Task]:
    for round_ in rounds:
        if round_.plan_as_of is not None:
            continue
        yield from _of_planning(access, round_, today)
        url = reverse("round", args=[access.county.slug, round_.pk])
        if not round_.has_any:
            if round_.ends_on >= today:
                why = _("The round has no negotiations yet. It is to begin on %(day)s.") % {
                    "day": timewords.day(round_.starts_on)
                }
                yield Task(_("Plan the negotiations"), round_.name, why, round_.starts_on, url)
        elif round_.has_held and not round_.has_unheld and not round_.has_summary:
            why = _("All negotiations have been held, and the summary has not been begun.")
            yield Task(_("Begin the summary"), round_.name, why, round_.ends_on, url)


def _of_planning(access: Access, round_: Any, today: date) -> Iterator[Task]:
    """Yield what has come up in a round that is being planned: answers on times, and stages that are late."""

    def to(name: str) -> str:
        return reverse(name, args=[access.county.slug, round_.pk])

    if round_.unsuitable:
        why = _("A time given to a negotiation does not suit one of its parties, by their answer.")
        yield Task(_("Look at the times that do not suit"), round_.name, why, today, to("round_board"))
    if round_.unanswered and round_.answer_by < today and round_.starts_on >= today:
        why = ngettext(
            "The last day for the answers was %(day)s, and %(count)s party has not answered.",
            "The last day for the answers was %(day)s, and %(count)s parties have not answered.",
            round_.unanswered,
        ) % {"day": timewords.day(round_.answer_by), "count": round_.unanswered}
        yield Task(_("See who has not answered"), round_.name, why, round_.answer_by, to("round_availability"))
    if round_.late_stages:
        why = ngettext(
            "%(count)s stage is late, since %(day)s.",
            "%(count)s stages are late, the first one since %(day)s.",
            round_.late_stages,
        ) % {"day": timewords.day(round_.late_since), "count": round_.late_stages}
        yield Task(_("Look at the stages of the year"), round_.name, why, round_.late_since, to("round_year"))


def _unfinished(access: Access, today: date) -> list[Negotiation]:
    """Return the negotiations that are to be moved on now or soon, the nearest first."""
    # Once the summary of its round is frozen, nobody waits for minutes that were never written here.
    reported = Exists(Summary.objects.filter(round=OuterRef("round")).exclude(state=Summary.State.DRAFT))
    ahead = Q(state__in=AHEAD_OF_HOLDING, earliest__lte=today + AHEAD)
    unminuted = Q(state=State.HELD) & ~Exists(Minutes.objects.filter(negotiation=OuterRef("pk"))) & ~reported
    rows = visible_negotiations(access).filter(ahead | unminuted, round__plan_as_of=None)
    return list(rows.order_by("earliest", "starts_at", "pk"))


def _of_negotiations(access: Access, negotiations: Iterable[Negotiation], today: date) -> Iterator[Task]:
    for row in negotiations:
        when = {"when": timewords.day(row.latest) if row.earliest == row.latest else _span(row)}
        url = reverse("negotiation", args=[access.county.slug, row.pk])
        if row.state == State.HELD:
            why = _("Held %(when)s. The minutes have not been begun.") % when
            yield Task(_("Begin the minutes"), row.title, why, row.latest, url)
        elif row.state == State.CONVENED and row.earliest == row.latest == today:
            why = _("The negotiation is today. Open the parts and write in the sitting.")
            sitting = reverse("live", args=[access.county.slug, row.pk])
            yield Task(_("Open the sitting"), row.title, why, today, sitting, is_today=True)
        elif row.state == State.CONVENED and row.latest < today:
            why = _("The negotiation was on %(when)s.") % when
            yield Task(_("Mark the negotiation as held"), row.title, why, row.latest, url)
        elif row.latest < today:
            why = _("It was planned for %(when)s, and the parties were not invited. Postpone it or cancel it.") % when
            yield Task(_("Settle what became of the negotiation"), row.title, why, row.latest, url)
        elif row.state == State.PLANNED and row.precision == Negotiation.Precision.MONTH:
            why = _("It is planned for %(when)s. Give its day, and invite the parties.") % when
            yield Task(_("Fix the time of the negotiation"), row.title, why, row.earliest, url)
        elif row.state == State.PLANNED:
            why = _("The negotiation is on %(when)s, and the parties have not been invited.") % when
            yield Task(_("Invite the parties"), row.title, why, row.earliest, url)


def _span(row: Negotiation) -> str:
    return timewords.span(row.earliest, row.latest)


def _minutes(access: Access, today: date) -> Iterator[Task]:
    checks = MinutesCheck.objects.filter(outcome=WAITING).select_related("party__municipality__area")
    open_remarks = MinutesRemark.objects.filter(version__minutes=OuterRef("pk"), state=MinutesRemark.State.OPEN)
    rows: QuerySet[Any] = (
        visible_minutes(access)
        .exclude(state=Minutes.State.PUBLISHED)
        .select_related("negotiation", "part")
        .prefetch_related(Prefetch("checks", checks, to_attr="unmarked"))
        .annotate(
            remarked_at=Subquery(open_remarks.order_by("made_at").values("made_at")[:1]),
            remarks=_how_many(open_remarks),
            unsigned=Exists(MinutesSignature.objects.filter(minutes=OuterRef("pk"), signed_on=None)),
        )
    )
    for minutes in rows:
        negotiation = minutes.negotiation
        url = reverse("negotiation_minutes", args=[access.county.slug, negotiation.pk])
        held = negotiation.latest
        if minutes.state == Minutes.State.DRAFT and minutes.corrects_id:
            why = _("The minutes have been found wrong, and their correction is a draft.")
            yield Task(_("Send the correction for checking"), negotiation.title, why, held, url)
        elif minutes.state == Minutes.State.DRAFT:
            why = _("The minutes are a draft. The negotiation was held on %(day)s.") % {"day": timewords.day(held)}
            yield Task(_("Send the minutes for checking"), negotiation.title, why, held, url)
        elif minutes.state == Minutes.State.CHECKED and minutes.unsigned and access.county.signs_minutes:
            why = _("The minutes have been checked by all. The chair and the secretary have not both signed them.")
            yield Task(_("See to the signatures"), negotiation.title, why, held, url)
        elif minutes.state == Minutes.State.CHECKED:
            why = _("The minutes have been checked by all.")
            yield Task(_("Publish the minutes"), negotiation.title, why, held, url)
        elif minutes.remarks:
            why = ngettext(
                "The checkers have made %(count)s remark that waits for an answer.",
                "The checkers have made %(count)s remarks that wait for an answer.",
                minutes.remarks,
            ) % {"count": minutes.remarks}
            since = timezone.localdate(minutes.remarked_at)
            yield Task(_("Answer the checkers' remarks"), negotiation.title, why, since, url)
        elif minutes.check_by and minutes.check_by < today:
            names = ", ".join(check.party.name for check in minutes.unmarked)
            why = _("The time for checking ended on %(day)s. Not marked by: %(names)s.") % {
                "day": timewords.day(minutes.check_by),
                "names": names,
            }
            yield Task(_("See to the missing marks"), negotiation.title, why, minutes.check_by, url)


def _summaries(access: Access) -> list[Summary]:
    unheld = Negotiation.objects.filter(
        round=OuterRef("round"), state__in=[Negotiation.State.PLANNED, Negotiation.State.CONVENED]
    )
    unchecked = Minutes.objects.filter(
        negotiation__round=OuterRef("round"),
        corrects=None,
        state__in=[Minutes.State.DRAFT, Minutes.State.CHECKING],
    )
    rows = (
        visible_summaries(access)
        .select_related("round")
        .prefetch_related("handlings")
        .annotate(unheld=Exists(unheld), unchecked=Exists(unchecked))
    )
    return list(rows)


def _of_summaries(access: Access, summaries: Iterable[Any], today: date) -> Iterator[Task]:
    for summary in summaries:
        round_: Round = summary.round
        url = reverse("summary", args=[access.county.slug, summary.pk])
        if summary.state == Summary.State.DRAFT:
            if not summary.unheld and not summary.unchecked and round_.plan_as_of is None:
                why = _("All negotiations have been held and their minutes checked.")
                yield Task(_("Freeze the summary"), round_.name, why, round_.ends_on, url)
        elif summary.state == Summary.State.READY and summary.frozen_at:
            why = _("The summary has been frozen. The board reads it once it is on an agenda.")
            yield Task(_("Put the summary on the agenda"), round_.name, why, timezone.localdate(summary.frozen_at), url)
        for body, on in _unnoted(summary):
            if on < today:
                why = _("%(body)s had it on the agenda on %(day)s.") % {"body": body, "day": timewords.day(on)}
                yield Task(_("Mark the summary as noted"), round_.name, why, on, url + "#merkitse")


def _unnoted(summary: Summary) -> list[tuple[str, date]]:
    """Return the meetings that had the summary on their agenda and are not known to have noted it."""
    act = SummaryHandling.Act
    noted = {(row.body, row.on) for row in summary.handlings.all() if row.act == act.NOTED}
    return [
        (row.body, row.on)
        for row in summary.handlings.all()
        if row.act == act.ON_AGENDA and (row.body, row.on) not in noted
    ]


def _failed_documents(access: Access) -> Iterator[Task]:
    for document in visible_documents(access).filter(state=Document.State.FAILED).defer("context"):
        url = reverse("document", args=[access.county.slug, document.pk])
        since = timezone.localdate(document.queued_at)
        yield Task(_("Have the document made again"), document.title, document.reason, since, url)
