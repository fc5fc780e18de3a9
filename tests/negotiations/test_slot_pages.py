"""The page of the rule of a round's slots: shown, previewed, saved, and what it asks first."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_scopes import scope
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from municipalities.models import County, Event, Municipality, User
from negotiations.demo.keski_suomi_2023 import RULE as RULE_2023
from negotiations.models import Negotiation, Round, Slot
from negotiations.planning.forms.slot_fields import (
    read_hours,
    read_week,
    read_weeks,
    whole_hours,
    write_hours,
    write_week,
)
from negotiations.planning.slots import (
    DayException,
    ExceptionKind,
    Hours,
    IsoWeek,
    RuleError,
    SlotRule,
    change_rule,
    make_slots,
)
from negotiations.sitting.conduct import convene
from tests.factories import make_municipality, make_negotiation, make_round
from tests.negotiations.test_slot_changes import RULE, at, rule_now, without

NBSP = "\N{NO-BREAK SPACE}"
ANSWER = "neuvottelu-{}"


@pytest.fixture
def client(coordinator: User, client_for: Callable[[User | None], Client]) -> Client:
    """The coordinator's browser."""
    return client_for(coordinator)


@pytest.fixture
def round_(in_scope: County, hankasalmi: Municipality, joutsa: Municipality) -> Round:
    """A round with the four Thursdays and their rule; two municipalities."""
    row = make_round(in_scope, slot_rule=RULE.to_json(), form=Round.Form.MUNICIPALITIES)
    make_slots(row)
    return row


def url_of(round_: Round, name: str = "round_slots") -> str:
    """Return an address of the round."""
    return reverse(name, args=["keski-suomi", round_.pk])


def sent(**fields: Any) -> dict[str, Any]:
    """Return what a browser sends of the rule of the four Thursdays, changed as told."""
    return {
        "first_week": "36/2024",
        "last_week": "39/2024",
        "weekdays": ["4"],
        "hours": "8.15–12.00",
        "weeks_off": "",
        "mode": "",
    } | fields


def row(number: int, kind: str, day: str, **more: str) -> dict[str, str]:
    """Return a row of exceptions as a browser sends it."""
    return {f"exceptions-{number}-{name}": value for name, value in {"kind": kind, "day": day, **more}.items()}


