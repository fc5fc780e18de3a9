"""The supervisor behind `manage.py demo`: the whole house on one machine, from the servers to the last PDF.

Runs before Django is set up, since the settings refuse to do without the servers that are started here.
"""

import argparse
import contextlib
import hashlib
import http.client
import os
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hyte.embedded import CannotStart, Services, local_settings, services
from hyte.processes import Child, no_process_left, undisturbed

BASE_DIR = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
SITE_PATIENCE = 60
DOCUMENTS_PATIENCE = 600
LONGEST_BACK_OFF = 30.0


class Failed(RuntimeError):
    """The demo cannot go on; the message says why, for the person at the terminal."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo until it is interrupted, or with --once until its documents are ready; return the exit code."""
    parser = argparse.ArgumentParser(prog="manage.py demo", description="Run the whole system on this machine.")
    parser.add_argument("--once", action="store_true", help="end when the PDFs are ready")
    parser.add_argument("--port", type=int, default=8000, help="the port of the site (%(default)s)")
    parser.add_argument("--root", type=Path, default=BASE_DIR / "var", help="where all data is kept (%(default)s)")
    options = parser.parse_args(arguments)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    try:
        run(options.root.resolve(), options.port, once=options.once)
    except (Failed, CannotStart) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        # What a shell expects of a program that was told to end, and did so in order.
        print("\nEnded.")
        return 130
    return 0


def run(root: Path, port: int, *, once: bool) -> None:
    """Start everything, see the documents through, and keep it running unless `once`."""
    began = time.monotonic()
    refuse_taken(port)
    with contextlib.ExitStack() as stack:
        stack.enter_context(no_process_left())
        with step("PostgreSQL and Redis"):
            running = stack.enter_context(services(root))
        settings = local_settings(root, site_url=f"http://127.0.0.1:{port}")
        settings = {"DEBUG": os.environ.get("DEBUG", "false"), **settings, **running.environment}
        environment = {**os.environ, **settings, "PYTHONUNBUFFERED": "1"}
        stack.enter_context(told_to_other_commands(root / "demo.env", settings))
        supervisor = stack.enter_context(Supervisor(running, root / "log", environment))
        prepare(root, supervisor)
        with step("web server and worker"):
            supervisor.keep("worker", worker_command(root))
            supervisor.keep("web server", web_command(port))
            wait_for_site(port, supervisor)
        try:
            with step("documents"):
                ready = supervisor.begin("demo_ready", "--timeout", str(DOCUMENTS_PATIENCE), shown=True)
                supervisor.complete(ready)
        except Failed as error:
            if once:
                raise
            print(error, file=sys.stderr)  # a document failed, but the site can be looked at
        print(f"All was up in {time.monotonic() - began:.0f} s. Logs: {root / 'log'}")
        if not once:
            print(f"The site is http://127.0.0.1:{port}/ until Ctrl-C ends it.")
            supervisor.watch()


def refuse_taken(port: int) -> None:
    """Refuse a port that somebody listens on, before anything is started."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port we closed a moment ago is free
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise Failed(f"Port {port} cannot be used ({error}); choose another with --port.") from None


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """Tell how long a step took."""
    began = time.monotonic()
    yield
    print(f"{name:24}{time.monotonic() - began:6.1f} s")


@contextlib.contextmanager
def told_to_other_commands(path: Path, settings: dict[str, str]) -> Iterator[None]:
    """Keep the settings in a file while the demo runs, so that other management commands reach its servers."""
    path.unlink(missing_ok=True)
    with open(path, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.writelines(f"{name}={value}\n" for name, value in settings.items())
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def prepare(root: Path, supervisor: "Supervisor") -> None:
    """Bring the database, its data and the static files up to date; all of it can be repeated."""
    stamp = root / "static.stamp"
    inputs = static_inputs()
    static = None
    if not stamp.exists() or stamp.read_text() != inputs:
        # Takes the longest and needs nothing of the others.
        static = supervisor.begin("collectstatic", "--no-input", "--clear", "--verbosity", "0")
    for name, command in (
        ("database", ["migrate", "--no-input"]),
        ("reference data", ["load_reference"]),
        ("demo data", ["load_demo"]),
    ):
        with step(name):
            supervisor.complete(supervisor.begin(*command, "--verbosity", "0"))
    if static:
        with step("static files, remaining"):
            supervisor.complete(static)
        stamp.write_text(inputs)


def static_inputs() -> str:
    """Return a fingerprint of what collectstatic collects: ours, npm's and those of the installed apps."""
    files = [path for path in (BASE_DIR / "static").rglob("*") if path.is_file()]
    files += [BASE_DIR / name for name in ("uv.lock", "package-lock.json", "hyte/settings.py")]
    facts = "\n".join(f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in sorted(files))
    return hashlib.sha256(facts.encode()).hexdigest()


