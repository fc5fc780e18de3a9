"""Single negotiations in the browser's forms: made, changed, removed; their time; their parties."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date, time
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from municipalities.models import County, Event, Municipality, MunicipalityGroup, Organisation, Sector, User
from municipalities.moves import NotAllowedNow
from negotiations.demo.building import moment, organisation
from negotiations.minutes.checking import open_minutes, send_for_checking
from negotiations.models import Attendance, LegalBasis, Negotiation, Party, Round, Slot
from negotiations.planning import negotiations as rules
from negotiations.planning.timing import Timing, local_moment
from negotiations.sitting.agenda import add_items, change_item, remove_item
from negotiations.sitting.conduct import cancel, convene, hold, postpone
from tests.factories import BOTH, make_held, make_negotiation, make_round
from tests.negotiations.test_checking import later

ClientFor = Callable[[User | None], Client]
DAY = date(2024, 10, 3)
DETAILS = {"title": "Kuntajohdon neuvottelu", "language": "fi", "bases": [LegalBasis.WELFARE.value], "mode": "remote"}
MINUTE = {"known": "minute", "day": "3.10.2024", "starts": "8.15", "ends": "12"}


def url(name: str, *args: object) -> str:
    """Return an address of the cast's county."""
    return reverse(name, args=["keski-suomi", *args])


@pytest.fixture
def round_(in_scope: County) -> Round:
    """A round of autumn 2024."""
    return make_round(in_scope)


@pytest.fixture
def planned(round_: Round, hankasalmi: Municipality) -> Negotiation:
    """A planned negotiation of Hankasalmi."""
    return make_negotiation(round_, [hankasalmi])


@pytest.fixture
def client(coordinator: User, client_for: ClientFor) -> Client:
    """The coordinator's."""
    return client_for(coordinator)


def slot_of(round_: Round, day: date = DAY) -> Slot:
    """Make a slot of a morning."""
    row: Slot = Slot.objects.create(
        county_id=round_.county_id, round=round_, starts_at=moment(day, 8, 15), ends_at=moment(day, 12)
    )
    return row


def text_of(response: Any) -> str:
    """Return the page."""
    return str(response.content.decode())


# --- Time -----------------------------------------------------------------------------------------------------


def test_clock_times_that_a_day_has_not_or_has_twice() -> None:
    """The last Sundays of March and October; every other time is what the clock shows."""
    for day in (date(2026, 3, 29), date(2026, 10, 25)):
        with pytest.raises(ValidationError):
            local_moment(day, time(3, 30))
        for clock in (time(2, 59), time(4, 0)):
            assert timezone.localtime(local_moment(day, clock)).time() == clock


@pytest.mark.parametrize(
    ("precision", "words"),
    [
        ("minute", "to 3.10.2024 klo 8.15–12.00, vko 40"),
        ("day", "to 3.10.2024, vko 40"),
        ("month", "loka–marraskuu 2024"),
    ],
)
def test_a_time_is_written_as_it_is_known_and_comes_back_from_an_event(precision: str, words: str) -> None:
    """To the minute, to the day, or to months."""
    timing = {
        "minute": Timing.at_clock(DAY, time(8, 15), time(12)),
        "day": Timing(Negotiation.Precision.DAY, DAY, DAY),
        "month": Timing.in_months(DAY, date(2024, 11, 30)),
    }[precision]
    with translation.override("fi"):
        assert timing.words.replace("\N{NO-BREAK SPACE}", " ") == words
    assert Timing.from_json(timing.to_json()) == timing


