"""Bad input over every form and query string: no page answers 500, and what is refused changes nothing.

What can be sent is read from the pages themselves, so that a new form is tried without being listed here.
HYTE_BAD_INPUTS sets how many are tried in all: 10,000 before a release, fewer each time all tests are run.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django_scopes import scope, scopes_disabled
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from municipalities.models import User
from negotiations.minutes.checking import return_to_draft
from negotiations.reporting.board import open_summary
from tests.factories import make_negotiation, make_round
from tests.pages.test_access import BY_TOKEN, COUNTY, OPEN, Row, World, address, world

__all__ = ["world"]

HOW_MANY = int(os.environ.get("HYTE_BAD_INPUTS", "600"))
WRITES = ("INSERT", "UPDATE", "DELETE")
# Written whatever becomes of the request: who is signed in and what they are told.
BESIDE = ('"django_session"', '"account_', '"mfa_')

GET, POST = "get", "post"
# What a negotiation that is only planned has, by the names of the table.
PLANNED = {"negotiation", "part", "item"}
QUERIES = ("q", "sivu", "jarjesta", "vie", "tila", "vuosi", "kierros", "jaa", "osa", "peruste")

WORDS = st.sampled_from(
    [
        "",
        " ",
        "0",
        "-1",
        "1",
        "2",
        "99999999999999999999999",
        "1e309",
        "NaN",
        "1,5",
        "on",
        "fi",
        "xx",
        "minute",
        "day",
        "month",
        "planned",
        "2026-02-30",
        "30.2.2026",
        "2026-10-25",
        "2026-03-29",
        "03:30",
        "25:61",
        "0001-01-01",
        "9999-12-31",
        "99999-01-01",
        "\x00",
        "a\x00b",
        "\ud800",
        "'; DROP TABLE x; --",
        "<script>alert(1)</script>",
        "%s %(who)s {x} {{ x }} {% x %}",
        "../../etc/passwd",
        "=1+1",
        "å" * 3000,
        "\n" * 400,
        "\u202e\u0301\ufdfd",
        "{}",
        '{"name": "x"}',
        "[]",
        "-jarjesta",
        "xlsx",
        "csv",
        "612/2021-6-7",
        "http://x",
        "javascript:alert(1)",
        "#ffffff",
    ]
)
VALUES = WORDS | st.text(max_size=40) | st.integers().map(str) | st.dates().map(str) | st.times().map(str)


@dataclass
class Fields:
    """What a form on a page can be sent: the values it had, by the names of its fields."""

    action: str
    values: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    files: set[str] = field(default_factory=set)


class Forms(HTMLParser):
    """Reads the forms of a page that change something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page, self.select, self.area = page, "", ""
        self.found: list[Fields] = []
        self.here: Fields | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, and what belongs to it."""
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            is_post = values.get("method", "").lower() == POST
            self.here = Fields((values.get("action") or self.page).split("#")[0]) if is_post else None
        if self.here is None:
            return
        name = values.get("name", "")
        if tag in {"input", "button"} and name and name != "csrfmiddlewaretoken":
            if values.get("type") == "file":
                self.here.files.add(name)
            else:
                self.here.values[name].append(values.get("value", ""))
        elif tag == "select":
            self.select = name
            self.here.values[name].append("")
        elif tag == "option" and self.select:
            self.here.values[self.select].append(values.get("value", ""))
        elif tag == "textarea":
            self.area = name
            self.here.values[name].append("")

    def handle_endtag(self, tag: str) -> None:
        """Close what was open."""
        if tag == "form" and self.here is not None:
            self.found.append(self.here)
            self.here = None
        elif tag == "select":
            self.select = ""
        elif tag == "textarea":
            self.area = ""

    def handle_data(self, data: str) -> None:
        """Keep the text of a text area."""
        if self.here is not None and self.area:
            self.here.values[self.area].append(data.strip())


class RolledBack(Exception):
    """Ends an example without a trace."""


@contextmanager
def without_a_trace() -> Iterator[None]:
    """Undo everything that the block wrote."""
    try:
        with transaction.atomic():
            yield
            raise RolledBack
    except RolledBack:
        pass


def checksum() -> dict[str, str]:
    """Return a checksum of every table of ours."""
    tables = [
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in {"negotiations", "municipalities", "indicators"}
    ]
    # Names of our own tables, of which nobody else has a say.
    each = "SELECT '{0}', md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) FROM {0} t"
    asked = " UNION ALL ".join(each.format(table) for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return dict(cursor.fetchall())


class Writes:
    """Tells whether a request has written anything of ours."""

    def __init__(self) -> None:
        self.seen = False

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Look at a statement and let it through."""
        if sql.lstrip().startswith(WRITES) and not any(name in sql[:80] for name in BESIDE):
            self.seen = True
        return execute(sql, params, many, context)


@dataclass(frozen=True)
class Target:
    """An address to be tried."""

    row: Row
    path: str


def found_in(targets: list[Target], client: Client) -> dict[str, list[Fields]]:
    """Return every form that changes something, by the address it is sent to, as the pages have them."""
    found: dict[str, list[Fields]] = defaultdict(list)
    for target in targets:
        if target.row.method == GET:
            response = client.get(target.path)
            if response.status_code == 200 and "html" in response.headers["Content-Type"]:
                reader = Forms(target.path)
                reader.feed(response.content.decode())
                for form in reader.found:
                    found[form.action].append(form)
    return found


def as_it_is(world: World, by: User) -> list[Target]:
    """Minutes that are being checked, a summary on an agenda: what was written is refused, the lists are open."""
    return [Target(row, address(name, row, world)) for name, row in COUNTY.items()]


