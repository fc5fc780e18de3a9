"""The duty to negotiate: plain examples of its arithmetic, and the rows as they are read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from municipalities.models import CouncilTerm, County, Municipality, Sector, User
from negotiations.demo.building import add_head_counts, organisation
from negotiations.followup.duty import (
    Coverage,
    Others,
    Period,
    Sitting,
    Standing,
    coverage,
    judge,
    read,
    term_at,
    year_of,
    years,
)
from negotiations.models import LegalBasis, Negotiation, Party
from negotiations.sitting.conduct import cancel, convene, hold
from tests.factories import BOTH, make_held, make_negotiation, make_round

COOPERATION, WELFARE = LegalBasis.COOPERATION, LegalBasis.WELFARE
TODAY = date(2024, 10, 15)
YEAR = year_of(2024)
TERM = Period(date(2022, 3, 1), date(2025, 5, 31))
NEXT_TERM = Period(date(2025, 6, 1), date(2029, 5, 31))

HELD = Sitting(
    negotiation=1,
    municipality=7,
    basis=WELFARE,
    state="held",
    participation="took_part",
    dealt_with=True,
    earliest=date(2024, 9, 26),
    latest=date(2024, 9, 26),
)
PLANNED = replace(
    HELD,
    negotiation=2,
    state="planned",
    participation="invited",
    dealt_with=False,
    earliest=date(2024, 11, 20),
    latest=date(2024, 11, 20),
)


def of(*sittings: Sitting, basis: LegalBasis = WELFARE, period: Period = YEAR) -> Coverage:
    """Return the coverage of the one municipality these rows are of."""
    return coverage([HELD.municipality], basis, sittings, period, today=TODAY)


def standing(*sittings: Sitting, basis: LegalBasis = WELFARE, period: Period = YEAR) -> Standing:
    """Return how the duty stands towards that municipality."""
    return of(*sittings, basis=basis, period=period).positions[0].standing


# --- Plain examples -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (HELD, Standing.DONE),
        (replace(HELD, participation="stayed_away"), Standing.STAYED_AWAY),
        (replace(HELD, participation="invited"), Standing.NOT_KNOWN),
        (replace(HELD, dealt_with=False), Standing.MISSING),
        (replace(HELD, state="cancelled"), Standing.MISSING),
        (replace(HELD, plan_as_of=date(2024, 9, 6)), Standing.NOT_KNOWN),
        (replace(HELD, basis=COOPERATION), Standing.MISSING),
        (replace(HELD, municipality=8), Standing.MISSING),
        (PLANNED, Standing.PLANNED),
        (replace(PLANNED, state="convened"), Standing.PLANNED),
        (replace(PLANNED, state="cancelled"), Standing.MISSING),
        (replace(PLANNED, plan_as_of=date(2024, 9, 6)), Standing.NOT_KNOWN),
        (replace(PLANNED, earliest=TODAY, latest=TODAY), Standing.PLANNED),
        (replace(PLANNED, earliest=date(2024, 10, 14), latest=date(2024, 10, 14)), Standing.NOT_KNOWN),
        # To be held this month, of which days are left.
        (replace(PLANNED, earliest=date(2024, 10, 1), latest=date(2024, 10, 31)), Standing.PLANNED),
    ],
)
def test_what_one_negotiation_does(row: Sitting, expected: Standing) -> None:
    """Held, dealt with and taken part in: nothing less meets the duty."""
    assert standing(row) == expected


def test_nothing_known_is_missing_with_a_reason() -> None:
    """A standing never comes without words."""
    (row,) = of().positions
    assert row.standing == Standing.MISSING
    assert row.decisive is None
    assert row.reason


@pytest.mark.parametrize(
    ("earliest", "latest", "expected"),
    [
        (date(2024, 3, 1), date(2024, 4, 30), Standing.DONE),
        (date(2024, 1, 1), date(2024, 12, 31), Standing.DONE),
        (date(2023, 12, 1), date(2024, 1, 31), Standing.NOT_KNOWN),
        (date(2024, 12, 1), date(2025, 1, 31), Standing.NOT_KNOWN),
        (date(2023, 3, 1), date(2023, 4, 30), Standing.MISSING),
        (date(2024, 12, 31), date(2024, 12, 31), Standing.DONE),
        (date(2025, 1, 1), date(2025, 1, 1), Standing.MISSING),
    ],
)
def test_a_time_known_to_the_month_counts_by_its_whole_span(earliest: date, latest: date, expected: Standing) -> None:
    """Of December and January nobody can say in which year it was."""
    assert standing(replace(HELD, earliest=earliest, latest=latest)) == expected


def test_once_in_a_term_and_once_a_year() -> None:
    """A negotiation of 2023 serves the term to its end, and the year 2023 only; 1.6.2025 begins anew."""
    row = replace(HELD, basis=COOPERATION, earliest=date(2023, 9, 1), latest=date(2023, 9, 1))
    assert standing(row, basis=COOPERATION, period=TERM) == Standing.DONE
    assert standing(row, basis=COOPERATION, period=NEXT_TERM) == Standing.MISSING
    yearly = replace(row, basis=WELFARE)
    assert standing(yearly, period=year_of(2023)) == Standing.DONE
    assert standing(yearly) == Standing.MISSING


def test_a_span_over_the_change_of_terms_serves_neither() -> None:
    """May and June 2025."""
    row = replace(HELD, basis=COOPERATION, earliest=date(2025, 5, 1), latest=date(2025, 6, 30))
    assert {standing(row, basis=COOPERATION, period=period) for period in (TERM, NEXT_TERM)} == {Standing.NOT_KNOWN}


def test_each_part_counts_for_its_own_duty() -> None:
    """Both in one sitting, of which only one was dealt with."""
    rows = [HELD, replace(HELD, basis=COOPERATION, dealt_with=False)]
    assert standing(*rows) == Standing.DONE
    assert standing(*rows, basis=COOPERATION, period=TERM) == Standing.MISSING


def test_the_first_of_several_is_the_date_and_the_next_planned_is_named() -> None:
    """What met the duty is the first; what is ahead is the next."""
    later = replace(HELD, negotiation=3, earliest=date(2024, 10, 3), latest=date(2024, 10, 3))
    decisive = of(later, HELD).positions[0].decisive
    assert decisive is not None and decisive.sitting == HELD
    after = replace(PLANNED, negotiation=4, earliest=date(2024, 12, 3), latest=date(2024, 12, 3))
    decisive = of(after, PLANNED).positions[0].decisive
    assert decisive is not None and decisive.sitting == PLANNED


def test_one_who_stayed_away_and_is_invited_again_is_planned_and_both_are_told() -> None:
    """The new time decides; that they stayed away stays in sight until the duty is met."""
    away = replace(HELD, participation="stayed_away")
    (row,) = of(away, PLANNED).positions
    assert row.standing == Standing.PLANNED
    assert [evidence.standing for evidence in row.further] == [Standing.STAYED_AWAY]
    (row,) = of(away, replace(HELD, negotiation=9)).positions
    assert row.standing == Standing.DONE
    assert row.further == ()


def test_reasons_in_finnish_name_the_day() -> None:
    """Words, not codes."""
    with translation.override("fi"):
        found = judge(replace(HELD, participation="stayed_away"), YEAR, today=TODAY)
        assert found is not None
        assert "26.9.2024" in found.reason and "%" not in found.reason
        plan = judge(replace(PLANNED, plan_as_of=date(2024, 9, 6)), YEAR, today=TODAY)
        assert plan is not None
        for words in (plan.reason, plan.brief):
            assert "6.9.2024" in words and "20.11.2024" in words
    assert not of(replace(PLANNED, plan_as_of=date(2024, 9, 6))).is_known
    assert of(HELD).is_known


@pytest.mark.parametrize(
    ("year", "today", "expected"),
    [
        (2024, TODAY, TERM),
        (2025, date(2025, 5, 31), TERM),
        (2025, date(2025, 6, 1), NEXT_TERM),
        (2025, date(2026, 1, 1), NEXT_TERM),
        (2021, TODAY, None),
        (2030, TODAY, None),
    ],
)
def test_the_term_of_a_year(year: int, today: date, expected: Period | None) -> None:
    """Of this year the one in force today, of another the one at its end."""
    assert term_at([TERM, NEXT_TERM], year, today=today) == expected


# --- As it is read ------------------------------------------------------------------------------------------


@pytest.fixture
def terms(db: None) -> None:
    """The county councils' terms, and a municipal one that must not be taken for them."""
    body = CouncilTerm.Body
    for council, starts_on, ends_on in (
        (body.COUNTY, TERM.starts_on, TERM.ends_on),
        (body.COUNTY, NEXT_TERM.starts_on, NEXT_TERM.ends_on),
        (body.MUNICIPALITY, date(2021, 8, 1), date(2025, 5, 31)),
    ):
        CouncilTerm.objects.get_or_create(body=council, starts_on=starts_on, defaults={"ends_on": ends_on})


