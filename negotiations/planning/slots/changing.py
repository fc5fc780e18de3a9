"""Changing the rule of a round's slots: what it would do, told before it is done, and doing it.

No negotiation is moved silently. One whose slot goes keeps its time, unless a coordinator says otherwise.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities.events import record, record_with
from municipalities.models import User
from municipalities.moves import NotAllowedNow, locked
from negotiations.models import AvailabilityAnswer, Negotiation, Round, Slot
from negotiations.planning.slots.rules import SlotRule, slot_times
from negotiations.planning.timing import Timing

State = Negotiation.State
Span = tuple[datetime, datetime]


# --- What a change would do: plain values ---------------------------------------------------------------------


class Choice(StrEnum):
    """What becomes of a negotiation whose slot goes."""

    # Its time stays its own, outside the slots.
    KEEP = "keep"
    # It takes the free slot of its day, or of the day to which that is moved.
    TAKE = "take"
    # Only the months of the round are known of its time.
    OFF = "off"


@dataclass(frozen=True)
class Sitting:
    """A negotiation as far as slots look at it: its state, its slot, and its time where that is known to the minute."""

    pk: int
    title: str
    state: str
    slot: int | None
    span: Span | None


@dataclass(frozen=True)
class Standing:
    """What a round has now: its slots, the negotiations that are not cancelled, and how many answered on each slot."""

    slots: Mapping[int, Span]
    sittings: Sequence[Sitting]
    answers: Mapping[int, int]


@dataclass(frozen=True)
class Affected:
    """A negotiation whose slot would go, and what one may choose; `new` is the slot that comes in its place, if any."""

    sitting: Sitting
    former: Span
    new: Span | None

    @property
    def choices(self) -> tuple[Choice, ...]:
        """What can be done with it: what has been convened or held keeps its time."""
        if self.sitting.state != State.PLANNED:
            return (Choice.KEEP,)
        return (Choice.KEEP, *((Choice.TAKE,) if self.new else ()), Choice.OFF)

    @property
    def asks(self) -> bool:
        """Whether there is something to choose."""
        return len(self.choices) > 1


@dataclass(frozen=True)
class Effect:
    """What a rule would do to a round: slots that stay, come and go, and what that means to negotiations and answers.

    `returning` are negotiations outside the slots that have exactly the time of a slot that comes: they get it.
    """

    times: Sequence[Span]
    added: Sequence[Span]
    removed: Mapping[int, Span]
    affected: Sequence[Affected]
    returning: Mapping[int, Span]
    lost_answers: int

    @property
    def to_ask(self) -> list[Affected]:
        """Those of which one must be told what becomes of them."""
        return [one for one in self.affected if one.asks]

    def wrong(self, choices: Mapping[int, Choice]) -> dict[int, str]:
        """Return what is missing or wrong in the choices, in words, by the id of the negotiation."""
        found = {}
        takers = Counter(one.new for one in self.to_ask if choices.get(one.sitting.pk) == Choice.TAKE)
        for one in self.to_ask:
            chosen = choices.get(one.sitting.pk)
            if chosen is None:
                found[one.sitting.pk] = _("Choose what is done with %(negotiation)s.") % {
                    "negotiation": one.sitting.title
                }
            elif chosen not in one.choices:
                found[one.sitting.pk] = _("%(negotiation)s cannot be given that time any more. Choose again.") % {
                    "negotiation": one.sitting.title
                }
            elif chosen == Choice.TAKE and takers[one.new] > 1:
                found[one.sitting.pk] = _(
                    "Only one negotiation can take the new time. Choose otherwise for the others."
                )
        return found


def moved_days(former: SlotRule | None, rule: SlotRule) -> Mapping[date, date]:
    """Return where days go when a rule takes the place of the former one: moved, moved back, or moved elsewhere."""
    usual = {instead: day for day, instead in former.moves.items()} if former else {}
    days = {day: rule.moves.get(day, day) for day in usual.values()} | dict(rule.moves)
    return days | {instead: days[day] for instead, day in usual.items()}


def effect_of(standing: Standing, times: Sequence[Span], moved: Mapping[date, date] | None = None) -> Effect:
    """Return what a round's slots becoming these times would do; `moved` are the days that go to another day.

    A slot stays where both its start and its end stay. Whoever said that another time suits has not said it of the
    new one, so answers go with their slot.
    """
    moved = moved or {}
    wanted = set(times)
    had = set(standing.slots.values())
    added = [span for span in times if span not in had]
    coming = set(added)
    removed = {pk: span for pk, span in standing.slots.items() if span not in wanted}
    returning: dict[int, Span] = {}
    for sitting in standing.sittings:
        if sitting.slot is None and sitting.span in coming:
            # Of two at the same time the first one gets it.
            coming.discard(sitting.span)
            returning[sitting.pk] = sitting.span
    in_slots = [(sitting, sitting.slot) for sitting in standing.sittings if sitting.slot is not None]
    taken = {standing.slots[slot] for _sitting, slot in in_slots if slot in standing.slots}
    free: dict[date, list[Span]] = defaultdict(list)
    for span in times:
        if span not in taken and span not in returning.values():
            free[timezone.localdate(span[0])].append(span)
    affected = []
    for sitting, slot in in_slots:
        if slot in removed:
            former = removed[slot]
            day = timezone.localdate(former[0])
            affected.append(Affected(sitting, former, _in_place_of(former, free[day] or free[moved.get(day, day)])))
    return Effect(
        times=times,
        added=added,
        removed=removed,
        affected=sorted(affected, key=lambda one: (one.former, one.sitting.pk)),
        returning=returning,
        lost_answers=sum(standing.answers.get(pk, 0) for pk in removed),
    )


def _in_place_of(former: Span, free: Sequence[Span]) -> Span | None:
    """Return the one free slot of the day, or of several the one at the same time of the day; none where none is."""
    if len(free) == 1:
        return free[0]
    return next((span for span in free if _clocks(span) == _clocks(former)), None)


def _clocks(span: Span) -> tuple[time, time]:
    starts, ends = (timezone.localtime(moment).time() for moment in span)
    return starts, ends


# --- Read, and done -------------------------------------------------------------------------------------------


def zone_of_settings() -> ZoneInfo:
    """Return the zone in whose clock times rules are."""
    zone = timezone.get_default_timezone()
    if not isinstance(zone, ZoneInfo):
        raise TypeError("The time zone of the settings must be a named one.")
    return zone


def rule_of(round_: Round) -> SlotRule | None:
    """Return the rule of a round's slots; none where it has none. Raises ValueError where it cannot be read."""
    return SlotRule.from_json(round_.slot_rule) if round_.slot_rule else None


