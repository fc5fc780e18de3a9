"""With whom a municipality is compared: rules on lists of municipalities, which are in no database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicators.models import Area
from municipalities.models import Municipality
from municipalities.peers import OF_A_SIZE, SIZES, by_size, of_like_size, of_size

populations = st.lists(st.integers(0, 700_000), min_size=1, max_size=30)


def municipality(number: int, population: int) -> Municipality:
    """Return a municipality whose name sorts by its number."""
    area = Area(pk=number, name_fi=f"Kunta {number:03}", order=f"kunta {number:03}")
    return Municipality(pk=number, area=area, population=population)


def municipalities(people: list[int]) -> list[Municipality]:
    """Return municipalities with so many people, in the order of their names."""
    return [municipality(number, population) for number, population in enumerate(people, start=1)]


@given(populations)
def test_every_municipality_is_of_one_size(people: list[int]) -> None:
    every = municipalities(people)
    found = [one.pk for size in SIZES for one in of_size(every, size.key)]
    assert sorted(found) == [one.pk for one in every]


def test_sizes_at_their_edges() -> None:
    every = municipalities([4_999, 5_000, 19_999, 20_000])
    assert [[one.population for one in of_size(every, size.key)] for size in SIZES] == [
        [4_999],
        [5_000, 19_999],
        [20_000],
    ]
    with pytest.raises(KeyError):
        of_size(every, "jättiläiset")


@given(populations)
def test_those_of_like_size_are_nearer_than_the_others(people: list[int]) -> None:
    every = municipalities(people)
    one, found = every[0], of_like_size(every[0], every)
    assert one in found and len(found) == min(len(every), OF_A_SIZE + 1)
    assert [each.area.order for each in found] == sorted(each.area.order for each in found)

    def times(other: Municipality) -> float:
        larger, smaller = max(other.population, one.population, 1), max(min(other.population, one.population), 1)
        return larger / smaller

    left = [other for other in every if other not in found]
    assert not left or max(map(times, found)) <= min(map(times, left)) * (1 + 1e-9)


def test_like_size_is_by_how_many_times_not_by_how_many_people() -> None:
    """1,900 is nearer to 1,000 than 100 is, though 900 people lie between either."""
    every = municipalities([1_000, 100, 1_900])
    assert [one.population for one in of_like_size(every[0], every, most=1)] == [1_000, 1_900]


@given(populations)
def test_the_largest_come_first_and_equals_by_name(people: list[int]) -> None:
    keys = [(-one.population, one.area.order) for one in by_size(municipalities(people))]
    assert keys == sorted(keys)
