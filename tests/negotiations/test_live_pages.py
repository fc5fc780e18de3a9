"""The pages of a sitting: shown and sent without a script, polled, and what each move leads to."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from indicators.models import Indicator
from municipalities.forms import digest_of
from municipalities.models import County, Membership, Municipality, Sector, User
from negotiations.followup import live_moves
from negotiations.followup.measures import Agreed, Owner, add_measures
from negotiations.minutes.checking import send_for_checking
from negotiations.models import AgendaItem, Attendance, LegalBasis, Measure, MeasureStatus, Minutes, Negotiation
from negotiations.sitting import live as rules
from negotiations.sitting.conduct import convene
from tests.factories import BOTH, make_held, make_negotiation, make_priority, make_round, make_user
from tests.negotiations.test_checking import later
from tests.negotiations.test_live import fresh, item_of, part_of

JSON = {"Accept": "application/json"}
COUNTYS = Owner(Sector.COUNTY)
ClientFor = Callable[[User | None], Client]


@pytest.fixture
def negotiation(in_scope: County, hankasalmi: Municipality, coordinator: User) -> Negotiation:
    """A sitting of both duties today, to which the parties have been invited."""
    today = timezone.localdate()
    round_ = make_round(in_scope, legal_bases=list(BOTH), year=today.year)
    return convene(make_negotiation(round_, [hankasalmi], bases=BOTH, day=today), by=coordinator)


@pytest.fixture
def client(coordinator: User, client_for: ClientFor) -> Client:
    """The secretary's browser."""
    return client_for(coordinator)


def url(name: str, pk: int, query: str = "") -> str:
    """Return an address in the cast's county."""
    return reverse(name, args=["keski-suomi", pk]) + query


def text_of(response: Any) -> str:
    """Return what a page says, in plain spaces."""
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", text.replace("\N{NO-BREAK SPACE}", " ").replace("&nbsp;", " "))


def opened(negotiation: Negotiation, by: User) -> AgendaItem:
    """Open the first part and return its first item."""
    rules.open_part(part_of(negotiation), by=by)
    return item_of(negotiation)


# --- The way in ---------------------------------------------------------------------------------------------------


def test_the_next_move_on_the_day(negotiation: Negotiation, client: Client, coordinator: User) -> None:
    """Is the sitting, which goes on once it has begun; to mark it as held without one is still possible."""
    shown = client.get(url("negotiation", negotiation.pk)).context
    assert shown["next_move"].label == "Avaa istunto"
    assert shown["next_move"].url == url("live", negotiation.pk)
    assert "Merkitse pidetyksi" in [move.label for move in shown["moves"]]
    opened(negotiation, coordinator)
    assert client.get(url("negotiation", negotiation.pk)).context["next_move"].label == "Jatka istuntoa"


def test_after_a_day_without_a_sitting(negotiation: Negotiation, client: Client) -> None:
    """It is marked as held, and the sitting is what else can be done."""
    day = timezone.localdate() - timedelta(days=1)
    Negotiation.objects.filter(pk=negotiation.pk).update(
        earliest=day, latest=day, precision="day", starts_at=None, ends_at=None
    )
    shown = client.get(url("negotiation", negotiation.pk)).context
    assert shown["next_move"].label == "Merkitse pidetyksi"
    assert "Avaa istunto" in [move.label for move in shown["moves"]]


def test_before_the_day_there_is_no_sitting(negotiation: Negotiation, client: Client) -> None:
    """The page says when there will be, and leads back."""
    day = timezone.localdate() + timedelta(days=1)
    Negotiation.objects.filter(pk=negotiation.pk).update(
        earliest=day, latest=day, precision="day", starts_at=None, ends_at=None
    )
    for name in ("live", "live_room"):
        response = client.get(url(name, negotiation.pk))
        assert response.status_code == 409
        assert "Istunnon voi avata, kun päivä on tullut" in text_of(response)


