"""Letters to those who check and sign minutes: their links, what they say, reminders, and the ends of addresses."""

from __future__ import annotations

import contextlib
import hashlib
from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch

import pytest
from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone, translation
from django_scopes import scopes_disabled
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoCaptureOnCommitCallbacks

from municipalities.models import County, Event, Municipality, User
from municipalities.moves import NotAllowedNow
from negotiations.log import log_of
from negotiations.minutes import links, reminding, signing
from negotiations.minutes.amending import amend_item
from negotiations.minutes.checkers import replace_checker
from negotiations.minutes.checking import mark, open_minutes, return_to_draft, send_for_checking
from negotiations.minutes.links import Standing
from negotiations.minutes.tasks import (
    purge_minutes_addresses,
    remind_checkers,
    send_minutes_link,
    send_minutes_links_left,
)
from negotiations.models import Minutes, MinutesCheck, MinutesLink, MinutesSignature, MinutesVersion, Negotiation
from negotiations.tasks import __all__ as all_tasks
from tests.factories import make_held, make_round
from tests.negotiations.reviewed import (
    ADDRESS,
    check,
    check_of,
    coming,
    items_of,
    link_of,
    mailed,
    make_checking,
    minutes,
)

__all__ = ["check", "minutes"]

Kind = MinutesVersion.Kind


def old(link: MinutesLink, **ago: float) -> MinutesLink:
    """Let a link have been asked for, and its letter sent, that long ago."""
    moment = timezone.now() - timedelta(**ago)
    MinutesLink.objects.filter(pk=link.pk).update(asked_at=moment, sent_at=moment)
    link.refresh_from_db()
    return link


def standing(link: MinutesLink) -> Standing:
    """Return what a link is good for, read anew."""
    with scopes_disabled():
        return links.standing_of(MinutesLink.objects.select_related(*links.READ_WITH).get(pk=link.pk))


# --- Asking to check ----------------------------------------------------------------------------------------------


