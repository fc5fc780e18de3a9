"""What is asked of the agenda: items in a list, and one item."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy

from municipalities.forms import CountyForm, EditForm, ListField
from negotiations.models import AgendaItem
from negotiations.sitting.agenda import MOST_ITEMS


class ItemsForm(CountyForm):
    """Items to add, one a line: typed, or pasted from elsewhere."""

    titles = ListField(
        label=gettext_lazy("Items to add, one a line"),
        help_text=gettext_lazy("You can paste a list from elsewhere. The numbers come by themselves."),
        max_items=MOST_ITEMS,
        max_item_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Write at least one item.")},
    )

    def clean_titles(self) -> list[str]:
        """Leave out the numbers that a pasted agenda has of its own: "1 §", "2." and the like."""
        return [_without_number(title) for title in self.cleaned_data["titles"]]


def _without_number(title: str) -> str:
    number, _space, rest = title.partition(" ")
    if number.rstrip(".)§").isdigit() and len(number) <= 4 and (number[-1] in ".)§" or rest.startswith("§")):
        return rest.lstrip("§ .").strip() or title
    return title


class ItemForm(EditForm):
    """The matter of an item and its background. What was discussed and agreed belongs to the minutes."""

    class Meta:
        model = AgendaItem
        fields = ("title", "background")
        widgets: ClassVar = {
            "title": forms.TextInput(),
            "background": forms.Textarea(attrs={"rows": 6}),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "background": gettext_lazy("What the participants need to know beforehand."),
        }
