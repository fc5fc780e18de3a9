"""Opening a workshop: when it can be, its code and its groups; closed and opened again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import chain, repeat

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from municipalities.models import County, Event, Municipality, User
from municipalities.moves import NotAllowedNow
from negotiations.log import log_of
from negotiations.minutes import correcting
from negotiations.minutes.checking import open_minutes, send_for_checking
from negotiations.models import Minutes, Negotiation, Observation, Workshop, WorkshopGroup
from negotiations.sitting.conduct import convene, hold
from negotiations.sitting.workshop import add_theme
from negotiations.sitting.workshop_day import opening
from negotiations.sitting.workshop_day.grouping import SetKey, change_notes
from negotiations.sitting.workshop_day.opening import (
    ALPHABET,
    CODE_LENGTH,
    OPEN_FOR,
    close_workshop,
    find_open,
    is_taking_notes,
    new_code,
    open_workshop,
    reopen_workshop,
    save_groups,
    tidy_code,
    why_not_now,
)
from tests.factories import make_negotiation, make_round
from tests.negotiations.test_checking import later, reach
from tests.negotiations.workshops import Day, make_day

State = Negotiation.State
TODAY = date(2024, 9, 26)


@pytest.fixture
def day(in_scope: County, hankasalmi: Municipality, coordinator: User) -> Day:
    """An open workshop of two groups."""
    return make_day([hankasalmi], by=coordinator)


def path(name: str, pk: int) -> str:
    """Return an address in the county."""
    return reverse(name, args=["keski-suomi", pk])


# --- The code ---------------------------------------------------------------------------------------------------


def test_a_code_has_no_look_alikes_and_makes_no_words() -> None:
    """Neither of letters that a phone or an eye mixes up, nor with vowels."""
    assert not set("0OQ1IL2Z5S6GB8UVAEIOUYÅÄÖ").intersection(ALPHABET)
    for _number in range(50):
        code = new_code()
        assert len(code) == CODE_LENGTH and set(code) <= set(ALPHABET)


@given(st.text(alphabet=ALPHABET, min_size=CODE_LENGTH, max_size=CODE_LENGTH), st.sampled_from(" -.\t"))
def test_a_code_is_read_however_it_is_typed(code: str, between: str) -> None:
    """In small letters, in two halves, with a space after it."""
    assert tidy_code(f" {code[:3].lower()}{between}{code[3:]} ") == code


@given(st.text())
def test_whatever_is_typed_is_a_short_code_of_letters_and_digits(typed: str) -> None:
    """No other sign reaches the database."""
    tidied = tidy_code(typed)
    assert len(tidied) <= CODE_LENGTH + 2 and (tidied == "" or (tidied.isascii() and tidied.isalnum()))


# --- When -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "days", "is_closed", "has_themes", "words"),
    [
        (State.CONVENED, 0, False, True, ""),
        (State.CONVENED, -30, False, True, ""),
        (State.HELD, -1, False, True, ""),
        (State.CONVENED, 1, False, True, "neuvottelupäivänä pe\u00a027.9.2024"),
        (State.PLANNED, 0, False, True, "kutsuttu"),
        (State.CANCELLED, 0, False, True, "peruttu"),
        (State.HELD, 0, True, True, "tarkastettavaksi"),
        (State.CONVENED, 0, False, False, "teemoja"),
    ],
)
def test_when_a_workshop_can_be_opened(state: str, days: int, is_closed: bool, has_themes: bool, words: str) -> None:
    """On the day or later, while the minutes are open, and with themes; otherwise it is said what is missing."""
    with translation.override("fi"):
        why = why_not_now(state, TODAY + timedelta(days=days), TODAY, is_closed=is_closed, has_themes=has_themes)
    assert words in why and bool(why) == bool(words)


def test_a_workshop_is_opened_once_with_its_groups(day: Day, coordinator: User) -> None:
    """Recorded with the number of groups and no code; a second opening is refused."""
    assert day.workshop.is_open and day.workshop.code
    assert [group.name for group in day.groups] == ["Ryhmä 1", "Ryhmä 2"]
    event = Event.objects.get(verb="workshop_opened")
    assert event.payload == {"groups": 2} and event.user == coordinator
    with pytest.raises(NotAllowedNow):
        open_workshop(day.negotiation, ["A"], by=coordinator)


@pytest.mark.parametrize("names", [[], ["A", "a"], [f"R{number}" for number in range(41)], ["x" * 121]])
def test_groups_that_cannot_be(names: list[str], in_scope: County, hankasalmi: Municipality, coordinator: User) -> None:
    """None, two of a name, too many, too long a name."""
    round_ = make_round(in_scope)
    add_theme(round_, "Teema", ["Sarake"], by=coordinator)
    negotiation = convene(make_negotiation(round_, [hankasalmi]), by=coordinator)
    with pytest.raises(ValidationError):
        open_workshop(negotiation, names, by=coordinator)
    assert not Workshop.objects.exists()


def test_nothing_is_opened_before_the_day_without_themes_or_once_the_minutes_are_closed(
    in_scope: County, hankasalmi: Municipality, coordinator: User
) -> None:
    """Looked at again in the transaction, whatever the page said."""
    round_ = make_round(in_scope)
    negotiation = make_negotiation(round_, [hankasalmi])
    with pytest.raises(NotAllowedNow):
        open_workshop(negotiation, ["A"], by=coordinator)
    negotiation = convene(negotiation, by=coordinator)
    with pytest.raises(NotAllowedNow):
        open_workshop(negotiation, ["A"], by=coordinator)
    add_theme(round_, "Teema", ["Sarake"], by=coordinator)
    later_one = convene(
        make_negotiation(round_, [hankasalmi], day=timezone.localdate() + timedelta(days=1)), by=coordinator
    )
    with pytest.raises(NotAllowedNow):
        open_workshop(later_one, ["A"], by=coordinator)
    negotiation = hold(negotiation, by=coordinator)
    (minutes,) = open_minutes(negotiation, by=coordinator)
    workshop = open_workshop(negotiation, ["A"], by=coordinator)
    close_workshop(workshop, by=coordinator)
    send_for_checking(minutes, check_by=later(), by=coordinator)
    with pytest.raises(NotAllowedNow):
        reopen_workshop(workshop, by=coordinator)


def test_no_two_open_workshops_have_the_same_code(
    day: Day, hankasalmi: Municipality, coordinator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another code is taken where somebody has the first one."""
    codes = chain([day.workshop.code, day.workshop.code], repeat("CDFHJK"))
    monkeypatch.setattr(opening, "new_code", lambda: next(codes))
    assert make_day([hankasalmi], by=coordinator).workshop.code == "CDFHJK"


