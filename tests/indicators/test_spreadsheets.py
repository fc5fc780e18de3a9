"""Figures from spreadsheets: what a cell says in each dialect, what stands where, and a template that comes back."""

from __future__ import annotations

import csv
import io
import math
import re
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from indicators.importing import Row, write_values
from indicators.models import Area, FormerValue, ImportRun, Indicator, IndicatorValue
from indicators.spreadsheets.cells import Dialect, Said, read_cell
from indicators.spreadsheets.planning import Changed, Plan, citation_of, plan, save, source_of
from indicators.spreadsheets.reading import MOST_FIGURES, headings, read_file
from indicators.spreadsheets.template import template_rows
from indicators.spreadsheets.understanding import Known, Wrong, understand
from indicators.workbooks import Outcome, Percent, Uncomputed
from municipalities.exporting import Sheet, as_xlsx

SEMICOLON, COMMA, WORKBOOK = Dialect.SEMICOLON, Dialect.COMMA, Dialect.WORKBOOK
# How openpyxl writes a formula, which it does not compute.
EMPTY_RESULT = re.compile(rb"</f><v ?(/>|></v>)")
LONG = ("Tunnusluku", "Kunta", "Vuosi", "Arvo")


def workbook(*rows: Sequence[Any]) -> bytes:
    """Return an xlsx file of these rows."""
    book = Workbook()
    sheet: Any = book.active
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def semicolons(*rows: Sequence[str], encoding: str = "utf-8-sig") -> bytes:
    """Return a csv file as Finnish Excel writes it."""
    return "".join(";".join(row) + "\r\n" for row in rows).encode(encoding)


