"""When the parties of a round can come: what is answered, known and clashes, and who is asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from indicators.models import IndicatorSet
from municipalities.models import (
    Card,
    CardContact,
    CardYear,
    Event,
    Membership,
    Municipality,
    Person,
    PersonContact,
    User,
)
from municipalities.moves import NotAllowedNow
from negotiations.models import AvailabilityInquiry, Round, Slot
from negotiations.planning.availability import COUNTY, Availability, Suits, asking, key_of, read
from negotiations.planning.availability.answering import answer, read_sheet
from negotiations.planning.availability.overview import Placed, read_overview, unsuitable
from negotiations.planning.availability.people import Reachable, best_of, suggested, whom_to_call
from tests.factories import (
    make_municipality,
    make_negotiation,
    make_organisation,
    make_person,
    make_round,
    make_user,
)
from tests.negotiations.asked import ask, coming, make_slots, place, round_, slots

__all__ = ["round_", "slots"]

# --- The rule -----------------------------------------------------------------------------------------------------

ANSWERS = st.dictionaries(
    st.tuples(st.sampled_from(["m1", "m2", "o1", COUNTY]), st.integers(1, 4)), st.sampled_from(Suits)
)
PLACED = st.lists(
    st.builds(
        Placed,
        st.integers(1, 9),
        st.just("Neuvottelu"),
        st.integers(1, 4),
        st.frozensets(st.sampled_from(["m1", "m2", "o1"])),
    ),
    unique_by=lambda one: one.slot,
)


@given(ANSWERS, PLACED)
def test_a_slot_clashes_only_where_a_party_said_no(
    answers: Mapping[tuple[str, int], Suits], placed: list[Placed]
) -> None:
    """A party of the negotiation, or the core group, which is in all. What is not known clashes with nothing."""
    found = unsuitable(placed, Availability(answers))
    for one in placed:
        clashing = {key for other, key in found if other is one}
        assert clashing == {key for (key, slot), suits in answers.items() if slot == one.slot and suits == Suits.NO} & (
            one.parties | {COUNTY}
        )


@pytest.mark.parametrize(
    ("people", "email"),
    [
        ([], None),
        ([("Rehtori", "a@x.fi"), ("Hyvinvointikoordinaattori", "b@x.fi")], "b@x.fi"),
        ([("Välfärdsdirektör", "b@x.fi"), ("Stadsdirektör", "a@x.fi")], "b@x.fi"),
        ([("Hyvinvointijohtaja", ""), ("Kunnanjohtaja", "a@x.fi")], "a@x.fi"),
        ([("Kunnanjohtaja", "a@x.fi"), ("Sihteeri", "b@x.fi")], "a@x.fi"),
    ],
)
def test_who_is_written_to(people: list[tuple[str, str]], email: str | None) -> None:
    """Whose role is of wellbeing, if they can be reached; else the first who can."""
    best = best_of(Reachable("", role, address) for role, address in people)
    assert (best.email if best else None) == email


# --- Reading ------------------------------------------------------------------------------------------------------


def test_nothing_is_known_of_a_round_that_nobody_was_asked_about(round_: Round, slots: list[Slot]) -> None:
    """An empty answer, and no failure."""
    found = read(round_)
    assert found == Availability()
    assert found.of("m1", slots[0].pk) is None and found.answer_by is None


def test_reading_costs_the_same_for_one_and_for_three(
    round_: Round, slots: list[Slot], hankasalmi: Municipality, joutsa: Municipality, luhanka: Municipality
) -> None:
    """Three queries."""
    counts = []
    for places in ([hankasalmi], [joutsa, luhanka]):
        for row in ask(round_, *places):
            answer(row, {slot.pk: Suits.YES for slot in slots}, "")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            found = read(round_)
        counts.append(len(queries))
    assert counts == [3, 3]
    assert found.asked == found.answered == {key_of(place.pk, None) for place in (hankasalmi, joutsa, luhanka)}
    assert len(found.answers) == 9


# --- Answering ----------------------------------------------------------------------------------------------------


def test_the_last_answer_wins_whole(round_: Round, slots: list[Slot], hankasalmi: Municipality) -> None:
    """What the second leaves open is open, whatever the first said."""
    (row,) = ask(round_, hankasalmi)
    key = key_of(hankasalmi.pk, None)
    answer(row, {slots[0].pk: Suits.YES, slots[1].pk: Suits.NO}, "Ensimmäinen")
    answer(row, {slots[2].pk: Suits.IF_NEED_BE}, "")
    assert read(round_).answers == {(key, slots[2].pk): Suits.IF_NEED_BE}
    row.refresh_from_db()
    assert row.note == "" and row.answered_at is not None and row.entered_by is None
    events = Event.objects.filter(verb="availability_answered").order_by("pk")
    assert [event.payload["open"] for event in events] == [1, 2]


def test_an_answer_by_phone_is_taken_after_the_last_day_too(
    round_: Round, slots: list[Slot], hankasalmi: Municipality, coordinator: User
) -> None:
    """By the link it is not. Who entered it is told, until the party itself answers."""
    (row,) = ask(round_, hankasalmi)
    assert answer(row, {slots[0].pk: Suits.NO}, "Soitti", by=coordinator).entered_by == coordinator
    assert answer(row, {slots[0].pk: Suits.YES}, "").entered_by is None
    AvailabilityInquiry.objects.update(answer_by=coming(-1))
    with pytest.raises(NotAllowedNow):
        answer(row, {slots[0].pk: Suits.NO}, "")
    answer(row, {slots[0].pk: Suits.NO}, "", by=coordinator)
    assert read(round_).of(key_of(hankasalmi.pk, None), slots[0].pk) == Suits.NO


def test_slots_that_are_not_asked_about_take_no_answer(
    round_: Round, slots: list[Slot], hankasalmi: Municipality
) -> None:
    """Those of another round, those that have begun, and ids of none: nothing of the answer is saved."""
    other = make_slots(make_round(round_.county, name="Toinen"), 1)[0]
    (begun,) = make_slots(round_, 1, first=-3)
    (row,) = ask(round_, hankasalmi)
    for pk in (other.pk, begun.pk, 10**18):
        with pytest.raises(NotAllowedNow):
            answer(row, {slots[0].pk: Suits.YES, pk: Suits.YES}, "")
    row.refresh_from_db()
    assert row.answered_at is None and not read(round_).answers


def test_what_was_said_of_slots_that_have_begun_stays(
    round_: Round, slots: list[Slot], hankasalmi: Municipality
) -> None:
    """A later answer is of the slots to come alone."""
    (row,) = ask(round_, hankasalmi)
    answer(row, {slots[0].pk: Suits.NO, slots[1].pk: Suits.YES}, "")
    Slot.objects.filter(pk=slots[0].pk).update(starts_at=timezone.now() - timedelta(hours=1))
    answer(row, {}, "Ei muita")
    assert read(round_).answers == {(key_of(hankasalmi.pk, None), slots[0].pk): Suits.NO}


def test_a_slot_that_has_come_since_is_new_and_one_that_has_gone_is_gone(
    round_: Round, slots: list[Slot], hankasalmi: Municipality
) -> None:
    """Before the first answer none is new; an open one that was there is not either."""
    (row,) = ask(round_, hankasalmi)
    assert not any(one.is_new for one in read_sheet(row, after=timezone.now()))
    answer(row, {slots[0].pk: Suits.YES}, "")
    row.refresh_from_db()
    slots[2].delete()
    (newest,) = make_slots(round_, 1, first=50)
    sheet = read_sheet(row, after=timezone.now())
    assert [(one.slot.pk, one.suits, one.is_new) for one in sheet] == [
        (slots[0].pk, Suits.YES, False),
        (slots[1].pk, None, False),
        (newest.pk, None, True),
    ]


def test_a_party_sees_which_slot_its_own_negotiation_has(
    round_: Round, slots: list[Slot], hankasalmi: Municipality, joutsa: Municipality
) -> None:
    """And not those of others. The core group is in all of them; a cancelled one has no time any more."""
    own, other = make_negotiation(round_, [hankasalmi]), make_negotiation(round_, [joutsa])
    place(own, slots[0])
    place(other, slots[1])
    (row,) = ask(round_, hankasalmi)
    (core,) = asking.ask(round_, coming(14), "", [(COUNTY, "", "c@example.fi")], by=None)
    assert [one.negotiation for one in read_sheet(row, after=None)] == ["Hankasalmi", "", ""]
    assert [one.negotiation for one in read_sheet(core, after=None)] == ["Hankasalmi", "Joutsa", ""]


# --- How it stands ------------------------------------------------------------------------------------------------


def test_an_answer_that_comes_after_the_placing_is_told_as_a_clash(
    round_: Round, slots: list[Slot], hankasalmi: Municipality, joutsa: Municipality, coordinator: User
) -> None:
    """Only of parties of the negotiation, of slots to come and of negotiations still to be held."""
    negotiation = make_negotiation(round_, [hankasalmi])
    Event.objects.create(
        county=round_.county, subject="negotiations.negotiation", subject_id=negotiation.pk, verb="placed"
    )
    place(negotiation, slots[0])
    first, second = ask(round_, hankasalmi, joutsa)
    answer(second, {slots[0].pk: Suits.NO}, "")
    answer(first, {slots[0].pk: Suits.IF_NEED_BE}, "")
    assert read_overview(round_, now=timezone.now()).clashes == []
    answer(first, {slots[0].pk: Suits.NO}, "")
    (clash,) = read_overview(round_, now=timezone.now()).clashes
    assert (clash.row.name, clash.slot, clash.placed.title) == ("Hankasalmi", slots[0], "Hankasalmi")
    assert clash.has_changed
    for payload, has_changed in (({"fields": ["title"]}, True), ({"fields": ["mode", "time"]}, False)):
        Event.objects.create(
            county=round_.county,
            subject="negotiations.negotiation",
            subject_id=negotiation.pk,
            verb="changed",
            payload=payload,
        )
        (clash,) = read_overview(round_, now=timezone.now()).clashes
        assert clash.has_changed == has_changed
    assert read_overview(round_, now=slots[0].starts_at + timedelta(hours=1)).clashes == []


def test_the_overview_counts_by_party_and_by_slot_in_constant_queries(
    round_: Round, slots: list[Slot], hankasalmi: Municipality, joutsa: Municipality, luhanka: Municipality
) -> None:
    """Municipalities by their names, then the core group; what is left open is unknown."""
    counts = []
    for places in ([joutsa], [hankasalmi, luhanka]):
        for place_ in places:
            make_negotiation(round_, [place_])
            (row,) = ask(round_, place_)
            answer(row, {slots[0].pk: Suits.YES, slots[1].pk: Suits.NO}, "")
        with CaptureQueriesContext(connection) as queries:
            seen = read_overview(round_, now=timezone.now())
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 6
    asking.ask(round_, coming(14), "", [(COUNTY, "", "c@example.fi")], by=None)
    seen = read_overview(round_, now=timezone.now())
    assert [row.name for row in seen.parties] == ["Hankasalmi", "Joutsa", "Luhanka", "Hyvinvointialueen ydinryhmä"]
    assert (seen.answered, seen.unanswered) == (3, 1)
    assert [(row.suits, row.if_need_be, row.not_suits, row.unknown) for row in seen.slots] == [
        (3, 0, 0, 1),
        (0, 0, 3, 1),
        (0, 0, 0, 4),
    ]
    assert [(row.suitable, row.unsuitable, row.open, row.tone) for row in seen.parties] == [
        *[(1, 1, 1, "going")] * 3,
        (0, 0, 3, "waiting"),
    ]


# --- Whom to ask, and their addresses ------------------------------------------------------------------------------


def contact(person: Person, email: str, phone: str = "") -> None:
    """Give a person an e-mail address."""
    PersonContact.objects.create(
        county=person.county, person=person, email=email, phone=phone, delete_after=coming(100)
    )


def test_whom_to_ask_comes_from_the_register_then_from_a_card_then_from_who_edits(
    round_: Round, hankasalmi: Municipality, joutsa: Municipality, luhanka: Municipality, coordinator: User
) -> None:
    """All municipalities while there are no negotiations; the core group at the asker's address, if at no other."""
    contact(
        make_person(round_.county, "Aino", role="Rehtori", sector="municipality", municipality=hankasalmi), "a@x.fi"
    )
    contact(
        make_person(
            round_.county, "Veli", role="Hyvinvointikoordinaattori", sector="municipality", municipality=hankasalmi
        ),
        "v@x.fi",
    )
    shown = IndicatorSet.objects.create(owner=round_.county.area, name="Joukko", version="2026")
    for year, email in ((2024, "vanha@x.fi"), (2026, "uusi@x.fi")):
        card_year = CardYear.objects.create(county=round_.county, year=year, indicator_set=shown)
        card = Card.objects.create(county=round_.county, card_year=card_year, municipality=joutsa)
        CardContact.objects.create(
            county=round_.county, card=card, name="Kortin", role="Sihteeri", email=email, delete_after=coming(9)
        )
    make_user("luhanka@x.fi", Membership.Role.MUNICIPAL_EDITOR, round_.county, luhanka)
    make_municipality(round_.county, "495", "Multia")
    gone, going = (make_municipality(round_.county, *row) for row in (("588", "Pertunmaa"), ("183", "Jämsänkoski")))
    for row, ends_on in ((gone, round_.starts_on - timedelta(days=1)), (going, round_.starts_on)):
        row.area.valid_to = ends_on
        row.area.save()
    found = {one.party: (one.name, one.email) for one in suggested(round_, by=coordinator)}
    assert found == {
        "Hankasalmi": ("Veli, Hyvinvointikoordinaattori", "v@x.fi"),
        "Joutsa": ("Kortin, Sihteeri", "uusi@x.fi"),
        "Jämsänkoski": ("", ""),
        "Luhanka": ("Luhanka", "luhanka@x.fi"),
        "Multia": ("", ""),
        "Hyvinvointialueen ydinryhmä": ("Coordinator", "coordinator@example.fi"),
    }


