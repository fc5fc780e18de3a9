"""The production files say all that the settings and the services need. No container engine is needed to see it."""

import re
from typing import Any

import pytest

from hyte import debian, settings
from tests.hyte import compose
from tests.hyte.compose import BASE_DIR, GIVEN, MissingVariable, dockerfile

OURS = ("migrate", "web", "worker", "beat")
ALL = ("database", "redis", *OURS)


@pytest.fixture
def parsed() -> dict[str, Any]:
    return compose.compose(GIVEN)


def test_it_has_the_six_services_and_a_volume_for_all_that_is_kept(parsed: dict[str, Any]) -> None:
    assert set(parsed["services"]) == set(ALL)
    assert set(parsed["volumes"]) == {"database", "redis", "documents", "backups"}
    mounted = {name: parsed["services"][name].get("volumes", []) for name in ALL}
    assert mounted["database"] == ["database:/var/lib/postgresql"]  # where PostgreSQL 18 keeps its data
    assert mounted["redis"] == ["redis:/data"]
    for name in OURS:
        documents = f"documents:{parsed['services'][name]['environment']['DOCUMENTS_ROOT']}"
        assert mounted[name] == ([documents, "backups:/backups"] if name == "web" else [documents])


def test_the_user_of_the_image_can_write_into_the_volumes(parsed: dict[str, Any]) -> None:
    """A new volume takes its owner from the folder of the image that it lies over."""
    (owned,) = (words for name, words in dockerfile() if name == "RUN" and "install -d -o hyte" in words)
    folders = {mount.split(":")[1] for name in OURS for mount in parsed["services"][name]["volumes"]}
    assert folders == set(re.findall(r"(?<=\s)/\w+", owned.split("install -d", 1)[1]))


@pytest.mark.parametrize("service", OURS)
def test_each_of_our_services_gets_every_variable_that_the_settings_need(parsed: dict[str, Any], service: str) -> None:
    environment = parsed["services"][service]["environment"]
    assert set(settings.REQUIRED) <= {name for name, value in environment.items() if value}


def test_it_passes_no_variable_that_the_settings_do_not_know(parsed: dict[str, Any]) -> None:
    known = set(re.findall(r'"([A-Z_]{4,})"', (BASE_DIR / "hyte" / "settings.py").read_text()))
    assert set(parsed["services"]["web"]["environment"]) <= known


@pytest.mark.parametrize("name", sorted(GIVEN))
def test_a_missing_value_stops_it(name: str) -> None:
    with pytest.raises(MissingVariable, match=f"^{name}$"):
        compose.compose({**GIVEN, name: ""})


def test_no_secret_has_a_default() -> None:
    text = (BASE_DIR / "docker-compose.yml").read_text()
    defaults = set(re.findall(r"\$\{(\w+):-", text))
    assert defaults == {
        *("LOG_LEVEL", "SOTKANET_URL", "STATFIN_URL", "TRUSTED_PROXIES", "WEB_LISTEN", "WORKER_CONCURRENCY"),
    }
    mentioned = (BASE_DIR / ".env.example").read_text()
    assert all(f"#{name}=" in mentioned for name in defaults)


def test_each_service_starts_again_and_is_watched(parsed: dict[str, Any]) -> None:
    for name in ALL:
        service = parsed["services"][name]
        assert service["restart"] == ("on-failure" if name == "migrate" else "unless-stopped")
        # The image's own health check is that of web.
        assert name == "web" or service["healthcheck"].get("test") or service["healthcheck"]["disable"]


def test_nothing_of_ours_starts_before_the_database_is_migrated(parsed: dict[str, Any]) -> None:
    services = parsed["services"]
    assert services["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "redis": {"condition": "service_healthy"},
        }


def test_the_database_sorts_as_the_embedded_one_does(parsed: dict[str, Any]) -> None:
    arguments = parsed["services"]["database"]["environment"]["POSTGRES_INITDB_ARGS"]
    assert arguments.split() == ["--locale=C.UTF-8", "--encoding=UTF8"]
    assert parsed["services"]["database"]["image"] == "postgres:18"


def test_the_image_holds_what_the_site_needs_and_runs_as_nobody_special() -> None:
    instructions = dockerfile()
    last_stage = instructions[max(at for at, (name, _) in enumerate(instructions) if name == "FROM") :]
    assert ("USER", "hyte") in last_stage
    assert {"HEALTHCHECK", "CMD", "EXPOSE"} <= {name for name, _ in last_stage}
    text = " ".join(words for _name, words in instructions)
    libraries = {package for package in debian.TO_RUN if package.startswith("lib")}
    assert all(library in text for library in libraries)
    for folder in ("hyte", "indicators", "municipalities", "negotiations", "templates", "static", "locale"):
        assert ("COPY", f"{folder} {folder}") in instructions


def test_the_build_gets_no_more_than_it_copies() -> None:
    sent = {line.removeprefix("!") for line in (BASE_DIR / ".dockerignore").read_text().splitlines() if line[:1] == "!"}
    copied = {
        word
        for name, words in dockerfile()
        if name == "COPY" and not words.startswith("--from")
        for word in words.split()[:-1]
    }
    assert sent == copied
