"""Attendance beside the live view: pressed, typed, counted; told again after each; the same for one and for many."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from municipalities.models import County, Municipality, Sector, User
from negotiations.minutes.checking import open_minutes, send_for_checking
from negotiations.models import Attendance, Negotiation, PartPresence
from negotiations.sitting.attending import add_people, mark, set_head_counts
from negotiations.sitting.entries import Entry, Manner
from negotiations.sitting.live_attendance import MANY, panel
from tests.factories import make_held, make_negotiation, make_person, make_round
from tests.negotiations.test_checking import later

Status = Attendance.Status
OLLI = Entry(Sector.PARISH, "Olli", "diakoni", "Seurakunta", status=Status.INVITED)
PIRJO = Entry(Sector.MUNICIPALITY, "Pirjo", "rehtori", "Joutsa", status=Status.INVITED)
BY_SCRIPT = {"Live-Panel": "1"}


@pytest.fixture
def held(in_scope: County, hankasalmi: Municipality, joutsa: Municipality, coordinator: User) -> Negotiation:
    """A negotiation that was held, with two in its list."""
    negotiation = make_held(make_round(in_scope), [hankasalmi, joutsa], by=coordinator)
    add_people(negotiation, [OLLI, PIRJO], by=coordinator)
    return negotiation


@pytest.fixture
def client(coordinator: User, client_for: Callable[..., Client]) -> Client:
    """The secretary's browser."""
    return client_for(coordinator)


def path(negotiation: Negotiation, name: str = "live_attendance") -> str:
    """Return an address of a negotiation."""
    return reverse(name, args=["keski-suomi", negotiation.pk])


def row(name: str) -> Attendance:
    """Return somebody's row."""
    found: Attendance = Attendance.objects.get(name=name)
    return found


# --- Told -------------------------------------------------------------------------------------------------------


def test_the_panel_tells_who_is_here(held: Negotiation, coordinator: User) -> None:
    """In all and by sector, of them remotely; who has left, who came in whose place; and who can have a substitute."""
    add_people(
        held,
        [
            Entry(Sector.PARISH, "Maija", substitutes=row("Olli").pk, is_remote=True),
            Entry(Sector.OTHER, "Ulla", is_walk_in=True),
            Entry(Sector.OTHER, "Lähti"),
        ],
        by=coordinator,
    )
    set_head_counts(held, {Sector.PARISH: 3, Sector.COUNTY: 0}, by=coordinator)
    PartPresence.objects.create(county=held.county, part=held.parts.get(), attendance=row("Lähti"), at_opening=True)
    mark(held, {row("Lähti").pk: Manner.ABSENT}, by=coordinator)
    told = panel(held, [])
    assert (told.present, told.remote, told.absent, told.unmarked, told.is_open) == (5, 1, 2, 1, True)
    assert {one.words: (one.away, one.substitute, one.has_left) for one in told.rows} == {
        "Pirjo": ("", "", False),
        "Olli": ("", "Maija", False),
        "Maija": ("Olli", "", False),
        "Lähti": ("", "", True),
        "Ulla": ("", "", False),
    }
    assert [one.words for one in told.without_substitute] == ["Pirjo", "Lähti"]
    sectors = {str(one.sector): (one.named, one.remote, one.head_count, one.total) for one in told.sectors}
    assert sectors["parish"] == (1, 1, 3, 4)
    assert sectors["county"] == (0, 0, 0, 0)
    assert sectors["public"] == (0, 0, None, 0)


def test_one_and_two_hundred_cost_the_same(held: Negotiation, coordinator: User, client: Client) -> None:
    """Queries; and the whole list is there."""
    counts = []
    for many in (0, 198):
        entries = [Entry(Sector.OTHER, f"Henkilö {n}", "rooli", "Yhdistys", status=Status.INVITED) for n in range(many)]
        add_people(held, entries, by=coordinator)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(path(held), headers=BY_SCRIPT)
        counts.append(len(queries))
        assert answer.content.decode().count("data-row") == many + 2
    assert counts[0] == counts[1] <= 8, counts


