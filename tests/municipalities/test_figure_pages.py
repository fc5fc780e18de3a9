"""The pages of the figures: one indicator over areas and years, and many side by side."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_scopes import scope

from indicators.models import Area, FormerValue, ImportRun, Indicator, IndicatorSet, IndicatorValue
from municipalities.models import County, Municipality, MunicipalityGroup, User
from tests.factories import make_municipality

ClientFor = Callable[[User | None], Client]
NBSP = "\N{NO-BREAK SPACE}"


@pytest.fixture
def run(db: None) -> ImportRun:
    """The import that brought the figures."""
    return ImportRun.objects.create(
        source="sotkanet",
        label="x",
        retrieved_on=date(2026, 11, 1),
        licence="CC BY 4.0",
        citation="Sotkanet. {title} (ind. {number}). Viitattu {date}.",
    )


@pytest.fixture
def rate(db: None) -> Indicator:
    """A share of which less is better."""
    return Indicator.objects.create(
        sotkanet_id=181,
        name_fi="Työttömät, % työvoimasta",
        theme="Elinolot",
        polarity="lower",
        producer="TEM",
        limits_fi="Alle viiden tapauksen lukuja ei julkaista.",
    )


Give = Callable[..., None]


@pytest.fixture
def give(run: ImportRun, rate: Indicator) -> Give:
    """Give an area figures of an indicator by year; a text is a status."""

    def given(area: Area, by_year: dict[int, float | str], indicator: Indicator = rate, gender: str = "total") -> None:
        IndicatorValue.objects.bulk_create(
            IndicatorValue(
                indicator=indicator,
                area=area,
                run=run,
                year=year,
                gender=gender,
                value=None if isinstance(told, str) else told,
                status=told if isinstance(told, str) else "ok",
            )
            for year, told in by_year.items()
        )

    return given


@pytest.fixture
def page(keski_suomi: County, coordinator: User, client_for: ClientFor, rate: Indicator) -> Callable[..., str]:
    """Return the text of a page of the figures: of the indicator, or the matrix."""
    client = client_for(coordinator)

    def read(query: str = "", *, name: str = "indicator") -> str:
        ids = [rate.pk] if name == "indicator" else []
        response = client.get(reverse(name, args=[keski_suomi.slug, *ids]) + query)
        assert response.status_code == 200
        return response.content.decode("utf-8-sig")

    return read


def rows_of(text: str) -> list[list[str]]:
    """Return the cells of the table's body in words."""
    body = text[text.index("<tbody") : text.index("</tbody>")]
    return [
        [
            " ".join(part for part in re.split(r"[ \n]+", re.sub(r"<[^>]*>", " ", cell)) if part)
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        ]
        for row in re.findall(r"<tr[^>]*>(.*?)</tr>", body, re.DOTALL)
    ]


def csv_of(text: str) -> list[list[str]]:
    """Return the rows of a csv file."""
    return list(csv.reader(io.StringIO(text), delimiter=";"))


