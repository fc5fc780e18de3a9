"""People by age and sex from Statistics Finland: its manners, its faults, what is added up and what is rejected."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from indicators import pxweb
from indicators.batches import LOCK, ImportGoingOn, unfinished
from indicators.models import Area, FormerValue, ImportPart, ImportRun, Indicator, IndicatorValue, Rejection
from indicators.population import CITATION, CLASSES, Ages, carry_out, plan
from indicators.pxweb import Cell, Pace, PxWeb, PxWebError, Table, pieces, read_cube
from indicators.tasks import import_statfin
from tests.indicators.pxweb_replica import AGE, AREA, CONTENTS, OLDEST, SEX, YEAR, Replica, serving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("reference")]

AREAS = {
    "SSS": "KOKO MAA",
    "KU172": "Joutsa",
    "KU179": "Jyväskylä",
    "HVA15": "Keski-Suomen hyvinvointialue",
    "HVA90": "Helsingin kaupunki",
    "MK13": "Keski-Suomi",
    "SK131": "Jyväskylän seutukunta",
}
KNOWN = {
    "SSS": ("country", "358"),
    "KU172": ("municipality", "172"),
    "KU179": ("municipality", "179"),
    "HVA15": ("county", "15"),
    "HVA90": ("city_organiser", "90"),
}
YEARS = range(2023, 2025)
# Figures of an age class: areas, years and genders.
ROWS = len(KNOWN) * len(YEARS) * 3


def people(area: str, age: int, sex: str, year: str) -> int:
    """Return a number that is another one everywhere: of the 1s, 10s and so on each is of one of these."""
    return (list(AREAS).index(area) + 1) * 100_000 + int(year) % 10 * 1000 + age * 3 + int(sex)


def counted(area: str, year: int, ages: range, *sexes: str) -> float:
    """Return the people of these ages and sexes."""
    return float(sum(people(area, age, sex, str(year)) for age in ages for sex in sexes))


SPANS = {
    "vaerak/11re:SSS": range(101),
    "vaerak/11re:0-6": range(7),
    "vaerak/11re:7-15": range(7, 16),
    "vaerak/11re:16-24": range(16, 25),
    "vaerak/11re:25-64": range(25, 65),
    "vaerak/11re:65-74": range(65, 75),
    "vaerak/11re:75-84": range(75, 85),
    "vaerak/11re:85-": range(85, 101),
}


def expected() -> set[tuple[Any, ...]]:
    """Return all figures as they should be in the database."""
    return {
        (code, *KNOWN[area], year, gender, counted(area, year, ages, *sexes))
        for code, ages in SPANS.items()
        for area in KNOWN
        for year in YEARS
        for gender, sexes in (("total", "12"), ("male", "1"), ("female", "2"))
    }


def table() -> set[tuple[Any, ...]]:
    """Return all figures that are in the database."""
    fields = ("indicator__statfin_code", "area__kind", "area__code", "year", "gender", "value")
    return set(IndicatorValue.objects.values_list(*fields))


def counts(run: ImportRun | ImportPart) -> tuple[int, int, int, int, int]:
    """Return the counts: read, added, changed, unchanged, rejected."""
    return run.rows_read, run.rows_added, run.rows_changed, run.rows_unchanged, run.rows_rejected


def rejections(code: str) -> list[tuple[str, str, int]]:
    """Return what was left out of an age class."""
    found = Rejection.objects.filter(part__indicator__statfin_code=f"vaerak/11re:{code}")
    return list(found.values_list("reason", "what", "rows"))


@pytest.fixture
def replica() -> Iterator[Replica]:
    """A PxWeb with these people; of the last year the figures are not final."""
    with serving(Replica(dict(AREAS), ["2022", "2023", "2024*"], people, most_calls=(10_000, 10.0))) as replica:
        yield replica


class Clock:
    """A clock that goes only when somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def ask(replica: Replica) -> Iterator[PxWeb]:
    """A client that does not wait long."""
    clock = Clock()
    with PxWeb(replica.url, first_wait=0.01, patience=2, pace=Pace(clock=clock, sleep=clock.sleep)) as client:
        yield client


