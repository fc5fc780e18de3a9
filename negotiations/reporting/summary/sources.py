"""The rows that a summary is made from, named for telling whether any of them has changed (documents.stamps).

What is read of the round and of its figures has to be here; a test holds the two against each other.
"""

from __future__ import annotations

from indicators.figures import POPULATION
from indicators.models import Area, ImportRun, Indicator, IndicatorSet, IndicatorSetItem, IndicatorValue
from municipalities.documents import Rows
from municipalities.models import County, Municipality, MunicipalityGroup, Organisation, Priority
from negotiations.models import (
    AgendaItem,
    Attendance,
    CoreGroup,
    FeedbackNote,
    Measure,
    Negotiation,
    Observation,
    Part,
    Party,
    Round,
    StatedFigure,
    Summary,
    SummaryNote,
    ThemeColumn,
    WorkshopTheme,
)

_THIS = "t.round_id = %(round)s"
_HELD = "t.negotiation_id IN (SELECT id FROM negotiations_negotiation WHERE round_id = %(round)s)"
_THEMES = f"SELECT id FROM negotiations_workshoptheme t WHERE {_THIS}"
_COLUMNS = f"SELECT id FROM negotiations_themecolumn WHERE theme_id IN ({_THEMES})"
_SET = "(SELECT indicator_set_id FROM negotiations_round WHERE id = %(round)s)"
_INDICATORS = (
    f"SELECT indicator_id FROM indicators_indicatorsetitem WHERE indicator_set_id = {_SET} "
    f"UNION SELECT id FROM indicators_indicator WHERE sotkanet_id = {POPULATION}"
)
_MUNICIPALITIES = (
    "SELECT id FROM municipalities_municipality WHERE county_id = %(county)s "
    f"UNION SELECT municipality_id FROM negotiations_party t WHERE {_HELD}"
)
_AREAS = (
    "SELECT area_id FROM municipalities_county WHERE id = %(county)s "
    f"UNION SELECT area_id FROM municipalities_municipality WHERE id IN ({_MUNICIPALITIES}) "
    f"UNION SELECT id FROM indicators_area WHERE kind = '{Area.Kind.COUNTRY.value}' OR merged_into_id IS NOT NULL"
)
_VALUES = f"t.gender = 'total' AND t.indicator_id IN ({_INDICATORS}) AND t.area_id IN ({_AREAS})"
SOURCES = (
    Rows(Summary, "t.id = %(summary)s", without=("document",)),
    Rows(SummaryNote, "t.summary_id = %(summary)s"),
    Rows(Round, "t.id = %(round)s"),
    Rows(Negotiation, _THIS),
    Rows(MunicipalityGroup, "t.id IN (SELECT group_id FROM negotiations_negotiation WHERE round_id = %(round)s)"),
    Rows(Party, _HELD),
    Rows(Organisation, f"t.id IN (SELECT organisation_id FROM negotiations_party t WHERE {_HELD})"),
    Rows(Part, _HELD),
    Rows(Attendance, _HELD),
    Rows(Measure, f"{_THIS} OR {_HELD}"),
    # Whether what was agreed under it is public.
    Rows(AgendaItem, f"t.part_id IN (SELECT id FROM negotiations_part t WHERE {_HELD})"),
    Rows(Priority, "t.county_id = %(county)s"),
    Rows(StatedFigure, _THIS),
    Rows(CoreGroup, _THIS),
    Rows(
        CoreGroup.negotiations.through,
        f"t.coregroup_id IN (SELECT id FROM negotiations_coregroup t WHERE {_THIS})",
    ),
    Rows(WorkshopTheme, _THIS),
    Rows(ThemeColumn, f"t.theme_id IN ({_THEMES})"),
    Rows(Observation, f"t.column_id IN ({_COLUMNS})"),
    Rows(FeedbackNote, _THIS),
    Rows(County, "t.id = %(county)s"),
    Rows(Municipality, f"t.id IN ({_MUNICIPALITIES})"),
    Rows(Area, f"t.id IN ({_AREAS})"),
    Rows(IndicatorSet, f"t.id = {_SET}"),
    Rows(IndicatorSetItem, f"t.indicator_set_id = {_SET}"),
    Rows(Indicator, f"t.id IN ({_INDICATORS})"),
    Rows(IndicatorValue, _VALUES),
    Rows(ImportRun, f"t.id IN (SELECT run_id FROM indicators_indicatorvalue t WHERE {_VALUES})"),
)
