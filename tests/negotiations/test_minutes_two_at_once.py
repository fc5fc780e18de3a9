"""Two who check or change minutes at the same moment: what one holds is never what the other waits for in vain."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django_scopes import scope

from municipalities.models import County, Municipality, Sector, User
from municipalities.moves import locked
from municipalities.saving import Sent
from negotiations.followup.measures import Agreed, Owner, add_measures
from negotiations.minutes import versions
from negotiations.minutes.amending import amend_item, amend_part
from negotiations.minutes.attachments import add_attachments, move_attachment
from negotiations.minutes.checking import mark, open_minutes, publish, return_to_draft, send_for_checking
from negotiations.minutes.correcting import begin
from negotiations.minutes.pasted_text import read
from negotiations.minutes.pasting import Place, Placed, take_in
from negotiations.minutes.remarks import accept, reject, remark
from negotiations.minutes.signing import sign_all
from negotiations.models import AgendaItem, Measure, Minutes, MinutesCheck, MinutesVersion, Observation
from negotiations.sitting.agenda import add_items
from negotiations.sitting.attending import add_people
from negotiations.sitting.attending import mark as mark_people
from negotiations.sitting.entries import Entry
from negotiations.sitting.live import open_part
from negotiations.sitting.live_writing import save_texts
from negotiations.sitting.workshop import change_finding
from negotiations.sitting.workshop_day.grouping import MoveTo, SetKey, change_notes, tie_measure
from tests.factories import make_held, make_round
from tests.negotiations.test_checking import State, later, reach
from tests.negotiations.test_two_at_once import while_waiting
from tests.negotiations.workshops import make_day

pytestmark = pytest.mark.django_db(transaction=True)

Kind = MinutesVersion.Kind


@pytest.fixture
def checking(keski_suomi: County, hankasalmi: Municipality, joutsa: Municipality, coordinator: User) -> Minutes:
    """Minutes of two municipalities that are being checked."""
    with scope(county=keski_suomi):
        return reach(State.CHECKING, make_held(make_round(keski_suomi), [hankasalmi, joutsa]), coordinator)


@pytest.fixture
def both(keski_suomi: County, checking: Minutes) -> list[MinutesCheck]:
    """Both checkers."""
    with scope(county=keski_suomi):
        return list(checking.checks.select_related("minutes").order_by("pk"))


@pytest.fixture
def item(keski_suomi: County, checking: Minutes) -> AgendaItem:
    """The first item."""
    with scope(county=keski_suomi):
        items = AgendaItem.objects.select_related("part__negotiation")
        row: AgendaItem = items.filter(part__negotiation=checking.negotiation_id).earliest("position")
    return row


def state_of(county: County, minutes: Minutes) -> str:
    """Return the state of the minutes as it is now."""
    with scope(county=county):
        return str(Minutes.objects.get(pk=minutes.pk).state)


@pytest.mark.parametrize("kind", [Kind.TYPO, Kind.MATTER])
def test_a_mark_while_the_text_is_mended(
    kind: MinutesVersion.Kind, keski_suomi: County, both: list[MinutesCheck], item: AgendaItem, coordinator: User
) -> None:
    """The version that was read is not the latest any more: refused."""
    ended = while_waiting(
        keski_suomi,
        lambda: amend_item(item, {"agreed": "Toisin."}, kind=kind, by=coordinator),
        lambda: mark(both[0], by=None, version=1),
    )
    assert ended.startswith("refused") and "versio 2" in ended
    with scope(county=keski_suomi):
        assert MinutesCheck.objects.get(pk=both[0].pk).version is None


def test_the_text_is_mended_while_a_mark_is_made(
    keski_suomi: County, checking: Minutes, both: list[MinutesCheck], item: AgendaItem, coordinator: User
) -> None:
    """The mark is of the version that was read, and a change of matter voids it."""
    ended = while_waiting(
        keski_suomi,
        lambda: mark(both[0], by=None, version=1),
        lambda: amend_item(item, {"agreed": "Toisin."}, kind=Kind.MATTER, by=coordinator),
    )
    assert ended == "done"
    with scope(county=keski_suomi):
        assert set(checking.checks.values_list("outcome", flat=True)) == {"waiting"}


def test_two_mark_at_once(keski_suomi: County, checking: Minutes, both: list[MinutesCheck]) -> None:
    """Each sees the other's mark: the minutes become checked, once."""
    ended = while_waiting(
        keski_suomi, lambda: mark(both[0], by=None, version=1), lambda: mark(both[1], by=None, version=1)
    )
    assert (ended, state_of(keski_suomi, checking)) == ("done", State.CHECKED)


