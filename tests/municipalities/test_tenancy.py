"""A row and its parents belong to one county, and events stay as they were written."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django_scopes import scope
from django_scopes.exceptions import ScopeError

from municipalities.events import record
from municipalities.models import County, Event, Municipality, Organisation, User
from negotiations.models import AgendaItem, Negotiation, Party, Round
from tests.factories import make_negotiation, make_round

OWN_APPS = ("municipalities", "negotiations")
# These say themselves how county and other columns go together.
EXEMPT = {"Membership", "Municipality"}


def tenant_models() -> list[Any]:
    """Return every model that carries a county."""
    return [
        model
        for model in apps.get_models()
        if model._meta.app_label in OWN_APPS
        and model.__name__ not in EXEMPT
        and any(field.name == "county" and field.many_to_one for field in model._meta.fields)
    ]


@pytest.mark.parametrize("model", tenant_models(), ids=lambda model: model.__name__)
def test_the_database_ties_every_parent_to_the_same_county(db: None, model: Any) -> None:
    """Each foreign key to another tenant row has a constraint over (county_id, parent_id)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_constraint c"
            " JOIN unnest(c.conkey) AS k(attnum) ON true"
            " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum"
            " WHERE c.contype = 'f' AND c.conrelid = %s::regclass AND cardinality(c.conkey) = 2 GROUP BY c.oid",
            [model._meta.db_table],
        )
        tied = {column for (columns,) in cursor.fetchall() for column in columns if column != "county_id"}
    parents = {
        field.column
        for field in model._meta.fields
        if (field.many_to_one or field.one_to_one) and field.related_model in tenant_models()
    }
    assert tied == parents


def test_every_tenant_model_is_read_only_inside_a_scope(db: None) -> None:
    """Outside a county's scope there is nothing to read."""
    for model in tenant_models():
        with pytest.raises(ScopeError):
            list(model.objects.all())


def test_a_row_of_another_county_is_refused(
    keski_suomi: County, keski_uusimaa: County, hankasalmi: Municipality
) -> None:
    """Whichever way it is written, in bulk too."""
    with scope(county=keski_suomi):
        round_ = make_round(keski_suomi)
        negotiation = make_negotiation(round_, [hankasalmi])
    with scope(county=keski_uusimaa):
        foreign = Organisation.objects.create(county=keski_uusimaa, name="HUS-yhtymä", sector="public")

    def write_and_check(write: Callable[[], object]) -> None:
        with transaction.atomic():
            write()
            connection.check_constraints()

    def refused(write: Callable[[], object]) -> None:
        with pytest.raises(IntegrityError):
            write_and_check(write)

    with scope(county=keski_suomi):
        refused(lambda: Party.objects.create(county=keski_suomi, negotiation=negotiation, organisation=foreign))
        refused(lambda: Party.objects.bulk_create([Party(county=keski_uusimaa, negotiation=negotiation)]))
        part = negotiation.parts.get()
        refused(lambda: AgendaItem.objects.create(county=keski_uusimaa, part=part, position=9, title="Vieras"))
        refused(lambda: Round.objects.filter(pk=round_.pk).update(county=keski_uusimaa))


def test_events_are_append_only(in_scope: County, coordinator: User) -> None:
    """Neither changed nor deleted, and their users stay."""
    round_ = make_round(in_scope)
    event = record(round_, "opened", by=coordinator)
    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.filter(pk=event.pk).update(verb="closed")
    with pytest.raises(IntegrityError), transaction.atomic():
        event.delete()
    assert Event.objects.get().verb == "opened"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE municipalities_event SET verb = 'closed'",
        "UPDATE municipalities_event SET user_id = NULL, payload = '{}' WHERE verb = 'opened'",
        "UPDATE municipalities_event SET id = id",
        "INSERT INTO municipalities_event SELECT * FROM municipalities_event ON CONFLICT (id) DO UPDATE SET verb = 'x'",
        "DELETE FROM municipalities_event",
        "DELETE FROM municipalities_event WHERE id IN (SELECT min(id) FROM municipalities_event)",
    ],
)
def test_the_database_refuses_to_change_or_delete_events(statement: str, in_scope: County, coordinator: User) -> None:
    """Whoever asks and for however many: not by our code alone, and a row that would stay as it is too."""
    round_ = make_round(in_scope)
    for verb in ("opened", "closed"):
        record(round_, verb, by=coordinator)
    with connection.cursor() as cursor:
        cursor.execute("SELECT e::text FROM municipalities_event e ORDER BY id")
        before = cursor.fetchall()
        with pytest.raises(IntegrityError, match="events are append-only"), transaction.atomic():
            cursor.execute(statement)
        cursor.execute("SELECT e::text FROM municipalities_event e ORDER BY id")
        assert cursor.fetchall() == before
    assert len(before) == 2


def test_the_two_lists_of_constraints_cover_what_is_there() -> None:
    """The migrations name no table that is gone."""
    tables = {model._meta.db_table for model in tenant_models()}
    for name in (
        "municipalities.migrations.0003_one_county",
        "negotiations.migrations.0002_one_county",
        "negotiations.migrations.0013_day_one_county",
    ):
        migration = importlib.import_module(name)
        assert {child for child, _column, _parent in migration.CHILDREN} <= tables
        assert set(migration.PARENTS) <= tables


def test_time_as_known(in_scope: County, hankasalmi: Municipality) -> None:
    """A time to the minute has a start and an end; one to the day has neither."""
    round_ = make_round(in_scope)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_negotiation(round_, [hankasalmi], precision=Negotiation.Precision.DAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_negotiation(round_, [hankasalmi], ends_at=None)
