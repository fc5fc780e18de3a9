"""A real browser on the whole demo, in a database of its own: the server's thread sees only what is committed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from django_scopes import scopes_disabled
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from indicators.models import Area, ImportPart, ImportRun, Indicator, IndicatorSet, Rejection
from municipalities.cards.bundles import make_bundle
from municipalities.models import (
    Card,
    CardLink,
    CardVersion,
    CardYear,
    Document,
    Membership,
    Organisation,
    Person,
    Priority,
    User,
)
from municipalities.tokens import hash_of
from negotiations.models import (
    AgendaItem,
    AvailabilityRequest,
    FeedbackNote,
    Minutes,
    MinutesCheck,
    MinutesLink,
    Negotiation,
    Round,
    Summary,
)
from tests import databases

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
AXE = Path(settings.BASE_DIR, "node_modules", "axe-core", "axe.min.js").read_text()
WIDE = ViewportSize(width=1280, height=800)
NARROW = ViewportSize(width=320, height=800)

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


@dataclass(frozen=True)
class Demo:
    """The demo in a database that each module gets a copy of."""

    database: str
    ids: dict[str, int]
    cookies: dict[str, str]


@contextmanager
def _databases(blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let databases be made, asked and dropped in the block."""
    # Playwright keeps an event loop in this thread, in which Django would refuse to ask the database.
    with blocker.unblock(), patch.dict(os.environ, {"DJANGO_ALLOW_ASYNC_UNSAFE": "true"}):
        yield


@pytest.fixture(scope="session")
def demo(django_db_blocker: DjangoDbBlocker, quick_settings: None) -> Iterator[Demo]:
    """The demo, in the states that pages show."""
    with databases.copy("test_hyte_demo", template=databases.demo()) as name:
        with _databases(django_db_blocker), databases.connected_to(name), scopes_disabled():
            ids, cookies = _ids(), {role: _session(email) for role, email in ROLES.items()}
        yield Demo(name, ids, cookies)


@pytest.fixture(scope="module")
def site(demo: Demo, django_db_blocker: DjangoDbBlocker) -> Iterator[Site]:
    """Serve the demo on a free port for the tests of the module."""
    with (
        databases.copy("test_hyte_pages", template=demo.database) as name,
        _databases(django_db_blocker),
        databases.connected_to(name),
    ):
        server = LiveServer("127.0.0.1")
        try:
            yield Site(server.url, dict(demo.ids), demo.cookies)
        finally:
            server.stop()


def _session(email: str) -> str:
    client = Client()
    client.force_login(User.objects.get(email=email))
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _imports() -> dict[str, int]:
    """Return the ids of two imports of figures: one that goes on, and one that could not read everything."""
    ids: dict[str, int] = {}
    for state, parts in (
        (ImportRun.State.RUNNING, ("done", "waiting")),
        (ImportRun.State.INCOMPLETE, ("done", "failed", "waiting")),
    ):
        run = ImportRun.objects.create(
            source=ImportRun.Source.SOTKANET,
            label=f"22.11.2026 klo {4 + len(ids)}.10",
            retrieved_on=date(2026, 11, 22),
            state=state,
        )
        for indicator, of_part in zip(Indicator.objects.order_by("sotkanet_id"), parts, strict=False):
            reason = "Sotkanet vastaa virheellä 500." if of_part == "failed" else ""
            part = ImportPart.objects.create(
                run=run, indicator=indicator, first_year=2005, last_year=2025, state=of_part, reason=reason
            )
            if of_part == "done":
                Rejection.objects.create(part=part, reason=Rejection.Reason.REGION, what="5588", rows=23)
        ids[f"import_{state.value}"] = run.pk
    return ids


def _own_indicator() -> int:
    """Return the id of an indicator that the county owns, for the figures that it brings in itself."""
    county = Area.objects.get(kind=Area.Kind.COUNTY, code="15")
    return Indicator.objects.create(owner=county, name_fi="Oma kysely", unit="COUNT", theme="Muut").pk


def _catalogue() -> dict[str, int]:
    """Return the ids of a national indicator of which something is told, and of a national set and one to edit."""
    area = Area.objects.get(kind=Area.Kind.COUNTY, code="15")
    first, second = Indicator.objects.filter(owner=None).order_by("sotkanet_id")[:2]
    Indicator.objects.filter(pk=first.pk).update(
        description_fi="Mitä luku ilmaisee.\n\nKahtena kappaleena.", limits_fi="Mitä se ei kerro."
    )
    chosen = IndicatorSet.objects.create(owner=area, name="Osallisuuden tunnusluvut", version="2020")
    for position, indicator in enumerate((first, second), start=1):
        chosen.items.create(indicator=indicator, position=position)
    return {
        "national_indicator": first.pk,
        "own_set": chosen.pk,
        "national_set": IndicatorSet.objects.filter(owner=None)[0].pk,
    }


