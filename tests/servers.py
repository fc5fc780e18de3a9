"""pytest's part of the porch: the servers and settings of a test run, ready before Django is set up.

Loaded by `-p tests.servers` (pyproject.toml). Uses DATABASE_URL and REDIS_URL when they are given; otherwise starts
servers of its own under var/test, or beside it when another run is using that.
"""

import contextlib
import os
import tempfile
from collections.abc import Generator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from hyte.embedded import CannotStart, local_settings, services_beside

TEST_ROOT = Path(__file__).resolve().parent.parent / "var" / "test"


# A wrapper comes before every plain hook, and so before pytest-django's, which reads the settings.
@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> Generator[None, object, object]:
    """Set the environment that hyte.settings reads."""
    if not {"-h", "--help", "-V", "--version"} & set(args):
        stack = contextlib.ExitStack()
        early_config.add_cleanup(stack.close)
        try:
            os.environ.update(_environment(stack))
        except CannotStart as error:
            raise pytest.UsageError(str(error)) from error
    return (yield)


def _environment(stack: contextlib.ExitStack) -> dict[str, str]:
    given = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)}
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        # The servers of the run that started this worker, and in Redis a database of its own.
        url = urlsplit(given["REDIS_URL"])
        given["REDIS_URL"] = urlunsplit(url._replace(path=f"/{int(worker.removeprefix('gw')) + 1}"))
    own = {} if len(given) == 2 else stack.enter_context(services_beside(TEST_ROOT, fast=True)).environment
    scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="hyte-test-"))
    static = Path(scratch, "static")
    static.mkdir()
    return {
        **local_settings(TEST_ROOT, site_url="http://testserver"),
        **own,
        **given,
        "DEBUG": "false",
        "DOCUMENTS_ROOT": f"{scratch}/documents",
        "STATIC_ROOT": str(static),
        "EMAIL_URL": "memorymail://",
        "LOG_LEVEL": "INFO",
    }