def standings(county: County, year: int = 2024, **kwargs: object) -> dict[str, dict[str, Standing]]:
    """Return the standings as read, by basis and by name."""
    duty = read(county, today=TODAY, year=year, **kwargs)  # type: ignore[arg-type]
    names = {municipality.pk: str(municipality) for municipality in duty.municipalities}
    return {
        found.basis.value: {names[row.municipality]: row.standing for row in found.positions}
        for found in duty.coverages
    }


def test_through_the_lifecycle(
    terms: None,
    in_scope: County,
    hankasalmi: Municipality,
    joutsa: Municipality,
    luhanka: Municipality,
    coordinator: User,
) -> None:
    """One came, one stayed away, one was left out; the part that was not dealt with serves nobody."""
    round_ = make_round(in_scope, legal_bases=list(BOTH))
    negotiation = convene(make_negotiation(round_, [hankasalmi, joutsa], bases=BOTH), by=coordinator)
    hold(
        negotiation,
        by=coordinator,
        stayed_away=[negotiation.parties.get(municipality=joutsa)],
        not_dealt_with=[negotiation.parts.get(legal_basis=COOPERATION)],
    )
    found = standings(in_scope)
    assert found[WELFARE.value] == {
        "Hankasalmi": Standing.DONE,
        "Joutsa": Standing.STAYED_AWAY,
        "Luhanka": Standing.MISSING,
    }
    assert set(found[COOPERATION.value].values()) == {Standing.MISSING}