def _ids() -> dict[str, int]:
    """Return the ids of what the pages are about, and put the documents into the states that pages show."""
    own = {"county__slug": "keski-suomi"}
    rounds = Round.objects.filter(**own)
    this_year = rounds.get(year=timezone.localdate().year)
    sitting = Negotiation.objects.filter(**own)
    current = sitting.filter(round=this_year)
    # Those that minutes point at: a document that a later one has taken the place of is not shown.
    documents = list(Document.objects.filter(**own, minutes__isnull=False).order_by("pk"))
    states: dict[str, dict[str, Any]] = {
        "failed": {"state": "failed", "reason": "Asiakirjan tekeminen kesti liian kauan.", "leased_until": None},
        "rendering": {"state": "rendering", "progress": 40, "step": "laying-out", "lease": "1" * 32},
        "queued": {"state": "queued"},
    }
    ids = {}
    for document, (name, values) in zip(documents, states.items(), strict=False):
        Document.objects.filter(pk=document.pk).update(**values)
        ids[f"document_{name}"] = document.pk
    ready = documents[len(states)]
    rest = Document.objects.exclude(pk__in=ids.values())
    rest.update(
        state="ready", ready_at=ready.queued_at, size=38_000, pages=4, sha256="a" * 64, progress=100, leased_until=None
    )
    return ids | {
        **_imports(),
        **_catalogue(),
        "own_indicator": _own_indicator(),
        "unemployment": Indicator.objects.get(sotkanet_id=181).pk,
        "loneliness": Indicator.objects.get(sotkanet_id=4284).pk,
        "document_ready": ready.pk,
        "plan": rounds.get(year=2023).pk,
        "groups": rounds.get(year=2024).pk,
        "current": this_year.pk,
        "planned": sitting.filter(round__year=2023)[0].pk,
        "held": sitting.filter(round__year=2024)[0].pk,
        **_of_draft(current.filter(minutes__state=Minutes.State.DRAFT)[0]),
        "checking": current.filter(minutes__state=Minutes.State.CHECKING)[0].pk,
        "published_minutes": Minutes.objects.filter(negotiation__in=current, state=Minutes.State.PUBLISHED)[0].pk,
        "convened": current.filter(state=Negotiation.State.CONVENED)[0].pk,
        "item": AgendaItem.objects.filter(part__negotiation__in=current, part__negotiation__minutes=None)[0].pk,
        "month": current.filter(precision=Negotiation.Precision.MONTH)[0].pk,
        "noted": Summary.objects.get(round=rounds.get(year=2024)).pk,
        "unfrozen": Summary.objects.get(round=this_year).pk,
        "feedback": FeedbackNote.objects.filter(**own)[0].pk,
        "person": Person.objects.filter(**own)[0].pk,
        "organisation": Organisation.objects.filter(**own)[0].pk,
        "priority": Priority.objects.filter(**own)[0].pk,
        "region": Round.objects.get(county__slug="keski-uusimaa", year=2023).pk,
        "card_link": _link_to_approve(),
        **_link_to_minutes(Minutes.objects.filter(negotiation__in=current, state=Minutes.State.CHECKING)[0]),
        **_asked_of_times(),
        "card_bundle": _bundle_of_cards(),
        "year": this_year.year,
        "card_version": CardVersion.objects.get(
            card__municipality__area__code="077", card__card_year__year=this_year.year
        ).pk,
        "two": Negotiation.objects.filter(county__slug="keski-uusimaa", minutes__isnull=False)[0].pk,
    }


def _bundle_of_cards() -> int:
    """Return the id of a bundle of three cards of 2024, of which one PDF is ready and the others are being made."""
    card_year = CardYear.objects.select_related("county__area").get(county__slug="keski-suomi", year=2024)
    places = card_year.county.municipalities.select_related("area").order_by("area__order")[:3]
    bundle = make_bundle(card_year, places, title="Kuntakortit 2024", by=User.objects.get(email=ROLES["coordinator"]))
    Document.objects.filter(pk=bundle.items.all()[0].document_id).update(
        state="ready", ready_at=bundle.asked_at, size=38_000, pages=3, sha256="b" * 64, progress=100, leased_until=None
    )
    return bundle.pk


# The token of an approver's link: as ids are, a number.
TOKEN = int("7" * 43)


