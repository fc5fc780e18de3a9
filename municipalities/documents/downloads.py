"""Who took which document, and when.

Each download is logged so that it can be told who has had a paper that was not public yet, and to whom a paper went
that later turns out to be wrong (Act on Information Management in Public Administration, 906/2019, 17 §). The log
holds the user, the document and the time, nothing else. It is kept for the days that the county has set
(`County.download_retention_days`, two years unless changed) and then deleted, every night.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from municipalities.models import County, Document, Download, User
from municipalities.moves import NotAllowedNow

# Shown on the page that lists documents, with the days of the county.
PURPOSE = _(
    "Each download is recorded: who, which document and when. The purpose is to be able to tell who has received a "
    "document that is not public yet (Act on Information Management in Public Administration 906/2019, section 17)."
)


def record_download(document: Document, *, user: User) -> Download:
    """Log that the user took the document. Raises NotAllowedNow unless it is ready."""
    if document.state != Document.State.READY:
        raise NotAllowedNow(_("The document is not ready yet."))
    download: Download = Download.objects.create(county_id=document.county_id, document=document, user=user)
    return download


def retention_days(county: County) -> int:
    """Return for how many days the county keeps its log of downloads."""
    return county.download_retention_days


def purge_downloads() -> int:
    """Delete each county's log of downloads beyond the days it has set. Returns how many rows went."""
    gone = 0
    for county in County.objects.all():
        with scope(county=county):
            old = Download.objects.filter(at__lt=Now() - timedelta(days=retention_days(county)))
            gone += old.delete()[0]
    return gone
