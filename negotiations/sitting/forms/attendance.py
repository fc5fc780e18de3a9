"""What is asked of those who took part."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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
    SafeModelMultipleChoiceField,
)
from municipalities.models import Municipality, Person, Sector
from negotiations.models import Attendance, CoreGroup, Negotiation, Round, StatedFigure
from negotiations.planning.timing import Timing
from negotiations.sitting.attendance import SECTOR_NAMES
from negotiations.sitting.attending import (
    MOST_LINES,
    Entered,
    Entry,
    Guesser,
    Typed,
    label_of,
    of_names,
    place_of,
    read_people,
    registered,
    why_not_yet,
)

Status = Attendance.Status
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
    """Whether each was present, absent, or is invited so far."""

    def __init__(self, *args: Any, access: Access, instance: Negotiation, **kwargs: Any) -> None:
        rows = Attendance.objects.filter(negotiation=instance, is_head_count=False)
        order = list(SECTOR_NAMES)
        self.rows: list[Attendance] = sorted(
            rows, key=lambda row: (order.index(Sector(row.sector)), row.organisation_name, row.name, row.pk)
        )
        self.not_yet = why_not_yet(instance)
        cells = {f"status_{row.pk}": (self._field(row), row.status) for row in self.rows}
        super().__init__(*args, access=access, cells=cells, **kwargs)

    def _field(self, row: Attendance) -> forms.ChoiceField:
        choices = [
            (value, label)
            for value, label in Status.choices
            if value in ("invited", "absent", row.status) or not self.not_yet
        ]
        label = f"{row}, {row.organisation_name}" if row.organisation_name else str(row)
        messages = {"invalid_choice": self.not_yet or _("Choose one of the three.")}
        return forms.ChoiceField(label=label, choices=choices, required=False, error_messages=messages)

    @property
    def statuses(self) -> dict[int, str]:
        """The changed statuses by the ids of their rows; all that are invited, where all came."""
        if "everyone" in self.data:
            return {row.pk: Status.PRESENT for row in self.rows if row.status == Status.INVITED} | self._changed
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


class GridForm(CellsForm):
    """The head counts of several negotiations of a round: a row each, a column for each sector."""

    def __init__(
        self,
        *args: Any,
        access: Access,
        negotiations: Sequence[Negotiation],
        instance: Round | None = None,
        now: Mapping[tuple[int, str], int] | None = None,
        **kwargs: Any,
    ) -> None:
        """Make the fields. `now` are the head counts by negotiation and sector, where they are at hand already."""
        if now is None:
            rows = Attendance.objects.filter(negotiation__in=negotiations, is_head_count=True)
            now = {(key, sector): count for key, sector, count in rows.values_list("negotiation_id", "sector", "count")}
        cells = {
            f"n{row.pk}_{key}": (count_field(f"{row.title}, {name}"), now.get((row.pk, key)))
            for row in negotiations
            for key, name in SECTOR_NAMES.items()
        }
        super().__init__(*args, access=access, cells=cells, **kwargs)

    @property
    def counts(self) -> dict[int, dict[str, int | None]]:
        """The changed counts by negotiation and sector."""
        found: dict[int, dict[str, int | None]] = {}
        for name, value in self.changes.items():
            key, _sep, sector = name.removeprefix("n").partition("_")
            found.setdefault(int(key), {})[sector] = value
        return found


# --- People by name ---------------------------------------------------------------------------------------------


class PersonForm(EditForm):
    """Somebody who takes part: a person of the register, or a name or a role as typed."""

    constraint_messages: ClassVar = {
        "attendance_person_or_count": ("name", gettext_lazy("Give a name or a role.")),
        "attendance_person_once": (
            "name",
            gettext_lazy("This person of the register is in the list already. Change the row that is there."),
        ),
    }

    class Meta:
        model = Attendance
        fields = ("name", "role", "organisation_name", "sector", "municipality", "status")
        field_classes: ClassVar = {"municipality": SafeModelChoiceField}
        labels: ClassVar = {
            "name": gettext_lazy("Name"),
            "role": gettext_lazy("Role"),
            "organisation_name": gettext_lazy("Organisation"),
            "sector": gettext_lazy("Sector"),
            "municipality": gettext_lazy("Municipality"),
            "status": gettext_lazy("State"),
        }
        help_texts: ClassVar = {
            "name": gettext_lazy(
                "Choose from the register as you type, or write a name. May be empty where a role is given."
            ),
            "sector": gettext_lazy("May be left empty for a person of the register."),
            "municipality": gettext_lazy("For those who speak for a municipality."),
        }
        widgets: ClassVar = {"name": forms.TextInput(attrs={"list": "rekisteri", "autocomplete": "off"})}

    def __init__(self, *args: Any, negotiation: Negotiation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.negotiation = negotiation
        self.instance.negotiation = negotiation
        # What is chosen from the register has the role and the place in it, and may be longer than a name.
        name = self.fields["name"]
        name.validators = [one for one in name.validators if not isinstance(one, MaxLengthValidator)]
        name.widget.attrs.pop("maxlength", None)
        sector = cast(forms.ChoiceField, self.fields["sector"])
        sector.required = False
        sector.choices = SECTORS
        cast(forms.ModelChoiceField, self.fields["municipality"]).empty_label = _("Choose")
        self.not_yet = why_not_yet(negotiation)
        status = cast(forms.ChoiceField, self.fields["status"])
        if self.not_yet and self.instance.status == Status.PRESENT:
            self.initial["status"] = Status.INVITED
        if self.not_yet:
            status.choices = [(value, label) for value, label in Status.choices if value != Status.PRESENT]
            status.error_messages["invalid_choice"] = self.not_yet
            status.help_text = self.not_yet
        self.register = registered()

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
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        # Who is in the list once, and what a row must have, are of these too.
        return super()._get_validation_exclusions() - {"negotiation", "person", "is_head_count", "count"}

    def entry(self) -> Entry:
        """Return who is to be entered."""
        return entry_of(self.instance)


def entry_of(row: Attendance) -> Entry:
    """Return a row of the list as an entry, to be put in again."""
    return Entry(
        sector=row.sector,
        name=row.name,
        role=row.role,
        organisation_name=row.organisation_name,
        municipality=row.municipality,
        person=row.person,
        status=row.status,
    )


class PasteForm(CountyForm):
    """A list of people, typed or pasted."""

    text = forms.CharField(
        label=gettext_lazy("Participants, one a line"),
        strip=False,
        max_length=60_000,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=gettext_lazy(
            "Name, role, organisation, with a comma, a semicolon or a tab between them. You can paste from Excel."
            " You see the rows before they are saved."
        ),
        error_messages={
            "required": gettext_lazy("Write or paste at least one participant."),
            "max_length": gettext_lazy("The list is too long. Paste it in parts."),
        },
    )
    status = forms.ChoiceField(label=gettext_lazy("They are"), choices=Status.choices)

    def __init__(self, *args: Any, negotiation: Negotiation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limit_status(cast(forms.ChoiceField, self.fields["status"]), negotiation)

    def clean_text(self) -> list[Typed]:
        """Read the lines."""
        people = read_people(self.cleaned_data["text"])
        if not people:
            raise forms.ValidationError(self.fields["text"].error_messages["required"])
        if len(people) > MOST_LINES:
            raise forms.ValidationError(
                _("There are %(count)s lines. Give at most %(most)s at a time.")
                % {"count": len(people), "most": MOST_LINES}
            )
        return people


def limit_status(field: forms.ChoiceField, negotiation: Negotiation) -> None:
    """Leave "present" out before the day has come."""
    field.initial = Status.PRESENT
    if not_yet := why_not_yet(negotiation):
        field.choices = [(value, label) for value, label in Status.choices if value != Status.PRESENT]
        field.initial = Status.INVITED
        field.error_messages["invalid_choice"] = field.help_text = not_yet


class PreviewedForm(forms.Form):
    """A row of a pasted list, to be looked at and mended before all are saved."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=150, required=False)
    role = forms.CharField(label=gettext_lazy("Role"), max_length=150, required=False)
    organisation_name = forms.CharField(label=gettext_lazy("Organisation"), max_length=200, required=False)
    sector = forms.ChoiceField(label=gettext_lazy("Sector"), choices=SECTORS, required=False)
    municipality = forms.ChoiceField(label=gettext_lazy("Municipality"), required=False)
    person = forms.ChoiceField(label=gettext_lazy("In the register"), required=False)
    leave_out = forms.BooleanField(label=gettext_lazy("Leave out"), required=False)

    def __init__(
        self,
        *args: Any,
        number: int,
        municipalities: Sequence[tuple[str, str]],
        people: Sequence[Person],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.number = number
        cast(forms.ChoiceField, self.fields["municipality"]).choices = municipalities
        if people:
            choices = [("", _("Not one of the register")), *((str(one.pk), label_of(one)) for one in people)]
            cast(forms.ChoiceField, self.fields["person"]).choices = choices
        else:
            del self.fields["person"]
        for field in self.fields.values():
            field.error_messages["max_length"] = _("Give at most %(limit_value)d characters.")

    def clean(self) -> dict[str, Any]:
        """Ask for what a row must have, unless it is left out."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("leave_out"):
            # What is wrong with it is of no matter.
            self.errors.clear()
            return cleaned
        if not cleaned.get("name") and not cleaned.get("role") and not self.errors:
            self.add_error("name", _("Give a name or a role."))
        if not cleaned.get("sector") and "sector" not in self.errors:
            self.add_error("sector", _("Choose the sector."))
        return cleaned


class PreviewedForms(forms.BaseFormSet):
    """The rows of a pasted list."""

    def __init__(self, *args: Any, access: Access, negotiation: Negotiation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.negotiation = negotiation
        places = Municipality.objects.filter(county=access.county).select_related("area").order_by("area__order")
        self.places = {str(place.pk): place for place in places}
        self.choices = [("", "–"), *((key, str(place)) for key, place in self.places.items())]
        self.found = of_names(self._names(), self._ids())
        self.people = {str(person.pk): person for person in self.found}

    def _sent(self, field: str) -> list[str]:
        numbers = range(min(self.total_form_count(), MOST_LINES))
        return [str(self.data.get(f"{self.prefix}-{number}-{field}", "")) for number in numbers]

    def _names(self) -> list[str]:
        if self.is_bound:
            return self._sent("name")
        return [str(row.get("name", "")) for row in self.initial or ()]

    def _ids(self) -> list[int]:
        # What is sent may be anything, and a number no column holds.
        return (
            [int(one) for one in self._sent("person") if one.isascii() and one.isdigit() and len(one) < 19]
            if self.is_bound
            else []
        )

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """Give each row what can be chosen in it: the people of the register who have its name."""
        name, chosen = "", ""
        if index is not None and self.is_bound:
            name, chosen = self._sent("name")[index], self._sent("person")[index]
        elif index is not None and self.initial:
            name = str(self.initial[index].get("name", ""))
        people = [one for one in self.found if one.name.lower() == name.strip().lower() or str(one.pk) == chosen]
        return {"number": (index or 0) + 1, "municipalities": self.choices, "people": people}

    def clean(self) -> None:
        """Refuse the same person twice, in this list or in what is there already."""
        entered = Entered.of(self.negotiation)
        for form in self.forms:
            if (
                form.is_valid()
                and not form.cleaned_data.get("leave_out")
                and (again := entered.again(self._entry(form, "")))
            ):
                form.add_error("name", again)

    def _entry(self, form: PreviewedForm, status: str) -> Entry:
        told = form.cleaned_data
        return Entry(
            sector=told["sector"],
            name=told["name"],
            role=told["role"],
            organisation_name=told["organisation_name"],
            municipality=self.places.get(told["municipality"]),
            person=self.people.get(told.get("person", "")),
            status=status,
        )

    def entries(self, status: str) -> list[Entry]:
        """Return those to be entered."""
        return [self._entry(form, status) for form in self.forms if not form.cleaned_data.get("leave_out")]


PeopleFormSet: type[PreviewedForms] = cast(
    type[PreviewedForms],
    forms.formset_factory(
        PreviewedForm, formset=PreviewedForms, extra=0, max_num=MOST_LINES, absolute_max=MOST_LINES, validate_max=True
    ),
)


def previewed(people: Sequence[Typed], *, access: Access, negotiation: Negotiation) -> PreviewedForms:
    """Return the rows of a pasted list with what is guessed of each."""
    guesser = Guesser.of(access.county)
    sorted_out = [guesser.sorted_out(typed) for typed in people]
    registered_as: dict[str, list[Person]] = {}
    for person in of_names([typed.name for typed in sorted_out]):
        registered_as.setdefault(person.name.lower(), []).append(person)
    initial = []
    for typed in sorted_out:
        same = registered_as.get(typed.name.lower(), []) if typed.name else []
        only = same[0] if len(same) == 1 else None
        place = typed.organisation_name or (place_of(only) if only else "")
        guess = guesser.guess(place)
        municipality = guess.municipality or (only.municipality if only else None)
        initial.append(
            {
                "name": typed.name,
                "role": typed.role or (only.role if only else ""),
                "organisation_name": place,
                "sector": guess.sector or (only.sector if only else ""),
                "municipality": str(municipality.pk) if municipality else "",
                "person": str(only.pk) if only else "",
            }
        )
    return PeopleFormSet(initial=initial, prefix="rows", access=access, negotiation=negotiation)


# --- What is known of a round besides ---------------------------------------------------------------------------


class NegotiationsField(SafeModelMultipleChoiceField):
    """Negotiations of a round, by their titles and times: several may have the same title."""

    def label_from_instance(self, row: Negotiation) -> str:
        """Write the title and the time."""
        return f"{row.title}, {Timing.of(row).words}"


class CoreGroupForm(EditForm):
    """A group of the same people who attended several negotiations and is counted in each."""

    constraint_messages: ClassVar = {
        "core_group_once": (
            "name",
            gettext_lazy("The round has a core group of that name already. Give another name."),
        ),
        "core_group_size": ("size", gettext_lazy("Give at least one person as the size.")),
    }
    negotiations = NegotiationsField(
        label=gettext_lazy("Negotiations it attended"),
        queryset=Negotiation.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one negotiation.")},
    )

    class Meta:
        model = CoreGroup
        fields = ("name", "sector", "size", "approximate", "negotiations")
        labels: ClassVar = {
            "size": gettext_lazy("How many people"),
            "name": gettext_lazy("Name"),
            "sector": gettext_lazy("Sector"),
        }
        help_texts: ClassVar = {
            "name": gettext_lazy("For example the county's core group."),
            "size": gettext_lazy("The people must be among the head counts of the negotiations chosen."),
        }

    def __init__(self, *args: Any, round_: Round, **kwargs: Any) -> None:
        self.round = round_
        super().__init__(*args, **kwargs)
        self.instance.round = round_
        size = cast(forms.IntegerField, self.fields["size"])
        size.widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
        size.error_messages["invalid"] = _("Give the size in digits, for example 10.")

    def choices_of(self, name: str, field: forms.ModelChoiceField) -> QuerySet[Any]:
        """Choose among the negotiations of the round."""
        rows = super().choices_of(name, field)
        return rows.filter(round=self.round) if name == "negotiations" else rows

    def _get_validation_exclusions(self) -> set[str]:
        return super()._get_validation_exclusions() - {"round"}


class StatedFigureForm(EditForm):
    """A total of attendances that the source states."""

    sectors = forms.MultipleChoiceField(
        label=gettext_lazy("Attendances of the sectors"),
        choices=Sector.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Choose all that the figure counts together."),
        error_messages={"required": gettext_lazy("Choose at least one sector.")},
    )

    class Meta:
        model = StatedFigure
        fields = ("sectors", "value", "source")
        labels: ClassVar = {"value": gettext_lazy("Number that the source states"), "source": gettext_lazy("Source")}
        help_texts: ClassVar = {"source": gettext_lazy("For example the summary of the round, page 4.")}

    def __init__(self, *args: Any, round_: Round, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.round = round_
        value = cast(forms.IntegerField, self.fields["value"])
        value.widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
        value.error_messages["invalid"] = _("Give the number in digits, for example 136.")

    def clean_sectors(self) -> list[str]:
        """Put the sectors in one order, so that a figure of the same ones is told."""
        chosen = [sector for sector in Sector.values if sector in self.cleaned_data["sectors"]]
        same = StatedFigure.objects.filter(round=self.instance.round, sectors=chosen).exclude(pk=self.instance.pk)
        if same.exists():
            raise forms.ValidationError(_("There is a stated figure of the same sectors already. Change that one."))
        return chosen
