"""Slots come from a rule: the 26 of Keski-Suomi's autumn of 2023, and what must hold for any rule."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from importlib import import_module
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.db import connection
from django.utils import translation
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from municipalities.models import County
from negotiations.demo.keski_suomi_2023 import RULE
from negotiations.models import Negotiation, Round, Slot
from negotiations.planning.slots import (
    DayException,
    ExceptionKind,
    Hours,
    IsoWeek,
    RuleError,
    SlotRule,
    days_of,
    make_slots,
    mode_of,
    rule_of,
    slot_times,
)
from negotiations.planning.slots.calendars import calendar_of, left_out, slot_notes
from negotiations.planning.slots.public_holidays import holiday_name, is_public_holiday
from negotiations.planning.slots.rules import FIRST_YEAR, LAST_YEAR, MOST_SLOTS, weeks_between
from tests.factories import make_round

HELSINKI = ZoneInfo("Europe/Helsinki")
UTC = ZoneInfo("UTC")
MORNING = Hours(time(8, 15), time(12))
Kind = ExceptionKind


def a_rule(first: IsoWeek, last: IsoWeek, weekdays: tuple[int, ...] = (4,), **fields: Any) -> SlotRule:
    """Return a rule of mornings unless told."""
    return SlotRule(first, last, weekdays, **({"hours": (MORNING,)} | fields))


def days(rule: SlotRule) -> list[date]:
    """Return the days of the slots."""
    return [start.date() for start, _end in slot_times(rule, HELSINKI)]


# --- Autumn 2023 ----------------------------------------------------------------------------------------------


def test_the_autumn_of_2023_has_26_slots() -> None:
    """Weeks 35-48, Thursday and Friday, week 42 off, week 44 on Wednesday and Friday."""
    found = days(RULE)
    assert len(found) == 26
    assert (found[0], found[-1]) == (date(2023, 8, 31), date(2023, 12, 1))
    assert [day for day in found if day.isocalendar().week == 42] == []
    assert [day for day in found if day.isocalendar().week == 44] == [date(2023, 11, 1), date(2023, 11, 3)]
    assert Counter(day.isoweekday() for day in found) == {4: 12, 5: 13, 3: 1}
    assert {(start.time(), end.time()) for start, end in slot_times(RULE, HELSINKI)} == {(time(8, 15), time(12))}


def test_the_swapped_day_tells_its_reason(in_scope: County) -> None:
    """As the plan of 6.9.2023 gives it."""
    notes = slot_notes(make_round(in_scope, slot_rule=RULE.to_json()))
    assert list(notes) == [date(2023, 11, 1)]
    assert notes[date(2023, 11, 1)].startswith("päivän to\N{NO-BREAK SPACE}2.11. sijaan: Tulevaisuuden sosiaali-")


def test_a_slot_starts_at_the_same_wall_clock_time_over_the_end_of_daylight_saving() -> None:
    """Clocks went back on 29.10.2023: 8.15 is 5.15 UTC before and 6.15 UTC after."""
    starts = {start.date(): start for start, _end in slot_times(RULE, HELSINKI)}
    before, after = starts[date(2023, 10, 27)], starts[date(2023, 11, 1)]
    assert (before.time(), after.time()) == (time(8, 15), time(8, 15))
    assert (before.astimezone(UTC).time(), after.astimezone(UTC).time()) == (time(5, 15), time(6, 15))


@pytest.mark.parametrize("sunday", [date(2023, 10, 29), date(2026, 3, 29), date(2026, 10, 25)])
def test_on_the_very_day_that_clocks_are_moved_a_slot_has_its_length(sunday: date) -> None:
    """They are moved at night, before any time that a rule takes."""
    rule = a_rule(IsoWeek.of(sunday), IsoWeek.of(sunday), (7,), hours=(Hours(time(6), time(22)),))
    ((start, end),) = slot_times(rule, HELSINKI)
    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=16)
    assert (start.time(), end.time()) == (time(6), time(22))
    before = a_rule(IsoWeek.of(sunday), IsoWeek.of(sunday + timedelta(days=1)), (5, 1))
    assert {start.time() for start, _end in slot_times(before, HELSINKI)} == {time(8, 15)}
    assert len({start.utcoffset() for start, _end in slot_times(before, HELSINKI)}) == 2


# --- Weeks and years ------------------------------------------------------------------------------------------


def test_the_week_53_of_2026_is_a_week_like_others() -> None:
    """It has Thursday 31.12.2026 and Friday 1.1.2027, which is New Year's Day."""
    rule = a_rule(IsoWeek(2026, 52), IsoWeek(2027, 1), (4, 5))
    assert days(rule) == [date(2026, 12, 31), date(2027, 1, 7), date(2027, 1, 8)]
    assert [str(week) for week in weeks_between(rule.first_week, rule.last_week)] == [
        "2026-W52",
        "2026-W53",
        "2027-W01",
    ]
    with pytest.raises(RuleError, match=r"Vuodessa 2027 ei ole viikkoa 53, sen viikot ovat 1–52"):
        IsoWeek(2027, 53)


