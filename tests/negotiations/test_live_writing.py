"""Texts of the sitting that save themselves: when they can be written, and what becomes of two who write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.utils import timezone
from django_scopes import scope

from municipalities.forms import digest_of
from municipalities.models import County, Event, Municipality, User
from municipalities.moves import NotAllowedNow
from municipalities.saving import Sent
from negotiations.log import log_of
from negotiations.minutes.checking import open_minutes, send_for_checking
from negotiations.models import AgendaItem, LegalBasis, Minutes, Negotiation, Part
from negotiations.sitting.conduct import convene, hold
from negotiations.sitting.live_state import heard, version_of
from negotiations.sitting.live_writing import LONGEST, save_texts, states_for, why_closed
from tests.factories import BOTH, make_municipality, make_negotiation, make_round
from tests.negotiations.test_checking import later
from tests.negotiations.test_live import item_of, part_of
from tests.negotiations.test_two_at_once import while_waiting

State = Negotiation.State
DAY = date(2024, 9, 26)


@pytest.fixture
def negotiation(in_scope: County, hankasalmi: Municipality, coordinator: User) -> Negotiation:
    """A sitting of both duties, to which the parties have been invited."""
    row = make_negotiation(make_round(in_scope, legal_bases=list(BOTH)), [hankasalmi], bases=BOTH)
    return convene(row, by=coordinator)


def name(row: AgendaItem | Part, attribute: str) -> str:
    """Return the address of a text."""
    return f"{'item' if isinstance(row, AgendaItem) else 'part'}-{row.pk}-{attribute}"


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("minutes", [[], *[[one] for one in Minutes.State]])
@pytest.mark.parametrize("days", [-1, 0, 30])
def test_when_it_can_be_written(state: State, minutes: list[str], days: int) -> None:
    """While convened and the day has come, and while the minutes are a draft; never otherwise."""
    negotiation = Negotiation(state=state, earliest=DAY, latest=DAY)
    is_open = days >= 0 and (state == State.CONVENED or (state == State.HELD and minutes == [Minutes.State.DRAFT]))
    words = why_closed(negotiation, minutes, today=DAY + timedelta(days=days))
    assert (words == "") is is_open


def test_of_which_minutes_a_part_is() -> None:
    """Those of the whole, or its own; of no part, all of them."""
    assert states_for({None: "draft"}, 7) == ["draft"]
    assert states_for({7: "draft", 8: "checking"}, 8) == ["checking"]
    assert states_for({7: "draft", 8: "checking"}, None) == ["draft", "checking"]
    assert states_for({7: "draft"}, 9) == []


def test_each_text_is_saved_by_itself(negotiation: Negotiation, coordinator: User) -> None:
    """One that is refused or clashes leaves the others saved, and what is no text of the sitting is left out."""
    item, part = item_of(negotiation), part_of(negotiation)
    sent = {
        name(item, "discussion"): Sent("  Puhuttiin.\r\nPaljon.  ", digest_of(item.discussion)),
        name(item, "agreed"): Sent("Oma.", digest_of("jotain muuta")),
        name(item, "dissent"): Sent("x" * (LONGEST + 1), digest_of("")),
        name(part, "opening"): Sent("Avattiin.", None),
        "item-999999-agreed": Sent("Katosi.", None),
        f"item-{item.pk}-title": Sent("Ei", None),
    }
    outcomes = save_texts(negotiation, sent, by=coordinator)
    assert set(outcomes) == set(sent) - {f"item-{item.pk}-title"}
    now = item_of(negotiation)
    assert (now.discussion, now.agreed, now.dissent) == ("Puhuttiin.\nPaljon.", "Sovittiin 1.", "")
    assert part_of(negotiation).opening == "Avattiin."
    assert outcomes[name(item, "agreed")].theirs == "Sovittiin 1."
    assert outcomes[name(item, "dissent")].error
    assert outcomes["item-999999-agreed"].error


def test_nothing_of_another_negotiation(negotiation: Negotiation, coordinator: User) -> None:
    """An address of an item that is elsewhere is answered as one that there is not."""
    other = make_negotiation(make_round(negotiation.county, name="Toinen"), [])
    item = AgendaItem.objects.filter(part__negotiation=other)[0]
    outcome = save_texts(negotiation, {name(item, "agreed"): Sent("Väärä.", None)}, by=coordinator)
    assert not outcome[name(item, "agreed")].is_saved
    assert item.agreed == AgendaItem.objects.get(pk=item.pk).agreed


def test_what_only_the_other_changed_stays(negotiation: Negotiation, coordinator: User) -> None:
    """Sent as it was seen, it is no change: theirs is told, to be shown. The same text twice is saved once."""
    item = item_of(negotiation)
    address, seen = name(item, "agreed"), digest_of(item.agreed)
    save_texts(negotiation, {address: Sent("Toisen.", seen)}, by=None)
    (merged,) = save_texts(negotiation, {address: Sent(item.agreed, seen)}, by=coordinator).values()
    assert merged.is_merged and merged.value == "Toisen."
    (same,) = save_texts(negotiation, {address: Sent("Toisen.", seen)}, by=coordinator).values()
    assert same.is_saved and not same.is_merged


def test_closed_minutes_refuse_all_or_their_part(negotiation: Negotiation, coordinator: User) -> None:
    """Where each part has minutes of its own, the other part is still written."""
    County.objects.update(minutes_form=County.MinutesForm.TWO)
    hold(negotiation, by=coordinator)
    first, second = open_minutes(Negotiation.objects.get(pk=negotiation.pk), by=coordinator)
    send_for_checking(first, check_by=later(), by=coordinator)
    mine, other = item_of(negotiation), item_of(negotiation, basis=LegalBasis.WELFARE)
    sent = {name(mine, "agreed"): Sent("Myöhässä.", None), name(other, "agreed"): Sent("Ajoissa.", None)}
    outcomes = save_texts(negotiation, sent, by=coordinator)
    assert (outcomes[name(mine, "agreed")].is_saved, outcomes[name(other, "agreed")].is_saved) == (False, True)
    assert item_of(negotiation, basis=LegalBasis.WELFARE).agreed == "Ajoissa."
    send_for_checking(second, check_by=later(), by=coordinator)
    with pytest.raises(NotAllowedNow):
        save_texts(negotiation, sent, by=coordinator)
    assert item_of(negotiation).agreed == "Sovittiin 1."


def test_the_log_tells_once_in_a_while(negotiation: Negotiation, coordinator: User) -> None:
    """A text that is saved every few seconds is one line of the log; another item, or another writer, is another."""
    first, second = item_of(negotiation), item_of(negotiation, 2)
    start = timezone.now()
    for number, minutes in enumerate((0, 1, 5, 12)):
        at = start + timedelta(minutes=minutes)
        save_texts(negotiation, {name(first, "agreed"): Sent(f"Versio {number}", None)}, by=coordinator, at=at)
    save_texts(negotiation, {name(second, "agreed"): Sent("Toinen", None)}, by=coordinator, at=start)
    save_texts(negotiation, {name(second, "agreed"): Sent("Toinen", None)}, by=coordinator, at=start)
    told = Event.objects.filter(verb="text_changed")
    assert [event.payload["item"] for event in told.order_by("pk")] == [first.pk, first.pk, second.pk]
    assert not any("Versio" in str(event.payload) for event in told)
    words = [row.words.replace("\N{NO-BREAK SPACE}", " ") for row in log_of([negotiation])]
    assert any("kirjoitti istunnossa: 2 §, 14 §" in text for text in words)


def test_the_version_changes_with_everything_that_is_shown(negotiation: Negotiation, coordinator: User) -> None:
    """And with nothing else: another negotiation's changes, or a look at this one, leave it."""
    other = make_negotiation(make_round(negotiation.county, name="Toinen"), [])
    item = item_of(negotiation)
    versions = [version_of(negotiation.pk)]
    AgendaItem.objects.filter(part__negotiation=other).update(agreed="Muualla.")
    assert version_of(negotiation.pk) == versions[0]
    for change in (
        lambda: save_texts(negotiation, {name(item, "agreed"): Sent("Uusi.", None)}, by=coordinator),
        lambda: Part.objects.filter(negotiation=negotiation).update(opened_at=timezone.now()),
        lambda: item.attachments.create(county_id=item.county_id, position=1, title="Liite"),
        lambda: item.attachments.all().delete(),
        lambda: negotiation.measures.create(
            county_id=item.county_id, text="Teko", responsible="K", responsible_sector="county"
        ),
        lambda: negotiation.attendances.create(county_id=item.county_id, sector="county", name="Nimi"),
    ):
        change()
        versions.append(version_of(negotiation.pk))
    # The attachment that was taken away again leaves things as they were.
    assert len(set(versions)) == len(versions) - 1


