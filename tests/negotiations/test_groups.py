"""Municipality groups: divided, put together from two people's changes, copied, and settled once they negotiated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from municipalities.models import County, Event, Municipality, MunicipalityGroup, User
from municipalities.moves import NotAllowedNow
from negotiations.models import Party, Round
from negotiations.planning.groups import (
    Division,
    copied,
    copy_groups,
    divide,
    division_of,
    held_groups,
    moved,
    only_lists,
    settle,
    strays,
)
from negotiations.planning.rounds import fill
from negotiations.sitting.conduct import convene
from tests.factories import make_held, make_municipality, make_negotiation, make_round

YEAR = 2026
PEOPLE = [1, 2, 3, 4]
NAMES = ["Pohjoinen", "Eteläinen", "Keskinen", "Läntinen"]

# --- Plain values ---------------------------------------------------------------------------------------------


@st.composite
def divisions(draw: st.DrawFn) -> Division:
    """Some of four groups, in any order, and municipalities in them."""
    groups = draw(st.lists(st.sampled_from([10, 11, 12, 13]), unique=True))
    names = {group: draw(st.sampled_from(NAMES)) for group in groups}
    at = st.frozensets(st.sampled_from(groups)) if groups else st.just(frozenset())
    return Division(names, draw(st.dictionaries(st.sampled_from(PEOPLE), at)))


@given(divisions())
def test_each_municipality_is_in_none_in_one_or_in_several(division: Division) -> None:
    """And the members of the groups are the same as the groups of the members."""
    found = strays(division, PEOPLE)
    assert not set(found.none) & set(found.several)
    members = division.members()
    for pk in PEOPLE:
        groups = {group for group, inside in members.items() if pk in inside}
        assert groups == division.of(pk)
        assert (pk in found.none, pk in found.several) == (not groups, len(groups) > 1)


@given(divisions())
def test_json_there_and_back(division: Division) -> None:
    """What the form carries along is what was seen."""
    assert Division.from_json(division.to_json()) == division


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", '{"names": 1, "places": {}}', '{"names": [], "places": []}'])
def test_json_that_somebody_has_tampered_with(text: str) -> None:
    """Is nothing, not an error."""
    assert Division.from_json(text) is None


@given(divisions(), divisions())
def test_who_was_alone_gets_what_they_wanted(seen: Division, mine: Division) -> None:
    """Nothing is in conflict where nobody else has changed anything, and the result is mine."""
    mine = Division({group: mine.names.get(group, name) for group, name in seen.names.items()}, mine.places)
    settled = settle(seen, seen, mine)
    there = frozenset(seen.names)
    assert settled.names == frozenset()
    assert settled.division.names == mine.names
    for pk in PEOPLE:
        wanted = mine.places.get(pk, seen.of(pk))
        assert settled.division.of(pk) == wanted & there
        assert (pk in settled.places) == bool(wanted - there and wanted != seen.of(pk))


@given(divisions(), divisions())
def test_who_changed_nothing_undoes_nothing(seen: Division, now: Division) -> None:
    """A form left open over the other's changes and saved as it was keeps them all."""
    settled = settle(seen, now, seen)
    assert settled.is_clear
    assert settled.division == now
    assert list(settled.division.names) == list(now.names)


@given(divisions(), divisions(), divisions())
def test_nothing_that_either_changed_is_lost_silently(seen: Division, now: Division, mine: Division) -> None:
    """Each place is as one of the two left it; where both changed it differently, it is told."""
    settled = settle(seen, now, mine)
    assert set(settled.division.names) == set(now.names)
    for pk in PEOPLE:
        asked = mine.places.get(pk, seen.of(pk))
        result = settled.division.of(pk)
        if asked == seen.of(pk):
            assert result == now.of(pk)
        elif pk not in settled.places:
            assert result == asked
        assert result <= set(now.names)


@given(st.lists(st.integers(1, 9), unique=True), st.integers(1, 9), st.integers(-3, 3))
def test_moving_keeps_all_of_them(groups: list[int], group: int, by: int) -> None:
    """Only the order changes, and of the others among themselves not even that."""
    result = moved(groups, group, by)
    assert sorted(result) == sorted(groups)
    assert [one for one in result if one != group] == [one for one in groups if one != group]


