"""Attachments of minutes: copied from the agenda, attached with files, changed, removed and brought back whole."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from municipalities.models import County, Municipality, User
from municipalities.moves import NotAllowedNow
from negotiations.minutes import attachments
from negotiations.minutes.checking import open_minutes
from negotiations.models import (
    AgendaAttachment,
    AgendaItem,
    AttachedFile,
    LegalBasis,
    Minutes,
    MinutesAttachment,
    Negotiation,
)
from tests.factories import BOTH, make_held, make_round

ClientFor = Callable[[User | None], Client]
GROUND = "JulkL 24 § 1 mom. 25 kohta"


@pytest.fixture
def held(in_scope: County, hankasalmi: Municipality) -> Negotiation:
    """A combined negotiation that has been held, with something attached to the items of each part."""
    negotiation = make_held(make_round(in_scope, legal_bases=list(BOTH)), [hankasalmi], bases=BOTH)
    file = AttachedFile.objects.create(
        county=in_scope, name="a.txt", media_type="text/plain", size=1, sha256="a" * 64, content=b"a"
    )
    for part in negotiation.parts.all():
        for item in part.items.order_by("-position"):
            AgendaAttachment.objects.create(
                county=in_scope,
                item=item,
                position=1,
                title=f"{part.position}.{item.position}",
                file=file,
                secrecy_ground=GROUND if item.position == 2 else "",
            )
    return negotiation


def upload(content: bytes = b"Nostot.", name: str = "nostot.txt") -> SimpleUploadedFile:
    """Return a file as it is sent."""
    return SimpleUploadedFile(name, content)


def listed(minutes: Minutes) -> list[tuple[int, str, str]]:
    """Return the attachments: number, title and ground."""
    return list(minutes.attachments.order_by("position").values_list("position", "title", "secrecy_ground"))


# --- From the agenda --------------------------------------------------------------------------------------------


def test_what_was_attached_to_the_agenda_comes_along(held: Negotiation) -> None:
    [minutes] = open_minutes(held, by=None)
    assert listed(minutes) == [(1, "1.1", ""), (2, "1.2", GROUND), (3, "2.1", ""), (4, "2.2", GROUND)]
    assert all(row.file is not None and row.item is not None for row in minutes.attachments.all())
    # Repeatable, and what has been changed since stays.
    assert attachments.copy_agenda_attachments(minutes) == []
    assert len(listed(minutes)) == 4


def test_each_of_two_documents_gets_those_of_its_part(held: Negotiation) -> None:
    County.objects.update(minutes_form=County.MinutesForm.TWO)
    documents = open_minutes(Negotiation.objects.get(pk=held.pk), by=None)
    assert [[title for _number, title, _ground in listed(row)] for row in documents] == [["1.1", "1.2"], ["2.1", "2.2"]]


# --- Attached, changed, removed ---------------------------------------------------------------------------------


def test_a_file_is_attached_to_an_item_and_comes_back_whole(held: Negotiation, coordinator: User) -> None:
    [minutes] = open_minutes(held, by=None)
    item = AgendaItem.objects.filter(part__negotiation=held)[0]
    made = attachments.attach(minutes, "Nostot", upload=upload(), item=item, secrecy_ground=GROUND, by=coordinator)
    assert made.file and (made.position, bytes(made.file.content)) == (5, b"Nostot.")
    other = MinutesAttachment.objects.get(position=2)
    kept = attachments.remove_attachment(made, by=coordinator)
    attachments.remove_attachment(other, by=coordinator)
    back = attachments.restore_attachment(minutes, kept, by=coordinator)
    assert (back.title, back.item, back.file, back.secrecy_ground) == ("Nostot", item, made.file, GROUND)


def test_what_is_gone_meanwhile_cannot_be_brought_back(held: Negotiation, coordinator: User) -> None:
    [minutes] = open_minutes(held, by=None)
    kept = {"number": 1, "title": "Nostot", "item": None, "file": 999_999_999, "secrecy_ground": ""}
    with pytest.raises(NotAllowedNow, match="Lisää"):
        attachments.restore_attachment(minutes, kept, by=coordinator)


def test_there_is_an_end_to_attachments(held: Negotiation, coordinator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    [minutes] = open_minutes(held, by=None)
    monkeypatch.setattr(attachments, "MOST_ATTACHMENTS", 4)
    with pytest.raises(ValidationError, match="enintään 4 liitettä"):
        attachments.attach(minutes, "Viides", by=coordinator)


# --- The pages --------------------------------------------------------------------------------------------------


def test_a_file_is_attached_changed_and_left_out_on_the_page(
    held: Negotiation, coordinator: User, client_for: ClientFor
) -> None:
    [minutes] = open_minutes(held, by=None)
    minutes.attachments.all().delete()
    client = client_for(coordinator)
    new = reverse("minutes_attachment_new", args=["keski-suomi", minutes.pk])
    item = AgendaItem.objects.get(part__negotiation=held, part__legal_basis=LegalBasis.WELFARE, position=2)
    page = client.get(new).content.decode()
    # Told apart by the part, as each is numbered from one.
    assert "6–7 §: 2\N{NO-BREAK SPACE}§ Asia 2" in page and "koko pöytäkirja" in page
    answer = client.post(new, {"title": "Nostot", "upload": upload(), "item": str(item.pk), "secrecy_ground": GROUND})
    assert answer.status_code == 302
    made = MinutesAttachment.objects.get()
    assert made.file and (made.item, made.secrecy_ground, bytes(made.file.content)) == (item, GROUND, b"Nostot.")
    edit = reverse("minutes_attachment", args=["keski-suomi", made.pk])
    page = client.get(edit).content.decode()
    assert "nostot.txt" in page
    values = {"title": "Nostot 2", "item": "", "secrecy_ground": "", "without_file": "on"}
    assert client.post(edit, values).status_code == 302
    mended = MinutesAttachment.objects.filter(title="Nostot 2", item=None, file=None, secrecy_ground="")
    assert mended.get().pk == made.pk


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"title": ""}, "Otsikko"),
        ({"title": "x", "upload": ("virus.exe", b"MZ")}, "Tämänlaista tiedostoa ei voi liittää"),
        ({"title": "x", "item": "999999999"}, "Asiakohta"),
        ({"title": "x", "item": "²"}, "Asiakohta"),
    ],
)
def test_what_cannot_be_attached_is_told_beside_the_field(
    held: Negotiation, coordinator: User, client_for: ClientFor, values: dict[str, object], words: str
) -> None:
    [minutes] = open_minutes(held, by=None)
    sent = dict(values)
    match sent.get("upload"):
        case (str(name), bytes(content)):
            sent["upload"] = upload(content, name)
    answer = client_for(coordinator).post(reverse("minutes_attachment_new", args=["keski-suomi", minutes.pk]), sent)
    assert answer.status_code == 422 and words in answer.content.decode()
    assert minutes.attachments.count() == 4
