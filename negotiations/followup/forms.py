"""What is asked of measures, and of minutes written elsewhere."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indicators.models import Indicator
from municipalities.access import Access
from municipalities.catalogue.keeping import indicators_for
from municipalities.forms import CountyForm, DayField, EditForm, ListField, SafeModelChoiceField
from municipalities.models import County, Municipality, Organisation, Priority, Sector
from negotiations.followup.measures import RESPONSIBLE_LENGTH, Agreed, Owner
from negotiations.models import AgendaItem, Measure, Negotiation, Round
from negotiations.planning.negotiations import parties_of

WRONG_DAY = gettext_lazy("Give the day as day.month.year, for example 26.9.2024.")
# An organisation and a parish are answered for by name or by their own sector, not by the two counted together.
SECTORS_ALONE = [sector for sector in Sector if sector not in {Sector.COUNTY, Sector.ORGANISATION_OR_PARISH}]


class Owners:
    """Who can answer for a measure in a county, as choices of a form and back. Two queries."""

    def __init__(self, county: County, negotiation: Negotiation | None = None) -> None:
        self.county = county
        self.by_key: dict[str, Owner] = {"county": Owner(Sector.COUNTY)}
        parties = parties_of(negotiation) if negotiation else []
        here = {key_of(_owner_of(party.municipality, party.organisation)) for party in parties}
        for municipality in Municipality.objects.filter(county=county).select_related("area").order_by("area__order"):
            self._add(Owner(Sector.MUNICIPALITY, municipality))
        for organisation in Organisation.objects.order_by("name"):
            self._add(Owner(Sector(organisation.sector), None, organisation))
        self.here = {key: owner for key, owner in self.by_key.items() if key in here or key == "county"}
        for sector in SECTORS_ALONE:
            self._add(Owner(sector))

    def _add(self, owner: Owner) -> None:
        self.by_key.setdefault(key_of(owner), owner)

    def named(self, words: str) -> Owner | None:
        """Return the owner whose name is in the words; of several the one with the longest name, none for none."""
        if not words.strip():
            return None
        known = [
            one for one in self.by_key.values() if one.municipality or one.organisation or one.sector == Sector.COUNTY
        ]
        named = [one for one in known if one.is_named_in(words, self.county)]
        return max(named, key=lambda one: len(one.name_in(self.county)), default=None)

    @property
    def choices(self) -> list[tuple[str, Any]]:
        """The owners in groups: those who negotiated first."""
        rest = {key: owner for key, owner in self.by_key.items() if key not in self.here}
        groups = [
            (_("In this negotiation") if len(self.here) > 1 else _("The county"), self.here),
            (_("Municipalities"), {key: one for key, one in rest.items() if one.municipality}),
            (_("Organisations and others"), {key: one for key, one in rest.items() if one.organisation}),
            (
                _("By sector alone"),
                {key: one for key, one in rest.items() if not one.municipality and not one.organisation},
            ),
        ]
        return [("", _("Choose"))] + [
            (name, [(key, owner.name_in(self.county)) for key, owner in owners.items()])
            for name, owners in groups
            if owners
        ]


def _owner_of(municipality: Municipality | None, organisation: Organisation | None) -> Owner:
    if municipality:
        return Owner(Sector.MUNICIPALITY, municipality)
    return Owner(Sector(organisation.sector), None, organisation) if organisation else Owner(Sector.COUNTY)


def key_of(owner: Owner) -> str:
    """Return the value of an owner in a form."""
    if owner.municipality:
        return f"municipality-{owner.municipality.pk}"
    if owner.organisation:
        return f"organisation-{owner.organisation.pk}"
    return owner.sector.value


class ItemChoiceField(SafeModelChoiceField):
    """An agenda item by its number, and its part where there are several."""

    numbering = County.Numbering.SECTION
    tells_part = False

    def label_from_instance(self, obj: AgendaItem) -> str:
        """Return the number and the title."""
        part = f"{obj.part.basis.sections}: " if self.tells_part else ""
        return f"{part}{self.numbering.of(obj.position)} {obj.title}"


class IndicatorChoiceField(forms.ModelChoiceField):
    """An indicator that a county may use. Indicators are no county's rows: each form says which can be chosen."""

    def label_from_instance(self, obj: Indicator) -> str:
        """Return the theme and the name."""
        return f"{obj.theme}: {obj}"


