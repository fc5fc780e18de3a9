"""Deciding on a checker's remark."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from municipalities.access import CountyRequest
from municipalities.models import County
from municipalities.moves import NotAllowedNow
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from negotiations.minutes import remarks
from negotiations.minutes.checking_forms import DecisionForm
from negotiations.minutes.differences import segments_of
from negotiations.minutes.views.tab import crumbs_of, tab_of
from negotiations.models import Minutes, MinutesRemark
from negotiations.permissions import can_move_minutes, minutes_read_whole

State = Minutes.State


@require_http_methods(["GET", "HEAD", "POST"])
def minutes_remark(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Accept a remark, with the words that it proposes or others, or reject it with a reason."""
    remark: MinutesRemark = get_object_or_404(
        MinutesRemark.objects.filter(version__minutes__in=minutes_read_whole(request.access)).select_related(
            "version__minutes__negotiation",
            "check_row__party__municipality__area",
            "check_row__party__organisation",
            "check_row__party__county__area",
            "item__part",
            "part",
        ),
        pk=pk,
    )
    minutes = remark.version.minutes
    request.access.require(can_move_minutes(request.access, minutes))
    anchor = f"kohta-{remark.item_id}" if remark.item_id else f"osa-{remark.part_id}" if remark.part_id else ""
    back = f"{tab_of(request, minutes)}#{anchor or f'poytakirja-{minutes.pk}'}"
    if request.method != "POST":
        with leading_back(back):
            _require_undecided(remark, minutes)

    def form(*args: Any, **kwargs: Any) -> DecisionForm:
        fresh = Minutes.objects.get(pk=minutes.pk)
        return DecisionForm(*args, remark=remark, minutes=fresh, now=remarks.text_now(fresh, remark), **kwargs)

    def save(sent: DecisionForm) -> str:
        reason = sent.cleaned_data["reason"]
        if sent.cleaned_data["decision"] == DecisionForm.REJECT:
            remarks.reject(remark, reason=reason, by=request.user)
            return _("The remark was rejected.")
        version = remarks.accept(remark, kind=sent.kind, wording=sent.wording_accepted, reason=reason, by=request.user)
        if version is None:
            return _("The remark was accepted.")
        return _("The remark was accepted: version %(number)s.") % {"number": version.number}

    place = _place(remark, request.county)
    return edit(
        request,
        form,
        save=save,
        title=_("Remark: %(party)s") % {"party": remark.check_row.party.name},
        back=back,
        done=str,
        under=minutes,
        template="negotiations/minutes_remark.html",
        submit=_("Save the decision"),
        context=lambda shown: (
            crumbs_of(request, minutes)
            | {
                "remark": remark,
                "negotiation": minutes.negotiation,
                "place": place,
                "now": shown.now,
                "segments": segments_of(shown.now, remark.proposed) if remark.proposed is not None else [],
            }
        ),
    )


def _require_undecided(remark: MinutesRemark, minutes: Minutes) -> None:
    if remark.state != MinutesRemark.State.OPEN:
        raise NotAllowedNow(_("The remark has been decided on already."))
    if minutes.state not in {State.DRAFT, State.CHECKING}:
        raise NotAllowedNow(_("The minutes have been checked, so remarks on them are decided on no more."))


def _place(remark: MinutesRemark, county: County) -> str:
    """Say of what a remark is: the item with its number, or the part, and which text of it."""
    field = remark.get_field_display() if remark.field else ""
    if remark.item:
        number = County.Numbering(county.item_numbering).of(remark.item.position)
        of = f"{number} {remark.item.title}"
    elif remark.part:
        of = remark.part.basis.sections
    else:
        return _("the minutes as a whole")
    return f"{of}, {field}" if field else of
