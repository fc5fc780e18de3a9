"""Two cards as municipalities write them: of a small town, and of a city that has a lot to say."""

# Mostly text.
# ruff: noqa: E501

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from indicators.models import IndicatorSet
from municipalities.cards.content import Beside, CardContent, ContactLine, FigureLine, PlanLine, Proposal, freeze
from municipalities.models import Card, CardApproval, CardEntry, CardVersion, CardYear, Municipality

PEOPLE, MIND, SAFETY, MOVING = (
    "Väestö ja elinolot",
    "Mielen hyvinvointi",
    "Arjen turvallisuus",
    "Liikunnallinen elämäntapa",
)
PRIORITIES = ("Mielen hyvinvointi", "Arjen turvallisuus", "Liikunnallinen elämäntapa")
RETRIEVED = date(2026, 3, 2)
SOTKANET, EXAMPLE = "Sotkanet", "Esimerkkiluvut"
CITATIONS = (
    "Sotkanet, 2.3.2026. THL, CC BY 4.0",
    "Esimerkkiluvut, 2.3.2026. Säännöllä tehty, ei kuvaa mitään kuntaa",
)


def figure(
    indicator_id: int,
    theme: str,
    name: str,
    series: tuple[float, ...],
    county: float | None,
    country: float | None,
    direction: str,
    *,
    unit: str = "PERCENT",
    decimals: int = 1,
    is_of_county: bool = False,
    is_example: bool = False,
    pooled: tuple[int, int] | None = None,
    is_shown: bool = True,
    comment: str = "",
    left_out_reason: str = "",
) -> FigureLine:
    """Return a figure with its course up to 2024; without a course it is missing from its source."""
    years = range(2025 - len(series), 2025)
    has = bool(series)
    return FigureLine(
        indicator_id=indicator_id,
        name=name,
        theme=theme,
        unit=unit,
        unit_label="%" if unit == "PERCENT" else "",
        decimals=decimals,
        value=series[-1] if has else None,
        year=2024 if has else None,
        status="luku" if has else "ei lukua",
        is_of_county=is_of_county,
        is_example=is_example,
        previous_year=2023 if len(series) > 1 else None,
        change=round(series[-1] - series[-2], 6) if len(series) > 1 else None,
        direction=direction,
        pooled=pooled,
        baseline_year=None,
        baseline_change=None,
        baseline_direction="unknown",
        series=tuple(zip(years, series, strict=True)),
        county=None if county is None else Beside(county, 2024, False, is_example),
        country=None if country is None else Beside(country, 2023, False, is_example),
        source=EXAMPLE if is_example else SOTKANET if has else "",
        retrieved_on=RETRIEVED if has else None,
        is_shown=is_shown and has,
        comment=comment,
        left_out_reason=left_out_reason,
    )