def test_who_writes_where(coordinator: User, administrator: User) -> None:
    """Each is told of the others, for some seconds after they were heard last; nonsense is no place."""
    assert heard(1, coordinator, "item-1-agreed", now=1_000) == []
    (told,) = heard(1, administrator, "", now=1_003)
    assert (told.field, told.name) == ("item-1-agreed", str(coordinator))
    assert heard(2, administrator, "", now=1_003) == []
    assert heard(1, administrator, "<script>", now=1_030) == []
    assert heard(1, coordinator, "", now=1_031) == []


# --- Two at once, in transactions of their own --------------------------------------------------------------------


@pytest.fixture
def committed(keski_suomi: County) -> Negotiation:
    """A sitting that others see."""
    with scope(county=keski_suomi):
        place = make_municipality(keski_suomi, "901", "Kunta")
        row = make_negotiation(make_round(keski_suomi, legal_bases=list(BOTH)), [place], bases=BOTH)
        return convene(row, by=None)


def _write(
    negotiation: Negotiation, address: str, text: str, seen: str | None, told: list[object]
) -> Callable[[], None]:
    return lambda: told.append(save_texts(negotiation, {address: Sent(text, seen)}, by=None)[address])


@pytest.mark.django_db(transaction=True)
def test_two_who_write_the_same_text_lose_nothing(keski_suomi: County, committed: Negotiation) -> None:
    """The second waits for the first, and gets their text to be settled with its own."""
    told: list[object] = []
    with scope(county=keski_suomi):
        item = item_of(committed)
        address, seen = name(item, "agreed"), digest_of(item.agreed)
    first = _write(committed, address, "Ensimmäisen.", seen, told)
    second = _write(committed, address, "Toisen.", seen, told)
    assert while_waiting(keski_suomi, first, second) == "done"
    saved, clash = told
    assert saved.is_saved and clash.theirs == "Ensimmäisen."  # type: ignore[attr-defined]
    with scope(county=keski_suomi):
        assert item_of(committed).agreed == "Ensimmäisen."


