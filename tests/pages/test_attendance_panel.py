"""In a browser: attendance marked by keyboard, also while the connection is away; minutes pasted from Word."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

PANEL = "/keski-suomi/neuvottelut/{convened}/istunto/lasnaolo/"
# As Word puts it on the clipboard: its bullet is in the text, and says so.
FROM_WORD = """<html><head><style>p {}</style></head><body><h1>14 §:n neuvottelu</h1><h2>2 § Nuorten palvelut</h2>
<p class="MsoNormal">Puhuttiin
kouluista.</p><p class="MsoListParagraph" style="mso-list:l0 level1 lfo1"><span style="mso-list:Ignore">·</span>yksi</p>
<ul><li><p>kaksi</p></li></ul><table><tr><td><p>solu</p></td><td>toinen</td></tr></table>
<script>alert(1)</script><p>Päätös: <b>Jatketaan</b>.</p></body></html>"""
AS_TEXT = (
    "# 14 §:n neuvottelu\n## 2 § Nuorten palvelut\nPuhuttiin kouluista.\n- yksi\n- kaksi\nsolu | toinen"
    "\nPäätös: Jatketaan."
)


def test_marks_are_made_by_keyboard_and_kept_while_the_connection_is_away(page_of: Callable[..., Page]) -> None:
    """A key marks and goes to the next one; what waits is said, and sent once the connection is back."""
    page = page_of("coordinator", PANEL)
    counts, waiting = page.locator(".here__counts"), page.locator("[data-waiting-line]")
    expect(counts).to_contain_text("0 läsnä")
    page.locator("[data-row] [name=mark]").first.focus()
    for key in ("l", "e", "p"):
        page.keyboard.press(key)
    expect(counts).to_contain_text("2 läsnä, joista 1 etänä · 1 poissa")
    assert page.evaluate("document.activeElement.closest('[data-row]') === document.querySelectorAll('[data-row]')[3]")
    page.context.set_offline(True)
    page.keyboard.press("l")
    expect(waiting).to_contain_text("Ei yhteyttä")
    expect(page.locator("[data-row]").nth(3).locator("[aria-pressed=true]")).to_have_text("Läsnä")
    page.context.set_offline(False)
    expect(counts).to_contain_text("3 läsnä", timeout=10_000)
    expect(waiting).to_be_empty()
    # From the field in which one seeks the keys lead to whom one has found.
    page.locator("[data-find] input").focus()
    page.keyboard.type("koordinaattori")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.closest('[data-row]:not([hidden])') !== null")
    assert page.locator("[data-find] input").input_value() == "koordinaattori"


def test_what_is_pasted_from_word_keeps_its_headings_and_lists(page_of: Callable[..., Page]) -> None:
    """As plain lines: nothing of the HTML comes into the page."""
    page = page_of("coordinator", "/keski-suomi/neuvottelut/{draft}/poytakirja/liita/")
    page.evaluate(
        """html => {
            const field = document.querySelector("[data-paste]");
            const data = new DataTransfer();
            data.setData("text/html", html);
            field.focus();
            field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        FROM_WORD,
    )
    expect(page.locator("[data-paste]")).to_have_value(AS_TEXT)
