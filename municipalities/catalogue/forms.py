"""The forms of a county's own indicators and sets."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.validators import MaxLengthValidator
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indicators.models import Indicator, IndicatorSet
from municipalities.catalogue.keeping import has_figures
from municipalities.forms import CountyForm, EditForm

LANGUAGES = ("fi", "sv", "en")
TEXTS = ("description", "interpretation", "limits")
LONGEST_TEXT = 4000
MOST_DECIMALS = 3
# What a figure means rests on them: where there are figures, they stay.
MEANING = ("unit", "decimals")


def _texts(*languages: str) -> list[str]:
    return [f"{kind}_{language}" for kind in TEXTS for language in languages]


class IndicatorForm(EditForm):
    """An indicator of the county's own."""

    groups = (
        (gettext_lazy("How its figures are read"), ("unit", "decimals", "polarity")),
        (gettext_lazy("Where its figures come from"), ("survey", "producer")),
        (gettext_lazy("What is told of it"), tuple(_texts(*LANGUAGES))),
    )
    decimals = forms.IntegerField(
        label=gettext_lazy("Decimals shown"),
        min_value=0,
        max_value=MOST_DECIMALS,
        initial=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), gettext_lazy("Give a number from 0 to 3.")
        ),
    )

    class Meta:
        model = Indicator
        fields = (
            "name_fi",
            "name_sv",
            "name_en",
            "theme",
            "unit",
            "decimals",
            "polarity",
            "survey",
            "producer",
            *_texts(*LANGUAGES),
        )
        labels: ClassVar[dict[str, Any]] = {
            "polarity": gettext_lazy("Which way is better"),
            "survey": gettext_lazy("Kind of the data"),
            "producer": gettext_lazy("Who produces the figures"),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "name_fi": gettext_lazy("Say what is counted, and of whom: for example “Walkers to school, % of pupils”."),
            "theme": gettext_lazy("In Finnish. Choose one of those in use, or write your own."),
            "producer": gettext_lazy("For example the county itself, or who made the survey."),
        }
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "theme": forms.TextInput(attrs={"list": "teemat", "autocomplete": "off"}),
            "polarity": forms.RadioSelect(),
            "survey": forms.RadioSelect(),
            **{name: forms.Textarea(attrs={"rows": 3}) for name in _texts(*LANGUAGES)},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["survey"].asked_by_choice = True  # type: ignore[attr-defined]
        written = {"fi", *self.access.county.written_languages}
        for language in LANGUAGES:
            for name in _texts(language):
                field: Any = self.fields[name]
                field.max_length = LONGEST_TEXT
                field.validators.append(MaxLengthValidator(LONGEST_TEXT))
                # A language that the county does not write in is asked only of a text that is there.
                if language not in written and not getattr(self.instance, name):
                    del self.fields[name]
        if self.instance.pk:
            self.carry_along()

    def clean_name_fi(self) -> str:
        """Refuse a name that another indicator of the county's own has."""
        name = " ".join(self.cleaned_data["name_fi"].split())
        others = Indicator.objects.filter(owner=self.access.county.area_id).exclude(pk=self.instance.pk)
        if others.filter(name_fi__iexact=name).exists():
            raise forms.ValidationError(_("The county has an indicator of that name already."))
        return name

    def clean(self) -> dict[str, Any]:
        """Refuse to change what the figures that are there mean."""
        data: dict[str, Any] = super().clean() or {}
        changed = [name for name in MEANING if name in data and name in self.changed_data]
        if self.instance.pk and changed and has_figures(self.instance):
            for name in changed:
                self.add_error(
                    name,
                    _("It has figures already, and they would mean another thing. Make a new indicator instead."),
                )
        return data


class SetForm(EditForm):
    """A set of the county's own: its name, version and what it rests on."""

    constraint_messages: ClassVar[dict[str, tuple[str | None, Any]]] = {
        "indicator_set_version": (
            "version",
            gettext_lazy("There is a set of that name and version already. Give another version."),
        )
    }

    class Meta:
        model = IndicatorSet
        fields = ("name", "version", "basis")
        help_texts: ClassVar[dict[str, Any]] = {
            "version": gettext_lazy("For example the year for which it is made."),
            "basis": gettext_lazy("The document or decision that the list comes from."),
        }
        widgets: ClassVar[dict[str, forms.Widget]] = {"basis": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            self.instance.owner = self.access.county.area

    def _get_validation_exclusions(self) -> set[str]:
        # The owner is no field of the form, but uniqueness among what it owns is looked at.
        return super()._get_validation_exclusions() - {"owner"}


class AddForm(CountyForm):
    """Indicators to be added to a set, ticked under their themes."""

    def __init__(self, *args: Any, choices: QuerySet[Indicator], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = {str(row.pk): row for row in choices.order_by("theme", "name_fi")}
        by_theme: dict[str, list[tuple[str, str]]] = {}
        for key, row in self.rows.items():
            by_theme.setdefault(row.theme, []).append((key, row.name))
        for number, (theme, ticks) in enumerate(by_theme.items()):
            self.fields[f"theme_{number}"] = field = forms.MultipleChoiceField(
                label=theme, choices=ticks, required=False, widget=forms.CheckboxSelectMultiple
            )
            field.asked_by_choice = True  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Ask for one at least."""
        data: dict[str, Any] = super().clean() or {}
        if not self.errors and not self.chosen:
            self.add_error(None, _("Tick one indicator at least."))
        return data

    @property
    def chosen(self) -> list[Indicator]:
        """The indicators that were ticked, in the order in which they are shown."""
        return [self.rows[key] for name in self.fields for key in self.cleaned_data.get(name, ())]
