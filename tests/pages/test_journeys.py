"""A round made by hand in the browser, from its template to the board that noted it: without the admin.

The same errand by mouse, on the screen of a phone, and by keyboard alone. HYTE_RECORD=folder keeps a picture of each
page met.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from tests.pages.conftest import WIDE
from tests.pages.journeys import PHONE, Hand, Keyboard, Mouse, Walker

HOME = "/keski-suomi/"
MENU = "Päävalikko"
AGREED = "Nuorisotila on auki lauantaisin."
MEASURE = "Nuorisotila palkkaa illaksi ohjaajan"
ASKED = "Aluehallitus merkitsee yhteenvedon tiedoksi."


@dataclass(frozen=True)
class Errand:
    """Somebody with a round to make. The years are ones of which the demo has nothing: groups are made by year."""

    you: Walker
    year: int

    @property
    def round(self) -> str:
        """The name that the round gets by itself."""
        return f"Hytetu-neuvottelut {self.year}"

    @property
    def south(self) -> str:
        """The group whose negotiation is minuted here."""
        return f"Eteläinen ryhmä {self.year}"

    @property
    def north(self) -> str:
        """The group whose negotiation was minuted elsewhere."""
        return f"Pohjoinen ryhmä {self.year}"


# On the wide screen by mouse only where HYTE_EVERY_PAGE is set: a phone's is walked by mouse, the wide one by keyboard.
HANDS: list[tuple[str, Hand, int]] = [("phone", Mouse(PHONE), 2021), ("keyboard", Keyboard(WIDE), 2020)]
if os.environ.get("HYTE_EVERY_PAGE"):
    HANDS.append(("mouse", Mouse(WIDE), 2022))


@pytest.mark.parametrize(("name", "hand", "year"), HANDS, ids=[name for name, _hand, _year in HANDS])
def test_a_round_from_its_template_to_the_board(name: str, hand: Hand, year: int, page_of: Callable[..., Page]) -> None:
    """Three people do all of it on the pages that they are led to; what they read is in Finnish, and adds up."""
    page = page_of("coordinator", HOME)
    errand = Errand(Walker(page, hand, f"{name}/coordinator"), year)
    _open_a_round(errand)
    _form_groups(errand)
    _make_the_negotiations(errand)
    _give_it_a_time_and_invite(errand)
    _hold(errand)
    _count_heads(errand)
    _enter_findings(errand)
    _write_minutes(errand)
    _check_as_the_municipality(Walker(page_of("editor", HOME), hand, f"{name}/editor"), errand)
    _publish(errand)
    _enter_what_was_minuted_elsewhere(errand)
    _summarise(errand)
    _hand_to_the_board(errand)
    _read_as_the_board(Walker(page_of("board_member", HOME), hand, f"{name}/board_member"), errand)


def _go_to_round(errand: Errand) -> None:
    errand.you.follow("Kierrokset", errand.you.page.get_by_role("navigation", name=MENU))
    errand.you.follow(errand.round)


def _open_a_round(errand: Errand) -> None:
    you, year = errand.you, errand.year
    you.follow("Kierrokset", you.page.get_by_role("navigation", name=MENU))
    you.follow("Perusta kierros")
    you.tick("Kuntaryhmittäin…")
    you.write("Vuosi", str(year))
    # A slip is told of, and what was given stays.
    you.write("Alkaa", f"{year}-09-01")
    you.write("Päättyy", f"{year}-08-30")
    you.press("Perusta kierros", refused=True)
    expect(you.box("Kuntaryhmittäin…")).to_be_checked()
    you.write("Päättyy", f"{year}-11-30")
    you.press("Perusta kierros")
    you.reads(f"Kierros ”{errand.round}” perustettiin.", "Kuntaryhmittäin", f"syys–marraskuu {year}")


def _form_groups(errand: Errand) -> None:
    """Negotiations cannot be made before there are groups: the page leads there."""
    you = errand.you
    you.follow("Perusta neuvottelut")
    you.reads(f"vuodella {errand.year} ei ole vielä kuntaryhmiä")
    you.follow("Muodosta kuntaryhmät")
    you.write("Uudet ryhmät…", f"{errand.south}\n{errand.north}")
    you.press("Tallenna ryhmät")
    you.reads("22 kuntaa ei ole missään ryhmässä: Hankasalmi, Joutsa,")
    for place in ("Joutsa", "Luhanka", "Toivakka"):
        you.choose(f"Kunnan ryhmä: {place}", errand.south)
    you.choose("Kunnan ryhmä: Kinnula", errand.north)
    you.press("Tallenna ryhmät")
    you.reads("18 kuntaa ei ole missään ryhmässä: Hankasalmi, Jyväskylä,")
    # One is moved, and one more joins.
    you.choose("Kunnan ryhmä: Toivakka", "ei ryhmässä")
    you.choose("Kunnan ryhmä: Pihtipudas", errand.north)
    you.press("Tallenna ryhmät")
    you.reads("18 kuntaa ei ole missään ryhmässä: Hankasalmi,", "Saarijärvi, Toivakka, Uurainen")
    members = you.main.locator("[data-members]")
    expect(members).to_have_text(["JoutsaLuhanka", "KinnulaPihtipudas"])


def _make_the_negotiations(errand: Errand) -> None:
    """Those who are left out are told, and it is gone on knowingly."""
    you = errand.you
    you.follow(errand.round)
    you.follow("Perusta 2 neuvottelua")
    you.reads("2 neuvottelua perustetaan", "Joutsa, Luhanka", "Kinnula, Pihtipudas")
    you.press("Perusta 2 neuvottelua", refused=True)
    you.tick("Tiedän tämän ja jatkan")
    you.press("Perusta 2 neuvottelua")
    you.reads("2 neuvottelua perustettiin.", f"syys–marraskuu {errand.year}")


def _give_it_a_time_and_invite(errand: Errand) -> None:
    you, year = errand.you, errand.year
    you.follow(errand.south)
    you.reads("Neuvottelun päivää ei vielä tiedetä.")
    you.follow("Anna päivä")
    you.tick("Päivä ja kellonaika")
    you.write("Päivä", f"{year}-09-15")
    you.write("Alkaa…", "08:15")
    you.write("Päättyy…", "12:00")
    you.press("Tallenna")
    you.reads(f"15.9.{year} klo 8.15")
    you.follow("Muokkaa osapuolia")
    you.write("Uudet järjestöt tai muut tahot…", f"Joutsan Marttayhdistys {year}")
    you.choose("Mitä ne ovat…", "järjestö")
    you.press("Tallenna osapuolet")
    you.follow("Muokkaa asialistaa")
    you.press("Ota pohjaksi vakioasialista")
    you.follow("Valmis: palaa neuvotteluun")
    you.press("Kutsu osapuolet")
    you.reads("Osapuolet on merkitty kutsutuiksi", "Kutsuttu koolle", f"Joutsan Marttayhdistys {year}")


def _hold(errand: Errand) -> None:
    """Luhanka was invited and stayed away."""
    you = errand.you
    you.follow("Merkitse pidetyksi")
    you.tick("Luhanka")
    you.press("Merkitse pidetyksi")
    you.reads("Neuvottelu on merkitty pidetyksi.", "Kutsuttiin, mutta jäi pois", "Luhanka")


def _count_heads(errand: Errand) -> None:
    you = errand.you
    you.follow("Osallistujat")
    for sector, heads in {"Hyvinvointialue": "4", "Kunnat": "3", "Järjestöt": "2"}.items():
        you.write(sector, heads)
    you.press("Tallenna lukumäärät")
    you.reads("Lukumäärät tallennettiin.", "Läsnä yhteensä")
    expect(you.main.locator("tfoot .figure").last).to_have_text("9")


def _enter_findings(errand: Errand) -> None:
    """The themes are the round's; what was found is pasted with the marks of the list that it comes from."""
    you = errand.you
    you.follow("Työpaja")
    you.follow("Siirry lisäämään teemoja")
    you.untick("Hyvinvointitarjotin…")
    you.press("Lisää nämä teemat")
    you.follow("Neuvottelut", you.page.get_by_role("navigation", name="Kierroksen sivut"))
    you.follow(errand.south)
    you.follow("Työpaja")
    you.follow("Lisää havaintoja")
    you.follow("Perhekeskus")
    you.write("Ilmiöt ja tavoitteet…", "• Yksinäisyys lisääntyy\n• Poissaolot kouluista yleistyvät")
    you.write("Yhteistyö ja toimenpiteet…", "- Yhteinen nuorisotyö")
    you.press("Lisää")
    theme = you.main.get_by_role("region", name="Perhekeskus")
    expect(theme.get_by_role("listitem")).to_have_text(
        ["Yksinäisyys lisääntyy", "Poissaolot kouluista yleistyvät", "Yhteinen nuorisotyö"]
    )


