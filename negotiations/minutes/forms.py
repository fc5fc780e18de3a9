"""What is asked when minutes are moved on."""

from __future__ import annotations

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from municipalities.forms import DayField
from negotiations.models import MinutesCheck

Outcome = MinutesCheck.Outcome


class SendForCheckingForm(forms.Form):
    """By when the checkers are to mark the minutes."""

    check_by = DayField(
        label=_("To be checked by"),
        help_text=_("The last day on which the checkers can mark the minutes."),
        missing=_("Give the day by which the minutes are to be checked."),
        wrong=_("Give the day as day.month.year, for example 26.9.2024."),
    )

    def clean_check_by(self):  # type: ignore[no-untyped-def]
        """Refuse a day that has passed."""
        day = self.cleaned_data["check_by"]
        if day < timezone.localdate():
            raise forms.ValidationError(_("The day has passed. Give today or a later day."))
        return day


class MarkForm(forms.Form):
    """Whose mark it is, and what it says."""

    check = forms.IntegerField()
    outcome = forms.ChoiceField(
        choices=[(Outcome.APPROVED.value, Outcome.APPROVED.label), (Outcome.SILENT.value, Outcome.SILENT.label)]
    )
