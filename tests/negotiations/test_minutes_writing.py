"""Writing the minutes: item by item, two at once, and not while they are being checked."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from municipalities.models import County, Event, Municipality, User
from municipalities.moves import NotAllowedNow
from negotiations.demo.building import moment
from negotiations.log import log_of
from negotiations.minutes.checking import open_minutes, return_to_draft
from negotiations.minutes.writing import minutes_of, write_item, write_part
from negotiations.models import AgendaItem, LegalBasis, Minutes, Negotiation, Part
from negotiations.sitting.live_writing import LONGEST
from tests.factories import BOTH, make_held, make_negotiation, make_round
from tests.negotiations.test_checking import reach

State = Minutes.State
ClientFor = Callable[[User | None], Client]


@pytest.fixture
def held(in_scope: County, hankasalmi: Municipality) -> Negotiation:
    """A sitting of both duties, two items each."""
    return make_held(make_round(in_scope, legal_bases=list(BOTH)), [hankasalmi], bases=BOTH)


def item_of(negotiation: Negotiation, basis: LegalBasis = LegalBasis.COOPERATION, number: int = 1) -> AgendaItem:
    """Return an item by its part and number."""
    return AgendaItem.objects.get(part__negotiation=negotiation, part__legal_basis=basis, position=number)


def url(name: str, pk: int) -> str:
    """Return an address in the cast's county."""
    return reverse(name, args=["keski-suomi", pk])


def shown(client: Client, address: str) -> dict[str, Any]:
    """Open a form and return what it would send back untouched."""
    form = client.get(address).context["form"]
    data = {}
    for field in form:
        value = field.value()
        written = field.field.widget.format_value(value)
        data[field.name] = (written[0] if written else "") if isinstance(written, list) else (written or "")
    return data


# --- The rule ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", list(State))
def test_the_text_is_open_while_a_draft(held: Negotiation, coordinator: User, state: State) -> None:
    """In every other state it is refused, with the reason, and nothing is changed."""
    reach(state, held, coordinator)
    item, part = item_of(held), held.parts.all()[0]
    item.agreed, part.opening = "Toisin.", "Toisin."
    if state == State.DRAFT:
        write_item(item, fields=["agreed"], by=coordinator)
        write_part(part, fields=["opening"], by=coordinator)
        assert (item_of(held).agreed, Part.objects.get(pk=part.pk).opening) == ("Toisin.", "Toisin.")
    else:
        for write in (
            lambda: write_item(item, fields=["agreed"], by=coordinator),
            lambda: write_part(part, fields=["opening"], by=coordinator),
        ):
            with pytest.raises(NotAllowedNow):
                write()
        assert "Toisin." not in {item_of(held).agreed, Part.objects.get(pk=part.pk).opening}


def test_minutes_must_have_been_begun(held: Negotiation) -> None:
    """A negotiation without them has no text to write."""
    with pytest.raises(NotAllowedNow):
        write_item(item_of(held), fields=["agreed"], by=None)


def test_each_part_is_closed_with_its_own_minutes(held: Negotiation, coordinator: User) -> None:
    """Where the county keeps two documents, one may be checked while the other is written."""
    County.objects.update(minutes_form=County.MinutesForm.TWO)
    first, second = open_minutes(Negotiation.objects.get(pk=held.pk), by=coordinator)
    from negotiations.minutes.checking import send_for_checking
    from tests.negotiations.test_checking import later

    send_for_checking(first, check_by=later(), by=coordinator)
    with pytest.raises(NotAllowedNow):
        write_item(item_of(held, LegalBasis.COOPERATION), fields=["agreed"], by=coordinator)
    write_item(item_of(held, LegalBasis.WELFARE), fields=["agreed"], by=coordinator)
    # What was agreed under no item is told in the minutes of the last part.
    assert minutes_of(held, None) == second