# --- Closed and opened again ------------------------------------------------------------------------------------


def test_a_closed_workshop_has_no_code_and_a_new_one_when_it_is_opened_again(day: Day, coordinator: User) -> None:
    """Its groups and notes stay; each move is refused the second time."""
    note, former = day.note(), day.workshop.code or ""
    now = timezone.now()
    assert find_open(former, now) == day.workshop
    closed = close_workshop(day.workshop, by=coordinator)
    assert closed.code is None and find_open(former, now) is None
    with pytest.raises(NotAllowedNow):
        close_workshop(closed, by=coordinator)
    again = reopen_workshop(closed, by=coordinator)
    assert again.code and again.code != former and list(again.notes.all()) == [note]
    with pytest.raises(NotAllowedNow):
        reopen_workshop(again, by=coordinator)
    told = [happened.words for happened in log_of([day.negotiation])]
    assert any("1" in words for words in told if "closed the workshop" in words or "sulki" in words)


def test_a_workshop_that_was_forgotten_takes_no_notes_after_a_day(day: Day, coordinator: User) -> None:
    """Its code is good no more; it can be opened again with a new one."""
    late = day.workshop.opened_at + OPEN_FOR
    assert is_taking_notes(day.workshop, late - timedelta(seconds=1))
    assert not is_taking_notes(day.workshop, late)
    assert find_open(day.workshop.code or "", late) is None
    former = day.workshop.code
    assert reopen_workshop(day.workshop, by=coordinator, at=late).code != former


def test_an_unknown_code_is_nobodys(day: Day) -> None:
    """Nor is an empty one, or one that is too long."""
    now = timezone.now()
    for code in ("", "XXXXXX", f"{day.workshop.code}C", "\x00", "😀😀😀😀😀😀"):
        assert find_open(code, now) is None


# --- Groups -----------------------------------------------------------------------------------------------------


