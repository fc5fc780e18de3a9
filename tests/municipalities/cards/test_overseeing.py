"""How all cards of a year stand: the rows, their progress, and as many queries whatever the number of cards."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from municipalities.cards import keeping, lifecycle
from municipalities.cards.content import read_rows
from municipalities.cards.history import log_of_card, log_of_year
from municipalities.cards.overseeing import Overseen, Overview, Stage, glance, oversee, progress_of_all
from municipalities.cards.progress import Part, Standing, progress_of
from municipalities.cards.reminding import remind_all
from municipalities.cards.saving import Sent, save_fields
from municipalities.models import Card, CardApproval, CardYear, County, Municipality, User
from tests.factories import make_municipality
from tests.municipalities.cards.overseen import DUE, YEAR, open_cards, send_card, write_card

BEFORE, AFTER = DUE - timedelta(days=1), DUE + timedelta(days=1)


@pytest.fixture
def card_year(in_scope: County, coordinator: User) -> CardYear:
    """The open year of the county's cards."""
    return open_cards(in_scope, by=coordinator)


def seen(card_year: CardYear, *, today: date = BEFORE) -> Overview:
    """Return how the county's cards stand."""
    return oversee(card_year, Municipality.objects.filter(county=card_year.county_id), today=today)


def row_of(overview: Overview, municipality: Municipality) -> Overseen:
    """Return the row of a municipality."""
    (row,) = [row for row in overview.rows if row.municipality == municipality]
    return row


def test_each_municipality_has_a_row_with_its_stage(
    card_year: CardYear, hankasalmi: Municipality, joutsa: Municipality, luhanka: Municipality, editor: User
) -> None:
    send_card(card_year, joutsa, by=editor)
    lifecycle.return_(Card.objects.get(municipality=joutsa), note="Lisää luku.", by=None)
    write_card(card_year, hankasalmi, by=editor)
    overview = seen(card_year)
    assert [(str(row.municipality), row.stage) for row in overview.rows] == [
        ("Hankasalmi", Stage.DRAFT),
        ("Joutsa", Stage.RETURNED),
        ("Luhanka", Stage.NOT_STARTED),
    ]
    draft, returned, none = overview.rows
    assert (draft.done, draft.total) == (1, 6) and draft.percent == 16
    assert draft.number is None and draft.edited_at is not None
    # What was sent stays sent while it is being mended.
    assert returned.number == 1 and returned.sent_at is not None and not returned.is_delivered
    assert (none.done, none.total, none.edited_at, none.card) == (0, 6, None, None)
    assert [row.municipality for row in overview.sent] == [joutsa]
    assert overview.waited_for == [draft, returned, none]


def test_the_counts_in_words(
    card_year: CardYear, hankasalmi: Municipality, joutsa: Municipality, luhanka: Municipality, editor: User
) -> None:
    with translation.override("fi"):
        assert seen(card_year).words == "0 / 3 lähetetty, 3 aloittamatta"
        write_card(card_year, hankasalmi, by=editor)
        send_card(card_year, joutsa, by=editor)
        assert seen(card_year).words == "1 / 3 lähetetty, 1 kesken, 1 aloittamatta"
        lifecycle.return_(Card.objects.get(municipality=joutsa), note="Lisää luku.", by=None)
        assert seen(card_year).words == "0 / 3 lähetetty, 1 kesken, 1 palautettu, 1 aloittamatta"


def test_late_is_who_has_not_sent_by_the_day(
    card_year: CardYear, hankasalmi: Municipality, joutsa: Municipality, editor: User
) -> None:
    send_card(card_year, joutsa, by=editor)
    assert not any(row.is_late for row in seen(card_year, today=DUE).rows)
    late = seen(card_year, today=AFTER)
    assert row_of(late, hankasalmi).is_late and not row_of(late, joutsa).is_late
    card_year.due_on = None
    assert not any(row.is_late for row in seen(card_year, today=AFTER).rows)


def test_a_card_that_waits_for_its_approver_looks_unlike_one_that_is_done(
    card_year: CardYear, hankasalmi: Municipality, joutsa: Municipality, editor: User
) -> None:
    send_card(card_year, joutsa, by=editor)
    card = write_card(card_year, hankasalmi, by=editor)
    keeping.set_approval(card, approval=CardApproval.SELF, name="", email="", by=editor)
    version = lifecycle.send(card, by=editor)
    overview = seen(card_year)
    assert (row_of(overview, joutsa).tone, row_of(overview, hankasalmi).tone) == ("done", "going")
    lifecycle.approve(card, by=editor, version=version)
    approved = row_of(seen(card_year), hankasalmi)
    assert (approved.stage, approved.tone, approved.is_delivered) == (Stage.APPROVED, "done", True)


