"""The years of cards: begun, changed, locked, reminded of, and what each role sees of them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from municipalities.cards import keeping, lifecycle
from municipalities.cards.reminding import Reminded, letters_of, remind_all, remind_one, send_reminder
from municipalities.cards.years import change_year, proposed_year
from municipalities.models import (
    Card,
    CardApproval,
    CardBundle,
    CardYear,
    County,
    Event,
    Membership,
    Municipality,
    MunicipalityGroup,
    User,
)
from municipalities.moves import NotAllowedNow
from municipalities.tasks import send_card_reminder
from tests.factories import make_municipality, make_negotiation, make_round, make_user
from tests.municipalities.cards.overseen import DUE, YEAR, make_indicator_set, open_cards, send_card, write_card

ClientFor = Callable[[User | None], Client]
EDITOR = Membership.Role.MUNICIPAL_EDITOR


@pytest.fixture
def card_year(in_scope: County, coordinator: User) -> CardYear:
    """The open year of the county's cards."""
    return open_cards(in_scope, by=coordinator)


@pytest.fixture
def client(coordinator: User, client_for: ClientFor) -> Client:
    """The coordinator's."""
    return client_for(coordinator)


def url(name: str, *args: Any) -> str:
    """Return an address in the cast's county."""
    return reverse(name, args=["keski-suomi", *args])


def told(response: Any) -> str:
    """Return the messages of the page that follows."""
    return " ".join(str(message) for message in response.context["messages"])


# --- Ways in ------------------------------------------------------------------------------------------------------


def test_before_any_year_the_page_has_one_button_for_the_coordinator(
    in_scope: County, client: Client, editor: User, client_for: ClientFor
) -> None:
    assert client.get(url("cards_now")).content.decode().count(url("card_year_new")) == 1
    theirs = client_for(editor).get(url("cards_now"))
    assert theirs.status_code == 200 and url("card_year_new") not in theirs.content.decode()


def test_the_way_in_leads_each_role_to_its_page(
    card_year: CardYear, client: Client, editor: User, reader: User, board_member: User, client_for: ClientFor
) -> None:
    open_cards(card_year.county, by=editor, year=YEAR - 1)
    assert client.get(url("cards_now")).headers["Location"] == url("cards", YEAR)
    for user in (editor, reader):
        there = client_for(user).get(url("cards_now"), follow=False).headers["Location"]
        assert client_for(user).get(there).headers["Location"] == url("card", YEAR, "077")
    assert client_for(board_member).get(url("cards_now"), follow=True).status_code == 200
    assert client.get(url("cards", 2019)).status_code == 404


def test_who_works_for_two_municipalities_chooses(
    card_year: CardYear, editor: User, joutsa: Municipality, client_for: ClientFor
) -> None:
    Membership.objects.create(user=editor, role=EDITOR, county=card_year.county, municipality=joutsa)
    text = client_for(editor).get(url("cards", YEAR)).content.decode()
    assert url("card", YEAR, "077") in text and url("card", YEAR, "172") in text


def test_the_board_sees_the_cards_that_are_final(
    card_year: CardYear,
    hankasalmi: Municipality,
    joutsa: Municipality,
    luhanka: Municipality,
    editor: User,
    board_member: User,
    client_for: ClientFor,
) -> None:
    send_card(card_year, joutsa, by=editor)
    card = write_card(card_year, hankasalmi, by=editor)
    keeping.set_approval(card, approval=CardApproval.SELF, name="", email="", by=editor)
    version = lifecycle.send(card, by=editor)
    write_card(card_year, luhanka, by=editor)
    client = client_for(board_member)

    def listed() -> list[str]:
        lines = client.get(url("cards", YEAR) + "?vie=csv").content.decode("utf-8-sig").splitlines()
        return [row[0] for row in csv.reader(lines[1:], delimiter=";")]

    assert listed() == ["Joutsa"]
    lifecycle.approve(card, by=editor, version=version)
    assert listed() == ["Hankasalmi", "Joutsa"]
    assert client.get(url("cards", YEAR)).status_code == 200


# --- The list -----------------------------------------------------------------------------------------------------


