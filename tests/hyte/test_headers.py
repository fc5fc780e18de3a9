"""What a scanner of web sites looks at, on every kind of answer, with the settings of an https installation.

The rules are those of Mozilla's HTTP Observatory and of securityheaders.com, of which each is needed for grade A.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.cookies import Morsel
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.http import HttpResponse, HttpResponseBase
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from municipalities.models import User
from tests.factories import PASSWORD
from tests.hyte.test_settings import load

# What hyte/settings.py makes of https, and what stands in the way of the test host otherwise.
KINDS = ("SECURE_", "SESSION_", "CSRF_", "LANGUAGE_COOKIE_", "X_FRAME_", "CONTENT_SECURITY_", "WHITENOISE_", "BROWSER_")
HOST = "hyte.example.fi"
HALF_A_YEAR = 15_768_000


@pytest.fixture
def https(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the settings of an installation at https://hyte.example.fi."""
    with monkeypatch.context() as patch:
        loaded = load(patch)
    chosen = {name: value for name, value in loaded.items() if name.startswith(KINDS)}
    assert len(chosen) > 15
    with override_settings(**chosen, ALLOWED_HOSTS=loaded["ALLOWED_HOSTS"], MIDDLEWARE=loaded["MIDDLEWARE"]):
        yield


def browser(**options: Any) -> Client:
    """Return a browser that comes through the proxy that ends TLS."""
    return Client(headers={"host": HOST, "x-forwarded-proto": "https", "referer": f"https://{HOST}/"}, **options)


def signed_in(user: User) -> Client:
    """Return a browser in which the user has signed in by the form."""
    client = browser()
    response = client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert response.status_code == 302
    return client


def shortcomings(response: HttpResponseBase) -> list[str]:
    """Return what a scanner would find wanting in an answer's headers."""
    headers = response.headers
    parts = [part.split() for part in headers.get("Content-Security-Policy", "").split(";") if part.strip()]
    policy = {name: values for name, *values in parts}
    sources = {source for values in policy.values() for source in values}
    age = re.search(r"max-age=(\d+)", headers.get("Strict-Transport-Security", ""))
    referrer = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
    rules = {
        "HSTS for half a year at least": age is not None and int(age[1]) >= HALF_A_YEAR,
        "HSTS for the subdomains": "includeSubDomains" in headers.get("Strict-Transport-Security", ""),
        "CSP that allows nothing unless it says so": policy.get("default-src") == ["'none'"],
        "CSP without unsafe-": "unsafe-" not in headers.get("Content-Security-Policy", "unsafe-"),
        "CSP without wide sources": not {"*", "http:", "https:"} & sources,
        "CSP without data: for scripts": "data:" not in policy.get("script-src", ["data:"]),
        "CSP: no frames around": policy.get("frame-ancestors") == ["'none'"],
        "CSP: no base": policy.get("base-uri") == ["'none'"],
        "CSP: forms to us": policy.get("form-action") == ["'self'"],
        "X-Frame-Options": headers.get("X-Frame-Options") == "DENY",
        "X-Content-Type-Options": headers.get("X-Content-Type-Options") == "nosniff",
        "Referrer-Policy": headers.get("Referrer-Policy") in referrer,
        "Permissions-Policy": {"camera=()", "microphone=()", "geolocation=()"}
        <= set(headers.get("Permissions-Policy", "").split(", ")),
        "Cross-Origin-Opener-Policy": headers.get("Cross-Origin-Opener-Policy") == "same-origin",
        "Cross-Origin-Resource-Policy": headers.get("Cross-Origin-Resource-Policy") == "same-origin",
        "no other origin may read": "Access-Control-Allow-Origin" not in headers,
        "no versions told": not {"Server", "X-Powered-By"} & set(headers),
    }
    return [rule for rule, kept in rules.items() if not kept]


Ask = Callable[[User], HttpResponseBase]

ANSWERS: dict[str, Ask] = {
    "sign-in": lambda user: browser().get(reverse("account_login")),
    "sign-in refused": lambda user: browser().post(reverse("account_login"), {"login": user.email, "password": "x"}),
    "a county's page": lambda user: signed_in(user).get(reverse("municipalities", args=["keski-suomi"])),
    "a county's stylesheet": lambda user: signed_in(user).get(reverse("county_style", args=["keski-suomi"])),
    "a spreadsheet": lambda user: signed_in(user).get(reverse("register_template", args=["keski-suomi"])),
    "sent to sign-in": lambda user: browser().get(reverse("municipalities", args=["keski-suomi"])),
    "the admin": lambda user: browser().get("/admin/"),
    "a party's link": lambda user: browser().get(reverse("availability_link", args=["tuntematon"])),
    "an approver's link": lambda user: browser().get(reverse("card_link", args=["tuntematon"])),
    "health": lambda user: browser().get(reverse("healthz")),
    "not there (404)": lambda user: browser().get("/ei/ole/"),
    "not allowed (403)": lambda user: browser(enforce_csrf_checks=True).post(reverse("account_login"), {}),
}


