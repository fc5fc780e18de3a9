"""The forms of suitable times: what a party answers, whom one asks, and what is changed afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities import timewords
from municipalities.forms import CountyForm, DayField, EditForm
from negotiations.models import AvailabilityInquiry, AvailabilityRequest
from negotiations.planning.availability.answering import AskedSlot
from negotiations.planning.availability.people import Suggested
from negotiations.planning.availability.reading import Suits

# What the field of a slot is called in the form: this and the slot's id.
SLOT = "aika_"
# How long one usually has to answer.
USUAL_TIME = timedelta(days=14)
TOO_LONG = {"max_length": gettext_lazy("Shorten this: at most %(limit_value)s characters.")}


@dataclass(frozen=True)
class SlotField:
    """A slot in the form of the answers: its field's name, what has been chosen, and what is wrong with it."""

    asked: AskedSlot
    name: str
    chosen: str
    errors: Sequence[str]

    @property
    def day(self) -> str:
        """The slot's day, whose year is plain from the others: "to 3.9."."""
        return timewords.day_of_year(self.asked.slot.starts_at)


@dataclass(frozen=True)
class WeekFields:
    """The slots of a week in the form of the answers."""

    monday: date
    fields: Sequence[SlotField]

    @property
    def name(self) -> str:
        """The week with its days: "vko 36, 31.8.–6.9."."""
        return timewords.days_of_week(self.monday)


