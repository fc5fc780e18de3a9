"""What the summary tells: the frozen, typed context it is printed from, and all that follows from it.

Nothing here reads the database: the properties are arithmetic on what was frozen, so that a summary printed again
says what it said the first time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.utils import translation
from django.utils.translation import gettext as _

from negotiations.models import LegalBasis, Party
from negotiations.reporting.summary.figures import FigureChapter, Shown, Value
from negotiations.sitting.attendance import SECTOR_NAMES, Certainty

# How many lines of what was agreed and of what was promised the two pages of the brief have room for, and how many
# letters a line has; the rest is told in its own chapter, and the brief says so.
BRIEF_AGREED, BRIEF_PROMISED, LINE = 10, 12, 82
# How many columns of observations fit beside each other.
ABREAST = 3
# A column of more observations than this is divided between pages.
LONG_COLUMN = 18
# How many indicators the digest of a negotiation has room for; all of them are in the attached file.
DIGEST_INDICATORS = 8
# How many charts are drawn, one for each priority as a rule, and how many bars one has at most.
CHARTS, MOST_BARS = 3, 12
# How many municipalities the table of a digest has columns for; of more, only the spread is told.
MOST_COLUMNS = 7


@dataclass(frozen=True)
class When:
    """When a negotiation was, as exactly as it is known."""

    precision: str
    earliest: date
    latest: date
    starts_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True)
class Notes:
    """The paragraphs written for the summary, by heading; goals to monitoring are the words of 612/2021, 7 § 4 mom."""

    agreed: list[str]
    held: list[str]
    goals: list[str]
    measures: list[str]
    cooperation: list[str]
    monitoring: list[str]
    cards: list[str]
    impact: list[str]
    next_steps: list[str]
    board: list[str]


@dataclass(frozen=True)
class PriorityNamed:
    """A priority in force during the round, with its period and who decided it."""

    name: str
    starts_on: date
    ends_on: date
    origin: str


@dataclass(frozen=True)
class MeasureLine:
    """A measure with all that it must not lose: who promised it, to whom, of which priority, by when."""

    text: str
    responsible: str
    by_county: bool
    priority: str
    due_on: date | None
    due_text: str
    # The negotiation it was agreed in, by number and name; 0 for the whole round.
    negotiation: int
    agreed_in: str


@dataclass(frozen=True)
class AttendanceRow:
    """A negotiation in the table of participants; `counts` are None where nobody was counted."""

    number: int
    name: str
    when: When
    counts: list[int] | None
    total: int


@dataclass(frozen=True)
class StatedLine:
    """A total as the source states it and as it is computed. `computed` is None where they cannot be compared."""

    name: str
    stated: int
    computed: int | None
    discrepancy: int
    source: str


@dataclass(frozen=True)
class CoreGroupLine:
    """A core group: so many people attended so many of the negotiations, and are counted in each."""

    name: str
    size: int
    times: int
    approximate: bool
    attended_all: bool

    @property
    def repeated(self) -> int:
        """How many times over each member is counted beyond the first."""
        return max(self.times - 1, 0)


@dataclass(frozen=True)
class PersonsLine:
    """Attendances of a column, and what can be said of how many different persons they were."""

    sector: str
    name: str
    attendances: int
    persons: int
    repeats: int
    certainty: str
    groups: list[CoreGroupLine]

    @property
    def adds_up(self) -> bool:
        """Whether the core groups alone explain the difference, so that the calculation can be printed."""
        return sum(group.size * group.repeated for group in self.groups) == self.repeats


@dataclass(frozen=True)
class AttendanceTable:
    """How many took part, by negotiation and sector."""

    columns: list[str]
    rows: list[AttendanceRow]
    totals: list[int]
    total: int
    stated: list[StatedLine]
    persons: list[PersonsLine]

    @property
    def has_discrepancy(self) -> bool:
        """Whether a stated figure differs from the computed one, and must be explained."""
        return any(line.discrepancy for line in self.stated)

    @property
    def by_column(self) -> list[tuple[str, int]]:
        """The total of each column, with its name."""
        return list(zip(self.columns, self.totals, strict=True))

    @property
    def stated_by_column(self) -> list[int | None]:
        """The source's own totals under the columns of the table; None where it states none."""
        return [next((line.stated for line in self.stated if line.name == name), None) for name in self.columns]

    @property
    def known_better(self) -> list[PersonsLine]:
        """The columns of which more can be said than the number of attendances."""
        return [line for line in self.persons if line.repeats]

    @property
    def known_by_number(self) -> list[PersonsLine]:
        """The columns of which only head counts are known: persons are at most the attendances."""
        return [line for line in self.persons if not line.repeats and line.certainty == Certainty.AT_MOST]

    @property
    def known_exactly(self) -> list[PersonsLine]:
        """The columns in which nobody is counted twice."""
        return [line for line in self.persons if not line.repeats and line.certainty == Certainty.EXACT]


