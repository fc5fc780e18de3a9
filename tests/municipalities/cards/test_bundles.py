"""All cards as PDFs in one go: which are in, how far they are, and the zip with its index."""

from __future__ import annotations

import csv
from collections.abc import Callable
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from pytest_django import Settings

from municipalities.cards import lifecycle
from municipalities.cards.bundles import contents_of, make_bundle, zipped
from municipalities.documents.storage import path_of
from municipalities.models import (
    Card,
    CardBundle,
    CardBundleItem,
    CardYear,
    County,
    Document,
    Download,
    Municipality,
    User,
)
from municipalities.moves import NotAllowedNow
from tests.factories import make_municipality
from tests.municipalities.cards.overseen import open_cards, send_card

ClientFor = Callable[[User | None], Client]
State = Document.State


@pytest.fixture(autouse=True)
def own_documents(settings: Settings, tmp_path: Path) -> None:
    """Keep the documents of each test apart."""
    settings.DOCUMENTS_ROOT = tmp_path / "documents"


@pytest.fixture
def card_year(in_scope: County, coordinator: User) -> CardYear:
    """The open year of the county's cards."""
    return open_cards(in_scope, by=coordinator)


@pytest.fixture
def bundle(
    card_year: CardYear,
    hankasalmi: Municipality,
    joutsa: Municipality,
    luhanka: Municipality,
    editor: User,
    coordinator: User,
) -> CardBundle:
    """A bundle of the county's cards: Hankasalmi and Joutsa have sent theirs, Luhanka has not."""
    for place in (joutsa, hankasalmi):
        send_card(card_year, place, by=editor)
    return make_bundle(card_year, [hankasalmi, joutsa, luhanka], title="Kuntakortit", by=coordinator)


def finish(municipality: Municipality, content: bytes = b"%PDF-") -> Document:
    """Put a made document's file in its place, as a worker would."""
    document: Document = CardBundleItem.objects.get(version__card__municipality=municipality).document
    path = path_of(document)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    Document.objects.filter(pk=document.pk).update(
        state=State.READY, progress=100, ready_at=timezone.now(), size=len(content), sha256="0" * 64, pages=2
    )
    return document


def break_(municipality: Municipality) -> None:
    """Let a document fail."""
    document = CardBundleItem.objects.get(version__card__municipality=municipality).document
    Document.objects.filter(pk=document.pk).update(state=State.FAILED, reason="Taulukko on liian leveä.")


def unpacked(bundle: CardBundle, by: User) -> tuple[dict[str, bytes], list[list[str]]]:
    """Return the files of the zip by name, and the rows of its index."""
    with translation.override("fi"), zipped(contents_of(bundle), by=by) as file, ZipFile(BytesIO(file.read())) as zip_:
        files = {name: zip_.read(name) for name in zip_.namelist()}
    index = files.pop("sisalto.csv").decode("utf-8-sig")
    return files, list(csv.reader(StringIO(index), delimiter=";"))


def test_it_has_the_last_sent_versions_and_names_who_has_sent_none(
    bundle: CardBundle, hankasalmi: Municipality, joutsa: Municipality, luhanka: Municipality
) -> None:
    found = contents_of(bundle)
    assert [paper.municipality for paper in found.papers] == [hankasalmi, joutsa]
    assert list(found.left_out) == [luhanka]
    assert {paper.document.state for paper in found.papers} == {State.QUEUED}
    assert found.is_running and found.progress == 0


def test_the_last_version_is_printed_also_of_a_card_that_is_being_mended(
    card_year: CardYear, hankasalmi: Municipality, editor: User, coordinator: User
) -> None:
    send_card(card_year, hankasalmi, by=editor)
    card = Card.objects.get()
    lifecycle.withdraw(card, by=editor)
    second = lifecycle.send(card, by=editor)
    lifecycle.return_(card, note="Lisää luku.", by=coordinator)
    (paper,) = contents_of(make_bundle(card_year, [hankasalmi], title="Kortit", by=coordinator)).papers
    assert paper.version == second and second.number == 2


def test_nothing_is_made_of_nothing(
    card_year: CardYear, hankasalmi: Municipality, editor: User, coordinator: User
) -> None:
    with pytest.raises(NotAllowedNow):
        make_bundle(card_year, [hankasalmi], title="Kortit", by=coordinator)
    assert not CardBundle.objects.exists()