def test_what_is_logged(held: Negotiation, coordinator: User) -> None:
    """The item by its number, its part where there are two, and nothing where nothing was changed."""
    (minutes,) = open_minutes(held, by=coordinator)
    write_item(item_of(held, number=2), fields=["agreed"], by=coordinator)
    write_item(item_of(held, number=2), fields=[], by=coordinator)
    write_part(held.parts.all()[1], fields=["closing"], by=coordinator)
    told = [happened.words for happened in log_of([minutes])][1:]
    assert len(told) == 2
    assert "2\N{NO-BREAK SPACE}§, 14 §" in told[0]
    assert "6–7 §" in told[1]
    County.objects.update(item_numbering=County.Numbering.PLAIN)
    write_item(item_of(held, number=2), fields=["agreed"], by=coordinator)
    assert "2., 14 §" in log_of([minutes])[-1].words
    # The payload holds ids and codes, no texts.
    assert not any("Sovittiin" in str(payload) for payload in Event.objects.values_list("payload", flat=True))


# --- The pages --------------------------------------------------------------------------------------------------


def test_save_and_go_on(held: Negotiation, coordinator: User, client_for: ClientFor) -> None:
    """From the first part through its items and the next part to the end, as the sitting went."""
    open_minutes(held, by=coordinator)
    client = client_for(coordinator)
    first, second = held.parts.order_by("position")
    address = url("minutes_part", first.pk)
    visited = []
    for _step in range(6):
        visited.append(address)
        response = client.post(address, {**shown(client, address), "next": "1"})
        assert response.status_code == 302
        address = response.headers["Location"]
    items = [url("minutes_item", item.pk) for part in (first, second) for item in part.items.order_by("position")]
    assert visited == [url("minutes_part", first.pk), *items[:2], url("minutes_part", second.pk), *items[2:]]
    assert address == url("negotiation_minutes", held.pk)


def test_saving_without_going_on_stays(held: Negotiation, coordinator: User, client_for: ClientFor) -> None:
    """The text is saved, in the row and nowhere else."""
    open_minutes(held, by=coordinator)
    client, item = client_for(coordinator), item_of(held)
    address = url("minutes_item", item.pk)
    response = client.post(address, shown(client, address) | {"agreed": "Jatketaan.", "title": "Toinen"})
    assert response.headers["Location"] == address
    item.refresh_from_db()
    assert (item.agreed, item.title, item.discussion) == ("Jatketaan.", "Asia 1", "Keskusteltiin.")


def test_two_secretaries_see_both_versions(held: Negotiation, coordinator: User, client_for: ClientFor) -> None:
    """What only one has touched is merged; what both have is shown with both, and nothing is lost."""
    open_minutes(held, by=coordinator)
    client, item = client_for(coordinator), item_of(held)
    address = url("minutes_item", item.pk)
    mine = shown(client, address)
    theirs = shown(client, address)
    assert client.post(address, theirs | {"agreed": "Heidän sanansa.", "dissent": "Eriävä."}).status_code == 302
    response = client.post(address, mine | {"agreed": "Minun sanani."})
    assert response.status_code == 409
    page = response.content.decode()
    assert "Heidän sanansa." in page and "Minun sanani." in page
    again = {field.name: field.value() for field in response.context["form"]} | {"agreed": "Yhteiset sanat."}
    assert client.post(address, again).status_code == 302
    item.refresh_from_db()
    assert (item.agreed, item.dissent) == ("Yhteiset sanat.", "Eriävä.")


def test_minutes_sent_while_one_writes_keep_the_text(
    held: Negotiation, coordinator: User, client_for: ClientFor
) -> None:
    """The page tells why it cannot be saved, with all that was typed; once taken back, it is saved."""
    client, item = client_for(coordinator), item_of(held)
    open_minutes(held, by=coordinator)
    address = url("minutes_item", item.pk)
    data = shown(client, address) | {"agreed": "Pitkä teksti."}
    minutes = reach(State.CHECKING, held, coordinator)
    response = client.post(address, data)
    assert response.status_code == 422
    assert "Pitkä teksti." in response.content.decode()
    assert item_of(held).agreed == "Sovittiin 1."
    return_to_draft(minutes, by=coordinator)
    assert client.post(address, data).status_code == 302
    assert item_of(held).agreed == "Pitkä teksti."


