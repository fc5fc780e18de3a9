"""Backup and restore: all rows of the database and all finished documents, in one folder, with the proof of each.

    manifest.json         what there is: rows and SHA-256 of every table, SHA-256 of every document, and the migrations
    manifest.sha256       its own
    tables/NAME.copy.gz   the rows of a table, in PostgreSQL's text form, in the order of the primary key
    documents/…           the files, under the paths they have in DOCUMENTS_ROOT

The rows are written by PostgreSQL's own COPY, all from one moment, and the schema is not written at all: on restoring,
our migrations make it, up to those that the backup names. So one way serves the tests, the container and a server of
somebody else's. pg_dump would have to be of the server's version or newer, which the image's Debian does not have, and
its file could not be compared table by table.

Redis is left out: what is queued there, the reaper finds in the database and queues again. So is SECRET_KEY, with
which the secrets of two-step sign-in are encrypted: keep it, with the rest of .env, apart from the backups.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_scopes import scopes_disabled
from psycopg import sql

from municipalities.documents import path_of
from municipalities.models import Document

FORMAT = 1
MANIFEST, SEAL = "manifest.json", "manifest.sha256"
TABLES, DOCUMENTS = "tables", "documents"
CHUNK = 1 << 20
NAMED = 5  # of many, as many are named

# The same value is the same text, whatever the server's and the account's settings are.
PLAINLY = """
SET LOCAL datestyle TO 'ISO, YMD'; SET LOCAL intervalstyle TO 'postgres'; SET LOCAL timezone TO 'UTC';
SET LOCAL extra_float_digits TO 1; SET LOCAL bytea_output TO 'hex'; SET LOCAL client_encoding TO 'UTF8';
"""
COLUMNS = """
SELECT c.relname, a.attname, a.attcollation <> 0, coalesce(a.attnum = ANY (i.indkey), false)
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid
LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
ORDER BY c.relname COLLATE "C", a.attnum
"""
SEQUENCES = """
SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = current_schema() ORDER BY sequencename COLLATE "C"
"""


class Refused(Exception):
    """Nothing was done; the message says why, for the administrator at the terminal."""


@dataclass(frozen=True)
class Rows:
    """What a table holds: how many rows, and the SHA-256 of their text in the order of the primary key."""

    columns: list[str]
    rows: int
    sha256: str


@dataclass(frozen=True)
class File:
    """What a document's file holds."""

    size: int
    sha256: str


@dataclass
class Manifest:
    """What is in a backup."""

    made_at: str = ""
    # A mark of SECRET_KEY, from which it cannot be had.
    secret_key: str = ""
    migrations: list[list[str]] = field(default_factory=list)
    tables: dict[str, Rows] = field(default_factory=dict)
    # The last number that each has given; none if it has given none.
    sequences: dict[str, int | None] = field(default_factory=dict)
    documents: dict[str, File] = field(default_factory=dict)
    # Documents that are ready, by their rows, and whose files were not there or not what the rows say.
    lost: list[str] = field(default_factory=list)
    format: int = FORMAT

    @property
    def row_count(self) -> int:
        """How many rows there are in all tables."""
        return sum(table.rows for table in self.tables.values())


@dataclass(frozen=True)
class Table:
    """A table of the database as it is now. Generated columns are left out: the database makes them."""

    name: str
    columns: list[str]
    # With what orders by them alike in every locale.
    key: list[sql.Composed]


def back_up(folder: Path) -> Manifest:
    """Write a backup into a folder, which appears whole or not at all. Raises Refused when there is one already."""
    if folder.exists():
        raise Refused(f"{folder} is there already: each backup needs a folder of its own.")
    unfinished = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    # For its owner only: people's names, and the secrets of sign-in.
    (unfinished / TABLES).mkdir(mode=0o700, parents=True)
    unfinished.chmod(0o700)
    manifest = Manifest(made_at=timezone.now().isoformat(timespec="seconds"), secret_key=_mark_of_key())
    with transaction.atomic():
        with connection.cursor() as cursor:
            # One moment for all tables, and for the documents; nobody has to wait meanwhile.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute(PLAINLY)
            for table in _tables(cursor):
                with gzip.open(unfinished / TABLES / f"{table.name}.copy.gz", "wb", compresslevel=4) as file:
                    manifest.tables[table.name] = _read(cursor, table, into=file)
            cursor.execute(SEQUENCES)
            manifest.sequences = dict(cursor.fetchall())
            cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
            manifest.migrations = [list(row) for row in cursor.fetchall()]
        _copy_documents(manifest, unfinished / DOCUMENTS)
    content = json.dumps(asdict(manifest), indent=1, ensure_ascii=False).encode()
    (unfinished / MANIFEST).write_bytes(content)
    (unfinished / SEAL).write_text(f"{hashlib.sha256(content).hexdigest()}  {MANIFEST}\n")
    os.sync()
    unfinished.rename(folder)
    return manifest


