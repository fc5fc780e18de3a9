"""The state of a negotiation: every state x every move, and what each move asks and leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from municipalities.models import County, Event, Municipality, User
from municipalities.moves import NotAllowedNow
from negotiations.models import LegalBasis, Negotiation, Part, Party, Slot
from negotiations.sitting.conduct import MOVES, cancel, convene, hold
from tests.factories import BOTH, make_held, make_negotiation, make_round

State = Negotiation.State


def reach(state: State, negotiation: Negotiation, by: User) -> Negotiation:
    """Take a planned negotiation to a state through its moves."""
    if state in {State.CONVENED, State.HELD}:
        negotiation = convene(negotiation, by=by)
    if state == State.HELD:
        negotiation = hold(negotiation, by=by)
    if state == State.CANCELLED:
        negotiation = cancel(negotiation, reason="Sairastuminen", by=by)
    return negotiation


DO: dict[str, Callable[[Negotiation, User], Negotiation]] = {
    "convene": lambda negotiation, by: convene(negotiation, by=by),
    "hold": lambda negotiation, by: hold(negotiation, by=by),
    "cancel": lambda negotiation, by: cancel(negotiation, reason="Lumipyry", by=by),
}


def test_every_move_is_in_the_table() -> None:
    """The table below tries every move there is."""
    assert set(DO) == set(MOVES)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("move", list(MOVES))
def test_state_and_move(in_scope: County, coordinator: User, hankasalmi: Municipality, state: State, move: str) -> None:
    """A legal move leads where the table says and leaves an event; another is refused and changes nothing."""
    negotiation = reach(state, make_negotiation(make_round(in_scope), [hankasalmi]), coordinator)
    events = Event.objects.count()
    sources, target = MOVES[move]
    if state in sources:
        assert DO[move](negotiation, coordinator).state == target
        assert Negotiation.objects.get().state == target
        assert Event.objects.count() == events + 1
    else:
        with pytest.raises(NotAllowedNow):
            DO[move](negotiation, coordinator)
        assert Negotiation.objects.get().state == state
        assert Event.objects.count() == events


def test_a_negotiation_known_to_the_month_cannot_be_convened(in_scope: County, hankasalmi: Municipality) -> None:
    """Its day must be known first."""
    negotiation = make_negotiation(
        make_round(in_scope),
        [hankasalmi],
        precision=Negotiation.Precision.MONTH,
        earliest=date(2023, 3, 1),
        latest=date(2023, 4, 30),
        starts_at=None,
        ends_at=None,
    )
    with pytest.raises(NotAllowedNow):
        convene(negotiation, by=None)


@pytest.mark.parametrize("lacking", ["parties", "parts"])
def test_nobody_is_invited_to_nothing(in_scope: County, hankasalmi: Municipality, lacking: str) -> None:
    """A negotiation has a legal basis and someone to negotiate with."""
    members = [] if lacking == "parties" else [hankasalmi]
    bases = () if lacking == "parts" else (LegalBasis.WELFARE,)
    with pytest.raises(NotAllowedNow):
        convene(make_negotiation(make_round(in_scope), members, bases=bases), by=None)


def test_who_stayed_away_has_not_taken_part(in_scope: County, hankasalmi: Municipality, joutsa: Municipality) -> None:
    """The municipality that came took part; the one that did not is marked so."""
    negotiation = convene(make_negotiation(make_round(in_scope), [hankasalmi, joutsa]), by=None)
    hold(negotiation, by=None, stayed_away=[negotiation.parties.get(municipality=joutsa)])
    participation = dict(Party.objects.values_list("municipality__area__name_fi", "participation"))
    assert participation == {None: "took_part", "Hankasalmi": "took_part", "Joutsa": "stayed_away"}


def test_a_part_that_was_not_dealt_with_discharges_nothing(in_scope: County, hankasalmi: Municipality) -> None:
    """Only the duty that was dealt with counts."""
    negotiation = convene(make_negotiation(make_round(in_scope), [hankasalmi], bases=BOTH), by=None)
    hold(negotiation, by=None, not_dealt_with=[negotiation.parts.get(legal_basis=LegalBasis.COOPERATION)])
    assert dict(Part.objects.values_list("legal_basis", "dealt_with")) == {
        LegalBasis.COOPERATION: False,
        LegalBasis.WELFARE: True,
    }


def test_a_negotiation_of_nothing_or_with_nobody_was_not_held(in_scope: County, hankasalmi: Municipality) -> None:
    """It is to be cancelled instead, and nothing is changed by the refusal."""
    negotiation = convene(make_negotiation(make_round(in_scope), [hankasalmi]), by=None)
    with pytest.raises(NotAllowedNow):
        hold(negotiation, by=None, not_dealt_with=list(negotiation.parts.all()))
    with pytest.raises(NotAllowedNow):
        hold(negotiation, by=None, stayed_away=list(negotiation.parties.exclude(municipality=None)))
    assert set(Party.objects.values_list("participation", flat=True)) == {"invited"}


def test_cancelling_asks_for_a_reason_and_frees_the_slot(in_scope: County, hankasalmi: Municipality) -> None:
    """Another negotiation can take the time."""
    round_ = make_round(in_scope)
    negotiation = make_negotiation(round_, [hankasalmi])
    assert negotiation.starts_at is not None and negotiation.ends_at is not None
    slot = Slot.objects.create(
        county=in_scope, round=round_, starts_at=negotiation.starts_at, ends_at=negotiation.ends_at
    )
    negotiation.slot = slot
    negotiation.save()
    with pytest.raises(NotAllowedNow):
        cancel(negotiation, reason=" ", by=None)
    cancel(negotiation, reason="Ei päätösvaltainen", by=None)
    assert make_negotiation(round_, [hankasalmi], slot=slot).slot == slot


def test_history_is_entered_with_its_own_time(in_scope: County, coordinator: User, hankasalmi: Municipality) -> None:
    """`at` is when it happened; when it was recorded is kept too."""
    negotiation = make_held(make_round(in_scope), [hankasalmi], by=coordinator)
    event = Event.objects.get(verb="held", subject_id=negotiation.pk)
    assert event.user == coordinator
    assert event.subject == "negotiations.negotiation"
