"""Remarks of checkers: comments and proposed wordings, accepted or rejected, and what that does to the minutes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from municipalities.models import County, Event, Municipality, User
from municipalities.moves import NotAllowedNow
from negotiations.minutes import versions
from negotiations.minutes.amending import amend_item
from negotiations.minutes.checkers import remove_checker, replace_checker
from negotiations.minutes.checking import (
    mark,
    mark_the_silent,
    return_to_draft,
    send_for_checking,
    silence_counts_after,
)
from negotiations.minutes.remarks import accept, reject, remark, text_now
from negotiations.models import AgendaItem, Minutes, MinutesCheck, MinutesRemark, MinutesVersion, Part
from negotiations.sitting.agenda import remove_item
from negotiations.sitting.live_writing import LONGEST
from tests.factories import make_held, make_round
from tests.negotiations.test_checking import State, later, reach

Kind = MinutesVersion.Kind
Outcome = MinutesCheck.Outcome


@pytest.fixture
def checking(in_scope: County, coordinator: User, hankasalmi: Municipality, joutsa: Municipality) -> Minutes:
    """Minutes of two municipalities that are being checked."""
    return reach(State.CHECKING, make_held(make_round(in_scope), [hankasalmi, joutsa]), coordinator)


@pytest.fixture
def item(checking: Minutes) -> AgendaItem:
    """The first item."""
    row: AgendaItem = AgendaItem.objects.filter(part__negotiation=checking.negotiation_id).earliest("position")
    return row


@pytest.fixture
def checks(checking: Minutes) -> list[MinutesCheck]:
    """Both checkers."""
    return list(checking.checks.order_by("pk"))


def propose(check: MinutesCheck, item: AgendaItem, words: str = "Sovittiin paremmin.") -> MinutesRemark:
    """Propose other words for what was agreed."""
    return remark(check, 1, item=item, field="agreed", proposed=words, text="Tarkennus.", by=None)


def test_a_wording_is_accepted_as_it_was_proposed(
    checking: Minutes, item: AgendaItem, checks: list[MinutesCheck], coordinator: User
) -> None:
    """It makes a version with those words; as a typo the other's mark stays."""
    mark(checks[1], by=coordinator)
    made = accept(propose(checks[0], item), kind=Kind.TYPO, by=coordinator)
    assert made is not None and (made.number, made.kind) == (2, Kind.TYPO)
    item.refresh_from_db()
    assert item.agreed == "Sovittiin paremmin."
    row = MinutesRemark.objects.get()
    assert row.state == MinutesRemark.State.ACCEPTED and row.decided_at is not None
    assert checking.checks.get(pk=checks[1].pk).outcome == Outcome.APPROVED
    assert Event.objects.get(verb="remark_accepted").payload["as_proposed"] is True


def test_a_wording_is_accepted_with_other_words(
    checking: Minutes, item: AgendaItem, checks: list[MinutesCheck], coordinator: User
) -> None:
    """The log tells that they are other; a change of matter voids the marks."""
    mark(checks[1], by=coordinator)
    accept(propose(checks[0], item), kind=Kind.MATTER, wording="Sovittiin näin.", reason="Lyhyemmin.", by=coordinator)
    latest = versions.latest(checking)
    assert latest is not None and latest.content["parts"][0]["items"][0]["agreed"] == "Sovittiin näin."
    assert not checking.checks.exclude(outcome=Outcome.WAITING).exists()
    assert Event.objects.get(verb="remark_accepted").payload["as_proposed"] is False


def test_an_empty_proposal_leaves_the_text_out(item: AgendaItem, checks: list[MinutesCheck], coordinator: User) -> None:
    """It is another thing than no proposal."""
    accept(propose(checks[0], item, ""), kind=Kind.TYPO, by=coordinator)
    item.refresh_from_db()
    assert item.agreed == ""