def _write_minutes(errand: Errand) -> None:
    you, year = errand.you, errand.year
    you.follow("Aloita pöytäkirja")
    you.press("Aloita pöytäkirja")
    you.reads("0 / 7 asiakohdasta on kirjoitettu.")
    you.follow("Kirjoita seuraava asiakohta")
    you.write("Keskustelu…", "Keskusteltiin nuorten tilanteesta.")
    you.write("Mitä sovittiin…", AGREED)
    you.press("Tallenna")
    you.follow("Lisää toimenpiteitä")
    you.write("Toimenpiteet", MEASURE)
    you.choose("Vastuutaho", "Joutsa")
    you.write("Määräaika", f"{year + 1}-03-31")
    you.press("Tallenna")
    you.reads(MEASURE)
    you.follow("Peruuta ja palaa")
    you.reads("1 / 7 asiakohdasta on kirjoitettu.", AGREED, f"31.3.{year + 1}")
    you.press("Lähetä tarkastettavaksi")
    you.reads("Pöytäkirja on lähetetty tarkastettavaksi.", "Tarkastettavana")


def _check_as_the_municipality(you: Walker, errand: Errand) -> None:
    """From home to the mark in two clicks."""
    you.follow(errand.south)
    you.reads(AGREED, MEASURE)
    you.press("Merkitse tarkastetuksi")
    you.reads("Olet tarkastanut pöytäkirjan", "Kaikki ovat tarkastaneet pöytäkirjan.")


