"""What is asked beside the live view: who came uninvited, and who came in whose place. As little as can be."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities.forms import CountyForm, SafeModelChoiceField
from municipalities.models import Municipality, Person, Sector
from negotiations.models import Attendance, Negotiation
from negotiations.sitting.entries import Entry
from negotiations.sitting.people import Guesser, label_of, named, place_of

Status = Attendance.Status
# As `label_of` may write one of the register: name, role and place together.
LONGEST_CHOICE = 520


class _ComerForm(CountyForm):
    """Somebody who came: as typed, or chosen from the register as one types."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=LONGEST_CHOICE, required=False)
    role = forms.CharField(label=gettext_lazy("Role"), max_length=150, required=False)
    is_remote = forms.BooleanField(label=gettext_lazy("Remotely"), required=False)

    person: Person | None = None

    def clean_name(self) -> str:
        """Find who was chosen from the register; a name that was typed is a name."""
        typed: str = self.cleaned_data["name"]
        self.person = next((one for one in named(typed) if label_of(one) == typed), None)
        name = self.person.name if self.person else typed
        if len(name) > 150:
            raise ValidationError(_("The name is longer than 150 characters. Shorten it."))
        return name

    def clean(self) -> dict[str, Any]:
        """Ask for a name or a role: one who came may be told by the role alone, as those who were invited are."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("name") and not cleaned.get("role") and not {"name", "role"} & self.errors.keys():
            self.add_error("name", _("Give a name or a role."))
        return cleaned


class WalkInForm(_ComerForm):
    """Somebody who came without an invitation."""

    organisation_name = forms.CharField(label=gettext_lazy("Organisation"), max_length=200, required=False)
    sector = forms.ChoiceField(
        label=gettext_lazy("Sector"),
        choices=[("", gettext_lazy("By the organisation")), *Sector.choices],
        required=False,
    )

    municipality: Municipality | None = None

    def clean(self) -> dict[str, Any]:
        """Take what is left empty from the register, and the sector by the organisation's name."""
        cleaned = super().clean()
        if self.person:
            cleaned["role"] = cleaned.get("role") or self.person.role
            cleaned["organisation_name"] = cleaned.get("organisation_name") or place_of(self.person)
            cleaned["sector"] = cleaned.get("sector") or self.person.sector
            self.municipality = self.person.municipality
        if not self.errors and not cleaned["sector"]:
            guess = Guesser.of(self.access.county).guess(cleaned["organisation_name"])
            cleaned["sector"], self.municipality = guess.sector, guess.municipality
            if not guess.sector:
                self.add_error("sector", _("The sector could not be told by the organisation. Choose it."))
        return cleaned

    def entry(self) -> Entry:
        """Return who is to be entered."""
        told = self.cleaned_data
        return Entry(
            sector=told["sector"],
            name=told["name"],
            role=told["role"],
            organisation_name=told["organisation_name"],
            municipality=self.municipality if told["sector"] == Sector.MUNICIPALITY else None,
            person=self.person,
            status=Status.PRESENT,
            is_remote=told["is_remote"],
            is_walk_in=True,
        )


class SubstituteForm(_ComerForm):
    """Somebody who came in the place of one of the list: for the same organisation."""

    substitutes = SafeModelChoiceField(
        label=gettext_lazy("In whose place"),
        queryset=Attendance.objects.none(),
        error_messages={
            "required": gettext_lazy("Choose the one who is away."),
            "invalid_choice": gettext_lazy("Choose the one who is away from the list of this negotiation."),
        },
    )

    def __init__(self, *args: Any, negotiation: Negotiation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        of_list = Attendance.objects.filter(negotiation=negotiation, is_head_count=False)
        cast(forms.ModelChoiceField, self.fields["substitutes"]).queryset = of_list.select_related("municipality")

    def entry(self) -> Entry:
        """Return who is to be entered."""
        told = self.cleaned_data
        away: Attendance = told["substitutes"]
        return Entry(
            sector=away.sector,
            name=told["name"],
            role=told["role"] or (self.person.role if self.person else ""),
            organisation_name=away.organisation_name,
            municipality=away.municipality,
            person=self.person,
            status=Status.PRESENT,
            is_remote=told["is_remote"],
            substitutes=away.pk,
        )
