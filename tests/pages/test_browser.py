"""Each page by role in a real browser: what axe finds, 320 px, without JavaScript, by keyboard, under the policy."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django_scopes import scopes_disabled
from playwright.sync_api import ConsoleMessage, FilePayload, Page, expect

from municipalities.models import Document, User
from tests.factories import PASSWORD
from tests.pages.conftest import AXE, NARROW, WIDE, Contexts, Site

HOME = "/keski-suomi/"
# Role, path, and the status of the answer. In braces the ids of tests/pages/conftest.py.
PAGES = [
    ("nobody", "/tili/login/", 200),
    ("nobody", "/tili/signup/", 200),
    ("nobody", "/tili/password/reset/", 200),
    ("nobody", "/tili/password/reset/done/", 200),
    ("nobody", "/tili/password/reset/key/1-unknown/", 200),
    ("nobody", "/tili/password/reset/key/done/", 200),
    ("nobody", "/tili/inactive/", 200),
    ("nobody", "/ei-ole/ei-ole/", 404),
    ("nobody", "/kuntakortin-hyvaksynta/{card_link}/", 200),
    ("nobody", "/sopivat-ajat/{availability_link}/", 200),
    ("nobody", "/poytakirjan-tarkastus/{minutes_link}/", 200),
    ("nobody", "/poytakirjan-tarkastus/{minutes_link}/huomautus/kohta-{checking_item}/", 200),
    ("editor", HOME + "poytakirjat/{checking_minutes}/tarkasta/", 200),
    ("editor", HOME + "poytakirjat/{checking_minutes}/tarkasta/huomautus/yleista/", 200),
    ("administrator", "/", 200),
    ("administrator", "/keski-suomi/", 404),
    ("coordinator", HOME, 200),
    ("coordinator", HOME + "kierrokset/", 200),
    ("coordinator", HOME + "kierrokset/{plan}/", 200),
    ("coordinator", HOME + "kierrokset/{groups}/", 200),
    ("coordinator", HOME + "kierrokset/{current}/", 200),
    ("coordinator", HOME + "kierrokset/{current}/?tila=held&jarjesta=-kunnat", 200),
    ("coordinator", HOME + "kierrokset/{plan}/?q=eioletällaista", 200),
    ("coordinator", HOME + "kierrokset/{plan}/aikataulu/", 200),
    ("coordinator", HOME + "kierrokset/{groups}/aikataulu/", 200),
    ("coordinator", HOME + "kierrokset/{plan}/ajat/", 200),
    ("coordinator", HOME + "kierrokset/{current}/ajat/", 200),
    ("coordinator", HOME + "kierrokset/{plan}/taulu/", 200),
    ("coordinator", HOME + "asialistapohjat/", 200),
    ("coordinator", HOME + "asialistapohjat/uusi/", 200),
    ("coordinator", HOME + "asiakohdat/{item}/liitteet/lisaa/", 200),
    ("coordinator", HOME + "kunnat/077/sovittu/?nayta=kaikki", 200),
    ("editor", HOME + "kunnat/172/sovittu/", 200),
    ("coordinator", HOME + "toimenpiteet/{draft_measure}/tilanne/?kunta=077", 200),
    ("coordinator", HOME + "kierrokset/{current}/taulu/", 200),
    ("coordinator", HOME + "kierrokset/{current}/taulu/sijoita/?kortti={month}", 200),
    ("coordinator", HOME + "kierrokset/{current}/taulu/ehdotus/", 200),
    ("coordinator", HOME + "neuvottelut/{month}/toive/", 200),
    ("coordinator", HOME + "kierrokset/{current}/vuosikello/", 200),
    ("coordinator", HOME + "kierrokset/{groups}/vuosikello/", 200),
    ("editor", HOME + "kierrokset/{plan}/vuosikello/", 200),
    ("coordinator", HOME + "kierrokset/{current}/vaiheet/lisaa/", 200),
    ("coordinator", HOME + "kierrokset/{current}/vaiheet/uusi/", 200),
    ("coordinator", HOME + "kierrokset/{current}/hyvaksynta/", 200),
    ("coordinator", HOME + "kierrokset/{planning}/sopivat-ajat/", 200),
    ("coordinator", HOME + "kierrokset/{planning}/aikakysely/", 200),
    ("coordinator", HOME + "kierrokset/{planning}/aikakysely/uusi/", 200),
    ("coordinator", HOME + "aikakyselyt/{availability}/vastaus/", 200),
    ("coordinator", HOME + "aikakyselyt/{availability}/laheta/", 200),
    ("coordinator", HOME + "kierrokset/{plan}/kuntaryhmat/", 200),
    ("coordinator", HOME + "kierrokset/{groups}/kuntaryhmat/", 200),
    ("coordinator", HOME + "kierrokset/{groups}/tyopajat/", 200),
    ("coordinator", HOME + "kierrokset/{groups}/tyopajat/?muokkaa=1", 200),
    ("coordinator", HOME + "kierrokset/{current}/tyopajat/", 200),
    ("coordinator", HOME + "kierrokset/{groups}/tyopajat/lisaa/", 200),
    ("coordinator", HOME + "kierrokset/{groups}/teemat/lisaa/", 200),
    ("coordinator", HOME + "kierrokset/{groups}/osallistujat/", 200),
    ("coordinator", HOME + "kierrokset/{current}/osallistujat/", 200),
    ("coordinator", HOME + "kierrokset/{groups}/ydinryhmat/lisaa/", 200),
    ("coordinator", HOME + "kierrokset/{groups}/luvut/lisaa/", 200),
    ("coordinator", HOME + "neuvottelut/{draft}/osallistujat/", 200),
    ("coordinator", HOME + "neuvottelut/{draft}/osallistujat/lisaa/", 200),
    ("coordinator", HOME + "neuvottelut/{draft}/osallistujat/lista/", 200),
    ("coordinator", HOME + "neuvottelut/{draft}/osallistujat/teams/", 200),
    ("coordinator", HOME + "neuvottelut/{draft}/poytakirja/liita/", 200),
    ("coordinator", HOME + "neuvottelut/{convened}/istunto/lasnaolo/", 200),
    ("coordinator", HOME + "neuvottelut/{convened}/istunto/", 200),
    ("coordinator", HOME + "neuvottelut/{draft}/istunto/?kohta={draft_item}", 200),
    ("coordinator", HOME + "neuvottelut/{checking}/istunto/", 200),
    ("coordinator", HOME + "neuvottelut/{convened}/istunto/sali/", 200),
    ("coordinator", HOME + "neuvottelut/{convened}/istunto/paata/", 200),
    ("coordinator", HOME + "neuvottelut/{draft}/tyopaja/?muokkaa=1", 200),
    ("coordinator", HOME + "neuvottelut/{draft}/tyopaja/lisaa/", 200),
    ("coordinator", HOME + "neuvottelut/{month}/osallistujat/", 200),
    ("coordinator", HOME + "kierrokset/uusi/", 200),
    ("coordinator", HOME + "kierrokset/{current}/asetukset/", 200),
    ("coordinator", HOME + "kierrokset/{current}/perusta/", 200),
    ("coordinator", HOME + "kierrokset/{groups}/tapahtumat/", 200),
    ("coordinator", HOME + "kuntaryhmat/2024/", 200),
    ("coordinator", HOME + "kuntaryhmat/2030/", 200),
    ("editor", HOME + "sijaiset/", 200),
    ("editor", HOME + "kalenterit/", 200),
    ("coordinator", HOME + "kalenterit/", 200),
    ("editor", HOME + "kuntaryhmat/2024/", 200),
    ("editor", HOME + "tunnusluvut/luettelo/{national_indicator}/", 200),
    ("editor", HOME + "tunnusluvut/joukot/{national_set}/", 200),
    ("editor", HOME + "kierrokset/{current}/tapahtumat/", 200),
    ("coordinator", HOME + "kierrokset/{plan}/tyopajat/", 200),
    ("coordinator", HOME + "neuvottelut/{planned}/", 200),
    ("coordinator", HOME + "neuvottelut/{held}/", 200),
    ("coordinator", HOME + "neuvottelut/{draft}/", 200),
    ("coordinator", HOME + "neuvottelut/{checking}/", 200),
    ("coordinator", HOME + "neuvottelut/{month}/", 200),
    ("coordinator", HOME + "neuvottelut/{convened}/", 200),
    ("coordinator", HOME + "neuvottelut/uusi/", 200),
    ("coordinator", HOME + "neuvottelut/uusi/?kierros={plan}", 200),
    ("coordinator", HOME + "neuvottelut/{month}/muokkaa/", 200),
    ("coordinator", HOME + "neuvottelut/{month}/osapuolet/", 200),
    ("coordinator", HOME + "neuvottelut/{held}/osapuolet/", 200),
    ("coordinator", HOME + "neuvottelut/{month}/poista/", 200),
    ("coordinator", HOME + "neuvottelut/{convened}/pidetyksi/", 200),
    ("coordinator", HOME + "neuvottelut/{convened}/siirra/", 200),
    ("coordinator", HOME + "neuvottelut/{convened}/peru/", 200),
    ("coordinator", HOME + "neuvottelut/{month}/asialista/", 200),
    ("coordinator", HOME + "neuvottelut/{checking}/asialista/", 200),
    ("coordinator", HOME + "asiakohdat/{item}/", 200),
    ("coordinator", HOME + "neuvottelut/{held}/osallistujat/", 200),
    ("coordinator", HOME + "neuvottelut/{held}/aineisto/", 200),
    ("coordinator", HOME + "neuvottelut/{held}/tyopaja/", 200),
    ("coordinator", HOME + "neuvottelut/{held}/poytakirja/", 200),
    ("coordinator", HOME + "neuvottelut/{draft}/poytakirja/", 200),
    ("coordinator", HOME + "neuvottelut/{checking}/poytakirja/", 200),
    ("coordinator", HOME + "neuvottelut/{held}/tapahtumat/", 200),
    ("coordinator", HOME + "neuvottelut/", 200),
    ("coordinator", HOME + "sovitut-asiat/", 200),
    ("coordinator", HOME + "velvoite/", 200),
    ("coordinator", HOME + "velvoite/?vuosi=2023&tilanne=not_known", 200),
    ("coordinator", HOME + "haku/", 200),
    ("coordinator", HOME + "haku/?q=nuorten", 200),
    ("coordinator", HOME + "ohje/", 200),
    ("coordinator", HOME + "neuvottelut/{planned}/pikapoytakirja/", 200),
    ("coordinator", HOME + "neuvottelut/{draft}/toimenpiteet/lisaa/", 200),
    ("coordinator", HOME + "kierrokset/{groups}/toimenpiteet/lisaa/", 200),
    ("coordinator", HOME + "toimenpiteet/{draft_measure}/muokkaa/", 200),
    ("coordinator", HOME + "osat/{draft_part}/poytakirja/", 200),
    ("coordinator", HOME + "asiakohdat/{draft_item}/poytakirja/", 200),
    ("coordinator", HOME + "poytakirjat/{draft_minutes}/tarkastajat/lisaa/", 409),
    ("coordinator", HOME + "poytakirjat/{checking_minutes}/versiot/", 200),
    ("coordinator", HOME + "poytakirjat/{checking_minutes}/kohdat/{checking_item}/korjaa/", 200),
    ("coordinator", HOME + "poytakirjat/{checking_minutes}/allekirjoittaja/sihteeri/", 200),
    ("coordinator", HOME + "tarkastajat/{draft_check}/vaihda/", 200),
    ("coordinator", HOME + "tarkastajat/{draft_check}/", 200),
    ("coordinator", HOME + "poytakirjat/{draft_minutes}/liitteet/lisaa/", 200),
    ("coordinator", HOME + "poytakirjat/{draft_minutes}/liitteet/uusi/", 200),
    ("coordinator", HOME + "poytakirjat/{draft_minutes}/asiakirjat/", 200),
    ("coordinator", HOME + "poytakirjat/{published_minutes}/asiakirjat/", 200),
    ("coordinator", HOME + "liitteet/{draft_attachment}/", 200),
    ("coordinator", HOME + "kunnat/", 200),
    ("coordinator", HOME + "kuntakortit/", 200),
    ("editor", HOME + "kuntakortit/{year}/kunnat/172/", 200),
    ("coordinator", HOME + "kuntakortit/{year}/kunnat/077/", 200),
    ("coordinator", HOME + "kuntakortit/{year}/kunnat/077/versiot/{card_version}/", 200),
    ("coordinator", HOME + "kuntakortit/niput/{card_bundle}/", 200),
    ("coordinator", HOME + "tuonnit/", 200),
    ("coordinator", HOME + "tuonnit/taulukko/", 200),
    ("coordinator", HOME + "tuonnit/{import_running}/", 200),
    ("coordinator", HOME + "tuonnit/{import_incomplete}/", 200),
    ("coordinator", HOME + "tunnusluvut/", 200),
    ("coordinator", HOME + "tunnusluvut/{unemployment}/?kunta=077", 200),
    ("editor", HOME + "tunnusluvut/{loneliness}/?vertailu=koko&kunta=172", 200),
    ("coordinator", HOME + "tunnusluvut/{own_indicator}/", 200),
    ("coordinator", HOME + "tunnusluvut/luettelo/", 200),
    ("coordinator", HOME + "tunnusluvut/luettelo/{own_indicator}/", 200),
    ("coordinator", HOME + "tunnusluvut/joukot/", 200),
    ("coordinator", HOME + "tunnusluvut/joukot/{own_set}/", 200),
    ("coordinator", HOME + "tunnusluvut/joukot/{own_set}/lisaa/", 200),
    ("coordinator", HOME + "kunnat/077/", 200),
    ("coordinator", HOME + "asiakirjat/", 200),
    ("coordinator", HOME + "asiakirjat/{document_ready}/", 200),
    ("coordinator", HOME + "asiakirjat/{document_failed}/", 200),
    ("coordinator", HOME + "asiakirjat/{document_rendering}/", 200),
    ("coordinator", HOME + "asiakirjat/{document_queued}/", 200),
    ("coordinator", HOME + "yhteenvedot/", 200),
    ("coordinator", HOME + "yhteenvedot/{noted}/", 200),
    ("coordinator", HOME + "yhteenvedot/{unfrozen}/", 200),
    ("coordinator", HOME + "yhteenvedot/{unfrozen}/teksti/", 200),
    ("coordinator", HOME + "kierrokset/{current}/palaute/", 200),
    ("coordinator", HOME + "palaute/{feedback}/", 200),
    ("coordinator", HOME + "osallistujat/", 200),
    ("coordinator", HOME + "osallistujat/?q=eioletällaista", 200),
    ("coordinator", HOME + "osallistujat/tuo/", 200),
    ("coordinator", HOME + "osallistujat/kaksoiskappaleet/", 200),
    ("coordinator", HOME + "henkilot/uusi/", 200),
    ("coordinator", HOME + "henkilot/{person}/", 200),
    ("coordinator", HOME + "henkilot/{person}/yhdista/", 200),
    ("coordinator", HOME + "organisaatiot/", 200),
    ("coordinator", HOME + "organisaatiot/uusi/", 200),
    ("coordinator", HOME + "organisaatiot/{organisation}/", 200),
    ("coordinator", HOME + "organisaatiot/{organisation}/yhdista/", 200),
    ("coordinator", HOME + "asetukset/", 200),
    ("coordinator", HOME + "asetukset/painopisteet/uusi/", 200),
    ("coordinator", HOME + "asetukset/painopisteet/{priority}/", 200),
    ("coordinator", "/oma/", 200),
    ("coordinator", "/tili/kaksivaiheinen/", 200),
    ("coordinator", HOME + "ei-ole/", 404),
    ("coordinator", HOME + "kierrokset/0/", 404),
    ("coordinator", "/tili/password/change/", 200),
    ("coordinator", "/tili/email/", 200),
    ("coordinator", "/tili/logout/", 200),
    ("central_coordinator", "/keski-uusimaa/kierrokset/{region}/aikataulu/", 200),
    ("central_coordinator", "/keski-uusimaa/neuvottelut/{two}/", 200),
    ("editor", HOME, 200),
    ("editor", HOME + "kierrokset/{current}/", 200),
    ("editor", HOME + "kierrokset/{current}/osallistujat/", 200),
    ("editor", HOME + "neuvottelut/{checking}/", 200),
    ("editor", HOME + "neuvottelut/{checking}/poytakirja/", 200),
    ("editor", HOME + "kunnat/172/", 200),
    ("editor", HOME + "neuvottelut/", 200),
    ("editor", HOME + "sovitut-asiat/", 200),
    ("editor", HOME + "velvoite/", 200),
    ("editor", HOME + "haku/?q=joutsa", 200),
    ("editor", HOME + "ohje/", 200),
    ("reader", HOME, 200),
    ("reader", HOME + "kierrokset/{groups}/", 200),
    ("reader", HOME + "yhteenvedot/", 200),
    ("reader", HOME + "kunnat/172/", 200),
    ("board_member", HOME, 200),
    ("board_member", HOME + "yhteenvedot/", 200),
    ("board_member", HOME + "yhteenvedot/{noted}/", 200),
    ("board_member", HOME + "asiakirjat/", 200),
    ("board_member", HOME + "sovitut-asiat/", 200),
    ("board_member", HOME + "haku/?q=ei-mitään", 200),
    ("board_member", HOME + "ohje/", 200),
    ("board_member", HOME + "velvoite/", 403),
    ("board_member", HOME + "kierrokset/", 403),
]
# One page of each address, and home of each role; all of them where HYTE_EVERY_PAGE is set, as before a release.
ONE_OF_EACH = list(
    {
        (
            role if path == HOME else "",
            path if os.environ.get("HYTE_EVERY_PAGE") else re.sub(r"{\w+}|\?.*", "", path),
        ): (
            role,
            path,
            status,
        )
        for role, path, status in reversed(PAGES)
    }.values()
)[::-1]
# Every second page in Swedish or in English, by turns; all of them in both where HYTE_ALL_LANGUAGES is set.
IN_OTHER_LANGUAGES = [
    (role, path, language)
    for number, (role, path, _status) in enumerate(ONE_OF_EACH)
    for turn, language in enumerate(("sv", "en"))
    if number % 4 == 2 * turn or os.environ.get("HYTE_ALL_LANGUAGES")
]


def each(pages: list[tuple[str, str, int]]) -> pytest.MarkDecorator:
    """Run a test with each of these pages."""
    names = [f"{role}:{path}" for role, path, _status in pages]
    return pytest.mark.parametrize(("role", "path", "status"), pages, ids=names)


# Shows the fields that a choice has hidden and the buttons that nobody needs where fields save themselves, and takes
# away what only helps to fill them, to copy what can be read, and to use a page by keyboard.
WITHOUT_SCRIPTS = """() => {
  const helpers = ".field__weekday, [data-filter-of], [data-copies], [data-scripted]";
  document.querySelectorAll(helpers).forEach((helper) => helper.remove());
  document.querySelectorAll(".here :is([data-find], [data-keys], [data-substitute])").forEach((one) => one.remove());
  // What is out of sight of the board or of who is there is not drawn, and so no text yet.
  document.querySelectorAll(".board li, .here li").forEach((part) => { part.style.contentVisibility = "visible"; });
  document.querySelectorAll("form .field[hidden], [data-autosave-hide]").forEach((field) => { field.hidden = false; });
}"""


LANDMARKS = """["main", "body > header", "body > footer", "h1"].map(
  (landmark) => document.querySelectorAll(landmark).length
)"""


def findings(page: Page) -> list[str]:
    """Return what axe finds, one line a rule with the first place."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations)")
    return [f"{rule['id']}: {rule['nodes'][0]['html']} {rule['nodes'][0]['failureSummary']}" for rule in found]


