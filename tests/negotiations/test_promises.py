"""What we promised and what happened: told of a measure, and shown of a municipality, both sides."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from municipalities.access import access_of
from municipalities.models import County, Event, Municipality, Sector, User
from municipalities.moves import NotAllowedNow
from negotiations.followup import promises as rules
from negotiations.followup.measures import Agreed, Owner, add_measures
from negotiations.followup.promises import Side, tell_status
from negotiations.minutes import correcting
from negotiations.minutes.checking import mark, open_minutes, publish
from negotiations.models import AgendaItem, Measure, MeasureStatus, Negotiation, Round
from negotiations.permissions import visible_statuses
from negotiations.sitting.conduct import convene, hold
from tests.factories import BOTH, make_held, make_negotiation, make_organisation, make_round
from tests.negotiations.test_checking import State as MinutesState
from tests.negotiations.test_checking import later, reach, send_for_checking
from tests.negotiations.test_negotiations import ClientFor, text_of, url

State = MeasureStatus.State
DAY = date(2024, 9, 26)


@pytest.fixture
def round_(in_scope: County) -> Round:
    """A round."""
    return make_round(in_scope)


@pytest.fixture
def held(round_: Round, hankasalmi: Municipality, joutsa: Municipality) -> Negotiation:
    """A held negotiation of two municipalities, with measures of each side."""
    row = make_held(round_, [hankasalmi, joutsa], day=DAY)
    parish = make_organisation(round_.county)
    for text, owner in (
        ("Hankasalmi lisää nuorten iltoja", Owner(Sector.MUNICIPALITY, hankasalmi)),
        ("Joutsa avaa salit", Owner(Sector.MUNICIPALITY, joutsa)),
        ("Kunnat nimeävät yhteyshenkilöt", Owner(Sector.MUNICIPALITY)),
        ("Alue tuo etsivän työn", Owner(Sector.COUNTY)),
        ("Seurakunta järjestää leirin", Owner(Sector.PARISH, None, parish)),
    ):
        add_measures([Agreed(text, owner, due_on=DAY + timedelta(days=30))], of=row, by=None)
    return row


@pytest.fixture
def client(coordinator: User, client_for: ClientFor) -> Client:
    """The coordinator's."""
    return client_for(coordinator)


def measure(text: str) -> Measure:
    """Return a measure by its first word."""
    row: Measure = Measure.objects.get(text__startswith=text)
    return row


def tell(row: Measure, state: str = State.UNDERWAY, note: str = "", **fields: object) -> MeasureStatus:
    """Tell what has become of a measure."""
    values = {"told_on": timezone.localdate(), "by": None} | fields
    return tell_status(row, state=state, note=note, **values)  # type: ignore[arg-type]


# --- Rules ----------------------------------------------------------------------------------------------------


def test_each_sector_is_of_a_side() -> None:
    """Municipalities, the county itself, and all the others."""
    assert Side.of(Sector.MUNICIPALITY) == Side.MUNICIPALITY
    assert Side.of(Sector.COUNTY) == Side.COUNTY
    assert {Side.of(one) for one in Sector if one not in {Sector.MUNICIPALITY, Sector.COUNTY}} == {Side.OTHERS}


def test_the_latest_word_holds_and_the_earlier_ones_stay(held: Negotiation, coordinator: User) -> None:
    """The same again the same day is nothing new; the log tells who told what."""
    row = measure("Alue")
    tell(row, State.NOT_BEGUN, "Ei vielä", told_on=DAY + timedelta(days=10), by=coordinator)
    first = tell(row, State.UNDERWAY, by=coordinator)
    assert tell(row, State.UNDERWAY, by=coordinator) == first
    tell(row, State.DONE, "Valmis", by=coordinator)
    told = [one.state for one in row.statuses.order_by("-told_on", "-pk")]
    assert told == [State.DONE, State.UNDERWAY, State.NOT_BEGUN]
    assert Event.objects.filter(verb="measure_status_told").count() == 3


def test_in_a_negotiation_a_measure_has_one_status(held: Negotiation, round_: Round, hankasalmi: Municipality) -> None:
    """Told anew while its minutes are a draft, and no more after that; what was told otherwise stays beside it."""
    row = measure("Alue")
    tell(row, State.NOT_BEGUN)
    now = convene(make_negotiation(round_, [hankasalmi], day=timezone.localdate()), by=None)
    first = tell(row, State.UNDERWAY, negotiation=now)
    assert tell(row, State.DONE, negotiation=now).pk == first.pk
    assert row.statuses.count() == 2
    (minutes,) = open_minutes(hold(now, by=None), by=None)
    tell(row, State.UNDERWAY, negotiation=now)
    send_for_checking(minutes, check_by=later(), by=None)
    with pytest.raises(NotAllowedNow):
        tell(row, State.DONE, negotiation=now)
    tell(row, State.DONE)


