"""A row and its parent belong to one county: the database refuses a mix. See the like of it in municipalities."""

import importlib

from django.db import migrations

one_county = importlib.import_module("municipalities.migrations.0003_one_county")

PARENTS = (
    "negotiations_agendaitem",
    "negotiations_minutes",
    "negotiations_negotiation",
    "negotiations_part",
    "negotiations_party",
    "negotiations_round",
    "negotiations_slot",
    "negotiations_summary",
    "negotiations_themecolumn",
    "negotiations_workshoptheme",
)
CHILDREN = (
    ("negotiations_slot", "round_id", "negotiations_round"),
    ("negotiations_roundstage", "round_id", "negotiations_round"),
    ("negotiations_statedfigure", "round_id", "negotiations_round"),
    ("negotiations_coregroup", "round_id", "negotiations_round"),
    ("negotiations_negotiation", "round_id", "negotiations_round"),
    ("negotiations_negotiation", "group_id", "municipalities_municipalitygroup"),
    ("negotiations_negotiation", "slot_id", "negotiations_slot"),
    ("negotiations_party", "negotiation_id", "negotiations_negotiation"),
    ("negotiations_party", "organisation_id", "municipalities_organisation"),
    ("negotiations_part", "negotiation_id", "negotiations_negotiation"),
    ("negotiations_agendaitem", "part_id", "negotiations_part"),
    ("negotiations_attendance", "negotiation_id", "negotiations_negotiation"),
    ("negotiations_attendance", "person_id", "municipalities_person"),
    ("negotiations_workshoptheme", "round_id", "negotiations_round"),
    ("negotiations_themecolumn", "theme_id", "negotiations_workshoptheme"),
    ("negotiations_observation", "column_id", "negotiations_themecolumn"),
    ("negotiations_observation", "negotiation_id", "negotiations_negotiation"),
    ("negotiations_measure", "round_id", "negotiations_round"),
    ("negotiations_measure", "negotiation_id", "negotiations_negotiation"),
    ("negotiations_measure", "agenda_item_id", "negotiations_agendaitem"),
    ("negotiations_measure", "priority_id", "municipalities_priority"),
    ("negotiations_measure", "organisation_id", "municipalities_organisation"),
    ("negotiations_feedbacknote", "round_id", "negotiations_round"),
    ("negotiations_minutes", "negotiation_id", "negotiations_negotiation"),
    ("negotiations_minutes", "part_id", "negotiations_part"),
    ("negotiations_minutes", "document_id", "municipalities_document"),
    ("negotiations_minutescheck", "minutes_id", "negotiations_minutes"),
    ("negotiations_minutescheck", "party_id", "negotiations_party"),
    ("negotiations_minutesattachment", "minutes_id", "negotiations_minutes"),
    ("negotiations_summary", "round_id", "negotiations_round"),
    ("negotiations_summary", "document_id", "municipalities_document"),
    ("negotiations_summarynote", "summary_id", "negotiations_summary"),
    ("negotiations_summaryhandling", "summary_id", "negotiations_summary"),
)


class Migration(migrations.Migration):
    dependencies = [("negotiations", "0001_initial"), ("municipalities", "0003_one_county")]

    operations = [
        *(one_county.unique(parent) for parent in PARENTS),
        *(one_county.same_county(*child) for child in CHILDREN),
    ]
