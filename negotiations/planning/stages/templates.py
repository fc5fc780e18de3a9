"""Usual stages of a round's year, to start from: plain data, with months counted from the round's year.

Month 1 is January of the round's year, 13 January of the next one, 0 December of the year before. Nothing here is
asked by law; each county changes what it takes.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from negotiations.models import Round, RoundStage

Form = Round.Form


@dataclass(frozen=True)
class UsualStage:
    """A stage that many counties have: what, by whom, and in which months; without months where no date is known."""

    name: Promise | str
    body: Promise | str
    first: int | None = None
    # The same month where only the first is given.
    last: int | None = None
    description: Promise | str = ""

    def span(self, year: int) -> tuple[date, date] | None:
        """Return the first and the last day of the months in a round of this year; None where none are known."""
        if self.first is None:
            return None
        start, end = month_of(year, self.first), month_of(year, self.first if self.last is None else self.last)
        return start, end.replace(day=monthrange(end.year, end.month)[1])


def month_of(year: int, number: int) -> date:
    """Return the first day of a month counted from January of the year, which is 1; 13 is the next January."""
    years, month = divmod(number - 1, 12)
    return date(year + years, month + 1, 1)


def number_of(year: int, day: date) -> int:
    """Return the number of a day's month counted from January of the year: the reverse of `month_of`."""
    return (day.year - year) * 12 + day.month


@dataclass(frozen=True)
class Template:
    """Stages that are taken together, and the forms of a round that they suit best."""

    key: str
    name: Promise | str
    lead: Promise | str
    forms: Collection[str]
    stages: Sequence[UsualStage]


COUNTY = gettext_lazy("Wellbeing services county")
MUNICIPALITIES = gettext_lazy("Municipalities")
BOARD = gettext_lazy("County board")
COUNCIL = gettext_lazy("County council")
NOTED = gettext_lazy("The summary is noted; it is not approved.")

TO_BOARD = UsualStage(gettext_lazy("Summary to the county board"), BOARD, 13, description=NOTED)
TO_COUNCIL = UsualStage(gettext_lazy("Summary to the county council"), COUNCIL, 13, description=NOTED)
APPROVAL = UsualStage(gettext_lazy("Timetable, representation and form approved"), BOARD, 6, 8)
MINUTES = UsualStage(
    gettext_lazy("Minutes written and checked"), gettext_lazy("Wellbeing services county and the parties"), 9, 12
)

# Keski-Suomi 2023 and 2024: the report is ready in spring, the negotiations are held in autumn.
AUTUMN = Template(
    key="syksy",
    name=gettext_lazy("Negotiations in autumn"),
    lead=gettext_lazy(
        "Reports in spring, negotiations in autumn, the summary to the board and the council in January."
    ),
    forms=(Form.MUNICIPALITIES, Form.GROUPS),
    stages=(
        UsualStage(
            gettext_lazy("Yearly reports or wide welfare reports and plans drawn up"),
            MUNICIPALITIES,
            1,
            5,
            gettext_lazy("They are approved in March–May. A draft is enough to negotiate on."),
        ),
        UsualStage(gettext_lazy("Reports and plans delivered to the county"), MUNICIPALITIES, 3, 5),
        APPROVAL,
        UsualStage(
            gettext_lazy("Invitations sent"),
            COUNTY,
            6,
            8,
            gettext_lazy(
                "Officials, elected members, welfare coordinators, organisations, parishes, the regional council and"
                " others who promote welfare."
            ),
        ),
        UsualStage(gettext_lazy("Municipality cards filled in"), MUNICIPALITIES, 6, 8),
        UsualStage(gettext_lazy("Highlights and material to the participants"), COUNTY, 8, 11),
        MINUTES,
        UsualStage(
            gettext_lazy("Debrief and feedback"),
            gettext_lazy("Wellbeing services county and welfare coordinators"),
            12,
        ),
        TO_BOARD,
        TO_COUNCIL,
        UsualStage(
            gettext_lazy("Follow-up of the measures"),
            gettext_lazy("Meeting of the municipalities"),
            description=gettext_lazy(
                "The state of the measures is reported yearly and taken into the next negotiation."
            ),
        ),
    ),
)

