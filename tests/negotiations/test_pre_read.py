"""The material of a negotiation: two pages, a draft for the county to look at, frozen when it is sent."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import pdfua
import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pypdf import PdfReader

from indicators.models import IndicatorSet
from municipalities.access import access_of
from municipalities.cards.lifecycle import send, withdraw
from municipalities.documents import path_of, rendering, thaw, visible_documents
from municipalities.models import (
    Card,
    CardEntry,
    CardVersion,
    CardYear,
    County,
    Document,
    Download,
    Event,
    Membership,
    Municipality,
    Priority,
    User,
)
from municipalities.moves import NotAllowedNow
from negotiations.log import WORDS
from negotiations.models import Highlight, Negotiation, PreRead
from negotiations.planning.highlights.suggesting import Behind, Place, stored
from negotiations.planning.material.context import (
    DENSITIES,
    HighlightFigure,
    HighlightLine,
    PlaceFigure,
    PreReadContext,
    PriorityPart,
    charts_beside,
    cited,
    shortened,
    text_height,
)
from negotiations.planning.material.drawing import group_chart
from negotiations.planning.material.preread import (
    KIND,
    cards_for,
    compose,
    drafts_of,
    read_material,
    request_pre_read,
    send_material,
)
from negotiations.planning.material.slides import MEDIA_TYPE
from negotiations.sitting.conduct import cancel
from tests.factories import make_municipality, make_negotiation, make_priority, make_round, make_user

ON = datetime(2026, 9, 1, 9, 0, tzinfo=ZoneInfo("Europe/Helsinki"))
Section = CardEntry.Section
SMALL_GROUP = (("172", "Joutsa", 4079), ("435", "Luhanka", 695), ("850", "Toivakka", 2338))
LARGE_GROUP = (
    ("182", "Jämsä", 18872),
    ("249", "Keuruu", 9053),
    ("495", "Multia", 1474),
    ("592", "Petäjävesi", 3619),
    ("892", "Uurainen", 3712),
)
PRIORITIES = ("Lasten ja nuorten mielen hyvinvointi", "Ikääntyneiden toimintakyky", "Osallisuus ja yhteisöllisyys")
# Of each priority: the indicator, its decimals, the group's figure, the county's, and the sentence.
WRITTEN = (
    (
        ("Kohtalainen tai vaikea ahdistuneisuus, % 8. ja 9. luokan oppilaista", 1, 24.6, 20.3),
        ("Ei yhtään läheistä ystävää, % 8. ja 9. luokan oppilaista", 1, 11.2, 8.7),
        ("Kokee terveydentilansa keskinkertaiseksi tai huonoksi, % 8. ja 9. luokan oppilaista", 1, 30.4, 27.5),
    ),
    (
        (
            "Kaatumisiin ja putoamisiin liittyvät hoitojaksot 65 vuotta täyttäneillä / 10 000 vastaavanikäistä",
            1,
            251.9,
            214.3,
        ),
        ("Säännöllisen kotihoidon piirissä olleet 75 vuotta täyttäneet, % vastaavanikäisestä väestöstä", 1, 13.6, 15.9),
        ("Kotona asuvat 75 vuotta täyttäneet, % vastaavanikäisestä väestöstä", 1, 91.1, 92.4),
    ),
    (
        ("Äänestysaktiivisuus kuntavaaleissa, %", 1, 58.3, 54.4),
        ("Toimeentulotukea saaneet 25-64-vuotiaat, % vastaavanikäisestä väestöstä", 1, 5.1, 6.2),
        ("Koulutuksen ulkopuolelle jääneet 17-24-vuotiaat, % vastaavanikäisestä väestöstä", 1, 8.8, 7.1),
    ),
)
KINDS = (Highlight.Kind.GAP, Highlight.Kind.WORSENING, Highlight.Kind.STRENGTH)


def behind(number: int, name: str, decimals: int, group: float, county: float, places: Sequence[str]) -> Behind:
    """Make figures; every third municipality has none."""
    locals_ = tuple(
        Place(place, None if index % 3 == 2 else round(group * (0.9 + 0.07 * index), 1))
        for index, place in enumerate(places)
    )
    return Behind(
        indicator=number,
        name=name,
        unit_label="",
        decimals=decimals,
        year=2025,
        first_year=2025,
        group=group,
        county=county,
        municipalities=locals_,
        before=None,
        is_example=True,
    )


def write_highlights(negotiation: Negotiation, priorities: Sequence[Priority], places: Sequence[str]) -> None:
    """Write three highlights of each priority, as long as those that are suggested by rule."""
    position = 0
    for priority, rows in zip(priorities, WRITTEN, strict=True):
        for kind, (name, decimals, group, county) in zip(KINDS, rows, strict=True):
            position += 1
            Highlight.objects.create(
                county_id=negotiation.county_id,
                negotiation=negotiation,
                priority=priority,
                kind=kind,
                text=(
                    f"{name}: kuntaryhmän luku on heikompi kuin koko alueen. Vuonna 2025 se oli kunnissa yhteensä "
                    f"{group} ja koko alueella {county}. Luku on suurempi kuin alueen kolmessa kunnassa viidestä. "
                    "(Esimerkkiaineistoa.)"
                ),
                position=position,
                figures=stored([behind(position, name, decimals, group, county, places)]),
            )


def send_card(card_year: CardYear, municipality: Municipality, priorities: Sequence[Priority]) -> Card:
    """Fill a card as they are filled, and send it."""
    card = Card.objects.create(county=card_year.county, card_year=card_year, municipality=municipality)

    def write(section: Section, text: str, position: int = 0, priority: Priority | None = None) -> None:
        CardEntry.objects.create(
            county=card_year.county, card=card, section=section, text=text, position=position, priority=priority
        )

    write(
        Section.FEATURES,
        f"{municipality} on pitkien etäisyyksien kunta, jossa kesäasukkaat lähes kaksinkertaistavat väkiluvun. Väestö "
        "ikääntyy nopeasti, ja joka kolmas asukas on täyttänyt 65 vuotta. Yhtenäiskoulu, kirjasto ja nuorisotila ovat "
        "samassa pihapiirissä. Kuntaan on muuttanut viime vuosina perheitä Jyväskylän seudulta.",
    )
    for section, texts in (
        (
            Section.STRENGTH,
            (
                "Tiivis yhteistyö koulun, seurakunnan ja järjestöjen kanssa.",
                "Kylätalot ja kirjastot toimivat kohtaamispaikkoina myös iltaisin ja viikonloppuisin.",
                "Liikuntapaikat ovat hyvässä kunnossa ja kävelymatkan päässä taajamassa.",
            ),
        ),
        (
            Section.WEAKNESS,
            (
                "Hyvinvointityöhön on varattu alle puolet yhden ihmisen työajasta, ja tekijä vaihtuu.",
                "Julkinen liikenne ei palvele illalla, joten harrastaminen on kyydin varassa.",
            ),
        ),
        (
            Section.OPPORTUNITY,
            (
                "Elintapaohjaus voidaan järjestää yhdessä kansalaisopiston ja järjestöjen kanssa.",
                "Hyvinvointitarjotin kokoaa tarjonnan yhteen paikkaan, jos se pidetään ajan tasalla.",
            ),
        ),
        (
            Section.THREAT,
            (
                "Väestön väheneminen heikentää harrastusryhmien koot liian pieniksi.",
                "Palvelujen etääntyminen lisää yksinäisyyttä kylillä.",
                "Talouden sopeutus osuu ensimmäisenä ennaltaehkäisevään työhön.",
            ),
        ),
    ):
        for position, text in enumerate(texts):
            write(section, text, position)
    write(Section.PROPOSAL, "Nuorten iltatoiminta myös kesällä.", 0, priorities[0])
    write(Section.PROPOSAL, "Kaatumisten ehkäisyn yhteinen malli kotihoitoon ja kuntosaleille.", 1, priorities[1])
    send(card, by=None)
    return card


def furnished(
    county: County,
    group: Sequence[tuple[str, str, int]] = SMALL_GROUP,
    *,
    cards: int | None = None,
    language: str = "fi",
    title: str = "",
) -> Negotiation:
    """Make a negotiation of this group with nine highlights, and the cards of the first so many of it."""
    members = [make_municipality(county, code, name, population) for code, name, population in group]
    priorities = [make_priority(county, name, position=place) for place, name in enumerate(PRIORITIES)]
    day = ON.date().replace(month=10)
    negotiation = make_negotiation(
        make_round(county, year=2026, starts_on=day, ends_on=day, name="Hytetu-neuvottelut 2026"),
        members,
        day=day,
        language=language,
        place="Keski-Suomen hyvinvointialue, Jyväskylä",
        title=title or f"Neuvottelu: {', '.join(name for _code, name, _population in group)}",
    )
    card_year = CardYear.objects.create(
        county=county,
        year=2026,
        indicator_set=IndicatorSet.objects.create(name="Kuntakortti", version="2026", owner=county.area),
    )
    for member in members[:cards]:
        send_card(card_year, member, priorities)
    write_highlights(negotiation, priorities, [name for _code, name, _population in group])
    return negotiation


def composed(negotiation: Negotiation) -> PreReadContext:
    """Return what the material tells now."""
    read = read_material(negotiation.pk)
    return compose(read, cards_for(read))


def printed(document: Document) -> tuple[str, int]:
    """Have the worker's code make the document, and return its text, every space the same, and how many pages."""
    rendering.render(document.county, document.pk)
    document = Document.objects.get(pk=document.pk)
    assert document.state == Document.State.READY, document.reason
    pages = PdfReader(io.BytesIO(path_of(document).read_bytes())).pages
    return re.sub(r"\s+", " ", "\n".join(page.extract_text() for page in pages)), len(pages)