@dataclass(frozen=True)
class Seen:
    """An observation of a workshop; of one negotiation, or (0) of the round where the source does not tell."""

    text: str
    negotiation: int
    # The group of the workshop that found it, and the priority that it was tied to; empty where there are none.
    group: str = ""
    priority: str = ""

    @property
    def words(self) -> str:
        """The observation with the priority that it belongs to: what several negotiations may have found."""
        return f"{self.text} ({self.priority})" if self.priority else self.text

    @property
    def words_of_group(self) -> str:
        """The observation with its group and its priority: what one negotiation found."""
        about = "; ".join(filter(None, [self.group, self.priority]))
        return f"{self.text} ({about})" if about else self.text


@dataclass(frozen=True)
class Column:
    """A column of a theme with its observations."""

    title: str
    observations: list[Seen]

    @property
    def distinct(self) -> list[tuple[str, int]]:
        """Each observation once, with the number of negotiations that made it."""
        return list(Counter(seen.words for seen in self.observations).items())


@dataclass(frozen=True)
class Theme:
    """A workshop theme: its own columns and its key message."""

    name: str
    key_message: str
    columns: list[Column]

    @property
    def count(self) -> int:
        """How many observations there are."""
        return sum(len(column.observations) for column in self.columns)

    @property
    def is_long(self) -> bool:
        """Whether a column is too long to be kept on one page."""
        return any(len(column.observations) > LONG_COLUMN for column in self.columns)

    @property
    def abreast(self) -> list[list[Column]]:
        """The columns as they are laid out: up to three beside each other, four in two pairs."""
        if len(self.columns) <= ABREAST:
            return [self.columns] if self.count else []
        return [self.columns[:2], self.columns[2:]]


@dataclass(frozen=True)
class Debrief:
    """What was said of the round on one occasion afterwards."""

    given_on: date
    occasion: str
    texts: list[str]


@dataclass(frozen=True)
class PartyLine:
    """A party of a negotiation and whether it came."""

    name: str
    sector: str
    participation: str


@dataclass(frozen=True)
class Digest:
    """The digest of a negotiation: parties, time, attendance, measures, findings of its own."""

    number: int
    name: str
    when: When
    place: str
    mode: str
    parties: list[PartyLine]
    sections: list[str]
    not_dealt_with: list[str]
    counts: list[int] | None
    total: int
    municipalities: list[str]

    @property
    def came(self) -> list[str]:
        """The parties that took part."""
        return [party.name for party in self.parties if party.participation == Party.Participation.TOOK_PART]

    @property
    def stayed_away(self) -> list[str]:
        """The parties that were invited and did not come."""
        return [party.name for party in self.parties if party.participation == Party.Participation.STAYED_AWAY]


@dataclass(frozen=True)
class DigestRow:
    """An indicator in the digest of a group: each of its municipalities, the group together, and the county.

    Of a group too large for a table the municipalities are left out, and the spread between them is told instead.
    """

    shown: Shown
    values: list[Value]
    has_spread: bool

    @property
    def year(self) -> int | None:
        """The year that most of the figures are of; a figure of another year says so itself."""
        years = [value.year for value in self.values if value.value is not None]
        return max(set(years), key=lambda year: (years.count(year), year or 0)) if years else None


@dataclass(frozen=True)
class DigestPage:
    """What is printed of one negotiation: its digest with what the other chapters hold of it."""

    digest: Digest
    counted: list[tuple[str, int]]
    measures: list[MeasureLine]
    findings: list[Theme]
    areas: list[str]
    rows: list[DigestRow]

    @property
    def has_spread(self) -> bool:
        """Whether the spread stands in place of the municipalities."""
        return any(row.has_spread for row in self.rows)


@dataclass(frozen=True)
class NotHeld:
    """A negotiation of the round that has not been held: still planned or convened, or cancelled with the reason."""

    name: str
    state: str
    reason: str
    when: When


