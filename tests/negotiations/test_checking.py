"""The state of minutes: every state x every move; one document or two; whose mark makes them checked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from municipalities.models import County, Event, Municipality, Organisation, User
from municipalities.moves import NotAllowedNow
from negotiations.minutes.amending import amend_item
from negotiations.minutes.checkers import remove_checker
from negotiations.minutes.checking import (
    MOVES,
    mark,
    mark_the_silent,
    open_minutes,
    publish,
    return_to_draft,
    send_for_checking,
)
from negotiations.minutes.signing import sign, sign_all
from negotiations.models import (
    AgendaItem,
    LegalBasis,
    Minutes,
    MinutesCheck,
    MinutesSignature,
    MinutesVersion,
    Negotiation,
)
from negotiations.sitting.conduct import convene, hold
from negotiations.tasks import mark_silent_checkers
from tests.factories import BOTH, make_held, make_negotiation, make_organisation, make_round

State = Minutes.State


def later() -> date:
    """Return a day by which to check."""
    return timezone.localdate() + timedelta(days=14)


def mark_next(minutes: Minutes, by: User | None) -> Minutes:
    """Enter the mark of the first checker, whether it waits or not."""
    check = minutes.checks.first()
    assert check is not None
    return mark(check, by=by)


def sign_next(minutes: Minutes, by: User | None) -> Minutes:
    """Enter the chair's signature, whether it is there or not."""
    sign(minutes.signatures.get(role="chair"), way=MinutesSignature.Way.PAPER, by=by)
    return Minutes.objects.get(pk=minutes.pk)


def amend_first(minutes: Minutes, by: User | None) -> Minutes:
    """Mend a typo in the first item."""
    item = AgendaItem.objects.filter(part__negotiation=minutes.negotiation_id).earliest("pk")
    amend_item(item, {"agreed": "Sovittiin toisin."}, kind=MinutesVersion.Kind.TYPO, by=by)
    return Minutes.objects.get(pk=minutes.pk)


DO: dict[str, Callable[[Minutes, User], Minutes]] = {
    "send_for_checking": lambda minutes, by: send_for_checking(minutes, check_by=later(), by=by),
    "return_to_draft": lambda minutes, by: return_to_draft(minutes, by=by),
    "amend": amend_first,
    "mark": mark_next,
    "sign": sign_next,
    "publish": lambda minutes, by: publish(sign_all(minutes, by=by), by=by),
}
PATH = {
    State.DRAFT: (),
    State.CHECKING: ("send_for_checking",),
    State.CHECKED: ("send_for_checking", "mark"),
    State.PUBLISHED: ("send_for_checking", "mark", "publish"),
}


def reach(state: State, negotiation: Negotiation, by: User) -> Minutes:
    """Open the minutes and take them to a state through their moves."""
    (minutes,) = open_minutes(negotiation, by=by)
    for move in PATH[state]:
        minutes = DO[move](minutes, by)
    return minutes


def test_every_move_is_in_the_table() -> None:
    """The table below tries every move there is."""
    assert set(DO) == set(MOVES)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("move", list(MOVES))
def test_state_and_move(in_scope: County, coordinator: User, hankasalmi: Municipality, state: State, move: str) -> None:
    """A legal move leads where the table says; another is refused and changes nothing."""
    minutes = reach(state, make_held(make_round(in_scope), [hankasalmi]), coordinator)
    sources, target = MOVES[move]
    before = list(Event.objects.values_list("verb", flat=True))
    if state in sources:
        assert DO[move](minutes, coordinator).state == target
        assert Minutes.objects.get().state == target
        assert Event.objects.count() > len(before)
    else:
        with pytest.raises(NotAllowedNow):
            DO[move](minutes, coordinator)
        assert Minutes.objects.get().state == state
        assert list(Event.objects.values_list("verb", flat=True)) == before


def test_minutes_are_of_a_negotiation_that_was_held(in_scope: County, hankasalmi: Municipality) -> None:
    """Not of one that is only planned."""
    with pytest.raises(NotAllowedNow):
        open_minutes(make_negotiation(make_round(in_scope), [hankasalmi]), by=None)


def test_one_document_for_both_duties(in_scope: County, hankasalmi: Municipality) -> None:
    """The default; opening them again makes no more."""
    negotiation = make_held(make_round(in_scope), [hankasalmi], bases=BOTH)
    open_minutes(negotiation, by=None)
    assert [minutes.part for minutes in open_minutes(negotiation, by=None)] == [None]


