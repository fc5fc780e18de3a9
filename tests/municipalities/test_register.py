"""The register: kept by hand, taken in from a spreadsheet all or nothing, doubles merged, contact details purged."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from django_scopes import scope
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from indicators.workbooks import MOST_BYTES, Outcome
from municipalities.models import County, Event, Municipality, Organisation, Person, PersonContact, Sector, User
from municipalities.moves import NotAllowedNow
from municipalities.register import importing
from municipalities.register.importing import COLUMNS, Read, read_file
from municipalities.register.keeping import doubles, merge, purge_contacts, remove, save_person
from negotiations.models import Attendance, Party
from tests.factories import make_negotiation, make_organisation, make_person, make_round

HEADINGS = ("Nimi", "Rooli", "Sektori", "Kunta", "Organisaatio", "Sähköposti", "Puhelin")
IMPORT = "/keski-suomi/osallistujat/tuo/"


def workbook(rows: Sequence[Sequence[Any]], headings: Sequence[str] = HEADINGS) -> bytes:
    """Return an xlsx file of these rows."""
    book = Workbook()
    sheet: Any = book.active
    for row in (headings, *rows):
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(content: bytes) -> list[Read]:
    """Read a file as it is uploaded."""
    return read_file(io.BytesIO(content), len(content))


def upload(content: bytes, name: str = "osallistujat.xlsx") -> dict[str, SimpleUploadedFile]:
    """Return what the page's form is sent with."""
    return {"file": SimpleUploadedFile(name, content)}


# --- Reading ------------------------------------------------------------------------------------------------------


def test_rows_are_read_by_their_headings_wherever_they_are() -> None:
    """In another order, below a title, with other words for the same; empty rows are left out."""
    content = workbook(
        [("Nimi:", "Puhelinnumero", "Tehtävä"), ("Testi Henkilö", 401234567.0, "johtaja"), (None, None, None)],
        headings=("Osallistujat 2026",),
    )
    assert read(content) == [Read(3, name="Testi Henkilö", phone="0401234567", role="johtaja")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "xlsx"),
        (b"Nimi;Rooli\nTesti;x", "xlsx"),
        (b"%PDF-1.7", "xlsx"),
        (b"0" * (MOST_BYTES + 1), "2"),
        (workbook([("Testi",)], headings=("Jotain",)), "Nimi"),
        (workbook([]), "rivej"),
    ],
    ids=["empty", "csv", "pdf", "too large", "no headings", "no rows"],
)
def test_what_is_no_list_is_refused(content: bytes, words: str) -> None:
    """With what to do."""
    with pytest.raises(ValidationError) as refusal:
        read(content)
    assert words.lower() in refusal.value.messages[0].lower()


