"""Keski-Suomi 2024: six groups, three workshop themes and the summary, as the county's own summary tells them.

Source: "Yhteenveto hyvinvoinnin, terveyden ja turvallisuuden edistämisen neuvotteluista 2024", in our words. It gives
head counts, no names and no times of day. The marks of checking and the meetings that took the summary up are
examples, since the source does not tell them.
"""

from __future__ import annotations

from datetime import date, timedelta

from indicators.loading import load_round_set
from municipalities.models import County, MunicipalityGroup, Sector, User
from negotiations.demo.building import (
    Item,
    PartText,
    add_head_counts,
    add_parties,
    add_parts,
    moment,
    municipalities_of,
    name_checkers,
)
from negotiations.demo.keski_suomi_2023 import first_term_priorities
from negotiations.minutes.checking import mark, open_minutes, publish, send_for_checking
from negotiations.minutes.signing import sign_all
from negotiations.models import (
    CoreGroup,
    FeedbackNote,
    LegalBasis,
    Measure,
    MinutesAttachment,
    Negotiation,
    Observation,
    Round,
    StatedFigure,
    Summary,
    SummaryNote,
    ThemeColumn,
    WorkshopTheme,
)
from negotiations.reporting.board import freeze, note, open_summary, put_on_agenda
from negotiations.sitting.conduct import convene, hold

NAME = "Hytetu-neuvottelut 2024"
SOURCE = (
    "Yhteenveto hyvinvoinnin, terveyden ja turvallisuuden edistämisen neuvotteluista 2024, Keski-Suomen hyvinvointialue"
)

# The day, the municipalities, and how many came: organisations and parishes together, municipalities, county.
GROUPS: tuple[tuple[date, tuple[str, ...], tuple[int, int, int]], ...] = (
    (date(2024, 9, 26), ("Hankasalmi", "Laukaa", "Konnevesi", "Äänekoski"), (4, 13, 12)),
    (date(2024, 10, 30), ("Joutsa", "Luhanka", "Toivakka"), (23, 7, 10)),
    (date(2024, 11, 12), ("Jyväskylä", "Muurame"), (36, 15, 15)),
    (date(2024, 11, 13), ("Jämsä", "Keuruu", "Multia", "Petäjävesi", "Uurainen"), (39, 31, 14)),
    (date(2024, 11, 19), ("Kannonkoski", "Karstula", "Kivijärvi", "Kyyjärvi", "Saarijärvi"), (6, 15, 10)),
    (date(2024, 11, 20), ("Kinnula", "Pihtipudas", "Viitasaari"), (30, 17, 14)),
)

DESCRIPTION = """\
Neuvottelut käytiin kuntaryhmittäin järjestämislain 6–7 §:n perusteella. Ennen neuvotteluja kunnat täydensivät \
kuntakortin, ja kuntaryhmän korteista tehtiin nostot alustukseksi työpajalle.

Lähteestä tiedetään osallistujista vain lukumäärät toimijaryhmittäin. Pöytäkirjojen tarkastusmerkinnät ja yhteenvedon \
käsittelypäivät ovat esimerkkejä."""

WELFARE = PartText(
    LegalBasis.WELFARE,
    (
        Item(
            "Tilannekatsaus asukkaiden hyvinvointiin",
            "Kuntaryhmän kuntien kuntakorteista oli koottu nostot keskeisistä asioista ja ilmiöistä mielen "
            "hyvinvoinnin, arjen turvallisuuden ja liikunnallisen elämäntavan edistämiseksi. Katsaus toimi alustuksena "
            "työpajoille.",
            "Kuntakorttien tietoa täydennettiin paikallisesti tunnistetuilla ilmiöillä.",
            "Kuntakortti on yhteinen tietopohja, jota täydennetään vuosittain.",
        ),
        Item(
            "Työpajat: perhekeskus, seniorikeskus ja hyvinvointitarjotin",
            "Työpajoissa keskusteltiin, miten kolmen painopisteen tavoitteita edistetään järjestöjen, seurakuntien, "
            "kuntien ja hyvinvointialueen yhteistyönä.",
            "Keskustelun havainnot koottiin teemoittain. Ne raportoidaan kierroksen yhteenvedossa kaikista "
            "kuntaryhmistä yhdessä.",
            "Perhekeskusten tunnettuutta lisätään yhdessä. Seniorikeskusmallia avataan yhdessä. Hyvinvointitarjotinta "
            "kehitetään käyttäjien kokemusten pohjalta.",
        ),
        Item(
            "Seuranta ja jatko",
            "Seuranta toteutuu yhteisen tietopohjan kautta. Seurannassa käytetään kuntakortteja, ja osaksi sitä "
            "valmistellaan maakunnallinen järjestökysely.",
            "",
            "Kuntakortit liitetään laajaan alueelliseen hyvinvointikertomukseen 2023–2024.",
        ),
    ),
    opening="Hyvinvointialueen edustaja avasi neuvottelun ja totesi sen järjestämislain 7 §:n 4 momentin mukaiseksi "
    "neuvotteluksi, johon kunnan on 6 §:n 4 momentin mukaan osallistuttava.",
    closing="Puheenjohtaja kiitti osallistujia ja päätti neuvottelun.",
)

