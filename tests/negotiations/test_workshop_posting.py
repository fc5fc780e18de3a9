"""The phones of a workshop: joining, posting once whatever happens, taking back; without an account or a cookie."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.core import signing
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_scopes import scope, scopes_disabled
from hypothesis import given
from hypothesis import strategies as st

from hyte.logs import WithoutSecrets
from municipalities.models import County, Event, Municipality, User
from municipalities.moves import NotAllowedNow
from negotiations.models import WorkshopNote
from negotiations.sitting.views import workshop_phone
from negotiations.sitting.workshop import add_theme
from negotiations.sitting.workshop_day import posting
from negotiations.sitting.workshop_day.grouping import SetHidden, SetKey, change_notes
from negotiations.sitting.workshop_day.opening import close_workshop, reopen_workshop, save_groups
from tests.factories import make_round
from tests.negotiations.workshops import Day, make_day

JOIN = "/tyopaja/"
JSON = "application/json"


@pytest.fixture
def day(keski_suomi: County, hankasalmi: Municipality, coordinator: User) -> Day:
    """An open workshop of two groups."""
    cache.clear()
    with scope(county=keski_suomi):
        return make_day([hankasalmi], by=coordinator)


def address(name: str, token: str, *args: int) -> str:
    """Return an address behind a token."""
    return reverse(name, args=[token, *args])


def send(client: Client, token: str, **sent: Any) -> Any:
    """Send a note as the script does."""
    body = {"key": str(uuid4()), "text": "Yksinäisyys"} | sent
    return client.post(address("workshop_post", token), json.dumps(body), content_type=JSON)


def notes() -> list[WorkshopNote]:
    """Return the notes of every county."""
    with scopes_disabled():
        return list(WorkshopNote.objects.order_by("pk"))


# --- What is sent -----------------------------------------------------------------------------------------------


@given(st.text())
def test_a_text_that_is_taken_can_be_kept_and_is_neither_empty_nor_long(text: str) -> None:
    """Whatever signs there are in it; what can be seen of it stays."""
    sent = {"key": str(uuid4()), "column": 1, "text": text}
    try:
        posted = posting.read_posted(sent)
    except ValidationError:
        assert not posting.tidy(text) or len(posting.tidy(text)) > posting.MOST_CHARACTERS
        return
    assert 0 < len(posted.text) <= posting.MOST_CHARACTERS and posted.text == posted.text.strip()
    assert "\x00" not in posted.text and posted.text.encode()
    assert posting.tidy(posted.text) == posted.text


@given(
    st.dictionaries(st.sampled_from(["key", "column", "text"]), st.none() | st.integers() | st.text() | st.booleans())
)
def test_what_is_sent_wrong_is_refused_in_words(sent: dict[str, Any]) -> None:
    """Never with an error of the program."""
    try:
        posted = posting.read_posted(sent)
    except ValidationError as refusal:
        assert refusal.messages and all(refusal.messages)
    else:
        assert posted.column < 10**posting.ID_DIGITS


def test_what_is_far_too_long_is_refused_before_it_is_looked_through() -> None:
    """Anybody can send it, and by the million letters it would keep a worker busy."""
    sent = {"key": str(uuid4()), "column": 1}
    with patch.object(posting, "tidy", side_effect=AssertionError), pytest.raises(ValidationError, match="Lyhennä"):
        posting.read_posted(sent | {"text": "a" * 2_000_000})
    padded = "\x01" * (posting.MOST_LOOKED_AT - 10) + "Yksi"
    assert posting.read_posted(sent | {"text": padded}).text == "Yksi"


def test_a_form_that_is_filled_again_makes_another_note() -> None:
    """Going back, one writes another text into the form with the same key; the same text sent twice is one note."""
    first = posting.Posted(uuid4(), 1, "Yksi")
    same, other = posting.of_form(first), posting.of_form(posting.Posted(first.key, 1, "Kaksi"))
    assert same.key == posting.of_form(first).key != other.key != first.key


# --- Joining ----------------------------------------------------------------------------------------------------


def test_a_phone_joins_by_the_code_and_chooses_its_group(day: Day, client: Client) -> None:
    """Typed in any way; the addresses that follow set no cookie."""
    code = day.workshop.code or ""
    assert "Kirjoita koodi, joka on seinällä" in client.get(JOIN).text
    answer = client.post(JOIN, {"koodi": f" {code[:3].lower()} {code[3:]}"})
    assert answer.headers["Location"] == f"{JOIN}?koodi={code}"
    page = client.get(answer.headers["Location"])
    assert "Valitse ryhmäsi" in page.text
    (link,) = [address for name, address in page.context["groups"] if name == "Ryhmä 2"]
    page = client.get(link)
    for words in ("Ryhmä 2", "Perhekeskus", "Lapset ensin.", "Ilmiöt", "Toimenpiteet", "Lähetä"):
        assert words in page.text
    assert page.headers["Cache-Control"] == "no-store" and page.headers["Referrer-Policy"] == "no-referrer"
    assert not client.cookies


def test_the_pages_speak_the_language_of_the_negotiation_or_another(day: Day, client: Client) -> None:
    """Which is carried along from page to page."""
    page = client.get(JOIN, {"koodi": day.workshop.code or "", "kieli": "sv"})
    assert "Välj din grupp" in page.text
    link = page.context["groups"][0][1] + page.context["query"]
    assert "Skicka" in client.get(link).text
    sent = {"column": day.columns[0].pk, "key": str(uuid4()), "text": "Ensamhet"}
    answer = client.post(address("workshop_post", day.token()) + "?kieli=sv", sent)
    assert "kieli=sv" in answer.headers["Location"]


def test_only_wrong_codes_are_counted(day: Day, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole room joins from one address; who guesses is stopped, and then even the right code waits."""
    monkeypatch.setattr(workshop_phone, "WRONG_CODES", "3/m/ip")
    for _number in range(10):
        assert client.post(JOIN, {"koodi": day.workshop.code}).status_code == 302
    for wrong in ("CDFHJK", "<b>", ""):
        answer = client.post(JOIN, {"koodi": wrong})
        assert answer.status_code == 422 and "<b>" not in answer.text
    assert client.post(JOIN, {"koodi": day.workshop.code}).status_code == 429
    # The address without a code asks for one all the same, and who has joined goes on.
    assert client.get(JOIN).status_code == 200
    assert client.get(address("workshop_phone", day.token())).status_code == 200


