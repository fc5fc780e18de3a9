"""The fixed cast, and the two counties they work in."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
from django.utils import translation
from django_scopes import scope
from pytest_django import DjangoDbBlocker

from municipalities.models import County, Membership, Municipality, User
from tests import databases
from tests.factories import make_county, make_municipality, make_user

Role = Membership.Role

# What a test makes is gone with it soon enough: looked for as often as usual, garbage takes a tenth of the time.
gc.set_threshold(100_000, 20, 50)

# How long an example takes is for the benchmark to tell: a machine that has other work to do breaks no rule.
hypothesis.settings.register_profile("hyte", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("hyte")


# What starts and stops real processes, in groups of which each stays in one process of the tests, so that never two of
# a group run at once. One waits and looks at the clock: for workers, and for a site without its servers. The other runs
# commands to their end; each has servers, databases, ports and folders of its own.
PROCESSES = {
    "workers": (
        "hyte/test_database_away",
        "municipalities/test_documents_faults",
        "municipalities/test_documents_worker",
    ),
    "commands": (
        "hyte/test_backup",
        "hyte/test_demo",
        "hyte/test_embedded",
        "hyte/test_production",
    ),
}
# In a browser the tests of a module stay together: each process starts a browser and a site for its part of them. Not
# those that are most of all, one for each page.
BROWSER = "site"
SPREAD = "pages/test_browser"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests into groups, of which pytest-xdist gives each to one of its workers, the largest first."""
    for item in items:
        path = item.nodeid.removeprefix("tests/")
        for group, modules in PROCESSES.items():
            if path.startswith(modules):
                item.add_marker(pytest.mark.xdist_group(group))
        if BROWSER in getattr(item, "fixturenames", ()) and not path.startswith((SPREAD, *PROCESSES["workers"])):
            item.add_marker(pytest.mark.xdist_group(path.partition("::")[0]))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Let the collector of garbage leave alone what has been imported and collected."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse to run one beside another, which a pytest that pytest-xdist does not know yet would do in silence."""
    group = item.get_closest_marker("xdist_group")
    if group and "PYTEST_XDIST_WORKER" in os.environ and not item.nodeid.endswith(f"@{group.args[0]}"):
        pytest.fail("Tests of a group are not kept together. Run them with `make test`.", pytrace=False)


@pytest.fixture(autouse=True, scope="session")
def quick_settings() -> Iterator[None]:
    """Passwords hashed in no time, and static files by their own names: nothing is collected for a test run."""
    storages = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    with override_settings(STORAGES=storages, PASSWORD_HASHERS=databases.HASHERS):
        yield


@pytest.fixture(autouse=True)
def own_language() -> None:
    """Begin each test in the site's language: a page leaves its own in the process, for the next request to change."""
    translation.deactivate()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Let the database of the tests be made as a copy of one that is migrated."""
    connection.settings_dict["TEST"]["TEMPLATE"] = databases.migrated()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Make the database of the tests."""
    with django_db_blocker.unblock():
        databases.use_long_ids()


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
