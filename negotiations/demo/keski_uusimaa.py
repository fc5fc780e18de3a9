"""Keski-Uusimaa: the region-wide process of 2023, and a negotiation of the present term minuted in two documents.

Source of 2023: "Alueelliset hyvinvoinnin ja terveyden edistämisen neuvottelut 2023", a presentation to a committee on
15.3.2023. It knows the negotiation to March-April only. The round of the present term is an example.
"""

from __future__ import annotations

from datetime import date, timedelta

from indicators.loading import load_round_set
from municipalities.models import County, Sector, User
from negotiations.demo.building import (
    Item,
    PartText,
    add_attendance,
    add_parties,
    add_parts,
    moment,
    municipalities_of,
    name_checkers,
    organisation,
    weekday_near,
)
from negotiations.minutes.checking import open_minutes, send_for_checking
from negotiations.models import AgendaItem, LegalBasis, Measure, Negotiation, Round, RoundStage
from negotiations.sitting.conduct import convene, hold

NAME_2023 = "Alueelliset hyte-neuvottelut 2023"
SOURCE_2023 = "Alueelliset hyvinvoinnin ja terveyden edistämisen neuvottelut 2023, lautakunta 15.3.2023"

DESCRIPTION_2023 = """\
Vuosittainen neuvottelu perustuu järjestämislakiin. Sen lisäksi alueella noudatetaan jatkuvan neuvottelun periaatetta: \
hyvinvointialueen ja kuntajohdon yhteistyöryhmä käsittelee asioita ympäri vuoden.

Neuvottelu käydään hyvinvointikertomusten pohjalta. Kertomukset hyväksytään organisaatioissa eri aikoina maalis–toukokuussa, \
eikä niiden tarvitse olla hyväksyttyjä: tietopohja riittää. Neuvottelun tuloksena ovat yhteistyön painopisteet vuodelle 2023 \
ja ennakoiden vuodelle 2024."""

# Stage, body, first and last day (months where only they are known), description.
STAGES: tuple[tuple[str, str, date | None, date | None, str], ...] = (
    (
        "Hyvinvointikertomusten tulokset",
        "Kunnat ja hyvinvointialue",
        date(2023, 3, 1),
        date(2023, 3, 31),
        "Kunta toimittaa hyvinvointikertomuksensa tulokset hyvinvointialueelle ja nostaa esiin painopisteensä.",
    ),
    (
        "Arvio järjestöyhteistyöstä",
        "Järjestöneuvottelukunta",
        date(2023, 3, 1),
        date(2023, 3, 31),
        "Järjestöneuvottelukunta toimittaa näkemyksensä järjestöyhteistyön tilanteesta suunnitelman painopisteissä.",
    ),
    ("Yhteenvedon valmistelu neuvotteluja varten", "Hyvinvointialue", date(2023, 3, 1), date(2023, 3, 31), ""),
    (
        "Yhteenvedon arviointi ja täydentäminen",
        "Alueellinen hyte-ryhmä",
        date(2023, 3, 1),
        date(2023, 3, 31),
        "Alueellinen hyte-ryhmä organisoi myös neuvottelut.",
    ),
    (
        "Painopisteiden terävöittäminen",
        "Johdon foorumi",
        date(2023, 4, 1),
        date(2023, 5, 31),
        "Johdon foorumi terävöittää painopisteitä teema- ja ilmiöpajassaan ja tarkentaa suunnitelmaa.",
    ),
    (
        "Hyte-neuvottelu HUS-yhtymän kanssa",
        "Hyvinvointialue ja HUS-yhtymä",
        None,
        None,
        "Erillinen neuvottelu. Ajankohtaa ei ole kerrottu.",
    ),
)

REGIONAL = PartText(
    LegalBasis.WELFARE,
    (
        Item(
            "Hyvinvointikertomusten tulokset",
            "Kuntien ja hyvinvointialueen kertomusten tulokset alueellisen hyvinvointisuunnitelman tavoitteiden kannalta. "
            "Muutosta verrataan tavoitteiden lähtötasoon vuonna 2019.",
        ),
        Item(
            "Järjestöneuvottelukunnan näkemys",
            "Järjestöyhteistyön tilanne alueellisen hyvinvointisuunnitelman painopisteissä.",
        ),
        Item(
            "Yhteiset tavoitteet ja toimenpiteet", "Yhteistyön painopisteet vuodelle 2023 ja ennakoiden vuodelle 2024."
        ),
        Item("Yhteistyö ja seuranta", "Miten yhteistyötä tehdään ja tavoitteita seurataan."),
    ),
)

