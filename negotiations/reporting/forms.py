"""What is asked when a summary is moved on."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from municipalities.forms import CountyForm, DayField, EditForm, ListField
from negotiations.models import FeedbackNote, Summary, SummaryNote
from negotiations.reporting.writing import texts_of

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


class SummaryTextForm(EditForm):
    """The texts of a summary, section by section; one paragraph or one thing a line."""

    groups = (
        (_("In brief"), (SummaryNote.Section.AGREED, SummaryNote.Section.BOARD)),
        (_("How it was done"), (SummaryNote.Section.HELD, SummaryNote.Section.CARDS)),
        (
            _("Contents by the four words of the law"),
            (
                SummaryNote.Section.GOALS,
                SummaryNote.Section.MEASURES,
                SummaryNote.Section.COOPERATION,
                SummaryNote.Section.MONITORING,
            ),
        ),
        (_("What follows"), (SummaryNote.Section.IMPACT, SummaryNote.Section.NEXT_STEPS)),
    )

    class Meta:
        model = Summary
        fields = ("case_number",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        texts = texts_of(self.instance)
        for section in SummaryNote.Section:
            self.fields[section.value] = ListField(
                label=section.label, required=False, max_item_length=5000, help_text=HINTS.get(section, "")
            )
            self.initial[section.value] = "\n".join(texts[section.value])
        self.initial["seen"] = self.fields["seen"].initial = self._as_it_is()

    def texts(self) -> dict[str, list[str]]:
        """Return the paragraphs by section."""
        return {section.value: self.cleaned_data[section.value] for section in SummaryNote.Section}


HINTS: dict[SummaryNote.Section, Any] = {
    SummaryNote.Section.AGREED: _("One thing a line. What the county and the municipalities agreed on in the round."),
    SummaryNote.Section.BOARD: _("One thing a line. What the board is asked to do or to take note of."),
}


class FeedbackForm(CountyForm):
    """What was said of the round on an occasion, one thing a line."""

    given_on = DayField(label=_("Day"), missing=_("Give the day on which it was said."), wrong=WRONG_DAY)
    occasion = forms.CharField(
        label=_("Occasion"),
        max_length=200,
        help_text=_("For example a debrief with the welfare coordinators."),
        error_messages={"required": _("Give the occasion on which it was said.")},
    )
    texts = ListField(
        label=_("What was said"),
        help_text=_("One thing a line. You can paste a list."),
        error_messages={"required": _("Write at least one thing that was said.")},
    )


class FeedbackNoteForm(EditForm):
    """One thing that was said."""

    class Meta:
        model = FeedbackNote
        fields = ("occasion", "text")
        widgets: ClassVar[dict[str, forms.Widget]] = {"text": forms.Textarea(attrs={"rows": 4})}
