"""The summary of a round as the board reads it.

    context      what it tells: frozen and typed, with all that follows from it
    figures      the figures of the municipalities in it
    composing    reading it from the database, and asking for its document
    sources      the rows read, for telling whether any of them has changed

Its structure is that of the county's own summary of 2024, with a two-page brief before it. All that is counted is
counted here and printed beside what the source states; nothing is made up where only head counts are known.
"""

from negotiations.reporting.summary.composing import (
    DRAFT,
    FINAL,
    KIND,
    compose,
    request_summary_document,
    summary_attachments,
)
from negotiations.reporting.summary.context import MeasureLine, SummaryContext, When
from negotiations.reporting.summary.figures import Shown, Value

__all__ = [
    "DRAFT",
    "FINAL",
    "KIND",
    "MeasureLine",
    "Shown",
    "SummaryContext",
    "Value",
    "When",
    "compose",
    "request_summary_document",
    "summary_attachments",
]
