"""What the figures say to somebody who looks: one indicator over areas and years, and many indicators side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise, cached_property
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from indicators.charts import Line, as_file, as_png, line_chart, panel_chart
from indicators.figures import (
    Combining,
    Difference,
    Direction,
    Figure,
    Figures,
    Measure,
    Point,
    country_and_ended,
    difference,
    format_value,
    read_figures,
    status_text,
)
from indicators.models import Area, FormerValue, Indicator, IndicatorValue
from municipalities import peers
from municipalities.access import CountyRequest
from municipalities.catalogue.keeping import first_of, indicators_for, sets_for
from municipalities.exporting import Cell
from municipalities.models import County, Municipality, MunicipalityGroup
from municipalities.tables import Choice, Column, Kind, Search, Table

Gender = IndicatorValue.Gender
# What of the longest series fits beside the names; all years are a click away, and in the files.
YEARS_SHOWN = 8
# A direction is judged by the latest years, pooled or not.
YEARS_JUDGED = 6
MOST_LINES = 4
# Pixels, and small charts side by side: beside the page's margins, and on a phone.
WIDE, WIDE_ABREAST = 960, 5
NARROW, NARROW_ABREAST = 300, 2
LINES_WIDTH = 720
REVISIONS_SHOWN = 10
KINDS_OF_CHART = {"svg": "image/svg+xml; charset=utf-8", "png": "image/png"}


def _always(row: object, value: str) -> bool:
    """Leave every row: what is chosen says what is read, not which rows are left of it."""
    return True


class Picker(forms.SelectMultiple):
    """Several of a list, told in the address by their codes: one after the other, or in one word with commas."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        """Return the codes."""
        given = data.getlist(name) if hasattr(data, "getlist") else [data.get(name, "")]
        return [code for value in given for code in value.split(",") if code]

    def format_value(self, value: Any) -> list[str]:
        """Return the codes that are chosen."""
        return value.split(",") if isinstance(value, str) else super().format_value(value)


class PickedField(forms.MultipleChoiceField):
    """The codes chosen, in one word."""

    widget = Picker

    def clean(self, value: Any) -> str:
        """Return the codes that there are; others are left out."""
        known = {str(code) for code, _name in self.widget.choices}
        return ",".join(code for code in dict.fromkeys(value or ()) if code in known)


class Picked(Choice[Any]):
    """A field for several municipalities."""

    def field(self) -> forms.Field:
        """Return the field of the form."""
        return PickedField(
            label=str(self.label),
            choices=[(str(code), str(name)) for code, name in self.choices],
            required=False,
            widget=Picker(attrs={"size": 6}),
        )


# --- What both pages read -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Surroundings:
    """The county's municipalities and groups, and the country."""

    county: County
    municipalities: list[Municipality]
    # Everybody's, where somebody asks for municipalities of like size or for the country's mean.
    every: list[Municipality]
    groups: dict[str, tuple[str, list[Municipality]]]
    country: Area | None

    @property
    def areas(self) -> list[Area]:
        """The areas of the county's municipalities."""
        return [one.area for one in self.municipalities]

    @cached_property
    def populations(self) -> dict[int, float]:
        """How many people each area has, where no figure tells."""
        return {one.area_id: float(one.population) for one in self.every}


def _surroundings(county: County, country: Area | None, *, wide: bool) -> Surroundings:
    """Read the municipalities (of the whole country if `wide`) and the groups of the latest year. Two queries."""
    every = list(
        Municipality.objects.filter(Q() if wide else Q(county=county)).select_related("area").order_by("area__order")
    )
    own = [one for one in every if one.county_id == county.pk]
    by_id = {one.pk: one for one in own}
    member = MunicipalityGroup.municipalities.through._default_manager.filter(municipalitygroup__county=county)
    rows = member.order_by("-municipalitygroup__year", "municipalitygroup__position", "municipality__area__order")
    groups: dict[str, tuple[str, list[Municipality]]] = {}
    latest = None
    for pk, name, year, municipality in rows.values_list(
        "municipalitygroup_id", "municipalitygroup__name", "municipalitygroup__year", "municipality_id"
    ):
        latest = latest or year
        if year == latest and municipality in by_id:
            groups.setdefault(f"ryhma-{pk}", (f"{name} ({year})", []))[1].append(by_id[municipality])
    return Surroundings(county, own, every, groups, country)


def _language() -> str:
    return (get_language() or "fi")[:2]


