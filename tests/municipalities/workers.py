"""Looking after real workers: what they are told, what they say, and what has become of their documents."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pikepdf
import pytest
import redis
from django.db import connection

from hyte.processes import Child
from municipalities.documents import path_of
from municipalities.models import Document, Event

State = Document.State
ROOT = Path(__file__).resolve().parents[2]

StartWorker = Callable[..., Child]


def environment(documents: Path, *, scratch: Path) -> dict[str, str]:
    """Return the environment of a worker: the tests' servers and database, and the sample kinds of documents."""
    scratch.mkdir(exist_ok=True)
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.municipalities.worker_settings",
        "DATABASE_URL": re.sub(r"/[^/?]+\?", f"/{connection.settings_dict['NAME']}?", os.environ["DATABASE_URL"]),
        "DOCUMENTS_ROOT": str(documents),
        "TMPDIR": str(scratch),
    }


class Nursery:
    """Starts workers, each in a process group of its own (tests.municipalities.nursery), beside a beat that stays."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        folder.mkdir()
        command = [sys.executable, "-m", "tests.municipalities.nursery", str(folder)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT
        )
        schedule = [sys.executable, "-m", "celery", "-A", "hyte", "beat", "-s", str(folder / "beat")]
        self._beat = Child("beat", schedule, log=folder / "beat.log", environment=environment, directory=ROOT)

    def start(self) -> int:
        """Start a worker; return its process group."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End all workers, and the beat."""
        self._beat.stop()
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


def empty_redis() -> None:
    """Empty Redis as an administrator would by mistake."""
    with redis.from_url(os.environ["REDIS_URL"]) as client:
        client.flushdb()


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
