"""The settings refuse to start on a missing or bad value, and name it."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from hyte import settings
from tests.hyte.compose import BASE_DIR

PRODUCTION = {
    "SECRET_KEY": "kH3-vq8ZtY0pLxW7nRb2mCs9dJf4gAe6uTiOo1QzXyVwNhKl5rBc",
    "DATABASE_URL": "postgresql://hyte:secret@database:5432/hyte",
    "REDIS_URL": "redis://redis:6379/0",
    "SITE_URL": "https://hyte.example.fi",
    "DOCUMENTS_ROOT": "/documents",
    "EMAIL_URL": "smtp+tls://user:password@smtp.example.fi:587",
    "DEFAULT_FROM_EMAIL": "hyte@example.fi",
}


def load(monkeypatch: pytest.MonkeyPatch, **changes: str | None) -> dict[str, Any]:
    """Run the settings file in an environment of production values with these changes."""
    for name in [*PRODUCTION, "DEBUG", "LOG_LEVEL", "SOTKANET_URL", "STATFIN_URL", "STATIC_ROOT"]:
        monkeypatch.delenv(name, raising=False)
    for name, value in {**PRODUCTION, **changes}.items():
        if value is not None:
            monkeypatch.setenv(name, value)
    return runpy.run_path(str(BASE_DIR / "hyte" / "settings.py"))


def test_these_tests_know_every_variable() -> None:
    assert set(PRODUCTION) == set(settings.REQUIRED)


@pytest.mark.parametrize("name", sorted(PRODUCTION))
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_value_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str | None) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"^{name} is missing"):
        load(monkeypatch, **{name: value})


@pytest.mark.filterwarnings("ignore:Engine not recognized")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "sqlite:///hyte.sqlite"),
        ("DATABASE_URL", "postgresql://database:5432"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "amqp://rabbit"),
        ("SITE_URL", "hyte.example.fi"),
        ("SITE_URL", "ftp://hyte.example.fi"),
        ("SITE_URL", "https://hyte.example.fi/path"),
        ("SITE_URL", "http://hyte.example.fi"),
        ("DOCUMENTS_ROOT", "documents"),
        ("EMAIL_URL", "pigeon://loft"),
        ("DEFAULT_FROM_EMAIL", "hyte"),
        ("DEBUG", "perhaps"),
        ("LOG_LEVEL", "LOUD"),
        ("SOTKANET_URL", "sotkanet.fi"),
        ("SOTKANET_URL", "http://sotkanet.fi/rest/1.1"),
        ("SOTKANET_URL", "https:///rest/1.1"),
        ("STATFIN_URL", "http://pxdata.stat.fi/PxWeb/api/v1/fi/StatFin"),
    ],
)
def test_a_bad_value_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"^{name} cannot be used"):
        load(monkeypatch, **{name: value})


def test_production_is_what_one_gets_without_saying_more(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load(monkeypatch)
    assert loaded["DEBUG"] is False
    assert loaded["ALLOWED_HOSTS"] == ["hyte.example.fi"]
    assert loaded["CSRF_TRUSTED_ORIGINS"] == ["https://hyte.example.fi"]
    assert loaded["SESSION_COOKIE_SECURE"]
    assert loaded["CSRF_COOKIE_SECURE"]
    assert loaded["SECURE_HSTS_SECONDS"] >= 365 * 24 * 60 * 60


def test_figures_are_fetched_every_week_only_where_it_is_said_from_where(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "import-sotkanet" not in load(monkeypatch, SOTKANET_URL="")["CELERY_BEAT_SCHEDULE"]
    loaded = load(monkeypatch, SOTKANET_URL="https://sotkanet.fi/rest/1.1/")
    assert loaded["SOTKANET_URL"] == "https://sotkanet.fi/rest/1.1"
    assert loaded["CELERY_BEAT_SCHEDULE"]["import-sotkanet"]["task"] == "indicators.tasks.import_sotkanet"
    assert "import-statfin" not in loaded["CELERY_BEAT_SCHEDULE"]
    loaded = load(monkeypatch, STATFIN_URL="https://pxdata.stat.fi/PxWeb/api/v1/fi/StatFin/")
    assert loaded["STATFIN_URL"] == "https://pxdata.stat.fi/PxWeb/api/v1/fi/StatFin"
    assert loaded["CELERY_BEAT_SCHEDULE"]["import-statfin"]["task"] == "indicators.tasks.import_statfin"
    assert "import-sotkanet" not in loaded["CELERY_BEAT_SCHEDULE"]


def manage(*words: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run a management command in an environment of only these variables."""
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=BASE_DIR,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_command_ends_with_the_message() -> None:
    done = manage("check", environment={**PRODUCTION, "REDIS_URL": ""})
    assert done.returncode != 0
    assert "REDIS_URL is missing. Set it to redis://" in done.stderr


def test_the_production_check_finds_nothing(tmp_path: Path) -> None:
    environment = {**PRODUCTION, "STATIC_ROOT": str(tmp_path)}
    done = manage("check", "--deploy", "--fail-level", "INFO", environment=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "System check identified no issues (0 silenced).\n", "")
