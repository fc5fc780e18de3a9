"""What differs between two versions of a card: the last sending and the one before it, or last year's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from django.utils.translation import gettext as _

from indicators.figures import change_between
from municipalities.cards.content import CardContent, FigureLine
from municipalities.cards.progress import Part

# Under this share of common words a line is another line, not a changed one.
ALIKE = 0.5
# More pairs of lines than this are not looked at one by one: then a line is new, or gone.
MOST_PAIRS = 900
# Of more words than this a text is compared roughly: what recurs often in it is passed over.
MANY_WORDS = 600


@dataclass(frozen=True)
class Piece:
    """A stretch of a text: as it was in both, taken out, or put in."""

    text: str
    kind: str  # "same", "out" or "in"


@dataclass(frozen=True)
class TextChange:
    """A line that was added, removed or changed. `where` names its list."""

    where: str
    kind: str  # "added", "removed" or "changed"
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class FigureChange:
    """A figure of both that differs: another year has come, or the source has corrected it."""

    name: str
    unit: str
    decimals: int
    before: float | None
    before_year: int | None
    now: float | None
    now_year: int | None
    change: float | None


@dataclass(frozen=True)
class Comparison:
    """What differs, by section in the order of the card; and the figures."""

    texts: tuple[TextChange, ...]
    figures: tuple[FigureChange, ...]
    # Figures that are on one of the two only.
    figures_added: tuple[str, ...]
    figures_removed: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether the two say the same."""
        return not (self.texts or self.figures or self.figures_added or self.figures_removed)


def compare(before: CardContent, now: CardContent) -> Comparison:
    """Return what differs. An illustrative figure and a real one are not compared."""
    texts: list[TextChange] = []
    for (name, old), (_same, new) in zip(_lists(before), _lists(now), strict=True):
        texts += _lines(name, old, new)
    old_lines = {line.indicator_id: line for line in before.figures}
    new_lines = {line.indicator_id: line for line in now.figures}
    both = [(old_lines[key], line) for key, line in new_lines.items() if key in old_lines]
    for old_line, line in both:
        texts += _lines(line.name, _said(old_line), _said(line))
    return Comparison(
        texts=tuple(texts),
        figures=tuple(
            _figure(old_line, line)
            for old_line, line in both
            if (old_line.value, old_line.year) != (line.value, line.year) and old_line.is_example == line.is_example
        ),
        figures_added=tuple(line.name for key, line in new_lines.items() if key not in old_lines),
        figures_removed=tuple(line.name for key, line in old_lines.items() if key not in new_lines),
    )


def _lists(content: CardContent) -> list[tuple[str, list[str]]]:
    features = [part for part in content.features.split("\n") if part.strip()]
    proposals = [f"{row.priority}: {row.text}" if row.priority else row.text for row in content.proposals]
    plans = [
        ", ".join(part for part in (row.name or row.kind_label, row.approved, row.delivered, row.address) if part)
        for row in content.plans
    ]
    contacts = [", ".join(part for part in (row.name, row.role) if part) for row in content.contacts]
    return [
        (str(Part.FEATURES.label), features),
        *((name, list(lines)) for name, lines in content.swot),
        (str(Part.PROPOSALS.label), proposals),
        (str(Part.PLANS.label), plans),
        (str(Part.CONTACTS.label), contacts),
    ]


def _said(line: FigureLine) -> list[str]:
    left_out = _("left out: %(reason)s") % {"reason": line.left_out_reason} if line.left_out_reason else ""
    return [part for part in (line.comment, left_out) if part]


def _lines(where: str, old: Sequence[str], new: Sequence[str]) -> list[TextChange]:
    """Return the lines that differ. A line moved to another place in its list is the same line."""
    gone = [line for line in old if line not in new]
    come = [line for line in new if line not in old]
    changes: list[TextChange] = []
    for line in come:
        near = gone if len(gone) * len(come) <= MOST_PAIRS else []
        likest = max(near, key=lambda former: _likeness(former, line), default=None)
        if likest is not None and _likeness(likest, line) >= ALIKE:
            gone.remove(likest)
            changes.append(TextChange(where, "changed", pieces_of(likest, line)))
        else:
            changes.append(TextChange(where, "added", (Piece(line, "in"),)))
    return changes + [TextChange(where, "removed", (Piece(line, "out"),)) for line in gone]


def _words(text: str) -> list[str]:
    return re.findall(r"\s+|\w+|[^\w\s]", text)


def _likeness(old: str, new: str) -> float:
    """Return the share of words that two lines have in common, in order: 0 to 1."""
    before, now = re.findall(r"\w+", old), re.findall(r"\w+", new)
    matcher = SequenceMatcher(None, before, now, autojunk=len(now) > MANY_WORDS)
    # An upper bound, had at once.
    return matcher.ratio() if matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE else 0.0


def pieces_of(old: str, new: str) -> tuple[Piece, ...]:
    """Return how a text became another, word by word. Joined without the taken out, the pieces are the new text."""
    before, now = _words(old), _words(new)
    pieces: list[Piece] = []
    for tag, i, j, k, m in SequenceMatcher(None, before, now, autojunk=len(now) > MANY_WORDS).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("".join(now[k:m]), "same"))
            continue
        if i < j:
            pieces.append(Piece("".join(before[i:j]), "out"))
        if k < m:
            pieces.append(Piece("".join(now[k:m]), "in"))
    return tuple(pieces)


def _figure(old: FigureLine, line: FigureLine) -> FigureChange:
    change = None
    if old.value is not None and line.value is not None and old.is_of_county == line.is_of_county:
        change = change_between(old.value, line.value, line.decimals)
    return FigureChange(line.name, line.unit, line.decimals, old.value, old.year, line.value, line.year, change)
