"""Minutes with something of all that minutes can tell, to be printed and read in tests."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from indicators.models import Indicator
from municipalities.models import County, Municipality, Priority, Sector
from negotiations.minutes.checking import open_minutes
from negotiations.models import (
    AgendaItem,
    AttachedFile,
    Attendance,
    LegalBasis,
    Measure,
    MeasureStatus,
    Minutes,
    MinutesAttachment,
    Negotiation,
    Observation,
    Part,
    PartPresence,
    ThemeColumn,
    WorkshopTheme,
)
from negotiations.sitting.conduct import convene, hold
from tests.factories import BOTH, make_held, make_negotiation, make_round

AT = datetime(2024, 10, 14, 9, 0, tzinfo=ZoneInfo("Europe/Helsinki"))
GROUND = "JulkL 24 § 1 mom. 25 kohta"
# Written in what is not public, and nowhere else.
SECRET = "Salaisuus-XQ"


def furnished(county: County, municipality: Municipality, **fields: Any) -> Negotiation:
    """Make a combined negotiation that has been held, with all that its minutes can tell. Inside the scope."""
    round_ = make_round(county, legal_bases=list(BOTH))
    earlier = make_held(make_round(county, year=2023, name="Edellinen kierros"), [municipality], day=date(2023, 9, 28))
    # A measure agreed under an item that was not public a year before.
    hidden = earlier.parts.get().items.get(position=1)
    AgendaItem.objects.filter(pk=hidden.pk).update(secrecy_ground=GROUND)
    negotiation = make_negotiation(
        round_,
        [municipality],
        bases=BOTH,
        items=3,
        case_number="HVA/123/2024",
        place="Hankasalmi, valtuustosali",
        convener="Keski-Suomen hyvinvointialue",
        chair="Pirkko Puhe, yhteiskuntasuhteiden päällikkö",
        secretary="Sirpa Sihteeri, hyte-koordinaattori",
        **fields,
    )
    _people(county, negotiation, municipality)
    convene(negotiation, by=None)
    hold(negotiation, by=None)
    _agenda(county, negotiation, municipality, earlier, hidden)
    _workshop(county, negotiation)
    for number, part in enumerate(negotiation.parts.order_by("position")):
        _presence(county, part, number)
    return negotiation


def _people(county: County, negotiation: Negotiation, municipality: Municipality) -> None:
    common = {"county": county, "negotiation": negotiation}
    place = {"sector": Sector.MUNICIPALITY, "organisation_name": "Hankasalmi", "municipality": municipality}
    for name, role, more in (
        ("Kaisa Kuntala", "kunnanjohtaja", {}),
        ("Heikki Hyvinvointi", "hyvinvointikoordinaattori", {"is_remote": True}),
        ("Riitta Rehtori", "rehtori", {}),
        ("Ville Virtanen", "nuorisotyöntekijä", {"is_walk_in": True}),
        ("Anna Aikainen", "vapaa-aikasihteeri", {}),
    ):
        Attendance.objects.create(name=name, role=role, **place, **common, **more)
    absent = Attendance.objects.create(
        name="Matti Poissa", role="sivistysjohtaja", status=Attendance.Status.ABSENT, **place, **common
    )
    Attendance.objects.create(name="Liisa Sijainen", role="vs. sivistysjohtaja", substitutes=absent, **place, **common)
    Attendance.objects.create(
        sector=Sector.ORGANISATION, name="Olli Osanen", role="puheenjohtaja", organisation_name="Kylät ry", **common
    )
    Attendance.objects.create(sector=Sector.COUNTY, is_head_count=True, count=12, **common)


def _presence(county: County, part: Part, number: int) -> None:
    """Enter who was there: in the first part one came later and one left, in the second that one was away."""
    for attendance in Attendance.objects.filter(negotiation=part.negotiation, status=Attendance.Status.PRESENT):
        late = attendance.name == "Riitta Rehtori" and number == 0
        early = attendance.name == "Anna Aikainen"
        if early and number == 1:
            continue
        PartPresence.objects.create(
            county=county, part=part, attendance=attendance, at_opening=not late, at_closing=not early
        )
    assert part.negotiation.starts_at is not None
    start = part.negotiation.starts_at + timedelta(hours=2 * number)
    Part.objects.filter(pk=part.pk).update(opened_at=start, closed_at=start + timedelta(hours=1, minutes=40))


def _agenda(
    county: County, negotiation: Negotiation, municipality: Municipality, earlier: Negotiation, hidden: AgendaItem
) -> None:
    first, second, third = AgendaItem.objects.filter(
        part__negotiation=negotiation, part__legal_basis=LegalBasis.WELFARE
    ).order_by("position")
    priority = Priority.objects.create(
        county=county, name="Mielen hyvinvointi", starts_on=date(2022, 1, 1), ends_on=date(2025, 12, 31)
    )
    indicator = Indicator.objects.create(
        name_fi="Itsensä yksinäiseksi tuntevat", name_sv="Känner sig ensamma", theme="Mielen hyvinvointi"
    )
    AgendaItem.objects.filter(pk=first.pk).update(
        title="Nuorten palvelut", presenter="Heikki Hyvinvointi", dissent="Kunta piti aikataulua liian tiukkana."
    )
    first.indicators.add(indicator)
    common = {"county": county, "responsible_sector": Sector.MUNICIPALITY, "municipality": municipality}
    Measure.objects.create(
        negotiation=negotiation,
        agenda_item=first,
        priority=priority,
        indicator=indicator,
        text="Nuorisotila avataan lauantaisin.",
        responsible="Hankasalmi, nuorisopalvelut",
        due_on=date(2025, 3, 31),
        **common,
    )
    promised = Measure.objects.create(
        negotiation=earlier, text="Perhekeskuksen toimintamalli sovitaan.", responsible="Hankasalmi", **common
    )
    untold = Measure.objects.create(
        negotiation=earlier, text="Liikuntaneuvonta aloitetaan.", responsible="Hankasalmi", **common
    )
    secret = Measure.objects.create(
        negotiation=earlier, agenda_item=hidden, text=f"Aiempi {SECRET}", responsible="Hankasalmi", **common
    )
    first.measures_followed.add(promised, untold, secret)
    MeasureStatus.objects.create(
        county=county,
        measure=promised,
        negotiation=negotiation,
        state=MeasureStatus.State.DONE,
        note="Toimintamalli otettiin käyttöön keväällä.",
        told_on=negotiation.earliest,
    )
    AgendaItem.objects.filter(pk=second.pk).update(
        title=f"Otsikko {SECRET}",
        background=f"Tausta {SECRET}",
        discussion=f"Keskustelu {SECRET}",
        agreed=f"Sovittu {SECRET}",
        dissent=f"Eri mieltä {SECRET}",
        presenter=f"Esittelijä {SECRET}",
        secrecy_ground=GROUND,
    )
    Measure.objects.create(
        negotiation=negotiation, agenda_item=second, text=f"Teko {SECRET}", responsible="Hankasalmi", **common
    )
    AgendaItem.objects.filter(pk=third.pk).update(title="Puitesopimus", discussion="", agreed="", is_deferred=True)


def _workshop(county: County, negotiation: Negotiation) -> None:
    assert negotiation.round is not None
    theme = WorkshopTheme.objects.create(county=county, round=negotiation.round, position=1, name="Lapset ja nuoret")
    for position, (title, texts) in enumerate(
        {"Ilmiöt": ["Yksinäisyys lisääntyy.", "Harrastamisen kynnys on korkea."], "Keinot": ["Avoimet ovet."]}.items(),
        1,
    ):
        column = ThemeColumn.objects.create(county=county, theme=theme, position=position, title=title)
        for number, text in enumerate(texts, 1):
            Observation.objects.create(
                county=county,
                column=column,
                negotiation=negotiation,
                position=number,
                text=text,
                group_name=f"Pöytä {number}",
            )


def attach(minutes: Minutes) -> list[MinutesAttachment]:
    """Attach a file, one that is not public, one to an item that is not public, and one of which only the title is."""
    items = {
        item.position: item
        for item in AgendaItem.objects.filter(
            part__negotiation=minutes.negotiation, part__legal_basis=LegalBasis.WELFARE
        )
    }
    rows = []
    for position, (title, item, ground, content) in enumerate(
        (
            ("Kunnan nostot", items[1], "", b"Nostot tiedostona."),
            (f"Liite {SECRET}", None, GROUND, f"Tiedosto {SECRET}".encode()),
            (f"Asian liite {SECRET}", items[2], "", f"Asian tiedosto {SECRET}".encode()),
            ("Esityskalvot", None, "", b""),
        ),
        start=1,
    ):
        file = None
        if content:
            file = AttachedFile.objects.create(
                county_id=minutes.county_id,
                name=f"{title}.txt",
                media_type="text/plain",
                size=len(content),
                sha256=f"{position:064d}",
                content=content,
            )
        rows.append(
            MinutesAttachment.objects.create(
                county_id=minutes.county_id,
                minutes=minutes,
                position=position,
                title=title,
                item=item,
                secrecy_ground=ground,
                file=file,
            )
        )
    return rows


def begun(county: County, municipality: Municipality, **fields: Any) -> Minutes:
    """Begin the minutes of such a negotiation, with their attachments. Inside the scope."""
    [minutes] = open_minutes(furnished(county, municipality, **fields), by=None)
    attach(minutes)
    return Minutes.objects.get(pk=minutes.pk)
