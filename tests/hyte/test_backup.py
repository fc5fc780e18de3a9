"""Backup and restore, by the commands that the README names: the demo into an empty database, and what is refused."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from hyte.backup import Refused, restore
from tests import databases
from tests.hyte.compose import BASE_DIR

# Of each table: how many rows, and a sum of theirs in an order of its own, by another way than the command's.
SUM = "SELECT count(*), coalesce(md5(string_agg(t::text, '|' ORDER BY t::text COLLATE \"C\")), '') FROM {} t"
SCHEMA = """
SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'column', table_name || '.' || column_name,
    concat_ws(' ', data_type, is_nullable, column_default, generation_expression, identity_generation)
    FROM information_schema.columns WHERE table_schema = 'public'
ORDER BY 1, 2, 3
"""
RENDER = """
from django_scopes import scope
from municipalities.documents.rendering import render
from municipalities.models import County
for county in County.objects.select_related("area"):
    with scope(county=county):
        for document in county.documents.order_by("context", "pk")[:2]:
            render(county, document.pk)
"""
# A file that was attached is a row: here of every byte that there is.
ATTACH = """
from hashlib import sha256
from django_scopes import scope
from municipalities.models import County
from negotiations.models import AttachedFile
content = bytes(range(256)) * 40
facts = {"name": "Väestö.png", "media_type": "image/png", "size": len(content), "sha256": sha256(content).hexdigest()}
county = County.objects.first()
with scope(county=county):
    AttachedFile.objects.create(county=county, content=content, **facts)
"""


@dataclass(frozen=True)
class Installation:
    """A database and a folder of documents, and the commands on them."""

    url: str
    documents: Path

    def run(self, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run a management command."""
        # No worker takes part: where Redis would be, nobody answers.
        environment = {
            **os.environ,
            "DATABASE_URL": self.url,
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "DOCUMENTS_ROOT": str(self.documents),
            **changes,
        }
        return subprocess.run(
            [sys.executable, "manage.py", *words], cwd=BASE_DIR, env=environment, capture_output=True, text=True
        )

    def succeed(self, *words: str) -> str:
        """Run a management command that must end well; return what it says."""
        done = self.run(*words)
        assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
        return done.stdout

    def refuse(self, *words: str) -> str:
        """Run a management command that must not end well; return why."""
        done = self.run(*words)
        assert done.returncode == 1, done.stdout
        assert "Traceback" not in done.stderr, done.stderr
        return done.stderr

    def ask(self, query: str) -> list[tuple[object, ...]]:
        """Return the rows of a query."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode()).fetchall()

    def tables(self) -> dict[str, tuple[object, ...]]:
        """Return the number of rows and a checksum of each table."""
        with psycopg.connect(self.url) as connection:
            names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            return {
                name: connection.execute(sql.SQL(SUM).format(sql.Identifier(name))).fetchall()[0] for (name,) in names
            }

    def files(self) -> dict[str, str]:
        """Return the checksum of each document's file."""
        return checksums(self.documents)


def checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The demo, some of its documents rendered."""
    with databases.copy("backup_original", template=databases.demo()) as name:
        installation = Installation(databases.address(name), tmp_path_factory.mktemp("original") / "documents")
        installation.succeed("shell", "-c", RENDER + ATTACH)
        yield installation


@pytest.fixture(scope="module")
def backup(original: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it."""
    folder = tmp_path_factory.mktemp("backups") / "2026-01-31"
    told = original.succeed("backup", str(folder))
    print(f"\n{told.strip()}")
    return folder


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Installation]:
    """An empty database, and no documents."""
    with databases.copy("backup_empty") as name:
        yield Installation(databases.address(name), tmp_path / "documents")


