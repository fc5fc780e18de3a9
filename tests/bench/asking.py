"""A request through the whole site, inside this process: what it costs and where its time goes."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.backends.django import Template
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from municipalities.models import User


@dataclass(frozen=True)
class Answer:
    """What came back, and how long it took from the server's side."""

    status: int
    content_type: str
    size: int
    seconds: float
    etag: str = ""


def cookie_of(user: User) -> str:
    """Sign a user in and return the cookie of the session, as a header."""
    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


class Site:
    """The site as the web server calls it, without the web server."""

    def __init__(self) -> None:
        # As hyte.wsgi has it, once for each set of middleware.
        self._application = get_wsgi_application()
        get_resolver().url_patterns  # noqa: B018
        self._requests = RequestFactory()

    def ask(self, path: str, cookie: str, *, etag: str = "") -> Answer:
        """Ask for a page; for one that one has already, if its tag is given."""
        known = {"If-None-Match": etag} if etag else {}
        environ = self._requests.get(path, headers={"Cookie": cookie, **known}).environ
        told: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> None:
            told.update(status=int(status.split()[0]), headers=dict(headers))

        began = perf_counter()
        response: Any = self._application(environ, start_response)  # type: ignore[arg-type]
        size = sum(len(part) for part in response)
        response.close()
        seconds = perf_counter() - began
        headers = told["headers"]
        return Answer(told["status"], headers.get("Content-Type", ""), size, seconds, headers.get("ETag", ""))

    def queries(self, path: str, cookie: str, *, etag: str = "") -> list[str]:
        """Return the queries of a page."""
        with CaptureQueriesContext(connection) as captured:
            self.ask(path, cookie, etag=etag)
        return [query["sql"] for query in captured.captured_queries]


class Watch:
    """Seconds by where they went: in the view as a whole, of that in the template, and in queries on either side."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.in_view = False
        self._in_template = False

    @contextlib.contextmanager
    def spent(self, what: str) -> Iterator[None]:
        """Count the block."""
        began = perf_counter()
        try:
            yield
        finally:
            self.seconds[what] += perf_counter() - began

    def query(self, execute: Callable[..., Any], *args: Any) -> Any:
        """Count a query."""
        with self.spent("query in view" if self.in_view else "query outside"):
            return execute(*args)

    def template(self, render: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Count a template. One rendered inside another, such as a form's, belongs to it."""
        if self._in_template:
            return render(*args, **kwargs)
        self._in_template = True
        try:
            with self.spent("template"):
                return render(*args, **kwargs)
        finally:
            self._in_template = False


_watch = Watch()


class Innermost:
    """The last middleware, which calls the view itself and tells how long that took."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let the request through."""
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse:
        """Call the view with a watch in hand."""
        _watch.in_view = True
        try:
            with _watch.spent("view"):
                return view(request, *args, **kwargs)
        finally:
            _watch.in_view = False


@contextlib.contextmanager
def watched() -> Iterator[Watch]:
    """Collect where time goes, in a site whose last middleware is Innermost."""
    global _watch
    _watch = watch = Watch()
    render = Template.render

    def timed_render(self: Template, *args: Any, **kwargs: Any) -> Any:
        return watch.template(partial(render, self), *args, **kwargs)

    Template.render = timed_render  # type: ignore[method-assign, assignment]
    try:
        with connection.execute_wrapper(watch.query):
            yield watch
    finally:
        Template.render = render  # type: ignore[method-assign]