# --- Making ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (MINUTE, ("minute", DAY, DAY)),
        # A browser's own way of writing, and what was not chosen is not looked at.
        (MINUTE | {"day": "2024-10-03", "first_month": "hölynpöly"}, ("minute", DAY, DAY)),
        ({"known": "day", "day": "3.10.2024"}, ("day", DAY, DAY)),
        ({"known": "day", "day": "3.10.2024", "last_day": "4.10.2024"}, ("day", DAY, date(2024, 10, 4))),
        ({"known": "month", "first_month": "2/2024"}, ("month", date(2024, 2, 1), date(2024, 2, 29))),
        (
            {"known": "month", "first_month": "2024-11", "last_month": "2025-01"},
            ("month", date(2024, 11, 1), date(2025, 1, 31)),
        ),
    ],
)
def test_a_negotiation_outside_any_round(
    when: dict[str, str], expected: tuple[str, date, date], in_scope: County, client: Client
) -> None:
    """Its time as exactly as it is known; the county takes part, and the log tells who made it."""
    response = client.post(url("negotiation_new"), DETAILS | when)
    made = Negotiation.objects.get()
    assert response.headers["Location"] == url("negotiation", made.pk)
    assert (made.precision, made.earliest, made.latest) == expected
    assert (made.round, made.state) == (None, "planned")
    assert [party.is_county for party in made.parties.all()] == [True]
    assert [part.legal_basis for part in made.parts.all()] == [LegalBasis.WELFARE]
    assert Event.objects.get(subject_id=made.pk).verb == "created"


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"title": ""}, "title", "Täytä"),
        ({"bases": []}, "bases", "Valitse ainakin yksi oikeusperuste"),
        ({"known": ""}, "known", "Valitse, miten tarkasti aika tiedetään"),
        ({"known": "tarkasti"}, "known", ""),
        ({"day": ""}, "day", "Anna päivä"),
        ({"day": "31.2.2024"}, "day", "Anna päivä muodossa"),
        ({"starts": "yhdeksän"}, "starts", "Anna kellonaika"),
        ({"ends": "8.00"}, "ends", "Päättymisaika on ennen alkamisaikaa. Korjaa jompikumpi."),
        ({"day": "29.3.2026", "starts": "3.30"}, "starts", "ei ole olemassa"),
        ({"day": "25.10.2026", "ends": "3.30", "starts": "2"}, "ends", "on kahdesti"),
        ({"known": "day", "last_day": "2.10.2024"}, "last_day", "Viimeinen päivä on ennen ensimmäistä"),
        ({"known": "month"}, "first_month", "Anna kuukausi"),
        ({"known": "month", "first_month": "13/2024"}, "first_month", "Anna kuukausi muodossa"),
        (
            {"known": "month", "first_month": "5/2024", "last_month": "4/2024"},
            "last_month",
            "Viimeinen kuukausi on ennen ensimmäistä",
        ),
        ({"link": "kokous"}, "link", "Anna koko osoite"),
        ({"round": "999999"}, "round", ""),
        ({"language": "de"}, "language", ""),
    ],
)
def test_what_will_not_do_is_told_at_its_field(
    wrong: dict[str, Any], field: str, words: str, in_scope: County, client: Client
) -> None:
    """With what to do about it; nothing is made, and what was typed stays."""
    response = client.post(url("negotiation_new"), DETAILS | MINUTE | {"place": "Maakuntasali"} | wrong)
    page = text_of(response)
    assert response.status_code == 422
    assert f'id="id_{field}_error"' in page
    assert words in page
    assert 'value="Maakuntasali"' in page
    assert not Negotiation.objects.exists()


def test_the_round_of_the_address_gives_what_it_knows(
    round_: Round, hankasalmi: Municipality, joutsa: Municipality, client: Client
) -> None:
    """Its legal bases and free slots; a group brings its municipalities, and the slot its time."""
    group = MunicipalityGroup.objects.create(county_id=round_.county_id, year=2024, name="Ryhmä 1")
    group.municipalities.set([hankasalmi, joutsa])
    slot = slot_of(round_)
    address = f"{url('negotiation_new')}?kierros={round_.pk}&aika={slot.pk}&ryhma={group.pk}"
    page = text_of(client.get(address))
    assert f'<option value="{slot.pk}" selected>' in page
    assert 'value="Ryhmä 1"' in page
    client.post(
        address, DETAILS | {"known": "minute", "round": round_.pk, "group": group.pk, "slot": slot.pk}, follow=True
    )
    made = Negotiation.objects.get()
    assert (made.slot, made.starts_at, made.ends_at) == (slot, slot.starts_at, slot.ends_at)
    assert {party.municipality for party in made.parties.all()} == {None, hankasalmi, joutsa}


@pytest.mark.parametrize("query", ["kierros=0", "kierros=x", "kierros=%C2%B2", "ryhma=7", "kierros=9" + "9" * 30])
def test_an_address_that_names_nothing_is_not_found(query: str, in_scope: County, client: Client) -> None:
    """Whatever it says."""
    assert client.get(f"{url('negotiation_new')}?{query}").status_code == 404