def test_what_has_not_changed_is_not_sent_again(held: Negotiation, coordinator: User, client: Client) -> None:
    """With the digest that the panel carries; what another marks changes it."""
    first = client.get(path(held), headers=BY_SCRIPT)
    digest = first.context["panel"].digest
    assert f'data-digest="{digest}"' in first.content.decode()
    again = BY_SCRIPT | {"If-None-Match": f'"{digest}"'}
    assert client.get(path(held), headers=again).status_code == 304
    mark(held, {row("Olli").pk: Manner.REMOTE}, by=coordinator)
    assert client.get(path(held), headers=again).status_code == 200
    assert "<html" not in first.content.decode()
    assert "<h1" in client.get(path(held)).content.decode()


# --- Changed ----------------------------------------------------------------------------------------------------


def test_a_press_marks_one(held: Negotiation, client: Client) -> None:
    """By a script with the panel as the answer, without one by going back to the live view."""
    olli = row("Olli")
    answer = client.post(path(held), {"mark": f"{olli.pk}-remote"}, headers=BY_SCRIPT)
    assert answer.status_code == 200 and "Olli: läsnä etänä." in answer.content.decode()
    assert "1 läsnä" in answer.content.decode() and "joista 1 etänä" in answer.content.decode()
    plain = client.post(path(held), {"mark": f"{olli.pk}-absent"})
    assert plain.status_code == 302 and plain["Location"].startswith(path(held, "live"))
    assert Manner.of(row("Olli")) == Manner.ABSENT


def test_all_who_are_not_marked_are_marked_at_once(held: Negotiation, client: Client) -> None:
    """Those marked already stay so."""
    client.post(path(held), {"mark": f"{row('Olli').pk}-absent"})
    answer = client.post(path(held), {"do": "everyone", "manner": "present"}, headers=BY_SCRIPT)
    assert "Merkittiin 1." in answer.content.decode()
    assert (Manner.of(row("Olli")), Manner.of(row("Pirjo"))) == (Manner.ABSENT, Manner.PRESENT)


def test_who_never_came_is_taken_out_of_the_parts_too(held: Negotiation, client: Client) -> None:
    """A mark made by mistake when the part was opened."""
    PartPresence.objects.create(county=held.county, part=held.parts.get(), attendance=row("Olli"), at_opening=True)
    client.post(path(held), {"mark": f"{row('Olli').pk}-absent"})
    assert "lähti kesken" in client.get(path(held), headers=BY_SCRIPT).content.decode()
    client.post(path(held), {"mark": f"{row('Olli').pk}-never"})
    assert not PartPresence.objects.exists()


def test_a_substitute_is_added_with_a_name_and_a_role(held: Negotiation, client: Client) -> None:
    """For the organisation of the one who is away; refused in words, with what was typed, where that cannot be."""
    data = {
        "do": "substitute",
        "substitute-substitutes": str(row("Olli").pk),
        "substitute-name": "Maija",
        "substitute-role": "pappi",
        "substitute-is_remote": "on",
    }
    for wrong, words in (
        ({"substitute-name": "", "substitute-role": " "}, "Anna nimi tai rooli."),
        ({"substitute-substitutes": ""}, "Valitse se, joka on poissa."),
        ({"substitute-substitutes": "999999999"}, "Valitse poissa oleva tämän neuvottelun luettelosta."),
        ({"substitute-substitutes": "x"}, "Valitse poissa oleva tämän neuvottelun luettelosta."),
    ):
        refused = client.post(path(held), data | wrong, headers=BY_SCRIPT)
        assert refused.status_code == 422 and words in refused.content.decode()
        assert ('value="pappi"' in refused.content.decode()) == ("substitute-role" not in wrong)
    assert client.post(path(held), data, headers=BY_SCRIPT).status_code == 200
    maija = row("Maija")
    assert (maija.role, maija.organisation_name, maija.sector, maija.is_remote) == (
        "pappi",
        "Seurakunta",
        "parish",
        True,
    )
    assert (maija.substitutes, Manner.of(row("Olli"))) == (row("Olli"), Manner.ABSENT)
    again = client.post(path(held), data | {"substitute-name": "Toinen"})
    assert again.status_code == 422 and "on jo sijainen" in again.content.decode()
    came = client.post(path(held), {"mark": f"{row('Olli').pk}-present"}, headers=BY_SCRIPT)
    assert "Ei enää sijainen" in came.content.decode()