# Theme, key message, and its own columns with their observations.
THEMES: tuple[tuple[str, str, tuple[tuple[str, tuple[str, ...]], ...]], ...] = (
    (
        "Perhekeskustoimintamalli",
        "Perhekeskusverkostot ja yhdessä tekeminen koetaan tärkeiksi. Verkostot kattavat jo koko Keski-Suomen ja luovat "
        "hyvän alustan yhteistyölle.",
        (
            (
                "Ilmiöt ja tavoitteet",
                (
                    "Nuorten mielen hyvinvoinnin haasteet: yksinäisyys, ahdistus ja osallisuuden puute",
                    "Sosiaalisen median vaikutus ja siellä tapahtuva kiusaaminen",
                    "Lasten ja nuorten itsetunto ja puheeksi ottamisen kulttuuri vahvemmiksi",
                    "Päihteiden ja nikotiinituotteiden käytön muutokset",
                    "Vanhemmuuden tuki: arjen rutiinit, some ja liikunta",
                    "Koko kylä kasvattaa: yhteisöllisyyden vahvistaminen",
                    "Perheiden taloudellinen tilanne",
                    "Lähisuhdeväkivalta",
                    "Sukupolvien eriytyminen, ongelmien kasautuminen ja ylisukupolvisuus",
                    "Liikunnan jyrkkä väheneminen yläkouluun siirryttäessä, koulukyydit",
                ),
            ),
            (
                "Yhteistyö ja toimenpiteet",
                (
                    "Nuorten osallisuuden parantaminen monin tavoin",
                    "Apua alaikäisille päihteiden ja nikotiinituotteiden käytön lopettamiseen",
                    "Yhteistyö kouluissa, esimerkiksi koulunuorisotyö ja oppilashuolto",
                    "Paikallisia perhekeskustiloja ja matalan kynnyksen kohtaamispaikkoja kattavasti",
                    "Perhekeskusten tunnettuutta lisätään yhdessä",
                    "Palveluohjauksessa korostetaan perhekeskusten ennaltaehkäisevää palvelua",
                    "Sukupolvien kohtaamista lisätään",
                    "Arkiliikuntaa lisätään",
                    "Maksuttomia ja edullisia harrastusmahdollisuuksia",
                ),
            ),
        ),
    ),
    (
        "Seniorikeskustoimintamalli",
        "Seniorikeskusmalli on avattava yhdessä vahvemmin: verkostotyö, yhteisövaikuttavuus, kumppanuudet, "
        "asiantuntijuuden tunnistaminen ja yhdistäminen sekä kirjallinen sopimus yhteistyöstä. Palveluista ja "
        "toiminnasta tiedottamiseen sovitaan yhteinen tapa.",
        (
            (
                "Ilmiöt ja tavoitteet",
                (
                    "Yksinäisyys, sosiaalisten suhteiden luominen ja ylläpitäminen",
                    "Haja-asutus, pitkät välimatkat ja liikkumisen vaikeudet",
                    "Yhteyden saaminen yksinäisiin ja passiivisiin",
                    "Sukupolvien kohtaamisen lisääminen",
                    "Digitaitojen puute ja sähköisten palvelujen pelko",
                    "Saavutettavuus ja turvallisuuden tunne",
                    "Toiminta ei saa leimata ihmisiä",
                    "Yksilöllistä ohjausta lisää, esimerkiksi liikunnassa ja ravitsemuksessa",
                    "Kaatumisten ehkäisy",
                    "Ravitsemus",
                ),
            ),
            (
                "Yhteistyö ja toimenpiteet",
                (
                    "Etsivä vanhustyö: kohdataan ihmiset siellä, missä he muutenkin ovat",
                    "Järjestöjen, kyläyhteisöjen ja vapaaehtoistyön tukeminen",
                    "Kokoontumistilojen turvaaminen ja ennakkoluuloton käyttö",
                    "Tukea sähköisten palvelujen käyttöön, verkon katvealueet huomioon",
                    "Viestintää, joka tavoittaa: painetulla viestinnällä on yhä suuri merkitys",
                    "Maksuttoman toiminnan tärkeys",
                    "Työterveyshuolto mukaan eläkkeelle jäävien kohdalla",
                    "Fyysinen ympäristö tukee liikkumista ja aktiivista elämää, turvallinen koti",
                    "Finger-toimintamallin hyödyntäminen",
                ),
            ),
        ),
    ),
    (
        "Hyvinvointitarjotin",
        "Panostus ennaltaehkäisyyn ja kuntien toimintaa tukeviin ratkaisuihin sai kiitosta. Tarjottimella voidaan saavuttaa "
        "merkittäviä hyötyjä, kun se saadaan toimimaan hyvin.",
        (
            (
                "Tekniikka ja valmiudet käyttöön",
                (
                    "Tarjottimelle on tarvetta ja kiinnostusta",
                    "Järjestöjen valmiudet ja voimavarat Lähellä.fi-palvelun käyttöön vaihtelevat, tukea tarvitaan",
                    "Alueelliset erot ovat suuria: löytyykö sisältöä pieniltä paikkakunnilta",
                    "Välimatkat, tarjonta, aktiiviset toimijat ja osallistujat",
                    "Tervettä kriittisyyttä: lisääkö uusi digitaalinen palvelu työtä tavoittamatta kaikkia",
                ),
            ),
            (
                "Kohderyhmät ja viestintä",
                (
                    "Yleinen vastaanotto oli myönteinen",
                    "Uudesta asiasta on tiedotettava paljon",
                    "Tarjotin auttaa niitä, jotka eivät itse löydä toimintaa",
                    "Kuinka paljon työtä omien tietojen vieminen ja ajan tasalla pitäminen teettää",
                    "Paikallismedialla ja kauppojen ja kirjastojen ilmoitustauluilla on yhä iso rooli",
                    "Hakutoimintojen on oltava helppoja",
                ),
            ),
            (
                "Yhteistyö ja kehittäminen",
                (
                    "Kaikkien osapuolten on koettava hyötyvänsä kokonaisuudesta",
                    "Kunnilla on omia tapahtumakalentereita; päällekkäinen työ koetaan osin tarpeettomaksi",
                    "Palvelutietovarannon tieto palveluista on liian yleistä tai ohutta",
                    "Toiveena uusia integraatioita, esimerkiksi kuntien kalenterit",
                    "Sopimattoman sisällön poistaminen on tärkeää",
                    "Tarkempaan keskusteluun päästään, kun tarjotin on valmis ja siihen on tutustuttu",
                    "Toimijoiden sitouttaminen vaatii tavoitteellista työtä ja selkeän prosessin",
                ),
            ),
        ),
    ),
)