# --- The paper ----------------------------------------------------------------------------------------------------


def test_a_usual_group_has_two_pages_without_errors(in_scope: County) -> None:
    """One of five municipalities; the group of three is below."""
    document = send_material(furnished(in_scope, LARGE_GROUP), by=None, at=ON).document
    text, pages = printed(document)
    assert pages == 2
    assert not pdfua.validate(str(path_of(document))).findings
    assert "LUONNOS" not in text


def test_long_words_and_long_cards_still_have_two_pages(in_scope: County) -> None:
    """A group of five with compound words as long as they come, a long title and everything as long as it may be."""
    word = "hyvinvointikertomusvalmistelutyöryhmäkokoontumisajankohta"
    negotiation = furnished(in_scope, LARGE_GROUP, cards=0, title=f"Neuvottelu {word} {'kuntaryhmä ' * 9}".strip())
    card_year = CardYear.objects.get()
    for member in Municipality.objects.filter(county=in_scope):
        card = Card.objects.create(county=in_scope, card_year=card_year, municipality=member)
        for section in Section:
            CardEntry.objects.create(
                county=in_scope, card=card, section=section, text=" ".join([word, "on pitkä sana."] * 40)
            )
        send(card, by=None)
    document = request_pre_read(negotiation, by=None, at=ON)
    text, pages = printed(document)
    assert pages == 2
    assert "LUONNOS" in text and "Ei todellisia" not in text
    assert thaw(document).doc.density in DENSITIES[-2:]


