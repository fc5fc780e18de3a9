"""Databases that are made once and copied: one migrated, and one with the demo. To copy takes a fraction of making.

The first that asks makes one, under a lock of the server; the others wait for it. A migrated one stays for later
runs, for as long as no migration has changed; the demo is loaded anew by each run, as it is made by all of the code.

    python -m tests.databases migrate|demo    fills the database of DATABASE_URL
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
MIGRATED, DEMO = "hyte_migrated_", "hyte_demo_"
# One of this run: all its processes know it.
RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid4().hex
LOCK = int.from_bytes(b"hyte")
# Passwords hashed in no time.
HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@cache
def migrated() -> str:
    """Return the name of a migrated database, to be copied; nobody may connect to it."""
    return _made(f"{MIGRATED}{_fingerprint()}", MIGRATED, "template1", "migrate")


@cache
def demo() -> str:
    """Return the name of a database with the reference data and the demo, to be copied."""
    return _made(f"{DEMO}{RUN}", DEMO, migrated(), "demo")


def create(name: str, *, template: str = "template1") -> None:
    """Make a database, in place of one that an earlier run has left."""
    drop(name)
    _ask("CREATE DATABASE {} TEMPLATE {}", name, template)


def drop(name: str) -> None:
    """Drop a database if it is there, whoever is connected to it."""
    _ask("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


@contextmanager
def connected_to(name: str) -> Iterator[None]:
    """Work in another database for the block; the other tests keep theirs."""
    from django.db import connection

    connection.close()
    # The threads of a server, which live as long as a browser likes, must not keep it open.
    with (
        patch.dict(connection.settings_dict, {"NAME": name, "CONN_MAX_AGE": 0}),
        # No worker takes part: the documents stay as they are put here.
        patch("municipalities.documents.lifecycle.send", return_value=True),
    ):
        try:
            yield
        finally:
            connection.close()


@contextmanager
def copy(name: str, *, template: str = "template1") -> Iterator[str]:
    """Make a database of this process for the block; yield its name."""
    made = f"{name}{os.environ.get('PYTEST_XDIST_WORKER', '')}"
    create(made, template=template)
    try:
        yield made
    finally:
        drop(made)


def address(name: str) -> str:
    """Return the address of a database on the tests' server."""
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def _ask(query: str, *names: str) -> None:
    with _server() as server:
        server.execute(sql.SQL(query).format(*map(sql.Identifier, names)))


def _server() -> psycopg.Connection:
    # Beside DATABASE_URL, which may be of the very database that is dropped.
    return psycopg.connect(address("postgres"), autocommit=True)


def use_long_ids() -> None:
    """Let ids begin where they have five digits, as in years of use: a page that writes one as 12 345 is found out."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(oid::regclass, 12344) FROM pg_class WHERE relkind = 'S'")


def _made(name: str, kind: str, template: str, filling: str) -> str:
    """Make a database of this kind unless it is there, and drop the others of the kind; return its name."""
    with _server() as server:
        server.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        rows = server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [kind])
        found = [old for (old,) in rows]
        if name not in found:
            for old in found:
                drop(old)
            # Given its name when it is whole: what a run has broken off is found by nobody.
            unfinished = f"{kind}unfinished"
            create(unfinished, template=template)
            _fill(unfinished, filling)
            server.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(unfinished), sql.Identifier(name))
            )
    return name


def _fill(name: str, filling: str) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": address(name),
        "DJANGO_SETTINGS_MODULE": "hyte.settings",
        "SITE_URL": "http://testserver",
    }
    command = [sys.executable, "-m", "tests.databases", filling]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{filling} failed:\n{done.stdout}{done.stderr}")


def _fingerprint() -> str:
    """Return a fingerprint of all that migrating depends on."""
    files = sorted([*ROOT.glob("*/migrations/*.py"), ROOT / "uv.lock", ROOT / "hyte" / "settings.py"])
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(ROOT)} {path.stat().st_size}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def main(filling: str) -> None:
    """Fill the database of DATABASE_URL."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.test import override_settings

    fillings: dict[str, tuple[Callable[[], object], ...]] = {
        "migrate": (lambda: call_command("migrate", verbosity=0),),
        "demo": (
            use_long_ids,
            lambda: call_command("load_reference", verbosity=0),
            lambda: call_command("load_demo", verbosity=0),
        ),
    }
    with (
        override_settings(PASSWORD_HASHERS=HASHERS),
        # No worker takes part: the documents stay as they are put here.
        patch("municipalities.documents.lifecycle.send", return_value=True),
    ):
        for fill in fillings[filling]:
            fill()


if __name__ == "__main__":
    main(*sys.argv[1:])
