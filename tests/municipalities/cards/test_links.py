"""Approval by a link: the token, the letter, the page behind it, and what ends a link."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import import_module
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope, scopes_disabled
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from hyte.logs import WithoutSecrets
from indicators.models import Indicator, IndicatorSet
from municipalities.cards import lifecycle, links
from municipalities.models import Card, CardApproval, CardEntry, CardLink, CardYear, County, Event, Municipality, User
from municipalities.moves import NotAllowedNow
from municipalities.tasks import send_card_link, send_links_left

ClientFor = Callable[[User | None], Client]
APPROVER = "kunnanjohtaja@example.fi"
LINK = re.compile(r"http://\S+(/kuntakortin-hyvaksynta/(\S+)/)")


@pytest.fixture(autouse=True)
def _uncounted(settings: Settings) -> None:
    """Nothing has been counted yet."""
    settings.CACHES = {"default": {**settings.CACHES["default"], "KEY_PREFIX": uuid4().hex}}


@pytest.fixture
def card(keski_suomi: County, hankasalmi: Municipality) -> Card:
    """A card that is approved by link, with something in it."""
    chosen = IndicatorSet.objects.create(owner=keski_suomi.area, name="Joukko", version="2026")
    own = Indicator.objects.create(owner=keski_suomi.area, name_fi="Oma mittari", theme="Osallisuus")
    chosen.items.create(indicator=own, position=1)
    with scope(county=keski_suomi):
        year = CardYear.objects.create(county=keski_suomi, year=2026, indicator_set=chosen)
        row: Card = Card.objects.create(
            county=keski_suomi,
            card_year=year,
            municipality=hankasalmi,
            approval=CardApproval.LINK,
            approver_name="Kunnanjohtaja",
            approver_email=APPROVER,
        )
        CardEntry.objects.create(county=keski_suomi, card=row, section=CardEntry.Section.STRENGTH, text="Kylätalot")
    return row


@pytest.fixture
def sent(card: Card, editor: User) -> Iterator[Card]:
    """The card, sent; inside the county's scope."""
    with scope(county=card.county):
        lifecycle.send(card, by=editor)
        yield card


def again(card: Card, by: User, *, email: str = APPROVER) -> CardLink:
    """Send the link again."""
    return links.ask_again(card, name="Kunnanjohtaja", email=email, by=by)


def path_of(message: EmailMessage) -> str:
    """Return the path of the link in a letter."""
    found = LINK.search(str(message.body))
    assert found
    return found[1]


def mailed(link: CardLink, outbox: list[EmailMessage]) -> str:
    """Send the letter of a link, and return the path in it."""
    send_card_link(link.county_id, link.pk)
    return path_of(outbox[-1])


def state_of(card: Card) -> str:
    """Return the state of the card as it is now."""
    with scopes_disabled():
        return str(Card.objects.get(pk=card.pk).state)


def url(card: Card, name: str = "card_link_again") -> str:
    """Return an address of the card."""
    return reverse(name, args=["keski-suomi", 2026, "077"])


# --- The letter and its token -----------------------------------------------------------------------------------------


