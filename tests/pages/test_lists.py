"""The lists: what they sort by, filter by and give as files, and what that costs."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope
from openpyxl import load_workbook

from indicators.models import Area
from municipalities.models import County, Document, Municipality, Sector, User
from negotiations.demo.building import add_head_counts
from negotiations.minutes.checking import open_minutes
from negotiations.models import Attendance, LegalBasis, Minutes, Negotiation, Part, Party, Round, Summary
from negotiations.reporting.board import open_summary
from negotiations.sitting.attending import Entry, add_people
from negotiations.sitting.conduct import cancel
from tests.factories import make_held, make_municipality, make_negotiation, make_round
from tests.negotiations.test_negotiations import slot_of
from tests.negotiations.test_views_queries import World

ClientFor = Callable[[User | None], Client]
MOST_QUERIES = 12


def as_csv(client: Client, address: str) -> list[dict[str, str]]:
    """Return the rows of a list's csv file, by their headings."""
    response = client.get(address)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/csv")
    text = StringIO(response.content.decode("utf-8-sig"), newline="")
    return list(csv.DictReader(text, delimiter=";", strict=True))


# --- What it costs --------------------------------------------------------------------------------------------

# Each list with what sorts and filters it, so that rows are left.
LISTS = [
    ("rounds", "jarjesta=nimi&q=kierros&muoto=groups"),
    ("round", "jarjesta=-kunnat&q=kunta&tila=held&peruste=611/2021-14"),
    ("municipalities", "jarjesta=-asukkaita&q=kunta&kielet=fi"),
    ("documents", "jarjesta=asiakirja&q=yhteenveto&tila=queued&kieli=fi"),
    ("summaries", "jarjesta=tila&q=kierros"),
]


def cost(client: Client, address: str) -> tuple[int, bytes]:
    """Return how many queries an answer takes, and its content."""
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address)
    assert response.status_code == 200
    return len(queries), response.content


@pytest.mark.parametrize(("name", "query"), LISTS)
@pytest.mark.parametrize("file", ["", "vie=csv", "vie=xlsx"])
def test_three_rows_cost_what_one_does_also_filtered_and_as_a_file(
    name: str,
    query: str,
    file: str,
    keski_suomi: County,
    hankasalmi: Municipality,
    coordinator: User,
    client_for: ClientFor,
) -> None:
    """The number of queries stays, though the answer grows."""
    world = World(keski_suomi, hankasalmi, coordinator)
    world.grow()
    client = client_for(coordinator)
    args: list[object] = [keski_suomi.slug, *([world.round.pk] if name == "round" else [])]
    # Minutes that wait for their documents are among the documents, and take no part in this.
    address = f"{reverse(name, args=args)}?{query}&{file}"
    client.get(address)
    one, short = cost(client, address)
    world.grow()
    world.grow()
    three, long = cost(client, address)
    assert len(long) > len(short), "there are no more rows, so that the test would prove nothing"
    assert three == one


def fill(county: County, round_: Round, start: int, end: int) -> None:
    """Add so many of everything that a list shows, at once."""
    numbers = range(start, end)
    day = date(2024, 1, 1)
    negotiations = Negotiation.objects.bulk_create(
        Negotiation(
            county=county,
            round=round_,
            title=f"Neuvottelu {n}",
            precision=Negotiation.Precision.DAY,
            earliest=day + timedelta(days=n),
            latest=day + timedelta(days=n),
        )
        for n in numbers
    )
    areas = Area.objects.bulk_create(
        Area(kind=Area.Kind.MUNICIPALITY, code=f"x{n}", name_fi=f"Hietala {n}") for n in numbers
    )
    towns = Municipality.objects.bulk_create(
        Municipality(area=area, county=county, language_status="fi", population=1000) for area in areas
    )
    pairs = list(zip(negotiations, towns, strict=True))
    Party.objects.bulk_create(Party(county=county, negotiation=row, municipality=town) for row, town in pairs)
    Part.objects.bulk_create(
        Part(county=county, negotiation=row, position=1, legal_basis=LegalBasis.WELFARE) for row in negotiations
    )
    Attendance.objects.bulk_create(
        Attendance(county=county, negotiation=row, sector=sector, is_head_count=True, count=3)
        for row in negotiations
        for sector in (Sector.COUNTY, Sector.MUNICIPALITY)
    )
    Minutes.objects.bulk_create(Minutes(county=county, negotiation=row) for row in negotiations)
    rounds = Round.objects.bulk_create(
        Round(
            county=county,
            name=f"Kierros {n}",
            year=2024,
            form=Round.Form.GROUPS,
            legal_bases=[LegalBasis.WELFARE],
            starts_on=day,
            ends_on=day,
        )
        for n in numbers
    )
    documents = Document.objects.bulk_create(
        Document(
            county=county,
            key=f"{n:064}",
            kind="summary",
            title=f"Yhteenveto {n}",
            file_name="y.pdf",
            context={},
            template_version="1",
        )
        for n in numbers
    )
    Summary.objects.bulk_create(
        Summary(county=county, round=row, document=document) for row, document in zip(rounds, documents, strict=True)
    )


