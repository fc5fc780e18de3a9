"""Signatures of the chair and the secretary, who is replaced as a checker, and corrections of checked minutes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from municipalities.models import County, Event, Municipality, User
from municipalities.moves import NotAllowedNow
from negotiations.minutes import correcting
from negotiations.minutes.checkers import replace_checker
from negotiations.minutes.checking import mark, open_minutes, publish, return_to_draft, send_for_checking
from negotiations.minutes.signing import is_of, name_signer, sign, sign_all, signatures_of, take_back
from negotiations.models import (
    CheckerReplacement,
    CorrectionEntry,
    Minutes,
    MinutesCheck,
    MinutesSignature,
    Negotiation,
)
from tests.factories import make_held, make_round
from tests.negotiations.test_checking import State, later, reach

Way = MinutesSignature.Way
Role = MinutesSignature.Role


@pytest.fixture
def held(in_scope: County, hankasalmi: Municipality, coordinator: User) -> Negotiation:
    """A negotiation with a chair, and the coordinator as its secretary."""
    return make_held(make_round(in_scope), [hankasalmi], by=coordinator, chair="Anna Puhe", secretary="Coordinator")


@pytest.fixture
def checked(held: Negotiation, coordinator: User) -> Minutes:
    """Its minutes, checked."""
    return reach(State.CHECKED, held, coordinator)


def of(minutes: Minutes, role: str) -> MinutesSignature:
    """Return a signature."""
    row: MinutesSignature = minutes.signatures.get(role=role)
    return row


def test_the_chair_and_the_secretary_have_a_place_to_sign(held: Negotiation, coordinator: User) -> None:
    """By the names of the negotiation, as they are when the minutes are sent."""
    (minutes,) = open_minutes(held, by=coordinator)
    assert [(row.role, row.name) for row in signatures_of(minutes)] == [
        ("chair", "Anna Puhe"),
        ("secretary", "Coordinator"),
    ]
    Negotiation.objects.filter(pk=held.pk).update(chair="Bertta Puhe")
    send_for_checking(Minutes.objects.get(pk=minutes.pk), check_by=later(), by=coordinator)
    assert of(minutes, "chair").name == "Bertta Puhe"


def test_minutes_are_published_once_both_have_signed(checked: Minutes, coordinator: User) -> None:
    """What is missing is named; the version that was signed is kept."""
    with pytest.raises(NotAllowedNow, match="puheenjohtaja, sihteeri"):
        publish(checked, by=coordinator)
    sign(of(checked, "chair"), way=Way.PAPER, by=coordinator)
    with pytest.raises(NotAllowedNow, match=r": sihteeri\."):
        publish(checked, by=coordinator)
    sign(of(checked, "secretary"), way=Way.HERE, by=coordinator)
    assert publish(checked, by=coordinator).state == State.PUBLISHED
    assert {row.version.number for row in checked.signatures.all() if row.version} == {1}
    assert Event.objects.filter(verb="signed").count() == 2


def test_a_county_may_do_without_signatures(in_scope: County, checked: Minutes, coordinator: User) -> None:
    """Then checked minutes are published as they are."""
    in_scope.signs_minutes = False
    in_scope.save()
    assert publish(Minutes.objects.get(pk=checked.pk), by=coordinator).state == State.PUBLISHED


@pytest.mark.parametrize("days", [1, -4000])
def test_the_day_of_signing_is_possible(days: int, checked: Minutes, coordinator: User) -> None:
    """Neither still to come nor before the negotiation."""
    day = timezone.localdate() + timedelta(days=days)
    with pytest.raises(NotAllowedNow):
        sign(of(checked, "chair"), way=Way.PAPER, signed_on=day, by=coordinator)
    assert of(checked, "chair").signed_on is None


def test_in_the_application_everyone_signs_for_themselves(checked: Minutes, coordinator: User, editor: User) -> None:
    """Known by the address where there is one, by the name else."""
    with pytest.raises(NotAllowedNow, match="vain puheenjohtaja itse"):
        sign(of(checked, "chair"), way=Way.HERE, by=coordinator)
    chair = of(checked, "chair")
    chair.email = editor.email.upper()
    assert is_of(chair, editor) and not is_of(chair, coordinator) and not is_of(chair, None)
    assert not is_of(MinutesSignature(name=""), User(name=""))
    assert sign(of(checked, "secretary"), way=Way.HERE, by=coordinator).way == Way.HERE


def test_nobody_signs_by_calling_themselves_what_the_chair_is_called(
    checked: Minutes, editor: User, client_for: Callable[[User | None], Client]
) -> None:
    """Each writes their own name: it makes nobody the chair who could not enter the signature in any case."""
    client = client_for(editor)
    assert client.post("/oma/", {"name": "Anna Puhe", "language": "fi"}).status_code == 302
    editor = User.objects.get(pk=editor.pk)
    assert editor.name == "Anna Puhe" and not is_of(of(checked, "chair"), editor)
    address = reverse("minutes_sign", args=["keski-suomi", checked.pk, "puheenjohtaja"])
    assert client.get(address).status_code == 403
    assert client.post(address, {"way": "here"}).status_code == 403
    with pytest.raises(NotAllowedNow, match="vain puheenjohtaja itse"):
        sign(of(checked, "chair"), way=Way.HERE, by=editor)
    assert of(checked, "chair").signed_on is None


def test_a_signature_entered_by_mistake_is_taken_back(checked: Minutes, coordinator: User) -> None:
    """One that was given by the signer stays; none is signed twice."""
    chair = sign(of(checked, "chair"), way=Way.PAPER, by=coordinator)
    with pytest.raises(NotAllowedNow, match="jo allekirjoittanut"):
        sign(chair, way=Way.PAPER, by=coordinator)
    take_back(chair, by=coordinator)
    assert of(checked, "chair").signed_on is None
    secretary = sign(of(checked, "secretary"), way=Way.HERE, by=coordinator)
    with pytest.raises(NotAllowedNow):
        take_back(secretary, by=coordinator)


def test_another_may_sign_in_the_chairs_stead(checked: Minutes, coordinator: User) -> None:
    """Named until the signature is there; the address goes in its time."""
    chair = of(checked, "chair")
    chair.name, chair.email = "Celia Sijainen", "celia@example.fi"
    name_signer(chair, fields=["name", "email"], by=coordinator)
    fresh = of(checked, "chair")
    assert (fresh.name, fresh.delete_after is not None) == ("Celia Sijainen", True)
    sign(fresh, way=Way.PAPER, by=coordinator)
    with pytest.raises(NotAllowedNow):
        name_signer(fresh, fields=["name"], by=coordinator)


def test_minutes_begun_before_there_were_signatures(checked: Minutes, coordinator: User) -> None:
    """Their places to sign are made when they are signed."""
    checked.signatures.all().delete()
    fresh = Minutes.objects.get(pk=checked.pk)
    assert [row.pk for row in signatures_of(fresh)] == [None, None]
    assert publish(sign_all(fresh, by=coordinator), by=coordinator).state == State.PUBLISHED


def test_the_page_of_a_signature(
    checked: Minutes, coordinator: User, client_for: Callable[[User | None], Client]
) -> None:
    """Its choices are those that one has; the tab tells what is missing and why it cannot be published."""
    client = client_for(coordinator)
    tab = reverse("negotiation_minutes", args=["keski-suomi", checked.negotiation_id])
    text = client.get(tab).content.decode()
    assert "allekirjoitus puuttuu" in text and reverse("minutes_publish", args=["keski-suomi", checked.pk]) not in text
    chair = reverse("minutes_sign", args=["keski-suomi", checked.pk, "puheenjohtaja"])
    secretary = reverse("minutes_sign", args=["keski-suomi", checked.pk, "sihteeri"])
    assert "Allekirjoitan itse" not in client.get(chair).content.decode()
    assert "Allekirjoitan itse" in client.get(secretary).content.decode()
    today = timezone.localdate().isoformat()
    assert client.post(chair, {"way": "here", "signed_on": today}).status_code == 422
    assert client.post(chair, {"way": "paper", "signed_on": "31.2.2026"}).status_code == 422
    assert client.post(chair, {"way": "paper", "signed_on": today}).status_code == 302
    assert client.post(secretary, {"way": "here", "signed_on": today}).status_code == 302
    assert client.get(reverse("minutes_sign", args=["keski-suomi", checked.pk, "joku"])).status_code == 404
    assert reverse("minutes_publish", args=["keski-suomi", checked.pk]) in client.get(tab).content.decode()


# --- Replacing a checker ----------------------------------------------------------------------------------------


def test_a_checker_is_replaced_with_a_reason(
    held: Negotiation, coordinator: User, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    """The former's mark counts no more, and who they were is kept."""
    (minutes,) = open_minutes(held, by=coordinator)
    other = MinutesCheck.objects.create(
        county_id=minutes.county_id, minutes=minutes, party=held.parties.get(municipality=None)
    )
    MinutesCheck.objects.filter(minutes=minutes).exclude(pk=other.pk).update(name="Entinen", role="sihteeri")
    send_for_checking(minutes, check_by=later(), by=coordinator)
    check = minutes.checks.exclude(pk=other.pk).get()
    mark(check, by=coordinator)
    with pytest.raises(NotAllowedNow, match="Kerro, miksi"):
        replace_checker(check, name="Uusi", role="", reason=" ", by=coordinator)
    with pytest.raises(NotAllowedNow, match="nimi tai rooli"):
        replace_checker(check, name=" ", role="", reason="Vaihtui.", by=coordinator)
    made = replace_checker(check, name="Uusi", role="", email="uusi@example.fi", reason="Vaihtui.", by=coordinator)
    assert (made.name, made.outcome, made.marked_on, made.version) == ("Uusi", "waiting", None, None)
    assert made.delete_after is not None
    kept = CheckerReplacement.objects.get()
    assert (kept.name, kept.role, kept.reason) == ("Entinen", "sihteeri", "Vaihtui.")


