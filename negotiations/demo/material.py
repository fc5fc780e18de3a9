"""Highlights and material of the demo's negotiations: of two confirmed, of one that is coming still being chosen.

They are what the rule suggests of the demo's figures, and what the cards propose; nothing is written by hand.
"""

from __future__ import annotations

from datetime import timedelta

from municipalities.models import County, User
from negotiations.demo.building import moment
from negotiations.models import Highlight, Negotiation
from negotiations.planning.highlights import keeping
from negotiations.planning.highlights.suggesting import priorities_on, proposals_of, suggestions_by_rule
from negotiations.planning.material.preread import send_material

# By year of the round (None: the latest) and a municipality of the group; whether the material has been confirmed.
CHOSEN = ((2024, "Jämsä", True), (None, "Hankasalmi", True), (None, "Jämsä", False))
WEEK = timedelta(days=7)


def load(county: County, *, by: User) -> None:
    """Take what is suggested for the chosen negotiations, unless some has been taken."""
    if Highlight.objects.filter(county=county).exists():
        return
    latest = Negotiation.objects.filter(round__isnull=False).order_by("-round__year")[0].round
    for year, member, is_confirmed in CHOSEN:
        of_year = year or (latest.year if latest else 0)
        negotiation: Negotiation | None = Negotiation.objects.filter(
            round__year=of_year, parties__municipality__area__name_fi=member
        ).first()
        if negotiation is None:
            continue
        at = moment(negotiation.earliest - WEEK, 12)
        priorities = priorities_on(negotiation)
        taken: set[int | None] = set()
        for suggestion in suggestions_by_rule(negotiation, county, priorities):
            keeping.take(negotiation, suggestion, by=by, at=at)
        for suggestion in proposals_of(negotiation, priorities):
            # One of each priority: more would not be read.
            of = suggestion.priority.pk if suggestion.priority else None
            if of not in taken:
                taken.add(of)
                keeping.take(negotiation, suggestion, by=by, at=at)
        if is_confirmed:
            send_material(negotiation, by=by, at=at)
