"""Versions of minutes: frozen with their SHA-256, amended text by text, and what each change does to the marks."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from municipalities.documents.kinds import canonical
from municipalities.models import County, Event, Municipality, User
from municipalities.moves import NotAllowedNow
from negotiations.minutes import versions
from negotiations.minutes.amending import amend_item, amend_part, time_to_check
from negotiations.minutes.checking import mark, open_minutes, return_to_draft, send_for_checking
from negotiations.minutes.composing import compose
from negotiations.minutes.differences import How, difference, plain, segments_of
from negotiations.models import AgendaItem, LegalBasis, Minutes, MinutesCheck, MinutesVersion, Part
from tests.factories import BOTH, make_held, make_round
from tests.negotiations.test_checking import State, later, mark_next, reach

Kind = MinutesVersion.Kind
Outcome = MinutesCheck.Outcome


@pytest.fixture
def checking(in_scope: County, coordinator: User, hankasalmi: Municipality, joutsa: Municipality) -> Minutes:
    """Minutes of two municipalities that are being checked; the first has marked them."""
    minutes = reach(State.CHECKING, make_held(make_round(in_scope), [hankasalmi, joutsa]), coordinator)
    return mark_next(minutes, coordinator)


def first_item(minutes: Minutes) -> AgendaItem:
    """Return the first item that the minutes tell."""
    item: AgendaItem = AgendaItem.objects.filter(part__negotiation=minutes.negotiation_id).earliest("part", "position")
    return item


def test_what_is_sent_is_a_version_with_its_hash(checking: Minutes) -> None:
    """Of all that is told, without the state, the marks and the date by which to check."""
    version = versions.latest(checking)
    assert version is not None
    assert (version.number, version.kind) == (1, Kind.SENT)
    assert version.sha256 == hashlib.sha256(canonical(version.content)).hexdigest()
    assert not {"state", "marks", "check_by", "signatures"} & set(version.content)
    item = first_item(checking)
    assert version.content["parts"][0]["items"][0]["id"] == item.pk
    assert compose(Minutes.objects.get(pk=checking.pk)).sha256 == version.sha256


def test_the_same_minutes_have_the_same_hash(checking: Minutes, coordinator: User) -> None:
    """Taken back and sent again as they were: another version of the same content."""
    return_to_draft(checking, by=coordinator)
    send_for_checking(checking, check_by=later(), by=coordinator)
    first, second = MinutesVersion.objects.filter(minutes=checking)
    assert (first.sha256, first.number, second.number) == (second.sha256, 1, 2)


def test_a_version_never_changes(checking: Minutes) -> None:
    """The database refuses it, whoever asks."""
    with pytest.raises(IntegrityError), transaction.atomic():
        MinutesVersion.objects.filter(minutes=checking).update(reason="Toinen syy.")


def test_a_typo_mended_keeps_the_marks(checking: Minutes, coordinator: User) -> None:
    """The mark stays on the version that was marked, and it still holds."""
    item = first_item(checking)
    made = amend_item(item, {"agreed": "Sovittiin yksi."}, kind=Kind.TYPO, reason="Lyöntivirhe.", by=coordinator)
    marked, waiting = checking.checks.order_by("pk")
    assert marked.version is not None
    assert (marked.outcome, marked.version.number) == (Outcome.APPROVED, 1)
    assert waiting.outcome == Outcome.WAITING
    assert (made.number, made.kind, made.reason) == (2, Kind.TYPO, "Lyöntivirhe.")
    valid = versions.valid_from(checking)
    assert valid is not None and valid.number == 1
    event = Event.objects.get(verb="amended")
    assert event.payload == {
        "version": 2,
        "kind": "typo",
        "item": item.pk,
        "number": 1,
        "numbering": "section",
        "part": "",
    }


def test_a_matter_changed_voids_the_marks_and_gives_time(checking: Minutes, coordinator: User) -> None:
    """Whoever had marked marks anew, with at least as many days as the county gives."""
    last_day = timezone.localdate() + timedelta(days=1)
    Minutes.objects.filter(pk=checking.pk).update(check_by=last_day)
    amend_item(first_item(checking), {"agreed": "Sovittiin toisin."}, kind=Kind.MATTER, by=coordinator)
    assert not checking.checks.exclude(outcome=Outcome.WAITING, marked_on=None, version=None).exists()
    checking.refresh_from_db()
    assert checking.check_by == timezone.localdate() + timedelta(days=checking.county.check_days)
    valid = versions.valid_from(checking)
    assert valid is not None and valid.number == 2
    assert Event.objects.get(verb="marks_voided").payload["checks"] == [checking.checks.order_by("pk")[0].pk]


def test_exactly_the_texts_given_are_replaced(checking: Minutes, coordinator: User) -> None:
    """In the version, and in the rows that lists and searches read; all else stays, even what a row says otherwise."""
    item = first_item(checking)
    AgendaItem.objects.exclude(pk=item.pk).update(discussion="Muuttui toisaalla.")
    before = versions.latest(checking)
    made = amend_item(item, {"discussion": "Puhuttiin.\r\nPaljon. "}, kind=Kind.TYPO, by=coordinator)
    assert before is not None
    (change,) = difference(before.content, made.content)
    assert change.place == "1\N{NO-BREAK SPACE}§, keskustelu"
    item.refresh_from_db()
    assert item.discussion == "Puhuttiin.\nPaljon."


def test_words_of_a_part_are_amended(checking: Minutes, coordinator: User) -> None:
    """Its opening and closing, as texts of their own."""
    part = Part.objects.get(negotiation=checking.negotiation_id)
    made = amend_part(part, {"opening": "Avattiin klo 9."}, kind=Kind.TYPO, by=coordinator)
    assert made.content["parts"][0]["opening"] == "Avattiin klo 9."
    part.refresh_from_db()
    assert part.opening == "Avattiin klo 9."


def test_nothing_is_no_amendment(checking: Minutes, coordinator: User) -> None:
    """The same text, an item without a title, a text that there is not: no version is made."""
    item = first_item(checking)
    with pytest.raises(NotAllowedNow, match="ennallaan"):
        amend_item(item, {"agreed": f" {item.agreed}\r\n"}, kind=Kind.TYPO, by=coordinator)
    with pytest.raises(NotAllowedNow, match="otsikko"):
        amend_item(item, {"title": " "}, kind=Kind.TYPO, by=coordinator)
    with pytest.raises(ValueError, match="position"):
        amend_item(item, {"position": "3"}, kind=Kind.TYPO, by=coordinator)
    with pytest.raises(ValueError, match="sent"):
        amend_item(item, {"agreed": "Muuta."}, kind=Kind.SENT, by=coordinator)
    assert MinutesVersion.objects.count() == 1


def test_minutes_of_the_other_part_are_left_alone(
    in_scope: County, coordinator: User, hankasalmi: Municipality
) -> None:
    """Where each part has minutes of its own, an item is amended in those that tell it."""
    in_scope.minutes_form = County.MinutesForm.TWO
    in_scope.save()
    held = make_held(make_round(in_scope), [hankasalmi], bases=BOTH)
    first, second = open_minutes(held, by=coordinator)
    for minutes in (first, second):
        send_for_checking(minutes, check_by=later(), by=coordinator)
    item = AgendaItem.objects.filter(part__legal_basis=LegalBasis.WELFARE).earliest("position")
    amend_item(item, {"agreed": "Toisin."}, kind=Kind.TYPO, by=coordinator)
    assert [minutes.versions.count() for minutes in (first, second)] == [1, 2]


# --- Marks ------------------------------------------------------------------------------------------------------


def test_a_mark_of_a_version_that_was_edited_meanwhile_is_refused(checking: Minutes, coordinator: User) -> None:
    """Whatever was mended: it is not what was read. The latest one is marked, and the mark names it."""
    waiting = checking.checks.get(outcome=Outcome.WAITING)
    amend_item(first_item(checking), {"agreed": "Sovittiin yksi."}, kind=Kind.TYPO, by=coordinator)
    with pytest.raises(NotAllowedNow, match=r"luit version 1.*versio 2"):
        mark(waiting, by=coordinator, version=1)
    waiting.refresh_from_db()
    assert (waiting.outcome, waiting.version) == (Outcome.WAITING, None)
    assert mark(waiting, by=coordinator, version=2).state == State.CHECKED
    waiting.refresh_from_db()
    assert waiting.version is not None and waiting.version.number == 2


def test_minutes_sent_before_there_were_versions(checking: Minutes, coordinator: User) -> None:
    """They get one with their next mark or change; the marks given before stay."""
    checking.checks.update(version=None)
    MinutesVersion.objects.all().delete()
    assert versions.latest(checking) is None
    assert compose(Minutes.objects.get(pk=checking.pk)).version == 0
    waiting = checking.checks.get(outcome=Outcome.WAITING)
    assert mark(waiting, by=coordinator).state == State.CHECKED
    assert [check.version_id for check in checking.checks.order_by("pk")] == [None, MinutesVersion.objects.get().pk]


@given(
    days=st.integers(1, 90),
    left=st.integers(-400, 400),
    kind=st.sampled_from([Kind.TYPO, Kind.MATTER]),
)
def test_time_to_check_is_never_cut(days: int, left: int, kind: MinutesVersion.Kind) -> None:
    """A change of matter gives at least as long as the county gives; a typo moves no date."""
    day = date(2026, 12, 1)
    check_by = day + timedelta(days=left)
    found = time_to_check(check_by, kind=kind, day=day, days=days)
    assert found is not None and found >= check_by
    assert found == check_by if kind == Kind.TYPO else found >= day + timedelta(days=days)


# --- What has changed -------------------------------------------------------------------------------------------

TEXTS = st.text(alphabet="aäb §.,\n", max_size=60)


@given(was=TEXTS, now=TEXTS)
def test_segments_tell_both_texts(was: str, now: str) -> None:
    """Without what was added they are the former, without what was removed the latter."""
    segments = segments_of(was, now)
    assert "".join(s.text for s in segments if s.how != How.ADDED) == plain(was)
    assert "".join(s.text for s in segments if s.how != How.REMOVED) == plain(now)
    assert all(s.text for s in segments)
    if plain(was) == plain(now):
        assert all(s.how == How.SAME for s in segments)


def test_words_are_told_not_letters() -> None:
    """A word with a typo is removed and added whole."""
    segments = segments_of("Sovitiin yhteisestä mallista.", "Sovittiin yhteisestä mallista.")
    assert [(s.how, s.text) for s in segments] == [
        (How.REMOVED, "Sovitiin"),
        (How.ADDED, "Sovittiin"),
        (How.SAME, " yhteisestä mallista."),
    ]


def test_long_texts_are_compared_in_no_time() -> None:
    """Two of which nothing is alike are told as one replaced by the other."""
    was, now = ("aa bb " * 4000), ("cc dd " * 4000)
    segments = segments_of(was, now)
    assert [s.how for s in segments] == [How.REMOVED, How.ADDED]


def test_what_else_changes_between_sendings_is_told(checking: Minutes, coordinator: User) -> None:
    """Taken back, the chair, a measure and an item's order may change: each is told by its place, and nothing else."""
    return_to_draft(checking, by=coordinator)
    negotiation = checking.negotiation
    type(negotiation).objects.filter(pk=negotiation.pk).update(chair="Puheenjohtaja")
    item = first_item(checking)
    item.delete()
    send_for_checking(Minutes.objects.get(pk=checking.pk), check_by=later(), by=coordinator)
    first, second = MinutesVersion.objects.filter(minutes=checking)
    places = [change.place for change in difference(first.content, second.content)]
    assert places[0].lower() == "puheenjohtaja"
    assert {place.split(",")[0] for place in places[1:]} == {"1\N{NO-BREAK SPACE}§"}
    assert difference(first.content, first.content) == []
