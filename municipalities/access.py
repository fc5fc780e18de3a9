"""For whom a user may act: the county in the path, the user's roles in it, and the door that checks both.

Scope, then judge: the middleware opens the county's scope (or answers 404), then each floor's predicates decide.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils import translation
from django.utils.translation import gettext_lazy
from django_scopes import scope

from municipalities.models import County, Membership, User
from municipalities.moves import NotAllowedNow

Role = Membership.Role


@dataclass(frozen=True)
class Access:
    """What a user is in one county."""

    user: User
    county: County
    roles: frozenset[str]
    municipality_ids: frozenset[int]

    @property
    def is_coordinator(self) -> bool:
        """Runs the county's negotiations."""
        return Role.COORDINATOR in self.roles

    @property
    def is_board_member(self) -> bool:
        """Sits on the regional board or council."""
        return Role.BOARD_MEMBER in self.roles

    @property
    def is_municipal(self) -> bool:
        """Works for a municipality of the county, as editor or reader."""
        return bool(self.municipality_ids)

    def require(self, allowed: bool) -> None:
        """Answer 403 unless allowed. For what one may know of but may not do."""
        if not allowed:
            raise PermissionDenied


class CountyRequest(HttpRequest):
    """A request inside a county's scope, as the middleware has made it. For annotations only."""

    user: User
    access: Access
    county: County


def access_of(user: User, slug: str) -> Access:
    """Return what the user is in the county of this address.

    Raises Http404 when there is no such county or the user is nothing in it: which of the two is not told.
    """
    memberships = [m for m in user.all_memberships if m.county is not None and m.county.slug == slug]
    if not memberships or memberships[0].county is None:
        raise Http404
    return Access(
        user=user,
        county=memberships[0].county,
        roles=frozenset(m.role for m in memberships),
        municipality_ids=frozenset(m.municipality_id for m in memberships if m.municipality_id is not None),
    )


class OwnLanguageMiddleware:
    """Shows a signed-in user their own language, unless they have chosen another with the language switch."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let the request through in that language."""
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        if chosen not in dict(settings.LANGUAGES) and isinstance(request.user, User):
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)


class CountyMiddleware:
    """Opens the scope of the county named in the path; nothing of another county can be read inside it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let the request through inside its county's scope."""
        try:
            slug = resolve(request.path_info).kwargs.get("county")
        except Resolver404:
            slug = None
        if slug is None:
            return self.get_response(request)
        if not isinstance(request.user, User):
            return redirect_to_login(request.get_full_path())
        access = access_of(request.user, slug)
        request.access = access  # type: ignore[attr-defined]
        request.county = access.county  # type: ignore[attr-defined]
        with scope(county=access.county):
            response = self.get_response(request)
        # What a county shows depends on who asks; no shared cache may keep it.
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Show a move that cannot be made now as a conflict, with the reason and the way back."""
        if not isinstance(exception, NotAllowedNow):
            return None
        context = {"reason": str(exception), "back": getattr(exception, "back", None)}
        return render(request, "409.html", context, status=409)


def county_context(request: HttpRequest) -> dict[str, Any]:
    """Give templates the county and what the user is in it."""
    return {"county": getattr(request, "county", None), "access": getattr(request, "access", None)}


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in by an account that someone has made; nobody signs up by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return that sign-up is closed."""
        return False

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Leave out "you have signed in": the page that opens says as much."""
        if level > messages.SUCCESS:
            super().add_message(request, level, *args, **kwargs)


class MFAAdapter(DefaultMFAAdapter):
    """Keeps the secrets of two-step sign-in encrypted: a copy of the database alone signs nobody in."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("The code is wrong or too old. Write the code that the app shows now."),
    }

    def encrypt(self, text: str) -> str:
        """Return the secret as it is stored."""
        return self._box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret; nothing that fits any code where SECRET_KEY has been changed since."""
        try:
            return self._box().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            return ""

    def _box(self) -> Fernet:
        key = hashlib.sha256(b"hyte.mfa:" + settings.SECRET_KEY.encode()).digest()
        return Fernet(base64.urlsafe_b64encode(key))
