"""Load the demo: two counties, their rounds, and a user per role."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django_scopes import scope

from indicators.example import load_example_values
from indicators.loading import load_values
from municipalities.models import County
from negotiations.demo import (
    cards,
    current,
    keski_suomi_2023,
    keski_suomi_2024,
    keski_uusimaa,
    material,
    planning,
    users,
)


class Command(BaseCommand):
    """Repeatable: what is there is left as it is, and nothing is doubled."""

    help = "Loads demo data: Keski-Suomi 2023, 2024, this year and next, Keski-Uusimaa 2023, and a user per role."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load what is missing, all or nothing."""
        if urlsplit(settings.SITE_URL).hostname not in settings.LOOPBACK:
            raise CommandError(
                "The demo's passwords are public: it is loaded only where SITE_URL is a loopback address."
            )
        if not County.objects.filter(slug="keski-suomi").exists():
            raise CommandError("There are no counties yet. Run load_reference first.")
        today = timezone.localdate()
        with transaction.atomic():
            people = users.load()
            keski_suomi = County.objects.get(slug="keski-suomi")
            central_uusimaa = County.objects.get(slug="keski-uusimaa")
            County.objects.filter(pk=central_uusimaa.pk).update(minutes_form=County.MinutesForm.TWO)
            central_uusimaa.refresh_from_db()
            load_values()
            load_example_values([keski_suomi.area, central_uusimaa.area])
            coordinator = people["koordinaattori@keski-suomi.example"]
            with scope(county=keski_suomi):
                keski_suomi_2023.load(keski_suomi)
                keski_suomi_2024.load(keski_suomi, by=coordinator)
                current.load(keski_suomi, by=coordinator, today=today)
                editors = [people["joutsa@keski-suomi.example"], people["hankasalmi@keski-suomi.example"]]
                cards.load(keski_suomi, by=coordinator, editors=editors, today=today)
                material.load(keski_suomi, by=coordinator)
                planning.load(keski_suomi, by=coordinator, today=today)
            with scope(county=central_uusimaa):
                keski_uusimaa.load(central_uusimaa, by=people["koordinaattori@keski-uusimaa.example"], today=today)
        self.stdout.write("The demo is loaded.")