def test_all_is_as_it_was(original: Installation, backup: Path, empty: Installation) -> None:
    """Every table and document; the schema with its triggers; and what has been restored can be worked with.

    After a try that failed at its end, which has left the database empty. Here: the documents found no room, because a
    file was where their folder should be.
    """
    empty.documents.write_text("in the way")
    assert "Not a directory" in empty.refuse("restore", str(backup))
    assert empty.tables() == {}
    empty.documents.unlink()

    done = empty.run("restore", str(backup))
    assert (done.returncode, done.stderr) == (0, "")
    told = done.stdout
    before, after = original.tables(), empty.tables()
    assert after == before
    assert sum(int(str(rows)) for rows, _sum in before.values()) > 1000
    assert empty.files() == original.files()
    assert len(original.files()) >= 2
    assert f"{len(before)} tables" in told and f"{len(original.files())} documents" in told
    attached = empty.ask(
        "SELECT size, sha256, encode(sha256(content), 'hex'), encode(content, 'hex') FROM negotiations_attachedfile"
        " WHERE name = 'Väestö.png'"
    )
    content = bytes(range(256)) * 40
    digest = hashlib.sha256(content).hexdigest()
    assert attached == [(len(content), digest, digest, content.hex())]

    assert empty.ask(SCHEMA) == original.ask(SCHEMA)
    sequences = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1"
    assert empty.ask(sequences) == original.ask(sequences)
    empty.succeed("migrate", "--check")
    with psycopg.connect(empty.url) as connection:
        # As every insertion of the site does it: the number comes from the sequence.
        (highest,) = connection.execute("SELECT max(id) FROM municipalities_event").fetchone() or (0,)
        (given,) = connection.execute(
            "INSERT INTO municipalities_event (county_id, subject, subject_id, verb, at, recorded_at, payload)"
            " SELECT county_id, subject, subject_id, verb, at, recorded_at, payload FROM municipalities_event LIMIT 1"
            " RETURNING id"
        ).fetchone() or (0,)
        assert given > highest
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append-only"):
            connection.execute("UPDATE municipalities_event SET verb = 'x'")


def test_the_backup_says_the_same_as_sha256sum(backup: Path) -> None:
    """So that it can be checked where there is neither database nor site."""
    done = subprocess.run(["sha256sum", "--check", "manifest.sha256"], cwd=backup, capture_output=True, text=True)
    assert done.stdout == "manifest.json: OK\n"
    manifest = json.loads((backup / "manifest.json").read_text())
    assert {path: file["sha256"] for path, file in manifest["documents"].items()} == checksums(backup / "documents")
    rows = subprocess.run(
        ["sh", "-c", "gzip -dc tables/municipalities_event.copy.gz | sha256sum"],
        cwd=backup, capture_output=True, text=True,
    )  # fmt: skip
    assert rows.stdout.split()[0] == manifest["tables"]["municipalities_event"]["sha256"]
    assert backup.stat().st_mode & 0o077 == 0, "it is for its owner only"


def test_only_an_empty_database_is_restored_into(original: Installation, backup: Path) -> None:
    before = original.tables()
    why = original.refuse("restore", str(backup))
    assert f"{urlsplit(original.url).path.removeprefix('/')} is not empty" in why
    assert "auth_group" in why
    assert original.tables() == before


def test_a_folder_is_not_written_over(original: Installation, backup: Path) -> None:
    before = checksums(backup)
    assert "is there already" in original.refuse("backup", str(backup))
    assert checksums(backup) == before