@pytest.mark.parametrize("name", ["minutes_part", "minutes_item"])
def test_closed_minutes_are_not_begun_on(
    name: str, held: Negotiation, coordinator: User, client_for: ClientFor
) -> None:
    """The page is a conflict, with the way back."""
    item = item_of(held)
    address = url(name, item.pk if name == "minutes_item" else item.part_id)
    assert client_for(coordinator).get(address).status_code == 409  # not begun
    reach(State.CHECKING, held, coordinator)
    response = client_for(coordinator).get(address)
    assert response.status_code == 409
    assert url("negotiation_minutes", held.pk) in response.content.decode()


def test_times_of_a_part(held: Negotiation, coordinator: User, client_for: ClientFor) -> None:
    """On the day of the negotiation; the closing after the opening; neither without the other's sense."""
    open_minutes(held, by=coordinator)
    client, part = client_for(coordinator), held.parts.all()[0]
    address = url("minutes_part", part.pk)
    data = shown(client, address)
    assert client.post(address, data | {"opened": "8.15", "closed": "10:05"}).status_code == 302
    part.refresh_from_db()
    zone = timezone.get_default_timezone()
    assert part.opened_at == datetime(2024, 9, 26, 8, 15, tzinfo=zone)
    assert part.closed_at == datetime(2024, 9, 26, 10, 5, tzinfo=zone)
    data = shown(client, address)
    assert data["opened"] == "08:15"
    for wrong, field in (
        ({"opened": "10:05", "closed": "8:15"}, "closed"),
        ({"opened": "", "closed": "8:15"}, "opened"),
        ({"opened": "kahdeksan"}, "opened"),
    ):
        response = client.post(address, data | wrong)
        assert response.status_code == 422
        assert field in response.context["form"].errors
    assert client.post(address, data | {"opened": "", "closed": ""}).status_code == 302
    assert Part.objects.filter(pk=part.pk, opened_at=None, closed_at=None).exists()


def test_beginning_the_minutes(held: Negotiation, coordinator: User, client_for: ClientFor) -> None:
    """By a button, once the negotiation has been held; a second time changes nothing."""
    client = client_for(coordinator)
    page = client.get(url("negotiation_minutes", held.pk)).content.decode()
    assert url("minutes_open", held.pk) in page
    for _time in range(2):
        assert client.post(url("minutes_open", held.pk)).status_code == 302
    assert Minutes.objects.count() == 1
    planned = make_negotiation(held.round, [])  # type: ignore[arg-type]
    assert url("minutes_open", planned.pk) not in client.get(url("negotiation_minutes", planned.pk)).content.decode()
    assert client.post(url("minutes_open", planned.pk)).status_code == 409


def test_the_tab_offers_what_can_be_done(
    held: Negotiation, coordinator: User, editor: User, client_for: ClientFor
) -> None:
    """Writing for the coordinator and while a draft only; the reason and the way to open them after that."""
    reach(State.DRAFT, held, coordinator)
    client, item, tab = client_for(coordinator), item_of(held), url("negotiation_minutes", held.pk)
    assert url("minutes_item", item.pk) in client.get(tab).content.decode()
    # A draft is not public: its parties do not see it yet.
    assert "Sovittiin 1." not in client_for(editor).get(tab).content.decode()
    minutes = reach(State.CHECKING, held, coordinator)
    page = client.get(tab).content.decode()
    assert url("minutes_item", item.pk) not in page
    assert url("minutes_return", minutes.pk) in page
    theirs = client_for(editor).get(tab).content.decode()
    assert "Sovittiin 1." in theirs
    assert not re.search(r"/(asiakohdat|osat|tarkastajat|liitteet|toimenpiteet)/", theirs)


