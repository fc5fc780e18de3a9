"""The stages of a round's year: templates, how each stands, how they are kept, the decision and what changed since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time, timedelta
from functools import partial
from itertools import pairwise

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_scopes import scope
from hypothesis import given
from hypothesis import strategies as st

from municipalities.models import County, Event, Municipality, User
from municipalities.moves import NotAllowedNow
from negotiations.log import WORDS, log_of
from negotiations.models import Negotiation, Round, RoundStage
from negotiations.planning.rounds import change_round
from negotiations.planning.slots import DayException, ExceptionKind, Hours, IsoWeek, SlotRule, change_rule
from negotiations.planning.stages.approving import (
    Approval,
    Change,
    approve,
    changes_since_approval,
    remove_approval,
    restore_approval,
)
from negotiations.planning.stages.keeping import (
    MOST_STAGES,
    When,
    add_from_template,
    add_stage,
    change_stage,
    mark_done,
    move_stage,
    remove_stage,
    restore_stage,
    take_back_added,
    take_back_done,
    templates_of,
)
from negotiations.planning.stages.standing import (
    Sitting,
    Stage,
    Standing,
    in_order,
    span_of,
    stages_of,
    standing_of,
)
from negotiations.planning.stages.templates import (
    AUTUMN,
    SHORT,
    SPRING,
    TEMPLATES,
    UsualStage,
    month_of,
    number_of,
    templates_for,
)
from negotiations.sitting.conduct import cancel
from tests.factories import make_held, make_negotiation, make_round

AUGUST: When = (date(2024, 8, 1), date(2024, 8, 31))
DECEMBER: When = (date(2024, 12, 1), date(2024, 12, 31))
RULE = SlotRule(IsoWeek(2024, 36), IsoWeek(2024, 39), (4,), (Hours(time(8, 15), time(12)),))
days = st.dates(date(2022, 1, 1), date(2027, 12, 31))

# --- Templates ------------------------------------------------------------------------------------------------


def test_a_stage_may_end_in_the_december_before() -> None:
    """December of the year before is month 0, which is no missing month."""
    assert UsualStage("Arvio", "Kunnat", -1, 0).span(2024) == (date(2023, 11, 1), date(2023, 12, 31))


@given(st.integers(2020, 2100), st.integers(-11, 24))
def test_months_are_counted_from_january_over_the_ends_of_the_year(year: int, number: int) -> None:
    """1 is January; each next number is the next month; twelve more are the same month of the next year."""
    month = month_of(year, number)
    assert month.day == 1
    assert month_of(year, 1) == date(year, 1, 1)
    assert (month_of(year, number + 1) - month).days in {28, 29, 30, 31}
    assert month_of(year, number + 12) == month_of(year + 1, number) == month.replace(year=month.year + 1)


def spans(template_key: str, year: int) -> dict[str, tuple[date, date] | None]:
    """Return the days of a template's stages by their names."""
    (template,) = (template for template in TEMPLATES if template.key == template_key)
    return {str(stage.name): stage.span(year) for stage in template.stages}


def test_autumn_goes_over_to_the_january_of_the_next_year() -> None:
    """The board approves by August; in January the board and the council note the summary."""
    found = spans("syksy", 2023)
    assert found["Aikataulun, edustuksen ja toteutustavan hyväksyminen"] == (date(2023, 6, 1), date(2023, 8, 31))
    assert found["Kertomusten ja suunnitelmien toimittaminen hyvinvointialueelle"] == (
        date(2023, 3, 1),
        date(2023, 5, 31),
    )
    assert found["Purku ja palaute"] == (date(2023, 12, 1), date(2023, 12, 31))
    for name in ("Yhteenveto aluehallitukselle", "Yhteenveto aluevaltuustolle"):
        assert found[name] == (date(2024, 1, 1), date(2024, 1, 31))
    assert found["Toimenpiteiden seuranta"] is None