def test_of_a_round_with_negotiations_its_parties_are_asked(
    round_: Round, hankasalmi: Municipality, joutsa: Municipality, coordinator: User
) -> None:
    """Organisations too; in constant queries."""
    counts = []
    for places in ([hankasalmi], [joutsa]):
        negotiation = make_negotiation(round_, places)
        organisation = make_organisation(round_.county, f"Järjestö {places[0]}")
        negotiation.parties.create(county=round_.county, organisation=organisation)
        with CaptureQueriesContext(connection) as queries:
            found = suggested(round_, by=coordinator)
        counts.append(len(queries))
    assert [one.party for one in found] == [
        "Hankasalmi",
        "Joutsa",
        "Järjestö Hankasalmi",
        "Järjestö Joutsa",
        "Hyvinvointialueen ydinryhmä",
    ]
    assert counts[0] == counts[1] <= 6


def test_whom_a_party_calls_is_who_asked(
    round_: Round, slots: list[Slot], hankasalmi: Municipality, coordinator: User
) -> None:
    """With the phone number of the register; without anybody who asked, a coordinator of the county."""
    assert whom_to_call(round_) is not None
    ask(round_, hankasalmi, by=coordinator)
    contact(make_person(round_.county, "Koordinaattori", user=coordinator), "", "050 123")
    called = whom_to_call(round_)
    assert called is not None and (called.email, called.phone) == ("coordinator@example.fi", "050 123")
    User.objects.update(is_active=False)
    assert whom_to_call(round_) is None
