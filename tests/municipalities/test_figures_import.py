"""A county's own figures brought in from a spreadsheet: all or none, just what was shown, and only of its own."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_scopes import scopes_disabled
from openpyxl import Workbook, load_workbook

from indicators.models import FormerValue, ImportPart, ImportRun, Indicator, IndicatorValue
from indicators.spreadsheets.planning import Plan, plan
from indicators.spreadsheets.reading import MOST_FIGURES
from indicators.spreadsheets.understanding import FIRST_YEAR, Known, Taken
from indicators.workbooks import MOST_BYTES, Outcome
from municipalities.models import County, Event, Municipality, User
from municipalities.own_figures.bringing import Provenance, seal, unseal
from negotiations.log import tell
from tests.factories import AreaFactory

PATH = "/keski-suomi/tuonnit/taulukko/"
HEADINGS = ("Tunnusluku", "Kunta", "Vuosi", "Sukupuoli", "Arvo")
ClientFor = Callable[[User | None], Client]


def own(county: County, name: str = "Move! alaraja", unit: str = Indicator.Unit.PERCENT) -> Indicator:
    """Return an indicator that the county owns."""
    return Indicator.objects.create(owner=county.area, name_fi=name, unit=unit, theme="Muut")


def workbook(rows: Sequence[Sequence[Any]], headings: Sequence[Any] = HEADINGS) -> bytes:
    """Return an xlsx file of these rows."""
    book = Workbook()
    sheet: Any = book.active
    for row in (headings, *rows):
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture
def indicator(keski_suomi: County, hankasalmi: Municipality, joutsa: Municipality) -> Indicator:
    """An indicator of the county, which has two municipalities."""
    return own(keski_suomi)


@pytest.fixture
def client(coordinator: User, client_for: ClientFor) -> Client:
    """The coordinator's browser."""
    return client_for(coordinator)


def upload(client: Client, content: bytes, name: str = "move.xlsx", **more: Any) -> Any:
    """Send a file, and return the answer."""
    sent = {"retrieved_on": "2026-05-31", "source": "Opetushallitus, Move! 2025", **more}
    return client.post(PATH, {"file": SimpleUploadedFile(name, content), **sent})


def bring(client: Client, preview: Any) -> Any:
    """Press the button of a preview."""
    sealed = preview.context["sealed"]
    assert sealed
    return client.post(PATH, {"rows": sealed}, follow=True)


def three_hundred(*, bad: bool) -> list[tuple[Any, ...]]:
    """Return 300 rows, of which seven are bad in different ways where asked for."""
    rows: list[tuple[Any, ...]] = [
        ("Move! alaraja", area, year, gender, (n * 37 % 1000) / 10)
        for n, (area, year, gender) in enumerate(
            (area, year, gender)
            for year in range(FIRST_YEAR, FIRST_YEAR + 25)
            for area in ("Hankasalmi", "172", "Luhanka", "Keski-Suomen hyvinvointialue")
            for gender in (None, "pojat", "tytöt")
        )
    ]
    if bad:
        for at, place, cell in (
            (3, 0, "Ei ole"),
            (50, 1, "Mäntsälä"),
            (99, 2, 1066),
            (150, 3, "kissat"),
            (200, 4, "paljon"),
            (250, 4, 101),
            (299, 4, "=A1"),
        ):
            rows[at] = (*rows[at][:place], cell, *rows[at][place + 1 :])
    return rows


