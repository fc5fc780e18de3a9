"""The summary and the minutes: the whole job beside the layout engine alone, the worker's memory, asking again."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any
from unittest import mock

import psutil
import weasyprint
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django_scopes import scope

from hyte.processes import Child
from municipalities.documents import rendering, request_document
from municipalities.documents.kinds import BASE_STYLESHEET, kind_named, thaw
from municipalities.documents.stylesheet import county_stylesheet
from municipalities.models import County, Document, User
from negotiations.minutes.composing import request_minutes_document
from negotiations.models import Minutes, Summary
from negotiations.reporting.summary import request_summary_document
from tests.bench.asking import Site, cookie_of
from tests.bench.figures import Figure, Section, median, ms, p95, timed

MOST_TIMES = 1.15
MOST_MEMORY = 400.0  # MiB
MOST_OF_A_RENDERING = 0.01
MIB = 1024 * 1024


@dataclass(frozen=True)
class Paper:
    """A paper of the demo, and how to ask for it as of a moment: another day makes another document."""

    name: str
    county: County
    ask: Callable[[datetime], Document]


def papers() -> list[Paper]:
    """Return the summary of 2024 and the minutes of a negotiation of that round. The demo has to be loaded."""
    county = County.objects.select_related("area").get(slug="keski-suomi")
    with scope(county=county):
        summary = Summary.objects.get(round__year=2024).pk
        minutes = Minutes.objects.filter(negotiation__round__year=2024).order_by("pk")[0].pk
    # Read anew each time, as each request does: a row remembers what has been read of it.
    return [
        Paper(
            "summary 2024",
            county,
            lambda at: request_summary_document(Summary.objects.get(pk=summary), variant="draft", by=None, at=at),
        ),
        Paper("minutes", county, lambda at: request_minutes_document(Minutes.objects.get(pk=minutes), by=None, at=at)),
    ]


# Each document that is asked for is as of a day of its own, before all that the demo has asked for.
_day = iter(range(1, 10_000))


def another_day() -> datetime:
    """Return a day that no document has been asked for on."""
    return datetime(2020, 1, 1, 12, tzinfo=UTC) - timedelta(days=next(_day))


def make(paper: Paper, at: datetime) -> Document:
    """Do the whole job as web server and worker do it between them: read, freeze, lay out, mark, check, store."""
    document = paper.ask(at)
    rendering.render(paper.county, document.pk)
    document.refresh_from_db()
    if document.state != Document.State.READY:
        raise RuntimeError(f"{document.title} could not be made: {document.reason}")
    return document


def make_new(paper: Paper) -> Document:
    """Do the whole job for a document that there is not yet."""
    return make(paper, another_day())


def lay_out_alone(document: Document) -> Callable[[], bytes]:
    """Return what the layout engine alone does with the document's page: same fonts, same stylesheets, no more."""
    kind, frozen = kind_named(document.kind), thaw(document)
    with translation.override(document.language):
        html = rendering.compose(kind, frozen)
        own = county_stylesheet(frozen.meta)
        attached = {file.name: (file.media_type, file.content) for file in kind.attachments(frozen.doc)}

    def write() -> bytes:
        usual = {"url_fetcher": rendering.Fetcher(attached), "font_config": rendering._fonts()}
        stylesheets = [
            weasyprint.CSS(url=f"{rendering.ORIGIN}{rendering.STATIC}{path}", **usual)
            for path in (BASE_STYLESHEET, *kind.stylesheets)
        ]
        stylesheets.append(weasyprint.CSS(string=own, **usual))
        page = weasyprint.HTML(string=html, base_url=rendering.ORIGIN, url_fetcher=usual["url_fetcher"])
        content: bytes = page.write_pdf(
            font_config=usual["font_config"], stylesheets=stylesheets, pdf_variant=rendering.VARIANT
        )
        return content

    return write


@dataclass(frozen=True)
class Times:
    """How long a paper took each time, in seconds: asking for it, the worker's share, and the layout engine alone."""

    asked: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    steps: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def whole(self) -> list[float]:
        """The whole job: what web server and worker do between them."""
        return [asked + worked for asked, worked in zip(self.asked, self.worked, strict=True)]


