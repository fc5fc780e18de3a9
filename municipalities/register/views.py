"""The pages of the register: people and organisations, taking them in from a spreadsheet, merging doubles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from municipalities.access import Access, CountyRequest
from municipalities.models import Municipality, Organisation, Person
from municipalities.register import importing, keeping
from municipalities.register.forms import ImportForm, MergeForm, OrganisationForm, PersonForm
from municipalities.tables import Choice, Column, Search, Table
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def can_keep_register(access: Access) -> bool:
    """See and keep the register of people and organisations: the coordinator."""
    return access.is_coordinator


def _placed(people: Iterable[Person]) -> list[Person]:
    """Tell the templates whom each speaks for."""
    rows = list(people)
    for person in rows:
        person.place = keeping.place_of(person)  # type: ignore[attr-defined]
    return rows


def _contact(person: Person, field: str) -> str:
    contact = getattr(person, "contact", None)
    return getattr(contact, field) if contact else ""


SHOWN_WITH = ("municipality__area", "organisation", "contact", "county__area")
PEOPLE: tuple[Column[Person], ...] = (
    Column("nimi", gettext_lazy("Name"), lambda row: row.name, order="name"),
    Column("rooli", gettext_lazy("Role"), lambda row: row.role, order="role"),
    Column(
        "paikka",
        gettext_lazy("Municipality or organisation"),
        keeping.place_of,
        order=("municipality__area__order", "organisation__name", "sector"),
    ),
    Column("sektori", gettext_lazy("Sector"), lambda row: row.get_sector_display(), order="sector"),
    Column("sahkoposti", gettext_lazy("E-mail"), lambda row: _contact(row, "email"), shown=False),
    Column("puhelin", gettext_lazy("Phone"), lambda row: _contact(row, "phone"), shown=False),
)
ORGANISATIONS: tuple[Column[Any], ...] = (
    Column("nimi", gettext_lazy("Name"), lambda row: row.name, order="name"),
    Column("sektori", gettext_lazy("Sector"), lambda row: row.get_sector_display(), order="sector"),
    Column("henkiloita", gettext_lazy("People"), lambda row: row.members, order="members"),
)


@require_safe
def register(request: CountyRequest, county: str) -> HttpResponse:
    """List the people of the register."""
    request.access.require(can_keep_register(request.access))
    by_name = Municipality.objects.filter(county=request.county).select_related("area").order_by("area__order")
    table = Table(
        request,
        Person.objects.select_related(*SHOWN_WITH),
        PEOPLE,
        name=_("People"),
        filters=(
            Search(by=("name", "role", "organisation__name", "municipality__area__name_fi", "contact__email")),
            Choice(
                "sektori",
                gettext_lazy("Sector"),
                [(sector.value, sector.label) for sector in importing.SECTORS],
                by="sector",
            ),
            Choice(
                "kunta",
                gettext_lazy("Municipality"),
                [(row.area.code, str(row)) for row in by_name],
                by="municipality__area__code",
            ),
        ),
        sort="nimi",
        compose=_placed,
    )
    return table.file() or render(request, "municipalities/register.html", {"table": table, "tab": "people"})


@require_safe
def organisations(request: CountyRequest, county: str) -> HttpResponse:
    """List the organisations of the register."""
    request.access.require(can_keep_register(request.access))
    table = Table(
        request,
        Organisation.objects.annotate(members=Count("people")),
        ORGANISATIONS,
        name=_("Organisations and other bodies"),
        filters=(
            Search(by=("name",)),
            Choice(
                "sektori",
                gettext_lazy("Sector"),
                [(sector.value, sector.label) for sector in importing.SECTORS],
                by="sector",
            ),
        ),
        sort="nimi",
    )
    return table.file() or render(
        request, "municipalities/organisations.html", {"table": table, "tab": "organisations"}
    )


# --- One row ------------------------------------------------------------------------------------------------------


def _person(request: CountyRequest, county: str, row: Person | None) -> HttpResponse:
    request.access.require(can_keep_register(request.access))
    back = reverse("register", args=[county])
    return edit(
        request,
        PersonForm,
        row=row,
        save=lambda form: keeping.save_person(
            form.save(commit=False),
            email=form.cleaned_data["email"],
            phone=form.cleaned_data["phone"],
            by=request.user,
        ),
        title=_("Edit the person") if row else _("Add a person"),
        back=back,
        done=_("The person was saved."),
        template="municipalities/register_row.html",
        context=_about(county, back, row, "person"),
    )


def _organisation(request: CountyRequest, county: str, row: Organisation | None) -> HttpResponse:
    request.access.require(can_keep_register(request.access))
    back = reverse("organisations", args=[county])
    return edit(
        request,
        OrganisationForm,
        row=row,
        save=lambda form: keeping.save_organisation(form.save(commit=False), by=request.user),
        title=_("Edit the organisation") if row else _("Add an organisation"),
        back=back,
        done=_("The organisation was saved."),
        template="municipalities/register_row.html",
        context=_about(county, back, row, "organisation"),
    )


def _about(county: str, back: str, row: Person | Organisation | None, kind: str) -> dict[str, Any]:
    crumbs = [(reverse("register", args=[county]), _("Participants"))]
    if kind == "organisation":
        crumbs.append((back, _("Organisations and other bodies")))
    about: dict[str, Any] = {"crumbs": crumbs, "row": row}
    if row is not None:
        about |= {
            "question": (
                _("Is the person in the register twice or no longer needed?")
                if kind == "person"
                else _("Is the organisation in the register twice or no longer needed?")
            ),
            "remove": reverse(f"{kind}_remove", args=[county, row.pk]),
            "merge": reverse(f"{kind}_merge", args=[county, row.pk]),
        }
    return about


@require_http_methods(["GET", "HEAD", "POST"])
def person_new(request: CountyRequest, county: str) -> HttpResponse:
    """Add a person."""
    return _person(request, county, None)


@require_http_methods(["GET", "HEAD", "POST"])
def person_edit(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Edit a person."""
    return _person(request, county, get_object_or_404(Person, pk=pk))


