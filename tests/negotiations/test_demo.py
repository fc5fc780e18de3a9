"""The demo tells what its sources tell, adds nothing to them, and can be loaded again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_scopes import scope, scopes_disabled
from pytest_django import DjangoDbBlocker, Settings

from municipalities.models import County, Document, Membership, Person, PersonContact, Sector
from negotiations.models import Attendance, LegalBasis, Minutes, Negotiation, Part, Party, Round, Slot
from tests import databases

OWN_APPS = ("indicators", "municipalities", "negotiations")


@pytest.fixture(scope="module")
def loaded() -> Iterator[str]:
    """A database with the reference data and the demo."""
    with databases.copy("demo_loaded", template=databases.demo()) as name:
        yield name


@pytest.fixture
def demo(loaded: str, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The reference data and the demo."""
    with django_db_blocker.unblock(), databases.connected_to(loaded):
        yield


def counts() -> dict[str, int]:
    """Return how many rows every model of ours has."""
    with scopes_disabled():
        return {
            model._meta.label: model._default_manager.count()
            for model in apps.get_models()
            if model._meta.app_label in OWN_APPS
        }


@pytest.mark.usefixtures("demo")
def test_loading_again_doubles_nothing() -> None:
    """Not the reference data either."""
    before = counts()
    call_command("load_reference", verbosity=0)
    call_command("load_demo", verbosity=0)
    assert counts() == before


@pytest.mark.usefixtures("demo")
def test_keski_suomi_2023_is_a_plan_with_26_slots() -> None:
    """22 negotiations in two parts each, every one of them still planned."""
    with scope(county=County.objects.get(slug="keski-suomi")):
        round_ = Round.objects.get(year=2023)
        days = [timezone.localdate(slot.starts_at) for slot in Slot.objects.filter(round=round_)]
        assert (len(days), days[0], days[-1]) == (26, date(2023, 8, 31), date(2023, 12, 1))
        assert not [day for day in days if day.isocalendar().week == 42]
        negotiations = Negotiation.objects.filter(round=round_)
        assert set(negotiations.values_list("state", flat=True)) == {Negotiation.State.PLANNED}
        assert negotiations.count() == 22
        assert negotiations.filter(slot=None).count() == 0
        assert Party.objects.filter(negotiation__in=negotiations, municipality__isnull=False).count() == 22
        bases = Part.objects.filter(negotiation__in=negotiations).values_list("legal_basis", flat=True)
        assert sorted(bases) == sorted([*LegalBasis] * 22)
        assert round_.plan_as_of == date(2023, 9, 6)


@pytest.mark.usefixtures("demo")
def test_keski_suomi_2024_has_head_counts_and_no_made_up_people() -> None:
    """Six groups of 22 municipalities; 138 + 98 + 75 = 311, all of them as numbers."""
    with scope(county=County.objects.get(slug="keski-suomi")):
        round_ = Round.objects.get(year=2024)
        attendances = Attendance.objects.filter(negotiation__round=round_)
        assert not attendances.exclude(is_head_count=True, person=None).exists()
        totals: dict[str, int] = {}
        for sector, count in attendances.values_list("sector", "count"):
            totals[sector] = totals.get(sector, 0) + count
        assert totals == {Sector.ORGANISATION_OR_PARISH: 138, Sector.MUNICIPALITY: 98, Sector.COUNTY: 75}
        parties = Party.objects.filter(negotiation__round=round_, municipality__isnull=False)
        assert parties.values("municipality").distinct().count() == parties.count() == 22
        assert round_.stated_figures.get().value == 136
        assert Minutes.objects.filter(negotiation__round=round_, state=Minutes.State.PUBLISHED).count() == 6


@pytest.mark.usefixtures("demo")
def test_keski_uusimaa_knows_its_negotiation_to_the_months_only() -> None:
    """March-April 2023, and a negotiation with HUS apart from it."""
    with scope(county=County.objects.get(slug="keski-uusimaa")):
        regional = Negotiation.objects.get(round__year=2023, title="Alueellinen hyte-neuvottelu")
        assert (regional.precision, regional.earliest, regional.latest) == (
            "month",
            date(2023, 3, 1),
            date(2023, 4, 30),
        )
        with_hus = Negotiation.objects.get(parties__organisation__name="HUS-yhtymä")
        assert with_hus.pk != regional.pk
        assert regional.round is not None and regional.round.stages.count() == 6


@pytest.mark.usefixtures("demo")
def test_people_are_roles_and_every_document_waits_for_the_worker() -> None:
    """No contact details at all; nothing is rendered by anybody but the worker."""
    with scopes_disabled():
        assert all(", " in name for name in Person.objects.values_list("name", flat=True))
        assert not PersonContact.objects.exists()
        assert set(Document.objects.values_list("state", flat=True)) == {Document.State.QUEUED}
        kinds = list(Document.objects.values_list("kind", flat=True))
        assert kinds.count("summary") == 1
        assert kinds.count("minutes") >= Minutes.objects.count() == 11


@pytest.mark.usefixtures("demo")
def test_there_is_a_login_for_every_role_in_two_counties() -> None:
    """And one administrator."""
    pairs = set(Membership.objects.values_list("county__slug", "role"))
    roles = [role for role in Membership.Role if role != Membership.Role.ADMINISTRATOR]
    assert pairs == {(slug, role) for slug in ("keski-suomi", "keski-uusimaa") for role in roles} | {
        (None, Membership.Role.ADMINISTRATOR)
    }


@pytest.mark.django_db
def test_it_is_not_loaded_where_others_can_reach_it(settings: Settings) -> None:
    """Its passwords are public."""
    settings.SITE_URL = "https://hyte.example.fi"
    with pytest.raises(CommandError, match="loopback"):
        call_command("load_demo")