def _publish(errand: Errand) -> None:
    you = errand.you
    _go_to_round(errand)
    you.follow(errand.south)
    you.follow("Siirry julkaisemaan pöytäkirja")
    for role in ("Puheenjohtaja", "Sihteeri"):
        place = you.main.get_by_role("listitem").filter(has_text=re.compile(rf"^\s*{role}"))
        you.follow("Merkitse allekirjoitus", place.first)
        you.tick("Paperilla")
        you.press("Tallenna")
    you.press("Julkaise pöytäkirja")
    you.reads("Julkaistu")


def _enter_what_was_minuted_elsewhere(errand: Errand) -> None:
    """It waits on the home page, since its months are long gone."""
    you, year = errand.you, errand.year
    you.follow("Keski-Suomen hyvinvointialue", you.page.get_by_role("banner"))
    you.follow("Kirjaa, miten neuvottelulle kävi", you.main.get_by_role("listitem").filter(has_text=errand.north))
    you.follow("Pöytäkirjat")
    you.follow("Pikapöytäkirja")
    you.write("Päivä", f"{year}-10-06")
    you.write("Kunnat", "3")
    you.write("Hyvinvointialue", "5")
    you.write("Mitä sovittiin", "Jatketaan yhteistyötä.")
    you.write("Toimenpiteet…", f"Liikuntaneuvonta alkaa; Kinnula, liikuntatoimi; 31.3.{year + 1}")
    you.press("Tallenna pöytäkirja")
    you.reads("Pöytäkirja kirjattiin.", "Kinnula, liikuntatoimi", "Pidetty")


def _summarise(errand: Errand) -> None:
    """What was counted comes by itself: 4 + 5 of the county, 3 + 3 of municipalities, 2 of organisations."""
    you = errand.you
    _go_to_round(errand)
    you.press("Aloita yhteenveto")
    brief = you.main.get_by_role("region", name="Lyhyesti")
    you.reads("3 kuntaa mukana", "2 neuvottelua pidetty", "17 osallistumista yhteensä", within=brief)
    you.reads("9 Hyvinvointialue", "6 Kunnat", "2 Järjestöt ja seurakunnat", within=brief)
    you.follow("Kirjoita tekstit")
    you.write("Mitä sovittiin…", AGREED)
    you.write("Mitä aluehallitukselta pyydetään…", ASKED)
    you.press("Tallenna")
    you.reads(AGREED, ASKED, within=brief)
    you.press("Merkitse yhteenveto valmiiksi")
    you.reads("Valmis")


def _hand_to_the_board(errand: Errand) -> None:
    you, year = errand.you, errand.year
    agenda = you.main.locator("#esityslistalle")
    you.write("Toimielin", "Aluehallitus", agenda)
    you.write("Kokouspäivä", f"{year + 1}-01-24", agenda)
    you.press("Vie esityslistalle", agenda)
    noted = you.main.locator("#merkitse")
    you.write("Toimielin", "Aluehallitus", noted)
    you.write("Kokouspäivä", f"{year + 1}-01-24", noted)
    you.write("Pykälä", "12", noted)
    you.press("Kirjaa tiedoksi merkityksi", noted)
    you.reads("Merkitty tiedoksi", f"24.1.{year + 1}", "12 §")


