"""Minutes in a real browser: written by keyboard alone, and entered quickly on a phone without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.pages.conftest import NARROW, Site

HOME = "/keski-suomi/"


def test_an_item_after_the_other_by_keyboard(page_of: Callable[..., Page], site: Site) -> None:
    """One types, tabs to the first button and goes on; the keyboard is in the next item's first field."""
    page = page_of("coordinator", HOME + "asiakohdat/{draft_item}/poytakirja/")
    first = page.url
    expect(page.locator("#id_discussion")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("Keskusteltiin näppäimistöllä.")
    for _field in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url != first)
    expect(page.locator("#id_discussion")).to_be_focused()
    page.goto(site.url + HOME + f"neuvottelut/{site.ids['draft']}/poytakirja/")
    expect(page.locator(f"#kohta-{site.ids['draft_item']}")).to_contain_text("Keskusteltiin näppäimistöllä.")


def test_what_was_removed_comes_back_by_keyboard(page_of: Callable[..., Page], site: Site) -> None:
    """The button is offered before all else on the page."""
    page = page_of("coordinator", HOME + "neuvottelut/{draft}/poytakirja/")
    measure = page.locator(f"#toimenpide-{site.ids['draft_measure']}")
    text = measure.locator("p").first.inner_text()
    measure.locator("button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main [role=status]")).to_contain_text(text)
    expect(page.locator(".measure", has_text=text)).to_have_count(0)
    page.locator("main [role=status] button").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".measure", has_text=text)).to_have_count(1)


def test_quick_minutes_on_a_phone_without_javascript(page_of: Callable[..., Page], site: Site) -> None:
    """Five things, one button."""
    page = page_of("coordinator", HOME + "neuvottelut/{planned}/pikapoytakirja/", java_script_enabled=False)
    page.set_viewport_size(NARROW)
    page.locator("[name=count_municipality]").fill("5")
    for box in page.locator("[name^=agreed_]").all():
        box.fill("Jatketaan yhteistyötä.")
    page.locator("[name=measures]").fill("Tehdään; Keski-Suomen liitto; 31.3.2024\nKokeillaan")
    page.locator("form.form--edit button[type=submit]").click()
    # The second line names nobody: it is told, and what was typed stays.
    link = page.locator('.error-summary a[href="#id_measures"]')
    expect(link).to_be_visible()
    expect(page.locator("[name=count_municipality]")).to_have_value("5")
    page.locator("[name=owner]").select_option("county")
    page.locator("form.form--edit button[type=submit]").click()
    page.wait_for_url(lambda url: url.endswith("/poytakirja/"))
    for told in ("Jatketaan yhteistyötä.", "Tehdään", "Kokeillaan"):
        expect(page.get_by_text(told).first).to_be_visible()
