"""Wait until the worker has rendered the demo's documents, and tell where they and the logins are."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from django_scopes import scopes_disabled

from municipalities.documents import path_of
from municipalities.models import Document
from negotiations.demo.users import LOGINS, PASSWORD

State = Document.State


class Command(BaseCommand):
    """Exits non-zero with the reason when a document fails or the time runs out."""

    help = "Waits until every document is rendered, then prints the documents, the address and the logins."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the longest time to wait, in seconds."""
        parser.add_argument("--timeout", type=int, default=300)

    def handle(self, *args: Any, timeout: int, **options: Any) -> None:
        """Wait, then print."""
        with scopes_disabled():
            self._wait(time.monotonic() + timeout)
            # Those that stand for a summary or minutes now; what was rendered on the way there is left out.
            owned = Q(summaries__isnull=False) | Q(minutes__isnull=False)
            documents = list(
                Document.objects.filter(owned, state=State.READY).distinct().order_by("county", "-kind", "title")
            )
        if not documents:
            raise CommandError("No document was rendered.")
        self.stdout.write("Documents:")
        for document in documents:
            self.stdout.write(f"  {document.title} ({document.pages} pages)\n    {path_of(document)}")
        self.stdout.write(f"\nOpen {settings.SITE_URL}/ and sign in; the password of each is {PASSWORD}")
        for login in LOGINS:
            self.stdout.write(f"  {login.email:<40} {login.role.value}")

    def _wait(self, until: float) -> None:
        """Return when nothing is queued or rendering. Raises CommandError on a failure or when the time is up."""
        while True:
            failed = Document.objects.filter(state=State.FAILED).first()
            if failed:
                raise CommandError(f"“{failed.title}” could not be rendered: {failed.reason}")
            left = Document.objects.filter(state__in=[State.QUEUED, State.RENDERING]).count()
            if not left:
                return
            if time.monotonic() > until:
                raise CommandError(f"{left} documents were not ready in time. Is the worker running?")
            time.sleep(0.5)