def worker_command(root: Path) -> list[str]:
    """Return the command of the Celery worker; beat runs inside it."""
    return [
        *[PYTHON, "-m", "celery", "-A", "hyte", "worker", "--beat", "--schedule", str(root / "beat-schedule")],
        *["--concurrency", "2", "--loglevel", "INFO", "--without-gossip", "--without-mingle"],
    ]


def web_command(port: int) -> list[str]:
    """Return the command of the web server."""
    return [
        *[PYTHON, "-m", "gunicorn", "hyte.wsgi:application", "--bind", f"127.0.0.1:{port}", "--no-control-socket"],
        *["--workers", "2", "--threads", "4", "--graceful-timeout", "3", "--access-logfile", "-"],
    ]


@dataclass
class Program:
    """A program that is started again when it ends."""

    name: str
    command: list[str]
    child: Child
    failures: int = 0
    due: float | None = None  # when the next start is, while it is not running


class Supervisor:
    """Runs programs beside the servers: some to keep, some to complete; ends them all when its block ends."""

    def __init__(self, running: Services | None, logs: Path, environment: dict[str, str]) -> None:
        self._running = running
        self._logs = logs
        self._environment = environment
        self._kept: list[Program] = []
        self._begun: list[Child] = []

    def __enter__(self) -> "Supervisor":
        return self

    def __exit__(self, *error: object) -> None:
        with undisturbed():
            children = [*self._begun, *(program.child for program in self._kept)]
            for child in children:
                child.signal_end()
            for child in children:
                child.stop()

    def keep(self, name: str, command: list[str]) -> Program:
        """Start a program and keep it running."""
        program = Program(name, command, self._child(name, command))
        self._kept.append(program)
        return program

    def begin(self, *words: str, shown: bool = False) -> Child:
        """Start a management command, its output going to a log unless `shown`."""
        # Checks are for who changes the settings or the code: here they would cost each command half its time.
        child = self._child(words[0], [PYTHON, "manage.py", *words, "--skip-checks"], shown=shown)
        self._begun.append(child)
        return child

    def complete(self, child: Child) -> None:
        """Wait until the command has ended; raise Failed if it failed."""
        while child.alive:
            self.tend()
            time.sleep(0.02)
        child.stop()
        self._begun.remove(child)
        if child.exit_code:
            raise Failed(f"manage.py {child.name} failed ({child.ending()}).\n{child.last_words() or self.explain()}")

    def tend(self) -> None:
        """Start what has ended: at once, then the quicker it ends the later. Raise Failed if a server has ended."""
        trouble = self._running and self._running.trouble()
        if trouble:
            raise Failed(trouble)
        now = time.monotonic()
        for program in self._kept:
            if program.due is None and not program.child.alive:
                program.failures = 0 if now - program.child.started > 60 else program.failures + 1
                wait = 0.0 if program.failures < 2 else min(2.0**program.failures, LONGEST_BACK_OFF)
                program.due = now + wait
                print(
                    f"The {program.name} ended ({program.child.ending()}); "
                    f"it starts again {f'in {wait:.0f} s' if wait else 'now'}, see {program.child.log}."
                )
                program.child.stop()
            if program.due is not None and now >= program.due:
                program.child = self._child(program.name, program.command)
                program.due = None

    def watch(self) -> None:
        """Tend until interrupted."""
        while True:
            self.tend()
            time.sleep(0.25)

    def explain(self) -> str:
        """Tell what the kept programs said last."""
        return "\n".join(f"--- {program.child.log}\n{program.child.last_words()}" for program in self._kept)

    def _child(self, name: str, command: list[str], *, shown: bool = False) -> Child:
        log = None if shown else self._logs / f"{name.replace(' ', '-')}.log"
        return Child(name, command, log=log, environment=self._environment, directory=BASE_DIR)


def wait_for_site(port: int, supervisor: Supervisor) -> None:
    """Wait until the site says that it is well."""
    deadline = time.monotonic() + SITE_PATIENCE
    while (answer := ask(port)) != "200":
        supervisor.tend()
        if time.monotonic() > deadline:
            raise Failed(f"The site did not come up in {SITE_PATIENCE} s ({answer}).\n{supervisor.explain()}")
        time.sleep(0.1)


def ask(port: int) -> str:
    """Return the status of the site's health page, or why there was none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/healthz/")
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
