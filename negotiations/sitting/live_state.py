"""What the pages of a sitting ask every few seconds: whether anything has changed, and who writes where."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import cache
from django.db import connection

from municipalities.models import User
from negotiations.models import (
    AgendaAttachment,
    AgendaItem,
    Attendance,
    Measure,
    Minutes,
    Negotiation,
    Part,
    PartPresence,
    Party,
)
from negotiations.sitting.live_writing import FIELD

# For how long somebody is told to write in a text after the page was last heard to say so, in seconds. Pages ask every
# few seconds.
HEARD = 12


def _of_sitting() -> str:
    """Return the SQL of what changes whenever a row of a sitting is added, changed or removed.

    Each row is told by its key, the transaction that wrote it last (xmin) and the place where that put it (ctid).
    """

    def rows(mark: str, table: str, where: str) -> str:
        return f"SELECT '{mark}' AS mark, id, xmin::text || ctid::text AS written FROM {table} WHERE {where}"  # noqa: S608

    parts = f"SELECT id FROM {Part._meta.db_table} WHERE negotiation_id = %(pk)s"  # noqa: S608
    items = f"SELECT id FROM {AgendaItem._meta.db_table} WHERE part_id IN ({parts})"  # noqa: S608
    of_negotiation = {"p": Part, "m": Measure, "a": Attendance, "x": Minutes, "y": Party}
    of_item = {
        "t": AgendaAttachment._meta.db_table,
        "f": AgendaItem.indicators.through._meta.db_table,
        "l": AgendaItem.measures_followed.through._meta.db_table,
    }
    every = [
        rows("n", Negotiation._meta.db_table, "id = %(pk)s"),
        rows("i", AgendaItem._meta.db_table, f"part_id IN ({parts})"),
        rows("h", PartPresence._meta.db_table, f"part_id IN ({parts})"),
        *(rows(mark, model._meta.db_table, "negotiation_id = %(pk)s") for mark, model in of_negotiation.items()),
        *(
            rows(mark, table, f"{'item_id' if mark == 't' else 'agendaitem_id'} IN ({items})")
            for mark, table in of_item.items()
        ),
    ]
    return (
        "SELECT md5(string_agg(mark || id || '.' || written, ',' ORDER BY mark, id)) FROM ("  # noqa: S608
        + " UNION ALL ".join(every)
        + ") AS sitting"
    )


def version_of(negotiation_pk: int) -> str:
    """Return what changes whenever something of a sitting does. One query, which reads no texts."""
    with connection.cursor() as cursor:
        cursor.execute(_of_sitting(), {"pk": negotiation_pk})
        found: str = cursor.fetchone()[0]
    return found


@dataclass(frozen=True)
class Writing:
    """Who else writes in a text now."""

    field: str
    name: str


def heard(negotiation_pk: int, user: User, field: str, *, now: float) -> list[Writing]:
    """Note in which text a user writes, in none for an empty `field`, and return where others do.

    Kept in the cache for some seconds only. Two who are heard in the same moment may miss each other until the next.
    `now` is in seconds.
    """
    key = f"sitting:{negotiation_pk}:writing"
    known: dict[int, tuple[str, str, float]] = cache.get(key) or {}
    still = {pk: row for pk, row in known.items() if now - row[2] < HEARD and pk != user.pk}
    others = [Writing(where, name) for _pk, (where, name, _since) in sorted(still.items())]
    if FIELD.match(field):
        still[user.pk] = (field, str(user), now)
    if still != known:
        cache.set(key, still, HEARD)
    return others
