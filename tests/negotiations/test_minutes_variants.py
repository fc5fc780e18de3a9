"""Papers made of minutes: the public variant, excerpts, the list of attachments, Word and the package."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pdfua
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from docx import Document as open_word
from docx.document import Document as WordDocument
from hypothesis import given
from hypothesis import strategies as st

from municipalities.documents import path_of, rendering, visible_documents
from municipalities.models import County, Document, Event, Municipality, User
from municipalities.moves import NotAllowedNow
from negotiations.log import WORDS
from negotiations.minutes import package, papers
from negotiations.minutes.composing import compose
from negotiations.minutes.package import DCTERMS, OWN, package_of, safe_name
from negotiations.minutes.publicity import has_secrets, public_of
from negotiations.minutes.reading import title_of
from negotiations.minutes.word import minutes_docx
from negotiations.models import AgendaItem, LegalBasis, Minutes, MinutesAttachment, MinutesPaper, Negotiation
from tests.negotiations.minutes_furnished import AT, GROUND, SECRET, begun
from tests.negotiations.test_minutes_told import checked, published, read

ClientFor = Callable[[User | None], Client]


@pytest.fixture
def minutes(in_scope: County, hankasalmi: Municipality) -> Minutes:
    """Minutes with something that is not public: a draft."""
    return begun(in_scope, hankasalmi)


def again(minutes: Minutes) -> Minutes:
    """Return the minutes as they are in the database."""
    return Minutes.objects.get(pk=minutes.pk)


def item(minutes: Minutes, number: int) -> AgendaItem:
    """Return an item of the part on welfare."""
    found: AgendaItem = AgendaItem.objects.get(
        part__negotiation=minutes.negotiation, part__legal_basis=LegalBasis.WELFARE, position=number
    )
    return found


def made(document: Document) -> Document:
    """Have the worker's code make the document."""
    rendering.render(document.county, document.pk)
    return Document.objects.get(pk=document.pk)


# --- The public variant ---------------------------------------------------------------------------------------


def test_the_public_variant_keeps_the_number_and_the_ground_alone(minutes: Minutes) -> None:
    context = public_of(compose(minutes))
    assert context.is_public_variant and SECRET not in repr(context)
    part = context.parts[1]
    assert [(each.number, each.is_withheld) for each in part.items] == [(1, False), (2, True), (3, False)]
    assert part.items[1].secrecy_ground == GROUND
    assert [(each.number, each.title) for each in context.enclosures] == [
        (1, "Kunnan nostot"),
        (2, ""),
        (3, ""),
        (4, "Esityskalvot"),
    ]
    # Under a public item, a measure agreed a year ago under one that was not is left out; the others stay.
    assert len(part.items[0].followed) == 2


def test_it_is_printed_without_what_is_secret(minutes: Minutes) -> None:
    published(minutes)
    text = " ".join(" ".join(read(MinutesPaper.objects.get().document)).split())
    assert SECRET not in text
    for told in (
        "Julkinen versio",
        "2 § Ei julkinen asia",
        GROUND,
        f"Liite 2: ei julkinen, {GROUND}",
        "Nuorten palvelut",
    ):
        assert told in text, told
    whole = again(minutes).document
    assert whole is not None and SECRET in " ".join(read(whole))


def test_where_all_is_public_both_are_one_document(minutes: Minutes) -> None:
    AgendaItem.objects.update(secrecy_ground="")
    MinutesAttachment.objects.update(secrecy_ground="")
    assert not has_secrets(compose(again(minutes)))
    published(minutes)
    assert MinutesPaper.objects.get().document_id == again(minutes).document_id


def test_it_is_a_draft_before_the_minutes_are_checked(minutes: Minutes) -> None:
    pages = read(papers.request_public(minutes, by=None, at=AT))
    assert all("LUONNOS" in page for page in pages)
    assert "Julkinen versio: Neuvottelupöytäkirja" in pages[1]


