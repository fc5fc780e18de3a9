"""The way in, the county's look, and its municipalities."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from municipalities.access import CountyRequest
from municipalities.colours import palette
from municipalities.models import Municipality, MunicipalityGroup, User
from municipalities.tables import Choice, Column, Kind, Search, Table

COLUMNS: tuple[Column[Municipality], ...] = (
    Column("kunta", gettext_lazy("Municipality"), str, order="area__order"),
    Column("koodi", gettext_lazy("Code"), lambda row: row.area.code, shown=False),
    Column(
        "asukkaita",
        gettext_lazy("Inhabitants (2025)"),
        lambda row: row.population,
        order="population",
        kind=Kind.NUMBER,
    ),
    Column(
        "kielet",
        gettext_lazy("Languages"),
        lambda row: row.get_language_status_display(),
        order="language_status",
        kind=Kind.STATE,
    ),
)
FILTERS = (
    Search[Municipality](by=("area__name_fi", "area__name_sv")),
    Choice[Municipality](
        "kielet", gettext_lazy("Languages"), Municipality.LanguageStatus.choices, by="language_status"
    ),
)


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Lead to the user's county; let choose where there are several, and tell administrators where theirs is."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required has seen to it
    counties = {m.county.pk: m.county for m in user.all_memberships if m.county is not None}
    if len(counties) == 1:
        return redirect("county_home", county=next(iter(counties.values())).slug)
    ordered = sorted(counties.values(), key=lambda county: county.area.order)
    return render(request, "municipalities/choose_county.html", {"counties": ordered})


@require_safe
def county_style(request: CountyRequest, county: str) -> HttpResponse:
    """Give the county's colours as custom properties; the page's address for it changes with the colour."""
    colours = palette(request.county.colour)
    css = (
        f":root{{--county:{colours.ground};--county-ink:{colours.ink};--county-text:{colours.text};"
        f"--county-dark:{colours.dark};--county-light:{colours.light}}}\n"
    )
    response = HttpResponse(css, content_type="text/css; charset=utf-8")
    response["Cache-Control"] = "private, max-age=86400"
    return response


@require_safe
def municipalities(request: CountyRequest, county: str) -> HttpResponse:
    """List the county's municipalities and the groups in which they negotiate this year."""
    by_name = Municipality.objects.select_related("area").order_by("area__order")
    own = by_name.filter(county=request.county)
    table = Table(request, own, COLUMNS, name=_("Municipalities"), filters=FILTERS, sort="kunta")
    if answer := table.file():
        return answer
    this_year = timezone.localdate().year
    groups = list(
        MunicipalityGroup.objects.filter(year__lte=this_year)
        .order_by("-year", "position", "name")
        .prefetch_related(Prefetch("municipalities", by_name))
    )
    latest = groups[0].year if groups else None
    context = {
        "table": table,
        # Of all of them, whatever the list is filtered by.
        "population": own.aggregate(sum=Sum("population"))["sum"] or 0,
        "groups": [group for group in groups if group.year == latest],
        "groups_year": latest,
        "is_this_year": latest == this_year,
    }
    return render(request, "municipalities/municipalities.html", context)
