"""What the forms of every floor share: fields, choices of one's own county, and edits in which nothing is lost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.forms.utils import pretty_name
from django.http import QueryDict
from django.utils import timezone
from django.utils.choices import flatten_choices
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django_scopes.forms import SafeModelChoiceField, SafeModelMultipleChoiceField

from municipalities.access import Access
from municipalities.models import Municipality

# As browsers send it, and as people write it where the browser has no picker of dates.
DAY_FORMATS = ["%Y-%m-%d", "%d.%m.%Y"]
TIME_FORMATS = ["%H:%M", "%H.%M", "%H"]

Words = str | Promise
# What Django shows where nothing is chosen; a screen reader spells it out.
DASHES = forms.ModelChoiceField(None).empty_label


class DayField(forms.DateField):
    """A day. The messages name the field and the mend: each form gives its own."""

    def __init__(self, *, missing: Any, wrong: Any, **kwargs: Any) -> None:
        super().__init__(
            input_formats=DAY_FORMATS,
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            error_messages={"required": missing, "invalid": wrong},
            **kwargs,
        )


class ClockField(forms.TimeField):
    """A time of day, as 8.15 or 8:15."""

    def __init__(self, *, missing: Any, wrong: Any, **kwargs: Any) -> None:
        super().__init__(
            input_formats=TIME_FORMATS,
            widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            error_messages={"required": missing, "invalid": wrong},
            **kwargs,
        )


class ListField(forms.CharField):
    """A list typed or pasted, one thing a line. Marks of lists that come along from elsewhere are left out."""

    def __init__(self, *, max_items: int = 300, max_item_length: int = 2000, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 8}))
        super().__init__(**kwargs)
        self.max_items, self.max_item_length = max_items, max_item_length

    def clean(self, value: Any) -> list[str]:
        """Return the things, without empty lines."""
        text = super().clean(value)
        things = [thing for line in text.splitlines() if (thing := line.strip().lstrip("•◦▪–—-*·\t ").strip())]
        if len(things) > self.max_items:
            raise ValidationError(
                _("There are %(count)s lines. Give at most %(most)s at a time.")
                % {"count": len(things), "most": self.max_items}
            )
        for number, thing in enumerate(things, 1):
            if len(thing) > self.max_item_length:
                raise ValidationError(
                    _("Line %(number)s is longer than %(most)s characters. Shorten or divide it.")
                    % {"number": number, "most": self.max_item_length}
                )
        return things


@dataclass(frozen=True)
class Group:
    """Fields that belong together, under a heading of theirs."""

    legend: Words
    fields: Sequence[forms.BoundField]
    hint: Words = ""


@dataclass(frozen=True)
class Conflict:
    """A field that two people have changed: what the other has saved, in words."""

    theirs: str


class CountyFields(forms.BaseForm):
    """A form inside a county: what can be chosen is the county's own.

    `groups` may name fields under headings; the others come first, without one.
    """

    groups: ClassVar[Sequence[tuple[Words, Sequence[str]]]] = ()

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.access = access
        self.conflicts: dict[str, Conflict] = {}
        too_long = _("Shorten this: at most %(limit_value)s characters, now %(show_value)s.")
        for name, field in self.fields.items():
            field.error_messages.setdefault("max_length", too_long)
            if isinstance(field, forms.ModelChoiceField):
                if field.empty_label == DASHES:
                    field.empty_label = _("Choose")
                field.queryset = self.choices_of(name, field)
            if field.required and field.error_messages["required"] == forms.Field.default_error_messages["required"]:
                label = field.label or pretty_name(name)
                field.error_messages["required"] = _("Fill in “%(field)s”.") % {"field": label}

    def choices_of(self, name: str, field: forms.ModelChoiceField) -> QuerySet[Any]:
        """Return the rows that the field may choose: those of the county."""
        model: Any = field.queryset.model if field.queryset is not None else None
        if model is Municipality:
            return Municipality.objects.filter(county=self.access.county).select_related("area").order_by("area__order")
        return model._default_manager.all()

    def grouped(self) -> Iterator[Group]:
        """Give the visible fields under their headings, those without one first."""
        named = {name for _legend, names in self.groups for name in names}
        rest = [field for field in self.visible_fields() if field.name not in named]
        if rest:
            yield Group("", rest)
        for legend, names in self.groups:
            shown = [self[name] for name in names if name in self.fields]
            if shown:
                yield Group(legend, shown)


class CountyForm(CountyFields, forms.Form):
    """A plain form inside a county."""


class SharedForm(CountyForm):
    """Edits what others may edit at the same time.

    The form carries along what each field was when it was shown. A field that only the other has changed keeps the
    other's value; one that both have changed is shown with both, and saved when it is sent again. Build it on rows
    that are locked (municipalities.views.editing does).
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def carry_along(self) -> None:
        """Have the form carry along what its fields are now: to be called when it has them all."""
        self.initial["seen"] = self.fields["seen"].initial = self._as_it_is()

    def _as_it_is(self) -> str:
        return json.dumps(
            {name: digest_of(self.get_initial_for_field(field, name)) for name, field in self._edited().items()}
        )

    def _edited(self) -> dict[str, forms.Field]:
        return {name: field for name, field in self.fields.items() if name != "seen"}

    def full_clean(self) -> None:
        """Clean, and put what the other has saved meanwhile beside what is sent now."""
        self.merged: dict[str, Any] = {}
        super().full_clean()
        if self.conflicts:
            # Sent again, the text shown is saved: what the other wrote has been seen.
            data = cast(QueryDict, self.data).copy()
            data[self.add_prefix("seen")] = self._as_it_is()
            # What only the other has changed is shown as they left it, or sending again would undo it.
            for name, now in self.merged.items():
                data.setlist(self.add_prefix(name), _as_sent(self.fields[name], now))
            self.data = data

    def _clean_form(self) -> None:
        if self.cleaned_data.get("seen"):
            self._settle(_read(self.cleaned_data["seen"]))
        super()._clean_form()  # type: ignore[misc]

    def _settle(self, seen: Mapping[str, str]) -> None:
        for name, field in self._edited().items():
            now = self.get_initial_for_field(field, name)
            if name not in seen or name not in self.cleaned_data or digest_of(now) == seen[name]:
                continue
            mine = digest_of(self.cleaned_data[name])
            if mine == digest_of(now):
                continue
            if mine == seen[name]:
                self.cleaned_data[name] = field.clean(field.prepare_value(now))
                self.merged[name] = now
                continue
            self.conflicts[name] = Conflict(_in_words(field, now))
            self.add_error(
                name,
                _(
                    "Somebody else has changed this meanwhile. Their version is below."
                    " Write what is to stay, and save again."
                ),
            )

    @property
    def changed_names(self) -> list[str]:
        """The names of the fields that this edit changes, for the log."""
        return [name for name in self.changed_data if name != "seen"]