FIGURES = (
    figure(127, PEOPLE, "Väestö 31.12.", (4782, 4711, 4640, 4571, 4503, 4436), 274112, 5603851, "unknown", unit="COUNT", decimals=0),
    figure(181, PEOPLE, "Työttömät, % työvoimasta", (11.8, 13.6, 11.2, 9.9, 10.4, 11.3), 12.6, 11.0, "worse",
           comment="Sahan lomautukset näkyvät luvussa. Kunta jatkaa työllisyyspajaa Laukaan kanssa."),
    figure(228, PEOPLE, "Lasten pienituloisuusaste", (14.9, 15.2, 14.1, 13.8, 14.6), 12.4, 11.9, "worse", pooled=(2022, 2024)),
    figure(3219, PEOPLE, "Koulutuksen ulkopuolelle jääneet 17–24-vuotiaat, % vastaavanikäisestä väestöstä", (9.1, 8.7, 8.8, 7.9, 6.8), 7.2, 7.6, "better"),
    figure(292, MIND, "Ei yhtään läheistä ystävää, % 8. ja 9. luokan oppilaista", (7.2, 8.9, 9.6, 10.4), 9.1, 8.8, "worse", is_example=True,
           comment="Vuosiluokat ovat pieniä: yksi vastaaja on noin kaksi prosenttia."),
    figure(328, MIND, "Kohtalainen tai vaikea ahdistuneisuus, % 8. ja 9. luokan oppilaista", (14.1, 21.3, 20.2), 20.9, 20.1, "better", is_example=True),
    figure(4284, MIND, "Itsensä yksinäiseksi tuntevien osuus (%)", (8.8, 10.9, 11.6), 11.6, 11.2, "worse", is_of_county=True, is_example=True),
    figure(3113, SAFETY, "Kodin ja vapaa-ajan tapaturmien takia sairaalassa hoidetut / 10 000 asukasta", (61.2, 58.4, 66.0, 59.7, 57.1), 52.8, 49.9, "better", unit="PER_10000"),
    figure(2400, SAFETY, "Poliisin tietoon tulleet väkivaltarikokset / 1 000 asukasta", (5.1, 4.4, 6.2, 5.9, 5.9), 6.8, 7.1, "same", unit="PER_1000"),
    figure(288, MOVING, "Hengästyttävää liikuntaa korkeintaan 1 h viikossa, % 8. ja 9. luokan oppilaista", (29.3, 27.8, 31.5, 30.2), 28.7, 27.9, "better", is_example=True),
    figure(4410, MOVING, "Terveysliikuntasuosituksen mukaan liikkuvien osuus, % 20–64-vuotiaista", (38.1, 37.0, 39.4), 39.4, 41.0, "better", is_of_county=True, is_example=True),
    figure(5136, MOVING, "Liikunnan edistäminen kunnissa (HYTE-kerroin), pistemäärä", (58, 61, 66), 69, 71, "better", unit="INDEX", decimals=0),
    figure(1068, PEOPLE, "65 vuotta täyttäneet, % väestöstä", (31.2, 32.0, 32.9, 33.6), 25.1, 23.6, "unknown", is_shown=False),
    figure(3099, PEOPLE, "Kunnan yleinen pienituloisuusaste", (15.1, 15.6, 15.9), 14.9, 13.6, "worse", is_shown=False,
           comment="Opiskelijat ja eläkkeensaajat painavat lukua."),
    figure(493, PEOPLE, "Toimeentulotukea saaneet henkilöt vuoden aikana, % asukkaista", (6.2, 5.9, 5.7), 7.0, 7.4, "better", is_shown=False),
    figure(1514, MIND, "Koulukiusattuna vähintään kerran viikossa, % 8. ja 9. luokan oppilaista", (7.1, 9.0), 8.1, 7.7, "unknown", is_shown=False,
           left_out_reason="Vastaajia alle kolmekymmentä. Kysymme asian koulussa itse keväällä."),
    figure(4900, SAFETY, "Lähisuhdeväkivaltaa kokeneet, % 20–64-vuotiaista", (), None, 6.1, "unknown"),
)  # fmt: skip