# Keusote 2023: a region-wide process in spring, on what the welfare reports say.
SPRING = Template(
    key="kevat",
    name=gettext_lazy("Region-wide negotiation in spring"),
    lead=gettext_lazy("On the results of the welfare reports; afterwards the leaders' forum sharpens the priorities."),
    forms=(Form.REGION, Form.THEMES),
    stages=(
        UsualStage(
            gettext_lazy("Estimate of when the municipalities are ready to negotiate"),
            gettext_lazy("Regional welfare promotion group"),
            0,
        ),
        UsualStage(
            gettext_lazy("Results of the welfare reports delivered to the county"),
            gettext_lazy("Municipalities and wellbeing services county"),
            3,
            description=gettext_lazy("Each municipality brings up its priorities in the regional plan."),
        ),
        UsualStage(
            gettext_lazy("Assessment of the cooperation with organisations"),
            gettext_lazy("Organisations' council"),
            3,
        ),
        UsualStage(gettext_lazy("Summary for the negotiations drawn up"), COUNTY, 3),
        UsualStage(
            gettext_lazy("Summary for the negotiations commented"), gettext_lazy("Regional welfare promotion group"), 3
        ),
        UsualStage(
            gettext_lazy("Welfare reports approved"),
            gettext_lazy("Municipalities and wellbeing services county"),
            3,
            5,
            gettext_lazy("The negotiations need not wait for this: what is known is enough."),
        ),
        UsualStage(gettext_lazy("Priorities sharpened"), gettext_lazy("Leaders' forum"), 4, 5),
        UsualStage(
            gettext_lazy("Influencing bodies heard"),
            gettext_lazy("Council for older people, council for persons with disabilities, youth council"),
        ),
        UsualStage(
            gettext_lazy("Negotiation with HUS"),
            gettext_lazy("Wellbeing services county and HUS Group"),
            description=gettext_lazy("A negotiation of its own."),
        ),
        # When they meet after the spring the source does not tell.
        UsualStage(TO_BOARD.name, TO_BOARD.body, description=NOTED),
        UsualStage(TO_COUNCIL.name, TO_COUNCIL.body, description=NOTED),
    ),
)

# What is left where one person runs it all: the decision, the invitations, the minutes, the summary.
SHORT = Template(
    key="lyhyt",
    name=gettext_lazy("Short: a small county"),
    lead=gettext_lazy("Only what every round needs."),
    forms=(),
    stages=(
        UsualStage(gettext_lazy("Welfare reports delivered to the county"), MUNICIPALITIES, 3, 5),
        APPROVAL,
        UsualStage(gettext_lazy("Invitations sent"), COUNTY, 8),
        MINUTES,
        TO_BOARD,
        TO_COUNCIL,
    ),
)

TEMPLATES = (AUTUMN, SPRING, SHORT)


def templates_for(form: str, own: Iterable[Template] = ()) -> list[Template]:
    """Return the county's own templates and the usual ones, those that suit a round of this form first."""
    return sorted([*own, *TEMPLATES], key=lambda template: form not in template.forms)


def template_of(round_: Round, stages: Iterable[RoundStage]) -> Template:
    """Return what a round did as a template for another: its stages in the same months, which is all that carries over.

    The day of a board's meeting is another one the next year, its month most often is not.
    """
    usual = [
        UsualStage(
            stage.name,
            stage.body,
            number_of(round_.year, stage.earliest) if stage.earliest else None,
            number_of(round_.year, stage.latest) if stage.latest else None,
            stage.description,
        )
        for stage in stages
    ]
    lead = gettext_lazy("What your county did then, in the same months of this round's year.")
    name = _("As in the round “%(name)s”") % {"name": round_.name}
    return Template(f"kierros-{round_.pk}", name, lead, (round_.form,), usual)


def left_of(template: Template, have: Collection[str], language: str) -> list[UsualStage]:
    """Return the stages of a template whose names in this language are not among those that a round has."""
    known = {name.strip().casefold() for name in have}
    with translation.override(language):
        return [stage for stage in template.stages if str(stage.name).casefold() not in known]
