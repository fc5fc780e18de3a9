"""A small Sotkanet for the tests: its manners on loopback, with figures and faults as a test wants them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Replica:
    """What it answers, what goes wrong, and what it has been asked."""

    regions: list[dict[str, Any]]
    rows: list[Any]
    descriptions: dict[int, Any] = field(default_factory=dict)
    # Of each question, by its number from 0: the fault in place of an answer, or none.
    fault: Callable[[int], str] = lambda number: ""
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    at_once: int = 0
    most_at_once: int = 0
    url: str = ""


def handler(replica: Replica) -> type[BaseHTTPRequestHandler]:
    """Return the handler that answers for the replica."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with lock:
                number = len(replica.asked)
                replica.asked.append(self.path)
                replica.agents.add(self.headers.get("User-Agent", ""))
                replica.at_once += 1
                replica.most_at_once = max(replica.most_at_once, replica.at_once)
            try:
                self._answer(number)
            finally:
                with lock:
                    replica.at_once -= 1

        def _answer(self, number: int) -> None:
            url = urlsplit(self.path)
            match replica.fault(number):
                case "":
                    pass
                case "500":
                    return self._send(500, b"<html>error</html>", "text/html")
                case "429":
                    return self._send(429, b"", "text/html")
                case "404":
                    return self._send(404, b"{}")
                case "html":
                    return self._send(200, b"<html><body>Huoltokatko</body></html>", "text/html")
                case "object":
                    return self._send(200, b"{}")
                case "cut":
                    self.send_response(200)
                    self.send_header("Content-Length", "100000")
                    self.end_headers()
                    self.wfile.write(b'[{"indicator": 127, "region": ')
                    self.close_connection = True
                    return None
                case other:
                    raise ValueError(other)
            if url.path == "/rest/1.1/regions":
                return self._send(200, json.dumps(replica.regions).encode())
            if url.path.startswith("/rest/1.1/indicators/"):
                told = replica.descriptions.get(int(url.path.rsplit("/", 1)[1]))
                return self._send(404 if told is None else 200, json.dumps(told or {}).encode())
            query = parse_qs(url.query)
            if url.path != "/rest/1.1/json" or not all(query.get(name) for name in ("indicator", "years", "genders")):
                return self._send(400, b"<html>Bad Request</html>", "text/html")
            found = [
                row
                for row in replica.rows
                if not isinstance(row, dict)
                or (
                    str(row.get("indicator")) in query["indicator"]
                    and str(row.get("year")) in query["years"]
                    and str(row.get("gender")) in query["genders"]
                )
            ]
            return self._send(200, json.dumps(found).encode())

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
    replica.url = f"http://127.0.0.1:{server.server_address[1]}/rest/1.1"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield replica
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
