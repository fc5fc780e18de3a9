"""The site when PostgreSQL or Redis is not there: stopped, killed and started again under a load of real requests.

Both servers are of these tests only; the site is gunicorn with two processes, as in the demo. What is printed goes
into the table of faults.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import pytest
from django.db import IntegrityError, InterfaceError, OperationalError
from django.utils import translation
from django.utils.translation import gettext as _

from hyte import demo, embedded
from hyte.outage import OneLine, is_away
from hyte.processes import Child
from tests.factories import PASSWORD
from tests.hyte.compose import BASE_DIR
from tests.hyte.processes import wait_until
from tests.municipalities.workers import Nursery

WRITERS, READERS = 6, 2
CUTS = 20  # of connections in the middle of a request
CSRF = "c" * 32
ADD = "/keski-suomi/organisaatiot/uusi/"
LIST = "/keski-suomi/organisaatiot/"
LANGUAGES = ("fi", "sv", "en")
WORLD = """
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from municipalities.models import Membership
from tests.factories import make_county, make_user
user = make_user("coordinator@example.fi", Membership.Role.COORDINATOR, make_county("15", "Keski-Suomi", "keski-suomi"))
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
print("session", session.session_key)
"""

DOCUMENTS = 12
REQUESTS = f"""
from django_scopes import scope
from municipalities.models import County
from tests.municipalities import sample_registered
from tests.municipalities.sample import request_sample, sample
county = County.objects.select_related("area").get()
with scope(county=county):
    for number in range({DOCUMENTS}):
        request_sample(county, sample(f"Asiakirja {{number}}", rows=60))
