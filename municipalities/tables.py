"""Lists that one sorts, filters, turns the pages of and takes along as a file, all told in the address.

A view declares the columns and the filters of its list and gives its rows; the templates `parts/table_*.html` draw
what is told here:

    table = Table(request, rows, COLUMNS, name=_("Rounds"), filters=FILTERS, sort="-vuosi")
    return table.file() or render(request, "negotiations/rounds.html", {"table": table})

The rows are a queryset, which the database filters, sorts and cuts into pages, or a list, with which Python does the
same. What the address asks in vain (an unknown column, a state that is none, a page beyond the last) is left undone
and drawn nowhere. Permissions are the view's: a file holds what its page would show, on all pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar, cast

from django import forms
from django.core.exceptions import FieldDoesNotExist
from django.core.paginator import Page, Paginator
from django.db.models import (
    Case,
    CharField,
    Count,
    F,
    IntegerField,
    Model,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
    Window,
)
from django.db.models.expressions import Combinable
from django.forms.utils import flatatt
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.functional import Promise, cached_property
from django.utils.html import format_html, format_html_join
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst, slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indicators.models import alphabetical, alphabetical_key
from municipalities import exporting
from municipalities.exporting import Cell, Sheet

# What stands in the address beside the filters.
SORT, PAGE, FILE = "jarjesta", "sivu", "vie"

PER_PAGE = 50
LONGEST_SEARCH = 100
MOST_WORDS = 10
FURTHEST_PAGE = 100_000

Row = TypeVar("Row")
Words = str | Promise
# A field of the model ("round__name"), an expression of the database, or several of them, the first one first.
DatabaseOrder = str | Combinable | Sequence[str | Combinable]


class Kind(StrEnum):
    """What a column holds: how its cells are drawn and exported, and how its order is called."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    MOMENT = "moment"
    # One of few choices, which sort in the order of what follows what.
    STATE = "state"


# The two orders of a kind, in words.
ORDERS: dict[Kind, tuple[Words, Words]] = {
    Kind.TEXT: (gettext_lazy("%(column)s, from A to Ö"), gettext_lazy("%(column)s, from Ö to A")),
    Kind.NUMBER: (gettext_lazy("%(column)s, smallest first"), gettext_lazy("%(column)s, largest first")),
    Kind.DAY: (gettext_lazy("%(column)s, earliest first"), gettext_lazy("%(column)s, latest first")),
    Kind.MOMENT: (gettext_lazy("%(column)s, earliest first"), gettext_lazy("%(column)s, latest first")),
    Kind.STATE: (gettext_lazy("%(column)s, first stage first"), gettext_lazy("%(column)s, last stage first")),
}


@dataclass(frozen=True)
class Column(Generic[Row]):
    """A column of a list.

    `key` names it in the address: Finnish, a to z. `value` gives its cell in the file: a number as a number, a date as
    a date. `order` is what it sorts by: of a queryset its fields or expressions, of a list a function of the row; none
    where it does not sort. Texts sort as Finns sort them and choices in the order of their declaration by themselves.
    """

    key: str
    label: Words
    value: Callable[[Row], Cell]
    order: DatabaseOrder | Callable[[Row], Any] | None = None
    kind: Kind = Kind.TEXT
    # On the page and in the file, or only in one of them.
    shown: bool = True
    exported: bool = True

    def words(self, *, descending: bool) -> str:
        """Say in what order the rows are when sorted by this column."""
        return str(ORDERS[self.kind][descending]) % {"column": self.label}

    def cell(self, row: Row) -> Cell:
        """Return the row's cell for a file."""
        value = self.value(row)
        if self.kind == Kind.DAY and isinstance(value, datetime):
            return timezone.localdate(value) if timezone.is_aware(value) else value.date()
        return capfirst(str(value)) if self.kind == Kind.STATE and value else value