def test_progress_is_whole_only_when_all_is_done(
    bundle: CardBundle, hankasalmi: Municipality, joutsa: Municipality, coordinator: User
) -> None:
    finish(hankasalmi)
    assert contents_of(bundle).progress == 50
    with pytest.raises(NotAllowedNow):
        zipped(contents_of(bundle), by=coordinator)
    break_(joutsa)
    found = contents_of(bundle)
    assert (found.is_running, found.progress) == (False, 100)
    assert [paper.municipality for paper in found.failed] == [joutsa]
    # What could be made is had.
    assert list(unpacked(bundle, coordinator)[0]) == ["hankasalmi-kuntakortti-2026.pdf"]


def test_a_zip_of_nothing_is_none(
    bundle: CardBundle, hankasalmi: Municipality, joutsa: Municipality, coordinator: User
) -> None:
    break_(hankasalmi)
    break_(joutsa)
    with pytest.raises(NotAllowedNow):
        zipped(contents_of(bundle), by=coordinator)


def test_the_zip_has_the_files_and_an_index_of_all(
    bundle: CardBundle, hankasalmi: Municipality, joutsa: Municipality, coordinator: User
) -> None:
    finish(hankasalmi, b"%PDF-hankasalmi")
    finish(joutsa, b"%PDF-joutsa")
    files, index = unpacked(bundle, coordinator)
    assert files == {
        "hankasalmi-kuntakortti-2026.pdf": b"%PDF-hankasalmi",
        "joutsa-kuntakortti-2026.pdf": b"%PDF-joutsa",
    }
    assert index[0] == ["Tiedosto", "Kunta", "Koodi", "Versio", "Lähetetty", "Hyväksytty", "Huomautuksia"]
    assert [row[:4] for row in index[1:]] == [
        ["hankasalmi-kuntakortti-2026.pdf", "Hankasalmi", "077", "1"],
        ["joutsa-kuntakortti-2026.pdf", "Joutsa", "172", "1"],
        ["", "Luhanka", "435", ""],
    ]
    assert index[3][6] == "ei lähetetty"
    # Each document that somebody takes is in the log of downloads.
    assert Download.objects.filter(user=coordinator).count() == 2


def test_a_file_that_has_been_lost_is_told_in_the_index(
    bundle: CardBundle, hankasalmi: Municipality, joutsa: Municipality, coordinator: User
) -> None:
    finish(hankasalmi)
    path_of(finish(joutsa)).unlink()
    files, index = unpacked(bundle, coordinator)
    assert list(files) == ["hankasalmi-kuntakortti-2026.pdf"]
    assert index[2][:2] == ["", "Joutsa"] and index[2][6]
    assert Download.objects.count() == 1


def test_one_card_and_many_cost_the_same(
    card_year: CardYear, hankasalmi: Municipality, luhanka: Municipality, editor: User, coordinator: User
) -> None:
    places = [hankasalmi]

    def cost() -> int:
        for place in places[-3:]:
            if not Card.objects.filter(municipality=place).exists():
                send_card(card_year, place, by=editor)
        bundle = make_bundle(card_year, [*places, luhanka], title="Kortit", by=coordinator)
        with CaptureQueriesContext(connection) as queries:
            assert len(contents_of(bundle).papers) == len(places)
        return len(queries)

    one = cost()
    places += [make_municipality(card_year.county, f"80{number}", f"Kunta {number}") for number in range(3)]
    assert cost() == one == 3


def test_the_page_shows_how_far_it_is_and_gives_the_zip(
    bundle: CardBundle,
    hankasalmi: Municipality,
    joutsa: Municipality,
    coordinator: User,
    editor: User,
    client_for: ClientFor,
) -> None:
    client = client_for(coordinator)
    url = reverse("card_bundle", args=["keski-suomi", bundle.pk])
    get_zip = reverse("card_bundle_zip", args=["keski-suomi", bundle.pk])
    running = client.get(url).content.decode()
    assert 'hx-trigger="every 2s"' in running and "0 / 2" in running and get_zip not in running
    assert "Luhanka" in running
    part = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith("<div") and "<html" not in part
    assert client.get(get_zip).status_code == 409
    finish(hankasalmi)
    finish(joutsa)
    ready = client.get(url).content.decode()
    assert "hx-get" not in ready and get_zip in ready
    answer: Any = client.get(get_zip)
    assert answer["Content-Type"] == "application/zip"
    assert len(ZipFile(BytesIO(b"".join(answer.streaming_content))).namelist()) == 3
    assert client_for(editor).get(url).status_code == client_for(editor).get(get_zip).status_code == 403