@pytest.mark.usefixtures("luhanka")
def test_seven_bad_rows_keep_three_hundred_out_and_mended_all_come_in(
    indicator: Indicator, client: Client, coordinator: User
) -> None:
    preview = upload(client, workbook(three_hundred(bad=True)))
    assert preview.status_code == 422
    assert [row.row for row in preview.context["wrong"]] == [5, 52, 101, 152, 202, 252, 301]
    assert {outcome.value: count for outcome, _words, count in preview.context["counts"]} == {
        "new": 293,
        "changed": 0,
        "same": 0,
        "wrong": 7,
    }
    page = preview.content.decode()
    assert all(told in page for told in ("Ei ole", "Mäntsälä", "1066", "kissat", "paljon", "kaava"))
    # What is wrong stands before the rest, and there is no button.
    assert page.index("paljon") < page.index("Hankasalmi</th>") and 'name="rows"' not in page
    assert not IndicatorValue.objects.exists() and not ImportRun.objects.exists() and not Event.objects.exists()

    preview = upload(client, workbook(three_hundred(bad=False)))
    assert preview.status_code == 200 and not IndicatorValue.objects.exists()
    done = bring(client, preview)
    assert "300 lukua tuotiin: 300 lisätty, 0 muutettu, 0 ennallaan." in done.content.decode()
    assert IndicatorValue.objects.count() == 300
    run = ImportRun.objects.get()
    assert (run.source, run.owner, run.state) == ("spreadsheet", indicator.owner, "done")
    assert (run.rows_read, run.rows_added, run.rows_changed, run.rows_unchanged, run.rows_rejected) == (
        300,
        300,
        0,
        0,
        0,
    )
    assert run.retrieved_on == date(2026, 5, 31) and run.label.startswith("move.xlsx ")
    part = ImportPart.objects.get()
    assert (part.indicator, part.rows_added, part.first_year, part.last_year) == (indicator, 300, 1990, 2014)
    with scopes_disabled():
        event = Event.objects.select_related("user").get(verb="figures_imported")
        assert event.payload == {"run": run.pk, "new": 300, "changed": 0, "same": 0, "wrong": 0}
        assert "300" in tell(event, {}).words and event.user == coordinator
    # The page that it leads to tells all of it.
    assert all(told in done.content.decode() for told in ("Opetushallitus, Move! 2025", "Coordinator", "Move! alaraja"))

    again = upload(client, workbook(three_hundred(bad=False)))
    assert again.status_code == 200 and not again.context["sealed"]
    changed = upload(client, workbook([(*three_hundred(bad=False)[0][:4], 55.5), *three_hundred(bad=False)[1:9]]))
    assert "0 → <strong>55,5</strong>" in changed.content.decode()
    bring(client, changed)
    assert FormerValue.objects.get().value == 0
    assert IndicatorValue.objects.filter(run=run).count() == 299


def test_a_semicolon_csv_and_a_wide_workbook_say_the_same(indicator: Indicator, client: Client) -> None:
    csv = "\ufeffKunta;2023;2024\r\nHankasalmi;1 234,5;..\r\n172;-;0\r\n".encode()
    Indicator.objects.update(unit="RATIO")
    refused = upload(client, csv, "move.csv")
    assert refused.status_code == 422 and "indicator" in refused.context["form"].errors
    preview = upload(client, csv, "move.csv", indicator=indicator.pk)
    page = preview.content.decode()
    assert "1\u00a0234,5" in page and "salattu" in page
    bring(client, preview)
    found = {
        (row.area.code, row.year): (row.value, row.status) for row in IndicatorValue.objects.select_related("area")
    }
    assert found == {
        ("077", 2023): (1234.5, "ok"),
        ("077", 2024): (None, "suppressed"),
        ("172", 2023): (None, "missing"),
        ("172", 2024): (0.0, "ok"),
    }
    wide = workbook([("Hankasalmi", 1234.5, "…"), (172, "n/a", 0)], ("Kunta", 2023, 2024))
    same = upload(client, wide, indicator=indicator.pk)
    assert same.context["plan"].changes_nothing and "Kaikki luvut ovat jo täällä" in same.content.decode()


def test_figures_are_only_of_ones_own_indicators(
    indicator: Indicator, keski_uusimaa: County, mantsala: Municipality, client: Client
) -> None:
    """Neither those of another county nor national ones; nor can another's be chosen on the form."""
    others = own(keski_uusimaa, "Naapurin oma")
    national = Indicator.objects.create(name_fi="Valtakunnallinen luku", theme="Muut", sotkanet_id=1)
    for name in (others.name_fi, national.name_fi):
        assert upload(client, workbook([(name, "Hankasalmi", 2024, None, 5)])).status_code == 422
    for pk in (others.pk, national.pk):
        refused = upload(client, workbook([("Hankasalmi", 5)], ("Kunta", 2024)), indicator=pk)
        assert refused.status_code == 422 and "indicator" in refused.context["form"].errors
    assert "Naapurin oma" not in client.get(PATH).content.decode()
    assert upload(client, workbook([("Move! alaraja", "Mäntsälä", 2024, None, 5)])).status_code == 422
    assert not IndicatorValue.objects.exists()


