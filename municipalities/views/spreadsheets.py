"""A county's own figures in from a spreadsheet: the file, what becomes of each figure, then all of them or none."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from indicators.models import IndicatorValue
from indicators.spreadsheets.planning import Changed, Plan, Planned, plan
from indicators.spreadsheets.reading import COLUMNS, Read, headings, read_file
from indicators.spreadsheets.template import template_rows
from indicators.spreadsheets.understanding import Known, understand
from indicators.workbooks import Outcome, content_of, text_of
from municipalities import timewords
from municipalities.access import CountyRequest
from municipalities.exporting import Sheet, file_of
from municipalities.own_figures.bringing import Provenance, Shown, bring, seal, unseal
from municipalities.own_figures.forms import FiguresForm, TemplateForm

OUTCOMES: dict[Outcome, str | Promise] = {
    Outcome.NEW: gettext_lazy("will be added"),
    Outcome.CHANGED: gettext_lazy("will be changed"),
    Outcome.SAME: gettext_lazy("stays as it is"),
    Outcome.WRONG: gettext_lazy("cannot be taken in"),
}
# How many of each are listed one by one: more than anybody reads, and fewer than make a browser slow. All are counted.
LISTED = {Outcome.WRONG: 1000, Outcome.CHANGED: 3000, Outcome.NEW: 2000, Outcome.SAME: 500}


@require_http_methods(["GET", "HEAD", "POST"])
def figures_import(request: CountyRequest, county: str) -> HttpResponse:
    """Bring figures in: choose the file, look at what would become of each figure, then save all or nothing."""
    request.access.require(request.access.is_coordinator)
    if request.method == "POST" and "rows" in request.POST:
        return _bring(request, county)
    known = Known.of(request.county.area)
    if request.method != "POST":
        return _page(request, known, FiguresForm(access=request.access, initial={"retrieved_on": timezone.localdate()}))
    form = FiguresForm(request.POST, request.FILES, access=request.access)
    if not form.is_valid():
        return _page(request, known, form, status=422)
    file = form.cleaned_data["file"]
    try:
        read = read_file(content_of(file, file.size))
    except ValidationError as refusal:
        form.add_error("file", refusal)
        return _page(request, known, form, status=422)
    try:
        taken, wrong = understand(read, known, form.cleaned_data["indicator"])
    except ValidationError as refusal:
        form.add_error("indicator", refusal)
        return _page(request, known, form, status=422)
    today = timewords.day(timezone.localdate(), weekday=False)
    provenance = Provenance(
        f"{text_of(file.name)[:80]} {today}",
        form.cleaned_data["retrieved_on"].isoformat(),
        text_of(form.cleaned_data["source"]),
    )
    return _preview(request, plan(known, taken, wrong), provenance, read=read)


def _page(
    request: CountyRequest,
    known: Known,
    form: FiguresForm | TemplateForm,
    *,
    status: int = 200,
) -> HttpResponse:
    """Show the page with both of its forms, one of which may have been sent."""
    of_file = form if isinstance(form, FiguresForm) else FiguresForm(access=request.access)
    of_template = form if isinstance(form, TemplateForm) else TemplateForm(access=request.access, prefix="pohja")
    context = {
        "form": of_file,
        "template_form": of_template,
        "sent": form,
        "columns": COLUMNS,
        "owns": bool(known.indicators),
    }
    return render(request, "municipalities/figures_import.html", context, status=status)


@dataclass(frozen=True)
class Line:
    """A figure of the preview, in words."""

    row: int
    column: str
    indicator: str
    area: str
    year: int
    gender: str
    before: str
    after: str
    is_left: bool


@dataclass(frozen=True)
class Listed:
    """The figures of which the same becomes: those that are listed, and how many are not."""

    outcome: Outcome
    words: str | Promise
    count: int
    lines: list[Line]

    @property
    def further(self) -> int:
        """How many are counted and not listed."""
        return self.count - len(self.lines)


def _line(row: Planned) -> Line:
    taken = row.taken
    return Line(
        taken.row,
        taken.column,
        row.indicator.name,
        row.area.name,
        taken.year,
        "" if taken.gender == IndicatorValue.Gender.TOTAL else str(IndicatorValue.Gender(taken.gender).label),
        _in_full(*row.before) if row.before else "",
        _in_full(taken.value, taken.status),
        row.is_left,
    )


def _in_full(value: float | None, status: str) -> str:
    """Write a figure with all the decimals that it has, or why there is none."""
    if value is None:
        return str(IndicatorValue.Status(status).label)
    number = Decimal(repr(value)).normalize()
    decimals = max(0, -int(number.as_tuple().exponent))
    return number_format(number, decimals, force_grouping=True).replace("-", "\N{MINUS SIGN}")


def _listed(shown: Plan, outcome: Outcome) -> Listed:
    rows = [row for row in shown.planned if row.outcome == outcome]
    return Listed(outcome, OUTCOMES[outcome], len(rows), [_line(row) for row in rows[: LISTED[outcome]]])


def _preview(
    request: CountyRequest, shown: Plan, provenance: Provenance, *, read: Read | None = None, again: str = ""
) -> HttpResponse:
    """Show what would become of each figure: what is wrong first, then what changes, and what stays folded away."""
    context = {
        "plan": shown,
        "counts": [(outcome, words, shown.counts.get(outcome, 0)) for outcome, words in OUTCOMES.items()],
        "wrong": shown.wrong[: LISTED[Outcome.WRONG]],
        "further_wrong": len(shown.wrong) - LISTED[Outcome.WRONG],
        "changing": [_listed(shown, outcome) for outcome in (Outcome.CHANGED, Outcome.NEW)],
        "staying": _listed(shown, Outcome.SAME),
        "left": sum(row.is_left for row in shown.planned),
        "read": read,
        "provenance": provenance,
        "sealed": seal(request.county, request.user, shown, provenance) if shown.is_sound else "",
        "again": again,
    }
    status = 409 if again else 422 if shown.counts.get(Outcome.WRONG) else 200
    return render(request, "municipalities/figures_preview.html", context, status=status)


def _bring(request: CountyRequest, county: str) -> HttpResponse:
    try:
        shown: Shown = unseal(request.county, request.user, request.POST["rows"])
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
        return redirect("figures_import", county=county)
    try:
        run, done = bring(request.county, shown, by=request.user)
    except Changed:
        words = _("The figures have changed since the preview. Look at them again and bring them in then.")
        return _preview(request, plan(Known.of(request.county.area), shown.taken), shown.provenance, again=words)
    messages.success(
        request,
        ngettext("%(count)s figure was brought in", "%(count)s figures were brought in", done.total)
        % {"count": done.total}
        + ": "
        + ", ".join(
            f"{done.counts.get(outcome, 0)} {words}"
            for outcome, words in (
                (Outcome.NEW, _("added")),
                (Outcome.CHANGED, _("changed")),
                (Outcome.SAME, _("as before")),
            )
        )
        + ".",
    )
    return redirect("import_run", county=county, pk=run.pk)


@require_safe
def figures_template(request: CountyRequest, county: str) -> HttpResponse:
    """Give the workbook to fill in: the county's own indicators with their figures of the years asked for."""
    request.access.require(request.access.is_coordinator)
    known = Known.of(request.county.area)
    if not known.indicators:
        return redirect("figures_import", county=county)
    asked = {f"pohja-{name}": value for name, value in TemplateForm(access=request.access).initial.items()}
    form = TemplateForm({**asked, **request.GET.dict()}, access=request.access, prefix="pohja")
    if not form.is_valid():
        return _page(request, known, form, status=422)
    chosen = form.cleaned_data["indicator"]
    indicators = [chosen] if chosen else list(known.indicators.values())
    try:
        rows = template_rows(known, indicators, form.cleaned_data["first_year"], form.cleaned_data["last_year"])
    except ValidationError as refusal:
        form.add_error("last_year", refusal)
        return _page(request, known, form, status=422)
    content, media_type = file_of(Sheet(_("Figures"), headings(), rows), "xlsx")
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{_("figures")}.xlsx"'
    return response
