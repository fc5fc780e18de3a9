"""Asking the parties of a round which of its times suit them: a link to each by e-mail, and reminders.

The token of a link is made where the letter is written, is in the letter alone, and is kept as its SHA-256. Whoever
has the link answers for the party until the last day. A new letter has a new link, and the former one opens nothing.

Who needs both the round and a request locks the round first: two who wait for each other would wait for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled

from municipalities import letters, timewords
from municipalities.events import record
from municipalities.models import County, Municipality, Organisation, User
from municipalities.moves import NotAllowedNow, locked
from municipalities.tokens import hash_of, new_token
from negotiations.models import AvailabilityAnswer, AvailabilityInquiry, AvailabilityRequest, Round, Slot
from negotiations.planning.availability.reading import COUNTY, key_of, name_of

# Who had a letter less than this ago is not reminded.
REST = timedelta(days=1)
# What was asked longer ago than this is history that is entered: nothing is mailed about the past.
NEWS = timedelta(days=1)
# A letter that no worker has begun by now: its message was lost, or Redis did not take it.
MESSAGE_TRUSTED = timedelta(minutes=5)
# What a letter and the page behind its link tell of.
READ_WITH = ("county__area", "inquiry__round", "municipality__area", "organisation")


def language_of(request: AvailabilityRequest) -> str:
    """Return the language that a party is written to: the municipality's where the county writes it, else the county's.

    The municipality and the county must have been read with the request.
    """
    county: County = request.county
    if request.municipality is None:
        return county.first_language
    status = Municipality.LanguageStatus(request.municipality.language_status)
    own = "sv" if status in {status.SWEDISH, status.BILINGUAL_SWEDISH} else "fi"
    return own if own in county.written_languages else county.first_language


def why_not_asked(round_: Round, *, on: date) -> str:
    """Say why nobody can be asked about the times of a round on a day; empty where they can. One query."""
    if round_.plan_as_of is not None:
        return _("Only the plan of this round is known, so nobody is asked about its times.")
    if not Slot.objects.filter(round=round_, starts_at__date__gt=on).exists():
        return _("The round has no times to come. Make the times first.")
    return ""


# --- Asking -------------------------------------------------------------------------------------------------------


@transaction.atomic
def ask(
    round_: Round,
    answer_by: date,
    message: str,
    to: Iterable[tuple[str, str, str]],
    *,
    by: User | None,
    at: datetime | None = None,
) -> list[AvailabilityRequest]:
    """Ask parties which times of a round suit them, and queue a letter to each; return the requests that were made.

    `to` gives of each party its key (see reading.key_of), who is written to and their e-mail address. A party that has
    been asked already is left as it is; the last day and the message are those of the whole inquiry. Of what was asked
    longer ago than a day, no letter is sent. Raises NotAllowedNow where there is nothing to ask or the last day has
    passed, and LookupError for a key that is of no party in the county.
    """
    round_ = locked(round_)
    moment = at or timezone.now()
    today = timezone.localdate(moment)
    if why_not := why_not_asked(round_, on=today):
        raise NotAllowedNow(why_not)
    if answer_by < today:
        raise NotAllowedNow(_("The last day for the answers has passed already. Choose a later one."))
    parties = list(to)
    known = _known([key for key, _name, _email in parties], round_.county_id)
    inquiry = _inquiry_of(round_, answer_by=answer_by, message=message, by=by, at=at)
    asked = {
        key_of(*ids)
        for ids in AvailabilityRequest.objects.filter(inquiry=inquiry).values_list("municipality_id", "organisation_id")
    }
    is_past = moment < timezone.now() - NEWS
    made: list[AvailabilityRequest] = AvailabilityRequest.objects.bulk_create(
        AvailabilityRequest(
            county_id=round_.county_id,
            inquiry=inquiry,
            municipality_id=known[key][0],
            organisation_id=known[key][1],
            name=name,
            email=email,
            delete_after=contacts_go(round_.county, answer_by),
            asked_at=moment,
            # They were asked then, by whatever letter: none is due.
            sent_at=moment if is_past else None,
        )
        for key, (name, email) in {key: (name, email) for key, name, email in parties if key not in asked}.items()
    )
    if made:
        record(
            round_,
            "availability_asked",
            by=by,
            at=at,
            requests=[row.pk for row in made],
            count=len(made),
            answer_by=answer_by.isoformat(),
        )
    if not is_past:
        _post(made)
    return made


def _known(keys: Sequence[str], county_id: int) -> dict[str, tuple[int | None, int | None]]:
    """Return the municipality and the organisation of each key. Raises LookupError for one that is nobody's."""
    municipalities = Municipality.objects.filter(county=county_id).values_list("pk", flat=True)
    known: dict[str, tuple[int | None, int | None]] = {COUNTY: (None, None)}
    known |= {key_of(pk, None): (pk, None) for pk in municipalities}
    known |= {key_of(None, pk): (None, pk) for pk in Organisation.objects.values_list("pk", flat=True)}
    if unknown := set(keys) - set(known):
        raise LookupError(sorted(unknown))
    return known


