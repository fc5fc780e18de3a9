"""What a checker of minutes fills in: a remark on an item, with other words for its texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities.forms import Conflict
from negotiations.minutes.differences import plain
from negotiations.minutes.reviewing import Field, said
from negotiations.sitting.live_writing import LONGEST

TOO_LONG = gettext_lazy("Shorten this: at most %(limit_value)s characters, now %(show_value)s.")
LABELS = {
    Field.BACKGROUND: gettext_lazy("Background"),
    Field.DISCUSSION: gettext_lazy("Discussion"),
    Field.AGREED: gettext_lazy("What was agreed"),
    Field.DISSENT: gettext_lazy("Dissent"),
    Field.OPENING: gettext_lazy("Opening"),
    Field.CLOSING: gettext_lazy("Closing"),
}
MOST, FEWEST = 14, 2
A_LINE = 90  # characters


class RemarkForm(forms.Form):
    """A comment, and each text as it stands: what is written otherwise is proposed instead of it."""

    comment = forms.CharField(
        label=gettext_lazy("What should be noticed?"),
        help_text=gettext_lazy("Tell what is wrong or missing. The secretary reads this."),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": TOO_LONG},
    )
    version = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, seen: Mapping[Field, str], number: int, **kwargs: Any) -> None:
        """`seen` are the texts as they stood in the version `number`, of which the form is made."""
        super().__init__(*args, **kwargs)
        self.seen = seen
        # What parts/field.html shows beside a field: how its text reads now.
        self.conflicts: dict[str, Conflict] = {}
        self.initial["version"] = str(number)
        for name, text in seen.items():
            lines = sum(1 + len(line) // A_LINE for line in text.split("\n"))
            self.fields[name.value] = forms.CharField(
                label=LABELS[name],
                max_length=LONGEST,
                required=False,
                strip=False,
                initial=text,
                widget=forms.Textarea(attrs={"rows": max(FEWEST, min(MOST, lines + 1))}),
                error_messages={"max_length": TOO_LONG},
            )

    @property
    def texts(self) -> list[forms.BoundField]:
        """The fields of the texts."""
        return [self[name.value] for name in self.seen]

    @property
    def sent(self) -> dict[Field, str]:
        """The texts as they were sent; one that was not is as it was seen."""
        return {
            name: plain(self.cleaned_data.get(name.value, "")) if name.value in self.data else text
            for name, text in self.seen.items()
        }

    def clean(self) -> dict[str, Any]:
        """Refuse a form in which nothing is said."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            told = said(self.seen, self.sent, cleaned.get("comment", ""))
            if not told.comment and not told.proposed:
                if self.seen:
                    raise ValidationError(_("You have not said anything yet. Write a comment, or change a text."))
                self.add_error("comment", _("Write what should be noticed."))
        return cleaned
