"""Who takes part in a negotiation: shown, entered one by one or as a list, marked and counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from municipalities.access import CountyRequest
from municipalities.models import Municipality, Person
from municipalities.moves import NotAllowedNow
from municipalities.tables import Column, Kind, Table
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from municipalities.views.undoing import offer_undo, undo_offered, undone
from negotiations.models import Attendance, Minutes, Negotiation
from negotiations.permissions import can_edit, visible_negotiations
from negotiations.planning.views.negotiations import negotiation_context
from negotiations.sitting.attendance import SECTOR_NAMES
from negotiations.sitting.attending import (
    Marked,
    add_people,
    change_person,
    mark,
    released_words,
    remove_person,
    restore_person,
    set_head_counts,
    why_closed,
    why_not_yet,
)
from negotiations.sitting.entries import Entry, Manner, Presence
from negotiations.sitting.forms.attendance import CountsForm, PersonForm, StatusesForm
from negotiations.sitting.forms.people_list import PasteForm, PeopleFormSet, PreviewedForms, previewed

Status = Attendance.Status


# --- Shown ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SectorShown:
    """Who of a sector attended: people by name or role, and how many are known by number alone."""

    name: str | Promise
    people: list[Attendance]
    head_count: int

    @property
    def total(self) -> int:
        """How many attended."""
        return len(self.people) + self.head_count

    @property
    def remote(self) -> int:
        """How many of those by name attended remotely."""
        return sum(row.is_remote for row in self.people)


@dataclass(frozen=True)
class PersonRow:
    """Somebody in the table in which all are marked at once."""

    row: Attendance
    field: BoundField


@dataclass(frozen=True)
class CountRow:
    """A sector in the table of head counts: those present by name, how many besides, and both together."""

    name: str | Promise
    named: int
    field: BoundField
    head_count: int | None

    @property
    def total(self) -> int:
        """All of the sector who were present."""
        return self.named + (self.head_count or 0)


@require_safe
def negotiation_attendance(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show who took part by sector, and who was invited but stayed away; for the coordinator, to be changed."""
    context = _page(request, pk)
    return context["table"].file() or render(request, "negotiations/negotiation_attendance.html", context)


# The list as a file. Head counts are rows of their own, as they are not of persons.
COLUMNS: tuple[Column[Attendance], ...] = (
    Column("sektori", gettext_lazy("Sector"), lambda row: row.get_sector_display()),
    Column("nimi", gettext_lazy("Name"), lambda row: row.name),
    Column("rooli", gettext_lazy("Role"), lambda row: row.role),
    Column("organisaatio", gettext_lazy("Organisation"), lambda row: row.organisation_name),
    Column("tila", gettext_lazy("Status"), lambda row: Manner.of(row).label, kind=Kind.STATE),
    Column("sijaistaa", gettext_lazy("In whose place"), lambda row: str(row.substitutes or "")),
    Column("kutsutta", gettext_lazy("Came without an invitation"), lambda row: _("yes") if row.is_walk_in else ""),
    Column("maara", gettext_lazy("Number"), lambda row: row.count, kind=Kind.NUMBER),
)


def _page(request: CountyRequest, pk: int, sent: forms.BaseForm | None = None) -> dict[str, Any]:
    """Return what the tab shows. `sent` is one of its forms as it came back, with what is wrong in it."""
    context = negotiation_context(request, pk, tab="attendance")
    shown: Negotiation = context["negotiation"]
    people = list(Attendance.objects.filter(negotiation=shown).select_related("substitutes"))
    context |= {
        "sectors": _sectors(people),
        "table": Table(
            request,
            # What the page tells the others: who came and who did not, not who else was thought of.
            people if context["can_edit"] else [row for row in people if row.status != Status.INVITED],
            COLUMNS,
            name=_("Participants: %(title)s") % {"title": shown.title},
        ),
        "absent": [row for row in people if row.status == Status.ABSENT and not row.is_walk_in],
        "present": sum(row.count for row in people if row.status == Status.PRESENT),
        "remote": sum(row.count for row in people if row.is_remote),
        "closed": "",
        "is_open": False,
        "undo": undo_offered(request) if context["can_edit"] else None,
    }
    if context["can_edit"]:
        context["closed"] = why_closed(shown, Minutes.objects.filter(negotiation=shown).values_list("state", flat=True))
        context["is_open"] = not context["closed"]
    if context["is_open"]:
        statuses = sent if isinstance(sent, StatusesForm) else StatusesForm(access=request.access, instance=shown)
        counts = sent if isinstance(sent, CountsForm) else CountsForm(access=request.access, instance=shown)
        context |= {
            "statuses": statuses,
            "counts": counts,
            "people": [PersonRow(row, statuses[f"status_{row.pk}"]) for row in statuses.rows],
            "count_rows": (count_rows := _count_rows(people, counts)),
            "named_total": sum(row.named for row in count_rows),
            "counted_total": sum(row.head_count or 0 for row in count_rows),
            "no_one_yet": why_not_yet(shown),
            "someone_is_invited": any(row.status == Status.INVITED for row in statuses.rows),
            # How those who came can have come, by the mode of the negotiation.
            "may_be_on_site": shown.mode != Negotiation.Mode.REMOTE,
            "may_be_remote": shown.mode != Negotiation.Mode.ON_SITE,
        }
    return context


