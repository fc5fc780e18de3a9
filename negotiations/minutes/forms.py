"""What is asked when minutes are written, checked and moved on."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities.forms import (
    ClockField,
    CountyForm,
    DayField,
    EditForm,
    ListField,
    SafeModelChoiceField,
)
from negotiations.minutes.checkers import parties_without_checker
from negotiations.models import AgendaItem, Minutes, MinutesCheck, Part, Party
from negotiations.sitting.live_writing import LONGEST

Outcome = MinutesCheck.Outcome
WRONG_CLOCK = gettext_lazy("Give the time as hours and minutes, for example 8.15.")


def _text(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class WritingForm(EditForm):
    """A page of the writing: the keyboard is in its first field at once, unless something is to be mended first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, forms.Textarea):
                # As in the sitting, and where texts are mended and remarked on.
                field.validators.append(MaxLengthValidator(LONGEST))
        if not self.is_bound:
            next(iter(self.grouped())).fields[0].field.widget.attrs["autofocus"] = True


class ItemMinutesForm(WritingForm):
    """What the minutes say of an item."""

    class Meta:
        model = AgendaItem
        fields = ("discussion", "agreed", "dissent")
        labels: ClassVar[dict[str, Any]] = {
            "discussion": gettext_lazy("Discussion"),
            "agreed": gettext_lazy("What was agreed"),
            "dissent": gettext_lazy("Dissent"),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "dissent": gettext_lazy("Who disagreed and how, if somebody asked for it to be entered.")
        }
        widgets: ClassVar[dict[str, Any]] = {"discussion": _text(8), "agreed": _text(5), "dissent": _text(2)}


class PartMinutesForm(WritingForm):
    """How a part was opened and closed. The day is the negotiation's; only the times are asked."""

    groups = (
        (gettext_lazy("Opening"), ("opened", "opening")),
        (gettext_lazy("Closing"), ("closed", "closing")),
    )
    opened = ClockField(label=gettext_lazy("Opened at"), required=False, missing="", wrong=WRONG_CLOCK)
    closed = ClockField(label=gettext_lazy("Closed at"), required=False, missing="", wrong=WRONG_CLOCK)

    class Meta:
        model = Part
        fields = ("opening", "closing")
        labels: ClassVar[dict[str, Any]] = {
            "opening": gettext_lazy("How the part was opened"),
            "closing": gettext_lazy("How the part was closed"),
        }
        widgets: ClassVar[dict[str, Any]] = {"opening": _text(3), "closing": _text(3)}

    def __init__(self, *args: Any, instance: Part, **kwargs: Any) -> None:
        times = {"opened": _clock(instance.opened_at), "closed": _clock(instance.closed_at)}
        super().__init__(*args, instance=instance, initial=times, **kwargs)

    def clean(self) -> dict[str, Any]:
        """Put the times on the day of the negotiation, the closing after the opening."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        opened, closed = cleaned.get("opened"), cleaned.get("closed")
        part: Part = self.instance
        day = part.negotiation.earliest
        # One that was closed after midnight was so on the day after.
        opened_at, closed_at = _at(part.opened_at, day, opened), _at(part.closed_at, day, closed)
        if closed and not opened and "opened" not in self.errors:
            self.add_error("opened", _("A closing time was given, but no opening time. Give both, or neither."))
        elif opened_at and closed_at and closed_at < opened_at:
            self.add_error("closed", _("The part was closed before it was opened. Correct one of the times."))
        part.opened_at, part.closed_at = opened_at, closed_at
        return cleaned

    @property
    def changed_names(self) -> list[str]:
        """The names of the fields of the row that this edit changes."""
        own = {"opened": "opened_at", "closed": "closed_at"}
        changed = super().changed_names
        if own.keys() & set(changed):
            # Both, to the minute: the seconds of the one that stays could put it after the other.
            changed = [*(name for name in changed if name not in own), *own]
        return [own.get(name, name) for name in changed]


def _clock(at: datetime | None) -> time | None:
    return timezone.localtime(at).time().replace(second=0, microsecond=0) if at else None


def _at(before: datetime | None, day: date, clock: time | None) -> datetime | None:
    if clock is None:
        return None
    if before:
        day = timezone.localdate(before)
    return timezone.make_aware(datetime.combine(day, clock))


class CheckerForm(EditForm):
    """Who a party's checker is."""

    class Meta:
        model = MinutesCheck
        fields = ("name", "role", "email")
        labels: ClassVar[dict[str, Any]] = {
            "name": gettext_lazy("Checker's name"),
            "role": gettext_lazy("Checker's role"),
            "email": gettext_lazy("E-mail"),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "role": gettext_lazy("For example: welfare coordinator. The name or the role is enough."),
            "email": gettext_lazy(
                "A personal link for checking is sent there when the minutes are sent for checking. Without it the"
                " checker signs in."
            ),
        }


class NewCheckerForm(CheckerForm):
    """A checker for one of the parties that have none."""

    def __init__(self, *args: Any, minutes: Minutes, instance: MinutesCheck | None = None, **kwargs: Any) -> None:
        self.minutes = minutes
        instance = instance or MinutesCheck(county_id=minutes.county_id, minutes=minutes)
        super().__init__(*args, instance=instance, **kwargs)

    class Meta:
        model = MinutesCheck
        fields = ("party", "name", "role", "email")
        help_texts = CheckerForm.Meta.help_texts
        field_classes: ClassVar[dict[str, Any]] = {"party": SafeModelChoiceField}
        labels: ClassVar[dict[str, Any]] = {**CheckerForm.Meta.labels, "party": gettext_lazy("Party")}

    def choices_of(self, name: str, field: forms.ModelChoiceField) -> Any:
        """Return the parties that check and have no checker."""
        wanted = [party.pk for party in parties_without_checker(self.minutes)]
        return Party.objects.filter(pk__in=wanted).select_related("municipality__area", "county__area").order_by("id")


class AttachmentsForm(CountyForm):
    """Attachments to add, several at a time."""

    titles = ListField(
        label=gettext_lazy("Attachments"),
        help_text=gettext_lazy(
            "One title a line. They are numbered in this order, after those that are there already."
        ),
        max_items=50,
        max_item_length=300,
        widget=_text(5),
    )

    def clean_titles(self) -> list[str]:
        """Refuse empty lines alone."""
        titles: list[str] = self.cleaned_data["titles"]
        if not titles:
            raise ValidationError(_("Give the title of at least one attachment."))
        return titles


class SendForCheckingForm(forms.Form):
    """By when the checkers are to mark the minutes."""

    check_by = DayField(
        label=gettext_lazy("To be checked by"),
        help_text=gettext_lazy("The last day on which the checkers can mark the minutes."),
        missing=gettext_lazy("Give the day by which the minutes are to be checked."),
        wrong=gettext_lazy("Give the day as day.month.year, for example 26.9.2024."),
    )

    def clean_check_by(self) -> date:
        """Refuse a day that has passed."""
        day: date = self.cleaned_data["check_by"]
        if day < timezone.localdate():
            raise ValidationError(_("The day has passed. Give today or a later day."))
        return day


class MarkForm(forms.Form):
    """Whose mark it is, and what it says."""

    check = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    outcome = forms.ChoiceField(
        choices=[(Outcome.APPROVED.value, Outcome.APPROVED.label), (Outcome.SILENT.value, Outcome.SILENT.label)]
    )
    # The number of the version that was on the page; none where the minutes had no versions.
    version = forms.IntegerField(min_value=1, max_value=32_767, required=False)
