"""Real workers for the tests of documents."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django_scopes import scope
from pytest_django import Settings

from hyte.processes import Child
from municipalities.documents import kinds
from municipalities.models import County
from tests.municipalities.sample import BROKEN, KIND, TEMPLATES
from tests.municipalities.workers import ROOT, StartWorker, empty_redis, environment, logged, until


@pytest.fixture
def sample_kind(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Know the sample kinds, and keep the documents of each test apart."""
    first, *rest = settings.TEMPLATES
    settings.TEMPLATES = [{**first, "DIRS": [*first["DIRS"], TEMPLATES]}, *rest]
    settings.DOCUMENTS_ROOT = tmp_path / "documents"
    for kind in (KIND, BROKEN):
        monkeypatch.setitem(kinds._kinds, kind.name, kind)


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

        def start_one(name: str, *, concurrency: int = 2, beat: bool = True) -> Child:
            command = [sys.executable, "-m", "celery", "-A", "hyte", "worker", "-n", f"{name}@tests", "-l", "INFO"]
            with_beat = ["-B", "-s", str(tmp_path / f"{name}.beat")] if beat else []
            child = Child(
                name,
                [*command, *with_beat, f"--concurrency={concurrency}"],
                log=tmp_path / f"{name}.log",
                environment=environment(settings.DOCUMENTS_ROOT, scratch=tmp_path / "scratch"),
                directory=ROOT,
                endings=((signal.SIGTERM, 30),),
            )
            stack.callback(child.stop)
            until(lambda: "ready." in logged(child), 60, f"{name} is ready to work", child)
            return child

        yield start_one