def test_a_slot_is_of_one_negotiation_and_of_its_round(round_: Round, planned: Negotiation, client: Client) -> None:
    """A slot that is taken, or of another round, is refused with words."""
    taken = slot_of(round_)
    rules.change(planned, fields=["time"], timing=Timing.in_slot(taken), slot=taken, by=None)
    free = slot_of(round_, date(2024, 10, 10))
    address = f"{url('negotiation_new')}?kierros={round_.pk}"
    sent = DETAILS | {"known": "minute", "round": round_.pk}
    refused = client.post(address, sent | {"slot": taken.pk})
    assert refused.status_code == 422
    assert "Aika ei ole enää vapaa" in text_of(refused)
    refused = client.post(address, sent | {"slot": free.pk, "round": ""})
    assert refused.status_code == 422
    assert "on toisen kierroksen" in text_of(refused)
    # A time of the round and another one: nobody can tell which is meant.
    refused = client.post(address, sent | MINUTE | {"slot": free.pk})
    assert refused.status_code == 422
    assert "annoit alla myös toisen ajan" in text_of(refused)
    assert Negotiation.objects.count() == 1


def test_a_time_typed_that_is_a_free_slot_of_the_round_is_that_slot(
    round_: Round, planned: Negotiation, joutsa: Municipality, client: Client
) -> None:
    """Else it would look free and be given to another. One that is taken is not, nor is that of another round."""
    slot = slot_of(round_)
    other_round = make_round(round_.county, name="Toinen")
    slot_of(other_round)
    sent = DETAILS | MINUTE | {"round": round_.pk}
    assert client.post(url("negotiation_edit", planned.pk), sent).status_code == 302
    planned.refresh_from_db()
    assert planned.slot == slot
    second = make_negotiation(round_, [joutsa], day=date(2024, 10, 10))
    postpone(second, timing=Timing.in_slot(slot), reason="Flunssa", by=None)
    second.refresh_from_db()
    assert (second.starts_at, second.slot) == (slot.starts_at, None)
    client.post(url("negotiation_edit", planned.pk), sent | {"ends": "11"})
    planned.refresh_from_db()
    assert planned.slot is None


def test_the_rule_refuses_a_slot_taken_meanwhile(round_: Round, planned: Negotiation, hankasalmi: Municipality) -> None:
    """What the form saw as free may have gone before it is saved."""
    slot = slot_of(round_)
    rules.set_time(planned, Timing.in_slot(slot), slot=slot)
    planned.save()
    other = make_negotiation(round_, [hankasalmi])
    with pytest.raises(ValidationError):
        rules.set_time(other, Timing.in_slot(slot), slot=slot)
    with pytest.raises(ValidationError):
        rules.set_time(other, Timing.of(other), slot=slot_of(make_round(round_.county, name="Toinen")))


def test_a_time_outside_the_round_is_warned_of(round_: Round, client: Client) -> None:
    """It may be meant, so that it is saved."""
    sent = DETAILS | MINUTE | {"day": "3.10.2023", "round": round_.pk}
    page = text_of(client.post(url("negotiation_new"), sent, follow=True))
    assert "Aika on kierroksen ajan" in page
    assert Negotiation.objects.get().earliest.year == 2023


def test_a_group_of_another_year_is_refused(round_: Round, client: Client) -> None:
    """Groups are made for a year."""
    group = MunicipalityGroup.objects.create(county_id=round_.county_id, year=2022, name="Vanha")
    refused = client.post(url("negotiation_new"), DETAILS | MINUTE | {"round": round_.pk, "group": group.pk})
    assert refused.status_code == 422
    assert "Valitse kierroksen vuoden ryhmä" in text_of(refused)


# --- About what instead of a group ----------------------------------------------------------------------------

THEME = {"topic_kind": "theme", "topic": "Lapset ja nuoret"}