"""


@dataclass
class Answer:
    """What the site answered."""

    status: int
    headers: http.client.HTTPMessage
    text: str


@dataclass
class Site:
    """The running site, its servers, and a session of its coordinator."""

    root: Path
    port: int
    database_url: str
    postgres: Child
    redis: Child
    stack: contextlib.ExitStack
    environment: dict[str, str]
    web: Child | None = None
    session: str = ""

    def ask(
        self, path: str, form: dict[str, str] | None = None, *, language: str = "fi", session: bool = True
    ) -> Answer:
        """Get a page, or post a form."""
        cookies = f"csrf={CSRF}" + (f"; session={self.session}" if session else "")
        headers = {"Cookie": cookies, "Accept-Language": language}
        body = None
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode({"csrfmiddlewaretoken": CSRF, **form})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("GET" if form is None else "POST", path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read().decode())

    def manage(self, *words: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a management command."""
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(command, cwd=BASE_DIR, env=environment, capture_output=True, text=True)

    def start_postgres(self) -> None:
        """Start PostgreSQL where it was."""
        url, self.postgres = embedded._start_postgres(self.stack, self.root, fast=False)
        assert url == self.database_url

    def answers(self) -> bool:
        """Tell whether the site can do its work."""
        return self.ask(LIST).status == 200


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A site with a county and its coordinator. Its servers keep what they have acknowledged, as in production."""
    # A short path: the socket's address then stays the same when PostgreSQL is started again.
    root = Path(tempfile.mkdtemp(prefix="hyte-", dir="/tmp"))
    root.chmod(0o755)
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, root, ignore_errors=True)
        running = stack.enter_context(embedded.services(root))
        port = embedded.free_port()
        environment = {
            **os.environ,
            **embedded.local_settings(root, site_url=f"http://127.0.0.1:{port}"),
            **running.environment,
            "DJANGO_SETTINGS_MODULE": "tests.hyte.plain_settings",
        }
        postgres, redis = running.children
        site = Site(root, port, running.environment["DATABASE_URL"], postgres, redis, stack, environment)
        for words in (["migrate", "--verbosity", "0"], ["shell", "--verbosity", "0", "-c", WORLD]):
            done = site.manage(*words, environment=environment)
            assert done.returncode == 0, done.stderr
        found = re.search(r"session (\w+)", done.stdout)
        assert found is not None
        site.session = found[1]
        log = root / "web.log"
        site.web = Child("web", demo.web_command(port), log=log, environment=environment, directory=BASE_DIR)
        stack.callback(site.web.stop)
        wait_until(lambda: demo.ask(port) == "200", 60)
        assert site.answers(), site.web.last_words(40)
        yield site


@dataclass
class Load:
    """People at work: some write, each a new row at a time, some read. Keeps what they were answered."""

    site: Site
    name: str
    acknowledged: list[str] = field(default_factory=list)
    written: Counter[int] = field(default_factory=Counter)
    read: Counter[int] = field(default_factory=Counter)
    away: list[Answer] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    _done: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Load:
        self._threads = [
            *(threading.Thread(target=self._write, args=[number]) for number in range(WRITERS)),
            *(threading.Thread(target=self._read, args=[number]) for number in range(READERS)),
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _write(self, number: int) -> None:
        turn = 0
        while not self._done.is_set():
            turn += 1
            name = f"{self.name} {number} {turn}"
            answer = self._ask(ADD, {"name": name, "sector": "organisation"}, LANGUAGES[turn % 3])
            if answer is None:
                continue
            self.written[answer.status] += 1
            if answer.status == 302:
                self.acknowledged.append(name)

    def _read(self, number: int) -> None:
        turn = number
        while not self._done.is_set():
            turn += 1
            answer = self._ask(LIST, None, LANGUAGES[turn % 3])
            if answer is not None:
                self.read[answer.status] += 1

    def _ask(self, path: str, form: dict[str, str] | None, language: str) -> Answer | None:
        try:
            answer = self.site.ask(path, form, language=language)
        except (OSError, http.client.HTTPException) as error:
            self.odd.append(repr(error))
            return None
        if answer.status == 503:
            answer.headers["X-Asked"] = f"{'POST' if form else 'GET'} {language}"
            self.away.append(answer)
            time.sleep(0.05)  # nobody presses again at once
        elif answer.status not in {200, 302}:
            self.odd.append(f"{answer.status} {answer.text[:300]}")
        return answer

    def goes_on(self, seconds: float = 60) -> None:
        """Wait until writes are acknowledged again, some by each."""
        before = len(self.acknowledged)
        wait_until(lambda: len(self.acknowledged) >= before + 5 * WRITERS, seconds)

    def is_told(self, seconds: float = 60) -> None:
        """Wait until the page that says so has been shown some times to each."""
        before = len(self.away)
        wait_until(lambda: len(self.away) >= before + 3 * (WRITERS + READERS), seconds)

    def assert_nothing_is_lost(self) -> None:
        """All that was acknowledged is in the database; nothing but 200, 302 and 503 was ever answered."""
        assert self.odd == []
        with psycopg.connect(self.site.database_url) as connection:
            rows = connection.execute("SELECT name FROM municipalities_organisation").fetchall()
        assert set(self.acknowledged) - {name for (name,) in rows} == set()


def test_postgresql_stopped_and_started_again_under_load(site: Site) -> None:
    """In three ways: asked to stop, told to stop at once, killed. What was acknowledged is there afterwards."""
    began = time.monotonic()
    with Load(site, "pysäytys") as load:
        for kind in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            load.goes_on()
            os.kill(site.postgres.pid, kind)
            wait_until(lambda: not site.postgres.alive, 30)
            load.is_told()
            assert demo.ask(site.port) == "503"
            site.start_postgres()
        load.goes_on()
    load.assert_nothing_is_lost()
    print(
        f"\nPostgreSQL stopped, told to stop at once, and killed under load, in {time.monotonic() - began:.0f} s: "
        f"{load.written[302]} writes acknowledged, none lost; 503 for {load.written[503]} writes and {load.read[503]} "
        f"pages; no other answer"
    )
    assert load.written[503] and load.read[503]


def test_connections_cut_in_the_middle_of_requests(site: Site) -> None:
    """As by a firewall or a failover: the server lives, the connections of the moment do not."""
    cut = 0
    with (
        Load(site, "katkaisu") as load,
        psycopg.connect(site.database_url, autocommit=True) as connection,
    ):
        load.goes_on()
        for _turn in range(CUTS):
            time.sleep(0.2)
            cut += connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"
            ).rowcount
        load.goes_on()
    load.assert_nothing_is_lost()
    print(
        f"\n{cut} connections cut in mid-request: {load.written[302]} writes acknowledged, none lost; 503 for "
        f"{load.written[503]} writes and {load.read[503]} pages; no other answer"
    )
    assert cut


def test_documents_in_work_outlive_a_restart_of_postgresql(site: Site, tmp_path: Path) -> None:
    """Workers wait for the database to come back, and each document is ready once."""
    settings = {"DJANGO_SETTINGS_MODULE": "tests.municipalities.quick_settings"}
    environment = {**site.environment, **settings, "DOCUMENTS_ROOT": str(tmp_path / "documents")}
    done = site.manage("shell", "--verbosity", "0", "-c", REQUESTS, environment=environment)
    assert done.returncode == 0, done.stderr
    query = "SELECT state, count(*) FROM municipalities_document GROUP BY state"

    def states() -> dict[str, int]:
        with psycopg.connect(site.database_url) as connection:
            return dict(connection.execute(query).fetchall())

    with contextlib.closing(Nursery(tmp_path / "nursery", environment)) as nursery:
        nursery.start()
        for kind in (signal.SIGINT, signal.SIGKILL):
            wait_until(lambda: states().get("rendering", 0) > 0, 60)
            os.kill(site.postgres.pid, kind)
            wait_until(lambda: not site.postgres.alive, 30)
            time.sleep(3)
            site.start_postgres()
            wait_until(site.answers, 60)
        wait_until(lambda: states() == {"ready": DOCUMENTS}, 240)
    with psycopg.connect(site.database_url) as connection:
        rows = connection.execute("SELECT key, sha256 FROM municipalities_document").fetchall()
        ready, starts = connection.execute(
            "SELECT count(*) FILTER (WHERE verb = 'ready'), count(*) FILTER (WHERE verb = 'started')"
            " FROM municipalities_event WHERE subject = 'municipalities.document'"
        ).fetchall()[0]
    files = {path.stem: path.read_bytes() for path in (tmp_path / "documents").rglob("*.pdf")}
    assert {key: hashlib.sha256(content).hexdigest() for key, content in files.items()} == dict(rows)
    assert ready == DOCUMENTS
    assert starts > DOCUMENTS
    print(
        f"\nPostgreSQL stopped and killed under a worker: {DOCUMENTS} documents ready once, "
        f"{starts - DOCUMENTS} attempts broken off"
    )


def test_the_page_says_so_and_what_to_do(site: Site) -> None:
    """In the reader's language, with nothing of the database in it, and with the headers of every page."""
    os.kill(site.postgres.pid, signal.SIGINT)
    wait_until(lambda: not site.postgres.alive, 30)
    try:
        titles = set()
        for language in LANGUAGES:
            page = site.ask(LIST, language=language)
            form = site.ask(ADD, {"name": "x", "sector": "organisation"}, language=language)
            assert (page.status, form.status) == (503, 503)
            with translation.override(language):
                title = _("The service is not available right now")
                assert f"<h1>{title}</h1>" in page.text
                assert _("Open the page again") in page.text
                assert _("Open the page again") not in form.text, "a form is sent again by who filled it in"
            titles.add(title)
            assert f'<html lang="{language}"' in page.text
            assert f'href="{LIST}"' in page.text
            for answer in (page, form):
                assert answer.headers["Retry-After"] == "30"
                assert "no-store" in answer.headers["Cache-Control"]
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
                assert "Set-Cookie" not in answer.headers
                assert not re.search(r"\d", answer.headers["Server"]), "no version is told"
        assert len(titles) == len(LANGUAGES)
        # Signed out too, where only the sign-in itself asks the database.
        credentials = {"login": "coordinator@example.fi", "password": PASSWORD}
        assert site.ask("/tili/login/", session=False).status == 200
        assert site.ask("/tili/login/", credentials, session=False).status == 503
    finally:
        site.start_postgres()
    wait_until(site.answers, 60)
    said = (site.root / "web.log").read_text()
    assert f"Service Unavailable: {LIST} (the database is away: " in said


