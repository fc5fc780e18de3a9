"""Municipalities that merge, as Pertunmaa and Mäntyharju did on 1.1.2025: the duty as it is read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.utils import translation
from django_scopes import scope

from indicators.models import Area
from municipalities.models import CouncilTerm, County, Municipality, User
from municipalities.reference import load_reference
from negotiations.followup.duty import Coverage, Leaves, Standing, of_plan, read, read_all
from negotiations.models import LegalBasis
from negotiations.planning.timing import Timing
from negotiations.sitting.conduct import convene, hold, postpone
from tests.factories import BOTH, make_county, make_held, make_municipality, make_negotiation, make_round

COOPERATION, WELFARE = LegalBasis.COOPERATION, LegalBasis.WELFARE
LAST_DAY = date(2024, 12, 31)
NOW = date(2025, 3, 3)


@pytest.fixture
def etela_savo(db: None) -> Iterator[County]:
    """The county, inside its scope, with the council terms of the counties."""
    for starts_on, ends_on in (
        (date(2022, 3, 1), date(2025, 5, 31)),
        (date(2025, 6, 1), date(2029, 5, 31)),
    ):
        CouncilTerm.objects.get_or_create(
            body=CouncilTerm.Body.COUNTY, starts_on=starts_on, defaults={"ends_on": ends_on}
        )
    county = make_county("12", "Etelä-Savon hyvinvointialue", "etela-savo")
    with scope(county=county):
        yield county


@pytest.fixture
def mantyharju(etela_savo: County) -> Municipality:
    """The successor."""
    return make_municipality(etela_savo, "507", "Mäntyharju")


@pytest.fixture
def pertunmaa(etela_savo: County, mantyharju: Municipality) -> Municipality:
    """In the register, and no more since the turn of the year."""
    row = make_municipality(etela_savo, "588", "Pertunmaa")
    Area.objects.filter(pk=row.area_id).update(valid_to=LAST_DAY, merged_into=mantyharju.area_id)
    row.area.refresh_from_db()
    return row


def standings(county: County, year: int, today: date = NOW) -> dict[str, dict[str, Standing]]:
    """Return the standings by basis and by name."""
    duty = read(county, today=today, year=year)
    names = {municipality.pk: str(municipality) for municipality in duty.municipalities}
    return {
        found.basis.sections: {names[row.municipality]: row.standing for row in found.positions}
        for found in duty.coverages
    }


def of(county: County, basis: LegalBasis, year: int, today: date = NOW) -> Coverage:
    """Return how the duty of a basis stands."""
    return next(row for row in read(county, today=today, year=year).coverages if row.basis == basis)


def test_it_is_owed_its_own_years_and_told_apart_in_the_term_it_ended_in(
    etela_savo: County, mantyharju: Municipality, pertunmaa: Municipality
) -> None:
    """Nothing was negotiated: missing in 2024, not there in 2025, and in the term neither missing nor counted."""
    missing, merged = Standing.MISSING, Standing.MERGED
    both = {"Mäntyharju": missing, "Pertunmaa": missing}
    told_apart = {"Mäntyharju": missing, "Pertunmaa": merged}
    # On its last day it is there, and the whole term is still owed.
    assert standings(etela_savo, 2024, LAST_DAY) == {"14 §": both, "6–7 §": both}
    assert standings(etela_savo, 2024) == {"14 §": told_apart, "6–7 §": both}
    assert standings(etela_savo, 2025) == {"14 §": told_apart, "6–7 §": {"Mäntyharju": missing}}
    # The next term began after its end.
    later = date(2026, 1, 1)
    assert standings(etela_savo, 2026, later) == {"14 §": {"Mäntyharju": missing}, "6–7 §": {"Mäntyharju": missing}}
    term = of(etela_savo, COOPERATION, 2024)
    assert (term.done, term.total, term.count(missing), term.count(merged)) == (0, 1, 1, 1)
    with translation.override("fi"):
        position = term.of(pertunmaa.pk)
        assert position.words == position.reason == "yhdistynyt kuntaan Mäntyharju (1.1.2025)"
        assert position.decisive is None and not position.is_owed


def test_what_was_negotiated_with_it_is_shown_beside_the_successor_and_does_not_count_for_it(
    etela_savo: County, mantyharju: Municipality, pertunmaa: Municipality, coordinator: User
) -> None:
    """Its own duty was met in its time; the successor's is met by its own negotiation only."""
    held = make_held(make_round(etela_savo), [pertunmaa], by=coordinator, bases=BOTH, title="Pertunmaan neuvottelu")
    term, year = of(etela_savo, COOPERATION, 2024), of(etela_savo, WELFARE, 2024)
    for found in (term, year):
        assert (found.of(pertunmaa.pk).standing, found.of(mantyharju.pk).standing) == (Standing.DONE, Standing.MISSING)
        assert (found.done, found.total) == (1, 2)
        (before,) = found.of(mantyharju.pk).before
        assert (before.life.name, before.evidence.sitting.negotiation) == ("Pertunmaa", held.pk)
        assert found.of(pertunmaa.pk).before == ()
    # It is of the year and the term it was held in, and no evidence for a later one.
    assert of(etela_savo, WELFARE, 2025).of(mantyharju.pk).before == ()
    make_held(make_round(etela_savo, name="Kevät"), [mantyharju], by=coordinator, bases=BOTH, day=date(2025, 2, 3))
    term = of(etela_savo, COOPERATION, 2025)
    assert (term.done, term.total, term.is_whole) == (2, 2, True)