def _text(figure: Figure | Point, measure: Measure) -> str:
    """Write a figure, or in words why there is none."""
    if figure.value is None:
        return str(IndicatorValue.Status(figure.status).label)
    return format_value(figure.value, measure.decimals, _language())


def _number(value: float, measure: Measure) -> float | int:
    """Return a figure for a file: a whole number where the indicator has no decimals."""
    return int(value) if not measure.decimals and value.is_integer() else value


# --- One indicator ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AreaRow:
    """An area's line in the table of an indicator: its years, and how it went and compares."""

    name: str
    code: str
    # Municipalities first, then their group, the county, and the country.
    rank: int
    order: str
    population: float
    figure: Figure
    by_year: Mapping[int, Point]
    from_county: Difference | None
    from_country: Difference | None
    # Where a group is looked at.
    from_group: Difference | None = None
    is_looked_at: bool = False
    # The county's figure, where the survey has none of the municipality.
    instead: Figure | None = None

    def cell(self, year: int) -> YearCell:
        """Return what stands under a year."""
        point = self.by_year.get(year)
        if point is None:
            return YearCell("–", is_quiet=True)
        return YearCell(_text(point, self.figure.measure), point.value is None, point.is_example)

    def export(self, year: int) -> Cell:
        """Return what stands under a year in a file: a number, or in words why there is none."""
        point = self.by_year.get(year)
        if point is None:
            return None
        measure = self.figure.measure
        return _text(point, measure) if point.value is None else _number(point.value, measure)


@dataclass(frozen=True)
class YearCell:
    """What is written for an area and a year."""

    text: str
    is_quiet: bool = False
    is_example: bool = False


@dataclass(frozen=True)
class Shown:
    """An indicator as the address asks for it, read."""

    indicator: Indicator
    measure: Measure
    figures: Figures
    around: Surroundings
    compared: list[Municipality]
    # The name of the group that they are, if one.
    group: str
    looked_at: Municipality | None
    chosen: Mapping[str, str]
    filters: tuple[Choice[Any] | Search[Any], ...]

    @property
    def county(self) -> Area:
        """The county's area."""
        return self.around.county.area

    @cached_property
    def of_county(self) -> Figure:
        """The county's figure."""
        return self.figures.of_county(self.measure, self.county, self.around.areas)

    @cached_property
    def of_country(self) -> Figure | None:
        """The country's figure, of its source or computed of all municipalities."""
        if self.around.country is None:
            return None
        everybody = [one.area for one in self.around.every] if self.around.every != self.around.municipalities else []
        return self.figures.of_county(self.measure, self.around.country, everybody)

    def rows(self) -> list[AreaRow]:
        """Return the areas: the municipalities compared, their group if they are one, the county, the country."""
        rows = [self._municipality(one) for one in self.compared]
        if self.group:
            rows.append(self._together())
        rows.append(self._whole(self.of_county, self.county, self.around.areas, rank=2))
        if self.around.country is not None and self.of_country is not None and self.of_country.value is not None:
            everybody = [one.area for one in self.around.every]
            rows.append(self._whole(self.of_country, self.around.country, everybody, rank=3))
        return rows

    def _municipality(self, one: Municipality) -> AreaRow:
        figures, measure = self.figures, self.measure
        figure = figures.of(measure, one.area)
        instead = figures.at(measure, one.area, self.county)
        # Compared with what the others had in the year of its own figure.
        county = figures.of_county(measure, self.county, self.around.areas, year=figure.year)
        country = self.around.country
        return AreaRow(
            name=one.area.name_in(_language()),
            code=one.area.code,
            rank=0,
            order=one.area.order,
            population=one.population,
            figure=figure,
            by_year={point.year: point for point in figures.points(measure, one.area)},
            from_county=difference(figure, county),
            from_country=difference(figure, figures.of(measure, country, year=figure.year)) if country else None,
            from_group=difference(figure, self._of_group(figure.year)) if self.group else None,
            is_looked_at=self.looked_at is not None and one.pk == self.looked_at.pk,
            instead=instead if instead.is_of_county and one.county_id == self.around.county.pk else None,
        )

    def _of_group(self, year: int | None = None) -> Figure:
        return self.figures.of_group(self.measure, [one.area for one in self.compared], self.group, year=year)

    def _together(self) -> AreaRow:
        figure, areas = self._of_group(), [one.area for one in self.compared]
        county = self.figures.of_county(self.measure, self.county, self.around.areas, year=figure.year)
        return AreaRow(
            name=self.group,
            code="",
            rank=1,
            order="",
            population=sum(one.population for one in self.compared),
            figure=figure,
            by_year={point.year: point for point in self.figures.combined_points(self.measure, areas)},
            from_county=difference(figure, county),
            from_country=None,
        )

    def _whole(self, figure: Figure, area: Area, parts: Sequence[Area], *, rank: int) -> AreaRow:
        given = self.figures.points(self.measure, area)
        points = self.figures.combined_points(self.measure, parts) if figure.is_computed else given
        return AreaRow(
            name=area.name_in(_language()),
            code=area.code,
            rank=rank,
            order=area.order,
            population=sum(self.around.populations.get(part.pk, 0.0) for part in parts),
            figure=figure,
            by_year={point.year: point for point in points},
            from_county=None,
            from_country=None,
        )

    def lines(self) -> tuple[list[Line], Line]:
        """Return a line for each municipality that has figures, and the county's."""
        main = self.looked_at.pk if self.looked_at is not None else None
        lines = [
            Line(one.area.name_in(_language()), self.figures.series(self.measure, one.area), one.pk == main)
            for one in self.compared
        ]
        reference = self.figures.county_series(self.measure, self.county, self.around.areas)
        lines = [line for line in lines if line.values]
        return lines, Line(self.county.name_in(_language()), reference, is_main=not lines)


