"""Municipality groups of a year: seen, edited all at once, copied from an earlier year."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from municipalities.access import CountyRequest
from municipalities.models import Municipality
from municipalities.views.moving import leading_back
from negotiations.models import Round
from negotiations.permissions import can_edit, can_read_rounds
from negotiations.planning.forms.groups import GroupsForm
from negotiations.planning.forms.rounds import FIRST_YEAR, LAST_YEAR
from negotiations.planning.groups import (
    CopyOutcome,
    Divided,
    Division,
    copy_groups,
    divide,
    division_of,
    held_groups,
    lock_groups,
    moved,
    source_of_copy,
    strays,
    years_with_groups,
)
from negotiations.planning.views.rounds import stray_names

# What the buttons of the form do besides saving: a word, and the group.
UP, DOWN, REMOVE = "ylos", "alas", "poista"
# Shows a second choice of group for each municipality.
TWO = "kaksi"


def _municipalities(request: CountyRequest) -> dict[int, str]:
    rows = Municipality.objects.filter(county=request.county).select_related("area").order_by("area__order")
    return {row.pk: str(row) for row in rows}


@require_http_methods(["GET", "HEAD", "POST"])
def groups(request: CountyRequest, county: str, year: int) -> HttpResponse:
    """Show the groups of a year, and save all of them at once: names, order, municipalities, new ones."""
    access = request.access
    access.require(can_read_rounds(access))
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Http404
    if request.method == "POST":
        return _save(request, county, year)
    now, municipalities = division_of(year), _municipalities(request)
    form = GroupsForm(
        access=access,
        now=now,
        municipalities=municipalities,
        settled=held_groups(year),
        two=TWO in request.GET,
    )
    return _page(request, year, form)


def _save(request: CountyRequest, county: str, year: int) -> HttpResponse:
    if not can_edit(request.access):
        raise PermissionDenied
    here = reverse("groups", args=[county, year])
    with leading_back(here), transaction.atomic():
        lock_groups(request.county)
        now, municipalities = division_of(year), _municipalities(request)
        form = GroupsForm(
            request.POST,
            access=request.access,
            now=now,
            municipalities=municipalities,
            settled=held_groups(year),
            two=TWO in request.GET,
        )
        if not form.is_valid():
            return _page(request, year, form, status=409 if form.conflicts else 422)
        act, group = _act(request.POST.get("teko", ""))
        division = form.division
        if act in (UP, DOWN):
            order = moved(list(division.names), group, -1 if act == UP else 1)
            division = Division({pk: division.names[pk] for pk in order}, division.places)
        done = divide(
            request.county,
            year,
            division,
            new=form.cleaned_data["uudet"],
            remove=group if act == REMOVE else None,
            by=request.user,
        )
    _tell(request, done)
    two = f"?{TWO}=1" if TWO in request.GET else ""
    return redirect(f"{here}{two}" + (f"#ryhma-{group}" if act in (UP, DOWN) else ""))


def _act(text: str) -> tuple[str, int]:
    """Read a button: what it does, and to which group."""
    act, _colon, group = text.partition(":")
    return (act, int(group)) if group.isascii() and group.isdecimal() and len(group) < 19 else ("", 0)


def _tell(request: CountyRequest, done: Divided) -> None:
    if done.removed:
        messages.success(request, _("The group “%(name)s” was removed.") % {"name": done.removed})
    else:
        messages.success(request, _("The groups were saved."))
    if done.followed:
        titles = ", ".join(negotiation.title for negotiation in done.followed)
        messages.info(
            request, _("The parties of the planned negotiation follow their group: %(titles)s.") % {"titles": titles}
        )
    if done.invited:
        titles = ", ".join(negotiation.title for negotiation in done.invited)
        messages.warning(
            request,
            _(
                "The parties have been invited already, so they did not change with the group: %(titles)s."
                " Change them on the page of the negotiation."
            )
            % {"titles": titles},
        )


def _page(request: CountyRequest, year: int, form: GroupsForm, *, status: int = 200) -> HttpResponse:
    stray = strays(form.now, form.municipalities)
    context: dict[str, Any] = {
        "form": form,
        "year": year,
        "years": _years(year),
        "can_edit": can_edit(request.access),
        "rows": form.municipality_rows(),
        "groups": form.group_rows(),
        "settled": bool(form.settled),
        "has_open": bool(form.open),
        "source": source_of_copy(year),
        "two": TWO in request.GET,
        "rounds": list(Round.objects.filter(year=year, form=Round.Form.GROUPS).order_by("starts_on", "name")),
        **stray_names(stray, form.municipalities),
    }
    return render(request, "negotiations/groups.html", context, status=status)


def _years(year: int) -> list[int]:
    """Return the years to choose from: those that have groups or rounds, this one and the next, and the one shown."""
    this_year = timezone.localdate().year
    rounds = set(Round.objects.order_by().values_list("year", flat=True).distinct())
    return sorted({*years_with_groups(), *rounds, this_year, this_year + 1, year})


@require_POST
def groups_copy(request: CountyRequest, county: str, year: int) -> HttpResponse:
    """Add the groups that the latest earlier year has and this one lacks, and say what was done."""
    request.access.require(can_edit(request.access))
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Http404
    here = reverse("groups", args=[county, year])
    with leading_back(here):
        done = copy_groups(request.county, year, by=request.user)
    _tell_copied(request, done)
    return redirect(here)


def _tell_copied(request: CountyRequest, done: CopyOutcome) -> None:
    if done.source is None:
        messages.warning(request, _("No earlier year has groups that could be copied."))
        return
    if done.groups:
        messages.success(
            request,
            ngettext(
                "%(count)s group with %(municipalities)s municipalities was copied from the year %(year)s.",
                "%(count)s groups with %(municipalities)s municipalities were copied from the year %(year)s.",
                done.groups,
            )
            % {"count": done.groups, "municipalities": done.municipalities, "year": done.source},
        )
    else:
        messages.info(
            request, _("Nothing was copied: this year has the groups of %(year)s already.") % {"year": done.source}
        )
    if done.gone:
        messages.warning(
            request,
            _("Left out, because they are no municipalities of the county any more: %(names)s.")
            % {"names": ", ".join(done.gone)},
        )
    if done.groups and done.placed:
        messages.info(
            request,
            _("In a group of this year already, and left there: %(names)s.") % {"names": ", ".join(done.placed)},
        )