def test_the_first_page_tells_what_matters_and_the_second_the_municipalities(in_scope: County) -> None:
    text, pages = printed(send_material(furnished(in_scope, cards=2), by=None, at=ON).document)
    assert pages == 2
    first, second = text.split("Kunnat omin sanoin")
    for told in (
        "to 1.10.2026 klo 8.15–12.00, vko 40".capitalize(),
        "Keski-Suomen hyvinvointialue, Jyväskylä",
        "etäyhteydellä",
        "7 112 asukasta",
        "6–7 §, 612/2021",
        *PRIORITIES,
        "Ero hyvinvointialueeseen. Kohtalainen tai vaikea ahdistuneisuus",
    ):
        assert told in first, told
    for told in (
        "Tiivis yhteistyö koulun, seurakunnan ja",
        "Ehdottaa nostoksi:",
        "Nuorten iltatoiminta myös kesällä; Kaatumisten",
        "Korttia ei ole vielä lähettänyt: Toivakka.",
        "Mitä sinulta odotetaan",
        "Näin luet tätä",
    ):
        assert told in second, told


def test_charts_are_described_in_words_and_never_ranked(in_scope: County) -> None:
    """In the order of the names, whatever the figures are; who has none is told as well."""
    context = composed(furnished(in_scope))
    [figure] = context.priorities[0].highlights[0].figures
    assert [(kind, name) for kind, name, _value in figure.bars] == [
        ("group", "Kuntaryhmä"),
        ("county", "Koko alue"),
        ("municipality", "Joutsa"),
        ("municipality", "Luhanka"),
        ("municipality", "Toivakka"),
    ]
    svg = group_chart(figure, colour="#0e5d8a", language="fi")
    assert "Kuntaryhmä 24,6; Koko alue 20,3; Joutsa 22,1; Luhanka 23,9; Toivakka ei lukua" in svg
    assert "Esimerkkiaineisto, ei todellisia lukuja" in svg