def test_others_get_the_public_one_once_published_and_never_the_whole(
    minutes: Minutes, coordinator: User, editor: User, board_member: User
) -> None:
    from municipalities.access import access_of

    def seen(user: User) -> set[str]:
        found = visible_documents(access_of(user, "keski-suomi"))
        return {"julkinen" if document.title.startswith("Julkinen") else "koko" for document in found}

    papers.request_public(minutes, by=None, at=AT)
    assert (seen(coordinator), seen(editor), seen(board_member)) == ({"julkinen"}, set(), set())
    checked(minutes)
    assert (seen(coordinator), seen(editor), seen(board_member)) == ({"julkinen", "koko"}, {"koko"}, set())
    from negotiations.minutes.checking import publish
    from negotiations.minutes.signing import sign_all

    publish(sign_all(again(minutes), by=None, at=AT), by=None, at=AT)
    assert (seen(coordinator), seen(editor), seen(board_member)) == (
        {"julkinen", "koko"},
        {"julkinen", "koko"},
        {"julkinen"},
    )


# --- Excerpts and lists ---------------------------------------------------------------------------------------


def test_an_excerpt_tells_one_item_and_who_certifies_it(minutes: Minutes) -> None:
    checked(minutes)
    document = papers.request_excerpt(again(minutes), item(minutes, 1), by=None, at=AT)
    text = " ".join(" ".join(read(document)).split())
    for told in ("Ote: Neuvottelupöytäkirja", "26.9.2024", "1 § Nuorten palvelut", "Otteen oikeaksi todistaa"):
        assert told in text, told
    assert "Puitesopimus" not in text and "Olli Osanen" not in text and "Asia 1" not in text
    assert document.title == "Ote: Neuvottelupöytäkirja: Hankasalmi 26.9.2024, 1 § (6–7 §)"
    assert document.file_name == "ote-neuvottelupoytakirja-hankasalmi-2024-09-26-612-2021-1.pdf"


def test_what_may_still_change_is_not_certified(minutes: Minutes) -> None:
    with pytest.raises(NotAllowedNow, match="kun pöytäkirja on tarkastettu"):
        papers.request_excerpt(minutes, item(minutes, 1), by=None)
    checked(minutes)
    # Of another negotiation.
    other = AgendaItem.objects.exclude(part__negotiation=minutes.negotiation)[0]
    with pytest.raises(NotAllowedNow, match="ei ole tässä pöytäkirjassa"):
        papers.request_excerpt(again(minutes), other, by=None)


def test_a_title_that_is_not_public_is_in_no_name(minutes: Minutes) -> None:
    checked(minutes)
    document = papers.request_excerpt(again(minutes), item(minutes, 2), by=None, at=AT)
    assert SECRET.lower() not in f"{document.title} {document.file_name}".lower()


def test_the_same_paper_is_asked_for_once(minutes: Minutes) -> None:
    checked(minutes)
    first = papers.request_excerpt(again(minutes), item(minutes, 1), by=None, at=AT)
    second = papers.request_excerpt(again(minutes), item(minutes, 3), by=None, at=AT)
    assert first.pk != second.pk
    assert papers.request_excerpt(again(minutes), item(minutes, 1), by=None, at=AT).pk == first.pk
    assert MinutesPaper.objects.filter(kind=MinutesPaper.Kind.EXCERPT).count() == 2


def test_the_list_of_attachments_tells_files_items_and_publicity(minutes: Minutes) -> None:
    text = " ".join(" ".join(read(papers.request_attachment_list(minutes, by=None, at=AT))).split())
    assert "Liiteluettelo: Neuvottelupöytäkirja" in text
    assert f"Kunnan nostot Kunnan nostot.txt SHA-256 {1:064d}" in text.replace("\N{SOFT HYPHEN}", "") or (
        f"{1:064d}" in text.replace(" ", "")
    )
    assert text.count(f"Ei julkinen: {GROUND}") == 2
    assert "ei tiedostoa" in text
    MinutesAttachment.objects.all().delete()
    with pytest.raises(NotAllowedNow, match="ei ole liitteitä"):
        papers.request_attachment_list(again(minutes), by=None, at=AT)


