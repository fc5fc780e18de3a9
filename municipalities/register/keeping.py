"""Keeping the register: saving and removing rows, merging two that are one, deleting contact details in time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_scopes import scopes_disabled

from municipalities.events import record
from municipalities.models import County, Organisation, Person, PersonContact, User
from municipalities.moves import NotAllowedNow, locked

Row = TypeVar("Row", Person, Organisation)


def same_name(name: str) -> str:
    """Return a name as it is compared: letter case and spaces do not tell two rows apart."""
    return " ".join(name.split()).casefold()


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
        raise NotAllowedNow(_("Choose another row: one cannot be merged with itself."))
    double, into = locked(double), locked(into)
    if isinstance(double, Person) and isinstance(into, Person):
        _take_along(double, into)
    try:
        for relation in double._meta.related_objects:
            if relation.one_to_one:
                continue
            rows: Any = relation.related_model._base_manager.filter(**{relation.field.name: double})
            rows.update(**{relation.field.name: into})
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
