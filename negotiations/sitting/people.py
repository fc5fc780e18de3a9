"""Who is meant: lists of people that are pasted, what an organisation's name tells of its sector, and the register."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.db.models.functions import Lower

from municipalities.models import County, Municipality, Organisation, Person, Sector

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


# How many of the register are offered as one types, and looked through for the one chosen.
MOST_SUGGESTED, MOST_NAMED = 12, 100

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


def named(label: str) -> list[Person]:
    """Return the people of the register who may be meant by a label: those with whose name it begins. One query."""
    first = label.split(",")[0].strip()
    people = Person.objects.filter(name__istartswith=first) if first else Person.objects.none()
    return list(people.select_related("municipality__area", "organisation").order_by("name", "pk")[:MOST_NAMED])


def suggested(typed: str) -> list[str]:
    """Return people of the register in whose names what was typed stands, as they are chosen. One query."""
    words = typed.split()[:5]
    people = Person.objects.all() if words else Person.objects.none()
    for word in words:
        people = people.filter(name__icontains=word)
    shown = people.select_related("municipality__area", "organisation").order_by("name", "pk")[:MOST_SUGGESTED]
    return [label_of(person) for person in shown]
