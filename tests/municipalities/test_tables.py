"""Lists as the address asks for them, and as files: what may be written in a cell, and what never becomes a formula."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any
from urllib.parse import parse_qs
from zipfile import ZipFile

import pytest
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from indicators.models import Area, alphabetical, alphabetical_key
from municipalities.exporting import FORMULA_STARTS, LONGEST_TEXT, UNWRITABLE, Cell, Sheet, as_csv, as_xlsx, sheet_name
from municipalities.models import County, Municipality
from municipalities.tables import Choice, Column, Kind, Search, Table
from tests.factories import make_municipality

# --- Files ----------------------------------------------------------------------------------------------------

# What people write, what they paste, and what they try.
TEXTS = st.one_of(
    st.text(),
    st.builds(str.__add__, st.sampled_from([*FORMULA_STARTS, " =", "'="]), st.text()),
    st.sampled_from(
        ['=HYPERLINK("http://x";"y")', "#N/A", "#REF!", "1,5", "TOSI", "a;b", 'a"b', "a\r\nb", "\x00", "_x0041_"]
    ),
)


def read_csv(content: bytes) -> list[list[str]]:
    """Return the rows of a csv file of ours."""
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";", strict=True))


def read_xlsx(content: bytes) -> list[tuple[Any, ...]]:
    """Return the rows of the one sheet of an xlsx file, as the values that a spreadsheet would hold."""
    book = load_workbook(BytesIO(content))
    assert len(book.worksheets) == 1
    return list(book.worksheets[0].iter_rows(values_only=True))


def written(text: str) -> str:
    """Return what of a text is to be found in a file."""
    return UNWRITABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=2), max_size=5))
def test_csv_brings_texts_back_and_never_a_formula(rows: list[list[str]]) -> None:
    """Whatever was written: the same text, with an apostrophe before what would begin a formula."""
    content = as_csv(Sheet("Lista", ["a", "b"], rows))
    heading, *back = read_csv(content)
    assert heading == ["a", "b"]
    assert len(back) == len(rows)
    for row, read in zip(rows, back, strict=True):
        for text, cell in zip(row, read, strict=True):
            assert not cell.startswith(FORMULA_STARTS)
            assert cell == (f"'{written(text)}" if written(text).startswith(FORMULA_STARTS) else written(text))
    # Each row ends as Windows ends lines, and a cell has no carriage return of its own.
    assert content.count(b"\r") == content.count(b"\r\n") == len(rows) + 1


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=2), max_size=5))
@settings(deadline=None)
def test_xlsx_brings_texts_back_and_never_a_formula(rows: list[list[str]]) -> None:
    """Each is typed as a text: there is no formula and no error in the file."""
    content = as_xlsx(Sheet("Lista", ["=a", "b"], rows))
    heading, *back = read_xlsx(content)
    assert heading == ("=a", "b")
    for row, read in zip(rows, back, strict=False):
        assert [cell or "" for cell in read] == [written(text) for text in row]
    with ZipFile(BytesIO(content)) as file:
        sheet = file.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert 't="e"' not in sheet


def test_a_text_that_begins_a_formula_stays_a_text_when_edited() -> None:
    """The mark that Excel itself makes of an apostrophe typed before a text."""
    sheet = load_workbook(BytesIO(as_xlsx(Sheet("Lista", ["a"], [["=1+1"], ["1+1"]])))).worksheets[0]
    assert [sheet.cell(row, 1).quotePrefix for row in (2, 3)] == [True, False]
    assert sheet["A2"].data_type == "s"


VALUES: list[Cell] = [
    date(2024, 9, 26),
    datetime(2024, 9, 26, 5, 15, tzinfo=UTC),
    12,
    -3,
    2.5,
    Decimal("1234567.25"),
    Decimal("1E+3"),
    float("nan"),
    True,
    None,
]


def test_numbers_and_dates_in_csv() -> None:
    """Decimal commas, dates as Finns write them, the county's clock, and no separators of thousands."""
    with translation.override("fi"):
        (_heading, row) = read_csv(as_csv(Sheet("Lista", [str(n) for n in range(10)], [VALUES])))
    assert row == ["26.9.2024", "26.9.2024 8.15", "12", "-3", "2,5", "1234567,25", "1000", "", "kyllä", ""]