def _inquiry_of(
    round_: Round, *, answer_by: date, message: str, by: User | None, at: datetime | None
) -> AvailabilityInquiry:
    inquiry: AvailabilityInquiry
    inquiry, is_new = AvailabilityInquiry.objects.get_or_create(
        round=round_, defaults={"county_id": round_.county_id, "answer_by": answer_by, "message": message}
    )
    if not is_new:
        inquiry = locked(inquiry)
        former = inquiry.answer_by
        inquiry.answer_by, inquiry.message = answer_by, message
        change_inquiry(inquiry, former=former, by=by, at=at)
    return inquiry


def change_inquiry(
    inquiry: AvailabilityInquiry, *, former: date, by: User | None, at: datetime | None = None
) -> AvailabilityInquiry:
    """Save the last day and the message of an inquiry, which is locked; `former` is the last day that it had.

    Those who have not answered may go on until the new day; the e-mail addresses are kept for as much longer.
    """
    # The round is not locked here: who makes requests holds it, and waits for the inquiry.
    inquiry.save(update_fields=["answer_by", "message"])
    if inquiry.answer_by != former:
        AvailabilityRequest.objects.filter(inquiry=inquiry).update(
            delete_after=contacts_go(inquiry.county, inquiry.answer_by)
        )
        record(
            inquiry.round,
            "availability_deadline_changed",
            by=by,
            at=at,
            former=former.isoformat(),
            now=inquiry.answer_by.isoformat(),
        )
    return inquiry


def contacts_go(county: County, answer_by: date) -> date:
    """Return the day after which the e-mail addresses of an inquiry are deleted."""
    return answer_by + timedelta(days=county.contact_retention_days)


def purge_addresses(today: date | None = None) -> int:
    """Delete the e-mail addresses whose day has passed, in every county; return how many.

    Who was asked and what they answered stays; the links open nothing any more.
    """
    today = today or timezone.localdate()
    with scopes_disabled():
        due = AvailabilityRequest.objects.exclude(email="").filter(delete_after__lt=today)
        gone: int = due.update(email="", token_hash=None)
    return gone


# --- Afterwards ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reminded:
    """Who were reminded, who had a letter less than a day ago, and who have no e-mail address."""

    written: Sequence[AvailabilityRequest]
    lately: Sequence[AvailabilityRequest]
    nobody: Sequence[AvailabilityRequest]


@transaction.atomic
def remind(round_: Round, *, by: User | None) -> Reminded:
    """Remind those who have not answered, each at most once a day. Queues a letter to each, with a link of its own.

    The former link is good until the letter is written. Raises NotAllowedNow where nobody has been asked or the last
    day has passed.
    """
    round_ = locked(round_)
    now = timezone.now()
    _require_open(round_)
    written: list[AvailabilityRequest] = []
    lately: list[AvailabilityRequest] = []
    nobody: list[AvailabilityRequest] = []
    for row in _locked_requests(round_).filter(answered_at=None):
        if not row.email:
            nobody.append(row)
        elif now - (row.reminded_at or row.asked_at) < REST or now - row.asked_at < REST:
            lately.append(row)
        else:
            row.reminded_at = now
            if row.sent_at is None:
                # The last letter has not gone: it is as if it had not been begun.
                row.token_hash = None
            written.append(row)
    if written:
        AvailabilityRequest.objects.bulk_update(written, ["reminded_at", "token_hash"])
        requests = [row.pk for row in written]
        record(round_, "availability_reminded", by=by, requests=requests, count=len(requests))
        _post(written)
    return Reminded(written, lately, nobody)


