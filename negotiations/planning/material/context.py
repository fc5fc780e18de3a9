"""What the material of a negotiation tells: the frozen, typed context of its two pages and its slides.

Nothing here reads the database: what there is room for is arithmetic on what was frozen.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from indicators.charts import LINE_HEIGHT, SIZE, SMALL, text_width, wrap

SENTENCE_ENDS = re.compile(r"(?<=[.!?])\s+")
# Points and millimetres on paper: letters are measured in points, columns in millimetres.
POINTS = 72 / 25.4
# The column of texts beside the charts, and the column of charts, as static/documents/pre_read.css has them.
TEXT_MM, CHART_MM = 101.0, 64.0
CHART_PIXELS = round(CHART_MM / 25.4 * 96)
# The row of a bar, and the note of illustrative figures above a chart, in pixels.
BAR_ROW, EXAMPLE_ROW = 14.0, 22.0
# What is left empty around a chart, in pixels.
CHART_SPACE = 18.0
# What the first page has room for, in points, with the mark of a draft left room for; how wide its lines are.
FIRST_PAGE, PAGE_MM = 712.0, 168.0
# The heading, its lines, and from how many letters on it is set smaller.
TITLE, LONG_TITLE, LONG_FROM = (20.0, 24.0), (14.0, 17.0), 75
PRIORITY_HEADING = 27.0
# The same of the second page, beneath its heading. From four municipalities on, two digests stand side by side.
SECOND_PAGE = 676.0
ABREAST_FROM = 4
WIDE_MM, ABREAST_MM, EXPECTED_MM = 82.0, 81.0, 74.0
# How much longer texts become on paper than their letters are wide together: lines end where words do.
BROKEN = 1.07


@dataclass(frozen=True)
class Density:
    """How close texts are set: the letter, the line and the space after a highlight, in points."""

    name: str
    letter: float
    line: float
    after: float


DENSITIES = (
    Density("roomy", 10.0, 13.5, 6.0),
    Density("close", 9.25, 12.0, 4.5),
    Density("closer", 9.0, 11.5, 3.75),
    Density("tight", 8.75, 11.0, 3.0),
)


@dataclass(frozen=True)
class Room:
    """How many letters the digest of a municipality has for its features, and how many lines of so many letters."""

    features: int
    lines: int
    letters: int
    proposals: int


ROOMS = (
    Room(520, 3, 120, 3),
    Room(420, 3, 110, 2),
    Room(320, 2, 100, 2),
    Room(240, 2, 90, 2),
    Room(200, 1, 90, 1),
    Room(140, 1, 90, 1),
    Room(140, 1, 60, 1),
    Room(90, 1, 40, 1),
)


@dataclass(frozen=True)
class PlaceFigure:
    """A municipality's own figure; None where it has none."""

    name: str
    value: float | None


@dataclass(frozen=True)
class HighlightFigure:
    """The figures of one indicator that a highlight rests on; municipalities in the order of their names.

    They are of `year`, or, where `first_year` is another, of the years from that on taken together.
    `group` is the figure of the municipalities together: None where figures of its kind are not combined.
    """

    indicator: int
    name: str
    unit_label: str
    decimals: int
    year: int
    first_year: int
    group: float | None
    county: float | None
    municipalities: tuple[PlaceFigure, ...]
    is_example: bool

    @property
    def heading(self) -> str:
        """What is charted, and of which year or years: "Äänestysaktiivisuus, 2025"."""
        years = f"{self.year}" if self.first_year == self.year else f"{self.first_year}–{self.year}"
        return f"{self.name.rstrip('.')}, {years}"

    @property
    def bars(self) -> list[tuple[str, str, float | None]]:
        """What a chart compares, in a fixed order: the kind (group, county or municipality), the name and the value.

        Never in the order of the values. Of one municipality alone there is no group.
        """
        group = [("group", _("Municipalities together"), self.group)] if self._has_group else []
        places = [("municipality", place.name, place.value) for place in self.municipalities]
        return [*group, ("county", _("Whole county"), self.county), *places]

    @property
    def _has_group(self) -> bool:
        return self.group is not None and len(self.municipalities) > 1


@dataclass(frozen=True)
class HighlightLine:
    """A highlight as the county has written it, its kind in words, and the figures it rests on."""

    kind: str
    kind_words: str
    text: str
    figures: tuple[HighlightFigure, ...]


