"""Taking the register in from a spreadsheet: looked at row by row first, then all of it or nothing.

The file is read once. What was read travels with the preview, signed, so that exactly what was shown is saved and
nothing of it stays on the server.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from io import BytesIO
from typing import Any, BinaryIO

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from indicators.workbooks import Outcome, content_of, read_workbook, text_of
from municipalities.events import record
from municipalities.models import County, Municipality, Organisation, Person, PersonContact, Sector, User
from municipalities.register.keeping import lock, organisations_by_name, same_name

MOST_ROWS = 2000
MOST_COLUMNS = 40
PREVIEW_HOLDS = 3600  # seconds

SECTORS = (
    Sector.COUNTY,
    Sector.MUNICIPALITY,
    Sector.PUBLIC,
    Sector.COMPANY,
    Sector.ORGANISATION,
    Sector.PARISH,
    Sector.INFLUENCING,
    Sector.OTHER,
)


@dataclass(frozen=True)
class Column:
    """A column of the spreadsheet: its heading, other headings that mean the same, and the most that fits."""

    key: str
    heading: str | Promise
    also: tuple[str, ...]
    most: int
    required: bool = False


COLUMNS = (
    Column("name", gettext_lazy("Name"), ("nimi", "namn", "name"), 150, required=True),
    Column("role", gettext_lazy("Role"), ("rooli", "tehtävä", "nimike", "roll", "uppgift", "titel", "role"), 150),
    Column("sector", gettext_lazy("Sector"), ("toimijaryhmä", "sektori", "sektor", "sector"), 60),
    Column("municipality", gettext_lazy("Municipality"), ("kunta", "kommun", "municipality"), 80),
    Column(
        "organisation",
        gettext_lazy("Organisation"),
        ("organisaatio", "järjestö", "yhteisö", "organisation", "seurakunta"),
        200,
    ),
    Column("email", gettext_lazy("E-mail"), ("sähköposti", "sähköpostiosoite", "e-post", "e-mail", "email"), 254),
    Column("phone", gettext_lazy("Phone"), ("puhelin", "puhelinnumero", "telefon", "phone"), 40),
)


@dataclass(frozen=True)
class Read:
    """A row as it was in the file, by its number there."""

    number: int
    name: str = ""
    role: str = ""
    sector: str = ""
    municipality: str = ""
    organisation: str = ""
    email: str = ""
    phone: str = ""

    @property
    def is_organisation(self) -> bool:
        """Whether the row is of an organisation alone: it names one, and says nothing of a person."""
        return bool(self.organisation) and not any((self.name, self.role, self.municipality, self.email, self.phone))


OUTCOMES: dict[Outcome, str | Promise] = {
    Outcome.NEW: gettext_lazy("will be added"),
    Outcome.CHANGED: gettext_lazy("will be changed"),
    Outcome.SAME: gettext_lazy("is there already"),
    Outcome.WRONG: gettext_lazy("cannot be taken in"),
}


@dataclass(frozen=True)
class Planned:
    """A row with what becomes of it, and what is wrong or would change, in words."""

    read: Read
    outcome: Outcome
    words: tuple[str, ...] = ()
    person_id: int | None = None
    municipality_id: int | None = None
    sector: str = ""

    @property
    def told(self) -> str | Promise:
        """The outcome in words."""
        return OUTCOMES[self.outcome]


@dataclass(frozen=True)
class Plan:
    """All rows of a file, and the organisations that would be added."""

    rows: tuple[Planned, ...]
    new_organisations: tuple[str, ...] = ()
    counts: Mapping[Outcome, int] = field(default_factory=dict)

    @property
    def organisations_beside(self) -> list[str]:
        """The organisations that would be added because of a person, without a row of their own."""
        own = {same_name(row.read.organisation) for row in self.rows if row.read.is_organisation}
        return [name for name in self.new_organisations if same_name(name) not in own]

    @property
    def is_sound(self) -> bool:
        """Whether it can be saved: some rows, and none of them wrong."""
        return bool(self.rows) and not self.counts.get(Outcome.WRONG)


# --- The file -----------------------------------------------------------------------------------------------------


def read_file(file: BinaryIO, size: int) -> list[Read]:
    """Return the rows of an uploaded xlsx file, whatever its name says; empty rows are left out.

    Raises ValidationError, saying what to do, for what is no spreadsheet, too large, or without the headings.
    """
    sheet = read_workbook(content_of(file, size), most_rows=MOST_ROWS + 2, most_columns=MOST_COLUMNS)
    return _rows(sheet.lines)


def _rows(lines: Sequence[Sequence[Any]]) -> list[Read]:
    headings = [_headings(line) for line in lines[:10]]
    # A list of organisations alone has no names of persons.
    at = next(
        (
            number
            for wanted in ({"name"}, {"organisation", "sector"})
            for number, found in enumerate(headings)
            if wanted <= found.keys()
        ),
        None,
    )
    if at is None:
        raise ValidationError(
            _("No column “%(name)s” was found in the first ten rows. Use the headings of the template: %(headings)s.")
            % {"name": COLUMNS[0].heading, "headings": ", ".join(str(column.heading) for column in COLUMNS)}
        )
    places = _headings(lines[at])
    rows = []
    for number, line in enumerate(lines[at + 1 :], at + 2):
        values = {key: _cell(key, line[place]) if place < len(line) else "" for key, place in places.items()}
        if any(values.values()):
            rows.append(Read(number, **values))
    if len(rows) > MOST_ROWS:
        raise ValidationError(_("There are more than %(most)s rows. Divide the file.") % {"most": MOST_ROWS})
    if not rows:
        raise ValidationError(_("The file has no rows below its headings."))
    return rows


def _headings(line: Sequence[Any]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, value in enumerate(line):
        heading = same_name(text_of(value)).rstrip(":*").strip()
        for column in COLUMNS:
            if heading in column.also and column.key not in places:
                places[column.key] = place
    return places


def _cell(key: str, value: Any) -> str:
    text = text_of(value)
    if key == "phone" and isinstance(value, int | float) and text.isdigit():
        # The spreadsheet took it for a number, and so dropped what every phone number begins with.
        return f"+{text}" if text.startswith("358") else f"0{text}"
    return text


# --- The plan -----------------------------------------------------------------------------------------------------


def plan(county: County, rows: Sequence[Read]) -> Plan:
    """Tell what would become of each row against the register as it is. Five queries, however many rows."""
    municipalities = {
        same_name(name): row
        for row in Municipality.objects.filter(county=county).select_related("area")
        for name in (row.area.name_fi, row.area.name_sv)
        if name
    }
    organisations = organisations_by_name(county)
    people = {
        _key(row.name, row.municipality_id, same_name(row.organisation.name) if row.organisation else ""): row
        for row in Person.objects.filter(county=county).select_related("organisation", "contact")
    }
    sectors = sector_words()
    new_organisations: dict[str, tuple[str, str]] = {}
    seen: dict[object, int] = {}
    planned = []
    for read in rows:
        wrong = list(_wrong(read))
        municipality = municipalities.get(same_name(read.municipality)) if read.municipality else None
        if read.municipality and municipality is None:
            wrong.append(_("“%(name)s” is not a municipality of this county.") % {"name": read.municipality})
        if read.municipality and read.organisation:
            wrong.append(_("Give a municipality or an organisation, not both."))
        stated = sectors.get(same_name(read.sector), "") if read.sector else ""
        if read.sector and not stated:
            wrong.append(
                _("“%(sector)s” is not a sector. Use one of these: %(sectors)s.")
                % {"sector": read.sector, "sectors": ", ".join(str(sector.label) for sector in SECTORS)}
            )
        sector = stated
        if municipality is not None:
            sector = Sector.MUNICIPALITY
        elif read.organisation:
            known = organisations.get(same_name(read.organisation))
            if known is not None:
                sector = known.sector
            elif sector in {Sector.COUNTY, Sector.MUNICIPALITY, ""} and not (read.sector and not stated):
                wrong.append(
                    _("“%(name)s” is not in the register yet. Give its sector, for example organisation or parish.")
                    % {"name": read.organisation}
                )
            elif not wrong:
                key = same_name(read.organisation)
                if new_organisations.setdefault(key, (read.organisation, sector))[1] != sector:
                    wrong.append(
                        _("“%(name)s” has another sector on another row. Give the same one on both.")
                        % {"name": read.organisation}
                    )
        elif not sector and not (read.sector and not stated) and not read.municipality:
            wrong.append(_("Give the municipality, the organisation or the sector."))
        identity = _key(read.name, municipality.pk if municipality else None, same_name(read.organisation))
        if identity in seen and (read.name or read.is_organisation):
            words = (
                _("The same organisation is on row %(row)s too. Keep one of them.")
                if read.is_organisation
                else _("The same person is on row %(row)s too. Keep one of them.")
            )
            wrong.append(words % {"row": seen[identity]})
        seen.setdefault(identity, read.number)
        if read.is_organisation and not wrong:
            planned.append(_planned_organisation(read, organisations.get(same_name(read.organisation)), sector, stated))
            continue
        planned.append(_planned(read, wrong, people.get(identity), sector, municipality.pk if municipality else None))
    return Plan(
        tuple(planned),
        tuple(name for name, _sector in new_organisations.values()),
        Counter(row.outcome for row in planned),
    )


def _planned_organisation(read: Read, known: Organisation | None, sector: str, stated: str) -> Planned:
    if known is None:
        return Planned(read, Outcome.NEW, sector=sector)
    differs = stated and stated != known.sector
    words = (_("Its sector in the register is: %(sector)s.") % {"sector": known.get_sector_display()},)
    return Planned(read, Outcome.SAME, words if differs else (), sector=known.sector)


def _planned(read: Read, wrong: list[str], person: Person | None, sector: str, municipality_id: int | None) -> Planned:
    if wrong:
        return Planned(read, Outcome.WRONG, tuple(wrong))
    if person is None:
        return Planned(read, Outcome.NEW, (), None, municipality_id, sector)
    contact = getattr(person, "contact", None)
    changes = [
        _("%(field)s: %(before)s → %(after)s") % {"field": label, "before": before or "–", "after": after}
        for label, before, after in (
            (_("Role"), person.role, read.role),
            (_("E-mail"), contact.email if contact else "", read.email),
            (_("Phone"), contact.phone if contact else "", read.phone),
        )
        # An empty cell takes nothing away.
        if after and after != before
    ]
    outcome = Outcome.CHANGED if changes else Outcome.SAME
    return Planned(read, outcome, tuple(changes), person.pk, municipality_id, person.sector)


def _wrong(read: Read) -> Iterator[str]:
    for column in COLUMNS:
        value = getattr(read, column.key)
        if column.required and not value and not read.is_organisation:
            yield _("“%(heading)s” is missing.") % {"heading": column.heading}
        if len(value) > column.most:
            yield _("“%(heading)s” is longer than %(most)s characters.") % {
                "heading": column.heading,
                "most": column.most,
            }
    if read.email:
        try:
            validate_email(read.email)
        except ValidationError:
            yield _("“%(email)s” is not an e-mail address. Write it in the form name@example.fi.") % {
                "email": read.email
            }


def _key(name: str, municipality_id: int | None, organisation: str) -> object:
    return same_name(name), municipality_id, organisation


def sector_words() -> dict[str, str]:
    """Return the sectors by what they are called, in every language of the site."""
    words: dict[str, str] = {}
    for language in ("en", "sv", "fi"):
        with override(language):
            words |= {same_name(str(sector.label)): sector.value for sector in SECTORS}
    return words


# --- Saving -------------------------------------------------------------------------------------------------------


def seal(county: County, user: User, shown: Plan) -> str:
    """Return what the preview carries along: the rows and what was said of them, signed for this user and county."""
    rows = [list(asdict(row.read).values()) for row in shown.rows]
    return signing.dumps({"rows": rows, "told": _told(shown)}, salt=_salt(county, user), compress=True)


def unseal(county: County, user: User, sealed: str) -> tuple[list[Read], list[str]]:
    """Return the rows of a preview and what was said of each.

    Raises ValidationError for one that is not this user's, has been tampered with, or is older than an hour.
    """
    try:
        data = signing.loads(sealed, salt=_salt(county, user), max_age=PREVIEW_HOLDS)
    except signing.BadSignature as error:
        raise ValidationError(_("The preview has grown old. Choose the file again.")) from error
    return [Read(*row) for row in data["rows"]], data["told"]


def _salt(county: County, user: User) -> str:
    return f"register-import:{county.pk}:{user.pk}"


def _told(shown: Plan) -> list[str]:
    return [row.outcome.value for row in shown.rows]


@transaction.atomic
def save(county: County, rows: Sequence[Read], told: Sequence[str], *, by: User) -> Plan:
    """Save all rows of a preview, or none.

    Returns the plan that was carried out, its counts those of the preview. Raises ValidationError where a row is
    wrong, or where the register has changed since the preview so that something else would become of a row.
    """
    lock(county)
    shown = plan(county, rows)
    if not shown.is_sound or _told(shown) != list(told):
        raise ValidationError(
            _("The register has changed since the preview. Look at the rows again and take them in then.")
        )
    organisations = organisations_by_name(county)
    for name in shown.new_organisations:
        sector = next(row.sector for row in shown.rows if same_name(row.read.organisation) == same_name(name))
        organisations[same_name(name)] = Organisation.objects.create(county=county, name=name, sector=sector)
    kept_until = timezone.localdate() + timedelta(days=county.contact_retention_days)
    new = [row for row in shown.rows if row.outcome == Outcome.NEW and not row.read.is_organisation]
    people = Person.objects.bulk_create(
        Person(
            county=county,
            name=row.read.name,
            role=row.read.role,
            sector=row.sector,
            municipality_id=row.municipality_id,
            organisation=organisations[same_name(row.read.organisation)] if row.read.organisation else None,
        )
        for row in new
    )
    reached = {person.pk: row.read for person, row in zip(people, new, strict=True)}
    changed = {row.person_id: row.read for row in shown.rows if row.outcome == Outcome.CHANGED}
    known = list(Person.objects.filter(pk__in=[pk for pk in changed if pk]).select_related("contact"))
    before = {person.pk: getattr(person, "contact", None) for person in known}
    for person in known:
        person.role = changed[person.pk].role or person.role
    Person.objects.bulk_update(known, ["role"])
    reached |= {pk: read for pk, read in changed.items() if pk is not None}
    PersonContact.objects.bulk_create(
        (
            PersonContact(
                county=county,
                person_id=pk,
                email=read.email or (contact.email if (contact := before.get(pk)) else ""),
                phone=read.phone or (contact.phone if (contact := before.get(pk)) else ""),
                delete_after=kept_until,
            )
            for pk, read in reached.items()
            if read.email or read.phone
        ),
        update_conflicts=True,
        unique_fields=["person"],
        update_fields=["email", "phone", "delete_after"],
    )
    counts: dict[str, Any] = {outcome.value: shown.counts.get(outcome, 0) for outcome in Outcome}
    record(county, "register_imported", by=by, organisations=len(shown.new_organisations), **counts)
    return shown


def template() -> bytes:
    """Return an empty workbook with the headings and the sectors to choose from, in the language in use."""
    # Takes a while to load, and every start of a process would wait for it.
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.worksheet.datavalidation import DataValidation

    book = Workbook()
    sheet: Any = book.active
    sheet.title = _("People")
    for place, column in enumerate(COLUMNS, 1):
        cell = sheet.cell(1, place, str(column.heading))
        cell.font = Font(bold=True)
        sheet.column_dimensions[cell.column_letter].width = 26
        # As texts, or the noughts that phone numbers begin with are dropped.
        sheet.column_dimensions[cell.column_letter].number_format = "@"
    sheet.freeze_panes = "A2"
    choices = DataValidation(type="list", formula1='"' + ",".join(str(sector.label) for sector in SECTORS) + '"')
    sheet.add_data_validation(choices)
    choices.add(f"C2:C{MOST_ROWS}")
    out = BytesIO()
    book.save(out)
    return out.getvalue()
