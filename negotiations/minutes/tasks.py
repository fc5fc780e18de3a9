"""What the workers do for sittings and their minutes: letters with personal links, reminders, and what is deleted."""

from __future__ import annotations

import logging

from celery import shared_task
from django_scopes import scope

from municipalities.letters import RETRIED
from municipalities.models import County

log = logging.getLogger(__name__)


@shared_task(**RETRIED)
def send_minutes_link(county_id: int, link_id: int) -> None:
    """Ask somebody to check or to sign minutes. A message that comes twice sends nothing the second time."""
    from negotiations.minutes.links import send_link

    county = County.objects.select_related("area").get(pk=county_id)
    with scope(county=county):
        send_link(county, link_id)


@shared_task
def send_minutes_links_left() -> None:
    """Queue the letters to checkers and signers that no worker has begun: Redis was away, or lost them. By beat."""
    from negotiations.minutes.links import left_unsent

    for county_id, link_id in left_unsent():
        send_minutes_link.delay(county_id, link_id)


@shared_task
def remind_checkers() -> None:
    """Remind the checkers of minutes whose last day draws near, in the counties that have set so. Daily by beat."""
    from negotiations.minutes.reminding import remind_due

    for county in County.objects.filter(remind_days__gt=0).select_related("area"):
        with scope(county=county):
            reminded = remind_due(county)
        if reminded:
            log.info("%s: %d checkers of minutes were reminded", county.slug, reminded)


@shared_task
def purge_unattached_files() -> None:
    """Delete the files that are attached to no agenda and no minutes any more. Daily by beat."""
    from negotiations.sitting.files import purge_unattached

    gone = purge_unattached()
    if gone:
        log.info("deleted %d files that were attached to nothing any more", gone)


@shared_task
def purge_minutes_addresses() -> None:
    """Delete the e-mail addresses of checkers and signers whose day has passed. Daily by beat."""
    from negotiations.minutes.links import purge_addresses

    gone = purge_addresses()
    if gone:
        log.info("deleted %d e-mail addresses of checkers and signers of minutes", gone)
