"""What is asked of a negotiation: its details and when it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities import timewords
from municipalities.forms import (
    ClockField,
    DayField,
    EditForm,
    SafeModelChoiceField,
)
from municipalities.models import MunicipalityGroup
from negotiations.models import LegalBasis, Negotiation, Round, Slot
from negotiations.planning.timing import Precision, Timing

MONTH_FORMATS = ["%Y-%m", "%m/%Y", "%m.%Y"]
# The fields of a time, by how exactly it is known.
WHEN: Mapping[str, Sequence[str]] = {
    Precision.MINUTE: ("slot", "day", "starts", "ends"),
    Precision.DAY: ("day", "last_day"),
    Precision.MONTH: ("first_month", "last_month"),
}
WHEN_FIELDS = ("known", "slot", "day", "starts", "ends", "last_day", "first_month", "last_month")
DAY_WRONG = gettext_lazy("Give the day as day.month.year, for example 26.9.2024.")
CLOCK_WRONG = gettext_lazy("Give the time as hours and minutes, for example 8.15.")


class MonthField(forms.DateField):
    """A month, as its first day."""

    def __init__(self, *, missing: Any, **kwargs: Any) -> None:
        super().__init__(
            input_formats=MONTH_FORMATS,
            widget=forms.DateInput(attrs={"type": "month"}, format="%Y-%m"),
            error_messages={
                "required": missing,
                "invalid": gettext_lazy("Give the month as month/year, for example 3/2025."),
            },
            **kwargs,
        )


class SlotField(SafeModelChoiceField):
    """A free time of the round."""

    def label_from_instance(self, obj: Any) -> str:
        """Write the time with its weekday and week."""
        return timewords.sitting(obj.starts_at, obj.ends_at)


class GroupField(SafeModelChoiceField):
    """A group of municipalities."""

    def label_from_instance(self, obj: Any) -> str:
        """Tell groups of the same name apart by their year."""
        return f"{obj.year}: {obj.name}"


class WhenFields(forms.Form):
    """When a negotiation is: how exactly that is known, and what is known. What was not chosen is not looked at.

    Valid, it has a `timing`, and a `slot` where the time is one of the round's.
    """

    known = forms.ChoiceField(
        label=gettext_lazy("How exactly is the time known?"),
        choices=(
            (Precision.MINUTE, gettext_lazy("The day and the clock time")),
            (Precision.DAY, gettext_lazy("The day")),
            (Precision.MONTH, gettext_lazy("Only the month, or a span of months")),
        ),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose how exactly the time is known.")},
    )
    slot = SlotField(
        Slot.objects.none(),
        label=gettext_lazy("Free time of the round"),
        required=False,
        empty_label=gettext_lazy("Another time, which you give below"),
        error_messages={"invalid_choice": gettext_lazy("The time is no longer free. Choose another one.")},
    )
    day = DayField(label=gettext_lazy("Day"), missing=gettext_lazy("Give the day."), wrong=DAY_WRONG, required=False)
    starts = ClockField(
        label=gettext_lazy("Begins at"), missing=gettext_lazy("Give the time."), wrong=CLOCK_WRONG, required=False
    )
    ends = ClockField(
        label=gettext_lazy("Ends at"), missing=gettext_lazy("Give the time."), wrong=CLOCK_WRONG, required=False
    )
    last_day = DayField(
        label=gettext_lazy("Last day, if the negotiation is on one of several days"),
        missing=gettext_lazy("Give the day."),
        wrong=DAY_WRONG,
        required=False,
    )
    first_month = MonthField(
        label=gettext_lazy("Month"),
        help_text=gettext_lazy("Month and year, for example 3/2027."),
        missing=gettext_lazy("Give the month."),
        required=False,
    )
    last_month = MonthField(
        label=gettext_lazy("Last month, if there are several"), missing=gettext_lazy("Give the month."), required=False
    )

    # Asked where they are in sight, though what was not chosen may stay empty.
    ASKED: ClassVar[Sequence[str]] = ("day", "starts", "ends", "first_month", "slot")

    timing: Timing | None = None
    slot_chosen: Slot | None = None
    # The time that the negotiation has, where it has one.
    former: Timing | None = None
    former_slot_id: int | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.ASKED:
            self.fields[name].asked_by_choice = True  # type: ignore[attr-defined]

    @property
    def found(self) -> Timing:
        """The time of a valid form."""
        if self.timing is None:
            raise ValueError("A valid form whose time was asked has one.")
        return self.timing

    def judge_time(self) -> None:
        """Find out the time from what was given, or tell what is missing or wrong."""
        known = self.cleaned_data.get("known")
        if known:
            self._forget(name for name in WHEN_FIELDS[1:] if name not in WHEN[known])
        if not known or any(name in self.errors for name in WHEN[known]):
            return
        data = self.cleaned_data
        if known == Precision.MINUTE:
            self._judge_minute(data)
        elif known == Precision.DAY:
            self._judge_days(data)
        else:
            self._judge_months(data)

    def _forget(self, names: Iterable[str]) -> None:
        """Leave out what is wrong in fields that were not chosen: they may not even be in sight."""
        for name in names:
            self.errors.pop(name, None)

    def _judge_minute(self, data: Mapping[str, Any]) -> None:
        slot: Slot | None = data.get("slot")
        if slot is not None and not self._is_own_time(slot, data):
            self.slot_chosen, self.timing = slot, Timing.in_slot(slot)
            return
        if not self._have("day", "starts", "ends"):
            return
        if data["ends"] <= data["starts"]:
            self.add_error("ends", _("The end is before the beginning. Mend one of them."))
            return
        for name in ("starts", "ends"):
            try:
                Timing.at_clock(data["day"], data[name], data[name])
            except ValidationError as error:
                self.add_error(name, error)
        if "starts" not in self.errors and "ends" not in self.errors:
            self.timing = Timing.at_clock(data["day"], data["starts"], data["ends"])

    def _is_own_time(self, slot: Slot, data: Mapping[str, Any]) -> bool:
        """Return whether the day and clock times are meant, and not the slot chosen beside them.

        A negotiation in a slot whose day or clock times were changed leaves the slot. Where both a new slot and
        other times are given, nobody can tell which one is meant: that is an error.
        """
        of_slot, given = Timing.in_slot(slot), tuple(data.get(name) for name in ("day", "starts", "ends"))
        if not any(given) or given == _clocks(of_slot):
            return False
        if self.former is not None and given == _clocks(self.former):
            return False
        if slot.pk == self.former_slot_id:
            return True
        self.add_error("slot", _("You chose a time of the round and gave another time below. Leave one of them empty."))
        return True

    def _judge_days(self, data: Mapping[str, Any]) -> None:
        if not self._have("day"):
            return
        first: date = data["day"]
        last: date = data.get("last_day") or first
        if last < first:
            self.add_error("last_day", _("The last day is before the first one. Mend one of them."))
            return
        self.timing = Timing(Precision.DAY, first, last)

    def _judge_months(self, data: Mapping[str, Any]) -> None:
        if not self._have("first_month"):
            return
        first: date = data["first_month"]
        last: date = data.get("last_month") or first
        if last < first:
            self.add_error("last_month", _("The last month is before the first one. Mend one of them."))
            return
        self.timing = Timing.in_months(first, last)

    def _have(self, *names: str) -> bool:
        """Return whether all of these were given; tell of those that were not."""
        missing = [name for name in names if self.cleaned_data.get(name) is None]
        for name in missing:
            self.add_error(name, self.fields[name].error_messages["required"])
        return not missing


def _clocks(timing: Timing) -> tuple[Any, ...]:
    """Return the day and the clock times of a time known to the minute, as the fields give them."""
    if timing.starts_at is None or timing.ends_at is None:
        return (timing.earliest, None, None)
    starts, ends = timezone.localtime(timing.starts_at), timezone.localtime(timing.ends_at)
    return (starts.date(), starts.time(), ends.time())


def initial_time(timing: Timing, slot_id: int | None) -> dict[str, Any]:
    """Return what the fields of a time show at first."""
    shown: dict[str, Any] = {"known": str(timing.precision), "slot": slot_id}
    if timing.precision == Precision.MONTH:
        return shown | {"first_month": timing.earliest, "last_month": _unless_same(timing, months=True)}
    day, starts, ends = _clocks(timing)
    return shown | {"day": day, "starts": starts, "ends": ends, "last_day": _unless_same(timing, months=False)}


def _unless_same(timing: Timing, *, months: bool) -> date | None:
    """Return the last day or month, where it is another than the first."""
    first, last = timing.earliest, timing.latest
    same = (first.year, first.month) == (last.year, last.month) if months else first == last
    if same:
        return None
    return last.replace(day=1) if months else last


class NegotiationForm(WhenFields, EditForm):
    """The details of a negotiation. Once the parties have been invited, its time changes only by postponing."""

    groups = (
        (gettext_lazy("When"), WHEN_FIELDS),
        (gettext_lazy("Where"), ("mode", "place", "link")),
        (gettext_lazy("For the minutes"), ("language", "case_number", "convener", "chair", "secretary")),
    )
    bases = forms.MultipleChoiceField(
        label=gettext_lazy("Legal bases"),
        help_text=gettext_lazy("Each has an agenda of its own, and counts for its own duty."),
        choices=LegalBasis.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Choose at least one legal basis: the agenda and the minutes stand under it.")
        },
    )

    link = forms.URLField(
        label=gettext_lazy("Remote connection"),
        help_text=gettext_lazy("An address that begins with https://"),
        required=False,
        max_length=200,
        assume_scheme="https",
        error_messages={"invalid": gettext_lazy("Give the whole address, for example https://example.fi/.")},
    )

    class Meta:
        model = Negotiation
        fields = (
            "title",
            "round",
            "group",
            "topic_kind",
            "topic",
            "purpose",
            "mode",
            "place",
            "link",
            "language",
            "case_number",
            "convener",
            "chair",
            "secretary",
        )
        field_classes: ClassVar = {"round": SafeModelChoiceField, "group": GroupField}
        labels: ClassVar = {
            "title": gettext_lazy("Name of the negotiation"),
            "purpose": gettext_lazy("What the negotiation is for"),
            "group": gettext_lazy("Municipality group"),
            "topic_kind": gettext_lazy("What the negotiation is about instead of a group"),
            "topic": gettext_lazy("Theme or service"),
            "case_number": gettext_lazy("Case number"),
            "language": gettext_lazy("Language of the agenda and the minutes"),
        }
        help_texts: ClassVar = {
            "round": gettext_lazy("A negotiation can also be held outside any round."),
            "topic": gettext_lazy("For example: children and young people, family centre services."),
            "convener": gettext_lazy("Role or unit, for example the department that invites"),
        }
        widgets: ClassVar = {
            "purpose": forms.Textarea(attrs={"rows": 3}),
            "mode": forms.RadioSelect,
            "topic_kind": forms.RadioSelect,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        row: Negotiation | None = kwargs.get("instance")
        initial = dict(kwargs.pop("initial", None) or {})
        if row is not None and row.pk:
            self.former, self.former_slot_id = Timing.of(row), row.slot_id
            initial |= initial_time(self.former, row.slot_id)
            initial["bases"] = [part.legal_basis for part in row.parts.all()]
        self.round_id: int | None = initial.get("round") if row is None or not row.pk else row.round_id
        self.year: int | None = None
        if self.round_id:
            self.year = Round.objects.filter(pk=self.round_id).values_list("year", flat=True).first()
        super().__init__(*args, initial=initial, **kwargs)
        for name in ("mode", "topic_kind", "topic"):
            self.fields[name].asked_by_choice = True  # type: ignore[attr-defined]
        self.fields["topic_kind"].choices = [  # type: ignore[attr-defined]
            (Negotiation.Topic.NONE.value, _("No topic")),
            (Negotiation.Topic.THEME.value, _("Theme")),
            (Negotiation.Topic.SERVICE.value, _("Service")),
        ]
        self.fields["round"].empty_label = _("In no round")  # type: ignore[attr-defined]
        self.fields["group"].empty_label = _("No group")  # type: ignore[attr-defined]
        county = self.access.county
        self.fields["language"] = forms.ChoiceField(
            label=self.fields["language"].label,
            choices=[
                (code, name)
                for code, name in settings.LANGUAGES
                if code in {*county.languages, self.initial.get("language")}
            ],
        )
        if row is None or not row.pk:
            self.initial.setdefault("known", Precision.MINUTE.value)
            self.initial["language"] = self.initial.get("language") or next(iter(county.languages), "fi")
        elif row.state != Negotiation.State.PLANNED:
            for name in WHEN_FIELDS:
                del self.fields[name]
            if row.state == Negotiation.State.HELD:
                del self.fields["bases"]
        slot: Any = self.fields.get("slot")
        if slot is not None and not slot.queryset:
            del self.fields["slot"]

    def choices_of(self, name: str, field: forms.ModelChoiceField) -> QuerySet[Any]:
        """Free slots and this one's own; groups of the round's year and this one's own; rounds, the latest first."""
        if name == "slot":
            if self.round_id is None:
                return Slot.objects.none()
            free = Q(negotiation=None) | Q(pk=self.former_slot_id)
            return Slot.objects.filter(free, round_id=self.round_id).order_by("starts_at")
        if name == "group":
            rows = MunicipalityGroup.objects.order_by("-year", "position", "name")
            own: int | None = self.instance.group_id
            return rows.filter(Q(year=self.year) | Q(pk=own)) if self.year else rows
        if name == "round":
            return Round.objects.order_by("-year", "name")
        return super().choices_of(name, field)

    def clean(self) -> dict[str, Any]:
        """Judge the time, and whether round, group and slot belong together."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        round_, group = data.get("round"), data.get("group")
        if round_ is not None and group is not None and group.year != round_.year:
            self.add_error(
                "group",
                _("The group is of %(year)s, but the round of %(other)s. Choose a group of the round's year.")
                % {"year": str(group.year), "other": str(round_.year)},
            )
        self._judge_topic(data)
        slot = data.get("slot")
        if slot is not None and (round_ is None or round_.pk != slot.round_id):
            self.add_error("slot", _("The time chosen is of another round. Choose a time of this round."))
        if "known" in self.fields:
            self.judge_time()
        return data

    def _judge_topic(self, data: Mapping[str, Any]) -> None:
        """Tell where a topic is there by half, or beside a group."""
        if {"topic_kind", "topic", "group"} & set(self.errors):
            return
        kind, topic = data.get("topic_kind"), data.get("topic")
        if kind and not topic:
            self.add_error("topic", _("Write the theme or the service, or choose “No topic”."))
        elif topic and not kind:
            self.add_error("topic_kind", _("Choose whether the topic is a theme or a service, or empty the topic."))
        elif topic and data.get("group") is not None:
            self.add_error(
                "group", _("A negotiation has either a group or a topic. Choose “No group”, or take away the topic.")
            )

    @property
    def legal_bases(self) -> list[LegalBasis] | None:
        """The legal bases chosen; nothing where they were not asked."""
        return [LegalBasis(value) for value in self.cleaned_data["bases"]] if "bases" in self.fields else None

    @property
    def changed_codes(self) -> list[str]:
        """What was changed, for the log: the fields, and all of the time as one."""
        names = [name for name in self.changed_names if name not in WHEN_FIELDS]
        if self.timing is not None and (self.timing, self.slot_pk) != (self.former, self.former_slot_id):
            names.append("time")
        return names

    @property
    def slot_pk(self) -> int | None:
        """The slot that the negotiation will have."""
        return self.slot_chosen.pk if self.slot_chosen else None