# --- The page -----------------------------------------------------------------------------------------------------


def test_a_part_from_its_opening_to_its_closing_with_plain_forms(
    negotiation: Negotiation, client: Client, coordinator: User
) -> None:
    """Opened, one item after the other taken to hand, and closed: each page leads to the next."""
    page = client.get(url("live", negotiation.pk))
    assert page.context["stop"].kind == "opening" and "Avaa osa" in text_of(page)
    page = client.post(url("live_part_open", part_of(negotiation).pk), follow=True)
    assert "Osa avattiin klo" in text_of(page)
    following = page.context["following"]
    assert following.takes
    page = client.post(following.url, {"do": "take"}, follow=True)
    assert page.context["shown"].is_at_hand and page.context["shown"].item == item_of(negotiation)
    page = client.post(page.context["following"].url, follow=True)
    assert page.context["shown"].item == item_of(negotiation, 2)
    assert not page.context["following"].takes
    page = client.get(page.context["following"].url)
    assert page.context["stop"].kind == "closing" and "Päätä osa" in text_of(page)
    page = client.post(url("live_part_close", part_of(negotiation).pk), follow=True)
    assert "Osa päätettiin klo" in text_of(page)
    assert page.context["following"].url.endswith(f"osa={part_of(negotiation, LegalBasis.WELFARE).pk}")
    page = client.post(url("live_part_reopen", part_of(negotiation).pk), follow=True)
    assert "Osa on jälleen avoinna" in text_of(page)


def test_who_looks_elsewhere_takes_nothing_to_hand(negotiation: Negotiation, client: Client, coordinator: User) -> None:
    """A second writer goes from item to item by links while another keeps the sitting."""
    rules.take_item(opened(negotiation, coordinator), by=coordinator)
    page = client.get(url("live", negotiation.pk, f"?kohta={item_of(negotiation, 2).pk}"))
    assert page.context["former"].takes is False
    assert "Ota käsittelyyn" in text_of(page)


@pytest.mark.parametrize("query", ["?kohta=0", "?kohta=abc", "?kohta=" + "9" * 30, "?osa=-1", "?kohta=%00", "?osa="])
def test_places_that_there_are_not(negotiation: Negotiation, client: Client, query: str) -> None:
    """Are answered 404."""
    assert client.get(url("live", negotiation.pk, query)).status_code == 404
    assert client.get(url("live_state", negotiation.pk, query)).status_code == 404


def test_texts_saved_by_a_plain_form(negotiation: Negotiation, client: Client) -> None:
    """What another has changed meanwhile is shown beside what was typed, with 409; the next sending saves."""
    item = item_of(negotiation)
    address, place = f"item-{item.pk}-agreed", f"?kohta={item.pk}"
    AgendaItem.objects.filter(pk=item.pk).update(agreed="Toisen teksti.")
    sent = {address: "Oma teksti.", f"seen:{address}": digest_of(item.agreed)}
    page = client.post(url("live_save", negotiation.pk, place), sent)
    assert page.status_code == 409
    assert "Toisen teksti." in text_of(page) and "Oma teksti." in text_of(page)
    sent[f"seen:{address}"] = digest_of("Toisen teksti.")
    page = client.post(url("live_save", negotiation.pk, place), sent, follow=True)
    assert "Tallennettu" in text_of(page) and item_of(negotiation).agreed == "Oma teksti."


def test_too_many_fields_are_no_page_of_ours(negotiation: Negotiation, client: Client) -> None:
    """They are answered 413, and nothing is read."""
    sent = {f"item-{number}-agreed": "x" for number in range(60)}
    assert client.post(url("live_save", negotiation.pk), sent).status_code == 413


