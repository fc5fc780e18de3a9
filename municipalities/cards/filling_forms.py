"""The forms of a single card: returning it, and choosing who approves it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities.forms import CountyForm, EditForm
from municipalities.models import Card, CardApproval


class ReturnForm(CountyForm):
    """Returns a card: what is to be mended."""

    note = forms.CharField(
        label=gettext_lazy("What is to be mended"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("The municipality sees this at the top of the card."),
    )


class ApprovalForm(EditForm):
    """Chooses who approves a card."""

    class Meta:
        model = Card
        fields = ("approval", "approver_name", "approver_email")
        widgets = {"approval": forms.RadioSelect}  # noqa: RUF012 - as Django has it
        help_texts = {  # noqa: RUF012
            "approver_name": gettext_lazy("As it is to stand on the card, for example “Municipal manager”."),
            "approver_email": gettext_lazy("The link is sent here when the card is sent. No account is needed."),
        }

    def clean(self) -> dict[str, Any]:
        """Require the address of another who approves."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("approval") == CardApproval.LINK and not data.get("approver_email") and not self.errors:
            self.add_error("approver_email", _("Write the e-mail address to which the link is sent."))
        return data
