"""The pages of a round's year: who sees and does what, forms and their errors, undoing, queries."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from municipalities.models import County, Municipality, User
from negotiations.models import Round, RoundStage
from negotiations.planning.stages.approving import Approval, approve
from negotiations.planning.stages.keeping import add_from_template, add_stage, change_stage, mark_done
from negotiations.planning.stages.templates import AUTUMN
from tests.factories import make_negotiation, make_round

ClientFor = Callable[[User | None], Client]
YEAR = 2024
MOST_QUERIES = 12


@pytest.fixture
def round_(in_scope: County) -> Round:
    """A round of 2024 in groups."""
    return make_round(in_scope, year=YEAR)


@pytest.fixture
def client(coordinator: User, client_for: ClientFor) -> Client:
    """The coordinator's."""
    return client_for(coordinator)


def url(name: str, pk: int) -> str:
    """Return an address of the county of the cast."""
    return reverse(name, args=["keski-suomi", pk])


def text(response: Any) -> str:
    """Return what a page says, in one line."""
    return re.sub(r"\s+", " ", response.content.decode())


def stage(round_: Round, name: str = "Kutsut", when: tuple[date, date] | None = None, **fields: Any) -> RoundStage:
    """Add a stage."""
    return add_stage(round_, RoundStage(name=name, **fields), when, by=None)


def undo(client: Client, page: Any) -> Any:
    """Press the button that undoes, on the page that follows."""
    button = r'action="([^"]+)"> <input[^>]+> <input type="hidden" name="token" value="([^"]+)"'
    ((address, token),) = re.findall(button, text(page))
    return client.post(address, {"token": token}, follow=True)


# --- The page ---------------------------------------------------------------------------------------------------


def test_an_empty_year_has_a_sentence_and_one_button(round_: Round, client: Client) -> None:
    """And no wheel."""
    page = text(client.get(url("round_year", round_.pk)))
    assert "Vuoden vaiheita ennen neuvotteluja ja niiden jälkeen ei ole vielä merkitty" in page
    assert page.count("hds-button--primary") == 1
    assert url("round_stages_template", round_.pk) in page
    assert "<svg" not in page


def test_the_year_in_a_table_and_on_a_wheel(round_: Round, client: Client, hankasalmi: Municipality) -> None:
    """Numbered alike, in order of time, with the state of each; what has no date stands in the table only."""
    make_negotiation(round_, [hankasalmi], day=date(YEAR, 9, 26))
    made = {row.name: row for row in add_from_template(round_, AUTUMN, by=None)}
    mark_done(made["Kutsujen lähettäminen"], on=date(YEAR, 6, 30), by=None)
    response = client.get(url("round_year", round_.pk))
    page = text(response)
    stages = response.context["stages"]
    assert [row.number for row in stages] == list(range(1, len(AUTUMN.stages) + 2))
    assert stages[-1].name == "Toimenpiteiden seuranta"
    drawn = [int(number) for number in re.findall(r'class="wheel__number"[^>]*>(\d+)<', page)]
    assert drawn == list(range(1, len(AUTUMN.stages) + 1))
    assert "Aluehallitus" in page
    assert "kesä–elokuu 2024" in page
    assert "30.6.2024" in page
    assert 'role="img"' in page
    assert "Vuosikello: Kierros" in page
    # The policy of the page allows no inline styles.
    assert "style=" not in page
    late = [row.name for row in response.context["late"]]
    assert "Neuvottelut" in late
    assert "Kutsujen lähettäminen" not in late
    assert f"{len(late)} vaihetta on myöhässä" in page


def test_numbers_in_the_drawing_have_a_point_in_every_language(round_: Round, client: Client) -> None:
    """A decimal comma would break it."""
    add_from_template(round_, AUTUMN, by=None)
    for language in ("fi", "sv", "en"):
        client.cookies["language"] = language
        page = text(client.get(url("round_year", round_.pk)))
        numbers = re.findall(r'\b(?:x|y|x1|y1|x2|y2|cx|cy|r)="([^"]*)"', page)
        assert len(numbers) > 50
        assert all(re.fullmatch(r"-?\d+(\.\d+)?", number) for number in numbers)


def test_what_is_told_of_a_plan(round_: Round, client: Client) -> None:
    """Nothing is late in it."""
    stage(round_, when=(date(YEAR, 8, 15), date(YEAR, 8, 15)))
    Round.objects.filter(pk=round_.pk).update(plan_as_of=date(YEAR, 9, 6))
    page = text(client.get(url("round_year", round_.pk)))
    assert "Ei tiedossa, toteutuiko" in page
    assert "myöhässä" not in page.lower()


