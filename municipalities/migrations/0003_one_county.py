"""A row and its parent belong to one county: the database refuses a mix.

Django has no foreign keys over two columns, so they are written out: (county_id, parent_id) points at the parent's
(county_id, id). Deferred as Django's own are.
"""

from django.db import migrations

PARENTS = (
    "municipalities_document",
    "municipalities_municipalitygroup",
    "municipalities_organisation",
    "municipalities_person",
    "municipalities_priority",
)
CHILDREN = (
    ("municipalities_download", "document_id", "municipalities_document"),
    ("municipalities_person", "organisation_id", "municipalities_organisation"),
    ("municipalities_personcontact", "person_id", "municipalities_person"),
)


def unique(parent: str) -> migrations.RunSQL:
    """Return the operation that lets children point at a parent and its county together."""
    name = f"{parent}_one_county"
    return migrations.RunSQL(
        f"ALTER TABLE {parent} ADD CONSTRAINT {name} UNIQUE (county_id, id)",
        f"ALTER TABLE {parent} DROP CONSTRAINT {name}",
    )


def same_county(child: str, column: str, parent: str) -> migrations.RunSQL:
    """Return the operation that ties a child's county to its parent's."""
    name = f"{child}_{column}_one_county"
    return migrations.RunSQL(
        f"ALTER TABLE {child} ADD CONSTRAINT {name} FOREIGN KEY (county_id, {column})"
        f" REFERENCES {parent} (county_id, id) DEFERRABLE INITIALLY DEFERRED",
        f"ALTER TABLE {child} DROP CONSTRAINT {name}",
    )


class Migration(migrations.Migration):
    dependencies = [("municipalities", "0002_event_append_only")]

    operations = [*(unique(parent) for parent in PARENTS), *(same_county(*child) for child in CHILDREN)]