def test_a_round_goes_over_the_end_of_a_year() -> None:
    """The last days of December may be in week 1 of the next year, and the first of January in week 52 or 53."""
    rule = a_rule(IsoWeek(2024, 51), IsoWeek(2025, 2), (1,))
    assert days(rule) == [date(2024, 12, 16), date(2024, 12, 23), date(2024, 12, 30)]
    assert [(day.day, holiday_name(day.day)) for day in days_of(rule) if not day.hours] == [
        (date(2025, 1, 6), "loppiainen")
    ]


@settings(deadline=None)
@given(st.dates(date(FIRST_YEAR, 1, 10), date(LAST_YEAR, 12, 20)), st.integers(0, 60))
def test_weeks_follow_each_other_over_any_year(day: date, count: int) -> None:
    """Seven days apart, none left out, whether the year has 52 weeks or 53; and each is written and read back."""
    later = day + timedelta(weeks=count)
    assume(later.year <= LAST_YEAR)
    weeks = list(weeks_between(IsoWeek.of(day), IsoWeek.of(later)))
    assert len(weeks) == count + 1
    assert all((after.monday - before.monday).days == 7 for before, after in pairwise(weeks))
    assert [IsoWeek.parse(str(week)) for week in weeks] == weeks == sorted(weeks)


# --- Public holidays ------------------------------------------------------------------------------------------


def test_a_public_holiday_on_a_weekday_is_left_out_and_named() -> None:
    """Independence Day was a Wednesday in 2023."""
    rule = a_rule(IsoWeek(2023, 49), IsoWeek(2023, 49), (3, 4))
    assert days(rule) == [date(2023, 12, 7)]
    assert left_out(rule) == ["ke\N{NO-BREAK SPACE}6.12. itsenäisyyspäivä jää pois"]
    with translation.override("sv"):
        assert left_out(rule) == ["ons\N{NO-BREAK SPACE}6.12. självständighetsdagen lämnas bort"]
    with translation.override("en"):
        assert left_out(rule)[0].endswith("Independence Day is left out")


def test_midsummer_eve_and_christmas_eve_are_left_out_though_by_law_they_are_no_holidays() -> None:
    """Nobody negotiates on them: the Annual Holidays Act counts them with the holidays."""
    assert (date(2026, 6, 19).isoweekday(), holiday_name(date(2026, 6, 19))) == (5, "juhannusaatto")
    assert days(a_rule(IsoWeek(2026, 25), IsoWeek(2026, 26), (5,))) == [date(2026, 6, 26)]
    assert days(a_rule(IsoWeek(2026, 52), IsoWeek(2026, 52), (3, 4))) == [date(2026, 12, 23)]


def test_a_holiday_added_on_purpose_stays_and_is_told() -> None:
    """Whoever names the day knows what day it is; the calendar says it all the same."""
    rule = a_rule(IsoWeek(2023, 49), IsoWeek(2023, 49), (3,), exceptions=(DayException(Kind.ADD, date(2023, 12, 6)),))
    assert days(rule) == [date(2023, 12, 6)]
    ((week,),) = [month.weeks for month in calendar_of(rule, HELSINKI)]
    assert [day.note for day in week.days] == ["lisätty päivä, vaikka on pyhäpäivä (itsenäisyyspäivä)"]


def test_a_day_is_moved_away_from_a_holiday() -> None:
    """The round does not lose a time because of it."""
    moved = DayException(Kind.SWAP, date(2023, 12, 6), instead=date(2023, 12, 5))
    assert days(a_rule(IsoWeek(2023, 49), IsoWeek(2023, 49), (3,), exceptions=(moved,))) == [date(2023, 12, 5)]


