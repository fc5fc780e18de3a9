"""Pages behind a secret address, for whoever has it: nobody signs in. The token in the address is all the authority."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

# So many wrong tokens from one address are looked up.
GUESSES = "20/m/ip"
# The language that is chosen on such a page, in its address.
LANGUAGE = "kieli"

View = Callable[..., HttpResponseBase]


def without_account(view: View) -> View:
    """Make a view one of a secret address: no search engine finds it, no other site learns it, and no cache keeps it.

    Where the view says itself how long its answer may be kept, that holds. Its forms carry no token against forgery: no
    page of others' knows the address, so that a cookie would add nothing; nor could it be compared, as the page tells
    its address to nobody and sends no origin with its forms either.
    """

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return guarded


def speak(request: HttpRequest, language: str) -> None:
    """Show the page in a language, unless another has been chosen here or with the language switch."""
    chosen = (request.GET.get(LANGUAGE), request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME))
    known = dict(settings.LANGUAGES)
    translation.activate(next((one for one in chosen if one in known), language))
    request.LANGUAGE_CODE = translation.get_language()


def show(request: HttpRequest, template: str, context: Mapping[str, Any], status: int = 200) -> HttpResponse:
    """Answer with a page of no county and nobody's: whoever has signed in sees there what all others see."""
    own = {"county": None, "access": None, "languages": settings.LANGUAGES, "language_key": LANGUAGE}
    return render(request, template, {**context, **own}, status=status)
