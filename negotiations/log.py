"""What happened to negotiations, minutes and summaries, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from municipalities import timewords
from municipalities.documents.history import Happened
from municipalities.models import Event, Sector
from negotiations.log_minutes import CHECKING, name_reasons, place_in_minutes
from negotiations.log_sitting import SITTING
from negotiations.models import (
    AgendaItem,
    Attendance,
    AvailabilityRequest,
    Cancellation,
    LegalBasis,
    MeasureStatus,
    MinutesSignature,
    Negotiation,
    Postponement,
    Round,
    RoundStage,
)
from negotiations.planning.availability import name_of
from negotiations.planning.slots.calendars import slots_changed_words
from negotiations.planning.timing import Timing
from negotiations.workshop_words import told as notes_told

Payload = Mapping[str, Any]


def _day(payload: Payload, key: str) -> str:
    return timewords.day(date.fromisoformat(payload[key]), weekday=False)


def _meeting(payload: Payload) -> str:
    """Name the meeting that a summary went to. The first events tell only its day, not whose it was."""
    return f"{payload.get('body', '')} {_day(payload, 'on')}".lstrip()


def _field_names(model: type[models.Model], names: Iterable[str]) -> str:
    known = {field.name: str(field.verbose_name) for field in model._meta.fields}
    return ", ".join(known[name] for name in names if name in known)


def _time(data: Mapping[str, Any]) -> str:
    return Timing.from_json(data).words


def _details(payload: Payload, checkers: Mapping[int, str]) -> str:
    """Tell which details of a negotiation were changed, and from what time to what."""
    names = [_name_of(code) for code in payload["fields"]]
    words = _("%(who)s changed the details: %(fields)s.") % {"who": payload["who"], "fields": ", ".join(names)}
    if "now" not in payload:
        return words
    times = _("The time was %(former)s, and is now %(now)s.")
    return f"{words} {times % {'former': _time(payload['former']), 'now': _time(payload['now'])}}"


def _name_of(code: str) -> str:
    """Name a field of a negotiation, by the code that an event keeps of it."""
    if code in {"time", "bases"}:
        return _("time") if code == "time" else _("legal bases")
    return str(Negotiation._meta.get_field(code).verbose_name)  # type: ignore[union-attr]


def _parties(payload: Payload, checkers: Mapping[int, str]) -> str:
    """Tell how many parties came and went."""
    if payload["added"] and payload["removed"]:
        return _("%(who)s changed the parties: %(added)s added, %(removed)s removed.") % payload
    added, count = bool(payload["added"]), payload["added"] or payload["removed"]
    words = (
        ngettext("%(who)s added %(count)s party.", "%(who)s added %(count)s parties.", count)
        if added
        else ngettext("%(who)s removed %(count)s party.", "%(who)s removed %(count)s parties.", count)
    )
    return words % {"who": payload["who"], "count": count}


def _agenda(payload: Payload, checkers: Mapping[int, str]) -> str:
    """Tell what was done to the agenda of a part."""
    count = len(payload.get("measures", payload.get("items", ())))
    words = {
        "added": ngettext(
            "%(who)s added %(count)s item to the agenda (%(basis)s).",
            "%(who)s added %(count)s items to the agenda (%(basis)s).",
            count,
        ),
        "changed": _("%(who)s changed an item of the agenda (%(basis)s)."),
        "removed": _("%(who)s removed an item from the agenda (%(basis)s)."),
        "restored": _("%(who)s brought back an item that had been removed from the agenda (%(basis)s)."),
        "ordered": _("%(who)s changed the order of the agenda (%(basis)s)."),
        "deferred": _("%(who)s put off an item to the next negotiation (%(basis)s)."),
        "not_deferred": _("%(who)s took back that an item was put off (%(basis)s)."),
        "taken": ngettext(
            "%(who)s took %(count)s item that had been put off to the agenda (%(basis)s).",
            "%(who)s took %(count)s items that had been put off to the agenda (%(basis)s).",
            count,
        ),
        "measures_taken": ngettext(
            "%(who)s took %(count)s open measure to be gone through (%(basis)s).",
            "%(who)s took %(count)s open measures to be gone through (%(basis)s).",
            count,
        ),
        "attached": _("%(who)s attached something to an item of the agenda (%(basis)s)."),
        "attachment_changed": _("%(who)s changed an attachment of the agenda (%(basis)s)."),
        "attachment_removed": _("%(who)s removed an attachment of the agenda (%(basis)s)."),
    }[payload["what"]]
    return words % {"who": payload["who"], "count": count, "basis": LegalBasis(payload["basis"]).sections}


# What is done to measures, of a negotiation or of a whole round.
MEASURE_WORDS: dict[str, Callable[[Payload, Mapping[int, str]], str]] = {
    "measures_added": lambda payload, checkers: (
        ngettext("%(who)s entered %(count)s measure.", "%(who)s entered %(count)s measures.", payload["count"])
        % {"who": payload["who"], "count": payload["count"]}
    ),
    "measure_changed": lambda payload, checkers: _("%(who)s changed a measure.") % {"who": payload["who"]},
    "measure_removed": lambda payload, checkers: _("%(who)s removed a measure.") % {"who": payload["who"]},
    "measure_status_told": lambda payload, checkers: (
        _("%(who)s told what has become of a measure: %(state)s.")
        % {"who": payload["who"], "state": MeasureStatus.State(payload["state"]).label}
    ),
}


def _people_marked(payload: Payload, checkers: Mapping[int, str]) -> str:
    """Tell how many were marked as what."""
    labels = {status.value: str(status.label) for status in Attendance.Status} | {"remote": _("present remotely")}
    told = [f"{label} {payload[manner]}" for manner, label in labels.items() if payload.get(manner)]
    return _("%(who)s marked participants: %(marks)s.") % {"who": payload["who"], "marks": ", ".join(told)}


def _people_added(payload: Payload, checkers: Mapping[int, str]) -> str:
    """Tell how many were added, and of them who came uninvited or in the place of others."""
    count = payload["count"]
    words = ngettext("%(who)s added %(count)s participant.", "%(who)s added %(count)s participants.", count) % payload
    told = []
    if walk_ins := payload.get("walk_ins"):
        told.append(_("Came without an invitation: %(count)s.") % {"count": walk_ins})
    if substitutes := payload.get("substitutes"):
        told.append(_("Substitutes: %(count)s.") % {"count": substitutes})
    return " ".join([words, *told])


def _head_counts(payload: Payload, checkers: Mapping[int, str]) -> str:
    """Tell the head counts of which sectors were changed, from what to what."""
    told = [
        f"{Sector(sector).label} {'–' if was is None else was} → {'–' if now is None else now}"
        for sector, (was, now) in payload["changes"].items()
    ]
    return _("%(who)s changed head counts: %(changes)s.") % {"who": payload["who"], "changes": ", ".join(told)}


# What is told of findings of workshops, whether of a negotiation or of a whole round.
FINDINGS: dict[str, Callable[[Payload, Mapping[int, str]], str]] = {
    "findings_added": lambda payload, checkers: (
        ngettext(
            "%(who)s added %(count)s workshop finding.", "%(who)s added %(count)s workshop findings.", payload["count"]
        )
        % payload
    ),
    "finding_changed": lambda payload, checkers: _("%(who)s changed a workshop finding.") % payload,
    "finding_moved": lambda payload, checkers: _("%(who)s moved a workshop finding to another column.") % payload,
    "finding_reordered": lambda payload, checkers: _("%(who)s changed the order of the workshop findings.") % payload,
    "finding_removed": lambda payload, checkers: _("%(who)s removed a workshop finding.") % payload,
    "finding_restored": lambda payload, checkers: _("%(who)s brought back a workshop finding.") % payload,
}


def _notes_changed(payload: Payload, checkers: Mapping[int, str]) -> str:
    """Tell what a moderator did to so many notes of a workshop."""
    return f"{payload['who']}: {notes_told(payload['what'], payload['count'])}"


# What is told of a workshop on its day; of the notes that groups post nothing is.
WORKSHOP: dict[str, Callable[[Payload, Mapping[int, str]], str]] = {
    "workshop_opened": lambda payload, checkers: (
        ngettext(
            "%(who)s opened the workshop for %(groups)s group.",
            "%(who)s opened the workshop for %(groups)s groups.",
            payload["groups"],
        )
        % payload
    ),
    "workshop_closed": lambda payload, checkers: (
        ngettext(
            "%(who)s closed the workshop; %(notes)s note had been posted.",
            "%(who)s closed the workshop; %(notes)s notes had been posted.",
            payload["notes"],
        )
        % payload
    ),
    "workshop_reopened": lambda payload, checkers: _("%(who)s opened the workshop again with a new code.") % payload,
    "workshop_groups_changed": lambda payload, checkers: _("%(who)s changed the groups of the workshop.") % payload,
    "workshop_notes_changed": _notes_changed,
    "workshop_heading_changed": lambda payload, checkers: _("%(who)s changed the headings of the board.") % payload,
}


# What is told of the highlights of a negotiation.
HIGHLIGHTS: dict[str, Callable[[Payload, Mapping[int, str]], str]] = {
    "highlight_taken": lambda payload, checkers: _("%(who)s took a suggestion as a highlight.") % payload,
    "highlight_added": lambda payload, checkers: _("%(who)s wrote a highlight.") % payload,
    "highlight_changed": lambda payload, checkers: _("%(who)s changed a highlight.") % payload,
    "highlight_moved": lambda payload, checkers: _("%(who)s changed the order of the highlights.") % payload,
    "highlight_removed": lambda payload, checkers: _("%(who)s removed a highlight.") % payload,
    "highlight_restored": lambda payload, checkers: _("%(who)s brought back a highlight.") % payload,
    "suggestion_dismissed": lambda payload, checkers: _("%(who)s dismissed a suggestion for a highlight.") % payload,
    "suggestion_recalled": lambda payload, checkers: _("%(who)s called back a suggestion for a highlight.") % payload,
}


def _stages(payload: Payload) -> str:
    """Tell how many stages came from a template, or went back."""
    count = len(payload["stages"])
    words = (
        ngettext(
            "%(who)s added %(count)s stage from a template.", "%(who)s added %(count)s stages from a template.", count
        )
        if "template" in payload
        else ngettext(
            "%(who)s took back %(count)s stage added from a template.",
            "%(who)s took back %(count)s stages added from a template.",
            count,
        )
    )
    return words % {"who": payload["who"], "count": count}


def _stage_changed(payload: Payload, checkers: Mapping[int, str]) -> str:
    """Tell what of a stage was changed; of its time from what to what."""
    if "time" not in payload["fields"]:
        return _("%(who)s changed a stage of the year.") % {"who": payload["who"]}
    former, now = (
        timewords.span(*(date.fromisoformat(day) for day in days)) if days else _("no date known")
        for days in (payload["former"], payload["now"])
    )
    words = _("%(who)s changed the time of a stage of the year from %(former)s to %(now)s.")
    return words % {"who": payload["who"], "former": former, "now": now}


# What is told of the stages of a round's year, and of the decision that approved its timetable.
YEAR: dict[str, Callable[[Payload, Mapping[int, str]], str]] = {
    "stage_added": lambda payload, checkers: _("%(who)s added a stage of the year.") % payload,
    "stages_added": lambda payload, checkers: _stages(payload),
    "stages_removed": lambda payload, checkers: _stages(payload),
    "stage_changed": _stage_changed,
    "stage_done": lambda payload, checkers: (
        _("%(who)s marked a stage of the year as done on %(day)s.")
        % {"who": payload["who"], "day": _day(payload, "on")}
    ),
    "stage_not_done": lambda payload, checkers: (
        _("%(who)s took back the mark that a stage of the year is done.") % payload
    ),
    "stage_moved": lambda payload, checkers: _("%(who)s changed the order of the stages of the year.") % payload,
    "stage_removed": lambda payload, checkers: _("%(who)s removed a stage of the year.") % payload,
    "stage_restored": lambda payload, checkers: _("%(who)s brought back a stage of the year.") % payload,
    "approved": lambda payload, checkers: (
        _("%(who)s recorded that the timetable and the form were approved on %(day)s.")
        % {"who": payload["who"], "day": _day(payload, "on")}
    ),
    "approval_changed": lambda payload, checkers: (
        _("%(who)s changed the approval of the timetable and the form: the decision is of %(day)s.")
        % {"who": payload["who"], "day": _day(payload, "on")}
    ),
    "approval_removed": lambda payload, checkers: (
        _("%(who)s removed the approval of the timetable and the form.") % payload
    ),
    "approval_restored": lambda payload, checkers: (
        _("%(who)s brought back the approval of the timetable and the form.") % payload
    ),
}


def _asked(payload: Payload, checkers: Mapping[int, str]) -> str:
    """Tell how many parties were asked which times suit, and until when they may answer."""
    words = ngettext(
        "%(who)s asked %(count)s party which times suit, to be answered by %(day)s.",
        "%(who)s asked %(count)s parties which times suit, to be answered by %(day)s.",
        payload["count"],
    )
    return words % {"who": payload["who"], "count": payload["count"], "day": _day(payload, "answer_by")}


def _answered(payload: Payload, checkers: Mapping[int, str]) -> str:
    """Tell who answered which times suit: a party by its link, or a coordinator for it."""
    if payload["by_link"]:
        return _("A party answered which times suit it.")
    return _("%(who)s entered the answer of a party on which times suit it.") % payload


# What is told of asking the parties of a round which times suit them.
AVAILABILITY: dict[str, Callable[[Payload, Mapping[int, str]], str]] = {
    "availability_asked": _asked,
    "availability_answered": _answered,
    "availability_reminded": lambda payload, checkers: (
        ngettext(
            "%(who)s reminded %(count)s party that had not answered which times suit.",
            "%(who)s reminded %(count)s parties that had not answered which times suit.",
            payload["count"],
        )
        % payload
    ),
    "availability_sent_again": lambda payload, checkers: (
        _("%(who)s sent a party a new link to answer which times suit, to another address.") % payload
        if payload["has_moved"]
        else _("%(who)s sent a party a new link to answer which times suit.") % payload
    ),
    "availability_deadline_changed": lambda payload, checkers: (
        _("%(who)s moved the last day for answering which times suit from %(former)s to %(now)s.")
        % {"who": payload["who"], "former": _day(payload, "former"), "now": _day(payload, "now")}
    ),
    "availability_withdrawn": lambda payload, checkers: (
        _("%(who)s took away a party that had been asked which times suit.") % payload
    ),
    "availability_restored": lambda payload, checkers: (
        _("%(who)s brought back a party that had been asked which times suit.") % payload
    ),
}


# Subject and verb, as events.record was given them → what to say: who did what. Checkers are told by the id of their
# mark; the payload has the doer's name besides, as "who".
WORDS: dict[tuple[str, str], Callable[[Payload, Mapping[int, str]], str]] = {
    ("negotiations.negotiation", "created"): lambda payload, checkers: _("%(who)s made the negotiation.") % payload,
    ("negotiations.negotiation", "changed"): _details,
    ("negotiations.negotiation", "parties_changed"): _parties,
    ("negotiations.negotiation", "agenda_changed"): _agenda,
    ("negotiations.negotiation", "convened"): lambda payload, checkers: (
        _("%(who)s marked the parties as invited.") % payload
    ),
    ("negotiations.negotiation", "held"): lambda payload, checkers: (
        _("%(who)s marked the negotiation as held.") % payload
    ),
    ("negotiations.negotiation", "postponed"): lambda payload, checkers: (
        _("%(who)s postponed the negotiation: it was %(former)s, and is now %(now)s.")
        % {"who": payload["who"], "former": _time(payload["former"]), "now": _time(payload["now"])}
    ),
    ("negotiations.negotiation", "cancelled"): lambda payload, checkers: (
        _("%(who)s cancelled the negotiation.") % payload
    ),
    ("negotiations.negotiation", "reinstated"): lambda payload, checkers: (
        _("%(who)s took the cancelled negotiation back to planned.") % payload
    ),
    ("negotiations.negotiation", "taken_back"): lambda payload, checkers: (
        _("%(who)s took back the mark “held”.") % payload
    ),
    ("negotiations.negotiation", "removed"): lambda payload, checkers: _("%(who)s removed the negotiation.") % payload,
    ("negotiations.negotiation", "material_sent"): lambda payload, checkers: (
        _("%(who)s confirmed the material of the negotiation, version %(number)s.")
        % {"who": payload["who"], "number": payload["number"]}
    ),
    ("negotiations.minutes", "opened"): lambda payload, checkers: (
        _("%(who)s began a correction.") % {"who": payload["who"]}
        if payload.get("corrects")
        else _("%(who)s began the minutes.") % {"who": payload["who"]}
    ),
    ("negotiations.minutes", "sent_for_checking"): lambda payload, checkers: (
        _("%(who)s sent the minutes for checking, to be checked by %(day)s.")
        % {"who": payload["who"], "day": _day(payload, "check_by")}
    ),
    ("negotiations.minutes", "returned_to_draft"): lambda payload, checkers: (
        _("%(who)s took the minutes back to a draft, and the marks of checking were cleared.") % payload
    ),
    **{("negotiations.minutes", verb): words for verb, words in CHECKING.items()},
    ("negotiations.minutes", "check_link_sent"): lambda payload, checkers: (
        _("%(who)s sent a checker a new link: %(checker)s.")
        % {"who": payload["who"], "checker": checkers.get(payload["check"], _("taken off since"))}
    ),
    ("negotiations.minutes", "sign_link_sent"): lambda payload, checkers: (
        _("%(who)s sent a new link for signing: %(role)s.")
        % {"who": payload["who"], "role": MinutesSignature.Role(payload["role"]).label}
    ),
    ("negotiations.minutes", "checker_reminded"): lambda payload, checkers: (
        _("%(who)s reminded a checker: %(checker)s.")
        % {"who": payload["who"], "checker": checkers.get(payload["check"], _("taken off since"))}
    ),
    ("negotiations.minutes", "remark_withdrawn"): lambda payload, checkers: (
        _("A remark was taken back: %(checker)s.") % {"checker": checkers.get(payload["check"], _("taken off since"))}
    ),
    ("negotiations.minutes", "text_changed"): lambda payload, checkers: (
        _("%(who)s changed the text of the minutes: %(place)s.")
        % {"who": payload["who"], "place": place_in_minutes(payload)}
    ),
    ("negotiations.minutes", "checker_added"): lambda payload, checkers: (
        _("%(who)s added a checker: %(checker)s.")
        % {"who": payload["who"], "checker": checkers.get(payload["check"], _("taken off since"))}
    ),
    ("negotiations.minutes", "checker_named"): lambda payload, checkers: (
        _("%(who)s told who the checker is: %(checker)s.")
        % {"who": payload["who"], "checker": checkers.get(payload["check"], _("taken off since"))}
    ),
    ("negotiations.minutes", "checker_removed"): lambda payload, checkers: (
        _("%(who)s took off a checker.") % {"who": payload["who"]}
    ),
    ("negotiations.minutes", "attachments_changed"): lambda payload, checkers: (
        _("%(who)s changed the attachments of the minutes.") % {"who": payload["who"]}
    ),
    ("negotiations.minutes", "paper_requested"): lambda payload, checkers: (
        {
            "public": _("%(who)s ordered the public variant of the minutes."),
            "excerpt": _("%(who)s ordered an excerpt of the minutes."),
            "attachments": _("%(who)s ordered the list of attachments."),
        }[payload["kind"]]
        % payload
    ),
    ("negotiations.minutes", "package_taken"): lambda payload, checkers: (
        (
            _("%(who)s downloaded the public package of the minutes.")
            if payload["is_public"]
            else _("%(who)s downloaded the whole package of the minutes.")
        )
        % payload
    ),
    ("negotiations.minutes", "entered_quickly"): lambda payload, checkers: (
        _("%(who)s entered the essentials of minutes written elsewhere.") % {"who": payload["who"]}
    ),
    **{
        (subject, verb): words
        for subject in ("negotiations.negotiation", "negotiations.round")
        for verb, words in MEASURE_WORDS.items()
    },
    ("negotiations.minutes", "checked"): lambda payload, checkers: _("The minutes were checked by all."),
    ("negotiations.minutes", "published"): lambda payload, checkers: _("%(who)s published the minutes.") % payload,
    ("negotiations.round", "opened"): lambda payload, checkers: _("%(who)s made the round.") % {"who": payload["who"]},
    ("negotiations.round", "changed"): lambda payload, checkers: (
        _("%(who)s changed the settings of the round: %(fields)s.")
        % {"who": payload["who"], "fields": _field_names(Round, payload["fields"])}
    ),
    ("negotiations.round", "slots_changed"): lambda payload, checkers: slots_changed_words(payload),
    ("negotiations.round", "filled"): lambda payload, checkers: (
        ngettext(
            "%(who)s made %(count)s negotiation in the round.",
            "%(who)s made %(count)s negotiations in the round.",
            payload["count"],
        )
        % {"who": payload["who"], "count": payload["count"]}
    ),
    ("negotiations.negotiation", "placed"): lambda payload, checkers: (
        _("%(who)s moved the negotiation on the planning board: it was %(former)s, and is now %(now)s.")
        % {"who": payload["who"], "former": _time(payload["former"]), "now": _time(payload["now"])}
    ),
    ("negotiations.negotiation", "taken_off"): lambda payload, checkers: (
        _("%(who)s took the negotiation off its time on the planning board: it was %(former)s.")
        % {"who": payload["who"], "former": _time(payload["former"])}
    ),
    ("negotiations.negotiation", "wish_changed"): lambda payload, checkers: (
        _("%(who)s removed the wish for the time.") % payload
        if payload["removed"]
        else _("%(who)s changed the wish for the time.") % payload
    ),
    ("negotiations.negotiation", "followed_group"): lambda payload, checkers: _(
        "The municipalities of the group were changed, and the parties with them."
    ),
    ("municipalities.municipalitygroup", "added"): lambda payload, checkers: (
        _("%(who)s added the municipality group.") % {"who": payload["who"]}
    ),
    ("municipalities.municipalitygroup", "copied"): lambda payload, checkers: (
        _("%(who)s copied the municipality group from the year %(year)s.")
        % {"who": payload["who"], "year": payload["source"]}
    ),
    ("municipalities.municipalitygroup", "renamed"): lambda payload, checkers: (
        _("%(who)s renamed the municipality group.") % {"who": payload["who"]}
    ),
    ("municipalities.municipalitygroup", "divided"): lambda payload, checkers: (
        _("%(who)s changed the municipalities of the group: %(joined)s added, %(left)s taken out.")
        % {"who": payload["who"], "joined": len(payload["joined"]), "left": len(payload["left"])}
    ),
    ("municipalities.municipalitygroup", "removed"): lambda payload, checkers: (
        _("%(who)s removed a municipality group.") % {"who": payload["who"]}
    ),
    ("negotiations.summary", "opened"): lambda payload, checkers: _("%(who)s began the summary.") % payload,
    ("negotiations.summary", "written"): lambda payload, checkers: (
        _("%(who)s changed the texts of the summary.") % {"who": payload["who"]}
    ),
    ("negotiations.round", "feedback_added"): lambda payload, checkers: (
        _("%(who)s added feedback on the round.") % {"who": payload["who"]}
    ),
    ("negotiations.round", "feedback_changed"): lambda payload, checkers: (
        _("%(who)s changed feedback on the round.") % {"who": payload["who"]}
    ),
    ("negotiations.round", "feedback_removed"): lambda payload, checkers: (
        _("%(who)s removed feedback on the round.") % {"who": payload["who"]}
    ),
    ("negotiations.negotiation", "people_added"): _people_added,
    ("negotiations.negotiation", "person_changed"): lambda payload, checkers: (
        _("%(who)s changed a participant.") % payload
    ),
    ("negotiations.negotiation", "person_removed"): lambda payload, checkers: (
        _("%(who)s removed a participant.") % payload
    ),
    ("negotiations.negotiation", "people_marked"): _people_marked,
    ("negotiations.negotiation", "substitutes_released"): lambda payload, checkers: (
        ngettext(
            "%(count)s participant is no longer a substitute: the one who was away came.",
            "%(count)s participants are no longer substitutes: those who were away came.",
            payload["count"],
        )
        % payload
    ),
    ("negotiations.negotiation", "report_brought_in"): lambda payload, checkers: (
        _(
            "%(who)s brought in an attendance report of Teams: %(read)s people, of whom %(matched)s were in the list,"
            " %(new)s were added and %(left_out)s left out."
        )
        % payload
    ),
    ("negotiations.negotiation", "minutes_pasted"): lambda payload, checkers: (
        _(
            "%(who)s brought in minutes written elsewhere: %(new)s new items, %(texts)s texts in what was there,"
            " %(left_out)s pieces left out."
        )
        % payload
    ),
    ("negotiations.negotiation", "head_counts_changed"): _head_counts,
    **{
        (subject, verb): words
        for subject in ("negotiations.negotiation", "negotiations.round")
        for verb, words in FINDINGS.items()
    },
    **{("negotiations.negotiation", verb): words for verb, words in WORKSHOP.items()},
    **{("negotiations.negotiation", verb): words for verb, words in HIGHLIGHTS.items()},
    **{("negotiations.negotiation", verb): words for verb, words in SITTING.items()},
    ("negotiations.calendarfeed", "made"): lambda payload, checkers: (
        _("%(who)s made a secret address of a calendar.") % payload
    ),
    ("negotiations.calendarfeed", "revoked"): lambda payload, checkers: (
        _("%(who)s took a secret address of a calendar out of use.") % payload
    ),
    **{("negotiations.round", verb): words for verb, words in YEAR.items()},
    **{("negotiations.round", verb): words for verb, words in AVAILABILITY.items()},
    ("negotiations.round", "core_group_added"): lambda payload, checkers: _("%(who)s added a core group.") % payload,
    ("negotiations.round", "core_group_changed"): lambda payload, checkers: (
        _("%(who)s changed a core group.") % payload
    ),
    ("negotiations.round", "core_group_removed"): lambda payload, checkers: (
        _("%(who)s removed a core group.") % payload
    ),
    ("negotiations.round", "figure_added"): lambda payload, checkers: (
        _("%(who)s added a figure that the source states.") % payload
    ),
    ("negotiations.round", "figure_changed"): lambda payload, checkers: (
        _("%(who)s changed a figure that the source states.") % payload
    ),
    ("negotiations.round", "figure_removed"): lambda payload, checkers: (
        _("%(who)s removed a figure that the source states.") % payload
    ),
    ("negotiations.round", "theme_added"): lambda payload, checkers: _("%(who)s added a workshop theme.") % payload,
    ("negotiations.round", "theme_changed"): lambda payload, checkers: _("%(who)s changed a workshop theme.") % payload,
    ("negotiations.round", "theme_moved"): lambda payload, checkers: (
        _("%(who)s changed the order of the workshop themes.") % payload
    ),
    ("negotiations.round", "theme_removed"): lambda payload, checkers: _("%(who)s removed a workshop theme.") % payload,
    ("negotiations.summary", "frozen"): lambda payload, checkers: (
        _("%(who)s froze the summary and ordered its final document.") % payload
    ),
    ("negotiations.summary", "reopened"): lambda payload, checkers: (
        _("%(who)s took the summary back to a draft.") % payload
    ),
    ("negotiations.summary", "put_on_agenda"): lambda payload, checkers: (
        _("%(who)s put the summary on the agenda of a meeting: %(meeting)s.")
        % {"who": payload["who"], "meeting": _meeting(payload)}
    ),
    ("negotiations.summary", "noted"): lambda payload, checkers: (
        _("%(who)s marked the summary as noted in a meeting: %(meeting)s, section %(section)s.")
        % {"who": payload["who"], "meeting": _meeting(payload), "section": payload["section"]}
    ),
    ("municipalities.county", "figures_imported"): lambda payload, checkers: (
        _("%(who)s brought in figures from a spreadsheet: %(new)s added, %(changed)s changed, %(same)s as before.")
        % payload
    ),
    ("negotiations.summary", "published"): lambda payload, checkers: (
        _("%(who)s published the summary on %(day)s.") % {"who": payload["who"], "day": _day(payload, "on")}
    ),
}


def name_things(events: Iterable[Event]) -> None:
    """Put into the payloads what events keep only the ids of: agenda items, reasons of postponing, stages of the year.

    What has been removed since stays without its name; and so do measures, which not everybody may read yet who may
    read the log. A query for each kind that there is.
    """
    events = list(events)
    for key, verbs, model, field in (
        ("items", {"agenda_changed", "item_taken"}, AgendaItem, "title"),
        ("postponement", {"postponed"}, Postponement, "reason"),
        ("cancellation", {"cancelled"}, Cancellation, "reason"),
        ("stage", YEAR.keys(), RoundStage, "name"),
    ):
        concerned = [event for event in events if event.verb in verbs]
        wanted = {pk for event in concerned for pk in _ids(event.payload, key)}
        found = dict(model.objects.filter(pk__in=wanted).values_list("pk", field)) if wanted else {}
        for event in concerned:
            names = [found[pk].rstrip(".") for pk in _ids(event.payload, key) if pk in found]
            event.payload = event.payload | {"names": names}
    _name_parties([event for event in events if event.verb in AVAILABILITY and "request" in event.payload])
    name_reasons([event for event in events if event.verb == "amended"])


def _name_parties(events: Sequence[Event]) -> None:
    """Put into the payloads the name of the party whose request an event is of, where it is still asked. One query."""
    wanted = {event.payload["request"] for event in events}
    if not wanted:
        return
    rows = AvailabilityRequest.objects.filter(pk__in=wanted).select_related("municipality__area", "organisation")
    found = {row.pk: name_of(row) for row in rows}
    for event in events:
        named = found.get(event.payload["request"])
        event.payload = event.payload | {"names": [named] if named else []}


def _ids(payload: Payload, key: str) -> list[int]:
    found = payload.get(key, [])
    return found if isinstance(found, list) else [found]


def _named(words: str, payload: Payload) -> str:
    """Add to a sentence what it is about, where that is known."""
    return f"{words.removesuffix('.')}: {', '.join(payload['names'])}." if payload.get("names") else words


def log_of(rows: Iterable[models.Model], checkers: Mapping[int, str] | None = None) -> list[Happened]:
    """Return what happened to these rows, in order. One query, and one for each kind of thing that is named."""
    wanted = Q(pk__in=[])
    for row in rows:
        wanted |= Q(subject=row._meta.label_lower, subject_id=row.pk)
    events = [
        event
        for event in Event.objects.filter(wanted).select_related("user").order_by("at", "id")
        if (event.subject, event.verb) in WORDS
    ]
    name_things(events)
    return [_told(event, checkers or {}) for event in events]


def _told(event: Event, checkers: Mapping[int, str]) -> Happened:
    who = str(event.user or _("The system"))
    words = _named(WORDS[event.subject, event.verb](event.payload | {"who": who}, checkers), event.payload)
    return Happened(event.at, words, "" if who in words or event.user is None else who)


def tell(event: Event, checkers: Mapping[int, str]) -> Happened:
    """Tell one event, which has a word here (see `verbs_of`). Its user is read, what it is about named before."""
    return _told(event, checkers)


def verbs_of(subject: str) -> list[str]:
    """Return what can be told of a kind of subject ("app.model")."""
    return [verb for kind, verb in WORDS if kind == subject]
