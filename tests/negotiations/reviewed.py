"""What the tests of checking by a link share: minutes sent for checking, their letters, and what pages show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone

from municipalities.models import County, Municipality, User
from negotiations.minutes.checking import open_minutes, send_for_checking
from negotiations.minutes.tasks import send_minutes_link
from negotiations.models import AgendaItem, Minutes, MinutesCheck, MinutesLink
from tests.factories import make_held, make_round

LINK = re.compile(r"http://\S+(/poytakirjan-tarkastus/(\S+)/)")
ADDRESS = "tarkastaja@example.fi"


def coming(days: int) -> date:
    """Return a day to come."""
    return timezone.localdate() + timedelta(days=days)


def path_in(message: EmailMessage) -> str:
    """Return the path of the link in a letter."""
    found = LINK.search(str(message.body))
    assert found
    return found[1]


def mailed(link: MinutesLink, outbox: list[EmailMessage]) -> str:
    """Send the letter of a link, and return the path in it."""
    before = len(outbox)
    send_minutes_link(link.county_id, link.pk)
    assert len(outbox) == before + 1
    return path_in(outbox[-1])


def link_of(check: MinutesCheck) -> MinutesLink:
    """Return the last link of a checker."""
    found: MinutesLink = check.links.latest("pk")
    return found


def check_of(minutes: Minutes, municipality: Municipality) -> MinutesCheck:
    """Return the checker of a municipality."""
    check: MinutesCheck = minutes.checks.select_related("minutes", "party").get(party__municipality=municipality)
    return check


def make_checking(
    county: County, municipalities: Sequence[Municipality], *, by: User, days: int = 14, email: str = ADDRESS
) -> Minutes:
    """Make minutes that are being checked, each checker with an e-mail address."""
    negotiation = make_held(make_round(county), municipalities, by=by)
    (minutes,) = open_minutes(negotiation, by=by)
    MinutesCheck.objects.filter(minutes=minutes).update(
        name="Maija Mallikas", email=email, delete_after=coming(1000) if email else None
    )
    return send_for_checking(minutes, check_by=coming(days), by=by)


def items_of(minutes: Minutes) -> list[AgendaItem]:
    """Return the items of minutes, in order."""
    return list(AgendaItem.objects.filter(part__negotiation=minutes.negotiation_id).order_by("position"))


def version_in(page: str) -> str:
    """Return which version a form says was seen."""
    found = re.search(r'name="version"\s+value="(\d+)"', page)
    assert found
    return found[1]


def remark_path(path: str, key: str) -> str:
    """Return the address of a remark behind a link."""
    return reverse("minutes_link_remark", args=[path.split("/")[2], key])


@pytest.fixture
def minutes(in_scope: County, hankasalmi: Municipality, joutsa: Municipality, coordinator: User) -> Minutes:
    """Minutes that Hankasalmi and Joutsa check."""
    return make_checking(in_scope, [hankasalmi, joutsa], by=coordinator)


@pytest.fixture
def check(minutes: Minutes, hankasalmi: Municipality) -> MinutesCheck:
    """Hankasalmi's checker."""
    return check_of(minutes, hankasalmi)


@pytest.fixture
def path(check: MinutesCheck, mailoutbox: list[EmailMessage]) -> str:
    """The path of that checker's link."""
    return mailed(link_of(check), mailoutbox)
