"""A county's templates of agendas: listed, made, copied, edited and removed; an agenda saved as one."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from municipalities.access import CountyRequest
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from municipalities.views.undoing import offer_undo, undo_offered, undone
from negotiations.models import AgendaItem, AgendaTemplate, AgendaTemplateItem, LegalBasis, Part
from negotiations.permissions import can_edit
from negotiations.planning.views.negotiations import crumbs_of, editable
from negotiations.sitting import agenda_templates as rules
from negotiations.sitting.agenda_templates import Matter
from negotiations.sitting.forms.agenda import ItemsForm
from negotiations.sitting.forms.agenda_templates import MatterForm, TemplateForm, TemplateNameForm
from negotiations.sitting.planned_time import PlannedTime
from negotiations.sitting.views.agenda import page_of


def _list(county: str) -> str:
    return reverse("agenda_templates", args=[county])


def _page(county: str, pk: int) -> str:
    return reverse("agenda_template", args=[county, pk])


def _template(request: CountyRequest, pk: int) -> AgendaTemplate:
    """Return a template of the county. Coordinators alone have them: others are answered 403 before all."""
    request.access.require(can_edit(request.access))
    row: AgendaTemplate = get_object_or_404(AgendaTemplate, pk=pk)
    return row


def _item(request: CountyRequest, pk: int) -> AgendaTemplateItem:
    request.access.require(can_edit(request.access))
    row: AgendaTemplateItem = get_object_or_404(AgendaTemplateItem.objects.select_related("template"), pk=pk)
    return row


@require_safe
def agenda_templates(request: CountyRequest, county: str) -> HttpResponse:
    """List the county's templates by legal basis, and the usual agendas to copy."""
    request.access.require(can_edit(request.access))
    rows = list(AgendaTemplate.objects.annotate(count=Count("items")).order_by("legal_basis", "language", "name"))
    context = {
        "bases": [
            (
                basis,
                [row for row in rows if row.legal_basis == basis],
                [usual for usual in rules.usual_agendas(request.county) if usual.basis == basis],
            )
            for basis in LegalBasis
        ],
        "tells_language": len(request.county.written_languages) > 1,
        "undo": undo_offered(request),
    }
    return render(request, "negotiations/agenda_templates.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def agenda_template_new(request: CountyRequest, county: str) -> HttpResponse:
    """Make a template. The address may name its legal basis."""
    request.access.require(can_edit(request.access))
    named = request.GET.get("peruste", "")
    initial: dict[str, Any] = {"language": request.county.written_languages[0]}
    if named in LegalBasis.values:
        initial["legal_basis"] = named
    return edit(
        request,
        TemplateForm,
        save=lambda form: rules.save_template(form.save(commit=False), by=request.user),
        title=_("New agenda template"),
        back=_list(county),
        done=_("The template was made. Add its items next."),
        then=lambda made: _page(county, made.pk),
        submit=_("Make the template"),
        context={"crumbs": [(_list(county), _("Agenda templates"))]},
        initial=initial,
    )


@require_safe
def agenda_template(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show a template: its items to add, edit, remove and put in order."""
    return render(request, "negotiations/agenda_template.html", _making(request, _template(request, pk)))


def _making(request: CountyRequest, template: AgendaTemplate, *, form: ItemsForm | None = None) -> dict[str, Any]:
    items = list(AgendaTemplateItem.objects.filter(template=template).order_by("position"))
    focus = request.GET.get("kohta", "")
    return {
        "template": template,
        "items": items,
        "time": PlannedTime.of(item.planned_minutes for item in items),
        "form": form if form is not None and form.is_bound else None,
        "adding": form or ItemsForm(access=request.access),
        "undo": undo_offered(request),
        "focused": int(focus) if focus.isascii() and focus.isdigit() and len(focus) <= 18 else 0,
        "direction": request.GET.get("suunta", ""),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def agenda_template_edit(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Edit the name, the legal basis and the language of a template."""
    template = _template(request, pk)
    return edit(
        request,
        TemplateForm,
        save=lambda form: rules.save_template(form.save(commit=False), fields=form.changed_names, by=request.user),
        row=template,
        title=_("Edit the template"),
        back=_page(county, pk),
        done=_("The template was saved."),
        context={"crumbs": [(_list(county), _("Agenda templates")), (_page(county, pk), template.name)]},
    )


@require_POST
def agenda_template_copy(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Copy a template of the county."""
    copy = rules.copy_template(_template(request, pk), by=request.user)
    messages.success(request, _("The copy is “%(name)s”. Change it as you like.") % {"name": copy.name})
    return redirect(_page(county, copy.pk))


@require_POST
def agenda_template_usual(request: CountyRequest, county: str, key: str) -> HttpResponse:
    """Make a template of the usual items of a legal basis."""
    request.access.require(can_edit(request.access))
    usual = next((one for one in rules.usual_agendas(request.county) if one.key == key), None)
    if usual is None:
        raise Http404
    copy = rules.copy_usual(request.county, usual, by=request.user)
    messages.success(request, _("The copy is “%(name)s”. Change it as you like.") % {"name": copy.name})
    return redirect(_page(county, copy.pk))


@require_POST
def agenda_template_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove a template; the page that follows offers it back. Agendas begun from it stay."""
    template = _template(request, pk)
    kept = rules.remove_template(template, by=request.user)
    offer_undo(
        request,
        words=_("The template “%(name)s” was removed.") % {"name": template.name},
        url=reverse("agenda_template_restore", args=[county]),
        values=kept,
    )
    return redirect(_list(county))


@require_POST
def agenda_template_restore(request: CountyRequest, county: str) -> HttpResponse:
    """Bring back a template that was removed."""
    request.access.require(can_edit(request.access))
    with leading_back(_list(county)):
        back = rules.restore_template(request.county, undone(request), by=request.user)
    messages.success(request, _("The template “%(name)s” is there again.") % {"name": back.name})
    return redirect(_page(county, back.pk))


# --- Its items ------------------------------------------------------------------------------------------------


@require_POST
def agenda_template_add(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Add items at the end of a template, one or a whole list."""
    template = _template(request, pk)
    form = ItemsForm(request.POST, access=request.access)
    added = 0
    if form.is_valid():
        try:
            matters = [Matter(title) for title in form.cleaned_data["titles"]]
            added = rules.add_matters(template, matters, by=request.user)
        except ValidationError as refusal:
            form.add_error("titles", refusal)
    if not form.is_valid():
        return render(request, "negotiations/agenda_template.html", _making(request, template, form=form), status=422)
    words = ngettext("%(count)s item was added.", "%(count)s items were added.", added)
    messages.success(request, words % {"count": added})
    return redirect(_page(county, pk))


@require_http_methods(["GET", "HEAD", "POST"])
def agenda_template_item(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Edit an item of a template."""
    item = _item(request, pk)
    here = _page(county, item.template_id)
    return edit(
        request,
        MatterForm,
        save=lambda form: rules.change_matter(form.save(commit=False), fields=form.changed_names, by=request.user),
        row=item,
        under=item.template,
        title=_("Edit the item"),
        back=here,
        done=_("The item was saved."),
        then=f"{here}?kohta={pk}&suunta=muokkaa",
        context={"crumbs": [(_list(county), _("Agenda templates")), (here, item.template.name)]},
    )


@require_POST
def agenda_template_item_move(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Move an item a step up or down, or to the place of a number."""
    item = _item(request, pk)
    here = _page(county, item.template_id)
    direction, number = request.POST.get("direction", ""), request.POST.get("number", "")
    if direction in {"up", "down"}:
        place = item.position + (1 if direction == "down" else -1)
    elif number.isascii() and number.isdigit() and len(number) <= 4:
        place = int(number)
    else:
        raise Http404
    with leading_back(here):
        rules.place_matter(item, number=place, by=request.user)
    return redirect(f"{here}?kohta={pk}&suunta={direction}" if direction else f"{here}#kohta-{pk}")


@require_POST
def agenda_template_item_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove an item; the page that follows offers it back."""
    item = _item(request, pk)
    kept = rules.remove_matter(item, by=request.user)
    offer_undo(
        request,
        words=_("“%(title)s” was removed from the template.") % {"title": item.title},
        url=reverse("agenda_template_item_restore", args=[county, item.template_id]),
        values=kept,
    )
    return redirect(_page(county, item.template_id))


@require_POST
def agenda_template_item_restore(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Bring back an item that was removed."""
    template = _template(request, pk)
    here = _page(county, pk)
    with leading_back(here):
        kept = undone(request)
        try:
            item = rules.restore_matter(template, kept, by=request.user)
        except ValidationError as refusal:
            messages.error(request, refusal.messages[0])
            return redirect(here)
    return redirect(f"{here}?kohta={item.pk}&suunta=muokkaa")


# --- An agenda saved as a template ----------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def agenda_save_as_template(request: CountyRequest, county: str, pk: int, part: int) -> HttpResponse:
    """Save the agenda of a part as a template of the county."""
    shown = editable(request, pk)
    row: Part = get_object_or_404(Part, pk=part, negotiation=shown)
    items = list(AgendaItem.objects.filter(part=row).prefetch_related("measures_followed").order_by("position"))
    matters = rules.matters_from(items)
    here = page_of(county, shown)
    template = AgendaTemplate(
        county=request.county,
        legal_basis=row.legal_basis,
        language=shown.language if shown.language in rules.USUAL else "fi",
        name=rules.kept_name(f"{shown.title}, {row.basis.sections}"),
    )

    def save(form: TemplateNameForm) -> AgendaTemplate:
        template.name = form.cleaned_data["name"]
        return rules.save_template(template, matters=matters, by=request.user)

    left = len(items) - len(matters)
    hint = ngettext("%(count)s item comes to the template.", "%(count)s items come to the template.", len(matters))
    hint %= {"count": len(matters)}
    if left:
        more = ngettext(
            "%(count)s is left out: what came from an earlier negotiation, and what is not public.",
            "%(count)s are left out: what came from an earlier negotiation, and what is not public.",
            left,
        )
        hint = f"{hint} {more % {'count': left}}"
    return edit(
        request,
        partial(TemplateNameForm, template=template, hint=hint),
        save=save,
        title=_("Save the agenda as a template"),
        back=here,
        done=lambda made: _("The template “%(name)s” was made.") % {"name": made.name},
        then=lambda made: _page(county, made.pk),
        submit=_("Save as a template"),
        context={
            "crumbs": [*crumbs_of(county, shown), (here, _("Agenda"))],
            "lead": f"{row.get_legal_basis_display()}: {shown.title}",
        },
    )
