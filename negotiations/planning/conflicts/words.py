"""What is in the way, in words: which negotiations, and how to mend it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from municipalities import timewords
from negotiations.models import LegalBasis
from negotiations.planning.conflicts.values import Conflict, Found, Kind, Meeting, Situation

# So many names are told of a long list.
NAMES_TOLD = 4


def some_of(names: Sequence[str], most: int = NAMES_TOLD) -> str:
    """Return names after each other; of many the first ones, and how many there are besides."""
    if len(names) <= most + 1:
        return ", ".join(names)
    more = len(names) - most
    told = ngettext("%(names)s and %(count)s other", "%(names)s and %(count)s others", more)
    return told % {"names": ", ".join(names[:most]), "count": more}


def quoted(situation: Situation, meeting: Meeting) -> str:
    """Name a negotiation; with its round where that is another one."""
    words = _("“%(title)s”") % {"title": meeting.title}
    return f"{words} ({meeting.round_name})" if meeting.round != situation.round and meeting.round_name else words


def _with_time(situation: Situation, meeting: Meeting) -> str:
    return f"{quoted(situation, meeting)}, {meeting.timing.words}"


def say_both(situation: Situation, one: Meeting, other: Meeting, found: Found) -> Conflict:
    """Put into words what is in the way between two negotiations."""
    kind, keys = found
    first, second = sorted((one, other), key=lambda meeting: (meeting.timing.starts_at is None, meeting.id))
    who = some_of(list(keys) if kind in {Kind.ROOM, Kind.OFFICIAL} else situation.names_of(keys))
    facts = {
        Kind.PARTY: _("%(who)s: in two negotiations at the same time: %(one)s; %(other)s."),
        Kind.PERSON: _("%(who)s: in two negotiations at the same time: %(one)s; %(other)s."),
        Kind.ROOM: _("Two negotiations in the same place (%(who)s) at the same time: %(one)s; %(other)s."),
        Kind.CORE_GROUP: _("The core group (%(who)s) in two negotiations at the same time: %(one)s; %(other)s."),
        Kind.CORE_GROUP_SITES: _("The core group (%(who)s) in two places on the same day: %(one)s; %(other)s."),
        Kind.OFFICIAL: _("The same chair or secretary (%(who)s) at the same time: %(one)s; %(other)s."),
        Kind.SAME_DAY: _(
            "%(who)s: two negotiations on the same day, and not all clock times are known: %(one)s; %(other)s."
        ),
    }[kind]
    words = facts % {"who": who, "one": _with_time(situation, first), "other": _with_time(situation, second)}
    ids = tuple(sorted((one.id, other.id)))
    return Conflict(kind, kind.weight, ids, f"{words} {_mend(situation, kind, first, second)}")


def _mend(situation: Situation, kind: Kind, one: Meeting, other: Meeting) -> str:
    """Tell what to do of two negotiations that are in each other's way."""
    if kind == Kind.SAME_DAY:
        return _("Give the clock times, or move one of them.")
    if kind == Kind.CORE_GROUP_SITES:
        return _("Leave two hours between them for the way, or let one of them be remote.")
    movable = [meeting for meeting in (one, other) if meeting.can_move]
    move = (
        _("Move one of them")
        if len(movable) > 1
        else _("Move %(negotiation)s") % {"negotiation": quoted(situation, movable[0] if movable else one)}
    )
    also = {
        Kind.PERSON: _("or leave the person out of one of them"),
        Kind.ROOM: _("or choose another place for one of them"),
        Kind.CORE_GROUP: _("or let the core group be in one of them only"),
        Kind.OFFICIAL: _("or choose another chair or secretary"),
    }.get(kind)
    return f"{move} {also}." if also else f"{move}."


def say_one(situation: Situation, meeting: Meeting, found: Found) -> Conflict:
    """Put into words what speaks against the time of a negotiation."""
    kind, keys = found
    values = {
        "negotiation": _with_time(situation, meeting),
        "who": some_of(list(keys) if kind == Kind.HOLIDAY else situation.names_of(keys)),
        "wish": meeting.wish.words if meeting.wish else "",
        "days": timewords.days(situation.starts_on, situation.ends_on),
    }
    words = {
        Kind.DOES_NOT_SUIT: _(
            "The time does not suit: %(who)s (%(negotiation)s). Choose another time, or agree on this one with them."
        ),
        Kind.IF_NEED_BE: _("The time suits only if need be: %(who)s (%(negotiation)s)."),
        Kind.WISH: _(
            "The time is not as wished: %(negotiation)s. The wish: %(wish)s. Choose another time or change the wish."
        ),
        Kind.HOLIDAY: _("A public holiday (%(who)s): %(negotiation)s. Choose another day."),
        Kind.OUTSIDE_ROUND: _(
            "The time is outside the round, which is %(days)s: %(negotiation)s."
            " Choose another time or change the days of the round."
        ),
    }[kind]
    return Conflict(kind, kind.weight, (meeting.id,), words % values)


def say_twice(situation: Situation, ids: tuple[int, ...], who: Collection[str], bases: Collection[str]) -> Conflict:
    """Put into words who negotiates more than once in the round for the same duty."""
    words = _(
        "%(who)s: in the round more than once for the same legal basis (%(bases)s): %(negotiations)s."
        " Leave it in one of them, unless this is meant."
    ) % {
        "who": some_of(situation.names_of(who)),
        "bases": ", ".join(basis.sections for basis in LegalBasis if basis in bases),
        "negotiations": some_of([quoted(situation, situation.meetings[pk]) for pk in ids]),
    }
    return Conflict(Kind.TWICE, Kind.TWICE.weight, ids, words)
