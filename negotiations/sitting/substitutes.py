"""Who came in whose place: rules on the list of one negotiation, and substitutes released where the other comes.

One who is away may have one substitute, and a substitute has none of their own: so there are neither chains nor
circles, and everyone in the list speaks for one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from negotiations.models import Attendance, Negotiation


@dataclass(frozen=True)
class Listed:
    """Somebody in the list, as far as substitutes go: who they are in words, and whose row they substitute."""

    words: str
    substitutes: int | None = None


def listed(negotiation: Negotiation) -> dict[int, Listed]:
    """Return those in a negotiation's list by the ids of their rows. One query."""
    rows = Attendance.objects.filter(negotiation=negotiation, is_head_count=False)
    return {
        pk: Listed(name or role, substitutes)
        for pk, name, role, substitutes in rows.values_list("pk", "name", "role", "substitutes_id")
    }


def why_not(rows: Mapping[int, Listed], principal: int, substitute: int | None = None) -> str:
    """Say why one cannot come in the place of another, by the ids of their rows; nothing where that can be.

    `rows` are those of the negotiation; one who is not in the list yet has no id. What a row substitutes already does
    not stand in the way of its substituting another.
    """
    if principal not in rows:
        return _("The one who is away is not in the list of this negotiation. Add them to it first.")
    away = rows[principal]
    if principal == substitute:
        return _("%(who)s cannot be their own substitute.") % {"who": away.words}
    if away.substitutes is not None:
        return _(
            "%(who)s is a substitute already, and a substitute has none of their own. Choose the one who is away."
        ) % {"who": away.words}
    for pk, row in rows.items():
        if substitute is not None and row.substitutes == substitute:
            return _("%(who)s has a substitute, so cannot be one. Choose somebody else.") % {
                "who": rows[substitute].words if substitute in rows else ""
            }
        if row.substitutes == principal and pk != substitute:
            return _("%(who)s has a substitute already: %(other)s. Change that one first.") % {
                "who": away.words,
                "other": row.words,
            }
    return ""


def require_can(rows: Mapping[int, Listed], principal: int, substitute: int | None = None) -> None:
    """Raise ValidationError, with the reason in words, where one cannot come in the place of another."""
    if reason := why_not(rows, principal, substitute):
        raise ValidationError(reason)


def send_away(principals: Collection[int]) -> None:
    """Mark those who have a substitute as absent. To be called with the list locked."""
    Attendance.objects.filter(pk__in=principals).update(status=Attendance.Status.ABSENT, is_remote=False)


def release(came: Iterable[int]) -> list[Attendance]:
    """Let the substitutes of those who came themselves stay in the list in their own right. Returns them.

    Whether the substitute stayed is not known: they are counted as they were marked. With the list locked.
    """
    rows = list(Attendance.objects.filter(substitutes__in=list(came)).order_by("pk"))
    for row in rows:
        row.substitutes = None
    Attendance.objects.bulk_update(rows, ["substitutes"])
    return rows
