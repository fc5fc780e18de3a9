"""What migrations of all apps are written with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import AddConstraint, AddIndex
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class AtOnce(Operation):
    """Several operations of which none needs to see the models as only some of the others have left them.

    Django makes the models of half the site anew after each operation, and a migration takes little time but that: here
    they are made once. Not for operations that read or change rows by the models, for two on the same field, nor for
    one on a model that is made by another. `migrate --fake-initial` does not see the tables that it makes.
    """

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = operations

    @property
    def reversible(self) -> bool:  # type: ignore[override]
        """Whether all of them can be undone."""
        return all(operation.reversible for operation in self.operations)

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        """Return how it is written."""
        return type(self).__name__, [], {"operations": self.operations}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Take the state on by all of them; its models are made when they are asked for the next time."""
        vars(state).pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Do them in their order."""
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Undo them, the last one first."""
        for operation in reversed(self.operations):
            # What it added may be of fields that were added with it: those are there until their turn comes.
            is_of_fields = isinstance(operation, AddConstraint | AddIndex)
            operation.database_backwards(app_label, schema_editor, from_state, from_state if is_of_fields else to_state)

    def describe(self) -> str:
        """Say what they do."""
        return "; ".join(operation.describe() for operation in self.operations)
