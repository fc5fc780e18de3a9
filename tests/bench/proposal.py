"""The proposal of times: a round in which nothing has been placed, as wide as one county's and ten times that.

Most municipalities have answered, some slots suit none of a group, and every fifth negotiation has a wish.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta

from django.utils import timezone
from django_scopes import scope

from municipalities.models import County, Municipality
from negotiations.demo.building import moment
from negotiations.models import (
    AvailabilityAnswer,
    AvailabilityInquiry,
    AvailabilityRequest,
    Negotiation,
    Party,
    PlacementWish,
    Round,
    Slot,
)
from negotiations.planning.availability import Suits
from negotiations.planning.conflicts import read
from negotiations.planning.proposal import propose
from negotiations.planning.rounds import whole_months
from tests.bench.figures import Figure, Section, median, ms, timed
from tests.factories import make_county, make_municipality, make_round

# So many slots, and in how many seconds the whole proposal is to be there: read, judged and in words.
TARGETS = {26: 1.0, 260: 10.0}
MUNICIPALITIES = 26
SEED = 611


def build(slots: int) -> Round:
    """Make a county with a round of as many negotiations as slots. Inside no scope."""
    county = make_county(f"E{slots}", f"Ehdotus {slots}", f"ehdotus-{slots}")
    towns = [make_municipality(county, f"E{slots}-{n}", f"Kunta {n:02}") for n in range(MUNICIPALITIES)]
    with scope(county=county):
        first = timezone.localdate() + timedelta(days=30)
        round_ = make_round(
            county, year=first.year, name="Ehdotus", starts_on=first, ends_on=first + timedelta(days=2 * slots)
        )
        _fill(round_, county, towns, slots)
    return round_


def _fill(round_: Round, county: County, towns: Sequence[Municipality], count: int) -> None:
    """Add the slots, the negotiations with their parties and wishes, and what has been answered."""
    chance = random.Random(SEED)
    days = _weekdays(round_.starts_on, count)
    slots = Slot.objects.bulk_create(
        Slot(county=county, round=round_, starts_at=moment(day, 9), ends_at=moment(day, 12)) for day in days
    )
    earliest, latest = whole_months(round_.starts_on, round_.ends_on)
    rows = Negotiation.objects.bulk_create(
        Negotiation(
            county=county, round=round_, title=f"Neuvottelu {n}", precision="month", earliest=earliest, latest=latest
        )
        for n in range(count)
    )
    Party.objects.bulk_create(
        Party(county=county, negotiation=row, municipality=town)
        for row in rows
        for town in (None, *chance.sample(towns, 4))
    )
    PlacementWish.objects.bulk_create(
        PlacementWish(county=county, negotiation=row, weekdays=sorted(chance.sample(range(1, 6), 2)))
        for row in rows[::5]
    )
    inquiry = AvailabilityInquiry.objects.create(county=county, round=round_, answer_by=round_.starts_on)
    asked = AvailabilityRequest.objects.bulk_create(
        AvailabilityRequest(county=county, inquiry=inquiry, municipality=town, delete_after=round_.ends_on)
        for town in towns
    )
    AvailabilityAnswer.objects.bulk_create(
        AvailabilityAnswer(county=county, request=one, slot=slot, suits=chance.choice(list(Suits)))
        for one in asked[:-4]
        for slot in slots
    )


def _weekdays(first: date, count: int) -> list[date]:
    """Return so many days from Monday to Friday."""
    days: list[date] = []
    day = first
    while len(days) < count:
        if day.isoweekday() <= 5:
            days.append(day)
        day += timedelta(days=1)
    return days


def measure(*, repetitions: int, sizes: Sequence[int] = tuple(TARGETS)) -> Section:
    """Propose for rounds of these sizes: the first time in the process, and then the median of several times."""
    figures, notes = [], []
    for size in sizes:
        round_ = build(size)
        with scope(county=round_.county):
            first = timed(lambda: propose(read(round_)))  # noqa: B023
            again = [timed(lambda: propose(read(round_))) for _ in range(repetitions)]  # noqa: B023
            made = propose(read(round_))
        notes.append(f"{size} slots: {len(made.placed)} placed, {len(made.unplaced)} told why not, first {ms(first)}")
        raw = {"first": first, "again": again, "placed": len(made.placed), "unplaced": len(made.unplaced)}
        figures.append(Figure(f"proposal for {size} slots", median(again), "s", TARGETS.get(size), "", raw))
    return Section("proposal", "The automatic proposal, with reading and words", figures, notes)