@dataclass(frozen=True)
class PriorityPart:
    """The highlights of a priority, in their order; those of none come last, under no name."""

    name: str
    highlights: tuple[HighlightLine, ...]

    @property
    def figures(self) -> list[HighlightFigure]:
        """The figures that can be charted, each indicator once, in the order of the highlights."""
        found: dict[int, HighlightFigure] = {}
        for highlight in self.highlights:
            for figure in highlight.figures:
                found.setdefault(figure.indicator, figure)
        return list(found.values())


@dataclass(frozen=True)
class Digest:
    """What a municipality says of itself, in short. `more` tells how many lines stay in the card alone."""

    municipality: str
    population: int
    year: int
    version: int
    features: str
    # The four lists, each with its name; those that are empty are left out.
    swot: tuple[tuple[str, tuple[str, ...]], ...]
    proposals: tuple[str, ...]
    more: int


@dataclass(frozen=True)
class Town:
    """A municipality that negotiates, and how many live there."""

    name: str
    population: int


@dataclass(frozen=True)
class Source:
    """A source of figures, as it is cited."""

    citation: str
    is_example: bool


@dataclass(frozen=True)
class Charted:
    """A priority as the first page shows it: with as many charts as stand beside its texts."""

    part: PriorityPart
    charts: tuple[HighlightFigure, ...]


@dataclass(frozen=True)
class PreReadContext:
    """Everything that the material tells. Frozen: what was sent once can be printed again, and made into slides."""

    negotiation_id: int
    title: str
    round_name: str
    language: str
    when: str
    place: str
    mode: str
    legal_bases: tuple[str, ...]
    municipalities: tuple[Town, ...]
    # How many other parties there are besides the county: organisations, parishes, public bodies.
    others: int
    priorities: tuple[PriorityPart, ...]
    digests: tuple[Digest, ...]
    without_card: tuple[str, ...]
    expected: tuple[str, ...]
    sources: tuple[Source, ...]

    @property
    def inhabitants(self) -> int:
        """How many live in the municipalities together."""
        return sum(town.population for town in self.municipalities)

    @property
    def has_examples(self) -> bool:
        """Whether any figure or source is illustrative, which is told on each page of figures."""
        figures = (figure for part in self.priorities for figure in part.figures)
        return any(figure.is_example for figure in figures) or any(source.is_example for source in self.sources)

    @property
    def has_figures(self) -> bool:
        """Whether there is anything to chart."""
        return any(part.figures for part in self.priorities)

    @property
    def density(self) -> Density:
        """How close the texts of the first page are set: as roomy as they fit."""
        return next((each for each in DENSITIES if self._height(each) <= FIRST_PAGE), DENSITIES[-1])

    @property
    def charted(self) -> list[Charted]:
        """The priorities of the first page, each with the charts that stand beside its texts; at least one chart."""
        return [Charted(part, tuple(charts_beside(part, self.density))) for part in self.priorities]

    @property
    def are_abreast(self) -> bool:
        """Whether two municipalities stand side by side."""
        return len(self.digests) >= ABREAST_FROM

    @property
    def digest_rows(self) -> list[list[Digest]]:
        """The municipalities of the second page: one in a row, or two side by side where there are many."""
        return rows_of(self.digests)

    @property
    def has_expected_beside(self) -> bool:
        """Whether what is expected of the reader stands where the second municipality of the last row would."""
        return self.are_abreast and len(self.digests) % 2 == 1

    @property
    def has_long_title(self) -> bool:
        """Whether the heading is set smaller."""
        return len(self.title) > LONG_FROM

    def _height(self, density: Density) -> float:
        """Return how high the first page would be, in points."""
        letter, line = LONG_TITLE if self.has_long_title else TITLE
        towns = ", ".join(f"{town.name} (00 000)" for town in self.municipalities)
        head = 55.0 + _lines(self.title, letter, PAGE_MM) * line
        head += _lines(f"{self.when} · {self.place} · {self.mode}", 11.0, PAGE_MM) * 15.0
        # After the names: how many people, other parties, and the legal basis.
        head += _lines(towns + "x" * (110 if self.others else 60), 8.75, PAGE_MM) * 11.25
        head += 12.0 if self.has_examples else 0.0
        return head + sum(
            PRIORITY_HEADING
            + max(
                text_height(part, density),
                sum(chart_height(figure) for figure in charts_beside(part, density)),
            )
            for part in self.priorities
        )


# --- Measuring ----------------------------------------------------------------------------------------------------


def text_height(part: PriorityPart, density: Density) -> float:
    """Return how high the texts of a priority are, in points, by the widths of their letters."""
    width = TEXT_MM * POINTS
    return sum(
        math.ceil(text_width(f"{line.kind_words}. {line.text}", density.letter) * BROKEN / width) * density.line
        + density.after
        for line in part.highlights
    )