class PlainSelect(forms.Select):
    """A choice of one, drawn in one piece: Django draws each option with two templates, on every list's page."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the element."""
        chosen = mark_safe(" selected")
        options = [(key, chosen if str(key) == str(value or "") else "", label) for key, label in self.choices]
        return format_html(
            "<select{}>{}</select>",
            flatatt({"name": name, **self.build_attrs(self.attrs, attrs)}),
            format_html_join("", '<option value="{}"{}>{}</option>', options),
        )


@dataclass(frozen=True)
class Search(Generic[Row]):
    """A field for words, each of which must be found in a row, in any of these fields or texts of it.

    `by` names fields of a queryset; of a list it gives the row's texts.
    """

    by: Sequence[str] | Callable[[Row], Iterable[str]]
    label: Words = ""
    key: str = "q"

    def field(self) -> forms.Field:
        """Return the field of the form."""
        return forms.CharField(
            label=str(self.label) or _("Search by word"),
            required=False,
            max_length=LONGEST_SEARCH,
            widget=forms.TextInput(attrs={"type": "search"}),
        )

    def narrow(self, rows: QuerySet[Any, Any], value: str) -> QuerySet[Any, Any]:
        """Leave of a queryset the rows that have the words."""
        if callable(self.by):
            raise TypeError(f"{self.key}: a queryset is searched by the names of its fields")
        found = rows.order_by()
        for word in value.split()[:MOST_WORDS]:
            anywhere = Q()
            for name in self.by:
                anywhere |= Q(**{f"{name}__icontains": word})
            found = found.filter(anywhere)
        # As a subquery, so that a row with several matching parties comes once.
        return rows.filter(pk__in=found.values("pk"))

    def fits(self, row: Row, value: str) -> bool:
        """Whether a row of a list has the words."""
        if not callable(self.by):
            raise TypeError(f"{self.key}: a list is searched by a function of its rows")
        texts = " ".join(self.by(row)).casefold()
        return all(word.casefold() in texts for word in value.split()[:MOST_WORDS])


@dataclass(frozen=True)
class Choice(Generic[Row]):
    """A field for one of the choices, or all of them.

    `by` names the field of a queryset, or makes a condition of the chosen value; `of` is for lists: whether a row
    belongs to the chosen value.
    """

    key: str
    label: Words
    choices: Sequence[tuple[Any, Words]]
    by: str | Callable[[str], Q] | None = None
    of: Callable[[Row, str], bool] | None = None

    def field(self) -> forms.Field:
        """Return the field of the form."""
        choices = [(str(value), capfirst(str(label))) for value, label in self.choices if value not in ("", None)]
        choices.insert(0, ("", _("All of them")))
        return forms.ChoiceField(label=str(self.label), required=False, choices=choices, widget=PlainSelect)

    def narrow(self, rows: QuerySet[Any, Any], value: str) -> QuerySet[Any, Any]:
        """Leave of a queryset the rows of the chosen value."""
        if self.by is None:
            raise TypeError(f"{self.key}: a queryset is filtered by a field or a condition")
        condition = self.by(value) if callable(self.by) else Q(**{self.by: value})
        return rows.filter(pk__in=rows.order_by().filter(condition).values("pk"))

    def fits(self, row: Row, value: str) -> bool:
        """Whether a row of a list belongs to the chosen value."""
        if self.of is None:
            raise TypeError(f"{self.key}: a list is filtered by a function of its rows")
        return self.of(row, value)


Filter = Search[Any] | Choice[Any]