def test_municipal_staff_read_and_do_nothing(
    round_: Round, reader: User, editor: User, board_member: User, client_for: ClientFor
) -> None:
    """No form but those of the frame; the board does not come here at all."""
    row = stage(round_, when=(date(YEAR, 8, 1), date(YEAR, 8, 31)), body="Aluehallitus")
    for user in (reader, editor):
        page = text(client_for(user).get(url("round_year", round_.pk)))
        assert "Kutsut" in page
        assert "Aluehallitus" in page
        main = page[page.index("<main") : page.index("</main>")]
        assert "<form" not in main
        assert "Muokkaa" not in main
        assert client_for(user).post(url("round_stage_done", row.pk)).status_code == 403
    assert client_for(board_member).get(url("round_year", round_.pk)).status_code == 404
    empty = make_round(round_.county, name="Tyhjä")
    assert "ei ole vielä merkitty" in text(client_for(reader).get(url("round_year", empty.pk)))


def test_a_stage_of_the_other_county_is_not_found(round_: Round, keski_uusimaa: County, client: Client) -> None:
    """Nor its round, by whatever number."""
    with scope(county=keski_uusimaa):
        other = make_round(keski_uusimaa)
        row = add_stage(other, RoundStage(name="Muu"), None, by=None)
    assert client.get(url("round_year", other.pk)).status_code == 404
    assert client.get(url("round_stage", row.pk)).status_code == 404
    for name in ("round_stage_done", "round_stage_remove", "round_stage_move", "round_stage_not_done"):
        assert client.post(url(name, row.pk)).status_code == 404
    assert client.get(url("round_stage", 10**18)).status_code == 404


def test_one_stage_and_three_cost_the_same(round_: Round, client: Client, hankasalmi: Municipality) -> None:
    """Approved and changed since."""
    approve(round_, Approval("Aluehallitus", date(2024, 6, 10)), by=None)
    page = url("round_year", round_.pk)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page).status_code == 200
        return len(queries)

    stage(round_, "Eka", (date(YEAR, 8, 1), date(YEAR, 8, 31)))
    client.get(page)
    one = cost()
    for name in ("Toka", "Kolmas"):
        stage(round_, name, (date(YEAR, 8, 1), date(YEAR, 8, 31)))
        make_negotiation(round_, [hankasalmi])
    assert cost() == one
    assert one <= MOST_QUERIES


def test_the_stages_as_a_file(round_: Round, client: Client) -> None:
    """The same as on the page."""
    stage(round_, "Kutsut; kirje", (date(YEAR, 8, 15), date(YEAR, 8, 15)), body="Aluehallitus")
    content = client.get(url("round_year", round_.pk) + "?vie=csv").content.decode("utf-8-sig")
    assert '"1";"Kutsut; kirje";"Aluehallitus";' in content
    assert "15.8.2024" in content


# --- Done with one press ----------------------------------------------------------------------------------------


def done_on(row: RoundStage) -> date | None:
    """Return the day on which a stage has been done, as it is now."""
    return RoundStage.objects.get(pk=row.pk).done_on


def test_done_with_one_press_and_back(round_: Round, client: Client) -> None:
    """Today; undone, it has no day; and taken back by its own button, undoing brings back the day it had."""
    row = stage(round_, when=(date(YEAR, 8, 1), date(YEAR, 8, 31)))
    page = client.post(url("round_stage_done", row.pk), follow=True)
    assert done_on(row) == timezone.localdate()
    assert "”Kutsut” merkittiin tehdyksi" in text(page)
    undo(client, page)
    assert done_on(row) is None
    mark_done(row, on=date(YEAR, 8, 20), by=None)
    page = client.post(url("round_stage_not_done", row.pk), follow=True)
    assert done_on(row) is None
    undo(client, page)
    assert done_on(row) == date(YEAR, 8, 20)


def test_a_forged_token_brings_nothing_back(round_: Round, client: Client) -> None:
    """Nor one of another address."""
    row, other = stage(round_), stage(round_, "Muu")
    for token in ("", "keksitty", "\x00"):
        assert client.post(url("round_stage_done", row.pk), {"token": token}).status_code == 409
        assert client.post(url("round_stage_restore", round_.pk), {"token": token}).status_code == 409
        assert client.post(url("round_stages_take_back", round_.pk), {"token": token}).status_code == 409
        assert client.post(url("round_approval_restore", round_.pk), {"token": token}).status_code == 409
    mark_done(row, on=date(YEAR, 8, 20), by=None)
    page = client.post(url("round_stage_not_done", row.pk), follow=True)
    token = re.findall(r'name="token" value="([^"]+)"', text(page))[0]
    assert client.post(url("round_stage_done", other.pk), {"token": token}).status_code == 409
    other.refresh_from_db()
    assert other.done_on is None


