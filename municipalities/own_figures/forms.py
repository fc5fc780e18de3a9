"""The forms of a county's own figures."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indicators.models import Indicator
from indicators.spreadsheets.understanding import FIRST_YEAR
from municipalities.forms import CountyForm, DayField, SafeModelChoiceField


class OwnIndicatorForm(CountyForm):
    """A form whose indicators are the county's own."""

    def choices_of(self, name: str, field: forms.ModelChoiceField) -> QuerySet[Any]:
        """Return the indicators that the county owns."""
        return Indicator.objects.filter(owner=self.access.county.area_id).order_by("name_fi", "pk")


class FiguresForm(OwnIndicatorForm):
    """The file to bring in, and where its figures come from."""

    file = forms.FileField(
        label=gettext_lazy("File (xlsx or csv)"),
        help_text=gettext_lazy("At most 2 MB and 20,000 figures. Nothing is saved before you have seen the figures."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={
            "required": gettext_lazy("Choose the file."),
            "empty": gettext_lazy("The file is empty. Choose another one."),
        },
    )
    indicator = SafeModelChoiceField(
        label=gettext_lazy("Indicator of the figures"),
        required=False,
        queryset=Indicator.objects.none(),
        empty_label=gettext_lazy("told in the file"),
        help_text=gettext_lazy("Choose it only if the file has no column that tells the indicator."),
    )
    retrieved_on = DayField(
        label=gettext_lazy("The figures are as of"),
        help_text=gettext_lazy("The day on which they were taken from their source, or the survey was closed."),
        missing=gettext_lazy("Give the day that the figures are of."),
        wrong=gettext_lazy("Write the day in the form 31.5.2026."),
    )
    source = forms.CharField(
        label=gettext_lazy("Where the figures come from"),
        max_length=300,
        help_text=gettext_lazy("Who made them, for example: Finnish National Agency for Education, Move! 2025."),
        error_messages={"required": gettext_lazy("Tell where the figures come from.")},
    )

    def clean_retrieved_on(self) -> date:
        """Refuse a day to come."""
        day: date = self.cleaned_data["retrieved_on"]
        if day > timezone.localdate():
            raise ValidationError(_("The day has not come yet. Give today or an earlier day."))
        if day.year < FIRST_YEAR:
            raise ValidationError(_("Give a day after the year %(year)s.") % {"year": FIRST_YEAR - 1})
        return day


class TemplateForm(OwnIndicatorForm):
    """What the workbook to fill in is about."""

    first_year = forms.IntegerField(label=gettext_lazy("First year"), min_value=FIRST_YEAR, localize=False)
    last_year = forms.IntegerField(label=gettext_lazy("Last year"), min_value=FIRST_YEAR, localize=False)
    indicator = SafeModelChoiceField(
        label=gettext_lazy("Indicator"),
        required=False,
        queryset=Indicator.objects.none(),
        empty_label=gettext_lazy("all of the county's own"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.latest = timezone.localdate().year + 1
        self.initial = {"first_year": self.latest - 4, "last_year": self.latest - 1, **self.initial}
        range_told = _("Give a year between %(first)s and %(last)s.") % {"first": FIRST_YEAR, "last": self.latest}
        for name in ("first_year", "last_year"):
            self.fields[name].error_messages.update(required=range_told, invalid=range_told, min_value=range_told)

    def clean(self) -> dict[str, Any]:
        """Look at the years together."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = cleaned.get("first_year"), cleaned.get("last_year")
        if last is not None and last > self.latest:
            self.add_error("last_year", self.fields["last_year"].error_messages["min_value"])
        elif first is not None and last is not None and first > last:
            self.add_error("last_year", _("The last year cannot be before the first one."))
        return cleaned