def test_a_zip_bomb_is_refused_unopened() -> None:
    """A gigabyte of zeros in a megabyte: told from the directory of the zip, nothing is unpacked."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", "<workbook/>")
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 200_000_000)
    content = out.getvalue()
    assert len(content) < MOST_BYTES
    with pytest.raises(ValidationError):
        read(content)


def test_entities_in_the_xml_are_not_opened() -> None:
    """A "billion laughs" inside a workbook is a file that cannot be read."""
    laughs = (
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(8))
        + "]><workbook>&i;</workbook>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook([("Testi",)]))) as whole, zipfile.ZipFile(out, "w") as packed:
        for part in whole.infolist():
            packed.writestr(part.filename, laughs if part.filename == "xl/workbook.xml" else whole.read(part))
    with pytest.raises(ValidationError):
        read(out.getvalue())


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """Never another error."""
    with suppress(ValidationError):
        read(content)


@settings(deadline=None)
@given(
    rows=st.lists(
        st.lists(st.text(max_size=30) | st.integers() | st.floats(allow_nan=False) | st.none(), max_size=8),
        min_size=1,
        max_size=6,
    )
)
def test_any_cells_are_read_or_refused(rows: list[list[Any]]) -> None:
    """Control characters, formulas, numbers: text in the end, and nothing that PostgreSQL would refuse."""
    clean = [[cell.translate(CONTROL) if isinstance(cell, str) else cell for cell in row] for row in rows]
    try:
        found = read(workbook(clean))
    except ValidationError:
        return
    assert all("\x00" not in getattr(row, column.key) for row in found for column in COLUMNS)


# What a workbook cannot hold at all.
CONTROL = dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(55296, 57344), 65534, 65535))


# --- The plan and saving ------------------------------------------------------------------------------------------


@pytest.fixture
def county(in_scope: County, hankasalmi: Municipality) -> County:
    """The county with a municipality and a parish in its register."""
    make_organisation(in_scope)
    return in_scope


def outcomes(county: County, *rows: Read) -> list[Outcome]:
    """Return what would become of the rows."""
    return [row.outcome for row in importing.plan(county, rows).rows]


def test_each_row_is_judged(county: County) -> None:
    """New, there already, changed, wrong: with the reason in words."""
    make_person(county, "Olemassa", role="johtaja")
    rows = (
        Read(2, name="Uusi", municipality="hankasalmi"),
        Read(3, name="olemassa  ", sector="Hyvinvointialue", role="johtaja"),
        Read(4, name="Seurakuntalainen", organisation="HANKASALMEN seurakunta"),
        Read(5, name="Yhdistyksen edustaja", organisation="Uusi yhdistys", sector="järjestö"),
        Read(6, name="Kuka", municipality="Helsinki"),
        Read(7, name="Missä", organisation="Tuntematon"),
        Read(8, name="", role="x", sector="muu"),
        Read(9, name="Sähköinen", sector="muu", email="ei osoite"),
        Read(10, name="Uusi", municipality="Hankasalmi"),
        Read(11, name="Molemmat", municipality="Hankasalmi", organisation="Hankasalmen seurakunta"),
        Read(12, name="x" * 151, sector="muu"),
        Read(13, name="Ei mistään"),
        Read(14, name="Väärä", sector="avaruus"),
    )
    plan = importing.plan(county, rows)
    found = [row.outcome for row in plan.rows]
    assert found[:4] == [Outcome.NEW, Outcome.SAME, Outcome.NEW, Outcome.NEW]
    assert set(found[4:]) == {Outcome.WRONG}
    assert all(row.words for row in plan.rows if row.outcome == Outcome.WRONG)
    assert plan.new_organisations == ("Uusi yhdistys",)
    assert sum(plan.counts.values()) == len(rows)
    assert not plan.is_sound


def test_a_plan_costs_the_same_for_one_row_and_for_many(
    county: County, django_assert_num_queries: Callable[..., Any]
) -> None:
    """Three queries."""
    for count in (1, 50):
        rows = [Read(n, name=f"Henkilö {n}", sector="muu") for n in range(2, count + 2)]
        with django_assert_num_queries(3):
            importing.plan(county, rows)


def test_two_thousand_rows_are_saved_in_a_few_queries(
    county: County, coordinator: User, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    """Bulk paths for bulk data."""
    rows = [Read(n, name=f"Henkilö {n}", sector="muu", email=f"h{n}@example.fi") for n in range(2, 2002)]
    with django_assert_max_num_queries(20):
        importing.save(county, rows, ["new"] * 2000, by=coordinator)
    assert (Person.objects.count(), PersonContact.objects.count()) == (2000, 2000)


def test_an_upload_is_previewed_and_then_saved_whole(
    county: County, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """Counts of the preview, of the message and of the database are the same; nothing is saved before."""
    known = make_person(county, "Olemassa")
    save_person(known, email="vanha@example.fi", phone="1", by=coordinator)
    client = client_for(coordinator)
    content = workbook(
        [
            ("Olemassa", "päällikkö", "hyvinvointialue", None, None, "uusi@example.fi", None),
            ("Uusi Henkilö", "koordinaattori", None, "Hankasalmi", None, "u@example.fi", None),
            ("Järjestön edustaja", None, "järjestö", None, "Uusi yhdistys", None, None),
        ]
    )
    preview = client.post(IMPORT, upload(content))
    assert preview.status_code == 200
    assert Person.objects.count() == 1
    assert {outcome: count for outcome, _words, count in preview.context["counts"]} == {
        Outcome.NEW: 2,
        Outcome.CHANGED: 1,
        Outcome.SAME: 0,
        Outcome.WRONG: 0,
    }
    done = client.post(IMPORT, {"rows": preview.context["sealed"]}, follow=True)
    assert done.status_code == 200
    assert Person.objects.count() == 3
    known.refresh_from_db()
    assert (known.role, known.contact.email, known.contact.phone) == ("päällikkö", "uusi@example.fi", "1")
    assert Organisation.objects.get(name="Uusi yhdistys").sector == Sector.ORGANISATION
    event = Event.objects.get(verb="register_imported")
    assert event.payload == {"new": 2, "changed": 1, "same": 0, "wrong": 0, "organisations": 1}
    # Sent twice, nothing comes twice.
    again = client.post(IMPORT, {"rows": preview.context["sealed"]})
    assert again.status_code == 409
    assert Person.objects.count() == 3


def test_organisations_without_people_come_in_too(
    county: County, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """A list of them alone, with what is known already and what is there twice; and among people."""
    client = client_for(coordinator)
    rows = [("Uusi yhdistys", "järjestö"), ("hankasalmen  SEURAKUNTA", "järjestö"), ("Toinen ry", "järjestö")]
    twice = workbook([*rows, ("toinen ry", "järjestö")], headings=("Organisaatio", "Toimijaryhmä"))
    assert client.post(IMPORT, upload(twice)).status_code == 422
    preview = client.post(IMPORT, upload(workbook(rows, headings=("Organisaatio", "Toimijaryhmä"))))
    plan = preview.context["plan"]
    assert [row.outcome for row in plan.rows] == [Outcome.NEW, Outcome.SAME, Outcome.NEW]
    assert plan.rows[1].words and not plan.organisations_beside
    client.post(IMPORT, {"rows": preview.context["sealed"]})
    assert not Person.objects.exists()
    assert set(Organisation.objects.values_list("name", "sector")) == {
        ("Hankasalmen seurakunta", Sector.PARISH),
        ("Uusi yhdistys", Sector.ORGANISATION),
        ("Toinen ry", Sector.ORGANISATION),
    }
    among = workbook([(None, None, "järjestö", None, "Kolmas ry"), ("Edustaja", None, "järjestö", None, "Kolmas ry")])
    preview = client.post(IMPORT, upload(among))
    client.post(IMPORT, {"rows": preview.context["sealed"]})
    assert Person.objects.get().organisation == Organisation.objects.get(name="Kolmas ry")
    # Somebody of whom there is more than an organisation has a name.
    assert client.post(IMPORT, upload(workbook([(None, "johtaja", None, None, "Kolmas ry")]))).status_code == 422


def test_one_wrong_row_keeps_all_out(county: County, coordinator: User, client_for: Callable[..., Client]) -> None:
    """And there is no button to press."""
    content = workbook([("Hyvä", None, "muu"), ("Huono", None, "avaruus")])
    preview = client_for(coordinator).post(IMPORT, upload(content))
    assert preview.status_code == 422
    assert not preview.context["sealed"]
    assert not Person.objects.exists()


def test_what_was_previewed_cannot_be_changed_or_borrowed(
    county: County, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """It is signed for the user who saw it."""
    client = client_for(coordinator)
    sealed = client.post(IMPORT, upload(workbook([("Uusi", None, "muu")]))).context["sealed"]
    for rows in (sealed[:-2], "x", "", sealed.replace(":", "x", 1)):
        answer = client.post(IMPORT, {"rows": rows})
        assert answer.status_code == 302 and answer.headers["Location"] == IMPORT
    assert not Person.objects.exists()


def test_the_template_can_be_filled_in_and_taken_in(
    county: County, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """A round trip, in each language."""
    client = client_for(coordinator)
    for number, language in enumerate(("fi", "sv", "en")):
        client.cookies["language"] = language
        book = load_workbook(io.BytesIO(client.get(IMPORT + "pohja.xlsx").content))
        sheet: Any = book.active
        sheet.append([f"Henkilö {number}", "rooli", None, "Hankasalmi"])
        out = io.BytesIO()
        book.save(out)
        assert [row.municipality for row in read(out.getvalue())] == ["Hankasalmi"]


# --- By hand ------------------------------------------------------------------------------------------------------


def test_a_persons_place_tells_the_sector(county: County, coordinator: User, client_for: Callable[..., Client]) -> None:
    """A municipality or an organisation does; without either the sector is asked for."""
    client = client_for(coordinator)
    path = "/keski-suomi/henkilot/uusi/"
    parish = Organisation.objects.get()
    hankasalmi = Municipality.objects.get()
    assert client.post(path, {"name": "A", "organisation": parish.pk, "email": "a@example.fi"}).status_code == 302
    assert client.post(path, {"name": "B", "municipality": hankasalmi.pk}).status_code == 302
    assert client.post(path, {"name": "C"}).status_code == 422
    assert client.post(path, {"name": "D", "municipality": hankasalmi.pk, "organisation": parish.pk}).status_code == 422
    assert client.post(path, {"name": "E", "sector": "organisation_or_parish"}).status_code == 422
    assert dict(Person.objects.values_list("name", "sector")) == {"A": Sector.PARISH, "B": Sector.MUNICIPALITY}
    person = Person.objects.get(name="A")
    assert person.contact.delete_after == timezone.localdate() + timedelta(days=county.contact_retention_days)
    edited = client.post(f"/keski-suomi/henkilot/{person.pk}/", {"name": "A", "organisation": parish.pk, "email": ""})
    assert edited.status_code == 302
    assert not PersonContact.objects.exists()


def test_one_of_three_says_whom_a_person_speaks_for(
    county: County, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """None of the three is called optional; the county's own people speak for the county by its name."""
    client = client_for(coordinator)
    form = client.get("/keski-suomi/henkilot/uusi/").content.decode()
    whom = form[form.index("Ketä henkilö edustaa") : form.index("Yhteystiedot")]
    assert "Valitse yksi: kunta, organisaatio tai toimijaryhmä." in whom and "vapaaehtoinen" not in whom
    make_person(county, "Järjestelypäällikkö")
    make_person(county, "Kirkkoherra", sector=Sector.PARISH)
    rows = client.get("/keski-suomi/osallistujat/").context["table"].rows
    assert [(row.name, row.place) for row in rows] == [("Järjestelypäällikkö", str(county)), ("Kirkkoherra", "")]
    assert str(county) in client.get("/keski-suomi/osallistujat/?vie=csv").content.decode()