# --- Exceptions -----------------------------------------------------------------------------------------------


def test_each_kind_of_exception_does_what_it_says() -> None:
    """A day off, another hour, an added day at its own time, and one moved with another time."""
    nine, evening = Hours(time(9), time(12)), Hours(time(16), time(19))
    rule = a_rule(
        IsoWeek(2024, 36),
        IsoWeek(2024, 39),
        exceptions=(
            DayException(Kind.HOURS, date(2024, 9, 5), hours=(nine,), reason="Johdon keskustelu"),
            DayException(Kind.OFF, date(2024, 9, 12), reason="Messut"),
            DayException(Kind.ADD, date(2024, 9, 17), hours=(evening,)),
            DayException(Kind.SWAP, date(2024, 9, 26), instead=date(2024, 9, 25), hours=(nine,)),
        ),
    )
    assert [(start.date(), start.time(), end.time()) for start, end in slot_times(rule, HELSINKI)] == [
        (date(2024, 9, 5), time(9), time(12)),
        (date(2024, 9, 17), time(16), time(19)),
        (date(2024, 9, 19), time(8, 15), time(12)),
        (date(2024, 9, 25), time(9), time(12)),
    ]
    notes = {day.words: day.note for month in calendar_of(rule, HELSINKI) for week in month.weeks for day in week.days}
    assert notes == {
        "to\N{NO-BREAK SPACE}5.9.": "tavallisesta poikkeava kellonaika: Johdon keskustelu",
        "to\N{NO-BREAK SPACE}12.9.": "jää pois: Messut",
        "ti\N{NO-BREAK SPACE}17.9.": "lisätty päivä",
        "to\N{NO-BREAK SPACE}19.9.": "",
        "ke\N{NO-BREAK SPACE}25.9.": "päivän to\N{NO-BREAK SPACE}26.9. sijaan",
        "to\N{NO-BREAK SPACE}26.9.": "siirretty päivälle ke\N{NO-BREAK SPACE}25.9.",
    }


def test_the_calendar_has_every_week_and_marks_what_is_new() -> None:
    """Weeks off have no days; an added day outside the weeks brings its week."""
    added = DayException(Kind.ADD, date(2024, 10, 8))
    rule = a_rule(IsoWeek(2024, 37), IsoWeek(2024, 39), weeks_off=(IsoWeek(2024, 38),), exceptions=(added,))
    times = slot_times(rule, HELSINKI)
    months = calendar_of(rule, HELSINKI, new=times[-1:])
    assert [(month.words, [week.week.number for week in month.weeks]) for month in months] == [
        ("syyskuu 2024", [37, 38, 39]),
        ("lokakuu 2024", [41]),
    ]
    shown = {week.week.number: week.days for month in months for week in month.weeks}
    assert shown[38] == ()
    assert {number: [time_.is_new for day in found for time_ in day.times] for number, found in shown.items()} == {
        37: [False],
        38: [],
        39: [False],
        41: [True],
    }