WITH_HUS = PartText(
    LegalBasis.WELFARE,
    (
        Item("Alueellisten neuvottelujen tulokset", "Neuvotteluissa muodostetut yhteiset tavoitteet ja toimenpiteet."),
        Item(
            "Yhteistyö HUS-yhtymän kanssa", "Asiantuntijatuki ja yhteinen työ hyvinvoinnin ja terveyden edistämiseksi."
        ),
    ),
)

COOPERATION = PartText(
    LegalBasis.COOPERATION,
    (
        Item(
            "Yhteistyörakenteet",
            "Hyvinvointialueen ja kuntajohdon yhteistyöryhmä sekä alueen yhdyspintatyö ovat vakiintuneet.",
            "Kunta toivoi, että yhdyspintatyön vastuuhenkilöt kirjataan yhteen paikkaan.",
            "Vastinparit kirjataan luetteloksi, jota hyvinvointialue pitää ajan tasalla.",
        ),
        Item(
            "Tiedonkulku",
            "Tiedot palvelujen muutoksista eivät aina tavoita kunnan työntekijöitä ajoissa.",
            "Käytiin läpi, missä asioissa tieto tarvitaan ennakolta.",
            "Palvelumuutoksista kerrotaan kunnalle vähintään kuukautta ennen muutosta.",
        ),
    ),
    opening="Puheenjohtaja avasi hyvinvointialuelain 14 §:n mukaisen neuvottelun.",
    closing="Puheenjohtaja päätti hyvinvointialuelain 14 §:n mukaisen neuvottelun.",
)

WELFARE = PartText(
    LegalBasis.WELFARE,
    (
        Item(
            "Hyvinvointikertomuksen havainnot",
            "Kunnan hyvinvointikertomuksen luonnos oli toimitettu osallistujille etukäteen.",
            "Keskustelussa korostuivat nuorten mielen hyvinvointi ja ikääntyneiden liikkuminen.",
            "Havainnot otetaan alueellisen suunnitelman lähtökohdaksi.",
        ),
        Item(
            "Tavoitteet, toimenpiteet, yhteistyö ja seuranta",
            "Yhteisiä tavoitteita verrataan lähtötasoon vuonna 2019.",
            "Järjestöjen edustajat toivoivat tiloja toimintaansa.",
            "Kunta avaa tilojaan järjestöjen käyttöön maksutta arki-iltoina.",
        ),
    ),
    opening="Puheenjohtaja avasi järjestämislain 6–7 §:n mukaisen hyte-neuvottelun.",
    closing="Puheenjohtaja päätti järjestämislain 6–7 §:n mukaisen hyte-neuvottelun.",
)


def load(county: County, *, by: User, today: date) -> None:
    """Enter the process of 2023 and the example of the present term, unless they are there."""
    if not Round.objects.filter(county=county, year=2023, name=NAME_2023).exists():
        _load_2023(county)
    name = f"Valtuustokauden neuvottelut {today.year}"
    if not Round.objects.filter(county=county, name__startswith="Valtuustokauden neuvottelut").exists():
        _load_term(county, name=name, by=by, today=today)


def _load_2023(county: County) -> None:
    members = list(municipalities_of(county).values())
    round_ = Round.objects.create(
        county=county,
        year=2023,
        name=NAME_2023,
        form=Round.Form.REGION,
        legal_bases=[LegalBasis.WELFARE],
        starts_on=date(2023, 3, 1),
        ends_on=date(2023, 5, 31),
        plan_as_of=date(2023, 3, 15),
        description=DESCRIPTION_2023,
        source=SOURCE_2023,
    )
    RoundStage.objects.bulk_create(
        RoundStage(
            county=county,
            round=round_,
            position=position,
            name=name,
            body=body,
            earliest=earliest,
            latest=latest,
            description=description,
        )
        for position, (name, body, earliest, latest, description) in enumerate(STAGES, start=1)
    )
    regional = Negotiation.objects.create(
        county=county,
        round=round_,
        title="Alueellinen hyte-neuvottelu",
        purpose="Koko alueen yhteinen neuvottelu, jonka ajankohta tiedetään vain kuukausien tarkkuudella.",
        precision=Negotiation.Precision.MONTH,
        earliest=date(2023, 3, 1),
        latest=date(2023, 4, 30),
        convener="Keski-Uudenmaan hyvinvointialue, alueellinen hyte-ryhmä",
    )
    add_parties(regional, members, [organisation(county, "Järjestöneuvottelukunta", Sector.ORGANISATION)])
    add_parts(regional, [REGIONAL])
    with_hus = Negotiation.objects.create(
        county=county,
        round=round_,
        title="Hyte-neuvottelu HUS-yhtymän kanssa",
        purpose="Erillinen neuvottelu HUS-yhtymän kanssa. Lähde kertoo vain vuoden.",
        precision=Negotiation.Precision.MONTH,
        earliest=date(2023, 1, 1),
        latest=date(2023, 12, 31),
        convener="Keski-Uudenmaan hyvinvointialue",
    )
    add_parties(with_hus, [], [organisation(county, "HUS-yhtymä", Sector.PUBLIC)])
    add_parts(with_hus, [WITH_HUS])


