"""What is asked while a negotiation is going on: a measure at a time, quickly; and who stayed away, at its end."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy

from indicators.models import Indicator
from municipalities.access import Access
from municipalities.forms import CountyForm, DayField, SafeModelChoiceField
from municipalities.models import Priority
from negotiations.followup.forms import OWNER, WRONG_DAY, IndicatorChoiceField, MeasureFields, Owners
from negotiations.followup.measures import Agreed
from negotiations.models import Attendance, Negotiation, Party
from negotiations.sitting.forms.conduct import PartyField

# Distinguishes one sending of the form from the next: the same one twice enters one measure.
KEY_LENGTH = 40


class LiveMeasureForm(MeasureFields, CountyForm):
    """A measure under the item at hand: sent by Enter, and empty again for the next one."""

    prefix = "toimenpide"
    text = forms.CharField(
        label=gettext_lazy("Measure"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Write the measure.")},
    )
    owner = forms.ChoiceField(**OWNER)  # type: ignore[arg-type]
    due_on = DayField(label=gettext_lazy("Deadline"), required=False, missing="", wrong=WRONG_DAY)
    priority = SafeModelChoiceField(
        label=gettext_lazy("Priority"),
        required=False,
        queryset=Priority.objects.none(),
        empty_label=gettext_lazy("no priority"),
    )
    indicator = IndicatorChoiceField(
        label=gettext_lazy("Monitoring indicator"),
        required=False,
        queryset=Indicator.objects.none(),
        empty_label=gettext_lazy("no indicator"),
    )
    key = forms.CharField(required=False, max_length=KEY_LENGTH, widget=forms.HiddenInput)

    def __init__(self, *args: Any, access: Access, of: Negotiation, **kwargs: Any) -> None:
        self.of, self.owners = of, Owners(access.county, of)
        super().__init__(*args, access=access, **kwargs)
        self.prepare()

    def prepare(self) -> None:
        """Offer the owners of the county, those who negotiate first. The item is the page's."""
        self.fields["owner"].choices = self.owners.choices  # type: ignore[attr-defined]

    def agreed(self) -> Agreed:
        """Return what is to be entered. The form is valid."""
        cleaned = self.cleaned_data
        owner = self.owners.by_key[cleaned["owner"]]
        return Agreed(
            cleaned["text"],
            owner,
            due_on=cleaned["due_on"],
            priority=cleaned["priority"],
            indicator=cleaned["indicator"],
        )


class EndForm(CountyForm):
    """Who was invited and stayed away. Those of whom nobody is marked as present are proposed."""

    stayed_away = PartyField(
        Party.objects.none(),
        label=gettext_lazy("Invited, but stayed away"),
        help_text=gettext_lazy("Those who stayed away have not taken part, and their duty is not discharged."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, instance: Negotiation, **kwargs: Any) -> None:
        self.negotiation = instance
        super().__init__(*args, **kwargs)
        self.initial["stayed_away"] = _nobody_of(instance)

    def choices_of(self, name: str, field: forms.ModelChoiceField) -> Any:
        """Return the parties but the county."""
        return (
            Party.objects.filter(negotiation=self.negotiation)
            .exclude(municipality=None, organisation=None)
            .select_related("municipality__area", "organisation")
            .order_by("municipality__area__order", "organisation__name")
        )


def _nobody_of(negotiation: Negotiation) -> list[int]:
    """Return the municipalities among the parties of whom nobody is marked as present, by name. Two queries.

    Who was there when a part was opened or closed and has left took part. Of a list in which nobody of any municipality
    is marked nothing can be told: it may not have been kept.
    """
    came = Q(status=Attendance.Status.PRESENT) | Q(presences__isnull=False)
    here = set(
        Attendance.objects.filter(came, negotiation=negotiation, municipality__isnull=False).values_list(
            "municipality_id", flat=True
        )
    )
    parties = Party.objects.filter(negotiation=negotiation, municipality__isnull=False)
    if not here:
        return []
    return [pk for pk, municipality in parties.values_list("pk", "municipality_id") if municipality not in here]
