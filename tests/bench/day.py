"""The day of a negotiation: eighty phones post notes and look, while secretaries write and look. Over HTTP.

Each phone and each page asks as often as its script does. What is counted: that all that was acknowledged is stored,
once; how long a note takes, and until when it is on the board; what asking costs while nothing is new. Then the posting
of notes beside a view that only inserts the same row.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from uuid import uuid4

from django.urls import reverse
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from hyte.demo import web_command
from hyte.embedded import free_port
from hyte.processes import Child
from municipalities.models import County, Membership, User
from negotiations.models import AgendaItem, Part, ThemeColumn, Workshop, WorkshopGroup, WorkshopNote
from negotiations.sitting.conduct import convene
from negotiations.sitting.live import open_part, take_item
from negotiations.sitting.workshop import add_theme
from negotiations.sitting.workshop_day.opening import numbered, open_workshop
from negotiations.sitting.workshop_day.posting import token_of
from tests.bench.asking import Site, cookie_of
from tests.bench.autosave import Editor, wait_for
from tests.bench.figures import Figure, Section, median, ms, p95
from tests.bench.requests import CONNECTIONS
from tests.factories import make_county, make_municipality, make_negotiation, make_round

MOST_OF_A_NOTE = 500  # milliseconds at p95
MOST_TO_THE_BOARD = 5  # seconds
MOST_QUERIES = 2
# A bare view may take at most twice as many notes.
MOST_TIMES = 2
GROUPS, THEMES, COLUMNS = 8, 3, 4
# Seconds between two notes of a phone, and between the questions of a phone, a board and the page of the sitting: as
# often as their scripts ask.
NOTE_EVERY, PHONE_EVERY, BOARD_EVERY, LIVE_EVERY = 5.0, 5.0, 3.0, 4.0
# So many times each asks once nothing is new any more.
QUIET_TURNS = 2
# Of so many notes of a phone one is sent twice, as where the first answer was lost on the way.
AGAIN = 5
TEXT = re.compile(r"Lappu (\d+-\d+)\b")


@dataclass
class Asked:
    """What became of the questions and the notes of one phone or page."""

    polls: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    notes: list[float] = field(default_factory=list)
    # By the key of each acknowledged note: its text, and when it was acknowledged.
    acknowledged: dict[str, tuple[str, float]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    etag: str = ""
    # When each note was first seen here, by its number.
    seen: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """Somebody's phone or page: what it asks, how often, and where it posts notes, if it does."""

    state: str
    every: float
    cookie: str = ""
    post: str = ""
    column: int = 0
    number: int = 0
    asked: Asked = field(default_factory=Asked)

    def go_on(self, port: int, begin: float, until: float) -> None:
        """Ask again and again, and post in between."""
        next_poll, next_note, turn = begin, begin + NOTE_EVERY / 2 if self.post else until, 0
        while (due := min(next_poll, next_note)) < until:
            time.sleep(max(0.0, due - perf_counter()))
            if next_note <= next_poll:
                turn += 1
                self._guarded(lambda turn=turn: self._post(port, turn))  # type: ignore[misc]
                next_note = max(next_note + NOTE_EVERY, perf_counter())
            else:
                self._guarded(lambda: self.poll(port))
                next_poll = max(next_poll + self.every, perf_counter())

    def poll(self, port: int) -> int:
        """Ask for what is new; return the status of the answer."""
        headers = {"Cookie": self.cookie, "If-None-Match": self.asked.etag, "Accept": "application/json"}
        began = perf_counter()
        status, etag, body = _send(port, "GET", self.state, {key: value for key, value in headers.items() if value})
        self.asked.polls.append(perf_counter() - began)
        self.asked.statuses[status] += 1
        if status not in {200, 304}:
            raise ValueError(f"{self.state} answered {status}")
        if status == 200:
            self.asked.etag = etag
            for number in TEXT.findall(body.decode()):
                self.asked.seen.setdefault(number, perf_counter())
        return status

    def _post(self, port: int, turn: int) -> None:
        key, text = str(uuid4()), f"Lappu {self.number}-{turn} kertoo, mikä on jäänyt perheiltä saamatta"
        ids = set()
        for again in range(2 if turn % AGAIN == 0 else 1):
            body = json.dumps({"key": key, "column": self.column, "text": text}).encode()
            began = perf_counter()
            status, _etag, answer = _send(port, "POST", self.post, {"Content-Type": "application/json"}, body)
            self.asked.notes.append(perf_counter() - began)
            if status != (200 if again else 201):
                raise ValueError(f"a note was answered {status}")
            self.asked.acknowledged.setdefault(key, (text, perf_counter()))
            ids.add(json.loads(answer)["id"])
        if len(ids) != 1:
            raise ValueError("a note sent twice was taken for two")

    def _guarded(self, action: Callable[[], object]) -> None:
        try:
            action()
        except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
            self.asked.faults.append(repr(error))