FEEDBACK = (
    "Neuvottelujen sisältö ja niissä esiin nousseet asiat kytketään tiiviisti käytäntöön. Sisältöön tarvitaan konkretiaa.",
    "Tarvitaan myös kuntakohtaista keskustelua, jotta asiat saadaan vietyä kunnassa käytäntöön.",
    "Tarkennetaan, ketkä ovat oikeat henkilöt osallistumaan, mikä neuvottelujen tavoite on ja miten ne liittyvät "
    "hytetu-työn johtamiseen.",
    "Neuvotteluissa käytettävä materiaali halutaan osallistujille etukäteen.",
    "Kuntakorteilla koottua tietoa on voitava verrata vuosien ja kuntien välillä.",
    "Keskusteluun nousivat teemakohtaiset neuvottelut, esimerkiksi ikäryhmittäin. Käsiteltävien asioiden rajaaminen on "
    "tärkeää.",
    "Tarvetta on myös palvelukohtaiselle keskustelulle.",
    "Neuvottelut on tärkeää kytkeä alueellisiin ja kuntien omiin hytetu-suunnitelmiin ja -kertomuksiin.",
)

# The text, who answers for it, the unit, and the deadline as a date and in words.
MEASURES: tuple[tuple[str, Sector, str, date | None, str], ...] = (
    (
        "Hyvinvointitarjotin julkaistaan.",
        Sector.COUNTY,
        "Hyvinvointialue, hyvinvointi ja kumppanuudet",
        date(2025, 1, 20),
        "20.1.2025",
    ),
    (
        "Tarjottimen käyttöönottoa tuetaan KestäväKS-hankkeessa: sote-ammattilaisten perehdytys sekä yhteistyö kuntien, "
        "järjestöjen ja seurakuntien kanssa.",
        Sector.COUNTY,
        "Hyvinvointialue, KestäväKS-hanke",
        date(2025, 5, 31),
        "kevät 2025",
    ),
    (
        "Perhekeskus- ja seniorikeskustoimintamallia kehitetään edelleen järjestämisen linjausten, palveluverkkopäätöksen ja "
        "uudistumisohjelman mukaisesti.",
        Sector.COUNTY,
        "Hyvinvointialue",
        None,
        "jatkuva",
    ),
    (
        "Maakunnallinen järjestökysely valmistellaan osaksi seurantaa.",
        Sector.COUNTY,
        "Hyvinvointialue, hyvinvointi ja kumppanuudet",
        None,
        "valmisteilla",
    ),
    (
        "Kuntakortit liitetään laajaan alueelliseen hyvinvointikertomukseen 2023–2024.",
        Sector.COUNTY,
        "Hyvinvointialue",
        None,
        "kertomuksen valmistuessa",
    ),
    (
        "Perhekeskusten tunnettuutta lisätään yhdessä.",
        Sector.OTHER,
        "Kunnat, järjestöt, seurakunnat ja hyvinvointialue yhdessä",
        None,
        "jatkuva",
    ),
    (
        "Palveluista ja toiminnasta tiedottamiseen sovitaan yhteinen tapa ja käytännöt.",
        Sector.OTHER,
        "Kunnat, järjestöt, seurakunnat ja hyvinvointialue yhdessä",
        None,
        "ei määräaikaa",
    ),
)

