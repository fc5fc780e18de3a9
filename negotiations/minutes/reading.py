"""Reading the rows that minutes are told from, and what is told of them. Nothing here writes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from indicators.models import Indicator
from municipalities import timewords
from negotiations.minutes.context import (
    AgreedMeasure,
    ColumnFindings,
    Corrected,
    Correction,
    Enclosure,
    Finding,
    FollowedMeasure,
    Item,
    Mark,
    MinutesContext,
    Participant,
    PartMinuted,
    Presence,
    SectorPresent,
    Signature,
    Standing,
    ThemeFindings,
)
from negotiations.models import (
    AgendaItem,
    Attendance,
    CorrectionEntry,
    LegalBasis,
    Measure,
    MeasureStatus,
    Minutes,
    MinutesAttachment,
    MinutesCheck,
    MinutesSignature,
    MinutesVersion,
    Negotiation,
    Observation,
    Part,
    Party,
)
from negotiations.sitting.attendance import SECTOR_NAMES, Counted, totals

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


def from_rows(minutes: Minutes) -> MinutesContext:
    """Read everything that the minutes tell.

    Minutes of one part tell that part alone; those of the whole negotiation tell its parts one after the other. A
    document that corrects others tells what is corrected, and nothing of the sitting again.
    """
    _read([minutes])
    return _told(minutes)


def several_from_rows(rows: Sequence[Minutes]) -> dict[int, MinutesContext]:
    """Read everything that minutes of one negotiation tell, by their ids, in as many queries as those of one.

    None of them corrects others.
    """
    if rows:
        _read(rows)
    return {minutes.pk: _told(minutes) for minutes in rows}


def _told(minutes: Minutes) -> MinutesContext:
    negotiation = minutes.negotiation
    with translation.override(negotiation.language):
        parts = [part for part in negotiation.parts.all() if minutes.part_id is None or part.pk == minutes.part_id]
        parties = list(negotiation.parties.all())
        whole = MinutesContext(
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
            present=[],
            present_total=0,
            absent=[],
            not_recorded=[],
            parts=[_part(part) for part in parts],
            further_measures=[],
            enclosures=[_enclosure(attachment) for attachment in minutes.attachments.all()],
            marks=[],
            check_by=None,
            numbering=negotiation.county.item_numbering,
        )
        told = _sitting(minutes, parts) if minutes.corrects_id is None else _correction(minutes)
        return replace(whole, **told, **vars(standing_of(minutes)))


def _sitting(minutes: Minutes, parts: list[Part]) -> dict[str, Any]:
    """Return who was there, what was said and agreed, and what the workshop found."""
    negotiation = minutes.negotiation
    attendances = list(negotiation.attendances.all())
    measures = list(negotiation.measures.all())
    present = _present(attendances)
    dealt_with = parts_with_minutes(negotiation)
    return {
        "present": present,
        "present_total": sum(sector.total for sector in present),
        "remote_total": sum(a.count for a in attendances if a.is_remote),
        # Who came without an invitation, and was marked as present by mistake, was not invited either.
        "absent": _people(a for a in attendances if a.status == Attendance.Status.ABSENT and not a.is_walk_in),
        "not_recorded": _people(a for a in attendances if a.status == Attendance.Status.INVITED),
        "parts": [
            replace(_part(part), items=_items(part, measures), presence=_presence(part, attendances)) for part in parts
        ],
        # Agreed in the negotiation but under none of its items; told once, in the minutes of its last part.
        "further_measures": [
            _measure(measure)
            for measure in measures
            if measure.agenda_item_id is None and _is_last(minutes, dealt_with)
        ],
        "findings": _findings(negotiation) if _tells_workshop(minutes, dealt_with) else [],
    }


def title_of(minutes: Minutes) -> str:
    """Return the title of minutes: the same parties negotiate every year, and the day tells them apart."""
    negotiation = minutes.negotiation
    language = negotiation.language
    with translation.override(language):
        day = timewords.day(negotiation.earliest, weekday=False)
        before = f"{_('Correction')}: " if minutes.corrects_id else ""
    part = f", {minutes.part.basis.sections}" if minutes.part else ""
    return f"{before}{negotiation.county.minutes_name_in(language)}: {negotiation.title} {day}{part}"


def _read(rows: Sequence[Minutes]) -> None:
    """Fetch all that minutes of one negotiation tell, one query a table.

    What is in hand already is handed on instead of being joined to each row: a join of wide tables costs more time
    than all else here.
    """
    prefetch_related_objects(
        rows,
        Prefetch("attachments", MinutesAttachment.objects.select_related("file", "item").defer("file__content")),
        Prefetch("negotiation", Negotiation.objects.select_related("county__area", "round")),
        Prefetch(
            "negotiation__parties", Party.objects.select_related("municipality__area", "organisation").order_by("id")
        ),
        Prefetch("negotiation__parts", Part.objects.order_by("position")),
    )
    negotiation = rows[0].negotiation
    parties = {party.pk: party for party in negotiation.parties.all()}
    for party in parties.values():
        party.county = negotiation.county
    for minutes in rows:
        minutes.county = negotiation.county
    _read_standing(rows, parties)
    if rows[0].corrects_id is not None:
        _read_corrected(rows[0])
        return
    statuses = MeasureStatus.objects.filter(negotiation=negotiation)
    followed = (
        Measure.objects.select_related("negotiation", "agenda_item")
        .prefetch_related(Prefetch("statuses", statuses, to_attr="told"))
        .order_by("position", "id")
    )
    observations = Observation.objects.select_related("column__theme", "priority").order_by(
        "column__theme__position", "column__position", "position", "id"
    )
    prefetch_related_objects(
        [negotiation],
        Prefetch("attendances", Attendance.objects.order_by("organisation_name", "role", "name", "id")),
        "parts__presences",
        Prefetch("parts__items", AgendaItem.objects.order_by("position")),
        Prefetch("parts__items__indicators", Indicator.objects.order_by("id")),
        Prefetch("parts__items__measures_followed", followed),
        Prefetch("measures", Measure.objects.select_related("priority", "indicator").order_by("position", "id")),
        Prefetch("observations", observations),
    )


def read_standing(minutes: Minutes) -> None:
    """Fetch the marks and signatures with their versions, which are all of these minutes: their contents are not."""
    _read_standing([minutes], None)


def _read_standing(rows: Sequence[Minutes], parties: Mapping[int, Party] | None) -> None:
    checks = MinutesCheck.objects.order_by("id")
    if parties is None:
        checks = checks.select_related("party__municipality__area", "party__organisation", "party__county__area")
    prefetch_related_objects(
        rows,
        Prefetch("checks", checks),
        Prefetch("signatures", MinutesSignature.objects.order_by("role")),
        Prefetch("versions", MinutesVersion.objects.defer("content").order_by("number")),
    )
    for minutes in rows:
        for check in minutes.checks.all():
            if parties and check.party_id in parties:
                check.party = parties[check.party_id]


def _read_corrected(minutes: Minutes) -> None:
    """Fetch what is corrected, and of the corrected minutes what tells which they are."""
    corrected = Minutes.objects.select_related("part", "negotiation__county__area").prefetch_related(
        Prefetch("versions", MinutesVersion.objects.defer("content").order_by("number")), "checks"
    )
    prefetch_related_objects(
        [minutes], Prefetch("corrects", corrected), Prefetch("entries", CorrectionEntry.objects.order_by("position"))
    )
    prefetch_related_objects([minutes.negotiation], Prefetch("parts__items", AgendaItem.objects.order_by("position")))


def standing_of(minutes: Minutes, *, sha256: str = "") -> Standing:
    """Return how it stands with the minutes; `sha256` is of the version that is told, none for a draft."""
    versions = list(minutes.versions.all())
    by_pk = {version.pk: version for version in versions}
    told = next((version for version in reversed(versions) if sha256 and version.sha256 == sha256), None)

    def of(version_id: int | None) -> dict[str, Any]:
        version = by_pk.get(version_id) if version_id else None
        return {"version": version.number, "sha256": version.sha256} if version else {}

    return Standing(
        state=minutes.state,
        marks=[
            Mark(check.party.name, check.name, check.role, check.outcome, check.marked_on, **of(check.version_id))
            for check in minutes.checks.all()
        ],
        check_by=minutes.check_by,
        signatures=[
            Signature(signature.role, signature.name, signature.way, signature.signed_on, **of(signature.version_id))
            for signature in minutes.signatures.all()
        ],
        version=told.number if told else 0,
        sha256=told.sha256 if told else "",
        silence_counts=minutes.county.silence_is_checking,
        is_signed=minutes.county.signs_minutes,
    )


def _present(attendances: list[Attendance]) -> list[SectorPresent]:
    here = [attendance for attendance in attendances if attendance.status == Attendance.Status.PRESENT]
    sums = totals(Counted(a.negotiation_id, a.sector, a.count) for a in here)
    names = {a.pk: a.name or a.role for a in attendances}
    return [
        SectorPresent(
            sector=sector,
            name=str(SECTOR_NAMES[sector]),
            people=[_participant(a, names) for a in here if a.sector == sector and not a.is_head_count],
            head_count=sum(a.count for a in here if a.sector == sector and a.is_head_count),
            total=sums.of({sector}),
        )
        for sector in SECTOR_ORDER
        if sums.of({sector})
    ]


def _participant(attendance: Attendance, names: Mapping[int, str] | None = None) -> Participant:
    return Participant(
        name=attendance.name,
        role=attendance.role,
        organisation=attendance.organisation_name,
        is_remote=attendance.is_remote,
        is_walk_in=attendance.is_walk_in,
        substitutes=(names or {}).get(attendance.substitutes_id or 0, ""),
    )


def _people(attendances: Iterable[Attendance]) -> list[Participant]:
    return [Participant(a.name, a.role, a.organisation_name) for a in attendances]


def _part(part: Part) -> PartMinuted:
    """Return a part without its items: what it discharges, and whether it was dealt with."""
    return PartMinuted(
        id=part.pk,
        legal_basis=part.legal_basis,
        sections=part.basis.sections,
        dealt_with=part.dealt_with,
        opened_at=part.opened_at,
        closed_at=part.closed_at,
        opening=part.opening,
        closing=part.closing,
        items=[],
    )


def _presence(part: Part, attendances: list[Attendance]) -> Presence | None:
    """Return who was there when the part was opened and closed; none where nobody recorded it.

    Those who stayed are told once, among the participants: here only how many there were, and what changed.
    """
    rows = {presence.attendance_id: presence for presence in part.presences.all()}
    if not rows:
        return None
    seen = [(attendance, rows[attendance.pk]) for attendance in attendances if attendance.pk in rows]
    is_closed = any(presence.at_closing for presence in rows.values())
    return Presence(
        at_opening=sum(attendance.count for attendance, row in seen if row.at_opening),
        at_closing=sum(attendance.count for attendance, row in seen if row.at_closing) if is_closed else None,
        came=_moved(attendance for attendance, row in seen if row.at_closing and not row.at_opening),
        left=_moved(attendance for attendance, row in seen if is_closed and row.at_opening and not row.at_closing),
        away=_moved(
            attendance
            for attendance in attendances
            if attendance.status == Attendance.Status.PRESENT and attendance.pk not in rows
        ),
    )


def _moved(attendances: Iterable[Attendance]) -> list[Participant]:
    """Return people, and head counts as what they are counted of."""
    return [
        Participant("", f"{SECTOR_NAMES[a.sector]}: {a.count}", "")
        if a.is_head_count
        else Participant(a.name, a.role, a.organisation_name)
        for a in attendances
    ]


def _items(part: Part, measures: list[Measure]) -> list[Item]:
    language = get_language() or "fi"
    return [
        Item(
            id=item.pk,
            number=item.position,
            title=item.title,
            background=item.background,
            discussion=item.discussion,
            agreed=item.agreed,
            dissent=item.dissent,
            measures=[_measure(measure) for measure in measures if measure.agenda_item_id == item.pk],
            presenter=item.presenter,
            is_deferred=item.is_deferred,
            indicators=[indicator.name_in(language) for indicator in item.indicators.all()],
            followed=[_followed(measure) for measure in item.measures_followed.all()],
            secrecy_ground=item.secrecy_ground,
        )
        for item in part.items.all()
    ]


def _measure(measure: Measure) -> AgreedMeasure:
    return AgreedMeasure(
        text=measure.text,
        responsible=measure.responsible,
        priority=measure.priority.name if measure.priority else "",
        due_on=measure.due_on,
        due_text=measure.due_text,
        indicator=measure.indicator.name_in(get_language() or "fi") if measure.indicator else "",
    )


def _followed(measure: Any) -> FollowedMeasure:
    told = measure.told[-1] if measure.told else None
    return FollowedMeasure(
        text=measure.text,
        responsible=measure.responsible,
        agreed_on=measure.negotiation.earliest if measure.negotiation else None,
        state=told.state if told else "",
        note=told.note if told else "",
        is_confidential=bool(measure.agenda_item and measure.agenda_item.secrecy_ground),
    )


def _enclosure(attachment: MinutesAttachment) -> Enclosure:
    return Enclosure(
        number=attachment.position,
        title=attachment.title,
        item=attachment.item_id or 0,
        file_name=attachment.file.name if attachment.file else "",
        sha256=attachment.file.sha256 if attachment.file else "",
        # What belongs to an item that is not public is not public either.
        secrecy_ground=attachment.secrecy_ground or (attachment.item.secrecy_ground if attachment.item else ""),
    )


def _findings(negotiation: Negotiation) -> list[ThemeFindings]:
    """Return the key findings of the workshop by theme and column, in their order."""
    themes: dict[int, tuple[str, dict[int, ColumnFindings]]] = {}
    for observation in negotiation.observations.all():
        column = observation.column
        _name, columns = themes.setdefault(column.theme_id, (column.theme.name, {}))
        columns.setdefault(column.pk, ColumnFindings(column.title, [])).findings.append(
            Finding(observation.text, observation.group_name, observation.priority.name if observation.priority else "")
        )
    return [ThemeFindings(name, list(columns.values())) for name, columns in themes.values()]


def _correction(minutes: Minutes) -> dict[str, Any]:
    """Return which minutes are corrected, and what in them."""
    corrected = minutes.corrects
    if corrected is None:
        return {}
    versions = list(corrected.versions.all())
    items = [
        item
        for part in minutes.negotiation.parts.all()
        if minutes.part_id in {None, part.pk}
        for item in part.items.all()
    ]
    return {
        "corrects": Corrected(
            title=title_of(corrected),
            on=corrected.published_on
            or max((c.marked_on for c in corrected.checks.all() if c.marked_on), default=None),
            version=versions[-1].number if versions else 0,
            sha256=versions[-1].sha256 if versions else "",
        ),
        "corrections": [
            Correction(
                number=entry.position,
                place=entry.place,
                was=entry.was,
                now=entry.now,
                reason=entry.reason,
                is_confidential=concerns_secret(entry.place, items),
            )
            for entry in minutes.entries.all()
        ],
    }


def concerns_secret(place: str, items: Collection[AgendaItem]) -> bool:
    """Tell whether a correction may be of an item that is not public, by the place that it names.

    The place is free text, such as "3 § Nuorten palvelut, sovittu". Where some item is not public, a place is public
    only when it names the number of a public item and none of another: better to leave out too much than too little.
    """
    secret = {item.position for item in items if item.secrecy_ground}
    if not secret:
        return False
    named = {int(number) for number in re.findall(r"\d{1,4}", place)}
    public = {item.position for item in items if not item.secrecy_ground}
    return bool(named & secret) or not named & public


def parts_with_minutes(negotiation: Negotiation) -> list[Part]:
    """Return the parts that were dealt with, in order: where each has minutes of its own, those that have."""
    return sorted((part for part in negotiation.parts.all() if part.dealt_with), key=lambda part: part.position)


def _is_last(minutes: Minutes, parts: list[Part]) -> bool:
    return minutes.part_id is None or (bool(parts) and parts[-1].pk == minutes.part_id)


def _tells_workshop(minutes: Minutes, parts: list[Part]) -> bool:
    """Tell whether the workshop is told in these minutes: it belongs to promoting welfare (612/2021, 6 §)."""
    welfare = [part for part in parts if part.legal_basis == LegalBasis.WELFARE]
    return minutes.part_id is None or minutes.part_id in {part.pk for part in welfare or parts[-1:]}
