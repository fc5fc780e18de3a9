"""Two who check or change minutes at the same moment: what one holds is never what the other waits for in vain."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django_scopes import scope

from municipalities.models import County, Municipality, User
from municipalities.moves import locked
from negotiations.minutes import versions
from negotiations.minutes.amending import amend_item
from negotiations.minutes.checking import mark, return_to_draft
from negotiations.minutes.correcting import begin
from negotiations.minutes.remarks import accept, reject, remark
from negotiations.models import AgendaItem, Minutes, MinutesCheck, MinutesVersion
from negotiations.sitting.attending import add_people
from negotiations.sitting.entries import Entry
from tests.factories import make_held, make_round
from tests.negotiations.test_checking import State, reach
from tests.negotiations.test_two_at_once import while_waiting

pytestmark = pytest.mark.django_db(transaction=True)

Kind = MinutesVersion.Kind


@pytest.fixture
def checking(keski_suomi: County, hankasalmi: Municipality, joutsa: Municipality, coordinator: User) -> Minutes:
    """Minutes of two municipalities that are being checked."""
    with scope(county=keski_suomi):
        return reach(State.CHECKING, make_held(make_round(keski_suomi), [hankasalmi, joutsa]), coordinator)


@pytest.fixture
def both(keski_suomi: County, checking: Minutes) -> list[MinutesCheck]:
    """Both checkers."""
    with scope(county=keski_suomi):
        return list(checking.checks.select_related("minutes").order_by("pk"))


@pytest.fixture
def item(keski_suomi: County, checking: Minutes) -> AgendaItem:
    """The first item."""
    with scope(county=keski_suomi):
        items = AgendaItem.objects.select_related("part__negotiation")
        row: AgendaItem = items.filter(part__negotiation=checking.negotiation_id).earliest("position")
    return row


def state_of(county: County, minutes: Minutes) -> str:
    """Return the state of the minutes as it is now."""
    with scope(county=county):
        return str(Minutes.objects.get(pk=minutes.pk).state)


@pytest.mark.parametrize("kind", [Kind.TYPO, Kind.MATTER])
def test_a_mark_while_the_text_is_mended(
    kind: MinutesVersion.Kind, keski_suomi: County, both: list[MinutesCheck], item: AgendaItem, coordinator: User
) -> None:
    """The version that was read is not the latest any more: refused."""
    ended = while_waiting(
        keski_suomi,
        lambda: amend_item(item, {"agreed": "Toisin."}, kind=kind, by=coordinator),
        lambda: mark(both[0], by=None, version=1),
    )
    assert ended.startswith("refused") and "versio 2" in ended
    with scope(county=keski_suomi):
        assert MinutesCheck.objects.get(pk=both[0].pk).version is None


def test_the_text_is_mended_while_a_mark_is_made(
    keski_suomi: County, checking: Minutes, both: list[MinutesCheck], item: AgendaItem, coordinator: User
) -> None:
    """The mark is of the version that was read, and a change of matter voids it."""
    ended = while_waiting(
        keski_suomi,
        lambda: mark(both[0], by=None, version=1),
        lambda: amend_item(item, {"agreed": "Toisin."}, kind=Kind.MATTER, by=coordinator),
    )
    assert ended == "done"
    with scope(county=keski_suomi):
        assert set(checking.checks.values_list("outcome", flat=True)) == {"waiting"}


def test_two_mark_at_once(keski_suomi: County, checking: Minutes, both: list[MinutesCheck]) -> None:
    """Each sees the other's mark: the minutes become checked, once."""
    ended = while_waiting(
        keski_suomi, lambda: mark(both[0], by=None, version=1), lambda: mark(both[1], by=None, version=1)
    )
    assert (ended, state_of(keski_suomi, checking)) == ("done", State.CHECKED)


def test_one_mark_sent_twice_at_once(keski_suomi: County, both: list[MinutesCheck]) -> None:
    """A button pressed twice marks once."""
    ended = while_waiting(
        keski_suomi, lambda: mark(both[0], by=None, version=1), lambda: mark(both[0], by=None, version=1)
    )
    assert ended.startswith("refused")


