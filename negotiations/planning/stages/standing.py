"""How the stages of a round stand on a day: done, late, now, coming. Derived from the days, stored nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from municipalities import timewords
from negotiations.models import Negotiation, Round, RoundStage
from negotiations.planning.rounds import whole_months


class Standing(StrEnum):
    """Where a stage is on a day."""

    DONE = "done"
    LATE = "late"
    NOW = "now"
    COMING = "coming"
    UNDATED = "undated"
    # Of the round only the plan is known: whether what it planned came about is not.
    NOT_KNOWN = "not_known"

    @property
    def words(self) -> str:
        """The state in a word or two."""
        return {
            Standing.DONE: _("stage done"),
            Standing.LATE: _("late"),
            Standing.NOW: _("under way"),
            Standing.COMING: _("coming"),
            Standing.UNDATED: _("no date known"),
            Standing.NOT_KNOWN: _("not known whether done"),
        }[self]

    @property
    def tone(self) -> str:
        """The tone in which pages show it (see tone_label)."""
        tones = {Standing.DONE: "done", Standing.LATE: "failed", Standing.NOW: "going", Standing.UNDATED: "ended"}
        return tones.get(self, "waiting")


def standing_of(
    earliest: date | None, latest: date | None, *, done: bool, today: date, only_plan: bool = False
) -> Standing:
    """Return how a stage of these days stands: late from the day after its last one, under way on both of its ends."""
    if done:
        return Standing.DONE
    if earliest is None or latest is None:
        return Standing.UNDATED
    if latest < today:
        return Standing.NOT_KNOWN if only_plan else Standing.LATE
    return Standing.NOW if earliest <= today else Standing.COMING


@dataclass(frozen=True)
class Stage:
    """A stage as it is shown: a row, or the negotiations of the round as one stage, which have no row (pk None)."""

    name: str
    body: str
    earliest: date | None
    latest: date | None
    standing: Standing
    pk: int | None = None
    description: str = ""
    done_on: date | None = None
    # Of the negotiations: how many have been held.
    note: str = ""
    number: int = 0
    # Whether it can change places with the stage before it, or after it: one of the same days.
    can_go_up: bool = False
    can_go_down: bool = False

    @property
    def when(self) -> str:
        """The days as exactly as they are known: "ti 15.8.2023", "kesä–elokuu 2023"; nothing where none are known."""
        if self.earliest is None or self.latest is None:
            return ""
        if self.earliest == self.latest:
            return timewords.day(self.earliest)
        return timewords.span(self.earliest, self.latest)

    @property
    def is_late(self) -> bool:
        """Whether its last day has passed and it has not been done."""
        return self.standing == Standing.LATE


def in_order(stages: Iterable[Stage]) -> list[Stage]:
    """Return stages in order of time, numbered from 1; those without a date last.

    Stages of the same days stay in the order they are given in, and can change places with each other.
    """
    rows = sorted(stages, key=lambda stage: (stage.earliest or date.max, stage.latest or date.max))
    numbered = []
    for place, row in enumerate(rows):
        before, after = rows[place - 1] if place else None, rows[place + 1] if place + 1 < len(rows) else None
        numbered.append(
            replace(row, number=place + 1, can_go_up=_tied(row, before), can_go_down=_tied(row, after)),
        )
    return numbered


def _tied(row: Stage, other: Stage | None) -> bool:
    same = other is not None and (row.earliest, row.latest) == (other.earliest, other.latest)
    return same and other is not None and row.pk is not None and other.pk is not None


# --- The negotiations as one stage ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sitting:
    """A negotiation that was not cancelled: the days it is on or is known to be between, and whether it was held."""

    earliest: date
    latest: date
    is_held: bool = False


def span_of(sittings: Sequence[Sitting], starts_on: date, ends_on: date) -> tuple[date, date]:
    """Return the days from the first sitting to the last.

    Of one known only to months, the days outside the round's months tell nothing and are left out. Without a sitting,
    the days of the round.
    """
    if not sittings:
        return starts_on, ends_on
    first, last = whole_months(starts_on, ends_on)
    spans = []
    for sitting in sittings:
        inside = max(sitting.earliest, first), min(sitting.latest, last)
        spans.append(inside if inside[0] <= inside[1] else (sitting.earliest, sitting.latest))
    return min(span[0] for span in spans), max(span[1] for span in spans)


def negotiations_as_stage(round_: Round, sittings: Sequence[Sitting], *, today: date) -> Stage:
    """Return the negotiations of a round as one stage: done once all of them have been held."""
    earliest, latest = span_of(sittings, round_.starts_on, round_.ends_on)
    held, total = sum(sitting.is_held for sitting in sittings), len(sittings)
    only_plan = round_.plan_as_of is not None
    standing = standing_of(earliest, latest, done=bool(total) and held == total, today=today, only_plan=only_plan)
    if not total:
        note = _("None has been made yet.")
    elif only_plan:
        note = ngettext("%(count)s negotiation", "%(count)s negotiations", total) % {"count": total}
    else:
        note = _("%(held)s of %(total)s held") % {"held": held, "total": total}
    body = _("Wellbeing services county, municipalities and other parties")
    return Stage(_("Negotiations"), body, earliest, latest, standing, note=note)


# --- As they are in the database --------------------------------------------------------------------------------


def stage_of(row: RoundStage, *, today: date, only_plan: bool) -> Stage:
    """Return a row as it is shown."""
    return Stage(
        row.name,
        row.body,
        row.earliest,
        row.latest,
        standing_of(row.earliest, row.latest, done=row.done_on is not None, today=today, only_plan=only_plan),
        pk=row.pk,
        description=row.description,
        done_on=row.done_on,
    )


def stages_of(round_: Round, *, today: date) -> list[Stage]:
    """Return the stages of a round in order of time, with its negotiations as one of them. Two queries.

    Nothing at all where the round has no stages of its own.
    """
    rows = list(RoundStage.objects.filter(round=round_).order_by("position"))
    if not rows:
        return []
    only_plan = round_.plan_as_of is not None
    negotiations = Negotiation.objects.filter(round=round_).exclude(state=Negotiation.State.CANCELLED).order_by()
    sittings = [
        Sitting(earliest, latest, state == Negotiation.State.HELD)
        for earliest, latest, state in negotiations.values_list("earliest", "latest", "state")
    ]
    return in_order(
        [
            *(stage_of(row, today=today, only_plan=only_plan) for row in rows),
            negotiations_as_stage(round_, sittings, today=today),
        ]
    )