def _send(
    port: int, method: str, path: str, headers: dict[str, str], body: bytes | None = None
) -> tuple[int, str, bytes]:
    """Send one request over a connection of its own, as a phone that asks every few seconds does."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.headers.get("ETag", ""), response.read()
    finally:
        connection.close()


@dataclass(frozen=True)
class Room:
    """The negotiation with its open workshop, and whoever is there."""

    workshop: Workshop
    columns: list[ThemeColumn]
    groups: list[WorkshopGroup]
    phones: list[Page]
    # Those of a secretary each, and the one on the wall.
    boards: list[Page]
    sittings: list[Page]
    writers: list[Editor]


def measure(*, phones: int, secretaries: int, seconds: float, turns: int, logs: Path) -> Section:
    """Let the day go on for so many seconds, wait until nothing is new, and then post as fast as it goes."""
    room = _room(phones, secretaries)
    pages = [*room.phones, *room.boards, *room.sittings]
    port = free_port()
    server = Child("web server", web_command(port), log=logs / "day.log", environment=os.environ)
    try:
        wait_for(server, port)
        for writer in room.writers:
            writer.open(port)
        took = _go_on(room, pages, port, seconds)
        calm = _stay_calm(pages, port)
        rates, posted = _rates(room, port, turns=turns, seconds=min(1.5, seconds))
    finally:
        server.stop()
    return _told(room, pages, took, calm, rates, posted)


def _go_on(room: Room, pages: Sequence[Page], port: int, seconds: float) -> float:
    """Let all of them work at once, none beginning at the same moment; return how many seconds it took."""
    with ThreadPoolExecutor(len(pages) + len(room.writers)) as pool:
        start = perf_counter() + 0.2
        until = start + seconds
        waiting = [
            pool.submit(page.go_on, port, start + page.every * number / len(pages), until)
            for number, page in enumerate(pages)
        ]
        waiting += [
            pool.submit(writer.type_on, port, start + number / 3, until) for number, writer in enumerate(room.writers)
        ]
        for done in waiting:
            done.result()
        return perf_counter() - start


def _stay_calm(pages: Sequence[Page], port: int) -> Counter[int]:
    """Have all ask when nobody writes or posts any more; return how they were answered after the first time."""
    answers: Counter[int] = Counter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda page: page.poll(port), pages))
        for _turn in range(QUIET_TURNS):
            answers.update(pool.map(lambda page: page.poll(port), pages))
    return answers


def _rates(room: Room, port: int, *, turns: int, seconds: float) -> tuple[dict[str, list[float]], int]:
    """Return how many notes a second each view takes, by turns, and how many the workshop's own took in all."""
    rates: dict[str, list[float]] = defaultdict(list)
    posted = 0
    group, column = room.groups[0], room.columns[0]
    ids = {"county": room.workshop.county_id, "workshop": room.workshop.pk, "column": column.pk}
    views = {"post": room.phones[0].post, "bare": reverse("bare_note", args=[group.pk])}
    for turn in range(turns + 1):
        for name, path in views.items() if turn % 2 else reversed(views.items()):
            count, took = _post_for(port, path, {**ids, "text": _fast(name)}, seconds)
            posted += count if name == "post" else 0
            if turn:  # the first warms every worker
                rates[name].append(count / took)
    return rates, posted


def _fast(view: str) -> str:
    """Return the text of the notes that a view is sent as fast as it takes them."""
    return f"Sama teksti jokaisessa, {view}"


