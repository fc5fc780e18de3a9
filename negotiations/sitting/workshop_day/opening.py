"""Opening a workshop, its code and its groups; closing it, and opening it again with another code."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_scopes import scopes_disabled

from municipalities.events import record
from municipalities.models import User
from municipalities.moves import NotAllowedNow, locked
from municipalities.timewords import day as day_in_words
from negotiations.models import Minutes, Negotiation, Observation, Workshop, WorkshopGroup, WorkshopTheme

State = Negotiation.State

# What is read off a wall and typed on a phone: neither look-alikes (0 O, 1 I L, 2 Z, 5 S, 6 G B 8, U V) nor vowels, of
# which words would come about. 16 to the power of 6 codes: 17 million.
ALPHABET = "CDFHJKMNPRTWX379"
CODE_LENGTH = 6
# One that somebody forgot to close takes no notes for longer than this.
OPEN_FOR = timedelta(hours=24)
# In which states of a negotiation its workshop can be going on.
GOING_ON = frozenset({State.CONVENED, State.HELD})
USUAL_GROUPS, MOST_GROUPS = 6, 40
NAME_LENGTH = 120
TRIES = 20


# --- The code ---------------------------------------------------------------------------------------------------


def new_code() -> str:
    """Return a code that nobody guesses while the workshop goes on."""
    return "".join(secrets.choice(ALPHABET) for _number in range(CODE_LENGTH))


def tidy_code(typed: str) -> str:
    """Return a code as it is kept, however it was typed: "cdf 379", "CDF-379"."""
    return "".join(letter for letter in typed.upper() if letter.isascii() and letter.isalnum())[: CODE_LENGTH + 2]


def is_taking_notes(workshop: Workshop, now: datetime) -> bool:
    """Whether groups can join a workshop and post to it: it is open, and was opened within a day."""
    return workshop.is_open and now < workshop.opened_at + OPEN_FOR


def find_open(code: str, now: datetime) -> Workshop | None:
    """Return the open workshop of a code, of whichever county; None for an unknown one. Outside any scope."""
    tidy = tidy_code(code)
    if len(tidy) != CODE_LENGTH:
        return None
    with scopes_disabled():
        row: Workshop | None = Workshop.objects.filter(code=tidy).select_related("county__area", "negotiation").first()
    return row if row is not None and is_taking_notes(row, now) else None


# --- Opening ----------------------------------------------------------------------------------------------------


def why_not_now(state: str, earliest: date, today: date, *, is_closed: bool, has_themes: bool) -> str:
    """Return in words why a workshop cannot be opened now, and what to do; empty where it can.

    `is_closed`: the minutes of the negotiation have been begun and none of them is a draft any more.
    """
    if state == State.PLANNED:
        return _("The workshop can be opened once the parties have been invited and the day has come.")
    if state not in GOING_ON:
        return _("The negotiation has been cancelled, so its workshop cannot be opened.")
    if is_closed:
        return _("The minutes have been sent for checking, so the workshop can be opened no more.")
    if today < earliest:
        return _("The workshop can be opened on the day of the negotiation, %(day)s.") % {"day": day_in_words(earliest)}
    if not has_themes:
        return _("The round has no workshop themes yet. Add a theme first.")
    return ""


def why_not_open(negotiation: Negotiation, today: date) -> str:
    """Return in words why the workshop of a negotiation cannot be opened now. At most two queries."""
    # A correction tells nothing of the workshop.
    states = list(Minutes.objects.filter(negotiation=negotiation, corrects=None).values_list("state", flat=True))
    return why_not_now(
        negotiation.state,
        negotiation.earliest,
        today,
        is_closed=bool(states) and Minutes.State.DRAFT not in states,
        has_themes=negotiation.round_id is not None
        and WorkshopTheme.objects.filter(round_id=negotiation.round_id, columns__isnull=False).exists(),
    )


def numbered(count: int, language: str, first: int = 1) -> list[str]:
    """Return the names of so many groups, by their numbers: "Ryhmä 1"."""
    with translation.override(language):
        return [_("Group %(number)s") % {"number": number} for number in range(first, first + count)]


@transaction.atomic
def open_workshop(
    negotiation: Negotiation, names: Sequence[str], *, by: User | None, at: datetime | None = None
) -> Workshop:
    """Open the workshop of a negotiation with groups of these names, and give it a code.

    Raises NotAllowedNow before the day, once the minutes are closed, without themes, and where it has been opened
    already; ValidationError for no groups, too many and two of the same name.
    """
    at = at or timezone.now()
    negotiation = locked(negotiation, stays=True)
    _require_openable(negotiation, at)
    if Workshop.objects.filter(negotiation=negotiation).exists():
        raise NotAllowedNow(_("The workshop has been opened already. Open the page again to see its code."))
    _require_names(names)
    workshop = Workshop(county_id=negotiation.county_id, negotiation=negotiation)
    _give_code(workshop, at)
    WorkshopGroup.objects.bulk_create(
        WorkshopGroup(county_id=workshop.county_id, workshop=workshop, position=position, name=name)
        for position, name in enumerate(names, 1)
    )
    record(negotiation, "workshop_opened", by=by, at=at, groups=len(names))
    return workshop


@transaction.atomic
def close_workshop(workshop: Workshop, *, by: User | None, at: datetime | None = None) -> Workshop:
    """Close a workshop: its code and the addresses of its phones are good no more. The board stays.

    Raises NotAllowedNow where it is closed already.
    """
    at = at or timezone.now()
    workshop = locked(workshop)
    if not workshop.is_open:
        raise NotAllowedNow(_("The workshop has been closed already."))
    workshop.closed_at, workshop.code = max(at, workshop.opened_at), None
    workshop.changed_at = at
    workshop.save(update_fields=["closed_at", "code", "changed_at"])
    record(workshop.negotiation, "workshop_closed", by=by, at=at, notes=workshop.notes.count())
    return workshop


@transaction.atomic
def reopen_workshop(workshop: Workshop, *, by: User | None, at: datetime | None = None) -> Workshop:
    """Open a workshop again, with the same groups and notes and a new code; also one that was open for too long.

    Raises NotAllowedNow where it is open, and where none could be opened either.
    """
    at = at or timezone.now()
    negotiation = locked(workshop.negotiation, stays=True)
    workshop = locked(workshop)
    if is_taking_notes(workshop, at):
        raise NotAllowedNow(_("The workshop has been opened already. Open the page again to see its code."))
    _require_openable(negotiation, at)
    _give_code(workshop, at)
    record(negotiation, "workshop_reopened", by=by, at=at)
    return workshop


def _require_openable(negotiation: Negotiation, at: datetime) -> None:
    if words := why_not_open(negotiation, timezone.localdate(at)):
        raise NotAllowedNow(words)


def _give_code(workshop: Workshop, at: datetime) -> None:
    """Save a workshop as open from this moment, with a code that no other open one has."""
    workshop.opened_at, workshop.closed_at, workshop.changed_at = at, None, at
    for tries_left in reversed(range(TRIES)):
        workshop.code = new_code()
        try:
            with transaction.atomic():
                workshop.save()
        except IntegrityError:
            if not tries_left:
                raise
        else:
            return


# --- Groups -----------------------------------------------------------------------------------------------------


def _require_names(names: Sequence[str]) -> None:
    if not names:
        raise ValidationError(_("Give at least one group."))
    if len(names) > MOST_GROUPS:
        raise ValidationError(_("Give at most %(most)s groups.") % {"most": MOST_GROUPS})
    if any(len(name) > NAME_LENGTH for name in names):
        raise ValidationError(_("The name of a group has at most %(most)s characters.") % {"most": NAME_LENGTH})
    folded = [name.casefold() for name in names]
    if twice := next((name for name, fold in zip(names, folded, strict=True) if folded.count(fold) > 1), None):
        raise ValidationError(_("Two groups have the name “%(name)s”. Give them different names.") % {"name": twice})


@transaction.atomic
def save_groups(
    workshop: Workshop,
    names: Mapping[int, str],
    more: Sequence[str] = (),
    *,
    by: User | None,
    at: datetime | None = None,
) -> Workshop:
    """Save the names of groups by their ids, an empty one for a group to leave out, and add others after them.

    The findings of a group are told by its new name. Raises ValidationError for two of the same name, for too many, and
    for leaving out a group that has posted notes.
    """
    at = at or timezone.now()
    workshop = locked(workshop, stays=True)
    groups = list(WorkshopGroup.objects.select_for_update(no_key=True).filter(workshop=workshop))
    kept = [names.get(group.pk, group.name) for group in groups]
    _require_names([*filter(None, kept), *more])
    for group, name in zip(groups, kept, strict=True):
        if not name:
            _require_no_notes(group)
            group.delete()
        elif name != group.name:
            group.name = name
            group.save(update_fields=["name"])
            Observation.objects.filter(note__group=group).update(group_name=name)
    last = max((group.position for group in groups), default=0)
    WorkshopGroup.objects.bulk_create(
        WorkshopGroup(county_id=workshop.county_id, workshop=workshop, position=position, name=name)
        for position, name in enumerate(more, last + 1)
    )
    workshop.changed_at = at
    workshop.save(update_fields=["changed_at"])
    record(workshop.negotiation, "workshop_groups_changed", by=by, at=at)
    return workshop


def _require_no_notes(group: WorkshopGroup) -> None:
    if count := group.notes.count():
        raise ValidationError(
            ngettext(
                "“%(group)s” has posted %(count)s note, so it cannot be left out.",
                "“%(group)s” has posted %(count)s notes, so it cannot be left out.",
                count,
            )
            % {"group": group.name, "count": count}
        )
