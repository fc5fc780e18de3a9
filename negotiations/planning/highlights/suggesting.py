"""What is suggested for highlights: by rule from the figures of the municipalities, and what they propose themselves.

All indicators that have a priority's theme are looked at, the national ones and the county's own, not only those of
the set on the cards: a highlight carries its own figures. Only the municipalities' own figures count: the county's,
which a card shows in place of one that there is none of, stands for nobody here. Real and illustrative figures are not
compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from django.db.models import Q
from django.utils import translation
from pydantic import TypeAdapter

from indicators.figures import (
    Combining,
    Direction,
    Figures,
    Measure,
    Sample,
    change_between,
    judged,
    read_figures,
    rounded,
)
from indicators.figures.reading import areas_that_ended
from indicators.figures.rules import PEOPLE_PER, POOLED_LEAST, POOLED_MOST, POOLED_YEARS, pooled_sample, pooled_years
from indicators.models import Area, Indicator
from municipalities.cards.content import latest_versions, thaw
from municipalities.models import Card, County, Municipality, Priority
from negotiations.models import Highlight, Negotiation
from negotiations.planning.highlights.rules import (
    OLDEST,
    SPAN,
    Evidence,
    Finding,
    Local,
    Trend,
    Years,
    finding_of,
    scale_of,
    strongest,
    sure,
)
from negotiations.planning.highlights.wording import sentences
from negotiations.planning.negotiations import parties_of

Kind = Highlight.Kind

# Of the years before the negotiation's so many are read: the oldest that counts, and what is compared with it.
READ = OLDEST + 2 * POOLED_YEARS


@dataclass(frozen=True)
class Place:
    """A municipality's own figure; None where it has none."""

    name: str
    value: float | None


@dataclass(frozen=True)
class Before:
    """What the figures were, and are now, of the municipalities that have both."""

    years: Years
    group: float
    county: float | None
    years_now: Years
    group_now: float
    county_now: float | None
    municipalities: int


@dataclass(frozen=True)
class Behind:
    """The figures that a highlight rests on, as they were: what a chart of it needs. Municipalities by their names.

    They are of `year`, or, where `first_year` is another, of the years from that on taken together.
    """

    indicator: int
    name: str
    unit_label: str
    decimals: int
    year: int
    first_year: int
    group: float | None
    county: float
    municipalities: tuple[Place, ...]
    before: Before | None
    is_example: bool


@dataclass(frozen=True)
class Suggestion:
    """Something to take as a highlight. `municipality` is whose proposal it is; empty for one made by rule."""

    key: str
    kind: Kind
    priority: Priority | None
    text: str
    figures: tuple[Behind, ...] = ()
    municipality: str = ""

    @property
    def fits(self) -> bool:
        """Whether it can be taken as it is: a proposal may be longer than a highlight."""
        return len(self.text) <= (Highlight._meta.get_field("text").max_length or 0)


_FIGURES: TypeAdapter[tuple[Behind, ...]] = TypeAdapter(tuple[Behind, ...])


def stored(figures: Sequence[Behind]) -> list[dict[str, object]]:
    """Return figures as Highlight.figures keeps them."""
    kept: list[dict[str, object]] = _FIGURES.dump_python(tuple(figures), mode="json")
    return kept


def figures_of(highlight: Highlight) -> tuple[Behind, ...]:
    """Return the figures that a highlight rests on, typed."""
    return _FIGURES.validate_python(highlight.figures)


def year_of(negotiation: Negotiation) -> int:
    """Return the year whose cards a negotiation rests on: its round's, else its own."""
    return negotiation.round.year if negotiation.round else negotiation.earliest.year


def municipalities_in(negotiation: Negotiation) -> list[Municipality]:
    """Return the municipalities that are parties, by their names. Its parties have been fetched."""
    return [party.municipality for party in parties_of(negotiation) if party.municipality is not None]


def priorities_on(negotiation: Negotiation) -> list[Priority]:
    """Return the county's priorities on the day of a negotiation, in their order. One query."""
    day = negotiation.earliest
    return list(Priority.objects.filter(starts_on__lte=day, ends_on__gte=day).order_by("position", "pk"))


# --- By rule ------------------------------------------------------------------------------------------------------


