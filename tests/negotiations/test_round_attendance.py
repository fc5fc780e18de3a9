"""The grid of a round's participants as a list: sorted, searched, taken as a file, and changed page by page."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from html import unescape
from io import BytesIO
from typing import Any
from urllib.parse import urljoin

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from municipalities.models import County, Municipality, Sector, User
from negotiations.demo.building import add_head_counts
from negotiations.minutes.checking import open_minutes, send_for_checking
from negotiations.models import Attendance, Negotiation, Round
from negotiations.sitting.attending import Entry, add_people, set_head_counts
from tests.factories import make_held, make_negotiation, make_round
from tests.negotiations.test_checking import later
from tests.pages.test_lists import MOST_QUERIES, as_csv, cost, fill

ClientFor = Callable[[User | None], Client]


@pytest.fixture
def round_(in_scope: County) -> Round:
    """A round in groups."""
    return make_round(in_scope)


@pytest.fixture
def sittings(
    round_: Round, hankasalmi: Municipality, joutsa: Municipality, luhanka: Municipality, coordinator: User
) -> list[Negotiation]:
    """Three that were held, of which the last was not counted, and one of which only the month is known."""
    first = make_held(round_, [hankasalmi], by=coordinator, title="Ensimmäinen")
    second = make_held(round_, [joutsa], by=coordinator, title="Äänekäs", day=date(2024, 10, 3))
    third = make_held(round_, [luhanka], by=coordinator, title="Laskematon", day=date(2024, 10, 10))
    add_head_counts(first, {Sector.COUNTY: 9, Sector.MUNICIPALITY: 5})
    add_people(first, [Entry(Sector.MUNICIPALITY, "Maija")], by=coordinator)
    add_head_counts(second, {Sector.COUNTY: 0, Sector.MUNICIPALITY: 40})
    month = make_negotiation(
        round_,
        [joutsa],
        title="Kuukausi",
        precision=Negotiation.Precision.MONTH,
        earliest=date(2025, 3, 1),
        latest=date(2025, 3, 31),
        starts_at=None,
        ends_at=None,
    )
    return [first, second, third, month]


@pytest.fixture
def many(round_: Round) -> list[Negotiation]:
    """More than a page of negotiations, with one more of the municipality in each than in the one before."""
    first = date(2024, 1, 1)
    rows = Negotiation.objects.bulk_create(
        Negotiation(
            county_id=round_.county_id,
            round=round_,
            title=f"Neuvottelu {n}",
            state=Negotiation.State.HELD,
            precision=Negotiation.Precision.DAY,
            earliest=first + timedelta(days=n),
            latest=first + timedelta(days=n),
        )
        for n in range(55)
    )
    Attendance.objects.bulk_create(
        Attendance(county_id=round_.county_id, negotiation=row, sector=Sector.MUNICIPALITY, is_head_count=True, count=n)
        for n, row in enumerate(rows, start=1)
    )
    return rows


def path(round_: Round, query: str = "") -> str:
    """Return the address of the grid."""
    return reverse("round_attendance", args=["keski-suomi", round_.pk]) + (f"?{query}" if query else "")


def titles(client: Client, round_: Round, query: str = "") -> list[str]:
    """Return the titles of the negotiations in the grid."""
    response = client.get(path(round_, query))
    assert response.status_code == 200
    return [row.negotiation.title for row in response.context["rows"]]


def fields_of(response: Any) -> dict[str, str]:
    """Return what the form of the grid would send."""
    form = re.search(r'<form method="post"\s+action="\?.*?</form>', response.content.decode(), re.DOTALL)
    assert form
    inputs = [dict(re.findall(r'([a-z]+)="([^"]*)"', tag)) for tag in re.findall(r"<input[^>]*>", form[0])]
    return {one["name"]: unescape(one.get("value", "")) for one in inputs if one["name"] != "csrfmiddlewaretoken"}


def action_of(response: Any, address: str) -> str:
    """Return the address to which the form of the grid sends."""
    found = re.search(r'<form method="post"\s+action="(\?[^"]*)"', response.content.decode())
    assert found
    return urljoin(address, unescape(found[1]))


def counts(rows: Sequence[Negotiation], sector: str) -> list[int | None]:
    """Return the head counts of a sector in these negotiations."""
    found = dict(
        Attendance.objects.filter(negotiation__in=rows, sector=sector, is_head_count=True).values_list(
            "negotiation_id", "count"
        )
    )
    return [found.get(row.pk) for row in rows]


# --- Order and search -------------------------------------------------------------------------------------------


def test_the_grid_sorts_by_title_time_sector_and_total(
    round_: Round, sittings: list[Negotiation], coordinator: User, client_for: ClientFor
) -> None:
    """By time unless asked otherwise; those that were not counted last, which is not nought."""
    client = client_for(coordinator)
    by_time = ["Ensimmäinen", "Äänekäs", "Laskematon", "Kuukausi"]
    assert titles(client, round_) == by_time
    assert titles(client, round_, "jarjesta=-aika") == by_time[::-1]
    assert titles(client, round_, "jarjesta=neuvottelu") == ["Ensimmäinen", "Kuukausi", "Laskematon", "Äänekäs"]
    assert titles(client, round_, "jarjesta=-yhteensa")[:2] == ["Äänekäs", "Ensimmäinen"]
    assert titles(client, round_, "jarjesta=yhteensa")[:2] == ["Ensimmäinen", "Äänekäs"]
    assert titles(client, round_, "jarjesta=alue")[:2] == ["Äänekäs", "Ensimmäinen"]
    assert titles(client, round_, "jarjesta=-alue")[:2] == ["Ensimmäinen", "Äänekäs"]
    for unknown in ("jarjesta=tila", "jarjesta=eioo", "sivu=x"):
        assert titles(client, round_, unknown) == by_time


def test_headings_sort_and_say_by_what(
    round_: Round, sittings: list[Negotiation], coordinator: User, client_for: ClientFor
) -> None:
    """The title and the time share a heading: its arrow is of the one in use."""
    client = client_for(coordinator)
    page = client.get(path(round_)).content.decode()
    assert page.count("aria-sort=") == 1
    assert re.search(r'<a class="table-sort"\s+href="\?jarjesta=-aika" aria-current="true">', page)
    assert re.search(r'<a class="table-sort table-sort--idle"\s+href="\?jarjesta=neuvottelu">', page)
    page = client.get(path(round_, "jarjesta=-yhteensa")).content.decode()
    assert re.search(r'aria-sort="descending">\s*<a class="table-sort" href="\?jarjesta=yhteensa">', page)
    assert page.count("aria-sort=") == 1


def test_the_grid_is_searched_by_titles_and_parties(
    round_: Round, sittings: list[Negotiation], coordinator: User, editor: User, client_for: ClientFor
) -> None:
    """The totals stay those of the round, and that is told; who is not a party finds nothing."""
    client = client_for(coordinator)
    client.cookies["language"] = "fi"
    assert titles(client, round_, "q=joutsa") == ["Äänekäs", "Kuukausi"]
    assert titles(client, round_, "q=ensim") == ["Ensimmäinen"]
    assert titles(client, round_, "q=joutsa+kuukausi") == ["Kuukausi"]
    searched = client.get(path(round_, "q=joutsa"))
    assert searched.context["listed_total"] == 55
    assert "Myös ne, jotka rajaukset jättävät pois" in searched.content.decode()
    assert "Myös ne, jotka rajaukset jättävät pois" not in client.get(path(round_)).content.decode()
    nothing = client.get(path(round_, "q=eioletällaista")).content.decode()
    assert nothing.count('href="?"') == 2 and "data-guard" not in nothing
    assert titles(client_for(editor), round_, "q=joutsa") == []


# --- Files ------------------------------------------------------------------------------------------------------


def test_the_grid_as_a_file_for_the_coordinator(
    round_: Round, sittings: list[Negotiation], coordinator: User, client_for: ClientFor
) -> None:
    """Every sector, also of those by name; empty where nobody was counted, nought where nobody came."""
    client = client_for(coordinator)
    client.cookies["language"] = "fi"
    first, second, third, month = as_csv(client, path(round_, "vie=csv"))
    assert list(first) == [
        *("Neuvottelu", "Aika", "Päivä", "Tila", "Hyvinvointialue", "Kunnat", "Muut julkiset toimijat", "Yritykset"),
        *("Järjestöt", "Seurakunnat", "Järjestöt ja seurakunnat", "Vaikuttamistoimielimet", "Muut", "Yhteensä"),
    ]
    assert (first["Neuvottelu"], first["Päivä"], first["Tila"]) == ("Ensimmäinen", "26.9.2024", "Pidetty")
    assert (first["Hyvinvointialue"], first["Kunnat"], first["Yritykset"], first["Yhteensä"]) == ("9", "6", "", "15")
    assert (second["Hyvinvointialue"], second["Kunnat"], second["Yhteensä"]) == ("0", "40", "40")
    assert (third["Hyvinvointialue"], third["Yhteensä"]) == ("", "")
    # A month is never told as its first day.
    assert (month["Aika"], month["Päivä"]) == ("maaliskuu 2025", "")
    searched = as_csv(client, path(round_, "vie=csv&q=joutsa&jarjesta=-aika"))
    assert [row["Neuvottelu"] for row in searched] == ["Kuukausi", "Äänekäs"]
    response = client.get(path(round_, "vie=xlsx"))
    assert response.headers["Cache-Control"] == "private, no-store"
    assert "osallistujat-2024-" in response.headers["Content-Disposition"]
    rows = list(load_workbook(BytesIO(response.content)).worksheets[0].iter_rows(values_only=True))
    assert [row[rows[0].index("Yhteensä")] for row in rows[1:]] == [15, 40, None, None]
    assert rows[2][rows[0].index("Hyvinvointialue")] == 0


def test_the_file_of_others_has_what_their_page_has(
    round_: Round,
    sittings: list[Negotiation],
    reader: User,
    board_member: User,
    outsider: User,
    client_for: ClientFor,
) -> None:
    """Their own negotiations, and the sectors that were counted in them; nothing for those without the page."""
    client = client_for(reader)
    client.cookies["language"] = "fi"
    (own,) = as_csv(client, path(round_, "vie=csv"))
    assert list(own) == ["Neuvottelu", "Aika", "Päivä", "Tila", "Hyvinvointialue", "Kunnat", "Yhteensä"]
    assert (own["Neuvottelu"], own["Kunnat"], own["Yhteensä"]) == ("Ensimmäinen", "6", "15")
    page = client.get(path(round_))
    assert [str(name) for name, _total in page.context["columns"]] == ["Hyvinvointialue", "Kunnat"]
    assert as_csv(client, path(round_, "vie=csv&q=joutsa")) == []
    # Nor is the list put in order by what is not told.
    assert client.get(path(round_, "jarjesta=-yritykset")).context["table"].sort == "aika"
    for stranger in (board_member, outsider):
        assert (
            client_for(stranger).get(path(round_, "vie=csv")).status_code
            == client_for(stranger).get(path(round_)).status_code
        )
        assert client_for(stranger).get(path(round_, "vie=csv")).status_code in {403, 404}


# --- Changing ---------------------------------------------------------------------------------------------------


def test_a_sorted_second_page_saves_its_own_rows(
    round_: Round, many: list[Negotiation], coordinator: User, client_for: ClientFor
) -> None:
    """It sends to its own address and comes back to it, with what else is on it as it was."""
    client = client_for(coordinator)
    address = path(round_, "q=neuvottelu&jarjesta=-kunnat&sivu=2")
    shown = client.get(address)
    # The largest first: the five smallest are left for the second page.
    assert [row.negotiation for row in shown.context["rows"]] == many[4::-1]
    assert action_of(shown, address) == address
    data = fields_of(shown)
    assert len([name for name in data if name.endswith("_county")]) == 5
    answer = client.post(action_of(shown, address), data | {f"n{many[0].pk}_county": "7", f"n{many[3].pk}_parish": "0"})
    assert (answer.status_code, answer["Location"]) == (302, address)
    assert counts(many, Sector.COUNTY) == [7, *[None] * 54]
    assert counts(many, Sector.PARISH) == [None, None, None, 0, *[None] * 51]
    assert counts(many, Sector.MUNICIPALITY) == list(range(1, 56))


def test_the_first_page_in_the_usual_order_has_a_plain_address(
    round_: Round, many: list[Negotiation], coordinator: User, client_for: ClientFor
) -> None:
    """Fifty rows, and a link to the rest."""
    shown = client_for(coordinator).get(path(round_))
    assert [row.negotiation for row in shown.context["rows"]] == many[:50]
    assert action_of(shown, path(round_)) in {path(round_), path(round_) + "?"}
    assert 'href="?sivu=2" rel="next"' in shown.content.decode()


def test_a_refused_value_keeps_all_that_was_typed_on_a_sorted_second_page(
    round_: Round, many: list[Negotiation], coordinator: User, client_for: ClientFor
) -> None:
    """The same rows in the same order, and the form still sends to their page."""
    client = client_for(coordinator)
    address = path(round_, "jarjesta=-kunnat&sivu=2")
    data = fields_of(client.get(address)) | {f"n{many[0].pk}_county": "x", f"n{many[1].pk}_parish": "3"}
    refused = client.post(address, data)
    assert refused.status_code == 422
    assert [row.negotiation for row in refused.context["rows"]] == many[4::-1]
    assert fields_of(refused) == data
    assert action_of(refused, address) == address
    assert counts(many, Sector.PARISH) == [None] * 55


def test_rows_that_have_moved_to_another_page_meanwhile_are_saved(
    round_: Round, many: list[Negotiation], coordinator: User, client_for: ClientFor
) -> None:
    """Others count, too: what was typed is of the rows that were shown, not of those that are on the page now."""
    client = client_for(coordinator)
    address = path(round_, "jarjesta=-kunnat&sivu=2")
    data = fields_of(client.get(address)) | {f"n{many[0].pk}_county": "7"}
    set_head_counts(many[0], {Sector.MUNICIPALITY: 900}, by=coordinator)
    assert many[0].title not in titles(client, round_, "jarjesta=-kunnat&sivu=2")
    # Refused, the rows that were typed in are all there; one that has come to the page has no empty fields to send.
    refused = client.post(address, data | {f"n{many[1].pk}_county": "x"})
    assert refused.status_code == 422
    assert {row.negotiation.pk for row in refused.context["rows"]} == {row.pk for row in many[:6]}
    sent = fields_of(refused)
    assert set(sent) == set(data)
    assert client.post(address, sent | {f"n{many[1].pk}_county": ""}).status_code == 302
    assert counts(many[:6], Sector.COUNTY) == [7, None, None, None, None, None]
    assert counts(many[:6], Sector.MUNICIPALITY) == [900, 2, 3, 4, 5, 6]


def test_two_who_count_the_same_see_each_other_on_a_sorted_page(
    round_: Round, many: list[Negotiation], coordinator: User, client_for: ClientFor
) -> None:
    """A conflict shows both, and saving again settles it."""
    client = client_for(coordinator)
    address = path(round_, "jarjesta=-kunnat&sivu=2")
    data = fields_of(client.get(address)) | {f"n{many[0].pk}_municipality": "12"}
    set_head_counts(many[0], {Sector.MUNICIPALITY: 11}, by=coordinator)
    refused = client.post(address, data)
    assert refused.status_code == 409
    assert counts(many[:1], Sector.MUNICIPALITY) == [11]
    assert client.post(address, fields_of(refused)).status_code == 302
    assert counts(many[:2], Sector.MUNICIPALITY) == [12, 2]


def test_what_was_typed_of_one_that_closed_meanwhile_is_not_dropped_in_silence(
    round_: Round, sittings: list[Negotiation], coordinator: User, client_for: ClientFor
) -> None:
    """It is told which and why, with all that was typed; unchanged, it keeps nobody from saving the others."""
    client = client_for(coordinator)
    first, second = sittings[:2]
    untouched = fields_of(client.get(path(round_))) | {f"n{second.pk}_county": "4"}
    (minutes,) = open_minutes(first, by=coordinator)
    send_for_checking(minutes, check_by=later(), by=coordinator)
    refused = client.post(path(round_), untouched | {f"n{first.pk}_county": "10"})
    assert refused.status_code == 409
    assert "Ensimmäinen: " in refused.context["form"].non_field_errors()[0]
    assert fields_of(refused)[f"n{first.pk}_county"] == "10"
    assert counts(sittings[:2], Sector.COUNTY) == [9, 0]
    assert client.post(path(round_), untouched).status_code == 302
    assert counts(sittings[:2], Sector.COUNTY) == [9, 4]


def test_negotiations_of_other_rounds_and_made_up_ones_are_not_changed(
    in_scope: County, round_: Round, hankasalmi: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """Whatever numbers are sent."""
    other = make_held(make_round(in_scope, name="Toinen", year=2023), [hankasalmi], by=coordinator)
    data = {f"n{other.pk}_county": "5", "n0_county": "5", "n999999999999999999_county": "5", "n²_county": "5"}
    assert client_for(coordinator).post(path(round_), data).status_code == 302
    assert counts([other], Sector.COUNTY) == [None]


# --- What it costs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "q=e&jarjesta=-yhteensa&sivu=1", "q=e&jarjesta=-kunnat&vie=xlsx", "vie=csv"])
def test_26_and_260_negotiations_take_as_few_queries(
    query: str, in_scope: County, round_: Round, coordinator: User, client_for: ClientFor
) -> None:
    """The same number, at most twelve; and 260 rows are shown a page at a time."""
    fill(in_scope, round_, 0, 26)
    client, address = client_for(coordinator), path(round_, query)
    client.get(address)
    few, short = cost(client, address)
    fill(in_scope, round_, 26, 260)
    more, long = cost(client, address)
    assert len(long) > len(short)
    assert more == few <= MOST_QUERIES
    if "vie" not in query:
        assert long.count(b'<th scope="row">') == 51
    assert len(as_csv(client, path(round_, "vie=csv"))) == 260
