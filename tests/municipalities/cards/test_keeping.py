"""Beginning a card, carrying last year's forward, and its lines."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from municipalities.cards import keeping, lifecycle
from municipalities.cards.content import Section, read_rows
from municipalities.cards.progress import Part, Standing, progress_of
from municipalities.cards.saving import FEATURES, Sent, save_fields
from municipalities.forms import digest_of
from municipalities.models import (
    Card,
    CardApproval,
    CardContact,
    CardEntry,
    CardFigure,
    CardPlan,
    CardYear,
    County,
    Municipality,
    User,
)
from municipalities.moves import NotAllowedNow
from tests.municipalities.cards.overseen import open_cards, write_card


@pytest.fixture
def last_year(in_scope: County, coordinator: User) -> CardYear:
    """The year before."""
    return open_cards(in_scope, by=coordinator, year=2025)


@pytest.fixture
def this_year(last_year: CardYear, in_scope: County, coordinator: User) -> CardYear:
    """The year."""
    return open_cards(in_scope, by=coordinator, year=2026)


@pytest.fixture
def former(last_year: CardYear, hankasalmi: Municipality, editor: User) -> Card:
    """Last year's card, with something in each section."""
    card = write_card(last_year, hankasalmi, by=editor)
    for name in ("strength", "weakness", "opportunity", "threat", "proposal"):
        keeping.add_line(card, name, by=editor, text=f"Rivi: {name}")
    keeping.add_line(card, "strength", by=editor)  # left empty
    indicator = card.card_year.indicator_set.in_order()[0]
    CardFigure.objects.create(
        county=card.county, card=card, indicator=indicator, comment="Vanha sana", left_out_reason="Vain 3 vastaajaa"
    )
    CardPlan.objects.filter(card=card).update(name="2021–2025", approved="2025-04", delivered="2025-05")
    CardContact.objects.filter(card=card).update(role="Hyvinvointikoordinaattori", email="hyte@example.fi")
    keeping.set_approval(card, approval=CardApproval.LINK, name="Kunnanjohtaja", email="kj@example.fi", by=editor)
    return card


def progress(card: Card) -> dict[str, str]:
    """Return how far each section of a card is."""
    card.refresh_from_db()
    return {part.value: standing.value for part, standing in progress_of(read_rows(card)).parts}


def test_last_years_texts_come_along(former: Card, this_year: CardYear, hankasalmi: Municipality, editor: User) -> None:
    """All that stands from year to year; not what was said of last year's figures, nor the dates of a yearly report."""
    card = keeping.start(this_year, hankasalmi, by=editor)
    assert card.carried_from == former
    texts = {(entry.section, entry.text, entry.is_carried) for entry in CardEntry.objects.filter(card=card)}
    assert texts == {
        ("features", "Pieni kunta järven rannalla.", True),
        *((name, f"Rivi: {name}", True) for name in ("strength", "weakness", "opportunity", "threat", "proposal")),
    }
    words = CardFigure.objects.get(card=card)
    assert (words.comment, words.left_out_reason) == ("", "Vain 3 vastaajaa")
    plans = {plan.kind: (plan.name, plan.approved) for plan in CardPlan.objects.filter(card=card)}
    assert plans == {"wide": ("2021–2025", "2025-04"), "yearly": ("", "")}
    contact = CardContact.objects.get(card=card)
    assert (contact.email, contact.delete_after) == ("hyte@example.fi", date(2028, 12, 30))
    assert (card.approval, card.approver_email) == (CardApproval.LINK, "kj@example.fi")
    assert CardEntry.objects.filter(card=former).count() == 7  # as it was


def test_a_card_is_begun_once(this_year: CardYear, hankasalmi: Municipality, editor: User) -> None:
    """Two presses, one card."""
    first = keeping.start(this_year, hankasalmi, by=editor)
    assert keeping.start(this_year, hankasalmi, by=editor) == first
    assert list(CardPlan.objects.filter(card=first).values_list("kind", flat=True)) == ["wide", "yearly"]


def test_no_card_is_begun_in_a_locked_year(this_year: CardYear, hankasalmi: Municipality, editor: User) -> None:
    """With why."""
    lifecycle.lock_year(this_year, reason="", by=editor)
    with pytest.raises(NotAllowedNow):
        keeping.start(this_year, hankasalmi, by=editor)
    assert not Card.objects.exists()


def test_one_press_says_that_nothing_has_changed(
    former: Card, this_year: CardYear, hankasalmi: Municipality, editor: User
) -> None:
    """Section by section, or all at once; a line that is mended is no longer last year's."""
    card = keeping.start(this_year, hankasalmi, by=editor)
    assert progress(card) == {
        "figures": "empty",
        "features": "carried",
        "swot": "carried",
        "proposals": "carried",
        "plans": "carried",
        "contacts": "carried",
    }
    keeping.look_through(card, ["swot"], by=editor)
    save_fields(card, {FEATURES: Sent("Uutta", digest_of("Pieni kunta järven rannalla."))}, by=editor)
    plan = CardPlan.objects.filter(card=card)[0]
    save_fields(card, {f"plan-{plan.pk}-name": Sent("2025–2029", digest_of("2021–2025"))}, by=editor)
    assert progress(card) == {
        "figures": "empty",
        "features": "done",
        "swot": "done",
        "proposals": "carried",
        "plans": "done",
        "contacts": "carried",
    }
    keeping.look_through(card, Part.values, by=editor)
    assert set(progress(card).values()) == {"done"}
    with pytest.raises(LookupError):
        keeping.look_through(card, ["secret"], by=editor)


