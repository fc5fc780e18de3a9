"""Documents and faults, each made for real: workers killed by the dozen, a full disk, a broken template.

Workers are Celery's, against the tests' PostgreSQL and Redis; what is killed is killed by `kill -9`; the disk that is
full is a file system of its own. What is printed goes into the table of faults.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from uuid import UUID

import psutil
import pytest
from pytest_django import Settings

from municipalities.documents import lifecycle, path_of, retry, storage
from municipalities.models import County, Document, Event
from municipalities.tasks import render_document
from tests.municipalities.quick_settings import TIMES
from tests.municipalities.sample import BROKEN, request_sample, sample
from tests.municipalities.workers import (
    Nursery,
    StartWorker,
    assert_ready_once,
    at_step,
    environment,
    logged,
    states,
    until,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sample_kind")]

State = Document.State
KILLS = 20
QUEUE = 40


@pytest.fixture
def nursery(county: County, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nursery]:
    """A nursery of workers with short times."""
    for name, value in TIMES.items():
        monkeypatch.setattr(lifecycle, name, value)
    quick = {
        **environment(settings.DOCUMENTS_ROOT, scratch=tmp_path / "scratch"),
        "DJANGO_SETTINGS_MODULE": "tests.municipalities.quick_settings",
    }
    with contextlib.closing(Nursery(tmp_path / "nursery", quick)) as nursery:
        yield nursery


def leases() -> set[UUID]:
    """Return the leases of what is being laid out, written, checked or stored."""
    rendering = Document.objects.filter(state=State.RENDERING, progress__gte=lifecycle.STEPS["laying-out"][0])
    return {lease for lease in rendering.values_list("lease", flat=True) if lease is not None}


def lays_something_out(seen: set[UUID]) -> Callable[[], bool]:
    """Return the question whether something is being laid out by a lease that has not been seen."""
    return lambda: bool(leases() - seen)


def test_twenty_workers_killed_under_forty_documents(county: County, nursery: Nursery, settings: Settings) -> None:
    """Each document is ready in the end, made ready once, its file whole; nothing half-written is left."""
    moment = random.Random()
    documents = [request_sample(county, sample(f"Asiakirja {number}", rows=60)) for number in range(QUEUE)]
    began = time.monotonic()
    seen: set[UUID] = set()
    for number in range(KILLS):
        worker = nursery.start()
        until(lays_something_out(seen), 60, f"worker {number} lays something out")
        time.sleep(moment.uniform(0, 0.6))
        cut_off = leases() - seen
        os.killpg(worker, signal.SIGKILL)
        # Whether it had just finished, or had gone on to another, is seen when it is dead.
        seen |= cut_off | leases()
    killed = time.monotonic()
    waiting = Document.objects.exclude(state=State.READY).count()

    nursery.start()
    until(lambda: states(documents) == {State.READY}, 240, "all are ready")
    ready = time.monotonic()
    assert_ready_once(documents)
    until(lambda: not list(storage.unfinished().glob("*")), 10, "the reaper has cleared half-written files away")
    files = [path for path in settings.DOCUMENTS_ROOT.rglob("*") if path.is_file()]
    assert sorted(files) == sorted(path_of(document) for document in documents)

    events = Event.objects.filter(subject="municipalities.document")
    starts = events.filter(verb="started").count()
    most = max(document.attempts for document in documents)
    print(
        f"\n{KILLS} workers killed in {killed - began:.0f} s, {starts - QUEUE} attempts cut off, {waiting} of {QUEUE} "
        f"not ready then; all ready {ready - killed:.0f} s later, at most {most} attempts for one"
    )
    assert events.filter(verb="ready").count() == QUEUE
    assert not events.filter(verb__in=["failed", "crashed"]).exists()
    assert starts - QUEUE >= KILLS
    assert waiting


def test_a_document_under_which_its_process_dies_again_and_again_fails_and_the_worker_lives_on(
    county: County, start_worker: StartWorker
) -> None:
    """`kill -9` of the process alone, as the kernel does when memory runs out. The worker tells, without any reaper."""
    worker = start_worker("worker", concurrency=1, beat=False)
    poison = request_sample(county, sample("Myrkky", rows=1500))
    began = time.monotonic()
    for death in range(1, lifecycle.MAX_CRASHES + 1):
        until(lambda: at_step(poison, "laying-out"), 60, f"attempt {death} has begun", worker)
        (process,) = psutil.Process(worker.pid).children()
        process.kill()
        until(lambda: not at_step(poison, "laying-out"), 60, f"death {death} is noticed", worker)
    until(lambda: states([poison]) == {State.FAILED}, 10, "the document has failed", worker)
    print(f"\nIts process killed {lifecycle.MAX_CRASHES} times: failed after {time.monotonic() - began:.0f} s")
    poison.refresh_from_db()
    assert str(lifecycle.MAX_CRASHES) in poison.reason
    events = Event.objects.filter(subject_id=poison.pk, subject="municipalities.document")
    assert list(events.order_by("pk").values_list("verb", flat=True)) == [
        *["requested", "started", "crashed", "requeued", "started", "crashed", "requeued", "started", "crashed"],
        "failed",
    ]
    healthy = request_sample(county, sample("Terve"))
    until(lambda: states([healthy]) == {State.READY}, 60, "the same worker makes another", worker)
    assert_ready_once([healthy])


@pytest.fixture
def small_disk(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """Keep documents on a file system of 256 kB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting needs root; a file that the kernel lets grow no more is tested in test_documents.py")
    settings.DOCUMENTS_ROOT = folder
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_fails_documents_in_words_until_there_is_room(
    county: County, small_disk: Path, start_worker: StartWorker
) -> None:
    """Three fail, no half file is left, what is stored stays whole, and all three can be made when there is room."""
    worker = start_worker("worker", concurrency=1)
    stored = request_sample(county, sample("Ennen"))
    until(lambda: states([stored]) == {State.READY}, 60, "the first has room", worker)
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    documents = [request_sample(county, sample(f"Asiakirja {number}")) for number in range(3)]
    until(lambda: states(documents) == {State.FAILED}, 60, "all three have failed", worker)
    for document in documents:
        document.refresh_from_db()
        assert Event.objects.get(subject_id=document.pk, verb="failed").payload == {"code": "disk"}
        assert document.reason.startswith(("Levy", "The disk"))
    files = [path for path in small_disk.rglob("*") if path.is_file()]
    assert sorted(files) == sorted([ballast, path_of(stored)])
    assert_ready_once([stored])

    ballast.unlink()
    for document in documents:
        retry(document, by=None)
    until(lambda: states(documents) == {State.READY}, 60, "they are ready when there is room", worker)
    assert_ready_once(documents)
    print("\nDisk full: 3 failed with the reason, no half file; 3 ready after there was room")


