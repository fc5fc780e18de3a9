"""What is open from the negotiations before: measures of both sides, and items put off; whose, and where they go on."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from municipalities.models import County, Municipality, Sector, User
from municipalities.moves import NotAllowedNow
from negotiations.followup.measures import Agreed, Owner, add_measures
from negotiations.followup.promises import open_measures
from negotiations.models import (
    AgendaAttachment,
    AgendaItem,
    Measure,
    MeasureStatus,
    Negotiation,
    Party,
    Round,
)
from negotiations.sitting import agenda
from negotiations.sitting.beginning import PROMISES, fill_with_usual, take_along
from negotiations.sitting.brought import (
    Carried,
    FromBefore,
    PutOff,
    all_were_there,
    comes_by_itself,
    part_for,
    read_from_before,
    with_former,
)
from negotiations.sitting.conduct import cancel, convene, hold
from tests.factories import BOTH, make_negotiation, make_organisation, make_round
from tests.negotiations.test_negotiations import ClientFor, text_of, url

State = MeasureStatus.State
FIRST, SECOND, THIRD = date(2024, 9, 26), date(2025, 9, 25), date(2026, 9, 24)
keys = st.frozensets(st.sampled_from(["m1", "m2", "m3", "o1"]))


# --- Rules ----------------------------------------------------------------------------------------------------


@given(keys, keys, st.lists(st.tuples(keys, st.booleans()), max_size=4))
def test_an_item_put_off_is_open_where_nobody_has_taken_it(
    partners: frozenset[str], here: frozenset[str], carried: list[tuple[frozenset[str], bool]]
) -> None:
    """For those who were there and are here, less those with whom it has been taken up since."""
    found = PutOff(partners, tuple(Carried(*one) for one in carried)).open_for(here)
    assert found <= partners & here
    taken = {key for keys_, counts in carried if counts for key in keys_}
    assert all((key in found) == (key not in taken) for key in partners & here)


@given(keys, st.lists(keys, max_size=3))
def test_it_comes_by_itself_to_the_next_negotiation(left: frozenset[str], sooner: list[frozenset[str]]) -> None:
    """Of somebody: those whose next negotiation is another one get it there."""
    assert comes_by_itself(left, sooner) == any(all(key not in one for one in sooner) for key in left)


def test_what_is_open_goes_to_the_part_of_its_duty() -> None:
    """Else to the last one; what belongs to none too."""
    parts = [(1, "14"), (2, "6-7")]
    assert [part_for(basis, parts) for basis in ("14", "6-7", None, "x")] == [1, 2, 2, 2]
    assert part_for("14", []) is None


def test_who_was_there_counts_by_former_municipalities_too() -> None:
    """Mäntyharju was there where Pertunmaa was; who has come to the table since was not."""
    former = {"m1": ["m2"]}
    assert all_were_there(frozenset({"m1", "m2"}), frozenset({"m2"}), former)
    assert all_were_there(frozenset({"m1", "m2"}), frozenset({"m1", "m3"}), former)
    assert not all_were_there(frozenset({"m1", "m2", "m3"}), frozenset({"m2"}), former)
    assert not all_were_there(frozenset({"m3"}), frozenset({"m1"}), {})


def test_former_municipalities_go_on_in_those_they_joined() -> None:
    """Also by way of another, and round in a circle without end."""
    assert with_former(frozenset({"m1"}), {"m1": ["m2"], "m2": ["m3"]}) == {"m1", "m2", "m3"}
    assert with_former(frozenset({"m1"}), {"m1": ["m2"], "m2": ["m1"]}) == {"m1", "m2"}
    assert with_former(frozenset({"m4"}), {"m1": ["m2"]}) == {"m4"}


# --- Reading --------------------------------------------------------------------------------------------------


@pytest.fixture
def round_(in_scope: County) -> Round:
    """A round on both legal bases."""
    return make_round(in_scope, legal_bases=list(BOTH))


def convened(round_: Round, municipalities: list[Municipality], day: date, **fields: object) -> Negotiation:
    """Make a negotiation that has been called."""
    return convene(make_negotiation(round_, municipalities, bases=BOTH, day=day, **fields), by=None)  # type: ignore[arg-type]


def promised(negotiation: Negotiation, text: str, owner: Owner | None = None, *, under: bool = True) -> Measure:
    """Enter a measure under the first item of the second part, or under none."""
    item = AgendaItem.objects.filter(part__negotiation=negotiation, part__position=2).first() if under else None
    (row,) = add_measures([Agreed(text, owner or Owner(Sector.COUNTY))], of=negotiation, item=item, by=None)
    return row


def put_off(negotiation: Negotiation, title: str = "Asia 1", position: int = 2) -> AgendaItem:
    """Put an item off."""
    item = AgendaItem.objects.get(part__negotiation=negotiation, part__position=position, title=title)
    return agenda.defer_item(item, by=None)


def planned(round_: Round, municipalities: list[Municipality], day: date = THIRD, **fields: object) -> Negotiation:
    """Make a planned negotiation of both duties, with an empty agenda."""
    return make_negotiation(round_, municipalities, bases=BOTH, day=day, items=0, **fields)


def found(negotiation: Negotiation) -> FromBefore:
    """Return what is open in a negotiation."""
    return read_from_before(negotiation, list(negotiation.parts.all()))


def texts(negotiation: Negotiation) -> set[str]:
    """Return the measures open in a negotiation."""
    return {row.text for row in open_measures(negotiation)}


def test_measures_of_both_sides_are_open_until_told_otherwise(
    round_: Round, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    """Not those of another municipality of the group; done and given up are closed, and a later word opens them."""
    before = convened(round_, [hankasalmi, joutsa], FIRST)
    theirs = promised(before, "kunta", Owner(Sector.MUNICIPALITY, hankasalmi))
    promised(before, "alue")
    promised(before, "naapuri", Owner(Sector.MUNICIPALITY, joutsa))
    promised(before, "seurakunta", Owner(Sector.PARISH, None, make_organisation(round_.county)))
    now = planned(round_, [hankasalmi])
    assert texts(now) == set()
    hold(before, by=None)
    assert texts(now) == {"kunta", "alue", "seurakunta"}
    assert texts(planned(round_, [joutsa])) == {"naapuri", "alue", "seurakunta"}
    for state in (State.DONE, State.UNDERWAY, State.DROPPED, State.NOT_BEGUN):
        MeasureStatus.objects.create(county=round_.county, measure=theirs, state=state, told_on=SECOND)
        assert ("kunta" in texts(now)) == (state in {State.UNDERWAY, State.NOT_BEGUN})
    # What is told in the negotiation itself does not take it off its own agenda.
    MeasureStatus.objects.create(county=round_.county, measure=theirs, negotiation=now, state=State.DONE, told_on=THIRD)
    assert "kunta" in texts(now)


def test_only_what_was_before_is_open(round_: Round, hankasalmi: Municipality, luhanka: Municipality) -> None:
    """Held, with the same municipality, earlier the same day at the latest; and of a whole round they took part in."""
    morning = convened(round_, [hankasalmi], FIRST)
    promised(morning, "aamu")
    hold(morning, by=None)
    add_measures([Agreed("kierros", Owner(Sector.COUNTY))], of=round_, by=None)
    starts = morning.starts_at
    assert starts is not None
    later = planned(
        round_, [hankasalmi], FIRST, starts_at=starts + timedelta(hours=5), ends_at=starts + timedelta(hours=7)
    )
    assert texts(later) == {"aamu", "kierros"}
    assert texts(morning) == set()
    assert texts(planned(round_, [luhanka])) == set()
    assert texts(planned(round_, [hankasalmi], FIRST - timedelta(days=30))) == set()


def test_a_merged_municipality_goes_on_in_the_other(
    round_: Round, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    """What the one was promised is asked after by the other."""
    before = convened(round_, [joutsa], FIRST)
    promised(before, "luvattu Joutsalle", Owner(Sector.MUNICIPALITY, joutsa))
    item = put_off(before)
    hold(before, by=None)
    joutsa.area.merged_into, joutsa.area.valid_to = hankasalmi.area, date(2024, 12, 31)
    joutsa.area.save()
    now, after = planned(round_, [hankasalmi], SECOND), planned(round_, [hankasalmi], THIRD)
    assert texts(now) == {"luvattu Joutsalle"}
    assert [one.item for one in found(now).items] == [item]
    take_along(now.parts.get(position=2), items=[item.pk], by=None)
    assert not found(after).items


def test_a_negotiation_with_an_organisation_alone_goes_on_with_it(round_: Round) -> None:
    """As one with HUS does; the county alone has no earlier ones."""
    hus, other = make_organisation(round_.county, "HUS"), make_organisation(round_.county, "Liitto")
    before, now, apart = (make_negotiation(round_, [], day=day, title="HUS") for day in (FIRST, SECOND, THIRD))
    for negotiation, organisation in ((before, hus), (now, hus), (apart, other)):
        Party.objects.create(county=round_.county, negotiation=negotiation, organisation=organisation)
    hold(convene(before, by=None), by=None)
    promised(before, "HUS lupasi", Owner(Sector.ORGANISATION, None, hus), under=False)
    assert texts(now) == {"HUS lupasi"}
    assert texts(apart) == set()
    assert texts(make_negotiation(round_, [], day=THIRD)) == set()


# --- Items put off --------------------------------------------------------------------------------------------


def test_an_item_is_put_off_in_the_negotiation(round_: Round, hankasalmi: Municipality) -> None:
    """Not before the parties are invited; twice is once; taken back it is open no more."""
    before = make_negotiation(round_, [hankasalmi], bases=BOTH, day=FIRST)
    with pytest.raises(NotAllowedNow, match="ota se pois asialistalta"):
        put_off(before)
    convene(before, by=None)
    item = put_off(before)
    put_off(before)
    now = planned(round_, [hankasalmi])
    assert not found(now).items
    hold(before, by=None)
    assert [one.item for one in found(now).items] == [item]
    agenda.undefer_item(item, by=None)
    agenda.undefer_item(item, by=None)
    assert not found(now).items
    item.refresh_from_db()
    assert not item.is_deferred


def test_an_item_put_off_twice_goes_on_from_the_latest(round_: Round, hankasalmi: Municipality) -> None:
    """Not from the first one again."""
    first = convened(round_, [hankasalmi], FIRST)
    item = put_off(first)
    hold(first, by=None)
    second = planned(round_, [hankasalmi], SECOND)
    take_along(second.parts.get(position=2), items=[item.pk], by=None)
    with pytest.raises(NotAllowedNow, match="Poista se ensin sieltä"):
        agenda.undefer_item(item, by=None)
    convene(second, by=None)
    again = put_off(second)
    third = planned(round_, [hankasalmi])
    assert not found(third).items
    hold(second, by=None)
    assert [one.item for one in found(third).items] == [again]
    assert again.deferred_from == item


def test_what_came_to_nothing_is_open_again(round_: Round, hankasalmi: Municipality) -> None:
    """Where the later negotiation is cancelled, its part not dealt with, or the item taken off its agenda."""
    first = convened(round_, [hankasalmi], FIRST)
    item = put_off(first)
    hold(first, by=None)
    third = planned(round_, [hankasalmi])

    second = planned(round_, [hankasalmi], SECOND)
    part = second.parts.get(position=2)
    take_along(part, items=[item.pk], by=None)
    assert not found(third).items
    agenda.remove_item(part.items.get(), by=None)
    assert found(third).items
    take_along(part, items=[item.pk], by=None)
    convene(second, by=None)
    cancel(second, reason="Flunssa", by=None)
    assert found(third).items
    agenda.undefer_item(item, by=None)
    agenda.defer_item(item, by=None)

    other = planned(round_, [hankasalmi], SECOND)
    part = other.parts.get(position=2)
    take_along(part, items=[item.pk], by=None)
    hold(convene(other, by=None), by=None, not_dealt_with=[part])
    assert found(third).items


def test_a_group_that_divides_has_several_next_negotiations(
    round_: Round, hankasalmi: Municipality, joutsa: Municipality, luhanka: Municipality
) -> None:
    """The item is open in each until it is taken there; not where nobody of the group is."""
    group = convened(round_, [hankasalmi, joutsa], FIRST)
    item = put_off(group)
    hold(group, by=None)
    one, other, apart = (planned(round_, [row], SECOND) for row in (hankasalmi, joutsa, luhanka))
    assert found(one).items
    assert found(other).items
    assert not found(apart).items
    take_along(one.parts.get(position=2), items=[item.pk], by=None)
    assert not found(one).items
    assert found(other).items
    together = planned(round_, [hankasalmi, joutsa], THIRD)
    assert [row.comes_by_itself for row in found(together).items] == [False]
    take_along(other.parts.get(position=2), items=[item.pk], by=None)
    assert not found(together).items


def test_of_two_next_negotiations_it_comes_to_the_sooner(round_: Round, hankasalmi: Municipality) -> None:
    """The later one offers it only, and says why."""
    first = convened(round_, [hankasalmi], FIRST)
    put_off(first)
    hold(first, by=None)
    sooner, later = planned(round_, [hankasalmi], SECOND), planned(round_, [hankasalmi], THIRD)
    assert [one.comes_by_itself for one in found(sooner).items] == [True]
    assert [one.comes_by_itself for one in found(later).items] == [False]
    (part,) = later.parts.filter(position=2)
    assert all(row.deferred_from_id is None for row in fill_with_usual(part, by=None))
    # One on another theme is no place for it.
    Negotiation.objects.filter(pk=sooner.pk).update(topic_kind="theme", topic="Lapset")
    assert [one.comes_by_itself for one in found(later).items] == [True]


# --- Begun ----------------------------------------------------------------------------------------------------


@pytest.fixture
def before(round_: Round, hankasalmi: Municipality) -> Negotiation:
    """A held negotiation with a measure of the second part, one of none, and an item put off in the first."""
    row = convened(round_, [hankasalmi], FIRST)
    promised(row, "Nuorten iltoja lisätään")
    promised(row, "Raportoidaan vuosittain", under=False)
    item = put_off(row, position=1)
    AgendaItem.objects.filter(pk=item.pk).update(
        presenter="Sivistysjohtaja", planned_minutes=15, secrecy_ground="JulkL 24 § 1 mom 23 k"
    )
    AgendaAttachment.objects.create(county=row.county, item=item, position=1, title="Muistio")
    return hold(row, by=None)


def test_what_is_open_comes_along_by_itself(before: Negotiation, hankasalmi: Municipality, round_: Round) -> None:
    """The measures first, under one item; then what was put off, as it was; then the usual items."""
    now = planned(round_, [hankasalmi])
    cooperation, welfare = now.parts.order_by("position")
    first, *rest = fill_with_usual(cooperation, by=None)
    origin = AgendaItem.objects.get(is_deferred=True)
    first.refresh_from_db()
    assert (first.title, first.presenter, first.planned_minutes, first.deferred_from) == (
        origin.title,
        "Sivistysjohtaja",
        15,
        origin,
    )
    assert first.secrecy_ground == "JulkL 24 § 1 mom 23 k"
    assert [row.title for row in first.attachments.all()] == ["Muistio"]
    assert not first.is_deferred
    assert rest
    followed, *rest = fill_with_usual(welfare, by=None)
    assert followed.title == "Mitä lupasimme – mitä tapahtui"
    assert set(followed.measures_followed.values_list("text", flat=True)) == {
        "Nuorten iltoja lisätään",
        "Raportoidaan vuosittain",
    }
    assert all(not row.measures_followed.exists() for row in rest)
    assert not found(now).measures_left
    assert not found(now).items


def test_what_is_not_public_does_not_come_by_itself_to_others(
    before: Negotiation, hankasalmi: Municipality, joutsa: Municipality, round_: Round, client: Client
) -> None:
    """Nor do the measures agreed under such an item, nor such an attachment: that is for the coordinator to choose."""
    AgendaItem.objects.filter(part__negotiation=before, part__position=2).update(secrecy_ground="JulkL 24 §")
    secret = AgendaItem.objects.get(is_deferred=True)
    together, alone = planned(round_, [hankasalmi, joutsa]), planned(round_, [hankasalmi], THIRD + timedelta(days=1))
    assert [(one.is_strange, one.comes_by_itself) for one in found(together).items] == [(True, False)]
    assert {one.measure.text: one.is_strange for one in found(together).measures} == {
        "Nuorten iltoja lisätään": True,
        "Raportoidaan vuosittain": False,
    }
    assert not any(one.is_strange for one in found(alone).items)
    assert not any(one.is_strange for one in found(alone).measures)
    for part in together.parts.order_by("position"):
        fill_with_usual(part, by=None)
    page = text_of(client.get(url("negotiation_agenda", together.pk)))
    assert page.count("ei ollut silloin mukana") == 2 and "Ota kaikki toimenpiteet" not in page
    agenda_ = AgendaItem.objects.filter(part__negotiation=together)
    assert not agenda_.filter(deferred_from=secret).exists()
    assert set(agenda_.values_list("measures_followed__text", flat=True)) == {None, "Raportoidaan vuosittain"}
    # Of a public one what is attached and not public stays where it was.
    AgendaItem.objects.filter(pk=secret.pk).update(secrecy_ground="")
    AgendaAttachment.objects.create(county=before.county, item=secret, position=2, title="Salainen", secrecy_ground="x")
    take_along(together.parts.get(position=1), items=[secret.pk], by=None)
    assert [row.title for row in agenda_.get(deferred_from=secret).attachments.all()] == ["Muistio"]


def test_it_comes_in_the_negotiations_language(before: Negotiation, hankasalmi: Municipality, round_: Round) -> None:
    """In Swedish too."""
    now = planned(round_, [hankasalmi], language="sv")
    first, *_rest = fill_with_usual(now.parts.get(position=2), by=None)
    assert first.title == PROMISES["sv"].title


def test_what_is_open_is_taken_along_afterwards(before: Negotiation, hankasalmi: Municipality, round_: Round) -> None:
    """Measures under the item that is there, or a new one at the top; once; and never another part's."""
    now = planned(round_, [hankasalmi])
    cooperation, welfare = now.parts.order_by("position")
    agenda.add_items(welfare, [("Avaus", "")], by=None)
    first, second = open_measures(now)
    taken = take_along(welfare, measures=[first.pk, 999999], by=None)
    assert (taken.measures, taken.items) == (1, 0)
    take_along(welfare, measures=[first.pk], by=None)
    take_along(welfare, measures=[second.pk], by=None)
    assert take_along(cooperation, measures=[first.pk, second.pk], by=None).measures == 0
    rows = list(welfare.items.order_by("position"))
    assert [row.title for row in rows] == [PROMISES["fi"].title, "Avaus"]
    assert set(rows[0].measures_followed.all()) == {first, second}
    agenda.add_items(cooperation, [(f"Asia {number}", "") for number in range(agenda.MOST_ITEMS)], by=None)
    with pytest.raises(ValidationError):
        take_along(cooperation, items=[AgendaItem.objects.get(is_deferred=True).pk], by=None)


