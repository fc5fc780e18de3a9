"""The catalogue of indicators and the sets: who may keep them, what is one's own, and versions that are history."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_scopes import scope

from indicators.importing import Row, write_values
from indicators.models import ImportRun, Indicator, IndicatorSet, IndicatorSetItem
from municipalities.catalogue import keeping
from municipalities.models import County, Event, Municipality, User
from negotiations.models import Round
from tests.factories import make_round

ClientFor = Callable[[User | None], Client]


def make_indicator(name: str, owner: County | None = None, **more: Any) -> Indicator:
    """Make an indicator, national unless a county owns it."""
    row: Indicator = Indicator.objects.create(
        name_fi=name, theme=more.pop("theme", "Osallisuus"), owner=owner.area if owner else None, **more
    )
    return row


def make_set(name: str, *indicators: Indicator, owner: County | None = None, version: str = "2024") -> IndicatorSet:
    """Make a set of these indicators in this order, national unless a county owns it."""
    row: IndicatorSet = IndicatorSet.objects.create(name=name, version=version, owner=owner.area if owner else None)
    # With a gap, as a position may have.
    for number, indicator in enumerate(indicators, start=1):
        IndicatorSetItem.objects.create(indicator_set=row, indicator=indicator, position=number * 2)
    return row


def names(chosen: IndicatorSet) -> list[str]:
    """Return the names of a set's indicators in order."""
    return list(chosen.items.order_by("position").values_list("indicator__name_fi", flat=True))


def verbs(row: Indicator | IndicatorSet, county: County) -> list[str]:
    """Return what has happened to a row."""
    with scope(county=county):
        events = Event.objects.filter(subject=row._meta.label_lower, subject_id=row.pk).order_by("id")
        return list(events.values_list("verb", flat=True))


def give_figures(indicator: Indicator, municipality: Municipality) -> None:
    """Give the indicator a figure."""
    run = ImportRun.objects.create(source="sotkanet", label="x", retrieved_on=date(2026, 1, 1))
    write_values(run, [Row(indicator.pk, municipality.area_id, 2023, 5.0)])


@pytest.fixture
def client(coordinator: User, client_for: ClientFor) -> Client:
    """The coordinator's."""
    return client_for(coordinator)


def url(name: str, *ids: int) -> str:
    """Return an address in the cast's county."""
    return reverse(name, args=["keski-suomi", *ids])


FILLED = {
    "name_fi": "Kävellen kouluun,  % oppilaista",
    "theme": "Liikunnallinen elämäntapa",
    "unit": "PERCENT",
    "decimals": "1",
    "polarity": "higher",
    "survey": "",
    "producer": "Keski-Suomen hyvinvointialue",
    "description_fi": "Kysytty keväällä.",
}


def exported(client: Client, address: str) -> list[list[str]]:
    """Return the rows of a file without its headings."""
    lines = client.get(address).content.decode("utf-8-sig").splitlines()
    return list(csv.reader(lines, delimiter=";"))[1:]


def values(client: Client, address: str) -> dict[str, Any]:
    """Return what the page's form is filled with."""
    form = client.get(address).context["form"]
    return {name: value for name in form.fields if (value := form[name].value()) not in (None, False)}


# --- The catalogue ------------------------------------------------------------------------------------------------


def test_the_catalogue_has_the_national_ones_and_ones_own(
    client: Client, keski_suomi: County, keski_uusimaa: County
) -> None:
    make_indicator("Yhteinen", sotkanet_id=999, producer="THL", read_on=date(2026, 11, 22))
    make_indicator("Oma", keski_suomi, survey="school", theme="Arki")
    make_indicator("Naapurin", keski_uusimaa, theme="Naapurin teema")
    text = client.get(url("catalogue")).content.decode()
    assert "Yhteinen" in text and "Oma" in text and "Naapurin" not in text
    assert "22.11.2026" in text and "THL" in text
    assert url("indicator_new") in text

    def found(query: str) -> list[str]:
        return [row[0] for row in exported(client, url("catalogue") + "?vie=csv&" + query)]

    assert found("") == ["Oma", "Yhteinen"]
    assert found("omistaja=oma") == found("teema=Arki") == found("aineisto=school") == found("q=om") == ["Oma"]
    assert found("omistaja=valtakunnallinen") == found("aineisto=rekisteri") == ["Yhteinen"]
    assert found("jarjesta=-nimi") == ["Yhteinen", "Oma"]


