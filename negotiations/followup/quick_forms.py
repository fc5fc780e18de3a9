"""The five things asked of a negotiation that was minuted elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities.access import Access
from municipalities.forms import DAY_FORMATS, ClockField, DayField, ListField, SharedForm
from municipalities.models import Sector
from negotiations.followup.forms import WRONG_DAY, Owners
from negotiations.followup.measures import RESPONSIBLE_LENGTH, Agreed, Owner
from negotiations.followup.quick_minutes import QuickMinutes
from negotiations.models import Attendance, Negotiation, Part
from negotiations.planning.negotiations import parties_of, with_parties
from negotiations.planning.timing import Precision, Timing
from negotiations.sitting.attendance import SECTOR_NAMES

WRONG_CLOCK = gettext_lazy("Give the time as hours and minutes, for example 8.15.")
# The order in which those who took part are usually told.
SECTORS = (
    Sector.MUNICIPALITY,
    Sector.COUNTY,
    Sector.ORGANISATION,
    Sector.PARISH,
    Sector.ORGANISATION_OR_PARISH,
    Sector.PUBLIC,
    Sector.INFLUENCING,
    Sector.COMPANY,
    Sector.OTHER,
)
MOST = 9999


class QuickMinutesForm(SharedForm):
    """When, who, what was agreed, what is to be done, and where the minutes are.

    What others have entered of the same negotiation meanwhile, as head counts, is put beside what is sent.
    """

    held_on = DayField(
        label=gettext_lazy("Day"), missing=gettext_lazy("Give the day on which it was held."), wrong=WRONG_DAY
    )
    began = ClockField(label=gettext_lazy("Began at"), required=False, missing="", wrong=WRONG_CLOCK)
    ended = ClockField(label=gettext_lazy("Ended at"), required=False, missing="", wrong=WRONG_CLOCK)
    came = forms.MultipleChoiceField(
        label=gettext_lazy("Parties that took part"),
        help_text=gettext_lazy("Clear those that were invited but stayed away: they have not taken part."),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one party that took part.")},
    )
    measures = ListField(
        label=gettext_lazy("Measures"),
        help_text=gettext_lazy(
            "One a line: what is done; who answers for it; by when. For example:"
            " Youth centre open on Saturdays; Hankasalmi, youth services; 31.3.2025"
        ),
        required=False,
        max_items=100,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    owner = forms.ChoiceField(label=gettext_lazy("Who answers for the measures that name nobody"), required=False)
    attachment = forms.CharField(
        label=gettext_lazy("Title of the minutes"),
        help_text=gettext_lazy("It becomes an attachment. For example: Minutes 26.9.2024, in the case register"),
        max_length=300,
        error_messages={"required": gettext_lazy("Give the title under which the minutes are found.")},
    )
    case_number = forms.CharField(label=gettext_lazy("Case number"), required=False, max_length=60)

    def __init__(self, *args: Any, access: Access, instance: Negotiation, **kwargs: Any) -> None:
        negotiation = self.negotiation = instance
        self.minutes_name = access.county.minutes_name_in(negotiation.language)
        # Read afresh with its lock, it has neither.
        prefetch_related_objects([negotiation], with_parties(), "parts")
        self.owners = Owners(access.county, negotiation)
        self.is_held = negotiation.state == Negotiation.State.HELD
        parts = sorted(negotiation.parts.all(), key=lambda part: part.position)
        self.parts: list[Part] = [part for part in parts if part.dealt_with] if self.is_held else parts
        self.parties = parties_of(negotiation)
        counts = dict(
            Attendance.objects.filter(negotiation=negotiation, is_head_count=True).values_list("sector", "count")
        )
        super().__init__(*args, access=access, initial=self._initial(counts), **kwargs)
        cast(forms.ChoiceField, self.fields["owner"]).choices = self.owners.choices
        if self.is_held:
            for name in ("held_on", "began", "ended", "came"):
                del self.fields[name]
        else:
            cast(forms.MultipleChoiceField, self.fields["came"]).choices = [
                (str(party.pk), party.name) for party in self.parties
            ]
        self._add_counts()
        self._add_parts()
        self.carry_along()

    def _initial(self, counts: dict[str, int]) -> dict[str, Any]:
        negotiation = self.negotiation
        day_known = negotiation.precision != Precision.MONTH
        return {
            "held_on": negotiation.earliest if day_known else None,
            "began": timezone.localtime(negotiation.starts_at).time() if negotiation.starts_at else None,
            "ended": timezone.localtime(negotiation.ends_at).time() if negotiation.ends_at else None,
            "came": [str(party.pk) for party in self.parties],
            "case_number": negotiation.case_number,
            "attachment": self.minutes_name,
            **{f"count_{sector}": count for sector, count in counts.items()},
        }

    def _add_counts(self) -> None:
        for sector in SECTORS:
            self.fields[f"count_{sector}"] = forms.IntegerField(
                label=str(SECTOR_NAMES[sector]),
                required=False,
                min_value=0,
                max_value=MOST,
                error_messages={
                    "invalid": _("Give a number of people, for example 12."),
                    "min_value": _("A number of people cannot be negative."),
                    "max_value": _("Give at most %(most)s people.") % {"most": MOST},
                },
                widget=forms.NumberInput(attrs={"inputmode": "numeric", "min": "0", "max": str(MOST)}),
            )

    def _add_parts(self) -> None:
        several = len(self.parts) > 1
        for part in self.parts:
            self.fields[f"agreed_{part.pk}"] = forms.CharField(
                label=part.get_legal_basis_display() if several else _("What was agreed"),
                help_text=self._hint(several),
                required=not several,
                widget=forms.Textarea(attrs={"rows": 4}),
                error_messages={"required": _("Write what was agreed.")},
            )

    def _hint(self, several: bool) -> str:
        if several and not self.is_held:
            return _("Leave empty if the part was not dealt with: it then does not discharge its duty.")
        return ""

    # --- How the page draws it -----------------------------------------------------------------------------------

    @property
    def when(self) -> list[forms.BoundField]:
        """The fields of when it was held; none for one that is marked as held."""
        return [self[name] for name in ("held_on", "began", "ended") if name in self.fields]

    @property
    def counts(self) -> Iterator[forms.BoundField]:
        """The fields of how many came, by sector."""
        return (self[f"count_{sector}"] for sector in SECTORS)

    @property
    def agreed(self) -> Iterator[forms.BoundField]:
        """The fields of what was agreed, one a part."""
        return (self[f"agreed_{part.pk}"] for part in self.parts)

    # --- What was given ------------------------------------------------------------------------------------------

    def clean_held_on(self) -> date:
        """Refuse a day to come."""
        day: date = self.cleaned_data["held_on"]
        if day > timezone.localdate():
            raise ValidationError(_("The day is still to come. Enter the minutes once the negotiation has been held."))
        return day

    def clean(self) -> dict[str, Any]:
        """Look at what belongs together."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self.timing = None if self.is_held else self._timing(cleaned)
        texts = [cleaned.get(f"agreed_{part.pk}") for part in self.parts]
        if len(self.parts) > 1 and not any(texts):
            self.add_error(f"agreed_{self.parts[0].pk}", _("Write what was agreed in at least one part."))
        self.listed: list[Agreed] = []
        default = self.owners.by_key.get(cleaned.get("owner") or "")
        for number, line in enumerate(cleaned.get("measures") or [], start=1):
            try:
                self.listed.append(self._measure(number, line, default))
            except ValidationError as error:
                self.add_error("measures", error)
        return cleaned

    def _timing(self, cleaned: dict[str, Any]) -> Timing | None:
        day, began, ended = (cleaned.get(name) for name in ("held_on", "began", "ended"))
        if day is None or self.errors.keys() & {"began", "ended"}:
            return None
        if began is None and ended is None:
            return Timing(Precision.DAY, day, day)
        if began is None or ended is None:
            missing = "began" if began is None else "ended"
            self.add_error(missing, _("Give both times, or leave both empty if they are not known."))
            return None
        if ended <= began:
            self.add_error("ended", _("The negotiation ended before it began. Correct one of the times."))
            return None
        try:
            return Timing.at_clock(day, began, ended)
        except ValidationError as error:
            self.add_error("began", error)
            return None

    def _measure(self, number: int, line: str, default: Owner | None) -> Agreed:
        """Read a line: the measure; who answers for it; by when."""
        text, *rest = (one.strip() for one in line.split(";"))
        if not text or len(rest) > 2:
            raise ValidationError(
                _("Line %(number)s: write the measure; who answers for it; by when. At most two semicolons.")
                % {"number": number}
            )
        who, due = ([*rest, "", ""])[:2]
        owner = self.owners.named(who) or default
        if owner is None:
            raise ValidationError(
                _(
                    "Line %(number)s: it is not known who answers for the measure. Write the name of a municipality or"
                    " an organisation after a semicolon, or choose one below."
                )
                % {"number": number}
            )
        if len(owner.responsible(self.access.county, who)) > RESPONSIBLE_LENGTH:
            raise ValidationError(
                _("Line %(number)s: the one who answers is too long. Shorten it.") % {"number": number}
            )
        due_on = _day(due)
        if due_on is None and len(due) > 80:
            raise ValidationError(_("Line %(number)s: the deadline is too long. Shorten it.") % {"number": number})
        return Agreed(text, owner, who, due_on, "" if due_on else due)

    def quick(self) -> QuickMinutes:
        """Return what is to be entered."""
        cleaned = self.cleaned_data
        came = set(cleaned.get("came", ()))
        return QuickMinutes(
            head_counts={sector: cleaned[f"count_{sector}"] for sector in SECTORS},
            agreed={part.pk: text for part in self.parts if (text := cleaned[f"agreed_{part.pk}"].strip())},
            measures=self.listed,
            attachment=cleaned["attachment"],
            case_number=cleaned["case_number"],
            timing=self.timing,
            stayed_away=[] if self.is_held else [party for party in self.parties if str(party.pk) not in came],
        )


def _day(text: str) -> date | None:
    """Read a day; none where it is given otherwise, in words."""
    for form in DAY_FORMATS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007
        except ValueError:
            continue
    return None
