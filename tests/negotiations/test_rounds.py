"""Rounds: made, changed, removed, filled with negotiations; and their pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from django_scopes import scope
from hypothesis import given
from hypothesis import strategies as st

from municipalities.models import CouncilTerm, County, Event, Municipality, MunicipalityGroup, User
from municipalities.moves import NotAllowedNow
from negotiations.models import LegalBasis, Negotiation, Party, Round, WorkshopTheme
from negotiations.planning.forms.rounds import NewRoundForm
from negotiations.planning.groups import Division
from negotiations.planning.rounds import (
    Sitting,
    change_round,
    fill,
    fill_plan,
    in_the_way,
    missing,
    open_round,
    proposed_name,
    remove_round,
    wanted,
    whole_months,
)
from negotiations.reporting.board import freeze, open_summary
from negotiations.sitting.conduct import cancel
from tests.factories import BOTH, make_held, make_municipality, make_negotiation, make_round

Form = Round.Form

# --- What is asked for: plain values --------------------------------------------------------------------------

PEOPLE = {1: "Hankasalmi", 2: "Joutsa", 3: "Luhanka", 4: "Toivakka"}
divisions = st.builds(
    Division,
    st.just({10: "Pohjoinen", 11: "Eteläinen", 12: "Keskinen"}),
    st.dictionaries(st.sampled_from([*PEOPLE, 99]), st.frozensets(st.sampled_from([10, 11, 12]))),
)
sittings = st.lists(
    st.builds(
        Sitting,
        st.sampled_from(["Hankasalmi", "Pohjoinen", "Perhekeskus", "Muu"]),
        st.frozensets(st.sampled_from(list(PEOPLE))),
        st.sampled_from([None, 10, 11]),
    )
)
themes = st.lists(st.sampled_from(["Perhekeskus", "perhekeskus", "Seniorikeskus", "Hyvinvointitarjotin"]))


@given(st.sampled_from(list(Form)), divisions, sittings, themes)
def test_filling_twice_makes_nothing_more(
    form: str, division: Division, there: list[Sitting], asked_themes: list[str]
) -> None:
    """Whatever is there already, what is missing stands for itself once it is made."""
    asked = wanted(form, PEOPLE, division, themes=asked_themes, region_title="Koko alue")
    made = missing(form, asked, there, PEOPLE)
    assert missing(form, asked, [*there, *made], PEOPLE) == []
    assert set(made) <= set(asked)


@given(divisions)
def test_each_group_with_somebody_in_it_is_asked_for_once(division: Division) -> None:
    """With its own municipalities, and none of another county."""
    asked = wanted(Form.GROUPS, PEOPLE, division)
    members = division.members()
    assert [one.group for one in asked] == [group for group in division.names if members[group] & set(PEOPLE)]
    assert all(one.municipalities == members[one.group] & set(PEOPLE) for one in asked if one.group)


@given(sittings)
def test_each_municipality_is_met_or_missing(there: list[Sitting]) -> None:
    """One at a time: whoever sits in no negotiation but one of all gets one."""
    made = missing(Form.MUNICIPALITIES, wanted(Form.MUNICIPALITIES, PEOPLE, Division({}, {})), there, PEOPLE)
    everyone = frozenset(PEOPLE)
    met = {pk for one in there if one.municipalities < everyone for pk in one.municipalities}
    assert {pk for one in made for pk in one.municipalities} == set(PEOPLE) - met
    assert all(len(one.municipalities) == 1 for one in made)


def test_two_groups_of_the_same_municipalities_get_one_each() -> None:
    """A group's negotiation stands for that group only."""
    division = Division({10: "A", 11: "B"}, {1: frozenset({10, 11})})
    asked = wanted(Form.GROUPS, PEOPLE, division)
    assert [one.title for one in missing(Form.GROUPS, asked, [asked[0]], PEOPLE)] == ["B"]


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("hyte-neuvottelu", "Hyte-neuvottelut 2026"),
        ("hytetu-neuvottelu", "Hytetu-neuvottelut 2026"),
        ("hyte-förhandling", "Hyte-förhandlingar 2026"),
        ("hyvinvointifoorumi", "Hyvinvointifoorumi 2026"),
    ],
)
def test_the_name_proposed(word: str, name: str) -> None:
    """The county's word for many, where it is a known one."""
    assert proposed_name(word, 2026) == name


