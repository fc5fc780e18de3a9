"""Documents and real workers: what happens when one is killed, stands still, or Redis forgets everything.

Each test starts Celery with beat as production does, against the tests' PostgreSQL and Redis, with the real times of
lease, heartbeat and reaper. The times that are printed are from the harm to the moment all is ready again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pikepdf
import pytest
import redis
from django.db import connection
from django.db.models.functions import Now
from django_scopes import scope
from pytest_django import Settings

from hyte.processes import Child
from municipalities.documents import kinds, path_of, rendering
from municipalities.documents.lifecycle import messages_waiting, start
from municipalities.models import County, Document, Event
from municipalities.tasks import render_document
from tests.municipalities.sample import KIND, TEMPLATES, Sample, request_sample, sample

pytestmark = pytest.mark.django_db(transaction=True)

State = Document.State
ROOT = Path(__file__).resolve().parents[2]
# What the issue promises, in seconds.
PROMISED = 90
# A real table of some forty pages: several seconds of layout, long enough to be killed in the middle of.
LONG = 1500

StartWorker = Callable[..., Child]


@pytest.fixture(autouse=True)
def _sample_kind(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, *rest = settings.TEMPLATES
    settings.TEMPLATES = [{**first, "DIRS": [*first["DIRS"], TEMPLATES]}, *rest]
    settings.DOCUMENTS_ROOT = tmp_path / "documents"
    monkeypatch.setitem(kinds._kinds, KIND.name, KIND)


@pytest.fixture
def county(transactional_db: None, keski_suomi: County) -> Iterator[County]:
    """Work inside a county, with an empty Redis."""
    empty_redis()
    with scope(county=keski_suomi):
        yield keski_suomi


@pytest.fixture
def start_worker(county: County, settings: Settings, tmp_path: Path) -> Iterator[StartWorker]:
    """Start workers that end with the test, before its tables are emptied."""
    with contextlib.ExitStack() as stack:
        (tmp_path / "scratch").mkdir()
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.municipalities.worker_settings",
            "DATABASE_URL": re.sub(r"/[^/?]+\?", f"/{connection.settings_dict['NAME']}?", os.environ["DATABASE_URL"]),
            "DOCUMENTS_ROOT": str(settings.DOCUMENTS_ROOT),
            "TMPDIR": str(tmp_path / "scratch"),
        }

        def start_one(name: str, *, concurrency: int = 2) -> Child:
            command = [sys.executable, "-m", "celery", "-A", "hyte", "worker", "-n", f"{name}@tests", "-l", "INFO"]
            beat = ["-B", "-s", str(tmp_path / f"{name}.beat")]
            child = Child(
                name,
                [*command, *beat, f"--concurrency={concurrency}"],
                log=tmp_path / f"{name}.log",
                environment=environment,
                directory=ROOT,
                endings=((signal.SIGTERM, 30),),
            )
            stack.callback(child.stop)
            until(lambda: "ready." in logged(child), 60, f"{name} is ready to work", child)
            return child

        yield start_one


def empty_redis() -> None:
    """Empty Redis as an administrator would by mistake."""
    with redis.from_url(os.environ["REDIS_URL"]) as client:
        client.flushall()


def logged(child: Child) -> str:
    """Return what a worker has written."""
    assert child.log is not None
    return child.log.read_text(errors="replace")


def signal_all(child: Child, kind: signal.Signals) -> None:
    """Send a signal to a worker and every process it has started, at once."""
    os.killpg(child.pid, kind)


def until(true: Callable[[], bool], seconds: float, what: str, *children: Child) -> float:
    """Wait until something is so; return for how long. Fails with what the workers have said."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > seconds:
            said = "\n".join(child.last_words(40) for child in children)
            pytest.fail(f"Not so after {seconds} s: {what}.\n{said}")
        time.sleep(0.05)
    return time.monotonic() - began


def states(documents: Iterable[Document]) -> set[str]:
    """Return the states the documents are in."""
    keys = [document.pk for document in documents]
    return set(Document.objects.filter(pk__in=keys).values_list("state", flat=True))


def at_step(document: Document, step: str) -> bool:
    """Return whether the document is being rendered and has come to this step."""
    return bool(Document.objects.filter(pk=document.pk, state=State.RENDERING, step=step).exists())


def assert_ready_once(documents: Iterable[Document]) -> None:
    """Each became ready one single time, and its file is whole and what the row says."""
    for document in documents:
        document.refresh_from_db()
        assert document.state == State.READY, document.reason
        events = Event.objects.filter(subject="municipalities.document", subject_id=document.pk)
        assert events.filter(verb="ready").count() == 1
        content = path_of(document).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (document.size, document.sha256)
        with pikepdf.open(path_of(document)) as file:
            assert len(file.pages) == document.pages
        assert [file.name for file in path_of(document).parent.glob(f"{document.key}*")] == [f"{document.key}.pdf"]


def short(number: int) -> Sample:
    """Return a context of a page or two."""
    return sample(f"Lyhyt {number}", rows=30 + number)