@contextmanager
def under_the_policy(page: Page, url: str, status: int) -> Iterator[None]:
    """Open a page for the block; the browser reports nothing that its policy has refused."""
    complaints: list[str] = []
    note = partial(_note, complaints)
    page.on("console", note)
    try:
        response = page.goto(url)
        assert response is not None
        assert response.status == status
        yield
        assert [text for text in complaints if "Content Security Policy" in text] == []
    finally:
        page.remove_listener("console", note)


def _note(complaints: list[str], message: ConsoleMessage) -> None:
    complaints.append(message.text)


def text_of(page: Page) -> str:
    """Return the text of a page that is shown with scripts and without them."""
    page.set_viewport_size(WIDE)
    page.evaluate(WITHOUT_SCRIPTS)
    return page.locator("main").inner_text()


@each(PAGES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    role: str, path: str, status: int, contexts: Contexts, site: Site
) -> None:
    """At 1280 px, and nothing scrolls at 320 px; each page has its one heading and its landmarks, and keeps the policy.

    At 320 px axe looks at every second address, in another language (below); at all pages where HYTE_EVERY_PAGE is set.
    One page of each address is looked at with JavaScript off too, and shows the same text. But for the fields of a
    form that follow a choice: without JavaScript all of them are shown.
    """
    url = site.url + path.format(**site.ids)
    page = contexts.page(role)
    with under_the_policy(page, url, status):
        for size in (WIDE, NARROW):
            page.set_viewport_size(size)
            assert page.evaluate("document.scrollingElement.scrollWidth") <= size["width"]
            if size == WIDE or os.environ.get("HYTE_EVERY_PAGE"):
                assert findings(page) == []
        assert page.evaluate(LANDMARKS) == [1, 1, 1, 1]
        assert page.title().split(" – ")[0].strip()
        text = text_of(page)
    assert text.strip()
    if (role, path, status) in ONE_OF_EACH:
        page = contexts.page(role, java_script_enabled=False)
        with under_the_policy(page, url, status):
            assert text_of(page) == text


