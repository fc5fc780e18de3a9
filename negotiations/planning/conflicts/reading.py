"""How a round stands, read from the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import JSONObject

from negotiations.models import Attendance, CoreGroup, Negotiation, Part, Party, Round, Slot
from negotiations.planning import availability as answers
from negotiations.planning.availability import Availability, key_of
from negotiations.planning.conflicts.values import Meeting, Situation
from negotiations.planning.slots import mode_of
from negotiations.planning.timing import Precision, Timing
from negotiations.planning.wishes import Wish

State = Negotiation.State


def read(round_: Round, availability: Availability | None = None) -> Situation:
    """Return how a round stands now. Seven queries at most, however much there is; four where the answers are at hand.

    Besides the round's own negotiations, those of the county that are on a day on which one of the round is or can be.
    """
    slots = {slot.pk: Timing.in_slot(slot) for slot in Slot.objects.filter(round=round_).order_by("starts_at")}
    days = [round_.starts_on, round_.ends_on, *(timing.earliest for timing in slots.values())]
    rows = list(_rows(round_, min(days), max(days)))
    names: dict[str, str] = {}
    parties: dict[int, set[str]] = defaultdict(set)
    there = Party.objects.filter(negotiation__in=rows).exclude(participation=Party.Participation.STAYED_AWAY)
    named = there.select_related("municipality__area", "organisation", "county__area")
    for party in named.order_by("municipality__area__order", "organisation__name"):
        key = key_of(party.municipality_id, party.organisation_id)
        names.setdefault(key, party.name)
        parties[party.negotiation_id].add(key)
    persons: dict[int, set[str]] = defaultdict(set)
    attending = Attendance.objects.filter(negotiation__in=rows, person__isnull=False)
    invited = attending.exclude(status=Attendance.Status.ABSENT).order_by("name", "role", "pk")
    for negotiation, person, name, role in invited.values_list("negotiation_id", "person_id", "name", "role"):
        names.setdefault(f"p{person}", name or role)
        persons[negotiation].add(f"p{person}")
    for row in rows:
        names |= {f"g{group['id']}": group["name"] for group in row.groups_there}
    meetings = {row.pk: _meeting(row, parties[row.pk], persons[row.pk]) for row in rows}
    return Situation(
        round_.pk,
        round_.form,
        round_.starts_on,
        round_.ends_on,
        meetings,
        slots,
        answers.read(round_) if availability is None else availability,
        names,
        mode_of(round_),
    )


def _rows(round_: Round, first: date, last: date) -> Iterable[Any]:
    """Return the negotiations that matter, with their wish, the ids and names of core groups, and legal bases."""
    at_hand = Negotiation.objects.exclude(state=State.CANCELLED)
    same_days = at_hand.filter(round=round_, earliest__lte=OuterRef("latest"), latest__gte=OuterRef("earliest"))
    in_span = Q(earliest__lte=last, latest__gte=first) | Exists(same_days.exclude(precision=Precision.MONTH))
    others = in_span & ~Q(precision=Precision.MONTH)
    groups = CoreGroup.objects.filter(negotiations=OuterRef("pk")).order_by("pk")
    return (
        at_hand.filter(Q(round=round_) | others)
        .select_related("round", "wish")
        .annotate(
            groups_there=ArraySubquery(groups.values(json=JSONObject(id="pk", name="name"))),
            bases_there=ArraySubquery(Part.objects.filter(negotiation=OuterRef("pk")).values("legal_basis")),
        )
        .order_by("pk")
    )


def _meeting(row: Any, parties: Iterable[str], persons: Iterable[str]) -> Meeting:
    wish = getattr(row, "wish", None)
    return Meeting(
        row.pk,
        row.title,
        Timing.of(row),
        row.state,
        row.round_id,
        row.round.name if row.round else "",
        row.slot_id,
        frozenset(parties),
        frozenset(persons),
        frozenset(f"g{group['id']}" for group in row.groups_there),
        row.mode,
        row.place,
        tuple(name for name in (row.chair, row.secretary) if name),
        frozenset(row.bases_there),
        bool(row.topic_kind),
        Wish.of(wish) if wish else None,
    )
