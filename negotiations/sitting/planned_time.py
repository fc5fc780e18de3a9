"""The planned time of an agenda: of each part, of the whole, and whether it fits the time of the negotiation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from negotiations.models import Negotiation


def duration(minutes: int) -> str:
    """Write minutes as hours and minutes: "45 min", "3 h 45 min", "4 h"."""
    hours, rest = divmod(minutes, 60)
    told = [_("%(hours)s h") % {"hours": hours}] if hours else []
    if rest or not hours:
        told.append(_("%(minutes)s min") % {"minutes": rest})
    return "\N{NO-BREAK SPACE}".join(told).replace(" ", "\N{NO-BREAK SPACE}")


@dataclass(frozen=True)
class PlannedTime:
    """How many minutes are planned, and for how many items none are."""

    minutes: int = 0
    without: int = 0

    @classmethod
    def of(cls, minutes: Iterable[int | None]) -> PlannedTime:
        """Add up the items of a part."""
        found = list(minutes)
        return cls(sum(one for one in found if one is not None), sum(one is None for one in found))

    @property
    def words(self) -> str:
        """The time in words; empty where none is planned."""
        if not self.minutes:
            return ""
        words = _("planned %(time)s") % {"time": duration(self.minutes)}
        if self.without:
            more = ngettext("%(count)s item without a time", "%(count)s items without a time", self.without) % {
                "count": self.without
            }
            words = f"{words}, {more}"
        return words


@dataclass(frozen=True)
class TimePlan:
    """The planned time of the parts, by their ids, and how long the negotiation lasts, where that is known."""

    by_part: Mapping[int, PlannedTime]
    available: int | None

    @property
    def whole(self) -> PlannedTime:
        """The parts together."""
        return PlannedTime(
            sum(part.minutes for part in self.by_part.values()), sum(part.without for part in self.by_part.values())
        )

    @property
    def left(self) -> int | None:
        """How many minutes are left, below zero where the agenda is too long; None where that cannot be told."""
        return None if self.available is None or not self.whole.minutes else self.available - self.whole.minutes

    @property
    def is_too_long(self) -> bool:
        """Whether the agenda does not fit the negotiation."""
        return self.left is not None and self.left < 0

    @property
    def words(self) -> str:
        """Say whether the agenda fits; empty where no time is planned."""
        whole = self.whole
        if not whole.minutes:
            return ""
        if self.left is None or self.available is None:
            return _("Planned in all %(time)s. How long the negotiation lasts is not known yet.") % {
                "time": duration(whole.minutes)
            }
        named = {"time": duration(whole.minutes), "lasts": duration(self.available), "left": duration(abs(self.left))}
        if self.left < 0:
            return _("Planned in all %(time)s, but the negotiation lasts %(lasts)s: %(left)s too much.") % named
        if self.left == 0:
            return _("Planned in all %(time)s: as long as the negotiation lasts.") % named
        if whole.without:
            return _("Planned in all %(time)s of %(lasts)s: %(left)s for the items without a time and for breaks.") % (
                named
            )
        return _("Planned in all %(time)s of %(lasts)s: it fits, and %(left)s is left.") % named


def lasts(negotiation: Negotiation) -> int | None:
    """Return how many minutes a negotiation lasts; None where its hours are not known."""
    if negotiation.starts_at is None or negotiation.ends_at is None:
        return None
    return int((negotiation.ends_at - negotiation.starts_at).total_seconds()) // 60


def plan_of(negotiation: Negotiation, minutes: Mapping[int, Iterable[int | None]]) -> TimePlan:
    """Return the plan of an agenda: the planned minutes of the items of each part, by the ids of the parts."""
    return TimePlan({part: PlannedTime.of(found) for part, found in minutes.items()}, lasts(negotiation))
