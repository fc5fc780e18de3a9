"""What minutes tell, frozen: what was printed, or checked, once can be printed again as it was.

The content is what a version is of and what the checkers read. The state, the marks, the signatures and the date by
which to check come about afterwards: they are told beside the content, and are no part of it.

Fields that have been added since have a default: what was frozen before them is read as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from municipalities.models import County


@dataclass(frozen=True)
class Participant:
    """Someone known by name, or only by role where the name is not told."""

    name: str
    role: str
    organisation: str
    is_remote: bool = False
    is_walk_in: bool = False
    # The one whom this one came for.
    substitutes: str = ""


@dataclass(frozen=True)
class SectorPresent:
    """Who of a sector was there: people, and how many more are known by number alone."""

    sector: str
    name: str
    people: list[Participant]
    head_count: int
    total: int


@dataclass(frozen=True)
class AgreedMeasure:
    """A measure with the one who answers for it; a measure never loses its context."""

    text: str
    responsible: str
    priority: str
    due_on: date | None
    due_text: str
    # By which it is followed.
    indicator: str = ""


@dataclass(frozen=True)
class FollowedMeasure:
    """A measure agreed earlier and gone through under an item: what was promised, and what happened."""

    text: str
    responsible: str
    # The day of the negotiation in which it was agreed; none where it was agreed for a whole round.
    agreed_on: date | None
    # As it was told in this negotiation; empty where nobody told.
    state: str
    note: str
    # Agreed under an item that is not public.
    is_confidential: bool = False


@dataclass(frozen=True)
class Enclosure:
    """What the minutes name as attached, and the file where there is one."""

    number: int
    title: str
    # The item that it belongs to; 0: to the whole.
    item: int = 0
    file_name: str = ""
    sha256: str = ""
    # The ground in law for which it is not public; empty: it is public.
    secrecy_ground: str = ""
    # Left out of this variant: only the number and the ground stay.
    is_withheld: bool = False


@dataclass(frozen=True)
class Item:
    """An item of the agenda as it was minuted. Known by its `id`; 0 in what was frozen before it was kept."""

    number: int
    title: str
    background: str
    discussion: str
    agreed: str
    dissent: str
    measures: list[AgreedMeasure]
    id: int = 0
    presenter: str = ""
    # Put off to the next negotiation.
    is_deferred: bool = False
    indicators: list[str] = field(default_factory=list)
    followed: list[FollowedMeasure] = field(default_factory=list)
    # The ground in law for which it is not public; empty: it is public.
    secrecy_ground: str = ""
    # Left out of this variant: only the number and the ground stay.
    is_withheld: bool = False

    @property
    def is_minuted(self) -> bool:
        """Whether anything has been entered of how it was dealt with: its background was known before that."""
        return any(
            (
                self.discussion,
                self.agreed,
                self.dissent,
                self.measures,
                self.is_deferred,
                any(measure.state for measure in self.followed),
            )
        )


@dataclass(frozen=True)
class Presence:
    """How many were present when a part was opened and when it was closed, and what changed between."""

    at_opening: int
    # None: the closing has not been recorded.
    at_closing: int | None
    came: list[Participant]
    left: list[Participant]
    # Present in another part of the sitting, but not in this one.
    away: list[Participant]


@dataclass(frozen=True)
class PartMinuted:
    """The share of the sitting that discharged one duty. Known by its `id`, as an item is."""

    legal_basis: str
    sections: str
    dealt_with: bool
    opened_at: datetime | None
    closed_at: datetime | None
    opening: str
    closing: str
    items: list[Item]
    id: int = 0
    # None where it was not recorded.
    presence: Presence | None = None


@dataclass(frozen=True)
class Finding:
    """A key finding of the workshop, with the group that noted it; never who in the group."""

    text: str
    group: str
    priority: str


@dataclass(frozen=True)
class ColumnFindings:
    """The findings in a column of a theme."""

    title: str
    findings: list[Finding]


@dataclass(frozen=True)
class ThemeFindings:
    """What the workshop found on a theme."""

    name: str
    columns: list[ColumnFindings]


@dataclass(frozen=True)
class Mark:
    """A checker and their mark: waiting, approved, or silent until the date (as the county may have set)."""

    party: str
    name: str
    role: str
    outcome: str
    marked_on: date | None
    # The version that was marked; 0 where the minutes had no versions yet.
    version: int = 0
    sha256: str = ""

    @property
    def checker(self) -> str:
        """The checker as far as they are known: by name, by role, or both."""
        return ", ".join(filter(None, [self.name, self.role]))


@dataclass(frozen=True)
class Signature:
    """The chair or the secretary, and how and when they signed; no day: not yet."""

    role: str
    name: str
    way: str
    signed_on: date | None
    version: int = 0
    sha256: str = ""


@dataclass(frozen=True)
class Corrected:
    """The checked minutes that a document corrects: known by their title, day and content."""

    title: str
    # The day when they were checked, or published.
    on: date | None
    version: int
    sha256: str


@dataclass(frozen=True)
class Correction:
    """What was read in the corrected minutes, what is to be read instead, and why."""

    number: int
    place: str
    was: str
    now: str
    reason: str
    # Of an item that is not public, or such that nobody can tell.
    is_confidential: bool = False
    # Left out of this variant.
    is_withheld: bool = False


@dataclass(frozen=True)
class MinutesContext:
    """Everything the printed minutes tell."""

    name: str
    subject: str
    county: str
    language: str
    state: str
    case_number: str
    round_name: str
    is_one_of_two: bool

    precision: str
    earliest: date
    latest: date
    starts_at: datetime | None
    ends_at: datetime | None
    mode: str
    place: str
    convener: str
    chair: str
    secretary: str

    parties: list[str]
    stayed_away: list[str]
    present: list[SectorPresent]
    present_total: int
    absent: list[Participant]
    not_recorded: list[Participant]

    parts: list[PartMinuted]
    further_measures: list[AgreedMeasure]
    enclosures: list[Enclosure]
    marks: list[Mark]
    check_by: date | None
    # How the items are numbered. What was frozen before a county could choose is numbered by sections.
    numbering: str = County.Numbering.SECTION.value
    # How many of those present took part remotely.
    remote_total: int = 0
    findings: list[ThemeFindings] = field(default_factory=list)
    # Of a document that corrects checked minutes: those minutes, and what is corrected in them.
    corrects: Corrected | None = None
    corrections: list[Correction] = field(default_factory=list)
    # A variant from which something that is not public has been left out.
    is_public_variant: bool = False

    signatures: list[Signature] = field(default_factory=list)
    # The version that is shown, and the SHA-256 of its content; 0 for a draft.
    version: int = 0
    sha256: str = ""
    # Whether saying nothing until the date means checked.
    silence_counts: bool = False
    # Whether the chair and the secretary sign them, as the county may have set.
    is_signed: bool = True

    @property
    def has_named(self) -> bool:
        """Whether anybody present is known otherwise than by number."""
        return any(sector.people for sector in self.present)

    @property
    def has_versions(self) -> bool:
        """Whether it is known which version each mark is of."""
        return bool(self.versions_told)

    @property
    def versions_told(self) -> list[tuple[int, str]]:
        """The versions that are shown, marked or signed, by number, each with the SHA-256 of its content."""
        told = {self.version: self.sha256}
        told |= {mark.version: mark.sha256 for mark in self.marks}
        told |= {signature.version: signature.sha256 for signature in self.signatures}
        return sorted((number, sha256) for number, sha256 in told.items() if number)

    @property
    def parties_present(self) -> list[str]:
        """The parties that took part; those that stayed away are told apart."""
        return [party for party in self.parties if party not in self.stayed_away]


# What comes about when the minutes are checked, and is told beside their content.
PRESENT = frozenset({"state", "marks", "check_by", "signatures", "version", "sha256", "silence_counts", "is_signed"})


@dataclass(frozen=True)
class Standing:
    """How it stands with the minutes now: what is told beside their content. Its fields are those of PRESENT."""

    state: str
    marks: list[Mark]
    check_by: date | None
    signatures: list[Signature]
    version: int = 0
    sha256: str = ""
    silence_counts: bool = False
    is_signed: bool = True


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[MinutesContext]:
    return TypeAdapter(MinutesContext)


def content_of(context: MinutesContext) -> dict[str, Any]:
    """Return the content as JSON data: all that is told, without what comes about in checking (PRESENT).

    Items and parts are known in it by their `id`. The same minutes have the same content, and thus the same SHA-256.
    """
    data: dict[str, Any] = _adapter().dump_python(context, mode="json", exclude=set(PRESENT), warnings="error")
    return data


def with_standing(content: Mapping[str, Any], standing: Standing) -> MinutesContext:
    """Return a content and how it stands with it as one context. Raises ValueError where it cannot be read."""
    beside = {each.name: getattr(standing, each.name) for each in fields(standing)}
    blank: dict[str, Any] = {"state": standing.state, "marks": [], "check_by": None}
    return replace(_adapter().validate_python({**content, **blank}), **beside)
