"""What can be undone is undone rather than confirmed: the page that follows a removal offers what was removed back.

What is needed to bring it back travels in the page, signed, and is good for one user in one county.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core import signing
from django.utils.translation import gettext as _

from municipalities.access import CountyRequest
from municipalities.moves import NotAllowedNow

KEY = "undo"
SALT = "hyte.undo"
LASTS = timedelta(hours=12)


@dataclass(frozen=True)
class Undo:
    """A removal that can be undone: what was removed, in words, and where to send the token."""

    words: str
    url: str
    token: str


def offer_undo(request: CountyRequest, *, words: str, url: str, values: Mapping[str, Any]) -> None:
    """Have the next page that shows undoings offer one: `values` come back at the address."""
    request.session[KEY] = {"words": words, "url": url, "token": undo_token(request, url=url, values=values)}


def undo_token(request: CountyRequest, *, url: str, values: Mapping[str, Any]) -> str:
    """Return what brings `values` back at the address, for a page that keeps its undoings itself."""
    return signing.dumps({"county": request.county.pk, "user": request.user.pk, "url": url, **values}, salt=SALT)


def undo_offered(request: CountyRequest) -> Undo | None:
    """Return the removal that can be undone, once: for the page that follows it."""
    offered = request.session.pop(KEY, None)
    return Undo(**offered) if offered else None


def undone(request: CountyRequest) -> dict[str, Any]:
    """Return what was removed, as it was given to `offer_undo`.

    Raises NotAllowedNow where it is too late, or what was sent is not of this user, county and address.
    """
    try:
        values: dict[str, Any] = signing.loads(request.POST.get("token", ""), salt=SALT, max_age=LASTS)
    except signing.BadSignature as error:
        raise NotAllowedNow(_("This can be undone no more. Add it again by hand.")) from error
    of = (values.pop("county"), values.pop("user"), values.pop("url"))
    if of != (request.county.pk, request.user.pk, request.path):
        raise NotAllowedNow(_("This can be undone no more. Add it again by hand."))
    return values
