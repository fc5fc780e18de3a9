"""The reference data: complete, right where it is easily wrong, and loadable again."""

from __future__ import annotations

from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command
from django_scopes import scope, scopes_disabled

from indicators.loading import Tally
from indicators.models import Area, Indicator
from municipalities.colours import contrast
from municipalities.models import CouncilTerm, County, Municipality, Organisation, Sector
from municipalities.reference import load_reference

pytestmark = pytest.mark.django_db

BILINGUAL = {
    "ita-uusimaa",
    "keski-pohjanmaa",
    "kymenlaakso",
    "lansi-uusimaa",
    "pohjanmaa",
    "vantaa-ja-kerava",
    "varsinais-suomi",
}


@pytest.fixture
def reference() -> dict[str, Tally]:
    """The reference data, loaded once."""
    return load_reference()


@pytest.mark.usefixtures("reference")
def test_the_country_is_complete() -> None:
    kinds = {kind: Area.objects.filter(kind=kind).count() for kind in Area.Kind.values}
    assert kinds == {"country": 1, "county": 21, "city_organiser": 1, "autonomous": 1, "municipality": 309}
    assert Area.objects.get(kind="country").sotkanet_id == 658
    assert Municipality.objects.count() == 308
    assert County.objects.count() == 21
    assert Indicator.objects.count() == 72
    assert Municipality.objects.exclude(county=None).count() == 308 - 16 - 1
    assert not Area.objects.filter(kind="municipality", valid_to=None, sotkanet_id=None).exists()


@pytest.mark.usefixtures("reference")
def test_members_of_the_demo_counties() -> None:
    assert Municipality.objects.filter(county__slug="keski-suomi").count() == 22
    names = Municipality.objects.filter(county__slug="keski-uusimaa").values_list("area__name_fi", flat=True)
    assert list(names) == ["Hyvinkää", "Järvenpää", "Mäntsälä", "Nurmijärvi", "Pornainen", "Tuusula"]
    jyvaskyla = Municipality.objects.select_related("area__parent").get(area__code="179")
    assert jyvaskyla.area.sotkanet_id == 85
    assert jyvaskyla.area.parent is not None and jyvaskyla.area.parent.code == "15"


@pytest.mark.usefixtures("reference")
def test_helsinki_and_aland_have_no_county() -> None:
    helsinki = Municipality.objects.select_related("area__parent").get(area__code="091")
    assert helsinki.county is None
    assert helsinki.area.parent is not None and helsinki.area.parent.kind == Area.Kind.CITY_ORGANISER
    aland = Municipality.objects.filter(area__parent__kind=Area.Kind.AUTONOMOUS)
    assert aland.count() == 16
    assert not aland.exclude(county=None, language_status="sv").exists()


@pytest.mark.usefixtures("reference")
def test_pertunmaa_became_part_of_mantyharju() -> None:
    pertunmaa = Area.objects.get(kind="municipality", code="588")
    assert pertunmaa.valid_to == date(2024, 12, 31)
    assert pertunmaa.merged_into is not None and pertunmaa.merged_into.code == "507"
    assert pertunmaa.parent_id == pertunmaa.merged_into.parent_id
    assert not Municipality.objects.filter(area=pertunmaa).exists()


@pytest.mark.usefixtures("reference")
def test_language_statuses() -> None:
    statuses = list(Municipality.objects.values_list("language_status", flat=True))
    assert {status: statuses.count(status) for status in set(statuses)} == {
        "fi": 259,
        "bilingual-fi-majority": 18,
        "bilingual-sv-majority": 15,
        "sv": 16,
    }


