"""The agenda: items added, edited, removed and brought back, put in order; numbered from one; locked in time."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from municipalities.models import County, Event, Municipality, Sector, User
from municipalities.moves import NotAllowedNow
from negotiations.minutes.checking import open_minutes, send_for_checking
from negotiations.models import AgendaItem, LegalBasis, Measure, Negotiation, Part
from negotiations.sitting import agenda
from negotiations.sitting.agenda_templates import USUAL
from negotiations.sitting.beginning import fill_with_usual
from negotiations.sitting.conduct import cancel, convene, hold
from negotiations.sitting.forms.agenda import _without_number
from tests.factories import BOTH, make_negotiation, make_round
from tests.negotiations.test_checking import later
from tests.negotiations.test_negotiations import ClientFor, text_of, url


@pytest.fixture
def planned(in_scope: County, hankasalmi: Municipality) -> Negotiation:
    """A planned negotiation of both duties, with an empty agenda."""
    return make_negotiation(make_round(in_scope), [hankasalmi], bases=BOTH, items=0)


@pytest.fixture
def part(planned: Negotiation) -> Part:
    """Its second part, with three items."""
    row: Part = planned.parts.get(legal_basis=LegalBasis.WELFARE)
    agenda.add_items(row, [("A", ""), ("B", "Taustaa"), ("C", "")], by=None)
    return row


@pytest.fixture
def client(coordinator: User, client_for: ClientFor) -> Client:
    """The coordinator's."""
    return client_for(coordinator)


def titles(part: Part) -> str:
    """Return the titles in their order, having seen that the numbers run from one."""
    rows = list(AgendaItem.objects.filter(part=part).values_list("position", "title"))
    assert [number for number, _title in rows] == list(range(1, len(rows) + 1))
    return "".join(title for _number, title in rows)


def item(part: Part, title: str) -> AgendaItem:
    """Return an item."""
    row: AgendaItem = AgendaItem.objects.get(part=part, title=title)
    return row


# --- Rules ----------------------------------------------------------------------------------------------------


def test_items_are_moved_and_numbered_by_their_order(part: Part) -> None:
    """A step at a time, to a place, and never past the ends."""
    agenda.move_item(item(part, "C"), by=None, steps=-1)
    assert titles(part) == "ACB"
    agenda.move_item(item(part, "A"), by=None, steps=1)
    assert titles(part) == "CAB"
    agenda.move_item(item(part, "C"), by=None, steps=-1)
    agenda.move_item(item(part, "B"), by=None, steps=1)
    assert titles(part) == "CAB"
    agenda.place_item(item(part, "B"), by=None, number=1)
    assert titles(part) == "BCA"
    agenda.place_item(item(part, "B"), by=None, number=9999)
    assert titles(part) == "CAB"


def test_moving_to_the_same_place_tells_nothing(part: Part) -> None:
    """The log has what changed."""
    agenda.move_item(item(part, "A"), by=None, steps=-1)
    assert not Event.objects.filter(payload__what="ordered").exists()
    agenda.move_item(item(part, "A"), by=None, steps=1)
    assert Event.objects.filter(payload__what="ordered").count() == 1


def test_gaps_in_the_numbers_are_closed(part: Part) -> None:
    """Wherever they came from."""
    AgendaItem.objects.filter(part=part, title="C").update(position=40)
    agenda.add_items(part, [("D", "")], by=None)
    assert titles(part) == "ABCD"


def test_an_item_removed_comes_back_where_it_was(part: Part) -> None:
    """With all its texts."""
    AgendaItem.objects.filter(part=part, title="B").update(agreed="Sovittiin", dissent="Eriävä", discussion="Puhe")
    kept = agenda.remove_item(item(part, "B"), by=None)
    assert titles(part) == "AC"
    agenda.restore_item(part, kept, by=None)
    assert titles(part) == "ABC"
    back = item(part, "B")
    assert (back.background, back.discussion, back.agreed, back.dissent) == ("Taustaa", "Puhe", "Sovittiin", "Eriävä")


def test_an_item_with_measures_stays(part: Part) -> None:
    """What was agreed is not lost with it."""
    Measure.objects.create(
        county_id=part.county_id,
        negotiation=part.negotiation,
        agenda_item=item(part, "B"),
        text="Toimenpide",
        responsible_sector=Sector.COUNTY,
        responsible="Alue",
    )
    with pytest.raises(NotAllowedNow):
        agenda.remove_item(item(part, "B"), by=None)
    assert titles(part) == "ABC"


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize("basis", list(LegalBasis))
def test_the_usual_items_fill_an_empty_agenda(planned: Negotiation, language: str, basis: LegalBasis) -> None:
    """In the negotiation's language, each with its background; not on top of others."""
    Negotiation.objects.filter(pk=planned.pk).update(language=language)
    part = planned.parts.get(legal_basis=basis)
    added = fill_with_usual(part, by=None)
    wanted = USUAL[language if language != "en" else "fi"][basis]
    assert [(row.title, row.background) for row in added] == [(one.title, one.background) for one in wanted]
    assert all(len(one.title) <= 200 and one.background for one in wanted)
    with pytest.raises(NotAllowedNow):
        fill_with_usual(part, by=None)


