"""The summary of a round as the board reads it: the frozen context it is printed from, and its request.

Its structure is that of the county's own summary of 2024, with a two-page brief before it. All that is counted is
counted here and printed beside what the source states; nothing is made up where only head counts are known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Prefetch, prefetch_related_objects
from django.utils import timezone, translation
from django.utils.text import slugify
from django.utils.translation import gettext as _

from indicators.figures import Direction, Figure, Figures, Measure, Origin, Spread, figures_csv, read_figures
from indicators.models import Area
from municipalities.documents import Attachment, request_document
from municipalities.models import Document, Municipality, Priority, Sector, User
from municipalities.moves import NotAllowedNow
from negotiations import models
from negotiations.models import (
    Attendance,
    CoreGroup,
    FeedbackNote,
    LegalBasis,
    Negotiation,
    Observation,
    Part,
    Party,
    Round,
    StatedFigure,
    Summary,
    SummaryNote,
    ThemeColumn,
    WorkshopTheme,
)
from negotiations.sitting.attendance import (
    SECTOR_NAMES,
    Certainty,
    CoreGroupCount,
    Counted,
    ImpossibleAttendance,
    RoundAttendance,
    compare,
    persons,
    round_attendance,
)

KIND = "summary"
DRAFT, FINAL = "draft", "final"
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

Section = SummaryNote.Section
State = Negotiation.State


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


@dataclass(frozen=True)
class Column:
    """A column of a theme with its observations."""

    title: str
    observations: list[Seen]

    @property
    def distinct(self) -> list[tuple[str, int]]:
        """Each observation once, with the number of negotiations that made it."""
        return list(Counter(seen.text for seen in self.observations).items())


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
class Value:
    """A figure of one area, or of several together. `origin` is its place among the sources."""

    area: str
    year: int | None
    value: float | None
    status: str
    previous_year: int | None
    previous_value: float | None
    change: float | None
    direction: str
    is_computed: bool
    counted: int
    areas: int
    origin: int | None


@dataclass(frozen=True)
class Shown:
    """An indicator in all areas of the round: the country, the county, the groups and the municipalities."""

    measure: Measure
    is_example: bool
    country: Value
    county: Value
    groups: list[Value]
    municipalities: list[Value]
    spread: Spread | None
    county_line: list[tuple[int, float]]
    country_line: list[tuple[int, float]]


@dataclass(frozen=True)
class FigureChapter:
    """The figures shown beside the round, up to a year, and where they came from."""

    year: int
    set_name: str
    indicators: list[Shown]
    sources: list[Origin]

    @property
    def has_examples(self) -> bool:
        """Whether any figure is illustrative: said on the first page, and marked wherever one is printed."""
        return any(shown.is_example for shown in self.indicators)

    @property
    def has_country(self) -> bool:
        """Whether the whole country can be shown for comparison."""
        return any(shown.country.value is not None for shown in self.indicators)

    @property
    def citations(self) -> list[str]:
        """The sources in the form each asks for: one of every indicator shown, one of the examples together."""
        cited: dict[str, None] = {}
        for shown in self.indicators:
            for value in (shown.county, *shown.municipalities):
                if value.origin is not None:
                    cited[self.sources[value.origin].cite(shown.measure)] = None
        return list(cited)

    def figures(self) -> list[Figure]:
        """All figures, typed as they were read: what travels as a file with the document."""
        return [
            _figure_of(value, shown.measure, self.sources)
            for shown in self.indicators
            for value in (shown.country, shown.county, *shown.groups, *shown.municipalities)
            if value is not shown.country or value.value is not None
        ]


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


def compose(summary: Summary, *, on: date) -> SummaryContext:
    """Read everything that the summary tells, in a number of queries that does not depend on how much that is.

    Only negotiations that were held are counted; the others are named with their state. Raises ImpossibleAttendance
    when a core group is larger than what was counted.
    """
    _read(summary)
    round_ = summary.round
    with translation.override(round_.language):
        every = list(round_.negotiations.all())
        held = [negotiation for negotiation in every if negotiation.state == State.HELD]
        municipalities = list(
            Municipality.objects.filter(county_id=summary.county_id).select_related("area").order_by("area__order")
        )
        took_part = {
            party.municipality_id
            for negotiation in held
            for party in negotiation.parties.all()
            if party.municipality_id and party.participation == Party.Participation.TOOK_PART
        }
        numbers: dict[int | None, int] = {negotiation.pk: number for number, negotiation in enumerate(held, start=1)}
        attendance = round_attendance(_counted(held))
        return SummaryContext(
            title=_title(round_),
            county=summary.county.area.name_in(round_.language),
            language=round_.language,
            case_number=summary.case_number,
            round_name=round_.name,
            negotiation_word=summary.county.negotiation_word,
            year=round_.year,
            form=round_.form,
            source=round_.source,
            plan_as_of=round_.plan_as_of,
            bases=[basis.value for basis in round_.bases],
            first_day=min((negotiation.earliest for negotiation in held), default=None),
            last_day=max((negotiation.latest for negotiation in held), default=None),
            held=len(held),
            not_held=[
                NotHeld(negotiation.title, negotiation.state, negotiation.state_reason, _when(negotiation))
                for negotiation in every
                if negotiation.state != State.HELD
            ],
            municipalities=[str(m) for m in municipalities if m.pk in took_part],
            county_municipalities=len(municipalities),
            absent_municipalities=[str(m) for m in municipalities if m.pk not in took_part] if held else [],
            notes=_notes(summary),
            priorities=_priorities(summary),
            attendance=_attendance(round_, held, attendance),
            measures=_measures(round_, held),
            themes=[_theme(theme, numbers) for theme in round_.themes.all()],
            feedback=_feedback(round_),
            figures=_figures(round_, held, municipalities, year=min(round_.year, on.year)),
            digests=[_digest(number, negotiation, attendance) for number, negotiation in enumerate(held, start=1)],
        )


@transaction.atomic
def request_summary_document(
    summary: Summary, *, variant: str, by: User | None, at: datetime | None = None
) -> Document:
    """Have the summary printed as it is now ("draft" or "final"), and let it point at its document.

    Raises NotAllowedNow when its numbers contradict each other, with the reason.
    """
    on = timezone.localdate(at) if at else timezone.localdate()
    try:
        context = compose(summary, on=on)
    except ImpossibleAttendance as error:
        raise NotAllowedNow(str(error)) from error
    document = request_document(
        county=summary.county,
        kind=KIND,
        context=context,
        language=context.language,
        variant=variant,
        title=context.title,
        file_name=f"{slugify(f'{context.title} {summary.county.slug}')[:180]}.pdf",
        by=by,
        at=at,
    )
    summary.document = document
    summary.save(update_fields=["document"])
    return document


def summary_attachments(context: SummaryContext) -> list[Attachment]:
    """Return the figures of the summary as a file that travels inside it: what is printed can be computed with."""
    if context.figures is None:
        return []
    with translation.override(context.language):
        stem = slugify(_("figures"))
        return [
            Attachment(
                name=f"{stem}-{context.year}.csv",
                content=figures_csv(context.figures.figures(), context.language),
                media_type="text/csv",
                description=_("The figures of the summary: indicator, area, year, value and source"),
            )
        ]


# --- Reading ------------------------------------------------------------------------------------------------


def _read(summary: Summary) -> None:
    """Fetch all that is told of the round, one query a table."""
    measures = models.Measure.objects.select_related("priority").order_by("position", "id")
    prefetch_related_objects(
        [summary],
        "county__area",
        Prefetch("notes", SummaryNote.objects.order_by("section", "position")),
        Prefetch("round", Round.objects.select_related("indicator_set", "county__area")),
        Prefetch(
            "round__negotiations",
            Negotiation.objects.select_related("group").order_by("earliest", "starts_at", "id"),
        ),
        Prefetch(
            "round__negotiations__parties",
            Party.objects.select_related("municipality__area", "organisation", "county__area").order_by("id"),
        ),
        Prefetch("round__negotiations__parts", Part.objects.order_by("position")),
        Prefetch(
            "round__negotiations__attendances",
            Attendance.objects.filter(status=Attendance.Status.PRESENT).order_by("id"),
        ),
        Prefetch("round__negotiations__measures", measures),
        Prefetch("round__measures", measures),
        Prefetch("round__stated_figures", StatedFigure.objects.order_by("id")),
        Prefetch("round__core_groups", CoreGroup.objects.prefetch_related("negotiations").order_by("id")),
        Prefetch("round__themes", WorkshopTheme.objects.order_by("position")),
        Prefetch("round__themes__columns", ThemeColumn.objects.order_by("position")),
        Prefetch(
            "round__themes__columns__observations",
            Observation.objects.order_by("negotiation__earliest", "negotiation_id", "position", "id"),
        ),
        Prefetch("round__feedback", FeedbackNote.objects.order_by("given_on", "occasion", "position")),
    )


def _title(round_: Round) -> str:
    """Return the title: of the one duty that the round discharged, or of both."""
    if round_.bases == [LegalBasis.WELFARE]:
        # The county's own word tells whether it counts safety in: hyte or hytetu.
        if round_.county.negotiation_word.startswith("hytetu"):
            return _("Summary of the negotiations on promoting welfare, health and safety %(year)s") % {
                "year": round_.year
            }
        return _("Summary of the negotiations on promoting welfare and health %(year)s") % {"year": round_.year}
    if round_.bases == [LegalBasis.COOPERATION]:
        return _("Summary of the negotiations of the county and the municipalities %(year)s") % {"year": round_.year}
    return _("Summary of the statutory negotiations of the county and the municipalities %(year)s") % {
        "year": round_.year
    }


def _when(negotiation: Negotiation) -> When:
    return When(
        precision=negotiation.precision,
        earliest=negotiation.earliest,
        latest=negotiation.latest,
        starts_at=negotiation.starts_at,
        ends_at=negotiation.ends_at,
    )


def _notes(summary: Summary) -> Notes:
    texts: dict[str, list[str]] = {section.value: [] for section in Section}
    for note in summary.notes.all():
        texts[note.section].append(note.text)
    return Notes(**texts)


def _priorities(summary: Summary) -> list[PriorityNamed]:
    """The priorities in force in the year of the round."""
    round_ = summary.round
    in_force = Priority.objects.filter(starts_on__lte=round_.ends_on, ends_on__gte=round_.starts_on)
    return [
        PriorityNamed(priority.name, priority.starts_on, priority.ends_on, priority.origin)
        for priority in in_force.order_by("position", "starts_on", "id")
    ]


# --- Attendance ---------------------------------------------------------------------------------------------


def _counted(held: Iterable[Negotiation]) -> list[Counted]:
    return [
        Counted(negotiation.pk, attendance.sector, attendance.count, attendance.person_id)
        for negotiation in held
        for attendance in negotiation.attendances.all()
    ]


def _attendance(round_: Round, held: Sequence[Negotiation], attendance: RoundAttendance) -> AttendanceTable:
    rows = _counted(held)
    numbers = {negotiation.pk for negotiation in held}
    groups = [
        CoreGroupCount(
            name=group.name,
            sector=group.sector,
            size=group.size,
            negotiations=frozenset(negotiation.pk for negotiation in group.negotiations.all()) & numbers,
            approximate=group.approximate,
        )
        for group in round_.core_groups.all()
    ]
    return AttendanceTable(
        columns=[str(column.name) for column in attendance.columns],
        rows=[
            AttendanceRow(
                number=number,
                name=_name(negotiation),
                when=_when(negotiation),
                counts=_counts(negotiation, attendance),
                total=sums.total if (sums := attendance.of(negotiation.pk)) else 0,
            )
            for number, negotiation in enumerate(held, start=1)
        ],
        totals=[attendance.totals.of(column.sectors) for column in attendance.columns],
        total=attendance.totals.total,
        stated=[_stated(figure, attendance) for figure in round_.stated_figures.all()],
        persons=[
            PersonsLine(
                sector=column.sectors[-1],
                name=str(column.name),
                attendances=found.attendances,
                persons=found.persons,
                repeats=found.repeats,
                certainty=found.certainty.value,
                groups=[
                    CoreGroupLine(g.name, g.size, g.times, g.approximate, g.times == len(numbers)) for g in found.groups
                ],
            )
            for column in attendance.columns
            if (found := persons(rows, groups, column)).attendances
        ],
    )


def _name(negotiation: Negotiation) -> str:
    return negotiation.group.name if negotiation.group else negotiation.title


def _counts(negotiation: Negotiation, attendance: RoundAttendance) -> list[int] | None:
    sums = attendance.of(negotiation.pk)
    return None if sums is None else [sums.of(column.sectors) for column in attendance.columns]


def _stated(figure: StatedFigure, attendance: RoundAttendance) -> StatedLine:
    found = compare(figure.value, figure.sectors, attendance.totals, source=figure.source)
    shown_together = [column for column in attendance.columns if set(column.sectors) == set(found.sectors)]
    names = [column.name for column in shown_together] or [SECTOR_NAMES[sector] for sector in found.sectors]
    return StatedLine(
        name=", ".join(str(name) for name in names),
        stated=found.stated,
        computed=found.computed,
        discrepancy=found.discrepancy,
        source=found.source,
    )


# --- What was agreed, found and said ------------------------------------------------------------------------


def _measures(round_: Round, held: Sequence[Negotiation]) -> list[MeasureLine]:
    """The measures of the round and of its negotiations, each once."""
    found = {measure.pk: (measure, 0, "") for measure in round_.measures.all()}
    for number, negotiation in enumerate(held, start=1):
        for measure in negotiation.measures.all():
            found[measure.pk] = (measure, number, _name(negotiation))
    return [
        MeasureLine(
            text=measure.text,
            responsible=measure.responsible,
            by_county=measure.responsible_sector == Sector.COUNTY,
            priority=measure.priority.name if measure.priority else "",
            due_on=measure.due_on,
            due_text=measure.due_text,
            negotiation=number,
            agreed_in=agreed_in,
        )
        for measure, number, agreed_in in found.values()
    ]


def _theme(theme: WorkshopTheme, numbers: dict[int | None, int]) -> Theme:
    return Theme(
        name=theme.name,
        key_message=theme.key_message,
        columns=[
            Column(
                column.title,
                [Seen(seen.text, numbers.get(seen.negotiation_id, 0)) for seen in column.observations.all()],
            )
            for column in theme.columns.all()
        ],
    )


def _feedback(round_: Round) -> list[Debrief]:
    occasions: dict[tuple[date, str], list[str]] = {}
    for note in round_.feedback.all():
        occasions.setdefault((note.given_on, note.occasion), []).append(note.text)
    return [Debrief(given_on, occasion, texts) for (given_on, occasion), texts in occasions.items()]


def _digest(number: int, negotiation: Negotiation, attendance: RoundAttendance) -> Digest:
    counts = _counts(negotiation, attendance)
    parties = [
        PartyLine(party.name, party.sector, party.participation)
        for party in negotiation.parties.all()
        if not party.is_county
    ]
    parts = list(negotiation.parts.all())
    return Digest(
        number=number,
        name=_name(negotiation),
        when=_when(negotiation),
        place=negotiation.place,
        mode=negotiation.mode,
        parties=parties,
        sections=[part.legal_basis for part in parts if part.dealt_with],
        not_dealt_with=[part.legal_basis for part in parts if not part.dealt_with],
        counts=counts,
        total=sum(counts or []),
        municipalities=[party.name for party in parties if party.sector == Sector.MUNICIPALITY],
    )


# --- Figures of the municipalities --------------------------------------------------------------------------


def _figures(
    round_: Round, held: Sequence[Negotiation], municipalities: Sequence[Municipality], *, year: int
) -> FigureChapter | None:
    """The figures that the county shows beside the round; None where it has chosen none, or there are none."""
    if round_.indicator_set is None or not municipalities:
        return None
    country = Area.objects.filter(kind=Area.Kind.COUNTRY).first()
    county = round_.county.area
    areas = [municipality.area for municipality in municipalities]
    figures = read_figures(
        round_.indicator_set,
        [*areas, county, *([country] if country else [])],
        year=year,
        language=round_.language,
        populations={municipality.area_id: municipality.population for municipality in municipalities},
    )
    sources = list(figures.origins())
    if not sources:
        return None
    groups = [(_name(negotiation), _areas_of(negotiation)) for negotiation in held]
    return FigureChapter(
        year=year,
        set_name=round_.indicator_set.name,
        indicators=[
            shown
            for measure in figures.measures
            if (shown := _shown(measure, figures, country, county, areas, groups, sources)) is not None
        ],
        sources=sources,
    )


def _areas_of(negotiation: Negotiation) -> list[Area]:
    return [party.municipality.area for party in negotiation.parties.all() if party.municipality]


def _shown(
    measure: Measure,
    figures: Figures,
    country: Area | None,
    county: Area,
    areas: Sequence[Area],
    groups: Sequence[tuple[str, list[Area]]],
    sources: Sequence[Origin],
) -> Shown | None:
    """An indicator in all areas; None where no area has a figure of it."""
    of_county = figures.of_county(measure, county, areas)
    of_country = figures.of(measure, country) if country else Figure(measure, "")
    of_areas = [figures.of(measure, area) for area in areas]
    of_groups = [figures.of_group(measure, members, name) for name, members in groups]
    every = [of_county, of_country, *of_areas, *of_groups]
    if all(figure.value is None for figure in every):
        return None
    return Shown(
        measure=measure,
        is_example=any(figure.is_example for figure in every),
        country=_value(of_country, sources),
        county=_value(of_county, sources),
        groups=[_value(figure, sources) for figure in of_groups],
        municipalities=[_value(figure, sources) for figure in of_areas],
        spread=figures.spread(measure, areas),
        county_line=list(figures.county_series(measure, county, areas)),
        country_line=list(figures.series(measure, country)) if country else [],
    )


def _value(figure: Figure, sources: Sequence[Origin]) -> Value:
    return Value(
        area=figure.area,
        year=figure.year,
        value=figure.value,
        status=figure.status,
        previous_year=figure.previous_year,
        previous_value=figure.previous_value,
        change=figure.change,
        direction=figure.direction,
        is_computed=figure.is_computed,
        counted=figure.counted,
        areas=figure.areas,
        origin=sources.index(figure.origin) if figure.origin else None,
    )


def _figure_of(value: Value, measure: Measure, sources: Sequence[Origin]) -> Figure:
    return Figure(
        measure=measure,
        area=value.area,
        year=value.year,
        value=value.value,
        status=value.status,
        previous_year=value.previous_year,
        previous_value=value.previous_value,
        change=value.change,
        direction=Direction(value.direction),
        is_computed=value.is_computed,
        counted=value.counted,
        areas=value.areas,
        origin=None if value.origin is None else sources[value.origin],
    )
