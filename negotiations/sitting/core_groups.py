"""What is known of the attendance of a round besides its lists: core groups, and figures that the source states."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from municipalities.events import record
from municipalities.models import Sector, User
from municipalities.moves import locked
from negotiations.models import CoreGroup, Negotiation, StatedFigure


@transaction.atomic
def save_core_group(
    group: CoreGroup, attended: Collection[Negotiation], *, by: User | None, at: datetime | None = None
) -> CoreGroup:
    """Save a core group, new or changed, and the negotiations of its round that it attended."""
    locked(group.round)
    verb = "core_group_changed" if group.pk else "core_group_added"
    group.save()
    group.negotiations.set(attended)
    record(group.round, verb, by=by, at=at, core_group=group.pk)
    return group


@transaction.atomic
def remove_core_group(group: CoreGroup, *, by: User | None, at: datetime | None = None) -> None:
    """Remove a core group: its members are then no longer told apart from the attendances."""
    record(group.round, "core_group_removed", by=by, at=at, core_group=group.pk)
    group.delete()


@transaction.atomic
def save_figure(figure: StatedFigure, *, by: User | None, at: datetime | None = None) -> StatedFigure:
    """Save a figure that the source states, new or changed. Its sectors are kept in one order, so that it is once."""
    locked(figure.round)
    verb = "figure_changed" if figure.pk else "figure_added"
    figure.sectors = [sector for sector in Sector.values if sector in figure.sectors]
    figure.save()
    record(figure.round, verb, by=by, at=at, figure=figure.pk)
    return figure


@transaction.atomic
def remove_figure(figure: StatedFigure, *, by: User | None, at: datetime | None = None) -> None:
    """Remove a figure that the source states."""
    record(figure.round, "figure_removed", by=by, at=at, figure=figure.pk)
    figure.delete()
