"""For whom a user may act: the county in the path, the user's roles in it, and the door that checks both.

Scope, then judge: the middleware opens the county's scope (or answers 404), then each floor's predicates decide.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.urls import Resolver404, resolve, reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy
from django_scopes import scope

from municipalities.models import County, Membership, User
from municipalities.moves import NotAllowedNow

Role = Membership.Role
SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
# What forms send that nobody has typed: fields of ours, and in any field codes of choices, ids, numbers and times.
NOT_TYPED = {"csrfmiddlewaretoken", "rows", "seen", "token"}
CODE = re.compile(r"[a-z0-9_.:/-]{0,30}")


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

    @property
    def lasting_ids(self) -> frozenset[int]:
        """The municipalities that the user edits for without a last day: those whose tasks they may hand to others."""
        return frozenset(
            m.municipality_id
            for m in self.user.all_memberships
            if m.county_id == self.county.pk
            and m.role == Role.MUNICIPAL_EDITOR
            and m.municipality_id is not None
            and m.ends_on is None
        )

    @property
    def names_deputies(self) -> bool:
        """Whether the user may hand a municipality's tasks to another person for a time."""
        return self.is_coordinator or bool(self.lasting_ids)

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
    for access in _accesses(user):
        if access.county.slug == slug:
            return access
    raise Http404


def _accesses(user: User) -> list[Access]:
    """Return what the user is in each county of theirs. No query beyond that of the memberships."""
    counties = {m.county.pk: m.county for m in user.all_memberships if m.county is not None}
    return [
        Access(
            user=user,
            county=county,
            roles=frozenset(m.role for m in user.all_memberships if m.county_id == pk),
            municipality_ids=frozenset(
                m.municipality_id for m in user.all_memberships if m.county_id == pk and m.municipality_id is not None
            ),
        )
        for pk, county in counties.items()
    ]


def _access_outside(request: HttpRequest) -> Access | None:
    """Return whose header a page has that no county's address is of: a user's own, or one that is not found.

    That of the county whose address it would be, or of the only one that the user has. Where they have several, or
    none, nobody can tell. Only the user's memberships are read, and no scope is opened.
    """
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return None
    accesses = _accesses(user)
    slug = request.path_info.split("/")[1]
    here = [access for access in accesses if access.county.slug == slug]
    found = here or accesses
    return found[0] if len(found) == 1 else None


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
            return _to_sign_in(request, slug)
        access = access_of(request.user, slug)
        request.access = access  # type: ignore[attr-defined]
        request.county = access.county  # type: ignore[attr-defined]
        with scope(county=access.county):
            response = self.get_response(request)
            if response.status_code == HttpResponseNotAllowed.status_code:
                # Only a form or a button may send here; a link or a browser that goes back has opened it.
                response.content = loader.render_to_string("405.html", request=request)
        # What a county shows depends on who asks; no shared cache may keep it.
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Show a move that cannot be made now as a conflict, with the reason and the way back.

        What was typed into a form is given back, also where the row that it was of is no longer there.
        """
        if isinstance(exception, NotAllowedNow):
            reason, back = str(exception), getattr(exception, "back", None)
            return render(request, "409.html", {"reason": reason, "back": back, "typed": typed_in(request)}, status=409)
        # The forms to sign in with are of no county: what is typed into them is never shown.
        if isinstance(exception, Http404) and hasattr(request, "access") and (typed := typed_in(request)):
            return render(request, "404.html", {"typed": typed}, status=404)
        return None


def _to_sign_in(request: HttpRequest, slug: str) -> HttpResponse:
    """Have a user sign in, and lead them to the page that they asked for or whose form they sent."""
    if request.method in SAFE:
        return redirect_to_login(request.get_full_path())
    if "application/json" in request.headers.get("Accept", ""):
        # A field that saves itself: its page says so, keeps the text and tries again.
        return JsonResponse({}, status=401)
    messages.warning(
        request, _("You were no longer signed in, so nothing was changed. Sign in, and do the same again.")
    )
    # What a form is sent to need not be a page that opens.
    home, sender = reverse("county_home", args=[slug]), request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(sender, {request.get_host()}, require_https=request.is_secure()):
        page = urlsplit(sender)
        if page.path.startswith(home):
            return redirect_to_login(page._replace(scheme="", netloc="", fragment="").geturl())
    return redirect_to_login(home)


def typed_in(request: HttpRequest) -> list[str]:
    """Return the texts that somebody has typed into the form that was sent, for a page that cannot show the form."""
    return [
        text
        for name, values in request.POST.lists()
        if name not in NOT_TYPED
        for value in values
        if (text := value.strip()) and not CODE.fullmatch(text)
    ]


def county_context(request: HttpRequest) -> dict[str, Any]:
    """Give templates the county and what the user is in it: its header, menu and search are on every page."""
    access: Access | None = getattr(request, "access", None) or _access_outside(request)
    return {"county": access.county if access else None, "access": access}


# What Django says of passwords in poor Finnish, or in English alone. Named here, it is in our catalogues, which are
# looked into before Django's.
WORDED_ANEW = (
    ngettext_lazy(
        "This password is too short. It must contain at least %d character.",
        "This password is too short. It must contain at least %d characters.",
    ),
    ngettext_lazy(
        "Your password must contain at least %(min_length)d character.",
        "Your password must contain at least %(min_length)d characters.",
    ),
    gettext_lazy("Your password can’t be too similar to your other personal information."),
    gettext_lazy("Your password can’t be a commonly used password."),
)


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