# --- Posting ----------------------------------------------------------------------------------------------------


def test_a_note_is_kept_with_its_group_and_nothing_else(day: Day, client: Client) -> None:
    """Neither event nor cookie; the answer tells its id."""
    with scopes_disabled():
        events = Event.objects.count()
    answer = send(client, day.token(1), column=day.columns[1].pk, text="  Kotikäynti\r\nheti  ")
    (note,) = notes()
    assert (answer.status_code, answer.json()) == (201, {"id": note.pk})
    assert (note.text, note.group, note.column) == ("Kotikäynti\nheti", day.groups[1], day.columns[1])
    assert not client.cookies
    with scopes_disabled():
        assert Event.objects.count() == events


def test_the_same_key_twice_is_one_note(day: Day, client: Client) -> None:
    """The answer was lost, so the phone sends the note again."""
    key = str(uuid4())
    first = send(client, day.token(), column=day.columns[0].pk, key=key)
    again = send(client, day.token(), column=day.columns[0].pk, key=key.upper())
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() and len(notes()) == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_key_at_the_same_moment_is_one_note(day: Day) -> None:
    """All are told the same id, and one of them that it is new."""
    posted = posting.Posted(uuid4(), day.columns[0].pk, "Yhtä aikaa")
    answers: list[tuple[int, bool]] = []
    together = threading.Barrier(4)

    def run() -> None:
        together.wait()
        answers.append(posting.post(day.token(), posted))
        connection.close()

    threads = [threading.Thread(target=run) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4 and len({pk for pk, _is_new in answers}) == 1 and len(notes()) == 1
    assert sum(is_new for _pk, is_new in answers) == 1


def test_a_note_costs_one_query(day: Day, client: Client) -> None:
    """However many notes there are; sent again, two."""
    key = str(uuid4())
    for expected in (1, 2):
        with CaptureQueriesContext(connection) as asked:
            send(client, day.token(), column=day.columns[0].pk, key=key)
        sql = [one["sql"] for one in asked if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))]
        assert len(sql) == expected, sql


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": ""},
        {"text": " \x00\n"},
        {"text": "x" * 501},
        {"text": None},
        {"text": ["a"]},
        {"key": "ei-avain"},
        {"key": 7},
        {"column": "1e3"},
        {"column": 10**30},
        {"column": -1},
        {"column": None},
        {"column": True},
        {"column": 999_999_999},
    ],
)
def test_what_cannot_be_a_note_is_refused_in_words(wrong: dict[str, Any], day: Day, client: Client) -> None:
    """And none is made."""
    answer = send(client, day.token(), **({"column": day.columns[0].pk} | wrong))
    assert answer.status_code == 422 and answer.json()["message"]
    assert notes() == []


