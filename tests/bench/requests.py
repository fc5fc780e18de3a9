"""The page of a round beside an empty view, on the real web server with two workers; and where its time goes."""

from __future__ import annotations

import http.client
import os
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

import psutil
from django.conf import settings
from django.test import override_settings
from django.urls import reverse

from hyte.demo import ask as ask_health
from hyte.demo import web_command
from hyte.embedded import free_port
from hyte.processes import Child
from tests.bench.asking import Site, cookie_of, watched
from tests.bench.content import World
from tests.bench.figures import Figure, Section, median, ms

CONNECTIONS = 4


def measure(world: World, *, seconds: float, turns: int, logs: Path) -> Section:
    """Ask the web server for each page by turns, and then look inside one request."""
    cookie = cookie_of(world.users["coordinator"])
    slug = world.county.slug
    round_ = reverse("round", args=[slug, world.round.pk])
    pages = {
        "empty": (reverse("empty"), ""),
        "empty, signed in": (reverse("county_empty", args=[slug]), cookie),
        "round": (round_, cookie),
        "home": (reverse("county_home", args=[slug]), cookie),
    }
    rates: dict[str, list[float]] = defaultdict(list)
    work: dict[str, list[float]] = defaultdict(list)
    port = free_port()
    server = Child("web server", web_command(port), log=logs / "web.log", environment=os.environ)
    try:
        _wait(server, port)
        for turn in range(turns + 1):
            for name, (path, cookie_) in pages.items():
                busy = _busy(server)
                count, took = _ask_for(port, path, cookie_, seconds if turn else min(seconds, 1.0))
                if turn:  # the first warms every worker
                    rates[name].append(count / took)
                    work[name].append((_busy(server) - busy) / count)
    finally:
        server.stop()
    raw = {"requests per second": rates, "seconds of the processor a request": work}

    def ratio(of: str, to: str) -> float:
        return median(a / b for a, b in zip(rates[of], rates[to], strict=True))

    rows = world.rows
    told = {name: f"{median(values):.0f}/s" for name, values in rates.items()}
    worked = {name: median(values) for name, values in work.items()}
    shares, notes = _inside(round_, cookie, repetitions=max(5, turns * 10))
    return Section(
        "requests",
        f"Requests a second, gunicorn with 2 workers, {CONNECTIONS} connections",
        [
            Figure(
                f"empty view / round with {rows}",
                ratio("empty", "round"),
                "x",
                of=f"{told['empty']} / {told['round']}",
                raw=raw,
            ),
            Figure(
                f"empty view, signed in / round with {rows}",
                ratio("empty, signed in", "round"),
                "x",
                of=f"{told['empty, signed in']} / {told['round']}",
            ),
            Figure(
                "empty view / home of the coordinator",
                ratio("empty", "home"),
                "x",
                of=f"{told['empty']} / {told['home']}",
            ),
            # What else the machine does does not show in this one.
            Figure(
                f"processor time, round with {rows} / empty view",
                worked["round"] / worked["empty"],
                "x",
                of=", ".join(f"{name} {ms(value)}" for name, value in worked.items()),
            ),
            *(Figure(f"of the round's time: {name}", 100 * share, "%") for name, share in shares.items()),
        ],
        notes,
    )


def _wait(server: Child, port: int) -> None:
    deadline = time.monotonic() + 60
    while ask_health(port) != "200":
        if not server.alive or time.monotonic() > deadline:
            raise RuntimeError(f"The web server did not start:\n{server.last_words()}")
        time.sleep(0.1)


def _busy(server: Child) -> float:
    """Return for how many seconds the server has kept a processor busy."""
    top = psutil.Process(server.pid)
    times = [process.cpu_times() for process in (top, *top.children(recursive=True))]
    return sum(time_.user + time_.system for time_ in times)


def _ask_for(port: int, path: str, cookie: str, seconds: float) -> tuple[int, float]:
    """Return how many answers came over connections that stay open, and in how many seconds.

    The client is the plainest there is: on two cores every millisecond of it is taken from the server.
    """
    until = perf_counter() + seconds

    def ask() -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        count = 0
        try:
            while perf_counter() < until:
                connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
                response = connection.getresponse()
                response.read()
                if response.status != 200:
                    raise RuntimeError(f"{path} answered {response.status}")
                count += 1
        finally:
            connection.close()
        return count

    began = perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        counts = list(pool.map(lambda _number: ask(), range(CONNECTIONS)))
    return sum(counts), perf_counter() - began


def _inside(path: str, cookie: str, *, repetitions: int) -> tuple[dict[str, float], list[str]]:
    """Return the share of each part of the time of a request, and the same in words."""
    middleware = [*settings.MIDDLEWARE, "tests.bench.asking.Innermost"]
    with override_settings(MIDDLEWARE=middleware):
        site = Site()
        site.ask(path, cookie)
        totals: dict[str, list[float]] = defaultdict(list)
        for _ in range(repetitions):
            with watched() as watch:
                whole = site.ask(path, cookie).seconds
            spent = watch.seconds
            parts = {
                "queries of the view": spent["query in view"],
                "queries before it": spent["query outside"],
                "template": spent["template"],
                "view, its rules and rows": spent["view"] - spent["query in view"] - spent["template"],
                "middleware and framework": whole - spent["view"] - spent["query outside"],
            }
            for name, value in parts.items():
                totals[name].append(value)
    middle = {name: median(values) for name, values in totals.items()}
    whole = sum(middle.values())
    words = ", ".join(f"{name} {ms(value)}" for name, value in middle.items())
    return {name: value / whole for name, value in middle.items()}, [f"one request: {ms(whole)}: {words}"]