class AnswerForm(forms.Form):
    """What a party answers: of each slot whether it suits, and a note. What is left open stays unknown."""

    note = forms.CharField(
        label=gettext_lazy("What else should be known of your times"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("For example: the mornings of the council’s meetings do not suit us."),
        error_messages=TOO_LONG,
    )

    def __init__(self, *args: Any, sheet: Sequence[AskedSlot], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sheet = sheet
        for asked in sheet:
            self.fields[f"{SLOT}{asked.slot.pk}"] = forms.ChoiceField(
                label=timewords.sitting(asked.slot.starts_at, asked.slot.ends_at),
                choices=Suits.choices,
                required=False,
                widget=forms.RadioSelect,
                initial=asked.suits.value if asked.suits else "",
                error_messages={"invalid_choice": gettext_lazy("Choose one of the three answers.")},
            )

    def clean(self) -> dict[str, Any]:
        """Refuse answers on slots that are not asked about, and an answer that says nothing."""
        cleaned = super().clean() or {}
        if any(name.startswith(SLOT) and name not in self.fields for name in self.data):
            self.add_error(
                None,
                _(
                    "Some of the times are not asked about any more. Nothing was saved yet: what you chose of the"
                    " others is on this page. Look at the times and send again."
                ),
            )
        elif not self.errors and not self.answers and not cleaned.get("note"):
            self.add_error(None, _("Choose of at least one time whether it suits."))
        return cleaned

    @property
    def answers(self) -> dict[int, Suits]:
        """What was answered of which slot. Those left open are not there."""
        chosen = {asked.slot.pk: self.cleaned_data.get(f"{SLOT}{asked.slot.pk}") for asked in self.sheet}
        return {pk: Suits(suits) for pk, suits in chosen.items() if suits}

    @property
    def open(self) -> int:
        """Of how many of the slots nothing has been chosen."""
        return sum(not self[f"{SLOT}{asked.slot.pk}"].value() for asked in self.sheet)

    @property
    def weeks(self) -> list[WeekFields]:
        """The slots by the weeks that they are in."""

        def monday(asked: AskedSlot) -> date:
            day = timezone.localdate(asked.slot.starts_at)
            return day - timedelta(days=day.weekday())

        return [
            WeekFields(first, [self._shown(asked) for asked in group])
            for first, group in groupby(self.sheet, key=monday)
        ]

    def _shown(self, asked: AskedSlot) -> SlotField:
        name = f"{SLOT}{asked.slot.pk}"
        return SlotField(
            asked, name, str(self[name].value() or ""), [str(error) for error in self.errors.get(name, ())]
        )


def filled(data: QueryDict, sheet: Sequence[AskedSlot], *, everything: bool) -> dict[str, str]:
    """Return what to begin a form of answers with: as it was sent, with all or the open ones of the slots suitable."""
    values = {"note": data.get("note", "")}
    for asked in sheet:
        name = f"{SLOT}{asked.slot.pk}"
        sent = data.get(name, "")
        values[name] = sent if sent in Suits and not everything else Suits.YES.value
    return values


@dataclass(frozen=True)
class AskedRow:
    """A party in the form of asking: whether it is asked, who is written to and where."""

    party: str
    tick: forms.BoundField
    name: forms.BoundField
    email: forms.BoundField


def _answer_by(**kwargs: Any) -> DayField:
    return DayField(
        label=gettext_lazy("To be answered by"),
        missing=gettext_lazy("Choose the last day for the answers."),
        wrong=gettext_lazy("Write the last day for the answers as a date, for example 28.8.2026."),
        help_text=gettext_lazy("On this day the links still take answers."),
        **kwargs,
    )


def _message(**kwargs: Any) -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Message to those who are asked"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("It stands in the letter and on the page that the link opens."),
        error_messages=TOO_LONG,
        **kwargs,
    )


def _require_time(answer_by: date, *, last: date) -> None:
    """Refuse a last day for answers that has passed, or that comes after the times that are asked about."""
    if answer_by < timezone.localdate():
        raise ValidationError(_("The last day for the answers has passed already. Choose a later one."))
    if answer_by > last:
        raise ValidationError(
            _("The last of the times is %(day)s. Choose a day before it.") % {"day": timewords.day(last)}
        )


class AskForm(CountyForm):
    """Asks parties which times suit them: whom, to which address, and until when.

    The last day and the message are those of the inquiry, where there is one: what it had when the form was opened is
    sent along, so that what another has changed since is not put back unseen.
    """

    answer_by = _answer_by(show_hidden_initial=True)
    message = _message(show_hidden_initial=True)

    def __init__(self, *args: Any, suggestions: Sequence[Suggested], last: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.suggestions, self.last = suggestions, last
        # What the inquiry has now; nothing where there is none.
        self.standing = dict(self.initial)
        if "answer_by" not in self.initial:
            self.initial["answer_by"] = min(timezone.localdate() + USUAL_TIME, last)
        for one in suggestions:
            self.fields[f"kysy_{one.key}"] = forms.BooleanField(label=one.party, required=False, initial=True)
            self.fields[f"nimi_{one.key}"] = forms.CharField(
                label=_("%(party)s, who is asked") % {"party": one.party},
                max_length=150,
                required=False,
                initial=one.name,
                error_messages=TOO_LONG,
            )
            self.fields[f"osoite_{one.key}"] = forms.EmailField(
                label=_("%(party)s, e-mail address") % {"party": one.party},
                required=False,
                initial=one.email,
                max_length=254,
                error_messages=TOO_LONG
                | {"invalid": gettext_lazy("Check the address: it should be like name@example.fi.")},
            )

    def clean_answer_by(self) -> date:
        """Check that the last day is to come, and before the last slot."""
        answer_by: date = self.cleaned_data["answer_by"]
        _require_time(answer_by, last=self.last)
        return answer_by

    def clean(self) -> dict[str, Any]:
        """Require an address of each that is asked; what stands in the row of one left out does not matter."""
        cleaned = super().clean() or {}
        for one in self.suggestions:
            email = f"osoite_{one.key}"
            if not cleaned.get(f"kysy_{one.key}"):
                self.errors.pop(email, None)
                self.errors.pop(f"nimi_{one.key}", None)
            elif email not in self.errors and not cleaned.get(email):
                self.add_error(email, _("Write the address, or take the mark of the party away."))
        if not any(cleaned.get(f"kysy_{one.key}") for one in self.suggestions):
            self.add_error(None, _("Choose at least one who is asked."))
        return cleaned

    @property
    def to(self) -> list[tuple[str, str, str]]:
        """The parties that are asked: key, who is written to, e-mail address."""
        return [
            (one.key, self.cleaned_data[f"nimi_{one.key}"], self.cleaned_data[f"osoite_{one.key}"])
            for one in self.suggestions
            if self.cleaned_data[f"kysy_{one.key}"]
        ]

    def chosen(self, name: str) -> Any:
        """Return what was chosen of the inquiry: as it is now, where it was left as the form had it at first."""
        chosen = self.cleaned_data[name]
        return chosen if name in self.changed_data else self.standing.get(name, chosen)

    @property
    def shown_at_first(self) -> list[SafeString]:
        """The hidden fields of what the inquiry had when the form was opened."""
        return [self[name].as_hidden(only_initial=True) for name in ("answer_by", "message")]

    @property
    def rows(self) -> list[AskedRow]:
        """The parties as the page shows them."""
        return [
            AskedRow(one.party, self[f"kysy_{one.key}"], self[f"nimi_{one.key}"], self[f"osoite_{one.key}"])
            for one in self.suggestions
        ]


class InquiryForm(EditForm):
    """The last day and the message of an inquiry."""

    answer_by = _answer_by()
    message = _message()

    class Meta:
        model = AvailabilityInquiry
        fields = ("answer_by", "message")

    def __init__(self, *args: Any, last: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.last = last

    def clean_answer_by(self) -> date:
        """Check a new last day: that it is to come, and before the last slot."""
        answer_by: date = self.cleaned_data["answer_by"]
        if "answer_by" in self.changed_data:
            _require_time(answer_by, last=self.last)
        return answer_by


class SendAgainForm(EditForm):
    """Where a new link is sent: to the same person, or to another."""

    class Meta:
        model = AvailabilityRequest
        fields = ("name", "email")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        email = self.fields["email"]
        email.required = True
        email.error_messages["required"] = _("Write the e-mail address to which the link is sent.")
