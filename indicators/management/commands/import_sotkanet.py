"""Read figures from Sotkanet."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from indicators.batches import ImportGoingOn, add_indicators, carry_out, plan, unfinished
from indicators.models import ImportPart, ImportRun
from indicators.sotkanet import BASE_URL, Sotkanet, SotkanetError

FIRST_YEAR = 2005


def years(text: str) -> range:
    """Read a year, or two with a hyphen between them, both included."""
    match = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", text)
    if match is None:
        raise ArgumentTypeError(f"{text!r} is not a year or two, such as 2005-2025")
    first, last = int(match[1]), int(match[2] or match[1])
    if not 1900 <= first <= last <= 2100:
        raise ArgumentTypeError(f"{text!r} does not go from an earlier year to a later one")
    return range(first, last + 1)


def numbers(text: str) -> list[int]:
    """Read ids of indicators, with commas between them."""
    if not re.fullmatch(r"\d{1,9}(,\d{1,9})*", text):
        raise ArgumentTypeError(f"{text!r} is not a list of Sotkanet's ids, such as 127,761")
    return [int(number) for number in text.split(",")]


class Command(BaseCommand):
    """Read figures from Sotkanet; again and again, only what differs is written."""

    help = "Read figures from Sotkanet. What is there already as it should be is not written."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--base-url", default=settings.SOTKANET_URL or BASE_URL, help="(%(default)s)")
        parser.add_argument("--indicators", type=numbers, help="Sotkanet's ids, as 127,761; all of the catalogue")
        parser.add_argument(
            "--add", action="store_true", help="add those of --indicators that the catalogue does not have yet"
        )
        parser.add_argument("--years", type=years, help="such as 2005-2025; from 2005 to this year")
        parser.add_argument("--resume", action="store_true", help="go on with the latest import that was not finished")

    def handle(self, *arguments: Any, **options: Any) -> None:
        """Carry the import out. Fails when any of it failed; what was read is kept, and --resume reads the rest."""
        if options["add"] and not options["indicators"]:
            raise CommandError("--add needs --indicators: the ids to add.")
        try:
            with Sotkanet(options["base_url"]) as source:
                if options["add"]:
                    for added in add_indicators(source, options["indicators"]):
                        self.stdout.write(f"{added.sotkanet_id:>6}  {added.name_fi[:50]:<50} added to the catalogue")
                run = self._run(options)
                self.stdout.write(f"Import {run.pk} of {run.parts.count()} indicators from {options['base_url']}")
                carry_out(run, source, told=self._tell)
        except (SotkanetError, ImportGoingOn) as error:
            raise CommandError(f"{error} Go on later with --resume.") from error
        self.stdout.write(
            f"rows read {run.rows_read}: added {run.rows_added}, changed {run.rows_changed}, "
            f"unchanged {run.rows_unchanged}, rejected {run.rows_rejected}"
        )
        if run.state != ImportRun.State.DONE:
            failed = run.parts.filter(state=ImportPart.State.FAILED).count()
            raise CommandError(f"{failed} indicators failed. Go on with --resume.")

    def _run(self, options: dict[str, Any]) -> ImportRun:
        if options["resume"]:
            run = unfinished()
            if run is None:
                raise CommandError("There is no import to go on with.")
            return run
        try:
            return plan(
                years=options["years"] or range(FIRST_YEAR, timezone.localdate().year + 1),
                sotkanet_ids=options["indicators"],
            )
        except LookupError as error:
            raise CommandError(str(error.args[0])) from error

    def _tell(self, part: ImportPart) -> None:
        name = f"{part.indicator.sotkanet_id:>6}  {part.indicator.name_fi[:50]:<50}"
        if part.state == ImportPart.State.FAILED:
            self.stdout.write(f"{name} FAILED: {part.reason}")
            return
        self.stdout.write(
            f"{name} read {part.rows_read}, added {part.rows_added}, changed {part.rows_changed}, "
            f"unchanged {part.rows_unchanged}, rejected {part.rows_rejected}"
        )
