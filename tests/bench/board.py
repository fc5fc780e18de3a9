"""The planning board with few and with many times: queries and time of the server, and whether the browser ever hangs.

A task of more than 50 ms is a long one: while it runs nothing that a user does is answered. None may come with the
first paint, nor while a card is dragged. Chromium tells of them itself.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from hyte.demo import web_command
from hyte.embedded import free_port
from hyte.processes import Child
from municipalities.models import County, Membership, User
from negotiations.demo.building import moment
from negotiations.models import (
    AvailabilityAnswer,
    AvailabilityInquiry,
    AvailabilityRequest,
    Negotiation,
    Round,
    Slot,
)
from tests.bench.asking import Site, cookie_of
from tests.bench.autosave import wait_for
from tests.bench.figures import Figure, Section, median, ms
from tests.factories import make_county, make_municipality, make_negotiation, make_round, make_user

MOST_QUERIES = 20
# Milliseconds from which a task is a long one.
LONG = 50
# What is answered, in turns.
SUITS = ("yes", "if_need_be", "yes", "no", "yes")
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
SIZE = {"width": 1440, "height": 900}
# The pointer goes to its place in so many steps, one a frame.
STEPS = 40
WATCH = """
  window.longTasks = [];
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) window.longTasks.push([task.startTime, task.duration]);
  }).observe({ type: "longtask", buffered: true });
