"""Batches from Sotkanet: its manners, its faults, what is rejected, and going on where it was cut off."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from indicators import batches, sotkanet
from indicators.batches import ImportGoingOn, carry_out, plan, unfinished
from indicators.figures import read_figures
from indicators.models import (
    Area,
    FormerValue,
    ImportPart,
    ImportRun,
    Indicator,
    IndicatorSet,
    IndicatorValue,
    Rejection,
)
from indicators.sotkanet import Observation, Sotkanet, SotkanetError
from indicators.tasks import import_sotkanet
from tests.indicators.replica import Replica, serving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("reference")]

COUNTRY, KESKI_SUOMI, JYVASKYLA, JOUTSA = 658, 965, 85, 75
REGIONS = [
    {"id": COUNTRY, "code": "358", "category": "MAA", "memberOf": []},
    {"id": KESKI_SUOMI, "code": "15", "category": "HYVINVOINTIALUE"},
    {"id": JYVASKYLA, "code": "179", "category": "KUNTA"},
    {"id": JOUTSA, "code": "172", "category": "KUNTA"},
    # A code is unique only within a category, and most categories are not known here.
    {"id": 9001, "code": "179", "category": "SEUTUKUNTA"},
]
NUMBERS = (127, 181, 761)
YEARS = range(2018, 2021)


def figures() -> list[dict[str, Any]]:
    """Return made-up figures of three indicators: all regions, years and genders, Joutsa without the last year."""
    return [
        {
            "indicator": number,
            "region": region,
            "year": year,
            "gender": gender,
            "value": number + year / 10,
            **({"absValue": region} if number == 181 else {}),
        }
        for number in NUMBERS
        for region in (COUNTRY, KESKI_SUOMI, JYVASKYLA, JOUTSA)
        for year in YEARS
        for gender in sotkanet.GENDERS
        if not (region == JOUTSA and year == 2020)
    ]


@pytest.fixture
def replica() -> Iterator[Replica]:
    """A Sotkanet with these figures."""
    with serving(Replica(list(REGIONS), figures())) as replica:
        yield replica


@pytest.fixture
def ask(replica: Replica) -> Iterator[Sotkanet]:
    """A client that does not wait long."""
    with Sotkanet(replica.url, first_wait=0.01, patience=2) as client:
        yield client


def table() -> set[tuple[Any, ...]]:
    """Return all figures, by what they are of."""
    fields = ("indicator__sotkanet_id", "area__kind", "area__code", "year", "gender", "value", "absolute", "status")
    return set(IndicatorValue.objects.values_list(*fields))


def counts(run: ImportRun) -> tuple[int, int, int, int, int]:
    """Return the counts of a run: read, added, changed, unchanged, rejected."""
    return run.rows_read, run.rows_added, run.rows_changed, run.rows_unchanged, run.rows_rejected


def planned(*numbers: int) -> ImportRun:
    """Return a run of these indicators, of all three without."""
    return plan(years=YEARS, sotkanet_ids=numbers or NUMBERS)


def test_the_client_keeps_the_manners(replica: Replica, ask: Sotkanet) -> None:
    answer = ask.values(181, range(2019, 2021), ["total"])
    assert Observation(JYVASKYLA, 2019, "total", 181 + 201.9, 85.0) in answer.observations
    assert len(answer.observations) == 7 and answer.unreadable == []
    assert replica.asked == ["/rest/1.1/json?indicator=181&years=2019&years=2020&genders=total"]
    assert replica.agents == {sotkanet.USER_AGENT} and "Hyte" in sotkanet.USER_AGENT
    assert ask.values(999, YEARS).observations == []


@pytest.mark.parametrize("fault", ["500", "429", "html", "cut"])
def test_what_may_be_better_the_next_time_is_asked_again(fault: str, replica: Replica, ask: Sotkanet) -> None:
    replica.fault = lambda number: fault if number < 3 else ""
    assert len(ask.regions()) == len(REGIONS)
    assert len(replica.asked) == 4


def test_it_gives_up_in_the_end_and_says_why(replica: Replica, ask: Sotkanet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sotkanet, "ATTEMPTS", 3)
    replica.fault = lambda number: "500"
    with pytest.raises(SotkanetError, match=r"3 kertaa: .* 500"):
        ask.regions()
    assert len(replica.asked) == 3


@pytest.mark.parametrize("fault", ["404", "object"])
def test_what_will_not_be_better_is_not_asked_again(fault: str, replica: Replica, ask: Sotkanet) -> None:
    replica.fault = lambda number: fault
    with pytest.raises(SotkanetError):
        ask.values(127, YEARS)
    assert len(replica.asked) == 1


def test_rows_that_cannot_be_read_are_told_apart(replica: Replica, ask: Sotkanet) -> None:
    good = {"indicator": 127, "region": JYVASKYLA, "year": 2020, "gender": "total", "value": 3}
    bad: list[Any] = [
        good | {"value": None},
        good | {"value": "3"},
        good | {"value": True},
        good | {"value": float("nan")},
        good | {"year": 20200},
        good | {"region": "85"},
        good | {"indicator": 128},
        good | {"gender": "all"},
        good | {"absValue": "x"},
        {name: good[name] for name in ("indicator", "year", "gender", "value")},
        ["127", 85],
        None,
    ]
    replica.rows = [good, *bad]
    answer = ask.values(127, [2020, 20200], ["total", "all"])
    assert answer.observations == [Observation(JYVASKYLA, 2020, "total", 3.0, None)]
    # All but the one of another indicator, which was not asked for and does not come.
    assert len(answer.unreadable) == len(bad) - 1


def test_a_batch_brings_what_there_is_and_again_nothing(replica: Replica, ask: Sotkanet) -> None:
    run = carry_out(planned(), ask)
    assert run.state == ImportRun.State.DONE
    assert counts(run) == (99, 99, 0, 0, 0)
    assert table() == {
        (row["indicator"], *KNOWN[row["region"]], row["year"], row["gender"], row["value"], row.get("absValue"), "ok")
        for row in figures()
    }
    assert replica.most_at_once <= batches.CALLS
    again = carry_out(planned(), ask)
    assert counts(again) == (99, 0, 0, 99, 0)
    assert set(IndicatorValue.objects.values_list("run", flat=True)) == {run.pk}


KNOWN = {
    COUNTRY: ("country", "358"),
    KESKI_SUOMI: ("county", "15"),
    JYVASKYLA: ("municipality", "179"),
    JOUTSA: ("municipality", "172"),
}


def test_faults_on_the_way_lead_to_the_same_end(replica: Replica, ask: Sotkanet) -> None:
    dice = random.Random(1)
    replica.fault = lambda number: dice.choice(["500", "html", "cut"]) if dice.random() < 0.4 else ""
    assert counts(carry_out(planned(), ask)) == (99, 99, 0, 0, 0)
    assert len(replica.asked) > 4


def test_unknown_regions_are_counted_and_named(replica: Replica, ask: Sotkanet) -> None:
    strange = {"indicator": 127, "year": 2019, "gender": "total", "value": 1}
    replica.rows += [
        strange | {"region": 5588},
        strange | {"region": 5588, "year": 2018},
        # Listed, but of a category that is not known here.
        strange | {"region": 9001},
        "not a row",
    ]
    run = carry_out(planned(127, 181), ask)
    # The line that is no row comes with the answer for each indicator.
    assert counts(run) == (33 * 2 + 3 + 2, 66, 0, 0, 5)
    assert list(Rejection.objects.filter(part__indicator__sotkanet_id=127).values_list("reason", "what", "rows")) == [
        ("region", "5588", 2),
        ("region", "9001", 1),
        ("value", "not a row", 1),
    ]


def test_areas_are_found_by_code_when_ids_change(replica: Replica, ask: Sotkanet) -> None:
    replica.regions[2] = {"id": 4444, "code": "179", "category": "KUNTA"}
    replica.rows = [row | {"region": 4444} if row["region"] == JYVASKYLA else row for row in figures()]
    assert counts(carry_out(planned(), ask)) == (99, 99, 0, 0, 0)
    assert IndicatorValue.objects.filter(area__code="179", area__kind="municipality").count() == 27


def test_one_that_fails_leaves_the_others_alone_and_is_read_later(
    replica: Replica, ask: Sotkanet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "CALLS", 1)
    replica.fault = lambda number: "404" if "indicator=181" in replica.asked[number] else ""
    told: list[tuple[int | None, str]] = []
    run = carry_out(planned(), ask, told=lambda part: told.append((part.indicator.sotkanet_id, part.state)))
    assert sorted(told) == [(127, "done"), (181, "failed"), (761, "done")]
    assert run.state == ImportRun.State.INCOMPLETE
    assert counts(run) == (66, 66, 0, 0, 0)
    assert "404" in ImportPart.objects.get(state="failed").reason
    assert unfinished() == run
    replica.fault = lambda number: ""
    asked = len(replica.asked)
    run = carry_out(run, ask)
    assert (run.state, counts(run)) == (ImportRun.State.DONE, (99, 99, 0, 0, 0))
    assert len(replica.asked) - asked == 3, "the regions, and the one that had failed with its texts"
    assert unfinished() is None


def test_one_that_was_cut_off_goes_on_where_it_was(
    replica: Replica, ask: Sotkanet, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """As when the process is told to end."""

    def end(part: ImportPart) -> None:
        raise Killed

    monkeypatch.setattr(batches, "CALLS", 1)
    run = planned()
    with pytest.raises(Killed):
        carry_out(run, ask, told=end)
    assert ImportPart.objects.filter(state="done").count() == 1
    assert unfinished() == run
    assert counts(carry_out(run, ask)) == (99, 99, 0, 0, 0)
    assert IndicatorValue.objects.count() == 99


def test_a_revised_figure_keeps_its_former_value_and_its_date(replica: Replica, ask: Sotkanet) -> None:
    first = carry_out(planned(), ask)
    revised = next(row for row in replica.rows if row["indicator"] == 761 and row["region"] == JOUTSA)
    before = revised["value"]
    revised["value"] = before + 1
    second = carry_out(planned(), ask)
    assert counts(second) == (99, 0, 1, 98, 0)
    kept = FormerValue.objects.get()
    assert (kept.value, kept.run, kept.replaced_by) == (before, first, second)
    assert kept.area == Area.objects.get(kind="municipality", code="172")


def test_a_figure_is_of_the_day_on_which_it_was_last_seen_to_be_given(
    replica: Replica, ask: Sotkanet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though nothing was written; what is given no more stays, and is of the day before."""
    county = Area.objects.get(kind="county", code="15")
    chosen = IndicatorSet.objects.create(owner=county, name="Kokeilu", version="1")
    for position, indicator in enumerate(Indicator.objects.filter(sotkanet_id__in=NUMBERS).order_by("sotkanet_id")):
        chosen.items.create(indicator=indicator, position=position)

    def retrieved(number: int) -> set[date]:
        figures = read_figures(chosen.in_order(), [county], year=2025, language="fi")
        (measure,) = [measure for measure in figures.measures if measure.sotkanet_id == number]
        return {point.origin.retrieved_on for point in figures.points(measure, county)}

    def on(day: date, years: range = YEARS) -> None:
        monkeypatch.setattr("django.utils.timezone.localdate", lambda *arguments: day)
        run = carry_out(plan(years=years, sotkanet_ids=NUMBERS), ask)
        assert run.state == ImportRun.State.DONE

    first, second, third = date(2030, 1, 6), date(2030, 1, 13), date(2030, 1, 20)
    on(first)
    assert retrieved(127) == {first}
    on(second)
    assert retrieved(127) == retrieved(761) == {second}
    # The figures of 127 of one region are withdrawn; and of the others only a year is read.
    replica.rows = [row for row in replica.rows if (row["indicator"], row["region"]) != (127, KESKI_SUOMI)]
    on(third, range(2019, 2020))
    assert retrieved(127) == {second}
    assert IndicatorValue.objects.filter(indicator__sotkanet_id=127, area=county).count() == 9
    assert retrieved(761) == {first, third}


