"""The forms of a round: making it from a template, changing it, filling it with negotiations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indicators.models import IndicatorSet
from municipalities.forms import CountyForm, DayField, EditForm, ListField
from municipalities.models import CouncilTerm
from negotiations.models import LegalBasis, Round
from negotiations.planning.rounds import proposed_name, term_of

WRONG_DAY = gettext_lazy("Give the day as day.month.year, for example 26.9.2024.")
FIRST_YEAR, LAST_YEAR = 2020, 2100
# Longer than this, and somebody has typed a wrong year.
LONGEST = 800
# What a round of each form is, in a sentence.
TEMPLATES = {
    Round.Form.MUNICIPALITIES: gettext_lazy("The county negotiates with each municipality on its own."),
    Round.Form.GROUPS: gettext_lazy("Municipalities near each other negotiate together with the county."),
    Round.Form.REGION: gettext_lazy("All municipalities meet in one negotiation of the whole region."),
    Round.Form.THEMES: gettext_lazy("All municipalities meet by theme, each theme in a negotiation of its own."),
}


class RoundForm(EditForm):
    """A round: what is the same whether it is new or changed."""

    constraint_messages: ClassVar[Mapping[str, tuple[str | None, Any]]] = {
        "round_once": ("name", gettext_lazy("There is a round of that name in that year already. Give another name.")),
        "round_dates": ("ends_on", gettext_lazy("The last day is before the first one. Correct either.")),
    }
    year = forms.IntegerField(
        label=gettext_lazy("Year"),
        min_value=FIRST_YEAR,
        max_value=LAST_YEAR,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"),
            gettext_lazy("Give the year with four digits, for example 2026."),
        ),
    )
    legal_bases = forms.MultipleChoiceField(
        label=gettext_lazy("Legal bases"),
        choices=LegalBasis.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Each negotiation of the round gets a part for each."),
        error_messages={"required": gettext_lazy("Choose at least one legal basis.")},
    )
    starts_on = DayField(label=gettext_lazy("First day"), missing=gettext_lazy("Give the first day."), wrong=WRONG_DAY)
    ends_on = DayField(label=gettext_lazy("Last day"), missing=gettext_lazy("Give the last day."), wrong=WRONG_DAY)
    language = forms.ChoiceField(label=gettext_lazy("Language of the round"), widget=forms.RadioSelect)

    class Meta:
        model = Round
        fields: tuple[str, ...] = (
            "form",
            "year",
            "name",
            "legal_bases",
            "starts_on",
            "ends_on",
            "language",
            "indicator_set",
            "description",
        )
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "form": forms.RadioSelect(),
            "description": forms.Textarea(attrs={"rows": 4}),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "indicator_set": gettext_lazy("The figures that are shown beside the negotiations of the round."),
            "description": gettext_lazy("Background that the readers of the round's page should know."),
        }
        error_messages: ClassVar[dict[str, Any]] = {
            "form": {"required": gettext_lazy("Choose how the county negotiates in this round.")},
            "name": {"required": gettext_lazy("Give the round a name.")},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        languages = self.access.county.written_languages
        if self.instance.pk and self.instance.language not in languages:
            languages = [*languages, self.instance.language]
        if len(languages) == 1:
            # Nothing to choose: every text of the county is in its one language.
            del self.fields["language"]
            self.instance.language = self.instance.language if self.instance.pk else languages[0]
        else:
            names = dict(settings.LANGUAGES)
            self._choices("language", [(code, names.get(code, code)) for code in languages])
            if not self.instance.pk:
                self.initial["language"] = languages[0]
        if not self.fields["indicator_set"].queryset.exists():  # type: ignore[attr-defined]
            del self.fields["indicator_set"]

    def _choices(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = choices

    def choices_of(self, name: str, field: forms.ModelChoiceField) -> QuerySet[Any]:
        """Offer the county's indicator sets and the national ones, and the terms of the county council."""
        if name == "indicator_set":
            field.empty_label = _("no figures")
            own = Q(owner=self.access.county.area) | Q(owner=None)
            return IndicatorSet.objects.filter(own).order_by("owner", "name", "version")
        if name == "term":
            field.empty_label = _("the term that the first day is in")
            return CouncilTerm.objects.filter(body=CouncilTerm.Body.COUNTY)
        return super().choices_of(name, field)

    def clean_legal_bases(self) -> list[str]:
        """Put the legal bases in the order of the law."""
        chosen = self.cleaned_data["legal_bases"]
        return [basis.value for basis in LegalBasis if basis.value in chosen]

    def clean(self) -> dict[str, Any]:
        """Refuse days that are not of the year, as a slip of the keyboard makes them."""
        data: dict[str, Any] = super().clean() or {}
        starts_on, ends_on, year = data.get("starts_on"), data.get("ends_on"), data.get("year")
        if isinstance(starts_on, date) and isinstance(ends_on, date) and starts_on <= ends_on:
            if year and not starts_on.year <= year <= ends_on.year:
                self.add_error(
                    "starts_on",
                    _("The days are not in %(year)s, which is the year of the round. Correct either.") % {"year": year},
                )
            elif (ends_on - starts_on).days > LONGEST:
                self.add_error("ends_on", _("The round would last more than two years. Check the years of the days."))
        return data


