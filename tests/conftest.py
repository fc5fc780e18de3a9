"""The fixed cast, and the two counties they work in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
from django_scopes import scope
from pytest_django import DjangoDbBlocker

from municipalities.models import County, Membership, Municipality, User
from tests.factories import make_county, make_municipality, make_user

Role = Membership.Role


# What starts, stops and times real processes: never two of them at once, however many run the tests.
PROCESSES = (
    "hyte/test_backup",
    "hyte/test_bench",
    "hyte/test_database_away",
    "hyte/test_demo",
    "hyte/test_embedded",
    "hyte/test_production",
    "municipalities/test_documents_faults",
    "municipalities/test_documents_worker",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of processes into one group, which pytest-xdist gives to one of its workers."""
    for item in items:
        if item.nodeid.removeprefix("tests/").startswith(PROCESSES):
            item.add_marker(pytest.mark.xdist_group("processes"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse to run one beside another, which a pytest that pytest-xdist does not know yet would do in silence."""
    is_split = "PYTEST_XDIST_WORKER" in os.environ and not item.nodeid.endswith("@processes")
    if item.get_closest_marker("xdist_group") and is_split:
        pytest.fail("Tests of processes are not kept in one group. Run them with `make test`.", pytrace=False)


@pytest.fixture(autouse=True, scope="session")
def quick_settings() -> Iterator[None]:
    """Passwords hashed in no time, and static files by their own names: nothing is collected for a test run."""
    storages = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with override_settings(STORAGES=storages, PASSWORD_HASHERS=hashers):
        yield


def use_long_ids() -> None:
    """Let ids begin where they have five digits, as in years of use: a page that writes one as 12 345 is found out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(oid::regclass, 12344) FROM pg_class WHERE relkind = 'S'")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Make the database of the tests."""
    with django_db_blocker.unblock():
        use_long_ids()


@pytest.fixture
def keski_suomi(db: None) -> County:
    """The county of the cast."""
    return make_county("15", "Keski-Suomen hyvinvointialue", "keski-suomi")


@pytest.fixture
def keski_uusimaa(db: None) -> County:
    """The other county, of which the cast may see nothing."""
    return make_county("02", "Keski-Uudenmaan hyvinvointialue", "keski-uusimaa")


@pytest.fixture
def hankasalmi(keski_suomi: County) -> Municipality:
    """The editor's municipality."""
    return make_municipality(keski_suomi, "077", "Hankasalmi", 4436)


@pytest.fixture
def joutsa(keski_suomi: County) -> Municipality:
    """The second editor's municipality."""
    return make_municipality(keski_suomi, "172", "Joutsa", 4079)


@pytest.fixture
def luhanka(keski_suomi: County) -> Municipality:
    """A municipality with nobody in the cast."""
    return make_municipality(keski_suomi, "435", "Luhanka", 695)


@pytest.fixture
def mantsala(keski_uusimaa: County) -> Municipality:
    """A municipality of the other county."""
    return make_municipality(keski_uusimaa, "505", "Mäntsälä", 20861)


@pytest.fixture
def coordinator(keski_suomi: County) -> User:
    """Runs the negotiations of the county."""
    return make_user("coordinator@example.fi", Role.COORDINATOR, keski_suomi)


@pytest.fixture
def editor(keski_suomi: County, hankasalmi: Municipality) -> User:
    """Edits for Hankasalmi."""
    return make_user("editor@example.fi", Role.MUNICIPAL_EDITOR, keski_suomi, hankasalmi)


@pytest.fixture
def second_editor(keski_suomi: County, joutsa: Municipality) -> User:
    """Edits for Joutsa."""
    return make_user("second@example.fi", Role.MUNICIPAL_EDITOR, keski_suomi, joutsa)


@pytest.fixture
def reader(keski_suomi: County, hankasalmi: Municipality) -> User:
    """Reads for Hankasalmi."""
    return make_user("reader@example.fi", Role.MUNICIPAL_READER, keski_suomi, hankasalmi)


@pytest.fixture
def board_member(keski_suomi: County) -> User:
    """Sits on the county's board."""
    return make_user("board@example.fi", Role.BOARD_MEMBER, keski_suomi)


@pytest.fixture
def outsider(keski_uusimaa: County) -> User:
    """Coordinates the other county."""
    return make_user("outsider@example.fi", Role.COORDINATOR, keski_uusimaa)


@pytest.fixture
def administrator(db: None) -> User:
    """Administers the installation, and is nothing in any county."""
    return make_user("administrator@example.fi", Role.ADMINISTRATOR)


@pytest.fixture
def client_for() -> Callable[[User | None], Client]:
    """Return a signed-in client of a user; of nobody for None."""

    def make(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user)
        return client

    return make


@pytest.fixture
def in_scope(keski_suomi: County) -> Iterator[County]:
    """Work inside the cast's county."""
    with scope(county=keski_suomi):
        yield keski_suomi
