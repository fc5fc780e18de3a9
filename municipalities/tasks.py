"""What the workers do: render documents, look after those that got stuck, and clear the log of downloads."""

from __future__ import annotations

import logging

from celery import shared_task
from django_scopes import scope

from municipalities.models import County

log = logging.getLogger(__name__)


@shared_task
def render_document(county_id: int, document_id: int) -> None:
    """Render a queued document. A message that comes twice, or late, does nothing."""
    # Imported here, in the worker: the web processes send this message and need no layout engine.
    from municipalities.documents.rendering import render

    county = County.objects.select_related("area").get(pk=county_id)
    with scope(county=county):
        render(county, document_id)


@shared_task
def reap_documents() -> None:
    """Queue again what a dead worker left, and send the messages that have been lost. Every 15 seconds by beat."""
    from municipalities.documents.lifecycle import reap

    reap()


@shared_task
def purge_downloads() -> None:
    """Delete the log of downloads beyond the days that each county keeps it. Daily by beat."""
    from municipalities.documents.downloads import purge_downloads as purge

    gone = purge()
    if gone:
        log.info("deleted %d rows of the log of downloads", gone)
