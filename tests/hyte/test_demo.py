"""The demo's supervisor: restarts what dies, leaves no process behind, and says what is wrong in one line."""

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from hyte import demo
from hyte.demo import Failed, Supervisor
from hyte.embedded import free_port
from tests.hyte.processes import gone, wait_until

SLEEPER = ["sh", "-c", "sleep 61 & sleep 62"]


def below(pid: int) -> list[int]:
    """Return the numbers of all processes below one."""
    return [process.pid for process in psutil.Process(pid).children(recursive=True)]


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    """A supervisor without servers."""
    with Supervisor(None, tmp_path, dict(os.environ)) as supervisor:
        yield supervisor


class TestSupervisor:
    def test_starts_again_what_was_killed(self, supervisor: Supervisor, capsys: pytest.CaptureFixture[str]) -> None:
        program = supervisor.keep("worker", SLEEPER)
        first = program.child.pid
        wait_until(lambda: len(below(first)) == 2)
        left_behind = below(first)

        os.kill(first, signal.SIGKILL)
        wait_until(lambda: not program.child.alive)
        supervisor.tend()

        assert program.child.pid != first
        assert program.child.alive
        wait_until(lambda: all(gone(pid) for pid in left_behind))
        assert "The worker ended (killed by SIGKILL); it starts again now, see " in capsys.readouterr().out

    def test_waits_longer_the_oftener_it_ends(self, supervisor: Supervisor) -> None:
        program = supervisor.keep("worker", ["false"])
        waits = []
        for _round in range(8):
            wait_until(lambda: not program.child.alive)
            before = time.monotonic()
            supervisor.tend()
            waits.append(round((program.due or before) - before))
            if program.due is not None:
                program.due = before
                supervisor.tend()
        assert waits == [0, 4, 8, 16, 30, 30, 30, 30]

    def test_ends_all_programs_with_all_they_started(self, tmp_path: Path) -> None:
        with Supervisor(None, tmp_path, dict(os.environ)) as supervisor:
            programs = [supervisor.keep(name, SLEEPER) for name in ("worker", "web server")]
            wait_until(lambda: all(len(below(program.child.pid)) == 2 for program in programs))
            pids = [pid for program in programs for pid in (program.child.pid, *below(program.child.pid))]
        wait_until(lambda: all(gone(pid) for pid in pids))

    def test_a_failing_command_gives_its_last_words_as_the_reason(self, supervisor: Supervisor) -> None:
        with pytest.raises(Failed, match=r"(?s)nonsense failed \(exit code 1\).*Unknown command: 'nonsense'"):
            supervisor.complete(supervisor.begin("nonsense"))


def test_a_taken_port_is_told_before_anything_is_started(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert demo.main(["--port", str(port), "--root", str(tmp_path / "root")]) == 1
    told = capsys.readouterr().err
    assert re.fullmatch(rf"Port {port} cannot be used \(.*Address already in use\); .*\n", told)
    assert not (tmp_path / "root").exists()


Start = Callable[[], tuple["subprocess.Popen[str]", int]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the demo as a person does; return it and its port."""
    started: list[subprocess.Popen[str]] = []
    with (tmp_path / "output").open("w") as output:

        def begin() -> tuple["subprocess.Popen[str]", int]:
            port = free_port()
            command = [sys.executable, "manage.py", "demo", "--root", str(tmp_path / "var"), "--port", str(port)]
            started.append(
                subprocess.Popen(command, cwd=demo.BASE_DIR, stdout=output, stderr=subprocess.STDOUT, text=True)
            )
            return started[-1], port

        yield begin
    for process in started:
        process.kill()
        process.wait()


def test_a_second_demo_in_the_same_place_says_so(tmp_path: Path, start: Start) -> None:
    first, _port = start()
    wait_until(lambda: (tmp_path / "var" / "demo.env").exists())
    second, _port = start()
    assert second.wait(20) == 1
    assert f"{tmp_path / 'var'} is in use by process {first.pid}" in (tmp_path / "output").read_text()


def test_ctrl_c_in_the_middle_of_the_start_leaves_no_process(tmp_path: Path, start: Start) -> None:
    process, _port = start()
    wait_until(lambda: (tmp_path / "var" / "log" / "migrate.log").exists(), 60)  # a management command is running
    pids = below(process.pid)
    assert len(pids) > 3

    process.send_signal(signal.SIGINT)

    assert process.wait(30) == 130
    assert all(gone(pid) for pid in pids)
    assert not (tmp_path / "var" / "demo.env").exists()


def test_the_running_demo_gets_over_a_killed_worker_and_ends_whole(tmp_path: Path, start: Start) -> None:
    process, port = start()
    wait_until(lambda: demo.ask(port) == "200", 180)
    # Its documents have been made.
    wait_until(lambda: "All was up in" in (tmp_path / "output").read_text(), 120)

    def workers() -> list[int]:
        found = []
        for child in psutil.Process(process.pid).children():
            # One that has just died has no command line any more, or is not there at all.
            with contextlib.suppress(psutil.NoSuchProcess):
                if "celery" in child.cmdline():
                    found.append(child.pid)
        return found

    (first,) = workers()
    pool = below(first)
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: bool(workers()) and workers() != [first], 30)
    wait_until(lambda: all(gone(pid) for pid in pool))

    # Its environment is there for other commands, and for us only.
    told = tmp_path / "var" / "demo.env"
    assert {line.partition("=")[0] for line in told.read_text().splitlines()} >= {"DATABASE_URL", "REDIS_URL"}
    assert told.stat().st_mode & 0o077 == 0

    pids = below(process.pid)
    process.send_signal(signal.SIGTERM)

    assert process.wait(30) == 130
    assert all(gone(pid) for pid in pids)
    assert not told.exists()
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection("127.0.0.1", port).connect()