def test_a_status_is_of_a_day_that_has_come(held: Negotiation) -> None:
    """Not of one to come, not before the measure was agreed, and of a state there is."""
    row = measure("Alue")
    for told_on in (timezone.localdate() + timedelta(days=1), DAY - timedelta(days=1)):
        with pytest.raises(ValidationError):
            tell(row, told_on=told_on)
    with pytest.raises(ValueError, match="unheard"):
        tell(row, "unheard")
    assert not MeasureStatus.objects.exists()


# --- The page -------------------------------------------------------------------------------------------------


def shown(client: Client, code: str, query: str = "") -> str:
    """Return the page of a municipality."""
    return text_of(client.get(url("promises", code) + query))


def test_both_sides_are_shown_with_what_happened(held: Negotiation, client: Client, hankasalmi: Municipality) -> None:
    """What the municipality promised, what the county did, what others did; never the neighbour's."""
    tell(measure("Hankasalmi"), State.NOT_BEGUN, "Rahoitus puuttuu.", told_on=DAY + timedelta(days=5))
    tell(measure("Hankasalmi"), State.UNDERWAY, "Ensimmäinen ilta pidettiin.")
    tell(measure("Alue"), State.DONE, "Työntekijä aloitti.")
    page = shown(client, hankasalmi.area.code)
    assert page.index("Mitä kunta lupasi") < page.index("Mitä hyvinvointialue lupasi") < page.index("Mitä järjestöt")
    for words in (
        "Hankasalmi lisää nuorten iltoja",
        "Ensimmäinen ilta pidettiin.",
        "Rahoitus puuttuu.",
        "Kunnat nimeävät yhteyshenkilöt",
        "Seurakunta järjestää leirin",
        "Tilannetta ei ole kerrottu",
        "Määräaika on mennyt",
        "Osapuolet: Hankasalmi, Joutsa" if held.title != "Hankasalmi, Joutsa" else "Hankasalmi, Joutsa",
        "Mitään ei ole avoinna: 1 on tehty",
        "Avoinna on 3 toimenpidettä, sovittu on yhteensä 4.",
    ):
        assert words in page, words
    # Who stayed away agreed on nothing.
    held.parties.filter(municipality__area__name_fi="Joutsa").update(participation="stayed_away")
    assert "Osapuolet: Hankasalmi, Joutsa" not in shown(client, hankasalmi.area.code)
    assert "Joutsa avaa salit" not in page
    assert "Alue tuo etsivän työn" not in page
    everything = shown(client, hankasalmi.area.code, "?nayta=kaikki")
    assert "Alue tuo etsivän työn" in everything
    assert "Työntekijä aloitti." in everything
    assert shown(client, hankasalmi.area.code, "?nayta=x").count("promise__text") == 3


def test_an_empty_page_says_where_measures_come_from(
    client: Client, luhanka: Municipality, in_scope: County, board_member: User, client_for: ClientFor
) -> None:
    """To the coordinator, and to a reader of minutes; an unknown municipality is not found."""
    assert "Kunnan kanssa ei ole vielä sovittu mitään" in shown(client, luhanka.area.code)
    assert "kun pöytäkirjoja on julkaistu" in shown(client_for(board_member), luhanka.area.code)
    assert client.get(url("promises", "000")).status_code == 404


def test_one_sees_what_one_may_read(
    held: Negotiation,
    hankasalmi: Municipality,
    editor: User,
    board_member: User,
    coordinator: User,
    client_for: ClientFor,
) -> None:
    """A party once the minutes are sent for checking, others once they are published."""
    County.objects.filter(pk=held.county_id).update(signs_minutes=False)
    held.refresh_from_db()
    code = hankasalmi.area.code
    assert "nuorten iltoja" not in shown(client_for(editor), code)
    minutes = reach(MinutesState.CHECKING, held, coordinator)
    assert "nuorten iltoja" in shown(client_for(editor), code)
    assert "nuorten iltoja" not in shown(client_for(board_member), code)
    for check in minutes.checks.all():
        mark(check, by=coordinator)
    minutes.refresh_from_db()
    publish(minutes, by=coordinator)
    assert "nuorten iltoja" in shown(client_for(board_member), code)


