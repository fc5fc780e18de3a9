"""What is asked when a summary is moved on."""

from __future__ import annotations

from datetime import date

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from municipalities.forms import DayField

WRONG_DAY = _("Give the day as day.month.year, for example 28.1.2025.")


class MeetingForm(forms.Form):
    """A meeting of a body: the board, the council, or another that takes the summary up."""

    body = forms.CharField(
        label=_("Body"),
        max_length=120,
        help_text=_("For example the regional board."),
        widget=forms.TextInput(attrs={"list": "toimielimet", "autocomplete": "off"}),
        error_messages={"required": _("Give the body whose meeting it is.")},
    )
    on = DayField(label=_("Day of the meeting"), missing=_("Give the day of the meeting."), wrong=WRONG_DAY)


class AgendaForm(MeetingForm):
    """On which meeting's agenda the summary is put."""


class NoteForm(MeetingForm):
    """In which meeting, and under which section of its minutes, the summary was noted."""

    section = forms.CharField(
        label=_("Section (§)"),
        max_length=20,
        help_text=_("For example 12."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
        error_messages={"required": _("Give the section of the minutes of the meeting.")},
    )

    def clean_on(self) -> date:
        """Refuse a meeting that has not been held."""
        day: date = self.cleaned_data["on"]
        if day > timezone.localdate():
            raise forms.ValidationError(
                _("The meeting has not been held yet. Give a day that has passed, or mark it after the meeting.")
            )
        return day

    def clean_section(self) -> str:
        """Leave the sign out: it is added where the section is shown."""
        section: str = self.cleaned_data["section"].replace("§", "").strip()
        if not section:
            raise forms.ValidationError(self.fields["section"].error_messages["required"])
        return section


class PublishForm(forms.Form):
    """From which day the summary is public."""

    on = DayField(label=_("Day of publication"), missing=_("Give the day of publication."), wrong=WRONG_DAY)
