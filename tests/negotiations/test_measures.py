"""Measures: entered, changed, removed and brought back; closed with the minutes that tell them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from indicators.models import Indicator
from municipalities.models import County, Municipality, Priority, Sector, User
from municipalities.moves import NotAllowedNow
from negotiations.followup.measures import (
    Agreed,
    Owner,
    add_measures,
    bring_back,
    change_measure,
    remove_measure,
)
from negotiations.log import log_of
from negotiations.minutes.checking import open_minutes
from negotiations.models import AgendaItem, LegalBasis, Measure, Minutes, Negotiation, Round
from negotiations.sitting.conduct import cancel, convene
from tests.factories import BOTH, make_held, make_municipality, make_negotiation, make_organisation, make_round
from tests.negotiations.test_checking import State, later, reach, send_for_checking
from tests.negotiations.test_minutes_papers import token
from tests.negotiations.test_minutes_writing import shown

ClientFor = Callable[[User | None], Client]
COUNTYS = Owner(Sector.COUNTY)


@pytest.fixture
def round_(in_scope: County) -> Round:
    """A round on both legal bases."""
    return make_round(in_scope, legal_bases=list(BOTH))


@pytest.fixture
def held(round_: Round, hankasalmi: Municipality) -> Negotiation:
    """A sitting of both duties."""
    return make_held(round_, [hankasalmi], bases=BOTH)


@pytest.fixture
def priority(in_scope: County) -> Priority:
    """A priority in force at the time."""
    row: Priority = Priority.objects.create(
        county=in_scope, name="Mielen hyvinvointi", starts_on=date(2022, 1, 1), ends_on=date(2025, 12, 31)
    )
    return row


def url(name: str, pk: int) -> str:
    """Return an address in the cast's county."""
    return reverse(name, args=["keski-suomi", pk])


def texts() -> list[str]:
    """Return the measures in their order."""
    return list(Measure.objects.order_by("position", "id").values_list("text", flat=True))


# --- Who answers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("", "Hankasalmi"),
        ("nuorisopalvelut", "Hankasalmi, nuorisopalvelut"),
        ("Hankasalmen nuorisopalvelut", "Hankasalmen nuorisopalvelut"),
        ("Hankasalmi, nuorisopalvelut", "Hankasalmi, nuorisopalvelut"),
    ],
)
def test_the_owner_is_always_told(unit: str, expected: str, in_scope: County, hankasalmi: Municipality) -> None:
    """By name, and not twice; and an edit gets back what was written of the unit."""
    owner = Owner(Sector.MUNICIPALITY, hankasalmi)
    assert owner.responsible(in_scope, unit) == expected
    assert owner.responsible(in_scope, owner.unit_in(in_scope, expected)) == expected


def test_the_county_by_any_of_its_names(in_scope: County) -> None:
    """Its own, the short one, and the word for what it is."""
    in_scope.short_name = "Hyvaks"
    assert COUNTYS.responsible(in_scope) == "Keski-Suomen hyvinvointialue"
    for words in ("Hyvaks, perhepalvelut", "Hyvinvointialue, perhepalvelut"):
        assert COUNTYS.responsible(in_scope, words) == words
    assert COUNTYS.responsible(in_scope, "perhepalvelut") == "Keski-Suomen hyvinvointialue, perhepalvelut"


# --- State × change ---------------------------------------------------------------------------------------------

CHANGES: dict[str, Callable[[Negotiation, User], object]] = {
    "add": lambda negotiation, by: add_measures([Agreed("Toinen.", COUNTYS)], of=negotiation, by=by),
    "change": lambda negotiation, by: change_measure(negotiation.measures.get(), fields=["text"], by=by),
    "remove": lambda negotiation, by: remove_measure(negotiation.measures.get(), by=by),
}


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("change", list(CHANGES))
def test_measures_are_closed_with_the_minutes(change: str, state: State, held: Negotiation, coordinator: User) -> None:
    """Open while these are a draft; after that refused, and nothing is changed."""
    open_minutes(held, by=coordinator)
    add_measures([Agreed("Teko.", COUNTYS)], of=held, by=coordinator)
    reach(state, held, coordinator)
    if state == State.DRAFT:
        CHANGES[change](held, coordinator)
        return
    with pytest.raises(NotAllowedNow):
        CHANGES[change](held, coordinator)
    assert texts() == ["Teko."]