def suggestions_by_rule(negotiation: Negotiation, county: County, priorities: Sequence[Priority]) -> list[Suggestion]:
    """Return what the figures suggest, by priority, kind and strength, in the negotiation's language.

    At most six queries, however many municipalities and indicators there are.
    """
    members = municipalities_in(negotiation)
    if not members or not priorities:
        return []
    by_theme = {priority.name: priority for priority in reversed(priorities)}
    themed = Q(theme__in=by_theme) & (Q(owner=None) | Q(owner=county.area_id))
    indicators = list(Indicator.objects.filter(themed).exclude(polarity=Indicator.Polarity.NEUTRAL).order_by("pk"))
    if not indicators:
        return []
    every = list(Municipality.objects.filter(county=county).select_related("area").order_by("area__order"))
    year = year_of(negotiation)
    figures = read_figures(
        indicators,
        [county.area, *(row.area for row in every)],
        year=year,
        since=year - READ,
        language=negotiation.language,
        populations={row.area_id: row.population for row in every},
        ended=areas_that_ended(),
    )
    ids = {row.pk for row in members}
    group = [row.area for row in every if row.pk in ids]
    reading = Reading(figures, county.area, [row.area for row in every], group, oldest=year - OLDEST)
    found: dict[str, list[tuple[Finding, Read]]] = {theme: [] for theme in by_theme}
    for measure in figures.measures:
        read = reading.of(measure)
        finding = finding_of(read.evidence) if read else None
        if read and finding:
            found[measure.theme].append((finding, read))
    made = []
    with translation.override(negotiation.language):
        for priority in priorities:
            if by_theme[priority.name] is not priority:
                continue
            reads = {finding.key: read for finding, read in found[priority.name]}
            for finding in strongest(finding for finding, _read in found[priority.name]):
                made.append(_suggestion(finding, reads[finding.key], priority))
    return made


@dataclass(frozen=True)
class Read:
    """What was read of an indicator: what it says, and the figures it says it by."""

    evidence: Evidence
    series: Series
    reading: Reading

    def told_by(self, finding: Finding) -> Evidence:
        """Return the figures that the words of a finding tell: of a change, those that it came to."""
        evidence, trend = self.evidence, self.evidence.trend
        is_change = finding.kind == Kind.WORSENING or finding.by_change
        if not is_change or trend is None or trend.last == evidence.years:
            return evidence
        spanned = range(trend.last.first, trend.last.last + 1)
        years = [year for year in spanned if self.series.of(self.reading.group, year)]
        return self.reading.evidence(self.series, years, trend=trend) or evidence


