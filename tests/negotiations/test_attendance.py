"""The arithmetic of attendance: totals, persons apart from attendances, stated figures beside computed ones."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from municipalities.models import Sector
from negotiations.sitting.attendance import (
    COUNTY,
    MUNICIPALITIES,
    ORGANISATIONS_AND_PARISHES,
    Certainty,
    CoreGroupCount,
    Counted,
    ImpossibleAttendance,
    columns_for,
    compare,
    persons,
    round_attendance,
    totals,
)

# Keski-Suomi 2024: organisations and parishes counted together, municipalities, the county; six negotiations.
ORGANISATIONS_2024 = [4, 23, 36, 39, 6, 30]
MUNICIPALITIES_2024 = [13, 7, 15, 31, 15, 17]
COUNTY_2024 = [12, 10, 15, 14, 10, 14]


def rows_2024() -> list[Counted]:
    return [
        Counted(negotiation, sector, count)
        for sector, counts in (
            (Sector.ORGANISATION_OR_PARISH, ORGANISATIONS_2024),
            (Sector.MUNICIPALITY, MUNICIPALITIES_2024),
            (Sector.COUNTY, COUNTY_2024),
        )
        for negotiation, count in enumerate(counts, start=1)
    ]


def core_group(**changes: object) -> CoreGroupCount:
    values: dict[str, object] = {
        "name": "Ydinryhmä",
        "sector": Sector.COUNTY,
        "size": 10,
        "negotiations": frozenset(range(1, 7)),
        "approximate": True,
    }
    return CoreGroupCount(**(values | changes))  # type: ignore[arg-type]


# --- Keski-Suomi 2024 ---------------------------------------------------------------------------------------


def test_totals_of_2024() -> None:
    attendance = round_attendance(rows_2024())
    assert attendance.totals.of(ORGANISATIONS_AND_PARISHES.sectors) == 138
    assert attendance.totals.of(MUNICIPALITIES.sectors) == 98
    assert attendance.totals.of(COUNTY.sectors) == 75
    assert attendance.totals.total == 311
    assert [sums.total for _key, sums in attendance.negotiations] == [29, 40, 66, 84, 31, 61]


def test_the_county_was_about_25_persons_in_2024() -> None:
    found = persons(rows_2024(), [core_group()], COUNTY)
    assert (found.attendances, found.repeats, found.persons) == (75, 50, 25)
    assert found.certainty is Certainty.ABOUT


def test_persons_of_head_counts_alone_are_at_most_the_attendances() -> None:
    found = persons(rows_2024(), [core_group()], MUNICIPALITIES)
    assert (found.persons, found.certainty) == (98, Certainty.AT_MOST)


def test_stated_136_is_shown_beside_138() -> None:
    sums = totals(rows_2024())
    found = compare(136, [Sector.ORGANISATION_OR_PARISH], sums, source="Yhteenveto 2024")
    assert (found.stated, found.computed, found.discrepancy, found.differs) == (136, 138, 2, True)
    assert not compare(98, [Sector.MUNICIPALITY], sums).differs
    assert not compare(75, [Sector.COUNTY], sums).differs


# --- Rules ------------------------------------------------------------------------------------------------------


def test_sectors_are_combined_only_when_shown() -> None:
    sums = totals([Counted(1, Sector.PARISH, 2), Counted(1, Sector.ORGANISATION, 3)])
    assert sums.by_sector == ((Sector.ORGANISATION, 3), (Sector.PARISH, 2))
    assert sums.of(ORGANISATIONS_AND_PARISHES.sectors) == 5


def test_a_column_is_added_for_each_further_sector_that_was_counted() -> None:
    usual = columns_for(totals([]))
    assert [column.sectors[-1] for column in usual] == [
        Sector.ORGANISATION_OR_PARISH,
        Sector.MUNICIPALITY,
        Sector.COUNTY,
    ]
    further = columns_for(totals([Counted(1, Sector.INFLUENCING, 3)]))
    assert further[:3] == usual
    assert [column.sectors for column in further[3:]] == [(Sector.INFLUENCING,)]


def test_columns_cover_every_sector_once() -> None:
    everything = totals(Counted(1, sector) for sector in Sector.values)
    shown = [sector for column in columns_for(everything) for sector in column.sectors]
    assert sorted(shown) == sorted(Sector.values)


def test_a_negotiation_nobody_counted_is_not_one_that_nobody_attended() -> None:
    attendance = round_attendance([Counted(1, Sector.COUNTY, 0)])
    assert attendance.of(2) is None
    first = attendance.of(1)
    assert first is not None and first.total == 0


def test_people_known_by_name_are_one_person_however_often_they_came() -> None:
    rows = [Counted(n, Sector.MUNICIPALITY, person=person) for n in (1, 2, 3) for person in (7, 8)]
    found = persons(rows, [], MUNICIPALITIES)
    assert (found.attendances, found.persons, found.certainty) == (6, 2, Certainty.EXACT)


def test_one_negotiation_alone_is_exact() -> None:
    assert persons([Counted(1, Sector.COUNTY, 12)], [], COUNTY).certainty is Certainty.EXACT


def test_an_exact_core_group_that_was_all_there_was_is_exact() -> None:
    rows = [Counted(n, Sector.COUNTY, 4) for n in (1, 2)]
    found = persons(rows, [core_group(size=4, negotiations=frozenset({1, 2}), approximate=False)], COUNTY)
    assert (found.persons, found.certainty) == (4, Certainty.EXACT)


def test_a_core_group_of_another_sector_does_not_count() -> None:
    assert persons(rows_2024(), [core_group()], ORGANISATIONS_AND_PARISHES).persons == 138


def test_a_core_group_larger_than_what_was_counted_is_refused() -> None:
    with pytest.raises(ImpossibleAttendance) as refusal:
        persons(rows_2024(), [core_group(size=11)], COUNTY)
    assert "Ydinryhmä" in str(refusal.value)
    assert "11" in str(refusal.value) and "10" in str(refusal.value)


def test_core_groups_that_are_too_large_together_are_refused() -> None:
    pair = [core_group(), core_group(name="Toinen ryhmä", size=1, negotiations=frozenset({2}))]
    with pytest.raises(ImpossibleAttendance, match="Toinen ryhmä"):
        persons(rows_2024(), pair, COUNTY)


def test_a_core_group_in_a_negotiation_that_was_not_counted_is_refused() -> None:
    with pytest.raises(ImpossibleAttendance):
        persons(rows_2024(), [core_group(negotiations=frozenset({1, 99}))], COUNTY)


def test_members_of_a_core_group_are_not_looked_for_among_the_named() -> None:
    rows = [Counted(n, Sector.COUNTY, person=person) for n in (1, 2) for person in (1, 2)]
    with pytest.raises(ImpossibleAttendance):
        persons(rows, [core_group(size=2, negotiations=frozenset({1, 2}))], COUNTY)


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ImpossibleAttendance, match="-1"):
        totals([Counted(1, Sector.COUNTY, -1)])


def test_a_figure_of_organisations_covers_both_ways_of_counting() -> None:
    sums = totals(
        [
            Counted(1, Sector.ORGANISATION, 3),
            Counted(1, Sector.PARISH, 2),
            Counted(2, Sector.ORGANISATION_OR_PARISH, 5),
        ]
    )
    assert compare(10, [Sector.ORGANISATION, Sector.PARISH], sums).computed == 10
    assert compare(10, [Sector.ORGANISATION_OR_PARISH], sums).computed == 10


def test_a_figure_of_organisations_alone_is_not_split_from_a_count_of_both() -> None:
    found = compare(9, [Sector.ORGANISATION], totals([Counted(1, Sector.ORGANISATION_OR_PARISH, 10)]))
    assert found.computed is None
    assert not found.differs


# --- Properties -------------------------------------------------------------------------------------------------

counted = st.builds(
    Counted,
    negotiation=st.integers(1, 6),
    sector=st.sampled_from(Sector.values),
    count=st.integers(0, 60),
)
named = st.builds(
    Counted,
    negotiation=st.integers(1, 6),
    sector=st.sampled_from(Sector.values),
    person=st.integers(1, 12),
)
groups = st.builds(
    CoreGroupCount,
    name=st.sampled_from(["A", "B"]),
    sector=st.sampled_from(Sector.values),
    size=st.integers(1, 40),
    negotiations=st.frozensets(st.integers(1, 6)),
    approximate=st.booleans(),
)


@given(rows=st.lists(counted | named), seed=st.randoms(use_true_random=False))
def test_totals_are_sums_whatever_the_order(rows: list[Counted], seed: random.Random) -> None:
    first = round_attendance(rows)
    shuffled = rows.copy()
    seed.shuffle(shuffled)
    assert round_attendance(shuffled) == first
    assert first.totals.total == sum(row.count for row in rows)
    assert first.totals.total == sum(sums.total for _key, sums in first.negotiations)
    assert first.totals.total == sum(first.totals.of(column.sectors) for column in first.columns)


@given(rows=st.lists(counted | named), core=st.lists(groups, max_size=3))
def test_persons_are_at_most_attendances_and_never_negative(rows: list[Counted], core: list[CoreGroupCount]) -> None:
    for column in columns_for(totals(rows)):
        try:
            found = persons(rows, core, column)
        except ImpossibleAttendance as refusal:
            assert str(refusal)  # refused with a message, never counted wrong
            continue
        assert 0 <= found.persons <= found.attendances
        assert found.attendances == totals(rows).of(column.sectors)
        # Somebody was there in the fullest negotiation, and they are all different people.
        fullest = max((sums.of(column.sectors) for _key, sums in round_attendance(rows).negotiations), default=0)
        if all(row.person is None for row in rows):
            assert found.persons >= fullest


@given(
    sizes=st.lists(st.integers(0, 30), min_size=1, max_size=8),
    extra=st.integers(1, 5),
)
def test_a_core_group_larger_than_the_smallest_count_is_always_refused(sizes: list[int], extra: int) -> None:
    rows = [Counted(n, Sector.COUNTY, size) for n, size in enumerate(sizes)]
    too_large = core_group(size=min(sizes) + extra, negotiations=frozenset(range(len(sizes))))
    with pytest.raises(ImpossibleAttendance):
        persons(rows, [too_large], COUNTY)


@given(stated=st.integers(0, 500), rows=st.lists(counted))
def test_the_discrepancy_is_what_must_be_added_to_the_stated_figure(stated: int, rows: list[Counted]) -> None:
    found = compare(stated, Sector.values, totals(rows))
    assert found.computed == stated + found.discrepancy
    assert found.differs == (found.computed != stated)
