"""Searching: what words find, who finds what, how what was found is shown, and by which index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet, Value
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_scopes import scopes_disabled
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from municipalities.access import Access, access_of
from municipalities.inflection import forms_of
from municipalities.models import County, Document, Municipality, Organisation, Person, Sector, User
from municipalities.searching import LONGEST, START, STOP, Asked, cleaned, marked, name_vector, question, vector
from negotiations.demo.building import organisation
from negotiations.minutes.checking import mark, open_minutes, publish, send_for_checking
from negotiations.minutes.signing import sign_all
from negotiations.models import (
    AgendaItem,
    Attendance,
    Measure,
    Negotiation,
    Observation,
    Round,
    ThemeColumn,
    WorkshopTheme,
)
from negotiations.search import SHOWN, item_matches, negotiation_matches, participant_matches, search
from tests.factories import make_held, make_round
from tests.negotiations.test_checking import later

# Words that mean the same to the one who searches.
SAME = [
    ("neuvottelu", "neuvottelussa"),
    ("neuvottelut", "neuvottelujen"),
    ("kunta", "kuntien"),
    ("kunta", "kunnan"),
    ("kunnat", "kuntien"),
    ("hyvinvointi", "hyvinvoinnin"),
    ("toimenpide", "toimenpiteet"),
    ("sopimus", "sopimukset"),
    ("päätös", "päätöksen"),
    ("yksinäisyys", "yksinäisyyden"),
    ("työllisyys", "työllisyyttä"),
    ("kokous", "kokouksessa"),
    ("vanhus", "vanhukset"),
    ("nuori", "nuorten"),
    ("nuoret", "nuorten"),
    ("mieli", "mielen"),
    ("lapset", "lasten"),
    ("vanhemmat", "vanhempien"),
    ("kaatumiset", "kaatumisten"),
    ("kaatuminen", "kaatumisia"),
    ("järjestö", "järjestöjen"),
    ("järjestöt", "järjestöjä"),
    ("palvelut", "palvelujen"),
    ("seurakunta", "seurakunnat"),
    ("ikääntyneet", "ikääntyneiden"),
    ("koulussa", "kouluissa"),
    ("tavoite", "tavoitteet"),
    ("mittari", "mittarit"),
    ("perhe", "perheet"),
    ("liikunta", "liikunnan"),
    ("Hankasalmi", "Hankasalmella"),
    ("Jyväskylä", "Jyväskylässä"),
    ("Äänekoski", "Äänekoskella"),
    ("Viitasaari", "Viitasaarelta"),
    ("Petäjävesi", "Petäjäveden"),
    ("Petäjävesi", "Petäjävedellä"),
    ("Petäjävedellä", "Petäjäveteen"),
    ("Multia", "Multialla"),
    ("Multian", "Multialla"),
    ("Pihtipudas", "Pihtiputaalla"),
    ("Luhanka", "Luhangan"),
    ("Uurainen", "Uuraisten"),
    ("Kauhajoki", "Kauhajoen"),
    ("Lahti", "Lahden"),
    ("yhteenveto", "yhteenvedosta"),
    ("yhteenvedot", "yhteenvetojen"),
    ("Virtanen", "Virtasen"),
    ("Virtanen", "Virtaselle"),
    ("Korhonen", "Korhosen"),
    ("Niemi", "Niemen"),
    ("asia", "asioista"),
    ("terveys", "terveyden"),
    ("tulos", "tulosten"),
    ("asiakas", "asiakkaan"),
    ("asunto", "asunnot"),
    ("valta", "vallan"),
    ("kaupunki", "kaupungin"),
    ("siirtyminen", "siirtymistä"),
]
# A word and a compound that it is the last part of.
PARTS = [
    ("pöytäkirja", "Neuvottelupöytäkirja"),
    ("pöytäkirjoista", "Neuvottelupöytäkirja"),
    ("pöytäk", "Neuvottelupöytäkirja"),
    ("koordinaattorit", "hyvinvointikoordinaattorin"),
    ("kortti", "kuntakortit"),
    ("sopimus", "yhteistyösopimuksen"),
]
# Words that only look alike.
OTHER = [
    ("kunta", "kuntoutus"),
    ("kunta", "kunnossa"),
    ("kuntien", "kun"),
    ("nuori", "nuotio"),
    ("kaatuminen", "kaataminen"),
    ("sopimus", "sopeutuminen"),
    ("neuvottelu", "pöytäkirja"),
    ("neuvottelupöytäkirja", "pöytäkirja"),
    ("Virtanen", "virta"),
    ("asiakas", "asia"),
]


def finds(asked: str, text: str) -> bool:
    """Whether the question finds a text that holds only this."""
    rows = County.objects.alias(told=Value(text), spoken=Value("fi"))
    found = Asked.of(asked)
    assert found is not None
    return rows.filter(found.finds("told", language="spoken")).exists()


@pytest.mark.parametrize(("one", "other"), SAME)
def test_forms_of_a_word_find_each_other(one: str, other: str, keski_suomi: County) -> None:
    """Either way."""
    assert finds(one, f"Sovittiin asiasta {other} ja muusta.")
    assert finds(other, f"Sovittiin asiasta {one} ja muusta.")


@pytest.mark.parametrize(("part", "compound"), PARTS)
def test_a_word_finds_the_compounds_it_ends(part: str, compound: str, keski_suomi: County) -> None:
    """And not the other way: minutes are not always of a negotiation."""
    assert finds(part, f"{compound}: Hankasalmi")


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_other_words_do_not(one: str, other: str, keski_suomi: County) -> None:
    """Finding everything is finding nothing."""
    assert not finds(one, other)


@given(st.text(max_size=30))
def test_a_word_is_among_its_forms(word: str) -> None:
    """The first of them, and each once."""
    forms = forms_of(word)
    assert forms[0] == word.lower()
    assert len(forms) == len(set(forms)) < 20


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("nuorten mieli", True),
        ("nuorten liikunta", False),
        ("liikunta or mieli", True),
        ("nuorten -mieli", False),
        ('"mielen hyvinvointi"', True),
        ('"hyvinvointi mielen"', False),
        ('nuorten -"mielen hyvinvointi"', False),
        ("liikunta tai nuoret -arki", False),
        ("hyte-nuorten", False),
        ("hyvinv", True),
        ("nuorten hyvinv", True),
        ("hyvinvointialue", False),
        ("ja", False),
    ],
)
def test_the_way_of_search_engines(asked: str, found: bool, keski_suomi: County) -> None:
    """All words, either, without, a phrase, and a word half typed."""
    assert finds(asked, "Nuorten mielen hyvinvointi ja arki") is found


# --- A county with something to find --------------------------------------------------------------------------


@pytest.fixture
def negotiation(in_scope: County, hankasalmi: Municipality, joutsa: Municipality, coordinator: User) -> Negotiation:
    """A negotiation of Hankasalmi that was held, in whose agenda and measures there is something to find."""
    round_ = make_round(in_scope, name="Hytetu-neuvottelut 2024", description="Kierroksella puhutaan kaatumisista.")
    made = make_held(round_, [hankasalmi], by=coordinator, title="Hankasalmen neuvottelu", purpose="Yhdyspinnat.")
    AgendaItem.objects.filter(part__negotiation=made, position=1).update(
        title="Nuorten mielen hyvinvointi", agreed="Nuorisotila pidetään auki lauantaisin."
    )
    Measure.objects.create(
        county=in_scope,
        negotiation=made,
        text="Nuorisotila auki",
        responsible_sector=Sector.MUNICIPALITY,
        responsible="Hankasalmi, nuorisopalvelut",
    )
    Person.objects.create(county=in_scope, name="Hilla Hankala", role="hyvinvointikoordinaattori", sector="county")
    organisation(in_scope, "Hankasalmen seurakunta", Sector.PARISH)
    return made


@pytest.fixture
def access(coordinator: User, negotiation: Negotiation) -> Access:
    """The coordinator's."""
    return access_of(coordinator, "keski-suomi")


