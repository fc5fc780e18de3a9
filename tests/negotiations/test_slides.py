"""The material as PowerPoint: real titles, native charts, everything inside the slide and nothing over another."""

from __future__ import annotations

import io
from itertools import combinations
from typing import Any

import pytest
from pptx import Presentation
from pptx.enum.lang import MSO_LANGUAGE_ID
from pptx.oxml.ns import qn

from municipalities.documents import Meta, thaw
from municipalities.models import County, Document, Priority
from negotiations.models import Highlight
from negotiations.planning.highlights.suggesting import stored
from negotiations.planning.material.context import PreReadContext
from negotiations.planning.material.preread import request_pre_read, send_material
from negotiations.planning.material.slides import (
    BESIDE,
    CHART,
    INSET,
    TEXT_SIZES,
    TITLE_SIZES,
    Box,
    Text,
    height_of,
    lines_of,
    paginate,
    size_for,
    slides_of,
)
from tests.negotiations.test_pre_read import LARGE_GROUP, ON, PRIORITIES, SMALL_GROUP, behind, furnished

WORD = "hyvinvointikertomusvalmistelutyöryhmäkokoontumisajankohta"


def deck(document: Document) -> Any:
    """Return the slides of a document, read again."""
    return Presentation(io.BytesIO(slides_of(document)))


def titles(prs: Any) -> list[str]:
    """Return the titles, as the outline has them."""
    return [slide.shapes.title.text_frame.text for slide in prs.slides]


def overlap(one: Any, other: Any) -> bool:
    """Whether two shapes lie over each other."""
    return (
        one.left < other.left + other.width
        and other.left < one.left + one.width
        and one.top < other.top + other.height
        and other.top < one.top + one.height
    )


def check_geometry(prs: Any) -> None:
    """Everything is within its slide, nothing lies over another, and texts fit their boxes by the widths of letters."""
    for slide in prs.slides:
        shapes = list(slide.shapes)
        for shape in shapes:
            assert shape.left >= 0 and shape.top >= 0
            assert shape.left + shape.width <= prs.slide_width and shape.top + shape.height <= prs.slide_height
        for one, other in combinations(shapes, 2):
            assert not overlap(one, other), (slide.shapes.title.text_frame.text, one.name, other.name)
        body = slide.placeholders[1]
        paragraphs = [paragraph for paragraph in body.text_frame.paragraphs if paragraph.runs]
        texts = [Text(paragraph.text) for paragraph in paragraphs]
        [size] = {run.font.size.pt for paragraph in paragraphs for run in paragraph.runs}
        assert size >= TEXT_SIZES[-1]
        assert height_of(texts, size, body.width.inches) <= body.height.inches - 2 * INSET


@pytest.mark.parametrize("group", [SMALL_GROUP, LARGE_GROUP], ids=["three", "five"])
def test_a_slide_for_each_priority_and_municipality(in_scope: County, group: list[tuple[str, str, int]]) -> None:
    prs = deck(send_material(furnished(in_scope, group), by=None, at=ON).document)
    names = [name for _code, name, _population in group]
    assert titles(prs) == [f"Neuvottelu: {', '.join(names)}", *PRIORITIES, *names, "Lähteet"]
    assert round(prs.slide_width / prs.slide_height, 3) == round(16 / 9, 3)
    check_geometry(prs)
    # What one adds to the slides later has the county's colour too, and only layouts of their width.
    assert len(prs.slide_layouts) == 2


def test_charts_are_native_in_a_fixed_order_and_described(in_scope: County) -> None:
    prs = deck(send_material(furnished(in_scope), by=None, at=ON).document)
    charts = [shape for slide in prs.slides for shape in slide.shapes if shape.has_chart]
    assert len(charts) == len(PRIORITIES)
    chart = charts[0].chart
    [series] = chart.plots[0].series
    assert list(chart.plots[0].categories) == [
        "Kuntaryhmä",
        "Koko alue",
        "Joutsa",
        "Luhanka",
        "Toivakka (ei lukua)",
    ]
    assert list(series.values) == [24.6, 20.3, 22.1, 23.9, None]
    assert chart.category_axis.reverse_order and not chart.has_legend
    colours = [str(series.points[place].format.fill.fore_color.rgb) for place in range(3)]
    assert colours[0] == "0E5D8A" and colours[1] == "8A8A8A" and len(set(colours)) == 3
    assert "Esimerkkiaineisto, ei todellisia lukuja" in chart.chart_title.text_frame.text
    described = charts[0]._element.nvGraphicFramePr.cNvPr.get("descr")
    assert described.startswith("Esimerkkiaineisto, ei todellisia lukuja. Kohtalainen tai vaikea ahdistuneisuus")
    assert described.endswith("Kuntaryhmä 24,6; Koko alue 20,3; Joutsa 22,1; Luhanka 23,9; Toivakka ei lukua")


