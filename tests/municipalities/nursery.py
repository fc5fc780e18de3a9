"""Starts Celery workers in no time, for a test that kills many: each is a copy of one process that has imported all.

    python -m tests.municipalities.nursery FOLDER

Writes the number of a new worker's process group for each line it reads; what the workers say goes to FOLDER. The
workers are Celery's own, with a process group, a pool and connections of their own. They end when the input does.
"""

import contextlib
import os
import signal
import sys
from pathlib import Path

import django

from tests.municipalities.quick_settings import TIMES


def main(folder: Path) -> None:
    """Start a worker for each line of the input, until it ends."""
    django.setup()
    from hyte.celery import app

    app.loader.import_default_modules()
    from municipalities.documents import lifecycle

    for name, value in TIMES.items():
        setattr(lifecycle, name, value)
    from municipalities.documents import rendering  # noqa: F401 - takes a second, once

    begun: list[int] = []
    for number, _line in enumerate(sys.stdin):
        pid = os.fork()
        if pid == 0:
            os.setsid()
            log = os.open(folder / f"worker-{number}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            for stream in (1, 2):
                os.dup2(log, stream)
            app.worker_main(
                ["worker", "-n", f"w{number}@tests", "-l", "INFO", "-c", "2", "--without-gossip", "--without-mingle"]
            )
            os._exit(0)
        begun.append(pid)
        print(pid, flush=True)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
    for pid in begun:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