@pytest.mark.parametrize("body", ["", "[]", "{", "\x00", "null", '"' + "x" * 10, "[" * 50_000, '{"text": "\\ud800"}'])
def test_a_body_that_is_no_note_is_refused(body: str, day: Day, client: Client) -> None:
    """Whatever it is."""
    answer = client.post(address("workshop_post", day.token()), body, content_type=JSON)
    assert answer.status_code == 422


def test_500_characters_of_any_kind_are_taken(day: Day, client: Client) -> None:
    """Counted as people count, not in bytes."""
    text = "😀ä" * 250
    assert send(client, day.token(), column=day.columns[0].pk, text=text).status_code == 201
    assert notes()[0].text == text


def test_a_column_of_another_round_or_county_is_refused(
    day: Day, client: Client, keski_suomi: County, keski_uusimaa: County, coordinator: User
) -> None:
    """A group posts to the themes of its own round alone."""
    for county in (keski_suomi, keski_uusimaa):
        with scope(county=county):
            theme = add_theme(make_round(county, name="Toinen"), "Teema", ["Sarake"], by=None)
            column = theme.columns.get().pk
        answer = send(client, day.token(), column=column)
        assert answer.status_code == 422 and "Lapun paikka on poistettu" in answer.json()["message"]
    assert notes() == []


def test_a_note_is_text_and_never_markup(day: Day, client: Client, coordinator: User) -> None:
    """On the phone, on the board, in its state and on the tab."""
    text = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'"
    send(client, day.token(), column=day.columns[0].pk, text=text)
    with scope(county=day.workshop.county):
        change_notes(day.workshop, [notes()[0].pk], SetKey(True), by=coordinator)
    client.force_login(coordinator)
    for path in (
        address("workshop_phone", day.token()),
        reverse("workshop_board", args=["keski-suomi", day.negotiation.pk]),
        reverse("workshop_board", args=["keski-suomi", day.negotiation.pk]) + "?esitys=1",
        reverse("negotiation_workshop", args=["keski-suomi", day.negotiation.pk]),
    ):
        page = client.get(path).text
        assert "<script>alert" not in page and "&lt;script&gt;alert" in page
    state = client.get(reverse("workshop_board_state", args=["keski-suomi", day.negotiation.pk]))
    assert state.headers["Content-Type"] == JSON and "<script>alert" not in "".join(state.json()["columns"].values())


# --- Without a script -------------------------------------------------------------------------------------------


def test_without_a_script_a_plain_form_posts_once(day: Day, client: Client) -> None:
    """Pressed twice it is one note; a text that is too long is given back in its field."""
    page = client.get(address("workshop_phone", day.token()))
    key = page.context["themes"][0][1][0].key
    sent = {"column": day.columns[0].pk, "key": str(key), "text": "Yksin"}
    for _press in range(2):
        answer = client.post(address("workshop_post", day.token()), sent)
        assert answer.status_code == 302 and answer.headers["Location"].endswith(f"#sarake-{day.columns[0].pk}")
    client.post(address("workshop_post", day.token()), sent | {"text": "Toinen"})
    assert [note.text for note in notes()] == ["Yksin", "Toinen"]
    long = client.post(address("workshop_post", day.token()), sent | {"text": "y" * 600})
    assert long.status_code == 422 and "y" * 600 in long.text and "600 merkkiä" in long.text


def test_a_form_whose_column_is_gone_gives_the_text_back(day: Day, client: Client) -> None:
    """There is no field to put it into."""
    sent = {"column": 999_999, "key": str(uuid4()), "text": "Tärkeä ajatus"}
    answer = client.post(address("workshop_post", day.token()), sent)
    assert answer.status_code == 422 and "Tärkeä ajatus" in answer.text


