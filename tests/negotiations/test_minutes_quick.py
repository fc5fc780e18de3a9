"""Quick minutes: five things that make a planned negotiation held, counted, minuted and followed up, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from municipalities.models import County, Event, Municipality, Sector, User
from negotiations.minutes.checking import open_minutes
from negotiations.models import AgendaItem, Attendance, LegalBasis, Measure, Minutes, Negotiation, Part, Party, Round
from negotiations.sitting.attending import set_head_counts
from negotiations.sitting.conduct import cancel, convene, hold
from tests.factories import BOTH, make_held, make_negotiation, make_round

ClientFor = Callable[[User | None], Client]
State = Negotiation.State


@pytest.fixture
def round_(in_scope: County) -> Round:
    """A round on both legal bases."""
    return make_round(in_scope, legal_bases=list(BOTH))


@pytest.fixture
def planned(round_: Round, hankasalmi: Municipality, joutsa: Municipality) -> Negotiation:
    """Two municipalities, one duty, no agenda."""
    return make_negotiation(round_, [hankasalmi, joutsa], items=0)


def address(negotiation: Negotiation) -> str:
    """Return the address of the page."""
    return reverse("quick_minutes", args=["keski-suomi", negotiation.pk])


def filled(negotiation: Negotiation, **given: Any) -> dict[str, Any]:
    """Return what somebody in a hurry sends."""
    parts = {f"agreed_{part.pk}": "Jatketaan yhteistyötä." for part in negotiation.parts.all()}
    data = {
        "held_on": "3.10.2024",
        "began": "9.00",
        "ended": "11.30",
        "came": [party.pk for party in negotiation.parties.all() if not party.is_county],
        "count_municipality": "6",
        "count_county": "4",
        "measures": (
            "Nuorisotila auki; Hankasalmi, nuorisopalvelut; 31.3.2025\nMalli käyttöön; Hyvinvointialue; syksyllä"
        ),
        "owner": "",
        "attachment": "Pöytäkirja 3.10.2024",
        "case_number": "HVA/77/2024",
    }
    return data | parts | given


def everything() -> list[int]:
    """Count all that quick minutes touch."""
    return [model.objects.count() for model in (Minutes, AgendaItem, Attendance, Measure, Event)]


@pytest.mark.parametrize("before", [State.PLANNED, State.CONVENED])
def test_all_in_one_go(
    before: State, planned: Negotiation, coordinator: User, hankasalmi: Municipality, client_for: ClientFor
) -> None:
    """Held at the time given, counted, minuted, with measures and the attachment."""
    if before == State.CONVENED:
        convene(planned, by=coordinator)
    client = client_for(coordinator)
    assert client.get(address(planned)).status_code == 200
    response = client.post(address(planned), filled(planned))
    assert response.headers["Location"] == reverse("negotiation_minutes", args=["keski-suomi", planned.pk])
    planned.refresh_from_db()
    assert planned.state == State.HELD
    zone = timezone.get_default_timezone()
    assert planned.starts_at == datetime(2024, 10, 3, 9, tzinfo=zone)
    assert planned.ends_at == datetime(2024, 10, 3, 11, 30, tzinfo=zone)
    assert planned.case_number == "HVA/77/2024"
    counted = Attendance.objects.filter(negotiation=planned, is_head_count=True, status="present")
    assert dict(counted.values_list("sector", "count")) == {Sector.MUNICIPALITY: 6, Sector.COUNTY: 4}
    item = AgendaItem.objects.get()
    assert (item.position, item.agreed) == (1, "Jatketaan yhteistyötä.")
    first, second = Measure.objects.order_by("position")
    assert (first.text, first.municipality, first.due_on) == ("Nuorisotila auki", hankasalmi, date(2025, 3, 31))
    assert first.responsible == "Hankasalmi, nuorisopalvelut"
    assert (second.responsible_sector, second.due_text, second.agenda_item) == (Sector.COUNTY, "syksyllä", item)
    (minutes,) = planned.minutes.all()
    assert minutes.state == Minutes.State.DRAFT
    assert [attachment.title for attachment in minutes.attachments.all()] == ["Pöytäkirja 3.10.2024"]
    held_at = Event.objects.filter(verb__in=["convened", "held"], subject_id=planned.pk).values_list("verb", "at")
    if before == State.PLANNED:
        assert set(held_at) == {("convened", planned.ends_at), ("held", planned.ends_at)}
    # A second time there is nothing to enter.
    assert client.get(address(planned)).status_code == 409
    again = client.post(address(planned), filled(planned))
    assert again.status_code == 409
    assert "Jatketaan yhteistyötä." in again.content.decode()


def test_one_known_only_to_the_month(
    round_: Round, hankasalmi: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """Gets its day, and without times it is known to the day."""
    negotiation = make_negotiation(
        round_,
        [hankasalmi],
        precision="month",
        latest=date(2024, 10, 31),
        starts_at=None,
        ends_at=None,
    )
    data = filled(negotiation, began="", ended="")
    assert client_for(coordinator).post(address(negotiation), data).status_code == 302
    negotiation.refresh_from_db()
    assert (negotiation.state, negotiation.precision) == (State.HELD, "day")
    assert negotiation.earliest == negotiation.latest == date(2024, 10, 3)


def test_a_part_left_empty_was_not_dealt_with(
    round_: Round, hankasalmi: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """It discharges no duty; and a party that is cleared stayed away."""
    negotiation = make_negotiation(round_, [hankasalmi], bases=BOTH, items=0)
    cooperation, welfare = negotiation.parts.order_by("position")
    data = filled(negotiation) | {f"agreed_{welfare.pk}": "  "}
    assert client_for(coordinator).post(address(negotiation), data).status_code == 302
    assert dict(Part.objects.values_list("pk", "dealt_with")) == {cooperation.pk: True, welfare.pk: False}
    assert [item.part for item in AgendaItem.objects.all()] == [cooperation]


def test_a_party_that_is_cleared_stayed_away(
    planned: Negotiation, joutsa: Municipality, hankasalmi: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """It has not taken part, and checks nothing."""
    came = [Party.objects.get(municipality=hankasalmi).pk]
    assert client_for(coordinator).post(address(planned), filled(planned, came=came)).status_code == 302
    assert Party.objects.get(municipality=joutsa).participation == Party.Participation.STAYED_AWAY
    assert [check.party.municipality for check in Minutes.objects.get().checks.all()] == [hankasalmi]


def test_one_that_is_held_is_asked_the_rest(
    round_: Round, hankasalmi: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """When it was and who came is known; the text goes into its only item, and counts are mended, not doubled."""
    negotiation = make_held(round_, [hankasalmi], items=1)
    AgendaItem.objects.update(agreed="")
    Attendance.objects.create(
        county_id=negotiation.county_id, negotiation=negotiation, sector=Sector.COUNTY, is_head_count=True, count=3
    )
    client = client_for(coordinator)
    form = client.get(address(negotiation)).context["form"]
    assert "held_on" not in form.fields and "came" not in form.fields
    assert form["count_county"].value() == 3
    assert client.post(address(negotiation), filled(negotiation)).status_code == 302
    assert AgendaItem.objects.get().agreed == "Jatketaan yhteistyötä."
    assert Attendance.objects.get(sector=Sector.COUNTY).count == 4
    negotiation.refresh_from_db()
    assert negotiation.earliest == date(2024, 9, 26)


def test_what_is_agreed_goes_beside_an_agenda(
    round_: Round, hankasalmi: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """Which of its items it belongs to is not guessed."""
    negotiation = make_negotiation(round_, [hankasalmi], items=2)
    assert client_for(coordinator).post(address(negotiation), filled(negotiation)).status_code == 302
    assert list(AgendaItem.objects.values_list("position", "agreed"))[2:] == [(3, "Jatketaan yhteistyötä.")]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"held_on": ""}, "held_on"),
        ({"held_on": "torstai"}, "held_on"),
        ({"held_on": (date.today() + timedelta(days=400)).isoformat()}, "held_on"),  # noqa: DTZ011
        ({"ended": ""}, "ended"),
        ({"ended": "8.00"}, "ended"),
        ({"came": []}, "came"),
        ({"count_county": "-1"}, "count_county"),
        ({"count_county": "monta"}, "count_county"),
        ({"measures": "Tehdään jotain"}, "measures"),
        ({"measures": "Tehdään; Ahvenanmaa"}, "measures"),
        ({"measures": "a; Hankasalmi; b; c"}, "measures"),
        ({"measures": "; Hankasalmi"}, "measures"),
        ({"measures": "Tehdään; Hankasalmi; " + "x" * 81}, "measures"),
        ({"attachment": " "}, "attachment"),
        ({"case_number": "x" * 61}, "case_number"),
    ],
)
def test_nothing_is_half_done(
    given: dict[str, Any], field: str, planned: Negotiation, coordinator: User, client_for: ClientFor
) -> None:
    """What will not do is told at its field, what was typed stays, and nothing is entered."""
    before = everything()
    response = client_for(coordinator).post(address(planned), filled(planned, **given))
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert "Jatketaan yhteistyötä." in response.content.decode()
    assert everything() == before
    planned.refresh_from_db()
    assert planned.state == State.PLANNED


def test_nothing_was_agreed_in_any_part(
    round_: Round, hankasalmi: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """Then there is nothing to enter."""
    negotiation = make_negotiation(round_, [hankasalmi], bases=BOTH, items=0)
    data = filled(negotiation) | {f"agreed_{part.pk}": "" for part in negotiation.parts.all()}
    response = client_for(coordinator).post(address(negotiation), data)
    assert response.status_code == 422
    assert everything()[0] == 0


def test_what_others_have_counted_meanwhile_stays(
    round_: Round, hankasalmi: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """A count that only the other has changed is theirs; one that both have changed is shown with both."""
    negotiation = make_held(round_, [hankasalmi], items=1)
    set_head_counts(negotiation, {Sector.COUNTY: 5, Sector.MUNICIPALITY: 5}, by=coordinator)
    client = client_for(coordinator)
    seen = client.get(address(negotiation)).context["form"]["seen"].value()
    set_head_counts(negotiation, {Sector.COUNTY: 9, Sector.MUNICIPALITY: 9}, by=coordinator)
    data = filled(negotiation, seen=seen, count_county="5", count_municipality="6")
    clash = client.post(address(negotiation), data)
    assert clash.status_code == 409
    form = clash.context["form"]
    assert {name: conflict.theirs for name, conflict in form.conflicts.items()} == {"count_municipality": "9"}
    assert (form["count_municipality"].value(), form["count_county"].value()) == ("6", "9")
    assert "id_count_municipality_error id_count_municipality_theirs" in clash.content.decode()
    data |= {name: form[name].value() for name in ("seen", "count_county")}
    assert client.post(address(negotiation), data).status_code == 302
    counts = Attendance.objects.filter(negotiation=negotiation, is_head_count=True).values_list("sector", "count")
    assert dict(counts) == {Sector.COUNTY: 9, Sector.MUNICIPALITY: 6}


def test_a_refusal_in_the_middle_leaves_nothing(
    planned: Negotiation, coordinator: User, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even the last step, once all the others have been made."""
    from municipalities.moves import NotAllowedNow
    from negotiations.followup import quick_minutes

    def refuse(*args: object, **kwargs: object) -> None:
        raise NotAllowedNow("Ei nyt.")

    before = everything()
    monkeypatch.setattr(quick_minutes, "add_attachments", refuse)
    response = client_for(coordinator).post(address(planned), filled(planned))
    assert response.status_code == 409
    assert "Ei nyt." in response.content.decode()
    assert everything() == before
    planned.refresh_from_db()
    assert (planned.state, planned.case_number) == (State.PLANNED, "")


