"""Backs the installation up."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hyte.backup import NAMED, Refused, back_up


class Command(BaseCommand):
    """Writes all rows and all finished documents into a new folder, while the site is in use."""

    help = "Back up the database and the documents, as they are at this moment, into a folder that is made for it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the folder."""
        parser.add_argument("folder", type=Path, help="the folder to be made")

    def handle(self, *args: Any, **options: Any) -> None:
        """Back up, and tell what was; documents without their files are named, and leave the rest as good."""
        folder: Path = options["folder"]
        try:
            manifest = back_up(folder.resolve())
        except (Refused, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{folder}: {len(manifest.tables)} tables, {manifest.row_count} rows, {len(manifest.documents)} documents."
        )
        if manifest.lost:
            self.stderr.write(
                f"{len(manifest.lost)} documents are ready by their rows, but their files are gone or damaged; they "
                f"can be made again on the site: {', '.join(manifest.lost[:NAMED])}"
            )
