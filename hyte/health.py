"""The answer to "are you well?", for whatever watches over the site."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when the database and Redis do, else 503 naming those that do not; why, is for the log only."""
    failing = [name for name, ask in (("database", _ask_database), ("redis", _ask_redis)) if not _answers(name, ask)]
    if failing:
        return HttpResponse(f"not answering: {', '.join(failing)}\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")


def _answers(name: str, ask: Callable[[], object]) -> bool:
    try:
        ask()
    except Exception:  # whatever went wrong, the answer is no
        logger.exception("Health: %s does not answer", name)
        return False
    return True


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_redis() -> None:
    from redis import Redis

    # Not through the cache, which does without.
    with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2) as redis:
        redis.ping()
