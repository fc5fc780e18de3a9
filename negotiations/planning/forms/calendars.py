"""The form with which a secret address of a calendar is made: one choice of what is in it."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities.forms import CountyForm
from municipalities.models import Municipality
from negotiations.models import CalendarFeed, Round
from negotiations.permissions import visible_rounds
from negotiations.planning.calendars.feeds import new_seed

Kind = CalendarFeed.Kind
SEED = re.compile(r"[0-9a-f]{30}")


class CalendarForm(CountyForm):
    """Chooses what a calendar holds: only what the user may see can be chosen."""

    seed = forms.CharField(widget=forms.HiddenInput, required=False)
    holds = forms.ChoiceField(
        label=gettext_lazy("What is in the calendar"),
        error_messages={
            "required": gettext_lazy("Choose what is in the calendar."),
            "invalid_choice": gettext_lazy("This cannot be chosen any more. Choose what is in the calendar again."),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        access = self.access
        places = Municipality.objects.filter(county=access.county).select_related("area").order_by("area__order")
        if not access.is_coordinator:
            places = places.filter(pk__in=access.municipality_ids)
        self.places = {f"{Kind.MUNICIPALITY}-{place.pk}": place for place in places}
        self.rounds: dict[str, Round] = {
            f"{Kind.ROUND}-{row.pk}": row for row in visible_rounds(access).order_by("-year", "name")
        }
        whole = [(str(Kind.OWN), _("My negotiations: all that I may see"))]
        if access.is_coordinator:
            whole.append((str(Kind.COUNTY), _("All negotiations of the county")))
        groups = [
            (_("Negotiations of a municipality"), [(key, str(place)) for key, place in self.places.items()]),
            (
                _("Timetable of a round: its stages and negotiations"),
                [
                    (key, row.name if str(row.year) in row.name else f"{row.name} ({row.year})")
                    for key, row in self.rounds.items()
                ],
            ),
        ]
        field: Any = self.fields["holds"]
        field.choices = [*whole, *((name, choices) for name, choices in groups if choices)]
        self.initial.setdefault("seed", new_seed())

    @property
    def token_seed(self) -> str:
        """The seed that the form was sent with; a new one where somebody has tampered with it."""
        sent = str(self.cleaned_data.get("seed", ""))
        return sent if SEED.fullmatch(sent) else new_seed()

    @property
    def kind(self) -> Kind:
        """What kind of calendar was chosen."""
        return Kind(self.cleaned_data["holds"].split("-")[0])

    @property
    def municipality(self) -> Municipality | None:
        """The municipality that was chosen, if one was."""
        return self.places.get(self.cleaned_data["holds"])

    @property
    def round(self) -> Round | None:
        """The round that was chosen, if one was."""
        return self.rounds.get(self.cleaned_data["holds"])