def test_another_countys_imports_are_not_there(
    indicator: Indicator, keski_uusimaa: County, outsider: User, client: Client, client_for: ClientFor
) -> None:
    """Neither listed nor opened; national ones are both."""
    bring(client, upload(client, workbook([("Move! alaraja", "Hankasalmi", 2024, None, 5)])))
    run = ImportRun.objects.get()
    national = ImportRun.objects.create(source="sotkanet", label="x", retrieved_on=date(2026, 1, 1))
    other = client_for(outsider)
    assert client.get(reverse("import_run", args=["keski-suomi", run.pk])).status_code == 200
    assert other.get(reverse("import_run", args=["keski-uusimaa", run.pk])).status_code == 404
    assert other.get(reverse("import_run", args=["keski-uusimaa", national.pk])).status_code == 200
    assert "move.xlsx" in client.get(reverse("imports", args=["keski-suomi"])).content.decode()
    assert "move.xlsx" not in other.get(reverse("imports", args=["keski-uusimaa"])).content.decode()


def bomb() -> bytes:
    """Return 200 megabytes of noughts in a workbook of a fifth of one."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", "<workbook/>")
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 200_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda: b"", "tyhjä"),
        (lambda: b"%PDF-1.7\n\x00", "csv"),
        (lambda: b"PK\x03\x04" + b"0" * 100, "xlsx"),
        (lambda: b"Kunta;2024\r\n" + b"x" * MOST_BYTES, "2 Mt"),
        (bomb, "purkautuu"),
        (lambda: workbook([("a", "b")], ("Jotain", "Muuta")), "otsiko"),
        (lambda: workbook([]), "rivej"),
    ],
    ids=["empty", "pdf", "no zip", "too large", "bomb", "no headings", "no rows"],
)
def test_what_is_no_file_of_figures_is_refused_beside_its_field(
    content: Callable[[], bytes], words: str, indicator: Indicator, client: Client
) -> None:
    answer = upload(client, content())
    assert answer.status_code == 422
    assert words in " ".join(answer.context["form"].errors["file"])


def test_what_the_form_asks_for_is_given(indicator: Indicator, client: Client) -> None:
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    for more, field in (
        ({"source": " "}, "source"),
        ({"retrieved_on": ""}, "retrieved_on"),
        ({"retrieved_on": tomorrow}, "retrieved_on"),
        ({"retrieved_on": "0001-01-01"}, "retrieved_on"),
    ):
        answer = upload(client, workbook([("Move! alaraja", "Hankasalmi", 2024, None, 5)]), **more)
        assert answer.status_code == 422 and field in answer.context["form"].errors


def test_a_preview_cannot_be_changed_borrowed_or_used_twice(
    indicator: Indicator, client: Client, client_for: ClientFor, keski_suomi: County
) -> None:
    preview = upload(client, workbook([("Move! alaraja", "Hankasalmi", 2024, None, 5)]))
    sealed = preview.context["sealed"]
    for rows in (sealed[:-2], "x", "", sealed.replace(":", "x", 1), f"x{sealed}"):
        answer = client.post(PATH, {"rows": rows})
        assert answer.status_code == 302 and answer.headers["Location"] == PATH
    second = User.objects.create_user("second-coordinator@example.fi")
    second.memberships.create(role="coordinator", county=keski_suomi)
    assert client_for(second).post(PATH, {"rows": sealed}).status_code == 302
    assert not IndicatorValue.objects.exists()
    bring(client, preview)
    twice = client.post(PATH, {"rows": sealed})
    assert twice.status_code == 409 and ImportRun.objects.count() == 1


def test_a_figure_that_changed_since_the_preview_is_shown_again(indicator: Indicator, client: Client) -> None:
    """409, with what would become of it now; sent again from there, it is saved."""
    earlier = upload(client, workbook([("Move! alaraja", "Hankasalmi", 2024, None, 5)]))
    bring(client, upload(client, workbook([("Move! alaraja", "Hankasalmi", 2024, None, 6)])))
    conflict = client.post(PATH, {"rows": earlier.context["sealed"]})
    assert conflict.status_code == 409 and "6 → <strong>5</strong>" in conflict.content.decode()
    assert IndicatorValue.objects.get().value == 6
    bring(client, conflict)
    assert IndicatorValue.objects.get().value == 5


def test_only_the_coordinator_brings_figures(
    indicator: Indicator, editor: User, board_member: User, client: Client, client_for: ClientFor
) -> None:
    sealed = upload(client, workbook([("Move! alaraja", "Hankasalmi", 2024, None, 5)])).context["sealed"]
    for user in (editor, board_member):
        assert client_for(user).post(PATH, {"rows": sealed}).status_code == 403
    assert not IndicatorValue.objects.exists()


def test_without_an_indicator_of_its_own_a_county_is_told_to_make_one(
    keski_suomi: County, hankasalmi: Municipality, client: Client
) -> None:
    page = client.get(PATH)
    assert reverse("indicator_new", args=["keski-suomi"]) in page.content.decode()
    assert "Tee ensin sellainen" in page.content.decode() and 'type="file"' not in page.content.decode()
    assert client.get(PATH + "pohja.xlsx").headers["Location"] == PATH


def test_the_template_comes_back_without_a_change(indicator: Indicator, client: Client) -> None:
    Indicator.objects.update(unit="RATIO")
    rows = [("Move! alaraja", "Hankasalmi", 2023, None, 0.5), ("Move! alaraja", "Joutsa", 2023, None, "..")]
    bring(client, upload(client, workbook([*rows, ("Move! alaraja", "Joutsa", 2022, None, "-")])))
    # Seventeen digits, of which openpyxl would write sixteen.
    IndicatorValue.objects.filter(value=0.5).update(value=0.1 + 0.2)
    answer = client.get(PATH + "pohja.xlsx?pohja-first_year=2021&pohja-last_year=2023")
    lines = [row[1:] for row in load_workbook(io.BytesIO(answer.content)).active.iter_rows(min_row=2, values_only=True)]
    assert lines == [
        ("077", "Hankasalmi", 2021, "yhteensä", None),
        ("172", "Joutsa", 2021, "yhteensä", None),
        ("172", "Joutsa", 2022, "yhteensä", "-"),
        ("077", "Hankasalmi", 2023, "yhteensä", 0.1 + 0.2),
        ("172", "Joutsa", 2023, "yhteensä", ".."),
    ]
    shown = upload(client, answer.content, "luvut.xlsx").context["plan"]
    assert shown.changes_nothing and shown.counts[Outcome.SAME] == 5
    for query in ("pohja-first_year=1900", "pohja-last_year=x", "pohja-first_year=2024&pohja-last_year=2023"):
        assert client.get(f"{PATH}pohja.xlsx?{query}").status_code == 422
    assert client.get(PATH + "pohja.xlsx").status_code == 200


def most(indicator: Indicator, areas: Sequence[int]) -> list[Taken]:
    """Return as many figures as a file may have, with all the digits that a figure can have."""
    numbers = random.Random(1)
    return [
        Taken(n, "E", indicator.pk, areas[n // 108], 1990 + n // 3 % 36, gender, numbers.uniform(0, 100), "ok", False)
        for n in range(MOST_FIGURES)
        for gender in [("total", "male", "female")[n % 3]]
    ]


def test_the_largest_preview_goes_through_one_form(
    indicator: Indicator, keski_suomi: County, coordinator: User, client: Client
) -> None:
    """20,000 figures: what travels stays below half of what the server takes in, and costs no more queries than one."""
    areas = [AreaFactory.create(parent=keski_suomi.area).pk for _n in range(MOST_FIGURES // 108 + 1)]
    known = Known.of(keski_suomi.area)
    shown: Plan = plan(known, most(indicator, areas))
    assert shown.is_sound and shown.total == MOST_FIGURES
    provenance = Provenance("move.xlsx", "2026-05-31", "x")
    sealed = seal(keski_suomi, coordinator, shown, provenance)
    assert len(sealed) < settings.DATA_UPLOAD_MAX_MEMORY_SIZE / 2
    assert unseal(keski_suomi, coordinator, sealed).taken == tuple(row.taken for row in shown.planned)
    with CaptureQueriesContext(connection) as queries:
        answer = client.post(PATH, {"rows": sealed})
    assert answer.status_code == 302 and IndicatorValue.objects.count() == MOST_FIGURES
    assert len(queries) <= 30