def test_one_mark_sent_twice_at_once(keski_suomi: County, both: list[MinutesCheck]) -> None:
    """A button pressed twice marks once."""
    ended = while_waiting(
        keski_suomi, lambda: mark(both[0], by=None, version=1), lambda: mark(both[0], by=None, version=1)
    )
    assert ended.startswith("refused")


def test_a_remark_is_accepted_while_the_minutes_are_taken_back(
    keski_suomi: County, checking: Minutes, both: list[MinutesCheck], item: AgendaItem, coordinator: User
) -> None:
    """In the draft that they are by then, the words go into the text, and no version is made of it."""
    with scope(county=keski_suomi):
        row = remark(both[0], 1, item=item, field="agreed", proposed="Paremmin.", by=None)
    ended = while_waiting(
        keski_suomi,
        lambda: return_to_draft(checking, by=coordinator),
        lambda: accept(row, kind=Kind.TYPO, by=coordinator),
    )
    assert ended == "done"
    with scope(county=keski_suomi):
        assert versions.history(checking)[0].version.number == 1
        assert AgendaItem.objects.get(pk=item.pk).agreed == "Paremmin."


def test_the_minutes_are_taken_back_while_a_remark_is_accepted(
    keski_suomi: County, checking: Minutes, both: list[MinutesCheck], item: AgendaItem, coordinator: User
) -> None:
    """The version that it made stays beside the draft."""
    with scope(county=keski_suomi):
        row = remark(both[0], 1, item=item, field="agreed", proposed="Paremmin.", by=None)
    ended = while_waiting(
        keski_suomi,
        lambda: accept(row, kind=Kind.MATTER, by=coordinator),
        lambda: return_to_draft(checking, by=coordinator),
    )
    assert (ended, state_of(keski_suomi, checking)) == ("done", State.DRAFT)


def test_a_remark_is_accepted_and_rejected_at_once(
    keski_suomi: County, both: list[MinutesCheck], item: AgendaItem, coordinator: User
) -> None:
    """One of the two decides."""
    with scope(county=keski_suomi):
        row = remark(both[0], 1, item=item, field="agreed", proposed="Paremmin.", by=None)
    ended = while_waiting(
        keski_suomi,
        lambda: accept(row, kind=Kind.TYPO, by=coordinator),
        lambda: reject(row, reason="Ei.", by=coordinator),
    )
    assert ended.startswith("refused")


def test_two_mend_one_text_at_once(
    keski_suomi: County, checking: Minutes, item: AgendaItem, coordinator: User, client: Client
) -> None:
    """The page of the second one shows both texts."""
    client.force_login(coordinator)
    page = reverse("minutes_amend_item", args=[keski_suomi.slug, checking.pk, item.pk])
    form = client.get(page).context["form"]
    sent = {name: form.initial.get(name, "") for name in ("title", "background", "discussion", "dissent", "seen")}
    answers: list[tuple[int, str]] = []

    def second() -> None:
        response = client.post(page, sent | {"agreed": "Toisen sanat.", "kind": "typo"})
        answers.append((response.status_code, response.content.decode()))

    while_waiting(
        keski_suomi,
        lambda: amend_item(item, {"agreed": "Ensimmäisen sanat."}, kind=Kind.TYPO, by=coordinator),
        second,
    )
    ((status, text),) = answers
    assert status == 409 and "Ensimmäisen sanat." in text and "Toisen sanat." in text


def test_an_item_is_written_while_the_minutes_are_sent_and_mended(
    keski_suomi: County, checking: Minutes, item: AgendaItem, coordinator: User, client: Client
) -> None:
    """The page of the writing locks the minutes before the item, as the mending does: it is refused, not stuck."""
    client.force_login(coordinator)
    page = reverse("minutes_item", args=[keski_suomi.slug, item.pk])
    answers: list[int] = []
    ended = while_waiting(
        keski_suomi,
        lambda: locked(checking),
        lambda: answers.append(client.post(page, {"agreed": "Liian myöhään."}).status_code),
        lambda: amend_item(item, {"agreed": "Toisin."}, kind=Kind.TYPO, by=coordinator),
    )
    assert (ended, answers) == ("done", [422])


def test_participants_are_entered_while_a_correction_is_begun(
    keski_suomi: County, checking: Minutes, both: list[MinutesCheck], coordinator: User
) -> None:
    """Both lock the negotiation first: the participants of checked minutes are refused, and the correction is there."""
    with scope(county=keski_suomi):
        for check in both:
            mark(check, by=None)
        negotiation = checking.negotiation
        minutes = Minutes.objects.select_related("negotiation").get(pk=checking.pk)
    people = [Entry(sector="county", name="Anna Malli")]
    ended = while_waiting(
        keski_suomi,
        lambda: begin(minutes, by=coordinator),
        lambda: add_people(negotiation, people, by=coordinator),
    )
    assert ended.startswith("refused")