def kinds(access: Access, text: str) -> dict[str, int]:
    """Return how many of each kind are found."""
    return {group.key: group.total for group in search(access, text).groups}


def test_a_half_typed_name_finds_everything_that_bears_it(access: Access) -> None:
    """The municipality, the negotiation, the measure's party, the parish and the person."""
    assert kinds(access, "Hanka") == {
        "municipalities": 1,
        "negotiations": 1,
        "measures": 1,
        "organisations": 1,
        "people": 1,
    }


def test_a_negotiation_is_found_by_its_agenda(access: Access, negotiation: Negotiation) -> None:
    """Once, however many items have the word, with the piece of text around it."""
    AgendaItem.objects.filter(part__negotiation=negotiation).update(agreed="Nuorisotilat ovat auki.")
    (group,) = [group for group in search(access, "nuorisotila").groups if group.key == "negotiations"]
    assert group.total == 1
    assert group.hits[0].piece is not None
    assert "<mark>Nuorisotilat</mark>" in group.hits[0].piece
    assert group.hits[0].url == reverse("negotiation", args=["keski-suomi", negotiation.pk])


def test_a_negotiation_is_found_by_what_was_discussed(
    access: Access, negotiation: Negotiation, editor: User, coordinator: User
) -> None:
    """By those who may read it: the discussion is the county's draft until the minutes are sent for checking."""
    AgendaItem.objects.filter(part__negotiation=negotiation).update(agreed="", discussion="Keskusteltiin siirtymistä.")
    reader = access_of(editor, "keski-suomi")
    assert kinds(access, "siirtymät") == kinds(access, "siirtymistä") == {"negotiations": 1}
    (hit,) = search(access, "siirtymistä").groups[0].hits
    assert hit.piece is not None and "<mark>siirtymistä</mark>" in hit.piece
    assert kinds(reader, "siirtymistä") == {}
    (minutes,) = open_minutes(negotiation, by=coordinator)
    send_for_checking(minutes, check_by=later(), by=coordinator)
    assert kinds(reader, "siirtymistä") == {"negotiations": 1}