@pytest.mark.usefixtures("reference")
def test_languages_words_and_colours_of_counties() -> None:
    counties = {county.slug: county for county in County.objects.all()}
    assert {slug for slug, county in counties.items() if len(county.languages) == 2} == BILINGUAL
    assert counties["pohjanmaa"].languages == ["sv", "fi"]
    assert counties["keski-suomi"].short_name == "Hyvaks"
    assert counties["keski-suomi"].colour != counties["keski-uusimaa"].colour
    assert counties["keski-uusimaa"].negotiation_word == "hyte-neuvottelu"
    for slug in ("keski-suomi", "keski-uusimaa"):
        assert contrast(counties[slug].colour, "#ffffff") >= 7


@pytest.mark.usefixtures("reference")
def test_hus_is_an_organisation_of_the_counties_it_serves() -> None:
    with scopes_disabled():
        hus = Organisation.objects.filter(name="HUS-yhtymä")
        assert set(hus.values_list("county__slug", "sector")) == {
            (slug, Sector.PUBLIC) for slug in ("ita-uusimaa", "keski-uusimaa", "lansi-uusimaa", "vantaa-ja-kerava")
        }


@pytest.mark.usefixtures("reference")
def test_council_terms() -> None:
    terms = CouncilTerm.objects.values_list("body", "starts_on", "ends_on")
    assert list(terms) == [
        ("county", date(2022, 3, 1), date(2025, 5, 31)),
        ("county", date(2025, 6, 1), date(2029, 5, 31)),
        ("municipality", date(2021, 8, 1), date(2025, 5, 31)),
        ("municipality", date(2025, 6, 1), date(2029, 5, 31)),
    ]


@pytest.mark.usefixtures("reference")
def test_names_sort_as_finns_sort_them() -> None:
    names = list(Area.objects.filter(kind="municipality").values_list("name_fi", flat=True))
    alphabet = "abcdefghijklmnopqrstuvwxyzåäö"

    def place(name: str) -> list[int]:
        return [alphabet.find(letter) for letter in name.lower()]

    assert names == sorted(names, key=place)
    assert names[-2:] == ["Ähtäri", "Äänekoski"]
    assert names.index("Ylöjärvi") < names.index("Ähtäri")


@pytest.mark.usefixtures("reference")
def test_no_name_has_stray_spaces() -> None:
    for area in Area.objects.all():
        for name in (area.name_fi, area.name_sv, area.name_en):
            assert name == " ".join(name.split())


def test_a_second_load_changes_nothing_and_says_so(reference: dict[str, Tally]) -> None:
    assert all(tally.added and not tally.changed for tally in reference.values())
    said = StringIO()
    call_command("load_reference", stdout=said)
    assert "Nothing to change" in said.getvalue()
    assert all(not tally.wrote for tally in load_reference().values())


@pytest.mark.usefixtures("reference")
def test_a_load_mends_names_and_lets_be_what_a_county_chose() -> None:
    Area.objects.filter(kind="municipality", code="601").update(name_fi="Pihlpuudas")
    County.objects.filter(slug="keski-suomi").update(colour="#123456", negotiation_word="neuvonpito")
    tallies = load_reference()
    assert tallies["areas"].changed == 1
    assert sum(tallies.values(), Tally()).changed == 1
    assert Area.objects.get(kind="municipality", code="601").name_fi == "Pihtipudas"
    county = County.objects.get(slug="keski-suomi")
    assert (county.colour, county.negotiation_word) == ("#123456", "neuvonpito")


@pytest.mark.usefixtures("reference")
def test_rows_of_a_county_s_own_are_let_be() -> None:
    county = County.objects.get(slug="keski-suomi")
    with scope(county=county):
        Organisation.objects.create(county=county, name="Keski-Suomen liitto", sector=Sector.PUBLIC)
    Indicator.objects.create(owner=county.area, theme="Oma", name_fi="Oma mittari")
    assert not sum(load_reference().values(), Tally()).wrote
    with scope(county=county):
        assert Organisation.objects.count() == 1


def test_the_number_of_queries_does_not_grow_with_the_rows(
    reference: dict[str, Tally], django_assert_max_num_queries: object
) -> None:
    with django_assert_max_num_queries(40):  # type: ignore[operator]
        load_reference()