Section = SummaryNote.Section
NOTES: dict[SummaryNote.Section, tuple[str, ...]] = {
    Section.AGREED: (
        "Mielen hyvinvointi, arjen turvallisuus ja liikunnallinen elämäntapa ovat yhteisen työn painopisteet valtuustokauden "
        "loppuun.",
        "Perhekeskusten tunnettuutta lisätään yhdessä, ja palveluohjauksessa korostetaan niiden ennaltaehkäisevää palvelua.",
        "Seniorikeskusmallia avataan yhdessä, ja yhteistyöstä tehdään kirjallinen sopimus.",
        "Hyvinvointitarjotin kokoaa hyvinvointia edistävän toiminnan yhteen, ja sen käyttöönottoa tuetaan.",
        "Kuntakortti on yhteinen tietopohja ja seurannan väline.",
    ),
    Section.HELD: (
        "Neuvottelut käytiin kuuden kuntaryhmän kanssa syys–marraskuussa 2024. Jokainen neuvottelu alkoi kuntakortteihin "
        "perustuvalla tilannekatsauksella ja jatkui työpajoina.",
        "Neuvotteluihin kutsuttiin kuntien lisäksi alueen järjestöt ja seurakunnat, koska laki velvoittaa neuvottelemaan "
        "yhdessä niiden kanssa.",
    ),
    Section.GOALS: (
        "Hyvinvointialue on linjannut valtuustokaudelle 2022–2025 kolme painopistettä: mielen hyvinvointi, arjen "
        "turvallisuus ja liikunnallinen elämäntapa.",
        "Painopisteiden todettiin jo vuoden 2023 neuvotteluissa tukevan hyvin kuntien omaa työtä.",
    ),
    Section.MEASURES: (
        "Perhekeskus- ja seniorikeskustoimintamallin kehittäminen on nostettu toimenpiteeksi järjestämisen linjauksissa, "
        "palveluverkkopäätöksessä ja uudistumisohjelmassa.",
        "Hyvinvointialueiden on otettava käyttöön hyvinvointia edistävän toiminnan kokoava hyvinvointitarjotin vuoden 2024 "
        "loppuun mennessä.",
    ),
    Section.COOPERATION: (
        "Työpajoissa keskusteltiin, miten kolmen painopisteen tavoitteita edistetään järjestöjen, seurakuntien, kuntien ja "
        "hyvinvointialueen yhteistyönä.",
    ),
    Section.MONITORING: (
        "Seuranta toteutuu yhteisen tietopohjan kautta, ja siinä käytetään kuntakortteja.",
        "Osaksi seurantaa valmistellaan maakunnallinen järjestökysely.",
    ),
    Section.CARDS: (
        "Kuntakortti otettiin käyttöön vuoden 2023 neuvottelujen perusteella. Vuotta 2024 varten siihen koottiin THL:n "
        "vähimmäistietosisällön kunnille ja hyvinvointialueille yhteiset indikaattorit.",
        "Kunnat täyttivät korttiin erityispiirteensä ja arvioivat vahvuutensa, heikkoutensa, mahdollisuutensa ja uhkansa "
        "hyvinvoinnin edistämisen kannalta.",
        "Korteista tehtiin jokaiseen neuvotteluun kuntaryhmän nostot painopisteittäin. Kortit liitetään laajaan "
        "alueelliseen hyvinvointikertomukseen 2023–2024.",
    ),
    Section.IMPACT: (
        "Neuvotteluissa sovitaan yhteisistä tavoitteista ja lisätään ymmärrystä niiden saavuttamiseksi tarvittavista "
        "toimenpiteistä.",
        "Kuntakortit tuovat työn johtamiseen yhteiset mittarit.",
        "Neuvottelut kokoavat eri toimijat yhteen sopimaan toisiaan vahvistavista toimenpiteistä yli organisaatiorajojen.",
        "Vuosittaiset neuvottelut kytketään asiantuntijaverkostojen työhön, mikä tukee jatkuvaa vuoropuhelua.",
        "Kun sisältö tukee eri toimijoiden omia tavoitteita, organisaatiot antavat työlle tukensa.",
    ),
    Section.NEXT_STEPS: (
        "Neuvottelujen aineisto toimitetaan osallistujille etukäteen.",
        "Tarkennetaan, ketkä osallistuvat ja mikä neuvottelujen tavoite on.",
        "Valmistellaan rinnalle kuntakohtainen keskustelu ja harkitaan teema- ja palvelukohtaisia neuvotteluja.",
        "Kehitetään kuntakorttia niin, että tietoa voi verrata vuosien ja kuntien välillä.",
    ),
    Section.BOARD: (
        "Aluehallitus merkitsee yhteenvedon tiedoksi ja toimittaa sen aluevaltuustolle tiedoksi.",
        "Aluehallitus ottaa huomioon seuraavan kierroksen aikataulusta ja toteutustavasta päättäessään kuntien toiveet "
        "kuntakohtaisesta keskustelusta ja etukäteisaineistosta.",
    ),
}


