"""What the pages of a checker of minutes need: their addresses, and how a remark stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from municipalities.templatetags.wording import tone_label
from negotiations.models import MeasureStatus, MinutesRemark

if TYPE_CHECKING:
    from negotiations.minutes.reviewing import Place
    from negotiations.minutes.views.review import Ways

register = template.Library()

State = MinutesRemark.State
TONES = {State.OPEN: "waiting", State.ACCEPTED: "done", State.REJECTED: "ended"}


@register.simple_tag
def to_remark(ways: Ways, place: Place) -> str:
    """Return the address at which a remark on a place is made."""
    return ways.to(ways.remark(place))


@register.simple_tag
def to_withdraw(ways: Ways, remark: MinutesRemark) -> str:
    """Return the address at which a remark is taken back."""
    return ways.to(ways.withdraw(remark))


@register.simple_tag
def decision(remark: MinutesRemark) -> SafeString:
    """Tell how a remark stands, with a shape and a word."""
    words = {
        State.OPEN: _("waits for the secretary"),
        State.ACCEPTED: _("accepted"),
        State.REJECTED: _("not accepted"),
    }
    state = State(remark.state)
    return tone_label(TONES[state], words[state])


@register.filter
def told_state(state: str) -> str:
    """Say what has become of a measure that was agreed earlier."""
    return str(MeasureStatus.State(state).label) if state in MeasureStatus.State.values else state