@pytest.mark.django_db(transaction=True)
def test_two_who_write_different_items_both_save(keski_suomi: County, committed: Negotiation) -> None:
    """Edits of different items never clash."""
    told: list[object] = []
    with scope(county=keski_suomi):
        one, other = item_of(committed), item_of(committed, 2)
    first = _write(committed, name(one, "agreed"), "Yksi.", digest_of(one.agreed), told)
    second = _write(committed, name(other, "agreed"), "Kaksi.", digest_of(other.agreed), told)
    assert while_waiting(keski_suomi, first, second) == "done"
    assert all(outcome.is_saved for outcome in told)  # type: ignore[attr-defined]
    with scope(county=keski_suomi):
        assert (item_of(committed).agreed, item_of(committed, 2).agreed) == ("Yksi.", "Kaksi.")


@pytest.mark.django_db(transaction=True)
def test_minutes_sent_meanwhile_are_not_written(keski_suomi: County, committed: Negotiation) -> None:
    """Who waits for the minutes to be sent is refused: what the checkers have before them does not change."""
    with scope(county=keski_suomi):
        hold(committed, by=None)
        (minutes,) = open_minutes(Negotiation.objects.get(pk=committed.pk), by=None)
        item = item_of(committed)
    ended = while_waiting(
        keski_suomi,
        lambda: send_for_checking(minutes, check_by=later(), by=None),
        _write(committed, name(item, "agreed"), "Myöhässä.", None, []),
    )
    assert ended.startswith("refused")
    with scope(county=keski_suomi):
        assert item_of(committed).agreed == item.agreed