def test_two_documents_where_the_county_has_set_so(in_scope: County, hankasalmi: Municipality) -> None:
    """One for each duty that was dealt with, each with its own checkers."""
    in_scope.minutes_form = County.MinutesForm.TWO
    in_scope.save()
    round_ = make_round(in_scope)
    opened = open_minutes(make_held(round_, [hankasalmi], bases=BOTH), by=None)
    assert [minutes.part.basis for minutes in opened if minutes.part] == list(BOTH)
    assert [minutes.checks.count() for minutes in opened] == [1, 1]

    half = convene(make_negotiation(round_, [hankasalmi], bases=BOTH, day=date(2024, 10, 3)), by=None)
    half = hold(half, by=None, not_dealt_with=[half.parts.get(legal_basis=LegalBasis.COOPERATION)])
    assert [minutes.part.basis for minutes in open_minutes(half, by=None) if minutes.part] == [LegalBasis.WELFARE]


def test_who_stayed_away_checks_nothing(in_scope: County, hankasalmi: Municipality, joutsa: Municipality) -> None:
    """Checkers are of the municipalities that took part."""
    negotiation = convene(make_negotiation(make_round(in_scope), [hankasalmi, joutsa]), by=None)
    negotiation = hold(negotiation, by=None, stayed_away=[negotiation.parties.get(municipality=joutsa)])
    (minutes,) = open_minutes(negotiation, by=None)
    assert [check.party.municipality for check in minutes.checks.all()] == [hankasalmi]