def test_one_who_came_uninvited_is_added(
    held: Negotiation, in_scope: County, hankasalmi: Municipality, client: Client
) -> None:
    """The sector by the organisation, or chosen; from the register with what it knows."""
    make_person(in_scope, "Reijo Ranta", role="johtaja", sector=Sector.MUNICIPALITY, municipality=hankasalmi)
    found = client.get(path(held), {"nimi": "rant rei"}, headers=BY_SCRIPT).json()["people"]
    assert found == ["Reijo Ranta, johtaja, Hankasalmi"]
    for nothing in ("", "\0", "x" * 5000):
        assert client.get(path(held), {"nimi": nothing}).json() == {"people": []}
    unknown = {"do": "walk-in", "walk_in-name": "Ulla", "walk_in-organisation_name": "Jokin muu"}
    refused = client.post(path(held), unknown)
    assert refused.status_code == 422 and "<h1" in refused.content.decode()
    assert 'href="#id_walk_in-sector"' in refused.content.decode() and 'value="Ulla"' in refused.content.decode()
    client.post(path(held), unknown | {"walk_in-sector": "other", "walk_in-is_remote": "on"})
    client.post(path(held), unknown | {"walk_in-name": "Anna", "walk_in-organisation_name": "Joutsan seurakunta"})
    client.post(path(held), {"do": "walk-in", "walk_in-name": found[0]})
    told = {one.name: (one.sector, one.is_remote, one.is_walk_in) for one in Attendance.objects.filter(is_walk_in=True)}
    assert told == {
        "Ulla": ("other", True, True),
        "Anna": ("parish", False, True),
        "Reijo Ranta": ("municipality", False, True),
    }
    reijo = row("Reijo Ranta")
    assert (reijo.role, reijo.organisation_name, reijo.municipality) == ("johtaja", "Hankasalmi", hankasalmi)
    twice = client.post(path(held), {"do": "walk-in", "walk_in-name": found[0]}, headers=BY_SCRIPT)
    assert twice.status_code == 422 and "on jo luettelossa" in twice.content.decode()


def test_a_role_is_enough(held: Negotiation, client: Client) -> None:
    """As in the list of those invited; without a name and a role nobody is added, and the field says why."""
    sent = {"do": "walk-in", "walk_in-sector": "other"}
    refused = client.post(path(held), sent, headers=BY_SCRIPT)
    assert (
        refused.status_code == 422 and 'id="walk_in-name-virhe">Nimi: Anna nimi tai rooli.' in refused.content.decode()
    )
    added = client.post(path(held), sent | {"walk_in-role": "Kylätalon emäntä"}, headers=BY_SCRIPT)
    assert added.status_code == 200 and "Kylätalon emäntä" in added.content.decode()
    came = Attendance.objects.get(is_walk_in=True)
    assert (came.name, came.role, came.status) == ("", "Kylätalon emäntä", "present")


