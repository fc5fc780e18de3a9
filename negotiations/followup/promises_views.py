"""What we promised and what happened: a page for each municipality, and telling what has become of a measure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from municipalities.access import CountyRequest
from municipalities.models import Municipality
from municipalities.views.editing import edit
from negotiations.followup import promises as rules
from negotiations.followup.promises import Promise, Side
from negotiations.followup.promises_forms import StatusForm
from negotiations.models import AgendaItem, Measure
from negotiations.permissions import can_edit, can_tell, visible_measures, visible_negotiations, visible_statuses

ALL = "kaikki"


@dataclass(frozen=True)
class PromiseRow:
    """A measure on the page, and where it leads."""

    promise: Promise
    is_overdue: bool
    # Where it was agreed, if the user may open that page.
    url: str

    @property
    def tone(self) -> str:
        """The colour of its state: told in words besides."""
        latest = self.promise.latest
        if latest is None:
            return "waiting"
        return {"done": "done", "underway": "going", "not_begun": "waiting", "dropped": "ended"}[latest.state]


@dataclass(frozen=True)
class SideShown:
    """What one side promised: those shown, and how many there are."""

    side: Side
    rows: list[PromiseRow]
    count: rules.Count


@require_safe
def promises(request: CountyRequest, county: str, code: str) -> HttpResponse:
    """Show what a municipality and those who negotiated with it promised, and what has become of each promise."""
    shown: Municipality = get_object_or_404(
        Municipality.objects.select_related("area"), county=request.county, area__code=code
    )
    today = timezone.localdate()
    found = rules.promises_of(shown, request.access)
    may_open = set(
        visible_negotiations(request.access)
        .filter(pk__in={row.measure.negotiation_id for row in found if row.measure.negotiation_id})
        .values_list("pk", flat=True)
    )
    shows_all = request.GET.get("nayta") == ALL
    sides = []
    for side in Side:
        of_side = [row for row in found if row.side == side]
        rows = [
            PromiseRow(
                row,
                row.is_overdue(today),
                reverse("negotiation", args=[county, row.measure.negotiation_id])
                if row.measure.negotiation_id in may_open
                else "",
            )
            for row in of_side
            if shows_all or row.is_open
        ]
        sides.append(SideShown(side, rows, rules.counted(of_side)))
    here = reverse("promises", args=[county, code])
    context = {
        "municipality": shown,
        "is_own": shown.pk in request.access.municipality_ids,
        "sides": sides,
        "count": rules.counted(found),
        "overdue": sum(row.is_overdue(today) for row in found),
        "shows_all": shows_all,
        "here": here,
        "all_url": f"{here}?nayta={ALL}",
        "today": today,
    }
    return render(request, "negotiations/promises.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def measure_status(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Tell what has become of a measure. The address may name the municipality from whose page one came."""
    measure: Measure = get_object_or_404(
        visible_measures(request.access).select_related("negotiation", "round", "municipality__area", "priority"),
        pk=pk,
    )
    request.access.require(can_tell(request.access, measure))
    item = _gone_through(request, measure)
    sitting = item.part.negotiation if item else None
    came_from = None if item else _came_from(request, measure)
    back = _page_of(county, came_from)
    crumbs = [(back, _("What has been agreed"))]
    if item and sitting:
        back = f"{reverse('live', args=[county, sitting.pk])}?kohta={item.pk}"
        crumbs = [(back, sitting.title)]
    elif came_from is not None:
        crumbs = [
            (reverse("municipality", args=[county, came_from.area.code]), str(came_from)),
            (back, _("What we promised – what happened")),
        ]
    return edit(
        request,
        partial(StatusForm, measure=measure, sitting=sitting),
        under=measure,
        save=lambda form: rules.tell_status(
            measure,
            state=form.cleaned_data["state"],
            note=form.cleaned_data["note"],
            negotiation=sitting,
            told_on=form.cleaned_data["told_on"],
            by=request.user,
        ),
        title=_("Tell what has become of it"),
        back=back,
        then=back if item else f"{back}#toimenpide-{measure.pk}",
        done=_("“%(measure)s”: what has become of it was saved.") % {"measure": Truncator(measure.text).chars(60)},
        template="negotiations/promise_status.html",
        context={
            "crumbs": crumbs,
            "measure": measure,
            # Not what the minutes of a sitting, still a draft, tell of it.
            "told": visible_statuses(request.access).filter(measure=measure).order_by("-told_on", "-pk"),
        },
    )


def _gone_through(request: CountyRequest, measure: Measure) -> AgendaItem | None:
    """Return the item under which the measure is gone through in a sitting, where one came from there.

    What is told then is told in that negotiation, by those who write its minutes.
    """
    wanted = request.GET.get("kohta", "")
    if not wanted.isascii() or not wanted.isdigit() or len(wanted) > 18 or not can_edit(request.access):
        return None
    found: AgendaItem | None = (
        AgendaItem.objects.filter(
            part__negotiation__in=visible_negotiations(request.access), measures_followed=measure, pk=int(wanted)
        )
        .select_related("part__negotiation")
        .first()
    )
    return found


def _came_from(request: CountyRequest, measure: Measure) -> Municipality | None:
    """Return the municipality from whose page one came, else the one that promised."""
    code = request.GET.get("kunta", "")
    named = Municipality.objects.filter(county=request.county, area__code=code).select_related("area").first()
    return named or measure.municipality


def _page_of(county: str, municipality: Municipality | None) -> str:
    if municipality is None:
        return reverse("measures", args=[county])
    # All are shown: what has just been marked as done is to be seen.
    return reverse("promises", args=[county, municipality.area.code]) + "?" + urlencode({"nayta": ALL})
