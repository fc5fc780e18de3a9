"""What is asked of the stages of a round's year, and of the decision that approved its timetable."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities import timewords
from municipalities.forms import CountyForm, DayField, EditForm
from negotiations.models import Round, RoundStage
from negotiations.planning.forms.negotiations import WHEN, WHEN_FIELDS, WhenFields, initial_time
from negotiations.planning.stages.keeping import When, when_of
from negotiations.planning.stages.templates import Template
from negotiations.planning.timing import Precision, Timing

WRONG_DAY = gettext_lazy("Give the day as day.month.year, for example 26.9.2024.")
# Nothing is known of the time. static/js/when.js knows this word.
UNKNOWN = "unknown"
# A year from the round's own: farther away somebody has typed a wrong year.
FARTHEST = 2


class StageForm(WhenFields, EditForm):
    """A stage of a round's year: what, by whom, when, and whether it has been done."""

    groups = (
        (gettext_lazy("When"), ("known", "day", "last_day", "first_month", "last_month")),
        (gettext_lazy("Done"), ("done_on",)),
    )
    ASKED: ClassVar[Sequence[str]] = ("day", "first_month")

    # A stage has no clock times.
    slot = None  # type: ignore[assignment]
    starts = None  # type: ignore[assignment]
    ends = None  # type: ignore[assignment]
    known = forms.ChoiceField(
        label=gettext_lazy("How exactly is the time known?"),
        choices=(
            (Precision.MONTH, gettext_lazy("Only the month, or a span of months")),
            (Precision.DAY, gettext_lazy("The day, or a span of days")),
            (UNKNOWN, gettext_lazy("Not known yet")),
        ),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose how exactly the time is known.")},
    )
    last_day = DayField(
        label=gettext_lazy("Last day, if there are several"),
        missing=gettext_lazy("Give the day."),
        wrong=WRONG_DAY,
        required=False,
    )
    done_on = DayField(
        label=gettext_lazy("Done on"),
        help_text=gettext_lazy("Leave empty while it has not been done."),
        missing="",
        wrong=WRONG_DAY,
        required=False,
    )

    class Meta:
        model = RoundStage
        fields = ("name", "body", "description", "done_on")
        labels: ClassVar = {
            "name": gettext_lazy("Stage"),
            "body": gettext_lazy("Responsible body"),
            "description": gettext_lazy("Description"),
        }
        help_texts: ClassVar = {"body": gettext_lazy("For example: county board, regional welfare promotion group.")}
        widgets: ClassVar = {"description": forms.Textarea(attrs={"rows": 3})}
        error_messages: ClassVar = {"name": {"required": gettext_lazy("Give the stage a name.")}}

    def __init__(self, *args: Any, round_: Round, **kwargs: Any) -> None:
        row: RoundStage | None = kwargs.get("instance")
        self.round = round_
        initial = dict(kwargs.pop("initial", None) or {})
        if row is not None and row.pk:
            initial |= _initial(when_of(row))
        super().__init__(*args, initial=initial, **kwargs)
        if row is None or not row.pk:
            self.initial["known"] = Precision.MONTH.value
            # What has been done is marked on the page with one press.
            del self.fields["done_on"]

    def clean(self) -> dict[str, Any]:
        """Judge the time, which may be unknown, and refuse a mark of a day to come."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("known") == UNKNOWN:
            self._forget(name for name in WHEN_FIELDS if name in self.fields)
        else:
            self.judge_time()
        self._require_near()
        done_on = data.get("done_on")
        if isinstance(done_on, date) and done_on > timezone.localdate():
            self.add_error("done_on", _("This day has not come yet. Give the day on which it was done."))
        return data

    def _require_near(self) -> None:
        """Refuse days far from the round's year, as a slip of the keyboard makes them."""
        timing = self.timing
        if timing is None:
            return
        nearest, farthest = self.round.year - FARTHEST, self.round.year + FARTHEST
        if timing.earliest.year >= nearest and timing.latest.year <= farthest:
            return
        first, last = WHEN[timing.precision]
        name = first if timing.earliest.year < nearest or not self.cleaned_data.get(last) else last
        words = _("This is far from %(year)s, the year of the round. Check the year.")
        self.add_error(name, words % {"year": str(self.round.year)})

    @property
    def when(self) -> When:
        """The days of a valid form; None where no time is known."""
        return (self.timing.earliest, self.timing.latest) if self.timing else None

    @property
    def changed_codes(self) -> list[str]:
        """What was changed besides the time, for the log."""
        return [name for name in self.changed_names if name not in WHEN_FIELDS]


def _initial(when: When) -> dict[str, Any]:
    """Return what the fields of the time show of a stage at first."""
    if when is None:
        return {"known": UNKNOWN}
    precision = Precision.MONTH if timewords.whole_months(*when) else Precision.DAY
    shown = initial_time(Timing(precision, *when), None)
    return {name: value for name, value in shown.items() if name not in {"slot", "starts", "ends"}}


class TemplateForm(CountyForm):
    """Which usual stages to add."""

    template = forms.ChoiceField(
        label=gettext_lazy("From which template?"),
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(("required", "invalid_choice"), gettext_lazy("Choose one of the templates.")),
    )

    def __init__(self, *args: Any, templates: Sequence[Template], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["template"]
        field.choices = [
            (
                template.key,
                format_html('<strong>{}</strong> <span class="choice__what">{}</span>', template.name, template.lead),
            )
            for template in templates
        ]
        self.initial.setdefault("template", templates[0].key)
        self.chosen = {template.key: template for template in templates}


class ApprovalForm(EditForm):
    """The decision that approved a round's timetable, representation and form."""

    approved_on = DayField(
        label=gettext_lazy("Day of the decision"),
        missing=gettext_lazy("Give the day of the decision."),
        wrong=WRONG_DAY,
    )

    class Meta:
        model = Round
        fields = ("approved_by", "approved_on", "approved_section")
        labels: ClassVar = {
            "approved_by": gettext_lazy("Body that decided"),
            "approved_section": gettext_lazy("Section of the minutes"),
        }
        help_texts: ClassVar = {
            "approved_by": gettext_lazy("For example: county board."),
            "approved_section": gettext_lazy("The number alone, for example 123. Leave empty if you do not know it."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        row: Round = kwargs["instance"]
        if row.approved_on is None:
            with translation.override(row.language):
                kwargs["initial"] = {"approved_by": _("County board")}
        super().__init__(*args, **kwargs)
        field = self.fields["approved_by"]
        field.required = True
        field.error_messages["required"] = _("Give the body that decided.")

    def clean_approved_on(self) -> date:
        """A decision is recorded when it has been made."""
        day: date = self.cleaned_data["approved_on"]
        if day > timezone.localdate():
            raise ValidationError(_("This day has not come yet. Record the decision when it has been made."))
        return day

    def clean_approved_section(self) -> str:
        """Leave out the sign of a section, which the page writes."""
        text: str = self.cleaned_data["approved_section"]
        return text.replace("§", " ").strip()