def _load_term(county: County, *, name: str, by: User, today: date) -> None:
    """A municipality at a time, both duties at once; the county keeps a document for each."""
    round_ = Round.objects.create(
        county=county,
        year=today.year,
        name=name,
        form=Round.Form.MUNICIPALITIES,
        legal_bases=[LegalBasis.COOPERATION, LegalBasis.WELFARE],
        starts_on=today - timedelta(days=30),
        ends_on=today + timedelta(days=60),
        indicator_set=load_round_set(county.area),
        description="Esimerkki: kierroksen sisältö on keksitty esittelyä varten.",
    )
    county.indicator_set = round_.indicator_set
    # Keusote compares its figures with those of 2019.
    county.baseline_year = 2019
    county.save(update_fields=["baseline_year", "indicator_set"])
    by_name = municipalities_of(county)
    order = ("Mäntsälä", "Pornainen", "Hyvinkää", "Järvenpää", "Nurmijärvi", "Tuusula")
    for place, municipality_name in enumerate(order):
        day = weekday_near(today + timedelta(days=-20 + 14 * place))
        negotiation = Negotiation.objects.create(
            county=county,
            round=round_,
            title=municipality_name,
            precision=Negotiation.Precision.MINUTE,
            earliest=day,
            latest=day,
            starts_at=moment(day, 9),
            ends_at=moment(day, 11, 30),
            mode=Negotiation.Mode.HYBRID,
            place=f"{municipality_name}, kunnantalo",
            convener="Keski-Uudenmaan hyvinvointialue",
            chair="Hyvinvointialueen integraatiojohtaja",
            secretary="Hyvinvointialueen hyte-koordinaattori",
        )
        add_parties(negotiation, [by_name[municipality_name]])
        add_parts(
            negotiation, [COOPERATION, WELFARE] if place == 0 else [_agenda_only(COOPERATION), _agenda_only(WELFARE)]
        )
        if place == 0:
            _hold(negotiation, by_name[municipality_name].area.name_fi, by=by, day=day)


def _agenda_only(text: PartText) -> PartText:
    """Return the part as it stands before the sitting: the agenda, without what was said."""
    return PartText(text.basis, [Item(item.title, item.background) for item in text.items])


def _hold(negotiation: Negotiation, name: str, *, by: User, day: date) -> None:
    municipality = municipalities_of(negotiation.county)[name]
    for role in ("kunnanjohtaja", "hyvinvointikoordinaattori", "sivistysjohtaja"):
        add_attendance(negotiation, sector=Sector.MUNICIPALITY, place=name, role=role, municipality=municipality)
    for role in ("integraatiojohtaja", "hyte-koordinaattori"):
        add_attendance(negotiation, sector=Sector.COUNTY, place="Keski-Uudenmaan hyvinvointialue", role=role)
    add_attendance(negotiation, sector=Sector.PARISH, place=f"{name}n seurakunta", role="diakoniatyön edustaja")
    convene(negotiation, by=by, at=moment(day - timedelta(days=30), 10))
    hold(negotiation, by=by, at=moment(day, 11, 30))
    agreed = {item.title: item for item in AgendaItem.objects.filter(part__negotiation=negotiation)}
    Measure.objects.create(
        county_id=negotiation.county_id,
        negotiation=negotiation,
        round_id=negotiation.round_id,
        agenda_item=agreed["Yhteistyörakenteet"],
        position=1,
        text="Vastinparien luettelo laaditaan ja julkaistaan.",
        responsible_sector=Sector.COUNTY,
        responsible="Hyvinvointialue, hyte-koordinaattori",
        due_on=day + timedelta(days=90),
    )
    Measure.objects.create(
        county_id=negotiation.county_id,
        negotiation=negotiation,
        round_id=negotiation.round_id,
        agenda_item=agreed["Tavoitteet, toimenpiteet, yhteistyö ja seuranta"],
        position=2,
        text="Kunnan tilat avataan järjestöjen käyttöön maksutta arki-iltoina.",
        responsible_sector=Sector.MUNICIPALITY,
        municipality=municipality,
        responsible=f"{name}, sivistyspalvelut",
        due_on=day + timedelta(days=120),
    )
    for minutes in open_minutes(negotiation, by=by, at=moment(day, 12)):
        name_checkers(minutes)
        send_for_checking(minutes, check_by=day + timedelta(days=35), by=by, at=moment(day + timedelta(days=3), 9))
