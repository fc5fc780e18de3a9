"""Somebody who is entered in a list of participants: who they are, how they took part, and whether they are in it."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities.models import Municipality, Person
from negotiations.models import Attendance, Negotiation

Status = Attendance.Status


class Manner(TextChoices):
    """How somebody in the list took part: the status, and whether those present were so remotely."""

    INVITED = "invited", gettext_lazy("invited")
    PRESENT = "present", gettext_lazy("present")
    REMOTE = "remote", gettext_lazy("present remotely")
    ABSENT = "absent", gettext_lazy("absent")

    @classmethod
    def of(cls, row: Attendance) -> Manner:
        """Return that of a row of the list."""
        return cls.REMOTE if row.is_remote else cls(row.status)

    @property
    def status(self) -> Status:
        """The status that the row has."""
        return Status.PRESENT if self == Manner.REMOTE else Status(self.value)

    @property
    def is_here(self) -> bool:
        """Whether those so marked are present, on the spot or remotely."""
        return self in {Manner.PRESENT, Manner.REMOTE}


@dataclass(frozen=True)
class Presence:
    """That somebody was present when a part was opened, closed, or both: goes and comes back with their row."""

    part: int
    at_opening: bool
    at_closing: bool


@dataclass(frozen=True)
class Entry:
    """Somebody to be entered: by name, by role alone, or as a person of the register.

    `substitutes` is the id of the row of the one in whose place they came, `substituted_by` that of the one who came
    in theirs.
    """

    sector: str
    name: str = ""
    role: str = ""
    organisation_name: str = ""
    municipality: Municipality | None = None
    person: Person | None = None
    status: str = Status.PRESENT
    is_remote: bool = False
    is_walk_in: bool = False
    substitutes: int | None = None
    substituted_by: int | None = None
    presences: tuple[Presence, ...] = ()

    @property
    def words(self) -> str:
        """The one entered, in words."""
        return self.name or self.role

    @property
    def key(self) -> Key | None:
        """What tells whether it is the same entry again; roles without a name may well be several."""
        return _key(self.name, self.role, self.organisation_name)


Key = tuple[str, str, str]


def _key(name: str, role: str, organisation: str) -> Key | None:
    return (name.casefold(), role.casefold(), organisation.casefold()) if name else None


@dataclass
class Entered:
    """Who is in a negotiation's list already: persons of the register, and names."""

    people: set[int] = field(default_factory=set)
    keys: set[Key] = field(default_factory=set)

    @classmethod
    def of(cls, negotiation: Negotiation) -> Entered:
        """Return those of a negotiation. One query."""
        found = cls()
        rows = Attendance.objects.filter(negotiation=negotiation, is_head_count=False)
        for person, *words in rows.values_list("person_id", "name", "role", "organisation_name"):
            found._take(person, _key(*words))
        return found

    def _take(self, person: int | None, key: Key | None) -> None:
        if person:
            self.people.add(person)
        if key:
            self.keys.add(key)

    def again(self, entry: Entry) -> str:
        """Say that the entry is in the list already; otherwise put it there and say nothing."""
        if (entry.person and entry.person.pk in self.people) or entry.key in self.keys:
            return _("%(who)s is in the list already. Leave one of them out.") % {"who": entry.words}
        self._take(entry.person.pk if entry.person else None, entry.key)
        return ""