def test_a_negotiation_about_a_theme_or_a_service(round_: Round, client: Client) -> None:
    """It has no group; the kind and the topic are shown, in the list of the round too."""
    sent = DETAILS | MINUTE | {"round": round_.pk, "title": "Syksyn neuvottelu"}
    response = client.post(url("negotiation_new"), sent | THEME, follow=True)
    made = Negotiation.objects.get()
    assert (made.topic_kind, made.topic, made.group) == ("theme", "Lapset ja nuoret", None)
    assert "<p>Teema: Lapset ja nuoret</p>" in text_of(response)
    of_round = text_of(client.get(url("round", round_.pk)))
    assert '<span class="under quiet small">Teema: Lapset ja nuoret</span>' in of_round
    sheet = client.get(url("round", round_.pk), {"vie": "csv"}).content.decode("utf-8-sig")
    (row,) = csv.DictReader(StringIO(sheet), delimiter=";")
    assert row["Teema tai palvelu"] == "Lapset ja nuoret"
    # Where the title tells it already, only the kind is said.
    client.post(
        url("negotiation_new"), sent | {"title": "Perhekeskus", "topic_kind": "service", "topic": "perhekeskus"}
    )
    service = Negotiation.objects.latest("pk")
    assert "<p>Palvelu</p>" in text_of(client.get(url("negotiation", service.pk)))


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"topic_kind": "theme", "topic": " "}, "topic", "Kirjoita teema tai palvelu, tai valitse ”Ei aihetta”."),
        ({"topic_kind": "", "topic": "Lapset"}, "topic_kind", "Valitse, onko aihe teema vai palvelu"),
        (THEME | {"topic": "a" * 121}, "topic", "enintään 120 merkkiä"),
        (THEME | {"topic_kind": "aihe"}, "topic_kind", ""),
    ],
)
def test_a_topic_by_half_is_told_at_its_field(
    wrong: dict[str, str], field: str, words: str, in_scope: County, client: Client
) -> None:
    """Once, and nothing is made."""
    response = client.post(url("negotiation_new"), DETAILS | MINUTE | wrong)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert words in text_of(response)
    assert not Negotiation.objects.exists()


def test_a_topic_takes_the_place_of_a_group(
    round_: Round, hankasalmi: Municipality, client: Client, coordinator: User
) -> None:
    """Never both; changing one to the other is in the log by name."""
    group = MunicipalityGroup.objects.create(county_id=round_.county_id, year=2024, name="Ryhmä 1")
    made = make_negotiation(round_, [hankasalmi], group=group)
    address = url("negotiation_edit", made.pk)
    refused = client.post(address, form_of(client, made) | THEME)
    assert refused.status_code == 422
    assert list(refused.context["form"].errors) == ["group"]
    assert "Neuvottelulla on joko kuntaryhmä tai aihe." in text_of(refused)
    assert client.post(address, form_of(client, made) | THEME | {"group": ""}).status_code == 302
    made.refresh_from_db()
    assert (made.topic_kind, made.topic, made.group) == ("theme", "Lapset ja nuoret", None)
    log = text_of(client.get(url("negotiation_log", made.pk)))
    assert "Coordinator muutti tietoja: kuntaryhmä, aihe, aiheen laji." in log
    # And away again.
    assert client.post(address, form_of(client, made) | {"topic_kind": "", "topic": ""}).status_code == 302
    made.refresh_from_db()
    assert (made.topic_kind, made.topic) == ("", "")


def test_in_a_round_by_theme_a_new_negotiation_is_of_a_theme(in_scope: County, client: Client) -> None:
    """Unless told otherwise."""
    by_theme = make_round(in_scope, form=Round.Form.THEMES)
    form = client.get(f"{url('negotiation_new')}?kierros={by_theme.pk}").context["form"]
    assert form["topic_kind"].value() == "theme"


# --- Changing -------------------------------------------------------------------------------------------------


def form_of(client: Client, negotiation: Negotiation) -> dict[str, Any]:
    """Return what the form of the edit page would send unchanged."""
    form = client.get(url("negotiation_edit", negotiation.pk)).context["form"]
    values: dict[str, Any] = {}
    for field in form:
        value = field.value()
        if isinstance(value, date | time):
            value = field.field.widget.format_value(value)
        if value not in (None, ""):
            values[field.html_name] = value
    return values


def test_details_are_changed_and_the_log_says_which(planned: Negotiation, client: Client, coordinator: User) -> None:
    """By their names, with the doer; the time with what it was."""
    sent = form_of(client, planned) | {"place": "Maakuntasali", "starts": "9.00"}
    assert client.post(url("negotiation_edit", planned.pk), sent).status_code == 302
    planned.refresh_from_db()
    assert planned.place == "Maakuntasali"
    assert planned.starts_at == moment(date(2024, 9, 26), 9)
    log = text_of(client.get(url("negotiation_log", planned.pk))).replace("\N{NO-BREAK SPACE}", " ")
    assert "Coordinator muutti tietoja: paikka, aika. Aika oli to 26.9.2024 klo 8.15–12.00, vko 39" in log


