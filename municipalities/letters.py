"""The one place that sends e-mail of ours. It is called in the workers: no page waits for the post."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Mapping, Sequence
from typing import Any

from celery import Task
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation

log = logging.getLogger(__name__)

PATIENCE = 30  # seconds that a mail server is waited for

# How a task that sends a letter is made: `@shared_task(**RETRIED)`. It tries for about two hours while the mail server
# is away. No wait may come near the broker's visibility timeout (600 s), after which the message would be had twice.
RETRIED: dict[str, Any] = {
    "autoretry_for": (OSError,),
    "retry_backoff": 15,
    "retry_backoff_max": 300,
    "retry_jitter": True,
    "max_retries": 30,
}


class NotTaken(OSError):
    """The mail server does not take the letter now. Tells no address: what is raised in a worker is logged."""


def send(*, to: Sequence[str], subject: str, template: str, context: Mapping[str, Any], language: str) -> int:
    """Send a letter of plain text, one message to each address; return how many the mail server took.

    `template` is the path of a template that extends letters/base.txt; it is written in the language given, and the
    subject comes written in it. An address that the server refuses for good is left out. Raises OSError (smtplib's
    errors are of it) where the server is away or asks to be tried later: some may have been sent by then, so a task
    that is retried writes to one address.
    """
    with translation.override(language):
        text = render_to_string(template, {"site": settings.SITE_URL, **context}).strip() + "\n"
    sent = 0
    with get_connection(timeout=PATIENCE) as connection:
        for address in to:
            message = EmailMessage(
                # Names of municipalities and people are in subjects: a line break would begin another header.
                subject=" ".join(subject.split()),
                body=text,
                to=[address],
                # RFC 3834: nobody's holiday reply comes to it.
                headers={"Auto-Submitted": "auto-generated", "Content-Language": language},
                connection=connection,
            )
            try:
                sent += message.send()
            except smtplib.SMTPRecipientsRefused as refusal:
                codes = [code for code, _words in refusal.recipients.values()]
                if any(code < 500 for code in codes):
                    raise NotTaken(f"{template}: {codes}") from None
                log.warning("an address of the letter %s is refused: %s", template, codes)
    return sent


def post(task: Task, county_id: int, row_id: int) -> None:
    """Have a worker send a letter once the transaction has ended; `task` takes the two ids.

    When Redis does not answer, that is logged and nobody has to wait: the letter can be asked for again.
    """

    def tell() -> None:
        try:
            task.apply_async((county_id, row_id), retry=False)
        except (task.OperationalError, OSError) as error:
            log.warning("no message could be sent for the letter %s %d: %s", task.name, row_id, type(error).__name__)

    transaction.on_commit(tell)