def test_a_remark_is_rejected_with_a_reason_only(
    checking: Minutes, item: AgendaItem, checks: list[MinutesCheck], coordinator: User
) -> None:
    """The checker reads it; no version is made."""
    row = propose(checks[0], item)
    with pytest.raises(NotAllowedNow, match="Perustele"):
        reject(row, reason=" ", by=coordinator)
    reject(row, reason="Kirjattu niin kuin sovittiin.", by=coordinator)
    assert MinutesRemark.objects.get().reason == "Kirjattu niin kuin sovittiin."
    assert MinutesVersion.objects.filter(minutes=checking).count() == 1


def test_what_is_decided_stays_decided(item: AgendaItem, checks: list[MinutesCheck], coordinator: User) -> None:
    """Neither accepted nor rejected a second time."""
    row = propose(checks[0], item)
    reject(row, reason="Ei.", by=coordinator)
    for again in (
        lambda: reject(row, reason="Ei.", by=coordinator),
        lambda: accept(row, kind=Kind.TYPO, by=coordinator),
    ):
        with pytest.raises(NotAllowedNow, match="jo ratkaistu"):
            again()


def test_a_comment_is_accepted_without_a_version(
    checking: Minutes, checks: list[MinutesCheck], coordinator: User
) -> None:
    """Of the whole it changes no text by itself."""
    row = remark(checks[0], 1, text="Hyvin kirjattu.", by=None)
    assert accept(row, reason="Kiitos.", by=coordinator) is None
    assert MinutesVersion.objects.filter(minutes=checking).count() == 1


@pytest.mark.parametrize("last", ["mark", "reject", "accept"])
def test_the_last_mark_or_the_last_decision_settles(
    last: str, checking: Minutes, item: AgendaItem, checks: list[MinutesCheck], coordinator: User
) -> None:
    """Minutes are not checked while a remark is open, even where everyone has marked them."""
    row = propose(checks[0], item)
    mark(checks[0], by=coordinator)
    if last == "mark":
        reject(row, reason="Ei.", by=coordinator)
        assert mark(checks[1], by=coordinator).state == State.CHECKED
        return
    assert mark(checks[1], by=coordinator).state == State.CHECKING
    if last == "reject":
        reject(row, reason="Ei.", by=coordinator)
    else:
        accept(row, kind=Kind.TYPO, by=coordinator)
    checking.refresh_from_db()
    assert checking.state == State.CHECKED
    assert checking.document is not None and checking.document.variant == "final"


def test_a_matter_accepted_last_does_not_settle(
    checking: Minutes, item: AgendaItem, checks: list[MinutesCheck], coordinator: User
) -> None:
    """The marks are void with it."""
    row = propose(checks[0], item)
    for check in checks:
        mark(check, by=coordinator)
    accept(row, kind=Kind.MATTER, by=coordinator)
    checking.refresh_from_db()
    assert checking.state == State.CHECKING


BAD: dict[str, dict[str, object]] = {
    "says nothing": {},
    "only white space": {"text": " \n "},
    "of the whole, with words": {"proposed": "Sanoja."},
    "of no text": {"proposed": "Sanoja.", "item": True},
    "of a text that items have not": {"proposed": "Sanoja.", "item": True, "field": "opening"},
    "the same words": {"proposed": " Sovittiin 1.\r\n", "item": True, "field": "agreed"},
    "too long": {"text": "a" * (LONGEST + 1)},
}


@pytest.mark.parametrize("given_", BAD.values(), ids=BAD)
def test_a_remark_makes_sense(given_: dict[str, object], item: AgendaItem, checks: list[MinutesCheck]) -> None:
    """What says nothing is refused in words, and leaves no trace."""
    fields: dict[str, object] = dict(given_)
    if fields.pop("item", False):
        fields["item"] = item
    with pytest.raises(ValidationError):
        remark(checks[0], 1, by=None, **fields)  # type: ignore[arg-type]
    assert not MinutesRemark.objects.exists()