def test_the_log_names_what_it_is_about(planned: Negotiation, client: Client, coordinator: User) -> None:
    """Agenda items by their titles as long as they are there, and why a negotiation was postponed."""
    (part,) = planned.parts.all()
    first, second = add_items(part, [("Nuorten tilanne", ""), ("Liikunta.", "")], by=coordinator)
    first.title = "Nuorten hyvinvointi"
    change_item(first, fields=["title"], by=coordinator)
    remove_item(second, by=coordinator)
    postpone(planned, timing=Timing.in_months(date(2024, 11, 1), date(2024, 11, 1)), reason="Flunssa.", by=coordinator)
    log = text_of(client.get(url("negotiation_log", planned.pk)))
    assert "lisäsi asialistalle 2 kohtaa (6–7 §): Nuorten hyvinvointi." in log.replace("\N{NO-BREAK SPACE}", " ")
    assert ": Flunssa." in log
    assert "Liikunta" not in log


def test_nothing_changed_is_nothing_told(planned: Negotiation, client: Client) -> None:
    """Saving as it was leaves no event."""
    assert client.post(url("negotiation_edit", planned.pk), form_of(client, planned)).status_code == 302
    assert not Event.objects.filter(subject_id=planned.pk, verb="changed").exists()


def test_a_changed_time_frees_the_slot(round_: Round, planned: Negotiation, client: Client) -> None:
    """And an unchanged one keeps it; a new slot takes the place of the former."""
    first, second = slot_of(round_), slot_of(round_, date(2024, 10, 10))
    rules.change(planned, fields=["time"], timing=Timing.in_slot(first), slot=first, by=None)
    address = url("negotiation_edit", planned.pk)
    client.post(address, form_of(client, planned) | {"place": "Sali"})
    planned.refresh_from_db()
    assert planned.slot == first
    client.post(address, form_of(client, planned) | {"slot": second.pk})
    planned.refresh_from_db()
    assert (planned.slot, planned.starts_at) == (second, second.starts_at)
    assert [slot.pk for slot in rules.free_slots(round_.pk)] == [first.pk]
    client.post(address, form_of(client, planned) | {"ends": "11.00"})
    planned.refresh_from_db()
    assert Negotiation.objects.get().slot is None
    assert len(rules.free_slots(round_.pk)) == 2


def test_another_round_frees_the_slot_of_an_invited_negotiation(
    round_: Round, planned: Negotiation, client: Client
) -> None:
    """A slot is of its round."""
    slot = slot_of(round_)
    rules.change(planned, fields=["time"], timing=Timing.in_slot(slot), slot=slot, by=None)
    convene(planned, by=None)
    other = make_round(round_.county, name="Toinen")
    assert client.post(url("negotiation_edit", planned.pk), form_of(client, planned) | {"round": other.pk}).status_code
    planned.refresh_from_db()
    assert (planned.round, planned.slot) == (other, None)


def test_the_time_of_invited_parties_changes_only_by_postponing(planned: Negotiation, client: Client) -> None:
    """The form does not ask it, and the rule refuses it."""
    convened = convene(planned, by=None)
    page = text_of(client.get(url("negotiation_edit", planned.pk)))
    assert 'name="known"' not in page
    assert 'name="bases"' in page
    with pytest.raises(NotAllowedNow):
        rules.change(convened, fields=["time"], timing=Timing(Negotiation.Precision.DAY, DAY, DAY), by=None)
    hold(convened, by=None)
    assert 'name="bases"' not in text_of(client.get(url("negotiation_edit", planned.pk)))


def test_parts_come_and_go_in_the_order_of_the_law(planned: Negotiation, client: Client) -> None:
    """A part with an agenda is not lost by unticking it."""
    address, both = url("negotiation_edit", planned.pk), [basis.value for basis in BOTH]
    client.post(address, form_of(client, planned) | {"bases": both})
    assert [(part.position, part.legal_basis) for part in planned.parts.all()] == list(enumerate(both, 1))
    refused = client.post(address, form_of(client, planned) | {"bases": [LegalBasis.COOPERATION.value]})
    assert refused.status_code == 422
    assert "2 kohtaa" in text_of(refused)
    client.post(address, form_of(client, planned) | {"bases": [LegalBasis.WELFARE.value]})
    assert [(part.position, part.legal_basis) for part in planned.parts.all()] == [(1, LegalBasis.WELFARE)]


