"""When PostgreSQL is not there: a page that says so and what to do, whatever it was that asked in vain."""

from __future__ import annotations

import logging
import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views.defaults import server_error as unexplained

RETRY_AFTER = 30  # seconds
# Classes of SQLSTATE: the connection broke; too many connections or a full disk; the server is ending or starting.
AWAY = ("08", "53", "57P")


def is_away(error: BaseException | None) -> bool:
    """Return whether the error says that the database is not there, rather than that it was asked something wrong."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, InterfaceError | OperationalError):
            # A connection that cannot be made, or breaks, has no code of the server's.
            code: str | None = getattr(error.__cause__, "sqlstate", None)
            return code is None or code.startswith(AWAY)
        error = error.__cause__ or error.__context__
    return False


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer what nobody has caught: 503 when the database is away, else 500.

    This is the one place that every such error comes to, from views and middleware alike. The page is made without
    asking for user, session or county, which are in the database.
    """
    if not is_away(sys.exc_info()[1]):
        return unexplained(request)
    # A form must be sent again by whoever filled it in.
    again = request.get_full_path() if request.method in {"GET", "HEAD"} else ""
    page = loader.render_to_string("503.html", {"again": again})
    return HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"})


class OneLine(logging.Filter):
    """Tells of a missing database in one line a request; where in our code it was missed is no news."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten the record if it is of that; let it through."""
        error = record.exc_info[1] if record.exc_info else None
        if is_away(error):
            record.exc_info = record.exc_text = None
            record.msg, record.args = "%s (the database is away: %s)", (record.getMessage(), str(error).split("\n")[0])
        return True
