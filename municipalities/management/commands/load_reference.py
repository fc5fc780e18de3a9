"""Loads the reference data."""

from typing import Any

from django.core.management.base import BaseCommand

from indicators.loading import Tally
from municipalities.reference import load_reference


class Command(BaseCommand):
    """Brings the reference data up to date; a second run changes nothing and says so."""

    help = "Load areas, municipalities, counties, council terms and the catalogue of indicators. Repeatable."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and print how many rows of each kind were added and changed."""
        tallies = load_reference()
        for name, tally in tallies.items():
            self.stdout.write(f"{name}: {tally.added} added, {tally.changed} changed, {tally.unchanged} unchanged")
        if not sum(tallies.values(), Tally()).wrote:
            self.stdout.write("Nothing to change: the reference data is up to date.")