def test_an_error_in_a_template_fails_its_documents_and_the_worker_lives_on(
    county: County, start_worker: StartWorker
) -> None:
    """Five broken among five sound ones: those fail by the name and line of the template, these are made."""
    worker = start_worker("worker", beat=False)
    broken, sound = [], []
    for number in range(5):
        broken.append(request_sample(county, sample(f"Rikki {number}"), kind=BROKEN))
        sound.append(request_sample(county, sample(f"Ehjä {number}")))
    until(lambda: states(sound) == {State.READY}, 90, "the sound ones are ready", worker)
    until(lambda: states(broken) == {State.FAILED}, 30, "the broken ones have failed", worker)
    for document in broken:
        document.refresh_from_db()
        assert "documents/sample_broken.html" in document.reason
        assert " 4" in document.reason
        assert not path_of(document).exists()
    assert_ready_once(sound)
    assert worker.alive
    assert "Worker exited prematurely" not in logged(worker)
    print("\nError in a template: 5 failed by its name and line, 5 others ready by the same worker")


def test_a_process_killed_by_the_hard_time_limit_is_told_of_too(
    county: County, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its document is queued again at once, and made where the limit leaves time for it."""
    worker = start_worker("worker", concurrency=1, beat=False)
    first = request_sample(county, sample("Ensin"))
    until(lambda: states([first]) == {State.READY}, 60, "the process has found its pace", worker)
    with monkeypatch.context() as patch:
        # The limits travel with the message; the next one has the usual limits.
        limited = partial(render_document.apply_async, soft_time_limit=4, time_limit=6)
        patch.setattr(render_document, "apply_async", limited)
        document = request_sample(county, sample("Pitkä", rows=1500))
    until(lambda: at_step(document, "laying-out"), 60, "it is being laid out", worker)
    (process,) = psutil.Process(worker.pid).children()
    process.suspend()  # as if stuck inside a library, where the soft limit does not reach
    until(lambda: states([document]) == {State.READY}, 90, "it is ready at the second attempt", worker)
    assert "Hard time limit (6" in logged(worker)
    events = Event.objects.filter(subject_id=document.pk, subject="municipalities.document").order_by("pk")
    verbs = ["requested", "started", "crashed", "requeued", "started", "ready"]
    assert list(events.values_list("verb", flat=True)) == verbs
    assert_ready_once([document])
