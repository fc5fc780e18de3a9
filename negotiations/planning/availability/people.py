"""Whom to ask which times suit: the parties of a round, and to whose address; and whom a party may call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities.cards.reminding import editors_of
from municipalities.models import (
    CardContact,
    Event,
    Membership,
    Municipality,
    Organisation,
    Person,
    PersonContact,
    Sector,
    User,
)
from negotiations.models import Negotiation, Party, Round
from negotiations.planning.availability.reading import COUNTY, key_of

# The role of whom one asks first: hyvinvointikoordinaattori, hyvinvointijohtaja; välfärdskoordinator in Swedish.
FIRST = ("hyvinvointi", "välfärd")


@dataclass(frozen=True)
class Reachable:
    """Somebody with an e-mail address: who they are (a name and a role, as far as they are known)."""

    name: str
    role: str
    email: str

    @property
    def words(self) -> str:
        """Who they are on one line: "Maija Meikäläinen, hyvinvointikoordinaattori"."""
        return ", ".join(part for part in (self.name, self.role) if part)[:150]


@dataclass(frozen=True)
class Suggested:
    """A party that can be asked, and whom to write to: an empty address where nobody is known."""

    key: str
    party: str
    name: str
    email: str


def best_of(people: Iterable[Reachable]) -> Reachable | None:
    """Return whom to write to: the first whose role is of wellbeing, else the first; None where there is nobody."""
    reachable = [one for one in people if one.email]
    of_wellbeing = [one for one in reachable if any(word in one.role.casefold() for word in FIRST)]
    return (of_wellbeing or reachable or [None])[0]  # type: ignore[list-item]


def suggested(round_: Round, *, by: User) -> list[Suggested]:
    """Return who can be asked about the times of a round: municipalities, organisations, the county's core group.

    The municipalities are those of its negotiations, or while there are none all of the county that there are in the
    round's time. Each is written to at
    the address in the register, else at that on its latest card, else at that of who edits for it; the core group,
    where the register has nobody, at that of who asks. Six queries at most.
    """
    parties = set(
        Party.objects.filter(negotiation__round=round_)
        .exclude(negotiation__state=Negotiation.State.CANCELLED)
        .values_list("municipality_id", "organisation_id")
    )
    own = {municipality for municipality, _organisation in parties if municipality is not None}
    every = Municipality.objects.filter(county=round_.county_id).select_related("area").order_by("area__order")
    municipalities = [row for row in every if (row.pk in own if own else not _has_ended(row, by=round_.starts_on))]
    organisations = list(Organisation.objects.filter(pk__in=[pk for _municipality, pk in parties if pk is not None]))
    people = _people()
    unknown = [row for row in municipalities if best_of(people.get(key_of(row.pk, None), ())) is None]
    on_cards = _on_cards([row.pk for row in unknown])
    editors = editors_of(round_.county_id, unknown, on=timezone.localdate())
    found = []
    for row in municipalities:
        key = key_of(row.pk, None)
        best = best_of(people.get(key, ())) or best_of(on_cards.get(row.pk, ()))
        signing_in = (Reachable(one.user.name, "", one.user.email) for one in editors.get(row.pk, ()))
        found.append(_suggest(key, str(row), best or best_of(signing_in)))
    found += [_suggest(key := key_of(None, row.pk), str(row), best_of(people.get(key, ()))) for row in organisations]
    core = best_of(people.get(COUNTY, ())) or Reachable(by.name, "", by.email)
    return [*found, _suggest(COUNTY, _("The core group of the county"), core)]


def _has_ended(municipality: Municipality, *, by: date) -> bool:
    ends_on = municipality.area.valid_to
    return ends_on is not None and ends_on < by


def _suggest(key: str, party: str, person: Reachable | None) -> Suggested:
    return Suggested(key, party, person.words if person else "", person.email if person else "")


def _people() -> dict[str, list[Reachable]]:
    """Return those of the register who have an e-mail address, by the party that they speak for, by name."""
    found: dict[str, list[Reachable]] = {}
    for row in (
        Person.objects.exclude(contact=None).exclude(contact__email="").select_related("contact").order_by("name", "pk")
    ):
        if row.municipality_id is None and row.organisation_id is None and row.sector != Sector.COUNTY:
            continue
        key = key_of(row.municipality_id, row.organisation_id)
        found.setdefault(key, []).append(Reachable(row.name, row.role, row.contact.email))
    return found


def _on_cards(municipalities: Iterable[int]) -> dict[int, list[Reachable]]:
    """Return the contacts with an e-mail address on the latest card of each municipality that has any, in order."""
    rows = (
        CardContact.objects.filter(card__municipality__in=list(municipalities))
        .exclude(email="")
        .select_related("card__card_year")
        .order_by("-card__card_year__year", "position", "pk")
    )
    found: dict[int, list[Reachable]] = {}
    latest: dict[int, int] = {}
    for row in rows:
        if latest.setdefault(row.card.municipality_id, row.card_id) == row.card_id:
            found.setdefault(row.card.municipality_id, []).append(Reachable(row.name, row.role, row.email))
    return found


@dataclass(frozen=True)
class Called:
    """Whom a party calls or writes to when its answer changes after the last day. Any of these may be empty."""

    name: str
    email: str
    phone: str


def whom_to_call(round_: Round) -> Called | None:
    """Return who asked about the times of a round, else a coordinator of the county; None where there is neither.

    Three queries at most. The phone number is that of the register, where the user is in it.
    """
    asked = (
        Event.objects.filter(subject=Round._meta.label_lower, subject_id=round_.pk, verb="availability_asked")
        .exclude(user=None)
        .filter(user__is_active=True)
        .select_related("user")
        .order_by("-at", "-pk")
        .first()
    )
    user: User | None = asked.user if asked else None
    if user is None:
        coordinators = Membership.objects.in_force().filter(
            county=round_.county_id, role=Membership.Role.COORDINATOR, user__is_active=True
        )
        row = coordinators.select_related("user").order_by("pk").first()
        user = row.user if row else None
    if user is None:
        return None
    contact: PersonContact | None = PersonContact.objects.filter(person__user=user).first()
    return Called(user.name, user.email, contact.phone if contact else "")
