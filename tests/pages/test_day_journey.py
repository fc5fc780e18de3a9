"""A combined negotiation in the browser, from its agenda to published minutes; and minutes that silence has checked."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from django_scopes import scopes_disabled
from playwright.sync_api import Page, expect

from municipalities.tokens import hash_of, new_token
from negotiations.models import Minutes, MinutesLink
from tests.pages.conftest import Contexts, Site

HOME = "/keski-suomi/"
NAME = "Joutsa ja Luhanka, yhdistetty neuvottelu"
AGREED = "Nuorisotila on auki lauantaisin."
PROPOSED = "Nuorisotila on auki lauantaisin klo 16–21."
Opener = Callable[..., Page]


def address_of(email: str) -> str:
    """Return the address in the latest letter to somebody; it is written here as a worker writes it."""
    token = new_token()
    with scopes_disabled():
        link = MinutesLink.objects.filter(check_row__email=email).latest("asked_at", "pk")
        MinutesLink.objects.filter(pk=link.pk).update(token_hash=hash_of(token), sent_at=timezone.now())
    return f"/poytakirjan-tarkastus/{token}/"


@pytest.mark.usefixtures("contexts")
def test_from_agenda_to_published_minutes(page_of: Opener) -> None:
    """Both parts apart; two checkers, one with an account and one by a link; one wording accepted and one rejected."""
    walk(page_of, address_of)


def test_silence_until_the_date_checks_the_minutes(page_of: Opener, contexts: Contexts, site: Site) -> None:
    """Where the county has set so, and once the date has passed, who has made no remarks has checked the minutes."""
    page = page_of("coordinator", HOME + "asetukset/")
    page.locator("#id_silence_is_checking").check()
    page.get_by_role("button", name="Tallenna").first.click()
    with scopes_disabled():
        Minutes.objects.filter(negotiation=site.ids["checking"]).update(
            check_by=timezone.localdate() - timedelta(days=1)
        )
    page.goto(site.url + HOME + f"neuvottelut/{site.ids['checking']}/poytakirja/")
    page.get_by_text("Merkitse puolesta").first.click()
    page.get_by_role("button", name=re.compile("Ei huomautuksia")).click()
    expect(page.locator("main")).to_contain_text("Ei huomautettavaa määräpäivään mennessä")
    expect(page.locator("main")).to_contain_text("Allekirjoitus puuttuu: puheenjohtaja, sihteeri")


def walk(page_of: Opener, address_of: Callable[[str], str]) -> None:
    """Go from a new negotiation to minutes that a member of the board reads."""
    page = page_of("coordinator", HOME + "neuvottelut/uusi/")
    _make(page)
    _write_the_agenda(page)
    _hold_the_sitting(page)
    _send(page)
    tab = page.url
    editor = page_of("editor", HOME)
    editor.get_by_role("link", name=re.compile(f"Lue ja merkitse.*{NAME}")).last.click()
    _propose(editor, PROPOSED)
    link = address_of("luhanka@example.fi")
    _propose(page_of("nobody", link), "Tästä ei sovittu.")
    stale = page_of("nobody", link)
    page.goto(tab)
    _decide(page)
    # What was open before the words were changed is not what would be marked.
    stale.get_by_role("button", name="Merkitse tarkastetuksi").click()
    expect(stale.locator(".error-summary")).to_contain_text("luit version 1, ja nyt on versio 2")
    for checker in (editor, stale):
        checker.reload()
        checker.get_by_role("button", name="Merkitse tarkastetuksi").click()
        expect(checker.locator("main")).to_contain_text("tarkast")
    page.goto(tab)
    _sign_and_publish(page)
    reader = page_of("board_member", HOME + "asiakirjat/")
    expect(reader.locator("main")).to_contain_text(NAME)


def _make(page: Page) -> None:
    page.get_by_label("Neuvottelun nimi").fill(NAME)
    page.get_by_label("Laki hyvinvointialueesta").check()
    page.get_by_label("Laki sosiaali- ja terveydenhuollon").check()
    page.locator("#id_day").fill(timezone.localdate().isoformat())
    page.locator("#id_starts").fill("08:15")
    page.locator("#id_ends").fill("12:00")
    page.get_by_role("button", name="Lisää neuvottelu").click()
    page.get_by_role("link", name="Lisää osapuolet").click()
    page.get_by_label("Joutsa", exact=True).check()
    page.get_by_label("Luhanka", exact=True).check()
    page.get_by_role("button", name="Tallenna osapuolet").last.click()


def _write_the_agenda(page: Page) -> None:
    """Each part from its template; what was agreed with the same municipalities and is open comes along."""
    page.get_by_role("link", name="Muokkaa asialistaa").click()
    page.get_by_role("button", name="Ota pohjaksi vakioasialista").first.click()
    page.get_by_role("button", name="Ota pohjaksi vakioasialista").first.click()
    expect(page.locator("main")).to_contain_text("Mitä lupasimme – mitä tapahtui")
    page.get_by_role("link", name="Valmis: palaa neuvotteluun").click()
    page.get_by_role("button", name="Kutsu osapuolet").click()


def _hold_the_sitting(page: Page) -> None:
    """Two people come, and each part is opened, minuted and closed on its own."""
    page.get_by_role("link", name="Avaa istunto").click()
    for name, place in (("Sivistysjohtaja", "Joutsan kunta"), ("Kunnanjohtaja", "Luhangan kunta")):
        _walk_in(page, name, place)
    expect(page.locator("#lasnaolo")).to_contain_text("2 läsnä")
    agenda = page.locator(".live-agenda")
    for part in range(2):
        page.get_by_role("button", name="Avaa osa", exact=True).click()
        page.get_by_role("button", name=re.compile("^Seuraava asia")).first.click()
        page.get_by_label("Keskustelu").fill("Käytiin läpi, mitä on tehty.")
        page.get_by_label("Mitä sovittiin").fill(AGREED)
        page.get_by_label("Uusi toimenpide").fill(f"Toimenpide {part + 1}")
        page.get_by_label("Vastuutaho").last.select_option(label="Joutsa")
        page.get_by_role("button", name="Kirjaa toimenpide").click()
        expect(page.locator("[data-piece=measures]")).to_contain_text(f"Toimenpide {part + 1}")
        agenda.get_by_role("link", name="Päättäminen").nth(part).click()
        page.get_by_role("button", name="Päätä osa", exact=True).click()
        agenda.get_by_role("link", name="Avaus").last.click()
    page.get_by_role("link", name="Päätä neuvottelupäivä").first.click()
    page.get_by_role("button", name="Päätä neuvottelupäivä").click()
    expect(page.locator("main")).to_contain_text("Luonnos")


def _send(page: Page) -> None:
    """Each party's checker is named, one of them with an address, and the minutes are sent."""
    for party, email in (("Joutsa", ""), ("Luhanka", "luhanka@example.fi")):
        page.get_by_role("link", name=re.compile(f"^Muokkaa.*{party}")).click()
        page.get_by_label("Tarkastajan rooli").fill(f"{party}, hyvinvointikoordinaattori")
        page.get_by_label("Sähköposti").fill(email)
        page.get_by_role("button", name="Tallenna").click()
    page.get_by_role("button", name="Lähetä tarkastettavaksi").click()
    expect(page.locator("main")).to_contain_text("Tarkastettavana")