def test_who_may_tell(
    held: Negotiation,
    hankasalmi: Municipality,
    client: Client,
    editor: User,
    reader: User,
    second_editor: User,
    board_member: User,
    client_for: ClientFor,
) -> None:
    """The coordinator of any, the municipality's editor of its own; the others are refused, or know of none."""
    (minutes,) = open_minutes(held, by=None)
    own, countys = measure("Hankasalmi"), measure("Alue")
    address = url("measure_status", own.pk)
    assert client_for(editor).get(address).status_code == 404
    send_for_checking(minutes, check_by=later(), by=None)
    assert client_for(editor).get(address).status_code == 200
    assert client_for(editor).get(url("measure_status", countys.pk)).status_code == 403
    assert client_for(editor).get(url("measure_status", measure("Kunnat").pk)).status_code == 403
    assert client_for(reader).get(address).status_code == 403
    assert client_for(second_editor).get(address).status_code == 403
    assert client_for(board_member).get(address).status_code == 404
    assert client.get(url("measure_status", countys.pk)).status_code == 200
    page = shown(client_for(editor), hankasalmi.area.code)
    assert page.count("Kerro tilanne") == 1
    assert "Kerro tilanne" not in shown(client_for(reader), hankasalmi.area.code)
    sent = {"state": "done", "note": "Valmis.", "told_on": timezone.localdate().isoformat()}
    answer = client_for(editor).post(f"{address}?kunta={hankasalmi.area.code}", sent)
    assert answer.headers["Location"] == f"{url('promises', hankasalmi.area.code)}?nayta=kaikki#toimenpide-{own.pk}"
    assert own.statuses.get().state == State.DONE


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"told_on": "2024-10-01"}, "Valitse tilanne."),
        ({"state": "unheard", "told_on": "2024-10-01"}, "Tilanne"),
        ({"state": "dropped", "told_on": "2024-10-01"}, "Kerro, miksi toimenpiteestä luovuttiin."),
        ({"state": "done", "told_on": ""}, "Anna päivä, jonka tilannetta tämä on."),
        ({"state": "done", "told_on": "9999-12-31"}, "Päivä ei ole vielä tullut."),
        ({"state": "done", "told_on": "2024-09-25"}, "Toimenpiteestä sovittiin"),
        ({"state": "done", "told_on": "2024-10-01", "note": "x" * 2001}, "enintään 2000"),
        ({"state": "done", "told_on": "2024-10-01", "note": "a\x00"}, "Tilanne"),
    ],
)
def test_what_will_not_do_is_told_at_its_field(
    held: Negotiation, client: Client, sent: dict[str, str], words: str
) -> None:
    """And nothing is saved."""
    refused = client.post(url("measure_status", measure("Alue").pk), sent)
    assert refused.status_code == 422
    assert words in text_of(refused).replace("2\N{NO-BREAK SPACE}000", "2000")
    assert not MeasureStatus.objects.exists()


def test_the_list_of_what_was_agreed_tells_the_state(
    held: Negotiation, client: Client, editor: User, client_for: ClientFor, hankasalmi: Municipality
) -> None:
    """Filters by it, does not call overdue what is done, and leads to the page of one's own municipality."""
    tell(measure("Alue"), State.DONE)
    page = text_of(client.get(url("measures")))
    assert page.count("Määräaika on mennyt</span>") == 4
    assert "Valmis" in page
    only = text_of(client.get(url("measures") + "?tilanne=avoin"))
    assert "Alue tuo" not in only
    assert "Joutsa avaa" in only
    assert "Alue tuo" in text_of(client.get(url("measures") + "?tilanne=done"))
    assert url("promises", hankasalmi.area.code) in text_of(client_for(editor).get(url("measures")))
    chosen = text_of(client.get(url("measures") + f"?kunta={hankasalmi.pk}"))
    assert url("promises", hankasalmi.area.code) in chosen
    assert url("promises", hankasalmi.area.code) in text_of(client.get(url("municipality", hankasalmi.area.code)))
    assert url("promises", hankasalmi.area.code) in text_of(client.get(url("negotiation", held.pk)))