@dataclass(frozen=True)
class SummaryContext:
    """Everything the printed summary tells. Frozen: what the board read once can be printed again."""

    title: str
    county: str
    language: str
    case_number: str
    round_name: str
    negotiation_word: str
    year: int
    form: str
    source: str
    plan_as_of: date | None
    bases: list[str]

    first_day: date | None
    last_day: date | None
    held: int
    not_held: list[NotHeld]
    municipalities: list[str]
    county_municipalities: int
    absent_municipalities: list[str]

    notes: Notes
    priorities: list[PriorityNamed]
    attendance: AttendanceTable
    measures: list[MeasureLine]
    themes: list[Theme]
    feedback: list[Debrief]
    figures: FigureChapter | None
    digests: list[Digest]
    # What the county calls the document; nothing where the title says so, and in what was frozen before it was asked.
    document_name: str = ""

    @property
    def attendance_for_reader(self) -> AttendanceTable:
        """The table with the sectors named in the language in use: they are the system's own words.

        The paper keeps the names that were frozen with it.
        """
        with translation.override(self.language):
            codes = {str(name): code for code, name in SECTOR_NAMES.items()}
        codes |= {line.name: line.sector for line in self.attendance.persons}

        def named(frozen: str) -> str:
            return str(SECTOR_NAMES[codes[frozen]]) if frozen in codes else frozen

        return replace(
            self.attendance,
            columns=[named(name) for name in self.attendance.columns],
            persons=[replace(line, name=named(line.name)) for line in self.attendance.persons],
            # What is stated of several sectors that are no column together names each of them.
            stated=[
                replace(line, name=", ".join(named(name) for name in line.name.split(", ")))
                for line in self.attendance.stated
            ],
        )

    @property
    def covers_cooperation(self) -> bool:
        """Whether the round discharged the duty of 611/2021, 14 §."""
        return LegalBasis.COOPERATION in self.bases

    @property
    def covers_welfare(self) -> bool:
        """Whether the round discharged the duty of 612/2021, 6-7 §."""
        return LegalBasis.WELFARE in self.bases

    @property
    def has_examples(self) -> bool:
        """Whether something printed is illustrative."""
        return self.figures is not None and self.figures.has_examples

    @property
    def promised(self) -> list[MeasureLine]:
        """What the county itself promised; it counts as much as what the municipalities did."""
        return [measure for measure in self.measures if measure.by_county]

    @property
    def by_others(self) -> list[MeasureLine]:
        """What municipalities, organisations and all together have taken on."""
        return [measure for measure in self.measures if not measure.by_county]

    @property
    def brief_agreed(self) -> list[str]:
        """What was agreed, as far as the brief has room."""
        return self.notes.agreed[: _fitting(self.notes.agreed, BRIEF_AGREED)]

    @property
    def brief_promised(self) -> list[list[MeasureLine]]:
        """What the county promised, as far as the brief has room; the same promise given in several places is one."""
        # A promise has a line more, for who answers for it and by when.
        return self._promises[: _fitting([promise[0].text for promise in self._promises], BRIEF_PROMISED, more=1)]

    @property
    def _promises(self) -> list[list[MeasureLine]]:
        promises: dict[tuple[str, str], list[MeasureLine]] = {}
        for measure in self.promised:
            promises.setdefault((measure.text, measure.responsible), []).append(measure)
        return list(promises.values())

    @property
    def agreed_left_out(self) -> int:
        """How many agreed matters the brief has no room for."""
        return len(self.notes.agreed) - len(self.brief_agreed)

    @property
    def promised_left_out(self) -> int:
        """How many promises the brief has no room for."""
        return len(self._promises) - len(self.brief_promised)

    @property
    def has_findings(self) -> bool:
        """Whether the workshops found anything."""
        return bool(self.found_themes)

    @property
    def found_themes(self) -> list[Theme]:
        """The themes with observations or a key message."""
        return [theme for theme in self.themes if theme.count or theme.key_message]

    @property
    def highlights(self) -> list[Shown]:
        """One indicator of each priority, the first of the set: what the brief tells of the figures."""
        named = {priority.name for priority in self.priorities}
        found: dict[str, Shown] = {}
        for shown in self.figures.indicators if self.figures else []:
            if shown.measure.theme in named and shown.county.value is not None:
                found.setdefault(shown.measure.theme, shown)
        return list(found.values())

    @property
    def chart_of(self) -> str:
        """What the charts compare: the groups of the round, or the municipalities, or the county's own years."""
        for name, bars in (("groups", len(self.digests)), ("municipalities", self.county_municipalities)):
            if 1 < bars <= MOST_BARS:
                return name
        return "years"

    @property
    def charted(self) -> list[Shown]:
        """The indicators that get a chart: of each priority the first that has something to compare."""
        named = {priority.name for priority in self.priorities}
        found: dict[str, Shown] = {}
        for shown in self.figures.indicators if self.figures else []:
            if shown.measure.theme in named and shown.county.value is not None and self._comparable(shown) > 1:
                found.setdefault(shown.measure.theme, shown)
        return list(found.values())[:CHARTS]

    def _comparable(self, shown: Shown) -> int:
        if self.chart_of == "years":
            return len(shown.county_line)
        bars = shown.groups if self.chart_of == "groups" else shown.municipalities
        return sum(1 for bar in bars if bar.value is not None and bar.year == shown.county.year)

    @property
    def figures_by_theme(self) -> list[tuple[str, list[Shown]]]:
        """The indicators under their themes, in the order of the set."""
        themes: dict[str, list[Shown]] = {}
        for shown in self.figures.indicators if self.figures else []:
            themes.setdefault(shown.measure.theme, []).append(shown)
        return list(themes.items())

    @property
    def annex(self) -> list[DigestPage]:
        """The digests, each with the measures, findings and figures of its negotiation."""
        return [
            DigestPage(
                digest=digest,
                counted=list(zip(self.attendance.columns, digest.counts or [], strict=False)),
                measures=[measure for measure in self.measures if measure.negotiation == digest.number],
                findings=[
                    theme for theme in (_of_negotiation(theme, digest.number) for theme in self.themes) if theme.count
                ],
                areas=self._areas_of(digest),
                rows=self._rows_of(digest),
            )
            for digest in self.digests
        ]

    @property
    def digests_without_measures(self) -> bool:
        """Whether measures were agreed for the whole round rather than in each negotiation."""
        return any(measure.negotiation == 0 for measure in self.measures)

    def _areas_of(self, digest: Digest) -> list[str]:
        together = [_("Group")] if len(digest.municipalities) > 1 else []
        each = digest.municipalities if len(digest.municipalities) <= MOST_COLUMNS else []
        return [*each, *together, _("Whole county")]

    def _rows_of(self, digest: Digest) -> list[DigestRow]:
        if self.figures is None or not digest.municipalities:
            return []
        rows = []
        for shown in self._digested:
            by_area = {value.area: value for value in shown.municipalities}
            own = [by_area[name] for name in digest.municipalities if name in by_area]
            together = [shown.groups[digest.number - 1]] if len(digest.municipalities) > 1 else []
            if len(own) > MOST_COLUMNS:
                rows.append(DigestRow(shown, [*together, shown.county], has_spread=True))
            elif any(value.value is not None for value in own) and len(own) == len(digest.municipalities):
                rows.append(DigestRow(shown, [*own, *together, shown.county], has_spread=False))
        return rows

    @property
    def _digested(self) -> list[Shown]:
        """The indicators of the digests, in the order of the set: those of the priorities before any others."""
        indicators = self.figures.indicators if self.figures else []
        named = {priority.name for priority in self.priorities}
        municipal = [shown for shown in indicators if any(value.value is not None for value in shown.municipalities)]
        chosen = sorted(municipal, key=lambda shown: shown.measure.theme not in named)[:DIGEST_INDICATORS]
        return [shown for shown in municipal if shown in chosen]


def _fitting(texts: Sequence[str], lines: int, *, more: int = 0) -> int:
    """Return how many of the texts, from the first, fit in so many lines; the first one always does."""
    for place, text in enumerate(texts):
        lines -= -(-len(text) // LINE) + more
        if lines < 0 and place:
            return place
    return len(texts)


def _of_negotiation(theme: Theme, number: int) -> Theme:
    """Return the theme with the observations of one negotiation alone, without columns that are then empty."""
    columns = [
        Column(column.title, [seen for seen in column.observations if seen.negotiation == number])
        for column in theme.columns
    ]
    return Theme(theme.name, "", [column for column in columns if column.observations])