def test_sending_the_card_queues_one_letter_and_only_ids(
    card: Card, editor: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    """No token is made yet: it is nowhere but in the letter."""
    with (
        scope(county=card.county),
        patch.object(send_card_link, "apply_async") as told,
        django_capture_on_commit_callbacks(execute=True),
    ):
        lifecycle.send(card, by=editor)
        assert not told.called
        link = CardLink.objects.get()
    told.assert_called_once_with((card.county_id, link.pk), retry=False)
    assert link.token_hash is None and link.sent_at is None and link.asked_by == editor
    assert abs(link.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)


def test_the_token_is_in_the_letter_and_kept_as_its_hash(sent: Card, mailoutbox: list[EmailMessage]) -> None:
    """It is long, and a message that comes twice sends nothing the second time."""
    link = CardLink.objects.get()
    for _time in range(2):
        send_card_link(sent.county_id, link.pk)
    (message,) = mailoutbox
    token = path_of(message).split("/")[-2]
    link.refresh_from_db()
    assert len(token) >= 43
    assert link.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert link.sent_at is not None
    assert message.to == [APPROVER]
    assert token not in str(list(Event.objects.values_list("payload", flat=True)))
    assert APPROVER not in str(list(Event.objects.values_list("payload", flat=True)))


@pytest.mark.parametrize(
    ("language", "status", "said"),
    [
        (
            "fi",
            "fi",
            ("Hyväksy kuntakortti: Hankasalmi 2026", "Editor pyytää sinua", "Kunta: Hankasalmi", "palauta se"),
        ),
        (
            "sv",
            "sv",
            ("Godkänn kommunkortet: Hankasalmi 2026", "Editor ber dig", "Kommun: Hankasalmi", "returnera det"),
        ),
    ],
)
def test_the_letter_is_in_the_language_of_the_card(
    language: str, status: str, said: tuple[str, ...], card: Card, editor: User, mailoutbox: list[EmailMessage]
) -> None:
    """And the page behind it too, unless another language is asked for."""
    Municipality.objects.filter(pk=card.municipality_id).update(language_status=status)
    County.objects.filter(pk=card.county_id).update(languages=["fi", "sv"])
    with scope(county=card.county):
        fresh = Card.objects.select_related("municipality", "county").get(pk=card.pk)
        lifecycle.send(fresh, by=editor)
        path = mailed(CardLink.objects.get(), mailoutbox)
    subject, *rest = said
    assert mailoutbox[0].subject == subject
    for words in rest:
        assert words in str(mailoutbox[0].body)
    page = Client(headers={"accept-language": "en"}).get(path).content.decode()
    assert f'<html lang="{language}"' in page
    assert '<html lang="en"' in Client().get(path, {"kieli": "en"}).content.decode()


def test_a_letter_that_was_not_taken_is_written_anew_with_another_token(
    sent: Card, mailoutbox: list[EmailMessage]
) -> None:
    """Nobody has seen the first one."""
    link = CardLink.objects.get()
    away = ConnectionRefusedError("away")
    with patch("municipalities.letters.send", side_effect=away), pytest.raises(ConnectionRefusedError):
        links.send_link(sent.county, link.pk)
    link.refresh_from_db()
    first = link.token_hash
    assert first and link.sent_at is None
    path = mailed(link, mailoutbox)
    link.refresh_from_db()
    assert link.token_hash != first
    assert Client().get(path).status_code == 200


def test_letters_that_no_worker_has_begun_are_queued_again(sent: Card, mailoutbox: list[EmailMessage]) -> None:
    """Once there is no hope for their message any more, and only while they are of use."""
    with patch.object(send_card_link, "delay") as told:
        send_links_left()
        assert not told.called
        CardLink.objects.update(asked_at=timezone.now() - timedelta(minutes=6))
        send_links_left()
        told.assert_called_once_with(sent.county_id, CardLink.objects.get().pk)
        lifecycle.withdraw(sent, by=None)
        send_links_left()
        assert told.call_count == 1
    send_card_link(sent.county_id, CardLink.objects.get().pk)
    assert not mailoutbox


def test_nothing_is_mailed_about_the_past(card: Card, editor: User) -> None:
    """History that is entered asks nobody."""
    with scope(county=card.county):
        lifecycle.send(card, by=editor, at=timezone.now() - timedelta(days=200))
        assert not CardLink.objects.exists()


# --- The page ---------------------------------------------------------------------------------------------------------


def test_the_approver_reads_what_was_sent_and_approves_it(sent: Card, mailoutbox: list[EmailMessage]) -> None:
    """Without signing in, without a cookie, and once."""
    path = mailed(CardLink.objects.get(), mailoutbox)
    CardEntry.objects.update(text="Muutettu lähettämisen jälkeen")
    client = Client(enforce_csrf_checks=True)
    response = client.get(path)
    page = response.content.decode()
    assert response.status_code == 200
    assert "Kylätalot" in page and "Muutettu" not in page
    assert 'value="Kunnanjohtaja"' in page
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    assert not response.cookies
    # As a browser sends a form of a page without a referrer.
    done = client.post(
        path, {"answer": "approve", "approver": "Kunnanjohtaja Kaisa Kuntanen"}, headers={"origin": "null"}
    )
    assert done.status_code == 302 and done.headers["Location"] == path
    sent.refresh_from_db()
    version = lifecycle.last_version(sent)
    assert version is not None
    assert sent.state == Card.State.APPROVED
    assert version.approver == "Kunnanjohtaja Kaisa Kuntanen" and version.approved_at is not None
    assert "Kortti hyväksyttiin" in client.get(path).content.decode()
    used = CardLink.objects.get().used_at
    assert used is not None
    for data in ({"answer": "approve"}, {"answer": "return", "note": "Liian myöhään"}):
        late = client.post(path, data)
        assert "Kortti hyväksyttiin" in late.content.decode()
    assert "Liian myöhään" in late.content.decode()
    assert state_of(sent) == Card.State.APPROVED
    assert CardLink.objects.get().used_at == used


def test_an_approver_who_leaves_the_field_empty_is_told_as_on_the_card(
    sent: Card, mailoutbox: list[EmailMessage]
) -> None:
    """By the role that the municipality gave."""
    Client().post(mailed(CardLink.objects.get(), mailoutbox), {"answer": "approve", "approver": " "})
    version = lifecycle.last_version(sent)
    assert version is not None and version.approver == "Kunnanjohtaja"


def test_the_approver_returns_the_card_with_a_note(sent: Card, editor: User, mailoutbox: list[EmailMessage]) -> None:
    """Which is required; sent anew, the card has a link of its own, and the used one stays used."""
    client, path = Client(), mailed(CardLink.objects.get(), mailoutbox)
    refused = client.post(path, {"answer": "return", "note": "  "})
    assert refused.status_code == 422
    assert 'aria-invalid="true"' in refused.content.decode()
    assert state_of(sent) == Card.State.SENT
    assert client.post(path, {"answer": "return", "note": "Lisää nuoret"}).status_code == 302
    sent.refresh_from_db()
    assert (sent.state, sent.return_note) == (Card.State.RETURNED, "Lisää nuoret")
    assert "Kortti palautettiin" in client.get(path).content.decode()
    lifecycle.send(sent, by=editor)
    assert "Kortti palautettiin" in client.get(path).content.decode()
    assert client.get(mailed(CardLink.objects.order_by("-pk")[0], mailoutbox)).status_code == 200


def test_unknown_tokens_are_404_and_guessing_is_cut_short(sent: Card, mailoutbox: list[EmailMessage]) -> None:
    """For the address that guesses; others are let in. An address without a token is none."""
    path = mailed(CardLink.objects.get(), mailoutbox)
    with patch("municipalities.cards.views.links.GUESSES", "3/m/ip"):
        guesser = Client(REMOTE_ADDR="198.51.100.1")
        for _time in range(3):
            response = guesser.get(reverse("card_link", args=[uuid4().hex]))
            assert response.status_code == 404
            assert response.headers["Referrer-Policy"] == "no-referrer"
        assert guesser.get(path).status_code == 429
        assert Client(REMOTE_ADDR="198.51.100.2").get(path).status_code == 200
    assert Client().get("/kuntakortin-hyvaksynta/").status_code in {302, 404}


@pytest.mark.parametrize("token", ["%00", "%ED%A0%80", "a" * 5000, "å", "..%2F..", "' OR 1=1 --"])
@pytest.mark.django_db
def test_whatever_stands_in_the_place_of_a_token_is_unknown(token: str) -> None:
    """And nothing breaks, whatever is sent to it."""
    for data in ({}, {"answer": "\x00", "note": "\x00", "approver": "x" * 5000}):
        assert Client().post(f"/kuntakortin-hyvaksynta/{token}/", data).status_code == 404
    assert Client().get(f"/kuntakortin-hyvaksynta/{token}/?kieli=%00").status_code == 404


@pytest.mark.parametrize(
    "data",
    [
        {"answer": "approve", "approver": "x" * 151},
        {"answer": "approve", "approver": "a\x00b"},
        {"answer": "return", "note": "x" * 2001},
        {"answer": "return", "note": "a\x00b"},
    ],
)
def test_what_cannot_be_taken_is_shown_again(data: dict[str, str], sent: Card, mailoutbox: list[EmailMessage]) -> None:
    """With what is wrong in it."""
    path = mailed(CardLink.objects.get(), mailoutbox)
    response = Client().post(path, data)
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.content.decode()
    assert state_of(sent) == Card.State.SENT


def test_a_link_ends_with_its_days(sent: Card, mailoutbox: list[EmailMessage]) -> None:
    """It is told so, and neither answer is taken."""
    path = mailed(CardLink.objects.get(), mailoutbox)
    CardLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    response = Client().get(path)
    assert response.status_code == 410
    assert "vanhentunut" in response.content.decode()
    assert "<form" not in response.content.decode()
    for data in ({"answer": "approve"}, {"answer": "return", "note": "Ei"}):
        assert Client().post(path, data).status_code == 410
    assert state_of(sent) == Card.State.SENT


def test_a_link_ends_when_the_card_moves_on(
    sent: Card, editor: User, coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    """Taken back; sent anew, when the version is no longer the last; and when the year is locked."""
    path = mailed(CardLink.objects.get(), mailoutbox)
    lifecycle.withdraw(sent, by=editor)
    assert Client().get(path).status_code == 410
    assert Client().post(path, {"answer": "approve"}).status_code == 410
    lifecycle.send(sent, by=editor)
    response = Client().get(path)
    assert response.status_code == 410
    assert "ei enää odota" in response.content.decode()
    assert Client().post(path, {"answer": "approve"}).status_code == 410
    newer = mailed(CardLink.objects.order_by("-pk")[0], mailoutbox)
    assert Client().get(newer).status_code == 200
    lifecycle.lock_year(sent.card_year, reason="", by=coordinator)
    assert Client().get(newer).status_code == 410
    assert Client().post(newer, {"answer": "approve"}).status_code == 410
    assert state_of(sent) == Card.State.SENT


def test_somebody_who_was_faster_is_told_of(sent: Card, editor: User, mailoutbox: list[EmailMessage]) -> None:
    """Between the look at the link and the answer: nothing is changed, and what was written is given back."""
    path = mailed(CardLink.objects.get(), mailoutbox)
    stale = links.find(path.split("/")[-2])
    assert stale is not None
    lifecycle.withdraw(sent, by=editor)
    with pytest.raises(NotAllowedNow):
        links.approve_by_link(stale, approver="")
    with patch("municipalities.cards.links.standing_of", side_effect=[links.Standing.OPEN, *[links.Standing.PAST] * 2]):
        response = Client().post(path, {"answer": "return", "note": "Lisää nuoret"})
    assert response.status_code == 409
    assert "Lisää nuoret" in response.content.decode()
    assert state_of(sent) == Card.State.DRAFT


def test_the_page_belongs_to_its_own_county_and_to_no_user(
    sent: Card, outsider: User, coordinator: User, mailoutbox: list[EmailMessage], client_for: ClientFor
) -> None:
    """Whoever is signed in sees what the approver sees, without their own menu."""
    path = mailed(CardLink.objects.get(), mailoutbox)
    pages = [client_for(user).get(path).content for user in (None, outsider, coordinator)]
    assert pages[0] == pages[1] == pages[2]
    assert b"Keski-Suomen hyvinvointialue" in pages[0]
    assert b"/keski-suomi/" not in pages[0]


def test_the_page_takes_few_queries(sent: Card, mailoutbox: list[EmailMessage]) -> None:
    """The link with its card, and whether its version is the last."""
    path = mailed(CardLink.objects.get(), mailoutbox)
    with CaptureQueriesContext(connection) as queries:
        assert Client().get(path).status_code == 200
    assert len(queries) <= 3


def test_the_token_is_in_no_log(sent: Card, mailoutbox: list[EmailMessage], caplog: pytest.LogCaptureFixture) -> None:
    """Neither in Django's, which tells of every answer above 399, nor in the web server's, which tells of all."""
    path = mailed(CardLink.objects.get(), mailoutbox)
    token = path.split("/")[-2]
    caplog.handler.addFilter(WithoutSecrets())
    with caplog.at_level(logging.INFO):
        Client().post(path, {"answer": "return"})
        atoms = {"r": f"GET {path}?kieli=sv HTTP/1.1", "f": f"https://hyte.example.fi{path}", "s": "200"}
        logging.getLogger("gunicorn.access").info('"%(r)s" %(s)s "%(f)s"', atoms)
        logging.getLogger("gunicorn.access").info("GET /tili/password/reset/key/1a-secret/ HTTP/1.1")
    assert token not in caplog.text and "1a-secret" not in caplog.text
    assert caplog.text.count("/kuntakortin-hyvaksynta/…") == 3
    assert '/?kieli=sv HTTP/1.1" 200' in caplog.text


@pytest.mark.parametrize("name", ["gunicorn.access", "gunicorn.error"])
def test_the_logs_of_the_web_server_are_filtered(name: str, settings: Settings) -> None:
    """As Django's are, by the handler that all of ours go through."""
    import_module("hyte.wsgi")
    assert any(isinstance(one, WithoutSecrets) for one in logging.getLogger(name).filters)
    assert settings.LOGGING["handlers"]["console"]["filters"] == ["secrets"]


# --- Again ------------------------------------------------------------------------------------------------------------


def test_the_editor_sends_the_link_again_to_another(
    sent: Card, editor: User, mailoutbox: list[EmailMessage], client_for: ClientFor
) -> None:
    """The former link is good no more, from that moment."""
    former = mailed(CardLink.objects.get(), mailoutbox)
    client = client_for(editor)
    page = client.get(url(sent)).content.decode()
    assert APPROVER in page and "Linkki lähetettiin" in page
    data = {"approver_name": "Hallituksen pj", "approver_email": "pj@example.fi"}
    assert client.post(url(sent), {**data, "approver_email": ""}).status_code == 422
    assert client.post(url(sent), data).status_code == 302
    assert Client().get(former).status_code == 410
    sent.refresh_from_db()
    assert (sent.approver_name, sent.approver_email) == ("Hallituksen pj", "pj@example.fi")
    latest = CardLink.objects.order_by("-pk")[0]
    assert latest.asked_by == editor
    path = mailed(latest, mailoutbox)
    assert mailoutbox[-1].to == ["pj@example.fi"]
    assert path != former
    assert Client().get(path).status_code == 200
    assert set(Event.objects.filter(verb__contains="appro").values_list("verb", flat=True)) == {
        "approver_changed",
        "approval_asked",
    }


def test_one_press_sends_the_link_again_to_the_same(
    sent: Card, editor: User, mailoutbox: list[EmailMessage], client_for: ClientFor
) -> None:
    """By the button on the card, which sends no fields."""
    former = mailed(CardLink.objects.get(), mailoutbox)
    response = client_for(editor).post(url(sent), follow=True)
    assert response.redirect_chain == [(url(sent, "card") + "#laheta", 302)]
    assert APPROVER in response.content.decode()
    assert Client().get(former).status_code == 410
    assert Client().get(mailed(CardLink.objects.order_by("-pk")[0], mailoutbox)).status_code == 200
    assert not Event.objects.filter(verb="approver_changed").exists()
    lifecycle.withdraw(sent, by=editor)
    assert client_for(editor).post(url(sent)).status_code == 409


def test_whose_card_it_is_decides_who_sends_the_link_again(
    sent: Card,
    second_editor: User,
    reader: User,
    coordinator: User,
    board_member: User,
    client_for: ClientFor,
) -> None:
    """Another municipality's editor does not know of the card; those who only read it may not."""
    for user, status in ((second_editor, 404), (reader, 403), (coordinator, 403), (board_member, 403)):
        for ask in (client_for(user).get, client_for(user).post):
            assert ask(url(sent)).status_code == status, user
    assert CardLink.objects.count() == 1


@pytest.mark.parametrize("change", ["withdrawn", "approved", "approval", "locked"])
def test_a_card_that_does_not_wait_gets_no_link(change: str, sent: Card, editor: User, client_for: ClientFor) -> None:
    """409, and no letter."""
    if change == "withdrawn":
        lifecycle.withdraw(sent, by=editor)
    elif change == "approved":
        version = lifecycle.last_version(sent)
        assert version is not None
        lifecycle.approve(sent, by=None, version=version)
    elif change == "approval":
        Card.objects.update(approval=CardApproval.NONE)
    else:
        lifecycle.lock_year(sent.card_year, reason="", by=None)
    data = {"approver_name": "", "approver_email": "pj@example.fi"}
    assert client_for(editor).post(url(sent), data).status_code == 409
    assert CardLink.objects.count() == 1
    assert Card.objects.get().approver_email == APPROVER


def test_many_letters_in_a_short_time_are_too_many(sent: Card, editor: User, client_for: ClientFor) -> None:
    """Nobody's mailbox is filled."""
    client, data = client_for(editor), {"approver_name": "", "approver_email": APPROVER}
    with patch("municipalities.cards.views.links.SENT_AGAIN", "2/h/user"):
        assert [client.post(url(sent), data).status_code for _time in range(3)] == [302, 302, 409]
