"""What the workers do with figures: the weekly batches from Sotkanet and from Statistics Finland."""

from __future__ import annotations

import logging

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from indicators import population
from indicators.batches import ImportGoingOn, carry_out, plan, unfinished
from indicators.models import ImportRun
from indicators.pxweb import PxWeb, PxWebError
from indicators.sotkanet import Sotkanet, SotkanetError

log = logging.getLogger(__name__)

# How many years back a figure is still revised; all of them are read by the commands.
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
    _tell("Sotkanet", run)


@shared_task(soft_time_limit=3600, time_limit=3600 + 60)
def import_statfin() -> None:
    """Read the people by age and sex of the last years, or what the batch before has left unread. Weekly by beat."""
    this_year = timezone.localdate().year
    run = unfinished(ImportRun.Source.STATFIN) or population.plan(years=range(this_year - YEARS_BACK, this_year + 1))
    try:
        with PxWeb(settings.STATFIN_URL) as source:
            population.carry_out(run, source)
    except (PxWebError, ImportGoingOn) as error:
        log.error("the import from Statistics Finland could not be carried out: %s", error)
        return
    _tell("Statistics Finland", run)


def _tell(source: str, run: ImportRun) -> None:
    level = logging.INFO if run.state == ImportRun.State.DONE else logging.ERROR
    log.log(level, "import from %s %s: added %d, changed %d", source, run.state, run.rows_added, run.rows_changed)
