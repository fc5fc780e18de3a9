"""Which figures are worth a highlight, and what is said of them: rules on numbers alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from indicators.figures import Direction, Measure, Sample
from indicators.models import Indicator
from negotiations.planning.highlights.rules import (
    FEWEST_PEOPLE,
    LEAST_STRENGTH,
    MOST_OF_KIND,
    USUAL_SPREAD,
    Evidence,
    Finding,
    Kind,
    Local,
    Trend,
    Years,
    finding_of,
    scale_of,
    strongest,
    sure,
)
from negotiations.planning.highlights.wording import how_many, sentences

BETTER, WORSE, SAME, UNKNOWN = Direction.BETTER, Direction.WORSE, Direction.SAME, Direction.UNKNOWN
LOWER, HIGHER, NEUTRAL = Indicator.Polarity.LOWER, Indicator.Polarity.HIGHER, Indicator.Polarity.NEUTRAL
MEASURE = Measure(7, 328, "Ahdistuneisuus, % oppilaista", "Mieli", "PERCENT", "%", 1, "lower", "", "THL")
NAMES = ("Hankasalmi", "Joutsa", "Luhanka", "Äänekoski")


def evidence(**fields: object) -> Evidence:
    """Return what an indicator says: four municipalities, three of them above the county, nothing sure."""
    values: dict[str, object] = {
        "indicator": 7,
        "decimals": 1,
        "polarity": LOWER,
        "years": Years(2023, 2023),
        "group": 22.5,
        "county": 20.0,
        "against": UNKNOWN,
        "scale": 2.0,
        "locals": tuple(Local(name, value) for name, value in zip(NAMES, (24.0, 23.0, 22.0, 19.0), strict=True)),
    }
    return Evidence(**(values | fields))  # type: ignore[arg-type]


def trend(direction: Direction = WORSE, **fields: object) -> Trend:
    """Return a course from 18.0 to 22.5 of all four."""
    values: dict[str, object] = {
        "first": Years(2019, 2019),
        "last": Years(2023, 2023),
        "before": 18.0,
        "now": 22.5,
        "direction": direction,
        "counted": 4,
        "risen": 3,
        "fallen": 1,
        "county_before": 19.0,
        "county_now": 20.0,
    }
    return Trend(**(values | fields))  # type: ignore[arg-type]


def said(found: Finding | None, language: str = "fi", measure: Measure = MEASURE) -> str:
    """Return what is said of a finding, with plain spaces."""
    assert found is not None
    with translation.override(language):
        return sentences(found, measure, is_example=False).replace("\N{NO-BREAK SPACE}", " ")


# --- What is found ------------------------------------------------------------------------------------------------


def test_what_chance_may_have_done_is_never_suggested() -> None:
    """However far the figures are from each other."""
    assert finding_of(evidence(group=90.0, trend=trend(UNKNOWN, now=90.0))) is None
    assert finding_of(evidence(group=90.0, against=SAME)) is None


def test_a_gap_is_in_standard_deviations() -> None:
    """Two and a half of a scale of two."""
    found = finding_of(evidence(against=WORSE))
    assert found is not None
    assert (found.kind, found.strength, found.key) == (Kind.GAP, 1.25, "gap-7-2023")
    assert finding_of(evidence(against=WORSE, group=20.0 + 2.0 * LEAST_STRENGTH - 0.01)) is None


def test_the_strongest_kind_wins_and_the_other_is_told_with_it() -> None:
    """4.5 of change against 2.5 of difference: a worsening, which is also weaker than in the county."""
    found = finding_of(evidence(against=WORSE, trend=trend()))
    assert found is not None
    assert (found.kind, found.strength) == (Kind.WORSENING, 2.25)
    assert said(found) == (
        "Ahdistuneisuus, % oppilaista: tilanne on heikentynyt kuntaryhmässä. Luku oli kuntaryhmässä 18,0 % vuonna 2019"
        " ja 22,5 % vuonna 2023. Koko hyvinvointialueella se oli samoina ajankohtina 19,0 % ja 20,0 %. Luku kasvoi"
        " kolmessa kunnassa neljästä. Tilanne on myös heikompi kuin koko hyvinvointialueella."
    )


def test_single_municipalities_make_a_gap_unless_one_is_better() -> None:
    """Nobody is named; one that is better is the opposite, and all together must not be better either."""
    some = (Local("Hankasalmi", 30.0, WORSE), Local("Joutsa", 21.0), Local("Luhanka"))
    found = finding_of(evidence(locals=some, group=20.5))
    assert found is not None
    assert (found.kind, found.by_places, found.strength) == (Kind.GAP, True, (10.0 + 1.0) / 2 / 2.0)
    assert "yhdessä kunnassa kahdesta heikompi" in said(found)
    assert finding_of(evidence(locals=(*some, Local("Äänekoski", 15.0, BETTER)), group=20.5)) is None
    assert finding_of(evidence(locals=some, against=BETTER, group=19.9)) is None


def test_a_strength_is_in_most_municipalities_and_nothing_says_the_opposite() -> None:
    """Better than the county."""
    low = tuple(Local(name, value) for name, value in zip(NAMES, (15.0, 16.0, 17.0, 21.0), strict=True))
    strong = evidence(against=BETTER, group=16.0, locals=low)
    found = finding_of(strong)
    assert found is not None
    assert (found.kind, found.strength, found.by_change) == (Kind.STRENGTH, 2.0, False)
    assert "Luku on hyvinvointialueen lukua pienempi kolmessa kunnassa neljästä." in said(found)
    half = (*low[:2], Local("Luhanka", 20.0), low[3])
    assert finding_of(replace(strong, locals=half)) is None
    assert finding_of(replace(strong, locals=(*low[:3], Local("Äänekoski", 25.0, WORSE)))) is None
    worsened = finding_of(replace(strong, trend=trend(before=10.0, now=16.0)))
    assert worsened is not None and worsened.kind == Kind.WORSENING
    assert "Tilanne on silti parempi kuin koko hyvinvointialueella." in said(worsened)


def test_what_improves_is_a_strength_unless_it_is_still_worse() -> None:
    """In most of the municipalities that have a figure of both times."""
    better = trend(BETTER, before=27.0, risen=1, fallen=3)
    found = finding_of(evidence(trend=better))
    assert found is not None
    assert (found.kind, found.by_change) == (Kind.STRENGTH, True)
    assert "Luku pieneni kolmessa kunnassa neljästä." in said(found)
    assert finding_of(evidence(trend=replace(better, fallen=2))) is None
    still = finding_of(evidence(trend=better, against=WORSE))
    assert still is not None and still.kind == Kind.GAP
    assert "Suunta on kuitenkin parempi: vuonna 2019 luku oli 27,0 %." in said(still)


def test_more_is_better_turns_everything() -> None:
    """By the polarity of the indicator."""
    found = finding_of(evidence(polarity=HIGHER, against=WORSE, group=16.0))
    assert "Luku on hyvinvointialueen lukua pienempi yhdessä kunnassa neljästä." in said(found)


def test_nothing_differs_where_all_are_the_same() -> None:
    """No division by nought."""
    assert finding_of(evidence(against=WORSE, scale=0.0)) is None
    assert scale_of([5.0] * 6, 5.0) == 5.0 * USUAL_SPREAD
    assert scale_of([1.0, 9.0], 5.0) == 5.0 * USUAL_SPREAD
    assert scale_of([1.0, 3.0, 5.0, 7.0, 9.0], 5.0) == pytest.approx(8**0.5)


@pytest.mark.parametrize(
    ("unit", "exposures", "people", "expected"),
    [
        ("PERCENT", (3.0, 40.0), 10.0, WORSE),
        ("PERCENT", (None, 40.0), 1e6, UNKNOWN),
        ("PER_1000", (3.0, None), 1e6, UNKNOWN),
        ("LITRE", (None, None), FEWEST_PEOPLE, WORSE),
        ("LITRE", (None, None), FEWEST_PEOPLE - 1, UNKNOWN),
    ],
)
def test_what_is_sure(
    unit: str, exposures: tuple[float | None, float | None], people: float, expected: Direction
) -> None:
    """A rate must be known to rest on somebody; of what chance cannot be counted, there must be many people."""
    one, other = (Sample(5.0, exposure) for exposure in exposures)
    assert sure(WORSE, one, other, unit=unit, people=people) == expected


# --- Whatever the figures -----------------------------------------------------------------------------------------

numbers = st.floats(0, 1_000).map(lambda number: round(number, 1))
directions = st.sampled_from([BETTER, WORSE, SAME, UNKNOWN])


@st.composite
def evidences(draw: st.DrawFn) -> Evidence:
    """Any evidence: the directions need not follow from the numbers."""
    count = draw(st.integers(1, 12))
    locals_ = tuple(Local(f"Kunta{number}", draw(st.none() | numbers), draw(directions)) for number in range(count))
    course = None
    if draw(st.booleans()):
        risen = draw(st.integers(0, count))
        course = trend(
            draw(directions),
            before=draw(numbers),
            now=draw(numbers),
            counted=count,
            risen=risen,
            fallen=draw(st.integers(0, count - risen)),
        )
    return evidence(
        indicator=draw(st.integers(1, 40)),
        polarity=draw(st.sampled_from([LOWER, HIGHER, NEUTRAL])),
        group=draw(numbers),
        county=draw(numbers),
        against=draw(directions),
        scale=draw(st.floats(0.1, 50)),
        locals=locals_,
        trend=course,
    )


@given(evidences())
def test_a_finding_rests_on_something_sure(given_: Evidence) -> None:
    """Never a neutral indicator; never without a sure direction of the kind; always noticeable."""
    found = finding_of(given_)
    if found is None:
        return
    course = given_.trend.direction if given_.trend else UNKNOWN
    each = {local.against for local in given_.locals if local.value is not None}
    assert given_.polarity != NEUTRAL
    assert found.strength >= LEAST_STRENGTH
    if found.kind == Kind.GAP:
        assert given_.against == WORSE or (WORSE in each and BETTER not in each and given_.against != BETTER)
    elif found.kind == Kind.WORSENING:
        assert course == WORSE
    else:
        assert given_.against == BETTER or course == BETTER
        assert course != WORSE or given_.against != BETTER


@given(evidences(), st.sampled_from(["fi", "sv", "en"]))
def test_no_municipality_is_named(given_: Evidence, language: str) -> None:
    """Whatever is said, in any language; and it fits into a highlight."""
    found = finding_of(given_)
    if found is not None:
        text = said(found, language)
        assert "Kunta" not in text.removeprefix(MEASURE.name)
        assert "%(" not in text and len(text) < 900


@given(evidences(), st.sampled_from([0.5, 2.0, 4.0]))
def test_the_unit_makes_no_difference(given_: Evidence, times: float) -> None:
    """Per 1,000 or per 10,000: as strong, and of the same kind."""

    def scaled(value: float | None) -> float | None:
        return None if value is None else value * times

    other = replace(
        given_,
        decimals=6,
        group=scaled(given_.group),
        county=given_.county * times,
        scale=given_.scale * times,
        locals=tuple(replace(local, value=scaled(local.value)) for local in given_.locals),
        trend=given_.trend and replace(given_.trend, before=given_.trend.before * times, now=given_.trend.now * times),
    )
    one, two = finding_of(replace(given_, decimals=6)), finding_of(other)
    assert (one and one.kind) == (two and two.kind)
    assert (one.strength if one else 0) == pytest.approx(two.strength if two else 0)


@given(st.lists(evidences(), max_size=25, unique_by=lambda one: one.indicator), st.randoms())
def test_the_strongest_of_each_kind_whatever_the_order(given_: list[Evidence], random: object) -> None:
    """At most three a kind, none of which is weaker than one left out; each indicator once."""
    found = [each for one in given_ if (each := finding_of(one)) is not None]
    chosen = strongest(found)
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert strongest(shuffled) == chosen
    assert len({one.key for one in chosen}) == len({one.evidence.indicator for one in chosen}) == len(chosen)
    for kind in (Kind.GAP, Kind.WORSENING, Kind.STRENGTH):
        strengths = [one.strength for one in chosen if one.kind == kind]
        left = [one.strength for one in found if one.kind == kind and one not in chosen]
        assert strengths == sorted(strengths, reverse=True)
        assert len(strengths) == MOST_OF_KIND or not left
        assert max(left, default=0) <= min(strengths, default=float("inf"))


# --- In words -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "of", "fi", "sv", "en"),
    [
        (1, 4, "yhdessä kunnassa neljästä", "i en kommun av fyra", "in one municipality of four"),
        (2, 3, "kahdessa kunnassa kolmesta", "i två kommuner av tre", "in two municipalities of three"),
        (2, 2, "kummassakin kunnassa", "i båda kommunerna", "in both municipalities"),
        (5, 5, "kaikissa viidessä kunnassa", "i alla fem kommuner", "in all five municipalities"),
        (7, 10, "seitsemässä kunnassa kymmenestä", "i sju kommuner av tio", "in seven municipalities of ten"),
        (
            15,
            22,
            "15 kunnassa (vertailussa 22 kuntaa)",
            "i 15 kommuner (av 22 jämförda)",
            "in 15 municipalities (of 22 compared)",
        ),
    ],
)
def test_in_how_many(count: int, of: int, fi: str, sv: str, en: str) -> None:
    """Numbers inflect in Finnish."""
    for language, words in (("fi", fi), ("sv", sv), ("en", en)):
        with translation.override(language):
            assert how_many(count, of) == words


def test_in_none_is_not_said() -> None:
    """Whoever asks has something to say."""
    for count in (0, 3):
        with pytest.raises(IndexError):
            how_many(count, 2)


def test_a_single_municipality_is_no_group() -> None:
    """Nor is it told in how many it is so."""
    alone = evidence(against=WORSE, locals=(Local("Hankasalmi", 22.5, WORSE),), trend=trend(SAME, counted=1))
    assert said(finding_of(alone)) == (
        "Ahdistuneisuus, % oppilaista: tilanne on kunnassa heikompi kuin koko hyvinvointialueella. Luku oli kunnassa"
        " 22,5 % ja koko hyvinvointialueella 20,0 % vuonna 2023."
    )


def test_what_is_lacking_and_what_is_taken_together_is_told() -> None:
    """A municipality without a figure; years together; those with a figure of both times; and the mark of examples."""
    lacking = (*evidence().locals[:2], Local("Luhanka"), Local("Äänekoski"))
    assert "2 kunnasta ei ole lukua." in said(finding_of(evidence(against=WORSE, locals=lacking)))
    pooled = finding_of(evidence(against=WORSE, years=Years(2021, 2023), locals=lacking))
    assert "20,0 % keskimäärin vuosina 2021–2023." in said(pooled)
    assert "ei ole lukua" not in said(pooled)
    part = finding_of(evidence(trend=trend(counted=3)))
    assert "Niissä kuntaryhmän kunnissa, joista on luku molemmilta ajankohdilta, luku oli yhdessä 18,0 %" in said(part)
    assert part is not None
    with translation.override("fi"):
        assert sentences(part, MEASURE, is_example=True).endswith(" (Esimerkkiaineistoa.)")
