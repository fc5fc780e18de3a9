"""A row of planning and its parents belong to one county: the database refuses a mix."""

import importlib

from django.db import migrations

one_county = importlib.import_module("municipalities.migrations.0003_one_county")

PARENTS = ("negotiations_availabilityinquiry", "negotiations_availabilityrequest")
CHILDREN = (
    ("negotiations_placementwish", "negotiation_id", "negotiations_negotiation"),
    ("negotiations_availabilityinquiry", "round_id", "negotiations_round"),
    ("negotiations_availabilityrequest", "inquiry_id", "negotiations_availabilityinquiry"),
    ("negotiations_availabilityrequest", "organisation_id", "municipalities_organisation"),
    ("negotiations_availabilityanswer", "request_id", "negotiations_availabilityrequest"),
    ("negotiations_availabilityanswer", "slot_id", "negotiations_slot"),
    ("negotiations_calendarfeed", "round_id", "negotiations_round"),
)


class Migration(migrations.Migration):
    dependencies = [("negotiations", "0009_planning")]

    operations = [
        *(one_county.unique(parent) for parent in PARENTS),
        *(one_county.same_county(*child) for child in CHILDREN),
    ]
