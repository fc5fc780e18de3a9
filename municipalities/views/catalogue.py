"""The catalogue of indicators and the sets: read by everyone of the county, kept by its coordinator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from indicators.models import Indicator, IndicatorSet, IndicatorSetItem
from municipalities.access import Access, CountyRequest
from municipalities.catalogue import keeping
from municipalities.catalogue.forms import TEXTS, AddForm, IndicatorForm, SetForm
from municipalities.catalogue.history import history_of
from municipalities.models import County
from municipalities.tables import Choice, Column, Kind, Search, Table
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from municipalities.views.undoing import offer_undo, undo_offered, undone

Crumbs = list[tuple[str, str]]
OWN, NATIONAL = "oma", "valtakunnallinen"
# A register has no code of its own among the kinds of data.
REGISTER = "rekisteri"
OWNERS = ((OWN, gettext_lazy("the county’s own")), (NATIONAL, gettext_lazy("national")))


def can_keep_catalogue(access: Access) -> bool:
    """Make and change the county's own indicators and sets: the coordinator."""
    return access.is_coordinator


def owner_words(row: Indicator | IndicatorSet) -> str:
    """Say whose it is: of those that a county may know of, what is not national is its own."""
    return str(OWNERS[row.owner_id is None][1])


def _of_owner(value: str) -> Q:
    return Q(owner__isnull=value == NATIONAL)


def _of_survey(value: str) -> Q:
    return Q(survey="" if value == REGISTER else value)


def _crumbs(county: str, *more: tuple[str, str]) -> Crumbs:
    """Return the way here: the indicators, and what is told."""
    return [(reverse("figures", args=[county]), _("Indicators")), *more]


# --- The catalogue ------------------------------------------------------------------------------------------------


COLUMNS: tuple[Column[Indicator], ...] = (
    Column("nimi", gettext_lazy("Name"), lambda row: row.name, order="name_fi"),
    Column("nimi_fi", gettext_lazy("name in Finnish"), lambda row: row.name_fi, shown=False),
    Column("nimi_sv", gettext_lazy("name in Swedish"), lambda row: row.name_sv, shown=False),
    Column("nimi_en", gettext_lazy("name in English"), lambda row: row.name_en, shown=False),
    Column("teema", gettext_lazy("Theme"), lambda row: row.theme, order=("theme", "name_fi")),
    Column("yksikko", gettext_lazy("Unit"), lambda row: row.get_unit_display(), order=("unit", "name_fi")),
    Column("desimaaleja", gettext_lazy("Decimals"), lambda row: row.decimals, shown=False),
    Column(
        "suunta",
        gettext_lazy("Which way is better"),
        lambda row: row.get_polarity_display(),
        order=("polarity", "name_fi"),
    ),
    Column(
        "aineisto", gettext_lazy("Kind of the data"), lambda row: row.get_survey_display(), order=("survey", "name_fi")
    ),
    Column("tuottaja", gettext_lazy("Producer"), lambda row: row.producer, shown=False),
    Column("omistaja", gettext_lazy("Own or national"), owner_words, order=("owner", "name_fi")),
    Column("luettu", gettext_lazy("Last read"), lambda row: row.read_on, order=("read_on", "name_fi"), kind=Kind.DAY),
    Column("sotkanet", gettext_lazy("Sotkanet's id"), lambda row: row.sotkanet_id, shown=False),
    Column("tilastokeskus", gettext_lazy("Statistics Finland's code"), lambda row: row.statfin_code, shown=False),
)
KINDS_OF_DATA = [(value or REGISTER, label) for value, label in Indicator.Survey.choices]


def _themes(county: County) -> list[str]:
    themes = keeping.indicators_for(county).order_by("theme").values_list("theme", flat=True).distinct()
    return list(themes)


@require_safe
def catalogue(request: CountyRequest, county: str) -> HttpResponse:
    """List the indicators that the county can use."""
    table: Table[Indicator] = Table(
        request,
        keeping.indicators_for(request.county),
        COLUMNS,
        name=_("Catalogue of indicators"),
        filters=(
            Search(by=("name_fi", "name_sv", "name_en", "producer")),
            Choice("teema", gettext_lazy("Theme"), [(theme, theme) for theme in _themes(request.county)], by="theme"),
            Choice("suunta", gettext_lazy("Which way is better"), Indicator.Polarity.choices, by="polarity"),
            Choice("aineisto", gettext_lazy("Kind of the data"), KINDS_OF_DATA, by=_of_survey),
            Choice("omistaja", gettext_lazy("Own or national"), OWNERS, by=_of_owner),
        ),
        sort="teema",
        compose=_owned,
    )
    if answer := table.file():
        return answer
    context = {"table": table, "crumbs": _crumbs(county), "can_keep": can_keep_catalogue(request.access)}
    return render(request, "municipalities/catalogue.html", context)


