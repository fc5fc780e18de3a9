"""A workshop in real browsers: phones post, the board shows it within seconds, a phone without connection keeps it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import uuid4

import httpx
import pytest
from django_scopes import scope
from playwright.sync_api import Page, Route, ViewportSize, expect

from municipalities.models import County, Municipality
from negotiations.models import Observation, WorkshopNote
from negotiations.sitting.workshop_day.grouping import add_heading
from negotiations.sitting.workshop_day.opening import close_workshop
from tests.negotiations.workshops import Day, make_day
from tests.pages.conftest import NARROW, WIDE, Contexts, Site
from tests.pages.test_browser import findings

COUNTY = "keski-suomi"
PHONE = ViewportSize(width=390, height=844)
# Within this a note is on the board.
SOON = 5_000
PHONES, NOTES_EACH = 80, 3


@pytest.fixture
def day(contexts: Contexts, site: Site) -> Iterator[Day]:
    """A workshop of its own in the demo, inside the scope."""
    county = County.objects.get(slug=COUNTY)
    with scope(county=county):
        place = Municipality.objects.filter(county=county).order_by("area__order")[:1]
        yield make_day(list(place), by=None)


def board_of(day: Day) -> str:
    """Return the address of the board."""
    return f"/{COUNTY}/neuvottelut/{day.negotiation.pk}/tyopaja/taulu/"


def join(page_of: Callable[..., Page], day: Day, **options: object) -> Page:
    """Return a phone that has joined the first group by the code."""
    page = page_of("nobody", "/tyopaja/", **options)
    page.set_viewport_size(PHONE)
    page.get_by_label("Kirjoita koodi, joka on seinällä").fill((day.workshop.code or "").lower())
    page.get_by_role("button", name="Jatka").click()
    page.get_by_role("link", name="Ryhmä 1").click()
    expect(page.get_by_role("heading", name="Ryhmä 1")).to_be_visible()
    return page


def write(page: Page, text: str, column: str = "Ilmiöt") -> None:
    """Write a note on a phone and send it."""
    field = page.get_by_label(f"Lappusi: {column}", exact=True)
    field.fill(text)
    page.locator(".write").filter(has=field).get_by_role("button").click()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_phone_posts_and_the_board_shows_it_within_seconds(
    javascript: bool, day: Day, page_of: Callable[..., Page]
) -> None:
    """With the group's name, on a board that is open already; what one types there stays."""
    board = page_of("coordinator", board_of(day))
    heading = board.get_by_label("Uusi otsikko: Ilmiöt")
    heading.fill("Kesken kirjoittamisen")
    phone = join(page_of, day, java_script_enabled=javascript)
    write(phone, "Yksinäisyys <b>lisääntyy</b>")
    expect(phone.get_by_text("Lähetetty taululle.")).to_be_visible()
    expect(phone.locator(".note__text")).to_have_text("Yksinäisyys <b>lisääntyy</b>")
    note = board.locator(".wnote")
    expect(note).to_contain_text("Yksinäisyys <b>lisääntyy</b>", timeout=SOON)
    expect(note).to_contain_text("Ryhmä 1")
    expect(heading).to_have_value("Kesken kirjoittamisen")
    expect(heading).to_be_focused()
    assert not phone.context.cookies()
    phone.get_by_role("button", name="Ota takaisin").click()
    expect(phone.locator(".note")).to_have_count(0)
    expect(note).to_have_count(0, timeout=SOON)
    phone.get_by_role("button", name="Näytä se taas").click()
    expect(note).to_have_count(1, timeout=SOON)