def test_what_was_removed_does_not_come_back_into_closed_minutes(held: Negotiation, coordinator: User) -> None:
    """The removal is undone while a draft only."""
    open_minutes(held, by=coordinator)
    (measure,) = add_measures([Agreed("Teko.", COUNTYS)], of=held, by=coordinator)
    values = remove_measure(measure, by=coordinator)
    reach(State.CHECKING, held, coordinator)
    with pytest.raises(NotAllowedNow):
        bring_back(held, values, by=coordinator)
    assert texts() == []


def test_nothing_is_agreed_before_anybody_was_invited(
    round_: Round, hankasalmi: Municipality, coordinator: User
) -> None:
    """Nor in what was cancelled."""
    planned = make_negotiation(round_, [hankasalmi])
    called_off = cancel(make_negotiation(round_, [hankasalmi]), reason="Este.", by=coordinator)
    for negotiation in (planned, called_off):
        with pytest.raises(NotAllowedNow):
            add_measures([Agreed("Teko.", COUNTYS)], of=negotiation, by=coordinator)
    add_measures([Agreed("Teko.", COUNTYS)], of=convene(planned, by=coordinator), by=coordinator)
    assert texts() == ["Teko."]


def test_each_part_closes_its_own_measures(held: Negotiation, coordinator: User) -> None:
    """Where each has minutes of its own; a measure does not slip from the one into the other either."""
    County.objects.update(minutes_form=County.MinutesForm.TWO)
    held = Negotiation.objects.get(pk=held.pk)
    first, _second = open_minutes(held, by=coordinator)
    mine, other = (
        AgendaItem.objects.get(part__legal_basis=basis, position=1)
        for basis in (LegalBasis.COOPERATION, LegalBasis.WELFARE)
    )
    (closed,) = add_measures([Agreed("Teko.", COUNTYS)], of=held, item=mine, by=coordinator)
    (still_open,) = add_measures([Agreed("Toinen.", COUNTYS)], of=held, item=other, by=coordinator)
    send_for_checking(first, check_by=later(), by=coordinator)
    still_open.text = "Muutettu."
    change_measure(still_open, fields=["text"], by=coordinator)
    for measure, item in ((still_open, mine), (closed, other)):
        measure.agenda_item = item
        with pytest.raises(NotAllowedNow):
            change_measure(measure, fields=["agenda_item"], by=coordinator)
    # What is of no item is told with the last part, which is still being written.
    add_measures([Agreed("Yhteinen.", COUNTYS)], of=held, by=coordinator)
    assert texts() == ["Teko.", "Muutettu.", "Yhteinen."]


# --- The pages --------------------------------------------------------------------------------------------------


def test_a_pasted_list_with_one_owner(
    held: Negotiation, priority: Priority, coordinator: User, hankasalmi: Municipality, client_for: ClientFor
) -> None:
    """Each line a measure, under the item, with owner, deadline and priority; and the log counts them."""
    open_minutes(held, by=coordinator)
    client, item = client_for(coordinator), AgendaItem.objects.filter(part__negotiation=held)[0]
    address = url("measures_add", held.pk) + f"?kohta={item.pk}"
    data = shown(client, address)
    assert data["agenda_item"] == str(item.pk)
    data |= {
        "texts": "• Nuorisotila auki lauantaisin.\n\n• Yhteinen toimintamalli.",
        "owner": f"municipality-{hankasalmi.pk}",
        "unit": "nuorisopalvelut",
        "due_on": "31.3.2025",
        "priority": priority.pk,
    }
    response = client.post(address, data)
    assert response.headers["Location"] == url("negotiation_minutes", held.pk)
    assert texts() == ["Nuorisotila auki lauantaisin.", "Yhteinen toimintamalli."]
    for measure in Measure.objects.all():
        assert (measure.agenda_item, measure.round, measure.priority) == (item, held.round, priority)
        assert (measure.municipality, measure.responsible_sector) == (hankasalmi, Sector.MUNICIPALITY)
        assert (measure.responsible, measure.due_on) == ("Hankasalmi, nuorisopalvelut", date(2025, 3, 31))
    page = client.get(url("negotiation_minutes", held.pk)).content.decode()
    for told in ("Nuorisotila auki", "Hankasalmi, nuorisopalvelut", "31.3.2025", "Mielen hyvinvointi"):
        assert told in page
    assert "2" in log_of([held])[-1].words


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"texts": " \n • "}, "texts"),
        ({"owner": ""}, "owner"),
        ({"owner": "municipality-999999"}, "owner"),
        ({"due_on": "ensi viikolla"}, "due_on"),
        ({"due_on": "31.3.2025", "due_text": "keväällä"}, "due_text"),
        ({"unit": "x" * 151}, "unit"),
        ({"agenda_item": "999999"}, "agenda_item"),
        ({"priority": "kaikki"}, "priority"),
    ],
)
def test_what_will_not_do(
    wrong: dict[str, str], field: str, held: Negotiation, coordinator: User, client_for: ClientFor
) -> None:
    """Each error is at its field, and nothing is entered."""
    client, address = client_for(coordinator), url("measures_add", held.pk)
    data = shown(client, address) | {"texts": "Teko.", "owner": "county"} | wrong
    response = client.post(address, data)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert texts() == []


