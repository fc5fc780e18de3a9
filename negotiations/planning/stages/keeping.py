"""Stages of a round as they are kept: added, changed, put in order, marked as done, removed and brought back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import User
from municipalities.moves import NotAllowedNow, locked
from negotiations.models import Round, RoundStage
from negotiations.planning.stages.templates import Template, left_of, template_of, templates_for

# Added to positions while they are changed: two rows may not have the same one even for a moment.
ASIDE = 10_000
# More than anybody plans for a year; positions have room for it.
MOST_STAGES = 60
# First and last day; None where no date is known.
When = tuple[date, date] | None


def when_of(stage: RoundStage) -> When:
    """Return the first and the last day of a stage."""
    return None if stage.earliest is None or stage.latest is None else (stage.earliest, stage.latest)


def _to_json(when: When) -> list[str] | None:
    return [day.isoformat() for day in when] if when else None


def _next_position(round_: Round, *, more: int = 1) -> int:
    """Return the position after the last one. Raises ValidationError where the round would have too many stages."""
    rows = RoundStage.objects.filter(round=round_)
    if rows.count() + more > MOST_STAGES:
        raise ValidationError(
            _("A round has at most %(most)s stages. Remove some or put several into one.") % {"most": MOST_STAGES}
        )
    last: int = rows.aggregate(last=Max("position"))["last"] or 0
    return last + 1


def templates_of(round_: Round) -> list[Template]:
    """Return what a round can begin its year from: the county's last round that has stages, and the usual ones.

    Those of the round's form come first. Two queries.
    """
    others = Round.objects.filter(year__lte=round_.year).exclude(pk=round_.pk)
    former: Round | None = (
        others.filter(Exists(RoundStage.objects.filter(round=OuterRef("pk")))).order_by("-year", "-starts_on").first()
    )
    own = [template_of(former, RoundStage.objects.filter(round=former).order_by("position"))] if former else []
    return templates_for(round_.form, own)


@transaction.atomic
def add_stage(
    round_: Round, stage: RoundStage, when: When, *, by: User | None, at: datetime | None = None
) -> RoundStage:
    """Add a new stage after the others of the round. Raises ValidationError where there are too many."""
    round_ = locked(round_)
    stage.county_id, stage.round = round_.county_id, round_
    stage.position = _next_position(round_)
    stage.earliest, stage.latest = when or (None, None)
    stage.save()
    record(round_, "stage_added", by=by, at=at, stage=stage.pk)
    return stage


@transaction.atomic
def add_from_template(
    round_: Round, template: Template, *, by: User | None, at: datetime | None = None
) -> list[RoundStage]:
    """Add the stages of a template that the round does not have by name, in its language. Repeatable.

    Their months follow from the round's year. Raises ValidationError where there would be too many stages.
    """
    round_ = locked(round_)
    names = list(RoundStage.objects.filter(round=round_).values_list("name", flat=True))
    wanted = left_of(template, names, round_.language)
    if not wanted:
        return []
    position = _next_position(round_, more=len(wanted))
    made: list[RoundStage] = []
    with translation.override(round_.language):
        for place, usual in enumerate(wanted):
            earliest, latest = usual.span(round_.year) or (None, None)
            made.append(
                RoundStage(
                    county_id=round_.county_id,
                    round=round_,
                    position=position + place,
                    name=str(usual.name),
                    body=str(usual.body),
                    earliest=earliest,
                    latest=latest,
                    description=str(usual.description),
                )
            )
    RoundStage.objects.bulk_create(made)
    record(round_, "stages_added", by=by, at=at, template=template.key, stages=[stage.pk for stage in made])
    return made


@transaction.atomic
def take_back_added(
    round_: Round, stages: Sequence[int], *, by: User | None, at: datetime | None = None
) -> list[RoundStage]:
    """Remove stages just added from a template, but those marked as done meanwhile. Returns those removed."""
    round_ = locked(round_)
    rows = list(RoundStage.objects.select_for_update().filter(round=round_, pk__in=stages, done_on=None))
    if rows:
        record(round_, "stages_removed", by=by, at=at, stages=[row.pk for row in rows])
        RoundStage.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return rows


def _locked(stage: RoundStage) -> tuple[Round, RoundStage]:
    """Return the round and the stage, locked in this order. Raises NotAllowedNow where the stage is there no more."""
    round_ = locked(stage.round)
    try:
        return round_, locked(stage)
    except RoundStage.DoesNotExist as gone:
        raise NotAllowedNow(_("Somebody has removed this stage meanwhile. Open the page again.")) from gone


@transaction.atomic
def change_stage(
    stage: RoundStage, when: When, *, fields: Sequence[str], by: User | None, at: datetime | None = None
) -> RoundStage:
    """Save a stage of which these fields have been changed, and give it these days."""
    round_, now = _locked(stage)
    former = when_of(now)
    # Its place is not among what was edited: another may have moved it meanwhile.
    stage.position = now.position
    stage.earliest, stage.latest = when or (None, None)
    changed = [*fields, *(["time"] if former != when else [])]
    if not changed:
        return stage
    stage.save()
    times = {"former": _to_json(former), "now": _to_json(when)} if former != when else {}
    record(round_, "stage_changed", by=by, at=at, stage=stage.pk, fields=sorted(changed), **times)
    return stage


@transaction.atomic
def mark_done(stage: RoundStage, *, by: User | None, on: date | None = None, at: datetime | None = None) -> RoundStage:
    """Mark a stage as done, today unless told. One that is done already keeps its day: pressed twice, it is done once.

    Raises NotAllowedNow for a day to come.
    """
    round_, stage = _locked(stage)
    if stage.done_on is not None:
        return stage
    today = timezone.localdate()
    stage.done_on = on or today
    if stage.done_on > today:
        raise NotAllowedNow(_("A stage can be marked as done only when it has been done. Give a day that has come."))
    stage.save(update_fields=["done_on"])
    record(round_, "stage_done", by=by, at=at, stage=stage.pk, on=stage.done_on.isoformat())
    return stage


@transaction.atomic
def take_back_done(stage: RoundStage, *, by: User | None, at: datetime | None = None) -> date | None:
    """Take back the mark that a stage is done. Returns the day that it had; None where it had no mark."""
    round_, stage = _locked(stage)
    done_on = stage.done_on
    if done_on is not None:
        stage.done_on = None
        stage.save(update_fields=["done_on"])
        record(round_, "stage_not_done", by=by, at=at, stage=stage.pk)
    return done_on


@transaction.atomic
def move_stage(stage: RoundStage, *, up: bool, by: User | None, at: datetime | None = None) -> bool:
    """Have a stage and the one before it or after it change places. Returns whether they did.

    Stages stand in order of time: only those of the same days, or without any, can change places.
    """
    round_, stage = _locked(stage)
    tied = RoundStage.objects.filter(round=round_, earliest=stage.earliest, latest=stage.latest)
    order = tied.order_by("-position" if up else "position")
    other: RoundStage | None = order.filter(
        **({"position__lt": stage.position} if up else {"position__gt": stage.position})
    ).first()
    if other is None:
        return False
    RoundStage.objects.filter(pk=stage.pk).update(position=F("position") + ASIDE)
    RoundStage.objects.filter(pk=other.pk).update(position=stage.position)
    RoundStage.objects.filter(pk=stage.pk).update(position=other.position)
    record(round_, "stage_moved", by=by, at=at, stage=stage.pk)
    return True


@dataclass(frozen=True)
class RemovedStage:
    """What brings a stage back: all of it as plain values, and the id that it had."""

    pk: int
    position: int
    name: str
    body: str
    description: str
    earliest: str = ""
    latest: str = ""
    done_on: str = ""


@transaction.atomic
def remove_stage(stage: RoundStage, *, by: User | None, at: datetime | None = None) -> RemovedStage:
    """Remove a stage. Returns what brings it back."""
    round_, stage = _locked(stage)
    removed = RemovedStage(
        stage.pk,
        stage.position,
        stage.name,
        stage.body,
        stage.description,
        *(day.isoformat() if day else "" for day in (stage.earliest, stage.latest, stage.done_on)),
    )
    record(round_, "stage_removed", by=by, at=at, stage=stage.pk)
    stage.delete()
    return removed


@transaction.atomic
def restore_stage(round_: Round, removed: RemovedStage, *, by: User | None, at: datetime | None = None) -> RoundStage:
    """Bring back a stage that was removed, to its place. Brought back twice, it is there once.

    Raises NotAllowedNow where the round has one of the same name and days already.
    """
    round_ = locked(round_)
    earliest, latest, done_on = (
        date.fromisoformat(day) if day else None for day in (removed.earliest, removed.latest, removed.done_on)
    )
    there = RoundStage.objects.filter(round=round_)
    if there.filter(name=removed.name, earliest=earliest, latest=latest).exists():
        raise NotAllowedNow(_("The round has the stage “%(name)s” already.") % {"name": removed.name})
    position = removed.position
    if there.filter(position=position).exists():
        position = _next_position(round_)
    stage: RoundStage = RoundStage.objects.create(
        county_id=round_.county_id,
        round=round_,
        position=position,
        name=removed.name,
        body=removed.body,
        description=removed.description,
        earliest=earliest,
        latest=latest,
        done_on=done_on,
    )
    record(round_, "stage_restored", by=by, at=at, stage=stage.pk, former=removed.pk)
    return stage