@pytest.mark.parametrize("query", ["", "q=e&jarjesta={sort}&sivu=1"])
@pytest.mark.parametrize(
    ("name", "sort"),
    [
        ("rounds", "nimi"),
        ("round", "-kunnat"),
        ("municipalities", "kunta"),
        ("documents", "tila"),
        ("summaries", "kierros"),
    ],
)
def test_26_and_260_rows_take_as_few_queries(
    name: str, sort: str, query: str, in_scope: County, coordinator: User, client_for: ClientFor
) -> None:
    """The same number, at most twelve; and 260 rows are shown a page at a time."""
    round_ = make_round(in_scope, name="Suuri kierros")
    fill(in_scope, round_, 0, 26)
    client = client_for(coordinator)
    args: list[object] = [in_scope.slug, *([round_.pk] if name == "round" else [])]
    address = f"{reverse(name, args=args)}?{query.format(sort=sort)}"
    client.get(address)
    few, _content = cost(client, address)
    fill(in_scope, round_, 26, 260)
    many, content = cost(client, address)
    assert many == few <= MOST_QUERIES
    assert content.count(b"<tr>") + content.count(b'<li class="card">') <= 55
    in_file = as_csv(client, f"{address}&vie=csv")
    assert len(in_file) in {260, 261}


# --- The round ------------------------------------------------------------------------------------------------


@pytest.fixture
def round_(in_scope: County) -> Round:
    """A round on both legal bases."""
    return make_round(in_scope, legal_bases=[LegalBasis.COOPERATION, LegalBasis.WELFARE])


@pytest.fixture
def sittings(
    round_: Round, hankasalmi: Municipality, joutsa: Municipality, luhanka: Municipality, coordinator: User
) -> list[Negotiation]:
    """Three negotiations: two held and counted, on a basis each, and one that was cancelled."""
    first = make_held(round_, [hankasalmi], by=coordinator, title="Ensimmäinen", bases=[LegalBasis.COOPERATION])
    second = make_held(round_, [joutsa], by=coordinator, title="Äänekäs", day=date(2024, 10, 3))
    add_head_counts(first, {Sector.COUNTY: 2, Sector.MUNICIPALITY: 5})
    add_head_counts(second, {Sector.COUNTY: 3, Sector.MUNICIPALITY: 40})
    third = make_negotiation(round_, [luhanka], title="Peruttu", day=date(2024, 10, 10), place="=Luhanka")
    return [first, second, cancel(third, reason="Este", by=coordinator)]


def titles(client: Client, round_: Round, query: str = "") -> list[str]:
    """Return the titles of the negotiations in the table of the round."""
    response = client.get(reverse("round", args=["keski-suomi", round_.pk]) + f"?{query}")
    assert response.status_code == 200
    return [row.negotiation.title for row in response.context["table"].rows]


