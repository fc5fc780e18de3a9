"""The tab of the minutes: what it tells comes from the version that is checked, at a cost that does not grow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from municipalities.models import County, Municipality, User
from negotiations.minutes.amending import amend_item
from negotiations.minutes.checking import mark, open_minutes, send_for_checking
from negotiations.minutes.remarks import remark
from negotiations.models import AgendaItem, Measure, Minutes, MinutesVersion
from tests.factories import make_held, make_round
from tests.negotiations.test_checking import State, later, reach

ClientFor = Callable[[User | None], Client]


@pytest.fixture
def checking(in_scope: County, coordinator: User, hankasalmi: Municipality, joutsa: Municipality) -> Minutes:
    """Minutes of two municipalities and four items that are being checked."""
    held = make_held(make_round(in_scope), [hankasalmi, joutsa], by=coordinator, items=4)
    return reach(State.CHECKING, held, coordinator)


def tab_of(minutes: Minutes) -> str:
    """Return the address of the tab."""
    return reverse("negotiation_minutes", args=["keski-suomi", minutes.negotiation_id])


def items_of(minutes: Minutes) -> list[AgendaItem]:
    """Return the items that the minutes tell."""
    items = AgendaItem.objects.select_related("part__negotiation")
    return list(items.filter(part__negotiation=minutes.negotiation_id).order_by("position"))


def test_checked_minutes_are_shown_from_their_version(
    checking: Minutes, coordinator: User, editor: User, client_for: ClientFor
) -> None:
    """Not from rows that somebody has changed past the rules."""
    for check in checking.checks.all():
        mark(check, by=coordinator)
    AgendaItem.objects.update(agreed="Muutettu salaa.")
    Measure.objects.update(text="Muutettu salaa.")
    for user in (coordinator, editor):
        page = client_for(user).get(tab_of(checking)).content.decode()
        assert "Sovittiin 1." in page and "Muutettu salaa." not in page


def test_what_was_not_entered_and_the_times_are_told_in_words(
    in_scope: County, coordinator: User, hankasalmi: Municipality, client_for: ClientFor
) -> None:
    """A draft still waits for the words; minutes that have been sent say that there are none."""
    held = make_held(make_round(in_scope), [hankasalmi], by=coordinator, items=2)
    AgendaItem.objects.filter(position=2).update(discussion="", agreed="", dissent="")
    opened = datetime(2024, 9, 26, 8, 20, tzinfo=timezone.get_default_timezone())
    held.parts.update(opened_at=opened, closed_at=opened + timedelta(hours=2), opening="", closing="")
    (minutes,) = open_minutes(held, by=coordinator)
    client = client_for(coordinator)
    draft = client.get(tab_of(minutes)).content.decode()
    assert "Tästä ei ole vielä kirjoitettu mitään." in draft and "Ei kirjauksia." not in draft
    send_for_checking(minutes, check_by=later(), by=coordinator)
    sent = client.get(tab_of(minutes)).content.decode()
    assert "Ei kirjauksia." in sent and "Tästä ei ole vielä kirjoitettu mitään." not in sent
    for page in (draft, sent, client.get(reverse("minutes_check", args=["keski-suomi", minutes.pk])).content.decode()):
        assert "Avattu klo 8.20" in page and "Päätetty klo 10.20" in page


def test_the_version_is_told_with_its_whole_hash(
    checking: Minutes, coordinator: User, editor: User, client_for: ClientFor
) -> None:
    """Shortened, and whole where it is opened; with the mark too, and the change since then a page away."""
    first = MinutesVersion.objects.get()
    mark(checking.checks.earliest("pk"), by=coordinator, version=1)
    amend_item(
        items_of(checking)[2],
        {"agreed": "Sovittiin kolmas."},
        kind=MinutesVersion.Kind.TYPO,
        reason="Lyöntivirhe",
        by=coordinator,
    )
    second = MinutesVersion.objects.get(number=2)
    page = client_for(editor).get(tab_of(checking)).content.decode()
    assert first.sha256 in page and second.sha256 in page and f"{second.sha256[:12]}…" in page
    versions = reverse("minutes_versions", args=["keski-suomi", checking.pk])
    assert versions in page
    told = client_for(editor).get(versions).content.decode()
    assert "Lyöntivirhe" in told and "<ins>" in told and "poistettu" in told
    log = client_for(coordinator).get(reverse("negotiation_log", args=["keski-suomi", checking.negotiation_id]))
    words = log.content.decode().replace("\N{NO-BREAK SPACE}", " ")
    assert "versio 2, kirjoitusvirhe korjattu: 3 §: Lyöntivirhe." in words
    assert "(versio 1)" in words


def test_silence_is_told_where_it_counts(
    in_scope: County, checking: Minutes, editor: User, client_for: ClientFor
) -> None:
    """With the date; elsewhere nothing is said of it."""
    words = ", pöytäkirja katsotaan tarkastetuksi"
    assert words not in client_for(editor).get(tab_of(checking)).content.decode()
    in_scope.silence_is_checking = True
    in_scope.save()
    assert words in client_for(editor).get(tab_of(checking)).content.decode()


def test_what_cannot_be_done_says_why(checking: Minutes, coordinator: User, client_for: ClientFor) -> None:
    """Each place leads to what can be done instead."""
    client = client_for(coordinator)
    page = client.get(tab_of(checking)).content.decode()
    # Entered for another, a mark is the last word: it is told for whom, and that nothing changes after the last one.
    assert page.count("Merkitset osapuolen puolesta") == 2 and "Tämä on viimeinen merkintä" not in page
    mark(checking.checks.all()[0], by=coordinator)
    page = client.get(tab_of(checking)).content.decode()
    assert page.count("Merkitset osapuolen puolesta") == 1 and "Tämä on viimeinen merkintä" in page
    item = items_of(checking)[0]
    assert reverse("minutes_amend_item", args=["keski-suomi", checking.pk, item.pk]) in page
    assert reverse("minutes_item", args=["keski-suomi", item.pk]) not in page
    mark(checking.checks.all()[1], by=coordinator)
    page = client.get(tab_of(checking)).content.decode()
    assert "ei voi vielä julkaista: allekirjoitus puuttuu" in page
    assert "Aloita oikaisu" in page and reverse("minutes_return", args=["keski-suomi", checking.pk]) not in page
    refused = client.get(reverse("minutes_item", args=["keski-suomi", item.pk]))
    assert refused.status_code == 409 and "erillisellä oikaisulla" in refused.content.decode()


@pytest.mark.parametrize("role", ["coordinator", "editor"])
@pytest.mark.parametrize("page", ["negotiation_minutes", "minutes_versions"])
def test_one_remark_and_version_cost_what_three_do(
    page: str, role: str, checking: Minutes, client_for: ClientFor, request: pytest.FixtureRequest
) -> None:
    """As many queries however much has been said and mended."""
    client = client_for(request.getfixturevalue(role))
    pk = checking.pk if page == "minutes_versions" else checking.negotiation_id
    address = reverse(page, args=["keski-suomi", pk])
    check = checking.checks.earliest("pk")
    items = items_of(checking)

    def add(item: AgendaItem) -> None:
        amend_item(item, {"agreed": f"{item.agreed} Lisäksi."}, kind=MinutesVersion.Kind.TYPO, by=None)
        remark(check, None, item=item, text="Tarkista.", by=None)

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    add(items[0])
    cost()
    one = cost()
    for item in items[1:3]:
        add(item)
    assert cost() == one
    assert one <= 30
