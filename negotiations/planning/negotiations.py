"""Single negotiations: making, changing and removing them, their time, their parts and their parties."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Prefetch, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from municipalities.events import record
from municipalities.models import Municipality, Organisation, Sector, User
from municipalities.moves import NotAllowedNow, locked
from negotiations.models import (
    Attendance,
    LegalBasis,
    Measure,
    Minutes,
    MinutesCheck,
    Negotiation,
    Observation,
    Part,
    Party,
    Slot,
    WorkshopNote,
)
from negotiations.planning.availability.reading import key_of
from negotiations.planning.timing import Precision, Timing

State = Negotiation.State
# Added to positions while they are changed: two rows may not have the same one even for a moment.
ASIDE = 10_000


# --- What is asked of it --------------------------------------------------------------------------------------


def with_parties() -> Prefetch:
    """Fetch the parties of negotiations with what their names are made of."""
    return Prefetch("parties", Party.objects.select_related("municipality__area", "organisation", "county__area"))


def parties_of(negotiation: Negotiation) -> list[Party]:
    """Return the parties but the county itself: municipalities in the order of their names, then the others."""
    others = [party for party in negotiation.parties.all() if not party.is_county]
    return sorted(
        others,
        key=lambda party: (
            (0, party.municipality.area.order) if party.municipality else (1, str(party.organisation).lower())
        ),
    )


class Lacks(StrEnum):
    """What a negotiation must have before its parties can be invited."""

    DAY = "day"
    PARTS = "parts"
    PARTIES = "parties"

    @property
    def words(self) -> str:
        """Say what is missing, and what to do."""
        return {
            Lacks.DAY: _("The day of the negotiation is not known yet. Give its date before you invite the parties."),
            Lacks.PARTS: _(
                "The negotiation has no legal basis yet. Choose at least one before you invite the parties."
            ),
            Lacks.PARTIES: _("The negotiation has no parties yet. Add at least one municipality or organisation."),
        }[self]


def lacking(negotiation: Negotiation, parts: Collection[Part], parties: Iterable[Party]) -> list[Lacks]:
    """Return what is missing before the parties can be invited."""
    found = []
    if negotiation.precision == Precision.MONTH:
        found.append(Lacks.DAY)
    if not parts:
        found.append(Lacks.PARTS)
    if not any(not party.is_county for party in parties):
        found.append(Lacks.PARTIES)
    return found


def lock_of(negotiation: Negotiation, minutes: Iterable[str]) -> str:
    """Return why details and agenda cannot be changed now, in words; nothing where they can.

    `minutes` are the states of its minutes. What checkers have before them may not change under their eyes, and what
    they have checked never changes.
    """
    if negotiation.state == State.CANCELLED:
        return _("The negotiation was cancelled. Take it back to planned first.")
    states = set(minutes)
    if Minutes.State.PUBLISHED in states:
        return _("The minutes have been published, so that nothing in them can be changed any more.")
    if Minutes.State.CHECKED in states:
        return _("The minutes have been checked, so that details and agenda never change any more.")
    if Minutes.State.CHECKING in states:
        return _(
            "The minutes are being checked, so that details and agenda cannot be changed."
            " Take the minutes back to a draft first; that clears the marks of checking."
        )
    return ""


def states_of_minutes(negotiation: Negotiation) -> list[str]:
    """Return the states of the minutes of a negotiation."""
    return list(Minutes.objects.filter(negotiation=negotiation).values_list("state", flat=True))


def require_open(negotiation: Negotiation) -> None:
    """Raise NotAllowedNow where details and agenda cannot be changed now."""
    if reason := lock_of(negotiation, states_of_minutes(negotiation)):
        raise NotAllowedNow(reason)


# --- Making, changing, removing -------------------------------------------------------------------------------


@transaction.atomic
def plan(
    negotiation: Negotiation,
    *,
    timing: Timing,
    bases: Sequence[LegalBasis],
    slot: Slot | None = None,
    by: User | None,
    at: datetime | None = None,
) -> Negotiation:
    """Save a new negotiation, planned, with its parts; the county and the municipalities of its group are its parties.

    Raises ValidationError where the slot has been taken.
    """
    set_time(negotiation, timing, slot=slot)
    negotiation.save()
    _set_parts(negotiation, bases)
    members = negotiation.group.municipalities.all() if negotiation.group else ()
    Party.objects.bulk_create(
        Party(county_id=negotiation.county_id, negotiation=negotiation, municipality=municipality)
        for municipality in (None, *members)
    )
    record(negotiation, "created", by=by, at=at)
    return negotiation


@transaction.atomic
def change(
    negotiation: Negotiation,
    *,
    fields: Sequence[str],
    timing: Timing | None = None,
    bases: Sequence[LegalBasis] | None = None,
    slot: Slot | None = None,
    by: User | None,
    at: datetime | None = None,
) -> Negotiation:
    """Save the changed details of a negotiation whose row is locked. `fields` tell the log what was changed.

    The time and the parts are left as they are where none are given: once invited, the time changes only by
    postponing. Raises NotAllowedNow where nothing can be changed now, ValidationError where the slot has been taken or
    a part that is left out has something in it.
    """
    require_open(negotiation)
    former = Timing.of(Negotiation.objects.get(pk=negotiation.pk))
    if timing is not None:
        if negotiation.state != State.PLANNED:
            raise NotAllowedNow(_("The parties have been invited to this time. Postpone the negotiation to change it."))
        set_time(negotiation, timing, slot=slot)
    elif negotiation.slot is not None and negotiation.slot.round_id != negotiation.round_id:
        negotiation.slot = None
    negotiation.save()
    if bases is not None:
        _set_parts(negotiation, bases)
    told = {"former": former.to_json(), "now": timing.to_json()} if timing not in (None, former) and timing else {}
    if fields or told:
        record(negotiation, "changed", by=by, at=at, fields=sorted(fields), **told)
    return negotiation


def set_time(negotiation: Negotiation, timing: Timing, *, slot: Slot | None = None) -> None:
    """Give a negotiation its time, in a slot of its round or in none; it is not saved. The slot it had is free again.

    Where no slot is given it gets the one that is at exactly this time, if that is free: else that would look free.
    Raises ValidationError where another negotiation has the slot.
    """
    if slot is not None:
        slot = locked(slot, stays=True)
        if slot.round_id != negotiation.round_id:
            raise ValidationError(_("The time chosen is of another round. Choose a time of this round."))
        if Negotiation.objects.filter(slot=slot).exclude(pk=negotiation.pk).exists():
            raise ValidationError(_("Another negotiation has been given this time meanwhile. Choose another one."))
        timing = Timing.in_slot(slot)
    negotiation.slot = slot or slot_at(timing, negotiation)
    timing.put_on(negotiation)


def slot_at(timing: Timing, negotiation: Negotiation) -> Slot | None:
    """Return the slot of a negotiation's round at exactly this time, locked; none where another negotiation has it."""
    if negotiation.round_id is None or timing.starts_at is None or timing.ends_at is None:
        return None
    at_time = Slot.objects.filter(round_id=negotiation.round_id, starts_at=timing.starts_at, ends_at=timing.ends_at)
    slot: Slot | None = at_time.select_for_update(of=("self",), no_key=True).first()
    # Whether it is free is known only once it is locked.
    taken = slot is not None and Negotiation.objects.filter(slot=slot).exclude(pk=negotiation.pk).exists()
    return None if taken else slot