def test_a_remark_is_accepted_while_the_minutes_are_taken_back(
    keski_suomi: County, checking: Minutes, both: list[MinutesCheck], item: AgendaItem, coordinator: User
) -> None:
    """In the draft that they are by then, the words go into the text, and no version is made of it."""
    with scope(county=keski_suomi):
        row = remark(both[0], 1, item=item, field="agreed", proposed="Paremmin.", by=None)
    ended = while_waiting(
        keski_suomi,
        lambda: return_to_draft(checking, by=coordinator),
        lambda: accept(row, kind=Kind.TYPO, by=coordinator),
    )
    assert ended == "done"
    with scope(county=keski_suomi):
        assert versions.history(checking)[0].version.number == 1
        assert AgendaItem.objects.get(pk=item.pk).agreed == "Paremmin."


def test_the_minutes_are_taken_back_while_a_remark_is_accepted(
    keski_suomi: County, checking: Minutes, both: list[MinutesCheck], item: AgendaItem, coordinator: User
) -> None:
    """The version that it made stays beside the draft."""
    with scope(county=keski_suomi):
        row = remark(both[0], 1, item=item, field="agreed", proposed="Paremmin.", by=None)
    ended = while_waiting(
        keski_suomi,
        lambda: accept(row, kind=Kind.MATTER, by=coordinator),
        lambda: return_to_draft(checking, by=coordinator),
    )
    assert (ended, state_of(keski_suomi, checking)) == ("done", State.DRAFT)


def test_a_remark_is_accepted_and_rejected_at_once(
    keski_suomi: County, both: list[MinutesCheck], item: AgendaItem, coordinator: User
) -> None:
    """One of the two decides."""
    with scope(county=keski_suomi):
        row = remark(both[0], 1, item=item, field="agreed", proposed="Paremmin.", by=None)
    ended = while_waiting(
        keski_suomi,
        lambda: accept(row, kind=Kind.TYPO, by=coordinator),
        lambda: reject(row, reason="Ei.", by=coordinator),
    )
    assert ended.startswith("refused")


def test_two_mend_one_text_at_once(
    keski_suomi: County, checking: Minutes, item: AgendaItem, coordinator: User, client: Client
) -> None:
    """The page of the second one shows both texts."""
    client.force_login(coordinator)
    page = reverse("minutes_amend_item", args=[keski_suomi.slug, checking.pk, item.pk])
    form = client.get(page).context["form"]
    sent = {name: form.initial.get(name, "") for name in ("title", "background", "discussion", "dissent", "seen")}
    answers: list[tuple[int, str]] = []

    def second() -> None:
        response = client.post(page, sent | {"agreed": "Toisen sanat.", "kind": "typo"})
        answers.append((response.status_code, response.content.decode()))

    while_waiting(
        keski_suomi,
        lambda: amend_item(item, {"agreed": "Ensimmäisen sanat."}, kind=Kind.TYPO, by=coordinator),
        second,
    )
    ((status, text),) = answers
    assert status == 409 and "Ensimmäisen sanat." in text and "Toisen sanat." in text


def test_an_item_is_written_while_the_minutes_are_sent_and_mended(
    keski_suomi: County, checking: Minutes, item: AgendaItem, coordinator: User, client: Client
) -> None:
    """The page of the writing locks the minutes before the item, as the mending does: it is refused, not stuck."""
    client.force_login(coordinator)
    page = reverse("minutes_item", args=[keski_suomi.slug, item.pk])
    answers: list[int] = []
    ended = while_waiting(
        keski_suomi,
        lambda: locked(checking),
        lambda: answers.append(client.post(page, {"agreed": "Liian myöhään."}).status_code),
        lambda: amend_item(item, {"agreed": "Toisin."}, kind=Kind.TYPO, by=coordinator),
    )
    assert (ended, answers) == ("done", [422])


def test_participants_are_entered_while_a_correction_is_begun(
    keski_suomi: County, checking: Minutes, both: list[MinutesCheck], coordinator: User
) -> None:
    """Both lock the negotiation first: the participants of checked minutes are refused, and the correction is there."""
    with scope(county=keski_suomi):
        for check in both:
            mark(check, by=None)
        negotiation = checking.negotiation
        minutes = Minutes.objects.select_related("negotiation").get(pk=checking.pk)
    people = [Entry(sector="county", name="Anna Malli")]
    ended = while_waiting(
        keski_suomi,
        lambda: begin(minutes, by=coordinator),
        lambda: add_people(negotiation, people, by=coordinator),
    )
    assert ended.startswith("refused")
