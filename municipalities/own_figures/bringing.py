"""Bringing a county's own figures in: what was shown is what is saved, by the user who saw it, and it is logged.

The file is read once. What was understood travels with the preview, signed and packed, so that nothing of it stays on
the server. The most figures that a file may have are well below what the server takes in one form.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from indicators.models import ImportRun
from indicators.spreadsheets.planning import Plan, citation_of, save
from indicators.spreadsheets.understanding import Taken
from indicators.workbooks import Outcome
from municipalities.events import record
from municipalities.models import County, User

PREVIEW_HOLDS = 3600  # seconds


@dataclass(frozen=True)
class Provenance:
    """Where the figures of a file come from: the file and the day it was brought, their own day, and who made them."""

    label: str
    # As ISO writes it: it travels in JSON.
    retrieved_on: str
    source: str


@dataclass(frozen=True)
class Shown:
    """What a preview carries along: the figures, where they come from, and the digest of what was said of them."""

    taken: tuple[Taken, ...]
    provenance: Provenance
    digest: str


def seal(county: County, user: User, plan: Plan, provenance: Provenance) -> str:
    """Return what the preview carries along, signed for this user and county."""
    # Column by column, which packs better.
    columns = [list(column) for column in zip(*(row.taken for row in plan.planned), strict=True)]
    data = {"columns": columns, "of": asdict(provenance), "digest": plan.digest}
    return signing.dumps(data, salt=_salt(county, user), compress=True)


def unseal(county: County, user: User, sealed: str) -> Shown:
    """Return what a preview has carried along.

    Raises ValidationError for one that is not this user's, has been tampered with, or is older than an hour.
    """
    try:
        data: dict[str, Any] = signing.loads(sealed, salt=_salt(county, user), max_age=PREVIEW_HOLDS)
    except signing.BadSignature as error:
        raise ValidationError(_("The preview has grown old. Choose the file again.")) from error
    taken = tuple(Taken(*row) for row in zip(*data["columns"], strict=True))
    return Shown(taken, Provenance(**data["of"]), data["digest"])


def _salt(county: County, user: User) -> str:
    return f"figures-import:{county.pk}:{user.pk}"


@transaction.atomic
def bring(county: County, shown: Shown, *, by: User) -> tuple[ImportRun, Plan]:
    """Write all figures of a preview, or none, and log it.

    Returns the import and the plan that was carried out. Raises indicators.spreadsheets.planning.Changed when
    something else would become of the figures than was shown.
    """
    run, plan = save(
        county.area,
        shown.taken,
        shown.digest,
        label=shown.provenance.label,
        retrieved_on=date.fromisoformat(shown.provenance.retrieved_on),
        citation=citation_of(shown.provenance.source),
    )
    counts: dict[str, Any] = {outcome.value: plan.counts.get(outcome, 0) for outcome in Outcome}
    record(county, "figures_imported", by=by, run=run.pk, **counts)
    return run, plan