def told(ask: PxWeb) -> Table:
    """Return the replica's table."""
    return ask.table("vaerak/11re.px")


# --- What a table has -------------------------------------------------------------------------------------------------


def test_codes_are_found_by_what_they_are_called(replica: Replica, ask: PxWeb) -> None:
    found = told(ask)
    assert (found.area, found.age, found.sex, found.year) == (AREA, AGE, SEX, YEAR)
    assert found.years == {2022: "2022", 2023: "2023", 2024: "2024"}
    assert found.sexes == {"total": "SSS", "male": "1", "female": "2"}
    assert found.others == {CONTENTS: "vaerak-vaesto"}
    assert (found.oldest, found.ages[7], found.ages[OLDEST], found.all_ages) == (100, "007", "100-", "SSS")
    assert found.ages_between(7, 9) == ["007", "008", "009"]
    assert found.ages_between(98, None) == ["098", "099", "100-"]
    assert found.ages_between(0, None) == ["SSS"]
    for first, last in ((99, 100), (101, None)):
        with pytest.raises(PxWebError, match=str(first)):
            found.ages_between(first, last)
    assert replica.agents == {pxweb.USER_AGENT} and "Hyte" in pxweb.USER_AGENT


def rename(variables: list[dict[str, Any]], code: str, **changes: Any) -> None:
    """Change what is told of a variable."""
    next(row for row in variables if row["code"] == code).update(changes)


@pytest.mark.parametrize(
    ("code", "changes", "named"),
    [
        (AREA, {"text": "Paikka"}, "Alue"),
        (AGE, {"text": "Syntymävuosi"}, "Ikä"),
        (SEX, {"text": "Alue 2"}, "Alue"),
        (SEX, {"valueTexts": ["Yhteensä", "Muut", "Naiset"]}, "miehiä ja naisia"),
        (YEAR, {"text": "Neljännes", "time": False}, "Vuosi"),
        # A class in the place of an age, as in tables by five-year classes.
        (AGE, {"valueTexts": ["Yhteensä", *(f"{age} - {age + 4}" for age in range(OLDEST + 1))]}, "0, 1–"),
        (AGE, {"valueTexts": ["Yhteensä", "x", *map(str, range(1, OLDEST)), "100-"]}, " 0."),
        (CONTENTS, {"text": "Lisä", "values": ["a", "b"], "valueTexts": ["yksi", "kaksi"]}, "Lisä"),
        (CONTENTS, {"values": ["a", "b"], "valueTexts": ["Kuolleet", "Syntyneet"], "elimination": True}, "Tiedot"),
        (AREA, {"valueTexts": []}, "ValueError"),
    ],
)
def test_what_a_table_lacks_is_named(
    code: str, changes: dict[str, Any], named: str, replica: Replica, ask: PxWeb
) -> None:
    replica.change = lambda variables: rename(variables, code, **changes)
    with pytest.raises(PxWebError) as refused:
        told(ask)
    assert named in str(refused.value)
    assert len(replica.asked) == 1


def test_of_several_things_counted_the_population_is_taken_and_what_adds_up_by_itself_left_out(
    replica: Replica, ask: PxWeb
) -> None:
    def change(variables: list[dict[str, Any]]) -> None:
        rename(variables, CONTENTS, values=["vm", "vaerak-vaesto"], valueTexts=["Muutos, %", "Väestö 31.12."])
        variables.append(
            {"code": "k", "text": "Kieli", "values": ["a", "b"], "valueTexts": ["A", "B"], "elimination": True}
        )

    replica.change = change
    assert told(ask).others == {CONTENTS: "vaerak-vaesto"}


def test_a_table_in_another_language(replica: Replica, ask: PxWeb) -> None:
    def change(variables: list[dict[str, Any]]) -> None:
        rename(variables, AREA, text="Område")
        rename(variables, AGE, text="Ålder", valueTexts=["Totalt", *map(str, range(OLDEST)), "100-"])
        rename(variables, SEX, text="Kön", valueTexts=["Totalt", "Män", "Kvinnor"])
        rename(variables, YEAR, text="År")

    replica.change = change
    assert (told(ask).area, told(ask).sexes, told(ask).all_ages) == (
        *(AREA, {"total": "SSS", "male": "1", "female": "2"}, "SSS"),
    )


