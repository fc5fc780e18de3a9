"""What has been agreed, as a list: the measures that a user may know of, and where each was agreed."""

from __future__ import annotations

from datetime import date

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from municipalities.access import Access
from municipalities.models import Sector
from negotiations.models import Measure
from negotiations.permissions import can_read_rounds, visible_measures, visible_negotiations, visible_statuses
from negotiations.sitting.brought import CLOSED, with_latest_state


def listed(access: Access) -> QuerySet[Measure]:
    """Return the measures that the user may know of, with all that a list of them shows."""
    may_open = Exists(visible_negotiations(access).filter(pk=OuterRef("negotiation")))
    shown = visible_measures(access).select_related("negotiation", "round", "priority", "indicator")
    return with_latest_state(shown, among=visible_statuses(access)).annotate(may_open=may_open)


def origin_url(access: Access, measure: Measure) -> str:
    """Return where a listed measure was agreed, or nothing where the user may not open that page."""
    if measure.may_open:  # type: ignore[attr-defined]
        return reverse("negotiation", args=[access.county.slug, measure.negotiation_id])
    if measure.negotiation_id is None and can_read_rounds(access):
        return reverse("round", args=[access.county.slug, measure.round_id])
    return ""


def is_overdue(measure: Measure, *, today: date) -> bool:
    """Whether the day by which it was to be done has passed, and nothing listed tells that it is done or given up."""
    is_closed = getattr(measure, "latest_state", None) in CLOSED
    return not is_closed and measure.due_on is not None and measure.due_on < today


def is_countys_own(measure: Measure) -> bool:
    """Whether the county itself promised it; that counts as much as what the municipalities did."""
    return measure.responsible_sector == Sector.COUNTY
