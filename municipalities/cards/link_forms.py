"""The forms of approval by a link: the approver's answers, and where the link is sent again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from municipalities.forms import EditForm
from municipalities.models import Card


class ApproveForm(forms.Form):
    """Approves a card: how the approver is told on it."""

    approver = forms.CharField(
        label=gettext_lazy("Your role, or your name and role"),
        max_length=150,
        required=False,
        help_text=gettext_lazy("As it is to stand on the card, for example “Municipal manager”."),
        error_messages={"max_length": gettext_lazy("Shorten this: at most %(limit_value)s characters.")},
    )


class MendForm(forms.Form):
    """Returns a card: what is to be mended in it."""

    note = forms.CharField(
        label=gettext_lazy("What is to be mended"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("The municipality sees this at the top of the card."),
        error_messages={
            "required": gettext_lazy("Write what is to be mended."),
            "max_length": gettext_lazy("Shorten this: at most %(limit_value)s characters."),
        },
    )


class AgainForm(EditForm):
    """Where the link is sent: to the approver named on the card, or to another."""

    class Meta:
        model = Card
        fields = ("approver_name", "approver_email")
        help_texts = {  # noqa: RUF012 - as Django has it
            "approver_name": gettext_lazy("As it is to stand on the card, for example “Municipal manager”."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        email = self.fields["approver_email"]
        email.required = True
        email.error_messages["required"] = gettext_lazy("Write the e-mail address to which the link is sent.")