def test_spring_begins_in_the_december_before() -> None:
    """As Keusote's of 2023: an estimate in 12/2022, results in March, the leaders' forum in April–May, HUS unknown."""
    found = spans("kevat", 2023)
    assert found["Arvio kuntien valmiudesta neuvotella"] == (
        date(2022, 12, 1),
        date(2022, 12, 31),
    )
    assert found["Yhteenveto aluehallitukselle"] is None
    assert found["Arvio järjestöyhteistyöstä"] == (date(2023, 3, 1), date(2023, 3, 31))
    assert found["Painopisteiden terävöittäminen"] == (date(2023, 4, 1), date(2023, 5, 31))
    assert found["Hyte-neuvottelu HUS-yhtymän kanssa"] is None


@given(st.integers(2020, 2100))
def test_every_stage_of_every_template_is_of_whole_months_near_the_year(year: int) -> None:
    """From December before it to January after it, in order, the last month to its end (leap years too)."""
    for template in TEMPLATES:
        for stage in template.stages:
            if span := stage.span(year):
                assert date(year - 1, 12, 1) <= span[0] < span[1] <= date(year + 1, 1, 31)
                assert span[0].day == 1
                assert (span[1] + timedelta(days=1)).day == 1


def test_the_template_that_suits_the_form_comes_first() -> None:
    """And all are offered."""
    firsts = {form: templates_for(form)[0] for form in Round.Form}
    assert firsts == {"municipalities": AUTUMN, "groups": AUTUMN, "region": SPRING, "themes": SPRING}
    assert all(len(templates_for(form)) == len(TEMPLATES) for form in Round.Form)
    names = [template.stages for template in TEMPLATES]
    assert all(len({str(stage.name) for stage in stages}) == len(stages) for stages in names)


@given(st.integers(2020, 2100), st.integers(2020, 2100), st.integers(-11, 24))
def test_the_number_of_a_month_is_counted_back(year: int, other: int, number: int) -> None:
    """From any of its days; and a year later it is the same number."""
    month = month_of(year, number)
    assert number_of(year, month) == number_of(year, month.replace(day=28)) == number
    assert number_of(other, month_of(other, number)) == number


# --- How a stage stands -----------------------------------------------------------------------------------------


@given(days, days, days, st.booleans(), st.booleans())
def test_a_stage_stands_in_one_way(one: date, other: date, today: date, done: bool, only_plan: bool) -> None:
    """What is done is done whenever; the others follow from the days alone; of a plan nothing is said to be late."""
    earliest, latest = min(one, other), max(one, other)
    standing = standing_of(earliest, latest, done=done, today=today, only_plan=only_plan)
    if done:
        assert standing == Standing.DONE
    else:
        assert (standing in {Standing.LATE, Standing.NOT_KNOWN}) == (latest < today)
        assert (standing == Standing.NOW) == (earliest <= today <= latest)
        assert (standing == Standing.COMING) == (today < earliest)
    assert not (only_plan and standing == Standing.LATE)
    assert (standing == Standing.NOT_KNOWN) <= only_plan


@pytest.mark.parametrize(
    ("today", "standing"),
    [
        (date(2024, 7, 31), Standing.COMING),
        (date(2024, 8, 1), Standing.NOW),
        (date(2024, 8, 31), Standing.NOW),
        (date(2024, 9, 1), Standing.LATE),
    ],
)
def test_the_borders_of_a_month(today: date, standing: Standing) -> None:
    """Under way on its first and its last day, late from the day after."""
    assert standing_of(*AUGUST, done=False, today=today) == standing  # type: ignore[misc]


def test_without_a_date_nothing_is_late() -> None:
    """But it can be done."""
    today = date(2030, 1, 1)
    assert standing_of(None, None, done=False, today=today) == Standing.UNDATED
    assert standing_of(None, None, done=True, today=today) == Standing.DONE
    assert {standing.words for standing in Standing} and len({standing.words for standing in Standing}) == 6


def stage(name: str, when: When, pk: int | None = 1) -> Stage:
    """Return a stage as it is shown."""
    earliest, latest = when or (None, None)
    return Stage(name, "", earliest, latest, Standing.COMING, pk=pk)