def test_a_negotiation_after_its_end_cannot_have_been_with_it(
    etela_savo: County, mantyharju: Municipality, pertunmaa: Municipality, coordinator: User
) -> None:
    """A party that was entered by mistake, or a sitting that was postponed beyond the merger."""
    round_ = make_round(etela_savo)
    negotiation = make_negotiation(round_, [pertunmaa, mantyharju], bases=[COOPERATION], day=date(2024, 12, 12))
    found = of(etela_savo, COOPERATION, 2024, today=date(2024, 12, 1))
    assert {row.standing for row in found.positions} == {Standing.PLANNED}
    convene(negotiation, by=coordinator)
    timing = Timing("day", date(2025, 1, 20), date(2025, 1, 20))
    postponed = postpone(negotiation, timing=timing, reason="Sairastuminen", by=coordinator)
    hold(convene(postponed, by=coordinator), by=coordinator)
    found = of(etela_savo, COOPERATION, 2025)
    assert (found.of(pertunmaa.pk).standing, found.of(pertunmaa.pk).evidence) == (Standing.MERGED, ())
    assert (found.of(mantyharju.pk).standing, found.done, found.total) == (Standing.DONE, 1, 1)


def test_the_plan_of_a_round_tells_it_apart(
    etela_savo: County, mantyharju: Municipality, pertunmaa: Municipality
) -> None:
    """For 2024 it is still missing; for the term nothing can be planned with it."""
    cooperation, welfare = of_plan(make_round(etela_savo, legal_bases=list(BOTH)), today=NOW)
    told = [{line.leaves: line.names for line in row.lines} for row in (cooperation, welfare)]
    assert told[0] == {Leaves.MISSING: ("Mäntyharju",), Leaves.MERGED: ("Pertunmaa",)}
    assert told[1] == {Leaves.MISSING: ("Mäntyharju", "Pertunmaa")}
    assert (cooperation.total, welfare.total) == (1, 2)
    (later,) = of_plan(make_round(etela_savo, year=2025, name="Syksy"), today=NOW)
    assert [(line.leaves, line.names) for line in later.lines] == [(Leaves.MISSING, ("Mäntyharju",))]


def test_one_that_begins_is_owed_from_its_first_day_on(etela_savo: County, mantyharju: Municipality) -> None:
    """A municipality that two others founded together on 1.1.2025: not of 2024, but of the term that goes on."""
    Area.objects.filter(pk=mantyharju.area_id).update(valid_from=LAST_DAY + timedelta(days=1))
    assert standings(etela_savo, 2024) == {"14 §": {"Mäntyharju": Standing.MISSING}, "6–7 §": {}}
    assert set(standings(etela_savo, 2025)["6–7 §"]) == {"Mäntyharju"}


def test_by_way_of_another(
    etela_savo: County, mantyharju: Municipality, pertunmaa: Municipality, coordinator: User
) -> None:
    """Two mergers one after the other: both predecessors are told beside the last."""
    mikkeli = make_municipality(etela_savo, "491", "Mikkeli")
    make_held(make_round(etela_savo), [pertunmaa], by=coordinator, bases=[COOPERATION])
    Area.objects.filter(pk=mantyharju.area_id).update(valid_to=date(2025, 2, 28), merged_into=mikkeli.area_id)
    found = of(etela_savo, COOPERATION, 2025)
    assert [each.life.name for each in found.of(mikkeli.pk).before] == ["Pertunmaa"]
    assert found.of(mantyharju.pk).standing == Standing.MERGED
    assert (found.done, found.total) == (1, 2)


def test_a_municipality_is_told_nothing_of_the_one_it_took_in(
    etela_savo: County, mantyharju: Municipality, pertunmaa: Municipality, coordinator: User
) -> None:
    """Its staff may not open those negotiations, so they are not told of them either."""
    make_held(make_round(etela_savo), [pertunmaa], by=coordinator, bases=BOTH)
    duty = read(etela_savo, today=NOW, year=2024, towards=[mantyharju])
    assert all(position.before == () for found in duty.coverages for position in found.positions)


@pytest.mark.django_db
def test_as_the_reference_data_has_it() -> None:
    """Pertunmaa is an area and not in the register: nothing is known of it, and that is said for the years it was."""
    load_reference()
    county = County.objects.get(area__code="12")

    def outside(year: int) -> list[str]:
        with translation.override("fi"):
            return [
                life.outside_words for life in read_all([county], year=year, today=date(2026, 10, 1))[county.pk].outside
            ]

    (words,) = outside(2024)
    assert words.startswith("Pertunmaa: yhdistynyt kuntaan Mäntyharju (1.1.2025).")
    # The year was over before its end, and so was the term at the end of 2025.
    assert outside(2025) == outside(2026) == []
    found = read_all([county], year=2024, today=date(2026, 10, 1))[county.pk]
    assert [coverage.total for coverage in found.coverages] == [11, 11]
    with scope(county=county):
        assert read(county, today=date(2026, 10, 1), year=2024, with_outside=True).outside == found.outside