def commas(*rows: Sequence[str]) -> bytes:
    """Return a csv file as English Excel writes it."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


# --- Cells --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dialect", "cell", "value"),
    [
        (SEMICOLON, "1,234", 1.234),
        (SEMICOLON, "1 234,5", 1234.5),
        (SEMICOLON, "1\u00a0234\u202f567", 1234567),
        (SEMICOLON, "-0,3", -0.3),
        (SEMICOLON, "\N{MINUS SIGN}0,3", -0.3),
        (SEMICOLON, "0", 0),
        (COMMA, "1,234", 1234),
        (COMMA, "1,234.5", 1234.5),
        (COMMA, "12.5", 12.5),
        (COMMA, "1 234.5", 1234.5),
        (WORKBOOK, "12,5", 12.5),
        (WORKBOOK, "12.5", 12.5),
        (WORKBOOK, "0,123", 0.123),
        (WORKBOOK, "1.234,5", 1234.5),
        (WORKBOOK, "1,234,567", 1234567),
        (WORKBOOK, "1 234,567", 1234.567),
        (WORKBOOK, 0, 0),
        (WORKBOOK, 12.5, 12.5),
    ],
)
def test_a_number_is_read_in_the_dialect_of_its_file(dialect: Dialect, cell: Any, value: float) -> None:
    assert read_cell(cell, dialect, "COUNT") == Said(value)


@pytest.mark.parametrize(
    ("dialect", "cell", "words"),
    [
        (SEMICOLON, "12.5", "pilkulla"),
        (SEMICOLON, "1.234", "pilkulla"),
        (SEMICOLON, "1 23", "ei ole luku"),
        (SEMICOLON, "0 123", "ei ole luku"),
        (COMMA, "12,5", "pisteellä"),
        (COMMA, "0,123", "pisteellä"),
        (WORKBOOK, "1,234", "1,234 tai 1\u00a0234"),
        (WORKBOOK, "1.234", "1,234 tai 1\u00a0234"),
        (WORKBOOK, "12.5.2024", "ei ole luku"),
        (WORKBOOK, "1E+05", "ei ole luku"),
        (WORKBOOK, "noin 5", "ei ole luku"),
        (WORKBOOK, "#REF!", "ei ole luku"),
        (WORKBOOK, "nan", "ei ole luku"),
        (WORKBOOK, True, "ei ole luku"),
        (WORKBOOK, "٣", "ei ole luku"),
        (WORKBOOK, datetime(2024, 5, 1), "päivämäärä"),  # noqa: DTZ001 - as openpyxl gives it
        (WORKBOOK, Uncomputed("=A1"), "kaava"),
        (WORKBOOK, float("inf"), "liian suuri"),
        (WORKBOOK, float("nan"), "liian suuri"),
        (WORKBOOK, 10**400, "liian suuri"),
        (SEMICOLON, "9" * 400, "liian suuri"),
    ],
)
def test_what_is_no_number_or_could_be_two_is_told_with_the_mend(dialect: Dialect, cell: Any, words: str) -> None:
    with translation.override("fi"), pytest.raises(ValidationError) as refusal:
        read_cell(cell, dialect, "COUNT")
    assert words in refusal.value.messages[0]


@pytest.mark.parametrize("dialect", Dialect)
def test_marks_are_a_status_and_never_a_nought(dialect: Dialect) -> None:
    for mark in ("-", "–", "—", "N/A", "n/a", "nd", "#N/A", "#PUUTTUU!", "'-"):
        assert read_cell(mark, dialect, "COUNT") == Said(None, "missing")
    for empty in (None, "", "  ", "\u00a0"):
        assert read_cell(empty, dialect, "COUNT") == Said(None, "missing", is_empty=True)
    for mark in ("..", "...", "…", "*", "<5", "< 10"):
        assert read_cell(mark, dialect, "COUNT") == Said(None, "suppressed")


def test_units_are_understood_where_they_are_the_indicators() -> None:
    for cell, unit, value in (
        ("12,5 %", "PERCENT", 12.5),
        ("12,5%", "PERCENT", 12.5),
        ("1 234 €", "EURO", 1234),
        ("12 kpl.", "COUNT", 12),
        (Percent(7), "PERCENT", 7),
    ):
        assert read_cell(cell, SEMICOLON, unit).value == value
    for cell, unit in (("12,5 %", "COUNT"), ("5 €", "PERCENT"), (Percent(7), "RATIO"), ("5 t€", "EURO"), ("5 x", "")):
        with pytest.raises(ValidationError):
            read_cell(cell, SEMICOLON, unit)


NUMBERS = st.floats(-1e15, 1e15, allow_nan=False) | st.integers(-(10**15), 10**15)


@given(NUMBERS, st.booleans())
def test_a_number_written_in_either_dialect_reads_back_the_same(number: float, grouped: bool) -> None:
    """To the last bit."""
    text = f"{Decimal(repr(number)):{',' if grouped else ''}f}"
    finnish = text.replace(",", "\u00a0").replace(".", ",")
    assert read_cell(text, COMMA, "COUNT").value == float(number)
    assert read_cell(finnish, SEMICOLON, "COUNT").value == float(number)
    assert read_cell(number, WORKBOOK, "COUNT").value == float(number)


@given(st.text(max_size=12) | st.text("0123456789 .,-+%€<*", max_size=12), st.sampled_from(Dialect))
def test_any_text_is_a_finite_number_a_status_or_refused(text: str, dialect: Dialect) -> None:
    with suppress(ValidationError):
        said = read_cell(text, dialect, "PERCENT")
        assert (said.value is None) == (said.status != "ok")
        assert said.value is None or math.isfinite(said.value)
        assert said.value != 0 or "0" in text


# --- Files --------------------------------------------------------------------------------------------------------


def test_the_dialect_of_a_csv_is_told_by_what_parts_its_headings() -> None:
    row = ("Oma", "Äänekoski", "2024", "1,234")
    finnish = read_file(semicolons(LONG, row))
    assert (finnish.dialect, finnish.entries[0].cell) == (SEMICOLON, "1,234")
    assert read_file(semicolons(LONG, row, encoding="utf-8")).entries == finnish.entries
    assert read_file(semicolons(LONG, row, encoding="cp1252")).entries == finnish.entries
    english = read_file(commas(LONG, row))
    assert (english.dialect, english.entries) == (COMMA, finnish.entries)
    assert read_file(b"sep=;\r\n" + semicolons(LONG, row, encoding="utf-8")).entries[0].row == 3


def test_headings_are_found_in_three_languages_below_a_title_and_in_any_order() -> None:
    for names in (LONG, ("Nyckeltal", "Kommun", "År", "Värde"), ("Indicator", "Municipality", "Year", "Value")):
        read = read_file(workbook(("Kysely 2024",), (), (*reversed(names), "Huom."), (5, 2024.0, "Joutsa", "Oma", "x")))
        (entry,) = read.entries
        assert (entry.row, entry.column, entry.indicator, entry.area) == (4, "A", "Oma", "Joutsa")
        assert (entry.year, entry.cell, read.unread_columns, read.is_wide) == ("2024", 5, ("Huom.",), False)


def test_years_as_columns() -> None:
    """A cell is a figure; empty rows are none, and what was not read is told."""
    read = read_file(workbook(("Kunta", 2023, "2024", "Muutos"), ("Joutsa", 1, None, 5), (), ("Luhanka", "-", 0)))
    assert [(entry.row, entry.column, entry.area, entry.year, entry.cell) for entry in read.entries] == [
        (2, "B", "Joutsa", "2023", 1),
        (2, "C", "Joutsa", "2024", None),
        (4, "B", "Luhanka", "2023", "-"),
        (4, "C", "Luhanka", "2024", 0),
    ]
    assert read.is_wide and not read.names_indicators and read.unread_columns == ("Muutos",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "csv"),
        (b"\xd0\xcf\x11\xe0\x00\x00", "csv"),
        (b"%PDF-1.7\nx", "otsiko"),
        (b"PK\x03\x04 not a zip", "xlsx"),
        (semicolons(("Kunta", "Arvo"), ("Joutsa", "5")), "otsiko"),
        (semicolons(LONG), "rivej"),
        ("\t".join(LONG).encode(), "otsiko"),
        (semicolons(LONG, ('"Oma', "Joutsa", "2024", "5")), "otsiko"),
        (semicolons(("Kunta", "2024"), *[("Joutsa", "1")] * (MOST_FIGURES + 1)), "enemmän"),
    ],
    ids=["empty", "xls", "pdf", "no zip", "no year", "no rows", "tabs", "open quote", "too many"],
)
def test_what_is_no_file_of_figures_is_refused(content: bytes, words: str) -> None:
    with translation.override("fi"), pytest.raises(ValidationError) as refusal:
        read_file(content)
    assert words in refusal.value.messages[0].lower()


def test_a_workbook_is_read_as_it_shows_its_cells() -> None:
    """Percent formats are undone, formulas are read by their results, and sheets beyond the first are told."""
    book = Workbook()
    sheet: Any = book.active
    sheet.append(LONG)
    sheet.append(("Oma", "Joutsa", 2024, 0.07))
    sheet["D2"].number_format = "0.0 %"
    sheet.append(("Oma", "Joutsa", 2023, 12.5))
    sheet["D3"].number_format = '0.0" %"'
    sheet.append(("Oma", "Joutsa", 2022, "=1+1"))
    other: Any = book.create_sheet("Lisää")
    other.append((1,))
    out = io.BytesIO()
    book.save(out)
    read = read_file(out.getvalue())
    shown, written, formula = (entry.cell for entry in read.entries)
    assert isinstance(shown, Percent) and shown == 7.0
    assert not isinstance(written, Percent) and written == 12.5
    assert isinstance(formula, Uncomputed)
    assert read.unread_sheets == ("Lisää",)
    # As Excel stores it, with its result.
    computed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(out.getvalue())) as whole, zipfile.ZipFile(computed, "w") as packed:
        for part in whole.infolist():
            packed.writestr(part.filename, EMPTY_RESULT.sub(b"</f><v>2</v>", whole.read(part)))
    assert [entry.cell for entry in read_file(computed.getvalue()).entries] == [7, 12.5, 2]


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for start in (b"", b"PK\x03\x04", b"Kunta;2024\r\n"):
        with suppress(ValidationError):
            read_file(start + content)


# --- What is meant ------------------------------------------------------------------------------------------------


def own(owner: Area, name: str = "Move! alaraja", unit: str = "PERCENT", **more: Any) -> Indicator:
    """Return an indicator that the county owns."""
    row: Indicator = Indicator.objects.create(owner=owner, name_fi=name, unit=unit, theme="Muut", **more)
    return row


def looked_at(owner: Area, content: bytes, chosen: Indicator | None = None) -> Plan:
    """Return what would become of the figures of a file."""
    known = Known.of(owner)
    return plan(known, *understand(read_file(content), known, chosen))


def saved(owner: Area, content: bytes, chosen: Indicator | None = None) -> ImportRun:
    """Bring a file in, and return its import."""
    shown = looked_at(owner, content, chosen)
    assert not shown.wrong, shown.wrong
    taken = [row.taken for row in shown.planned]
    run, _done = save(owner, taken, shown.digest, label="x", retrieved_on=date(2026, 1, 1), citation=citation_of("x"))
    return run


def figures() -> dict[tuple[str, int], tuple[float | None, str]]:
    """Return every figure of own indicators by area and year."""
    rows = IndicatorValue.objects.exclude(indicator__owner=None)
    return {
        (code, year): (value, status)
        for code, year, value, status in rows.values_list("area__code", "year", "value", "status")
    }


def words_of(wrong: Sequence[Wrong]) -> str:
    """Return all that is told."""
    return " ".join(words for row in wrong for words in row.words)


def test_areas_are_known_by_name_and_by_code(county: Area) -> None:
    """In Finnish and Swedish, with dropped noughts, the county and the country; those that have merged stay apart."""
    own(county)
    names = ("joutsa", "Jyväskylä", "77", "077", "Hankasalmi (077)", county.name_fi, "Hela landet", 5)
    shown = looked_at(county, workbook(LONG, *[("MOVE!  alaraja", name, 2000 + n, n) for n, name in enumerate(names)]))
    assert [row.area.code for row in shown.planned] == ["172", "179", "077", "077", "077", "15", "358"]
    # Alajärvi's code is 005, and it is another county's.
    assert shown.wrong[0].row == 9 and "5" in words_of(shown.wrong)
    south = Area.objects.get(kind=Area.Kind.MUNICIPALITY, code="507").parent
    assert south is not None
    own(south, "Vanha")
    old = looked_at(
        south, workbook(LONG, ("Vanha", "Pertunmaa", 2020, 5), ("Vanha", 588, 2021, 5), ("Vanha", 507, 2021, 6))
    )
    assert [row.area.code for row in old.planned] == ["588", "588", "507"]


def test_each_row_that_is_wrong_says_what_to_do(county: Area) -> None:
    own(county)
    own(county, "Kaksi")
    own(county, "kaksi")
    other = Area.objects.get(kind=Area.Kind.COUNTY, code="02")
    own(other, "Naapurin")
    national = Indicator.objects.get(sotkanet_id=127)
    this_year = date.today().year  # noqa: DTZ011 - within a day is enough
    with translation.override("fi"):
        shown = looked_at(
            county,
            workbook(
                (*LONG, "Koodi", "Sukupuoli"),
                ("Move! alaraja", "Joutsa", this_year + 2, 1),
                ("Move! alaraja", "Joutsa", 1989, 1),
                ("Move! alaraja", "Mäntsälä", 2020, 1),
                (national.name_fi, "Joutsa", 2020, 1),
                ("Naapurin", "Joutsa", 2020, 1),
                ("Kaksi", "Joutsa", 2020, 1),
                (None, "Joutsa", 2020, 1),
                ("Move! alaraja", None, 2020, 1),
                ("Move! alaraja", "Joutsa", None, 1),
                ("Move! alaraja", "Joutsa", 2020, 100.5),
                ("Move! alaraja", "Joutsa", 2020, -0.1),
                ("Move! alaraja", "Joutsa", 2020, 1, 77),
                ("Move! alaraja", "Joutsa", 2020, 1, None, "robotit"),
                ("Move! alaraja", "Joutsa", 2021, 1, 172, "pojat"),
                ("Move! alaraja", "172", 2021, 2, None, "miehet"),
                ("Move! alaraja", "Joutsa", "1.1.2020", "kaksi"),
            ),
        )
    assert [row.row for row in shown.wrong] == [*range(2, 15), 16, 17]
    assert [row.taken.row for row in shown.planned] == [15]
    assert "Rivit 15 ja 16" in words_of(shown.wrong)
    assert "valtakunnallinen" in shown.wrong[3].words[0]
    # That another county has such an indicator is not told.
    assert "ei ole" in shown.wrong[4].words[0] and "valtakunnallinen" not in shown.wrong[4].words[0]
    assert len(shown.wrong[-1].words) == 2
    assert shown.counts == {Outcome.NEW: 1, Outcome.WRONG: 15} and shown.total == 16 and not shown.is_sound


def test_a_wide_file_is_of_the_indicator_that_was_chosen(county: Area) -> None:
    """Counts are of cells: a row of a strange municipality keeps out all of its years."""
    chosen = own(county)
    content = workbook(("Kunta", 2022, 2023, 2023), ("Joutsa", 1, 2, 3), ("Mäntsälä", 1, 2, 3))
    with pytest.raises(ValidationError):
        looked_at(county, content)
    with translation.override("fi"):
        shown = looked_at(county, content, chosen)
    assert shown.counts == {Outcome.NEW: 2, Outcome.WRONG: 4} and shown.total == 6
    assert [(row.row, row.column, row.figures) for row in shown.wrong] == [(2, "D", 1), (3, "", 3)]
    assert "Sarakkeet C ja D" in shown.wrong[0].words[0]
    named = workbook(
        (*LONG,), ("Toinen", "Joutsa", 2022, 1), ("Move! alaraja", "Joutsa", 2022, 1), ("", "Joutsa", 2023, 1)
    )
    own(county, "Toinen")
    assert [row.row for row in looked_at(county, named, chosen).wrong] == [2]


def test_an_empty_cell_is_missing_and_a_year_that_is_not_filled_in_is_left(county: Area) -> None:
    chosen = own(county)
    saved(county, workbook(("Kunta", 2022), ("Joutsa", 5)), chosen)
    rows = ("Kunta", 2022, 2023, 2024), ("Joutsa", None, 0, None), ("Luhanka", None, None, None)
    shown = looked_at(county, workbook(*rows), chosen)
    assert shown.counts == {Outcome.CHANGED: 1, Outcome.NEW: 2, Outcome.SAME: 3, Outcome.WRONG: 0}
    run = saved(county, workbook(*rows), chosen)
    assert figures() == {
        ("172", 2022): (None, "missing"),
        ("172", 2023): (0.0, "ok"),
        ("435", 2023): (None, "missing"),
    }
    assert (run.rows_read, run.rows_added, run.rows_changed, run.rows_unchanged) == (6, 2, 1, 3)
    kept = FormerValue.objects.get()
    assert (kept.value, kept.replaced_by) == (5, run)


def test_what_was_shown_is_what_is_saved_or_nothing(county: Area) -> None:
    """Another figure since, another unit since, an indicator that is gone: all are told, and nothing is written."""
    chosen = own(county, unit="COUNT")
    shown = looked_at(county, workbook(("Kunta", 2022), ("Joutsa", 500)), chosen)
    taken = [row.taken for row in shown.planned]

    def try_again() -> None:
        with pytest.raises(Changed):
            save(county, taken, shown.digest, label="x", retrieved_on=date(2026, 1, 1), citation="")

    Indicator.objects.update(unit="PERCENT")
    try_again()
    Indicator.objects.filter(pk=chosen.pk).update(unit="COUNT", owner=None)
    try_again()
    Indicator.objects.filter(pk=chosen.pk).update(owner=county)
    assert not IndicatorValue.objects.exists() and not ImportRun.objects.exists()
    saved(county, workbook(("Kunta", 2022), ("Joutsa", 5)), chosen)
    try_again()
    assert figures() == {("172", 2022): (5.0, "ok")}


def test_real_figures_take_the_place_of_an_example(county: Area) -> None:
    """Also where they are the same."""
    chosen, joutsa = own(county), Area.objects.get(code="172")
    example = ImportRun.objects.create(source="example", label="x", retrieved_on=date(2026, 1, 1))
    write_values(example, [Row(chosen.pk, joutsa.pk, 2022, 5.0)])
    run = saved(county, workbook(("Kunta", 2022), ("Joutsa", 5)), chosen)
    assert IndicatorValue.objects.get().run == run and run.rows_changed == 1


def test_a_plan_costs_the_same_for_one_figure_and_for_many(county: Area, django_assert_num_queries: Any) -> None:
    own(county)
    for count in (2, 200):
        names = [("Move! alaraja", f"Outo {n}")[n % 2] for n in range(count)]
        content = workbook(LONG, *[(name, "Joutsa", 2000 + n % 20, n) for n, name in enumerate(names)])
        with django_assert_num_queries(4):
            looked_at(county, content)


def test_a_source_in_somebodys_words_is_cited_as_it_is() -> None:
    """Whatever braces they write."""
    source = "Kysely {0.__class__} {title} 2024."
    run = ImportRun(citation=citation_of(source))
    assert source_of(run) == source.rstrip(".")
    assert run.citation.format(title="Luku", number="", date="1.1.2026") == f"Luku. {source} 1.1.2026."


# --- The template -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_the_template_comes_back_without_a_change(county: Area, municipalities: list[Area], language: str) -> None:
    """To the last bit, with marks, genders, areas that have merged, and years to fill in."""
    first, second = own(county, "Yksi", "RATIO"), own(county, "Kaksi", "RATIO", name_sv="Två")
    run = ImportRun.objects.create(source="spreadsheet", owner=county, label="x", retrieved_on=date(2026, 1, 1))
    values = (0.1 + 0.2, 1 / 3, 0.0, -1e-7, 123456789012345.6, 5e-324, 1e15)
    rows = [Row(first.pk, area.pk, 2022, v) for area, v in zip(municipalities, values, strict=False)]
    rows += [Row(first.pk, municipalities[-1].pk, 2022, None, None, "missing")]
    rows += [
        Row(second.pk, county.pk, 2023, None, None, "suppressed", gender) for gender in ("male", "female", "total")
    ]
    write_values(run, rows)
    known = Known.of(county)
    with translation.override(language):
        filled = template_rows(known, list(known.indicators.values()), 2022, 2023)
        shown = looked_at(county, as_xlsx(Sheet("Luvut", headings(), filled)))
    # Each of the two indicators has a year that is to be filled in for 22 municipalities.
    assert len(filled) == len(rows) + 2 * len(municipalities) == 11 + 44
    assert not shown.wrong and shown.changes_nothing and not shown.is_sound
    assert sum(row.is_left for row in shown.planned) == 44
    assert [row.taken.value for row in shown.planned if row.taken.value is not None] == list(values)
    # One cell is filled in: the others of its year are missing then.
    filled[-1][-1] = 5
    with translation.override(language):
        shown = looked_at(county, as_xlsx(Sheet("Luvut", headings(), filled)))
    assert not shown.wrong and shown.counts[Outcome.NEW] in {1, 22}


def test_a_template_has_no_more_than_can_be_taken_in(county: Area, municipalities: list[Area]) -> None:
    known = Known.of(county)
    indicators = [own(county, f"Luku {n}") for n in range(30)]
    with pytest.raises(ValidationError):
        template_rows(known, indicators, 1990, 2025)
