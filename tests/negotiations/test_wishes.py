"""What is wished of the time of a negotiation: the value, the door, the page."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from municipalities.models import County, Event, Municipality, User
from municipalities.moves import NotAllowedNow
from negotiations.demo.building import moment
from negotiations.models import Negotiation, PlacementWish, Slot
from negotiations.planning.timing import Precision, Timing
from negotiations.planning.wishes import Wish, set_wish
from negotiations.sitting.conduct import cancel, convene
from tests.factories import make_negotiation, make_round

EMPTY = {"earliest": "", "latest": "", "note": ""}

# --- The value ------------------------------------------------------------------------------------------------

days = st.dates(date(2023, 12, 1), date(2025, 2, 1))
wishes = st.builds(
    lambda first, length, weekdays: Wish(first, first + timedelta(days=length) if first else None, weekdays),
    st.one_of(st.none(), days),
    st.integers(0, 60),
    st.frozensets(st.integers(1, 7)),
)


@given(wishes, days)
def test_a_day_is_as_wished_where_both_its_date_and_its_weekday_are(wish: Wish, day: date) -> None:
    """And a time known to that day misses the wish exactly when the day is not as wished."""
    in_span = (not wish.earliest or wish.earliest <= day) and (not wish.latest or day <= wish.latest)
    on_weekday = not wish.weekdays or day.weekday() + 1 in wish.weekdays
    assert wish.allows(day) == (in_span and on_weekday)
    assert wish.is_missed_by(Timing(Precision.DAY, day, day)) == (not wish.allows(day))
    if not wish.binds:
        assert wish.allows(day)


@given(wishes, days, st.integers(0, 40))
def test_a_span_misses_a_wish_only_where_none_of_its_days_is_between_the_days_wished(
    wish: Wish, first: date, length: int
) -> None:
    """Weekdays say nothing of a month."""
    timing = Timing.in_months(first, first + timedelta(days=length))
    every = [timing.earliest + timedelta(days=n) for n in range((timing.latest - timing.earliest).days + 1)]
    assert wish.is_missed_by(timing) == (not any(wish.allows_days(day) for day in every))


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish(), ""),
        (Wish(date(2024, 10, 1)), "aikaisintaan 1.10.2024"),
        (Wish(latest=date(2024, 10, 15)), "viimeistään 15.10.2024"),
        (Wish(date(2024, 10, 1), date(2024, 10, 15)), "1.10.–15.10.2024"),
        (Wish(date(2024, 10, 1), date(2024, 10, 1)), "1.10.2024"),
        (Wish(weekdays=frozenset({2, 1})), "maanantai, tiistai"),
        (
            Wish(date(2024, 10, 1), None, frozenset({5}), "aamulla"),
            "aikaisintaan 1.10.2024; perjantai; aamulla",
        ),
    ],
)
def test_a_wish_in_words(wish: Wish, words: str) -> None:
    """On one line."""
    with translation.override("fi"):
        assert wish.words == words


# --- The door -------------------------------------------------------------------------------------------------


@pytest.fixture
def planned(in_scope: County, hankasalmi: Municipality) -> Negotiation:
    """A planned negotiation of a round."""
    return make_negotiation(make_round(in_scope), [hankasalmi])


def events_of(negotiation: Negotiation) -> list[dict[str, Any]]:
    """Return what the log keeps of its wishes."""
    rows = Event.objects.filter(subject_id=negotiation.pk, verb="wish_changed").order_by("pk")
    return [event.payload for event in rows]


def test_a_wish_is_kept_changed_and_taken_away(planned: Negotiation, coordinator: User) -> None:
    """Each change is told once, and only where something changed; the words of the wish are not in the log."""
    wish = Wish(date(2024, 10, 1), None, frozenset({5, 2}), "Sairaslomalla oleva palaa")
    set_wish(planned, wish, by=coordinator)
    set_wish(planned, wish, by=coordinator)
    row = PlacementWish.objects.get()
    assert (Wish.of(row), row.weekdays, row.county) == (wish, [2, 5], planned.county)
    set_wish(planned, Wish(note="iltapäivällä"), by=coordinator)
    assert Wish.of(PlacementWish.objects.get()) == Wish(note="iltapäivällä")
    set_wish(planned, Wish(), by=coordinator)
    set_wish(planned, Wish(), by=coordinator)
    assert not PlacementWish.objects.exists()
    assert events_of(planned) == [{"removed": False}, {"removed": False}, {"removed": True}]


def test_once_invited_or_cancelled_a_wish_comes_too_late(
    planned: Negotiation, hankasalmi: Municipality, coordinator: User
) -> None:
    """The time changes by postponing then."""
    other = make_negotiation(planned.round or make_round(planned.county), [hankasalmi])
    convene(planned, by=coordinator)
    cancel(other, reason="Ei tarvita.", by=coordinator)
    for row in (planned, other):
        with translation.override("fi"), pytest.raises(NotAllowedNow, match="vain, kun neuvottelu on suunniteltu"):
            set_wish(row, Wish(note="aamulla"), by=coordinator)
    assert not PlacementWish.objects.exists()


# --- The page -------------------------------------------------------------------------------------------------


@pytest.fixture
def client(coordinator: User) -> Client:
    """The coordinator's."""
    signed_in = Client()
    signed_in.force_login(coordinator)
    return signed_in


def url(name: str, pk: int) -> str:
    """Return an address of the county."""
    return reverse(name, args=["keski-suomi", pk])


