"""What is asked of what has become of a measure."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities import timewords
from municipalities.forms import CountyForm, DayField
from negotiations.followup.forms import WRONG_DAY
from negotiations.models import Measure, MeasureStatus, Negotiation

State = MeasureStatus.State


def told_before(measure: Measure, sitting: Negotiation | None) -> dict[str, Any]:
    """Return what the form begins with: what has been told of the measure in this sitting, as of the sitting's day."""
    today = timezone.localdate()
    if sitting is None:
        return {"told_on": today}
    told: dict[str, Any] = {"told_on": min(today, sitting.latest)}
    row = MeasureStatus.objects.filter(measure=measure, negotiation=sitting).first()
    return told | ({"state": row.state, "note": row.note, "told_on": row.told_on} if row else {})


class StatusForm(CountyForm):
    """What has become of a measure, in a word and in words, and as of which day."""

    state = forms.ChoiceField(
        label=gettext_lazy("What has become of it"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what has become of it.")},
    )
    note = forms.CharField(
        label=gettext_lazy("What happened"),
        help_text=gettext_lazy("Briefly: what has been done, what is left, what stands in the way."),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    told_on = DayField(
        label=gettext_lazy("As of"), missing=gettext_lazy("Give the day as of which this is so."), wrong=WRONG_DAY
    )

    def __init__(self, *args: Any, measure: Measure, sitting: Negotiation | None = None, **kwargs: Any) -> None:
        self.measure = measure
        super().__init__(*args, initial=told_before(measure, sitting), **kwargs)
        choices = [(state.value, capfirst(state.label)) for state in State]
        self.fields["state"].choices = choices  # type: ignore[attr-defined]

    def clean_told_on(self) -> Any:
        """What has become of it can be known only afterwards, up to today."""
        day = self.cleaned_data["told_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("The day has not come yet. Give today, or a day before it."))
        agreed = self.measure.negotiation.earliest if self.measure.negotiation else None
        if agreed is not None and day < agreed:
            raise forms.ValidationError(
                _("The measure was agreed on %(day)s. Give that day, or one after it.") % {"day": timewords.day(agreed)}
            )
        return day

    def clean(self) -> dict[str, Any]:
        """Giving up needs its reason: who was promised something will ask."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("state") == State.DROPPED and "note" in cleaned and not cleaned["note"]:
            self.add_error("note", _("Tell why it was given up."))
        return cleaned
