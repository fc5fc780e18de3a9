"""Words of the pages of a sitting."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils.translation import gettext as _

from municipalities import timewords
from negotiations.followup.live_page import AT_HAND, DEFERRED, DONE

register = template.Library()


@register.filter
def clock(value: datetime) -> str:
    """Write the time of day of a moment: "8.15"."""
    return timewords.clock(value)


@register.filter
def item_state(state: str) -> str:
    """Say what an item of the agenda is in the sitting; nothing for one that has not come up yet."""
    words = {AT_HAND: _("at hand"), DEFERRED: _("put off"), DONE: _("dealt with")}
    return words.get(state, "")