def _read_as_the_board(you: Walker, errand: Errand) -> None:
    you.follow("Yhteenvedot", you.page.get_by_role("navigation", name=MENU))
    you.follow(errand.round)
    you.reads("17 osallistumista yhteensä", AGREED, ASKED, f"24.1.{errand.year + 1}", "12 §")


def test_a_card_from_last_years_texts_to_the_lock(page_of: Callable[..., Page]) -> None:
    """The county opens a year; the card is carried forward, filled without a connection, returned, approved, locked."""
    year = timezone.localdate().year + 1
    of_county, page = page_of("coordinator", HOME), page_of("editor", HOME)
    # Who leaves a page while something is unsaved is asked; here everything has been saved, and nobody is.
    page.on("dialog", lambda dialog: pytest.fail(f"asked before leaving: {dialog.message}"))
    of_county.goto(f"{of_county.url}kuntakortit/uusi/")
    of_county.get_by_label("Vuosi").fill(str(year))
    of_county.get_by_role("main").get_by_role("button").click()

    presses = Presses(page)
    presses.link("Kuntakortti", page.get_by_role("navigation", name=MENU))
    presses.button(f"Aloita vuoden {year - 1} teksteistä")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Joutsa: kuntakortti {year}")
    before = page.locator("#features-text").input_value()
    assert before
    presses.button("Luvut on katsottu", "Tunnusluvut")
    for part in ("Erityispiirteet", "SWOT", "Nostoehdotukset", "Suunnitelmat ja raportit", "Yhteyshenkilöt"):
        presses.button("Ei muutoksia", part)
    expect(page.get_by_text("6 / 6 osiota valmiina")).to_be_visible()
    presses.button("Lähetä kortti")
    expect(page.get_by_text("Kortti lähetettiin hyvinvointialueelle.")).to_be_visible()
    # The bar: last year's card in under twenty presses.
    assert presses.made < 20

    card = page.url
    of_county.goto(card)
    expect(of_county.get_by_text(before.splitlines()[0])).to_be_visible()
    of_county.get_by_role("link", name="Palauta täydennettäväksi").click()
    of_county.get_by_label("Mitä pitää täydentää").fill("Kertokaa vielä kesäasukkaista.")
    of_county.get_by_role("button", name="Palauta kortti").click()

    page.goto(card)
    expect(page.get_by_text("Kertokaa vielä kesäasukkaista.")).to_be_visible()
    features = page.locator("#features-text")
    features.fill(f"{before} Kesällä väkiluku")
    page.context.set_offline(True)
    features.press_sequentially(" kaksinkertaistuu.")
    features.blur()
    expect(page.locator("[data-autosave-state] [role=alert]")).to_contain_text("Ei yhteyttä")
    page.context.set_offline(False)
    expect(page.locator("[data-autosave-state] [role=status]")).to_contain_text("Tallennettu klo")
    page.get_by_role("link", name="Valitse hyväksyjä").click()
    page.get_by_label("kortin täyttäjä itse").check()
    page.get_by_role("button", name="Tallenna").click()
    page.get_by_role("button", name="Lähetä kortti").click()
    page.get_by_role("button", name="Hyväksy kortti").click()
    expect(page.get_by_text("Kortti hyväksyttiin.")).to_be_visible()
    page.get_by_role("link", name="Mikä muuttui edellisestä versiosta").click()
    expect(page.locator("ins")).to_have_text(" Kesällä väkiluku kaksinkertaistuu.")

    of_county.goto(card)
    of_county.get_by_role("link", name=f"Kuntakortit {year}").click()
    of_county.get_by_role("link", name="Lukitse kortit").click()
    of_county.get_by_label("Syy").fill("Kortit lähtevät neuvotteluihin.")
    of_county.get_by_role("main").get_by_role("button").click()
    page.goto(card)
    expect(page.get_by_text(f"Vuoden {year} kortit on lukittu")).to_be_visible()
    expect(page.get_by_text("Kortit lähtevät neuvotteluihin.")).to_be_visible()
    expect(page.get_by_role("button", name="Ota takaisin muokattavaksi")).to_have_count(0)


@dataclass
class Presses:
    """Presses what it is told to, and counts."""

    page: Page
    made: int = 0

    def link(self, name: str, within: Locator) -> None:
        """Follow a link."""
        within.get_by_role("link", name=name).click()
        self.made += 1

    def button(self, name: str, of: str = "") -> None:
        """Press a button, that of a section where there are several."""
        words = rf"^{re.escape(name)}\s*: {re.escape(of)}$" if of else rf"^{re.escape(name)}$"
        self.page.get_by_role("button", name=re.compile(words)).click()
        self.made += 1
