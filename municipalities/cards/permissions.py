"""Who may do what with a municipality's card. The same predicates judge what is sent and draw the buttons."""

from __future__ import annotations

from municipalities.access import Access
from municipalities.models import Membership, Municipality

Role = Membership.Role


def can_fill(access: Access, municipality: Municipality) -> bool:
    """Whether the user fills the municipality's card: its editors, and their deputies in their time."""
    return any(
        m.role == Role.MUNICIPAL_EDITOR and m.municipality_id == municipality.pk and m.county_id == access.county.pk
        for m in access.user.all_memberships
    )


def can_read_draft(access: Access, municipality: Municipality) -> bool:
    """Whether the user reads the card while it is being written: the municipality's own people."""
    return municipality.pk in access.municipality_ids


def can_oversee(access: Access) -> bool:
    """Whether the user sees how far the cards are, returns them, reminds, and locks the year: the coordinators."""
    return access.is_coordinator


def can_know(access: Access, municipality: Municipality) -> bool:
    """Whether the user may know that the municipality has a card at all."""
    return can_read_draft(access, municipality) or can_oversee(access) or access.is_board_member
