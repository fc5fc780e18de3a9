"""Taking the answers of a party: by its link until the last day, or entered by a coordinator whom it called."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities import timewords
from municipalities.events import record
from municipalities.models import Event, User
from municipalities.moves import NotAllowedNow, locked
from negotiations.models import AvailabilityAnswer, AvailabilityInquiry, AvailabilityRequest, Negotiation, Round, Slot
from negotiations.planning.availability.reading import Suits

ANSWERED = "availability_answered"


class AnsweredMeanwhile(NotAllowedNow):
    """The party has been answered for since the form was opened. Sent again, the answer takes the other's place."""

    def __init__(self, words: str, seen: str) -> None:
        super().__init__(words)
        # What the form is sent with the next time.
        self.seen = seen


def seen_of(request: AvailabilityRequest) -> str:
    """Return what tells the answer that a party has given from its next one: a form tells by it what it was made of."""
    return request.answered_at.isoformat() if request.answered_at else "none"


@dataclass(frozen=True)
class AskedSlot:
    """A slot that a party is asked about: its answer so far, if any.

    `is_new` where it has come since the party answered; `negotiation` is the title of the party's own negotiation that
    has been given it.
    """

    slot: Slot
    suits: Suits | None
    is_new: bool
    negotiation: str


def read_sheet(request: AvailabilityRequest, *, after: datetime | None) -> list[AskedSlot]:
    """Return the slots of the round that begin after a moment, or all, with the party's answers. Four queries at most.

    A party is asked about those that have not begun.
    """
    round_: Round = request.inquiry.round
    slots = list(Slot.objects.filter(round=round_).order_by("starts_at", "pk"))
    answers = {
        slot: Suits(suits)
        for slot, suits in AvailabilityAnswer.objects.filter(request=request).values_list("slot_id", "suits")
    }
    seen = _last_seen(request) if request.answered_at else None
    own = _own_negotiations(request)
    return [
        AskedSlot(slot, answers.get(slot.pk), seen is not None and slot.pk > seen, own.get(slot.pk, ""))
        for slot in slots
        if after is None or slot.starts_at > after
    ]


def _last_seen(request: AvailabilityRequest) -> int | None:
    """Return the id of the newest slot that there was when the party answered: newer ones have come since."""
    payload = (
        Event.objects.filter(
            subject=Round._meta.label_lower,
            subject_id=request.inquiry.round_id,
            verb=ANSWERED,
            payload__request=request.pk,
        )
        .order_by("-at", "-pk")
        .values_list("payload", flat=True)
        .first()
    )
    return payload.get("newest") if payload else None


def _own_negotiations(request: AvailabilityRequest) -> dict[int, str]:
    """Return the titles of the party's own negotiations by the slots that they have been given.

    The county's core group is in every negotiation of the round.
    """
    placed = Negotiation.objects.filter(round=request.inquiry.round_id, slot__isnull=False).exclude(
        state=Negotiation.State.CANCELLED
    )
    if request.municipality_id is not None:
        placed = placed.filter(parties__municipality=request.municipality_id)
    elif request.organisation_id is not None:
        placed = placed.filter(parties__organisation=request.organisation_id)
    return dict(placed.values_list("slot_id", "title"))


@transaction.atomic
def answer(
    request: AvailabilityRequest,
    answers: Mapping[int, Suits],
    note: str,
    *,
    seen: str | None = None,
    by: User | None = None,
    at: datetime | None = None,
) -> AvailabilityRequest:
    """Save what a party answered: by the id of each slot whether it suits, in place of all that it had answered.

    A slot left out is one of which nothing is known. What was answered of slots that have begun stays. `by` is the
    coordinator who enters the answer; without one it came by the link, and is taken until the last day. `seen` is what
    `seen_of` told when the form was opened. Raises NotAllowedNow after that day, and where a slot is not, or is no
    more, one that is asked about; AnsweredMeanwhile where somebody else has answered something else since.
    """
    round_ = locked(request.inquiry.round)
    row = locked(request)
    moment = at or timezone.now()
    inquiry: AvailabilityInquiry = AvailabilityInquiry.objects.get(pk=row.inquiry_id)
    if by is None and inquiry.answer_by < timezone.localdate(moment):
        raise NotAllowedNow(_("The last day for the answers has passed."))
    every = dict(Slot.objects.filter(round=round_).values_list("pk", "starts_at"))
    asked = {pk for pk, starts_at in every.items() if starts_at > moment}
    if not set(answers) <= asked:
        raise NotAllowedNow(_("Some of the times are not asked about any more. Look at the times and send again."))
    former = row.answered_at
    if seen and former and seen != seen_of(row) and not _is_there(row, answers, note, asked):
        raise AnsweredMeanwhile(
            _(
                "An answer has come since you opened the page (%(moment)s). Nothing was saved yet: what you chose is"
                " on this page. You see the earlier answer when you open the page in another tab. If you send this"
                " again, it takes the place of the earlier answer."
            )
            % {"moment": timewords.moment(former)},
            seen_of(row),
        )
    AvailabilityAnswer.objects.filter(request=row, slot__in=asked).delete()
    AvailabilityAnswer.objects.bulk_create(
        AvailabilityAnswer(county_id=row.county_id, request=row, slot_id=slot, suits=suits)
        for slot, suits in answers.items()
    )
    row.note, row.answered_at, row.entered_by = note, moment, by
    row.save(update_fields=["note", "answered_at", "entered_by"])
    record(
        round_,
        ANSWERED,
        by=by,
        at=at,
        request=row.pk,
        by_link=by is None,
        count=len(answers),
        open=len(asked) - len(answers),
        newest=max(every, default=0),
    )
    return row


def _is_there(row: AvailabilityRequest, answers: Mapping[int, Suits], note: str, asked: Collection[int]) -> bool:
    """Whether just this has been answered already: a button pressed twice sends the same twice."""
    there = AvailabilityAnswer.objects.filter(request=row, slot__in=asked).values_list("slot_id", "suits")
    return row.note == note and dict(there) == dict(answers)