def test_an_edit_moves_a_measure_to_another_owner(
    held: Negotiation, coordinator: User, hankasalmi: Municipality, client_for: ClientFor
) -> None:
    """The name of the owner before is not left behind; two editors see both versions."""
    (measure,) = add_measures([Agreed("Teko.", Owner(Sector.MUNICIPALITY, hankasalmi), "kirjasto")], of=held, by=None)
    client, address = client_for(coordinator), url("measure_edit", measure.pk)
    data = shown(client, address)
    assert (data["owner"], data["responsible"]) == (f"municipality-{hankasalmi.pk}", "kirjasto")
    data["owner"] = "county"
    assert client.post(address, data).status_code == 302
    measure.refresh_from_db()
    assert (measure.municipality, measure.responsible_sector) == (None, Sector.COUNTY)
    assert measure.responsible == "Keski-Suomen hyvinvointialue, kirjasto"
    response = client.post(address, data | {"owner": "parish", "text": "Muu."})
    assert response.status_code == 409
    assert "Keski-Suomen hyvinvointialue" in response.context["form"].conflicts["owner"].theirs


def test_from_the_page_of_an_item_one_comes_back_to_it(
    held: Negotiation, coordinator: User, client_for: ClientFor
) -> None:
    """After adding, editing and removing alike."""
    open_minutes(held, by=coordinator)
    item = AgendaItem.objects.filter(part__negotiation=held)[0]
    client, here = client_for(coordinator), url("minutes_item", item.pk)
    (measure,) = add_measures([Agreed("Teko.", COUNTYS)], of=held, item=item, by=None)
    asked = f"?kohta={item.pk}&kirjoitus=1"
    page = client.get(here).content.decode()
    for name, pk in (("measures_add", held.pk), ("measure_edit", measure.pk), ("measure_remove", measure.pk)):
        assert url(name, pk) + asked.replace("&", "&amp;") in page
    address = url("measure_edit", measure.pk) + asked
    assert client.post(address, shown(client, address)).headers["Location"] == here
    assert client.post(url("measure_remove", measure.pk) + asked).headers["Location"] == here
    assert "Teko." in client.get(here).content.decode()  # offered back


def test_a_removed_measure_comes_back_whole(
    held: Negotiation, priority: Priority, coordinator: User, hankasalmi: Municipality, client_for: ClientFor
) -> None:
    """In its place, with everything it had."""
    owner = Owner(Sector.MUNICIPALITY, hankasalmi)
    first, second = add_measures(
        [Agreed("Eka.", owner, "kirjasto", date(2025, 3, 31)), Agreed("Toka.", COUNTYS, due_text="heti")],
        of=held,
        item=AgendaItem.objects.filter(part__negotiation=held)[0],
        priority=priority,
        by=None,
    )
    client = client_for(coordinator)
    fields = [field.name for field in Measure._meta.fields if field.name != "id"]
    before = list(Measure.objects.order_by("position").values(*fields))
    for measure in (first, second):
        assert client.post(url("measure_remove", measure.pk)).status_code == 302
        page = client.get(url("negotiation_minutes", held.pk)).content.decode()
        assert client.post(url("measures_undo", held.pk), {"token": token(page)}).status_code == 302
    assert list(Measure.objects.order_by("position").values(*fields)) == before


