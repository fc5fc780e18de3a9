"""Attendance beside the live view: everyone in the list, marked with one press, and how many are here.

The panel is read whole with a constant number of queries, however many are in the list: it is shown again after every
press, also to a secretary who has not pressed anything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise, cached_property
from django.utils.translation import get_language, gettext_lazy

from negotiations.models import Attendance, Negotiation, PartPresence
from negotiations.sitting.attendance import SECTOR_NAMES
from negotiations.sitting.attending import why_closed, why_not_yet
from negotiations.sitting.entries import Manner

# From so many on the list has a box by which to find somebody in it.
MANY = 12
# What one is marked as with a press. Invited is where a list begins, and is no mark.
MARKS: tuple[tuple[Manner, str | Promise], ...] = (
    (Manner.PRESENT, gettext_lazy("Present")),
    (Manner.REMOTE, gettext_lazy("Remote")),
    (Manner.ABSENT, gettext_lazy("Away")),
)


@dataclass(frozen=True)
class Row:
    """Somebody in the panel. `substitute` is the one who came in their place, `away` the one in whose place they came.

    Only one who is away, or has not come yet, and is no substitute can be given one.
    """

    pk: int
    sector: str
    words: str
    about: str
    manner: Manner
    is_walk_in: bool
    away: str
    substitute: str
    # Was there when a part was opened or closed: now absent, they have left.
    was_here: bool

    @property
    def key(self) -> str:
        """The id of the row as it is sent."""
        return str(self.pk)

    @property
    def has_left(self) -> bool:
        """Whether they were there and are not any more."""
        return self.was_here and self.manner == Manner.ABSENT

    @property
    def may_have_substitute(self) -> bool:
        """Whether somebody can be entered as having come in their place."""
        return not (self.manner.is_here or self.away or self.substitute or self.is_walk_in)


@dataclass(frozen=True)
class SectorCount:
    """How many of a sector are here: by name, of them remotely, and by number alone; None where nobody counted."""

    sector: str
    name: str | Promise
    named: int
    remote: int
    head_count: int | None

    @property
    def total(self) -> int:
        """All of the sector who are here."""
        return self.named + (self.head_count or 0)


@dataclass(frozen=True)
class CountShown:
    """The field of a sector's head count: its name, what stands in it, and what is wrong with that."""

    sector: SectorCount
    field: str
    value: str
    error: str


@dataclass(frozen=True)
class FieldShown:
    """A field of a form of the panel: what stands in it, how much fits, and what is wrong with it."""

    name: str
    label: str | Promise
    value: str
    error: str
    most: int
    suggests: bool


@dataclass(frozen=True)
class FormShown:
    """A form by which somebody is added: its fields, what is chosen in it, and whether it is open to be mended."""

    prefix: str
    fields: Sequence[FieldShown]
    chosen: str
    choice_error: str
    is_remote: bool
    is_open: bool


# The fields of those forms, without what is chosen: name, label, how much fits, whether the register is offered.
NAME = ("name", gettext_lazy("Name"), 520, True)
ROLE = ("role", gettext_lazy("Role"), 150, False)
ORGANISATION = ("organisation_name", gettext_lazy("Organisation"), 200, False)


@dataclass(frozen=True)
class Refused:
    """What was sent and could not be accepted: the words by the name of the field, and all that was typed."""

    words: Mapping[str, str]
    typed: Mapping[str, str]


