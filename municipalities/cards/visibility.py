"""Who may read which versions of municipality cards. Texts leave the municipality when the card is sent."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from municipalities.access import Access
from municipalities.models import CardApproval, CardVersion

# Approved, or sent where nobody approves, and not returned since: by the version alone, whatever becomes of the card.
FINAL = (Q(approved_at__isnull=False) | Q(approval=CardApproval.NONE)) & Q(returned_at=None)


def is_final(version: CardVersion) -> bool:
    """Whether a version counts as it is: FINAL, asked of one that has been read."""
    is_approved = version.approved_at is not None or version.approval == CardApproval.NONE
    return is_approved and version.returned_at is None


def visible_versions(access: Access) -> QuerySet[CardVersion]:
    """Versions of cards: all for the coordinator, for municipal staff their own, for the board those that are final."""
    versions: QuerySet[CardVersion] = CardVersion.objects.all()
    if access.is_coordinator:
        return versions
    seen = Q(card__municipality_id__in=access.municipality_ids)
    if access.is_board_member:
        seen |= FINAL
    return versions.filter(seen)
