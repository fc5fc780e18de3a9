"""What is asked of those who took part."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django import forms
from django.core.validators import MaxLengthValidator
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities.access import Access
from municipalities.forms import (
    Conflict,
    CountyForm,
    EditForm,
    SafeModelChoiceField,
)
from municipalities.models import Sector
from negotiations.models import Attendance, Negotiation
from negotiations.sitting.attendance import SECTOR_NAMES
from negotiations.sitting.attending import entry_of, why_not_yet
from negotiations.sitting.entries import Entry, Manner
from negotiations.sitting.people import label_of, place_of, registered
from negotiations.sitting.substitutes import listed, why_not

MOST = 99_999
SECTORS = [("", gettext_lazy("Choose")), *Sector.choices]


# --- Many values at once ----------------------------------------------------------------------------------------


class CellsForm(CountyForm):
    """Many values of several rows, sent together. Only those that the sender has changed are saved.

    The form carries along what each was when it was shown: one that somebody else has changed meanwhile stays as the
    other left it, and one that both have changed is shown with both.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, access: Access, cells: Mapping[str, tuple[forms.Field, Any]], **kwargs: Any) -> None:
        super().__init__(*args, access=access, **kwargs)
        self.now: dict[str, Any] = {}
        self.changes: dict[str, Any] = {}
        for name, (cell, now) in cells.items():
            self.fields[name] = cell
            self.initial[name] = self.now[name] = now
        self.initial["seen"] = self._as_it_is()

    def _as_it_is(self) -> str:
        return json.dumps({name: _written(now) for name, now in self.now.items()})

    def clean(self) -> dict[str, Any]:
        """Find out which values are changed, and which of them somebody else has changed too."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        seen = _read(cleaned.get("seen", ""))
        for name, now in self.now.items():
            if name not in cleaned or self.add_prefix(name) not in self.data:
                continue
            mine, was = _written(cleaned[name]), seen.get(name, _written(now))
            if mine in {was, _written(now)}:
                continue
            if was != _written(now):
                self.conflicts[name] = Conflict(self.in_words(name, now))
                self.add_error(
                    name,
                    _(
                        "Somebody else has changed this meanwhile. Their version is below."
                        " Write what is to stay, and save again."
                    ),
                )
                continue
            self.changes[name] = cleaned[name]
        return cleaned

    def full_clean(self) -> None:
        """Clean; sent again, what is shown is saved: what the other wrote has been seen."""
        super().full_clean()
        if self.conflicts:
            data = cast(QueryDict, self.data).copy()
            data[self.add_prefix("seen")] = self._as_it_is()
            self.data = data

    def in_words(self, name: str, value: Any) -> str:
        """Write a value as a reader sees it."""
        choices = dict(getattr(self.fields[name], "choices", ()))
        return str(choices.get(value, value if value is not None else "–"))


def _written(value: Any) -> str:
    return "" if value is None else str(value)


def _read(text: str) -> Mapping[str, str]:
    """Return what the form was sent with; nothing where somebody has tampered with it."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return {name: value for name, value in data.items() if isinstance(value, str)} if isinstance(data, dict) else {}


def count_field(label: str) -> forms.IntegerField:
    """Return the field of a head count: empty for not counted, nought for nobody."""
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=0,
        max_value=MOST,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "size": 4, "maxlength": 9}),
        error_messages={
            "invalid": _("Give the number of people in digits, for example 12, or leave the field empty."),
            "min_value": _("Give a number of people that is nought or more."),
            "max_value": _("Give at most %(limit_value)s people."),
        },
    )


