"""What has happened to a round and to everything in it, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from municipalities.access import CountyRequest
from municipalities.models import Event, MunicipalityGroup
from municipalities.tables import Choice, Column, Kind, Table
from negotiations.log import name_things, tell, verbs_of
from negotiations.models import Minutes, MinutesCheck, Negotiation, Round, Summary
from negotiations.permissions import can_edit, visible_minutes, visible_negotiations, visible_summaries
from negotiations.planning.views.rounds import round_context

# Where the whole log is long, the first page still opens at once.
PER_PAGE = 50
ROUND, NEGOTIATION, MINUTES, SUMMARY, GROUP = (
    model._meta.label_lower for model in (Round, Negotiation, Minutes, Summary, MunicipalityGroup)
)


@dataclass(frozen=True)
class LogRow:
    """One thing that happened: when, what, to what, and who did it where the words do not say so."""

    at: datetime
    words: str
    who: str
    about: str = ""
    url: str = ""


COLUMNS: tuple[Column[LogRow], ...] = (
    Column("milloin", gettext_lazy("When"), lambda row: row.at, kind=Kind.MOMENT),
    Column("mita", gettext_lazy("What happened"), lambda row: row.words),
    Column("mille", gettext_lazy("To what"), lambda row: row.about),
    Column("kuka", gettext_lazy("Who"), lambda row: row.who),
)
SUBJECTS = (
    (ROUND, gettext_lazy("round")),
    (GROUP, gettext_lazy("municipality groups")),
    (NEGOTIATION, gettext_lazy("negotiations")),
    (MINUTES, gettext_lazy("minutes")),
    (SUMMARY, gettext_lazy("summary")),
)
FILTERS = (Choice[Event]("kohde", gettext_lazy("What it concerns"), SUBJECTS, by="subject"),)


@require_safe
def round_log(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Tell what has happened to a round and to what one may know of in it, the latest first."""
    context = round_context(request, pk, tab="log")
    shown: Round = context["round"]
    table: Table[LogRow] = Table(
        request,
        _events(request, shown),
        COLUMNS,
        name=_("Events of the round"),
        filters=FILTERS,
        compose=lambda events: _rows(request, events),
        per_page=PER_PAGE,
    )
    return table.file() or render(request, "negotiations/round_log.html", context | {"table": table})


def _events(request: CountyRequest, shown: Round) -> QuerySet[Event]:
    access = request.access
    negotiations = visible_negotiations(access).filter(round=shown)
    of = {
        ROUND: Q(subject_id=shown.pk),
        NEGOTIATION: Q(subject_id__in=list(negotiations.values_list("pk", flat=True))),
        MINUTES: Q(subject_id__in=visible_minutes(access).filter(negotiation__round=shown).values("pk")),
        SUMMARY: Q(subject_id__in=visible_summaries(access).filter(round=shown).values("pk")),
    }
    # Who is in which group is planned by the coordinator; the others see how it turned out.
    if can_edit(access):
        groups = MunicipalityGroup.objects.filter(year=shown.year)
        of[GROUP] = Q(subject_id__in=groups.values("pk")) | Q(verb="removed", payload__year=shown.year)
    wanted = Q(pk__in=[])
    for subject, which in of.items():
        wanted |= Q(subject=subject, verb__in=verbs_of(subject)) & which
    events: QuerySet[Event] = Event.objects.filter(wanted).select_related("user").order_by("-at", "-id")
    return events


def _rows(request: CountyRequest, events: Iterable[Event]) -> list[LogRow]:
    """Tell the events of a page: who and what they concern is fetched for all of them at once."""
    events = list(events)
    name_things(events)
    ids = {subject: {event.subject_id for event in events if event.subject == subject} for subject, _name in SUBJECTS}
    minutes = Minutes.objects.filter(pk__in=ids[MINUTES]).values_list("pk", "negotiation_id")
    negotiation_of = dict(minutes)
    titles: dict[int, str] = dict(
        Negotiation.objects.filter(pk__in=ids[NEGOTIATION] | set(negotiation_of.values())).values_list("pk", "title")
    )
    groups: dict[int, str] = dict(MunicipalityGroup.objects.filter(pk__in=ids[GROUP]).values_list("pk", "name"))
    marks = MinutesCheck.objects.filter(pk__in=[event.payload["check"] for event in events if "check" in event.payload])
    checkers = {
        check.pk: check.party.name
        for check in marks.select_related("party__municipality__area", "party__organisation", "party__county__area")
    }
    return [_row(request, event, titles, negotiation_of, groups, checkers) for event in events]


def _row(
    request: CountyRequest,
    event: Event,
    titles: Mapping[int, str],
    negotiation_of: Mapping[int, int],
    groups: Mapping[int, str],
    checkers: Mapping[int, str],
) -> LogRow:
    told = tell(event, checkers)
    if event.subject == GROUP:
        return LogRow(told.at, told.words, told.who, groups.get(event.subject_id, ""))
    if event.subject in (NEGOTIATION, MINUTES):
        name = "negotiation" if event.subject == NEGOTIATION else "negotiation_minutes"
        pk = event.subject_id if event.subject == NEGOTIATION else negotiation_of.get(event.subject_id, 0)
        url = reverse(name, args=[request.county.slug, pk]) if pk in titles else ""
        return LogRow(told.at, told.words, told.who, titles.get(pk, ""), url)
    return LogRow(told.at, told.words, told.who)