def _link_to_approve() -> int:
    """Make the link by which a card that was sent is approved, and return its token; and name a deputy of Joutsa."""
    card = Card.objects.filter(county__slug="keski-suomi", state=Card.State.SENT, card_year__state="open")[0]
    expires_at = timezone.now() + timedelta(days=30)
    CardLink.objects.create(
        county=card.county,
        version=card.versions.latest("number"),
        token_hash=hash_of(str(TOKEN)),
        expires_at=expires_at,
    )
    editor = User.objects.get(email=ROLES["editor"]).memberships.get()
    Membership.objects.create(
        user=User.objects.create_user("sijainen@joutsa.example"),
        role=editor.role,
        county=editor.county,
        municipality=editor.municipality,
        starts_on=timezone.localdate(),
        ends_on=timezone.localdate() + timedelta(days=30),
        given_by=editor.user,
    )
    return TOKEN


def _link_to_minutes(minutes: Minutes) -> dict[str, int]:
    """Make the link by which the municipality of the editor checks minutes; return its token, and what it is of."""
    MinutesLink.objects.create(
        county=minutes.county,
        check_row=minutes.checks.filter(outcome=MinutesCheck.Outcome.WAITING)[0],
        token_hash=hash_of(str(TOKEN)),
        sent_at=timezone.now(),
        expires_at=timezone.now() + timedelta(days=30),
    )
    item = AgendaItem.objects.filter(part__negotiation=minutes.negotiation).order_by("part__position", "position")[0]
    return {"minutes_link": TOKEN, "checking_minutes": minutes.pk, "checking_item": item.pk}


def _asked_of_times() -> dict[str, int]:
    """Return a round whose parties have been asked which times suit, one of them, and the token of that one's link."""
    asked = AvailabilityRequest.objects.filter(county__slug="keski-suomi").order_by("pk")[0]
    AvailabilityRequest.objects.filter(pk=asked.pk).update(token_hash=hash_of(str(TOKEN)))
    return {"planning": asked.inquiry.round_id, "availability": asked.pk, "availability_link": TOKEN}


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


def _of_draft(negotiation: Negotiation) -> dict[str, int]:
    """Return the ids of a negotiation whose minutes are being written, and of what they are made of."""
    minutes, part = negotiation.minutes.all()[0], negotiation.parts.order_by("position")[1]
    return {
        "draft": negotiation.pk,
        "draft_minutes": minutes.pk,
        "draft_part": part.pk,
        "draft_item": part.items.filter(measures__isnull=False)[0].pk,
        "draft_check": minutes.checks.all()[0].pk,
        "draft_attachment": minutes.attachments.all()[0].pk,
        "draft_measure": negotiation.measures.all()[0].pk,
    }


class Contexts:
    """Signed-in browser contexts, and one page a role for what is only looked at, so that styles are fetched once."""

    def __init__(self, browser: Browser, site: Site) -> None:
        self.browser, self.site = browser, site
        self.kept: dict[tuple[object, ...], Page] = {}

    def new(self, role: str, language: str = "", **options: Any) -> BrowserContext:
        """Return a context of its own, signed in as the role ("nobody" for none), with the language switched to one."""
        context = self.browser.new_context(locale="fi-FI", viewport=WIDE, **options)
        if language:
            context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": self.site.url}])
        context.set_default_timeout(30_000)
        if role != "nobody":
            name, value = settings.SESSION_COOKIE_NAME, self.site.cookies[role]
            context.add_cookies([{"name": name, "value": value, "url": self.site.url}])
        return context

    def page(self, role: str, **options: Any) -> Page:
        """Return the role's page with these options, to be led from address to address: a new one takes as long."""
        key = (role, *sorted(options.items()))
        if key not in self.kept:
            page = self.kept[key] = self.new(role, **options).new_page()
            # On each page from its beginning: sent over anew, it would take as long as a page.
            page.add_init_script(AXE)
        self.kept[key].set_viewport_size(WIDE)
        return self.kept[key]


@pytest.fixture(scope="module")
def contexts(chromium: Browser, site: Site) -> Contexts:
    """Contexts of the module's browser, which closes them with itself."""
    return Contexts(chromium, site)


@pytest.fixture
def page_of(contexts: Contexts, site: Site) -> Iterator[Callable[..., Page]]:
    """Return a page opened at a path as a role, in a context of its own."""
    opened: list[BrowserContext] = []

    def open_(role: str, path: str, **options: Any) -> Page:
        context = contexts.new(role, **options)
        opened.append(context)
        page = context.new_page()
        page.goto(site.url + path.format(**site.ids))
        return page

    yield open_
    for context in opened:
        context.close()
