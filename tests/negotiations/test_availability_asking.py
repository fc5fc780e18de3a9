"""Asking the parties of a round which times suit them: the letters, their tokens, reminders, and their ends."""

from __future__ import annotations

import contextlib
import hashlib
from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from municipalities.models import (
    County,
    Event,
    Municipality,
    User,
)
from municipalities.moves import NotAllowedNow
from negotiations.log import log_of
from negotiations.models import AvailabilityInquiry, AvailabilityRequest, Round, Slot
from negotiations.planning.availability import COUNTY, Availability, Suits, asking, key_of, read
from negotiations.planning.availability.answering import answer
from negotiations.planning.availability.overview import read_overview
from negotiations.planning.tasks import purge_availability_addresses, send_availability_left, send_availability_letter
from tests.factories import (
    make_organisation,
)
from tests.negotiations.asked import (
    ADDRESS,
    ask,
    backdate,
    coming,
    mailed,
    make_slots,
    round_,
    slots,
    token_of,
    written,
)

__all__ = ["round_", "slots"]

# --- Asking -------------------------------------------------------------------------------------------------------


def test_each_party_is_asked_once_and_only_ids_are_queued(
    round_: Round,
    slots: list[Slot],
    hankasalmi: Municipality,
    joutsa: Municipality,
    coordinator: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    """No token is made yet; who was asked before gets no second letter, and a key given twice no second request."""
    organisation = make_organisation(round_.county)
    to = [
        (key_of(hankasalmi.pk, None), "Maija", "m@x.fi"),
        (f"o{organisation.pk}", "", "o@x.fi"),
        (COUNTY, "", "c@x.fi"),
    ]
    with patch.object(send_availability_letter, "apply_async") as told:
        with django_capture_on_commit_callbacks(execute=True):
            made = asking.ask(round_, coming(14), "Hei", [*to, to[0]], by=coordinator)
        assert {call.args[0] for call in told.call_args_list} == {(round_.county_id, row.pk) for row in made}
        told.reset_mock()
        with django_capture_on_commit_callbacks(execute=True):
            more = asking.ask(
                round_, coming(20), "Hei taas", [*to, (key_of(joutsa.pk, None), "", "j@x.fi")], by=coordinator
            )
        assert told.call_count == 1
    assert [row.municipality for row in more] == [joutsa]
    assert read(round_).asked == {f"m{hankasalmi.pk}", f"o{organisation.pk}", COUNTY, f"m{joutsa.pk}"}
    rows = AvailabilityRequest.objects.all()
    assert all(row.token_hash is None and row.sent_at is None and row.answered_at is None for row in rows)
    inquiry = AvailabilityInquiry.objects.get()
    assert (inquiry.answer_by, inquiry.message) == (coming(20), "Hei taas")
    # The addresses of those asked first are kept for as long as those of the others.
    assert {row.delete_after for row in rows} == {coming(20) + timedelta(days=730)}


def test_what_the_log_tells_has_no_addresses(
    round_: Round, slots: list[Slot], hankasalmi: Municipality, coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    """Nor tokens; the party is named there by its request."""
    (row,) = ask(round_, hankasalmi, by=coordinator)
    token = mailed(row, mailoutbox)
    answer(row, {slots[0].pk: Suits.YES}, "Vain aamut")
    answer(row, {slots[0].pk: Suits.NO}, "", by=coordinator)
    asking.send_again(row, name="Toinen", email="toinen@example.fi", by=coordinator)
    payloads = str(list(Event.objects.values_list("payload", flat=True)))
    assert not any(secret in payloads for secret in (ADDRESS, "toinen", token, "aamut"))
    told = [happened.words for happened in log_of([round_])]
    assert told == [
        f"Coordinator kysyi 1 osapuolelta, mitkä ajat sopivat. Vastaukset viimeistään {written(coming(14))}.",
        "Osapuoli vastasi linkistä, mitkä ajat sopivat: Hankasalmi.",
        "Coordinator kirjasi osapuolen vastauksen sopivista ajoista: Hankasalmi.",
        "Coordinator lähetti osapuolelle uuden linkin sopivien aikojen kyselyyn, toiseen osoitteeseen: Hankasalmi.",
    ]


@pytest.mark.parametrize("why", ["past", "no slots", "begun", "plan", "unknown", "other county"])
def test_nobody_is_asked_in_vain(
    why: str, round_: Round, hankasalmi: Municipality, mantsala: Municipality, coordinator: User
) -> None:
    """After the last day, without times to come, of a plan of the past; nor a party that is not the county's."""
    if why != "no slots":
        make_slots(round_, first=-10 if why == "begun" else 30)
    if why == "plan":
        Round.objects.update(plan_as_of=date(2023, 6, 1))
    place = mantsala if why == "other county" else hankasalmi
    key = "m999999" if why == "unknown" else key_of(place.pk, None)
    with pytest.raises(LookupError if why in {"unknown", "other county"} else NotAllowedNow):
        asking.ask(round_, coming(-1 if why == "past" else 14), "", [(key, "", ADDRESS)], by=coordinator)
    assert not AvailabilityRequest.objects.exists()


def test_nothing_is_mailed_about_the_past(
    round_: Round, hankasalmi: Municipality, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    """History that is entered asks nobody, not even when letters are looked for that did not go."""
    make_slots(round_)
    with (
        patch.object(send_availability_letter, "apply_async") as told,
        patch.object(send_availability_letter, "delay") as again,
    ):
        with django_capture_on_commit_callbacks(execute=True):
            asking.ask(
                round_,
                coming(5),
                "",
                [(key_of(hankasalmi.pk, None), "", ADDRESS)],
                by=None,
                at=timezone.now() - timedelta(days=20),
            )
        send_availability_left()
    assert not told.called and not again.called


# --- The letter ---------------------------------------------------------------------------------------------------


def test_the_token_is_in_the_letter_and_kept_as_its_hash(
    round_: Round, slots: list[Slot], hankasalmi: Municipality, mailoutbox: list[EmailMessage]
) -> None:
    """It is long, and a message that comes twice sends nothing the second time."""
    (row,) = ask(round_, hankasalmi)
    for _time in range(2):
        send_availability_letter(row.county_id, row.pk)
    (message,) = mailoutbox
    token = token_of(message)
    row.refresh_from_db()
    assert len(token) >= 43
    assert row.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert row.sent_at is not None and message.to == [ADDRESS]
    found = asking.find(token)
    assert found is not None and found.pk == row.pk
    assert asking.find(token[:-1]) is None and asking.find("") is None


@pytest.mark.parametrize(
    ("status", "languages", "said"),
    [
        ("fi", ["fi", "sv"], ("Vastaa viimeistään", "Hankasalmi", "kysyy sinulta, mitkä ajat sopivat", "Tervetuloa.")),
        ("sv", ["fi", "sv"], ("Svara senast", "Hankasalmi", "frågar dig vilka tider som passar", "Tervetuloa.")),
        ("sv", ["fi"], ("Vastaa viimeistään", "kysyy sinulta")),
        ("bilingual-sv-majority", ["sv", "fi"], ("Svara senast",)),
    ],
)
def test_the_letter_is_in_the_language_of_the_party(
    status: str,
    languages: list[str],
    said: tuple[str, ...],
    round_: Round,
    slots: list[Slot],
    hankasalmi: Municipality,
    mailoutbox: list[EmailMessage],
) -> None:
    """The subject asks for an answer and says until when. The county's own language where it writes no other."""
    Municipality.objects.filter(pk=hankasalmi.pk).update(language_status=status)
    County.objects.filter(pk=round_.county_id).update(languages=languages)
    (row,) = ask(round_, hankasalmi)
    mailed(row, mailoutbox)
    (message,) = mailoutbox
    assert said[0] in message.subject and written(coming(14)) in message.subject
    for words in said:
        assert words in message.subject + str(message.body)
    assert message.extra_headers["Content-Language"] == ("sv" if said[0] == "Svara senast" else "fi")


def test_a_letter_that_was_not_taken_is_written_anew_with_another_token(
    round_: Round, slots: list[Slot], hankasalmi: Municipality, mailoutbox: list[EmailMessage]
) -> None:
    """Nobody has seen the first one; and what failed is shown until it has gone."""
    (row,) = ask(round_, hankasalmi)
    away = ConnectionRefusedError("away")
    with patch("municipalities.letters.send", side_effect=away), pytest.raises(ConnectionRefusedError):
        asking.send_letter(round_.county, row.pk)
    row.refresh_from_db()
    first = row.token_hash
    assert first and row.sent_at is None
    AvailabilityRequest.objects.update(asked_at=timezone.now() - timedelta(hours=1))
    (shown,) = read_overview(round_, now=timezone.now()).parties
    assert (shown.tone, shown.words) == ("failed", "viesti ei ole lähtenyt")
    mailed(row, mailoutbox)
    row.refresh_from_db()
    assert row.token_hash != first
    assert read_overview(round_, now=timezone.now()).parties[0].tone == "waiting"


@pytest.mark.parametrize("fails", [{"side_effect": ConnectionRefusedError("away")}, {"return_value": 0}])
def test_a_reminder_that_does_not_go_leaves_the_link_that_the_party_has(
    fails: dict[str, Any], round_: Round, slots: list[Slot], hankasalmi: Municipality, mailoutbox: list[EmailMessage]
) -> None:
    """The mail server is away for hours, or refuses the address: until a letter goes, the former link opens."""
    (row,) = ask(round_, hankasalmi)
    former = mailed(row, mailoutbox)
    backdate(row)
    asking.remind(round_, by=None)
    for _attempt in range(2):
        with patch("municipalities.letters.send", **fails), contextlib.suppress(ConnectionRefusedError):
            asking.send_letter(round_.county, row.pk)
        assert asking.find(former) == row
    row.refresh_from_db()
    assert row.sent_at is None and asking.left_unsent() == []
    token = mailed(row, mailoutbox)
    assert asking.find(former) is None and asking.find(token) == row


def test_letters_that_no_worker_has_begun_are_queued_again(
    round_: Round, slots: list[Slot], hankasalmi: Municipality, mailoutbox: list[EmailMessage]
) -> None:
    """First letters and reminders, once there is no hope for their message, and only while they are of use."""
    (row,) = ask(round_, hankasalmi)
    rows = AvailabilityRequest.objects.filter(pk=row.pk)
    late = timezone.now() - timedelta(minutes=6)
    with patch.object(send_availability_letter, "delay") as told:
        send_availability_left()
        assert not told.called
        rows.update(asked_at=late)
        send_availability_left()
        told.assert_called_once_with(row.county_id, row.pk)
    mailed(row, mailoutbox)
    backdate(row)
    asking.remind(round_, by=None)
    with patch.object(send_availability_letter, "delay") as told:
        send_availability_left()
        assert not told.called
        rows.update(reminded_at=late)
        send_availability_left()
        assert told.call_count == 1
        answer(row, {slots[0].pk: Suits.YES}, "")
        send_availability_left()
        assert told.call_count == 1
    send_availability_letter(row.county_id, row.pk)
    assert len(mailoutbox) == 1


def test_no_letter_goes_after_the_last_day_nor_of_a_party_taken_away(
    round_: Round, slots: list[Slot], hankasalmi: Municipality, joutsa: Municipality, mailoutbox: list[EmailMessage]
) -> None:
    """Nor to one whose answer has come by phone before the letter went."""
    first, second = ask(round_, hankasalmi, joutsa)
    asking.withdraw(first, by=None)
    answer(second, {slots[0].pk: Suits.YES}, "", by=make_coordinator(round_))
    for row in (first, second):
        send_availability_letter(round_.county_id, row.pk)
    AvailabilityRequest.objects.update(answered_at=None)
    AvailabilityInquiry.objects.update(answer_by=coming(-1))
    send_availability_letter(round_.county_id, second.pk)
    assert not mailoutbox


def make_coordinator(round_: Round) -> User:
    """Return a coordinator of the round's county."""
    return User.objects.create_user("toinen.koordinaattori@example.fi", name="Toinen")


# --- Reminding ----------------------------------------------------------------------------------------------------


def test_only_those_who_have_not_answered_are_reminded_and_once_a_day(
    round_: Round,
    slots: list[Slot],
    hankasalmi: Municipality,
    joutsa: Municipality,
    luhanka: Municipality,
    coordinator: User,
    mailoutbox: list[EmailMessage],
) -> None:
    """The former link opens until the new letter is written."""
    silent, answering, new = ask(round_, hankasalmi, joutsa, luhanka, by=coordinator)
    former = mailed(silent, mailoutbox)
    mailed(answering, mailoutbox)
    for row in (silent, answering):
        backdate(row)
    answer(answering, {slots[0].pk: Suits.YES}, "")
    reminded = asking.remind(round_, by=coordinator)
    assert ([row.pk for row in reminded.written], [row.pk for row in reminded.lately]) == ([silent.pk], [new.pk])
    assert asking.find(former) is not None
    token = mailed(silent, mailoutbox)
    assert token != former and asking.find(former) is None and asking.find(token) is not None
    assert mailoutbox[-1].subject.startswith("Muistutus: vastaa viimeistään")
    assert "ei ole vielä saanut vastaustasi" in str(mailoutbox[-1].body)
    assert "Edellisen viestin linkki ei enää avaudu." in str(mailoutbox[-1].body)
    again = asking.remind(round_, by=coordinator)
    assert not again.written and {row.pk for row in again.lately} == {silent.pk, new.pk}
    (event,) = Event.objects.filter(verb="availability_reminded")
    assert event.payload == {"requests": [silent.pk], "count": 1}
    AvailabilityRequest.objects.filter(pk=silent.pk).update(reminded_at=timezone.now() - timedelta(hours=25))
    assert [row.pk for row in asking.remind(round_, by=coordinator).written] == [silent.pk]


def test_nobody_is_reminded_in_vain(
    round_: Round, slots: list[Slot], hankasalmi: Municipality, coordinator: User
) -> None:
    """Before anybody is asked, after the last day; and one whose address has gone cannot be."""
    with pytest.raises(NotAllowedNow):
        asking.remind(round_, by=coordinator)
    (row,) = ask(round_, hankasalmi)
    backdate(row)
    AvailabilityRequest.objects.update(email="")
    assert [one.pk for one in asking.remind(round_, by=coordinator).nobody] == [row.pk]
    AvailabilityInquiry.objects.update(answer_by=coming(-1))
    with pytest.raises(NotAllowedNow):
        asking.remind(round_, by=coordinator)


def test_a_reminder_of_a_letter_that_never_went_is_looked_after(
    round_: Round, slots: list[Slot], hankasalmi: Municipality
) -> None:
    """A worker had begun it and given up: the reminder that is lost too is queued again."""
    (row,) = ask(round_, hankasalmi)
    long_ago = timezone.now() - timedelta(days=2)
    AvailabilityRequest.objects.update(token_hash="x" * 64, asked_at=long_ago)
    asking.remind(round_, by=None)
    assert asking.left_unsent() == []
    AvailabilityRequest.objects.update(reminded_at=timezone.now() - timedelta(minutes=6))
    assert asking.left_unsent() == [(row.county_id, row.pk)]


# --- Sending again, moving the day, taking away --------------------------------------------------------------------


def test_a_link_sent_again_ends_the_former_at_once(
    round_: Round, slots: list[Slot], hankasalmi: Municipality, coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    """Also where the letter waits; answers stay, and the letter says so."""
    (row,) = ask(round_, hankasalmi)
    former = mailed(row, mailoutbox)
    answer(row, {slots[0].pk: Suits.NO}, "Ei maanantaisin")
    asking.send_again(row, name="Uusi", email="uusi@example.fi", by=coordinator)
    assert asking.find(former) is None
    token = mailed(row, mailoutbox)
    assert mailoutbox[-1].to == ["uusi@example.fi"]
    assert "Vastauksesi on tallessa" in str(mailoutbox[-1].body)
    found = asking.find(token)
    assert found is not None and found.note == "Ei maanantaisin" and found.name == "Uusi"
    assert read(round_).of(key_of(hankasalmi.pk, None), slots[0].pk) == Suits.NO
    assert Event.objects.get(verb="availability_sent_again").payload == {"request": row.pk, "has_moved": True}
    AvailabilityInquiry.objects.update(answer_by=coming(-1))
    with pytest.raises(NotAllowedNow):
        asking.send_again(row, name="Uusi", email="uusi@example.fi", by=coordinator)


def test_a_new_link_that_does_not_go_to_one_who_has_answered_is_told(
    round_: Round, slots: list[Slot], hankasalmi: Municipality, coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    """The answer stands, and the coordinator is told to look at the address."""
    (row,) = ask(round_, hankasalmi)
    answer(row, {slot.pk: Suits.YES for slot in slots}, "")
    asking.send_again(row, name="Sijainen", email="vaara@example.fi", by=coordinator)
    soon, later = timezone.now(), timezone.now() + timedelta(minutes=11)
    (shown,) = read_overview(round_, now=soon).parties
    assert "ei ole lähtenyt" not in shown.since
    (shown,) = read_overview(round_, now=later).parties
    assert (shown.words, shown.tone) == ("vastannut", "done")
    assert shown.since.endswith("Viesti ei ole lähtenyt. Tarkista osoite ja lähetä linkki uudelleen.")
    mailed(row, mailoutbox)
    (shown,) = read_overview(round_, now=later).parties
    assert "ei ole lähtenyt" not in shown.since


def test_the_last_day_moves_for_all_and_the_addresses_are_kept_as_much_longer(
    round_: Round, slots: list[Slot], hankasalmi: Municipality, coordinator: User
) -> None:
    """An event tells from what to what; a new message alone is none."""
    ask(round_, hankasalmi)
    inquiry = AvailabilityInquiry.objects.get()
    inquiry.answer_by = coming(21)
    asking.change_inquiry(inquiry, former=coming(14), by=coordinator)
    inquiry.message = "Muu viesti"
    asking.change_inquiry(inquiry, former=coming(21), by=coordinator)
    assert AvailabilityRequest.objects.get().delete_after == coming(21) + timedelta(days=730)
    (event,) = Event.objects.filter(verb="availability_deadline_changed")
    assert event.payload == {"former": coming(14).isoformat(), "now": coming(21).isoformat()}


def test_a_party_taken_away_comes_back_with_its_answers_and_its_link(
    round_: Round, slots: list[Slot], hankasalmi: Municipality, coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    """But those on slots that are there no more; once, and not over a new request."""
    (row,) = ask(round_, hankasalmi)
    token = mailed(row, mailoutbox)
    answer(row, {slots[0].pk: Suits.YES, slots[1].pk: Suits.NO}, "Hei")
    withdrawn = asking.withdraw(row, by=coordinator)
    assert read(round_) == Availability(answer_by=coming(14)) and asking.find(token) is None
    slots[1].delete()
    back = asking.restore(round_, withdrawn, by=coordinator)
    assert (back.pk, back.note, back.email) == (row.pk, "Hei", ADDRESS)
    assert read(round_).answers == {(key_of(hankasalmi.pk, None), slots[0].pk): Suits.YES}
    assert asking.find(token) is not None
    with pytest.raises(NotAllowedNow):
        asking.restore(round_, withdrawn, by=coordinator)


# --- Addresses ------------------------------------------------------------------------------------------------------


def test_addresses_go_on_their_own_day(
    round_: Round, slots: list[Slot], hankasalmi: Municipality, mailoutbox: list[EmailMessage]
) -> None:
    """Beside the other contact details, by beat; the answers and who was asked stay."""
    (row,) = ask(round_, hankasalmi)
    token = mailed(row, mailoutbox)
    answer(row, {slots[0].pk: Suits.YES}, "")
    row.refresh_from_db()
    assert asking.purge_addresses(row.delete_after) == 0
    AvailabilityRequest.objects.update(delete_after=coming(-1))
    purge_availability_addresses()
    row.refresh_from_db()
    assert (row.email, row.token_hash, row.name) == ("", None, "Hyvinvointikoordinaattori")
    assert asking.find(token) is None and len(read(round_).answers) == 1
    tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {purge_availability_addresses.name, send_availability_left.name} <= tasks
