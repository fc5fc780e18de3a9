"""A row of the day or of the minutes and its parents belong to one county; a version of minutes never changes."""

import importlib

from django.db import migrations

one_county = importlib.import_module("municipalities.migrations.0003_one_county")

PARENTS = (
    "negotiations_agendatemplate",
    "negotiations_attachedfile",
    "negotiations_attendance",
    "negotiations_measure",
    "negotiations_minutescheck",
    "negotiations_minutessignature",
    "negotiations_minutesversion",
    "negotiations_noteheading",
    "negotiations_observation",
    "negotiations_workshop",
    "negotiations_workshopgroup",
)
CHILDREN = (
    ("negotiations_negotiation", "item_at_hand_id", "negotiations_agendaitem"),
    ("negotiations_agendaitem", "deferred_from_id", "negotiations_agendaitem"),
    ("negotiations_agendatemplateitem", "template_id", "negotiations_agendatemplate"),
    ("negotiations_agendaattachment", "item_id", "negotiations_agendaitem"),
    ("negotiations_agendaattachment", "file_id", "negotiations_attachedfile"),
    ("negotiations_attendance", "substitutes_id", "negotiations_attendance"),
    ("negotiations_partpresence", "part_id", "negotiations_part"),
    ("negotiations_partpresence", "attendance_id", "negotiations_attendance"),
    ("negotiations_observation", "priority_id", "municipalities_priority"),
    ("negotiations_measurestatus", "measure_id", "negotiations_measure"),
    ("negotiations_measurestatus", "negotiation_id", "negotiations_negotiation"),
    ("negotiations_workshop", "negotiation_id", "negotiations_negotiation"),
    ("negotiations_workshopgroup", "workshop_id", "negotiations_workshop"),
    ("negotiations_noteheading", "workshop_id", "negotiations_workshop"),
    ("negotiations_noteheading", "column_id", "negotiations_themecolumn"),
    ("negotiations_workshopnote", "workshop_id", "negotiations_workshop"),
    ("negotiations_workshopnote", "group_id", "negotiations_workshopgroup"),
    ("negotiations_workshopnote", "column_id", "negotiations_themecolumn"),
    ("negotiations_workshopnote", "heading_id", "negotiations_noteheading"),
    ("negotiations_workshopnote", "priority_id", "municipalities_priority"),
    ("negotiations_workshopnote", "observation_id", "negotiations_observation"),
    ("negotiations_workshopnote", "measure_id", "negotiations_measure"),
    ("negotiations_minutes", "corrects_id", "negotiations_minutes"),
    ("negotiations_minutesversion", "minutes_id", "negotiations_minutes"),
    ("negotiations_minutescheck", "version_id", "negotiations_minutesversion"),
    ("negotiations_checkerreplacement", "check_row_id", "negotiations_minutescheck"),
    ("negotiations_minutessignature", "minutes_id", "negotiations_minutes"),
    ("negotiations_minutessignature", "version_id", "negotiations_minutesversion"),
    ("negotiations_minuteslink", "check_row_id", "negotiations_minutescheck"),
    ("negotiations_minuteslink", "signature_id", "negotiations_minutessignature"),
    ("negotiations_minutesremark", "version_id", "negotiations_minutesversion"),
    ("negotiations_minutesremark", "check_row_id", "negotiations_minutescheck"),
    ("negotiations_minutesremark", "item_id", "negotiations_agendaitem"),
    ("negotiations_minutesremark", "part_id", "negotiations_part"),
    ("negotiations_correctionentry", "minutes_id", "negotiations_minutes"),
    ("negotiations_minutespaper", "minutes_id", "negotiations_minutes"),
    ("negotiations_minutespaper", "item_id", "negotiations_agendaitem"),
    ("negotiations_minutespaper", "document_id", "municipalities_document"),
    ("negotiations_minutesattachment", "item_id", "negotiations_agendaitem"),
    ("negotiations_minutesattachment", "file_id", "negotiations_attachedfile"),
)

# What was read and marked is what stays: a change is a version of its own.
FORWARD = """
CREATE FUNCTION negotiations_version_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'versions of minutes never change' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER minutes_version_stays BEFORE UPDATE ON negotiations_minutesversion
    FOR EACH STATEMENT EXECUTE FUNCTION negotiations_version_stays();
"""
BACKWARD = """
DROP TRIGGER minutes_version_stays ON negotiations_minutesversion;
DROP FUNCTION negotiations_version_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("negotiations", "0012_day_and_minutes")]

    operations = [
        *(one_county.unique(parent) for parent in PARENTS),
        *(one_county.same_county(*child) for child in CHILDREN),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