# --- Answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_objects", [False, True])
def test_json_stat_in_both_forms(as_objects: bool, replica: Replica, ask: PxWeb) -> None:
    marks = {("KU172", 3, "1"): "...", ("KU172", 4, "1"): "..", ("KU179", 3, "1"): -1, ("KU179", 4, "1"): 2.5}
    replica.as_objects = as_objects
    replica.people = lambda area, age, sex, year: marks.get((area, age, sex), people(area, age, sex, year))
    cells = list(ask.cells(told(ask), areas=["KU179", "KU172"], ages=["003", "004"], years=[2024]))
    assert len(cells) == 2 * 2 * 3
    men = [cell for cell in cells if cell.gender == "male"]
    assert men == [
        Cell("KU179", 2024, "male", None, unreadable="-1"),
        Cell("KU179", 2024, "male", None, unreadable="2.5"),
        Cell("KU172", 2024, "male", None, is_secret=True),
        Cell("KU172", 2024, "male", None),
    ]
    women = [cell.value for cell in cells if cell.gender == "female"]
    assert women == [people(area, age, "2", "2024") for area in ("KU179", "KU172") for age in (3, 4)]


ANSWER: dict[str, Any] = {
    "id": ["y", "x"],
    "size": [1, 2],
    "dimension": {"y": {"category": {"label": {"7": "Seven"}}}, "x": {"category": {"index": {"b": 0, "a": 1}}}},
    "value": [20, 10],
}


def test_an_answer_lies_row_by_row_in_its_own_order() -> None:
    cube = read_cube(ANSWER, {"x": ["a", "b"], "y": ["7"]})
    assert [cube.at(codes) for codes in (("a", "7"), ("b", "7"))] == [(10, ""), (20, "")]
    other = {
        "id": ["x", "y"],
        "size": [2, 3],
        "dimension": {"x": {"category": {"index": ["a", "b"]}}, "y": {"category": {"index": ["1", "2", "3"]}}},
        "value": [11, 12, 13, 21, 22, 23],
    }
    cube = read_cube(other, {"y": ["3", "1"], "x": ["b"]})
    assert [cube.at((y, "b"))[0] for y in ("3", "1")] == [23, 21]


@pytest.mark.parametrize(
    "changes",
    [
        {"value": [20]},
        {"value": None},
        {"value": {"x": 1}},
        {"size": [2, 2]},
        {"size": ["many", 2]},
        {"id": ["y"], "size": [1]},
        {"dimension": {}},
        {"dimension": ANSWER["dimension"] | {"x": {"category": {"index": {"a": 0, "c": 1}}}}},
        {"dimension": ANSWER["dimension"] | {"x": {"category": {"index": {"a": 0, "b": 5}}}}},
        {"id": ["y", "x", "z"], "size": [1, 2, 2], "value": [1, 2, 3, 4]},
    ],
)
def test_what_does_not_answer_the_question_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(PxWebError):
        read_cube(ANSWER | changes, {"x": ["a", "b"], "y": ["7"]})


def test_a_question_is_cut_into_pieces_that_together_are_it() -> None:
    whole = {"a": [str(n) for n in range(7)], "b": ["x", "y", "z"], "c": ["1"]}
    cut = pieces(whole, 4)
    assert all(len(piece["a"]) * len(piece["b"]) * len(piece["c"]) <= 4 for piece in cut)
    cells = [(a, b) for piece in cut for a in piece["a"] for b in piece["b"]]
    assert len(cells) == len(set(cells)) == 21
    assert pieces(whole, 21) == [whole]


# --- Manners ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["500", "429", "html", "cut"])
def test_what_may_be_better_the_next_time_is_asked_again(fault: str, replica: Replica, ask: PxWeb) -> None:
    replica.fault = lambda number: fault if number < 2 else ""
    assert told(ask).area == AREA
    assert len(replica.asked) == 3


