"""The one door to the state of a summary: frozen, put on the board's agenda, noted; published apart."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import User
from municipalities.moves import NotAllowedNow, locked, require_state
from negotiations.models import Round, Summary, SummaryHandling
from negotiations.reporting.summary import request_summary_document

State = Summary.State

# The move, the states it may start from, and the state it leads to (none: it changes no state).
MOVES: dict[str, tuple[frozenset[State], State | None]] = {
    "freeze": (frozenset({State.DRAFT}), State.READY),
    "reopen": (frozenset({State.READY}), State.DRAFT),
    "put_on_agenda": (frozenset({State.READY, State.ON_AGENDA, State.NOTED}), State.ON_AGENDA),
    # Noted by the board and then by the council, and by as many bodies as take it up.
    "note": (frozenset({State.ON_AGENDA, State.NOTED}), State.NOTED),
    "publish": (frozenset({State.READY, State.ON_AGENDA, State.NOTED}), None),
}


@transaction.atomic
def open_summary(round_: Round, *, by: User | None, at: datetime | None = None) -> Summary:
    """Begin the summary of a round. Repeatable: one that exists is left as it is."""
    summary, created = Summary.objects.get_or_create(round=round_, defaults={"county_id": round_.county_id})
    if created:
        record(summary, "opened", by=by, at=at)
    return summary


@transaction.atomic
def freeze(summary: Summary, *, by: User | None, at: datetime | None = None) -> Summary:
    """Freeze the text and the figures as they are now and have the final document made of them.

    Raises NotAllowedNow unless the summary is a draft.
    """
    summary = locked(summary)
    target = require_state(summary, MOVES, "freeze")
    document = request_summary_document(summary, variant="final", by=by, at=at)
    summary.document, summary.state, summary.frozen_at = document, target, at or timezone.now()
    summary.save(update_fields=["document", "state", "frozen_at"])
    record(summary, "frozen", by=by, at=at, document=document.pk)
    return summary


@transaction.atomic
def reopen(summary: Summary, *, by: User | None, at: datetime | None = None) -> Summary:
    """Take a frozen summary back to a draft, before any body has it on its agenda.

    Raises NotAllowedNow once it is on an agenda, and once it is published.
    """
    summary = locked(summary)
    target = require_state(summary, MOVES, "reopen")
    if summary.published_on:
        raise NotAllowedNow(_("The summary is published and can no longer be changed."))
    summary.state, summary.frozen_at = target, None
    summary.save(update_fields=["state", "frozen_at"])
    record(summary, "reopened", by=by, at=at)
    return summary


@transaction.atomic
def put_on_agenda(summary: Summary, *, body: str, on: date, by: User | None, at: datetime | None = None) -> Summary:
    """Put the frozen summary on the agenda of a body's meeting; its members read it from here on.

    A second body may take it up after the first has noted it. Raises NotAllowedNow for a draft, and for a meeting
    that has it on its agenda already.
    """
    summary = locked(summary)
    target = require_state(summary, MOVES, "put_on_agenda")
    act = SummaryHandling.Act.ON_AGENDA
    if summary.handlings.filter(act=act, body=body, on=on).exists():
        raise NotAllowedNow(_("The summary is on the agenda of that meeting already."))
    SummaryHandling.objects.create(county_id=summary.county_id, summary=summary, act=act, body=body, on=on)
    # Once a body has noted it, it stays noted, whoever takes it up next.
    if summary.state != State.NOTED:
        summary.state = target
        summary.save(update_fields=["state"])
    record(summary, "put_on_agenda", by=by, at=at, body=body, on=on.isoformat())
    return summary


@transaction.atomic
def note(
    summary: Summary, *, body: str, on: date, section: str, by: User | None, at: datetime | None = None
) -> Summary:
    """Enter that a body has noted the summary: in which meeting and under which section (§) of its minutes.

    The board and the council note it; they do not approve it. Raises NotAllowedNow unless it is on an agenda, for a
    meeting that has noted it already, and for one that has not been held yet.
    """
    summary = locked(summary)
    target = require_state(summary, MOVES, "note")
    act = SummaryHandling.Act.NOTED
    if on > (timezone.localdate(at) if at else timezone.localdate()):
        raise NotAllowedNow(_("The meeting has not been held yet. Mark the summary as noted after it."))
    if summary.handlings.filter(act=act, body=body, on=on).exists():
        raise NotAllowedNow(_("That meeting has noted the summary already."))
    SummaryHandling.objects.create(
        county_id=summary.county_id, summary=summary, act=act, body=body, on=on, section=section
    )
    summary.state = target
    summary.save(update_fields=["state"])
    record(summary, "noted", by=by, at=at, body=body, on=on.isoformat(), section=section)
    return summary


@transaction.atomic
def publish(summary: Summary, *, on: date, by: User | None, at: datetime | None = None) -> Summary:
    """Publish the frozen summary: an act of its own with its own date, whatever the board has done by then.

    Raises NotAllowedNow for a draft and for a summary that is published already.
    """
    summary = locked(summary)
    require_state(summary, MOVES, "publish")
    if summary.published_on:
        raise NotAllowedNow(_("The summary is published already."))
    summary.published_on = on
    summary.save(update_fields=["published_on"])
    record(summary, "published", by=by, at=at, on=on.isoformat())
    return summary