SMALL = CardContent(
    municipality="Hankasalmi",
    code="077",
    county="Keski-Suomen hyvinvointialue",
    year=2026,
    population=4436,
    set_name="Kuntakortin tunnusluvut 2026",
    figures=FIGURES,
    sources=CITATIONS,
    features=(
        "Hankasalmi on neljän taajaman maaseutukunta, jossa joka kolmas on täyttänyt 65 vuotta. Asemakylä, kirkonkylä, "
        "Niemisjärvi ja Venekoski ovat kaukana toisistaan, ja moni matka on mahdoton ilman omaa autoa.\n\n"
        "Sama hyvinvointikoordinaattori vastaa myös nuorisotyöstä ja osallisuudesta. Järjestöt ja seurakunta tekevät "
        "paljon sellaista, mihin kunnalla ei ole omaa väkeä."
    ),
    strengths=(
        "Kylätalot ja seurat: kuusi vireää kyläyhdistystä, joilla on omat tilat",
        "Lyhyt matka päätöksentekoon, sama väki tuntee toisensa yli toimialojen",
        "Hyvinvointitarjotin otettiin käyttöön keväällä 2025",
        "Koulujen liikuntakerhot ovat maksuttomia",
    ),
    weaknesses=(
        "Harva joukkoliikenne, harrastukset jäävät autottomilta",
        "Yhden ihmisen varassa olevat tehtävät",
        "Nuorten mielenterveyden tukea on tarjolla vain Jyväskylässä",
    ),
    opportunities=(
        "Perhekeskustoiminta yhdessä Laukaan ja Konneveden kanssa",
        "Etäpalvelut kirjastossa, jossa joku auttaa alkuun",
    ),
    threats=(
        "Väki vähenee ja ikääntyy, huoltosuhde heikkenee edelleen",
        "Palvelut etääntyvät, jos sote-asema supistuu",
        "Järjestöjen vapaaehtoiset uupuvat",
    ),
    proposals=(
        Proposal("Yläkoululaisten yksinäisyys on kasvanut kolmessa kyselyssä peräkkäin.", PRIORITIES[0], 1),
        Proposal("Ikäihmisten kaatumiset vähenivät, kun tasapainoryhmät aloittivat kylätaloilla.", PRIORITIES[1], 2),
        Proposal("Kimppakyydit harrastuksiin: kokeilu syksyllä 2026.", "", None),
    ),
    plans=(
        PlanLine("wide", "laaja hyvinvointikertomus ja -suunnitelma", "2025–2029", "2025-06-16", "2025-08", "https://hankasalmi.example/hyvinvointikertomus"),
        PlanLine("yearly", "vuosiraportti", "Vuosiraportti 2025", "2026-03-30", "2026-04", ""),
        PlanLine("children", "lasten ja nuorten hyvinvointisuunnitelma", "2025–2028", "2025", "", ""),
        PlanLine("other", "muu suunnitelma", "Liikkumissuunnitelma 2024", "2024-11", "", ""),
    ),
    contacts=(
        ContactLine("Maija Meikäläinen", "hyvinvointikoordinaattori"),
        ContactLine("", "kunnanjohtaja"),
    ),
    language="fi",
)  # fmt: skip

_CITY_TEXTS: dict[str, Any] = {
    "strengths": (
        "Vahva järjestökenttä: yli kolmesataa yhdistystä, avustukset ja kumppanuussopimukset on sidottu hyvinvointisuunnitelman tavoitteisiin ja niiden vaikutuksia seurataan vuosittain",
        "Yliopisto, ammattikorkeakoulu ja liikuntatieteellinen tiedekunta tuovat tutkimuksen ja opiskelijat arjen kehittämiseen",
        "Laadukkaat ulkoilureitit ja lähiluonto: yhdeksän kymmenestä asuu alle kolmensadan metrin päässä viheralueesta",
        "Harrastamisen malli tavoittaa puolet alakoululaisista, ja osallistujista joka viides ei ole aiemmin harrastanut",
        "Ehkäisevän päihdetyön verkosto kokoontuu kuukausittain ja kattaa oppilaitokset, poliisin, järjestöt ja seurakunnan",
    ),
    "weaknesses": (
        "Hyvinvointierot asuinalueiden välillä ovat kasvaneet: työttömyys, pienituloisuus ja sairastavuus kasautuvat samoille alueille",
        "Tieto kulkee hitaasti kaupungin ja hyvinvointialueen välillä, erityisesti oppilashuollon ja perhepalvelujen rajapinnassa",
        "Nuorten aikuisten ahdistuneisuus ja yksinäisyys ovat yleisempiä kuin vastaavan kokoisissa kaupungeissa",
        "Vieraskielisten osallisuus jää ohueksi, koska tietoa on vain vähän muilla kielillä ja selkokielellä",
    ),
    "opportunities": (
        "Hyvinvointitarjotin kokoaa järjestöjen, seurakuntien ja kaupungin toiminnan yhteen paikkaan, josta ammattilainen ja asukas löytävät sen",
        "Perhekeskusten ja seniorikeskuksen kehittäminen yhdessä hyvinvointialueen kanssa samoissa tiloissa",
        "Kaupunkiseudun yhteinen liikuntaolosuhdesuunnitelma ja matalan kynnyksen liikuntaneuvonta, johon terveydenhuolto ohjaa",
        "Kulttuurihyvinvointisuunnitelma ja taidelähete ikäihmisten yksinäisyyden lievittämiseen",
    ),
    "threats": (
        "Valtionosuuksien ja järjestöavustusten leikkaukset vähentävät ennaltaehkäisevää työtä juuri siellä, missä tarve on suurin",
        "Päihteiden ja nikotiinituotteiden käytön uudet muodot leviävät yläkouluihin nopeammin kuin niihin ehditään vastata",
        "Väestön ikääntyminen lisää muistisairaiden määrää, ja omaisten jaksaminen on koetuksella",
        "Segregaatio vahvistuu, jos asuntorakentaminen eriytyy ja koulujen oppilasalueet eivät tasapainota sitä",
    ),
}  # fmt: skip

