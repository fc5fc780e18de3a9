"""What the workers do while a round is planned: letters that ask which times suit, and what follows from them."""

from __future__ import annotations

import logging

from celery import shared_task
from django_scopes import scope

from municipalities.letters import RETRIED
from municipalities.models import County

log = logging.getLogger(__name__)


@shared_task(**RETRIED)
def send_availability_letter(county_id: int, request_id: int) -> None:
    """Ask a party which times suit it, or remind it. A message that comes twice sends nothing the second time."""
    from negotiations.planning.availability.asking import send_letter

    county = County.objects.select_related("area").get(pk=county_id)
    with scope(county=county):
        send_letter(county, request_id)


@shared_task
def send_availability_left() -> None:
    """Queue the letters to parties that no worker has begun: Redis was away, or lost them. By beat."""
    from negotiations.planning.availability.asking import left_unsent

    for county_id, request_id in left_unsent():
        send_availability_letter.delay(county_id, request_id)


@shared_task
def purge_availability_addresses() -> None:
    """Delete the e-mail addresses of inquiries whose day has passed. Daily by beat."""
    from negotiations.planning.availability.asking import purge_addresses

    gone = purge_addresses()
    if gone:
        log.info("deleted %d e-mail addresses of inquiries of suitable times", gone)