def test_screen_readers_get_titles_language_and_notes(in_scope: County) -> None:
    """The title first, then the text, then the chart; each run in the language of the document."""
    prs = deck(request_pre_read(furnished(in_scope, language="sv"), by=None, at=ON))
    assert prs.core_properties.language == "sv-SE"
    assert prs.core_properties.title.startswith("Förhandlingens lyft")
    for slide in prs.slides:
        kinds = [shape.placeholder_format.idx if shape.is_placeholder else "chart" for shape in slide.shapes]
        assert kinds[:2] == [0, 1]
        assert "chart" not in kinds or kinds[2] == "chart"
        for shape in slide.shapes:
            if shape.has_text_frame:
                runs = [run for paragraph in shape.text_frame.paragraphs for run in paragraph.runs]
                assert {run.font.language_id for run in runs} <= {MSO_LANGUAGE_ID.SWEDISH}
            if shape.has_chart:
                [title] = shape._element.xpath(".//p:cNvPr/@name")
                assert title and "sv-SE" in {
                    found.get("lang") for found in shape.chart._chartSpace.iter(qn("a:defRPr"), qn("a:rPr"))
                }
    assert "exempeldata" in prs.slides[1].notes_slide.notes_text_frame.text
    assert titles(prs)[-1] == "Källor"


def test_long_texts_are_made_smaller_and_then_divided_between_slides(in_scope: County) -> None:
    """None of the text is lost, and no two slides have the same title."""
    negotiation = furnished(in_scope, LARGE_GROUP, cards=0, title=f"{WORD} {'kuntaryhmä ' * 12}".strip())
    long = " ".join([WORD, "nousee esiin."] * 13)[:1000]
    Highlight.objects.all().delete()
    priority = Priority.objects.get(name=PRIORITIES[0])
    names = [name for _code, name, _population in LARGE_GROUP]
    for number in range(6):
        Highlight.objects.create(
            county=in_scope,
            negotiation=negotiation,
            priority=priority,
            text=long,
            position=number,
            figures=stored([behind(number, f"{WORD}, {WORD}", 1, 1000.0, 900.0, names)]),
        )
    prs = deck(request_pre_read(negotiation, by=None, at=ON))
    check_geometry(prs)
    assert len(set(titles(prs))) == len(titles(prs))
    of_priority = [slide for slide in prs.slides if slide.shapes.title.text_frame.text.startswith(PRIORITIES[0])]
    assert len(of_priority) > 2
    told = " ".join(slide.placeholders[1].text_frame.text for slide in of_priority)
    assert told.count(WORD) == long.count(WORD) * 6
    assert all(any(shape.has_chart for shape in slide.shapes) for slide in of_priority[:6])


def test_the_slides_tell_what_was_frozen(in_scope: County) -> None:
    """Not what has been written since."""
    negotiation = furnished(in_scope)
    document = send_material(negotiation, by=None, at=ON).document
    Highlight.objects.all().delete()
    assert PRIORITIES[0] in titles(deck(document))
    frozen = thaw(document)
    assert isinstance(frozen.doc, PreReadContext) and isinstance(frozen.meta, Meta)


# --- What fits ----------------------------------------------------------------------------------------------------


def test_a_word_longer_than_its_line_takes_the_lines_it_is_broken_into() -> None:
    assert lines_of("lyhyt", 20, 5) == 1
    assert lines_of(WORD, 20, 2) > 2
    assert lines_of(f"{WORD} {WORD}", 20, 5) >= 2
    assert lines_of("", 20, 5) == 1


def test_texts_are_as_large_as_they_fit() -> None:
    box = Box(0, 0, 6.5, 5.2)
    [page] = paginate([Text("Lyhyt nosto.", "Ero:")], box)
    assert page.size == TEXT_SIZES[0]
    sizes = [paginate([Text("sana " * 25)] * count, box) for count in (2, 5, 7, 30)]
    assert [page.size for pages in sizes for page in pages[:1]] == sorted(
        (pages[0].size for pages in sizes), reverse=True
    )
    assert [len(pages) for pages in sizes][:1] == [1] and len(sizes[-1]) > 1
    assert all(height_of(page.texts, page.size, 6.5) <= 5.2 - 2 * INSET for pages in sizes for page in pages)


def test_a_heading_fits_its_box() -> None:
    heading = Box(0, 0, 12, 1.05)
    assert size_for("Lyhyt", heading, TITLE_SIZES) == TITLE_SIZES[0]
    assert size_for("pitkähkö " * 15, heading, TITLE_SIZES) < TITLE_SIZES[0]


def test_the_text_and_the_chart_stand_side_by_side() -> None:
    assert BESIDE.left + BESIDE.width <= CHART.left
