"""What is written while the negotiation is going on: texts that save themselves, each at an address of its own.

An address is such as `item-12-discussion` or `part-3-opening`. Several may write: texts of different items never
clash, and of one text that two have changed both are shown (see municipalities.saving).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities import timewords
from municipalities.events import record
from municipalities.models import Event, User
from municipalities.moves import NotAllowedNow, locked
from municipalities.saving import Outcome, Sent, changed_by_another, plain, refused, stored
from negotiations.models import AgendaItem, Minutes, Negotiation, Part

FIELD = re.compile(r"^(item)-(\d{1,18})-(discussion|agreed|dissent)\Z|^(part)-(\d{1,18})-(opening|closing)\Z")
# More than any page of ours has.
MOST_FIELDS = 50
# More than fifteen printed pages of one text.
LONGEST = 40_000
# Of one item or part that a person writes on and on, the log tells once in this time.
TOLD_EVERY = timedelta(minutes=10)

TEXT = forms.CharField(
    required=False,
    max_length=LONGEST,
    error_messages={
        "max_length": gettext_lazy("Shorten this: at most %(limit_value)s characters, now %(show_value)s.")
    },
)

State = Negotiation.State


def why_closed(negotiation: Negotiation, states: Collection[str], *, today: date) -> str:
    """Say why nothing can be written of a part now; nothing where it can. Pure.

    `states` are those of the minutes that tell the part: none before they are begun.
    """
    if negotiation.state == State.PLANNED:
        return _("The parties have not been invited yet. Invite them first, then the sitting can be opened.")
    if negotiation.state == State.CANCELLED:
        return _("The negotiation was cancelled, so that there is no sitting.")
    if negotiation.earliest > today:
        return _("The negotiation is on %(day)s. Its sitting can be opened once that day has come.") % {
            "day": timewords.day(negotiation.earliest)
        }
    if negotiation.state == State.CONVENED:
        return ""
    if not states:
        return _("The negotiation has been marked as held. Begin its minutes to write on.")
    if Minutes.State.CHECKING in states:
        return _("The minutes are being checked, so that nothing can be written here any more.")
    if states and set(states) != {Minutes.State.DRAFT}:
        return _("The minutes have been checked, so that nothing can be written here any more.")
    return ""


def states_of(negotiation: Negotiation) -> dict[int | None, str]:
    """Return the state of the minutes by the part that they tell; by None for those of the whole. One query."""
    rows = Minutes.objects.filter(negotiation=negotiation, corrects=None)
    return dict(rows.values_list("part_id", "state"))


def states_for(states: Mapping[int | None, str], part_id: int | None) -> list[str]:
    """Return of these states those of the minutes that tell a part; of all of them for none. Pure."""
    if part_id is None or None in states:
        return list(states.values())
    return [states[part_id]] if part_id in states else []


def locked_minutes(negotiation: Negotiation) -> list[Minutes]:
    """Return the minutes of a negotiation, locked: they are not sent to be checked meanwhile.

    After the negotiation and before its parts and items, as whoever writes or mends minutes locks them.
    """
    rows = Minutes.objects.select_for_update(no_key=True).filter(negotiation=negotiation, corrects=None)
    return list(rows.order_by("pk"))


def require_writable(negotiation: Negotiation, part_id: int | None, *, today: date) -> None:
    """Raise NotAllowedNow, with the reason, where nothing can be written of a part. The negotiation is locked.

    The minutes that tell it are locked too (locked_minutes).
    """
    states = {row.part_id: row.state for row in locked_minutes(negotiation)}
    if reason := why_closed(negotiation, states_for(states, part_id), today=today):
        raise NotAllowedNow(reason)


def day_of(at: datetime | None) -> date:
    """Return the day of a moment, today for none."""
    return timezone.localdate(at) if at else timezone.localdate()


@transaction.atomic
def save_texts(
    negotiation: Negotiation, sent: Mapping[str, Sent], *, by: User | None, at: datetime | None = None
) -> dict[str, Outcome]:
    """Save what was sent, each text by itself: one that is refused or clashes leaves the others saved.

    A text of an item that the agenda has no more, or of a part whose minutes are closed, is answered as refused.
    Raises NotAllowedNow where nothing of the negotiation can be written.
    """
    negotiation = locked(negotiation, stays=True)
    addresses = {name: found for name in sent if (found := FIELD.match(name))}
    minutes = locked_minutes(negotiation)
    rows = _rows(negotiation, addresses.values())
    states = {one.part_id: one.state for one in minutes}
    day = day_of(at)
    parts: set[int | None] = {row.pk if isinstance(row, Part) else row.part_id for row in rows.values()}
    closed = {part: why_closed(negotiation, states_for(states, part), today=day) for part in parts}
    closed_all = why_closed(negotiation, list(states.values()), today=day)
    if closed_all and all(closed.values()):
        raise NotAllowedNow(closed_all)
    outcomes: dict[str, Outcome] = {}
    changed: dict[tuple[str, int], list[str]] = {}
    for name, found in addresses.items():
        kind, pk, attribute = _of(found)
        row = rows.get((kind, pk))
        part = None if row is None else row.pk if isinstance(row, Part) else row.part_id
        before = getattr(row, attribute, None)
        outcomes[name] = _settle(row, attribute, sent[name], closed.get(part, ""))
        if row is not None and getattr(row, attribute) != before:
            changed.setdefault((kind, pk), []).append(attribute)
    for key, attributes in changed.items():
        rows[key].save(update_fields=attributes)
    if changed:
        _tell(negotiation, minutes, [rows[key] for key in changed], by=by, at=at)
    return outcomes


def _of(found: re.Match[str]) -> tuple[str, int, str]:
    kind, pk, attribute = (found[1], found[2], found[3]) if found[1] else (found[4], found[5], found[6])
    return kind, int(pk), attribute


def _rows(negotiation: Negotiation, addresses: Iterable[re.Match[str]]) -> dict[tuple[str, int], AgendaItem | Part]:
    """Return the rows that texts are of, locked, by kind and key. A query for each kind that there is."""
    wanted: dict[str, set[int]] = {}
    for found in addresses:
        kind, pk, _attribute = _of(found)
        wanted.setdefault(kind, set()).add(pk)
    rows: dict[tuple[str, int], AgendaItem | Part] = {}
    of_kind: dict[str, Any] = {
        "item": AgendaItem.objects.filter(part__negotiation=negotiation).select_related("part"),
        "part": Part.objects.filter(negotiation=negotiation),
    }
    for kind, keys in sorted(wanted.items()):
        for row in of_kind[kind].filter(pk__in=keys).order_by("pk").select_for_update(of=("self",), no_key=True):
            rows[kind, row.pk] = row
    return rows


def _settle(row: AgendaItem | Part | None, attribute: str, sent: Sent, closed: str) -> Outcome:
    """Put a text into its row, unless it is refused or another has changed it since it was seen."""
    if row is None:
        return refused("", _("This is no longer on the agenda. Your text is still here: copy it if you still need it."))
    now = str(getattr(row, attribute))
    if closed:
        return refused(now, closed)
    try:
        cleaned: str = TEXT.clean(plain(sent.value))
    except ValidationError as refusal:
        return refused(now, " ".join(refusal.messages))
    if clash := changed_by_another(sent, now=now, mine=cleaned):
        return clash
    setattr(row, attribute, cleaned)
    return stored(cleaned)


def _tell(
    negotiation: Negotiation,
    minutes: Collection[Minutes],
    rows: Iterable[AgendaItem | Part],
    *,
    by: User | None,
    at: datetime | None,
) -> None:
    """Append that texts were written: of the minutes once there are any, and of each row at times only."""
    by_part = {one.part_id: one for one in minutes}
    several = None
    for row in rows:
        part = row if isinstance(row, Part) else row.part
        subject: Minutes | Negotiation = by_part.get(None) or by_part.get(part.pk) or negotiation
        place: dict[str, int] = {} if isinstance(row, Part) else {"item": row.pk, "number": row.position}
        of = {"item": row.pk} if isinstance(row, AgendaItem) else {"of_part": row.pk}
        since = (at or timezone.now()) - TOLD_EVERY
        is_told = Event.objects.filter(
            subject=subject._meta.label_lower,
            subject_id=subject.pk,
            verb="text_changed",
            user=by,
            at__gte=since,
            payload__contains=of,
        ).exists()
        if is_told:
            continue
        if several is None:
            several = negotiation.parts.count() > 1
        names_part = several and not (isinstance(subject, Minutes) and subject.part_id)
        record(
            subject,
            "text_changed",
            by=by,
            at=at,
            numbering=negotiation.county.item_numbering,
            part=part.legal_basis if names_part else "",
            **(of | place),
        )
