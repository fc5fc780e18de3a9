"""Composing the summary of a round from the database, and asking for its document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Prefetch, Q, prefetch_related_objects
from django.utils import timezone, translation
from django.utils.text import slugify
from django.utils.translation import gettext as _

from indicators.figures import figures_csv
from indicators.models import Area
from municipalities.documents import Attachment, request_document, request_unchanged, stamp
from municipalities.models import (
    Document,
    Municipality,
    Priority,
    Sector,
    User,
)
from municipalities.moves import NotAllowedNow
from negotiations import models
from negotiations.models import (
    Attendance,
    CoreGroup,
    FeedbackNote,
    LegalBasis,
    Negotiation,
    Observation,
    Part,
    Party,
    Round,
    StatedFigure,
    Summary,
    SummaryNote,
    ThemeColumn,
    WorkshopTheme,
)
from negotiations.reporting.summary.context import (
    AttendanceRow,
    AttendanceTable,
    Column,
    CoreGroupLine,
    Debrief,
    Digest,
    MeasureLine,
    Notes,
    NotHeld,
    PartyLine,
    PersonsLine,
    PriorityNamed,
    Seen,
    StatedLine,
    SummaryContext,
    Theme,
    When,
)
from negotiations.reporting.summary.figures import figure_chapter
from negotiations.reporting.summary.sources import SOURCES
from negotiations.sitting.attendance import (
    SECTOR_NAMES,
    CoreGroupCount,
    Counted,
    ImpossibleAttendance,
    RoundAttendance,
    compare,
    persons,
    round_attendance,
)

KIND = "summary"
DRAFT, FINAL = "draft", "final"

Section = SummaryNote.Section
State = Negotiation.State


def compose(summary: Summary, *, on: date) -> SummaryContext:
    """Read everything that the summary tells, in a number of queries that does not depend on how much that is.

    Only negotiations that were held are counted; the others are named with their state. Raises ImpossibleAttendance
    when a core group is larger than what was counted.
    """
    _read(summary)
    round_ = summary.round
    with translation.override(round_.language):
        every = list(round_.negotiations.all())
        held = [negotiation for negotiation in every if negotiation.state == State.HELD]
        municipalities = list(
            Municipality.objects.filter(county_id=summary.county_id).select_related("area").order_by("area__order")
        )
        took_part = {
            party.municipality_id
            for negotiation in held
            for party in negotiation.parties.all()
            if party.municipality_id and party.participation == Party.Participation.TOOK_PART
        }
        numbers: dict[int | None, int] = {negotiation.pk: number for number, negotiation in enumerate(held, start=1)}
        attendance = round_attendance(_counted(held))
        return SummaryContext(
            title=_title(round_),
            document_name=_document_name(summary.county.summary_name_in(round_.language), _title(round_)),
            county=summary.county.area.name_in(round_.language),
            language=round_.language,
            case_number=summary.case_number,
            round_name=round_.name,
            negotiation_word=summary.county.negotiation_word,
            year=round_.year,
            form=round_.form,
            source=round_.source,
            plan_as_of=round_.plan_as_of,
            bases=[basis.value for basis in round_.bases],
            first_day=min((negotiation.earliest for negotiation in held), default=None),
            last_day=max((negotiation.latest for negotiation in held), default=None),
            held=len(held),
            not_held=[
                NotHeld(negotiation.title, negotiation.state, negotiation.state_reason, _when(negotiation))
                for negotiation in every
                if negotiation.state != State.HELD
            ],
            municipalities=[str(m) for m in municipalities if m.pk in took_part],
            county_municipalities=len(municipalities),
            absent_municipalities=[str(m) for m in municipalities if m.pk not in took_part] if held else [],
            notes=_notes(summary),
            priorities=_priorities(summary),
            attendance=_attendance(round_, held, attendance),
            measures=_measures(round_, held),
            themes=[_theme(theme, numbers) for theme in round_.themes.all()],
            feedback=_feedback(round_),
            figures=figure_chapter(
                round_,
                [(_name(negotiation), _areas_of(negotiation)) for negotiation in held],
                municipalities,
                year=min(round_.year, on.year),
            ),
            digests=[_digest(number, negotiation, attendance) for number, negotiation in enumerate(held, start=1)],
        )


@transaction.atomic
def request_summary_document(
    summary: Summary, *, variant: str, by: User | None, at: datetime | None = None
) -> Document:
    """Have the summary printed as it is now ("draft" or "final"), and let it point at its document.

    Raises NotAllowedNow when its numbers contradict each other, with the reason.
    """
    at = at or timezone.now()
    on = timezone.localdate(at)
    # Before anything is read: what changes meanwhile is then seen the next time.
    ids = {"summary": summary.pk, "round": summary.round_id, "county": summary.county_id}
    rows = stamp(SOURCES, ids, variant=variant, on=on)
    if unchanged := request_unchanged(summary.document_id, stamp=rows, by=by):
        return unchanged
    try:
        context = compose(summary, on=on)
    except ImpossibleAttendance as error:
        raise NotAllowedNow(str(error)) from error
    document = request_document(
        county=summary.county,
        kind=KIND,
        context=context,
        language=context.language,
        variant=variant,
        title=context.title,
        file_name=f"{slugify(f'{context.title} {summary.county.slug}')[:180]}.pdf",
        by=by,
        at=at,
        stamp=rows,
    )
    summary.document = document
    summary.save(update_fields=["document"])
    return document


def summary_attachments(context: SummaryContext) -> list[Attachment]:
    """Return the figures of the summary as a file that travels inside it: what is printed can be computed with."""
    if context.figures is None:
        return []
    with translation.override(context.language):
        stem = slugify(_("figures"))
        return [
            Attachment(
                name=f"{stem}-{context.year}.csv",
                content=figures_csv(context.figures.figures(), context.language),
                media_type="text/csv",
                description=_("The figures of the summary: indicator, area, year, value and source"),
            )
        ]


# --- Reading ------------------------------------------------------------------------------------------------


def _read(summary: Summary) -> None:
    """Fetch all that is told of the round, one query a table."""
    # The summary is public: what was agreed under an item that is not public is not told in it.
    is_public = Q(agenda_item=None) | Q(agenda_item__secrecy_ground="")
    measures = models.Measure.objects.filter(is_public).select_related("priority").order_by("position", "id")
    prefetch_related_objects(
        [summary],
        "county__area",
        Prefetch("notes", SummaryNote.objects.order_by("section", "position")),
        Prefetch("round", Round.objects.select_related("indicator_set", "county__area")),
        Prefetch(
            "round__negotiations",
            Negotiation.objects.select_related("group").order_by("earliest", "starts_at", "id"),
        ),
        Prefetch(
            "round__negotiations__parties",
            Party.objects.select_related("municipality__area", "organisation", "county__area").order_by("id"),
        ),
        Prefetch("round__negotiations__parts", Part.objects.order_by("position")),
        Prefetch(
            "round__negotiations__attendances",
            Attendance.objects.filter(status=Attendance.Status.PRESENT).order_by("id"),
        ),
        Prefetch("round__negotiations__measures", measures),
        Prefetch("round__measures", measures),
        Prefetch("round__stated_figures", StatedFigure.objects.order_by("id")),
        Prefetch("round__core_groups", CoreGroup.objects.prefetch_related("negotiations").order_by("id")),
        Prefetch("round__themes", WorkshopTheme.objects.order_by("position")),
        Prefetch("round__themes__columns", ThemeColumn.objects.order_by("position")),
        Prefetch(
            "round__themes__columns__observations",
            Observation.objects.select_related("priority").order_by(
                "negotiation__earliest", "negotiation_id", "position", "id"
            ),
        ),
        Prefetch("round__feedback", FeedbackNote.objects.order_by("given_on", "occasion", "position")),
    )


def _title(round_: Round) -> str:
    """Return the title: of the one duty that the round discharged, or of both."""
    if round_.bases == [LegalBasis.WELFARE]:
        # The county's own word tells whether it counts safety in: hyte or hytetu.
        if round_.county.negotiation_word.startswith("hytetu"):
            return _("Summary of the negotiations on promoting welfare, health and safety %(year)s") % {
                "year": round_.year
            }
        return _("Summary of the negotiations on promoting welfare and health %(year)s") % {"year": round_.year}
    if round_.bases == [LegalBasis.COOPERATION]:
        return _("Summary of the negotiations of the county and the municipalities %(year)s") % {"year": round_.year}
    return _("Summary of the statutory negotiations of the county and the municipalities %(year)s") % {
        "year": round_.year
    }


def _document_name(name: str, title: str) -> str:
    """Return what the county calls the document, where its title does not say so already."""
    return "" if title.casefold().startswith(name.casefold()) else name


def _when(negotiation: Negotiation) -> When:
    return When(
        precision=negotiation.precision,
        earliest=negotiation.earliest,
        latest=negotiation.latest,
        starts_at=negotiation.starts_at,
        ends_at=negotiation.ends_at,
    )


def _notes(summary: Summary) -> Notes:
    texts: dict[str, list[str]] = {section.value: [] for section in Section}
    for note in summary.notes.all():
        texts[note.section].append(note.text)
    return Notes(**texts)


def _priorities(summary: Summary) -> list[PriorityNamed]:
    """The priorities in force in the year of the round."""
    round_ = summary.round
    in_force = Priority.objects.filter(starts_on__lte=round_.ends_on, ends_on__gte=round_.starts_on)
    return [
        PriorityNamed(priority.name, priority.starts_on, priority.ends_on, priority.origin)
        for priority in in_force.order_by("position", "starts_on", "id")
    ]


# --- Attendance ---------------------------------------------------------------------------------------------


def _counted(held: Iterable[Negotiation]) -> list[Counted]:
    return [
        Counted(negotiation.pk, attendance.sector, attendance.count, attendance.person_id)
        for negotiation in held
        for attendance in negotiation.attendances.all()
    ]


def _attendance(round_: Round, held: Sequence[Negotiation], attendance: RoundAttendance) -> AttendanceTable:
    rows = _counted(held)
    numbers = {negotiation.pk for negotiation in held}
    groups = [
        CoreGroupCount(
            name=group.name,
            sector=group.sector,
            size=group.size,
            negotiations=frozenset(negotiation.pk for negotiation in group.negotiations.all()) & numbers,
            approximate=group.approximate,
        )
        for group in round_.core_groups.all()
    ]
    return AttendanceTable(
        columns=[str(column.name) for column in attendance.columns],
        rows=[
            AttendanceRow(
                number=number,
                name=_name(negotiation),
                when=_when(negotiation),
                counts=_counts(negotiation, attendance),
                total=sums.total if (sums := attendance.of(negotiation.pk)) else 0,
            )
            for number, negotiation in enumerate(held, start=1)
        ],
        totals=[attendance.totals.of(column.sectors) for column in attendance.columns],
        total=attendance.totals.total,
        stated=[_stated(figure, attendance) for figure in round_.stated_figures.all()],
        persons=[
            PersonsLine(
                sector=column.sectors[-1],
                name=str(column.name),
                attendances=found.attendances,
                persons=found.persons,
                repeats=found.repeats,
                certainty=found.certainty.value,
                groups=[
                    CoreGroupLine(g.name, g.size, g.times, g.approximate, g.times == len(numbers)) for g in found.groups
                ],
            )
            for column in attendance.columns
            if (found := persons(rows, groups, column)).attendances
        ],
    )


def _name(negotiation: Negotiation) -> str:
    return negotiation.group.name if negotiation.group else negotiation.title


def _counts(negotiation: Negotiation, attendance: RoundAttendance) -> list[int] | None:
    sums = attendance.of(negotiation.pk)
    return None if sums is None else [sums.of(column.sectors) for column in attendance.columns]


def _stated(figure: StatedFigure, attendance: RoundAttendance) -> StatedLine:
    found = compare(figure.value, figure.sectors, attendance.totals, source=figure.source)
    shown_together = [column for column in attendance.columns if set(column.sectors) == set(found.sectors)]
    names = [column.name for column in shown_together] or [SECTOR_NAMES[sector] for sector in found.sectors]
    return StatedLine(
        name=", ".join(str(name) for name in names),
        stated=found.stated,
        computed=found.computed,
        discrepancy=found.discrepancy,
        source=found.source,
    )


# --- What was agreed, found and said ------------------------------------------------------------------------


def _measures(round_: Round, held: Sequence[Negotiation]) -> list[MeasureLine]:
    """The measures of the round and of its negotiations, each once."""
    found = {measure.pk: (measure, 0, "") for measure in round_.measures.all()}
    for number, negotiation in enumerate(held, start=1):
        for measure in negotiation.measures.all():
            found[measure.pk] = (measure, number, _name(negotiation))
    return [
        MeasureLine(
            text=measure.text,
            responsible=measure.responsible,
            by_county=measure.responsible_sector == Sector.COUNTY,
            priority=measure.priority.name if measure.priority else "",
            due_on=measure.due_on,
            due_text=measure.due_text,
            negotiation=number,
            agreed_in=agreed_in,
        )
        for measure, number, agreed_in in found.values()
    ]


def _theme(theme: WorkshopTheme, numbers: dict[int | None, int]) -> Theme:
    return Theme(
        name=theme.name,
        key_message=theme.key_message,
        columns=[
            Column(
                column.title,
                [
                    Seen(
                        seen.text,
                        numbers.get(seen.negotiation_id, 0),
                        seen.group_name,
                        seen.priority.name if seen.priority else "",
                    )
                    for seen in column.observations.all()
                ],
            )
            for column in theme.columns.all()
        ],
    )


def _feedback(round_: Round) -> list[Debrief]:
    occasions: dict[tuple[date, str], list[str]] = {}
    for note in round_.feedback.all():
        occasions.setdefault((note.given_on, note.occasion), []).append(note.text)
    return [Debrief(given_on, occasion, texts) for (given_on, occasion), texts in occasions.items()]


def _digest(number: int, negotiation: Negotiation, attendance: RoundAttendance) -> Digest:
    counts = _counts(negotiation, attendance)
    parties = [
        PartyLine(party.name, party.sector, party.participation)
        for party in negotiation.parties.all()
        if not party.is_county
    ]
    parts = list(negotiation.parts.all())
    return Digest(
        number=number,
        name=_name(negotiation),
        when=_when(negotiation),
        place=negotiation.place,
        mode=negotiation.mode,
        parties=parties,
        sections=[part.legal_basis for part in parts if part.dealt_with],
        not_dealt_with=[part.legal_basis for part in parts if not part.dealt_with],
        counts=counts,
        total=sum(counts or []),
        municipalities=[party.name for party in parties if party.sector == Sector.MUNICIPALITY],
    )


def _areas_of(negotiation: Negotiation) -> list[Area]:
    return [party.municipality.area for party in negotiation.parties.all() if party.municipality]