@transaction.atomic
def send_again(request: AvailabilityRequest, *, name: str, email: str, by: User | None) -> AvailabilityRequest:
    """Send a party a new link, to the same address or to another. The former one opens nothing from now on.

    Raises NotAllowedNow once the last day has passed.
    """
    # The round is not locked here: the form on which this is done holds the request.
    row = locked(request)
    round_: Round = request.inquiry.round
    _require_open(round_)
    has_moved = row.email != email
    row.name, row.email = name, email
    row.token_hash, row.sent_at, row.asked_at = None, None, timezone.now()
    row.save(update_fields=["name", "email", "token_hash", "sent_at", "asked_at"])
    record(round_, "availability_sent_again", by=by, request=row.pk, has_moved=has_moved)
    _post([row])
    return row


def _require_open(round_: Round) -> None:
    inquiry: AvailabilityInquiry | None = AvailabilityInquiry.objects.filter(round=round_).first()
    if inquiry is None:
        raise NotAllowedNow(_("Nobody has been asked which times suit them."))
    if inquiry.answer_by < timezone.localdate():
        raise NotAllowedNow(_("The last day for the answers has passed. Move it on first."))


def _locked_requests(round_: Round) -> QuerySet[AvailabilityRequest]:
    requests: QuerySet[AvailabilityRequest] = (
        AvailabilityRequest.objects.select_for_update(of=("self",)).filter(inquiry__round=round_).order_by("pk")
    )
    return requests


@dataclass(frozen=True)
class Withdrawn:
    """What brings a request back: its id and fields, times as ISO 8601, and its answers by slot."""

    pk: int
    municipality: int | None
    organisation: int | None
    name: str
    email: str
    token_hash: str | None
    note: str
    entered_by: int | None
    times: dict[str, str | None]
    answers: dict[str, str]


TIMES = ("asked_at", "sent_at", "reminded_at", "answered_at")


@transaction.atomic
def withdraw(request: AvailabilityRequest, *, by: User | None) -> Withdrawn:
    """Ask a party no more: its link opens nothing and its answers are gone. Returns what brings them back."""
    round_ = locked(request.inquiry.round)
    row = locked(request)
    answers = dict(row.answers.values_list("slot_id", "suits"))
    withdrawn = Withdrawn(
        row.pk,
        row.municipality_id,
        row.organisation_id,
        row.name,
        row.email,
        row.token_hash,
        row.note,
        row.entered_by_id,
        {name: moment.isoformat() if (moment := getattr(row, name)) else None for name in TIMES},
        {str(slot): suits for slot, suits in answers.items()},
    )
    record(round_, "availability_withdrawn", by=by, request=row.pk)
    row.delete()
    return withdrawn


@transaction.atomic
def restore(round_: Round, withdrawn: Withdrawn, *, by: User | None) -> AvailabilityRequest:
    """Bring back a request that was withdrawn, with its answers on the slots that are still there and its link.

    Raises NotAllowedNow where the party has been asked again meanwhile.
    """
    round_ = locked(round_)
    inquiry: AvailabilityInquiry | None = AvailabilityInquiry.objects.filter(round=round_).first()
    party = {"municipality": withdrawn.municipality, "organisation": withdrawn.organisation}
    if inquiry is None or AvailabilityRequest.objects.filter(inquiry=inquiry, **party).exists():
        raise NotAllowedNow(_("This can be undone no more. Add it again by hand."))
    row: AvailabilityRequest = AvailabilityRequest.objects.create(
        # By its id it is told of in the log.
        pk=withdrawn.pk,
        county_id=round_.county_id,
        inquiry=inquiry,
        municipality_id=withdrawn.municipality,
        organisation_id=withdrawn.organisation,
        name=withdrawn.name,
        email=withdrawn.email,
        delete_after=contacts_go(round_.county, inquiry.answer_by),
        token_hash=withdrawn.token_hash,
        note=withdrawn.note,
        entered_by_id=withdrawn.entered_by,
        **{name: datetime.fromisoformat(moment) if moment else None for name, moment in withdrawn.times.items()},
    )
    here = Slot.objects.filter(round=round_, pk__in=[int(slot) for slot in withdrawn.answers])
    AvailabilityAnswer.objects.bulk_create(
        AvailabilityAnswer(county_id=round_.county_id, request=row, slot=slot, suits=withdrawn.answers[str(slot.pk)])
        for slot in here
    )
    record(round_, "availability_restored", by=by, request=row.pk)
    return row


