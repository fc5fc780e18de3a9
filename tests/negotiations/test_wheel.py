"""The year as a wheel: what stands where."""

from __future__ import annotations

import math
import re
from datetime import date, timedelta
from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from negotiations.planning.wheel import (
    HALF_BAND,
    INNER,
    LABEL,
    LEAST_MONTHS,
    MOST_MONTHS,
    Mark,
    Placed,
    Window,
    at,
    place,
    radius_of,
    sector,
    wheel_of,
    window_of,
)

YEAR = 2024
days = st.dates(date(2022, 1, 1), date(2026, 12, 31))
spans = st.tuples(days, st.integers(0, 400)).map(lambda two: (two[0], two[0] + timedelta(days=two[1])))
windows = st.builds(
    Window, st.dates(date(2022, 1, 1), date(2026, 12, 31)).map(lambda day: day.replace(day=1)), st.integers(12, 16)
)


def marks_of(found: list[tuple[date, date]]) -> list[Mark]:
    """Return marks with these days."""
    return [Mark(number, first, last, "coming") for number, (first, last) in enumerate(found, 1)]


marks = st.lists(spans, max_size=14).map(marks_of)
SLACK = 0.03  # places are rounded to hundredths

# --- The months -------------------------------------------------------------------------------------------------


@given(st.lists(spans, max_size=6))
def test_the_wheel_has_twelve_to_sixteen_whole_months(found: list[tuple[date, date]]) -> None:
    """All of what goes into sixteen months is on it, from its first month on."""
    window = window_of(found, YEAR)
    assert LEAST_MONTHS <= window.months <= MOST_MONTHS
    assert window.first.day == 1
    assert (window.last + timedelta(days=1)).day == 1
    first, last = min((one for one, _ in found), default=None), max((other for _, other in found), default=None)
    if first and last and (last.year - first.year) * 12 + last.month - first.month < MOST_MONTHS:
        assert window.first <= first
        assert last <= window.last


def test_a_year_of_its_own_begins_in_january() -> None:
    """Otherwise the wheel begins with the first month, and has room for the January after it."""
    spring = (date(2024, 3, 1), date(2024, 5, 31))
    assert window_of([], YEAR) == window_of([spring], YEAR) == Window(date(2024, 1, 1), 12)
    january = (date(2025, 1, 1), date(2025, 1, 31))
    assert window_of([(date(2024, 1, 1), date(2024, 5, 31)), january], YEAR) == Window(date(2024, 1, 1), 13)
    assert window_of([(date(2023, 12, 1), date(2023, 12, 31)), spring], YEAR) == Window(date(2023, 12, 1), 12)
    assert window_of([(date(2024, 10, 5), date(2024, 10, 5)), january], YEAR) == Window(date(2024, 10, 1), 12)


def test_what_does_not_go_into_sixteen_months_is_left_out_and_counted() -> None:
    """The wheel begins with the round's year."""
    early, own = (date(2023, 8, 1), date(2023, 8, 31)), (date(2024, 11, 1), date(2025, 3, 31))
    wheel = wheel_of(marks_of([early, own]), YEAR, today=date(2024, 6, 1))
    assert (wheel.window, wheel.left_out) == (Window(date(2024, 1, 1), 15), 1)
    assert [each.mark.number for each in wheel.placed] == [2]


# --- Angles -----------------------------------------------------------------------------------------------------


@given(windows, days, days)
def test_angles_are_in_the_order_of_days(window: Window, one: date, other: date) -> None:
    """From 0 to 360, each day later than the one before, and as long as its month lets it be."""
    first, second = sorted((one, other))
    assert 0 <= window.angle(first) <= window.angle(second) <= 360
    if window.has(first, first) and window.has(second, second):
        assert (window.angle(first) < window.angle(second)) == (first < second)
        assert window.angle(first) < window.angle(first, end=True)
        following = first + timedelta(days=1)
        if window.has(following, following):
            assert math.isclose(window.angle(first, end=True), window.angle(following))


@given(windows)
def test_months_are_equally_wide_and_close_the_wheel(window: Window) -> None:
    """The first day is at the top, and so is the end of the last one."""
    starts = [window.angle(window.month(number)) for number in range(window.months)]
    assert starts[0] == 0
    assert math.isclose(window.angle(window.last, end=True), 360)
    assert all(math.isclose(b - a, 360 / window.months) for a, b in pairwise(starts))


def test_places_go_clockwise_from_the_top() -> None:
    """Up is minus, as in SVG."""
    found = [at(10, angle) for angle in (0, 90, 180, 270)]
    assert [(point.x, point.y) for point in found] == [(0, -10), (10, 0), (0, 10), (-10, 0)]