def restore(folder: Path) -> Manifest:
    """Bring a backup into an empty database, and its documents into their folder; all of it or nothing.

    Raises Refused when the backup is damaged, when it is of a newer version, or when the database is not empty.
    """
    manifest = read_manifest(folder)
    if damaged := list(_damaged(folder, manifest)):
        raise Refused(f"The backup is damaged: {_some(damaged)}. Take another one.")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(PLAINLY)
            if tables := [table.name for table in _tables(cursor)]:
                raise Refused(
                    f"The database {connection.settings_dict['NAME']} is not empty: it has the tables {_some(tables)}. "
                    "A backup is restored into an empty one only: nothing can be overwritten by mistake. Make a new "
                    "database, or drop and create this one, and do not migrate it before."
                )
            _make_schema(manifest)
            tables_now = _tables(cursor)
            if {table.name: table.columns for table in tables_now} != {
                name: table.columns for name, table in manifest.tables.items()
            }:
                raise Refused(
                    "The migrations make other tables than the backup has. Restore with the version it is of."
                )
            _fill(cursor, folder, manifest, tables_now)
            unlike = [table.name for table in tables_now if _read(cursor, table) != manifest.tables[table.name]]
            if unlike:
                raise Refused(f"These tables would not be what they were: {_some(unlike)}. Nothing was restored.")
        for path, file in manifest.documents.items():
            _bring_document(folder / DOCUMENTS / path, settings.DOCUMENTS_ROOT / path, file)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # or the first days would be slow
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Return what a backup says it holds. Raises Refused unless it is a whole one that this version can read."""
    try:
        content = (folder / MANIFEST).read_bytes()
        seal = (folder / SEAL).read_text()
    except OSError as error:
        raise Refused(f"{folder} holds no backup: {error.strerror}: {error.filename}.") from None
    if seal.split()[:1] != [hashlib.sha256(content).hexdigest()]:
        raise Refused(f"The backup is damaged: {MANIFEST} is not what {SEAL} says. Take another one.")
    fields: dict[str, Any] = json.loads(content)
    if fields["format"] != FORMAT:
        raise Refused(f"The backup has the form {fields['format']}; this version reads {FORMAT}.")
    fields["tables"] = {name: Rows(**table) for name, table in fields["tables"].items()}
    fields["documents"] = {path: File(**file) for path, file in fields["documents"].items()}
    return Manifest(**fields)


def has_our_key(manifest: Manifest) -> bool:
    """Return whether the backup was made with the SECRET_KEY of now."""
    return manifest.secret_key == _mark_of_key()


def _mark_of_key() -> str:
    return salted_hmac("hyte.backup", "SECRET_KEY", algorithm="sha256").hexdigest()


def _some(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


# --- Tables -------------------------------------------------------------------------------------------------------


def _tables(cursor: Any) -> list[Table]:
    cursor.execute(COLUMNS)
    tables: dict[str, Table] = {}
    for name, column, is_text, in_key in cursor.fetchall():
        table = tables.setdefault(name, Table(name, [], []))
        table.columns.append(column)
        if in_key:
            order = sql.SQL('{} COLLATE "C"' if is_text else "{}")
            table.key.append(order.format(sql.Identifier(column)))
    return list(tables.values())


def _read(cursor: Any, table: Table, *, into: gzip.GzipFile | None = None) -> Rows:
    """Return what the table holds, writing its rows on the way."""
    query = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT").format(
        sql.SQL(", ").join(map(sql.Identifier, table.columns)),
        sql.Identifier(table.name),
        sql.SQL(", ").join(table.key or [sql.Composed([sql.Identifier(name)]) for name in table.columns]),
    )
    digest, rows = hashlib.sha256(), 0
    with cursor.copy(query) as copy:
        for data in copy:
            digest.update(data)
            rows += bytes(data).count(b"\n")  # one a row: those in a value are written \n
            if into is not None:
                into.write(data)
    return Rows(table.columns, rows, digest.hexdigest())


def _make_schema(manifest: Manifest) -> None:
    """Migrate the empty database to where the backup was. Raises Refused when that is ahead of us."""
    executor = MigrationExecutor(connection)
    recorded = {(app, name) for app, name in manifest.migrations}
    graph = executor.loader.graph
    if unknown := sorted(f"{app}.{name}" for app, name in recorded - graph.nodes.keys()):
        raise Refused(f"The backup is of another version: migrations unknown here are {_some(unknown)}. Install that.")
    # The last of each app: those that no other of the backup's stands on.
    below = {parent.key for node in recorded for parent in graph.node_map[node].parents if parent.key[0] == node[0]}
    executor.migrate(sorted(recorded - below))


def _fill(cursor: Any, folder: Path, manifest: Manifest, tables: list[Table]) -> None:
    """Put the rows into the tables, whatever migrations have put there before, and set the sequences."""
    names = sql.SQL(", ").join(sql.Identifier(table.name) for table in tables)
    cursor.execute(sql.SQL("TRUNCATE {}").format(names))
    # A table may come before one that its rows point at; migrations have left some constraints immediate.
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    for table in tables:
        query = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, table.columns))
        )
        with gzip.open(folder / TABLES / f"{table.name}.copy.gz", "rb") as file, cursor.copy(query) as copy:
            while data := file.read(CHUNK):
                copy.write(data)
    for name, last in manifest.sequences.items():
        if last is not None:
            cursor.execute("SELECT setval(quote_ident(%s)::regclass, %s)", [name, last])
    # What a row points at is there: asked now, so that nothing is left to fail.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


# --- Documents ----------------------------------------------------------------------------------------------------


def _copy_documents(manifest: Manifest, folder: Path) -> None:
    """Copy the files of the documents that are ready; a file never changes, so it needs no moment of its own."""
    folder.mkdir()
    with scopes_disabled():
        ready = Document.objects.filter(state=Document.State.READY).order_by("pk")
        for document in ready.only("county_id", "key", "sha256").iterator():
            source = path_of(document)
            path = str(source.relative_to(settings.DOCUMENTS_ROOT))
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                file = _copy(source, target)
            except FileNotFoundError:
                file = None
            if file is not None and file.sha256 == document.sha256:
                manifest.documents[path] = file
            else:
                target.unlink(missing_ok=True)
                manifest.lost.append(path)


def _bring_document(source: Path, target: Path, file: File) -> None:
    """Put a document's file into its place, whole or not at all, unless it is there already."""
    if target.exists() and _digest(target) == file.sha256:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".part")
    if _copy(source, unfinished) != file:
        unfinished.unlink()
        raise Refused(f"{source} changed while it was read. Nothing was restored.")
    unfinished.replace(target)


def _copy(source: Path, target: Path) -> File:
    """Copy a file; return what was copied. Raises FileNotFoundError."""
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as read, target.open("wb") as written:
        while data := read.read(CHUNK):
            digest.update(data)
            size += len(data)
            written.write(data)
        written.flush()
        os.fsync(written.fileno())
    return File(size, digest.hexdigest())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _damaged(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Yield the files of a backup that are missing or not what its manifest says."""
    for name, table in manifest.tables.items():
        path = f"{TABLES}/{name}.copy.gz"
        try:
            with gzip.open(folder / path, "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except (OSError, EOFError, zlib.error):
            digest = ""
        if digest != table.sha256:
            yield path
    for document, kept in manifest.documents.items():
        path = f"{DOCUMENTS}/{document}"
        if not (folder / path).is_file() or _digest(folder / path) != kept.sha256:
            yield path