def test_checkers_of_checked_minutes_stay(checked: Minutes, coordinator: User) -> None:
    """Who checked is part of what was checked."""
    with pytest.raises(NotAllowedNow):
        replace_checker(checked.checks.get(), name="Uusi", role="", reason="Vaihtui.", by=coordinator)


# --- Corrections ------------------------------------------------------------------------------------------------


def entry(correction: Minutes, place: str = "1 §, sovittu", **fields: str) -> CorrectionEntry:
    """Return a correction that is not saved yet."""
    values = {"was": "Väärin.", "now": "Oikein.", "reason": "Kirjausvirhe."} | fields
    return CorrectionEntry(county_id=correction.county_id, minutes=correction, place=place, **values)


@pytest.fixture
def correction(checked: Minutes, coordinator: User) -> Minutes:
    """A correction of the minutes, with one entry."""
    checked.checks.update(name="Tarkastaja", email="t@example.fi", delete_after=timezone.localdate())
    made = correcting.begin(publish(sign_all(checked, by=coordinator), by=coordinator), by=coordinator)
    correcting.add_entry(entry(made), by=coordinator)
    return made


def test_a_correction_goes_the_way_of_the_minutes(
    checked: Minutes,
    correction: Minutes,
    coordinator: User,
    editor: User,
    client_for: Callable[[User | None], Client],
) -> None:
    """Checked by the same, signed and published; what it corrects stays as it is, to the letter."""
    before = Minutes.objects.values().get(pk=checked.pk)
    assert correction.corrects == checked
    assert correction.checks.get().name == "Tarkastaja"
    minutes = send_for_checking(correction, check_by=later(), by=coordinator)
    minutes = mark(minutes.checks.get(), by=coordinator)
    assert publish(sign_all(minutes, by=coordinator), by=coordinator).state == State.PUBLISHED
    assert Minutes.objects.values().get(pk=checked.pk) == before
    tab = reverse("negotiation_minutes", args=["keski-suomi", checked.negotiation_id])
    assert "Tätä pöytäkirjaa on oikaistu" in client_for(editor).get(tab).content.decode()
    version = correction.versions.get()
    assert [one["now"] for one in version.content["corrections"]] == ["Oikein."]