def test_a_measure_is_followed_by_an_indicator(
    held: Negotiation, coordinator: User, client_for: ClientFor, keski_uusimaa: County
) -> None:
    """Of the national ones or the county's own; told where the measure is, and brought back with it."""
    national = Indicator.objects.create(name_fi="Yksinäisyys", unit="PERCENT", theme="Lapset")
    theirs = Indicator.objects.create(name_fi="Toisen", unit="PERCENT", theme="Muut", owner=keski_uusimaa.area)
    client, address = client_for(coordinator), url("measures_add", held.pk)
    sent = {"texts": "Teko.", "owner": "county"}
    assert client.post(address, sent | {"indicator": str(theirs.pk)}).status_code == 422
    assert client.post(address, sent | {"indicator": str(national.pk)}).status_code == 302
    (measure,) = Measure.objects.all()
    assert measure.indicator == national
    page = client.get(url("negotiation", held.pk)).content.decode()
    assert "Seurantaindikaattori: Yksinäisyys" in page
    client.post(url("measure_remove", measure.pk))
    page = client.get(url("negotiation_minutes", held.pk)).content.decode()
    client.post(url("measures_undo", held.pk), {"token": token(page)})
    (measure,) = Measure.objects.all()
    assert measure.indicator == national
    edit = url("measure_edit", measure.pk)
    client.post(edit, shown(client, edit) | {"indicator": ""})
    assert Measure.objects.get().indicator is None


def test_measures_of_a_whole_round(
    round_: Round, held: Negotiation, coordinator: User, client_for: ClientFor, in_scope: County
) -> None:
    """Of no negotiation, and never closed with minutes."""
    reach(State.CHECKING, held, coordinator)
    organisation = make_organisation(in_scope, name="Keski-Suomen Liikunta")
    client, address = client_for(coordinator), url("round_measures_add", round_.pk)
    assert "agenda_item" not in shown(client, address)
    data = shown(client, address) | {"texts": "Liikuntatapahtuma.", "owner": f"organisation-{organisation.pk}"}
    assert client.post(address, data).status_code == 302
    measure = Measure.objects.get()
    assert (measure.negotiation, measure.round, measure.organisation) == (None, round_, organisation)
    assert measure.responsible_sector == organisation.sector
    # The list of what was agreed is where they are added, changed and brought back.
    page = client.get(reverse("measures", args=["keski-suomi"]), {"kierros": round_.pk}).content.decode()
    for name, pk in (("round_measures_add", round_.pk), ("measure_edit", measure.pk), ("measure_remove", measure.pk)):
        assert url(name, pk) in page
    address = url("measure_edit", measure.pk)
    response = client.post(address, shown(client, address) | {"text": "Kisat."})
    assert response.headers["Location"] == reverse("measures", args=["keski-suomi"]) + f"?kierros={round_.pk}"
    assert client.post(url("measure_remove", measure.pk)).status_code == 302
    page = client.get(response.headers["Location"]).content.decode()
    assert client.post(url("round_measures_undo", round_.pk), {"token": token(page)}).status_code == 302
    assert texts() == ["Kisat."]
    measure = Measure.objects.get()
    assert client.post(url("measure_remove", measure.pk)).status_code == 302
    assert [happened.words for happened in log_of([round_])][-1]
    assert texts() == []


def test_the_pages_cost_the_same_however_long_the_lists(
    held: Negotiation, coordinator: User, client_for: ClientFor, in_scope: County
) -> None:
    """Municipalities, organisations and items to choose from."""
    open_minutes(held, by=coordinator)
    client = client_for(coordinator)
    (measure,) = add_measures([Agreed("Teko.", COUNTYS)], of=held, by=None)
    spent = []
    for more in (1, 30):
        for number in range(more):
            make_municipality(in_scope, f"{more:02}{number:02}", f"Kunta {more} {number}")
            make_organisation(in_scope, name=f"Järjestö {more} {number}")
        part = held.parts.all()[0]
        AgendaItem.objects.bulk_create(
            AgendaItem(county=in_scope, part=part, position=100 * more + number, title="Asia") for number in range(more)
        )
        cost = []
        for address in (url("measures_add", held.pk), url("measure_edit", measure.pk)):
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            cost.append(len(queries))
        spent.append(cost)
    assert spent[0] == spent[1]


def test_measures_of_closed_minutes_are_shown_and_not_offered(
    held: Negotiation, coordinator: User, client_for: ClientFor
) -> None:
    """The reason stands on the page instead."""
    open_minutes(held, by=coordinator)
    (measure,) = add_measures([Agreed("Teko.", COUNTYS)], of=held, by=None)
    reach(State.CHECKING, held, coordinator)
    client = client_for(coordinator)
    page = client.get(url("negotiation_minutes", held.pk)).content.decode()
    assert "Teko." in page
    assert url("measure_edit", measure.pk) not in page
    assert client.get(url("measure_edit", measure.pk)).status_code == 409
    assert client.get(url("measures_add", held.pk)).status_code == 409
    assert Minutes.objects.get().state == State.CHECKING