def test_a_remark_is_of_what_the_minutes_tell(
    checks: list[MinutesCheck], in_scope: County, joutsa: Municipality
) -> None:
    """Not of an item, or a part, of other minutes."""
    other = make_held(make_round(in_scope, name="Toinen"), [joutsa])
    part = Part.objects.get(negotiation=other)
    with pytest.raises(ValidationError):
        remark(checks[0], 1, item=part.items.all()[0], text="Väärä.", by=None)
    with pytest.raises(ValidationError):
        remark(checks[0], 1, part=part, text="Väärä.", by=None)


def test_who_has_marked_remarks_no_more(checks: list[MinutesCheck], coordinator: User) -> None:
    """The mark says that the text is right."""
    mark(checks[0], by=coordinator)
    with pytest.raises(NotAllowedNow):
        remark(checks[0], 1, text="Sittenkin.", by=None)


def test_a_remark_on_a_version_that_was_edited_meanwhile(
    item: AgendaItem, checks: list[MinutesCheck], coordinator: User
) -> None:
    """It is of another text than the one there is."""
    amend_item(item, {"agreed": "Toisin."}, kind=Kind.TYPO, by=coordinator)
    with pytest.raises(NotAllowedNow):
        propose(checks[0], item)


def test_in_a_draft_an_accepted_wording_goes_into_the_text(
    checking: Minutes, item: AgendaItem, checks: list[MinutesCheck], coordinator: User
) -> None:
    """Taken back with an open remark, the minutes are not sent before it is decided on; no version is made of it."""
    row = propose(checks[0], item)
    return_to_draft(checking, by=coordinator)
    with pytest.raises(NotAllowedNow, match="ratkaisematta"):
        send_for_checking(checking, check_by=later(), by=coordinator)
    assert text_now(Minutes.objects.get(pk=checking.pk), row) == "Sovittiin 1."
    assert accept(row, by=coordinator) is None
    item.refresh_from_db()
    assert (item.agreed, MinutesVersion.objects.filter(minutes=checking).count()) == ("Sovittiin paremmin.", 1)
    assert send_for_checking(checking, check_by=later(), by=coordinator).state == State.CHECKING


def test_words_that_the_text_has_by_now_are_accepted_as_they_are(
    checking: Minutes,
    item: AgendaItem,
    checks: list[MinutesCheck],
    coordinator: User,
    client_for: Callable[[User | None], Client],
) -> None:
    """Somebody has mended it meanwhile just so: no version is made of it, and nobody has to reject what is right."""
    row = propose(checks[0], item)
    amend_item(item, {"agreed": "Sovittiin paremmin."}, kind=Kind.TYPO, by=coordinator)
    page = reverse("minutes_remark", args=["keski-suomi", row.pk])
    assert client_for(coordinator).post(page, {"decision": "accept"}).status_code == 302
    row.refresh_from_db()
    assert (row.state, MinutesVersion.objects.filter(minutes=checking).count()) == (MinutesRemark.State.ACCEPTED, 2)


# --- Silence ----------------------------------------------------------------------------------------------------


def test_who_has_made_a_remark_has_not_been_silent(
    in_scope: County, checking: Minutes, item: AgendaItem, checks: list[MinutesCheck], coordinator: User
) -> None:
    """While it is open, and for some days after it was decided on; the other one has been silent."""
    in_scope.silence_is_checking = True
    in_scope.save()
    row = propose(checks[0], item)
    end = timezone.now() + timedelta(days=15)
    assert mark_the_silent(in_scope, at=end) == 1
    with pytest.raises(NotAllowedNow, match="joka on vielä ratkaisematta"):
        mark(checks[0], by=coordinator, at=end, outcome=Outcome.SILENT)
    reject(row, reason="Ei.", by=coordinator, at=end)
    assert mark_the_silent(in_scope, at=end + timedelta(days=in_scope.remind_days)) == 0
    assert mark_the_silent(in_scope, at=end + timedelta(days=in_scope.remind_days + 1)) == 1
    checking.refresh_from_db()
    assert checking.state == State.CHECKED