def test_workshop_findings_are_found(
    access: Access, negotiation: Negotiation, in_scope: County, editor: User, second_editor: User, board_member: User
) -> None:
    """Of a negotiation by those who may know of it, of the whole round by those who read rounds; each leads there."""
    assert negotiation.round is not None
    theme = WorkshopTheme.objects.create(county=in_scope, round=negotiation.round, position=1, name="Seniorikeskus")
    column = ThemeColumn.objects.create(county=in_scope, theme=theme, position=1, title="Ilmiöt")
    own, whole = (
        Observation.objects.create(county=in_scope, column=column, negotiation=of, position=n, text=text)
        for n, (of, text) in enumerate([(negotiation, "Ikääntyneiden yksinäisyys"), (None, "Nuorten yksinäisyys")], 1)
    )
    found = {user: search(access_of(user, "keski-suomi"), "yksinäisyyttä") for user in (editor, second_editor)}
    assert kinds(access, "yksinäisyys") == {"findings": 2}
    assert {hit.url for hit in found[editor].groups[0].hits} == {
        reverse("negotiation_workshop", args=["keski-suomi", negotiation.pk]) + f"#havainto-{own.pk}",
        reverse("round_workshops", args=["keski-suomi", negotiation.round.pk]) + f"#havainto-{whole.pk}",
    }
    assert [hit.title for hit in found[second_editor].groups[0].hits] == ["Nuorten <mark>yksinäisyys</mark>"]
    assert kinds(access_of(board_member, "keski-suomi"), "yksinäisyys") == {}


def test_participants_are_found_by_name(
    access: Access, negotiation: Negotiation, in_scope: County, editor: User, second_editor: User
) -> None:
    """Those entered by name in a negotiation, who need not be in the register, by those who see the negotiation."""
    Attendance.objects.bulk_create(
        Attendance(county=in_scope, negotiation=negotiation, sector=Sector.PARISH, status=status, name=name, role=role)
        for status, name, role in [
            (Attendance.Status.PRESENT, "Aino Virtanen", "diakoni"),
            (Attendance.Status.INVITED, "Eino Virtanen", ""),
            (Attendance.Status.PRESENT, "", "nuorisotyönohjaaja"),
        ]
    )
    assert kinds(access, "Virtasen") == {"participants": 2}
    assert kinds(access, "nuorisotyönohjaaja") == {"participants": 1}
    # Who was invited and has not been marked is told to the coordinator alone, as on the page.
    (group,) = search(access_of(editor, "keski-suomi"), "virtanen diakoni").groups
    assert group.hits[0].title == "Aino <mark>Virtanen</mark>"
    assert group.hits[0].url == reverse("negotiation_attendance", args=["keski-suomi", negotiation.pk])
    assert kinds(access_of(editor, "keski-suomi"), "Virtasen") == {"participants": 1}
    assert kinds(access_of(second_editor, "keski-suomi"), "Virtasen") == {}


