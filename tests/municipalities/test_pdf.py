"""The files themselves: PDF/A-3a and PDF/UA-1 at once, tagged in order, the same bytes for the same content."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pdfua
import pikepdf
import pyphen
import pytest
from django.utils import translation
from hypothesis import example, given
from hypothesis import strategies as st
from pypdf import PdfReader
from pytest_django import Settings

from municipalities.colours import WHITE, contrast
from municipalities.documents import hyphenation, pdf, rendering, stylesheet
from municipalities.documents.failures import Failure
from municipalities.documents.kinds import Frozen, Meta
from municipalities.documents.stylesheet import county_stylesheet
from tests.municipalities.sample import KIND, TEMPLATES, Sample, sample

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
META = Meta(
    title="Näyteasiakirja: väestö ja osuudet",
    language="fi",
    county="Keski-Suomen hyvinvointialue",
    county_short="Hyvaks",
    website="www.hyvaks.fi",
    colour="#0e5d8a",
    variant="final",
    on=date(2024, 12, 16),
)


@pytest.fixture(autouse=True)
def _sample_templates(settings: Settings) -> None:
    first, *rest = settings.TEMPLATES
    settings.TEMPLATES = [{**first, "DIRS": [*first["DIRS"], TEMPLATES]}, *rest]


def made(context: Sample | None = None, meta: Meta = META) -> bytes:
    """Return the finished file of a sample."""
    frozen = Frozen(meta, context or sample(rows=60))
    with translation.override(meta.language):
        attachments = KIND.attachments(frozen.doc)
        html = rendering.compose(KIND, frozen)
        pages = rendering.lay_out(html, rendering.styles(KIND, frozen), attachments)
        return rendering.write(pages, frozen, attachments)


def opened(content: bytes) -> pikepdf.Pdf:
    """Open a file that is in memory."""
    return pikepdf.open(io.BytesIO(content))


def text_of(content: bytes) -> list[str]:
    """Return the text of each page, with its white space evened out."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages]