def test_everyone_of_the_county_reads_and_only_the_coordinator_changes(
    keski_suomi: County, reader: User, board_member: User, client_for: ClientFor
) -> None:
    national, own = (
        make_indicator("Yhteinen"),
        make_indicator("Oma", keski_suomi, description_fi="Näin <b>luetaan</b>."),
    )
    chosen = make_set("Joukko", national, own, owner=keski_suomi)
    item = chosen.items.all()[0]
    for user in (reader, board_member):
        client = client_for(user)
        assert url("indicator_new") not in client.get(url("catalogue")).content.decode()
        text = client.get(url("indicator_edit", own.pk)).content.decode()
        assert "Näin &lt;b&gt;luetaan&lt;/b&gt;." in text and "name_fi" not in text
        text = client.get(url("indicator_set", chosen.pk)).content.decode()
        assert "Yhteinen" in text and "making__tools" not in text and url("indicator_set_copy", chosen.pk) not in text
        for path in (
            url("indicator_new"),
            url("indicator_edit", own.pk),
            url("indicator_remove", own.pk),
            url("indicator_set_new"),
            url("indicator_set_edit", chosen.pk),
            url("indicator_set_copy", chosen.pk),
            url("indicator_set_add", chosen.pk),
            url("indicator_set_remove", chosen.pk),
            url("indicator_set_item_move", item.pk),
            url("indicator_set_item_remove", item.pk),
            url("indicator_set_restore", chosen.pk),
        ):
            assert client.post(path, FILLED).status_code == 403, path
    assert names(chosen) == ["Yhteinen", "Oma"] and Indicator.objects.count() == 2


def test_what_another_county_has_is_unknown(client: Client, keski_uusimaa: County) -> None:
    own = make_indicator("Naapurin", keski_uusimaa)
    chosen = make_set("Naapurin joukko", own, owner=keski_uusimaa)
    item = chosen.items.get()
    assert "Naapurin" not in client.get(url("indicator_sets")).content.decode()
    for name, pk in (
        ("indicator_edit", own.pk),
        ("indicator_remove", own.pk),
        ("indicator_set_edit", chosen.pk),
        ("indicator_set_copy", chosen.pk),
        ("indicator_set_add", chosen.pk),
        ("indicator_set_remove", chosen.pk),
        ("indicator_set_restore", chosen.pk),
        ("indicator_set_item_move", item.pk),
        ("indicator_set_item_remove", item.pk),
    ):
        assert client.post(url(name, pk), FILLED | {"direction": "up"}).status_code == 404, name
    for name, pk in (("indicator_edit", own.pk), ("indicator_set", chosen.pk)):
        assert client.get(url(name, pk)).status_code == 404
    own.refresh_from_db()
    assert own.name_fi == "Naapurin"


