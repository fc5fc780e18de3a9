"""What a first start waits for: the imports of the web server, and the static files."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

from hyte.demo import static_inputs
from tests.bench.figures import Figure, Section, median, timed


def measure(*, repetitions: int, scratch: Path) -> Section:
    """Start Python alone and the site by turns; collect the static files into an empty folder."""
    bare, site = [], []
    for _ in range(repetitions):
        bare.append(timed(lambda: _python("import django.core.handlers.wsgi")))
        site.append(timed(lambda: _python("import hyte.wsgi")))
    folder = scratch / "static-of-start"
    before = _worked()
    collected = timed(lambda: collect(folder))
    worked = _worked() - before
    files = sum(1 for path in folder.rglob("*") if path.is_file())
    shutil.rmtree(folder)
    return Section(
        "start",
        "A first start",
        [
            Figure("the web server's imports", median(site), "s", of=f"Django alone {median(bare):.2f} s"),
            Figure("collecting the static files", collected, "s", of=f"{files} files, {worked:.1f} s of the processor"),
        ],
    )


def _worked() -> float:
    """Return for how many seconds the programs started here have kept a processor busy."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ)


def collect(folder: Path) -> None:
    """Collect the static files as a deployment does."""
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"],
        check=True,
        env={**os.environ, "STATIC_ROOT": str(folder)},
    )


def collect_once(folder: Path) -> None:
    """Collect the static files where that has not been done since one of them changed."""
    stamp, inputs = folder.with_suffix(".stamp"), static_inputs()
    if not stamp.exists() or stamp.read_text() != inputs or not folder.exists():
        collect(folder)
        stamp.write_text(inputs)
