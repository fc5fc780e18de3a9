"""What is not public in minutes: no page, list, search, document or file tells it to those who are no party."""

from __future__ import annotations

import io
from collections.abc import Callable

from django.test import Client
from django.urls import reverse
from docx import Document as open_word
from pypdf import PdfReader

from municipalities.access import access_of
from municipalities.documents import path_of, rendering, visible_documents
from municipalities.models import County, Document, Municipality, User
from negotiations.models import AgendaItem, Measure, MeasureStatus, Minutes, MinutesAttachment
from negotiations.permissions import visible_measures
from negotiations.reporting.board import freeze, open_summary, put_on_agenda
from negotiations.reporting.summary import request_summary_document
from negotiations.search import search
from tests.negotiations.minutes_furnished import AT, GROUND, SECRET, begun
from tests.negotiations.test_board import MEETING
from tests.negotiations.test_minutes_told import checked, published

ClientFor = Callable[[User | None], Client]


def pages(minutes: Minutes) -> list[str]:
    """Return every address at which a reader might meet the minutes or what was agreed in them."""
    own = {"county": "keski-suomi"}
    negotiation = minutes.negotiation
    under = ("negotiation", "negotiation_minutes", "negotiation_agenda", "negotiation_workshop", "negotiation_log")
    measures = Measure.objects.filter(text__contains=SECRET)
    return [
        *(reverse(name, kwargs=own) for name in ("county_home", "rounds", "municipalities", "documents", "summaries")),
        *(reverse(name, kwargs=own) for name in ("measures", "negotiations", "duty")),
        *(f"{reverse('measures', kwargs=own)}?muoto={form}" for form in ("csv", "xlsx")),
        *(f"{reverse('search', kwargs=own)}?q={word}" for word in ("Teko", "Keskustelu", "Nuorisotila")),
        *(reverse(name, kwargs=own | {"pk": negotiation.pk}) for name in under),
        *(reverse("measure_edit", kwargs=own | {"pk": row.pk}) for row in measures),
        *(
            reverse(name, kwargs=own | {"pk": minutes.pk})
            for name in ("minutes_word", "minutes_package", "minutes_papers", "minutes_versions", "minutes_check")
        ),
        *(
            reverse("minutes_attachment_file", kwargs=own | {"pk": row.pk})
            for row in MinutesAttachment.objects.filter(minutes=minutes)
        ),
        *(
            reverse(name, kwargs=own | {"pk": row.pk})
            for row in Document.objects.all()
            for name in ("document", "document_download")
        ),
        *(reverse(name, kwargs=own | {"code": "077"}) for name in ("municipality", "promises")),
        reverse("round", kwargs=own | {"pk": negotiation.round_id}),
    ]


def text_of(answer: object) -> str:
    """Return all the text of an answer: of a page, a PDF or a Word file."""
    content: bytes = b"".join(getattr(answer, "streaming_content", None) or [answer.content])  # type: ignore[attr-defined]
    if content.startswith(b"%PDF"):
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    if content.startswith(b"PK") and b"word/" in content:
        return "\n".join(paragraph.text for paragraph in open_word(io.BytesIO(content)).paragraphs)
    return content.decode("utf-8", errors="replace")