# --- Closed -----------------------------------------------------------------------------------------------------


def test_a_token_of_an_old_code_is_good_no_more(day: Day, client: Client, coordinator: User) -> None:
    """Closed, and opened again with a new code: the phone is told, and what was typed is given back."""
    old = day.token()
    with scope(county=day.workshop.county):
        closed = close_workshop(day.workshop, by=coordinator)
        for _state in ("closed", "opened again"):
            answer = send(client, old, column=day.columns[0].pk)
            assert answer.status_code == 410 and "liity uudelleen" in answer.json()["message"]
            sent = {"column": day.columns[0].pk, "key": str(uuid4()), "text": "Jäi kesken"}
            form = client.post(address("workshop_post", old), sent)
            assert form.status_code == 410 and "Jäi kesken" in form.text
            for name in ("workshop_phone", "workshop_phone_state"):
                assert client.get(address(name, old)).status_code == 410
            assert client.post(address("workshop_take_back", old, 1)).status_code == 410
            day.workshop = reopen_workshop(closed, by=coordinator) if closed.code is None else closed
            closed.code = day.workshop.code
        assert send(client, day.token(), column=day.columns[0].pk).status_code == 201
    assert len(notes()) == 1


def test_a_group_that_was_left_out_is_no_more(day: Day, client: Client, coordinator: User) -> None:
    """Its phones join again."""
    token = day.token(1)
    with scope(county=day.workshop.county):
        save_groups(day.workshop, {day.groups[1].pk: ""}, by=coordinator)
    assert send(client, token, column=day.columns[0].pk).status_code == 410


@pytest.mark.parametrize(
    ("signed", "salt"),
    [
        (None, "tuntematon"),
        (None, "x" * 3000),
        ([1, "CDFHJK"], "muu"),
        ("CDFHJK", posting.SALT),
        ([1], posting.SALT),
        ({"a": 1}, posting.SALT),
        (["1", "CDFHJK"], posting.SALT),
    ],
    ids=["unknown", "long", "of another", "text", "one", "named", "not a number"],
)
def test_a_token_that_is_not_ours_is_unknown(signed: object, salt: str, db: None, client: Client) -> None:
    """And nothing is asked of the database for it."""
    token = salt if signed is None else signing.dumps(signed, salt=salt)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address("workshop_phone", token)).status_code == 404
        assert client.get(address("workshop_phone_state", token)).status_code == 404
        assert send(client, token, column=1).status_code == 404
    assert len(asked) == 0


def test_no_token_and_no_code_is_in_the_logs(day: Day) -> None:
    """Whatever the address; those of the coordinators' pages stay whole."""
    told = []
    for path in (
        address("workshop_post", day.token()),
        f"{JOIN}?koodi={day.workshop.code}",
        f"{JOIN}?kieli=sv&koodi={day.workshop.code}",
        reverse("workshop_board_state", args=["keski-suomi", 7]),
    ):
        line = logging.LogRecord("gunicorn.access", logging.INFO, __file__, 1, '"GET %s HTTP/1.1" 200', (path,), None)
        assert WithoutSecrets().filter(line)
        told.append(line.getMessage())
    assert all(day.token() not in line and (day.workshop.code or "") not in line for line in told)
    assert "/tyopaja/…/laput/" in told[0] and "/neuvottelut/7/tyopaja/taulu/tila/" in told[3]


# --- Taken back -------------------------------------------------------------------------------------------------