def test_rounds_and_documents(access: Access, negotiation: Negotiation, coordinator: User) -> None:
    """By the description of a round, and the title of a document."""
    assert kinds(access, "kaatuminen") == {"rounds": 1}
    (minutes,) = open_minutes(negotiation, by=coordinator)
    send_for_checking(minutes, check_by=later(), by=coordinator)
    assert "documents" in kinds(access, Document.objects.get().title)
    # By the last part of its name too, in any form.
    assert "documents" in kinds(access, "Hankasalmen pöytäkirjoista")


def test_a_municipality_is_found_by_its_swedish_name(access: Access, hankasalmi: Municipality) -> None:
    """And both names are told."""
    hankasalmi.area.name_sv = "Hampsund"
    hankasalmi.area.save()
    (group,) = search(access, "hamps").groups
    assert group.hits[0].title == "Hankasalmi"
    assert group.hits[0].detail == "Hampsund"


def test_a_swedish_text_is_searched_in_swedish(in_scope: County, coordinator: User) -> None:
    """förhandlingar and förhandlingen are forms of one word in Swedish, not in Finnish."""
    access = access_of(coordinator, "keski-suomi")
    round_ = make_round(in_scope, name="Omgång", description="Förhandlingarna förs i grupper.")
    assert kinds(access, "förhandlingen") == {}
    Round.objects.filter(pk=round_.pk).update(language="sv")
    assert kinds(access, "förhandlingen") == {"rounds": 1}


def test_nothing_of_what_one_may_not_know_of(
    access: Access,
    negotiation: Negotiation,
    editor: User,
    second_editor: User,
    board_member: User,
    coordinator: User,
) -> None:
    """Own negotiations for municipal staff, published matters for all, and the register for the coordinator alone."""
    of = {user: access_of(user, "keski-suomi") for user in (editor, second_editor, board_member)}
    # What was agreed is the county's draft until the minutes are sent for checking.
    assert kinds(of[editor], "nuorisotila") == {}
    assert kinds(of[editor], "nuorten hyvinvointi") == {"negotiations": 1}
    assert kinds(of[second_editor], "nuorisotila") == kinds(of[board_member], "nuorisotila") == {}
    for user in of.values():
        assert "people" not in kinds(user, "Hilla") and "organisations" not in kinds(user, "seurakunta")
    assert kinds(of[board_member], "hytetu") == {}
    (minutes,) = open_minutes(negotiation, by=coordinator)
    minutes = send_for_checking(minutes, check_by=later(), by=coordinator)
    assert kinds(of[editor], "nuorisotila") == {"negotiations": 1, "measures": 1}
    publish(sign_all(mark(minutes.checks.get(), by=coordinator), by=coordinator), by=coordinator)
    assert kinds(of[board_member], "nuorisotila") == {"measures": 1}
    (hit,) = search(of[board_member], "nuorisotila").groups[0].hits
    assert hit.url == ""


def test_another_county_finds_nothing(
    access: Access, outsider: User, client_for: Callable[[User | None], Client]
) -> None:
    """The scope is the county's."""
    page = client_for(outsider).get(reverse("search", args=["keski-uusimaa"]), {"q": "nuorisotila"})
    assert page.context["found"].total == 0


def test_the_first_ones_and_how_many_more(access: Access, in_scope: County) -> None:
    """Of each kind."""
    Person.objects.bulk_create(
        Person(county=in_scope, name=f"Aatos {n:02}", role="", sector="county") for n in range(SHOWN + 3)
    )
    (group,) = search(access, "aatos").groups
    assert (len(group.hits), group.total, group.more) == (SHOWN, SHOWN + 3, 3)


# --- How it is shown ------------------------------------------------------------------------------------------


@given(st.text(st.sampled_from(["<", ">", "&", '"', "b", START, STOP, " "]), max_size=40))
def test_marking_makes_no_html_but_marks(text: str) -> None:
    """Whatever the text holds, in balance."""
    html = marked(text)
    assert html.count("<mark>") == html.count("</mark>")
    assert "<" not in html.replace("<mark>", "").replace("</mark>", "")
    assert START not in html and STOP not in html


