"""The plain form of the planning board: a negotiation and a time."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities import timewords
from municipalities.forms import CountyForm
from negotiations.models import Negotiation
from negotiations.planning.board_shown import Fit, Tone, fit
from negotiations.planning.conflicts import Situation
from negotiations.planning.timing import Precision

# Sent instead of a time where a negotiation is to have none.
OFF = "pois"
Choices = list[tuple[str, Any]]


class PlacingForm(CountyForm):
    """One negotiation, with the free times to choose from; or one time, with the negotiations that have none.

    How a time suits is told beside each choice.
    """

    negotiation = forms.ChoiceField(
        label=gettext_lazy("Negotiation"),
        error_messages=dict.fromkeys(("required", "invalid_choice"), gettext_lazy("Choose the negotiation.")),
    )
    slot = forms.ChoiceField(
        label=gettext_lazy("Time"),
        error_messages=dict.fromkeys(("required", "invalid_choice"), gettext_lazy("Choose the time.")),
    )
    # The time in which the negotiation was seen, empty where it had none.
    expected = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, situation: Situation, negotiation: int | None = None, slot: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choices: Choices
        if negotiation is not None:
            meeting = situation.meetings[negotiation]
            choices = _times(situation, negotiation)
            off: Choices = []
            if meeting.slot is not None or meeting.timing.precision != Precision.MONTH:
                off = [(OFF, _("No time: take it off the one it has"))]
            self._choose("slot", choices, off)
            self._fix("negotiation", negotiation)
            self.initial["expected"] = meeting.slot or ""
        else:
            choices = _unplaced(situation, slot or 0)
            self._choose("negotiation", choices)
            self._fix("slot", slot or 0)
        self.has_choices = bool(choices)

    def _choose(self, name: str, choices: Choices, more: Choices | None = None) -> None:
        field: Any = self.fields[name]
        field.choices = [("", _("Choose")), *choices, *(more or [])]

    def _fix(self, name: str, value: int) -> None:
        field: Any = self.fields[name]
        field.choices, field.widget = [(str(value), "")], forms.HiddenInput()
        self.initial[name] = value


def _times(situation: Situation, negotiation: int) -> Choices:
    """Return the free times by week, in order, each with how it suits the negotiation."""
    by_week: dict[str, Choices] = {}
    for slot, timing in situation.slots.items():
        if slot not in situation.in_use and timing.starts_at and timing.ends_at:
            words = f"{timewords.day(timing.earliest)} {timewords.hours(timing.starts_at, timing.ends_at)}"
            choice = (str(slot), _with(words, fit(situation, negotiation, slot)))
            by_week.setdefault(timewords.week(timing.earliest), []).append(choice)
    return list(by_week.items())


def _unplaced(situation: Situation, slot: int) -> Choices:
    """Return the planned negotiations of the round that have no time, by title, each with how the time suits it."""
    rows = [
        meeting
        for meeting in situation.own
        if meeting.state == Negotiation.State.PLANNED
        and meeting.slot is None
        and meeting.timing.precision == Precision.MONTH
    ]
    rows.sort(key=lambda meeting: (meeting.title.casefold(), meeting.id))
    return [(str(row.id), _with(row.title, fit(situation, row.id, slot))) for row in rows]


def _with(words: str, found: Fit) -> str:
    """Add to a choice how it suits, in words: the tone first where the words do not begin with it."""
    tone = found.tone.words if found.tone == Tone.BLOCKED else ""
    told = ": ".join(part for part in (tone, found.words) if part)
    return f"{words} – {told}" if told else words