def test_the_languages_have_the_same_usual_items() -> None:
    """As many of each duty."""
    counts = {language: {basis: len(rows) for basis, rows in usual.items()} for language, usual in USUAL.items()}
    assert counts["fi"] == counts["sv"]
    assert set(counts["fi"]) == set(LegalBasis)


def test_an_agenda_has_an_end(part: Part) -> None:
    """What is too much is refused whole."""
    with pytest.raises(ValidationError):
        agenda.add_items(part, [(f"Asia {n}", "") for n in range(agenda.MOST_ITEMS - 2)], by=None)
    assert titles(part) == "ABC"


@pytest.mark.parametrize("state", ["draft", "checking", "cancelled"])
def test_the_agenda_is_locked_once_others_have_it_before_them(part: Part, coordinator: User, state: str) -> None:
    """While the minutes are a draft it can still be mended."""
    negotiation = part.negotiation
    if state == "cancelled":
        cancel(negotiation, reason="Flunssa", by=None)
    else:
        (minutes, *_) = open_minutes(hold(convene(negotiation, by=None), by=None), by=None)
        if state == "checking":
            send_for_checking(minutes, check_by=later(), by=coordinator)
    kept = {"position": 1, "title": "X", "background": "", "discussion": "", "agreed": "", "dissent": ""}
    row = item(part, "B")
    doings = [
        lambda: agenda.add_items(part, [("D", "")], by=None),
        lambda: agenda.move_item(row, by=None, steps=1),
        lambda: agenda.change_item(row, fields=["title"], by=None),
        lambda: agenda.remove_item(row, by=None),
        lambda: agenda.restore_item(part, kept, by=None),
    ]
    for do in doings:
        if state == "draft":
            do()
        else:
            with pytest.raises(NotAllowedNow):
                do()
    assert titles(part) == ("XACD" if state == "draft" else "ABC")


@pytest.mark.parametrize(
    ("pasted", "title"),
    [
        ("1 § Avaus", "Avaus"),
        ("12. Avaus", "Avaus"),
        ("3) Avaus", "Avaus"),
        ("2§ Avaus", "Avaus"),
        ("2024 vuosi", "2024 vuosi"),
        ("3 painopistettä", "3 painopistettä"),
        ("1 §", "1 §"),
        ("Avaus", "Avaus"),
    ],
)
def test_numbers_of_a_pasted_agenda_are_left_out(pasted: str, title: str) -> None:
    """But not those that belong to the matter."""
    assert _without_number(pasted) == title


@given(st.text(min_size=1).filter(str.strip))
def test_a_title_never_becomes_empty(text: str) -> None:
    """Whatever is pasted."""
    assert _without_number(text.strip())


# --- In the browser -------------------------------------------------------------------------------------------


def test_a_list_is_pasted(part: Part, client: Client) -> None:
    """At the end, one item a line."""
    response = client.post(url("agenda_add", part.negotiation_id), {"part": part.pk, "titles": "• D\n\n2 § E\r\n- F\n"})
    assert response.headers["Location"].endswith(f"#osa-{part.pk}")
    assert titles(part) == "ABCDEF"


@pytest.mark.parametrize(("pasted", "words"), [("", "Kirjoita ainakin yksi asia"), ("x" * 201, "Rivi 1")])
def test_a_list_that_will_not_do(part: Part, client: Client, pasted: str, words: str) -> None:
    """Told at its field, in its part; what was typed stays."""
    refused = client.post(url("agenda_add", part.negotiation_id), {"part": part.pk, "titles": pasted})
    page = text_of(refused)
    assert refused.status_code == 422
    assert f'id="id_{part.pk}_titles_error"' in page
    assert f'href="#id_{part.pk}_titles"' in page
    assert words in page
    assert pasted in page
    full = "\n".join(f"Asia {n}" for n in range(98))
    refused = client.post(url("agenda_add", part.negotiation_id), {"part": part.pk, "titles": full})
    assert refused.status_code == 422
    assert "enintään 100" in text_of(refused)


def test_an_unknown_part_or_direction_is_not_found(part: Part, client: Client, in_scope: County) -> None:
    """So is a part of another negotiation."""
    other = make_negotiation(part.negotiation.round or make_round(in_scope), [])
    for wanted in ("", "x", "²", "9" * 30, str(other.parts.get().pk)):
        assert client.post(url("agenda_add", part.negotiation_id), {"part": wanted, "titles": "D"}).status_code == 404
        assert client.post(url("agenda_usual", part.negotiation_id), {"part": wanted}).status_code == 404
    for sent in ({}, {"direction": "sideways"}, {"number": "x"}, {"number": "99999"}):
        assert client.post(url("agenda_item_move", item(part, "A").pk), sent).status_code == 404


