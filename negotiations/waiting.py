"""What waits for somebody: what only they can move on, the oldest first. Derived from states and dates each time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, Prefetch
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities import timewords
from municipalities.access import Access
from municipalities.documents import visible_documents
from municipalities.models import Document
from negotiations.models import Minutes, MinutesCheck, Negotiation, Round, Summary, SummaryHandling
from negotiations.permissions import can_mark, visible_minutes, visible_negotiations, visible_summaries

# How far ahead "next" looks.
AHEAD = timedelta(weeks=4)
WAITING = MinutesCheck.Outcome.WAITING


@dataclass(frozen=True)
class Task:
    """Something to be moved on: what to do, of what, since when, and where."""

    act: str
    subject: str
    why: str
    since: date
    url: str


def for_coordinator(access: Access, *, today: date) -> list[Task]:
    """Return what waits for the coordinator, the oldest first."""
    tasks = [*_minutes(access, today), *_summaries(access, today), *_failed_documents(access)]
    return sorted(tasks, key=lambda task: (task.since, task.subject))


def to_check(access: Access) -> list[MinutesCheck]:
    """Return the marks that this user can make on minutes that are being checked, the most urgent first."""
    checks = (
        MinutesCheck.objects.filter(
            minutes__in=visible_minutes(access).filter(state=Minutes.State.CHECKING),
            party__municipality_id__in=access.municipality_ids,
            outcome=WAITING,
        )
        .select_related("minutes__negotiation", "minutes__document", "minutes__part", "party__municipality__area")
        .order_by("minutes__check_by", "pk")
    )
    return [check for check in checks if can_mark(access, check)]


def coming(access: Access, *, today: date, within: timedelta | None = AHEAD) -> list[Negotiation]:
    """Return the negotiations that are still to be held, the nearest first."""
    rows = (
        visible_negotiations(access)
        .filter(
            state__in=[Negotiation.State.PLANNED, Negotiation.State.CONVENED],
            latest__gte=today,
            # A round known only as a plan is of the past: what became of it is not known here.
            round__plan_as_of=None,
        )
        .select_related("round")
        .prefetch_related("parts")
        .order_by("earliest", "starts_at", "pk")
    )
    if within is not None:
        rows = rows.filter(earliest__lte=today + within)
    return list(rows)


def _minutes(access: Access, today: date) -> Iterator[Task]:
    checks = MinutesCheck.objects.filter(outcome=WAITING).select_related("party__municipality__area")
    rows = (
        visible_minutes(access)
        .exclude(state=Minutes.State.PUBLISHED)
        .select_related("negotiation", "part")
        .prefetch_related(Prefetch("checks", checks, to_attr="unmarked"))
    )
    for minutes in rows:
        negotiation = minutes.negotiation
        url = reverse("negotiation", args=[access.county.slug, negotiation.pk]) + "#poytakirjat"
        held = negotiation.latest
        if minutes.state == Minutes.State.DRAFT:
            why = _("The minutes are a draft. The negotiation was held on %(day)s.") % {"day": timewords.day(held)}
            yield Task(_("Send the minutes for checking"), negotiation.title, why, held, url)
        elif minutes.state == Minutes.State.CHECKED:
            why = _("The minutes have been checked by all.")
            yield Task(_("Publish the minutes"), negotiation.title, why, held, url)
        elif minutes.check_by and minutes.check_by < today:
            names = ", ".join(check.party.name for check in minutes.unmarked)
            why = _("The time for checking ended on %(day)s. Not marked by: %(names)s.") % {
                "day": timewords.day(minutes.check_by),
                "names": names,
            }
            yield Task(_("See to the missing marks"), negotiation.title, why, minutes.check_by, url)


def _summaries(access: Access, today: date) -> Iterator[Task]:
    unheld = Negotiation.objects.filter(
        round=OuterRef("round"), state__in=[Negotiation.State.PLANNED, Negotiation.State.CONVENED]
    )
    unchecked = Minutes.objects.filter(
        negotiation__round=OuterRef("round"), state__in=[Minutes.State.DRAFT, Minutes.State.CHECKING]
    )
    rows = (
        visible_summaries(access)
        .select_related("round")
        .prefetch_related("handlings")
        .annotate(unheld=Exists(unheld), unchecked=Exists(unchecked))
    )
    for summary in rows:
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
