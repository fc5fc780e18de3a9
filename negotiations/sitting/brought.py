"""What is open from the negotiations before with the same municipalities: measures agreed, and items put off.

Nothing of it is stored: it follows from what was agreed, what has been told of it since, and what later agendas have
already. A negotiation with no municipality is followed by its organisations.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import OuterRef, Q, QuerySet, Subquery

from municipalities.models import Municipality
from negotiations.models import AgendaItem, Measure, MeasureStatus, Negotiation, Part, Party
from negotiations.planning.availability.reading import key_of

State = Negotiation.State
# What has become of a measure that need not be asked about again.
CLOSED = frozenset({MeasureStatus.State.DONE, MeasureStatus.State.DROPPED})
OPEN = tuple(state for state in MeasureStatus.State if state not in CLOSED)


# --- Rules ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Carried:
    """An item put off, on a later agenda: whose, and whether that counts for anything."""

    partners: frozenset[str]
    # Not in a negotiation that was cancelled, nor in a part that was not dealt with when it was held.
    counts: bool


@dataclass(frozen=True)
class PutOff:
    """An item that was put off: with whom, and the later agendas that it is on already."""

    partners: frozenset[str]
    carried: tuple[Carried, ...] = ()

    def open_for(self, here: frozenset[str]) -> frozenset[str]:
        """Return those who negotiate here, and with whom the item has not been taken up since.

        A group that has been divided has several next negotiations: the item is open in each, for those of its own.
        """
        done: frozenset[str] = frozenset().union(*(one.partners for one in self.carried if one.counts))
        return (self.partners & here) - done


def comes_by_itself(still_open: frozenset[str], sooner: Iterable[frozenset[str]]) -> bool:
    """Whether an item comes to an agenda by itself: for somebody this is the next negotiation.

    `sooner` are the partners of negotiations that are still to be held before it.
    """
    return bool(still_open - frozenset().union(*sooner))


def with_former(keys: frozenset[str], former: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return the keys with those of all that have become part of them, and of what had become part of those."""
    found, left = set(keys), list(keys)
    while left:
        for key in former.get(left.pop(), ()):
            if key not in found:
                found.add(key)
                left.append(key)
    return frozenset(found)


def all_were_there(here: frozenset[str], there: frozenset[str], former: Mapping[str, Sequence[str]]) -> bool:
    """Whether everybody who negotiates here did so there too, or what has become part of them did.

    What is not public is known to the parties of that negotiation (621/1999, 11 §) and not to others.
    """
    joined = {key for one in here for key in former.get(one, ())}
    return all(with_former(frozenset({key}), former) & there for key in here - joined)


def part_for(basis: str | None, parts: Sequence[tuple[int, str]]) -> int | None:
    """Return the part to which what is open belongs: that of the same duty, else the last one; none without parts."""
    of_basis = [pk for pk, legal_basis in parts if legal_basis == basis]
    return of_basis[0] if of_basis else parts[-1][0] if parts else None


# --- What is open ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OpenMeasure:
    """A measure that is open, and the part of this negotiation to which it belongs."""

    measure: Measure
    part_id: int | None
    # Whether an item of this agenda has it already.
    is_on: bool
    # Agreed under an item that is not public, and somebody who negotiates here was not there.
    is_strange: bool = False

    @property
    def state(self) -> str:
        """What was last told of it, in words; empty where nothing has been told."""
        latest: str | None = self.measure.latest_state  # type: ignore[attr-defined]
        return str(MeasureStatus.State(latest).label) if latest else ""


@dataclass(frozen=True)
class OpenItem:
    """An item put off that is open, and the part of this negotiation to which it belongs."""

    item: AgendaItem
    part_id: int | None
    comes_by_itself: bool
    # Somebody who negotiates here was not there when it was put off.
    is_new_to_some: bool = False

    @property
    def is_strange(self) -> bool:
        """Whether it is not public, and somebody who negotiates here knows nothing of it."""
        return self.is_new_to_some and not self.item.is_public


@dataclass(frozen=True)
class FromBefore:
    """What is open from before, in this negotiation."""

    measures: list[OpenMeasure] = field(default_factory=list)
    items: list[OpenItem] = field(default_factory=list)

    @property
    def measures_left(self) -> list[OpenMeasure]:
        """The open measures that are not on the agenda yet."""
        return [one for one in self.measures if not one.is_on]