WHOLE: dict[str, Any] = {
    "first_week": IsoWeek(2023, 35),
    "last_week": IsoWeek(2023, 48),
    "weekdays": (4,),
    "hours": (Hours(time(8), time(12)),),
}
THURSDAY = date(2023, 9, 7)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"last_week": IsoWeek(2023, 34)}, "Viikot: Viimeinen viikko on ennen ensimmäistä"),
        ({"last_week": IsoWeek(2032, 1)}, "Viikot: Viikkoja on yli 120"),
        ({"weekdays": ()}, "Viikonpäivät: Valitse ainakin yksi"),
        ({"weekdays": (8,)}, "Viikonpäivät: Anna ne väliltä"),
        ({"hours": ()}, "Kellonajat: Anna ainakin yksi"),
        ({"hours": (Hours(time(8), time(10)), Hours(time(9, 59), time(12)))}, r"8\.00–10\.00 ja 9\.59–12\.00 menevät"),
        ({"hours": tuple(Hours(time(n), time(n + 1)) for n in range(8, 17))}, "Anna enintään 8 kellonaikaa"),
        ({"weeks_off": (IsoWeek(2023, 49),)}, r"ei neuvotella: Viikko 49/2023 ei ole"),
        ({"weeks_off": tuple(weeks_between(IsoWeek(2023, 35), IsoWeek(2023, 48)))}, "ei anna yhtään aikaa"),
        ({"mode": "telepathy"}, "Osallistumistapa: Valitse"),
        (
            {"weekdays": (1, 2, 3, 4, 5), "hours": tuple(Hours(time(n), time(n + 1)) for n in range(8, 14))},
            f"420 aikaa, ja kierroksella voi olla enintään {MOST_SLOTS}",
        ),
        ({"exceptions": (DayException(Kind.OFF, date(2023, 9, 8)),)}, r"pe.8\.9\.2023 ei ole säännön päivä"),
        ({"exceptions": (DayException(Kind.ADD, THURSDAY),)}, r"to.7\.9\.2023 on jo säännön päivä"),
        ({"exceptions": (DayException(Kind.SWAP, THURSDAY, date(2023, 9, 14)),)}, r"to.14\.9\.2023 on jo säännön"),
        ({"exceptions": (DayException(Kind.ADD, date(2032, 9, 7)),)}, r"yli puolen vuoden päässä"),
        (
            {"exceptions": (DayException(Kind.OFF, THURSDAY), DayException(Kind.HOURS, THURSDAY, hours=(MORNING,)))},
            r"to.7\.9\.2023 on poikkeuksissa kahdesti",
        ),
        (
            {
                "weekdays": (3,),
                "last_week": IsoWeek(2023, 50),
                "exceptions": (DayException(Kind.HOURS, date(2023, 12, 6), hours=(MORNING,)),),
            },
            r"ke.6\.12\.2023 on pyhäpäivä \(itsenäisyyspäivä\)",
        ),
    ],
)
def test_a_senseless_rule_is_refused_with_the_field_named(fields: dict[str, Any], named: str) -> None:
    """The words tell the field and the mend."""
    with pytest.raises(ValueError, match=named):
        SlotRule(**(WHOLE | fields))


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: IsoWeek(2023, 0), "Vuodessa 2023 ei ole viikkoa 0"),
        (lambda: IsoWeek(23, 1), "neljällä numerolla"),
        (lambda: Hours(time(12), time(12)), "Lopun on oltava alun jälkeen"),
        (lambda: Hours(time(5, 59), time(12)), "väliltä 6–22"),
        (lambda: DayException(Kind.SWAP, THURSDAY), "Anna päivä, jolle"),
        (lambda: DayException(Kind.SWAP, THURSDAY, THURSDAY), "samalle päivälle"),
        (lambda: DayException(Kind.HOURS, THURSDAY), "Anna kellonajat"),
        (lambda: DayException(Kind.OFF, THURSDAY, hours=(MORNING,)), "on vapaa päivä"),
        (lambda: DayException(Kind.ADD, THURSDAY, date(2023, 9, 8)), "vaikka sitä ei siirretä"),
        (lambda: DayException(Kind.OFF, THURSDAY, reason="x" * 201), "enintään 200 merkkiin"),
        (lambda: SlotRule.from_json({"year": 2023}), "Not a rule"),
        (lambda: SlotRule.from_json(RULE.to_json() | {"weekdays": ["to"]}), "Not a rule"),
    ],
)
def test_senseless_parts_are_refused(make: Any, named: str) -> None:
    """Each by itself, before there is a rule."""
    with pytest.raises(ValueError, match=named):
        make()


# --- What holds for any rule ----------------------------------------------------------------------------------


