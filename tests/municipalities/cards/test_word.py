"""A card as a Word file and on the clipboard: one structure, fit for the wide welfare report."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import docx
import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django_scopes import scope
from docx.document import Document as WordDocument
from docx.oxml.ns import qn

from municipalities.cards.content import CardContent
from municipalities.cards.lifecycle import send
from municipalities.cards.word import Figures, Heading, Items, Paragraph, blocks_of, card_docx, card_html, card_text
from municipalities.models import Municipality, User
from tests.municipalities.cards.sample import SMALL, make_card, saying

SECTIONS = [
    "Tunnusluvut",
    "Kunnan erityispiirteet",
    "SWOT hyvinvoinnin edistämisen näkökulmasta",
    "Kunnan ehdotukset nostoiksi",
    "Suunnitelmat ja raportit",
    "Yhteyshenkilöt",
    "Lukujen lähteet",
]


def opened(content: CardContent) -> WordDocument:
    """Write a card and read it back."""
    return docx.Document(io.BytesIO(card_docx(content, colour="#0e5d8a")))


# --- Word ---------------------------------------------------------------------------------------------------------


def test_headings_lists_and_paragraphs_have_the_styles_of_word() -> None:
    document = opened(SMALL)
    found = [(paragraph.style.name, paragraph.text) for paragraph in document.paragraphs if paragraph.style]
    assert [text for style, text in found if style == "Heading 1"] == ["Kuntakortti 2026: Hankasalmi"]
    assert [text for style, text in found if style == "Heading 2"] == SECTIONS
    # One per quadrant of the SWOT, one per priority of the proposals, two of the figures.
    assert len([text for style, text in found if style == "Heading 3"]) == 2 + 4 + 3
    bullets = [text for style, text in found if style == "List Bullet"]
    assert "Koulujen liikuntakerhot ovat maksuttomia" in bullets
    assert "Maija Meikäläinen, hyvinvointikoordinaattori" in bullets
    assert (
        "Laaja hyvinvointikertomus ja -suunnitelma 2025–2029: hyväksytty kunnassa 16.6.2025, "
        "toimitettu hyvinvointialueelle elokuussa 2025, https://hankasalmi.example/hyvinvointikertomus"
    ) in bullets
    features = [text for style, text in found if (style == "Normal" and "taajaman" in text) or "osallisuudesta" in text]
    assert len(features) == 2


def test_the_table_has_a_heading_that_is_repeated_and_told() -> None:
    (table,) = opened(SMALL).tables
    rows = [[cell.text for cell in row.cells] for row in table.rows]
    assert rows[0] == ["Tunnusluku", "Luku", "Vuosi", "Muutos", "Hyvinvointialue", "Koko maa"]
    assert len(rows) == 1 + len(SMALL.shown)
    assert rows[2] == [
        "Työttömät, % työvoimasta",
        "11,3\xa0%",
        "2024",
        "+0,9\xa0%-yks. vuodesta 2023, heikentynyt",
        "12,6\xa0%",
        "11,0\xa0% (2023)",
    ]
    assert rows[3][3].endswith("heikentynyt (vuodet 2022–2024 yhdessä)")
    assert rows[5][0].endswith("(esimerkki)")
    assert rows[7][2] == "2024, alueen luku"
    heads = [row._tr.trPr.find(qn("w:tblHeader")) is not None for row in table.rows if row._tr.trPr is not None]
    assert heads == [True, *[False] * len(SMALL.shown)]
    assert table._tbl.tblPr.find(qn("w:tblCaption")).get(qn("w:val"))


@pytest.mark.parametrize(
    ("language", "locale", "title"),
    [("fi", "fi-FI", "Kuntakortti 2026: Hankasalmi"), ("sv", "sv-FI", "Kommunkort 2026: Hankasalmi")],
)
def test_the_file_tells_its_language_and_title(language: str, locale: str, title: str) -> None:
    document = opened(replace(SMALL, language=language))
    assert (document.core_properties.title, document.core_properties.language) == (title, locale)
    assert document.core_properties.author == "Hankasalmi"
    defaults = document.styles.element.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}/{qn('w:lang')}")
    assert defaults.get(qn("w:val")) == locale


def test_letters_that_no_file_can_hold_are_left_out() -> None:
    document = opened(replace(SMALL, features="Kylä\x0b\x00t & <b>seurat</b>"))
    assert "Kylät & <b>seurat</b>" in [paragraph.text for paragraph in document.paragraphs]


def test_an_empty_card_is_a_title() -> None:
    empty = replace(
        SMALL, figures=(), sources=(), features="", strengths=(), weaknesses=(), opportunities=(), threats=(),
        proposals=(), plans=(), contacts=(),
    )  # fmt: skip
    assert blocks_of(empty) == [Heading(1, "Kuntakortti 2026: Hankasalmi")]
    assert [paragraph.text for paragraph in opened(empty).paragraphs] == ["Kuntakortti 2026: Hankasalmi"]


# --- The clipboard ------------------------------------------------------------------------------------------------


class Tags(HTMLParser):
    """Collects the tags of a page and what is in them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Keep the tag."""
        self.found.append(tag)

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text += data


def test_the_html_has_the_structure_of_the_blocks() -> None:
    blocks = blocks_of(SMALL)
    tags = Tags()
    tags.feed(card_html(SMALL))
    for kind, names in ((Heading, ("h2", "h3", "h4")), (Items, ("ul",)), (Figures, ("table",)), (Paragraph, ("p",))):
        assert sum(tags.found.count(name) for name in names) == len([b for b in blocks if isinstance(b, kind)]) > 0
    assert tags.found.count("h2") == 1 and "h1" not in tags.found
    assert tags.found.count("tr") == 1 + len(SMALL.shown)


def test_what_people_wrote_is_text_and_not_markup() -> None:
    content = replace(SMALL, features="<script>alert(1)</script>\nToinen rivi", strengths=("<b>Seurat</b>",))
    html = card_html(content)
    assert "<script>" not in html and "&lt;script&gt;" in html
    assert "<br>Toinen rivi" in html
    assert "<b>Seurat</b>" in card_text(content)


def test_the_plain_text_reads_as_text() -> None:
    text = card_text(SMALL)
    assert text.startswith("KUNTAKORTTI 2026: HANKASALMI\n\nTunnusluvut\n\n– Väestö 31.12.: 4\xa0436 (2024);")
    assert (
        "– Työttömät, % työvoimasta: 11,3\xa0% (2024); +0,9\xa0%-yks. vuodesta 2023, heikentynyt; "
        "hyvinvointialue 12,6\xa0%; koko maa 11,0\xa0% (2023)\n"
    ) in text
    assert "– Koulujen liikuntakerhot ovat maksuttomia\n" in text
    assert all(section in text.split("\n\n") for section in SECTIONS)


def test_what_is_left_out_has_its_reason_and_no_figure() -> None:
    text = card_text(SMALL)
    assert "– Koulukiusattuna vähintään kerran viikossa, % 8. ja 9. luokan oppilaista: Vastaajia alle" in text
    assert "9,0" not in text


# --- The pages of the site ----------------------------------------------------------------------------------------


def test_the_word_file_is_for_those_who_see_the_version(
    hankasalmi: Municipality, editor: User, second_editor: User, client_for: Callable[[User | None], Client]
) -> None:
    with scope(county=hankasalmi.county):
        version = saying(send(make_card(hankasalmi), by=editor), SMALL)
    address = reverse("card_word", args=["keski-suomi", version.pk])
    response = client_for(editor).get(address)
    assert response.headers["Content-Disposition"] == 'attachment; filename="kuntakortti-2026-hankasalmi.docx"'
    assert docx.Document(io.BytesIO(response.content)).paragraphs[0].text == "Kuntakortti 2026: Hankasalmi"
    assert client_for(second_editor).get(address).status_code == 404


def test_the_buttons_are_there_and_copying_waits_for_its_script(hankasalmi: Municipality, editor: User) -> None:
    with scope(county=hankasalmi.county):
        version = saying(send(make_card(hankasalmi), by=editor), SMALL)
        context = {"county": hankasalmi.county, "version": version, "content": SMALL}
        page = render_to_string("municipalities/card_papers.html", context)
    tags = Tags()
    tags.feed(page)
    assert tags.found.count("form") == 1
    assert tags.found.count("template") == 2
    assert reverse("card_paper", args=["keski-suomi", version.pk]) in page
    assert reverse("card_word", args=["keski-suomi", version.pk]) in page
    button = page[page.index('data-copies="card-copy"') :]
    assert "hidden" in button[: button.index(">")]