whens = st.none() | st.tuples(days, days).map(lambda two: (min(two), max(two)))


@given(st.lists(whens, max_size=8))
def test_stages_are_numbered_in_order_of_time(given_whens: list[When]) -> None:
    """Each once, those without a date last, and equals in the order given; only equals can change places."""
    shown = in_order([stage(str(place), when, pk=place + 1) for place, when in enumerate(given_whens)])
    assert [row.number for row in shown] == list(range(1, len(given_whens) + 1))
    assert sorted(row.name for row in shown) == sorted(str(place) for place in range(len(given_whens)))
    for before, after in pairwise(shown):
        keys = [(row.earliest or date.max, row.latest or date.max) for row in (before, after)]
        assert keys[0] <= keys[1]
        equal = keys[0] == keys[1]
        assert before.can_go_down == after.can_go_up == equal
        if equal:
            assert int(before.name) < int(after.name)


def test_the_negotiations_do_not_change_places() -> None:
    """They have no row."""
    shown = in_order([stage("a", AUGUST), stage("b", AUGUST, pk=2), stage("neuvottelut", AUGUST, pk=None)])
    assert [(row.can_go_up, row.can_go_down) for row in shown] == [(False, True), (True, False), (False, False)]


def test_words_of_the_days() -> None:
    """A day with its weekday, days as a span, months as months."""
    assert stage("a", (date(2023, 8, 15), date(2023, 8, 15))).when == "ti\N{NO-BREAK SPACE}15.8.2023"
    assert stage("a", (date(2023, 6, 1), date(2023, 8, 31))).when == "kesä–elokuu 2023"
    assert stage("a", (date(2023, 8, 31), date(2023, 12, 1))).when == "31.8.–1.12.2023"
    assert stage("a", None).when == ""


# --- The negotiations as one stage ------------------------------------------------------------------------------


def test_the_days_of_the_sittings() -> None:
    """From the first to the last; of one known to the year only, what is inside the round's months."""
    starts, ends = date(2023, 3, 1), date(2023, 5, 31)
    assert span_of([], starts, ends) == (starts, ends)
    regional = Sitting(date(2023, 3, 1), date(2023, 4, 30))
    with_hus = Sitting(date(2023, 1, 1), date(2023, 12, 31))
    assert span_of([regional], starts, ends) == (date(2023, 3, 1), date(2023, 4, 30))
    assert span_of([regional, with_hus], starts, ends) == (starts, ends)
    outside = Sitting(date(2023, 9, 5), date(2023, 9, 5))
    assert span_of([regional, outside], starts, ends) == (date(2023, 3, 1), date(2023, 9, 5))


@pytest.fixture
def round_(in_scope: County) -> Round:
    """A round of 2024."""
    return make_round(in_scope)


def shown_as(round_: Round, today: date) -> Stage:
    """Return the negotiations of a round as a stage."""
    (found,) = (row for row in stages_of(round_, today=today) if row.pk is None)
    return found


def test_the_negotiations_are_one_stage(
    round_: Round, hankasalmi: Municipality, joutsa: Municipality, coordinator: User
) -> None:
    """Late while one is not held after the last day, done with the last one; a cancelled one is none."""
    add_stage(round_, RoundStage(name="Kutsut"), AUGUST, by=None)
    assert shown_as(round_, date(2024, 8, 1)).note == "Yhtään ei ole vielä perustettu."
    make_held(round_, [hankasalmi], day=date(2024, 9, 12))
    coming = make_negotiation(round_, [joutsa], day=date(2024, 10, 3))
    found = shown_as(round_, date(2024, 10, 1))
    assert (found.earliest, found.latest, found.standing) == (date(2024, 9, 12), date(2024, 10, 3), Standing.NOW)
    assert found.note == "1 / 2 pidetty"
    assert shown_as(round_, date(2024, 10, 4)).standing == Standing.LATE
    Round.objects.filter(pk=round_.pk).update(plan_as_of=date(2024, 9, 1))
    plan = Round.objects.get(pk=round_.pk)
    assert shown_as(plan, date(2024, 10, 4)).standing == Standing.NOT_KNOWN
    cancel(coming, reason="Este.", by=coordinator)
    found = shown_as(round_, date(2024, 10, 4))
    assert (found.latest, found.standing, found.note) == (date(2024, 9, 12), Standing.DONE, "1 / 1 pidetty")


