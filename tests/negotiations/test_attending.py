"""Entering who took part: by name, as a list, as head counts; core groups and stated figures; who may, and when."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from django_scopes import scope
from hypothesis import given
from hypothesis import strategies as st

from municipalities.models import County, Event, Municipality, Person, Sector, User
from municipalities.moves import NotAllowedNow
from negotiations.log import log_of
from negotiations.minutes.checking import open_minutes, return_to_draft, send_for_checking
from negotiations.models import Attendance, CoreGroup, Negotiation, Round, StatedFigure
from negotiations.sitting.attendance import Counted, totals
from negotiations.sitting.attending import (
    MOST_LINES,
    Entry,
    add_people,
    mark,
    remove_person,
    set_head_counts,
    set_head_counts_of_round,
)
from negotiations.sitting.conduct import cancel
from negotiations.sitting.people import Guesser, Typed, read_people
from negotiations.sitting.views.rounds import counted
from tests.factories import make_held, make_negotiation, make_round
from tests.negotiations.test_checking import later

Status = Attendance.Status
MAIJA = Entry(Sector.MUNICIPALITY, "Maija", "koordinaattori", "Hankasalmen kunta")
INVITED = Entry(Sector.PARISH, "Olli", "diakoni", "Seurakunta", status=Status.INVITED)


@pytest.fixture
def round_(in_scope: County) -> Round:
    """A round in groups."""
    return make_round(in_scope)


@pytest.fixture
def held(round_: Round, hankasalmi: Municipality, joutsa: Municipality, coordinator: User) -> Negotiation:
    """A negotiation that was held."""
    return make_held(round_, [hankasalmi, joutsa], by=coordinator)


@pytest.fixture
def to_come(round_: Round, hankasalmi: Municipality) -> Negotiation:
    """One whose day has not come."""
    return make_negotiation(round_, [hankasalmi], day=timezone.localdate() + timedelta(days=7))


def names(negotiation: Negotiation) -> set[str]:
    """Return who are in the list."""
    return set(Attendance.objects.filter(negotiation=negotiation, is_head_count=False).values_list("name", flat=True))


def heads(negotiation: Negotiation) -> dict[str, int]:
    """Return the head counts."""
    return dict(Attendance.objects.filter(negotiation=negotiation, is_head_count=True).values_list("sector", "count"))


# --- The rules --------------------------------------------------------------------------------------------------


def test_all_are_entered_or_none(held: Negotiation, coordinator: User) -> None:
    """One who is in the list already, or twice in what is entered, keeps the others out too."""
    add_people(held, [MAIJA], by=coordinator)
    for wrong in (MAIJA, Entry(Sector.OTHER), INVITED):
        with pytest.raises(ValidationError):
            add_people(held, [INVITED, wrong], by=coordinator)
    assert names(held) == {"Maija"}


def test_a_person_of_the_register_is_once_and_a_role_may_be_many(
    held: Negotiation, coordinator: User, in_scope: County
) -> None:
    """Two councillors without names are two; the same person is one."""
    person = Person.objects.create(county=in_scope, name="Liisa", sector=Sector.OTHER)
    councillor = Entry(Sector.MUNICIPALITY, role="valtuutettu", organisation_name="Joutsa")
    add_people(held, [councillor, councillor, Entry(Sector.OTHER, "Liisa", person=person)], by=coordinator)
    with pytest.raises(ValidationError):
        add_people(held, [Entry(Sector.OTHER, "Liisa Toinen", person=person)], by=coordinator)
    assert Attendance.objects.filter(negotiation=held).count() == 3


def test_nobody_is_present_before_the_day(to_come: Negotiation, coordinator: User) -> None:
    """Neither by name nor by number; invited and absent they may be, and on the day present."""
    with pytest.raises(ValidationError):
        add_people(to_come, [MAIJA], by=coordinator)
    with pytest.raises(ValidationError):
        set_head_counts(to_come, {Sector.COUNTY: 4}, by=coordinator)
    (row,) = add_people(to_come, [INVITED], by=coordinator)
    with pytest.raises(ValidationError):
        mark(to_come, {row.pk: Status.PRESENT}, by=coordinator)
    assert mark(to_come, {row.pk: Status.ABSENT}, by=coordinator).count == 1
    day = timezone.now() + timedelta(days=7)
    assert mark(to_come, {row.pk: Status.PRESENT}, by=coordinator, at=day).count == 1
    assert heads(to_come) == {}


def test_what_is_checked_stays(round_: Round, held: Negotiation, coordinator: User) -> None:
    """Closed once the minutes are sent, with the reason and who opens them; open again as a draft."""
    (row,) = add_people(held, [MAIJA], by=coordinator)
    (minutes,) = open_minutes(held, by=coordinator)
    set_head_counts(held, {Sector.COUNTY: 4}, by=coordinator)
    minutes = send_for_checking(minutes, check_by=later(), by=coordinator)
    with translation.override("en"):
        for refused in (
            lambda: add_people(held, [INVITED], by=coordinator),
            lambda: mark(held, {row.pk: Status.ABSENT}, by=coordinator),
            lambda: remove_person(row, by=coordinator),
            lambda: set_head_counts(held, {Sector.COUNTY: 5}, by=coordinator),
            lambda: set_head_counts_of_round(round_, {held.pk: {Sector.COUNTY: 5}}, by=coordinator),
        ):
            with pytest.raises(NotAllowedNow, match=r"sent for checking.*coordinator"):
                refused()
    assert (names(held), heads(held)) == ({"Maija"}, {Sector.COUNTY: 4})
    return_to_draft(minutes, by=coordinator)
    remove_person(row, by=coordinator)
    assert names(held) == set()


def test_a_cancelled_negotiation_has_no_participants(to_come: Negotiation, coordinator: User) -> None:
    """Nobody is entered."""
    cancel(to_come, reason="Sairastuminen", by=coordinator)
    with pytest.raises(NotAllowedNow):
        add_people(to_come, [INVITED], by=coordinator)


def test_empty_is_not_counted_and_nought_is_nobody(held: Negotiation, coordinator: User) -> None:
    """Sectors not given stay as they are; nothing changed is no event."""
    assert set_head_counts(held, {Sector.COUNTY: 4, Sector.PARISH: 0, Sector.OTHER: None}, by=coordinator) == 2
    assert heads(held) == {Sector.COUNTY: 4, Sector.PARISH: 0}
    assert set_head_counts(held, {Sector.PARISH: None}, by=coordinator) == 1
    assert set_head_counts(held, {Sector.COUNTY: 4}, by=coordinator) == 0
    assert heads(held) == {Sector.COUNTY: 4}
    assert Event.objects.filter(verb="head_counts_changed").count() == 2


@given(
    named=st.lists(st.sampled_from(Sector.values), max_size=8),
    counts=st.dictionaries(st.sampled_from(Sector.values), st.none() | st.integers(0, 500)),
)
def test_named_and_counted_add_up(named: list[str], counts: dict[str, int | None]) -> None:
    """By sector and in all, whatever is entered; a sector is counted where somebody counted it."""
    rows = [Counted(1, sector) for sector in named]
    rows += [Counted(1, sector, count) for sector, count in counts.items() if count is not None]
    sums = totals(rows)
    assert sums.total == len(named) + sum(count or 0 for count in counts.values())
    for sector in Sector.values:
        assert sums.of({sector}) == named.count(sector) + (counts.get(sector) or 0)


def test_a_round_is_counted_at_once_or_not_at_all(
    round_: Round, held: Negotiation, to_come: Negotiation, coordinator: User
) -> None:
    """One that cannot be counted yet keeps the others as they were; one of another round is left alone."""
    with pytest.raises(ValidationError), transaction.atomic():
        set_head_counts_of_round(round_, {held.pk: {Sector.COUNTY: 4}, to_come.pk: {Sector.COUNTY: 4}}, by=coordinator)
    assert heads(held) == {}
    other = make_round(round_.county, name="Toinen")
    assert set_head_counts_of_round(other, {held.pk: {Sector.COUNTY: 4}}, by=coordinator) == 0
    assert set_head_counts_of_round(round_, {held.pk: {Sector.COUNTY: 4}}, by=coordinator) == 1
    assert [row.count for row in counted(round_.negotiations.all())] == [4]


def test_what_happened_is_told_in_words(held: Negotiation, coordinator: User) -> None:
    """How many, as what, and which counts from what to what."""
    maija, _olli = add_people(held, [MAIJA, INVITED], by=coordinator)
    mark(held, {maija.pk: Status.ABSENT}, by=coordinator)
    set_head_counts(held, {Sector.COUNTY: 4}, by=coordinator)
    set_head_counts(held, {Sector.COUNTY: 5}, by=coordinator)
    remove_person(maija, by=coordinator)
    with translation.override("en"):
        told = [event.words for event in log_of([held])][-5:]
    assert told == [
        "Coordinator added 2 participants.",
        "Coordinator marked participants: absent 1.",
        "Coordinator changed head counts: wellbeing services county – → 4.",
        "Coordinator changed head counts: wellbeing services county 4 → 5.",
        "Coordinator removed a participant.",
    ]


# --- A pasted list ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark_", ["\t", ";", ", ", " ; "])
def test_a_list_is_read_whatever_divides_it(mark_: str) -> None:
    """Headings, marks of lists and empty lines are left out; what goes beyond three is of the organisation."""
    lines = ["Nimi Rooli Organisaatio", "Maija_Meri hyvinvointikoordinaattori Joutsan_kunta", "", "• Olli", "A b C D"]
    text = "\r\n".join(line.replace(" ", mark_ if "•" not in line else " ").replace("_", " ") for line in lines)
    assert read_people(text) == [
        Typed("Maija Meri", "hyvinvointikoordinaattori", "Joutsan kunta"),
        Typed("Olli"),
        Typed("A", "b", "C, D"),
    ]


def test_a_cell_left_empty_keeps_its_place() -> None:
    """A role without a name, as a sheet has it; quotes of the sheet are left out."""
    assert read_people('\tvaltuutettu\tJoutsa\n"Meri, Maija"\t\t"Oy ""X"" Ab"') == [
        Typed("", "valtuutettu", "Joutsa"),
        Typed("Meri, Maija", "", 'Oy "X" Ab'),
    ]


WORD = st.text(st.characters(categories=("L", "Nd"), include_characters=" .-"), min_size=1, max_size=20).map(
    lambda text: " ".join(text.split()).strip("-. ")
)
CELL = WORD.filter(lambda text: bool(text) and text.casefold() not in {"nimi", "rooli", "name", "role", "namn", "roll"})


@given(people=st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=20), divider=st.sampled_from("\t;"))
def test_what_is_written_is_read(people: list[tuple[str, str, str]], divider: str) -> None:
    """Each line comes back as its three cells."""
    text = "\n".join(divider.join(person) for person in people)
    assert [(typed.name, typed.role, typed.organisation_name) for typed in read_people(text)] == people


@given(text=st.text(max_size=300))
def test_anything_can_be_pasted(text: str) -> None:
    """Never a failure, never more people than lines, and each has something."""
    found = read_people(text)
    assert len(found) <= len(text.splitlines())
    assert all(typed.name or typed.role or typed.organisation_name for typed in found)


def test_sectors_are_guessed_by_the_organisation(
    in_scope: County, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    """By the county's own names first, then by what names tell; what cannot be told is left to be chosen."""
    guesser = Guesser.of(in_scope)
    told = {
        "Hankasalmi": (Sector.MUNICIPALITY, hankasalmi),
        "Joutsan kunta": (Sector.MUNICIPALITY, joutsa),
        "Hankasalmen kunta, sivistyspalvelut": (Sector.MUNICIPALITY, hankasalmi),
        "Jokin kaupunki": (Sector.MUNICIPALITY, None),
        "Joutsan seurakunta": (Sector.PARISH, None),
        "Keski-Suomen hyvinvointialue": (Sector.COUNTY, None),
        "Keski-Suomen Yhteisöjen Tuki ry": (Sector.ORGANISATION, None),
        "Kuntopaikka Oy": (Sector.COMPANY, None),
        "Joutsan vanhusneuvosto": (Sector.INFLUENCING, None),
        "Jyväskylän yliopisto": (Sector.PUBLIC, None),
        "Jokin muu": ("", None),
        "": ("", None),
    }
    found = {name: (guess.sector, guess.municipality) for name in told for guess in [guesser.guess(name)]}
    assert found == told
    assert guesser.sorted_out(Typed("Maija", "Joutsa")) == Typed("Maija", "", "Joutsa")
    assert guesser.sorted_out(Typed("Maija", "kunnan edustaja")) == Typed("Maija", "kunnan edustaja")


