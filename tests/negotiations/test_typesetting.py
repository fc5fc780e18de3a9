"""Typesetting: what people typed is printed as it should be set, and stays text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from negotiations.reporting.summary import When
from negotiations.templatetags import papers

HELSINKI = ZoneInfo("Europe/Helsinki")


@pytest.fixture(autouse=True)
def _finnish() -> Iterator[None]:
    with translation.override("fi"):
        yield


def plain(markup: str) -> str:
    """Return what a reader sees, with a no-break space shown as "~"."""
    return html.unescape(re.sub(r"<[^>]+>", "", markup)).replace("\N{NO-BREAK SPACE}", "~")


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("7 §", "7~§"),
        ("7§:n 4 momentti", "7~§:n 4~momentti"),
        ("6-7 §:n perusteella", "6–7~§:n perusteella"),
        ("26.9.-20.11.2024", "26.9.–20.11.2024"),
        ("31.8.2023 - 1.12.2023", "31.8.2023–1.12.2023"),
        ("klo 8.15-12.00", "klo~8.15–12.00"),
        ("vuosina 2022-2025", "vuosina 2022–2025"),
        ("vko 39, n. 10 henkeä, 12 345 asukasta, 5 %", "vko~39, n.~10 henkeä, 12~345 asukasta, 5~%"),
        # Left as they are: a case number, a compound word, a telephone number, an address.
        ("HVA/2023-2024", "HVA/2023-2024"),
        ("hyte-neuvottelu ja Finger-toimintamalli", "hyte-neuvottelu ja Finger-toimintamalli"),
        ("014-123 4567", "014-123 4567"),
        ("2023-2024-a", "2023-2024-a"),
    ],
)
def test_dashes_and_spaces_that_numbers_need(typed: str, printed: str) -> None:
    assert plain(papers.typeset(typed)) == printed


@pytest.mark.parametrize("kept", ["6–7~§", "26.9.–20.11.2024", "8.15–12.00", "2022–2025"])
def test_ranges_and_sections_stay_on_one_line(kept: str) -> None:
    kept = kept.replace("~", "\N{NO-BREAK SPACE}")
    assert f'<span class="nowrap">{kept}</span>' in papers.typeset(f"Alku {kept} loppu")


@given(st.text())
def test_nothing_a_person_wrote_is_markup(text: str) -> None:
    """Setting changes spaces, dashes and nothing else; what looks like markup is printed."""
    for markup in (papers.typeset(text), papers.paragraphs(text), papers.said(text, "Tausta")):
        assert set(re.findall(r"<(/?\w+)", markup)) <= {"span", "/span", "p", "/p", "br", "div", "/div"}
    read = html.unescape(re.sub(r'</?span(?: class="nowrap")?>', "", papers.typeset(text)))

    def letters(value: str) -> str:
        return re.sub(r"[\s\N{NO-BREAK SPACE}–-]", "", value)

    assert letters(read) == letters(text)


def test_setting_twice_changes_nothing() -> None:
    once = papers.set_text("26.9.-20.11.2024 klo 8.15-12.00, 6-7 §, 12 345")
    assert papers.set_text(once) == once


def test_paragraphs_are_parted_by_empty_lines() -> None:
    assert (
        papers.paragraphs("Yksi.\nRivi.\r\n\r\n  Kaksi & kolme.\n")
        == "<p>Yksi.<br>Rivi.</p>\n<p>Kaksi &amp; kolme.</p>"
    )
    assert papers.paragraphs("  ") == ""


def test_what_was_said_hangs_on_its_label() -> None:
    at = datetime(2024, 9, 26, 5, 15, tzinfo=ZoneInfo("UTC"))
    markup = papers.said("Avattiin.\n\nTodettiin.", "Avaus", at)
    assert plain(markup) == "Avaus Klo~8.15. Avattiin.Todettiin."
    assert markup.count("<p") == 2
    assert plain(papers.said("", "Avaus", at)) == "Avaus Klo~8.15. "


def test_a_time_is_told_as_exactly_as_it_is_known() -> None:
    day = date(2024, 9, 26)
    starts = datetime(2024, 9, 26, 8, 15, tzinfo=HELSINKI)
    ends = datetime(2024, 9, 26, 12, 0, tzinfo=HELSINKI)
    assert plain(papers.when(When("minute", day, day, starts, ends))) == "26.9.2024 klo~8.15–12.00"
    assert plain(papers.when(When("day", day, day, None, None))) == "26.9.2024"
    assert plain(papers.when(When("month", date(2023, 3, 1), date(2023, 4, 30), None, None))) == "maalis–huhtikuu 2023"


@dataclass(frozen=True)
class Due:
    """Something with a deadline."""

    due_on: date | None
    due_text: str


@pytest.mark.parametrize(
    ("due", "printed"),
    [
        (Due(date(2025, 5, 31), "kevät 2025"), "kevät 2025"),
        (Due(date(2025, 1, 20), ""), "20.1.2025"),
        (Due(None, ""), "ei määräaikaa"),
    ],
)
def test_a_deadline_is_told_in_its_own_words(due: Due, printed: str) -> None:
    assert plain(papers.deadline(due)) == printed


@pytest.mark.parametrize(
    ("names", "printed"),
    [
        ([], ""),
        (["Jyväskylä"], "Jyväskylä"),
        (["Jyväskylä", "Muurame"], "Jyväskylä ja Muurame"),
        (["A", "<B>", "C & D"], "A, <B> ja C & D"),
    ],
)
def test_names_are_listed_as_in_a_sentence(names: list[str], printed: str) -> None:
    assert plain(papers.listed(names)) == printed
    assert "<B>" not in papers.listed(names)


@pytest.mark.parametrize(
    ("number", "printed"), [(1, "1 kerran"), (2, "kaksi kertaa"), (6, "kuusi kertaa"), (7, "7 kertaa")]
)
def test_times_are_told_in_words(number: int, printed: str) -> None:
    assert papers.times(number) == printed


def test_other_languages_write_in_their_own_way() -> None:
    with translation.override("en"):
        assert plain(papers.on_day(date(2024, 9, 26))) == "26 September 2024"
        assert papers.count(12345) == "12,345"
    with translation.override("sv"):
        assert plain(papers.on_day(date(2024, 9, 26))) == "26.9.2024"
