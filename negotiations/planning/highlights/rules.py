"""Which figures are worth a highlight: rules on numbers alone.

Three kinds: a gap to the county, a worsening, a strength. An indicator is suggested once, by the kind that is the
strongest in it. Strength is told in standard deviations among the county's municipalities: a difference of one is as
much as municipalities usually differ, whether the figure is a percentage, cases per 10,000 or litres. It is the same
for a share and for what remains of it (44 % against 56 %), which a difference relative to the county's figure is not,
and it serves for a change too, so that kinds can be compared. Each municipality counts for one in it: the deviation is
of places. Where too few have a figure, a tenth of the county's stands for it: roughly what municipalities differ by.

Municipalities are never ranked, and none is named: what is said is in how many of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from indicators.figures import Direction, Sample, rounded
from indicators.figures.rules import PEOPLE_PER
from indicators.models import Indicator
from negotiations.models import Highlight

Kind = Highlight.Kind

# The figures may be so many years older than the negotiation (our proposal: surveys are made every second year).
OLDEST = 4
# A change is counted from the earliest figure of so many years before the latest: one year's may be chance.
SPAN = 4
MOST_OF_KIND = 3
# Weaker than this is not worth a highlight, however sure it is (our proposal).
LEAST_STRENGTH = 0.3
FEWEST_TO_SPREAD = 5
USUAL_SPREAD = 0.1
# Where chance cannot be counted (litres, euros, indexes), a figure that rests on fewer people says nothing.
FEWEST_PEOPLE = 5_000


@dataclass(frozen=True)
class Years:
    """A year, or several taken together: the first and the last of them."""

    first: int
    last: int

    @property
    def is_one(self) -> bool:
        """Whether it is a single year."""
        return self.first == self.last


@dataclass(frozen=True)
class Local:
    """A municipality's own figure of the years, and what it says against the county's; None where it has none."""

    name: str
    value: float | None = None
    against: Direction = Direction.UNKNOWN


@dataclass(frozen=True)
class Trend:
    """How the municipalities that have a figure of both years have gone together, and the county in the same years.

    Of single years, or of several taken together where one rests on too few people. `risen` and `fallen` tell in how
    many of the `counted` the figure has grown and lessened, as it is shown.
    """

    first: Years
    last: Years
    before: float
    now: float
    direction: Direction
    counted: int
    risen: int
    fallen: int
    county_before: float | None = None
    county_now: float | None = None


@dataclass(frozen=True)
class Evidence:
    """What the figures of one indicator say of the municipalities of a negotiation.

    `group` is the figure of them together: None where figures of its kind are not combined. `against` is what that says
    against the county's. `scale` is what the county's municipalities usually differ by, in the indicator's unit.
    """

    indicator: int
    decimals: int
    polarity: str
    years: Years
    group: float | None
    county: float
    against: Direction
    scale: float
    locals: tuple[Local, ...]
    trend: Trend | None = None

    @property
    def told(self) -> list[Local]:
        """The municipalities that have a figure of the year."""
        return [local for local in self.locals if local.value is not None]

    def on_side(self, direction: Direction) -> int:
        """Return in how many municipalities the figure as shown is on this side of the county's, sure or not."""
        higher = (direction == Direction.BETTER) == (self.polarity == Indicator.Polarity.HIGHER)
        county = rounded(self.county, self.decimals)
        values = [rounded(local.value, self.decimals) for local in self.told if local.value is not None]
        return sum((value > county) if higher else (value < county) for value in values)

    def judged(self, direction: Direction) -> int:
        """Return of how many municipalities by themselves it can be said."""
        return sum(local.against == direction for local in self.told)


@dataclass(frozen=True)
class Finding:
    """What is worth a highlight: which kind, how strong, and what it rests on.

    `by_change` tells a strength that is an improvement; `by_places` a gap of single municipalities, not of all of them.
    """

    kind: Kind
    strength: float
    evidence: Evidence
    by_change: bool = False
    by_places: bool = False

    @property
    def key(self) -> str:
        """What it is known by for as long as the figures are of this year."""
        return f"{self.kind.value}-{self.evidence.indicator}-{self.evidence.years.last}"