@given(left=st.integers(-60, 60), ago=st.none() | st.integers(-60, 60), days=st.integers(0, 30))
def test_silence_never_counts_before_the_date(left: int, ago: int | None, days: int) -> None:
    """A decision only ever gives more time."""
    today = date(2026, 12, 1)
    check_by = today + timedelta(days=left)
    decided = None if ago is None else today + timedelta(days=ago)
    found = silence_counts_after(check_by, decided_on=decided, remind_days=days)
    assert found >= check_by
    assert decided is None or found >= decided


# --- The page ---------------------------------------------------------------------------------------------------


def test_the_page_of_a_decision(
    checking: Minutes,
    item: AgendaItem,
    checks: list[MinutesCheck],
    coordinator: User,
    client_for: Callable[[User | None], Client],
) -> None:
    """It shows what is proposed beside what there is; asks for a reason to reject; edits the words to accept."""
    row = propose(checks[0], item)
    client = client_for(coordinator)
    page = reverse("minutes_remark", args=["keski-suomi", row.pk])
    tab = reverse("negotiation_minutes", args=["keski-suomi", checking.negotiation_id])
    shown = client.get(tab).content.decode()
    assert page in shown and "Ratkaise huomautus" in shown and "Yksi huomautus odottaa" in shown
    text = client.get(page).content.decode()
    assert "<ins>" in text and "<del>" in text and "lisätty" in text
    refused = client.post(page, {"decision": "reject"})
    assert refused.status_code == 422 and "Perustele, miksi huomautus hylätään" in refused.content.decode()
    same = client.post(page, {"decision": "typo", "wording": "Sovittiin 1."})
    assert same.status_code == 422 and "Teksti on ennallaan" in same.content.decode()
    assert client.post(page, {"decision": "maybe"}).status_code == 422
    done = client.post(page, {"decision": "matter", "wording": "Sovittiin muuten."})
    assert done.status_code == 302
    item.refresh_from_db()
    assert item.agreed == "Sovittiin muuten."
    assert client.get(page).status_code == 409
    late = client.post(page, {"decision": "reject", "reason": "Pitkä perustelu."})
    assert late.status_code == 409 and "Pitkä perustelu." in late.content.decode()


def test_words_weighed_against_a_text_that_another_has_changed_are_not_saved_over_it(
    item: AgendaItem,
    checks: list[MinutesCheck],
    coordinator: User,
    client_for: Callable[[User | None], Client],
) -> None:
    """Two remarks on one text, decided in two windows: the second shows both texts, and is saved when sent again."""
    first, second = propose(checks[0], item, "Sovittiin ensin."), propose(checks[1], item, "Sovittiin sitten.")
    client = client_for(coordinator)
    page = reverse("minutes_remark", args=["keski-suomi", second.pk])
    sent = {
        "read": client.get(page).context["form"].initial["read"],
        "decision": "typo",
        "wording": "Sovittiin sitten.",
    }
    accept(first, kind=Kind.TYPO, by=coordinator)
    refused = client.post(page, sent)
    assert refused.status_code == 409
    assert "Sovittiin ensin." in refused.content.decode() and "Sovittiin sitten." in refused.content.decode()
    item.refresh_from_db()
    assert item.agreed == "Sovittiin ensin."
    again = sent | {"read": refused.context["form"]["read"].value(), "wording": "Sovittiin ensin ja sitten."}
    assert client.post(page, again).status_code == 302
    item.refresh_from_db()
    assert item.agreed == "Sovittiin ensin ja sitten."