def test_moving_by_one() -> None:
    """Up and down, and not past the end."""
    assert moved([1, 2, 3], 3, -1) == [1, 3, 2]
    assert moved([1, 2, 3], 1, 1) == [2, 1, 3]
    assert moved([1, 2, 3], 3, 1) == [1, 2, 3]


@given(divisions(), divisions(), st.frozensets(st.sampled_from(PEOPLE)))
def test_copying_adds_only_what_is_missing(source: Division, there: Division, here: frozenset[int]) -> None:
    """Nobody who has a group is put into another, nobody who is gone comes back, and a second copy adds nothing."""
    plan = copied(source, there, here)
    placed = {pk for pk in PEOPLE if there.of(pk)}
    for name, members in plan.groups:
        assert members
        assert members <= here - placed
        assert name.casefold() not in {other.casefold() for other in there.names.values()}
    assert not plan.gone & here
    names = dict(enumerate(name for name, _members in plan.groups))
    places = dict(there.places)
    for number, (_name, members) in enumerate(plan.groups):
        for pk in members:
            places[pk] = places.get(pk, frozenset()) | {number}
    assert copied(source, Division({**there.names, **names}, places), here).groups == []


@pytest.mark.parametrize(
    ("name", "members", "lists"),
    [
        ("Joutsa, Luhanka ja Toivakka", ["Joutsa", "Luhanka", "Toivakka"], True),
        ("Toivakka och joutsa", ["Joutsa", "Toivakka"], True),
        ("Joutsa ja Luhanka", ["Joutsa", "Luhanka", "Toivakka"], False),
        ("Etelä", ["Joutsa"], False),
        ("Etelä", [], False),
    ],
)
def test_a_name_that_only_lists_the_municipalities(name: str, members: list[str], lists: bool) -> None:
    assert only_lists(name, members) == lists


# --- In the database ------------------------------------------------------------------------------------------


@pytest.fixture
def two(in_scope: County, hankasalmi: Municipality, joutsa: Municipality, luhanka: Municipality) -> Division:
    """Two groups of the year: Hankasalmi and Joutsa, and Luhanka."""
    for position, (name, members) in enumerate((("Pohjoinen", [hankasalmi, joutsa]), ("Eteläinen", [luhanka])), 1):
        group = MunicipalityGroup.objects.create(county=in_scope, year=YEAR, name=name, position=position)
        group.municipalities.set(members)
    return division_of(YEAR)


def make_round_in_groups(county: County) -> Round:
    """Make a round in groups of the year."""
    return make_round(county, year=YEAR, starts_on=date(YEAR, 9, 1), ends_on=date(YEAR, 12, 1))


def test_names_change_places_and_municipalities_move(
    two: Division, in_scope: County, coordinator: User, joutsa: Municipality
) -> None:
    """Two groups may take each other's name in one saving."""
    first, second = two.names
    wanted = Division({second: "Pohjoinen", first: "Eteläinen"}, {**two.places, joutsa.pk: frozenset({second})})
    divide(in_scope, YEAR, wanted, new=["Läntinen"], by=coordinator)
    now = division_of(YEAR)
    assert list(now.names.values()) == ["Pohjoinen", "Eteläinen", "Läntinen"]
    assert next(iter(now.names)) == second
    assert now.of(joutsa.pk) == {second}
    verbs = Event.objects.filter(subject="municipalities.municipalitygroup").values_list("verb", flat=True)
    assert sorted(verbs) == ["added", "divided", "divided", "renamed", "renamed"]


def test_parties_of_what_is_only_planned_follow_their_group(
    two: Division, in_scope: County, coordinator: User, joutsa: Municipality
) -> None:
    """And its title the name; where they have been invited, nothing changes and it is told."""
    round_ = make_round_in_groups(in_scope)
    first, second = fill(round_, by=coordinator)
    second.precision = "day"
    second.save()
    convene(second, by=coordinator)
    north, south = two.names
    wanted = Division({north: "Pohjola", south: "Etelä"}, {**two.places, joutsa.pk: frozenset({south})})
    done = divide(in_scope, YEAR, wanted, by=coordinator)
    assert (done.followed, done.invited) == ([first], [second])
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.title, second.title) == ("Pohjola", "Eteläinen")
    assert joutsa.pk not in Party.objects.filter(negotiation=first).values_list("municipality_id", flat=True)
    assert joutsa.pk not in Party.objects.filter(negotiation=second).values_list("municipality_id", flat=True)


