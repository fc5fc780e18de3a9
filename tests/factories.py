"""Rows for the tests. States are reached through the lifecycle, never set."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import factory

from indicators.models import Area
from municipalities.models import County, Membership, Municipality, Organisation, Person, Priority, Sector, User
from negotiations.demo.building import Item, PartText, add_parties, add_parts, moment
from negotiations.models import LegalBasis, Negotiation, Round
from negotiations.sitting.conduct import convene, hold

PASSWORD = "a-long-enough-password"

Basis = LegalBasis
BOTH = (Basis.COOPERATION, Basis.WELFARE)


class AreaFactory(factory.django.DjangoModelFactory):
    """An area; a municipality unless told."""

    class Meta:
        model = Area
        django_get_or_create = ("kind", "code")

    kind = Area.Kind.MUNICIPALITY
    code = factory.Sequence(lambda n: f"{n:03d}")
    name_fi = factory.Sequence(lambda n: f"Kunta {n}")


class CountyFactory(factory.django.DjangoModelFactory):
    """A county with its area."""

    class Meta:
        model = County
        django_get_or_create = ("slug",)

    area = factory.SubFactory(AreaFactory, kind=Area.Kind.COUNTY)
    slug = factory.Sequence(lambda n: f"county-{n}")
    languages = factory.LazyFunction(lambda: ["fi"])


class MunicipalityFactory(factory.django.DjangoModelFactory):
    """A municipality of a county."""

    class Meta:
        model = Municipality

    area = factory.SubFactory(AreaFactory)
    county = factory.SubFactory(CountyFactory)
    language_status = "fi"
    population = 4000


def make_county(code: str, name: str, slug: str) -> County:
    """Make a county with its area."""
    row: County = CountyFactory.create(area=AreaFactory(kind=Area.Kind.COUNTY, code=code, name_fi=name), slug=slug)
    return row


def make_municipality(county: County, code: str, name: str, population: int = 4000) -> Municipality:
    """Make a municipality with its area."""
    area = AreaFactory(code=code, name_fi=name, parent=county.area)
    row: Municipality = MunicipalityFactory.create(area=area, county=county, population=population)
    return row


def make_user(
    email: str, role: Membership.Role, county: County | None = None, municipality: Municipality | None = None
) -> User:
    """Make a user with one membership."""
    user = User.objects.create_user(email, PASSWORD, name=email.split("@")[0].capitalize())
    Membership.objects.create(user=user, role=role, county=county, municipality=municipality)
    return user


def make_round(county: County, **fields: Any) -> Round:
    """Make a round. Inside the county's scope."""
    values: dict[str, Any] = {
        "year": 2024,
        "name": "Kierros",
        "form": Round.Form.GROUPS,
        "legal_bases": [Basis.WELFARE],
        "starts_on": date(2024, 9, 1),
        "ends_on": date(2024, 12, 1),
    }
    row: Round = Round.objects.create(county=county, **(values | fields))
    return row


def make_priority(county: County, name: str = "Lapset ja nuoret", **fields: Any) -> Priority:
    """Make a priority of a strategy period. Inside the county's scope."""
    values: dict[str, Any] = {"starts_on": date(2022, 1, 1), "ends_on": date(2029, 12, 31)}
    row: Priority = Priority.objects.create(county=county, name=name, **(values | fields))
    return row


def make_organisation(
    county: County, name: str = "Hankasalmen seurakunta", sector: str = Sector.PARISH
) -> Organisation:
    """Make an organisation of the register. Inside the county's scope."""
    row: Organisation = Organisation.objects.create(county=county, name=name, sector=sector)
    return row


def make_person(county: County, name: str = "Hyvinvointikoordinaattori", **fields: Any) -> Person:
    """Make a person of the register, for the county unless told. Inside its scope."""
    row: Person = Person.objects.create(county=county, name=name, **({"sector": Sector.COUNTY} | fields))
    return row


def make_negotiation(
    round_: Round,
    municipalities: Sequence[Municipality],
    *,
    bases: Sequence[LegalBasis] = (Basis.WELFARE,),
    day: date = date(2024, 9, 26),
    items: int = 2,
    **fields: Any,
) -> Negotiation:
    """Make a planned negotiation on a morning, with its parties, and parts of as many items. Inside the scope."""
    values: dict[str, Any] = {
        "title": ", ".join(str(municipality) for municipality in municipalities) or "Neuvottelu",
        "precision": Negotiation.Precision.MINUTE,
        "earliest": day,
        "latest": day,
        "starts_at": moment(day, 8, 15),
        "ends_at": moment(day, 12),
        "mode": Negotiation.Mode.REMOTE,
    }
    negotiation: Negotiation = Negotiation.objects.create(county_id=round_.county_id, round=round_, **(values | fields))
    add_parties(negotiation, municipalities)
    add_parts(
        negotiation,
        [
            PartText(
                basis,
                [Item(f"Asia {n}", "Taustaa.", "Keskusteltiin.", f"Sovittiin {n}.") for n in range(1, items + 1)],
                f"Avaus {basis.sections}.",
                f"Päätös {basis.sections}.",
            )
            for basis in bases
        ],
    )
    return negotiation


def make_held(
    round_: Round, municipalities: Sequence[Municipality], *, by: User | None = None, **fields: Any
) -> Negotiation:
    """Make a negotiation and take it through convening and holding."""
    negotiation = make_negotiation(round_, municipalities, **fields)
    convene(negotiation, by=by)
    return hold(negotiation, by=by)