def test_outside_a_round_counts_and_a_plan_does_not(
    terms: None, in_scope: County, hankasalmi: Municipality, joutsa: Municipality, coordinator: User
) -> None:
    """Continuous negotiation is negotiation; a plan of 6.9.2023 tells nothing of what was held."""
    make_held(make_round(in_scope), [hankasalmi], by=coordinator)
    Negotiation.objects.update(round=None)
    plan = make_round(in_scope, name="Suunnitelma", plan_as_of=date(2023, 9, 6))
    make_negotiation(plan, [joutsa])
    assert standings(in_scope)[WELFARE.value] == {"Hankasalmi": Standing.DONE, "Joutsa": Standing.NOT_KNOWN}
    assert standings(in_scope, towards=[joutsa])[WELFARE.value] == {"Joutsa": Standing.NOT_KNOWN}


def test_a_cancelled_one_and_another_year(
    terms: None, in_scope: County, hankasalmi: Municipality, coordinator: User
) -> None:
    """Neither counts; the year before had its own."""
    round_ = make_round(in_scope)
    cancel(make_negotiation(round_, [hankasalmi]), reason="Sairastuminen", by=coordinator)
    make_held(round_, [hankasalmi], by=coordinator, day=date(2023, 9, 28))
    assert standings(in_scope)[WELFARE.value] == {"Hankasalmi": Standing.MISSING}
    assert standings(in_scope, year=2023)[WELFARE.value] == {"Hankasalmi": Standing.DONE}
    assert years(today=TODAY) == [2024, 2023]


def test_without_a_known_term_only_the_year_is_shown(terms: None, in_scope: County, hankasalmi: Municipality) -> None:
    """Nothing is said of 14 § in a year before the counties."""
    assert set(standings(in_scope, year=2021)) == {WELFARE.value}


def test_other_actors_are_told_apart_from_municipalities(
    terms: None, in_scope: County, hankasalmi: Municipality, coordinator: User
) -> None:
    """Who was invited and who came: parties, and people by head count."""
    negotiation = make_negotiation(make_round(in_scope), [hankasalmi])
    for n in (1, 2):
        Party.objects.create(
            county=in_scope, negotiation=negotiation, organisation=organisation(in_scope, f"Y {n}", Sector.ORGANISATION)
        )
    add_head_counts(negotiation, {Sector.PARISH: 4, Sector.ORGANISATION: 3, Sector.COUNTY: 9, Sector.MUNICIPALITY: 6})
    negotiation = convene(negotiation, by=coordinator)
    hold(negotiation, by=coordinator, stayed_away=list(negotiation.parties.filter(organisation__name="Y 2")))
    duty = read(in_scope, today=TODAY, with_others=True)
    told = Others(("Y 1", "Y 2"), ("Y 1",), ((Sector.ORGANISATION, 3), (Sector.PARISH, 4)))
    assert duty.coverages[-1].others == {negotiation.pk: told}
    assert (told.attended, told.stayed_away) == (7, ("Y 2",))


def test_it_is_read_in_three_queries(
    terms: None, in_scope: County, hankasalmi: Municipality, joutsa: Municipality, coordinator: User
) -> None:
    """However many negotiations there are; the other actors take two more."""

    def cost(*, with_others: bool) -> int:
        with CaptureQueriesContext(connection) as queries:
            duty = read(in_scope, today=TODAY, with_others=with_others)
            assert len(duty.coverages) == 2
        return len(queries)

    round_ = make_round(in_scope)
    make_held(round_, [hankasalmi], by=coordinator, bases=BOTH)
    assert (cost(with_others=False), cost(with_others=True)) == (3, 5)
    for _n in range(3):
        make_held(round_, [hankasalmi, joutsa], by=coordinator, bases=BOTH)
    assert (cost(with_others=False), cost(with_others=True)) == (3, 5)
