"""The agenda of a negotiation: items added, changed, removed and put in order, each part numbered from one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from municipalities.events import record
from municipalities.models import User
from municipalities.moves import NotAllowedNow, locked
from negotiations.models import AgendaItem, LegalBasis, Measure, Negotiation, Part
from negotiations.planning.negotiations import ASIDE, require_open

MOST_ITEMS = 100

Usual = Mapping[LegalBasis, Sequence[tuple[str, str]]]
# What is usually on the agenda, by the language of the negotiation: the matter and its background. A proposal, which
# the coordinator edits: neither law fixes the agenda.
USUAL: Mapping[str, Usual] = {
    "fi": {
        # 611/2021 § 14: cooperation, goals and division of work; structures, operating models and flow of information.
        LegalBasis.COOPERATION: (
            (
                "Yhteistyön tavoitteet ja työnjako",
                "Käydään läpi, mitä kunta ja hyvinvointialue haluavat yhdessä saada aikaan valtuustokauden aikana ja "
                "mitä kumpikin siitä tekee.",
            ),
            (
                "Palvelut, joista molemmat vastaavat",
                "Esimerkiksi sivistystoimi ja opiskeluhuolto, työllisyys, kotoutuminen sekä varautuminen.",
            ),
            (
                "Yhteistyön rakenteet ja vastinparit",
                "Missä ryhmissä asioita valmistellaan, ketkä ovat toistensa vastinpareja ja miten heidät nimetään.",
            ),
            (
                "Tiedonkulku ja yhteinen tietopohja",
                "Miten tieto kulkee kunnan ja hyvinvointialueen välillä ja mitä tietoja kumpikin tuottaa.",
            ),
            (
                "Sovitun seuranta",
                "Miten sovittujen asioiden toteutumista seurataan ja milloin niihin palataan.",
            ),
        ),
        # 612/2021 § 6-7: goals, measures, cooperation and monitoring of the promotion of welfare and health.
        LegalBasis.WELFARE: (
            (
                "Hyvinvoinnin ja terveyden tilanne",
                "Kuntakorttien nostot: mikä on hyvin, mikä huolestuttaa ja mikä on muuttunut edellisestä vuodesta.",
            ),
            (
                "Yhteiset tavoitteet",
                "Mitä kunnat, hyvinvointialue ja muut toimijat tavoittelevat kussakin painopisteessä.",
            ),
            (
                "Toimenpiteet ja vastuutahot",
                "Mitä kukin tekee tavoitteiden saavuttamiseksi, kuka siitä vastaa ja mihin mennessä se on tehty.",
            ),
            (
                "Yhteistyö muiden toimijoiden kanssa",
                "Miten järjestöt, seurakunnat ja muut hyvinvointia edistävät toimijat ovat mukana.",
            ),
            (
                "Seuranta ja indikaattorit",
                "Millä indikaattoreilla ja missä tilaisuuksissa tavoitteiden toteutumista seurataan.",
            ),
            (
                "Hyvinvointikertomusten ja -suunnitelmien aikataulut",
                "Sovitetaan yhteen kunnan ja hyvinvointialueen kertomusten ja suunnitelmien valmistelu.",
            ),
        ),
    },
    "sv": {
        LegalBasis.COOPERATION: (
            (
                "Mål och arbetsfördelning för samarbetet",
                "Vad kommunen och välfärdsområdet vill åstadkomma tillsammans under fullmäktigeperioden och vem som "
                "gör vad.",
            ),
            (
                "Tjänster som båda ansvarar för",
                "Till exempel bildning och studerandevård, sysselsättning, integration och beredskap.",
            ),
            (
                "Samarbetets strukturer och kontaktpersoner",
                "I vilka grupper ärendena bereds, vilka som är varandras motparter och hur de utses.",
            ),
            (
                "Informationsgång och gemensamt kunskapsunderlag",
                "Hur informationen löper mellan kommunen och välfärdsområdet och vilka uppgifter var och en tar fram.",
            ),
            (
                "Uppföljning av det överenskomna",
                "Hur det som har överenskommits följs upp och när man återkommer till det.",
            ),
        ),
        LegalBasis.WELFARE: (
            (
                "Läget i fråga om hälsa och välfärd",
                "Lyft ur kommunkorten: vad som är bra, vad som oroar och vad som har förändrats sedan i fjol.",
            ),
            (
                "Gemensamma mål",
                "Vad kommunerna, välfärdsområdet och andra aktörer eftersträvar inom varje tyngdpunkt.",
            ),
            (
                "Åtgärder och ansvariga",
                "Vad var och en gör för att målen ska nås, vem som ansvarar och när åtgärden ska vara klar.",
            ),
            (
                "Samarbete med andra aktörer",
                "Hur organisationer, församlingar och andra som främjar välfärd deltar.",
            ),
            (
                "Uppföljning och indikatorer",
                "Med vilka indikatorer och i vilka sammanhang det följs upp att målen nås.",
            ),
            (
                "Tidsplaner för välfärdsberättelser och välfärdsplaner",
                "Kommunens och välfärdsområdets beredning samordnas.",
            ),
        ),
    },
}


def usual_items(negotiation: Negotiation, basis: LegalBasis) -> Sequence[tuple[str, str]]:
    """Return the usual items of a part in the negotiation's language, in Finnish where there are none in it."""
    return USUAL.get(negotiation.language, USUAL["fi"])[basis]


def _open(part: Part) -> Part:
    """Return the part with its negotiation locked. Raises NotAllowedNow where the agenda cannot be changed now."""
    negotiation = locked(part.negotiation)
    require_open(negotiation)
    part.negotiation = negotiation
    return part


