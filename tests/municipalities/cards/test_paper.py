"""A card as a PDF: two or three pages in both languages, its figures inside, and seen by whom its version is."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pdfua
import pikepdf
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from django_scopes import scope
from pypdf import PdfReader

from municipalities import timewords
from municipalities.access import access_of
from municipalities.cards.content import CardContent, FigureLine, PlanLine, Proposal
from municipalities.cards.lifecycle import approve, return_, send
from municipalities.cards.paper import (
    KIND,
    CardPaper,
    card_attachments,
    direction_word,
    plan_title,
    pooled_words,
    request_card_document,
    title_of,
)
from municipalities.cards.visibility import is_final, visible_versions
from municipalities.documents import kinds, pdf, rendering, visible_documents
from municipalities.models import CardApproval, CardVersion, County, Document, Municipality, User
from tests.municipalities.cards.sample import CITY, PRIORITIES, SMALL, make_card, saying

ON = datetime(2026, 5, 21, 9, 0, tzinfo=ZoneInfo("Europe/Helsinki"))


def paper(content: CardContent, *, final: bool = True) -> CardPaper:
    """Return a paper of a content, approved or still to be."""
    return CardPaper(
        content=content,
        number=2,
        sent_on=date(2026, 5, 12),
        approved_on=date(2026, 5, 20) if final else None,
        approver="lautakunnan puheenjohtaja" if final else "",
        is_final=final,
    )


def printed(content: CardContent, *, final: bool = True) -> bytes:
    """Lay a card out and write it, as the worker does."""
    frozen = kinds.Frozen(
        kinds.Meta(
            title=title_of(content),
            language=content.language,
            county="Keski-Suomen hyvinvointialue",
            county_short="Hyvaks",
            website="www.hyvaks.fi",
            colour="#0e5d8a",
            variant="final" if final else "draft",
            on=ON.date(),
        ),
        paper(content, final=final),
    )
    kind = kinds.kind_named(KIND)
    with translation.override(content.language):
        attachments = kind.attachments(frozen.doc)
        html = rendering.compose(kind, frozen)
        return rendering.write(
            rendering.lay_out(html, rendering.styles(kind, frozen), attachments), frozen, attachments
        )


def text_of(content: bytes) -> str:
    """Return the text of all pages, with its white space evened out."""
    pages = PdfReader(io.BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.fixture(scope="module")
def small() -> bytes:
    """The card of the town of 3,000, printed once for all that look at it."""
    return printed(SMALL)


# --- The pages ------------------------------------------------------------------------------------------------


def test_a_council_member_finds_everything_in_order(small: bytes) -> None:
    text = text_of(small)
    order = [
        "Kuntakortti 2026",
        "Hankasalmi",
        "Asukkaita 4 436",
        "Lähetetty hyvinvointialueelle 12.5.2026",
        "Kortti hyväksytty 20.5.2026, lautakunnan puheenjohtaja",
        "Versio 2",
        "Tunnusluvut",
        "Väestö ja elinolot",
        "Työttömät, % työvoimasta",
        "Lisäksi 3 lukua on asiakirjan liitetiedostossa",
        "Mitä kunta sanoo luvuista",
        "Sahan lomautukset näkyvät luvussa.",
        "Kunta on jättänyt pois",
        "Vastaajia alle kolmekymmentä.",
        "Kunnan erityispiirteet",
        "SWOT hyvinvoinnin edistämisen näkökulmasta",
        "kuusi vireää kyläyhdistystä",
        "Kunnan ehdotukset nostoiksi",
        "Suunnitelmat ja raportit",
        "Yhteyshenkilöt",
        "Maija Meikäläinen, hyvinvointikoordinaattori",
        "Lukujen lähteet",
        "Sotkanet, 2.3.2026.",
    ]
    places = [text.find(told) for told in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)


def test_a_figure_is_told_with_all_that_it_is_read_by(small: bytes) -> None:
    """Value, unit, year, change in percentage points, direction in a word, since when, county, country."""
    text = text_of(small)
    assert re.search(r"11,3 % ?2024 .*?\+0,9 %-yks\. heikentynyt ?vuodesta 2023 12,6 % 11,0 % ?2023", text)
    # Which years a small municipality's direction rests on, and whose figure stands in.
    assert re.search(r"heikentynyt ?vuodesta 2023 \(vuodet 2022–2024 yhdessä\)", text)
    assert re.search(r"39,4 % ?2024 ?alueen luku", text)
    # Of what is neither better nor worse, the change alone.
    assert re.search(r"−67 ?vuodesta 2023", text)


def test_the_shape_says_which_way_without_a_colour(small: bytes) -> None:
    with pikepdf.open(io.BytesIO(small)) as file:
        told = [str(element.Alt) for element, _ in pdf._elements(file) if element.S == "/Figure"]
    shapes = [words for words in told if not words.startswith("Kehitys")]
    assert (len(shapes), len(told)) == (12, 24)
    assert {words: shapes.count(words) for words in shapes} == {"nousi": 6, "laski": 5, "pysyi ennallaan": 1}
    assert "Kehitys 2019–2024" in told


def test_examples_are_marked_wherever_they_are(small: bytes) -> None:
    text = text_of(small)
    assert "Asiakirjassa on esimerkkiaineistoa." in text
    # The five shown at once, and their source.
    assert len(re.findall(r"(?<!”)\besimerkki\b(?!”)", text)) >= 6
    real = replace(
        SMALL, figures=tuple(line for line in SMALL.figures if not line.is_example), sources=SMALL.sources[:1]
    )
    assert "esimerkki" not in text_of(printed(real))


@pytest.mark.parametrize(("content", "pages"), [(SMALL, 2), (CITY, 3)], ids=["town", "city"])
@pytest.mark.parametrize("language", ["fi", "sv"])
def test_two_or_three_pages_that_an_independent_checker_passes(
    content: CardContent, pages: int, language: str, tmp_path: Path
) -> None:
    written = printed(replace(content, language=language), final=language == "fi")
    title = title_of(replace(content, language=language))
    checked = pdf.check(written, title=title, language=language)
    assert checked.pages in {pages, 3}
    path = tmp_path / "card.pdf"
    path.write_bytes(written)
    assert [f"{finding.rule_id} {finding.message}" for finding in pdfua.validate(str(path)).findings] == []


def test_in_swedish_it_is_swedish_and_a_draft_says_so() -> None:
    text = text_of(printed(replace(SMALL, language="sv"), final=False))
    for told in ("Kommunkort 2026", "UTKAST", "inte godkänt ännu", "Kommunens särdrag", "augusti 2025", "försämrats"):
        assert told in text, told
    assert "Kortet godkänt" not in text


def test_the_longest_texts_are_printed_whole() -> None:
    """Lists that no page could hold abreast stand one after the other; nothing is cut off."""
    lines = tuple(f"{number}. kohta, jossa on paljon asiaa " + "sanoja " * 110 for number in range(10))
    content = replace(SMALL, strengths=lines, proposals=tuple(Proposal(line, PRIORITIES[0], 1) for line in lines))
    assert paper(content).is_swot_long and paper(content).are_proposals_long
    text = text_of(printed(content))
    assert text.count("kohta, jossa on paljon asiaa") == 20
    assert text.count("sanoja") == 2 * 10 * 110


def test_an_empty_card_has_no_empty_headings() -> None:
    content = replace(
        SMALL, figures=(), sources=(), features="", strengths=(), weaknesses=(), opportunities=(), threats=(),
        proposals=(), plans=(), contacts=(),
    )  # fmt: skip
    written = printed(content)
    assert pdf.check(written, title=title_of(content), language="fi").pages == 1
    with pikepdf.open(io.BytesIO(written)) as file:
        assert [str(element.S) for element, _ in pdf._elements(file) if str(element.S).startswith("/H")] == ["/H1"]
        assert "/AF" not in file.Root


def test_the_baseline_year_has_a_column_of_its_own() -> None:
    lines = tuple(
        replace(line, baseline_year=2019, baseline_change=-1.5, baseline_direction="worse") for line in SMALL.figures
    )
    text = text_of(printed(replace(SMALL, figures=lines)))
    assert "Vuodesta 2019" in text
    assert len(re.findall(r"−1,5(?: %-yks\.)? ?heikentynyt", text)) >= 10


def test_what_people_wrote_is_text_and_not_markup() -> None:
    text = text_of(printed(replace(SMALL, features="<b>Kylät</b> & 6-7 §\n\nToinen <script>kappale</script>.")))
    assert "<b>Kylät</b> & 6–7 §" in text
    assert "Toinen <script>kappale</script>." in text


# --- Words ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kept", "fi", "sv"),
    [
        ("2025", "2025", "2025"),
        ("2025-05", "toukokuu 2025", "maj 2025"),
        ("2025-05-12", "12.5.2025", "12.5.2025"),
        ("", "", ""),
        # What a pattern lets through and no calendar has.
        ("2025-02-31", "2025-02-31", "2025-02-31"),
    ],
)
def test_a_date_is_told_as_exactly_as_it_is_known(kept: str, fi: str, sv: str) -> None:
    with translation.override("fi"):
        assert timewords.partial(kept) == fi
    with translation.override("sv"):
        assert timewords.partial(kept) == sv


def test_dates_of_plans_are_printed_as_they_are_known(small: bytes) -> None:
    text = text_of(small)
    assert "Laaja hyvinvointikertomus ja -suunnitelma 2025–2029 16.6.2025 elokuu 2025" in text
    assert "Lasten ja nuorten hyvinvointisuunnitelma 2025–2028 2025 –" in text


@pytest.mark.parametrize(
    ("kind", "label", "name", "title"),
    [
        ("wide", "laaja kertomus", "2025–2029", "Laaja kertomus 2025–2029"),
        ("wide", "laaja kertomus", "", "Laaja kertomus"),
        ("yearly", "vuosiraportti", "Vuosiraportti 2025", "Vuosiraportti 2025"),
        ("older", "ikäsuunnitelma", "Hyvä ikä", "Ikäsuunnitelma: Hyvä ikä"),
        ("other", "muu suunnitelma", "Liikkumissuunnitelma", "Liikkumissuunnitelma"),
    ],
)
def test_a_plan_is_called_by_its_kind_and_name(kind: str, label: str, name: str, title: str) -> None:
    assert plan_title(PlanLine(kind, label, name, "", "", "")) == title


def test_nothing_is_said_of_a_direction_that_cannot_be_said() -> None:
    line: FigureLine = SMALL.figures[2]
    with translation.override("fi"):
        assert (direction_word(line), pooled_words(line)) == ("heikentynyt", "(vuodet 2022–2024 yhdessä)")
        for silent in (replace(line, direction="unknown"), replace(line, change=None)):
            assert (direction_word(silent), pooled_words(silent)) == ("", "")


# --- The figures inside -----------------------------------------------------------------------------------------


def test_all_figures_travel_inside_with_source_and_year(small: bytes) -> None:
    with pikepdf.open(io.BytesIO(small)) as file:
        (specification,) = file.Root.AF
        assert str(specification.AFRelationship) == "/Data"
        assert list(file.attachments) == ["luvut-2026.csv"]
        written = specification.EF.F.read_bytes().decode("utf-8-sig")
    heads, *rows = csv.reader(io.StringIO(written), delimiter=";")
    assert heads == ["Teema", "Tunnusluku", "Alue", "Vuosi", "Arvo", "Yksikkö", "Tila", "Lähde", "Haettu"]
    of = [row for row in rows if row[1] == "Työttömät, % työvoimasta"]
    assert [(row[3], row[4]) for row in of if row[2] == "Hankasalmi"] == [
        ("2019", "11,8"), ("2020", "13,6"), ("2021", "11,2"), ("2022", "9,9"), ("2023", "10,4"), ("2024", "11,3"),
    ]  # fmt: skip
    assert [row[7:] for row in of if row[2] == "Hankasalmi"] == [["Sotkanet", "2.3.2026"]] * 6
    assert [(row[2], row[3], row[4]) for row in of[-2:]] == [
        ("Keski-Suomen hyvinvointialue", "2024", "12,6"),
        ("Koko maa", "2023", "11,0"),
    ]
    # Folded ones too, examples as such, the county's as its own; those left out with their reason alone.
    assert [row[4] for row in rows if row[1] == "65 vuotta täyttäneet, % väestöstä" and row[3] == "2024"] == [
        "33,6",
        "25,1",
    ]
    assert "esimerkki" in next(row[6] for row in rows if row[1].startswith("Itsensä yksinäiseksi"))
    assert {row[2] for row in rows if row[1].startswith("Terveysliikunta")} == {
        "Keski-Suomen hyvinvointialue", "Koko maa",
    }  # fmt: skip
    (left_out,) = [row for row in rows if row[1].startswith("Koulukiusattuna")]
    assert left_out[4] == "" and left_out[6].startswith("jätetty pois: Vastaajia")


def test_a_card_without_figures_has_no_file() -> None:
    missing = tuple(replace(line, value=None, year=None, series=(), is_shown=False) for line in SMALL.figures)
    content = replace(SMALL, figures=missing)
    assert card_attachments(paper(content)) == []
    assert "liitetiedosto" not in text_of(printed(content))


# --- Asking for it, and who may see it --------------------------------------------------------------------------


def test_the_same_version_is_one_document_and_another_is_another(
    in_scope: County, hankasalmi: Municipality, coordinator: User
) -> None:
    version = saying(send(make_card(hankasalmi), by=None), SMALL)
    first = request_card_document(version, by=coordinator, at=ON)
    assert (first.title, first.file_name) == ("Kuntakortti 2026: Hankasalmi", "kuntakortti-2026-hankasalmi.pdf")
    assert (first.kind, first.variant, first.language) == ("card", "final", "fi")
    assert request_card_document(version, by=coordinator, at=ON) == first
    assert kinds.thaw(first).doc.content == SMALL
    return_(version.card, note="Tarkenna.", by=coordinator)
    second = send(version.card, by=None)
    assert request_card_document(second, by=None, at=ON) != first


def test_the_worker_makes_it(in_scope: County, hankasalmi: Municipality) -> None:
    version = saying(send(make_card(hankasalmi), by=None), SMALL)
    document = request_card_document(version, by=None, at=ON)
    rendering.render(in_scope, document.pk)
    document.refresh_from_db()
    assert (document.state, document.pages) == (Document.State.READY, 2), document.reason


def test_what_is_not_approved_is_a_draft(in_scope: County, hankasalmi: Municipality) -> None:
    card = make_card(hankasalmi, approval=CardApproval.SELF)
    version = send(card, by=None)
    assert not is_final(version)
    draft = request_card_document(version, by=None, at=ON)
    approve(card, by=None, version=version, approver="Lautakunta", at=ON)
    version = CardVersion.objects.select_related("card").get()
    assert is_final(version)
    final = request_card_document(version, by=None, at=ON)
    assert (draft.variant, final.variant) == ("draft", "final")
    assert (kinds.thaw(final).doc.approved_on, kinds.thaw(final).doc.approver) == (ON.date(), "Lautakunta")


def seen(*users: User) -> list[bool]:
    """Return for each user whether they see the version, which must be the same as whether they see its document."""
    found = []
    for user in users:
        access = access_of(user, "keski-suomi")
        version = visible_versions(access).exists()
        assert visible_documents(access).filter(kind=KIND).exists() == version
        found.append(version)
    return found


@pytest.mark.parametrize("approval", [CardApproval.NONE, CardApproval.SELF])
def test_who_sees_a_version_and_its_document(
    approval: CardApproval,
    in_scope: County,
    hankasalmi: Municipality,
    coordinator: User,
    editor: User,
    reader: User,
    second_editor: User,
    board_member: User,
    outsider: User,
) -> None:
    """The county from sending on, the municipality its own, the board what is final; nobody of another municipality."""
    cast = (coordinator, editor, reader, second_editor, board_member)
    card = make_card(hankasalmi, approval=approval)
    assert seen(*cast) == [False] * 5
    version = send(card, by=editor)
    request_card_document(version, by=editor, at=ON)
    assert seen(*cast) == [True, True, True, False, approval == CardApproval.NONE]
    if approval == CardApproval.SELF:
        approve(card, by=editor, version=version)
        assert seen(*cast) == [True, True, True, False, True]
    return_(card, note="Tarkenna.", by=coordinator)
    # What was returned waits to be mended.
    assert seen(*cast) == [True, True, True, False, False]
    assert not is_final(CardVersion.objects.get())
    with scope(county=outsider.memberships.get().county):
        assert not visible_versions(access_of(outsider, "keski-uusimaa")).exists()
        assert not visible_documents(access_of(outsider, "keski-uusimaa")).exists()


def test_one_card_and_three_cost_the_same(
    in_scope: County, hankasalmi: Municipality, joutsa: Municipality, luhanka: Municipality, coordinator: User
) -> None:
    """To ask for a document, and to list those that one may see."""
    access = access_of(coordinator, "keski-suomi")
    spent = []
    for places in ([hankasalmi], [joutsa, luhanka]):
        for place in places:
            send(make_card(place), by=None)
        version = CardVersion.objects.select_related("card", "county__area").order_by("pk")[len(places) - 1]
        with CaptureQueriesContext(connection) as asking:
            request_card_document(version, by=None, at=ON)
        with CaptureQueriesContext(connection) as listing:
            assert visible_documents(access).filter(kind=KIND).exists()
        spent.append((len(asking), len(listing)))
    assert spent[0] == spent[1]
    assert spent[0][1] == 1


# --- The pages of the site ----------------------------------------------------------------------------------------


def test_asking_leads_to_the_page_of_the_document(
    hankasalmi: Municipality, editor: User, second_editor: User, client_for: Callable[[User | None], Client]
) -> None:
    with scope(county=hankasalmi.county):
        version = send(make_card(hankasalmi), by=editor)
    address = reverse("card_paper", args=["keski-suomi", version.pk])
    response = client_for(editor).post(address)
    with scope(county=hankasalmi.county):
        document = Document.objects.get()
    assert response.headers["Location"] == reverse("document", args=["keski-suomi", document.pk])
    assert client_for(editor).get(response.headers["Location"]).status_code == 200
    assert client_for(second_editor).post(address).status_code == 404
    assert client_for(second_editor).get(response.headers["Location"]).status_code == 404
