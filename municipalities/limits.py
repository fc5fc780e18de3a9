"""How often something may be tried. Counted as sign-ins are: in the cache, by the address that our proxy saw."""

from __future__ import annotations

# The public function counts what allauth knows of alone, and nothing that is only looked at.
from allauth.core.internal.ratelimit import consume
from django.http import HttpRequest


def is_used_up(request: HttpRequest, action: str, rate: str) -> bool:
    """Return whether the attempts have been used up, such as "20/h/user" or "20/m/ip". Counts none."""
    return not consume(request, app="hyte", action=action, config={action: rate}, limit_get=True, dry_run=True)


def count(request: HttpRequest, action: str, rate: str) -> bool:
    """Count an attempt; return whether it was within the rate."""
    return bool(consume(request, app="hyte", action=action, config={action: rate}, limit_get=True))
