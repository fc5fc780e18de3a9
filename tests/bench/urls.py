"""The site's addresses, and two that do nothing: what the framework and our middleware cost by themselves."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from hyte.urls import urlpatterns as site


def empty(request: HttpRequest, county: str = "") -> HttpResponse:
    """Answer with nothing. Below a county only for those who are something in it, as every page there."""
    return HttpResponse()


urlpatterns = [
    path("tyhja/", empty, name="empty"),
    path("<slug:county>/tyhja/", empty, name="county_empty"),
    *site,
]
