"""Whether the duty to negotiate has been met: with each municipality, for each legal basis.

The arithmetic is of plain rows and reads no database; `read` fetches the rows, however many,
in the same few queries.

- 611/2021 § 14: the county negotiates with every municipality at least once in the council's term.
- 612/2021 §§ 6-7: at least once a year, together with the municipalities and other actors that promote welfare.

Only a negotiation that was held counts, for a basis whose part was dealt with, and for a municipality that took part.
A cancelled one counts nothing; whether it belonged to a round does not matter. Nothing of this is stored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from municipalities import timewords
from municipalities.models import CouncilTerm, County, Municipality, Sector
from negotiations.models import Attendance, LegalBasis, Negotiation, Party

State = Negotiation.State
Participation = Party.Participation
# So many names are told on the home page; the rest is in the table.
NAMES_SHOWN = 8


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

    @property
    def words(self) -> str:
        """The standing as it is shown."""
        return {
            Standing.DONE: _("negotiated"),
            Standing.PLANNED: _("planned"),
            Standing.NOT_KNOWN: _("not known"),
            Standing.STAYED_AWAY: _("stayed away"),
            Standing.MISSING: _("missing"),
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
        }[self]


ORDER = list(Standing)


@dataclass(frozen=True)
class Period:
    """The time in which the duty is to be met: a calendar year, or a term of the council. Both days included."""

    starts_on: date
    ends_on: date

    def contains(self, earliest: date, latest: date) -> bool:
        """Whether the whole span is in the period: what is known to the month counts by its whole span only."""
        return self.starts_on <= earliest and latest <= self.ends_on

    def touches(self, earliest: date, latest: date) -> bool:
        """Whether any day of the span is in the period."""
        return earliest <= self.ends_on and self.starts_on <= latest


@dataclass(frozen=True)
class Others:
    """Who negotiated besides the county and the municipalities (612/2021 § 7: together with other actors)."""

    invited: int = 0
    came: int = 0
    # Attendances of their sectors: people, where the parties are organisations.
    attended: int = 0

    @property
    def words(self) -> str:
        """What can be said of them in a few words."""
        if self.attended:
            return _("attendances of other actors: %(count)s") % {"count": self.attended}
        if self.came:
            return _("other actors: %(count)s") % {"count": self.came}
        return _("no other actors have been entered")


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

    @property
    def when(self) -> str:
        """When it is or was, as it is known."""
        if self.earliest == self.latest:
            return timewords.day(self.earliest)
        return timewords.span(self.earliest, self.latest)


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
class Position:
    """How the duty stands towards one municipality, with all that is known of it, the weightiest first."""

    municipality: int
    basis: LegalBasis
    standing: Standing
    evidence: tuple[Evidence, ...] = ()

    @property
    def decisive(self) -> Evidence | None:
        """The negotiation by which it stands so; None where none is known."""
        return self.evidence[0] if self.evidence else None

    @property
    def reason(self) -> str:
        """Why it stands so, in words."""
        return self.evidence[0].reason if self.evidence else _("No negotiation has been planned or held in this time.")

    @property
    def further(self) -> tuple[Evidence, ...]:
        """What else is known and matters as long as the duty has not been met."""
        return () if self.standing == Standing.DONE else self.evidence[1:]


@dataclass(frozen=True)
class Coverage:
    """How the duty of one legal basis stands in a period, municipality by municipality."""

    basis: LegalBasis
    period: Period
    positions: tuple[Position, ...]
    others: Mapping[int, Others] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """With how many municipalities the county has to negotiate."""
        return len(self.positions)

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

    def of(self, municipality: int) -> Position:
        """How it stands towards this municipality. Raises KeyError for one that is not of the county."""
        return {position.municipality: position for position in self.positions}[municipality]


# --- The arithmetic -----------------------------------------------------------------------------------------


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
    municipality: int, basis: LegalBasis, sittings: Iterable[Sitting], period: Period, *, today: date
) -> Position:
    """Return how the duty of a basis stands towards a municipality.

    The weightiest negotiation decides; of several that met the duty the first one, of planned ones the next one,
    of the rest the latest.
    """
    own = (row for row in sittings if row.municipality == municipality and row.basis == basis)
    found = [evidence for row in own if (evidence := judge(row, period, today=today)) is not None]
    found.sort(key=_weight)
    return Position(municipality, basis, found[0].standing if found else Standing.MISSING, tuple(found))


def _weight(evidence: Evidence) -> tuple[int, int, int]:
    ahead = evidence.standing in {Standing.DONE, Standing.PLANNED}
    day = evidence.sitting.latest.toordinal()
    return ORDER.index(evidence.standing), day if ahead else -day, evidence.sitting.negotiation


def coverage(
    municipalities: Sequence[int],
    basis: LegalBasis,
    sittings: Iterable[Sitting],
    period: Period,
    *,
    today: date,
    others: Mapping[int, Others] | None = None,
) -> Coverage:
    """Return how the duty of a basis stands towards each of these municipalities, in their order."""
    by_municipality: dict[int, list[Sitting]] = defaultdict(list)
    for row in sittings:
        if row.basis == basis:
            by_municipality[row.municipality].append(row)
    positions = tuple(position_of(pk, basis, by_municipality[pk], period, today=today) for pk in municipalities)
    return Coverage(basis, period, positions, others or {})


def year_of(year: int) -> Period:
    """Return a calendar year as a period."""
    return Period(date(year, 1, 1), date(year, 12, 31))


def term_at(terms: Iterable[Period], year: int, *, today: date) -> Period | None:
    """Return the council term to show for a year: the one in force today, or at the end of another year.

    None where no such term is known.
    """
    on = today if year == today.year else date(year, 12, 31)
    return next((term for term in terms if term.contains(on, on)), None)


# --- Reading ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Duty:
    """The duty as it stands: of each legal basis whose period is known, towards the municipalities of a county."""

    municipalities: tuple[Municipality, ...]
    coverages: tuple[Coverage, ...]

    def named(self, coverage: Coverage, standing: Standing) -> list[Municipality]:
        """Return the municipalities that stand so, by name."""
        wanted = {position.municipality for position in coverage.positions if position.standing == standing}
        return [municipality for municipality in self.municipalities if municipality.pk in wanted]


def read(
    county: County,
    *,
    today: date,
    year: int | None = None,
    towards: Sequence[Municipality] | None = None,
    with_others: bool = False,
) -> Duty:
    """Read how the duty stands: this year and in the term in force, unless another year is given.

    Towards all municipalities of the county, or towards those that are given. Three queries, and two more for the other
    actors. Inside the county's scope.
    """
    year = year or today.year
    municipalities = tuple(municipalities_of(county) if towards is None else towards)
    terms = [
        Period(starts_on, ends_on)
        for starts_on, ends_on in CouncilTerm.objects.filter(body=CouncilTerm.Body.COUNTY)
        .order_by("starts_on")
        .values_list("starts_on", "ends_on")
    ]
    term = term_at(terms, year, today=today)
    periods = {LegalBasis.COOPERATION: term} if term else {}
    periods[LegalBasis.WELFARE] = year_of(year)
    sittings = _sittings(municipalities, periods.values())
    others = _others({row.negotiation for row in sittings}) if with_others else {}
    pks = [municipality.pk for municipality in municipalities]
    return Duty(
        municipalities,
        tuple(coverage(pks, basis, sittings, period, today=today, others=others) for basis, period in periods.items()),
    )


def municipalities_of(county: County) -> QuerySet[Municipality]:
    """Return the municipalities with which the county has to negotiate, by name."""
    return Municipality.objects.filter(county=county).select_related("area").order_by("area__order")


def _sittings(municipalities: Iterable[Municipality], periods: Iterable[Period]) -> list[Sitting]:
    """Read the negotiations of these municipalities that touch one of the periods."""
    within = Q(pk__in=[])
    for period in periods:
        within |= Q(negotiation__latest__gte=period.starts_on, negotiation__earliest__lte=period.ends_on)
    rows = Party.objects.filter(within, municipality__in=municipalities).values_list(
        "negotiation_id",
        "municipality_id",
        "negotiation__parts__legal_basis",
        "negotiation__state",
        "participation",
        "negotiation__parts__dealt_with",
        "negotiation__earliest",
        "negotiation__latest",
        "negotiation__title",
        "negotiation__round__plan_as_of",
    )
    # A negotiation without parts is for no duty yet.
    return [Sitting(*row) for row in rows.order_by("pk") if row[2] is not None]


def _others(negotiations: Iterable[int]) -> dict[int, Others]:
    """Read how many other actors were invited and came, and how many people of theirs attended."""
    wanted = sorted(negotiations)
    present = Attendance.objects.filter(negotiation__in=wanted, status=Attendance.Status.PRESENT)
    attended = dict(
        present.exclude(sector__in=[Sector.COUNTY, Sector.MUNICIPALITY])
        .order_by()
        .values_list("negotiation")
        .annotate(people=Sum("count"))
    )
    parties = (
        Party.objects.filter(negotiation__in=wanted, organisation__isnull=False)
        .order_by()
        .values_list("negotiation")
        .annotate(invited=Count("pk"), came=Count("pk", filter=Q(participation=Participation.TOOK_PART)))
    )
    found = {negotiation: (invited, came) for negotiation, invited, came in parties}
    return {pk: Others(*found.get(pk, (0, 0)), attended.get(pk, 0)) for pk in wanted}


def years(*, today: date) -> list[int]:
    """Return the years in which there are negotiations, and this one, the latest first."""
    spans = Negotiation.objects.order_by().values_list("earliest__year", "latest__year").distinct()
    return sorted({year for span in spans for year in span} | {today.year}, reverse=True)