def test_the_last_mark_makes_them_checked(
    in_scope: County, coordinator: User, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    """The first of two does not, and nobody marks twice."""
    (minutes,) = open_minutes(make_held(make_round(in_scope), [hankasalmi, joutsa]), by=coordinator)
    send_for_checking(minutes, check_by=later(), by=coordinator)
    first, second = minutes.checks.all()
    assert mark(first, by=coordinator).state == State.CHECKING
    with pytest.raises(NotAllowedNow):
        mark(first, by=coordinator)
    assert mark(second, by=coordinator).state == State.CHECKED


def test_marks_do_not_outlive_the_text_they_were_given_to(
    in_scope: County, coordinator: User, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    """Minutes taken back are checked anew."""
    minutes = reach(State.CHECKING, make_held(make_round(in_scope), [hankasalmi, joutsa]), coordinator)
    mark_next(minutes, coordinator)
    return_to_draft(minutes, by=coordinator)
    assert set(minutes.checks.values_list("outcome", "marked_on")) == {("waiting", None)}


def test_a_day_that_has_passed_is_no_day_to_check_by(
    in_scope: County, coordinator: User, hankasalmi: Municipality
) -> None:
    """A later one is asked for."""
    (minutes,) = open_minutes(make_held(make_round(in_scope), [hankasalmi]), by=coordinator)
    with pytest.raises(NotAllowedNow):
        send_for_checking(minutes, check_by=timezone.localdate() - timedelta(days=1), by=coordinator)


def test_the_document_follows_the_minutes(in_scope: County, coordinator: User, hankasalmi: Municipality) -> None:
    """A draft one for the checkers, a final one once checked."""
    minutes = reach(State.CHECKING, make_held(make_round(in_scope), [hankasalmi]), coordinator)
    minutes.refresh_from_db()
    draft = minutes.document
    assert draft is not None and draft.variant == "draft"
    mark_next(minutes, coordinator)
    minutes.refresh_from_db()
    assert minutes.document is not None
    assert (minutes.document.variant, minutes.document.pk == draft.pk) == ("final", False)


# --- Who checks -----------------------------------------------------------------------------------------------


def checkers_of(minutes: Minutes) -> list[str]:
    """Return the parties whose checkers the minutes have."""
    return [check.party.name for check in minutes.checks.all()]


def test_the_county_checks_where_it_has_set_so(in_scope: County, hankasalmi: Municipality) -> None:
    """Organisations never do."""
    in_scope.minutes_checkers = County.Checkers.PARTIES
    in_scope.save()
    negotiation = make_negotiation(make_round(in_scope), [hankasalmi])
    add_parties_of(negotiation, make_organisation(in_scope))
    (minutes,) = open_minutes(hold(convene(negotiation, by=None), by=None), by=None)
    assert sorted(checkers_of(minutes)) == ["Hankasalmi", str(in_scope)]


def test_somebody_checks_though_no_municipality_came(in_scope: County, hankasalmi: Municipality) -> None:
    """The county, as organisations have no checker."""
    negotiation = make_negotiation(make_round(in_scope), [hankasalmi])
    add_parties_of(negotiation, make_organisation(in_scope))
    away = list(negotiation.parties.filter(municipality=hankasalmi))
    (minutes,) = open_minutes(hold(convene(negotiation, by=None), by=None, stayed_away=away), by=None)
    assert checkers_of(minutes) == [str(in_scope)]


def add_parties_of(negotiation: Negotiation, organisation: Organisation) -> None:
    """Add an organisation to the parties."""
    negotiation.parties.create(county_id=negotiation.county_id, organisation=organisation)


def test_minutes_without_a_checker_are_not_sent(in_scope: County, coordinator: User, hankasalmi: Municipality) -> None:
    """They could never become checked."""
    (minutes,) = open_minutes(make_held(make_round(in_scope), [hankasalmi]), by=coordinator)
    remove_checker(minutes.checks.get(), by=coordinator)
    with pytest.raises(NotAllowedNow):
        send_for_checking(minutes, check_by=later(), by=coordinator)


# --- Silence --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("passed", [True, False])
def test_silence_is_a_mark_where_set_and_once_the_date_has_passed(
    counts: bool, passed: bool, in_scope: County, coordinator: User, hankasalmi: Municipality
) -> None:
    """Everywhere else it is refused and leaves no trace."""
    County.objects.update(silence_is_checking=counts)
    minutes = reach(State.CHECKING, make_held(make_round(in_scope), [hankasalmi]), coordinator)
    at = timezone.now() + timedelta(days=15 if passed else 14)
    check = minutes.checks.get()
    if counts and passed:
        assert mark(check, by=coordinator, at=at, outcome=MinutesCheck.Outcome.SILENT).state == State.CHECKED
    else:
        with pytest.raises(NotAllowedNow):
            mark(check, by=coordinator, at=at, outcome=MinutesCheck.Outcome.SILENT)
        assert minutes.checks.get().outcome == MinutesCheck.Outcome.WAITING


def test_the_silent_are_marked_the_day_after_the_date(
    in_scope: County, coordinator: User, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    """On the date itself they still have time; a mark given before stays; minutes taken back are left alone."""
    County.objects.update(silence_is_checking=True)
    in_scope.refresh_from_db()
    round_ = make_round(in_scope)
    minutes = reach(State.CHECKING, make_held(round_, [hankasalmi, joutsa]), coordinator)
    mark_next(minutes, coordinator)
    returned = reach(State.CHECKING, make_held(round_, [joutsa]), coordinator)
    return_to_draft(returned, by=coordinator)
    end = timezone.now() + timedelta(days=14)
    assert mark_the_silent(in_scope, at=end) == 0
    assert mark_the_silent(in_scope, at=end + timedelta(days=1)) == 1
    assert mark_the_silent(in_scope, at=end + timedelta(days=1)) == 0
    minutes.refresh_from_db()
    assert minutes.state == State.CHECKED
    assert set(minutes.checks.values_list("outcome", flat=True)) == {"approved", "silent"}
    assert returned.checks.get().outcome == MinutesCheck.Outcome.WAITING
    (event,) = [event for event in Event.objects.filter(verb="marked") if event.payload["outcome"] == "silent"]
    assert event.user is None


def test_the_daily_task_minds_what_each_county_has_set(
    keski_suomi: County,
    keski_uusimaa: County,
    coordinator: User,
    outsider: User,
    hankasalmi: Municipality,
    mantsala: Municipality,
) -> None:
    """In the one silence means checked, in the other it does not."""
    County.objects.filter(pk=keski_uusimaa.pk).update(silence_is_checking=True)
    sent = []
    for county, place, by in ((keski_suomi, hankasalmi, coordinator), (keski_uusimaa, mantsala, outsider)):
        with scope(county=county):
            minutes = reach(State.CHECKING, make_held(make_round(county), [place]), by)
            Minutes.objects.filter(pk=minutes.pk).update(check_by=timezone.localdate() - timedelta(days=1))
            sent.append(minutes)
    mark_silent_checkers()
    with scopes_disabled():
        assert [Minutes.objects.get(pk=minutes.pk).state for minutes in sent] == [State.CHECKING, State.CHECKED]


def test_the_daily_task_is_on_the_timetable() -> None:
    """Beat sends it by the name under which the worker knows it."""
    assert mark_silent_checkers.name in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}


def test_a_checker_is_led_to_the_mark_and_told_what_to_do(
    in_scope: County,
    hankasalmi: Municipality,
    coordinator: User,
    editor: User,
    reader: User,
    client_for: Callable[[User | None], Client],
) -> None:
    """From any tab of the negotiation to the text, and after it; who cannot mark, and who has, is not asked."""
    negotiation = make_held(make_round(in_scope), [hankasalmi], by=coordinator)
    (minutes,) = open_minutes(negotiation, by=coordinator)
    minutes = send_for_checking(minutes, check_by=later(), by=coordinator)
    first = reverse("negotiation", args=["keski-suomi", negotiation.pk])
    tab = reverse("negotiation_minutes", args=["keski-suomi", negotiation.pk])

    def asked(user: User) -> tuple[bool, int]:
        page = client_for(user).get(tab).content.decode()
        assert ("huomauta siitä tai ehdota muutosta" in page) == ("Luin tekstin" in page)
        is_led = "Tarkasta pöytäkirja viimeistään" in client_for(user).get(first).content.decode()
        return is_led, page.count('value="approved"')

    assert asked(editor) == (True, 2)
    assert asked(reader) == (False, 0)
    # The coordinator enters marks that came otherwise: by the row of the checker.
    assert asked(coordinator) == (False, 1)
    mark(minutes.checks.get(), by=editor)
    assert asked(editor) == (False, 0)
