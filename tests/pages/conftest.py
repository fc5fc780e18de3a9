"""A real browser on the whole demo, in a database of its own: the server's thread sees only what is committed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import setup_databases, teardown_databases
from django_scopes import scopes_disabled
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from municipalities.models import Document, User
from negotiations.models import Minutes, Negotiation, Round, Summary

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
AXE = Path(settings.BASE_DIR, "node_modules", "axe-core", "axe.min.js")
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 320, "height": 800}

ROLES = {
    "coordinator": "koordinaattori@keski-suomi.example",
    "editor": "joutsa@keski-suomi.example",
    "reader": "lukija@keski-suomi.example",
    "board_member": "hallitus@keski-suomi.example",
    "administrator": "yllapito@hyte.example",
    "central_coordinator": "koordinaattori@keski-uusimaa.example",
}


@dataclass(frozen=True)
class Site:
    """The running site and the ids in it that addresses are made of."""

    url: str
    ids: dict[str, int]
    cookies: dict[str, str]


@contextmanager
def own_database() -> Iterator[None]:
    """Work in a database made for the block and dropped after it; the other tests keep theirs."""
    test = connection.settings_dict["TEST"]
    before = test["NAME"]
    test["NAME"] = "test_hyte_pages"
    try:
        made = setup_databases(verbosity=0, interactive=False, aliases=["default"])
        try:
            yield
        finally:
            teardown_databases(made, verbosity=0)
    finally:
        test["NAME"] = before


@pytest.fixture(scope="module")
def site(django_db_blocker: DjangoDbBlocker, quick_settings: None) -> Iterator[Site]:
    """Serve the demo on a free port for the tests of the module."""
    with (
        django_db_blocker.unblock(),
        # Playwright keeps an event loop in this thread, in which Django would refuse to ask the database.
        patch.dict(os.environ, {"DJANGO_ALLOW_ASYNC_UNSAFE": "true"}),
        # No worker takes part: the documents stay as they are put here.
        patch("municipalities.documents.lifecycle.send", return_value=True),
        own_database(),
    ):
        call_command("load_reference", stdout=StringIO())
        call_command("load_demo", stdout=StringIO())
        with scopes_disabled():
            ids, cookies = _ids(), {role: _session(email) for role, email in ROLES.items()}
        server = LiveServer("127.0.0.1")
        try:
            yield Site(server.url, ids, cookies)
        finally:
            server.stop()


def _session(email: str) -> str:
    client = Client()
    client.force_login(User.objects.get(email=email))
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _ids() -> dict[str, int]:
    """Return the ids of what the pages are about, and put the documents into the states that pages show."""
    own = {"county__slug": "keski-suomi"}
    rounds = Round.objects.filter(**own)
    this_year = rounds.latest("year")
    sitting = Negotiation.objects.filter(**own)
    current = sitting.filter(round=this_year)
    documents = list(Document.objects.filter(**own).order_by("pk"))
    states = {
        "failed": {"state": "failed", "reason": "Asiakirjan tekeminen kesti liian kauan.", "leased_until": None},
        "rendering": {"state": "rendering", "progress": 40, "step": "laying-out", "lease": "1" * 32},
        "queued": {"state": "queued"},
    }
    ids = {}
    for document, (name, values) in zip(documents, states.items(), strict=False):
        Document.objects.filter(pk=document.pk).update(**values)
        ids[f"document_{name}"] = document.pk
    ready = documents[len(states)]
    Document.objects.filter(pk__in=[document.pk for document in documents[len(states) :]]).update(
        state="ready", ready_at=ready.queued_at, size=38_000, pages=4, sha256="a" * 64, progress=100, leased_until=None
    )
    return ids | {
        "document_ready": ready.pk,
        "plan": rounds.get(year=2023).pk,
        "groups": rounds.get(year=2024).pk,
        "current": this_year.pk,
        "planned": sitting.filter(round__year=2023)[0].pk,
        "held": sitting.filter(round__year=2024)[0].pk,
        "draft": current.filter(minutes__state=Minutes.State.DRAFT)[0].pk,
        "checking": current.filter(minutes__state=Minutes.State.CHECKING)[0].pk,
        "month": current.filter(precision=Negotiation.Precision.MONTH)[0].pk,
        "noted": Summary.objects.get(round=rounds.get(year=2024)).pk,
        "unfrozen": Summary.objects.get(round=this_year).pk,
        "region": Round.objects.get(county__slug="keski-uusimaa", year=2023).pk,
        "two": Negotiation.objects.filter(county__slug="keski-uusimaa", minutes__isnull=False)[0].pk,
    }


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def context_for(chromium: Browser, site: Site) -> Iterator[Callable[..., BrowserContext]]:
    """Return a browser context signed in as a role ("nobody" for none), closed after the test."""
    opened: list[BrowserContext] = []

    def make(role: str, **options: object) -> BrowserContext:
        context = chromium.new_context(locale="fi-FI", viewport=WIDE, **options)  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        if role != "nobody":
            cookie = {"name": settings.SESSION_COOKIE_NAME, "value": site.cookies[role], "url": site.url}
            context.add_cookies([cookie])  # type: ignore[list-item]
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()


@pytest.fixture
def page_of(context_for: Callable[..., BrowserContext], site: Site) -> Callable[..., Page]:
    """Return a page opened at a path as a role."""

    def open_(role: str, path: str, **options: object) -> Page:
        page = context_for(role, **options).new_page()
        page.goto(site.url + path.format(**site.ids))
        return page

    return open_
