"""What holds always of the duty to negotiate, whatever the rows are: without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from negotiations.followup.duty import Coverage, Leaves, Life, Period, Sitting, Standing, coverage, year_of
from negotiations.followup.duty.plan import left_towards
from negotiations.models import LegalBasis, Negotiation, Party

COOPERATION, WELFARE = LegalBasis.COOPERATION, LegalBasis.WELFARE
TODAY = date(2024, 10, 15)
TERM = Period(date(2022, 3, 1), date(2025, 5, 31))
NEXT_TERM = Period(date(2025, 6, 1), date(2029, 5, 31))
WHO = [1, 2, 3]
# Rows are small, and the machine may be busy with something else.
ALWAYS = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])

HELD = Sitting(
    negotiation=1,
    municipality=1,
    basis=WELFARE,
    state="held",
    participation="took_part",
    dealt_with=True,
    earliest=date(2024, 9, 26),
    latest=date(2024, 9, 26),
)
FIRST = date(2023, 7, 1)
# From the summer of 2023 to the end of 2025: three years and two terms, each with its share.
DAYS = st.integers(0, 914).map(lambda number: FIRST + timedelta(days=number))
# Whatever can be, and more often what counts, so that there is always something that does.
STATES = st.sampled_from([*Negotiation.State.values, *["held"] * 4])
PARTICIPATIONS = st.sampled_from([*Party.Participation.values, *["took_part"] * 4])


def sitting(
    told: tuple[int, int, LegalBasis, str, str, bool, date, int, date | None],
) -> Sitting:
    """Return a row of what has been drawn."""
    negotiation, municipality, basis, state, participation, dealt_with, earliest, days, plan_as_of = told
    return Sitting(
        negotiation=negotiation,
        municipality=municipality,
        basis=basis,
        state=state,
        participation=participation,
        dealt_with=dealt_with,
        earliest=earliest,
        latest=earliest + timedelta(days=days),
        plan_as_of=plan_as_of,
        precision="month" if days else "minute",
        round=5,
    )


# Any row at all of three municipalities.
SITTINGS = st.tuples(
    st.integers(1, 30),
    st.sampled_from(WHO),
    st.sampled_from(LegalBasis),
    STATES,
    PARTICIPATIONS,
    st.sampled_from([True, True, True, False]),
    DAYS,
    st.sampled_from([0, 0, 0, 0, 30, 60]),
    st.sampled_from([None, None, None, None, date(2023, 9, 6)]),
).map(sitting)
# A negotiation has a municipality once, and a part of each basis once.
ROWS = st.lists(SITTINGS, max_size=10, unique_by=lambda row: (row.negotiation, row.municipality, row.basis))
BASES = st.sampled_from(LegalBasis)
PERIODS = st.sampled_from([year_of(2024), year_of(2023), TERM, NEXT_TERM])
# The first became part of the second at the end of a day; the third is as it was.
LIVES = DAYS.map(lambda day: {1: Life("A", ends_on=day, successor=2, into="B"), 2: Life("B"), 3: Life("C")})


def whole(rows: list[Sitting], basis: LegalBasis, period: Period, lives: dict[int, Life] | None = None) -> Coverage:
    """Return the coverage of all three."""
    return coverage(WHO, basis, rows, period, today=TODAY, lives=lives)


def standings(found: Coverage) -> dict[int, Standing]:
    """Return how it stands towards each."""
    return {position.municipality: position.standing for position in found.positions}


def met(found: Coverage) -> set[int]:
    """Return those that the duty has been met with."""
    return {pk for pk, standing in standings(found).items() if standing == Standing.DONE}


def counts(row: Sitting, basis: LegalBasis, period: Period) -> bool:
    """Say a second time, in the words of the law, what counts: held, dealt with, taken part in, in time, and known."""
    return (
        (row.state, row.participation, row.dealt_with, row.basis) == ("held", "took_part", True, basis)
        and row.plan_as_of is None
        and all(period.starts_on <= day <= period.ends_on for day in (row.earliest, row.latest))
    )


# --- What counts --------------------------------------------------------------------------------------------


@ALWAYS
@given(ROWS, BASES, PERIODS)
def test_done_is_what_the_law_says(rows: list[Sitting], basis: LegalBasis, period: Period) -> None:
    """Neither more nor less."""
    found = whole(rows, basis, period)
    assert met(found) == {row.municipality for row in rows if counts(row, basis, period)}
    assert found.done == len(met(found))


@ALWAYS
@given(ROWS, BASES, PERIODS)
def test_each_municipality_stands_somewhere_once(rows: list[Sitting], basis: LegalBasis, period: Period) -> None:
    """The standings add up to the municipalities, and each has words and the negotiation by which it stands so."""
    found = whole(rows, basis, period)
    assert [row.municipality for row in found.positions] == WHO
    assert sum(found.count(each) for each in Standing) == found.total == len(WHO)
    for row in found.positions:
        assert row.reason and row.words
        assert row.decisive is None or row.decisive.standing == row.standing
        # Nothing that touches the period is kept back.
        own = [each for each in rows if (each.municipality, each.basis) == (row.municipality, basis)]
        touching = [each for each in own if period.touches(each.earliest, each.latest)]
        assert sorted(told.sitting.negotiation for told in row.evidence) == sorted(
            each.negotiation for each in touching
        )


@ALWAYS
@given(ROWS, BASES, PERIODS, LIVES, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    rows: list[Sitting], basis: LegalBasis, period: Period, lives: dict[int, Life], random: Random
) -> None:
    """Two reads of the same rows say the same, to the last negotiation."""
    mixed = list(rows)
    random.shuffle(mixed)
    assert whole(rows, basis, period, lives) == whole(mixed, basis, period, lives)


@ALWAYS
@given(ROWS, SITTINGS, BASES, PERIODS)
def test_what_counts_nothing_changes_nothing(
    rows: list[Sitting], extra: Sitting, basis: LegalBasis, period: Period
) -> None:
    """A cancelled negotiation, one of the other basis, and one of another time leave every standing as it was."""
    before = standings(whole(rows, basis, period))
    other = next(each for each in LegalBasis if each != basis)
    for nothing in (
        replace(extra, state="cancelled"),
        replace(extra, basis=other),
        replace(extra, earliest=date(2031, 1, 1), latest=date(2031, 1, 1)),
    ):
        assert standings(whole([*rows, nothing], basis, period)) == before


@ALWAYS
@given(ROWS, BASES, PERIODS)
def test_cancelled_ones_discharge_nothing(rows: list[Sitting], basis: LegalBasis, period: Period) -> None:
    """However many, whatever else is written of them: each municipality is missing, and the cancelling is told."""
    found = whole([replace(row, state="cancelled") for row in rows], basis, period)
    assert set(standings(found).values()) == {Standing.MISSING}


@ALWAYS
@given(ROWS, SITTINGS, BASES, PERIODS, LIVES)
def test_another_negotiation_never_undoes_a_duty_met(
    rows: list[Sitting], extra: Sitting, basis: LegalBasis, period: Period, lives: dict[int, Life]
) -> None:
    """Once met, met: with whom, and how many of how many; also where municipalities merge."""
    before, after = whole(rows, basis, period, lives), whole([*rows, extra], basis, period, lives)
    assert met(before) <= met(after)
    assert before.total - before.done >= after.total - after.done
    assert not before.is_whole or after.is_whole


@ALWAYS
@given(ROWS, BASES, PERIODS, st.sampled_from(WHO), st.data())
def test_a_held_one_in_the_period_meets_the_duty_whatever_else_there_is(
    rows: list[Sitting], basis: LegalBasis, period: Period, who: int, data: st.DataObject
) -> None:
    """And with the municipality that took part only."""
    day = period.starts_on + timedelta(days=data.draw(st.integers(0, (period.ends_on - period.starts_on).days)))
    before = whole(rows, basis, period)
    held = replace(HELD, negotiation=99, municipality=who, basis=basis, earliest=day, latest=day)
    after = whole([*rows, held], basis, period)
    assert met(after) == met(before) | {who}
    assert {pk: each for pk, each in standings(after).items() if pk != who} == {
        pk: each for pk, each in standings(before).items() if pk != who
    }


# --- Times --------------------------------------------------------------------------------------------------


@ALWAYS
@given(SITTINGS)
def test_a_negotiation_serves_one_year_at_most(row: Sitting) -> None:
    """However its time is known."""
    row = replace(row, basis=WELFARE, state="held", participation="took_part", dealt_with=True, plan_as_of=None)
    served = [year for year in range(2020, 2030) if met(whole([row], WELFARE, year_of(year)))]
    assert served == ([row.earliest.year] if row.earliest.year == row.latest.year else [])


@ALWAYS
@given(st.integers(0, 60), st.integers(1, 300))
def test_one_postponed_over_the_end_of_the_year_counts_for_the_year_it_is_held_in(before: int, later: int) -> None:
    """Planned for the last weeks of 2024, held in 2025: the duty of 2024 is left unmet by it."""
    planned = date(2024, 12, 31) - timedelta(days=before)
    ahead = replace(HELD, state="planned", participation="invited", dealt_with=False, earliest=planned, latest=planned)
    assert standings(coverage([1], WELFARE, [ahead], year_of(2024), today=TODAY)) == {1: Standing.PLANNED}
    day = date(2024, 12, 31) + timedelta(days=later)
    held = replace(HELD, earliest=day, latest=day)
    assert standings(coverage([1], WELFARE, [held], year_of(2024), today=day)) == {1: Standing.MISSING}
    assert standings(coverage([1], WELFARE, [held], year_of(2025), today=day)) == {1: Standing.DONE}


@ALWAYS
@given(
    st.integers(1, 12),
    st.integers(1, 12),
    st.sampled_from(["planned", "convened", "held"]),
    st.sampled_from([date(2024, 1, 1), date(2024, 12, 31), date(2026, 6, 1)]),
)
def test_months_on_both_sides_of_a_border_are_not_known(before: int, after: int, state: str, today: date) -> None:
    """Neither of the old year nor of the new one, whether it was held or is ahead; the same at the border of terms."""
    for old, new, basis in (
        (year_of(2024), year_of(2025), WELFARE),
        (TERM, NEXT_TERM, COOPERATION),
    ):
        row = replace(
            HELD,
            basis=basis,
            state=state,
            earliest=old.ends_on - timedelta(days=before),
            latest=new.starts_on + timedelta(days=after),
        )
        for period in (old, new):
            assert standings(coverage([1], basis, [row], period, today=today)) == {1: Standing.NOT_KNOWN}


@ALWAYS
@given(st.integers(-400, 400))
def test_a_day_is_of_one_term(days: int) -> None:
    """Of the old one to 31.5.2025, of the new one from 1.6.2025."""
    day = date(2025, 6, 1) + timedelta(days=days)
    row = replace(HELD, basis=COOPERATION, earliest=day, latest=day)
    served = [period for period in (TERM, NEXT_TERM) if met(coverage([1], COOPERATION, [row], period, today=day))]
    assert served == [TERM if day <= date(2025, 5, 31) else NEXT_TERM]


@pytest.mark.parametrize(("day", "term"), [(date(2025, 5, 31), TERM), (date(2025, 6, 1), NEXT_TERM)])
def test_the_last_day_of_a_term_and_the_first_of_the_next(day: date, term: Period) -> None:
    """Both days are of a term."""
    row = replace(HELD, basis=COOPERATION, earliest=day, latest=day)
    for period in (TERM, NEXT_TERM):
        expected = Standing.DONE if period == term else Standing.MISSING
        assert standings(coverage([1], COOPERATION, [row], period, today=day)) == {1: expected}


# --- Groups and both duties in one sitting ------------------------------------------------------------------


@ALWAYS
@given(
    st.dictionaries(st.sampled_from(WHO), st.sampled_from(Party.Participation.values), min_size=1),
    st.dictionaries(st.sampled_from(list(LegalBasis)), st.booleans(), min_size=1),
)
def test_a_sitting_of_a_group_counts_for_each_who_came_and_for_each_basis_dealt_with(
    parties: dict[int, str], parts: dict[LegalBasis, bool]
) -> None:
    """Each part for its own duty only, each municipality for itself only."""
    rows = [
        replace(HELD, municipality=who, participation=participation, basis=basis, dealt_with=dealt_with)
        for who, participation in parties.items()
        for basis, dealt_with in parts.items()
    ]
    came = {who for who, participation in parties.items() if participation == "took_part"}
    for basis in LegalBasis:
        found = whole(rows, basis, year_of(2024))
        assert met(found) == (came if parts.get(basis) else set())
        away = {who for who, participation in parties.items() if participation == "stayed_away"}
        expected = away if parts.get(basis) else set()
        assert {who for who, standing in standings(found).items() if standing == Standing.STAYED_AWAY} == expected


# --- Municipalities that merge ------------------------------------------------------------------------------


@ALWAYS
@given(ROWS, BASES, PERIODS, LIVES)
def test_what_was_negotiated_with_one_that_merged_changes_nothing_for_its_successor(
    rows: list[Sitting], basis: LegalBasis, period: Period, lives: dict[int, Life]
) -> None:
    """It is shown beside it, each negotiation of the period that it can have taken part in."""
    own = [row for row in rows if row.municipality != 1]
    found, without = whole(rows, basis, period, lives), whole(own, basis, period, lives)
    assert {pk: each for pk, each in standings(found).items() if pk != 1} == {
        pk: each for pk, each in standings(without).items() if pk != 1
    }
    ended = lives[1].ends_on
    assert ended is not None
    expected = [
        row.negotiation
        for row in rows
        if (row.municipality, row.basis) == (1, basis)
        and ended >= period.starts_on
        and row.earliest <= min(ended, period.ends_on)
        and row.latest >= period.starts_on
    ]
    before = found.of(2).before
    assert sorted(each.evidence.sitting.negotiation for each in before) == sorted(expected)


@ALWAYS
@given(ROWS, BASES, PERIODS, LIVES)
def test_one_that_merged_is_owed_what_fell_in_its_time(
    rows: list[Sitting], basis: LegalBasis, period: Period, lives: dict[int, Life]
) -> None:
    """Not listed after its end; as any other if it lived the period out; else told apart, unless it was done."""
    found, as_if_it_lived = whole(rows, basis, period, lives), whole(rows, basis, period)
    ended = lives[1].ends_on
    assert ended is not None
    position = found.find(1)
    if ended < period.starts_on:
        assert position is None and found.total == 2
        return
    assert position is not None
    if ended >= period.ends_on or ended >= TODAY:
        # It lives to the end of the period, or is still there; only days after its end are cut off.
        assert position.standing != Standing.MERGED and found.total == 3
        if ended >= period.ends_on:
            assert position.standing == as_if_it_lived.of(1).standing
    else:
        assert position.standing in {Standing.DONE, Standing.MERGED}
        assert found.total == (3 if position.standing == Standing.DONE else 2)
    in_time = any(counts(row, basis, period) and row.latest <= ended for row in rows if row.municipality == 1)
    assert (position.standing == Standing.DONE) == in_time


# --- The plan -----------------------------------------------------------------------------------------------


@ALWAYS
@given(ROWS, BASES, PERIODS, LIVES)
def test_the_plan_says_held_of_exactly_those_the_duty_is_met_with(
    rows: list[Sitting], basis: LegalBasis, period: Period, lives: dict[int, Life]
) -> None:
    """And tells apart the same ones that are no more."""
    found = whole(rows, basis, period, lives)
    for who in WHO:
        own = [row for row in rows if (row.municipality, row.basis) == (who, basis)]
        leaves = left_towards(own, period, life=lives[who], round_=5, today=TODAY)
        position = found.find(who)
        assert (leaves is None) == (position is None)
        if position is not None:
            assert (leaves == Leaves.HELD) == (position.standing == Standing.DONE)
            assert (leaves == Leaves.MERGED) == (position.standing == Standing.MERGED)
            # What is certainly planned for the period is planned; the plan of a past round may be so as well.
            if position.standing == Standing.PLANNED:
                assert leaves in {Leaves.DATED, Leaves.MONTH}