CITY = replace(
    SMALL,
    municipality="Jyväskylä",
    code="179",
    population=149_194,
    features=(
        "Jyväskylä on kasvava yliopistokaupunki, jonka asukkaista joka kuudes on opiskelija. Kaupunki kasvaa noin "
        "tuhannella asukkaalla vuodessa, ja kasvu tulee maahanmuutosta ja opiskelijoista. Samaan aikaan yli "
        "75-vuotiaiden määrä kasvaa nopeammin kuin missään muussa ikäryhmässä.\n\n"
        "Hyvinvoinnin ja terveyden edistämistä johtaa kaupunginjohtajan vetämä hyvinvointiryhmä, jossa ovat mukana "
        "kaikki toimialat sekä hyvinvointialueen, järjestöjen ja seurakunnan edustajat. Alueellinen tarkastelu on "
        "tärkeä: kaupungin keskiarvo kätkee alleen isot erot asuinalueiden välillä."
    ),
    **_CITY_TEXTS,
    proposals=(
        *(Proposal(f"{text} Tarvitsemme tähän yhteisen toimintamallin hyvinvointialueen kanssa.", priority, number)
          for number, priority in enumerate(PRIORITIES, 1)
          for text in (
              "Nuorten aikuisten yksinäisyys ja ahdistuneisuus ovat kasvaneet, ja opiskelijat jäävät palvelujen väliin.",
              "Asuinalueiden väliset erot näkyvät jo kouluterveyskyselyssä.",
          )),
    ),
    plans=(
        *SMALL.plans,
        PlanLine("older", "ikääntyneen väestön hyvinvointisuunnitelma", "Ikäystävällinen Jyväskylä 2025–2028", "2025-10-27", "2025-11", ""),
        PlanLine("substances", "ehkäisevän päihdetyön suunnitelma", "2024–2026", "2024-02", "2024-03-04", ""),
        PlanLine("violence", "lähisuhdeväkivallan vastainen suunnitelma", "", "2023", "2023", ""),
    ),
    contacts=(
        ContactLine("Ville Virtanen", "hyvinvointipäällikkö"),
        ContactLine("Liisa Korhonen", "suunnittelija, osallisuus"),
        ContactLine("Matti Nieminen", "ehkäisevän päihdetyön koordinaattori"),
    ),
)  # fmt: skip


def make_card(municipality: Municipality, *, approval: str = CardApproval.NONE, year: int = 2026) -> Card:
    """Make a card of a municipality with one text on it, in a year that is begun for the purpose where need be."""
    county = municipality.county
    assert county is not None
    chosen, _made = IndicatorSet.objects.get_or_create(owner=county.area, name="Kuntakortti", version=str(year))
    card_year, _made = CardYear.objects.get_or_create(county=county, year=year, defaults={"indicator_set": chosen})
    card: Card = Card.objects.create(
        county=county, card_year=card_year, municipality=municipality, approval=approval, approver_email="a@example.fi"
    )
    CardEntry.objects.create(county=county, card=card, section=CardEntry.Section.STRENGTH, text="Kyläyhdistykset")
    return card


def saying(version: CardVersion, content: CardContent) -> CardVersion:
    """Let a version that was sent say something else, as if that had been on its card; return it read anew."""
    frozen, digest = freeze(content)
    CardVersion.objects.filter(pk=version.pk).update(content=frozen, sha256=digest)
    found: CardVersion = CardVersion.objects.select_related("card", "county__area").get(pk=version.pk)
    return found
