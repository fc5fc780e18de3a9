"""Taking in minutes written elsewhere: after what is there, all or nothing, and only while they can be written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from municipalities.models import County, Municipality, User
from municipalities.moves import NotAllowedNow
from negotiations.log import log_of
from negotiations.minutes.checking import open_minutes, send_for_checking
from negotiations.minutes.pasted_text import read
from negotiations.minutes.pasting import Place, Placed, parts_there, propose, take_in
from negotiations.models import AgendaItem, Minutes, Negotiation
from negotiations.sitting.conduct import convene
from negotiations.sitting.live_writing import LONGEST
from tests.factories import BOTH, make_held, make_negotiation, make_round
from tests.negotiations.test_checking import later
from tests.negotiations.test_pasted_text import COMBINED
from tests.negotiations.test_pasted_word import made


@pytest.fixture
def held(in_scope: County, hankasalmi: Municipality, coordinator: User) -> Negotiation:
    """A combined negotiation that was held: two items in each part, which have been written of."""
    return make_held(make_round(in_scope, legal_bases=list(BOTH)), [hankasalmi], by=coordinator, bases=BOTH)


def placed(negotiation: Negotiation, text: str) -> list[Placed]:
    """Return the pieces of a text where they are proposed to go."""
    pieces = read(text)
    return [Placed(*one) for one in zip(pieces, propose(pieces, parts_there(negotiation)), strict=True)]


def items(negotiation: Negotiation, part: int = 0) -> dict[str, tuple[int, str, str]]:
    """Return what is written of the items of a part, by their titles."""
    rows = AgendaItem.objects.filter(part=negotiation.parts.order_by("position")[part])
    return {row.title: (row.position, row.discussion, row.agreed) for row in rows}


# --- The rules --------------------------------------------------------------------------------------------------


def test_text_goes_after_what_is_there(held: Negotiation, coordinator: User) -> None:
    """The same title is the same item, another one a new item at the end; the minutes begin if they had not."""
    text = (
        "# 14 §\n## Asia 1\nLisää puhetta.\nPäätös: Lisää.\n## Uusi asia\nUutta."
        "\n# 6–7 §\n## asia 2.\nMuuta.\n# Avaus\nNäin."
    )
    taken = take_in(held, placed(held, text), by=coordinator)
    assert (taken.new, taken.texts, taken.left_out) == (1, 4, 0)
    assert items(held)["Asia 1"] == (1, "Keskusteltiin.\n\nLisää puhetta.", "Sovittiin 1.\n\nLisää.")
    assert items(held)["Uusi asia"] == (3, "Uutta.", "")
    assert items(held, 1)["Asia 2"] == (2, "Keskusteltiin.\n\nMuuta.", "Sovittiin 2.")
    assert held.parts.get(position=2).opening == "Avaus 6–7 §.\n\nNäin."
    assert Minutes.objects.get().state == Minutes.State.DRAFT
    with translation.override("en"):
        told = "1 new items, 4 texts in what was there, 0 pieces left out"
        assert any(told in event.words for event in log_of([held]))


def test_the_same_again_changes_nothing_that_was_there(held: Negotiation, coordinator: User) -> None:
    """Whole lines are compared: part of a sentence is not the sentence."""
    text = "# 14 §\n## Asia 1\nKeskusteltiin.\n## Asia 2\nKeskustel"
    assert take_in(held, placed(held, text), by=coordinator).texts == 1
    assert items(held)["Asia 1"][1] == "Keskusteltiin."
    assert items(held)["Asia 2"][1] == "Keskusteltiin.\n\nKeskustel"
    assert take_in(held, placed(held, text), by=coordinator).texts == 0


def test_one_that_cannot_be_put_keeps_all_out(held: Negotiation, hankasalmi: Municipality, coordinator: User) -> None:
    """An item that is there no more, of another negotiation, or whose text would grow too long."""
    other = make_held(make_round(held.county, name="Toinen"), [hankasalmi], by=coordinator)
    stranger = AgendaItem.objects.filter(part__negotiation=other)[0]
    first = AgendaItem.objects.filter(part__negotiation=held)[0]
    long, short = read("# Pitkä\n" + "x" * LONGEST)[0], read("# Lyhyt\nTeksti.")[0]
    for wrong in (
        Placed(short, Place("item", stranger.pk)),
        Placed(short, Place("new", stranger.part_id)),
        Placed(short, Place("opening", 999_999)),
        Placed(long, Place("item", first.pk)),
    ):
        with pytest.raises(ValidationError):
            take_in(held, [Placed(short, Place("item", first.pk)), wrong], by=coordinator)
    assert items(held)["Asia 1"][1] == "Keskusteltiin."
    assert not Minutes.objects.filter(negotiation=held).exists()


def test_checked_minutes_take_nothing_in(held: Negotiation, coordinator: User) -> None:
    """Nor those that are being checked."""
    (minutes,) = open_minutes(held, by=coordinator)
    send_for_checking(minutes, check_by=later(), by=coordinator)
    with pytest.raises(NotAllowedNow):
        take_in(held, placed(held, COMBINED), by=coordinator)
    assert items(held)["Asia 1"][1] == "Keskusteltiin."


def test_on_its_day_a_convened_negotiation_takes_text_in(
    in_scope: County, hankasalmi: Municipality, coordinator: User
) -> None:
    """Without minutes, which begin when the day ends; not before the day, nor before the parties have been invited."""
    round_ = make_round(in_scope)
    today, tomorrow = (
        make_negotiation(round_, [hankasalmi], day=timezone.localdate() + timedelta(days=days)) for days in (0, 1)
    )
    text = "# Asia 1\nPuhuttiin."
    with pytest.raises(NotAllowedNow):
        take_in(today, placed(today, text), by=coordinator)
    for negotiation in (today, tomorrow):
        convene(negotiation, by=coordinator)
    assert take_in(today, placed(today, text), by=coordinator).texts == 1
    assert not Minutes.objects.exists()
    with pytest.raises(NotAllowedNow):
        take_in(tomorrow, placed(tomorrow, text), by=coordinator)


# --- The pages --------------------------------------------------------------------------------------------------


def path(negotiation: Negotiation, name: str = "minutes_paste") -> str:
    """Return an address of a negotiation."""
    return reverse(name, args=["keski-suomi", negotiation.pk])


def sent(form: Any) -> dict[str, str]:
    """Return what a preview sends back as it is."""
    return {name: form[name].value() or "" for name in form.fields}


def test_minutes_are_pasted_looked_at_and_taken_in(
    held: Negotiation, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """Where each piece goes can be changed; a new item without a title keeps all out; what was pasted stays."""
    client = client_for(coordinator)
    assert client.get(path(held)).status_code == 200
    shown = client.post(path(held), {"text": COMBINED})
    assert shown.status_code == 200
    form = shown.context["form"]
    data = sent(form)
    first, second = held.parts.order_by("position")
    assert [data[f"p{number}_place"] for number in range(6)] == [
        "out",
        f"opening-{first.pk}",
        f"new-{first.pk}",
        f"closing-{first.pk}",
        f"opening-{second.pk}",
        f"new-{second.pk}",
    ]
    assert data["p2_title"] == "Nuorten palvelut"
    assert "Puhuttiin kouluista." in shown.content.decode()
    refused = client.post(path(held), data | {"p0_place": f"new-{first.pk}"})
    assert refused.status_code == 422 and list(refused.context["form"].errors) == ["p0_title"]
    asia_1 = AgendaItem.objects.get(part=second, position=1)
    back = client.post(path(held), data | {"step": "text"})
    assert "Puhuttiin kouluista." in back.content.decode() and back.status_code == 200
    answer = client.post(path(held), data | {"p2_title": "Nuoret", "p5_place": f"item-{asia_1.pk}"}, follow=True)
    assert answer.redirect_chain == [(path(held, "negotiation_minutes"), 302)]
    assert "1 uusi asia" in answer.content.decode() and "1 kohta jätettiin pois" in answer.content.decode()
    assert items(held)["Nuoret"] == (3, "Puhuttiin kouluista.\n- yksi\n- kaksi", "Jatketaan työtä.")
    assert items(held, 1)["Asia 1"][1] == "Keskusteltiin.\n\nLiikunta\nLisätään liikuntaa."
    everything_out = {name: "out" if name.endswith("_place") else value for name, value in data.items()}
    assert client.post(path(held), everything_out).status_code == 422
    assert client.post(path(held), data | {"p1_place": "item-999999"}).status_code == 422


def test_a_word_file_is_taken_in(held: Negotiation, coordinator: User, client_for: Callable[..., Client]) -> None:
    """Its headings become items; the file itself goes no further."""
    file = made(("Asia 1", "Heading 1"), ("Wordista.", "Normal"), ("kohta", "List Bullet"))
    client = client_for(coordinator)
    shown = client.post(path(held), {"text": "", "file": SimpleUploadedFile("a.docx", file)})
    answer = client.post(path(held), sent(shown.context["form"]))
    assert answer.status_code == 302
    assert items(held)["Asia 1"][1] == "Keskusteltiin.\n\nWordista.\n- kohta"


@pytest.mark.parametrize(
    "data",
    [
        {"text": ""},
        {"text": " \r\n "},
        {"text": "x" * 300_001},
        {"text": "# a\n" * 300},
        {"text": "Teksti", "file": b"PK"},
        {"text": "", "file": b"teksti"},
        {"text": "", "file": b""},
        {"text": "Teksti\0"},
        {"text": "# a", "p0_place": "new-x"},
        {"text": "# a", "p0_place": "item-99999999999999999999"},
        {"text": "", "p0_place": "out"},
    ],
)
def test_what_cannot_be_taken_in_is_refused_in_words(
    held: Negotiation, data: dict[str, Any], coordinator: User, client_for: Callable[..., Client]
) -> None:
    """On the page that asked, with what was typed."""
    if "file" in data:
        data = data | {"file": SimpleUploadedFile("a.docx", data["file"])}
    answer = client_for(coordinator).post(path(held), data)
    assert answer.status_code == 422 and answer.context["form"].errors


def test_who_may_and_when(
    held: Negotiation,
    luhanka: Municipality,
    coordinator: User,
    editor: User,
    client_for: Callable[..., Client],
) -> None:
    """A coordinator, while the minutes can be written; one who was sent on meanwhile keeps what they typed."""
    other = make_held(make_round(held.county, name="Toinen"), [luhanka], by=coordinator)
    (minutes,) = open_minutes(other, by=coordinator)
    client = client_for(coordinator)
    data = sent(client.post(path(other), {"text": "# Asia 1\nTeksti."}).context["form"])
    send_for_checking(minutes, check_by=later(), by=coordinator)
    assert client.get(path(other)).status_code == 409
    assert client.post(path(other), data).status_code == 409
    assert client_for(editor).get(path(other)).status_code == 404


def test_as_many_questions_for_one_piece_as_for_many(
    held: Negotiation, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """The preview."""
    client = client_for(coordinator)
    counts = []
    for many in (1, 30):
        text = "\n".join(f"# Asia {number}\nTeksti." for number in range(many))
        with CaptureQueriesContext(connection) as queries:
            assert client.post(path(held), {"text": text}).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10, counts


def test_the_heading_of_another_matter_is_not_lost(held: Negotiation, coordinator: User) -> None:
    """Put under an item of another title it begins the text; with nothing below it, it is the text. Once."""
    first, second = AgendaItem.objects.filter(part__negotiation=held, part__position=1).order_by("position")
    told, bare = read("# 3 § Lasten palvelut\nPäätös: Jatketaan.\n# 4 § Kuljetukset")
    for _time in range(2):
        take_in(held, [Placed(told, Place("item", first.pk)), Placed(bare, Place("item", second.pk))], by=coordinator)
    assert items(held)["Asia 1"] == (1, "Keskusteltiin.", "Sovittiin 1.\n\nLasten palvelut\nJatketaan.")
    assert items(held)["Asia 2"] == (2, "Keskusteltiin.\n\nKuljetukset", "Sovittiin 2.")
