"""What is known of when the parties of a round can come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _

from negotiations.models import AvailabilityAnswer, AvailabilityInquiry, AvailabilityRequest, Round

Suits = AvailabilityAnswer.Suits

# The key of the county's own core group; those of others are made of what they are and their id.
COUNTY = "c"


def key_of(municipality_id: int | None, organisation_id: int | None) -> str:
    """Return the key of a party: "m12" for a municipality, "o7" for an organisation, "c" for the county itself."""
    if municipality_id is not None:
        return f"m{municipality_id}"
    return COUNTY if organisation_id is None else f"o{organisation_id}"


def name_of(request: AvailabilityRequest) -> str:
    """Name the party that is asked. The county itself answers for its core group. What it is must have been read."""
    return str(request.municipality or request.organisation or _("The core group of the county"))


@dataclass(frozen=True)
class Availability:
    """Which parties were asked, which have answered, and what each said of which slot.

    `answers` are by the party's key and the slot's id. A slot that is not there is one of which nothing is known.
    """

    answers: Mapping[tuple[str, int], Suits] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()
    answered: frozenset[str] = frozenset()
    answer_by: date | None = None

    def of(self, key: str, slot: int) -> Suits | None:
        """Return whether a slot suits a party; None where that is not known."""
        return self.answers.get((key, slot))


def read(round_: Round) -> Availability:
    """Return what is known of the parties of a round. Three queries at most, however many parties and slots."""
    inquiry: AvailabilityInquiry | None = AvailabilityInquiry.objects.filter(round=round_).first()
    if inquiry is None:
        return Availability()
    requests: dict[int, tuple[str, bool]] = {
        pk: (key_of(municipality, organisation), answered_at is not None)
        for pk, municipality, organisation, answered_at in AvailabilityRequest.objects.filter(
            inquiry=inquiry
        ).values_list("pk", "municipality_id", "organisation_id", "answered_at")
    }
    answers = AvailabilityAnswer.objects.filter(request__inquiry=inquiry).values_list("request_id", "slot_id", "suits")
    return Availability(
        {(requests[pk][0], slot): Suits(suits) for pk, slot, suits in answers if pk in requests},
        frozenset(key for key, _answered in requests.values()),
        frozenset(key for key, answered in requests.values() if answered),
        inquiry.answer_by,
    )