def _read(request: CountyRequest, pk: int) -> Shown:
    """Read an indicator as the address asks for it. Eight queries, however many areas and years."""
    county = request.county
    indicator = get_object_or_404(indicators_for(county), pk=pk)
    own = IndicatorValue.objects.filter(indicator=indicator, area=OuterRef("pk"), gender=Gender.TOTAL)
    country = Area.objects.filter(kind=Area.Kind.COUNTRY).annotate(is_given=Exists(own)).first()
    asked = request.GET.get("vertailu", "")
    # The mean of the country is computed where its source gives none.
    wide = asked == "koko" or country is None or not country.is_given
    around = _surroundings(county, country, wide=wide)
    by_code = {one.area.code: one for one in around.municipalities}
    names = [(code, one.area.name_in(_language())) for code, one in by_code.items()]
    filters: tuple[Choice[Any] | Search[Any], ...] = (
        Choice(
            "vertailu",
            gettext_lazy("Municipalities compared"),
            [
                *((key, name) for key, (name, _members) in around.groups.items()),
                ("koko", gettext_lazy("those of the size of the municipality chosen below")),
                ("valitut", gettext_lazy("those picked below")),
            ],
            of=_always,
        ),
        Choice("kunta", gettext_lazy("Municipality to look at"), names, of=_always),
        Picked("kunnat", gettext_lazy("Pick municipalities"), names, of=_always),
        Choice("sukupuoli", gettext_lazy("Gender"), Gender.choices[1:], of=_always),
        Choice("vuodet", gettext_lazy("Years"), [("kaikki", gettext_lazy("all years there are"))], of=_always),
    )
    chosen = Table[Any](request, [], (), name="", filters=filters).chosen
    looked_at = by_code.get(chosen.get("kunta", ""))
    compared, group = around.municipalities, ""
    match chosen.get("vertailu", ""):
        case "koko" if looked_at is not None:
            compared = peers.of_like_size(looked_at, around.every)
        case "valitut" if chosen.get("kunnat"):
            picked = set(chosen["kunnat"].split(","))
            compared = [one for one in around.municipalities if one.area.code in picked]
        case key if key in around.groups:
            group, compared = around.groups[key]
    areas = {one.area_id: one.area for one in [*around.every, *compared]}
    figures = read_figures(
        [indicator],
        [*areas.values(), county.area, *([country] if country else [])],
        year=timezone.localdate().year,
        language=_language(),
        gender=chosen.get("sukupuoli", Gender.TOTAL),
        baseline=county.baseline_year,
        populations=around.populations,
    )
    return Shown(indicator, figures.measures[0], figures, around, compared, group, looked_at, chosen, filters)


