"""What is asked of the attendance of a whole round: head counts, core groups, and figures that the source states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities.access import Access
from municipalities.forms import EditForm, SafeModelMultipleChoiceField
from municipalities.models import Sector
from negotiations.models import Attendance, CoreGroup, Negotiation, Round, StatedFigure
from negotiations.planning.timing import Timing
from negotiations.sitting.attendance import SECTOR_NAMES
from negotiations.sitting.forms.attendance import CellsForm, count_field


class GridForm(CellsForm):
    """The head counts of several negotiations of a round: a row each, a column for each sector."""

    def __init__(
        self,
        *args: Any,
        access: Access,
        negotiations: Sequence[Negotiation],
        instance: Round | None = None,
        now: Mapping[tuple[int, str], int] | None = None,
        **kwargs: Any,
    ) -> None:
        """Make the fields. `now` are the head counts by negotiation and sector, where they are at hand already."""
        if now is None:
            rows = Attendance.objects.filter(negotiation__in=negotiations, is_head_count=True)
            now = {(key, sector): count for key, sector, count in rows.values_list("negotiation_id", "sector", "count")}
        cells = {
            f"n{row.pk}_{key}": (count_field(f"{row.title}, {name}"), now.get((row.pk, key)))
            for row in negotiations
            for key, name in SECTOR_NAMES.items()
        }
        super().__init__(*args, access=access, cells=cells, **kwargs)

    @property
    def counts(self) -> dict[int, dict[str, int | None]]:
        """The changed counts by negotiation and sector."""
        found: dict[int, dict[str, int | None]] = {}
        for name, value in self.changes.items():
            key, _sep, sector = name.removeprefix("n").partition("_")
            found.setdefault(int(key), {})[sector] = value
        return found


# --- What is known of a round besides ---------------------------------------------------------------------------


class NegotiationsField(SafeModelMultipleChoiceField):
    """Negotiations of a round, by their titles and times: several may have the same title."""

    def label_from_instance(self, row: Negotiation) -> str:
        """Write the title and the time."""
        return f"{row.title}, {Timing.of(row).words}"


class CoreGroupForm(EditForm):
    """A group of the same people who attended several negotiations and is counted in each."""

    constraint_messages: ClassVar = {
        "core_group_once": (
            "name",
            gettext_lazy("The round has a core group of that name already. Give another name."),
        ),
        "core_group_size": ("size", gettext_lazy("Give at least one person as the size.")),
    }
    negotiations = NegotiationsField(
        label=gettext_lazy("Negotiations it attended"),
        queryset=Negotiation.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one negotiation.")},
    )

    class Meta:
        model = CoreGroup
        fields = ("name", "sector", "size", "approximate", "negotiations")
        labels: ClassVar = {
            "size": gettext_lazy("How many people"),
            "name": gettext_lazy("Name"),
            "sector": gettext_lazy("Sector"),
        }
        help_texts: ClassVar = {
            "name": gettext_lazy("For example the county's core group."),
            "size": gettext_lazy("The people must be among the head counts of the negotiations chosen."),
        }

    def __init__(self, *args: Any, round_: Round, **kwargs: Any) -> None:
        self.round = round_
        super().__init__(*args, **kwargs)
        self.instance.round = round_
        size = cast(forms.IntegerField, self.fields["size"])
        size.widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
        size.error_messages["invalid"] = _("Give the size in digits, for example 10.")

    def choices_of(self, name: str, field: forms.ModelChoiceField) -> QuerySet[Any]:
        """Choose among the negotiations of the round."""
        rows = super().choices_of(name, field)
        return rows.filter(round=self.round) if name == "negotiations" else rows

    def _get_validation_exclusions(self) -> set[str]:
        return super()._get_validation_exclusions() - {"round"}


class StatedFigureForm(EditForm):
    """A total of attendances that the source states."""

    sectors = forms.MultipleChoiceField(
        label=gettext_lazy("Attendances of the sectors"),
        choices=Sector.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Choose all that the figure counts together."),
        error_messages={"required": gettext_lazy("Choose at least one sector.")},
    )

    class Meta:
        model = StatedFigure
        fields = ("sectors", "value", "source")
        labels: ClassVar = {"value": gettext_lazy("Number that the source states"), "source": gettext_lazy("Source")}
        help_texts: ClassVar = {"source": gettext_lazy("For example the summary of the round, page 4.")}

    def __init__(self, *args: Any, round_: Round, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.round = round_
        value = cast(forms.IntegerField, self.fields["value"])
        value.widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
        value.error_messages["invalid"] = _("Give the number in digits, for example 136.")

    def clean_sectors(self) -> list[str]:
        """Put the sectors in one order, so that a figure of the same ones is told."""
        chosen = [sector for sector in Sector.values if sector in self.cleaned_data["sectors"]]
        same = StatedFigure.objects.filter(round=self.instance.round, sectors=chosen).exclude(pk=self.instance.pk)
        if same.exists():
            raise forms.ValidationError(_("There is a stated figure of the same sectors already. Change that one."))
        return chosen
