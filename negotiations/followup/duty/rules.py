"""The arithmetic of the duty to negotiate: of plain rows, without a database.

Only a negotiation that was held counts, for a basis whose part was dealt with, and for a municipality that took part.
A cancelled one counts nothing; whether it belonged to a round does not matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from django.utils.translation import gettext as _

from municipalities import timewords
from municipalities.models import Sector
from negotiations.followup.duty.periods import ALWAYS, Life, Period, period_words, predecessors
from negotiations.models import LegalBasis, Negotiation, Party

State = Negotiation.State
Participation = Party.Participation


class Standing(StrEnum):
    """How the duty stands towards one municipality. In the order in which one outweighs another."""

    DONE = "done"
    PLANNED = "planned"
    # A negotiation is known of, but not whether it met the duty: all that is known is a plan, it has not been marked
    # as held, or its time is known to months of which some are outside the period.
    NOT_KNOWN = "not_known"
    # Invited and did not come: has not taken part in the negotiation that 612/2021 § 6 obliges it to.
    STAYED_AWAY = "stayed_away"
    MISSING = "missing"
    # Became part of another within the period, without the duty having been met: see `periods`.
    MERGED = "merged"

    @property
    def words(self) -> str:
        """The standing as it is shown."""
        return {
            Standing.DONE: _("negotiated"),
            Standing.PLANNED: _("planned"),
            Standing.NOT_KNOWN: _("not known"),
            Standing.STAYED_AWAY: _("stayed away"),
            Standing.MISSING: _("missing"),
            Standing.MERGED: _("merged"),
        }[self]

    @property
    def tone(self) -> str:
        """The tone of its label."""
        return {
            Standing.DONE: "done",
            Standing.PLANNED: "going",
            Standing.NOT_KNOWN: "waiting",
            Standing.STAYED_AWAY: "failed",
            Standing.MISSING: "failed",
            Standing.MERGED: "ended",
        }[self]


ORDER = list(Standing)
# From what has to be seen to first to what has been done; those that are no more come after them all.
URGENCY = [*reversed(ORDER[:-1]), Standing.MERGED]


@dataclass(frozen=True)
class Others:
    """Who negotiated besides the county and the municipalities (612/2021 § 7: together with other actors).

    Organisations by name, in the order of names: those invited as parties, and those that came, as a party or by
    somebody who was there for them. People by sector, in the order of the sectors: a head count may be all that is
    known of them.
    """

    invited: tuple[str, ...] = ()
    came: tuple[str, ...] = ()
    attendances: tuple[tuple[str, int], ...] = ()

    @property
    def attended(self) -> int:
        """How many attendances of theirs there were: people, where the parties are organisations."""
        return sum(count for _sector, count in self.attendances)

    @property
    def stayed_away(self) -> tuple[str, ...]:
        """The organisations that were invited and of which nobody is known to have come."""
        return tuple(name for name in self.invited if name not in self.came)

    @property
    def words(self) -> str:
        """What can be said of them in a few words."""
        if self.attended:
            return _("attendances of other actors: %(count)s") % {"count": self.attended}
        if self.came:
            return _("other actors: %(count)s") % {"count": len(self.came)}
        return _("no other actors have been entered")

    @property
    def by_sector(self) -> str:
        """How many of which sector: "järjestö 2, seurakunta 1"."""
        return ", ".join(f"{Sector(sector).label} {count}" for sector, count in self.attendances)


@dataclass(frozen=True)
class Sitting:
    """One municipality in one negotiation, for one legal basis: a plain row."""

    negotiation: int
    municipality: int
    basis: str
    state: str
    participation: str
    dealt_with: bool
    earliest: date
    latest: date
    title: str = ""
    # Set where the round is known only as a plan of that day.
    plan_as_of: date | None = None
    precision: str = Negotiation.Precision.DAY
    round: int | None = None

    @property
    def when(self) -> str:
        """When it is or was, as it is known."""
        if self.earliest == self.latest:
            return timewords.day(self.earliest)
        return timewords.span(self.earliest, self.latest)

    @property
    def state_words(self) -> str:
        """How far the negotiation is."""
        return str(State(self.state).label)


@dataclass(frozen=True)
class Evidence:
    """What one negotiation says of the duty: how it lets it stand, and why."""

    sitting: Sitting
    standing: Standing
    reason: str

    @property
    def brief(self) -> str:
        """Why, beside the word for the standing: of what was done or is ahead the time alone tells enough."""
        if self.standing == Standing.DONE:
            return self.sitting.when
        if self.standing == Standing.PLANNED:
            invited = self.sitting.state == State.CONVENED
            return _("%(when)s, invited") % {"when": self.sitting.when} if invited else self.sitting.when
        if self.standing == Standing.NOT_KNOWN and self.sitting.plan_as_of is not None:
            return _("in the plan of %(plan)s: %(when)s") % {
                "plan": _plain(self.sitting.plan_as_of),
                "when": self.sitting.when,
            }
        return self.reason


@dataclass(frozen=True)
class Earlier:
    """What was negotiated, before a merger, with a municipality that became part of this one."""

    life: Life
    evidence: Evidence


@dataclass(frozen=True)
class Position:
    """How the duty stands towards one municipality, with all that is known of it, the weightiest first."""

    municipality: int
    basis: LegalBasis
    standing: Standing
    evidence: tuple[Evidence, ...] = ()
    # What is known of those that became part of it. Shown beside it, and counts nothing for it.
    before: tuple[Earlier, ...] = ()
    life: Life = ALWAYS

    @property
    def words(self) -> str:
        """How it stands, as it is shown: of one that is no more, what became of it."""
        return self.life.words if self.standing == Standing.MERGED else self.standing.words

    @property
    def decisive(self) -> Evidence | None:
        """The negotiation by which it stands so; None where none is known, or it stands so because it is no more."""
        return self.evidence[0] if self.evidence and self.standing != Standing.MERGED else None

    @property
    def reason(self) -> str:
        """Why it stands so, in words."""
        if self.standing == Standing.MERGED:
            return self.life.words
        if self.evidence:
            return self.evidence[0].reason
        return _("No negotiation has been planned or held in this time.")

    @property
    def further(self) -> tuple[Evidence, ...]:
        """What else is known and matters as long as the duty has not been met."""
        return () if self.standing in {Standing.DONE, Standing.MERGED} else self.evidence[1:]

    @property
    def negotiated(self) -> Evidence | None:
        """The first negotiation that met the duty."""
        return self._first(Standing.DONE)

    @property
    def planned(self) -> Evidence | None:
        """The next negotiation that would meet it, also where another has met it already."""
        return self._first(Standing.PLANNED)

    @property
    def missed(self) -> Evidence | None:
        """The latest negotiation that it was invited to and stayed away from."""
        return self._first(Standing.STAYED_AWAY)

    @property
    def is_owed(self) -> bool:
        """Whether it counts among those with whom the county has to negotiate in this time."""
        return self.standing != Standing.MERGED

    def _first(self, standing: Standing) -> Evidence | None:
        return next((each for each in self.evidence if each.standing == standing), None)


@dataclass(frozen=True)
class Coverage:
    """How the duty of one legal basis stands in a period, municipality by municipality."""

    basis: LegalBasis
    period: Period
    positions: tuple[Position, ...]
    others: Mapping[int, Others] = field(default_factory=dict)

    @property
    def period_words(self) -> str:
        """In what time the duty is to be met."""
        return period_words(self.basis, self.period)

    @property
    def total(self) -> int:
        """With how many municipalities the county has to negotiate."""
        return sum(position.is_owed for position in self.positions)

    @property
    def done(self) -> int:
        """With how many it has."""
        return self.count(Standing.DONE)

    @property
    def is_whole(self) -> bool:
        """Whether the duty has been met towards all. Of no municipalities nothing can be said."""
        return self.total > 0 and self.done == self.total

    @property
    def is_known(self) -> bool:
        """Whether it is known of every municipality how it stands; if not, those counted are only the certain ones."""
        return not self.count(Standing.NOT_KNOWN)

    def count(self, standing: Standing) -> int:
        """How many municipalities stand so."""
        return sum(position.standing == standing for position in self.positions)

    def others_at(self, evidence: Evidence) -> Others | None:
        """Who else was at a negotiation that was held for this duty; None where the law does not ask of them."""
        held = evidence.sitting.state == State.HELD and evidence.sitting.dealt_with
        return self.others.get(evidence.sitting.negotiation) if held and self.basis == LegalBasis.WELFARE else None

    def find(self, municipality: int) -> Position | None:
        """How it stands towards this municipality; None for one that did not exist in the period."""
        return next((position for position in self.positions if position.municipality == municipality), None)

    def of(self, municipality: int) -> Position:
        """How it stands towards this municipality. Raises KeyError for one that it is not reckoned for."""
        if (found := self.find(municipality)) is None:
            raise KeyError(municipality)
        return found


def judge(sitting: Sitting, period: Period, *, today: date) -> Evidence | None:
    """Return what a negotiation says of the duty in a period; None where it has nothing to do with it."""
    if not period.touches(sitting.earliest, sitting.latest):
        return None
    standing, words = _judged(sitting, period, today)
    return Evidence(sitting, standing, words % {"when": sitting.when, "plan": _plain(sitting.plan_as_of)})


def _plain(day: date | None) -> str:
    return timewords.day(day, weekday=False) if day else ""


def _judged(sitting: Sitting, period: Period, today: date) -> tuple[Standing, str]:
    whole = period.contains(sitting.earliest, sitting.latest)
    if sitting.state == State.CANCELLED:
        return Standing.MISSING, _("The negotiation of %(when)s was cancelled.")
    if sitting.plan_as_of is not None:
        return Standing.NOT_KNOWN, _("In the plan of %(plan)s for %(when)s. Whether it was held is not known here.")
    if sitting.state == State.HELD:
        return _judged_held(sitting, whole=whole)
    if sitting.latest < today:
        return Standing.NOT_KNOWN, _("Was to be held %(when)s, but has not been marked as held.")
    if not whole:
        return Standing.NOT_KNOWN, _("Planned for %(when)s: whether it falls in this period is not known yet.")
    if sitting.state == State.CONVENED:
        return Standing.PLANNED, _("Invited for %(when)s.")
    return Standing.PLANNED, _("Planned for %(when)s.")


def _judged_held(sitting: Sitting, *, whole: bool) -> tuple[Standing, str]:
    if not sitting.dealt_with:
        return Standing.MISSING, _("In the negotiation of %(when)s this legal basis was not dealt with.")
    if sitting.participation == Participation.STAYED_AWAY:
        return Standing.STAYED_AWAY, _("Was invited for %(when)s and stayed away.")
    if sitting.participation != Participation.TOOK_PART:
        return Standing.NOT_KNOWN, _("Held %(when)s, but it has not been marked who took part.")
    if not whole:
        return Standing.NOT_KNOWN, _("Held %(when)s: whether it falls in this period is not known.")
    return Standing.DONE, _("Negotiated on %(when)s.")


def position_of(
    municipality: int,
    basis: LegalBasis,
    sittings: Iterable[Sitting],
    period: Period,
    *,
    today: date,
    life: Life = ALWAYS,
    before: Sequence[Earlier] = (),
) -> Position | None:
    """Return how the duty of a basis stands towards a municipality; None where it did not exist in the period.

    The weightiest negotiation decides; of several that met the duty the first one, of planned ones the next one,
    of the rest the latest. One that is no more stands apart, unless the duty was met in its time.
    """
    existing = life.within(period)
    if existing is None:
        return None
    found = _judged_all(municipality, basis, sittings, existing, today)
    standing = found[0].standing if found else Standing.MISSING
    if standing != Standing.DONE and life.has_ended(period, today=today):
        standing = Standing.MERGED
    return Position(municipality, basis, standing, found, tuple(before), life)


def _judged_all(
    municipality: int, basis: LegalBasis, sittings: Iterable[Sitting], period: Period, today: date
) -> tuple[Evidence, ...]:
    own = (row for row in sittings if row.municipality == municipality and row.basis == basis)
    return tuple(sorted((found for row in own if (found := judge(row, period, today=today)) is not None), key=_weight))


def _weight(evidence: Evidence) -> tuple[int, int, int, int]:
    sitting = evidence.sitting
    way = 1 if evidence.standing in {Standing.DONE, Standing.PLANNED} else -1
    days = way * sitting.latest.toordinal(), way * sitting.earliest.toordinal()
    return ORDER.index(evidence.standing), *days, sitting.negotiation


def coverage(
    municipalities: Sequence[int],
    basis: LegalBasis,
    sittings: Iterable[Sitting],
    period: Period,
    *,
    today: date,
    others: Mapping[int, Others] | None = None,
    lives: Mapping[int, Life] | None = None,
) -> Coverage:
    """Return how the duty of a basis stands towards each of these municipalities, in their order.

    Those that did not exist in the period are left out.
    """
    lives = lives or {}
    by_municipality: dict[int, list[Sitting]] = defaultdict(list)
    for row in sittings:
        if row.basis == basis:
            by_municipality[row.municipality].append(row)
    former = predecessors(lives)

    def earlier(pk: int) -> Iterable[Earlier]:
        for gone in former.get(pk, ()):
            if (existed := lives[gone].within(period)) is not None:
                for evidence in _judged_all(gone, basis, by_municipality[gone], existed, today):
                    yield Earlier(lives[gone], evidence)

    positions = (
        position_of(
            pk,
            basis,
            by_municipality[pk],
            period,
            today=today,
            life=lives.get(pk, ALWAYS),
            before=tuple(earlier(pk)),
        )
        for pk in municipalities
    )
    return Coverage(basis, period, tuple(found for found in positions if found is not None), others or {})
