"""The periods of the duty, and the municipalities that exist in them: without a database.

**Municipalities that merge.** A county owes negotiation to the municipalities there are (611/2021 § 14 and 612/2021
§ 7 speak of those of its area), so what a municipality is owed follows from the days on which it exists:

- In a period in which it did not exist on any day it is not listed: neither one that ended before, nor one that began
  after.
- One that existed to the period's last day is owed like any other. Municipalities merge at the turn of a year, so that
  for a calendar year this is every municipality of that year, also of its last: towards Pertunmaa, which was joined
  to Mäntyharju on 1.1.2025, the duty of 2024 was to be met in 2024, and if it was not it stays missing.
- One that ended within the period, as Pertunmaa did within the council term 1.3.2022-31.5.2025, could have been
  negotiated with up to its end. If it was, that stands as done. If not, nobody can do it any more, and the term had
  not run out when it ended: it is told apart, and counted neither as missing nor among those with whom the county has
  to negotiate. Until the day it ends it stands as any other, also where the merger has been decided on.
- What was negotiated with it does not discharge the duty towards the municipality it became part of: each is a party
  of its own with a council of its own, and the successor has been heard only if it took part itself, whether under a
  new name or the old one. It is shown beside the successor, as from before the merger, for whoever weighs it.
- A negotiation after its end cannot have been with it, and before its beginning neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from municipalities import timewords
from negotiations.models import LegalBasis


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
class Life:
    """From when to when a municipality exists, both days included, and what it then became part of.

    Without a first or a last day it has always been, or is still there.
    """

    name: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    # The municipality it became part of, if that one is among those looked at, and its name.
    successor: int | None = None
    into: str = ""

    def within(self, period: Period) -> Period | None:
        """Return the part of a period in which it exists; None where it does not on any day."""
        starts_on = max(filter(None, (self.starts_on, period.starts_on)))
        ends_on = min(filter(None, (self.ends_on, period.ends_on)))
        return Period(starts_on, ends_on) if starts_on <= ends_on else None

    def has_ended(self, period: Period, *, today: date) -> bool:
        """Whether it is no more, and ended before the period did."""
        return self.ends_on is not None and self.ends_on < min(period.ends_on, today)

    @property
    def merged_on(self) -> date | None:
        """The first day on which it is part of another."""
        return self.ends_on + timedelta(days=1) if self.ends_on else None

    @property
    def words(self) -> str:
        """What became of it; empty for one that is there."""
        if self.merged_on is None:
            return ""
        told = {"municipality": self.into, "day": timewords.day(self.merged_on, weekday=False)}
        if self.into:
            return _("merged into %(municipality)s (%(day)s)") % told
        return _("ended as a municipality (%(day)s)") % told

    @property
    def outside_words(self) -> str:
        """What is said of a former municipality that is not in the register."""
        told = {"name": self.name, "what": self.words}
        ended = _("%(name)s: %(what)s.") % told
        unknown = _("It is not in the register of municipalities, so what was negotiated with it is not known here.")
        return f"{ended} {unknown}"


ALWAYS = Life()


def predecessors(lives: Mapping[int, Life]) -> dict[int, list[int]]:
    """Return of each municipality those that became part of it, also by way of another, the latest to end first."""
    found: dict[int, list[int]] = defaultdict(list)
    for pk, life in lives.items():
        passed, successor = {pk}, life.successor
        # A municipality that became part of itself would be a slip in the register; it must not go round for ever.
        while successor is not None and successor not in passed:
            found[successor].append(pk)
            passed.add(successor)
            successor = lives[successor].successor if successor in lives else None
    for gone in found.values():
        gone.sort(key=lambda pk: (lives[pk].ends_on or date.max, pk), reverse=True)
    return dict(found)


def period_words(basis: LegalBasis, period: Period) -> str:
    """Say in what time a duty is to be met: "vuosi 2024", "aluevaltuuston toimikausi 1.6.2025–31.5.2029"."""
    if basis == LegalBasis.WELFARE:
        return _("year %(year)s") % {"year": period.starts_on.year}
    return _("council term %(days)s") % {"days": timewords.days(period.starts_on, period.ends_on)}


def year_of(year: int) -> Period:
    """Return a calendar year as a period."""
    return Period(date(year, 1, 1), date(year, 12, 31))


def term_at(terms: Iterable[Period], year: int, *, today: date) -> Period | None:
    """Return the council term to show for a year: the one in force today, or at the end of another year.

    None where no such term is known.
    """
    on = today if year == today.year else date(year, 12, 31)
    return next((term for term in terms if term.contains(on, on)), None)