def test_the_list_filters_sorts_and_is_had_as_a_file(
    card_year: CardYear,
    client: Client,
    hankasalmi: Municipality,
    joutsa: Municipality,
    luhanka: Municipality,
    editor: User,
) -> None:
    send_card(card_year, joutsa, by=editor)
    write_card(card_year, hankasalmi, by=editor)
    group = MunicipalityGroup.objects.create(county=card_year.county, year=YEAR, name="Itä")
    group.municipalities.set([hankasalmi, luhanka])

    def found(query: str) -> list[str]:
        lines = client.get(f"{url('cards', YEAR)}?vie=csv&{query}").content.decode("utf-8-sig").splitlines()
        return [row[0] for row in csv.reader(lines[1:], delimiter=";")]

    assert found("") == ["Hankasalmi", "Joutsa", "Luhanka"]
    assert found("tila=not_started") == ["Luhanka"]
    assert found("tila=sent") == ["Joutsa"]
    assert found(f"ryhma={group.pk}") == ["Hankasalmi", "Luhanka"]
    assert found("jarjesta=tila") == ["Luhanka", "Hankasalmi", "Joutsa"]
    # Who has nothing to sort by comes last in either order.
    assert found("jarjesta=lahetetty")[0] == found("jarjesta=-lahetetty")[0] == "Joutsa"
    text = client.get(url("cards", YEAR)).content.decode()
    assert "1 / 3" in text and "1 / 6" in text and "31.10.2026" in text


def test_the_lists_cost_twelve_queries_at_most_whatever_they_list(
    card_year: CardYear, client: Client, hankasalmi: Municipality, editor: User, coordinator: User
) -> None:
    county = card_year.county
    open_cards(county, by=editor, year=YEAR - 1)
    send_card(card_year, hankasalmi, by=editor)
    round_ = make_round(county, year=YEAR)
    make_negotiation(round_, [hankasalmi])
    group = MunicipalityGroup.objects.create(county=county, year=YEAR, name="Itä")
    group.municipalities.set([hankasalmi])
    addresses = [url("cards", YEAR), url("round_cards", round_.pk)]

    def costs() -> list[tuple[int, int]]:
        found = []
        for address in addresses:
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                response = client.get(address)
            assert response.status_code == 200
            found.append((len(queries), len(response.content)))
        return found

    one = costs()
    places = [make_municipality(county, f"80{number}", f"Kunta {number}") for number in range(2)]
    for place in places:
        write_card(card_year, place, by=editor)
        CardBundle.objects.create(county=county, card_year=card_year, title="Kortit", asked_by=coordinator)
    make_negotiation(round_, places, day=date(2026, 10, 1))
    group.municipalities.add(*places)
    remind_all(card_year, places, by=coordinator)
    for (queries, size), (before, smaller) in zip(costs(), one, strict=True):
        assert queries == before <= 12
        assert size > smaller


def test_what_a_draft_says_is_not_on_the_page(
    card_year: CardYear, client: Client, hankasalmi: Municipality, editor: User
) -> None:
    write_card(card_year, hankasalmi, by=editor)
    for address in (url("cards", YEAR), url("cards", YEAR) + "?vie=csv"):
        assert "järven rannalla" not in client.get(address).content.decode()


# --- Begun and changed --------------------------------------------------------------------------------------------


def test_a_year_is_begun(in_scope: County, client: Client) -> None:
    chosen = make_indicator_set()
    page = client.get(url("card_year_new"))
    assert page.context["form"]["year"].value() == timezone.localdate().year
    data = {"year": "2027", "indicator_set": chosen.pk, "due_on": "2027-05-31"}
    answer = client.post(url("card_year_new"), data)
    assert answer.headers["Location"] == url("cards", 2027)
    begun = CardYear.objects.get()
    assert (begun.year, begun.indicator_set, begun.due_on, begun.state) == (2027, chosen, date(2027, 5, 31), "open")
    assert Event.objects.get(subject="municipalities.cardyear").verb == "begun"
    again = client.post(url("card_year_new"), data)
    assert again.status_code == 422 and "year" in again.context["form"].errors
    # The next one is proposed with what the latest has.
    page = client.get(url("card_year_new"))
    assert page.context["form"]["year"].value() == 2028
    assert page.context["form"]["indicator_set"].value() == chosen.pk


