"""Writing the texts of a summary while it is a draft, and what was said of the round afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import User
from municipalities.moves import NotAllowedNow, locked
from negotiations.models import FeedbackNote, Round, Summary, SummaryNote

Section = SummaryNote.Section


def texts_of(summary: Summary) -> dict[str, list[str]]:
    """Return the paragraphs of each section, the empty sections too. One query."""
    texts: dict[str, list[str]] = {section.value: [] for section in Section}
    for note in SummaryNote.objects.filter(summary=summary).order_by("position"):
        texts[note.section].append(note.text)
    return texts


@transaction.atomic
def write(
    summary: Summary, texts: Mapping[str, Sequence[str]], *, case_number: str, by: User | None
) -> tuple[Summary, list[str]]:
    """Save the paragraphs of the sections given; the sections left out stay. Returns the sections that changed too.

    Raises NotAllowedNow unless the summary is a draft.
    """
    summary = locked(summary)
    if summary.state != Summary.State.DRAFT:
        raise NotAllowedNow(_("The summary has been frozen. Take it back to a draft before you change its text."))
    before = texts_of(summary)
    changed = [section for section, paragraphs in texts.items() if list(paragraphs) != before[section]]
    SummaryNote.objects.filter(summary=summary, section__in=changed).delete()
    SummaryNote.objects.bulk_create(
        SummaryNote(county_id=summary.county_id, summary=summary, section=section, position=position, text=paragraph)
        for section in changed
        for position, paragraph in enumerate(texts[section], 1)
    )
    if summary.case_number != case_number:
        summary.case_number = case_number
        summary.save(update_fields=["case_number"])
        changed.append("case_number")
    if changed:
        record(summary, "written", by=by, sections=changed)
    return summary, changed


@transaction.atomic
def add_feedback(
    round_: Round, texts: Sequence[str], *, given_on: date, occasion: str, by: User | None
) -> list[FeedbackNote]:
    """Add what was said of the round, after what was said the same day already."""
    round_ = locked(round_)
    last = FeedbackNote.objects.filter(round=round_, given_on=given_on).aggregate(last=Max("position"))["last"] or 0
    notes = FeedbackNote.objects.bulk_create(
        FeedbackNote(
            county_id=round_.county_id,
            round=round_,
            given_on=given_on,
            occasion=occasion,
            position=last + number,
            text=text,
        )
        for number, text in enumerate(texts, 1)
    )
    record(round_, "feedback_added", by=by, count=len(notes), on=given_on.isoformat())
    return notes


@transaction.atomic
def change_feedback(note: FeedbackNote, *, by: User | None) -> FeedbackNote:
    """Save a note that has been changed."""
    note.save(update_fields=["text", "occasion"])
    record(note.round, "feedback_changed", by=by)
    return note


@transaction.atomic
def remove_feedback(note: FeedbackNote, *, by: User | None) -> None:
    """Remove a note."""
    record(note.round, "feedback_removed", by=by)
    note.delete()