def test_whole_months() -> None:
    """The end of February too."""
    assert whole_months(date(2024, 1, 15), date(2024, 2, 3)) == (date(2024, 1, 1), date(2024, 2, 29))


# --- Made, changed, removed -----------------------------------------------------------------------------------


def verbs(row: Any) -> list[str]:
    """Return what has been recorded of a row."""
    events = Event.objects.filter(subject=row._meta.label_lower, subject_id=row.pk)
    return list(events.values_list("verb", flat=True))


def unsaved(county: County, **fields: Any) -> Round:
    """Return a round that is not in the database yet."""
    values: dict[str, Any] = {
        "name": "Hyte-neuvottelut 2026",
        "year": 2026,
        "form": Form.MUNICIPALITIES,
        "legal_bases": [LegalBasis.WELFARE],
        "starts_on": date(2026, 9, 10),
        "ends_on": date(2026, 11, 20),
    }
    return Round(county=county, **(values | fields))


def make_term() -> CouncilTerm:
    """Make the county councils' term."""
    row: CouncilTerm = CouncilTerm.objects.create(body="county", starts_on=date(2025, 6, 1), ends_on=date(2029, 5, 31))
    return row


def test_a_round_of_14_section_gets_the_term_that_it_begins_in(in_scope: County, coordinator: User) -> None:
    """611/2021 § 14: once in the council's term. A round of the other duty has none."""
    term = make_term()
    both = open_round(unsaved(in_scope, legal_bases=list(BOTH)), by=coordinator)
    assert both.term == term
    assert open_round(unsaved(in_scope, name="Toinen"), by=coordinator).term is None
    both.legal_bases = [LegalBasis.WELFARE]
    assert change_round(both, fields=["legal_bases"], by=coordinator).term is None
    assert verbs(both) == ["opened", "changed"]


def test_saving_without_changes_is_no_event(in_scope: County, coordinator: User) -> None:
    """The log tells only what happened."""
    round_ = open_round(unsaved(in_scope), by=coordinator)
    change_round(round_, fields=[], by=coordinator)
    assert verbs(round_) == ["opened"]


def test_the_year_stays_while_negotiations_are_of_its_groups(
    in_scope: County, coordinator: User, joutsa: Municipality
) -> None:
    """A group belongs to its year."""
    round_ = make_round(in_scope)
    group = MunicipalityGroup.objects.create(county=in_scope, year=2024, name="Ryhmä")
    make_negotiation(round_, [joutsa], group=group)
    round_.year = 2025
    with pytest.raises(ValidationError):
        change_round(round_, fields=["year"], by=coordinator)


def test_more_than_the_plan_is_known_once_something_was_held(
    in_scope: County, coordinator: User, joutsa: Municipality
) -> None:
    """Otherwise the pages would say that it is not known whether it was."""
    round_ = make_round(in_scope)
    make_held(round_, [joutsa], by=coordinator)
    round_.plan_as_of = date(2024, 1, 1)
    with pytest.raises(ValidationError):
        change_round(round_, fields=["plan_as_of"], by=coordinator)


def test_only_an_empty_round_is_removed(in_scope: County, coordinator: User) -> None:
    """The refusal names what is in the way."""
    round_ = open_round(unsaved(in_scope), by=coordinator)
    theme = WorkshopTheme.objects.create(county=in_scope, round=round_, position=1, name="Perhekeskus")
    assert [count for _name, count in in_the_way(round_)] == [1]
    with translation.override("en"), pytest.raises(NotAllowedNow, match=r"workshop themes \(1\)"):
        remove_round(round_, by=coordinator)
    theme.delete()
    remove_round(round_, by=coordinator)
    assert not Round.objects.filter(name=round_.name).exists()
    assert Event.objects.filter(subject="negotiations.round", verb="removed").count() == 1


