"""Checkers and attachments of minutes: added, named, put in order, removed and brought back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from municipalities.models import County, Municipality, User
from municipalities.moves import NotAllowedNow
from negotiations.minutes.attachments import add_attachments, change_attachment, move_attachment, remove_attachment
from negotiations.minutes.checkers import add_checker, name_checker, parties_without_checker, remove_checker
from negotiations.minutes.checking import open_minutes
from negotiations.models import Minutes, MinutesAttachment, MinutesCheck, Negotiation
from tests.factories import make_held, make_round
from tests.negotiations.test_checking import State, reach

ClientFor = Callable[[User | None], Client]


@pytest.fixture
def held(in_scope: County, hankasalmi: Municipality, joutsa: Municipality) -> Negotiation:
    """A negotiation of two municipalities that has been held."""
    return make_held(make_round(in_scope), [hankasalmi, joutsa])


@pytest.fixture
def minutes(held: Negotiation, coordinator: User) -> Minutes:
    """Its minutes with three attachments."""
    (begun,) = open_minutes(held, by=coordinator)
    add_attachments(begun, ["A", "B", "C"], by=coordinator)
    return begun


def url(name: str, pk: int) -> str:
    """Return an address in the cast's county."""
    return reverse(name, args=["keski-suomi", pk])


def listed(minutes: Minutes) -> list[tuple[int, str]]:
    """Return the attachments as numbered."""
    return list(minutes.attachments.order_by("position").values_list("position", "title"))


def token(page: str) -> str:
    """Return the token that the page would send to undo."""
    return page.split('name="token" value="')[1].split('"')[0]


# --- State × change ---------------------------------------------------------------------------------------------

CHANGES: dict[str, Callable[[Minutes, User], object]] = {
    "add a checker": lambda minutes, by: add_checker(
        MinutesCheck(county_id=minutes.county_id, minutes=minutes, party=minutes.negotiation.parties.all()[1]), by=by
    ),
    "name a checker": lambda minutes, by: name_checker(minutes.checks.all()[0], fields=["name"], by=by),
    "take off a checker": lambda minutes, by: remove_checker(minutes.checks.all()[0], by=by),
    "add an attachment": lambda minutes, by: add_attachments(minutes, ["D"], by=by),
    "change an attachment": lambda minutes, by: change_attachment(minutes.attachments.all()[0], by=by),
    "move an attachment": lambda minutes, by: move_attachment(minutes.attachments.all()[0], up=False, by=by),
    "remove an attachment": lambda minutes, by: remove_attachment(minutes.attachments.all()[0], by=by),
}


@pytest.mark.parametrize("state", [State.CHECKING, State.CHECKED, State.PUBLISHED])
@pytest.mark.parametrize("change", list(CHANGES))
def test_only_a_draft_changes(
    state: State, change: str, in_scope: County, hankasalmi: Municipality, coordinator: User
) -> None:
    """What the checkers read is what stays."""
    held = make_held(make_round(in_scope), [hankasalmi])
    add_attachments(open_minutes(held, by=coordinator)[0], ["A", "B"], by=coordinator)
    minutes = reach(state, held, coordinator)
    before = (listed(minutes), list(minutes.checks.values_list("pk", "name")))
    with pytest.raises(NotAllowedNow):
        CHANGES[change](minutes, coordinator)
    assert (listed(minutes), list(minutes.checks.values_list("pk", "name"))) == before


# --- Attachments ------------------------------------------------------------------------------------------------


def test_attachments_are_numbered_from_one(minutes: Minutes, coordinator: User) -> None:
    """Whatever is moved, removed or put between."""
    assert listed(minutes) == [(1, "A"), (2, "B"), (3, "C")]
    move_attachment(minutes.attachments.get(title="C"), up=True, by=coordinator)
    assert listed(minutes) == [(1, "A"), (2, "C"), (3, "B")]
    move_attachment(minutes.attachments.get(title="A"), up=True, by=coordinator)
    move_attachment(minutes.attachments.get(title="B"), up=False, by=coordinator)
    assert listed(minutes) == [(1, "A"), (2, "C"), (3, "B")]
    remove_attachment(minutes.attachments.get(title="A"), by=coordinator)
    assert listed(minutes) == [(1, "C"), (2, "B")]
    add_attachments(minutes, ["D"], number=2, by=coordinator)
    assert listed(minutes) == [(1, "C"), (2, "D"), (3, "B")]


def test_one_that_is_gone_does_not_move(minutes: Minutes, coordinator: User) -> None:
    """Somebody else has removed it meanwhile."""
    attachment = minutes.attachments.get(title="B")
    MinutesAttachment.objects.get(pk=attachment.pk).delete()
    with pytest.raises(NotAllowedNow):
        move_attachment(attachment, up=True, by=coordinator)


