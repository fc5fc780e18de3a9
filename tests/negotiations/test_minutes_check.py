"""Checking minutes signed in, and the letters that a coordinator sends to checkers and signers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from municipalities.models import County, Event, Membership, Municipality, User
from negotiations.minutes.amending import amend_item
from negotiations.minutes.checking import mark, return_to_draft
from negotiations.models import Minutes, MinutesCheck, MinutesLink, MinutesRemark, MinutesSignature, MinutesVersion
from tests.negotiations.reviewed import (
    ADDRESS,
    check,
    check_of,
    coming,
    items_of,
    link_of,
    mailed,
    minutes,
    version_in,
)

__all__ = ["check", "minutes"]

ClientFor = Callable[[User | None], Client]


@pytest.fixture(autouse=True)
def _uncounted(settings: Settings) -> None:
    """Nothing has been counted yet."""
    settings.CACHES = {"default": {**settings.CACHES["default"], "KEY_PREFIX": uuid4().hex}}


def url(name: str, *args: object) -> str:
    """Return an address in the county."""
    return reverse(name, args=["keski-suomi", *args])


def test_an_editor_checks_what_waits_at_home(
    minutes: Minutes, check: MinutesCheck, editor: User, client_for: ClientFor
) -> None:
    """From home to the page, and by it: a remark with what was proposed, and the mark, both in the editor's name."""
    client = client_for(editor)
    page_url = url("minutes_check", minutes.pk)
    assert f'href="{page_url}?tarkastaja={check.pk}"' in client.get(url("county_home")).content.decode()
    page = client.get(page_url).content.decode()
    assert "Tarkasta pöytäkirja" in page and "Sovittiin 1." in page and "csrfmiddlewaretoken" in page
    item = items_of(minutes)[0]
    remark = url("minutes_check_remark", minutes.pk, f"kohta-{item.pk}")
    assert remark in page
    sent = client.post(remark, {"agreed": "Sovittiin yksi.", "version": "1"}, follow=True)
    assert "Huomautuksesi on lähetetty sihteerille" in sent.content.decode()
    assert Event.objects.get(verb="remark_made").user == editor
    back = url("minutes_check_withdraw", minutes.pk, MinutesRemark.objects.get().pk)
    assert "Huomautus on peruttu" in client.post(back).content.decode()
    done = client.post(page_url, {"version": version_in(page)}, follow=True)
    page = done.content.decode()
    assert "Olet tarkastanut pöytäkirjan" in page and url("negotiation_minutes", minutes.negotiation_id) in page
    check.refresh_from_db()
    assert check.outcome == MinutesCheck.Outcome.APPROVED
    assert Event.objects.get(verb="marked").user == editor
    assert "tarkasta/" not in client.get(url("county_home")).content.decode()


def test_a_mark_on_a_version_that_was_edited_meanwhile_is_refused(
    minutes: Minutes, check: MinutesCheck, editor: User, coordinator: User, client_for: ClientFor
) -> None:
    """With what was changed."""
    client = client_for(editor)
    amend_item(items_of(minutes)[0], {"agreed": "Muuta."}, kind=MinutesVersion.Kind.TYPO, by=coordinator)
    response = client.post(url("minutes_check", minutes.pk), {"version": "1"})
    page = response.content.decode()
    assert response.status_code == 409 and "<ins>" in page and version_in(page) == "2"
    check.refresh_from_db()
    assert check.outcome == MinutesCheck.Outcome.WAITING


def test_one_who_edits_for_two_parties_checks_for_each(
    minutes: Minutes, editor: User, joutsa: Municipality, client_for: ClientFor
) -> None:
    """For which one is in the address."""
    Membership.objects.create(
        user=editor, role=Membership.Role.MUNICIPAL_EDITOR, county=minutes.county, municipality=joutsa
    )
    second = check_of(minutes, joutsa)
    client = client_for(editor)
    page_url = f"{url('minutes_check', minutes.pk)}?tarkastaja={second.pk}"
    page = client.get(page_url).content.decode()
    assert f"huomautus/yleista/?tarkastaja={second.pk}" in page
    assert client.post(page_url, {"version": "1"}).headers["Location"] == page_url
    marked = MinutesCheck.objects.exclude(outcome=MinutesCheck.Outcome.WAITING)
    assert [row.pk for row in marked] == [second.pk]
    # Without telling for whom: for the one who is still waited for.
    assert client.post(url("minutes_check", minutes.pk), {"version": "1"}).status_code == 302
    assert not MinutesCheck.objects.filter(outcome=MinutesCheck.Outcome.WAITING).exists()


def test_a_checker_of_another_party_cannot_be_chosen(
    minutes: Minutes, editor: User, joutsa: Municipality, client_for: ClientFor
) -> None:
    """Nor one that there is not."""
    client = client_for(editor)
    for chosen in ("0", "x", "%00", "99999999999999999999", str(check_of(minutes, joutsa).pk)):
        for ask in (client.get, client.post):
            assert ask(f"{url('minutes_check', minutes.pk)}?tarkastaja={chosen}").status_code == 404