def test_without_stages_there_is_nothing_to_show(round_: Round, hankasalmi: Municipality) -> None:
    """The negotiations alone are no year."""
    make_negotiation(round_, [hankasalmi])
    assert stages_of(round_, today=date(2024, 9, 1)) == []


# --- Kept -------------------------------------------------------------------------------------------------------


def names(round_: Round) -> list[str]:
    """Return the names of a round's stages in order."""
    return list(RoundStage.objects.filter(round=round_).order_by("position").values_list("name", flat=True))


def test_a_template_is_added_once(round_: Round) -> None:
    """What is there by name, in whatever letters, is not added again; another template adds what it has besides."""
    add_stage(round_, RoundStage(name="kutsujen LÄHETTÄMINEN"), None, by=None)
    made = add_from_template(round_, AUTUMN, by=None)
    assert len(made) == len(AUTUMN.stages) - 1
    assert add_from_template(round_, AUTUMN, by=None) == []
    assert [row.name for row in add_from_template(round_, SHORT, by=None)] == [
        "Hyvinvointikertomusten toimittaminen hyvinvointialueelle"
    ]
    assert len(set(names(round_))) == len(names(round_)) == len(AUTUMN.stages) + 1
    to_board = RoundStage.objects.get(name="Yhteenveto aluehallitukselle")
    assert (to_board.earliest, to_board.latest, to_board.body) == (
        date(2025, 1, 1),
        date(2025, 1, 31),
        "Aluehallitus",
    )


def test_a_template_is_in_the_language_of_the_round(round_: Round) -> None:
    """Whoever adds it, and however they read the pages."""
    Round.objects.filter(pk=round_.pk).update(language="sv")
    made = add_from_template(round_, SHORT, by=None)
    assert {row.body for row in made} >= {"Välfärdsområdesstyrelsen", "Välfärdsområdesfullmäktige"}


def test_the_last_round_is_a_template_of_the_county(round_: Round, keski_uusimaa: County) -> None:
    """Its stages come in the same months, the year moved; nothing is proposed from later rounds or other counties."""
    with scope(county=keski_uusimaa):
        add_stage(make_round(keski_uusimaa, year=2023), RoundStage(name="Muu"), None, by=None)
    assert [template.key for template in templates_of(round_)] == ["syksy", "kevat", "lyhyt"]
    for year, name in ((2021, "Vanha"), (2023, "Viime"), (2025, "Ensi")):
        earlier = make_round(round_.county, year=year, name=name)
        add_stage(earlier, RoundStage(name=f"Päätös {year}", body="Aluehallitus"), AUGUST, by=None)
    former = Round.objects.get(year=2023)
    for name, when in (
        ("Päätös", (date(2023, 8, 15), date(2023, 8, 15))),
        ("Yhteenveto", (date(2024, 1, 1), date(2024, 2, 29))),
        ("Seuranta", None),
    ):
        add_stage(former, RoundStage(name=name, description="Teksti"), when, by=None)
    make_round(round_.county, year=2023, name="Tyhjä", starts_on=date(2023, 12, 1), ends_on=date(2023, 12, 2))
    with CaptureQueriesContext(connection) as queries:
        own = templates_of(round_)[0]
    assert len(queries) == 2
    assert (own.key, str(own.name)) == (f"kierros-{former.pk}", "Kuten kierroksella ”Viime”")
    made = add_from_template(round_, own, by=None)
    assert [(row.name, row.earliest, row.latest) for row in made][1:] == [
        ("Päätös", date(2024, 8, 1), date(2024, 8, 31)),
        ("Yhteenveto", date(2025, 1, 1), date(2025, 2, 28)),
        ("Seuranta", None, None),
    ]
    assert made[-1].description == "Teksti"
    assert not add_from_template(round_, own, by=None)
    round_.form = Round.Form.REGION
    assert [template.key for template in templates_of(round_)] == ["kevat", own.key, "syksy", "lyhyt"]


