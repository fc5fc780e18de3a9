"""Each page by role in a real browser: what axe finds, 320 px, without JavaScript, by keyboard, under the policy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import ConsoleMessage, Page, expect

from municipalities.models import Document
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
    ("administrator", "/", 200),
    ("administrator", "/keski-suomi/", 404),
    ("coordinator", HOME, 200),
    ("coordinator", HOME + "kierrokset/", 200),
    ("coordinator", HOME + "kierrokset/{plan}/", 200),
    ("coordinator", HOME + "kierrokset/{groups}/", 200),
    ("coordinator", HOME + "kierrokset/{current}/", 200),
    ("coordinator", HOME + "kierrokset/{plan}/aikataulu/", 200),
    ("coordinator", HOME + "kierrokset/{groups}/aikataulu/", 200),
    ("coordinator", HOME + "kierrokset/{plan}/kuntaryhmat/", 200),
    ("coordinator", HOME + "kierrokset/{groups}/kuntaryhmat/", 200),
    ("coordinator", HOME + "kierrokset/{groups}/tyopajat/", 200),
    ("coordinator", HOME + "kierrokset/{plan}/tyopajat/", 200),
    ("coordinator", HOME + "neuvottelut/{planned}/", 200),
    ("coordinator", HOME + "neuvottelut/{held}/", 200),
    ("coordinator", HOME + "neuvottelut/{draft}/", 200),
    ("coordinator", HOME + "neuvottelut/{checking}/", 200),
    ("coordinator", HOME + "neuvottelut/{month}/", 200),
    ("coordinator", HOME + "kunnat/", 200),
    ("coordinator", HOME + "kunnat/077/", 200),
    ("coordinator", HOME + "asiakirjat/", 200),
    ("coordinator", HOME + "asiakirjat/{document_ready}/", 200),
    ("coordinator", HOME + "asiakirjat/{document_failed}/", 200),
    ("coordinator", HOME + "asiakirjat/{document_rendering}/", 200),
    ("coordinator", HOME + "asiakirjat/{document_queued}/", 200),
    ("coordinator", HOME + "yhteenvedot/", 200),
    ("coordinator", HOME + "yhteenvedot/{noted}/", 200),
    ("coordinator", HOME + "yhteenvedot/{unfrozen}/", 200),
    ("coordinator", HOME + "ei-ole/", 404),
    ("coordinator", HOME + "kierrokset/0/", 404),
    ("coordinator", "/tili/password/change/", 200),
    ("coordinator", "/tili/email/", 200),
    ("coordinator", "/tili/logout/", 200),
    ("central_coordinator", "/keski-uusimaa/kierrokset/{region}/aikataulu/", 200),
    ("central_coordinator", "/keski-uusimaa/neuvottelut/{two}/", 200),
    ("editor", HOME, 200),
    ("editor", HOME + "kierrokset/{current}/", 200),
    ("editor", HOME + "neuvottelut/{checking}/", 200),
    ("editor", HOME + "kunnat/172/", 200),
    ("reader", HOME, 200),
    ("reader", HOME + "kierrokset/{groups}/", 200),
    ("reader", HOME + "yhteenvedot/", 200),
    ("reader", HOME + "kunnat/172/", 200),
    ("board_member", HOME, 200),
    ("board_member", HOME + "yhteenvedot/", 200),
    ("board_member", HOME + "yhteenvedot/{noted}/", 200),
    ("board_member", HOME + "asiakirjat/", 200),
    ("board_member", HOME + "kierrokset/", 403),
]
EVERY = pytest.mark.parametrize(("role", "path", "status"), PAGES, ids=[f"{role}:{path}" for role, path, _ in PAGES])


def findings(page: Page) -> list[str]:
    """Return what axe finds, one line a rule with the first place."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{rule['id']}: {rule['nodes'][0]['html']} {rule['nodes'][0]['failureSummary']}" for rule in found]


@EVERY
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    role: str, path: str, status: int, contexts: Contexts, site: Site
) -> None:
    """At 1280 px and at 320 px; and each page has its one heading and its landmarks."""
    # axe is put into the page, which the policy of the page would refuse.
    page = contexts.shared(role, bypass_csp=True).new_page()
    response = page.goto(site.url + path.format(**site.ids))
    assert response is not None
    assert response.status == status
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        assert page.evaluate("document.scrollingElement.scrollWidth") <= size["width"]
        assert findings(page) == []
    for landmark in ("main", "body > header", "body > footer", "h1"):
        assert page.locator(landmark).count() == 1, landmark
    assert page.title().split(" – ")[0].strip()
    page.close()


@EVERY
def test_the_policy_is_kept_and_javascript_adds_no_content(
    role: str, path: str, status: int, contexts: Contexts, site: Site
) -> None:
    """The browser reports nothing refused by the policy, and shows the same text with JavaScript off."""
    texts = []
    for javascript in (True, False):
        page = contexts.shared(role, java_script_enabled=javascript).new_page()
        complaints: list[str] = []
        page.on("console", partial(_note, complaints))
        page.goto(site.url + path.format(**site.ids), wait_until="load")
        texts.append(page.locator("main").inner_text())
        assert [text for text in complaints if "Content Security Policy" in text] == []
        page.close()
    assert texts[0] == texts[1]
    assert texts[0].strip()


def _note(complaints: list[str], message: ConsoleMessage) -> None:
    complaints.append(message.text)


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
    page = page_of("coordinator", HOME + "neuvottelut/{checking}/")
    page.emulate_media(media="print")
    for chrome in (".site-nav", ".breadcrumb", ".site-footer", "main form >> nth=0"):
        expect(page.locator(chrome)).to_be_hidden()
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".agenda").first).to_be_visible()


def test_colour_of_the_county(page_of: Callable[..., Page]) -> None:
    """The header has it, from a stylesheet of the county's own."""
    colours = set()
    for role, path in (("coordinator", HOME), ("central_coordinator", "/keski-uusimaa/"), ("nobody", "/tili/login/")):
        page = page_of(role, path)
        colours.add(page.evaluate("getComputedStyle(document.querySelector('.site-header__bar')).backgroundColor"))
    assert len(colours) == 3
