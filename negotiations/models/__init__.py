"""The models of the app, one module a subject."""

from negotiations.models.agreements import FeedbackNote, Measure
from negotiations.models.material import DismissedSuggestion, Highlight, PreRead, PreReadCard
from negotiations.models.minutes import Minutes, MinutesAttachment, MinutesCheck
from negotiations.models.planning import (
    AvailabilityAnswer,
    AvailabilityInquiry,
    AvailabilityRequest,
    CalendarFeed,
    PlacementWish,
)
from negotiations.models.rounds import (
    CoreGroup,
    LegalBasis,
    Round,
    RoundStage,
    Slot,
    StatedFigure,
)
from negotiations.models.sittings import (
    AgendaItem,
    Attendance,
    Cancellation,
    Negotiation,
    Observation,
    Part,
    Party,
    Postponement,
    ThemeColumn,
    WorkshopTheme,
)
from negotiations.models.summaries import Summary, SummaryHandling, SummaryNote

__all__ = [
    "AgendaItem",
    "Attendance",
    "AvailabilityAnswer",
    "AvailabilityInquiry",
    "AvailabilityRequest",
    "CalendarFeed",
    "Cancellation",
    "CoreGroup",
    "DismissedSuggestion",
    "FeedbackNote",
    "Highlight",
    "LegalBasis",
    "Measure",
    "Minutes",
    "MinutesAttachment",
    "MinutesCheck",
    "Negotiation",
    "Observation",
    "Part",
    "Party",
    "PlacementWish",
    "Postponement",
    "PreRead",
    "PreReadCard",
    "Round",
    "RoundStage",
    "Slot",
    "StatedFigure",
    "Summary",
    "SummaryHandling",
    "SummaryNote",
    "ThemeColumn",
    "WorkshopTheme",
]
