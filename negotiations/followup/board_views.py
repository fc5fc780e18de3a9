"""The board on which a round is planned. Here, above planning, as it shows the duty that the plan would leave."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from municipalities.access import CountyRequest


@require_safe
def round_board(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """To be written."""
    raise Http404
