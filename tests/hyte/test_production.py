"""The commands of the compose file, run as plain processes with production settings, serve a page and a PDF.

No container engine takes part, but all else is what production runs: the commands and health checks are read from
docker-compose.yml and the Dockerfile; only addresses and folders are this machine's.
"""

import contextlib
import http.client
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from hyte.embedded import free_port, services
from hyte.processes import Child
from negotiations.demo.users import LOGINS, PASSWORD
from tests.hyte.compose import BASE_DIR, GIVEN, compose, dockerfile, exec_form
from tests.hyte.processes import wait_until

HOST = "hyte.example.fi"
LOGIN = reverse("account_login")
DOCUMENTS = reverse("documents", args=["keski-suomi"])


@dataclass
class Production:
    """A running installation."""

    folder: Path
    port: int
    environment: dict[str, str]
    children: dict[str, Child] = field(default_factory=dict)

    def here(self, words: list[str]) -> list[str]:
        """Return a command with the container's addresses and folders replaced by ours."""
        changes = {"0.0.0.0:8000": f"127.0.0.1:{self.port}", "127.0.0.1:8000": f"127.0.0.1:{self.port}"}
        changes |= {"/tmp": str(self.folder)}
        pattern = re.compile("|".join(re.escape(old) for old in changes) + r"(?![\w.-])")
        return [pattern.sub(lambda match: changes[match[0]], word) for word in words]

    def run(self, words: list[str], **changes: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        return subprocess.run(
            self.here(words),
            cwd=BASE_DIR,
            env={**self.environment, **changes},
            capture_output=True,
            text=True,
            timeout=120,
        )

    def succeed(self, words: list[str], **changes: str) -> None:
        """Run a command that must end well."""
        done = self.run(words, **changes)
        assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"

    def start(self, name: str, words: list[str]) -> None:
        """Start a service."""
        log = self.folder / f"{name}.log"
        self.children[name] = Child(name, self.here(words), log=log, environment=self.environment, directory=BASE_DIR)

    def is_well(self, words: list[str]) -> bool:
        """Ask a service the way compose does."""
        kind, *rest = words
        return self.run(["sh", "-c", *rest] if kind == "CMD-SHELL" else rest).returncode == 0


@dataclass
class Visitor:
    """Somebody's browser, coming through the proxy that ends TLS."""

    port: int
    cookies: SimpleCookie = field(default_factory=SimpleCookie)

    def ask(
        self, path: str, form: dict[str, str] | None = None, *, proto: str = "https"
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Get a page, or post a form to it."""
        headers = {"Host": HOST, "X-Forwarded-Proto": proto, "Referer": f"https://{HOST}{path}"}
        headers["Cookie"] = "; ".join(f"{name}={cookie.value}" for name, cookie in self.cookies.items())
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET" if form is None else "POST", path, urlencode(form) if form else None, headers)
            response = connection.getresponse()
            for line in response.headers.get_all("Set-Cookie", []):
                self.cookies.load(line)
            return response, response.read()

    def sign_in(self, email: str) -> None:
        """Sign in with the form of the page."""
        _response, page = self.ask(LOGIN)
        token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token is not None
        form = {"csrfmiddlewaretoken": token[1].decode(), "login": email, "password": PASSWORD}
        response, page = self.ask(LOGIN, form)
        assert response.status == 302, page.decode()


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    """An installation brought up in the order of the compose file."""
    folder = tmp_path_factory.mktemp("production")
    parsed = compose(GIVEN)["services"]
    image = dict(dockerfile()[-6:])  # the last of each instruction counts
    with contextlib.ExitStack() as stack:
        running = stack.enter_context(services(folder / "var", fast=True))
        environment = {
            **parsed["web"]["environment"],
            **running.environment,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOSTNAME": socket.gethostname(),
            "DOCUMENTS_ROOT": str(folder / "documents"),
            "STATIC_ROOT": str(folder / "static"),
        }
        assert "DEBUG" not in environment
        production = Production(folder, free_port(), environment)
        (build,) = (words for name, words in dockerfile() if name == "RUN" and "collectstatic" in words)
        production.start("build", ["sh", "-c", build])
        stack.callback(production.children["build"].stop)
        production.succeed(parsed["migrate"]["command"])
        # Content, by way of a command that refuses to load public passwords where the site is not this machine's.
        production.succeed(["python", "manage.py", "load_demo"], SITE_URL="http://127.0.0.1")
        build_child = production.children.pop("build")
        wait_until(lambda: not build_child.alive, 120)
        assert build_child.exit_code == 0, build_child.last_words()
        for name, words in (
            ("web", exec_form(image["CMD"])),
            ("worker", parsed["worker"]["command"]),
            ("beat", parsed["beat"]["command"]),
        ):
            production.start(name, words)
            stack.callback(production.children[name].stop)
        wait_until(lambda: production.is_well(["CMD", *exec_form(image["HEALTHCHECK"])]), 60)
        yield production
        for child in production.children.values():
            assert child.alive, f"{child.name}: {child.ending()}\n{child.last_words()}"


def test_the_settings_are_those_of_production(production: Production) -> None:
    production.succeed(["python", "manage.py", "check", "--deploy", "--fail-level", "INFO"])


def test_a_page_and_its_stylesheet_come_through_the_proxy(production: Production) -> None:
    visitor = Visitor(production.port)
    response, page = visitor.ask(LOGIN)
    assert response.status == 200
    assert b"csrfmiddlewaretoken" in page
    assert "max-age=31536000" in response.headers["Strict-Transport-Security"]
    assert all(cookie["secure"] for cookie in visitor.cookies.values())

    sheets = re.findall(rb'<link[^>]+href="(/static/[^"]+\.[0-9a-f]{12}\.css)"', page)
    assert sheets
    response, _sheet = visitor.ask(sheets[0].decode())
    assert response.status == 200
    assert "immutable" in response.headers["Cache-Control"]


def test_plain_http_is_sent_to_https_and_another_host_away(production: Production) -> None:
    response, _page = Visitor(production.port).ask(LOGIN, proto="http")
    assert response.status == 301
    assert response.headers["Location"] == f"https://{HOST}{LOGIN}"

    connection = http.client.HTTPConnection("127.0.0.1", production.port, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", LOGIN, headers={"Host": "elsewhere.example"})
        assert connection.getresponse().status == 400


def test_the_worker_renders_a_document_that_the_web_server_serves(production: Production) -> None:
    visitor = Visitor(production.port)
    visitor.sign_in(next(login.email for login in LOGINS if login.county == "keski-suomi"))
    links: list[bytes] = []

    def ready() -> bool:
        response, page = visitor.ask(DOCUMENTS)
        assert response.status == 200
        links[:] = re.findall(rf'href="({DOCUMENTS}\d+/lataa/)"'.encode(), page)
        return bool(links)

    wait_until(ready, 120)
    response, pdf = visitor.ask(links[0].decode())
    assert response.status == 200
    assert response.headers["Content-Type"] == "application/pdf"
    assert pdf.startswith(b"%PDF-")
    assert pdf.rstrip().endswith(b"%%EOF")


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_the_health_checks_tell_a_running_service_from_none(production: Production, name: str) -> None:
    check = compose(GIVEN)["services"][name]["healthcheck"]["test"]
    wait_until(lambda: production.is_well(check), 60)
    # What they say when there is nobody to ask.
    elsewhere = Production(
        production.folder / "elsewhere", production.port, {**production.environment, "HOSTNAME": "-"}
    )
    elsewhere.folder.mkdir(exist_ok=True)
    assert not elsewhere.is_well(check)
