"""What is asked of the parties of a negotiation: who takes part besides the county."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities.forms import CountyForm, ListField, SafeModelMultipleChoiceField
from municipalities.models import Municipality, MunicipalityGroup, Organisation, Sector
from negotiations.models import Negotiation, Party
from negotiations.planning.negotiations import NewOrganisation, key_of_party


class PartiesForm(CountyForm):
    """Who takes part besides the county: municipalities, organisations of the register, and new ones.

    The form carries along who were parties when it was shown: two people may choose at the same time.
    """

    # What is carried along where there was nobody; nothing at all would not tell it from a form that carries nothing.
    NOBODY = "-"

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    municipalities = SafeModelMultipleChoiceField(
        Municipality.objects.none(),
        label=gettext_lazy("Municipalities"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    organisations = SafeModelMultipleChoiceField(
        Organisation.objects.none(),
        label=gettext_lazy("Organisations of the register"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    new_names = ListField(
        label=gettext_lazy("New organisations, one a line"),
        help_text=gettext_lazy("They come into the register too."),
        required=False,
        max_items=100,
        max_item_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    new_sector = forms.ChoiceField(
        label=gettext_lazy("Their sector"),
        required=False,
        choices=[
            ("", "–"),
            *(
                (sector.value, sector.label)
                for sector in Sector
                if sector not in {Sector.COUNTY, Sector.MUNICIPALITY, Sector.ORGANISATION_OR_PARISH}
            ),
        ],
    )

    def __init__(self, *args: Any, negotiation: Negotiation, parties: Sequence[Party], **kwargs: Any) -> None:
        self.negotiation = negotiation
        kwargs["initial"] = {
            "municipalities": [party.municipality_id for party in parties if party.municipality_id],
            "organisations": [party.organisation_id for party in parties if party.organisation_id],
            "seen": " ".join(key_of_party(party) for party in parties if not party.is_county) or self.NOBODY,
        }
        super().__init__(*args, **kwargs)

    def choices_of(self, name: str, field: forms.ModelChoiceField) -> QuerySet[Any]:
        """The county's municipalities and its register."""
        if name == "organisations":
            return Organisation.objects.order_by("sector", "name")
        return super().choices_of(name, field)

    def clean(self) -> dict[str, Any]:
        """New organisations need a sector."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("new_names") and not data.get("new_sector") and "new_sector" not in self.errors:
            self.add_error("new_sector", _("Choose the sector of the new organisations."))
        return data

    @property
    def shown(self) -> Collection[str] | None:
        """The keys of the parties when the form was shown; none at all where it does not tell."""
        return self.cleaned_data["seen"].split() or None

    @property
    def new(self) -> list[NewOrganisation]:
        """The organisations to be entered, each once."""
        names = dict.fromkeys(self.cleaned_data["new_names"])
        return [NewOrganisation(name, self.cleaned_data["new_sector"]) for name in names]

    def chosen(self, name: str) -> frozenset[int]:
        """Return the ids that are ticked, in what was sent or at first."""
        return frozenset(int(value) for value in self[name].value() or () if str(value).isdigit())

    def towns(self, groups: Sequence[MunicipalityGroup]) -> Iterator[Ticks]:
        """Give the municipalities under their groups, and those in none under a heading of their own."""
        rows = {row.pk: row for row in self.fields["municipalities"].queryset}  # type: ignore[attr-defined]
        places = {pk: place for place, pk in enumerate(rows)}
        ticked = self.chosen("municipalities")
        grouped: set[int] = set()
        for group in groups:
            members = {row.pk for row in group.municipalities.all()} - grouped
            here = sorted(members & places.keys(), key=places.__getitem__)
            grouped.update(here)
            if here:
                yield Ticks(group.name, [Tick(pk, str(rows[pk]), pk in ticked) for pk in here], group.pk)
        rest = [Tick(pk, str(row), pk in ticked) for pk, row in rows.items() if pk not in grouped]
        if rest:
            yield Ticks(_("In no group") if grouped else "", rest)

    def others(self) -> Iterator[Ticks]:
        """Give the organisations of the register under their sectors."""
        rows = list(self.fields["organisations"].queryset)  # type: ignore[attr-defined]
        ticked = self.chosen("organisations")
        for sector in Sector:
            here = [Tick(row.pk, row.name, row.pk in ticked) for row in rows if row.sector == sector]
            if here:
                yield Ticks(str(sector.label), here)


@dataclass(frozen=True)
class Tick:
    """Something to tick."""

    pk: int
    name: str
    is_ticked: bool


@dataclass(frozen=True)
class Ticks:
    """Things to tick under a heading; of a group of municipalities, with its id."""

    name: str
    ticks: list[Tick]
    group_id: int | None = None

    @property
    def ticked(self) -> int:
        """How many are ticked."""
        return sum(tick.is_ticked for tick in self.ticks)
