"""What a plan would leave: with whom the duty of a round would be met if all were held as planned, and with whom not.

Said of each legal basis of the round, in the period that the round serves, of all that is known of that period:
a negotiation outside the round meets the duty as well. The rules of what counts are those of `rules`; here a day
that is planned is told from a month.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.utils.translation import gettext as _

from negotiations.followup.duty.periods import ALWAYS, Life, Period, year_of
from negotiations.followup.duty.reading import county_terms, lives_of, municipalities_of, sittings_of
from negotiations.followup.duty.rules import Sitting, Standing, State, judge
from negotiations.models import LegalBasis, Negotiation, Round


class Leaves(StrEnum):
    """What the plan leaves of the duty towards one municipality. In the order in which one outweighs another."""

    HELD = "held"
    # The day is known, and is in the period.
    DATED = "dated"
    # Planned for a month or months that are all in the period.
    MONTH = "month"
    # Planned for months of which some are outside the period.
    OPEN = "open"
    # A negotiation whose time is over, and of which nobody has said whether it met the duty.
    NOT_KNOWN = "not_known"
    STAYED_AWAY = "stayed_away"
    MISSING = "missing"
    # Became part of another, so that nothing can be planned with it any more.
    MERGED = "merged"

    @property
    def words(self) -> str:
        """What is left, as it is shown."""
        return {
            Leaves.HELD: _("negotiated"),
            Leaves.DATED: _("day planned"),
            Leaves.MONTH: _("only the month planned"),
            Leaves.OPEN: _("falls in this period or outside it"),
            Leaves.NOT_KNOWN: _("not known"),
            Leaves.STAYED_AWAY: _("stayed away"),
            Leaves.MISSING: _("missing"),
            Leaves.MERGED: _("merged"),
        }[self]

    @property
    def tone(self) -> str:
        """The tone of its label."""
        return {
            Leaves.HELD: "done",
            Leaves.DATED: "going",
            Leaves.MONTH: "waiting",
            Leaves.OPEN: "waiting",
            Leaves.NOT_KNOWN: "waiting",
            Leaves.STAYED_AWAY: "failed",
            Leaves.MISSING: "failed",
            Leaves.MERGED: "ended",
        }[self]


RANK = list(Leaves)
# From what the planner has to do something about to what is done.
SHOWN = [*reversed(RANK[:-1]), Leaves.MERGED]


@dataclass(frozen=True)
class Line:
    """The municipalities of which the plan leaves the same, by name."""

    leaves: Leaves
    names: tuple[str, ...]
    # Their ids, in the same order.
    municipalities: tuple[int, ...]


@dataclass(frozen=True)
class PlanLeft:
    """What the plan of a round would leave of one duty. Without a period where the council term is not known."""

    basis: LegalBasis
    period: Period | None
    # Only those that somebody is in, from what has to be done something about to what is done.
    lines: tuple[Line, ...] = ()

    def count(self, *leaves: str) -> int:
        """How many are left so."""
        return sum(len(line.names) for line in self.lines if line.leaves in leaves)

    @property
    def total(self) -> int:
        """With how many municipalities the county has to negotiate."""
        return self.count(*(each for each in Leaves if each != Leaves.MERGED))

    @property
    def assured(self) -> int:
        """With how many the duty is met, or would be if the plan is held to: months count if all are in the period."""
        return self.count(Leaves.HELD, Leaves.DATED, Leaves.MONTH)

    @property
    def is_whole(self) -> bool:
        """Whether the plan leaves nobody out."""
        return self.total > 0 and self.assured == self.total


def of_plan(round_: Round, *, today: date) -> list[PlanLeft]:
    """Read what the plan as it stands would leave of each duty of the round, in the order of the law.

    Of 6-7 § in the round's year; of 14 § in the council term that the round names, else in the one it begins in.
    At most four queries: the municipalities, the negotiations, and the round's county and its term where they have
    not been read. Inside the county's scope.
    """
    municipalities = list(municipalities_of(round_.county))
    periods = {basis: _period(basis, round_) for basis in round_.bases}
    sittings = sittings_of(municipalities, [period for period in periods.values() if period])
    lives, names = lives_of(municipalities), {row.pk: str(row) for row in municipalities}
    return [
        PlanLeft(
            basis,
            period,
            lines_of(names, basis, sittings, period, round_=round_.pk, today=today, lives=lives) if period else (),
        )
        for basis, period in periods.items()
    ]


def _period(basis: LegalBasis, round_: Round) -> Period | None:
    if basis == LegalBasis.WELFARE:
        return year_of(round_.year)
    if round_.term is not None:
        return Period(round_.term.starts_on, round_.term.ends_on)
    return next((term for term in county_terms() if term.contains(round_.starts_on, round_.starts_on)), None)


def lines_of(
    names: Mapping[int, str],
    basis: LegalBasis,
    sittings: Iterable[Sitting],
    period: Period,
    *,
    round_: int | None,
    today: date,
    lives: Mapping[int, Life] | None = None,
) -> tuple[Line, ...]:
    """Return the municipalities, in the order of `names`, by what the plan of a round leaves of the duty to them."""
    own: dict[int, list[Sitting]] = defaultdict(list)
    for row in sittings:
        if row.basis == basis:
            own[row.municipality].append(row)
    found: dict[Leaves, list[int]] = defaultdict(list)
    for pk in names:
        life = (lives or {}).get(pk, ALWAYS)
        leaves = left_towards(own[pk], period, life=life, round_=round_, today=today)
        if leaves is not None:
            found[leaves].append(pk)
    return tuple(
        Line(leaves, tuple(names[pk] for pk in found[leaves]), tuple(found[leaves]))
        for leaves in SHOWN
        if found[leaves]
    )


def left_towards(
    sittings: Sequence[Sitting], period: Period, *, life: Life = ALWAYS, round_: int | None, today: date
) -> Leaves | None:
    """Return what is left of a duty towards the municipality these rows are of; None if it is not in the period."""
    existing = life.within(period)
    if existing is None:
        return None
    found = [left_by(row, existing, round_=round_, today=today) for row in sittings]
    leaves = min((each for each in found if each is not None), key=RANK.index, default=Leaves.MISSING)
    if leaves != Leaves.HELD and life.has_ended(period, today=today):
        return Leaves.MERGED
    return leaves


def left_by(sitting: Sitting, period: Period, *, round_: int | None, today: date) -> Leaves | None:
    """Return what one negotiation leaves; None where it has nothing to do with the period.

    Where the round itself is known only as a plan, its planned times are taken as the plan has them: the question is
    what the plan would leave, not what became of it.
    """
    evidence = judge(sitting, period, today=today)
    if evidence is None:
        return None
    ahead = sitting.state in {State.PLANNED, State.CONVENED}
    is_the_plan = sitting.plan_as_of is not None and round_ is not None and sitting.round == round_
    if ahead and (is_the_plan or (sitting.plan_as_of is None and sitting.latest >= today)):
        return _planned(sitting, period)
    return {
        Standing.DONE: Leaves.HELD,
        Standing.NOT_KNOWN: Leaves.NOT_KNOWN,
        Standing.STAYED_AWAY: Leaves.STAYED_AWAY,
    }.get(evidence.standing, Leaves.MISSING)


def _planned(sitting: Sitting, period: Period) -> Leaves:
    if not period.contains(sitting.earliest, sitting.latest):
        return Leaves.OPEN
    return Leaves.MONTH if sitting.precision == Negotiation.Precision.MONTH else Leaves.DATED
