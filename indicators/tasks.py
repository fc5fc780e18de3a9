"""What the workers do with figures: the weekly batch from Sotkanet."""

from __future__ import annotations

import logging

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from indicators.batches import ImportGoingOn, carry_out, plan, unfinished
from indicators.models import ImportRun
from indicators.sotkanet import Sotkanet, SotkanetError

log = logging.getLogger(__name__)

# How many years back a figure is still revised; all of them are read by the command.
YEARS_BACK = 10


@shared_task(soft_time_limit=3 * 3600, time_limit=3 * 3600 + 60)
def import_sotkanet() -> None:
    """Read the figures of the last years, or what the batch before has left unread. Weekly by beat."""
    this_year = timezone.localdate().year
    run = unfinished() or plan(years=range(this_year - YEARS_BACK, this_year + 1))
    try:
        with Sotkanet(settings.SOTKANET_URL) as source:
            carry_out(run, source)
    except (SotkanetError, ImportGoingOn) as error:
        log.error("the import from Sotkanet could not be carried out: %s", error)
        return
    level = logging.INFO if run.state == ImportRun.State.DONE else logging.ERROR
    log.log(level, "import from Sotkanet %s: added %d, changed %d", run.state, run.rows_added, run.rows_changed)
