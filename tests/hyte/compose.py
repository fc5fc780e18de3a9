"""Reads docker-compose.yml the way compose does."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

BASE_DIR = Path(__file__).resolve().parents[2]
VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?::(?P<kind>[?-])(?P<rest>[^}]*))?\})")


class MissingVariable(Exception):
    """A variable without a default has no value."""


def compose(given: Mapping[str, str]) -> dict[str, Any]:
    """Return the compose file with the variables filled in."""
    text = (BASE_DIR / "docker-compose.yml").read_text()
    filled: dict[str, Any] = yaml.safe_load(interpolate(text, given))
    return filled


def interpolate(text: str, given: Mapping[str, str]) -> str:
    """Fill in `${NAME}`, `${NAME:-default}` and `${NAME:?message}`; `$$` stands for a dollar sign."""

    def value(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None:
            return "$"
        if given.get(name):
            return given[name]
        if match["kind"] == "-":
            return match["rest"]
        raise MissingVariable(name)

    return VARIABLE.sub(value, text)


def example() -> dict[str, str]:
    """Return what .env.example sets."""
    lines = (BASE_DIR / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def dockerfile() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile, each with its words; continued lines joined."""
    text = re.sub(r"^#.*\n", "", (BASE_DIR / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    lines = [line.split(None, 1) for line in text.splitlines() if line.strip()]
    return [(instruction, re.sub(r"\s+", " ", words).strip()) for instruction, words in lines]


def exec_form(words: str) -> list[str]:
    """Return the command of CMD or HEALTHCHECK, given in its JSON form."""
    command: list[str] = json.loads(words[words.index("[") :])
    return command


# What an installation sets: the example, and the secrets.
GIVEN = {
    **example(),
    "SECRET_KEY": "kH3-vq8ZtY0pLxW7nRb2mCs9dJf4gAe6uTiOo1QzXyVwNhKl5rBc",
    "POSTGRES_PASSWORD": "p" * 20,
}