def test_numbers_and_dates_in_xlsx() -> None:
    """As numbers and dates, with which a spreadsheet reckons, in the county's own time."""
    with translation.override("fi"):
        content = as_xlsx(Sheet("Lista", [str(n) for n in range(10)], [VALUES]))
    (_heading, row) = read_xlsx(content)
    day, moment = datetime(2024, 9, 26), datetime(2024, 9, 26, 8, 15)  # noqa: DTZ001 - a spreadsheet knows no zones
    assert row == (day, moment, 12, -3, 2.5, 1234567.25, 1000, None, "kyllä", None)
    sheet = load_workbook(BytesIO(content)).worksheets[0]
    assert [sheet.cell(2, column).number_format for column in (1, 2)] == ["d.m.yyyy", "d.m.yyyy h:mm"]


def test_headings_of_xlsx() -> None:
    """Bold, in sight while one scrolls, to filter by, and columns as wide as what is in them."""
    content = as_xlsx(Sheet("Neuvottelut: 2024/2025", ["Nimi", "Pitkä"], [["a", "x" * 40], ["b", "y" * 4000]]))
    sheet = load_workbook(BytesIO(content)).worksheets[0]
    assert sheet.title == "Neuvottelut 2024 2025"
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:B3"
    assert all(cell.font.bold for cell in sheet[1])
    assert not sheet["A2"].font.bold
    assert sheet.column_dimensions["A"].width < sheet.column_dimensions["B"].width <= 60


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (date(1899, 12, 31), "31.12.1899"),
        (12_345_678_901_234_567, "12345678901234567"),
        ("x" * (LONGEST_TEXT + 1), "x" * (LONGEST_TEXT - 1) + "…"),
        ("😀" * LONGEST_TEXT, "😀" * ((LONGEST_TEXT - 1) // 2) + "…"),
    ],
)
def test_what_excel_cannot_hold(value: Cell, read: str) -> None:
    """Goes as a text, or is cut where Excel would call the file damaged."""
    assert read_xlsx(as_xlsx(Sheet("Lista", ["a"], [[value]])))[1] == (read,)


def test_empty_files() -> None:
    """The headings alone; also where there are none."""
    assert read_xlsx(as_xlsx(Sheet("", ["a"], []))) == [("a",)]
    assert read_csv(as_csv(Sheet("", ["a"], []))) == [["a"]]
    assert as_xlsx(Sheet("", [], []))


@given(st.text())
def test_names_of_sheets(name: str) -> None:
    """Excel opens the file whatever the list is called."""
    made = sheet_name(name)
    assert made.strip("'")
    assert len(made.encode("utf-16-le")) // 2 <= 31
    assert not set(made) & set("[]:*?/\\\n\r\t")


# --- The address ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Town:
    """A row of a composed list."""

    name: str
    people: int | None
    tongue: str = "fi"


TOWNS = [Town("Äänekoski", 18_000), Town("Ähtäri", 5_500), Town("Zürich", None, "de"), Town("åbo", 200_000, "sv")]

COLUMNS: tuple[Column[Town], ...] = (
    Column("nimi", "Nimi", lambda town: town.name, order=lambda town: town.name),
    Column("asukkaita", "Asukkaita", lambda town: town.people, order=lambda town: town.people, kind=Kind.NUMBER),
    Column("kieli", "Kieli", lambda town: town.tongue, kind=Kind.STATE),
    Column("numero", "Numero", lambda town: 1, shown=False),
    Column("linkki", "Linkki", lambda town: "x", exported=False),
)
FILTERS = (
    Search[Town](by=lambda town: [town.name]),
    Choice[Town]("kieli", "Kieli", [("fi", "suomi"), ("sv", "ruotsi")], of=lambda town, value: town.tongue == value),
)


def table(query: str, rows: Sequence[Town] = TOWNS, **options: Any) -> Table[Town]:
    """Return the list as an address asks for it."""
    request = RequestFactory().get(f"/?{query}")
    return Table(request, rows, COLUMNS, **({"name": "Kaupungit 2024", "filters": FILTERS, "sort": "nimi"} | options))


def names(query: str, **options: Any) -> list[str]:
    """Return the names of the towns on the page."""
    return [town.name for town in table(query, **options).rows]


def test_order_of_a_list() -> None:
    """By the Finnish alphabet, numbers by size, and what has no value last either way."""
    assert names("") == ["Zürich", "åbo", "Ähtäri", "Äänekoski"]
    assert names("jarjesta=-nimi") == ["Äänekoski", "Ähtäri", "åbo", "Zürich"]
    assert names("jarjesta=asukkaita") == ["Ähtäri", "Äänekoski", "åbo", "Zürich"]
    assert names("jarjesta=-asukkaita") == ["åbo", "Äänekoski", "Ähtäri", "Zürich"]
    assert names("", sort="") == [town.name for town in TOWNS]