def read_from_before(negotiation: Negotiation, parts: Sequence[Part]) -> FromBefore:
    """Return what is open from before. At most nine queries, however much there is."""
    former = _former_of(negotiation.county_id)
    here = _partners_of_each([negotiation.pk], former)[negotiation.pk]
    if not here or not parts:
        return FromBefore()
    by_order = [(part.pk, part.legal_basis) for part in parts]
    following = AgendaItem.objects.filter(part__in=[pk for pk, _basis in by_order], measures_followed__isnull=False)
    on_agenda = set(following.order_by().values_list("measures_followed", flat=True))
    rows = list(measures_open_for(negotiation, here))
    strange = _strange(rows, here, former)
    measures = [
        OpenMeasure(
            measure, part_for(_basis_of(measure), by_order), measure.pk in on_agenda, is_strange=measure.pk in strange
        )
        for measure in rows
    ]
    return FromBefore(measures, _items_open_for(negotiation, here, former, by_order))


def _strange(measures: Sequence[Measure], here: frozenset[str], former: Mapping[str, Sequence[str]]) -> set[int]:
    """Return the measures agreed under items that are not public, where somebody here was not. One query at most."""
    secret = {
        one.pk: one.negotiation_id
        for one in measures
        if one.negotiation_id and one.agenda_item and not one.agenda_item.is_public
    }
    if not secret:
        return set()
    there = _partners_of_each(set(secret.values()), former)
    return {pk for pk, negotiation in secret.items() if not all_were_there(here, there[negotiation], former)}


def _basis_of(measure: Measure) -> str | None:
    return measure.agenda_item.part.legal_basis if measure.agenda_item else None


def partners_of(negotiation: Negotiation) -> frozenset[str]:
    """Return the keys of those whom the county negotiates with; of a merged municipality also its former ones'.

    What Pertunmaa was promised in 2024 is for Mäntyharju to ask after. At most two queries.
    """
    return _partners_of_each([negotiation.pk], _former_of(negotiation.county_id))[negotiation.pk]


def _partners(rows: Iterable[tuple[int | None, int | None]]) -> frozenset[str]:
    """Return the keys of the municipalities; where there are none, of the organisations."""
    found = list(rows)
    municipalities = {key_of(pk, None) for pk, _organisation in found if pk is not None}
    return frozenset(municipalities or {key_of(None, pk) for _municipality, pk in found if pk is not None})


def _ids(keys: Iterable[str], kind: str) -> list[int]:
    return [int(key[1:]) for key in keys if key[0] == kind]


def _with_any(keys: Iterable[str], prefix: str = "") -> Q:
    """Return the condition that a party is one of these."""
    found = list(keys)
    return Q(**{f"{prefix}municipality__in": _ids(found, "m")}) | Q(**{f"{prefix}organisation__in": _ids(found, "o")})


def held_before(negotiation: Negotiation) -> Q:
    """Return the condition that a negotiation has been held, and was before this one."""
    before = Q(latest__lt=negotiation.latest)
    if negotiation.starts_at:
        before |= Q(latest=negotiation.latest, starts_at__lt=negotiation.starts_at)
    return before & Q(state=State.HELD) & ~Q(pk=negotiation.pk)


def measures_open_for(negotiation: Negotiation, partners: frozenset[str]) -> QuerySet[Measure]:
    """Return the measures of earlier negotiations with the same partners that are neither done nor given up.

    Of both sides: what the partners promised, and what the county and the organisations did; not what another
    municipality of the same group promised. What is told of them in this negotiation itself does not close them here.
    """
    with_them = Party.objects.filter(_with_any(partners)).values("negotiation")
    earlier = Negotiation.objects.filter(held_before(negotiation), pk__in=with_them)
    agreed = Q(negotiation__in=earlier.values("pk")) | Q(
        negotiation=None, round__in=earlier.filter(round__isnull=False).values("round")
    )
    theirs = Q(municipality=None) | Q(municipality__in=_ids(partners, "m"))
    return (
        with_latest_state(Measure.objects.filter(agreed, theirs), before=negotiation)
        .filter(Q(latest_state=None) | Q(latest_state__in=OPEN))
        .select_related("negotiation", "round", "priority", "indicator", "agenda_item__part", "municipality__area")
        .order_by("-negotiation__latest", "-negotiation__starts_at", "negotiation", "round", "position", "pk")
    )


