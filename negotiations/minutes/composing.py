"""The minutes of a negotiation as a document: the frozen context it is printed from, and its request.

Neither 611/2021 nor 612/2021 fixes the form of the minutes: their name and numbering are settings of the county. Each
part of a combined negotiation discharges one duty and stands on its own: its opening, its items from 1 §, its closing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Prefetch, prefetch_related_objects
from django.utils import timezone, translation
from django.utils.text import slugify

from municipalities import timewords
from municipalities.documents import request_document, request_unchanged, stamp
from municipalities.models import County, Document, User
from negotiations.minutes.sources import SOURCES
from negotiations.models import (
    AgendaItem,
    Attendance,
    LegalBasis,
    Measure,
    Minutes,
    MinutesAttachment,
    MinutesCheck,
    Negotiation,
    Part,
    Party,
)
from negotiations.sitting.attendance import SECTOR_NAMES, Counted, totals

KIND = "minutes"
DRAFT, FINAL = "draft", "final"
# The order in which minutes tell who was there.
SECTOR_ORDER = (
    "municipality",
    "county",
    "public",
    "organisation",
    "parish",
    "organisation_or_parish",
    "influencing",
    "company",
    "other",
)


@dataclass(frozen=True)
class Participant:
    """Someone known by name, or only by role where the name is not told."""

    name: str
    role: str
    organisation: str


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


@dataclass(frozen=True)
class Item:
    """An item of the agenda as it was minuted."""

    number: int
    title: str
    background: str
    discussion: str
    agreed: str
    dissent: str
    measures: list[AgreedMeasure]

    @property
    def is_minuted(self) -> bool:
        """Whether anything has been entered of how it was dealt with: its background was known before that."""
        return any((self.discussion, self.agreed, self.dissent, self.measures))


@dataclass(frozen=True)
class PartMinuted:
    """The share of the sitting that discharged one duty."""

    legal_basis: str
    sections: str
    dealt_with: bool
    opened_at: datetime | None
    closed_at: datetime | None
    opening: str
    closing: str
    items: list[Item]


@dataclass(frozen=True)
class Mark:
    """A checker and their mark: waiting, approved, or silent until the date (as the county may have set)."""

    party: str
    name: str
    role: str
    outcome: str
    marked_on: date | None

    @property
    def checker(self) -> str:
        """The checker as far as they are known: by name, by role, or both."""
        return ", ".join(filter(None, [self.name, self.role]))


@dataclass(frozen=True)
class Enclosure:
    """What the minutes name as attached."""

    number: int
    title: str


@dataclass(frozen=True)
class MinutesContext:
    """Everything the printed minutes tell. Frozen: what was printed once can be printed again."""

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

    @property
    def has_named(self) -> bool:
        """Whether anybody present is known otherwise than by number."""
        return any(sector.people for sector in self.present)

    @property
    def parties_present(self) -> list[str]:
        """The parties that took part; those that stayed away are told apart."""
        return [party for party in self.parties if party not in self.stayed_away]


def compose(minutes: Minutes) -> MinutesContext:
    """Read everything that the minutes tell, in a number of queries that does not depend on how much that is.

    Minutes of one part tell that part alone; those of the whole negotiation tell its parts one after the other.
    """
    _read(minutes)
    negotiation = minutes.negotiation
    with translation.override(negotiation.language):
        attendances = list(negotiation.attendances.all())
        measures = list(negotiation.measures.all())
        parts = [part for part in negotiation.parts.all() if minutes.part_id is None or part.pk == minutes.part_id]
        parties = list(negotiation.parties.all())
        present = _present(attendances)
        return MinutesContext(
            name=negotiation.county.minutes_name_in(negotiation.language),
            subject=negotiation.title,
            county=negotiation.county.area.name_in(negotiation.language),
            language=negotiation.language,
            state=minutes.state,
            case_number=negotiation.case_number,
            round_name=negotiation.round.name if negotiation.round else "",
            is_one_of_two=minutes.part_id is not None,
            precision=negotiation.precision,
            earliest=negotiation.earliest,
            latest=negotiation.latest,
            starts_at=negotiation.starts_at,
            ends_at=negotiation.ends_at,
            mode=negotiation.mode,
            place=negotiation.place,
            convener=negotiation.convener,
            chair=negotiation.chair,
            secretary=negotiation.secretary,
            parties=[party.name for party in parties],
            stayed_away=[party.name for party in parties if party.participation == Party.Participation.STAYED_AWAY],
            present=present,
            present_total=sum(sector.total for sector in present),
            absent=_people(a for a in attendances if a.status == Attendance.Status.ABSENT),
            not_recorded=_people(a for a in attendances if a.status == Attendance.Status.INVITED),
            parts=[_part(part, measures) for part in parts],
            # Agreed in the negotiation but under none of its items; told once, in the minutes of its last part.
            further_measures=[
                _measure(measure)
                for measure in measures
                if measure.agenda_item_id is None and _is_last(minutes, parts_with_minutes(negotiation))
            ],
            enclosures=[Enclosure(attachment.position, attachment.title) for attachment in minutes.attachments.all()],
            marks=[_mark(check) for check in minutes.checks.all()],
            check_by=minutes.check_by,
            numbering=negotiation.county.item_numbering,
        )


def is_draft(minutes: Minutes) -> bool:
    """Whether the minutes are still to be checked: a draft is not public, and says that it is one."""
    return minutes.state in {Minutes.State.DRAFT, Minutes.State.CHECKING}


@transaction.atomic
def request_minutes_document(minutes: Minutes, *, by: User | None, at: datetime | None = None) -> Document:
    """Have the minutes printed as they are now, and let them point at their document."""
    at = at or timezone.now()
    variant = DRAFT if is_draft(minutes) else FINAL
    # Before anything is read: what changes meanwhile is then seen the next time.
    ids = {"minutes": minutes.pk, "negotiation": minutes.negotiation_id, "county": minutes.county_id}
    rows = stamp(SOURCES, ids, variant=variant, on=timezone.localdate(at))
    if unchanged := request_unchanged(minutes.document_id, stamp=rows, by=by):
        return unchanged
    context = compose(minutes)
    part = minutes.part
    # The same parties negotiate every year: the day tells the minutes apart.
    with translation.override(context.language):
        day = timewords.day(context.earliest, weekday=False)
    title = f"{context.name}: {context.subject} {day}" + (f", {part.basis.sections}" if part else "")
    stem = f"{context.name} {context.subject} {context.earliest:%Y-%m-%d}" + (
        f" {LegalBasis(part.legal_basis).value[:8].replace('/', '-')}" if part else ""
    )
    document = request_document(
        county=minutes.county,
        kind=KIND,
        context=context,
        language=context.language,
        variant=variant,
        title=title[:300],
        file_name=f"{slugify(stem)[:180]}.pdf",
        by=by,
        at=at,
        stamp=rows,
    )
    minutes.document = document
    minutes.save(update_fields=["document"])
    return document


def _read(minutes: Minutes) -> None:
    """Fetch all that is told, one query a table.

    What is in hand already is handed on instead of being joined to each row: a join of wide tables costs more time
    than all else here.
    """
    prefetch_related_objects(
        [minutes],
        Prefetch("attachments", MinutesAttachment.objects.order_by("position")),
        Prefetch("checks", MinutesCheck.objects.order_by("id")),
        Prefetch("negotiation", Negotiation.objects.select_related("county__area", "round")),
        Prefetch(
            "negotiation__parties", Party.objects.select_related("municipality__area", "organisation").order_by("id")
        ),
        Prefetch("negotiation__attendances", Attendance.objects.order_by("organisation_name", "role", "name", "id")),
        Prefetch("negotiation__parts", Part.objects.order_by("position")),
        Prefetch("negotiation__parts__items", AgendaItem.objects.order_by("position")),
        Prefetch(
            "negotiation__measures",
            Measure.objects.select_related("priority", "municipality__area", "organisation").order_by("position", "id"),
        ),
    )
    negotiation = minutes.negotiation
    minutes.county = negotiation.county
    parties = {party.pk: party for party in negotiation.parties.all()}
    for party in parties.values():
        party.county = negotiation.county
    for check in minutes.checks.all():
        if check.party_id in parties:
            check.party = parties[check.party_id]


def _present(attendances: list[Attendance]) -> list[SectorPresent]:
    here = [attendance for attendance in attendances if attendance.status == Attendance.Status.PRESENT]
    sums = totals(Counted(a.negotiation_id, a.sector, a.count) for a in here)
    return [
        SectorPresent(
            sector=sector,
            name=str(SECTOR_NAMES[sector]),
            people=_people(a for a in here if a.sector == sector and not a.is_head_count),
            head_count=sum(a.count for a in here if a.sector == sector and a.is_head_count),
            total=sums.of({sector}),
        )
        for sector in SECTOR_ORDER
        if sums.of({sector})
    ]


def _people(attendances: Iterable[Attendance]) -> list[Participant]:
    return [Participant(a.name, a.role, a.organisation_name) for a in attendances]


def _part(part: Part, measures: list[Measure]) -> PartMinuted:
    return PartMinuted(
        legal_basis=part.legal_basis,
        sections=part.basis.sections,
        dealt_with=part.dealt_with,
        opened_at=part.opened_at,
        closed_at=part.closed_at,
        opening=part.opening,
        closing=part.closing,
        items=[
            Item(
                number=item.position,
                title=item.title,
                background=item.background,
                discussion=item.discussion,
                agreed=item.agreed,
                dissent=item.dissent,
                measures=[_measure(measure) for measure in measures if measure.agenda_item_id == item.pk],
            )
            for item in part.items.all()
        ],
    )


def _measure(measure: Measure) -> AgreedMeasure:
    return AgreedMeasure(
        text=measure.text,
        responsible=measure.responsible,
        priority=measure.priority.name if measure.priority else "",
        due_on=measure.due_on,
        due_text=measure.due_text,
    )


def _mark(check: MinutesCheck) -> Mark:
    return Mark(check.party.name, check.name, check.role, check.outcome, check.marked_on)


def parts_with_minutes(negotiation: Negotiation) -> list[Part]:
    """Return the parts that were dealt with, in order: where each has minutes of its own, those that have."""
    return sorted((part for part in negotiation.parts.all() if part.dealt_with), key=lambda part: part.position)


def _is_last(minutes: Minutes, parts: list[Part]) -> bool:
    return minutes.part_id is None or (bool(parts) and parts[-1].pk == minutes.part_id)