def group_name(names: tuple[str, ...]) -> str:
    """Return a group's name: its municipalities in the order given."""
    return ", ".join(names[:-1]) + " ja " + names[-1]


def _add_themes(round_: Round) -> None:
    for position, (name, message, columns) in enumerate(THEMES, start=1):
        theme = WorkshopTheme.objects.create(
            county_id=round_.county_id, round=round_, position=position, name=name, key_message=message
        )
        for number, (title, observations) in enumerate(columns, start=1):
            column = ThemeColumn.objects.create(county_id=round_.county_id, theme=theme, position=number, title=title)
            Observation.objects.bulk_create(
                Observation(county_id=round_.county_id, column=column, position=place, text=text)
                for place, text in enumerate(observations, start=1)
            )


def _hold_and_minute(negotiation: Negotiation, *, by: User, day: date) -> None:
    """Take a negotiation of the past through its moves, to published minutes."""
    convene(negotiation, by=by, at=moment(day - timedelta(days=42), 9))
    hold(negotiation, by=by, at=moment(day, 16))
    for minutes in open_minutes(negotiation, by=by, at=moment(day, 16, 30)):
        MinutesAttachment.objects.create(
            county_id=minutes.county_id, minutes=minutes, position=1, title="Kuntaryhmän nostot kuntakorteista"
        )
        name_checkers(minutes)
        send_for_checking(minutes, check_by=day + timedelta(days=14), by=by, at=moment(day + timedelta(days=2), 10))
        for place, check in enumerate(minutes.checks.all()):
            mark(check, by=by, at=moment(day + timedelta(days=5 + place), 10))
        sign_all(minutes, by=by, at=moment(day + timedelta(days=14), 9))
        publish(minutes, by=by, at=moment(day + timedelta(days=15), 9))