def test_progress_of_many_is_what_it_is_of_each(
    card_year: CardYear, hankasalmi: Municipality, joutsa: Municipality, luhanka: Municipality, editor: User
) -> None:
    """The bulk reader sketches the rows, and must not miss what `progress_of` looks at."""
    former = write_card(open_cards(card_year.county, by=editor, year=YEAR - 1), hankasalmi, by=editor)
    for section in ("strength", "weakness", "opportunity", "threat", "proposal"):
        keeping.add_line(former, section, by=editor, text="Asia")
    carried = keeping.start(card_year, hankasalmi, by=editor)
    full = write_card(card_year, joutsa, by=editor)
    for section in ("strength", "weakness", "opportunity"):
        keeping.add_line(full, section, by=editor, text="Asia")
    keeping.add_line(full, "threat", by=editor, text="  \n ")
    plan, contact = full.plans.all()[0], full.contacts.all()[0]
    indicator = card_year.indicator_set.items.get().indicator_id
    save_fields(
        full,
        {
            f"plan-{plan.pk}-approved": Sent("2026", None),
            f"contact-{contact.pk}-role": Sent("hyvinvointikoordinaattori", None),
            f"figure-{indicator}-comment": Sent("Laski.", None),
        },
        by=editor,
    )
    keeping.look_through(full, [Part.PROPOSALS], by=editor)
    empty = keeping.start(card_year, luhanka, by=editor)
    cards = [Card.objects.get(pk=card.pk) for card in (former, carried, full, empty)]
    found = progress_of_all(cards)
    assert found == {card.pk: progress_of(read_rows(card)) for card in cards}
    # The case is worth something only where the four stand differently.
    assert found[carried.pk].of(Part.SWOT) == Standing.CARRIED
    assert found[full.pk].of(Part.SWOT) == found[full.pk].of(Part.FIGURES) == Standing.STARTED
    assert found[full.pk].of(Part.PLANS) == found[full.pk].of(Part.PROPOSALS) == Standing.DONE
    assert found[empty.pk].done == 0
    assert progress_of_all([]) == {}


def test_the_last_reminder_is_told_by_municipality(
    card_year: CardYear, hankasalmi: Municipality, joutsa: Municipality, editor: User, coordinator: User
) -> None:
    started = timezone.now()
    remind_all(card_year, [hankasalmi, joutsa], by=coordinator)
    overview = seen(card_year)
    reminded = row_of(overview, hankasalmi).reminded_at
    assert reminded is not None and reminded >= started
    # Joutsa has nobody to remind.
    assert row_of(overview, joutsa).reminded_at is None


def test_one_card_and_many_cost_the_same(
    card_year: CardYear, hankasalmi: Municipality, editor: User, coordinator: User
) -> None:
    send_card(card_year, hankasalmi, by=editor)
    with CaptureQueriesContext(connection) as queries:
        seen(card_year)
    assert len(queries) == 4
    for number in range(5):
        place = make_municipality(card_year.county, f"80{number}", f"Kunta {number}")
        send_card(card_year, place, by=editor)
    remind_all(card_year, [hankasalmi], by=coordinator)
    with CaptureQueriesContext(connection) as queries:
        assert len(seen(card_year).rows) == 6
    assert len(queries) == 4


def test_the_home_page_gets_the_latest_open_year(
    card_year: CardYear, hankasalmi: Municipality, joutsa: Municipality, editor: User, coordinator: User
) -> None:
    send_card(card_year, hankasalmi, by=editor)
    found = glance(card_year.county_id)
    assert found is not None and (found.year, found.sent, found.total, found.due_on) == (YEAR, 1, 2, DUE)
    lifecycle.lock_year(card_year, reason="", by=coordinator)
    assert glance(card_year.county_id) is None


# --- The log ------------------------------------------------------------------------------------------------------


def test_the_log_of_a_year_in_words(
    card_year: CardYear, hankasalmi: Municipality, editor: User, coordinator: User
) -> None:
    remind_all(card_year, [hankasalmi], by=coordinator)
    lifecycle.lock_year(card_year, reason="Neuvottelut alkavat.", by=coordinator)
    lifecycle.unlock_year(card_year, reason="Yksi täydentää.", by=coordinator)
    with translation.override("fi"):
        told = [one.words for one in log_of_year(card_year)]
        overview = seen(card_year)
        given = log_of_year(card_year, municipalities=[hankasalmi], events=overview.events)
    assert (
        told
        == [one.words for one in given]
        == [
            "Coordinator avasi vuoden kortit.",
            "Coordinator muistutti 1 kuntaa: Hankasalmi.",
            "Coordinator lukitsi vuoden kortit.",
            "Coordinator avasi vuoden kortit uudelleen.",
        ]
    )
    assert overview.moved is not None and overview.moved.verb == "unlocked"


def test_the_log_of_a_card_in_words(
    card_year: CardYear, hankasalmi: Municipality, joutsa: Municipality, editor: User, coordinator: User
) -> None:
    card = write_card(card_year, hankasalmi, by=editor)
    keeping.set_approval(card, approval=CardApproval.SELF, name="", email="", by=editor)
    remind_all(card_year, [hankasalmi, joutsa], by=coordinator)
    lifecycle.send(card, by=editor)
    lifecycle.return_(card, note="Lisää luku.", by=coordinator)
    version = lifecycle.send(card, by=editor)
    # Without a user: by the approver's link.
    lifecycle.approve(card, by=None, version=version)
    lifecycle.withdraw(card, by=editor)
    with translation.override("fi"), CaptureQueriesContext(connection) as queries:
        told = [one.words for one in log_of_card(card)]
    assert len(queries) == 1
    assert told == [
        "Editor aloitti kortin.",
        "Editor valitsi, että kortin täyttäjä hyväksyy sen.",
        "Coordinator muistutti kuntaa kortista.",
        "Editor lähetti kortin hyvinvointialueelle.",
        "Coordinator palautti kortin täydennettäväksi.",
        "Editor lähetti kortin hyvinvointialueelle uudelleen: versio 2.",
        "Hyväksyjä hyväksyi kortin.",
        "Editor otti kortin takaisin muutettavaksi.",
    ]