def structure(file: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Yield the structure elements in reading order."""
    for element, _ancestors in pdf._elements(file):
        yield element


# --- Both standards ------------------------------------------------------------------------------------------------


def test_one_rdf_holds_the_marks_of_both_standards() -> None:
    with opened(made()) as file:
        packet = file.Root.Metadata.read_bytes()
        assert "/Filter" not in file.Root.Metadata
    assert packet.count(b"<rdf:RDF") == packet.count(b"</rdf:RDF>") == 1
    rdf = next(iter(ElementTree.fromstring(packet).iter(f"{RDF}RDF")))  # noqa: S314
    assert pdf._property(rdf, f"{{{pdf.PDFA}}}part") == "3"
    assert pdf._property(rdf, f"{{{pdf.PDFA}}}conformance") == "A"
    assert pdf._property(rdf, f"{{{pdf.PDFUA}}}part") == "1"
    # A schema that PDF/A does not know is described, or its property is a fault.
    schema = "{http://www.aiim.org/pdfa/ns/schema#}"
    assert [element.text for element in rdf.iter(f"{schema}namespaceURI")] == [pdf.PDFUA]
    assert [element.text for element in rdf.iter(f"{schema}prefix")] == ["pdfuaid"]
    assert [element.text for element in rdf.iter("{http://www.aiim.org/pdfa/ns/property#}name")] == ["part"]


def test_an_independent_checker_finds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "sample.pdf"
    path.write_bytes(made(sample(paragraphs=["Ensimmäinen.", "Toinen."], rows=80)))
    report = pdfua.validate(str(path))
    assert [f"{finding.rule_id} {finding.message}" for finding in report.findings] == []
    assert len(report.outcomes) >= 12
    # This one stumbles over pikepdf 10: that no heading is empty is checked by ourselves.
    assert {outcome.rule_id for outcome in report.outcomes if outcome.skipped} <= {"UA-14-001"}


def test_the_checker_would_have_found_something(tmp_path: Path) -> None:
    path = tmp_path / "sample.pdf"
    with opened(made()) as file:
        del file.Root.Lang
        del file.Root.MarkInfo
        file.save(path)
    assert {finding.rule_id for finding in pdfua.validate(str(path)).findings} >= {"UA-06-001", "UA-01-002"}


def test_the_catalogue_tells_language_title_and_tags() -> None:
    with opened(made()) as file:
        assert str(file.Root.Lang) == "fi"
        assert bool(file.Root.MarkInfo.Marked)
        assert bool(file.Root.ViewerPreferences.DisplayDocTitle)
        assert {str(page.obj.Tabs) for page in file.pages} == {"/S"}
        assert [str(intent.S) for intent in file.Root.OutputIntents] == ["/GTS_PDFA1"]
        assert file.pdf_version == "1.7"
        assert len(file.trailer.ID) == 2
        assert "/Encrypt" not in file.trailer


def test_the_two_places_of_metadata_agree() -> None:
    with opened(made()) as file:
        info = file.docinfo
        with file.open_metadata() as xmp:
            assert str(info.Title) == xmp["dc:title"] == META.title
            assert [str(info.Author)] == xmp["dc:creator"] == [META.county]
            assert str(info.Creator) == xmp["xmp:CreatorTool"] == "Hyte"
            assert str(info.Producer) == xmp["pdf:Producer"]
            assert str(info.CreationDate) == str(info.ModDate) == "D:20241216"
            assert xmp["xmp:CreateDate"] == xmp["xmp:ModifyDate"] == "2024-12-16"


def test_every_font_is_embedded_and_ours() -> None:
    names = set()
    with opened(made(sample(paragraphs=["Sámi: č đ ŋ š ŧ ž"]))) as file:
        for page in file.pages:
            for font in page.resources.Font.values():
                descendant = font.DescendantFonts[0] if "/DescendantFonts" in font else font
                assert any(key in descendant.FontDescriptor for key in ("/FontFile", "/FontFile2", "/FontFile3"))
                names.add(str(font.BaseFont))
    assert names
    assert all("Source" in name for name in names), names


# --- Structure -----------------------------------------------------------------------------------------------------


def test_headings_come_in_order_and_there_is_one_first() -> None:
    with opened(made()) as file:
        kinds = [str(element.S) for element in structure(file)]
    assert [kind for kind in kinds if re.fullmatch("/H[1-6]", kind)] == ["/H1", "/H2"]


def test_tables_tell_what_heads_what() -> None:
    with opened(made(sample(rows=6))) as file:
        elements = list(structure(file))
        headings = [element for element in elements if element.S == "/TH"]
        columns = {str(element.ID) for element in headings if element.A.Scope == "/Column"}
        rows = {str(element.ID) for element in headings if element.A.Scope == "/Row"}
        assert (len(columns), len(rows)) == (3, 6)
        cells = [element for element in elements if element.S == "/TD"]
        assert len(cells) == 12
        for cell in cells:
            heads = {str(head) for head in cell.A.Headers}
            assert len(heads & columns) == 1
            assert len(heads & rows) == 1
        kinds = {str(element.S) for element in elements}
        assert {"/Table", "/THead", "/TBody", "/Caption", "/P", "/Sect", "/Part"} <= kinds


def test_a_long_table_repeats_its_heading() -> None:
    content = made(sample(rows=120))
    pages = text_of(content)
    assert len(pages) > 2
    assert all("Väkiluku" in page for page in pages)


def test_the_figures_travel_inside_the_file() -> None:
    with opened(made()) as file:
        (specification,) = file.Root.AF
        assert str(specification.AFRelationship) == "/Data"
        assert str(specification.UF) == "luvut.csv"
        assert str(specification.Desc) == "Taulukon luvut"
        stream = specification.EF.F
        assert str(stream.Subtype) == "/text/csv"
        assert str(stream.Params.CreationDate).startswith("D:20241216")
        assert stream.read_bytes().decode("utf-8-sig").startswith("kunta;väkiluku\r\nHankasalmi;4000")
        assert list(file.attachments) == ["luvut.csv"]


def test_outlines_follow_the_headings() -> None:
    titles = [item.title for item in PdfReader(io.BytesIO(made())).outline if not isinstance(item, list)]
    assert titles == [META.title]


# --- What is on the page --------------------------------------------------------------------------------------------


def test_each_page_says_whose_it_is_what_it_is_and_which_of_how_many() -> None:
    pages = text_of(made(sample(rows=120)))
    last = len(pages)
    for number, page in enumerate(pages, start=1):
        assert META.county in page
        assert META.title in page
        assert f"{number} / {last}" in page
        assert "16.12.2024 · www.hyvaks.fi" in page


@pytest.mark.parametrize("variant", ["draft", "final"])
def test_a_draft_says_so_on_every_page(variant: str) -> None:
    with translation.override("fi"):
        mark = translation.gettext("DRAFT")
    pages = text_of(made(sample(rows=120), replace(META, variant=variant)))
    assert [mark in page for page in pages] == [variant == "draft"] * len(pages)


@pytest.mark.parametrize(
    ("language", "population", "share", "day"),
    [
        ("fi", "4 037", "0,1", "16.12.2024"),
        ("sv", "4 037", "0,1", "16.12.2024"),
        ("en", "4,037", "0.1", "16 December 2024"),
    ],
)
def test_numbers_and_dates_are_in_the_documents_language(language: str, population: str, share: str, day: str) -> None:
    with translation.override("de"):
        (page,) = text_of(made(sample(), replace(META, language=language)))
    page = page.replace("\xa0", " ").replace("\u202f", " ")
    assert population in page
    assert f"{population} {share}" in page
    assert day in page


def test_names_of_the_north_are_whole() -> None:
    (page,) = text_of(made(sample(paragraphs=["Ohcejohka, Deatnu, Ánár, Soađegilli, Eanodat; čđŋšŧž ČĐŊŠŦŽ"])))
    assert "Soađegilli" in page
    assert "čđŋšŧž ČĐŊŠŦŽ" in page


def test_figures_are_equally_wide() -> None:
    """Numbers stand under each other: each figure of the font is as wide as the next."""
    with opened(made(replace(sample(), rows=(sample().rows[0],)))) as file:
        fonts = [font.DescendantFonts[0] for font in file.pages[0].resources.Font.values()]
        assert fonts
    with translation.override("fi"):
        attachments = KIND.attachments(sample())
        frozen = Frozen(META, sample())
        html = rendering.compose(KIND, frozen)
        html = html.replace("</main>", "<p><b id='a'>0000000000</b></p><p><b id='b'>1111111111</b></p></main>")
        html = html.replace("</head>", "<style>b { display: inline-block; font-weight: 400 }</style></head>")
        pages = rendering.lay_out(html, rendering.styles(KIND, frozen), attachments)
    widths = {}
    for page in pages.pages:
        for box in page._page_box.descendants():
            if box.element is not None and box.element.get("id") in {"a", "b"} and hasattr(box, "width"):
                widths[box.element.get("id")] = box.width
    assert widths["a"] == pytest.approx(widths["b"])


# --- Sameness ------------------------------------------------------------------------------------------------------


def test_the_same_content_is_the_same_file() -> None:
    assert made() == made()


def test_another_process_makes_the_same_file(tmp_path: Path) -> None:
    """Whatever the hash seed, the time and the fonts that were unpacked before."""
    program = (
        "import sys, django; django.setup()\n"
        "from django.conf import settings\n"
        "from tests.municipalities.sample import TEMPLATES\n"
        "settings.TEMPLATES[0]['DIRS'].append(TEMPLATES)\n"
        "from tests.municipalities.test_pdf import made\n"
        "sys.stdout.buffer.write(made())\n"
    )
    root = Path(__file__).resolve().parents[2]
    environment = {**__import__("os").environ, "DJANGO_SETTINGS_MODULE": "hyte.settings", "PYTHONHASHSEED": "7"}
    other = subprocess.run(
        [sys.executable, "-c", program], cwd=root, env=environment, capture_output=True, check=True, timeout=60
    )
    assert other.stdout == made()


# --- The check ------------------------------------------------------------------------------------------------------


def test_the_check_counts_the_pages_of_a_good_file() -> None:
    assert pdf.check(made(sample(rows=120)), title=META.title, language="fi").pages > 2


def _without_pages(file: pikepdf.Pdf) -> None:
    del file.pages[:]


def _without_language(file: pikepdf.Pdf) -> None:
    del file.Root.Lang


def _without_tags(file: pikepdf.Pdf) -> None:
    del file.Root.MarkInfo


def _without_structure(file: pikepdf.Pdf) -> None:
    file.Root.StructTreeRoot = pikepdf.Dictionary()


def _without_archive_mark(file: pikepdf.Pdf) -> None:
    packet = file.Root.Metadata.read_bytes()
    file.Root.Metadata.write(packet.replace(b'conformance="A"', b'conformance="B"'))


def _without_accessibility_mark(file: pikepdf.Pdf) -> None:
    packet = file.Root.Metadata.read_bytes()
    file.Root.Metadata.write(packet.replace(b"<pdfuaid:part>1<", b"<pdfuaid:part>2<"))


def _without_title_shown(file: pikepdf.Pdf) -> None:
    del file.Root.ViewerPreferences


def _with_another_title(file: pikepdf.Pdf) -> None:
    file.docinfo.Title = "Toinen"


def _with_a_second_first_heading(file: pikepdf.Pdf) -> None:
    next(element for element in structure(file) if element.S == "/H2").S = pikepdf.Name.H1


def _with_a_heading_missing(file: pikepdf.Pdf) -> None:
    next(element for element in structure(file) if element.S == "/H2").S = pikepdf.Name.H3


def _with_an_empty_heading(file: pikepdf.Pdf) -> None:
    next(element for element in structure(file) if element.S == "/H2").K = pikepdf.Array()


def _with_a_nameless_picture(file: pikepdf.Pdf) -> None:
    next(element for element in structure(file) if element.S == "/P").S = pikepdf.Name.Figure


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (_without_pages, "no pages"),
        (_without_language, "no language"),
        (_without_tags, "no tags"),
        (_without_structure, "no headings"),
        (_without_archive_mark, "PDF/A"),
        (_without_accessibility_mark, "PDF/UA"),
        (_without_title_shown, "no title"),
        (_with_another_title, "no title"),
        (_with_a_second_first_heading, "level 1 after level 1"),
        (_with_a_heading_missing, "level 3 after level 1"),
        (_with_an_empty_heading, "a heading without text"),
        (_with_a_nameless_picture, "picture"),
    ],
)
def test_a_file_that_is_not_what_we_promise_is_not_given_out(harm: object, told: str) -> None:
    harmed = io.BytesIO()
    with opened(made(sample())) as file:
        harm(file)  # type: ignore[operator]
        file.save(harmed)
    with translation.override("en"), pytest.raises(Failure, match=re.escape(told)) as caught:
        pdf.check(harmed.getvalue(), title=META.title, language="fi")
    assert caught.value.code == "check"


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"not a file of this kind"])
def test_a_file_that_cannot_be_read_is_not_given_out(content: bytes) -> None:
    with pytest.raises(Failure):
        pdf.check(content, title=META.title, language="fi")


def test_half_a_file_is_not_given_out() -> None:
    whole = made(sample())
    with pytest.raises(Failure):
        pdf.check(whole[: len(whole) // 2], title=META.title, language="fi")


# --- The county's colour, texts in the stylesheet, hyphens -----------------------------------------------------------


@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
@example("#dd1497")
def test_text_in_any_countys_colour_can_be_read(colour: str) -> None:
    css = county_stylesheet(replace(META, colour=colour))
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", css))
    assert found["county"] == colour
    assert contrast(found["county-on-white"], WHITE) >= 4.5
    assert contrast(found["county-on-white"], found["county-tint"]) >= 4.5
    assert contrast(found["on-county"], colour) >= 4.5


def test_a_title_cannot_break_out_of_the_stylesheet() -> None:
    title = 'A "quoted" \\ back } @page { size: A5 } </style>\n<b>\\22'
    content = made(sample(), replace(META, title=title))
    with opened(content) as file:
        assert float(file.pages[0].mediabox[3]) == pytest.approx(841.89, abs=0.1)
        assert str(file.docinfo.Title) == title


@pytest.mark.parametrize(
    ("word", "divided"),
    [
        ("hyvinvointialueella", "hyvin-vointi-alueella"),
        ("kuntaedustajien", "kunta-edus-ta-jien"),
        ("järjestöedustajia", "järjestö-edus-tajia"),
        ("perhekeskustoimintamalli", "perhe-keskus-toiminta-malli"),
        ("terveydenedistäminen", "terveyden-edis-tä-minen"),
        ("uudistumisohjelma", "uudis-tu-mis-ohjelma"),
        ("hyvinvointistrategia", "hyvin-vointi-stra-tegia"),
        ("aluevaltuusto", "alue-val-tuusto"),
        ("neuvottelupöytäkirja", "neuvottelu-pöytä-kirja"),
        ("kuntayhtymä", "kunta-yhtymä"),
        ("kokonaisarviointi", "koko-nais-arviointi"),
    ],
)
def test_finnish_words_are_divided_where_a_reader_expects(word: str, divided: str) -> None:
    hyphenation.install_finnish()
    assert pyphen.Pyphen(lang="fi", left=4, right=4).inserted(word) == divided


def test_shares_are_exact(settings: Settings) -> None:
    rows = (replace(sample().rows[0], name="Multia", share=Decimal("12.35")),)
    (page,) = text_of(made(replace(sample(), rows=rows)))
    assert "12,4" in page or "12,3" in page
    assert stylesheet.text("a\nb") == '"a b"'