def test_what_a_template_added_is_taken_back_but_for_what_is_done(round_: Round) -> None:
    """And nothing of another round."""
    made = add_from_template(round_, SHORT, by=None)
    own = add_stage(round_, RoundStage(name="Oma"), None, by=None)
    other = add_stage(make_round(round_.county, name="Toinen"), RoundStage(name="Muu"), None, by=None)
    mark_done(made[0], by=None)
    gone = take_back_added(round_, [*(row.pk for row in made), other.pk], by=None)
    assert len(gone) == len(made) - 1
    assert names(round_) == [made[0].name, own.name]
    assert RoundStage.objects.filter(pk=other.pk).exists()
    assert take_back_added(round_, [row.pk for row in made[1:]], by=None) == []


def test_there_is_a_limit(round_: Round) -> None:
    """A template is added whole or not at all."""
    RoundStage.objects.bulk_create(
        RoundStage(county=round_.county, round=round_, position=n, name=f"V{n}") for n in range(1, MOST_STAGES)
    )
    with pytest.raises(ValidationError, match="enintään 60"):
        add_from_template(round_, SHORT, by=None)
    add_stage(round_, RoundStage(name="Viimeinen"), None, by=None)
    with pytest.raises(ValidationError, match="enintään 60"):
        add_stage(round_, RoundStage(name="Liikaa"), None, by=None)
    assert RoundStage.objects.filter(round=round_).count() == MOST_STAGES


def test_done_and_taken_back(round_: Round, coordinator: User) -> None:
    """Pressed twice it is done once; a day to come is refused."""
    row = add_stage(round_, RoundStage(name="Kutsut"), AUGUST, by=None)
    mark_done(row, on=date(2024, 8, 20), by=coordinator)
    assert mark_done(row, by=coordinator).done_on == date(2024, 8, 20)
    assert Event.objects.filter(verb="stage_done").count() == 1
    assert take_back_done(row, by=coordinator) == date(2024, 8, 20)
    assert take_back_done(row, by=coordinator) is None
    assert Event.objects.filter(verb="stage_not_done").count() == 1
    with pytest.raises(NotAllowedNow, match="vasta, kun se on tehty"):
        mark_done(row, on=timezone.localdate() + timedelta(days=1), by=coordinator)
    row.refresh_from_db()
    assert row.done_on is None


def test_only_stages_of_the_same_days_change_places(round_: Round) -> None:
    """Also those without a date; and one between them that is of other days stays where it is."""
    for name, when in (("a", AUGUST), ("x", DECEMBER), ("b", AUGUST), ("u", None), ("v", None)):
        add_stage(round_, RoundStage(name=name), when, by=None)
    rows = {row.name: row for row in RoundStage.objects.all()}
    assert move_stage(rows["b"], up=True, by=None)
    assert names(round_) == ["b", "x", "a", "u", "v"]
    assert not move_stage(rows["b"], up=True, by=None)
    assert not move_stage(rows["x"], up=False, by=None)
    assert move_stage(rows["u"], up=False, by=None)
    assert names(round_) == ["b", "x", "a", "v", "u"]


