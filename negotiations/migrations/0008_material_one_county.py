"""A row of a negotiation's material and its parent belong to one county: the database refuses a mix."""

import importlib

from django.db import migrations

one_county = importlib.import_module("municipalities.migrations.0003_one_county")

PARENTS = ("negotiations_preread",)
CHILDREN = (
    ("negotiations_highlight", "negotiation_id", "negotiations_negotiation"),
    ("negotiations_highlight", "priority_id", "municipalities_priority"),
    ("negotiations_dismissedsuggestion", "negotiation_id", "negotiations_negotiation"),
    ("negotiations_preread", "negotiation_id", "negotiations_negotiation"),
    ("negotiations_preread", "document_id", "municipalities_document"),
    ("negotiations_prereadcard", "pre_read_id", "negotiations_preread"),
    ("negotiations_prereadcard", "version_id", "municipalities_cardversion"),
)


class Migration(migrations.Migration):
    dependencies = [("negotiations", "0007_cards"), ("municipalities", "0011_cards_one_county")]

    operations = [
        *(one_county.unique(parent) for parent in PARENTS),
        *(one_county.same_county(*child) for child in CHILDREN),
    ]
