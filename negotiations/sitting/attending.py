"""Entering who took part: people by name, head counts by sector, core groups, and figures that the source states.

The arithmetic is in sitting/attendance.py. What the checkers of the minutes read is what stays: once minutes have been
sent for checking, their participants are changed only by taking them back to a draft. A head count of nought means
that nobody of the sector came; no head count means that nobody counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities import timewords
from municipalities.events import record
from municipalities.models import County, Municipality, Organisation, Person, Sector, User
from municipalities.moves import NotAllowedNow, locked
from negotiations.models import Attendance, CoreGroup, Minutes, Negotiation, Round, StatedFigure

Status = Attendance.Status
# How many lines of a list are taken at a time; the preview has seven fields a line.
MOST_LINES = 120


# --- Whether it can be changed ----------------------------------------------------------------------------------


def why_closed(negotiation: Negotiation, minutes: Iterable[str]) -> str:
    """Say why the participants cannot be changed now, and who can open them; nothing where they can be.

    `minutes` are the states of the negotiation's minutes.
    """
    states = set(minutes)
    if negotiation.state == Negotiation.State.CANCELLED:
        return _("The negotiation was cancelled, so it has no participants.")
    if Minutes.State.PUBLISHED in states:
        return _("The minutes have been published, so the participants can no longer be changed.")
    if states - {Minutes.State.DRAFT}:
        return _(
            "The minutes have been sent for checking, so the participants cannot be changed."
            " A coordinator can open them by taking the minutes back to a draft."
        )
    return ""


def why_not_yet(negotiation: Negotiation, at: datetime | None = None) -> str:
    """Say why nobody can be present yet; nothing from the day of the negotiation on."""
    if negotiation.earliest <= timezone.localdate(at):
        return ""
    if negotiation.precision == Negotiation.Precision.MONTH:
        return _("The negotiation has not been held yet, so nobody can be marked as present.")
    return _("The negotiation is on %(day)s. Nobody can be marked as present before it.") % {
        "day": timewords.day(negotiation.earliest)
    }


def opened(negotiation: Negotiation) -> Negotiation:
    """Return the negotiation locked, to have its participants changed.

    Raises NotAllowedNow, with the reason and who can open it, unless they can be changed.
    """
    negotiation = locked(negotiation)
    minutes = Minutes.objects.select_for_update().filter(negotiation=negotiation).order_by("pk")
    if reason := why_closed(negotiation, [row.state for row in minutes]):
        raise NotAllowedNow(reason)
    return negotiation


def _require_come(negotiation: Negotiation, at: datetime | None) -> None:
    if reason := why_not_yet(negotiation, at):
        raise ValidationError(reason)


# --- People by name ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """Somebody to be entered: by name, by role alone, or as a person of the register."""

    sector: str
    name: str = ""
    role: str = ""
    organisation_name: str = ""
    municipality: Municipality | None = None
    person: Person | None = None
    status: str = Status.PRESENT

    @property
    def words(self) -> str:
        """The one entered, in words."""
        return self.name or self.role

    @property
    def key(self) -> tuple[str, str, str] | None:
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


@transaction.atomic
def add_people(
    negotiation: Negotiation, entries: Sequence[Entry], *, by: User | None, at: datetime | None = None
) -> list[Attendance]:
    """Enter people: all of them or none.

    Raises NotAllowedNow where the list is closed; ValidationError for somebody who is in it already, for an entry with
    neither a name nor a role, and for somebody present before the day has come.
    """
    negotiation = opened(negotiation)
    entered = Entered.of(negotiation)
    for entry in entries:
        if not entry.words:
            raise ValidationError(_("Give a name or a role."))
        if again := entered.again(entry):
            raise ValidationError(again)
    if any(entry.status == Status.PRESENT for entry in entries):
        _require_come(negotiation, at)
    rows = Attendance.objects.bulk_create(
        Attendance(
            county_id=negotiation.county_id,
            negotiation=negotiation,
            sector=entry.sector,
            status=entry.status,
            person=entry.person,
            name=entry.name,
            role=entry.role,
            organisation_name=entry.organisation_name,
            municipality=entry.municipality,
        )
        for entry in entries
    )
    if rows:
        record(negotiation, "people_added", by=by, at=at, count=len(rows))
    return rows


@transaction.atomic
def change_person(row: Attendance, *, fields: Sequence[str], by: User | None, at: datetime | None = None) -> Attendance:
    """Save a participant that has been changed.

    Raises NotAllowedNow where the list is closed, ValidationError for somebody present before the day has come.
    """
    negotiation = opened(row.negotiation)
    if row.status == Status.PRESENT and "status" in fields:
        _require_come(negotiation, at)
    row.save()
    if fields:
        record(negotiation, "person_changed", by=by, at=at, attendance=row.pk)
    return row


@transaction.atomic
def mark(negotiation: Negotiation, statuses: Mapping[int, str], *, by: User | None, at: datetime | None = None) -> int:
    """Mark people, by the ids of their rows, as present, absent or invited. Returns how many changed.

    Somebody whom another has removed meanwhile stays removed. Raises NotAllowedNow where the list is closed,
    ValidationError for somebody present before the day has come.
    """
    negotiation = opened(negotiation)
    rows = Attendance.objects.filter(negotiation=negotiation, is_head_count=False, pk__in=statuses)
    changed = [row for row in rows if row.status != statuses[row.pk]]
    for row in changed:
        row.status = Status(statuses[row.pk])
    sums = Counter(str(row.status) for row in changed)
    if sums[Status.PRESENT]:
        _require_come(negotiation, at)
    Attendance.objects.bulk_update(changed, ["status"])
    if changed:
        record(negotiation, "people_marked", by=by, at=at, **sums)
    return len(changed)


@transaction.atomic
def remove_person(row: Attendance, *, by: User | None, at: datetime | None = None) -> Entry:
    """Remove somebody from the list. Returns what brings them back. Raises NotAllowedNow where the list is closed."""
    negotiation = opened(row.negotiation)
    entry = Entry(
        sector=row.sector,
        name=row.name,
        role=row.role,
        organisation_name=row.organisation_name,
        municipality=row.municipality,
        person=row.person,
        status=row.status,
    )
    row.delete()
    record(negotiation, "person_removed", by=by, at=at)
    return entry


# --- Head counts ------------------------------------------------------------------------------------------------

Counts = Mapping[str, int | None]


@transaction.atomic
def set_head_counts(negotiation: Negotiation, counts: Counts, *, by: User | None, at: datetime | None = None) -> int:
    """Save the head counts of these sectors, None for not counted; the others stay. Returns how many changed.

    Raises NotAllowedNow where the participants are closed, ValidationError before the day has come.
    """
    return _write(opened(negotiation), _heads([negotiation]), counts, by=by, at=at)


@transaction.atomic
def set_head_counts_of_round(
    round_: Round, counts: Mapping[int, Counts], *, by: User | None, at: datetime | None = None
) -> int:
    """Save head counts of several negotiations of the round, by their ids: all or none. Returns how many changed.

    Raises NotAllowedNow, naming the negotiation, where the participants of one are closed; ValidationError where the
    day of one has not come.
    """
    rows = list(Negotiation.objects.select_for_update(of=("self",)).filter(round=round_, pk__in=counts).order_by("pk"))
    states: dict[int, list[str]] = {row.pk: [] for row in rows}
    minutes = Minutes.objects.select_for_update().filter(negotiation__in=rows).order_by("pk")
    for negotiation, state in minutes.values_list("negotiation_id", "state"):
        states[negotiation].append(state)
    heads = _heads(rows)
    changed = 0
    for row in rows:
        if reason := why_closed(row, states[row.pk]):
            raise NotAllowedNow(f"{row.title}: {reason}")
        changed += _write(row, heads, counts[row.pk], by=by, at=at)
    return changed


def _heads(negotiations: Iterable[Negotiation]) -> dict[tuple[int, str], Attendance]:
    rows = Attendance.objects.filter(negotiation__in=negotiations, is_head_count=True)
    return {(row.negotiation_id, row.sector): row for row in rows}


def _write(
    negotiation: Negotiation,
    heads: Mapping[tuple[int, str], Attendance],
    counts: Counts,
    *,
    by: User | None,
    at: datetime | None,
) -> int:
    told: dict[str, list[int | None]] = {}
    for sector, count in counts.items():
        row = heads.get((negotiation.pk, sector))
        was = row.count if row else None
        if was == count:
            continue
        told[sector] = [was, count]
        if count is None:
            if row:
                row.delete()
        elif row is None:
            Attendance.objects.create(
                county_id=negotiation.county_id,
                negotiation=negotiation,
                sector=Sector(sector),
                is_head_count=True,
                count=count,
            )
        else:
            row.count = count
            row.save(update_fields=["count"])
    if any(now is not None for _was, now in told.values()):
        _require_come(negotiation, at)
    if told:
        record(negotiation, "head_counts_changed", by=by, at=at, changes=told)
    return len(told)


# --- What is known of a round besides ---------------------------------------------------------------------------


@transaction.atomic
def save_core_group(
    group: CoreGroup, attended: Collection[Negotiation], *, by: User | None, at: datetime | None = None
) -> CoreGroup:
    """Save a core group, new or changed, and the negotiations of its round that it attended."""
    locked(group.round)
    verb = "core_group_changed" if group.pk else "core_group_added"
    group.save()
    group.negotiations.set(attended)
    record(group.round, verb, by=by, at=at, core_group=group.pk)
    return group


@transaction.atomic
def remove_core_group(group: CoreGroup, *, by: User | None, at: datetime | None = None) -> None:
    """Remove a core group: its members are then no longer told apart from the attendances."""
    record(group.round, "core_group_removed", by=by, at=at, core_group=group.pk)
    group.delete()


@transaction.atomic
def save_figure(figure: StatedFigure, *, by: User | None, at: datetime | None = None) -> StatedFigure:
    """Save a figure that the source states, new or changed. Its sectors are kept in one order, so that it is once."""
    locked(figure.round)
    verb = "figure_changed" if figure.pk else "figure_added"
    figure.sectors = [sector for sector in Sector.values if sector in figure.sectors]
    figure.save()
    record(figure.round, verb, by=by, at=at, figure=figure.pk)
    return figure


@transaction.atomic
def remove_figure(figure: StatedFigure, *, by: User | None, at: datetime | None = None) -> None:
    """Remove a figure that the source states."""
    record(figure.round, "figure_removed", by=by, at=at, figure=figure.pk)
    figure.delete()


# --- A list that is pasted --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Typed:
    """Somebody as a line of a pasted list tells them."""

    name: str
    role: str = ""
    organisation_name: str = ""


# The first line of a sheet may tell what its columns are.
HEADINGS = frozenset(
    {"nimi", "rooli", "tehtävä", "organisaatio", "taho", "namn", "roll", "uppgift", "organisation"}
    | {"name", "role", "title"}
)
MARKS = re.compile(r"^[•◦▪–—*·\s-]+(?=\S)")


def read_people(text: str) -> list[Typed]:
    """Read a list, one person a line: name, role, organisation, with tab, semicolon or comma between them.

    Tab is what a sheet gives, semicolon what a file of it has; a comma divides only where there is neither. What goes
    beyond the third is of the organisation. Empty lines, marks of lists and a line of headings are left out.
    """
    found = []
    for number, line in enumerate(line for line in text.splitlines() if line.strip()):
        cells = [_unquoted(cell) for cell in _divided(line)]
        if number == 0 and {cell.casefold() for cell in cells if cell} <= HEADINGS:
            continue
        if not any(cells):
            continue
        name, role, *rest = [*cells, ""] if len(cells) < 2 else cells
        found.append(Typed(name, role, ", ".join(cell for cell in rest if cell)))
    return found


def _divided(line: str) -> list[str]:
    for mark in ("\t", ";"):
        if mark in line:
            return line.split(mark)
    return MARKS.sub("", line).split(",")


def _unquoted(cell: str) -> str:
    cell = MARKS.sub("", " ".join(cell.split()))
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        cell = cell[1:-1].replace('""', '"').strip()
    return "" if not cell.strip("•◦▪–—*·-") else cell


# What a name of an organisation tells of its sector, in the order in which it is asked.
WORDS_OF_SECTORS: tuple[tuple[re.Pattern[str], Sector], ...] = tuple(
    (re.compile(words.replace(" ", "|").replace("_", r"\s")), sector)
    for words, sector in (
        (r"vanhusneuvosto vammaisneuvosto nuorisovaltuusto äldreråd funktionshinder ungdomsfull", Sector.INFLUENCING),
        (r"seurakun församling", Sector.PARISH),
        (r"hyvinvointialue välfärdsområde", Sector.COUNTY),
        (r"\bry\b \brf\b \br\.[yf]\. yhdisty järjestö förening", Sector.ORGANISATION),
        (r"\boyj?\b \bab\b \bky\b \btmi\b", Sector.COMPANY),
        (r"\bkunta\b \bkunnan\b \bkaupunki\b \bkaupungin\b \bkommun\b \bstad\b", Sector.MUNICIPALITY),
        (r"kuntayhtym samkommun virasto verket \bkela\b \bfpa\b yliopisto universitet", Sector.PUBLIC),
        (r"korkeakoulu högskola poliisi polisen maakuntaliitto ministeri \bhus\b", Sector.PUBLIC),
    )
)
# A second cell that ends so tells what somebody does, not where.
ROLES = re.compile(
    r"(?:johtaja|edustaja|koordinaattori|päällikkö|jäsen|sihteeri|asiantuntija|suunnittelija|vastaava|valtuutettu"
    r"|herra|pappi|direktör|chef|ordförande|koordinator|representant|ledamot|sekreterare)$"
)


@dataclass(frozen=True)
class Guess:
    """What is guessed of somebody's sector; to be looked at before it is saved."""

    sector: str = ""
    municipality: Municipality | None = None