# --- Adding and changing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "when"),
    [
        ({"known": "month", "first_month": "2024-06", "last_month": "2024-08"}, (date(2024, 6, 1), date(2024, 8, 31))),
        ({"known": "month", "first_month": "2/2024"}, (date(2024, 2, 1), date(2024, 2, 29))),
        ({"known": "day", "day": "15.8.2024"}, (date(2024, 8, 15), date(2024, 8, 15))),
        ({"known": "day", "day": "2024-08-15", "last_day": "17.8.2024"}, (date(2024, 8, 15), date(2024, 8, 17))),
        # What was not chosen is not looked at.
        ({"known": "unknown", "day": "pian", "first_month": "2024-06"}, (None, None)),
        ({"known": "month", "first_month": "2025-01", "day": "pian"}, (date(2025, 1, 1), date(2025, 1, 31))),
    ],
)
def test_a_stage_is_added(round_: Round, client: Client, sent: dict[str, str], when: tuple[date, date]) -> None:
    """Known to months, to days, or not at all."""
    response = client.post(
        url("round_stage_new", round_.pk), {"name": "Kuuleminen", "body": "Nuorisovaltuusto", "description": ""} | sent
    )
    row = RoundStage.objects.get(round=round_)
    assert response.headers["Location"] == url("round_year", round_.pk) + f"#vaihe-{row.pk}"
    assert (row.name, row.body, row.position) == ("Kuuleminen", "Nuorisovaltuusto", 1)
    assert (row.earliest, row.latest) == when


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"name": ""}, "Anna vaiheelle nimi."),
        ({"name": "x" * 201}, "Lyhennä: enintään"),
        ({"name": "a\x00b"}, "Tyhjiä merkkejä (null) ei sallita."),
        ({"known": ""}, "Valitse, miten tarkasti aika tiedetään."),
        ({"known": "minute"}, "minute"),
        ({"known": "day"}, "Anna päivä."),
        ({"known": "day", "day": "31.2.2024"}, "muodossa"),
        ({"known": "day", "day": "15.8.2024", "last_day": "14.8.2024"}, "Viimeinen päivä on ennen ensimmäistä"),
        ({"known": "month"}, "Anna kuukausi."),
        ({"known": "month", "first_month": "2024-08", "last_month": "2024-06"}, "Viimeinen kuukausi on ennen"),
        ({"known": "month", "first_month": "0204-08"}, "kaukana kierroksen vuodesta 2024"),
        ({"known": "month", "first_month": "2024-08", "last_month": "2042-08"}, "kaukana kierroksen vuodesta 2024"),
        ({"known": "day", "day": "15.8.2042"}, "kaukana kierroksen vuodesta 2024"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_lost(
    round_: Round, client: Client, sent: dict[str, str], words: str
) -> None:
    """By the field, with the mend."""
    good = {"name": "Kuuleminen", "body": "Nuorisovaltuusto", "known": "month", "first_month": "2024-06"}
    if "known" in sent:
        good["first_month"] = ""
    response = client.post(url("round_stage_new", round_.pk), good | sent)
    assert response.status_code == 422
    page = text(response)
    assert words in page, re.findall(r"error-text[^>]*>([^<]*)", page)
    assert "Nuorisovaltuusto" in page
    assert not RoundStage.objects.exists()


def test_a_stage_is_changed(round_: Round, client: Client) -> None:
    """The form shows what there is, and a day of doing that is to come is refused."""
    row = stage(round_, when=(date(YEAR, 8, 15), date(YEAR, 8, 17)))
    page = url("round_stage", row.pk)
    form = client.get(page).context["form"]
    assert (form["known"].value(), form["day"].value(), form["last_day"].value()) == (
        "day",
        date(YEAR, 8, 15),
        date(YEAR, 8, 17),
    )
    sent = {"name": "Kutsut", "known": "month", "first_month": "2024-09", "body": "Hyvinvointialue"}
    tomorrow = timezone.localdate() + timedelta(days=1)
    response = client.post(page, sent | {"done_on": tomorrow.isoformat()})
    assert response.status_code == 422
    assert "Tämä päivä ei ole vielä tullut." in text(response)
    client.post(page, sent | {"done_on": "20.8.2024"})
    row.refresh_from_db()
    assert (row.earliest, row.latest, row.done_on) == (date(2024, 9, 1), date(2024, 9, 30), date(2024, 8, 20))
    months = client.get(page).context["form"]
    assert (months["known"].value(), months["first_month"].value(), months["last_month"].value()) == (
        "month",
        date(2024, 9, 1),
        None,
    )
    client.post(page, {"name": "Kutsut", "known": "unknown"})
    row.refresh_from_db()
    assert (row.earliest, row.latest, row.done_on) == (None, None, None)
    assert client.get(page).context["form"]["known"].value() == "unknown"


def test_two_editors_see_both_texts(round_: Round, client: Client) -> None:
    """Nothing is saved over what the other has written."""
    row = stage(round_, when=(date(YEAR, 8, 1), date(YEAR, 8, 31)))
    page = url("round_stage", row.pk)
    seen = client.get(page).context["form"]["seen"].value()
    fresh = RoundStage.objects.get(pk=row.pk)
    fresh.name = "Kutsukirjeet"
    change_stage(fresh, (date(YEAR, 8, 1), date(YEAR, 8, 31)), fields=["name"], by=None)
    sent = {"seen": seen, "name": "Kutsut ja liitteet", "known": "month", "first_month": "2024-08"}
    response = client.post(page, sent)
    assert response.status_code == 409
    assert "Kutsukirjeet" in text(response)
    assert "Kutsut ja liitteet" in text(response)
    row.refresh_from_db()
    assert row.name == "Kutsukirjeet"


def test_a_stage_is_removed_and_brought_back(round_: Round, client: Client) -> None:
    """With one press each; one removed meanwhile is not found."""
    row = stage(round_, "Purku", (date(YEAR, 12, 1), date(YEAR, 12, 31)), description="Koordinaattorien kanssa")
    page = client.post(url("round_stage_remove", row.pk), follow=True)
    assert "Vaihe ”Purku” poistettiin." in text(page)
    assert client.get(url("round_stage", row.pk)).status_code == 404
    undo(client, page)
    back = RoundStage.objects.get(round=round_)
    assert (back.name, back.latest, back.description) == ("Purku", date(YEAR, 12, 31), "Koordinaattorien kanssa")


def test_stages_of_the_same_days_are_moved(round_: Round, client: Client) -> None:
    """The buttons are there for them only."""
    first, second = stage(round_, "Eka"), stage(round_, "Toka")
    stage(round_, "Muu", (date(YEAR, 8, 1), date(YEAR, 8, 31)))
    page = text(client.get(url("round_year", round_.pk)))
    assert page.count('name="suunta" value="ylos"') == page.count('name="suunta" value="alas"') == 1
    client.post(url("round_stage_move", second.pk), {"suunta": "ylos"})
    shown = client.get(url("round_year", round_.pk)).context["stages"]
    assert [row.pk for row in shown[-2:]] == [second.pk, first.pk]


# --- Templates --------------------------------------------------------------------------------------------------


def test_a_template_is_chosen_added_and_taken_back(round_: Round, client: Client) -> None:
    """The one of the round's form is chosen at first; what each would add is told with its months."""
    page = url("round_stages_template", round_.pk)
    shown = client.get(page)
    assert shown.context["form"]["template"].value() == "syksy"
    assert "tammikuu 2025" in text(shown)
    assert client.post(page, {"template": "ei ole"}).status_code == 422
    assert client.post(page, {}).status_code == 422
    followed = client.post(page, {"template": "lyhyt"}, follow=True)
    assert "6 vaihetta lisättiin." in text(followed)
    assert "Kierroksella on jo nämä kaikki." in text(client.get(page))
    assert "Mitään ei lisätty" in text(client.post(page, {"template": "lyhyt"}, follow=True))
    assert RoundStage.objects.filter(round=round_).count() == 6
    RoundStage.objects.all().delete()
    followed = client.post(page, {"template": "lyhyt"}, follow=True)
    assert "6 vaihetta poistettiin." in text(undo(client, followed))
    assert not RoundStage.objects.exists()


def test_the_years_own_last_round_is_proposed_first(round_: Round, client: Client) -> None:
    """And what it would add is told with the months of this round's year."""
    former = make_round(round_.county, year=YEAR - 1, name="Viime kierros")
    stage(former, "Kuuleminen", (date(YEAR - 1, 5, 3), date(YEAR - 1, 5, 3)))
    page = url("round_stages_template", round_.pk)
    shown = client.get(page)
    assert shown.context["form"]["template"].value() == f"kierros-{former.pk}"
    assert "toukokuu 2024" in text(shown)
    assert "1 vaihe lisättiin." in text(client.post(page, {"template": f"kierros-{former.pk}"}, follow=True))
    assert client.post(page, {"template": f"kierros-{round_.pk}"}).status_code == 422


# --- The approval -----------------------------------------------------------------------------------------------


def test_the_approval_is_recorded_shown_and_taken_away(
    round_: Round, client: Client, reader: User, client_for: ClientFor
) -> None:
    """On every page of the round, for all who see it; the section may be unknown and is written with its sign once."""
    page = url("round_approval", round_.pk)
    assert client.get(page).context["form"]["approved_by"].value() == "Aluehallitus"
    client.post(page, {"approved_by": "Aluehallitus", "approved_on": "15.8.2024", "approved_section": ""})
    words = "Aluehallitus hyväksynyt aikataulun ja toteutustavan 15.8.2024"
    for name in ("round", "round_year", "round_groups"):
        assert words in text(client_for(reader).get(url(name, round_.pk)))
    client.post(page, {"approved_by": "Aluehallitus", "approved_on": "15.8.2024", "approved_section": "§ 123"})
    assert f"{words}, § 123" in text(client.get(url("round_year", round_.pk)))
    followed = client.post(url("round_approval_remove", round_.pk), follow=True)
    assert words not in text(followed)
    assert f"{words}, § 123" in text(undo(client, followed))


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"approved_by": ""}, "Anna toimielin, joka päätti."),
        ({"approved_on": ""}, "Anna päätöksen päivä."),
        ({"approved_on": "15.13.2024"}, "muodossa"),
        ({"approved_on": "15.8.2999"}, "Tämä päivä ei ole vielä tullut."),
        ({"approved_section": "1" * 41}, "Lyhennä: enintään"),
    ],
)
def test_what_is_wrong_in_an_approval(round_: Round, client: Client, sent: dict[str, str], words: str) -> None:
    """Nothing is recorded."""
    good = {"approved_by": "Aluehallitus", "approved_on": "15.8.2024", "approved_section": "123"}
    response = client.post(url("round_approval", round_.pk), good | sent)
    assert response.status_code == 422
    assert words in text(response)
    round_.refresh_from_db()
    assert round_.approved_on is None