def test_a_round_sorts_and_filters(
    round_: Round, sittings: list[Negotiation], coordinator: User, client_for: ClientFor
) -> None:
    """By time unless asked otherwise; by attendances, those of which nobody was counted last."""
    client = client_for(coordinator)
    assert titles(client, round_) == ["Ensimmäinen", "Äänekäs", "Peruttu"]
    assert titles(client, round_, "jarjesta=-aika") == ["Peruttu", "Äänekäs", "Ensimmäinen"]
    assert titles(client, round_, "jarjesta=neuvottelu") == ["Ensimmäinen", "Peruttu", "Äänekäs"]
    assert titles(client, round_, "jarjesta=-kunnat") == ["Äänekäs", "Ensimmäinen", "Peruttu"]
    assert titles(client, round_, "jarjesta=kunnat") == ["Ensimmäinen", "Äänekäs", "Peruttu"]
    # Nobody came of the organisations, where somebody was counted: nought, which is not the same as not known.
    assert titles(client, round_, "jarjesta=jarjestot")[-1] == "Peruttu"
    assert titles(client, round_, "tila=cancelled") == ["Peruttu"]
    assert titles(client, round_, "peruste=611/2021-14") == ["Ensimmäinen"]
    assert titles(client, round_, "q=joutsa") == ["Äänekäs"]
    assert titles(client, round_, "q=joutsa&tila=planned") == []


def test_totals_are_of_what_is_listed(
    round_: Round, sittings: list[Negotiation], coordinator: User, editor: User, client_for: ClientFor
) -> None:
    """All attendances of the round, or those of the negotiations that are left, and it says so."""

    def told(user: User, query: str = "") -> tuple[int, list[int], bool]:
        response = client_for(user).get(reverse("round", args=["keski-suomi", round_.pk]) + f"?{query}")
        context = response.context
        page = response.content.decode()
        assert ("tfoot" in page) == bool(context["listed_totals"] and context["table"].rows)
        return context["listed_total"], [count for _column, count in context["listed_totals"]], context["lists_all"]

    assert told(coordinator) == (50, [0, 45, 5], True)
    assert told(coordinator, "q=joutsa") == (43, [0, 40, 3], False)
    assert told(coordinator, "tila=planned") == (0, [0, 0, 0], False)
    # The totals below the table stay those of the whole round.
    page = client_for(coordinator).get(reverse("round", args=["keski-suomi", round_.pk]) + "?q=joutsa")
    assert [total.total for total in page.context["totals"]] == [0, 45, 5]
    assert told(editor) == (7, [0, 5, 2], False)


def test_a_round_as_a_file(
    round_: Round, sittings: list[Negotiation], coordinator: User, editor: User, client_for: ClientFor
) -> None:
    """All that is known of each negotiation, what one may see of it; and a place that looks like a formula is none."""
    open_minutes(sittings[0], by=coordinator)
    client = client_for(coordinator)
    client.cookies["language"] = "fi"
    address = reverse("round", args=["keski-suomi", round_.pk])
    first, second, third = as_csv(client, f"{address}?vie=csv")
    assert first["Neuvottelu"] == "Ensimmäinen"
    assert first["Osapuolet"] == "Hankasalmi"
    assert (first["Alkaa"], first["Päättyy"]) == ("26.9.2024 8.15", "26.9.2024 12.00")
    assert (first["Kunnat"], second["Kunnat"], third["Kunnat"]) == ("5", "40", "")
    assert first["Pöytäkirjat"] == "Luonnos"
    assert third["Tila"] == "Peruttu"
    assert third["Paikka"] == "'=Luhanka"
    (only,) = as_csv(client, f"{address}?vie=csv&tila=cancelled")
    assert only == third
    (own,) = as_csv(client_for(editor), f"{address}?vie=csv")
    assert "Ensimmäinen" in own.values()
    # A draft is not for the parties to see.
    assert "Luonnos" not in own.values()
    response = client.get(f"{address}?vie=xlsx")
    assert f"neuvottelut-2024-{timezone.localdate():%Y-%m-%d}.xlsx" in response.headers["Content-Disposition"]
    assert response.headers["Cache-Control"] == "private, no-store"
    sheet = load_workbook(BytesIO(response.content)).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    place = rows[0].index("Paikka")
    assert rows[3][place] == "=Luhanka"
    assert sheet.cell(4, place + 1).data_type == "s"
    assert rows[1][rows[0].index("Kunnat")] == 5


