"""Next year's round of Keski-Suomi, being planned: times, wishes, answers, and a board half full.

An example: its content is made up, and it says so. Autumn of next year, so that it is ahead on whatever day it is loaded.
"""

from __future__ import annotations

from datetime import date, time, timedelta

from municipalities.models import County, Sector, User
from negotiations.demo.building import Item, PartText, add_parties, add_parts, moment, organisation
from negotiations.demo.current import PREFIX, WELFARE
from negotiations.models import AvailabilityAnswer, LegalBasis, Negotiation, Round, Slot
from negotiations.planning.availability.answering import answer
from negotiations.planning.availability.asking import ask
from negotiations.planning.board import place_all
from negotiations.planning.rounds import fill, open_round, whole_months
from negotiations.planning.slots import DayException, ExceptionKind, Hours, IsoWeek, SlotRule, make_slots
from negotiations.planning.stages.keeping import add_from_template
from negotiations.planning.stages.templates import AUTUMN
from negotiations.planning.wishes import Wish, set_wish

Suits = AvailabilityAnswer.Suits

# In the order of the alphabet; the rest of the municipalities are still without a time.
PLACED = 17
# So many have answered which times suit them.
ANSWERED = 15
ROLE = "hyvinvointikoordinaattori"


def load(county: County, *, by: User, today: date) -> None:
    """Enter the round, unless one that was loaded earlier is there."""
    year = today.year + 1
    name = f"{PREFIX} {year}"
    if Round.objects.filter(county=county, description__startswith="Esimerkki: kierrosta suunnitellaan").exists():
        return
    round_ = open_round(
        Round(
            county=county,
            year=year,
            name=name,
            form=Round.Form.MUNICIPALITIES,
            legal_bases=[LegalBasis.COOPERATION, LegalBasis.WELFARE],
            starts_on=IsoWeek(year, 35).day(4),
            ends_on=IsoWeek(year, 48).day(5),
            slot_rule=_rule(year).to_json(),
            description="Esimerkki: kierrosta suunnitellaan, ja sen sisältö on keksitty esittelyä varten.",
        ),
        by=by,
    )
    add_from_template(round_, AUTUMN, by=by)
    slots = list(make_slots(round_))
    negotiations = list(fill(round_, by=by))
    _wish(negotiations, year, by=by)
    _ask(round_, slots, negotiations, by=by, today=today)
    # Every sixth time is left open, and the last ones are kept as spare.
    free = [slot for place, slot in enumerate(slots) if place % 6 != 4]
    place_all(round_, {row.pk: slot.pk for row, slot in zip(negotiations[:PLACED], free, strict=False)}, by=by)
    _add_topics(round_, by=by)


def _rule(year: int) -> SlotRule:
    """Thursdays and Fridays of weeks 35-48 without the autumn holiday, one Thursday later than the others."""
    return SlotRule(
        first_week=IsoWeek(year, 35),
        last_week=IsoWeek(year, 48),
        weekdays=(4, 5),
        hours=(Hours(time(8, 15), time(12)),),
        weeks_off=(IsoWeek(year, 42),),
        exceptions=(
            DayException(
                ExceptionKind.HOURS,
                IsoWeek(year, 37).day(4),
                hours=(Hours(time(9), time(12)),),
                reason="Kuntajohdon keskustelutilaisuus",
            ),
            DayException(
                ExceptionKind.SWAP,
                IsoWeek(year, 44).day(4),
                instead=IsoWeek(year, 44).day(3),
                reason="Hyvinvointialueen kehittämispäivä",
            ),
        ),
        mode=Negotiation.Mode.REMOTE,
    )


def _wish(negotiations: list[Negotiation], year: int, *, by: User) -> None:
    """Three wishes, of which the last one no time fulfils."""
    by_title = {row.title: row for row in negotiations}
    wishes = {
        "Viitasaari": Wish(earliest=IsoWeek(year, 40).monday, note="Vasta kun kuntalaiskysely on valmis"),
        "Uurainen": Wish(weekdays=frozenset({5}), note="Perjantaisin valtuustosali on vapaa"),
        "Toivakka": Wish(weekdays=frozenset({1, 2}), note="Vain maanantai tai tiistai sopii"),
    }
    for title, wish in wishes.items():
        set_wish(by_title[title], wish, by=by)


def _ask(round_: Round, slots: list[Slot], negotiations: list[Negotiation], *, by: User, today: date) -> None:
    """Ask every municipality, in the past so that no letter is sent; most have answered."""
    asked_at = moment(today - timedelta(days=10), 9)
    municipalities = {
        party.municipality_id: party.municipality
        for row in negotiations
        for party in row.parties.select_related("municipality__area")
        if party.municipality_id
    }
    requests = ask(
        round_,
        today + timedelta(days=12),
        "Merkitse jokaisesta ajasta, sopiiko se kunnallesi. Aikaan osallistuvat kunnan viranhaltijat ja päättäjät.",
        [(f"m{pk}", f"{municipality}, {ROLE}", "") for pk, municipality in municipalities.items()],
        by=by,
        at=asked_at,
    )
    for number, request in enumerate(requests[:ANSWERED]):
        answers = {slot.pk: _suits(number, place) for place, slot in enumerate(slots)}
        answer(request, answers, "", by=by, at=asked_at + timedelta(days=1 + number % 7))


def _suits(municipality: int, slot: int) -> Suits:
    """Return an answer that looks like one: most times suit, some do not."""
    remainder = (municipality * 5 + slot * 3) % 13
    return Suits.NO if remainder == 6 else Suits.IF_NEED_BE if remainder in (2, 9) else Suits.YES


def _add_topics(round_: Round, *, by: User) -> None:
    """One negotiation on an age group and one on a service, as was hoped for after the round of 2024."""
    earliest, latest = whole_months(round_.starts_on, round_.ends_on)
    county = round_.county
    towns = list(county.municipalities.order_by("area__order"))
    for kind, topic in (
        (Negotiation.Topic.THEME, "Lapset ja nuoret"),
        (Negotiation.Topic.SERVICE, "Perhekeskuspalvelut"),
    ):
        negotiation = Negotiation.objects.create(
            county=county,
            round=round_,
            title=topic,
            topic_kind=kind,
            topic=topic,
            precision=Negotiation.Precision.MONTH,
            earliest=earliest,
            latest=latest,
        )
        add_parties(negotiation, towns, [organisation(county, "Keski-Suomen Yhteisöjen Tuki", Sector.ORGANISATION)])
        add_parts(negotiation, [PartText(LegalBasis.WELFARE, [Item(item.title, item.background) for item in WELFARE])])
