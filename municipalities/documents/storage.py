"""Where documents are kept: a file appears whole or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.exceptions import SuspiciousFileOperation
from django.utils._os import safe_join

from municipalities.models import Document


def path_of(document: Document) -> Path:
    """Return where the document's file is, or will be."""
    return settings.DOCUMENTS_ROOT / str(document.county_id) / document.key[:2] / f"{document.key}.pdf"


def unfinished() -> Path:
    """Return the folder of files that are being written: one for all, so that what is left there is soon found."""
    folder: Path = settings.DOCUMENTS_ROOT / "unfinished"
    return folder


def is_stored(document: Document) -> bool:
    """Return whether the file of a ready document is there, with its size."""
    try:
        return path_of(document).stat().st_size == document.size
    except FileNotFoundError:
        return False


@dataclass(frozen=True)
class Unpublished:
    """A file that is written in full, on the disk of its place, under a name nobody reads."""

    path: Path
    target: Path
    size: int
    sha256: str

    def publish(self) -> None:
        """Put the file in its place, in one step. Call it while the right to do so is held (a lock on the row)."""
        self.path.replace(self.target)
        _sync_folder(self.target.parent)

    def discard(self) -> None:
        """Take the file away; harmless when it has been published."""
        self.path.unlink(missing_ok=True)


def write(document: Document, content: bytes, lease: UUID) -> Unpublished:
    """Write the content apart from its place and have it on the disk. Raises OSError, leaving nothing behind."""
    target = path_of(document)
    _make_folder(target.parent)
    path = unfinished() / f"{target.stem}.{lease}.part"
    _make_folder(path.parent)
    try:
        with path.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Unpublished(path, target, len(content), hashlib.sha256(content).hexdigest())


def sweep(is_held: Callable[[UUID], bool]) -> None:
    """Remove what killed workers have left half-written: every unfinished file that nobody holds the lease of.

    A lease is taken before its file is begun. So a file that is seen here, and whose lease is then not found, belongs
    to nobody, however new it is.
    """
    for path in unfinished().glob("*.part"):
        try:
            token = UUID(path.stem.rpartition(".")[2])
        except ValueError:
            continue  # none of ours
        if not is_held(token):
            path.unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    """Make the folder, and have the fact on the disk, so that a file in it is found after a power cut."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def static_file(path: str) -> Path:
    """Return the static file of this path (documents/base.css), from its source, or where it has been collected.

    Raises FileNotFoundError for anything else, a path that climbs out of the static files included.
    """
    try:
        found = finders.find(path)
        if found is None:
            found = safe_join(settings.STATIC_ROOT, path)
    except (SuspiciousFileOperation, ValueError):
        raise FileNotFoundError(path) from None
    file = Path(str(found))
    if not file.is_file():
        raise FileNotFoundError(path)
    return file


def likeness(path: Path) -> tuple[int, int, int] | None:
    """Return what tells a file from what it was before; None for one that is not there."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
