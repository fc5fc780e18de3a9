"""Asking the parties of a round which times suit them, and the page behind the link on which they answer."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from municipalities.access import CountyRequest


@require_safe
def round_availability(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """To be written."""
    raise Http404
