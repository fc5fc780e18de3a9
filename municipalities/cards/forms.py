"""The forms of a year of cards, and of one card: its return, and the choice of who approves it."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities.cards.years import set_is_fixed, why_fixed
from municipalities.catalogue.keeping import sets_for
from municipalities.forms import CountyForm, DayField, EditForm
from municipalities.models import Card, CardApproval, CardYear


class CardYearForm(EditForm):
    """A year of cards: the indicators on them, and by when they are to be sent."""

    due_on = DayField(
        label=gettext_lazy("To be sent by"),
        required=False,
        missing="",
        wrong=gettext_lazy("Write the day as 31.5.2026."),
        help_text=gettext_lazy("Told to the municipalities on the card and in reminders. Nothing closes on that day."),
    )

    class Meta:
        model = CardYear
        fields = ("indicator_set", "due_on")
        help_texts: ClassVar[dict[str, Any]] = {
            "indicator_set": gettext_lazy(
                "Ten to fifteen of them are shown at once on each card, the rest are folded. They are the same for all."
            ),
        }
        error_messages: ClassVar[dict[str, Any]] = {
            "indicator_set": {"required": gettext_lazy("Choose the indicators that are on the cards.")},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and set_is_fixed(self.instance):
            field = self.fields["indicator_set"]
            field.disabled, field.help_text = True, why_fixed()

    def choices_of(self, name: str, field: forms.ModelChoiceField) -> QuerySet[Any]:
        """Offer the county's own sets and the national ones."""
        if name == "indicator_set":
            return sets_for(self.access.county).order_by("owner", "name", "version")
        return super().choices_of(name, field)


class NewCardYearForm(CardYearForm):
    """Begins a year of cards."""

    constraint_messages: ClassVar[dict[str, tuple[str | None, Any]]] = {
        "card_year_once": ("year", gettext_lazy("The cards of that year have been opened already. Give another year.")),
    }
    year = forms.IntegerField(
        label=gettext_lazy("Year"),
        min_value=2000,
        max_value=2100,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), gettext_lazy("Give the year with four digits.")
        ),
    )

    class Meta(CardYearForm.Meta):
        fields = ("year", *CardYearForm.Meta.fields)  # type: ignore[assignment]


class LockForm(CountyForm):
    """Locks the cards of a year."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=300,
        help_text=gettext_lazy(
            "Shown to the municipalities. For example: the cards go to the negotiations as they are."
        ),
    )


class UnlockForm(CountyForm):
    """Opens the cards of a locked year again."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("Shown to the municipalities."),
        error_messages={"required": gettext_lazy("Write why the cards are opened again.")},
    )


# --- One card -----------------------------------------------------------------------------------------------------


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