def test_an_organisations_sector_is_its_peoples(
    county: County, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """Changed at once for all of them."""
    parish = Organisation.objects.get()
    person = make_person(county, organisation=parish, sector=parish.sector)
    sent = {"name": parish.name, "sector": Sector.ORGANISATION}
    assert client_for(coordinator).post(f"/keski-suomi/organisaatiot/{parish.pk}/", sent).status_code == 302
    person.refresh_from_db()
    assert person.sector == Sector.ORGANISATION


def test_merged_all_that_referred_to_the_double_refers_to_the_other(
    county: County, coordinator: User, hankasalmi: Municipality
) -> None:
    """Attendances and contact details of a person; people and parties of an organisation."""
    negotiation = make_negotiation(make_round(county), [hankasalmi])
    stays, double = make_person(county, "Sama"), make_person(county, "sama", role="johtaja")
    save_person(double, email="sama@example.fi", phone="", by=coordinator)
    Attendance.objects.create(county=county, negotiation=negotiation, sector="county", person=double, name="sama")
    merge(double, stays, by=coordinator)
    stays.refresh_from_db()
    assert (stays.role, stays.contact.email) == ("johtaja", "sama@example.fi")
    assert Attendance.objects.get().person == stays
    assert Person.objects.get() == stays

    parish, same = Organisation.objects.get(), make_organisation(county, "Hankasalmen srk")
    Party.objects.create(county=county, negotiation=negotiation, organisation=same)
    make_person(county, "Kirkkoherra", organisation=same, sector=same.sector)
    merge(same, parish, by=coordinator)
    assert Party.objects.filter(organisation=parish).exists()
    assert Person.objects.get(name="Kirkkoherra").organisation == parish


def test_doubles_are_merged_on_their_page(county: County, coordinator: User, client_for: Callable[..., Client]) -> None:
    """A person and an organisation: the page offers the others of the county, and one is left."""
    client = client_for(coordinator)
    stays, double = make_person(county, "Aino"), make_person(county, "Aino", role="johtaja")
    parish, same = Organisation.objects.get(), make_organisation(county, "Hankasalmen srk")
    for path, into in ((f"henkilot/{double.pk}", stays), (f"organisaatiot/{same.pk}", parish)):
        page = client.get(f"/keski-suomi/{path}/yhdista/")
        assert f'<option value="{into.pk}"' in page.content.decode()
        assert client.post(f"/keski-suomi/{path}/yhdista/", {"into": into.pk}).status_code == 302
    assert Person.objects.get() == stays
    assert Organisation.objects.get() == parish


def test_before_merging_it_is_told_what_moves(
    county: County, coordinator: User, hankasalmi: Municipality, client_for: Callable[..., Client]
) -> None:
    """How much of what, and that there is no way back: of a person, and of an organisation."""
    client, negotiation = client_for(coordinator), make_negotiation(make_round(county), [hankasalmi])
    parish, person = Organisation.objects.get(), make_person(county, "Kirkkoherra")
    paths = f"/keski-suomi/henkilot/{person.pk}/yhdista/", f"/keski-suomi/organisaatiot/{parish.pk}/yhdista/"
    for path in paths:
        assert "Muuta siirrettävää ei ole. Yhdistämistä ei voi perua." in client.get(path).content.decode()
    Attendance.objects.create(county=county, negotiation=negotiation, sector="county", person=person, name="x")
    Party.objects.create(county=county, negotiation=negotiation, organisation=parish)
    for number in range(2):
        make_person(county, f"Henkilö {number}", organisation=parish, sector=parish.sector)
    told = "Siirtyy: 1 osallistuminen neuvotteluun.", "Siirtyy: 1 neuvottelu osapuolena, 2 henkilöä."
    for path, words in zip(paths, told, strict=True):
        assert words in client.get(path).content.decode()


def test_two_who_were_in_the_same_negotiation_are_not_merged(
    county: County, coordinator: User, hankasalmi: Municipality
) -> None:
    """They would be counted once where two were counted: the refusal says what to do, and nothing has changed."""
    negotiation = make_negotiation(make_round(county), [hankasalmi])
    one, other = make_person(county, "Sama"), make_person(county, "sama")
    for person in (one, other):
        Attendance.objects.create(
            county=county, negotiation=negotiation, sector="county", person=person, name=person.name
        )
    with pytest.raises(NotAllowedNow):
        merge(one, other, by=coordinator)
    with pytest.raises(NotAllowedNow):
        merge(one, one, by=coordinator)


def test_a_removed_persons_name_stays_in_the_negotiation(
    county: County, coordinator: User, hankasalmi: Municipality
) -> None:
    """And an organisation that is a party is not removed."""
    negotiation = make_negotiation(make_round(county), [hankasalmi])
    person, parish = make_person(county, "Osallistuja"), Organisation.objects.get()
    Attendance.objects.create(county=county, negotiation=negotiation, sector="county", person=person, name=person.name)
    remove(person, by=coordinator)
    assert Attendance.objects.get().name == "Osallistuja"
    Party.objects.create(county=county, negotiation=negotiation, organisation=parish)
    with pytest.raises(NotAllowedNow):
        remove(parish, by=coordinator)


def test_doubles_are_found_by_name_and_place_or_by_address(county: County, coordinator: User) -> None:
    """Each person once."""
    a, b = make_person(county, "Sama Nimi"), make_person(county, "sama  nimi")
    c, d = make_person(county, "Eri"), make_person(county, "Toinen")
    make_person(county, "Sama nimi", municipality=Municipality.objects.get(), sector=Sector.MUNICIPALITY)
    for person in (c, d):
        save_person(person, email="Yhteinen@example.fi", phone="", by=coordinator)
    found = doubles(Person.objects.select_related("contact").order_by("pk"))
    assert found == [[a, b], [c, d]]


def test_contact_details_go_when_their_day_has_passed(county: County, coordinator: User) -> None:
    """The person stays."""
    person = make_person(county)
    save_person(person, email="x@example.fi", phone="", by=coordinator, today=date(2024, 1, 1))
    kept = date(2024, 1, 1) + timedelta(days=county.contact_retention_days)
    assert purge_contacts(kept) == 0
    assert purge_contacts(kept + timedelta(days=1)) == 1
    assert Person.objects.count() == 1


@pytest.mark.parametrize("path", ["osallistujat/", "organisaatiot/", "osallistujat/kaksoiskappaleet/"])
def test_a_list_costs_the_same_for_one_row_and_for_three(
    path: str,
    county: County,
    coordinator: User,
    client_for: Callable[..., Client],
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    """At most twelve queries, and none a row."""
    client = client_for(coordinator)
    costs = []
    for number in range(3):
        organisation = make_organisation(county, f"Yhdistys {number}", Sector.ORGANISATION)
        person = make_person(county, f"Henkilö {number}", organisation=organisation, sector=Sector.ORGANISATION)
        save_person(person, email=f"h{number}@example.fi", phone="", by=None)
        with django_assert_max_num_queries(12) as queries:
            assert client.get(f"/keski-suomi/{path}").status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[2]


def test_the_exported_register_carries_contact_details(
    county: County, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """As the coordinator needs them; a name that looks like a formula stays text."""
    person = make_person(county, '=HYPERLINK("http://x")')
    save_person(person, email="x@example.fi", phone="+358 40 1", by=coordinator)
    answer = client_for(coordinator).get("/keski-suomi/osallistujat/?vie=xlsx")
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    sheet: Any = load_workbook(io.BytesIO(content)).active
    cells = {cell.value: cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row}
    assert cells['=HYPERLINK("http://x")'] == "s" and "x@example.fi" in cells


def test_another_countys_register_is_not_seen(
    county: County, keski_uusimaa: County, outsider: User, client_for: Callable[..., Client]
) -> None:
    """Not on the page, nor in the choices of a form."""
    make_person(county, "Salainen")
    with scope(county=keski_uusimaa):
        other = make_person(keski_uusimaa, "Oma")
    client = client_for(outsider)
    assert "Salainen" not in client.get("/keski-uusimaa/osallistujat/").content.decode()
    assert "Salainen" not in client.get(f"/keski-uusimaa/henkilot/{other.pk}/yhdista/").content.decode()
