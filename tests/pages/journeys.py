"""Walking through pages as people do: by mouse on a wide or a narrow screen, or by keyboard alone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, ViewportSize, expect

PHONE = ViewportSize(width=320, height=640)
# A folder, in which each page met is kept as a picture.
RECORD = os.environ.get("HYTE_RECORD", "")
# More stops than this past the skip link, and nobody would find what they look for.
MOST_TABS = 50

# Where the focus is, seen from what is looked for: there, past it, or on another of the same several.
FOCUS = """(target) => {
    const at = document.activeElement;
    const another = at.type === 'radio' && target.type === 'radio'
        && at.name === target.name && at.form === target.form;
    const past = target.compareDocumentPosition(at) & Node.DOCUMENT_POSITION_FOLLOWING;
    return at === target || another ? 'there' : past ? 'past' : 'before';
}"""
# Whether what has the focus is on the screen, under nothing else, and marked; the mark grows for a moment.
SHOWS = """() => {
    const at = document.activeElement, style = getComputedStyle(at), box = at.getClientRects()[0];
    const isMarked = style.outlineStyle !== 'none' || !/^(none|.* 0px 0px 0px 0px)$/.test(style.boxShadow);
    const over = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
    return isMarked && [at, ...(at.labels ?? [])].some((shown) => shown.contains(over));
}"""


class Mouse:
    """Points and clicks; what is written goes in at once."""

    def __init__(self, size: ViewportSize) -> None:
        self.size = size

    def reach(self, at: Locator) -> None:
        """See that it is there to be clicked."""
        expect(at).to_be_visible()

    def press(self, at: Locator) -> None:
        """Click a link or a button."""
        at.click()

    def write(self, at: Locator, text: str) -> None:
        """Write into a field, in place of what was there. Days and times are given as the browser sends them."""
        at.fill(text)

    def choose(self, at: Locator, option: str) -> None:
        """Choose from a list that opens."""
        at.select_option(label=option)

    def tick(self, at: Locator) -> None:
        """Tick a box, or choose one of several, by its words."""
        if not at.is_checked():
            _words_of(at).click()
        expect(at).to_be_checked()

    def untick(self, at: Locator) -> None:
        """Clear a box, by its words."""
        if at.is_checked():
            _words_of(at).click()
        expect(at).not_to_be_checked()


def _words_of(box: Locator) -> Locator:
    return box.page.locator(f'label[for="{box.get_attribute("id")}"]')


class Keyboard:
    """Tab, Shift+Tab, Enter, Space, arrows and letters: nothing else is touched."""

    def __init__(self, size: ViewportSize) -> None:
        self.size = size
        # The longest way to anything, in stops of the tab key.
        self.longest = (0, "")

    def reach(self, at: Locator) -> None:
        """Move the focus to something, by the skip link where that is shorter, and see that it shows all the way."""
        target = at.element_handle()
        keyboard, tabs = at.page.keyboard, 0
        fresh = at.page.evaluate("document.activeElement === document.body")
        if fresh and target.evaluate("at => Boolean(at.closest('main'))"):
            keyboard.press("Tab")
            tabs = 1
            # A page opened at a place of its own begins from there.
            if at.page.evaluate("document.activeElement.matches('.skip-link')"):
                keyboard.press("Enter")
                expect(at.page.locator("main")).to_be_focused()
        while (where := target.evaluate(FOCUS)) != "there":
            assert tabs < MOST_TABS, f"{tabs} tabs, and not there yet: {target.evaluate('at => at.outerHTML')}"
            keyboard.press("Shift+Tab" if where == "past" else "Tab")
            tabs += 1
        at.page.wait_for_function(SHOWS, timeout=10_000)
        self.longest = max(self.longest, (tabs, f"{at.page.url} {target.evaluate('at => at.outerHTML')[:120]}"))

    def press(self, at: Locator) -> None:
        """Press Enter on the link or the button that the focus is on."""
        at.page.keyboard.press("Enter")

    def write(self, at: Locator, text: str) -> None:
        """Type into a field, in place of what was there; a list is pasted. A day is typed as 2022-09-01 would be."""
        self.reach(at)
        keyboard, kind = at.page.keyboard, at.get_attribute("type")
        if kind in ("date", "time"):
            _type_parts(at, text)
        else:
            keyboard.press("Control+A")
            if "\n" in text:
                keyboard.insert_text(text)
            else:
                keyboard.type(text)
        expect(at).to_have_value(text)

    def choose(self, at: Locator, option: str) -> None:
        """Choose from a list with the arrows, without opening it."""
        self.reach(at)
        options = at.locator("option").all_inner_texts()
        steps = options.index(option) - int(at.evaluate("at => at.selectedIndex"))
        for _step in range(abs(steps)):
            at.page.keyboard.press("ArrowDown" if steps > 0 else "ArrowUp")
        assert at.evaluate("at => at.selectedOptions[0].text") == option

    def tick(self, at: Locator) -> None:
        """Tick a box with Space; among several that exclude each other the arrows choose."""
        if at.is_checked():
            return
        self.reach(at)
        if at.get_attribute("type") == "radio":
            for _step in range(20):
                if at.evaluate("at => at === document.activeElement"):
                    break
                at.page.keyboard.press("ArrowDown")
        if not at.is_checked():
            at.page.keyboard.press("Space")
        expect(at).to_be_checked()

    def untick(self, at: Locator) -> None:
        """Clear a box with Space."""
        if at.is_checked():
            self.reach(at)
            at.page.keyboard.press("Space")
        expect(at).not_to_be_checked()


def _type_parts(at: Locator, text: str) -> None:
    """Type a day or a time part by part. In which order a browser asks for them is the affair of its own language."""
    keyboard = at.page.keyboard
    if ":" in text:
        hours, minutes = text.split(":")
        # Where the clock has 24 hours the last letter is passed over.
        keyboard.type(f"{int(hours) % 12 or 12:02}{minutes}{'P' if int(hours) > 11 else 'A'}")
        return
    year, month, day = text.split("-")
    for parts in (month + day + year, day + month + year):
        keyboard.type(parts)
        if at.input_value() == text:
            return
        for _part in range(3):
            keyboard.press("ArrowLeft")


Hand = Mouse | Keyboard


class Walker:
    """Somebody at a page, with a hand: does things by their names, and looks at what each page that follows says."""

    def __init__(self, page: Page, hand: Hand, name: str = "") -> None:
        self.page, self.hand, self.name, self.steps = page, hand, name, 0
        page.set_viewport_size(hand.size)
        self.main = page.locator("main")
        self.look()

    def look(self) -> None:
        """See that the page is one: it has its heading, and does not scroll sideways."""
        expect(self.page.locator("h1")).to_have_count(1)
        width = self.page.evaluate("document.scrollingElement.scrollWidth")
        assert width <= self.hand.size["width"], f"{self.page.url} is {width} px wide"
        if RECORD:
            self.steps += 1
            folder = Path(RECORD, self.name)
            folder.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=folder / f"{self.steps:03}.png", full_page=True)

    @contextmanager
    def leaving(self, *, refused: bool = False) -> Iterator[None]:
        """Wait for the page that follows, and look at it: a form that is refused tells first what is wrong."""
        with self.page.expect_navigation() as following:
            yield
        status = following.value.status
        assert (status == 422) if refused else (status < 400), f"{self.page.url}: {status}"
        expect(self.main.locator(".error-summary")).to_have_count(int(refused))
        self.look()

    def find(self, role: Any, name: str, within: Locator | None = None) -> Locator:
        """Return the one thing of that role and name."""
        return (within or self.main).get_by_role(role, name=_named(name))

    def field(self, label: str, within: Locator | None = None) -> Locator:
        """Return the field of that label in which one writes or chooses."""
        labelled = (within or self.main).get_by_label(_named(label))
        return labelled.and_(self.page.locator(":is(input, select, textarea):not([type=radio], [type=checkbox])"))

    def box(self, label: str, within: Locator | None = None) -> Locator:
        """Return the box of that label, or the one of several."""
        labelled = (within or self.main).get_by_label(_named(label))
        return labelled.and_(self.page.locator(":is([type=radio], [type=checkbox])"))

    def follow(self, name: str, within: Locator | None = None) -> None:
        """Go by a link."""
        at = self.find("link", name, within)
        self.hand.reach(at)
        with self.leaving():
            self.hand.press(at)

    def press(self, name: str, within: Locator | None = None, *, refused: bool = False) -> None:
        """Press a button that leads on, or back to the form with what is to be mended."""
        at = self.find("button", name, within)
        self.hand.reach(at)
        with self.leaving(refused=refused):
            self.hand.press(at)

    def write(self, label: str, text: str, within: Locator | None = None) -> None:
        """Write into the field of that label."""
        self.hand.write(self.field(label, within), text)

    def choose(self, label: str, option: str) -> None:
        """Choose in the field of that label."""
        self.hand.choose(self.field(label), option)

    def tick(self, label: str, within: Locator | None = None) -> None:
        """Tick the box of that label."""
        self.hand.tick(self.box(label, within))

    def untick(self, label: str, within: Locator | None = None) -> None:
        """Clear the box of that label."""
        self.hand.untick(self.box(label, within))

    def reads(self, *told: str, within: Locator | None = None) -> None:
        """See that the page says so."""
        for words in told:
            expect(within or self.main).to_contain_text(words)


def _named(name: str) -> re.Pattern[str]:
    """Match a name told whole, but for what is told to those alone who do not see; its beginning if it ends in dots."""
    # Words out of sight stand apart in the name.
    told = re.escape(name.removesuffix("…")).replace(":", r"\s*:")
    return re.compile(rf"^\s*{told}" + ("" if name.endswith("…") else r"\s*([:,(].*)?$"), re.DOTALL)