def measure(*, repetitions: int) -> Section:
    """Make each paper of the demo and lay its page out alone, by turns."""
    title = "Papers: the whole job beside WeasyPrint alone on the same page"
    return measure_papers("papers", title, papers(), repetitions=repetitions)


def measure_papers(name_of_section: str, title: str, wanted: Sequence[Paper], *, repetitions: int) -> Section:
    """Make each paper and lay its page out alone, by turns."""
    figures, notes = [], []
    for paper in wanted:
        with scope(county=paper.county):
            times = _by_turns(paper, repetitions)
        for name, of in (("whole job", times.whole), ("the worker's share", times.worked)):
            figures.append(
                Figure(
                    f"{paper.name}: {name} / layout alone",
                    median(a / b for a, b in zip(of, times.bare, strict=True)),
                    "x",
                    MOST_TIMES,
                    f"{median(of):.2f} s / {median(times.bare):.2f} s",
                    vars(times),
                )
            )
        taken = ", ".join(f"{name} {ms(median(step))}" for name, step in times.steps.items())
        notes.append(f"{paper.name}: asking {ms(median(times.asked))}, {taken}")
    return Section(name_of_section, title, figures, notes)


def _by_turns(paper: Paper, repetitions: int) -> Times:
    times = Times()
    # The first of each unpacks fonts and reads hyphenation patterns.
    alone = lay_out_alone(make_new(paper))
    alone()

    def whole() -> None:
        documents: list[Document] = []
        times.asked.append(timed(lambda: documents.append(paper.ask(another_day()))))
        with _watched_steps(times.steps):
            times.worked.append(timed(lambda: rendering.render(paper.county, documents[0].pk)))

    pair: list[Callable[[], object]] = [whole, lambda: times.bare.append(timed(alone))]
    for turn in range(repetitions):
        for action in pair if turn % 2 else reversed(pair):
            # What the one before has left behind: whoever comes next would pay for it.
            gc.collect()
            action()
    return times


# What takes time in making a document, in order: functions by the names that the rendering knows them by.
STEPS = ("start", "readdress", "compose", "lay_out", "write", "pdf.check", "storage.write", "finish")


@contextlib.contextmanager
def _watched_steps(steps: dict[str, list[float]]) -> Iterator[None]:
    """Collect how long each step of a rendering takes."""
    with contextlib.ExitStack() as watched:
        for path in STEPS:
            where, _dot, name = path.rpartition(".")
            owner: Any = getattr(rendering, where) if where else rendering
            watched.enter_context(mock.patch.object(owner, name, _timing(getattr(owner, name), steps[path])))
        yield


def _timing(step: Callable[..., Any], times: list[float]) -> Callable[..., Any]:
    def timed_step(*arguments: Any, **named: Any) -> Any:
        began = perf_counter()
        try:
            return step(*arguments, **named)
        finally:
            times.append(perf_counter() - began)

    return timed_step


ONE_ROW, EMPTY_PAGE = "one row read", "an empty page"


@transaction.atomic
def _one_row(document_id: int) -> None:
    Document.objects.defer("context").get(pk=document_id)


