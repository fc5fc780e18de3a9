"""Whether a round has slots enough: how many its negotiations need, in the words of its form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from negotiations.models import Negotiation, Round
from negotiations.planning.rounds import fill_plan
from negotiations.planning.slots.changing import Sitting, Span


@dataclass(frozen=True)
class Need:
    """How many negotiations a round has and would have when filled, and how they are counted.

    `noun` is "municipalities", "groups" or "negotiations": the first two where each has exactly one negotiation.
    """

    count: int
    noun: str = "negotiations"

    @property
    def words(self) -> str:
        """The count with its noun: "22 kuntaa"."""
        words = {
            "municipalities": ngettext("%(count)s municipality", "%(count)s municipalities", self.count),
            "groups": ngettext("%(count)s municipality group", "%(count)s municipality groups", self.count),
        }.get(self.noun) or ngettext("%(count)s negotiation", "%(count)s negotiations", self.count)
        return words % {"count": self.count}


def need_of(round_: Round, sittings: Sequence[Sitting]) -> Need:
    """Return what the round needs: the negotiations that it has, besides cancelled ones, and those it still lacks."""
    plan = fill_plan(round_)
    count = len(sittings) + len(plan.missing)
    if round_.form == Round.Form.MUNICIPALITIES and count == len(plan.municipalities):
        return Need(count, "municipalities")
    if round_.form == Round.Form.GROUPS and count == plan.group_count:
        return Need(count, "groups")
    return Need(count)


def outside(sittings: Sequence[Sitting], times: Sequence[Span]) -> int:
    """Return how many negotiations need no slot, though they are in none: invited or held at a time of their own."""
    wanted = set(times)
    settled = (sitting for sitting in sittings if sitting.state != Negotiation.State.PLANNED and sitting.span)
    return sum(sitting.span not in wanted for sitting in settled)


def balance_words(times: int, need: Need, own_times: int) -> str:
    """Say how the slots suffice: "26 aikaa, 22 kuntaa, 4 varalla"."""
    words = ngettext("%(count)s time", "%(count)s times", times) % {"count": times}
    if not need.count:
        return words
    spare = times - (need.count - own_times)
    counted = f"{words}, {need.words}"
    if spare < 0:
        missing = ngettext("%(count)s time too few", "%(count)s times too few", -spare) % {"count": -spare}
        return f"{counted}: {missing}"
    return f"{counted}, " + (_("%(count)s to spare") % {"count": spare} if spare else _("none to spare"))
