"""Several operations of a migration as one: what they leave, forwards and backwards, is what they leave one by one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.db import connection, migrations, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models.fields import NOT_PROVIDED

from indicators.migrating import AtOnce

MADE = migrations.CreateModel(
    "Thing",
    [("id", models.BigAutoField(primary_key=True)), ("old", models.IntegerField(default=0))],
    options={"constraints": [models.UniqueConstraint(fields=["old"], name="thing_once")]},
)
OPERATIONS: list[Operation] = [
    migrations.CreateModel(
        "Other",
        [("id", models.BigAutoField(primary_key=True)), ("thing", models.ForeignKey("x.Thing", models.CASCADE))],
    ),
    migrations.RemoveConstraint("thing", "thing_once"),
    migrations.AddField("thing", "other", models.ForeignKey("x.Other", models.CASCADE, null=True, related_name="+")),
    migrations.AddField("thing", "note", models.TextField(default="-"), preserve_default=False),
    migrations.AddConstraint(
        "thing", models.UniqueConstraint(fields=["old"], condition=models.Q(note=""), name="thing_once")
    ),
    migrations.AddIndex("thing", models.Index(fields=["note"], condition=models.Q(other=None), name="thing_note")),
    migrations.AlterField("thing", "old", models.IntegerField(default=0, null=True)),
]
SCHEMA = """
SELECT indexdef FROM pg_indexes WHERE tablename IN ('x_thing', 'x_other')
UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid IN (to_regclass('x_thing'), to_regclass('x_other'))
UNION ALL SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default)
    FROM information_schema.columns WHERE table_name IN ('x_thing', 'x_other')
ORDER BY 1
"""


def schema() -> list[str]:
    """Return all that there is of the two tables."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(SCHEMA)
        return [row for (row,) in cursor.fetchall()]


def told(state: ProjectState) -> list[object]:
    """Return the models of a state, to be compared."""
    thing, other = state.models["x", "thing"], state.models["x", "other"]
    constraints = sorted(str(one.deconstruct()) for one in thing.options["constraints"])
    return [list(thing.fields), list(other.fields), constraints]


def made_of(operations: Sequence[Operation]) -> migrations.Migration:
    """Return a migration of an app that there is not."""
    return type("Migration", (migrations.Migration,), {"operations": operations})("one", "x")


@pytest.mark.django_db
def test_at_once_and_one_by_one_leave_the_same() -> None:
    """And undone, all is as it was before."""
    before = made_of([MADE])
    schemas: list[tuple[list[str], list[str], list[str]]] = []
    states = []
    together: list[Operation] = [AtOnce(OPERATIONS)]
    for operations in (OPERATIONS, together):
        state = ProjectState()
        migration = made_of(operations)
        with connection.schema_editor() as editor:
            state = before.apply(state, editor)
        assert state.apps.get_model("x", "Thing")
        start = schema()
        with connection.schema_editor() as editor:
            after = migration.apply(state.clone(), editor)
        done = schema()
        field = after.apps.get_model("x", "Thing")._meta.get_field("note")
        assert field.default is NOT_PROVIDED
        states.append(told(after))
        with connection.schema_editor() as editor:
            migration.unapply(state.clone(), editor)
        schemas.append((start, done, schema()))
        with connection.schema_editor() as editor:
            before.unapply(ProjectState(), editor)
        assert schema() == []
    assert schemas[0] == schemas[1]
    start, done, again = schemas[1]
    assert start == again != done
    assert states[0] == states[1]


def test_what_cannot_be_undone_is_not_called_reversible() -> None:
    """One of them that cannot is enough."""
    assert AtOnce(OPERATIONS).reversible
    assert not AtOnce([*OPERATIONS, migrations.RunSQL("SELECT 1")]).reversible
    assert "Create model Other; Remove constraint thing_once" in AtOnce(OPERATIONS).describe()
