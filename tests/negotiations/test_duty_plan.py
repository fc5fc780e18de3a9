"""What a plan would leave of the duty: by rows, and as it is read for the board."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from municipalities.models import CouncilTerm, County, Municipality, User
from negotiations.followup.duty import Leaves, Life, Period, PlanLeft, Sitting, of_plan, year_of
from negotiations.followup.duty.plan import left_towards, lines_of
from negotiations.models import LegalBasis, Negotiation, Round
from negotiations.sitting.conduct import cancel, convene, hold
from tests.factories import BOTH, make_held, make_municipality, make_negotiation, make_round

COOPERATION, WELFARE = LegalBasis.COOPERATION, LegalBasis.WELFARE
TODAY = date(2024, 10, 15)
YEAR = year_of(2024)
ROUND = 5

PLANNED = Sitting(
    negotiation=1,
    municipality=7,
    basis=WELFARE,
    state="planned",
    participation="invited",
    dealt_with=False,
    earliest=date(2024, 11, 20),
    latest=date(2024, 11, 20),
    precision="minute",
    round=ROUND,
)
MONTH = replace(PLANNED, earliest=date(2024, 11, 1), latest=date(2024, 11, 30), precision="month")
HELD = replace(
    PLANNED,
    state="held",
    participation="took_part",
    dealt_with=True,
    earliest=date(2024, 9, 26),
    latest=date(2024, 9, 26),
)
PLAN_ONLY = replace(
    PLANNED, plan_as_of=date(2024, 9, 6), earliest=date(2024, 9, 26), latest=date(2024, 9, 26), negotiation=4
)


def left(*rows: Sitting, **told: object) -> Leaves | None:
    """Return what is left towards the municipality of these rows."""
    return left_towards(rows, YEAR, **({"round_": ROUND, "today": TODAY} | told))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (HELD, Leaves.HELD),
        (replace(HELD, dealt_with=False), Leaves.MISSING),
        (replace(HELD, participation="stayed_away"), Leaves.STAYED_AWAY),
        (replace(HELD, participation="invited"), Leaves.NOT_KNOWN),
        (PLANNED, Leaves.DATED),
        (replace(PLANNED, state="convened"), Leaves.DATED),
        # A negotiation outside the round meets the duty as well.
        (replace(PLANNED, round=None), Leaves.DATED),
        (replace(PLANNED, state="cancelled"), Leaves.MISSING),
        (replace(PLANNED, earliest=TODAY, latest=TODAY), Leaves.DATED),
        (replace(PLANNED, earliest=date(2024, 10, 14), latest=date(2024, 10, 14)), Leaves.NOT_KNOWN),
        (MONTH, Leaves.MONTH),
        # Of this month days are left; of September none.
        (replace(MONTH, earliest=date(2024, 10, 1), latest=date(2024, 10, 31)), Leaves.MONTH),
        (replace(MONTH, earliest=date(2024, 9, 1), latest=date(2024, 9, 30)), Leaves.NOT_KNOWN),
        (replace(MONTH, earliest=date(2024, 12, 1), latest=date(2025, 1, 31)), Leaves.OPEN),
        # Days, of which some are of the next year.
        (replace(PLANNED, earliest=date(2024, 12, 31), latest=date(2025, 1, 2), precision="day"), Leaves.OPEN),
        (replace(PLANNED, earliest=date(2025, 1, 2), latest=date(2025, 1, 2)), Leaves.MISSING),
        # The plan of another round tells nothing; that of this round is what is asked about.
        (replace(PLAN_ONLY, round=ROUND + 1), Leaves.NOT_KNOWN),
        (PLAN_ONLY, Leaves.DATED),
        (replace(PLAN_ONLY, state="cancelled"), Leaves.MISSING),
    ],
)
def test_what_one_negotiation_leaves(row: Sitting, expected: Leaves) -> None:
    """A day is told from a month, and a month within the year from one that may be outside it."""
    assert left(row) == expected


def test_the_best_of_several_decides() -> None:
    """What is held outweighs what is planned, a day outweighs a month, a new time a municipality that stayed away."""
    away = replace(HELD, participation="stayed_away")
    assert left(PLANNED, HELD) == Leaves.HELD
    assert left(MONTH, PLANNED) == Leaves.DATED
    assert left(away, MONTH) == Leaves.MONTH
    assert left(replace(PLANNED, state="cancelled"), away) == Leaves.STAYED_AWAY
    assert left() == Leaves.MISSING


def test_one_that_is_no_more_is_told_apart() -> None:
    """It ended in the middle of a term: nothing can be planned with it any more, and its next term is not its own."""
    term, following = Period(date(2022, 3, 1), date(2025, 5, 31)), Period(date(2025, 6, 1), date(2029, 5, 31))
    life = Life("Pertunmaa", ends_on=date(2024, 12, 31), into="Mäntyharju")
    told = {"life": life, "round_": ROUND}
    assert left_towards([], term, today=date(2024, 12, 31), **told) == Leaves.MISSING  # type: ignore[arg-type]
    assert left_towards([], term, today=date(2025, 1, 1), **told) == Leaves.MERGED  # type: ignore[arg-type]
    assert left_towards([HELD], term, today=date(2025, 1, 1), **told) == Leaves.HELD  # type: ignore[arg-type]
    assert left_towards([HELD], following, today=TODAY, **told) is None  # type: ignore[arg-type]


def test_the_lines_begin_with_what_has_to_be_done_something_about() -> None:
    """In the order of the names that were given, whatever the ids are."""
    names = {9: "Hankasalmi", 7: "Joutsa", 8: "Luhanka", 3: "Äänekoski"}
    rows = [PLANNED, replace(PLANNED, municipality=9, negotiation=2), replace(HELD, municipality=3)]
    lines = lines_of(names, WELFARE, rows, YEAR, round_=ROUND, today=TODAY)
    assert [(line.leaves, line.names, line.municipalities) for line in lines] == [
        (Leaves.MISSING, ("Luhanka",), (8,)),
        (Leaves.DATED, ("Hankasalmi", "Joutsa"), (9, 7)),
        (Leaves.HELD, ("Äänekoski",), (3,)),
    ]


# --- As it is read ------------------------------------------------------------------------------------------


def names(row: PlanLeft) -> dict[Leaves, tuple[str, ...]]:
    """Return the names by what is left, in the order in which they are told."""
    return {line.leaves: line.names for line in row.lines}


@pytest.fixture
def term(db: None) -> CouncilTerm:
    """The first term of the county councils."""
    row: CouncilTerm = CouncilTerm.objects.get_or_create(
        body=CouncilTerm.Body.COUNTY, starts_on=date(2022, 3, 1), defaults={"ends_on": date(2025, 5, 31)}
    )[0]
    return row


def test_the_plan_of_a_round(
    term: CouncilTerm,
    in_scope: County,
    hankasalmi: Municipality,
    joutsa: Municipality,
    luhanka: Municipality,
    coordinator: User,
) -> None:
    """Held, with a day, with a month only, cancelled, stayed away: as it stands after each step."""
    toivakka, muurame = make_municipality(in_scope, "850", "Toivakka"), make_municipality(in_scope, "500", "Muurame")
    round_ = make_round(in_scope, legal_bases=list(BOTH))
    make_held(round_, [hankasalmi], by=coordinator, bases=BOTH)
    make_negotiation(round_, [joutsa], bases=BOTH, day=date(2024, 11, 20))
    months: dict[str, object] = {
        "precision": Negotiation.Precision.MONTH,
        "earliest": date(2024, 11, 1),
        "latest": date(2024, 12, 31),
        "starts_at": None,
        "ends_at": None,
    }
    make_negotiation(round_, [muurame], bases=[COOPERATION], **months)  # type: ignore[arg-type]
    gone = make_negotiation(round_, [luhanka], bases=BOTH, day=date(2024, 11, 21))
    away = convene(make_negotiation(round_, [toivakka, hankasalmi], bases=BOTH), by=coordinator)
    hold(away, by=coordinator, stayed_away=[away.parties.get(municipality=toivakka)])
    cancel(gone, reason="Sairastuminen", by=coordinator)
    cooperation, welfare = of_plan(round_, today=TODAY)
    assert (cooperation.basis, cooperation.period) == (COOPERATION, Period(term.starts_on, term.ends_on))
    assert (welfare.basis, welfare.period) == (WELFARE, YEAR)
    assert names(cooperation) == {
        Leaves.MISSING: ("Luhanka",),
        Leaves.STAYED_AWAY: ("Toivakka",),
        Leaves.MONTH: ("Muurame",),
        Leaves.DATED: ("Joutsa",),
        Leaves.HELD: ("Hankasalmi",),
    }
    assert (cooperation.assured, cooperation.total) == (3, 5)
    # The negotiation with Muurame is for 14 § only.
    assert names(welfare)[Leaves.MISSING] == ("Luhanka", "Muurame")
    assert (welfare.assured, welfare.total) == (2, 5)
    assert not welfare.is_whole


def test_a_plan_of_the_past_is_told_as_a_plan(term: CouncilTerm, in_scope: County, hankasalmi: Municipality) -> None:
    """Of the round that is known only as a plan its days are told; those of another tell nothing."""
    plan = make_round(in_scope, year=2023, plan_as_of=date(2023, 9, 6), legal_bases=list(BOTH), term=term)
    make_negotiation(plan, [hankasalmi], bases=BOTH, day=date(2023, 9, 7))
    assert [names(row) for row in of_plan(plan, today=TODAY)] == [{Leaves.DATED: ("Hankasalmi",)}] * 2
    later = make_round(in_scope, name="Kevät", legal_bases=[COOPERATION], term=term)
    (row,) = of_plan(later, today=TODAY)
    assert names(row) == {Leaves.NOT_KNOWN: ("Hankasalmi",)}
    assert not row.is_whole


def test_a_round_of_the_year_of_the_change_of_terms(in_scope: County, term: CouncilTerm) -> None:
    """A spring round serves the term that ends on 31.5.2025, an autumn round the next; a round may name another."""
    following = CouncilTerm.objects.create(body="county", starts_on=date(2025, 6, 1), ends_on=date(2029, 5, 31))

    def starts(name: str, day: date, **fields: object) -> date | None:
        round_ = make_round(in_scope, name=name, year=2025, starts_on=day, ends_on=date(2025, 12, 1), **fields)
        (row,) = of_plan(round_, today=TODAY)
        return row.period.starts_on if row.period else None

    only = {"legal_bases": [COOPERATION]}
    assert starts("Kevät", date(2025, 3, 1), **only) == term.starts_on
    assert starts("Viimeinen päivä", date(2025, 5, 31), **only) == term.starts_on
    assert starts("Syksy", date(2025, 6, 1), **only) == following.starts_on
    assert starts("Sanottu", date(2025, 3, 1), term=following, **only) == following.starts_on


def test_it_is_read_in_as_many_queries_however_many_there_are(
    term: CouncilTerm, in_scope: County, hankasalmi: Municipality, joutsa: Municipality, coordinator: User
) -> None:
    """The county and the term of the round included."""
    pk = make_round(in_scope, legal_bases=list(BOTH), term=term).pk

    def cost() -> int:
        round_ = Round.objects.get(pk=pk)
        with CaptureQueriesContext(connection) as queries:
            assert len(of_plan(round_, today=TODAY)) == 2
        return len(queries)

    make_held(Round.objects.get(pk=pk), [hankasalmi], by=coordinator, bases=BOTH)
    assert cost() == 4
    for _n in range(3):
        make_negotiation(Round.objects.get(pk=pk), [hankasalmi, joutsa], bases=BOTH)
    assert cost() == 4


def test_without_a_known_term_nothing_is_said_of_14(in_scope: County, hankasalmi: Municipality) -> None:
    """Neither that anybody is missing nor that nobody is."""
    round_ = make_round(
        in_scope, legal_bases=list(BOTH), year=2035, starts_on=date(2035, 9, 1), ends_on=date(2035, 12, 1)
    )
    cooperation, welfare = of_plan(round_, today=TODAY)
    assert (cooperation.period, cooperation.lines, cooperation.is_whole) == (None, (), False)
    assert names(welfare) == {Leaves.MISSING: ("Hankasalmi",)}
