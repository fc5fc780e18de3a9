"""Signing in: by e-mail, and not by trying again and again."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from municipalities.models import User
from tests.factories import PASSWORD


@pytest.fixture(autouse=True)
def _no_attempts_yet(settings: Settings) -> None:
    """Behind one proxy, with nothing counted."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    # A corner of the cache of their own: emptying it would empty the queue beside it too.
    settings.CACHES = {"default": {**settings.CACHES["default"], "KEY_PREFIX": uuid4().hex}}


def sign_in(email: str, password: str, address: str) -> int:
    """Try to sign in from an address, and return the status: 302 when it opened, 200 when not."""
    headers = {"x-forwarded-for": f"203.0.113.99, {address}"}
    response = Client().post(reverse("account_login"), {"login": email, "password": password}, headers=headers)
    return response.status_code


def test_the_address_opens_whatever_its_letter_case(coordinator: User) -> None:
    """And a wrong password does not."""
    assert sign_in(coordinator.email.upper(), PASSWORD, "198.51.100.1") == 302
    assert sign_in(coordinator.email, "wrong", "198.51.100.1") == 200


def test_guessing_a_password_is_cut_short(coordinator: User) -> None:
    """After five failures the right one does not help either for a while."""
    for _attempt in range(5):
        assert sign_in(coordinator.email, "wrong", "198.51.100.1") == 200
    assert sign_in(coordinator.email, PASSWORD, "198.51.100.1") != 302


def test_those_behind_the_same_proxy_do_not_use_up_each_others_attempts(coordinator: User, board_member: User) -> None:
    """The limit counts the address that the proxy saw, not the proxy's, nor what the client says of itself."""
    for attempt in range(40):
        sign_in(f"nobody{attempt}@example.fi", "wrong", "198.51.100.1")
    assert sign_in(coordinator.email, PASSWORD, "198.51.100.1") == 429
    assert sign_in(board_member.email, PASSWORD, "198.51.100.2") == 302


def test_without_redis_one_signs_in_and_guessing_is_cut_short_all_the_same(
    coordinator: User, board_member: User, settings: Settings
) -> None:
    """The attempts are then counted in the memory of the process."""
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    assert sign_in(board_member.email, PASSWORD, "198.51.100.3") == 302
    for _attempt in range(5):
        assert sign_in(coordinator.email, "wrong", "198.51.100.3") == 200
    assert sign_in(coordinator.email, PASSWORD, "198.51.100.3") != 302
    assert sign_in(board_member.email, PASSWORD, "198.51.100.3") == 302