def effect_on(round_: Round, standing: Standing, rule: SlotRule) -> Effect:
    """Return what a rule would do to a round as it stands, in place of the one that it has."""
    try:
        former = rule_of(round_)
    except ValueError:
        # What cannot be read moves no day.
        former = None
    return effect_of(standing, slot_times(rule, zone_of_settings()), moved_days(former, rule))


def mode_of(round_: Round) -> str:
    """Return how negotiations in the round's slots are held, a Negotiation.Mode: unknown where the rule is silent."""
    mode = round_.slot_rule.get("mode") if isinstance(round_.slot_rule, dict) else None
    return str(mode) if mode in Negotiation.Mode.values else str(Negotiation.Mode.UNKNOWN.value)


def read(round_: Round) -> Standing:
    """Return what the round has now. Three queries."""
    slots = {row.pk: (row.starts_at, row.ends_at) for row in Slot.objects.filter(round=round_)}
    rows = Negotiation.objects.filter(round=round_).exclude(state=State.CANCELLED)
    answers = AvailabilityAnswer.objects.filter(slot__round=round_).values("slot_id").annotate(count=Count("pk"))
    return Standing(
        slots=slots,
        sittings=[
            Sitting(row.pk, row.title, row.state, row.slot_id, _span(row))
            for row in rows.only("pk", "title", "state", "slot_id", "starts_at", "ends_at")
        ],
        answers={row["slot_id"]: row["count"] for row in answers.order_by()},
    )


def _span(row: Negotiation) -> Span | None:
    return (row.starts_at, row.ends_at) if row.starts_at and row.ends_at else None


@transaction.atomic
def make_slots(round_: Round) -> Sequence[Slot]:
    """Make the slots of the round's rule that it does not have yet. Repeatable; slots in use are left alone."""
    rule = rule_of(round_)
    if rule is None:
        return []
    Slot.objects.bulk_create(
        [
            Slot(county_id=round_.county_id, round=round_, starts_at=starts, ends_at=ends)
            for starts, ends in slot_times(rule, zone_of_settings())
        ],
        ignore_conflicts=True,
    )
    return list(Slot.objects.filter(round=round_))