@pytest.mark.parametrize("asked", ["kieli", "-kieli", "numero", "--nimi", "pk", "", "nimi,asukkaita", "%00"])
def test_an_order_that_there_is_none_of_is_the_usual_one(asked: str) -> None:
    """It is not spoken of either."""
    assert names(f"jarjesta={asked}") == names("")
    assert "jarjesta" not in table(f"jarjesta={asked}").url()


def test_filters_of_a_list() -> None:
    """Each word of the search must be there, whatever its case; of a choice, those that belong to it."""
    assert names("q=ÄÄNE") == ["Äänekoski"]
    assert names("q=k+ä") == ["Äänekoski"]
    assert names("kieli=fi") == ["Ähtäri", "Äänekoski"]
    assert names("kieli=fi&q=ri") == ["Ähtäri"]
    assert names("q=ei+ole") == []


@pytest.mark.parametrize("asked", ["kieli=de", "kieli=", "kieli=fi%00", "q=" + "x" * 101, "q=%00", "q=+", "muu=1"])
def test_a_filter_that_cannot_be_understood_filters_nothing(asked: str) -> None:
    """And the page does not say that it does."""
    shown = table(asked)
    assert shown.found == shown.total == 4
    assert not shown.is_filtered
    assert shown.url() == "?"


MANY = [Town(f"Kaupunki {number:03}", number) for number in range(120)]


@pytest.mark.parametrize(
    ("asked", "number"),
    [("", 1), ("2", 2), ("3", 3), ("4", 3), ("9" * 5000, 1), ("x", 1), ("-1", 3), ("1.5", 1), ("%00", 1), ("²", 1)],
)
def test_pages(asked: str, number: int) -> None:
    """The one asked for, or the nearest there is."""
    shown = table(f"sivu={asked}", MANY)
    assert shown.page.number == number
    assert [town.people for town in shown.rows] == list(range(120))[(number - 1) * 50 : number * 50]


def test_links_keep_what_is_asked() -> None:
    """Headings and pages keep the filters; another order begins from the first page; the files have no pages."""
    shown = table("q=kaupunki&kieli=fi&jarjesta=-asukkaita&sivu=2", MANY)
    by_name, by_people, *_rest = shown.headings
    assert parse_qs(by_name.url[1:]) == {"q": ["kaupunki"], "kieli": ["fi"]}
    assert parse_qs(by_people.url[1:]) == {"q": ["kaupunki"], "kieli": ["fi"], "jarjesta": ["asukkaita"]}
    assert parse_qs(shown.next_url[1:])["sivu"] == ["3"]
    assert parse_qs(shown.previous_url[1:])["sivu"] == ["1"]
    assert parse_qs(shown.clear_url[1:]) == {"jarjesta": ["-asukkaita"]}
    for link, kind in zip(shown.file_links, ("xlsx", "csv"), strict=True):
        assert parse_qs(link.url[1:]) == {
            "q": ["kaupunki"],
            "kieli": ["fi"],
            "jarjesta": ["-asukkaita"],
            "vie": [kind],
        }


def test_the_heading_tells_the_order() -> None:
    """One at a time; and a column that does not sort has no link."""
    assert [heading.sorted for heading in table("").headings] == ["ascending", "", "", ""]
    assert [heading.sorted for heading in table("jarjesta=-asukkaita").headings] == ["", "descending", "", ""]
    headings = table("").headings
    assert [bool(heading.url) for heading in headings] == [True, True, False, False]
    # Of numbers the largest are looked for first.
    assert headings[1].url == "?jarjesta=-asukkaita"


@given(st.dictionaries(st.sampled_from(["q", "kieli", "jarjesta", "sivu", "vie", "x"]), TEXTS))
@settings(deadline=None)
def test_no_address_breaks_a_list(asked: dict[str, str]) -> None:
    """Whatever it asks: a page with rows of the list, and links that lead to the same rows."""
    query = QueryDict(mutable=True)
    query.update(asked)
    shown = table(query.urlencode())
    assert set(shown.rows) <= set(TOWNS)
    again = table(shown.url(sivu=shown.page.number)[1:])
    assert again.rows == shown.rows
    assert again.chosen == shown.chosen
    html = render_to_string("parts/table_tools.html", {"table": shown}) + render_to_string(
        "parts/table_head.html", {"table": shown}
    )
    assert "errorlist" not in html
    answer = shown.file()
    assert (answer is None) == (asked.get("vie") not in {"xlsx", "csv"})


