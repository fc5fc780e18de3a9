"""What an agenda is begun from: the usual items of each duty, and a county's own templates.

Neither law fixes the agenda. The usual items follow what the counties and the Association of Finnish Municipalities
have taken up in their negotiations; a county copies them and makes of them what it wants.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import County, User
from municipalities.models.places import LANGUAGES
from municipalities.moves import NotAllowedNow, locked
from negotiations.models import AgendaItem, AgendaTemplate, AgendaTemplateItem, LegalBasis
from negotiations.planning.negotiations import ASIDE

MOST_ITEMS = 100
MOST_NAME = 120


class Matter(NamedTuple):
    """A matter that can be put on an agenda: minutes are its planned time, none where it has not been planned."""

    title: str
    background: str = ""
    presenter: str = ""
    planned_minutes: int | None = None


Usual = Mapping[LegalBasis, Sequence[Matter]]
# By the language of the negotiation.
USUAL: Mapping[str, Usual] = {
    "fi": {
        # 611/2021 § 14: cooperation, goals and division of work; structures, operating models and flow of information.
        LegalBasis.COOPERATION: (
            Matter(
                "Yhdyspinnat: sivistystoimi ja sosiaali- ja terveyspalvelut",
                "Missä molempien järjestämisvastuut kohtaavat, esimerkiksi opiskeluhuollossa ja perheiden palveluissa, "
                "ja mikä yhteistyössä toimii tai pitää sopia.",
            ),
            Matter(
                "Yhdyspinnat: varautuminen",
                "Miten kunnan ja hyvinvointialueen valmiussuunnitelmat sopivat yhteen ja kuka vastaa mistäkin.",
            ),
            Matter(
                "Yhdyspinnat: työllisyyden hoito",
                "Miten työllisyyspalvelut ja sosiaali- ja terveyspalvelut toimivat yhdessä asiakkaan hyväksi.",
            ),
            Matter(
                "Yhdyspinnat: kotoutuminen",
                "Miten kotoutumisen palvelut on jaettu ja miten tieto kulkee niiden välillä.",
            ),
            Matter(
                "Puitesopimuksen ja strategioiden tavoitteet",
                "Mitä tavoitteita puitesopimuksessa sekä kunnan ja hyvinvointialueen strategioissa on, ja mitä niistä "
                "tarkennetaan yhdessä.",
            ),
            Matter(
                "Yhteinen tietopohja",
                "Mistä tiedoista yhteinen tilannekuva syntyy, mitä kumpikin tuottaa ja miten tieto kulkee.",
            ),
            Matter(
                "Yhteistyöryhmät ja vastinparit",
                "Missä ryhmissä asioita valmistellaan, ketkä ovat toistensa vastinpareja ja miten heidät nimetään.",
            ),
            Matter(
                "Sovitun seuranta",
                "Miten sovittujen asioiden toteutumista seurataan ja milloin niihin palataan.",
            ),
        ),
        # 612/2021 § 6-7: goals, measures, cooperation and monitoring of the promotion of welfare and health.
        LegalBasis.WELFARE: (
            Matter(
                "Hyvinvoinnin ja terveyden tilanne",
                "Kuntakorttien nostot: mikä on hyvin, mikä huolestuttaa ja mikä on muuttunut edellisestä vuodesta.",
            ),
            Matter(
                "Painopisteet ja yhteiset tavoitteet",
                "Mitä kunnat, hyvinvointialue ja muut toimijat tavoittelevat kussakin painopisteessä.",
            ),
            Matter(
                "Kuntien toimenpiteet",
                "Mitä kunnat tekevät tavoitteiden saavuttamiseksi, kuka siitä vastaa ja mihin mennessä se on tehty.",
            ),
            Matter(
                "Hyvinvointialueen toimenpiteet",
                "Mitä hyvinvointialue tekee ja miten se tukee kuntia, kuka vastaa ja mihin mennessä se on tehty.",
            ),
            Matter(
                "Yhteistyö muiden toimijoiden kanssa",
                "Miten järjestöt, seurakunnat ja muut hyvinvointia edistävät toimijat ovat mukana.",
            ),
            Matter(
                "Seurantaindikaattorit",
                "Millä indikaattoreilla ja missä tilaisuuksissa tavoitteiden toteutumista seurataan.",
            ),
            Matter(
                "Hyvinvointikertomusten ja -suunnitelmien aikataulut",
                "Sovitetaan yhteen kunnan ja hyvinvointialueen kertomusten ja suunnitelmien valmistelu.",
            ),
        ),
    },
    "sv": {
        LegalBasis.COOPERATION: (
            Matter(
                "Kontaktytor: bildning samt social- och hälsovård",
                "Var båda har organiseringsansvar, till exempel i studerandevården och tjänsterna för familjer, och "
                "vad som fungerar i samarbetet eller behöver överenskommas.",
            ),
            Matter(
                "Kontaktytor: beredskap",
                "Hur kommunens och välfärdsområdets beredskapsplaner passar ihop och vem som ansvarar för vad.",
            ),
            Matter(
                "Kontaktytor: sysselsättning",
                "Hur sysselsättningstjänsterna och social- och hälsovården samverkar till klientens bästa.",
            ),
            Matter(
                "Kontaktytor: integration",
                "Hur tjänsterna för integration är fördelade och hur informationen löper mellan dem.",
            ),
            Matter(
                "Ramavtalets och strategiernas mål",
                "Vilka mål ramavtalet samt kommunens och välfärdsområdets strategier har och vilka av dem som "
                "preciseras gemensamt.",
            ),
            Matter(
                "Gemensamt kunskapsunderlag",
                "Vilka uppgifter den gemensamma lägesbilden bygger på, vad var och en tar fram och hur informationen "
                "löper.",
            ),
            Matter(
                "Samarbetsgrupper och motparter",
                "I vilka grupper ärendena bereds, vilka som är varandras motparter och hur de utses.",
            ),
            Matter(
                "Uppföljning av det överenskomna",
                "Hur det som har överenskommits följs upp och när man återkommer till det.",
            ),
        ),
        LegalBasis.WELFARE: (
            Matter(
                "Läget i fråga om hälsa och välfärd",
                "Lyft ur kommunkorten: vad som är bra, vad som oroar och vad som har förändrats sedan i fjol.",
            ),
            Matter(
                "Tyngdpunkter och gemensamma mål",
                "Vad kommunerna, välfärdsområdet och andra aktörer eftersträvar inom varje tyngdpunkt.",
            ),
            Matter(
                "Kommunernas åtgärder",
                "Vad kommunerna gör för att målen ska nås, vem som ansvarar och när åtgärden ska vara klar.",
            ),
            Matter(
                "Välfärdsområdets åtgärder",
                "Vad välfärdsområdet gör och hur det stöder kommunerna, vem som ansvarar och när åtgärden ska vara "
                "klar.",
            ),
            Matter(
                "Samarbete med andra aktörer",
                "Hur organisationer, församlingar och andra som främjar välfärd deltar.",
            ),
            Matter(
                "Uppföljningsindikatorer",
                "Med vilka indikatorer och i vilka sammanhang det följs upp att målen nås.",
            ),
            Matter(
                "Tidsplaner för välfärdsberättelser och välfärdsplaner",
                "Kommunens och välfärdsområdets beredning samordnas.",
            ),
        ),
    },
}


def usual_items(language: str, basis: LegalBasis) -> Sequence[Matter]:
    """Return the usual items of a duty in a negotiation's language, in Finnish where there are none in it."""
    return USUAL.get(language, USUAL["fi"])[basis]


