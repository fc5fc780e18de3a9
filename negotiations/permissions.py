"""What a user may know of and do in a county.

`visible_*` give querysets: what is not in them is answered 404. `can_*` are predicates: what they refuse is answered
403, and the same predicates draw the buttons.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from municipalities.access import Access
from municipalities.models import Membership
from negotiations.models import (
    AgendaItem,
    CalendarFeed,
    Measure,
    MeasureStatus,
    Minutes,
    MinutesAttachment,
    MinutesCheck,
    Negotiation,
    Party,
    Round,
    Summary,
)

NONE: Q = Q(pk__in=[])


def _own_negotiations(access: Access) -> QuerySet[Party, Any]:
    """The negotiations whose party is one of the user's municipalities, as a subquery of ids."""
    return Party.objects.filter(municipality_id__in=access.municipality_ids).values("negotiation_id")


def can_read_rounds(access: Access) -> bool:
    """Open the list of rounds: those who plan by it. The board reads summaries instead."""
    return access.is_coordinator or access.is_municipal


def visible_rounds(access: Access) -> QuerySet[Round]:
    """Rounds: for those who may read any."""
    rounds: QuerySet[Round] = Round.objects.all()
    return rounds if can_read_rounds(access) else rounds.none()


def visible_negotiations(access: Access) -> QuerySet[Negotiation]:
    """Negotiations: all for the coordinator, for municipal staff those in which their municipality is a party."""
    negotiations: QuerySet[Negotiation] = Negotiation.objects.all()
    if access.is_coordinator:
        return negotiations
    return negotiations.filter(Q(pk__in=_own_negotiations(access)) if access.is_municipal else NONE)


def visible_minutes(access: Access) -> QuerySet[Minutes]:
    """Minutes: published ones for all; before that for the coordinator and, once sent for checking, for the parties.

    A draft is not public, and minutes become so when checked and confirmed (621/1999, 6 §).
    """
    minutes: QuerySet[Minutes] = Minutes.objects.all()
    if access.is_coordinator:
        return minutes
    seen = Q(state=Minutes.State.PUBLISHED)
    if access.is_municipal:
        seen |= Q(
            negotiation_id__in=_own_negotiations(access), state__in=[Minutes.State.CHECKING, Minutes.State.CHECKED]
        )
    return minutes.filter(seen)


def minutes_read_whole(access: Access) -> QuerySet[Minutes]:
    """Minutes that the user reads whole, with what is not public in them: the coordinator's and the parties'.

    Others read the public variant: without the items and attachments for which there is a ground for secrecy (621/1999,
    24 §). What a party may know of its own matter is its own (621/1999, 11 §).
    """
    minutes = visible_minutes(access)
    return minutes if access.is_coordinator else minutes.filter(_of_party(access, "negotiation_id"))


def reads_whole(access: Access, negotiation: Negotiation) -> bool:
    """Whether the user reads minutes of the negotiation whole: see minutes_read_whole. At most one query."""
    return access.is_coordinator or (
        access.is_municipal and _own_negotiations(access).filter(negotiation=negotiation).exists()
    )


def _of_party(access: Access, negotiation: str) -> Q:
    """Return the condition that the negotiation, by the name of its id, is of one of the user's municipalities."""
    return Q(**{f"{negotiation}__in": _own_negotiations(access)}) if access.is_municipal else NONE


def visible_attachments(access: Access) -> QuerySet[MinutesAttachment]:
    """Attachments of minutes that the user may read: one that is not public, or of such an item, for the parties."""
    attachments: QuerySet[MinutesAttachment] = MinutesAttachment.objects.filter(minutes__in=visible_minutes(access))
    if access.is_coordinator:
        return attachments
    is_public = Q(secrecy_ground="") & (Q(item=None) | Q(item__secrecy_ground=""))
    return attachments.filter(is_public | _of_party(access, "minutes__negotiation_id"))


def marks_awaited(access: Access) -> QuerySet[MinutesCheck]:
    """Marks that minutes being checked wait for from the user's own municipalities, the most urgent first.

    A reader of the municipality has them here too: whether the user can make one is for can_mark, which asks the
    database nothing more.
    """
    checks: QuerySet[MinutesCheck] = MinutesCheck.objects.filter(
        minutes__in=visible_minutes(access).filter(state=Minutes.State.CHECKING),
        party__municipality_id__in=access.municipality_ids,
        outcome=MinutesCheck.Outcome.WAITING,
    )
    return checks.select_related("minutes", "party").order_by("minutes__check_by", "pk")


def visible_summaries(access: Access) -> QuerySet[Summary]:
    """Summaries: board members read from the agenda on; municipalities once published."""
    summaries: QuerySet[Summary] = Summary.objects.all()
    if access.is_coordinator:
        return summaries
    seen = Q(published_on__isnull=False)
    if access.is_board_member:
        seen |= Q(state__in=[Summary.State.ON_AGENDA, Summary.State.NOTED])
    return summaries.filter(seen)


