"""What is asked of a county's templates of agendas."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy

from municipalities.forms import CountyForm, EditForm
from municipalities.models.places import LANGUAGES
from negotiations.models import AgendaTemplate, AgendaTemplateItem
from negotiations.sitting.agenda_templates import MOST_NAME
from negotiations.sitting.forms.agenda import MinutesField

NAME_TAKEN = gettext_lazy("There is a template with this name, legal basis and language already. Give another name.")


class TemplateForm(EditForm):
    """A template: its name, for which duty, in which language."""

    constraint_messages: ClassVar = {"agenda_template_name_once": ("name", NAME_TAKEN)}

    class Meta:
        model = AgendaTemplate
        fields = ("name", "legal_basis", "language")
        widgets: ClassVar = {"legal_basis": forms.RadioSelect}
        help_texts: ClassVar[dict[str, Any]] = {
            "name": gettext_lazy("For example: negotiations of single municipalities.")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["legal_basis"].choices = AgendaTemplate._meta.get_field("legal_basis").choices  # type: ignore[attr-defined]
        self.fields["legal_basis"].error_messages["required"] = gettext_lazy("Choose the legal basis.")
        written = self.access.county.written_languages
        if len(written) == 1 and self.instance.language in (written[0], ""):
            self.instance.language = written[0]
            del self.fields["language"]
        else:
            kept = {*written, self.instance.language}
            self.fields["language"].choices = [pair for pair in LANGUAGES if pair[0] in kept]  # type: ignore[attr-defined]

    def _get_validation_exclusions(self) -> set[str]:
        # Uniqueness is looked at though the language is asked of a county of several only.
        return super()._get_validation_exclusions() - {"language"}


class TemplateNameForm(CountyForm):
    """The name under which an agenda is saved as a template."""

    name = forms.CharField(label=gettext_lazy("Name of the template"), max_length=MOST_NAME)

    def __init__(self, *args: Any, template: AgendaTemplate, hint: str, **kwargs: Any) -> None:
        self.template = template
        super().__init__(*args, initial={"name": template.name}, **kwargs)
        self.fields["name"].help_text = hint

    def clean_name(self) -> str:
        """A name of its own among those of the same duty and language."""
        name: str = self.cleaned_data["name"]
        same = AgendaTemplate.objects.filter(
            legal_basis=self.template.legal_basis, language=self.template.language, name=name
        )
        if same.exists():
            raise forms.ValidationError(NAME_TAKEN)
        return name


class MatterForm(EditForm):
    """An item of a template."""

    planned_minutes = MinutesField()

    class Meta:
        model = AgendaTemplateItem
        fields = ("title", "background", "presenter", "planned_minutes")
        widgets: ClassVar = {"title": forms.TextInput(), "background": forms.Textarea(attrs={"rows": 6})}
        help_texts: ClassVar[dict[str, Any]] = {
            "background": gettext_lazy("What the participants need to know beforehand."),
            "presenter": gettext_lazy("Who presents the matter: the name, or the role."),
        }
