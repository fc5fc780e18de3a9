"""How all cards of a year stand: what the coordinator oversees, in as many queries whatever the number of cards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from municipalities.cards.content import CardRows
from municipalities.cards.progress import Part, Progress, progress_of
from municipalities.models import (
    Card,
    CardApproval,
    CardContact,
    CardEntry,
    CardFigure,
    CardPlan,
    CardVersion,
    CardYear,
    Event,
    Municipality,
)

WRITTEN = r"\S"


class Stage(models.TextChoices):
    """Where a municipality is with its card of a year: its card's state, or that there is no card yet."""

    NOT_STARTED = "not_started", _("not started")
    DRAFT = "draft", _("draft")
    RETURNED = "returned", _("returned")
    SENT = "sent", _("sent")
    # Minutes are "approved" in another sense, that of having been checked.
    APPROVED = "approved", pgettext_lazy("municipality card", "approved")


# What the county has and reads.
DELIVERED = frozenset({Stage.SENT, Stage.APPROVED})


@dataclass(frozen=True)
class Overseen:
    """A municipality and its card of the year, if it has begun one. Holds nothing of what a draft says."""

    municipality: Municipality
    card: Card | None
    stage: Stage
    progress: Progress | None
    # The version that was sent last; a card that has been taken back or returned has one too.
    number: int | None
    sent_at: datetime | None
    reminded_at: datetime | None
    is_late: bool

    @property
    def done(self) -> int:
        """How many sections are done."""
        return self.progress.done if self.progress else 0

    @property
    def total(self) -> int:
        """How many sections there are."""
        return self.progress.total if self.progress else len(Part)

    @property
    def percent(self) -> int:
        """How much of the card is done."""
        return self.done * 100 // self.total

    @property
    def edited_at(self) -> datetime | None:
        """When the card was last changed."""
        return self.card.edited_at if self.card else None

    @property
    def is_delivered(self) -> bool:
        """Whether the county has the card as it is now."""
        return self.stage in DELIVERED

    @property
    def tone(self) -> str:
        """How the state looks (templatetags.wording)."""
        if self.stage == Stage.SENT and self.card and self.card.approval != CardApproval.NONE:
            return "going"
        return {
            Stage.NOT_STARTED: "ended",
            Stage.DRAFT: "waiting",
            Stage.RETURNED: "failed",
            Stage.SENT: "done",
            Stage.APPROVED: "done",
        }[self.stage]


@dataclass(frozen=True)
class Overview:
    """The cards of a year, by municipality, and what has happened to the year, the earliest first."""

    card_year: CardYear
    rows: Sequence[Overseen]
    events: Sequence[Event]

    @cached_property
    def waited_for(self) -> list[Overseen]:
        """Those whose card the county does not have."""
        return [row for row in self.rows if not row.is_delivered]

    @cached_property
    def sent(self) -> list[Overseen]:
        """Those of whose card there is a version that was sent, also where it is being mended."""
        return [row for row in self.rows if row.number is not None]

    @property
    def moved(self) -> Event | None:
        """How the year was last locked or opened again; None where it has not been."""
        return next((event for event in reversed(self.events) if event.verb in {"locked", "unlocked"}), None)

    @property
    def words(self) -> str:
        """Say how many cards are where: "18 / 22 sent, 2 unfinished, 2 not started"."""
        counts = {stage: sum(row.stage == stage for row in self.rows) for stage in Stage}
        delivered = sum(counts[stage] for stage in DELIVERED)
        told = [str(_("%(sent)s / %(total)s sent")) % {"sent": delivered, "total": len(self.rows)}]
        for stage, words in (
            (Stage.DRAFT, ngettext("%(count)s unfinished", "%(count)s unfinished", counts[Stage.DRAFT])),
            (Stage.RETURNED, ngettext("%(count)s returned", "%(count)s returned", counts[Stage.RETURNED])),
            (Stage.NOT_STARTED, ngettext("%(count)s not started", "%(count)s not started", counts[Stage.NOT_STARTED])),
        ):
            if counts[stage]:
                told.append(words % {"count": counts[stage]})
        return ", ".join(told)


def oversee(card_year: CardYear, municipalities: QuerySet[Municipality], *, today: date) -> Overview:
    """Return how the cards of these municipalities stand. Four queries, however many there are."""
    places = list(municipalities.select_related("area").order_by("area__order"))
    events = list(events_of(card_year))
    reminders = last_reminders(events)
    last = CardVersion.objects.filter(card=OuterRef("pk")).order_by("-number")
    found: dict[int, Any] = {
        card.municipality_id: card
        for card in Card.objects.filter(card_year=card_year, municipality__in=[place.pk for place in places]).annotate(
            last_number=Subquery(last.values("number")[:1]), last_sent_at=Subquery(last.values("sent_at")[:1])
        )
    }
    progress = progress_of_all(found.values())
    is_past = card_year.due_on is not None and card_year.due_on < today
    rows = []
    for place in places:
        card = found.get(place.pk)
        stage = Stage(card.state) if card else Stage.NOT_STARTED
        rows.append(
            Overseen(
                municipality=place,
                card=card,
                stage=stage,
                progress=progress[card.pk] if card else None,
                number=card.last_number if card else None,
                sent_at=card.last_sent_at if card else None,
                reminded_at=reminders.get(place.pk),
                is_late=is_past and stage not in DELIVERED,
            )
        )
    return Overview(card_year, rows, events)