def test_details_are_locked_while_the_minutes_are_checked(
    round_: Round, hankasalmi: Municipality, coordinator: User, client: Client
) -> None:
    """And when cancelled; each says why."""
    held = make_held(round_, [hankasalmi], by=coordinator)
    (minutes,) = open_minutes(held, by=coordinator)
    assert client.get(url("negotiation_edit", held.pk)).status_code == 200
    send_for_checking(minutes, check_by=later(), by=coordinator)
    for response in (
        client.get(url("negotiation_edit", held.pk)),
        client.post(url("negotiation_edit", held.pk), DETAILS),
    ):
        assert response.status_code == 409
        assert "koska pöytäkirja on tarkastettavana" in text_of(response)
    cancelled = cancel(make_negotiation(round_, [hankasalmi]), reason="Flunssa", by=None)
    assert client.post(url("negotiation_edit", cancelled.pk), DETAILS).status_code == 409
    page = text_of(client.get(url("negotiation", held.pk)))
    assert url("negotiation_edit", held.pk) not in page
    assert "koska pöytäkirja on tarkastettavana" in page


def test_two_editors_see_both_versions(planned: Negotiation, client: Client) -> None:
    """What the other saved meanwhile is shown beside mine, the time included."""
    mine = form_of(client, planned) | {"title": "Minun nimeni", "starts": "9.00"}
    client.post(
        url("negotiation_edit", planned.pk), form_of(client, planned) | {"title": "Toisen nimi", "starts": "10"}
    )
    refused = client.post(url("negotiation_edit", planned.pk), mine)
    assert refused.status_code == 409
    page = text_of(refused)
    assert "Toisen nimi" in page
    assert 'value="Minun nimeni"' in page
    assert 'id="id_starts_theirs">10:00' in page


# --- Removing -------------------------------------------------------------------------------------------------


def test_a_negotiation_made_by_mistake_is_removed(planned: Negotiation, client: Client) -> None:
    """With what was made with it; the event stays."""
    page = text_of(client.get(url("negotiation_remove", planned.pk)))
    assert "2 kohtaa" in page
    assert client.post(url("negotiation_remove", planned.pk)).headers["Location"] == url("round", planned.round_id)
    assert not Negotiation.objects.exists()
    assert Event.objects.get(verb="removed").subject_id == planned.pk


def test_what_hangs_on_a_negotiation_keeps_it(planned: Negotiation, client: Client) -> None:
    """Its page says what, and that it is to be cancelled instead."""
    Attendance.objects.create(county_id=planned.county_id, negotiation=planned, sector="county", role="Sihteeri")
    assert "osallistujat" in text_of(client.get(url("negotiation_remove", planned.pk)))
    assert client.post(url("negotiation_remove", planned.pk)).status_code == 409
    convene(planned, by=None)
    assert client.post(url("negotiation_remove", planned.pk)).status_code == 409
    assert Negotiation.objects.exists()


# --- Parties --------------------------------------------------------------------------------------------------


@pytest.fixture
def group(round_: Round, hankasalmi: Municipality, joutsa: Municipality) -> MunicipalityGroup:
    """Hankasalmi and Joutsa."""
    row: MunicipalityGroup = MunicipalityGroup.objects.create(county_id=round_.county_id, year=2024, name="Ryhmä 1")
    row.municipalities.set([hankasalmi, joutsa])
    return row


def test_parties_of_all_sectors(
    planned: Negotiation, hankasalmi: Municipality, joutsa: Municipality, client: Client
) -> None:
    """Ticked from the register, and typed: what is there already under the name is not entered twice."""
    known = organisation(planned.county, "Keski-Suomen liitto", Sector.PUBLIC)
    sent = {
        "municipalities": [joutsa.pk],
        "organisations": [known.pk],
        "new_names": "• Marttayhdistys\nKESKI-SUOMEN LIITTO\n\n4H-yhdistys\nMarttayhdistys",
        "new_sector": Sector.ORGANISATION.value,
    }
    assert client.post(url("negotiation_parties", planned.pk), sent).status_code == 302
    names = {party.name for party in planned.parties.all()}
    assert names == {str(planned.county), "Joutsa", "Keski-Suomen liitto", "Marttayhdistys", "4H-yhdistys"}
    assert Organisation.objects.count() == 3
    event = Event.objects.get(verb="parties_changed")
    assert (event.payload["added"], event.payload["removed"]) == (4, 1)
    # The same again changes nothing, and tells nothing.
    rows = {party.pk for party in planned.parties.all()}
    again = {
        "municipalities": [joutsa.pk],
        "organisations": list(Organisation.objects.values_list("pk", flat=True)),
    }
    client.post(url("negotiation_parties", planned.pk), again)
    assert {party.pk for party in planned.parties.all()} == rows
    assert Event.objects.filter(verb="parties_changed").count() == 1