def _changed(part: Part, *, by: User | None, what: str, **ids: Any) -> None:
    record(part.negotiation, "agenda_changed", by=by, what=what, basis=part.legal_basis, **ids)


@transaction.atomic
def add_items(part: Part, items: Sequence[tuple[str, str]], *, by: User | None) -> list[AgendaItem]:
    """Add items, each a matter and its background, at the end of a part.

    Raises NotAllowedNow where the agenda is locked, ValidationError for more than an agenda can hold.
    """
    part = _open(part)
    last = renumber(part)
    if last + len(items) > MOST_ITEMS:
        raise ValidationError(
            _("An agenda can have %(most)s items at most. This one has %(count)s already.")
            % {"most": MOST_ITEMS, "count": last}
        )
    added: list[AgendaItem] = AgendaItem.objects.bulk_create(
        AgendaItem(county_id=part.county_id, part=part, position=number, title=title, background=background)
        for number, (title, background) in enumerate(items, start=last + 1)
    )
    if added:
        _changed(part, by=by, what="added", items=[item.pk for item in added])
    return added


@transaction.atomic
def fill_with_usual(part: Part, *, by: User | None) -> list[AgendaItem]:
    """Put the usual items on an empty agenda. Raises NotAllowedNow where it is locked, or not empty."""
    part = _open(part)
    if part.items.exists():
        raise NotAllowedNow(_("The agenda has items already. The usual ones are a base for an empty agenda."))
    return add_items(part, usual_items(part.negotiation, part.basis), by=by)


@transaction.atomic
def change_item(item: AgendaItem, *, fields: Sequence[str], by: User | None) -> AgendaItem:
    """Save an item whose matter or background was changed; its row is locked.

    Raises NotAllowedNow where the agenda is locked.
    """
    part = _open(item.part)
    item.save(update_fields=["title", "background"])
    if fields:
        _changed(part, by=by, what="changed", items=[item.pk])
    return item


@transaction.atomic
def remove_item(item: AgendaItem, *, by: User | None) -> dict[str, Any]:
    """Remove an item and return what `restore_item` needs to bring it back.

    Raises NotAllowedNow where the agenda is locked, and for an item under which measures have been agreed.
    """
    part = _open(item.part)
    item = locked(item)
    if count := Measure.objects.filter(agenda_item=item).count():
        raise NotAllowedNow(
            ngettext(
                "%(count)s measure has been agreed under this item. Move or remove it first.",
                "%(count)s measures have been agreed under this item. Move or remove them first.",
                count,
            )
            % {"count": count}
        )
    kept = {
        name: getattr(item, name) for name in ("position", "title", "background", "discussion", "agreed", "dissent")
    }
    kept["part"] = part.pk
    _changed(part, by=by, what="removed", items=[item.pk])
    item.delete()
    renumber(part)
    return kept


@transaction.atomic
def restore_item(part: Part, kept: Mapping[str, Any], *, by: User | None) -> AgendaItem:
    """Bring back an item that was removed, where it was. Raises NotAllowedNow where the agenda is locked."""
    part = _open(part)
    last = renumber(part)
    if last >= MOST_ITEMS:
        raise NotAllowedNow(_("The agenda is full. Remove another item first."))
    texts = {name: kept[name] for name in ("title", "background", "discussion", "agreed", "dissent")}
    item: AgendaItem = AgendaItem.objects.create(county_id=part.county_id, part=part, position=last + 1, **texts)
    _put(part, item.pk, int(kept["position"]))
    _changed(part, by=by, what="restored", items=[item.pk])
    item.refresh_from_db()
    return item


@transaction.atomic
def move_item(item: AgendaItem, *, by: User | None, steps: int) -> AgendaItem:
    """Move an item so many steps down its part, or up; at the end it stays. Raises NotAllowedNow where it is locked."""
    part = _open(item.part)
    renumber(part)
    item.refresh_from_db(fields=["position"])
    before = item.position
    _put(part, item.pk, before + steps)
    item.refresh_from_db(fields=["position"])
    if item.position != before:
        _changed(part, by=by, what="ordered", items=[item.pk])
    return item


@transaction.atomic
def place_item(item: AgendaItem, *, by: User | None, number: int) -> AgendaItem:
    """Move an item to the place of this number in its part. Raises NotAllowedNow where the agenda is locked."""
    return move_item(item, by=by, steps=number - AgendaItem.objects.values_list("position", flat=True).get(pk=item.pk))


def renumber(part: Part) -> int:
    """Number the items of a part 1, 2, 3 … in their order, and return how many there are."""
    ids = list(AgendaItem.objects.filter(part=part).order_by("position").values_list("pk", "position"))
    if [position for _pk, position in ids] != list(range(1, len(ids) + 1)):
        _number(part, [pk for pk, _position in ids])
    return len(ids)


def _put(part: Part, pk: int, number: int) -> None:
    """Put an item to a place; the others keep their order."""
    ids = list(AgendaItem.objects.filter(part=part).order_by("position").values_list("pk", flat=True))
    rest = [one for one in ids if one != pk]
    place = min(max(number - 1, 0), len(rest))
    order = [*rest[:place], pk, *rest[place:]]
    if order != ids:
        _number(part, order)


def _number(part: Part, order: Sequence[int]) -> None:
    # Two items may not have one number even for a moment, so that all are put aside first.
    AgendaItem.objects.filter(part=part).update(position=F("position") + ASIDE)
    AgendaItem.objects.bulk_update([AgendaItem(pk=pk, position=n) for n, pk in enumerate(order, 1)], ["position"])