# --- The letter ---------------------------------------------------------------------------------------------------


def _post(rows: Iterable[AvailabilityRequest]) -> None:
    from negotiations.planning.tasks import send_availability_letter

    for row in rows:
        if row.email:
            letters.post(send_availability_letter, row.county_id, row.pk)


def is_due(request: AvailabilityRequest, *, now: datetime) -> bool:
    """Return whether a letter waits to be sent: the first one, one sent again, or a reminder. With its inquiry read."""
    if not request.email or request.inquiry.answer_by < timezone.localdate(now):
        return False
    if request.sent_at is None:
        return request.answered_at is None or request.asked_at > request.answered_at
    return request.reminded_at is not None and request.sent_at < request.reminded_at and request.answered_at is None


def left_unsent() -> list[tuple[int, int]]:
    """Return the requests whose letters no worker has begun, with their counties: for the tasks. Outside any scope."""
    now = timezone.now()
    trusted = now - MESSAGE_TRUSTED
    with scopes_disabled():
        found = AvailabilityRequest.objects.filter(
            Q(token_hash=None, sent_at=None, asked_at__lt=trusted, reminded_at=None)
            | Q(token_hash=None, sent_at=None, asked_at__lt=trusted, reminded_at__lt=trusted)
            | Q(sent_at__lt=F("reminded_at"), reminded_at__lt=trusted)
        ).select_related("inquiry")
        return [(row.county_id, row.pk) for row in found if is_due(row, now=now)]


def send_letter(county: County, request_id: int) -> int:
    """Write the letter with the link and send it; return how many were sent. Inside the county's scope, in a worker.

    A message that comes again once the letter has gone sends nothing, nor does one of a request that was withdrawn.
    Raises OSError while the mail server is away: the next attempt has a token of its own. A link that the party has
    already is good until a letter has gone.
    """
    with transaction.atomic():
        row: AvailabilityRequest | None = (
            AvailabilityRequest.objects.select_for_update(of=("self",))
            .select_related(*READ_WITH)
            .filter(pk=request_id)
            .first()
        )
        if row is None or not is_due(row, now=timezone.now()):
            return 0
        token, former = new_token(), row.token_hash
        row.token_hash, row.sent_at = hash_of(token), None
        row.save(update_fields=["token_hash", "sent_at"])
    # Not while the row is locked: a mail server may take its time, and somebody may send the link again meanwhile.
    written = AvailabilityRequest.objects.filter(pk=row.pk, token_hash=row.token_hash)
    sent = 0
    try:
        sent = _send(county, row, token)
    finally:
        if sent:
            written.update(sent_at=timezone.now())
        elif former:
            written.update(token_hash=former)
    return sent


def _send(county: County, row: AvailabilityRequest, token: str) -> int:
    """Write the letter of a request and send it; return how many were sent."""
    language = language_of(row)
    round_: Round = row.inquiry.round
    is_reminder = row.reminded_at is not None and row.reminded_at > row.asked_at
    with translation.override(language):
        answer_by = timewords.day(row.inquiry.answer_by)
        # The subject asks for an answer and says until when: a third forget otherwise.
        subject = _("Answer by %(day)s: which times suit you? %(party)s, %(round)s")
        if is_reminder:
            subject = _("Reminder: answer by %(day)s which times suit you. %(party)s, %(round)s")
        return letters.send(
            to=[row.email],
            subject=subject % {"day": answer_by, "party": name_of(row), "round": round_.name},
            template="letters/availability.txt",
            context={
                "party": name_of(row),
                "county_name": str(county),
                "round": round_.name,
                "answer_by": answer_by,
                "message": row.inquiry.message,
                "is_reminder": is_reminder,
                "is_answered": row.answered_at is not None,
                "url": settings.SITE_URL + reverse("availability_link", args=[token]),
            },
            language=language,
        )


def find(token: str) -> AvailabilityRequest | None:
    """Return the request of a token, of whichever county; None for an unknown one. Outside any scope. One query."""
    with scopes_disabled():
        row: AvailabilityRequest | None = (
            AvailabilityRequest.objects.filter(token_hash=hash_of(token)).select_related(*READ_WITH).first()
        )
    return row
