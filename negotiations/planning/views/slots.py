"""The rule of a round's slots: previewed, changed, and what a change would do."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from municipalities.access import CountyRequest


@require_safe
def round_slots(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """To be written."""
    raise Http404
