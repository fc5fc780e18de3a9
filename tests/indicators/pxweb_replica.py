"""A small PxWeb for the tests: its manners on loopback, with people and faults as a test wants them."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from math import prod
from typing import Any

AREA, AGE, SEX, YEAR, CONTENTS = "alue_23_20990101", "ika_7_x", "sukupuoli_9_20180101", "timeperiod_y", "contentscode"
PATH = "/PxWeb/api/v1/fi/StatFin/vaerak/11re.px"
OLDEST = 100


def age_code(age: int) -> str:
    """Return the code of a one-year age."""
    return f"{age:03}" if age < OLDEST else f"{age}-"


@dataclass
class Replica:
    """What it answers, what goes wrong, and what it has been asked."""

    areas: dict[str, str]
    years: list[str]
    # How many live in an area, of an age, of a sex (1 men, 2 women), in a year; anything else is what stands there.
    people: Callable[[str, int, str, str], Any]
    # The total of the sexes, where it is not what men and women are together.
    totals: dict[tuple[str, int, str], Any] = field(default_factory=dict)
    # Of each question, by its number from 0: the fault in place of an answer, or none.
    fault: Callable[[int], str] = lambda number: ""
    # What becomes of what the table tells of itself, before it is told.
    change: Callable[[list[dict[str, Any]]], None] = lambda variables: None
    # Whether values, marks and places of codes come as objects.
    as_objects: bool = False
    most_cells: int = 100_000
    # Calls in seconds; beyond them 429.
    most_calls: tuple[int, float] = (30, 10.0)
    clock: Callable[[], float] = time.monotonic
    # The cells of each question; 0 for what the table tells of itself.
    asked: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    url: str = ""

    def variables(self) -> list[dict[str, Any]]:
        """Return the variables as the table tells of them: in no order that anybody should rely on."""
        ages = ["SSS", *map(age_code, range(OLDEST + 1))]
        texts = ["Yhteensä", *map(str, range(OLDEST)), f"{OLDEST} -"]
        told: list[dict[str, Any]] = [
            _variable(CONTENTS, "Tiedot", {"vaerak-vaesto": "Väestö 31.12."}),
            _variable(YEAR, "Vuosi", {year.rstrip("*"): year for year in self.years}, time=True),
            _variable(AREA, "Alue", self.areas, elimination=True),
            _variable(AGE, "Ikä", dict(zip(ages, texts, strict=True)), elimination=True),
            _variable(SEX, "Sukupuoli", {"SSS": "Yhteensä", "1": "Miehet", "2": "Naiset"}, elimination=True),
        ]
        self.change(told)
        return told

    def cell(self, area: str, age: str, sex: str, year: str) -> Any:
        """Return what stands at a place; a mark for what is missing there."""
        if age == "SSS":
            whole = [self.cell(area, age_code(one), sex, year) for one in range(OLDEST + 1)]
            return next((value for value in whole if not isinstance(value, int)), None) or sum(whole)
        if sex == "SSS":
            if (area, int(age.rstrip("-")), year) in self.totals:
                return self.totals[area, int(age.rstrip("-")), year]
            both = [self.cell(area, age, one, year) for one in ("1", "2")]
            return next((value for value in both if not isinstance(value, int)), None) or sum(both)
        return self.people(area, int(age.rstrip("-")), sex, year)

    def answer(self, query: list[dict[str, Any]]) -> dict[str, Any] | None:
        """Return the answer in json-stat2; None for a question of what is not there."""
        wanted = {row["code"]: row["selection"]["values"] for row in query}
        told = {row["code"]: row["values"] for row in self.variables()}
        if any(set(codes) - set(told.get(variable, ())) for variable, codes in wanted.items()):
            return None
        # Whatever the order of the question: the table's own.
        chosen = {
            variable: [code for code in codes if code in wanted[variable]]
            for variable, codes in told.items()
            if variable in wanted
        }
        cells = []
        for codes in product(*chosen.values()):
            at = dict(zip(chosen, codes, strict=True))
            cells.append(self.cell(at[AREA], at[AGE], at[SEX], at[YEAR]))
        missing = {place: cell for place, cell in enumerate(cells) if cell in (".", "..", "...")}
        values = [None if place in missing else cell for place, cell in enumerate(cells)]
        places = {variable: {code: at for at, code in enumerate(codes)} for variable, codes in chosen.items()}
        return {
            "version": "2.0",
            "class": "dataset",
            "id": list(chosen),
            "size": [len(codes) for codes in chosen.values()],
            "dimension": {
                variable: {"category": {"index": places[variable] if self.as_objects else codes}}
                for variable, codes in chosen.items()
            },
            "value": {str(at): v for at, v in enumerate(values) if v is not None} if self.as_objects else values,
            "status": {str(at): mark for at, mark in missing.items()}
            if self.as_objects
            else [missing.get(at) for at in range(len(cells))],
        }


def _variable(code: str, text: str, values: dict[str, str], **more: bool) -> dict[str, Any]:
    return {"code": code, "text": text, "values": list(values), "valueTexts": list(values.values()), **more}


def handler(replica: Replica) -> type[BaseHTTPRequestHandler]:
    """Return the handler that answers for the replica."""
    lock = threading.Lock()
    calls: deque[float] = deque()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body are two writes; each question would wait 40 ms for the second otherwise.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, question: dict[str, Any] | None) -> None:
            query = question["query"] if question else []
            cells = prod(len(row["selection"]["values"]) for row in query) if question else 0
            with lock:
                number = len(replica.asked)
                replica.asked.append(cells)
                replica.agents.add(self.headers.get("User-Agent", ""))
                now = replica.clock()
                while calls and calls[0] <= now - replica.most_calls[1]:
                    calls.popleft()
                too_many = len(calls) >= replica.most_calls[0]
                if not too_many:
                    calls.append(now)
            match "429" if too_many else replica.fault(number):
                case "":
                    pass
                case "500" | "429" | "404" as status:
                    replica.refused.append(int(status))
                    return self._send(int(status), b"<html>error</html>", "text/html")
                case "html":
                    return self._send(200, b"<html><body>Huoltokatko</body></html>", "text/html")
                case "list":
                    return self._send(200, b"[]")
                case "cut":
                    self.send_response(200)
                    self.send_header("Content-Length", "100000")
                    self.end_headers()
                    self.wfile.write(b'{"id": ["al')
                    self.close_connection = True
                    return None
                case other:
                    raise ValueError(other)
            if self.path != PATH:
                return self._send(404, b"", "text/html")
            if question is None:
                told = {"title": "Väestö", "variables": replica.variables()}
                # With the byte order mark that PxWeb likes to begin with.
                return self._send(200, b"\xef\xbb\xbf" + json.dumps(told).encode())
            if cells > replica.most_cells:
                replica.refused.append(403)
                return self._send(403, b"", "text/html")
            if question["response"] != {"format": "json-stat2"}:
                return self._send(400, b"", "text/html")
            answer = replica.answer(query)
            return self._send(400 if answer is None else 200, json.dumps(answer).encode())

        def _send(self, status: int, body: bytes, kind: str = "application/json") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def serving(replica: Replica) -> Iterator[Replica]:
    """Let the replica answer on loopback for the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(replica))
    replica.url = f"http://127.0.0.1:{server.server_address[1]}/PxWeb/api/v1/fi/StatFin"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield replica
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
