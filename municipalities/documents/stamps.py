"""Whether what a document was made from has changed, told by the database without reading it.

Only the content itself can tell that a document need not be made again (kinds.key_of), and for that all of it has to be
read and frozen: for the summary of a round, thirty queries. So the owner of a document names the rows that it reads,
the database makes one hash of them, and the hash is kept with the document: as long as it is the same, so is the
content. An owner may name more rows than it reads, and never fewer; a test of each compares them with its queries.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connection, models


@dataclass(frozen=True)
class Rows:
    """Some rows of a table."""

    model: type[models.Model]
    # A condition in SQL upon the table `t`, with the owner's ids as named parameters.
    where: str
    # The names of fields that the document does not tell.
    without: tuple[str, ...] = ()


def stamp(sources: Sequence[Rows], ids: dict[str, int], *, variant: str, on: date) -> str:
    """Return a hash of the rows as they are now, and of all else that the content of a document depends upon.

    To be taken before the content is read: a change between the two then only makes the next one read again. `ids` are
    the parameters of the sources, `on` is the day that the document is as of.
    """
    with connection.cursor() as cursor:
        cursor.execute(_query(tuple(sources)), ids)
        (rows,) = cursor.fetchone()
    told = "\n".join([_code(), variant, on.isoformat(), *(f"{name}={ids[name]}" for name in sorted(ids)), rows])
    return hashlib.sha256(told.encode()).hexdigest()


@lru_cache(maxsize=32)
def _query(sources: tuple[Rows, ...]) -> str:
    """Return a query for one text: a hash of each source's rows, in the order of their ids."""
    quoted = connection.ops.quote_name
    hashes = []
    for rows in sources:
        meta = rows.model._meta
        told = [f"t.{quoted(str(field.column))}" for field in meta.concrete_fields if field.name not in rows.without]
        hashes.append(
            f"coalesce((SELECT md5(string_agg(ROW({', '.join(told)})::text, E'\\n' ORDER BY t.id)) "  # noqa: S608 - ours
            f"FROM {quoted(meta.db_table)} t WHERE {rows.where}), '-')"
        )
    return f"SELECT concat_ws('|', {', '.join(hashes)})"


@lru_cache(maxsize=1)
def _code() -> str:
    """Return a hash of the project's code: another version of it may tell the same rows otherwise."""
    digest = hashlib.sha256()
    for app in apps.get_app_configs():
        folder = Path(app.path)
        if folder.parent == settings.BASE_DIR:
            for path in sorted(folder.rglob("*.py")):
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