@require_http_methods(["GET", "HEAD", "POST"])
def organisation_new(request: CountyRequest, county: str) -> HttpResponse:
    """Add an organisation."""
    return _organisation(request, county, None)


@require_http_methods(["GET", "HEAD", "POST"])
def organisation_edit(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Edit an organisation."""
    return _organisation(request, county, get_object_or_404(Organisation, pk=pk))


def _remove(request: CountyRequest, row: Person | Organisation, back: str, here: str, done: str) -> HttpResponse:
    request.access.require(can_keep_register(request.access))
    with leading_back(here):
        keeping.remove(row, by=request.user)
    messages.success(request, done)
    return redirect(back)


@require_POST
def person_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove a person; their name stays where it has been minuted."""
    row = get_object_or_404(Person, pk=pk)
    back, here = reverse("register", args=[county]), reverse("person_edit", args=[county, pk])
    return _remove(request, row, back, here, _("The person was removed from the register."))


@require_POST
def organisation_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove an organisation that nothing refers to."""
    row = get_object_or_404(Organisation, pk=pk)
    back, here = reverse("organisations", args=[county]), reverse("organisation_edit", args=[county, pk])
    return _remove(request, row, back, here, _("The organisation was removed from the register."))


def _merge(request: CountyRequest, county: str, row: Any, kind: str) -> HttpResponse:
    request.access.require(can_keep_register(request.access))
    here = reverse(f"{kind}_edit", args=[county, row.pk])
    chosen = request.GET.get("jaa", "")
    return edit(
        request,
        MergeForm,
        save=lambda form: keeping.merge(row, form.cleaned_data["into"], by=request.user),
        title=(
            _("Merge “%(name)s” into another person")
            if kind == "person"
            else _("Merge “%(name)s” into another organisation")
        )
        % {"name": row},
        back=here,
        then=lambda into: reverse(f"{kind}_edit", args=[county, into.pk]),
        done=lambda into: _("The two are now one: %(name)s.") % {"name": into},
        submit=_("Merge"),
        of=row,
        initial={"into": chosen} if chosen.isdecimal() else None,
        context={
            "crumbs": [(reverse("register", args=[county]), _("Participants")), (here, str(row))],
            "lead": _what_merging_does(row, kind),
        },
    )


def _what_merging_does(row: Any, kind: str) -> str:
    """Say who goes, what moves to the other, and that there is no way back."""
    goes = (
        _("%(name)s goes from the register, and the person you choose takes their place everywhere.")
        if kind == "person"
        else _("%(name)s goes from the register, and the organisation you choose takes its place everywhere.")
    )
    moving = ", ".join(keeping.moving(row))
    moves = _("What moves: %(what)s.") % {"what": moving} if moving else _("There is nothing else to move.")
    return " ".join([goes % {"name": row}, moves, _("It cannot be undone.")])


@require_http_methods(["GET", "HEAD", "POST"])
def person_merge(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Merge a person into another."""
    return _merge(request, county, get_object_or_404(Person, pk=pk), "person")


@require_http_methods(["GET", "HEAD", "POST"])
def organisation_merge(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Merge an organisation into another."""
    return _merge(request, county, get_object_or_404(Organisation, pk=pk), "organisation")


@require_safe
def register_doubles(request: CountyRequest, county: str) -> HttpResponse:
    """Show who may be in the register twice."""
    request.access.require(can_keep_register(request.access))
    people = _placed(Person.objects.select_related(*SHOWN_WITH).order_by("name", "pk"))
    return render(
        request, "municipalities/register_doubles.html", {"doubles": keeping.doubles(people), "tab": "doubles"}
    )


# --- From a spreadsheet -------------------------------------------------------------------------------------------


@require_safe
def register_template(request: CountyRequest, county: str) -> HttpResponse:
    """Give the empty workbook."""
    request.access.require(can_keep_register(request.access))
    response = HttpResponse(importing.template(), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{_("participants")}.xlsx"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def register_import(request: CountyRequest, county: str) -> HttpResponse:
    """Take a workbook in: choose it, look at what would become of each row, then save all or nothing."""
    request.access.require(can_keep_register(request.access))
    if request.method == "POST" and "rows" in request.POST:
        return _save_import(request, county)
    form = ImportForm(request.POST or None, request.FILES or None, access=request.access)
    if request.method == "POST":
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                rows = importing.read_file(file, file.size)
            except ValidationError as refusal:
                form.add_error("file", refusal)
            else:
                return _preview(request, importing.plan(request.county, rows))
        return _import_page(request, form, 422)
    return _import_page(request, form, 200)


def _import_page(request: CountyRequest, form: ImportForm, status: int) -> HttpResponse:
    context = {"form": form, "tab": "import", "columns": importing.COLUMNS, "sectors": importing.SECTORS}
    return render(request, "municipalities/register_import.html", context, status=status)


def _preview(request: CountyRequest, plan: importing.Plan, *, again: str = "") -> HttpResponse:
    counts = [(outcome, words, plan.counts.get(outcome, 0)) for outcome, words in importing.OUTCOMES.items()]
    context = {
        "plan": plan,
        "counts": counts,
        # What is wrong first: the rest needs no looking at before that is mended.
        "rows": sorted(plan.rows, key=lambda row: (row.outcome != importing.Outcome.WRONG, row.read.number)),
        "sealed": importing.seal(request.county, request.user, plan) if plan.is_sound else "",
        "again": again,
        "tab": "import",
    }
    status = 409 if again else 200 if plan.is_sound else 422
    return render(request, "municipalities/register_preview.html", context, status=status)


def _save_import(request: CountyRequest, county: str) -> HttpResponse:
    try:
        rows, told = importing.unseal(request.county, request.user, request.POST["rows"])
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
        return redirect("register_import", county=county)
    try:
        plan = importing.save(request.county, rows, told, by=request.user)
    except ValidationError as refusal:
        return _preview(request, importing.plan(request.county, rows), again=refusal.messages[0])
    taken = len(plan.rows)
    messages.success(
        request,
        ngettext("%(count)s row was taken in", "%(count)s rows were taken in", taken) % {"count": taken}
        + ": "
        + ", ".join(
            f"{plan.counts.get(outcome, 0)} {words}"
            for outcome, words in (
                (importing.Outcome.NEW, _("added")),
                (importing.Outcome.CHANGED, _("changed")),
                (importing.Outcome.SAME, _("as before")),
            )
        )
        + ".",
    )
    return redirect("register", county=county)