# --- As the templates draw it ---------------------------------------------------------------------------------


def test_the_form_shows_what_is_chosen() -> None:
    """The values of the address stand in it, escaped; and there is a way to clear them."""
    html = render_to_string("parts/table_tools.html", {"table": table("q=%22%3E%3Cb%3E&kieli=sv")})
    assert 'value="&quot;&gt;&lt;b&gt;"' in html
    assert '<option value="sv" selected>Ruotsi</option>' in html
    assert 'href="?"' in html
    assert "<details" in html
    assert " open" in html
    assert 'href="?"' not in render_to_string("parts/table_tools.html", {"table": table("")})


def test_headings_are_drawn_with_their_order() -> None:
    """As `aria-sort` tells it to those who do not see the arrow."""
    html = render_to_string("parts/table_head.html", {"table": table("jarjesta=-nimi&q=a")})
    assert html.count("aria-sort=") == 1
    assert 'aria-sort="descending"' in html
    assert 'href="?q=a"' in html
    assert 'href="?q=a&amp;jarjesta=-asukkaita"' in html


def test_how_many_of_how_many() -> None:
    """All, those found, and those of the page."""
    with translation.override("en"):
        assert table("").count_words == "4 in all"
        assert table("kieli=fi").count_words == "Showing 2, 4 in all"
        assert table("sivu=2", MANY).count_words == "Rows 51–100, 120 in all"
        assert table("sivu=2&q=kaupunki+0", MANY).count_words == "Rows 51–100 of the 111 found, 120 in all"


# --- Files of a list ------------------------------------------------------------------------------------------


def test_a_file_has_all_that_the_filter_leaves() -> None:
    """On all pages, in the order asked for, with the columns of the file, under the name of the list and the day."""
    answer = table("q=kaupunki+0&jarjesta=-asukkaita&sivu=2&vie=csv", MANY).file(on=date(2026, 11, 24))
    assert answer is not None
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="kaupungit-2024-2026-11-24.csv"'
    heading, *rows = read_csv(answer.content)
    assert heading == ["Nimi", "Asukkaita", "Kieli", "Numero"]
    assert rows == [[town.name, str(town.people), "Fi", "1"] for town in reversed(MANY) if "0" in town.name]
    answer = table("vie=xlsx").file(on=date(2026, 11, 24))
    assert answer is not None
    assert read_xlsx(answer.content)[1] == ("Zürich", None, "De", 1)


# --- Rows of the database -------------------------------------------------------------------------------------

PLACES: tuple[Column[Municipality], ...] = (
    Column("nimi", "Nimi", str, order="area__name_fi"),
    Column("asukkaita", "Asukkaita", lambda row: row.population, order="population", kind=Kind.NUMBER),
    Column("kielet", "Kielet", lambda row: row.language_status, order="language_status", kind=Kind.STATE),
)
PLACE_FILTERS = (
    Search[Municipality](by=("area__name_fi", "area__name_sv", "groups__name")),
    Choice[Municipality]("kielet", "Kielet", Municipality.LanguageStatus.choices, by="language_status"),
    Choice[Municipality]("koko", "Koko", [("pieni", "pieni")], by=lambda _value: Q(population__lt=5000)),
)


@pytest.fixture
def places(keski_suomi: County) -> QuerySet[Municipality]:
    """Municipalities whose names tell one alphabet from another."""
    for number, (name, population, status) in enumerate(
        [
            ("Äänekoski", 18_000, "fi"),
            ("Ähtäri", 5_500, "fi"),
            ("Zürich", 4_000, "sv"),
            ("åbo", 4_000, "bilingual-fi-majority"),
            ("Yli_tornio", 4_000, "fi"),
        ]
    ):
        row = make_municipality(keski_suomi, f"9{number:02}", name, population)
        Municipality.objects.filter(pk=row.pk).update(language_status=status)
    return Municipality.objects.select_related("area")


def place_names(places: QuerySet[Municipality], query: str, **options: Any) -> list[str]:
    """Return the names of the municipalities on the page."""
    request = RequestFactory().get(f"/?{query}")
    values: dict[str, Any] = {"name": "Kunnat", "filters": PLACE_FILTERS, "sort": "nimi"}
    return [str(row) for row in Table(request, places, PLACES, **(values | options)).rows]