class EditForm(SharedForm, forms.ModelForm):
    """Makes or edits a row of the county."""

    # Name of a constraint of the database → the field to blame, and what to say.
    constraint_messages: ClassVar[Mapping[str, tuple[str | None, Words]]] = {}

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, access=access, **kwargs)
        if hasattr(self.instance, "county_id") and self.instance.county_id is None:
            self.instance.county = access.county
        if self.instance.pk:
            self.carry_along()

    def _get_validation_exclusions(self) -> set[str]:
        # The county is no field of the form, but uniqueness within it is looked at.
        return super()._get_validation_exclusions() - {"county"}  # type: ignore[misc]

    def _post_clean(self) -> None:
        # The model would tell a constraint in its own words; ours name the field and the mend.
        self.instance.validate_constraints = lambda exclude=None: None
        try:
            super()._post_clean()  # type: ignore[misc]
        finally:
            del self.instance.validate_constraints
        exclude = self._get_validation_exclusions() | set(self.errors)
        for model, constraints in self.instance.get_constraints():
            for constraint in constraints:
                try:
                    constraint.validate(model, self.instance, exclude=exclude)
                except ValidationError as error:
                    field, words = self.constraint_messages.get(constraint.name, (None, ""))
                    self.add_error(field if field in self.fields else None, str(words) if words else error)


def _read(text: str) -> Mapping[str, str]:
    """Return what the form was sent with; nothing where somebody has tampered with it."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return {name: value for name, value in data.items() if isinstance(value, str)} if isinstance(data, dict) else {}


def _canonical(value: Any) -> str:
    """Return a value written one way, whether it comes from the row or from what was sent."""
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    if isinstance(value, models.Model):
        return str(value.pk)
    if isinstance(value, datetime) and timezone.is_aware(value):
        return value.astimezone(timezone.get_default_timezone()).isoformat()
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Iterable) and not isinstance(value, str):
        return "\n".join(sorted(_canonical(one) for one in value))
    return str(value).replace("\r\n", "\n").strip()


def digest_of(value: Any) -> str:
    """Return by what a value is known again: what a form or an autosave carries along of what it has seen."""
    return hashlib.sha256(_canonical(value).encode()).hexdigest()[:16]


def _in_words(field: forms.Field, value: Any) -> str:
    """Write a value of a row as a reader would have seen it in the field."""
    if isinstance(field, forms.ModelMultipleChoiceField):
        return ", ".join(field.label_from_instance(row) for row in field.queryset.filter(pk__in=_ids(value)))  # type: ignore[union-attr]
    if isinstance(field, forms.ModelChoiceField):
        row = field.queryset.filter(pk=value).first() if value and field.queryset is not None else None
        return field.label_from_instance(row) if row else "–"
    if isinstance(field, forms.ChoiceField):
        choices: dict[Any, Any] = dict(flatten_choices(field.widget.choices))
        several = isinstance(field, forms.MultipleChoiceField)
        return ", ".join(str(choices.get(key, key)) for key in ((value or ()) if several else [value]))
    if isinstance(field, forms.BooleanField):
        return _("yes") if value else _("no")
    written = field.widget.format_value(value)
    return str(written) if written not in (None, "") else "–"


def _as_sent(field: forms.Field, value: Any) -> list[str]:
    """Return a value of a row as the field would have been sent with it."""
    if isinstance(field, forms.BooleanField):
        return ["on"] if value else []
    written = field.widget.format_value(field.prepare_value(value))
    several = written if isinstance(written, list | tuple) else [written]
    return [str(one) for one in several if one is not None]


def _ids(rows: Iterable[Any]) -> list[Any]:
    return [getattr(row, "pk", row) for row in rows or ()]


__all__ = [
    "ClockField",
    "Conflict",
    "CountyForm",
    "DayField",
    "EditForm",
    "Group",
    "ListField",
    "SafeModelChoiceField",
    "SafeModelMultipleChoiceField",
    "SharedForm",
    "digest_of",
]
