"""A report of Teams put beside a negotiation's list: who is in the list, who is new, and who is left out and why.

Looked at row by row first, then all of it is saved or nothing. What was read travels with the preview, signed, and
without any address.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import County, Person, PersonContact, User
from negotiations.models import Attendance, Negotiation
from negotiations.sitting.attending import add_people, mark, opened
from negotiations.sitting.entries import Entry, Manner
from negotiations.sitting.people import Guesser, of_names, place_of
from negotiations.sitting.teams import Joined, LeftOut

# How many others of the list are offered besides the one matched, where the list is long.
MOST_OFFERED = 30
PREVIEW_HOLDS = 3600  # seconds


@dataclass(frozen=True)
class InList:
    """Somebody of the list whom a row of the report may be."""

    pk: int
    words: str
    manner: Manner


@dataclass(frozen=True)
class Planned:
    """A row of the report with what becomes of it unless it is changed.

    It is somebody of the list (`match`), or somebody new with what is known and guessed of them, or left out.
    """

    name: str
    organisation: str
    role: str
    minutes: int | None
    rows: int
    match: InList | None
    offered: Sequence[InList]
    person: int | None
    sector: str
    left_out: LeftOut | None


def plan(negotiation: Negotiation, county: County, people: Sequence[Joined], *, least_minutes: int) -> list[Planned]:
    """Put the people of a report beside the list. The same number of queries however many they are.

    They are known by their address in the register, otherwise by their name, whichever part of it comes first. A row
    of the list is matched once.
    """
    rows = list(Attendance.objects.filter(negotiation=negotiation, is_head_count=False).order_by("name", "role", "pk"))
    found = _Known.of(rows, people)
    guesser = Guesser.of(county)
    return [_planned(one, found, guesser, least_minutes) for one in people]


@dataclass
class _Known:
    """The list and the register, as they are asked who somebody is."""

    rows: list[Attendance]
    by_address: Mapping[str, Person]
    by_name: Mapping[frozenset[str], list[Person]]
    matched: set[int]

    @classmethod
    def of(cls, rows: list[Attendance], people: Sequence[Joined]) -> _Known:
        addresses = {address for one in people for address in one.addresses}
        contacts = (
            PersonContact.objects.annotate(lower=Lower("email"))
            .filter(lower__in=addresses)
            .select_related("person__municipality__area", "person__organisation")
        )
        by_address = {contact.email.casefold(): contact.person for contact in contacts}
        by_name: dict[frozenset[str], list[Person]] = {}
        for person in of_names(spelling for one in people for spelling in _spellings(one.name)):
            by_name.setdefault(_words(person.name), []).append(person)
        return cls(rows, by_address, by_name, set())

    def person(self, one: Joined) -> Person | None:
        """Return who somebody is in the register; nobody where several have the name."""
        for address in sorted(one.addresses):
            if address in self.by_address:
                return self.by_address[address]
        same = self.by_name.get(_words(one.name), [])
        return same[0] if len(same) == 1 else None

    def row(self, one: Joined, person: Person | None) -> Attendance | None:
        """Return who somebody is in the list, once; nobody where several may be meant."""
        left = [row for row in self.rows if row.pk not in self.matched]
        same = [row for row in left if person is not None and row.person_id == person.pk]
        same = same or [row for row in left if row.name and _words(row.name) == _words(one.name)]
        if len(same) > 1 and one.organisation:
            place = one.organisation.casefold()
            same = [row for row in same if row.organisation_name.casefold() == place]
        if len(same) != 1:
            return None
        self.matched.add(same[0].pk)
        return same[0]

    def offered(self, one: Joined, match: Attendance | None) -> list[InList]:
        """Return whom of the list somebody may be: all of a short list, of a long one those with a name in common."""
        words = _words(one.name)
        rows = self.rows
        if len(rows) > MOST_OFFERED:
            rows = [row for row in rows if row is match or words & _words(row.name)][:MOST_OFFERED]
        return [_in_list(row) for row in rows]


def _planned(one: Joined, known: _Known, guesser: Guesser, least_minutes: int) -> Planned:
    left_out = one.left_out(least_minutes)
    person = known.person(one)
    match = known.row(one, person) if left_out in {None, LeftOut.SHORT} else None
    place = one.organisation or (place_of(person) if person else "")
    guess = guesser.guess(place)
    return Planned(
        name=one.name,
        organisation=place,
        role=person.role if person else "",
        minutes=one.minutes,
        rows=one.rows,
        match=_in_list(match) if match else None,
        offered=known.offered(one, match),
        person=person.pk if person else None,
        sector=guess.sector or (person.sector if person else ""),
        left_out=left_out,
    )


def _in_list(row: Attendance) -> InList:
    words = ", ".join(filter(None, [row.name, row.role, row.organisation_name]))
    return InList(row.pk, words, Manner.of(row))


def _words(name: str) -> frozenset[str]:
    """Return the parts of a name, whichever comes first: "Meri, Maija" is "Maija Meri"."""
    return frozenset(name.casefold().replace(",", " ").split())


def _spellings(name: str) -> Iterable[str]:
    parts = name.replace(",", " ").split()
    return {" ".join(parts), " ".join([*parts[1:], *parts[:1]]), " ".join([*parts[-1:], *parts[:-1]])}


# --- Saved ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Brought:
    """What came of a report: how many it told of, and of them how many were in the list, new, and left out."""

    read: int
    matched: int
    new: int
    left_out: int


@transaction.atomic
def bring_in(
    negotiation: Negotiation,
    rows: Sequence[int | Entry | None],
    *,
    by: User | None,
    at: datetime | None = None,
) -> Brought:
    """Save what becomes of each row of a report: the id of who it is in the list, somebody new, or nothing.

    Those of the list become present remotely; one who has been marked as present on the spot stays so. Raises
    NotAllowedNow where the list is closed; ValidationError where two rows are made the same person of the list, where
    somebody of it has been removed meanwhile, before the day has come, and for somebody new who is in the list already.
    """
    negotiation = opened(negotiation)
    in_list = [row for row in rows if isinstance(row, int)]
    new = [row for row in rows if isinstance(row, Entry)]
    known = Attendance.objects.filter(negotiation=negotiation, is_head_count=False).in_bulk(in_list)
    for pk, times in Counter(in_list).items():
        if pk not in known:
            raise ValidationError(_("Somebody has been removed from the list meanwhile. Choose the file again."))
        if times > 1:
            raise ValidationError(
                _("Two rows are made the same person: %(who)s. Leave one of them out.") % {"who": known[pk]}
            )
    here = {pk for pk, row in known.items() if row.status == Attendance.Status.PRESENT}
    mark(negotiation, dict.fromkeys((pk for pk in in_list if pk not in here), Manner.REMOTE), by=by, at=at)
    add_people(negotiation, new, by=by, at=at)
    brought = Brought(len(rows), len(in_list), len(new), len(rows) - len(in_list) - len(new))
    record(
        negotiation,
        "report_brought_in",
        by=by,
        at=at,
        read=brought.read,
        matched=brought.matched,
        new=brought.new,
        left_out=brought.left_out,
    )
    return brought


# --- What a preview carries along -------------------------------------------------------------------------------


def seal(negotiation: Negotiation, user: User, planned: Sequence[Planned]) -> str:
    """Return what a preview carries along of its rows, signed for this user and negotiation: no addresses."""
    rows = [
        [
            row.name,
            row.organisation,
            row.role,
            row.minutes,
            row.rows,
            row.match.pk if row.match else None,
            [one.pk for one in row.offered],
            row.person,
            row.sector,
            row.left_out,
        ]
        for row in planned
    ]
    return signing.dumps(rows, salt=_salt(negotiation, user), compress=True)


def unseal(negotiation: Negotiation, user: User, sealed: str) -> list[Planned]:
    """Return what a preview has carried along, with those of the list who are still in it. One query.

    Raises ValidationError for one that is not this user's, has been tampered with, or is older than an hour.
    """
    try:
        rows: list[list[Any]] = signing.loads(sealed, salt=_salt(negotiation, user), max_age=PREVIEW_HOLDS)
    except signing.BadSignature as error:
        raise ValidationError(_("The preview has grown old. Choose the file again.")) from error
    in_list = {row.pk: _in_list(row) for row in Attendance.objects.filter(negotiation=negotiation, is_head_count=False)}
    return [
        Planned(
            name,
            organisation,
            role,
            minutes,
            count,
            in_list.get(match),
            [in_list[pk] for pk in offered if pk in in_list],
            person,
            sector,
            LeftOut(left_out) if left_out else None,
        )
        for name, organisation, role, minutes, count, match, offered, person, sector, left_out in rows
    ]


def _salt(negotiation: Negotiation, user: User) -> str:
    return f"teams:{negotiation.pk}:{user.pk}"
