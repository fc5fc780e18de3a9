"""The cards of a year: how they stand, reminding, locking, and all of them as PDFs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from municipalities.access import CountyRequest
from municipalities.cards import lifecycle
from municipalities.cards.bundles import contents_of, make_bundle, zipped
from municipalities.cards.forms import CardYearForm, LockForm, NewCardYearForm, UnlockForm
from municipalities.cards.history import log_of_year
from municipalities.cards.overseeing import Overseen, Overview, Stage, oversee
from municipalities.cards.permissions import can_oversee
from municipalities.cards.reminding import Reminded, remind_all, remind_one
from municipalities.cards.visibility import visible_versions
from municipalities.cards.years import change_year, latest_year, proposed_year, years_of
from municipalities.catalogue.keeping import set_shown
from municipalities.models import (
    CardBundle,
    CardVersion,
    CardYear,
    Municipality,
    MunicipalityGroup,
)
from municipalities.tables import Choice, Column, Filter, Kind, Table
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back

BUNDLES_SHOWN = 3
STAGES = list(Stage.values)

COLUMNS: tuple[Column[Overseen], ...] = (
    Column(
        "kunta",
        gettext_lazy("Municipality"),
        lambda row: str(row.municipality),
        order=lambda row: str(row.municipality),
    ),
    Column("koodi", gettext_lazy("Code"), lambda row: row.municipality.area.code, shown=False),
    Column(
        "tila",
        gettext_lazy("State"),
        lambda row: row.stage.label,
        order=lambda row: (STAGES.index(row.stage), str(row.municipality)),
        kind=Kind.STATE,
    ),
    Column(
        "valmiina",
        gettext_lazy("Sections done"),
        lambda row: row.done,
        order=lambda row: (row.percent, str(row.municipality)),
        kind=Kind.NUMBER,
    ),
    Column("osioita", gettext_lazy("Sections in all"), lambda row: row.total, kind=Kind.NUMBER, shown=False),
    Column(
        "kesken",
        gettext_lazy("Unfinished sections"),
        lambda row: ", ".join(row.progress.unfinished) if row.progress else "",
        shown=False,
    ),
    Column(
        "muutettu",
        gettext_lazy("Last changed"),
        lambda row: row.edited_at,
        order=lambda row: row.edited_at,
        kind=Kind.MOMENT,
    ),
    Column("lahetetty", gettext_lazy("Sent"), lambda row: row.sent_at, order=lambda row: row.sent_at, kind=Kind.MOMENT),
    Column("versio", gettext_lazy("Version"), lambda row: row.number, kind=Kind.NUMBER, shown=False),
    Column(
        "muistutettu",
        gettext_lazy("Last reminder"),
        lambda row: row.reminded_at,
        order=lambda row: row.reminded_at,
        kind=Kind.MOMENT,
    ),
    Column("myohassa", gettext_lazy("Late"), lambda row: row.is_late, shown=False),
)


def table_of(
    request: CountyRequest, overview: Overview, *, groups: Sequence[tuple[str, str, int]] = ()
) -> Table[Overseen]:
    """Return the list of cards. `groups`: the key and name of each municipality group, and who is in it."""
    members = {(key, municipality) for key, _name, municipality in groups}
    filters: list[Filter] = [
        Choice[Overseen]("tila", gettext_lazy("State"), Stage.choices, of=lambda row, value: row.stage == value)
    ]
    if groups:
        names = dict.fromkeys((key, name) for key, name, _municipality in groups)
        filters.append(
            Choice[Overseen](
                "ryhma",
                gettext_lazy("Municipality group"),
                list(names),
                of=lambda row, value: (value, row.municipality.pk) in members,
            )
        )
    return Table(
        request,
        overview.rows,
        COLUMNS,
        name=f"{_('Municipality cards')} {overview.card_year.year}",
        filters=filters,
        sort="kunta",
    )


def _groups(year: int) -> list[tuple[str, str, int]]:
    """Return the municipality groups of a year: key, name and municipality of each place in one. One query."""
    rows = MunicipalityGroup.objects.filter(year=year, municipalities__isnull=False)
    found = rows.order_by("position", "name").values_list("pk", "name", "municipalities")
    return [(str(pk), name, municipality) for pk, name, municipality in found]


def municipalities_of(request: CountyRequest) -> QuerySet[Municipality]:
    """Return the county's municipalities."""
    return Municipality.objects.filter(county=request.county)


def _year(request: CountyRequest, year: int) -> CardYear:
    """Return the county's cards of a year. Raises Http404 where they have not been begun."""
    row: CardYear = get_object_or_404(CardYear.objects.select_related("indicator_set"), year=year)
    row.county = request.county
    return row


def _to_oversee(request: CountyRequest, year: int) -> CardYear:
    request.access.require(can_oversee(request.access))
    return _year(request, year)


def _crumbs(county: str, *years: CardYear) -> list[tuple[str, str]]:
    """Return the way here: the municipalities, and the year's cards."""
    return [
        (reverse("municipalities", args=[county]), _("Municipalities")),
        *((reverse("cards", args=[county, row.year]), str(row)) for row in years),
    ]