def _post_for(port: int, path: str, sent: dict[str, object], seconds: float) -> tuple[int, float]:
    """Return how many notes were taken over connections that stay open, and in how many seconds."""
    until = perf_counter() + seconds

    def post() -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        count = 0
        try:
            while perf_counter() < until:
                body = json.dumps({**sent, "key": str(uuid4())})
                connection.request("POST", path, body, {"Content-Type": "application/json"})
                response = connection.getresponse()
                response.read()
                if response.status != 201:
                    raise RuntimeError(f"{path} answered {response.status}")
                count += 1
        finally:
            connection.close()
        return count

    began = perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        counts = list(pool.map(lambda _number: post(), range(CONNECTIONS)))
    return sum(counts), perf_counter() - began


def _told(
    room: Room, pages: Sequence[Page], took: float, calm: Counter[int], rates: dict[str, list[float]], posted: int
) -> Section:
    acknowledged = {key: text for page in room.phones for key, (text, _at) in page.asked.acknowledged.items()}
    faults = [fault for page in pages for fault in page.asked.faults]
    faults += [fault for writer in room.writers for fault in writer.faults]
    with scopes_disabled():
        notes = WorkshopNote.objects.filter(workshop=room.workshop)
        stored = {str(key): text for key, text in notes.filter(text__startswith="Lappu ").values_list("key", "text")}
        fast = notes.filter(text=_fast("post")).count()
        texts = dict(
            AgendaItem.objects.filter(pk__in=[one.entry for one in room.writers]).values_list("pk", "discussion")
        )
    lost = [key for key, text in acknowledged.items() if stored.get(key) != text]
    wrong = [writer.name for writer in room.writers if texts[writer.entry] != writer.text.strip()]
    posts = [seconds for page in room.phones for seconds in page.asked.notes]
    polls = [seconds for page in pages for seconds in page.asked.polls]
    saves = [seconds for writer in room.writers for seconds in writer.seconds]
    delays = _delays(room)
    ratio = median(bare / post for bare, post in zip(rates["bare"], rates["post"], strict=True))
    requests = len(posts) + len(polls) + len(saves)
    return Section(
        "day",
        f"The day: {len(room.phones)} phones, {len(room.writers)} secretaries, gunicorn with 2 workers, {took:.0f} s",
        [
            Figure(
                "errors", len(faults), "", 0, f"of {requests} requests, {requests / took:.0f}/s", {"faults": faults}
            ),
            Figure(
                "notes acknowledged and not stored",
                len(lost),
                "",
                0,
                f"{len(acknowledged)} acknowledged",
                {"keys": lost},
            ),
            Figure(
                "notes stored and not acknowledged",
                len(stored.keys() - acknowledged.keys()),
                "",
                0,
                f"{len(stored)} stored",
            ),
            Figure(
                "saves of the secretaries lost",
                len(wrong),
                "",
                0,
                f"{len(saves)} saves, p95 {ms(p95(saves))}",
                {"fields": wrong},
            ),
            Figure(
                "a note, p95",
                p95(posts) * 1000,
                "ms",
                MOST_OF_A_NOTE,
                f"middle {ms(median(posts))}, longest {ms(max(posts))}, {len(posts)} sent",
                {"seconds": posts},
            ),
            Figure(
                "from a phone to the board, longest",
                max(delays),
                "s",
                MOST_TO_THE_BOARD,
                f"middle {median(delays):.2f} s, asked every {BOARD_EVERY:.0f} s",
                {"seconds": delays},
            ),
            Figure("a poll, p95", p95(polls) * 1000, "ms", of=f"middle {ms(median(polls))}, {len(polls)} polls"),
            Figure(
                "unchanged polls not answered 304",
                calm.total() - calm[304],
                "",
                0,
                f"{calm[304]} of {calm.total()} were",
            ),
            *_queries(room),
            Figure(
                "bare insert / a note posted",
                ratio,
                "x",
                MOST_TIMES,
                f"{median(rates['bare']):.0f}/s / {median(rates['post']):.0f}/s",
                dict(rates),
            ),
            Figure("notes posted as fast as it goes and not stored", posted - fast, "", 0, f"{posted} posted"),
        ],
        faults[:3],
    )