@pytest.mark.parametrize("numbering", list(County.Numbering))
def test_items_are_numbered_as_the_county_has_set(
    numbering: County.Numbering, held: Negotiation, coordinator: User, client_for: ClientFor
) -> None:
    """On the tab, and on the page of an item."""
    County.objects.update(item_numbering=numbering)
    open_minutes(held, by=coordinator)
    client = client_for(coordinator)
    for address in (url("negotiation_minutes", held.pk), url("minutes_item", item_of(held, number=2).pk)):
        page = client.get(address).content.decode()
        assert numbering.of(2) in page
        other = next(one for one in County.Numbering if one != numbering)
        assert f"{other.of(2)} Asia" not in page


@pytest.mark.parametrize("name", ["negotiation_minutes", "minutes_item"])
def test_one_item_and_thirty_cost_the_same(
    name: str, in_scope: County, hankasalmi: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """However long the agenda."""
    client = client_for(coordinator)
    spent = []
    for items in (1, 30):
        negotiation = make_held(make_round(in_scope, name=f"Kierros {items}"), [hankasalmi], items=items)
        open_minutes(negotiation, by=coordinator)
        pk = negotiation.pk if name == "negotiation_minutes" else item_of(negotiation, LegalBasis.WELFARE).pk
        client.get(url(name, pk))
        with CaptureQueriesContext(connection) as queries:
            response = client.get(url(name, pk))
        assert response.content.decode().count("Asia ") >= items
        spent.append(len(queries))
    assert spent[0] == spent[1]


def test_times_of_a_sitting_that_went_past_midnight(
    held: Negotiation, coordinator: User, client_for: ClientFor
) -> None:
    """A part that was closed on the day after is saved as it is; one typed before its opening is not."""
    open_minutes(held, by=coordinator)
    part = held.parts.order_by("position")[0]
    opened, after = moment(date(2024, 9, 26), 22), date(2024, 9, 27)
    Part.objects.filter(pk=part.pk).update(opened_at=opened, closed_at=moment(after, 0, 30))
    client, address = client_for(coordinator), url("minutes_part", part.pk)
    assert client.post(address, {**shown(client, address), "closed": "00:20"}).status_code == 302
    part.refresh_from_db()
    assert (part.opened_at, part.closed_at) == (opened, moment(after, 0, 20))
    Part.objects.filter(pk=part.pk).update(closed_at=moment(date(2024, 9, 26), 23))
    assert client.post(address, {**shown(client, address), "closed": "21:00"}).status_code == 422


def test_a_time_is_mended_within_the_minute(held: Negotiation, coordinator: User, client_for: ClientFor) -> None:
    """The seconds that nobody sees do not put the opening after the closing."""
    open_minutes(held, by=coordinator)
    part, day = held.parts.order_by("position")[0], date(2024, 9, 26)
    opened = moment(day, 9) + timedelta(seconds=30)
    Part.objects.filter(pk=part.pk).update(opened_at=opened, closed_at=moment(day, 10))
    client, address = client_for(coordinator), url("minutes_part", part.pk)
    assert client.post(address, {**shown(client, address), "closed": "09:00"}).status_code == 302
    part.refresh_from_db()
    assert part.opened_at == part.closed_at == moment(day, 9)


def test_no_text_grows_longer_than_it_can_be_mended(
    held: Negotiation, coordinator: User, client_for: ClientFor
) -> None:
    """The same limit as in the sitting and in checking; what was typed is still there."""
    open_minutes(held, by=coordinator)
    client, address = client_for(coordinator), url("minutes_item", item_of(held).pk)
    sent = shown(client, address) | {"discussion": "x" * (LONGEST + 1)}
    refused = client.post(address, sent)
    assert refused.status_code == 422 and "Lyhennä" in refused.content.decode()
    assert client.post(address, sent | {"discussion": "x" * LONGEST}).status_code == 302
