"""What is asked of a wish for the time of a negotiation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities.forms import DayField, SharedForm
from negotiations.models import Negotiation, PlacementWish
from negotiations.planning.wishes import EVERY_DAY, Wish

DAY_WRONG = gettext_lazy("Give the day as day.month.year, for example 26.9.2024.")


class WishForm(SharedForm):
    """When a negotiation should be. All of it may be left empty: then nothing is wished."""

    earliest = DayField(
        label=gettext_lazy("Not before"), missing=gettext_lazy("Give the day."), wrong=DAY_WRONG, required=False
    )
    latest = DayField(
        label=gettext_lazy("Not after"), missing=gettext_lazy("Give the day."), wrong=DAY_WRONG, required=False
    )
    weekdays = forms.MultipleChoiceField(
        label=gettext_lazy("Weekdays"),
        help_text=gettext_lazy("Leave all empty if any day will do."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    note = forms.CharField(
        label=gettext_lazy("Wish in words"),
        help_text=gettext_lazy(
            "For people to read: it is shown on the planning board, and no proposal is made according to it."
        ),
        required=False,
        max_length=300,
    )

    def __init__(self, *args: Any, instance: Negotiation, **kwargs: Any) -> None:
        row = PlacementWish.objects.filter(negotiation=instance).first()
        former = Wish.of(row) if row else Wish()
        kwargs["initial"] = {
            "earliest": former.earliest,
            "latest": former.latest,
            "weekdays": [str(day) for day in sorted(former.weekdays)],
            "note": former.note,
        }
        super().__init__(*args, **kwargs)
        weekdays = self.fields["weekdays"]
        weekdays.choices = [(str(day), capfirst(str(WEEKDAYS[day - 1]))) for day in EVERY_DAY]  # type: ignore[attr-defined]
        self.carry_along()

    def clean(self) -> dict[str, Any]:
        """The last day is not before the first one."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        earliest, latest = data.get("earliest"), data.get("latest")
        if earliest and latest and latest < earliest:
            self.add_error("latest", _("The last day is before the first one. Mend one of them."))
        return data

    @property
    def wish(self) -> Wish:
        """The wish of a valid form. All weekdays are the same as none in particular."""
        data = self.cleaned_data
        weekdays = frozenset(int(day) for day in data["weekdays"])
        return Wish(
            data["earliest"],
            data["latest"],
            frozenset() if weekdays == frozenset(EVERY_DAY) else weekdays,
            data["note"].strip(),
        )
