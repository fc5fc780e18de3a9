"""Figures written: numbers as a language writes them, spark lines, the file, templates and citations."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from django.template import Context, Template
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from indicators.figures import Figure, figures_csv, format_change, format_value, sparkline_points
from tests.indicators.figures.made import MADE_UP, MEASURE, REAL

NBSP = "\N{NO-BREAK SPACE}"

values = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "decimals", "language", "expected"),
    [
        (1234567.0, 0, "fi", f"1{NBSP}234{NBSP}567"),
        (1234.56, 1, "fi", f"1{NBSP}234,6"),
        (-0.25, 1, "fi", "−0,3"),
        (-0.04, 1, "fi", "0,0"),
        (0.05, 1, "fi", "0,1"),
        (11.8, 1, "sv", "11,8"),
        (1234.5, 1, "en", "1,234.5"),
        (None, 1, "fi", "–"),
    ],
)
def test_numbers_as_the_language_writes_them(value: float | None, decimals: int, language: str, expected: str) -> None:
    assert format_value(value, decimals, language) == expected


def test_a_change_has_its_sign() -> None:
    shown = [format_change(value, 1, "fi") for value in (1.25, -1.25, 0.0, 0.04, None)]
    assert shown == ["+1,3", "−1,3", "0,0", "0,0", "–"]


@given(
    st.dictionaries(st.integers(2000, 2030), values, min_size=2, max_size=25), st.integers(20, 300), st.integers(10, 90)
)
def test_a_spark_line_stays_inside_its_picture(by_year: dict[int, float], width: int, height: int) -> None:
    points = [pair.split(",") for pair in sparkline_points(sorted(by_year.items()), width, height).split(" ")]
    assert len(points) == len(by_year)
    across = [float(x) for x, _y in points]
    assert across == sorted(across)
    assert all(0 <= float(x) <= width and 0 <= float(y) <= height for x, y in points)


def test_spark_line_by_hand() -> None:
    assert sparkline_points([(2019, 1.0), (2021, 3.0)], 100, 20) == "2.0,18.0 98.0,2.0"
    assert sparkline_points([(2019, 5.0), (2020, 5.0)], 100, 20) == "2.0,10.0 98.0,10.0"
    assert sparkline_points([(2019, 1.0)], 100, 20) == ""


def test_csv_is_of_the_finnish_dialect() -> None:
    figure = Figure(MEASURE, "Jyväskylä", 2019, -1234.25, "ok", origin=REAL)
    content = figures_csv([figure], "fi")
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\r\n") and content.count(b"\r\n") == 2
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert rows[1][:6] == ["Työttömät, % työvoimasta", "181", "Jyväskylä", "2019", "-1234,3", "%"]
    assert rows[1][7:] == ["Sotkanet", "2026-11-22"]
    assert len(rows[0]) == len(rows[1]) == 9


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "\t=1", "  =cmd|' /C calc'!A0"])
def test_csv_runs_no_formulas(text: str) -> None:
    content = figures_csv([Figure(replace(MEASURE, name=text), text, origin=REAL)], "fi").decode("utf-8-sig")
    row = list(csv.reader(io.StringIO(content), delimiter=";"))[1]
    assert (row[0], row[2]) == (f"'{text}", f"'{text}")


def test_csv_tells_what_is_missing_and_what_is_made_up() -> None:
    figures = [
        Figure(MEASURE, "Kivijärvi", 2023, None, "suppressed", origin=MADE_UP),
        Figure(MEASURE, "Ryhmä", 2023, 1.0, "ok", is_computed=True, origin=REAL),
    ]
    rows = list(csv.reader(io.StringIO(figures_csv(figures, "en").decode("utf-8-sig")), delimiter=";"))
    assert rows[1][3:] == ["2023", "", "%", "suppressed: too few cases", "Esimerkkiaineisto", "2026-11-22"]
    assert rows[2][6] == "computed"


@pytest.mark.parametrize(
    ("language", "expected"), [("fi", "1\N{NO-BREAK SPACE}234,6 −0,3 12,0 +1,0"), ("en", "1,234.6 −0.3 12.0 +1.0")]
)
def test_figures_in_templates_are_in_the_language_in_use(language: str, expected: str) -> None:
    template = Template(
        "{% load figures %}{{ figure|shown }} {{ figure|shown_change }} {{ twelve|number:1 }} {{ one|change:1 }}"
    )
    figure = Figure(MEASURE, "Jyväskylä", 2019, 1234.56, "ok", change=-0.3, origin=REAL)
    with translation.override(language):
        assert template.render(Context({"figure": figure, "twelve": 12, "one": 1.0})) == expected
    with translation.override("en"):
        gap = Figure(MEASURE, "Kivijärvi", 2023, None, "suppressed", origin=REAL)
        rendered = template.render(Context({"figure": gap, "twelve": None, "one": None}))
        assert rendered == "suppressed: too few cases – – –"


def test_citation_in_the_form_that_the_source_asks_for() -> None:
    assert REAL.cite(MEASURE) == "Sotkanet. Työttömät, % työvoimasta (ind. 181). Viitattu 22.11.2026."
