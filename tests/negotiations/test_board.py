"""The state of a summary: every state x every move; agendas, notes and publishing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.utils import timezone

from municipalities.events import record
from municipalities.models import County, Event, Municipality, User
from municipalities.moves import NotAllowedNow
from negotiations.log import log_of
from negotiations.models import Summary
from negotiations.planning.progress import How, summary_step
from negotiations.reporting.board import (
    MOVES,
    freeze,
    note,
    open_summary,
    publish,
    put_on_agenda,
    reopen,
)
from tests.factories import make_held, make_round

State = Summary.State
MEETING = date(2025, 1, 28)


DO: dict[str, Callable[[Summary, User], Summary]] = {
    "freeze": lambda summary, by: freeze(summary, by=by),
    "reopen": lambda summary, by: reopen(summary, by=by),
    "put_on_agenda": lambda summary, by: put_on_agenda(
        summary, body="Aluehallitus", on=MEETING + timedelta(days=summary.handlings.count()), by=by
    ),
    "note": lambda summary, by: note(
        summary, body="Aluehallitus", on=MEETING + timedelta(days=summary.handlings.count()), section="12", by=by
    ),
    "publish": lambda summary, by: publish(summary, on=MEETING, by=by),
}
PATH = {
    State.DRAFT: (),
    State.READY: ("freeze",),
    State.ON_AGENDA: ("freeze", "put_on_agenda"),
    State.NOTED: ("freeze", "put_on_agenda", "note"),
}


@pytest.fixture
def summary(in_scope: County, hankasalmi: Municipality) -> Summary:
    """The draft of a round with one negotiation."""
    round_ = make_round(in_scope)
    make_held(round_, [hankasalmi])
    return open_summary(round_, by=None)


def reach(state: State, summary: Summary, by: User) -> Summary:
    """Take a draft to a state through its moves."""
    for move in PATH[state]:
        summary = DO[move](summary, by)
    return summary


def test_every_move_is_in_the_table() -> None:
    """The table below tries every move there is."""
    assert set(DO) == set(MOVES)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("move", list(MOVES))
def test_state_and_move(summary: Summary, coordinator: User, state: State, move: str) -> None:
    """A legal move leads where the table says; another is refused and changes nothing."""
    summary = reach(state, summary, coordinator)
    log = Event.objects.filter(subject="negotiations.summary")
    events = log.count()
    sources, target = MOVES[move]
    # Once noted it stays noted, whoever takes it up next.
    stays_noted = state == State.NOTED and move == "put_on_agenda"
    if state in sources:
        moved = DO[move](summary, coordinator)
        assert moved.state == (state if target is None or stays_noted else target)
        assert log.count() == events + 1
    else:
        with pytest.raises(NotAllowedNow):
            DO[move](summary, coordinator)
        assert Summary.objects.get().state == state
        assert log.count() == events


def test_several_bodies_note_it(summary: Summary, coordinator: User) -> None:
    """The board first, the council after it; the same meeting not twice."""
    summary = reach(State.NOTED, summary, coordinator)
    put_on_agenda(summary, body="Aluevaltuusto", on=date(2025, 2, 25), by=coordinator)
    note(summary, body="Aluevaltuusto", on=date(2025, 2, 25), section="7", by=coordinator)
    with pytest.raises(NotAllowedNow):
        note(summary, body="Aluevaltuusto", on=date(2025, 2, 25), section="7", by=coordinator)
    with pytest.raises(NotAllowedNow):
        put_on_agenda(summary, body="Aluevaltuusto", on=date(2025, 2, 25), by=coordinator)
    assert [handling.body for handling in summary.handlings.filter(act="noted")] == ["Aluehallitus", "Aluevaltuusto"]


def test_the_step_is_done_once_every_body_has_noted_it(summary: Summary, coordinator: User) -> None:
    """The council that takes it up after the board opens the step again."""
    told = []

    def tell(summary: Summary) -> None:
        step = summary_step(summary)
        told.append((step.how, step.done, step.total, step.words))

    tell(summary)
    summary = freeze(summary, by=coordinator)
    tell(summary)
    for body, on in (("Aluehallitus", MEETING), ("Aluevaltuusto", date(2025, 2, 25))):
        summary = put_on_agenda(summary, body=body, on=on, by=coordinator)
        tell(summary)
        summary = note(summary, body=body, on=on, section="7", by=coordinator)
        tell(summary)
    assert told == [
        (How.AHEAD, 0, 0, "luonnos"),
        (How.GOING, 0, 0, "valmis"),
        (How.GOING, 0, 1, "esityslistalla"),
        (How.DONE, 1, 1, "merkitty tiedoksi"),
        (How.GOING, 1, 2, "1 / 2 merkinnyt tiedoksi"),
        (How.DONE, 2, 2, "merkitty tiedoksi"),
    ]


def test_the_log_names_the_body(summary: Summary, coordinator: User) -> None:
    """An event of before, which does not tell it, is told with its day."""
    summary = reach(State.NOTED, summary, coordinator)
    record(summary, "put_on_agenda", by=coordinator, on="2025-02-25")
    words = [row.words for row in log_of([summary])][-3:]
    assert [text.removeprefix(f"{coordinator} ") for text in words] == [
        "vei yhteenvedon esityslistalle: Aluehallitus 28.1.2025.",
        "kirjasi yhteenvedon tiedoksi merkityksi: Aluehallitus 29.1.2025, 12 §.",
        "vei yhteenvedon esityslistalle: 25.2.2025.",
    ]


def test_a_meeting_to_come_has_noted_nothing(summary: Summary, coordinator: User) -> None:
    """It is marked after the meeting."""
    summary = reach(State.ON_AGENDA, summary, coordinator)
    with pytest.raises(NotAllowedNow):
        note(
            summary,
            body="Aluehallitus",
            on=timezone.localdate() + timedelta(days=1),
            section="1",
            by=coordinator,
        )


def test_publishing_is_an_act_of_its_own(summary: Summary, coordinator: User) -> None:
    """It changes no state, happens once, and shuts the way back."""
    summary = reach(State.READY, summary, coordinator)
    published = publish(summary, on=date(2025, 1, 29), by=coordinator)
    assert (published.state, published.published_on) == (State.READY, date(2025, 1, 29))
    with pytest.raises(NotAllowedNow):
        publish(summary, on=date(2025, 1, 30), by=coordinator)
    with pytest.raises(NotAllowedNow):
        reopen(summary, by=coordinator)


def test_what_was_frozen_stays_frozen(summary: Summary, coordinator: User) -> None:
    """The document of the frozen summary does not change with its round; freezing again makes another."""
    frozen = freeze(summary, by=coordinator)
    assert frozen.document is not None
    key = frozen.document.key
    summary.round.name = "Toinen nimi"
    summary.round.save()
    frozen.refresh_from_db()
    assert frozen.document.key == key
    again = freeze(reopen(frozen, by=coordinator), by=coordinator)
    assert again.document is not None and again.document.key != key
