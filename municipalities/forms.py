"""Fields that the forms of every floor share."""

from __future__ import annotations

from typing import Any

from django import forms

# As browsers send it, and as people write it where the browser has no picker of dates.
DAY_FORMATS = ["%Y-%m-%d", "%d.%m.%Y"]


class DayField(forms.DateField):
    """A day. The messages name the field and the mend: each form gives its own."""

    def __init__(self, *, missing: Any, wrong: Any, **kwargs: Any) -> None:
        super().__init__(
            input_formats=DAY_FORMATS,
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            error_messages={"required": missing, "invalid": wrong},
            **kwargs,
        )