def test_groups_are_renamed_added_and_left_out(day: Day, coordinator: User) -> None:
    """A finding is told by the new name of its group; a group that has posted stays."""
    first, second = day.groups
    note = day.note()
    change_notes(day.workshop, [note.pk], SetKey(True), by=coordinator)
    save_groups(day.workshop, {first.pk: "Perheet", second.pk: ""}, ["Seniorit"], by=coordinator)
    names = WorkshopGroup.objects.filter(workshop=day.workshop).order_by("position").values_list("name", flat=True)
    assert list(names) == ["Perheet", "Seniorit"]
    assert Observation.objects.get().group_name == "Perheet"
    with pytest.raises(ValidationError):
        save_groups(day.workshop, {first.pk: ""}, ["Muut"], by=coordinator)
    with pytest.raises(ValidationError):
        save_groups(day.workshop, {}, ["perheet"], by=coordinator)
    assert Event.objects.filter(verb="workshop_groups_changed").count() == 1


# --- The pages --------------------------------------------------------------------------------------------------


def test_the_tab_leads_from_opening_to_closing(
    in_scope: County, hankasalmi: Municipality, coordinator: User, editor: User, client_for: Callable[[User], Client]
) -> None:
    """What cannot be done yet is said; the code is shown while it is good; a municipality sees nothing of it."""
    round_ = make_round(in_scope)
    add_theme(round_, "Perhekeskus", ["Ilmiöt"], by=coordinator)
    negotiation = make_negotiation(round_, [hankasalmi])
    client, tab = client_for(coordinator), path("negotiation_workshop", negotiation.pk)
    assert "Työpajan voi avata, kun osapuolet on kutsuttu" in client.get(tab).text
    convene(negotiation, by=coordinator)
    open_ = path("workshop_open", negotiation.pk)
    assert open_ in client.get(tab).text
    assert client.post(open_, {"count": "0", "names": ""}).status_code == 422
    assert client.post(open_, {"count": "", "names": ""}).status_code == 422
    assert client.post(open_, {"count": "9" * 30, "names": ""}).status_code == 422
    assert client.post(open_, {"count": "3", "names": ""}).status_code == 302
    workshop = Workshop.objects.get()
    page = client.get(tab).text
    assert workshop.code and workshop.code in page and "data:image/svg+xml" in page and "Ryhmä 3" in page
    assert client.get(open_).status_code == 409
    assert workshop.code not in client_for(editor).get(tab).text
    groups = list(WorkshopGroup.objects.filter(workshop=workshop).order_by("position"))
    sent = {f"group_{group.pk}": group.name for group in groups} | {"more": "Ryhmä 4"}
    assert client.post(path("workshop_groups", negotiation.pk), sent).status_code == 302
    assert client.post(path("workshop_close", negotiation.pk)).status_code == 302
    page = client.get(tab).text
    assert "Työpaja suljettiin" in page and workshop.code not in page and "Ryhmä 4" in page
    assert client.post(path("workshop_close", negotiation.pk)).status_code == 409
    assert client.post(path("workshop_reopen", negotiation.pk)).status_code == 302
    assert "Sulje työpaja" in client.get(tab).text


def test_two_who_edit_the_groups_see_both_texts(
    day: Day, coordinator: User, client_for: Callable[[User], Client]
) -> None:
    """Of the one group that both renamed; nothing is overwritten unseen."""
    client, address = client_for(coordinator), path("workshop_groups", day.negotiation.pk)
    form = client.get(address).context["form"]
    first, second = day.groups
    save_groups(day.workshop, {first.pk: "Toisen nimi"}, by=coordinator)
    sent = {f"group_{first.pk}": "Oma nimi", f"group_{second.pk}": "Ryhmä 2", "more": "", "seen": form.initial["seen"]}
    answer = client.post(address, sent)
    assert answer.status_code == 409 and "Toisen nimi" in answer.text and "Oma nimi" in answer.text


def test_a_correction_that_is_written_opens_no_workshop(day: Day, coordinator: User) -> None:
    """The minutes have been checked: a workshop would find what they never tell."""
    close_workshop(day.workshop, by=coordinator)
    minutes = reach(Minutes.State.CHECKED, hold(day.negotiation, by=coordinator), coordinator)
    correcting.begin(minutes, by=coordinator)
    with pytest.raises(NotAllowedNow, match="tarkastettavaksi"):
        reopen_workshop(day.workshop, by=coordinator)
