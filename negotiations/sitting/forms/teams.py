"""What is asked of an attendance report of Teams: the file, and then what becomes of each of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities.access import Access
from municipalities.forms import CountyForm
from municipalities.models import Person, Sector
from negotiations.models import Attendance
from negotiations.sitting.entries import Entry
from negotiations.sitting.forms.attendance import SECTORS
from negotiations.sitting.people import Guesser
from negotiations.sitting.teams import (
    LONGEST_NAME,
    LONGEST_ORGANISATION,
    MOST_BYTES,
    Joined,
    LeftOut,
    read_report,
)
from negotiations.sitting.teams_matching import InList, Planned

NEW, OUT = "new", "out"
WHY: Mapping[LeftOut, str | Promise] = {
    LeftOut.PHONE: gettext_lazy("Only a phone number is known. Write the name to take them along."),
    LeftOut.BOT: gettext_lazy("A program that records or takes notes."),
    LeftOut.SHORT: gettext_lazy("Was in the meeting only for a moment."),
}


class TeamsForm(CountyForm):
    """The report, and how long one must have been in the meeting to have taken part."""

    file = forms.FileField(
        label=gettext_lazy("Attendance report of Teams (.csv)"),
        help_text=gettext_lazy(
            "In Teams: open the meeting, choose “Attendance” and “Download”. You see the rows before anything is saved."
            " E-mail addresses are not kept."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt"}),
        error_messages={
            "required": gettext_lazy("Choose the file."),
            "empty": gettext_lazy("The file is empty. Choose another one."),
        },
    )
    least_minutes = forms.IntegerField(
        label=gettext_lazy("Took part who was in the meeting for at least, minutes"),
        min_value=0,
        max_value=600,
        initial=5,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "size": 4, "maxlength": 4}),
        error_messages={
            "required": gettext_lazy("Give the minutes in digits, for example 5."),
            "invalid": gettext_lazy("Give the minutes in digits, for example 5."),
            "min_value": gettext_lazy("Give the minutes as nought or more."),
            "max_value": gettext_lazy("Give at most %(limit_value)s minutes."),
        },
    )

    def clean_file(self) -> list[Joined]:
        """Read the report."""
        upload = self.cleaned_data["file"]
        if upload.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 2 MB. Choose the attendance report of one meeting."))
        return read_report(upload.read())


@dataclass(frozen=True)
class RowShown:
    """A row of the report in the preview, with its fields."""

    number: int
    name: str
    minutes: int | None
    rows: int
    match: InList | None
    why: str
    decision: forms.BoundField
    as_new: Sequence[forms.BoundField]


class TeamsRowsForm(CountyForm):
    """What becomes of each row of a report: who it is in the list, somebody new, or left out."""

    sealed = forms.CharField(widget=forms.HiddenInput)
    uninvited = forms.BooleanField(
        label=gettext_lazy("The new ones came without an invitation"),
        required=False,
    )

    def __init__(
        self,
        *args: Any,
        access: Access,
        planned: Sequence[Planned],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, access=access, **kwargs)
        self.planned = planned
        for number, row in enumerate(self.planned):
            self._add(number, row)

    def _add(self, number: int, row: Planned) -> None:
        label = _("Row %(number)s, %(name)s")

        def named(words: str) -> str:
            return label % {"number": number + 1, "name": words}

        others = [one for one in row.offered if row.match is None or one.pk != row.match.pk]
        in_list = [(str(one.pk), one.words) for one in [*([row.match] if row.match else []), *others]]
        self.fields[f"r{number}_do"] = forms.ChoiceField(
            label=named(_("What becomes of it")),
            choices=[
                (NEW, _("Add as new")),
                (OUT, _("Leave out")),
                *([(_("Is in the list"), in_list)] if in_list else []),
            ],
            initial=OUT if row.left_out else str(row.match.pk) if row.match else NEW,
            error_messages={
                "required": _("Choose what becomes of the row."),
                "invalid_choice": _("Choose what becomes of the row."),
            },
        )
        for key, words, most, initial in (
            ("name", _("Name"), LONGEST_NAME, row.name),
            ("organisation", _("Organisation"), LONGEST_ORGANISATION, row.organisation),
        ):
            self.fields[f"r{number}_{key}"] = forms.CharField(
                label=named(words),
                max_length=most,
                required=False,
                initial=initial,
                error_messages={"max_length": _("Give at most %(limit_value)d characters.")},
            )
        self.fields[f"r{number}_sector"] = forms.ChoiceField(
            label=named(_("Sector")), choices=SECTORS, required=False, initial=row.sector
        )

    @property
    def shown(self) -> list[RowShown]:
        """The rows with their fields, as the preview shows them."""
        return [
            RowShown(
                number + 1,
                row.name,
                row.minutes,
                row.rows,
                row.match,
                str(WHY[row.left_out]) if row.left_out else "",
                self[f"r{number}_do"],
                [self[f"r{number}_{key}"] for key in ("name", "organisation", "sector")],
            )
            for number, row in enumerate(self.planned)
        ]

    def clean(self) -> dict[str, Any]:
        """Ask of somebody new for what a row of the list must have, and refuse the same person of the list twice."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        taken: dict[str, int] = {}
        for number in range(len(self.planned)):
            decision = cleaned.get(f"r{number}_do")
            if decision == NEW:
                self._require(cleaned, number)
            elif decision and decision != OUT:
                if decision in taken:
                    words = _("Row %(number)s is made the same person. Leave one of them out, or choose another.")
                    self.add_error(f"r{number}_do", words % {"number": taken[decision] + 1})
                taken.setdefault(decision, number)
        return cleaned

    def _require(self, cleaned: Mapping[str, Any], number: int) -> None:
        if not cleaned.get(f"r{number}_name") and f"r{number}_name" not in self.errors:
            self.add_error(f"r{number}_name", _("Give a name, or leave the row out."))
        if not cleaned.get(f"r{number}_sector") and f"r{number}_sector" not in self.errors:
            self.add_error(f"r{number}_sector", _("Choose the sector, or leave the row out."))

    def decisions(self) -> list[int | Entry | None]:
        """Return what becomes of each row, as `bring_in` takes it."""
        guesser = Guesser.of(self.access.county)
        people = Person.objects.in_bulk([row.person for row in self.planned if row.person])
        decided: list[int | Entry | None] = []
        for number, row in enumerate(self.planned):
            decision = self.cleaned_data[f"r{number}_do"]
            if decision in {NEW, OUT}:
                decided.append(self._entry(number, row, guesser, people) if decision == NEW else None)
            else:
                decided.append(int(decision))
        return decided

    def _entry(self, number: int, row: Planned, guesser: Guesser, people: Mapping[int, Person]) -> Entry:
        name, organisation, sector = (
            self.cleaned_data[f"r{number}_{key}"] for key in ("name", "organisation", "sector")
        )
        # Whose name was changed is not the one whom the register knew.
        person = people.get(row.person or 0) if name == row.name else None
        municipality = guesser.guess(organisation).municipality or (person.municipality if person else None)
        return Entry(
            sector=sector,
            name=name,
            role=row.role if person else "",
            organisation_name=organisation,
            municipality=municipality if sector == Sector.MUNICIPALITY else None,
            person=person,
            status=Attendance.Status.PRESENT,
            is_remote=True,
            is_walk_in=self.cleaned_data["uninvited"],
        )