def test_a_time_known_only_to_the_month_has_no_day_in_the_file(
    round_: Round, hankasalmi: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """It is told in words; there is no first day of it to reckon with."""
    make_negotiation(
        round_,
        [hankasalmi],
        precision=Negotiation.Precision.MONTH,
        earliest=date(2024, 3, 1),
        latest=date(2024, 4, 30),
        starts_at=None,
        ends_at=None,
    )
    client = client_for(coordinator)
    client.cookies["language"] = "fi"
    (row,) = as_csv(client, reverse("round", args=["keski-suomi", round_.pk]) + "?vie=csv")
    assert (row["Alkaa"], row["Päättyy"]) == ("", "")
    assert "maalis–huhtikuu 2024" in row.values()


# --- The other lists ------------------------------------------------------------------------------------------


def listed(client: Client, name: str, query: str) -> list[Any]:
    """Return the rows that a list shows."""
    response = client.get(reverse(name, args=["keski-suomi"]) + f"?{query}")
    assert response.status_code == 200
    return list(response.context["table"].rows)


def test_rounds(in_scope: County, hankasalmi: Municipality, coordinator: User, client_for: ClientFor) -> None:
    """The latest first; by form, basis and name; the file tells how far each is, and nothing of a mere plan."""
    make_round(in_scope, name="Ähtärin kierros", year=2023, form=Round.Form.REGION)
    plan = make_round(in_scope, name="Suunnitelma", year=2022, legal_bases=[LegalBasis.COOPERATION])
    Round.objects.filter(pk=plan.pk).update(plan_as_of=date(2022, 9, 6))
    round_ = make_round(in_scope, name="Zeta", year=2024)
    make_held(round_, [hankasalmi], by=coordinator)
    client = client_for(coordinator)
    client.cookies["language"] = "fi"

    def shown(query: str = "") -> list[str]:
        return [row.name for row, _steps in listed(client, "rounds", query)]

    assert shown() == ["Zeta", "Ähtärin kierros", "Suunnitelma"]
    assert shown("jarjesta=nimi") == ["Suunnitelma", "Zeta", "Ähtärin kierros"]
    assert shown("muoto=region") == ["Ähtärin kierros"]
    assert shown("peruste=611/2021-14") == ["Suunnitelma"]
    assert shown("q=2024") == ["Zeta"]
    rows = {row["Kierros"]: row for row in as_csv(client, reverse("rounds", args=["keski-suomi"]) + "?vie=csv")}
    assert (rows["Zeta"]["Pidetty"], rows["Suunnitelma"]["Pidetty"]) == ("1", "")
    assert rows["Suunnitelma"]["Muoto"] == "Kuntaryhmittäin"


def test_municipalities(in_scope: County, coordinator: User, client_for: ClientFor) -> None:
    """By name, inhabitants and languages; the population on top is of the whole county; codes keep their noughts."""
    make_municipality(in_scope, "077", "Hankasalmi", 4436)
    make_municipality(in_scope, "992", "Äänekoski", 18_000)
    client = client_for(coordinator)
    client.cookies["language"] = "fi"
    assert [str(row) for row in listed(client, "municipalities", "jarjesta=-asukkaita")] == ["Äänekoski", "Hankasalmi"]
    assert [str(row) for row in listed(client, "municipalities", "q=SALMI")] == ["Hankasalmi"]
    response = client.get(reverse("municipalities", args=["keski-suomi"]) + "?q=salmi")
    assert response.context["population"] == 22_436
    assert "2 kuntaa" in response.content.decode()
    rows = as_csv(client, reverse("municipalities", args=["keski-suomi"]) + "?vie=csv")
    assert [row["Koodi"] for row in rows] == ["077", "992"]
    assert [row["Asukkaita (2025)"] for row in rows] == ["4436", "18000"]


def test_summaries_and_documents(
    in_scope: County, hankasalmi: Municipality, coordinator: User, reader: User, client_for: ClientFor
) -> None:
    """Each with its filters; of what one may not see there is nothing in the file either."""
    for year in (2023, 2024):
        round_ = make_round(in_scope, name=f"Kierros {year}", year=year)
        make_held(round_, [hankasalmi], by=coordinator)
        open_summary(round_, by=coordinator)
    client = client_for(coordinator)
    assert [row.round.year for row, _handled in listed(client, "summaries", "")] == [2024, 2023]
    assert [row.round.year for row, _handled in listed(client, "summaries", "q=2023&tila=draft")] == [2023]
    assert listed(client, "summaries", "tila=noted") == []
    assert len(as_csv(client, reverse("summaries", args=["keski-suomi"]) + "?vie=csv")) == 2
    assert as_csv(client_for(reader), reverse("summaries", args=["keski-suomi"]) + "?vie=csv") == []
    with scope(county=in_scope):
        summary = Summary.objects.get(round__year=2024)
    client.post(reverse("summary_render", args=["keski-suomi", summary.pk]))
    (document,) = listed(client, "documents", "tila=queued&kieli=fi")
    assert listed(client, "documents", "tila=ready") == []
    (row,) = as_csv(client, reverse("documents", args=["keski-suomi"]) + "?vie=csv")
    assert document.title in row.values()
    assert as_csv(client_for(reader), reverse("documents", args=["keski-suomi"]) + "?vie=csv") == []


@pytest.mark.parametrize("name", ["rounds", "round", "municipalities", "documents", "summaries"])
def test_a_filter_that_finds_nothing_says_so(
    name: str, in_scope: County, hankasalmi: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """And how to clear it; the page of a list that is really empty is another."""
    round_ = make_round(in_scope)
    negotiation = make_held(round_, [hankasalmi], by=coordinator)
    open_minutes(negotiation, by=coordinator)
    summary = open_summary(round_, by=coordinator)
    client = client_for(coordinator)
    client.post(reverse("summary_render", args=["keski-suomi", summary.pk]))
    address = reverse(name, args=["keski-suomi", *([round_.pk] if name == "round" else [])])
    page = client.get(f"{address}?q=eioletällaista").content.decode()
    assert page.count('href="?"') == 2
    assert '<div class="empty">' in page
    assert 'value="eioletällaista"' in page
    assert '<div class="empty">' not in client.get(address).content.decode()


def test_participants_and_times_as_files(
    round_: Round, sittings: list[Negotiation], coordinator: User, editor: User, client_for: ClientFor
) -> None:
    """Those who came and those counted, each a row; to others than the coordinator nobody who was only thought of."""
    negotiation = sittings[0]
    slot = slot_of(round_, date(2024, 10, 3))
    add_people(
        negotiation,
        [
            Entry(Sector.MUNICIPALITY, "Maija", "koordinaattori", "Hankasalmen kunta"),
            Entry(Sector.PARISH, "Olli", "diakoni", status=Attendance.Status.INVITED),
        ],
        by=coordinator,
    )
    address = reverse("negotiation_attendance", args=["keski-suomi", negotiation.pk]) + "?vie=csv"
    client = client_for(coordinator)
    client.cookies["language"] = "fi"
    rows = as_csv(client, address)
    assert {row["Nimi"] for row in rows} == {"Maija", "Olli", ""}
    assert sorted(row["Määrä"] for row in rows if not row["Nimi"]) == ["2", "5"]
    municipal = client_for(editor)
    municipal.cookies["language"] = "fi"
    assert {row["Nimi"] for row in as_csv(municipal, address)} == {"Maija", ""}
    times = reverse("round_schedule", args=["keski-suomi", round_.pk])
    (row,) = as_csv(client, times + "?vie=csv")
    assert (row["Alkaa klo"], row["Viikko"], row["Neuvottelu"]) == ("3.10.2024 8.15", "40", "vapaa")
    (link,) = re.findall(r'href="([^"]*aika=\d+)"', client.get(times).content.decode())
    assert client.get(link.replace("&amp;", "&")).context["form"]["slot"].value() == slot.pk