@pytest.mark.parametrize("language", ["fi", "sv"])
def test_an_independent_checker_finds_no_errors(minutes: Minutes, language: str) -> None:
    Negotiation.objects.filter(pk=minutes.negotiation_id).update(language=language)
    checked(again(minutes))
    for document in (
        papers.request_public(again(minutes), by=None, at=AT),
        papers.request_excerpt(again(minutes), item(minutes, 1), by=None, at=AT),
        papers.request_attachment_list(again(minutes), by=None, at=AT),
    ):
        ready = made(document)
        assert ready.state == Document.State.READY, ready.reason
        assert not pdfua.validate(str(path_of(ready))).findings


# --- Word -----------------------------------------------------------------------------------------------------


def word_of(minutes: Minutes, *, public: bool = False) -> WordDocument:
    """Return the Word file, opened."""
    context = compose(again(minutes))
    content = minutes_docx(public_of(context) if public else context, title=title_of(again(minutes)), colour="#0e5d8a")
    return open_word(io.BytesIO(content))


def text_of(document: WordDocument) -> str:
    """Return all that is in a Word file, in one line a paragraph."""
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def headings(document: WordDocument) -> list[tuple[str, str]]:
    """Return the headings with their levels."""
    return [
        (str(paragraph.style.name).removeprefix("Heading "), paragraph.text.replace("\N{NO-BREAK SPACE}", " "))
        for paragraph in document.paragraphs
        if paragraph.style is not None and str(paragraph.style.name).startswith("Heading")
    ]


def test_word_has_headings_numbers_lists_and_the_language(minutes: Minutes) -> None:
    document = word_of(minutes)
    found = headings(document)
    assert found[0] == ("1", "Neuvottelupöytäkirja")
    assert ("2", "Osa 2: Hyvinvoinnin ja terveyden edistämisen neuvottelu") in found
    assert [text for level, text in found if level == "3" and "§" in text] == [
        "1 § Asia 1",
        "2 § Asia 2",
        "3 § Asia 3",
        "1 § Nuorten palvelut",
        f"2 § Otsikko {SECRET}",
        "3 § Puitesopimus",
    ]
    # In order: no level is left out.
    levels = [int(level) for level, _text in found]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert document.core_properties.language == "fi-FI"
    bullets = [p.text for p in document.paragraphs if p.style is not None and p.style.name == "List Bullet"]
    assert (
        "Nuorisotila avataan lauantaisin.\nHankasalmi, nuorisopalvelut · 31.3.2025 · Mielen hyvinvointi"
        in "\n".join(bullets)
    )
    assert any("Liisa Sijainen" in line and "sijaisena (varsinainen Matti Poissa)" in line for line in bullets)
    text = text_of(document)
    for told in ("Läsnäolo: Avattaessa paikalla 18", "Siirrettiin seuraavaan neuvotteluun.", "Avoimet ovet. (Pöytä 1)"):
        assert told in text, told
    assert [cell.text for cell in document.tables[0].rows[0].cells] == [
        "Osapuoli",
        "Tarkastaja",
        "Merkintä",
        "Päivä",
        "Versio",
    ]


def test_a_draft_in_word_says_so_on_each_page(minutes: Minutes) -> None:
    assert word_of(minutes).sections[0].header.paragraphs[0].text.startswith("LUONNOS · ")
    checked(minutes)
    assert "LUONNOS" not in word_of(minutes).sections[0].header.paragraphs[0].text


def test_the_public_variant_in_word_has_nothing_secret(minutes: Minutes) -> None:
    document = word_of(minutes, public=True)
    text = text_of(document)
    assert SECRET not in text and f"Ei julkinen: {GROUND}" in text
    assert ("3", "2 § Ei julkinen asia") in headings(document)


def test_word_is_swedish_where_the_minutes_are(minutes: Minutes) -> None:
    Negotiation.objects.filter(pk=minutes.negotiation_id).update(language="sv")
    document = word_of(minutes)
    assert document.core_properties.language == "sv-FI"
    text = text_of(document)
    assert "Närvaro: " in text and "Agenda" not in text and "Läsnäolo" not in text