def test_an_item_removed_brings_back_what_was_linked(
    before: Negotiation, hankasalmi: Municipality, round_: Round
) -> None:
    """Measures, attachments, where it goes on from; not what is there no more."""
    part = planned(round_, [hankasalmi]).parts.get(position=1)
    first, *_rest = fill_with_usual(part, by=None)
    first.measures_followed.set(Measure.objects.all())
    kept = agenda.remove_item(first, by=None)
    back = agenda.restore_item(part, kept, by=None)
    assert (back.presenter, back.planned_minutes, back.deferred_from) == (
        "Sivistysjohtaja",
        15,
        AgendaItem.objects.get(is_deferred=True),
    )
    assert back.secrecy_ground
    assert back.measures_followed.count() == 2
    assert [row.title for row in back.attachments.all()] == ["Muistio"]
    # Where it goes on is known again, too, when the one that was put off is removed and brought back.
    origin = AgendaItem.objects.get(is_deferred=True)
    kept_origin = agenda.remove_item(origin, by=None)
    assert AgendaItem.objects.get(pk=back.pk).deferred_from is None
    origin = agenda.restore_item(origin.part, kept_origin, by=None)
    assert AgendaItem.objects.get(pk=back.pk).deferred_from == origin
    assert origin.is_deferred
    kept = agenda.remove_item(back, by=None)
    Measure.objects.filter(text="Raportoidaan vuosittain").delete()
    AgendaItem.objects.filter(is_deferred=True).delete()
    back = agenda.restore_item(part, kept, by=None)
    assert back.deferred_from is None
    assert back.measures_followed.count() == 1