class StatusesForm(CellsForm):
    """Whether each was present, on the spot or remotely, was absent, or is invited so far."""

    def __init__(self, *args: Any, access: Access, instance: Negotiation, **kwargs: Any) -> None:
        rows = Attendance.objects.filter(negotiation=instance, is_head_count=False).select_related("substitutes")
        order = list(SECTOR_NAMES)
        self.rows: list[Attendance] = sorted(
            rows, key=lambda row: (order.index(Sector(row.sector)), row.organisation_name, row.name, row.pk)
        )
        self.not_yet = why_not_yet(instance)
        cells = {f"status_{row.pk}": (self._field(row), Manner.of(row).value) for row in self.rows}
        super().__init__(*args, access=access, cells=cells, **kwargs)

    def _field(self, row: Attendance) -> forms.ChoiceField:
        now = Manner.of(row)
        choices = [
            (manner.value, manner.label)
            for manner in Manner
            if manner == now or not ((manner.is_here and self.not_yet) or (manner == Manner.INVITED and row.is_walk_in))
        ]
        label = f"{row}, {row.organisation_name}" if row.organisation_name else str(row)
        messages = {"invalid_choice": self.not_yet or _("Choose one of the states.")}
        return forms.ChoiceField(label=label, choices=choices, required=False, error_messages=messages)

    @property
    def statuses(self) -> dict[int, str]:
        """How each who is changed is marked, by the ids of their rows; all who are invited, where all came."""
        everyone = self.data.get("everyone")
        if everyone in {Manner.PRESENT, Manner.REMOTE}:
            return {row.pk: everyone for row in self.rows if row.status == Attendance.Status.INVITED} | self._changed
        return self._changed

    @property
    def _changed(self) -> dict[int, str]:
        return {int(name.removeprefix("status_")): value for name, value in self.changes.items() if value}


class CountsForm(CellsForm):
    """The head counts of a negotiation, sector by sector."""

    def __init__(self, *args: Any, access: Access, instance: Negotiation, **kwargs: Any) -> None:
        rows = Attendance.objects.filter(negotiation=instance, is_head_count=True)
        now: dict[str, int] = dict(rows.values_list("sector", "count"))
        cells = {f"count_{key}": (count_field(str(name)), now.get(key)) for key, name in SECTOR_NAMES.items()}
        super().__init__(*args, access=access, cells=cells, **kwargs)

    @property
    def counts(self) -> dict[str, int | None]:
        """The changed counts by sector."""
        return {name.removeprefix("count_"): value for name, value in self.changes.items()}


# --- People by name ---------------------------------------------------------------------------------------------


class AwayField(SafeModelChoiceField):
    """One of the list who is away, by name, role and organisation."""

    def label_from_instance(self, obj: Any) -> str:
        """Write who it is."""
        return ", ".join(filter(None, [obj.name, obj.role, obj.organisation_name]))


