"""The models of the app, one module a subject."""

from municipalities.models.cards import (
    Card,
    CardBundle,
    CardBundleItem,
    CardContact,
    CardEntry,
    CardFigure,
    CardLink,
    CardPlan,
    CardVersion,
    CardYear,
)
from municipalities.models.documents import Document, Download
from municipalities.models.events import Event
from municipalities.models.people import (
    Membership,
    Organisation,
    Person,
    PersonContact,
    Sector,
    User,
)
from municipalities.models.places import (
    CardApproval,
    CouncilTerm,
    County,
    CountyLogo,
    Municipality,
    MunicipalityGroup,
    Priority,
)

__all__ = [
    "Card",
    "CardApproval",
    "CardBundle",
    "CardBundleItem",
    "CardContact",
    "CardEntry",
    "CardFigure",
    "CardLink",
    "CardPlan",
    "CardVersion",
    "CardYear",
    "CouncilTerm",
    "County",
    "CountyLogo",
    "Document",
    "Download",
    "Event",
    "Membership",
    "Municipality",
    "MunicipalityGroup",
    "Organisation",
    "Person",
    "PersonContact",
    "Priority",
    "Sector",
    "User",
]
