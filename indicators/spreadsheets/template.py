"""A file to fill in, with the figures as they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from indicators.models import Area, Indicator, IndicatorValue
from indicators.spreadsheets.reading import MOST_FIGURES
from indicators.spreadsheets.understanding import Known

Gender, Status = IndicatorValue.Gender, IndicatorValue.Status

MARKS = {Status.MISSING: "-", Status.SUPPRESSED: ".."}


def template_rows(known: Known, indicators: Sequence[Indicator], first_year: int, last_year: int) -> list[list[Any]]:
    """Return the rows of a file to fill in, in the language in use: the figures as they are, and what is to be given.

    Taken in as it is, it changes nothing. A year that has any figure of an indicator has its figures alone, a year
    that has none an empty row for each municipality. Raises ValidationError for more figures than a file may have.
    """
    values = (
        IndicatorValue.objects.filter(
            indicator__in=[row.pk for row in indicators],
            area__in=known.areas,
            year__range=(first_year, last_year),
        )
        .order_by("year")
        .values_list("indicator_id", "year", "area_id", "gender", "value", "status")
    )
    present: dict[tuple[int, int], dict[tuple[int, str], Any]] = defaultdict(dict)
    for indicator_id, year, area_id, gender, value, status in values:
        present[indicator_id, year][area_id, gender] = value if status == Status.OK else MARKS[Status(status)]
    rows: list[list[Any]] = []
    genders = {choice.value: str(choice.label) for choice in Gender}
    for indicator in indicators:
        for year in range(first_year, last_year + 1):
            given = present.get((indicator.pk, year)) or {
                (area.pk, Gender.TOTAL.value): None for area in known.municipalities
            }
            for area in known.areas.values():
                code = area.code if area.kind == Area.Kind.MUNICIPALITY else None
                rows += [
                    [indicator.name, code, area.name, year, label, given[area.pk, gender]]
                    for gender, label in genders.items()
                    if (area.pk, gender) in given
                ]
        if len(rows) > MOST_FIGURES:
            raise ValidationError(
                _("There would be more than %(most)s rows. Choose fewer years or one indicator.")
                % {"most": MOST_FIGURES}
            )
    return rows