def test_an_own_indicator_is_made_edited_and_logged(client: Client, keski_suomi: County) -> None:
    make_indicator("Yhteinen", theme="Mielen hyvinvointi")
    page = client.get(url("indicator_new")).content.decode()
    assert '<option value="Mielen hyvinvointi">' in page and "description_sv" not in page
    assert client.post(url("indicator_new"), FILLED).status_code == 302
    made = Indicator.objects.get(owner=keski_suomi.area)
    assert (made.name_fi, made.decimals, made.polarity) == ("Kävellen kouluun, % oppilaista", 1, "higher")
    here = url("indicator_edit", made.pk)
    assert client.post(here, values(client, here) | {"decimals": "0", "limits_fi": "Pieni otos."}).status_code == 302
    made.refresh_from_db()
    assert (made.decimals, made.limits_fi, made.description_fi) == (0, "Pieni otos.", "Kysytty keväällä.")
    assert verbs(made, keski_suomi) == ["added", "changed"]
    with scope(county=keski_suomi):
        assert Event.objects.get(verb="changed").payload == {"fields": ["decimals", "limits_fi"]}
    text = client.get(here).content.decode()
    assert "Coordinator muutti: desimaaleja" in text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name_fi", ""),
        ("name_fi", "oma MITTARI"),
        ("theme", ""),
        ("unit", "PARSEC"),
        ("decimals", "4"),
        ("decimals", "yksi"),
        ("polarity", "sideways"),
        ("description_fi", "x" * 4001),
    ],
)
def test_an_indicator_that_cannot_be_is_refused_beside_its_field(
    field: str, value: str, client: Client, keski_suomi: County
) -> None:
    make_indicator("Oma mittari", keski_suomi)
    response = client.post(url("indicator_new"), FILLED | {field: value})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert Indicator.objects.count() == 1


def test_a_text_in_a_language_that_the_county_writes_in_is_asked(client: Client, keski_suomi: County) -> None:
    County.objects.update(languages=["fi", "sv"])
    assert {"description_fi", "description_sv"} <= set(client.get(url("indicator_new")).context["form"].fields)
    assert "description_en" not in client.get(url("indicator_new")).context["form"].fields


def test_what_the_figures_mean_is_not_changed_under_them(
    client: Client, keski_suomi: County, hankasalmi: Municipality
) -> None:
    own = make_indicator("Oma", keski_suomi, unit="PERCENT", decimals=1)
    give_figures(own, hankasalmi)
    here = url("indicator_edit", own.pk)
    sent = values(client, here)
    response = client.post(here, sent | {"unit": "COUNT", "decimals": "0", "name_fi": "Toinen"})
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"unit", "decimals"}
    assert "Tee sen sijaan uusi tunnusluku" in response.content.decode()
    own.refresh_from_db()
    assert (own.unit, own.decimals, own.name_fi) == ("PERCENT", 1, "Oma")
    assert client.post(here, sent | {"name_fi": "Toinen", "polarity": "lower"}).status_code == 302
    own.refresh_from_db()
    assert (own.name_fi, own.polarity) == ("Toinen", "lower")


def test_a_national_indicator_is_read_only(client: Client, keski_suomi: County) -> None:
    national = make_indicator("Yhteinen", sotkanet_id=999, description_fi="Ilmaisee.", unit="EURO")
    text = client.get(url("indicator_edit", national.pk)).content.decode()
    assert "järjestelmän ylläpitäjä" in text and "Ilmaisee." in text and "<form" not in text.split("<main")[1]
    assert client.post(url("indicator_edit", national.pk), FILLED).status_code == 403
    assert client.post(url("indicator_remove", national.pk)).status_code == 403
    national.refresh_from_db()
    assert national.name_fi == "Yhteinen"


def test_an_own_indicator_goes_only_without_figures_and_sets(
    client: Client, keski_suomi: County, hankasalmi: Municipality
) -> None:
    measured, listed, spare = (make_indicator(name, keski_suomi) for name in ("Mitattu", "Listattu", "Turha"))
    give_figures(measured, hankasalmi)
    make_set("Joukko", listed, owner=keski_suomi)
    for kept, why in ((measured, "lukuja"), (listed, "joukossa")):
        response = client.post(url("indicator_remove", kept.pk))
        assert response.status_code == 409 and why in response.content.decode()
    assert client.post(url("indicator_remove", spare.pk)).status_code == 302
    assert set(Indicator.objects.values_list("name_fi", flat=True)) == {"Mitattu", "Listattu"}
    assert verbs(spare, keski_suomi) == ["removed"] and verbs(measured, keski_suomi) == []