def progress_of_all(cards: Iterable[Card]) -> dict[int, Progress]:
    """Return how complete each of many cards is, by its id: what `progress_of` says of each. One query.

    Of the rows only what tells that is read: which are written in, and which texts are as last year.
    """
    every = {card.pk: card for card in cards}
    of_these: dict[str, Any] = {"card__in": list(every)}

    def some(rows: Any, kind: str, *, section: Any = None, is_carried: Any = None) -> Any:
        return (
            rows.order_by()
            .annotate(
                row_kind=Value(kind, output_field=CharField()),
                row_part=section or Value("", output_field=CharField()),
                row_carried=is_carried or Value(False),
            )
            .values_list("card_id", "row_kind", "row_part", "row_carried")
        )

    in_plans = Q(name__gt="") | Q(approved__gt="") | Q(delivered__gt="") | Q(address__gt="")
    reachable = Q(name__gt="") | Q(role__gt="") | Q(email__gt="") | Q(phone__gt="")
    found = some(
        CardEntry.objects.filter(**of_these, text__regex=WRITTEN),
        "entry",
        section=F("section"),
        is_carried=F("is_carried"),
    ).union(
        some(CardFigure.objects.filter(**of_these, comment__gt=""), "figure"),
        some(CardPlan.objects.filter(in_plans, **of_these), "plan"),
        some(CardContact.objects.filter(reachable, **of_these), "contact"),
    )
    written: dict[int, list[tuple[str, str, bool]]] = {pk: [] for pk in every}
    for pk, kind, part, carried in found if every else ():
        written[pk].append((kind, part, carried))
    return {pk: progress_of(_sketched(card, written[pk])) for pk, card in every.items()}


def _sketched(card: Card, written: Iterable[tuple[str, str, bool]]) -> CardRows:
    """Return rows that say of a card what is written in, and nothing of what it is."""
    words = "…"
    kinds = list(written)
    return CardRows(
        card,
        [
            CardEntry(section=part, text=words, is_carried=carried)
            for kind, part, carried in sorted(kinds)
            if kind == "entry"
        ],
        dict(enumerate(CardFigure(comment=words) for kind, *_rest in kinds if kind == "figure")),
        [CardPlan(name=words) for kind, *_rest in kinds if kind == "plan"],
        [CardContact(name=words) for kind, *_rest in kinds if kind == "contact"],
    )


def events_of(card_year: CardYear) -> QuerySet[Event]:
    """Return what has happened to a year of cards, the earliest first."""
    events: QuerySet[Event] = (
        Event.objects.filter(subject=card_year._meta.label_lower, subject_id=card_year.pk)
        .select_related("user")
        .order_by("at", "id")
    )
    return events


def last_reminders(events: Iterable[Event]) -> Mapping[int, datetime]:
    """Return when each municipality was last reminded, by its id, of a year's events in order."""
    return {
        municipality: event.at
        for event in events
        if event.verb == "reminded"
        for municipality in event.payload["municipalities"]
    }


@dataclass(frozen=True)
class Glance:
    """The latest year whose cards are being filled, and how many of them have been sent: for the home page."""

    year: int
    due_on: date | None
    sent: int
    total: int


def glance(county_id: int) -> Glance | None:
    """Return how the latest year of cards stands; None where none is open. One query."""
    everyone = Municipality.objects.filter(county=county_id).order_by().values("county")
    row: Any = (
        CardYear.objects.filter(state=CardYear.State.OPEN)
        .annotate(
            sent=Count("cards", filter=Q(cards__state__in=[stage.value for stage in DELIVERED])),
            total=Subquery(everyone.annotate(how_many=Count("pk")).values("how_many")),
        )
        .order_by("-year")
        .first()
    )
    return Glance(row.year, row.due_on, row.sent, row.total or 0) if row else None


def with_latest_card(municipalities: QuerySet[Municipality]) -> QuerySet[Municipality]:
    """Have municipalities of a county come with `latest_card`: the latest year of cards, and their own of it.

    A mapping of year, due_on, year_state and state (None for one that has not been begun); None where the county has no
    cards. Costs no query of its own.
    """
    latest = CardYear.objects.order_by("-year")
    own = Card.objects.filter(card_year=OuterRef("pk"), municipality=OuterRef(OuterRef("pk"))).values("state")
    told = JSONObject(year="year", due_on="due_on", year_state="state", state=Subquery(own[:1]))
    return municipalities.annotate(latest_card=Subquery(latest.annotate(told=told).values("told")[:1]))