def test_what_xml_cannot_hold_is_left_out_of_word(minutes: Minutes) -> None:
    AgendaItem.objects.filter(pk=item(minutes, 1).pk).update(discussion="Sana\x0b ja <b>toinen</b>")
    assert "Sana ja <b>toinen</b>" in text_of(word_of(minutes))


# --- The package ----------------------------------------------------------------------------------------------


def packed(minutes: Minutes, *, public: bool) -> tuple[str, dict[str, bytes]]:
    """Return the package's name and its files."""
    row = again(minutes)
    document = MinutesPaper.objects.get(kind=MinutesPaper.Kind.PUBLIC).document if public else row.document
    assert document is not None
    made(document)
    name, content = package_of(again(minutes), public=public)
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert opened.testzip() is None
        return name, {entry: opened.read(entry) for entry in opened.namelist()}


def test_the_whole_package_has_all_files_and_tells_their_hashes(minutes: Minutes) -> None:
    published(minutes)
    name, files = packed(minutes, public=False)
    assert name == "neuvottelupoytakirja-hankasalmi-2024-09-26.zip"
    assert list(files) == [
        "neuvottelupoytakirja-hankasalmi-2024-09-26.pdf",
        "liitteet/01-kunnan-nostot.txt",
        "liitteet/02-liite-salaisuus-xq.txt",
        "liitteet/03-asian-liite-salaisuus-xq.txt",
        "metadata.xml",
        "metadata.json",
    ]
    known: dict[str, Any] = json.loads(files["metadata.json"])
    assert {file["path"]: file["sha256"] for file in known["files"]} == {
        path: hashlib.sha256(content).hexdigest() for path, content in files.items() if not path.startswith("metadata")
    }
    assert (known["caseNumber"], known["created"], known["issued"]) == ("HVA/123/2024", "2024-09-26", "2024-10-14")
    assert known["publicity"] == {"class": "Osittain salassapidettävä", "grounds": [GROUND], "leftOut": []}
    # Of the files too: the whole minutes hold what is not public of their items.
    assert [file["publicity"]["class"] for file in known["files"]] == [
        "Osittain salassapidettävä",
        "Julkinen",
        "Salassapidettävä",
        "Salassapidettävä",
    ]
    assert known["files"][0]["publicity"]["ground"] == GROUND
    assert known["identifier"] == f"sha256:{again(minutes).versions.get().sha256}"
    assert known["contributor"] == ["Keski-Suomen hyvinvointialue", "Hankasalmi"]
    assert [left["attachment"] for left in known["attachmentsWithoutFile"]] == [4]
    assert files["neuvottelupoytakirja-hankasalmi-2024-09-26.pdf"].startswith(b"%PDF")
    # XML tells the same as JSON.
    root = ET.fromstring(files["metadata.xml"])  # noqa: S314 - our own
    assert root.tag == f"{{{OWN}}}Poytakirja"
    assert root.findtext(f"{{{DCTERMS}}}title") == known["title"]
    assert [each.text for each in root.findall(f"{{{DCTERMS}}}contributor")] == known["contributor"]
    assert root.findtext(f"{{{OWN}}}Asiatunnus") == known["caseNumber"]
    assert root.findtext(f"{{{OWN}}}Julkisuusluokka") == known["publicity"]["class"]
    told = [
        (each.get("nimi"), each.get("sha256"), int(each.get("koko") or 0), each.findtext(f"{{{OWN}}}Nimeke"))
        for each in root.findall(f"{{{OWN}}}Tiedosto")
    ]
    assert told == [(file["path"], file["sha256"], file["size"], file["title"]) for file in known["files"]]
    # The same minutes give the same bytes.
    assert package_of(again(minutes), public=False) == package_of(again(minutes), public=False)


