"""Years of cards, and cards in each state, for the tests of those who oversee them. Inside the county's scope."""

from __future__ import annotations

from datetime import date
from typing import Any

from indicators.models import Indicator, IndicatorSet, IndicatorSetItem
from municipalities.cards import keeping, lifecycle
from municipalities.cards.saving import FEATURES, Sent, save_fields
from municipalities.models import Card, CardVersion, CardYear, County, Municipality, User

YEAR = 2026
DUE = date(2026, 10, 31)


def make_indicator_set(name: str = "Kuntakortin tunnusluvut", version: str = "2026") -> IndicatorSet:
    """Make a national set of one indicator."""
    row: IndicatorSet = IndicatorSet.objects.create(name=name, version=version)
    indicator = Indicator.objects.create(name_fi=f"Työttömät ({name} {version})", theme="Elinolot")
    IndicatorSetItem.objects.create(indicator_set=row, indicator=indicator, position=1)
    return row


def open_cards(county: County, *, by: User, year: int = YEAR, due_on: date | None = DUE) -> CardYear:
    """Begin the cards of a year."""
    chosen = IndicatorSet.objects.first() or make_indicator_set()
    return lifecycle.open_year(county, year, indicator_set=chosen, due_on=due_on, by=by)


def write_card(card_year: CardYear, municipality: Municipality, *, by: User, **more: Any) -> Card:
    """Begin a municipality's card and write something on it."""
    card = keeping.start(card_year, municipality, by=by, **more)
    save_fields(card, {FEATURES: Sent("Pieni kunta järven rannalla.", None)}, by=by)
    return card


def send_card(card_year: CardYear, municipality: Municipality, *, by: User) -> CardVersion:
    """Write a municipality's card and send it."""
    return lifecycle.send(write_card(card_year, municipality, by=by), by=by)
