"""What the tests of suitable times share: a round with slots, its parties asked, and their letters."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone
from django_scopes import scopes_disabled

from municipalities.models import County, Municipality, User
from negotiations.models import AvailabilityRequest, Negotiation, Round, Slot
from negotiations.planning.availability import Suits, asking, key_of
from negotiations.planning.tasks import send_availability_letter
from negotiations.planning.timing import Timing
from tests.factories import make_round

LINK = re.compile(r"http://\S+(/sopivat-ajat/(\S+)/)")
ADDRESS = "hyvinvointi@example.fi"

YES, MAYBE, NO = (suits.value for suits in Suits)


def coming(days: int) -> date:
    """Return a day to come."""
    return timezone.localdate() + timedelta(days=days)


def make_slots(round_: Round, count: int = 3, *, first: int = 30) -> list[Slot]:
    """Make slots of two hours on successive days, the first in so many days. Inside the scope."""
    start = timezone.now().replace(hour=6, minute=0, second=0, microsecond=0) + timedelta(days=first)
    return [
        Slot.objects.create(
            county_id=round_.county_id,
            round=round_,
            starts_at=start + timedelta(days=number),
            ends_at=start + timedelta(days=number, hours=2),
        )
        for number in range(count)
    ]


def place(negotiation: Negotiation, slot: Slot) -> None:
    """Put a negotiation into a slot, as the board does."""
    timing = Timing.in_slot(slot)
    for name in ("precision", "earliest", "latest", "starts_at", "ends_at"):
        setattr(negotiation, name, getattr(timing, name))
    negotiation.slot = slot
    negotiation.save()


def ask(
    round_: Round, *places: Municipality, by: User | None = None, answer_by: date | None = None, email: str = ADDRESS
) -> list[AvailabilityRequest]:
    """Ask municipalities, all at the same address."""
    to = [(key_of(place.pk, None), "Hyvinvointikoordinaattori", email) for place in places]
    return asking.ask(round_, answer_by or coming(14), "Tervetuloa.", to, by=by)


def backdate(row: AvailabilityRequest, days: int = 2) -> None:
    """Let a request have been made, and its letter have gone, days ago."""
    moment = timezone.now() - timedelta(days=days)
    AvailabilityRequest.objects.filter(pk=row.pk).update(asked_at=moment, sent_at=moment)


def token_of(message: EmailMessage) -> str:
    """Return the token of the link in a letter."""
    found = LINK.search(str(message.body))
    assert found
    return found[2]


def mailed(row: AvailabilityRequest, outbox: list[EmailMessage]) -> str:
    """Send the letter of a request, and return the token in it."""
    before = len(outbox)
    send_availability_letter(row.county_id, row.pk)
    assert len(outbox) == before + 1
    return token_of(outbox[-1])


def written(day: date) -> str:
    """Write a day as the log does."""
    return f"{day.day}.{day.month}.{day.year}"


def url(name: str, row: Round | AvailabilityRequest) -> str:
    """Return an address of a round or of a request."""
    return reverse(name, args=["keski-suomi", row.pk])


def field(slot: Slot) -> str:
    """Return the name of a slot's field."""
    return f"aika_{slot.pk}"


def answers_of(row: AvailabilityRequest) -> dict[int, str]:
    """Return what a party has answered, by slot."""
    with scopes_disabled():
        return dict(row.answers.values_list("slot_id", "suits"))


def chosen_in(page: str) -> dict[str, str]:
    """Return which radio buttons are chosen on a page."""
    return dict(re.findall(r'name="(aika_\d+)"\s+value="(\w+)"\s+checked', page))


@pytest.fixture
def round_(in_scope: County) -> Round:
    """A round to come, of the whole county."""
    return make_round(in_scope, name="Kierros 2027", starts_on=coming(20), ends_on=coming(120), year=coming(30).year)


@pytest.fixture
def slots(round_: Round) -> list[Slot]:
    """Its three slots."""
    return make_slots(round_)


@pytest.fixture
def asked(round_: Round, slots: list[Slot], hankasalmi: Municipality, coordinator: User) -> AvailabilityRequest:
    """Hankasalmi, asked about the slots."""
    (row,) = ask(round_, hankasalmi, by=coordinator)
    return row


@pytest.fixture
def path(asked: AvailabilityRequest, mailoutbox: list[EmailMessage]) -> str:
    """The path of Hankasalmi's link."""
    return reverse("availability_link", args=[mailed(asked, mailoutbox)])