def test_one_municipality_alone_has_no_group(in_scope: County) -> None:
    context = composed(furnished(in_scope, SMALL_GROUP[:1]))
    [figure] = context.priorities[0].highlights[0].figures
    assert [name for _kind, name, _value in figure.bars] == ["Koko alue", "Joutsa"]


def test_in_swedish_all_our_own_words_are_swedish(in_scope: County) -> None:
    text, pages = printed(request_pre_read(furnished(in_scope, LARGE_GROUP, language="sv"), by=None, at=ON))
    assert pages == 2
    for told in ("Kommunerna med egna ord", "UTKAST", "Kommungruppen", "Så här läser du"):
        assert told in text, told
    assert "Kunnat" not in text and "the" not in text.split()


def test_what_is_frozen_thaws_into_the_same(in_scope: County) -> None:
    negotiation = furnished(in_scope)
    document = request_pre_read(negotiation, by=None, at=ON)
    assert thaw(Document.objects.get(pk=document.pk)).doc == composed(negotiation)


def test_as_many_queries_for_much_as_for_little(in_scope: County) -> None:
    spent = []
    for group in (SMALL_GROUP[:1], SMALL_GROUP):
        before = transaction.savepoint()
        negotiation = furnished(in_scope, group)
        with CaptureQueriesContext(connection) as queries:
            context = composed(negotiation)
        assert len(context.digests) == len(group)
        spent.append(len(queries))
        transaction.savepoint_rollback(before)
    assert spent[0] == spent[1] <= 12


# --- What there is room for ---------------------------------------------------------------------------------------