@dataclass(frozen=True)
class UsualAgenda:
    """The usual items of a duty in a language, to be looked at and copied."""

    basis: LegalBasis
    language: str
    items: Sequence[Matter]

    @property
    def key(self) -> str:
        """By which its address knows it."""
        return f"{self.basis.name.lower()}-{self.language}"

    @property
    def language_name(self) -> str:
        """The language in words."""
        return str(dict(LANGUAGES).get(self.language, self.language))


def usual_agendas(county: County) -> list[UsualAgenda]:
    """Return the usual agendas that a county needs: of each duty, in each of its languages."""
    languages = [language for language in USUAL if language in county.written_languages] or ["fi"]
    return [UsualAgenda(basis, language, USUAL[language][basis]) for basis in LegalBasis for language in languages]


# --- A county's own templates ---------------------------------------------------------------------------------


def suitable(templates: Iterable[AgendaTemplate], basis: LegalBasis, language: str) -> list[AgendaTemplate]:
    """Return the templates of a duty, those in the language first, each lot by name."""
    rows = [row for row in templates if row.legal_basis == basis]
    return sorted(rows, key=lambda row: (row.language != language, row.name.casefold()))


def matters_of(template: AgendaTemplate) -> list[Matter]:
    """Return what a template has. One query."""
    rows = AgendaTemplateItem.objects.filter(template=template).order_by("position")
    return [Matter(row.title, row.background, row.presenter, row.planned_minutes) for row in rows]