@dataclass(frozen=True)
class Panel:
    """Attendance as it is now. `closed` says why it cannot be changed; empty where it can be.

    `said` tells what came of what was pressed, `refused` what could not be accepted of it.
    """

    negotiation: int
    closed: str
    rows: Sequence[Row]
    sectors: Sequence[SectorCount]
    said: str = ""
    refused: Refused | None = None

    @property
    def typed(self) -> Mapping[str, str]:
        """What was typed and could not be accepted, by the name of its field: it is shown again."""
        return self.refused.typed if self.refused else {}

    @property
    def counts(self) -> list[CountShown]:
        """The sectors with what stands in the fields of their head counts."""
        return [
            CountShown(
                sector,
                f"count_{sector.sector}",
                self.typed.get(f"count_{sector.sector}", _written(sector.head_count)),
                self.refused.words.get(f"count_{sector.sector}", "") if self.refused else "",
            )
            for sector in self.sectors
        ]

    @property
    def of_substitute(self) -> FormShown:
        """The form of one who came in the place of another."""
        return self._form("substitute", (NAME, ROLE), "substitutes")

    @property
    def of_walk_in(self) -> FormShown:
        """The form of one who came uninvited."""
        return self._form("walk_in", (NAME, ROLE, ORGANISATION), "sector")

    def _form(self, prefix: str, fields: Sequence[tuple[str, str | Promise, int, bool]], choice: str) -> FormShown:
        wrong = self.refused.words if self.refused else {}
        return FormShown(
            prefix,
            [
                FieldShown(key, label, self.typed.get(key, ""), wrong.get(key, ""), most, suggests)
                for name, label, most, suggests in fields
                for key in [f"{prefix}-{name}"]
            ],
            chosen=self.typed.get(f"{prefix}-{choice}", ""),
            choice_error=wrong.get(f"{prefix}-{choice}", ""),
            is_remote=f"{prefix}-is_remote" in self.typed,
            is_open=any(name.startswith(f"{prefix}-") for name in self.typed),
        )

    @property
    def counts_are_open(self) -> bool:
        """Whether the head counts were sent and could not be accepted."""
        return any(name.startswith("count_") for name in self.typed)

    @property
    def sector_choices(self) -> list[tuple[str, str | Promise]]:
        """The sectors one can choose among for one who came uninvited."""
        return [(sector.sector, sector.name) for sector in self.sectors]

    @property
    def seen(self) -> str:
        """The head counts as they are shown: what somebody else changes meanwhile is told (see CellsForm)."""
        return json.dumps({f"count_{sector.sector}": _written(sector.head_count) for sector in self.sectors})

    @property
    def digest(self) -> str:
        """What tells whether anything has changed in it since it was shown, in the language it is shown in."""
        told = f"{get_language()} {self.closed} {self.rows} {[(one.sector, one.head_count) for one in self.sectors]}"
        return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:32]

    @property
    def is_open(self) -> bool:
        """Whether attendance can be changed now."""
        return not self.closed

    @property
    def marks(self) -> tuple[tuple[Manner, str | Promise], ...]:
        """What one can be marked as with a press, and its word."""
        return MARKS

    @property
    def is_long(self) -> bool:
        """Whether there are so many that one looks for a name in the list."""
        return len(self.rows) >= MANY

    @property
    def present(self) -> int:
        """All who are here, by name and by number, remotely or not."""
        return sum(sector.total for sector in self.sectors)

    @property
    def remote(self) -> int:
        """How many of them are here remotely."""
        return sum(sector.remote for sector in self.sectors)

    @cached_property
    def absent(self) -> int:
        """How many are not here."""
        return sum(row.manner == Manner.ABSENT for row in self.rows)

    @cached_property
    def unmarked(self) -> int:
        """How many have been invited and not been marked yet."""
        return sum(row.manner == Manner.INVITED for row in self.rows)

    @cached_property
    def groups(self) -> list[tuple[SectorCount, list[Row]]]:
        """Those in the list under their sectors; a sector of which nobody is in it is left out."""
        by_sector: dict[str, list[Row]] = {}
        for row in self.rows:
            by_sector.setdefault(row.sector, []).append(row)
        return [(sector, by_sector[sector.sector]) for sector in self.sectors if sector.sector in by_sector]

    @cached_property
    def without_substitute(self) -> list[Row]:
        """Those in whose place somebody can be entered."""
        return [row for row in self.rows if row.may_have_substitute]


def panel(
    negotiation: Negotiation, minutes_states: Iterable[str], *, said: str = "", refused: Refused | None = None
) -> Panel:
    """Return attendance as it is now. Two queries. `minutes_states` are the states of the negotiation's minutes."""
    rows = Attendance.objects.filter(negotiation=negotiation)
    people = list(rows.order_by("organisation_name", "name", "role", "pk"))
    presences = PartPresence.objects.filter(part__negotiation=negotiation)
    were_here = set(presences.values_list("attendance_id", flat=True))
    words = {row.pk: str(row) for row in people}
    substitutes = {row.substitutes_id: words[row.pk] for row in people if row.substitutes_id}
    order = {sector: number for number, sector in enumerate(SECTOR_NAMES)}
    named = sorted((row for row in people if not row.is_head_count), key=lambda row: order[row.sector])
    return Panel(
        negotiation=negotiation.pk,
        closed=why_closed(negotiation, minutes_states) or why_not_yet(negotiation),
        rows=[
            Row(
                pk=row.pk,
                sector=row.sector,
                words=words[row.pk],
                about=", ".join(filter(None, [row.role if row.name else "", row.organisation_name])),
                manner=Manner.of(row),
                is_walk_in=row.is_walk_in,
                away=words.get(row.substitutes_id or 0, ""),
                substitute=substitutes.get(row.pk, ""),
                was_here=row.pk in were_here,
            )
            for row in named
        ],
        sectors=[_sector(sector, name, people) for sector, name in SECTOR_NAMES.items()],
        said=said,
        refused=refused,
    )


def _written(count: int | None) -> str:
    return "" if count is None else str(count)


def _sector(sector: str, name: str | Promise, people: Iterable[Attendance]) -> SectorCount:
    rows = [row for row in people if row.sector == sector and row.status == Attendance.Status.PRESENT]
    heads = [row.count for row in rows if row.is_head_count]
    here = [row for row in rows if not row.is_head_count]
    return SectorCount(sector, name, len(here), sum(row.is_remote for row in here), sum(heads) if heads else None)