@pytest.mark.parametrize(("years", "proposed"), [([], 2026), ([2024], 2026), ([2026], 2027), ([2028, 2026], 2029)])
def test_which_year_is_proposed(years: list[int], proposed: int) -> None:
    assert proposed_year([CardYear(year=year) for year in years], this_year=2026) == proposed


def test_the_indicators_of_another_county_cannot_be_chosen(
    in_scope: County, client: Client, keski_uusimaa: County
) -> None:
    foreign = make_indicator_set("Naapurin")
    foreign.owner = keski_uusimaa.area
    foreign.save()
    answer = client.post(url("card_year_new"), {"year": "2027", "indicator_set": foreign.pk, "due_on": ""})
    assert answer.status_code == 422 and not CardYear.objects.exists()
    assert "Naapurin" not in client.get(url("card_year_new")).content.decode()


def test_the_indicators_stay_once_a_card_has_been_sent(
    card_year: CardYear, client: Client, hankasalmi: Municipality, editor: User, coordinator: User
) -> None:
    other, edit = make_indicator_set("Toinen"), url("card_year_edit", YEAR)
    assert client.post(edit, {"indicator_set": other.pk, "due_on": "2026-11-30"}).status_code == 302
    card_year.refresh_from_db()
    assert (card_year.indicator_set, card_year.due_on) == (other, date(2026, 11, 30))
    changed = Event.objects.get(verb="changed")
    assert changed.payload == {"fields": ["due_on", "indicator_set"]}
    send_card(card_year, hankasalmi, by=editor)
    first = make_indicator_set("Kolmas")
    page = client.get(edit)
    assert page.context["form"].fields["indicator_set"].disabled
    # Sent in spite of that, it is not taken; the due date still is.
    assert client.post(edit, {"indicator_set": first.pk, "due_on": "2026-12-15"}).status_code == 302
    card_year.refresh_from_db()
    assert (card_year.indicator_set, card_year.due_on) == (other, date(2026, 12, 15))
    # Nor by the rule, where a card is sent between the page and its form.
    card_year.indicator_set = first
    with pytest.raises(NotAllowedNow):
        change_year(card_year, fields=["indicator_set"], by=coordinator)


def test_locking_needs_no_reason_and_opening_does(card_year: CardYear, client: Client, coordinator: User) -> None:
    lock, unlock = url("card_year_lock", YEAR), url("card_year_unlock", YEAR)
    assert client.post(unlock, {"reason": "Vielä yksi."}).status_code == 409
    assert client.post(lock, {"reason": ""}).status_code == 302
    assert client.post(lock, {"reason": ""}).status_code == 409
    settings = {"indicator_set": card_year.indicator_set_id, "due_on": "2026-12-31"}
    assert client.post(url("card_year_edit", YEAR), settings).status_code == 409
    assert client.post(unlock, {"reason": " "}).status_code == 422
    assert client.post(unlock, {"reason": "Vielä yksi."}).status_code == 302
    assert client.post(lock, {"reason": "Neuvottelut alkavat."}).status_code == 302
    text = client.get(url("cards", YEAR)).content.decode()
    assert "Neuvottelut alkavat." in text and str(coordinator) in text
    # Nothing is asked of anybody in a locked year.
    assert url("cards_remind", YEAR) not in text


# --- Reminding ----------------------------------------------------------------------------------------------------


def names(reminded: Reminded) -> tuple[list[str], list[str], list[str]]:
    """Return who was written to, who lately had a letter, and who has nobody."""
    written, lately, nobody = ([str(p) for p in ps] for ps in (reminded.written, reminded.lately, reminded.nobody))
    return written, lately, nobody


