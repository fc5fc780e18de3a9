"""Whether the duty to negotiate has been met: with each municipality, for each legal basis.

- 611/2021 § 14: the county negotiates with every municipality at least once in the council's term.
- 612/2021 §§ 6-7: at least once a year, together with the municipalities and other actors that promote welfare.

`periods` says in what time the duty is to be met and towards whom, `rules` is the arithmetic, of plain rows, `reading`
fetches the rows, however many, in the same few queries, and `plan` says what a plan would leave. Nothing of this is
stored.
"""

from negotiations.followup.duty.periods import Life, Period, period_words, term_at, year_of
from negotiations.followup.duty.plan import Leaves, PlanLeft, of_plan
from negotiations.followup.duty.reading import Duty, municipalities_of, read, read_all, years
from negotiations.followup.duty.rules import (
    ORDER,
    URGENCY,
    Coverage,
    Earlier,
    Evidence,
    Others,
    Position,
    Sitting,
    Standing,
    State,
    coverage,
    judge,
    position_of,
)

# So many names are told on the home page; the rest is in the table.
NAMES_SHOWN = 8

__all__ = [
    "NAMES_SHOWN",
    "ORDER",
    "URGENCY",
    "Coverage",
    "Duty",
    "Earlier",
    "Evidence",
    "Leaves",
    "Life",
    "Others",
    "Period",
    "PlanLeft",
    "Position",
    "Sitting",
    "Standing",
    "State",
    "coverage",
    "judge",
    "municipalities_of",
    "of_plan",
    "period_words",
    "position_of",
    "read",
    "read_all",
    "term_at",
    "year_of",
    "years",
]