class MeasureFields(forms.BaseForm):
    """What the forms of measures share: who answers for them, by when, and what can be chosen."""

    access: Access
    of: Negotiation | Round
    owners: Owners
    # The priority of the measure as it is: stays a choice though its period is over.
    had_priority: int | None = None

    def prepare(self) -> None:
        """Offer the owners of the county; of a whole round, no items."""
        cast(forms.ChoiceField, self.fields["owner"]).choices = self.owners.choices
        item = self.fields["agenda_item"]
        if isinstance(self.of, Negotiation) and isinstance(item, ItemChoiceField):
            item.numbering = County.Numbering(self.access.county.item_numbering)
            item.tells_part = len(self.of.parts.all()) > 1
        else:
            del self.fields["agenda_item"]

    def choices_of(self, name: str, field: forms.ModelChoiceField) -> Any:
        """Return the items of the negotiation, and the priorities in force at the time."""
        if name == "agenda_item":
            wanted = Q(part__negotiation=self.of) if isinstance(self.of, Negotiation) else Q(pk__in=[])
            return AgendaItem.objects.filter(wanted).select_related("part").order_by("part__position", "position")
        if name == "priority":
            first, last = _days_of(self.of)
            wanted = Q(starts_on__lte=last, ends_on__gte=first) | Q(pk=self.had_priority)
            return Priority.objects.filter(wanted).order_by("position", "name")
        if name == "indicator":
            return indicators_for(self.access.county).order_by("theme", "name_fi")
        return super().choices_of(name, field)  # type: ignore[misc]

    def settle_terms(self, cleaned: dict[str, Any], unit: str) -> None:
        """Refuse a deadline given twice, and one responsible in more words than there is room for."""
        if cleaned.get("due_on") and cleaned.get("due_text"):
            self.add_error("due_text", _("Give the deadline either as a day or in words, not both."))
        owner = self.owner_of(cleaned)
        if owner and len(owner.responsible(self.access.county, cleaned.get(unit) or "")) > RESPONSIBLE_LENGTH:
            self.add_error(unit, _("The unit or role is too long. Shorten it."))

    def owner_of(self, cleaned: dict[str, Any]) -> Owner | None:
        """Return the owner that was chosen."""
        return self.owners.by_key.get(cleaned.get("owner") or "")


def _days_of(of: Negotiation | Round) -> tuple[date, date]:
    return (of.starts_on, of.ends_on) if isinstance(of, Round) else (of.earliest, of.latest)


OWNER = {
    "label": gettext_lazy("Who answers for it"),
    "error_messages": {"required": gettext_lazy("Choose who answers for it.")},
}
UNIT = {
    "label": gettext_lazy("Unit or role"),
    "help_text": gettext_lazy("For example: youth services. Not a person's name."),
    "required": False,
}
DUE_TEXT_HELP = gettext_lazy("If the day is not known, for example: autumn 2025.")