@pytest.mark.django_db
@pytest.mark.usefixtures("https")
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_scanner_finds_nothing_wanting(answer: str, coordinator: User) -> None:
    assert shortcomings(ANSWERS[answer](coordinator)) == []


def test_the_scanner_would_find_something() -> None:
    """An answer without headers fails by every rule that asks for one."""
    assert len(shortcomings(HttpResponse())) >= 14


@pytest.mark.usefixtures("https")
def test_static_files_are_for_us_only() -> None:
    """They are read by our pages alone, and by nobody as something else than they are."""
    file = Path(settings.STATIC_ROOT, "test_headers.css")
    file.write_text("p {}")
    try:
        response = browser().get("/static/test_headers.css")
    finally:
        file.unlink()
    assert response.status_code == 200
    # The policy of a page is the page's; all else holds for its files too.
    assert {rule for rule in shortcomings(response) if not rule.startswith("CSP")} == {"X-Frame-Options"}


@pytest.mark.django_db
@pytest.mark.usefixtures("https")
def test_no_page_is_served_in_the_clear(coordinator: User) -> None:
    client = Client(headers={"host": HOST, "x-forwarded-proto": "http"})
    response = client.get(reverse("account_login"))
    assert (response.status_code, response.headers["Location"]) == (301, f"https://{HOST}{reverse('account_login')}")
    assert not response.cookies


def is_guarded(cookie: Morsel[str]) -> bool:
    """Return whether a cookie goes over https only, to us only, and is out of the reach of scripts."""
    return bool(
        cookie["secure"] and cookie["httponly"] and cookie["samesite"] in {"Lax", "Strict"} and not cookie["domain"]
    )


@pytest.mark.django_db
@pytest.mark.usefixtures("https")
def test_every_cookie_is_guarded(coordinator: User) -> None:
    """Those of sign-in by the prefix too, for which browsers see to it that no other host has set them."""
    client = signed_in(coordinator)
    client.get(reverse("account_login"))
    client.post(reverse("set_language"), {"language": "sv"})
    cookies = client.cookies
    assert {"__Host-session", "language"} <= set(cookies)
    assert all(is_guarded(cookie) for cookie in cookies.values()), cookies
    for name, cookie in cookies.items():
        assert cookie["path"] == "/"
        assert name.startswith("__Host-") or name in {"language", "messages"}
    fresh = browser()
    fresh.get(reverse("account_login"))
    assert set(fresh.cookies) == {"__Host-csrf"}
    assert is_guarded(fresh.cookies["__Host-csrf"])


@pytest.mark.django_db
@pytest.mark.usefixtures("https")
def test_a_session_begins_with_the_sign_in_and_ends_with_the_sign_out(coordinator: User) -> None:
    """Nobody can be given a session to sign in with, and a copied cookie is worth nothing after signing out."""
    client = browser()
    client.cookies["__Host-session"] = "a" * 32
    client.post(reverse("account_login"), {"login": coordinator.email, "password": PASSWORD})
    key = client.cookies["__Host-session"].value
    assert key != "a" * 32
    # It goes with the browser, and with the working day.
    assert client.cookies["__Host-session"]["max-age"] == ""
    assert Session.objects.get(session_key=key).expire_date <= timezone.now() + timedelta(hours=12)
    thief = browser()
    thief.cookies["__Host-session"] = key
    page = reverse("municipalities", args=["keski-suomi"])
    assert thief.get(page).status_code == 200
    client.post(reverse("account_logout"))
    assert not Session.objects.filter(session_key=key).exists()
    assert thief.get(page).status_code == 302


@pytest.mark.django_db
@pytest.mark.usefixtures("https")
def test_a_new_password_ends_the_other_sessions(coordinator: User) -> None:
    here, elsewhere = signed_in(coordinator), signed_in(coordinator)
    page = reverse("municipalities", args=["keski-suomi"])
    new = "aivan-uusi-salasana-2026"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert here.post(reverse("account_change_password"), form).status_code == 302
    assert (here.get(page).status_code, elsewhere.get(page).status_code) == (200, 302)
