"""The decision by which a body approved a round's timetable, representation and form; and what has changed since.

Most often the body is the county's board. No law asks for the decision: counties make it before they invite.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities import timewords
from municipalities.events import record
from municipalities.models import Event, User
from municipalities.moves import NotAllowedNow, locked
from negotiations.models import Round

FIELDS = ("approved_by", "approved_on", "approved_section")
# What a decision is of: which body, and when. Its section may be filled in later, and approves nothing anew.
DECISION = frozenset({"approved_by", "approved_on"})


@dataclass(frozen=True)
class Approval:
    """A decision: whose, when, and in which section of its minutes, which may not be known."""

    by: str
    on: date
    section: str = ""

    @classmethod
    def of(cls, round_: Round) -> Approval | None:
        """Return the decision that a round has."""
        return cls(round_.approved_by, round_.approved_on, round_.approved_section) if round_.approved_on else None

    @property
    def words(self) -> str:
        """Tell the decision: "Aluehallitus hyväksynyt aikataulun ja toteutustavan 15.8.2023, § 123"."""
        words = _("%(body)s has approved the timetable and the form on %(day)s") % {
            "body": self.by,
            "day": timewords.day(self.on, weekday=False),
        }
        return f"{words}, § {self.section}" if self.section else words


@transaction.atomic
def approve(round_: Round, approval: Approval, *, by: User | None, at: datetime | None = None) -> Round:
    """Record the decision on a round, or change what was recorded. Raises ValidationError for a day to come."""
    if approval.on > timezone.localdate():
        raise ValidationError(_("The decision is recorded when it has been made. Give a day that has come."))
    row = locked(round_)
    had = Approval.of(row)
    values = dict(zip(FIELDS, (approval.by, approval.on, approval.section), strict=True))
    fields = [name for name, value in values.items() if getattr(row, name) != value]
    if not fields:
        return row
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(FIELDS))
    if had is None:
        record(row, "approved", by=by, at=at, on=approval.on.isoformat())
    else:
        record(row, "approval_changed", by=by, at=at, fields=fields, on=approval.on.isoformat())
    return row


@transaction.atomic
def remove_approval(round_: Round, *, by: User | None, at: datetime | None = None) -> Approval:
    """Take away a decision that was recorded by mistake. Returns it. Raises NotAllowedNow where there is none."""
    row = locked(round_)
    had = Approval.of(row)
    if had is None:
        raise NotAllowedNow(_("No approval has been recorded for this round."))
    row.approved_on, row.approved_by, row.approved_section = None, "", ""
    row.save(update_fields=list(FIELDS))
    record(row, "approval_removed", by=by, at=at)
    return had


@transaction.atomic
def restore_approval(round_: Round, approval: Approval, *, by: User | None, at: datetime | None = None) -> Round:
    """Bring back a decision that was taken away. Raises NotAllowedNow where another has been recorded meanwhile."""
    row = locked(round_)
    if row.approved_on is not None:
        raise NotAllowedNow(_("An approval has been recorded for this round meanwhile. Change that one."))
    row.approved_by, row.approved_on, row.approved_section = approval.by, approval.on, approval.section
    row.save(update_fields=list(FIELDS))
    record(row, "approval_restored", by=by, at=at, on=approval.on.isoformat())
    return row


# --- What has changed since -------------------------------------------------------------------------------------

APPROVED = frozenset({"approved", "approval_changed"})
STAGE_VERBS = frozenset(
    {"stage_added", "stages_added", "stage_changed", "stage_removed", "stages_removed", "stage_restored"}
)
# How the log tells that the times for negotiations were changed (planning/slots).
SLOTS_CHANGED = "slots_changed"
# Fields of a round that are of its timetable or form.
ROUND_FIELDS = ("form", "legal_bases", "year", "starts_on", "ends_on")

Payload = Mapping[str, Any]


@dataclass(frozen=True)
class Happening:
    """An event as far as this looks at it."""

    verb: str
    on: date
    payload: Payload


@dataclass(frozen=True)
class Change:
    """Something of the timetable that is other than what was approved: when it was last changed, and what, in words."""

    on: date
    words: str


@dataclass
class _Stage:
    """What has been done to a stage since."""

    on: date
    is_added: bool = False
    is_removed: bool = False
    former: Sequence[str] | None = None
    now: Sequence[str] | None = None
    is_moved: bool = False
    is_renamed: bool = False


def since_approval(happenings: Iterable[Happening]) -> list[Happening]:
    """Return what happened after the decision was recorded; nothing where none has been.

    A section filled in later leaves the day as it was: the body has decided on nothing new.
    """
    found: list[Happening] | None = None
    for each in happenings:
        decided = each.verb == "approved" or (
            each.verb == "approval_changed" and not DECISION.isdisjoint(each.payload.get("fields", ()))
        )
        if decided:
            found = []
        elif found is not None:
            found.append(each)
    return found or []


def changes_of(happenings: Iterable[Happening], names: Mapping[int, str]) -> list[Change]:
    """Return what is other than it was before these, in order of the last change of each.

    What was put back is no change: a stage removed and brought back, added and removed, or moved and moved back.
    `names` are those of the stages there are now, by id.
    """
    stages: dict[int, _Stage] = {}
    others: dict[str, Change] = {}
    for each in happenings:
        if each.verb in STAGE_VERBS:
            _follow(stages, each)
        elif each.verb == SLOTS_CHANGED:
            # A reason written anew changes no time.
            if each.payload["added"] or each.payload["removed"]:
                others["slots"] = Change(each.on, _("The times for negotiations were changed."))
            if each.payload.get("mode"):
                others["mode"] = Change(each.on, _("How the negotiations are held was changed."))
        elif each.verb == "changed":
            for name in ROUND_FIELDS:
                if name in each.payload.get("fields", ()):
                    label = str(Round._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
                    others[name] = Change(each.on, _("Of the round was changed: %(field)s.") % {"field": label})
    told = [*others.values(), *(change for pk, stage in stages.items() for change in _of_stage(stage, names.get(pk)))]
    return sorted(told, key=lambda change: change.on)


def _follow(stages: dict[int, _Stage], each: Happening) -> None:
    """Put one event into what is known of its stages."""
    payload = each.payload
    if each.verb == "stage_restored":
        # It is a new row: what had been done to the old one goes on in it.
        # One that was removed before the approval comes into the timetable now.
        stage = stages.pop(payload.get("former", 0), None) or _Stage(each.on, is_added=True)
        stage.is_removed, stage.on = False, each.on
        stages[payload["stage"]] = stage
        return
    for pk in payload.get("stages", (payload.get("stage"),)):
        stage = stages.setdefault(pk, _Stage(each.on))
        stage.on = each.on
        if each.verb in {"stage_added", "stages_added"}:
            stage.is_added = True
        elif each.verb in {"stage_removed", "stages_removed"}:
            stage.is_removed = True
        else:
            fields = payload.get("fields", ())
            stage.is_renamed = stage.is_renamed or bool({"name", "body"} & set(fields))
            if "time" in fields:
                if not stage.is_moved:
                    stage.former = payload.get("former")
                stage.is_moved, stage.now = True, payload.get("now")


def _of_stage(stage: _Stage, name: str | None) -> list[Change]:
    """Tell what has been done to a stage, where anything is left of it."""
    if stage.is_added and stage.is_removed:
        return []
    shown = {"stage": name or _("a stage removed since")}
    if stage.is_removed:
        return [Change(stage.on, _("A stage was removed."))]
    if stage.is_added:
        return [Change(stage.on, _("The stage “%(stage)s” was added.") % shown)]
    told = []
    if stage.is_moved and stage.former != stage.now:
        times = shown | {"former": _span(stage.former), "now": _span(stage.now)}
        told.append(Change(stage.on, _("“%(stage)s” was %(former)s, and is now %(now)s.") % times))
    if stage.is_renamed:
        told.append(Change(stage.on, _("The name or the body of “%(stage)s” was changed.") % shown))
    return told


def _span(days: Sequence[str] | None) -> str:
    if not days:
        return _("no date known")
    earliest, latest = (date.fromisoformat(day) for day in days)
    return timewords.span(earliest, latest)


def changes_since_approval(round_: Round, names: Mapping[int, str]) -> list[Change]:
    """Return what of the timetable has been changed after the approval was recorded. At most one query."""
    if round_.approved_on is None:
        return []
    verbs = [*APPROVED, *STAGE_VERBS, SLOTS_CHANGED, "changed"]
    events = Event.objects.filter(subject=round_._meta.label_lower, subject_id=round_.pk, verb__in=verbs)
    rows = events.order_by("recorded_at", "pk").values_list("verb", "recorded_at", "payload")
    happenings = [Happening(verb, timezone.localdate(at), payload) for verb, at, payload in rows]
    return changes_of(since_approval(happenings), names)