# --- In the browser -------------------------------------------------------------------------------------------


@pytest.fixture
def client(coordinator: User, client_for: ClientFor) -> Client:
    """The coordinator's."""
    return client_for(coordinator)


def test_the_page_offers_what_is_open(
    before: Negotiation, hankasalmi: Municipality, round_: Round, client: Client
) -> None:
    """Once an agenda has been begun, each to be taken along with a button; then not any more."""
    now = planned(round_, [hankasalmi])
    page = url("negotiation_agenda", now.pk)
    assert "Viime kerralla avoimeksi jäänyt" not in text_of(client.get(page))
    cooperation, welfare = now.parts.order_by("position")
    for part in (cooperation, welfare):
        agenda.add_items(part, [("Avaus", "")], by=None)
    shown = text_of(client.get(page))
    assert shown.count("Viime kerralla avoimeksi jäänyt") == 2
    assert "Nuorten iltoja lisätään" in shown
    assert "Siirretty asia: ”Hankasalmi”" in shown
    sent = {"part": welfare.pk, "measure": [row.pk for row in Measure.objects.all()]}
    told = text_of(client.post(url("agenda_take_along", now.pk), sent, follow=True))
    assert "2 toimenpidettä on nyt asialistalla" in told
    assert told.count("Viime kerralla avoimeksi jäänyt") == 1
    again = text_of(client.post(url("agenda_take_along", now.pk), sent, follow=True))
    assert "Se on jo asialistalla" in again
    item = AgendaItem.objects.get(is_deferred=True)
    client.post(url("agenda_take_along", now.pk), {"part": cooperation.pk, "item": item.pk})
    told = text_of(client.get(url("negotiation", now.pk)))
    assert "Siirretty neuvottelusta ”Hankasalmi”" in told
    assert "Ei julkinen: JulkL 24 § 1 mom 23 k" in told
    assert "Nuorten iltoja lisätään" in told
    log = text_of(client.get(url("negotiation_log", now.pk)))
    assert "otti läpi käytäväksi 2 avointa toimenpidettä (6–7 §)" in log
    assert "otti asialistalle 1 siirretyn kohdan (14 §)" in log


