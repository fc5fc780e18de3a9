"""What is asked of an attachment of minutes: its title, file and item, and the ground for which it is not public."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities.forms import EditForm, SafeModelChoiceField
from municipalities.models import County
from negotiations.models import AgendaItem, Minutes, MinutesAttachment
from negotiations.sitting.forms.agenda import GROUND_HELP
from negotiations.sitting.forms.files import AttachedFileField


class ItemField(SafeModelChoiceField):
    """An item of the minutes by its number, and its part where there are several."""

    numbering = County.Numbering.SECTION
    tells_part = False

    def label_from_instance(self, obj: AgendaItem) -> str:
        """Return the number and the title."""
        part = f"{obj.part.basis.sections}: " if self.tells_part else ""
        return f"{part}{self.numbering.of(obj.position)} {obj.title}"


class AttachmentForm(EditForm):
    """An attachment of minutes; the item can be any that the minutes tell."""

    upload = AttachedFileField(required=False)
    without_file = forms.BooleanField(label=gettext_lazy("Leave the file out"), required=False)
    field_order = ("title", "upload", "without_file", "item", "secrecy_ground")

    class Meta:
        model = MinutesAttachment
        fields = ("title", "item", "secrecy_ground")
        field_classes: ClassVar[dict[str, Any]] = {"item": ItemField}
        labels: ClassVar[dict[str, Any]] = {
            "title": gettext_lazy("Title"),
            "item": gettext_lazy("Agenda item"),
            "secrecy_ground": gettext_lazy("Not public: the ground in law"),
        }
        help_texts: ClassVar[dict[str, Any]] = {"secrecy_ground": GROUND_HELP}

    def __init__(self, *args: Any, minutes: Minutes, **kwargs: Any) -> None:
        self.minutes = minutes
        super().__init__(*args, **kwargs)
        attachment: MinutesAttachment = self.instance
        item = self.fields["item"]
        if isinstance(item, ItemField):
            item.empty_label = _("the whole minutes")
            item.numbering = County.Numbering(minutes.county.item_numbering)
            item.tells_part = minutes.part_id is None and minutes.negotiation.parts.count() > 1
        if attachment.file_id is None:
            del self.fields["without_file"]
        else:
            self.fields["upload"].label = _("Another file in its place")
            self.fields["without_file"].help_text = _("Now attached: %(name)s") % {"name": attachment.file}

    def choices_of(self, name: str, field: forms.ModelChoiceField) -> Any:
        """Return the items that the minutes tell."""
        if name == "item":
            return items_told(self.minutes)
        return super().choices_of(name, field)

    def clean(self) -> dict[str, Any]:
        """A browser does not keep a file that was chosen: it is asked for again where something else is wrong."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("upload") and cleaned.get("without_file"):
            self.add_error("without_file", _("Either choose another file or leave the file out, not both."))
        if self.errors and cleaned.get("upload"):
            self.add_error("upload", _("Choose the file again: the browser does not keep it."))
        return cleaned


def items_told(minutes: Minutes) -> QuerySet[AgendaItem]:
    """Return the items that the minutes tell, in their order."""
    items: QuerySet[AgendaItem] = AgendaItem.objects.filter(part__negotiation=minutes.negotiation_id)
    if minutes.part_id:
        items = items.filter(part=minutes.part_id)
    return items.select_related("part").order_by("part__position", "position")
