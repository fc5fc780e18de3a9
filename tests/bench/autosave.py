"""Many editors typing at once: how long a save takes, and that none is lost. Over HTTP, on the real web server."""

from __future__ import annotations

import http.client
import json
import os
import re
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import psutil
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from hyte.demo import ask as ask_health
from hyte.demo import web_command
from hyte.embedded import free_port
from hyte.processes import Child
from indicators.models import Indicator, IndicatorSet
from municipalities.cards import keeping, lifecycle
from municipalities.models import Card, CardEntry, Membership, User
from tests.bench.asking import cookie_of
from tests.bench.figures import Figure, Section, median, ms, p95
from tests.factories import make_county, make_municipality

MOST_AT_P95 = 300  # milliseconds
EVERY = 1.5  # seconds between the saves of one who types on
INDICATORS = 12
# Pages opened at a time: how they open for fifty at once is not what is asked here.
OPENING = 4
SENTENCE = "Hyvinvointiryhmä kokoontuu kuukausittain, ja mukana ovat kaikki toimialat. "


@dataclass
class Editor:
    """Somebody who writes one field of a card, and what became of each save."""

    cookie: str
    page: str
    save: str
    name: str
    entry: int
    token: str = ""
    seen: str = ""
    text: str = ""
    seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def open(self, port: int) -> None:
        """Open the card as a browser does: with the page come the token, and what the field was when it was seen."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", self.page, headers={"Cookie": self.cookie})
        response = connection.getresponse()
        html = response.read().decode()
        connection.close()
        if response.status != 200:
            raise RuntimeError(f"{self.page} answered {response.status}")
        csrf = re.search(rf"{settings.CSRF_COOKIE_NAME}=[^;]+", response.headers.get("Set-Cookie", ""))
        self.cookie = f"{self.cookie}; {_found(csrf)[0]}"
        self.token = _found(re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', html))[1]
        self.seen = _found(re.search(rf'name="seen:{self.name}" value="([^"]*)"', html))[1]

    def type_on(self, port: int, begin: float, until: float) -> None:
        """Go on writing, and have the whole text saved each time; the next save waits for the answer to this one."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        due = begin
        while due < until:
            time.sleep(max(0.0, due - perf_counter()))
            self.text += SENTENCE
            began = perf_counter()
            try:
                self._save(connection)
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.faults.append(repr(error))
                connection.close()
            self.seconds.append(perf_counter() - began)
            due = max(due + EVERY, perf_counter())
        connection.close()

    def _save(self, connection: http.client.HTTPConnection) -> None:
        fields = {"csrfmiddlewaretoken": self.token, self.name: self.text, f"seen:{self.name}": self.seen}
        kind, body = _as_form(fields)
        headers = {"Cookie": self.cookie, "Accept": "application/json", "Content-Type": kind}
        connection.request("POST", self.save, body, headers)
        response = connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise ValueError(f"{self.save} answered {response.status}")
        told: dict[str, Any] = json.loads(answer)["fields"][self.name]
        if told["error"] or told["theirs"] is not None or told["merged"] or told["value"] != self.text.strip():
            raise ValueError(f"{self.name} was not saved as it was sent: {told}")
        self.seen = told["seen"]


def measure(*, editors: int, cards: int, seconds: float, logs: Path) -> Section:
    """Let so many editors type into so many cards, each into a field of their own, all beginning at different times."""
    writers = _writers(editors, cards)
    port = free_port()
    server = Child("web server", web_command(port), log=logs / "autosave.log", environment=os.environ)
    try:
        wait_for(server, port)
        with ThreadPoolExecutor(OPENING) as pool:
            list(pool.map(lambda writer: writer.open(port), writers))
        with ThreadPoolExecutor(editors) as pool:
            busy, start = _busy(server), perf_counter() + 0.2
            waiting = [
                pool.submit(writer.type_on, port, start + EVERY * number / editors, start + seconds)
                for number, writer in enumerate(writers)
            ]
            for done in waiting:
                done.result()
            took, work = perf_counter() - start, _busy(server) - busy
    finally:
        server.stop()
    return _told(writers, cards, took, work)


def wait_for(server: Child, port: int) -> None:
    """Wait until the web server answers. Raises RuntimeError, with its last words, where it does not."""
    deadline = time.monotonic() + 60
    while ask_health(port) != "200":
        if not server.alive or time.monotonic() > deadline:
            raise RuntimeError(f"The web server did not start:\n{server.last_words()}")
        time.sleep(0.1)