def test_who_is_reminded(
    card_year: CardYear,
    hankasalmi: Municipality,
    joutsa: Municipality,
    luhanka: Municipality,
    editor: User,
    second_editor: User,
    coordinator: User,
) -> None:
    every = [hankasalmi, joutsa, luhanka]
    send_card(card_year, joutsa, by=second_editor)
    assert names(remind_all(card_year, every, by=coordinator)) == (["Hankasalmi"], [], ["Luhanka"])
    # Not twice within a day, unless that one is asked for.
    assert names(remind_all(card_year, every, by=coordinator)) == ([], ["Hankasalmi"], ["Luhanka"])
    assert names(remind_one(card_year, hankasalmi, by=coordinator)) == (["Hankasalmi"], [], [])
    assert names(remind_one(card_year, luhanka, by=coordinator)) == ([], [], ["Luhanka"])
    with pytest.raises(NotAllowedNow):
        remind_one(card_year, joutsa, by=coordinator)
    events = Event.objects.filter(verb="reminded")
    assert [event.payload for event in events] == [{"municipalities": [hankasalmi.pk]}] * 2
    lifecycle.return_(Card.objects.get(municipality=joutsa), note="Lisää luku.", by=coordinator)
    assert names(remind_all(card_year, every, by=coordinator))[0] == ["Joutsa"]


def test_a_day_later_one_is_reminded_again(
    card_year: CardYear, hankasalmi: Municipality, editor: User, coordinator: User
) -> None:
    Event.objects.create(
        county=card_year.county,
        subject="municipalities.cardyear",
        subject_id=card_year.pk,
        verb="reminded",
        at=timezone.now() - timedelta(days=1, minutes=1),
        user=coordinator,
        payload={"municipalities": [hankasalmi.pk]},
    )
    assert names(remind_all(card_year, [hankasalmi], by=coordinator))[0] == ["Hankasalmi"]


def test_nobody_is_reminded_of_a_locked_year(
    card_year: CardYear, client: Client, hankasalmi: Municipality, editor: User, coordinator: User
) -> None:
    lifecycle.lock_year(card_year, reason="", by=coordinator)
    assert client.post(url("cards_remind", YEAR)).status_code == 409
    assert client.post(url("card_remind", YEAR, "077")).status_code == 409
    assert not Event.objects.filter(verb="reminded").exists()