def test_order_of_a_queryset(places: QuerySet[Municipality]) -> None:
    """As Python sorts the same names; choices in the order of their declaration; equals in one order always."""
    alphabet = ["Yli_tornio", "Zürich", "åbo", "Ähtäri", "Äänekoski"]
    assert place_names(places, "") == alphabet
    assert sorted(alphabet, key=alphabetical_key) == alphabet
    assert place_names(places, "jarjesta=-nimi") == alphabet[::-1]
    assert place_names(places, "jarjesta=kielet") == ["Äänekoski", "Ähtäri", "Yli_tornio", "Zürich", "åbo"]
    assert place_names(places, "jarjesta=-asukkaita") == ["Äänekoski", "Ähtäri", "Yli_tornio", "åbo", "Zürich"]
    assert place_names(places, "jarjesta=asukkaita") == ["Zürich", "åbo", "Yli_tornio", "Ähtäri", "Äänekoski"]
    assert place_names(places.order_by("-population", "pk"), "", sort="") == [
        "Äänekoski",
        "Ähtäri",
        "Zürich",
        "åbo",
        "Yli_tornio",
    ]


@pytest.mark.django_db
@given(st.lists(st.text("aAbzZåÅäÄöÖéü -", max_size=4), max_size=6))
@settings(deadline=None, max_examples=30)
def test_the_database_and_python_sort_alike(texts: list[str]) -> None:
    """Whatever the names."""
    Area.objects.filter(kind=Area.Kind.COUNTRY).delete()
    Area.objects.bulk_create(
        Area(kind=Area.Kind.COUNTRY, code=str(number), name_fi=text) for number, text in enumerate(texts)
    )
    rows = Area.objects.filter(kind=Area.Kind.COUNTRY)
    by_database = list(rows.order_by(alphabetical("name_fi"), "name_fi").values_list("name_fi", flat=True))
    assert [alphabetical_key(text) for text in by_database] == sorted(map(alphabetical_key, texts))


def test_filters_of_a_queryset(places: QuerySet[Municipality], keski_suomi: County) -> None:
    """Words in any of the fields, signs of patterns as themselves, and a row with several matches once."""
    assert place_names(places, "q=ÄÄNE") == ["Äänekoski"]
    assert place_names(places, "q=_") == ["Yli_tornio"]
    assert place_names(places, "q=%25") == []
    assert place_names(places, "kielet=sv") == ["Zürich"]
    assert place_names(places, "koko=pieni&kielet=fi") == ["Yli_tornio"]
    assert place_names(places, "kielet=xx") == place_names(places, "")


def test_a_row_with_several_matches_comes_once(places: QuerySet[Municipality], in_scope: County) -> None:
    """And different words may be found in different groups of it."""
    row = places.get(area__name_fi="Ähtäri")
    for year in (2024, 2025):
        row.groups.create(county=in_scope, year=year, name=f"Ryhmä {year}")
    assert place_names(places, "q=ryhmä") == ["Ähtäri"]
    assert place_names(places, "q=2024+2025") == ["Ähtäri"]
    assert place_names(places, "q=2024+2026") == []


@pytest.mark.django_db
@given(st.dictionaries(st.sampled_from(["q", "kielet", "koko", "jarjesta", "sivu", "vie"]), TEXTS))
@settings(deadline=None, max_examples=50)
def test_no_address_breaks_the_database(asked: dict[str, str]) -> None:
    """Whatever it asks, the question can be asked."""
    query = QueryDict(mutable=True)
    query.update(asked)
    request = RequestFactory().get(f"/?{query.urlencode()}")
    shown: Table[Municipality] = Table(
        request, Municipality.objects.all(), PLACES, name="Kunnat", filters=PLACE_FILTERS, sort="nimi"
    )
    assert shown.rows == []
    assert shown.total == 0


def test_rows_are_composed_a_page_at_a_time(places: QuerySet[Municipality]) -> None:
    """All of them for a file only."""
    given_: list[int] = []

    def compose(rows: list[Municipality]) -> list[str]:
        given_.append(len(rows))
        return [str(row) for row in rows]

    columns: tuple[Column[str], ...] = (Column("nimi", "Nimi", lambda name: name, order="area__name_fi"),)
    for query in ("sivu=2", "sivu=2&vie=csv"):
        shown: Table[str] = Table(
            RequestFactory().get(f"/?{query}"), places, columns, name="Kunnat", sort="nimi", compose=compose, per_page=3
        )
        if answer := shown.file():
            assert [row[0] for row in read_csv(answer.content)[1:]][-1] == "Äänekoski"
        else:
            assert shown.rows == ["Ähtäri", "Äänekoski"]
    assert given_ == [2, 5]
