"""Keeping the register: saving and removing rows, merging two that are one, deleting contact details in time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, ngettext_lazy
from django_scopes import scopes_disabled

from municipalities.events import record
from municipalities.models import County, Organisation, Person, PersonContact, Sector, User
from municipalities.moves import NotAllowedNow, locked

Row = TypeVar("Row", Person, Organisation)

# What refers to a row most often, as the keepers of the register would say it.
IN_WORDS: dict[str, Any] = {
    "negotiations.attendance": ngettext_lazy(
        "%(count)s attendance of a negotiation", "%(count)s attendances of negotiations", "count"
    ),
    "negotiations.party": ngettext_lazy(
        "%(count)s negotiation as a party", "%(count)s negotiations as a party", "count"
    ),
    "municipalities.person": ngettext_lazy("%(count)s person", "%(count)s persons", "count"),
}


def same_name(name: str) -> str:
    """Return a name as it is compared: letter case and spaces do not tell two rows apart."""
    return " ".join(name.split()).casefold()


def place_of(person: Person) -> str:
    """Return whom a person speaks for, by name: a municipality, an organisation or the county; empty if not known."""
    place = person.municipality or person.organisation
    if place is None and person.sector == Sector.COUNTY:
        return str(person.county)
    return str(place or "")


@transaction.atomic
def save_organisation(organisation: Organisation, *, by: User | None) -> Organisation:
    """Save an organisation, new or changed. Its people speak for its sector."""
    verb = "changed" if organisation.pk else "added"
    organisation.save()
    Person.objects.filter(organisation=organisation).exclude(sector=organisation.sector).update(
        sector=organisation.sector
    )
    record(organisation, verb, by=by)
    return organisation


@transaction.atomic
def save_person(person: Person, *, email: str, phone: str, by: User | None, today: date | None = None) -> Person:
    """Save a person and how to reach them; the contact details get their day of deletion from the county's setting."""
    verb = "changed" if person.pk else "added"
    person.save()
    if email or phone:
        days = timedelta(days=person.county.contact_retention_days)
        PersonContact.objects.update_or_create(
            person=person,
            defaults={
                "county_id": person.county_id,
                "email": email,
                "phone": phone,
                "delete_after": (today or timezone.localdate()) + days,
            },
        )
    else:
        PersonContact.objects.filter(person=person).delete()
    record(person, verb, by=by)
    return person


@transaction.atomic
def remove(row: Person | Organisation, *, by: User | None) -> None:
    """Remove a person, whose name stays in the minutes, or an organisation that nothing refers to.

    Raises NotAllowedNow, saying how much refers to it, where something must stay.
    """
    record(row, "removed", by=by)
    try:
        row.delete()
    except ProtectedError as used:
        raise NotAllowedNow(
            ngettext(
                "“%(name)s” cannot be removed: %(count)s entry refers to it. If it is a double, merge it instead.",
                "“%(name)s” cannot be removed: %(count)s entries refer to it. If it is a double, merge it instead.",
                len(used.protected_objects),
            )
            % {"name": row, "count": len(used.protected_objects)}
        ) from used


@transaction.atomic
def merge(double: Row, into: Row, *, by: User | None) -> Row:
    """Make two rows one: everything that refers to the double refers to the other after this, and the double goes.

    The other keeps its own name and role; contact details and a user that only the double has come along. Raises
    NotAllowedNow for a row with itself, and where both are in one and the same thing (both present in a negotiation).
    """
    if double.pk == into.pk:
        raise NotAllowedNow(_("Choose another one: nothing can be merged with itself."))
    double, into = locked(double), locked(into)
    if isinstance(double, Person) and isinstance(into, Person):
        _take_along(double, into)
    try:
        for field, rows in _referring(double):
            rows.update(**{field: into})
    except IntegrityError as clash:
        raise NotAllowedNow(
            _(
                "“%(double)s” and “%(into)s” are both in the same negotiation, so they cannot be merged."
                " Remove one of them there first."
            )
            % {"double": double, "into": into}
        ) from clash
    record(into, "merged", by=by, double=double.pk)
    double.delete()
    return into


def moving(double: Person | Organisation) -> list[str]:
    """Return in words what refers to a row, and so moves when it is merged, each with how many there are."""
    found = []
    for _field, rows in _referring(double):
        if count := rows.count():
            words = IN_WORDS.get(rows.model._meta.label_lower)
            found.append(words % {"count": count} if words else f"{rows.model._meta.verbose_name_plural} ({count})")
    return found


def _referring(row: Person | Organisation) -> Iterator[tuple[str, Any]]:
    """Give each field by which rows refer to this one, with those rows. What is the row's own part is not told."""
    for relation in row._meta.related_objects:
        if not relation.one_to_one:
            field = relation.field.name
            yield field, relation.related_model._base_manager.filter(**{field: row})


def _take_along(double: Person, into: Person) -> None:
    if double.user_id and not into.user_id:
        user, double.user = double.user, None
        double.save(update_fields=["user"])
        into.user = user
        into.save(update_fields=["user"])
    if not into.role and double.role:
        into.role = double.role
        into.save(update_fields=["role"])
    if not PersonContact.objects.filter(person=into).exists():
        PersonContact.objects.filter(person=double).update(person=into)


def doubles(people: Iterable[Person]) -> list[list[Person]]:
    """Return those who may be one: of the same name in the same place, or with the same e-mail address.

    Pure: `people` come with their contact details. Each person is in at most one of the lists.
    """
    rows = list(people)
    found: dict[object, list[Person]] = defaultdict(list)
    for person in rows:
        found["name", same_name(person.name), person.municipality_id, person.organisation_id].append(person)
        email = person.contact.email.casefold() if hasattr(person, "contact") else ""
        if email:
            found["email", email].append(person)
    told: set[int] = set()
    lists = []
    for alike in found.values():
        fresh = [person for person in alike if person.pk not in told]
        if len(fresh) > 1:
            told |= {person.pk for person in fresh}
            lists.append(fresh)
    return lists


def purge_contacts(today: date | None = None) -> int:
    """Delete contact details whose day has passed, in every county. Returns how many. Names and roles stay."""
    with scopes_disabled():
        gone, _by_model = PersonContact.objects.filter(delete_after__lt=today or timezone.localdate()).delete()
    return gone


def organisations_by_name(county: County) -> dict[str, Organisation]:
    """Return the county's organisations by the name that is compared. One query."""
    return {same_name(row.name): row for row in Organisation.objects.filter(county=county)}


def lock(county: County) -> None:
    """Let one change of the register of this kind at a time through, until the transaction ends."""
    locked(county)
