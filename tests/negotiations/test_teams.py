"""Attendance reports of Teams: whatever form they come in, put beside the list row by row, and saved whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from unittest.mock import Mock, patch

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from municipalities.models import County, Municipality, Person, PersonContact, Sector, User
from negotiations.log import log_of
from negotiations.models import Attendance, Negotiation
from negotiations.sitting import teams
from negotiations.sitting.attending import add_people, mark, remove_person
from negotiations.sitting.entries import Entry, Manner
from negotiations.sitting.teams import MOST_PEOPLE, Joined, LeftOut, moment_of, read_report, seconds_of
from negotiations.sitting.teams_matching import bring_in, plan
from tests.factories import make_held, make_negotiation, make_person, make_round
from tests.negotiations.teams_reports import (
    COMINGS,
    ENGLISH,
    FINNISH,
    FLAT,
    SWEDISH,
    UNKNOWN,
    Row,
    as_teams,
    person,
    report,
)

Status = Attendance.Status

# --- Read -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [ENGLISH, FINNISH, SWEDISH, UNKNOWN])
@pytest.mark.parametrize("divider", ["\t", ",", ";"])
def test_a_report_is_read_in_any_language(words: tuple[Row, ...], divider: str) -> None:
    """The second section and nothing else; guests without the mark of it, and the organisation that a name tells."""
    people = [
        person("Meri Maija (Joutsa)", "1h 40m 5s", "Maija@Joutsa.example"),
        person("Olli Oja (Guest)", "45 min 3 s"),
        person("Liisa Lahti (Hankasalmi) (Vieras)", "1 tim 2 min"),
        person("Ulla, jäsen", "59s"),
    ]
    found = read_report(as_teams(report(people, words, divider=divider)))
    assert [(one.name, one.organisation, one.seconds, one.is_guest) for one in found] == [
        ("Meri Maija", "Joutsa", 6005, False),
        ("Olli Oja", "", 2703, True),
        ("Liisa Lahti", "Hankasalmi", 3720, True),
        ("Ulla, jäsen", "", 59, False),
    ]
    assert found[0].addresses == {"maija@joutsa.example"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_a_report_is_read_in_any_encoding(encoding: str) -> None:
    """With or without a mark at its beginning."""
    found = read_report(report([person("Äijälä Åke")], FINNISH).encode(encoding))
    assert [one.name for one in found] == ["Äijälä Åke"]


def test_a_report_of_very_many_is_refused_at_once() -> None:
    """Each line is compared with those alone that it may be the same as."""
    lines = "".join(f"Osallistuja {number}\to{number}@example.fi\n" for number in range(19_000))
    compared = Mock(wraps=teams._same)
    with patch.object(teams, "_same", compared), pytest.raises(ValidationError, match=r"19\s?000"):
        read_report(f"Nimi\tSähköposti\n{lines}".encode())
    # Each with all the others were nearly two hundred million times, which takes minutes.
    assert compared.call_count < 19_000


def test_the_older_forms_are_read() -> None:
    """A table of participants, and one of comings and goings: who did not leave was there to the end."""
    assert [(one.name, one.minutes) for one in read_report(FLAT.encode())] == [("Meri, Maija", 100), ("Olli Oja", 45)]
    assert [(one.name, one.minutes, one.rows) for one in read_report(COMINGS.encode())] == [
        ("Maija Meri", 30, 2),
        ("Olli Oja", 52, 3),
        ("Liisa Lahti", 30, 2),
    ]


def test_who_joined_several_times_is_once() -> None:
    """By the address, or by the name where no two addresses tell them apart."""
    people = [
        person("Maija Meri", "10m", "maija@joutsa.example"),
        person("Maija Meri (Guest)", "20m"),
        person("M. Meri", "5m", "MAIJA@joutsa.example"),
        person("Olli Oja (Joutsa)", "10m"),
        person("Olli Oja (Luhanka)", "10m"),
        person("Liisa", "10m", "liisa@a.example"),
        person("Liisa", "10m", "liisa@b.example"),
    ]
    found = read_report(as_teams(report(people)))
    assert [(one.name, one.minutes, one.rows) for one in found] == [
        ("Maija Meri", 35, 3),
        ("Olli Oja", 10, 1),
        ("Olli Oja", 10, 1),
        ("Liisa", 10, 1),
        ("Liisa", 10, 1),
    ]
    assert sum(one.rows for one in found) == len(people)


@pytest.mark.parametrize(
    ("name", "seconds", "why"),
    [
        ("Maija Meri", 300, None),
        ("Maija Meri", None, None),
        ("Maija Meri", 299, LeftOut.SHORT),
        ("+358 40 123 4567", 3000, LeftOut.PHONE),
        ("0401234567", None, LeftOut.PHONE),
        ("+35840*****12", 3000, LeftOut.PHONE),
        ("Read.ai Meeting Notes", 3000, LeftOut.BOT),
        ("Kokousbotti botti", 3000, LeftOut.BOT),
        ("Maijan Notetaker", 3000, LeftOut.BOT),
        ("Abbot Costello", 3000, None),
    ],
)
def test_who_is_left_out_and_why(name: str, seconds: int | None, why: LeftOut | None) -> None:
    """A number of a phone, a program, and who was there only for a moment; where the report does not tell, nobody."""
    assert Joined(name, seconds=seconds).left_out(5) == why


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 50,
        b"\xff\xfe\x00",
        b"PK\x03\x04zip",
        b"Name\n",
        b"Nimi;Ik\xc3\xa4\nMaija;5",
        b'Name\tEmail\n"' + b"x" * 200_000,
        report([]).encode(),
        b"Name\tRole\n" + b"\t\n" * 30_000,
        b"Name\tRole\n" + b"".join(b"H%d\tx\n" % number for number in range(MOST_PEOPLE + 1)),
        b"Name\tRole\n" + b"x" * (2 * 1024 * 1024),
    ],
)
def test_what_is_no_report_is_refused_in_words(content: bytes) -> None:
    """Never a failure, and always what to do."""
    with pytest.raises(ValidationError) as refusal:
        read_report(content)
    assert len(refusal.value.messages[0]) > 20


@given(content=st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_anything_can_be_sent_as_a_report(content: bytes) -> None:
    """Read or refused, never a failure."""
    for bytes_ in (content, b"Name\tRole\tDuration\n" + content):
        try:
            found = read_report(bytes_)
        except ValidationError:
            continue
        assert all(one.name for one in found)


CELL = st.text(st.characters(categories=["L"]), min_size=1, max_size=12)


@given(names=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=15, unique_by=lambda one: " ".join(one).casefold()))
def test_no_row_of_a_report_is_lost(names: list[tuple[str, str]]) -> None:
    """As many rows are told as were read, whatever the names."""
    people = [person(" ".join(name), "7m") for name in names]
    found = read_report(as_teams(report([*people, *people])))
    assert sum(one.rows for one in found) == 2 * len(people)


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("1h 5m 3s", 3903),
        ("1 t 5 min 3 s", 3903),
        ("1 tim 5 min", 3900),
        ("65 min", 3900),
        ("2 tuntia", 7200),
        ("1:05:03", 3903),
        ("12 sek", 12),
        ("", None),
        ("pitkään", None),
    ],
)
def test_durations_in_any_language(words: str, seconds: int | None) -> None:
    """As Teams writes them; nothing where they tell nothing."""
    assert seconds_of(words) == seconds


@pytest.mark.parametrize(
    ("first", "second", "minutes"),
    [
        ("12/1/26, 8:58:12 AM", "12/1/26, 1:58:12 PM", 300),
        ("1.12.2026 klo 8.58.12", "1.12.2026 klo 9.58.12", 60),
        ("2026-12-01 08:58:12", "2026-12-01 09:08:12", 10),
        ("13/12/2026, 11:59:00 pm", "14/12/2026, 12:01:00 am", 2),
    ],
)
def test_moments_in_any_language(first: str, second: str, minutes: int) -> None:
    """Two of one meeting are as far from each other as they were."""
    begun, ended = moment_of(first), moment_of(second)
    assert begun and ended and ended - begun == timedelta(minutes=minutes)
    assert moment_of("99.99.9999 klo 99.99") is None and moment_of("eilen") is None


# --- Put beside the list ----------------------------------------------------------------------------------------


@pytest.fixture
def held(in_scope: County, hankasalmi: Municipality, joutsa: Municipality, coordinator: User) -> Negotiation:
    """A negotiation that was held."""
    return make_held(make_round(in_scope), [hankasalmi, joutsa], by=coordinator)


def entered(negotiation: Negotiation, entries: Sequence[Entry], by: User) -> list[int]:
    """Enter people, and return the ids of their rows."""
    return [row.pk for row in add_people(negotiation, entries, by=by)]


def invited(name: str, **fields: object) -> Entry:
    """Return somebody who was invited for a municipality."""
    return Entry(Sector.MUNICIPALITY, name, status=Status.INVITED, **fields)  # type: ignore[arg-type]


def with_address(county: County, name: str, email: str, **fields: object) -> Person:
    """Make a person of the register with an address."""
    person_ = make_person(county, name, **fields)
    PersonContact.objects.create(county=county, person=person_, email=email, delete_after=date(2030, 1, 1))
    return person_


def test_people_are_known_by_address_and_by_name(
    held: Negotiation, in_scope: County, joutsa: Municipality, coordinator: User
) -> None:
    """Whichever name comes first; a namesake only where the organisation tells which; each of the list once."""
    pia = with_address(in_scope, "Pia Piha", "pia.piha@joutsa.example", sector=Sector.MUNICIPALITY, municipality=joutsa)
    of_register = with_address(in_scope, "Reijo Ranta", "reijo@x.example", role="johtaja", sector=Sector.PARISH)
    entries = [
        invited("", role="sivistysjohtaja", person=pia),
        invited("Maija Meri"),
        invited("Kari Kivi", organisation_name="Joutsa"),
        invited("Kari Kivi", organisation_name="Luhanka"),
    ]
    role, maija, kari, other = entered(held, entries, coordinator)
    people = [
        Joined("P. Piha", addresses=frozenset({"pia.piha@joutsa.example"})),
        Joined("Meri, Maija"),
        Joined("Maija Meri"),
        Joined("Kari Kivi", organisation="Joutsa"),
        Joined("Kari Kivi"),
        Joined("Reijo", addresses=frozenset({"reijo@x.example"})),
        Joined("Outi Outo", organisation="Joutsan seurakunta", seconds=30),
        Joined("+358401234567"),
    ]
    planned = plan(held, in_scope, people, least_minutes=5)
    assert [row.match.pk if row.match else None for row in planned] == [
        role,
        maija,
        None,
        kari,
        other,
        None,
        None,
        None,
    ]
    assert (planned[5].person, planned[5].role, planned[5].sector) == (of_register.pk, "johtaja", Sector.PARISH)
    assert (planned[6].sector, planned[6].left_out) == (Sector.PARISH, LeftOut.SHORT)
    assert planned[7].left_out == LeftOut.PHONE
    assert {one.pk for one in planned[2].offered} == {role, maija, kari, other}


def test_what_is_read_adds_up(held: Negotiation, coordinator: User) -> None:
    """Rows are in the list, new or left out; who was on the spot stays so, and an absent one came after all."""
    maija, olli, pirjo = entered(held, [invited("Maija"), invited("Olli"), invited("Pirjo")], coordinator)
    mark(held, {maija: Manner.PRESENT, olli: Manner.ABSENT}, by=coordinator)
    new = Entry(Sector.OTHER, "Uusi", is_remote=True)
    brought = bring_in(held, [maija, olli, None, new], by=coordinator)
    assert (brought.read, brought.matched, brought.new, brought.left_out) == (4, 2, 1, 1)
    rows = Attendance.objects.filter(negotiation=held)
    assert {str(row): Manner.of(row) for row in rows} == {
        "Maija": Manner.PRESENT,
        "Olli": Manner.REMOTE,
        "Pirjo": Manner.INVITED,
        "Uusi": Manner.REMOTE,
    }
    with translation.override("en"):
        assert "4 people, of whom 2 were in the list, 1 were added and 1 left out" in log_of([held])[-1].words
    refused: list[list[int | Entry | None]] = [
        [pirjo, pirjo],
        [pirjo, 999_999],
        [pirjo, new],
        [pirjo, Entry(Sector.OTHER)],
    ]
    for wrong in refused:
        with pytest.raises(ValidationError):
            bring_in(held, wrong, by=coordinator)
    assert Manner.of(Attendance.objects.get(pk=pirjo)) == Manner.INVITED


def test_as_many_questions_for_one_as_for_many(held: Negotiation, in_scope: County, coordinator: User) -> None:
    """Looked at and saved."""
    counts = []
    for number in (1, 30):
        names = [f"Henkilö {number} {n}" for n in range(number)]
        rows = entered(held, [invited(name) for name in names], coordinator)
        people = [Joined(name, addresses=frozenset({f"{name}@x.example"})) for name in names]
        with CaptureQueriesContext(connection) as queries:
            plan(held, in_scope, people, least_minutes=5)
            bring_in(held, [*rows, Entry(Sector.OTHER, f"Uusi {number}")], by=coordinator)
        counts.append(len(queries))
    assert counts[0] == counts[1], counts


# --- The pages --------------------------------------------------------------------------------------------------


def path(name: str, pk: int) -> str:
    """Return an address in the county."""
    return reverse(name, args=["keski-suomi", pk])


def sent(content: bytes, name: str = "raportti.csv", minutes: str = "5") -> dict[str, object]:
    """Return what the first page sends."""
    return {"file": SimpleUploadedFile(name, content), "least_minutes": minutes}


def test_a_report_is_looked_at_and_saved_whole(
    held: Negotiation, in_scope: County, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """What is guessed can be changed by row; a row that lacks something keeps all out; addresses are kept nowhere."""
    with_address(in_scope, "Pia Piha", "pia@joutsa.example")
    maija, olli = entered(held, [invited("Maija Meri"), invited("Olli Oja")], coordinator)
    client, address = client_for(coordinator), path("negotiation_teams", held.pk)
    assert client.get(address).status_code == 200
    people = [
        person("Meri Maija"),
        person("Pia Piha", email="pia@joutsa.example"),
        person("Outi Outo (Joutsan seurakunta)"),
        person("Tuntematon"),
        person("Kokousbotti botti"),
        person("Maija Meri", "2m"),
    ]
    shown = client.post(address, sent(as_teams(report(people, FINNISH))))
    page = shown.content.decode()
    assert shown.status_code == 200 and "pia@joutsa.example" not in page
    assert (shown.context["read"], shown.context["matched"], shown.context["left_out"]) == (6, 1, 2)
    form = shown.context["form"]
    data = {name: form[name].value() or "" for name in form.fields if name != "uninvited"}
    assert [data[f"r{number}_do"] for number in range(6)] == [str(maija), "new", "new", "new", "out", "out"]
    assert (data["r2_name"], data["r2_sector"]) == ("Outi Outo", "parish")
    refused = client.post(address, data)
    assert refused.status_code == 422 and list(refused.context["form"].errors) == ["r3_sector"]
    assert 'href="#id_r3_sector"' in refused.content.decode()
    twice = client.post(address, data | {"r3_do": str(maija), "r1_do": str(olli)})
    assert list(twice.context["form"].errors) == ["r3_do"]
    assert Attendance.objects.filter(status=Status.PRESENT).count() == 0
    saved = client.post(address, data | {"r3_do": str(olli), "uninvited": "on"}, follow=True)
    assert "Raportista luettiin 6 henkilöä" in saved.content.decode()
    rows = {str(row): row for row in Attendance.objects.filter(negotiation=held)}
    assert {name: Manner.of(row).value for name, row in rows.items()} == dict.fromkeys(
        ("Maija Meri", "Olli Oja", "Pia Piha", "Outi Outo"), "remote"
    )
    assert rows["Pia Piha"].person_id and rows["Pia Piha"].is_walk_in and not rows["Maija Meri"].is_walk_in


def test_a_preview_is_its_users_own_and_of_one_list(
    held: Negotiation, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """What has been tampered with is not taken; who was removed meanwhile cannot be chosen any more."""
    (maija,) = add_people(held, [invited("Maija")], by=coordinator)
    client, address = client_for(coordinator), path("negotiation_teams", held.pk)
    form = client.post(address, sent(report([person("Maija")]).encode())).context["form"]
    data = {name: form[name].value() or "" for name in form.fields if name != "uninvited"}
    assert client.post(address, data | {"sealed": data["sealed"] + "x"}, follow=True).redirect_chain
    remove_person(maija, by=coordinator)
    assert client.post(address, data).status_code == 422
    assert not Attendance.objects.exists()


@pytest.mark.parametrize(
    "data",
    [
        {"least_minutes": "5"},
        {"file": b"", "least_minutes": "5"},
        {"file": b"jotain", "least_minutes": "5"},
        {"file": report([person("Maija")]).encode(), "least_minutes": "-1"},
        {"file": report([person("Maija")]).encode(), "least_minutes": "viisi"},
        {"file": report([person("Maija")]).encode(), "least_minutes": ""},
    ],
)
def test_bad_files_get_clear_words(
    held: Negotiation, data: dict[str, object], coordinator: User, client_for: Callable[..., Client]
) -> None:
    """On the page, beside the field."""
    if isinstance(data.get("file"), bytes):
        data = data | {"file": SimpleUploadedFile("a.csv", data["file"])}  # type: ignore[arg-type]
    answer = client_for(coordinator).post(path("negotiation_teams", held.pk), data)
    assert answer.status_code == 422 and answer.context["form"].errors


def test_nothing_is_brought_in_before_the_day(
    in_scope: County, hankasalmi: Municipality, coordinator: User, editor: User, client_for: Callable[..., Client]
) -> None:
    """Nor by anybody but a coordinator."""
    day = timezone.localdate() + timedelta(days=7)
    to_come = make_negotiation(make_round(in_scope), [hankasalmi], day=day)
    assert client_for(coordinator).get(path("negotiation_teams", to_come.pk)).status_code == 409
    assert client_for(editor).get(path("negotiation_teams", to_come.pk)).status_code == 403
