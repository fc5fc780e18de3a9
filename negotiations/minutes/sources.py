"""The rows that minutes are made from, named for telling whether any of them has changed (documents.stamps).

What composing reads has to be here; a test holds the two against each other.
"""

from __future__ import annotations

from indicators.models import Area
from municipalities.documents import Rows
from municipalities.models import County, Municipality, Organisation, Priority
from negotiations.models import (
    AgendaItem,
    Attendance,
    Measure,
    Minutes,
    MinutesAttachment,
    MinutesCheck,
    Negotiation,
    Part,
    Party,
    Round,
)

_THIS = "t.negotiation_id = %(negotiation)s"
_PARTIES = "FROM negotiations_party WHERE negotiation_id = %(negotiation)s"
_MEASURES = "FROM negotiations_measure WHERE negotiation_id = %(negotiation)s"
_MUNICIPALITIES = f"SELECT municipality_id {_PARTIES} UNION SELECT municipality_id {_MEASURES}"
SOURCES = (
    Rows(Minutes, "t.id = %(minutes)s", without=("document",)),
    Rows(MinutesAttachment, "t.minutes_id = %(minutes)s"),
    Rows(MinutesCheck, "t.minutes_id = %(minutes)s"),
    Rows(Negotiation, "t.id = %(negotiation)s"),
    Rows(Round, "t.id = (SELECT round_id FROM negotiations_negotiation WHERE id = %(negotiation)s)"),
    Rows(Party, _THIS),
    Rows(Attendance, _THIS),
    Rows(Part, _THIS),
    Rows(AgendaItem, f"t.part_id IN (SELECT id FROM negotiations_part t WHERE {_THIS})"),
    Rows(Measure, _THIS),
    Rows(Priority, f"t.id IN (SELECT priority_id {_MEASURES})"),
    Rows(Organisation, f"t.id IN (SELECT organisation_id {_PARTIES} UNION SELECT organisation_id {_MEASURES})"),
    Rows(Municipality, f"t.id IN ({_MUNICIPALITIES})"),
    Rows(County, "t.id = %(county)s"),
    Rows(
        Area,
        "t.id IN (SELECT area_id FROM municipalities_county WHERE id = %(county)s UNION "
        f"SELECT area_id FROM municipalities_municipality WHERE id IN ({_MUNICIPALITIES}))",
    ),
)