def test_the_public_package_has_nothing_that_is_secret(minutes: Minutes) -> None:
    published(minutes)
    name, files = packed(minutes, public=True)
    assert name == "julkinen-neuvottelupoytakirja-hankasalmi-2024-09-26.zip"
    assert list(files) == [
        "neuvottelupoytakirja-hankasalmi-2024-09-26.pdf",
        "liitteet/01-kunnan-nostot.txt",
        "metadata.xml",
        "metadata.json",
    ]
    whole = b"".join(content for path, content in files.items() if not path.endswith(".pdf"))
    assert SECRET.encode() not in whole and SECRET.lower().encode() not in whole
    known = json.loads(files["metadata.json"])
    assert known["publicity"] == {"class": "Julkinen", "grounds": [], "leftOut": [GROUND]}
    assert {file["publicity"]["class"] for file in known["files"]} == {"Julkinen"}
    assert [(left["attachment"], left["title"]) for left in known["attachmentsWithoutFile"]] == [
        (2, ""),
        (3, ""),
        (4, "Esityskalvot"),
    ]


def test_a_package_waits_for_the_checking_and_for_its_pdf(minutes: Minutes) -> None:
    with pytest.raises(NotAllowedNow, match="kun pöytäkirja on tarkastettu"):
        package_of(minutes, public=False)
    checked(minutes)
    with pytest.raises(NotAllowedNow, match="ei ole vielä valmis"):
        package_of(again(minutes), public=False)
    with pytest.raises(NotAllowedNow, match="Julkista versiota ei ole tehty"):
        package_of(again(minutes), public=True)


@given(name=st.text(max_size=60))
def test_names_of_files_are_safe(name: str) -> None:
    safe = safe_name(name)
    assert safe.isascii() and "/" not in safe and ".." not in safe and not safe.startswith(".")
    assert 1 <= safe.count(".") <= 1 and len(safe) <= 100


def test_what_xml_cannot_hold_is_left_out_of_the_metadata() -> None:
    publicity = {"class": "Julkinen", "ground": "", "grounds": [], "leftOut": []}
    texts = dict.fromkeys(("title", "alternative", "identifier", "type", "language", "created"), "Sana\x0b <1> &")
    rest = dict.fromkeys(("dateAccepted", "issued", "isPartOf", "isVersionOf", "creator", "caseNumber", "state"), "")
    lists: dict[str, list[Any]] = {
        name: [] for name in ("contributor", "legalBasis", "checkers", "signatories", "files", "attachmentsWithoutFile")
    }
    root = ET.fromstring(  # noqa: S314 - our own
        package.as_xml(texts | rest | lists | {"version": 0, "publicity": publicity})
    )
    assert root.findtext(f"{{{DCTERMS}}}title") == "Sana <1> &"
    # What is not known is left out.
    assert root.find(f"{{{OWN}}}Asiatunnus") is None


# --- The pages ------------------------------------------------------------------------------------------------


def url(name: str, minutes: Minutes) -> str:
    """Return an address of the minutes in the cast's county."""
    return reverse(name, args=["keski-suomi", minutes.pk])


def test_the_page_of_papers_orders_each(minutes: Minutes, coordinator: User, client_for: ClientFor) -> None:
    client = client_for(coordinator)
    page = client.get(url("minutes_papers", minutes)).content.decode()
    assert "Julkisesta versiosta jää pois asioita: 1, liitteitä: 2." in page and "Otteen voi tehdä, kun" in page
    checked(minutes)
    for name, data in (
        ("minutes_public", {}),
        ("minutes_excerpt", {"item": str(item(minutes, 1).pk)}),
        ("minutes_attachment_list", {}),
    ):
        answer = client.post(url(name, minutes), data)
        paper = MinutesPaper.objects.select_related("document").order_by("-pk")[0]
        assert answer["Location"] == reverse("document", args=["keski-suomi", paper.document_id]), name
    verbs = Event.objects.filter(subject="negotiations.minutes", verb="paper_requested")
    assert [event.payload["kind"] for event in verbs.order_by("pk")] == ["public", "excerpt", "attachments"]
    page = client.get(url("minutes_papers", minutes)).content.decode()
    assert "Tee julkinen versio uudelleen" in page and "jonossa" in page
    for event in verbs:
        words = WORDS[event.subject, event.verb]({**event.payload, "who": "Kaisa"}, {})
        assert words.startswith("Kaisa tilasi")


