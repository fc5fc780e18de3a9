"""The forms of a county's settings, its priorities, and a user's own."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities.catalogue.keeping import sets_for
from municipalities.colours import WHITE, contrast, palette
from municipalities.forms import DayField, EditForm
from municipalities.models import County, Priority, User
from municipalities.settings.logo import Picture, read_logo

# WCAG 2.1, 1.4.11: what a chart or a mark is drawn with stands out 3 to 1 from the page.
SEEN_ON_WHITE = 3.0
WRONG_DAY = gettext_lazy("Give the day as day.month.year, for example 26.9.2024.")


FIRST_BASELINE = 1990


def _year_field(label: Any) -> forms.IntegerField:
    """Return a field for the baseline year: no year before there are figures, and none that has not begun."""
    most = timezone.localdate().year
    wrong = _("Give a year from %(least)s to %(most)s.") % {"least": FIRST_BASELINE, "most": most}
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=FIRST_BASELINE,
        max_value=most,
        help_text=_("The year with which today’s figures are compared, for example the first year of the plan."),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), wrong),
    )


class CountySettingsForm(EditForm):
    """What a county sets for itself."""

    groups = (
        (gettext_lazy("Languages"), ("first_language", "other_languages")),
        (gettext_lazy("Look"), ("colour", "logo", "remove_logo")),
        (
            gettext_lazy("Minutes and summary"),
            ("minutes_form", "minutes_name", "item_numbering", "summary_name"),
        ),
        (
            gettext_lazy("Checking of the minutes"),
            ("minutes_checkers", "check_days", "remind_days", "silence_is_checking", "signs_minutes"),
        ),
        (gettext_lazy("Figures"), ("indicator_set", "baseline_year")),
        (gettext_lazy("Municipality cards"), ("card_approval",)),
        (gettext_lazy("How long data is kept"), ("contact_retention_days", "download_retention_days")),
    )
    first_language = forms.ChoiceField(
        label=gettext_lazy("The county writes first of all in"), choices=settings.LANGUAGES, widget=forms.RadioSelect
    )
    other_languages = forms.MultipleChoiceField(
        label=gettext_lazy("It also writes in"),
        choices=settings.LANGUAGES,
        required=False,
        help_text=gettext_lazy("The language chosen above need not be chosen here."),
        widget=forms.CheckboxSelectMultiple,
    )
    logo = forms.FileField(
        label=gettext_lazy("New logo"),
        required=False,
        help_text=gettext_lazy("A picture in PNG, JPEG or WebP, at most 1 MB. It is shown beside the county's name."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )
    remove_logo = forms.BooleanField(label=gettext_lazy("Remove the logo"), required=False)

    class Meta:
        model = County
        fields = (
            "negotiation_word",
            "short_name",
            "website",
            "colour",
            "minutes_form",
            "minutes_name",
            "item_numbering",
            "summary_name",
            "minutes_checkers",
            "check_days",
            "remind_days",
            "silence_is_checking",
            "signs_minutes",
            "indicator_set",
            "baseline_year",
            "card_approval",
            "contact_retention_days",
            "download_retention_days",
        )
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "colour": forms.TextInput(attrs={"type": "color"}),
            "minutes_form": forms.RadioSelect(),
            "item_numbering": forms.RadioSelect(),
            "minutes_checkers": forms.RadioSelect(),
            "card_approval": forms.RadioSelect(),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "negotiation_word": gettext_lazy("For example hyte-neuvottelu or hytetu-neuvottelu."),
            "short_name": gettext_lazy("For example Hyvaks or Keusote."),
            "website": gettext_lazy("For example www.hyvaks.fi."),
            "indicator_set": gettext_lazy(
                "The pages of figures begin with it. If none is chosen, it is the latest of the county’s own sets, or a"
                " national one."
            ),
            "card_approval": gettext_lazy("What a new card begins with. Each municipality may choose otherwise."),
            "minutes_checkers": gettext_lazy(
                "Each party has one checker. Organisations have none. Where no municipality came, the county checks."
            ),
            "check_days": gettext_lazy(
                "Proposed when minutes are sent for checking, and given at least when a matter in them is changed."
            ),
            "remind_days": gettext_lazy(
                "Those who have not marked the minutes and have an e-mail address are reminded once. 0: nobody is."
            ),
            "silence_is_checking": gettext_lazy(
                "If no remarks come by the day given, the minutes are taken to have been checked. A checker whose"
                " remark is still open has not been silent."
            ),
            "signs_minutes": gettext_lazy(
                "Checked minutes are then published only once both have signed. Otherwise the marks of the checkers are"
                " enough."
            ),
            "contact_retention_days": gettext_lazy(
                "E-mail addresses and phone numbers of participants are deleted this many days after they were last"
                " saved. Names and roles stay in the minutes."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first, *others = self.instance.written_languages
        without_own = County(languages=[first])
        for name, usual in (
            ("minutes_name", without_own.minutes_name_in(first)),
            ("summary_name", without_own.summary_name_in(first)),
        ):
            self.fields[name].help_text = _(
                "The county's own heading in its first language. Left empty, it is the usual one: %(usual)s. In "
                "another language it is always the usual one."
            ) % {"usual": usual}
        self.initial["first_language"], self.initial["other_languages"] = first, others
        for name, least, most in (
            ("check_days", 1, 90),
            ("remind_days", 0, 30),
            ("contact_retention_days", 30, 3650),
            ("download_retention_days", 30, 3650),
        ):
            self.fields[name] = forms.IntegerField(
                label=self.fields[name].label,
                help_text=self.fields[name].help_text,
                min_value=least,
                max_value=most,
                widget=forms.TextInput(attrs={"inputmode": "numeric"}),
                error_messages={
                    "required": _("Give a number of days from %(least)s to %(most)s.") % {"least": least, "most": most},
                    "invalid": _("Give a number of days from %(least)s to %(most)s.") % {"least": least, "most": most},
                    "min_value": _("Give at least %(least)s days.") % {"least": least},
                    "max_value": _("Give at most %(most)s days.") % {"most": most},
                },
            )
        self.fields["baseline_year"] = _year_field(self.fields["baseline_year"].label)
        sets: Any = self.fields["indicator_set"]
        sets.queryset, sets.empty_label = sets_for(self.instance), _("Chosen automatically")
        found = f"{contrast(self.instance.colour, WHITE):.1f}"
        self.fields["colour"].help_text = " ".join(
            [
                _("Pages, charts and documents are coloured with it."),
                _("Its contrast to white is %(found)s to 1; at least 3 to 1 is needed.")
                % {"found": localize(float(found))},
                _("Text in the colour is darkened until it reaches 4.5 to 1, so that everybody can read it.")
                if palette(self.instance.colour).text != self.instance.colour
                else _("Text in the colour can be read as it is."),
            ]
        )
        if not self.instance.logo_version:
            del self.fields["remove_logo"]
        self.initial["seen"] = self.fields["seen"].initial = self._as_it_is()

    def clean_negotiation_word(self) -> str:
        """Write the word as it stands in the middle of a sentence."""
        word: str = self.cleaned_data["negotiation_word"].strip()
        return word[:1].lower() + word[1:]

    def clean_colour(self) -> str:
        """Refuse a colour with which charts and marks would not be seen on white."""
        colour: str = self.cleaned_data["colour"].strip().lower()
        if not re.fullmatch(r"#[0-9a-f]{6}", colour):
            raise ValidationError(_("Give the colour as #rrggbb."))
        found = contrast(colour, WHITE)
        if found < SEEN_ON_WHITE:
            raise ValidationError(
                _(
                    "The colour is too light: its contrast to white is %(found)s to 1."
                    " Choose a darker one, at least 3 to 1."
                )
                % {"found": f"{found:.1f}".replace(".", ",")}
            )
        return colour

    def clean_logo(self) -> Picture | None:
        """Look at the content of the file, not at its name."""
        file: UploadedFile | None = self.cleaned_data.get("logo")
        return read_logo(file, file.size or 0) if file else None  # type: ignore[arg-type]

    def clean(self) -> dict[str, Any]:
        """Put the languages in their order."""
        data: dict[str, Any] = super().clean() or {}
        if "first_language" in data:
            others = [code for code in data.get("other_languages", ()) if code != data["first_language"]]
            self.instance.languages = [data["first_language"], *others]
        return data


class PriorityForm(EditForm):
    """A priority of the county's welfare work."""

    constraint_messages: ClassVar[dict[str, tuple[str | None, Any]]] = {
        "priority_once": ("name", gettext_lazy("There is a priority of that name from that day already.")),
        "priority_dates": ("ends_on", gettext_lazy("The last day is not after the first one. Correct either.")),
    }
    starts_on = DayField(label=gettext_lazy("First day"), missing=gettext_lazy("Give the first day."), wrong=WRONG_DAY)
    ends_on = DayField(label=gettext_lazy("Last day"), missing=gettext_lazy("Give the last day."), wrong=WRONG_DAY)

    class Meta:
        model = Priority
        fields = ("name", "starts_on", "ends_on", "origin")
        labels: ClassVar[dict[str, Any]] = {"origin": gettext_lazy("Who decided, and at which meeting")}
        help_texts: ClassVar[dict[str, Any]] = {"origin": ""}


class ProfileForm(forms.ModelForm):
    """What a user sets for themselves."""

    class Meta:
        model = User
        fields = ("name", "language")
        help_texts: ClassVar[dict[str, Any]] = {
            "name": gettext_lazy("Shown to those you work with, for example beside what you have done."),
        }
        widgets: ClassVar[dict[str, forms.Widget]] = {"language": forms.RadioSelect()}