@transaction.atomic
def save_template(
    template: AgendaTemplate, *, matters: Sequence[Matter] = (), fields: Sequence[str] = (), by: User | None
) -> AgendaTemplate:
    """Save a template: a new one with its items, or the changed fields of one that is there.

    Raises ValidationError for more items than an agenda can hold.
    """
    if template._state.adding:
        template.save()
        _add(template, matters)
        record(template, "added", by=by, items=len(matters))
    elif fields:
        template.save(update_fields=list(fields))
        record(template, "changed", by=by, fields=sorted(fields))
    return template


@transaction.atomic
def copy_template(template: AgendaTemplate, *, by: User | None) -> AgendaTemplate:
    """Return a new template that has the items of another, under a name of its own."""
    copy = AgendaTemplate(
        county_id=template.county_id, legal_basis=template.legal_basis, language=template.language, name=template.name
    )
    copy.name = free_name(copy)
    return save_template(copy, matters=matters_of(template), by=by)


def copy_usual(county: County, usual: UsualAgenda, *, by: User | None) -> AgendaTemplate:
    """Return a new template of the county's own that has the usual items of a duty."""
    copy = AgendaTemplate(county=county, legal_basis=usual.basis, language=usual.language)
    copy.name = _("Agenda, %(basis)s") % {"basis": usual.basis.sections}
    copy.name = free_name(copy)
    return save_template(copy, matters=usual.items, by=by)


def free_name(template: AgendaTemplate) -> str:
    """Return the template's name, or with a number after it where another of the same kind has the name already."""
    same = AgendaTemplate.objects.filter(legal_basis=template.legal_basis, language=template.language)
    taken = set(same.exclude(pk=template.pk).values_list("name", flat=True))
    return free_of(template.name, taken)


def free_of(name: str, taken: set[str]) -> str:
    """Return the name, or the first of "name 2", "name 3", … that is not taken. Never longer than fits."""
    tried, number = name, 1
    while tried in taken:
        number += 1
        tried = f"{name[: MOST_NAME - len(str(number)) - 1].rstrip()} {number}"
    return tried


@transaction.atomic
def remove_template(template: AgendaTemplate, *, by: User | None) -> dict[str, Any]:
    """Remove a template and return what `restore_template` needs. Agendas begun from it stay as they are."""
    template = locked(template)
    kept: dict[str, Any] = {
        "legal_basis": template.legal_basis,
        "language": template.language,
        "name": template.name,
        "matters": [list(matter) for matter in matters_of(template)],
    }
    record(template, "removed", by=by)
    template.delete()
    return kept


@transaction.atomic
def restore_template(county: County, kept: Mapping[str, Any], *, by: User | None) -> AgendaTemplate:
    """Bring back a template that was removed, under a name that is free now."""
    back = AgendaTemplate(county=county, legal_basis=kept["legal_basis"], language=kept["language"], name=kept["name"])
    back.name = free_name(back)
    return save_template(back, matters=[Matter(*matter) for matter in kept["matters"]], by=by)


def matters_from(items: Iterable[AgendaItem]) -> list[Matter]:
    """Return what of an agenda a template can keep.

    Not what came from the negotiations before, which comes by itself the next time; and nothing that is not public:
    a template has no ground for secrecy.
    """
    return [Matter(item.title, item.background, item.presenter, item.planned_minutes) for item in items if keeps(item)]