@dataclass(frozen=True)
class Guesser:
    """Guesses sectors by the county's own municipalities and organisations, and by what names tell."""

    county: str
    municipalities: Sequence[Municipality]
    organisations: Mapping[str, str]

    @classmethod
    def of(cls, county: County) -> Guesser:
        """Return that of a county. Two queries."""
        municipalities = Municipality.objects.filter(county=county).select_related("area").order_by("area__order")
        organisations = Organisation.objects.values_list("name", "sector")
        return cls(
            f"{county.area.name_fi} {county.area.name_sv} {county.short_name}".casefold(),
            list(municipalities),
            {name.casefold(): sector for name, sector in organisations},
        )

    def sorted_out(self, typed: Typed) -> Typed:
        """Return a line of two cells the right way: the second may be an organisation rather than a role."""
        if typed.organisation_name or ROLES.search(typed.role.casefold()) or not self.guess(typed.role).sector:
            return typed
        return Typed(typed.name, "", typed.role)

    def guess(self, organisation: str) -> Guess:
        """Guess the sector by the name of an organisation."""
        name = organisation.casefold().strip()
        if not name:
            return Guess()
        for municipality in self.municipalities:
            if name in {municipality.area.name_fi.casefold(), (municipality.area.name_sv or "").casefold()}:
                return Guess(Sector.MUNICIPALITY, municipality)
        if name in self.organisations:
            return Guess(self.organisations[name])
        if len(name) > 3 and name in self.county:
            return Guess(Sector.COUNTY)
        for words, sector in WORDS_OF_SECTORS:
            if words.search(name):
                return Guess(sector, self._municipality(name) if sector == Sector.MUNICIPALITY else None)
        return Guess()

    def _municipality(self, name: str) -> Municipality | None:
        """Return the municipality whose name, in whatever form, begins the organisation's: "Pihtiputaan kunta"."""
        first = name.split()[0]
        best: tuple[int, Municipality] | None = None
        for municipality in self.municipalities:
            for own in (municipality.area.name_fi, municipality.area.name_sv or ""):
                alike = _alike(first, own.casefold())
                # An ending may change the last letters: Konnevesi, Konneveden; Uurainen, Uuraisten.
                if own and alike >= max(3, len(own) - 3) and (best is None or alike > best[0]):
                    best = (alike, municipality)
        return best[1] if best else None


def _alike(one: str, other: str) -> int:
    """Return how many letters the two begin with in common."""
    for place, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return place
    return min(len(one), len(other))


# --- The register -----------------------------------------------------------------------------------------------


def label_of(person: Person) -> str:
    """Write a person of the register so that one can be told from another: name, role, and for whom."""
    told = person.name
    for words in (person.role, place_of(person)):
        if words and words.casefold() not in told.casefold():
            told += f", {words}"
    return told


def place_of(person: Person) -> str:
    """Return for whom a person speaks, as it is copied into the list."""
    return str(person.municipality or person.organisation or "")


def registered() -> list[Person]:
    """Return the people of the county's register. One query."""
    return list(Person.objects.select_related("municipality__area", "organisation").order_by("name", "pk"))


def of_names(names: Iterable[str], ids: Collection[int] = ()) -> list[Person]:
    """Return the people of the register who have one of these names, in whatever case, or ids. One query."""
    wanted = [name.lower() for name in names if name]
    people = Person.objects.annotate(lower=Lower("name")).filter(Q(lower__in=wanted) | Q(pk__in=ids))
    return list(people.select_related("municipality__area", "organisation").order_by("name", "pk"))