def test_moving_keeps_the_focus_on_the_button(part: Part, client: Client) -> None:
    """So that one can go on by keyboard, without JavaScript."""
    row = item(part, "A")
    page = text_of(client.post(url("agenda_item_move", row.pk), {"direction": "down"}, follow=True))
    assert titles(part) == "BAC"
    focused = page.split("autofocus")
    assert len(focused) == 2
    assert "Siirrä alas" in focused[1][:200]
    assert "”A” on nyt 2" in page
    client.post(url("agenda_item_move", row.pk), {"number": "3"})
    assert titles(part) == "BCA"


def test_an_item_is_edited(part: Part, client: Client) -> None:
    """Its matter and its background; the texts of the minutes are elsewhere."""
    row = item(part, "B")
    AgendaItem.objects.filter(pk=row.pk).update(agreed="Sovittiin")
    address = url("agenda_item_edit", row.pk)
    assert 'name="agreed"' not in text_of(client.get(address))
    assert client.post(address, {"title": "", "background": "x"}).status_code == 422
    assert client.post(address, {"title": "Bee", "background": "Uusi tausta"}).status_code == 302
    row.refresh_from_db()
    assert (row.title, row.background, row.agreed) == ("Bee", "Uusi tausta", "Sovittiin")


def test_a_removal_is_undone_once_and_by_oneself(
    part: Part, client: Client, second_editor: User, client_for: ClientFor
) -> None:
    """The page that follows offers it; a tampered token does nothing."""
    page = client.post(url("agenda_item_remove", item(part, "B").pk), follow=True)
    undo = page.context["undo"]
    assert titles(part) == "AC"
    assert client.get(url("negotiation_agenda", part.negotiation_id)).context["undo"] is None
    assert client.post(undo.url, {"token": undo.token + "x"}).status_code == 409
    assert client.post(undo.url, {}).status_code == 409
    assert client.post(undo.url, {"token": undo.token}).status_code == 302
    assert titles(part) == "ABC"


def test_the_usual_items_in_the_browser(planned: Negotiation, client: Client) -> None:
    """Offered for an empty part alone."""
    part = planned.parts.get(legal_basis=LegalBasis.COOPERATION)
    assert url("agenda_usual", planned.pk) in text_of(client.get(url("negotiation_agenda", planned.pk)))
    client.post(url("agenda_usual", planned.pk), {"part": part.pk})
    assert part.items.count() == len(USUAL["fi"][LegalBasis.COOPERATION])
    assert client.post(url("agenda_usual", planned.pk), {"part": part.pk}).status_code == 409
    log = text_of(client.get(url("negotiation_log", planned.pk)))
    assert "Coordinator lisäsi asialistalle 8 kohtaa (14 §): " in log


def test_the_locked_agenda_says_why(part: Part, coordinator: User, client: Client) -> None:
    """And shows no buttons; what is sent all the same is refused."""
    (minutes,) = open_minutes(hold(convene(part.negotiation, by=None), by=None), by=None)
    send_for_checking(minutes, check_by=later(), by=coordinator)
    page = text_of(client.get(url("negotiation_agenda", part.negotiation_id)))
    assert "koska pöytäkirja on tarkastettavana" in page
    assert 'value="up"' not in page
    row = item(part, "A")
    for name, sent in (
        ("agenda_item_move", {"direction": "down"}),
        ("agenda_item_remove", {}),
        ("agenda_item_edit", {"title": "X"}),
    ):
        assert client.post(url(name, row.pk), sent).status_code == 409
    assert titles(part) == "ABC"


def test_items_of_the_countys_own_numbering(part: Part, client: Client) -> None:
    """As the county has set: 1 § or 1."""
    County.objects.filter(pk=part.county_id).update(item_numbering=County.Numbering.PLAIN)
    page = text_of(client.get(url("negotiation", part.negotiation_id)))
    assert '<span class="agenda__number">2.</span>' in page
    assert "2\N{NO-BREAK SPACE}§" not in page


def test_three_items_cost_what_one_does(planned: Negotiation, client: Client) -> None:
    """The page on which the agenda is made."""

    def cost() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            response = client.get(url("negotiation_agenda", planned.pk))
        return len(queries), len(response.content)

    part = planned.parts.get(legal_basis=LegalBasis.WELFARE)
    agenda.add_items(part, [("A", "")], by=None)
    client.get(url("negotiation_agenda", planned.pk))
    one, short = cost()
    agenda.add_items(part, [("B", ""), ("C", "")], by=None)
    three, long = cost()
    assert long > short
    assert three == one
