"""Municipality cards: the PDFs of a whole county, with one worker and with two."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from time import perf_counter

from celery import current_app
from django.db import transaction
from django_scopes import scope

from hyte.processes import Child
from indicators.models import IndicatorSet
from municipalities.cards.content import freeze
from municipalities.cards.paper import request_card_document
from municipalities.models import Card, CardVersion, CardYear, County, Document, Municipality
from tests.bench.figures import Figure, Section, median
from tests.bench.papers import another_day
from tests.municipalities.cards.sample import CITY, SMALL

MOST_OF_ONE_WORKER = 0.6
# A year that nobody else has cards of.
YEAR = 2100
PATIENCE = 300


def measure(*, cards: int, repetitions: int, logs: Path) -> Section:
    """Have the cards of a county made by one worker and by two, by turns."""
    county = County.objects.select_related("area").get(slug="keski-suomi")
    with scope(county=county):
        versions = sent_cards(county)[:cards]
        one: list[float] = []
        two: list[float] = []
        for turn in range(repetitions):
            # Whatever else the machine does meanwhile, neither is always the first to meet it.
            for workers, times in ((1, one), (2, two)) if turn % 2 else ((2, two), (1, one)):
                with started(workers, logs) as children:
                    # Each unpacks its fonts and reads its hyphenation patterns first.
                    make(versions[: 2 * workers], another_day(), children)
                    times.append(make(versions, another_day(), children))
    return Section(
        "cards",
        "Municipality cards",
        [
            Figure(
                f"{len(versions)} PDFs, two workers / one",
                median(b / a for a, b in zip(one, two, strict=True)),
                "x",
                MOST_OF_ONE_WORKER,
                f"{median(two):.1f} s / {median(one):.1f} s",
                {"one": one, "two": two},
            ),
            Figure("a PDF, one worker", median(one) / len(versions), "s", of=f"{os.cpu_count()} cores"),
        ],
    )


def sent_cards(county: County) -> list[CardVersion]:
    """Make a sent card for each municipality of the county, every fifth one as long as a city's. In its scope."""
    chosen, _made = IndicatorSet.objects.get_or_create(owner=county.area, name="Mittaus", version=str(YEAR))
    year = CardYear.objects.create(county=county, year=YEAR, indicator_set=chosen)
    versions = []
    for number, place in enumerate(Municipality.objects.filter(county=county).select_related("area").order_by("pk")):
        content = replace(SMALL if number % 5 else CITY, municipality=place.area.name_fi, year=YEAR)
        frozen, digest = freeze(content)
        card = Card.objects.create(county=county, card_year=year, municipality=place, state=Card.State.SENT)
        versions.append(CardVersion.objects.create(county=county, card=card, number=1, content=frozen, sha256=digest))
    return versions


@contextlib.contextmanager
def started(workers: int, logs: Path) -> Iterator[list[Child]]:
    """Run so many workers for the block, each with one process that makes documents."""
    command = [sys.executable, "-m", "celery", "-A", "hyte", "worker", "--concurrency", "1", "--loglevel", "INFO"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    with contextlib.ExitStack() as stack:
        children = []
        for number in range(workers):
            name = f"cards{number}@bench-{os.getpid()}"
            child = Child(name, [*command, "-n", name], log=logs / f"{name}.log", environment=os.environ)
            stack.callback(child.stop)
            children.append(child)
        wait_for(children)
        yield children


def wait_for(workers: Sequence[Child]) -> None:
    """Wait until each worker answers: one that starts late would leave its share to the others."""
    deadline = time.monotonic() + PATIENCE
    names = [worker.name for worker in workers]
    while len(current_app.control.ping(destination=names, timeout=1.0)) < len(names):
        if time.monotonic() > deadline or not all(worker.alive for worker in workers):
            raise RuntimeError("\n".join(worker.last_words() for worker in workers))


def make(versions: Sequence[CardVersion], at: datetime, workers: Sequence[Child]) -> float:
    """Ask for the cards all at once; return after how many seconds the last of them was ready."""
    began = perf_counter()
    with transaction.atomic():
        wanted = [request_card_document(version, by=None, at=at).pk for version in versions]
    documents = Document.objects.filter(pk__in=wanted)
    while documents.exclude(state=Document.State.READY).exists():
        failed = documents.filter(state=Document.State.FAILED).values_list("reason", flat=True).first()
        if failed is not None:
            raise RuntimeError(f"A card could not be made: {failed}")
        if perf_counter() - began > PATIENCE or not all(worker.alive for worker in workers):
            said = "\n".join(worker.last_words() for worker in workers)
            raise RuntimeError(f"The workers did not make the cards:\n{said}")
        time.sleep(0.02)
    return perf_counter() - began