def test_killed_or_standing_still_a_worker_loses_its_document_to_another(
    county: County, start_worker: StartWorker
) -> None:
    """Ten documents; one worker is killed and one stopped in the middle of theirs; a third makes all of them."""
    moment = random.Random()
    long_for_a, long_for_b = (request_sample(county, sample(f"Pitkä {n}", rows=LONG)) for n in (1, 2))
    stopped = start_worker("stopped", concurrency=1)
    until(lambda: at_step(long_for_a, "laying-out"), 30, "the first document is being laid out", stopped)
    signal_all(stopped, signal.SIGSTOP)
    killed = start_worker("killed", concurrency=1)
    until(lambda: at_step(long_for_b, "laying-out"), 30, "the second document is being laid out", killed)
    documents = [long_for_a, long_for_b, *(request_sample(county, short(n)) for n in range(8))]
    delay = moment.uniform(0, 2)
    time.sleep(delay)
    assert states([long_for_a, long_for_b]) == {State.RENDERING}
    signal_all(killed, signal.SIGKILL)
    harmed = time.monotonic()

    rescuer = start_worker("rescuer")
    until(lambda: states(documents) == {State.READY}, PROMISED, "all ten are ready", rescuer)
    print(f"\nkill -9 {delay:.1f} s into the layout: ten documents ready after {time.monotonic() - harmed:.1f} s")
    assert time.monotonic() - harmed < PROMISED
    assert_ready_once(documents)
    long_for_b.refresh_from_db()
    assert long_for_b.attempts == 2

    # The worker that was only thought dead wakes up, goes on with its work, and changes nothing.
    before = path_of(long_for_a).stat()
    signal_all(stopped, signal.SIGCONT)
    until(lambda: "has been taken over by another worker" in logged(stopped), 60, "it notices", stopped)
    after = path_of(long_for_a).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert_ready_once(documents)


def test_an_emptied_redis_loses_no_document(county: County, start_worker: StartWorker) -> None:
    """Ten documents wait or are being rendered when Redis forgets messages, queues and bindings."""
    worker = start_worker("worker")
    documents = [request_sample(county, sample(f"Pitkä {n}", rows=LONG // 2)) for n in (1, 2)]
    until(lambda: all(at_step(d, "laying-out") for d in documents), 30, "two are being laid out", worker)
    documents += [request_sample(county, short(n)) for n in range(8)]
    assert messages_waiting() >= 8
    empty_redis()
    harmed = time.monotonic()
    # Asked for after the harm: its message finds the workers at once, without the reaper.
    later = request_sample(county, short(100))
    until(lambda: states([later]) == {State.READY}, 25, "what is asked for afterwards is ready", worker)
    print(f"\nRedis emptied: a document asked for afterwards is ready after {time.monotonic() - harmed:.1f} s")
    until(lambda: states(documents) == {State.READY}, PROMISED, "all ten are ready", worker)
    print(f"Redis emptied: the ten that waited are ready after {time.monotonic() - harmed:.1f} s")
    assert time.monotonic() - harmed < PROMISED
    assert_ready_once([*documents, later])
    assert "Traceback" not in logged(worker)


def test_a_heartbeat_keeps_the_lease_for_as_long_as_the_work_goes_on(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "BEAT", 0.05)
    document = request_sample(county, short(1))
    lease = start(county, document.pk)
    assert lease is not None
    ours = Document.objects.filter(pk=document.pk)
    with rendering._heartbeat(lease):
        ours.update(leased_until=Now() - timedelta(seconds=5))
        until(lambda: ours.filter(leased_until__gt=Now() + timedelta(seconds=20)).exists(), 5, "the lease is extended")
    ours.update(leased_until=Now() - timedelta(seconds=5))
    time.sleep(0.3)
    assert ours.filter(leased_until__lt=Now()).exists(), "no beats after the work"
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("heartbeat")]


def test_the_time_limit_stops_a_document_and_not_the_worker(
    county: County, start_worker: StartWorker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = start_worker("worker", concurrency=1)
    first = request_sample(county, short(0))
    until(lambda: states([first]) == {State.READY}, 30, "the process has found its pace", worker)
    with monkeypatch.context() as patch:
        # The limit travels with the message.
        patch.setattr(render_document, "apply_async", partial(render_document.apply_async, soft_time_limit=4))
        endless = request_sample(county, sample("Pitkä", rows=4 * LONG))
    until(lambda: states([endless]) == {State.FAILED}, 25, "the long document has failed", worker)
    assert "Soft time limit (4" in logged(worker)
    endless.refresh_from_db()
    assert Event.objects.get(subject_id=endless.pk, verb="failed").payload == {"code": "time"}
    assert not path_of(endless).exists()
    brief = request_sample(county, short(1))
    until(lambda: states([brief]) == {State.READY}, 30, "a short one is made by the same process", worker)
    assert_ready_once([first, brief])
    worker.stop()
    assert worker.exit_code == 0
    assert list((tmp_path / "scratch").glob("weasyprint-*")) == [], "the unpacked fonts are cleared away"
