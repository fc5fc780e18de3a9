"""The site's addresses, and three that do next to nothing: what framework, middleware and a row cost by themselves."""

import json
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django_scopes import scopes_disabled

from hyte.urls import urlpatterns as site
from negotiations.models import WorkshopNote


def empty(request: HttpRequest, county: str = "") -> HttpResponse:
    """Answer with nothing. Below a county only for those who are something in it, as every page there."""
    return HttpResponse()


@csrf_exempt
def bare_note(request: HttpRequest, group: int) -> HttpResponse:
    """Insert a note of a workshop and ask nothing: neither whose it is, nor whether it may be, nor if it is there."""
    sent = json.loads(request.body)
    with scopes_disabled():
        note = WorkshopNote(
            county_id=sent["county"],
            workshop_id=sent["workshop"],
            group_id=group,
            column_id=sent["column"],
            key=UUID(sent["key"]),
            text=sent["text"],
        )
        note.save(force_insert=True)
    return JsonResponse({"id": note.pk}, status=201)


urlpatterns = [
    path("tyhja/", empty, name="empty"),
    path("tyhja/lappu/<int:group>/", bare_note, name="bare_note"),
    path("<slug:county>/tyhja/", empty, name="county_empty"),
    *site,
]
