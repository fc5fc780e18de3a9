"""The year as a wheel: where months, stages and today stand on it. Pure geometry, drawn by a template.

Angles are degrees clockwise from the top. All months are equally wide, and a day stands in its month by its number.
Stages that would touch stand on lanes of their own, so that no number covers another. Lengths are units of the
drawing, whose origin is the middle of the wheel.
"""

from __future__ import annotations

import math
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

LEAST_MONTHS, MOST_MONTHS = 12, 16
# From the middle of a number to where the next one may begin.
LABEL = 14.0
# The innermost lane begins here; a lane is as wide as a number needs.
INNER, LANE = 52.0, 2 * LABEL
# Half of the width of a stage's band, and what is left empty at both of its ends.
HALF_BAND, END_GAP = 10.0, 2.0
# The ring of the months' names, its distance from the lanes, and the margin around all.
MONTH_RING, RING_GAP, MARGIN = 48.0, 6.0, 12.0


@dataclass(frozen=True)
class Mark:
    """What is put on the wheel: a stage by its number, its days, and its state, by which it is coloured."""

    number: int
    earliest: date
    latest: date
    tone: str
    title: str = ""


@dataclass(frozen=True)
class Window:
    """The months that the wheel goes round: from the first day of a month, so many."""

    first: date
    months: int

    @property
    def last(self) -> date:
        """The last day on the wheel."""
        end = self.month(self.months - 1)
        return end.replace(day=monthrange(end.year, end.month)[1])

    def month(self, place: int) -> date:
        """Return the first day of a month by its place from the first one, which is 0."""
        years, month = divmod(self.first.month - 1 + place, 12)
        return date(self.first.year + years, month + 1, 1)

    def has(self, earliest: date, latest: date) -> bool:
        """Return whether any of these days is on the wheel."""
        return earliest <= self.last and latest >= self.first

    def angle(self, day: date, *, end: bool = False) -> float:
        """Return where a day begins, or ends. Days before the wheel are at 0, days after it at 360."""
        if day < self.first:
            return 0.0
        if day > self.last:
            return 360.0
        months = (day.year - self.first.year) * 12 + day.month - self.first.month
        return (months + (day.day - (0 if end else 1)) / monthrange(day.year, day.month)[1]) * 360 / self.months


def window_of(spans: Sequence[tuple[date, date]], year: int) -> Window:
    """Return the months of a wheel on which these days stand: of twelve months at least and sixteen at most.

    The calendar year of the round where all is in it; otherwise from the first month there is. What does not go into
    sixteen months is left out: then the wheel begins with the round's year.
    """
    january = date(year, 1, 1)
    first = min((span[0] for span in spans), default=january).replace(day=1)
    last = max((span[1] for span in spans), default=january)
    if first >= january and last.year == year:
        return Window(january, LEAST_MONTHS)
    if _months(first, last) > MOST_MONTHS:
        first = january
    return Window(first, min(max(_months(first, last), LEAST_MONTHS), MOST_MONTHS))