def test_a_text_of_the_sitting_is_saved_while_the_item_is_mended(
    keski_suomi: County, checking: Minutes, item: AgendaItem, coordinator: User
) -> None:
    """The sitting locks the minutes before the item, as the mending does: it is refused, not stuck."""
    negotiation = item.part.negotiation
    ended = while_waiting(
        keski_suomi,
        lambda: locked(checking),
        lambda: save_texts(negotiation, {f"item-{item.pk}-agreed": Sent("Myöhään.", None)}, by=coordinator),
        lambda: amend_item(item, {"agreed": "Toisin."}, kind=Kind.TYPO, by=coordinator),
    )
    assert ended.startswith("refused")
    with scope(county=keski_suomi):
        assert AgendaItem.objects.get(pk=item.pk).agreed == "Toisin."


def test_a_part_is_opened_while_it_is_mended(
    keski_suomi: County, checking: Minutes, item: AgendaItem, coordinator: User
) -> None:
    """The minutes first, then the part."""
    ended = while_waiting(
        keski_suomi,
        lambda: locked(checking),
        lambda: open_part(item.part, by=coordinator),
        lambda: amend_part(item.part, {"opening": "Toisin."}, kind=Kind.TYPO, by=coordinator),
    )
    assert ended.startswith("refused")


def test_minutes_are_pasted_while_an_item_is_mended(
    keski_suomi: County, checking: Minutes, item: AgendaItem, coordinator: User
) -> None:
    """Sent between the look at their state and the text: refused, with nothing taken in."""
    negotiation = item.part.negotiation
    (piece,) = read("# Uusi asia\nUutta.")
    with scope(county=keski_suomi):
        Minutes.objects.filter(pk=checking.pk).update(state=State.DRAFT)

    def send() -> None:
        Minutes.objects.filter(pk=checking.pk).update(state=State.CHECKING)

    ended = while_waiting(
        keski_suomi,
        send,
        lambda: take_in(negotiation, [Placed(piece, Place("item", item.pk))], by=coordinator),
        lambda: amend_item(item, {"agreed": "Toisin."}, kind=Kind.TYPO, by=coordinator),
    )
    assert ended.startswith("refused")
    with scope(county=keski_suomi):
        assert "Uutta" not in AgendaItem.objects.get(pk=item.pk).discussion


def test_minutes_are_sent_while_the_agenda_is_changed(
    keski_suomi: County, hankasalmi: Municipality, coordinator: User
) -> None:
    """What is frozen is what the agenda is then: neither half of it, nor what is changed a moment later."""
    with scope(county=keski_suomi):
        held = make_held(make_round(keski_suomi, name="Toinen"), [hankasalmi])
        (minutes,) = open_minutes(held, by=coordinator)
        part = held.parts.select_related("negotiation").get()
    ended = while_waiting(
        keski_suomi,
        lambda: add_items(part, [("Lisätty asia", "")], by=coordinator),
        lambda: send_for_checking(minutes, check_by=later(), by=coordinator),
    )
    assert ended == "done"
    with scope(county=keski_suomi):
        version = versions.latest(minutes)
        assert version is not None
        titles = [item["title"] for item in version.content["parts"][0]["items"]]
    assert titles == ["Asia 1", "Asia 2", "Lisätty asia"]


def test_an_attachment_is_edited_while_another_is_moved(
    keski_suomi: County, hankasalmi: Municipality, coordinator: User, client: Client
) -> None:
    """The page locks the minutes before the attachment, as the moving does."""
    client.force_login(coordinator)
    with scope(county=keski_suomi):
        held = make_held(make_round(keski_suomi, name="Toinen"), [hankasalmi])
        (minutes,) = open_minutes(held, by=coordinator)
        first, second = add_attachments(minutes, ["Yksi", "Kaksi"], by=coordinator)
    page = reverse("minutes_attachment", args=[keski_suomi.slug, second.pk])
    answers: list[int] = []
    while_waiting(
        keski_suomi,
        lambda: locked(minutes),
        lambda: answers.append(client.post(page, {"title": "Toinen"}).status_code),
        lambda: move_attachment(first, up=False, by=coordinator),
    )
    assert answers == [302]
    with scope(county=keski_suomi):
        told = list(minutes.attachments.order_by("position").values_list("title", flat=True))
    assert told == ["Toinen", "Yksi"]