def free_slots(round_id: int | None, *, besides: int | None = None) -> list[Slot]:
    """Return the slots of a round that no negotiation has, and the one with the id `besides`, in order of time."""
    if round_id is None:
        return []
    return list(Slot.objects.filter(Q(negotiation=None) | Q(pk=besides), round_id=round_id).order_by("starts_at"))


def _set_parts(negotiation: Negotiation, bases: Sequence[LegalBasis]) -> None:
    """Make the parts those of the legal bases, in the order of the law."""
    wanted = [basis for basis in LegalBasis if basis in bases]
    had = {LegalBasis(part.legal_basis): part for part in Part.objects.filter(negotiation=negotiation)}
    if list(had) == wanted:
        return
    for basis, part in had.items():
        if basis not in wanted:
            _require_empty(part)
            part.delete()
    Part.objects.filter(negotiation=negotiation).update(position=F("position") + ASIDE)
    for position, basis in enumerate(wanted, start=1):
        if basis in had:
            Part.objects.filter(pk=had[basis].pk).update(position=position)
        else:
            Part.objects.create(
                county_id=negotiation.county_id, negotiation=negotiation, legal_basis=basis, position=position
            )


def _require_empty(part: Part) -> None:
    """Raise ValidationError for a part that has an agenda or minutes of its own."""
    if count := part.items.count():
        raise ValidationError(
            ngettext(
                "The part of %(basis)s has %(count)s item on its agenda. Remove it first, if the part does not belong.",
                "The part of %(basis)s has %(count)s items on its agenda. Remove them first, if the part does not"
                " belong.",
                count,
            )
            % {"basis": part.basis.sections, "count": count}
        )
    if part.opening or part.closing or Minutes.objects.filter(part=part).exists():
        raise ValidationError(
            _("The part of %(basis)s has been written about in the minutes, and cannot be left out.")
            % {"basis": part.basis.sections}
        )


def hanging_on(negotiation: Negotiation) -> list[str]:
    """Return, in words, what keeps a negotiation from being removed without a trace."""
    counted = [
        (_("minutes"), Minutes.objects.filter(negotiation=negotiation).exists()),
        (_("measures"), Measure.objects.filter(negotiation=negotiation).exists()),
        (_("workshop findings"), Observation.objects.filter(negotiation=negotiation).exists()),
        (_("workshop notes"), WorkshopNote.objects.filter(workshop__negotiation=negotiation).exists()),
        (_("participants"), Attendance.objects.filter(negotiation=negotiation).exists()),
        (_("postponements"), negotiation.postponements.exists()),
        (_("cancellations"), negotiation.cancellations.exists()),
    ]
    return [words for words, there in counted if there]


