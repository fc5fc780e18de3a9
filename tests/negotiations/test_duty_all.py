"""The duty of all counties: as each reads its own, in as many queries as one; and the command that tells it."""

from __future__ import annotations

import io
import json
from datetime import date
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from municipalities.models import CouncilTerm, County, Municipality, Sector, User
from negotiations.demo.building import add_head_counts, organisation
from negotiations.followup.duty import read, read_all
from negotiations.models import LegalBasis, Party
from negotiations.sitting.conduct import convene, hold
from tests.factories import BOTH, make_county, make_held, make_municipality, make_negotiation, make_round

TODAY = date(2024, 10, 15)


@pytest.fixture
def terms(db: None) -> None:
    """The terms of the county councils."""
    for starts_on, ends_on in (
        (date(2022, 3, 1), date(2025, 5, 31)),
        (date(2025, 6, 1), date(2029, 5, 31)),
    ):
        CouncilTerm.objects.get_or_create(
            body=CouncilTerm.Body.COUNTY, starts_on=starts_on, defaults={"ends_on": ends_on}
        )


@pytest.fixture
def two(
    terms: None, keski_suomi: County, hankasalmi: Municipality, joutsa: Municipality, coordinator: User
) -> tuple[County, County]:
    """Keski-Suomi, which has negotiated with one of two, and Kainuu, which has planned."""
    with scope(county=keski_suomi):
        negotiation = make_negotiation(make_round(keski_suomi), [hankasalmi])
        Party.objects.create(
            county=keski_suomi,
            negotiation=negotiation,
            organisation=organisation(keski_suomi, "Nuorten tuki", Sector.ORGANISATION),
        )
        add_head_counts(negotiation, {Sector.PARISH: 4, Sector.MUNICIPALITY: 6})
        hold(convene(negotiation, by=coordinator), by=coordinator)
    kainuu = make_county("18", "Kainuun hyvinvointialue", "kainuu")
    with scope(county=kainuu):
        puolanka = make_municipality(kainuu, "620", "Puolanka")
        make_negotiation(make_round(kainuu), [puolanka], bases=BOTH, day=date(2024, 11, 20))
    return keski_suomi, kainuu


def test_each_county_is_told_as_it_reads_its_own(two: tuple[County, County]) -> None:
    """The same coverages, others included; inside a scope or outside all of them."""
    found = read_all(two, year=2024, today=TODAY)
    assert list(found) == [county.pk for county in two]
    for county in two:
        with scope(county=county):
            own = read(county, today=TODAY, year=2024, with_others=True)
            assert read_all([county], year=2024, today=TODAY)[county.pk] == found[county.pk]
        assert [each.positions for each in own.coverages] == [each.positions for each in found[county.pk].coverages]
        for position in own.coverages[-1].positions:
            for evidence in position.evidence:
                assert own.coverages[-1].others_at(evidence) == found[county.pk].coverages[-1].others_at(evidence)
        assert own.municipalities == found[county.pk].municipalities


def test_what_was_negotiated_with_another_county_is_its_own(
    two: tuple[County, County], hankasalmi: Municipality
) -> None:
    """A municipality that has gone over: its duty begins anew, also where both counties are read."""
    keski_suomi, kainuu = two
    Municipality.objects.filter(pk=hankasalmi.pk).update(county=kainuu)
    found = read_all(two, year=2024, today=TODAY)
    assert [position.standing for position in found[kainuu.pk].coverages[-1].positions] == ["missing", "planned"]
    assert [position.standing for position in found[keski_suomi.pk].coverages[-1].positions] == ["missing"]


def test_one_county_and_all_of_them_take_as_many_queries(two: tuple[County, County], coordinator: User) -> None:
    """However many negotiations there are."""

    def cost(*counties: County) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert len(read_all(counties, year=2024, today=TODAY)) == len(counties)
        return len(queries)

    assert cost(two[0]) == cost(*two) == 6
    for county in two:
        with scope(county=county):
            round_ = make_round(county, name="Toinen")
            for municipality in county.municipalities.all():
                make_held(round_, [municipality], by=coordinator, bases=BOTH)
    assert cost(two[0]) == cost(*two) == 6


# --- The command --------------------------------------------------------------------------------------------


def printed(*words: str, **options: Any) -> str:
    """Return what the command prints."""
    out = io.StringIO()
    call_command("duty", *words, stdout=out, **options)
    return out.getvalue()


