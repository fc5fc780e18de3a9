"""What happened to a county's own indicator or set, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from indicators.models import Indicator, IndicatorSet
from municipalities.documents.history import Happened
from municipalities.models import Event

Payload = Mapping[str, Any]


def _fields(model: type[Indicator | IndicatorSet], names: Iterable[str]) -> str:
    known = {field.name: str(field.verbose_name) for field in model._meta.fields}
    return ", ".join(known[name] for name in names if name in known)


# The verb, as events.record was given it → what to say.
WORDS: dict[str, Callable[[type[Indicator | IndicatorSet], Payload], str]] = {
    "added": lambda model, payload: _("%(who)s made it.") % payload,
    "copied": lambda model, payload: _("%(who)s made it from another set.") % payload,
    "changed": lambda model, payload: (
        _("%(who)s changed: %(fields)s.") % {"who": payload["who"], "fields": _fields(model, payload["fields"])}
    ),
    "indicators_added": lambda model, payload: (
        ngettext("%(who)s added %(count)s indicator.", "%(who)s added %(count)s indicators.", payload["count"])
        % payload
    ),
    "indicator_removed": lambda model, payload: _("%(who)s took an indicator out.") % payload,
    "ordered": lambda model, payload: _("%(who)s changed the order.") % payload,
}


def history_of(row: Indicator | IndicatorSet) -> list[Happened]:
    """Return what happened to an indicator or a set, in order. One query."""
    events = Event.objects.filter(subject=row._meta.label_lower, subject_id=row.pk).select_related("user")
    return [
        Happened(
            event.at,
            WORDS[event.verb](
                type(row),
                event.payload
                | {"who": str(event.user or _("The system")), "count": len(event.payload.get("indicators", ()))},
            ),
        )
        for event in events.order_by("at", "id")
        if event.verb in WORDS
    ]
