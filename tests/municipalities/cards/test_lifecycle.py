"""The states of a card and of a year: every move from every state, by every role, and what a sending freezes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django_scopes import scope

from municipalities.cards import keeping, lifecycle
from municipalities.cards.content import latest_versions, thaw
from municipalities.cards.lifecycle import MOVES, language_of, last_version
from municipalities.cards.saving import FEATURES, Sent, save_fields, seen_in
from municipalities.cards.visibility import FINAL, is_final
from municipalities.models import (
    Card,
    CardApproval,
    CardEntry,
    CardVersion,
    CardYear,
    County,
    Event,
    Municipality,
    User,
)
from municipalities.moves import NotAllowedNow
from tests.municipalities.cards.overseen import open_cards, write_card

State = Card.State
ClientFor = Callable[[User | None], Client]


@pytest.fixture
def card_year(in_scope: County, coordinator: User) -> CardYear:
    """An open year."""
    return open_cards(in_scope, by=coordinator)


@pytest.fixture
def card(card_year: CardYear, hankasalmi: Municipality, editor: User) -> Card:
    """A draft with something in it."""
    return write_card(card_year, hankasalmi, by=editor)


def brought_to(card: Card, state: State, by: User) -> Card:
    """Bring a draft to a state through the lifecycle."""
    if state != State.DRAFT:
        version = lifecycle.send(card, by=by)
    if state == State.RETURNED:
        lifecycle.return_(card, note="Täydennä", by=by)
    if state == State.APPROVED:
        lifecycle.approve(card, by=by, version=version)
    card.refresh_from_db()
    assert card.state == state
    return card


def make(move: str, card: Card, by: User) -> None:
    """Make a move with what it asks for."""
    if move == "send":
        lifecycle.send(card, by=by)
    elif move == "withdraw":
        lifecycle.withdraw(card, by=by)
    elif move == "return":
        lifecycle.return_(card, note="Täydennä", by=by)
    else:
        version = last_version(card) or CardVersion(card=card, pk=0)
        lifecycle.approve(card, by=by, version=version)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("is_locked", [False, True])
def test_every_move_from_every_state(card: Card, editor: User, state: State, move: str, is_locked: bool) -> None:
    """Legal ones lead where the table says; the others, and all in a locked year, change nothing."""
    brought_to(card, state, editor)
    if is_locked:
        lifecycle.lock_year(card.card_year, reason="", by=editor)
    sources, target = MOVES[move]
    before = Event.objects.count()
    if state in sources and not is_locked:
        make(move, card, editor)
        card.refresh_from_db()
        assert card.state == target
        assert Event.objects.count() == before + 1
    else:
        with pytest.raises(NotAllowedNow):
            make(move, card, editor)
        card.refresh_from_db()
        assert (card.state, Event.objects.count()) == (state, before)


# The letters: m may make the move (it is done, or a conflict says why not now), 3 may not, 4 may not know of the card.
# In the order: coordinator, editor, second editor, reader, board member.
ROLES = ("coordinator", "editor", "second_editor", "reader", "board_member")
BY_ROLE = {
    "card_send": "3m433",
    "card_withdraw": "3m433",
    "card_approve": "3m433",
    "card_return": "m3433",
    "card_save": "3m433",
    "card_approval": "3m433",
    "card_year_lock": "m3333",
    "card_year_unlock": "m3333",
}


@pytest.mark.parametrize("name", BY_ROLE)
def test_every_move_by_every_role_in_every_state(
    card: Card, name: str, client_for: ClientFor, editor: User, request: pytest.FixtureRequest
) -> None:
    """Who may not make a move is refused whatever the state, and nothing changes by it."""
    Card.objects.filter(pk=card.pk).update(approval=CardApproval.SELF)
    args: list[Any] = ["keski-suomi", card.card_year.year]
    url = reverse(name, args=args if name.startswith("card_year") else [*args, "077"])
    clients = {role: client_for(request.getfixturevalue(role)) for role in ROLES}
    for state in State:
        with transaction.atomic():
            brought_to(card, state, editor)
            for role, answer in zip(ROLES, BY_ROLE[name], strict=True):
                with transaction.atomic():
                    response = clients[role].post(url, {"note": "x", "reason": "x"})
                    transaction.set_rollback(True)
                expected = {"3": {403}, "4": {404}, "m": {200, 302, 409, 422}}[answer]
                assert response.status_code in expected, (state, role)
                if answer != "m":
                    assert "Location" not in response.headers
            transaction.set_rollback(True)
        card.refresh_from_db()


def test_a_sending_freezes_what_the_card_said(card: Card, editor: User) -> None:
    """A change after it is in the next version, and the first stays as it was."""
    first = lifecycle.send(card, by=editor)
    lifecycle.withdraw(card, by=editor)
    features = CardEntry.objects.get(card=card)
    save_fields(card, {FEATURES: Sent("Uusi teksti", seen_in(features, "text"))}, by=editor)
    second = lifecycle.send(card, by=editor)
    first.refresh_from_db()
    assert (first.number, second.number) == (1, 2)
    assert thaw(first).features == "Pieni kunta järven rannalla."
    assert thaw(second).features == "Uusi teksti"
    assert first.sha256 != second.sha256
    assert latest_versions([card]) == {card.pk: second}


def test_an_empty_card_is_not_sent(card_year: CardYear, hankasalmi: Municipality, editor: User) -> None:
    """With why."""
    card = keeping.start(card_year, hankasalmi, by=editor)
    with pytest.raises(NotAllowedNow, match=r"empty|tyhjä"):
        lifecycle.send(card, by=editor)
    assert not CardVersion.objects.exists()


def test_a_version_that_is_no_longer_the_last_is_not_approved(card: Card, editor: User) -> None:
    """What was read is what is approved."""
    old = lifecycle.send(card, by=editor)
    lifecycle.withdraw(card, by=editor)
    lifecycle.send(card, by=editor)
    with pytest.raises(NotAllowedNow, match=r"sent again|uudelleen"):
        lifecycle.approve(card, by=editor, version=old)
    with pytest.raises(NotAllowedNow, match=r"sent again|uudelleen"):
        lifecycle.return_(card, by=editor, version=old, note="x")


def test_a_note_is_needed_and_goes_when_the_card_is_sent_again(card: Card, editor: User) -> None:
    """The database asks for it too."""
    lifecycle.send(card, by=editor)
    with pytest.raises(NotAllowedNow):
        lifecycle.return_(card, note="  ", by=editor)
    lifecycle.return_(card, note="Täydennä uhat.", by=editor)
    card.refresh_from_db()
    assert card.return_note == "Täydennä uhat."
    lifecycle.send(card, by=editor)
    card.refresh_from_db()
    assert card.return_note == ""
    with pytest.raises(IntegrityError), transaction.atomic():
        Card.objects.filter(pk=card.pk).update(state=State.RETURNED)


def test_another_who_approves_must_be_named(card: Card, editor: User) -> None:
    """Before the card is sent."""
    Card.objects.filter(pk=card.pk).update(approval=CardApproval.LINK)
    with pytest.raises(NotAllowedNow, match=r"Name|Nimeä"):
        lifecycle.send(card, by=editor)


def test_what_a_version_counts_as_is_told_by_itself(card: Card, editor: User) -> None:
    """Approved, or sent where nobody was to approve, and not returned: whatever is chosen for the card later."""
    keeping.set_approval(card, approval=CardApproval.SELF, name="", email="", by=editor)
    unapproved = lifecycle.send(card, by=editor)
    lifecycle.withdraw(card, by=editor)
    keeping.set_approval(card, approval=CardApproval.NONE, name="", email="", by=editor)
    returned = lifecycle.send(card, by=editor)
    lifecycle.return_(card, note="Täydennä", by=editor)
    sent = lifecycle.send(card, by=editor)
    lifecycle.withdraw(card, by=editor)
    keeping.set_approval(card, approval=CardApproval.SELF, name="", email="", by=editor)
    approved = lifecycle.send(card, by=editor)
    lifecycle.approve(card, by=editor, version=approved)
    found = {version.pk for version in CardVersion.objects.filter(FINAL)}
    assert found == {sent.pk, approved.pk}
    for version in (unapproved, returned, sent, approved):
        version.refresh_from_db()
        assert is_final(version) == (version.pk in found)


def test_a_year_is_locked_and_opened_with_why(card_year: CardYear, coordinator: User) -> None:
    """Opening asks for the reason; both are in the log."""
    lifecycle.lock_year(card_year, reason="Yhteenveto on tehty.", by=coordinator)
    with pytest.raises(NotAllowedNow):
        lifecycle.lock_year(card_year, reason="", by=coordinator)
    with pytest.raises(NotAllowedNow):
        lifecycle.unlock_year(card_year, reason=" ", by=coordinator)
    lifecycle.unlock_year(card_year, reason="Virhe korjataan.", by=coordinator)
    card_year.refresh_from_db()
    assert (card_year.state, card_year.state_reason) == (CardYear.State.OPEN, "Virhe korjataan.")
    assert [event.verb for event in Event.objects.order_by("pk")] == ["begun", "locked", "unlocked"]


@pytest.mark.parametrize(
    ("status", "languages", "language"),
    [
        ("fi", ["fi"], "fi"),
        ("sv", ["fi"], "fi"),
        ("sv", ["fi", "sv"], "sv"),
        ("bilingual-sv-majority", ["fi", "sv"], "sv"),
        ("bilingual-fi-majority", ["sv", "fi"], "fi"),
        ("fi", ["sv"], "sv"),
    ],
)
def test_the_language_of_a_card(card: Card, status: str, languages: list[str], language: str) -> None:
    """The municipality's own where the county writes it."""
    card.county.languages, card.municipality.language_status = languages, status
    assert language_of(card) == language


def test_a_card_is_of_one_county(card: Card, keski_uusimaa: County, mantsala: Municipality, outsider: User) -> None:
    """The other county sees none of it."""
    with scope(county=keski_uusimaa):
        assert not Card.objects.exists() and not CardVersion.objects.exists()
