"""Keski-Suomi 2023: a plan of 6.9.2023 for negotiations of both duties with each municipality on its own.

Source: the county's presentation to the organisations' forum, 6.9.2023. It is a plan: whether everything was held
as planned is not told, so every negotiation stays planned.
"""

from __future__ import annotations

from datetime import date, time

from django.utils import timezone

from municipalities.models import CouncilTerm, County, Priority, Sector
from negotiations.demo.building import (
    Item,
    PartText,
    add_parties,
    add_parts,
    moment,
    municipalities_of,
    organisation,
    priorities_of,
)
from negotiations.models import LegalBasis, Negotiation, Round, RoundStage
from negotiations.planning.slots import DayException, ExceptionKind, Hours, IsoWeek, SlotRule, make_slots
from negotiations.planning.stages.approving import Approval, approve

NAME = "Lakisääteiset neuvottelut syksy 2023"

RULE = SlotRule(
    first_week=IsoWeek(2023, 35),
    last_week=IsoWeek(2023, 48),
    weekdays=(4, 5),
    hours=(Hours(time(8, 15), time(12)),),
    weeks_off=(IsoWeek(2023, 42),),
    exceptions=(
        DayException(
            ExceptionKind.SWAP,
            date(2023, 11, 2),
            instead=date(2023, 11, 1),
            reason="Tulevaisuuden sosiaali- ja terveyskeskus -ohjelman loppuseminaari Jyväskylän Paviljongissa",
        ),
    ),
    mode=Negotiation.Mode.REMOTE,
)

DESCRIPTION = """\
Suunnitelma 6.9.2023: aikataulun, edustuksen ja toteutuksen aluehallitus hyväksyi 15.8.2023. Toteutumista ei ole \
kirjattu tähän järjestelmään.

Hyvinvointialuelain 14 §:n neuvottelu ja järjestämislain 6–7 §:n hyte-neuvottelu käydään samalla kertaa jokaisen \
kunnan kanssa erikseen. Kokousteknisesti neuvottelut pidetään erillään: kummallakin on oma avauksensa, asialistansa \
ja päätöksensä.

Aikoja on torstaisin ja perjantaisin klo 8.15–12.00 viikoilla 35–48. Viikolla 42 ei neuvotella (syysloma), ja \
viikolla 44 neuvotellaan keskiviikkona ja perjantaina. Niinä torstaina, joina pidetään kuntajohdon \
keskustelutilaisuus, aloitetaan klo 9; lähde ei kerro, mitkä torstait ovat kyseessä. Lähde ei myöskään kerro kuntien \
järjestystä: tässä kunnat ovat ajoissa aakkosjärjestyksessä, ja neljä aikaa jää vapaaksi.

Neuvottelut käydään etäyhteydellä, ja hyvinvointialueelta varaudutaan menemään myös paikan päälle. Hyvinvointialueella \
niistä vastaa hyvinvointi ja kumppanuudet -yksikkö. Neuvotteluista laaditaan pöytäkirjat, ja niiden yhteenveto \
toimitetaan aluehallitukselle ja aluevaltuustolle."""

COOPERATION = PartText(
    LegalBasis.COOPERATION,
    (
        Item(
            "Puitesopimuksen ja strategioiden tavoitteet",
            "Puitesopimuksessa on sovittu yhteistyön yleisistä periaatteista, tavoitteista ja rakenteista. Kunnalla ja "
            "hyvinvointialueella on lisäksi omat strategiansa. Neuvottelussa tarkennetaan yhteisiä tavoitteita sekä "
            "sovitaan toimenpiteistä ja mittareista, jotka puitesopimuksesta puuttuvat.",
        ),
        Item(
            "Yhdyspinnat, joilla molemmilla on järjestämisvastuuta",
            "Sivistystoimi ja sosiaali- ja terveyspalvelut, varautuminen, työllisyyden hoito ja kotoutuminen.",
        ),
        Item(
            "Yhteinen tietopohja ja tilannekuva",
            "Puitesopimuksen mukaan jokainen osapuoli tuottaa oman osansa tietopohjasta. Määritellään sen sisältö: "
            "kuntakortit, Keski-Suomen liiton tuottama tieto, toimijoiden omat seurantaindikaattorit ja THL:n ehdotus "
            "laajan hyvinvointikertomuksen vähimmäistietosisällöksi.",
        ),
        Item(
            "Operatiivisen tason yhteistyöryhmät ja vastinparit",
            "Puitesopimuksen neljännen tason yhteistyöryhmät nimeää aluehallitus. Kunnat ja Keski-Suomen liitto "
            "ilmoittavat edustajansa kuntajohtajakokouksen koordinoimana. Ryhmien toimikausi on valtuustokausi.",
        ),
    ),
)