@dataclass(frozen=True)
class Changed:
    """What changing a rule did: how many slots came and went, and what became of the negotiations affected."""

    added: int
    removed: int
    total: int
    choices: Mapping[Choice, int]
    returned: int
    lost_answers: int


@transaction.atomic
def change_rule(
    round_: Round,
    rule: SlotRule,
    *,
    choices: Mapping[int, Choice],
    by: User | None,
    at: datetime | None = None,
) -> Changed:
    """Make this the rule of the round, and its slots those of the rule; `choices` tell what becomes of negotiations.

    Raises NotAllowedNow where a negotiation is affected of which nothing has been chosen, or where what was chosen
    cannot be done any more: then nothing is saved.
    """
    # It stays: a new negotiation that is being put in one of its slots refers to it.
    round_ = locked(round_, stays=True)
    # Negotiations before slots, as everywhere: two who wait for each other would wait in vain.
    list(Negotiation.objects.filter(round=round_).order_by("pk").select_for_update(of=("self",)).values_list("pk"))
    list(Slot.objects.filter(round=round_).order_by("pk").select_for_update(of=("self",)).values_list("pk"))
    standing = read(round_)
    effect = effect_on(round_, standing, rule)
    if wrong := effect.wrong(choices):
        raise NotAllowedNow(" ".join(wrong.values()))
    if rule.to_json() == round_.slot_rule and not effect.added and not effect.removed:
        return Changed(0, 0, len(effect.times), {}, 0, 0)
    has_other_mode = mode_of(round_) != rule.mode
    round_.slot_rule = rule.to_json()
    round_.save(update_fields=["slot_rule"])
    chosen = {one.sitting.pk: choices[one.sitting.pk] if one.asks else Choice.KEEP for one in effect.affected}
    Negotiation.objects.filter(pk__in=chosen).update(slot=None)
    Slot.objects.filter(pk__in=effect.removed).delete()
    made = Slot.objects.bulk_create(
        Slot(county_id=round_.county_id, round=round_, starts_at=starts, ends_at=ends) for starts, ends in effect.added
    )
    _settle(round_, effect, chosen, made, by=by, at=at)
    done = Changed(
        added=len(effect.added),
        removed=len(effect.removed),
        total=len(effect.times),
        choices=Counter(chosen.values()),
        returned=len(effect.returning),
        lost_answers=effect.lost_answers,
    )
    record(round_, "slots_changed", by=by, at=at, **_payload(standing, done), mode=has_other_mode)
    return done


def _settle(
    round_: Round,
    effect: Effect,
    chosen: Mapping[int, Choice],
    made: Sequence[Slot],
    *,
    by: User | None,
    at: datetime | None,
) -> None:
    """Give negotiations the time that was chosen for them, and those that have the time of a new slot that slot."""
    slots = {(slot.starts_at, slot.ends_at): slot for slot in made}
    for pk, span in effect.returning.items():
        Negotiation.objects.filter(pk=pk).update(slot=slots[span])
    moved = {pk: choice for pk, choice in chosen.items() if choice != Choice.KEEP}
    if not moved:
        return
    new = {one.sitting.pk: one.new for one in effect.affected}
    # A free slot of the day may have been there before.
    slots |= {(slot.starts_at, slot.ends_at): slot for slot in Slot.objects.filter(round=round_)}
    off = Timing.in_months(round_.starts_on, round_.ends_on)
    told = []
    for negotiation in Negotiation.objects.filter(pk__in=moved):
        former, place = Timing.of(negotiation), new[negotiation.pk]
        taken = slots[place] if moved[negotiation.pk] == Choice.TAKE and place else None
        timing = Timing.in_slot(taken) if taken else off
        negotiation.slot = taken
        timing.put_on(negotiation)
        negotiation.save(update_fields=["slot", "precision", "earliest", "latest", "starts_at", "ends_at"])
        told.append((negotiation, {"fields": ["time"], "former": former.to_json(), "now": timing.to_json()}))
    record_with(told, "changed", by=by, at=at)


def _payload(standing: Standing, done: Changed) -> dict[str, Any]:
    """Return what the log tells of the former slots and of the change: counts and days."""
    days = sorted(timezone.localdate(span[0]) for span in standing.slots.values())
    return {
        "added": done.added,
        "removed": done.removed,
        "total": done.total,
        "former": len(days),
        **({"former_first": days[0].isoformat(), "former_last": days[-1].isoformat()} if days else {}),
        **{choice.value: done.choices.get(choice, 0) for choice in Choice},
        "returned": done.returned,
        "answers": done.lost_answers,
    }
