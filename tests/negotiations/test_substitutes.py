"""Present, remotely, absent, in the place of another, uninvited: the rules, the pages, and what comes of the counts."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from municipalities.models import County, Municipality, Sector, User
from municipalities.moves import NotAllowedNow
from negotiations.log import log_of
from negotiations.minutes.checking import open_minutes, send_for_checking
from negotiations.minutes.concluding import conclude
from negotiations.models import Attendance, Negotiation, PartPresence, Round
from negotiations.sitting.attending import (
    add_people,
    change_person,
    count_who_left,
    mark,
    never_came,
    remove_person,
    restore_person,
)
from negotiations.sitting.conduct import convene
from negotiations.sitting.entries import Entry, Manner
from negotiations.sitting.live import open_part
from negotiations.sitting.substitutes import Listed, why_not
from negotiations.sitting.views.rounds import counted
from tests.factories import make_held, make_negotiation, make_round
from tests.negotiations.test_checking import later

Status = Attendance.Status
OLLI = Entry(Sector.PARISH, "Olli", "diakoni", "Seurakunta", status=Status.INVITED)
PIRJO = Entry(Sector.MUNICIPALITY, "Pirjo", "rehtori", "Joutsa", status=Status.INVITED)


@pytest.fixture
def round_(in_scope: County) -> Round:
    """A round in groups."""
    return make_round(in_scope)


@pytest.fixture
def held(round_: Round, hankasalmi: Municipality, joutsa: Municipality, coordinator: User) -> Negotiation:
    """A negotiation that was held."""
    return make_held(round_, [hankasalmi, joutsa], by=coordinator)


def substitute(away: Attendance, name: str = "Maija", **fields: object) -> Entry:
    """Return one who came in the place of another."""
    return Entry(away.sector, name, **({"substitutes": away.pk} | fields))  # type: ignore[arg-type]


def states(negotiation: Negotiation) -> dict[str, tuple[str, str]]:
    """Return how each is marked, and in whose place they came."""
    rows = Attendance.objects.filter(negotiation=negotiation, is_head_count=False).select_related("substitutes")
    return {str(row): (Manner.of(row).value, str(row.substitutes or "")) for row in rows}


# --- The rules --------------------------------------------------------------------------------------------------


@given(
    links=st.dictionaries(st.integers(1, 6), st.none() | st.integers(1, 6), max_size=6),
    moves=st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=12),
)
def test_there_are_never_chains_nor_circles(links: dict[int, int | None], moves: list[tuple[int, int]]) -> None:
    """Whatever is tried from a list without substitutes: no substitute has one, and everyone has one at most."""
    rows = {pk: Listed(f"H{pk}") for pk in links}
    for away, other in moves:
        if other in rows and not why_not(rows, away, other):
            rows[other] = Listed(rows[other].words, away)
    taken = [row.substitutes for row in rows.values() if row.substitutes is not None]
    assert len(taken) == len(set(taken))
    assert all(rows[away].substitutes is None for away in taken)


def test_a_substitute_comes_and_the_other_is_absent(held: Negotiation, coordinator: User) -> None:
    """The one who is away is marked so; each refusal says in words what stands in the way."""
    olli, pirjo = add_people(held, [OLLI, PIRJO], by=coordinator)
    mark(held, {olli.pk: Manner.REMOTE}, by=coordinator)
    (maija,) = add_people(held, [substitute(olli, is_remote=True)], by=coordinator)
    assert states(held) == {"Olli": ("absent", ""), "Pirjo": ("invited", ""), "Maija": ("remote", "Olli")}
    with translation.override("en"):
        for entry, words in (
            (substitute(olli, "Toinen"), "has a substitute already: Maija"),
            (substitute(maija, "Toinen"), "is a substitute already"),
        ):
            with pytest.raises(ValidationError, match=words):
                add_people(held, [entry], by=coordinator)
        with pytest.raises(ValidationError, match="one substitute only"):
            add_people(held, [substitute(pirjo, "A"), substitute(pirjo, "B")], by=coordinator)
        olli.refresh_from_db()
        olli.substitutes = pirjo
        with pytest.raises(ValidationError, match="Olli has a substitute, so cannot be one"):
            change_person(olli, fields=["substitutes"], by=coordinator)
        pirjo.substitutes = pirjo
        with pytest.raises(ValidationError, match="own substitute"):
            change_person(pirjo, fields=["substitutes"], by=coordinator)
    assert states(held)["Pirjo"] == ("invited", "")


def test_one_of_another_negotiation_is_not_substituted(
    held: Negotiation, luhanka: Municipality, coordinator: User
) -> None:
    """Nor one who has been removed: they are not in this list."""
    other = make_held(make_round(held.county, name="Toinen"), [luhanka], by=coordinator)
    (stranger,) = add_people(other, [OLLI], by=coordinator)
    for pk in (stranger.pk, 999_999):
        with pytest.raises(ValidationError):
            add_people(held, [Entry(Sector.OTHER, "Maija", substitutes=pk)], by=coordinator)
    assert states(held) == {}
    assert states(other) == {"Olli": ("invited", "")}


def test_when_the_other_comes_the_substitute_is_one_no_more(held: Negotiation, coordinator: User) -> None:
    """They stay as marked, in their own right; whoever marks is told, and so does the log."""
    (olli,) = add_people(held, [OLLI], by=coordinator)
    add_people(held, [substitute(olli)], by=coordinator)
    marked = mark(held, {olli.pk: Manner.PRESENT}, by=coordinator)
    assert (marked.count, marked.released) == (1, ("Maija",))
    assert states(held) == {"Olli": ("present", ""), "Maija": ("present", "")}
    olli.refresh_from_db()
    mark(held, {olli.pk: Manner.ABSENT}, by=coordinator)
    maija = Attendance.objects.get(name="Maija")
    maija.substitutes = olli
    change_person(maija, fields=["substitutes"], by=coordinator)
    olli.refresh_from_db()
    olli.status = Status.PRESENT
    assert [str(row) for row in change_person(olli, fields=["status"], by=coordinator)] == ["Maija"]
    with translation.override("en"):
        told = [event.words for event in log_of([held])]
    assert "Coordinator added 1 participant. Substitutes: 1." in told
    assert told.count("1 participant is no longer a substitute: the one who was away came.") == 2


def test_who_came_uninvited_is_not_waited_for(held: Negotiation, coordinator: User) -> None:
    """Present, remotely or gone, but never invited."""
    with pytest.raises(ValidationError):
        add_people(held, [Entry(Sector.OTHER, "Ulla", status=Status.INVITED, is_walk_in=True)], by=coordinator)
    (ulla,) = add_people(held, [Entry(Sector.OTHER, "Ulla", is_walk_in=True)], by=coordinator)
    with pytest.raises(ValidationError):
        mark(held, {ulla.pk: Manner.INVITED}, by=coordinator)
    ulla.status = Status.INVITED
    with pytest.raises(ValidationError):
        change_person(ulla, fields=["status"], by=coordinator)
    assert mark(held, {ulla.pk: Manner.REMOTE}, by=coordinator).count == 1
    assert states(held) == {"Ulla": ("remote", "")}


def test_nobody_is_there_remotely_before_the_day(in_scope: County, hankasalmi: Municipality, coordinator: User) -> None:
    """But a substitute can be named in advance: invited, with the other away."""
    day = timezone.localdate() + timedelta(days=7)
    to_come = make_negotiation(make_round(in_scope), [hankasalmi], day=day)
    (olli,) = add_people(to_come, [OLLI], by=coordinator)
    with pytest.raises(ValidationError):
        mark(to_come, {olli.pk: Manner.REMOTE}, by=coordinator)
    add_people(to_come, [substitute(olli, status=Status.INVITED, is_remote=True)], by=coordinator)
    assert states(to_come) == {"Olli": ("absent", ""), "Maija": ("invited", "Olli")}


def test_a_removal_brings_back_all_that_went(held: Negotiation, coordinator: User) -> None:
    """In whose place, who came in theirs, in which parts; what has changed meanwhile stays."""
    (olli,) = add_people(held, [OLLI], by=coordinator)
    (maija,) = add_people(held, [substitute(olli)], by=coordinator)
    part = held.parts.get()
    PartPresence.objects.create(county=held.county, part=part, attendance=maija, at_opening=True)
    entry = remove_person(maija, by=coordinator)
    assert not PartPresence.objects.exists()
    maija = restore_person(held, entry, by=coordinator)
    assert states(held)["Maija"] == ("present", "Olli")
    assert list(PartPresence.objects.values_list("attendance", "at_opening", "at_closing")) == [(maija.pk, True, False)]
    olli.refresh_from_db()
    entry = remove_person(olli, by=coordinator)
    assert states(held) == {"Maija": ("present", "")}
    olli = restore_person(held, entry, by=coordinator)
    assert states(held) == {"Olli": ("absent", ""), "Maija": ("present", "Olli")}
    maija.refresh_from_db()
    entry = remove_person(maija, by=coordinator)
    add_people(held, [substitute(olli, "Tilalle tullut")], by=coordinator)
    restore_person(held, entry, by=coordinator)
    assert states(held)["Maija"] == ("present", "")


def test_who_left_is_among_those_who_took_part(held: Negotiation, coordinator: User) -> None:
    """Absent while the sitting goes on; present in the end. Who never came is neither."""
    olli, pirjo = add_people(held, [OLLI, PIRJO], by=coordinator)
    for row in (olli, pirjo):
        PartPresence.objects.create(county=held.county, part=held.parts.get(), attendance=row, at_opening=True)
    mark(held, {olli.pk: Manner.ABSENT}, by=coordinator)
    never_came(pirjo, by=coordinator)
    assert count_who_left(held, by=coordinator) == 1
    assert states(held) == {"Olli": ("present", ""), "Pirjo": ("absent", "")}
    assert count_who_left(held, by=coordinator) == 0


def test_the_end_of_the_day_counts_who_left(round_: Round, hankasalmi: Municipality, coordinator: User) -> None:
    """Gone when the part was closed, so that it tells so; among those who took part all the same."""
    today = make_negotiation(round_, [hankasalmi], day=timezone.localdate())
    convene(today, by=coordinator)
    olli, _pirjo = add_people(today, [OLLI, PIRJO], by=coordinator)
    mark(today, {olli.pk: Manner.PRESENT}, by=coordinator)
    open_part(today.parts.get(), by=coordinator)
    mark(today, {olli.pk: Manner.ABSENT}, by=coordinator)
    conclude(today, stayed_away=[], by=coordinator)
    assert states(today) == {"Olli": ("present", ""), "Pirjo": ("invited", "")}
    assert list(PartPresence.objects.values_list("attendance", "at_opening", "at_closing")) == [(olli.pk, True, False)]


def test_what_is_checked_stays(held: Negotiation, coordinator: User) -> None:
    """Nobody is found to have left or not to have come once the minutes have been sent."""
    (olli,) = add_people(held, [OLLI], by=coordinator)
    (minutes,) = open_minutes(held, by=coordinator)
    send_for_checking(minutes, check_by=later(), by=coordinator)
    for refused in (
        lambda: never_came(olli, by=coordinator),
        lambda: count_who_left(held, by=coordinator),
        lambda: add_people(held, [substitute(olli)], by=coordinator),
    ):
        with pytest.raises(NotAllowedNow):
            refused()


def test_substitutes_and_the_uninvited_are_counted_once_each(held: Negotiation, coordinator: User) -> None:
    """Attendances are of those who came: the one who was away is none, the substitute and the uninvited one each."""
    (olli,) = add_people(held, [OLLI], by=coordinator)
    add_people(held, [substitute(olli, is_remote=True), Entry(Sector.OTHER, "Ulla", is_walk_in=True)], by=coordinator)
    assert sorted((row.sector, row.count) for row in counted([held])) == [(Sector.OTHER, 1), (Sector.PARISH, 1)]


# --- The pages --------------------------------------------------------------------------------------------------


def path(name: str, pk: int) -> str:
    """Return an address in the county."""
    return reverse(name, args=["keski-suomi", pk])


def test_the_tab_tells_how_each_came(
    held: Negotiation, coordinator: User, editor: User, client_for: Callable[..., Client]
) -> None:
    """Remotely, uninvited, in whose place; the count of those who were there remotely beside all; and the file."""
    (olli,) = add_people(held, [OLLI], by=coordinator)
    add_people(
        held,
        [substitute(olli, is_remote=True), Entry(Sector.OTHER, "Ulla", "sihteeri", is_walk_in=True)],
        by=coordinator,
    )
    for user in (coordinator, editor):
        page = client_for(user).get(path("negotiation_attendance", held.pk)).content.decode()
        assert "joista 1 etänä" in page
        assert "sijaistaa: Olli" in page and "tuli ilman kutsua" in page
    file = client_for(editor).get(path("negotiation_attendance", held.pk), {"vie": "csv"}).content.decode("utf-8-sig")
    heads, *rows = csv.reader(file.splitlines(), delimiter=";")
    assert heads[4:7] == ["Tila", "Kenen sijainen", "Tuli ilman kutsua"]
    told = {row[1]: row[4:] for row in rows}
    assert told["Maija"] == ["Läsnä etänä", "Olli", "", "1"]
    assert told["Ulla"] == ["Läsnä", "", "kyllä", "1"]


def test_a_round_tells_how_many_were_there_remotely(
    held: Negotiation, round_: Round, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """Beside the total of all its negotiations; nothing where nobody was."""
    client, page = client_for(coordinator), path("round_attendance", round_.pk)
    add_people(held, [Entry(Sector.OTHER, "Ulla")], by=coordinator)
    assert client.get(page).context["listed_remotely"] == 0
    add_people(held, [Entry(Sector.OTHER, name, is_remote=True) for name in ("Olli", "Pirjo")], by=coordinator)
    shown = client.get(page)
    assert (shown.context["listed_total"], shown.context["listed_remotely"]) == (3, 2)
    assert "joista 2 etänä" in shown.content.decode()


def test_all_who_were_invited_can_be_marked_as_remote(
    held: Negotiation, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """As the mode of the negotiation has it; nonsense changes nothing."""
    add_people(held, [OLLI, PIRJO], by=coordinator)
    client, address = client_for(coordinator), path("negotiation_statuses", held.pk)
    tab = client.get(path("negotiation_attendance", held.pk)).content.decode()
    assert 'value="remote">Merkitse' in tab and 'value="present">Merkitse' not in tab
    client.post(address, {"everyone": "asleep"})
    assert {manner for manner, _away in states(held).values()} == {"invited"}
    assert client.post(address, {"everyone": "remote"}).status_code == 302
    assert {manner for manner, _away in states(held).values()} == {"remote"}


def test_a_substitute_is_named_on_the_form(
    held: Negotiation, luhanka: Municipality, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """In the place of one of this list; not uninvited as well; what cannot be is said beside the field."""
    other = make_held(make_round(held.county, name="Toinen"), [luhanka], by=coordinator)
    (stranger,) = add_people(other, [OLLI], by=coordinator)
    olli, pirjo = add_people(held, [OLLI, PIRJO], by=coordinator)
    client, address = client_for(coordinator), path("negotiation_person_add", held.pk)
    data = {"name": "Maija", "sector": "parish", "status": "remote", "substitutes": str(olli.pk)}
    assert client.post(address, data | {"substitutes": str(stranger.pk)}).context["form"].errors["substitutes"]
    assert client.post(address, data | {"is_walk_in": "on"}).context["form"].errors["is_walk_in"]
    uninvited = client.post(address, data | {"substitutes": "", "is_walk_in": "on", "status": "invited"})
    assert uninvited.context["form"].errors["is_walk_in"]
    assert client.post(address, data).status_code == 302
    assert states(held)["Maija"] == ("remote", "Olli")
    assert client.post(address, data | {"name": "Toinen"}).context["form"].errors["substitutes"]
    maija = Attendance.objects.get(name="Maija")
    edit = path("negotiation_person", maija.pk)
    shown = client.get(edit).context["form"]
    assert shown["status"].value() == "remote"
    assert str(maija.pk) not in str(shown["substitutes"])
    assert client.post(edit, data | {"substitutes": str(pirjo.pk), "status": "present"}).status_code == 302
    assert states(held) == {"Olli": ("absent", ""), "Pirjo": ("absent", ""), "Maija": ("present", "Pirjo")}
    answer = client.post(
        path("negotiation_person", pirjo.pk),
        {
            "name": "Pirjo",
            "role": "rehtori",
            "organisation_name": "Joutsa",
            "sector": "municipality",
            "status": "present",
        },
        follow=True,
    )
    assert "Ei enää sijainen" in answer.content.decode()
    assert states(held)["Maija"] == ("present", "")


def test_two_who_edit_the_same_state_see_both(
    held: Negotiation, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """Also where the one only changed whether it was remotely."""
    (olli,) = add_people(held, [OLLI], by=coordinator)
    client, address = client_for(coordinator), path("negotiation_person", olli.pk)
    seen = client.get(address).context["form"]["seen"].value()
    mark(held, {olli.pk: Manner.REMOTE}, by=coordinator)
    data = {"name": "Olli", "role": "diakoni", "organisation_name": "Seurakunta", "sector": "parish", "seen": seen}
    clash = client.post(address, data | {"status": "absent"})
    assert clash.status_code == 409
    assert clash.context["form"].conflicts["status"].theirs == "läsnä etänä"
    assert states(held)["Olli"] == ("remote", "")


def test_removed_and_brought_back_on_the_page(
    held: Negotiation, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """With the one in whose place they came."""
    (olli,) = add_people(held, [OLLI], by=coordinator)
    (maija,) = add_people(held, [substitute(olli, is_remote=True)], by=coordinator)
    client = client_for(coordinator)
    client.post(path("negotiation_person_remove", maija.pk))
    undo = client.get(path("negotiation_attendance", held.pk)).context["undo"]
    assert client.post(undo.url, {"token": undo.token}).status_code == 302
    assert states(held)["Maija"] == ("remote", "Olli")


def test_substitutes_cost_no_queries_of_their_own(
    held: Negotiation, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """One of them or three: the tab asks as much."""
    client = client_for(coordinator)
    counts = []
    for number in range(1, 4):
        (away,) = add_people(held, [Entry(Sector.OTHER, f"Poissa {number}", status=Status.ABSENT)], by=coordinator)
        add_people(held, [substitute(away, f"Sijainen {number}")], by=coordinator)
        with CaptureQueriesContext(connection) as queries:
            client.get(path("negotiation_attendance", held.pk))
        counts.append(len(queries))
    assert counts[0] == counts[1] == counts[2], counts