def test_a_participant_is_edited_while_another_marks_them(
    keski_suomi: County, hankasalmi: Municipality, coordinator: User, client: Client
) -> None:
    """The page locks the negotiation before the row, as the marking does."""
    client.force_login(coordinator)
    with scope(county=keski_suomi):
        held = make_held(make_round(keski_suomi, name="Toinen"), [hankasalmi])
        (row,) = add_people(held, [Entry(sector="county", name="Anna Malli")], by=coordinator)
    page = reverse("negotiation_person", args=[keski_suomi.slug, row.pk])
    form = client.get(page).context["form"]
    sent = {field.name: field.value() or "" for field in form} | {"role": "Rehtori"}
    answers: list[int] = []
    while_waiting(
        keski_suomi,
        lambda: locked(held),
        lambda: answers.append(client.post(page, sent).status_code),
        lambda: mark_people(held, {row.pk: "absent"}, by=coordinator),
    )
    assert answers == [302]
    with scope(county=keski_suomi):
        row.refresh_from_db()
    assert (row.role, row.status) == ("Rehtori", "absent")


def test_the_pdf_is_ordered_while_the_minutes_are_published(
    keski_suomi: County, both: list[MinutesCheck], checking: Minutes, coordinator: User, client: Client
) -> None:
    """It is of the published minutes: one of a moment before is not printed over theirs."""
    client.force_login(coordinator)
    with scope(county=keski_suomi):
        for check in both:
            mark(check, by=None)
        minutes = sign_all(Minutes.objects.get(pk=checking.pk), by=coordinator)
    page = reverse("minutes_render", args=[keski_suomi.slug, checking.pk])
    answers: list[int] = []
    while_waiting(
        keski_suomi,
        lambda: publish(minutes, by=coordinator),
        lambda: answers.append(client.post(page).status_code),
    )
    assert answers == [302]
    with scope(county=keski_suomi):
        document = Minutes.objects.select_related("document").get(pk=checking.pk).document
    assert document is not None and document.context["doc"]["state"] == State.PUBLISHED


def test_a_measure_is_made_of_a_note_while_it_is_marked_as_a_key_finding(
    keski_suomi: County, hankasalmi: Municipality, coordinator: User
) -> None:
    """The measure has the negotiation and needs the workshop, the finding the other way round: none waits in vain."""
    with scope(county=keski_suomi):
        day = make_day([hankasalmi], by=coordinator)
        note = day.note()
    made: list[Measure] = []
    ended = while_waiting(
        keski_suomi,
        lambda: made.extend(add_measures([Agreed("Teko", Owner(Sector.COUNTY))], of=day.negotiation, by=coordinator)),
        lambda: change_notes(day.workshop, [note.pk], SetKey(True), by=coordinator),
        lambda: tie_measure(note, made[0], by=coordinator),
    )
    assert ended == "done"
    with scope(county=keski_suomi):
        note.refresh_from_db()
    assert note.measure_id == made[0].pk and note.observation_id is not None


def test_a_measure_of_a_note_is_undone_while_the_note_is_hidden(
    keski_suomi: County, hankasalmi: Municipality, coordinator: User, client: Client
) -> None:
    """Both lock the workshop before the note."""
    client.force_login(coordinator)
    with scope(county=keski_suomi):
        day = make_day([hankasalmi], by=coordinator)
        note = day.note()
    args = [keski_suomi.slug, note.pk]
    sent = {"texts": "Teko", "owner": "county", "due_on": "2030-03-31", "priority": ""}
    assert client.post(reverse("workshop_measure", args=args), sent).status_code == 302
    board = client.get(reverse("workshop_board", args=[keski_suomi.slug, day.negotiation.pk]))
    token = {"token": board.context["undo"].token}
    answers: list[int] = []
    while_waiting(
        keski_suomi,
        lambda: locked(day.workshop, stays=True),
        lambda: answers.append(client.post(reverse("workshop_measure_undo", args=args), token).status_code),
        lambda: change_notes(day.workshop, [note.pk], SetKey(True), by=coordinator),
    )
    assert answers == [302]
    with scope(county=keski_suomi):
        note.refresh_from_db()
        assert not Measure.objects.exists()
    assert note.measure_id is None and note.observation_id is not None


def test_a_note_is_moved_while_its_finding_is_moved_on_its_page(
    keski_suomi: County, hankasalmi: Municipality, coordinator: User
) -> None:
    """The finding before the column on the board too, as the page that edits it has them."""
    with scope(county=keski_suomi):
        day = make_day([hankasalmi], by=coordinator)
        note = day.note()
        change_notes(day.workshop, [note.pk], SetKey(True), by=coordinator)
        finding = Observation.objects.select_related("column__theme__round", "negotiation").get()
    finding.column = day.columns[1]
    ended = while_waiting(
        keski_suomi,
        lambda: locked(finding, stays=True),
        lambda: change_notes(day.workshop, [note.pk], MoveTo(day.columns[1].pk), by=coordinator),
        lambda: change_finding(finding, fields=["column"], by=coordinator),
    )
    assert ended == "done"
    with scope(county=keski_suomi):
        assert Observation.objects.get().column_id == day.columns[1].pk
