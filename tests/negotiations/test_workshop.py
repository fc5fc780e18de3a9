"""Themes of workshops and what was found: entered as lists, moved, removed and brought back; nothing lost."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from django_scopes import scope

from municipalities.models import County, Event, Municipality, User
from municipalities.moves import NotAllowedNow
from negotiations.log import WORDS, log_of
from negotiations.models import Negotiation, Observation, Round, ThemeColumn, WorkshopTheme
from negotiations.sitting.workshop import (
    USUAL_THEMES,
    add_findings,
    add_theme,
    add_usual_themes,
    change_theme,
    move_finding,
    move_theme,
    remove_finding,
    remove_theme,
    restore_finding,
    restore_theme,
)
from tests.factories import make_held, make_round


@pytest.fixture
def round_(in_scope: County) -> Round:
    """A round in groups."""
    return make_round(in_scope)


@pytest.fixture
def held(round_: Round, hankasalmi: Municipality, coordinator: User) -> Negotiation:
    """A negotiation that was held."""
    return make_held(round_, [hankasalmi], by=coordinator)


@pytest.fixture
def theme(round_: Round, coordinator: User) -> WorkshopTheme:
    """A theme of two columns."""
    return add_theme(round_, "Perhekeskus", ["Ilmiöt", "Toimenpiteet"], by=coordinator)


def columns(theme: WorkshopTheme) -> list[ThemeColumn]:
    """Return the columns of a theme in order."""
    return list(ThemeColumn.objects.filter(theme=theme).order_by("position"))


def texts(column: ThemeColumn, negotiation: Negotiation | None = None) -> list[str]:
    """Return what was found under a column, in order; of one negotiation where it is given."""
    rows = Observation.objects.filter(column=column).order_by("position", "id")
    return [row.text for row in rows if negotiation is None or row.negotiation == negotiation]


def path(name: str, pk: int) -> str:
    """Return an address in the county."""
    return reverse(name, args=["keski-suomi", pk])


# --- Themes -----------------------------------------------------------------------------------------------------


def test_the_usual_themes_are_added_once_in_the_language_of_the_round(in_scope: County, coordinator: User) -> None:
    """Those chosen; what the round has already is left as it is."""
    round_ = make_round(in_scope, language="fi")
    with translation.override("en"):
        add_usual_themes(round_, ["perhekeskus"], by=coordinator)
        assert len(add_usual_themes(round_, [usual.key for usual in USUAL_THEMES], by=coordinator)) == 2
        assert add_usual_themes(round_, ["perhekeskus", "tuntematon"], by=coordinator) == []
    rows = WorkshopTheme.objects.filter(round=round_).order_by("position")
    assert [(row.name, [column.title for column in columns(row)]) for row in rows] == [
        ("Perhekeskus", ["Ilmiöt ja tavoitteet", "Yhteistyö ja toimenpiteet"]),
        ("Seniorikeskus", ["Ilmiöt ja tavoitteet", "Yhteistyö ja toimenpiteet"]),
        (
            "Hyvinvointitarjotin",
            ["Tekniikka ja valmiudet", "Kohderyhmät ja viestintä", "Yhteistyö ja kehittäminen"],
        ),
    ]


def test_a_theme_has_one_to_four_columns(round_: Round, theme: WorkshopTheme, coordinator: User) -> None:
    """Neither none nor five."""
    for wrong in ([], ["a", "b", "c", "d", "e"]):
        with pytest.raises(ValidationError):
            add_theme(round_, "Toinen", wrong, by=coordinator)
    with pytest.raises(ValidationError):
        change_theme(theme, ["", "", "", ""], by=coordinator)


def test_a_column_with_findings_is_not_left_out(theme: WorkshopTheme, coordinator: User) -> None:
    """An empty one is, and those after it take its place with what was found under them."""
    first, second = columns(theme)
    add_findings({second.pk: ["Yksi"]}, round_=theme.round, by=coordinator)
    with pytest.raises(ValidationError):
        change_theme(theme, ["Ilmiöt", "", "", ""], by=coordinator)
    change_theme(theme, ["", "Teot", "Uusi", ""], by=coordinator)
    assert [(column.position, column.title) for column in columns(theme)] == [(1, "Teot"), (2, "Uusi")]
    assert texts(columns(theme)[0]) == ["Yksi"]
    assert not ThemeColumn.objects.filter(pk=first.pk).exists()


def test_a_theme_is_moved_removed_and_brought_back(round_: Round, coordinator: User) -> None:
    """To its place; one with findings is not removed."""
    first, second, third = (add_theme(round_, name, ["Sarake"], by=coordinator) for name in ("A", "B", "C"))

    def order() -> list[str]:
        return list(WorkshopTheme.objects.filter(round=round_).order_by("position").values_list("name", flat=True))

    assert not move_theme(first, up=True, by=coordinator)
    assert not move_theme(third, up=False, by=coordinator)
    assert move_theme(third, up=True, by=coordinator)
    assert order() == ["A", "C", "B"]
    removed = remove_theme(WorkshopTheme.objects.get(pk=third.pk), by=coordinator)
    assert order() == ["A", "B"]
    back = restore_theme(round_, removed, by=coordinator)
    assert order() == ["A", "C", "B"]
    add_findings({columns(back)[0].pk: ["Yksi"]}, round_=round_, by=coordinator)
    with pytest.raises(NotAllowedNow):
        remove_theme(back, by=coordinator)
    assert move_theme(second, up=True, by=coordinator)
    assert order() == ["A", "B", "C"]


# --- Findings ---------------------------------------------------------------------------------------------------


def test_findings_come_after_what_is_there(theme: WorkshopTheme, held: Negotiation, coordinator: User) -> None:
    """Whoever added it; a column of another round is refused and nothing is added."""
    first, second = columns(theme)
    add_findings({first.pk: ["a", "b"], second.pk: []}, round_=theme.round, negotiation=held, by=coordinator)
    add_findings({first.pk: ["c"], second.pk: ["d"]}, round_=theme.round, by=coordinator)
    assert (texts(first), texts(second)) == (["a", "b", "c"], ["d"])
    assert len(set(Observation.objects.filter(column=first).values_list("position", flat=True))) == 3
    other = make_round(theme.county, name="Toinen")
    with pytest.raises(ValidationError):
        add_findings({first.pk: ["e"]}, round_=other, by=coordinator)
    assert texts(first) == ["a", "b", "c"]


@pytest.mark.django_db(transaction=True)
def test_two_who_add_at_once_both_get_theirs_in(keski_suomi: County) -> None:
    """Each place is one's own, and the lines of each stay together in their order."""
    with scope(county=keski_suomi):
        round_ = make_round(keski_suomi)
        column = columns(add_theme(round_, "Perhekeskus", ["Ilmiöt"], by=None))[0]
    ready = threading.Barrier(2)

    def add(who: str) -> None:
        try:
            with scope(county=keski_suomi):
                ready.wait(timeout=10)
                add_findings({column.pk: [f"{who}{number:02}" for number in range(20)]}, round_=round_, by=None)
        finally:
            connection.close()

    threads = [threading.Thread(target=add, args=(who,)) for who in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with scope(county=keski_suomi):
        places = list(Observation.objects.filter(column=column).values_list("position", flat=True))
        assert sorted(places) == list(range(1, 41))
        assert [text[0] for text in texts(column)] in (["a"] * 20 + ["b"] * 20, ["b"] * 20 + ["a"] * 20)


def test_within_a_negotiation_the_others_stay(
    theme: WorkshopTheme, held: Negotiation, joutsa: Municipality, coordinator: User
) -> None:
    """A step past the neighbour of the same negotiation; on the round's page past whichever is next."""
    other = make_held(theme.round, [joutsa], by=coordinator)
    column = columns(theme)[0]
    add_findings({column.pk: ["a1"]}, round_=theme.round, negotiation=held, by=coordinator)
    add_findings({column.pk: ["b1", "b2"]}, round_=theme.round, negotiation=other, by=coordinator)
    add_findings({column.pk: ["a2"]}, round_=theme.round, negotiation=held, by=coordinator)
    last = Observation.objects.get(text="a2")
    assert move_finding(last, up=True, within=held, by=coordinator)
    assert texts(column) == ["a2", "a1", "b1", "b2"]
    assert not move_finding(last, up=True, within=held, by=coordinator)
    assert move_finding(last, up=False, by=coordinator)
    assert texts(column) == ["a1", "a2", "b1", "b2"]
    gone = Observation.objects.get(text="b2")
    remove_finding(Observation.objects.get(text="b2"), by=coordinator)
    assert not move_finding(gone, up=True, by=coordinator)


def test_a_finding_is_removed_and_brought_back_to_its_place(theme: WorkshopTheme, coordinator: User) -> None:
    """Where its column is there no more, it is said so."""
    first, second = columns(theme)
    add_findings({first.pk: ["a", "b", "c"]}, round_=theme.round, by=coordinator)
    removed = remove_finding(Observation.objects.get(text="b"), by=coordinator)
    assert texts(first) == ["a", "c"]
    restore_finding(theme.round, removed, by=coordinator)
    assert texts(first) == ["a", "b", "c"]
    add_findings({second.pk: ["d"]}, round_=theme.round, by=coordinator)
    lost = remove_finding(Observation.objects.get(text="d"), by=coordinator)
    change_theme(theme, ["Ilmiöt", "", "", ""], by=coordinator)
    with pytest.raises(NotAllowedNow):
        restore_finding(theme.round, lost, by=coordinator)


def test_every_event_of_theirs_has_words(theme: WorkshopTheme, held: Negotiation, coordinator: User) -> None:
    """Of the negotiation where it is of one, else of the round."""
    column = columns(theme)[0]
    add_findings({column.pk: ["a", "b"]}, round_=theme.round, negotiation=held, by=coordinator)
    move_finding(Observation.objects.get(text="b"), up=True, by=coordinator)
    restore_finding(theme.round, remove_finding(Observation.objects.get(text="a"), by=coordinator), by=coordinator)
    with translation.override("en"):
        assert [event.words for event in log_of([held])][-4:] == [
            "Coordinator added 2 workshop findings.",
            "Coordinator changed the order of the workshop findings.",
            "Coordinator removed a workshop finding.",
            "Coordinator brought back a workshop finding.",
        ]
    assert {(event.subject, event.verb) for event in Event.objects.all()} <= set(WORDS)


# --- The pages --------------------------------------------------------------------------------------------------


def test_findings_are_pasted_changed_moved_and_removed_on_the_pages(
    theme: WorkshopTheme, held: Negotiation, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """Marks of lists left out; nothing is refused unsaid; the pages lead back to where one was."""
    first, second = columns(theme)
    client = client_for(coordinator)
    # A negotiation without findings leads to those of the round, and to adding its own.
    empty = client.get(path("negotiation_workshop", held.pk)).content.decode()
    assert theme.name not in empty
    assert held.round_id is not None
    assert path("round_workshops", held.round_id) in empty
    assert f'href="{path("negotiation_findings", held.pk)}"' in empty
    add = path("negotiation_findings", held.pk) + f"?teema={theme.pk}"
    assert client.post(add, {f"column_{first.pk}": " \n"}).status_code == 422
    data = {f"column_{first.pk}": "• Yksinäisyys\n\n- Kiusaaminen", f"column_{second.pk}": "Harrastukset"}
    assert client.post(add, data).headers["Location"].endswith(f"#teema-{theme.pk}")
    assert (texts(first, held), texts(second, held)) == (["Yksinäisyys", "Kiusaaminen"], ["Harrastukset"])
    tab = client.get(path("negotiation_workshop", held.pk) + "?muokkaa=1")
    assert "Kiusaaminen" in tab.content.decode()
    finding = Observation.objects.get(text="Kiusaaminen")
    moved = client.post(path("round_finding_move", finding.pk), {"suunta": "ylos", "sivu": "neuvottelu"})
    assert moved.headers["Location"] == path("negotiation_workshop", held.pk) + f"?muokkaa=1#havainto-{finding.pk}"
    assert texts(first) == ["Kiusaaminen", "Yksinäisyys"]
    changed = {"text": "Kiusaaminen verkossa", "column": str(second.pk), "negotiation": str(held.pk)}
    assert client.post(path("round_finding", finding.pk), changed | {"text": ""}).status_code == 422
    assert client.post(path("round_finding", finding.pk), changed | {"column": "0"}).status_code == 422
    assert client.post(path("round_finding", finding.pk), changed).status_code == 302
    assert texts(second) == ["Harrastukset", "Kiusaaminen verkossa"]
    client.post(path("round_finding_remove", finding.pk), {"sivu": "neuvottelu"})
    undo = client.get(path("negotiation_workshop", held.pk)).context["undo"]
    assert texts(second) == ["Harrastukset"]
    assert client.post(undo.url, {"token": undo.token}).status_code == 302
    assert texts(second) == ["Harrastukset", "Kiusaaminen verkossa"]
    assert client.post(undo.url, {"token": "muuta"}).status_code == 409


def test_themes_are_made_and_changed_on_the_pages(
    round_: Round, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """From the usual ones or of one's own; the empty page offers both."""
    client, page = client_for(coordinator), path("round_workshops", round_.pk)
    assert path("round_themes_usual", round_.pk) in client.get(page).content.decode()
    assert client.post(path("round_themes_usual", round_.pk), {"theme": ["seniorikeskus"]}).status_code == 302
    new = path("round_theme_new", round_.pk)
    assert client.post(new, {"name": "Oma", "column_1": ""}).status_code == 422
    assert client.post(new, {"name": "Oma", "column_2": "Toinen", "column_1": "Eka"}).status_code == 302
    own = WorkshopTheme.objects.get(name="Oma")
    data = {"name": "Oma", "column_1": "Eka", "column_2": "", "key_message": "Yhdessä."}
    assert client.post(path("round_theme", own.pk), data).status_code == 302
    own.refresh_from_db()
    assert (own.key_message, [column.title for column in columns(own)]) == ("Yhdessä.", ["Eka"])
    assert client.post(path("round_theme_move", own.pk), {"suunta": "ylos"}).status_code == 302
    assert WorkshopTheme.objects.get(position=1) == own
    client.post(path("round_theme_remove", own.pk))
    undo = client.get(page).context["undo"]
    client.post(undo.url, {"token": undo.token})
    assert WorkshopTheme.objects.get(position=1).key_message == "Yhdessä."


def test_a_negotiation_in_no_round_and_a_round_without_themes_say_so(
    in_scope: County, round_: Round, hankasalmi: Municipality, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """The way on is a message, never a failure."""
    inside = make_held(round_, [hankasalmi], by=coordinator)
    outside = make_held(round_, [hankasalmi], by=coordinator)
    Negotiation.objects.filter(pk=outside.pk).update(round=None)
    client = client_for(coordinator)
    for negotiation in (inside, outside):
        assert client.get(path("negotiation_workshop", negotiation.pk)).status_code == 200
        answer = client.get(path("negotiation_findings", negotiation.pk), follow=True)
        assert len(list(answer.context["messages"])) == 1


@pytest.mark.parametrize("page", ["negotiation_workshop", "round_workshops", "round_findings", "round_finding"])
def test_one_row_and_three_rows_cost_the_same(
    page: str, round_: Round, hankasalmi: Municipality, coordinator: User, client_for: Callable[..., Client]
) -> None:
    """Themes, columns and findings, of several negotiations."""
    first = make_held(round_, [hankasalmi], by=coordinator)
    client, counts = client_for(coordinator), []
    for number in range(1, 4):
        theme = add_theme(round_, f"Teema {number}", ["A", "B"], by=coordinator)
        other = make_held(round_, [hankasalmi], by=coordinator)
        for negotiation in (first, other):
            found = {column.pk: ["Yksi", "Kaksi"] for column in columns(theme)}
            add_findings(found, round_=round_, negotiation=negotiation, by=coordinator)
        pk = {"negotiation_workshop": first.pk, "round_finding": Observation.objects.earliest("pk").pk}.get(page)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path(page, pk or round_.pk) + "?muokkaa=1").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] == counts[2], counts