def flip(path: Path) -> None:
    """Change one byte in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def a_document(folder: Path) -> Path:
    """Return a document's file in a backup."""
    return sorted((folder / "documents").rglob("*.pdf"))[0]


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a byte of a table": (lambda folder: flip(folder / "tables/municipalities_user.copy.gz"), "municipalities_user"),
    "a table gone": (lambda folder: (folder / "tables/auth_group.copy.gz").unlink(), "auth_group"),
    "a byte of a document": (lambda folder: flip(a_document(folder)), "documents/"),
    "a document gone": (lambda folder: a_document(folder).unlink(), "documents/"),
    "a byte of the manifest": (lambda folder: flip(folder / "manifest.json"), "manifest.json"),
    "no manifest": (lambda folder: (folder / "manifest.json").unlink(), "holds no backup"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_backup_is_refused_by_the_name_of_the_damage(
    damage: str, backup: Path, empty: Installation, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(backup, copy)
    do, told = DAMAGES[damage]
    do(copy)
    assert told in empty.refuse("restore", str(copy))
    assert empty.tables() == {}
    assert empty.files() == {}


def test_whichever_byte_of_a_table_is_damaged_it_is_named(backup: Path, tmp_path: Path) -> None:
    """Some make the file end early, some lead astray what unpacks it, some unpack to something else."""
    copy = tmp_path / "copy"
    shutil.copytree(backup, copy)
    path = copy / "tables/municipalities_user.copy.gz"
    whole = path.read_bytes()
    # Beyond the head, which tells when it was packed and under which name.
    for place in range(40, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        with pytest.raises(Refused, match="municipalities_user"):
            restore(copy)


def changed(backup: Path, folder: Path, change: Callable[[dict[str, object]], object]) -> Path:
    """Return a copy of a backup with a changed manifest that is sealed as a whole one is."""
    shutil.copytree(backup, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    change(manifest)
    content = json.dumps(manifest).encode()
    (folder / "manifest.json").write_bytes(content)
    (folder / "manifest.sha256").write_text(f"{hashlib.sha256(content).hexdigest()}  manifest.json\n")
    return folder


def test_a_backup_of_a_newer_version_is_refused(backup: Path, empty: Installation, tmp_path: Path) -> None:
    def from_the_future(manifest: dict[str, object]) -> None:
        migrations = manifest["migrations"]
        assert isinstance(migrations, list)
        migrations.append(["negotiations", "9999_tomorrow"])

    newer = changed(backup, tmp_path / "newer", from_the_future)
    assert "negotiations.9999_tomorrow" in empty.refuse("restore", str(newer))
    assert empty.tables() == {}


def test_a_backup_of_an_older_version_is_restored_and_then_migrated(empty: Installation, tmp_path: Path) -> None:
    with databases.copy("backup_older") as name:
        older = Installation(databases.address(name), tmp_path / "none")
        for app in (["negotiations", "0001"], ["auth"]):
            older.succeed("migrate", *app, "--verbosity", "0", "--skip-checks")
        with psycopg.connect(older.url) as connection:
            connection.execute("INSERT INTO auth_group (name) VALUES ('vanha')")
        older.succeed("backup", str(tmp_path / "older"))
    empty.succeed("restore", str(tmp_path / "older"))
    assert empty.run("migrate", "--check").returncode == 1
    empty.succeed("migrate", "--verbosity", "0")
    empty.succeed("migrate", "--check")
    assert empty.ask("SELECT name FROM auth_group") == [("vanha",)]


def test_documents_whose_files_are_gone_or_damaged_are_named_and_hold_nothing_up(
    original: Installation, empty: Installation, tmp_path: Path
) -> None:
    """On restoring, another SECRET_KEY than that of the backup is told of: what it has encrypted cannot be read."""
    hurt = Installation(original.url, tmp_path / "hurt")
    shutil.copytree(original.documents, hurt.documents)
    gone, damaged, *_rest = sorted(hurt.documents.rglob("*.pdf"))
    gone.unlink()
    flip(damaged)
    done = hurt.run("backup", str(tmp_path / "backup"))
    assert done.returncode == 0
    assert gone.name in done.stderr and damaged.name in done.stderr
    done = empty.run("restore", str(tmp_path / "backup"), SECRET_KEY="another-key-" * 6)
    assert done.returncode == 0
    assert "SECRET_KEY is not the one" in done.stderr
    assert len(empty.files()) == len(original.files()) - 2


def test_a_backup_is_of_one_moment(original: Installation, empty: Installation, tmp_path: Path) -> None:
    """While others write: of two rows saved together, in the first table and in the last, it has both or neither."""
    done = threading.Event()
    pairs = 0

    def write() -> None:
        nonlocal pairs
        with psycopg.connect(original.url) as connection:
            while not done.is_set():
                with connection.transaction():
                    connection.execute("INSERT INTO auth_group (name) VALUES (%s)", [f"pair {pairs}"])
                    connection.execute("INSERT INTO negotiations_round_probe (name) VALUES (%s)", [f"pair {pairs}"])
                pairs += 1

    with psycopg.connect(original.url) as connection:
        connection.execute("CREATE TABLE negotiations_round_probe (id bigserial PRIMARY KEY, name text)")
    try:
        thread = threading.Thread(target=write)
        thread.start()
        original.succeed("backup", str(tmp_path / "backup"))
        done.set()
        thread.join()
        manifest = json.loads((tmp_path / "backup" / "manifest.json").read_text())
        first, last = (manifest["tables"][name] for name in ("auth_group", "negotiations_round_probe"))
        assert first["rows"] == last["rows"]
        assert 0 < first["rows"] < pairs
        # A table that no migration makes: it would not be restored, and that is not passed over.
        assert "other tables" in empty.refuse("restore", str(tmp_path / "backup"))
        assert empty.tables() == {}
    finally:
        done.set()
        with psycopg.connect(original.url) as connection:
            connection.execute("DROP TABLE negotiations_round_probe")
            connection.execute("DELETE FROM auth_group")