def test_removed_and_brought_back(round_: Round) -> None:
    """To its place with all it had; twice brought back, it is there once; and last where its place is taken."""
    add_stage(round_, RoundStage(name="a"), AUGUST, by=None)
    row = add_stage(round_, RoundStage(name="b", body="Aluehallitus", description="Teksti"), DECEMBER, by=None)
    add_stage(round_, RoundStage(name="c"), None, by=None)
    mark_done(row, on=date(2024, 12, 2), by=None)
    removed = remove_stage(row, by=None)
    assert names(round_) == ["a", "c"]
    back = restore_stage(round_, removed, by=None)
    assert names(round_) == ["a", "b", "c"]
    assert (back.body, back.description, back.earliest, back.done_on) == (
        "Aluehallitus",
        "Teksti",
        date(2024, 12, 1),
        date(2024, 12, 2),
    )
    with pytest.raises(NotAllowedNow, match="on jo vaihe ”b”"):
        restore_stage(round_, removed, by=None)
    again = restore_stage(round_, replace(removed, name="d"), by=None)
    assert names(round_) == ["a", "b", "c", "d"]
    assert again.pk != back.pk


def test_an_edit_that_changes_nothing_is_no_event_and_keeps_the_place(round_: Round) -> None:
    """Another may have moved the stage while it was edited."""
    row = add_stage(round_, RoundStage(name="a"), AUGUST, by=None)
    add_stage(round_, RoundStage(name="b"), AUGUST, by=None)
    stale = RoundStage.objects.get(pk=row.pk)
    move_stage(row, up=False, by=None)
    change_stage(stale, AUGUST, fields=[], by=None)
    assert not Event.objects.filter(verb="stage_changed").exists()
    stale.name = "aa"
    change_stage(stale, None, fields=["name"], by=None)
    assert names(round_) == ["b", "aa"]
    assert Event.objects.get(verb="stage_changed").payload == {
        "stage": row.pk,
        "fields": ["name", "time"],
        "former": ["2024-08-01", "2024-08-31"],
        "now": None,
    }


def test_what_somebody_has_removed_meanwhile_is_told(round_: Round) -> None:
    """Whatever one was about to do with it; and nothing is recorded."""
    row = add_stage(round_, RoundStage(name="a"), AUGUST, by=None)
    remove_stage(RoundStage.objects.get(pk=row.pk), by=None)
    count = Event.objects.count()
    for does in (mark_done, take_back_done, remove_stage, partial(move_stage, up=True)):
        with pytest.raises(NotAllowedNow, match="sillä välin poistanut"):
            does(row, by=None)
    with pytest.raises(NotAllowedNow, match="sillä välin poistanut"):
        change_stage(row, None, fields=["name"], by=None)
    assert Event.objects.count() == count


def test_everything_done_is_told_in_the_log(round_: Round, coordinator: User) -> None:
    """With the stage's name while it is there, who did it, and the days in words."""
    by = coordinator
    row = add_stage(round_, RoundStage(name="Kutsut"), AUGUST, by=by)
    made = add_from_template(round_, SHORT, by=by)
    take_back_added(round_, [stage.pk for stage in made], by=by)
    other = add_stage(round_, RoundStage(name="Toiset"), AUGUST, by=by)
    move_stage(other, up=True, by=by)
    change_stage(row, DECEMBER, fields=[], by=by)
    change_stage(row, DECEMBER, fields=["body"], by=by)
    mark_done(row, by=by)
    take_back_done(row, by=by)
    restore_stage(round_, remove_stage(other, by=by), by=by)
    approve(round_, Approval("Aluehallitus", date(2024, 8, 15)), by=by)
    approve(round_, Approval("Aluehallitus", date(2024, 8, 15), "7"), by=by)
    restore_approval(round_, remove_approval(round_, by=by), by=by)
    events = Event.objects.filter(subject="negotiations.round")
    assert {(event.subject, event.verb) for event in events} <= set(WORDS)
    told = [happened.words for happened in log_of([round_])]
    assert len(told) == events.count()
    assert "Coordinator lisäsi vuoden vaiheen: Kutsut." in told
    assert "Coordinator muutti vuoden vaiheen aikaa, oli elokuu 2024, nyt joulukuu 2024: Kutsut." in told
    assert "Coordinator lisäsi pohjasta 6 vuoden vaihetta." in told
    assert "Coordinator kirjasi, että aikataulu ja toteutustapa hyväksyttiin 15.8.2024." in told