WELFARE = PartText(
    LegalBasis.WELFARE,
    (
        Item(
            "Painopisteiden yhteiset tavoitteet",
            "Hyvinvointialueen kolme painopistettä ovat liikunnallinen elämäntapa, mielen hyvinvointi ja arjen "
            "turvallisuus. Keskustellaan niiden yhteisistä tavoitteista.",
        ),
        Item(
            "Kunnan ja hyvinvointialueen toimenpiteet",
            "Mitä kunta, hyvinvointialue, järjestöt ja seurakunnat tekevät painopisteiden edistämiseksi.",
        ),
        Item(
            "Seurannan indikaattorit",
            "Millä indikaattoreilla tavoitteiden toteutumista seurataan.",
        ),
        Item(
            "Hyvinvointikertomusten ja -suunnitelmien aikataulu",
            "Sovitetaan yhteen kunnan ja hyvinvointialueen hyvinvointikertomusten ja -suunnitelmien aikataulut.",
        ),
    ),
)

# The day on which the county's board approved timetable, representation and form. Its section is not told.
APPROVED_ON = date(2023, 8, 15)
# Stage, body, day where one is told, day done where that is told, description: only what the source tells.
STAGES: tuple[tuple[str, str, date | None, date | None, str], ...] = (
    (
        "Aikataulun, edustuksen ja toteutuksen hyväksyminen",
        "Aluehallitus",
        APPROVED_ON,
        APPROVED_ON,
        "Molempien lakien neuvottelut käydään samalla kertaa, kunta kerrallaan ja kokousteknisesti erillään.",
    ),
    ("Neuvottelujen esittely järjestöille", "Järjestöfoorumi", date(2023, 9, 6), None, ""),
    (
        "Kutsut osapuolille",
        "Hyvinvointi ja kumppanuudet",
        None,
        None,
        "Kuntien viranhaltijat ja päättäjät, hyvinvointikoordinaattorit, järjestöt, seurakunnat, Keski-Suomen liitto ja "
        "Keski-Suomen Liikunta.",
    ),
    ("Pöytäkirjojen yhteenveto aluehallitukselle", "Aluehallitus", None, None, ""),
    ("Pöytäkirjojen yhteenveto aluevaltuustolle", "Aluevaltuusto", None, None, ""),
    (
        "Yhteisten tavoitteiden vuosittainen seuranta",
        "Kuntakokous",
        None,
        None,
        "Puitesopimuksen mukaan kuntakokous vastaa asetettujen yhteisten tavoitteiden seurannasta.",
    ),
)


def first_term_priorities(county: County) -> list[Priority]:
    """Return the county's three priorities of the term 2022-2025, made if they are not there."""
    return priorities_of(
        county,
        starts_on=date(2022, 3, 1),
        ends_on=date(2025, 5, 31),
        origin="Hyvinvointialueen linjaus valtuustokaudelle 2022–2025",
    )


def load(county: County) -> None:
    """Enter the plan, unless it is there."""
    first_term_priorities(county)
    if Round.objects.filter(county=county, year=2023, name=NAME).exists():
        return
    round_ = Round.objects.create(
        county=county,
        year=2023,
        name=NAME,
        form=Round.Form.MUNICIPALITIES,
        legal_bases=[LegalBasis.COOPERATION, LegalBasis.WELFARE],
        starts_on=date(2023, 8, 31),
        ends_on=date(2023, 12, 1),
        term=CouncilTerm.objects.get(body=CouncilTerm.Body.COUNTY, starts_on=date(2022, 3, 1)),
        slot_rule=RULE.to_json(),
        plan_as_of=date(2023, 9, 6),
        description=DESCRIPTION,
        source="Kuntien ja hyvinvointialueen lakisääteiset neuvottelut syksy 2023, järjestöfoorumi 6.9.2023",
    )
    _add_year(round_)
    others = [
        organisation(county, "Keski-Suomen liitto", Sector.PUBLIC),
        organisation(county, "Keski-Suomen Liikunta", Sector.ORGANISATION),
    ]
    slots = make_slots(round_)
    for slot, municipality in zip(slots, municipalities_of(county).values(), strict=False):
        day = timezone.localdate(slot.starts_at)
        negotiation = Negotiation.objects.create(
            county=county,
            round=round_,
            slot=slot,
            title=str(municipality.area.name_fi),
            precision=Negotiation.Precision.MINUTE,
            earliest=day,
            latest=day,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            mode=Negotiation.Mode.REMOTE,
            convener="Keski-Suomen hyvinvointialue, hyvinvointi ja kumppanuudet",
        )
        add_parties(negotiation, [municipality], others)
        add_parts(negotiation, [COOPERATION, WELFARE])


def _add_year(round_: Round) -> None:
    """Add the stages that the source tells, and the board's decision."""
    RoundStage.objects.bulk_create(
        RoundStage(
            county_id=round_.county_id,
            round=round_,
            position=position,
            name=name,
            body=body,
            earliest=day,
            latest=day,
            done_on=done_on,
            description=description,
        )
        for position, (name, body, day, done_on, description) in enumerate(STAGES, start=1)
    )
    approve(round_, Approval("Aluehallitus", APPROVED_ON), by=None, at=moment(APPROVED_ON, 12))
