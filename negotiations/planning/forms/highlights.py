"""The form of a highlight."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities.forms import EditForm, SafeModelChoiceField
from negotiations.models import Highlight, Negotiation


class HighlightForm(EditForm):
    """A highlight: what it says, and the priority it is of."""

    class Meta:
        model = Highlight
        fields = ("text", "priority")
        field_classes: ClassVar = {"priority": SafeModelChoiceField}
        widgets: ClassVar = {"text": forms.Textarea(attrs={"rows": 6})}
        help_texts: ClassVar = {"text": gettext_lazy("In a sentence or two: what is so, and on which figures.")}

    def __init__(self, *args: Any, negotiation: Negotiation, **kwargs: Any) -> None:
        self.negotiation = negotiation
        super().__init__(*args, **kwargs)
        self.fields["priority"].empty_label = _("No priority")  # type: ignore[attr-defined]

    def choices_of(self, name: str, field: forms.ModelChoiceField) -> QuerySet[Any]:
        """Choose among the priorities on the day of the negotiation, and the one that it has."""
        day = self.negotiation.earliest
        then = Q(starts_on__lte=day, ends_on__gte=day) | Q(pk=self.instance.priority_id)
        return super().choices_of(name, field).filter(then).order_by("position", "pk")
