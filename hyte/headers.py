"""Headers of every answer, static files included, that neither Django nor the CSP has a setting for."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class HeadersMiddleware:
    """Switches off what the site does not use of a browser, and keeps its answers out of other sites' pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._policy = ", ".join(f"{feature}=()" for feature in settings.BROWSER_FEATURES_OFF)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let the request through, and add to its answer."""
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", self._policy)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response
