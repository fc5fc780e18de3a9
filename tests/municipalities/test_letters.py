"""Letters: what is in every one of them, and what happens when the mail server does not take them."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Sequence
from unittest.mock import patch

import pytest
from celery.exceptions import Retry
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from municipalities import letters
from municipalities.models import County
from municipalities.tasks import send_card_link

TEMPLATE = "letters/deputy.txt"
CONTEXT = {"given_by": "Maija & Matti", "municipality": "Joutsa", "email": "sijainen@example.fi"}


class Moody(EmailBackend):
    """A mail server that refuses some addresses: for good, or for now."""

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        """Refuse, or take them."""
        for message in messages:
            (address,) = message.to
            code = {"gone@example.fi": 550, "busy@example.fi": 450, "hidden@example.fi": 450}.get(address)
            if code is not None:
                raise smtplib.SMTPRecipientsRefused({address: (code, b"no")})
        taken: int = super().send_messages(messages)
        return taken


def send(*to: str, language: str = "fi", subject: str = "Aihe") -> int:
    """Send a letter."""
    return letters.send(to=to, subject=subject, template=TEMPLATE, context=CONTEXT, language=language)


@pytest.fixture
def _moody(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "tests.municipalities.test_letters.Moody"


def test_each_address_gets_a_message_of_its_own(mailoutbox: list[EmailMessage]) -> None:
    """Nobody sees whom else it went to; machines are told that a machine wrote it."""
    assert send("eka@example.fi", "toka@example.fi") == 2
    assert [message.to for message in mailoutbox] == [["eka@example.fi"], ["toka@example.fi"]]
    for message in mailoutbox:
        assert not message.cc and not message.bcc
        assert message.message()["Auto-Submitted"] == "auto-generated"
        assert message.message()["Content-Language"] == "fi"
        assert message.message().get_content_type() == "text/plain"


def test_a_letter_is_in_the_language_given_and_its_text_is_plain(mailoutbox: list[EmailMessage]) -> None:
    """Whatever the language in use is; nothing is escaped as if for a page."""
    send("eka@example.fi", language="fi")
    send("eka@example.fi", language="sv")
    finnish, swedish = (str(message.body) for message in mailoutbox)
    assert finnish.startswith("Hei")
    assert "Kunta: Joutsa" in finnish
    assert "Kommun: Joutsa" in swedish
    assert "Maija & Matti" in finnish and "&amp;" not in finnish
    for body in (finnish, swedish):
        assert body.endswith("\n") and "\n\n\n" not in body


def test_a_line_break_in_a_subject_begins_no_header(mailoutbox: list[EmailMessage]) -> None:
    """A name with one in it is written on one line."""
    send("eka@example.fi", subject="Kortti: Joutsa\r\nBcc: joku@example.fi")
    assert mailoutbox[0].subject == "Kortti: Joutsa Bcc: joku@example.fi"
    assert "\nBcc" not in mailoutbox[0].message().as_string()


@pytest.mark.usefixtures("_moody")
def test_an_address_refused_for_good_is_left_out(
    mailoutbox: list[EmailMessage], caplog: pytest.LogCaptureFixture
) -> None:
    """The others get theirs, and the log tells no address."""
    with caplog.at_level(logging.WARNING):
        assert send("gone@example.fi", "eka@example.fi") == 1
    assert [message.to for message in mailoutbox] == [["eka@example.fi"]]
    assert "550" in caplog.text and "example.fi" not in caplog.text


@pytest.mark.usefixtures("_moody")
def test_an_address_refused_for_now_is_tried_again() -> None:
    """By the task; what is raised, which the worker logs, tells no address."""
    with pytest.raises(letters.NotTaken) as raised:
        send("busy@example.fi")
    assert "example.fi" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_a_task_that_finds_no_mail_server_is_tried_again(keski_suomi: County) -> None:
    """With a wait that the broker does not take for a lost message."""
    with (
        patch("municipalities.cards.links.send_link", side_effect=ConnectionRefusedError),
        patch.object(send_card_link, "retry", side_effect=Retry()) as retry,
        pytest.raises(Retry),
    ):
        send_card_link(keski_suomi.pk, 1)
    assert retry.call_count == 1
    assert letters.RETRIED["retry_backoff_max"] < 600


def test_without_redis_nobody_waits(
    keski_suomi: County,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What was done is done; that the letter was not queued is in the log."""
    error = send_card_link.OperationalError("away")
    with (
        patch.object(send_card_link, "apply_async", side_effect=error) as told,
        caplog.at_level(logging.WARNING),
        django_capture_on_commit_callbacks(execute=True),
    ):
        letters.post(send_card_link, keski_suomi.pk, 7)
        assert told.call_count == 0
    assert told.call_count == 1
    assert "send_card_link 7" in caplog.text