def _months(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month + 1


@dataclass(frozen=True)
class Point:
    """A place on the drawing."""

    x: float
    y: float


def at(radius: float, angle: float) -> Point:
    """Return the place at a distance from the middle, at an angle."""
    radians = math.radians(angle)
    return Point(round(radius * math.sin(radians), 2), round(-radius * math.cos(radians), 2))


@dataclass(frozen=True)
class Placed:
    """A stage on the wheel: its lane from the inside, its angles, and the middle of its number."""

    mark: Mark
    lane: int
    start: float
    end: float
    is_day: bool

    @property
    def radius(self) -> float:
        """The distance of the lane's middle from the middle of the wheel."""
        return radius_of(self.lane)

    @property
    def middle(self) -> float:
        """The angle of the number."""
        return (self.start + self.end) / 2

    @property
    def centre(self) -> Point:
        """The middle of the number."""
        return at(self.radius, self.middle)

    @property
    def band(self) -> str:
        """The ring sector of the stage as an SVG path; empty for a day, of which the number alone stands there."""
        if self.is_day:
            return ""
        gap = min(math.degrees(END_GAP / self.radius), (self.end - self.start) / 4)
        return sector(self.radius - HALF_BAND, self.radius + HALF_BAND, self.start + gap, self.end - gap)

    @property
    def corners(self) -> str:
        """The corners of a diamond around the number, for a stage that is late."""
        middle, reach = self.centre, LABEL
        points = [(0, -reach), (reach, 0), (0, reach), (-reach, 0)]
        return " ".join(f"{middle.x + x:.2f},{middle.y + y:.2f}" for x, y in points)


def radius_of(lane: int) -> float:
    """Return the distance of a lane's middle from the middle of the wheel."""
    return INNER + LANE * (lane + 0.5)


def sector(inner: float, outer: float, start: float, end: float) -> str:
    """Return a ring sector as an SVG path, clockwise on the outside and back on the inside."""
    large = 1 if end - start > 180 else 0
    a, b, c, d = at(outer, start), at(outer, end), at(inner, end), at(inner, start)
    return (
        f"M{a.x:.2f} {a.y:.2f}A{outer:.2f} {outer:.2f} 0 {large} 1 {b.x:.2f} {b.y:.2f}"
        f"L{c.x:.2f} {c.y:.2f}A{inner:.2f} {inner:.2f} 0 {large} 0 {d.x:.2f} {d.y:.2f}Z"
    )


def place(marks: Sequence[Mark], window: Window) -> list[Placed]:
    """Put stages on lanes, each on the innermost one where neither its band nor its number touches another."""
    lanes: list[list[tuple[float, float]]] = []
    placed = []
    for mark in marks:
        if not window.has(mark.earliest, mark.latest):
            continue
        start, end = window.angle(mark.earliest), window.angle(mark.latest, end=True)
        is_day = mark.earliest == mark.latest
        lane = 0
        while True:
            taken = _reach(start, end, is_day=is_day, lane=lane)
            if lane == len(lanes):
                lanes.append([])
            if not any(_touch(taken, other) for other in lanes[lane]):
                break
            lane += 1
        lanes[lane].append(taken)
        placed.append(Placed(mark, lane, start, end, is_day))
    return placed


def _reach(start: float, end: float, *, is_day: bool, lane: int) -> tuple[float, float]:
    """Return the angles that a stage takes on a lane: its band, and its number, whichever goes farther."""
    middle, half = (start + end) / 2, math.degrees(math.asin(LABEL / radius_of(lane)))
    return (middle - half, middle + half) if is_day else (min(start, middle - half), max(end, middle + half))


def _touch(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Return whether two stretches of a lane touch, also over the top, where the wheel closes."""
    return any(one[0] < other[1] + turn and other[0] + turn < one[1] for turn in (-360, 0, 360))


@dataclass(frozen=True)
class Month:
    """A month on the wheel: its first day, the line at its beginning, and the middle of its name."""

    first: date
    inner: Point
    outer: Point
    name: Point
    # Told with the first month and with each January.
    tells_year: bool


@dataclass(frozen=True)
class Today:
    """Where today is: a line over the lanes, and a pointer on the ring of the months."""

    day: date
    inner: Point
    outer: Point
    pointer: str


@dataclass(frozen=True)
class Wheel:
    """All that is drawn."""

    window: Window
    months: Sequence[Month]
    placed: Sequence[Placed]
    today: Today | None
    # Stages with a date that is not on the wheel.
    left_out: int
    inner: float
    rim: float
    outer: float

    @property
    def half(self) -> float:
        """Half of the side of the drawing."""
        return self.outer + MARGIN

    @property
    def view_box(self) -> str:
        """The drawing's own coordinates, with the middle at 0, 0."""
        return f"{-self.half:.0f} {-self.half:.0f} {2 * self.half:.0f} {2 * self.half:.0f}"


def wheel_of(marks: Sequence[Mark], year: int, *, today: date) -> Wheel:
    """Return the wheel of a round of this year with these stages."""
    window = window_of([(mark.earliest, mark.latest) for mark in marks], year)
    placed = place(marks, window)
    lanes = max((each.lane for each in placed), default=0) + 1
    rim = INNER + LANE * lanes + RING_GAP
    outer = rim + MONTH_RING
    return Wheel(
        window=window,
        months=[_month(window, number, rim, outer) for number in range(window.months)],
        placed=placed,
        today=_today(today, window, rim, outer),
        left_out=len(marks) - len(placed),
        inner=INNER,
        rim=rim,
        outer=outer,
    )


def _month(window: Window, number: int, rim: float, outer: float) -> Month:
    start, middle = number * 360 / window.months, (number + 0.5) * 360 / window.months
    first = window.month(number)
    tells_year = number == 0 or first.month == 1
    return Month(first, at(INNER, start), at(outer, start), at((rim + outer) / 2, middle), tells_year)


def _today(day: date, window: Window, rim: float, outer: float) -> Today | None:
    if not window.has(day, day):
        return None
    angle = (window.angle(day) + window.angle(day, end=True)) / 2
    tip, left, right = at(outer - 2, angle), at(outer + MARGIN - 2, angle - 2.2), at(outer + MARGIN - 2, angle + 2.2)
    corners = " ".join(f"{point.x:.2f},{point.y:.2f}" for point in (tip, left, right))
    return Today(day, at(INNER, angle), at(rim, angle), corners)