def test_the_table_in_finnish(two: tuple[County, County], monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for each municipality, under a line that counts them; by slug or by code."""
    text = printed("keski-suomi", year=2024)
    assert text == printed("15", year=2024)
    lines = text.splitlines()
    assert lines[0] == "Keski-Suomen hyvinvointialue"
    assert "14 §, aluevaltuuston toimikausi 1.3.2022–31.5.2025: neuvoteltu 0 / 2 kunnan kanssa" in lines
    place = lines.index("6–7 §, vuosi 2024: neuvoteltu 1 / 2 kunnan kanssa")
    told = [" ".join(line.split()) for line in lines[place + 1 :]]
    assert told == [
        "Kunta Tila Syy",
        "Hankasalmi Neuvoteltu Neuvoteltu to 26.9.2024. Muiden toimijoiden osallistumisia: 4.",
        "Joutsa Puuttuu Tälle jaksolle ei ole suunniteltu neuvottelua.",
    ]
    assert "Kainuu" not in text
    assert "Hankasalmi  Förhandlat" in printed("keski-suomi", year=2024, language="sv")


def test_all_counties(two: tuple[County, County]) -> None:
    """In the order of their names, in words and as JSON."""
    text = printed(all=True, year=2024)
    assert text.index("Kainuun hyvinvointialue") < text.index("Keski-Suomen hyvinvointialue")
    told = json.loads(printed(all=True, year=2024, json=True))
    assert [county["slug"] for county in told["counties"]] == ["kainuu", "keski-suomi"]


def test_the_keys_of_json(two: tuple[County, County]) -> None:
    """As the command's description has them; programs read them."""
    told = json.loads(printed("keski-suomi", year=2024, json=True))
    assert list(told) == ["today", "year", "counties"]
    (county,) = told["counties"]
    assert list(county) == ["code", "slug", "name", "duties", "outside_register"]
    assert (county["code"], county["slug"], county["outside_register"]) == ("15", "keski-suomi", [])
    cooperation, welfare = county["duties"]
    assert list(welfare) == ["basis", "sections", "from", "to", "counts", "municipalities"]
    assert [cooperation["basis"], welfare["basis"]] == LegalBasis.values
    assert welfare["counts"] == {
        "total": 2,
        "done": 1,
        "planned": 0,
        "not_known": 0,
        "stayed_away": 0,
        "missing": 1,
        "merged": 0,
    }
    done, missing = welfare["municipalities"]
    (evidence,) = done.pop("evidence")
    with scopes_disabled():
        negotiation = Municipality.objects.get(area__code="077").parties.get().negotiation
    assert evidence == {
        "negotiation": negotiation.pk,
        "title": "Hankasalmi",
        "state": "held",
        "participation": "took_part",
        "dealt_with": True,
        "earliest": "2024-09-26",
        "latest": "2024-09-26",
        "standing": "done",
        "reason": "Neuvoteltu to\N{NO-BREAK SPACE}26.9.2024.",
        "others": {"organisations": ["Nuorten tuki"], "invited": ["Nuorten tuki"], "attendances": {"parish": 4}},
    }
    assert done == {
        "code": "077",
        "name": "Hankasalmi",
        "standing": "done",
        "reason": "Neuvoteltu to\N{NO-BREAK SPACE}26.9.2024.",
        "done_on": "2024-09-26",
        "planned_on": None,
        "stayed_away_on": None,
        "merged_into": None,
        "ended_on": None,
        "before_merger": [],
    }
    assert (missing["evidence"], missing["done_on"]) == ([], None)


def test_a_time_known_to_the_month_is_an_interval(two: tuple[County, County]) -> None:
    """As ISO 8601 writes one."""
    kainuu = two[1]
    with scope(county=kainuu):
        round_ = make_round(kainuu, year=timezone.localdate().year + 1, name="Ensi vuosi")
        year = round_.year
        make_negotiation(
            round_,
            list(kainuu.municipalities.all()),
            precision="month",
            earliest=date(year, 3, 1),
            latest=date(year, 4, 30),
            starts_at=None,
            ends_at=None,
        )
    told = json.loads(printed("kainuu", year=year, json=True))["counties"][0]["duties"][-1]["municipalities"]
    assert [row["planned_on"] for row in told] == [f"{year}-03-01/{year}-04-30"]


def test_without_a_year_it_is_this_one(two: tuple[County, County]) -> None:
    """By the clock of the county."""
    assert json.loads(printed("kainuu", json=True))["year"] == timezone.localdate().year


@pytest.mark.parametrize(
    ("words", "options", "expected"),
    [
        (("keski-suomi2",), {}, "There is no county keski-suomi2. There are: kainuu (18), keski-suomi (15)."),
        (("",), {}, "Name one county, or give --all."),
        ((), {}, "Name one county, or give --all."),
        (("kainuu",), {"all": True}, "Name one county, or give --all."),
        (("kainuu",), {"year": 0}, "Give a year from 2000 to 2100."),
        (("kainuu",), {"year": 10**9}, "Give a year from 2000 to 2100."),
    ],
)
def test_what_cannot_be_told(
    two: tuple[County, County], words: tuple[str, ...], options: dict[str, Any], expected: str
) -> None:
    """A county that there is not, none or too many, and a year that is none: what to give instead."""
    with pytest.raises(CommandError) as refused:
        printed(*words, **options)
    assert str(refused.value) == expected


@pytest.mark.django_db
def test_without_reference_data() -> None:
    """It says so."""
    with pytest.raises(CommandError, match="There are none"):
        printed("keski-suomi")
    assert printed(all=True, year=2024) == ""
