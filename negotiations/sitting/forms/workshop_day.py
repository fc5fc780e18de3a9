"""What is asked to open a workshop: its groups; and what of its board."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities.forms import CountyForm, EditForm, ListField, SharedForm
from negotiations.models import NoteHeading, Workshop, WorkshopGroup
from negotiations.sitting.workshop_day.opening import MOST_GROUPS, NAME_LENGTH, USUAL_GROUPS, numbered

MOST_WORDS = {"most": MOST_GROUPS}


class OpenForm(CountyForm):
    """The groups that begin: so many by their numbers, or those that have names."""

    count = forms.IntegerField(
        label=gettext_lazy("How many groups"),
        help_text=gettext_lazy("They are named by their numbers: Group 1, Group 2 and so on."),
        required=False,
        min_value=1,
        max_value=MOST_GROUPS,
        initial=USUAL_GROUPS,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "min": "1", "max": str(MOST_GROUPS)}),
    )
    names = ListField(
        label=gettext_lazy("Or the names of the groups"),
        help_text=gettext_lazy("One a line. If you give names, the number above is not needed."),
        required=False,
        max_items=MOST_GROUPS,
        max_item_length=NAME_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, language: str, **kwargs: Any) -> None:
        self.language = language
        super().__init__(*args, **kwargs)
        self.fields["count"].error_messages |= {
            "invalid": _("Give a number of groups, for example 6."),
            "min_value": _("Give at least one group."),
            "max_value": _("Give at most %(most)s groups.") % MOST_WORDS,
        }

    def clean(self) -> dict[str, Any]:
        """Ask for a number or for names."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not cleaned.get("count") and not cleaned.get("names"):
            self.add_error("count", _("Give at least one group."))
        return cleaned

    @property
    def group_names(self) -> list[str]:
        """The names of the groups."""
        names: list[str] = self.cleaned_data["names"]
        return names or numbered(self.cleaned_data["count"], self.language)


class GroupsForm(SharedForm):
    """The names of the groups of a workshop, and those that come later."""

    more = ListField(
        label=gettext_lazy("New groups"),
        help_text=gettext_lazy("One a line. They come after the others."),
        required=False,
        max_items=MOST_GROUPS,
        max_item_length=NAME_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, instance: Workshop, **kwargs: Any) -> None:
        groups = list(WorkshopGroup.objects.filter(workshop=instance).order_by("position"))
        super().__init__(*args, initial={f"group_{group.pk}": group.name for group in groups}, **kwargs)
        more = self.fields.pop("more")
        for number, group in enumerate(groups, 1):
            self.fields[f"group_{group.pk}"] = forms.CharField(
                label=_("Name of group %(number)s") % {"number": number}, required=False, max_length=NAME_LENGTH
            )
        if groups:
            first = self.fields[f"group_{groups[0].pk}"]
            first.help_text = _("Leave the name empty to leave the group out, if it has posted no notes.")
        self.fields["more"] = more
        self.carry_along()

    @property
    def names(self) -> dict[int, str]:
        """The names by the ids of the groups."""
        return {
            int(name.removeprefix("group_")): value
            for name, value in self.cleaned_data.items()
            if name.startswith("group_")
        }


class HeadingForm(EditForm):
    """A heading of the board."""

    class Meta:
        model = NoteHeading
        fields = ("title",)