def text_of(response: Any) -> str:
    """Return the words of a page, with their spaces made one."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())).replace(NBSP, " ")


# --- What is written ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["35/2023", "35.2023", "vko 35/2023", "v. 35/2023", "viikko 35 / 2023", "2023-W35"])
def test_a_week_is_read_as_people_write_it(text: str) -> None:
    """And written one way."""
    week = read_week(text)
    assert week == IsoWeek(2023, 35) and write_week(week) == "35/2023"


@pytest.mark.parametrize("text", ["352023", "35/23", "syksy", "-1", "35/2023/1", "0/2023", "53/2023", "2023-W99"])
def test_what_is_no_week_is_refused(text: str) -> None:
    """With words that tell how to write it."""
    with pytest.raises(RuleError):
        read_week(text)


def test_weeks_are_read_with_commas() -> None:
    """Without a year where it is plain."""
    assert read_weeks("42, vko 44/2023;") == (42, IsoWeek(2023, 44))
    assert read_weeks("") == ()


@pytest.mark.parametrize("text", ["8.15–12.00", "8:15-12", "klo 8.15 – 12", "kl. 08.15—12.00"])
def test_times_are_read_as_people_write_them(text: str) -> None:
    """Any dash, with a point or a colon."""
    assert whole_hours(read_hours(text), ()) == (Hours(time(8, 15), time(12)),)


def test_a_start_alone_has_the_usual_end() -> None:
    """As in "on some Thursdays at 9"; where there are several usual times nobody can tell."""
    usual = (Hours(time(8, 15), time(12)),)
    assert whole_hours(read_hours("klo 9"), usual) == (Hours(time(9), time(12)),)
    with pytest.raises(RuleError, match="Anna myös loppu"):
        whole_hours(read_hours("9"), (*usual, Hours(time(13), time(14))))


@pytest.mark.parametrize("text", ["aamulla", "8.15–", "25–26", "8.60–9", "12–8", "5–6", "8–9–10"])
def test_what_is_no_time_is_refused(text: str) -> None:
    """With words that tell how to write it."""
    with pytest.raises(RuleError):
        whole_hours(read_hours(text), ())


quarters = st.integers(6 * 4, 22 * 4).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))


@hypothesis_settings(deadline=None)
@given(st.tuples(quarters, quarters).map(sorted).filter(lambda pair: pair[0] != pair[1]))
def test_what_is_written_is_read_back(pair: list[time]) -> None:
    """Whatever times they are."""
    hours = (Hours(*pair),)
    assert read_hours(write_hours(hours)) == hours


# --- The page -------------------------------------------------------------------------------------------------


def test_the_page_shows_the_rule_and_its_calendar(client: Client, in_scope: County) -> None:
    """With the counts: here there are two municipalities."""
    round_ = make_round(
        in_scope,
        year=2023,
        form=Round.Form.MUNICIPALITIES,
        slot_rule=RULE_2023.to_json(),
        starts_on=date(2023, 8, 31),
        ends_on=date(2023, 12, 1),
    )
    make_slots(round_)
    for number in range(22):
        make_municipality(in_scope, f"{600 + number}", f"Kunta {number}")
    response = client.get(url_of(round_))
    words = text_of(response)
    assert response.status_code == 200
    assert "26 aikaa, 22 kuntaa, 4 varalla" in words
    assert "31.8.–1.12.2023" in words
    assert "to 2.11. siirretty päivälle ke 1.11." in words
    assert "päivän to 2.11. sijaan: Tulevaisuuden sosiaali- ja terveyskeskus -ohjelman loppuseminaari" in words
    assert "vko 42 ei neuvotteluja" in words
    assert "Ajat pysyvät ennallaan." in words
    form = response.context["form"]
    assert [form[name].value() for name in ("first_week", "last_week", "weeks_off", "hours")] == [
        "35/2023",
        "48/2023",
        "42/2023",
        "8.15–12.00",
    ]
    assert 'value="2023-11-01"' in response.content.decode()


def test_a_fresh_round_gets_a_proposal_from_its_days(client: Client, in_scope: County) -> None:
    """The weeks of its days; weekdays, times and mode as the last time. Nothing is made before it is saved."""
    earlier = replace(RULE_2023, weekdays=(1, 5), mode="hybrid", exceptions=())
    make_round(in_scope, year=2023, name="Edellinen", slot_rule=earlier.to_json())
    fresh = make_round(in_scope, starts_on=date(2024, 9, 2), ends_on=date(2024, 9, 29))
    form = client.get(url_of(fresh)).context["form"]
    assert form.at_first == SlotRule(
        IsoWeek(2024, 36), IsoWeek(2024, 39), (1, 5), (Hours(time(8, 15), time(12)),), mode="hybrid"
    )
    assert not Slot.objects.exists()
    Round.objects.filter(name="Edellinen").delete()
    response = client.get(url_of(fresh))
    assert response.context["form"].at_first.weekdays == (2, 3, 4)
    assert "Tämä on ehdotus kierroksen päivien mukaan" in text_of(response)


def test_a_round_of_one_christmas_day_still_opens(client: Client, in_scope: County) -> None:
    """The week of its days would give no times: a whole week is proposed."""
    earlier = replace(RULE, weekdays=(3,))
    make_round(in_scope, year=2023, name="Edellinen", slot_rule=earlier.to_json())
    fresh = make_round(in_scope, starts_on=date(2024, 12, 25), ends_on=date(2024, 12, 25))
    assert client.get(url_of(fresh)).context["form"].at_first.weekdays == (1, 2, 3, 4, 5)


def test_a_rule_that_cannot_be_read_is_said_and_the_slots_stay(client: Client, in_scope: County) -> None:
    """The list of times and the page of the rule open; saving writes it anew."""
    round_ = make_round(in_scope, slot_rule={"year": 2024, "weird": True})
    assert client.get(url_of(round_, "round_schedule")).status_code == 200
    assert "Kierroksen sääntöä ei voi lukea" in text_of(client.get(url_of(round_)))
    assert client.post(url_of(round_), sent()).status_code == 302
    assert Slot.objects.count() == 4


def test_a_rule_is_saved_and_its_slots_are_made(client: Client, in_scope: County) -> None:
    """With an exception of each kind, written as people write."""
    round_ = make_round(in_scope)
    data = sent(
        last_week="40",
        weeks_off="38",
        mode="remote",
        **row(0, "hours", "2024-09-05", hours="klo 9", reason="Johdon keskustelu"),
        **row(3, "swap", "12.9.2024", instead="11.9.2024"),
        **row(7, "add", "2024-09-17", hours="13–15", reason=""),
        **row(8, "", "", reason=""),
        **row(9, "off", "2024-10-03", reason="Messut"),
    )
    response = client.post(url_of(round_), data, follow=True)
    assert response.redirect_chain == [(url_of(round_), 302)]
    assert "Sääntö tallennettiin. Kierroksella on 4 aikaa. Lisätty 4, poistettu 0." in text_of(response)
    assert rule_now(round_) == replace(
        RULE,
        last_week=IsoWeek(2024, 40),
        weeks_off=(IsoWeek(2024, 38),),
        mode="remote",
        exceptions=(
            DayException(
                ExceptionKind.HOURS, date(2024, 9, 5), hours=(Hours(time(9), time(12)),), reason="Johdon keskustelu"
            ),
            DayException(ExceptionKind.SWAP, date(2024, 9, 12), instead=date(2024, 9, 11)),
            DayException(ExceptionKind.ADD, date(2024, 9, 17), hours=(Hours(time(13), time(15)),)),
            DayException(ExceptionKind.OFF, date(2024, 10, 3), reason="Messut"),
        ),
    )
    assert [slot.starts_at.date().day for slot in Slot.objects.all()] == [5, 11, 17, 26]
    # The list for everybody tells why.
    words = text_of(client.get(url_of(round_, "round_schedule")))
    assert "tavallisesta poikkeava kellonaika: Johdon keskustelu" in words
    assert "päivän to 12.9. sijaan" in words


def test_the_year_of_a_week_follows_where_it_is_left_out(client: Client, in_scope: County) -> None:
    """Over the end of the year: the last week and the week off are of the next one."""
    round_ = make_round(in_scope, year=2026, starts_on=date(2026, 11, 1), ends_on=date(2027, 2, 1))
    data = sent(first_week="50", last_week="3", weeks_off="53, 1")
    assert client.post(url_of(round_), data).status_code == 302
    rule = rule_now(round_)
    assert (rule.first_week, rule.last_week) == (IsoWeek(2026, 50), IsoWeek(2027, 3))
    assert rule.weeks_off == (IsoWeek(2026, 53), IsoWeek(2027, 1))


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"first_week": ""}, "first_week", "Anna ensimmäinen viikko."),
        ({"first_week": "99"}, "first_week", "Vuodessa 2024 ei ole viikkoa 99"),
        ({"last_week": "35/2024"}, "last_week", "Viimeinen viikko on ennen ensimmäistä."),
        ({"last_week": "x" * 500}, "last_week", "enintään 400 merkkiä"),
        ({"weekdays": []}, "weekdays", "Valitse ainakin yksi viikonpäivä."),
        ({"weekdays": ["9"]}, "weekdays", "9"),
        ({"hours": "8"}, "hours", "Anna myös loppu"),
        ({"hours": "8–10, 9–11"}, "hours", "8.00–10.00 ja 9.00–11.00 menevät päällekkäin"),
        ({"hours": "8\x00"}, "hours", "null"),
        ({"weeks_off": "50"}, "weeks_off", "Viikko 50/2024 ei ole ensimmäisen ja viimeisen viikon välissä."),
        ({"weeks_off": "36,37,38,39"}, "weeks_off", "ei anna yhtään aikaa"),
        (row(0, "", "2024-09-05"), "exceptions", "Rivi 1: Valitse, miten päivä poikkeaa."),
        (row(0, "nonsense", "2024-09-05"), "exceptions", "Rivi 1: Valitse"),
        (row(0, "off", "kesällä"), "exceptions", "Rivi 1: Anna päivä muodossa"),
        (row(0, "off", ""), "exceptions", "Rivi 1: Valitse|Rivi 1: Anna päivä"),
        (row(0, "swap", "2024-09-05"), "exceptions", "Rivi 1: Anna päivä, jolle"),
        (row(0, "off", "2024-09-06"), "exceptions", "ei ole säännön päivä"),
        (row(0, "off", "2024-09-05", reason="a\x00"), "exceptions", "merkki, jota ei voi tallentaa"),
        (row(0, "off", "2024-09-05", reason="a" * 201), "exceptions", "enintään 200 merkkiin"),
        (row(0, "off", "0001-01-01"), "exceptions", "ei ole säännön päivä"),
        (row(0, "add", "9999-12-31"), "exceptions", "yli puolen vuoden päässä"),
        ({"exceptions": "[[["}, "exceptions", "Poikkeuksia ei voi lukea"),
        ({"exceptions": "[1]"}, "exceptions", "Poikkeuksia ei voi lukea"),
        *(
            ({"exceptions": f'[{{"kind":"off","day":"2024-09-05","reason":{reason}}}]'}, "exceptions", "ei voi lukea")
            for reason in ('"\\u0000"', '"\\ud800"', "[1]", "5")
        ),
    ],
)
def test_what_is_wrong_is_said_by_its_field_and_nothing_is_lost(
    client: Client, round_: Round, fields: dict[str, Any], field: str, words: str
) -> None:
    """What was typed is on the page again; the slots are as they were."""
    response = client.post(url_of(round_), sent(**fields))
    assert response.status_code == 422
    errors = " ".join(response.context["form"].errors[field])
    assert re.search(words, errors.replace(NBSP, " ")), errors
    assert Slot.objects.count() == 4
    for name, value in fields.items():
        if isinstance(value, str) and value and "\x00" not in value and name != "exceptions" and "kind" not in name:
            assert f'value="{value}"' in response.content.decode()


def test_a_hundred_rows_are_enough(client: Client, round_: Round) -> None:
    """More than that is refused as a whole, not row by row."""
    data = sent()
    for number in range(101):
        data |= row(number, "off", "kesällä")
    errors = client.post(url_of(round_), data).context["form"].errors["exceptions"]
    assert errors == ["Anna enintään 100 poikkeusta."]


# --- Rows and preview -----------------------------------------------------------------------------------------


def test_rows_are_added_and_removed_without_a_script(client: Client, round_: Round) -> None:
    """Nothing is saved or complained of, and what is half written stays."""
    data = sent(hours="kahdeksalta", **row(0, "off", "2024-09-05"), **row(1, "", "", reason="Kesken"))
    added = client.post(url_of(round_), data | {"teko": "lisaa"})
    assert added.status_code == 200 and not added.context["form"].errors
    rows = added.context["form"].rows()
    assert [one.values.get("reason", "") for one in rows] == ["", "Kesken", ""]
    assert 'value="kahdeksalta"' in added.content.decode()
    removed = client.post(url_of(round_), data | {"teko": "poista:0"})
    rows = removed.context["form"].rows()
    assert [one.values.get("reason", "") for one in rows] == ["Kesken", ""]
    for nonsense in ("poista:", "poista:x", "poista:99999999999999999999", "tuntematon"):
        assert client.post(url_of(round_), data | {"teko": nonsense}).status_code == 200
    assert Slot.objects.count() == 4 and not Event.objects.filter(verb="slots_changed").exists()


def test_each_press_adds_a_row(client: Client, round_: Round) -> None:
    """Also when there are empty ones already."""
    first = client.post(url_of(round_), sent(teko="lisaa")).context["form"].rows()
    data = sent(teko="lisaa")
    for one in first:
        data |= row(int(one.number), "", "")
    assert len(client.post(url_of(round_), data).context["form"].rows()) == len(first) + 1


def test_the_preview_draws_the_rule_as_it_is_written(client: Client, round_: Round) -> None:
    """A part of the page, and nothing saved; what is wrong is said in it."""
    preview = url_of(round_, "round_slots_preview")
    response = client.post(preview, sent(last_week="40", weekdays=["4", "5"], **row(0, "off", "2024-09-12")))
    words = text_of(response)
    assert response.status_code == 200 and "<html" not in response.content.decode()
    assert "9 aikaa, 2 kuntaa, 7 varalla" in words
    assert "to 12.9. jää pois" in words
    assert "Lisätään 6 aikaa, poistetaan 1 aika." in words
    assert "pe 6.9. 8.15–12.00 uusi" in words
    assert "to 12.9.2024 klo 8.15–12.00, vko 37" in words
    wrong = client.post(preview, sent(hours="kahdeksalta"))
    assert wrong.status_code == 200
    assert "Kellonajat: Anna alku ja loppu, esimerkiksi 8.15–12.00." in text_of(wrong)
    # What follows from that is not complained of besides.
    nine = row(0, "hours", "2024-09-12", hours="9")
    assert "Rivi 1" not in text_of(client.post(preview, sent(hours="kahdeksalta", **nine)))
    assert "Rivi 1: Anna myös loppu" in text_of(client.post(preview, sent(hours="8–10, 10–12", **nine)))
    # Rows that are not whole yet are not complained of while one writes.
    half = row(0, "swap", "2024-09-12") | row(1, "", "2024-09-19") | row(2, "hours", "2024-09-26") | row(3, "off", "")
    assert "4 aikaa, 2 kuntaa" in text_of(client.post(preview, sent(**half)))
    assert client.get(preview).status_code == 405
    assert Slot.objects.count() == 4 and not Event.objects.filter(verb="slots_changed").exists()


def test_the_preview_without_a_script_is_a_button(client: Client, round_: Round) -> None:
    """The whole page, with the calendar of what is written; questions are there but not yet asked for."""
    response = client.post(url_of(round_), sent(teko="esikatsele", last_week="41/2024"))
    assert response.status_code == 200
    assert "6 aikaa, 2 kuntaa, 4 varalla" in text_of(response)
    assert client.post(url_of(round_), sent(teko="esikatsele", hours="?")).status_code == 422
    assert Slot.objects.count() == 4


def test_holidays_and_too_few_are_said_plainly(client: Client, in_scope: County, joutsa: Municipality) -> None:
    """A week with Independence Day on its Wednesday, for two municipalities."""
    make_municipality(in_scope, "601", "Toinen")
    round_ = make_round(
        in_scope, year=2023, form=Round.Form.MUNICIPALITIES, starts_on=date(2023, 12, 1), ends_on=date(2023, 12, 31)
    )
    data = sent(first_week="49/2023", last_week="49/2023", weekdays=["3", "4"])
    words = text_of(client.post(url_of(round_, "round_slots_preview"), data))
    assert "1 aika, 2 kuntaa: 1 aika liian vähän" in words
    assert "Lisää viikkoja, viikonpäiviä tai kellonaikoja" in words
    assert "ke 6.12. itsenäisyyspäivä jää pois" in words


def test_times_outside_the_days_of_the_round_are_told(client: Client, in_scope: County) -> None:
    """The round begins on a Thursday, the rule on the Monday of that week."""
    round_ = make_round(in_scope, starts_on=date(2024, 9, 5), ends_on=date(2024, 9, 26))
    words = text_of(client.post(url_of(round_, "round_slots_preview"), sent(weekdays=["1"])))
    assert "1 aika on kierroksen päivien (5.9.–26.9.2024) ulkopuolella." in words


# --- Negotiations that lose their slot ------------------------------------------------------------------------


@pytest.fixture
def placed(round_: Round, hankasalmi: Municipality) -> Negotiation:
    """Hankasalmi is planned on Thursday 12.9.2024."""
    slot = Slot.objects.get(starts_at=at(12)[0])
    return make_negotiation(round_, [hankasalmi], slot=slot, day=date(2024, 9, 12))


def test_each_negotiation_affected_is_asked_of(client: Client, round_: Round, placed: Negotiation) -> None:
    """Nothing is saved before it is answered; then all is."""
    data = sent(**row(0, "hours", "2024-09-12", hours="9"))
    asked = client.post(url_of(round_), data)
    words = text_of(asked)
    assert asked.status_code == 422
    assert "Valitse, mitä neuvottelulle Hankasalmi tehdään." in words
    assert "Pidetään nykyinen aika, vaikka se ei ole enää kierroksen aikojen joukossa" in words
    assert "Otetaan päivän uusi aika: klo 9.00–12.00" in words
    assert "Otetaan pois ajaltaan" in words
    assert Slot.objects.get(starts_at=at(12)[0]).negotiation == placed
    answered = client.post(url_of(round_), data | {ANSWER.format(placed.pk): "take"}, follow=True)
    assert "Neuvotteluista 0 piti aikansa, 1 sai uuden ajan ja 0 otettiin pois kalenterista." in text_of(answered)
    placed.refresh_from_db()
    assert placed.starts_at == at(12, time(9))[0]


def test_a_day_without_a_new_time_offers_none(client: Client, round_: Round, placed: Negotiation) -> None:
    """And one that is sent all the same is asked again."""
    data = sent(**row(0, "off", "2024-09-12"))
    response = client.post(url_of(round_), data | {ANSWER.format(placed.pk): "take"})
    assert response.status_code == 422
    assert "Otetaan päivän uusi aika" not in text_of(response)
    assert client.post(url_of(round_), data | {ANSWER.format(placed.pk): "off"}).status_code == 302
    placed.refresh_from_db()
    assert placed.precision == Negotiation.Precision.MONTH


def test_a_day_that_is_moved_offers_to_take_it_along(client: Client, round_: Round, placed: Negotiation) -> None:
    """With the day and the time to which it would go."""
    data = sent(**row(0, "swap", "2024-09-12", instead="2024-09-11"))
    words = text_of(client.post(url_of(round_), data))
    assert "Siirretään päivän mukana: ke 11.9.2024 klo 8.15–12.00, vko 37" in words
    assert client.post(url_of(round_), data | {ANSWER.format(placed.pk): "take"}).status_code == 302
    placed.refresh_from_db()
    assert placed.earliest == date(2024, 9, 11)


def test_an_answer_given_stays_in_the_preview(client: Client, round_: Round, placed: Negotiation) -> None:
    """It is drawn anew as one goes on writing."""
    data = sent(**row(0, "off", "2024-09-12")) | {ANSWER.format(placed.pk): "keep"}
    response = client.post(url_of(round_, "round_slots_preview"), data)
    assert re.search(r'value="keep"[^>]*checked', response.content.decode())
    assert "Valitse, mitä" not in text_of(response)


def test_what_has_been_invited_is_listed_and_not_asked(client: Client, round_: Round, placed: Negotiation) -> None:
    """It keeps its time, and is postponed on its own page."""
    convene(placed, by=None)
    data = sent(**row(0, "off", "2024-09-12"))
    words = text_of(client.post(url_of(round_, "round_slots_preview"), data))
    assert "Osapuolet on kutsuttu tähän aikaan" in words and "Otetaan pois ajaltaan" not in words
    assert client.post(url_of(round_), data).status_code == 302
    placed.refresh_from_db()
    assert placed.slot is None and (placed.starts_at, placed.ends_at) == at(12)


def test_one_placed_while_the_form_was_open_is_asked_of(client: Client, round_: Round, placed: Negotiation) -> None:
    """The slot was free when the page was opened."""
    seen = client.get(url_of(round_)).context["form"]["seen"].value()
    response = client.post(url_of(round_), sent(seen=seen, **row(0, "off", "2024-09-12")))
    assert response.status_code == 422
    assert "Valitse, mitä neuvottelulle Hankasalmi tehdään." in text_of(response)


# --- Two coordinators -----------------------------------------------------------------------------------------


def test_two_who_change_the_same_see_both(client: Client, round_: Round, coordinator: User) -> None:
    """The other's exceptions stand beside; sent again, mine are saved."""
    seen = client.get(url_of(round_)).context["form"]["seen"].value()
    change_rule(round_, without(19), choices={}, by=coordinator)
    data = sent(seen=seen, **row(0, "off", "2024-09-12", reason="Messut"))
    response = client.post(url_of(round_), data)
    assert response.status_code == 409
    words = text_of(response)
    assert "Joku toinen on tallentanut" in words or "Joku muu" in words
    assert "Vapaa päivä: to 19.9.2024" in words
    assert 'value="Messut"' in response.content.decode()
    again = data | {"seen": response.context["form"]["seen"].value()}
    assert client.post(url_of(round_), again).status_code == 302
    assert [one.day for one in rule_now(round_).exceptions] == [date(2024, 9, 12)]


