"""Municipality cards of the demo: those of 2024, all sent and locked, and those of the present year, being filled.

An example: the texts are made up and describe no municipality. Which stand on which card follows from its size and its
place in the list, so that the cards differ from each other and are always the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import islice

from indicators.loading import load_round_set
from municipalities.cards import keeping, lifecycle
from municipalities.cards.progress import Part
from municipalities.models import (
    Card,
    CardApproval,
    CardContact,
    CardEntry,
    CardFigure,
    CardPlan,
    CardYear,
    County,
    Municipality,
    Priority,
    User,
)
from negotiations.demo.building import moment

Section = CardEntry.Section
CITY, TOWN = 20_000, 5_000

FEATURES = {
    "city": (
        "Maakunnan keskuskaupunki, jossa viidennes asukkaista on 18–24-vuotiaita. Opiskelijat nostavat lukuja, jotka "
        "kuvaavat pienituloisuutta ja yksin asumista.\n\nAsuinalueiden väliset erot ovat suuret: koko kaupungin luku "
        "kätkee sen, että kahdella alueella lapsiperheiden toimeentulo on heikentynyt neljä vuotta peräkkäin.",
        "Kasvava kunta kaupungin kupeessa. Lapsiperheitä on paljon, ja kaksi kolmesta työssäkäyvästä käy töissä "
        "naapurikunnassa.\n\nPäivisin taajamat ovat hiljaisia, mikä näkyy yhdistysten päiväaikaisessa toiminnassa.",
    ),
    "town": (
        "Seutukunnan keskus, jossa ovat lukio, terveysasema ja uimahalli. Ympäristökunnista käydään palveluissa.\n\n"
        "Kolmasosa asukkaista on täyttänyt 65 vuotta, ja osuus kasvaa vielä kymmenen vuotta.",
        "Teollisuuspaikkakunta, jossa vuorotyö rytmittää perheiden arkea. Suurimman työnantajan lomautukset näkyivät "
        "toimeentulon luvuissa viime vuonna.",
        "Pitkät etäisyydet: kirkonkylän ja kaukaisimman kylän väliä on 45 kilometriä. Kesällä väkiluku "
        "kaksinkertaistuu, mikä ei näy tilastoissa.",
    ),
    "rural": (
        "Pieni maaseutukunta, jossa yksi ihminen hoitaa hyvinvointityön muun työnsä ohessa.\n\nSuuri osa tilastoista "
        "perustuu muutamaan tapaukseen: yksittäisen vuoden muutoksesta ei voi päätellä mitään.",
        "Harvaan asuttu kunta, jossa joka toinen talous on yhden hengen talous. Kylätoimikunnat ovat vahvoja ja "
        "pitävät yllä kohtaamispaikkoja.",
        "Väestöstä neljä kymmenestä on yli 65-vuotiaita. Omaishoitajia on asukaslukuun nähden paljon, ja talkoohenki "
        "kantaa, kun palvelut ovat kaukana.",
    ),
}
LINES: dict[Section, tuple[str, ...]] = {
    Section.STRENGTH: (
        "Hyvinvointiryhmä kokoontuu kuukausittain, ja mukana ovat kaikki toimialat sekä seurakunta.",
        "Järjestöillä on käytössään maksuttomat kokoontumistilat.",
        "Kylätalot ja kirjasto toimivat kohtaamispaikkoina myös iltaisin.",
        "Koulunuorisotyö on vakinaistettu, ja nuorisotyöntekijä on koululla joka päivä.",
        "Liikuntapaikat ovat hyvässä kunnossa ja kävelymatkan päässä taajamassa.",
        "Etsivä vanhustyö tavoittaa yksin asuvat yhdessä seurakunnan kanssa.",
        "Harrastamisen Suomen malli tarjoaa maksuttoman harrastuksen jokaiselle koululaiselle.",
        "Kunnan ja sote-keskuksen yhteinen asiakasraati kokoontuu neljästi vuodessa.",
    ),
    Section.WEAKNESS: (
        "Nuorten ahdistuneisuus on kasvanut, ja kouluterveydenhuoltoon on jonoa.",
        "Julkinen liikenne ei palvele illalla, joten harrastaminen on kyydin varassa.",
        "Hyvinvointityöhön on varattu alle puolet yhden ihmisen työajasta.",
        "Tieto järjestöjen toiminnasta ei tavoita niitä, jotka sitä eniten tarvitsisivat.",
        "Päihteiden käyttö näkyy yhä nuoremmilla, eikä ehkäisevälle työlle ole vastuuhenkilöä.",
        "Ikääntyneiden kaatumistapaturmat ovat yleisiä, ja kotien turvallisuutta arvioidaan satunnaisesti.",
        "Vaikutusten ennakkoarviointia tehdään vain suurimmista päätöksistä.",
    ),
    Section.OPPORTUNITY: (
        "Hyvinvointitarjotin kokoaa tarjonnan yhteen paikkaan, jos se pidetään ajan tasalla.",
        "Perhekeskuksen kumppanuuspöytä on käynnistymässä naapurikuntien kanssa.",
        "Työllisyysalueen yhteistyö avaa uusia polkuja nuorille ilman koulutuspaikkaa.",
        "Elintapaohjaus voidaan järjestää yhdessä kansalaisopiston ja järjestöjen kanssa.",
        "Uusi koulukeskus toimii iltaisin koko kylän liikuntapaikkana.",
        "Etäyhteydellä järjestetty ryhmätoiminta tavoittaa myös kaukana asuvat.",
    ),
    Section.THREAT: (
        "Palvelujen etääntyminen lisää yksinäisyyttä kylillä.",
        "Valtionosuuksien leikkaukset kohdistuvat ennaltaehkäisevään työhön ensimmäisenä.",
        "Järjestöjen avustusten pieneneminen lopettaa matalan kynnyksen toimintaa.",
        "Väestön väheneminen heikentää harrastusryhmien koot liian pieniksi.",
        "Vapaaehtoiset ikääntyvät, eikä uusia tule tilalle.",
        "Lapsiperheiden velkaantuminen näkyy lasten harrastamisessa.",
    ),
}
# By the place of the priority: mental welfare, everyday safety, an active way of life.
PROPOSALS = (
    (
        "Nuorten puheeksi ottamisen toimintamalli yhteiseksi kouluille, nuorisotyölle ja sote-keskukselle.",
        "Yksin asuvien ikääntyneiden tavoittaminen: kuka soittaa, kuka käy, kenelle tieto kulkee.",
    ),
    (
        "Kaatumisten ehkäisyn neuvontakierros jokaiseen kuntaan yhdessä pelastuslaitoksen kanssa.",
        "Lähisuhdeväkivallan ehkäisyn koulutus kaikille lasten ja nuorten kanssa työskenteleville.",
    ),
    (
        "Liikuntaneuvonnan palvelupolku terveysasemalta kunnan liikuntapalveluihin ja seuroihin.",
        "Koulumatkojen kulkeminen omin voimin: turvalliset reitit ja yhteinen kampanja.",
    ),
)
COMMENTS = (
    "Luku perustuu muutamaan vastaajaan, joten muutosta on tulkittava varoen.",
    "Kouluterveyskyselyn vastausprosentti oli edellistä kertaa parempi.",
)
# How far the cards of the present year are, in the order of the list of municipalities, over and over.
STAGES = ("approved", "sent", "draft", "sent", "none", "approved", "returned", "draft")
# Those that somebody of the demo fills stand where there is something to do.
OWN_STAGES = {"172": "draft", "077": "sent"}
NOTE = "Vuosiraportin hyväksymispäivä puuttuu, ja SWOTin uhat ovat samat kuin heikkoudet. Täydennättekö vielä?"


def load(county: County, *, by: User, editors: Sequence[User], today: date) -> None:
    """Enter the cards, unless they are there."""
    if CardYear.objects.filter(county=county).exists():
        return
    municipalities = list(Municipality.objects.filter(county=county).select_related("area").order_by("area__order"))
    priorities = list(Priority.objects.filter(county=county, starts_on__year__lte=2024).order_by("position")[:3])
    indicators = load_round_set(county.area)
    former = lifecycle.open_year(
        county, 2024, indicator_set=indicators, due_on=date(2024, 9, 13), by=by, at=moment(date(2024, 8, 5), 9)
    )
    for place, municipality in enumerate(municipalities):
        card = keeping.start(former, municipality, by=None, carry=False, at=moment(date(2024, 8, 19), 9))
        _write(card, place, priorities, former.year)
        lifecycle.send(card, by=None, at=moment(date(2024, 9, 2) + timedelta(days=place % 10), 14))
    lifecycle.lock_year(
        former, reason="Kortit ovat kierroksen yhteenvedon liitteenä.", by=by, at=moment(date(2024, 12, 9), 10)
    )
    if today.year <= former.year:
        return
    present = lifecycle.open_year(
        county, today.year, indicator_set=indicators, due_on=today + timedelta(days=21), by=by
    )
    stages = iter(STAGES * len(municipalities))
    own = {m.municipality_id: editor for editor in editors for m in editor.memberships.all()}
    for municipality, stage in zip(municipalities, islice(stages, len(municipalities)), strict=True):
        _fill(
            present,
            municipality,
            OWN_STAGES.get(municipality.area.code, stage),
            by=own.get(municipality.pk),
            today=today,
        )


def _size(municipality: Municipality) -> str:
    return "city" if municipality.population > CITY else "town" if municipality.population > TOWN else "rural"


def _some(texts: Sequence[str], place: int, count: int) -> list[str]:
    """Return so many of the texts, beginning at a place, round and round."""
    return [texts[(place + step) % len(texts)] for step in range(count)]


def _write(card: Card, place: int, priorities: Sequence[Priority], year: int) -> None:
    size = _size(card.municipality)
    own = {"county_id": card.county_id, "card": card}
    features = FEATURES[size]
    entries = [CardEntry(**own, section=Section.FEATURES, text=features[place % len(features)])]
    for section, texts in LINES.items():
        lines = _some(texts, place * 3, 2 if size == "rural" else 3)
        entries += [CardEntry(**own, section=section, position=n, text=text) for n, text in enumerate(lines)]
    for position, (priority, texts) in enumerate(zip(priorities, PROPOSALS, strict=False)):
        if (place + position) % 3:
            text = texts[place % len(texts)]
            entries.append(CardEntry(**own, section=Section.PROPOSAL, position=position, text=text, priority=priority))
    CardEntry.objects.bulk_create(entries)
    Card.objects.filter(pk=card.pk).update(looked_through=sorted(Part.values))
    month = 3 + place % 3
    CardPlan.objects.filter(card=card, kind=CardPlan.Kind.WIDE).update(
        name="Laaja hyvinvointikertomus 2021–2024 ja -suunnitelma 2025–2028" if year > 2024 else "2021–2024",
        approved=f"{year}-{month:02d}",
        delivered=f"{year}-{month + 1:02d}",
    )
    CardPlan.objects.filter(card=card, kind=CardPlan.Kind.YEARLY).update(
        name=str(year - 1), approved=f"{year}-{month:02d}-{10 + place % 15}"
    )
    CardPlan.objects.create(**own, kind=CardPlan.Kind.CHILDREN, name="2023–2026", position=2)
    # The demo names nobody: a contact is a role.
    CardContact.objects.filter(card=card).update(role="Hyvinvointikoordinaattori")
    if place % 4 == 0:
        indicator = card.card_year.indicator_set.in_order()[place % 5]
        comment = COMMENTS[place % len(COMMENTS)]
        CardFigure.objects.create(**own, indicator=indicator, comment=comment)


def _fill(present: CardYear, municipality: Municipality, stage: str, *, by: User | None, today: date) -> None:
    """Take a card of the present year as far as its stage says, with the texts of 2024 carried forward."""
    if stage == "none":
        return
    begun = moment(today - timedelta(days=12), 10)
    card = keeping.start(present, municipality, by=by, at=begun)
    if stage == "draft":
        Card.objects.filter(pk=card.pk).update(looked_through=[Part.FIGURES.value, Part.CONTACTS.value])
        return
    approval = CardApproval.SELF if stage == "approved" else CardApproval.NONE
    Card.objects.filter(pk=card.pk).update(approval=approval, looked_through=sorted(Part.values))
    CardPlan.objects.filter(card=card, kind=CardPlan.Kind.YEARLY).update(
        name=str(present.year - 1), approved=f"{present.year}-04"
    )
    sent = moment(today - timedelta(days=6), 13)
    version = lifecycle.send(card, by=by, at=sent)
    if stage == "approved":
        lifecycle.approve(card, by=by, version=version, approver="Kunnanjohtaja", at=sent + timedelta(days=1))
    if stage == "returned":
        lifecycle.return_(card, note=NOTE, by=None, at=sent + timedelta(days=2))
