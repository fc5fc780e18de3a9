"""What happened to a document, in plain words."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from municipalities.documents.history import WORDS, history_of
from municipalities.events import record
from municipalities.models import County, Municipality, User
from negotiations.minutes.checking import open_minutes, send_for_checking
from tests.factories import make_held, make_round
from tests.negotiations.test_checking import later


def test_the_page_tells_who_ordered_a_document_and_what_became_of_it(
    in_scope: County,
    hankasalmi: Municipality,
    coordinator: User,
    editor: User,
    client_for: Callable[[User | None], Client],
) -> None:
    """To the coordinator; a reader of the document is not told who works on it."""
    (minutes,) = open_minutes(make_held(make_round(in_scope), [hankasalmi], by=coordinator), by=coordinator)
    document = send_for_checking(minutes, check_by=later(), by=coordinator).document
    assert document is not None
    for verb in WORDS:
        if verb not in {"requested", "retried"}:
            record(document, verb, by=None, attempt=1, pages=1, code="x")
    told = history_of(document)
    assert len(told) == len(WORDS) - 1
    assert told[0].words == "Coordinator tilasi asiakirjan."
    assert "Asiakirja valmistui: 1 sivu." in [row.words for row in told]
    path = f"/keski-suomi/asiakirjat/{document.pk}/"
    assert "Coordinator tilasi asiakirjan." in client_for(coordinator).get(path).content.decode()
    assert "Coordinator" not in client_for(editor).get(path).content.decode()