# --- Stages -----------------------------------------------------------------------------------------------------


def distance(one: Placed, other: Placed) -> float:
    """Return how far from each other two numbers are."""
    return math.dist((one.centre.x, one.centre.y), (other.centre.x, other.centre.y))


@given(marks, windows)
def test_no_number_covers_another_nor_leaves_the_wheel(given_marks: list[Mark], window: Window) -> None:
    """Each that is in the months has its place, between the hub and the rim of its lane."""
    placed = place(given_marks, window)
    assert [each.mark for each in placed] == [each for each in given_marks if window.has(each.earliest, each.latest)]
    for one, other in combinations(placed, 2):
        assert distance(one, other) >= 2 * LABEL - SLACK
    for each in placed:
        assert 0 <= each.start < each.end <= 360
        assert math.isclose(math.hypot(each.centre.x, each.centre.y), radius_of(each.lane), abs_tol=SLACK)
        assert each.radius - LABEL >= INNER


@given(marks, windows)
def test_no_band_touches_another(given_marks: list[Mark], window: Window) -> None:
    """On the same lane their angles are apart, and no number stands on another's band."""
    placed = place(given_marks, window)
    for one, other in combinations(placed, 2):
        if one.lane == other.lane:
            assert one.end <= other.start or other.end <= one.start
            assert not one.start < other.middle < one.end
            assert not other.start < one.middle < other.end


def test_few_stages_share_a_lane_and_those_at_once_do_not() -> None:
    """Spring and autumn stand on one lane; two of the same months on two."""
    spring, autumn = (date(2024, 3, 1), date(2024, 5, 31)), (date(2024, 9, 1), date(2024, 11, 30))
    window = Window(date(2024, 1, 1), 12)
    assert [each.lane for each in place(marks_of([spring, autumn]), window)] == [0, 0]
    assert [each.lane for each in place(marks_of([spring, spring, autumn]), window)] == [0, 1, 0]


def test_numbers_do_not_touch_over_the_top() -> None:
    """The last day of the wheel is beside the first one."""
    new_year = [(date(2024, 1, 1), date(2024, 1, 1)), (date(2024, 12, 31), date(2024, 12, 31))]
    one, other = place(marks_of(new_year), Window(date(2024, 1, 1), 12))
    assert one.lane != other.lane


def test_a_day_has_a_number_and_no_band() -> None:
    """A stage of one month has both."""
    day, month = place(
        marks_of([(date(2024, 8, 15), date(2024, 8, 15)), (date(2024, 2, 1), date(2024, 2, 29))]),
        Window(date(2024, 1, 1), 12),
    )
    assert day.band == ""
    assert month.band.startswith("M")
    assert (month.start, month.end) == (30, 60)


@given(st.floats(0, 359), st.floats(0.5, 360))
def test_a_sector_is_a_closed_path_between_its_circles(start: float, width: float) -> None:
    """Its corners are on the inner and on the outer circle, and the long way round is told."""
    end = min(start + width, 360)
    path = sector(50, 70, start, end)
    corners = re.findall(r"(?:[ML]|[01] )(-?\d+\.\d\d) (-?\d+\.\d\d)", path)
    assert path.endswith("Z")
    assert [round(math.hypot(float(x), float(y))) for x, y in corners] == [70, 70, 50, 50]
    assert re.findall(r" 0 (\d) [01] ", path) == [str(int(end - start > 180))] * 2
    assert "e" not in path.lower(), "no exponents, which not every program reads"


# --- The whole --------------------------------------------------------------------------------------------------


@given(marks, days)
def test_everything_is_inside_the_drawing(given_marks: list[Mark], today: date) -> None:
    """Numbers and bands inside the rim, names of months inside the ring, today where it is in the months."""
    wheel = wheel_of(given_marks, YEAR, today=today)
    assert len(wheel.months) == wheel.window.months
    assert wheel.left_out + len(wheel.placed) == len(given_marks)
    for each in wheel.placed:
        assert each.radius + max(LABEL, HALF_BAND) <= wheel.rim
    for month in wheel.months:
        assert wheel.rim < math.hypot(month.name.x, month.name.y) < wheel.outer
    assert (wheel.today is not None) == wheel.window.has(today, today)
    if wheel.today:
        corners = [pair.split(",") for pair in wheel.today.pointer.split()]
        assert all(math.hypot(float(x), float(y)) <= wheel.half for x, y in corners)
    years = {month.first.year for month in wheel.months}
    assert {month.first.year for month in wheel.months if month.tells_year} == years
    left, top, width, height = (float(number) for number in wheel.view_box.split())
    assert (left, top) == (-width / 2, -height / 2)
    assert width / 2 >= wheel.outer