def sure(direction: Direction, one: Sample, other: Sample, *, unit: str, people: float) -> Direction:
    """Return what may be said for sure: nothing of what rests on few, or on nobody knows how many.

    `people` are the inhabitants that the figure is of. A rate whose exposure is not known has not been judged by
    chance at all, so that nothing is said of it either.
    """
    if unit in PEOPLE_PER:
        return direction if one.exposure and other.exposure else Direction.UNKNOWN
    return direction if people >= FEWEST_PEOPLE else Direction.UNKNOWN


def scale_of(values: Sequence[float], county: float) -> float:
    """Return what municipalities usually differ by: the standard deviation of their figures, or a tenth of the whole.

    Nought where all are the same and the county's is nought: then nothing differs.
    """
    spread = pstdev(values) if len(values) >= FEWEST_TO_SPREAD else 0.0
    return spread or USUAL_SPREAD * abs(county)


def gap_of(evidence: Evidence) -> Finding | None:
    """Return a gap: all together are worse than the county, or single municipalities are and none is better."""
    if evidence.against == Direction.WORSE and evidence.group is not None:
        return _found(Kind.GAP, evidence.group - evidence.county, evidence)
    if evidence.against == Direction.BETTER or evidence.judged(Direction.BETTER):
        return None
    if not evidence.judged(Direction.WORSE):
        return None
    # How far all of them are on the average: one of many far off is weaker than all a little.
    sign = 1 if evidence.polarity == Indicator.Polarity.LOWER else -1
    away = fmean(sign * (local.value - evidence.county) for local in evidence.told if local.value is not None)
    return _found(Kind.GAP, max(away, 0.0), evidence, by_places=True)


def worsening_of(evidence: Evidence) -> Finding | None:
    """Return a worsening of all together."""
    trend = evidence.trend
    if trend is None or trend.direction != Direction.WORSE:
        return None
    return _found(Kind.WORSENING, trend.now - trend.before, evidence)


def strength_of(evidence: Evidence) -> Finding | None:
    """Return a clear strength across the group: better than the county, or improving, in most of its municipalities.

    What is better than in the county but has worsened is no clear strength, nor what has improved but is still worse.
    """
    trend = evidence.trend
    better, worse = Direction.BETTER, Direction.WORSE
    worsened = trend is not None and trend.direction == worse
    if evidence.against == better and not worsened and not evidence.judged(worse) and evidence.group is not None:
        if evidence.on_side(better) * 2 > len(evidence.told):
            return _found(Kind.STRENGTH, evidence.group - evidence.county, evidence)
        return None
    if trend is None or trend.direction != better or evidence.against == worse:
        return None
    improved = trend.risen if evidence.polarity == Indicator.Polarity.HIGHER else trend.fallen
    if improved * 2 <= trend.counted:
        return None
    return _found(Kind.STRENGTH, trend.now - trend.before, evidence, by_change=True)


def _found(
    kind: Kind, distance: float, evidence: Evidence, *, by_change: bool = False, by_places: bool = False
) -> Finding | None:
    strength = abs(distance) / evidence.scale if evidence.scale else 0.0
    if strength < LEAST_STRENGTH:
        return None
    return Finding(kind, strength, evidence, by_change=by_change, by_places=by_places)


def finding_of(evidence: Evidence) -> Finding | None:
    """Return what an indicator is worth a highlight for: its strongest kind, the more pressing where two are equal."""
    if evidence.polarity == Indicator.Polarity.NEUTRAL:
        return None
    found = [each for rule in (gap_of, worsening_of, strength_of) if (each := rule(evidence)) is not None]
    return max(found, key=lambda finding: finding.strength, default=None)


def strongest(findings: Iterable[Finding]) -> list[Finding]:
    """Return of one priority's findings the strongest of each kind, by kind and strength."""
    by_kind: dict[Kind, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_kind[finding.kind].append(finding)
    chosen = []
    for kind in (Kind.GAP, Kind.WORSENING, Kind.STRENGTH):
        order = sorted(by_kind[kind], key=lambda finding: (-finding.strength, finding.evidence.indicator))
        chosen += order[:MOST_OF_KIND]
    return chosen
