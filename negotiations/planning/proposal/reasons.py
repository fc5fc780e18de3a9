"""Why a negotiation could not be placed, in words that are true, and what can be done about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from negotiations.planning.conflicts import Meeting
from negotiations.planning.conflicts.words import quoted, some_of
from negotiations.planning.proposal.matching import competing
from negotiations.planning.proposal.possible import Ground

# So many parties are told with what does not suit them.
PARTIES_TOLD = 6


class Why(StrEnum):
    """What keeps a negotiation from being placed."""

    NO_SLOTS = "no_slots"
    ALL_PAST = "all_past"
    KNOWN_DAYS = "known_days"
    WISHED_DAYS = "wished_days"
    WISHED_WEEKDAYS = "wished_weekdays"
    # Each of them could be met, but no slot meets all.
    TOGETHER = "together"
    REFUSED = "refused"
    NOT_IN_COMMON = "not_in_common"
    IN_USE = "in_use"
    # All slots go to negotiations that can have no others.
    COMPETING = "competing"
    TOO_FEW_SLOTS = "too_few_slots"


class Mend(StrEnum):
    """What can be done, and where."""

    WISH = "wish"
    TIME = "time"
    ANSWERS = "answers"
    BOARD = "board"
    SLOTS = "slots"

    @property
    def words(self) -> str:
        """Say what to do."""
        return {
            Mend.WISH: _("Change the wish"),
            Mend.TIME: _("Change the time that has been given"),
            Mend.ANSWERS: _("Ask the parties again"),
            Mend.BOARD: _("Move another negotiation"),
            Mend.SLOTS: _("Add times"),
        }[self]


@dataclass(frozen=True)
class Reason:
    """Why a negotiation was not placed: in words, and by which slots, parties and negotiations that can be checked."""

    why: Why
    words: str
    mends: tuple[Mend, ...]
    slots: tuple[int, ...] = ()
    parties: tuple[str, ...] = ()
    negotiations: tuple[int, ...] = ()


def reasons(ground: Ground, given: Mapping[int, int], meeting: Meeting) -> list[Reason]:
    """Return why a negotiation got no slot, where as many as possible have been given theirs (by negotiation)."""
    if not ground.slots:
        return [_of_no_slots(ground)]
    wished = ground.as_wished(meeting, ground.slots)
    if not wished:
        return [_of_days(ground, meeting)]
    suiting = ground.suiting(meeting, wished)
    if not suiting:
        return [_of_answers(ground, given, meeting, wished)]
    return list(_of_others(ground, given, meeting, suiting))


def _of_no_slots(ground: Ground) -> Reason:
    if ground.situation.slots:
        return Reason(Why.ALL_PAST, _("The times of the round are past."), (Mend.SLOTS,))
    return Reason(Why.NO_SLOTS, _("The round has no times yet."), (Mend.SLOTS,))


# --- Days and weekdays ----------------------------------------------------------------------------------------


def _of_days(ground: Ground, meeting: Meeting) -> Reason:
    """Tell which of the days known, the days wished and the weekdays wished leaves no slot; or that all together do.

    Where one leaves none only because those that it would leave are past, that is told too.
    """
    wish, every, whole = meeting.wish, list(ground.slots), replace(ground, earliest=None)
    known = _("The time given is %(when)s, and the round has no times then.") % {"when": meeting.timing.words}
    rules = [(Why.KNOWN_DAYS, Mend.TIME, Ground.in_known_days, known, meeting.timing.words)]
    if wish is not None:
        days = _("The round has no times on the wished days: %(days)s.") % {"days": wish.days_words}
        weekdays = _("The round has no times on the wished weekdays: %(weekdays)s.") % {"weekdays": wish.weekdays_words}
        rules += [
            (Why.WISHED_DAYS, Mend.WISH, Ground.on_wished_days, days, wish.days_words),
            (Why.WISHED_WEEKDAYS, Mend.WISH, Ground.on_wished_weekdays, weekdays, wish.weekdays_words),
        ]
    for why, mend, left_by, words, _told in rules:
        if not left_by(ground, meeting, every):
            if left_by(whole, meeting, whole.slots):
                words += " " + _("The times that it had then are past.")
            return Reason(why, words, (mend, Mend.SLOTS))
    narrowing = [
        (mend, told) for _why, mend, left_by, _words, told in rules if len(left_by(ground, meeting, every)) < len(every)
    ]
    words = _("No time of the round is all of this at once: %(rules)s.") % {
        "rules": "; ".join(told for _mend, told in narrowing)
    }
    mends = dict.fromkeys(mend for mend, _told in narrowing)
    return Reason(Why.TOGETHER, words, (*mends, Mend.SLOTS))


# --- What the parties have answered ---------------------------------------------------------------------------


def _of_answers(ground: Ground, given: Mapping[int, int], meeting: Meeting, slots: Sequence[int]) -> Reason:
    """Tell whom none of the slots suits; or, where no one alone is in the way, how many do not suit whom.

    With the slot that is nearest to suiting: those whom it does not suit can be asked again.
    """
    counts: dict[str, int] = {}
    for slot in slots:
        for key in ground.refusing(meeting, slot):
            counts[key] = counts.get(key, 0) + 1
    mends = (Mend.ANSWERS, *_of_wish(meeting), Mend.SLOTS)
    if alone := [key for key, count in counts.items() if count == len(slots)]:
        told = ngettext(
            "The only time that comes into question does not suit: %(who)s.",
            "None of the %(count)s times that come into question suits: %(who)s.",
            len(slots),
        )
        words = told % {"count": len(slots), "who": some_of(ground.situation.names_of(alone))}
        words += _nearest(ground, given, meeting, slots)
        return Reason(Why.REFUSED, words, mends, tuple(slots), tuple(sorted(alone)))
    names = [
        ngettext("%(who)s (%(count)s time)", "%(who)s (%(count)s times)", counts[key])
        % {"who": ground.situation.names.get(key, key), "count": counts[key]}
        for key in sorted(ground.situation.in_order(counts), key=lambda key: -counts[key])
    ]
    words = _("Do not suit: %(who)s. Of the %(count)s times that come into question none suits all.") % {
        "count": len(slots),
        "who": some_of(names, PARTIES_TOLD),
    }
    words += _nearest(ground, given, meeting, slots)
    return Reason(Why.NOT_IN_COMMON, words, mends, tuple(slots), tuple(sorted(counts)))


def _nearest(ground: Ground, given: Mapping[int, int], meeting: Meeting, slots: Sequence[int]) -> str:
    """Tell which slot that can be had suits all but the fewest, the earliest of such; nothing where none can be had."""
    taken = set(given.values())
    free = [slot for slot in slots if slot in ground.free and slot not in taken]
    left = [slot for slot in free if not ground.in_the_way(meeting, slot)]
    if len(left) == 0 or len(slots) == 1:
        return ""
    slot = min(left, key=lambda slot: len(ground.refusing(meeting, slot)))
    words = _("Of the times that can be had the fewest are against %(when)s: %(who)s.") % {
        "when": ground.slots[slot].words,
        "who": some_of(ground.situation.names_of(ground.refusing(meeting, slot))),
    }
    return f" {words}"


def _of_wish(meeting: Meeting) -> tuple[Mend, ...]:
    return (Mend.WISH,) if meeting.wish is not None and meeting.wish.binds else ()


# --- What others have -----------------------------------------------------------------------------------------


def _of_others(ground: Ground, given: Mapping[int, int], meeting: Meeting, suiting: Sequence[int]) -> Iterator[Reason]:
    """Tell which suitable slots fixed negotiations have or block, and to whom the others went."""
    mends = (*_of_wish(meeting), *(_asked(ground, meeting)), Mend.SLOTS)
    left = [slot for slot in suiting if slot in ground.costs[meeting.id]]
    if taken := [slot for slot in suiting if slot not in left]:
        some = ngettext(
            "One suitable time cannot be had: %(times)s.",
            "%(count)s suitable times cannot be had: %(times)s.",
            len(taken),
        )
        every = ngettext(
            "The only suitable time cannot be had: %(times)s.",
            "None of the %(count)s suitable times can be had: %(times)s.",
            len(taken),
        )
        times = "; ".join(_first([_taken(ground, meeting, slot) for slot in taken]))
        words = (some if left else every) % {"count": len(taken), "times": times}
        yield Reason(Why.IN_USE, words, (Mend.BOARD, *mends), tuple(taken))
    if left:
        yield _of_rivals(ground, given, meeting, mends)


def _asked(ground: Ground, meeting: Meeting) -> tuple[Mend, ...]:
    """Asking again helps where some slot as wished has been refused."""
    wished = ground.as_wished(meeting, ground.free)
    return (Mend.ANSWERS,) if len(ground.suiting(meeting, wished)) < len(wished) else ()


def _taken(ground: Ground, meeting: Meeting, slot: int) -> str:
    """Tell when a slot is, which negotiation has or blocks it, and who would be in both."""
    situation, timing = ground.situation, ground.slots[slot]
    owner = situation.in_use.get(slot)
    if owner is not None:
        return f"{timing.words} ({quoted(situation, situation.meetings[owner])})"
    other, who = ground.in_the_way(meeting, slot)[0]
    names = some_of(situation.names_of(who))
    return _("%(when)s (%(who)s: at the same time in %(negotiation)s)") % {
        "when": timing.words,
        "who": names,
        "negotiation": quoted(situation, other),
    }


def _of_rivals(ground: Ground, given: Mapping[int, int], meeting: Meeting, mends: tuple[Mend, ...]) -> Reason:
    """Tell which negotiations compete for how few free slots: one must be left over, whatever is done."""
    situation = ground.situation
    rivals, slots = competing(ground.costs, given, meeting.id)
    slots = [slot for slot in ground.free if slot in slots]
    if len(slots) == len(ground.free):
        words = _("There are more negotiations than times: %(negotiations)s without a time, %(times)s free.") % {
            "negotiations": len(ground.wanted),
            "times": len(slots),
        }
        return Reason(Why.TOO_FEW_SLOTS, words, (Mend.SLOTS,), tuple(slots), (), tuple(sorted(rivals)))
    others = [situation.meetings[pk] for pk in sorted(rivals) if pk != meeting.id]
    times = "; ".join(_first([ground.slots[slot].words for slot in slots]))
    if len(slots) == 1:
        words = _(
            "The only free time that suits (%(time)s) went to %(negotiation)s, for which no other is possible."
        ) % {"time": times, "negotiation": quoted(situation, others[0])}
    else:
        words = _(
            "For %(negotiations)s negotiations only the same %(times)s free times are possible (%(when)s)."
            " The others are: %(names)s."
        ) % {
            "negotiations": len(rivals),
            "times": len(slots),
            "when": times,
            "names": some_of([quoted(situation, other) for other in others]),
        }
    return Reason(Why.COMPETING, words, mends, tuple(slots), (), tuple(sorted(rivals)))


def _first(told: Sequence[str], most: int = 3) -> list[str]:
    """Return the first of many, and how many there are besides."""
    if len(told) <= most + 1:
        return list(told)
    more = len(told) - most
    return [*told[:most], ngettext("and %(count)s other", "and %(count)s others", more) % {"count": more}]