def test_when_checking_began_meanwhile(negotiation: Negotiation, client: Client, coordinator: User) -> None:
    """The script is told why, the page too; what is written is read and no longer written."""
    item = opened(negotiation, coordinator)
    client.post(url("live_end", negotiation.pk))
    minutes = Minutes.objects.get()
    page = client.get(url("live", negotiation.pk, f"?kohta={item.pk}"))
    assert page.context["closed"] == "" and "data-autosave" in page.content.decode()
    send_for_checking(minutes, check_by=later(), by=coordinator)
    response = client.post(url("live_save", negotiation.pk), {f"item-{item.pk}-agreed": "Myöhässä."}, headers=JSON)
    assert response.status_code == 409 and "tarkastettavana" in response.json()["message"]
    page = client.get(url("live", negotiation.pk, f"?kohta={item.pk}"))
    assert "tarkastettavana" in text_of(page) and "Sovittiin 1." in text_of(page)
    assert "<textarea" not in page.content.decode().split("live-agenda")[0]
    assert item_of(negotiation).agreed == "Sovittiin 1."


def test_an_item_is_put_off_and_taken_back(negotiation: Negotiation, client: Client, coordinator: User) -> None:
    """And what no button says is answered 404."""
    item = opened(negotiation, coordinator)
    page = client.post(url("live_item", item.pk), {"do": "defer"}, follow=True)
    assert item_of(negotiation).is_deferred and "Asia siirretään seuraavaan neuvotteluun" in text_of(page)
    client.post(url("live_item", item.pk), {"do": "keep"})
    assert not item_of(negotiation).is_deferred
    client.post(url("live_item", item.pk), {"do": "take"})
    client.post(url("live_item", item.pk), {"do": "put_down"})
    assert fresh(negotiation).item_at_hand is None
    assert client.post(url("live_item", item.pk), {"do": "burn"}).status_code == 404


# --- Measures -----------------------------------------------------------------------------------------------------


def measure(**fields: str) -> dict[str, str]:
    """Return what the quick form sends."""
    return {f"toimenpide-{name}": value for name, value in ({"text": "Teko", "owner": "county"} | fields).items()}


def test_a_measure_is_entered_with_all_that_belongs_to_it(negotiation: Negotiation, client: Client) -> None:
    """Owner, deadline, priority and indicator; the list comes back, and the page shows it."""
    item, priority = item_of(negotiation), make_priority(negotiation.county)
    indicator = Indicator.objects.create(name_fi="Yksinäisyys", unit="PERCENT", theme="Lapset")
    sent = measure(due_on="2030-03-31", priority=str(priority.pk), indicator=str(indicator.pk), key="a")
    response = client.post(url("live_measure", item.pk), sent, headers=JSON)
    assert response.status_code == 200 and "Teko" in response.json()["measures"]
    (row,) = Measure.objects.all()
    assert (row.agenda_item, row.priority, row.indicator) == (item, priority, indicator)
    text = text_of(client.get(url("live", negotiation.pk, f"?kohta={item.pk}")))
    assert "Seurantaindikaattori: Yksinäisyys" in text and "31.3.2030" in text


def test_the_same_sending_enters_one_measure(negotiation: Negotiation, client: Client) -> None:
    """An answer that was lost is asked for again; another sending is another measure."""
    item = item_of(negotiation)
    for key in ("k1", "k1", "k2"):
        assert client.post(url("live_measure", item.pk), measure(key=key), headers=JSON).status_code == 200
    assert Measure.objects.count() == 2