def part(letters: int, *, highlights: int = 3, bars: int = 3) -> PriorityPart:
    """Make a priority of highlights of so many letters, each with figures of so many municipalities."""
    places = tuple(PlaceFigure(f"Kunta {number}", 1.0) for number in range(bars))
    return PriorityPart(
        "Painopiste",
        tuple(
            HighlightLine(
                "gap",
                "ero",
                "sana " * (letters // 5),
                (HighlightFigure(number, "Luku", "", 1, 2025, 2025, 1.0, 1.0, places, False),),
            )
            for number in range(highlights)
        ),
    )


def test_more_charts_stand_beside_more_text() -> None:
    roomy = DENSITIES[0]
    assert [len(charts_beside(part(letters), roomy)) for letters in (40, 300, 1000)] == [1, 2, 3]
    assert text_height(part(1000), roomy) > text_height(part(300), roomy)


def test_a_text_is_shortened_at_a_sentence_where_one_fits() -> None:
    text = "Ensimmäinen virke on tässä. Toinen virke on hieman pidempi. Kolmas."
    assert shortened(text, 100) == text
    assert shortened(text, 60) == "Ensimmäinen virke on tässä. Toinen virke on hieman pidempi."
    assert shortened(text, 30) == "Ensimmäinen virke on tässä."
    assert shortened(text, 20) == "Ensimmäinen virke…"
    assert shortened("hyvinvointikertomus", 10) == "hyvinvoin…"


def test_a_source_is_told_once_and_marked_where_it_is_an_example() -> None:
    assert [(source.citation, source.is_example) for source in cited([("B", True), ("A", False), ("B", False)])] == [
        ("A", False),
        ("B", True),
    ]


# --- Sending ------------------------------------------------------------------------------------------------------


def test_sending_freezes_the_highlights_and_the_cards(in_scope: County, coordinator: User) -> None:
    negotiation = furnished(in_scope, cards=2)
    first = send_material(negotiation, by=coordinator, at=ON)
    assert (first.number, first.sent_by, first.sent_at, first.document.variant) == (1, coordinator, ON, "final")
    cards = [row.version for row in first.cards.order_by("pk")]
    assert [str(version.card.municipality) for version in cards] == ["Joutsa", "Luhanka"]
    event = Event.objects.get(verb="material_sent")
    assert event.payload == {
        "number": 1,
        "document": first.document_id,
        "versions": [version.pk for version in cards],
    }
    assert "version 1" in log_words(event) or "versio 1" in log_words(event)
    # What changes later is not in it: neither a highlight nor a card.
    frozen = Document.objects.get(pk=first.document_id).context
    Highlight.objects.filter(negotiation=negotiation).update(text="Toisin.")
    card = withdraw(Card.objects.get(municipality__area__code="172"), by=None)
    CardEntry.objects.filter(card=card, section=Section.FEATURES).update(text="Uusi kuvaus.")
    send(card, by=None)
    second = send_material(negotiation, by=None, at=ON)
    assert second.number == 2
    assert [row.version.number for row in second.cards.order_by("pk")] == [2, 1]
    assert Document.objects.get(pk=first.document_id).context == frozen
    assert [row.version.number for row in first.cards.order_by("pk")] == [1, 1]
    assert thaw(second.document).doc.digests[0].features == "Uusi kuvaus."


def log_words(event: Event) -> str:
    """Return what the log says of an event."""
    return WORDS[event.subject, event.verb](event.payload | {"who": "Koordinaattori"}, {})


def test_a_card_that_was_taken_back_counts_as_it_was_sent_last(in_scope: County) -> None:
    """And one of another year does not."""
    negotiation = furnished(in_scope, cards=1)
    withdraw(Card.objects.get(), by=None)
    CardEntry.objects.filter(section=Section.FEATURES).update(text="Luonnos, jota ei ole lähetetty.")
    assert "Luonnos" not in composed(negotiation).digests[0].features
    CardYear.objects.update(year=2025)
    assert composed(negotiation).digests == ()


def test_nothing_is_sent_twice_nor_of_nothing_nor_of_what_was_cancelled(in_scope: County) -> None:
    negotiation = furnished(in_scope, cards=0)
    send_material(negotiation, by=None, at=ON)
    with pytest.raises(NotAllowedNow, match="ei ole muuttunut"):
        send_material(negotiation, by=None)
    Highlight.objects.all().delete()
    for ask in (send_material, request_pre_read):
        with pytest.raises(NotAllowedNow, match="ei ole vielä mitään"):
            ask(negotiation, by=None)
    cancel(negotiation, reason="Siirtyi.", by=None)
    with pytest.raises(NotAllowedNow, match="peruttu"):
        send_material(negotiation, by=None)
    assert PreRead.objects.count() == 1


def test_a_draft_is_the_countys_and_what_was_sent_is_the_parties(
    in_scope: County, coordinator: User, board_member: User
) -> None:
    negotiation = furnished(in_scope, cards=1)
    party = make_user(
        "p@example.fi", Membership.Role.MUNICIPAL_READER, in_scope, Municipality.objects.get(area__code="435")
    )
    other = make_user(
        "o@example.fi", Membership.Role.MUNICIPAL_EDITOR, in_scope, make_municipality(in_scope, "077", "Hankasalmi")
    )

    def seen() -> list[int]:
        return [
            visible_documents(access_of(user, "keski-suomi")).filter(kind=KIND).count()
            for user in (coordinator, party, other, board_member)
        ]

    draft = request_pre_read(negotiation, by=None, at=ON)
    assert seen() == [1, 0, 0, 0]
    sent = send_material(negotiation, by=None, at=ON)
    assert seen() == [2, 1, 0, 0]
    assert list(drafts_of(negotiation)) == [draft] and sent.document != draft


def test_the_parties_read_the_cards_as_they_went_with_the_material(
    in_scope: County, client_for: Callable[[User | None], Client]
) -> None:
    """Of the negotiation that they are a party to, and in that version; others do not know of them."""
    negotiation = furnished(in_scope, cards=1)
    party = make_user(
        "p@example.fi", Membership.Role.MUNICIPAL_READER, in_scope, Municipality.objects.get(area__code="435")
    )
    other = make_user(
        "o@example.fi", Membership.Role.MUNICIPAL_EDITOR, in_scope, make_municipality(in_scope, "077", "Hankasalmi")
    )
    version = CardVersion.objects.get()
    url = reverse("material_card", args=["keski-suomi", negotiation.pk, version.pk])
    assert client_for(party).get(url).status_code == 404
    send_material(negotiation, by=None, at=ON)
    page = client_for(party).get(url).content.decode()
    assert "Joutsa: kuntakortti" in page and "kun aineisto vahvistettiin" in page
    assert client_for(other).get(url).status_code == 404
    assert client_for(party).get(url.replace(str(version.pk), "999")).status_code == 404


# --- The tab ------------------------------------------------------------------------------------------------------


def test_the_coordinator_looks_at_a_draft_and_confirms(
    in_scope: County, coordinator: User, client_for: Callable[[User | None], Client]
) -> None:
    negotiation = furnished(in_scope, cards=2)
    client, tab = client_for(coordinator), reverse("negotiation_material", args=["keski-suomi", negotiation.pk])
    page = client.get(tab).content.decode()
    assert "Aineistoa ei ole vielä vahvistettu." in page
    assert "1 kunta ei ole lähettänyt korttiaan" in page and "Sähköpostia ei lähetetä." in page

    response = client.post(reverse("pre_read_render", args=["keski-suomi", negotiation.pk]))
    draft = Document.objects.get(kind=KIND)
    assert response["Location"] == reverse("document", args=["keski-suomi", draft.pk])
    assert "Viimeisin luonnos" in client.get(tab).content.decode()

    response = client.post(reverse("material_send", args=["keski-suomi", negotiation.pk]), follow=True)
    page = response.content.decode()
    assert "Aineiston versio 1 vahvistettiin." in page and ">Joutsa</a>, " in page
    assert PreRead.objects.get().sent_by == coordinator

    again = client.post(reverse("material_send", args=["keski-suomi", negotiation.pk]))
    assert again.status_code == 409 and "ei ole muuttunut" in again.content.decode()


def test_slides_are_of_what_was_confirmed_and_drafts_are_the_countys(
    in_scope: County, coordinator: User, client_for: Callable[[User | None], Client]
) -> None:
    negotiation = furnished(in_scope, cards=1)
    party = make_user(
        "p@example.fi", Membership.Role.MUNICIPAL_READER, in_scope, Municipality.objects.get(area__code="435")
    )
    url = reverse("material_slides", args=["keski-suomi", negotiation.pk])
    tab = reverse("negotiation_material", args=["keski-suomi", negotiation.pk])
    draft = request_pre_read(negotiation, by=None, at=ON)
    assert client_for(coordinator).get(url).status_code == 200
    assert client_for(party).get(url).status_code == 404
    assert "PowerPoint" not in client_for(party).get(tab).content.decode()
    sent = send_material(negotiation, by=coordinator, at=ON)
    answer = client_for(party).get(url)
    assert answer.status_code == 200 and answer["Content-Type"] == MEDIA_TYPE
    assert answer["Content-Disposition"] == (
        'attachment; filename="nostot-neuvottelu-joutsa-luhanka-toivakka-2026-10-01.pptx"'
    )
    assert answer.content[:2] == b"PK"
    # Who did it is the county's own to know, and so are drafts, also when one asks for them.
    page = client_for(party).get(tab).content.decode()
    assert "Versio 1" in page and "Lataa diat" in page
    assert "Coordinator" not in page and "luonnos" not in page
    assert client_for(party).get(url, {"luonnos": "1"}).status_code == 404
    assert client_for(coordinator).get(url, {"luonnos": "1"}).status_code == 200
    assert sorted(Download.objects.values_list("user__email", "document")) == sorted(
        [
            (coordinator.email, draft.pk),
            (coordinator.email, draft.pk),
            (party.email, sent.document_id),
        ]
    )


def test_the_tab_costs_the_same_for_one_version_and_for_three(
    in_scope: County, coordinator: User, client_for: Callable[[User | None], Client]
) -> None:
    negotiation = furnished(in_scope)
    client, tab = client_for(coordinator), reverse("negotiation_material", args=["keski-suomi", negotiation.pk])
    client.get(tab)
    spent = []
    for numbers in ((1,), (2, 3)):
        for number in numbers:
            Highlight.objects.update(text=f"Nosto {number}.")
            send_material(negotiation, by=coordinator, at=ON)
        with CaptureQueriesContext(connection) as queries:
            client.get(tab)
        spent.append(len(queries))
    assert PreRead.objects.count() == 3
    assert spent[0] == spent[1]