def test_only_checked_minutes_are_corrected(held: Negotiation, coordinator: User) -> None:
    """Others are mended themselves."""
    minutes = reach(State.CHECKING, held, coordinator)
    with pytest.raises(NotAllowedNow, match="korjaa itse pöytäkirjaa"):
        correcting.begin(minutes, by=coordinator)


def test_one_correction_at_a_time(checked: Minutes, correction: Minutes, coordinator: User) -> None:
    """And none of a correction; after it has been checked, another may follow."""
    with pytest.raises(NotAllowedNow, match="vielä kesken"):
        correcting.begin(checked, by=coordinator)
    mark(send_for_checking(correction, check_by=later(), by=coordinator).checks.get(), by=coordinator)
    with pytest.raises(NotAllowedNow, match="itse oikaisu"):
        correcting.begin(Minutes.objects.get(pk=correction.pk), by=coordinator)
    assert correcting.begin(checked, by=coordinator).corrects == checked


def test_a_correction_of_nothing_is_not_sent(correction: Minutes, coordinator: User) -> None:
    """It would say nothing."""
    correcting.remove_entry(correction.entries.get(), by=coordinator)
    with pytest.raises(NotAllowedNow, match="Mitään ei ole"):
        send_for_checking(correction, check_by=later(), by=coordinator)