def test_what_is_not_public_is_told_to_the_parties_alone(
    in_scope: County,
    hankasalmi: Municipality,
    coordinator: User,
    editor: User,
    second_editor: User,
    board_member: User,
    outsider: User,
    client_for: ClientFor,
) -> None:
    minutes = begun(in_scope, hankasalmi)
    published(minutes)
    round_ = minutes.negotiation.round
    assert round_ is not None
    summary = freeze(open_summary(round_, by=coordinator), by=coordinator)
    summary = put_on_agenda(summary, body="Aluehallitus", on=MEETING, by=coordinator)
    request_summary_document(summary, variant="final", by=coordinator, at=AT)
    for document in Document.objects.filter(state=Document.State.QUEUED):
        rendering.render(document.county, document.pk)
    told: dict[str, int] = {}
    for name, user in (
        ("coordinator", coordinator),
        ("party", editor),
        ("other municipality", second_editor),
        ("board", board_member),
        ("other county", outsider),
    ):
        client = client_for(user)
        told[name] = 0
        for path in pages(minutes):
            answer = client.get(path)
            if answer.status_code != 200:
                assert SECRET not in answer.content.decode(), path
                continue
            found = SECRET in text_of(answer)
            told[name] += found
            assert not found or name in {"coordinator", "party"}, f"{path} tells it to: {name}"
    # Those who may know it are told in many places, so that the assertion above could have failed.
    assert told["coordinator"] >= 8 and told["party"] >= 6
    assert (told["other municipality"], told["board"], told["other county"]) == (0, 0, 0)


def test_searches_and_measures_are_closed(
    in_scope: County, hankasalmi: Municipality, coordinator: User, editor: User, second_editor: User, board_member: User
) -> None:
    published(begun(in_scope, hankasalmi))
    seen = {
        user.email: (
            search(access_of(user, "keski-suomi"), SECRET).total,
            visible_measures(access_of(user, "keski-suomi")).filter(text__contains=SECRET).count(),
            visible_measures(access_of(user, "keski-suomi")).filter(text__startswith="Nuorisotila").count(),
        )
        for user in (coordinator, editor, second_editor, board_member)
    }
    # The earlier measure’s own minutes were never begun: the coordinator alone knows of it.
    assert [seen[user.email] for user in (coordinator, editor)] == [(3, 2, 1), (2, 1, 1)]
    assert [seen[user.email] for user in (second_editor, board_member)] == [(0, 0, 1), (0, 0, 1)]


def test_a_ground_set_on_an_item_closes_what_was_open(
    in_scope: County, hankasalmi: Municipality, board_member: User
) -> None:
    """The lists read the rows as they are, so that a ground closes them at once."""
    published(begun(in_scope, hankasalmi))
    access = access_of(board_member, "keski-suomi")
    open_ = visible_measures(access).filter(text__startswith="Nuorisotila")
    assert open_.exists()
    AgendaItem.objects.filter(title="Nuorten palvelut").update(secrecy_ground=GROUND)
    assert not open_.exists()


def test_what_was_told_of_a_measure_waits_for_the_minutes(
    in_scope: County, hankasalmi: Municipality, editor: User, board_member: User
) -> None:
    from negotiations.permissions import visible_statuses

    minutes = begun(in_scope, hankasalmi)

    def seen(user: User) -> bool:
        return visible_statuses(access_of(user, "keski-suomi")).exists()

    assert (seen(editor), seen(board_member)) == (False, False)
    checked(minutes)
    assert (seen(editor), seen(board_member)) == (True, False)
    from negotiations.minutes.checking import publish
    from negotiations.minutes.signing import sign_all

    publish(sign_all(Minutes.objects.get(pk=minutes.pk), by=None, at=AT), by=None, at=AT)
    assert (seen(editor), seen(board_member)) == (True, True)
    item = AgendaItem.objects.get(title="Nuorten palvelut")
    AgendaItem.objects.filter(pk=item.pk).update(secrecy_ground=GROUND)
    assert (seen(editor), seen(board_member)) == (True, False)
    assert MeasureStatus.objects.count() == 1


def test_no_document_that_others_see_has_it(in_scope: County, hankasalmi: Municipality, board_member: User) -> None:
    published(begun(in_scope, hankasalmi))
    documents = list(visible_documents(access_of(board_member, "keski-suomi")))
    assert len(documents) == 1
    rendering.render(in_scope, documents[0].pk)
    [document] = Document.objects.filter(pk=documents[0].pk)
    assert SECRET not in str(document.context)
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(path_of(document).read_bytes())).pages)
    assert SECRET not in text and "Ei julkinen" in text