def _sectors(people: list[Attendance]) -> list[SectorShown]:
    here = [row for row in people if row.status == Status.PRESENT]
    shown = []
    for sector, name in SECTOR_NAMES.items():
        rows = [row for row in here if row.sector == sector]
        if rows:
            named = [row for row in rows if not row.is_head_count]
            shown.append(SectorShown(name, named, sum(row.count for row in rows if row.is_head_count)))
    return shown


def _count_rows(people: list[Attendance], counts: CountsForm) -> list[CountRow]:
    named = Counter(row.sector for row in people if row.status == Status.PRESENT and not row.is_head_count)
    return [
        CountRow(name, named[sector], counts[f"count_{sector}"], counts.now[f"count_{sector}"])
        for sector, name in SECTOR_NAMES.items()
    ]


# --- Marked and counted -----------------------------------------------------------------------------------------


def _shown(request: CountyRequest, pk: int) -> Negotiation:
    """Return the negotiation, to be changed."""
    shown: Negotiation = get_object_or_404(visible_negotiations(request.access).select_related("round"), pk=pk)
    request.access.require(can_edit(request.access))
    return shown


def tab_of(county: str, pk: int) -> str:
    """Return the address of the tab of participants."""
    return reverse("negotiation_attendance", args=[county, pk])


def marked_words(marked: Marked) -> str:
    """Say how many were marked, and who is no longer a substitute."""
    count = marked.count
    words = (
        ngettext("%(count)s person was marked.", "%(count)s persons were marked.", count) % {"count": count}
        if count
        else _("Nothing was changed.")
    )
    return f"{words} {released_words(marked.released)}".strip()


