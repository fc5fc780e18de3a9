"""Mending texts of minutes while they are being checked: a page for an item, and one for the words of a part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from municipalities.access import CountyRequest
from municipalities.models import County
from municipalities.moves import require_state
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from negotiations.minutes import amending, versions
from negotiations.minutes.checking import MOVES
from negotiations.minutes.checking_forms import AmendForm, AmendItemForm, AmendPartForm
from negotiations.minutes.views.tab import crumbs_of, movable, tab_of
from negotiations.models import AgendaItem, Minutes, MinutesVersion, Part

METHODS = ["GET", "HEAD", "POST"]


def _amend(
    request: CountyRequest,
    minutes: Minutes,
    place: AgendaItem | Part,
    form_class: type[AmendForm],
    save: Callable[..., MinutesVersion],
    *,
    title: str,
    anchor: str,
) -> HttpResponse:
    back = f"{tab_of(request, minutes)}#{anchor}"
    if request.method != "POST":
        with leading_back(back):
            require_state(minutes, MOVES, "amend")

    def texts() -> dict[str, str]:
        """Return the texts as they are now; of minutes sent before there were versions, the rows' own."""
        version = versions.latest(minutes)
        find = amending.item_in if isinstance(place, AgendaItem) else amending.part_in
        told = find(version.content, place.pk) if version else None
        return {name: told[name] if told else getattr(place, name) for name in form_class.texts}

    def form(*args: Any, **kwargs: Any) -> AmendForm:
        return form_class(*args, now=texts(), **kwargs)

    def saved(sent: AmendForm) -> MinutesVersion:
        kind = MinutesVersion.Kind(sent.cleaned_data["kind"])
        return save(place, sent.mended, kind=kind, reason=sent.cleaned_data["reason"], by=request.user)

    def done(version: MinutesVersion) -> str:
        if version.kind == MinutesVersion.Kind.TYPO:
            return _("The typo was mended: version %(number)s. The marks stay.") % {"number": version.number}
        return _("The matter was changed: version %(number)s. It is checked by everyone anew.") % {
            "number": version.number
        }

    return edit(
        request,
        form,
        save=saved,
        title=title,
        back=back,
        done=done,
        under=minutes,
        submit=_("Save as a new version"),
        template="negotiations/minutes_form.html",
        context=crumbs_of(request, minutes)
        | {"hint": _("The version that the checkers have read stays as it is beside the new one.")},
    )


@require_http_methods(METHODS)
def minutes_amend_item(request: CountyRequest, county: str, pk: int, item: int) -> HttpResponse:
    """Mend the texts of an item."""
    minutes = movable(request, pk)
    row: AgendaItem = get_object_or_404(
        _told(AgendaItem.objects.select_related("part__negotiation"), minutes, "part"), pk=item
    )
    number = County.Numbering(request.county.item_numbering).of(row.position)
    return _amend(
        request,
        minutes,
        row,
        AmendItemForm,
        amending.amend_item,
        title=_("Mend the text: %(item)s") % {"item": f"{number} {row.title}"},
        anchor=f"kohta-{row.pk}",
    )


@require_http_methods(METHODS)
def minutes_amend_part(request: CountyRequest, county: str, pk: int, part: int) -> HttpResponse:
    """Mend how a part was opened and closed, in words."""
    minutes = movable(request, pk)
    row: Part = get_object_or_404(_told(Part.objects.select_related("negotiation"), minutes, ""), pk=part)
    return _amend(
        request,
        minutes,
        row,
        AmendPartForm,
        amending.amend_part,
        title=_("Mend the text: opening and closing, %(part)s") % {"part": row.basis.sections},
        anchor=f"osa-{row.pk}",
    )


def _told(rows: Any, minutes: Minutes, to_part: str) -> Any:
    """Return those of the rows that the minutes tell: of their part, or of every part; none of a correction."""
    prefix = f"{to_part}__" if to_part else ""
    if minutes.corrects_id:
        return rows.none()
    rows = rows.filter(**{f"{prefix}negotiation": minutes.negotiation_id})
    return rows.filter(**{f"{prefix}pk": minutes.part_id}) if minutes.part_id else rows