def keeps(item: AgendaItem) -> bool:
    """Whether an item of an agenda can be kept in a template. Its followed measures must have been read with it."""
    return item.deferred_from_id is None and item.is_public and not item.measures_followed.all()


# --- The items of a template ----------------------------------------------------------------------------------


@transaction.atomic
def add_matters(template: AgendaTemplate, matters: Sequence[Matter], *, by: User | None) -> int:
    """Add items to the end of a template and return how many. Raises ValidationError for too many."""
    template = locked(template)
    _add(template, matters)
    if matters:
        record(template, "items_added", by=by, count=len(matters))
    return len(matters)


def _add(template: AgendaTemplate, matters: Sequence[Matter]) -> list[AgendaTemplateItem]:
    last = _renumber(template)
    if last + len(matters) > MOST_ITEMS:
        raise ValidationError(
            _("An agenda can have %(most)s items at most. This one has %(count)s already.")
            % {"most": MOST_ITEMS, "count": last}
        )
    added: list[AgendaTemplateItem] = AgendaTemplateItem.objects.bulk_create(
        AgendaTemplateItem(county_id=template.county_id, template=template, position=number, **matter._asdict())
        for number, matter in enumerate(matters, start=last + 1)
    )
    return added


@transaction.atomic
def change_matter(item: AgendaTemplateItem, *, fields: Sequence[str], by: User | None) -> AgendaTemplateItem:
    """Save an item of a template, whose row is locked."""
    if fields:
        item.save(update_fields=list(fields))
        record(item.template, "item_changed", by=by, item=item.pk)
    return item


@transaction.atomic
def place_matter(item: AgendaTemplateItem, *, number: int, by: User | None) -> AgendaTemplateItem:
    """Move an item to the place of this number in its template, or as near as there is."""
    template = locked(item.template)
    ids = list(AgendaTemplateItem.objects.filter(template=template).order_by("position").values_list("pk", flat=True))
    if item.pk not in ids:
        raise NotAllowedNow(_("Somebody has removed the item meanwhile."))
    rest = [pk for pk in ids if pk != item.pk]
    place = min(max(number - 1, 0), len(rest))
    order = [*rest[:place], item.pk, *rest[place:]]
    if order != ids:
        _number(template, order)
        record(template, "items_ordered", by=by, item=item.pk)
    item.position = place + 1
    return item


@transaction.atomic
def remove_matter(item: AgendaTemplateItem, *, by: User | None) -> dict[str, Any]:
    """Remove an item of a template and return what `restore_matter` needs."""
    template = locked(item.template)
    item = locked(item)
    matter = Matter(item.title, item.background, item.presenter, item.planned_minutes)
    kept = {"position": item.position, "matter": list(matter)}
    record(template, "item_removed", by=by, item=item.pk)
    item.delete()
    _renumber(template)
    return kept


@transaction.atomic
def restore_matter(template: AgendaTemplate, kept: Mapping[str, Any], *, by: User | None) -> AgendaTemplateItem:
    """Bring back an item that was removed, where it was. Raises ValidationError where the template is full by now."""
    template = locked(template)
    (item,) = _add(template, [Matter(*kept["matter"])])
    record(template, "items_added", by=by, count=1)
    return place_matter(item, number=int(kept["position"]), by=by)


def _renumber(template: AgendaTemplate) -> int:
    rows = list(AgendaTemplateItem.objects.filter(template=template).order_by("position").values_list("pk", "position"))
    if [position for _pk, position in rows] != list(range(1, len(rows) + 1)):
        _number(template, [pk for pk, _position in rows])
    return len(rows)


def _number(template: AgendaTemplate, order: Sequence[int]) -> None:
    # Two items may not have one number even for a moment, so that all are put aside first.
    AgendaTemplateItem.objects.filter(template=template).update(position=F("position") + ASIDE)
    AgendaTemplateItem.objects.bulk_update(
        [AgendaTemplateItem(pk=pk, position=number) for number, pk in enumerate(order, 1)], ["position"]
    )


def kept_name(title: str) -> str:
    """Return a name to propose for a template saved from a negotiation's agenda."""
    return Truncator(title).chars(MOST_NAME)