def with_latest_state(
    measures: QuerySet[Measure],
    *,
    before: Negotiation | None = None,
    among: QuerySet[MeasureStatus] | None = None,
) -> QuerySet[Measure]:
    """Have measures tell as `latest_state` what was last told of them, outside the negotiation where one is given.

    `among`: what has been told as far as the reader may know of it; all of it where that is the coordinator.
    """
    told = (MeasureStatus.objects.all() if among is None else among).filter(measure=OuterRef("pk"))
    if before is not None:
        # A plain exclude() leaves out what was told in no negotiation.
        told = told.filter(Q(negotiation=None) | ~Q(negotiation=before.pk))
    return measures.annotate(latest_state=Subquery(told.order_by("-told_on", "-pk").values("state")[:1]))


def _items_open_for(
    negotiation: Negotiation,
    here: frozenset[str],
    former: Mapping[str, Sequence[str]],
    parts: Sequence[tuple[int, str]],
) -> list[OpenItem]:
    with_them = Party.objects.filter(_with_any(here)).values("negotiation")
    earlier = Negotiation.objects.filter(held_before(negotiation), pk__in=with_them)
    rows = list(
        AgendaItem.objects.filter(is_deferred=True, part__negotiation__in=earlier.values("pk"))
        .select_related("part__negotiation")
        .order_by("part__negotiation__latest", "part__negotiation", "part__position", "position")
    )
    if not rows:
        return []
    taken = list(
        AgendaItem.objects.filter(deferred_from__in=[row.pk for row in rows]).values_list(
            "deferred_from_id", "part__negotiation_id", "part__negotiation__state", "part__dealt_with"
        )
    )
    sooner = _still_to_come(here, before=negotiation)
    partners = _partners_of_each(
        {row.part.negotiation_id for row in rows} | {other for _pk, other, _state, _dealt in taken} | set(sooner),
        former,
    )
    carried: Mapping[int | None, list[Carried]] = defaultdict(list)
    for origin, other, state, dealt_with in taken:
        counts = state != State.CANCELLED and (state != State.HELD or dealt_with)
        carried[origin].append(Carried(partners[other], counts))
    found = []
    for row in rows:
        left = PutOff(partners[row.part.negotiation_id], tuple(carried[row.pk])).open_for(here)
        if left:
            is_new = not all_were_there(here, partners[row.part.negotiation_id], former)
            alone = comes_by_itself(left, (partners[pk] for pk in sooner)) and (row.is_public or not is_new)
            found.append(OpenItem(row, part_for(row.part.legal_basis, parts), alone, is_new_to_some=is_new))
    return found


def _still_to_come(here: frozenset[str], *, before: Negotiation) -> list[int]:
    """Return the negotiations with any of these that are planned or called, and sooner than this one. One query.

    Only those with the same theme: one about something else is not where a matter that was put off is taken up.
    """
    rows = (
        Negotiation.objects.filter(
            pk__in=Party.objects.filter(_with_any(here)).values("negotiation"),
            state__in=[State.PLANNED, State.CONVENED],
            topic_kind=before.topic_kind,
            topic=before.topic,
        )
        .exclude(pk=before.pk)
        .values_list("pk", "latest", "starts_at")
    )
    own = _moment(before.pk, before.latest, before.starts_at)
    return [pk for pk, latest, starts_at in rows if _moment(pk, latest, starts_at) < own]


def _moment(pk: int, latest: date, starts_at: datetime | None) -> tuple[date, float, int]:
    """Return by what negotiations are put in the order of time; of one day those without an hour come last."""
    return latest, starts_at.timestamp() if starts_at else float("inf"), pk


def _partners_of_each(negotiations: Iterable[int], former: Mapping[str, Sequence[str]]) -> dict[int, frozenset[str]]:
    """Return the keys of the partners of each negotiation, with their former ones. One query."""
    rows: dict[int, list[tuple[int | None, int | None]]] = defaultdict(list)
    wanted = sorted(negotiations)
    parties = Party.objects.filter(negotiation__in=wanted)
    for pk, municipality, organisation in parties.values_list("negotiation_id", "municipality_id", "organisation_id"):
        rows[pk].append((municipality, organisation))
    return {pk: with_former(_partners(rows[pk]), former) for pk in wanted}


def _former_of(county: int) -> dict[str, list[str]]:
    """Return by the key of each municipality those of the ones that have become part of it. One query."""
    former: dict[str, list[str]] = defaultdict(list)
    merged = Municipality.objects.filter(county=county, area__merged_into__municipality__isnull=False)
    for pk, into in merged.values_list("pk", "area__merged_into__municipality"):
        former[key_of(into, None)].append(key_of(pk, None))
    return former