def test_a_phone_without_connection_keeps_its_notes_and_sends_each_once(day: Day, page_of: Callable[..., Page]) -> None:
    """Also over a reload that fails half way; one whose answer was lost is not had twice."""
    phone = join(page_of, day)
    phone.context.set_offline(True)
    write(phone, "Ensimmäinen")
    write(phone, "Toinen", "Toimenpiteet")
    expect(phone.get_by_text("Yhteys on poikki.")).to_be_visible()
    expect(phone.get_by_text("Odottaa lähettämistä")).to_have_count(2)
    assert not WorkshopNote.objects.filter(workshop=day.workshop).exists()
    phone.context.set_offline(False)
    expect(phone.get_by_text("Odottaa lähettämistä")).to_have_count(0, timeout=3 * SOON)
    lost: list[str] = []

    def lose_the_answer(route: Route) -> None:
        # The server has the note; the phone does not hear of it.
        if not lost:
            lost.append(route.request.url)
            route.fetch()
            route.abort()
        else:
            route.continue_()

    phone.route("**/laput/", lose_the_answer)
    write(phone, "Kolmas")
    expect(phone.locator(".note--waiting")).to_have_count(1)
    phone.reload()
    expect(phone.locator(".note--waiting")).to_have_count(0, timeout=3 * SOON)
    assert lost
    texts = WorkshopNote.objects.filter(workshop=day.workshop).values_list("text", flat=True)
    assert Counter(texts) == {"Ensimmäinen": 1, "Toinen": 1, "Kolmas": 1}
    expect(phone.locator(".note")).to_have_count(3)


def test_a_phone_whose_workshop_was_closed_says_so_and_keeps_the_text(day: Day, page_of: Callable[..., Page]) -> None:
    """And leads back to joining."""
    phone = join(page_of, day)
    close_workshop(day.workshop, by=None)
    write(phone, "Liian myöhään")
    expect(phone.get_by_text("Työpaja on suljettu, tai sillä on uusi koodi.")).to_be_visible()
    expect(phone.locator(".note--waiting")).to_contain_text("Liian myöhään")
    phone.get_by_role("link", name="Liity koodilla").click()
    expect(phone.get_by_label("Kirjoita koodi, joka on seinällä")).to_be_visible()


def test_notes_are_dragged_chosen_marked_and_undone(day: Day, page_of: Callable[..., Page]) -> None:
    """With the mouse under a heading, several with the bar by keyboard; another's note comes meanwhile."""
    heading = add_heading(day.workshop, day.columns[0].pk, "Arki", by=None)
    first, second = day.note("Ensimmäinen"), day.note("Toinen")
    page = page_of("coordinator", board_of(day))
    page.set_viewport_size(ViewportSize(width=1440, height=1200))
    under = page.locator(f"[data-place='{day.columns[0].pk}.{heading.pk}']")
    page.locator(f"#lappu-{first.pk} .wnote__text").drag_to(under)
    expect(under.locator(".wnote__text")).to_have_text(["Ensimmäinen"])
    page.locator("[data-take-back]").click()
    expect(under.locator(".wnote")).to_have_count(0)
    for note in (first, second):
        tick = page.locator(f"#lappu-{note.pk} input")
        tick.focus()
        page.keyboard.press("Space")
    expect(page.locator("[data-chosen]")).to_have_text("2 lappua valittu")
    day.note("Kolmas", group=1)
    expect(page.locator(".wnote")).to_have_count(3, timeout=SOON)
    # What was chosen still is.
    expect(page.locator("[data-chosen]")).to_have_text("2 lappua valittu")
    page.get_by_label("Siirrä kohtaan").select_option(label="Ilmiöt: Arki")
    page.get_by_role("button", name="Siirrä", exact=True).focus()
    page.keyboard.press("Enter")
    expect(under.locator(".wnote__text")).to_have_text(["Ensimmäinen", "Toinen"])
    page.locator(f"#lappu-{second.pk}").get_by_role("button", name="Keskeiseksi havainnoksi").click()
    expect(page.locator(f"#lappu-{second.pk}")).to_contain_text("Keskeinen havainto")
    assert list(Observation.objects.filter(negotiation=day.negotiation).values_list("text", flat=True)) == ["Toinen"]
    page.get_by_label("Uusi otsikko: Toimenpiteet").fill("Seuraavaksi")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Seuraavaksi")).to_be_visible()