def _add_summary(round_: Round, *, by: User) -> Summary:
    summary = open_summary(round_, by=by, at=moment(date(2024, 12, 3), 9))
    SummaryNote.objects.bulk_create(
        SummaryNote(county_id=round_.county_id, summary=summary, section=section, position=position, text=text)
        for section, texts in NOTES.items()
        for position, text in enumerate(texts, start=1)
    )
    freeze(summary, by=by, at=moment(date(2025, 1, 8), 13))
    put_on_agenda(summary, body="Aluehallitus", on=date(2025, 1, 28), by=by, at=moment(date(2025, 1, 21), 9))
    note(
        summary,
        body="Aluehallitus",
        on=date(2025, 1, 28),
        section="12",
        by=by,
        at=moment(date(2025, 1, 29), 9),
    )
    put_on_agenda(summary, body="Aluevaltuusto", on=date(2025, 2, 25), by=by, at=moment(date(2025, 2, 18), 9))
    return summary


def load(county: County, *, by: User) -> None:
    """Enter the round, its negotiations with their minutes, and the summary, unless they are there."""
    if Round.objects.filter(county=county, year=2024, name=NAME).exists():
        return
    first_term_priorities(county)
    round_ = Round.objects.create(
        county=county,
        year=2024,
        name=NAME,
        form=Round.Form.GROUPS,
        legal_bases=[LegalBasis.WELFARE],
        starts_on=GROUPS[0][0],
        ends_on=GROUPS[-1][0],
        indicator_set=load_round_set(county.area),
        description=DESCRIPTION,
        source=SOURCE,
    )
    StatedFigure.objects.create(
        county=county,
        round=round_,
        sectors=[Sector.ORGANISATION, Sector.PARISH, Sector.ORGANISATION_OR_PARISH],
        value=136,
        source="Lähteen oma yhteismäärä järjestöjen ja seurakuntien edustajista",
    )
    _add_themes(round_)
    by_name = municipalities_of(county)
    negotiations = []
    for position, (day, names, (organisations, municipal, own)) in enumerate(GROUPS, start=1):
        members = [by_name[name] for name in names]
        group = MunicipalityGroup.objects.create(county=county, year=2024, name=group_name(names), position=position)
        group.municipalities.set(members)
        negotiation = Negotiation.objects.create(
            county=county,
            round=round_,
            group=group,
            title=group.name,
            precision=Negotiation.Precision.DAY,
            earliest=day,
            latest=day,
            convener="Keski-Suomen hyvinvointialue, hyvinvointi ja kumppanuudet",
            chair="Hyvinvointialueen edustaja",
            secretary="Hyvinvointialueen sihteeri",
        )
        add_parties(negotiation, members)
        add_parts(negotiation, [WELFARE])
        add_head_counts(
            negotiation,
            {
                Sector.ORGANISATION_OR_PARISH: organisations,
                Sector.MUNICIPALITY: municipal,
                Sector.COUNTY: own,
            },
        )
        negotiations.append((negotiation, day))
    core = CoreGroup.objects.create(
        county=county, round=round_, name="Hyvinvointialueen ydinryhmä", sector=Sector.COUNTY, size=10, approximate=True
    )
    core.negotiations.set([negotiation for negotiation, _day in negotiations])
    Measure.objects.bulk_create(
        Measure(
            county=county,
            round=round_,
            position=position,
            text=text,
            responsible_sector=sector,
            responsible=responsible,
            due_on=due,
            due_text=words,
        )
        for position, (text, sector, responsible, due, words) in enumerate(MEASURES, start=1)
    )
    FeedbackNote.objects.bulk_create(
        FeedbackNote(
            county=county,
            round=round_,
            given_on=date(2024, 12, 2),
            occasion="Palautekeskustelu kuntien hyte-koordinaattorien ja hyte-työstä vastaavien kanssa",
            position=position,
            text=text,
        )
        for position, text in enumerate(FEEDBACK, start=1)
    )
    for negotiation, day in negotiations:
        _hold_and_minute(negotiation, by=by, day=day)
    _add_summary(round_, by=by)
