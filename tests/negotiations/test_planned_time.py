"""The planned time of an agenda: sums of the parts, and whether they fit the negotiation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negotiations.sitting.planned_time import PlannedTime, TimePlan, duration

minutes = st.lists(st.none() | st.integers(1, 600), max_size=20)


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 min"), (45, "45 min"), (60, "1 h"), (225, "3 h 45 min"), (601, "10 h 1 min")]
)
def test_durations_are_written_in_hours_and_minutes(count: int, words: str) -> None:
    """Without breaking in the middle."""
    assert duration(count) == words.replace(" ", "\N{NO-BREAK SPACE}")


@given(st.dictionaries(st.integers(1, 5), minutes, max_size=4), st.none() | st.integers(1, 900))
def test_the_parts_add_up(by_part: dict[int, list[int | None]], available: int | None) -> None:
    """The whole is the sum of the parts, and what is left is the rest."""
    plan = TimePlan({part: PlannedTime.of(found) for part, found in by_part.items()}, available)
    every = [one for found in by_part.values() for one in found]
    assert plan.whole.minutes == sum(one or 0 for one in every)
    assert plan.whole.without == every.count(None)
    assert bool(plan.words) == (plan.whole.minutes > 0)
    if plan.left is not None:
        assert plan.left + plan.whole.minutes == available
        assert plan.is_too_long == ("liikaa" in plan.words)


@pytest.mark.parametrize(
    ("found", "available", "words"),
    [
        ([100, 100], 225, "mahtuu, ja 25 min jää"),
        ([100, None], 225, "2 h 5 min jää kohdille ilman aikaa ja tauoille"),
        ([225], 225, "juuri neuvottelun kesto"),
        ([200, 45, None], 225, "neuvottelu kestää 3 h 45 min: 20 min liikaa"),
        ([30], None, "kesto ei ole vielä tiedossa"),
        ([None, None], 225, ""),
        ([], 225, ""),
    ],
)
def test_whether_it_fits_is_told(found: list[int | None], available: int | None, words: str) -> None:
    """In words, of every case."""
    told = TimePlan({1: PlannedTime.of(found)}, available).words.replace("\N{NO-BREAK SPACE}", " ")
    assert words in told
    assert bool(told) == bool(words)


def test_a_part_tells_its_items_without_a_time() -> None:
    """So that nobody takes a part of the sum for the whole."""
    told = PlannedTime.of([20, None, None]).words.replace("\N{NO-BREAK SPACE}", " ")
    assert told == "suunniteltu 20 min, 2 kohtaa ilman aikaa"
    assert PlannedTime.of([None]).words == ""
