"""The forms of the register."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities.forms import CountyForm, EditForm, SafeModelChoiceField
from municipalities.models import Organisation, Person, Sector
from municipalities.register.importing import SECTORS
from municipalities.register.keeping import place_of

OF_ORGANISATIONS = tuple(sector for sector in SECTORS if sector not in {Sector.COUNTY, Sector.MUNICIPALITY})


class OrganisationForm(EditForm):
    """An organisation, parish, company or public body."""

    constraint_messages: ClassVar[dict[str, tuple[str | None, Any]]] = {
        "organisation_once": ("name", gettext_lazy("There is an organisation of that name already."))
    }

    class Meta:
        model = Organisation
        fields = ("name", "sector")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["sector"]
        field.choices = [("", _("Choose")), *((sector.value, sector.label) for sector in OF_ORGANISATIONS)]


# One of them is enough, and one is needed.
FOR_WHOM = ("municipality", "organisation", "sector")


class PersonForm(EditForm):
    """Somebody who takes part: for a municipality, for an organisation, or for another sector."""

    groups = (
        (gettext_lazy("For whom"), FOR_WHOM),
        (gettext_lazy("How to reach"), ("email", "phone")),
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        required=False,
        error_messages={"invalid": gettext_lazy("Give the address in the form name@example.fi.")},
    )
    phone = forms.CharField(label=gettext_lazy("Phone"), required=False, max_length=40)

    class Meta:
        model = Person
        fields = ("name", "role", *FOR_WHOM)
        field_classes: ClassVar[dict[str, Any]] = {"organisation": SafeModelChoiceField}
        labels: ClassVar[dict[str, Any]] = {"organisation": gettext_lazy("Organisation")}
        help_texts: ClassVar[dict[str, Any]] = {
            "municipality": gettext_lazy("Choose one: the municipality, the organisation or the sector."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sector"].required = False
        for name in FOR_WHOM:
            self.fields[name].asked_by_choice = True  # type: ignore[attr-defined]
        field: Any = self.fields["sector"]
        field.choices = [("", _("Choose")), *((sector.value, sector.label) for sector in SECTORS)]
        contact = getattr(self.instance, "contact", None) if self.instance.pk else None
        self.initial["email"] = contact.email if contact else ""
        self.initial["phone"] = contact.phone if contact else ""
        if self.instance.municipality_id or self.instance.organisation_id:
            self.initial["sector"] = ""
        if self.instance.pk:
            self.initial["seen"] = self.fields["seen"].initial = self._as_it_is()

    def clean(self) -> dict[str, Any]:
        """Let the place tell the sector; without a place the sector is given."""
        data: dict[str, Any] = super().clean() or {}
        municipality, organisation = data.get("municipality"), data.get("organisation")
        if municipality and organisation:
            self.add_error("organisation", _("Choose a municipality or an organisation, not both."))
        elif municipality:
            data["sector"] = Sector.MUNICIPALITY
        elif organisation:
            data["sector"] = organisation.sector
        elif not data.get("sector") and "sector" not in self.errors:
            self.add_error("sector", _("Choose the municipality, the organisation or the sector."))
        return data


class MergeForm(CountyForm):
    """Into whom, or into which organisation, a double is merged."""

    into: forms.ModelChoiceField

    def __init__(self, *args: Any, of: Person | Organisation, **kwargs: Any) -> None:
        self.of = of
        super().__init__(*args, **kwargs)
        rows: Any = type(of)._default_manager.exclude(pk=of.pk)
        if isinstance(of, Person):
            rows = rows.select_related("organisation", "municipality__area", "county__area")
            label, missing = _("Into whose details is it merged?"), _("Choose the person who stays.")
        else:
            label, missing = _("Into which organisation is it merged?"), _("Choose the organisation that stays.")
        self.fields["into"] = into = RowChoiceField(
            queryset=rows.none(),
            label=label,
            empty_label=_("Choose"),
            error_messages={"required": missing},
        )
        # Whatever it is made with, the field begins with no rows at all.
        into.queryset = rows.order_by("name")


class RowChoiceField(SafeModelChoiceField):
    """A choice of a row by all that tells it from another of the same name."""

    def label_from_instance(self, obj: Any) -> str:
        """Return name, role and place."""
        if isinstance(obj, Person):
            return ", ".join(filter(None, [obj.name, obj.role, place_of(obj)]))
        return str(obj)


class ImportForm(CountyForm):
    """The file to take in."""

    file = forms.FileField(
        label=gettext_lazy("Excel workbook"),
        help_text=gettext_lazy("At most 2 MB and 2,000 rows. Nothing is saved before you have seen the rows."),
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
        error_messages={
            "required": gettext_lazy("Choose the file."),
            "empty": gettext_lazy("The file is empty. Choose another one."),
        },
    )