def test_a_group_takes_back_its_own_note_and_shows_it_again(day: Day, client: Client, coordinator: User) -> None:
    """Not that of another group, nor one that the county has taken further or hidden."""
    with scope(county=day.workshop.county):
        mine, other, used = day.note("Oma"), day.note("Muun", group=1), day.note("Käytetty")
        change_notes(day.workshop, [used.pk], SetKey(True), by=coordinator)

    def press(pk: int, do: str) -> Any:
        return client.post(address("workshop_take_back", day.token(), pk), {"do": do}, headers={"Accept": JSON})

    assert press(mine.pk, "take_back").status_code == 200
    assert press(mine.pk, "take_back").status_code == 200
    state = client.get(address("workshop_phone_state", day.token())).json()
    assert [note["text"] for note in state["notes"]] == ["Käytetty"]
    assert press(mine.pk, "put_back").status_code == 200
    assert press(other.pk, "take_back").status_code == 409
    assert press(used.pk, "take_back").status_code == 409
    assert press(10**17, "take_back").status_code == 409
    with scope(county=day.workshop.county):
        change_notes(day.workshop, [mine.pk], SetHidden(True), by=coordinator)
    assert press(mine.pk, "put_back").status_code == 200
    with scopes_disabled():
        mine.refresh_from_db()
    assert mine.hidden == WorkshopNote.Hidden.BY_COUNTY
    token = day.token()
    form = client.post(address("workshop_take_back", token, used.pk), {"do": "take_back"})
    assert form.status_code == 409 and "viety eteenpäin" in form.text
    # Another language leads to a page that can be opened, and not to the address that notes are sent to.
    assert f'href="{address("workshop_phone", token)}?kieli=sv"' in form.text


def test_a_plain_form_takes_back_and_offers_to_show_again(day: Day, client: Client) -> None:
    """On the page that follows."""
    with scope(county=day.workshop.county):
        note = day.note("Oma")
    answer = client.post(address("workshop_take_back", day.token(), note.pk), {"do": "take_back"})
    page = client.get(answer.headers["Location"].partition("#")[0]).text
    assert "Lappu otettiin takaisin." in page and "Näytä se taas" in page and "Oma" not in page
    client.post(address("workshop_take_back", day.token(), note.pk), {"do": "put_back"})
    assert "Oma" in client.get(address("workshop_phone", day.token())).text


def test_taking_back_at_the_moment_of_marking_changes_nothing(day: Day, coordinator: User) -> None:
    """The note was looked at before a moderator made it a key finding."""
    with scope(county=day.workshop.county):
        note = day.note()
        with patch.object(posting, "_own", return_value=note):
            change_notes(day.workshop, [note.pk], SetKey(True), by=coordinator)
            with pytest.raises(NotAllowedNow):
                posting.take_back(day.groups[0], note.pk)
        note.refresh_from_db()
        assert note.hidden == "" and note.observation_id is not None


# --- The state --------------------------------------------------------------------------------------------------


def test_an_unchanged_state_is_304_at_one_query(day: Day, client: Client, coordinator: User) -> None:
    """Of the group's own notes; it changes with them, with the group's name and with what moderators do."""
    path = address("workshop_phone_state", day.token())
    with scope(county=day.workshop.county):
        note = day.note("Oma")
        day.note("Muun", group=1)
    seen: list[str] = []

    def poll() -> Any:
        return client.get(path, headers={"If-None-Match": seen[-1]} if seen else {})

    first = poll()
    assert [one["text"] for one in first.json()["notes"]] == ["Oma"]
    seen.append(first.headers["ETag"])
    with CaptureQueriesContext(connection) as asked:
        unchanged = poll()
    assert (unchanged.status_code, unchanged.content, len(asked)) == (304, b"", 1)
    with scope(county=day.workshop.county):
        day.note("Muun toinen", group=1)
    assert poll().status_code == 304
    changes: list[Callable[[], object]] = [
        lambda: day.note("Uusi"),
        lambda: change_notes(day.workshop, [note.pk], SetHidden(True), by=coordinator),
        lambda: posting.take_back(day.groups[0], WorkshopNote.objects.get(text="Uusi").pk),
        lambda: save_groups(day.workshop, {day.groups[0].pk: "Perheet"}, by=coordinator),
    ]
    for change in changes:
        with scope(county=day.workshop.county):
            change()
        answer = poll()
        assert answer.status_code == 200 and answer.headers["ETag"] not in seen
        seen.append(answer.headers["ETag"])
    assert answer.json()["group"] == "Perheet"


def test_the_page_of_a_phone_is_light(day: Day, client: Client) -> None:
    """Four queries however many notes; one style sheet and one script."""

    def count() -> int:
        with CaptureQueriesContext(connection) as asked:
            page = client.get(address("workshop_phone", day.token())).text
        assert page.count('<link rel="stylesheet"') == 1 and page.count("<script") == 1
        return len(asked)

    with scope(county=day.workshop.county):
        day.note()
    few = count()
    with scope(county=day.workshop.county):
        for number in range(10):
            day.note(f"Lappu {number}")
    assert count() == few <= 4