def test_two_who_change_different_things_are_both_heard(client: Client, round_: Round, coordinator: User) -> None:
    """The other's exception stays though this form did not know of it."""
    seen = client.get(url_of(round_)).context["form"]["seen"].value()
    change_rule(round_, without(19), choices={}, by=coordinator)
    assert client.post(url_of(round_), sent(seen=seen, last_week="40/2024")).status_code == 302
    assert rule_now(round_).last_week == IsoWeek(2024, 40)
    assert [one.day for one in rule_now(round_).exceptions] == [date(2024, 9, 19)]
    assert [slot.starts_at.date().day for slot in Slot.objects.all()] == [5, 12, 26, 3]


def test_what_only_the_other_changed_is_shown_as_they_left_it(client: Client, round_: Round, coordinator: User) -> None:
    """In a form that comes back because of another field."""
    seen = client.get(url_of(round_)).context["form"]["seen"].value()
    change_rule(round_, replace(without(19), hours=(Hours(time(10), time(12)),)), choices={}, by=coordinator)
    response = client.post(url_of(round_), sent(seen=seen, hours="13–15"))
    assert response.status_code == 409
    assert "10.00–12.00" in text_of(response)
    rows = response.context["form"].rows()
    assert [(one.values.get("kind"), one.values.get("day")) for one in rows[:1]] == [("off", "2024-09-19")]


