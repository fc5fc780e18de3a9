"""The form of the rule of a round's slots: weeks, weekdays, times, weeks off, exceptions, and what is affected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities import timewords
from municipalities.forms import SharedForm
from negotiations.models import Negotiation, Round
from negotiations.planning.forms.slot_fields import (
    KINDS,
    ExceptionsField,
    OneOf,
    SomeOf,
    WrittenField,
    read_hours,
    read_week,
    read_weeks,
    stored_exceptions,
    whole_hours,
    write_hours,
    write_week,
)
from negotiations.planning.slots.changing import (
    Affected,
    Choice,
    Effect,
    Standing,
    effect_on,
    read,
    rule_of,
)
from negotiations.planning.slots.rules import (
    LONGEST_REASON,
    Hours,
    IsoWeek,
    RuleError,
    SlotRule,
)

# A row for an exception is there to be filled in.
EMPTY_ROWS = 1
# What a row that scripts copy has for its number.
BLANK = "__"
MODES = (
    (Negotiation.Mode.UNKNOWN.value, gettext_lazy("Not decided yet")),
    (Negotiation.Mode.REMOTE.value, gettext_lazy("Remotely")),
    (Negotiation.Mode.ON_SITE.value, gettext_lazy("On site")),
    (Negotiation.Mode.HYBRID.value, gettext_lazy("On site and remotely")),
)
CHOICES = {
    Choice.KEEP: gettext_lazy("Keep its time, outside the times of the round"),
    Choice.OFF: gettext_lazy("Off the calendar: only the months of the round are known"),
}


# --- The form -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """An exception as the form shows it: its number among the fields, and what is written in it."""

    number: str
    place: int
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def kinds(self) -> list[tuple[str, str, bool]]:
        """What can be chosen as the kind, and what is."""
        return [(value, str(words), value == self.values.get("kind", "")) for value, words in KINDS]


@dataclass(frozen=True)
class Question:
    """A negotiation affected, and the field in which one says what becomes of it; none where it keeps its time."""

    affected: Affected
    field: forms.BoundField | None

    @property
    def former(self) -> str:
        """The time whose slot goes, in words."""
        return timewords.sitting(*self.affected.former)


class SlotRuleForm(SharedForm):
    """The rule of a round's slots.

    Valid, it has a `rule` and its `effect`. Where negotiations would lose their slot it asks of each what becomes of
    it (`choices`), unless it is only looked at (`asks` is false), perhaps while it is being written (`is_draft`).
    """

    first_week = WrittenField(
        read_week,
        write_week,
        label=gettext_lazy("First week"),
        help_text=gettext_lazy("Week and year, for example 35/2026."),
        error_messages={"required": gettext_lazy("Give the first week.")},
    )
    last_week = WrittenField(
        read_week,
        write_week,
        label=gettext_lazy("Last week"),
        help_text=gettext_lazy("Week and year, for example 48/2026."),
        error_messages={"required": gettext_lazy("Give the last week.")},
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Weekdays"),
        coerce=int,
        widget=SomeOf,
        error_messages={"required": gettext_lazy("Choose at least one weekday.")},
    )
    hours = WrittenField(
        read_hours,
        write_hours,
        label=gettext_lazy("Times of the day"),
        help_text=gettext_lazy("Start and end, for example 8.15–12.00. Several separated by commas."),
        error_messages={"required": gettext_lazy("Give at least one time of the day.")},
    )
    weeks_off = WrittenField(
        read_weeks,
        lambda weeks: ", ".join(write_week(week) for week in weeks),
        label=gettext_lazy("Weeks off"),
        required=False,
        help_text=gettext_lazy("Weeks without negotiations, for example 42. Several separated by commas."),
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("How the negotiations are held"),
        choices=MODES,
        required=False,
        widget=OneOf,
        help_text=gettext_lazy("A negotiation that is given one of these times takes this, if it has nothing else."),
    )
    exceptions = ExceptionsField(label=gettext_lazy("Exceptions"))

    def __init__(self, *args: Any, instance: Round, asks: bool = True, is_draft: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(ExceptionsField, self.fields["exceptions"]).is_draft = is_draft
        self.instance, self.asks = instance, asks
        self.rule: SlotRule | None = None
        self.effect: Effect | None = None
        self.choices: dict[int, Choice] = {}
        self.is_unreadable = False
        self._standing: Standing | None = None
        weekdays = cast(forms.TypedMultipleChoiceField, self.fields["weekdays"])
        weekdays.choices = [(number + 1, capfirst(str(name))) for number, name in WEEKDAYS.items()]
        # One of the choices is that nothing is known.
        self.fields["mode"].asked_by_choice = True  # type: ignore[attr-defined]
        self.at_first = rule = self._at_first()
        self.initial.update(
            {
                "first_week": rule.first_week,
                "last_week": rule.last_week,
                "weekdays": list(rule.weekdays),
                "hours": tuple(sorted(rule.hours)),
                "weeks_off": tuple(sorted(rule.weeks_off)),
                "mode": rule.mode,
                "exceptions": rule.exceptions,
            }
        )
        self.carry_along()

    def _at_first(self) -> SlotRule:
        """Return the rule that the round has, or a proposal where it has none."""
        try:
            if rule := rule_of(self.instance):
                return rule
        except ValueError:
            self.is_unreadable = True
        return proposal(self.instance)

    @property
    def standing(self) -> Standing:
        """What the round has now, read once."""
        if self._standing is None:
            self._standing = read(self.instance)
        return self._standing

    def clean_first_week(self) -> IsoWeek:
        """Take the year of the round where none is given."""
        return self._week(self.cleaned_data["first_week"], self.instance.year)

    def clean_last_week(self) -> IsoWeek:
        """Take the year of the first week where none is given; the next one where the number is smaller."""
        week, first = self.cleaned_data["last_week"], self.cleaned_data.get("first_week")
        if not isinstance(first, IsoWeek):
            return self._week(week, self.instance.year)
        return self._week(week, first.year + (isinstance(week, int) and week < first.number))

    def clean_weekdays(self) -> list[int]:
        """Put the weekdays in order."""
        return sorted(self.cleaned_data["weekdays"])

    def clean_hours(self) -> tuple[Hours, ...]:
        """Put the times in order, and let the exceptions know them."""
        try:
            hours = whole_hours(self.cleaned_data["hours"], ())
        except RuleError as error:
            raise ValidationError(error.words) from error
        cast(ExceptionsField, self.fields["exceptions"]).usual = hours
        return hours

    def clean_weeks_off(self) -> tuple[IsoWeek, ...]:
        """Take the year in which the week is among the weeks of the rule where none is given."""
        first, last = self.cleaned_data.get("first_week"), self.cleaned_data.get("last_week")
        found = []
        for week in self.cleaned_data["weeks_off"]:
            year = self.instance.year
            if isinstance(week, int) and isinstance(first, IsoWeek) and isinstance(last, IsoWeek):
                year = last.year if week < first.number and last.year > first.year else first.year
            found.append(self._week(week, year))
        return tuple(sorted(set(found)))

    def _week(self, week: IsoWeek | int, year: int) -> IsoWeek:
        try:
            return week if isinstance(week, IsoWeek) else IsoWeek(year, week)
        except RuleError as error:
            raise ValidationError(error.words) from error

    def clean(self) -> dict[str, Any]:
        """Put the rule together, find out what it would do, and ask what becomes of the negotiations affected."""
        data: dict[str, Any] = super().clean() or {}
        if self.errors:
            return data
        try:
            self.rule = SlotRule(
                first_week=data["first_week"],
                last_week=data["last_week"],
                weekdays=tuple(data["weekdays"]),
                hours=data["hours"],
                weeks_off=data["weeks_off"],
                exceptions=data["exceptions"],
                mode=data["mode"],
            )
        except RuleError as error:
            self.add_error(error.field if error.field in self.fields else "first_week", error.words)
            return data
        self.effect = effect_on(self.instance, self.standing, self.rule)
        self._ask()
        return data

    def _ask(self) -> None:
        """Add a question for each negotiation affected, and read the answers."""
        if self.effect is None:
            return
        for one in self.effect.to_ask:
            name = question_name(one)
            field_ = forms.ChoiceField(
                label=one.sitting.title,
                choices=[(choice.value, self._words(choice, one)) for choice in one.choices],
                widget=OneOf,
            )
            self.fields[name] = field_
            sent = self.data.get(self.add_prefix(name), "")
            if sent in [choice.value for choice in one.choices]:
                self.choices[one.sitting.pk] = Choice(sent)
        if self.asks:
            wrong = self.effect.wrong(self.choices)
            for one in self.effect.to_ask:
                if one.sitting.pk in wrong:
                    self.add_error(question_name(one), wrong[one.sitting.pk])

    def _words(self, choice: Choice, one: Affected) -> str:
        if choice == Choice.TAKE and one.new:
            if timezone.localdate(one.new[0]) != timezone.localdate(one.former[0]):
                return _("Move it with its day: %(when)s") % {"when": timewords.sitting(*one.new)}
            return _("Take the new time of the day: %(hours)s") % {"hours": timewords.hours(*one.new)}
        return str(CHOICES[choice])

    def questions(self) -> Iterator[Question]:
        """Give the negotiations affected, each with its question if there is something to choose."""
        for one in self.effect.affected if self.effect else ():
            name = question_name(one)
            yield Question(one, self[name] if name in self.fields else None)

    def forgive(self) -> None:
        """Show no errors: a row is added or removed, and the rest may be half written."""
        self.errors.clear()

    # --- Rows of exceptions

    longest_reason = LONGEST_REASON

    def rows(self) -> list[Row]:
        """Return the rows of exceptions: those written, and empty ones to write in."""
        values = self._row_values()
        rows = [Row(str(number), number + 1, row) for number, row in enumerate(values)]
        empty = sum(not any(row.values()) for row in values)
        return [*rows, *(Row(str(n), n + 1) for n in range(len(rows), len(rows) + max(0, EMPTY_ROWS - empty)))]

    @property
    def blank_row(self) -> Row:
        """A row for scripts to copy."""
        return Row(BLANK, 0)

    def _row_values(self) -> list[Mapping[str, str]]:
        value = self["exceptions"].value()
        if isinstance(value, list):
            return value
        try:
            stored = stored_exceptions(value or "[]")
        except ValidationError:
            stored = ()
        return [
            {
                "kind": one.kind.value,
                "day": one.day.isoformat(),
                "instead": one.instead.isoformat() if one.instead else "",
                "hours": write_hours(one.hours),
                "reason": one.reason,
            }
            for one in stored
        ]


def question_name(one: Affected) -> str:
    """Return the name of the field in which one says what becomes of a negotiation."""
    return f"neuvottelu-{one.sitting.pk}"


def proposal(round_: Round) -> SlotRule:
    """Return what the form proposes for a round without a rule: the weeks of its days; the rest as the last time.

    Where no round had a rule before: Tuesday to Thursday, 9-12.
    """
    weekdays: tuple[int, ...] = (2, 3, 4)
    hours: tuple[Hours, ...] = (Hours(time(9), time(12)),)
    mode = ""
    earlier = Round.objects.exclude(slot_rule=None).exclude(pk=round_.pk).filter(year__lte=round_.year)
    for other in earlier.order_by("-year", "-starts_on")[:1]:
        try:
            rule = rule_of(other)
        except ValueError:
            continue
        if rule:
            weekdays, hours, mode = rule.weekdays, rule.hours, rule.mode
    first, last = IsoWeek.of(round_.starts_on), IsoWeek.of(round_.ends_on)
    try:
        return SlotRule(first, last, weekdays, hours, mode=mode)
    except RuleError:
        # The round has no such day, or too many of them: its first weeks are a beginning.
        return SlotRule(first, first, (1, 2, 3, 4, 5), hours, mode=mode)