def _propose(page: Page, words: str) -> None:
    """Propose other words for what was agreed under the first item."""
    page.get_by_role("link", name=re.compile("Ehdota|Huomauta")).first.click()
    page.get_by_label("Mitä sovittiin").fill(words)
    page.get_by_role("button", name="Lähetä huomautus").click()
    expect(page.locator("main")).to_contain_text(words)


def _decide(page: Page) -> None:
    """One proposal is taken into the text as a change of matter; the other is not, and is told why."""
    remarks = page.locator(".remark")
    expect(remarks).to_have_count(2)
    remarks.filter(has_text="klo 16–21").get_by_role("link", name=re.compile("Hyväksy tai hylkää")).click()
    page.get_by_label("Hyväksy asiasisällön muutoksena").check()
    page.get_by_role("button", name="Tallenna ratkaisu").click()
    page.get_by_role("link", name=re.compile("Hyväksy tai hylkää")).click()
    page.get_by_label("Hylkää", exact=True).check()
    page.get_by_label("Perustelu tai vastauksesi").fill("Asiasta sovittiin yksimielisesti.")
    page.get_by_role("button", name="Tallenna ratkaisu").click()
    expect(page.locator("main")).to_contain_text("versio 2")


def _sign_and_publish(page: Page) -> None:
    """The chair and the secretary sign on paper; only then can the minutes be published."""
    expect(page.locator("main")).to_contain_text("Tarkastettu")
    expect(page.get_by_role("button", name=re.compile("Julkaise pöytäkirja"))).to_have_count(0)
    for who in ("puheenjohtaja", "sihteeri"):
        page.get_by_role("link", name=re.compile(f"^Merkitse allekirjoitus.*{who}")).click()
        page.get_by_label("Paperilla").check()
        page.get_by_role("button", name="Tallenna").click()
    page.get_by_role("button", name=re.compile("Julkaise pöytäkirja")).click()
    expect(page.locator("main")).to_contain_text("Julkaistu")


def _walk_in(page: Page, role: str, place: str) -> None:
    came = page.locator("details").filter(has_text="Tuli ilman kutsua")
    if came.get_attribute("open") is None:
        came.locator("summary").click()
    came.get_by_label("Nimi").fill(role)
    came.get_by_label("Organisaatio", exact=True).fill(place)
    came.get_by_role("button", name="Lisää").click()
    expect(page.locator("#lasnaolo")).to_contain_text(role)