@require_safe
def indicator(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show an indicator: what it tells, how it went, and how the municipalities compare. As a file, all years."""
    shown = _read(request, pk)
    rows = shown.rows()
    years = sorted({year for row in rows for year in row.by_year})
    on_page = set(years if shown.chosen.get("vuodet") else years[-YEARS_SHOWN:])
    table: Table[AreaRow] = Table(
        request,
        rows,
        _columns(shown, years, on_page),
        name=shown.measure.name,
        filters=shown.filters,
        sort="kunta",
        per_page=400,
    )
    if answer := table.file():
        return answer
    lines, reference = shown.lines()
    without = [row.name for row in rows if not row.rank and not any(p.value is not None for p in row.by_year.values())]
    language = _language()
    context = {
        "indicator": shown.indicator,
        "measure": shown.measure,
        "table": table,
        "years": [year for year in years if year in on_page],
        "rows": [(row, [row.cell(year) for year in years if year in on_page]) for row in table.rows],
        "older": len(years) - len(on_page),
        "all_years_url": table.url(vuodet="kaikki"),
        "of_county": shown.of_county,
        "of_country": shown.of_country,
        "of_municipality": shown.figures.at(shown.measure, shown.looked_at.area, shown.county)
        if shown.looked_at
        else None,
        "looked_at": shown.looked_at,
        "baseline": request.county.baseline_year,
        "charts": _chart_urls(request, shown) if lines or reference.values else None,
        "chart_title": _chart_title(shown),
        "without": without if len(without) < len(shown.compared) else [],
        "has_figures": any(row.by_year for row in rows),
        "texts": [
            (heading, shown.indicator.text_in(kind, language))
            for kind, heading in (
                ("description", _("What it tells")),
                ("interpretation", _("How to read it")),
                ("limits", _("Limits")),
            )
            if shown.indicator.text_in(kind, language)
        ],
        "origins": [(origin, origin.cite(shown.measure)) for origin in shown.figures.origins()],
        "has_examples": any(origin.is_example for origin in shown.figures.origins()),
        "revisions": _revisions(shown),
        "combining": Combining(shown.measure.combining),
        "group": shown.group,
    }
    return render(request, "municipalities/indicator.html", context)


def _columns(shown: Shown, years: Sequence[int], on_page: set[int]) -> tuple[Column[AreaRow], ...]:
    measure = shown.measure

    def of_year(year: int) -> Column[AreaRow]:
        return Column(f"v{year}", str(year), lambda row: row.export(year), kind=Kind.NUMBER, shown=year in on_page)

    def number(key: str, label: str | Promise, value: Any, *, shown: bool = True) -> Column[AreaRow]:
        return Column(key, label, value, kind=Kind.NUMBER, shown=shown)

    compared = measure.combining != Combining.SUM
    columns: list[Column[AreaRow]] = [
        Column("kunta", gettext_lazy("Municipality"), lambda row: row.name, order=lambda row: (row.rank, row.order)),
        Column("koodi", gettext_lazy("Code"), lambda row: row.code, shown=False),
        Column(
            "asukkaita",
            gettext_lazy("Inhabitants"),
            lambda row: row.population,
            order=lambda row: (row.rank, row.population),
            kind=Kind.NUMBER,
        ),
        *map(of_year, years),
        number("muutos", gettext_lazy("Change"), lambda row: row.figure.change),
        Column(
            "suunta",
            gettext_lazy("Direction"),
            lambda row: str(row.figure.direction.label),
            kind=Kind.STATE,
            shown=False,
        ),
    ]
    if shown.around.county.baseline_year:
        label = _("Since %(year)s") % {"year": shown.around.county.baseline_year}
        columns.append(number("lahtovuodesta", label, lambda row: row.figure.baseline_change))
    if compared and shown.group:
        columns.append(number("ryhmasta", gettext_lazy("From the group"), lambda row: _value(row.from_group)))
    if compared:
        columns.append(number("alueesta", gettext_lazy("From the county"), lambda row: _value(row.from_county)))
        columns.append(
            number("maasta", gettext_lazy("From the country"), lambda row: _value(row.from_country), shown=False)
        )
    columns.append(Column("laskettu", gettext_lazy("Computed"), lambda row: row.figure.is_computed, shown=False))
    columns.append(Column("esimerkki", gettext_lazy("Example data"), lambda row: row.figure.is_example, shown=False))
    return tuple(columns)


def _value(found: Difference | None) -> float | None:
    return None if found is None else found.value


def _revisions(shown: Shown) -> list[FormerValue]:
    """Return the latest figures that a source has revised, each with what it was and its place."""
    areas = {one.area_id: one.area.name_in(_language()) for one in shown.compared}
    areas[shown.county.pk] = shown.county.name_in(_language())
    found = (
        FormerValue.objects.filter(
            indicator=shown.indicator, area__in=areas, gender=shown.chosen.get("sukupuoli", Gender.TOTAL)
        )
        .select_related("run", "replaced_by")
        .order_by("-pk")[:REVISIONS_SHOWN]
    )
    for row in found:
        row.place = areas[row.area_id]  # type: ignore[attr-defined]
    return list(found)


def _chart_title(shown: Shown) -> str:
    gender = dict(Gender.choices).get(shown.chosen.get("sukupuoli", ""))
    return f"{shown.measure.name} ({gender})" if gender else shown.measure.name


def _chart_urls(request: CountyRequest, shown: Shown) -> dict[str, str]:
    """Return where the picture is had: for a wide and a narrow screen, and as files."""
    asked = request.GET.copy()
    for key in ("jarjesta", "sivu", "vie", "vuodet", "leveys"):
        asked.pop(key, None)
    addresses = {}
    for name, kind, changes in (
        ("wide", "svg", {}),
        ("narrow", "svg", {"leveys": "kapea"}),
        ("svg", "svg", {"lataa": "1"}),
        ("png", "png", {"lataa": "1"}),
    ):
        words = asked.copy()
        for key, value in changes.items():
            words[key] = value
        address = reverse("indicator_chart", args=[request.county.slug, shown.indicator.pk, kind])
        addresses[name] = f"{address}?{words.urlencode()}" if words else address
    return addresses


@require_safe
def indicator_chart(request: CountyRequest, county: str, pk: int, kind: str) -> HttpResponse:
    """Give the chart of an indicator as a picture: SVG with its own letters, or PNG."""
    if kind not in KINDS_OF_CHART:
        raise Http404
    shown = _read(request, pk)
    lines, reference = shown.lines()
    if not lines and not reference.values:
        raise Http404
    narrow = request.GET.get("leveys") == "kapea"
    options: dict[str, Any] = {
        "colour": request.county.colour,
        "decimals": shown.measure.decimals,
        "language": _language(),
        "title": _chart_title(shown),
        "is_example": shown.of_county.is_example or any(origin.is_example for origin in shown.figures.origins()),
    }
    if len(lines) < MOST_LINES:
        svg = line_chart([*lines, reference], width=NARROW if narrow else LINES_WIDTH, **options)
    else:
        width, abreast = (NARROW, NARROW_ABREAST) if narrow else (WIDE, WIDE_ABREAST)
        svg = panel_chart(lines, reference=reference, width=width, abreast=abreast, **options)
    content: str | bytes = as_png(svg) if kind == "png" else as_file(svg)
    response = HttpResponse(content, content_type=KINDS_OF_CHART[kind])
    if request.GET.get("lataa"):
        number = shown.measure.sotkanet_id or shown.indicator.pk
        response["Content-Disposition"] = f'attachment; filename="tunnusluku-{number}.{kind}"'
    return response


# --- Many indicators ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MatrixCell:
    """The latest figure of an indicator in an area, as it is written."""

    figure: Figure
    text: str
    # The year where it is another than that of most of the row.
    year: int | None

    @property
    def has_direction(self) -> bool:
        """Whether it went one way or the other."""
        return self.figure.direction in (Direction.BETTER, Direction.WORSE)


@dataclass(frozen=True)
class MatrixRow:
    """An indicator in all areas."""

    measure: Measure
    place: int
    year: int | None
    cells: tuple[MatrixCell, ...]
    # Whether all its figures are illustrative: told once.
    is_example: bool


@require_safe
def figures(request: CountyRequest, county: str) -> HttpResponse:
    """Show many indicators side by side in the county's municipalities: each one's latest figure and direction."""
    own = request.county
    sets = list(sets_for(own).order_by("owner", "name", "-version", "-pk"))
    country, ended = country_and_ended()
    around = _surroundings(own, country, wide=False)
    by_set = {str(one.pk): one for one in sets}
    chosen_set = by_set.get(request.GET.get("joukko", "")) or first_of(sets, own)
    indicators = chosen_set.in_order() if chosen_set else []
    themes = list(dict.fromkeys(one.theme for one in indicators))
    filters: tuple[Any, ...] = (
        Choice(
            "joukko", gettext_lazy("Set of indicators"), [(key, str(one)) for key, one in by_set.items()], of=_always
        ),
        Choice("teema", gettext_lazy("Theme"), [(theme, theme) for theme in themes], of=_is_of_theme),
        Choice(
            "ryhma",
            gettext_lazy("Municipality group"),
            [(key, name) for key, (name, _members) in around.groups.items()],
            of=_always,
        ),
        Choice("koko", gettext_lazy("Size"), [(size.key, size.label) for size in peers.SIZES], of=_always),
        Choice("kunnat", gettext_lazy("Municipalities"), [("koko", gettext_lazy("the largest first"))], of=_always),
        Choice("sukupuoli", gettext_lazy("Gender"), Gender.choices[1:], of=_always),
        Search[MatrixRow](by=lambda row: [row.measure.name, row.measure.theme]),
    )
    chosen = Table[Any](request, [], (), name="", filters=filters).chosen
    shown = around.groups[chosen["ryhma"]][1] if "ryhma" in chosen else around.municipalities
    if "koko" in chosen:
        shown = peers.of_size(shown, chosen["koko"])
    if chosen.get("kunnat"):
        shown = peers.by_size(shown)
    read = read_figures(
        indicators,
        [*around.areas, own.area, *([country] if country else [])],
        year=timezone.localdate().year,
        language=_language(),
        latest=YEARS_JUDGED,
        gender=chosen.get("sukupuoli", Gender.TOTAL),
        populations=around.populations,
        ended=ended,
    )
    columns = _matrix_columns(own, country, shown)
    table: Table[MatrixRow] = Table(
        request,
        [_matrix_row(place, measure, read, around, shown) for place, measure in enumerate(read.measures)],
        columns,
        name=_("Indicators of the municipalities"),
        filters=filters,
        sort="jarjestys",
        per_page=200,
    )
    if answer := table.file():
        return answer
    context = {
        "table": table,
        "municipalities": shown,
        "has_country": country is not None,
        "chosen_set": chosen_set,
        "has_examples": any(origin.is_example for origin in read.origins()),
        "origins": read.origins(),
    }
    return render(request, "municipalities/figures.html", context)


def _is_of_theme(row: MatrixRow, theme: str) -> bool:
    return row.measure.theme == theme


def _matrix_row(
    place: int, measure: Measure, read: Figures, around: Surroundings, shown: Sequence[Municipality]
) -> MatrixRow:
    found = [read.at(measure, one.area, around.county.area) for one in shown]
    found.append(read.of_county(measure, around.county.area, around.areas))
    if around.country is not None:
        found.append(read.of(measure, around.country))
    years = Counter(figure.year for figure in found if figure.value is not None)
    year = max(years, key=lambda of: (years[of], of or 0)) if years else None
    cells = tuple(_matrix_cell(figure, year) for figure in found)
    kinds = {figure.is_example for figure in found if figure.value is not None}
    return MatrixRow(measure, place, year, cells, is_example=kinds == {True})


def _matrix_cell(figure: Figure, year: int | None) -> MatrixCell:
    if figure.value is None:
        return MatrixCell(figure, status_text(figure) if figure.year is not None else "–", None)
    text = format_value(figure.value, figure.measure.decimals, _language())
    return MatrixCell(figure, text, figure.year if figure.year != year else None)


def _matrix_columns(
    county: County, country: Area | None, shown: Sequence[Municipality]
) -> tuple[Column[MatrixRow], ...]:
    language = _language()
    names = [one.area.name_in(language) for one in shown]
    names.append(county.area.name_in(language))
    if country is not None:
        names.append(country.name_in(language))

    def figure_of(place: int, name: str) -> Column[MatrixRow]:
        return Column(f"alue{place}", name, lambda row: _exported(row.cells[place]), kind=Kind.NUMBER)

    return (
        Column(
            "jarjestys",
            gettext_lazy("Order of the set"),
            lambda row: row.place + 1,
            order=lambda row: row.place,
            kind=Kind.STATE,
            shown=False,
            exported=False,
        ),
        Column(
            "tunnusluku", gettext_lazy("Indicator"), lambda row: row.measure.name, order=lambda row: row.measure.name
        ),
        Column(
            "teema",
            gettext_lazy("Theme"),
            lambda row: row.measure.theme,
            order=lambda row: (row.measure.theme, row.measure.name),
            shown=False,
        ),
        Column("yksikko", gettext_lazy("Unit"), lambda row: row.measure.unit_label, shown=False),
        Column("vuosi", gettext_lazy("Year"), lambda row: row.year, kind=Kind.NUMBER, shown=False),
        *(figure_of(place, name) for place, name in enumerate(names)),
    )


def _exported(cell: MatrixCell) -> Cell:
    """Return a cell for a file: a number where its year is the row's, else with its year in words."""
    if cell.figure.value is None:
        return cell.text if cell.figure.year is not None else None
    if cell.figure.is_of_county:
        return f"{cell.text} ({_('the county’s')})"
    return f"{cell.text} ({cell.year})" if cell.year else _number(cell.figure.value, cell.figure.measure)
