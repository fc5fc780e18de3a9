"""Slots come from a rule: the 26 of Keski-Suomi's autumn of 2023, and what must hold for any rule."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from municipalities.models import County
from negotiations.demo.keski_suomi_2023 import RULE
from negotiations.models import Slot
from negotiations.planning.slots import SlotRule, make_slots, slot_times
from tests.factories import make_round

HELSINKI = ZoneInfo("Europe/Helsinki")


def test_the_autumn_of_2023_has_26_slots() -> None:
    """Weeks 35-48, Thursday and Friday, week 42 off, week 44 on Wednesday and Friday."""
    times = slot_times(RULE, HELSINKI)
    days = [start.date() for start, _end in times]
    assert len(times) == 26
    assert (days[0], days[-1]) == (date(2023, 8, 31), date(2023, 12, 1))
    assert [day for day in days if day.isocalendar().week == 42] == []
    assert [day for day in days if day.isocalendar().week == 44] == [date(2023, 11, 1), date(2023, 11, 3)]
    assert Counter(day.isoweekday() for day in days) == {4: 12, 5: 13, 3: 1}


def test_a_slot_starts_at_the_same_wall_clock_time_over_the_end_of_daylight_saving() -> None:
    """Clocks went back on 29.10.2023: 8.15 is 5.15 UTC before and 6.15 UTC after."""
    starts = {start.date(): start for start, _end in slot_times(RULE, HELSINKI)}
    before, after = starts[date(2023, 10, 27)], starts[date(2023, 11, 1)]
    assert (before.time(), after.time()) == (time(8, 15), time(8, 15))
    utc = ZoneInfo("UTC")
    assert (before.astimezone(utc).time(), after.astimezone(utc).time()) == (time(5, 15), time(6, 15))


def test_some_days_start_later() -> None:
    """A Thursday on which the leaders meet starts at 9."""
    rule = SlotRule(2023, 35, 35, (4, 5), time(8, 15), time(12), starts_on_day={date(2023, 8, 31): time(9)})
    assert [start.time() for start, _end in slot_times(rule, HELSINKI)] == [time(9), time(8, 15)]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"first_week": 40, "last_week": 39}, "Viikot"),
        ({"first_week": 0}, "Viikot"),
        ({"last_week": 53}, "Viikot"),
        ({"weekdays": (8,)}, "Viikonpäivät"),
        ({"ends": time(8, 0)}, "Ajat"),
    ],
)
def test_a_senseless_rule_is_refused_with_the_field_named(fields: dict[str, object], named: str) -> None:
    """2023 has 52 weeks."""
    whole = {"year": 2023, "first_week": 35, "last_week": 48, "weekdays": (4,), "starts": time(8), "ends": time(12)}
    with pytest.raises(ValueError, match=named):
        SlotRule(**(whole | fields))  # type: ignore[arg-type]


weeks = st.integers(1, 52)


@given(
    st.integers(2023, 2035),
    st.tuples(weeks, weeks).map(sorted),
    st.sets(st.integers(1, 7), min_size=1),
    st.sets(weeks, max_size=6),
)
def test_any_rule_gives_its_weekdays_in_its_weeks_once_each(
    year: int, span: list[int], weekdays: set[int], off: set[int]
) -> None:
    """As many slots as weeks in use times weekdays, in order, none twice, and stored without loss."""
    rule = SlotRule(year, span[0], span[1], tuple(weekdays), time(8), time(10), tuple(off))
    times = slot_times(rule, HELSINKI)
    used = [week for week in range(span[0], span[1] + 1) if week not in off]
    starts = [start for start, _end in times]
    assert len(times) == len(used) * len(weekdays)
    assert starts == sorted(set(starts))
    assert {start.isocalendar().week for start in starts} == set(used)
    assert slot_times(SlotRule.from_json(rule.to_json()), HELSINKI) == times


def test_slots_are_made_once(in_scope: County) -> None:
    """Making them again adds nothing."""
    round_ = make_round(in_scope, slot_rule=RULE.to_json())
    assert len(make_slots(round_)) == 26
    assert len(make_slots(round_)) == 26
    assert Slot.objects.earliest("starts_at").starts_at == datetime(2023, 8, 31, 8, 15, tzinfo=HELSINKI)
