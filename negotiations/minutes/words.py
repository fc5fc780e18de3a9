"""What minutes tell, in the words of the language in use: for paper and for Word alike."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from municipalities.models import County
from negotiations.minutes.context import Enclosure, MinutesContext, Participant, Presence, Signature
from negotiations.models import LegalBasis, MeasureStatus, MinutesSignature


def act_of(basis: str) -> str:
    """Name the act of a legal basis, as one speaks of it."""
    if LegalBasis(basis) == LegalBasis.COOPERATION:
        return _("Act on Wellbeing Services Counties (611/2021)")
    return _("Act on Organising Healthcare and Social Welfare Services (612/2021)")


def negotiation_of(basis: str) -> str:
    """Name the negotiation that a legal basis asks for."""
    if LegalBasis(basis) == LegalBasis.COOPERATION:
        return _("Negotiation of the county and the municipalities")
    return _("Negotiation on promoting welfare and health")


def measure_state(state: str) -> str:
    """Say what has become of a measure that was agreed earlier."""
    return str(MeasureStatus.State(state).label)


def signer_word(role: str) -> str:
    """Say who signs: "Chair", "Secretary"."""
    return capfirst(str(MinutesSignature.Role(role).label))


def way_word(way: str) -> str:
    """Say how somebody signed: "by a personal link"."""
    return str(MinutesSignature.Way(way).label)


def signers(context: MinutesContext) -> list[Signature]:
    """Return who signs; what was frozen before there were signatures has lines for the chair and the secretary."""
    role = MinutesSignature.Role
    return context.signatures or [
        Signature(role.CHAIR, context.chair, "", None),
        Signature(role.SECRETARY, context.secretary, "", None),
    ]


def enclosed(context: MinutesContext, item: int) -> list[Enclosure]:
    """Return what is attached to an item; nothing to the item of a context that does not know its items."""
    return [enclosure for enclosure in context.enclosures if item and enclosure.item == item]


def place_of_item(context: MinutesContext, item: int) -> str:
    """Say which item is meant, with its part where there are several: "3 §", "Part 2, 3 §"; nothing for none."""
    for number, part in enumerate(context.parts, start=1):
        for each in part.items:
            if item and each.id == item:
                of_part = f"{_('Part %(number)s') % {'number': number}}, " if len(context.parts) > 1 else ""
                return of_part + County.Numbering(context.numbering).of(each.number)
    return ""


def presence_words(presence: Presence) -> str:
    """Say who was there when a part was opened and closed: how many stayed, and who came, left or was away."""
    moved = [
        (_("Came after the opening"), presence.came),
        (_("Left before the closing"), presence.left),
        (_("Not present in this part"), presence.away),
    ]
    if presence.at_closing is None:
        counts = _("Present when it was opened: %(opening)s.")
    elif presence.came or presence.left or presence.at_opening != presence.at_closing:
        counts = _("Present when it was opened: %(opening)s, and when it was closed: %(closing)s.")
    else:
        counts = _("Present from the opening to the closing: %(opening)s.")
    counted = {"opening": presence.at_opening, "closing": presence.at_closing}
    lines = [counts % counted, *(f"{label}: {'; '.join(map(person_words, who))}." for label, who in moved if who)]
    return "\n".join(lines)


def person_words(person: Participant) -> str:
    """Say who somebody is: name, role and organisation, as far as they are known."""
    return ", ".join(filter(None, [person.name, person.role, person.organisation]))


def joined(texts: Iterable[str]) -> str:
    """Write texts one a line."""
    return "\n".join(texts)