# --- Sets ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def three(keski_suomi: County) -> list[Indicator]:
    """Three indicators, the last one the county's own."""
    return [make_indicator("Aa"), make_indicator("Bee"), make_indicator("Cee", keski_suomi)]


@pytest.fixture
def own_set(keski_suomi: County, three: list[Indicator]) -> IndicatorSet:
    """A set of the county's own that has them."""
    return make_set("Joukko", *three, owner=keski_suomi)


def used(chosen: IndicatorSet, county: County) -> Round:
    """Have a round use the set."""
    with scope(county=county):
        round_ = make_round(county)
        Round.objects.filter(pk=round_.pk).update(indicator_set=chosen)
    return round_


def test_the_sets_with_their_versions_and_what_uses_them(
    client: Client, own_set: IndicatorSet, keski_suomi: County, reader: User, client_for: ClientFor
) -> None:
    make_set("Kansallinen", own_set.items.all()[0].indicator, version="2026")
    round_ = used(own_set, keski_suomi)
    rows = exported(client, url("indicator_sets") + "?vie=csv")
    assert [row[:3] for row in rows] == [["Joukko", "2024", "3"], ["Kansallinen", "2026", "1"]]
    assert round_.name in rows[0] and round_.name not in rows[1]
    assert round_.name in client.get(url("indicator_set", own_set.pk)).content.decode()
    # Not everybody may know of every round.
    others = client_for(reader)
    for path in (url("indicator_sets"), url("indicator_sets") + "?vie=csv", url("indicator_set", own_set.pk)):
        text = others.get(path).content.decode("utf-8-sig")
        assert "Joukko" in text and round_.name not in text


def test_indicators_are_put_in_order_step_by_step_or_to_a_number(client: Client, own_set: IndicatorSet) -> None:
    items = {item.indicator.name_fi: item.pk for item in own_set.items.select_related("indicator")}

    def move(name: str, **sent: str) -> list[str]:
        response = client.post(url("indicator_set_item_move", items[name]), sent)
        assert response.status_code == 302
        return names(own_set)

    assert move("Cee", direction="up") == ["Aa", "Cee", "Bee"]
    assert move("Aa", direction="down") == ["Cee", "Aa", "Bee"]
    assert move("Cee", direction="up") == ["Cee", "Aa", "Bee"]
    assert move("Bee", number="1") == ["Bee", "Cee", "Aa"]
    assert move("Bee", number="9999") == ["Cee", "Aa", "Bee"]
    assert list(own_set.items.order_by("position").values_list("position", flat=True)) == [1, 2, 3]
    for sent in ({}, {"direction": "sideways"}, {"number": "-1"}, {"number": "99999"}):
        assert client.post(url("indicator_set_item_move", items["Aa"]), sent).status_code == 404
    page = client.get(url("indicator_set", own_set.pk) + f"?kohta={items['Aa']}&suunta=up").content.decode()
    assert page.count("autofocus") == 1


def test_indicators_are_added_taken_out_and_brought_back(
    client: Client, own_set: IndicatorSet, keski_suomi: County, keski_uusimaa: County
) -> None:
    new = make_indicator("Dee", theme="Arki")
    strange = make_indicator("Naapurin", keski_uusimaa, theme="Arki")
    add = url("indicator_set_add", own_set.pk)
    form = client.get(add).context["form"]
    assert [str(row) for row in form.rows.values()] == ["Dee"]
    assert client.post(add, {}).status_code == 422
    assert client.post(add, {"theme_0": [strange.pk]}).status_code == 422
    assert client.post(add, {"theme_0": [new.pk]}).status_code == 302
    assert names(own_set) == ["Aa", "Bee", "Cee", "Dee"]
    taken = own_set.items.get(indicator__name_fi="Bee")
    assert client.post(url("indicator_set_item_remove", taken.pk)).status_code == 302
    assert names(own_set) == ["Aa", "Cee", "Dee"]
    undo = client.get(url("indicator_set", own_set.pk)).context["undo"]
    assert client.post(undo.url, {"token": undo.token}).status_code == 302
    assert names(own_set) == ["Aa", "Bee", "Cee", "Dee"]
    # It is there already.
    assert client.post(undo.url, {"token": undo.token}).status_code == 409
    assert client.post(undo.url, {"token": "x"}).status_code == 409
    assert verbs(own_set, keski_suomi) == ["indicators_added", "indicator_removed", "indicators_added", "ordered"]
    text = client.get(url("indicator_set", own_set.pk)).content.decode()
    assert "Coordinator lisäsi 1 tunnusluvun." in text


