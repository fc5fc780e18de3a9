"""The board of a workshop: nothing is lost on it, moderators never clash, and what they mark is told; each undone."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_scopes import scope
from hypothesis import given
from hypothesis import strategies as st

from municipalities.models import County, Event, Municipality, Priority, User
from municipalities.moves import NotAllowedNow
from negotiations.followup.measures import remove_measure
from negotiations.log import log_of
from negotiations.models import Measure, NoteHeading, Observation, ThemeColumn, WorkshopNote
from negotiations.reporting.board import open_summary
from negotiations.reporting.summary.composing import compose
from negotiations.sitting.conduct import hold
from negotiations.sitting.workshop import change_theme, remove_finding, remove_theme, restore_finding
from negotiations.sitting.workshop_day import board, posting
from negotiations.sitting.workshop_day.grouping import (
    Change,
    Changed,
    Finding,
    MoveTo,
    Place,
    SetHidden,
    SetKey,
    SetPriority,
    add_heading,
    change_notes,
    changed,
    remove_heading,
    rename_heading,
    restore_heading,
    taken_back,
    tie_measure,
    undo,
)
from tests.factories import make_priority
from tests.negotiations.workshops import Day, make_day

Hidden = WorkshopNote.Hidden
JSON = {"Accept": "application/json"}


@pytest.fixture
def day(in_scope: County, hankasalmi: Municipality, coordinator: User) -> Day:
    """An open workshop of two groups."""
    return make_day([hankasalmi], by=coordinator)


def path(name: str, pk: int) -> str:
    """Return an address in the county."""
    return reverse(name, args=["keski-suomi", pk])


# --- The rule ---------------------------------------------------------------------------------------------------

IDS = st.integers(1, 3)
FINDINGS = st.none() | st.builds(Finding, st.text(min_size=1, max_size=3), st.integers(0, 3))
PLACES = st.builds(Place, IDS, st.none() | IDS, st.sampled_from(list(Hidden.values)), st.none() | IDS, FINDINGS).map(
    # A hidden note is no finding.
    lambda place: Place(place.column, place.heading, place.hidden, place.priority) if place.hidden else place
)
CHANGES: st.SearchStrategy[Change] = (
    st.builds(MoveTo, IDS, st.none() | IDS)
    | st.builds(SetKey, st.booleans())
    | st.builds(SetHidden, st.booleans())
    | st.builds(SetPriority, st.none() | IDS)
)


@given(PLACES, CHANGES)
def test_a_change_done_twice_is_as_once_and_a_hidden_note_is_no_finding(now: Place, change: Change) -> None:
    """What a group has taken back stays as it is."""
    after = changed(now, "teksti", change)
    assert changed(after, "teksti", change) == after
    assert not (after.hidden and after.finding)
    if now.hidden == Hidden.BY_GROUP:
        assert after == now


@given(PLACES, CHANGES, CHANGES)
def test_undoing_takes_back_one_change_and_leaves_anothers(now: Place, mine: Change, theirs: Change) -> None:
    """Of another thing; where both changed the same thing, it is undone no more."""
    after = changed(now, "teksti", mine)
    done = Changed(1, now, after)
    assert taken_back(after, done) == now
    later = changed(after, "teksti", theirs)
    names = {name for name in asdict(now) if getattr(now, name) != getattr(after, name)}
    others = {name for name in asdict(now) if getattr(after, name) != getattr(later, name)}
    back = taken_back(later, done)
    if names & others:
        assert back is None
    else:
        assert back is not None
        assert all(getattr(back, name) == getattr(now, name) for name in names)
        assert all(getattr(back, name) == getattr(later, name) for name in others)


@given(PLACES, CHANGES)
def test_what_an_undoing_carries_along_is_read_back(now: Place, change: Change) -> None:
    """Through the page."""
    done = Changed(7, now, changed(now, "teksti", change))
    assert Changed.from_json(json.loads(json.dumps(done.to_json()))) == done


@given(st.lists(st.tuples(IDS, st.none() | IDS, st.sampled_from(list(Hidden.values))), max_size=20))
def test_no_note_is_lost_on_the_board(placed: list[tuple[int, int | None, str]]) -> None:
    """Each is in one place of its column: under its heading or none, among the hidden, or counted as taken back."""
    columns = [ThemeColumn(pk=pk) for pk in (1, 2, 3)]
    headings = [NoteHeading(pk=pk, column_id=column) for pk, column in ((1, 1), (2, 1), (3, 2))]
    notes = [
        WorkshopNote(pk=number, column_id=column, heading_id=heading, hidden=hidden)
        for number, (column, heading, hidden) in enumerate(placed)
    ]
    shown = board.arrange(columns, headings, notes)
    assert sum(column.count + len(column.hidden) + column.taken_back for column in shown) == len(notes)
    for column in shown:
        for heap in column.heaps:
            assert all(not note.hidden and note.column_id == column.column.pk for note in heap.notes)
            assert [note.pk for note in heap.notes] == sorted(note.pk for note in heap.notes)


@given(
    st.lists(
        st.builds(
            board.Counted, st.none() | IDS, IDS, st.sampled_from(list(Hidden.values)), st.booleans(), st.booleans()
        )
    )
)
def test_no_note_is_lost_in_the_counts(notes: list[board.Counted]) -> None:
    """Nor one of a group or of a theme that is not known here."""
    counted = board.tally(notes, [(1, "Ryhmä 1"), (2, "Ryhmä 2")], [(1, "A"), (2, "B")])
    assert counted.total == sum(counted.totals) == len(notes)
    assert counted.rows[0].counts[0] == sum(note.group == 1 and note.theme == 1 for note in notes)


# --- Key findings -----------------------------------------------------------------------------------------------


def test_a_key_finding_is_told_as_an_observation_until_it_is_one_no_more(day: Day, coordinator: User) -> None:
    """With its group and its priority; undone, it is told again as it was."""
    priority = make_priority(day.workshop.county)
    note, other = day.note("Yksinäisyys"), day.note("Kiire", group=1)
    change_notes(day.workshop, [note.pk], SetPriority(priority.pk), by=coordinator)
    done = change_notes(day.workshop, [note.pk, other.pk], SetKey(True), by=coordinator)
    rows = list(Observation.objects.order_by("position"))
    assert [(row.text, row.group_name, row.priority, row.position) for row in rows] == [
        ("Yksinäisyys", "Ryhmä 1", priority, 1),
        ("Kiire", "Ryhmä 2", None, 2),
    ]
    assert {row.negotiation for row in rows} == {day.negotiation}
    assert change_notes(day.workshop, [note.pk], SetKey(True), by=coordinator) == []
    rows[0].text = "Yksinäisyys lisääntyy"
    rows[0].save()
    off = change_notes(day.workshop, [note.pk], SetKey(False), by=coordinator)
    assert [row.text for row in Observation.objects.all()] == ["Kiire"]
    undo(day.workshop, off, by=coordinator)
    assert [row.text for row in Observation.objects.order_by("position")] == ["Yksinäisyys lisääntyy", "Kiire"]
    undo(day.workshop, done, by=coordinator)
    assert not Observation.objects.exists()


def test_a_hidden_note_is_told_nowhere(day: Day, coordinator: User, client_for: Callable[[User], Client]) -> None:
    """Neither as a finding nor on the wall; shown again, it is the finding that it was."""
    note = day.note("Loukkaava teksti")
    change_notes(day.workshop, [note.pk], SetKey(True), by=coordinator)
    hidden = change_notes(day.workshop, [note.pk], SetHidden(True), by=coordinator)
    assert not Observation.objects.exists()
    client = client_for(coordinator)
    pages = [path("workshop_board", day.negotiation.pk) + "?esitys=1", path("negotiation_workshop", day.negotiation.pk)]
    pages += [path("round_workshops", day.negotiation.round_id or 0), f"/tyopaja/{day.token()}/"]
    for page in pages:
        assert "Loukkaava" not in client.get(page).text
    assert "Loukkaava" in client.get(path("workshop_board", day.negotiation.pk)).text
    assert change_notes(day.workshop, [note.pk], SetKey(True), by=coordinator) == []
    undo(day.workshop, hidden, by=coordinator)
    assert Observation.objects.get().text == "Loukkaava teksti"


def test_a_note_that_is_moved_takes_its_finding_along(day: Day, coordinator: User) -> None:
    """To the other column, after what is there; the priority follows, too."""
    first, second = day.note("A"), day.note("B", column=1)
    change_notes(day.workshop, [first.pk, second.pk], SetKey(True), by=coordinator)
    priority = make_priority(day.workshop.county)
    change_notes(day.workshop, [first.pk], SetPriority(priority.pk), by=coordinator)
    moved = change_notes(day.workshop, [first.pk], MoveTo(day.columns[1].pk), by=coordinator)
    row = Observation.objects.get(text="A")
    assert (row.column, row.priority, row.position) == (day.columns[1], priority, 2)
    undo(day.workshop, moved, by=coordinator)
    row.refresh_from_db()
    assert row.column == day.columns[0]


def test_a_finding_removed_on_the_tab_is_key_no_more_and_comes_back_with_its_note(day: Day, coordinator: User) -> None:
    """With its group and its priority."""
    note = day.note()
    priority = make_priority(day.workshop.county)
    change_notes(day.workshop, [note.pk], SetKey(True), by=coordinator)
    change_notes(day.workshop, [note.pk], SetPriority(priority.pk), by=coordinator)
    removed = remove_finding(Observation.objects.get(), by=coordinator)
    note.refresh_from_db()
    assert note.observation_id is None
    round_ = day.negotiation.round
    assert round_ is not None
    row = restore_finding(round_, removed, by=coordinator)
    note.refresh_from_db()
    assert note.observation == row and (row.group_name, row.priority) == ("Ryhmä 1", priority)


def test_the_summary_tells_the_group_and_the_priority(day: Day, coordinator: User) -> None:
    """Of each finding of a negotiation; of the theme, the priority alone."""
    priority = make_priority(day.workshop.county)
    note = day.note("Yksinäisyys")
    change_notes(day.workshop, [note.pk], SetPriority(priority.pk), by=coordinator)
    change_notes(day.workshop, [note.pk], SetKey(True), by=coordinator)
    hold(day.negotiation, by=coordinator)
    round_ = day.negotiation.round
    assert round_ is not None
    summary = open_summary(round_, by=coordinator)
    (column, _other) = compose(summary, on=date(2024, 12, 20)).themes[0].columns
    assert column.distinct == [("Yksinäisyys (Lapset ja nuoret)", 1)]
    assert column.observations[0].words_of_group == "Yksinäisyys (Ryhmä 1; Lapset ja nuoret)"


# --- Moving and undoing -----------------------------------------------------------------------------------------


def test_only_what_is_of_the_workshop_can_be_chosen(
    day: Day, coordinator: User, hankasalmi: Municipality, keski_uusimaa: County
) -> None:
    """No note, column, heading or priority of elsewhere."""
    other = make_day([hankasalmi], by=coordinator)
    heading = add_heading(other.workshop, other.columns[0].pk, "Muualla", by=coordinator)
    own = add_heading(day.workshop, day.columns[1].pk, "Omaa", by=coordinator)
    with scope(county=keski_uusimaa):
        foreign = make_priority(keski_uusimaa).pk
    note, theirs = day.note(), other.note()
    for change in (
        MoveTo(other.columns[0].pk),
        MoveTo(day.columns[0].pk, heading.pk),
        MoveTo(day.columns[0].pk, own.pk),
        MoveTo(999_999),
        SetPriority(foreign),
        SetPriority(999_999),
    ):
        with pytest.raises(NotAllowedNow):
            change_notes(day.workshop, [note.pk], change, by=coordinator)
    with pytest.raises(NotAllowedNow):
        change_notes(day.workshop, [theirs.pk], SetKey(True), by=coordinator)
    for wrong in ([], list(range(1, 600))):
        with pytest.raises(ValidationError):
            change_notes(day.workshop, wrong, SetKey(True), by=coordinator)
    assert not Observation.objects.exists()
    change_notes(day.workshop, [note.pk, theirs.pk], MoveTo(day.columns[1].pk, own.pk), by=coordinator)
    theirs.refresh_from_db()
    assert theirs.heading is None


def test_an_undoing_that_would_undo_anothers_work_is_refused(day: Day, coordinator: User) -> None:
    """All of it; what another has changed otherwise stays."""
    first, second = day.note("A"), day.note("B")
    heading = add_heading(day.workshop, day.columns[0].pk, "Otsikko", by=coordinator)
    done = change_notes(day.workshop, [first.pk, second.pk], MoveTo(day.columns[0].pk, heading.pk), by=coordinator)
    change_notes(day.workshop, [first.pk], SetKey(True), by=coordinator)
    change_notes(day.workshop, [second.pk], MoveTo(day.columns[1].pk), by=coordinator)
    with pytest.raises(NotAllowedNow):
        undo(day.workshop, done, by=coordinator)
    first.refresh_from_db()
    assert first.heading == heading and first.observation is not None
    undo(day.workshop, done[:1], by=coordinator)
    again = WorkshopNote.objects.get(pk=first.pk)
    assert again.heading is None and again.observation is not None


@pytest.mark.django_db(transaction=True)
def test_two_moderators_at_once_lose_nothing(keski_suomi: County, hankasalmi: Municipality, coordinator: User) -> None:
    """One groups and ties, the other marks and hides the same notes, while a phone posts: all of it is there after."""
    with scope(county=keski_suomi):
        day = make_day([hankasalmi], by=coordinator)
        priority = make_priority(keski_suomi)
        heading = add_heading(day.workshop, day.columns[0].pk, "Otsikko", by=coordinator)
        notes = [day.note(f"Lappu {number}").pk for number in range(6)]
    failed: list[Exception] = []

    def run(changes: list[Change]) -> None:
        try:
            with scope(county=keski_suomi):
                for pk in notes:
                    for change in changes:
                        change_notes(day.workshop, [pk], change, by=coordinator)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    def post() -> None:
        try:
            for number in range(10):
                posted = posting.Posted(uuid4(), day.columns[0].pk, f"Uusi {number}")
                posting.post(day.token(), posted)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=run, args=([MoveTo(day.columns[0].pk, heading.pk), SetPriority(priority.pk)],)),
        threading.Thread(target=run, args=([SetKey(True)],)),
        threading.Thread(target=post),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with scope(county=keski_suomi):
        rows = list(WorkshopNote.objects.filter(pk__in=notes).select_related("observation"))
        assert all(row.heading_id == heading.pk and row.priority_id == priority.pk for row in rows)
        assert all(row.observation and row.observation.priority_id == priority.pk for row in rows)
        positions = list(Observation.objects.values_list("position", flat=True))
        assert len(set(positions)) == len(positions) == 6
        assert WorkshopNote.objects.count() == 16


# --- Headings ---------------------------------------------------------------------------------------------------


def test_headings_are_added_renamed_removed_and_brought_back(day: Day, coordinator: User) -> None:
    """With their notes, but those that have been moved since."""
    column = day.columns[0].pk
    first = add_heading(day.workshop, column, " Arki ", by=coordinator)
    add_heading(day.workshop, column, "Työ", by=coordinator)
    for wrong in ("", "  ", "arki", "x" * 121):
        with pytest.raises(ValidationError):
            add_heading(day.workshop, column, wrong, by=coordinator)
    with pytest.raises(NotAllowedNow):
        add_heading(day.workshop, 999_999, "Uusi", by=coordinator)
    first.title = "Työ"
    with pytest.raises(ValidationError):
        rename_heading(first, by=coordinator)
    first.title = "Arjen tuki"
    rename_heading(first, by=coordinator)
    notes = [day.note(text) for text in "AB"]
    change_notes(day.workshop, [note.pk for note in notes], MoveTo(column, first.pk), by=coordinator)
    removed = remove_heading(first, by=coordinator)
    assert not WorkshopNote.objects.exclude(heading=None).exists() and WorkshopNote.objects.count() == 2
    change_notes(day.workshop, [notes[1].pk], MoveTo(day.columns[1].pk), by=coordinator)
    back = restore_heading(day.workshop, removed, by=coordinator)
    assert (back.title, back.position) == ("Arjen tuki", 1)
    assert [note.text for note in WorkshopNote.objects.filter(heading=back)] == ["A"]


def test_a_column_or_a_theme_with_notes_stays(day: Day, coordinator: User) -> None:
    """Also where all of them have been hidden."""
    note = day.note()
    change_notes(day.workshop, [note.pk], SetHidden(True), by=coordinator)
    theme = day.columns[0].theme
    with pytest.raises(ValidationError):
        change_theme(theme, ["", "Toimenpiteet", "", ""], by=coordinator)
    with pytest.raises(NotAllowedNow):
        remove_theme(theme, by=coordinator)


# --- The pages --------------------------------------------------------------------------------------------------


def test_the_board_shows_themes_columns_headings_and_notes(
    day: Day, coordinator: User, client_for: Callable[[User], Client]
) -> None:
    """With who posted them; on the wall with the code and without what changes it."""
    heading = add_heading(day.workshop, day.columns[0].pk, "Arki", by=coordinator)
    note = day.note("Yksinäisyys", group=1)
    change_notes(day.workshop, [note.pk], MoveTo(day.columns[0].pk, heading.pk), by=coordinator)
    client = client_for(coordinator)
    board_page = client.get(path("workshop_board", day.negotiation.pk)).text
    wall = client.get(path("workshop_board", day.negotiation.pk) + "?esitys=1").text
    for page in (board_page, wall):
        for words in ("Perhekeskus", "Lapset ensin.", "Ilmiöt", "Arki", "Yksinäisyys", "Ryhmä 2", "1 lappu"):
            assert words in page
        assert (day.workshop.code or "?") in page
    assert "Piilota" in board_page and "Keskeiseksi havainnoksi" in board_page
    assert "Piilota" not in wall and "lapputoimet" not in wall and "QR-koodi" in wall


def test_an_unchanged_board_is_304_at_one_query_of_ours(
    day: Day, coordinator: User, hankasalmi: Municipality, client_for: Callable[[User], Client]
) -> None:
    """Anything that it shows changes it: notes, moderation, groups, themes, what is removed elsewhere."""
    client, address = client_for(coordinator), path("workshop_board_state", day.negotiation.pk)
    note = day.note()
    first = client.get(address)
    assert set(first.json()["columns"]) == {str(column.pk) for column in day.columns}
    seen = [first.headers["ETag"]]
    with CaptureQueriesContext(connection) as asked:
        unchanged = client.get(address, headers={"If-None-Match": seen[-1]})
    assert unchanged.status_code == 304 and unchanged.content == b""
    ours = [one["sql"] for one in asked if "negotiations_" in one["sql"]]
    assert len(ours) == 1, ours
    measure = Measure(
        county=day.workshop.county,
        negotiation=day.negotiation,
        text="Teko",
        responsible_sector="county",
        responsible="Alue",
    )
    measure.save()
    heading = add_heading(day.workshop, day.columns[0].pk, "Arki", by=coordinator)
    priority: Priority = make_priority(day.workshop.county)
    seen.append(client.get(address).headers["ETag"])
    changes: list[Callable[[], Any]] = [
        lambda: day.note("Toinen", group=1),
        lambda: posting.take_back(day.groups[1], WorkshopNote.objects.get(text="Toinen").pk),
        lambda: change_notes(day.workshop, [note.pk], MoveTo(day.columns[0].pk, heading.pk), by=coordinator),
        lambda: change_notes(day.workshop, [note.pk], SetPriority(priority.pk), by=coordinator),
        lambda: change_notes(day.workshop, [note.pk], SetKey(True), by=coordinator),
        lambda: remove_finding(Observation.objects.get(), by=coordinator),
        lambda: tie_measure(note, measure, by=coordinator),
        lambda: remove_measure(measure, by=coordinator),
        lambda: remove_heading(heading, by=coordinator),
        lambda: change_theme(day.columns[0].theme, ["Uusi nimi", "Toimenpiteet"], by=coordinator),
    ]
    for number, change in enumerate(changes):
        change()
        answer = client.get(address, headers={"If-None-Match": seen[-1]})
        assert answer.status_code == 200 and answer.headers["ETag"] not in seen, number
        seen.append(answer.headers["ETag"])
        wall = client.get(address + "?esitys=1", headers={"If-None-Match": seen[-1]})
        assert wall.status_code == 200


def test_the_queries_of_the_board_do_not_grow(
    day: Day, coordinator: User, client_for: Callable[[User], Client]
) -> None:
    """With notes, headings and key findings."""
    client = client_for(coordinator)

    def count(address: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        return len(asked)

    addresses = [
        path("workshop_board", day.negotiation.pk),
        path("workshop_board_state", day.negotiation.pk),
        path("negotiation_workshop", day.negotiation.pk),
    ]
    day.note()
    before = [count(address) for address in addresses]
    for number in range(5):
        heading = add_heading(day.workshop, day.columns[0].pk, f"Otsikko {number}", by=coordinator)
        note = day.note(f"Lappu {number}")
        change_notes(day.workshop, [note.pk], MoveTo(day.columns[0].pk, heading.pk), by=coordinator)
        change_notes(day.workshop, [note.pk], SetKey(True), by=coordinator)
    assert [count(address) for address in addresses] == before
    assert before[0] <= 12 and before[1] <= 12


def test_notes_are_changed_with_plain_forms_and_undone(
    day: Day, coordinator: User, client_for: Callable[[User], Client]
) -> None:
    """Those that are ticked, or the one whose button was pressed; the page that follows offers to undo it."""
    client, address = client_for(coordinator), path("workshop_notes", day.negotiation.pk)
    board_page = path("workshop_board", day.negotiation.pk)
    first, second = day.note("A"), day.note("B")
    heading = add_heading(day.workshop, day.columns[1].pk, "Arki", by=coordinator)
    place = f"{day.columns[1].pk}.{heading.pk}"
    assert client.post(address, {"do": "move", "note": [first.pk, second.pk], "place": place}).status_code == 302
    assert WorkshopNote.objects.filter(heading=heading).count() == 2
    page = client.get(board_page)
    assert "2 lappua siirrettiin." in page.text
    token = page.context["undo"].token
    client.post(path("workshop_notes_undo", day.negotiation.pk), {"token": token})
    assert not WorkshopNote.objects.filter(heading=heading).exists()
    assert client.post(path("workshop_notes_undo", day.negotiation.pk), {"token": "x"}).status_code == 409
    client.post(address, {"do": f"key:{first.pk}", "note": [second.pk]})
    assert Observation.objects.get().text == "A"
    for sent, words in (
        ({"do": "move", "note": [first.pk]}, "Valitse ensin, minne laput siirretään."),
        ({"do": "priority", "note": [first.pk]}, "Valitse ensin painopiste."),
        ({"do": "key"}, "Valitse vähintään yksi lappu."),
    ):
        assert client.post(address, sent).status_code == 302
        assert words in client.get(board_page).text
    for wrong in ({}, {"do": "x"}, {"do": "move", "place": "1.x", "note": "1"}, {"do": "move", "place": "\x00"}):
        assert client.post(address, wrong).status_code == 404
    assert client.post(address, {"do": "priority", "priority": "9" * 30, "note": [first.pk]}).status_code == 302


def test_the_script_is_answered_in_words(day: Day, coordinator: User, client_for: Callable[[User], Client]) -> None:
    """What was done with what undoes it, or why it was not."""
    client, address = client_for(coordinator), path("workshop_notes", day.negotiation.pk)
    note = day.note()
    done = client.post(address, {"do": f"hide:{note.pk}"}, headers=JSON)
    assert done.json()["message"] == "1 lappu piilotettiin." and done.json()["undo"]
    undo_address = path("workshop_notes_undo", day.negotiation.pk)
    again = client.post(undo_address, {"token": done.json()["undo"]}, headers=JSON)
    assert again.json()["message"] == "Muutos kumottiin."
    assert client.post(undo_address, {"token": done.json()["undo"]}, headers=JSON).status_code == 409
    assert client.post(address, {"do": "key"}, headers=JSON).status_code == 422
    gone = client.post(address, {"do": "move", "place": "999999", "note": [note.pk]}, headers=JSON)
    assert gone.status_code == 409 and "poistettu" in gone.json()["message"]


def test_headings_by_plain_forms(day: Day, coordinator: User, client_for: Callable[[User], Client]) -> None:
    """Enter in the field of the second column sends the button of the first."""
    client, first, second = client_for(coordinator), day.columns[0].pk, day.columns[1].pk
    address = path("workshop_heading_new", day.negotiation.pk)
    client.post(address, {"column": first, f"title_{first}": "", f"title_{second}": "Arki"})
    heading = NoteHeading.objects.get()
    assert (heading.column_id, heading.title) == (second, "Arki")
    assert client.post(address, {"column": second, f"title_{second}": "Arki"}).status_code == 302
    assert "jo otsikko" in client.get(path("workshop_board", day.negotiation.pk)).text
    assert client.post(address, {"column": second}, headers=JSON).status_code == 422
    page = client.get(path("workshop_heading", heading.pk))
    seen = page.context["form"].initial["seen"]
    rename_heading(
        NoteHeading(pk=heading.pk, workshop=day.workshop, column_id=second, title="Toinen", position=1), by=coordinator
    )
    clash = client.post(path("workshop_heading", heading.pk), {"title": "Oma", "seen": seen})
    assert clash.status_code == 409 and "Toinen" in clash.text and "Oma" in clash.text
    assert client.post(path("workshop_heading_remove", heading.pk)).status_code == 302
    page = client.get(path("workshop_board", day.negotiation.pk))
    client.post(path("workshop_heading_restore", day.negotiation.pk), {"token": page.context["undo"].token})
    assert NoteHeading.objects.get().title == "Toinen"


def test_a_measure_is_made_of_a_note_and_undone(
    day: Day, coordinator: User, client_for: Callable[[User], Client]
) -> None:
    """Its text and priority are there already; the note remembers it, and makes no second one."""
    client, note = client_for(coordinator), day.note("Perhetyö\nkotiin")
    priority = make_priority(day.workshop.county)
    change_notes(day.workshop, [note.pk], SetPriority(priority.pk), by=coordinator)
    address = path("workshop_measure", note.pk)
    page = client.get(address)
    assert "Perhetyö kotiin" in page.text
    assert page.context["form"].initial["priority"] == priority.pk
    assert client.post(address, {"texts": "Perhetyö kotiin"}).status_code == 422
    sent = {"texts": "Perhetyö kotiin", "owner": "county", "due_on": "2025-03-31", "priority": priority.pk}
    assert client.post(address, sent).status_code == 302
    measure = Measure.objects.get()
    note.refresh_from_db()
    assert note.measure == measure and measure.negotiation == day.negotiation and measure.priority == priority
    assert client.get(address).status_code == 409
    assert client.post(address, sent).status_code == 409
    assert Measure.objects.count() == 1
    page = client.get(path("workshop_board", day.negotiation.pk))
    assert client.post(path("workshop_measure_undo", note.pk), {"token": page.context["undo"].token}).status_code == 302
    assert WorkshopNote.objects.get().measure is None and not Measure.objects.exists()
    assert client.post(path("workshop_measure_undo", note.pk), {"token": page.context["undo"].token}).status_code == 409
    change_notes(day.workshop, [note.pk], SetHidden(True), by=coordinator)
    assert client.post(address, sent).status_code == 409 and not Measure.objects.exists()


def test_a_typed_list_can_be_of_a_group(day: Day, coordinator: User, client_for: Callable[[User], Client]) -> None:
    """And is told with it."""
    client, address = client_for(coordinator), path("negotiation_findings", day.negotiation.pk)
    column = f"column_{day.columns[0].pk}"
    assert client.post(address, {"group_name": "Ryhmä 2", column: ""}).status_code == 422
    assert client.post(address, {"group_name": "Ryhmä 2", column: "• Yksi\n• Kaksi"}).status_code == 302
    assert {row.group_name for row in Observation.objects.all()} == {"Ryhmä 2"}
    assert "(Ryhmä 2)" in client.get(path("negotiation_workshop", day.negotiation.pk)).text


def test_the_log_tells_what_moderators_did_and_nothing_of_notes(day: Day, coordinator: User) -> None:
    """Each in words; the payload has ids alone."""
    note = day.note("Salainen ajatus")
    heading = add_heading(day.workshop, day.columns[0].pk, "Otsikko", by=coordinator)
    for change in (
        MoveTo(day.columns[0].pk, heading.pk),
        SetKey(True),
        SetKey(False),
        SetHidden(True),
        SetHidden(False),
    ):
        undo(day.workshop, change_notes(day.workshop, [note.pk], change, by=coordinator), by=coordinator)
    told = " ".join(happened.words for happened in log_of([day.negotiation]))
    for words in (
        "1 lappu siirrettiin",
        "1 lappu on nyt keskeinen havainto",
        "1 lappu piilotettiin",
        "muutti taulun otsikoita",
    ):
        assert words in told
    kept = json.dumps([event.payload for event in Event.objects.filter(verb__startswith="workshop")])
    assert "Salainen" not in kept and "Otsikko" not in kept