@pytest.mark.parametrize("wanted", ["", "x", "-1", "9" * 30, "0", "²"])
def test_an_excerpt_of_no_item_is_not_found(
    minutes: Minutes, coordinator: User, client_for: ClientFor, wanted: str
) -> None:
    checked(minutes)
    assert client_for(coordinator).post(url("minutes_excerpt", minutes), {"item": wanted}).status_code == 404


def test_the_package_is_downloaded_and_told_in_the_log(
    minutes: Minutes, coordinator: User, client_for: ClientFor
) -> None:
    published(minutes)
    packed(minutes, public=True)
    answer = client_for(coordinator).get(url("minutes_package", minutes), {"versio": "julkinen"})
    assert answer["Content-Type"] == package.MEDIA_TYPE
    assert 'filename="julkinen-neuvottelupoytakirja-hankasalmi-2024-09-26.zip"' in answer["Content-Disposition"]
    event = Event.objects.get(verb="package_taken")
    assert event.payload["is_public"] is True
    assert WORDS[event.subject, event.verb]({**event.payload, "who": "Kaisa"}, {}) == (
        "Kaisa latasi pöytäkirjan julkisen paketin."
    )


def test_a_package_that_is_not_ready_leads_back(minutes: Minutes, coordinator: User, client_for: ClientFor) -> None:
    answer = client_for(coordinator).get(url("minutes_package", minutes))
    assert answer.status_code == 409 and "kun pöytäkirja on tarkastettu" in answer.content.decode()


def test_word_is_whole_for_the_parties_and_public_for_others(
    minutes: Minutes, coordinator: User, editor: User, board_member: User, client_for: ClientFor
) -> None:
    assert client_for(board_member).get(url("minutes_word", minutes)).status_code == 404
    published(minutes)
    secret = {}
    for user in (coordinator, editor, board_member):
        answer = client_for(user).get(url("minutes_word", minutes))
        secret[user.pk] = SECRET in text_of(open_word(io.BytesIO(answer.content)))
    assert secret == {coordinator.pk: True, editor.pk: True, board_member.pk: False}
    asked = client_for(coordinator).get(url("minutes_word", minutes), {"versio": "julkinen"})
    assert SECRET not in text_of(open_word(io.BytesIO(asked.content)))
    assert "julkinen-neuvottelupoytakirja" in asked["Content-Disposition"]


def test_files_go_to_those_who_may_have_them(
    minutes: Minutes, coordinator: User, editor: User, board_member: User, client_for: ClientFor
) -> None:
    published(minutes)
    rows = list(MinutesAttachment.objects.order_by("position"))

    def answers(user: User) -> list[int]:
        client = client_for(user)
        return [
            client.get(reverse("minutes_attachment_file", args=["keski-suomi", row.pk])).status_code for row in rows
        ]

    assert answers(coordinator) == answers(editor) == [200, 200, 200, 404]
    # One that is not public itself, and one of an item that is not.
    assert answers(board_member) == [200, 404, 404, 404]
    answer = client_for(editor).get(reverse("minutes_attachment_file", args=["keski-suomi", rows[0].pk]))
    assert answer.content == b"Nostot tiedostona." and answer["X-Content-Type-Options"] == "nosniff"


def test_the_page_costs_the_same_however_many_there_are(
    minutes: Minutes, coordinator: User, client_for: ClientFor
) -> None:
    checked(minutes)
    client = client_for(coordinator)
    spent = []
    for number in (1, 3):
        papers.request_excerpt(again(minutes), item(minutes, number), by=None, at=AT)
        with CaptureQueriesContext(connection) as queries:
            client.get(url("minutes_papers", minutes))
        spent.append(len(queries))
    assert spent[0] == spent[1] <= 14
