"""The stages of a round's year: as a list, as a wheel, and the board's approval."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from municipalities.access import CountyRequest


@require_safe
def round_year(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """To be written."""
    raise Http404
