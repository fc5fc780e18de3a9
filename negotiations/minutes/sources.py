"""The rows that minutes are made from, named for telling whether any of them has changed (documents.stamps).

What composing reads has to be here; a test holds the two against each other.
"""

from __future__ import annotations

from indicators.models import Area, Indicator
from municipalities.documents import Rows
from municipalities.models import County, Municipality, Organisation, Priority
from negotiations.models import (
    AgendaItem,
    AttachedFile,
    Attendance,
    CorrectionEntry,
    Measure,
    MeasureStatus,
    Minutes,
    MinutesAttachment,
    MinutesCheck,
    MinutesSignature,
    MinutesVersion,
    Negotiation,
    Observation,
    Part,
    PartPresence,
    Party,
    Round,
    ThemeColumn,
    WorkshopTheme,
)

_THIS = "t.negotiation_id = %(negotiation)s"
_PARTIES = "FROM negotiations_party WHERE negotiation_id = %(negotiation)s"
_MEASURES = "FROM negotiations_measure WHERE negotiation_id = %(negotiation)s"
_OBSERVATIONS = "FROM negotiations_observation WHERE negotiation_id = %(negotiation)s"
_MUNICIPALITIES = f"SELECT municipality_id {_PARTIES} UNION SELECT municipality_id {_MEASURES}"
_PARTS = "SELECT id FROM negotiations_part WHERE negotiation_id = %(negotiation)s"
_ITEMS = f"SELECT id FROM negotiations_agendaitem WHERE part_id IN ({_PARTS})"
# Agreed earlier and gone through now, with what they were agreed under.
_FOLLOWED = f"SELECT measure_id FROM negotiations_agendaitem_measures_followed WHERE agendaitem_id IN ({_ITEMS})"
_OF_FOLLOWED = f"FROM negotiations_measure WHERE id IN ({_FOLLOWED})"
_COLUMNS = f"SELECT column_id {_OBSERVATIONS}"
# These minutes, and those that they correct.
_BOTH = "(%(minutes)s, (SELECT corrects_id FROM negotiations_minutes WHERE id = %(minutes)s))"

SOURCES = (
    Rows(Minutes, f"t.id IN {_BOTH}", without=("document",)),
    # The content is known by its hash.
    Rows(MinutesVersion, f"t.minutes_id IN {_BOTH}", without=("content",)),
    Rows(MinutesAttachment, "t.minutes_id = %(minutes)s"),
    Rows(
        AttachedFile,
        "t.id IN (SELECT file_id FROM negotiations_minutesattachment WHERE minutes_id = %(minutes)s)",
        without=("content",),
    ),
    Rows(MinutesCheck, f"t.minutes_id IN {_BOTH}"),
    Rows(MinutesSignature, "t.minutes_id = %(minutes)s"),
    Rows(CorrectionEntry, "t.minutes_id = %(minutes)s"),
    Rows(Negotiation, f"t.id = %(negotiation)s OR t.id IN (SELECT negotiation_id {_OF_FOLLOWED})"),
    Rows(Round, "t.id = (SELECT round_id FROM negotiations_negotiation WHERE id = %(negotiation)s)"),
    Rows(Party, _THIS),
    Rows(Attendance, _THIS),
    Rows(Part, _THIS),
    Rows(PartPresence, f"t.part_id IN ({_PARTS})"),
    Rows(AgendaItem, f"t.part_id IN ({_PARTS}) OR t.id IN (SELECT agenda_item_id {_OF_FOLLOWED})"),
    Rows(AgendaItem.indicators.through, f"t.agendaitem_id IN ({_ITEMS})"),
    Rows(AgendaItem.measures_followed.through, f"t.agendaitem_id IN ({_ITEMS})"),
    Rows(Measure, f"{_THIS} OR t.id IN ({_FOLLOWED})"),
    Rows(MeasureStatus, _THIS),
    Rows(
        Indicator,
        f"t.id IN (SELECT indicator_id {_MEASURES} UNION "
        f"SELECT indicator_id FROM negotiations_agendaitem_indicators WHERE agendaitem_id IN ({_ITEMS}))",
    ),
    Rows(Observation, _THIS),
    Rows(ThemeColumn, f"t.id IN ({_COLUMNS})"),
    Rows(WorkshopTheme, f"t.id IN (SELECT theme_id FROM negotiations_themecolumn WHERE id IN ({_COLUMNS}))"),
    Rows(Priority, f"t.id IN (SELECT priority_id {_MEASURES} UNION SELECT priority_id {_OBSERVATIONS})"),
    Rows(Organisation, f"t.id IN (SELECT organisation_id {_PARTIES} UNION SELECT organisation_id {_MEASURES})"),
    Rows(Municipality, f"t.id IN ({_MUNICIPALITIES})"),
    Rows(County, "t.id = %(county)s"),
    Rows(
        Area,
        "t.id IN (SELECT area_id FROM municipalities_county WHERE id = %(county)s UNION "
        f"SELECT area_id FROM municipalities_municipality WHERE id IN ({_MUNICIPALITIES}))",
    ),
)