# --- The decision, and what has changed since -------------------------------------------------------------------


def test_words_of_the_decision() -> None:
    """The section may be unknown."""
    decision = Approval("Aluehallitus", date(2023, 8, 15))
    assert decision.words == "Aluehallitus hyväksynyt aikataulun ja toteutustavan 15.8.2023"
    assert replace(decision, section="123").words.endswith(" 15.8.2023, § 123")


def test_the_decision_is_of_a_day_that_has_come(round_: Round) -> None:
    """And can be taken away and brought back, but not over another one."""
    with pytest.raises(ValidationError, match="kun se on tehty"):
        approve(round_, Approval("Aluehallitus", timezone.localdate() + timedelta(days=1)), by=None)
    decision = Approval("Aluehallitus", date(2024, 8, 15), "9")
    with pytest.raises(NotAllowedNow, match="ei ole kirjattu"):
        remove_approval(round_, by=None)
    approve(round_, decision, by=None)
    approve(round_, decision, by=None)
    assert Event.objects.filter(verb__startswith="appro").count() == 1
    assert remove_approval(round_, by=None) == decision
    round_.refresh_from_db()
    assert Approval.of(round_) is None
    restore_approval(round_, decision, by=None)
    with pytest.raises(NotAllowedNow, match="sillä välin"):
        restore_approval(round_, decision, by=None)
    round_.refresh_from_db()
    assert Approval.of(round_) == decision


def changes(round_: Round) -> list[str]:
    """Return what has been changed since the approval, in words."""
    round_.refresh_from_db()
    found: list[Change] = changes_since_approval(round_, dict(RoundStage.objects.values_list("pk", "name")))
    return [change.words for change in found]


Does = Callable[[Round, RoundStage], object]


def there_and_back(round_: Round, row: RoundStage) -> None:
    """Move a stage to December and back."""
    change_stage(row, DECEMBER, fields=[], by=None)
    change_stage(row, AUGUST, fields=[], by=None)


def added_and_removed(round_: Round, row: RoundStage) -> None:
    """Add a stage and remove it, and bring it back and remove it again."""
    removed = remove_stage(add_stage(round_, RoundStage(name="Turha"), None, by=None), by=None)
    remove_stage(restore_stage(round_, removed, by=None), by=None)


def moved_removed_and_restored(round_: Round, row: RoundStage) -> None:
    """Move a stage, remove it and bring it back: what was done to it still counts."""
    change_stage(row, DECEMBER, fields=[], by=None)
    restore_stage(round_, remove_stage(row, by=None), by=None)


@pytest.mark.parametrize(
    ("does", "words"),
    [
        (lambda round_, row: change_stage(row, DECEMBER, fields=[], by=None), ["oli elokuu 2024, nyt joulukuu 2024"]),
        (lambda round_, row: change_stage(row, None, fields=[], by=None), ["nyt ajankohta ei tiedossa"]),
        (there_and_back, []),
        (lambda round_, row: change_stage(row, AUGUST, fields=["description"], by=None), []),
        (lambda round_, row: change_stage(row, AUGUST, fields=["body"], by=None), ["nimeä tai vastuutahoa"]),
        (lambda round_, row: mark_done(row, by=None), []),
        (lambda round_, row: add_stage(round_, RoundStage(name="Uusi"), None, by=None), ["Vaihe ”Uusi” lisättiin."]),
        (lambda round_, row: add_from_template(round_, SHORT, by=None), ["lisättiin"] * 6),
        (
            lambda round_, row: take_back_added(
                round_, [made.pk for made in add_from_template(round_, SHORT, by=None)], by=None
            ),
            [],
        ),
        (lambda round_, row: remove_stage(row, by=None), ["Yksi vaihe poistettiin."]),
        (lambda round_, row: restore_stage(round_, remove_stage(row, by=None), by=None), []),
        (added_and_removed, []),
        (moved_removed_and_restored, ["oli elokuu 2024, nyt joulukuu 2024"]),
        (
            lambda round_, row: change_round(round_, fields=["starts_on", "name", "description"], by=None),
            ["tiedoista muutettiin: ensimmäinen päivä"],
        ),
        (lambda round_, row: change_round(round_, fields=["name"], by=None), []),
        (lambda round_, row: change_round(round_, fields=["legal_bases"], by=None), ["muutettiin: lakiperusteet"]),
        (lambda round_, row: change_rule(round_, RULE, choices={}, by=None), ["Neuvotteluaikoja muutettiin."]),
    ],
)
def test_what_has_changed_since_the_approval(round_: Round, does: Does, words: list[str]) -> None:
    """By the log, in one query; what was done before the approval is not told, and what was put back neither."""
    row = add_stage(round_, RoundStage(name="Kutsut"), AUGUST, by=None)
    approve(round_, Approval("Aluehallitus", date(2024, 8, 15)), by=None)
    assert changes(round_) == []
    does(round_, row)
    found = changes(round_)
    assert len(found) == len(words), found
    assert all(word in each for word, each in zip(words, found, strict=True)), found
    with CaptureQueriesContext(connection) as queries:
        changes_since_approval(round_, {})
    assert len(queries) == 1