def test_without_redis_people_sign_in_and_guessers_are_still_cut_short(site: Site) -> None:
    """The attempts are counted in each web process: 61 in a minute are too many for one of the two at least."""
    right = {"login": "coordinator@example.fi", "password": PASSWORD}
    os.kill(site.redis.pid, signal.SIGKILL)
    wait_until(lambda: not site.redis.alive)
    assert site.ask("/healthz/").text == "not answering: redis\n"
    began = time.monotonic()
    assert site.ask("/tili/login/", right, session=False).status == 302
    took = time.monotonic() - began
    assert site.answers()
    statuses = Counter(
        site.ask("/tili/login/", {"login": "nobody@example.fi", "password": "wrong"}, session=False).status
        for _attempt in range(61)
    )
    assert set(statuses) == {200, 429}
    print(f"\nRedis killed: signed in after {took:.1f} s; 61 guesses: {statuses[200]} heard, {statuses[429]} refused")


# --- What counts as away ------------------------------------------------------------------------------------------


def error_of(code: str | None, kind: type[Exception] = OperationalError) -> Exception:
    """Return an error as Django raises it from PostgreSQL's, or with None from a connection that broke."""
    error = kind("words")
    error.__cause__ = psycopg.errors.lookup(code)("words") if code else psycopg.OperationalError("no connection")
    return error


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (error_of(None), True),
        (error_of("57P01"), True),  # an administrator ends the connection
        (error_of("57P03"), True),  # the server is starting
        (error_of("53300"), True),  # too many connections
        (error_of("53100"), True),  # the disk is full
        (error_of("08006"), True),
        (InterfaceError("the connection is closed"), True),
        (error_of("57014"), False),  # a query took too long
        (error_of("40P01"), False),  # two requests waited for each other
        (error_of("23505", IntegrityError), False),
        (ZeroDivisionError(), False),
        (None, False),
    ],
)
def test_what_counts_as_away(error: Exception | None, away: bool) -> None:
    assert is_away(error) is away
    wrapped = RuntimeError("made of it")
    wrapped.__cause__ = error
    assert is_away(wrapped) is away


def test_other_errors_keep_their_traceback_in_the_log() -> None:
    told = {}
    for error in (error_of(None), ZeroDivisionError("words")):
        record = logging.LogRecord("django.request", logging.ERROR, "", 1, "Error: %s", ("/x/",), None)
        record.exc_info = (type(error), error, None)
        assert OneLine().filter(record)
        told[type(error)] = (record.getMessage(), record.exc_info is None)
    assert told == {
        OperationalError: ("Error: /x/ (the database is away: words)", True),
        ZeroDivisionError: ("Error: /x/", False),
    }