# --- Filled ---------------------------------------------------------------------------------------------------


def test_filling_by_municipality(
    in_scope: County, coordinator: User, hankasalmi: Municipality, joutsa: Municipality, luhanka: Municipality
) -> None:
    """One each, with the county, a part a duty, and the months of the round; again, only what is missing."""
    round_ = open_round(unsaved(in_scope, legal_bases=list(BOTH)), by=coordinator)
    make_negotiation(round_, [joutsa])
    made = fill(round_, by=coordinator)
    assert [row.title for row in made] == ["Hankasalmi", "Luhanka"]
    first = made[0]
    assert [party.municipality for party in Party.objects.filter(negotiation=first)] == [None, hankasalmi]
    assert [part.basis for part in first.parts.all()] == list(BOTH)
    assert (first.precision, first.earliest, first.latest) == ("month", date(2026, 9, 1), date(2026, 11, 30))
    assert verbs(first) == ["created"]
    assert fill(round_, by=coordinator) == []
    assert verbs(round_) == ["opened", "filled"]
    cancel(first, reason="Kunta perui.", by=coordinator)
    assert [row.title for row in fill(round_, by=coordinator)] == ["Hankasalmi"]


def test_filling_by_group(
    in_scope: County, coordinator: User, hankasalmi: Municipality, joutsa: Municipality, luhanka: Municipality
) -> None:
    """One a group of the round's year; who is in none or in two is told."""
    round_ = open_round(unsaved(in_scope, form=Form.GROUPS), by=coordinator)
    for number, members in enumerate(([hankasalmi, joutsa], [joutsa]), start=1):
        group = MunicipalityGroup.objects.create(county=in_scope, year=2026, name=f"Ryhmä {number}", position=number)
        group.municipalities.set(members)
    MunicipalityGroup.objects.create(county=in_scope, year=2025, name="Viime vuonna").municipalities.add(luhanka)
    plan = fill_plan(round_)
    assert plan.is_doubtful
    assert (plan.strays.none, plan.strays.several) == ((luhanka.pk,), (joutsa.pk,))
    made = fill(round_, by=coordinator)
    assert [(row.title, row.parties.count()) for row in made] == [("Ryhmä 1", 3), ("Ryhmä 2", 2)]
    assert not fill_plan(round_).is_doubtful