def test_html_in_a_name_is_shown_as_text(access: Access, in_scope: County) -> None:
    """Found and marked, and no more."""
    organisation(in_scope, "<script>alert(1)</script> Yhdistys", Sector.ORGANISATION)
    (group,) = search(access, "yhdistys").groups
    assert "<script" not in group.hits[0].title
    assert "<mark>Yhdistys</mark>" in group.hits[0].title


# --- Any question at all --------------------------------------------------------------------------------------


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(st.text(max_size=60))
@example("\x00")
@example("' & !(")
@example("'; DROP TABLE x; --")
@example('"')
@example("-")
@example("or or or")
@example("%s %(x)s {}")
@example("\ud800")
@example("²³ ª º _ __")
@example("a" * 5000)
def test_any_question_has_an_answer(access: Access, text: str) -> None:
    """Never an error."""
    found = search(access, text)
    assert len(found.question) <= LONGEST
    assert found.total >= 0


@given(st.text(max_size=300))
def test_cleaned_is_what_a_database_takes(text: str) -> None:
    """No zero bytes, no halves of characters, no controls."""
    assert all(letter.isprintable() for letter in cleaned(text))


@pytest.mark.parametrize("query", ["", "?q=", "?q=%00", "?q=%FF%FE", "?q=nuoris%27%26", "?q=a&q=b", "?kysymys=x"])
@pytest.mark.parametrize("role", ["coordinator", "editor", "board_member"])
def test_the_page_never_fails(
    query: str,
    role: str,
    negotiation: Negotiation,
    client_for: Callable[[User | None], Client],
    request: pytest.FixtureRequest,
) -> None:
    """Whatever stands in the address."""
    path = reverse("search", args=["keski-suomi"])
    assert client_for(request.getfixturevalue(role)).get(path + query).status_code == 200


# --- What it costs --------------------------------------------------------------------------------------------


def test_twelve_queries_at_most_whatever_is_found(
    access: Access, in_scope: County, coordinator: User, client_for: Callable[[User | None], Client]
) -> None:
    """The sign-in counted."""
    client, path = client_for(coordinator), reverse("search", args=["keski-suomi"])

    def cost() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            page = client.get(path, {"q": "hanka"})
        return len(queries), page.context["found"].total

    before, few = cost()
    for n in range(3):
        organisation(in_scope, f"Hankasalmen yhdistys {n}", Sector.ORGANISATION)
    after, more = cost()
    assert more == few + 3
    assert before == after <= 12


def plan_of(rows: QuerySet[Any]) -> str:
    """Return how PostgreSQL answers, where it may not read a table from end to end."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
    return str(rows.explain())


def test_the_indexes_are_those_that_the_questions_ask(access: Access) -> None:
    """Of every kind that has one, in both languages."""
    asked = Asked.of("nuorten mieli")
    assert asked is not None
    with scopes_disabled():  # the county's own index would do for as few rows as these
        texts = [
            (Round.objects.filter(asked.finds("name", "description", language="language")), "round_words"),
            (negotiation_matches(asked), "negotiation_words"),
            (item_matches(asked), "agenda_item_words"),
            (Measure.objects.filter(asked.may_find("text", "responsible")), "measure_words"),
            (Observation.objects.filter(asked.may_find("text")), "observation_words"),
            (Document.objects.filter(asked.finds("title", language="language")), "document_words"),
        ]
        names = [
            (Organisation.objects.filter(asked.finds_name("name")), "organisation_words"),
            (Person.objects.filter(asked.finds_name("name", "role")), "person_words"),
            (participant_matches(asked), "attendance_words"),
        ]
        for rows, index in texts:
            plan = plan_of(rows.order_by())
            assert f"Bitmap Index Scan on {index} " in plan, plan
            assert f"Bitmap Index Scan on {index}_sv " in plan, plan
        for rows, index in names:
            assert f"Bitmap Index Scan on {index} " in plan_of(rows.order_by())


def test_a_question_of_nothing_is_none() -> None:
    """So that nobody is told that nothing was found."""
    assert question(" -- !") is None
    assert question("-kunta") is None
    assert Asked.of("") is None
    assert name_vector("name") != vector("name")