class PersonForm(EditForm):
    """Somebody who takes part: a person of the register, or a name or a role as typed."""

    constraint_messages: ClassVar = {
        "attendance_person_or_count": ("name", gettext_lazy("Give a name or a role.")),
        "attendance_person_once": (
            "name",
            gettext_lazy("This person of the register is in the list already. Change the row that is there."),
        ),
        "attendance_walk_in_came": (
            "is_walk_in",
            gettext_lazy("Who came without an invitation is not invited. Choose another state, or take the tick away."),
        ),
    }

    class Meta:
        model = Attendance
        fields = (
            "name",
            "role",
            "organisation_name",
            "sector",
            "municipality",
            "status",
            "substitutes",
            "is_walk_in",
        )
        field_classes: ClassVar = {"municipality": SafeModelChoiceField, "substitutes": AwayField}
        labels: ClassVar = {
            "name": gettext_lazy("Name"),
            "role": gettext_lazy("Role"),
            "organisation_name": gettext_lazy("Organisation"),
            "sector": gettext_lazy("Sector"),
            "municipality": gettext_lazy("Municipality"),
            "status": gettext_lazy("State"),
            "substitutes": gettext_lazy("In whose place"),
            "is_walk_in": gettext_lazy("Came without an invitation"),
        }
        help_texts: ClassVar = {
            "name": gettext_lazy(
                "Choose from the register as you type, or write a name. May be empty where a role is given."
            ),
            "sector": gettext_lazy("May be left empty for a person of the register."),
            "municipality": gettext_lazy("For those who speak for a municipality."),
            "substitutes": gettext_lazy("For a substitute: the one who is away. They are marked as absent."),
        }
        widgets: ClassVar = {"name": forms.TextInput(attrs={"list": "rekisteri", "autocomplete": "off"})}

    def __init__(self, *args: Any, negotiation: Negotiation, **kwargs: Any) -> None:
        self.negotiation = negotiation
        super().__init__(*args, **kwargs)
        self.instance.negotiation = negotiation
        # What is chosen from the register has the role and the place in it, and may be longer than a name.
        name = self.fields["name"]
        name.validators = [one for one in name.validators if not isinstance(one, MaxLengthValidator)]
        name.widget.attrs.pop("maxlength", None)
        sector = cast(forms.ChoiceField, self.fields["sector"])
        sector.required = False
        sector.choices = SECTORS
        cast(forms.ModelChoiceField, self.fields["municipality"]).empty_label = _("Choose")
        cast(forms.ModelChoiceField, self.fields["substitutes"]).empty_label = _("Nobody's")
        self._of_status()
        self.register = registered()

    def _of_status(self) -> None:
        """Have the state tell also whether those present are so remotely, which the row keeps apart."""
        status = cast(forms.ChoiceField, self.fields["status"])
        self.not_yet = why_not_yet(self.negotiation)
        status.choices = [(one.value, one.label) for one in Manner if not (one.is_here and self.not_yet)]
        self.initial["status"] = Manner.of(self.instance).value
        if self.not_yet:
            if self.instance.status == Attendance.Status.PRESENT:
                self.initial["status"] = Manner.INVITED.value
            status.error_messages["invalid_choice"] = self.not_yet
            status.help_text = self.not_yet
        if self.instance.pk:
            self.carry_along()

    def choices_of(self, name: str, field: forms.ModelChoiceField) -> QuerySet[Any]:
        """Choose, in whose place one came, among those who are in the list and are no substitutes themselves."""
        rows = super().choices_of(name, field)
        if name != "substitutes":
            return rows
        of_list = rows.filter(negotiation=self.negotiation, is_head_count=False, substitutes=None)
        return of_list.exclude(pk=self.instance.pk).order_by("organisation_name", "name", "role", "pk")

    @property
    def suggestions(self) -> list[str]:
        """The people of the register, as they are chosen."""
        return [label_of(person) for person in self.register]

    def clean(self) -> dict[str, Any]:
        """Take what is left empty from the register where somebody was chosen there."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        typed = cleaned.get("name", "")
        chosen = next((person for person in self.register if typed and label_of(person) == typed), None)
        if chosen:
            self.instance.person = chosen
            place = place_of(chosen)
            cleaned["name"] = chosen.name
            cleaned["role"] = cleaned.get("role") or chosen.role
            cleaned["organisation_name"] = cleaned.get("organisation_name") or place
            cleaned["sector"] = cleaned.get("sector") or chosen.sector
            cleaned["municipality"] = cleaned.get("municipality") or chosen.municipality
        elif "name" in self.changed_data:
            self.instance.person = None
        if len(cleaned.get("name", "")) > 150:
            self.add_error("name", _("The name is longer than 150 characters. Shorten it."))
        if not cleaned.get("name") and not cleaned.get("role") and "role" not in self.errors:
            self.add_error("name", _("Give a name or a role."))
        if not cleaned.get("sector") and "sector" not in self.errors:
            self.add_error("sector", _("Choose the sector."))
        self._clean_place(cleaned)
        if "status" in cleaned:
            manner = Manner(cleaned["status"])
            cleaned["status"], self.instance.is_remote = manner.status, manner == Manner.REMOTE
        return cleaned

    def _clean_place(self, cleaned: Mapping[str, Any]) -> None:
        """Refuse a substitute who cannot be one, and one who would be uninvited as well."""
        away = cleaned.get("substitutes")
        if away is None:
            return
        if cleaned.get("is_walk_in"):
            self.add_error(
                "is_walk_in", _("A substitute comes in the place of one who was invited. Choose only one of the two.")
            )
        elif away.pk != self.instance.substitutes_id and (
            reason := why_not(listed(self.negotiation), away.pk, self.instance.pk)
        ):
            self.add_error("substitutes", reason)

    def _get_validation_exclusions(self) -> set[str]:
        # Who is in the list once, and what a row must have, are of these too.
        of_row = {"negotiation", "person", "is_head_count", "count", "is_remote"}
        return super()._get_validation_exclusions() - of_row

    def entry(self) -> Entry:
        """Return who is to be entered."""
        return entry_of(self.instance)