@dataclass(frozen=True)
class Reading:
    """Reads what the figures say of some municipalities of a county together."""

    figures: Figures
    county: Area
    every: Sequence[Area]
    group: Sequence[Area]
    oldest: int

    def of(self, measure: Measure) -> Read | None:
        """Return what an indicator says in the latest year that can be compared; None where there is none.

        Where that year rests on too few people, the latest years are taken together.
        """
        # Numbers of people or things tell how big a place is.
        if measure.combining == Combining.SUM or measure.polarity == Indicator.Polarity.NEUTRAL:
            return None
        points = [point for area in self.group for point in self.figures.points(measure, area)]
        for year in sorted({point.year for point in points if point.year >= self.oldest}, reverse=True):
            for is_example in (False, True):
                # Of one year and one kind: what is real comes first.
                series = Series(self.figures, measure, self.county, self.every, is_example=is_example)
                if evidence := self.evidence(series, [year]):
                    return Read(self._together(series, evidence), series, self)
        return None

    def _together(self, series: Series, evidence: Evidence) -> Evidence:
        """Return the evidence, of several years where they say what the last one cannot."""
        if evidence.against != Direction.UNKNOWN or series.measure.unit not in PEOPLE_PER:
            return evidence
        last = evidence.years.last
        given = [year for year in range(max(self.oldest, last - POOLED_YEARS + 1), last) if series.of(self.group, year)]
        years = [*given[1 - POOLED_MOST :], last]
        pooled = self.evidence(series, years, trend=evidence.trend) if len(years) >= POOLED_LEAST else None
        return evidence if pooled is None or pooled.against == Direction.UNKNOWN else pooled

    def evidence(self, series: Series, years: Sequence[int], *, trend: Trend | None = None) -> Evidence | None:
        """Return what the figures of a year, or of several together, say; None where there are none to compare."""
        measure = series.measure
        county = series.county_over(years)
        group = series.over(self.group, years)
        locals_ = [(area, series.over([area], years)) for area in self.group]
        if county is None or all(sample is None for _area, sample in locals_):
            return None
        if measure.combining != Combining.NONE and group is None:
            return None
        if measure.combining == Combining.NONE:
            group = None
        spread = [sample.value for area in self.every if (sample := series.over([area], years)) is not None]
        return Evidence(
            indicator=measure.id,
            decimals=measure.decimals,
            polarity=measure.polarity,
            years=Years(years[0], years[-1]),
            group=None if group is None else group.value,
            county=county.value,
            against=series.judged(group, county, self.group, years[-1]),
            scale=scale_of(spread, county.value),
            locals=tuple(
                Local(
                    area.name_in(self.figures.language),
                    None if sample is None else sample.value,
                    series.judged(sample, county, [area], years[-1]),
                )
                for area, sample in locals_
            ),
            trend=None if group is None else trend or self._trend(series, years[-1]),
        )

    def _trend(self, series: Series, last: int) -> Trend | None:
        """How the group has gone: since the earliest year within the span, or, of few people, over several years.

        Nothing can be said where the last change has been the other way.
        """
        trend = next(
            (found for first in range(last - SPAN, last) if (found := self._course(series, [first], [last]))), None
        )
        if trend is not None and trend.direction == Direction.UNKNOWN and series.measure.unit in PEOPLE_PER:
            years = {
                year: Sample(0) for year in range(self.figures.year - READ, last + 1) if series.of(self.group, year)
            }
            chosen = pooled_years(years)
            if chosen is not None and (pooled := self._course(series, sorted(chosen[1]), sorted(chosen[0]))):
                trend = pooled
        latest = self.figures.of_group(series.measure, self.group, "", year=last).direction
        if trend is not None and {trend.direction, latest} == {Direction.BETTER, Direction.WORSE}:
            return replace(trend, direction=Direction.UNKNOWN)
        return trend

    def _course(self, series: Series, early: Sequence[int], late: Sequence[int]) -> Trend | None:
        """The change of those that have a figure of all these years; None where they hold less than half the people."""
        measure, decimals = series.measure, series.measure.decimals
        areas = [area for area in self.group if all(series.of([area], year) for year in (*early, *late))]
        people = series.people(areas, late[-1])
        before, now = series.over(areas, early), series.over(areas, late)
        if before is None or now is None or people * 2 < series.people(self.group, late[-1]):
            return None
        shown = [
            (rounded(was.value, decimals), rounded(is_.value, decimals))
            for area in areas
            if (was := series.over([area], early)) and (is_ := series.over([area], late))
        ]
        county_before, county_now = series.county_over(early), series.county_over(late)
        change = change_between(before.value, now.value, decimals)
        direction = judged(change, now, before, unit=measure.unit, polarity=measure.polarity)
        return Trend(
            first=Years(early[0], early[-1]),
            last=Years(late[0], late[-1]),
            before=before.value,
            now=now.value,
            direction=sure(direction, now, before, unit=measure.unit, people=people),
            counted=len(areas),
            risen=sum(is_ > was for was, is_ in shown),
            fallen=sum(is_ < was for was, is_ in shown),
            county_before=county_before.value if county_before else None,
            county_now=county_now.value if county_now else None,
        )