class FilterForm(forms.Form):
    """The filters of a list and, for those who have no headings to sort by, its order."""

    def __init__(self, filters: Sequence[Filter], orders: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(auto_id="rajaus_%s", use_required_attribute=False, **kwargs)
        for one in filters:
            self.fields[one.key] = one.field()
        if orders:
            self.fields[SORT] = forms.ChoiceField(label=_("Order"), required=False, choices=orders, widget=PlainSelect)
        for field in self.fields.values():
            field.widget.attrs["class"] = "hds-text-input__input"


@dataclass(frozen=True)
class Heading:
    """The heading of a column on the page. `sorted` is "ascending", "descending" or empty, as `aria-sort` takes it."""

    key: str
    label: Words
    url: str
    sorted: str
    is_figure: bool


@dataclass(frozen=True)
class FileLink:
    """Where the list is had as a file."""

    label: str
    url: str


class Table(Generic[Row]):
    """A list as the address asks for it. Made by a view, drawn by `parts/table_*.html`."""

    def __init__(
        self,
        request: HttpRequest,
        source: QuerySet[Any, Any] | Iterable[Row],
        columns: Sequence[Column[Row]],
        *,
        name: str,
        filters: Sequence[Filter] = (),
        sort: str = "",
        compose: Callable[[list[Any]], Iterable[Row]] | None = None,
        per_page: int = PER_PAGE,
    ) -> None:
        """Read the address.

        `name` is the list's name in the reader's language: of the sheet, of the file and for those who do not see.
        `sort` is the order that nobody has to ask for: a column's key, with "-" for descending; without it the rows
        stay in the order in which they come. `compose` makes of objects of the queryset the rows that the columns are
        of, and is given a page of them at a time, or all of them for a file.
        """
        self.name = name
        self.columns = tuple(columns)
        self._source: QuerySet[Any, Any] | list[Row] = source if isinstance(source, QuerySet) else list(source)
        self._filters = tuple(filters)
        self._compose = compose
        self._per_page = per_page
        self._default = sort
        self._asked = request.GET
        self._orders = {
            f"{sign}{column.key}": column for column in self.columns if column.order is not None for sign in ("", "-")
        }
        if sort and sort not in self._orders:
            raise ValueError(f"no column sorts by {sort}")
        self.chosen = self._chosen()
        asked = self._asked.get(SORT, "")
        self.sort = asked if asked in self._orders else sort

    def _chosen(self) -> dict[str, str]:
        """Return what the address filters by, without what no filter knows."""
        form = FilterForm(self._filters, (), data=self._asked)
        form.is_valid()
        return {key: value for key, value in form.cleaned_data.items() if value}

    def leave_out(self, keys: Iterable[str]) -> None:
        """Leave out columns in which there is nothing, once that is known."""
        empty = set(keys)
        self.columns = tuple(column for column in self.columns if column.key not in empty)
        self._orders = {key: column for key, column in self._orders.items() if column.key not in empty}
        if self.sort.removeprefix("-") in empty:
            self.sort = self._default

    # --- The rows -------------------------------------------------------------------------------------------------

    @cached_property
    def matching(self) -> Any:
        """What the filters leave, in order: a queryset or a list, as the source is."""
        if isinstance(self._source, QuerySet):
            return self._sorted_by_database(self._narrowed(self._source))
        return self._sorted_by_python(
            [row for row in self._source if all(one.fits(row, value) for one, value in self._in_use())]
        )

    def _in_use(self) -> list[tuple[Filter, str]]:
        return [(one, self.chosen[one.key]) for one in self._filters if one.key in self.chosen]

    def _narrowed(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        for one, value in self._in_use():
            rows = one.narrow(rows, value)
        return rows

    def _sorted_by_database(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        if not self.sort:
            return rows.order_by(*_own_order(rows), "pk")
        column = self._orders[self.sort]
        if callable(column.order) or column.order is None:
            raise TypeError(f"{column.key}: a queryset sorts by fields or expressions")
        descending = self.sort.startswith("-")
        parts = [column.order] if isinstance(column.order, str | Combinable) else column.order
        ordering = [_database_order(rows.model, part, descending=descending) for part in parts]
        # Rows that are equal keep their order from page to page.
        return rows.order_by(*ordering, "-pk" if descending else "pk")

    def _sorted_by_python(self, rows: list[Row]) -> list[Row]:
        if not self.sort:
            return rows
        column = self._orders[self.sort]
        key = column.order
        if not callable(key):
            raise TypeError(f"{column.key}: a list sorts by a function of its rows")
        valued = [(key(row), row) for row in rows]
        with_value = [(_python_order(value), row) for value, row in valued if not _is_missing(value)]
        with_value.sort(key=lambda pair: pair[0], reverse=self.sort.startswith("-"))
        # Rows without a value come last in either order.
        return [row for _value, row in with_value] + [row for value, row in valued if _is_missing(value)]

    @cached_property
    def page(self) -> Page[Any]:
        """The page that the address asks for, or the nearest there is."""
        pages = Paginator(self.matching, self._per_page)
        try:
            number = int(self._asked.get(PAGE, ""))
        except ValueError:
            number = 1
        if isinstance(self.matching, QuerySet) and 1 <= number <= FURTHEST_PAGE:
            # The database counts while it looks for the page; only a page that is not there needs to be asked about.
            start = (number - 1) * self._per_page
            rows = list(self.matching.annotate(rows_found=Window(Count("*")))[start : start + self._per_page])
            if rows or number == 1:
                pages.count = rows[0].rows_found if rows else 0
                return Page(rows, number, pages)
        return pages.get_page(number)

    @cached_property
    def rows(self) -> list[Row]:
        """The rows of the page."""
        return self._composed(self.page.object_list)

    def _composed(self, rows: Iterable[Any]) -> list[Row]:
        listed = list(rows)
        return list(self._compose(listed)) if self._compose else cast("list[Row]", listed)

    # --- How many -------------------------------------------------------------------------------------------------

    @property
    def is_filtered(self) -> bool:
        """Whether a filter is in use."""
        return bool(self.chosen)

    @property
    def found(self) -> int:
        """How many rows the filters leave, on all pages."""
        return self.page.paginator.count

    @cached_property
    def total(self) -> int:
        """How many rows there are without filters."""
        if not self.is_filtered:
            return self.found
        return self._source.count() if isinstance(self._source, QuerySet) else len(self._source)

    @property
    def count_words(self) -> str:
        """Say how many rows of how many are shown."""
        page, values = self.page, {"found": self.found, "total": self.total}
        if page.paginator.num_pages > 1:
            values |= {"first": page.start_index(), "last": page.end_index()}
            if self.is_filtered:
                return _("Rows %(first)s–%(last)s of the %(found)s found, %(total)s in all") % values
            return _("Rows %(first)s–%(last)s, %(total)s in all") % values
        if self.found == self.total:
            return _("%(total)s in all") % values
        return _("Showing %(found)s, %(total)s in all") % values

    # --- What the templates draw ----------------------------------------------------------------------------------

    @cached_property
    def form(self) -> FilterForm:
        """The form of the filters, as the address has filled it; what could not be understood is not in it."""
        orders = [
            (key, column.words(descending=key.startswith("-")))
            for key, column in self._orders.items()
            if column.shown or key == self.sort
        ]
        if orders and not self.sort:
            orders.insert(0, ("", _("Usual order")))
        return FilterForm(self._filters, orders, initial=self.chosen | {SORT: self.sort})

    @property
    def filter_fields(self) -> list[forms.BoundField]:
        """The fields of the form but the order."""
        return [self.form[one.key] for one in self._filters]

    @property
    def sort_field(self) -> forms.BoundField | None:
        """The field for the order, where something can be sorted."""
        return self.form[SORT] if SORT in self.form.fields else None

    @cached_property
    def headings(self) -> list[Heading]:
        """The headings of the columns on the page, with links that sort."""
        return [self._heading(column) for column in self.columns if column.shown]

    def _heading(self, column: Column[Row]) -> Heading:
        up, down = column.key, f"-{column.key}"
        is_figure = column.kind == Kind.NUMBER
        if column.order is None:
            return Heading(column.key, column.label, "", "", is_figure)
        now = {up: "ascending", down: "descending"}.get(self.sort, "")
        # Of numbers one looks for the large ones first, of all else for the first ones.
        other = {"ascending": down, "descending": up}.get(now, down if is_figure else up)
        return Heading(column.key, column.label, self.url(**{SORT: other}), now, is_figure)

    def url(self, **changes: str | int) -> str:
        """Return the address of the list as it is but for these. Its page is the first unless told."""
        asked = QueryDict(mutable=True)
        for key, value in (self.chosen | {SORT: self.sort} | changes).items():
            if value and not (key == SORT and value == self._default):
                asked[key] = str(value)
        return f"?{asked.urlencode()}"

    @property
    def clear_url(self) -> str:
        """The address of the list without its filters, in the order it is in."""
        asked = QueryDict(mutable=True)
        if self.sort != self._default:
            asked[SORT] = self.sort
        return f"?{asked.urlencode()}"

    @property
    def previous_url(self) -> str:
        """The address of the page before this one."""
        return self.url(**{PAGE: self.page.previous_page_number()}) if self.page.has_previous() else ""

    @property
    def next_url(self) -> str:
        """The address of the page after this one."""
        return self.url(**{PAGE: self.page.next_page_number()}) if self.page.has_next() else ""

    @property
    def file_links(self) -> list[FileLink]:
        """Where the list as it is filtered and sorted is had as a file."""
        names = {"xlsx": _("Download as an Excel file"), "csv": _("Download as a csv file")}
        return [FileLink(names[kind], self.url(**{FILE: kind})) for kind in exporting.KINDS]

    # --- Files ----------------------------------------------------------------------------------------------------

    @property
    def is_file(self) -> bool:
        """Whether the address asks for a file, which has columns that the page does not show."""
        return self._asked.get(FILE, "") in exporting.KINDS

    def file(self, *, on: date | None = None) -> HttpResponse | None:
        """Answer with the file that the address asks for: all rows that the filters leave.

        None where it asks none; then the rows of the page have been read, for a template runs no queries.
        """
        if not self.is_file:
            self.rows, self.total  # noqa: B018
            return None
        kind = self._asked[FILE]
        columns = [column for column in self.columns if column.exported]
        rows = [[column.cell(row) for column in columns] for row in self._composed(self.matching)]
        content, media_type = exporting.file_of(Sheet(self.name, [str(c.label) for c in columns], rows), kind)
        response = HttpResponse(content, content_type=media_type)
        file_name = f"{slugify(self.name) or 'taulukko'}-{on or timezone.localdate():%Y-%m-%d}.{kind}"
        response["Content-Disposition"] = content_disposition_header(True, file_name) or "attachment"
        return response


# --- Order ----------------------------------------------------------------------------------------------------


def _own_order(rows: QuerySet[Any, Any]) -> Sequence[Any]:
    return rows.query.order_by or rows.query.get_meta().ordering or ()


def _database_order(model: type[Model], part: str | Combinable, *, descending: bool) -> Any:
    """Return what the database orders by: texts as Finns do, choices as declared, rows without a value last.

    A part that begins with "-" goes the other way than the column does.
    """
    may_be_null = True
    by: Any = part
    if isinstance(part, str):
        if part.startswith("-"):
            part, descending = part[1:], not descending
        field, may_be_null = _field(model, part)
        by = F(part)
        if field is not None and field.choices:
            places = [
                When(**{part: value}, then=Value(place)) for place, (value, _label) in enumerate(field.flatchoices)
            ]
            by, may_be_null = Case(*places, default=None, output_field=IntegerField()), True
        elif isinstance(field, CharField | TextField) and not field.db_collation:
            by = alphabetical(part)
    # Where nothing is missing, an index of the column is of use only if the order does not mention what is.
    nulls = {"nulls_last": True} if may_be_null else {}
    return by.desc(**nulls) if descending else by.asc(**nulls)


def _field(model: type[Model], path: str) -> tuple[Any, bool]:
    """Return the field at the end of a path and whether it can be without a value; None for an annotation."""
    field: Any = None
    may_be_null = False
    for name in path.split("__"):
        try:
            field = model._meta.pk if name == "pk" else model._meta.get_field(name)
        except FieldDoesNotExist:
            return None, True
        may_be_null = may_be_null or field.null
        if field.is_relation:
            model = field.related_model
    return field, may_be_null


def _is_missing(value: Any) -> bool:
    return value is None or value == ""


def _python_order(value: Any) -> Any:
    if isinstance(value, str | Promise):
        return alphabetical_key(str(value))
    if isinstance(value, tuple | list):
        return tuple(_python_order(part) for part in value)
    return value