def test_who_may_not(
    minutes: Minutes,
    reader: User,
    board_member: User,
    outsider: User,
    editor: User,
    coordinator: User,
    luhanka: Municipality,
    client_for: ClientFor,
) -> None:
    """A reader of the party 403; who may not know of the minutes, or is of another county, 404; and in a draft all."""
    page_url = url("minutes_check", minutes.pk)
    answers = {
        user.email: client_for(user).get(page_url).status_code
        for user in (reader, board_member, outsider, editor, coordinator)
    }
    assert list(answers.values()) == [403, 404, 404, 200, 200]
    return_to_draft(minutes, by=coordinator)
    assert client_for(editor).get(page_url).status_code == 404
    page = client_for(coordinator).get(page_url)
    assert page.status_code == 200 and "ei odota merkintääsi" in page.content.decode()
    assert client_for(editor).get(url("minutes_check", 999_999)).status_code == 404


def test_the_page_costs_the_same_with_few_checkers_and_with_many(
    minutes: Minutes, editor: User, luhanka: Municipality, client_for: ClientFor
) -> None:
    """And is within the limit of a list page."""
    client = client_for(editor)
    counts = []
    for more in (None, luhanka):
        if more is not None:
            party = minutes.negotiation.parties.create(county=minutes.county, municipality=more)
            minutes.checks.create(county=minutes.county, party=party)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url("minutes_check", minutes.pk)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12, counts


# --- Letters ------------------------------------------------------------------------------------------------------


def test_the_coordinator_sends_a_new_link_and_reminds(
    minutes: Minutes, check: MinutesCheck, coordinator: User, client_for: ClientFor, mailoutbox: list[EmailMessage]
) -> None:
    """The tab tells when a letter has gone."""
    client, tab = client_for(coordinator), url("negotiation_minutes", minutes.negotiation_id)
    page = client.get(tab).content.decode()
    assert url("minutes_checker_link", check.pk) in page and "Viesti on lähdössä." in page
    done = client.post(url("minutes_checker_link", check.pk), follow=True)
    assert f"on lähdössä osoitteeseen {ADDRESS}" in done.content.decode()
    mailed(link_of(check), mailoutbox)
    assert "linkki lähetetty" in client.get(tab).content.decode()
    refused = client.post(url("minutes_checker_remind", check.pk))
    assert refused.status_code == 409 and "alle tunti sitten" in refused.content.decode()
    MinutesLink.objects.update(asked_at=timezone.now() - timedelta(days=1), sent_at=timezone.now() - timedelta(days=1))
    done = client.post(url("minutes_checker_remind", check.pk), follow=True)
    assert "Muistutus on lähdössä" in done.content.decode()
    mailed(link_of(check), mailoutbox)
    assert "muistutettu" in client.get(tab).content.decode()
    assert mailoutbox[-1].subject.startswith("Muistutus: ")


def test_the_coordinator_sends_the_link_to_sign(
    minutes: Minutes, coordinator: User, client_for: ClientFor, mailoutbox: list[EmailMessage]
) -> None:
    """Once the minutes have been checked; before that there is nothing to sign."""
    signature = MinutesSignature.objects.get(minutes=minutes, role="secretary")
    send = url("minutes_signature_link", signature.pk)
    client = client_for(coordinator)
    assert client.post(send).status_code == 409
    for row in MinutesCheck.objects.filter(minutes=minutes):
        mark(row, by=None)
    refused = client.post(send)
    assert refused.status_code == 409 and "Sähköpostiosoitetta" in refused.content.decode()
    MinutesSignature.objects.update(email="s@example.fi", delete_after=coming(1))
    assert client.post(send).status_code == 302
    mailed(MinutesLink.objects.get(signature=signature), mailoutbox)
    assert mailoutbox[-1].to == ["s@example.fi"]


def test_nobody_sends_letters_without_end(
    minutes: Minutes, check: MinutesCheck, coordinator: User, client_for: ClientFor
) -> None:
    """Who presses again and again waits for an hour."""
    client = client_for(coordinator)
    with patch("negotiations.minutes.views.check.SENT", "2/h/user"):
        statuses = [client.post(url("minutes_checker_link", check.pk)).status_code for _time in range(3)]
    assert statuses == [302, 302, 409]


def test_a_checker_of_another_county_is_not_found(
    check: MinutesCheck, keski_uusimaa: County, outsider: User, client_for: ClientFor
) -> None:
    """Its letters are not for others to send."""
    client = client_for(outsider)
    for slug in ("keski-suomi", "keski-uusimaa"):
        for name in ("minutes_checker_link", "minutes_checker_remind", "minutes_signature_link"):
            assert client.post(reverse(name, args=[slug, check.pk])).status_code == 404
