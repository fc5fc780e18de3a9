"""The municipality cards of a round: those of its year, of the municipalities that are its parties."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from municipalities.access import CountyRequest
from municipalities.cards.bundles import make_bundle
from municipalities.cards.overseeing import oversee
from municipalities.cards.views.years import table_of
from municipalities.models import CardYear, Municipality
from municipalities.moves import NotAllowedNow
from municipalities.views.moving import leading_back
from negotiations.models import Negotiation, Party, Round
from negotiations.permissions import can_edit, visible_rounds
from negotiations.planning.views.rounds import round_context


def municipalities_of(round_: Round) -> QuerySet[Municipality]:
    """Return the municipalities that a round is negotiated with."""
    parties = Party.objects.filter(negotiation__round=round_, municipality__isnull=False)
    going = parties.exclude(negotiation__state=Negotiation.State.CANCELLED)
    return Municipality.objects.filter(pk__in=going.values("municipality"), county=round_.county_id)


@require_safe
def round_cards(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show how the cards of a round's municipalities stand."""
    context = round_context(request, pk, tab="cards")
    request.access.require(can_edit(request.access))
    shown: Round = context["round"]
    card_year: CardYear | None = CardYear.objects.filter(year=shown.year).first()
    context["card_year"] = card_year
    if card_year is not None:
        overview = oversee(card_year, municipalities_of(shown), today=timezone.localdate())
        table = table_of(request, overview)
        if answer := table.file():
            return answer
        context |= {"overview": overview, "table": table}
    return render(request, "negotiations/round_cards.html", context)


@require_POST
def round_cards_bundle(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Have the PDFs of the cards of a round's municipalities made."""
    shown: Round = get_object_or_404(visible_rounds(request.access), pk=pk)
    request.access.require(can_edit(request.access))
    card_year: CardYear | None = CardYear.objects.filter(year=shown.year).first()
    with leading_back(reverse("round_cards", args=[county, pk])):
        if card_year is None:
            raise NotAllowedNow(_("The cards of %(year)s have not been opened.") % {"year": shown.year})
        card_year.county = request.county
        places = municipalities_of(shown).select_related("area").order_by("area__order")
        bundle = make_bundle(card_year, places, title=f"{card_year}: {shown.name}", by=request.user)
    return redirect("card_bundle", county=county, pk=bundle.pk)
