"""A list of people that is pasted: read, looked at row by row, and saved whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities.access import Access
from municipalities.forms import CountyForm
from municipalities.models import Municipality, Person
from negotiations.models import Negotiation
from negotiations.sitting.attending import MOST_LINES, why_not_yet
from negotiations.sitting.entries import Entered, Entry, Manner
from negotiations.sitting.forms.attendance import SECTORS
from negotiations.sitting.people import Guesser, Typed, label_of, of_names, place_of, read_people


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
    status = forms.ChoiceField(label=gettext_lazy("They are"), choices=Manner.choices)

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
    """Leave those present out before the day has come."""
    field.initial = Manner.PRESENT
    if not_yet := why_not_yet(negotiation):
        field.choices = [(manner.value, manner.label) for manner in Manner if not manner.is_here]
        field.initial = Manner.INVITED
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
                and (again := entered.again(self._entry(form, Manner.PRESENT)))
            ):
                form.add_error("name", again)

    def _entry(self, form: PreviewedForm, manner: Manner) -> Entry:
        told = form.cleaned_data
        return Entry(
            sector=told["sector"],
            name=told["name"],
            role=told["role"],
            organisation_name=told["organisation_name"],
            municipality=self.places.get(told["municipality"]),
            person=self.people.get(told.get("person", "")),
            status=manner.status,
            is_remote=manner == Manner.REMOTE,
        )

    def entries(self, status: str) -> list[Entry]:
        """Return those to be entered, all marked in one manner."""
        return [self._entry(form, Manner(status)) for form in self.forms if not form.cleaned_data.get("leave_out")]


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
