"""The health page names what does not answer, and tells nothing else."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.db.utils import OperationalError
from django.test import Client
from django.urls import reverse
from redis import Redis
from redis.exceptions import ConnectionError as RedisDown


def broken(error: Exception) -> Callable[..., object]:
    """Return a function that only raises."""

    def fail(*_arguments: object, **_options: object) -> object:
        raise error

    return fail


@pytest.mark.django_db
def test_all_is_well(client: Client) -> None:
    response = client.get(reverse("healthz"))
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response.headers["Cache-Control"]
    assert client.post(reverse("healthz")).status_code == 405


@pytest.mark.django_db
def test_what_does_not_answer_is_named_without_its_secrets(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Redis, "ping", broken(RedisDown("redis://:secret@nowhere")))
    response = client.get(reverse("healthz"))
    assert (response.status_code, response.content) == (503, b"not answering: redis\n")

    monkeypatch.setattr(connection, "cursor", broken(OperationalError("password secret is wrong")))
    response = client.get(reverse("healthz"))
    assert (response.status_code, response.content) == (503, b"not answering: database, redis\n")