def test_bad_wishes_are_not_found(
    before: Negotiation, hankasalmi: Municipality, round_: Round, client: Client, editor: User, client_for: ClientFor
) -> None:
    """Nor can others than the coordinator take anything along."""
    now = planned(round_, [hankasalmi])
    part = now.parts.get(position=2)
    address = url("agenda_take_along", now.pk)
    for sent in ({}, {"part": "x"}, {"part": part.pk, "measure": "²"}, {"part": part.pk, "item": "9" * 30}):
        assert client.post(address, sent).status_code == 404
    assert client_for(editor).post(address, {"part": part.pk}).status_code == 403
    assert client.get(address).status_code == 405


def test_an_item_is_put_off_in_the_browser(
    before: Negotiation, hankasalmi: Municipality, round_: Round, client: Client
) -> None:
    """With a button that has the focus again, and takes it back; not on an agenda that is only planned."""
    now = planned(round_, [hankasalmi], timezone.localdate())
    (item,) = agenda.add_items(now.parts.get(position=2), [("Talous", "")], by=None)
    page = url("negotiation_agenda", now.pk)
    assert "Siirrä seuraavaan" not in text_of(client.get(page))
    assert client.post(url("agenda_item_defer", item.pk), {"deferred": "1"}).status_code == 409
    convene(now, by=None)
    told = text_of(client.post(url("agenda_item_defer", item.pk), {"deferred": "1"}, follow=True))
    assert "siirrettiin seuraavaan neuvotteluun" in told
    assert "Peru siirto" in told.split("autofocus")[1][:200]
    assert "Siirretty seuraavaan neuvotteluun" in text_of(client.get(url("negotiation", now.pk)))
    client.post(url("agenda_item_defer", item.pk), {"deferred": "0"})
    item.refresh_from_db()
    assert not item.is_deferred
    log = text_of(client.get(url("negotiation_log", now.pk)))
    assert "siirsi asiakohdan seuraavaan neuvotteluun (6–7 §)" in log
    assert "perui asiakohdan siirron (6–7 §)" in log


def test_more_that_is_open_costs_no_more_queries(round_: Round, hankasalmi: Municipality) -> None:
    """One measure and item put off, or three of each."""
    now = planned(round_, [hankasalmi])

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            found(now)
        return len(queries)

    def add(day: date) -> None:
        row = convened(round_, [hankasalmi], day)
        promised(row, "x", Owner(Sector.MUNICIPALITY, hankasalmi))
        put_off(row)
        hold(row, by=None)

    add(FIRST)
    one = cost()
    add(FIRST + timedelta(days=1))
    add(FIRST + timedelta(days=2))
    assert len(found(now).items) == len(found(now).measures) == 3
    assert cost() == one
    assert one <= 9