"""
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"


@dataclass
class Planned:
    """A county whose coordinator plans a round with so many times."""

    slots: int
    rows: int
    county: County
    user: User
    round: Round

    @property
    def path(self) -> str:
        """The address of the board."""
        return reverse("round_board", args=[self.county.slug, self.round.pk])


def build(code: str, slots: int, rows: int) -> Planned:
    """Make a round: half of the negotiations placed, every municipality asked, and what it answered of each time."""
    county = make_county(code, f"Alue, jossa on {slots} aikaa", f"taulu-{slots}")
    user = make_user(f"taulu-{slots}@example.fi", Membership.Role.COORDINATOR, county)
    places = [make_municipality(county, f"{code}-{number:03}", f"Kunta {number:03}") for number in range(rows)]
    first = timezone.localdate() + timedelta(days=30)
    first -= timedelta(days=first.weekday())
    # As long an autumn, with more times a day where there are more.
    per_week = max(2, -(-slots // 13))
    with scope(county=county):
        round_ = make_round(
            county,
            name="Taulu",
            form=Round.Form.MUNICIPALITIES,
            year=first.year,
            starts_on=first,
            ends_on=first + timedelta(days=100),
        )
        made = Slot.objects.bulk_create(_slot(round_, first, number, per_week) for number in range(slots))
        asked = AvailabilityInquiry.objects.create(county=county, round=round_, answer_by=first)
        requests = AvailabilityRequest.objects.bulk_create(
            AvailabilityRequest(
                county=county,
                inquiry=asked,
                municipality=place,
                delete_after=first + timedelta(days=300),
                answered_at=timezone.now(),
            )
            for place in places
        )
        AvailabilityAnswer.objects.bulk_create(
            AvailabilityAnswer(county=county, request=request, slot=slot, suits=SUITS[(n + m) % len(SUITS)])
            for n, request in enumerate(requests)
            for m, slot in enumerate(made)
        )
        for number, place in enumerate(places):
            slot = made[number] if number % 2 else None
            fields: dict[str, Any] = {"slot": slot, "day": timezone.localdate(slot.starts_at)} if slot else _months()
            if slot:
                fields |= {"starts_at": slot.starts_at, "ends_at": slot.ends_at}
            make_negotiation(round_, [place], items=0, **fields)
    return Planned(slots, rows, county, user, round_)


def _slot(round_: Round, first: date, number: int, per_week: int) -> Slot:
    week, turn = divmod(number, per_week)
    day = first + timedelta(weeks=week, days=turn % 5)
    hour = 8 + turn // 5 * 2
    return Slot(
        county_id=round_.county_id, round=round_, starts_at=moment(day, hour, 0), ends_at=moment(day, hour + 1, 45)
    )


def _months() -> dict[str, Any]:
    today = timezone.localdate()
    first = today.replace(day=1)
    last = (first + timedelta(days=180)).replace(day=1) - timedelta(days=1)
    return {"precision": "month", "earliest": first, "latest": last, "starts_at": None, "ends_at": None}


def measure(*, few: tuple[int, int], many: tuple[int, int], repetitions: int, logs: Path) -> Section:
    """Measure the board of a round with few and with many times and negotiations, on the server and in a browser."""
    rounds = [build("T1", *few), build("T2", *many)]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    served = [_served(planned, repetitions) for planned in rounds]
    seen = _in_browser(rounds, repetitions, logs)
    figures = []
    for what in ("page", "nothing new", "how times suit", "move"):
        queries = [one[what][0] for one in served]
        times = [median(one[what][1]) for one in served]
        figures += [
            Figure(
                f"queries, {what}",
                max(queries),
                "queries",
                MOST_QUERIES,
                f"{rounds[0].slots} times {queries[0]}, {rounds[1].slots} times {queries[1]}",
            ),
            Figure(f"queries that grow, {what}", abs(queries[1] - queries[0]), "queries", 0),
            Figure(f"time, {what}", times[1] * 1000, "ms", of=f"{rounds[0].slots} times: {ms(times[0])}"),
        ]
    for planned, one in zip(rounds, seen, strict=True):
        figures += [
            Figure(f"long tasks, first paint, {planned.slots} times", one.at_first, "tasks", 0, one.words),
            Figure(f"long tasks, a drag, {planned.slots} times", one.in_drag, "tasks", 0),
            Figure(f"processor, heaviest task, {planned.slots} times", one.busiest, "ms", LONG),
            Figure(f"first contentful paint, {planned.slots} times", one.painted, "ms"),
        ]
    sizes = ", ".join(f"{planned.slots} times and {planned.rows} negotiations" for planned in rounds)
    return Section("board", f"The planning board with {sizes}", figures)


def _served(planned: Planned, repetitions: int) -> dict[str, tuple[int, list[float]]]:
    """Return, of each thing asked of the board, its queries and how long it took each time."""
    site, cookie = Site(), cookie_of(planned.user)
    client = Client()
    client.force_login(planned.user)
    state = reverse("round_board_state", args=[planned.county.slug, planned.round.pk])
    with scope(county=planned.county):
        loose = Negotiation.objects.filter(round=planned.round, slot=None).order_by("pk")[0]
        free = Slot.objects.filter(round=planned.round, negotiation=None).order_by("-starts_at")[0]
    fits = reverse("round_board_fits", args=[planned.county.slug, planned.round.pk]) + f"?kortti={loose.pk}"
    found: dict[str, tuple[int, list[float]]] = {}
    answer = client.get(state)
    asked = {
        "page": planned.path,
        "nothing new": f"{state}?d={answer.headers['Board-Digest']}",
        "how times suit": fits,
    }
    for what, path in asked.items():
        site.ask(path, cookie)
        queries = len(site.queries(path, cookie))
        found[what] = (queries, [site.ask(path, cookie).seconds for _ in range(repetitions)])
    move = reverse("round_board_place", args=[planned.county.slug, planned.round.pk])
    there, seconds, queries = False, [], 0
    # To the place and off it again: each time a move.
    for _ in range(2 * repetitions):
        values = {"negotiation": loose.pk, "slot": "pois" if there else free.pk, "expected": free.pk if there else ""}
        with CaptureQueriesContext(connection) as captured:
            began = perf_counter()
            response = client.post(move, values, HTTP_ACCEPT="application/json")
            seconds.append(perf_counter() - began)
        if response.status_code != 200:
            raise RuntimeError(f"a move was answered {response.status_code}: {response.content[:200]!r}")
        queries, there = max(queries, len(captured)), not there
    found["move"] = (queries, seconds)
    return found


@dataclass(frozen=True)
class Seen:
    """What the browser told: long tasks at first and in a drag, the middle of first paints, and the longest task."""

    at_first: int
    in_drag: int
    painted: float
    longest: float
    # Milliseconds of the processor in the heaviest task of the page: what else the machine does does not show in it.
    busiest: float

    @property
    def words(self) -> str:
        """The longest task, where there was one."""
        return f"the longest {self.longest:.0f} ms" if self.longest else ""


def _in_browser(rounds: list[Planned], repetitions: int, logs: Path) -> list[Seen]:
    """Open each board and drag a card in it, again and again, on the real web server."""
    # Playwright keeps an event loop in this thread, in which Django would refuse to ask the database.
    cookies = [cookie_of(planned.user) for planned in rounds]
    port = free_port()
    server = Child("web server", web_command(port), log=logs / "board.log", environment=os.environ)
    try:
        wait_for(server, port)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
            )
            url = f"http://127.0.0.1:{port}"
            seen = [
                _looked_at(browser, url, planned.path, cookie, repetitions)
                for planned, cookie in zip(rounds, cookies, strict=True)
            ]
            browser.close()
    finally:
        server.stop()
    return seen


def _looked_at(browser: Browser, url: str, path: str, cookie: str, repetitions: int) -> Seen:
    context: BrowserContext = browser.new_context(locale="fi-FI", viewport=SIZE)  # type: ignore[arg-type]
    name, value = cookie.split("=", 1)
    context.add_cookies([{"name": name, "value": value, "url": url}])
    page = context.new_page()
    page.add_init_script(WATCH)
    at_first, in_drag, painted, longest, busiest = [], [], [], 0.0, 0.0
    # The first time compiles the script and fetches the styles: as it is for a user, it is counted with the others.
    for _ in range(repetitions):
        trace = _Trace(page)
        page.goto(url + path)
        page.locator(".is-dressed").wait_for()
        page.wait_for_timeout(300)
        first = page.evaluate("window.longTasks")
        painted.append(page.evaluate(PAINTED))
        page.evaluate("window.longTasks.length = 0")
        _drag(page)
        dragged = page.evaluate("window.longTasks")
        at_first.append(len(first))
        in_drag.append(len(dragged))
        busiest = max(busiest, trace.busiest())
        longest = max([longest, *(duration for _start, duration in [*first, *dragged])])
    context.close()
    return Seen(round(median(at_first)), round(median(in_drag)), median(painted), longest, busiest)


class _Trace:
    """What the thread of the page does, from now until it is asked: how long its processor worked at each task."""

    def __init__(self, page: Page) -> None:
        self._page, self._events, self._ended = page, list[dict[str, Any]](), False
        self._session = page.context.new_cdp_session(page)
        self._session.on("Tracing.dataCollected", lambda told: self._events.extend(told["value"]))
        self._session.on("Tracing.tracingComplete", self._end)
        self._session.send("Tracing.start", {"categories": "toplevel", "transferMode": "ReportEvents"})

    def _end(self, _told: object) -> None:
        self._ended = True

    def busiest(self) -> float:
        """Return the milliseconds of the processor that the heaviest task of the page took."""
        self._session.send("Tracing.end")
        while not self._ended:
            self._page.wait_for_timeout(20)
        self._session.detach()
        threads = {
            (event["pid"], event["tid"])
            for event in self._events
            if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
        }
        return max(
            (event.get("tdur", 0) / 1000 for event in self._events if (event["pid"], event["tid"]) in threads),
            default=0.0,
        )


def _drag(page: Page) -> None:
    """Drag the first card without a time to the first free time, and wait until the board has been drawn anew."""
    card, free = page.locator("[data-place=''] [data-card]").first, page.locator("a[data-target]").first
    free.scroll_into_view_if_needed()
    name = card.get_attribute("data-card")
    start, end = card.bounding_box(), free.bounding_box()
    if start is None or end is None:
        raise RuntimeError("the board has nothing to drag")
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=STEPS)
    page.wait_for_timeout(200)
    page.mouse.up()
    page.locator(f".board-calendar [data-card='{name}']").wait_for()
    page.wait_for_timeout(200)