def _busy(server: Child) -> float:
    """Return for how many seconds the server has kept a processor busy."""
    top = psutil.Process(server.pid)
    times = [process.cpu_times() for process in (top, *top.children(recursive=True))]
    return sum(time_.user + time_.system for time_ in times)


def _told(writers: Sequence[Editor], cards: int, took: float, work: float) -> Section:
    times = [seconds for writer in writers for seconds in writer.seconds]
    faults = [fault for writer in writers for fault in writer.faults]
    with scopes_disabled():
        rows = CardEntry.objects.filter(pk__in=[writer.entry for writer in writers])
        stored = dict(rows.values_list("pk", "text"))
    wrong = [writer.name for writer in writers if stored[writer.entry] != writer.text.strip()]
    length = max(len(text) for text in stored.values())
    return Section(
        "autosave",
        f"{len(writers)} editors typing at once into {cards} cards, gunicorn with 2 workers",
        [
            Figure(
                "a save, p95",
                p95(times) * 1000,
                "ms",
                MOST_AT_P95,
                of=f"middle {ms(median(times))}, longest {ms(max(times))}, {len(times)} saves",
                raw={"seconds": times},
            ),
            Figure("saves that were not answered as saved", len(faults), "", 0, raw={"faults": faults}),
            Figure("editors whose last text is not stored", len(wrong), "", 0, raw={"fields": wrong}),
            Figure("saves a second", len(times) / took, "/s", of=f"texts grew to {length} characters"),
            # What else the machine does does not show in this one.
            Figure("processor time of a save, in the web server", 1000 * work / len(times), "ms"),
        ],
        faults[:3],
    )


def _writers(editors: int, cards: int) -> list[Editor]:
    """Make a county whose cards are begun, and editors who have a field each: the features or a line of the SWOT."""
    county = make_county("A1", "Alue, jossa kirjoitetaan", "kirjoittajat")
    shown = IndicatorSet.objects.create(owner=county.area, name="Kortilla", version="1")
    for position in range(1, INDICATORS + 1):
        indicator = Indicator.objects.create(
            owner=county.area, name_fi=f"Luku {position}", theme=f"Aihe {position % 4}"
        )
        shown.items.create(indicator=indicator, position=position)
    year, made = timezone.localdate().year, []
    with scope(county=county):
        card_year = lifecycle.open_year(county, year, indicator_set=shown, due_on=None, by=None)
        places = [make_municipality(county, f"A1-{number:03}", f"Kunta {number:03}") for number in range(cards)]
        begun = [keeping.start(card_year, place, by=None) for place in places]
        for number in range(editors):
            card = begun[number % cards]
            # Nobody signs in with a password here, and making fifty takes longer than the measurement.
            user = User.objects.create(
                email=f"kirjoittaja-{number}@example.fi", name=f"Kirjoittaja {number}", password="!"
            )
            Membership.objects.create(
                user=user, role=Membership.Role.MUNICIPAL_EDITOR, county=county, municipality=card.municipality
            )
            made.append(_editor(user, card, number // cards))
    return made


def _editor(user: User, card: Card, turn: int) -> Editor:
    """Return the one who writes the features of a card, or for a later turn a line of its own."""
    if turn == 0:
        entry = CardEntry.objects.create(county_id=card.county_id, card=card, section=CardEntry.Section.FEATURES)
        name = "features-text"
    else:
        line = keeping.add_line(card, CardEntry.Section.STRENGTH.value, by=user)
        entry, name = CardEntry.objects.get(pk=line.pk), f"entry-{line.pk}-text"
    args = [card.county.slug, card.card_year.year, card.municipality.area.code]
    return Editor(cookie_of(user), reverse("card", args=args), reverse("card_save", args=args), name, entry.pk)


def _as_form(fields: dict[str, str]) -> tuple[str, bytes]:
    """Return the kind and the body of a request, as a browser writes a form that a script sends."""
    edge = uuid.uuid4().hex
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return f"multipart/form-data; boundary={edge}", "".join([*parts, f"--{edge}--\r\n"]).encode()


def _found(match: re.Match[str] | None) -> re.Match[str]:
    if match is None:
        raise RuntimeError("the page of the card has no such field")
    return match