# --- Ways in ------------------------------------------------------------------------------------------------------


@require_safe
def cards_now(request: CountyRequest, county: str) -> HttpResponse:
    """Lead to the latest year's cards, or to one's own card of it. Where there is none, say so."""
    found = CardYear.objects.order_by("-year").first()
    if found is None:
        return render(request, "municipalities/cards_none.html", {"can_oversee": can_oversee(request.access)})
    return redirect("cards", county=county, year=found.year)


@require_safe
def cards(request: CountyRequest, county: str, year: int) -> HttpResponse:
    """Show how a year's cards stand; to municipal staff their own card, to the board those that are final."""
    if can_oversee(request.access):
        return _overview(request, county, year)
    shown = _year(request, year)
    if request.access.is_municipal:
        own = list(
            municipalities_of(request)
            .filter(pk__in=request.access.municipality_ids)
            .select_related("area")
            .order_by("area__order")
        )
        if len(own) == 1:
            return redirect("card", county=county, year=year, code=own[0].area.code)
        if own:
            return render(
                request,
                "municipalities/cards_own.html",
                {"card_year": shown, "own": own, "years": years_of(request.county)},
            )
    request.access.require(request.access.is_board_member)
    return _final(request, shown)


def _overview(request: CountyRequest, county: str, year: int) -> HttpResponse:
    years = years_of(request.county)
    shown = next((row for row in years if row.year == year), None)
    if shown is None:
        raise Http404
    overview = oversee(shown, municipalities_of(request), today=timezone.localdate())
    table = table_of(request, overview, groups=_groups(year))
    if answer := table.file():
        return answer
    log = log_of_year(shown, municipalities=[row.municipality for row in overview.rows], events=overview.events)
    context = {
        "card_year": shown,
        "years": years,
        "latest": latest_year(years),
        "overview": overview,
        "table": table,
        "is_past": shown.due_on is not None and shown.due_on < timezone.localdate(),
        "bundles": list(CardBundle.objects.filter(card_year=shown)[:BUNDLES_SHOWN]),
        "log": log[::-1],
    }
    return render(request, "municipalities/cards.html", context)


FINAL_COLUMNS: tuple[Column[CardVersion], ...] = (
    Column(
        "kunta",
        gettext_lazy("Municipality"),
        lambda row: str(row.card.municipality),
        order="card__municipality__area__order",
    ),
    Column("koodi", gettext_lazy("Code"), lambda row: row.card.municipality.area.code, shown=False),
    Column("lahetetty", gettext_lazy("Sent"), lambda row: row.sent_at, order="sent_at", kind=Kind.MOMENT),
    Column("hyvaksytty", gettext_lazy("Approved"), lambda row: row.approved_at, order="approved_at", kind=Kind.MOMENT),
)


def _final(request: CountyRequest, shown: CardYear) -> HttpResponse:
    """List the last final version of each card of the year."""
    last = (
        visible_versions(request.access)
        .filter(card__card_year=shown)
        .order_by("card_id", "-number")
        .distinct("card_id")
    )
    rows = (
        CardVersion.objects.filter(pk__in=last.values("pk")).select_related("card__municipality__area").defer("content")
    )
    table: Table[CardVersion] = Table(
        request,
        rows,
        FINAL_COLUMNS,
        name=f"{_('Municipality cards')} {shown.year}",
        sort="kunta",
    )
    if answer := table.file():
        return answer
    context = {"card_year": shown, "years": years_of(request.county), "table": table}
    return render(request, "municipalities/cards_final.html", context)


