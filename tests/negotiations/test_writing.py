"""Writing the texts of a summary by hand, and feedback on a round."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from django_scopes import scope

from municipalities.models import County, Event, Municipality, User
from municipalities.moves import NotAllowedNow
from negotiations.models import FeedbackNote, Round, Summary, SummaryNote
from negotiations.reporting.board import freeze, open_summary
from negotiations.reporting.writing import add_feedback, texts_of, write
from tests.factories import make_held, make_round

Section = SummaryNote.Section


@pytest.fixture
def summary(in_scope: County, hankasalmi: Municipality, coordinator: User) -> Summary:
    """A draft of a round with one negotiation."""
    round_ = make_round(in_scope)
    make_held(round_, [hankasalmi], by=coordinator)
    return open_summary(round_, by=coordinator)


def test_only_the_sections_that_changed_are_written(summary: Summary, coordinator: User) -> None:
    """The others keep their rows; the event names what changed; nothing changed is no event."""
    write(summary, {Section.AGREED: ["Yksi", "Kaksi"], Section.HELD: ["Näin."]}, case_number="", by=coordinator)
    kept = SummaryNote.objects.get(section=Section.HELD).pk
    _saved, changed = write(
        summary, {Section.AGREED: ["Kaksi"], Section.HELD: ["Näin."]}, case_number="D/1", by=coordinator
    )
    assert changed == [Section.AGREED, "case_number"]
    assert SummaryNote.objects.get(section=Section.HELD).pk == kept
    assert texts_of(summary)[Section.AGREED] == ["Kaksi"]
    before = Event.objects.filter(verb="written").count()
    write(summary, {Section.AGREED: ["Kaksi"]}, case_number="D/1", by=coordinator)
    assert Event.objects.filter(verb="written").count() == before


def test_a_frozen_summary_is_not_written(summary: Summary, coordinator: User) -> None:
    """Its text is what the board reads."""
    freeze(summary, by=coordinator)
    with pytest.raises(NotAllowedNow):
        write(summary, {Section.AGREED: ["Uusi"]}, case_number="", by=coordinator)


def test_the_page_keeps_both_texts_of_two_writers(
    summary: Summary, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """A section that both changed is shown with both; one that only the other changed keeps the other's text."""
    client = client_for(coordinator)
    path = f"/keski-suomi/yhteenvedot/{summary.pk}/teksti/"
    seen = client.get(path).context["form"]["seen"].value()
    assert client.post(path, {"seen": seen, "agreed": "Ensimmäisen", "goals": "Tavoite"}).status_code == 302
    clash = client.post(path, {"seen": seen, "agreed": "Toisen", "board": "Merkitään."})
    assert clash.status_code == 409
    assert clash.context["form"].conflicts["agreed"].theirs == "Ensimmäisen"
    seen = clash.context["form"]["seen"].value()
    assert (
        client.post(path, {"seen": seen, "agreed": "Molempien", "board": "Merkitään.", "goals": "Tavoite"}).status_code
        == 302
    )
    with scope(county=summary.county):
        texts = texts_of(summary)
    assert (texts["agreed"], texts["goals"], texts["board"]) == (["Molempien"], ["Tavoite"], ["Merkitään."])


def test_the_round_page_opens_a_summary_once(
    in_scope: County, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """Pressed twice, it is the same one."""
    round_ = make_round(in_scope)
    client = client_for(coordinator)
    for _time in range(2):
        assert client.post(f"/keski-suomi/kierrokset/{round_.pk}/yhteenveto/").status_code == 302
    assert Summary.objects.filter(round=round_).count() == 1


def test_feedback_is_added_changed_and_removed(
    in_scope: County, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """Pasted as a list; what is added the same day comes after."""
    round_: Round = make_round(in_scope)
    client = client_for(coordinator)
    path = f"/keski-suomi/kierrokset/{round_.pk}/palaute/"
    sent = {"given_on": "2.12.2024", "occasion": "Purku", "texts": "• Hyvä\n• Pitkä"}
    assert client.post(path, sent).status_code == 302
    assert client.post(path, sent | {"texts": "Lyhyt"}).status_code == 302
    assert list(FeedbackNote.objects.values_list("position", "text")) == [(1, "Hyvä"), (2, "Pitkä"), (3, "Lyhyt")]
    assert client.post(path, {"given_on": "", "occasion": "", "texts": " "}).status_code == 422
    note = FeedbackNote.objects.get(text="Pitkä")
    assert (
        client.post(f"/keski-suomi/palaute/{note.pk}/", {"occasion": "Purku", "text": "Liian pitkä"}).status_code == 302
    )
    assert client.post(f"/keski-suomi/palaute/{note.pk}/poista/").status_code == 302
    assert list(FeedbackNote.objects.values_list("text", flat=True)) == ["Hyvä", "Lyhyt"]
    (again,) = add_feedback(round_, ["Uusi"], given_on=date(2024, 12, 2), occasion="Purku", by=coordinator)
    assert again.position == 4