def test_a_figure_given_twice_fails_its_indicator(replica: Replica, ask: Sotkanet) -> None:
    replica.rows.append(replica.rows[0] | {"value": 1.5})
    run = carry_out(planned(), ask)
    assert run.state == ImportRun.State.INCOMPLETE
    assert ImportPart.objects.get(state="failed").reason == "Sama luku on annettu kahdesti."
    assert run.rows_added == 66


def test_without_the_regions_nothing_is_read(replica: Replica, ask: Sotkanet, monkeypatch: pytest.MonkeyPatch) -> None:
    replica.fault = lambda number: "404"
    with pytest.raises(SotkanetError):
        carry_out(planned(), ask)
    assert len(replica.asked) == 1


def test_one_import_at_a_time(replica: Replica, ask: Sotkanet, django_db_blocker: Any) -> None:
    from django.db import connection

    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [batches.LOCK])
            with pytest.raises(ImportGoingOn):
                carry_out(planned(), ask)
            cursor.execute("SELECT pg_advisory_unlock(%s)", [batches.LOCK])
    finally:
        other.close()
    assert replica.asked == []
    assert carry_out(planned(), ask).state == ImportRun.State.DONE


# --- The command and the weekly task -----------------------------------------------------------------------------


@pytest.fixture
def command(replica: Replica, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run the command against the replica, and return what it says."""
    monkeypatch.setattr(sotkanet, "FIRST_WAIT", 0.01)

    def called(*arguments: str) -> str:
        out = StringIO()
        call_command("import_sotkanet", "--base-url", replica.url, *arguments, stdout=out)
        return out.getvalue()

    return called


def test_the_command(replica: Replica, command: Callable[..., str]) -> None:
    said = command("--indicators", "127,181", "--years", "2018-2019")
    assert "rows read 48: added 48, changed 0, unchanged 0, rejected 0" in said
    assert "read 24, added 24" in said and "127" in said
    assert set(IndicatorValue.objects.values_list("year", flat=True)) == {2018, 2019}
    replica.fault = lambda number: "404" if "indicator=761" in replica.asked[number] else ""
    with pytest.raises(CommandError, match="1 indicators failed"):
        command("--indicators", "181,761", "--years", "2018-2020")
    replica.fault = lambda number: ""
    assert "rows read 66: added 42, changed 0, unchanged 24, rejected 0" in command("--resume")
    with pytest.raises(CommandError, match="no import to go on with"):
        command("--resume")


DESCRIBED = {
    "id": 313,
    "title": {"fi": "Sairastavuusindeksi", "sv": "Sjuklighetsindex", "en": ""},
    "organization": {"id": 2, "title": {"fi": "Terveyden ja hyvinvoinnin laitos (THL)"}},
    "primaryValueType": {"code": "PER1000", "title": {"fi": "x"}},
    "decimals": 2,
    "description": {
        "fi": "<p>Ilmaisee <b>sairastavuutta</b>&nbsp;alueella.</p><p>Mit&auml; pienempi, sen&#160;terveempi.</p>",
        "sv": "<p>Uttrycker sjuklighet.</p>",
    },
    "interpretation": {"fi": " ", "sv": None, "en": 5},
    "limits": "ei lainkaan",
}
TELLS = "Ilmaisee sairastavuutta alueella.\n\nMitä pienempi, sen terveempi."


def test_an_indicator_that_the_catalogue_does_not_have_is_added_as_it_is_described(
    replica: Replica, command: Callable[..., str]
) -> None:
    replica.descriptions[313] = DESCRIBED
    replica.rows.append({"indicator": 313, "region": JYVASKYLA, "year": 2019, "gender": "total", "value": 101.5})
    with pytest.raises(CommandError, match="313"):
        command("--indicators", "127,313", "--years", "2019")
    said = command("--indicators", "127,313", "--years", "2019", "--add")
    assert "added to the catalogue" in said and "rows read 13: added 13" in said
    added = Indicator.objects.get(sotkanet_id=313)
    assert (added.name_fi, added.name_sv, added.unit, added.decimals, added.polarity) == (
        *("Sairastavuusindeksi", "Sjuklighetsindex", "PER_1000", 2, "neutral"),
    )
    assert (added.description_fi, added.interpretation_fi, added.limits_fi) == (TELLS, "", "")
    asked = len(replica.asked)
    command("--indicators", "127,313", "--years", "2019", "--add")
    # Once each, for its texts: nothing is added.
    described = [path for path in replica.asked[asked:] if "/indicators/" in path]
    assert sorted(described) == ["/rest/1.1/indicators/127", "/rest/1.1/indicators/313"]
    assert Indicator.objects.filter(sotkanet_id=313).count() == 1


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("Vain tekstiä", "Vain tekstiä"),
        ("<p>Yksi\n  rivi.</p>\n<p>Toinen.</p>", "Yksi rivi.\n\nToinen."),
        ("Ensin<br/>sitten<br>lopuksi", "Ensin\nsitten\nlopuksi"),
        ("<ul><li>a</li><li>b</li></ul>loppu", "a\nb\n\nloppu"),
        ("5 &lt; 6 &amp;&nbsp;&#228;&#xe4;", "5 < 6 & ää"),
        ("<p>alle 5 < 6</p>", "alle 5 < 6"),
        # What is not for reading is left out; what only looks like a tag stays text.
        ("a<script>alert(1)</script><style>p{}</style><!-- b -->c", "ac"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", "<script>alert(1)</script>"),
        ("<p onclick='x'>kesken <b>jäänyt", "kesken jäänyt"),
        ("a\0b", "ab"),
        ("<p>" * 500 + "x", "x"),
        ("x" * 20_000, "x" * sotkanet.LONGEST_TEXT),
    ],
)
def test_html_is_turned_into_plain_text(html: str, text: str) -> None:
    assert sotkanet.plain_text(html) == text


def test_the_texts_of_an_indicator_come_with_its_figures(replica: Replica, ask: Sotkanet) -> None:
    """At first, and when the source's have changed; a text that it does not have stays as somebody wrote it."""
    replica.descriptions[127] = DESCRIBED | {"id": 127}
    indicators = Indicator.objects.filter(sotkanet_id=127)
    indicators.update(limits_fi="Omin sanoin.", polarity="lower")
    carry_out(planned(127, 181), ask)
    fields = ("description_fi", "description_sv", "description_en", "interpretation_fi", "limits_fi", "polarity")
    assert indicators.values_list(*fields).get() == (TELLS, "Uttrycker sjuklighet.", "", "", "Omin sanoin.", "lower")
    assert replica.asked.count("/rest/1.1/indicators/127") == 1
    assert not Indicator.objects.get(sotkanet_id=181).description_fi
    replica.descriptions[127]["description"] = {"fi": "<p>Toisin.</p>"}
    carry_out(planned(127), ask)
    assert indicators.values_list(*fields[:2]).get() == ("Toisin.", "Uttrycker sjuklighet.")


@pytest.mark.parametrize("fault", ["500", "404", "html", "object"])
def test_without_its_texts_an_indicator_has_its_figures(
    fault: str, replica: Replica, ask: Sotkanet, caplog: pytest.LogCaptureFixture
) -> None:
    replica.fault = lambda number: fault if "/indicators/" in replica.asked[number] else ""
    run = carry_out(planned(127), ask)
    assert (run.state, counts(run)) == (ImportRun.State.DONE, (33, 33, 0, 0, 0))
    assert "the texts of indicator 127 were not had" in caplog.text
    assert len(replica.asked) <= 2 + batches.ATTEMPTS_OF_TEXTS


@pytest.mark.parametrize(
    "described",
    [
        None,
        DESCRIBED | {"primaryValueType": {"code": "PARSEC"}},
        {name: value for name, value in DESCRIBED.items() if name != "decimals"},
        [DESCRIBED],
    ],
)
def test_one_that_is_not_described_as_it_should_is_not_added(
    described: Any, replica: Replica, command: Callable[..., str]
) -> None:
    replica.descriptions[313] = described
    with pytest.raises(CommandError):
        command("--indicators", "127,313", "--years", "2019", "--add")
    assert not Indicator.objects.filter(sotkanet_id=313).exists()
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--add",),
        ("--years", "2025-2005"),
        ("--years", "20"),
        ("--indicators", "127;181"),
        ("--indicators", "1,99999999"),
    ],
)
def test_the_command_refuses_what_cannot_be(arguments: tuple[str, ...], command: Callable[..., str]) -> None:
    with pytest.raises(CommandError):
        command(*arguments)
    assert not ImportRun.objects.exists()


def test_the_weekly_batch_reads_the_last_years_of_all_indicators(replica: Replica, settings: Any) -> None:
    settings.SOTKANET_URL = replica.url
    import_sotkanet()
    run = ImportRun.objects.get()
    assert (run.state, run.parts.count()) == (
        ImportRun.State.DONE,
        Indicator.objects.filter(sotkanet_id__isnull=False).count(),
    )
    part = run.parts.all()[0]
    assert part.last_year - part.first_year == 10
    assert run.rows_added == 99