def test_the_letter_goes_to_editors_within_their_days(
    card_year: CardYear,
    hankasalmi: Municipality,
    editor: User,
    reader: User,
    coordinator: User,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """To deputies too; not to readers, nor to those whose time is past or to come, nor to those who may not sign in."""
    today, county = timezone.localdate(), card_year.county

    def add(email: str, **days: Any) -> User:
        user = make_user(email, Membership.Role.MUNICIPAL_READER, county, hankasalmi)
        Membership.objects.create(user=user, role=EDITOR, county=county, municipality=hankasalmi, **days)
        return user

    deputy = add("deputy@example.fi", starts_on=today, ends_on=today)
    add("past@example.fi", starts_on=today - timedelta(days=9), ends_on=today - timedelta(days=1))
    add("coming@example.fi", starts_on=today + timedelta(days=1), ends_on=today + timedelta(days=9))
    gone = add("gone@example.fi")
    gone.is_active = False
    gone.save()
    deputy.language = "sv"
    deputy.save()
    write_card(card_year, hankasalmi, by=editor)
    with django_capture_on_commit_callbacks(execute=True):
        remind_one(card_year, hankasalmi, by=coordinator)
    event = Event.objects.get(verb="reminded")
    assert sum(send_reminder(county, event.pk, pk) for pk in letters_of(event.pk)) == 2
    letters = {letter.to[0]: letter for letter in mail.outbox}
    assert set(letters) == {editor.email, deputy.email}
    finnish, swedish = letters[editor.email], letters[deputy.email]
    assert finnish.subject == "Kuntakortti 2026: Hankasalmi"
    assert url("card", YEAR, "077") in finnish.body and "31.10.2026" in finnish.body
    assert "Kesken:" in finnish.body and "järven rannalla" not in finnish.body
    assert "Ofärdigt:" in swedish.body


def test_the_task_writes_to_one_editor(
    card_year: CardYear, hankasalmi: Municipality, editor: User, coordinator: User
) -> None:
    remind_one(card_year, hankasalmi, by=coordinator)
    event = Event.objects.get(verb="reminded")
    (membership,) = letters_of(event.pk)
    send_card_reminder(card_year.county_id, event.pk, membership)
    (letter,) = mail.outbox
    assert letter.to == [editor.email]


def test_a_letter_that_comes_late_is_not_sent(
    card_year: CardYear, hankasalmi: Municipality, editor: User, coordinator: User
) -> None:
    remind_one(card_year, hankasalmi, by=coordinator)
    event = Event.objects.get(verb="reminded")
    (membership,) = letters_of(event.pk)
    send_card(card_year, hankasalmi, by=editor)
    assert send_reminder(card_year.county, event.pk, membership) == 0
    lifecycle.withdraw(Card.objects.get(), by=editor)
    lifecycle.lock_year(card_year, reason="", by=coordinator)
    assert send_reminder(card_year.county, event.pk, membership) == 0
    assert mail.outbox == []


def test_one_press_says_how_many_were_reminded_and_who_has_nobody(
    card_year: CardYear,
    client: Client,
    hankasalmi: Municipality,
    joutsa: Municipality,
    luhanka: Municipality,
    editor: User,
    second_editor: User,
) -> None:
    client.cookies["django_language"] = "fi"
    words = told(client.post(url("cards_remind", YEAR), follow=True))
    assert "2 kuntaa sai muistutuksen: Hankasalmi, Joutsa." in words
    assert "Luhanka" in words.partition("muokkaajaa")[2]
    again = told(client.post(url("cards_remind", YEAR), follow=True))
    assert "Muistutettu jo vuorokauden sisällä" in again
    assert "1 kunta sai muistutuksen: Joutsa." in told(client.post(url("card_remind", YEAR, "172"), follow=True))


# --- The round's tab ----------------------------------------------------------------------------------------------


def test_a_round_has_the_cards_of_its_municipalities_and_year(
    card_year: CardYear,
    client: Client,
    hankasalmi: Municipality,
    joutsa: Municipality,
    luhanka: Municipality,
    editor: User,
    client_for: ClientFor,
) -> None:
    round_ = make_round(card_year.county, year=YEAR)
    make_negotiation(round_, [hankasalmi, luhanka])
    send_card(card_year, joutsa, by=editor)
    tab, bundle = url("round_cards", round_.pk), url("round_cards_bundle", round_.pk)
    page = client.get(tab)
    assert [str(row.municipality) for row in page.context["table"].rows] == ["Hankasalmi", "Luhanka"]
    # Of Joutsa's card, which is sent, the round makes nothing.
    assert bundle not in page.content.decode() and client.post(bundle).status_code == 409
    send_card(card_year, hankasalmi, by=editor)
    assert bundle in client.get(tab).content.decode()
    made = client.post(bundle)
    (paper,) = client.get(made.headers["Location"]).context["contents"].papers
    assert paper.municipality == hankasalmi
    assert client_for(editor).get(tab).status_code == 403
    assert tab in client.get(url("round", round_.pk)).content.decode()
    assert tab not in client_for(editor).get(url("round", round_.pk)).content.decode()


def test_a_round_of_a_year_without_cards_leads_to_opening_them(in_scope: County, client: Client) -> None:
    round_ = make_round(in_scope, year=2030)
    assert url("card_year_new") in client.get(url("round_cards", round_.pk)).content.decode()
    assert client.post(url("round_cards_bundle", round_.pk)).status_code == 409


def test_home_tells_how_the_open_year_stands(
    card_year: CardYear, client: Client, hankasalmi: Municipality, joutsa: Municipality, editor: User, coordinator: User
) -> None:
    send_card(card_year, hankasalmi, by=editor)
    home = client.get(url("county_home"))
    assert (home.context["cards"].sent, home.context["cards"].total, home.context["cards"].due_on) == (1, 2, DUE)
    assert url("cards", YEAR) in home.content.decode()
    lifecycle.lock_year(card_year, reason="", by=coordinator)
    assert url("cards", YEAR) not in client.get(url("county_home")).content.decode()


def test_the_cards_of_another_county_are_unknown(
    card_year: CardYear, keski_uusimaa: County, outsider: User, client_for: ClientFor
) -> None:
    with scope(county=keski_uusimaa):
        open_cards(keski_uusimaa, by=outsider, year=2031)
    theirs = client_for(outsider)
    assert theirs.get(reverse("cards", args=["keski-uusimaa", YEAR])).status_code == 404
    assert theirs.get(reverse("cards", args=["keski-uusimaa", 2031])).status_code == 200