def test_another_county_s_indicator_is_not_added_by_the_rule_either(
    own_set: IndicatorSet, keski_suomi: County, keski_uusimaa: County, coordinator: User
) -> None:
    strange = make_indicator("Naapurin", keski_uusimaa)
    with scope(county=keski_suomi), pytest.raises(ValueError, match="another county"):
        keeping.add_to_set(own_set, [strange], county=keski_suomi, by=coordinator)
    assert names(own_set) == ["Aa", "Bee", "Cee"]


def test_a_set_is_made_edited_and_removed_while_nothing_uses_it(
    client: Client, own_set: IndicatorSet, keski_suomi: County
) -> None:
    assert client.post(url("indicator_set_new"), {"name": "Uusi", "version": "2025"}).status_code == 302
    made = IndicatorSet.objects.get(name="Uusi")
    assert made.owner == keski_suomi.area and names(made) == []
    here = url("indicator_set_edit", made.pk)
    # Another's name and version are not taken twice; a national one's may be.
    make_set("Kansallinen", version="2025")
    response = client.post(here, values(client, here) | {"name": "Joukko", "version": "2024"})
    assert response.status_code == 422 and list(response.context["form"].errors) == ["version"]
    sent = values(client, here) | {"name": "Kansallinen", "basis": "Aluehallitus 1.9.2025"}
    assert client.post(here, sent).status_code == 302
    made.refresh_from_db()
    assert (str(made), made.basis) == ("Kansallinen (2025)", "Aluehallitus 1.9.2025")
    assert client.post(url("indicator_set_remove", made.pk)).status_code == 302
    assert not IndicatorSet.objects.filter(pk=made.pk).exists()
    assert verbs(made, keski_suomi) == ["added", "changed", "removed"]


def test_a_version_in_use_is_history(client: Client, own_set: IndicatorSet, keski_suomi: County) -> None:
    """It is changed by none of the addresses; its page offers a new version alone."""
    used(own_set, keski_suomi)
    new, item = make_indicator("Dee", theme="Arki"), own_set.items.all()[0]
    page = client.get(url("indicator_set", own_set.pk)).content.decode()
    assert url("indicator_set_copy", own_set.pk) in page
    assert "making__tools" not in page and url("indicator_set_edit", own_set.pk) not in page
    edit = url("indicator_set_edit", own_set.pk)
    for path, sent in (
        (edit, values(client, edit) | {"name": "Toinen"}),
        (url("indicator_set_add", own_set.pk), {"theme_0": [new.pk]}),
        (url("indicator_set_remove", own_set.pk), {}),
        (url("indicator_set_item_move", item.pk), {"direction": "down"}),
        (url("indicator_set_item_remove", item.pk), {}),
    ):
        response = client.post(path, sent)
        assert response.status_code == 409, path
        assert "on käytössä" in response.content.decode()
    own_set.refresh_from_db()
    assert (own_set.name, names(own_set)) == ("Joukko", ["Aa", "Bee", "Cee"])
    assert verbs(own_set, keski_suomi) == []