def measure_again(*, repetitions: int) -> Section:
    """Ask for papers that are ready: nothing may be rendered, and it may take a hundredth of the rendering.

    By whom it is asked makes a difference: the owner of a paper has its rows compared with what they were; the door of
    the documents is given what was read; a reader fetches the file. Beside them, what nothing can be quicker than: one
    row read in a transaction, and an empty page to the same person.
    """
    figures = []
    site = Site()
    cookie = cookie_of(User.objects.get(email="koordinaattori@keski-suomi.example"))
    for paper in papers():
        with scope(county=paper.county):
            at = another_day()
            make(paper, at)
            rendered = median(timed(partial(make_new, paper)) for _ in range(3))
            ready = paper.ask(at)
            before = Document.objects.count(), ready.ready_at, ready.attempts
            kind, frozen = kind_named(ready.kind), thaw(ready)
            door = partial(
                request_document,
                county=paper.county,
                kind=kind.name,
                context=frozen.doc,
                language=ready.language,
                variant=ready.variant,
                title=ready.title,
                file_name=ready.file_name,
                by=None,
                at=at,
            )
            path = reverse("document_download", args=[paper.county.slug, ready.pk])
            nothing = reverse("county_empty", args=[paper.county.slug])
            # Those who ask do so in a web server's process, which has laid out nothing.
            gc.collect()
            gc.freeze()
            ways: dict[str, list[float]] = defaultdict(list)
            for _ in range(repetitions):
                ways["the door"].append(timed(door))
                ways["its owner"].append(timed(partial(paper.ask, at)))
                ways["a download"].append(site.ask(path, cookie).seconds)
                ways[ONE_ROW].append(timed(partial(_one_row, ready.pk)))
                ways[EMPTY_PAGE].append(site.ask(nothing, cookie).seconds)
            ready.refresh_from_db()
            gc.unfreeze()
            renderings = int(before != (Document.objects.count(), ready.ready_at, ready.attempts))
        figures += [
            Figure(
                f"{paper.name}: {way}, p95 / rendering",
                p95(times) / rendered,
                "x",
                None if way in (ONE_ROW, EMPTY_PAGE) else MOST_OF_A_RENDERING,
                f"{ms(p95(times))} of {rendered:.2f} s",
                {"seconds": times},
            )
            for way, times in ways.items()
        ]
        figures.append(Figure(f"{paper.name}: renderings in {3 * repetitions} asks", renderings, "", 0))
    return Section("again", "Asking again for a paper that is ready", figures)


def measure_memory(*, logs: Path) -> Section:
    """Have a worker of its own, just started, make the summary of 2024, and look at its memory meanwhile."""
    paper = papers()[0]
    command = [sys.executable, "-m", "celery", "-A", "hyte", "worker", "--concurrency", "1", "--loglevel", "INFO"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    worker = Child("worker", command, log=logs / "worker.log", environment=os.environ)
    try:
        with scope(county=paper.county):
            document = paper.ask(another_day())
            peaks, shared = _watch_memory(worker, document)
    finally:
        worker.stop()
    whole = sum(peaks.values())
    return Section(
        "memory",
        "Memory of a worker that makes the summary of 2024",
        [
            Figure(
                "peak of the worker and its child, added up",
                whole / MIB,
                "MiB",
                MOST_MEMORY,
                " + ".join(f"{peak / MIB:.0f}" for peak in peaks.values()),
            ),
            # What they share is one memory, counted once.
            Figure("peak, shared memory counted once", shared / MIB, "MiB", MOST_MEMORY),
        ],
    )


def _watch_memory(worker: Child, document: Document) -> tuple[dict[int, int], int]:
    """Return the peak of each process of the worker, and the peak of all with shared memory counted once."""
    peaks: dict[int, int] = {}
    shared = 0
    deadline = time.monotonic() + 120
    while document.state not in (Document.State.READY, Document.State.FAILED):
        if time.monotonic() > deadline or not worker.alive:
            raise RuntimeError(f"The worker did not make the summary ({worker.ending()}):\n{worker.last_words()}")
        total = 0
        with contextlib.suppress(psutil.Error, OSError):
            for process in (top := psutil.Process(worker.pid), *top.children(recursive=True)):
                peaks[process.pid] = max(peaks.get(process.pid, 0), _peak(process.pid))
                total += process.memory_full_info().pss
        shared = max(shared, total)
        time.sleep(0.05)
        document.refresh_from_db(fields=["state", "reason"])
    if document.state == Document.State.FAILED:
        raise RuntimeError(f"The summary could not be made: {document.reason}")
    with contextlib.suppress(psutil.Error, OSError):
        for process in (top := psutil.Process(worker.pid), *top.children(recursive=True)):
            peaks[process.pid] = max(peaks.get(process.pid, 0), _peak(process.pid))
    return peaks, shared


def _peak(pid: int) -> int:
    """Return the most memory that a process has had, as the kernel has kept it; 0 for one that has just ended."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)
