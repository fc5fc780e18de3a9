"""What the workers do: render documents, look after those that got stuck, send letters, delete what is old enough."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from celery import Task, shared_task
from celery.signals import task_failure
from django.db import DatabaseError, connection
from django_scopes import scope

from municipalities.letters import RETRIED
from municipalities.models import County

log = logging.getLogger(__name__)


# A message whose process has died is not put back: its document gets another (document_left).
@shared_task(bind=True, reject_on_worker_lost=False)
def render_document(self: Task, county_id: int, document_id: int) -> None:
    """Render a queued document. A message that comes twice, or late, does nothing."""
    # Imported here, in the worker: the web processes send this message and need no layout engine.
    from municipalities.documents.rendering import render

    county = County.objects.select_related("area").get(pk=county_id)
    with scope(county=county):
        render(county, document_id, message=self.request.id or "")


@task_failure.connect
def document_left(sender: Task, task_id: str, exception: BaseException, args: Sequence[int], **details: object) -> None:
    """Say which document a process had in its hands when it died, or was killed by the hard time limit.

    Runs in the worker that had started the process. When the database cannot be told, the lease runs out instead.
    """
    if sender.name != render_document.name or not isinstance(exception, (WorkerLostError, TimeLimitExceeded)):
        return
    from municipalities.documents.lifecycle import crash

    county_id, document_id = args
    try:
        with scope(county=County.objects.get(pk=county_id)):
            crash(document_id, message=task_id)
    except DatabaseError:
        log.exception("document %d was left by a process that died, which could not be written down", document_id)
    finally:
        # The processes to come are copies of this one, and must not share a connection with it.
        connection.close()


@shared_task
def reap_documents() -> None:
    """Queue again and clear away what dead workers left, send lost messages anew. Every 15 seconds by beat."""
    from municipalities.documents.lifecycle import reap

    reap()


@shared_task
def purge_downloads() -> None:
    """Delete the log of downloads beyond the days that each county keeps it. Daily by beat."""
    from municipalities.documents.downloads import purge_downloads as purge

    gone = purge()
    if gone:
        log.info("deleted %d rows of the log of downloads", gone)


@shared_task
def purge_contacts() -> None:
    """Delete contact details whose day has passed. Daily by beat."""
    from municipalities.cards.keeping import purge_card_contacts
    from municipalities.register.keeping import purge_contacts as purge

    gone = purge() + purge_card_contacts()
    if gone:
        log.info("deleted %d rows of contact details", gone)


# --- Letters ----------------------------------------------------------------------------------------------------------


@shared_task(**RETRIED)
def send_card_link(county_id: int, link_id: int) -> None:
    """Write to the approver of a card. A message that comes twice sends nothing the second time."""
    from municipalities.cards.links import send_link

    county = County.objects.select_related("area").get(pk=county_id)
    with scope(county=county):
        send_link(county, link_id)


@shared_task
def send_links_left() -> None:
    """Queue the letters to approvers that no worker has begun: Redis was away, or lost them. By beat."""
    from municipalities.cards.links import left_unsent

    for county_id, link_id in left_unsent():
        send_card_link.delay(county_id, link_id)


@shared_task(**RETRIED)
def send_deputy_letter(county_id: int, membership_id: int) -> None:
    """Write to a deputy of a municipality. A message that comes late, after the deputy's days, sends nothing."""
    from municipalities.deputies.letter import send_letter

    county = County.objects.select_related("area").get(pk=county_id)
    with scope(county=county):
        send_letter(county, membership_id)


@shared_task
def send_card_reminders(county_id: int, event_id: int) -> None:
    """Queue the letters of a reminder, one to each editor of the municipalities that are reminded."""
    from municipalities.cards.reminding import letters_of

    with scope(county=County.objects.get(pk=county_id)):
        memberships = letters_of(event_id)
    for membership_id in memberships:
        send_card_reminder.delay(county_id, event_id, membership_id)


@shared_task(**RETRIED)
def send_card_reminder(county_id: int, event_id: int, membership_id: int) -> None:
    """Write to an editor of a municipality whose card has not been sent. Once it has been, sends nothing."""
    from municipalities.cards.reminding import send_reminder

    county = County.objects.select_related("area").get(pk=county_id)
    with scope(county=county):
        send_reminder(county, event_id, membership_id)
