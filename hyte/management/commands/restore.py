"""Restores the installation from a backup."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hyte.backup import Refused, has_our_key, restore


class Command(BaseCommand):
    """Brings a backup into an empty database, which need not be migrated before; all of it or nothing."""

    help = "Restore the database and the documents from a folder that `backup` has made. The database must be empty."
    # There is no schema yet that could be checked.
    requires_system_checks: list[str] = []  # noqa: RUF012 - as Django has it

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the folder."""
        parser.add_argument("folder", type=Path, help="the folder that backup has made")

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore, verify every table and document against the backup's manifest, and tell what is left to do."""
        try:
            manifest = restore(options["folder"].resolve())
        except (Refused, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Restored as of {manifest.made_at}, each table and document verified: {len(manifest.tables)} tables, "
            f"{manifest.row_count} rows, {len(manifest.documents)} documents. Now run migrate."
        )
        if not has_our_key(manifest):
            self.stderr.write(
                "SECRET_KEY is not the one that the backup was made with: everybody signs in anew, and two-step "
                "sign-in has to be set up again. To avoid that, set the old one."
            )
