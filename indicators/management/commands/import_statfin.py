"""Read people by age and sex from Statistics Finland."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from indicators import population
from indicators.batches import ImportGoingOn, unfinished
from indicators.management.commands.import_sotkanet import FIRST_YEAR, years
from indicators.models import ImportPart, ImportRun
from indicators.pxweb import BASE_URL, PxWeb, PxWebError


class Command(BaseCommand):
    """Read people by age and sex from Statistics Finland; again and again, only what differs is written."""

    help = "Read people by age and sex from Statistics Finland. What is there already as it should be is not written."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--base-url", default=settings.STATFIN_URL or BASE_URL, help="(%(default)s)")
        parser.add_argument("--years", type=years, help="such as 2015-2025; from 2005 to this year")
        parser.add_argument("--resume", action="store_true", help="go on with the latest import that was not finished")

    def handle(self, *arguments: Any, **options: Any) -> None:
        """Carry the import out. Fails when any of it failed; what was read is kept, and --resume reads the rest."""
        run = unfinished(ImportRun.Source.STATFIN) if options["resume"] else None
        if options["resume"] and run is None:
            raise CommandError("There is no import to go on with.")
        if run is None:
            run = population.plan(years=options["years"] or range(FIRST_YEAR, timezone.localdate().year + 1))
        self.stdout.write(f"Import {run.pk} of {run.parts.count()} age classes from {options['base_url']}")
        try:
            with PxWeb(options["base_url"]) as source:
                population.carry_out(run, source, told=self._tell)
        except (PxWebError, ImportGoingOn) as error:
            raise CommandError(f"{error} Go on later with --resume.") from error
        self.stdout.write(
            f"rows read {run.rows_read}: added {run.rows_added}, changed {run.rows_changed}, "
            f"unchanged {run.rows_unchanged}, rejected {run.rows_rejected}"
        )
        if run.state != ImportRun.State.DONE:
            failed = run.parts.filter(state=ImportPart.State.FAILED).count()
            raise CommandError(f"{failed} age classes failed. Go on with --resume.")

    def _tell(self, part: ImportPart) -> None:
        name = f"{part.indicator.statfin_code:<20}"
        if part.state == ImportPart.State.FAILED:
            self.stdout.write(f"{name} FAILED: {part.reason}")
            return
        self.stdout.write(
            f"{name} read {part.rows_read}, added {part.rows_added}, changed {part.rows_changed}, "
            f"unchanged {part.rows_unchanged}, rejected {part.rows_rejected}"
        )