# --- Who, and at what cost ------------------------------------------------------------------------------------


def test_another_county_s_round_is_not_found(client: Client, keski_uusimaa: County) -> None:
    """Neither the page nor the preview."""
    with scope(county=keski_uusimaa):
        other = make_round(keski_uusimaa, slot_rule=RULE.to_json())
    for name in ("round_slots", "round_slots_preview"):
        assert client.post(url_of(other, name), sent()).status_code == 404
    assert client.get(url_of(other)).status_code == 404


def test_those_who_do_not_plan_see_the_list_only(
    round_: Round, reader: User, client_for: Callable[[User | None], Client]
) -> None:
    """The list is for all who may know of the round; the rule is the coordinator's."""
    browser = client_for(reader)
    words = browser.get(url_of(round_, "round_schedule")).content.decode()
    assert "to\N{NO-BREAK SPACE}12.9.2024" in words
    assert url_of(round_) not in words
    assert browser.get(url_of(round_)).status_code == 403
    assert browser.post(url_of(round_, "round_slots_preview"), sent()).status_code == 403


def test_the_page_costs_the_same_for_one_and_for_three(
    client: Client, round_: Round, hankasalmi: Municipality, joutsa: Municipality, luhanka: Municipality
) -> None:
    """The preview too: it is asked for as one types."""
    counts = []
    data = sent(weekdays=["5"])
    for day, municipality in ((5, hankasalmi), (12, joutsa), (19, luhanka)):
        slot = Slot.objects.get(starts_at=at(day)[0])
        make_negotiation(round_, [municipality], slot=slot, day=date(2024, 9, day))
        with CaptureQueriesContext(connection) as page:
            client.get(url_of(round_))
        with CaptureQueriesContext(connection) as preview:
            client.post(url_of(round_, "round_slots_preview"), data)
        counts.append((len(page), len(preview)))
    assert len(set(counts)) == 1
    assert max(counts[0]) <= 12


def test_a_county_of_another_language_reads_its_own(
    coordinator: User, client_for: Callable[[User | None], Client], round_: Round
) -> None:
    """In Swedish and in English."""
    for language, words in (("sv", "4 tider, 2 kommuner, 2 i reserv"), ("en", "4 times, 2 municipalities, 2 to spare")):
        browser = client_for(coordinator)
        browser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        assert words in text_of(browser.get(url_of(round_)))


def test_a_county_without_municipalities_still_plans(in_scope: County, client: Client) -> None:
    """Nothing is needed yet, and the times are told."""
    round_ = make_round(in_scope, form=Round.Form.THEMES)
    assert "4 aikaa 5.9.–26.9.2024" in text_of(client.post(url_of(round_, "round_slots_preview"), sent()))