def test_a_removed_attachment_comes_back_in_its_place(
    minutes: Minutes, coordinator: User, client_for: ClientFor
) -> None:
    """By the button on the page that follows; the next page offers it no more."""
    client, tab = client_for(coordinator), url("negotiation_minutes", minutes.negotiation_id)
    client.post(url("minutes_attachment_remove", minutes.attachments.get(title="B").pk))
    page = client.get(tab).content.decode()
    assert 'name="token"' not in client.get(tab).content.decode()
    assert client.post(url("minutes_attachments_undo", minutes.pk), {"token": token(page)}).status_code == 302
    assert listed(minutes) == [(1, "A"), (2, "B"), (3, "C")]


def test_what_is_undone_is_ones_own(
    minutes: Minutes, coordinator: User, hankasalmi: Municipality, client_for: ClientFor, in_scope: County
) -> None:
    """A token is good for one user and one address, and only as it was given."""
    from tests.conftest import Role
    from tests.factories import make_user

    client, tab = client_for(coordinator), url("negotiation_minutes", minutes.negotiation_id)
    client.post(url("minutes_attachment_remove", minutes.attachments.get(title="B").pk))
    given = token(client.get(tab).content.decode())
    other = client_for(make_user("toinen@example.fi", Role.COORDINATOR, in_scope))
    address = url("minutes_attachments_undo", minutes.pk)
    assert other.post(address, {"token": given}).status_code == 409
    assert client.post(address, {"token": given[:-1] + "x"}).status_code == 409
    assert client.post(address).status_code == 409
    assert client.post(url("minutes_checker_undo", minutes.pk), {"token": given}).status_code == 409
    assert listed(minutes) == [(1, "A"), (2, "C")]


def test_attachments_on_the_page(minutes: Minutes, coordinator: User, client_for: ClientFor) -> None:
    """A pasted list, a better title, another order."""
    client = client_for(coordinator)
    assert client.post(url("minutes_attachments_add", minutes.pk), {"titles": "• D\n\n- E"}).status_code == 302
    assert client.post(url("minutes_attachments_add", minutes.pk), {"titles": " \n-"}).status_code == 422
    last = minutes.attachments.get(title="E")
    assert client.post(url("minutes_attachment_move", last.pk), {"direction": "up"}).status_code == 302
    assert client.post(url("minutes_attachment", last.pk), {"title": "Nostot"}).status_code == 302
    assert client.post(url("minutes_attachment", last.pk), {"title": "x" * 301}).status_code == 422
    assert listed(minutes) == [(1, "A"), (2, "B"), (3, "C"), (4, "Nostot"), (5, "D")]


# --- Checkers ---------------------------------------------------------------------------------------------------


def test_a_checker_taken_off_comes_back(minutes: Minutes, coordinator: User, client_for: ClientFor) -> None:
    """With name and role."""
    client, check = client_for(coordinator), minutes.checks.all()[0]
    party = check.party
    data = {"name": "Kaija Koski", "role": "hyvinvointikoordinaattori"}
    assert client.post(url("minutes_checker", check.pk), data).status_code == 302
    assert client.post(url("minutes_checker_remove", check.pk)).status_code == 302
    assert [one.pk for one in parties_without_checker(minutes)] == [party.pk]
    page = client.get(url("negotiation_minutes", minutes.negotiation_id)).content.decode()
    assert client.post(url("minutes_checker_undo", minutes.pk), {"token": token(page)}).status_code == 302
    assert minutes.checks.filter(party=party, **data).exists()
    # A second time there is nobody to bring back.
    assert client.post(url("minutes_checker_undo", minutes.pk), {"token": token(page)}).status_code == 409


def test_a_checker_is_of_a_party_that_checks(
    minutes: Minutes, coordinator: User, client_for: ClientFor, in_scope: County
) -> None:
    """The county is none here, nor is one that has a checker already."""
    client = client_for(coordinator)
    address = url("minutes_checker_add", minutes.pk)
    check = minutes.checks.all()[0]
    county = minutes.negotiation.parties.get(municipality=None, organisation=None)
    for party in (check.party, county):
        assert client.post(address, {"party": party.pk, "name": "N", "role": ""}).status_code == 422
    remove_checker(check, by=coordinator)
    assert client.post(address, {"party": check.party_id, "name": "N", "role": ""}).status_code == 302
    assert minutes.checks.filter(party=check.party_id, name="N").exists()
    # Where the county has set so it checks too.
    County.objects.update(minutes_checkers=County.Checkers.PARTIES)
    assert client.post(address, {"party": county.pk, "name": "", "role": "johtaja"}).status_code == 302
    assert minutes.checks.count() == 3