def test_it_gives_up_in_the_end_and_says_why(replica: Replica, ask: PxWeb, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pxweb, "ATTEMPTS", 2)
    replica.fault = lambda number: "500"
    with pytest.raises(PxWebError, match=r"2 kertaa: .* 500"):
        told(ask)
    assert len(replica.asked) == 2


@pytest.mark.parametrize("fault", ["404", "list"])
def test_what_will_not_be_better_is_not_asked_again(fault: str, replica: Replica, ask: PxWeb) -> None:
    replica.fault = lambda number: fault
    with pytest.raises(PxWebError):
        told(ask)
    assert len(replica.asked) == 1


def test_the_pace_lets_through_no_more_in_any_stretch_than_it_should() -> None:
    clock = Clock()
    pace = Pace(3, 10.0, clock=clock, sleep=clock.sleep)
    at = []
    for between in (0.0, 0.0, 4.0, 0.0, 0.0, 25.0, 0.0, 0.0, 0.0):
        clock.now += between
        pace.wait()
        at.append(clock.now)
    assert at == [0.0, 0.0, 4.0, 10.0, 10.0, 35.0, 35.0, 35.0, 45.0]
    assert pxweb.CALLS <= 30 and pxweb.WINDOW >= 10


def test_it_asks_no_more_often_than_it_may(replica: Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    replica.clock, replica.most_calls = clock, (30, 10.0)
    monkeypatch.setattr(pxweb, "CELLS", 3)
    with PxWeb(replica.url, first_wait=0.01, pace=Pace(clock=clock, sleep=clock.sleep)) as ask:
        cells: list[Cell] = []
        for _again in range(6):
            cells += ask.cells(told(ask), areas=["KU179", "KU172"], ages=["000", "001", "002"], years=list(YEARS))
    assert len(cells) == 6 * 36 and len(replica.asked) >= 6 * (1 + 12)
    assert replica.refused == [] and clock.now >= 3 * 10
    # Without it, it would be refused.
    monkeypatch.setattr(pxweb, "ATTEMPTS", 1)
    with PxWeb(replica.url, pace=Pace(1000)) as hasty:
        clock.now += 10
        for _again in range(30):
            told(hasty)
        with pytest.raises(PxWebError, match="429"):
            told(hasty)
    assert replica.refused == [429]


# --- The batch --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_objects", [False, True])
def test_a_batch_brings_what_there_is_and_again_nothing(as_objects: bool, replica: Replica, ask: PxWeb) -> None:
    replica.as_objects = as_objects
    run = carry_out(plan(years=YEARS), ask)
    assert (run.state, run.source, run.licence) == (ImportRun.State.DONE, "statfin", "CC BY 4.0")
    assert counts(run) == (ROWS * 8, ROWS * 8, 0, 0, 0)
    assert table() == expected()
    again = carry_out(plan(years=YEARS), ask)
    assert counts(again) == (ROWS * 8, 0, 0, ROWS * 8, 0)
    assert set(IndicatorValue.objects.values_list("run", flat=True)) == {run.pk}
    indicator = Indicator.objects.get(statfin_code="vaerak/11re:85-")
    assert (indicator.read_from, indicator.read_to) == (2023, 2024)
    # The regions are not asked for: areas, ages, sexes and years of the smallest class.
    assert len(KNOWN) * 7 * 3 * 2 in replica.asked


def test_the_age_classes_are_national_indicators_that_people_may_edit(replica: Replica, ask: PxWeb) -> None:
    plan(years=YEARS)
    made = Indicator.objects.get(statfin_code="vaerak/11re:7-15")
    assert (made.name_fi, made.name_sv, made.name_en) == (
        *("7–15-vuotiaat, lukumäärä", "7–15-åringar, antal", "People aged 7–15, number"),
    )
    assert (made.owner, made.theme, made.unit, made.decimals, made.polarity, made.producer) == (
        *(None, "Väestö ja elinolot", "COUNT", 0, "neutral", "Tilastokeskus"),
    )
    made.name_fi = "Koululaiset"
    made.save()
    plan(years=YEARS)
    assert Indicator.objects.get(pk=made.pk).name_fi == "Koululaiset"
    assert set(Indicator.objects.exclude(statfin_code="").values_list("statfin_code", flat=True)) == set(SPANS)
    # Everybody is of one class, and of one only.
    ages = [age for one in CLASSES if one != Ages(0, None) for age in range(one.first, (one.last or 120) + 1)]
    assert ages == list(range(121))


def test_the_citation_names_source_day_and_that_it_was_added_up() -> None:
    cited = CITATION.format(title="7–15-vuotiaat, lukumäärä", number="", date="1.2.2026")
    assert "Väestörakenne" in cited and "Helsinki: Tilastokeskus [viitattu: 1.2.2026]" in cited
    assert "7–15-vuotiaat, lukumäärä, laskettu" in cited and "{" not in cited


def test_cells_are_cut_into_pieces_below_the_limit(
    replica: Replica, ask: PxWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pxweb, "CELLS", 40)
    replica.most_cells = 40
    carry_out(plan(years=YEARS), ask)
    assert replica.refused == [] and max(replica.asked) <= 40
    assert table() == expected()


def test_a_total_of_all_ages_and_of_both_sexes_is_added_up_where_the_table_has_none(
    replica: Replica, ask: PxWeb
) -> None:
    def change(variables: list[dict[str, Any]]) -> None:
        for row in variables:
            if row["code"] in (AGE, SEX):
                row.update(values=row["values"][1:], valueTexts=row["valueTexts"][1:])

    replica.change = change
    carry_out(plan(years=YEARS), ask)
    assert table() == expected()


def test_where_the_sexes_disagree_with_their_total_that_area_is_rejected_and_named(
    replica: Replica, ask: PxWeb
) -> None:
    men, women = (int(counted("KU179", 2024, range(7), sex)) for sex in "12")
    replica.totals = {("KU179", 3, "2024"): people("KU179", 3, "1", "2024") + people("KU179", 3, "2", "2024") + 1}
    run = carry_out(plan(years=YEARS), ask)
    assert run.state == ImportRun.State.DONE
    assert rejections("0-6") == [("value", f"KU179 2024: {men + women + 1} ≠ {men} + {women}", 3)]
    part = ImportPart.objects.get(indicator__statfin_code="vaerak/11re:0-6")
    assert counts(part) == (ROWS, ROWS - 3, 0, 0, 3)
    jyvaskyla = IndicatorValue.objects.filter(indicator=part.indicator, area__code="179", area__kind="municipality")
    assert set(jyvaskyla.values_list("year", flat=True)) == {2023}
    # Other classes have nothing to do with that age, except everybody.
    assert rejections("7-15") == [] and len(rejections("SSS")) == 1


def test_what_is_no_number_of_people_is_rejected_and_named(replica: Replica, ask: PxWeb) -> None:
    replica.people = lambda area, age, sex, year: (
        "paljon" if (area, age, sex) == ("KU172", 90, "2") else people(area, age, sex, year)
    )
    carry_out(plan(years=YEARS), ask)
    assert rejections("85-") == [("value", "KU172 2023: 'paljon'; 2024: 'paljon'", 6)]
    assert rejections("75-84") == []


@pytest.mark.parametrize(("mark", "status"), [("...", "suppressed"), ("..", "missing")])
def test_where_an_age_is_missing_so_is_the_sum_and_it_says_why(
    mark: str, status: str, replica: Replica, ask: PxWeb
) -> None:
    carry_out(plan(years=YEARS), ask)
    replica.people = lambda area, age, sex, year: (
        mark if (area, age, sex, year) == ("KU172", 80, "1", "2024") else people(area, age, sex, year)
    )
    run = carry_out(plan(years=YEARS), ask)
    # Men and both, of the class and of everybody.
    assert counts(run) == (ROWS * 8, 0, 4, ROWS * 8 - 4, 0)
    found = IndicatorValue.objects.filter(
        area__code="172", area__kind="municipality", year=2024, indicator__statfin_code="vaerak/11re:75-84"
    )
    assert set(found.values_list("gender", "value", "status")) == {
        ("male", None, status),
        ("total", None, status),
        ("female", counted("KU172", 2024, range(75, 85), "2"), "ok"),
    }
    assert FormerValue.objects.count() == 4


def test_unknown_areas_are_counted_and_named(replica: Replica, ask: PxWeb) -> None:
    Area.objects.filter(kind="municipality", code="172").update(valid_to="2022-12-31")
    replica.areas["KU999"] = "Tuntematon"
    replica.people = lambda area, age, sex, year: 1
    run = carry_out(plan(years=YEARS), ask)
    assert counts(run) == (36 * 8, 24 * 8, 0, 0, 12 * 8)
    assert rejections("16-24") == [("region", "KU172", 6), ("region", "KU999", 6)]


def test_without_any_area_nothing_is_read(replica: Replica, ask: PxWeb) -> None:
    replica.areas = {"MK13": "Keski-Suomi"}
    with pytest.raises(PxWebError, match="alue"):
        carry_out(plan(years=YEARS), ask)
    assert replica.asked == [0]


def test_one_that_fails_leaves_the_others_alone_and_is_read_later(replica: Replica, ask: PxWeb) -> None:
    # The table, then the classes in their order: the second is refused.
    replica.fault = lambda number: "404" if number == 2 else ""
    seen: list[tuple[str, str]] = []
    run = carry_out(
        plan(years=YEARS), ask, told=lambda part: seen.append((part.indicator.statfin_code[12:], part.state))
    )
    assert seen[:3] == [("SSS", "done"), ("0-6", "failed"), ("7-15", "done")]
    assert run.state == ImportRun.State.INCOMPLETE and counts(run) == (ROWS * 7, ROWS * 7, 0, 0, 0)
    assert "404" in ImportPart.objects.get(state="failed").reason
    assert unfinished(ImportRun.Source.STATFIN) == run and unfinished() is None
    asked = len(replica.asked)
    run = carry_out(run, ask)
    assert (run.state, counts(run)) == (ImportRun.State.DONE, (ROWS * 8, ROWS * 8, 0, 0, 0))
    assert len(replica.asked) - asked == 2, "the table and the one that had failed"
    assert table() == expected()


def test_years_that_the_table_does_not_have(replica: Replica, ask: PxWeb) -> None:
    run = carry_out(plan(years=range(2020, 2031)), ask)
    assert run.state == ImportRun.State.DONE
    assert set(IndicatorValue.objects.values_list("year", flat=True)) == {2022, 2023, 2024}
    run = carry_out(plan(years=range(2030, 2032)), ask)
    assert run.state == ImportRun.State.INCOMPLETE
    assert "2030–2031" in ImportPart.objects.filter(run=run)[0].reason


def test_one_import_at_a_time(replica: Replica, ask: PxWeb) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            with pytest.raises(ImportGoingOn):
                carry_out(plan(years=YEARS), ask)
    finally:
        other.close()
    assert replica.asked == []


# --- The command and the weekly task ----------------------------------------------------------------------------------


@pytest.fixture
def command(replica: Replica) -> Callable[..., str]:
    """Run the command against the replica, and return what it says."""

    def called(*arguments: str) -> str:
        out = StringIO()
        call_command("import_statfin", "--base-url", replica.url, *arguments, stdout=out)
        return out.getvalue()

    return called


def test_the_command(replica: Replica, command: Callable[..., str]) -> None:
    replica.fault = lambda number: "404" if number == 1 else ""
    with pytest.raises(CommandError, match="1 age classes failed"):
        command("--years", "2023-2024")
    said = command("--resume")
    assert f"rows read {ROWS * 8}: added {ROWS * 8}, changed 0, unchanged 0, rejected 0" in said
    assert table() == expected()
    with pytest.raises(CommandError, match="no import to go on with"):
        command("--resume")
    with pytest.raises(CommandError):
        command("--years", "2024-2023")
    assert ImportRun.objects.count() == 1


def test_the_weekly_batch_reads_the_last_years(replica: Replica, settings: Any) -> None:
    settings.STATFIN_URL = replica.url
    import_statfin()
    run = ImportRun.objects.get()
    assert (run.state, run.parts.count(), run.source) == (ImportRun.State.DONE, 8, "statfin")
    assert {part.last_year - part.first_year for part in run.parts.all()} == {10}
    assert run.rows_added == len(KNOWN) * 3 * 3 * 8
