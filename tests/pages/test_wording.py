"""How dates, times, states and colours are written and shown."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from django.db import models
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from municipalities import timewords
from municipalities.colours import BLACK, READABLE, WHITE, contrast, palette
from municipalities.models import Document
from municipalities.templatetags.wording import JOINER, TONES, file_size
from negotiations.models import Minutes, MinutesCheck, Negotiation, Party, Summary
from negotiations.templatetags.negotiating import when

FREE = "\N{NO-BREAK SPACE}"


def plain(text: str) -> str:
    """Return the text with ordinary spaces, and without what only keeps it together."""
    return text.replace(FREE, " ").replace(JOINER, "")


def utc(*parts: int) -> datetime:
    """Return a moment in UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("fi", "to 26.9.2024 klo 8.15–12.00, vko 39"),
        ("sv", "tors 26.9.2024 kl. 8.15–12.00, v. 39"),
        ("en", "Thu 26 September 2024, 8:15–12:00, week 39"),
    ],
)
def test_a_sitting(language: str, written: str) -> None:
    """With weekday and week, in the county's own time."""
    with translation.override(language):
        assert plain(timewords.sitting(utc(2024, 9, 26, 5, 15), utc(2024, 9, 26, 9, 0))) == written


def test_clocks_over_the_end_of_daylight_saving() -> None:
    """8.15 is 8.15 on both sides of 29.10.2023, though an hour apart in UTC."""
    with translation.override("fi"):
        assert timewords.clock(utc(2023, 10, 27, 5, 15)) == timewords.clock(utc(2023, 11, 1, 6, 15)) == "8.15"


def test_a_day_late_in_the_evening_is_the_countys_day() -> None:
    """22.30 UTC is past midnight in Helsinki."""
    with translation.override("fi"):
        assert plain(timewords.day(utc(2024, 9, 25, 22, 30))) == "to 26.9.2024"
        assert plain(timewords.moment(utc(2024, 9, 25, 22, 30))) == "26.9.2024 klo 1.30"


@pytest.mark.parametrize(
    ("earliest", "latest", "written"),
    [
        (date(2023, 3, 1), date(2023, 4, 30), "maalis–huhtikuu 2023"),
        (date(2023, 3, 1), date(2023, 3, 31), "maaliskuu 2023"),
        (date(2023, 12, 1), date(2024, 1, 31), "joulukuu 2023 – tammikuu 2024"),
        (date(2023, 1, 1), date(2023, 12, 31), "vuonna 2023"),
        (date(2024, 9, 26), date(2024, 11, 20), "26.9.–20.11.2024"),
        (date(2024, 11, 26), date(2025, 1, 20), "26.11.2024–20.1.2025"),
        (date(2024, 9, 26), date(2024, 9, 26), "26.9.2024"),
    ],
)
def test_spans_as_they_are_known(earliest: date, latest: date, written: str) -> None:
    """Whole months as months, anything else as days."""
    with translation.override("fi"):
        assert timewords.span(earliest, latest) == written


def test_a_negotiation_is_written_as_exactly_as_it_is_known() -> None:
    """To the minute, to the day, or to the month."""
    minute = Negotiation(
        precision=Negotiation.Precision.MINUTE,
        earliest=date(2023, 8, 31),
        latest=date(2023, 8, 31),
        starts_at=utc(2023, 8, 31, 5, 15),
        ends_at=utc(2023, 8, 31, 9),
    )
    day = Negotiation(precision=Negotiation.Precision.DAY, earliest=date(2024, 9, 26), latest=date(2024, 9, 26))
    month = Negotiation(precision=Negotiation.Precision.MONTH, earliest=date(2023, 3, 1), latest=date(2023, 4, 30))
    with translation.override("fi"):
        assert [plain(when(row)) for row in (minute, day, month)] == [
            "to 31.8.2023 klo 8.15–12.00, vko 35",
            "to 26.9.2024, vko 39",
            "maalis–huhtikuu 2023",
        ]


@pytest.mark.parametrize(
    "choices",
    [
        Negotiation.State,
        Minutes.State,
        MinutesCheck.Outcome,
        Summary.State,
        Document.State,
        Party.Participation,
    ],
)
def test_every_state_has_a_look(choices: type[models.TextChoices]) -> None:
    """One that is added must be given a tone."""
    assert set(choices.values) <= set(TONES)


@pytest.mark.parametrize(("size", "written"), [(1, "1 kt"), (156_000, "156 kt"), (1_240_000, "1,2 Mt")])
def test_size_of_a_file(size: int, written: str) -> None:
    """In thousands and millions of bytes."""
    with translation.override("fi"):
        assert plain(file_size(size)) == written


COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(COLOURS)
def test_every_countys_colours_can_be_read(colour: str) -> None:
    """Text on the county's colour, and the colour's text on white and on the tint behind it."""
    colours = palette(colour)
    assert colours.ground == colour
    assert colours.ink in {WHITE, BLACK}
    assert contrast(colours.ink, colours.ground) >= READABLE
    assert contrast(colours.text, WHITE) >= READABLE
    assert contrast(colours.dark, WHITE) >= contrast(colours.text, WHITE)
    for value in (colours.text, colours.dark, colours.light):
        assert re.fullmatch(r"#[0-9a-f]{6}", value)


@pytest.mark.parametrize("colour", ["#0e5d8a", "#000000"])
def test_a_colour_that_can_be_read_is_left_as_it_is(colour: str) -> None:
    """Only one that cannot is darkened."""
    assert palette(colour).text == colour