def test_filling_region_wide_and_by_theme(
    in_scope: County, coordinator: User, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    """All municipalities, in the round's language."""
    region = open_round(unsaved(in_scope, form=Form.REGION), by=coordinator)
    (made,) = fill(region, by=coordinator)
    assert made.title == "Alueellinen hyte-neuvottelu"
    assert made.parties.count() == 3
    by_theme = open_round(unsaved(in_scope, form=Form.THEMES, name="Teemat"), by=coordinator)
    assert [row.title for row in fill(by_theme, themes=["Perhekeskus", "PERHEKESKUS"], by=coordinator)] == [
        "Perhekeskus"
    ]
    assert fill(by_theme, themes=["perhekeskus"], by=coordinator) == []
    (of_theme,) = Negotiation.objects.filter(round=by_theme)
    assert (of_theme.topic_kind, of_theme.topic, of_theme.group) == ("theme", "Perhekeskus", None)
    # Known by its topic, too, whatever it is called by now; a long theme is shortened.
    Negotiation.objects.filter(pk=of_theme.pk).update(title="Perhekeskukset Jyväskylässä")
    assert fill(by_theme, themes=["perhekeskus"], by=coordinator) == []
    (long,) = fill(by_theme, themes=[("Lasten ja nuorten " * 10).strip()], by=coordinator)
    assert (len(long.title), long.topic) == (179, ("Lasten ja nuorten " * 10)[:120].rstrip())


def test_a_theme_or_a_service_does_not_stand_for_what_the_form_asks(
    in_scope: County, coordinator: User, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    """It is beside the negotiations of the municipalities, or the region's own."""
    for form, count in ((Form.MUNICIPALITIES, 2), (Form.REGION, 1)):
        round_ = make_round(in_scope, form=form, name=form)
        make_negotiation(
            round_, [hankasalmi, joutsa], topic_kind=Negotiation.Topic.SERVICE, topic="Perhekeskuspalvelut"
        )
        assert len(fill(round_, by=coordinator)) == count
        assert fill(round_, by=coordinator) == []


def test_nothing_is_added_once_the_summary_is_ready(
    in_scope: County, coordinator: User, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    """What was frozen would not be the whole any more."""
    round_ = make_round(in_scope, form=Form.MUNICIPALITIES)
    make_held(round_, [joutsa], by=coordinator)
    freeze(open_summary(round_, by=coordinator), by=coordinator)
    with pytest.raises(NotAllowedNow):
        fill(round_, by=coordinator)
    assert Negotiation.objects.filter(round=round_).count() == 1


def test_filling_asks_as_few_queries_for_many(
    in_scope: County, coordinator: User, hankasalmi: Municipality, django_assert_max_num_queries: Any
) -> None:
    """Thirty municipalities cost what one costs."""
    counts = []
    for year in (2026, 2027):
        round_ = open_round(unsaved(in_scope, year=year), by=coordinator)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            made = fill(round_, by=coordinator)
        counts.append((len(made), len(queries)))
        for number in range(30 if year == 2026 else 0):
            make_municipality(in_scope, f"9{number:02}", f"Kunta {number}")
    assert counts[0][1] == counts[1][1]
    assert [made for made, _queries in counts] == [1, 31]


# --- Pages ----------------------------------------------------------------------------------------------------

DATA = {
    "form": "municipalities",
    "year": "2026",
    "name": "",
    "legal_bases": [basis.value for basis in BOTH],
    "starts_on": "10.9.2026",
    "ends_on": "2026-11-20",
}


@pytest.fixture
def client(coordinator: User, client_for: Callable[[User | None], Client]) -> Client:
    """The coordinator's."""
    return client_for(coordinator)


def test_from_template_to_negotiations(
    keski_suomi: County, client: Client, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    """Make a round, see what filling makes, fill it; the page of the round then has them."""
    answer = client.post(reverse("round_new", args=["keski-suomi"]), DATA)
    with scope(county=keski_suomi):
        round_ = Round.objects.get()
    assert answer.headers["Location"] == reverse("round", args=["keski-suomi", round_.pk])
    assert (round_.name, round_.language, round_.legal_bases) == (
        "Hyte-neuvottelut 2026",
        "fi",
        [basis.value for basis in BOTH],
    )
    fill_url = reverse("round_fill", args=["keski-suomi", round_.pk])
    assert fill_url in client.get(answer.headers["Location"]).content.decode()
    assert "Perusta 2 neuvottelua" in client.get(fill_url).content.decode()
    assert client.post(fill_url).status_code == 302
    shown = client.get(answer.headers["Location"]).content.decode()
    assert "Hankasalmi" in shown and "Joutsa" in shown
    assert "Perusta 2" not in client.get(fill_url).content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("form", ""),
        ("form", "other"),
        ("year", "1999"),
        ("year", "kaksi"),
        ("legal_bases", []),
        ("legal_bases", ["x"]),
        ("starts_on", ""),
        ("starts_on", "31.2.2026"),
        ("starts_on", "10.9.2027"),
        ("ends_on", "2026-09-01"),
        ("ends_on", "2036-09-01"),
        ("name", "x" * 201),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(field: str, value: Any, keski_suomi: County, client: Client) -> None:
    """Refused with 422, what was typed kept."""
    answer = client.post(
        reverse("round_new", args=["keski-suomi"]), DATA | {field: value, "description": "Kirjoitettu"}
    )
    assert answer.status_code == 422
    assert "Kirjoitettu" in answer.content.decode()
    with scope(county=keski_suomi):
        assert not Round.objects.exists()


def test_a_second_round_of_one_name_in_a_year_is_refused(keski_suomi: County, client: Client) -> None:
    """In words about the name."""
    url = reverse("round_new", args=["keski-suomi"])
    client.post(url, DATA)
    answer = client.post(url, DATA)
    assert answer.status_code == 422
    assert "id_name" in answer.content.decode().split("error-summary")[1].split("</section>")[0]


def test_the_year_changes_the_proposed_name_but_no_name_of_ones_own(keski_suomi: County, client: Client) -> None:
    """Who changes only the year does not get last year's name."""
    url = reverse("round_new", args=["keski-suomi"])
    proposed = client.get(url).context["form"].initial["name"]
    days = {"starts_on": "1.9.2030", "ends_on": "1.10.2030", "year": "2030"}
    client.post(url, DATA | days | {"name": proposed})
    client.post(url, DATA | days | {"name": "Oma nimi"})
    with scope(county=keski_suomi):
        assert {round_.name for round_ in Round.objects.all()} == {"Hyte-neuvottelut 2030", "Oma nimi"}


def test_a_county_of_two_languages_chooses(in_scope: County, coordinator: User, client: Client) -> None:
    """The field is there only then."""
    url = reverse("round_new", args=["keski-suomi"])
    assert "language" not in client.get(url).context["form"].fields
    in_scope.languages = ["sv", "fi"]
    in_scope.save()
    form: NewRoundForm = client.get(url).context["form"]
    assert [code for code, _name in form.fields["language"].choices] == ["sv", "fi"]  # type: ignore[attr-defined]
    assert form.initial["language"] == "sv"


def test_two_editors_of_the_settings_see_both_versions(in_scope: County, client: Client) -> None:
    """The second one's form comes back with the first one's name beside it."""
    round_ = make_round(in_scope, form=Form.GROUPS)
    url = reverse("round_edit", args=["keski-suomi", round_.pk])
    form = client.get(url).context["form"]
    data = {
        "form": "groups",
        "name": "Minun",
        "year": "2024",
        "legal_bases": [LegalBasis.WELFARE.value],
        "starts_on": "2024-09-01",
        "ends_on": "2024-12-01",
        "seen": form.initial["seen"],
    }
    assert client.post(url, data | {"name": "Heidän"}).status_code == 302
    answer = client.post(url, data)
    assert answer.status_code == 409
    assert "Heidän" in answer.content.decode() and "Minun" in answer.content.decode()
    assert client.post(url, data | {"seen": answer.context["form"]["seen"].value()}).status_code == 302
    round_.refresh_from_db()
    assert round_.name == "Minun"


def test_removing_from_the_page(in_scope: County, client: Client, joutsa: Municipality) -> None:
    """An empty one goes, another is a conflict that says what is in the way."""
    empty, used = make_round(in_scope, name="Tyhjä"), make_round(in_scope, name="Käytössä")
    make_negotiation(used, [joutsa])
    assert client.post(reverse("round_remove", args=["keski-suomi", empty.pk])).status_code == 302
    answer = client.post(reverse("round_remove", args=["keski-suomi", used.pk]))
    assert answer.status_code == 409
    assert [round_.name for round_ in Round.objects.all()] == ["Käytössä"]
    assert (
        reverse("round_remove", args=["keski-suomi", used.pk])
        not in client.get(reverse("round_edit", args=["keski-suomi", used.pk])).content.decode()
    )


def test_who_would_be_left_out_is_said_before_filling(
    in_scope: County, client: Client, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    """And it is gone on with only knowingly."""
    round_ = make_round(in_scope, year=2026, starts_on=date(2026, 9, 1), ends_on=date(2026, 10, 1))
    url = reverse("round_fill", args=["keski-suomi", round_.pk])
    assert reverse("groups", args=["keski-suomi", 2026]) in client.get(url).content.decode()
    group = MunicipalityGroup.objects.create(county=in_scope, year=2026, name="Ryhmä")
    # Groups without municipalities ask for nothing; that is not to say that nothing is missing.
    assert "2 kuntaa ei ole missään ryhmässä: Hankasalmi, Joutsa." in client.get(url).content.decode()
    group.municipalities.add(hankasalmi)
    assert "Joutsa" in client.get(url).content.decode()
    assert client.post(url).status_code == 422
    assert not Negotiation.objects.exists()
    assert client.post(url, {"knowing": "on"}).status_code == 302
    assert Negotiation.objects.count() == 1


def test_filling_by_theme_from_the_page(in_scope: County, client: Client, joutsa: Municipality) -> None:
    """From a list, pasted as it comes; an empty one is refused."""
    round_ = make_round(in_scope, form=Form.THEMES)
    url = reverse("round_fill", args=["keski-suomi", round_.pk])
    assert client.post(url, {"themes": "•  \n - "}).status_code == 422
    assert client.post(url, {"themes": "• Perhekeskus\n\n- Seniorikeskus"}).status_code == 302
    assert [row.title for row in Negotiation.objects.order_by("pk")] == ["Perhekeskus", "Seniorikeskus"]


def test_the_log_tells_what_happened_latest_first(
    in_scope: County, coordinator: User, client: Client, hankasalmi: Municipality
) -> None:
    """The round's and its negotiations' events, by whom, each with what it concerns."""
    round_ = open_round(unsaved(in_scope), by=coordinator)
    fill(round_, by=coordinator)
    round_.name = "Uusi nimi"
    change_round(round_, fields=["name"], by=coordinator)
    open_summary(round_, by=coordinator)
    other = make_round(in_scope)
    make_held(other, [hankasalmi], by=coordinator)
    rows = client.get(reverse("round_log", args=["keski-suomi", round_.pk])).context["table"].rows
    assert [row.at for row in rows] == sorted((row.at for row in rows), reverse=True)
    words = " | ".join(f"{row.about} {row.words}" for row in rows)
    assert "Coordinator" in words
    assert "Hankasalmi" in words
    # The held negotiation of another round is told on that round's page.
    assert len(rows) <= 5


def test_the_log_costs_the_same_however_long(
    in_scope: County, coordinator: User, client: Client, hankasalmi: Municipality
) -> None:
    """One negotiation and three."""
    round_ = open_round(unsaved(in_scope), by=coordinator)
    counts = []
    for extra in (1, 2):
        for number in range(extra):
            municipality = make_municipality(in_scope, f"7{extra}{number}", f"Kunta {extra}{number}")
            make_held(round_, [municipality], by=coordinator, day=date(2026, 9, 10) + timedelta(days=number))
        fill(round_, by=coordinator)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("round_log", args=["keski-suomi", round_.pk]))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 16


def test_a_municipality_reads_of_its_own_negotiations_only(
    in_scope: County,
    coordinator: User,
    editor: User,
    hankasalmi: Municipality,
    joutsa: Municipality,
    client_for: Callable[[User | None], Client],
) -> None:
    """The others' are not told in the log either."""
    round_ = open_round(unsaved(in_scope), by=coordinator)
    fill(round_, by=coordinator)
    shown = client_for(editor).get(reverse("round_log", args=["keski-suomi", round_.pk])).context["table"].rows
    about = {row.about for row in shown}
    assert "Joutsa" not in about


def test_the_next_move_follows_the_state_of_the_round(
    in_scope: County, coordinator: User, client: Client, joutsa: Municipality
) -> None:
    """Fill, then nothing while negotiating, then the summary, until it has been begun."""
    round_ = make_round(in_scope, form=Form.MUNICIPALITIES)
    url = reverse("round", args=["keski-suomi", round_.pk])
    moves = [client.get(url).context["next_move"]]
    first = make_negotiation(round_, [joutsa])
    moves.append(client.get(url).context["next_move"])
    cancel(first, reason="Siirtyy.", by=coordinator)
    make_held(round_, [joutsa], by=coordinator)
    moves.append(client.get(url).context["next_move"])
    open_summary(round_, by=coordinator)
    moves.append(client.get(url).context["next_move"])
    assert moves == ["fill", None, "summarise", None]