@require_POST
def negotiation_statuses(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Mark who was present and who absent, all at once."""
    shown = _shown(request, pk)
    return edit(
        request,
        StatusesForm,
        row=shown,
        save=lambda form: mark(shown, form.statuses, by=request.user),
        title="",
        back=tab_of(county, pk),
        done=marked_words,
        template="negotiations/negotiation_attendance.html",
        context=lambda form: _page(request, pk, form),
    )


@require_POST
def negotiation_counts(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Save the head counts of all sectors together."""
    shown = _shown(request, pk)
    return edit(
        request,
        CountsForm,
        row=shown,
        save=lambda form: set_head_counts(shown, form.counts, by=request.user),
        title="",
        back=tab_of(county, pk) + "#lukumaarat",
        done=lambda count: _("The head counts were saved.") if count else _("Nothing was changed."),
        template="negotiations/negotiation_attendance.html",
        context=lambda form: _page(request, pk, form),
    )


# --- By name ----------------------------------------------------------------------------------------------------


def crumbs_of(county: str, shown: Negotiation) -> list[tuple[str, str]]:
    """Return the way to a page below the tab."""
    crumbs = [(reverse("rounds", args=[county]), _("Rounds"))]
    if shown.round:
        crumbs.append((reverse("round", args=[county, shown.round.pk]), shown.round.name))
    return [*crumbs, (tab_of(county, shown.pk), shown.title)]


def _require_open(shown: Negotiation, back: str) -> None:
    """Answer, before anything is typed, that the participants are closed."""
    if reason := why_closed(shown, Minutes.objects.filter(negotiation=shown).values_list("state", flat=True)):
        with leading_back(back):
            raise NotAllowedNow(reason)


@require_http_methods(["GET", "HEAD", "POST"])
def negotiation_person_add(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Add one who takes part: from the register, or as typed."""
    shown = _shown(request, pk)
    _require_open(shown, tab_of(county, pk))
    return edit(
        request,
        PersonForm,
        save=lambda form: add_people(shown, [form.entry()], by=request.user)[0],
        title=_("Add a participant"),
        submit=_("Add"),
        back=tab_of(county, pk),
        done=lambda row: _("%(who)s was added.") % {"who": row},
        template="negotiations/negotiation_attendance_person.html",
        context={"crumbs": crumbs_of(county, shown)},
        negotiation=shown,
    )


def _row(request: CountyRequest, pk: int) -> Attendance:
    rows = Attendance.objects.filter(negotiation__in=visible_negotiations(request.access), is_head_count=False)
    row: Attendance = get_object_or_404(
        rows.select_related("negotiation__round", "person", "municipality__area", "substitutes"), pk=pk
    )
    request.access.require(can_edit(request.access))
    return row


@require_http_methods(["GET", "HEAD", "POST"])
def negotiation_person(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Change one who takes part."""
    row = _row(request, pk)
    shown = row.negotiation
    _require_open(shown, tab_of(county, shown.pk))
    return edit(
        request,
        PersonForm,
        row=row,
        # The negotiation first, as whoever marks those in the list does.
        under=shown,
        save=lambda form: change_person(form.save(commit=False), fields=form.changed_names, by=request.user),
        title=_("Change the participant"),
        back=tab_of(county, shown.pk),
        done=lambda released: " ".join(
            filter(None, [_("The participant was saved."), released_words(map(str, released))])
        ),
        template="negotiations/negotiation_attendance_person.html",
        context={"crumbs": crumbs_of(county, shown)},
        negotiation=shown,
    )


@require_POST
def negotiation_person_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove one from the list; the page that follows offers them back."""
    row = _row(request, pk)
    back = tab_of(county, row.negotiation_id)
    with leading_back(back):
        entry = remove_person(row, by=request.user)
    values = asdict(replace(entry, municipality=None, person=None))
    values["municipality"] = entry.municipality.pk if entry.municipality else None
    values["person"] = entry.person.pk if entry.person else None
    offer_undo(
        request,
        words=_("%(who)s was removed.") % {"who": entry.words},
        url=reverse("negotiation_person_restore", args=[county, row.negotiation_id]),
        values=values,
    )
    return redirect(back)


@require_POST
def negotiation_person_restore(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Bring back one who was removed."""
    shown = _shown(request, pk)
    back = tab_of(county, pk)
    with leading_back(back):
        values = undone(request)
        municipality, person = values.pop("municipality"), values.pop("person")
        entry = Entry(
            **values | {"presences": tuple(Presence(**presence) for presence in values["presences"])},
            municipality=Municipality.objects.filter(county=request.county, pk=municipality).first(),
            person=Person.objects.filter(pk=person).first(),
        )
        try:
            restore_person(shown, entry, by=request.user)
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            messages.success(request, _("%(who)s was brought back.") % {"who": entry.words})
    return redirect(back)


# --- A list -----------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def negotiation_people_add(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Add a list of people: pasted, looked at row by row, and saved all or nothing."""
    shown = _shown(request, pk)
    back = tab_of(county, pk)
    _require_open(shown, back)
    of: dict[str, Any] = {"access": request.access, "negotiation": shown}
    pasted = PasteForm(request.POST if request.method == "POST" else None, **of)
    if request.method != "POST":
        return _paste_page(request, shown, pasted)
    if request.POST.get("step") == "text":
        return _paste_page(request, shown, PasteForm(initial=request.POST.dict(), **of))
    if not pasted.is_valid():
        return _paste_page(request, shown, pasted, status=422)
    if "rows-TOTAL_FORMS" not in request.POST:
        rows = previewed(pasted.cleaned_data["text"], **of)
        return _preview_page(request, shown, pasted, rows)
    rows = PeopleFormSet(request.POST, prefix="rows", **of)
    if rows.is_valid():
        try:
            with leading_back(back):
                added = add_people(shown, rows.entries(pasted.cleaned_data["status"]), by=request.user)
        except ValidationError as refusal:
            return _preview_page(request, shown, pasted, rows, refusal=" ".join(refusal.messages))
        messages.success(
            request,
            ngettext("%(count)s participant was added.", "%(count)s participants were added.", len(added))
            % {"count": len(added)},
        )
        return redirect(back)
    return _preview_page(request, shown, pasted, rows)


def _paste_page(request: CountyRequest, shown: Negotiation, form: PasteForm, *, status: int = 200) -> HttpResponse:
    context = {
        "title": _("Add a list of participants"),
        "form": form,
        "submit": _("See the rows"),
        "back": tab_of(request.county.slug, shown.pk),
        "crumbs": crumbs_of(request.county.slug, shown),
    }
    return render(request, "parts/edit_page.html", context, status=status)


def _preview_page(
    request: CountyRequest, shown: Negotiation, pasted: PasteForm, rows: PreviewedForms, *, refusal: str = ""
) -> HttpResponse:
    wrong = [*rows.non_form_errors(), refusal] if rows.is_bound else []
    context = {
        "title": _("Check the participants"),
        "pasted": pasted,
        "rows": rows,
        "wrong": [words for words in wrong if words],
        "errors": rows.total_error_count() + (1 if refusal else 0) if rows.is_bound else 0,
        "status": Manner(pasted.cleaned_data["status"]).label,
        "back": tab_of(request.county.slug, shown.pk),
        "crumbs": crumbs_of(request.county.slug, shown),
        "lacking": sum(1 for row in rows.initial or () if not row["sector"]) if not rows.is_bound else 0,
    }
    page = "negotiations/negotiation_attendance_preview.html"
    return render(request, page, context, status=422 if rows.is_bound else 200)