def test_a_group_that_has_negotiated_stays_as_it_was(
    two: Division, in_scope: County, coordinator: User, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    """Its name, its municipalities, itself; its place in the order may change."""
    north, south = two.names
    make_held(
        make_round_in_groups(in_scope),
        [hankasalmi, joutsa],
        by=coordinator,
        day=date(YEAR, 9, 24),
        group=MunicipalityGroup.objects.get(pk=north),
    )
    assert held_groups(YEAR) == {north: date(YEAR, 9, 24)}
    refused: list[tuple[Division, dict[str, Any]]] = [
        (Division({**two.names, north: "Toinen"}, two.places), {}),
        (Division(two.names, {**two.places, joutsa.pk: frozenset({south})}), {}),
        (Division(two.names, {**two.places, joutsa.pk: frozenset()}), {}),
        (two, {"remove": north}),
    ]
    for wanted, more in refused:
        with pytest.raises(NotAllowedNow, match=r"24\.9\.2026|24 September"):
            divide(in_scope, YEAR, wanted, by=coordinator, **more)
    divide(in_scope, YEAR, Division({south: "Etelä", north: "Pohjoinen"}, two.places), by=coordinator)
    assert list(division_of(YEAR).names.values()) == ["Etelä", "Pohjoinen"]


def test_a_group_with_a_negotiation_is_not_removed(
    two: Division, in_scope: County, coordinator: User, luhanka: Municipality
) -> None:
    """Another is, and its municipalities are then in none."""
    north, south = two.names
    make_negotiation(make_round_in_groups(in_scope), [], group=MunicipalityGroup.objects.get(pk=north))
    with pytest.raises(NotAllowedNow):
        divide(in_scope, YEAR, two, remove=north, by=coordinator)
    assert divide(in_scope, YEAR, two, remove=south, by=coordinator).removed == "Eteläinen"
    assert list(division_of(YEAR).names) == [north]
    assert strays(division_of(YEAR), [luhanka.pk]).none == (luhanka.pk,)


def test_copying_leaves_out_who_is_gone_and_names_them(
    two: Division, in_scope: County, coordinator: User, luhanka: Municipality
) -> None:
    """As Pertunmaa was in 2025; a second time nothing is copied."""
    luhanka.county = None
    luhanka.save()
    done = copy_groups(in_scope, YEAR + 2, by=coordinator)
    assert (done.source, done.groups, done.municipalities, done.gone) == (YEAR, 1, 2, ["Luhanka"])
    assert list(division_of(YEAR + 2).names.values()) == ["Pohjoinen"]
    again = copy_groups(in_scope, YEAR + 2, by=coordinator)
    assert (again.groups, len(again.placed)) == (0, 2)
    assert division_of(YEAR) == two


def test_there_is_nothing_to_copy(in_scope: County, coordinator: User) -> None:
    """The first year of all."""
    assert copy_groups(in_scope, YEAR, by=coordinator).source is None


# --- The page -------------------------------------------------------------------------------------------------

URL = "groups"


@pytest.fixture
def client(coordinator: User, client_for: Callable[[User | None], Client]) -> Client:
    """The coordinator's."""
    return client_for(coordinator)


def url(year: int = YEAR) -> str:
    """Return the address of a year's groups."""
    return reverse("groups", args=["keski-suomi", year])


def sent(client: Client, path: str = "") -> dict[str, Any]:
    """Return what the browser would send of the page as it is."""
    form = client.get(path or url()).context["form"]
    data: dict[str, Any] = {name: form[name].value() or "" for name in form.fields}
    return data | {"jarjestys": [str(group) for group in form.now.names]}


def test_new_groups_and_municipalities_into_them(
    in_scope: County, client: Client, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    """First the names, a line each; then who is in which."""
    assert client.post(url(), {"uudet": "Pohjoinen\n• Eteläinen"}).status_code == 302
    north, south = division_of(YEAR).names
    data = sent(client) | {f"kunta-{hankasalmi.pk}": str(north), f"kunta-{joutsa.pk}": str(south)}
    assert client.post(url(), data).status_code == 302
    assert division_of(YEAR).members() == {north: {hankasalmi.pk}, south: {joutsa.pk}}


def test_two_groups_for_one_municipality(two: Division, client: Client, joutsa: Municipality) -> None:
    """Asked for, allowed, and told on the page."""
    north, south = two.names
    path = url() + "?kaksi=1"
    data = sent(client, path) | {f"kunta-{joutsa.pk}-2": str(south)}
    assert client.post(path, data).status_code == 302
    assert division_of(YEAR).of(joutsa.pk) == {north, south}
    page = client.get(url())
    assert page.context["in_several"] == ["Joutsa"]
    # The second choice is shown now without asking, and saving as it is changes nothing.
    assert client.post(url(), sent(client)).status_code == 302
    assert division_of(YEAR).of(joutsa.pk) == {north, south}


def test_buttons_save_all_of_the_form_besides(two: Division, client: Client, joutsa: Municipality) -> None:
    """Order and removal take along what else has been changed."""
    north, south = two.names
    data = sent(client) | {f"nimi-{north}": "Pohjola", f"kunta-{joutsa.pk}": str(south)}
    assert client.post(url(), data | {"teko": f"alas:{north}"}).status_code == 302
    now = division_of(YEAR)
    assert list(now.names.items()) == [(south, "Eteläinen"), (north, "Pohjola")]
    assert now.of(joutsa.pk) == {south}
    assert client.post(url(), sent(client) | {"teko": f"poista:{north}"}).status_code == 302
    assert list(division_of(YEAR).names) == [south]


@pytest.mark.parametrize("act", ["", "x", "poista:", "poista:0", "ylos:-1", "alas:99999999999999999999", "poista:²"])
def test_a_button_that_there_is_not_only_saves(act: str, two: Division, client: Client) -> None:
    """Nothing else happens."""
    assert client.post(url(), sent(client) | {"teko": act}).status_code == 302
    assert division_of(YEAR) == two


def test_two_editors_of_different_things_both_get_theirs(
    two: Division, client: Client, joutsa: Municipality, hankasalmi: Municipality
) -> None:
    """The one who saves last does not undo the first one's changes."""
    _north, south = two.names
    mine, theirs = sent(client), sent(client)
    theirs |= {f"kunta-{joutsa.pk}": str(south), "uudet": "Läntinen"}
    assert client.post(url(), theirs).status_code == 302
    assert client.post(url(), mine | {f"kunta-{hankasalmi.pk}": str(south)}).status_code == 302
    now = division_of(YEAR)
    assert now.of(joutsa.pk) == now.of(hankasalmi.pk) == {south}
    assert list(now.names.values()) == ["Pohjoinen", "Eteläinen", "Läntinen"]


def test_two_editors_of_the_same_see_both_versions(two: Division, client: Client, joutsa: Municipality) -> None:
    """The second one is shown the first one's choice, and saves knowingly."""
    north, south = two.names
    mine, theirs = sent(client), sent(client)
    client.post(url(), theirs | {f"nimi-{north}": "Heidän", f"kunta-{joutsa.pk}": str(south)})
    mine |= {f"nimi-{north}": "Minun", f"kunta-{joutsa.pk}": ""}
    answer = client.post(url(), mine)
    assert answer.status_code == 409
    assert "Heidän" in answer.content.decode()
    assert set(answer.context["form"].conflicts) == {f"nimi-{north}", f"kunta-{joutsa.pk}"}
    assert division_of(YEAR).names[north] == "Heidän"
    assert client.post(url(), mine | {"seen": answer.context["form"]["seen"].value()}).status_code == 302
    assert division_of(YEAR).names[north] == "Minun"
    assert division_of(YEAR).of(joutsa.pk) == frozenset()


def test_a_group_removed_meanwhile(two: Division, client: Client, luhanka: Municipality, joutsa: Municipality) -> None:
    """Who leaves its municipalities alone saves the rest; who moves somebody into it is told."""
    north, south = two.names
    mine, other = sent(client), sent(client)
    client.post(url(), sent(client) | {"teko": f"poista:{south}"})
    assert client.post(url(), mine | {f"nimi-{north}": "Pohjola"}).status_code == 302
    assert division_of(YEAR).names == {north: "Pohjola"}
    answer = client.post(url(), other | {f"kunta-{joutsa.pk}": str(south)})
    assert answer.status_code == 409
    assert division_of(YEAR).of(joutsa.pk) == {north}


@pytest.mark.parametrize(
    "change",
    [
        {"nimi": ""},
        {"nimi": "Eteläinen"},
        {"nimi": "x" * 121},
        {"uudet": "pohjoinen"},
        {"uudet": "Uusi\nuusi"},
        {"uudet": "y" * 121},
        {"kunta": "x"},
        {"kunta": "0"},
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_saved(
    change: dict[str, str], two: Division, client: Client, joutsa: Municipality
) -> None:
    """Refused with 422 and a link to the field."""
    north, _south = two.names
    keys = {"nimi": f"nimi-{north}", "kunta": f"kunta-{joutsa.pk}", "uudet": "uudet"}
    answer = client.post(url(), sent(client) | {keys[key]: value for key, value in change.items()})
    assert answer.status_code == 422
    assert "error-summary" in answer.content.decode()
    assert division_of(YEAR) == two


@pytest.mark.parametrize("seen", ["", "{", "[[[[", '{"names": [[1, 2]], "places": {"x": []}}', "[" * 100_000])
def test_what_was_seen_tampered_with(seen: str, two: Division, client: Client) -> None:
    """Counts as what is there now; nothing falls over."""
    assert client.post(url(), sent(client) | {"seen": seen}).status_code == 302
    assert division_of(YEAR) == two


def test_a_group_that_has_negotiated_has_no_fields(
    two: Division, in_scope: County, coordinator: User, client: Client, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    """Its name and municipalities are told with the reason; the rest is saved as ever."""
    north, south = two.names
    make_held(
        make_round_in_groups(in_scope),
        [hankasalmi, joutsa],
        by=coordinator,
        group=MunicipalityGroup.objects.get(pk=north),
    )
    form = client.get(url()).context["form"]
    assert f"nimi-{north}" not in form.fields
    assert str(north) not in dict(form.fields[f"kunta-{joutsa.pk}"].choices)
    data = sent(client) | {f"nimi-{north}": "Toinen", f"nimi-{south}": "Etelä", f"kunta-{joutsa.pk}": str(south)}
    assert client.post(url(), data).status_code == 302
    now = division_of(YEAR)
    assert now.names == {north: "Pohjoinen", south: "Etelä"}
    assert now.of(joutsa.pk) == {north, south}


def test_copying_from_the_page_says_what_it_did(two: Division, client: Client) -> None:
    """How many groups of which year."""
    answer = client.post(reverse("groups_copy", args=["keski-suomi", YEAR + 1]), follow=True)
    assert "2" in str(next(iter(answer.context["messages"])))
    assert list(division_of(YEAR + 1).names.values()) == ["Pohjoinen", "Eteläinen"]


def test_municipal_staff_see_and_do_not_save(
    two: Division, editor: User, client_for: Callable[[User | None], Client]
) -> None:
    """The page has no form for them."""
    client = client_for(editor)
    page = client.get(url())
    assert page.status_code == 200
    assert "Pohjoinen" in page.content.decode()
    assert "data-groups" not in page.content.decode()
    assert client.post(url(), {"uudet": "Uusi"}).status_code == 403
    assert division_of(YEAR) == two


def test_years_out_of_reason(in_scope: County, client: Client) -> None:
    """Not there."""
    for year in (0, 1999, 2101, 99999):
        assert client.get(url(year)).status_code == 404
        assert client.post(reverse("groups_copy", args=["keski-suomi", year])).status_code == 404


def test_one_group_and_three_cost_the_same(in_scope: County, coordinator: User, client: Client) -> None:
    """To see and to save, with municipalities and rounds as many."""
    shown, saved = [], []
    for number in range(3):
        municipality = make_municipality(in_scope, f"8{number:02}", f"Kunta {number}")
        divide(in_scope, YEAR, division_of(YEAR), new=[f"Ryhmä {number}"], by=coordinator)
        group = list(division_of(YEAR).names)[-1]
        MunicipalityGroup.objects.get(pk=group).municipalities.add(municipality)
        make_round(in_scope, year=YEAR, name=f"Kierros {number}")
        data = sent(client)
        with CaptureQueriesContext(connection) as queries:
            client.get(url())
        shown.append(len(queries))
        with CaptureQueriesContext(connection) as queries:
            client.post(url(), data)
        saved.append(len(queries))
    assert shown[0] == shown[2] <= 16
    assert saved[0] == saved[2]
