"""How many attended: totals by sector, attendances apart from persons, and the source's own figures beside ours.

Pure arithmetic over plain numbers; nothing here reads the database. An attendance is one person in one negotiation:
who attended six is six attendances and one person. Where only head counts are known, no persons are made up; what can
be said of them follows from the core groups, whose members are counted again in every negotiation they attended.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities.models import Sector


class ImpossibleAttendance(ValueError):
    """The numbers contradict each other. The message tells which, for the one who can mend them."""


@dataclass(frozen=True)
class Counted:
    """A row of the attendance list: so many of a sector were present in a negotiation.

    `person` identifies somebody known by name; a head count has none.
    """

    negotiation: int
    sector: str
    count: int = 1
    person: int | None = None


@dataclass(frozen=True)
class CoreGroupCount:
    """A group of the same people, counted by number in each of these negotiations."""

    name: str
    sector: str
    size: int
    negotiations: frozenset[int]
    approximate: bool = False

    @property
    def times(self) -> int:
        """How many negotiations the group attended."""
        return len(self.negotiations)

    @property
    def repeats(self) -> int:
        """Attendances of the group beyond the first of each member: size × (times − 1)."""
        return self.size * max(self.times - 1, 0)


@dataclass(frozen=True)
class Column:
    """Sectors shown together. Each is stored as it is; they are combined here and nowhere else."""

    name: str | Promise
    sectors: tuple[str, ...]


# The sectors as the headings of those who took part.
SECTOR_NAMES: dict[str, str | Promise] = {
    Sector.COUNTY: gettext_lazy("Wellbeing services county"),
    Sector.MUNICIPALITY: gettext_lazy("Municipalities"),
    Sector.PUBLIC: gettext_lazy("Other public bodies"),
    Sector.COMPANY: gettext_lazy("Companies"),
    Sector.ORGANISATION: gettext_lazy("Organisations"),
    Sector.PARISH: gettext_lazy("Parishes"),
    Sector.ORGANISATION_OR_PARISH: gettext_lazy("Organisations and parishes"),
    Sector.INFLUENCING: gettext_lazy("Influencing bodies"),
    Sector.OTHER: gettext_lazy("Others"),
}


def _column(*sectors: Sector) -> Column:
    return Column(SECTOR_NAMES[sectors[-1]], tuple(sectors))


ORGANISATIONS_AND_PARISHES = _column(Sector.ORGANISATION, Sector.PARISH, Sector.ORGANISATION_OR_PARISH)
MUNICIPALITIES = _column(Sector.MUNICIPALITY)
COUNTY = _column(Sector.COUNTY)
# The order in which the source tells them; the columns nobody was counted in are left out, save the first three.
ALWAYS_SHOWN: tuple[Column, ...] = (ORGANISATIONS_AND_PARISHES, MUNICIPALITIES, COUNTY)
SHOWN_IF_COUNTED: tuple[Column, ...] = (
    _column(Sector.PUBLIC),
    _column(Sector.COMPANY),
    _column(Sector.INFLUENCING),
    _column(Sector.OTHER),
)


@dataclass(frozen=True)
class SectorTotals:
    """Attendances by sector, of one negotiation or of a whole round."""

    by_sector: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """All attendances."""
        return sum(count for _sector, count in self.by_sector)

    def of(self, sectors: Collection[str]) -> int:
        """Attendances of these sectors together."""
        return sum(count for sector, count in self.by_sector if sector in sectors)


class Certainty(StrEnum):
    """How well the number of persons is known."""

    EXACT = "exact"
    # The size of a core group is approximate, so the number of persons is too.
    ABOUT = "about"
    # Head counts of several negotiations: the same person may be in more than one, and nothing tells.
    AT_MOST = "at_most"


@dataclass(frozen=True)
class Persons:
    """What can be said of how many different persons there were: attendances − repeats."""

    attendances: int
    repeats: int
    certainty: Certainty
    groups: tuple[CoreGroupCount, ...] = ()

    @property
    def persons(self) -> int:
        """The number of persons, as certain as `certainty` tells."""
        return self.attendances - self.repeats


@dataclass(frozen=True)
class Comparison:
    """A total that the source states, beside ours. `computed` is None where the two cannot be compared."""

    sectors: tuple[str, ...]
    stated: int
    computed: int | None
    source: str = ""

    @property
    def discrepancy(self) -> int:
        """How many more we count than the source states; negative where the source states more."""
        return 0 if self.computed is None else self.computed - self.stated

    @property
    def differs(self) -> bool:
        """Whether the two must be shown side by side with an explanation."""
        return self.discrepancy != 0


@dataclass(frozen=True)
class RoundAttendance:
    """The attendance of a round: each negotiation that was counted, the columns to show, and the totals."""

    negotiations: tuple[tuple[int, SectorTotals], ...]
    columns: tuple[Column, ...]
    totals: SectorTotals

    def of(self, negotiation: int) -> SectorTotals | None:
        """The totals of a negotiation; None where nobody was counted, which is not the same as nobody came."""
        return self._by_id.get(negotiation)

    @cached_property
    def _by_id(self) -> dict[int, SectorTotals]:
        return dict(self.negotiations)


def totals(rows: Iterable[Counted]) -> SectorTotals:
    """Add the rows up by sector, in the order of the sectors.

    Raises ImpossibleAttendance for a negative count.
    """
    sums: Counter[str] = Counter()
    for row in rows:
        if row.count < 0:
            raise ImpossibleAttendance(
                _("%(count)s cannot be a number of people present. Correct the count.") % {"count": row.count}
            )
        sums[row.sector] += row.count
    return SectorTotals(tuple((sector, sums[sector]) for sector in Sector.values if sector in sums))


def columns_for(sums: SectorTotals) -> tuple[Column, ...]:
    """The columns to show: organisations and parishes, municipalities, the county, then others that were counted."""
    return ALWAYS_SHOWN + tuple(column for column in SHOWN_IF_COUNTED if sums.of(column.sectors))


def round_attendance(rows: Iterable[Counted]) -> RoundAttendance:
    """Total the attendance of a round by negotiation and sector."""
    by_negotiation: dict[int, list[Counted]] = defaultdict(list)
    for row in rows:
        by_negotiation[row.negotiation].append(row)
    everything = totals(row for counted in by_negotiation.values() for row in counted)
    return RoundAttendance(
        negotiations=tuple((key, totals(counted)) for key, counted in sorted(by_negotiation.items())),
        columns=columns_for(everything),
        totals=everything,
    )


def persons(rows: Iterable[Counted], core_groups: Iterable[CoreGroupCount], column: Column) -> Persons:
    """Tell what can be said of the persons of a column.

    persons = attendances − Σ size × (times − 1) over the core groups, and − (times − 1) for each person known by name.
    The members of a core group are counted by number: they are among the head counts, not among the named.

    Raises ImpossibleAttendance when core groups are larger than the head count of a negotiation they attended.
    """
    counted = [row for row in rows if row.sector in column.sectors]
    groups = tuple(group for group in core_groups if group.sector in column.sectors)
    heads: Counter[tuple[int, str]] = Counter()
    named: Counter[int] = Counter()
    for row in counted:
        if row.person is None:
            heads[row.negotiation, row.sector] += row.count
        else:
            named[row.person] += row.count
    _refuse_too_large(groups, heads)

    unnamed_left = Counter({negotiation: 0 for negotiation, _sector in heads})
    for (negotiation, _sector), count in heads.items():
        unnamed_left[negotiation] += count
    for group in groups:
        for negotiation in group.negotiations:
            unnamed_left[negotiation] -= group.size
    if any(group.approximate and group.times > 1 for group in groups):
        certainty = Certainty.ABOUT
    elif sum(1 for left in unnamed_left.values() if left > 0) > 1:
        certainty = Certainty.AT_MOST
    else:
        certainty = Certainty.EXACT
    return Persons(
        attendances=sum(row.count for row in counted),
        repeats=sum(group.repeats for group in groups) + sum(times - 1 for times in named.values() if times > 1),
        certainty=certainty,
        groups=groups,
    )


def _refuse_too_large(groups: Iterable[CoreGroupCount], heads: Counter[tuple[int, str]]) -> None:
    """Refuse core groups that together are larger than what was counted where they were."""
    members: Counter[tuple[int, str]] = Counter()
    for group in groups:
        for negotiation in group.negotiations:
            members[negotiation, group.sector] += group.size
            if members[negotiation, group.sector] > heads[negotiation, group.sector]:
                raise ImpossibleAttendance(
                    _(
                        "The core group “%(group)s” is larger than what was counted in a negotiation it attended:"
                        " %(size)s people, but only %(counted)s were counted. Correct the size of the group, the"
                        " negotiations it attended, or the head count."
                    )
                    % {
                        "group": group.name,
                        "size": members[negotiation, group.sector],
                        "counted": heads[negotiation, group.sector],
                    }
                )


def compare(stated: int, sectors: Iterable[str], sums: SectorTotals, *, source: str = "") -> Comparison:
    """Put a total that the source states beside ours; never silently one or the other.

    A figure stated of organisations and parishes covers what was counted of them apart and together. One stated of
    organisations alone cannot be compared with a count of both together: splitting it would be making it up.
    """
    wanted = set(sectors)
    if wanted >= {Sector.ORGANISATION, Sector.PARISH} or Sector.ORGANISATION_OR_PARISH in wanted:
        wanted |= set(ORGANISATIONS_AND_PARISHES.sectors)
    elif wanted & {Sector.ORGANISATION, Sector.PARISH} and sums.of({Sector.ORGANISATION_OR_PARISH}):
        return Comparison(_in_order(wanted), stated, None, source)
    return Comparison(_in_order(wanted), stated, sums.of(wanted), source)


def _in_order(sectors: Collection[str]) -> tuple[str, ...]:
    return tuple(sector for sector in Sector.values if sector in sectors)
