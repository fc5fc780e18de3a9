"""The form of a year's groups: their names, their municipalities, new ones, all saved at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from municipalities.forms import Conflict, CountyForm, ListField
from negotiations.planning.groups import Division, only_lists, settle

LONGEST_NAME = 120
MOST_NEW = 40


@dataclass(frozen=True)
class GroupRow:
    """A group in the form. One that has negotiated has no field: its name stays."""

    number: int
    pk: int
    name: str
    field: forms.BoundField | None
    members: Sequence[tuple[int, str]]
    held_on: date | None

    @property
    def only_lists(self) -> bool:
        """Whether the name tells the municipalities already."""
        return only_lists(self.name, (name for _pk, name in self.members))


@dataclass(frozen=True)
class MunicipalityRow:
    """A municipality in the form: the groups it stays in, and the fields for the others."""

    pk: int
    name: str
    stays: Sequence[str]
    fields: Sequence[forms.BoundField]


class GroupsForm(CountyForm):
    """The groups of a year in one form.

    It carries what was seen when it was opened: what another has changed meanwhile stays, what both have changed is
    shown with both (`conflicts`), and saved when it is sent again. Build it with the groups locked.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        now: Division,
        municipalities: Mapping[int, str],
        settled: Mapping[int, date],
        two: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.now, self.municipalities, self.settled = now, municipalities, settled
        self.division = now
        self.initial["seen"] = now.to_json()
        self.open = {group: name for group, name in now.names.items() if group not in settled}
        seen = Division.from_json(self.data.get("seen", "")) or now
        # Groups that were there when the form was opened, and cannot be chosen any more.
        closed = [(str(group), name) for group, name in seen.names.items() if group not in self.open]
        for group, name in self.open.items():
            self.fields[f"nimi-{group}"] = forms.CharField(
                label=_("Name of the group “%(name)s”") % {"name": name},
                initial=name,
                # One that another has added meanwhile was not in the form that was sent.
                required=group in seen.names,
                max_length=LONGEST_NAME,
                error_messages={
                    "required": _("Give the group a name, or remove it."),
                    "max_length": _("Give the group a name of at most %(most)s characters.") % {"most": LONGEST_NAME},
                },
            )
        choices = [("", _("in no group")), *((str(group), name) for group, name in self.open.items())]
        others = [("", "–"), *choices[1:]]
        if self.is_bound:
            choices, others = choices + closed, others + closed
        if self.open:
            for municipality, place in municipalities.items():
                at = [group for group in self.open if group in now.of(municipality)]
                for number in range(max(1, len(at), 2 if two else 1)):
                    self.fields[_key(municipality, number)] = forms.ChoiceField(
                        label=_("Group of %(municipality)s") % {"municipality": place}
                        if number == 0
                        else _("Another group of %(municipality)s") % {"municipality": place},
                        choices=choices if number == 0 and not now.of(municipality) - set(self.open) else others,
                        required=False,
                        initial=str(at[number]) if number < len(at) else "",
                        error_messages={"invalid_choice": _("The group has been removed. Choose another.")},
                    )
        self.fields["uudet"] = ListField(
            label=_("New groups"),
            required=False,
            max_items=MOST_NEW,
            max_item_length=LONGEST_NAME,
            help_text=_("One name a line. Municipalities are put into them after saving."),
            widget=forms.Textarea(attrs={"rows": 3}),
        )

    def clean(self) -> dict[str, Any]:
        """Put together what was sent and what another has saved meanwhile; refuse one name for two groups."""
        data: dict[str, Any] = super().clean() or {}
        seen = Division.from_json(data.get("seen") or "") or self.now
        settled = settle(seen, self.now, self._mine(seen, data))
        self.division = settled.division
        for group in settled.names:
            self._clash(f"nimi-{group}", self.now.names[group])
        for municipality in settled.places:
            at = self.now.of(municipality)
            theirs = ", ".join(name for group, name in self.now.names.items() if group in at)
            self._clash(_key(municipality, 0), theirs or _("in no group"))
        self._refuse_twice(data)
        return data

    def _mine(self, seen: Division, data: Mapping[str, Any]) -> Division:
        """Return the groups as they were sent; what was not sent is as it was seen."""
        names = {group: (data.get(f"nimi-{group}") or name) for group, name in seen.names.items()}
        sent_order = cast(QueryDict, self.data).getlist("jarjestys")
        # Numbers longer than any id are nobody's, and too long ones could not be read at all.
        order = [int(group) for group in sent_order if group.isascii() and group.isdecimal() and len(group) < 19]
        names = {group: names[group] for group in [*dict.fromkeys(order), *names] if group in names}
        places = {}
        for municipality in self.municipalities:
            sent = [data[key] for number in range(len(seen.names) + 2) if (key := _key(municipality, number)) in data]
            if sent:
                stays = {group for group in seen.of(municipality) if group in self.settled}
                places[municipality] = frozenset({int(group) for group in sent if group} | stays)
        return Division(names, places)

    def _clash(self, name: str, theirs: str) -> None:
        if name not in self.fields:
            return
        self.conflicts[name] = Conflict(theirs)
        self.add_error(
            name,
            _(
                "Somebody else has changed this meanwhile. Their version is below."
                " Choose what is to stay, and save again."
            ),
        )

    def _refuse_twice(self, data: Mapping[str, Any]) -> None:
        taken: dict[str, int] = {}
        for group, name in self.division.names.items():
            if name.casefold() in taken:
                key = f"nimi-{group}" if f"nimi-{group}" in self.fields else f"nimi-{taken[name.casefold()]}"
                if key in self.fields:
                    self.add_error(key, _("There is a group of that name already. Give another name."))
            taken[name.casefold()] = group
        for number, name in enumerate(new := data.get("uudet") or []):
            if name.casefold() in taken or name.casefold() in {other.casefold() for other in new[:number]}:
                self.add_error("uudet", _("There is a group “%(name)s” already. Give another name.") % {"name": name})

    def full_clean(self) -> None:
        """Clean; what is sent again after a clash has been seen."""
        super().full_clean()
        if self.conflicts:
            data = cast(QueryDict, self.data).copy()
            data[self.add_prefix("seen")] = self.now.to_json()
            self.data = data

    def group_rows(self) -> list[GroupRow]:
        """Return the groups in order, with those who are in them now."""
        members = self.now.members()
        return [
            GroupRow(
                number,
                group,
                name,
                self[f"nimi-{group}"] if group in self.open else None,
                [(pk, place) for pk, place in self.municipalities.items() if pk in members[group]],
                self.settled.get(group),
            )
            for number, (group, name) in enumerate(self.now.names.items(), start=1)
        ]

    def municipality_rows(self) -> list[MunicipalityRow]:
        """Return the municipalities in order, each with its fields."""
        rows = []
        for municipality, place in self.municipalities.items():
            keys = (_key(municipality, number) for number in range(len(self.open) + 2))
            at = self.now.of(municipality)
            rows.append(
                MunicipalityRow(
                    municipality,
                    place,
                    [name for group, name in self.now.names.items() if group in at and group in self.settled],
                    [self[key] for key in keys if key in self.fields],
                )
            )
        return rows


def _key(municipality: int, number: int) -> str:
    return f"kunta-{municipality}" if number == 0 else f"kunta-{municipality}-{number + 1}"
