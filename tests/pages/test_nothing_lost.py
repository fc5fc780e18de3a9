"""Nothing that was typed is lost: leaving warns, a failed save keeps the text, two editors see both versions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from django.conf import settings
from django.db import OperationalError
from playwright.sync_api import Dialog, Locator, Page, Request, expect

from negotiations.demo.users import PASSWORD
from tests.pages.conftest import ROLES, Site

HOME = "/keski-suomi/"
ITEM = HOME + "asiakohdat/{item}/"
NEGOTIATION = HOME + "neuvottelut/{month}/"
FEEDBACK = HOME + "kierrokset/{current}/palaute/"


def background(page: Page) -> Locator:
    """Return the field of the item in which one writes at length."""
    return page.get_by_label("Tausta (vapaaehtoinen)")


def save(page: Page) -> None:
    """Press the button of the form."""
    page.locator("form[data-guard] .hds-button--primary").click()


def drafts(page: Page) -> int:
    """Return how many drafts the tab keeps, once the scripts of the page have run."""
    page.wait_for_load_state("load")
    return int(page.evaluate("Object.keys(sessionStorage).filter(key => key.startsWith('hyte-draft:')).length"))


def offer(page: Page) -> Locator:
    """Return the offer of a text that was not saved."""
    return page.locator(".draft")


@contextmanager
def asked(page: Page, *, leave: bool = False) -> Iterator[list[str]]:
    """Note the dialogs that the browser shows meanwhile, and answer each: stay, or leave."""
    seen: list[str] = []

    def answer(dialog: Dialog) -> None:
        seen.append(dialog.type)
        if leave:
            dialog.accept()
        else:
            dialog.dismiss()

    page.on("dialog", answer)
    yield seen
    page.remove_listener("dialog", answer)


def test_leaving_unsaved_text_warns(page_of: Callable[..., Page]) -> None:
    """Not when nothing was changed, nor when it was changed back; and who stays has the text."""
    page = page_of("coordinator", ITEM)
    away = page.get_by_role("link", name="Peruuta ja palaa")
    before = background(page).input_value()
    background(page).fill(before + " Lisää.")
    with asked(page) as seen:
        away.click()
        expect(background(page)).to_have_value(before + " Lisää.")
        assert seen == ["beforeunload"]
    background(page).fill(before)
    with asked(page) as seen:
        away.click()
        page.wait_for_url("**/asialista/**")
        assert seen == []


def test_saving_does_not_warn_and_leaves_no_draft(page_of: Callable[..., Page], site: Site) -> None:
    """Wherever saving leads: to a page with forms or to one without. What the server tidied is not offered back."""
    for path, label in ((ITEM, "Tausta"), (NEGOTIATION + "muokkaa/", "Mitä varten neuvotellaan")):
        page = page_of("coordinator", path)
        page.get_by_label(label).fill("  Puhutaan nuorista.  ")
        with asked(page) as seen:
            save(page)
            expect(page.locator(".messages")).to_contain_text("tallennettu")
            assert seen == []
        assert drafts(page) == 0
        page.goto(site.url + path.format(**site.ids))
        expect(page.get_by_label(label)).to_have_value("Puhutaan nuorista.")
        expect(offer(page)).to_have_count(0)


def test_who_left_all_the_same_gets_the_text_back(page_of: Callable[..., Page], site: Site) -> None:
    """It is offered, and it is not forced on anyone."""
    page = page_of("coordinator", ITEM)
    before = background(page).input_value()
    background(page).fill("Kesken jäänyt lause")
    with asked(page, leave=True) as seen:
        page.get_by_role("link", name="Peruuta ja palaa").click()
        page.wait_for_url("**/asialista/**")
        assert seen == ["beforeunload"]
    page.goto(site.url + ITEM.format(**site.ids))
    expect(offer(page)).to_contain_text("jäi viimeksi tallentamatta")
    expect(background(page)).to_have_value(before)
    offer(page).get_by_role("button", name="Palauta teksti").click()
    expect(background(page)).to_have_value("Kesken jäänyt lause")
    expect(offer(page)).to_have_count(0)
    with asked(page, leave=True):
        page.reload()
    offer(page).get_by_role("button", name="Hylkää teksti").click()
    expect(background(page)).to_have_value(before)
    page.reload()
    expect(offer(page)).to_have_count(0)


def test_a_draft_leaves_alone_what_has_come_to_the_page_since(page_of: Callable[..., Page], site: Site) -> None:
    """A field that the draft knows nothing of keeps what the server gave it: it is not emptied, and so saved empty."""
    page = page_of("coordinator", ITEM)
    title = page.get_by_label("Asia", exact=True)
    before = title.input_value()
    assert before
    background(page).fill("Kesken jäänyt lause")
    page.evaluate(
        """() => {
            const key = Object.keys(sessionStorage).find((key) => key.startsWith("hyte-draft:"));
            const kept = JSON.parse(sessionStorage.getItem(key)).filter(([name]) => name !== "title");
            sessionStorage.setItem(key, JSON.stringify(kept));
        }"""
    )
    with asked(page, leave=True):
        page.reload()
    offer(page).get_by_role("button", name="Palauta teksti").click()
    expect(background(page)).to_have_value("Kesken jäänyt lause")
    expect(title).to_have_value(before)


@pytest.mark.parametrize("back", [True, False], ids=["back", "anew"])
def test_a_save_that_failed_keeps_the_text(back: bool, page_of: Callable[..., Page], site: Site) -> None:
    """The database is away: whether one goes back or opens the page anew, the text is there, and not yet saved."""
    page = page_of("coordinator", ITEM)
    text = f"Kirjoitettu ennen katkosta, {back}"
    background(page).fill(text)
    with patch("municipalities.views.editing.locked", side_effect=OperationalError("the connection is lost")):
        save(page)
        expect(page.locator("h1")).to_have_text("Palvelu ei ole juuri nyt käytettävissä")
    if back:
        page.go_back()
    else:
        page.goto(site.url + ITEM.format(**site.ids))
        offer(page).get_by_role("button", name="Palauta teksti").click()
    expect(background(page)).to_have_value(text)
    with asked(page) as seen:
        page.get_by_role("link", name="Peruuta ja palaa").click()
        expect(background(page)).to_have_value(text)
        assert seen == ["beforeunload"]
    save(page)
    expect(page.locator(".messages")).to_contain_text("Asiakohta on tallennettu.")
    assert drafts(page) == 0


def test_a_session_that_ended_meanwhile_keeps_the_text(page_of: Callable[..., Page], site: Site) -> None:
    """One has signed out in another tab; the page to sign in leads back to the form, which offers the text."""
    page = page_of("nobody", ITEM)
    _sign_in(page)
    background(page).fill("Kirjoitettu ennen uloskirjautumista")
    other = page.context.new_page()
    other.goto(site.url + "/tili/logout/")
    other.locator("main form button[type=submit]").click()
    other.wait_for_url(lambda url: "logout" not in url)
    save(page)
    _sign_in(page)
    page.wait_for_url("**/asiakohdat/**")
    offer(page).get_by_role("button", name="Palauta teksti").click()
    expect(background(page)).to_have_value("Kirjoitettu ennen uloskirjautumista")
    save(page)
    expect(page.locator(".messages")).to_contain_text("Asiakohta on tallennettu.")
    assert drafts(page) == 0


def test_a_session_that_ended_meanwhile_leads_back_to_the_button(page_of: Callable[..., Page], site: Site) -> None:
    """What the button sends to is no page: one is led to where the button is, and told that nothing was changed."""
    page = page_of("nobody", HOME + "neuvottelut/{month}/asialista/")
    _sign_in(page)
    page.wait_for_url("**/asialista/")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.locator("form[action*='asiakohdat']").first.locator("button[type=submit]").first.click()
    expect(page.locator(".messages")).to_contain_text("mitään ei muutettu")
    _sign_in(page)
    page.wait_for_url("**/asialista/")
    expect(page.locator("main form[action*='asiakohdat']").first).to_be_attached()


def _sign_in(page: Page) -> None:
    page.get_by_label("Sähköposti").fill(ROLES["coordinator"])
    page.get_by_label("Salasana").fill(PASSWORD)
    page.locator("main form button[type=submit]").click()


def test_two_editors_see_both_versions(page_of: Callable[..., Page], site: Site) -> None:
    """The second chooses; what only the first has changed stays as the first has it."""
    first, second = page_of("coordinator", ITEM), page_of("coordinator", ITEM)
    background(first).fill("Ensimmäisen tausta")
    first.get_by_label("Asia", exact=True).fill("Ensimmäisen otsikko")
    save(first)
    expect(first.locator(".messages")).to_contain_text("Asiakohta on tallennettu.")
    background(second).fill("Toisen tausta")
    save(second)
    expect(second.locator(".conflict")).to_contain_text("Ensimmäisen tausta")
    expect(background(second)).to_have_value("Toisen tausta")
    expect(second.locator(".error-summary")).to_be_visible()
    # Leaving now would lose what is in the form.
    with asked(second) as seen:
        second.get_by_role("link", name="Peruuta ja palaa").click()
        expect(background(second)).to_be_visible()
        assert seen == ["beforeunload"]
    background(second).fill("Ensimmäisen ja toisen tausta")
    save(second)
    expect(second.locator(".messages")).to_contain_text("Asiakohta on tallennettu.")
    first.goto(site.url + ITEM.format(**site.ids))
    expect(background(first)).to_have_value("Ensimmäisen ja toisen tausta")
    expect(first.get_by_label("Asia", exact=True)).to_have_value("Ensimmäisen otsikko")
    expect(offer(first)).to_have_count(0)


def test_a_double_click_saves_once(page_of: Callable[..., Page], site: Site) -> None:
    """And the form opened again is empty: nothing is offered that was saved."""
    page = page_of("coordinator", FEEDBACK)
    sent: list[str] = []

    def note(request: Request) -> None:
        if request.method == "POST":
            sent.append(request.url)

    page.on("request", note)
    page.get_by_label("Päivä").fill("2026-01-12")
    page.get_by_label("Tilaisuus").fill("Palautekeskustelu")
    page.get_by_label("Mitä sanottiin").fill("Kahdesti napsautettu palaute")
    page.locator("form[data-guard] .hds-button--primary").dblclick()
    page.wait_for_url("**/tyopajat/**")
    page.reload()
    expect(page.get_by_text("Kahdesti napsautettu palaute")).to_have_count(1)
    assert len(sent) == 1
    page.goto(site.url + FEEDBACK.format(**site.ids))
    expect(page.get_by_label("Tilaisuus")).to_have_value("")
    expect(offer(page)).to_have_count(0)


GRID = "/keski-suomi/kierrokset/{current}/osallistujat/"


def test_unsaved_counts_are_not_left_by_sorting_and_a_file_may_be_had_meanwhile(page_of: Callable[..., Page]) -> None:
    """A link that sorts leaves the page, and warns; a file does not."""
    page = page_of("coordinator", GRID)
    field = page.locator(".entering--grid input[type=text], .entering--grid input[type=number]").first
    field.fill("77")
    with asked(page) as seen:
        with page.expect_download() as download:
            page.locator(".table-tools__files a").first.click()
        assert download.value.suggested_filename.endswith((".xlsx", ".csv"))
        assert seen == []
        page.locator(".entering--grid thead a").first.click()
        expect(field).to_have_value("77")
        assert seen == ["beforeunload"]
