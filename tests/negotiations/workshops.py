"""What the tests of a workshop's day share: one that is open, and notes in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from municipalities.models import Municipality, User
from negotiations.models import Negotiation, Round, ThemeColumn, Workshop, WorkshopGroup, WorkshopNote
from negotiations.sitting.conduct import convene
from negotiations.sitting.workshop import add_theme
from negotiations.sitting.workshop_day.opening import open_workshop
from negotiations.sitting.workshop_day.posting import Posted, post, token_of
from tests.factories import make_negotiation, make_round


@dataclass
class Day:
    """An open workshop with its groups, and the two columns of its theme."""

    negotiation: Negotiation
    workshop: Workshop
    groups: list[WorkshopGroup]
    columns: list[ThemeColumn]

    def token(self, group: int = 0) -> str:
        """Return the token of a group's phones."""
        assert self.workshop.code is not None
        return token_of(self.groups[group], self.workshop.code)

    def note(self, text: str = "Yksinäisyys", group: int = 0, column: int = 0) -> WorkshopNote:
        """Return a note that a phone of the group has posted."""
        posted = Posted(uuid4(), self.columns[column].pk, text)
        pk, _is_new = post(self.token(group), posted)
        return WorkshopNote.objects.get(pk=pk)


def make_day(
    municipalities: Sequence[Municipality], *, by: User | None, groups: Sequence[str] = ("Ryhmä 1", "Ryhmä 2")
) -> Day:
    """Make a negotiation whose day has come, and open its workshop. Inside the county's scope."""
    county = municipalities[0].county
    assert county is not None
    # Several may be made in a test, each in a round of its own.
    round_ = make_round(county, name=f"Kierros {Round.objects.count() + 1}")
    theme = add_theme(round_, "Perhekeskus", ["Ilmiöt", "Toimenpiteet"], key_message="Lapset ensin.", by=by)
    negotiation = convene(make_negotiation(round_, municipalities), by=by)
    workshop = open_workshop(negotiation, groups, by=by)
    return Day(
        negotiation,
        workshop,
        list(WorkshopGroup.objects.filter(workshop=workshop).order_by("position")),
        list(ThemeColumn.objects.filter(theme=theme).order_by("position")),
    )