def test_what_a_sitting_tells_waits_for_its_minutes(
    held: Negotiation, round_: Round, hankasalmi: Municipality, editor: User, coordinator: User, client_for: ClientFor
) -> None:
    """A draft is not public, and what stands in it is told on no page: neither the note nor the state."""
    reach(MinutesState.CHECKING, held, coordinator)
    own = measure("Hankasalmi")
    tell(own, State.UNDERWAY, "Aloitettu syksyllä")
    now = convene(make_negotiation(round_, [hankasalmi], day=timezone.localdate()), by=None)
    agenda = AgendaItem.objects.filter(part__negotiation=now).earliest("position")
    agenda.measures_followed.add(own)
    tell(own, State.DROPPED, "Salaa luovuttu", negotiation=now)
    reader = client_for(editor)
    page = text_of(reader.get(url("measure_status", own.pk)))
    assert "Aloitettu syksyllä" in page and "Salaa luovuttu" not in page
    assert "Salaa luovuttu" in text_of(client_for(coordinator).get(url("measure_status", own.pk)))
    for address in (url("measures") + "?tilanne=dropped", url("negotiation", now.pk)):
        assert "Luovuttu" not in text_of(reader.get(address)).split("<main")[1].replace("Luovuttu</option>", "")
    assert "nuorten iltoja" not in text_of(reader.get(url("measures") + "?tilanne=dropped"))
    assert "nuorten iltoja" in text_of(reader.get(url("measures") + "?tilanne=underway"))
    assert "nuorten iltoja" in text_of(client_for(coordinator).get(url("measures") + "?tilanne=dropped"))


def test_of_two_minutes_those_that_tell_it_are_waited_for(
    in_scope: County, held: Negotiation, hankasalmi: Municipality, editor: User, coordinator: User
) -> None:
    """What was told in the other part is a draft still."""
    County.objects.filter(pk=in_scope.pk).update(minutes_form=County.MinutesForm.TWO)
    own = measure("Hankasalmi")
    round_ = make_round(in_scope, name="Toinen", legal_bases=list(BOTH))
    now = convene(make_negotiation(round_, [hankasalmi], bases=BOTH, day=timezone.localdate()), by=None)
    under = AgendaItem.objects.filter(part__negotiation=now, part__position=2).earliest("position")
    under.measures_followed.add(own)
    tell(own, State.DONE, "Tehty", negotiation=now)
    hold(now, by=None)
    first, second = sorted(
        open_minutes(Negotiation.objects.get(pk=now.pk), by=None), key=lambda row: row.part.position if row.part else 0
    )
    seen = visible_statuses(access_of(editor, "keski-suomi"))
    send_for_checking(first, check_by=later(), by=None)
    assert not seen.exists()
    send_for_checking(second, check_by=later(), by=None)
    assert seen.exists()


def test_the_log_tells_what_was_told(held: Negotiation, client: Client, coordinator: User) -> None:
    """In the negotiation where the measure was agreed."""
    tell(measure("Alue"), State.DONE, by=coordinator)
    assert "kertoi toimenpiteen tilanteen: valmis" in text_of(client.get(url("negotiation_log", held.pk)))


def test_more_promises_cost_no_more_queries(round_: Round, client: Client, hankasalmi: Municipality) -> None:
    """One of one negotiation, or three of three, each told of in another."""

    def add(day: date) -> None:
        row = make_held(round_, [hankasalmi], day=day)
        (made,) = add_measures([Agreed("x", Owner(Sector.COUNTY))], of=row, by=None)
        tell(made, State.NOT_BEGUN, told_on=day)
        tell(made)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            shown(client, hankasalmi.area.code)
        return len(queries)

    add(DAY)
    cost()
    one = cost()
    add(DAY + timedelta(days=1))
    add(DAY + timedelta(days=2))
    assert cost() == one
    assert one <= 12
    assert rules.counted([]) == rules.Count(0, 0)


def test_what_was_told_stays_while_a_correction_is_written(
    held: Negotiation, round_: Round, hankasalmi: Municipality, coordinator: User
) -> None:
    """A correction is a draft of its own: it does not open the minutes that it corrects."""
    now = make_held(round_, [hankasalmi], day=timezone.localdate())
    correcting.begin(reach(MinutesState.CHECKED, now, coordinator), by=coordinator)
    with pytest.raises(NotAllowedNow):
        tell(measure("Alue"), State.DONE, negotiation=now)


def test_what_is_told_is_closed_with_the_minutes_of_the_part_that_goes_through_it(
    held: Negotiation, round_: Round, hankasalmi: Municipality
) -> None:
    """Where each part has minutes of its own, the other draft opens nothing of it."""
    County.objects.update(minutes_form=County.MinutesForm.TWO)
    now = make_held(round_, [hankasalmi], day=timezone.localdate(), bases=BOTH)
    first, second = open_minutes(Negotiation.objects.get(pk=now.pk), by=None)
    for minutes, name in ((first, "Alue"), (second, "Hankasalmi")):
        AgendaItem.objects.filter(part=minutes.part).earliest("pk").measures_followed.add(measure(name))
    send_for_checking(first, check_by=later(), by=None)
    with pytest.raises(NotAllowedNow):
        tell(measure("Alue"), State.DONE, negotiation=now)
    tell(measure("Hankasalmi"), State.DONE, negotiation=now)