def visible_measures(access: Access) -> QuerySet[Measure]:
    """Measures: those told in minutes that one may read, and those of a whole round in its summary.

    Where each part has minutes of its own, a measure is read with those of the part it was agreed in. One agreed under
    an item that is not public is read by the parties only.
    """
    measures: QuerySet[Measure] = Measure.objects.all()
    if access.is_coordinator:
        return measures
    # A document that corrects others tells no measure of its own.
    minutes = Minutes.objects.filter(negotiation=OuterRef("negotiation"), corrects=None)
    read = visible_minutes(access).filter(negotiation=OuterRef("negotiation"), corrects=None)
    # One under no item is told in the minutes of the last part: it waits until all of them can be read.
    told = Exists(read.filter(Q(part=None) | Q(part=OuterRef("agenda_item__part")))) | (
        Q(agenda_item=None) & Exists(read) & ~Exists(minutes.exclude(pk__in=visible_minutes(access).values("pk")))
    )
    of_round = Q(round__in=visible_rounds(access)) | Q(round__summary__in=visible_summaries(access))
    is_public = Q(agenda_item=None) | Q(agenda_item__secrecy_ground="") | _of_party(access, "negotiation_id")
    return measures.filter(told & is_public | Q(negotiation=None) & of_round)


def visible_statuses(access: Access) -> QuerySet[MeasureStatus]:
    """What has been told of measures: of what was told in a negotiation, what stands in minutes that one may read.

    Where each part has minutes of its own, those of the part under whose item it was told. What was told under an item
    that is not public is read by the parties only.
    """
    statuses: QuerySet[MeasureStatus] = MeasureStatus.objects.all()
    if access.is_coordinator:
        return statuses
    minutes = Minutes.objects.filter(negotiation=OuterRef("negotiation"), corrects=None)
    read = visible_minutes(access).filter(negotiation=OuterRef("negotiation"), corrects=None)
    items = AgendaItem.objects.filter(part__negotiation=OuterRef("negotiation"), measures_followed=OuterRef("measure"))
    told = Exists(read.filter(Q(part=None) | Q(part__items__measures_followed=OuterRef("measure")))) | (
        ~Exists(items) & Exists(read) & ~Exists(minutes.exclude(pk__in=visible_minutes(access).values("pk")))
    )
    is_public = ~Exists(items.exclude(secrecy_ground="")) | _of_party(access, "negotiation_id")
    return statuses.filter(Q(negotiation=None) | told & is_public)


def parts_told(access: Access, negotiation: Negotiation) -> set[int]:
    """Return the ids of the parts of which the user may read what was discussed and agreed, not the agenda alone.

    What has been written is a draft until the minutes are sent for checking (621/1999, 6 §). At most two queries.
    """
    parts = {part.pk for part in negotiation.parts.all()}
    if access.is_coordinator:
        return parts
    of_parts = set(visible_minutes(access).filter(negotiation=negotiation).values_list("part_id", flat=True))
    return parts if None in of_parts else {pk for pk in of_parts if pk is not None}


def is_told(access: Access) -> Q | Exists:
    """Return the condition that what was agreed under an agenda item may be read by the user: see parts_told.

    Of an item that is not public, by the parties only.
    """
    if access.is_coordinator:
        return ~NONE
    minutes = visible_minutes(access).filter(negotiation=OuterRef("part__negotiation"))
    is_public = Q(secrecy_ground="") | _of_party(access, "part__negotiation_id")
    return Exists(minutes.filter(Q(part=None) | Q(part=OuterRef("part")))) & is_public


def can_read_duty(access: Access) -> bool:
    """See how the duty to negotiate stands: the coordinator for all, municipal staff for their own municipality."""
    return access.is_coordinator or access.is_municipal


def can_edit(access: Access) -> bool:
    """Plan rounds, hold negotiations, write minutes and summaries: the coordinator."""
    return access.is_coordinator


def can_move_minutes(access: Access, minutes: Minutes) -> bool:
    """Render minutes, send them for checking, take them back, publish them: the coordinator."""
    return access.is_coordinator and minutes.county_id == access.county.pk


def can_mark(access: Access, check: MinutesCheck) -> bool:
    """Mark minutes as checked: the municipality's own editor, or the coordinator for a mark that came otherwise."""
    if access.is_coordinator:
        return True
    return (
        Membership.Role.MUNICIPAL_EDITOR in access.roles
        and check.party.municipality_id is not None
        and any(
            m.municipality_id == check.party.municipality_id and m.role == Membership.Role.MUNICIPAL_EDITOR
            for m in access.user.all_memberships
            if m.county_id == access.county.pk
        )
    )


def can_tell(access: Access, measure: Measure) -> bool:
    """Tell what has become of a measure: the coordinator of any, a municipality's editor of what it promised itself."""
    return access.is_coordinator or any(
        m.municipality_id == measure.municipality_id and m.role == Membership.Role.MUNICIPAL_EDITOR
        for m in access.user.all_memberships
        if m.county_id == access.county.pk and m.municipality_id is not None
    )


def can_move_summary(access: Access, summary: Summary) -> bool:
    """Freeze a summary, put it on an agenda, mark it as noted, publish it: the coordinator."""
    return access.is_coordinator and summary.county_id == access.county.pk


def can_retry_documents(access: Access) -> bool:
    """Have a failed document rendered again: the coordinator."""
    return access.is_coordinator


def can_subscribe(access: Access) -> bool:
    """Make secret addresses of calendars: those who may see negotiations at all."""
    return access.is_coordinator or access.is_municipal


def visible_feeds(access: Access) -> QuerySet[CalendarFeed]:
    """Secret addresses of calendars that are in use, to tell of and to revoke: one's own, all for the coordinator."""
    feeds: QuerySet[CalendarFeed] = CalendarFeed.objects.filter(revoked_at=None)
    return feeds if access.is_coordinator else feeds.filter(user=access.user)
