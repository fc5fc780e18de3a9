"""What calendars tell, read from the database: a constant number of queries, however many negotiations there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parseaddr

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from municipalities.models import County, Event
from negotiations.models import Negotiation, Round, RoundStage
from negotiations.planning.calendars.composing import Meeting, Sender, Stage
from negotiations.planning.negotiations import parties_of, with_parties
from negotiations.planning.timing import Precision, Timing

NEGOTIATION = Negotiation._meta.label_lower
ROUND = Round._meta.label_lower
# What changes something that a calendar shows. A new door to one of these records one of the verbs, or is added here.
MOVES = (
    *("placed", "taken_off", "postponed", "convened", "held", "taken_back", "cancelled", "reinstated"),
    *("parties_changed", "followed_group"),
)
# Of "changed", the details that a calendar shows, by the codes that the event keeps.
SHOWN = ("time", "title", "place", "link", "mode", "language", "bases")
IS_SHOWN = Q(verb__in=MOVES) | Q(verb="changed", payload__fields__has_any_keys=SHOWN)
# The same of a stage, whose events are its round's; with those that made it.
STAGE_MADE = ("stage_added", "stages_added", "stage_restored")
STAGE_CHANGED = ("stage_changed", "stage_done", "stage_not_done")
# Of a negotiation without events, which came with data of another origin: no statutory one is older than the acts
# 611/2021 and 612/2021, given on this day.
BEFORE_ANY = datetime(2021, 6, 29, tzinfo=UTC)


@dataclass(frozen=True)
class Revision:
    """How many times something has been changed, and when it last was."""

    sequence: int = 0
    changed_at: datetime = BEFORE_ANY


def revisions_of(negotiations: Iterable[int]) -> dict[int, Revision]:
    """Return the revision of each negotiation that has events. One query.

    What was recorded last counts, though history may be entered in another order than it happened.
    """
    rows = (
        Event.objects.filter(Q(verb="created") | IS_SHOWN, subject=NEGOTIATION, subject_id__in=list(negotiations))
        .order_by()
        .values_list("subject_id")
        .annotate(sequence=Count("pk", filter=IS_SHOWN), changed_at=Max("recorded_at"))
    )
    return {pk: Revision(count, last) for pk, count, last in rows}


def sender_of(county: County) -> Sender:
    """Return who publishes the calendars of a county."""
    return Sender(str(county), parseaddr(settings.DEFAULT_FROM_EMAIL)[1])


def since(today: date) -> date:
    """Return the first day of the negotiations that a subscribed calendar has: last year's and later ones."""
    return date(today.year - 1, 1, 1)


def meetings_of(county: County, rows: QuerySet[Negotiation]) -> list[Meeting]:
    """Return the negotiations whose day is known, in the order of their times. Four queries."""
    found = list(
        rows.exclude(precision=Precision.MONTH)
        .select_related("round")
        .prefetch_related(with_parties(), "parts")
        .order_by("earliest", "starts_at", "pk")
    )
    revisions = revisions_of(row.pk for row in found)
    return [_meeting(county, row, revisions.get(row.pk, Revision())) for row in found]


def _meeting(county: County, row: Negotiation, revision: Revision) -> Meeting:
    with translation.override(row.language):
        return Meeting(
            uid=row.calendar_uid,
            sequence=revision.sequence,
            changed_at=revision.changed_at,
            state=row.state,
            timing=Timing.of(row),
            title=row.title,
            # The county's own word is of its first language.
            word=county.negotiation_word if row.language == county.first_language else _("negotiation"),
            mode=row.mode,
            place=row.place,
            link=row.link,
            bases=[str(part.basis.label) for part in row.parts.all()],
            parties=[str(county), *(party.name for party in parties_of(row))],
            address=settings.SITE_URL + reverse("negotiation", args=[county.slug, row.pk]),
            language=row.language,
            plan_as_of=row.round.plan_as_of if row.round else None,
        )


def stage_revisions_of(round_: Round) -> dict[int, Revision]:
    """Return the revision of each stage of a round that has events. One query."""
    events = Event.objects.filter(subject=ROUND, subject_id=round_.pk, verb__in=(*STAGE_MADE, *STAGE_CHANGED))
    found: dict[int, Revision] = {}
    for verb, payload, at in events.order_by("recorded_at", "pk").values_list("verb", "payload", "recorded_at"):
        for pk in payload.get("stages") or [payload.get("stage")]:
            found[pk] = Revision(found.get(pk, Revision()).sequence + (verb in STAGE_CHANGED), at)
    return found


def stages_of(county: County, round_: Round) -> list[Stage]:
    """Return the stages of a round whose days are known, if only by the month. Two queries."""
    rows: Sequence[RoundStage] = list(RoundStage.objects.filter(round=round_, earliest__isnull=False))
    revisions = stage_revisions_of(round_) if rows else {}
    address = settings.SITE_URL + reverse("round_year", args=[county.slug, round_.pk])
    return [
        Stage(
            uid=f"round-{round_.pk}-stage-{row.pk}.{county.slug}@hyte",
            sequence=revisions.get(row.pk, Revision()).sequence,
            changed_at=revisions.get(row.pk, Revision()).changed_at,
            name=row.name,
            body=row.body,
            description=row.description,
            earliest=row.earliest,
            latest=row.latest,
            done_on=row.done_on,
            round=round_.name,
            address=address,
            language=round_.language,
        )
        for row in rows
        if row.earliest and row.latest
    ]


def window_of(rows: QuerySet[Negotiation]) -> QuerySet[Negotiation]:
    """Return those of the negotiations that a subscribed calendar has."""
    return rows.filter(latest__gte=since(timezone.localdate()))
