"""A row of a card and its parent belong to one county: the database refuses a mix."""

import importlib

from django.db import migrations

one_county = importlib.import_module("municipalities.migrations.0003_one_county")

PARENTS = (
    "municipalities_cardyear",
    "municipalities_card",
    "municipalities_cardversion",
    "municipalities_cardbundle",
)
CHILDREN = (
    ("municipalities_card", "card_year_id", "municipalities_cardyear"),
    ("municipalities_card", "carried_from_id", "municipalities_card"),
    ("municipalities_cardentry", "card_id", "municipalities_card"),
    ("municipalities_cardentry", "priority_id", "municipalities_priority"),
    ("municipalities_cardfigure", "card_id", "municipalities_card"),
    ("municipalities_cardplan", "card_id", "municipalities_card"),
    ("municipalities_cardcontact", "card_id", "municipalities_card"),
    ("municipalities_cardversion", "card_id", "municipalities_card"),
    ("municipalities_cardlink", "version_id", "municipalities_cardversion"),
    ("municipalities_cardbundle", "card_year_id", "municipalities_cardyear"),
    ("municipalities_cardbundleitem", "bundle_id", "municipalities_cardbundle"),
    ("municipalities_cardbundleitem", "version_id", "municipalities_cardversion"),
    ("municipalities_cardbundleitem", "document_id", "municipalities_document"),
)


class Migration(migrations.Migration):
    dependencies = [("municipalities", "0010_cards")]

    operations = [
        *(one_county.unique(parent) for parent in PARENTS),
        *(one_county.same_county(*child) for child in CHILDREN),
    ]