class MeasuresForm(MeasureFields, CountyForm):
    """Measures to enter, several at a time, for which the same party answers."""

    groups = (
        (
            gettext_lazy("Of all of them"),
            ("owner", "unit", "due_on", "due_text", "priority", "indicator", "agenda_item"),
        ),
    )
    texts = ListField(
        label=gettext_lazy("Measures"),
        help_text=gettext_lazy("One a line. You can paste a list."),
        max_items=100,
        error_messages={"required": gettext_lazy("Write at least one measure.")},
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    owner = forms.ChoiceField(**OWNER)  # type: ignore[arg-type]
    unit = forms.CharField(max_length=150, **UNIT)  # type: ignore[arg-type]
    due_on = DayField(label=gettext_lazy("Deadline"), required=False, missing="", wrong=WRONG_DAY)
    due_text = forms.CharField(
        label=gettext_lazy("Deadline in words"), required=False, max_length=80, help_text=DUE_TEXT_HELP
    )
    priority = SafeModelChoiceField(
        label=gettext_lazy("Priority"),
        required=False,
        queryset=Priority.objects.none(),
        empty_label=gettext_lazy("no priority"),
    )
    indicator = IndicatorChoiceField(
        label=gettext_lazy("Monitoring indicator"),
        required=False,
        queryset=Indicator.objects.none(),
        empty_label=gettext_lazy("no indicator"),
    )
    agenda_item = ItemChoiceField(
        label=gettext_lazy("Agenda item"),
        required=False,
        queryset=AgendaItem.objects.none(),
        empty_label=gettext_lazy("the whole negotiation"),
    )

    def __init__(self, *args: Any, access: Access, of: Negotiation | Round, **kwargs: Any) -> None:
        self.of, self.owners = of, Owners(access.county, of if isinstance(of, Negotiation) else None)
        super().__init__(*args, access=access, **kwargs)
        self.prepare()

    def clean(self) -> dict[str, Any]:
        """Look at what belongs together."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "texts" in cleaned and not cleaned["texts"]:
            self.add_error("texts", _("Write at least one measure."))
        self.settle_terms(cleaned, "unit")
        return cleaned

    def agreed(self) -> list[Agreed]:
        """Return what is to be entered."""
        cleaned = self.cleaned_data
        owner = self.owner_of(cleaned)
        if owner is None:
            raise ValidationError(_("Choose who answers for it."))
        return [
            Agreed(
                text,
                owner,
                cleaned["unit"],
                cleaned["due_on"],
                cleaned["due_text"],
                indicator=cleaned["indicator"],
            )
            for text in cleaned["texts"]
        ]


class MeasureForm(MeasureFields, EditForm):
    """A measure as it was agreed."""

    owner = forms.ChoiceField(**OWNER)  # type: ignore[arg-type]
    due_on = DayField(label=gettext_lazy("Deadline"), required=False, missing="", wrong=WRONG_DAY)
    responsible = forms.CharField(max_length=RESPONSIBLE_LENGTH, **UNIT)  # type: ignore[arg-type]

    field_order = ("text", "owner", "responsible", "due_on", "due_text", "priority", "indicator", "agenda_item")

    class Meta:
        model = Measure
        fields = ("text", "responsible", "due_on", "due_text", "priority", "indicator", "agenda_item")
        field_classes: ClassVar[dict[str, Any]] = {
            "priority": SafeModelChoiceField,
            "indicator": IndicatorChoiceField,
            "agenda_item": ItemChoiceField,
        }
        labels: ClassVar[dict[str, Any]] = {
            "text": gettext_lazy("Measure"),
            "due_text": gettext_lazy("Deadline in words"),
            "priority": gettext_lazy("Priority"),
            "indicator": gettext_lazy("Monitoring indicator"),
            "agenda_item": gettext_lazy("Agenda item"),
        }
        help_texts: ClassVar[dict[str, Any]] = {"due_text": DUE_TEXT_HELP}
        widgets: ClassVar[dict[str, Any]] = {"text": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, access: Access, of: Negotiation | Round, instance: Measure, **kwargs: Any) -> None:
        self.of, self.owners = of, Owners(access.county, of if isinstance(of, Negotiation) else None)
        owner = Owner(Sector(instance.responsible_sector), instance.municipality, instance.organisation)
        key = key_of(owner)
        # An owner that is no longer among the choices stays one of this measure.
        self.owners.by_key.setdefault(key, owner)
        initial = {"owner": key, "responsible": owner.unit_in(access.county, instance.responsible)}
        self.had_priority = instance.priority_id
        super().__init__(*args, access=access, instance=instance, initial=initial, **kwargs)
        self.prepare()
        self.fields["priority"].empty_label = _("no priority")  # type: ignore[attr-defined]
        self.fields["indicator"].empty_label = _("no indicator")  # type: ignore[attr-defined]
        if "agenda_item" in self.fields:
            self.fields["agenda_item"].empty_label = _("the whole negotiation")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Put the owner into the row, and their name into who is responsible."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self.settle_terms(cleaned, "responsible")
        owner = self.owner_of(cleaned)
        if owner and "responsible" in cleaned:
            measure: Measure = self.instance
            measure.responsible_sector = owner.sector
            measure.municipality, measure.organisation = owner.municipality, owner.organisation
            cleaned["responsible"] = owner.responsible(self.access.county, cleaned["responsible"])
        return cleaned

    @property
    def changed_names(self) -> list[str]:
        """The names of the fields of the row that this edit changes."""
        names = [name for name in super().changed_names if name != "owner"]
        if "owner" in self.changed_data:
            names = [*{*names, "responsible_sector", "municipality", "organisation", "responsible"}]
        return names