def _owned(rows: Iterable[Any]) -> list[Any]:
    """Tell the templates whose each is."""
    listed = list(rows)
    for row in listed:
        row.owner_words = owner_words(row)
    return listed


def _indicator_page(request: CountyRequest, county: str, row: Indicator | None, *, title: str) -> HttpResponse:
    request.access.require(can_keep_catalogue(request.access))
    back = reverse("catalogue", args=[county])
    context: dict[str, Any] = {
        "crumbs": _crumbs(county, (back, _("Catalogue of indicators"))),
        "themes": _themes(request.county),
    }
    if row is not None:
        context |= {"indicator": row, "log": history_of(row)}
    return edit(
        request,
        IndicatorForm,
        row=row,
        save=lambda form: keeping.save_indicator(
            form.save(commit=False), county=request.county, fields=form.changed_names, by=request.user
        ),
        title=title,
        back=back,
        done=lambda saved: _("“%(name)s” was saved.") % {"name": saved.name},
        template="municipalities/indicator_form.html",
        context=context,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def indicator_new(request: CountyRequest, county: str) -> HttpResponse:
    """Make an indicator of the county's own."""
    return _indicator_page(request, county, None, title=_("New indicator"))


@require_http_methods(["GET", "HEAD", "POST"])
def indicator_edit(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Edit an indicator of the county's own; to those who may not, and of a national one, show what it is."""
    row: Indicator = get_object_or_404(keeping.indicators_for(request.county), pk=pk)
    may = keeping.is_own(row, request.county) and can_keep_catalogue(request.access)
    if may or request.method == "POST":
        request.access.require(may)
        return _indicator_page(request, county, row, title=_("Edit the indicator"))
    context = {
        "indicator": row,
        "owner_words": owner_words(row),
        "texts": _texts(row),
        "crumbs": _crumbs(county, (reverse("catalogue", args=[county]), _("Catalogue of indicators"))),
        "is_national": row.owner_id is None,
    }
    return render(request, "municipalities/catalogue_indicator.html", context)


@dataclass(frozen=True)
class Told:
    """What is told of an indicator, under a heading, in the language in which there is something."""

    heading: str
    text: str
    language: str


def _texts(row: Indicator) -> list[Told]:
    headings = dict(zip(TEXTS, (_("What it tells"), _("How to read it"), _("Its limits")), strict=True))
    language = (get_language() or "fi")[:2]
    return [
        Told(headings[kind], text, language if getattr(row, f"{kind}_{language}", "") else "fi")
        for kind in TEXTS
        if (text := row.text_in(kind, language))
    ]


@require_POST
def indicator_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove an indicator of the county's own that has no figures and is in no set."""
    row: Indicator = get_object_or_404(keeping.indicators_for(request.county), pk=pk)
    request.access.require(keeping.is_own(row, request.county) and can_keep_catalogue(request.access))
    with leading_back(reverse("indicator_edit", args=[county, pk])):
        keeping.remove_indicator(row, county=request.county, by=request.user)
    messages.success(request, _("“%(name)s” was removed from the catalogue.") % {"name": row.name})
    return redirect("catalogue", county=county)


# --- The sets -----------------------------------------------------------------------------------------------------


SETS: tuple[Column[Any], ...] = (
    Column("nimi", gettext_lazy("Name"), lambda row: row.name, order=("name", "version")),
    Column("versio", gettext_lazy("Version"), lambda row: row.version, order=("version", "name")),
    Column("tunnuslukuja", gettext_lazy("Indicators"), lambda row: row.size, order="size", kind=Kind.NUMBER),
    Column("omistaja", gettext_lazy("Own or national"), owner_words, order=("owner", "name", "version")),
    Column("kaytossa", gettext_lazy("Used by"), lambda row: ", ".join(row.used_by)),
    Column("perusta", gettext_lazy("What it rests on"), lambda row: row.basis, shown=False),
)


def _with_size(county: County) -> QuerySet[Any]:
    return keeping.sets_for(county).annotate(size=Count("items"))


@require_safe
def indicator_sets(request: CountyRequest, county: str) -> HttpResponse:
    """List the sets that the county can use, with what uses them: names of rounds are the coordinator's to see."""
    may = can_keep_catalogue(request.access)

    def composed(rows: Iterable[Any]) -> list[Any]:
        listed = _owned(rows)
        users = keeping.users_of(listed, request.county) if may else {}
        for row in listed:
            row.used_by = users.get(row.pk, [])
        return listed

    table: Table[Any] = Table(
        request,
        _with_size(request.county),
        SETS,
        name=_("Sets of indicators"),
        filters=(
            Search(by=("name", "version")),
            Choice("omistaja", gettext_lazy("Own or national"), OWNERS, by=_of_owner),
        ),
        sort="nimi",
        compose=composed,
    )
    if not may:
        table.leave_out(["kaytossa"])
    if answer := table.file():
        return answer
    return render(
        request, "municipalities/indicator_sets.html", {"table": table, "crumbs": _crumbs(county), "can_keep": may}
    )


def _set(request: CountyRequest, pk: int) -> IndicatorSet:
    """Return a set that the county can use, or answer 404."""
    chosen: IndicatorSet = get_object_or_404(keeping.sets_for(request.county), pk=pk)
    return chosen


def _own_set(request: CountyRequest, pk: int) -> IndicatorSet:
    """Return a set that the user may change, or answer 404 or 403."""
    chosen = _set(request, pk)
    request.access.require(keeping.is_own(chosen, request.county) and can_keep_catalogue(request.access))
    return chosen


def _item(request: CountyRequest, pk: int) -> IndicatorSetItem:
    """Return an indicator's place in a set that the user may change, or answer 404 or 403."""
    item: IndicatorSetItem = get_object_or_404(
        IndicatorSetItem.objects.select_related("indicator", "indicator_set").filter(
            indicator_set__in=keeping.sets_for(request.county)
        ),
        pk=pk,
    )
    request.access.require(keeping.is_own(item.indicator_set, request.county) and can_keep_catalogue(request.access))
    return item


def _page_of(county: str, chosen: int) -> str:
    return reverse("indicator_set", args=[county, chosen])


def _crumbs_of_sets(county: str, *more: tuple[str, str]) -> Crumbs:
    return _crumbs(county, (reverse("indicator_sets", args=[county]), _("Sets of indicators")), *more)


@require_safe
def indicator_set(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show a set: its indicators in order; to those who may change it, with what they can do."""
    chosen = _set(request, pk)
    may = can_keep_catalogue(request.access)
    own = keeping.is_own(chosen, request.county)
    used = may and own and keeping.is_used(chosen)
    focused = request.GET.get("kohta", "")
    context = {
        "chosen": chosen,
        "items": list(chosen.items.select_related("indicator").order_by("position")),
        "owner_words": owner_words(chosen),
        "is_national": not own,
        "can_keep": may,
        "can_edit": may and own and not used,
        "used_by": keeping.users_of([chosen], request.county).get(chosen.pk, []) if may else [],
        "is_used": used,
        "log": history_of(chosen) if own else [],
        "undo": undo_offered(request),
        # The button just pressed has the focus again.
        "focused": int(focused) if focused.isdecimal() and len(focused) < 19 else None,
        "direction": request.GET.get("suunta", ""),
        "crumbs": _crumbs_of_sets(county),
    }
    return render(request, "municipalities/indicator_set.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def indicator_set_new(request: CountyRequest, county: str) -> HttpResponse:
    """Make a set of the county's own, still without indicators."""
    request.access.require(can_keep_catalogue(request.access))
    return edit(
        request,
        SetForm,
        save=lambda form: keeping.save_set(form.save(commit=False), county=request.county, fields=(), by=request.user),
        title=_("New set"),
        back=reverse("indicator_sets", args=[county]),
        done=_("The set was made. Add its indicators."),
        then=lambda saved: _page_of(county, saved.pk),
        template="municipalities/indicator_set_form.html",
        initial={"version": str(timezone.localdate().year)},
        context={"crumbs": _crumbs_of_sets(county)},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def indicator_set_edit(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Edit the name, the version and the basis of a set that nothing uses."""
    chosen = _own_set(request, pk)
    here = _page_of(county, pk)
    return edit(
        request,
        SetForm,
        row=chosen,
        save=lambda form: keeping.save_set(
            form.save(commit=False), county=request.county, fields=form.changed_names, by=request.user
        ),
        title=_("Edit the set"),
        back=here,
        done=_("The set was saved."),
        template="municipalities/indicator_set_form.html",
        context={"crumbs": _crumbs_of_sets(county, (here, str(chosen)))},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def indicator_set_copy(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Make a new version of the county's own out of a set, a national one or its own."""
    source = _set(request, pk)
    request.access.require(can_keep_catalogue(request.access))
    own = keeping.is_own(source, request.county)
    here = _page_of(county, pk)
    return edit(
        request,
        SetForm,
        save=lambda form: keeping.copy_set(source, form.save(commit=False), county=request.county, by=request.user),
        title=_("New version of “%(name)s”") % {"name": source},
        back=here,
        done=_("The new version was made. Change what is different in it."),
        then=lambda saved: _page_of(county, saved.pk),
        template="municipalities/indicator_set_form.html",
        submit=_("Make the new version"),
        initial={
            "name": source.name,
            "version": _next_version(source, request.county),
            "basis": source.basis if own else _("Made from the national set “%(name)s”.") % {"name": source},
        },
        context={
            "lead": _("It has the same indicators in the same order. The version that it is made from stays as it is."),
            "crumbs": _crumbs_of_sets(county, (here, str(source))),
        },
    )


def _next_version(source: IndicatorSet, county: County) -> str:
    """Suggest a version that the county does not have of this name: the year, or the year and a number."""
    taken = set(IndicatorSet.objects.filter(owner=county.area_id, name=source.name).values_list("version", flat=True))
    year = str(timezone.localdate().year)
    return next(
        version for version in (year, *(f"{year}.{n}" for n in range(2, len(taken) + 3))) if version not in taken
    )


@require_POST
def indicator_set_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove a set of the county's own that nothing uses."""
    chosen = _own_set(request, pk)
    with leading_back(_page_of(county, pk)):
        keeping.remove_set(chosen, county=request.county, by=request.user)
    messages.success(request, _("The set “%(name)s” was removed.") % {"name": chosen})
    return redirect("indicator_sets", county=county)


@require_http_methods(["GET", "HEAD", "POST"])
def indicator_set_add(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Add indicators to the end of a set, ticked from the catalogue."""
    chosen = _own_set(request, pk)
    here = _page_of(county, pk)
    choices = keeping.indicators_for(request.county).exclude(set_items__indicator_set=chosen)
    return edit(
        request,
        AddForm,
        save=lambda form: keeping.add_to_set(chosen, form.chosen, county=request.county, by=request.user),
        title=_("Add indicators"),
        back=here,
        done=lambda count: (
            ngettext("%(count)s indicator was added.", "%(count)s indicators were added.", count) % {"count": count}
        ),
        template="municipalities/indicator_set_add.html",
        submit=_("Add to the set"),
        choices=choices,
        context={
            "lead": _("They come to the end of the set, in the order in which they are here."),
            "crumbs": _crumbs_of_sets(county, (here, str(chosen))),
        },
    )


@require_POST
def indicator_set_item_move(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Move an indicator a step up or down in its set, or to the place of a number."""
    item = _item(request, pk)
    here = _page_of(county, item.indicator_set_id)
    direction, number = request.POST.get("direction", ""), request.POST.get("number", "")
    if direction in {"up", "down"}:
        wanted = keeping.number_of(item) + (1 if direction == "down" else -1)
    elif number.isascii() and number.isdigit() and len(number) <= 4:
        wanted = int(number)
    else:
        raise Http404
    with leading_back(here):
        place = keeping.place_item(item, number=wanted, county=request.county, by=request.user)
    messages.success(request, _("“%(name)s” is now number %(number)s.") % {"name": item.indicator, "number": place})
    return redirect(f"{here}?kohta={pk}&suunta={direction}" if direction else f"{here}#kohta-{pk}")


@require_POST
def indicator_set_item_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Take an indicator out of its set; the page that follows offers it back."""
    item = _item(request, pk)
    here = _page_of(county, item.indicator_set_id)
    with leading_back(here):
        kept = keeping.remove_item(item, county=request.county, by=request.user)
    offer_undo(
        request,
        words=_("“%(name)s” was taken out of the set.") % {"name": item.indicator},
        url=reverse("indicator_set_restore", args=[county, item.indicator_set_id]),
        values=kept,
    )
    return redirect(here)


@require_POST
def indicator_set_restore(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Bring back an indicator that was taken out."""
    chosen = _own_set(request, pk)
    here = _page_of(county, pk)
    with leading_back(here):
        restored = keeping.restore_item(chosen, undone(request), county=request.county, by=request.user)
    messages.success(request, _("“%(name)s” is in the set again.") % {"name": restored})
    return redirect(here)