def test_a_stage_removed_before_the_approval_and_brought_back_after_it_was_added(round_: Round) -> None:
    """What was approved did not have it."""
    removed = remove_stage(add_stage(round_, RoundStage(name="Kutsut"), AUGUST, by=None), by=None)
    approve(round_, Approval("Aluehallitus", date(2024, 8, 15)), by=None)
    restore_stage(round_, removed, by=None)
    assert changes(round_) == ["Vaihe ”Kutsut” lisättiin."]


def test_a_rule_that_gives_the_same_times_changes_none(round_: Round) -> None:
    """How the negotiations are held is another matter: it is told for itself."""
    change_rule(round_, RULE, choices={}, by=None)
    approve(round_, Approval("Aluehallitus", date(2024, 8, 15)), by=None)
    off = partial(DayException, ExceptionKind.OFF, date(2024, 9, 5))
    change_rule(round_, replace(RULE, exceptions=(off(),)), choices={}, by=None)
    approve(round_, Approval("Aluehallitus", date(2024, 8, 16)), by=None)
    change_rule(round_, replace(RULE, exceptions=(off(reason="Seminaari"),)), choices={}, by=None)
    assert changes(round_) == []
    change_rule(round_, replace(RULE, exceptions=(off(),), mode=Negotiation.Mode.ON_SITE), choices={}, by=None)
    assert changes(round_) == ["Neuvottelujen toteutustapaa muutettiin."]


def test_a_new_decision_approves_the_changes_and_a_section_does_not(round_: Round) -> None:
    """Nor does a decision that is taken away by mistake and brought back."""
    row = add_stage(round_, RoundStage(name="Kutsut"), AUGUST, by=None)
    approve(round_, Approval("Aluehallitus", date(2024, 6, 10)), by=None)
    change_stage(row, DECEMBER, fields=[], by=None)
    approve(round_, Approval("Aluehallitus", date(2024, 6, 10), "55"), by=None)
    assert len(changes(round_)) == 1
    restore_approval(round_, remove_approval(round_, by=None), by=None)
    assert len(changes(round_)) == 1
    approve(round_, Approval("Aluehallitus", date(2024, 8, 15), "77"), by=None)
    assert changes(round_) == []
    remove_approval(round_, by=None)
    change_stage(row, None, fields=[], by=None)
    assert changes(round_) == []


def test_a_negotiation_of_the_round_does_not_change_what_was_approved(round_: Round, hankasalmi: Municipality) -> None:
    """Placing them is what the approval is for."""
    approve(round_, Approval("Aluehallitus", date(2024, 6, 10)), by=None)
    make_held(round_, [hankasalmi])
    assert Negotiation.objects.filter(round=round_).exists()
    assert changes(round_) == []
