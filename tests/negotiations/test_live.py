"""The sitting: parts opened and closed one after the other, the item at hand and its time, and the end of the day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from municipalities.models import County, Event, Municipality, Sector, User
from municipalities.moves import NotAllowedNow
from negotiations.demo.building import moment
from negotiations.followup.live_forms import _nobody_of
from negotiations.log import log_of
from negotiations.minutes.checking import open_minutes, send_for_checking
from negotiations.minutes.concluding import conclude
from negotiations.models import AgendaItem, Attendance, LegalBasis, Minutes, Negotiation, Part, PartPresence, Party
from negotiations.sitting import live
from negotiations.sitting.conduct import cancel, convene, hold
from tests.factories import BOTH, make_negotiation, make_round
from tests.negotiations.test_checking import later

DAY = date(2024, 9, 26)
State = Negotiation.State


def at(hour: int, minute: int = 0) -> datetime:
    """Return a moment of the day of the negotiation."""
    return moment(DAY, hour, minute)


@pytest.fixture
def negotiation(in_scope: County, hankasalmi: Municipality, coordinator: User) -> Negotiation:
    """A sitting of both duties, two items each, to which the parties have been invited."""
    row = make_negotiation(make_round(in_scope, legal_bases=list(BOTH)), [hankasalmi], bases=BOTH)
    return convene(row, by=coordinator)


def part_of(negotiation: Negotiation, basis: LegalBasis = LegalBasis.COOPERATION) -> Part:
    """Return a part as it is now."""
    return Part.objects.select_related("negotiation").get(negotiation=negotiation, legal_basis=basis)


def item_of(negotiation: Negotiation, number: int = 1, basis: LegalBasis = LegalBasis.COOPERATION) -> AgendaItem:
    """Return an item as it is now."""
    return AgendaItem.objects.select_related("part__negotiation").get(
        part__negotiation=negotiation, part__legal_basis=basis, position=number
    )


def fresh(negotiation: Negotiation) -> Negotiation:
    """Return the negotiation as it is now."""
    return Negotiation.objects.get(pk=negotiation.pk)


def attend(negotiation: Negotiation, name: str, status: str = "present", **fields: object) -> Attendance:
    """Put somebody into the list."""
    row: Attendance = Attendance.objects.create(
        county_id=negotiation.county_id,
        negotiation=negotiation,
        sector=Sector.MUNICIPALITY,
        name=name,
        status=status,
        **fields,
    )
    return row


# --- Time ---------------------------------------------------------------------------------------------------------


@given(
    before=st.integers(0, 100_000),
    passed=st.integers(-3_600_000_000, 100_000_000_000),
    later_on=st.integers(0, 10_000_000_000),
    is_at_hand=st.booleans(),
)
def test_the_time_used_only_grows_and_only_at_hand(before: int, passed: int, later_on: int, is_at_hand: bool) -> None:
    """What has been used stays used whatever clocks say; an item that is not at hand takes no time. In microseconds."""
    item = AgendaItem(pk=1, used_seconds=before)
    since = at(8)
    negotiation = Negotiation(pk=1, item_at_hand_id=1 if is_at_hand else 2, at_hand_since=since)
    now = since + timedelta(microseconds=passed)
    used = live.used(item, negotiation, now)
    assert used == before + (max(0, passed // 1_000_000) if is_at_hand else 0)
    assert live.used(item, negotiation, now + timedelta(microseconds=later_on)) >= used >= before


@given(spans=st.lists(st.tuples(st.sampled_from([1, 2, 3]), st.integers(0, 5_000)), max_size=20))
def test_the_times_of_items_add_up_to_the_time_that_passed(spans: list[tuple[int, int]]) -> None:
    """However often one goes from item to item, no second is counted twice and none is lost. Nothing is stored."""
    items = {pk: AgendaItem(pk=pk) for pk in (1, 2, 3)}
    negotiation, now = Negotiation(pk=1), at(8)
    for pk, seconds in spans:
        if negotiation.item_at_hand_id:
            former = items[negotiation.item_at_hand_id]
            former.used_seconds = live.used(former, negotiation, now)
        negotiation.item_at_hand_id, negotiation.at_hand_since = pk, now
        now += timedelta(seconds=seconds)
    assert sum(live.used(item, negotiation, now) for item in items.values()) == sum(seconds for _pk, seconds in spans)


def test_taking_an_item_puts_down_the_one_before(negotiation: Negotiation, coordinator: User) -> None:
    """With its time; the same item again is nothing, and one that comes back goes on from what it had."""
    live.open_part(part_of(negotiation), by=coordinator, at=at(8, 15))
    first, second = item_of(negotiation), item_of(negotiation, 2)
    live.take_item(first, by=coordinator, at=at(8, 20))
    live.take_item(first, by=coordinator, at=at(8, 25))
    live.take_item(second, by=coordinator, at=at(8, 35))
    assert item_of(negotiation).used_seconds == 15 * 60
    live.take_item(first, by=coordinator, at=at(8, 45))
    live.put_down(negotiation, at=at(8, 50))
    live.put_down(negotiation, at=at(9, 50))
    assert (item_of(negotiation).used_seconds, item_of(negotiation, 2).used_seconds) == (20 * 60, 10 * 60)
    now = fresh(negotiation)
    assert (now.item_at_hand_id, now.at_hand_since) == (None, None)
    assert Event.objects.filter(verb="item_taken").count() == 3


# --- Parts --------------------------------------------------------------------------------------------------------


def test_opening_and_closing_record_the_time_and_who_was_there(negotiation: Negotiation, coordinator: User) -> None:
    """By name and by number; who came later was not there at the opening, who left not at the closing."""
    stays, leaves = attend(negotiation, "Pysyy"), attend(negotiation, "Lähtee")
    comes = attend(negotiation, "Tulee", "invited")
    attend(negotiation, "Poissa", "absent")
    heads = attend(negotiation, "", is_head_count=True, count=12)
    part = live.open_part(part_of(negotiation), by=coordinator, at=at(8, 15))
    assert part.opened_at == at(8, 15)
    Attendance.objects.filter(pk=comes.pk).update(status="present")
    Attendance.objects.filter(pk=leaves.pk).update(status="absent")
    part = live.close_part(part_of(negotiation), by=coordinator, at=at(9, 40))
    assert part.closed_at == at(9, 40)
    told = PartPresence.objects.filter(part=part).values_list("attendance_id", "at_opening", "at_closing")
    assert set(told) == {
        (stays.pk, True, True),
        (leaves.pk, True, False),
        (comes.pk, False, True),
        (heads.pk, True, True),
    }
    words = [row.words for row in log_of([negotiation])]
    assert any("avasi osan 14 §: läsnä oli 14" in text for text in map(plain, words))
    assert any("päätti osan 14 §: läsnä oli 14" in text for text in map(plain, words))


def plain(words: str) -> str:
    """Return words with plain spaces."""
    return words.replace("\N{NO-BREAK SPACE}", " ")


def test_closing_puts_down_the_item_at_hand(negotiation: Negotiation, coordinator: User) -> None:
    """Its time ends with its part."""
    live.open_part(part_of(negotiation), by=coordinator, at=at(8))
    live.take_item(item_of(negotiation), by=coordinator, at=at(8))
    live.close_part(part_of(negotiation), by=coordinator, at=at(8, 30))
    assert item_of(negotiation).used_seconds == 1800
    assert fresh(negotiation).item_at_hand is None


def test_one_part_is_open_at_a_time(negotiation: Negotiation, coordinator: User) -> None:
    """The other waits until the first is closed; a closed one goes on only when none is open."""
    first, second = part_of(negotiation), part_of(negotiation, LegalBasis.WELFARE)
    live.open_part(first, by=coordinator, at=at(8))
    with pytest.raises(NotAllowedNow, match="611/2021"):
        live.open_part(second, by=coordinator, at=at(9))
    live.close_part(part_of(negotiation), by=coordinator, at=at(9))
    live.open_part(second, by=coordinator, at=at(9, 15))
    with pytest.raises(NotAllowedNow, match="612/2021"):
        live.reopen_part(part_of(negotiation), by=coordinator, at=at(9, 20))
    with pytest.raises(NotAllowedNow):
        live.take_item(item_of(negotiation), by=coordinator, at=at(9, 20))


def test_mistakes_are_taken_back(negotiation: Negotiation, coordinator: User) -> None:
    """A part that was closed goes on as if it had not been; one that was opened is as before."""
    stays = attend(negotiation, "Pysyy")
    live.open_part(part_of(negotiation), by=coordinator, at=at(8))
    attend(negotiation, "Tulee")
    live.close_part(part_of(negotiation), by=coordinator, at=at(9))
    live.reopen_part(part_of(negotiation), by=coordinator, at=at(9, 1))
    told = list(PartPresence.objects.values_list("attendance_id", "at_opening", "at_closing"))
    assert told == [(stays.pk, True, False)]
    assert part_of(negotiation).closed_at is None
    live.take_item(item_of(negotiation), by=coordinator, at=at(9, 5))
    live.unopen_part(part_of(negotiation), by=coordinator, at=at(9, 10))
    assert (part_of(negotiation).opened_at, PartPresence.objects.count()) == (None, 0)
    assert item_of(negotiation).used_seconds == 300


# What a part is → what can be done to it; the rest is refused and changes nothing.
PARTS: dict[str, set[str]] = {"not opened": {"open"}, "open": {"close", "unopen"}, "closed": {"reopen"}}
MOVES: dict[str, Callable[..., object]] = {
    "open": live.open_part,
    "close": live.close_part,
    "reopen": live.reopen_part,
    "unopen": live.unopen_part,
}


@pytest.mark.parametrize("state", PARTS)
@pytest.mark.parametrize("move", MOVES)
def test_which_move_from_which_state(negotiation: Negotiation, coordinator: User, state: str, move: str) -> None:
    """Each state of a part times each move."""
    if state != "not opened":
        live.open_part(part_of(negotiation), by=coordinator, at=at(8))
    if state == "closed":
        live.close_part(part_of(negotiation), by=coordinator, at=at(9))
    before = part_of(negotiation)
    if move in PARTS[state]:
        MOVES[move](part_of(negotiation), by=coordinator, at=at(10))
        after = part_of(negotiation)
        assert (before.opened_at, before.closed_at) != (after.opened_at, after.closed_at)
        return
    with pytest.raises(NotAllowedNow):
        MOVES[move](part_of(negotiation), by=coordinator, at=at(10))
    after = part_of(negotiation)
    assert (before.opened_at, before.closed_at) == (after.opened_at, after.closed_at)


def test_a_part_is_not_closed_before_it_was_opened(negotiation: Negotiation, coordinator: User) -> None:
    """Whoever enters history wrongly is told so."""
    live.open_part(part_of(negotiation), by=coordinator, at=at(9))
    with pytest.raises(NotAllowedNow):
        live.close_part(part_of(negotiation), by=coordinator, at=at(8))


def test_not_before_the_day(negotiation: Negotiation, coordinator: User) -> None:
    """The sitting begins on the day of the negotiation."""
    with pytest.raises(NotAllowedNow, match=r"26\.9\.2024"):
        live.open_part(part_of(negotiation), by=coordinator, at=at(8) - timedelta(days=1))


@pytest.mark.parametrize("state", ["planned", "cancelled", "held", "draft", "checking"])
def test_in_which_states_of_the_negotiation(
    in_scope: County, hankasalmi: Municipality, coordinator: User, state: str
) -> None:
    """Besides while it is convened, only while the minutes are a draft: then a part is mended, and counts as held."""
    row = make_negotiation(make_round(in_scope, legal_bases=list(BOTH)), [hankasalmi], bases=BOTH)
    if state == "cancelled":
        cancel(row, reason="Este.", by=coordinator)
    elif state != "planned":
        convene(row, by=coordinator)
        hold(row, by=coordinator, not_dealt_with=[part_of(row)])
    if state in {"draft", "checking"}:
        (minutes,) = open_minutes(fresh(row), by=coordinator)
        if state == "checking":
            send_for_checking(minutes, check_by=later(), by=coordinator)
    if state != "draft":
        with pytest.raises(NotAllowedNow):
            live.open_part(part_of(row), by=coordinator)
        assert part_of(row).opened_at is None
        return
    live.open_part(part_of(row), by=coordinator)
    assert part_of(row).dealt_with
    with pytest.raises(NotAllowedNow):
        live.unopen_part(part_of(row), by=coordinator)
    live.close_part(part_of(row), by=coordinator)


# --- The end of the day -------------------------------------------------------------------------------------------


def test_the_day_is_ended(negotiation: Negotiation, coordinator: User, hankasalmi: Municipality) -> None:
    """What is open is closed, what was never opened was not dealt with, and the minutes are begun with the text."""
    live.open_part(part_of(negotiation), by=coordinator, at=at(8))
    live.take_item(item_of(negotiation), by=coordinator, at=at(8, 10))
    (minutes,) = conclude(fresh(negotiation), stayed_away=[], by=coordinator, at=at(9))
    ended = fresh(negotiation)
    assert (ended.state, ended.item_at_hand_id, minutes.state) == (State.HELD, None, Minutes.State.DRAFT)
    first, second = part_of(negotiation), part_of(negotiation, LegalBasis.WELFARE)
    assert (first.closed_at, first.dealt_with) == (at(9), True)
    assert (second.opened_at, second.dealt_with) == (None, False)
    assert item_of(negotiation).used_seconds == 50 * 60
    came = Party.objects.get(negotiation=negotiation, municipality=hankasalmi)
    assert came.participation == Party.Participation.TOOK_PART


def test_a_day_on_which_nothing_was_opened_is_not_ended(negotiation: Negotiation, coordinator: User) -> None:
    """And one on which nobody came, nor one that is over already; nothing of it is changed."""
    with pytest.raises(NotAllowedNow, match="Yhtään osaa ei ole avattu"):
        conclude(fresh(negotiation), stayed_away=[], by=coordinator, at=at(9))
    live.open_part(part_of(negotiation), by=coordinator, at=at(8))
    everybody = list(Party.objects.filter(negotiation=negotiation, municipality__isnull=False))
    with pytest.raises(NotAllowedNow):
        conclude(fresh(negotiation), stayed_away=everybody, by=coordinator, at=at(9))
    assert part_of(negotiation).closed_at is None
    conclude(fresh(negotiation), stayed_away=[], by=coordinator, at=at(9))
    with pytest.raises(NotAllowedNow):
        conclude(fresh(negotiation), stayed_away=[], by=coordinator, at=at(9))
    assert Minutes.objects.count() == 1


def test_a_part_is_not_opened_again_after_the_day(negotiation: Negotiation, coordinator: User) -> None:
    """Who had left counts as present by then: they would be there at a closing that they did not see."""
    gone = attend(negotiation, "Lähtijä")
    live.open_part(part_of(negotiation), by=coordinator, at=at(8, 15))
    Attendance.objects.filter(pk=gone.pk).update(status=Attendance.Status.ABSENT)
    attend(negotiation, "Jääjä")
    conclude(negotiation, stayed_away=[], by=coordinator, at=at(12))
    with pytest.raises(NotAllowedNow, match="Korjaa sen kellonajat"):
        live.reopen_part(part_of(negotiation), by=coordinator, at=at(13))
    presence = PartPresence.objects.get(attendance=gone)
    assert (presence.at_opening, presence.at_closing) == (True, False)


def test_a_sitting_that_goes_on_is_ended_there(negotiation: Negotiation, coordinator: User) -> None:
    """Marked as held past it, a part would stay open, and the time of its item would run on."""
    live.open_part(part_of(negotiation), by=coordinator, at=at(8, 15))
    live.take_item(item_of(negotiation), by=coordinator, at=at(8, 20))
    with pytest.raises(NotAllowedNow, match="Istunto on käynnissä"):
        hold(fresh(negotiation), by=coordinator)
    live.close_part(part_of(negotiation), by=coordinator, at=at(9))
    assert hold(fresh(negotiation), by=coordinator).state == State.HELD
    assert item_of(negotiation).used_seconds == 40 * 60


def test_a_break_stops_the_clock_of_the_item_that_it_was_asked_for(negotiation: Negotiation, coordinator: User) -> None:
    """Where another secretary has gone on to the next item, that goes on."""
    live.open_part(part_of(negotiation), by=coordinator, at=at(8, 15))
    live.take_item(item_of(negotiation), by=coordinator, at=at(8, 20))
    live.take_item(item_of(negotiation, 2), by=coordinator, at=at(8, 30))
    live.put_down(fresh(negotiation), item=item_of(negotiation), at=at(8, 31))
    assert fresh(negotiation).item_at_hand == item_of(negotiation, 2)
    live.put_down(fresh(negotiation), item=item_of(negotiation, 2), at=at(8, 40))
    assert (fresh(negotiation).item_at_hand, item_of(negotiation, 2).used_seconds) == (None, 600)


def test_a_municipality_whose_people_left_early_has_not_stayed_away(
    negotiation: Negotiation, hankasalmi: Municipality, joutsa: Municipality, coordinator: User
) -> None:
    """At the end of the day those are proposed of whom nobody was there at any time."""
    Party.objects.create(county_id=negotiation.county_id, negotiation=negotiation, municipality=joutsa)
    gone = attend(negotiation, "Lähtijä", municipality=hankasalmi)
    live.open_part(part_of(negotiation), by=coordinator, at=at(8, 15))
    Attendance.objects.filter(pk=gone.pk).update(status=Attendance.Status.ABSENT)
    assert _nobody_of(negotiation) == [negotiation.parties.get(municipality=joutsa).pk]