def test_a_group_is_ticked_without_javascript(
    planned: Negotiation, group: MunicipalityGroup, hankasalmi: Municipality, joutsa: Municipality, client: Client
) -> None:
    """Nothing is saved yet, and nothing ticked or typed before is lost."""
    address = url("negotiation_parties", planned.pk)
    page = client.post(address, {"group": group.pk, "new_names": "Marttayhdistys"})
    assert page.status_code == 200
    assert page.context["form"].chosen("municipalities") == {hankasalmi.pk, joutsa.pk}
    assert "Marttayhdistys" in text_of(page)
    assert planned.parties.count() == 2
    assert client.post(address, {"group": "x"}).status_code == 200


def test_two_choose_the_parties_at_the_same_time(
    planned: Negotiation, hankasalmi: Municipality, joutsa: Municipality, client: Client
) -> None:
    """Of a page opened before only what its user changed is saved: the other's choices stay, both ways."""
    address = url("negotiation_parties", planned.pk)

    def open_page() -> dict[str, Any]:
        form = client.get(address).context["form"]
        return {name: form[name].value() for name in ("seen", "municipalities", "organisations")}

    mine, theirs = open_page(), open_page()
    client.post(address, theirs | {"municipalities": [hankasalmi.pk, joutsa.pk]})
    assert client.post(address, mine | {"new_names": "Marttayhdistys", "new_sector": "organisation"}).status_code == 302
    assert {party.name for party in planned.parties.all() if not party.is_county} == {
        "Hankasalmi",
        "Joutsa",
        "Marttayhdistys",
    }
    mine, theirs = open_page(), open_page()
    client.post(address, theirs | {"municipalities": [hankasalmi.pk]})
    assert client.post(address, mine | {"organisations": []}).status_code == 302
    assert [party.name for party in planned.parties.all() if not party.is_county] == ["Hankasalmi"]
    # What has been removed can be typed anew, though it was among those shown.
    stale = {"seen": f"o{Organisation.objects.get().pk}", "municipalities": [hankasalmi.pk]}
    client.post(address, stale | {"new_names": "Marttayhdistys", "new_sector": "organisation"})
    assert planned.parties.filter(organisation=Organisation.objects.get()).exists()


def test_parties_chosen_by_two_where_there_were_none(
    round_: Round, hankasalmi: Municipality, joutsa: Municipality, client: Client
) -> None:
    """A form that was shown without any tells so too."""
    empty = make_negotiation(round_, [])
    address = url("negotiation_parties", empty.pk)
    seen = client.get(address).context["form"]["seen"].value()
    for row in (hankasalmi, joutsa):
        client.post(address, {"seen": seen, "municipalities": [row.pk]})
    assert {party.name for party in empty.parties.all() if not party.is_county} == {"Hankasalmi", "Joutsa"}


def test_new_organisations_need_a_sector(planned: Negotiation, client: Client) -> None:
    """And a sector of its own: not the county's."""
    for sector in ("", "county"):
        refused = client.post(
            url("negotiation_parties", planned.pk), {"new_names": "Marttayhdistys", "new_sector": sector}
        )
        assert refused.status_code == 422
        assert 'id="id_new_sector_error"' in text_of(refused)
    assert not Organisation.objects.exists()


def test_a_party_with_participants_stays(
    planned: Negotiation, hankasalmi: Municipality, joutsa: Municipality, client: Client
) -> None:
    """It is said which one, and nothing at all is saved."""
    Attendance.objects.create(
        county_id=planned.county_id,
        negotiation=planned,
        sector=Sector.MUNICIPALITY,
        role="Hyvinvointikoordinaattori",
        status=Attendance.Status.INVITED,
        municipality=hankasalmi,
    )
    refused = client.post(url("negotiation_parties", planned.pk), {"municipalities": [joutsa.pk]})
    assert refused.status_code == 422
    assert "Hankasalmi: osapuolta ei voi poistaa" in text_of(refused)
    assert not Party.objects.filter(municipality=joutsa).exists()


