"""Of what packages bring, the static files that are served: they bring many times what anybody is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import AppDirectoriesFinder, FileSystemFinder
from django.core.files.storage import FileSystemStorage


def is_served(path: str) -> bool:
    """Return whether a file is served: of a folder in STATICFILES_SERVED what matches there, of any other all."""
    folder, _, within = path.partition("/")
    patterns = settings.STATICFILES_SERVED.get(folder)
    return patterns is None or any(fnmatch(within, pattern) for pattern in patterns)


class Served(FileSystemFinder):
    """Django's finder, blind to what is not served: a page misses such a file on a developer's machine already."""

    def find_location(self, root: str, path: str, prefix: str | None = None) -> Any:
        """Return where the file is; None for one that is not there or not served."""
        return super().find_location(root, path, prefix) if is_served(path) else None

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        """Yield the files that are served, each with its storage."""
        for path, storage in super().list(ignore_patterns):
            prefix = getattr(storage, "prefix", None)
            if is_served(f"{prefix}/{path}" if prefix else path):
                yield path, storage


class ServedOfApps(AppDirectoriesFinder):
    """The same for what the installed apps bring."""

    def find_in_app(self, app: str, path: str) -> Any:
        """Return where the file is; None for one that is not there or not served."""
        return super().find_in_app(app, path) if is_served(path) else None

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        """Yield the files that are served, each with its storage."""
        return ((path, storage) for path, storage in super().list(ignore_patterns) if is_served(path))