@pytest.mark.parametrize("national", [True, False])
def test_a_new_version_is_a_copy_of_ones_own(
    national: bool, client: Client, three: list[Indicator], keski_suomi: County
) -> None:
    source = make_set("Joukko", *three[:2], owner=None if national else keski_suomi, version="2024")
    IndicatorSet.objects.update(basis="Päätös")
    used(source, keski_suomi)
    copy = url("indicator_set_copy", source.pk)
    sent = values(client, copy)
    assert sent["name"] == "Joukko" and sent["version"] != "2024"
    assert ("Joukko (2024)" in sent["basis"]) is national and (sent["basis"] == "Päätös") is not national
    assert client.post(copy, sent | {"version": "2027"}).status_code == 302
    made = IndicatorSet.objects.get(version="2027")
    assert made.owner == keski_suomi.area and names(made) == ["Aa", "Bee"]
    assert verbs(made, keski_suomi) == ["copied"]
    item = made.items.get(indicator__name_fi="Bee")
    assert client.post(url("indicator_set_item_move", item.pk), {"direction": "up"}).status_code == 302
    assert (names(made), names(source)) == (["Bee", "Aa"], ["Aa", "Bee"])
    response = client.post(copy, sent | {"version": "2027"})
    assert response.status_code == 422 and list(response.context["form"].errors) == ["version"]


def test_a_suggested_version_is_one_that_is_not_there(client: Client, own_set: IndicatorSet) -> None:
    copy = url("indicator_set_copy", own_set.pk)
    year = values(client, copy)["version"]
    for expected in (year, f"{year}.2", f"{year}.3"):
        sent = values(client, copy)
        assert sent["version"] == expected
        assert client.post(copy, sent).status_code == 302


def test_a_national_set_is_read_only(client: Client, three: list[Indicator]) -> None:
    national = make_set("Kansallinen", *three[:2])
    item = national.items.all()[0]
    text = client.get(url("indicator_set", national.pk)).content.decode()
    assert url("indicator_set_copy", national.pk) in text and "making__tools" not in text
    for name, pk in (
        ("indicator_set_edit", national.pk),
        ("indicator_set_add", national.pk),
        ("indicator_set_remove", national.pk),
        ("indicator_set_restore", national.pk),
        ("indicator_set_item_move", item.pk),
        ("indicator_set_item_remove", item.pk),
    ):
        assert client.post(url(name, pk), {"direction": "down"}).status_code == 403, name
    assert names(national) == ["Aa", "Bee"]


def test_one_row_and_three_cost_the_same(client: Client, keski_suomi: County) -> None:
    first = make_indicator("Aa", keski_suomi)
    one = make_set("Yksi", first, owner=keski_suomi)
    pages = (url("catalogue"), url("indicator_sets"), url("indicator_set", one.pk), url("indicator_set_add", one.pk))

    def cost() -> list[int]:
        found = []
        for path in pages:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            found.append(len(queries))
        return found

    cost()
    before = cost()
    more = [make_indicator(name, keski_suomi, theme=name) for name in ("Bee", "Cee")]
    for number, indicator in enumerate(more, start=2):
        IndicatorSetItem.objects.create(indicator_set=one, indicator=indicator, position=number * 5)
        make_set(f"Joukko {number}", *more, owner=keski_suomi)
    assert cost() == before
    assert max(before) <= 12


def test_a_set_shown_first_is_edited_but_not_removed(
    client: Client, own_set: IndicatorSet, keski_suomi: County
) -> None:
    County.objects.filter(pk=keski_suomi.pk).update(indicator_set=own_set)
    response = client.post(url("indicator_set_remove", own_set.pk))
    assert response.status_code == 409 and "asetuksissa" in response.content.decode()
    here = url("indicator_set_edit", own_set.pk)
    assert client.post(here, values(client, here) | {"name": "Toinen"}).status_code == 302
    own_set.refresh_from_db()
    assert own_set.name == "Toinen" and verbs(own_set, keski_suomi) == ["changed"]