def test_what_comes_above_does_not_move_what_is_read(day: Day, page_of: Callable[..., Page]) -> None:
    """The page is scrolled by as much as it has grown."""
    for number in range(12):
        day.note(f"Ilmiö {number}")
    last = day.note("Luen tätä", column=1)
    for number in range(20):
        day.note(f"Toimi {number}", column=1)
    page = page_of("coordinator", board_of(day) + "?esitys=1")
    page.set_viewport_size(ViewportSize(width=600, height=700))
    reading = page.locator(f"#lappu-{last.pk}")
    reading.evaluate("note => scrollTo(0, note.getBoundingClientRect().top + scrollY - 200)")
    before = reading.evaluate("note => note.getBoundingClientRect().top")
    day.note("Uusi yläpuolella")
    expect(page.get_by_text("Uusi yläpuolella")).to_have_count(1, timeout=SOON)
    assert abs(reading.evaluate("note => note.getBoundingClientRect().top") - before) < 2


def test_axe_finds_nothing_on_the_phone_and_the_board(day: Day, site: Site, page_of: Callable[..., Page]) -> None:
    """At both widths, in both languages of the phone; nothing scrolls sideways; each page has its one heading."""
    for number in range(3):
        day.note(f"Lappu {number} " + "pitkäsana" * 8)
    add_heading(day.workshop, day.columns[0].pk, "Arki", by=None)
    pages = [
        ("nobody", "/tyopaja/", 200),
        ("nobody", "/tyopaja/?koodi=EIOLE", 422),
        ("nobody", f"/tyopaja/?koodi={day.workshop.code}", 200),
        ("nobody", f"/tyopaja/{day.token()}/", 200),
        ("nobody", f"/tyopaja/{day.token()}/?kieli=sv", 200),
        ("nobody", "/tyopaja/tuntematon/", 404),
        ("coordinator", board_of(day), 200),
        ("coordinator", board_of(day) + "?esitys=1", 200),
        ("coordinator", f"/{COUNTY}/neuvottelut/{day.negotiation.pk}/tyopaja/", 200),
        ("coordinator", f"/{COUNTY}/neuvottelut/{day.negotiation.pk}/tyopaja/ryhmat/", 200),
    ]
    opened = {role: page_of(role, "/") for role in ("nobody", "coordinator")}
    for role, path, status in pages:
        page = opened[role]
        answer = page.goto(site.url + path)
        assert answer is not None and answer.status == status, path
        for size in (WIDE, NARROW):
            page.set_viewport_size(size)
            assert findings(page) == [], (path, size)
            assert page.evaluate("document.scrollingElement.scrollWidth") <= size["width"], path
        assert page.locator("h1").count() == 1


def test_eighty_phones_lose_no_note(day: Day, site: Site) -> None:
    """Each posts, sends one of its notes twice and polls; what the groups see afterwards is all of it."""
    url = f"{site.url}/tyopaja/{{}}/"
    tokens = [day.token(number % 2) for number in range(PHONES)]

    async def sent(ask: Callable[[], Awaitable[httpx.Response]]) -> int:
        # As a phone does: what is not answered is sent again. The test's server drops some of eighty at once.
        for _number in range(20):
            try:
                return (await ask()).status_code
            except httpx.TransportError:
                await asyncio.sleep(0.1)
        return 0

    async def phone(client: httpx.AsyncClient, number: int) -> list[int]:
        address, answers = url.format(tokens[number]), []
        for turn in range(NOTES_EACH):
            note = {"key": str(uuid4()), "column": day.columns[turn % 2].pk, "text": f"Puhelin {number}, {turn}"}
            for _sending in range(2 if turn == 0 else 1):
                answers.append(await sent(partial(client.post, address + "laput/", json=note)))
            answers.append(await sent(partial(client.get, address + "tila/")))
        return answers

    async def room() -> list[list[int]]:
        async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=PHONES)) as client:
            return await asyncio.gather(*(phone(client, number) for number in range(PHONES)))

    # In a thread of its own: the browser's loop runs in this one.
    with ThreadPoolExecutor(1) as pool:
        answers = Counter(status for one in pool.submit(asyncio.run, room()).result() for status in one)
    # New, or there already; and as many answers as were asked for.
    assert set(answers) == {201, 200} and answers.total() == PHONES * (2 * NOTES_EACH + 1)
    texts = list(WorkshopNote.objects.filter(workshop=day.workshop).values_list("text", flat=True))
    assert sorted(texts) == sorted(
        f"Puhelin {number}, {turn}" for number in range(PHONES) for turn in range(NOTES_EACH)
    )