def test_how_far_an_own_card_is(this_year: CardYear, hankasalmi: Municipality, editor: User) -> None:
    """Nothing is asked for a missing figure, but somebody has to have looked; a SWOT of one list is unfinished."""
    card = keeping.start(this_year, hankasalmi, by=editor)
    assert set(progress(card).values()) == {"empty"}
    keeping.add_line(card, "strength", by=editor, text="Vahva")
    keeping.add_line(card, "proposal", by=editor)
    assert progress(card)["swot"] == "started" and progress(card)["proposals"] == "empty"
    for name in ("weakness", "opportunity", "threat"):
        keeping.add_line(card, name, by=editor, text="Rivi")
    found = progress_of(read_rows(card))
    assert found.of(Part.SWOT) == Standing.DONE
    assert (found.done, found.total, len(found.unfinished)) == (1, 6, 5)


def texts(card: Card) -> list[str]:
    """Return the strengths of a card, in order."""
    return [entry.text for entry in read_rows(card).of(Section.STRENGTH)]


def test_lines_are_added_moved_ordered_removed_and_brought_back(
    this_year: CardYear, hankasalmi: Municipality, editor: User
) -> None:
    """And a line at the end stays there."""
    card = keeping.start(this_year, hankasalmi, by=editor)
    one, two, three = (keeping.add_line(card, "strength", by=editor, text=text) for text in "abc")
    keeping.move_line(card, f"entry-{one.pk}", by=editor, down=True)
    assert texts(card) == ["b", "a", "c"]
    keeping.move_line(card, f"entry-{two.pk}", by=editor, down=False)
    assert texts(card) == ["b", "a", "c"]
    keeping.order_lines(card, [f"entry-{row.pk}" for row in (three, one)], by=editor)
    assert texts(card) == ["c", "a", "b"]
    removed = keeping.remove_line(card, f"entry-{one.pk}", by=editor)
    assert texts(card) == ["c", "b"]
    keeping.restore_line(card, removed, by=editor)
    assert texts(card) == ["c", "a", "b"]


def test_lines_of_another_card_or_list_are_not_reached(
    this_year: CardYear, hankasalmi: Municipality, joutsa: Municipality, editor: User
) -> None:
    """Nor those that are no lines."""
    card, other = (keeping.start(this_year, place, by=editor) for place in (hankasalmi, joutsa))
    mine: Any = keeping.add_line(card, "strength", by=editor, text="a")
    threat: Any = keeping.add_line(card, "threat", by=editor, text="b")
    theirs: Any = keeping.add_line(other, "strength", by=editor, text="c")
    save_fields(card, {FEATURES: Sent("Piirteitä", None)}, by=editor)
    features = CardEntry.objects.get(card=card, section=Section.FEATURES)
    for name in (f"entry-{theirs.pk}", f"entry-{features.pk}", "figure-1", "entry-", "entry-²", "secret-1"):
        with pytest.raises(LookupError):
            keeping.remove_line(card, name, by=editor)
    with pytest.raises(LookupError):
        keeping.order_lines(card, [f"entry-{mine.pk}", f"entry-{threat.pk}"], by=editor)
    with pytest.raises(LookupError):
        keeping.add_line(card, "features", by=editor)


def test_a_list_has_an_end(this_year: CardYear, hankasalmi: Municipality, editor: User) -> None:
    """As much as a page and a paper can show."""
    card = keeping.start(this_year, hankasalmi, by=editor)
    CardEntry.objects.bulk_create(
        CardEntry(county=card.county, card=card, section=Section.THREAT, position=place, text="Uhka")
        for place in range(keeping.MOST_LINES)
    )
    with pytest.raises(NotAllowedNow, match="60"):
        keeping.add_line(card, "threat", by=editor)


def test_how_to_reach_people_goes_and_their_roles_stay(former: Card) -> None:
    """When the county's days have passed since the end of the card's year; an approver's address too."""
    assert keeping.purge_card_contacts(date(2027, 12, 31)) == 0
    assert keeping.purge_card_contacts(date(2028, 1, 1)) == 2
    contact = CardContact.objects.get(card=former)
    former.refresh_from_db()
    assert (contact.email, contact.role) == ("", "Hyvinvointikoordinaattori")
    assert (former.approver_email, former.approver_name) == ("", "Kunnanjohtaja")
    assert keeping.purge_card_contacts(date(2028, 1, 1)) == 0