def test_a_measure_that_names_nobody_is_the_chosen_ones(
    planned: Negotiation, coordinator: User, joutsa: Municipality, client_for: ClientFor
) -> None:
    """With the unit as it was written."""
    data = filled(planned, measures="Avataan; kirjasto\nSuljetaan", owner=f"municipality-{joutsa.pk}")
    assert client_for(coordinator).post(address(planned), data).status_code == 302
    assert [measure.responsible for measure in Measure.objects.order_by("position")] == ["Joutsa, kirjasto", "Joutsa"]


def test_where_quick_minutes_are_not_for(
    round_: Round, hankasalmi: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """Where minutes have been begun, nothing is held, or nobody was asked: the page says what to do instead."""
    client = client_for(coordinator)
    minuted = make_held(round_, [hankasalmi])
    open_minutes(minuted, by=coordinator)
    for negotiation in (
        minuted,
        cancel(make_negotiation(round_, [hankasalmi]), reason="Este.", by=coordinator),
        make_negotiation(round_, []),
        make_negotiation(round_, [hankasalmi], bases=()),
    ):
        assert client.get(address(negotiation)).status_code == 409
        before = everything()
        assert client.post(address(negotiation), filled(negotiation)).status_code in {409, 422}
        assert everything() == before


def test_two_documents_where_the_county_keeps_two(
    round_: Round, hankasalmi: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """Each with the attachment."""
    County.objects.update(minutes_form=County.MinutesForm.TWO)
    negotiation = make_negotiation(round_, [hankasalmi], bases=BOTH, items=0)
    assert client_for(coordinator).post(address(negotiation), filled(negotiation)).status_code == 302
    assert [minutes.attachments.count() for minutes in negotiation.minutes.all()] == [1, 1]
    assert {item.part.legal_basis for item in AgendaItem.objects.all()} == set(LegalBasis)
    # Of two parts none is the measures' own.
    assert [measure.agenda_item for measure in Measure.objects.all()] == [None, None]


def test_hold_has_the_last_word(planned: Negotiation, coordinator: User, client_for: ClientFor) -> None:
    """Somebody marks it as held while the form is being filled: the form comes again, and says so."""
    data = filled(planned)
    client = client_for(coordinator)
    hold(convene(planned, by=coordinator), by=coordinator)
    response = client.post(address(planned), data)
    # What was asked of a planned one is not asked of a held one; the rest is entered.
    assert response.status_code == 302
    planned.refresh_from_db()
    assert planned.earliest == date(2024, 9, 26)