@st.composite
def rules(draw: st.DrawFn) -> SlotRule:
    """Any rule with some of everything, over the ends of years and weeks 53."""
    monday = draw(st.dates(date(2020, 1, 6), date(2037, 1, 1)))
    weeks = list(weeks_between(IsoWeek.of(monday), IsoWeek.of(monday + timedelta(weeks=draw(st.integers(0, 20))))))
    weekdays = tuple(sorted(draw(st.sets(st.integers(1, 7), min_size=1, max_size=5))))
    clocks = sorted(draw(st.sets(st.integers(6 * 4, 22 * 4), min_size=2, max_size=6)))
    clock = [time(quarter // 4, quarter % 4 * 15) for quarter in clocks]
    hours = tuple(Hours(starts, ends) for starts, ends in zip(clock[::2], clock[1::2], strict=False))[:3]
    off = tuple(sorted(draw(st.sets(st.sampled_from(weeks), max_size=3))))
    usual = [week.day(weekday) for week in weeks if week not in off for weekday in weekdays]
    free = [week.day(weekday) for week in weeks for weekday in range(1, 8) if week in off or weekday not in weekdays]
    own = (Hours(time(9), time(10)),)
    exceptions = []
    for day in draw(st.lists(st.sampled_from(usual), unique=True, max_size=4)) if usual else ():
        kind = draw(st.sampled_from((Kind.OFF, Kind.HOURS)))
        if kind == Kind.OFF or not is_public_holiday(day):
            exceptions.append(DayException(kind, day, hours=own if kind == Kind.HOURS else (), reason="Syy"))
    for day in draw(st.lists(st.sampled_from(free), unique=True, max_size=3)) if free else ():
        exceptions.append(DayException(Kind.ADD, day, hours=draw(st.sampled_from(((), own)))))
    mode = draw(st.sampled_from(Negotiation.Mode.values))
    try:
        return SlotRule(weeks[0], weeks[-1], weekdays, hours, off, tuple(exceptions), mode)
    except RuleError as error:
        # Nothing but holidays or days off, or a year's worth of everything.
        assume(error.field not in ("weeks_off", "weekdays"))
        raise


@settings(deadline=None, max_examples=60)
@given(rules())
def test_any_rule_gives_slots_in_order_that_never_overlap(rule: SlotRule) -> None:
    """At the rule's own clock times, within its weeks, never on a holiday that nobody named; stored without loss."""
    times = slot_times(rule, HELSINKI)
    assert 1 <= len(times) <= MOST_SLOTS
    assert all(before[1] <= after[0] for before, after in pairwise(times))
    named = {day for one in rule.exceptions for day in (one.day, one.instead) if day}
    clocks = {(span.starts, span.ends) for one in rule.exceptions for span in one.hours} | {
        (span.starts, span.ends) for span in rule.hours
    }
    for start, end in times:
        week = IsoWeek.of(start.date())
        assert rule.first_week <= week <= rule.last_week
        assert (start.time(), end.time()) in clocks
        if start.date() not in named:
            assert start.isoweekday() in rule.weekdays
            assert week not in rule.weeks_off
            assert not is_public_holiday(start.date())
    assert SlotRule.from_json(rule.to_json()) == rule


@settings(deadline=None, max_examples=60)
@given(rules())
def test_a_rule_without_exceptions_gives_each_weekday_once_for_each_time(rule: SlotRule) -> None:
    """As many slots as weeks in use times weekdays times hours, less the holidays."""
    try:
        plain = replace(rule, exceptions=())
    except RuleError:
        assume(False)
    used = [week for week in weeks_between(rule.first_week, rule.last_week) if week not in rule.weeks_off]
    holidays = sum(is_public_holiday(week.day(weekday)) for week in used for weekday in rule.weekdays)
    expected = (len(used) * len(rule.weekdays) - holidays) * len(rule.hours)
    assert len(slot_times(plain, HELSINKI)) == expected


# --- With a round ---------------------------------------------------------------------------------------------


def test_slots_are_made_once(in_scope: County) -> None:
    """Making them again adds nothing."""
    round_ = make_round(in_scope, slot_rule=RULE.to_json())
    assert len(make_slots(round_)) == 26
    assert len(make_slots(round_)) == 26
    assert Slot.objects.earliest("starts_at").starts_at == datetime(2023, 8, 31, 8, 15, tzinfo=HELSINKI)


def test_a_round_without_a_rule_has_no_slots_and_no_mode(in_scope: County) -> None:
    """Nor does one whose mode nobody knows."""
    round_ = make_round(in_scope)
    assert make_slots(round_) == []
    assert mode_of(round_) == Negotiation.Mode.UNKNOWN
    round_.slot_rule = RULE.to_json()
    assert mode_of(round_) == Negotiation.Mode.REMOTE
    for nonsense in ({"mode": ["?"]}, ["mode"], "remote"):
        round_.slot_rule = nonsense
        assert mode_of(round_) == Negotiation.Mode.UNKNOWN
        with pytest.raises(ValueError, match="Not a rule"):
            rule_of(round_)


# --- Rules in the old shape -----------------------------------------------------------------------------------

migration = import_module("negotiations.migrations.0011_slot_rules")
OLD_RULE: dict[str, Any] = {
    "year": 2023,
    "first_week": 35,
    "last_week": 48,
    "weekdays": [4, 5],
    "starts": "08:15",
    "ends": "12:00",
    "weeks_off": [42],
    "weekdays_of_week": {"44": [3, 5]},
    "starts_on_day": {},
}


def old_times(rule: dict[str, Any]) -> list[tuple[datetime, datetime]]:
    """Return the slots that a rule in the old shape gave: as they were told then, holidays too."""
    times = []
    for week in range(rule["first_week"], rule["last_week"] + 1):
        if week in rule["weeks_off"]:
            continue
        for weekday in sorted(set(rule["weekdays_of_week"].get(str(week), rule["weekdays"]))):
            day = date.fromisocalendar(rule["year"], week, weekday)
            start = time.fromisoformat(rule["starts_on_day"].get(day.isoformat(), rule["starts"]))
            end = time.fromisoformat(rule["ends"])
            times.append((datetime.combine(day, start, HELSINKI), datetime.combine(day, end, HELSINKI)))
    return times


def test_the_old_rule_of_2023_becomes_the_one_that_is_here_now() -> None:
    """But for the reason and the mode, which the old shape had no place for."""
    now = SlotRule.from_json(migration.to_new(OLD_RULE))
    plain = replace(RULE, mode="", exceptions=tuple(replace(one, reason="") for one in RULE.exceptions))
    assert now == plain
    assert migration.to_old(RULE.to_json()) == OLD_RULE


@settings(deadline=None, max_examples=60)
@given(
    year=st.integers(2022, 2030),
    span=st.tuples(st.integers(1, 52), st.integers(1, 52)).map(sorted),
    weekdays=st.sets(st.integers(1, 7), min_size=1, max_size=3),
    off=st.sets(st.integers(1, 52), max_size=4),
    own=st.dictionaries(st.integers(1, 52), st.sets(st.integers(1, 7), min_size=1, max_size=3), max_size=4),
    late=st.sets(st.integers(0, 6), max_size=3),
)
def test_a_rule_in_the_old_shape_keeps_its_times_and_comes_back(
    year: int, span: list[int], weekdays: set[int], off: set[int], own: dict[int, set[int]], late: set[int]
) -> None:
    """Every slot at the same time, there and back again."""
    starting = [date.fromisocalendar(year, span[0], 1) + timedelta(days=day) for day in sorted(late)]
    old = OLD_RULE | {
        "year": year,
        "first_week": span[0],
        "last_week": span[1],
        "weekdays": sorted(weekdays),
        "weeks_off": sorted(off),
        "weekdays_of_week": {str(week): sorted(usual) for week, usual in own.items()},
        "starts_on_day": {day.isoformat(): "09:00" for day in starting},
    }
    times = old_times(old)
    assume(times)
    new = migration.to_new(old)
    assert slot_times(SlotRule.from_json(new), HELSINKI) == times
    assert old_times(migration.to_old(new)) == times


@pytest.mark.parametrize(
    "rule",
    [
        replace(RULE, last_week=IsoWeek(2024, 2)),
        replace(RULE, hours=(Hours(time(8), time(10)), Hours(time(10), time(12)))),
        replace(RULE, exceptions=(DayException(Kind.HOURS, date(2023, 11, 2), hours=(Hours(time(9), time(11)),)),)),
        replace(RULE, exceptions=(DayException(Kind.ADD, date(2024, 1, 3)),)),
    ],
)
def test_what_the_old_shape_cannot_say_becomes_none(rule: SlotRule) -> None:
    """Rather no rule than one that gives other times: the slots themselves stay."""
    assert migration.to_old(rule.to_json()) is None


def test_the_migration_converts_the_rounds_that_have_a_rule(in_scope: County) -> None:
    """In the database, there and back, and twice without harm."""
    old, none = make_round(in_scope, slot_rule=OLD_RULE), make_round(in_scope, name="Toinen")
    editor = SimpleNamespace(connection=connection)
    historical = SimpleNamespace(get_model=lambda *_names: SimpleNamespace(objects=Round.objects))
    assert apps.get_model("negotiations", "Round") is Round
    for convert, key in ((migration.forwards, "hours"), (migration.forwards, "hours"), (migration.backwards, "year")):
        convert(historical, editor)
        old.refresh_from_db()
        none.refresh_from_db()
        assert key in (old.slot_rule or {}) and none.slot_rule is None
    assert old.slot_rule == OLD_RULE