# --- The pages --------------------------------------------------------------------------------------------------


def path(name: str, pk: int) -> str:
    """Return an address in the county."""
    return reverse(name, args=["keski-suomi", pk])


ROWS = ("name", "role", "organisation_name", "sector", "municipality", "person")


def sent(response_rows: object) -> dict[str, str]:
    """Return what a preview sends back as it is."""
    rows: list[object] = list(response_rows)  # type: ignore[call-overload]
    data = {"rows-TOTAL_FORMS": str(len(rows)), "rows-INITIAL_FORMS": str(len(rows))}
    for row in rows:
        data |= {row[name].html_name: row[name].value() or "" for name in ROWS if name in row.fields}  # type: ignore[attr-defined, index]
    return data


def test_a_list_is_pasted_looked_at_and_saved_whole(
    held: Negotiation, in_scope: County, hankasalmi: Municipality, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """The preview guesses and knows the register; a row without a sector keeps all out, and what was typed stays."""
    liisa = Person.objects.create(county=in_scope, name="Liisa Lahti", role="pappi", sector=Sector.PARISH)
    client, address = client_for(coordinator), path("negotiation_people_add", held.pk)
    text = "Maija Meri; koordinaattori; Hankasalmi\nLiisa Lahti\nTuntematon Taho; jäsen; Jokin muu"
    shown = client.post(address, {"text": text, "status": "present"})
    assert shown.status_code == 200
    assert names(held) == set()
    data = {"text": text, "status": "present"} | sent(shown.context["rows"])
    assert data["rows-0-municipality"] == str(hankasalmi.pk)
    assert (data["rows-1-person"], data["rows-1-sector"]) == (str(liisa.pk), Sector.PARISH)
    assert data["rows-2-sector"] == ""
    refused = client.post(address, data | {"rows-0-name": "Maija Merinen"})
    assert refused.status_code == 422
    assert (
        'value="Maija Merinen"' in refused.content.decode() and 'href="#id_rows-2-sector"' in refused.content.decode()
    )
    assert names(held) == set()
    back = client.post(address, data | {"step": "text"})
    assert "Tuntematon Taho" in back.content.decode()
    assert client.post(address, data | {"rows-2-sector": Sector.OTHER}).status_code == 302
    assert names(held) == {"Maija Meri", "Liisa Lahti", "Tuntematon Taho"}
    assert Attendance.objects.get(person=liisa).role == "pappi"
    again = client.post(address, data | {"rows-2-leave_out": "on"})
    assert again.status_code == 422
    assert names(held) == {"Maija Meri", "Liisa Lahti", "Tuntematon Taho"}


@pytest.mark.parametrize(
    "data",
    [
        {"text": "", "status": "present"},
        {"text": "Maija\n" * (MOST_LINES + 1), "status": "present"},
        {"text": "Maija", "status": "other"},
        {"text": "Maija", "status": "present", "rows-TOTAL_FORMS": "x"},
        {"text": "Maija", "status": "present", "rows-TOTAL_FORMS": "100000", "rows-INITIAL_FORMS": "0"},
        {
            "text": "Maija",
            "status": "present",
            "rows-TOTAL_FORMS": "1",
            "rows-INITIAL_FORMS": "1",
            "rows-0-person": "9" * 30,
        },
        {"text": "Maija\0", "status": "present"},
    ],
)
def test_a_list_that_cannot_be_read_is_refused(
    held: Negotiation, data: dict[str, str], coordinator: User, client_for: Callable[..., Client]
) -> None:
    """With 422, never a failure."""
    assert client_for(coordinator).post(path("negotiation_people_add", held.pk), data).status_code == 422
    assert names(held) == set()


def test_one_is_added_from_the_register_changed_removed_and_brought_back(
    held: Negotiation, in_scope: County, joutsa: Municipality, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """Name, role and municipality are copied; the same person again is refused in words."""
    liisa = Person.objects.create(
        county=in_scope, name="Liisa", role="sihteeri", sector=Sector.MUNICIPALITY, municipality=joutsa
    )
    client, address = client_for(coordinator), path("negotiation_person_add", held.pk)
    assert "Liisa, sihteeri, Joutsa" in client.get(address).content.decode()
    assert client.post(address, {"name": "", "status": "present"}).status_code == 422
    assert client.post(address, {"name": "Joku", "status": "present"}).status_code == 422
    assert client.post(address, {"name": "Liisa, sihteeri, Joutsa", "status": "present"}).status_code == 302
    row = Attendance.objects.get(negotiation=held)
    assert (row.name, row.role, row.organisation_name, row.sector) == ("Liisa", "sihteeri", "Joutsa", "municipality")
    assert (row.person, row.municipality) == (liisa, joutsa)
    again = client.post(address, {"name": "Liisa, sihteeri, Joutsa", "status": "present"})
    assert again.status_code == 422 and again.context["form"].errors["name"]
    changed = {"name": "Liisa", "role": "johtaja", "organisation_name": "Joutsa", "sector": "municipality"}
    assert client.post(path("negotiation_person", row.pk), changed | {"status": "absent"}).status_code == 302
    row.refresh_from_db()
    assert (row.role, row.status, row.person) == ("johtaja", "absent", liisa)
    assert client.post(path("negotiation_person_remove", row.pk)).status_code == 302
    assert names(held) == set()
    undo = client.get(path("negotiation_attendance", held.pk)).context["undo"]
    assert client.post(undo.url, {"token": undo.token}).status_code == 302
    assert Attendance.objects.get(negotiation=held).person == liisa


def test_states_are_saved_together_and_two_who_save_at_once_see_both(
    held: Negotiation, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """What only the other changed stays; what both changed is shown with both."""
    maija, olli = add_people(held, [MAIJA, INVITED], by=coordinator)
    client, address = client_for(coordinator), path("negotiation_statuses", held.pk)
    tab = client.get(path("negotiation_attendance", held.pk))
    mine = {
        "seen": tab.context["statuses"]["seen"].value(),
        f"status_{maija.pk}": "absent",
        f"status_{olli.pk}": "invited",
    }
    mark(held, {maija.pk: Status.INVITED, olli.pk: Status.PRESENT}, by=coordinator)
    clash = client.post(address, mine)
    assert clash.status_code == 409
    assert list(clash.context["form"].conflicts) == [f"status_{maija.pk}"]
    seen = clash.context["form"]["seen"].value()
    assert client.post(address, mine | {"seen": seen, f"status_{olli.pk}": "present"}).status_code == 302
    assert dict(Attendance.objects.values_list("pk", "status")) == {maija.pk: "absent", olli.pk: "present"}
    mark(held, {maija.pk: Status.INVITED}, by=coordinator)
    assert client.post(address, {"everyone": "present"}).status_code == 302
    assert set(Attendance.objects.values_list("status", flat=True)) == {"present"}
    assert client.post(address, {f"status_{olli.pk}": "asleep"}).status_code == 422


def test_head_counts_are_saved_together_beside_those_by_name(
    held: Negotiation, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """Wrong numbers are refused with the sector's name; what is not sent is not erased."""
    add_people(held, [MAIJA], by=coordinator)
    client, address = client_for(coordinator), path("negotiation_counts", held.pk)
    assert client.post(address, {"count_municipality": "12", "count_county": "4", "count_other": ""}).status_code == 302
    assert client.post(address, {}).status_code == 302
    assert heads(held) == {"municipality": 12, "county": 4}
    tab = client.get(path("negotiation_attendance", held.pk))
    assert tab.context["present"] == 17
    assert {str(row.field.name): row.total for row in tab.context["count_rows"]}["count_municipality"] == 13
    for wrong in ("-1", "kaksi", "1000000", "4.5"):
        refused = client.post(address, {"count_county": wrong, "count_parish": "3"})
        assert refused.status_code == 422
        assert 'href="#id_count_county"' in refused.content.decode()
        assert f'value="{wrong}"' in refused.content.decode()
    assert heads(held) == {"municipality": 12, "county": 4}


def test_the_grid_of_a_round_saves_every_negotiation_at_once(
    round_: Round,
    held: Negotiation,
    to_come: Negotiation,
    luhanka: Municipality,
    coordinator: User,
    client_for: Callable[..., Client],
) -> None:
    """One that is to come has no fields; an error names the row and the column; totals are computed."""
    second = make_held(round_, [luhanka], by=coordinator, day=date(2024, 10, 3))
    client, address = client_for(coordinator), path("round_attendance", round_.pk)
    shown = client.get(address)
    assert f'name="n{held.pk}_county"' in shown.content.decode()
    assert f'name="n{to_come.pk}_county"' not in shown.content.decode()
    data = {f"n{held.pk}_county": "10", f"n{second.pk}_county": "12", f"n{second.pk}_municipality": "x"}
    refused = client.post(address, data)
    assert refused.status_code == 422
    summary = re.search(r'<a href="#id_n\d+_municipality">([^<]*)', refused.content.decode())
    assert summary and "Luhanka" in summary[1]
    assert heads(held) == {}
    assert client.post(address, data | {f"n{second.pk}_municipality": "5"}).status_code == 302
    assert (heads(held), heads(second)) == ({"county": 10}, {"county": 12, "municipality": 5})
    assert client.get(address).context["listed_total"] == 27


def test_core_groups_and_contradictions(
    round_: Round, held: Negotiation, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """Added, changed, removed and brought back; one larger than what was counted is told with the numbers."""
    set_head_counts(held, {Sector.COUNTY: 4}, by=coordinator)
    client, page = client_for(coordinator), path("round_attendance", round_.pk)
    new = path("round_core_group_new", round_.pk)
    data = {"name": "Alueen ydinryhmä", "sector": "county", "size": "10", "negotiations": str(held.pk)}
    assert client.post(new, data | {"size": "0"}).status_code == 422
    assert client.post(new, data | {"negotiations": "0"}).status_code == 422
    assert client.post(new, data).status_code == 302
    assert client.post(new, data).status_code == 422
    contradiction = client.get(page).context["contradiction"]
    assert "10" in contradiction and "4" in contradiction
    group = CoreGroup.objects.get()
    assert client.post(path("round_core_group", group.pk), data | {"size": "4"}).status_code == 302
    assert "contradiction" not in client.get(page).context
    assert client.post(path("round_core_group_remove", group.pk)).status_code == 302
    undo = client.get(page).context["undo"]
    assert not CoreGroup.objects.exists()
    client.post(undo.url, {"token": undo.token})
    again = CoreGroup.objects.get()
    assert (again.size, list(again.negotiations.all())) == (4, [held])


def test_a_stated_figure_shows_its_discrepancy_at_once(
    round_: Round, held: Negotiation, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """138 by addition and 136 as stated; the same sectors are stated once, in whatever order."""
    set_head_counts(held, {Sector.ORGANISATION_OR_PARISH: 138}, by=coordinator)
    client, page = client_for(coordinator), path("round_attendance", round_.pk)
    new = path("round_figure_new", round_.pk)
    data = {"sectors": ["parish", "organisation"], "value": "136", "source": "Yhteenveto"}
    assert client.post(new, {"sectors": [], "value": "x", "source": ""}).status_code == 422
    answer = client.post(new, data, follow=True)
    assert "138" in str(next(iter(answer.context["messages"])))
    (found,) = answer.context["stated"]
    assert (found.comparison.computed, found.comparison.discrepancy) == (138, 2)
    assert client.post(new, data).status_code == 422
    figure = StatedFigure.objects.get()
    assert client.post(path("round_figure", figure.pk), data | {"value": "138"}).status_code == 302
    assert client.get(page).context["stated"][0].comparison.discrepancy == 0
    client.post(path("round_figure_remove", figure.pk))
    undo = client.get(page).context["undo"]
    client.post(undo.url, {"token": undo.token})
    assert StatedFigure.objects.get().value == 138


def test_closed_participants_are_shown_with_the_reason(
    held: Negotiation, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """No fields; what is sent anyway is a conflict, not "forbidden"."""
    (row,) = add_people(held, [MAIJA], by=coordinator)
    (minutes,) = open_minutes(held, by=coordinator)
    send_for_checking(minutes, check_by=later(), by=coordinator)
    client = client_for(coordinator)
    tab = client.get(path("negotiation_attendance", held.pk))
    assert tab.context["closed"] and not tab.context["is_open"]
    assert "status_" not in tab.content.decode()
    for name, pk in (
        ("negotiation_counts", held.pk),
        ("negotiation_person_add", held.pk),
        ("negotiation_people_add", held.pk),
        ("negotiation_person", row.pk),
        ("negotiation_person_remove", row.pk),
    ):
        assert client.post(path(name, pk), {"count_county": "4"}).status_code == 409, name
    assert (names(held), heads(held)) == ({"Maija"}, {})


def test_what_the_next_move_waits_for_is_told_on_the_tab_of_participants_too(
    to_come: Negotiation, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """In whole sentences, as on the other tabs: what the tab itself tells of attendance is another thing."""
    client = client_for(coordinator)
    agenda, tab = (client.get(path(name, to_come.pk)) for name in ("negotiation", "negotiation_attendance"))
    assert tab.context["no_one_yet"] in tab.content.decode()
    assert tab.context["not_yet"] == agenda.context["not_yet"]


def test_municipalities_read_their_own_and_change_nothing(
    round_: Round,
    held: Negotiation,
    luhanka: Municipality,
    coordinator: User,
    editor: User,
    client_for: Callable[..., Client],
) -> None:
    """The grid of a municipality has its own negotiations only, and no fields."""
    other = make_held(round_, [luhanka], by=coordinator)
    for negotiation in (held, other):
        set_head_counts(negotiation, {Sector.COUNTY: 4}, by=coordinator)
    client = client_for(editor)
    shown = client.get(path("round_attendance", round_.pk))
    assert [row.negotiation.pk for row in shown.context["rows"]] == [held.pk]
    assert shown.context["listed_total"] == 4
    assert "contradiction" not in shown.context and "groups" not in shown.context
    assert client.post(path("round_attendance", round_.pk), {f"n{held.pk}_county": "5"}).status_code == 403
    assert heads(held) == {Sector.COUNTY: 4}


@pytest.mark.parametrize("page", ["negotiation_attendance", "round_attendance", "negotiation_people_add"])
def test_one_row_and_three_rows_cost_the_same(
    page: str, in_scope: County, hankasalmi: Municipality, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """People, head counts, negotiations, core groups and figures; and the rows of a pasted list."""
    round_ = make_round(in_scope)
    first = make_held(round_, [hankasalmi], by=coordinator)
    client = client_for(coordinator)
    counts = []
    with scope(county=in_scope):
        for number in range(1, 4):
            negotiation = make_held(round_, [hankasalmi], by=coordinator, day=date(2024, 9, number))
            add_people(first, [Entry(Sector.COUNTY, f"Henkilö {number}")], by=coordinator)
            add_people(negotiation, [Entry(Sector.COUNTY, "Henkilö")], by=coordinator)
            set_head_counts(negotiation, {Sector.values[number]: 5, Sector.COUNTY: 9}, by=coordinator)
            Person.objects.create(county=in_scope, name=f"Nimi {number}", sector=Sector.COUNTY, municipality=hankasalmi)
            group = CoreGroup.objects.create(
                county=in_scope, round=round_, name=f"Ryhmä {number}", sector=Sector.COUNTY, size=2
            )
            group.negotiations.set([negotiation])
            StatedFigure.objects.create(
                county=in_scope, round=round_, sectors=[Sector.values[number]], value=1, source="Lähde"
            )
            pk = round_.pk if page == "round_attendance" else first.pk
            text = "\n".join(f"Nimi {one}; johtaja; Hankasalmi" for one in range(1, number + 1))
            with CaptureQueriesContext(
                connection,
            ) as queries:
                if page == "negotiation_people_add":
                    answer = client.post(path(page, pk), {"text": text, "status": "present"})
                else:
                    answer = client.get(path(page, pk))
            assert answer.status_code == 200
            counts.append(len(queries))
    assert counts[0] == counts[1] == counts[2], counts