def test_a_correction_begun_in_vain_is_removed(checked: Minutes, correction: Minutes, coordinator: User) -> None:
    """Not once it has been sent, and never the minutes themselves."""
    with pytest.raises(NotAllowedNow):
        correcting.drop(checked, by=coordinator)
    send_for_checking(correction, check_by=later(), by=coordinator)
    back = return_to_draft(correction, by=coordinator)
    with pytest.raises(NotAllowedNow, match="jo lähetetty"):
        correcting.drop(back, by=coordinator)
    mark(send_for_checking(back, check_by=later(), by=coordinator).checks.get(), by=coordinator)
    vain = correcting.begin(checked, by=coordinator)
    assert correcting.drop(vain, by=coordinator) == checked
    assert list(Minutes.objects.filter(corrects=checked)) == [correction]


def test_corrections_are_numbered_and_come_back_to_their_place(correction: Minutes, coordinator: User) -> None:
    """From one, in the order of entering."""
    for number in (2, 3):
        correcting.add_entry(entry(correction, f"{number} §"), by=coordinator)
    second = correction.entries.get(position=2)
    kept = correcting.remove_entry(second, by=coordinator)
    assert list(correction.entries.values_list("position", "place")) == [(1, "1 §, sovittu"), (2, "3 §")]
    correcting.restore_entry(correction, kept, by=coordinator)
    assert [row.place for row in correction.entries.order_by("position")] == ["1 §, sovittu", "2 §", "3 §"]


def test_a_correction_shuts_nothing_else(
    correction: Minutes, editor: User, coordinator: User, client_for: Callable[[User | None], Client]
) -> None:
    """The tab tells the old one that it has been corrected; a draft of it is the county's own."""
    tab = reverse("negotiation_minutes", args=["keski-suomi", correction.negotiation_id])
    mine = client_for(coordinator).get(tab).content.decode()
    assert "Pöytäkirjan oikaisu on kesken" in mine and "Oikein." in mine
    theirs = client_for(editor).get(tab).content.decode()
    assert "Oikein." not in theirs and "oikaistu" not in theirs
    add = reverse("minutes_entry_add", args=["keski-suomi", correction.pk])
    same = client_for(coordinator).post(add, {"place": "2 §", "was": "a", "now": "a", "reason": "x"})
    assert same.status_code == 422 and "Teksti on ennallaan" in same.content.decode()


def test_a_correction_is_published_after_what_it_corrects(checked: Minutes, coordinator: User) -> None:
    """Until then nobody outside has the minutes that it speaks of."""
    made = correcting.begin(checked, by=coordinator)
    correcting.add_entry(entry(made), by=coordinator)
    mark(send_for_checking(made, check_by=later(), by=coordinator).checks.get(), by=coordinator)
    made = sign_all(Minutes.objects.get(pk=made.pk), by=coordinator)
    with pytest.raises(NotAllowedNow, match="ei ole vielä julkaistu"):
        publish(made, by=coordinator)
    publish(sign_all(checked, by=coordinator), by=coordinator)
    assert publish(Minutes.objects.get(pk=made.pk), by=coordinator).state == State.PUBLISHED


def test_who_signs_in_anothers_stead_does_so_after_the_minutes_were_sent_again(
    held: Negotiation, coordinator: User
) -> None:
    """An address alone names nobody else: there the name follows that of the negotiation."""
    minutes = reach(State.CHECKING, held, coordinator)
    for role, values in (("chair", {"name": "Vara Puhe"}), ("secretary", {"email": "s@example.fi"})):
        row = of(minutes, role)
        for field, value in values.items():
            setattr(row, field, value)
        name_signer(row, fields=list(values), by=coordinator)
    draft = return_to_draft(minutes, by=coordinator)
    Negotiation.objects.filter(pk=held.pk).update(chair="Bertta Puhe", secretary="Saara Sihteeri")
    send_for_checking(draft, check_by=later(), by=coordinator)
    assert (of(minutes, "chair").name, of(minutes, "secretary").name) == ("Vara Puhe", "Saara Sihteeri")