@dataclass(frozen=True)
class Series:
    """The figures of one indicator that are of one kind, real or illustrative, as samples."""

    figures: Figures
    measure: Measure
    county: Area
    every: Sequence[Area]
    is_example: bool
    # What has been asked for: each figure is compared with several others.
    _asked: dict[tuple[tuple[int, ...], int], Sample | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def people(self, areas: Sequence[Area], year: int) -> float:
        """Return how many people live in the areas."""
        return sum(self.figures.weight(area, year) for area in areas)

    def of(self, areas: Sequence[Area], year: int) -> Sample | None:
        """Return the figure of an area, or of several together, in a year; None where there is none of this kind."""
        key = tuple(area.pk for area in areas), year
        if key not in self._asked:
            if len(areas) == 1:
                figure = self.figures.of(self.measure, areas[0], year=year)
            else:
                figure = self.figures.of_group(self.measure, areas, "", year=year)
            is_it = figure.year == year and figure.is_example == self.is_example
            self._asked[key] = figure.sample if is_it else None
        return self._asked[key]

    def over(self, areas: Sequence[Area], years: Sequence[int]) -> Sample | None:
        """Return the figure of several years together; None where one of them has none."""
        return _over([self.of(areas, year) for year in years]) if areas else None

    def county_over(self, years: Sequence[int]) -> Sample | None:
        """Return the county's figure of several years together, with how many people it rests on if that is known."""
        for year in years:
            # Under no area of its own: it is the source's, or that of all together.
            if ((), year) not in self._asked:
                self._asked[(), year] = self._of_county(year)
        return _over([self._asked[(), year] for year in years])

    def _of_county(self, year: int) -> Sample | None:
        figure = self.figures.of_county(self.measure, self.county, self.every, year=year)
        if figure.year != year or figure.is_example != self.is_example or figure.value is None:
            return None
        if figure.exposure is None and (parts := self.of(self.every, year)) is not None:
            # Its source does not tell, and the county has no population of its own: at least that of its parts.
            return Sample(figure.value, parts.exposure)
        return figure.sample

    def judged(self, one: Sample | None, county: Sample | None, areas: Sequence[Area], year: int) -> Direction:
        """Return what a figure of the areas says against the county's, for sure."""
        measure = self.measure
        if one is None or county is None:
            return Direction.UNKNOWN
        change = change_between(county.value, one.value, measure.decimals)
        direction = judged(change, one, county, unit=measure.unit, polarity=measure.polarity)
        return sure(direction, one, county, unit=measure.unit, people=self.people(areas, year))


def _over(samples: Sequence[Sample | None]) -> Sample | None:
    known = [sample for sample in samples if sample is not None]
    if not known or len(known) < len(samples):
        return None
    return known[0] if len(known) == 1 else pooled_sample(known)


def _suggestion(finding: Finding, read: Read, priority: Priority) -> Suggestion:
    measure, is_example = read.series.measure, read.series.is_example
    evidence, trend = read.told_by(finding), read.evidence.trend
    before = None
    if trend is not None:
        before = Before(
            years=trend.first,
            group=trend.before,
            county=trend.county_before,
            years_now=trend.last,
            group_now=trend.now,
            county_now=trend.county_now,
            municipalities=trend.counted,
        )
    behind = Behind(
        indicator=measure.id,
        name=measure.name,
        unit_label=measure.unit_label,
        decimals=measure.decimals,
        year=evidence.years.last,
        first_year=evidence.years.first,
        group=evidence.group,
        county=evidence.county,
        municipalities=tuple(Place(local.name, local.value) for local in evidence.locals),
        before=before,
        is_example=is_example,
    )
    text = sentences(finding, measure, is_example=is_example)
    return Suggestion(finding.key, finding.kind, priority, text, (behind,))


# --- The municipalities' own --------------------------------------------------------------------------------------


def proposals_of(negotiation: Negotiation, priorities: Sequence[Priority]) -> list[Suggestion]:
    """Return what the municipalities propose in the last sent version of their cards of the year. Two queries.

    A proposal is known by its card and its words: one that stays as it was in a later version stays the same.
    """
    cards = list(
        Card.objects.filter(card_year__year=year_of(negotiation), municipality__in=municipalities_in(negotiation))
        .select_related("municipality__area")
        .order_by("municipality__area__order")
    )
    if not cards:
        return []
    versions = latest_versions(cards)
    by_id, by_name = ({getattr(row, field): row for row in priorities} for field in ("pk", "name"))
    made: dict[str, Suggestion] = {}
    for card in cards:
        if card.pk not in versions:
            continue
        name = card.municipality.area.name_in(negotiation.language)
        for proposal in thaw(versions[card.pk]).proposals:
            digest = hashlib.sha256(proposal.text.encode()).hexdigest()[:16]
            key = f"{Kind.PROPOSAL.value}-{card.pk}-{digest}"
            # Of a former priority by the same name; one that is no more stands under none.
            priority = by_id.get(proposal.priority_id) or by_name.get(proposal.priority)
            made.setdefault(key, Suggestion(key, Kind.PROPOSAL, priority, f"{proposal.text} ({name})", (), name))
    return list(made.values())