def being_written(world: World, by: User) -> list[Target]:
    """Minutes that are drafts again, and the draft of a summary: their texts, people and papers can be changed."""
    with scope(county=world.county):
        return_to_draft(world.minutes, by=by)
        draft = open_summary(make_round(world.county, name="Toinen"), by=by)
    world = replace(world, summary=draft)
    return [Target(row, address(name, row, world)) for name, row in COUNTY.items() if row.of]


def being_planned(world: World, by: User) -> list[Target]:
    """A negotiation that is planned: its time, parties and agenda can be changed, and the day can be run."""
    with scope(county=world.county):
        planned = make_negotiation(world.round, [world.municipality])
    world = replace(world, negotiation=planned)
    return [Target(row, address(name, row, world)) for name, row in COUNTY.items() if row.of in PLANNED]


STAGES = (as_it_is, being_written, being_planned)
_ROWS = list(COUNTY.values())
_TARGETS = len(_ROWS) + sum(bool(row.of) for row in _ROWS) + sum(row.of in PLANNED for row in _ROWS)
PER_TARGET = max(4, -(-HOW_MANY // _TARGETS))


def check(client: Client, method: str, path: str, data: dict[str, Any], before: dict[str, str]) -> str:
    """Send it: no 500, and where it is refused nothing has changed. Return what it was and how it was answered."""
    writes = Writes()
    with without_a_trace(), connection.execute_wrapper(writes):
        response = getattr(client, method)(path, data)
        assert response.status_code < 500, (method, path, data)
        if response.streaming:
            b"".join(response.streaming_content)
        if response.status_code >= 400 and writes.seen:
            assert checksum() == before, (method, path, data)
    return f"{method.upper()} {response.status_code}"


def test_bad_input(world: World, coordinator: User, client_for: Callable[[User | None], Client]) -> None:
    """Query strings for pages, fields for forms, each in a transaction that is undone; in every stage of the work."""
    client = client_for(coordinator)
    answers: Counter[str] = Counter()
    forms = 0
    for stage in STAGES:
        targets = stage(world, coordinator)
        found = found_in(targets, client)
        forms += sum(len(of_one) for of_one in found.values())
        with scopes_disabled():
            before = checksum()
        for target in targets:
            answers += _try(client, target, found, before)
    told = ", ".join(f"{answer}: {count}" for answer, count in sorted(answers.items()))
    tried = f"{answers.total()} bad inputs over {len(COUNTY)} addresses and {forms} forms"
    print(f"\n{tried}: no 500, nothing half-done ({told})")
    assert answers["POST 422"] > answers.total() / 10, "forms refuse some of it by its fields"


def _try(client: Client, target: Target, forms: dict[str, list[Fields]], before: dict[str, str]) -> Counter[str]:
    path, known = target.path, forms.get(target.path, [])
    names = sorted({key for form in known for key in form.values} | {key for form in known for key in form.files})
    queries = [*QUERIES, *names[:4]]
    can_post = bool(known) or target.row.method == POST
    answers: Counter[str] = Counter()

    @settings(
        max_examples=PER_TARGET,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def tried(data: st.DataObject) -> None:
        if can_post and (target.row.method == POST or data.draw(st.integers(0, 3)) > 0):
            sent = _drawn(data, data.draw(st.sampled_from(known)) if known else Fields(path))
            answers[check(client, POST, path, sent, before)] += 1
        else:
            asked = data.draw(st.dictionaries(st.sampled_from(queries), VALUES, max_size=4))
            answers[check(client, GET, path, {key: _sendable(value) for key, value in asked.items()}, before)] += 1

    tried()
    return answers


def _drawn(data: st.DataObject, form: Fields) -> dict[str, Any]:
    """Return what the form is sent with: mostly what it had, so that the rules behind the fields are reached too."""
    sent: dict[str, Any] = {}
    for key, values in form.values.items():
        kind = data.draw(st.integers(0, 9))
        if kind == 0:
            continue
        if kind < 6:
            sent[key] = data.draw(st.sampled_from(values))
        elif kind == 6:
            sent[key] = [_sendable(value) for value in data.draw(st.lists(VALUES, max_size=3))]
        else:
            sent[key] = _sendable(data.draw(VALUES))
    for key in form.files:
        sent[key] = SimpleUploadedFile("x.xlsx", data.draw(st.binary(max_size=200)))
    more = data.draw(st.dictionaries(st.text(max_size=8), VALUES, max_size=1))
    return sent | {key: _sendable(value) for key, value in more.items() if key.isprintable() and key}


@pytest.mark.parametrize("name", [name for name in OPEN if name not in BY_TOKEN | {"healthz"}])
def test_bad_input_outside_a_county(
    name: str, world: World, coordinator: User, client_for: Callable[[User | None], Client]
) -> None:
    """The profile, the language switch, the way in."""
    client = client_for(coordinator)
    path = reverse(name)

    @settings(
        max_examples=PER_TARGET,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        sent=st.dictionaries(st.sampled_from(["name", "language", "next", "q"]), VALUES, max_size=3),
        posts=st.booleans(),
    )
    def tried(sent: dict[str, str], posts: bool) -> None:
        with without_a_trace():
            data = {key: _sendable(value) for key, value in sent.items()}
            assert getattr(client, POST if posts else GET)(path, data).status_code < 500

    tried()


def _sendable(value: str) -> str:
    """Return a value that the test client can encode; a surrogate alone cannot be put on the wire."""
    return value.encode("utf-8", "replace").decode()