# --- The year -----------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def card_year_new(request: CountyRequest, county: str) -> HttpResponse:
    """Begin the cards of a year."""
    request.access.require(can_oversee(request.access))
    years = years_of(request.county)
    latest = latest_year(years)
    chosen = latest.indicator_set if latest else set_shown(request.county)
    proposed = proposed_year(years, this_year=timezone.localdate().year)

    def save(form: Any) -> CardYear:
        row: CardYear = form.instance
        return lifecycle.open_year(
            request.county, row.year, indicator_set=row.indicator_set, due_on=row.due_on, by=request.user
        )

    return edit(
        request,
        NewCardYearForm,
        save=save,
        title=_("Open the cards of a year"),
        back=reverse("cards_now", args=[county]),
        done=lambda row: _("The cards of %(year)s are open. The municipalities can begin.") % {"year": row.year},
        then=lambda row: reverse("cards", args=[county, row.year]),
        submit=_("Open the cards"),
        context={
            "crumbs": _crumbs(county),
            "lead": _("Each municipality then fills its card. What it wrote the year before can be carried forward."),
        },
        initial={"year": proposed, "indicator_set": chosen.pk if chosen else None},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def card_year_edit(request: CountyRequest, county: str, year: int) -> HttpResponse:
    """Change the settings of a year."""
    shown = _to_oversee(request, year)
    return edit(
        request,
        CardYearForm,
        row=shown,
        save=lambda form: change_year(form.save(commit=False), fields=form.changed_names, by=request.user),
        title=_("Settings of the cards of %(year)s") % {"year": year},
        back=reverse("cards", args=[county, year]),
        done=_("The settings were saved."),
        context={"crumbs": _crumbs(county, shown)},
    )


def _lock_page(
    request: CountyRequest,
    county: str,
    year: int,
    form_class: type[LockForm | UnlockForm],
    move: Callable[..., CardYear],
    **words: Any,
) -> HttpResponse:
    shown = _to_oversee(request, year)
    return edit(
        request,
        form_class,
        save=lambda form: move(shown, reason=form.cleaned_data["reason"], by=request.user),
        back=reverse("cards", args=[county, year]),
        context={"crumbs": _crumbs(county, shown), "lead": words.pop("lead")},
        **words,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def card_year_lock(request: CountyRequest, county: str, year: int) -> HttpResponse:
    """Lock the cards of a year."""
    return _lock_page(
        request,
        county,
        year,
        LockForm,
        lifecycle.lock_year,
        title=_("Lock the cards of %(year)s") % {"year": year},
        lead=_("Nothing on the cards can be changed or sent after that. You can open them again."),
        done=_("The cards of %(year)s were locked.") % {"year": year},
        submit=_("Lock the cards"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def card_year_unlock(request: CountyRequest, county: str, year: int) -> HttpResponse:
    """Open the cards of a locked year again."""
    return _lock_page(
        request,
        county,
        year,
        UnlockForm,
        lifecycle.unlock_year,
        title=_("Open the cards of %(year)s again") % {"year": year},
        lead=_("The municipalities can then change and send their cards again."),
        done=_("The cards of %(year)s are open again.") % {"year": year},
        submit=_("Open the cards again"),
    )


# --- Reminding ----------------------------------------------------------------------------------------------------


def _names(places: Iterable[Municipality]) -> str:
    return ", ".join(str(place) for place in places)


def tell_reminded(request: CountyRequest, reminded: Reminded) -> None:
    """Say who was reminded, who had a letter lately and who has nobody to remind."""
    if reminded.written:
        count = len(reminded.written)
        words = ngettext(
            "%(count)s municipality was reminded: %(names)s.",
            "%(count)s municipalities were reminded: %(names)s.",
            count,
        )
        messages.success(request, words % {"count": count, "names": _names(reminded.written)})
    if reminded.lately:
        words = _("Reminded within a day already, and not again: %(names)s.")
        messages.info(request, words % {"names": _names(reminded.lately)})
    if reminded.nobody:
        words = _("Nobody to remind, because the municipality has no editor: %(names)s.")
        messages.warning(request, words % {"names": _names(reminded.nobody)})
    if not (reminded.written or reminded.lately or reminded.nobody):
        messages.info(request, _("There is nobody to remind: every card has been sent."))


@require_POST
def cards_remind(request: CountyRequest, county: str, year: int) -> HttpResponse:
    """Remind every municipality that has not sent its card."""
    shown = _to_oversee(request, year)
    back = reverse("cards", args=[county, year])
    with leading_back(back):
        tell_reminded(
            request,
            remind_all(
                shown, municipalities_of(request).select_related("area").order_by("area__order"), by=request.user
            ),
        )
    return redirect(back)


@require_POST
def card_remind(request: CountyRequest, county: str, year: int, code: str) -> HttpResponse:
    """Remind one municipality."""
    shown = _to_oversee(request, year)
    place = get_object_or_404(municipalities_of(request).select_related("area"), area__code=code)
    back = reverse("cards", args=[county, year])
    with leading_back(back):
        tell_reminded(request, remind_one(shown, place, by=request.user))
    return redirect(back)


# --- All as PDFs --------------------------------------------------------------------------------------------------


@require_POST
def cards_bundle(request: CountyRequest, county: str, year: int) -> HttpResponse:
    """Have the PDFs of all cards of a year made."""
    shown = _to_oversee(request, year)
    with leading_back(reverse("cards", args=[county, year])):
        bundle = make_bundle(shown, municipalities_of(request), title=str(shown), by=request.user)
    return redirect("card_bundle", county=county, pk=bundle.pk)


def _bundle(request: CountyRequest, pk: int) -> CardBundle:
    request.access.require(can_oversee(request.access))
    bundle: CardBundle = get_object_or_404(CardBundle.objects.select_related("card_year", "asked_by"), pk=pk)
    return bundle


@require_safe
def card_bundle(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show how far the PDFs of a bundle are. Asked by htmx, give only the part that changes."""
    bundle = _bundle(request, pk)
    context: dict[str, Any] = {"bundle": bundle, "contents": contents_of(bundle)}
    if request.headers.get("HX-Request"):
        return render(request, "municipalities/card_bundle_panel.html", context)
    return render(request, "municipalities/card_bundle.html", context)


@require_GET
def card_bundle_zip(request: CountyRequest, county: str, pk: int) -> HttpResponse | FileResponse:
    """Send the PDFs of a bundle as one zip, and log that they were taken."""
    bundle = _bundle(request, pk)
    with leading_back(reverse("card_bundle", args=[county, pk])):
        file = zipped(contents_of(bundle), by=request.user)
    return FileResponse(
        file, as_attachment=True, filename=f"{slugify(bundle.title)}.zip", content_type="application/zip"
    )
