"""The servers start, keep their data, and end with their holder, however that one ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from hyte import embedded
from hyte.embedded import CannotStart, InUse, services
from tests.hyte.processes import gone, wait_until

HOLDER = """
import signal, sys, time
from pathlib import Path
# As in a terminal, whatever started the tests.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from hyte.embedded import services
with services(Path(sys.argv[1])) as running:
    print(*(child.pid for child in running.children), flush=True)
    time.sleep(60)
"""

Holder = Callable[[], tuple["subprocess.Popen[str]", list[int]]]


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[Holder]:
    """Start another process that holds servers; return it and the servers' numbers."""
    started: list[subprocess.Popen[str]] = []

    def start() -> tuple["subprocess.Popen[str]", list[int]]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=Path(embedded.__file__).parent.parent,
        )
        started.append(process)
        assert process.stdout is not None
        return process, [int(word) for word in process.stdout.readline().split()]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_both_servers_answer_and_end_with_the_block(tmp_path: Path) -> None:
    with services(tmp_path, fast=True) as running:
        pids = [child.pid for child in running.children]
        with psycopg.connect(running.environment["DATABASE_URL"]) as connection:
            row = connection.execute(
                "SELECT version(), datcollate, datlocprovider::text, pg_encoding_to_char(encoding)"
                " FROM pg_database WHERE datname = current_database()"
            ).fetchone()
        assert row is not None
        assert row[0].startswith("PostgreSQL 18")
        assert row[1:] == ("C.UTF-8", "c", "UTF8")
        url = running.environment["REDIS_URL"]
        assert redis.Redis.from_url(url).ping()
        with pytest.raises(redis.AuthenticationError):
            redis.Redis.from_url("redis://" + url.partition("@")[2]).ping()
        assert running.trouble() is None

    assert all(gone(pid) for pid in pids)


def test_a_second_start_keeps_the_data(tmp_path: Path) -> None:
    with services(tmp_path) as running, psycopg.connect(running.environment["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        redis.Redis.from_url(running.environment["REDIS_URL"]).set("kept", "word")

    with services(tmp_path) as running, psycopg.connect(running.environment["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        assert redis.Redis.from_url(running.environment["REDIS_URL"]).get("kept") == b"word"


def test_a_second_holder_needs_a_root_of_its_own(tmp_path: Path) -> None:
    with services(tmp_path / "one", fast=True) as first:
        with pytest.raises(InUse, match=rf"one is in use by process {os.getpid()}"), services(tmp_path / "one"):
            pass
        with services(tmp_path / "two", fast=True) as second:
            assert second.environment != first.environment
        assert first.trouble() is None


def test_an_exception_ends_the_servers(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), services(tmp_path, fast=True) as running:
        raise ZeroDivisionError
    assert all(gone(child.pid) for child in running.children)


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_to_the_holder_ends_the_servers(holder: Holder, kind: signal.Signals) -> None:
    process, pids = holder()
    assert len(pids) == 2

    process.send_signal(kind)
    process.wait(10)

    wait_until(lambda: all(gone(pid) for pid in pids))


def test_what_a_holder_killed_hard_leaves_is_no_obstacle(tmp_path: Path, holder: Holder) -> None:
    process, pids = holder()
    # Everything dies at once, and nothing is put in order: as when the machine loses power.
    for pid in [process.pid, *pids]:
        os.kill(pid, signal.SIGKILL)
    process.wait(10)
    leftover = tmp_path / "postgres" / "postmaster.pid"
    # After a restart of the machine the number belongs to another program.
    leftover.write_text(leftover.read_text().replace(str(pids[0]), str(os.getppid()), 1))

    with services(tmp_path) as running, psycopg.connect(running.environment["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_server_that_is_still_running_is_ended_first(tmp_path: Path, holder: Holder) -> None:
    process, pids = holder()
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)  # cannot follow the kernel's signal when the holder dies
    process.kill()
    process.wait(10)
    assert not any(gone(pid) for pid in pids)
    for pid in pids:
        os.kill(pid, signal.SIGCONT)

    with services(tmp_path) as running:
        assert running.trouble() is None
        assert all(gone(pid) for pid in pids)


def test_a_server_that_ends_by_itself_is_told_of(tmp_path: Path) -> None:
    with services(tmp_path, fast=True) as running:
        psutil.Process(running.children[1].pid).kill()
        wait_until(lambda: not running.children[1].alive)
        assert str(running.trouble()).startswith("Redis ended by itself (killed by SIGKILL), see ")


def test_a_deep_folder_is_no_obstacle(tmp_path: Path) -> None:
    """A Unix socket's address has room for some hundred characters only."""
    with services(tmp_path / ("deep" * 25), fast=True) as running:
        psycopg.connect(running.environment["DATABASE_URL"]).close()
        folder = Path(running.environment["DATABASE_URL"].partition("host=")[2].replace("%2F", "/"))
        assert folder.is_dir()
    assert not folder.exists()


def test_a_missing_redis_server_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotStart, match="Debian's package redis-server"), services(tmp_path):
        pass


def test_the_command_line_passes_settings_and_exit_code_on(tmp_path: Path) -> None:
    beside = [sys.executable, "-m", "hyte.embedded", "--root", str(tmp_path), "--fast", "--"]
    done = subprocess.run(
        [*beside, "sh", "-c", 'echo "$DATABASE_URL $REDIS_URL $SITE_URL"; exit 3'],
        env={key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "REDIS_URL", "SITE_URL"}},
        cwd=Path(embedded.__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 3
    words = done.stdout.split()
    assert [word.partition(":")[0] for word in words] == ["postgresql", "redis", "http"]


def test_the_secret_key_is_made_once_and_for_our_eyes_only(tmp_path: Path) -> None:
    first = embedded.local_settings(tmp_path, site_url="http://127.0.0.1:8000")
    assert first == embedded.local_settings(tmp_path, site_url="http://127.0.0.1:8000")
    assert len(first["SECRET_KEY"]) >= 50
    assert (tmp_path / "secret-key").stat().st_mode & 0o077 == 0
