"""How complete a card is. Missing figures ask nothing of a municipality, and nothing has to be written twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from municipalities.cards.content import SWOT, CardRows, Section


class Part(models.TextChoices):
    """A section of the card, as its page has them."""

    FIGURES = "figures", _("Indicators")
    FEATURES = "features", _("Special features")
    SWOT = "swot", _("SWOT")
    PROPOSALS = "proposals", _("Proposals for highlights")
    PLANS = "plans", _("Plans and reports")
    CONTACTS = "contacts", _("Contacts")


class Standing(models.TextChoices):
    """How far a section is."""

    EMPTY = "empty", _("not begun")
    CARRIED = "carried", _("from last year, look through")
    STARTED = "started", _("unfinished")
    DONE = "done", _("done")


@dataclass(frozen=True)
class Progress:
    """How far each section of a card is."""

    parts: tuple[tuple[Part, Standing], ...]

    @property
    def done(self) -> int:
        """How many sections are done."""
        return sum(standing == Standing.DONE for _part, standing in self.parts)

    @property
    def total(self) -> int:
        """How many sections there are."""
        return len(self.parts)

    @property
    def unfinished(self) -> list[str]:
        """The names of the sections that are not done."""
        return [str(part.label) for part, standing in self.parts if standing != Standing.DONE]

    def of(self, part: Part) -> Standing:
        """Return how far a section is."""
        return dict(self.parts)[part]


def progress_of(rows: CardRows) -> Progress:
    """Return how far each section is. A section that has been looked through is done, whatever is in it."""
    looked = set(rows.card.looked_through)

    def of(part: Part) -> Standing:
        if part in looked:
            return Standing.DONE
        if part == Part.FIGURES:
            return Standing.STARTED if any(words.comment for words in rows.words.values()) else Standing.EMPTY
        if part == Part.PLANS:
            return _of_lines(rows, any(row.name or row.approved or row.delivered or row.address for row in rows.plans))
        if part == Part.CONTACTS:
            return _of_lines(rows, any(row.name or row.role or row.email or row.phone for row in rows.contacts))
        sections = {Part.FEATURES: (Section.FEATURES,), Part.SWOT: SWOT, Part.PROPOSALS: (Section.PROPOSAL,)}[part]
        return _of_texts(rows, sections)

    return Progress(tuple((part, of(part)) for part in Part))


def _of_texts(rows: CardRows, sections: Sequence[Section]) -> Standing:
    written = [[entry for entry in rows.of(section) if entry.text.strip()] for section in sections]
    if not any(written):
        return Standing.EMPTY
    if any(entry.is_carried for entries in written for entry in entries):
        return Standing.CARRIED
    return Standing.DONE if all(written) else Standing.STARTED


def _of_lines(rows: CardRows, is_filled: bool) -> Standing:
    if not is_filled:
        return Standing.EMPTY
    # Once somebody has changed them they count as looked through (saving.py).
    return Standing.CARRIED if rows.card.carried_from_id else Standing.DONE