class NewRoundForm(RoundForm):
    """A new round, made from one of four templates."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        self.proposed_year = today.year + Round.objects.filter(year=today.year).exists()
        word = self.access.county.negotiation_word
        self.initial.update(
            {
                "year": self.proposed_year,
                "name": proposed_name(word, self.proposed_year),
                # 612/2021 § 6: every year.
                "legal_bases": [LegalBasis.WELFARE.value],
            }
        )
        self.fields["form"].label = _("How does the county negotiate?")
        self._choices(
            "form",
            [
                (
                    choice.value,
                    format_html(
                        '<strong>{}</strong> <span class="choice__what">{}</span>', capfirst(choice.label), sentence
                    ),
                )
                for choice, sentence in TEMPLATES.items()
            ],
        )
        self.fields["name"].required = False
        self.fields["name"].help_text = _("Left empty, the name is made of the county's word and the year.")

    def clean(self) -> dict[str, Any]:
        """Give the name that follows from the year to a round that has been given no other."""
        data = super().clean()
        word = self.access.county.negotiation_word
        if year := data.get("year"):
            name = (data.get("name") or "").strip()
            if name in ("", proposed_name(word, self.proposed_year)):
                data["name"] = proposed_name(word, year)
        return data


class RoundSettingsForm(RoundForm):
    """A round that there is already."""

    plan_as_of = DayField(
        label=gettext_lazy("Known only as planned on"),
        required=False,
        missing="",
        wrong=WRONG_DAY,
        help_text=gettext_lazy(
            "Only for a round of the past of which nothing but the plan is at hand."
            " Leave empty for a round that you run."
        ),
    )

    groups = (
        (gettext_lazy("Time"), ("year", "starts_on", "ends_on")),
        (gettext_lazy("Legal bases"), ("legal_bases", "term")),
        (gettext_lazy("What is shown"), ("language", "indicator_set", "description")),
        (gettext_lazy("Where it is known from"), ("source", "plan_as_of")),
    )

    class Meta(RoundForm.Meta):
        fields = (*RoundForm.Meta.fields, "term", "source", "plan_as_of")
        help_texts: ClassVar[dict[str, Any]] = RoundForm.Meta.help_texts | {
            "term": gettext_lazy("The term of the county council in which section 14 (Act 611/2021) is met."),
            "source": gettext_lazy("The document that the round was entered from, if it was not run here."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choices("form", [(choice.value, capfirst(choice.label)) for choice in Round.Form])
        self.fields["legal_bases"].label = _("Legal bases of the round")
        if LegalBasis.COOPERATION not in self.instance.legal_bases and "term" in self.fields:
            del self.fields["term"]
        self.initial["seen"] = self.fields["seen"].initial = self._as_it_is()

    def clean(self) -> dict[str, Any]:
        """Take the term that the days are in where none is chosen."""
        data = super().clean()
        starts_on, bases = data.get("starts_on"), data.get("legal_bases")
        if "term" in self.fields and isinstance(starts_on, date) and bases and not data.get("term"):
            data["term"] = term_of(bases, starts_on)
        return data


class FillForm(CountyForm):
    """Filling a round: the themes where it is by theme, and the consent where municipalities would be left out."""

    def __init__(self, *args: Any, by_theme: bool, doubtful: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if by_theme:
            self.fields["themes"] = ListField(
                label=_("Themes"),
                help_text=_("One theme a line. Each gets a negotiation of its own."),
                max_items=60,
                max_item_length=200,
                error_messages={"required": _("Write at least one theme.")},
            )
        if doubtful:
            self.fields["knowing"] = forms.BooleanField(
                label=_("I know this and go on"),
                error_messages={"required": _("Change the groups first, or tick this to go on as they are.")},
            )

    def clean_themes(self) -> list[str]:
        """Refuse a list of which nothing is left."""
        themes: list[str] = self.cleaned_data["themes"]
        if not themes:
            raise ValidationError(_("Write at least one theme."))
        return themes