def test_in_a_draft_too_what_was_written_meanwhile_is_shown(
    checking: Minutes,
    item: AgendaItem,
    checks: list[MinutesCheck],
    coordinator: User,
    client_for: Callable[[User | None], Client],
) -> None:
    """The text of a draft is written by autosave: a remark that waits is not accepted over it unseen."""
    row = propose(checks[0], item)
    return_to_draft(checking, by=coordinator)
    client = client_for(coordinator)
    page = reverse("minutes_remark", args=["keski-suomi", row.pk])
    sent = {"read": client.get(page).context["form"].initial["read"], "decision": "accept", "wording": "Paremmin."}
    AgendaItem.objects.filter(pk=item.pk).update(agreed="Kirjoitettu sillä välin.")
    assert client.post(page, sent).status_code == 409
    item.refresh_from_db()
    assert item.agreed == "Kirjoitettu sillä välin."
    assert client.post(page, sent | {"decision": "reject", "reason": "Ei."}).status_code == 302


def test_a_text_as_long_as_the_sitting_lets_write_is_remarked_on_and_mended(
    checking: Minutes,
    item: AgendaItem,
    coordinator: User,
    editor: User,
    client_for: Callable[[User | None], Client],
) -> None:
    """A comment on it, and a typo in its title: the long text beside them does not stand in the way."""
    long = "Sana. " * 6_000
    amend_item(item, {"discussion": long}, kind=Kind.TYPO, by=coordinator)
    page = reverse("minutes_check_remark", args=["keski-suomi", checking.pk, f"kohta-{item.pk}"])
    form = client_for(editor).get(page).context["form"]
    sent = {field.name: field.value() or "" for field in form} | {"comment": "Otsikko on väärin."}
    assert client_for(editor).post(page, sent).status_code == 302
    page = reverse("minutes_amend_item", args=["keski-suomi", checking.pk, item.pk])
    form = client_for(coordinator).get(page).context["form"]
    sent = {field.name: field.value() or "" for field in form} | {"title": "Oikea otsikko", "kind": "typo"}
    assert client_for(coordinator).post(page, sent).status_code == 302
    item.refresh_from_db()
    assert (item.title, item.discussion) == ("Oikea otsikko", long.strip())


# --- What remarks hang on -----------------------------------------------------------------------------------------


def test_remarks_do_not_go_with_what_they_are_of(
    checking: Minutes, item: AgendaItem, checks: list[MinutesCheck], coordinator: User
) -> None:
    """In a draft that was taken back neither the item nor the checker is removed: the remark is to be decided on."""
    propose(checks[0], item)
    return_to_draft(checking, by=coordinator)
    with pytest.raises(NotAllowedNow, match="huomautuksia, joten sitä ei voi poistaa"):
        remove_item(item, by=coordinator)
    with pytest.raises(NotAllowedNow, match="Vaihda sen sijaan tarkastaja"):
        remove_checker(checks[0], by=coordinator)
    assert MinutesRemark.objects.filter(state=MinutesRemark.State.OPEN).count() == 1
    other = AgendaItem.objects.filter(part=item.part).exclude(pk=item.pk).get()
    remove_item(other, by=coordinator)
    remove_checker(checks[1], by=coordinator)


def test_who_took_anothers_place_has_time_before_silence_counts(
    in_scope: County, checking: Minutes, checks: list[MinutesCheck], coordinator: User
) -> None:
    """After the date too: as many days as checkers are reminded beforehand."""
    in_scope.silence_is_checking = True
    in_scope.save()
    end = timezone.now() + timedelta(days=15)
    replace_checker(checks[0], name="Uusi Tarkastaja", role="", reason="Sairastui.", by=coordinator, at=end)
    assert mark_the_silent(in_scope, at=end) == 1
    with pytest.raises(NotAllowedNow, match="vasta äskettäin tullut toisen tilalle"):
        mark(checks[0], by=coordinator, at=end, outcome=Outcome.SILENT)
    assert mark_the_silent(in_scope, at=end + timedelta(days=in_scope.remind_days)) == 0
    assert mark_the_silent(in_scope, at=end + timedelta(days=in_scope.remind_days + 1)) == 1
    checking.refresh_from_db()
    assert checking.state == State.CHECKED
