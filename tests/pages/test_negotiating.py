"""Negotiations by hand in a real browser: with the scripts, without them, and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

HOME = "/keski-suomi/"
AGENDA = HOME + "neuvottelut/{month}/asialista/"


def titles(page: Page) -> list[str]:
    """Return the titles of the first part's agenda, in their order."""
    return page.locator(".making").first.locator(".making__title").all_inner_texts()


def expect_at_top(page: Page, *expected: str) -> None:
    """Wait until the first part's agenda begins with these titles, also while another page opens."""
    shown = page.locator(".making").first.locator(".making__title")
    for place, title in enumerate(expected):
        expect(shown.nth(place)).to_have_text(title, use_inner_text=True)


def test_only_the_fields_of_the_exactness_chosen_are_shown(page_of: Callable[..., Page]) -> None:
    """A day is told with its weekday and week; what is wrong is never hidden."""
    page = page_of("coordinator", HOME + "neuvottelut/uusi/")
    expect(page.locator("#id_starts")).to_be_visible()
    expect(page.locator("#id_first_month")).to_be_hidden()
    page.locator("#id_day").fill("2024-10-03")
    expect(page.locator(".field__weekday").first).to_have_text("torstaina 3.10.2024, vko 40")
    page.get_by_label("Vain kuukausi tai kuukaudet").check()
    expect(page.locator("#id_starts")).to_be_hidden()
    expect(page.locator("#id_first_month")).to_be_visible()
    page.get_by_role("button", name="Lisää neuvottelu").click()
    expect(page.locator("#id_first_month_error")).to_be_visible()


def test_the_agenda_is_put_in_order_by_keyboard_and_by_drag(page_of: Callable[..., Page]) -> None:
    """The focus stays on the button; a drag is saved by the same form."""
    page = page_of("coordinator", AGENDA)
    first, second, third, *_rest = titles(page)
    down = page.locator(".making").first.get_by_role("button", name=f"Siirrä alas: {first}")
    down.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("suunta=down"))
    expect_at_top(page, second, first, third)
    expect(down).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".messages")).to_contain_text(first)
    expect_at_top(page, second, third, first)
    handle = page.locator(".making").first.locator(".making__handle").nth(2)
    start, end = handle.bounding_box(), page.locator(".making__item").first.bounding_box()
    assert start and end
    page.mouse.move(start["x"] + 8, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(start["x"] + 8, end["y"] + 40, steps=5)
    page.mouse.move(start["x"] + 8, end["y"] + 2, steps=5)
    with page.expect_navigation():
        page.mouse.up()
    expect_at_top(page, first, second, third)


def test_an_item_removed_is_brought_back_without_javascript(page_of: Callable[..., Page]) -> None:
    """The page that follows offers it."""
    page = page_of("coordinator", AGENDA, java_script_enabled=False)
    before = titles(page)
    page.get_by_role("button", name=re.compile(f"^Poista.*{before[1]}")).click()
    assert titles(page) == [before[0], *before[2:]]
    page.get_by_role("button", name="Kumoa").click()
    assert titles(page) == before


def test_parties_are_found_and_ticked(page_of: Callable[..., Page]) -> None:
    """A group at once, and an organisation by a part of its name."""
    page = page_of("coordinator", HOME + "neuvottelut/{month}/osapuolet/")
    page.get_by_role("button", name="Valitse ryhmän kunnat").first.click()
    group = page.locator(".ticks").first
    assert group.locator("input:checked").count() == group.locator("input").count()
    expect(group.locator("input").first).to_be_focused()
    page.get_by_label("Etsi luettelosta").fill("liikunta")
    expect(page.get_by_label("Keski-Suomen Liikunta")).to_be_visible()
    expect(page.get_by_label("Keski-Suomen liitto")).to_be_hidden()
    page.get_by_label("Etsi luettelosta").fill("ei sellaista ole")
    expect(page.get_by_text("Haulla ei löydy mitään.")).to_be_visible()
    page.get_by_role("button", name="Tallenna osapuolet").last.click()
    expect(page.locator(".messages")).to_contain_text("lisätty")


def test_a_negotiation_from_nothing_to_held_without_javascript(page_of: Callable[..., Page]) -> None:
    """Made outside any round, with its parties and its agenda, invited, and marked as held."""
    page = page_of("coordinator", HOME + "neuvottelut/uusi/", java_script_enabled=False)
    page.get_by_label("Neuvottelun nimi").fill("Jatkuva neuvottelu")
    page.get_by_label("Laki sosiaali- ja terveydenhuollon").check()
    page.locator("#id_day").fill("2026-10-01")
    page.locator("#id_starts").fill("09:00")
    page.locator("#id_ends").fill("11:00")
    page.get_by_role("button", name="Lisää neuvottelu").click()
    page.get_by_role("link", name="Lisää osapuolet").click()
    page.get_by_label("Joutsa", exact=True).check()
    page.get_by_label("Uudet järjestöt tai muut tahot").fill("Joutsan Marttayhdistys")
    page.get_by_label("Mitä ne ovat").select_option("organisation")
    page.get_by_role("button", name="Tallenna osapuolet").last.click()
    page.get_by_role("link", name="Muokkaa asialistaa").click()
    page.get_by_role("button", name="Ota pohjaksi vakioasialista").click()
    page.get_by_role("link", name="Valmis: palaa neuvotteluun").click()
    page.get_by_role("button", name="Kutsu osapuolet").click()
    page.get_by_role("link", name="Merkitse pidetyksi").click()
    page.get_by_label("Joutsan Marttayhdistys").check()
    page.get_by_role("button", name="Merkitse pidetyksi").click()
    expect(page.locator(".state").first).to_have_text("Pidetty")
    expect(page.get_by_role("link", name="Aloita pöytäkirja")).to_be_visible()
    page.get_by_role("link", name="Tapahtumat").click()
    expect(page.locator(".log")).to_contain_text("merkitsi neuvottelun pidetyksi")