def test_a_wish_is_entered_on_its_page_and_shown_where_one_plans(planned: Negotiation, client: Client) -> None:
    """From the negotiation's page and back; emptied, it is gone."""
    address, here = url("negotiation_wish", planned.pk), url("negotiation", planned.pk)
    assert f'href="{address}">Toive ajasta</a>' in client.get(here).content.decode()
    sent = {"earliest": "1.10.2024", "latest": "2024-10-31", "weekdays": ["2", "3"], "note": " aamulla "}
    page = client.post(address, sent, follow=True)
    assert page.redirect_chain == [(here, 302)]
    text = page.content.decode()
    assert "Toive tallennettiin." in text
    assert "<dt>Toive ajasta</dt><dd>1.10.–31.10.2024; tiistai, keskiviikko; aamulla</dd>" in text
    form = client.get(address).content.decode()
    assert 'value="2024-10-01"' in form
    assert '<input type="checkbox" name="weekdays" value="3" id="id_weekdays_2" checked>' in form
    assert "muutti toivetta ajasta." in client.get(url("negotiation_log", planned.pk)).content.decode()
    text = client.post(address, EMPTY, follow=True).content.decode()
    assert "Toivetta ajasta ei nyt ole." in text
    assert "<dt>Toive ajasta</dt>" not in text
    assert "poisti toiveen ajasta." in client.get(url("negotiation_log", planned.pk)).content.decode()


def test_every_weekday_is_no_wish(planned: Negotiation, client: Client) -> None:
    """Nothing is ruled out, so nothing is kept."""
    client.post(url("negotiation_wish", planned.pk), EMPTY | {"weekdays": list("1234567")})
    assert not PlacementWish.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"earliest": "1.11.2024", "latest": "1.10.2024"}, "latest", "Viimeinen päivä on ennen ensimmäistä"),
        ({"earliest": "31.2.2024"}, "earliest", "Anna päivä muodossa"),
        ({"latest": "syksyllä"}, "latest", "Anna päivä muodossa"),
        ({"weekdays": ["8"]}, "weekdays", ""),
        ({"weekdays": ["x", "1"]}, "weekdays", ""),
        ({"note": "a" * 301}, "note", "enintään 300 merkkiä"),
        ({"note": "a\x00b"}, "note", ""),
    ],
)
def test_what_will_not_do_is_told_at_its_field(
    wrong: dict[str, Any], field: str, words: str, planned: Negotiation, client: Client
) -> None:
    """And nothing is kept."""
    response = client.post(url("negotiation_wish", planned.pk), EMPTY | wrong)
    page = response.content.decode()
    assert response.status_code == 422
    assert f'id="id_{field}_error"' in page
    assert words in page
    assert not PlacementWish.objects.exists()


def test_two_who_wish_at_the_same_time_see_both(planned: Negotiation, client: Client, coordinator: User) -> None:
    """Also where there was no wish when both began."""
    address = url("negotiation_wish", planned.pk)
    seen = client.get(address).context["form"].initial["seen"]
    set_wish(planned, Wish(date(2024, 10, 8), None, frozenset({1}), "aamulla"), by=coordinator)
    clash = client.post(address, EMPTY | {"seen": seen, "earliest": "1.10.2024"})
    assert clash.status_code == 409
    assert "2024-10-08" in clash.content.decode()
    # What only the other has touched stays as they left it.
    again = clash.context["form"]
    sent = {"seen": again.data["seen"], "earliest": "1.10.2024", "note": again["note"].value()}
    client.post(address, EMPTY | sent | {"weekdays": again["weekdays"].value()})
    assert Wish.of(PlacementWish.objects.get()) == Wish(date(2024, 10, 1), None, frozenset({1}), "aamulla")


def test_a_wish_that_no_time_of_the_round_meets_is_warned_of(planned: Negotiation, client: Client) -> None:
    """It is kept all the same: times may be added."""
    address = url("negotiation_wish", planned.pk)
    warning = "Mikään kierroksen ajoista ei ole toiveen mukainen: maanantai."
    assert planned.round is not None
    assert warning not in client.post(address, EMPTY | {"weekdays": ["1"]}, follow=True).content.decode()
    Slot.objects.create(
        county=planned.county,
        round=planned.round,
        starts_at=moment(date(2024, 9, 26), 8, 15),
        ends_at=moment(date(2024, 9, 26), 12),
    )
    client.post(address, EMPTY)
    assert warning in client.post(address, EMPTY | {"weekdays": ["1"]}, follow=True).content.decode()
    assert PlacementWish.objects.get().weekdays == [1]
    assert warning not in client.post(address, EMPTY | {"weekdays": ["1", "4"]}, follow=True).content.decode()


def test_the_page_of_one_that_is_invited_says_why_not(planned: Negotiation, client: Client) -> None:
    """And leads back; what was typed in another tab meanwhile is given back."""
    convene(planned, by=None)
    address, here = url("negotiation_wish", planned.pk), url("negotiation", planned.pk)
    refused = client.get(address)
    assert refused.status_code == 409
    assert f'href="{here}"' in refused.content.decode()
    assert f'href="{address}"' not in client.get(here).content.decode()
    late = client.post(address, EMPTY | {"note": "mieluiten aamulla"})
    assert late.status_code == 409
    assert "mieluiten aamulla" in late.content.decode()
    assert not PlacementWish.objects.exists()
