"""Two who plan at the same moment: what one holds is never what the other waits for while holding what the first needs.

Each test stops the first one just before its end, until the second one waits for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import date
from datetime import time as clock
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django_scopes import scope

from municipalities.models import County, Municipality, User
from municipalities.moves import NotAllowedNow, locked
from negotiations.models import LegalBasis, Negotiation, Round, RoundStage, Slot
from negotiations.planning.board import place
from negotiations.planning.negotiations import plan
from negotiations.planning.slots import Hours, IsoWeek, SlotRule, change_rule, make_slots
from negotiations.planning.stages.keeping import add_stage, mark_done
from negotiations.planning.timing import Timing
from negotiations.sitting.conduct import cancel, reinstate
from tests.factories import make_municipality, make_negotiation, make_round

pytestmark = pytest.mark.django_db(transaction=True)

MORNING = Hours(clock(8, 15), clock(12))
RULE = SlotRule(IsoWeek(2024, 36), IsoWeek(2024, 39), (4,), (MORNING,))
# The same with Wednesdays, so that nothing is taken away.
WIDER = SlotRule(IsoWeek(2024, 36), IsoWeek(2024, 39), (3, 4), (MORNING,))


@pytest.fixture
def round_(keski_suomi: County) -> Round:
    """A round with four Thursdays."""
    with scope(county=keski_suomi):
        row = make_round(keski_suomi, slot_rule=RULE.to_json())
        make_slots(row)
    return row


@pytest.fixture
def municipality(keski_suomi: County) -> Municipality:
    """A municipality of the county."""
    with scope(county=keski_suomi):
        return make_municipality(keski_suomi, "901", "Kunta")


def while_waiting(
    county: County,
    first: Callable[[], object],
    second: Callable[[], object],
    rest: Callable[[], object] = lambda: None,
) -> str:
    """Do the first thing, start the second one, and end the first once that waits, by the rest; tell how it ended.

    Raises what the first one raises; a deadlock ends either of the two with an error.
    """
    outcome: list[Any] = []

    def run() -> None:
        try:
            with scope(county=county):
                second()
            outcome.append("done")
        except NotAllowedNow as refusal:
            outcome.append(f"refused: {refusal}")
        except Exception as error:
            outcome.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    try:
        with scope(county=county), transaction.atomic():
            first()
            thread.start()
            _wait_for_another_to_wait(thread)
            rest()
    finally:
        thread.join(timeout=30)
    assert not thread.is_alive()
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return str(outcome[0])


def _wait_for_another_to_wait(thread: threading.Thread) -> None:
    for _turn in range(200):
        if not thread.is_alive():
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("The second one neither waits nor ends.")


def test_a_new_negotiation_in_a_slot_while_the_rule_is_changed(
    keski_suomi: County, round_: Round, municipality: Municipality
) -> None:
    """The new one has the slot and refers to the round; the rule has the round and waits for the slot."""
    with scope(county=keski_suomi):
        slot = Slot.objects.filter(round=round_).earliest("starts_at")
    row = Negotiation(county=keski_suomi, round=round_, title="Uusi")
    ended = while_waiting(
        keski_suomi,
        lambda: plan(row, timing=Timing.in_slot(slot), bases=[LegalBasis.WELFARE], slot=slot, by=None),
        lambda: change_rule(round_, WIDER, choices={}, by=None),
    )
    assert ended == "done"
    with scope(county=keski_suomi):
        assert Negotiation.objects.get(pk=row.pk).slot_id == slot.pk
        assert Slot.objects.filter(round=round_).count() == 8


def test_a_new_negotiation_in_a_slot_while_the_rule_is_edited_on_its_page(
    keski_suomi: County, round_: Round, client: Client, coordinator: User
) -> None:
    """The page locks the round before the rule does."""
    client.force_login(coordinator)
    with scope(county=keski_suomi):
        slot = Slot.objects.filter(round=round_).earliest("starts_at")
    row = Negotiation(county=keski_suomi, round=round_, title="Uusi")
    sent = {"first_week": "36/2024", "last_week": "39/2024", "weekdays": ["3", "4"], "hours": "8.15–12.00"}
    page = reverse("round_slots", args=[keski_suomi.slug, round_.pk])
    answers: list[int] = []
    while_waiting(
        keski_suomi,
        lambda: plan(row, timing=Timing.in_slot(slot), bases=[LegalBasis.WELFARE], slot=slot, by=None),
        lambda: answers.append(client.post(page, sent).status_code),
    )
    assert answers == [302]


def test_a_cancelled_one_comes_back_while_its_slot_is_given_to_another(
    keski_suomi: County, round_: Round, municipality: Municipality
) -> None:
    """It keeps its time, without the slot."""
    with scope(county=keski_suomi):
        slot = Slot.objects.filter(round=round_).earliest("starts_at")
        gone = make_negotiation(round_, [municipality], slot=slot, day=date(2024, 9, 5))
        cancel(gone, reason="Flunssa", by=None)
        other = make_negotiation(round_, [], precision=Negotiation.Precision.MONTH, starts_at=None, ends_at=None)
    ended = while_waiting(
        keski_suomi,
        lambda: place(other, slot, expected=None, by=None),
        lambda: reinstate(gone, by=None),
    )
    assert ended == "done"
    with scope(county=keski_suomi):
        assert Negotiation.objects.get(pk=gone.pk).slot_id is None
        assert Negotiation.objects.get(pk=other.pk).slot_id == slot.pk


def test_a_stage_is_edited_while_it_is_marked_as_done(
    keski_suomi: County, round_: Round, client: Client, coordinator: User
) -> None:
    """Whoever presses the mark has the round and then the stage; so has the page on which the stage is edited."""
    client.force_login(coordinator)
    with scope(county=keski_suomi):
        stage = add_stage(round_, RoundStage(name="Kutsut"), None, by=None)
    page = reverse("round_stage", args=[keski_suomi.slug, stage.pk])
    answers: list[int] = []

    ended = while_waiting(
        keski_suomi,
        lambda: locked(round_),
        lambda: answers.append(client.post(page, {"name": "Kutsut lähtevät", "known": "unknown"}).status_code),
        lambda: mark_done(stage, by=None),
    )
    assert (ended, answers) == ("done", [302])
    with scope(county=keski_suomi):
        stage.refresh_from_db()
    assert (stage.name, stage.done_on) == ("Kutsut lähtevät", None)