def test_head_counts_of_two_secretaries(held: Negotiation, coordinator: User, client: Client) -> None:
    """What only the other counted stays; what both counted is told; wrong numbers are shown again."""
    seen = panel(held, []).seen
    set_head_counts(held, {Sector.COUNTY: 5, Sector.PARISH: 2}, by=coordinator)
    mine = {"do": "counts", "seen": seen, "count_county": "6", "count_parish": "", "count_other": "1"}
    clash = client.post(path(held), mine, headers=BY_SCRIPT)
    assert clash.status_code == 422 and 'value="6"' in clash.content.decode()
    heads = Attendance.objects.filter(is_head_count=True)
    assert dict(heads.values_list("sector", "count")) == {"county": 5, "parish": 2}
    now = panel(held, []).seen
    saved = client.post(path(held), mine | {"seen": now, "count_parish": "2"}, headers=BY_SCRIPT)
    assert saved.status_code == 200
    assert dict(heads.values_list("sector", "count")) == {"county": 6, "parish": 2, "other": 1}
    wrong = client.post(path(held), {"do": "counts", "count_county": "kuusi"}, headers=BY_SCRIPT)
    assert wrong.status_code == 422 and 'value="kuusi"' in wrong.content.decode()


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"mark": "x"}, 422),
        ({"mark": "0-present"}, 404),
        ({"mark": "999999999999999999-present"}, 404),
        ({"mark": "1-invited"}, 422),
        ({"do": "dance"}, 404),
        ({"do": "everyone", "manner": "absent"}, 422),
        ({"do": "substitute"}, 422),
        ({"do": "walk-in", "walk_in-name": "x" * 600}, 422),
        ({"do": "walk-in", "walk_in-name": "Maija\0", "walk_in-sector": "other"}, 422),
        ({}, 422),
    ],
)
def test_nonsense_changes_nothing(held: Negotiation, data: dict[str, str], status: int, client: Client) -> None:
    """And never fails."""
    assert client.post(path(held), data, headers=BY_SCRIPT).status_code == status
    assert set(Attendance.objects.values_list("status", flat=True)) == {"invited"}


# --- When it is closed, and for others --------------------------------------------------------------------------


def test_closed_it_tells_who_was_there(held: Negotiation, coordinator: User, client: Client) -> None:
    """With the reason, and no buttons; a press that comes late is answered with it."""
    mark(held, {row("Olli").pk: Manner.REMOTE}, by=coordinator)
    (minutes,) = open_minutes(held, by=coordinator)
    send_for_checking(minutes, check_by=later(), by=coordinator)
    page = client.get(path(held), headers=BY_SCRIPT).content.decode()
    assert "Olli" in page and "läsnä etänä" in page and 'name="mark"' not in page and "tarkastettavaksi" in page
    late = client.post(path(held), {"mark": f"{row('Olli').pk}-absent"}, headers=BY_SCRIPT)
    assert late.status_code == 409 and "tarkastettavaksi" in late.content.decode()
    assert Manner.of(row("Olli")) == Manner.REMOTE


def test_before_the_day_nobody_is_here(in_scope: County, hankasalmi: Municipality, client: Client) -> None:
    """The panel says from when."""
    day = timezone.localdate() + timedelta(days=7)
    round_ = make_round(in_scope)
    to_come = make_negotiation(round_, [hankasalmi], day=day)
    told = panel(to_come, [])
    assert not told.is_open and told.closed
    assert panel(make_negotiation(round_, [hankasalmi], day=date(2024, 9, 1)), []).is_open


def test_a_long_list_can_be_searched(held: Negotiation, coordinator: User, client: Client) -> None:
    """A short one is seen at a glance."""
    assert "lasnaolo-haku" not in client.get(path(held), headers=BY_SCRIPT).content.decode()
    add_people(held, [Entry(Sector.OTHER, f"H {n}") for n in range(MANY)], by=coordinator)
    assert "lasnaolo-haku" in client.get(path(held), headers=BY_SCRIPT).content.decode()


def test_only_a_coordinator_marks(
    held: Negotiation, editor: User, luhanka: Municipality, client_for: Callable[..., Client], coordinator: User
) -> None:
    """A party of the negotiation may not; of another one nobody else knows."""
    other = make_held(make_round(held.county, name="Toinen"), [luhanka], by=coordinator)
    asked = client_for(editor)
    assert asked.get(path(held)).status_code == asked.post(path(held), {}).status_code == 403
    assert asked.get(path(other)).status_code == 404