def test_areas_years_and_what_they_say(
    page: Callable[..., str], give: Give, keski_suomi: County, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    """By hand: the county's mean of 2023 is (10.0 x 4436 + 14.0 x 4079) / 8515 = 11.9."""
    County.objects.update(baseline_year=2019)
    give(hankasalmi.area, {2019: 12.0, 2022: 12.0, 2023: 10.0})
    give(joutsa.area, {2019: 13.0, 2022: "suppressed", 2023: 14.0})
    text = page()
    assert rows_of(text) == [
        ["Hankasalmi", f"4{NBSP}436", "12,0", "12,0", "10,0", "▼ −2,0 ei voi sanoa", "−2,0", "−1,9"],
        [
            "Joutsa",
            f"4{NBSP}079",
            "13,0",
            "salattu: liian vähän tapauksia",
            "14,0",
            "▲ +1,0 ei voi sanoa",
            "+1,0",
            "+2,1",
        ],
        [
            "Keski-Suomen hyvinvointialue laskettu",
            f"8{NBSP}515",
            "12,5",
            "12,0",
            "11,9",
            "▼ −0,1 ei voi sanoa",
            "−0,6",
            "–",
        ],
    ]
    assert "Alle viiden tapauksen lukuja ei julkaista." in text
    assert "Sotkanet. Työttömät, % työvoimasta (ind. 181). Viitattu 1.11.2026." in text


def test_municipalities_never_sort_by_their_figures(
    page: Callable[..., str], give: Give, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    give(hankasalmi.area, {2023: 10.0})
    give(joutsa.area, {2023: 14.0})
    links = set(re.findall(r"jarjesta=(-?\w+)", page()))
    assert {link.lstrip("-") for link in links} <= {"kunta", "asukkaita"}
    asked = rows_of(page("?jarjesta=-v2023"))
    assert [row[0] for row in asked][:2] == ["Hankasalmi", "Joutsa"]
    by_size = rows_of(page("?jarjesta=-asukkaita"))
    assert [row[0] for row in by_size[1:]] == ["Hankasalmi", "Joutsa"]


def test_peers(
    page: Callable[..., str],
    give: Give,
    keski_suomi: County,
    hankasalmi: Municipality,
    joutsa: Municipality,
    luhanka: Municipality,
    mantsala: Municipality,
) -> None:
    """A group, those of like size (of the whole country), and those picked."""
    for one in (hankasalmi, joutsa, luhanka, mantsala):
        give(one.area, {2023: 10.0})
    with scope(county=keski_suomi):
        group = MunicipalityGroup.objects.create(county=keski_suomi, year=2026, name="Etelä")
        group.municipalities.set([joutsa, luhanka])

    def names(query: str) -> list[str]:
        return [row[0] for row in rows_of(page(query)) if "laskettu" not in row[0]]

    assert names("") == ["Hankasalmi", "Joutsa", "Luhanka"]
    assert names(f"?vertailu=ryhma-{group.pk}") == ["Joutsa", "Luhanka"]
    assert names("?vertailu=koko&kunta=172") == ["Hankasalmi", "Joutsa", "Luhanka", "Mäntsälä"]
    assert names("?vertailu=valitut&kunnat=077&kunnat=435") == ["Hankasalmi", "Luhanka"]
    assert names("?vertailu=valitut&kunnat=077,435") == ["Hankasalmi", "Luhanka"]
    # What there is not is not heeded: another county's municipality cannot be picked.
    assert names("?vertailu=valitut&kunnat=505") == ["Hankasalmi", "Joutsa", "Luhanka"]
    assert names("?vertailu=ryhma-1&kunta=xx") == ["Hankasalmi", "Joutsa", "Luhanka"]


def test_a_group_together_and_how_its_municipalities_differ_from_it(
    page: Callable[..., str], give: Give, keski_suomi: County, joutsa: Municipality, luhanka: Municipality
) -> None:
    """By hand: (10.0 x 4079 + 16.0 x 695) / 4774 = 10.9."""
    give(joutsa.area, {2023: 10.0})
    give(luhanka.area, {2023: 16.0})
    with scope(county=keski_suomi):
        group = MunicipalityGroup.objects.create(county=keski_suomi, year=2026, name="Etelä")
        group.municipalities.set([joutsa, luhanka])
    rows = rows_of(page(f"?vertailu=ryhma-{group.pk}"))
    assert [(row[0], row[2], row[4], row[5]) for row in rows] == [
        ("Joutsa", "10,0", "−0,9", "−0,9"),
        ("Luhanka", "16,0", "+5,1", "+5,1"),
        ("Etelä (2026) laskettu", "10,9", "–", "0,0"),
        ("Keski-Suomen hyvinvointialue laskettu", "10,9", "–", "–"),
    ]


def test_what_a_survey_has_of_the_county_alone_is_told_as_the_county_s(
    page: Callable[..., str], give: Give, keski_suomi: County, rate: Indicator, hankasalmi: Municipality
) -> None:
    Indicator.objects.filter(pk=rate.pk).update(survey="adult")
    give(keski_suomi.area, {2022: 12.3})
    text = page("?kunta=077")
    assert f"Kyselystä ei ole kunnan omaa lukua; alueen luku on 12,3{NBSP}% (2022)." in text
    assert "alueen luku: kunnasta ei ole omaa" in text


def test_genders_are_apart(page: Callable[..., str], give: Give, hankasalmi: Municipality) -> None:
    give(hankasalmi.area, {2023: 10.0})
    give(hankasalmi.area, {2023: 8.5}, gender="female")
    assert rows_of(page("?sukupuoli=female"))[0][2] == "8,5"
    assert rows_of(page())[0][2] == "10,0"


def test_the_file_has_all_years_and_the_page_the_latest(
    page: Callable[..., str], give: Give, hankasalmi: Municipality
) -> None:
    give(hankasalmi.area, {year: 10.0 + year / 1000 for year in range(2010, 2025)} | {2024: "missing"})
    assert len(rows_of(page())[0]) < len(rows_of(page("?vuodet=kaikki"))[0])
    heading, first, *_rest = csv_of(page("?vie=csv"))
    assert [name for name in heading if name.isdigit()] == [str(year) for year in range(2010, 2025)]
    assert first[heading.index("2010")] == "12,01" and first[heading.index("2024")] == "puuttuu"


def test_a_revised_figure_tells_what_it_was(
    page: Callable[..., str], give: Give, run: ImportRun, rate: Indicator, hankasalmi: Municipality
) -> None:
    give(hankasalmi.area, {2023: 10.0})
    later = ImportRun.objects.create(source="sotkanet", label="y", retrieved_on=date(2026, 11, 8))
    FormerValue.objects.create(
        indicator=rate, area=hankasalmi.area, year=2023, gender="total", value=9.5, run=run, replaced_by=later
    )
    assert "Hankasalmi 2023: 9,5 (haettu 1.11.2026, tarkistettu 8.11.2026)" in " ".join(page().split())


@pytest.mark.parametrize("name", ["indicator", "indicator_chart"])
def test_another_county_s_own_indicator_is_unknown(
    name: str, keski_suomi: County, keski_uusimaa: County, coordinator: User, client_for: ClientFor
) -> None:
    theirs = Indicator.objects.create(owner=keski_uusimaa.area, name_fi="Heidän", theme="Muut")
    kind = ["svg"] if name == "indicator_chart" else []
    answer = client_for(coordinator).get(reverse(name, args=[keski_suomi.slug, theirs.pk, *kind]))
    assert answer.status_code == 404


def test_charts_as_pictures(
    give: Give,
    keski_suomi: County,
    coordinator: User,
    client_for: ClientFor,
    rate: Indicator,
    hankasalmi: Municipality,
    joutsa: Municipality,
) -> None:
    give(hankasalmi.area, {2022: 12.0, 2023: 10.0})
    give(joutsa.area, {2022: 11.0, 2023: 9.0})
    client = client_for(coordinator)

    def got(kind: str, query: str = "") -> bytes:
        answer = client.get(reverse("indicator_chart", args=[keski_suomi.slug, rate.pk, kind]) + query)
        assert answer.status_code == 200
        assert ("Content-Disposition" in answer) == ("lataa" in query)
        return answer.content

    wide, narrow = got("svg").decode(), got("svg", "?leveys=kapea").decode()
    assert "Hankasalmi" in wide and "<script" not in wide and "url(data:font/woff;base64," in wide
    assert [re.search(r' width="(\d+)"', svg)[1] for svg in (wide, narrow)] == ["720", "300"]  # type: ignore[index]
    png = got("png", "?lataa=1")
    assert png.startswith(b"\x89PNG") and int.from_bytes(png[16:20]) == 1440
    for kind in ("pdf", "html"):
        assert client.get(reverse("indicator_chart", args=[keski_suomi.slug, rate.pk, kind])).status_code == 404
    IndicatorValue.objects.all().delete()
    assert client.get(reverse("indicator_chart", args=[keski_suomi.slug, rate.pk, "svg"])).status_code == 404


@pytest.fixture
def chosen(keski_suomi: County, rate: Indicator) -> IndicatorSet:
    """A set of two indicators of two themes."""
    other = Indicator.objects.create(name_fi="Aktiivisuus", theme="Osallisuus", polarity="higher")
    made = IndicatorSet.objects.create(owner=keski_suomi.area, name="Joukko", version="2026")
    for position, one in enumerate((rate, other), start=1):
        made.items.create(indicator=one, position=position)
    return made


def test_the_matrix(
    page: Callable[..., str],
    give: Give,
    chosen: IndicatorSet,
    hankasalmi: Municipality,
    joutsa: Municipality,
    luhanka: Municipality,
) -> None:
    """Indicators sort; municipalities are alphabetical or by size. A figure of another year than the row's tells it."""
    give(hankasalmi.area, {2022: 20.0, 2023: 10.0})
    give(joutsa.area, {2023: 14.0})
    give(luhanka.area, {2020: 7.0, 2021: "suppressed"})
    other = chosen.in_order()[1]
    give(joutsa.area, {2023: 50.0}, other)

    def names(text: str) -> list[str]:
        head = text[text.index("<thead") : text.index("</thead>")]
        return [" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in re.findall(r"<th .*?</th>", head, re.S)]

    text = page(name="figures")
    assert names(text) == ["Tunnusluku", "Hankasalmi", "Joutsa", "Luhanka", "Keski-Suomen hyvinvointialue"]
    rates, others = rows_of(text)
    assert rates[0] == "Työttömät, % työvoimasta 2023"
    assert rates[1:4] == ["10,0 ▼ parempi", "14,0", "salattu: liian vähän tapauksia"]
    assert others[1:] == ["–", "50,0", "–", "–"]
    assert names(page("?kunnat=koko", name="figures"))[1:4] == ["Hankasalmi", "Joutsa", "Luhanka"]
    assert "<thead" not in page("?koko=suuret", name="figures")
    assert [row[0] for row in rows_of(page("?jarjesta=tunnusluku", name="figures"))] == [
        "Aktiivisuus 2023",
        "Työttömät, % työvoimasta 2023",
    ]
    assert [row[0] for row in rows_of(page("?teema=Osallisuus", name="figures"))] == ["Aktiivisuus 2023"]
    heading, first, _second = csv_of(page("?vie=csv", name="figures"))
    assert first[heading.index("Hankasalmi")] == "10,0" and first[heading.index("Vuosi")] == "2023"


def test_without_a_set_the_matrix_says_what_to_do(page: Callable[..., str]) -> None:
    text = page(name="figures")
    assert "<table" not in text and 'class="empty"' in text


@pytest.mark.parametrize("name", ["indicator", "figures"])
def test_one_municipality_and_many_cost_the_same(
    name: str,
    page: Callable[..., str],
    give: Give,
    chosen: IndicatorSet,
    keski_suomi: County,
    hankasalmi: Municipality,
) -> None:
    give(hankasalmi.area, {2023: 10.0})
    page(name=name)
    counts = []
    for number in (0, 3):
        for place in range(number):
            one = make_municipality(keski_suomi, f"90{place}", f"Kunta {place}", 1000 + place)
            give(one.area, {2022: 9.0, 2023: 10.0})
            with scope(county=keski_suomi):
                MunicipalityGroup.objects.create(county=keski_suomi, year=2026, name=f"R{place}").municipalities.add(
                    one
                )
        with CaptureQueriesContext(connection) as queries:
            page(name=name)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12