@transaction.atomic
def remove(negotiation: Negotiation, *, by: User | None) -> None:
    """Remove a planned negotiation that was made by mistake, with its agenda and its parties.

    Raises NotAllowedNow where it is not planned, and where something hangs on it: it is cancelled instead.
    """
    negotiation = locked(negotiation)
    if negotiation.state != State.PLANNED:
        raise NotAllowedNow(_("Only a planned negotiation can be removed. Cancel it instead, with the reason."))
    if found := hanging_on(negotiation):
        raise NotAllowedNow(
            _("The negotiation cannot be removed, because it has: %(things)s. Cancel it instead, with the reason.")
            % {"things": ", ".join(found)}
        )
    record(negotiation, "removed", by=by)
    negotiation.delete()


# --- Parties --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NewOrganisation:
    """An organisation that is not in the register yet."""

    name: str
    sector: str


def lock_of_parties(negotiation: Negotiation) -> str:
    """Return why the parties cannot be changed now, in words; nothing where they can."""
    if negotiation.state == State.HELD:
        return _(
            "The negotiation has been held, so that its parties are what they were. If they are wrong,"
            " take back “held” first, before the minutes are begun."
        )
    if negotiation.state == State.CANCELLED:
        return _("The negotiation was cancelled. Take it back to planned first.")
    return ""


@transaction.atomic
def set_parties(
    negotiation: Negotiation,
    *,
    municipalities: Collection[Municipality],
    organisations: Collection[Organisation],
    new: Sequence[NewOrganisation] = (),
    seen: Collection[str] | None = None,
    by: User | None,
    at: datetime | None = None,
) -> tuple[int, int]:
    """Make the parties, besides the county, these. Returns how many were added and how many removed.

    `seen` are the keys of the parties that whoever chose was shown. Only how the choice differs from them is saved:
    what others have added or removed meanwhile stays as they left it.
    New organisations come into the register; one that is there already under the name is taken from there.
    Raises NotAllowedNow once the negotiation has been held or cancelled, ValidationError where a party to be removed
    has participants or a mark of checking.
    """
    negotiation = locked(negotiation)
    if reason := lock_of_parties(negotiation):
        raise NotAllowedNow(reason)
    ticked = [*(Party(municipality=row) for row in municipalities), *(Party(organisation=row) for row in organisations)]
    typed = _by_key(Party(organisation=_registered(negotiation.county_id, fresh)) for fresh in new)
    chosen = _by_key(ticked) | typed
    rows = Party.objects.filter(negotiation=negotiation).select_related("municipality__area", "organisation")
    had = _by_key(rows)
    shown = had.keys() if seen is None else seen
    gone = [party for key, party in had.items() if not party.is_county and key in shown and key not in chosen]
    for party in gone:
        _require_unused(party)
    added = [party for key, party in chosen.items() if key not in had and (key in typed or key not in shown)]
    if not any(party.is_county for party in had.values()):
        Party.objects.create(county_id=negotiation.county_id, negotiation=negotiation)
    for party in added:
        party.county_id, party.negotiation = negotiation.county_id, negotiation
    Party.objects.bulk_create(added)
    Party.objects.filter(pk__in=[party.pk for party in gone]).delete()
    if added or gone:
        record(
            negotiation, "parties_changed", by=by, at=at, added=len(added), removed=len(gone), state=negotiation.state
        )
    return len(added), len(gone)


def key_of_party(party: Party) -> str:
    """Return what tells who the party is, in a form that is sent and comes back."""
    return key_of(party.municipality_id, party.organisation_id)


def _by_key(parties: Iterable[Party]) -> dict[str, Party]:
    return {key_of_party(party): party for party in parties}


def _registered(county_id: int, fresh: NewOrganisation) -> Organisation:
    """Return the register's organisation of the name, entered there if it is not."""
    row: Organisation | None = Organisation.objects.filter(name__iexact=fresh.name).order_by("pk").first()
    return row or Organisation.objects.create(county_id=county_id, name=fresh.name, sector=Sector(fresh.sector))


def _require_unused(party: Party) -> None:
    """Raise ValidationError for a party that has participants or a mark of checking."""
    whose = Q(municipality_id=party.municipality_id) if party.municipality_id else Q(organisation_name=party.name)
    if count := Attendance.objects.filter(whose, negotiation_id=party.negotiation_id, is_head_count=False).count():
        raise ValidationError(
            ngettext(
                "%(party)s cannot be removed: it has %(count)s participant. Remove the participant first.",
                "%(party)s cannot be removed: it has %(count)s participants. Remove the participants first.",
                count,
            )
            % {"party": party.name, "count": count}
        )
    if MinutesCheck.objects.filter(party=party).exists():
        raise ValidationError(_("%(party)s cannot be removed: it checks the minutes.") % {"party": party.name})
