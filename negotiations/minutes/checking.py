"""The one door to the state of minutes: draft, being checked, checked, published.

Whoever moves minutes locks them first, their checkers after that, and then the remarks: never in another order, so
that no two wait for each other. Who needs the negotiation too locks it before the minutes, and its parts and items
after them.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import County, Event, User
from municipalities.moves import NotAllowedNow, locked, require_state
from negotiations.minutes import links, papers, versions
from negotiations.minutes.attachments import copy_agenda_attachments
from negotiations.minutes.composing import content_of, parts_with_minutes, request_minutes_document
from negotiations.minutes.reading import from_rows
from negotiations.models import (
    Minutes,
    MinutesCheck,
    MinutesRemark,
    MinutesSignature,
    MinutesVersion,
    Negotiation,
    Part,
    Party,
)

State = Minutes.State
Outcome = MinutesCheck.Outcome

MOVES: dict[str, tuple[frozenset[State], State]] = {
    "send_for_checking": (frozenset({State.DRAFT}), State.CHECKING),
    # Not once they have been checked: what is wrong in them then is corrected by a document of its own.
    "return_to_draft": (frozenset({State.CHECKING}), State.DRAFT),
    "amend": (frozenset({State.CHECKING}), State.CHECKING),
    "mark": (frozenset({State.CHECKING}), State.CHECKED),
    "sign": (frozenset({State.CHECKED}), State.CHECKED),
    # 621/1999, 6 §: public once checked and signed, or otherwise confirmed where the county does without signatures.
    "publish": (frozenset({State.CHECKED}), State.PUBLISHED),
}


def _day(at: datetime | None) -> date:
    return timezone.localdate(at) if at else timezone.localdate()


@transaction.atomic
def open_minutes(negotiation: Negotiation, *, by: User | None, at: datetime | None = None) -> list[Minutes]:
    """Begin the minutes of a negotiation that has been held: one for all, or one per duty, as the county has set.

    Every party that checks has a checker, and the chair and the secretary have a place to sign. Repeatable: minutes
    that exist are left as they are. Raises NotAllowedNow unless the negotiation has been held.
    """
    negotiation = locked(negotiation)
    if negotiation.state != Negotiation.State.HELD:
        raise NotAllowedNow(_("Minutes are written once the negotiation has been held."))
    existing = list(Minutes.objects.filter(negotiation=negotiation, corrects=None))
    if existing:
        return existing
    parts: list[Part | None] = [None]
    if negotiation.county.minutes_form == County.MinutesForm.TWO:
        parts = [*parts_with_minutes(negotiation)]
    checkers = parties_that_check(negotiation)
    opened = []
    for part in parts:
        minutes = Minutes.objects.create(county_id=negotiation.county_id, negotiation=negotiation, part=part)
        MinutesCheck.objects.bulk_create(
            MinutesCheck(county_id=negotiation.county_id, minutes=minutes, party=party) for party in checkers
        )
        name_signers(minutes)
        copy_agenda_attachments(minutes)
        record(minutes, "opened", by=by, at=at)
        opened.append(minutes)
    return opened


def parties_that_check(negotiation: Negotiation) -> list[Party]:
    """Return the parties that have a checker: municipalities that took part, and the county where it has set so.

    Organisations have none. Where no municipality took part the county checks: somebody must.
    """
    came = [
        party
        for party in negotiation.parties.select_related("municipality__area", "county__area").order_by("id")
        if party.participation == Party.Participation.TOOK_PART and party.organisation_id is None
    ]
    municipalities = [party for party in came if party.municipality_id]
    everyone = negotiation.county.minutes_checkers == County.Checkers.PARTIES
    return came if everyone or not municipalities else municipalities


def name_signers(minutes: Minutes) -> None:
    """Give the chair and the secretary a place to sign, by the names that the negotiation has; who signed stays.

    So does who was named to sign in their stead (minutes.signing).
    """
    negotiation = minutes.negotiation
    rows = {row.role: row for row in MinutesSignature.objects.filter(minutes=minutes)}
    named = set(
        Event.objects.filter(
            subject=Minutes._meta.label_lower, subject_id=minutes.pk, verb="signer_named", payload__is_name=True
        ).values_list("payload__role", flat=True)
    )
    for role, name in zip(MinutesSignature.Role, (negotiation.chair, negotiation.secretary), strict=True):
        row = rows.get(role)
        if row is None:
            MinutesSignature.objects.create(county_id=minutes.county_id, minutes=minutes, role=role, name=name)
        elif row.signed_on is None and row.name != name and role not in named:
            row.name = name
            row.save(update_fields=["name"])


def freeze(minutes: Minutes, *, at: datetime | None = None) -> MinutesVersion:
    """Make a version of what the rows say now: what the checkers are to read. To be called with the minutes locked."""
    # Read anew: what has been read of the minutes before may have changed.
    fresh = Minutes.objects.get(pk=minutes.pk)
    return versions.make(minutes, content_of(from_rows(fresh)), kind=MinutesVersion.Kind.SENT, at=at)


@transaction.atomic
def send_for_checking(minutes: Minutes, *, check_by: date, by: User | None, at: datetime | None = None) -> Minutes:
    """Send a draft to its checkers, who have until the date to mark it: a version that stays as it is.

    Raises NotAllowedNow unless it is a draft with a checker and without an open remark, and where the date has passed
    already when it is sent.
    """
    # The negotiation first: whoever changes its agenda or its participants holds it, so that what is frozen is whole.
    locked(minutes.negotiation, stays=True)
    minutes = locked(minutes)
    target = require_state(minutes, MOVES, "send_for_checking")
    if not minutes.checks.exists():
        raise NotAllowedNow(_("The minutes have no checker. Add at least one, and send them then."))
    if minutes.corrects_id and not minutes.entries.exists():
        raise NotAllowedNow(_("Nothing has been corrected yet. Add at least one correction, and send it then."))
    if open_remarks(minutes).exists():
        raise NotAllowedNow(_("A checker’s remark is still open. Accept or reject it, and send the minutes then."))
    if check_by < _day(at):
        raise NotAllowedNow(_("The date by which to check has passed. Give a later one."))
    name_signers(minutes)
    version = freeze(minutes, at=at)
    minutes.state, minutes.check_by = target, check_by
    minutes.save(update_fields=["state", "check_by"])
    record(minutes, "sent_for_checking", by=by, at=at, check_by=check_by.isoformat(), version=version.number)
    request_minutes_document(minutes, by=by, at=at)
    links.ask_all(minutes, by=by)
    return minutes


@transaction.atomic
def return_to_draft(minutes: Minutes, *, by: User | None, at: datetime | None = None) -> Minutes:
    """Take minutes back to mend more than texts; marks given to the former text do not count for the new one.

    Remarks that are open stay so, and are decided on before the minutes are sent again. Raises NotAllowedNow unless
    the minutes are being checked.
    """
    minutes = locked(minutes)
    minutes.state = require_state(minutes, MOVES, "return_to_draft")
    minutes.save(update_fields=["state"])
    void_marks(minutes)
    record(minutes, "returned_to_draft", by=by, at=at)
    return minutes


def void_marks(minutes: Minutes) -> list[MinutesCheck]:
    """Let every mark count no more; return the checkers who had made one. To be called with the minutes locked."""
    checks = list(
        MinutesCheck.objects.select_for_update(of=("self",))
        .filter(minutes=minutes)
        .exclude(outcome=Outcome.WAITING)
        .order_by("pk")
    )
    for check in checks:
        check.outcome, check.marked_on, check.version, check.minutes = Outcome.WAITING, None, None, minutes
    MinutesCheck.objects.bulk_update(checks, ["outcome", "marked_on", "version"])
    return checks


@transaction.atomic
def mark(
    check: MinutesCheck,
    *,
    by: User | None,
    at: datetime | None = None,
    outcome: MinutesCheck.Outcome = Outcome.APPROVED,
    version: int | None = None,
) -> Minutes:
    """Enter a checker's mark of a version; the last one makes the minutes checked and their final document.

    `version` is the number of the version that was read; None: the latest. Raises NotAllowedNow unless the minutes are
    being checked, this checker has not marked them yet and the version is still the latest. Silence is a mark only
    where the county has set so, once the date has passed, and of one who has made no remark that is still open.
    """
    if outcome == Outcome.WAITING:
        raise ValueError("A mark cannot be “waiting”.")
    minutes = locked(check.minutes)
    require_state(minutes, MOVES, "mark")
    check = locked(check)
    if check.outcome != Outcome.WAITING:
        raise NotAllowedNow(_("This checker has marked the minutes already."))
    # Minutes that were sent before there were versions get theirs with their first mark.
    marked = versions.latest(minutes) or freeze(minutes, at=at)
    versions.require_latest(marked, version)
    if outcome == Outcome.SILENT:
        _require_silence_counts(minutes, check, _day(at))
    check.outcome, check.marked_on, check.version = outcome, _day(at), marked
    check.save(update_fields=["outcome", "marked_on", "version"])
    record(minutes, "marked", by=by, at=at, check=check.pk, outcome=outcome.value, version=marked.number)
    return settle(minutes, by=by, at=at)


def settle(minutes: Minutes, *, by: User | None, at: datetime | None = None) -> Minutes:
    """Make minutes checked that nobody's mark and no remark keeps any more; others are left as they are.

    To be called with the minutes locked, after a mark and after a decision on a remark. The chair and the secretary
    are then asked to sign, where they have an address.
    """
    if minutes.state != State.CHECKING:
        return minutes
    if MinutesCheck.objects.filter(minutes=minutes, outcome=Outcome.WAITING).exists() or open_remarks(minutes).exists():
        return minutes
    minutes.state = State.CHECKED
    minutes.save(update_fields=["state"])
    record(minutes, "checked", by=by, at=at)
    # Those that were sent before there were signatures have no place for them yet.
    if MinutesSignature.objects.filter(minutes=minutes).count() < len(MinutesSignature.Role):
        name_signers(minutes)
    # What has been read of the minutes tells them as they were a moment ago.
    request_minutes_document(Minutes.objects.get(pk=minutes.pk), by=by, at=at)
    minutes.refresh_from_db()
    if minutes.county.signs_minutes:
        links.ask_signers(minutes, by=by)
    return minutes


def open_remarks(minutes: Minutes) -> QuerySet[MinutesRemark]:
    """Return the remarks on minutes that have not been decided on."""
    rows: QuerySet[MinutesRemark] = MinutesRemark.objects.filter(
        version__minutes=minutes, state=MinutesRemark.State.OPEN
    )
    return rows


# --- Silence ----------------------------------------------------------------------------------------------------


def silence_counts_after(
    check_by: date, *, decided_on: date | None, remind_days: int, replaced_on: date | None = None
) -> date:
    """Return the last day on which a checker can still say something before silence is taken for a mark.

    The date itself; of one whose remark was decided on close to it or after it, or who was put in another's place
    then, so many days after that as checkers are reminded beforehand: they have time to read and to answer.
    """
    late = [day + timedelta(days=remind_days) for day in (decided_on, replaced_on) if day]
    return max([check_by, *late])


def _require_silence_counts(minutes: Minutes, check: MinutesCheck, day: date) -> None:
    if not minutes.county.silence_is_checking:
        raise NotAllowedNow(
            _(
                "In this county the minutes are checked only when everyone has marked them: silence is not enough."
                " Ask the checker for the mark, or enter it when it has come otherwise."
            )
        )
    if minutes.check_by is None or minutes.check_by >= day:
        raise NotAllowedNow(
            _("The checkers still have time to mark the minutes. Enter silence once the date has passed.")
        )
    remarks = MinutesRemark.objects.filter(check_row=check)
    if remarks.filter(state=MinutesRemark.State.OPEN).exists():
        raise NotAllowedNow(
            _("This checker has made a remark that is still open, and has not been silent. Decide on the remark first.")
        )
    decided = remarks.aggregate(at=Max("decided_at"))["at"]
    replaced = check.replacements.aggregate(at=Max("replaced_at"))["at"]
    decided_on, replaced_on = (timezone.localdate(at) if at else None for at in (decided, replaced))
    days = minutes.county.remind_days
    if silence_counts_after(minutes.check_by, decided_on=None, replaced_on=replaced_on, remind_days=days) >= day:
        raise NotAllowedNow(
            _("This checker took the place of another a moment ago. Give them time to read the minutes first.")
        )
    if silence_counts_after(minutes.check_by, decided_on=decided_on, remind_days=days) >= day:
        raise NotAllowedNow(
            _("This checker’s remark was decided on a moment ago. Give them time to read the decision first.")
        )


def mark_the_silent(county: County, *, at: datetime | None = None) -> int:
    """Mark for the checkers who made no remarks by the date, where the county has set that this means checked.

    Repeatable, and each mark is made on its own: one that somebody makes at the same moment is left as it is.
    Returns how many marks were made.
    """
    if not county.silence_is_checking:
        return 0
    remark = MinutesRemark.objects.filter(check_row=OuterRef("pk"), state=MinutesRemark.State.OPEN)
    waiting = MinutesCheck.objects.filter(
        ~Exists(remark), minutes__state=State.CHECKING, minutes__check_by__lt=_day(at), outcome=Outcome.WAITING
    )
    made = 0
    for check in waiting.select_related("minutes").order_by("minutes_id", "id"):
        # The minutes may have been taken back meanwhile, or the checker may just have marked them.
        with suppress(NotAllowedNow):
            mark(check, by=None, at=at, outcome=Outcome.SILENT)
            made += 1
    return made


# --- Publishing -------------------------------------------------------------------------------------------------


@transaction.atomic
def publish(minutes: Minutes, *, by: User | None, at: datetime | None = None) -> Minutes:
    """Publish minutes that have been checked (621/1999, 6 §: public once checked and signed or otherwise confirmed).

    Raises NotAllowedNow unless they are checked, unsigned where the county has them signed, and for a correction of
    minutes that have not been published themselves.
    """
    minutes = locked(minutes)
    minutes.state = require_state(minutes, MOVES, "publish")
    if minutes.corrects is not None and minutes.corrects.state != State.PUBLISHED:
        raise NotAllowedNow(_("The minutes that this corrects have not been published yet. Publish them first."))
    require_signed(minutes)
    minutes.published_on = _day(at)
    minutes.save(update_fields=["state", "published_on"])
    record(minutes, "published", by=by, at=at)
    # With their signatures; and what those read who are no party.
    request_minutes_document(Minutes.objects.get(pk=minutes.pk), by=by, at=at)
    papers.request_public(minutes, by=by, at=at)
    minutes.refresh_from_db()
    return minutes


def unsigned(minutes: Minutes) -> list[str]:
    """Return whose signatures the minutes still wait for: "chair", "secretary"; none where the county has none."""
    if not minutes.county.signs_minutes:
        return []
    signed = set(
        MinutesSignature.objects.filter(minutes=minutes, signed_on__isnull=False).values_list("role", flat=True)
    )
    return [str(role.label) for role in MinutesSignature.Role if role not in signed]


def require_signed(minutes: Minutes) -> None:
    """Raise NotAllowedNow where the county has minutes signed, and the chair or the secretary has not."""
    if lacking := unsigned(minutes):
        raise NotAllowedNow(
            _("The minutes have not been signed yet by: %(roles)s. Enter the signatures, and publish them then.")
            % {"roles": ", ".join(lacking)}
        )