def _delays(room: Room) -> list[float]:
    """Return how long each note took from its acknowledgement to each board. Raises RuntimeError for one not there."""
    acknowledged = {TEXT.findall(text)[0]: at for page in room.phones for text, at in page.asked.acknowledged.values()}
    for board in room.boards:
        if missing := acknowledged.keys() - board.asked.seen.keys():
            raise RuntimeError(f"{len(missing)} notes never came to the board")
    return [max(0.0, board.asked.seen[number] - at) for board in room.boards for number, at in acknowledged.items()]


def _queries(room: Room) -> list[Figure]:
    """Tell how many queries it takes to ask while nothing is new, beyond those of an empty page to the same person."""
    site = Site()
    nothing = reverse("county_empty", args=[room.workshop.county.slug])
    figures = []
    for name, page in (("phone", room.phones[0]), ("board", room.boards[0]), ("sitting", room.sittings[0])):
        etag = site.ask(page.state, page.cookie).etag
        if (status := site.ask(page.state, page.cookie, etag=etag).status) != 304:
            raise RuntimeError(f"{page.state} answered {status} where nothing was new")
        asked = site.queries(page.state, page.cookie, etag=etag)
        who = len(site.queries(nothing, page.cookie)) if page.cookie else 0
        of = f"and {who} that tell who asks" if who else "and none to tell who asks"
        figures.append(
            Figure(f"queries, {name} unchanged", len(asked) - who, "queries", MOST_QUERIES, of, {"queries": asked})
        )
    return figures


def _room(phones: int, secretaries: int) -> Room:
    """Make a county with a negotiation of today: invited, its workshop and its first part open, a secretary an item."""
    county = make_county("D1", "Alue, jonka päivä on tänään", "paiva")
    today = timezone.localdate()
    with scope(county=county):
        users = [_coordinator(county, number) for number in range(secretaries + 1)]
        round_ = make_round(county, year=today.year)
        for number in range(1, THEMES + 1):
            add_theme(round_, f"Teema {number}", [f"Sarake {n}" for n in range(1, COLUMNS + 1)], by=users[0])
        places = [make_municipality(county, f"D1-{number}", f"Kunta {number}") for number in range(1, 4)]
        planned = make_negotiation(round_, places, day=today, items=max(secretaries, 2))
        negotiation = convene(planned, by=users[0])
        part = Part.objects.get(negotiation=negotiation)
        items = list(AgendaItem.objects.filter(part=part).order_by("position"))
        open_part(part, by=users[0])
        take_item(items[0], by=users[0])
        workshop = open_workshop(negotiation, numbered(GROUPS, "fi"), by=users[0])
        groups = list(WorkshopGroup.objects.filter(workshop=workshop).order_by("position"))
        columns = list(ThemeColumn.objects.filter(theme__round=round_).order_by("theme__position", "position"))

    def of(name: str) -> str:
        return reverse(name, args=[county.slug, negotiation.pk])

    def phone(number: int) -> Page:
        token = token_of(groups[number % GROUPS], workshop.code or "")
        addresses = [reverse(name, args=[token]) for name in ("workshop_phone_state", "workshop_post")]
        column = columns[number % len(columns)].pk
        return Page(addresses[0], PHONE_EVERY, post=addresses[1], column=column, number=number)

    cookies = [cookie_of(user) for user in users]
    return Room(
        workshop,
        columns,
        groups,
        [phone(number) for number in range(phones)],
        [Page(of("workshop_board_state"), BOARD_EVERY, cookie) for cookie in cookies],
        [
            Page(f"{of('live_state')}?kohta={item.pk}", LIVE_EVERY, cookie)
            for item, cookie in zip(items, cookies, strict=False)
        ],
        [
            Editor(cookie, f"{of('live')}?kohta={item.pk}", of("live_save"), f"item-{item.pk}-discussion", item.pk)
            for item, cookie in zip(items, cookies[:secretaries], strict=False)
        ],
    )


def _coordinator(county: County, number: int) -> User:
    # Nobody signs in with a password here.
    user = User.objects.create(email=f"sihteeri-{number}@example.fi", name=f"Sihteeri {number}", password="!")
    Membership.objects.create(user=user, role=Membership.Role.COORDINATOR, county=county)
    return user