def test_another_body_may_have_decided_and_two_do_not_record_over_each_other(round_: Round, client: Client) -> None:
    """The proposed board is only a proposal; who records second sees what the first one did."""
    page = url("round_approval", round_.pk)
    seen = client.get(page).context["form"]["seen"].value()
    sent = {"seen": seen, "approved_by": "Lautakunta", "approved_on": "15.8.2024"}
    assert client.post(page, sent).status_code == 302
    round_.refresh_from_db()
    assert round_.approved_by == "Lautakunta"
    response = client.post(page, sent | {"approved_by": "Aluevaltuusto"})
    assert response.status_code == 409
    assert "Lautakunta" in text(response)


def test_changes_since_the_approval_are_told_to_all(
    round_: Round, client: Client, reader: User, client_for: ClientFor
) -> None:
    """And the coordinator is led to record a new decision."""
    row = stage(round_, when=(date(YEAR, 8, 1), date(YEAR, 8, 31)))
    approve(round_, Approval("Aluehallitus", date(2024, 6, 10)), by=None)
    page = url("round_year", round_.pk)
    assert "muutettu hyväksymisen jälkeen" not in text(client.get(page))
    change_stage(row, (date(YEAR, 9, 1), date(YEAR, 9, 30)), fields=[], by=None)
    for each, leads in ((client, True), (client_for(reader), False)):
        told = text(each.get(page))
        assert "Aikataulua on muutettu hyväksymisen jälkeen" in told
        assert "Vaiheen ”Kutsut” aika oli elokuu 2024, nyt syyskuu 2024." in told
        assert ("kirjaa uusi päätös" in told) == leads


# --- From elsewhere ---------------------------------------------------------------------------------------------


def test_a_round_with_stages_and_no_times_leads_to_its_year(round_: Round, client: Client) -> None:
    """The timetable's own page has nothing to show then."""
    page = url("round_schedule", round_.pk)
    assert "Katso vuoden vaiheet" not in text(client.get(page))
    stage(round_, "Kuuleminen")
    told = text(client.get(page))
    assert "Katso vuoden vaiheet" in told
    assert "Kuuleminen" not in told
