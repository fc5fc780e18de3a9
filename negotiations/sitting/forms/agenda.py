"""What is asked of the agenda: items in a list, one item, and what is attached to it."""

from __future__ import annotations

from itertools import groupby
from typing import Any, ClassVar

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indicators.models import Indicator
from municipalities.catalogue.keeping import indicators_for
from municipalities.forms import CountyForm, EditForm, ListField, SafeModelMultipleChoiceField
from negotiations.models import AgendaAttachment, AgendaItem, Measure, MeasureStatus
from negotiations.sitting.agenda import MOST_ITEMS
from negotiations.sitting.brought import measures_open_for, partners_of, with_latest_state
from negotiations.sitting.forms.files import AttachedFileField

LEAST_MINUTES, MOST_MINUTES = 1, 600
GROUND_HELP = gettext_lazy("Leave empty where it is public. For example: JulkL 24 § 1 mom 23 k.")


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


class MinutesField(forms.IntegerField):
    """A planned time in minutes; none where it is left empty."""

    def __init__(self, **kwargs: Any) -> None:
        wrong = gettext_lazy("Give the time in whole minutes, from 1 to 600.")
        super().__init__(
            label=gettext_lazy("Planned time, minutes"),
            required=False,
            min_value=LEAST_MINUTES,
            max_value=MOST_MINUTES,
            widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "size": 4}),
            error_messages={"invalid": wrong, "min_value": wrong, "max_value": wrong},
            **kwargs,
        )


class IndicatorsField(forms.ModelMultipleChoiceField):
    """Indicators to tick, by their names."""

    def label_from_instance(self, obj: Any) -> str:
        """Name the indicator."""
        return str(obj.name)


class MeasuresField(SafeModelMultipleChoiceField):
    """Measures agreed before, by their words, who answers for each, and what was last told of it."""

    def label_from_instance(self, obj: Any) -> str:
        """Tell the measure."""
        told = MeasureStatus.State(obj.latest_state).label if obj.latest_state else ""
        return " · ".join(str(part) for part in (obj.text, obj.responsible, told) if part)


class ItemForm(EditForm):
    """An item as it is prepared. What was discussed and agreed belongs to the minutes."""

    planned_minutes = MinutesField()
    indicators = IndicatorsField(
        Indicator.objects.none(),
        label=gettext_lazy("Indicators"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    measures_followed = MeasuresField(
        Measure.objects.none(),
        label=gettext_lazy("Measures agreed earlier that are gone through"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = AgendaItem
        fields = (
            "title",
            "background",
            "presenter",
            "planned_minutes",
            "secrecy_ground",
            "indicators",
            "measures_followed",
        )
        widgets: ClassVar = {
            "title": forms.TextInput(),
            "background": forms.Textarea(attrs={"rows": 6}),
        }
        labels: ClassVar[dict[str, Any]] = {"secrecy_ground": gettext_lazy("Not public: the ground in law")}
        help_texts: ClassVar[dict[str, Any]] = {
            "background": gettext_lazy("What the participants need to know beforehand."),
            "presenter": gettext_lazy("Who presents the matter: the name, or the role."),
            "secrecy_ground": GROUND_HELP,
        }

    def choices_of(self, name: str, field: forms.ModelChoiceField) -> QuerySet[Any]:
        """The indicators of the county; the measures that are open here, and those that are linked already."""
        item: AgendaItem = self.instance
        if name == "indicators":
            linked = item.indicators.values("pk")
            usable = indicators_for(self.access.county).values("pk")
            return Indicator.objects.filter(Q(pk__in=usable) | Q(pk__in=linked)).order_by("theme", "name_fi", "pk")
        if name == "measures_followed":
            negotiation = item.part.negotiation
            open_ = measures_open_for(negotiation, partners_of(negotiation)).order_by().values_list("pk", flat=True)
            followed = item.measures_followed.values("pk")
            rows = Measure.objects.filter(Q(pk__in=list(open_)) | Q(pk__in=followed))
            return with_latest_state(rows).order_by("-negotiation__latest", "negotiation", "position", "pk")
        return super().choices_of(name, field)

    @property
    def indicators_by_theme(self) -> list[tuple[str, list[forms.boundfield.BoundWidget], bool]]:
        """The ticks of the indicators under their themes, and whether any of a theme is ticked."""
        found = []
        for theme, ticks in groupby(self["indicators"], key=_theme_of):
            rows = list(ticks)
            found.append((theme, rows, any(tick.data["selected"] for tick in rows)))
        return found


def _theme_of(tick: forms.boundfield.BoundWidget) -> str:
    return str(tick.data["value"].instance.theme)


class AttachmentForm(EditForm):
    """What is attached to an item: a title, the file where there is one, the ground where it is not public."""

    upload = AttachedFileField(required=False)
    without_file = forms.BooleanField(label=gettext_lazy("Leave the file out"), required=False)
    field_order = ("title", "upload", "without_file", "secrecy_ground")

    class Meta:
        model = AgendaAttachment
        fields = ("title", "secrecy_ground")
        labels: ClassVar[dict[str, Any]] = {"secrecy_ground": gettext_lazy("Not public: the ground in law")}
        help_texts: ClassVar[dict[str, Any]] = {"secrecy_ground": GROUND_HELP}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        attachment: AgendaAttachment = self.instance
        if attachment.file_id is None:
            del self.fields["without_file"]
        else:
            self.fields["upload"].label = _("Another file in its place")
            self.fields["without_file"].help_text = _("Now attached: %(name)s") % {"name": attachment.file}

    def clean(self) -> dict[str, Any]:
        """A browser does not keep a file that was chosen: it is asked for again where something else is wrong."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("upload") and cleaned.get("without_file"):
            self.add_error("without_file", _("Either choose another file or leave the file out, not both."))
        if self.errors and cleaned.get("upload"):
            self.add_error("upload", _("Choose the file again: the browser does not keep it."))
        return cleaned
