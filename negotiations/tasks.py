"""What the workers do for negotiations."""

from __future__ import annotations

import logging

from celery import shared_task
from django_scopes import scope

from municipalities.models import County
from negotiations.minutes.tasks import (
    purge_minutes_addresses,
    purge_unattached_files,
    remind_checkers,
    send_minutes_link,
    send_minutes_links_left,
)
from negotiations.planning.tasks import (
    purge_availability_addresses,
    send_availability_left,
    send_availability_letter,
)

# Celery looks for tasks here: those of the layers below are told with their own.
__all__ = [
    "mark_silent_checkers",
    "purge_availability_addresses",
    "purge_minutes_addresses",
    "purge_unattached_files",
    "remind_checkers",
    "send_availability_left",
    "send_availability_letter",
    "send_minutes_link",
    "send_minutes_links_left",
]

log = logging.getLogger(__name__)


@shared_task
def mark_silent_checkers() -> None:
    """Mark for those who made no remarks on minutes by the date, in the counties that have set so. Daily by beat."""
    from negotiations.minutes.checking import mark_the_silent

    for county in County.objects.filter(silence_is_checking=True):
        with scope(county=county):
            made = mark_the_silent(county)
        if made:
            log.info("%s: %d checkers of minutes made no remarks by the date", county.slug, made)
