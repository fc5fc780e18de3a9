"""Long minutes: sixty items of two duties, two hundred participants. The whole job beside the layout engine alone."""

from __future__ import annotations

from django.utils import timezone
from django_scopes import scope

from municipalities.models import Sector
from negotiations.demo.building import Item
from negotiations.minutes.checking import open_minutes
from negotiations.minutes.composing import request_minutes_document
from negotiations.models import AgendaItem, Attendance, LegalBasis, Measure, Minutes, Negotiation, Part
from negotiations.sitting.conduct import convene, hold
from tests.bench.figures import Section
from tests.bench.papers import Paper, measure_papers
from tests.factories import make_county, make_municipality, make_negotiation, make_round

BOTH = (LegalBasis.COOPERATION, LegalBasis.WELFARE)
MUNICIPALITIES = 6
# What an item of real minutes says, in a few sentences each.
TEXTS = Item(
    "Lasten ja nuorten kasvuolosuhteet sekä perheiden palvelut",
    "Kouluterveyskyselyn mukaan yhä useampi nuori kokee yksinäisyyttä. Kunnan ja alueen työnjako on kuvattu kortissa.",
    "Keskusteltiin siitä, miten perhekeskus tavoittaa perheet ajoissa. Kunnan edustajat kertoivat kerhoista, alueen "
    "edustajat neuvolan ja oppilashuollon yhteisistä käytännöistä. Todettiin, että tieto ei kulje riittävästi.",
    "Sovittiin, että yhteinen toimintamalli kuvataan syksyn aikana ja sen toimivuutta arvioidaan vuoden päästä.",
)


def measure(*, items: int, people: int, repetitions: int) -> Section:
    """Make the minutes, and print them and lay their page out alone, by turns."""
    title = (
        f"Minutes of {items} items with {people} participants: the whole job beside WeasyPrint alone on the same page"
    )
    return measure_papers("minutes60", title, [_paper(items, people)], repetitions=repetitions)


def _paper(items: int, people: int) -> Paper:
    county = make_county("P1", "Alue, jossa neuvotellaan pitkään", "pitka")
    places = [make_municipality(county, f"P1-{number}", f"Pitkäkunta {number}") for number in range(MUNICIPALITIES)]
    with scope(county=county):
        round_ = make_round(county, legal_bases=list(BOTH), year=timezone.localdate().year)
        negotiation = convene(make_negotiation(round_, places, bases=BOTH, items=items // 2), by=None)
        AgendaItem.objects.filter(part__negotiation=negotiation).update(
            title=TEXTS.title, background=TEXTS.background, discussion=TEXTS.discussion, agreed=TEXTS.agreed
        )
        _come(negotiation, people)
        hold(negotiation, by=None)
        _agree(negotiation)
        minutes = open_minutes(negotiation, by=None)[0].pk
    return Paper(
        "minutes", county, lambda at: request_minutes_document(Minutes.objects.get(pk=minutes), by=None, at=at)
    )


def _come(negotiation: Negotiation, people: int) -> None:
    """Let so many take part, from everywhere: some remotely, some without an invitation, some stay away."""
    sectors = (Sector.COUNTY, Sector.MUNICIPALITY, Sector.ORGANISATION, Sector.PARISH, Sector.COMPANY)
    Attendance.objects.bulk_create(
        Attendance(
            county_id=negotiation.county_id,
            negotiation=negotiation,
            sector=sectors[number % len(sectors)],
            status=Attendance.Status.ABSENT if number % 20 == 19 else Attendance.Status.PRESENT,
            name=f"Etunimi {number} Sukunimi-Toinen",
            role="hyvinvointikoordinaattori",
            organisation_name=f"Järjestö tai yhteisö {number % 40}",
            is_remote=number % 3 == 0 and number % 20 != 19,
            is_walk_in=number % 17 == 0 and number % 20 != 19,
        )
        for number in range(people)
    )


def _agree(negotiation: Negotiation) -> None:
    """Put in a measure under every second item."""
    parts = Part.objects.filter(negotiation=negotiation)
    Measure.objects.bulk_create(
        Measure(
            county_id=negotiation.county_id,
            negotiation=negotiation,
            agenda_item=item,
            position=position,
            text="Kunta ja alue kuvaavat yhteisen toimintamallin.",
            responsible_sector=Sector.COUNTY,
            responsible="Perhekeskus",
        )
        for position, item in enumerate(AgendaItem.objects.filter(part__in=parts).order_by("pk")[::2], 1)
    )
