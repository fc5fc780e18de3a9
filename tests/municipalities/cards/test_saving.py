"""Every change of a card's field: saved, refused, or put beside what another has saved meanwhile."""

from __future__ import annotations

import string
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from municipalities.cards import keeping, lifecycle
from municipalities.cards.content import Section
from municipalities.cards.saving import (
    FEATURES,
    Outcome,
    Sent,
    partial_date,
    save_fields,
    seen_in,
    shown_value,
    written_date,
)
from municipalities.forms import digest_of
from municipalities.models import Card, CardEntry, CardFigure, CardPlan, County, Municipality, User
from municipalities.moves import NotAllowedNow
from tests.factories import make_priority
from tests.municipalities.cards.overseen import open_cards

NOTHING = digest_of("")


@pytest.fixture
def card(in_scope: County, hankasalmi: Municipality, coordinator: User, editor: User) -> Card:
    """A draft with one strength."""
    card = keeping.start(open_cards(in_scope, by=coordinator), hankasalmi, by=editor)
    keeping.add_line(card, "strength", by=editor, text="Vahva")
    return card


def strength(card: Card) -> CardEntry:
    row: CardEntry = CardEntry.objects.get(card=card, section=Section.STRENGTH)
    return row


def save(card: Card, name: str, value: str, seen: str | None, by: User) -> Outcome:
    return save_fields(card, {name: Sent(value, seen)}, by=by)[name]


def test_a_field_is_saved_and_tells_who_changed_the_card(card: Card, second_editor: User) -> None:
    """The next change is sent with what is stored now."""
    name = f"entry-{strength(card).pk}-text"
    outcome = save(card, name, "Vahvempi ", digest_of("Vahva"), second_editor)
    assert outcome.is_saved
    assert (outcome.value, outcome.seen) == ("Vahvempi", digest_of("Vahvempi"))
    card.refresh_from_db()
    assert strength(card).text == "Vahvempi" and card.edited_by == second_editor


def test_what_another_has_saved_is_never_overwritten(card: Card, editor: User) -> None:
    """Theirs is given back; sent again with what was seen then, mine is saved."""
    name = f"entry-{strength(card).pk}-text"
    save(card, name, "Toisen teksti", digest_of("Vahva"), editor)
    outcome = save(card, name, "Minun tekstini", digest_of("Vahva"), editor)
    assert not outcome.is_saved and outcome.theirs == "Toisen teksti"
    assert strength(card).text == "Toisen teksti"
    assert save(card, name, "Minun tekstini", outcome.seen, editor).is_saved
    assert strength(card).text == "Minun tekstini"


def test_the_same_value_sent_twice_is_saved_once(card: Card, editor: User) -> None:
    """The answer was lost on the way, and the browser tries again with what it saw before."""
    name = f"entry-{strength(card).pk}-text"
    save(card, name, "Uusi", digest_of("Vahva"), editor)
    assert save(card, name, "Uusi", digest_of("Vahva"), editor).is_saved


def test_a_form_does_not_undo_what_only_another_has_changed(card: Card, editor: User) -> None:
    """A browser without scripts sends every field of the section, the unchanged ones too."""
    name = f"entry-{strength(card).pk}-text"
    save(card, name, "Toisen teksti", digest_of("Vahva"), editor)
    outcome = save(card, name, "Vahva", digest_of("Vahva"), editor)
    assert outcome.is_saved and outcome.is_merged and outcome.value == "Toisen teksti"
    assert strength(card).text == "Toisen teksti"


def test_each_field_stands_by_itself(card: Card, editor: User) -> None:
    """One that is refused leaves the others saved."""
    plan = CardPlan.objects.filter(card=card)[0]
    outcomes = save_fields(
        card,
        {
            f"plan-{plan.pk}-name": Sent("2025–2028", NOTHING),
            f"plan-{plan.pk}-approved": Sent("ensi keväänä", NOTHING),
            f"plan-{plan.pk}-delivered": Sent("5/2026", NOTHING),
            f"plan-{plan.pk}-address": Sent("ei osoite", NOTHING),
        },
        by=editor,
    )
    plan.refresh_from_db()
    assert (plan.name, plan.approved, plan.delivered, plan.address) == ("2025–2028", "", "2026-05", "")
    refused = [name.rpartition("-")[2] for name, outcome in outcomes.items() if outcome.error]
    assert refused == ["approved", "address"]
    assert outcomes[f"plan-{plan.pk}-delivered"].value == "5/2026"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("entry-999999-text", "x"),
        ("plan-999999-name", "x"),
        ("figure-999999-comment", "x"),
        ("contact-1-secret", "x"),
        ("entry-{entry}-card", "1"),
        ("entry-{entry}-section", "threat"),
        ("entry-{entry}-priority", "999999"),
        ("entry-{entry}-priority", "²"),
        ("entry-{entry}-text", "a\x00b"),
        ("entry-{entry}-text", "x" * 8001),
        ("plan-{plan}-kind", "secret"),
        ("plan-{plan}-kind", ""),
        ("plan-{plan}-address", "javascript:alert(1)"),
        ("contact-{contact}-email", "nobody"),
        ("contact-{contact}-phone", "1" * 41),
    ],
)
def test_what_cannot_be_is_refused_in_words(card: Card, editor: User, name: str, value: str) -> None:
    """Nothing of it is stored, and no field that is not the card's is reached."""
    ids = {
        "entry": strength(card).pk,
        "plan": CardPlan.objects.filter(card=card)[0].pk,
        "contact": card.contacts.get().pk,
    }
    outcome = save(card, name.format(**ids), value, None, editor)
    assert outcome.error
    assert strength(card).text == "Vahva"