def charts_beside(part: PriorityPart, density: Density) -> list[HighlightFigure]:
    """Return the figures whose charts stand beside the texts of a priority: the first one, and more where they fit."""
    chosen: list[HighlightFigure] = []
    height, room = 0.0, text_height(part, density)
    for figure in part.figures:
        if chosen and height + chart_height(figure) > room:
            break
        chosen.append(figure)
        height += chart_height(figure)
    return chosen


def chart_height(figure: HighlightFigure) -> float:
    """Return how high the chart of a figure is with its heading, in points."""
    note = EXAMPLE_ROW if figure.is_example else 0.0
    return (note + LINE_HEIGHT * len(heading_lines(figure)) + BAR_ROW * len(figure.bars) + CHART_SPACE) * 0.75


def heading_lines(figure: HighlightFigure) -> list[str]:
    """Return the name of an indicator and its year, in the lines of the column of charts."""
    return wrap(figure.heading, CHART_PIXELS * SIZE / SMALL)


def rows_of(digests: Sequence[Digest]) -> list[list[Digest]]:
    """Return digests in the rows of the second page."""
    abreast = 2 if len(digests) >= ABREAST_FROM else 1
    return [list(digests[start : start + abreast]) for start in range(0, len(digests), abreast)]


def second_page_height(digests: Sequence[Digest], expected: Sequence[str], sources: Sequence[Source]) -> float:
    """Return how high the second page would be beneath its heading, in points."""
    rows = rows_of(digests)
    heights = [max(_digest_height(digest, is_wide=len(digests) < ABREAST_FROM) for digest in row) for row in rows]
    citations = sum(9.75 + 0.75 for _source in sources) + (15.0 if sources else 0.0)
    # The words on how to read it are always the same.
    asked, how = 20.0 + sum(_lines(text, 9.0, EXPECTED_MM) * 11.5 + 2.25 for text in expected), 108.0 + citations * 1.5
    if heights and len(digests) >= ABREAST_FROM and len(digests) % 2:
        heights[-1] = max(heights[-1], asked + 20.0)
        return sum(heights) + 80.0 + citations
    return sum(heights) + max(asked, how) + 24.0


def _digest_height(digest: Digest, *, is_wide: bool) -> float:
    """Return how high a digest is: in two columns where it is alone in its row."""
    width = WIDE_MM if is_wide else ABREAST_MM
    head = 26.0 if is_wide else 37.0
    said = _lines(digest.features, 9.25, width) * 12.0 + 2.25 if digest.features else 0.0
    if digest.proposals:
        said += _lines(f"{_('Proposes for a highlight:')} {'; '.join(digest.proposals)}", 9.0, width) * 11.5 + 2.25
    lists = [f"{name}: {'; '.join(texts)}" for name, texts in digest.swot]
    if is_wide:
        return head + max(said, sum(_lines(text, 9.0, width) * 11.5 + 2.25 for text in lists))
    return head + said + (_lines(". ".join(lists), 9.0, width) * 11.5 + 2.25 if lists else 0.0)


def _lines(text: str, letter: float, width_mm: float) -> int:
    return math.ceil(text_width(text, letter) * BROKEN / (width_mm * POINTS))


# --- Shortening ---------------------------------------------------------------------------------------------------


def shortened(text: str, most: int) -> str:
    """Return the text up to this many letters: whole sentences where one fits, else whole words and an ellipsis."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    kept = ""
    for sentence in SENTENCE_ENDS.split(text):
        longer = f"{kept} {sentence}".strip()
        if len(longer) > most:
            break
        kept = longer
    if kept:
        return kept
    cut = text[: most - 1].rpartition(" ")[0] or text[: most - 1]
    return f"{cut.rstrip(' ,;:–-')}…"


def first_lines(texts: Sequence[str], *, most: int, letters: int) -> tuple[str, ...]:
    """Return the first of some lines, each shortened and without a full stop: they are told one after the other."""
    return tuple(shortened(text, letters).removesuffix(".") for text in texts[:most])


def cited(sources: Iterable[tuple[str, bool]]) -> tuple[Source, ...]:
    """Return each source once, real ones first; one that is an example anywhere is marked as one."""
    found: dict[str, bool] = {}
    for citation, is_example in sources:
        found[citation] = found.get(citation, False) or is_example
    return tuple(Source(*each) for each in sorted(found.items(), key=lambda each: (each[1], each[0])))
