"""The rule of the times in a browser: the calendar follows what is written, rows come and go, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect


def test_the_calendar_follows_as_one_writes(page_of: Callable[..., Page]) -> None:
    """Half a word does not empty it; an answer given stays; rows are added and removed; a draft comes back whole."""
    page = page_of("coordinator", "/keski-suomi/kierrokset/{plan}/ajat/")
    preview, summary = page.locator("[data-preview-here]"), page.locator("[data-summary]")
    expect(summary).to_have_text("26 aikaa, 22 kuntaa, 4 varalla")

    page.get_by_label("Viimeinen viikko").fill("47/2023")
    expect(summary).to_have_text("24 aikaa, 22 kuntaa, 2 varalla")
    expect(page.get_by_role("status").first).to_have_text("24 aikaa, 22 kuntaa, 2 varalla")

    page.get_by_label("Kellonajat").fill("8.15–")
    expect(preview.locator("[data-wrong]")).to_contain_text("Anna alku ja loppu")
    expect(summary).to_be_visible()
    page.get_by_label("Kellonajat").fill("8.15–12.00")
    expect(preview.locator("[data-wrong]")).to_have_count(0)

    page.get_by_role("button", name="Esikatsele").click()
    expect(preview).to_be_focused()

    # A row is added, its fields follow the kind, and the negotiation of that day is asked of.
    rows = page.locator("[data-row]")
    page.get_by_role("button", name="Lisää rivi").click()
    expect(rows).to_have_count(3)
    last = rows.nth(2)
    expect(last.get_by_label("Miten päivä poikkeaa")).to_be_focused()
    last.get_by_label("Miten päivä poikkeaa").select_option("off")
    expect(last.get_by_label("Kellonaika, jos ei tavallinen")).to_be_hidden()
    last.get_by_label("Päivä", exact=True).fill("2023-09-07")
    keep = page.get_by_role("group", name="Jyväskylä").get_by_label("Pidetään nykyinen aika")
    keep.check()
    last.get_by_label("Syy").fill("Messut")
    expect(preview).to_contain_text("Messut")
    expect(keep).to_be_checked()

    # The tab is opened again, and the draft has a row that the page has not.
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Palauta teksti").click()
    expect(rows).to_have_count(3)
    expect(rows.nth(2).get_by_label("Syy")).to_have_value("Messut")
    expect(summary).to_have_text("23 aikaa, 22 kuntaa, 1 varalla")

    rows.nth(2).get_by_role("button", name="Poista rivi").click()
    expect(rows).to_have_count(2)
    expect(summary).to_have_text("24 aikaa, 22 kuntaa, 2 varalla")