def test_checkers_are_asked_when_the_minutes_are_sent_and_only_ids_are_queued(
    in_scope: County,
    hankasalmi: Municipality,
    joutsa: Municipality,
    coordinator: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    """Each who has an e-mail address; no token is made yet."""
    negotiation = make_held(make_round(in_scope), [hankasalmi, joutsa], by=coordinator)
    (minutes,) = open_minutes(negotiation, by=coordinator)
    MinutesCheck.objects.filter(party__municipality=joutsa).update(email=ADDRESS, delete_after=coming(1))
    with (
        patch.object(send_minutes_link, "apply_async") as told,
        django_capture_on_commit_callbacks(execute=True),
    ):
        send_for_checking(minutes, check_by=coming(14), by=coordinator)
    (link,) = MinutesLink.objects.all()
    assert [call.args[0] for call in told.call_args_list] == [(in_scope.pk, link.pk)]
    check = check_of(minutes, joutsa)
    assert link.check_row == check
    assert (link.token_hash, link.sent_at, link.is_reminder) == (None, None, False)
    # The address is kept for as long as the county keeps contact details, from the last day to check.
    assert check.delete_after == coming(14 + in_scope.contact_retention_days)


def test_the_letter_says_what_is_asked_until_when_and_what_silence_means(
    check: MinutesCheck, in_scope: County, mailoutbox: list[EmailMessage]
) -> None:
    """The token is in the letter alone; its SHA-256 is in the row, and nothing of it in the log."""
    link = link_of(check)
    path = mailed(link, mailoutbox)
    letter = mailoutbox[0]
    day = coming(14)
    assert letter.to == [ADDRESS]
    assert letter.subject.startswith("Tarkasta pöytäkirja viimeistään ")
    assert letter.subject.endswith(f"{day.day}.{day.month}.{day.year}: Hankasalmi, Joutsa")
    body = str(letter.body)
    for words in ("Tarkastat osapuolen puolesta: Hankasalmi", "Merkitse tarkastetuksi", "ei ole julkinen"):
        assert words in body
    assert "ei tule tarkastetuksi ennen kuin olet merkinnyt sen" in body
    assert "katsotaan tarkastetuksi" not in body
    token = path.split("/")[2]
    link.refresh_from_db()
    assert link.token_hash == hashlib.sha256(token.encode()).hexdigest() and link.sent_at is not None
    assert timedelta(days=59) < link.expires_at - timezone.now() <= links.LASTS
    payloads = str(list(Event.objects.values_list("payload", flat=True)))
    assert token not in payloads and ADDRESS not in payloads
    # A message that comes twice sends nothing the second time.
    send_minutes_link(in_scope.pk, link.pk)
    assert len(mailoutbox) == 1


def test_where_silence_is_checking_the_letter_says_so(
    in_scope: County, hankasalmi: Municipality, coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    """In the words that the source uses; not once the day has passed, when it would be no news."""
    in_scope.silence_is_checking = True
    in_scope.save()
    minutes = make_checking(in_scope, [hankasalmi], by=coordinator)
    check = check_of(minutes, hankasalmi)
    mailed(link_of(check), mailoutbox)
    assert "Jos huomautuksia ei tule määräaikaan mennessä" in str(mailoutbox[0].body)
    Minutes.objects.update(check_by=coming(-1))
    mailed(links.send_again(check, by=coordinator), mailoutbox)
    assert "Määräaika oli" in mailoutbox[1].subject and "määräaika on mennyt" in str(mailoutbox[1].body)
    assert "katsotaan tarkastetuksi" not in str(mailoutbox[1].body)


def test_letters_are_in_the_language_of_the_negotiation(
    check: MinutesCheck, coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    """Swedish works as Finnish does, whatever language the worker is in; all of it."""
    Negotiation.objects.update(language="sv")
    with translation.override("fi"):
        mailed(link_of(check), mailoutbox)
    letter = mailoutbox[0]
    assert letter.subject.startswith("Justera protokollet senast ")
    body = str(letter.body)
    for words in ("Hej", "Ska justeras senast", "Du justerar för parten: Hankasalmi", "Markera som justerat"):
        assert words in body
    assert letter.extra_headers["Content-Language"] == "sv"
    for finnish in ("pöytäkirja", "tarkasta", "linkki"):
        assert finnish not in body.casefold()


def test_nothing_is_mailed_about_the_past(
    in_scope: County, hankasalmi: Municipality, coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    """History that is entered asks nobody: neither to check, nor again, nor to sign."""
    then = datetime(2024, 10, 1, 12, tzinfo=UTC)
    negotiation = make_held(make_round(in_scope), [hankasalmi], by=coordinator)
    (minutes,) = open_minutes(negotiation, by=None, at=then)
    MinutesCheck.objects.update(email=ADDRESS, delete_after=coming(1))
    MinutesSignature.objects.update(email=ADDRESS, delete_after=coming(1))
    minutes = send_for_checking(minutes, check_by=date(2024, 10, 20), by=None, at=then)
    check = check_of(minutes, hankasalmi)
    mark(check, by=None, at=then)
    item = items_of(minutes)[0]
    minutes.refresh_from_db()
    assert minutes.state == Minutes.State.CHECKED
    assert not MinutesLink.objects.exists()
    # Now as well, where somebody looks for letters that did not go.
    send_minutes_links_left()
    remind_checkers()
    assert not mailoutbox and item is not None


def test_a_letter_lost_by_redis_is_found_by_the_beat(
    check: MinutesCheck, joutsa: Municipality, minutes: Minutes, mailoutbox: list[EmailMessage]
) -> None:
    """After five minutes, once; not one whose checker has marked the minutes meanwhile."""
    other = check_of(minutes, joutsa)
    with patch.object(send_minutes_link, "delay") as told:
        send_minutes_links_left()
        assert not told.called, "too early"
        MinutesLink.objects.update(asked_at=timezone.now() - timedelta(minutes=6))
        mark(other, by=None)
        send_minutes_links_left()
        told.assert_called_once_with(check.county_id, link_of(check).pk)
        mailed(link_of(check), mailoutbox)
        told.reset_mock()
        send_minutes_links_left()
        assert not told.called
    send_minutes_link(other.county_id, link_of(other).pk)
    assert len(mailoutbox) == 1


def test_while_the_mail_server_is_away_the_letter_is_tried_again_with_a_token_of_its_own(
    check: MinutesCheck, in_scope: County, mailoutbox: list[EmailMessage]
) -> None:
    """What did not go opens nothing."""
    link = link_of(check)
    with (
        patch("municipalities.letters.EmailMessage.send", side_effect=OSError("away")),
        contextlib.suppress(OSError),
    ):
        links.send_link(in_scope, link.pk)
    link.refresh_from_db()
    former = link.token_hash
    assert former and link.sent_at is None and not mailoutbox
    mailed(link, mailoutbox)
    link.refresh_from_db()
    assert link.token_hash != former and link.sent_at is not None


def test_a_new_link_makes_the_former_one_bad(
    check: MinutesCheck, coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    """From when it is asked for; and the log tells who asked."""
    former = link_of(check)
    mailed(former, mailoutbox)
    assert standing(former) == Standing.OPEN
    link = links.send_again(check, by=coordinator)
    assert standing(former) == Standing.EXPIRED
    mailed(link, mailoutbox)
    assert [standing(one) for one in (former, link)] == [Standing.EXPIRED, Standing.OPEN]
    told = [happened.words for happened in log_of([check.minutes], {check.pk: "Hankasalmi"})]
    assert told[-1] == "Coordinator lähetti tarkastajalle uuden linkin: Hankasalmi."


def test_a_link_lasts_as_long_as_the_minutes_are_checked_and_sixty_days_at_most(
    check: MinutesCheck, minutes: Minutes, joutsa: Municipality, coordinator: User
) -> None:
    """What it is good for in each state."""
    link = link_of(check)
    MinutesLink.objects.filter(pk=link.pk).update(expires_at=timezone.now())
    assert standing(link) == Standing.EXPIRED
    MinutesLink.objects.filter(pk=link.pk).update(expires_at=timezone.now() + timedelta(days=1))
    return_to_draft(minutes, by=coordinator)
    assert standing(link) == Standing.PAST
    send_for_checking(minutes, check_by=coming(7), by=coordinator)
    assert standing(link) == Standing.EXPIRED, "there is a newer one"
    link = link_of(check)
    mark(check, by=None)
    assert standing(link) == Standing.DONE
    mark(check_of(minutes, joutsa), by=None)
    assert standing(link) == Standing.DONE
    MinutesLink.objects.filter(pk=link.pk).update(expires_at=timezone.now())
    assert standing(link) == Standing.PAST


def test_a_checker_who_is_replaced_can_do_nothing_by_the_former_link(
    check: MinutesCheck, coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    """Also where the new one has no address."""
    former = link_of(check)
    mailed(former, mailoutbox)
    replace_checker(check, name="Uusi", role="", email="uusi@example.fi", reason="Lomalla", by=coordinator)
    link = link_of(check)
    assert standing(former) == Standing.EXPIRED and link != former
    mailed(link, mailoutbox)
    assert mailoutbox[-1].to == ["uusi@example.fi"]
    replace_checker(check, name="Kolmas", role="", reason="Lomalla", by=coordinator)
    assert standing(link) == Standing.EXPIRED and link_of(check) == link


def test_those_whose_marks_are_void_are_told_with_a_new_link(
    check: MinutesCheck, minutes: Minutes, joutsa: Municipality, coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    """Only they: who had not marked the minutes has a link already. A typo mended tells nobody."""
    waiting = link_of(check_of(minutes, joutsa))
    mark(check, by=None)
    item = items_of(minutes)[0]
    amend_item(item, {"agreed": "Sovittiin 1 ."}, kind=Kind.TYPO, by=coordinator)
    assert MinutesLink.objects.count() == 2
    amend_item(item, {"agreed": "Sovittiin aivan muuta."}, kind=Kind.MATTER, reason="Väärin", by=coordinator)
    link = link_of(check)
    assert MinutesLink.objects.count() == 3 and link_of(check_of(minutes, joutsa)) == waiting
    mailed(link, mailoutbox)
    assert mailoutbox[0].subject == (
        "Pöytäkirjaa on muutettu merkintäsi jälkeen; tarkasta se uudelleen: Hankasalmi, Joutsa"
    )
    assert "merkintäsi ei ole enää voimassa" in str(mailoutbox[0].body)
    # What was changed is told by the page alone: a letter is read by others too.
    assert "aivan muuta" not in str(mailoutbox[0].body)
    mailed(waiting, mailoutbox)
    assert mailoutbox[1].subject.startswith("Tarkasta pöytäkirja viimeistään ")


@pytest.mark.parametrize("why", ["draft", "marked", "no address", "checked"])
def test_nobody_is_asked_in_vain(
    why: str, check: MinutesCheck, minutes: Minutes, joutsa: Municipality, coordinator: User
) -> None:
    """The button is refused with the reason, and nothing is queued."""
    if why == "draft":
        return_to_draft(minutes, by=coordinator)
    if why in {"marked", "checked"}:
        mark(check, by=None)
    if why == "checked":
        mark(check_of(minutes, joutsa), by=None)
    if why == "no address":
        MinutesCheck.objects.update(email="")
    before = MinutesLink.objects.count()
    for attempt in (links.send_again, reminding.remind):
        with pytest.raises(NotAllowedNow):
            attempt(check, by=coordinator)
    assert MinutesLink.objects.count() == before
    check.refresh_from_db()
    assert links.ask(check, by=coordinator) is None


# --- Asking to sign -----------------------------------------------------------------------------------------------


def checked(minutes: Minutes) -> MinutesSignature:
    """Have all mark the minutes, whose chair has an address; return the chair's signature."""
    MinutesSignature.objects.filter(minutes=minutes, role="chair").update(
        name="Paula Puheenjohtaja", email="pj@example.fi", delete_after=coming(1)
    )
    for row in MinutesCheck.objects.filter(minutes=minutes):
        mark(row, by=None)
    found: MinutesSignature = MinutesSignature.objects.select_related("minutes").get(minutes=minutes, role="chair")
    return found


def test_signers_are_asked_once_the_minutes_are_checked(
    minutes: Minutes, coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    """Who has an address; the letter names the role, and its link is good until they have signed."""
    signature = checked(minutes)
    link = signature.links.get()
    mailed(link, mailoutbox)
    letter = mailoutbox[0]
    assert letter.to == ["pj@example.fi"]
    assert letter.subject == "Allekirjoita pöytäkirja: Hankasalmi, Joutsa"
    assert "puheenjohtaja, Paula Puheenjohtaja" in str(letter.body)
    assert standing(link) == Standing.OPEN
    newer = links.send_again(signature, by=coordinator)
    assert [standing(one) for one in (link, newer)] == [Standing.EXPIRED, Standing.OPEN]
    signing.sign(signature, way=MinutesSignature.Way.PAPER, by=coordinator)
    assert standing(newer) == Standing.DONE
    with pytest.raises(NotAllowedNow):
        links.send_again(signature, by=coordinator)
    told = [happened.words for happened in log_of([minutes])]
    assert "Coordinator lähetti uuden linkin allekirjoittamista varten: puheenjohtaja." in told


def test_signers_are_asked_though_the_last_mark_is_old(minutes: Minutes, joutsa: Municipality) -> None:
    """It may be a decision on a remark that settles the minutes, long after the marks."""
    MinutesSignature.objects.update(email="pj@example.fi", delete_after=coming(1))
    first, second = MinutesCheck.objects.filter(minutes=minutes).order_by("pk")
    mark(first, by=None, at=timezone.now() - timedelta(days=5))
    mark(second, by=None)
    assert MinutesLink.objects.filter(signature__minutes=minutes).count() == 2


# --- Reminding ----------------------------------------------------------------------------------------------------


@given(days=st.integers(0, 30), before=st.integers(-40, 40), asked=st.none() | st.integers(-40, 40))
def test_a_reminder_is_due_in_the_last_days_and_not_on_the_day_of_asking(
    days: int, before: int, asked: int | None
) -> None:
    """From so many days before the last day to that day."""
    check_by = date(2027, 3, 20)
    today = check_by - timedelta(days=before)
    asked_on = None if asked is None else today - timedelta(days=asked)
    due = reminding.is_due(check_by=check_by, remind_days=days, asked_on=asked_on, today=today)
    assert due == (days > 0 and 0 <= before <= days and (asked is None or asked > 0))


def test_the_beat_reminds_once_those_who_have_not_marked(
    in_scope: County, hankasalmi: Municipality, joutsa: Municipality, coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    """Who has an address and has not marked the minutes, within the county's days; and again when sent anew."""
    minutes = make_checking(in_scope, [hankasalmi, joutsa], by=coordinator, days=3)
    check, other = check_of(minutes, hankasalmi), check_of(minutes, joutsa)
    remind_checkers()
    assert not MinutesLink.objects.filter(is_reminder=True).exists(), "asked today"
    for link in MinutesLink.objects.all():
        old(link, days=2)
    mark(other, by=None)
    for _time in range(2):
        remind_checkers()
    (link,) = MinutesLink.objects.filter(is_reminder=True)
    assert link.check_row == check
    mailed(link, mailoutbox)
    assert mailoutbox[0].subject.startswith("Muistutus: tarkasta pöytäkirja viimeistään ")
    assert "odottaa vielä merkintääsi" in str(mailoutbox[0].body)
    told = [happened.words for happened in log_of([minutes], {check.pk: "Hankasalmi"})]
    assert told.count("Järjestelmä muistutti tarkastajaa: Hankasalmi.") == 1
    # Sent anew, it is another time of checking.
    old(link, days=1)
    return_to_draft(minutes, by=coordinator)
    send_for_checking(minutes, check_by=coming(2), by=coordinator)
    for link in MinutesLink.objects.all():
        old(link, days=1)
    remind_checkers()
    assert MinutesLink.objects.filter(is_reminder=True, check_row=check).count() == 2


@pytest.mark.parametrize("why", ["never", "too early", "too late", "no address", "other state"])
def test_nobody_is_reminded_out_of_time(why: str, minutes: Minutes, in_scope: County, coordinator: User) -> None:
    """Nor where the county has set that nobody is."""
    for link in MinutesLink.objects.all():
        old(link, days=9)
    days = {"too early": 4, "too late": -1}.get(why, 2)
    Minutes.objects.update(check_by=coming(days))
    if why == "never":
        County.objects.update(remind_days=0)
    if why == "no address":
        MinutesCheck.objects.update(email="")
    if why == "other state":
        return_to_draft(minutes, by=coordinator)
    remind_checkers()
    assert not MinutesLink.objects.filter(is_reminder=True).exists()


def test_the_former_link_is_good_until_the_reminder_has_gone(
    check: MinutesCheck, coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    """While the mail server is away nobody is left without a link."""
    former = link_of(check)
    mailed(former, mailoutbox)
    with pytest.raises(NotAllowedNow):
        reminding.remind(check, by=coordinator)
    old(former, hours=2)
    link = reminding.remind(check, by=coordinator)
    assert [standing(one) for one in (former, link)] == [Standing.OPEN, Standing.OPEN]
    mailed(link, mailoutbox)
    assert [standing(one) for one in (former, link)] == [Standing.EXPIRED, Standing.OPEN]
    with pytest.raises(NotAllowedNow):
        reminding.remind(check, by=coordinator)


# --- Addresses ----------------------------------------------------------------------------------------------------


def test_addresses_go_when_their_day_has_passed_and_names_stay(check: MinutesCheck, minutes: Minutes) -> None:
    """In every county; the marks stay too."""
    signature = checked(minutes)
    MinutesCheck.objects.filter(pk=check.pk).update(delete_after=coming(-1))
    MinutesSignature.objects.filter(pk=signature.pk).update(delete_after=coming(0))
    purge_minutes_addresses()
    check.refresh_from_db()
    signature.refresh_from_db()
    assert (check.email, check.delete_after, check.name) == ("", None, "Maija Mallikas")
    assert check.outcome == MinutesCheck.Outcome.APPROVED
    assert signature.email == "pj@example.fi", "its day has not passed yet"
    assert links.purge_addresses(coming(1)) == 1


def test_what_the_tab_tells_of_letters_costs_a_query_for_each_kind(
    minutes: Minutes, django_assert_num_queries: type
) -> None:
    """However many checkers there are; who has none has None."""
    signatures = list(MinutesSignature.objects.filter(minutes=minutes))
    checks = list(MinutesCheck.objects.filter(minutes=minutes))
    with django_assert_num_queries(2):
        links.attach_latest([*checks, *signatures])
    assert [getattr(row, "latest_link", 0) for row in checks] == [link_of(row) for row in checks]
    assert [getattr(row, "latest_link", 0) for row in signatures] == [None, None]


# --- The beat -----------------------------------------------------------------------------------------------------


def test_the_beat_does_all_of_it() -> None:
    """Letters that were lost every five minutes, reminders and the end of addresses every day; by tasks there are."""
    tasks = {send_minutes_links_left.name, remind_checkers.name, purge_minutes_addresses.name}
    assert tasks <= {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {task.rpartition(".")[2] for task in tasks} | {"send_minutes_link"} <= set(all_tasks)


def test_a_change_of_matter_begins_another_time_of_checking(
    check: MinutesCheck, minutes: Minutes, coordinator: User
) -> None:
    """With a later last day, before which a checker who was reminded of the former one is reminded once more."""
    Minutes.objects.update(check_by=coming(2))
    for link in MinutesLink.objects.all():
        old(link, days=2)
    remind_checkers()
    MinutesCheck.objects.update(reminded_at=timezone.now() - timedelta(minutes=1))
    item = items_of(minutes)[0]
    amend_item(item, {"agreed": "Toisin."}, kind=MinutesVersion.Kind.MATTER, by=coordinator)
    for link in MinutesLink.objects.all():
        old(link, days=2)
    remind_checkers()
    reminders = MinutesLink.objects.filter(is_reminder=True, check_row=check)
    assert reminders.count() == 1, "the new last day is not near yet"
    Minutes.objects.update(check_by=coming(2))
    for _time in range(2):
        remind_checkers()
    assert reminders.count() == 2