def test_parties_are_locked_once_held(planned: Negotiation, joutsa: Municipality, client: Client) -> None:
    """The page says why; what is sent all the same is refused."""
    hold(convene(planned, by=None), by=None)
    page = client.get(url("negotiation_parties", planned.pk))
    assert "on pidetty" in text_of(page)
    assert 'name="municipalities"' not in text_of(page)
    sent = {"municipalities": [joutsa.pk], "new_names": "Marttayhdistys", "new_sector": "organisation"}
    refused = client.post(url("negotiation_parties", planned.pk), sent)
    assert refused.status_code == 409
    assert "on pidetty" in text_of(refused) and "Marttayhdistys" in text_of(refused)
    assert not Organisation.objects.exists()


def test_another_countys_rows_are_no_choice(
    planned: Negotiation, mantsala: Municipality, keski_uusimaa: County, client: Client
) -> None:
    """Neither municipalities nor rounds."""
    refused = client.post(url("negotiation_parties", planned.pk), {"municipalities": [mantsala.pk]})
    assert refused.status_code == 422
    assert not Party.objects.filter(municipality=mantsala).exists()


# --- The frame ------------------------------------------------------------------------------------------------


def test_the_next_move_follows_the_state(
    round_: Round, hankasalmi: Municipality, coordinator: User, client: Client, client_for: ClientFor, editor: User
) -> None:
    """One primary button, for the coordinator alone; what is missing is said with the way to mend it."""
    empty = make_negotiation(round_, [], bases=())

    def primary(negotiation: Negotiation, name: str = "negotiation") -> list[str]:
        page = text_of(client.get(url(name, negotiation.pk)))
        assert page.count("hds-button--primary") <= 1
        move = client.get(url(name, negotiation.pk)).context["next_move"]
        return [move.url.split("#")[0]] if move else []

    assert primary(empty) == [url("negotiation_edit", empty.pk)]
    rules.change(empty, fields=[], bases=[LegalBasis.WELFARE], by=None)
    assert primary(empty) == [url("negotiation_parties", empty.pk)]
    row = make_negotiation(round_, [hankasalmi])
    assert primary(row) == [url("negotiation_convene", row.pk)]
    convene(row, by=None)
    assert primary(row) == [url("negotiation_hold", row.pk)]
    hold(row, by=None)
    assert primary(row) == [url("negotiation_minutes", row.pk)]
    assert client.get(url("negotiation_minutes", row.pk)).context["next_move"] is None
    ahead = make_negotiation(round_, [hankasalmi], day=later())
    convene(ahead, by=None)
    assert primary(ahead) == []
    assert "kun päivä on tullut" in text_of(client.get(url("negotiation", ahead.pk)))
    page = text_of(client_for(editor).get(url("negotiation", ahead.pk)))
    assert url("negotiation_postpone", ahead.pk) not in page


@pytest.mark.parametrize("name", ["negotiation", "negotiation_log", "negotiation_parties", "negotiation_edit"])
def test_three_of_everything_cost_what_one_does(
    name: str, planned: Negotiation, round_: Round, coordinator: User, client: Client
) -> None:
    """Parties, groups, organisations, slots, items and events."""
    from tests.factories import make_municipality

    def grow(n: int) -> None:
        town = make_municipality(round_.county, f"9{n:02}", f"Kunta {n}")
        group = MunicipalityGroup.objects.create(county_id=round_.county_id, year=2024, name=f"Ryhmä {n}")
        group.municipalities.set([town])
        known = organisation(round_.county, f"Yhdistys {n}", Sector.ORGANISATION)
        organisation(round_.county, f"Seurakunta {n}", Sector.PARISH)
        Party.objects.create(county_id=round_.county_id, negotiation=planned, municipality=town)
        Party.objects.create(county_id=round_.county_id, negotiation=planned, organisation=known)
        planned.parts.get().items.create(county_id=round_.county_id, position=10 + n, title=f"Asia {n}")
        slot_of(round_, date(2024, 11, n))
        rules.change(planned, fields=["place"], by=coordinator)

    def cost() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            response = client.get(url(name, planned.pk))
        return len(queries), len(response.content)

    grow(1)
    client.get(url(name, planned.pk))
    one, short = cost()
    grow(2)
    grow(3)
    three, long = cost()
    assert long > short
    assert three == one
