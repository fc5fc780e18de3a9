"""What is asked of workshops: themes with their columns, and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities.forms import CountyForm, EditForm, ListField, SafeModelChoiceField
from negotiations.models import Observation, Round, ThemeColumn, WorkshopTheme
from negotiations.sitting.workshop import MOST_COLUMNS

COLUMNS = [f"column_{number}" for number in range(1, MOST_COLUMNS + 1)]


class ThemeForm(EditForm):
    """A theme of the workshops: its name, its columns, its key message."""

    groups = (
        (gettext_lazy("Columns"), COLUMNS),
        (gettext_lazy("What came out of it"), ("key_message",)),
    )
    column_1 = forms.CharField(
        label=gettext_lazy("1st column"),
        max_length=120,
        help_text=gettext_lazy("For example: phenomena and goals."),
        error_messages={"required": gettext_lazy("Give the theme at least one column.")},
    )
    column_2 = forms.CharField(label=gettext_lazy("2nd column"), max_length=120, required=False)
    column_3 = forms.CharField(label=gettext_lazy("3rd column"), max_length=120, required=False)
    column_4 = forms.CharField(label=gettext_lazy("4th column"), max_length=120, required=False)

    class Meta:
        model = WorkshopTheme
        fields = ("name", "key_message")
        labels: ClassVar = {"name": gettext_lazy("Theme")}
        widgets: ClassVar = {"key_message": forms.Textarea(attrs={"rows": 4})}
        help_texts: ClassVar = {
            "key_message": gettext_lazy("What the summary says first of the theme. It can be written afterwards.")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        row = kwargs.get("instance")
        had = {column.position: column.title for column in row.columns.all()} if row else {}
        kwargs["initial"] = {f"column_{position}": title for position, title in had.items()}
        super().__init__(*args, **kwargs)

    @property
    def titles(self) -> list[str]:
        """The titles of the columns by their places, empty ones too."""
        return [self.cleaned_data[name] for name in COLUMNS]


class FindingsForm(CountyForm):
    """What was found under the columns of a theme, one thing a line; of a group of the workshop, where it is known."""

    group_name = forms.CharField(
        label=gettext_lazy("Group"),
        help_text=gettext_lazy("The group that found these, for example Group 3. Leave empty if they are of all."),
        required=False,
        max_length=120,
    )

    def __init__(self, *args: Any, columns: Sequence[ThemeColumn], has_groups: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        group = self.fields.pop("group_name")
        for column in columns:
            self.fields[f"column_{column.pk}"] = ListField(label=column.title, required=False)
        if columns:
            first = self.fields[f"column_{columns[0].pk}"]
            first.help_text = _("One thing a line. You can paste a list.")
        if has_groups:
            self.fields["group_name"] = group

    def clean(self) -> dict[str, Any]:
        """Ask for something under some column."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not any(value for name, value in cleaned.items() if name != "group_name"):
            self.add_error(next(iter(self.fields), None), _("Write at least one finding under some column."))
        return cleaned

    @property
    def found(self) -> dict[int, list[str]]:
        """What was found, by the ids of the columns."""
        return {
            int(name.removeprefix("column_")): texts
            for name, texts in self.cleaned_data.items()
            if name.startswith("column_")
        }

    @property
    def group(self) -> str:
        """The name of the group that found it; empty where it was not told."""
        return str(self.cleaned_data.get("group_name", ""))


class ColumnField(SafeModelChoiceField):
    """A column of a theme of the round, by the names of both."""

    def label_from_instance(self, row: ThemeColumn) -> str:
        """Write the theme too: columns of several themes have the same title."""
        return f"{row.theme.name}: {row.title}"


class FindingForm(EditForm):
    """One thing that was found."""

    class Meta:
        model = Observation
        fields = ("text", "column", "negotiation", "group_name", "priority")
        field_classes: ClassVar = {
            "column": ColumnField,
            "negotiation": SafeModelChoiceField,
            "priority": SafeModelChoiceField,
        }
        labels: ClassVar = {"text": gettext_lazy("Finding"), "negotiation": gettext_lazy("Found in")}
        widgets: ClassVar = {"text": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, round_: Round, **kwargs: Any) -> None:
        self.round = round_
        super().__init__(*args, **kwargs)
        self.fields["negotiation"].empty_label = _("The whole round")  # type: ignore[attr-defined]
        self.fields["column"].empty_label = None  # type: ignore[attr-defined]
        self.fields["priority"].empty_label = _("no priority")  # type: ignore[attr-defined]

    def choices_of(self, name: str, field: forms.ModelChoiceField) -> QuerySet[Any]:
        """Choose among the columns and the negotiations of the round."""
        rows = super().choices_of(name, field)
        if name == "column":
            return rows.filter(theme__round=self.round).select_related("theme").order_by("theme__position", "position")
        if name == "priority":
            # One that the finding has stays a choice though its period is over.
            in_force = Q(starts_on__lte=self.round.ends_on, ends_on__gte=self.round.starts_on)
            return rows.filter(in_force | Q(pk=self.instance.priority_id)).order_by("position", "name")
        return rows.filter(round=self.round)
