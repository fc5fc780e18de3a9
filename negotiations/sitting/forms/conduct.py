"""What is asked when a negotiation is moved on: marked as held, postponed, cancelled."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities import timewords
from municipalities.forms import (
    ClockField,
    CountyForm,
    DayField,
    SafeModelMultipleChoiceField,
)
from negotiations.models import Negotiation, Part, Party, Slot
from negotiations.planning.forms.negotiations import CLOCK_WRONG, DAY_WRONG, WHEN_FIELDS, WhenFields
from negotiations.planning.timing import Precision, Timing

UNKNOWN = "unknown"


class PartyField(SafeModelMultipleChoiceField):
    """Parties, by their names."""

    def label_from_instance(self, obj: Any) -> str:
        """Name the party."""
        return str(obj.name)


class PartField(SafeModelMultipleChoiceField):
    """Parts, by their legal bases."""

    def label_from_instance(self, obj: Any) -> str:
        """Name the legal basis."""
        return str(obj.get_legal_basis_display())


class HoldForm(CountyForm):
    """When the negotiation was held, who stayed away, and what was not dealt with."""

    day = DayField(
        label=gettext_lazy("Held on"), missing=gettext_lazy("Give the day of the negotiation."), wrong=DAY_WRONG
    )
    starts = ClockField(
        label=gettext_lazy("Began at"), missing=gettext_lazy("Give the time."), wrong=CLOCK_WRONG, required=False
    )
    ends = ClockField(
        label=gettext_lazy("Ended at"), missing=gettext_lazy("Give the time."), wrong=CLOCK_WRONG, required=False
    )
    stayed_away = PartyField(
        Party.objects.none(),
        label=gettext_lazy("Invited, but stayed away"),
        help_text=gettext_lazy("Those who stayed away have not taken part, and their duty is not discharged."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    not_dealt_with = PartField(
        Part.objects.none(),
        label=gettext_lazy("Not dealt with"),
        help_text=gettext_lazy("A part that was not dealt with does not count for its duty."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, instance: Negotiation, **kwargs: Any) -> None:
        self.negotiation = instance
        former = Timing.of(self.negotiation)
        initial: dict[str, Any] = {"day": former.earliest}
        if former.starts_at and former.ends_at:
            initial |= {
                "starts": timezone.localtime(former.starts_at).time(),
                "ends": timezone.localtime(former.ends_at).time(),
            }
        super().__init__(*args, initial=initial, **kwargs)
        self.timing: Timing | None = None
        if len(self.fields["not_dealt_with"].queryset) < 2:  # type: ignore[attr-defined]
            del self.fields["not_dealt_with"]

    def choices_of(self, name: str, field: forms.ModelChoiceField) -> Any:
        """The parties but the county, and the parts, of this negotiation."""
        if name == "stayed_away":
            return (
                Party.objects.filter(negotiation=self.negotiation)
                .exclude(municipality=None, organisation=None)
                .select_related("municipality__area", "organisation")
                .order_by("municipality__area__order", "organisation__name")
            )
        return Part.objects.filter(negotiation=self.negotiation)

    def clean(self) -> dict[str, Any]:
        """A negotiation was held in the past, by somebody, about something."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        self._judge_time(data)
        for name, words in (
            ("stayed_away", _("Nobody but the county took part. Cancel the negotiation instead, with the reason.")),
            ("not_dealt_with", _("Nothing was dealt with. Cancel the negotiation instead, with the reason.")),
        ):
            if data.get(name) and len(data[name]) == len(self.fields[name].queryset):  # type: ignore[attr-defined]
                self.add_error(name, words)
        return data

    def _judge_time(self, data: dict[str, Any]) -> None:
        day: Any = data.get("day")
        starts: Any = data.get("starts")
        ends: Any = data.get("ends")
        if day is not None and day > timezone.localdate():
            self.add_error(
                "day",
                _("%(day)s has not come yet. A negotiation can be marked as held once its day has come.")
                % {"day": timewords.day(day)},
            )
        if any(name in self.errors for name in ("day", "starts", "ends")):
            return
        if (starts is None) != (ends is None):
            lacking = "starts" if starts is None else "ends"
            self.add_error(lacking, _("Give both times, or leave both empty."))
        elif starts is not None and ends <= starts:
            self.add_error("ends", _("The end is before the beginning. Mend one of them."))
        elif starts is None:
            self.timing = Timing(Precision.DAY, day, day)
        else:
            for name in ("starts", "ends"):
                try:
                    Timing.at_clock(day, data[name], data[name])
                except forms.ValidationError as error:
                    self.add_error(name, error)
            if "starts" not in self.errors and "ends" not in self.errors:
                self.timing = Timing.at_clock(day, starts, ends)


class PostponeForm(WhenFields, CountyForm):
    """Why, and to when. In a round the new time may also be left open."""

    groups = ((gettext_lazy("New time"), WHEN_FIELDS),)
    field_order = ("reason",)
    reason = forms.CharField(
        label=gettext_lazy("Why is the negotiation postponed?"),
        help_text=gettext_lazy("The reason is shown with the former time."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Give the reason why the negotiation is postponed.")},
    )

    def __init__(self, *args: Any, instance: Negotiation, **kwargs: Any) -> None:
        self.negotiation = instance
        super().__init__(*args, initial={"known": Precision.MINUTE.value}, **kwargs)
        if self.negotiation.round is not None:
            known: Any = self.fields["known"]
            known.choices = [*known.choices, (UNKNOWN, _("Not at all: sometime during the round"))]
        if not self.fields["slot"].queryset:  # type: ignore[attr-defined]
            del self.fields["slot"]

    def choices_of(self, name: str, field: forms.ModelChoiceField) -> Any:
        """The free slots of the round."""
        if self.negotiation.round is None:
            return Slot.objects.none()
        return Slot.objects.filter(negotiation=None, round=self.negotiation.round).order_by("starts_at")

    def clean(self) -> dict[str, Any]:
        """Judge the new time, which must be another than the former."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        round_ = self.negotiation.round
        if data.get("known") == UNKNOWN and round_ is not None:
            self._forget(WHEN_FIELDS[1:])
            # What has passed of the round is no time to come.
            first = min(max(round_.starts_on, timezone.localdate()), round_.ends_on)
            self.timing = Timing.in_months(first, round_.ends_on)
        else:
            self.judge_time()
        if self.timing is not None and self.timing == Timing.of(self.negotiation):
            self.add_error("known", _("The negotiation is at that time already. Give another time."))
        return data


class CancelForm(CountyForm):
    """Why the negotiation is cancelled."""

    reason = forms.CharField(
        label=gettext_lazy("Why is the negotiation cancelled?"),
        help_text=gettext_lazy("The reason is shown on the page of the negotiation."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Give the reason why the negotiation is cancelled.")},
    )

    def __init__(self, *args: Any, instance: Negotiation, **kwargs: Any) -> None:
        self.negotiation = instance
        super().__init__(*args, **kwargs)