@pytest.mark.parametrize(("role", "path", "language"), IN_OTHER_LANGUAGES)
def test_axe_finds_nothing_in_the_other_languages(
    role: str, path: str, language: str, contexts: Contexts, site: Site
) -> None:
    """At 320 px, where longer words would not fit; and the page says which language it is in."""
    page = contexts.page(role, language=language)
    page.set_viewport_size(NARROW)
    page.goto(site.url + path.format(**site.ids))
    assert page.locator("html").get_attribute("lang") == language
    assert page.evaluate("document.scrollingElement.scrollWidth") <= NARROW["width"]
    assert findings(page) == []


def test_two_step_sign_in_from_the_profile_to_the_next_sign_in(contexts: Contexts, site: Site) -> None:
    """Each of its pages stands the same tests, from the password asked again to the code asked at the next sign-in."""
    user = User.objects.create_user("kaksi@keski-suomi.example", PASSWORD, name="Kaksi")
    page = contexts.new("nobody", bypass_csp=True).new_page()

    def sound() -> None:
        for size in (WIDE, NARROW):
            page.set_viewport_size(size)
            assert page.evaluate("document.scrollingElement.scrollWidth") <= size["width"], page.url
            assert findings(page) == [], page.url
        assert page.locator("h1").count() == 1, page.url

    def sign_in() -> None:
        page.goto(site.url + "/tili/login/")
        page.locator("[name=login]").fill(user.email)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("main button[type=submit]").click()

    sign_in()
    page.goto(site.url + "/tili/kaksivaiheinen/totp/activate/")
    if "reauthenticate" in page.url:
        sound()
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("main button[type=submit]").click()
    code = page.locator("main input[name=code]")
    code.fill("1")
    page.locator("main form button[type=submit]").click()
    expect(page.locator(".hds-text-input--invalid")).to_be_visible()
    sound()
    secret = page.locator(".key").inner_text().strip()
    code.fill(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
    page.locator("main form button[type=submit]").click()
    expect(page.locator(".codes")).to_be_visible()
    sound()
    for path in ("", "recovery-codes/generate/", "totp/deactivate/"):
        page.goto(site.url + "/tili/kaksivaiheinen/" + path)
        sound()
    page.context.clear_cookies()
    sign_in()
    expect(page).to_have_url(re.compile("/kaksivaiheinen/authenticate/"))
    sound()
    page.context.close()


def test_skip_link_leads_past_the_menu(page_of: Callable[..., Page]) -> None:
    """It is the first thing the keyboard meets, shows itself, and moves the focus into the content."""
    page = page_of("coordinator", HOME)
    page.keyboard.press("Tab")
    link = page.locator(".skip-link")
    expect(link).to_be_focused()
    box = link.bounding_box()
    assert box is not None
    assert box["y"] >= 0
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_focus_is_visible_wherever_the_keyboard_goes(page_of: Callable[..., Page]) -> None:
    """Each stop of the tab key is outlined or shadowed."""
    page = page_of("coordinator", HOME + "yhteenvedot/{noted}/")
    seen = 0
    for _stop in range(60):
        page.keyboard.press("Tab")
        shown = page.evaluate(
            """() => {
                const at = document.activeElement;
                if (!at || at === document.body) return null;
                const style = getComputedStyle(at);
                return style.outlineStyle !== 'none' || style.boxShadow !== 'none';
            }"""
        )
        if shown is None:
            break
        assert shown, page.evaluate("document.activeElement.outerHTML")
        seen += 1
    assert seen > 20


def test_user_menu_by_keyboard(page_of: Callable[..., Page]) -> None:
    """It opens by Enter, and what is in it follows in the order of the tab key."""
    page = page_of("coordinator", HOME)
    summary = page.locator(".user-menu summary")
    summary.focus()
    expect(page.locator(".user-menu__panel")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator(".user-menu__panel")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator(".user-menu__links a").first).to_be_focused()


@pytest.mark.parametrize("javascript", [True, False])
def test_language_changes_in_place(javascript: bool, page_of: Callable[..., Page]) -> None:
    """The page stays, its language changes; and so it is on the next page."""
    page = page_of("coordinator", HOME + "kunnat/077/", java_script_enabled=javascript)
    before = page.url
    assert page.locator("html").get_attribute("lang") == "fi"
    page.locator("button[name=language][value=sv]").click()
    page.wait_for_load_state()
    assert page.url == before
    assert page.locator("html").get_attribute("lang") == "sv"
    page.locator(".site-nav a").first.click()
    assert page.locator("html").get_attribute("lang") == "sv"


def test_progress_of_a_document_comes_to_the_page(site: Site, page_of: Callable[..., Page]) -> None:
    """Its state is asked for until it is ready, and then the file is offered, without opening the page anew."""
    pk = site.ids["document_rendering"]
    with scopes_disabled():
        rows = Document.objects.filter(pk=pk)
        before = rows.values("state", "lease", "leased_until", "progress", "ready_at", "size", "sha256").get()
        page = page_of("coordinator", HOME + "asiakirjat/{document_rendering}/")
        expect(page.locator("main progress")).to_have_attribute("value", "40")
        page.evaluate("window.stayed = true")
        rows.update(progress=70)
        expect(page.locator("main progress")).to_have_attribute("value", "70")
        rows.update(
            state="ready",
            lease=None,
            leased_until=None,
            ready_at="2026-01-01T00:00Z",
            size=1,
            pages=1,
            sha256="b" * 64,
            progress=100,
        )
        expect(page.locator(f'main a[href$="/{pk}/lataa/"]')).to_be_visible()
        assert page.evaluate("window.stayed")
        # Nothing is asked any more.
        assert page.locator("[hx-trigger]").count() == 0
        rows.update(**before)


@pytest.mark.parametrize("path", ["asiakirjat/", "asiakirjat/{document_rendering}/"])
def test_progress_without_javascript_has_a_link_to_refresh(path: str, page_of: Callable[..., Page]) -> None:
    """It opens the page itself."""
    page = page_of("coordinator", HOME + path, java_script_enabled=False)
    link = page.locator("main a", has_text="Päivitä").or_(page.locator("main a", has_text="Refresh")).first
    expect(link).to_be_visible()
    url = page.url
    link.click()
    assert page.url == url


def test_error_summary_leads_to_the_field(page_of: Callable[..., Page]) -> None:
    """A form that cannot be accepted says so on top, and each error leads to its field, which tells it too."""
    page = page_of("coordinator", HOME + "yhteenvedot/{noted}/", bypass_csp=True)
    form = page.locator("#merkitse form")
    form.locator("[name=note-section]").fill("")
    form.locator("button[type=submit]").click()
    page.wait_for_load_state()
    link = page.locator('.error-summary a[href="#note-section"]')
    expect(link).to_be_visible()
    assert findings(page) == []
    link.click()
    field = page.locator("#note-section")
    expect(field).to_be_focused()
    assert field.get_attribute("aria-invalid") == "true"
    described = (field.get_attribute("aria-describedby") or "").split()
    assert "note-section_error" in described
    assert page.locator("#note-section_error").inner_text().strip()


def test_print_gives_the_content_and_not_the_chrome(page_of: Callable[..., Page]) -> None:
    """Menus and forms are left out."""
    page = page_of("coordinator", HOME + "neuvottelut/{checking}/poytakirja/")
    page.emulate_media(media="print")
    for chrome in (".site-nav", ".breadcrumb", ".site-footer", "main form >> nth=0"):
        expect(page.locator(chrome)).to_be_hidden()
    expect(page.locator("h1")).to_be_visible()
    page = page_of("coordinator", HOME + "neuvottelut/{checking}/")
    page.emulate_media(media="print")
    expect(page.locator(".agenda").first).to_be_visible()


def test_colour_of_the_county(page_of: Callable[..., Page]) -> None:
    """The header has it, from a stylesheet of the county's own."""
    colours = set()
    for role, path in (("coordinator", HOME), ("central_coordinator", "/keski-uusimaa/"), ("nobody", "/tili/login/")):
        page = page_of(role, path)
        colours.add(page.evaluate("getComputedStyle(document.querySelector('.site-header__bar')).backgroundColor"))
    assert len(colours) == 3


def test_a_list_is_filtered_and_sorted_on_a_narrow_screen_by_keyboard(page_of: Callable[..., Page]) -> None:
    """Without JavaScript: by the form alone, since the headings are out of sight there."""
    page = page_of("coordinator", HOME + "kunnat/", java_script_enabled=False)
    page.set_viewport_size(NARROW)
    # The rows come first; the form opens from its name.
    page.locator(".table-filter summary").focus()
    page.keyboard.press("Enter")
    page.locator("[name=q]").last.focus()
    page.keyboard.type("järvi")
    page.locator(".table-filter [name=jarjesta]").select_option("-asukkaita")
    page.locator(".table-filter button[type=submit]").focus()
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    rows = page.locator("tbody th")
    expect(rows).to_have_text(["Saarijärvi", "Kyyjärvi", "Kivijärvi"])
    assert "jarjesta=-asukkaita" in page.url
    page.get_by_role("link", name="Tyhjennä rajaukset").click()
    expect(rows).to_have_count(22)
    page.set_viewport_size(WIDE)
    page.get_by_role("columnheader", name="Kunta").get_by_role("link").click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Kunta")
    expect(rows.first).to_have_text("Hankasalmi")


def test_headings_out_of_sight_are_out_of_the_keyboards_way(page_of: Callable[..., Page]) -> None:
    """Where rows are cards, the links of the headings cannot be seen, and so cannot be reached."""
    page = page_of("coordinator", HOME + "kierrokset/{plan}/")
    expect(page.locator("a.table-sort").first).to_be_visible()
    page.set_viewport_size(NARROW)
    expect(page.locator("a.table-sort").first).to_be_hidden()
    page.locator(".table-filter summary").click()
    expect(page.locator(".table-filter [name=jarjesta]")).to_be_visible()


def test_a_municipality_is_dragged_to_another_group(page_of: Callable[..., Page]) -> None:
    """The choice in the list follows, as the groups follow the choice; nothing is saved before the button."""
    page = page_of("coordinator", HOME + "kierrokset/{current}/kuntaryhmat/")
    page.locator("main a[href*='/kuntaryhmat/2']").click()
    rows = page.locator("[data-group]").filter(has=page.locator("input:not([type=hidden])"))
    source, target = rows.nth(0), rows.nth(1)
    chip = source.locator(".chip").first
    pk, group = chip.get_attribute("data-municipality"), target.get_attribute("data-group")
    chip.drag_to(target)
    expect(target.locator(f'[data-municipality="{pk}"]')).to_be_visible()
    select = page.locator(f'[data-place="{pk}"] select').first
    expect(select).to_have_value(group or "")
    select.select_option("")
    expect(page.locator(f'.chip[data-municipality="{pk}"]')).to_have_count(0)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(rows.nth(0).locator(f'[data-municipality="{pk}"]')).to_be_visible()


def test_figures_are_looked_at_and_brought_in(contexts: Contexts, site: Site) -> None:
    """A file with a bad row, the one mended, and what came of it: each page stands the tests of all pages."""
    page = contexts.new("coordinator", bypass_csp=True).new_page()

    def look_at(cell: str) -> None:
        page.goto(site.url + HOME + "tuonnit/taulukko/")
        name = "Oma kysely"
        content = f"Tunnusluku;Kunta;Vuosi;Arvo\r\n{name};Joutsa;2023;..\r\n{name};Luhanka;2023;{cell}\r\n"
        file = FilePayload(name="kysely.csv", mimeType="text/csv", buffer=content.encode())
        page.locator("input[type=file]").set_input_files(file)
        page.get_by_label("Mistä luvut ovat").fill("Hyvinvointialueen kysely")
        page.get_by_role("button", name="Katso luvut").click()
        expect(page.locator("h1")).to_have_text("Lukujen esikatselu")
        sound()

    def sound() -> None:
        for size in (WIDE, NARROW):
            page.set_viewport_size(size)
            assert page.evaluate("document.scrollingElement.scrollWidth") <= size["width"], page.url
            assert findings(page) == [], page.url

    look_at("paljon")
    expect(page.locator("main tbody tr").first).to_contain_text("paljon")
    expect(page.locator("main form")).to_have_count(0)
    look_at("1 234,5")
    page.get_by_role("button", name="Tuo kaikki 2 lukua").click()
    expect(page.locator("main")).to_contain_text("Hyvinvointialueen kysely")
    sound()
    look_at("1 234,5")
    page.locator("summary", has_text="pysyvät ennallaan").click()
    sound()
    page.context.close()
