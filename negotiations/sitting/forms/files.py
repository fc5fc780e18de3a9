"""A field for a file to attach: it is looked at as soon as it is sent."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from negotiations.sitting.files import ACCEPT, require_attachable


class AttachedFileField(forms.FileField):
    """A file of one of the kinds that can be attached, at most 10 MB, judged by its content."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", gettext_lazy("File"))
        kwargs.setdefault(
            "help_text",
            gettext_lazy("PDF, Word, Excel, PowerPoint, OpenDocument, a picture, text or CSV. At most 10 MB."),
        )
        # Django's own input offers to clear what is there, which is asked in words of ours.
        super().__init__(widget=forms.FileInput(attrs={"accept": ACCEPT}), **kwargs)
        self.error_messages["empty"] = gettext_lazy("The file is empty. Choose another file.")
        # However long the name: it is shortened when the file is kept.
        self.max_length = None

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Refuse, saying what to do, what cannot be attached."""
        upload = super().clean(data, initial)
        if upload:
            require_attachable(upload)
        return upload