def test_a_measure_whose_entering_fails_is_entered_when_it_is_sent_again(
    negotiation: Negotiation, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was entered, so that the same sending is not taken for one that was."""
    item, sent = item_of(negotiation), measure(key="k1")

    def fails(*_args: object, **_named: object) -> None:
        raise OperationalError("deadlock detected")

    client.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr(live_moves, "add_measures", fails)
        assert client.post(url("live_measure", item.pk), sent, headers=JSON).status_code == 503
    assert client.post(url("live_measure", item.pk), sent, headers=JSON).status_code == 200
    assert Measure.objects.count() == 1


def test_a_measure_to_mend(negotiation: Negotiation, client: Client, keski_uusimaa: County) -> None:
    """Each field with what to do, for the script and on the page; what was typed stays."""
    item = item_of(negotiation)
    response = client.post(url("live_measure", item.pk), measure(owner="", text=""), headers=JSON)
    assert response.status_code == 422
    assert response.json()["errors"] == {
        "toimenpide-text": "Kirjoita toimenpide.",
        "toimenpide-owner": "Valitse vastuutaho.",
    }
    page = client.post(url("live_measure", item.pk), measure(owner="nobody", text="Pysyy tässä"))
    assert page.status_code == 422 and "Pysyy tässä" in text_of(page)
    theirs = Indicator.objects.create(name_fi="Muun", unit="PERCENT", theme="Muut", owner=keski_uusimaa.area)
    for wrong in (str(theirs.pk), "999999", "abc", "\0"):
        sent = measure(indicator=wrong)
        assert client.post(url("live_measure", item.pk), sent, headers=JSON).status_code == 422
    assert not Measure.objects.exists()


def test_measures_are_mended_and_removed_and_lead_back(negotiation: Negotiation, client: Client) -> None:
    """To the item of the sitting; what was removed is offered back there."""
    item = item_of(negotiation)
    (row,) = add_measures([Agreed("Teko", COUNTYS)], of=negotiation, item=item, by=None)
    here = f"?istunto=1&kohta={item.pk}"
    back = url("live", negotiation.pk, f"?kohta={item.pk}")
    assert client.get(url("measure_edit", row.pk, here)).context["back"] == back
    page = client.post(url("measure_remove", row.pk, here), follow=True)
    assert page.redirect_chain[-1][0] == back and "Toimenpide poistettiin: Teko" in text_of(page)
    client.post(page.context["undo"].url, {"token": page.context["undo"].token})
    assert Measure.objects.get().text == "Teko"


# --- Asked every few seconds --------------------------------------------------------------------------------------


def test_an_unchanged_poll_is_304_with_two_queries(negotiation: Negotiation, client: Client, coordinator: User) -> None:
    """Of ours, besides those by which it is known who asks; of the page and of the room."""
    place = f"?kohta={opened(negotiation, coordinator).pk}"
    for name, query in (("live_state", place), ("live_room_state", "")):
        first = client.get(url(name, negotiation.pk, query))
        assert first.status_code == 200
        with CaptureQueriesContext(
            connection,
        ) as asked:
            again = client.get(url(name, negotiation.pk, query), headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        known = re.compile(r"django_session|municipalities_(user|membership|county)\b|account_|mfa_", re.IGNORECASE)
        ours = [query["sql"] for query in asked if "negotiations_" in query["sql"]]
        assert len(ours) <= 2, ours
        assert all(known.search(query["sql"]) for query in asked if query["sql"] not in ours)
        weak = client.get(url(name, negotiation.pk, query), headers={"If-None-Match": f"W/{first['ETag']}"})
        assert weak.status_code == 304


def test_what_the_poll_tells(
    negotiation: Negotiation, client: Client, coordinator: User, client_for: ClientFor
) -> None:
    """The texts of the place, the item at hand, and who writes where; to the other who asks."""
    item = opened(negotiation, coordinator)
    rules.take_item(item, by=coordinator)
    place = f"?kohta={item.pk}"
    first = client.get(url("live_state", negotiation.pk, place))
    told = first.json()
    address = f"item-{item.pk}-agreed"
    assert told["texts"][address] == {"value": "Sovittiin 1.", "seen": digest_of("Sovittiin 1.")}
    assert told["atHand"]["url"] == url("live", negotiation.pk, place)
    AgendaItem.objects.filter(pk=item.pk).update(agreed="Uusi.")
    told = client.get(url("live_state", negotiation.pk, place), headers={"If-None-Match": first["ETag"]}).json()
    assert told["texts"][address]["value"] == "Uusi."
    second = client_for(make_user("toinen@example.fi", Membership.Role.COORDINATOR, negotiation.county))
    second.get(url("live_state", negotiation.pk, f"{place}&kirjoitan={address}"))
    assert client.get(url("live_state", negotiation.pk, place)).json()["writing"] == {address: "Toinen"}


def test_one_item_and_many_cost_the_same(
    in_scope: County, hankasalmi: Municipality, client: Client, coordinator: User
) -> None:
    """The page, the state and the room."""
    round_ = make_round(in_scope, legal_bases=list(BOTH))
    counts: dict[str, set[int]] = {"live": set(), "live_state": set(), "live_room": set()}
    today = timezone.localdate()
    client.get(url("live", convene(make_negotiation(round_, [hankasalmi], day=today), by=None).pk))
    for items in (1, 3):
        row = convene(make_negotiation(round_, [hankasalmi], day=today, items=items, bases=BOTH), by=None)
        item = opened(row, coordinator)
        rules.take_item(item, by=coordinator)
        for number in range(items):
            add_measures([Agreed(f"Teko {number}", COUNTYS)], of=row, item=item, by=None)
            item.attachments.create(county_id=in_scope.pk, position=number + 1, title=f"Liite {number}")
            item.indicators.add(Indicator.objects.create(name_fi=f"Luku {items} {number}", unit="PERCENT", theme="A"))
            item.measures_followed.add(*add_measures([Agreed("Ennen", COUNTYS)], of=row, item=None, by=None))
            Attendance.objects.create(
                county_id=in_scope.pk, negotiation=row, sector="county", name=f"Nimi {number}", status="present"
            )
        for name, found in counts.items():
            with CaptureQueriesContext(connection) as asked:
                assert client.get(url(name, row.pk)).status_code == 200
            found.add(len(asked))
    assert all(len(found) == 1 for found in counts.values()), counts


def test_what_became_of_a_measure_is_told_where_it_is_gone_through(
    negotiation: Negotiation, client: Client, coordinator: User, hankasalmi: Municipality
) -> None:
    """It is told in this sitting, and told anew while one writes; one of another item leads to the page of promises."""
    before = make_held(make_round(negotiation.county), [hankasalmi], by=coordinator)
    (measure_,) = add_measures([Agreed("Tavataan syksyllä.", COUNTYS)], of=before, item=None, by=None)
    item = opened(negotiation, coordinator)
    item.measures_followed.add(measure_)
    place = url("live", negotiation.pk, f"?kohta={item.pk}")
    assert "Tavataan syksyllä." in client.get(place).content.decode()
    address = url("measure_status", measure_.pk, f"?kohta={item.pk}")
    day = timezone.localdate()
    nothing = client.post(address, {"state": "", "note": "", "told_on": day.isoformat()})
    assert nothing.status_code == 422 and "Valitse tilanne." in nothing.content.decode()
    for state, note in (("underway", "Aika on varattu."), ("done", "Tavattiin.")):
        sent = client.post(address, {"state": state, "note": note, "told_on": day.isoformat()})
        assert (sent.status_code, sent["Location"]) == (302, place)
        told = MeasureStatus.objects.get()
        assert (told.negotiation, told.state, told.note, told.told_on) == (negotiation, state, note, day)
    page = client.get(place).content.decode()
    assert 'value="Tavattiin."' in page and '<option value="done" selected>' in page
    elsewhere = url("measure_status", measure_.pk, f"?kohta={item_of(negotiation, basis=LegalBasis.WELFARE).pk}")
    client.post(elsewhere, {"state": "dropped", "note": "Ei tarvita.", "told_on": day.isoformat()})
    assert MeasureStatus.objects.get(state="dropped").negotiation is None


# --- For the room -------------------------------------------------------------------------------------------------


def test_the_room_sees_what_is_at_hand(negotiation: Negotiation, client: Client, coordinator: User) -> None:
    """And what was agreed; nothing to press but the way back."""
    assert "Hankasalmi" in text_of(client.get(url("live_room", negotiation.pk)))
    item = opened(negotiation, coordinator)
    assert "Nyt ei käsitellä mitään asiaa" in text_of(client.get(url("live_room_state", negotiation.pk)))
    rules.take_item(item, by=coordinator)
    add_measures([Agreed("Perustetaan ryhmä", COUNTYS)], of=negotiation, item=item, by=None)
    page = client.get(url("live_room", negotiation.pk))
    assert "Asia 1" in text_of(page) and "Sovittiin 1." in text_of(page) and "Perustetaan ryhmä" in text_of(page)
    assert "Keskusteltiin." not in text_of(page)
    assert "<button" not in page.content.decode() and "<form" not in page.content.decode()


def test_the_room_sees_nothing_of_an_item_that_is_not_public(
    negotiation: Negotiation, client: Client, coordinator: User
) -> None:
    """Neither its title nor what was agreed, nor the ground for which it is not."""
    item = opened(negotiation, coordinator)
    AgendaItem.objects.filter(pk=item.pk).update(secrecy_ground="JulkL 24 § 1 mom. 20 k", presenter="Esittelijä Eeva")
    rules.take_item(item, by=coordinator)
    add_measures([Agreed("Salainen teko", COUNTYS)], of=negotiation, item=item, by=None)
    for name in ("live_room", "live_room_state"):
        text = text_of(client.get(url(name, negotiation.pk)))
        assert "Ei julkinen asia" in text
        for secret in ("Asia 1", "Sovittiin 1.", "Taustaa.", "Salainen teko", "JulkL", "Eeva"):
            assert secret not in text


# --- The end of the day -------------------------------------------------------------------------------------------


def test_the_day_is_ended_on_a_page_of_its_own(negotiation: Negotiation, client: Client, coordinator: User) -> None:
    """Which says what is closed and what was not dealt with, and proposes who stayed away."""
    opened(negotiation, coordinator)
    page = client.get(url("live_end", negotiation.pk))
    assert "14 §: osa on vielä avoinna" in text_of(page) and "6–7 §: osaa ei avattu" in text_of(page)
    response = client.post(url("live_end", negotiation.pk))
    assert response["Location"] == url("negotiation_minutes", negotiation.pk)
    assert fresh(negotiation).state == Negotiation.State.HELD and Minutes.objects.count() == 1
    assert client.get(url("live_end", negotiation.pk)).status_code == 409


def test_who_is_proposed_to_have_stayed_away(
    in_scope: County, hankasalmi: Municipality, joutsa: Municipality, client: Client, coordinator: User
) -> None:
    """A municipality of whom nobody is marked, once somebody of another is."""
    row = make_negotiation(make_round(in_scope), [hankasalmi, joutsa], day=timezone.localdate())
    convene(row, by=coordinator)

    def proposed() -> list[Any]:
        return list(client.get(url("live_end", row.pk)).context["form"].initial["stayed_away"])

    assert proposed() == []
    Attendance.objects.create(
        county_id=in_scope.pk, negotiation=row, sector="municipality", name="Merkitsemätön", municipality=hankasalmi
    )
    Attendance.objects.filter(name="Merkitsemätön").update(status=Attendance.Status.INVITED)
    page = client.get(url("live_end", row.pk)).content.decode()
    assert "1 kutsuttu on merkitsemättä" in page and url("live_attendance", row.pk) in page
    Attendance.objects.create(
        county_id=in_scope.pk,
        negotiation=row,
        sector="municipality",
        name="Nimi",
        status="present",
        municipality=hankasalmi,
    )
    assert proposed() == [row.parties.get(municipality=joutsa).pk]


def test_nothing_opened_is_said_when_the_day_is_ended(negotiation: Negotiation, client: Client) -> None:
    """With 409, on the page."""
    response = client.post(url("live_end", negotiation.pk))
    assert response.status_code == 409 and "Yhtään osaa ei ole avattu" in text_of(response)
