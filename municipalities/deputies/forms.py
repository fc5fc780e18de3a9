"""The form with which a deputy is named."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy

from municipalities.access import Access
from municipalities.deputies.appointing import Days, check_days, municipalities_of
from municipalities.forms import CountyForm, DayField
from municipalities.models import Municipality

WRONG_DAY = gettext_lazy("Give the day as day.month.year, for example 26.9.2024.")


class DeputyForm(CountyForm):
    """Whom, for which municipality, from when until when."""

    municipality = forms.ModelChoiceField(
        Municipality.objects.none(),
        label=gettext_lazy("Municipality"),
        error_messages={"required": gettext_lazy("Choose the municipality.")},
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        help_text=gettext_lazy("The deputy is written to this address, and signs in with it."),
        error_messages={
            "required": gettext_lazy("Give the deputy's e-mail address."),
            "invalid": gettext_lazy("Give an e-mail address, for example etu.suku@kunta.fi."),
        },
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=150,
        help_text=gettext_lazy("Shown beside what the deputy does, unless the person has given another name."),
    )
    starts_on = DayField(label=gettext_lazy("First day"), missing=gettext_lazy("Give the first day."), wrong=WRONG_DAY)
    ends_on = DayField(
        label=gettext_lazy("Last day"),
        missing=gettext_lazy("Give the last day."),
        wrong=WRONG_DAY,
        help_text=gettext_lazy("At most a year at a time. After this day the deputy sees the municipality no more."),
    )

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, access=access, **kwargs)
        self.initial.setdefault("starts_on", timezone.localdate())
        field: Any = self.fields["municipality"]
        field.queryset = municipalities_of(access)
        if len(own := list(field.queryset[:2])) == 1:
            # Nothing to choose: it is told, and goes along.
            self.initial.setdefault("municipality", own[0].pk)
            field.widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        """Look whether the days can be a deputy's."""
        data: dict[str, Any] = super().clean() or {}
        if "starts_on" in data and "ends_on" in data:
            check_days(self.days, today=timezone.localdate())
        return data

    @property
    def told(self) -> str:
        """The municipality, where there is none to choose."""
        field: Any = self.fields["municipality"]
        return str(field.queryset[0]) if field.widget.is_hidden else ""

    @property
    def days(self) -> Days:
        """The days that were given."""
        return Days(self.cleaned_data["starts_on"], self.cleaned_data["ends_on"])