def test_a_field_of_another_card_is_not_there(card: Card, joutsa: Municipality, editor: User) -> None:
    """The address names a row; the card it is on is that of the page."""
    other = keeping.start(card.card_year, joutsa, by=editor)
    line = keeping.add_line(other, "threat", by=editor, text="Uhka")
    assert save(card, f"entry-{line.pk}-text", "Muutettu", digest_of("Uhka"), editor).error
    line.refresh_from_db()
    assert shown_value(line, "text") == "Uhka"


def test_special_features_are_made_by_the_first_word(card: Card, editor: User) -> None:
    """The field is there before its row is, once."""
    assert save(card, FEATURES, "Järvien kunta", NOTHING, editor).is_saved
    assert save(card, FEATURES, "Järvien kunta.", digest_of("Järvien kunta"), editor).is_saved
    assert [entry.text for entry in CardEntry.objects.filter(section=Section.FEATURES)] == ["Järvien kunta."]


def test_two_first_words_on_special_features_clash(card: Card, editor: User) -> None:
    """Both began at an empty field."""
    save(card, FEATURES, "Toisen", NOTHING, editor)
    assert save(card, FEATURES, "Minun", NOTHING, editor).theirs == "Toisen"


def test_a_figure_is_left_out_by_a_reason(card: Card, editor: User) -> None:
    """Only a figure of the year's set has words."""
    indicator = card.card_year.indicator_set.in_order()[0]
    name = f"figure-{indicator.pk}-left_out_reason"
    assert save(card, name, "Vain kolme vastaajaa", NOTHING, editor).is_saved
    assert CardFigure.objects.get(card=card).left_out_reason == "Vain kolme vastaajaa"
    assert save(card, name, "", digest_of("Vain kolme vastaajaa"), editor).is_saved
    assert CardFigure.objects.get(card=card).left_out_reason == ""


def test_a_proposal_has_a_priority_of_the_county(card: Card, editor: User, in_scope: County) -> None:
    """And may have none."""
    priority = make_priority(in_scope)
    line: Any = keeping.add_line(card, "proposal", by=editor, text="Nosto")
    name = f"entry-{line.pk}-priority"
    assert save(card, name, str(priority.pk), NOTHING, editor).is_saved
    line.refresh_from_db()
    assert line.priority == priority
    assert save(card, name, "", seen_in(line, "priority"), editor).is_saved
    line.refresh_from_db()
    assert line.priority is None


def test_nothing_is_saved_once_the_card_has_been_sent_or_locked(card: Card, editor: User) -> None:
    """The door is closed to autosave as to the form."""
    name = f"entry-{strength(card).pk}-text"
    lifecycle.send(card, by=editor)
    with pytest.raises(NotAllowedNow, match=r"has been sent|on lähetetty"):
        save(card, name, "Myöhässä", digest_of("Vahva"), editor)
    lifecycle.withdraw(card, by=editor)
    lifecycle.lock_year(card.card_year, reason="", by=editor)
    with pytest.raises(NotAllowedNow, match=r"locked|lukittu"):
        save(card, name, "Myöhässä", digest_of("Vahva"), editor)
    assert strength(card).text == "Vahva"


# --- Dates that may be known only to the month ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("2026", "2026"),
        ("5/2026", "2026-05"),
        ("05.2026", "2026-05"),
        (" 12.5.2026 ", "2026-05-12"),
        ("12. 5. 2026", "2026-05-12"),
        ("2026-05", "2026-05"),
        ("2026-5-1", "2026-05-01"),
        ("29.2.2024", "2024-02-29"),
        ("", ""),
    ],
)
def test_a_date_is_read_as_people_write_it(typed: str, kept: str) -> None:
    """To the day, the month or the year."""
    assert partial_date(typed) == kept


@pytest.mark.parametrize(
    "typed", ["31.2.2026", "13/2026", "26", "12.5.26", "0.0.2026", "1989", "2101", "²/2026", "5//2026"]
)
def test_what_is_no_date_is_refused(typed: str) -> None:
    """With how to write it."""
    with pytest.raises(ValidationError, match=r"12\.5\.2026"):
        partial_date(typed)


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 12, 31)))
def test_what_is_shown_is_read_back_as_it_was_kept(day: date) -> None:
    """A field that nobody changes stays the same when it is sent."""
    for kept in (f"{day:%Y}", f"{day:%Y-%m}", f"{day:%Y-%m-%d}"):
        assert partial_date(written_date(kept)) == kept


@given(st.text(alphabet=string.printable + "äöå–", max_size=12))
def test_any_text_is_a_date_or_is_refused(text: str) -> None:
    """And nothing else happens."""
    try:
        kept = partial_date(text)
    except ValidationError:
        return
    assert kept == "" or partial_date(kept) == kept
