"""Personal links to minutes: somebody without an account checks them, or signs them as their chair or secretary.

The token is made where the letter is written, is in the letter alone, and is kept as its SHA-256. Whoever has it may
answer: until the minutes are checked (or signed), for at most sixty days, and until there is a newer link.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled

from municipalities import letters, timewords
from municipalities.events import record
from municipalities.models import County, Event, User
from municipalities.moves import NotAllowedNow, locked
from municipalities.tokens import hash_of, new_token
from negotiations.models import Minutes, MinutesCheck, MinutesLink, MinutesSignature, MinutesVersion

LASTS = timedelta(days=60)
# What was sent longer ago than this is history that is entered: nothing is mailed about the past.
NEWS = timedelta(days=1)
# A letter that no worker has begun by now: its message was lost, or Redis did not take it.
MESSAGE_TRUSTED = timedelta(minutes=5)
# What a link is read with: its letter and its page tell of all of it.
READ_WITH = (
    "county__area",
    "check_row__minutes__negotiation",
    "check_row__minutes__part",
    "check_row__party__municipality__area",
    "check_row__party__organisation",
    "check_row__party__county__area",
    "signature__minutes__negotiation",
    "signature__minutes__part",
)
WAITING = MinutesCheck.Outcome.WAITING
State = Minutes.State

Asked = MinutesCheck | MinutesSignature
A = TypeVar("A", bound=Asked)


class Standing(StrEnum):
    """What a link is good for."""

    OPEN = "open"
    # What was asked has been done: the minutes are marked as checked by this checker, or signed.
    DONE = "done"
    # Older than it lasts, or a newer one has been asked for.
    EXPIRED = "expired"
    # The minutes do not wait for it: taken back to a draft, or checked or published without it.
    PAST = "past"


def asked_of(link: MinutesLink) -> Asked:
    """Return the checker or the signer whose link it is."""
    row = link.check_row or link.signature
    if row is None:
        raise ValueError("A link is of a checker or of a signer.")
    return row


def minutes_of(link: MinutesLink) -> Minutes:
    """Return the minutes that a link opens."""
    return asked_of(link).minutes


def standing_of(link: MinutesLink) -> Standing:
    """Return what a link is good for now. What it is of must have been read with it."""
    is_good = link.expires_at > timezone.now()
    row = asked_of(link)
    state = row.minutes.state
    if isinstance(row, MinutesCheck):
        is_done, waits, is_over = row.outcome != WAITING, state == State.CHECKING, state == State.DRAFT
    else:
        is_done, waits, is_over = row.signed_on is not None, state == State.CHECKED, False
    if is_over or (not waits and not (is_done and is_good)):
        return Standing.PAST
    if not is_good:
        return Standing.EXPIRED
    return Standing.DONE if is_done else Standing.OPEN


def find(token: str) -> MinutesLink | None:
    """Return the link of a token, of whichever county; None for an unknown one. Outside any scope. One query."""
    with scopes_disabled():
        link: MinutesLink | None = (
            MinutesLink.objects.filter(token_hash=hash_of(token)).select_related(*READ_WITH).first()
        )
    return link


def language_of(link: MinutesLink) -> str:
    """Return the language of the negotiation: its minutes are in it, and so are the letter and the page."""
    language = minutes_of(link).negotiation.language
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def attach_latest(rows: Iterable[Asked]) -> None:
    """Give each checker or signer its last link as `latest_link` (None where there is none). One query for each kind.

    For pages that tell when a letter was sent.
    """
    rows = list(rows)
    for field, kind in (("check_row", MinutesCheck), ("signature", MinutesSignature)):
        own = [row for row in rows if isinstance(row, kind)]
        if not own:
            continue
        links = MinutesLink.objects.filter(**{f"{field}__in": [row.pk for row in own]}).order_by("asked_at", "pk")
        latest = {getattr(link, f"{field}_id"): link for link in links}
        for row in own:
            row.latest_link = latest.get(row.pk)  # type: ignore[union-attr]


# --- Asking -------------------------------------------------------------------------------------------------------


def contacts_go(county: County, day: date) -> date:
    """Return the day after which an e-mail address is deleted that is needed until a day."""
    return day + timedelta(days=county.contact_retention_days)


@transaction.atomic
def ask(row: Asked, *, by: User | None, is_reminder: bool = False) -> MinutesLink | None:
    """Ask a checker to check, or a signer to sign: queue a letter with a new link. With the minutes locked.

    The links before it are good no more; with a reminder, from when its letter has gone. None, and no letter, without
    an e-mail address, where the minutes do not wait for this mark or signature, and about the past: history is entered
    too, and nobody waits for an answer to it.
    """
    if not row.email or not _waits(row) or (isinstance(row, MinutesCheck) and not is_reminder and _is_past(row)):
        _close(row)
        return None
    return _ask(row, by=by, is_reminder=is_reminder)


def _ask(row: Asked, *, by: User | None, is_reminder: bool) -> MinutesLink:
    from negotiations.minutes.tasks import send_minutes_link

    now = timezone.now()
    if not is_reminder:
        _close(row)
    link: MinutesLink = MinutesLink.objects.create(
        county_id=row.county_id,
        check_row=row if isinstance(row, MinutesCheck) else None,
        signature=row if isinstance(row, MinutesSignature) else None,
        is_reminder=is_reminder,
        asked_by=by,
        asked_at=now,
        expires_at=now + LASTS,
    )
    # The address is kept for as long from now: it is needed until the answer has come.
    today = timezone.localdate(now)
    row.delete_after = contacts_go(row.county, max(today, row.minutes.check_by or today))
    row.save(update_fields=["delete_after"])
    letters.post(send_minutes_link, link.county_id, link.pk)
    return link


def _of(row: Asked) -> Q:
    return Q(check_row=row.pk) if isinstance(row, MinutesCheck) else Q(signature=row.pk)


def _close(row: Asked, *, before: int | None = None) -> None:
    """Let the links of a checker or signer open nothing any more; of those asked before a link where one is given."""
    now = timezone.now()
    former = MinutesLink.objects.filter(_of(row), expires_at__gt=now)
    (former.filter(pk__lt=before) if before else former).update(expires_at=now)


def _waits(row: Asked) -> bool:
    if isinstance(row, MinutesCheck):
        return row.minutes.state == State.CHECKING and row.outcome == WAITING
    return row.minutes.state == State.CHECKED and row.signed_on is None


def _is_past(check: MinutesCheck) -> bool:
    """Whether what is to be checked is history that is entered: made, and its checker chosen, long ago. Two queries."""
    made_at = MinutesVersion.objects.filter(minutes=check.minutes_id).aggregate(at=Max("made_at"))["at"]
    replaced_at = check.replacements.aggregate(at=Max("replaced_at"))["at"]
    latest = max(filter(None, [made_at, replaced_at]), default=None)
    return latest is not None and latest < timezone.now() - NEWS


def ask_all(minutes: Minutes, *, by: User | None) -> list[MinutesLink]:
    """Ask each checker who has an e-mail address and has not marked the minutes. With the minutes locked."""
    checks = MinutesCheck.objects.filter(minutes=minutes, outcome=WAITING).order_by("pk")
    return _ask_each(checks, minutes, by=by)


def tell_changed(checks: Iterable[MinutesCheck], *, by: User | None) -> list[MinutesLink]:
    """Tell checkers that the minutes were changed after their mark, which is void: each has a new link.

    To be called with the minutes locked, once the marks are void. The letter finds by itself that it is about a change.
    """
    found: list[MinutesLink] = []
    for check in checks:
        found += _ask_each([check], check.minutes, by=by)
    return found


def ask_signers(minutes: Minutes, *, by: User | None) -> list[MinutesLink]:
    """Ask the chair and the secretary, where they have an e-mail address, to sign. With the minutes locked.

    Once the minutes have been checked; nobody is asked of minutes that were checked long ago.
    """
    # When they were checked is told by the log: the last mark may be older than the last decision on a remark.
    checked = Event.objects.filter(subject=Minutes._meta.label_lower, subject_id=minutes.pk, verb="checked")
    checked_at = checked.aggregate(at=Max("at"))["at"]
    if checked_at is not None and checked_at < timezone.now() - NEWS:
        return []
    return _ask_each(MinutesSignature.objects.filter(minutes=minutes, signed_on=None), minutes, by=by)


def _ask_each(rows: Iterable[Asked], minutes: Minutes, *, by: User | None) -> list[MinutesLink]:
    found = []
    for row in rows:
        # As they are now, without another query for each.
        row.minutes, row.county = minutes, minutes.county
        if link := ask(row, by=by):
            found.append(link)
    return found


@transaction.atomic
def send_again(row: Asked, *, by: User) -> MinutesLink:
    """Send a checker or a signer a new link; the former one opens nothing from now on.

    Raises NotAllowedNow where the minutes do not wait for them, and without an e-mail address.
    """
    row = expected(row)
    if isinstance(row, MinutesCheck):
        record(row.minutes, "check_link_sent", by=by, check=row.pk)
    else:
        record(row.minutes, "sign_link_sent", by=by, role=row.role)
    return _ask(row, by=by, is_reminder=False)


@transaction.atomic
def remind(check: MinutesCheck, *, by: User | None) -> MinutesLink:
    """Queue a reminder to a checker, who is locked with the minutes and `expected`. For minutes.reminding."""
    check.reminded_at = timezone.now()
    check.save(update_fields=["reminded_at"])
    record(check.minutes, "checker_reminded", by=by, check=check.pk)
    return _ask(check, by=by, is_reminder=True)


def expected(row: A) -> A:
    """Return a checker or signer, locked with the minutes, whom a letter can be sent.

    Raises NotAllowedNow where there is nothing to ask of them, or no address.
    """
    # The minutes first, as whoever moves them does: two who wait for each other would wait for ever.
    minutes = locked(row.minutes)
    row = locked(row)
    row.minutes = minutes
    if isinstance(row, MinutesCheck):
        if minutes.state != State.CHECKING:
            raise NotAllowedNow(_("The minutes are not being checked, so nobody is asked to check them."))
        if row.outcome != WAITING:
            raise NotAllowedNow(_("This checker has marked the minutes already."))
    elif not _waits(row):
        raise NotAllowedNow(_("The minutes do not wait for this signature."))
    if not row.email:
        raise NotAllowedNow(_("There is no e-mail address to send the link to. Give it first."))
    return row


def purge_addresses(today: date | None = None) -> int:
    """Delete the e-mail addresses of checkers and signers whose day has passed, in every county; return how many.

    Names, roles and marks stay: they are of the minutes.
    """
    today = today or timezone.localdate()
    gone = 0
    with scopes_disabled():
        for model in (MinutesCheck, MinutesSignature):
            gone += model.objects.exclude(email="").filter(delete_after__lt=today).update(email="", delete_after=None)
    return gone


# --- The letter ---------------------------------------------------------------------------------------------------


def left_unsent() -> list[tuple[int, int]]:
    """Return the links whose letters no worker has begun, with their counties: for the tasks. Outside any scope."""
    now = timezone.now()
    waits = Q(check_row__outcome=WAITING, check_row__minutes__state=State.CHECKING) | Q(
        signature__signed_on=None, signature__minutes__state=State.CHECKED
    )
    with scopes_disabled():
        found = MinutesLink.objects.filter(
            waits, token_hash=None, sent_at=None, asked_at__lt=now - MESSAGE_TRUSTED, expires_at__gt=now
        )
        return list(found.order_by("pk").values_list("county_id", "pk"))


def send_link(county: County, link_id: int) -> int:
    """Write the letter with the link and send it; return how many were sent. Inside the county's scope, in a worker.

    A message that comes again once the letter has gone sends nothing, nor does one of a checker who has been taken off
    or has marked the minutes meanwhile. Raises OSError while the mail server is away: the next attempt has a token of
    its own. Where the letter had gone all the same, its link is then no longer known.
    """
    with transaction.atomic():
        link: MinutesLink | None = (
            MinutesLink.objects.select_for_update(of=("self",))
            .select_related(*READ_WITH, "asked_by")
            .filter(pk=link_id)
            .first()
        )
        if link is None or link.sent_at is not None or standing_of(link) != Standing.OPEN:
            return 0
        if not asked_of(link).email:
            return 0
        token = new_token()
        link.token_hash = hash_of(token)
        link.save(update_fields=["token_hash"])
    # Not while the row is locked: a mail server may take its time, and somebody may send the link again meanwhile.
    sent = _send(county, link, token)
    if sent:
        MinutesLink.objects.filter(pk=link.pk, token_hash=link.token_hash).update(sent_at=timezone.now())
        _close(asked_of(link), before=link.pk)
    return sent


def _send(county: County, link: MinutesLink, token: str) -> int:
    row = asked_of(link)
    minutes = row.minutes
    negotiation = minutes.negotiation
    language = language_of(link)
    is_check = isinstance(row, MinutesCheck)
    # Whether the marks are in time is asked of today: a letter may be sent late.
    is_late = minutes.check_by is not None and minutes.check_by < timezone.localdate()
    with translation.override(language):
        check_by = timewords.day(minutes.check_by) if minutes.check_by else ""
        subject = negotiation.title + (f", {minutes.part.basis.sections}" if minutes.part else "")
        context = {
            "minutes_name": county.minutes_name_in(language),
            "subject": subject,
            "when": timewords.span(negotiation.earliest, negotiation.latest),
            "county_name": county.area.name_in(language),
            "check_by": check_by,
            "is_late": is_late,
            "is_reminder": link.is_reminder,
            "silence_counts": county.silence_is_checking,
            "is_correction": minutes.corrects_id is not None,
            "asked_by": str(link.asked_by or ""),
            "url": settings.SITE_URL + reverse("minutes_link", args=[token]),
            "valid_until": timewords.day(timezone.localdate(link.expires_at)),
        }
        if isinstance(row, MinutesCheck):
            is_changed = was_changed(row)
            context |= {"party": row.party.name, "is_changed": is_changed}
            words = _subject_of_check(is_changed=is_changed, is_late=is_late, is_reminder=link.is_reminder)
        else:
            context |= {"role": row.get_role_display(), "name": row.name}
            words = _("Sign the minutes: %(subject)s")
        return letters.send(
            to=[row.email],
            subject=words % {"subject": subject, "day": check_by},
            template="letters/minutes_check.txt" if is_check else "letters/minutes_sign.txt",
            context=context,
            language=language,
        )


def _subject_of_check(*, is_changed: bool, is_late: bool, is_reminder: bool) -> str:
    """Return the subject of a letter to a checker: it asks for an answer, and says until when."""
    if is_reminder and is_late:
        return _("Reminder: check the minutes: %(subject)s. The last day was %(day)s")
    if is_reminder:
        return _("Reminder: check the minutes by %(day)s: %(subject)s")
    if is_changed:
        return _("The minutes were changed after your mark; check them again: %(subject)s")
    if is_late:
        return _("Check the minutes: %(subject)s. The last day was %(day)s")
    return _("Check the minutes: %(subject)s, by %(day)s")


def was_changed(check: MinutesCheck) -> bool:
    """Return whether a mark that this checker has made is void, as the minutes were changed after it. Two queries."""
    return check.outcome == WAITING and last_marked(check) is not None


def last_marked(check: MinutesCheck) -> Event | None:
    """Return the event of the last mark that this checker made, if any; not that of one who was replaced. Two queries.

    The mark may be void: what the checker marked then is told by the event alone.
    """
    replaced_at = check.replacements.aggregate(at=Max("replaced_at"))["at"]
    marks = Event.objects.filter(
        subject=Minutes._meta.label_lower,
        subject_id=check.minutes_id,
        verb="marked",
        payload__check=check.pk,
        payload__outcome=MinutesCheck.Outcome.APPROVED.value,
    )
    if replaced_at:
        marks = marks.filter(at__gte=replaced_at)
    found: Event | None = marks.order_by(F("at").desc(), "-pk").first()
    return found
