"""Documents: what is requested is frozen, queued, rendered by a worker, checked, stored whole, and logged when taken.

    kinds       what a document is made of; registered by the floor that owns it
    stamps      whether what a document was made from has changed, without reading it
    lifecycle   the one door to a document's state, with the lease of the worker that renders it
    rendering   from the frozen context to a PDF: the only home of WeasyPrint, imported by the worker alone
    pdf         the marks of PDF/A-3a and PDF/UA-1, and the check before a file is given to anybody
    storage     files that appear whole or not at all
    downloads   who took which document
    failures    why a document could not be made, in plain words

A document knows nothing of what it is about: its owner points at it, and judges who may see it.
"""

from municipalities.documents.downloads import (
    PURPOSE,
    StoredFile,
    open_document,
    purge_downloads,
    record_download,
    retention_days,
)
from municipalities.documents.kinds import Attachment, Kind, Meta, register, thaw, visible_documents
from municipalities.documents.lifecycle import (
    MOVES,
    STEPS,
    request_document,
    request_unchanged,
    retry,
    step_label,
)
from municipalities.documents.stamps import Rows, stamp
from municipalities.documents.storage import path_of

__all__ = [
    "MOVES",
    "PURPOSE",
    "STEPS",
    "Attachment",
    "Kind",
    "Meta",
    "Rows",
    "StoredFile",
    "open_document",
    "path_of",
    "purge_downloads",
    "record_download",
    "register",
    "request_document",
    "request_unchanged",
    "retention_days",
    "retry",
    "stamp",
    "step_label",
    "thaw",
    "visible_documents",
]
