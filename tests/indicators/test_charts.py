"""Charts: the same bytes for the same figures, everything named, nothing clipped or on top of another."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicators.charts import (
    WIDTH,
    Bar,
    Line,
    axis_ticks,
    comparison_chart,
    line_chart,
    panel_chart,
    pieces,
    spread_out,
    text_width,
    thin_out,
    wrap,
)

SVG = "{http://www.w3.org/2000/svg}"
COLOUR = "#0b5a5e"
BARS = [
    Bar("Hankasalmi, Konnevesi, Laukaa, Äänekoski", 18.0),
    Bar("Joutsa, Luhanka, Toivakka", None, "ei julkaista"),
    Bar("Jyväskylä, Muurame", 1.1),
]
LINES = [
    Line("Keski-Suomi", ((2019, 14.1), (2021, 16.4), (2023, 18.5)), is_main=True),
    Line("Jyväskylä ja Muurame", ((2019, 14.0), (2021, 16.3), (2023, 18.4))),
    Line("Koko maa", ((2019, 13.9), (2021, 16.2), (2023, 18.45))),
]


def bar_chart(**changes: object) -> str:
    """Return the chart of the bars above."""
    options: dict[str, object] = {
        "reference": Bar("Keski-Suomi", 18.5),
        "colour": COLOUR,
        "decimals": 1,
        "language": "fi",
        "title": "Ahdistuneisuus <8. ja 9. lk>",
    }
    return comparison_chart(BARS, **{**options, **changes})  # type: ignore[arg-type]


def lines_chart(**changes: object) -> str:
    """Return the chart of the lines above."""
    options: dict[str, object] = {"colour": COLOUR, "decimals": 1, "language": "fi", "title": "Ahdistuneisuus"}
    return line_chart(LINES, **{**options, **changes})  # type: ignore[arg-type]


def panels(**changes: object) -> str:
    """Return the small charts of the last two lines against the first."""
    options: dict[str, object] = {"colour": COLOUR, "decimals": 1, "language": "fi", "title": "Ahdistuneisuus"}
    return panel_chart(LINES[1:] * 2, reference=LINES[0], **{**options, **changes})  # type: ignore[arg-type]


def texts(svg: str) -> list[tuple[str, float, float, float]]:
    """Return every line of text in the picture with its left, right and middle, in pixels."""
    found = []
    for element in ET.fromstring(svg).iter(f"{SVG}text"):  # noqa: S314 - our own picture
        place = re.match(r"translate\(([-\d.]+),([-\d.]+)\)", element.get("transform", ""))
        assert place is not None
        x, y, size = float(place[1]), float(place[2]), float(element.get("font-size", "0").removesuffix("px"))
        lines = [part.text or "" for part in element.iter(f"{SVG}tspan")] or [element.text or ""]
        for number, line in enumerate(lines):
            width = text_width(line, size) * (1.06 if element.get("font-weight") == "600" else 1)
            left = x - {"start": 0.0, "middle": width / 2, "end": width}[element.get("text-anchor", "start")]
            found.append((line, left, left + width, y + number * 15.5))
    return found


CHARTS = [bar_chart, lines_chart, panels]


@pytest.mark.parametrize("draw", CHARTS)
@pytest.mark.parametrize("is_example", [False, True])
def test_nothing_is_clipped_and_no_text_lies_on_another(draw: object, is_example: bool) -> None:
    svg = draw(is_example=is_example)  # type: ignore[operator]
    root = ET.fromstring(svg)  # noqa: S314 - our own picture
    assert float(root.get("width", "0")) == WIDTH
    height = float(root.get("height", "0"))
    found = texts(svg)
    for text, left, right, middle in found:
        assert left >= -1 and right <= WIDTH + 1, text
        assert 9 <= middle <= height, text
    for number, (one, left, right, middle) in enumerate(found):
        for other, other_left, other_right, other_middle in found[number + 1 :]:
            apart = abs(middle - other_middle) >= 10 or right <= other_left + 1 or other_right <= left + 1
            assert apart, f"{one!r} lies on {other!r}"


@pytest.mark.parametrize("draw", CHARTS)
def test_the_same_figures_give_the_same_bytes(draw: object) -> None:
    assert draw() == draw()  # type: ignore[operator]


@pytest.mark.parametrize("draw", CHARTS)
def test_a_picture_with_a_name_and_a_description(draw: object) -> None:
    svg = draw()  # type: ignore[operator]
    root = ET.fromstring(svg)  # noqa: S314 - our own picture
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None and description is not None
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert title.text and title.text.startswith("Ahdistuneisuus")
    assert description.text and "Keski-Suomi" in description.text and "18,5" in description.text


@pytest.mark.parametrize("draw", CHARTS)
def test_neither_style_nor_script_nor_anything_from_elsewhere(draw: object) -> None:
    svg = draw()  # type: ignore[operator]
    assert "style=" not in svg and "<style" not in svg and "<script" not in svg and "href" not in svg
    assert 'font-family="Source Sans 3, ' in svg
    assert "NaN" not in svg


def test_two_charts_of_a_page_share_no_id() -> None:
    ids = [re.findall(r'\bid="([^"]+)"', svg) for svg in (bar_chart(), bar_chart(decimals=0), lines_chart(), panels())]
    flat = [each for of_one in ids for each in of_one]
    assert len(flat) == len(set(flat))


def test_values_names_and_reasons_are_written_beside_the_bars() -> None:
    svg = bar_chart()
    written = [text for text, *_rest in texts(svg)]
    assert {"18,0", "1,1", "ei julkaista", "Keski-Suomi 18,5", "Jyväskylä, Muurame"} <= set(written)
    assert svg.count(COLOUR) == 2
    assert "Ahdistuneisuus &lt;8. ja 9. lk&gt;" in svg


def test_bars_stand_in_the_order_given() -> None:
    places = {text: middle for text, _left, _right, middle in texts(bar_chart())}
    assert places["Joutsa, Luhanka, Toivakka"] < places["Jyväskylä, Muurame"]


def test_bars_are_as_long_as_their_values() -> None:
    svg = comparison_chart(
        [Bar("A", 10.0), Bar("B", 5.0)], reference=None, colour=COLOUR, decimals=0, language="fi", title="T"
    )
    lengths = [float(each) for each in re.findall(r'<path d="M[\d.]+,[\d.]+h([\d.]+)v[^"]*" fill="#0b5a5e"', svg)]
    assert len(lengths) == 2 and lengths[0] == pytest.approx(2 * lengths[1], abs=0.2)


def test_illustrative_figures_are_marked_in_the_picture_and_its_description() -> None:
    for svg in (bar_chart(is_example=True, language="en"), lines_chart(is_example=True, language="en")):
        assert svg.count("Example data, not real figures") == 2
    assert "Example data" not in bar_chart(language="en")


def test_a_chart_without_reference_or_without_any_value() -> None:
    assert "Keski-Suomi" not in bar_chart(reference=None)
    assert "ei julkaista" in comparison_chart(
        [BARS[1]], reference=None, colour=COLOUR, decimals=1, language="fi", title="T"
    )
    with pytest.raises(ValueError, match="at least one"):
        line_chart([Line("A", ())], colour=COLOUR, decimals=1, language="fi", title="T")


def test_numbers_of_the_axis_are_as_the_language_writes_them() -> None:
    lines = [Line("A", ((2019, 10.0), (2020, 11.2)))]
    finnish = [t for t, *_r in texts(line_chart(lines, colour=COLOUR, decimals=1, language="fi", title="T"))]
    english = [t for t, *_r in texts(line_chart(lines, colour=COLOUR, decimals=1, language="en", title="T"))]
    assert "10,5" in finnish and "10.5" in english


numbers = st.floats(-1e6, 1e6, allow_nan=False)


@given(numbers, numbers)
def test_ticks_hold_the_values_and_are_few(one: float, other: float) -> None:
    ticks = axis_ticks(min(one, other), max(one, other))
    assert ticks[0] <= min(one, other) + 1e-6 and ticks[-1] >= max(one, other) - 1e-6
    assert 3 <= len(ticks) <= 7
    assert ticks == sorted(set(ticks))


@given(st.lists(st.tuples(st.floats(0, 200), st.sampled_from([15.5, 31.0])), min_size=1, max_size=8))
def test_labels_that_make_room_never_overlap(labels: list[tuple[float, float]]) -> None:
    centres, heights = [centre for centre, _h in labels], [height for _c, height in labels]
    places = spread_out(centres, heights, top=0, bottom=200)
    edges = sorted((place - height / 2, place + height / 2) for place, height in zip(places, heights, strict=True))
    assert edges[0][0] >= -1e-6
    assert all(start >= end - 1e-6 for (_s, end), (start, _e) in pairwise(edges))


def test_labels_stay_where_they_are_when_there_is_room() -> None:
    assert spread_out([20.0, 100.0], [15.5, 15.5], top=0, bottom=200) == [20.0, 100.0]


@given(st.sets(st.integers(2000, 2030), min_size=1, max_size=31), st.floats(60, 500))
def test_years_under_the_axis_have_room(years: set[int], width: float) -> None:
    ordered = sorted(years)
    shown = thin_out(ordered, width, 38)
    assert shown[-1] == ordered[-1] and set(shown) <= years
    if len(ordered) > 1:
        per_year = width / (ordered[-1] - ordered[0])
        assert all((b - a) * per_year >= 38 for a, b in pairwise(shown))


def test_a_line_is_cut_where_years_are_not_known() -> None:
    assert pieces([(2011, 1.0), (2012, 2.0), (2019, 3.0)]) == [[(2011, 1.0), (2012, 2.0)], [(2019, 3.0)]]


def test_text_is_measured_by_the_font_and_wrapped_by_its_width() -> None:
    assert text_width("iiii") < text_width("WWWW") / 2
    lines = wrap("Kannonkoski, Karstula, Kivijärvi, Kyyjärvi, Saarijärvi", 200)
    assert len(lines) == 2 and " ".join(lines) == "Kannonkoski, Karstula, Kivijärvi, Kyyjärvi, Saarijärvi"
